#include "core/internal.h"
#include "core/review.h"
#include "policy/refusal.h"

#include <string.h>

/*
 * Reviewers that are sessions of ours: a plan of their own, whose rounds are its batches.
 * They are launched, watched and paid as all sessions are; here is only when what they found
 * is collected, each round once.
 */

/* Will S, a reviewer, neither answer nor go on by itself any more? */
static bool
is_over(const struct session *s)
{
	if (session_is_terminal(s->state))
		return true;
	return s->state == SESSION_PARKED && !s->run_open && !s->waits_for_account &&
	       !s->renews && !s->is_released;
}

const struct batch_run *
review_round(const struct core *core, const struct review *r, int round)
{
	const struct plan_run *p = r->run[0] ? core_plan_by_path(core, r->run) : NULL;

	for (size_t i = core->n_batches; p && i-- > 0;) {
		const struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, p->id) == 0 && b->number == round &&
		    b->state != BATCH_DECLINED)
			return b;
	}
	return NULL;
}

enum panel_state
review_panel(const struct core *core, const struct review *r)
{
	const struct batch_run *b = review_round(core, r, r->round + 1);

	if (r->run[0] == '\0')
		return PANEL_NONE;
	if (!b)
		return PANEL_ASKED;
	if (b->state == BATCH_PLANNED || b->state == BATCH_FILED ||
	    b->state == BATCH_AWAITING)
		return PANEL_WAITING;
	for (size_t i = 0; i < b->n; i++) {
		if (!is_over(&core->session[b->session[i]]))
			return PANEL_AT_WORK;
	}
	return PANEL_OVER;
}

/* The request is one comment where what is reviewed stands. */
static void
owe_request(const struct review *r, const struct plan_run *p, const struct session *s,
    const char *text, struct acts *acts)
{
	struct fields *f = acts_add(acts, "issue-comment", "tracker",
	    "issue-comment/%s/request/%d", r->id, r->n_runs);

	fields_set(f, "plan", p->id);
	fields_set(f, "session", r->session);
	fields_set(f, "issue", r->asked_on);
	fields_set(f, "on",
	    !s                                       ? "master"
	    : strcmp(r->asked_on, s->sub_issue) == 0 ? ""
						     : "pull");
	fields_set(f, "kind", "note");
	fields_set(f, "text", text);
}

bool
owe_mention(const struct core *core, const struct review *r, const struct finding *row,
    struct acts *acts)
{
	const struct session *s = r->session[0] ? core_session(core, r->session) : NULL;
	const struct plan_run *p = s ? core_plan(core, s->plan_id)
				     : core_plan_by_path(core, r->plan_path);
	AUTO_FREE char *body = NULL, *text = NULL;
	struct fields *f;

	if (!p || p->mention[0] == '\0' || row->sub_issue[0] == '\0' ||
	    !finding_is_small(row))
		return false;
	body = finding_body(row, s ? s->sub_issue : p->master);
	text = xasprintf("@%s, please mend this.\n\n%s", p->mention, body);
	f = acts_add(acts, "issue-comment", "tracker", "issue-comment/%s/%s/mention",
	    r->id, row->id);
	fields_set(f, "plan", p->id);
	fields_set(f, "issue", row->sub_issue);
	fields_set(f, "on", "issue");
	fields_set(f, "kind", "note");
	fields_set(f, "text", text);
	return true;
}

char *
review_place(const struct session *s, const struct plan_run *p)
{
	const char *end = s && s->pull > 0 ? strstr(s->pull_url, "/pull/") : NULL;
	const char *from = end;

	for (int slashes = 0; from && from > s->pull_url; from--) {
		if (from[-1] == '/' && ++slashes == 2)
			break;
	}
	if (end && s->repo[0])
		return xasprintf(
		    "%.*s#%lld", (int)(end - from), from, (long long)s->pull);
	if (end)
		return xasprintf("#%lld", (long long)s->pull);
	return xstrdup(s ? s->sub_issue : p ? p->master : "");
}

/* Where it is asked for now, or was in a journal from before it was asked on pull requests. */
static bool
is_place(const struct session *s, const struct plan_run *p, const char *on)
{
	AUTO_FREE char *place = review_place(s, p);

	return p && (strcmp(on, place) == 0 || (s && strcmp(on, s->sub_issue) == 0));
}

int
step_review_started(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const struct fields *f = &h->fields;
	struct review *r = review_meant(core, h);
	const struct session *s = core_session(core, fields_text(f, "session"));
	const struct plan_run *p = s ? core_plan(core, s->plan_id)
				     : core_plan_by_path(core, fields_text(f, "path"));
	const char *on = fields_text(f, "issue");
	int64_t n_rounds = fields_number(f, "rounds", 1);

	if (strncmp(h->actor, "human:", 6) != 0 &&
	    !(strcmp(h->actor, "server") == 0 && s &&
		offer_is_due(core, s, fields_text(f, "timing"))))
		return refuse(err, "G11", "reviewers are asked for by a person only");
	if (review_check_subject(core, h, err) < 0)
		return -1;
	if (fields_text(f, "run")[0] == '\0' || n_rounds < 1 || n_rounds > 2)
		return err_set(
		    err, ERR_INPUT, "reviewers have a plan and 1 or 2 rounds");
	if (on[0] && !is_place(s, p, on))
		return err_set(err, ERR_CONFLICT,
		    "%.60s is not the issue of what is reviewed", on);
	if (r && review_panel(core, r) > PANEL_ASKED) {
		err_set(err, ERR_CONFLICT, "review %s is under way", r->id);
		return err_fix(err, "divisi review %s follows it",
		    r->session[0] ? r->session : r->plan_path);
	}
	if (!r)
		r = review_add(core, h);
	core_set(&r->run, fields_text(f, "run"));
	core_set(&r->run_option, fields_text(f, "option"));
	core_set(&r->run_hash, fields_text(f, "plan_hash"));
	core_set(&r->run_head, fields_text(f, "head"));
	core_set(&r->depth, fields_text(f, "depth"));
	core_set(&r->missing, "");
	core_set(&r->trouble, "");
	r->n_rounds = (int)n_rounds;
	r->round = r->owed = 0;
	r->n_runs++;
	core_set(&r->asked_on, on);
	r->asked_at = h->at;
	if (on[0])
		owe_request(r, p, s, fields_text(f, "text"), acts);
	return 0;
}

int
panel_check(const struct review *r, const struct happening *h, struct err *err)
{
	const char *run = fields_text(&h->fields, "run");

	if (run[0] == '\0')
		return 0;
	if (!r || strcmp(r->run, run) != 0 ||
	    fields_number(&h->fields, "round", 0) != r->round + 1)
		return err_set(err, ERR_CONFLICT, "these findings were collected");
	return 0;
}

void
panel_recorded(struct review *r, const struct happening *h)
{
	/* What others than the reviewers found leaves these at work; an answer is awaited once. */
	if (fields_text(&h->fields, "run")[0] == '\0' && r->asked_on[0] == '\0')
		return;
	core_set(&r->asked_on, "");
	r->round++;
	core_set(&r->missing, fields_text(&h->fields, "missing"));
	if (r->round == r->n_rounds)
		core_set(&r->run, "");
}

int
step_review_failed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct review *r = review_named(core, h, err);

	(void)acts;
	if (!r || panel_check(r, h, err) < 0)
		return -1;
	core_set(&r->trouble, fields_text(&h->fields, "text"));
	core_set(&r->run, "");
	return 0;
}

void
panel_advance(const struct core *core, struct review *r, struct acts *acts)
{
	const struct plan_run *p = r->run[0] ? core_plan_by_path(core, r->run) : NULL;
	int round = r->round + 1;
	struct fields *f;

	if (!p || r->owed >= round || review_panel(core, r) != PANEL_OVER)
		return;
	r->owed = round;
	f = acts_add(acts, "review-collect", r->id, "review-collect/%s/%d/%d", r->id,
	    r->n_runs, round);
	fields_set(f, "review", r->id);
	fields_set(f, "run", r->run);
	fields_set_number(f, "round", round);
}
