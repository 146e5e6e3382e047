#include "engine/internal.h"

/*
 * Time, as the engine lives by it.  Journal and limits use the wall clock, which may be set
 * back at any moment; timers use one that cannot.  So each time before something happens the
 * two are compared: when the clock reads less than the journal's last row says, that is a
 * happening of its own, and whatever is measured goes back with the clock.
 */
#define CLOCK_SLACK_MS 5000 /* what a clock is corrected by while it runs */

int64_t
clock_base(const struct engine *engine)
{
	int64_t now = engine->now();

	return now < engine->last_at ? engine->last_at : now;
}

void
clock_mind(struct engine *engine)
{
	int64_t by = engine->now() - engine->last_at;
	struct fields f = { 0 };
	struct task *t;

	if (engine->last_at == 0 || by >= -CLOCK_SLACK_MS)
		return;
	log_warn("the clock was set back by %lld s; limits go on from there",
	    (long long)(-by / 1000));
	fields_set_number(&f, "by", by);
	if (engine_note(engine, HAP_CLOCK_SET, &f) == 0) {
		TAILQ_FOREACH (t, &engine->tasks, link) {
			t->not_before += t->not_before > 0 ? by : 0;
			t->began_at += t->began_at > 0 ? by : 0;
			t->held_at += t->held_at > 0 ? by : 0;
		}
		if (engine->outbox.paused_until > 0)
			engine->outbox.paused_until += by;
		tasks_pump_soon(engine);
	}
	fields_clear(&f);
}

static void
on_clock(evutil_socket_t fd, short what, void *arg)
{
	struct engine *engine = arg;
	struct fields none = { 0 };
	struct timeval pause = { .tv_usec = JOURNAL_PAUSE_MS * 1000L };

	(void)fd;
	(void)what;
	clock_mind(engine);
	if (pulses_awaited(engine))
		return; /* the answers set the clock again */
	if (core_next_deadline(engine->core) <= engine->now() &&
	    engine_note(engine, HAP_CLOCK, &none) < 0)
		event_add(engine->clock, &pause);
	else
		clock_arm(engine);
}

void
clock_arm(struct engine *engine)
{
	int64_t next = core_next_deadline(engine->core);
	int64_t wait;
	struct timeval tv;

	if (!engine->clock)
		engine->clock = event_new(engine->base, -1, 0, on_clock, engine);
	event_del(engine->clock);
	if (next == INT64_MAX)
		return;
	wait = next - engine->now();
	if (wait < 10)
		wait = 10;
	tv = (struct timeval){ .tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 };
	event_add(engine->clock, &tv);
}
