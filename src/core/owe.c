#include "core/internal.h"

#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* What the core owes the world, in one place per kind of act. */

/* exactly one ctx:* label while the issue is under way, none before and after. */
static const char *
context_label(const struct session *s, const char *status)
{
	if (strcmp(status, "In Review") == 0)
		return "ctx:review";
	if (strcmp(status, "In Progress") != 0)
		return "";
	if (s->state == SESSION_CLAIMED)
		return "ctx:human";
	return strcmp(s->launch, "bypass") == 0 ? "ctx:autonomous" : "ctx:interactive";
}

void
owe_issue_move(struct acts *acts, const struct session *s, const char *status, int n)
{
	struct fields *f = acts_add(
	    acts, "issue-move", "tracker", "issue-move/%s/%s/%d", s->id, status, n);

	fields_set(f, "session", s->id);
	fields_set(f, "issue", s->sub_issue);
	fields_set(f, "work_issue", s->issue);
	fields_set(f, "status", status);
	fields_set(f, "context", context_label(s, status));
}

void
owe_comment(struct acts *acts, const struct session *s, const char *kind, int n,
    const char *text)
{
	struct fields *f = acts_add(
	    acts, "issue-comment", "tracker", "issue-comment/%s/%s/%d", s->id, kind, n);

	fields_set(f, "session", s->id);
	fields_set(f, "issue", s->sub_issue);
	fields_set(f, "kind", kind);
	fields_set(f, "text", text);
}

void
owe_write_back(struct core *core, const char *plan_id, struct acts *acts)
{
	struct plan_run *p = core_plan(core, plan_id);
	struct fields *f;

	if (!p)
		return;
	p->n_write_backs++;
	f = acts_add(
	    acts, "write-back", "plan", "write-back/%s/%d", p->id, p->n_write_backs);
	fields_set(f, "plan", p->id);
	/* The master issue shows the same registry (CONTRACTS 4, R-31). */
	if (p->master[0] == '\0')
		return;
	f = acts_add(
	    acts, "registry", "tracker", "registry/%s/%d", p->id, p->n_write_backs);
	fields_set(f, "plan", p->id);
}

/* A plan of reviewers is nobody's project; its own order, so that nothing waits behind it. */
void
owe_project_update(struct core *core, const struct session *s, const char *status,
    int64_t now, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	struct fields *f;

	if (!p || p->reviews[0] || (p->master[0] == '\0' && s->sub_issue[0] == '\0'))
		return;
	f = acts_add(acts, "project-update", "project", "project-update/%s/%s/%d",
	    s->id, status, s->n_keys);
	fields_set(f, "plan", p->id);
	fields_set(f, "issue", p->master[0] ? p->master : s->sub_issue);
	fields_set(f, "work_issue", s->issue);
	fields_set_number(f, "day", now / DAY_MS);
}

static struct fields *
add_inspect(struct session *s, const char *why, struct acts *acts)
{
	struct fields *f = acts_add(
	    acts, "inspect", s->id, "inspect/%s/%d", s->id, ++s->n_keys);

	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "why", why);
	fields_set(f, "path", s->path);
	fields_set(f, "branch", s->branch);
	fields_set(f, "base", s->base);
	fields_set_number(f, "analysis", s->is_analysis);
	if (strcmp(why, "given-back") == 0)
		fields_set(f, "since", s->taken_pin);
	return f;
}

/* CONTRACTS 7: after each landing the target is pushed where the person wants that. */
void
owe_publish(struct core *core, const struct session *s, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	struct fields *f;

	if (!p || strcmp(p->publish, "none") == 0 || p->publish[0] == '\0')
		return;
	f = acts_add(acts, "publish", "merge", "publish/%s/%d", s->id, s->merge_tries);
	fields_set(f, "plan", p->id);
	fields_set(f, "target", s->target[0] ? s->target : p->target);
	if (s->repo[0])
		fields_set(f, "repo", s->repo);
}

void
owe_inspect(struct session *s, const char *why, struct acts *acts)
{
	if (s->path[0])
		(void)add_inspect(s, why, acts);
	else if (session_is_away(s) && strcmp(why, "exit") == 0)
		delegate_owe_take(s, acts);
}

void
owe_commit_rest(struct session *s, struct acts *acts)
{
	fields_set_number(add_inspect(s, "exit", acts), "commit_rest", 1);
}

void
owe_tell(struct session *s, const char *order, struct acts *acts)
{
	struct fields *f;

	if (s->run[0] == '\0')
		return;
	f = acts_add(acts, "tell", s->id, "tell/%s/%s/%d", s->run, order, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	fields_set(f, "order", order);
}

/* The agent of S is told to end; one that waits for its slot was never started. */
void
owe_stop(struct session *s, struct acts *acts)
{
	if (s->waits_for_slot) {
		s->waits_for_slot = false;
		s->run_open = false;
	} else if (s->run_open) {
		owe_tell(s, "stop", acts);
	}
}

/* A new run of S; its launch act's fields, for what is special about it. */
static struct fields *
add_run(struct session *s, const char *resume, const char *note, int64_t now,
    struct acts *acts)
{
	AUTO_FREE char *run = xasprintf("%s.r%d", s->id, s->n_runs + 1);
	struct fields *f;

	s->n_runs++;
	s->is_interactive = false;
	core_set(&s->run, run);
	core_set(&s->reason, "");
	s->is_held = s->is_interrupted = s->awaits_words = false;
	s->is_lost = s->is_blocked = false;
	s->run_open = true;
	s->waits_for_slot = false;
	core_set(&s->blocked, "");
	s->confirmed = false;
	s->reported = false;
	s->was_reviewed = false; /* what it makes now was seen by nobody */
	s->offset = 0;
	s->fence_offset = 0;
	s->rest_is_done = false;
	core_set(&s->run_note, note);
	core_set(&s->run_resume, resume);
	s->run_forks = s->forks_next && resume[0] != '\0';
	s->forks_next = false;
	core_set(&s->agent_turn, "");
	s->in_turn = true; /* its first message begins one */
	/* A new conversation: the id of the old one is nobody's to be told anything by. */
	if (s->run_resume[0] == '\0')
		core_set(&s->agent_session, "");
	money_new_run(s, now);
	s->is_out_of_budget = s->renews = false;
	s->hit_limit = s->waits_for_account = s->wraps_up = s->splits = false;
	s->n_retries = s->rung = 0;
	storm_forget(s);
	s->tasks_done = 0;
	s->started_at = s->last_seen = now;
	s->is_idle = false;
	s->stuck_at = 0;
	/* A question of an ended run can no longer be answered. */
	session_close_asks(s, false);
	if (s->is_tree_gone)
		owe_tree(s, acts);
	if (s->setup[0] && !s->is_set_up) {
		f = acts_add(acts, "setup", s->id, "setup/%s", run);
		fields_set(f, "session", s->id);
		fields_set(f, "command", s->setup);
	}
	owe_checkpoint(s, "start", 0, acts);
	f = acts_add(acts, "launch", s->id, "launch/%s", run);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "run", run);
	fields_set(f, "resume", s->run_resume);
	fields_set(f, "note", s->run_note);
	if (s->run_forks)
		fields_set_number(f, "fork", 1);
	return f;
}

void
owe_launch(struct session *s, const char *resume, const char *note, int64_t now,
    struct acts *acts)
{
	if (core_move(s, ON_LAUNCH, now, acts))
		(void)add_run(s, resume, note, now, acts);
}

void
owe_terminal(struct session *s, int64_t now, struct acts *acts)
{
	AUTO_FREE char *resume = xstrdup(s->agent_session);
	struct fields *f = add_run(s, resume, "", now, acts);

	s->is_interactive = true;
	/* A program that is no agent has no conversation, and none is lost by that. */
	core_set(&s->agent_session, resume);
	fields_set(f, "terminal", s->terminal);
	fields_set(f, "command", s->terminal_command);
}
