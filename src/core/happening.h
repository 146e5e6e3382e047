#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the core hears (happenings) and what it wants done (acts), as flat named values, so
 * that the journal can keep them as JSON and a replay needs nothing else.
 */
struct field {
	char *name, *text; /* text is NULL for a number */
	int64_t number;
};

struct fields {
	struct field *item;
	size_t n, cap;
};

/* NULL is ""; bytes that are no UTF-8 become U+FFFD, so that the journal can hold them. */
void fields_set(struct fields *fields, const char *name, const char *text);
void fields_set_number(struct fields *fields, const char *name, int64_t number);
void fields_setf(struct fields *fields, const char *name, const char *fmt, ...)
    PRINTF(3, 4);
/* "" or DEFAULT when NAME is absent; fields_at() builds "PREFIX<i>.NAME" first. */
const char *fields_text(const struct fields *fields, const char *name);
int64_t fields_number(const struct fields *fields, const char *name, int64_t fallback);
const char *fields_text_at(const struct fields *fields, size_t i, const char *name);
int64_t fields_number_at(
    const struct fields *fields, size_t i, const char *name, int64_t fallback);
void fields_copy(struct fields *to, const struct fields *from);
void fields_clear(struct fields *fields);

enum hap {
	HAP_PLAN_OPENED,
	HAP_PLAN_CHANGED,
	HAP_PLAN_ASSERTED, /* a person's word on an unknown pair */
	HAP_PLAN_ABORTED,
	HAP_BATCH_PLANNED,
	HAP_BATCH_APPROVED,
	HAP_BATCH_DECLINED,
	HAP_BATCH_ACKED,
	HAP_SESSION_FILED,
	HAP_SESSION_PREPARED,
	HAP_ACT_FAILED,
	HAP_SET_UP,    /* the setup command of a session succeeded */
	HAP_RUN_WAITS, /* for a slot of the person's cap; or no longer */
	HAP_RUN_STARTED,
	HAP_RUN_PULSE, /* what its holder sees of a silent run: idle_ms, cpu_ms */
	HAP_RUN_ENDED,
	HAP_RUN_LOST,
	HAP_AGENT_ACCEPTED,
	HAP_AGENT_CONFIRMED,
	HAP_AGENT_ACTIVITY,
	HAP_AGENT_ASKED,
	HAP_AGENT_ASK_GONE,
	HAP_AGENT_ESTIMATE,
	HAP_AGENT_TOOL, /* a tool of the agent failed, or one that had failed worked */
	HAP_AGENT_LIMIT,
	HAP_AGENT_DONE,
	HAP_AGENT_FAILED,
	HAP_AGENT_STEPPED, /* its protocol is ready for the next message, or in a turn */
	HAP_ASK_ANSWERED,
	HAP_ACCOUNT_PAUSED, /* another server of this person met its limit */
	HAP_CAP_SET, /* a person sets what a plan, its batches or an account may cost */
	HAP_ALLOWANCE_ENDED, /* a person takes back what they allowed beforehand */
	HAP_INSPECTED,
	HAP_MERGE_ASKED,
	HAP_CANDIDATE_BUILT,
	HAP_CANDIDATE_REFUSED,
	HAP_LANDED,
	HAP_LANDING_BLOCKED,
	HAP_SAID,
	HAP_HELD,
	HAP_INTERRUPTED,
	HAP_RESUMED,
	HAP_PARKED,
	HAP_ABANDONED,
	HAP_CLAIMED,
	HAP_TAKEN_OVER, /* a person goes on in the agent's conversation, on a terminal */
	HAP_HANDED_BACK, /* they give it back, or say that it is done */
	HAP_WRITTEN_BACK,
	HAP_PUBLISHED,    /* pushed to a remote; or "trouble" says why not */
	HAP_PROJECT_TOLD, /* what came of telling its project how a plan stands */
	HAP_PULL_SEEN, /* a pull request was opened, brought up to date or looked at */
	HAP_OVERRIDDEN,
	HAP_FENCED,            /* the fence of a session refused something */
	HAP_STRAYED,           /* a session wrote outside what it declared */
	HAP_MET,               /* two sessions met, or one and the target: a conflict */
	HAP_CONFLICT_GONE,     /* they do no longer */
	HAP_RULED,             /* a person decided about a conflict */
	HAP_REVIEW_RECORDED,   /* what reviewers found, as rows */
	HAP_FINDINGS_DECIDED,  /* a person decided about them */
	HAP_REVIEW_STARTED,    /* a person has reviewers of ours look at something */
	HAP_REVIEW_FAILED,     /* and none of them gave anything */
	HAP_REVIEW_WAIVED,     /* a person does without a review, and why */
	HAP_FINDINGS_JOINED,   /* two rows are one */
	HAP_FINDING_FILED,     /* one has its sub-issue */
	HAP_FINDING_DONE,      /* a person says that one is mended */
	HAP_FEEDBACK_CAME,     /* the outside world said something about work */
	HAP_FEEDBACK_SETTLED,  /* a person decided what becomes of it */
	HAP_RESEARCH_ASSESSED, /* what the research of a plan came to */
	HAP_GUARDED,           /* what the guard told an agent of its tool calls */
	HAP_WIDEN_ASKED,       /* more paths are asked for than a session declared */
	HAP_TREE_GONE,         /* another program took a worktree away */
	HAP_TREE_BACK,         /* it was made again */
	HAP_CHECKPOINT_ASKED,  /* a person wants what a session has to be kept now */
	HAP_CHECKPOINTED,      /* what came of each step of that */
	HAP_DELEGATED, /* the tracker has it that an agent elsewhere has a session */
	HAP_DELEGATE_SEEN,  /* what is seen of that agent, and of its work */
	HAP_DELEGATE_ASKED, /* a person gives it to another, or says that it is done */
	HAP_CLOCK,
	HAP_CLOCK_SET,  /* the wall clock went another way than time: clock_set.c */
	HAP_MEND_ASKED, /* a person has things mended: what, and what came of it */
	HAP_MENDED,
	HAP_REFUSED, /* kept for the record, changes nothing */
	HAP_N,
};

struct happening {
	enum hap kind;
	const char *actor; /* "human:NAME", "server", "session:ID" */
	int64_t at;        /* Unix ms */
	struct fields fields;
};

struct act {
	char *kind, *key, *order;
	struct fields fields;
};

struct move { /* one entity went from one state to another */
	char *entity;
	const char *from, *to;
};

struct acts {
	struct act *item;
	size_t n, cap;
	struct move *move;
	size_t n_moves, cap_moves;
};

void acts_clear(struct acts *acts);
/* Appends an act and returns its fields to fill; printf-style KEY. */
struct fields *acts_add(struct acts *acts, const char *kind, const char *order,
    const char *key_fmt, ...) PRINTF(4, 5);
/* Appends that an entity ("session/ID") went FROM one state TO another: static words. */
void acts_movef(struct acts *acts, const char *from, const char *to,
    const char *entity_fmt, ...) PRINTF(4, 5);

const char *hap_name(
    enum hap kind);           /* "agent-asked" ...: stable words of the journal */
int hap_of(const char *name); /* -1 when unknown */
