#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/board.h"
#include "cli/client.h"
#include "cli/degraded.h"
#include "cli/gain.h"
#include "cli/inbox.h"
#include "cli/json.h"
#include "cli/outbox.h"
#include "cli/report.h"
#include "core/events.h"
#include "git/surface.h"
#include "sys/fetch.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define WATCH_LOOK_MS 250

const struct option_doc cmd_status_options[] = { OPTION_JSON, OPTION_END };
const struct option_doc cmd_watch_options[] = { OPTION_JSON, OPTION_END };
const struct option_doc cmd_report_options[] = { OPTION_JSON, OPTION_END };
const struct option_doc cmd_events_options[] = {
	OPTION_JSON,
	{ "after", "SEQ", "only rows after this one", 0 },
	{ "follow", NULL, "go on as rows are written", 'f' },
	{ "until", "SEQ", "only rows up to this one", 0 },
	{ "kinds", NULL, "every kind of event there is, and its fields", 0 },
	OPTION_END,
};

/* Reads a verb with --json and at most one word. */
static int
simple(int argc, char **argv, const struct option_doc *options, const char *usage,
    const char **word, bool *as_json)
{
	const char *words[2] = { NULL };
	struct args_simple want = { usage, as_json, words, 0, 1 };
	struct err err = ERR_INIT;
	struct args args;

	args_init(&args, options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, *as_json);
	if (word)
		*word = words[0];
	else if (words[0]) {
		err_set(&err, ERR_USAGE, "%s takes no word", usage);
		return cmd_fail(&err, *as_json);
	}
	return -1;
}

static void
print_json(const struct json_object *o)
{
	puts(json_object_to_json_string_ext(
	    (struct json_object *)(uintptr_t)o, JSON_C_TO_STRING_NOSLASHESCAPE));
}

int
cmd_status(int argc, char **argv)
{
	bool as_json = false;
	int rc = simple(argc, argv, cmd_status_options, "status", NULL, &as_json);
	struct err err = ERR_INIT;
	struct screen screen;
	struct surface surface;
	AUTO_JSON struct json_object *status = NULL;

	if (rc >= 0)
		return rc;
	if (surface_at(".", &surface, &err) < 0)
		return cmd_fail(&err, as_json);
	status = client_look(NULL, &err);
	if (!status)
		return cmd_fail(&err, as_json);
	screen_init(&screen, stdout);
	if (surface.is_degraded)
		degraded_say(&surface);
	if (as_json) {
		json_object_object_add(
		    status, "surface", json_str(surface_name(surface.kind)));
		json_object_object_add(
		    status, "tier", json_str(surface_tier(&surface)));
		print_json(status);
	} else {
		AUTO_FREE char *shown = surface_show(&surface);

		board_status(&screen, status);
		if (surface.said_by)
			printf("surface %s\n", shown);
	}
	/* One that was never used has no tracker yet. */
	if (!as_json && js_get(status, "tracker") &&
	    strcmp(js_text(js_get(status, "tracker"), "name"), "local") != 0)
		outbox_print_state(
		    stdout, js_get(status, "tracker"), js_number(status, "now", 0));
	return 0;
}

int
cmd_report(int argc, char **argv)
{
	bool as_json = false;
	const char *word = NULL;
	int rc = simple(
	    argc, argv, cmd_report_options, "report [PLAN]", &word, &as_json);
	struct err err = ERR_INIT;
	struct screen screen;
	AUTO_JSON struct json_object *status = NULL;
	AUTO_FREE char *path = NULL;
	struct json_object *plan;

	if (rc >= 0)
		return rc;
	if (word && !(path = client_plan_path(word, &err)))
		return cmd_fail(&err, as_json);
	status = client_look(path, &err);
	if (!status)
		return cmd_fail(&err, as_json);
	plan = board_plan(status, path);
	if (!plan) {
		err_set(&err, ERR_NOT_FOUND, "nothing was dispatched here yet");
		err_fix(&err, "divisi run PLAN");
		return cmd_fail(&err, as_json);
	}
	screen_init(&screen, stdout);
	if (as_json) {
		json_object_object_add(
		    plan, "gain", gain_json(status, plan, js_number(status, "now", 0)));
		print_json(plan);
	} else
		report_print(&screen, status, plan, js_number(status, "now", 0));
	return 0;
}

/* ---- events and watch ------------------------------------------------------------------ */

struct watching {
	struct screen screen;
	bool as_json;
	int64_t last, until;        /* UNTIL 0: no end */
	struct json_object *status; /* for names; may be NULL */
};

static int
on_event_line(const char *line, size_t n, void *arg)
{
	struct watching *w = arg;
	AUTO_JSON struct json_object *row = NULL;

	(void)n;
	if (line[0] == '\0')
		return 0;
	row = json_tokener_parse(line);
	if (row)
		w->last = js_number(row, "seq", w->last);
	if (w->until && w->last > w->until)
		return 1;
	if (w->as_json)
		puts(line);
	else if (row)
		(void)board_event(&w->screen, w->status, row);
	fflush(stdout);
	return ferror(stdout) != 0 || (w->until && w->last == w->until);
}

static int
follow_events(struct watching *w, int64_t after, bool follow)
{
	struct client client = { 0 };
	struct fetch_reply reply = { 0 };
	struct err err = ERR_INIT;
	int rc;

	w->last = after;
	if (client_open(&client, NULL, true, &err) < 0)
		return cmd_fail(&err, w->as_json);
	do {
		AUTO_FREE char *target = xasprintf("/v1/events?after=%lld%s",
		    (long long)w->last, follow ? "&follow=1" : "");
		int64_t before = w->last;

		rc = fetch_stream(client.fetch, target, on_event_line, w, &reply, &err);
		fetch_reply_clear(&reply);
		/* One answer holds a bounded number of rows; go on until there are no more. */
		if (rc == 0 && !follow && w->last == before)
			break;
	} while (rc == 0 && !ferror(stdout) && (!w->until || w->last < w->until));
	client_close(&client);
	return rc < 0 ? cmd_fail(&err, w->as_json) : 0;
}

/* Every kind of event and field, as divisi-events(5) has them. */
static void
print_kinds(bool as_json)
{
	AUTO_JSON struct json_object *document = json_object_new_object();
	struct json_object *kinds = json_object_new_array();
	struct json_object *fields = json_object_new_array();
	const struct event_field *field;

	for (int k = 0; k < HAP_N; k++) {
		const struct event_doc *doc = events_doc((enum hap)k);
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "kind", json_str(hap_name((enum hap)k)));
		json_object_object_add(o, "words", json_str(doc->words));
		json_object_object_add(o, "fields", json_str(doc->fields));
		json_object_array_add(kinds, o);
		if (!as_json)
			printf("%-18s %s\n%-18s %s\n", hap_name((enum hap)k),
			    doc->words, "", doc->fields);
	}
	for (size_t i = 0; (field = events_field(i)); i++) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "name", json_str(field->name));
		json_object_object_add(
		    o, "type", json_str(field->is_number ? "number" : "text"));
		json_object_object_add(o, "words", json_str(field->words));
		json_object_array_add(fields, o);
	}
	json_object_object_add(document, "kinds", kinds);
	json_object_object_add(document, "fields", fields);
	if (as_json)
		print_json(document);
}

static int
read_events_options(
    struct watching *w, struct args *args, bool *follow, bool *kinds, struct err *err)
{
	long until = 0, after = 0;
	int at;

	while ((at = args_next(args, err)) >= 0) {
		switch (at) {
		case 0: w->as_json = true; break;
		case 1:
			if (args_number("after", args->value, 0, &after, err) < 0)
				return -1;
			break;
		case 2: *follow = true; break;
		case 3:
			if (args_number("until", args->value, 1, &until, err) < 0)
				return -1;
			break;
		default: *kinds = true; break;
		}
	}
	w->last = after;
	w->until = until;
	if (at == ARGS_WORD)
		return err_set(
		    err, ERR_USAGE, "events takes no word '%.40s'", args->value);
	return at == ARGS_END ? 0 : -1;
}

int
cmd_events(int argc, char **argv)
{
	struct watching w = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	bool follow = false, kinds = false;

	args_init(&args, cmd_events_options, argc, argv);
	if (read_events_options(&w, &args, &follow, &kinds, &err) < 0)
		return cmd_fail(&err, w.as_json);
	if (kinds) {
		print_kinds(w.as_json);
		return 0;
	}
	if (w.until && w.until <= w.last)
		return 0;
	if (!follow) {
		AUTO_JSON struct json_object *status = client_look(NULL, &err);

		if (!status)
			return cmd_fail(&err, w.as_json);
		if (js_number(status, "seq", 0) <= w.last)
			return 0;
	}
	screen_init(&w.screen, stdout);
	return follow_events(&w, w.last, follow);
}

/* ---- keys of watch ----------------------------------------------------------------------- */

static const struct watch_key {
	char key;
	int (*run)(int argc, char **argv);
	const char *verb;
} watch_keys[] = {
	{ 'a', cmd_attach, "attach" },
	{ 's', cmd_say, "say" },
	{ 't', cmd_takeover, "takeover" },
};

/* Asks which session, and does what the verb does; the server's words are on the screen. */
static void
do_key(const struct watch_key *key)
{
	AUTO_FREE char *prompt = xasprintf("%s which session? ", key->verb);
	AUTO_FREE char *verb = xstrdup(key->verb), *name = NULL, *text = NULL;
	struct err err = ERR_INIT;
	char *argv[] = { verb, NULL, NULL, NULL };

	name = ask_text(prompt, &err);
	if (!name || name[strspn(name, " \t")] == '\0')
		return;
	argv[1] = name;
	if (key->run == cmd_say && !(text = ask_text("say: ", &err)))
		return;
	argv[2] = text;
	(void)key->run(text ? 3 : 2, argv);
	printf("-- watching again\n");
}

/* What waits for a yes or no, one after the other; or the whole board. */
static void
look_at_all(struct watching *w, bool decides)
{
	AUTO_JSON struct json_object *status = NULL;
	AUTO_FREE char *later = NULL;
	struct client client = { 0 };
	struct err err = ERR_INIT;
	int rc = client_open(&client, NULL, true, &err);

	if (rc == 0 && decides &&
	    (rc = inbox_walk(&client, &w->screen, &later, &err)) == 0)
		puts("nothing else waits for your yes or no");
	if (rc == 0 && !decides && (status = client_status(&client, &err)))
		board_status(&w->screen, status);
	/* To leave the questions is not to leave the watch. */
	if (err.kind != ERR_NONE && err.kind != ERR_HUMAN)
		(void)cmd_fail(&err, false);
	client_close(&client);
	printf("-- watching again\n");
}

/* Waits a moment for a key.  True when the person leaves. */
static bool
take_key(struct watching *w)
{
	int c = ask_key_within(WATCH_LOOK_MS);

	if (c == 'y' || c == 'b')
		look_at_all(w, c == 'y');

	for (size_t i = 0; i < N_ELEMS(watch_keys); i++) {
		if (c == watch_keys[i].key)
			do_key(&watch_keys[i]);
	}
	return c < 0 || c == 'q';
}

/* As follow_events(), looking for keys between two looks at the journal. */
static int
watch_with_keys(struct watching *w, int64_t after)
{
	struct err err = ERR_INIT;

	w->last = after;
	printf(
	    "-- y answers what waits, b shows the board, a looks on, s says, t takes over, "
	    "q leaves\n");
	do {
		struct client client = { 0 };
		AUTO_FREE char *target = NULL;
		struct fetch_reply reply = { 0 };
		int rc;

		fflush(stdout);
		if (take_key(w))
			return 0;
		/* A server that went away comes again. */
		if (client_open(&client, NULL, true, &err) < 0)
			return cmd_fail(&err, false);
		target = xasprintf("/v1/events?after=%lld", (long long)w->last);
		rc = fetch_stream(client.fetch, target, on_event_line, w, &reply, &err);
		fetch_reply_clear(&reply);
		client_close(&client);
		if (rc < 0 && err.kind != ERR_NO_SERVER)
			return cmd_fail(&err, false);
		err = (struct err)ERR_INIT;
	} while (!ferror(stdout));
	return 0;
}

int
cmd_watch(int argc, char **argv)
{
	struct watching w = { 0 };
	int rc = simple(argc, argv, cmd_watch_options, "watch", NULL, &w.as_json);
	struct err err = ERR_INIT;
	int64_t seq;

	if (rc >= 0)
		return rc;
	w.status = client_look(NULL, &err);
	if (!w.status)
		return cmd_fail(&err, w.as_json);
	screen_init(&w.screen, stdout);
	if (!w.as_json)
		board_status(&w.screen, w.status);
	fflush(stdout);
	seq = js_number(w.status, "seq", 0);
	rc = !w.as_json && ask_possible() ? watch_with_keys(&w, seq)
					  : follow_events(&w, seq, true);
	json_object_put(w.status);
	return rc;
}
