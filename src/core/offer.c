#include "core/internal.h"
#include "core/review.h"
#include "policy/refusal.h"

#include <string.h>

/*
 * Reviews that a session needs (S-43, S-44) are offered, and not left for a person to find out:
 * at the checkpoint, or once the change is there, the reviewers' table is made.  Launched they are
 * when a person approves it, as all sessions (S-80); who does without says why.
 */

/* The checkpoint that S waits at, or NULL. */
static const struct ask *
checkpoint_of(const struct session *s)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		if (s->ask[i].decision[0] == '\0' &&
		    strcmp(s->ask[i].kind, "checkpoint") == 0)
			return &s->ask[i];
	}
	return NULL;
}

static bool
is_at_work(const struct core *core, const struct review *r)
{
	return r && review_panel(core, r) != PANEL_NONE;
}

static bool
is_due_in(const struct core *core, const struct session *s)
{
	const struct ask *a = strstr(s->review, "in") ? checkpoint_of(s) : NULL;
	const struct review *r = a ? core_review_of(core, "", s->id, "in") : NULL;

	return a && !is_at_work(core, r) && !(r && r->at >= a->at && r->version > 0);
}

static bool
is_due_post(const struct core *core, const struct session *s)
{
	const struct review *r;

	if (s->state != SESSION_IN_REVIEW || !strstr(s->review, "post"))
		return false;
	r = core_review_of(core, "", s->id, "post");
	return !is_at_work(core, r) && !(r && r->waived_by[0]) &&
	       !(r && r->version > 0 && strcmp(r->head, s->head) == 0);
}

bool
offer_is_due(const struct core *core, const struct session *s, const char *timing)
{
	return timing[0] == 'i' ? is_due_in(core, s)
				: strcmp(timing, "post") == 0 && is_due_post(core, s);
}

/* "in.7" or "post.COMMIT": each is offered once.  The caller frees it. */
static char *
occasion(const struct session *s, const char *timing)
{
	const struct ask *a = timing[0] == 'i' ? checkpoint_of(s) : NULL;

	if (a)
		return xasprintf("in.%d", a->number);
	return xasprintf("post.%s", s->head);
}

/* What stands behind it is why it could not be prepared. */
static bool
was_offered(const struct session *s, const char *what)
{
	size_t n = strlen(what);

	return strncmp(s->offered, what, n) == 0 &&
	       (s->offered[n] == '\0' || s->offered[n] == '|');
}

static void
offer(const struct core *core, struct session *s, const char *timing, struct acts *acts)
{
	AUTO_FREE char *what = NULL;
	struct fields *f;

	if (!offer_is_due(core, s, timing))
		return;
	what = occasion(s, timing);
	if (was_offered(s, what))
		return;
	core_set(&s->offered, what);
	f = acts_add(acts, "review-start", "review-start", "review-start/%s/%s/%d",
	    s->id, timing, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "timing", timing);
}

void
offer_failed(struct session *s, const char *text)
{
	AUTO_FREE char *all = xasprintf(
	    "%.*s|%s", (int)strcspn(s->offered, "|"), s->offered, text);

	core_set(&s->offered, all);
}

bool
offer_is_open(const struct core *core, const struct review *r)
{
	enum panel_state state = r ? review_panel(core, r) : PANEL_NONE;

	return r && r->version == 0 && !r->asked_on[0] &&
	       (state == PANEL_ASKED || state == PANEL_WAITING || review_is_moot(r));
}

bool
review_is_moot(const struct review *r)
{
	return r->version == 0 && r->run[0] == '\0' && r->trouble[0] == '\0' &&
	       r->waived_by[0] == '\0';
}

/* Is what the reviewers of R were to look at past, one way or the other? */
static bool
is_past(const struct review *r, const struct session *s)
{
	if (session_is_terminal(s->state) || r->waived_by[0])
		return true;
	if (strcmp(r->timing, "in") == 0)
		return !checkpoint_of(s);
	return s->state != SESSION_IN_REVIEW || strcmp(r->run_head, s->head) != 0;
}

/* Reviewers that nobody approved go when there is nothing left for them to look at. */
static void
take_back(struct core *core, struct review *r, int64_t now, struct acts *acts)
{
	const struct session *s = r->session[0] ? core_session(core, r->session) : NULL;
	struct happening h = { .kind = HAP_PLAN_ABORTED, .actor = "server", .at = now };
	const struct plan_run *p;
	struct err none = ERR_INIT;
	enum panel_state state;

	if (r->run[0] == '\0' || !s || !is_past(r, s))
		return;
	state = review_panel(core, r);
	if (r->asked_on[0] || r->round > 0 ||
	    (state != PANEL_ASKED && state != PANEL_WAITING))
		return;
	p = core_plan_by_path(core, r->run);
	if (p && strcmp(p->state, "active") == 0) {
		fields_set(&h.fields, "plan", p->id);
		(void)!step_plan_aborted(core, &h, acts, &none);
		fields_clear(&h.fields);
	}
	core_set(&r->run, "");
}

void
flow_offers(struct core *core, int64_t now, struct acts *acts)
{
	for (size_t i = 0; i < core->n_reviews; i++)
		take_back(core, &core->review[i], now, acts);
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		if (!strstr(s->review, "offer"))
			continue;
		offer(core, s, "in", acts);
		offer(core, s, "post", acts);
	}
}

int
review_check_checkpoint(const struct core *core, const struct session *s,
    const struct ask *a, struct err *err)
{
	const struct review *r = core_review_of(core, "", s->id, "in");
	char why[160];

	if (strcmp(a->kind, "checkpoint") != 0 || !strstr(s->review, "in"))
		return 0;
	if (r && r->at < a->at)
		r = NULL; /* of the checkpoint before */
	if (review_gate(r, why, sizeof(why)))
		return 0;
	refuse(err, "G12", "%s is at a checkpoint with high risk: %s", s->label, why);
	if (err)
		err->rule = "S-43";
	return err_fix(
	    err, "divisi review %s --checkpoint, or with --waive REASON", s->label);
}

/* ---- in words ---------------------------------------------------------------------------- */

/* How far the reviewers of R, of the session called NAME, are. */
static void
panel_words(const struct core *core, const struct review *r, const char *name,
    struct offer_wait *to)
{
	const char *more = strcmp(r->timing, "in") == 0 ? " --checkpoint" : "";
	const struct batch_run *b = review_round(core, r, r->round + 1);

	text_print(to->command, sizeof(to->command), "divisi review %s%s", name, more);
	switch (review_panel(core, r)) {
	case PANEL_NONE:
	case PANEL_ASKED:
		if (!r->asked_on[0]) {
			text_print(to->why, sizeof(to->why),
			    "its reviewers (option %s) are asked for, and not dispatched",
			    r->run_option);
			return;
		}
		text_print(to->why, sizeof(to->why),
		    "option %s is asked on %s and has not answered", r->run_option,
		    r->asked_on);
		text_print(to->command, sizeof(to->command),
		    "divisi review %s%s --record FILE, once it came elsewhere", name,
		    more);
		return;
	case PANEL_WAITING:
		if (!b || b->state != BATCH_AWAITING) {
			text_print(to->why, sizeof(to->why),
			    "the table of its reviewers (option %s) is being made",
			    r->run_option);
			return;
		}
		text_print(to->why, sizeof(to->why),
		    "its reviewers (option %s) wait for your approval of table %.12s",
		    r->run_option, b->hash);
		text_print(to->command, sizeof(to->command),
		    "divisi approve --hash %.12s", b->hash);
		return;
	case PANEL_AT_WORK:
		text_print(to->why, sizeof(to->why),
		    "its reviewers (option %s) are at work", r->run_option);
		return;
	case PANEL_OVER:
		text_print(to->why, sizeof(to->why),
		    "what its reviewers found is being collected");
		return;
	}
}

/* Nobody looks: because nobody was asked, or because that went wrong. */
static void
unasked_words(const struct session *s, const char *timing, const char *name,
    struct offer_wait *to)
{
	const char *bar = strchr(s->offered, '|');
	bool is_in = timing[0] == 'i';

	text_print(to->command, sizeof(to->command), "divisi review %s%s", name,
	    is_in ? " --checkpoint" : "");
	if (strncmp(s->offered, timing, strlen(timing)) == 0 && bar)
		text_print(to->why, sizeof(to->why),
		    "its reviewers could not be prepared: %s", bar + 1);
	else if (strncmp(s->offered, timing, strlen(timing)) == 0)
		text_print(
		    to->why, sizeof(to->why), "its reviewers are being prepared");
	else
		text_print(to->why, sizeof(to->why), "it needs a review (%s)",
		    is_in ? "option D: the checkpoint has a high risk"
			  : "the plan says so");
}

bool
offer_holds(const struct core *core, const struct session *s, const struct ask *a,
    const char *name, struct offer_wait *to)
{
	const char *timing = a ? "in" : "post";
	const struct review *r = core_review_of(core, "", s->id, timing);
	struct err err = ERR_INIT;
	char why[160];

	*to = (struct offer_wait){ .may_merge = false };
	if (!strstr(s->review, timing) ||
	    (a && review_check_checkpoint(core, s, a, &err) == 0))
		return false;
	if (!a && session_gate3(core, s, false, why, sizeof(why)))
		return false;
	to->may_merge = !a && session_gate3(core, s, true, why, sizeof(why));
	if (is_at_work(core, r))
		panel_words(core, r, name, to);
	else if (offer_is_due(core, s, timing) &&
		 !(r && r->trouble[0] && r->version == 0))
		unasked_words(s, timing, name, to);
	else if (r) {
		(void)review_gate(r, to->why, sizeof(to->why));
		text_print(to->command, sizeof(to->command), "divisi %s %s%s",
		    r->trouble[0] ? "review" : "findings", r->trouble[0] ? name : r->id,
		    r->trouble[0] && a ? " --checkpoint" : "");
	}
	return r || to->why[0];
}
