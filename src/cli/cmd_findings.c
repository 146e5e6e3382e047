#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/finding_audit.h"
#include "cli/finding_plan.h"
#include "cli/screen.h"

#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option_doc cmd_findings_options[] = {
	OPTION_JSON,
	{ "rdr", NULL, "print the decision record as the tracker has it", 0 },
	{ "write", NULL,
	    "with --rdr: write it to docs/reviews or the top of this checkout, for you to commit",
	    0 },
	{ "log", NULL, "print what was decided, round by round, with the reasons", 0 },
	{ "of", "REVIEW", "a review's id, a session or a plan; else the one that waits",
	    0 },
	{ "reason", "TEXT", "done: what mended it", 0 },
	{ "agent", "NAME", "plan: who works on them", 0 },
	{ "small-agent", "NAME", "plan: who works on the trivial and small ones", 0 },
	{ "mentioned", NULL,
	    "plan: those, too, that divisi.findings.mention gave to somebody", 0 },
	{ "yes", NULL, "decide: record it without asking", 'y' },
	OPTION_END,
};

struct asked {
	const char *word[4];
	size_t n;
	const char *of, *reason;
	struct finding_wish wish;
	bool as_json, rdr, write, log, yes;
	char *about; /* what the server calls it */
};

static int
read_words(int argc, char **argv, struct asked *a, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_findings_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && a->n == 3) {
			err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
			return err_fix(err, "quote the decision as one word");
		}
		if (at == ARGS_WORD)
			a->word[a->n++] = args.value;
		else if (at == 0)
			a->as_json = true;
		else if (at == 1)
			a->rdr = true;
		else if (at == 2)
			a->write = true;
		else if (at == 3)
			a->log = true;
		else if (at == 4)
			a->of = args.value;
		else if (at == 5)
			a->reason = args.value;
		else if (at == 6)
			a->wish.agent = args.value;
		else if (at == 7)
			a->wish.small_agent = args.value;
		else if (at == 8)
			a->wish.takes_mentioned = true;
		else
			a->yes = true;
	}
	if (a->write && (!a->rdr || a->n > 1)) {
		err_set(err, ERR_USAGE, "--write is of the decision record");
		return err_fix(err, "divisi findings --rdr --write");
	}
	return 0;
}

static int
open_client(struct asked *a, struct client *client, struct err *err)
{
	AUTO_FREE char *copy = NULL;
	bool is_file = a->of && access(a->of, F_OK) == 0;

	a->about = is_file ? client_plan_path(a->of, err) : xstrdup(a->of ? a->of : "");
	if (!a->about)
		return -1;
	copy = xstrdup(a->about);
	return client_open(client, is_file ? dirname(copy) : NULL, true, err);
}

/* ---- the list ------------------------------------------------------------------------- */

static void
print_finding(const struct screen *screen, const struct json_object *f)
{
	const char *decision = js_text(f, "decision");
	bool blocks = js_bool(f, "blocks");

	AUTO_FREE char *head = xasprintf(
	    " %s, %s of %lld%s%s: ", js_text(f, "severity"), js_text(f, "standing"),
	    (long long)js_number(f, "n", 0),
	    js_bool(f, "escalated") ? ", called critical or split: yours to say" : "",
	    decision[0] ? ""
	    : blocks    ? ", undecided"
			: "");

	screen_put(screen, blocks ? STYLE_BAD : STYLE_DIM, js_text(f, "id"));
	fputs(head, screen->out);
	screen_wrap(screen, 4, (int)(strlen(js_text(f, "id")) + strlen(head)),
	    js_text(f, "text"));
	if (js_text(f, "where")[0] || js_text(f, "reviewers")[0]) {
		AUTO_FREE char *line = xasprintf("%s%s%s", js_text(f, "where"),
		    js_text(f, "where")[0] ? ", by " : "by ", js_text(f, "reviewers"));

		fputs("    ", screen->out);
		screen_wrap(screen, 4, 4, line);
	}
	if (js_text(f, "advice")[0]) {
		fputs("    advice: ", screen->out);
		screen_wrap(screen, 4, 12, js_text(f, "advice"));
	}
	if (js_text(f, "maybe")[0])
		fprintf(screen->out,
		    "    perhaps the same as %s: divisi findings join %s %s\n",
		    js_text(f, "maybe"), js_text(f, "maybe"), js_text(f, "id"));
	if (js_text(f, "before")[0] && !decision[0]) {
		fputs("    decided before: ", screen->out);
		screen_wrap(screen, 4, 20, js_text(f, "before"));
	}
	if (decision[0]) {
		AUTO_FREE char *line = xasprintf("%s by %s%s%s%s%s%s", decision,
		    js_text(f, "by"), js_text(f, "response")[0] ? ": " : "",
		    js_text(f, "response"), js_text(f, "sub_issue")[0] ? " -> " : "",
		    js_text(f, "sub_issue"),
		    strcmp(js_text(f, "state"), "resolved") == 0 ? ", done" : "");

		fputs("    ", screen->out);
		screen_wrap(screen, 4, 4, line);
	}
}

static void
print_review(const struct screen *screen, const struct json_object *r)
{
	struct json_object *list = js_get(r, "findings");
	bool passed = strcmp(js_text(r, "gate"), "passed") == 0;

	screen_put(screen, passed ? STYLE_GOOD : STYLE_WARN, js_text(r, "id"));
	fprintf(screen->out, " %s%s%s of %s: %s%s%s\n", js_text(r, "timing"),
	    js_text(r, "option")[0] ? ", option " : "", js_text(r, "option"),
	    js_text(r, "session")[0] ? js_text(r, "session") : js_text(r, "plan"),
	    js_text(r, "recommendation"), js_text(r, "recommendation")[0] ? ", " : "",
	    passed && js_text(r, "waived_by")[0] ? "waived"
	    : passed                             ? "passed"
						 : "blocked");
	if (js_text(r, "depth")[0]) {
		AUTO_FREE char *line = xasprintf(
		    "a %s review: %s", js_text(r, "depth"), js_text(r, "depth_why"));

		fputs("  ", screen->out);
		screen_wrap(screen, 2, 2, line);
	}
	if (!passed)
		fprintf(screen->out, "  %s\n", js_text(r, "why"));
	else if (js_text(r, "waived_why")[0]) {
		fputs("  ", screen->out);
		screen_wrap(screen, 2, 2, js_text(r, "waived_why"));
	}
	for (size_t i = 0; i < js_count(list); i++)
		print_finding(screen, js_at(list, i));
	/* Who has not answered yet has found nothing that could be decided. */
	if (!passed && js_count(list) == 0 && js_text(r, "panel")[0])
		fprintf(screen->out, "  -> divisi review %s\n",
		    js_text(r, "session")[0] ? js_text(r, "session")
					     : js_text(r, "plan"));
	else if (!passed)
		fprintf(screen->out,
		    "  -> divisi findings decide 'agree all except ID, defer ID to ISSUE' "
		    "--of %s\n",
		    js_text(r, "id"));
}

/* round, proposal, decision, and the reason to the letter. */
static void
print_log(const struct screen *screen, const struct json_object *r)
{
	struct json_object *log = js_get(r, "log");

	fprintf(screen->out, "%s: %zu decision%s\n", js_text(r, "id"), js_count(log),
	    js_count(log) == 1 ? "" : "s");
	for (size_t i = 0; i < js_count(log); i++) {
		const struct json_object *e = js_at(log, i);
		const char *id = js_text(e, "id");
		AUTO_FREE char *line = xasprintf("%s%s%s by %s%s%s", id,
		    id[0] ? " " : "", js_text(e, "decision"), js_text(e, "by"),
		    js_text(e, "reason")[0] ? ": " : "", js_text(e, "reason"));

		fprintf(
		    screen->out, "  round %lld  ", (long long)js_number(e, "round", 0));
		screen_wrap(screen, 4, 11, line);
		if (js_text(e, "proposal")[0]) {
			fputs("    ", screen->out);
			screen_wrap(screen, 4, 4, js_text(e, "proposal"));
		}
	}
}

static struct json_object *
find_review(struct json_object *list, const char *about)
{
	for (size_t i = js_count(list); i-- > 0;) {
		struct json_object *r = js_at(list, i);

		if (strcmp(js_text(r, "id"), about) == 0 ||
		    strcmp(js_text(r, "session"), about) == 0 ||
		    (js_text(r, "session")[0] == '\0' &&
			strcmp(js_text(r, "plan"), about) == 0))
			return r;
	}
	return NULL;
}

static int
list(struct client *client, struct asked *a, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(client, err);
	struct json_object *reviews, *one = NULL;
	struct screen screen;

	if (!status)
		return -1;
	reviews = js_get(status, "reviews");
	if (a->about[0]) {
		one = find_review(reviews, a->about);
		if (!one) {
			struct json_object *s = client_session(status, a->about, NULL);

			one = s ? find_review(reviews, js_text(s, "id")) : NULL;
		}
		if (!one) {
			err_set(err, ERR_NOT_FOUND, "there is no review of %.80s",
			    a->about);
			return err_fix(err, "divisi findings lists all");
		}
	}
	if (a->write)
		return finding_audit_write(one ? NULL : reviews, one, a->as_json, err);
	if (a->as_json) {
		puts(json_object_to_json_string_ext(
		    one ? one : reviews, JSON_C_TO_STRING_NOSLASHESCAPE));
		return 0;
	}
	screen_init(&screen, stdout);
	if (!one && js_count(reviews) == 0)
		puts("Nothing was reviewed here yet. divisi review PLAN|SESSION");
	for (size_t i = 0; i < js_count(reviews); i++) {
		const struct json_object *r = one ? one : js_at(reviews, i);

		if (a->rdr)
			text_put(stdout, js_text(r, "rdr"));
		else if (a->log)
			print_log(&screen, r);
		else
			print_review(&screen, r);
		if (one)
			break;
	}
	return 0;
}

/* ---- orders ----------------------------------------------------------------------------- */

static void
print_echo(const struct fields *out)
{
	size_t n = (size_t)fields_number(out, "n", 0);

	printf("review %s will record:\n", fields_text(out, "review"));
	for (size_t i = 0; i < n; i++) {
		printf("  %-4s %s", fields_text_at(out, i, "id"),
		    fields_text_at(out, i, "decision"));
		if (fields_text_at(out, i, "response")[0]) {
			fputs(": ", stdout);
			text_put(stdout, fields_text_at(out, i, "response"));
		}
		putchar('\n');
	}
	if (n == 0)
		puts("  no findings: the review is accepted as it is");
	if (fields_text(out, "open")[0])
		printf("  still undecided, and the gate stays shut: %s\n",
		    fields_text(out, "open"));
}

static void
print_gate(const struct fields *out)
{
	printf("recorded; the gate is %s", fields_text(out, "gate"));
	if (fields_text(out, "why")[0]) {
		fputs(": ", stdout);
		text_put(stdout, fields_text(out, "why"));
	}
	putchar('\n');
}

static int
decide(struct client *client, struct asked *a, struct fields *in, struct fields *out,
    struct err *err)
{
	struct fields echo = { 0 };
	int rc, key;

	fields_set_number(in, "dry", 1);
	rc = client_order(client, "findings", in, &echo, 30000, err);
	if (rc == 0 && !a->as_json)
		print_echo(&echo);
	fields_clear(&echo);
	if (rc < 0)
		return -1;
	if (!a->yes && !ask_possible()) {
		err_set(err, ERR_HUMAN, "what is recorded needs a yes");
		return err_fix(err, "divisi findings decide TEXT --yes");
	}
	if (!a->yes) {
		key = ask_key("record this? yes / no ", "ny", err);
		if (key < 0)
			return -1;
		if (key == 'n')
			return err_set(err, ERR_HUMAN, "nothing was recorded");
	}
	fields_set_number(in, "dry", 0);
	return client_order(client, "findings", in, out, 30000, err);
}

static int
order(struct client *client, struct asked *a, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	const char *what = a->word[0];
	int rc;

	fields_set(&in, "what", what);
	fields_set(&in, "about", a->about);
	if (strcmp(what, "decide") == 0 && a->n == 2) {
		fields_set(&in, "text", a->word[1]);
		rc = decide(client, a, &in, &out, err);
	} else if (strcmp(what, "join") == 0 && a->n == 3) {
		fields_set(&in, "keep", a->word[1]);
		fields_set(&in, "drop", a->word[2]);
		rc = client_order(client, "findings", &in, &out, 30000, err);
	} else if (strcmp(what, "done") == 0 && a->n == 2) {
		fields_set(&in, "id", a->word[1]);
		fields_set(&in, "reason", a->reason ? a->reason : "");
		rc = client_order(client, "findings", &in, &out, 30000, err);
	} else {
		rc = err_set(err, ERR_USAGE,
		    "findings [decide TEXT | join ID ID | done ID | plan FILE]");
		(void)err_fix(err, "divisi help findings");
	}
	if (rc == 0 && a->as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		print_gate(&out);
	}
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

static int
write_plan(struct client *client, struct asked *a, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(client, err);
	size_t n = 0;

	if (!status ||
	    finding_plan_write(status, a->about, a->word[1], &a->wish, &n, err) < 0)
		return -1;
	if (a->as_json)
		printf("{\"phases\":%zu}\n", n);
	else
		printf("%s: %zu phase%s; divisi dispatch %s shows the table\n",
		    a->word[1], n, n == 1 ? "" : "s", a->word[1]);
	return 0;
}

int
cmd_findings(int argc, char **argv)
{
	struct asked a = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &a, &err);

	/* A single word that is no order says which review. */
	if (rc == 0 && a.n == 1 && !a.of && strcmp(a.word[0], "decide") != 0 &&
	    strcmp(a.word[0], "join") != 0 && strcmp(a.word[0], "done") != 0 &&
	    strcmp(a.word[0], "plan") != 0) {
		a.of = a.word[0];
		a.n = 0;
	}
	if (rc == 0)
		rc = open_client(&a, &client, &err);
	if (rc == 0 && a.n == 0)
		rc = list(&client, &a, &err);
	else if (rc == 0 && strcmp(a.word[0], "plan") == 0 && a.n == 2)
		rc = write_plan(&client, &a, &err);
	else if (rc == 0)
		rc = order(&client, &a, &err);
	client_close(&client);
	free(a.about);
	return rc < 0 ? cmd_fail(&err, a.as_json) : 0;
}
