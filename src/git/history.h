#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What landed on the current branch, newest first: its first-parent history, each landing
 * with the files it touched.  Nothing is fetched: in a partial clone what is not there
 * ends the reading, and WORD says so.
 */
struct history_hunk { /* lines, counted from 0; N of 0 stands between two lines */
	uint32_t old_at, old_n, new_at, new_n;
};

struct history_change {
	int path;       /* position in history.path */
	char status;    /* 'M', 'A', 'D', 'T' as git says it */
	bool is_opaque; /* binary, or too large: its hunks are not known */
	size_t first_hunk, n_hunks;
};

struct history_landing {
	char oid[GIT_OID_SIZE];
	int64_t authored, landed; /* Unix seconds */
	int forked; /* the landing its branch began after, as a position; -1 = unknown */
	bool is_merge,
	    is_squash;   /* of a branch, by parents or by its subject "(#12)" */
	bool is_large;   /* touches too many files to tell anything; none kept */
	size_t first, n; /* into history.change */
};

struct history {
	struct git_list path; /* sorted bytewise, each once */
	struct history_landing *landing;
	size_t n, cap;
	struct history_change *change;
	size_t n_changes, cap_changes;
	struct history_hunk *hunk;
	size_t n_hunks, cap_hunks;
	char
	    *word; /* what could not be read and why, for a person; NULL when all was */
};

/* More files than this in one landing: an import, a renaming, a reformatting. */
#define HISTORY_LARGE 200

struct history_want {
	size_t max;      /* landings */
	long timeout_ms; /* of each piece; 0 = 10 minutes */
	bool edits;      /* hunks and forks too: reads the contents of files */
};

/*
 * Reads at most WANT->max landings.  A repository without commits has no history, which is
 * no error.  -1 with ERR_SYSTEM only when git cannot be run.  history_clear() releases.
 */
NODISCARD int history_read(const struct repo *repo, const struct history_want *want,
    struct history *history, struct err *err);
void history_clear(struct history *history);

/* The files that the commit OID touched, against its first parent. */
NODISCARD int history_files_of(
    const struct repo *repo, const char *oid, struct git_list *files, struct err *err);

/* The position of PATH in history.path, or -1. */
int history_find(const struct history *history, const char *path);
