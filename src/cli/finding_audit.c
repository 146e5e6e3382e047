#include "cli/finding_audit.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUDIT_FILE  "REVIEW-GATE-FINDINGS.md"
#define AUDIT_BEGIN "## Review Decision Record"

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The top of the checkout that the working directory is in; the caller frees it. */
static char *
checkout_top(struct err *err)
{
	char dir[PATH_MAX];

	if (!getcwd(dir, sizeof(dir))) {
		err_sys(err, "the working directory");
		return NULL;
	}
	for (;;) {
		AUTO_FREE char *git = xasprintf("%s/.git", dir);
		char *slash = strrchr(dir, '/');

		/* A folder, or in a worktree a file. */
		if (access(git, F_OK) == 0)
			return xstrdup(dir);
		if (!slash || slash == dir)
			break;
		*slash = '\0';
	}
	err_set(err, ERR_NOT_FOUND,
	    "this is no checkout, so it has no place for the record");
	err_fix(err, "run it in a checkout, or: divisi findings --rdr >FILE");
	return NULL;
}

/* Is PATH free, or a record that divisi wrote? */
static int
check_free(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char begin[sizeof(AUDIT_BEGIN)] = "";
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    read(fd, begin, sizeof(begin) - 1) == (ssize_t)sizeof(begin) - 1 &&
	    strcmp(begin, AUDIT_BEGIN) == 0)
		return 0;
	err_set(err, ERR_CONFLICT, "%s is there and is no decision record", path);
	return err_fix(err, "move it away, or: divisi findings --rdr >FILE");
}

int
finding_audit_write(
    struct json_object *reviews, struct json_object *one, bool as_json, struct err *err)
{
	AUTO_FREE char *top = checkout_top(err);
	AUTO_FREE char *docs = top ? xasprintf("%s/docs/reviews", top) : NULL;
	AUTO_FREE char *path = NULL, *text = NULL;
	size_t n = 0, n_reviews = one ? 1 : js_count(reviews);
	FILE *f;

	if (!top)
		return -1;
	if (n_reviews == 0) {
		err_set(err, ERR_NOT_FOUND, "nothing was reviewed here yet");
		return err_fix(err, "divisi review PLAN|SESSION");
	}
	path = xasprintf("%s/" AUDIT_FILE, is_folder(docs) ? docs : top);
	if (check_free(path, err) < 0)
		return -1;
	f = open_memstream(&text, &n);
	for (size_t i = 0; i < n_reviews; i++)
		fprintf(f, "%s%s", i > 0 ? "\n" : "",
		    js_text(one ? one : js_at(reviews, i), "rdr"));
	fclose(f);
	if (file_write_atomic(path, text, n, 0644, err) < 0)
		return -1;
	if (as_json) {
		AUTO_JSON struct json_object *o = json_object_new_object();

		json_object_object_add(o, "path", json_object_new_string(path));
		json_object_object_add(
		    o, "reviews", json_object_new_int64((int64_t)n_reviews));
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		return 0;
	}
	printf("%s: %zu decision record%s; it is yours to commit\n", path, n_reviews,
	    n_reviews == 1 ? "" : "s");
	return 0;
}
