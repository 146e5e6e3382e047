#include "core/core.h"

#include "core/feedback.h"
#include "core/internal.h"
#include "core/review.h"

#include <string.h>

/*
 * The wall clock, by which the journal tells its moments, went another way than time did.
 * Every moment that something is measured from goes along: a limit of two minutes stays one
 * of two minutes, and nobody is charged for a day that was not one.
 *
 *	set	somebody corrected the clock, in either direction
 *	slept	the machine was suspended: it is later indeed, but no agent ran
 *	off	the machine was off, so that nothing runs any more
 *	ended	the agent of one session had ended so long before, and nobody looked
 *
 * Journals of before this was told apart have no kind: there the clock was set back.
 */

static void
shift(int64_t *at, int64_t by)
{
	if (*at > 0)
		*at = *at + by > 1 ? *at + by : 1;
}

static void
shift_session(struct session *s, int64_t by)
{
	shift(&s->since, by);
	shift(&s->started_at, by);
	shift(&s->last_seen, by);
	shift(&s->stuck_at, by);
	shift(&s->clock_at, by);
	shift(&s->pull_at, by);
	delegate_shift(s, by);
	shift(&s->checkpoint_at, by);
	for (size_t k = 0; k < s->n_asks; k++)
		shift(&s->ask[k].at, by);
}

static void
shift_limits(struct core *core, int64_t by)
{
	for (size_t i = 0; i < core->n_sessions; i++)
		shift_session(&core->session[i], by);
	for (size_t i = 0; i < core->n_batches; i++)
		shift(&core->batch[i].since, by);
	for (size_t i = 0; i < core->n_reviews; i++)
		shift(&core->review[i].at, by);
	for (size_t i = 0; i < core->n_feedback; i++)
		shift(&core->feedback[i].at, by);
	for (size_t i = 0; i < core->n_accounts; i++) {
		shift(&core->account[i].paused_until, by);
		shift(&core->account[i].ended_at, by);
	}
}

/* What is over goes along, too: what came before what, and how long it took, stays true. */
static void
shift_past(struct core *core, int64_t by)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		shift(&s->ended_at, by);
		for (size_t k = 0; k < s->n_asks; k++)
			shift(&s->ask[k].answered_at, by);
	}
	for (size_t i = 0; i < core->n_plans; i++) {
		shift(&core->plan[i].opened_at, by);
		shift(&core->plan[i].closed_at, by);
	}
	for (size_t i = 0; i < core->n_batches; i++) {
		shift(&core->batch[i].opened_at, by);
		shift(&core->batch[i].closed_at, by);
	}
	for (size_t i = 0; i < core->n_conflicts; i++) {
		shift(&core->conflict[i].at, by);
		shift(&core->conflict[i].ruled_at, by);
	}
	for (size_t i = 0; i < core->n_allowances; i++) {
		shift(&core->allowance[i].at, by);
		shift(&core->allowance[i].ended_at, by);
	}
	for (size_t i = 0; i < core->n_reviews; i++)
		shift(&core->review[i].asked_at, by);
}

/* Of the time in which the machine slept nobody heard anything, asked anything or ran. */
static void
sleep_through(struct session *s, int64_t by)
{
	shift(&s->clock_at, by);
	shift(&s->stuck_at, by);
	delegate_shift(s, by);
	if (s->run_open || session_is_away(s))
		shift(&s->last_seen, by);
	if (s->state == SESSION_LAUNCHING || s->state == SESSION_UNCONFIRMED)
		shift(&s->started_at, by);
	for (size_t k = 0; k < s->n_asks; k++) {
		if (!s->ask[k].decision[0])
			shift(&s->ask[k].at, by);
	}
}

/* What came after the end of its agent is not charged to the session. */
static int
stop_before(struct core *core, const struct happening *h, int64_t by, struct err *err)
{
	const char *id = fields_text(&h->fields, "session");
	struct session *s = core_session(core, id);

	if (!s)
		return err_set(err, ERR_NOT_FOUND, "there is no session %s", id);
	shift(&s->clock_at, by);
	if (s->clock_at > h->at)
		s->clock_at = h->at;
	return 0;
}

static bool
is_possible(const char *kind, int64_t by, int64_t at)
{
	if (kind[0] == '\0')
		return by < 0 && by >= -at;
	if (strcmp(kind, "set") == 0)
		return by != 0 && by >= -at && by <= at;
	return (strcmp(kind, "slept") == 0 || strcmp(kind, "off") == 0 ||
		   strcmp(kind, "ended") == 0) &&
	       by > 0 && by <= at;
}

int
step_clock_set(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *kind = fields_text(&h->fields, "kind");
	int64_t by = fields_number(&h->fields, "by", 0);

	(void)acts;
	if (!is_possible(kind, by, h->at))
		return err_set(err, ERR_INPUT, "the clock cannot be set by %lld ms",
		    (long long)by);
	if (strcmp(kind, "ended") == 0)
		return stop_before(core, h, by, err);
	if (strcmp(kind, "slept") != 0 && strcmp(kind, "off") != 0)
		shift_limits(core, by);
	if (strcmp(kind, "set") == 0) {
		shift_past(core, by);
		core->clock_set_at = h->at;
		core->clock_set_by = by;
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		if (strcmp(kind, "slept") == 0)
			sleep_through(&core->session[i], by);
		else if (strcmp(kind, "off") == 0)
			shift(&core->session[i].clock_at, by);
	}
	return 0;
}
