#include "cli/ask.h"
#include "cli/init.h"
#include "cli/init_tasks.h"
#include "cli/screen.h"
#include "plan/lint.h"
#include "plan/parse.h"

#include <stdio.h>
#include <string.h>

int
init_ask_verify(char **command, const char **because, struct err *err)
{
	int key = 'e';

	fputs("What verifies this repository?  ", stdout);
	if (*command) {
		text_put(stdout, *command);
		printf("  (%s)\n", *because);
		key = ask_key(
		    "  [Enter] take it  [e] another  [n] none  [q] quit ", "yen", err);
	} else {
		fputs("nothing was found\n", stdout);
	}
	if (key < 0)
		return -1;
	if (key == 'y')
		return 0;
	free(*command);
	*command = NULL;
	*because = "none, as you said: results land unchecked";
	if (key == 'n')
		return 0;
	AUTO_FREE char *line = ask_text("  command (empty for none): ", err);

	if (!line)
		return -1;
	if (*line) {
		*command = TAKE_PTR(line);
		*because = "as you said";
	}
	return 0;
}

/* Is TEXT, with LINE behind it, still a list of tasks?  Otherwise says what is wrong. */
static bool
is_task(const char *text, const char *line)
{
	AUTO_FREE char *all = xasprintf("%s%s\nlast\n", text, line);
	struct task_lines lines = { 0 };
	struct err err = ERR_INIT;
	const char *colon;

	if (task_lines_read("", all, strlen(all), &lines, &err) == 0) {
		task_lines_clear(&lines);
		return true;
	}
	/* ":3: " in front is of no use to somebody who sees the line. */
	colon = strstr(err.text, ": ");
	fputs("  ", stdout);
	text_put(stdout, colon ? colon + 2 : err.text);
	printf("; %s\n", err.fix);
	return false;
}

char *
init_ask_tasks(size_t *n, struct err *err)
{
	char *text = xstrdup("");
	struct err why = ERR_INIT;

	fputs("What is to be done?  One task per line, an empty line ends.\n", stdout);
	for (;;) {
		AUTO_FREE char *line = ask_text("  > ", &why);
		AUTO_FREE char *before = text;

		if (!line || *line == '\0') {
			text = TAKE_PTR(before);
			break;
		}
		text = is_task(before, line) ? xasprintf("%s%s\n", before, line)
					     : TAKE_PTR(before);
	}
	*n = strlen(text);
	if (*n > 0)
		return text;
	free(text);
	if (err)
		*err = why;
	return NULL;
}

static int
take_footprint(const struct phase *phase, struct footprint *footprint, struct err *err)
{
	struct footprint taken = { 0 };

	for (int touch = 0; touch < TOUCH_N; touch++) {
		for (size_t i = 0; i < phase->touch[touch].n; i++) {
			const struct touch_item *item = &phase->touch[touch].item[i];

			if (item->is_negated || strchr(item->text, '`')) {
				footprint_clear(&taken);
				return err_set(err, ERR_INPUT,
				    "\"%.60s\": exceptions and backquotes belong "
				    "into the plan itself",
				    item->text);
			}
			footprint_add(&taken, (enum touch)touch, item->text, item->to,
			    "as you said");
		}
	}
	footprint_clear(footprint);
	*footprint = taken;
	return 0;
}

/*
 * The footprint that LINE says, in the words of a plan: "Writes: a, b  Reads: c".  -1 with
 * what a plan's check would say.
 */
static int
parse_footprint(const char *line, struct footprint *footprint, struct err *err)
{
	AUTO_FREE char *text = xasprintf(
	    "### 1A: Phase\n\n- Issue: local:LOC-1\n- %s\n",
	    strncmp(line, "- ", 2) == 0 ? line + 2 : line);
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse("", text, strlen(text), &lints, err);
	const struct phase *phase;

	if (!plan || plan->n_phases != 1) {
		lint_list_clear(&lints);
		return err_set(err, ERR_INPUT, "this is no line of a plan");
	}
	plan_lint(plan, NULL, &lints);
	for (size_t i = 0; i < lints.n; i++) {
		const struct lint *lint = &lints.item[i];

		if (strcmp(lint->code, "L06") == 0 || strcmp(lint->code, "L07") == 0 ||
		    strcmp(lint->code, "L11") == 0 || strcmp(lint->code, "L13") == 0) {
			const char *colon = strstr(lint->message, ": ");

			/* The phase is the one that is asked about. */
			err_set(err, ERR_INPUT, "%s",
			    strncmp(lint->message, "phase ", 6) == 0 && colon
				? colon + 2
				: lint->message);
			lint_list_clear(&lints);
			return -1;
		}
	}
	lint_list_clear(&lints);
	phase = &plan->phase[0];
	if (phase->is_unknown)
		return err_set(err, ERR_INPUT,
		    "it names nothing; write as in: Writes: src/a.c, src/b.c  Reads: "
		    "docs/");
	return take_footprint(phase, footprint, err);
}

static void
show(const struct proposal *proposal, const struct screen *screen)
{
	const struct footprint *footprint = &proposal->footprint;

	fputc('\n', stdout);
	screen_put(screen, STYLE_BOLD, proposal->id);
	fputs("  ", stdout);
	text_put(stdout, proposal->focus);
	fputc('\n', stdout);
	for (size_t i = 0; i < footprint->n; i++) {
		const struct footprint_item *item = &footprint->item[i];

		printf("  %-8s ", touch_name(item->touch));
		text_put(stdout, item->path);
		if (item->to) {
			fputs(" -> ", stdout);
			text_put(stdout, item->to);
		}
		printf("  (%s)\n", item->evidence);
	}
	if (footprint->n == 0)
		fputs("  names no path of the repository\n", stdout);
	else if (!footprint_is_enough(footprint, proposal->is_reading))
		fputs("  does not say where its work goes\n", stdout);
	if (footprint->hint) {
		fputs("  ", stdout);
		text_put(stdout, footprint->hint);
		fputc('\n', stdout);
	}
}

static int
edit(struct proposal *proposal, struct err *err)
{
	for (;;) {
		struct err why = ERR_INIT;
		AUTO_FREE char *line = ask_text(
		    "  as in \"Writes: src/a.c, docs/  Reads: lib/**\" (empty: leave "
		    "it unknown)\n  - ",
		    err);

		if (!line)
			return -1;
		if (*line == '\0') {
			proposal->state = PROPOSAL_LEFT;
			return 0;
		}
		if (parse_footprint(line, &proposal->footprint, &why) == 0) {
			proposal->state = PROPOSAL_ACCEPTED;
			return 0;
		}
		fputs("  ", stdout);
		text_put(stdout, why.text);
		fputc('\n', stdout);
	}
}

/* One proposal, one key.  Returns 1 when all others are accepted as well. */
static int
ask_proposal(struct proposal *proposal, struct err *err)
{
	bool is_enough = footprint_is_enough(
	    &proposal->footprint, proposal->is_reading);
	int key = is_enough
		      ? ask_key("  [Enter] accept  [n] leave it unknown  [e] edit  "
				"[a] accept all  [q] quit ",
			    "ynea", err)
		      : ask_key("  [Enter] leave it unknown: it runs alone  [e] say "
				"what it touches  [q] quit ",
			    "ne", err);

	if (key < 0)
		return -1;
	if (key == 'e')
		return edit(proposal, err);
	proposal->state = key == 'n' ? PROPOSAL_LEFT : PROPOSAL_ACCEPTED;
	return key == 'a';
}

int
init_answer(struct init *init, struct err *err)
{
	struct screen screen;
	bool accept_all = init->yes;

	screen_init(&screen, stdout);
	for (size_t i = 0; i < init->n_proposals; i++) {
		struct proposal *proposal = &init->proposal[i];
		int rc;

		if (proposal->is_declared)
			continue;
		if (accept_all || !init->asks) {
			if (accept_all && footprint_is_enough(&proposal->footprint,
					      proposal->is_reading))
				proposal->state = PROPOSAL_ACCEPTED;
			continue;
		}
		show(proposal, &screen);
		rc = ask_proposal(proposal, err);
		if (rc < 0)
			return -1;
		accept_all = rc == 1;
	}
	return 0;
}
