#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/screen.h"
#include "cli/world.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Orders about one session: each is one order to the server, with its words. */

#define OPTION_REASON                                      \
	{                                                  \
		"reason", "TEXT", "why, kept on record", 0 \
	}

const struct option_doc cmd_reason_options[] = { OPTION_JSON, OPTION_REASON,
	OPTION_END };
const struct option_doc cmd_claim_options[] = {
	OPTION_JSON,
	OPTION_REASON,
	{ "override", "RULE", "go against RULE; needs --reason", 0 },
	OPTION_END,
};
const struct option_doc cmd_resume_options[] = {
	OPTION_JSON,
	OPTION_REASON,
	{ "note", "TEXT", "what the agent is told when it goes on", 0 },
	{ "same", NULL, "go on in its conversation, however old that is", 0 },
	{ "fresh", NULL, "begin a new conversation, on the work that is there", 0 },
	{ "fork", NULL, "go on in a copy of its conversation (Claude Code)", 0 },
	{ "override", "RULE", "go on against RULE; needs --reason", 0 },
	OPTION_END,
};
const struct option_doc cmd_answer_options[] = { OPTION_JSON, OPTION_END };
const struct option_doc cmd_approve_options[] = {
	OPTION_JSON,
	OPTION_REASON,
	{ "hash", "HASH", "the dispatch table with this hash", 0 },
	{ "batch", "N", "the failures of this batch", 0 },
	{ "ask", "ID", "this question of several, by the agent's own id", 0 },
	{ "once", NULL, "this request only; so it is without another word", 0 },
	{ "session", NULL, "this very request as often as its session asks", 0 },
	{ "rule", "PATTERN", "every request of this plan that fits", 0 },
	{ "in", "SCOPE", "where the rule holds: plan or repository", 0 },
	{ "mode", "pair", "a stopped session goes on so: it shows a plan first", 0 },
	OPTION_END,
};
const struct option_doc cmd_decide_options[] = {
	OPTION_JSON,
	OPTION_REASON,
	{ "hash", "HASH", "the dispatch table with this hash", 0 },
	{ "batch", "N", "the failures of this batch", 0 },
	{ "ask", "ID", "this question of several", 0 },
	OPTION_END,
};

/* Reads options into fields of the same name; words into WORDS. */
static int
/* NOLINTNEXTLINE(readability-function-size): a verb has as much */
read_order(int argc, char **argv, const struct option_doc *options, struct fields *in,
    const char **words, size_t max, bool *as_json, struct err *err)
{
	struct args args;
	size_t n = 0;
	int at;

	args_init(&args, options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && n == max)
			return err_set(err, ERR_USAGE, "%s: one word too many: '%.60s'",
			    argv[0], args.value);
		if (at == ARGS_WORD)
			words[n++] = args.value;
		else if (strcmp(options[at].name, "json") == 0)
			*as_json = true;
		else if (!options[at].value)
			fields_set_number(in, options[at].name, 1);
		else
			fields_set(in, options[at].name, args.value);
	}
	return (int)n;
}

enum { ASKED_SHOWN = 60 }; /* columns of what was answered */

/* An order about the plan at PATH goes to the server of its repository; NULL = here. */
static int
order_at(const char *path, const char *verb, const struct fields *in, bool as_json,
    const char *done)
{
	struct client client = { 0 };
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *copy = xstrdup(path);
	int rc = client_open(&client, copy ? dirname(copy) : NULL, true, &err);

	if (rc == 0)
		rc = client_order(&client, verb, in, &out, 60000, &err);
	if (rc == 0 && as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		const char *who = fields_text(&out, "label");
		const char *asked = fields_text(&out, "asked");
		AUTO_FREE char *what = asked[0] ? screen_cut(asked, ASKED_SHOWN) : NULL;

		printf("%s%s%s%s%s\n", who, who[0] ? ": " : "", done, what ? ": " : "",
		    what ? what : "");
	}
	client_close(&client);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}

static int
order(const char *verb, const struct fields *in, bool as_json, const char *done)
{
	return order_at(NULL, verb, in, as_json, done);
}

/* A verb that names one session and may give a reason. */
static int
session_order(int argc, char **argv, const struct option_doc *options, const char *done)
{
	struct fields in = { 0 };
	const char *words[2] = { NULL };
	bool as_json = false;
	struct err err = ERR_INIT;
	int n = read_order(argc, argv, options, &in, words, 1, &as_json, &err), rc;

	if (n == 0) {
		err_set(&err, ERR_USAGE, "%s needs a session", argv[0]);
		err_fix(&err, "divisi %s S-A", argv[0]);
		n = -1;
	}
	if (n < 0) {
		rc = cmd_fail(&err, as_json);
	} else {
		fields_set(&in, "session", words[0]);
		rc = order(argv[0], &in, as_json, done);
	}
	fields_clear(&in);
	return rc;
}

int
cmd_interrupt(int argc, char **argv)
{
	return session_order(argc, argv, cmd_reason_options,
	    "interrupted. divisi say tells it how to go on");
}

int
cmd_hold(int argc, char **argv)
{
	return session_order(argc, argv, cmd_reason_options,
	    "held; its processes are suspended. divisi resume lets it go on");
}

int
cmd_resume(int argc, char **argv)
{
	return session_order(argc, argv, cmd_resume_options, "goes on");
}

int
cmd_park(int argc, char **argv)
{
	return session_order(argc, argv, cmd_reason_options,
	    "parked; its agent is asked to stop, its work is pinned and its branch kept");
}

int
cmd_abandon(int argc, char **argv)
{
	return session_order(argc, argv, cmd_reason_options,
	    "abandoned; its work is pinned under refs/divisi and nothing is deleted");
}

int
cmd_claim(int argc, char **argv)
{
	return session_order(argc, argv, cmd_claim_options,
	    "is yours: work in its worktree and commit there (divisi status says where); "
	    "then divisi handback, or divisi handback --done");
}

int
cmd_abort(int argc, char **argv)
{
	struct fields in = { 0 };
	const char *words[2] = { NULL };
	bool as_json = false;
	struct err err = ERR_INIT;
	int n = read_order(
		argc, argv, cmd_reason_options, &in, words, 1, &as_json, &err),
	    rc;
	AUTO_FREE char *path = NULL;

	if (n == 1) {
		path = client_plan_path(words[0], &err);
		if (!path)
			n = -1;
		else
			fields_set(&in, "plan", path);
	}
	if (n < 0)
		rc = cmd_fail(&err, as_json);
	else
		rc = order_at(path, "abort", &in, as_json,
		    "aborted: sessions are stopped one by one, worktrees and branches stay");
	fields_clear(&in);
	return rc;
}

/* What WORD of the inbox means: a question, a table, a batch's failures; else a session. */
static void
read_name(const char *word, struct fields *in)
{
	size_t n = strlen(word);
	const char *at = word + 1;
	int plan, batch;

	if ((word[0] == 'a' || word[0] == 'o' || (word[0] == 'f' && n < 8)) && n > 1 &&
	    strspn(word + 1, "0123456789") == n - 1) {
		fields_set(in, "approval", word);
	} else if (n >= 8 && strspn(word, "0123456789abcdef") == n) {
		fields_set(in, "hash", word);
	} else if (word[0] == 'p' && text_take_number(&at, INT_MAX, &plan) &&
		   *at++ == '/' && text_take_number(&at, INT_MAX, &batch) && !*at) {
		fields_setf(in, "plan", "p%d", plan);
		fields_setf(in, "batch", "%d", batch);
	} else {
		fields_set(in, "session", word);
	}
}

/* --once, --session, --rule PATTERN [--in SCOPE] as "scope" and "pattern". */
static int
read_scope(struct fields *in, struct err *err)
{
	const char *where = fields_text(in, "in"), *pattern = fields_text(in, "rule");
	bool session = fields_number(in, "session", 0) != 0;
	bool once = fields_number(in, "once", 0) != 0;

	if (session + once + (pattern[0] != '\0') > 1)
		return err_set(
		    err, ERR_USAGE, "one of --once, --session and --rule is enough");
	if (where[0] && pattern[0] == '\0')
		return err_set(err, ERR_USAGE, "--in says where a --rule holds");
	if (where[0] && strcmp(where, "plan") != 0 && strcmp(where, "repository") != 0)
		return err_set(err, ERR_USAGE, "--in is plan or repository");
	fields_set(in, "scope",
	    pattern[0] ? (where[0] ? where : "plan")
	    : session  ? "session"
		       : "once");
	fields_set(in, "pattern", pattern);
	return 0;
}

/* An answer, and what became of the rule that it makes. */
static int
answer(const struct fields *in, bool as_json, bool allows)
{
	const char *scope = fields_text(in, "scope");
	AUTO_FREE char *done = NULL;

	if (!allows)
		return order("answer", in, as_json, "declined");
	done = xasprintf("allowed%s",
	    strcmp(scope, "session") == 0 ? ", and whenever its session asks the same"
	    : strcmp(scope, "plan") == 0
		? ", and by rule in this plan; divisi approvals --rules"
	    : strcmp(scope, "repository") == 0
		? ", and by rule in this repository; divisi approvals --rules"
		: "");
	return order("answer", in, as_json, done);
}

int
cmd_answer(int argc, char **argv)
{
	struct fields in = { 0 };
	const char *words[3] = { NULL };
	bool as_json = false;
	struct err err = ERR_INIT;
	int n = read_order(
		argc, argv, cmd_answer_options, &in, words, 2, &as_json, &err),
	    rc;

	if (n >= 0 && n != 2) {
		err_set(&err, ERR_USAGE, "answer needs a question and a text");
		err_fix(&err, "divisi answer a7 \"the second one\"");
		n = -1;
	}
	if (n < 0) {
		rc = cmd_fail(&err, as_json);
	} else {
		read_name(words[0], &in);
		fields_set(&in, "decision", "allow");
		fields_set(&in, "text", words[1]);
		rc = order("answer", &in, as_json, "answered");
	}
	fields_clear(&in);
	return rc;
}

/* approve and decline: a table by its hash, a batch's failures, or what a session asks. */
static int
/* NOLINTNEXTLINE(readability-function-size): every form of two verbs */
decide(int argc, char **argv, bool allows)
{
	struct fields in = { 0 };
	const char *words[2] = { NULL };
	bool as_json = false;
	struct err err = ERR_INIT;
	int n = read_order(argc, argv,
		allows ? cmd_approve_options : cmd_decide_options, &in, words, 1,
		&as_json, &err),
	    rc;
	bool on_table = fields_text(&in, "hash")[0] || fields_text(&in, "batch")[0];
	long number = 0;

	if (n >= 0 && read_scope(&in, &err) < 0)
		n = -1;
	if (n == 1 && !on_table) {
		read_name(words[0], &in);
		on_table = fields_text(&in, "hash")[0] || fields_text(&in, "batch")[0];
		n -= on_table;
	}
	if (n >= 0 && fields_text(&in, "batch")[0] &&
	    args_number("batch", fields_text(&in, "batch"), 1, &number, &err) < 0)
		n = -1;
	if (n == 0 && !on_table) {
		err_set(&err, ERR_USAGE, "%s what?", argv[0]);
		err_fix(&err, "divisi %s S-A, or --hash HASH for a table", argv[0]);
		n = -1;
	} else if (n == 1 && on_table) {
		n = err_set(&err, ERR_USAGE, "a session or a table, not both");
	}
	if (n < 0) {
		rc = cmd_fail(&err, as_json);
	} else if (on_table) {
		if (number > 0)
			fields_set_number(&in, "number", number);
		rc = order(allows ? "approve" : "decline", &in, as_json,
		    allows ? "approved" : "declined; nothing was launched");
	} else {
		fields_set(&in, "decision", allows ? "allow" : "deny");
		fields_set(&in, "text", fields_text(&in, "reason"));
		rc = answer(&in, as_json, allows);
	}
	fields_clear(&in);
	return rc;
}

int
cmd_approve(int argc, char **argv)
{
	return decide(argc, argv, true);
}

int
cmd_decline(int argc, char **argv)
{
	return decide(argc, argv, false);
}

/* Only a pair whose reach is unknown leaves room for a person's word. */
static int
check_assertable(const char *path, const char *a, const char *b, struct err *err)
{
	struct world world;
	const struct pair *pair;
	int i, j, rc = -1;

	if (world_load(&world, path, err) == 0 &&
	    (i = world_phase(&world, a, err)) >= 0 &&
	    (j = world_phase(&world, b, err)) >= 0) {
		pair = i == j ? NULL : verdicts_find(world.verdicts, i, j);
		if (i == j)
			err_set(err, ERR_USAGE, "a phase is not compared with itself");
		else if (pair && pair->kind == PAIR_UNKNOWN)
			rc = 0;
		else
			err_set(err, ERR_CONFLICT, "%s and %s are decided already: %s",
			    a, b, pair ? pair->grounds->reason : "parallel");
	}
	world_clear(&world);
	return rc;
}

int
cmd_assert(int argc, char **argv)
{
	struct fields in = { 0 };
	const char *words[4] = { NULL };
	bool as_json = false;
	struct err err = ERR_INIT;
	int n = read_order(
		argc, argv, cmd_reason_options, &in, words, 3, &as_json, &err),
	    rc;
	AUTO_FREE char *path = NULL;

	if (n >= 0 && n != 3) {
		err_set(&err, ERR_USAGE, "assert needs a plan and two phases");
		err_fix(
		    &err, "divisi assert PLAN 1A 1B --reason \"different services\"");
		n = -1;
	}
	if (n == 3 && (!(path = client_plan_path(words[0], &err)) ||
			  check_assertable(path, words[1], words[2], &err) < 0))
		n = -1;
	if (n < 0) {
		rc = cmd_fail(&err, as_json);
	} else {
		fields_set(&in, "path", path);
		fields_set(&in, "a", words[1]);
		fields_set(&in, "b", words[2]);
		rc = order_at(path, "assert", &in, as_json,
		    "recorded: they count as independent from now on");
	}
	fields_clear(&in);
	return rc;
}
