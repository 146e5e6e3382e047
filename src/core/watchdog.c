#include "core/core.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/account.h"
#include "core/internal.h"

/*
 * What time alone changes: launches that nobody confirmed, agents that fell silent.
 *
 * Silence is no end (README.md): an agent that says nothing may wait for its tests.  Its
 * holder sees bytes and processor time of the whole tree, so before a silence is over the
 * engine asks it and tells what it saw (HAP_RUN_PULSE).  Who computes is not silent; who
 * does nothing is stalled, and ended when it has then done nothing for the plan's
 * stuck-timeout as well.  Nothing is ended without that evidence.
 */

static int64_t
confirm_limit(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p && p->confirm_ms > 0 ? p->confirm_ms : core->confirm_limit_ms;
}

int64_t
session_silence_limit(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p && p->silence_ms > 0 ? p->silence_ms : core->silence_limit_ms;
}

static int64_t
stuck_limit(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p ? p->stuck_ms : 0;
}

int64_t
session_quiet_until(const struct core *core, const struct session *s)
{
	if (s->waits_for_slot || !s->run_open)
		return INT64_MAX;
	if (s->state == SESSION_ACTIVE)
		return s->last_seen + session_silence_limit(core, s);
	if (s->state == SESSION_STALLED && s->stuck_at > 0)
		return s->stuck_at;
	return INT64_MAX;
}

static void
stall(const struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	int64_t stuck_ms = stuck_limit(core, s);

	if (core_move(s, ON_STALL, now, acts))
		s->stuck_at = stuck_ms > 0 ? now + stuck_ms : 0;
}

/* The second timeout of E-7.  Its work stays, and it can be resumed. */
static void
end_stuck(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	AUTO_FREE char *age = text_age(now - s->last_seen);

	s->stuck_at = 0;
	if (!core_move(s, ON_PARK, now, acts))
		return;
	free(s->reason);
	s->reason = xasprintf("stuck: for %s it said nothing and its processes did "
			      "nothing, so it was ended (divisi.stuck-timeout)",
	    age);
	session_close_asks(s, false);
	owe_stop(s, acts);
	owe_inspect(s, "parked", acts);
	owe_comment(acts, s, "parked", ++s->n_keys, s->reason);
	owe_write_back(core, s->plan_id, acts);
}

/* The time of S is over: see session_quiet_until(). */
static void
quiet_too_long(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	AUTO_FREE char *age = NULL;

	if (s->state == SESSION_ACTIVE) {
		age = text_age(session_silence_limit(core, s));
		free(s->reason);
		s->reason = xasprintf("silent for %s%s", age,
		    s->is_idle ? ", and its processes do nothing" : "");
		stall(core, s, now, acts);
	} else if (s->is_idle) {
		end_stuck(core, s, now, acts);
	} else {
		s->stuck_at = now + stuck_limit(core, s);
	}
}

int
step_clock(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];
		AUTO_FREE char *age = NULL;

		asks_time_out(core, s, h, acts);
		pull_clock(s, h->at, acts);
		delegate_clock(core, s, h, acts);
		if (s->waits_for_slot || session_is_away(s))
			continue;
		if ((s->state == SESSION_UNCONFIRMED ||
			s->state == SESSION_LAUNCHING) &&
		    s->started_at + confirm_limit(core, s) <= h->at) {
			age = text_age(confirm_limit(core, s));
			free(s->reason);
			s->reason = xasprintf("no 'Session started' after %s", age);
			stall(core, s, h->at, acts);
		} else if (session_quiet_until(core, s) <= h->at) {
			quiet_too_long(core, s, h->at, acts);
		}
	}
	return 0;
}

int
step_run_pulse(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	int64_t idle = fields_number(&h->fields, "idle_ms", -1), limit;

	(void)acts;
	if (!s)
		return -1;
	if (idle < 0)
		return err_set(err, ERR_INPUT, "the holder does not say");
	limit = s->state == SESSION_STALLED ? stuck_limit(core, s)
					    : session_silence_limit(core, s);
	s->is_idle = idle >= limit;
	if (s->is_idle)
		return 0;
	/* It works without a word, and what is waited for counts from the end of that. */
	if (s->state == SESSION_STALLED && s->stuck_at > 0)
		s->stuck_at = h->at - idle + limit;
	else if (h->at - idle > s->last_seen)
		s->last_seen = h->at - idle;
	return 0;
}

/* The end of the pause that S waits for; INT64_MAX when it waits for none. */
static int64_t
pause_of(const struct core *core, const struct session *s)
{
	int64_t until = session_paused_until(core, s);

	return until > 0 ? until : INT64_MAX;
}

int64_t
core_next_deadline(const struct core *core)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		int64_t at = session_quiet_until(core, s);

		if (money_deadline(core, s) < next)
			next = money_deadline(core, s);
		if (pull_deadline(s) < next)
			next = pull_deadline(s);
		for (size_t k = 0; k < s->n_asks; k++) {
			int64_t asked = ask_deadline(core, s, &s->ask[k]);

			next = asked < next ? asked : next;
		}

		if (delegate_deadline(core, s) < next)
			next = delegate_deadline(core, s);
		if (s->waits_for_slot || session_is_away(s))
			continue;
		if (s->state == SESSION_UNCONFIRMED || s->state == SESSION_LAUNCHING)
			at = s->started_at + confirm_limit(core, s);
		else if (s->state == SESSION_APPROVED || s->waits_for_account)
			at = pause_of(core, s);
		if (at < next)
			next = at;
	}
	return next;
}
