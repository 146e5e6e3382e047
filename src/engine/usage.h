#pragma once

#include "agent/agent.h"
#include "core/core.h"

/*
 * What a burst of an agent's lines says of usage: tokens become money by the price table
 * (policy/price.h) before they are journalled, so that a replay needs no table.
 */
struct usage {
	int64_t cost;    /* cents so far as told last, -1 = not told */
	int64_t counted; /* thousandths of a cent */
	int64_t in, out; /* tokens so far as told last, -1 = as the session has them */
	int context_pct; /* -1 unknown */
	char *call;      /* last call counted, NULL = as the session has it */
	int n_retries;   /* at the end, in a row */
	bool has_retry, progressed;
};

void usage_init(struct usage *usage);
/* Takes in E, of the agent of S. */
void usage_add(
    struct usage *usage, const struct session *s, const struct agent_event *e);
/* Puts what there is to say into F, and begins anew. */
void usage_tell(struct usage *usage, struct fields *f);
void usage_clear(struct usage *usage);

/*
 * Puts the whole request of the ask E in one form into F, for rules; or that there is more
 * than MAX bytes of it, so that none fits.
 */
void usage_request(struct fields *f, const struct agent_event *e, size_t max);

/*
 * Puts into F until when a limit holds, or that the agent used up its budget, and whether it
 * can go on afterwards; nothing when E is neither.
 */
void usage_limit(struct fields *f, const struct agent_event *e, bool can_resume);
