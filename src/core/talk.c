#include "core/internal.h"

#include <string.h>

/*
 * How a conversation with an agent comes about: its process is up, its protocol goes
 * through its handshake step by step, it says that its session started.
 */

int
step_set_up(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	s->is_set_up = !s->is_tree_gone;
	s->started_at = h->at; /* the limit to confirm begins when the agent can */
	return 0;
}

/* CONTRACTS 1: other repositories of this person hold every slot.  Nobody is to blame. */
int
step_run_waits(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	s->waits_for_slot = fields_number(&h->fields, "waits", 0) != 0;
	core_set(&s->reason, s->waits_for_slot ? fields_text(&h->fields, "text") : "");
	s->started_at = s->last_seen = h->at;
	return 0;
}

int
step_run_started(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	s->started_at = h->at;
	s->last_seen = h->at;
	return 0;
}

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
	if (fields_text(&h->fields, "text")[0])
		core_set(&s->model, fields_text(&h->fields, "text"));
	s->hears_late = fields_number(&h->fields, "late", 0) != 0;
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

/* Ids of an agent hold no blank, so that this is none of theirs. */
#define PLAN_ASK "the plan"

bool
talk_plan(struct session *s, int64_t now)
{
	AUTO_FREE char *id = xasprintf(PLAN_ASK " %d", s->n_keys + 1);
	struct ask *a;

	if (strcmp(s->launch, "plan") != 0 || s->plan_approved ||
	    !session_is_live(s->state) || s->state == SESSION_EXITING)
		return false;
	for (size_t i = 0; i < s->n_asks; i++) {
		if (s->ask[i].decision[0] == '\0' &&
		    strncmp(s->ask[i].id, PLAN_ASK, strlen(PLAN_ASK)) == 0)
			return true;
	}
	a = core_open_ask(s, s->run, id, "plan",
	    "its plan is to be approved before it changes anything", now);
	if (!a)
		return false;
	s->n_keys++;
	core_set(&a->detail, s->summary);
	return true;
}

/* Owes STEP with the words of A, under a key of its own: it may come more than once. */
static void
owe_words(struct session *s, const char *step, const struct ask *a, struct acts *acts)
{
	struct fields *f = acts_add(
	    acts, "step", s->id, "step/%s/%s/%d", s->run, step, ++s->n_keys);

	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	fields_set(f, "resume", s->run_resume);
	fields_set(f, "note", s->run_note);
	fields_set(f, "step", step);
	fields_set(f, "raw", a->answer);
	s->in_turn = true;
}

/* ---- words ------------------------------------------------------------------------------ */

void
talk_forget(struct session *s)
{
	for (size_t i = 0; i < s->n_words; i++) {
		free(s->words[i].key);
		free(s->words[i].text);
	}
	free(s->words);
	s->words = NULL;
	s->n_words = s->cap_words = 0;
}

bool
session_keeps_words(const struct session *s, const char *key)
{
	for (size_t i = 0; key[0] && i < s->n_words; i++) {
		if (strcmp(s->words[i].key, key) == 0)
			return true;
	}
	return false;
}

static void
owe_say(struct session *s, const char *key, const char *text, struct acts *acts)
{
	struct fields *f;

	s->n_keys++;
	if (key[0])
		f = acts_add(acts, "say", s->id, "say/%s/key/%s", s->id, key);
	else
		f = acts_add(acts, "say", s->id, "say/%s/%d", s->run, s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	fields_set(f, "text", text);
	s->in_turn = true; /* which they begin, if none is under way */
}

void
talk_say(struct session *s, const char *key, const char *text, struct acts *acts)
{
	struct words *w;

	if (!s->hears_late || !s->in_turn) {
		owe_say(s, key, text, acts);
		return;
	}
	GROW(s->words, s->n_words, s->cap_words);
	w = &s->words[s->n_words++];
	*w = (struct words){ .key = xstrdup(key), .text = xstrdup(text) };
}

bool
talk_turn_ends(struct session *s, int64_t now, struct acts *acts)
{
	struct words first;

	s->in_turn = false;
	if (s->n_words == 0 || !s->run_open || !session_is_live(s->state) ||
	    s->state == SESSION_CLAIMED)
		return false;
	first = s->words[0];
	s->n_words--;
	memmove(s->words, s->words + 1, s->n_words * sizeof(*s->words));
	owe_say(s, first.key, first.text, acts);
	free(first.key);
	free(first.text);
	s->awaits_words = false;
	if (s->state == SESSION_EXITING) {
		session_close_asks(s, false);
		core_set(&s->reason, "");
		(void)core_move(s, ON_ACTIVITY, now, acts);
	}
	s->last_seen = now;
	return true;
}

bool
talk_answer_plan(struct session *s, const struct ask *a, struct acts *acts)
{
	bool allowed = strcmp(a->decision, "allow") == 0;

	if (strncmp(a->id, PLAN_ASK, strlen(PLAN_ASK)) != 0)
		return false;
	owe_words(s, allowed ? "plan-allowed" : "plan-declined", a, acts);
	return true;
}

bool
talk_go_on(struct session *s, struct acts *acts)
{
	struct ask *last = s->n_asks ? &s->ask[s->n_asks - 1] : NULL;

	if (!last || strcmp(last->run, s->run) != 0 || last->is_passed ||
	    strcmp(last->decision, "deny") != 0 || s->state != SESSION_ACTIVE)
		return false;
	last->is_passed = true;
	owe_words(s, "declined", last, acts);
	return true;
}
