#pragma once

#include "core/core.h"

/*
 * What sessions spend and may spend, in cents (DESIGN 7, promise 5; SPEC S-68, J-28, A-32).
 *
 * What an agent says of its usage is a claim.  It counts as said, never less than before: a
 * counter that falls began anew.  Beside it time counts, which nobody can hide: minutes of a
 * run in which nothing was said of usage, beyond MONEY_SILENT_MS, at the plan's cost_rate,
 * and all of its minutes at cost_floor.  Suspended time costs nothing.
 *
 * So a session whose agent never spends faster than cost_rate, and says what it likes, is
 * held before it has truly spent more than
 *
 *	ceiling x cost_rate / cost_floor + cost_rate x (the clock's lateness)
 *
 * and one whose claims are true but late, doubled or begin anew (having told all) before
 *
 *	ceiling + cost_rate x (MONEY_SILENT_MS + the clock's lateness)
 *
 * plus, in both cases, one call to its model that was under way when it was suspended.
 */
#define MONEY_SILENT_MS (10 * 60 * 1000)

/* What all runs of S cost by NOW. */
int64_t money_spent(const struct core *core, const struct session *s, int64_t now);
/* What S may spend in all before a person is asked: its budget, or what was allowed since. */
int64_t money_ceiling(const struct core *core, const struct session *s);
/* The same once a person lets it go on: of who spent it all, as much again as at first. */
int64_t money_next_ceiling(
    const struct core *core, const struct session *s, int64_t now);
/* A person lets S go on: that is its ceiling from now on. */
void money_go_on(const struct core *core, struct session *s, int64_t now);
/* Is S held where it spent its ceiling?  Not under the profile "unlimited". */
bool money_is_limited(const struct core *core, const struct session *s);
/* What its agent is told that the current run may spend, for its own flag; 0 = nothing. */
int64_t money_of_run(const struct core *core, const struct session *s);
/* What is set aside for the run of S and not spent yet; 0 when none is under way. */
int64_t money_reserved(const struct core *core, const struct session *s, int64_t now);

struct money_sum {
	int64_t spent, reserved, cap; /* CAP 0 = none */
};
/* Of the batch or of the whole plan of S. */
struct money_sum money_of_plan(
    const struct core *core, const struct plan_run *p, int64_t now);
struct money_sum money_of_batch(
    const struct core *core, const struct batch_run *b, int64_t now);

/* Of all sessions of plans under way that are paid from the account NAME. */
struct money_sum money_of_account(
    const struct core *core, const char *name, int64_t now);

/*
 * Does a ceiling of CENTS for S fit under the caps of its batch, plan and account?  When not, WHY
 * (a line for people) says which does not.
 */
bool money_fits(const struct core *core, const struct session *s, int64_t cents,
    int64_t now, char *why, size_t n);
/* Does S wait for a cap that nothing under way can make room under? */
bool money_is_stuck(const struct core *core, const struct session *s, int64_t now);
