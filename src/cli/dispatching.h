#pragma once

#include "cli/client.h"
#include "cli/screen.h"

/* From a plan to an approved table: what `dispatch` and `run` share. */
struct dispatching {
	struct client client;
	struct screen screen;
	char *path;       /* of the plan, absolute */
	struct fields in; /* plan, override, reason, merge, dry_run */
	bool as_json, is_interactive;
	char *batch;     /* id once proposed, "" before */
	char *later;     /* what the person put off, "id/state," each */
	char *plan_hash; /* of the first proposal: --approve-all binds to it */
	/*
	 * For a run that ends before its plan does: 1 when it is over by STATUS, 0 when it goes
	 * on, -1 when something is to be waited for first.
	 */
	int (*is_over)(const struct dispatching *d, struct json_object *status);
	const char *review; /* of which it runs the reviewers */
};

void dispatching_clear(struct dispatching *d);

/*
 * Proposes the next batch: preflight, then issues and worktrees are made.  Waits until its
 * table stands.  0; 1 when the plan has nothing left to dispatch; -1 with ERR.
 */
int dispatch_prepare(struct dispatching *d, struct err *err);

/* The status of the batch that was prepared, and its plan; both borrowed from STATUS. */
struct json_object *dispatch_find(
    const struct dispatching *d, struct json_object *status, struct json_object **plan);

enum dispatch_answer { ANSWER_APPROVE, ANSWER_DECLINE, ANSWER_EDIT, ANSWER_NONE };

/* Asks the person in front of the terminal; ANSWER_NONE when there is none. */
enum dispatch_answer dispatch_ask(const struct dispatching *d);

/* Approves or declines the table with HASH. */
int dispatch_approve(struct dispatching *d, const char *hash, struct err *err);
int dispatch_decline(
    struct dispatching *d, const char *hash, const char *reason, struct err *err);

/* Opens $EDITOR on the plan. */
int dispatch_edit(const struct dispatching *d, struct err *err);

/* Shows table N and takes the person through approve, edit, decline.  0 approved, 1 not. */
int dispatch_decide(struct dispatching *d, struct err *err);

/* One line from the terminal, without newline; NULL at its end.  The caller frees it. */
char *ask_line(const char *question);
