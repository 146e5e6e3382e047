#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/screen.h"

#include <stdio.h>
#include <string.h>

/*
 * `divisi widen`: more paths for a session than its phase declared.  An agent asks with it for
 * its own session; a person who gives it sees who else has them and answers at once.
 */
const struct option_doc cmd_widen_options[] = {
	OPTION_JSON,
	{ "reason", "TEXT", "why it is needed, kept on record", 0 },
	{ "yes", NULL, "allow it without asking again (persons only)", 'y' },
	OPTION_END,
};

struct widening {
	struct fields in;
	bool as_json, is_sure;
};

static int
read_words(int argc, char **argv, struct widening *w, struct err *err)
{
	AUTO_FREE char *patterns = xstrdup("");
	const char *session = "";
	struct args args;
	int at;

	args_init(&args, cmd_widen_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		char *more;

		if (at == ARGS_BAD)
			return -1;
		if (at == 0) {
			w->as_json = true;
		} else if (at == 1) {
			fields_set(&w->in, "reason", args.value);
		} else if (at == 2) {
			w->is_sure = true;
		} else if (session[0] == '\0') {
			session = args.value;
		} else {
			more = xasprintf("%s%s\n", patterns, args.value);
			free(patterns);
			patterns = more;
		}
	}
	if (patterns[0] == '\0' || !fields_text(&w->in, "reason")[0]) {
		err_set(err, ERR_USAGE,
		    "widen needs a session, a path or pattern, and a reason");
		return err_fix(err, "divisi widen S-A 'lib/**' --reason TEXT");
	}
	fields_set(&w->in, "session", session);
	fields_set(&w->in, "patterns", patterns);
	return 0;
}

static int
answer(struct client *client, const struct fields *asked, const char *decision,
    struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "session", fields_text(asked, "session"));
	fields_set(&in, "ask", fields_text(asked, "ask"));
	fields_set(&in, "decision", decision);
	rc = client_order(client, "answer", &in, &out, 60000, err);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

/* A person's yes or no: 'y', 'n', or 0 when nobody is there to ask; -1. */
static int
decide(const struct widening *w, const struct fields *asked, struct err *err)
{
	if (strcmp(fields_text(asked, "as"), "person") != 0)
		return 0;
	if (w->is_sure)
		return 'y';
	if (w->as_json || !ask_possible())
		return 0;
	printf(
	    "%s asks to write more than it declared:\n", fields_text(asked, "label"));
	text_put(stdout, fields_text(&w->in, "patterns"));
	text_put(stdout, fields_text(asked, "detail"));
	return ask_key("allow it? [y/n] ", "ny", err);
}

/* Says where it stands, in text or JSON; the exit status. */
static int
tell(const struct widening *w, struct fields *asked, int decision)
{
	const char *name = fields_text(asked, "session");
	const char *id = fields_text(asked, "ask");

	fields_set(asked, "state",
	    decision == 'y'   ? "allowed"
	    : decision == 'n' ? "denied"
			      : "asked");
	if (w->as_json) {
		AUTO_FREE char *text = fields_to_json(asked);

		puts(text);
	} else if (decision == 'y') {
		printf("%s: allowed; its agent is told\n", fields_text(asked, "label"));
	} else if (decision == 'n') {
		printf("%s: not allowed; its agent is told\n",
		    fields_text(asked, "label"));
	} else {
		text_put(stdout, fields_text(asked, "detail"));
		if (strcmp(fields_text(asked, "as"), "person") == 0)
			printf("%s: asked; nothing is allowed yet\n"
			       "  fix: divisi approve %s --ask %s, or: divisi decline "
			       "%s --ask %s --reason TEXT\n",
			    fields_text(asked, "label"), name, id, name, id);
		else
			printf("%s: %s\n", fields_text(asked, "label"),
			    fields_text(asked, "text"));
	}
	return decision ? 0 : err_exit_status(ERR_HUMAN);
}

int
cmd_widen(int argc, char **argv)
{
	struct widening w = { 0 };
	struct fields asked = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	int decision = 0, rc = read_words(argc, argv, &w, &err);

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "widen", &w.in, &asked, 60000, &err);
	if (rc == 0) {
		decision = decide(&w, &asked, &err);
		rc = decision < 0 ? -1 : 0;
	}
	if (rc == 0 && decision)
		rc = answer(&client, &asked, decision == 'y' ? "allow" : "deny", &err);
	rc = rc < 0 ? cmd_fail(&err, w.as_json) : tell(&w, &asked, decision);
	client_close(&client);
	fields_clear(&w.in);
	fields_clear(&asked);
	return rc;
}
