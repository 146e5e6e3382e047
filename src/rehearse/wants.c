#include "rehearse/internal.h"

#include <string.h>

/* The phase of a session called "p1.BATCH.PHASE", or -1. */
static int
phase_of(const struct stage *s, const char *session)
{
	const char *dot = strchr(session, '.');

	dot = dot ? strchr(dot + 1, '.') : NULL;
	return dot ? plan_index(s->c->plan, dot + 1) : -1;
}

static void
take_act(struct stage *s, const struct act *act)
{
	const struct rehearse_guess *g = s->c->guess;
	int phase = phase_of(s, fields_text(&act->fields, "session"));
	const char *order = fields_text(&act->fields, "order");
	int64_t verify;

	if (phase < 0)
		return;
	if (strcmp(act->kind, "issue-file") == 0) {
		stage_add(s, 3 * SECOND, EVENT_FILED, phase, 0);
	} else if (strcmp(act->kind, "worktree-add") == 0) {
		stage_add(s, 5 * SECOND, EVENT_PREPARED, phase, 0);
	} else if (strcmp(act->kind, "launch") == 0) {
		if (s->worker[phase].started_at < 0)
			s->worker[phase].started_at = s->now;
		stage_add(s, 2 * SECOND, EVENT_STARTED, phase, 0);
	} else if (strcmp(act->kind, "inspect") == 0) {
		stage_add(s, 2 * SECOND, EVENT_INSPECTED, phase, 0);
	} else if (strcmp(act->kind, "candidate") == 0) {
		verify = (int64_t)(throw_around(&s->dice, THROW_VERIFY, phase,
				       s->worker[phase].n_tries, g->verify_minutes,
				       0.3) *
				   MINUTE);
		stage_add(s, verify, EVENT_CANDIDATE, phase, 0);
	} else if (strcmp(act->kind, "land") == 0) {
		stage_add(s, 1 * SECOND, EVENT_LANDED, phase, 0);
	} else if (strcmp(act->kind, "tell") == 0 &&
		   (strcmp(order, "eof") == 0 || strcmp(order, "stop") == 0)) {
		stage_add(s, 3 * SECOND, EVENT_ENDED, phase, 0);
	}
}

static void
session_moved(struct stage *s, int phase, const char *to)
{
	struct worker *w = &s->worker[phase];
	bool is_person = false;

	if (strcmp(to, session_state_name(SESSION_CHECKPOINT)) == 0) {
		stage_add(
		    s, stage_person(s, THROW_ANSWER, phase), EVENT_ANSWER, phase, 0);
		is_person = true;
	} else if (strcmp(to, session_state_name(SESSION_IN_REVIEW)) == 0) {
		is_person = s->c->setting->asks_merge;
		if (is_person)
			stage_add(s, stage_person(s, THROW_MERGE, phase), EVENT_MERGE,
			    phase, 0);
	} else if (strcmp(to, session_state_name(SESSION_MERGE_CONFLICT)) == 0) {
		int64_t mend = (int64_t)(throw_around(&s->dice, THROW_MEND, phase, 0,
					     s->c->guess->mend_minutes, 0.6) *
					 MINUTE);

		is_person = true;
		stage_add(s, mend + stage_person(s, THROW_MERGE, phase), EVENT_MERGE,
		    phase, 0);
	} else if (strcmp(to, session_state_name(SESSION_FAILED)) == 0 ||
		   strcmp(to, session_state_name(SESSION_STALLED)) == 0) {
		is_person = true;
		if (!w->is_lost)
			stage_add(s, stage_person(s, THROW_RESUME, phase), EVENT_RESUME,
			    phase, 0);
	} else if (strcmp(to, session_state_name(SESSION_DONE)) == 0) {
		w->is_done = true;
	}
	if (is_person || strcmp(to, session_state_name(SESSION_PREPARED)) == 0)
		stage_turn(s, phase, REHEARSE_PERSON);
	else if (strcmp(to, session_state_name(SESSION_MERGEABLE)) == 0 ||
		 strcmp(to, session_state_name(SESSION_MERGING)) == 0)
		stage_turn(s, phase, REHEARSE_LANDS);
	else if (strcmp(to, session_state_name(SESSION_LAUNCHING)) == 0 ||
		 strcmp(to, session_state_name(SESSION_ACTIVE)) == 0)
		stage_turn(s, phase, REHEARSE_WORKS);
	else if (strcmp(to, session_state_name(SESSION_EXITING)) != 0 &&
		 strcmp(to, session_state_name(SESSION_UNCONFIRMED)) != 0)
		stage_turn(s, phase, REHEARSE_WAITS);
}

static void
batch_moved(struct stage *s, const char *id, const char *to)
{
	const char *slash = strrchr(id, '/');
	int number = slash ? atoi(slash + 1) : 0;
	const struct batch_run *b = core_batch(s->core, id);
	int phase = b && b->n > 0 ? phase_of(s, s->core->session[b->session[0]].id)
				  : -1;

	if (phase < 0)
		return;
	if (strcmp(to, batch_state_name(BATCH_AWAITING)) == 0) {
		bool is_free = s->c->setting->approves_all && number > 1;

		stage_add(s, is_free ? 0 : stage_person(s, THROW_APPROVE, phase),
		    EVENT_APPROVE, phase, number);
	} else if (strcmp(to, batch_state_name(BATCH_WITH_FAILURES)) == 0) {
		/* Sessions that somebody will resume are not given up yet. */
		for (size_t i = 0; i < b->n; i++) {
			const struct session *one = &s->core->session[b->session[i]];

			if (one->state == SESSION_FAILED)
				return;
		}
		stage_add(
		    s, stage_person(s, THROW_APPROVE, phase), EVENT_ACK, phase, number);
	}
}

void
stage_acts(struct stage *s, const struct acts *acts)
{
	for (size_t i = 0; i < acts->n; i++)
		take_act(s, &acts->item[i]);
	for (size_t i = 0; i < acts->n_moves; i++) {
		const struct move *m = &acts->move[i];

		if (strncmp(m->entity, "session/", 8) == 0) {
			int phase = phase_of(s, m->entity + 8);

			if (phase >= 0)
				session_moved(s, phase, m->to);
		} else if (strncmp(m->entity, "batch/", 6) == 0) {
			batch_moved(s, m->entity + 6, m->to);
		}
	}
}
