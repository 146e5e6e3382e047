#include "hold/fence.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "hold/hold.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * What the fence refused, for people: each different thing once, in the order in which it
 * was first tried.  A program that tries the same a million times costs one line.
 */
struct refusal {
	const char *call;
	char *what;
	long long n;
};

/* The name of the program, as the kernel cut it. */
static void
find_program(const struct target *target, char *buf, size_t size)
{
	char path[40];
	ssize_t n = 0;

	snprintf(path, sizeof(path), "/proc/%u/comm", target->notif->pid);
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static void
write_line(const struct fence *fence, const char *call, const char *what,
    const char *program, long long n)
{
	AUTO_FREE char *line = NULL;
	size_t n_line = 0;
	FILE *out = open_memstream(&line, &n_line);

	fprintf(out, "{\"at\":%lld,\"call\":", hold_wall_clock());
	text_put_json(out, call);
	fputs(",\"what\":", out);
	text_put_json(out, what);
	fputs(",\"program\":", out);
	text_put_json(out, program);
	if (n > 0)
		fprintf(out, ",\"n\":%lld", n);
	fputs("}\n", out);
	fclose(out);
	/* A full disk loses a line of this log and nothing else. */
	(void)!file_write_all(fence->log_fd, line, n_line);
}

void
refusals_note(struct fence *fence, const struct target *target, const char *path)
{
	char program[32];

	fence->n_refused++;
	for (size_t i = 0; i < fence->n_refusals; i++) {
		struct refusal *r = &fence->refusal[i];

		if (r->call == target->call->name && strcmp(r->what, path) == 0) {
			r->n++;
			return;
		}
	}
	if (fence->n_refusals >= FENCE_N_REFUSALS)
		return;
	if (!fence->refusal)
		fence->refusal = xcalloc(FENCE_N_REFUSALS, sizeof(*fence->refusal));
	find_program(target, program, sizeof(program));
	fence->refusal[fence->n_refusals++] = (struct refusal){
		.call = target->call->name, .what = xstrdup(path), .n = 1
	};
	write_line(fence, target->call->name, path, program, 0);
	if (fence->n_refusals == FENCE_N_REFUSALS)
		write_line(fence, "...", "more different ones are only counted", "", 0);
}

void
refusals_warn(const struct fence *fence, const char *text)
{
	write_line(fence, "fence", text, "", 0);
}

void
refusals_close(struct fence *fence)
{
	for (size_t i = 0; i < fence->n_refusals; i++)
		free(fence->refusal[i].what);
	free(fence->refusal);
	fence->refusal = NULL;
	fence->n_refusals = 0;
}
