#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The one place where git is run: as a program with an argument vector, never through a
 * shell; LC_ALL=C, no prompts, no pager, no optional locks, core.fsync=committed,
 * gc.auto=0, none of the GIT_* variables that would point it at another repository.
 * Everything here waits for git: call it from jobs and the command line, never from the
 * server's loop (HOUSE 6, rule 1).  CONTRACTS 1.
 */

/* Names, paths or lines as git gave them: any bytes but NUL.  Free with git_list_clear(). */
struct git_list {
	char **item; /* NULL-terminated when n > 0 */
	size_t n, cap;
};

void git_list_add(struct git_list *list, const char *s);
void git_list_add_n(struct git_list *list, const char *p, size_t n);
void git_list_sort(struct git_list *list);                       /* bytewise */
bool git_list_has(const struct git_list *sorted, const char *s); /* LIST is sorted */
void git_list_clear(struct git_list *list);

/* Adds every NUL-terminated record of the N bytes at P. */
void git_list_split(struct git_list *list, const char *p, size_t n);

/*
 * The names as one line for a person: shown harmlessly, at most a handful, then "and 12
 * more".  The caller frees it.
 */
char *git_list_show(const struct git_list *list);

/* What git printed; NUL-terminated after its N bytes.  Free with git_out_clear(). */
struct git_out {
	char *text;
	size_t n;
	bool is_truncated; /* only when the call allowed it */
};

void git_out_clear(struct git_out *out);

#define GIT_ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct git_call {
	const char *dir;         /* git -C; NULL is the current directory */
	const char *const *argv; /* NULL-terminated, without "git" */
	const char *input;       /* N_INPUT bytes for standard input; NULL is none */
	size_t n_input;
	const char *const *env; /* more NAME=VALUE, NULL-terminated; or NULL */
	bool run_hooks;         /* as the user has them; otherwise none run */
	bool truncate;          /* output over the limit is cut; otherwise ERR_INPUT */
	int lock_fd;      /* kept open in git, so that the lock lives with it; 0 is
	                           none */
	size_t max_bytes; /* of output; 0 = 64 MiB */
	long timeout_ms;  /* 0 = 10 minutes; then git is ended and ERR_TIMEOUT */
};

/*
 * Runs git to its end.  OUT (may be NULL) receives standard output when git ran.
 * Returns git's exit status, 0..255; or -1 when git could not be started, was killed,
 * timed out or printed too much.  A status other than 0 also fills ERR with what git
 * said (see git_run), so the caller that expects 1 just ignores it.
 */
int git_try(const struct git_call *call, struct git_out *out, struct err *err);

/*
 * The same, but a status other than 0 is a failure: -1 with what git said.  ERR_CONFLICT
 * when a lock file is in the way (its age and the mend are told, it is never removed),
 * ERR_REFUSED for a repository owned by somebody else, otherwise ERR_SYSTEM.
 */
NODISCARD int git_run(
    const struct git_call *call, struct git_out *out, struct err *err);

/* A short answer without its last newline; NULL with ERR.  The caller frees it. */
char *git_line(const char *dir, const char *const *argv, struct err *err);

/* ERR_SYSTEM with the mend when git is missing or older than 2.38.  TEXT may be NULL. */
NODISCARD int git_version(char *text, size_t size, struct err *err);

/*
 * True when S can be part of a ref name of ours and never looks like an option:
 * letters, digits, `.`, `_`, `-`; no leading `.` or `-`, no `..`, no `.lock` end.
 */
bool git_word_ok(const char *s);

/*
 * True when S may name a branch: git-check-ref-format(1), at most 200 bytes, no leading
 * `-`, not HEAD.  So it holds no revision syntax and can be put behind refs/heads/.
 */
bool git_branch_ok(const char *s);

/* True for 40 or 64 lower-case hexadecimal digits. */
bool git_oid_ok(const char *s);

#define GIT_OID_SIZE 65
