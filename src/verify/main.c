#include "verify/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The same exit statuses as divisi(1). */
enum {
	STATUS_GOOD,
	STATUS_NO,
	STATUS_USAGE,
	STATUS_MISSING = 5,
	STATUS_INPUT = 7,
	STATUS_SYSTEM
};

/* Steps of all comparing together: minutes at the very most. */
#define BUDGET 2e10

static const char usage_text[] =
    "usage: divisi-verify [--json] [--plan FILE] [--plan-hash HASH] [--tree-hash HASH] FILE\n"
    "\n"
    "Checks a certificate that `divisi check PLAN --certificate FILE` wrote, by deciding\n"
    "everything in it again.  It shares no code with divisi.\n"
    "\n"
    "  --plan FILE       the certificate has to be of this plan file as it is now\n"
    "  --plan-hash HASH  ... of the plan with this plan_hash\n"
    "  --tree-hash HASH  ... of the tree for which `git ls-files -z | sha256sum` says HASH\n"
    "  --json            print one JSON value instead of text\n"
    "\n"
    "exit status: 0 everything holds, 1 something does not, 2 usage, 5 no such file,\n"
    "7 no certificate, 8 system\n";

static _Noreturn void
give_up_memory(void)
{
	fputs("divisi-verify: out of memory\n", stderr);
	exit(STATUS_SYSTEM);
}

void *
verify_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		give_up_memory();
	return p;
}

void *
verify_grow(void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 8;

	if (n < *cap)
		return array;
	array = reallocarray(array, more, size);
	if (!array)
		give_up_memory();
	*cap = more;
	return array;
}

char *
verify_copy(const char *s, size_t n)
{
	char *copy = verify_alloc(n + 1, 1);

	memcpy(copy, s, n);
	return copy;
}

bool
verify_refuse(struct verify *v, size_t line, const char *fmt, ...)
{
	va_list ap;

	if (v->is_refused)
		return false;
	v->is_refused = true;
	v->refused_line = line;
	va_start(ap, fmt);
	vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
	return false;
}

bool
verify_spend(struct verify *v, double steps)
{
	v->budget -= steps;
	if (v->budget < 0)
		return verify_refuse(v, 0, "checking it would take too long");
	return !v->is_refused;
}

/* A quoted JSON string; what steers a terminal or is no ASCII is escaped byte by byte. */
static void
put_quoted(const char *s, bool as_json)
{
	if (as_json)
		putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (as_json && (c < ' ' || c >= 0x7f))
			printf("\\u%04x", c);
		else if (c < ' ' || c >= 0x7f)
			printf("\\x%02x", c);
		else if (as_json && (c == '"' || c == '\\'))
			printf("\\%c", c);
		else
			putchar(c);
	}
	if (as_json)
		putchar('"');
}

static void
print_answer(const struct verify *v, bool as_json)
{
	if (as_json && v->is_refused) {
		printf("{\"accepted\":false,\"line\":%zu,\"why\":", v->refused_line);
		put_quoted(v->why, true);
		puts("}");
	} else if (as_json) {
		printf("{\"accepted\":true,\"plan_hash\":\"%s\",\"tree_sha256\":\"%s\","
		       "\"phases\":%zu,\"pairs\":%zu,\"patterns\":%zu,\"meets\":%zu}\n",
		    v->plan_hash, v->tree_sha256, v->n_phases, v->n_total,
		    v->n_patterns, v->n_meets);
	} else if (v->is_refused) {
		fputs("refused", stdout);
		if (v->refused_line > 0)
			printf(", line %zu", v->refused_line);
		fputs(": ", stdout);
		put_quoted(v->why, false);
		putchar('\n');
	} else {
		printf(
		    "accepted: %zu phases, %zu pairs, %zu patterns of which %zu pairs "
		    "meet\nplan %s\ntree %s\n",
		    v->n_phases, v->n_total, v->n_patterns, v->n_meets, v->plan_hash,
		    v->tree_sha256);
	}
}

/* All of PATH ("-" is standard input), with a NUL behind it; or NULL and a status. */
static char *
read_all(const char *path, size_t *n, int *status)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
					: open(path, O_RDONLY | O_CLOEXEC);
	size_t cap = 0;
	char *bytes = NULL;
	ssize_t got = -1;

	*n = 0;
	while (fd >= 0) {
		if (*n + 65536 > cap) {
			cap = cap ? 2 * cap : 131072;
			bytes = realloc(bytes, cap + 1);
			if (!bytes)
				give_up_memory();
		}
		got = read(fd, bytes + *n, cap - *n);
		if (got == 0 || *n > VERIFY_MAX_FILE || (got < 0 && errno != EINTR))
			break;
		*n += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0 && got == 0 && *n <= VERIFY_MAX_FILE) {
		bytes[*n] = '\0';
		close(fd);
		return bytes;
	}
	*status = fd < 0 && errno == ENOENT ? STATUS_MISSING
		  : fd >= 0 && got >= 0     ? STATUS_INPUT
		  : errno == EISDIR         ? STATUS_INPUT
					    : STATUS_SYSTEM;
	fprintf(stderr, "divisi-verify: %s: %s\n", path,
	    fd >= 0 && got >= 0 ? "too large" : strerror(errno));
	if (fd >= 0)
		close(fd);
	free(bytes);
	return NULL;
}

struct wanted {
	const char *file, *plan, *plan_hash, *tree_hash;
	bool as_json;
};

/* 0, or -1 after usage; 1 when the help was asked for. */
static int
read_arguments(struct wanted *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **value = strcmp(argv[i], "--plan") == 0 ? &w->plan
				     : strcmp(argv[i], "--plan-hash") == 0
					 ? &w->plan_hash
				     : strcmp(argv[i], "--tree-hash") == 0
					 ? &w->tree_hash
					 : NULL;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return 1;
		if (strcmp(argv[i], "--json") == 0)
			w->as_json = true;
		else if (value && i + 1 < argc)
			*value = argv[++i];
		else if (value || (argv[i][0] == '-' && argv[i][1]) || w->file)
			return -1;
		else
			w->file = argv[i];
	}
	return w->file ? 0 : -1;
}

static bool
check_wanted(struct verify *v, const struct wanted *w, int *status)
{
	size_t n;
	char hex[65], *plan;

	if (w->plan_hash && strcmp(w->plan_hash, v->plan_hash) != 0)
		return verify_refuse(v, 0, "it is of the plan %s", v->plan_hash);
	if (w->tree_hash && strcmp(w->tree_hash, v->tree_sha256) != 0)
		return verify_refuse(v, 0, "it is of the tree %s", v->tree_sha256);
	if (!w->plan)
		return true;
	plan = read_all(w->plan, &n, status);
	if (!plan)
		return false;
	verify_sha256(plan, n, hex);
	free(plan);
	return (v->plan_sha256 && strcmp(hex, v->plan_sha256) == 0) ||
	       verify_refuse(v, 0, "the plan file is another, or was changed since");
}

static int
verify_main(int argc, char **argv)
{
	static const char head[] = "divisi-certificate\t";
	struct verify v = { .budget = BUDGET };
	struct wanted wanted = { 0 };
	int asked = read_arguments(&wanted, argc, argv), status = STATUS_GOOD;

	if (asked != 0) {
		fputs(usage_text, asked > 0 ? stdout : stderr);
		return asked > 0 ? STATUS_GOOD : STATUS_USAGE;
	}
	v.bytes = read_all(wanted.file, &v.n_bytes, &status);
	if (!v.bytes)
		return status;
	if (strncmp(v.bytes, head, strlen(head)) != 0) {
		fprintf(
		    stderr, "divisi-verify: %s: this is no certificate\n", wanted.file);
		return STATUS_INPUT;
	}
	/* What was made here is given back to the system with the process. */
	if (verify_read(&v) && verify_meetings(&v) && verify_verdicts(&v))
		(void)check_wanted(&v, &wanted, &status);
	if (status != STATUS_GOOD)
		return status;
	print_answer(&v, wanted.as_json);
	if (fflush(stdout) != 0)
		return STATUS_SYSTEM;
	return v.is_refused ? STATUS_NO : STATUS_GOOD;
}

int
main(int argc, char **argv)
{
	int status = verify_main(argc, argv);

	/* One question, and it ends: its memory goes with it, unfreed. */
	if (fflush(NULL) != 0 && status == STATUS_GOOD)
		status = STATUS_SYSTEM;
	_exit(status);
}
