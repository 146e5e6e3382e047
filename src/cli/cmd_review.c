#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/paneling.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `divisi review`: reviewers look, or what others found comes in, or a person does without. */

#define FINDINGS_BYTES (1u << 20)

const struct option_doc cmd_review_options[] = {
	OPTION_JSON,
	{ "record", "FILE",
	    "take in what reviewers found, as JSON; - is standard input", 0 },
	{ "waive", "REASON", "do without this review; kept on record", 0 },
	{ "option", "LETTER",
	    "A to H; with D to G reviewers of divisi look, the others are asked on the issue",
	    0 },
	{ "checkpoint", NULL, "of a session: for the checkpoint it waits at", 0 },
	{ "agent", "NAME", "who the reviewers are (default: divisi.agent); two for G",
	    0 },
	{ "persona", "NAME,...", "as what they look (default: by the plan's words)",
	    0 },
	{ "approve-all", NULL, "approve the tables of the reviewers; without asking",
	    0 },
	{ "list", NULL, "print the options and the personas", 0 },
	{ "show", "NAME", "print a persona, to change it in .divisi/personas/NAME.md",
	    0 },
	OPTION_END,
};

struct reviewing {
	const char *about, *record, *waive, *show;
	bool as_json, approve_all, lists;
	struct fields in;
	const char *path; /* of the plan, or NULL */
};

static int
read_words(int argc, char **argv, struct reviewing *r, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_review_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		const char *name = at >= 0 ? cmd_review_options[at].name : "";

		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && r->about)
			return err_set(
			    err, ERR_USAGE, "review takes one plan or session");
		if (at == ARGS_WORD)
			r->about = args.value;
		else if (strcmp(name, "json") == 0)
			r->as_json = true;
		else if (strcmp(name, "record") == 0)
			r->record = args.value;
		else if (strcmp(name, "waive") == 0)
			r->waive = args.value;
		else if (strcmp(name, "checkpoint") == 0)
			fields_set(&r->in, "timing", "in");
		else if (strcmp(name, "approve-all") == 0)
			r->approve_all = true;
		else if (strcmp(name, "list") == 0)
			r->lists = true;
		else if (strcmp(name, "show") == 0)
			r->show = args.value;
		else
			fields_set(&r->in, name, args.value);
	}
	if (r->lists || r->show)
		return 0;
	if (!r->about)
		return err_set(err, ERR_USAGE, "review needs a plan or a session");
	if (r->record && r->waive) {
		err_set(err, ERR_USAGE, "review either records findings or is waived");
		return err_fix(
		    err, "divisi review %s --record FILE, or --waive REASON", r->about);
	}
	return 0;
}

/* Everything in the file or pipe NAME, bounded; the caller frees it. */
static char *
read_bounded(const char *name, struct err *err)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	char *text = NULL;
	size_t n = 0;

	if (!f) {
		err_sys(err, "%s", name);
		return NULL;
	}
	text = xcalloc(1, FINDINGS_BYTES + 2);
	n = fread(text, 1, FINDINGS_BYTES + 1, f);
	if (f != stdin)
		fclose(f);
	if (n <= FINDINGS_BYTES && strlen(text) == n && text_utf8_bad(text, n) < 0)
		return text;
	err_set(err, ERR_INPUT, "%s: the findings are %s", name,
	    n > FINDINGS_BYTES  ? "larger than 1 MiB"
	    : strlen(text) != n ? "no JSON: they hold a NUL"
				: "no JSON: their bytes are no UTF-8");
	free(text);
	return NULL;
}

static int
read_findings(struct reviewing *r, struct err *err)
{
	AUTO_FREE char *text = read_bounded(r->record, err);

	if (!text)
		return -1;
	fields_set(&r->in, "findings", text);
	return 0;
}

static void
print_outcome(const struct reviewing *r, const struct fields *out)
{
	const char *gate = strcmp(fields_text(&r->in, "timing"), "in") == 0
			       ? "the checkpoint"
			   : r->path ? "Gate 2"
				     : "the merge";

	printf("review %s: %lld finding%s%s%s; %s is %s", fields_text(out, "review"),
	    (long long)fields_number(out, "n", 0),
	    fields_number(out, "n", 0) == 1 ? "" : "s",
	    fields_text(out, "recommendation")[0] ? ", " : "",
	    fields_text(out, "recommendation"), gate, fields_text(out, "gate"));
	if (fields_text(out, "why")[0]) {
		fputs(": ", stdout);
		text_put(stdout, fields_text(out, "why"));
	}
	putchar('\n');
	if (strcmp(fields_text(out, "gate"), "passed") != 0)
		printf("  -> divisi findings %s\n", fields_text(out, "review"));
}

/* Hands in what outside reviewers found, or that a person does without. */
static int
hand_in(struct reviewing *r, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(r->path ? r->path : "");
	struct client client = { 0 };
	struct fields out = { 0 };
	int rc = 0;

	fields_set(&r->in, "what", r->record ? "record" : "waive");
	fields_set(&r->in, "reason", r->waive);
	if (r->record)
		rc = read_findings(r, err);
	if (rc == 0)
		rc = client_open(&client, r->path ? dirname(copy) : NULL, true, err);
	if (rc == 0)
		rc = client_order(&client, "review", &r->in, &out, 60000, err);
	if (rc == 0 && r->as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		print_outcome(r, &out);
	}
	client_close(&client);
	fields_clear(&out);
	return rc;
}

int
cmd_review(int argc, char **argv)
{
	struct reviewing r = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *path = NULL;
	int rc = read_words(argc, argv, &r, &err);

	if (rc == 0 && (r.lists || r.show)) {
		rc = paneling_print(r.show, &err);
		fields_clear(&r.in);
		return rc < 0 ? cmd_fail(&err, r.as_json) : 0;
	}
	if (rc == 0 && r.about && access(r.about, F_OK) == 0)
		rc = (path = client_plan_path(r.about, &err)) ? 0 : -1;
	r.path = path;
	fields_set(&r.in, path ? "path" : "session",
	    path      ? path
	    : r.about ? r.about
		      : "");
	if (rc == 0 && (r.record || r.waive))
		rc = hand_in(&r, &err);
	else if (rc == 0)
		rc = paneling_run(&r.in, r.approve_all, r.as_json, &err);
	fields_clear(&r.in);
	return rc < 0 ? cmd_fail(&err, r.as_json) : 0;
}
