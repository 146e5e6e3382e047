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
	struct offer_wait wait;

	if (s->state == SESSION_IN_REVIEW && offer_holds(core, s, NULL, name, &wait)) {
		text_print(
		    to->why, to->n, "its work waits for its review: %s", wait.why);
		text_print(to->command, to->cn,
		    wait.may_merge ? "%s   or, having read it: divisi merge %s" : "%s",
		    wait.command, name);
	} else if (s->state == SESSION_IN_REVIEW) {
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

/* Calls to its model fail, and it makes them again: that is what it does. */
static bool
why_retries(const struct session *s, struct answer *to)
{
	if (s->n_retries <= 0)
		return false;
	text_print(to->why, to->n, "its model fails, %d time(s) in a row: %s",
	    s->n_retries, s->last_text);
	return true;
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
		if (why_retries(s, to))
			return;
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
		if (why_retries(s, to))
			return;
		if (s->n_words > 0)
			text_print(to->why, to->n,
			    "works; %zu message(s) wait for the end of its turn: %s",
			    s->n_words, s->last_text[0] ? s->last_text : "no word yet");
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
	struct offer_wait wait;
	char buf[160];
	const char *name = name_of(core, s, buf, sizeof(buf));

	command[0] = '\0';
	if (a) {
		text_print(why, n, "%s: %s", ask_words(a), a->text);
		if (offer_holds(core, s, a, name, &wait)) {
			text_print(why, n, "%s: %s; first %s", ask_words(a), a->text,
			    wait.why);
			text_print(command, cn, "%s", wait.command);
			return;
		}
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
