#include "cli/paneling.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/client.h"
#include "cli/dispatching.h"
#include "cli/running.h"
#include "plan/parse.h"
#include "policy/depth.h"
#include "policy/panel.h"
#include "policy/review.h"

#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_BYTES 60000u /* of a plan, by which personas are chosen */

/* The review of what IN names, or NULL. */
static struct json_object *
find_review(struct json_object *status, const struct fields *in)
{
	struct json_object *reviews = js_get(status, "reviews");
	const char *name = fields_text(in, "session"),
		   *timing = fields_text(in, "timing");
	struct err none = ERR_INIT;
	struct json_object *s = name[0] ? client_session(status, name, &none) : NULL;

	if (timing[0] == '\0')
		timing = name[0] ? "post" : "pre";
	for (size_t i = js_count(reviews); i-- > 0;) {
		struct json_object *r = js_at(reviews, i);

		if (strcmp(js_text(r, "timing"), timing) != 0)
			continue;
		if (s ? strcmp(js_text(r, "session"), js_text(s, "id")) == 0
		      : !name[0] &&
			    strcmp(js_text(r, "plan"), fields_text(in, "path")) == 0)
			return r;
	}
	return NULL;
}

/* What the server needs to know of a plan: its title and hash, and what it is about. */
static int
add_plan(struct fields *in, struct err *err)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = NULL;
	AUTO_FREE char *words = NULL;
	struct review_need need;
	AUTO_FREE char *text = NULL;
	enum depth depth;
	char why[160];
	bool is_complex = false;

	if (fields_text(in, "path")[0] == '\0')
		return 0;
	plan = plan_load(fields_text(in, "path"), &lints, err);
	lint_list_clear(&lints);
	if (!plan || review_need_of(plan, &need, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->n_phases; i++)
		is_complex |= plan->phase[i].points >= 5;
	words = text_cut(plan->bytes, WORDS_BYTES);
	fields_set(in, "text", words);
	fields_set(in, "title", plan->title);
	fields_set(in, "plan_hash", plan->plan_hash);
	fields_set_number(in, "complex", is_complex);
	depth = depth_of_plan(plan, need.is_required, why, sizeof(why));
	text = xasprintf("%s: %s", depth_name(depth), why);
	fields_set(in, "depth", text);
	return 0;
}

static struct json_object *
review_of(const struct dispatching *d, struct json_object *status)
{
	struct json_object *reviews = js_get(status, "reviews");

	for (size_t i = 0; i < js_count(reviews); i++) {
		if (strcmp(js_text(js_at(reviews, i), "id"), d->review) == 0)
			return js_at(reviews, i);
	}
	return NULL;
}

static int
is_over(const struct dispatching *d, struct json_object *status)
{
	struct json_object *r = review_of(d, status);
	const char *panel = r ? js_text(r, "panel") : "";

	if (strcmp(panel, "collecting") == 0)
		return -1;
	return panel[0] == '\0' || strcmp(js_text(r, "run"), d->path) != 0;
}

/* Others than the method offers by itself? */
static bool
asks_for_others(const struct fields *in)
{
	return fields_text(in, "option")[0] || fields_text(in, "agent")[0] ||
	       fields_text(in, "persona")[0];
}

/*
 * Reviewers that are asked for are followed; others are asked for now.  *ID is the review.
 * 1 when it is asked elsewhere, where nothing is to be followed.
 */
static int
begin(struct dispatching *d, struct fields *in, char **id, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(&d->client, err);
	struct json_object *r = status ? find_review(status, in) : NULL;
	const char *panel = r ? js_text(r, "panel") : "";
	struct fields out = { 0 };
	int rc;

	if (!status)
		return -1;
	if (r && js_text(r, "asked_on")[0] && fields_text(in, "option")[0] == '\0') {
		*id = xstrdup(js_text(r, "id"));
		return 1;
	}
	if (panel[0] && (strcmp(panel, "asked") != 0 || js_number(r, "round", 0) > 0) &&
	    !(js_bool(r, "offered") && asks_for_others(in))) {
		*id = xstrdup(js_text(r, "id"));
		d->path = xstrdup(js_text(r, "run"));
		return 0;
	}
	if (add_plan(in, err) < 0)
		return -1;
	fields_set(in, "what", "start");
	rc = client_order(&d->client, "review", in, &out, 60000, err);
	if (rc == 0) {
		*id = xstrdup(fields_text(&out, "review"));
		d->path = xstrdup(fields_text(&out, "run"));
		rc = fields_text(&out, "asked_on")[0] != '\0';
	}
	fields_clear(&out);
	return rc;
}

static void
put_shown(const struct json_object *o, const char *name)
{
	text_put(stdout, js_text(o, name));
}

static void
print_outcome(const struct json_object *r)
{
	struct json_object *list = js_get(r, "findings");
	size_t n[SEVERITY_N] = { 0 };
	AUTO_FREE char *cost = text_dollars((long)js_number(r, "cost_cents", 0));

	for (size_t i = 0; i < js_count(list); i++) {
		int severity = severity_of(js_text(js_at(list, i), "severity"));

		if (severity >= 0)
			n[severity]++;
	}
	printf("review %s, option %s: %lld reviewer%s answered, %s; ", js_text(r, "id"),
	    js_text(r, "option"), (long long)js_number(r, "n_reviewers", 0),
	    js_number(r, "n_reviewers", 0) == 1 ? "" : "s", cost);
	put_shown(r, "recommendation");
	if (js_text(r, "depth")[0]) {
		printf("\n  a %s review: ", js_text(r, "depth"));
		put_shown(r, "depth_why");
	}
	printf("\n  %zu critical, %zu important, %zu to consider; it is %s", n[0], n[1],
	    n[2], js_text(r, "gate"));
	if (js_text(r, "why")[0]) {
		fputs(": ", stdout);
		put_shown(r, "why");
	}
	fputc('\n', stdout);
	if (js_text(r, "missing")[0]) {
		fputs("  no answer of ", stdout);
		put_shown(r, "missing");
		fputc('\n', stdout);
	}
	printf("  -> divisi findings %s\n", js_text(r, "id"));
}

static int
finish(struct dispatching *d, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(&d->client, err);
	struct json_object *r = status ? review_of(d, status) : NULL;

	if (!r)
		return status ? err_set(err, ERR_NOT_FOUND, "the review is gone") : -1;
	if (js_text(r, "panel")[0])
		return 0; /* declined: that was said */
	if (js_text(r, "trouble")[0]) {
		err_set(err, ERR_HUMAN, "no reviewer gave any findings: %.300s",
		    js_text(r, "trouble"));
		return err_fix(
		    err, "ask again, record what others found, or --waive REASON");
	}
	if (d->as_json)
		puts(json_object_to_json_string_ext(r, JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_outcome(r);
	return 0;
}

/* It was asked on an issue: on which, and what is to be done there. */
static int
finish_asked(struct dispatching *d, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(&d->client, err);
	struct json_object *r = status ? review_of(d, status) : NULL;
	char since[32];

	if (!r)
		return status ? err_set(err, ERR_NOT_FOUND, "the review is gone") : -1;
	if (d->as_json) {
		puts(json_object_to_json_string_ext(r, JSON_C_TO_STRING_NOSLASHESCAPE));
		return 0;
	}
	printf("review %s: option %s is asked on ", js_text(r, "id"),
	    js_text(r, "asked_option"));
	put_shown(r, "asked_on");
	printf(" since %s and waits for an answer\n"
	       "  a trusted author's comment there is recorded: findings as JSON, or a "
	       "plain recommendation\n",
	    text_time(js_number(r, "asked_at", 0), since, sizeof(since)));
	return 0;
}

int
paneling_run(struct fields *in, bool approve_all, bool as_json, struct err *err)
{
	struct dispatching d = { .as_json = as_json, .is_over = is_over };
	AUTO_FREE char *copy = xstrdup(fields_text(in, "path"));
	AUTO_FREE char *id = NULL;
	int rc;

	screen_init(&d.screen, stdout);
	d.is_interactive = isatty(0) && isatty(1) && !as_json;
	rc = client_open(&d.client, copy[0] ? dirname(copy) : NULL, true, err);
	if (rc == 0)
		rc = begin(&d, in, &id, err);
	d.review = id;
	if (rc == 0) {
		fields_set(&d.in, "plan", d.path);
		rc = run_plan(&d, approve_all, NULL, err);
	}
	if (rc >= 0)
		rc = rc > 0 ? finish_asked(&d, err) : finish(&d, err);
	dispatching_clear(&d);
	return rc;
}

/* ---- what there is ------------------------------------------------------------------------ */

static void
print_option(const struct review_option *o)
{
	printf("  %c  %-22s", o->letter, o->name);
	for (int t = 0; t < TIMING_N; t++)
		printf(" %-4s",
		    o->timings & 1u << (unsigned)t ? timing_name((enum timing)t) : "");
	if (o->n_reviewers == 0)
		puts(" asked on its issue; a trusted comment answers");
	else
		printf(" %d reviewer%s%s%s\n", o->n_reviewers,
		    o->n_reviewers > 1 ? "s" : "", o->has_personas ? " and more" : "",
		    o->n_rounds > 1 ? ", 2 rounds" : "");
}

int
paneling_print(const char *name, struct err *err)
{
	const struct embedded *e = name ? persona_shipped(name) : NULL;

	if (name && !e) {
		err_set(err, ERR_NOT_FOUND, "divisi brings no persona '%.40s'", name);
		return err_fix(err, "divisi review --list");
	}
	if (name) {
		fputs(e->data, stdout);
		return 0;
	}
	puts("options, and when");
	for (size_t i = 0; review_option_at(i); i++)
		print_option(review_option_at(i));
	puts("personas (a file of the same name in .divisi/personas/ counts instead)");
	for (size_t i = 0; persona_name_at(i); i++) {
		const char *text = persona_shipped(persona_name_at(i))->data;

		printf("  %-22s %.*s\n", persona_name_at(i), (int)strcspn(text, "\n"),
		    text);
	}
	return 0;
}
