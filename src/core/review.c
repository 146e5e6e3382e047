#include "core/review.h"

#include "base/text.h"
#include "core/internal.h"
#include "policy/refusal.h"

#include <stdio.h>
#include <string.h>

void
review_clear(struct review *r)
{
	char *const owned[] = { r->id, r->timing, r->option, r->plan_path, r->session,
		r->plan_hash, r->head, r->reviewers, r->recommendation, r->by,
		r->waived_by, r->waived_why, r->accepted_by, r->run, r->run_option,
		r->run_hash, r->run_head, r->depth, r->missing, r->trouble,
		r->asked_on };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
	findings_clear(&r->rows);
	decided_clear(r);
}

struct review *
core_review(const struct core *core, const char *id)
{
	for (size_t i = 0; i < core->n_reviews; i++) {
		if (strcmp(core->review[i].id, id) == 0)
			return &core->review[i];
	}
	return NULL;
}

struct review *
core_review_of(
    const struct core *core, const char *path, const char *session, const char *timing)
{
	for (size_t i = core->n_reviews; i-- > 0;) {
		struct review *r = &core->review[i];

		if (strcmp(r->session, session) == 0 &&
		    strcmp(r->timing, timing) == 0 &&
		    (session[0] || strcmp(r->plan_path, path) == 0))
			return r;
	}
	return NULL;
}

/* ---- gates ----------------------------------------------------------------------------- */

/* The first few ids that block, into IDS; how many there are. */
static size_t
blocking(const struct review *r, char *ids, size_t size)
{
	size_t n = 0, used = 0;

	ids[0] = '\0';
	for (size_t i = 0; i < r->rows.n; i++) {
		const struct finding *row = &r->rows.item[i];

		if (!finding_blocks(row, false))
			continue;
		if (n < 8 && used < size)
			used += (size_t)snprintf(
			    ids + used, size - used, "%s%s", n ? ", " : "", row->id);
		n++;
	}
	return n;
}

bool
review_gate(const struct review *r, char *why, size_t n)
{
	char ids[128];
	size_t open;

	if (!r) {
		text_print(why, n, "nobody has reviewed it");
		return false;
	}
	if (r->waived_by[0])
		return true;
	if (review_is_moot(r)) {
		text_print(why, n, "nobody has reviewed it");
		return false;
	}
	if (r->version == 0 && r->run[0] == '\0') {
		text_print(why, n, "its reviewers gave nothing: %s", r->trouble);
		return false;
	}
	if (r->version == 0 && r->asked_on[0]) {
		text_print(why, n, "option %s is asked on %s and has not answered",
		    r->run_option, r->asked_on);
		return false;
	}
	if (r->version == 0 || (r->run[0] && r->round > 0)) {
		text_print(why, n, "its review is under way");
		return false;
	}
	open = blocking(r, ids, sizeof(ids));
	if (open > 0) {
		text_print(why, n, "%s %s undecided in review %s", ids,
		    open == 1 ? "is" : "are", r->id);
		return false;
	}
	if (strcmp(r->recommendation, "RETHINK") == 0 ||
	    strcmp(r->recommendation, "BLOCK") == 0) {
		text_print(why, n, "its reviewers say %s (review %s)",
		    r->recommendation, r->id);
		return false;
	}
	if (r->accepted_by[0])
		return true;
	text_print(why, n, "no person has said yes to review %s", r->id);
	return false;
}

bool
core_gate2(const struct core *core, const struct plan_run *p, char *why, size_t n)
{
	const struct review *r = core_review_of(core, p->path, "", "pre");

	/* A setting does without reviewers, and not without what reviewers found. */
	if (strcmp(p->review, "auto") == 0 &&
	    (!r || (r->rows.n == 0 && (r->recommendation[0] == '\0' ||
					  strcmp(r->recommendation, "APPROVE") == 0))))
		return true;
	return (strcmp(p->review, "required") != 0 && strcmp(p->review, "auto") != 0) ||
	       review_gate(r, why, n);
}

bool
session_gate3(
    const struct core *core, const struct session *s, bool person, char *why, size_t n)
{
	const struct review *r = core_review_of(core, "", s->id, "post");

	/* A person who reads the diff has reviewed it; what reviewers found they decide first. */
	if (offer_is_open(core, r) && person)
		return true;
	if (!r && (person || !strstr(s->review, "post")))
		return true;
	if (r && !r->waived_by[0] && !person && strcmp(r->head, s->head) != 0) {
		text_print(why, n, "it was changed since review %s", r->id);
		return false;
	}
	return review_gate(r, why, n);
}

int
review_check_gate2(const struct core *core, const char *plan_id, struct err *err)
{
	const struct plan_run *p = core_plan(core, plan_id);
	const struct review *r = p ? core_review_of(core, p->path, "", "pre") : NULL;
	char why[160];

	if (!p || core_gate2(core, p, why, sizeof(why)))
		return 0;
	refuse(err, "G12", "Gate 2 of %.120s is not passed: %s (%s)", p->path, why,
	    p->review_why);
	if (!r)
		return err_fix(
		    err, "divisi review PLAN, or: divisi review PLAN --waive REASON");
	return err_fix(err, "divisi findings, then: divisi findings decide 'agree all "
			    "except ...'");
}

/* ---- what happens ------------------------------------------------------------------------ */

struct review *
review_add(struct core *core, const struct happening *h)
{
	struct review *r;

	GROW(core->review, core->n_reviews, core->cap_reviews);
	r = &core->review[core->n_reviews++];
	*r = (struct review){ .at = h->at };
	r->id = xasprintf("v%zu", core->n_reviews);
	core_set(&r->timing, fields_text(&h->fields, "timing"));
	core_set(&r->plan_path, fields_text(&h->fields, "path"));
	core_set(&r->session, fields_text(&h->fields, "session"));
	core_set(&r->option, fields_text(&h->fields, "option"));
	core_set(&r->plan_hash, "");
	core_set(&r->head, "");
	core_set(&r->reviewers, "");
	core_set(&r->recommendation, "");
	core_set(&r->by, "");
	core_set(&r->waived_by, "");
	core_set(&r->waived_why, "");
	core_set(&r->accepted_by, "");
	core_set(&r->run, "");
	core_set(&r->run_option, "");
	core_set(&r->run_hash, "");
	core_set(&r->run_head, "");
	core_set(&r->depth, "");
	core_set(&r->missing, "");
	core_set(&r->trouble, "");
	core_set(&r->asked_on, "");
	return r;
}

int
review_check_subject(
    const struct core *core, const struct happening *h, struct err *err)
{
	const char *session = fields_text(&h->fields, "session");
	const char *timing = fields_text(&h->fields, "timing");

	if (timing_of(timing) < 0)
		return err_set(err, ERR_INPUT, "no timing is called '%.20s'", timing);
	if (session[0] && !core_session(core, session))
		return err_set(err, ERR_NOT_FOUND, "no session '%.60s'", session);
	if (!session[0] && strcmp(timing, "pre") != 0)
		return err_set(
		    err, ERR_INPUT, "a review in time '%s' has a session", timing);
	return 0;
}

struct review *
review_meant(struct core *core, const struct happening *h)
{
	return core_review_of(core, fields_text(&h->fields, "path"),
	    fields_text(&h->fields, "session"), fields_text(&h->fields, "timing"));
}

/* The row at I of the happening; what was decided about an older one with its id stays. */
static int
read_row(struct finding *to, const struct fields *f, size_t i,
    const struct findings *old, struct err *err)
{
	const struct {
		const char *name;
		char **slot;
	} texts[] = { { "id", &to->id }, { "text", &to->text }, { "where", &to->where },
		{ "advice", &to->advice }, { "effort", &to->effort },
		{ "spec", &to->spec }, { "reviewers", &to->reviewers },
		{ "maybe", &to->maybe } };
	int severity = severity_of(fields_text_at(f, i, "severity"));
	int claimed = severity_of(fields_text_at(f, i, "claimed"));
	int standing = standing_of(fields_text_at(f, i, "standing"));
	int decision = decision_of(fields_text_at(f, i, "decision"));
	const struct finding *was;

	if (severity < 0 || claimed < 0 || standing < 0 || decision < 0 ||
	    fields_text_at(f, i, "id")[0] == '\0')
		return err_set(err, ERR_INPUT, "finding %zu is not understood", i);
	for (size_t k = 0; k < N_ELEMS(texts); k++)
		core_set(texts[k].slot, fields_text_at(f, i, texts[k].name));
	to->severity = (enum severity)severity;
	to->claimed = (enum severity)claimed;
	to->standing = (enum standing)standing;
	to->n = fields_number_at(f, i, "n", 0);
	to->n_agree = fields_number_at(f, i, "agree", 0);
	to->n_critical = fields_number_at(f, i, "critical", 0);
	to->is_escalated = fields_number_at(f, i, "escalated", 0) != 0;
	was = findings_find(old, to->id);
	to->decision = (enum decision)decision;
	core_set(&to->response, decision && was ? was->response : "");
	core_set(&to->by, decision && was ? was->by : "");
	to->decided_at = decision && was ? was->decided_at : 0;
	core_set(&to->sub_issue, was ? was->sub_issue : "");
	core_set(&to->before, was ? was->before : "");
	core_set(&to->state, was ? was->state : "open");
	return 0;
}

static int
read_rows(struct findings *to, const struct fields *f, const struct findings *old,
    struct err *err)
{
	int64_t n = fields_number(f, "n", 0);

	if (n < 0 || n > FINDINGS_MAX)
		return err_set(err, ERR_INPUT, "%lld findings", (long long)n);
	for (size_t i = 0; i < (size_t)n; i++) {
		GROW(to->item, to->n, to->cap);
		to->item[to->n] = (struct finding){ 0 };
		to->n++;
		if (read_row(&to->item[to->n - 1], f, i, old, err) < 0) {
			findings_clear(to);
			return -1;
		}
	}
	return 0;
}

int
step_review_recorded(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const struct findings none = { 0 };
	struct review *r = review_meant(core, h);
	struct findings rows = { 0 };

	(void)acts;
	if (review_check_subject(core, h, err) < 0 || panel_check(r, h, err) < 0 ||
	    read_rows(&rows, &h->fields, r ? &r->rows : &none, err) < 0)
		return -1;
	if (!r)
		r = review_add(core, h);
	decided_before(core, r, &rows);
	findings_clear(&r->rows);
	r->rows = rows;
	r->n_recorded++;
	core_set(&r->option, fields_text(&h->fields, "option"));
	core_set(&r->plan_hash, fields_text(&h->fields, "plan_hash"));
	core_set(&r->head, fields_text(&h->fields, "head"));
	core_set(&r->reviewers, fields_text(&h->fields, "reviewers"));
	core_set(&r->recommendation, fields_text(&h->fields, "recommendation"));
	r->n_reviewers = fields_number(&h->fields, "n_reviewers", 0);
	core_set(&r->by, h->actor);
	/* What was waived was waived for what was known then. */
	core_set(&r->waived_by, "");
	core_set(&r->waived_why, "");
	core_set(&r->accepted_by, "");
	r->at = h->at;
	r->version++;
	panel_recorded(r, h);
	return 0;
}

struct review *
review_named(struct core *core, const struct happening *h, struct err *err)
{
	const char *id = fields_text(&h->fields, "review");
	struct review *r = core_review(core, id);

	if (!r)
		err_set(err, ERR_NOT_FOUND, "no review is called '%.20s'", id);
	return r;
}

int
step_review_waived(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct review *r = review_meant(core, h);

	(void)acts;
	if (review_only_people(h, err) < 0 || review_check_subject(core, h, err) < 0)
		return -1;
	if (fields_text(&h->fields, "reason")[0] == '\0')
		return err_set(err, ERR_USAGE, "to waive a review needs a reason");
	if (!r)
		r = review_add(core, h);
	core_set(&r->waived_by, h->actor);
	core_set(&r->waived_why, fields_text(&h->fields, "reason"));
	decided_note(r, NULL, "waived", r->waived_why, h);
	r->at = h->at;
	r->version++;
	/* Nobody waits for an answer any more, so none has an effect. */
	if (r->asked_on[0])
		core_set(&r->run, "");
	core_set(&r->asked_on, "");
	return 0;
}

static enum scale
scale_of(const struct review *r)
{
	const struct review_option *o = review_option(r->option[0]);

	return o ? o->scale : SCALE_THIRDS;
}

int
step_findings_joined(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct review *r = review_named(core, h, err);

	(void)acts;
	if (!r || review_only_people(h, err) < 0 ||
	    findings_join(&r->rows, fields_text(&h->fields, "keep"),
		fields_text(&h->fields, "drop"), scale_of(r), err) < 0)
		return -1;
	r->version++;
	return 0;
}

int
step_finding_filed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct review *r = review_named(core, h, err);
	struct finding *row = r ? findings_find(&r->rows, fields_text(&h->fields, "id"))
				: NULL;

	if (!r)
		return -1;
	if (!row)
		return err_set(err, ERR_NOT_FOUND, "no finding '%.20s'",
		    fields_text(&h->fields, "id"));
	core_set(&row->sub_issue, fields_text(&h->fields, "sub_issue"));
	core_set(&row->state, owe_mention(core, r, row, acts) ? "mentioned" : "filed");
	r->version++;
	return 0;
}

int
step_finding_done(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct review *r = review_named(core, h, err);
	struct finding *row = r ? findings_find(&r->rows, fields_text(&h->fields, "id"))
				: NULL;

	(void)acts;
	if (!r || review_only_people(h, err) < 0)
		return -1;
	if (!row || row->decision != DECISION_AGREED)
		return err_set(err, ERR_CONFLICT, "%.20s is no agreed finding of %s",
		    fields_text(&h->fields, "id"), r->id);
	core_set(&row->state, "resolved");
	core_set(&row->response, fields_text(&h->fields, "reason"));
	r->version++;
	return 0;
}

/* ---- what follows by itself ------------------------------------------------------------ */

/* agreed findings become sub-issues once nothing is undecided any more. */
static void
owe_filing(struct review *r, const struct plan_run *p, struct acts *acts)
{
	char why[160];

	if (r->version == 0 || r->waived_by[0] || !review_gate(r, why, sizeof(why)))
		return;
	for (size_t i = 0; i < r->rows.n; i++) {
		struct finding *row = &r->rows.item[i];
		struct fields *f;

		if (row->decision != DECISION_AGREED || strcmp(row->state, "open") != 0)
			continue;
		core_set(&row->state, "filing");
		f = acts_add(acts, "finding-file", "tracker", "finding-file/%s/%s",
		    r->id, row->id);
		fields_set(f, "plan", p->id);
		fields_set(f, "review", r->id);
		fields_set(f, "finding", row->id);
	}
}

/* done is a finding whose sub-issue a session has done. */
static void
settle_work(const struct core *core, struct review *r)
{
	for (size_t i = 0; i < r->rows.n; i++) {
		struct finding *row = &r->rows.item[i];

		if (strcmp(row->state, "filed") != 0 &&
		    strcmp(row->state, "mentioned") != 0)
			continue;
		for (size_t k = 0; k < core->n_sessions; k++) {
			const struct session *s = &core->session[k];

			if (s->state == SESSION_DONE &&
			    strcmp(s->issue, row->sub_issue) == 0) {
				core_set(&row->state, "resolved");
				r->version++;
				break;
			}
		}
	}
}

/* The record stands as a comment where people and other agents work. */
static void
owe_record(struct review *r, const struct plan_run *p, const struct session *s,
    struct acts *acts)
{
	struct fields *f;

	if (r->version == r->n_posted || (s ? s->sub_issue : p->master)[0] == '\0')
		return;
	r->n_posted = r->version;
	f = acts_add(acts, "rdr", "tracker", "rdr/%s/%d", r->id, r->version);
	fields_set(f, "plan", p->id);
	fields_set(f, "review", r->id);
	if (s)
		fields_set(f, "session", s->id);
}

void
flow_reviews(struct core *core, struct acts *acts)
{
	for (size_t i = 0; i < core->n_reviews; i++) {
		struct review *r = &core->review[i];
		const struct session *s = r->session[0] ? core_session(core, r->session)
							: NULL;
		const struct plan_run *p = s ? core_plan(core, s->plan_id)
					     : core_plan_by_path(core, r->plan_path);

		panel_advance(core, r, acts);
		if (!p)
			continue;
		settle_work(core, r);
		owe_filing(r, p, acts);
		owe_record(r, p, s, acts);
	}
}

void
reviews_dump(const struct core *core, FILE *f)
{
	for (size_t i = 0; i < core->n_reviews; i++) {
		const struct review *r = &core->review[i];

		fprintf(f,
		    "review %s %s %s %s %s|%s|%s|%s|%s|%s|%s|%s|%s %lld %lld %d %d\n",
		    r->id, r->timing, r->option, r->session, r->plan_path, r->plan_hash,
		    r->head, r->reviewers, r->recommendation, r->by, r->waived_by,
		    r->waived_why, r->accepted_by, (long long)r->at,
		    (long long)r->n_reviewers, r->version, r->n_posted);
		if (r->n_runs > 0)
			fprintf(f, " run %s %s|%s|%s %d %d %d %d|%s|%s\n", r->run,
			    r->run_option, r->run_hash, r->run_head, r->n_rounds,
			    r->round, r->owed, r->n_runs, r->missing, r->trouble);
		if (r->depth[0])
			fprintf(f, " depth %s\n", r->depth);
		if (r->asked_on[0])
			fprintf(
			    f, " asked %s %lld\n", r->asked_on, (long long)r->asked_at);
		for (size_t k = 0; k < r->rows.n; k++) {
			const struct finding *w = &r->rows.item[k];

			fprintf(f,
			    " finding %s %s %s %s %s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s "
			    "%lld %lld %lld %d %lld\n",
			    w->id, severity_name(w->severity),
			    severity_name(w->claimed), standing_name(w->standing),
			    w->text, w->where, w->advice, w->effort, w->spec,
			    w->reviewers, w->maybe, decision_name(w->decision),
			    w->response, w->by, w->sub_issue, (long long)w->n,
			    (long long)w->n_agree, (long long)w->n_critical,
			    w->is_escalated, (long long)w->decided_at);
			fprintf(f, " state %s\n", w->state);
			if (w->before[0])
				fprintf(f, " before %s\n", w->before);
		}
		decided_dump(r, f);
	}
}
