#include "engine/asked.h"

#include "core/feedback.h"
#include "core/review.h"
#include "engine/internal.h"
#include "engine/reports.h"
#include "policy/asked.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REST_BYTES 3900 /* of the words below a plain recommendation */

/* ---- the request ------------------------------------------------------------------------- */

static char *
request_text(const struct review_option *o, const struct subject *about, const char *id)
{
	const struct session *s = about->session;
	const char *slash = strrchr(about->path, '/');
	AUTO_FREE char *what =
	    s ? xasprintf("The change of %s (%s): %s", s->issue, s->phase, s->focus)
	      : xasprintf("The master plan %s, before anything of it is launched.",
		    slash ? slash + 1 : about->path);
	AUTO_FREE char *where = s && s->head[0]
				    ? xasprintf(
					  "Branch %s: git diff %.12s %.12s shows it.",
					  s->branch, s->base, s->head)
				    : xstrdup("");
	const struct review_request request = { .id = id,
		.option = o->letter,
		.is_change = s != NULL,
		.what = what,
		.where = where,
		.pull = s ? s->pull_url : "" };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	review_request_print(f, &request);
	fclose(f);
	return text;
}

static bool
waits_for_same(const struct review *r, char letter, const char *hash, const char *head)
{
	return r && r->asked_on[0] && r->run_option[0] == letter &&
	       strcmp(r->run_hash, hash) == 0 && strcmp(r->run_head, head) == 0;
}

int
asked_start(struct engine *engine, const struct review_option *o,
    const struct fields *in, const struct subject *about, const struct caller *caller,
    struct err *err)
{
	const struct session *s = about->session;
	const struct review *r = core_review_of(
	    engine->core, about->path, s ? s->id : "", about->timing);
	const struct plan_run *p = core_plan_by_path(engine->core, about->path);
	AUTO_FREE char *on = review_place(s, p);
	const char *hash = fields_text(in, "plan_hash");
	AUTO_FREE char *id = r ? xstrdup(r->id)
			       : xasprintf("v%zu", engine->core->n_reviews + 1);
	AUTO_FREE char *run = xasprintf("%s/asked.%d", id, r ? r->n_runs + 1 : 1);
	AUTO_FREE char *text = request_text(o, about, id);
	char option[2] = { o->letter, '\0' };
	struct fields f = { 0 };
	int rc;

	if (on[0] == '\0') {
		err_set(err, ERR_REFUSED,
		    "option %c (%s) is asked on an issue, and it has none yet",
		    o->letter, o->name);
		return err_fix(err,
		    "divisi dispatch makes it; what they found elsewhere comes in with "
		    "--option %c --record FILE",
		    o->letter);
	}
	if (waits_for_same(r, o->letter, hash, s ? s->head : ""))
		return 0;
	fields_set(&f, "path", about->path);
	fields_set(&f, "session", s ? s->id : "");
	fields_set(&f, "timing", about->timing);
	fields_set(&f, "option", option);
	fields_set(&f, "plan_hash", hash);
	fields_set(&f, "head", s ? s->head : "");
	fields_set(&f, "run", run);
	fields_set(&f, "reviewers", o->name);
	fields_set_number(&f, "rounds", 1);
	fields_set(&f, "issue", on);
	fields_set(&f, "text", text);
	rc = engine_happen(engine, HAP_REVIEW_STARTED, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

/* ---- the answer -------------------------------------------------------------------------- */

bool
asked_takes(const char *kind)
{
	return strcmp(kind, "comment") == 0 || strcmp(kind, "pr-comment") == 0 ||
	       strcmp(kind, "review") == 0;
}

/* The one review that waits for an answer where SAID was said, or NULL. */
static const struct review *
review_asked(const struct core *core, const struct remark *said)
{
	for (size_t i = core->n_reviews; i-- > 0;) {
		const struct review *r = &core->review[i];

		if (r->asked_on[0] == '\0')
			continue;
		if (said->session ? strcmp(r->session, said->session->id) == 0
				  : strcasecmp(r->asked_on, said->issue) == 0)
			return r;
	}
	return NULL;
}

/* A plain word as JSON, so that it is read as all findings are; what is below it is one. */
static char *
plain_json(const struct review_answer *a)
{
	AUTO_JSON struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array(), *row;
	AUTO_FREE char *all = xstrndup(a->rest.p ? a->rest.p : "", a->rest.n);
	AUTO_FREE char *text = text_cut(all, REST_BYTES);

	json_object_object_add(
	    o, "recommendation", json_object_new_string(a->recommendation));
	if (text[0] && strcmp(a->recommendation, "APPROVE") != 0) {
		row = json_object_new_object();
		json_object_object_add(
		    row, "severity", json_object_new_string("important"));
		json_object_object_add(row, "text", json_object_new_string(text));
		json_object_array_add(list, row);
	}
	json_object_object_add(o, "findings", list);
	return xstrdup(json_object_to_json_string(o));
}

/* AUTHOR as a reviewer is named, in TO: "copilot[bot]" is copilot-bot. */
static void
name_author(const char *author, char *to, size_t size)
{
	size_t n = 0;

	for (; *author && n + 1 < size; author++) {
		if (isalnum((unsigned char)*author) || strchr("._", *author))
			to[n++] = *author;
		else if (n > 0 && to[n - 1] != '-')
			to[n++] = '-';
	}
	while (n > 0 && to[n - 1] == '-')
		n--;
	to[n] = '\0';
	if (n == 0)
		snprintf(to, size, "outside");
}

static int
record_answer(struct engine *engine, const struct review *r, const char *json,
    const struct remark *said, const char *actor, struct err *err)
{
	const struct review_made made = { .path = r->plan_path,
		.session = r->session[0] ? core_session(engine->core, r->session)
					 : NULL,
		.timing = r->timing,
		.option = r->run_option,
		.plan_hash = r->run_hash,
		.head = r->run_head,
		.run = r->run,
		.missing = "",
		.round = 1 };
	struct reports reports = { 0 };
	char author[60];
	int rc;

	name_author(said->author, author, sizeof(author));
	rc = reports_read(&reports, json, strlen(json), author, err);

	if (rc == 0) {
		reports_are_of(&reports, author);
		rc = reviews_record(engine, &made, &reports, actor, err);
	}
	reports_clear(&reports);
	return rc;
}

int
asked_collect(struct engine *engine, const struct remark *said, const char *actor,
    struct fields *f, struct err *err)
{
	const struct review *r = review_asked(engine->core, said);
	AUTO_FREE char *id = r ? xstrdup(r->id) : NULL;
	AUTO_FREE char *json = NULL;
	struct review_answer answer;
	struct err why = ERR_INIT;

	/* A session does not review itself, nor does one another one unasked. */
	if (!r || strncmp(actor, "human:", 6) != 0 ||
	    !review_answer_parse(said->text, r->session[0] != '\0', &answer))
		return 0;
	json = answer.json.n > 0 ? xstrndup(answer.json.p, answer.json.n)
				 : plain_json(&answer);
	if (record_answer(engine, r, json, said, actor, &why) < 0) {
		if (why.kind == ERR_SYSTEM) {
			*err = why;
			return -1;
		}
		fields_set(f, "trouble", why.text);
	}
	fields_set(f, "review", id);
	return 0;
}

void
asked_commented(struct engine *engine, const struct fields *in, const char *actor,
    struct fields *out)
{
	const char *name = strchr(actor, ':');
	struct fields about = { 0 }, came = { 0 };
	struct remark said = { .text = fields_text(in, "body"),
		.author = name ? name + 1 : "",
		.issue = fields_text(in, "id") };
	struct err err = ERR_INIT;
	char why[200];

	fields_set(&about, "issue", said.issue);
	said.session = core_feedback_match(engine->core, &about, why, sizeof(why));
	if (asked_collect(engine, &said, actor, &came, &err) < 0)
		fields_set(&came, "trouble", err.text);
	if (fields_text(&came, "trouble")[0])
		fields_setf(out, "text", "%sIt is no answer to the review: %s\n",
		    fields_text(out, "text"), fields_text(&came, "trouble"));
	else if (fields_text(&came, "review")[0])
		fields_setf(out, "text", "%sIt is recorded as review %s.\n",
		    fields_text(out, "text"), fields_text(&came, "review"));
	fields_clear(&about);
	fields_clear(&came);
}
