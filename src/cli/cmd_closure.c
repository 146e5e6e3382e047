#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "plan/parse.h"
#include "policy/closure.h"
#include "policy/conform.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* `divisi closure`: may the issue of a session be closed, by facts that are on record. */

const struct option_doc cmd_closure_options[] = {
	OPTION_JSON,
	{ "outcome", "WORD",
	    "did it come to what it was for: met, partly, missed or unknown", 0 },
	{ "conformance", NULL,
	    "what its change has to do with the acceptance criteria, by their words",
	    0 },
	OPTION_END,
};

static bool
is_word(const struct json_object *o, const char *name, const char *word)
{
	return strcmp(js_text(o, name), word) == 0;
}

static struct json_object *
plan_of(struct json_object *status, const struct json_object *s)
{
	struct json_object *plans = js_get(status, "plans");

	for (size_t i = 0; i < js_count(plans); i++) {
		if (strcmp(js_text(js_at(plans, i), "id"), js_text(s, "plan")) == 0)
			return js_at(plans, i);
	}
	return NULL;
}

/* How many changes of the issue of S landed, whichever session made them. */
static int
n_landed(const struct json_object *plan, const struct json_object *s)
{
	struct json_object *batches = js_get(plan, "batches");
	int n = 0;

	for (size_t i = 0; i < js_count(batches); i++) {
		struct json_object *list = js_get(js_at(batches, i), "sessions");

		for (size_t k = 0; k < js_count(list); k++)
			n += js_text(js_at(list, k), "landed")[0] &&
			     strcmp(js_text(js_at(list, k), "issue"),
				 js_text(s, "issue")) == 0;
	}
	return n;
}

/* What the acceptance boxes of its phase say, by the plan file: all, some or none ticked. */
static enum closure_outcome
outcome_of_boxes(const struct json_object *plan, const struct json_object *s)
{
	struct lint_list lints = { 0 };
	struct err none = ERR_INIT;
	AUTO_PLAN struct plan *file = plan_load(js_text(plan, "path"), &lints, &none);
	const struct phase *phase = file ? plan_find(file, js_text(s, "phase")) : NULL;
	size_t n_ticked = 0;

	for (size_t i = 0; phase && i < phase->acceptance.n; i++)
		n_ticked += phase->acceptance.item[i].is_ticked;
	lint_list_clear(&lints);
	if (n_ticked == 0)
		return OUTCOME_UNASKED;
	return n_ticked == phase->acceptance.n ? OUTCOME_MET : OUTCOME_PARTLY;
}

static bool
is_asked(const struct json_object *s)
{
	struct json_object *asks = js_get(s, "asks");

	for (size_t i = 0; i < js_count(asks); i++) {
		if (js_text(js_at(asks, i), "decision")[0] == '\0')
			return true;
	}
	return false;
}

/* What its reviewers made of the change: 100 when it passed, 0 when it did not, -1 unknown. */
static int
review_of(struct json_object *status, const struct json_object *s)
{
	struct json_object *reviews = js_get(status, "reviews");

	for (size_t i = js_count(reviews); i-- > 0;) {
		const struct json_object *r = js_at(reviews, i);

		if (is_word(r, "session", js_text(s, "id")) &&
		    is_word(r, "timing", "post"))
			return is_word(r, "gate", "passed") ? 100 : 0;
	}
	return js_bool(s, "reviewed") ? 100 : -1;
}

/* Issue ID as the built-in tracker has it; another tracker is not asked here.  NULL. */
static struct json_object *
read_issue(struct client *client, const char *id)
{
	struct fields in = { 0 }, out = { 0 };
	struct json_object *issue = NULL;
	struct err none = ERR_INIT;

	fields_set(&in, "what", "show");
	fields_set(&in, "id", id);
	fields_set_number(&in, "json", 1);
	fields_set_number(&in, "width", 200);
	if (id[0] && client_order(client, "issue", &in, &out, 30000, &none) == 0)
		issue = json_tokener_parse(fields_text(&out, "text"));
	fields_clear(&in);
	fields_clear(&out);
	return issue;
}

static bool
needs_decision(const struct json_object *issue)
{
	struct json_object *labels = js_get(issue, "labels");

	for (size_t i = 0; i < js_count(labels); i++) {
		struct json_object *one = js_at(labels, i);

		if (json_object_is_type(one, json_type_string) &&
		    strcmp(json_object_get_string(one), "needs:human-decision") == 0)
			return true;
	}
	return false;
}

/* hours since S was done, where somebody opened ISSUE of it again; -1 nobody did. */
static int
reopened_hours(const struct json_object *status, const struct json_object *s,
    const struct json_object *issue)
{
	int64_t since = js_number(status, "now", 0) - js_number(s, "ended_at", 0);

	if (!issue || !is_word(s, "state", "done") ||
	    is_word(issue, "status", "Done") || is_word(issue, "status", "Cancelled") ||
	    is_word(issue, "status", "Duplicate") || since < 0)
		return -1;
	return (int)(since / (3600 * 1000));
}

static void
read_facts(struct client *client, struct json_object *status,
    const struct json_object *s, int outcome, struct closure_facts *f)
{
	const struct json_object *plan = plan_of(status, s);
	const struct json_object *pull = js_get(s, "pull");
	bool is_done = is_word(s, "state", "done");
	const char *checks = pull ? js_text(pull, "checks") : "";
	enum closure_outcome boxes = plan ? outcome_of_boxes(plan, s) : OUTCOME_UNASKED;
	AUTO_JSON struct json_object *work = read_issue(client, js_text(s, "issue"));
	AUTO_JSON struct json_object *sub = read_issue(client, js_text(s, "sub_issue"));

	*f = (struct closure_facts){ .is_agents = js_text(s, "claimed_by")[0] == '\0',
		.has_person = js_text(s, "claimed_by")[0] != '\0',
		.needs_decision = needs_decision(work) || needs_decision(sub),
		.is_pair = is_word(s, "mode", "pair"),
		.is_open = !is_done || (pull && is_word(pull, "state", "open")),
		.is_discussed = is_asked(s),
		.n_merged = plan ? n_landed(plan, s) : 0,
		.is_small = is_word(s, "mode", "spike") || js_bool(s, "analysis_only"),
		.has_all_criteria = boxes == OUTCOME_MET,
		.tests = -1,
		.coverage = -1,
		.review = review_of(status, s),
		.is_quick = is_word(s, "mode", "quick"),
		.points = (int)js_number(s, "points", 0),
		.outcome = outcome ? (enum closure_outcome)outcome : boxes,
		.is_text = js_bool(s, "analysis_only") &&
			   js_text(s, "landed")[0] == '\0' &&
			   js_text(s, "output")[0] == '\0',
		.reopened_hours = reopened_hours(status, s, sub),
		.claim = js_text(s, "summary") };
	/* What lands was verified on the target before, where there is anything to verify by. */
	if (strcmp(checks, "failed") == 0)
		f->deploy = DEPLOY_RED;
	else if (strcmp(checks, "pending") == 0)
		f->deploy = DEPLOY_PENDING;
	else if (strcmp(checks, "passed") == 0 ||
		 (plan && js_text(plan, "verify")[0] && js_text(s, "landed")[0]))
		f->deploy = DEPLOY_GREEN;
	if (f->deploy == DEPLOY_GREEN || f->deploy == DEPLOY_RED)
		f->tests = f->deploy == DEPLOY_GREEN ? 100 : 0;
}

static void
print_answer(const struct json_object *s, const struct closure_facts *f,
    const struct closure_answer *a)
{
	struct screen screen;

	screen_init(&screen, stdout);
	text_put(stdout, js_text(s, "issue"));
	printf("  %s: ", closure_name(a->closure));
	screen_wrap(&screen, 2, (int)strlen(js_text(s, "issue")) + 10, a->why);
	if (a->quality >= 0)
		printf(
		    "  quality %d (tests %d, coverage %d, review %d; -1: not measured)\n",
		    a->quality, f->tests, f->coverage, f->review);
	if (a->quality >= 0 && closure_outcome_cost(f) > 0)
		printf("  its outcome, %s, took %d off\n",
		    closure_outcome_name(f->outcome), closure_outcome_cost(f));
	if (js_text(s, "evidence")[0]) {
		fputs("  evidence: ", stdout);
		text_put(stdout, js_text(s, "evidence"));
		putchar('\n');
	}
	if (a->mend[0])
		printf("  -> %s\n", a->mend);
}

static void
print_json(const struct json_object *s, const struct closure_facts *f,
    const struct closure_answer *a, struct json_object *extra)
{
	json_object *o = json_object_new_object();

	if (extra)
		json_object_object_add(o, "conformance", extra);
	json_object_object_add(o, "session", json_str(js_text(s, "id")));
	json_object_object_add(o, "issue", json_str(js_text(s, "issue")));
	json_object_object_add(o, "closure", json_str(closure_name(a->closure)));
	json_object_object_add(o, "why", json_str(a->why));
	json_object_object_add(o, "mend", json_str(a->mend));
	json_object_object_add(o, "quality", json_object_new_int(a->quality));
	json_object_object_add(
	    o, "outcome", json_str(closure_outcome_name(f->outcome)));
	json_object_object_add(
	    o, "outcome_cost", json_object_new_int(closure_outcome_cost(f)));
	json_object_object_add(o, "merged", json_object_new_int(f->n_merged));
	json_object_object_add(o, "evidence", json_str(js_text(s, "evidence")));
	json_print(o);
}

/* ---- conformance (R-164) ----------------------------------------------------------------- */

static void
print_conform(const struct conform *c, const struct phase *phase, const int *covered)
{
	printf("  conformance: %zu of %zu files have to do with a criterion%s\n",
	    c->n - c->n_drift, c->n, c->is_truncated ? ", and more were written" : "");
	for (size_t i = 0; i < c->n; i++) {
		const struct conform_write *w = &c->write[i];

		if (!conform_drifts(w) && !w->is_suppressed)
			continue;
		fputs(w->is_suppressed ? "    exempt: " : "    drifts: ", stdout);
		text_put(stdout, w->path);
		if (w->is_suppressed)
			puts(" (" CONFORM_SUPPRESS ")");
		else
			printf(" (%d%% of the nearest)\n", w->pct);
	}
	for (size_t k = 0; k < phase->acceptance.n; k++) {
		printf("    %3d%% ", covered[k]);
		text_put(stdout, phase->acceptance.item[k].text);
		putchar('\n');
	}
}

static struct json_object *
conform_json(const struct conform *c, const struct phase *phase, const int *covered)
{
	json_object *o = json_object_new_object(), *writes = json_object_new_array(),
		    *criteria = json_object_new_array();

	for (size_t i = 0; i < c->n; i++) {
		const struct conform_write *w = &c->write[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "path", json_str(w->path));
		json_object_object_add(one, "pct", json_object_new_int(w->pct));
		json_object_object_add(
		    one, "drifts", json_object_new_boolean(conform_drifts(w)));
		json_object_object_add(
		    one, "exempt", json_object_new_boolean(w->is_suppressed));
		json_object_array_add(writes, one);
	}
	for (size_t k = 0; k < phase->acceptance.n; k++) {
		json_object *one = json_object_new_object();

		json_object_object_add(
		    one, "text", json_str(phase->acceptance.item[k].text));
		json_object_object_add(one, "pct", json_object_new_int(covered[k]));
		json_object_array_add(criteria, one);
	}
	json_object_object_add(o, "writes", writes);
	json_object_object_add(o, "criteria", criteria);
	return o;
}

/* Compares the change of S with what its phase was to do; printed, or as data into *OUT. */
static int
conformance(struct client *client, struct json_object *status,
    const struct json_object *s, struct json_object **out, struct err *err)
{
	const struct json_object *plan = plan_of(status, s);
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *file = plan ? plan_load(
						 js_text(plan, "path"), &lints, err)
					   : NULL;
	const struct phase *phase = file ? plan_find(file, js_text(s, "phase")) : NULL;
	const char *criterion[64];
	int covered[64] = { 0 };
	struct fields in = { 0 }, got = { 0 };
	struct conform c = { 0 };
	size_t n = 0;
	int rc = -1;

	lint_list_clear(&lints);
	fields_set(&in, "session", js_text(s, "id"));
	if (!phase)
		(void)(file && err_set(err, ERR_NOT_FOUND, "the plan has no phase %s",
				   js_text(s, "phase")));
	else if (phase->acceptance.n == 0 || phase->acceptance.n > 64)
		err_set(err, ERR_CONFLICT, "phase %s has no criteria to compare with",
		    phase->id);
	else
		rc = client_order(client, "diff", &in, &got, 60000, err);
	for (; rc == 0 && n < phase->acceptance.n; n++)
		criterion[n] = phase->acceptance.item[n].text;
	if (rc == 0) {
		conform_read(&c, fields_text(&got, "diff"));
		conform_judge(&c, criterion, n, covered);
		if (out)
			*out = conform_json(&c, phase, covered);
		else
			print_conform(&c, phase, covered);
	}
	conform_clear(&c);
	fields_clear(&in);
	fields_clear(&got);
	return rc;
}

struct wanted {
	const char *name;
	bool as_json, conforms;
	int outcome; /* 0: by the boxes */
};

static int
read_words(int argc, char **argv, struct wanted *w, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_closure_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && w->name)
			return err_set(err, ERR_USAGE, "closure takes one session");
		if (at == ARGS_WORD)
			w->name = args.value;
		else if (at == 0)
			w->as_json = true;
		else if (at == 1)
			w->outcome = closure_outcome_of(args.value);
		else
			w->conforms = true;
		if (w->outcome < 0) {
			err_set(err, ERR_USAGE, "'%.20s' is no outcome", args.value);
			return err_fix(err, "it is met, partly, missed or unknown");
		}
	}
	if (w->name)
		return 0;
	err_set(err, ERR_USAGE, "closure needs a session");
	return err_fix(err, "divisi closure SESSION");
}

int
cmd_closure(int argc, char **argv)
{
	struct wanted w = { 0 };
	struct json_object *extra = NULL;
	struct client client = { 0 };
	struct closure_facts facts;
	struct closure_answer answer = { 0 };
	AUTO_JSON struct json_object *status = NULL;
	struct json_object *s = NULL;
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &w, &err);

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		status = client_status(&client, &err);
	if (status)
		s = client_session(status, w.name, &err);
	if (s && w.conforms && w.as_json &&
	    conformance(&client, status, s, &extra, &err) < 0)
		s = NULL;
	if (s) {
		read_facts(&client, status, s, w.outcome, &facts);
		closure_of(&facts, &closure_scale_default, &answer);
		if (w.as_json)
			print_json(s, &facts, &answer, extra);
		else
			print_answer(s, &facts, &answer);
		if (w.conforms && !w.as_json &&
		    conformance(&client, status, s, NULL, &err) < 0)
			s = NULL;
	}
	client_close(&client);
	return s ? 0 : cmd_fail(&err, w.as_json);
}
