#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/reviewing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option_doc cmd_merge_options[] = {
	OPTION_JSON,
	{ "yes", NULL, "the diffs were read: merge what is ready", 'y' },
	{ "diff", NULL, "print what would be merged, merge nothing", 0 },
	{ "override", "RULE", "go on against RULE; needs --reason", 0 },
	{ "reason", "TEXT", "why, on record", 0 },
	OPTION_END,
};

struct merging {
	struct client client;
	bool as_json, yes, only_diff, is_interactive;
	const char *session, *override, *reason;
	size_t n_ordered;
};

static bool
waits_for_pull(const struct json_object *s)
{
	return js_text(js_get(s, "pull"), "holds")[0] != '\0';
}

static bool
is_ready(const struct json_object *s)
{
	const char *state = js_text(s, "state");

	return strcmp(state, "in-review") == 0 ||
	       strcmp(state, "merge-conflict") == 0 ||
	       (strcmp(state, "mergeable") == 0 && waits_for_pull(s)) ||
	       (strcmp(state, "merging") == 0 && js_text(s, "blocked")[0]);
}

static int
merge_one(struct merging *m, const struct json_object *s, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	AUTO_FREE char *line = NULL;
	int rc;

	if (!m->as_json) {
		printf("%s (%s) %s: ", js_text(s, "label"), js_text(s, "phase"),
		    js_text(s, "state"));
		text_put(stdout, js_text(s, "why"));
		fputc('\n', stdout);
		if (review_print_diff(&m->client, js_text(s, "id"), m->only_diff, err) <
		    0)
			return -1;
	}
	if (m->only_diff)
		return 0;
	while (!m->yes) {
		if (!m->is_interactive) {
			err_set(err, ERR_HUMAN,
			    "merging %s needs a person who read the diff",
			    js_text(s, "label"));
			return err_fix(err,
			    "divisi merge --diff shows it, divisi merge --yes lands it");
		}
		free(line);
		line = ask_line("merge / diff / later ? ");
		if (!line || line[0] == 'l' || line[0] == '\0')
			return 0;
		if (line[0] == 'm' || line[0] == 'y')
			break;
		if (line[0] == 'd' &&
		    review_print_diff(&m->client, js_text(s, "id"), true, err) < 0)
			return -1;
	}
	fields_set(&in, "session", js_text(s, "id"));
	fields_set(&in, "override", m->override);
	fields_set(&in, "reason", m->reason);
	rc = client_order(&m->client, "merge", &in, &out, 60000, err);
	fields_clear(&in);
	fields_clear(&out);
	m->n_ordered += rc == 0;
	return rc;
}

static int
merge_ready(struct merging *m, struct json_object *status, struct err *err)
{
	struct json_object *plans = js_get(status, "plans");
	size_t n = 0;

	for (size_t p = 0; p < js_count(plans); p++) {
		struct json_object *batches = js_get(js_at(plans, p), "batches");

		for (size_t b = 0; b < js_count(batches); b++) {
			struct json_object *sessions = js_get(
			    js_at(batches, b), "sessions");

			for (size_t i = 0; i < js_count(sessions); i++) {
				const struct json_object *s = js_at(sessions, i);

				if (!is_ready(s) ||
				    (m->session &&
					s != client_session(status, m->session, NULL)))
					continue;
				n++;
				if (merge_one(m, s, err) < 0)
					return -1;
			}
		}
	}
	if (n == 0) {
		err_set(err, ERR_NOT_FOUND, "nothing waits to be merged");
		return err_fix(err, "divisi status shows where each session is");
	}
	return 0;
}

/* Did the session ID, one of those that were asked for, not get through? */
static bool
is_stuck(const struct merging *m, struct json_object *status, const char *id)
{
	const struct json_object *s = id[0] ? client_session(status, id, NULL) : NULL;

	if (!s || (m->session && s != client_session(status, m->session, NULL)))
		return false;
	return strcmp(js_text(s, "state"), "merge-conflict") == 0 ||
	       strcmp(js_text(s, "state"), "merging") == 0;
}

/* Waits until the train has stopped, so that the outcome can be said. */
static int
wait_train(struct merging *m, struct err *err)
{
	for (;;) {
		AUTO_JSON struct json_object *status = client_status(&m->client, err);
		struct json_object *needs;
		bool moving = false;

		if (!status)
			return -1;
		for (size_t i = 0; i < js_count(js_get(status, "acts")); i++) {
			const char *kind = js_text(
			    js_at(js_get(status, "acts"), i), "kind");

			moving |= strcmp(kind, "candidate") == 0 ||
				  strcmp(kind, "land") == 0;
		}
		if (moving) {
			if (client_wait_change(
				&m->client, js_number(status, "seq", 0), 5000, err) < 0)
				return -1;
			continue;
		}
		needs = js_get(status, "needs");
		for (size_t i = 0; i < js_count(needs); i++) {
			const struct json_object *n = js_at(needs, i);

			if (is_stuck(m, status, js_text(n, "session"))) {
				err_set(err, ERR_CONFLICT, "%s: %.400s",
				    js_text(n, "subject"), js_text(n, "what"));
				return err_fix(err, "%s", js_text(n, "command"));
			}
		}
		return 0;
	}
}

static int
read_args(struct merging *m, struct args *args, struct err *err)
{
	bool *const flags[] = { &m->as_json, &m->yes, &m->only_diff };
	int option;

	while ((option = args_next(args, err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return -1;
		if (option == ARGS_WORD && m->session) {
			err_set(err, ERR_USAGE, "\"%.60s\" is too much", args->value);
			return err_fix(err, "usage: divisi merge [SESSION]");
		}
		if (option == ARGS_WORD)
			m->session = args->value;
		else if (option < (int)N_ELEMS(flags))
			*flags[option] = true;
		else if (strcmp(cmd_merge_options[option].name, "override") == 0)
			m->override = args->value;
		else
			m->reason = args->value;
	}
	return 0;
}

/* What was ordered and still waits for its pull request is not merged yet. */
static void
say_outcome(struct merging *m)
{
	struct err err = ERR_INIT;
	AUTO_JSON struct json_object *status = client_status(&m->client, &err);
	const struct json_object *s = status && m->session
					  ? client_session(status, m->session, NULL)
					  : NULL;

	if (s && waits_for_pull(s)) {
		fputs("not merged yet: ", stdout);
		text_put(stdout, js_text(s, "why"));
		fputc('\n', stdout);
	} else {
		puts("merged; divisi status shows what is next");
	}
}

int
cmd_merge(int argc, char **argv)
{
	struct merging m = { .is_interactive = isatty(0) && isatty(1) };
	AUTO_JSON struct json_object *status = NULL;
	struct err err = ERR_INIT;
	struct args args;
	int rc;

	args_init(&args, cmd_merge_options, argc, argv);
	if (read_args(&m, &args, &err) < 0)
		return cmd_fail(&err, m.as_json);
	rc = client_open(&m.client, NULL, true, &err);
	if (rc == 0)
		status = client_status(&m.client, &err);
	rc = status ? merge_ready(&m, status, &err) : -1;
	if (rc == 0 && m.n_ordered > 0)
		rc = wait_train(&m, &err);
	if (rc == 0 && m.n_ordered > 0 && !m.as_json)
		say_outcome(&m);
	client_close(&m.client);
	return rc < 0 ? cmd_fail(&err, m.as_json) : 0;
}
