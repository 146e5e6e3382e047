#include "core/why.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/feedback.h"
#include "core/internal.h"
#include "core/money.h"
#include "core/review.h"

#include <stdio.h>
#include <string.h>

/* What waits for a person now, most urgent first. */

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
		if (review_gate(r, why, sizeof(why)) || review_is_moot(r))
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

/* A table of reviewers says whose they are: the plan that they work by is nobody's. */
static void
name_reviewers(const struct core *core, const struct batch_run *b, struct need *one)
{
	const struct plan_run *p = core_plan(core, b->plan_id);
	const struct review *r = p && p->reviews[0] ? core_review(core, p->reviews)
						    : NULL;
	const struct session *s = r && r->session[0] ? core_session(core, r->session)
						     : NULL;

	if (!r)
		return;
	text_print(one->subject, sizeof(one->subject), "review %s", r->id);
	text_print(one->what, sizeof(one->what),
	    "its reviewers (option %s, %s%s%s) wait for your approval of table %.12s",
	    r->run_option, s ? s->label : "the plan",
	    !s                             ? ""
	    : strcmp(r->timing, "in") == 0 ? " at its checkpoint"
					   : " before its merge",
	    r->n_rounds > 1 ? ", 2 rounds" : "", b->hash);
}

/* S-42: a plan that nobody has reviewed yet, and nothing of it may be launched. */
static void
add_gate2(const struct core *core, const struct plan_run *p, struct need *need,
    size_t max, size_t *n)
{
	struct need one = { .since = p->opened_at };
	char why[160];

	if (strcmp(p->state, "active") != 0 ||
	    core_review_of(core, p->path, "", "pre") ||
	    core_gate2(core, p, why, sizeof(why)))
		return;
	text_print(one.subject, sizeof(one.subject), "plan %s", p->id);
	text_print(one.what, sizeof(one.what),
	    "Gate 2 waits for a review before its dispatch: %s", p->review_why);
	text_print(one.command, sizeof(one.command), "divisi review %s", p->path);
	add_need(need, max, n, &one);
}

/* The target that was not pushed, of whichever repository. */
static void
put_unpushed(const struct plan_run *p, struct need *one)
{
	AUTO_FREE char *in = text_shell_quote(p->unpublished_in);

	if (p->unpublished_in[0]) {
		text_print(one->what, sizeof(one->what), "%s was not pushed: %s",
		    p->unpublished_in, p->unpublished);
		text_print(one->command, sizeof(one->command), "git -C %s push", in);
		return;
	}
	text_print(one->what, sizeof(one->what), "%s was not pushed: %s", p->target,
	    p->unpublished);
	text_print(one->command, sizeof(one->command), "git push");
}

size_t
core_needs(const struct core *core, struct need *need, size_t max)
{
	size_t n = 0;

	add_conflicts(core, need, max, &n);
	for (size_t i = 0; i < core->n_plans; i++)
		add_gate2(core, &core->plan[i], need, max, &n);
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
			name_reviewers(core, b, &one);
		if (b->state == BATCH_AWAITING)
			text_print(one.command, sizeof(one.command),
			    "divisi approve --hash %.12s", b->hash);
		else if (b->state == BATCH_WITH_FAILURES && !b->acked)
			text_print(one.command, sizeof(one.command),
			    "divisi approve %s", b->id);
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
		put_unpushed(p, &one);
		add_need(need, max, &n, &one);
	}
	return n;
}
