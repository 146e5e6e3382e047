#include "engine/internal.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/rundir.h"

#include <stdio.h>
#include <string.h>

/*
 * Time, as the engine lives by it.  Journal and limits use the wall clock, which may be set at
 * any moment; timers use one that cannot.  So each time before something happens the two are
 * compared: when the wall clock went another way than time did, that is a happening of its
 * own, and whatever is measured goes along with the clock.
 *
 * The wall clock is ahead of the time since the machine was started by an amount that only
 * changes when somebody sets it, and that is ahead of the time without sleep by one that only
 * sleep changes.  Both are kept in the store, in one transaction with the happening that tells
 * of a change, so that a change is noticed at the next start, too, and told once.  The time in
 * which no server ran is none: agents work in it.
 *
 * A machine that was started anew has another clock, and the agents are gone.  When they ended
 * nobody knows, but what was journaled last was before it.
 */
#define CLOCK_SLACK_MS 5000 /* what a clock is corrected by while it runs */
#define STAMP_KEY      "clock"

int64_t
clock_base(const struct engine *engine)
{
	int64_t now = engine->now();

	return now < engine->last_at ? engine->last_at : now;
}

void
clock_passed(struct passed *passed)
{
	/* In this order who is stopped in between takes it for no sleep. */
	passed->all = clock_boot_ms();
	passed->awake = clock_mono_ms();
}

/* How the clocks stand now.  They are read one by one, and the machine may sleep in between. */
static struct clock_stamp
stamp_now(const struct engine *engine)
{
	struct passed one, two;
	struct clock_stamp stamp;

	for (int i = 0; i < 3; i++) {
		engine->passed(&one);
		stamp.ahead = engine->now() - one.all;
		stamp.slept = one.all - one.awake;
		engine->passed(&two);
		if (two.all - one.all < CLOCK_SLACK_MS / 10)
			break;
	}
	stamp.is_known = true;
	return stamp;
}

/* 1: of this start of the machine; 0: of another one; -1: there is none. */
static int
stamp_read(struct engine *engine, struct clock_stamp *stamp)
{
	AUTO_FREE char *text = store_meta_get(engine->store, STAMP_KEY);
	char boot[sizeof(engine->boot)];
	long long ahead, slept;

	*stamp = (struct clock_stamp){ 0 };
	if (!text || sscanf(text, "%39s %lld %lld", boot, &ahead, &slept) != 3)
		return -1;
	stamp->ahead = ahead;
	stamp->slept = slept;
	return strcmp(boot, engine->boot) == 0;
}

static int
stamp_put(struct engine *engine, const struct clock_stamp *stamp, struct err *err)
{
	/* With when it was, since SQLite does not write what is there already. */
	AUTO_FREE char *text = xasprintf("%s %lld %lld %lld", engine->boot,
	    (long long)stamp->ahead, (long long)stamp->slept, (long long)engine->now());
	int rc = DURABLE(
	    "clock.stamp", store_meta_put(engine->store, STAMP_KEY, text, err));

	unwritten_note(engine, rc, err);
	if (rc < 0)
		return -1;
	engine->stamp = *stamp;
	return 0;
}

void
clock_load(struct engine *engine)
{
	engine->stamp.is_known = engine->passed &&
				 stamp_read(engine, &engine->stamp) == 1;
}

/* What waits by the wall clock in memory alone. */
static void
shift_tasks(struct engine *engine, int64_t by, bool is_set)
{
	struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (is_set)
			t->not_before += t->not_before > 0 ? by : 0;
		t->began_at += t->began_at > 0 ? by : 0;
		t->held_at += t->held_at > 0 ? by : 0;
	}
	if (is_set && engine->outbox.paused_until > 0)
		engine->outbox.paused_until += by;
	tasks_pump_soon(engine);
}

/* The clock went BY ms as KIND says, and stands as STAMP (or NULL) does. */
static int
happened(struct engine *engine, const char *kind, int64_t by,
    const struct clock_stamp *stamp)
{
	bool is_ours = !engine->is_grouping;
	struct fields f = { 0 };
	struct err err = ERR_INIT;
	int rc;

	log_warn("the clock went %s by %lld s (%s); limits and costs go on from there",
	    by < 0 ? "back" : "ahead", (long long)(((by < 0 ? -by : by) + 500) / 1000),
	    kind);
	fields_set_number(&f, "by", by);
	fields_set(&f, "kind", kind);
	if (is_ours)
		group_begin(engine);
	rc = engine_note(engine, HAP_CLOCK_SET, &f);
	if (rc == 0 && stamp && stamp_put(engine, stamp, &err) < 0) {
		log_warn("how the clock stands is not kept: %s", err.text);
		group_break(engine);
		rc = -1;
	}
	if (is_ours) {
		group_end(engine);
		rc = engine->group_failed ? -1 : rc;
	}
	if (rc == 0)
		shift_tasks(engine, by, strcmp(kind, "set") == 0);
	fields_clear(&f);
	return rc;
}

void
clock_keep(struct engine *engine)
{
	struct clock_stamp stamp = engine->stamp;
	struct err err = ERR_INIT;

	if (!engine->passed || engine->is_grouping)
		return;
	if (!stamp.is_known)
		stamp = stamp_now(engine);
	(void)stamp_put(engine, &stamp, &err);
}

int
clock_mind(struct engine *engine)
{
	struct clock_stamp now = { 0 }, was = engine->stamp;
	int64_t by;

	if (!was.is_known)
		clock_keep(engine); /* else the next time */
	if (was.is_known && engine->last_at > 0) {
		now = stamp_now(engine);
		by = now.slept - was.slept;
		was.slept = now.slept;
		if (by > CLOCK_SLACK_MS && happened(engine, "slept", by, &was) < 0)
			return -1;
		by = now.ahead - was.ahead;
		if ((by > CLOCK_SLACK_MS || by < -CLOCK_SLACK_MS) &&
		    happened(engine, "set", by, &now) < 0)
			return -1;
	}
	by = engine->now() - engine->last_at;
	if (engine->last_at > 0 && by < -CLOCK_SLACK_MS)
		return happened(engine, "set", by, NULL);
	return 0;
}

static bool
is_charged(const struct core *core)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		if (core->session[i].clock_at > 0)
			return true;
	}
	return false;
}

/* An agent that ended while no server ran is charged until then, not until now. */
static void
stop_at_end(struct engine *engine, const struct session *s)
{
	AUTO_FREE char *dir = run_dir(engine, s->run);
	struct fields f = { 0 };
	struct run_end end;
	struct err err = ERR_INIT;
	int64_t now = engine->now(), from;

	if (rundir_read_end(dir, &end, &err) < 0 || end.ended_at <= 0)
		return;
	from = end.ended_at > s->clock_at ? end.ended_at : s->clock_at;
	if (now - from <= CLOCK_SLACK_MS)
		return;
	fields_set_number(&f, "by", now - from);
	fields_set(&f, "kind", "ended");
	fields_set(&f, "session", s->id);
	if (engine_note(engine, HAP_CLOCK_SET, &f) < 0)
		log_warn("%s is charged until now: its end is not journaled", s->run);
	fields_clear(&f);
}

void
clock_start(struct engine *engine)
{
	struct clock_stamp stamp;
	int64_t by = engine->now() - engine->last_at;

	if (engine->passed && stamp_read(engine, &stamp) == 0 && engine->last_at > 0 &&
	    by > CLOCK_SLACK_MS && is_charged(engine->core)) {
		stamp = stamp_now(engine);
		(void)happened(engine, "off", by, &stamp);
	}
	(void)clock_mind(engine);
	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		if (engine->core->session[i].clock_at > 0)
			stop_at_end(engine, &engine->core->session[i]);
	}
}

static void
on_clock(evutil_socket_t fd, short what, void *arg)
{
	struct engine *engine = arg;
	struct fields none = { 0 };
	struct timeval pause = { .tv_usec = JOURNAL_PAUSE_MS * 1000L };

	(void)fd;
	(void)what;
	(void)clock_mind(engine);
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
