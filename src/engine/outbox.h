#pragma once

#include "engine/internal.h"

/*
 * The outbox: acts on a tracker over the network (CONTRACTS 9; SPEC E-18, J-26, J-27).
 * One writer: one such act is under way at a time, the oldest that may.  Those of one issue
 * keep their order whatever happens; what stops one stops the later ones of its issue and no
 * other.  What the tracker cannot take now (an outage, a rate limit, a token that is
 * refused) is tried again for ever, with a growing pause for all of them, and then drained
 * in order.  What it will never take as it is, and what somebody changed there meanwhile,
 * stops and waits for a person.  A session waits for none of it, but for its first filing.
 */

/* Does TASK go over the network? */
bool outbox_has(const struct task *task);

/* What orders TASK: its issue, so that one that is stopped stops no other's. */
char *outbox_order(const struct task *task);

/* Takes up what an earlier server wrote of ACT: it was stopped, waits, or a person let it go on. */
struct act_row;
void outbox_take(struct task *task, const struct act_row *act);

/* May TASK not start at NOW?  Then SOONEST is lowered to when it may, if time alone decides. */
bool outbox_holds(const struct task *task, int64_t now, int64_t *soonest);

/* Starts the job of TASK with IN, which tracking.c gathered. */
void outbox_send(struct task *task, const struct fields *in);

/* The state of the queue, for status, doctor and `divisi outbox`.  The caller puts it. */
struct json_object *outbox_json(const struct engine *engine);

/* The order of that name: retry, retry all, drop. */
int order_outbox(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
