#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "plan/parse.h"
#include "policy/closure.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* `divisi closure`: may the issue of a session be closed, by facts that are on record. */

const struct option_doc cmd_closure_options[] = { OPTION_JSON, OPTION_END };

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

/* Is every acceptance box of its phase ticked, and is there one?  The plan file says. */
static bool
has_all_criteria(const struct json_object *plan, const struct json_object *s)
{
	struct lint_list lints = { 0 };
	struct err none = ERR_INIT;
	AUTO_PLAN struct plan *file = plan_load(js_text(plan, "path"), &lints, &none);
	const struct phase *phase = file ? plan_find(file, js_text(s, "phase")) : NULL;
	bool all = phase && phase->acceptance.n > 0;

	for (size_t i = 0; all && i < phase->acceptance.n; i++)
		all = phase->acceptance.item[i].is_ticked;
	lint_list_clear(&lints);
	return all;
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

/* The built-in tracker knows the label; of another it is not asked for here. */
static bool
needs_decision(struct client *client, const struct json_object *s)
{
	struct fields in = { 0 }, out = { 0 };
	struct err none = ERR_INIT;
	bool needs = false;

	fields_set(&in, "what", "show");
	fields_set(&in, "id", js_text(s, "issue"));
	fields_set_number(&in, "json", 1);
	fields_set_number(&in, "width", 200);
	if (client_order(client, "issue", &in, &out, 30000, &none) == 0)
		needs = strstr(fields_text(&out, "text"), "\"needs:human-decision\"") !=
			NULL;
	fields_clear(&in);
	fields_clear(&out);
	return needs;
}

static void
read_facts(struct client *client, struct json_object *status,
    const struct json_object *s, struct closure_facts *f)
{
	const struct json_object *plan = plan_of(status, s);
	const struct json_object *pull = js_get(s, "pull");
	bool is_done = is_word(s, "state", "done");
	const char *checks = pull ? js_text(pull, "checks") : "";

	*f = (struct closure_facts){ .is_agents = js_text(s, "claimed_by")[0] == '\0',
		.has_person = js_text(s, "claimed_by")[0] != '\0',
		.needs_decision = needs_decision(client, s),
		.is_pair = is_word(s, "mode", "pair"),
		.is_open = !is_done || (pull && is_word(pull, "state", "open")),
		.is_discussed = is_asked(s),
		.n_merged = plan ? n_landed(plan, s) : 0,
		.is_small = is_word(s, "mode", "spike") || js_bool(s, "analysis_only"),
		.has_all_criteria = plan && has_all_criteria(plan, s),
		.tests = -1,
		.coverage = -1,
		.review = review_of(status, s),
		.is_quick = is_word(s, "mode", "quick"),
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
    const struct closure_answer *a)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "session", json_str(js_text(s, "id")));
	json_object_object_add(o, "issue", json_str(js_text(s, "issue")));
	json_object_object_add(o, "closure", json_str(closure_name(a->closure)));
	json_object_object_add(o, "why", json_str(a->why));
	json_object_object_add(o, "mend", json_str(a->mend));
	json_object_object_add(o, "quality", json_object_new_int(a->quality));
	json_object_object_add(o, "merged", json_object_new_int(f->n_merged));
	json_object_object_add(o, "evidence", json_str(js_text(s, "evidence")));
	json_print(o);
}

int
cmd_closure(int argc, char **argv)
{
	bool as_json = false;
	const char *words[2] = { NULL };
	struct args_simple want = { "closure SESSION", &as_json, words, 1, 1 };
	struct client client = { 0 };
	struct closure_facts facts;
	struct closure_answer answer = { 0 };
	AUTO_JSON struct json_object *status = NULL;
	struct json_object *s = NULL;
	struct err err = ERR_INIT;
	struct args args;
	int rc;

	args_init(&args, cmd_closure_options, argc, argv);
	rc = args_simple(&args, &want, &err);
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		status = client_status(&client, &err);
	if (status)
		s = client_session(status, words[0], &err);
	if (s) {
		read_facts(&client, status, s, &facts);
		closure_of(&facts, &closure_scale_default, &answer);
		if (as_json)
			print_json(s, &facts, &answer);
		else
			print_answer(s, &facts, &answer);
	}
	client_close(&client);
	return s ? 0 : cmd_fail(&err, as_json);
}
