#include "core/why.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/account.h"
#include "core/feedback.h"
#include "core/internal.h"
#include "core/money.h"
#include "core/review.h"

#include <stdio.h>
#include <string.h>

/* Where the answer goes: a sentence, and a command where a person can act. */
struct answer {
	char *why;
	size_t n;
	char *command;
	size_t cn;
};

static const char *
ask_words(const struct ask *a)
{
	static const struct {
		const char *kind, *words;
	} words[] = {
		{ "permission", "asks permission" },
		{ "plan", "waits for you to approve its plan" },
		{ "question", "asks you a question" },
		{ "checkpoint", "waits at a checkpoint" },
		{ "cost", "is held for its cost" },
		{ "exit", "ended with work that is not committed" },
		{ "widen", "asks to write more than it declared" },
		{ "storm", "was stopped, and asks whether to go on" },
	};

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i].kind, a->kind) == 0)
			return words[i].words;
	}
	return "asks something";
}

/* What a person can call S and mean it: its label where that is enough (CONTRACTS 5). */
static const char *
name_of(const struct core *core, const struct session *s, char *buf, size_t size)
{
	const struct batch_run *b = core_batch(core, s->batch_id);
	struct err none = ERR_INIT;

	snprintf(buf, size, "%s", s->label);
	if (core_resolve(core, buf, &none) == s)
		return buf;
	snprintf(buf, size, "%d/%s", b ? b->number : 0, s->label);
	if (core_resolve(core, buf, &none) == s)
		return buf;
	snprintf(buf, size, "%s", s->id);
	return buf;
}

/* "account claude is paused until 14:05:00 UTC: rate limit reached" */
static void
why_paused(const struct core *core, const struct session *s, struct answer *to)
{
	const struct account *a = core_account(core, s->account);
	char when[32];

	text_time(a->paused_until, when, sizeof(when));
	text_print(to->why, to->n,
	    "account %s is paused until %s and then goes on by itself: %s", a->name,
	    when, a->why[0] ? a->why : "an agent met its limit");
}

static void
why_approved(const struct core *core, const struct session *s, const char *name,
    struct answer *to)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	char why[256];

	if (session_is_away(s)) {
		text_print(to->why, to->n,
		    "waits for a free slot: %zu sessions are live", core_live(core));
	} else if (s->is_external) {
		text_print(to->why, to->n,
		    "%s is not launched here: its issue %s waits to be picked up",
		    s->agent_shown, s->sub_issue);
		text_print(to->command, to->cn, "divisi claim %s", name);
	} else if (p && strcmp(p->state, "active") != 0)
		text_print(to->why, to->n, "its plan is %s", p->state);
	else if (p && !core_gate2(core, p, why, sizeof(why))) {
		text_print(to->why, to->n, "Gate 2 of its plan is not passed: %s", why);
		text_print(to->command, to->cn, "divisi findings %s", p->path);
	} else if (session_paused_until(core, s))
		why_paused(core, s, to);
	else if (!money_fits(core, s, money_ceiling(core, s), core->seen_at, why,
		     sizeof(why))) {
		text_print(to->why, to->n, "%s", why);
		text_print(to->command, to->cn,
		    "divisi cost   or: divisi cost --plan-cap DOLLARS");
	} else
		text_print(to->why, to->n,
		    "waits for a free slot: %zu sessions are live", core_live(core));
}

static void
why_merge(const struct core *core, const struct session *s, const char *name,
    struct answer *to)
{
	const struct session *o;

	if (s->state == SESSION_IN_REVIEW) {
		text_print(to->why, to->n,
		    "its work waits for your review: %lld commit(s), %lld file(s)",
		    (long long)s->n_commits, (long long)s->n_files);
		text_print(to->command, to->cn, "divisi merge %s", name);
	} else if (s->state == SESSION_MERGE_CONFLICT) {
		text_print(to->why, to->n, "%s",
		    s->reason[0] ? s->reason : "it does not merge");
		text_print(to->command, to->cn,
		    "mend it in %s and commit, then: divisi merge %s", s->path, name);
	} else if (s->state == SESSION_MERGING && s->blocked[0]) {
		text_print(
		    to->why, to->n, "verified, but it cannot land: %s", s->blocked);
		text_print(to->command, to->cn, "%s",
		    s->reason[0] ? s->reason : "divisi merge");
	} else if (s->state == SESSION_MERGING) {
		text_print(to->why, to->n, "is being merged and verified");
	} else if (s->state == SESSION_MERGEABLE && pull_holds(core, s)) {
		text_print(to->why, to->n, "%s%s%s", pull_holds(core, s),
		    s->pull_url[0] ? ": " : "", s->pull_url);
		if (pull_needs_person(core, s))
			text_print(to->command, to->cn,
			    "divisi park %s   or: divisi merge %s --override M01 "
			    "--reason TEXT",
			    name, name);
	} else if (conflict_before_landing(core, s)) {
		const struct conflict *c = conflict_before_landing(core, s);

		text_print(
		    to->why, to->n, "waits for your ruling on conflict %s", c->id);
		text_print(to->command, to->cn, "divisi conflicts %s", c->id);
	} else if ((o = merge_waits_behind(core, s))) {
		bool is_hub = o->state != SESSION_MERGING && !session_follows(s, o);

		text_print(to->why, to->n, "waits in the merge order behind %s (%s)%s",
		    o->label, session_state_name(o->state),
		    is_hub
			? ": they do not merge, and this one collides with more others"
			: "");
	} else {
		text_print(to->why, to->n, "is next to merge");
	}
}

/* Before its table is approved. */
static void
why_planned(const struct core *core, const struct session *s, struct answer *to)
{
	const struct batch_run *b = core_batch(core, s->batch_id);

	if (!b || !batch_has(core, b, s)) {
		text_print(to->why, to->n, "the table was made anew without it");
	} else if (b->state == BATCH_DECLINED) {
		text_print(to->why, to->n, "its table was declined: %s",
		    b->reason[0] ? b->reason : "no reason given");
	} else if (b->state == BATCH_AWAITING) {
		text_print(to->why, to->n,
		    "waits for you to approve the table of batch %d", b->number);
		text_print(to->command, to->cn, "divisi approve --hash %.12s", b->hash);
	} else if (b->reason[0]) {
		text_print(
		    to->why, to->n, "its batch cannot be prepared: %s", b->reason);
	} else if (s->state == SESSION_PREPARED) {
		text_print(
		    to->why, to->n, "is ready; others of its batch are being made");
	} else {
		text_print(to->why, to->n, "its issue and worktree are being made");
	}
}

static void
why_working(const struct core *core, const struct session *s, const char *name,
    struct answer *to)
{
	const struct conflict *c = session_conflict(core, s);
	const struct plan_run *p = core_plan(core, s->plan_id);
	const char *reason = s->reason[0] ? s->reason : NULL;

	switch (s->state) {
	case SESSION_LAUNCHING:
	case SESSION_UNCONFIRMED:
		text_print(to->why, to->n, "%s",
		    s->waits_for_slot && reason
			? reason
			: "started, has not said 'Session started' yet");
		return;
	case SESSION_HALTED:
		if (c) {
			AUTO_FREE char *words = conflict_words(core, c);

			text_print(
			    to->why, to->n, "halted by conflict %s: %s", c->id, words);
			text_print(to->command, to->cn, "divisi conflicts %s", c->id);
			return;
		}
		text_print(to->why, to->n, "held: %s", reason ? reason : "by you");
		text_print(to->command, to->cn, "divisi resume %s", name);
		return;
	case SESSION_STALLED:
		text_print(to->why, to->n, "%s", reason ? reason : "it does nothing");
		text_print(to->command, to->cn,
		    s->run_open ? "divisi log %s   or: divisi park %s"
				: "divisi resume %s   or: divisi abandon %s",
		    name, name);
		return;
	case SESSION_EXITING:
		text_print(to->why, to->n, "%s",
		    reason ? reason : "its exit checklist is being verified");
		if (reason)
			text_print(to->command, to->cn,
			    s->run_open ? "divisi say %s TEXT   or: divisi park %s"
					: "divisi resume %s   or: divisi park %s",
			    name, name);
		return;
	default:
		if (s->n_retries > 0)
			text_print(to->why, to->n,
			    "its model fails, %d time(s) in a row: %s", s->n_retries,
			    s->last_text);
		else if (s->wraps_up)
			text_print(to->why, to->n,
			    "hands over: its context is %d%% used up, a fresh run goes on",
			    s->context_pct);
		else if (p && p->context_warn > 0 && s->context_pct >= p->context_warn)
			text_print(to->why, to->n,
			    "works, its context is %d%% used up: %s", s->context_pct,
			    s->last_text[0] ? s->last_text : "no word yet");
		else
			text_print(to->why, to->n, "works: %s",
			    s->last_text[0] ? s->last_text : "no word yet");
		return;
	}
}

/* A person has it: what they do, or what is waited for. */
static void
why_claimed(const struct session *s, const char *name, struct answer *to)
{
	if (strcmp(s->next, "terminal") == 0 && s->run_open) {
		text_print(to->why, to->n,
		    "claimed by %s: its agent ends, a terminal follows", s->claimed_by);
	} else if (s->next[0]) {
		text_print(to->why, to->n,
		    "%s hands it back: what changed is looked at", s->claimed_by);
	} else if (s->run_open && s->is_interactive) {
		text_print(to->why, to->n, "claimed by %s, on a terminal%s%s",
		    s->claimed_by, s->waits_for_slot ? ": " : "",
		    s->waits_for_slot ? s->reason : "");
		text_print(to->command, to->cn, "divisi attach %s", name);
	} else {
		text_print(to->why, to->n, "claimed by %s, who works in %s%s%s",
		    s->claimed_by, s->path[0] ? s->path : "a place of their own",
		    s->reason[0] ? ": " : "", s->reason);
		text_print(to->command, to->cn,
		    s->is_external
			? "divisi handback %s --done"
			: "divisi handback %s --done   or: divisi handback %s",
		    name, name);
	}
}

static void
why_over(const struct session *s, const char *name, struct answer *to)
{
	const char *reason = s->reason[0] ? s->reason : "no reason given";

	if (s->state == SESSION_DONE) {
		if (s->landed[0])
			text_print(to->why, to->n, "done: %.12s", s->landed);
		else
			text_print(to->why, to->n, "done: %s", s->evidence);
	} else if (s->state == SESSION_ABANDONED) {
		text_print(to->why, to->n, "abandoned: %s", reason);
	} else if (s->state == SESSION_PARKED && s->is_released) {
		text_print(to->why, to->n,
		    "goes on as soon as its process is gone and there is room: %s",
		    reason);
	} else {
		text_print(
		    to->why, to->n, "%s: %s", session_state_name(s->state), reason);
		text_print(to->command, to->cn,
		    s->is_external ? "divisi claim %s" : "divisi resume %s", name);
	}
}

void
session_why(const struct core *core, const struct session *s, char *why, size_t n,
    char *command, size_t cn)
{
	struct answer to = { why, n, command, cn };
	const struct ask *a = session_open_ask(s);
	char buf[160];
	const char *name = name_of(core, s, buf, sizeof(buf));

	command[0] = '\0';
	if (a) {
		text_print(why, n, "%s: %s", ask_words(a), a->text);
		text_print(command, cn,
		    strcmp(a->kind, "question") == 0
			? "divisi answer %s TEXT   or: divisi decline %s --reason TEXT"
			: "divisi approve %s   or: divisi decline %s --reason TEXT",
		    name, name);
		return;
	}
	if (delegate_why(s, core->seen_at, name, why, n, command, cn))
		return;
	switch (s->state) {
	case SESSION_PLANNED:
	case SESSION_FILED:
	case SESSION_PREPARED: why_planned(core, s, &to); return;
	case SESSION_APPROVED: why_approved(core, s, name, &to); return;
	case SESSION_LAUNCHING:
	case SESSION_UNCONFIRMED:
	case SESSION_ACTIVE:
	case SESSION_CHECKPOINT:
	case SESSION_HALTED:
	case SESSION_STALLED:
	case SESSION_EXITING: why_working(core, s, name, &to); return;
	case SESSION_CLAIMED: why_claimed(s, name, &to); return;
	case SESSION_IN_REVIEW:
	case SESSION_MERGEABLE:
	case SESSION_MERGING:
	case SESSION_MERGE_CONFLICT: why_merge(core, s, name, &to); return;
	case SESSION_PARKED:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_ABANDONED:
	case SESSION_N_STATES: why_over(s, name, &to); return;
	}
}

void
batch_why(const struct core *core, const struct batch_run *b, char *why, size_t n)
{
	size_t n_open = 0;

	for (size_t i = 0; i < b->n; i++)
		n_open += !session_is_terminal(core->session[b->session[i]].state);
	switch (b->state) {
	case BATCH_AWAITING:
		text_print(why, n, "waits for your approval of table %.12s", b->hash);
		return;
	case BATCH_DECLINED:
		text_print(why, n, "declined: %s",
		    b->reason[0] ? b->reason : "no reason given");
		return;
	case BATCH_WITH_FAILURES:
		text_print(why, n,
		    b->acked ? "complete, its failures were acknowledged"
			     : "complete, but with failures that nobody acknowledged");
		return;
	case BATCH_COMPLETE: text_print(why, n, "complete"); return;
	case BATCH_PLANNED:
	case BATCH_FILED:
		if (b->reason[0])
			text_print(why, n, "cannot be prepared: %s", b->reason);
		else
			text_print(why, n, "its issues and worktrees are being made");
		return;
	case BATCH_APPROVED:
	case BATCH_RUNNING:
	case BATCH_DRAINING:
	case BATCH_N_STATES:
		text_print(
		    why, n, "%zu of %zu sessions are not finished", n_open, b->n);
		return;
	}
}

/* Does S need a person now? */
static bool
needs_person(const struct core *core, const struct session *s)
{
	switch (s->state) {
	case SESSION_APPROVED: return money_is_stuck(core, s, core->seen_at);
	case SESSION_CHECKPOINT:
	case SESSION_STALLED:
	case SESSION_IN_REVIEW:
	case SESSION_MERGE_CONFLICT: return true;
	case SESSION_MERGEABLE: return pull_needs_person(core, s);
	case SESSION_HALTED:
		return s->is_held; /* else its conflict is what needs one */
	case SESSION_PARKED:
		return s->is_tree_gone || budget_waits(core, s) || s->is_blocked ||
		       session_open_ask(s) != NULL;
	case SESSION_CLAIMED: return !s->run_open && s->next[0] == '\0';
	case SESSION_EXITING: return s->reason[0] != '\0';
	case SESSION_MERGING: return s->blocked[0] != '\0';
	default: return session_open_ask(s) != NULL;
	}
}

static const char *
plan_path(const struct core *core, const struct batch_run *b)
{
	const struct plan_run *p = core_plan(core, b->plan_id);

	return p ? p->path : "";
}

static void
add_need(struct need *need, size_t max, size_t *n, const struct need *one)
{
	if (*n < max)
		need[*n] = *one;
	(*n)++;
}

/* Would a dispatch make the next table of the plan, and read its file for that? */
static bool
may_dispatch(const struct core *core, const struct plan_run *p)
{
	const struct batch_run *b = core_last_batch(core, p->id);

	return strcmp(p->state, "active") == 0 &&
	       (!b || b->state == BATCH_COMPLETE || b->state == BATCH_DECLINED ||
		   b->state == BATCH_PLANNED);
}

/* What waits for a ruling, or would be better known before it lands. */
static void
add_conflicts(const struct core *core, struct need *need, size_t max, size_t *n)
{
	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];
		struct need one = { .since = c->at };
		AUTO_FREE char *words = NULL;

		if (strcmp(c->state, "open") != 0)
			continue;
		words = conflict_words(core, c);
		text_print(one.subject, sizeof(one.subject), "conflict %s", c->id);
		text_print(one.what, sizeof(one.what), "%s%s", words,
		    strcmp(c->policy, "halt") == 0 ? "; both wait for your ruling"
						   : "");
		text_print(
		    one.command, sizeof(one.command), "divisi conflicts %s", c->id);
		add_need(need, max, n, &one);
	}
}

/* Reviewers that nobody dispatches; once their table stands, that speaks for itself. */
static void
add_panel(const struct core *core, const struct review *r, struct need *need,
    size_t max, size_t *n)
{
	struct need one = { .since = r->at };

	if (review_panel(core, r) != PANEL_ASKED)
		return;
	text_print(one.subject, sizeof(one.subject), "review %s", r->id);
	if (r->asked_on[0]) {
		one.since = r->asked_at;
		text_print(one.what, sizeof(one.what),
		    "option %s is asked on %s and waits for an answer", r->run_option,
		    r->asked_on);
		text_print(one.command, sizeof(one.command),
		    "divisi review %s --record FILE, once it came elsewhere",
		    r->session[0] ? r->session : r->plan_path);
		add_need(need, max, n, &one);
		return;
	}
	text_print(one.what, sizeof(one.what),
	    "round %d of its reviewers is not dispatched", r->round + 1);
	text_print(one.command, sizeof(one.command), "divisi review %s%s",
	    r->session[0] ? r->session : r->plan_path,
	    strcmp(r->timing, "in") == 0 ? " --checkpoint" : "");
	add_need(need, max, n, &one);
}

/* What reviewers found and nobody has decided yet. */
static void
add_reviews(const struct core *core, struct need *need, size_t max, size_t *n)
{
	for (size_t i = 0; i < core->n_reviews; i++) {
		const struct review *r = &core->review[i];
		const struct session *s = r->session[0] ? core_session(core, r->session)
							: NULL;
		struct need one = { .since = r->at };
		char why[160];

		/* What became of the work itself has made it idle. */
		if (s && session_is_terminal(s->state))
			continue;
		if (review_panel(core, r) != PANEL_NONE) {
			add_panel(core, r, need, max, n);
			continue;
		}
		if (review_gate(r, why, sizeof(why)))
			continue;
		text_print(one.subject, sizeof(one.subject), "review %s", r->id);
		text_print(one.what, sizeof(one.what), "%s", why);
		text_print(
		    one.command, sizeof(one.command), "divisi findings %s", r->id);
		add_need(need, max, n, &one);
	}
}

/* What came from outside and is a person's, in one line however much it is. */
static void
add_feedback(const struct core *core, struct need *need, size_t max, size_t *n)
{
	struct need one = { 0 };
	size_t open = core_feedback_open(core, &one.since);

	if (open == 0)
		return;
	text_print(one.subject, sizeof(one.subject), "feedback");
	text_print(one.what, sizeof(one.what), "%zu from outside wait%s for you", open,
	    open == 1 ? "s" : "");
	text_print(one.command, sizeof(one.command), "divisi feedback");
	add_need(need, max, n, &one);
}

size_t
core_needs(const struct core *core, struct need *need, size_t max)
{
	size_t n = 0;

	add_conflicts(core, need, max, &n);
	add_reviews(core, need, max, &n);
	add_feedback(core, need, max, &n);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct batch_run *b = core_batch(core, s->batch_id);
		struct need one = { .since = s->since };

		if (!needs_person(core, s))
			continue;
		text_print(one.session, sizeof(one.session), "%s", s->id);
		text_print(one.subject, sizeof(one.subject), "%d/%s", b ? b->number : 0,
		    s->label);
		session_why(core, s, one.what, sizeof(one.what), one.command,
		    sizeof(one.command));
		add_need(need, max, &n, &one);
	}
	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];
		struct need one = { .since = b->since };

		text_print(one.subject, sizeof(one.subject), "batch %d", b->number);
		batch_why(core, b, one.what, sizeof(one.what));
		if (b->state == BATCH_AWAITING)
			text_print(one.command, sizeof(one.command),
			    "divisi approve --hash %.12s", b->hash);
		else if (b->state == BATCH_WITH_FAILURES && !b->acked)
			text_print(one.command, sizeof(one.command),
			    "divisi approve --batch %d", b->number);
		else if (b->state == BATCH_PLANNED && b->reason[0])
			text_print(one.command, sizeof(one.command),
			    "divisi dispatch %s", plan_path(core, b));
		else
			continue;
		add_need(need, max, &n, &one);
	}
	for (size_t i = 0; i < core->n_plans; i++) {
		const struct plan_run *p = &core->plan[i];
		struct need one = { .since = p->opened_at };

		if (!p->trouble[0])
			continue;
		text_print(one.subject, sizeof(one.subject), "plan %s", p->id);
		text_print(one.what, sizeof(one.what), "%s", p->trouble);
		if (may_dispatch(core, p))
			text_print(one.command, sizeof(one.command),
			    "divisi dispatch %s", p->path);
		add_need(need, max, &n, &one);
	}
	for (size_t i = 0; i < core->n_plans; i++) {
		const struct plan_run *p = &core->plan[i];
		struct need one = { .since = p->opened_at };

		/* The next landing tries again; a finished plan has none. */
		if (!p->unpublished[0] || strcmp(p->state, "active") != 0)
			continue;
		text_print(one.subject, sizeof(one.subject), "plan %s", p->id);
		text_print(one.what, sizeof(one.what), "%s was not pushed: %s",
		    p->target, p->unpublished);
		text_print(one.command, sizeof(one.command), "git push");
		add_need(need, max, &n, &one);
	}
	return n;
}
