#pragma once

#include "plan/batch.h"
#include "plan/plan.h"
#include "policy/cost.h"
#include "policy/modes.h"

/*
 * The dispatch table: one row per session, everything that a person approves about it and
 * that follows from the plan alone (S-78, R-115, A-54).  Every face shows these rows.
 */
struct dispatch_row {
	const struct phase *phase;
	int position;                  /* of the phase in the plan */
	int batch;                     /* 1-based */
	size_t index;                  /* within the batch */
	char *label;                   /* "S-A" */
	const char *issue;             /* work issue id, "" when the phase has none */
	char *mode;                    /* "pair", "spike (analysis-only)" */
	enum exec_mode effective_mode; /* after the default: never NONE */
	enum launch_mode launch_as;
	const char *warning;  /* about mode and launch mode, a literal; or NULL */
	const char *worktree; /* "yes", "no", "n/a" */
	const struct agent_kind
	    *agent;             /* NULL: nobody chosen, or not in the catalogue */
	const char *agent_name; /* "claude"; as the plan says; "" nobody */
	char *branch;           /* NULL when it cannot be named (lint G09) */
	int n_before; /* tries in other batches, whose branches are kept (J-42) */
	long low_cents, mid_cents, high_cents; /* -1 unknown */
	int points;                            /* 0 unknown */
	int merge;                             /* 1-based place in the merge order */
};

struct dispatch_rows {
	struct dispatch_row *row; /* batch by batch, in letter order */
	size_t n;
};

struct dispatch_env {
	const char *agent;           /* for phases that name none; NULL = a person */
	enum exec_mode default_mode; /* for phases that name none; NONE = quick */
	/* Names that settings make agents of the tracker, whatever they are else; N of them. */
	const char *const *away;
	size_t n_away;
	struct research_factor research; /* of history; zeroes: 2x-4x */
	const int *n_before; /* by position: tries in other batches; NULL = none */
};

/*
 * The rows of BATCHES.  Strings without an owner above live as long as PLAN.  The caller
 * frees the result with dispatch_rows_free(); NULL is fine there.
 */
struct dispatch_rows *dispatch_rows_new(const struct plan *plan,
    const struct batches *batches, const struct dispatch_env *env);
void dispatch_rows_free(struct dispatch_rows *rows);

/* The row of the phase at POSITION, or NULL when it is in no batch. */
const struct dispatch_row *dispatch_row_of(
    const struct dispatch_rows *rows, int position);

/*
 * Adds what only this room can say of a plan: G15 (agent and mode), G22 (points against
 * mode and estimate), and G09 as a warning where no branch can be named yet.
 */
void dispatch_lint(
    const struct dispatch_rows *rows, struct plan *plan, struct lint_list *lints);

/* "~$5", "~$4-$8", "-": the Est. Cost cell.  The caller frees it. */
char *dispatch_cost(const struct dispatch_row *row);
