#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json.h"

#include <stdio.h>
#include <string.h>

/* `divisi delegate`: a session whose agent works elsewhere, given its issue by the tracker. */
const struct option_doc cmd_delegate_options[] = {
	OPTION_JSON,
	{ "to", "AGENT", "take it back and give it to this agent of the approved table",
	    0 },
	{ "branch", "NAME", "its work is on this branch of the remote", 0 },
	{ "done", NULL, "what is on its branch is its delivery: fetch and check it",
	    0 },
	{ "reason", "TEXT", "why, kept on record", 0 },
	{ "override", "RULE", "go against this rule (with --reason)", 0 },
	{ "look", NULL, "look at the tracker and the remote now", 0 },
	OPTION_END,
};

#define WAIT_MS 60000

struct delegating {
	struct fields in;
	const char *session;
	bool as_json, orders;
};

static int
read_words(int argc, char **argv, struct delegating *d, struct err *err)
{
	static const char *const names[] = { NULL, "to", "branch", "done", "reason",
		"override", "look" };
	struct args args;
	int at;

	args_init(&args, cmd_delegate_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && d->session)
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
		if (at == ARGS_WORD) {
			d->session = args.value;
		} else if (at == 0) {
			d->as_json = true;
		} else {
			d->orders |= strcmp(names[at], "reason") != 0 &&
				     strcmp(names[at], "override") != 0;
			if (args.value)
				fields_set(&d->in, names[at], args.value);
			else
				fields_set_number(&d->in, names[at], 1);
		}
	}
	if (d->session)
		return 0;
	err_set(err, ERR_USAGE, "delegate needs a session");
	return err_fix(err, "divisi delegate S-C --to amp");
}

static void
print_line(const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	printf("  %-10s ", name);
	fflush(stdout);
	text_put(stdout, text);
	putchar('\n');
}

static void
print_one(const struct json_object *s, const struct json_object *d)
{
	const struct json_object *routes = js_get(d, "routes");
	char *list = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&list, &n);

	for (size_t i = 0; js_at(routes, i); i++)
		fprintf(
		    f, "%s%s", i ? ", " : "", json_object_get_string(js_at(routes, i)));
	fclose(f);
	printf("%s %s  ", js_text(s, "label"), js_text(s, "state"));
	fflush(stdout);
	text_put(stdout, js_text(s, "why"));
	putchar('\n');
	print_line("issue", js_text(s, "sub_issue"));
	print_line("agent", js_text(s, "agent_shown"));
	print_line("has it as", js_text(d, "to"));
	print_line("seen", js_text(d, "signal"));
	print_line("branch", js_text(d, "branch"));
	print_line("commit", js_text(d, "head"));
	print_line("trouble", js_text(d, "trouble"));
	print_line("may go to", list);
	print_line("next", js_text(s, "command"));
	free(list);
}

static int
show(struct client *client, const struct delegating *d, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(client, err);
	struct json_object *s = status ? client_session(status, d->session, err) : NULL;
	struct json_object *about = s ? js_get(s, "delegation") : NULL;

	if (!s)
		return -1;
	if (!about) {
		err_set(err, ERR_CONFLICT, "the agent of %s works here (%s)",
		    js_text(s, "label"), js_text(s, "agent_shown"));
		return err_fix(err, "divisi why %s", js_text(s, "label"));
	}
	if (d->as_json)
		puts(json_object_to_json_string_ext(
		    s, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_one(s, about);
	return 0;
}

int
cmd_delegate(int argc, char **argv)
{
	struct delegating d = { 0 };
	struct client client = { 0 };
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &d, &err);

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0 && d.orders) {
		fields_set(&d.in, "session", d.session);
		rc = client_order(&client, "delegate", &d.in, &out, WAIT_MS, &err);
	}
	if (rc == 0)
		rc = show(&client, &d, &err);
	client_close(&client);
	fields_clear(&d.in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, d.as_json) : 0;
}
