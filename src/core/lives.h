#pragma once

#include <stdbool.h>

/*
 * The lives of a session and of a batch, as tables (HOUSE rule 4; SPEC E-5, E-7).
 *
 *  planned -> filed -> prepared -> approved -> launching -> unconfirmed -> active
 *  active <-> checkpoint | halted | stalled | held          (live: they hold a slot)
 *  active -> exiting -> in_review -> mergeable -> merging -> done
 *                    -> done (analysis without files)        merging <-> merge-conflict
 *  any live -> parked | failed | abandoned      parked, stalled, failed -> launching
 *  claimed: a person works on it, and it holds its slot; from nearly everywhere and back
 *
 * What is not in the table is refused; core/lives.c is the only place that moves a life.
 */
enum session_state {
	SESSION_PLANNED,
	SESSION_FILED,
	SESSION_PREPARED,
	SESSION_APPROVED,
	SESSION_LAUNCHING,
	SESSION_UNCONFIRMED,
	SESSION_ACTIVE,
	SESSION_CHECKPOINT,
	SESSION_HALTED,
	SESSION_STALLED,
	SESSION_EXITING,
	SESSION_CLAIMED, /* by a person, who works on it */
	SESSION_IN_REVIEW,
	SESSION_MERGEABLE,
	SESSION_MERGING,
	SESSION_MERGE_CONFLICT,
	SESSION_PARKED,
	SESSION_DONE,
	SESSION_FAILED,
	SESSION_ABANDONED,
	SESSION_N_STATES,
};

enum session_event {
	ON_FILED,
	ON_PREPARED,
	ON_APPROVED,
	ON_DECLINED,
	ON_LAUNCH,
	ON_ACCEPTED,
	ON_CONFIRMED,
	ON_ASKED,    /* the agent or a rule waits for a person */
	ON_ANSWERED, /* nothing is open any more */
	ON_HALT,     /* cross-session conflict, or `divisi hold` */
	ON_RULED,
	ON_STALL, /* silent too long, or its process is gone */
	ON_ACTIVITY,
	ON_REPORTED,  /* the agent reports its end */
	ON_DELIVERED, /* facts check out and there is something to merge */
	ON_EVIDENCED, /* facts check out and nothing is to be merged */
	ON_REVIEWED,
	ON_TURN,
	ON_MERGED,
	ON_CONFLICT,
	ON_RETRY, /* a person says: try the merge again */
	ON_PARK,
	ON_FAIL,
	ON_ABANDON,
	ON_CLAIM, /* a person takes it */
	SESSION_N_EVENTS,
};

/* True and *STATE moved when EVENT is allowed in it; false and untouched otherwise. */
bool session_next(enum session_state *state, enum session_event event);
bool session_is_live(enum session_state state);     /* holds a slot of the cap */
bool session_is_terminal(enum session_state state); /* done, failed, abandoned */
const char *session_state_name(enum session_state state);
const char *session_event_name(enum session_event event);
/* The word of the Session Registry: Active, Done, Failed, Pending (E-7). */
const char *session_registry_word(enum session_state state);

enum batch_state {
	BATCH_PLANNED,
	BATCH_FILED,
	BATCH_AWAITING,
	BATCH_APPROVED,
	BATCH_RUNNING,
	BATCH_DRAINING, /* nothing active, merges pending */
	BATCH_COMPLETE,
	BATCH_WITH_FAILURES, /* complete, but a person has to acknowledge failures */
	BATCH_DECLINED,
	BATCH_N_STATES,
};

const char *batch_state_name(enum batch_state state);
