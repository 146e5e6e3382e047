#include "cli/init_plan.h"

#include <ctype.h>
#include <string.h>

/* What a task costs before anybody knows: a guess, and the plan says so. */
#define GUESSED_ESTIMATE "$2"
#define PREFIXES_TRIED   50

const char init_proposal_mark[] = "<!-- proposed from the text";

struct writing {
	FILE *out;
	const struct plan_facts *facts;
	const struct task_lines *lines;
	const struct proposal *proposal;
};

static const char *
mode_of(const struct task_line *task)
{
	return task->mode == EXEC_NONE ? exec_mode_name(EXEC_QUICK)
				       : exec_mode_name(task->mode);
}

/* The issue of task I: the first id is the master's. */
static unsigned long
issue_of(const struct writing *w, size_t i)
{
	return w->facts->first_issue + 1 + i;
}

/* `[LOC-2](local:LOC-2)`, with a title when there is one. */
static void
put_issue(const struct writing *w, unsigned long number, const char *title)
{
	const char *prefix = w->facts->prefix;

	fprintf(w->out, "[%s-%lu", prefix, number);
	if (title)
		fprintf(w->out, ": %s", title);
	fprintf(w->out, "](local:%s-%lu)", prefix, number);
}

static void
put_after(const struct writing *w, const struct task_line *task, const char *none)
{
	if (task->n_after == 0)
		fputs(none, w->out);
	for (size_t i = 0; i < task->n_after; i++)
		fprintf(
		    w->out, "%s%s", i ? ", " : "", w->lines->item[task->after[i]].id);
}

static void
put_tables(const struct writing *w)
{
	fputs("\n## Issue Registry\n\n"
	      "| ID | Title | Status | Exec | Est | Depends On |\n"
	      "|----|-------|--------|------|-----|------------|\n",
	    w->out);
	for (size_t i = 0; i < w->lines->n; i++) {
		const struct task_line *task = &w->lines->item[i];

		fputs("| ", w->out);
		put_issue(w, issue_of(w, i), NULL);
		fprintf(w->out, " | %s | Todo | %s | %s | ", task->focus, mode_of(task),
		    task->estimate ? task->estimate : GUESSED_ESTIMATE);
		put_after(w, task, "--");
		fputs(" |\n", w->out);
	}
	fputs("\n## Phase Map\n\n"
	      "| Phase | Issues | Focus | Batch | Dependencies |\n"
	      "|-------|--------|-------|-------|--------------|\n",
	    w->out);
	for (size_t i = 0; i < w->lines->n; i++) {
		const struct task_line *task = &w->lines->item[i];

		fprintf(w->out, "| %s | ", task->id);
		put_issue(w, issue_of(w, i), NULL);
		fprintf(w->out, " | %s | -- | ", task->focus);
		put_after(w, task, "None");
		fputs(" |\n", w->out);
	}
}

static void
put_footprint(const struct writing *w, const struct proposal *proposal)
{
	AUTO_FREE char *bullets = footprint_bullets(&proposal->footprint);

	if (proposal->state == PROPOSAL_LEFT ||
	    !footprint_is_enough(&proposal->footprint, proposal->is_reading))
		return;
	if (proposal->state == PROPOSAL_ACCEPTED) {
		fputs(bullets, w->out);
		return;
	}
	fprintf(w->out,
	    "%s; to accept it, remove this line and the one with the arrow, and add "
	    "what is missing\n%s-->\n",
	    init_proposal_mark, bullets);
}

/* Paths of the proposal that are there, or that are NEW, as a list; "" when none. */
static char *
named_paths(const struct footprint *footprint, bool new)
{
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < footprint->n && n < 8; i++) {
		if ((footprint->item[i].touch == TOUCH_CREATES) != new)
			continue;
		fprintf(out, "%s`%s`", n++ ? ", " : "", footprint->item[i].path);
	}
	fclose(out);
	return text;
}

static void
put_context(const struct writing *w, const struct task_line *task,
    const struct proposal *proposal)
{
	AUTO_FREE char *named = named_paths(&proposal->footprint, false);
	AUTO_FREE char *new = named_paths(&proposal->footprint, true);

	fprintf(w->out, "- Context:\n  - %s\n", w->facts->layout);
	if (task->is_analysis)
		fprintf(w->out,
		    "  - It is about the state of branch `%s`; no product code "
		    "changes.\n",
		    w->facts->main_branch);
	else
		fprintf(w->out, "  - Work starts from branch `%s` and lands there%s.\n",
		    w->facts->main_branch,
		    w->facts->has_verify ? " only when the test command succeeds on "
					   "the merged result"
					 : "; no test command is known, so the summary "
					   "has to say how the result was checked");
	if (*named)
		fprintf(
		    w->out, "  - The task names what is there already: %s.\n", named);
	else
		fputs("  - The task names no file that is there: find the place first, "
		      "and say which files will change.\n",
		    w->out);
	if (w->facts->guides)
		fprintf(w->out, "  - How work is done here is written in %s.\n",
		    w->facts->guides);
	if (task->n_after > 0) {
		fputs("  - What ", w->out);
		for (size_t i = 0; i < task->n_after && i < 4; i++) {
			const struct task_line *first = &w->lines->item[task->after[i]];

			fprintf(w->out, "%s%s (%s)", i ? " and " : "", first->id,
			    first->focus);
		}
		fprintf(w->out, " made is on `%s` when this starts.\n",
		    w->facts->main_branch);
	}
}

/* One numbered task per part of the text between semicolons. */
static int
put_parts(const struct writing *w, const char *text, int number)
{
	bool in_code = false;
	const char *start = text;

	for (const char *p = text;; p++) {
		if (*p == '`')
			in_code = !in_code;
		if (*p && (in_code || *p != ';' || p[1] != ' '))
			continue;
		struct span part = span_trim(
		    (struct span){ start, (size_t)(p - start) });

		if (part.n > 0)
			fprintf(w->out, "  %d. %.*s\n", number++, SPAN_FMT(part));
		if (*p == '\0')
			return number;
		start = p + 1;
	}
}

static void
put_tasks(const struct writing *w, const struct task_line *task)
{
	int number = 1;

	fputs("- Tasks:\n", w->out);
	if (task->mode == EXEC_TDD)
		fprintf(w->out, "  %d. Write the tests first, and see them fail.\n",
		    number++);
	number = put_parts(w, task->text, number);
	if (w->facts->has_verify && !task->is_analysis)
		fprintf(w->out,
		    "  %d. Run the test command and mend what it reports.\n", number);
}

static void
put_ending(const struct writing *w, const struct task_line *task, unsigned long issue)
{
	fputs("- Deliverable: ", w->out);
	if (task->is_analysis)
		fputs(
		    "the answer with its evidence and what stays open, in the summary",
		    w->out);
	else if (w->facts->has_verify)
		fputs(
		    "the change is committed on the branch of the session and the test "
		    "command succeeds",
		    w->out);
	else
		fputs("the change is committed on the branch of the session", w->out);
	fputs(". Update ", w->out);
	put_issue(w, issue, NULL);
	fputs(" with results.\n- Acceptance:\n", w->out);
	if (task->done)
		fprintf(w->out, "  - [ ] %s\n", task->done);
	else
		fprintf(w->out, "  - [ ] %s: %s\n",
		    task->is_analysis ? "The question is answered" : "This is done",
		    task->focus);
	if (w->facts->has_verify && !task->is_analysis)
		fputs("  - [ ] The test command succeeds\n", w->out);
	else if (!task->is_analysis)
		fputs("  - [ ] The summary says how it was checked\n", w->out);
}

static void
put_phase(const struct writing *w, size_t i)
{
	const struct task_line *task = &w->lines->item[i];

	fprintf(w->out, "\n### %s: %s\n\n- Issue: ", task->id, task->focus);
	put_issue(w, issue_of(w, i), task->focus);
	fprintf(w->out, "\n- Mode: %s%s\n- Agent: %s\n", mode_of(task),
	    task->is_analysis ? " (analysis-only)" : "",
	    task->agent ? task->agent : w->facts->agent);
	if (task->estimate)
		fprintf(w->out, "- Estimate: %s\n", task->estimate);
	else
		fputs("- Estimate: " GUESSED_ESTIMATE " <!-- a guess -->\n", w->out);
	put_footprint(w, &w->proposal[i]);
	if (task->n_after > 0) {
		fputs("- Depends on: ", w->out);
		put_after(w, task, "");
		fputc('\n', w->out);
	}
	put_context(w, task, &w->proposal[i]);
	put_tasks(w, task);
	put_ending(w, task, issue_of(w, i));
}

char *
init_plan_text(const struct plan_facts *facts, const struct task_lines *lines,
    const struct proposal *proposal)
{
	char *text = NULL;
	size_t size = 0;
	struct writing w = { open_memstream(&text, &size), facts, lines, proposal };

	fprintf(w.out, "# Master Plan: %s\n\n**Parent issue:** ", facts->title);
	put_issue(&w, facts->first_issue, facts->title);
	fprintf(w.out, "\n**Date:** %s\n", facts->date);
	put_tables(&w);
	for (size_t i = 0; i < lines->n; i++)
		put_phase(&w, i);
	fputs("\n## Session Registry\n\n"
	      "| Session Name | Issue | Phase | Agent | Status |\n"
	      "|--------------|-------|-------|-------|--------|\n"
	      "\n## Verification\n\n- [ ] All phase sub-issues Done\n",
	    w.out);
	fprintf(w.out, "- [ ] %s `%s`\n",
	    facts->has_verify ? "The verify command succeeds on"
			      : "The merged result was checked on",
	    facts->main_branch);
	fclose(w.out);
	return text;
}

/* Does TEXT hold PREFIX, a hyphen and a digit? */
static bool
speaks_of(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	for (const char *p = text ? text : ""; (p = strstr(p, prefix)); p += n) {
		if (p[n] == '-' && isdigit((unsigned char)p[n + 1]))
			return true;
	}
	return false;
}

char *
init_issue_prefix(const struct task_lines *lines)
{
	static const char *const names[] = { "LOC", "TASK", "STEP", "WORK", "PART" };

	/* A text that speaks of all of them is told by the check of the finished plan. */
	for (size_t k = 0;; k++) {
		AUTO_FREE char *prefix = k < N_ELEMS(names) ? xstrdup(names[k])
							    : xasprintf("LOC%zu", k);
		bool is_free = true;

		if (k == PREFIXES_TRIED)
			return TAKE_PTR(prefix);
		for (size_t i = 0; i < lines->n && is_free; i++)
			is_free = !speaks_of(lines->item[i].text, prefix) &&
				  !speaks_of(lines->item[i].done, prefix);
		if (is_free)
			return TAKE_PTR(prefix);
	}
}
