#include "core/lives.h"

#include <assert.h>
#include <stddef.h>

struct rule {
	enum session_state from;
	enum session_event on;
	enum session_state to;
};

/* SPEC E-7, row by row; `held` of the checkpoint row is CHECKPOINT with an open ask. */
static const struct rule session_life[] = {
	/* clang-format off */
	{ SESSION_PLANNED,        ON_FILED,     SESSION_FILED },
	{ SESSION_FILED,          ON_PREPARED,  SESSION_PREPARED },
	{ SESSION_FILED,          ON_APPROVED,  SESSION_APPROVED },
	{ SESSION_FILED,          ON_DECLINED,  SESSION_PLANNED },
	{ SESSION_PREPARED,       ON_APPROVED,  SESSION_APPROVED },
	{ SESSION_PREPARED,       ON_DECLINED,  SESSION_PLANNED },
	{ SESSION_APPROVED,       ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_APPROVED,       ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_APPROVED,       ON_PARK,      SESSION_PARKED },
	{ SESSION_LAUNCHING,      ON_ACCEPTED,  SESSION_UNCONFIRMED },
	{ SESSION_LAUNCHING,      ON_FAIL,      SESSION_FAILED },
	{ SESSION_LAUNCHING,      ON_STALL,     SESSION_STALLED },
	{ SESSION_LAUNCHING,      ON_PARK,      SESSION_PARKED },
	{ SESSION_LAUNCHING,      ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_UNCONFIRMED,    ON_CONFIRMED, SESSION_ACTIVE },
	{ SESSION_UNCONFIRMED,    ON_STALL,     SESSION_STALLED },
	{ SESSION_UNCONFIRMED,    ON_FAIL,      SESSION_FAILED },
	{ SESSION_UNCONFIRMED,    ON_PARK,      SESSION_PARKED },
	{ SESSION_UNCONFIRMED,    ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_UNCONFIRMED,    ON_REPORTED,  SESSION_EXITING },
	{ SESSION_ACTIVE,         ON_ASKED,     SESSION_CHECKPOINT },
	{ SESSION_ACTIVE,         ON_HALT,      SESSION_HALTED },
	{ SESSION_ACTIVE,         ON_STALL,     SESSION_STALLED },
	{ SESSION_ACTIVE,         ON_REPORTED,  SESSION_EXITING },
	{ SESSION_ACTIVE,         ON_FAIL,      SESSION_FAILED },
	{ SESSION_ACTIVE,         ON_PARK,      SESSION_PARKED },
	{ SESSION_ACTIVE,         ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_CHECKPOINT,     ON_ANSWERED,  SESSION_ACTIVE },
	{ SESSION_CHECKPOINT,     ON_STALL,     SESSION_STALLED },
	{ SESSION_CHECKPOINT,     ON_FAIL,      SESSION_FAILED },
	{ SESSION_CHECKPOINT,     ON_PARK,      SESSION_PARKED },
	{ SESSION_CHECKPOINT,     ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_HALTED,         ON_RULED,     SESSION_ACTIVE },
	{ SESSION_HALTED,         ON_STALL,     SESSION_STALLED },
	{ SESSION_HALTED,         ON_PARK,      SESSION_PARKED },
	{ SESSION_HALTED,         ON_FAIL,      SESSION_FAILED },
	{ SESSION_HALTED,         ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_STALLED,        ON_ACTIVITY,  SESSION_ACTIVE },
	{ SESSION_STALLED,        ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_STALLED,        ON_REPORTED,  SESSION_EXITING },
	{ SESSION_STALLED,        ON_FAIL,      SESSION_FAILED },
	{ SESSION_STALLED,        ON_PARK,      SESSION_PARKED },
	{ SESSION_STALLED,        ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_EXITING,        ON_DELIVERED, SESSION_IN_REVIEW },
	{ SESSION_EXITING,        ON_EVIDENCED, SESSION_DONE },
	{ SESSION_EXITING,        ON_ACTIVITY,  SESSION_ACTIVE },
	{ SESSION_EXITING,        ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_EXITING,        ON_FAIL,      SESSION_FAILED },
	{ SESSION_EXITING,        ON_PARK,      SESSION_PARKED },
	{ SESSION_EXITING,        ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_IN_REVIEW,      ON_REVIEWED,  SESSION_MERGEABLE },
	{ SESSION_IN_REVIEW,      ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_IN_REVIEW,      ON_PARK,      SESSION_PARKED },
	{ SESSION_IN_REVIEW,      ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_MERGEABLE,      ON_TURN,      SESSION_MERGING },
	{ SESSION_MERGEABLE,      ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_MERGEABLE,      ON_PARK,      SESSION_PARKED },
	{ SESSION_MERGING,        ON_MERGED,    SESSION_DONE },
	{ SESSION_MERGING,        ON_CONFLICT,  SESSION_MERGE_CONFLICT },
	{ SESSION_MERGE_CONFLICT, ON_RETRY,     SESSION_MERGEABLE },
	{ SESSION_MERGE_CONFLICT, ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_MERGE_CONFLICT, ON_PARK,      SESSION_PARKED },
	{ SESSION_MERGE_CONFLICT, ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_PARKED,         ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_PARKED,         ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_FAILED,         ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_FAILED,         ON_ABANDON,   SESSION_ABANDONED },
	{ SESSION_APPROVED,       ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_UNCONFIRMED,    ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_ACTIVE,         ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_CHECKPOINT,     ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_HALTED,         ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_STALLED,        ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_EXITING,        ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_IN_REVIEW,      ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_MERGE_CONFLICT, ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_PARKED,         ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_FAILED,         ON_CLAIM,     SESSION_CLAIMED },
	{ SESSION_CLAIMED,        ON_LAUNCH,    SESSION_LAUNCHING },
	{ SESSION_CLAIMED,        ON_REPORTED,  SESSION_EXITING },
	{ SESSION_CLAIMED,        ON_PARK,      SESSION_PARKED },
	{ SESSION_CLAIMED,        ON_ABANDON,   SESSION_ABANDONED },
	/* clang-format on */
};

static const struct {
	const char *name, *word;
	bool live;
} session_states[SESSION_N_STATES] = {
	/* clang-format off */
	[SESSION_PLANNED]        = { "planned",        "Pending", false },
	[SESSION_FILED]          = { "filed",          "Pending", false },
	[SESSION_PREPARED]       = { "prepared",       "Pending", false },
	[SESSION_APPROVED]       = { "approved",       "Pending", false },
	[SESSION_LAUNCHING]      = { "launching",      "Active",  true },
	[SESSION_UNCONFIRMED]    = { "unconfirmed",    "Active",  true },
	[SESSION_ACTIVE]         = { "active",         "Active",  true },
	[SESSION_CHECKPOINT]     = { "checkpoint",     "Active",  true },
	[SESSION_HALTED]         = { "halted",         "Active",  true },
	[SESSION_STALLED]        = { "stalled",        "Active",  true },
	[SESSION_EXITING]        = { "exiting",        "Active",  true },
	[SESSION_CLAIMED]        = { "claimed",        "Active",  true },
	[SESSION_IN_REVIEW]      = { "in-review",      "In Review", false },
	[SESSION_MERGEABLE]      = { "mergeable",      "In Review", false },
	[SESSION_MERGING]        = { "merging",        "In Review", false },
	[SESSION_MERGE_CONFLICT] = { "merge-conflict", "In Review", false },
	[SESSION_PARKED]         = { "parked",         "Parked",  false },
	[SESSION_DONE]           = { "done",           "Done",    false },
	[SESSION_FAILED]         = { "failed",         "Failed",  false },
	[SESSION_ABANDONED]      = { "abandoned",      "Failed",  false },
	/* clang-format on */
};

static const char *const session_events[SESSION_N_EVENTS] = { "filed", "prepared",
	"approved", "declined", "launch", "accepted", "confirmed", "asked", "answered",
	"halt", "ruled", "stall", "activity", "reported", "delivered", "evidenced",
	"reviewed", "turn", "merged", "conflict", "retry", "park", "fail", "abandon",
	"claim" };

static const char *const batch_states[BATCH_N_STATES] = { "planned", "filed",
	"awaiting-approval", "approved", "running", "draining", "complete",
	"complete-with-failures", "declined" };

bool
session_next(enum session_state *state, enum session_event event)
{
	for (size_t i = 0; i < sizeof(session_life) / sizeof(session_life[0]); i++) {
		if (session_life[i].from == *state && session_life[i].on == event) {
			*state = session_life[i].to;
			return true;
		}
	}
	return false;
}

bool
session_is_live(enum session_state state)
{
	assert(state >= 0 && state < SESSION_N_STATES);
	return session_states[state].live;
}

bool
session_is_terminal(enum session_state state)
{
	return state == SESSION_DONE || state == SESSION_FAILED ||
	       state == SESSION_ABANDONED;
}

const char *
session_state_name(enum session_state state)
{
	assert(state >= 0 && state < SESSION_N_STATES);
	return session_states[state].name;
}

const char *
session_event_name(enum session_event event)
{
	assert(event >= 0 && event < SESSION_N_EVENTS);
	return session_events[event];
}

const char *
session_registry_word(enum session_state state)
{
	assert(state >= 0 && state < SESSION_N_STATES);
	return session_states[state].word;
}

const char *
batch_state_name(enum batch_state state)
{
	assert(state >= 0 && state < BATCH_N_STATES);
	return batch_states[state];
}
