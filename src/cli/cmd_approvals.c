#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/inbox.h"

#include <stdio.h>
#include <string.h>

const struct option_doc cmd_approvals_options[] = {
	OPTION_JSON,
	{ "watch", NULL, "go on: each is put to you, or printed, as it comes", 'w' },
	{ "rules", NULL, "what you allow beforehand, and how often it was used", 0 },
	{ "forget", "RULE", "end this rule", 0 },
	OPTION_END,
};

enum { WAIT_MS = 1000 };

struct wanted {
	const char *id, *forget;
	bool as_json, watch, rules;
};

static int
read_wanted(int argc, char **argv, struct wanted *w, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_approvals_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		switch (at) {
		case ARGS_BAD: return -1;
		case ARGS_WORD:
			if (w->id)
				return err_set(
				    err, ERR_USAGE, "approvals takes one id at most");
			w->id = args.value;
			break;
		case 0: w->as_json = true; break;
		case 1: w->watch = true; break;
		case 2: w->rules = true; break;
		default: w->forget = args.value; break;
		}
	}
	if (w->watch + w->rules + (w->forget != NULL) + (w->id != NULL) > 1)
		return err_set(err, ERR_USAGE,
		    "one of an id, --watch, --rules and --forget at a time");
	return 0;
}

static void
print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
print_rules(const struct screen *screen, const struct json_object *all)
{
	static const char *const header[] = { "Rule", "Where", "Agent", "Used", "By",
		"Allows" };
	struct json_object *rules = js_get(all, "rules");
	struct sheet sheet;
	size_t n = 0;

	sheet_init(&sheet, header, N_ELEMS(header));
	sheet.n_narrow = 2;
	for (size_t i = 0; i < js_count(rules); i++) {
		const struct json_object *r = js_at(rules, i);
		AUTO_FREE char *used = xasprintf(
		    "%lld", (long long)js_number(r, "used", 0));
		AUTO_FREE char *where = xasprintf("%s%s%s", js_text(r, "scope"),
		    js_text(r, "about")[0] ? " " : "", js_text(r, "about"));
		AUTO_FREE char *pattern = text_show(js_text(r, "pattern"), true);
		AUTO_FREE char *note = xasprintf("%s: %s, used %s times, by %s",
		    js_text(r, "agent"), pattern, used, js_text(r, "by"));
		const char *cells[] = { js_text(r, "id"), where, js_text(r, "agent"),
			used, js_text(r, "by"), pattern };

		if (js_text(r, "ended_by")[0])
			continue;
		sheet_add(&sheet, cells, note);
		n++;
	}
	if (n > 0)
		sheet_print(&sheet, screen);
	else
		fputs("No rules: every request is put to you.\n", screen->out);
	sheet_clear(&sheet);
}

/* All entries, or the one called ID; ERR_NOT_FOUND when there is none of that name. */
static int
print_list(const struct screen *screen, struct client *client, struct json_object *all,
    const char *id, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(client, err);
	struct json_object *items = js_get(all, "approvals");
	size_t n = 0;

	if (!status)
		return -1;
	for (size_t i = 0; i < js_count(items); i++) {
		const struct json_object *item = js_at(items, i);

		if (id && strcmp(js_text(item, "id"), id) != 0)
			continue;
		if (n++ > 0)
			fputc('\n', screen->out);
		inbox_print(screen, item, status, js_number(all, "now", 0));
	}
	if (n == 0 && id) {
		err_set(err, ERR_NOT_FOUND, "nothing to approve is called '%.60s'", id);
		return err_fix(err, "divisi approvals lists what waits for you");
	}
	if (n == 0)
		fputs("Nothing waits for your yes or no.\n", screen->out);
	return 0;
}

/* The entries whose ids are not in *SEEN yet. */
static int
print_new(const struct screen *screen, struct client *client, struct json_object *all,
    bool as_json, char **seen)
{
	struct err err = ERR_INIT;
	AUTO_JSON struct json_object *status = client_status(client, &err);
	struct json_object *items = js_get(all, "approvals");

	for (size_t i = 0; i < js_count(items); i++) {
		struct json_object *item = js_at(items, i);
		AUTO_FREE char *word = xasprintf("%s ", js_text(item, "id"));
		char *more;

		if (*seen && strstr(*seen, word))
			continue;
		more = xasprintf("%s %s", *seen ? *seen : "", word);
		free(*seen);
		*seen = more;
		if (as_json)
			print_json(item);
		else
			inbox_print(screen, item, status, js_number(all, "now", 0));
	}
	fflush(stdout);
	return ferror(stdout) ? 1 : 0;
}

static int
watch(const struct screen *screen, struct client *client, bool as_json, struct err *err)
{
	bool asks = !as_json && ask_possible();
	AUTO_FREE char *seen = NULL;
	int rc = 0;

	while (rc >= 0 && !ferror(stdout)) {
		AUTO_JSON struct json_object *all = client_get(
		    client, "/v1/approvals", err);

		if (!all)
			return -1;
		rc = asks ? inbox_walk(client, screen, &seen, err)
			  : print_new(screen, client, all, as_json, &seen);
		if (rc >= 0)
			rc = client_wait_change(
			    client, js_number(all, "seq", 0), WAIT_MS, err);
	}
	return rc;
}

static int
forget(struct client *client, const char *rule, bool as_json, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "rule", rule);
	rc = client_order(client, "forget", &in, &out, 60000, err);
	if (rc == 0 && as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		puts("ended: what it allowed is put to you again");
	}
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

int
cmd_approvals(int argc, char **argv)
{
	struct wanted w = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	struct screen screen;
	AUTO_JSON struct json_object *all = NULL, *here = NULL;
	int rc = read_wanted(argc, argv, &w, &err);

	/* Where divisi was never used that is said, and no server is started. */
	if (rc == 0 && !(here = client_look(NULL, &err)))
		rc = -1;
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0 && !(all = client_get(&client, "/v1/approvals", &err)))
		rc = -1;
	screen_init(&screen, stdout);
	if (rc < 0)
		goto out;
	if (w.forget)
		rc = forget(&client, w.forget, w.as_json, &err);
	else if (w.watch)
		rc = watch(&screen, &client, w.as_json, &err);
	else if (w.as_json)
		print_json(all);
	else if (w.rules)
		print_rules(&screen, all);
	else
		rc = print_list(&screen, &client, all, w.id, &err);
out:
	client_close(&client);
	return rc < 0 ? cmd_fail(&err, w.as_json) : 0;
}
