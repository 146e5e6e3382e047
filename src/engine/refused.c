#include "engine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

/* What a fence refused (its run's fence.log, hold/refusals.c) becomes happenings. */

#define PART_BYTES (64 * 1024) /* read at once; a line is shorter */

static const char *
text_of(struct json_object *o, const char *name)
{
	struct json_object *value = NULL;
	const char *text = json_object_object_get_ex(o, name, &value)
			       ? json_object_get_string(value)
			       : NULL;

	return text ? text : "";
}

/* "open /a/b by sh", a line each. */
static void
put_line(FILE *f, struct span line)
{
	AUTO_FREE char *copy = xstrndup(line.p, line.n);
	struct json_object *o = json_tokener_parse(copy);
	const char *program;

	if (!o)
		return; /* a disk that was full has cut it */
	program = text_of(o, "program");
	if (ftell(f) > 0)
		fputc('\n', f);
	fprintf(f, "%s %s", text_of(o, "call"), text_of(o, "what"));
	if (program[0])
		fprintf(f, " by %s", program);
	json_object_put(o);
}

/* Tells the whole lines of the N bytes at P, which begin at OFFSET. */
static int
tell(struct follower *f, const char *p, size_t n, int64_t offset)
{
	struct fields out = { 0 };
	char *text = NULL;
	size_t n_text = 0, n_lines = 0;
	FILE *file = open_memstream(&text, &n_text);
	struct span rest = { p, n }, line;
	int rc;

	while (rest.n > 0 && span_next(&rest, '\n', &line) && rest.p) {
		put_line(file, line);
		n_lines++;
	}
	fclose(file);
	fields_set(&out, "session", f->session);
	fields_set(&out, "run", f->run);
	fields_set(&out, "text", text);
	fields_set_number(&out, "n", (int64_t)n_lines);
	fields_set_number(&out, "offset", offset);
	rc = engine_note(f->engine, HAP_FENCED, &out);
	fields_clear(&out);
	free(text);
	return rc;
}

int
refused_look(struct follower *f)
{
	const struct session *s = core_session(f->engine->core, f->session);
	AUTO_FREE char *path = path_join(f->dir, "fence.log");
	AUTO_FD int fd = -1;

	if (!s || !session_is_fenced(s) || strcmp(s->run, f->run) != 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	while (fd >= 0) {
		AUTO_FREE char *buf = xmalloc(PART_BYTES);
		ssize_t n = pread(fd, buf, PART_BYTES, s->fence_offset);
		const char *end = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;

		if (!end)
			return 0;
		if (tell(f, buf, (size_t)(end + 1 - buf),
			s->fence_offset + (end + 1 - buf)) < 0)
			return -1;
		s = core_session(f->engine->core, f->session);
		if (!s)
			return 0;
	}
	return 0;
}
