#include "cli/cmd.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json.h"
#include "git/surface.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

/* `divisi checkpoint` and `divisi summary`: what is kept, and what a plan came to. */
const struct option_doc cmd_checkpoint_options[] = { OPTION_JSON, OPTION_END };
const struct option_doc cmd_summary_options[] = { OPTION_JSON, OPTION_END };

#define WAIT_MS 60000

/* The one word and --json; -1 with ERR. */
static int
read_word(int argc, char **argv, const char **word, bool *as_json, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_checkpoint_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && *word)
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
		if (at == ARGS_WORD)
			*word = args.value;
		else
			*as_json = true;
	}
	return 0;
}

/* Waits until the session ID has one checkpoint more than BEFORE; the status then. */
static struct json_object *
wait_for(struct client *client, const char *id, int64_t before,
    struct json_object **status, struct err *err)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	for (;;) {
		struct json_object *s;

		*status = client_status(client, err);
		s = *status ? client_session(*status, id, err) : NULL;
		if (!s || js_number(s, "checkpoints", 0) > before)
			return s;
		if (clock_mono_ms() >= until) {
			err_set(err, ERR_TIMEOUT, "nothing came of it within a minute");
			err_fix(err, "divisi why %s", id);
			return NULL;
		}
		if (client_wait_change(
			client, js_number(*status, "seq", 0), 1000, err) < 0)
			return NULL;
		json_object_put(*status);
		*status = NULL;
	}
}

static const struct {
	const char *word, *what;
} steps[] = {
	{ "files", "progress and state file" },
	{ "snapshot", "git snapshot (a pin, nothing is added or committed)" },
	{ "comment", "comment Checkpoint Status" },
	{ "prompt", "continuation prompt" },
};

/* "k/4", and of each step that was not done, why. */
static void
print_steps(const struct json_object *s)
{
	struct span rest = span_of(js_text(s, "checkpoint")), line;
	size_t done = 0, i = 0;

	while (span_next(&rest, '\n', &line))
		done += line.n >= 3 && memcmp(line.p + line.n - 3, " ok", 3) == 0;
	printf("%s: checkpoint %zu/%zu\n", js_text(s, "label"), done, N_ELEMS(steps));
	rest = span_of(js_text(s, "checkpoint"));
	for (; i < N_ELEMS(steps) && span_next(&rest, '\n', &line); i++) {
		size_t n = strlen(steps[i].word) + 1;

		printf("  %zu %s: ", i + 1, steps[i].what);
		fflush(stdout);
		AUTO_FREE char *why = xstrndup(
		    line.p + (line.n > n ? n : line.n), line.n > n ? line.n - n : 0);

		text_put(stdout, why);
		putchar('\n');
	}
	putchar('\n');
	text_put(stdout, js_text(s, "continuation"));
	putchar('\n');
}

static void
print_json(const struct json_object *s)
{
	AUTO_JSON struct json_object *o = json_object_new_object();
	static const char *const texts[] = { "id", "label", "checkpoint",
		"continuation", "progress" };

	for (size_t i = 0; i < N_ELEMS(texts); i++)
		json_object_object_add(
		    o, texts[i], json_object_new_string(js_text(s, texts[i])));
	json_object_object_add(
	    o, "checkpoints", json_object_new_int64(js_number(s, "checkpoints", 0)));
	puts(json_object_to_json_string_ext(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

int
cmd_checkpoint(int argc, char **argv)
{
	struct client client = { 0 };
	struct fields in = { 0 }, out = { 0 };
	AUTO_JSON struct json_object *status = NULL;
	struct json_object *s = NULL;
	struct err err = ERR_INIT;
	const char *word = NULL;
	bool as_json = false;
	int rc = read_word(argc, argv, &word, &as_json, &err);

	if (rc == 0 && !word) {
		err_set(&err, ERR_USAGE, "checkpoint needs a session");
		rc = err_fix(&err, "divisi checkpoint S-A");
	}
	if (rc == 0) {
		fields_set(&in, "session", word);
		rc = client_open(&client, NULL, true, &err);
	}
	if (rc == 0)
		rc = client_order(&client, "checkpoint", &in, &out, WAIT_MS, &err);
	if (rc == 0) {
		s = wait_for(
		    &client, word, fields_number(&out, "before", 0), &status, &err);
		rc = s ? 0 : -1;
	}
	if (rc == 0 && as_json)
		print_json(s);
	else if (rc == 0)
		print_steps(s);
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}

int
cmd_summary(int argc, char **argv)
{
	struct client client = { 0 };
	struct surface surface = { 0 };
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *path = NULL, *dir = NULL;
	const char *word = NULL;
	bool as_json = false;
	int rc = read_word(argc, argv, &word, &as_json, &err);

	if (rc == 0 && word) {
		path = client_plan_path(word, &err);
		rc = path ? 0 : -1;
		fields_set(&in, "plan", path);
		dir = xstrdup(path);
	}
	if (rc == 0)
		rc = surface_at(".", &surface, &err);
	if (rc == 0)
		fields_set_number(&in, "degraded", surface.is_degraded);
	if (rc == 0)
		rc = client_open(&client, dir ? dirname(dir) : NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "summary", &in, &out, WAIT_MS, &err);
	if (rc == 0 && as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		text_put(stdout, fields_text(&out, "text"));
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}
