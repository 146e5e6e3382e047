#include "engine/reviews.h"

#include "base/hash.h"
#include "core/review.h"
#include "engine/internal.h"
#include "engine/members.h"
#include "engine/panels.h"
#include "engine/reports.h"
#include "policy/debate.h"
#include "policy/decide.h"

#include <string.h>

/* `review` and `findings`: what reviewers found comes in, and what a person decides. */

int
review_subject(
    struct engine *engine, const struct fields *in, struct subject *to, struct err *err)
{
	const char *name = fields_text(in, "session"),
		   *timing = fields_text(in, "timing");

	*to = (struct subject){ .timing = timing };
	if (name[0]) {
		const struct plan_run *p;

		to->session = core_resolve(engine->core, name, err);
		if (!to->session)
			return -1;
		p = core_plan(engine->core, to->session->plan_id);
		to->path = xstrdup(p ? p->path : "");
	} else {
		to->path = xstrdup(fields_text(in, "path"));
		if (to->path[0] != '/')
			return err_set(
			    err, ERR_USAGE, "the plan must be an absolute path");
	}
	if (timing[0] == '\0')
		to->timing = to->session ? "post" : "pre";
	if (timing_of(to->timing) < 0 || strcmp(to->timing, "cross") == 0 ||
	    (strcmp(to->timing, "pre") == 0) != !to->session)
		return err_set(err, ERR_USAGE,
		    "a %s is not reviewed in time '%.20s' (pre, in or post)",
		    to->session ? "session" : "plan", to->timing);
	return 0;
}

int
review_check_option(const char *letter, const char *timing, struct err *err)
{
	const struct review_option *o = review_option(letter[0]);

	if (letter[0] == '\0')
		return 0;
	if (!o || letter[1])
		return err_set(
		    err, ERR_USAGE, "a review option is A to H, not '%.20s'", letter);
	if (!(o->timings & 1u << (unsigned)timing_of(timing)))
		return err_set(err, ERR_REFUSED,
		    "option %c (%s) is not for the time '%s'", o->letter, o->name,
		    timing);
	return 0;
}

static void
put_rows(struct fields *f, const struct findings *rows)
{
	fields_set_number(f, "n", (int64_t)rows->n);
	for (size_t i = 0; i < rows->n; i++) {
		const struct finding *w = &rows->item[i];
		const struct {
			const char *name, *text;
		} texts[] = { { "id", w->id },
			{ "severity", severity_name(w->severity) },
			{ "claimed", severity_name(w->claimed) },
			{ "standing", standing_name(w->standing) },
			{ "decision", decision_name(w->decision) }, { "text", w->text },
			{ "where", w->where }, { "advice", w->advice },
			{ "effort", w->effort }, { "spec", w->spec },
			{ "reviewers", w->reviewers }, { "maybe", w->maybe } };
		const struct {
			const char *name;
			int64_t number;
		} numbers[] = { { "n", w->n }, { "agree", w->n_agree },
			{ "critical", w->n_critical },
			{ "escalated", w->is_escalated } };
		char key[64];

		for (size_t k = 0; k < N_ELEMS(texts); k++) {
			snprintf(key, sizeof(key), "s%zu.%s", i, texts[k].name);
			fields_set(f, key, texts[k].text);
		}
		for (size_t k = 0; k < N_ELEMS(numbers); k++) {
			snprintf(key, sizeof(key), "s%zu.%s", i, numbers[k].name);
			fields_set_number(f, key, numbers[k].number);
		}
	}
}

int
reviews_record(struct engine *engine, const struct review_made *made,
    const struct reports *reports, const char *actor, struct err *err)
{
	const struct review *was = core_review_of(engine->core, made->path,
	    made->session ? made->session->id : "", made->timing);
	const struct review_option *o = review_option(made->option[0]);
	AUTO_FREE char *names = reports_names(reports);
	struct findings rows = { 0 };
	struct fields f = { 0 };
	int n = (int)reports->n_reviewers, rc;

	if (was)
		findings_copy(&rows, &was->rows);
	/* Who answered in the first round only has still said something. */
	if (was && made->round > 1 && was->n_reviewers > n)
		n = (int)was->n_reviewers;
	rc = made->round > 1 ? debate_merge(&rows, reports->item, reports->n,
				   o ? o->scale : SCALE_LEVELS, n, err)
			     : findings_merge(&rows, reports->item, reports->n,
				   o ? o->scale : SCALE_THIRDS, n, err);
	if (rc == 0) {
		fields_set(&f, "path", made->path);
		fields_set(&f, "session", made->session ? made->session->id : "");
		fields_set(&f, "timing", made->timing);
		fields_set(&f, "option", made->option);
		fields_set(&f, "plan_hash", made->plan_hash);
		fields_set(&f, "head", made->head);
		fields_set(&f, "reviewers", names);
		fields_set_number(&f, "n_reviewers", n);
		if (made->run) {
			fields_set(&f, "run", made->run);
			fields_set_number(&f, "round", made->round);
			fields_set(&f, "missing", made->missing);
		}
		fields_set(&f, "recommendation", reports_recommendation(reports));
		put_rows(&f, &rows);
		rc = engine_happen(engine, HAP_REVIEW_RECORDED, actor, &f, err);
	}
	fields_clear(&f);
	findings_clear(&rows);
	return rc;
}

static int
record(struct engine *engine, const struct fields *in, const struct subject *about,
    const struct caller *caller, struct err *err)
{
	const char *text = fields_text(in, "findings");
	const char *option = fields_text(in, "option");
	struct reports reports = { 0 };
	struct review_made made = { .path = about->path,
		.session = about->session,
		.timing = about->timing,
		.option = option,
		.plan_hash = fields_text(in, "plan_hash"),
		.head = about->session ? about->session->head : "" };
	int rc = review_check_option(option, about->timing, err);

	if (rc == 0)
		rc = reports_read(&reports, text, strlen(text), "outside", err);
	if (rc == 0)
		rc = reviews_record(engine, &made, &reports, caller->actor, err);
	reports_clear(&reports);
	return rc;
}

static int
waive(struct engine *engine, const struct fields *in, const struct subject *about,
    const struct caller *caller, struct err *err)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "path", about->path);
	fields_set(&f, "session", about->session ? about->session->id : "");
	fields_set(&f, "timing", about->timing);
	fields_set(&f, "reason", fields_text(in, "reason"));
	rc = engine_happen(engine, HAP_REVIEW_WAIVED, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

/* What the client prints: the review as it is by now. */
static void
put_outcome(const struct review *r, struct fields *out)
{
	char why[160] = "";
	bool passed = review_gate(r, why, sizeof(why));

	fields_set(out, "review", r ? r->id : "");
	fields_set(out, "gate", passed ? "passed" : "blocked");
	fields_set(out, "why", why);
	fields_set_number(out, "n", r ? (int64_t)r->rows.n : 0);
	fields_set(out, "recommendation", r ? r->recommendation : "");
	fields_set(out, "run", r ? r->run : "");
	fields_set(out, "asked_on", r ? r->asked_on : "");
	fields_set_number(out, "asked_at", r ? r->asked_at : 0);
}

int
order_review(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *what = fields_text(in, "what");
	struct subject about;
	int rc = review_subject(engine, in, &about, err);

	if (rc == 0 && strcmp(what, "record") == 0)
		rc = record(engine, in, &about, caller, err);
	else if (rc == 0 && strcmp(what, "waive") == 0)
		rc = waive(engine, in, &about, caller, err);
	else if (rc == 0 && strcmp(what, "start") == 0)
		rc = panel_start(engine, in, &about, caller, err);
	else if (rc == 0)
		rc = err_set(err, ERR_USAGE, "review has no '%.40s'", what);
	if (rc == 0)
		put_outcome(core_review_of(engine->core, about.path,
				about.session ? about.session->id : "", about.timing),
		    out);
	free(about.path);
	return rc;
}

/* ---- findings --------------------------------------------------------------------------- */

/* "v1", a session, a plan's path; with "" the newest that waits for somebody, else the newest. */
static const struct review *
find_review(struct engine *engine, const char *name, struct err *err)
{
	const struct core *core = engine->core;
	const struct review *r = core_review(core, name), *best = NULL;
	const struct session *s = !r && name[0] && name[0] != '/'
				      ? core_resolve(core, name, NULL)
				      : NULL;
	char why[160];

	if (r)
		return r;
	for (size_t i = core->n_reviews; i-- > 0;) {
		r = &core->review[i];
		if (s ? strcmp(r->session, s->id) != 0
		      : name[0] && (r->session[0] || strcmp(r->plan_path, name) != 0))
			continue;
		if (!review_gate(r, why, sizeof(why)))
			return r;
		best = best ? best : r;
	}
	if (best)
		return best;
	err_set(err, ERR_NOT_FOUND, "there is no review%s%.80s", name[0] ? " of " : "",
	    name);
	err_fix(err, "divisi review PLAN|SESSION");
	return NULL;
}

/* The happening of DONE; OUT gets the same for the echo. */
static void
put_decisions(const struct review *r, const struct decisions *done, struct fields *f)
{
	fields_set(f, "review", r->id);
	fields_set_number(f, "n", (int64_t)done->n);
	for (size_t i = 0; i < done->n; i++) {
		const struct decided *d = &done->item[i];
		const struct {
			const char *name, *text;
		} texts[] = { { "id", r->rows.item[d->row].id },
			{ "decision", decision_name(d->decision) },
			{ "response", d->response } };

		for (size_t k = 0; k < N_ELEMS(texts); k++) {
			char key[64];

			snprintf(key, sizeof(key), "s%zu.%s", i, texts[k].name);
			fields_set(f, key, texts[k].text);
		}
	}
}

/* The ids that stay without a decision and keep the gate shut, joined. */
static char *
still_open(const struct review *r, const struct decisions *done)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < r->rows.n; i++) {
		struct finding row = r->rows.item[i];

		for (size_t k = 0; k < done->n; k++) {
			if (done->item[k].row == i)
				row.decision = done->item[k].decision;
		}
		if (finding_blocks(&row, false))
			fprintf(f, "%s%s", ftell(f) > 0 ? ", " : "", row.id);
	}
	fclose(f);
	return text;
}

static int
decide(struct engine *engine, const struct review *r, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *text = fields_text(in, "text");
	AUTO_FREE char *open = NULL;
	struct decisions done = { 0 };
	struct fields f = { 0 };
	int rc = 0;

	if (decisions_parse(text, &r->rows, &done, err) < 0)
		return -1;
	put_decisions(r, &done, &f);
	open = still_open(r, &done);
	fields_copy(out, &f);
	fields_set(out, "open", open);
	if (!fields_number(in, "dry", 0)) {
		fields_set(&f, "text", text);
		rc = engine_happen(
		    engine, HAP_FINDINGS_DECIDED, caller->actor, &f, err);
	}
	decisions_clear(&done);
	fields_clear(&f);
	return rc;
}

int
order_findings(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *what = fields_text(in, "what");
	const struct review *r = find_review(engine, fields_text(in, "about"), err);
	struct fields f = { 0 };
	int rc;

	if (!r)
		return -1;
	if (strcmp(what, "decide") == 0) {
		rc = decide(engine, r, in, caller, out, err);
	} else if (strcmp(what, "join") == 0 || strcmp(what, "done") == 0) {
		fields_copy(&f, in);
		fields_set(&f, "review", r->id);
		rc = engine_happen(engine,
		    what[0] == 'j' ? HAP_FINDINGS_JOINED : HAP_FINDING_DONE,
		    caller->actor, &f, err);
	} else {
		rc = err_set(err, ERR_USAGE, "findings has no '%.40s'", what);
	}
	if (rc == 0 && !fields_number(in, "dry", 0))
		put_outcome(r, out);
	else if (rc == 0)
		fields_set(out, "review", r->id);
	fields_clear(&f);
	return rc;
}

/* ---- what is shown ------------------------------------------------------------------------ */

char *
review_text(const struct engine *engine, const struct review *r)
{
	const struct session *s = r->session[0] ? core_session(engine->core, r->session)
						: NULL;
	const struct plan_run *p = core_plan_by_path(engine->core, r->plan_path);
	char why[160] = "", date[32], *text = NULL;
	bool passed = review_gate(r, why, sizeof(why));
	AUTO_FREE char *gate = passed && r->waived_by[0]
				   ? xasprintf("waived by %s: %s", r->waived_by,
					 r->waived_why)
			       : passed ? xasprintf("passed, by %s", r->accepted_by)
					: xasprintf("blocked: %s", why);
	const struct rdr head = { .issue = s                   ? s->sub_issue
					   : p && p->master[0] ? p->master
							       : r->plan_path,
		.url = "",
		.date = date,
		.option = r->option,
		.reviewers = r->reviewers,
		.recommendation = r->recommendation,
		.gate = gate };
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	text_time(r->at, date, sizeof(date));
	date[10] = '\0';
	rdr_print(f, &head, &r->rows);
	fclose(f);
	return text;
}

static struct json_object *
row_json(const struct review *r, const struct finding *w)
{
	struct json_object *o = json_object_new_object();

	if (r->option[0] == 'G')
		member_text(o, "tier", panel_tier(w->reviewers));

	member_text(o, "id", w->id);
	member_text(o, "severity", severity_name(w->severity));
	member_text(o, "claimed", severity_name(w->claimed));
	member_text(o, "standing", standing_name(w->standing));
	member_bool(o, "escalated", w->is_escalated);
	member_text(o, "text", w->text);
	member_text(o, "where", w->where);
	member_text(o, "advice", w->advice);
	member_text(o, "effort", w->effort);
	member_text(o, "spec", w->spec);
	member_text(o, "reviewers", w->reviewers);
	member_number(o, "n", w->n);
	member_number(o, "agree", w->n_agree);
	member_number(o, "critical", w->n_critical);
	member_text(o, "maybe", w->maybe);
	member_text(o, "before", w->before);
	member_text(o, "decision", decision_name(w->decision));
	member_text(o, "response", w->response);
	member_text(o, "by", w->by);
	member_number(o, "decided_at", w->decided_at);
	member_bool(o, "blocks", finding_blocks(w, false));
	member_text(o, "sub_issue", w->sub_issue);
	member_text(o, "state", w->state);
	return o;
}

/* The decision log, oldest first. */
static struct json_object *
log_json(const struct review *r)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < r->n_log; i++) {
		const struct decided_entry *e = &r->log[i];
		struct json_object *o = json_object_new_object();

		member_number(o, "round", e->round);
		member_text(o, "id", e->id);
		member_text(o, "proposal", e->proposal);
		member_text(o, "decision", e->decision);
		member_text(o, "reason", e->reason);
		member_text(o, "by", e->by);
		member_number(o, "at", e->at);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *
review_json(const struct engine *engine, const struct review *r)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rows = json_object_new_array();
	AUTO_FREE char *text = review_text(engine, r);
	char why[160] = "";

	member_text(o, "id", r->id);
	member_text(o, "timing", r->timing);
	member_text(o, "option", r->option);
	member_text(o, "plan", r->plan_path);
	member_text(o, "session", r->session);
	member_text(o, "head", r->head);
	member_text(o, "reviewers", r->reviewers);
	member_number(o, "n_reviewers", r->n_reviewers);
	member_text(o, "recommendation", r->recommendation);
	member_number(o, "at", r->at);
	member_number(o, "version", r->version);
	member_text(o, "gate", review_gate(r, why, sizeof(why)) ? "passed" : "blocked");
	member_text(o, "why", why);
	member_text(o, "accepted_by", r->accepted_by);
	member_text(o, "waived_by", r->waived_by);
	member_text(o, "waived_why", r->waived_why);
	panel_view(engine, r, o);
	for (size_t i = 0; i < r->rows.n; i++)
		json_object_array_add(rows, row_json(r, &r->rows.item[i]));
	json_object_object_add(o, "findings", rows);
	json_object_object_add(o, "log", log_json(r));
	member_text(o, "rdr", text);
	return o;
}

struct json_object *
reviews_json(const struct engine *engine)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < engine->core->n_reviews; i++)
		json_object_array_add(
		    list, review_json(engine, &engine->core->review[i]));
	return list;
}
