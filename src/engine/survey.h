#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What there is of divisi in a repository, held against what the journal says: every run,
 * process, worktree, lock, ref and open act, each with the reason why it is there; and
 * what does not fit, with what can be done about it.  For `divisi doctor`.
 *
 * Needs no server and changes nothing.  A run's lock is taken for a moment to see whether
 * it is free, which holders reckon with.
 */
enum survey_class {
	SURVEY_HOME,
	SURVEY_RUN,
	SURVEY_WORKTREE,
	SURVEY_LOCK,
	SURVEY_REF,
	SURVEY_ACT,
	SURVEY_N_CLASSES
};

/* What can be done without losing anything; each finds out anew whether it still applies. */
enum survey_mend {
	MEND_NONE,
	MEND_MODE,            /* close a file of the home to others */
	MEND_SET_ASIDE,       /* rename the copy of a home; where no server can start */
	MEND_REMOVE_LEFTOVER, /* a temporary file or directory of a write that did not end */
	MEND_REMOVE_STATE,    /* what the agent of a session that is closed kept */
	MEND_END_RUN,         /* end what lives of a run that is over */
	MEND_REMOVE_WORKTREE, /* pin everything in it, then remove it */
	MEND_ADD_WORKTREE,    /* make it again from its branch and pins */
	MEND_LOCK_WORKTREE, /* lock it again, so that `git worktree prune` leaves it */
	MEND_MOVE_LOCK,     /* move a lock file that no git holds to home/aside */
	MEND_PIN,           /* pin a commit again whose pin was deleted */
	MEND_N_KINDS
};

struct survey_item {
	enum survey_class class;
	char *name;  /* of the run, worktree, ref ...: unique with CLASS and MEND */
	char *state; /* one word */
	char *text;  /* why it is there, or what does not fit */
	bool is_odd; /* it does not fit */
	enum survey_mend mend;
	char *will; /* what mending would do, as a sentence; NULL for MEND_NONE */
	char *fix;  /* a command for the person where nothing is mended, or NULL */
	/* What the mend works on; NULL when it has none. */
	char *session, *path, *oid, *branch;
	char *repo; /* the other repository that it is in, or NULL */
};

struct survey {
	struct survey_item *item;
	size_t n, cap;
	bool has_journal; /* else only files were looked at; WHY says why */
	struct err why;
};

/* -1 only when the repository itself cannot be read. */
NODISCARD int survey_take(
    const struct repo *repo, struct survey *survey, struct err *err);
void survey_clear(struct survey *survey);

/*
 * Mends ITEM of a survey that was just taken.  *DID receives what was done, which the
 * caller frees.  -1 when it does not apply any more or failed: nothing is lost.
 */
NODISCARD int survey_mend_item(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err);

/* "run/p1.1.1A.r1/end-run": names an item for the order that mends it.  Caller frees. */
char *survey_item_id(const struct survey_item *item);

const char *survey_class_name(enum survey_class class); /* "run" ... */
const char *survey_mend_name(enum survey_mend mend);    /* "end-run" ..., "none" */
