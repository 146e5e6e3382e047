#pragma once

#include "core/core.h"
#include "engine/survey.h"
#include "store/journal.h"

#include <sys/types.h>

/* Shared by the files that take a survey. */

struct surveying {
	const struct repo *repo;
	struct survey *survey;
	struct core *core;   /* NULL without a journal */
	struct store *store; /* likewise */
	struct git_worktrees trees;
	const char
	    *of; /* the repository of sessions that is looked at, "" the home's */
};

/* Adds an item of CLASS; the caller may fill in more of it until the next is added. */
struct survey_item *survey_add(struct surveying *s, enum survey_class class,
    const char *name, const char *state, const char *fmt, ...) PRINTF(5, 6);

/* Says that ITEM does not fit, and what mending it would do (FMT). */
void survey_odd(struct survey_item *item, enum survey_mend mend, const char *fmt, ...)
    PRINTF(3, 4);

/* Says that ITEM does not fit and what a person can do about it. */
void survey_fix(struct survey_item *item, const char *fmt, ...) PRINTF(2, 3);

void survey_runs(struct surveying *s);
void survey_worktrees(struct surveying *s);
void survey_states(struct surveying *s);
void survey_refs(struct surveying *s);
void survey_locks(struct surveying *s);
void survey_git_locks(struct surveying *s); /* of git only */

/* Who holds the flock on PATH: its pid; 0 when nobody does (or nobody we can see). */
pid_t survey_lock_holder(const char *path);

/*
 * Does a git process of this user work in the repository?  Then no lock file of theirs is
 * known to be stale.
 */
bool survey_git_works(const struct surveying *s);

/* The session that the worktree TREE says it belongs to; NULL when it is none of ours. */
char *survey_tree_session(const struct git_worktree *tree);
