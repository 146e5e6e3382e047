#include "engine/internal.h"

#include <poll.h>

/*
 * Calls to holders, which never keep the loop waiting: a holder that is stopped, or whose
 * disk is slow, is given the five seconds of RUN_CALL_LIMIT_MS while all else goes on.
 */

#define BUSY_MS 20 /* between two tries when the holder's queue of callers is full */

struct call {
	struct engine *engine;
	struct run_call *run;
	struct event *event;
	call_done_fn *done;
	void *arg;
};

static void on_call_event(evutil_socket_t fd, short what, void *arg);

static void
wait_on(struct call *call)
{
	int fd = run_call_fd(call->run), ms = run_call_left_ms(call->run);
	bool writes = run_call_events(call->run) == POLLOUT;
	short what = 0;
	struct timeval tv;

	if (fd < 0)
		ms = BUSY_MS;
	else if (writes)
		what = EV_WRITE;
	else
		what = EV_READ;
	tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	if (call->event)
		event_free(call->event);
	call->event = event_new(call->engine->base, fd, what, on_call_event, call);
	event_add(call->event, &tv);
}

static void
on_call_event(evutil_socket_t fd, short what, void *arg)
{
	struct call *call = arg;
	struct err err = ERR_INIT;
	int rc = run_call_step(call->run, &err);
	struct run_pulse pulse = { .idle_ms = -1, .cpu_ms = -1 };
	call_done_fn *done = call->done;
	void *done_arg = call->arg;

	(void)fd;
	(void)what;
	if (rc == 0) {
		wait_on(call);
		return;
	}
	if (rc > 0)
		pulse = run_call_answer(call->run);
	call_free(call);
	done(done_arg, rc, &pulse, &err);
}

struct call *
call_start(struct engine *engine, struct run_call *run, call_done_fn *done, void *arg)
{
	struct call *call = xcalloc(1, sizeof(*call));

	*call = (struct call){ .engine = engine, .run = run, .done = done, .arg = arg };
	wait_on(call);
	return call;
}

void
call_free(struct call *call)
{
	if (!call)
		return;
	event_free(call->event);
	run_call_free(call->run);
	free(call);
}

/* ---- what silent runs do -------------------------------------------------------- */

static void
on_pulse(void *arg, int rc, const struct run_pulse *pulse, const struct err *err)
{
	struct follower *f = arg;
	struct timeval pause = { .tv_usec = JOURNAL_PAUSE_MS * 1000L };
	struct fields fields = { 0 };
	int told = 0;

	f->pulse = NULL;
	if (rc > 0 && pulse->idle_ms >= 0) {
		fields_set(&fields, "session", f->session);
		fields_set(&fields, "run", f->run);
		fields_set_number(
		    &fields, "idle_ms", pulse->is_suspended ? 0 : pulse->idle_ms);
		fields_set_number(&fields, "cpu_ms", pulse->cpu_ms);
		told = engine_note(f->engine, HAP_RUN_PULSE, &fields);
		fields_clear(&fields);
	} else if (rc < 0) {
		log_warn("%s: %s", f->run, err->text);
	}
	clock_arm(f->engine);
	if (told < 0) {
		f->pulse_for = 0; /* the journal takes nothing: ask again in a while */
		event_add(f->engine->clock, &pause);
	}
}

bool
pulses_awaited(struct engine *engine)
{
	const struct core *core = engine->core;
	int64_t now = engine->now();
	bool is_awaited = false;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		int64_t until = session_quiet_until(core, s);
		struct follower *f = until <= now ? follower_find(engine, s->run)
						  : NULL;
		struct err err = ERR_INIT;
		struct run_call *run;

		/* Each deadline is asked about once: no answer is one, too. */
		if (f && !f->pulse && f->pulse_for != until) {
			f->pulse_for = until;
			run = run_call_pulse(f->dir, &err);
			if (run)
				f->pulse = call_start(engine, run, on_pulse, f);
		}
		is_awaited = is_awaited || (f && f->pulse);
	}
	return is_awaited;
}
