#include "engine/reports.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/debate.h"

#include <json-c/json.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_VALUES = 20000, MAX_TEXT = 4000, MAX_NAME = 60 };

/* From the mildest on; a plan's and a change's share their places. */
static const struct {
	const char *word;
	int weight;
} recommendations[] = {
	{ "APPROVE", 1 },
	{ "REVISE", 2 },
	{ "REQUEST CHANGES", 2 },
	{ "RETHINK", 3 },
	{ "BLOCK", 3 },
};

static int
weight_of(const char *word)
{
	for (size_t i = 0; i < N_ELEMS(recommendations); i++) {
		if (strcmp(recommendations[i].word, word) == 0)
			return recommendations[i].weight;
	}
	return 0;
}

const char *
reports_recommendation(const struct reports *r)
{
	const char *worst = "";

	for (size_t i = 0; i < r->n_reviewers; i++) {
		if (weight_of(r->recommendation[i]) > weight_of(worst))
			worst = r->recommendation[i];
	}
	return worst;
}

char *
reports_names(const struct reports *r)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < r->n_reviewers; i++)
		fprintf(f, "%s%s", i ? ", " : "", r->reviewer[i]);
	fclose(f);
	return text;
}

static const char *
keep_take(struct reports *r, char *owned)
{
	GROW(r->string, r->n_strings, r->cap_strings);
	r->string[r->n_strings++] = owned;
	return owned;
}

void
reports_are_of(struct reports *r, const char *name)
{
	const char *worst = reports_recommendation(r);

	name = keep_take(r, xstrdup(name));
	for (size_t i = 0; i < r->n; i++)
		r->item[i].reviewer = name;
	r->reviewer[0] = name;
	r->recommendation[0] = worst;
	r->n_reviewers = 1;
}

void
reports_clear(struct reports *r)
{
	for (size_t i = 0; i < r->n_strings; i++)
		free(r->string[i]);
	free(r->string);
	free(r->item);
	*r = (struct reports){ 0 };
}

/* Where in the text we are, for the message. */
struct at {
	size_t reviewer, finding;
	bool is_list, in_finding;
};

static int
bad(const struct at *at, const char *member, const char *what, struct err *err)
{
	char place[64] = "";

	if (at->is_list)
		snprintf(place, sizeof(place), "[%zu].", at->reviewer);
	if (at->in_finding)
		snprintf(place + strlen(place), sizeof(place) - strlen(place),
		    "findings[%zu].", at->finding);
	err_set(err, ERR_INPUT, "%s%s %s", place, member, what);
	return err_fix(err, "divisi help review shows what findings look like");
}

/*
 * Member NAME of O, under the first of its names that is there, as one line into *TO: "" when there is none.  MAX bytes are what
 * it may have.
 */
static int
take_text(struct reports *r, struct json_object *o, const char *const name[3],
    size_t max, const char **to, const struct at *at, struct err *err)
{
	struct json_object *v = json_object_object_get(o, name[0]);

	for (size_t i = 1; i < 3 && !v && name[i]; i++)
		v = json_object_object_get(o, name[i]);
	if (!v) {
		*to = "";
		return 0;
	}
	if (!json_object_is_type(v, json_type_string))
		return bad(at, name[0], "is no text", err);
	if ((size_t)json_object_get_string_len(v) != strlen(json_object_get_string(v)))
		return bad(at, name[0], "holds a NUL", err);
	if ((size_t)json_object_get_string_len(v) > max)
		return bad(at, name[0], "is too long", err);
	*to = keep_take(r, text_show(json_object_get_string(v), true));
	return 0;
}

static bool
is_effort(const char *word)
{
	return word[0] == '\0' || strcmp(word, "trivial") == 0 ||
	       strcmp(word, "small") == 0 || strcmp(word, "medium") == 0 ||
	       strcmp(word, "large") == 0;
}

static int
read_finding(struct reports *r, struct json_object *o, const char *reviewer,
    const struct at *at, struct err *err)
{
	static const char *const severity_name[] = { "severity", NULL, NULL };
	static const struct {
		const char *name[3];
		size_t at, max;
	} members[] = {
		{ { "text", "description" }, offsetof(struct report, text), MAX_TEXT },
		{ { "where", "spec_section" }, offsetof(struct report, where), 300 },
		{ { "advice", "mitigation", "fix" }, offsetof(struct report, advice),
		    MAX_TEXT },
		{ { "effort", NULL }, offsetof(struct report, effort), 20 },
		{ { "spec", NULL }, offsetof(struct report, spec), 500 },
		{ { "same_as", NULL }, offsetof(struct report, same_as), 8 },
		{ { "stance", NULL }, offsetof(struct report, stance), 12 },
	};
	struct report one = { .reviewer = reviewer };
	const char *severity;
	int known;

	if (!json_object_is_type(o, json_type_object))
		return bad(at, "", "is no object", err);
	for (size_t i = 0; i < N_ELEMS(members); i++) {
		if (take_text(r, o, members[i].name, members[i].max,
			(const char **)(void *)((char *)&one + members[i].at), at,
			err) < 0)
			return -1;
	}
	if (take_text(r, o, severity_name, 40, &severity, at, err) < 0)
		return -1;
	known = severity_of(severity);
	if (known < 0)
		return bad(
		    at, "severity", "is none of critical, important, consider", err);
	if (one.text[strspn(one.text, " ")] == '\0')
		return bad(at, "text", "says nothing", err);
	if (!is_effort(one.effort))
		return bad(
		    at, "effort", "is none of trivial, small, medium, large", err);
	if (stance_of(one.stance) < 0)
		return bad(at, "stance",
		    "is none of AGREE, COMPLEMENT, CONTRADICT, PRIORITY, SCOPE, ESCALATE",
		    err);
	one.severity = (enum severity)known;
	GROW(r->item, r->n, r->cap);
	r->item[r->n++] = one;
	return 0;
}

/* Names are listed with commas, and stand in tables. */
static bool
is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789._- ";

	return name[0] && name[0] != ' ' && strlen(name) <= MAX_NAME &&
	       name[strspn(name, letters)] == '\0';
}

static int
add_reviewer(struct reports *r, const char *name, const char *recommendation,
    const struct at *at, struct err *err)
{
	size_t i = 0;

	if (!is_name(name))
		return bad(at, "reviewer", "is no name of letters and digits", err);
	if (recommendation[0] && weight_of(recommendation) == 0)
		return bad(at, "recommendation",
		    "is none of APPROVE, REVISE, RETHINK, REQUEST CHANGES, BLOCK", err);
	while (i < r->n_reviewers && strcmp(r->reviewer[i], name) != 0)
		i++;
	if (i == REPORTS_MAX_REVIEWERS)
		return bad(at, "reviewer", "is one too many", err);
	if (i == r->n_reviewers) {
		r->reviewer[r->n_reviewers++] = name;
		r->recommendation[i] = recommendation;
	} else if (weight_of(recommendation) > weight_of(r->recommendation[i])) {
		r->recommendation[i] = recommendation;
	}
	return 0;
}

static int
read_reviewer(struct reports *r, struct json_object *o, const char *name, struct at *at,
    struct err *err)
{
	static const char *const reviewer_name[] = { "reviewer", "persona", NULL };
	static const char *const recommendation_name[] = { "recommendation", NULL,
		NULL };
	const char *reviewer, *recommendation;
	struct json_object *list;

	if (!json_object_is_type(o, json_type_object))
		return bad(at, "", "is no object", err);
	if (take_text(r, o, reviewer_name, MAX_NAME, &reviewer, at, err) < 0 ||
	    take_text(r, o, recommendation_name, 20, &recommendation, at, err) < 0)
		return -1;
	if (reviewer[0] == '\0')
		reviewer = keep_take(r, xstrdup(name));
	if (add_reviewer(r, reviewer, recommendation, at, err) < 0)
		return -1;
	list = json_object_object_get(o, "findings");
	if (!json_object_is_type(list, json_type_array))
		return bad(at, "findings", "is no list", err);
	if (json_object_array_length(list) > REPORTS_MAX_FINDINGS)
		return bad(at, "findings", "are more than 50 of one reviewer", err);
	at->in_finding = true;
	for (at->finding = 0; at->finding < json_object_array_length(list);
	     at->finding++) {
		if (read_finding(r, json_object_array_get_idx(list, at->finding),
			reviewer, at, err) < 0)
			return -1;
	}
	at->in_finding = false;
	return 0;
}

static struct json_object *
parse(const char *text, size_t n, struct err *err)
{
	struct json_tokener *tok;
	struct json_object *o;

	if (n > REPORTS_MAX_BYTES) {
		err_set(err, ERR_INPUT, "the findings are larger than 1 MiB");
		return NULL;
	}
	if (text_utf8_bad(text, n) >= 0 || !text_json_is_modest(text, n, MAX_VALUES)) {
		err_set(err, ERR_INPUT, "the findings are no JSON");
		return NULL;
	}
	tok = json_tokener_new_ex(MAX_DEPTH);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tok, text, (int)n);
	if (o && (json_tokener_get_error(tok) != json_tokener_success ||
		     strspn(text + json_tokener_get_parse_end(tok), " \t\r\n") !=
			 n - json_tokener_get_parse_end(tok))) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	if (!o) {
		err_set(err, ERR_INPUT, "the findings are no JSON");
		err_fix(err, "divisi help review shows what findings look like");
	}
	return o;
}

int
reports_read(
    struct reports *r, const char *text, size_t n, const char *name, struct err *err)
{
	size_t n_items = r->n, n_reviewers = r->n_reviewers;
	struct json_object *o = parse(text, n, err);
	struct at at = { 0 };
	int rc = 0;

	if (!o)
		return -1;
	at.is_list = json_object_is_type(o, json_type_array);
	if (!at.is_list) {
		rc = read_reviewer(r, o, name, &at, err);
	} else {
		for (; rc == 0 && at.reviewer < json_object_array_length(o);
		     at.reviewer++)
			rc = read_reviewer(r, json_object_array_get_idx(o, at.reviewer),
			    name, &at, err);
		if (rc == 0 && json_object_array_length(o) == 0)
			rc = err_set(err, ERR_INPUT, "no reviewer has said anything");
	}
	json_object_put(o);
	if (rc < 0) {
		r->n = n_items;
		r->n_reviewers = n_reviewers;
	}
	return rc;
}
