#include "cli/proposal.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void
put(struct json_object *o, const char *name, struct json_object *value)
{
	json_object_object_add(o, name, value);
}

/* Copies the text fields NAMES of OUT, "plan_hash" and the like, under the same names. */
static struct json_object *
texts(const struct fields *out, const char *const *names, size_t n)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < n; i++)
		put(o, names[i], json_str(fields_text(out, names[i])));
	return o;
}

static struct json_object *
session_json(const struct fields *out, size_t i)
{
	static const char *const names[] = { "label", "phase", "issue", "issue_title",
		"issue_url", "focus", "title", "mode", "launch", "agent", "agent_shown",
		"adapter", "program", "version", "branch", "worktree", "path", "verify",
		"after", "prompt", "fence", "grants" };
	struct json_object *o = json_object_new_object();

	for (size_t k = 0; k < N_ELEMS(names); k++)
		put(o, names[k], json_str(fields_text_at(out, i, names[k])));
	if (fields_text_at(out, i, "repo")[0]) {
		put(o, "repository", json_str(fields_text_at(out, i, "repo")));
		put(o, "target", json_str(fields_text_at(out, i, "target")));
	}
	put(o, "prompt_sha256", json_str(fields_text_at(out, i, "prompt_sha")));
	put(o, "estimate_cents",
	    json_cents((long)fields_number_at(out, i, "est_low", -1),
		(long)fields_number_at(out, i, "est_mid", -1),
		(long)fields_number_at(out, i, "est_high", -1)));
	put(o, "budget_cents",
	    json_object_new_int64(fields_number_at(out, i, "budget", 0)));
	put(o, "points", json_object_new_int64(fields_number_at(out, i, "points", 0)));
	put(o, "merge", json_object_new_int64(fields_number_at(out, i, "merge", 0)));
	put(o, "analysis_only",
	    json_object_new_boolean(fields_number_at(out, i, "analysis", 0) != 0));
	return o;
}

static struct json_object *
batch_json(const struct fields *out)
{
	static const char *const names[] = { "kind", "hash", "base" };
	struct json_object *o = texts(out, names, N_ELEMS(names));
	struct json_object *sessions = json_object_new_array();
	int64_t n = fields_number(out, "n_sessions", 0);

	put(o, "number", json_object_new_int64(fields_number(out, "number", 0)));
	put(o, "overrides", json_str(fields_text(out, "overrides")));
	for (int64_t i = 0; i < n; i++)
		json_object_array_add(sessions, session_json(out, (size_t)i));
	put(o, "sessions", sessions);
	return o;
}

/* The fields PREFIX0, PREFIX1 ... */
static struct json_object *
numbered(const struct fields *out, const char *prefix)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0;; i++) {
		AUTO_FREE char *name = xasprintf("%s%zu", prefix, i);

		if (fields_text(out, name)[0] == '\0')
			return list;
		json_object_array_add(list, json_str(fields_text(out, name)));
	}
}

static struct json_object *
checks(const struct fields *out)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0;; i++) {
		AUTO_FREE char *what = xasprintf("check%zu.what", i);
		AUTO_FREE char *found = xasprintf("check%zu.found", i);
		struct json_object *one;

		if (fields_text(out, what)[0] == '\0')
			return list;
		one = json_object_new_object();
		put(one, "what", json_str(fields_text(out, what)));
		put(one, "found", json_str(fields_text(out, found)));
		json_object_array_add(list, one);
	}
}

struct json_object *
proposal_json(const struct fields *out)
{
	static const char *const names[] = { "title", "path", "plan_hash", "sha256",
		"master", "target", "verify", "merge", "landing", "publish" };
	struct json_object *o = json_object_new_object();
	struct json_object *plan = texts(out, names, N_ELEMS(names));

	put(plan, "cap", json_object_new_int64(fields_number(out, "cap", 0)));
	put(plan, "publish_unset",
	    json_object_new_boolean(fields_number(out, "publish_unset", 0) != 0));
	put(o, "hash", json_str(fields_text(out, "hash")));
	put(o, "plan_hash", json_str(fields_text(out, "plan_hash")));
	put(o, "plan", plan);
	put(o, "batch", batch_json(out));
	put(o, "checks", checks(out));
	put(o, "notes", numbered(out, "note"));
	put(o, "pairs", numbered(out, "pair"));
	return o;
}

static void
print_list(
    const struct screen *screen, const struct json_object *list, const char *label)
{
	for (size_t i = 0; i < js_count(list); i++) {
		fprintf(screen->out, "  %-12s ", label);
		screen_wrap(screen, 15, 15, json_object_get_string(js_at(list, i)));
	}
}

void
proposal_print(const struct screen *screen, const struct json_object *proposal)
{
	struct json_object *list = js_get(proposal, "checks");

	fputs("preflight\n", screen->out);
	for (size_t i = 0; i < js_count(list); i++) {
		const struct json_object *one = js_at(list, i);
		AUTO_FREE char *what = text_show(js_text(one, "what"), true);

		fprintf(screen->out, "  %-12s ", what);
		screen_wrap(screen, 15, 15, js_text(one, "found"));
	}
	print_list(screen, js_get(proposal, "notes"), "note");
	print_list(screen, js_get(proposal, "pairs"), "pair");
	fputc('\n', screen->out);
}
