#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/*
 * What agents, holders and jobs report about one session.  Every agent happening names its
 * run; one of a run that is no longer the current one is history and changes nothing but
 * is never an error (a late line of a killed agent is normal).
 */
static struct session *
current_run(struct core *core, const struct happening *h, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (s && strcmp(s->run, fields_text(&h->fields, "run")) != 0) {
		err_set(err, ERR_CONFLICT, "run %.60s of %s is over",
		    fields_text(&h->fields, "run"), s->id);
		return NULL;
	}
	return s;
}

static void
take_offset(struct session *s, const struct happening *h)
{
	int64_t offset = fields_number(&h->fields, "offset", -1);

	if (offset > s->offset)
		s->offset = offset;
	s->last_seen = h->at;
}

struct ask *
core_open_ask(struct session *s, const char *id, const char *kind, const char *text,
    const char *detail, int64_t now)
{
	struct ask *a;

	for (size_t i = 0; i < s->n_asks; i++) {
		if (strcmp(s->ask[i].id, id) == 0 && s->ask[i].decision[0] == '\0')
			return NULL;
	}
	GROW(s->ask, s->n_asks, s->cap_asks);
	a = &s->ask[s->n_asks++];
	*a = (struct ask){ .id = xstrdup(id), .kind = xstrdup(kind), .at = now };
	a->text = xstrdup(text);
	a->detail = xstrdup(detail);
	a->raw = xstrdup("");
	a->run = xstrdup("");
	a->decision = xstrdup("");
	a->answer = xstrdup("");
	a->by = xstrdup("");
	return a;
}

int
step_session_filed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	core_set(&s->sub_issue, fields_text(&h->fields, "sub_issue"));
	(void)core_move(s, ON_FILED, h->at, acts);
	return 0;
}

int
step_session_prepared(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	core_set(&s->path, fields_text(&h->fields, "path"));
	core_set(&s->base, fields_text(&h->fields, "base"));
	(void)core_move(s, ON_PREPARED, h->at, acts);
	return 0;
}

int
step_act_failed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *kind = fields_text(&h->fields, "act");
	const char *text = fields_text(&h->fields, "text");
	struct batch_run *b;

	if (!s)
		return -1;
	core_set(&s->reason, text);
	b = core_batch(core, s->batch_id);
	if (strcmp(kind, "launch") == 0) {
		s->run_open = false;
		(void)core_move(s, ON_FAIL, h->at, acts);
	} else if (b && (strcmp(kind, "worktree-add") == 0 ||
			    strcmp(kind, "issue-file") == 0)) {
		core_set(&b->reason, text);
	} else if (strcmp(kind, "candidate") == 0 || strcmp(kind, "land") == 0) {
		(void)core_move(s, ON_CONFLICT, h->at, acts);
	}
	return 0;
}

int
step_run_started(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	s->last_seen = h->at;
	return 0;
}

/* The process is gone without having said that it is done: J-22. */
static void
process_gone(struct session *s, const struct happening *h, struct acts *acts)
{
	const char *how = fields_text(&h->fields, "reason");
	int64_t status = fields_number(&h->fields, "status", 0);
	int64_t sig = fields_number(&h->fields, "signal", 0);

	free(s->reason);
	if (strcmp(how, "not-started") == 0) {
		s->reason = xasprintf("the agent could not be started: %s",
		    fields_text(&h->fields, "text"));
		(void)core_move(s, ON_FAIL, h->at, acts);
		return;
	}
	if (sig)
		s->reason = xasprintf(
		    "the agent's process was killed (signal %d)", (int)sig);
	else
		s->reason = xasprintf(
		    "the agent's process ended (%s, exit %d) without reporting its end",
		    how, (int)status);
	(void)core_move(s, ON_STALL, h->at, acts);
	owe_inspect(s, "stalled", acts);
}

int
step_run_ended(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);
	bool clean = fields_number(&h->fields, "clean", 0) != 0;

	if (!s)
		return -1;
	s->run_open = false;
	s->last_seen = h->at;
	for (size_t i = 0; i < s->n_asks; i++) {
		if (s->ask[i].decision[0] == '\0' && s->ask[i].run[0])
			core_set(&s->ask[i].decision, "gone");
	}
	if (s->state != SESSION_LAUNCHING && s->state != SESSION_UNCONFIRMED &&
	    s->state != SESSION_ACTIVE && s->state != SESSION_CHECKPOINT &&
	    s->state != SESSION_HALTED)
		return 0;
	if (clean && s->confirmed && core_move(s, ON_REPORTED, h->at, acts))
		owe_inspect(s, "exit", acts);
	else
		process_gone(s, h, acts);
	return 0;
}

int
step_run_lost(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);

	if (!s)
		return -1;
	s->run_open = false;
	for (size_t i = 0; i < s->n_asks; i++) {
		if (s->ask[i].decision[0] == '\0' && s->ask[i].run[0])
			core_set(&s->ask[i].decision, "gone");
	}
	if (!session_is_live(s->state) || s->state == SESSION_EXITING)
		return 0;
	core_set(&s->reason, "its holder was killed; nothing of it lives any more");
	if (s->state != SESSION_STALLED)
		(void)core_move(s, ON_STALL, h->at, acts);
	/* CONTRACTS 2: with the agent's own session id known, that id is resumed. */
	if (fields_number(&h->fields, "resumable", 0) && s->agent_session[0])
		owe_launch(s, s->agent_session,
		    "the process was lost; go on where you were", h->at, acts);
	else
		owe_inspect(s, "stalled", acts);
	return 0;
}

int
step_agent_accepted(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);

	if (!s)
		return -1;
	take_offset(s, h);
	if (fields_text(&h->fields, "agent_session")[0])
		core_set(&s->agent_session, fields_text(&h->fields, "agent_session"));
	(void)core_move(s, ON_ACCEPTED, h->at, acts);
	return 0;
}

int
step_agent_confirmed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);
	AUTO_FREE char *text = NULL;

	if (!s)
		return -1;
	take_offset(s, h);
	if (s->confirmed)
		return 0;
	(void)core_move(s, ON_ACCEPTED, h->at, acts);
	if (!core_move(s, ON_CONFIRMED, h->at, acts) && s->state == SESSION_STALLED)
		(void)core_move(s, ON_ACTIVITY, h->at, acts);
	s->confirmed = true;
	core_set(&s->reason, "");
	text = xasprintf("Session started: %s, %s (%s), branch `%s`.", s->agent_shown,
	    s->mode, s->launch, s->branch);
	owe_issue_move(acts, s, "In Progress", s->n_runs);
	owe_comment(acts, s, "start", s->n_runs, text);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

int
step_agent_activity(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);
	const struct fields *f = &h->fields;

	if (!s)
		return -1;
	take_offset(s, h);
	if (fields_text(f, "text")[0])
		core_set(&s->last_text, fields_text(f, "text"));
	s->cost = fields_number(f, "cost", s->cost);
	s->tokens_in = fields_number(f, "tokens_in", s->tokens_in);
	s->tokens_out = fields_number(f, "tokens_out", s->tokens_out);
	s->context_pct = (int)fields_number(f, "context_pct", s->context_pct);
	if (s->state == SESSION_STALLED && s->run_open && s->confirmed) {
		core_set(&s->reason, "");
		(void)core_move(s, ON_ACTIVITY, h->at, acts);
	}
	return 0;
}

/* Answers an ask by itself, for a reason that a person gave before. */
static void
answer_by_rule(
    struct session *s, struct ask *a, const char *rule, int64_t now, struct acts *acts)
{
	struct fields *f;

	core_set(&a->decision, "allow");
	core_set(&a->by, rule);
	a->answered_at = now;
	f = acts_add(
	    acts, "answer", s->id, "answer/%s/%s/%d", s->run, a->id, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "run", a->run);
	fields_set(f, "ask", a->id);
	fields_set(f, "raw", a->raw);
	fields_set(f, "decision", "allow");
	fields_set(f, "text", "");
}

int
step_agent_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);
	const struct fields *f = &h->fields;
	struct ask *a;

	if (!s)
		return -1;
	take_offset(s, h);
	a = core_open_ask(s, fields_text(f, "ask"), fields_text(f, "kind"),
	    fields_text(f, "text"), fields_text(f, "detail"), h->at);
	if (!a)
		return 0;
	core_set(&a->raw, fields_text(f, "raw"));
	core_set(&a->run, s->run);
	if (strcmp(a->kind, "permission") == 0 && s->plan_approved) {
		/* Pair mode: the approach is settled with a person first, code follows (S-37). */
		answer_by_rule(s, a, "rule: the plan was approved", h->at, acts);
		return 0;
	}
	(void)core_move(s, ON_ASKED, h->at, acts);
	return 0;
}

int
step_agent_ask_gone(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);

	if (!s)
		return -1;
	take_offset(s, h);
	for (size_t i = 0; i < s->n_asks; i++) {
		if (strcmp(s->ask[i].id, fields_text(&h->fields, "ask")) == 0 &&
		    s->ask[i].decision[0] == '\0')
			core_set(&s->ask[i].decision, "gone");
	}
	if (s->state == SESSION_CHECKPOINT && !session_open_ask(s))
		(void)core_move(s, ON_ANSWERED, h->at, acts);
	return 0;
}

/* S-69, A-34: an estimate above the threshold and above what was approved holds it. */
int
step_agent_estimate(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);
	const struct plan_run *p;
	int64_t cents = fields_number(&h->fields, "cost", -1);
	AUTO_FREE char *dollars = NULL, *text = NULL;

	if (!s)
		return -1;
	take_offset(s, h);
	p = core_plan(core, s->plan_id);
	if (!p || strcmp(p->profile, "unlimited") == 0 || cents <= p->threshold ||
	    cents <= s->est_mid)
		return 0;
	dollars = text_dollars((long)cents);
	text = xasprintf("it estimates %s, over the checkpoint threshold", dollars);
	if (core_open_ask(s, "estimate", "cost", text, text, h->at) &&
	    core_move(s, ON_ASKED, h->at, acts))
		owe_tell(s, "suspend", acts);
	return 0;
}

int
step_agent_limit(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);
	int64_t until = fields_number(&h->fields, "until", 0);

	(void)acts;
	if (!s)
		return -1;
	take_offset(s, h);
	core_set(&s->last_text, fields_text(&h->fields, "text"));
	if (until > core->paused_until) {
		core->paused_until = until;
		core_set(&core->paused_why, fields_text(&h->fields, "text"));
	}
	return 0;
}

int
step_agent_done(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);

	if (!s)
		return -1;
	take_offset(s, h);
	core_set(&s->summary, fields_text(&h->fields, "text"));
	if (core_move(s, ON_REPORTED, h->at, acts))
		owe_inspect(s, "exit", acts);
	return 0;
}

int
step_agent_failed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = current_run(core, h, err);

	if (!s)
		return -1;
	take_offset(s, h);
	core_set(&s->reason, fields_text(&h->fields, "text"));
	if (!core_move(s, ON_FAIL, h->at, acts))
		return 0;
	owe_tell(s, "stop", acts);
	owe_inspect(s, "failed", acts);
	owe_comment(acts, s, "exit", s->n_runs, s->reason);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

/* The exit checklist from facts (R-42, B-8): what is missing, or NULL. */
static const char *
exit_missing(const struct session *s, const struct happening *h)
{
	if (fields_text(&h->fields, "missing")[0])
		return fields_text(&h->fields, "missing");
	if (s->n_commits == 0 && !s->is_analysis)
		return "nothing was committed on its branch (the diff is empty)";
	return NULL;
}

static void
delivered(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	AUTO_FREE char *text = NULL;

	owe_tell(s, "eof", acts);
	text = xasprintf(
	    "Done: %s\nDecisions: see the commits.\nBlockers: none.\n"
	    "Next: merge (position %lld). Evidence: %lld commit(s), %lld file(s), "
	    "head %.12s.",
	    s->summary[0] ? s->summary : s->focus, (long long)s->merge_position,
	    (long long)s->n_commits, (long long)s->n_files, s->head);
	owe_comment(acts, s, "exit", s->n_keys, text);
	if (s->n_commits == 0) {
		core_set(
		    &s->evidence, s->summary[0] ? s->summary : "the agent's report");
		(void)core_move(s, ON_EVIDENCED, h->at, acts);
		owe_issue_move(acts, s, "Done", s->n_keys);
	} else {
		(void)core_move(s, ON_DELIVERED, h->at, acts);
		owe_issue_move(acts, s, "In Review", s->n_keys);
		if (p && (strcmp(p->merge, "auto") == 0 || s->was_reviewed)) {
			s->was_reviewed = true;
			(void)core_move(s, ON_REVIEWED, h->at, acts);
		}
	}
	owe_write_back(core, s->plan_id, acts);
}

int
step_inspected(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const struct fields *f = &h->fields;
	const char *missing;

	if (!s)
		return -1;
	core_set(&s->head, fields_text(f, "head"));
	core_set(&s->pin, fields_text(f, "pin"));
	core_set(&s->stray, fields_text(f, "stray"));
	s->n_commits = fields_number(f, "commits", 0);
	s->n_files = fields_number(f, "files", 0);
	if (s->state != SESSION_EXITING || strcmp(fields_text(f, "why"), "exit") != 0)
		return 0;
	missing = exit_missing(s, h);
	if (!missing) {
		core_set(&s->reason, "");
		delivered(core, s, h, acts);
		return 0;
	}
	core_set(&s->reason, missing);
	if (fields_number(f, "dirty", 0) > 0 && !s->is_analysis) {
		/* J-36: the mechanical part is ours, after a person said so. */
		(void)core_open_ask(
		    s, "exit", "exit", missing, fields_text(f, "dirty_list"), h->at);
		return 0;
	}
	if (s->run_open)
		return 0;
	(void)core_move(s, ON_FAIL, h->at, acts);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

int
step_candidate_built(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const struct plan_run *p;
	struct fields *f;

	if (!s)
		return -1;
	if (s->state != SESSION_MERGING)
		return err_set(err, ERR_CONFLICT, "%s is not merging", s->id);
	p = core_plan(core, s->plan_id);
	core_set(&s->candidate, fields_text(&h->fields, "candidate"));
	core_set(&s->evidence, fields_text(&h->fields, "evidence"));
	f = acts_add(acts, "land", "merge", "land/%s/%d", s->id, s->merge_tries);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "candidate", s->candidate);
	fields_set(f, "onto", fields_text(&h->fields, "onto"));
	fields_set(f, "target", p ? p->target : "");
	return 0;
}

int
step_candidate_refused(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	core_set(&s->reason, fields_text(&h->fields, "text"));
	core_set(&s->evidence, fields_text(&h->fields, "detail"));
	if (!core_move(s, ON_CONFLICT, h->at, acts))
		return err_set(err, ERR_CONFLICT, "%s is not merging", s->id);
	owe_comment(acts, s, "conflict", s->merge_tries, s->reason);
	return 0;
}

int
step_landed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	AUTO_FREE char *text = NULL;
	struct fields *f;

	if (!s)
		return -1;
	if (s->state != SESSION_MERGING)
		return err_set(err, ERR_CONFLICT, "%s is not merging", s->id);
	core_set(&s->landed, fields_text(&h->fields, "commit"));
	core_set(&s->blocked, "");
	(void)core_move(s, ON_MERGED, h->at, acts);
	text = xasprintf("Merged as %.12s. Verified: %s", s->landed,
	    s->evidence[0] ? s->evidence : "no verify command is configured");
	owe_comment(acts, s, "closing", s->merge_tries, text);
	owe_issue_move(acts, s, "Done", s->n_keys);
	f = acts_add(acts, "worktree-remove", s->id, "worktree-remove/%s/done", s->id);
	fields_set(f, "session", s->id);
	fields_set(f, "path", s->path);
	fields_set(f, "why", "merged");
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

int
step_landing_blocked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	core_set(&s->blocked, fields_text(&h->fields, "text"));
	core_set(&s->reason, fields_text(&h->fields, "command"));
	return 0;
}
