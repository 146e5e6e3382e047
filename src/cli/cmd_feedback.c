#include "cli/cmd.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/feedback_in.h"
#include "cli/screen.h"
#include "policy/feedback.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define LOG_BYTES (8u << 20)

const struct option_doc cmd_feedback_options[] = {
	OPTION_JSON,
	{ "all", NULL, "also what is settled or without effect", 'a' },
	{ "kind", "KIND", "add: review, ci, comment, alert, preview ... (review)", 0 },
	{ "author", "NAME", "add: who said it", 0 },
	{ "pull", "URL", "add: about this pull request", 0 },
	{ "branch", "BRANCH", "add: about this branch", 0 },
	{ "commit", "COMMIT", "add: about this commit", 0 },
	{ "issue", "ISSUE", "add: about this issue", 0 },
	{ "deploy", "URL", "add: about this deployment", 0 },
	{ "log", "FILE", "add: of this log what matters is told", 0 },
	{ "id", "ID", "add: its own id; the same is taken once", 0 },
	{ "reason", "TEXT", "dismiss, send: why", 0 },
	OPTION_END,
};

struct wanted {
	const char *word[4];
	size_t n;
	const char *value[N_ELEMS(cmd_feedback_options)]; /* by the option's place */
	bool as_json, all;
};

static int
read_wanted(int argc, char **argv, struct wanted *w, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_feedback_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && w->n == 3)
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
		if (at == ARGS_WORD)
			w->word[w->n++] = args.value;
		else if (at == 0)
			w->as_json = true;
		else if (at == 1)
			w->all = true;
		else
			w->value[at] = args.value;
	}
	return 0;
}

static const char *
value_of(const struct wanted *w, const char *name)
{
	for (size_t i = 0; cmd_feedback_options[i].name; i++) {
		if (strcmp(cmd_feedback_options[i].name, name) == 0)
			return w->value[i] ? w->value[i] : "";
	}
	return "";
}

/* ---- the list -------------------------------------------------------------------------- */

static void
print_one(const struct screen *screen, const struct json_object *f)
{
	bool is_open = strcmp(js_text(f, "state"), "escalated") == 0;
	struct json_object *intent = js_get(f, "intent");
	AUTO_FREE char *author = text_show(js_text(f, "author"), true);
	AUTO_FREE char *url = text_show(js_text(f, "url"), true);

	screen_put(screen, is_open ? STYLE_WARN : STYLE_DIM, js_text(f, "id"));
	fprintf(screen->out, " %s, %s%s%s, %s%s%s%s%s%s%s\n", js_text(f, "row"),
	    js_text(f, "kind"), author[0] ? " by " : "", author,
	    is_open ? "yours" : js_text(f, "state"),
	    js_text(f, "action")[0] ? " (" : "", js_text(f, "action"),
	    js_text(f, "action")[0] ? ")" : "", js_text(f, "session")[0] ? ": " : "",
	    js_text(f, "session"), url[0] ? "" : "");
	if (intent)
		fprintf(screen->out, "  %s, %lld %%%s%s\n", js_text(intent, "intent"),
		    (long long)js_number(intent, "confidence", 0),
		    js_text(intent, "warning")[0] ? ": " : "",
		    js_text(intent, "warning"));
	if (js_text(f, "why")[0]) {
		fputs("  ", screen->out);
		screen_wrap(screen, 2, 2, js_text(f, "why"));
	}
	if (url[0])
		fprintf(screen->out, "  %s\n", url);
	if (js_text(f, "text")[0]) {
		fputs("  ", screen->out);
		screen_wrap(screen, 2, 2, js_text(f, "text"));
	}
	if (is_open)
		fprintf(screen->out, "  -> divisi approvals %s\n", js_text(f, "id"));
}

static int
list(struct client *client, const struct wanted *w, struct err *err)
{
	AUTO_JSON struct json_object *all = client_get(client, "/v1/feedback", err);
	struct json_object *items = js_get(all, "feedback");
	struct screen screen;
	size_t n = 0;

	if (!all)
		return -1;
	if (w->as_json) {
		puts(json_object_to_json_string_ext(
		    all, JSON_C_TO_STRING_NOSLASHESCAPE));
		return 0;
	}
	screen_init(&screen, stdout);
	for (size_t i = 0; i < js_count(items); i++) {
		const struct json_object *f = js_at(items, i);

		if (!w->all && strcmp(js_text(f, "state"), "escalated") != 0)
			continue;
		print_one(&screen, f);
		n++;
	}
	if (n == 0 && !w->all)
		puts("Nothing from outside waits for you.");
	printf("%lld came: %lld acted on, %lld yours, %lld without effect%s\n",
	    (long long)js_number(all, "n", 0), (long long)js_number(all, "acted", 0),
	    (long long)js_number(all, "escalated", 0),
	    (long long)js_number(all, "ignored", 0), w->all ? "" : " (--all)");
	return 0;
}

/* ---- by hand --------------------------------------------------------------------------- */

static int
read_raw(const struct wanted *w, struct fields *raw, struct err *err)
{
	static const char *const same[] = { "author", "branch", "commit", "issue",
		"deploy" };
	const char *kind = value_of(w, "kind"), *log = value_of(w, "log");
	const char *text = w->n > 1 ? w->word[1] : "";
	AUTO_FREE char *all = NULL;
	char id[HASH_HEX_SIZE];

	kind = kind[0] ? kind : "review";
	if (!feedback_kind_ok(kind))
		return err_set(
		    err, ERR_USAGE, "no kind of feedback is called '%.40s'", kind);
	if (text[0] == '\0' && log[0] == '\0') {
		err_set(err, ERR_USAGE, "feedback says something");
		return err_fix(err, "divisi feedback add TEXT --branch BRANCH");
	}
	fields_set(raw, "source", "hand");
	fields_set(raw, "kind", kind);
	fields_set(raw, "text", text);
	fields_set(raw, "pull_url", value_of(w, "pull"));
	for (size_t i = 0; i < N_ELEMS(same); i++)
		fields_set(raw, same[i], value_of(w, same[i]));
	if (log[0]) {
		AUTO_FREE char *read = file_read_tail(log, LOG_BYTES);

		if (!read)
			return err_set(err, ERR_NOT_FOUND, "cannot read %.120s", log);
		fields_set(raw, "log", read);
	}
	all = fields_to_json(raw);
	hash_sha256(all, strlen(all), id);
	id[20] = '\0';
	fields_set(raw, "delivery", value_of(w, "id")[0] ? value_of(w, "id") : id);
	return 0;
}

static int
add(struct client *client, const struct wanted *w, struct fields *out, struct err *err)
{
	struct feedback_rules rules = { 0 };
	struct fields raw = { 0 }, one = { 0 }, in = { 0 };
	int rc = feedback_rules_read(&rules, client->top, err);

	if (rc < 0)
		return -1;
	rc = read_raw(w, &raw, err);
	if (rc == 0)
		rc = feedback_rules_apply(&rules, &raw, true, &one, err);
	if (rc > 0) {
		fields_set(&in, "what", "take");
		fields_set_number(&in, "n", 1);
		feedback_put(&in, 0, &one);
		rc = client_order(client, "feedback", &in, out, 60000, err);
	}
	fields_clear(&raw);
	fields_clear(&one);
	fields_clear(&in);
	feedback_rules_clear(&rules);
	return rc;
}

static void
print_added(const struct fields *out)
{
	const char *why = fields_text(out, "s0.why");

	printf("%s %s%s%s%s%s%s\n", fields_text(out, "s0.id"),
	    fields_text(out, "s0.state"), fields_text(out, "s0.session")[0] ? ": " : "",
	    fields_text(out, "s0.session"), why[0] ? ", " : "", why,
	    fields_number(out, "s0.new", 0) ? "" : " (it came before)");
}

static int
settle(
    struct client *client, const struct wanted *w, struct fields *out, struct err *err)
{
	struct fields in = { 0 };
	int rc;

	fields_set(&in, "what", w->word[0]);
	fields_set(&in, "feedback", w->word[1]);
	fields_set(&in, "session", w->n > 2 ? w->word[2] : "");
	fields_set(&in, "reason", value_of(w, "reason"));
	rc = client_order(client, "feedback", &in, out, 60000, err);
	fields_clear(&in);
	return rc;
}

static int
carry_out(struct client *client, const struct wanted *w, struct err *err)
{
	bool adds = w->n > 0 && strcmp(w->word[0], "add") == 0;
	struct fields out = { 0 };
	int rc;

	if (w->n == 0)
		return list(client, w, err);
	if (adds && w->n <= 2)
		rc = add(client, w, &out, err);
	else if (w->n > 1 && (strcmp(w->word[0], "send") == 0 ||
				 (strcmp(w->word[0], "dismiss") == 0 && w->n == 2)))
		rc = settle(client, w, &out, err);
	else
		rc = err_set(err, ERR_USAGE,
		    "feedback takes add TEXT, send ID SESSION or "
		    "dismiss ID");
	if (rc == 0 && w->as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0 && adds) {
		print_added(&out);
	} else if (rc == 0) {
		printf("%s %s%s%s\n", fields_text(&out, "feedback"),
		    fields_text(&out, "action"),
		    fields_text(&out, "session")[0] ? ": " : "",
		    fields_text(&out, "session"));
	}
	fields_clear(&out);
	return rc;
}

int
cmd_feedback(int argc, char **argv)
{
	struct wanted w = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	int rc = read_wanted(argc, argv, &w, &err);

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = carry_out(&client, &w, &err);
	client_close(&client);
	return rc < 0 ? cmd_fail(&err, w.as_json) : 0;
}
