#include "core/internal.h"

#include <string.h>

/*
 * How a conversation with an agent comes about: its process is up, its protocol goes
 * through its handshake step by step, it says that its session started.
 */

int
step_agent_accepted(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);

	if (!s)
		return -1;
	session_heard(s, h, acts);
	if (fields_text(&h->fields, "agent_session")[0])
		core_set(&s->agent_session, fields_text(&h->fields, "agent_session"));
	(void)core_move(s, ON_ACCEPTED, h->at, acts);
	return 0;
}

int
step_agent_confirmed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	AUTO_FREE char *text = NULL;

	if (!s)
		return -1;
	session_heard(s, h, acts);
	if (s->confirmed)
		return 0;
	s->confirmed = true;
	(void)core_move(s, ON_ACCEPTED, h->at, acts);
	if (!core_move(s, ON_CONFIRMED, h->at, acts) &&
	    (s->state != SESSION_STALLED || !core_move(s, ON_ACTIVITY, h->at, acts)))
		return 0;
	core_set(&s->reason, "");
	text = xasprintf("Session started: %s, %s (%s), branch `%s`.", s->agent_shown,
	    s->mode, s->launch, s->branch);
	owe_issue_move(acts, s, "In Progress", s->n_runs);
	owe_comment(acts, s, "start", s->n_runs, text);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

/*
 * The next message is owed under the run's name and the step's, so that an agent which
 * repeats itself, or a line that is read again, does not have it sent twice.
 */
static void
owe_step(struct session *s, const struct fields *said, struct acts *acts)
{
	const char *step = fields_text(said, "step");
	struct fields *f = acts_add(acts, "step", s->id, "step/%s/%s", s->run, step);

	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	fields_set(f, "resume", s->run_resume);
	fields_set(f, "note", s->run_note);
	fields_set(f, "step", step);
	fields_set(f, "raw", fields_text(said, "raw"));
}

int
step_agent_stepped(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);

	if (!s)
		return -1;
	session_heard(s, h, acts);
	if (fields_text(&h->fields, "turn")[0])
		core_set(&s->agent_turn, fields_text(&h->fields, "turn"));
	if (fields_text(&h->fields, "step")[0] && session_is_live(s->state))
		owe_step(s, &h->fields, acts);
	return 0;
}

void
talk_broke(struct core *core, struct session *s, const char *why, int64_t now,
    struct acts *acts)
{
	if (!session_is_live(s->state))
		return;
	session_fail(core, s, why, now, acts);
	owe_stop(s, acts);
	owe_inspect(s, "failed", acts);
}
