#include "policy/refusal.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct refusal catalogue[] = {
	{ "P01", "S-55", "a field of the prompt is empty or still a placeholder",
	  "fill the named field in the plan", 'E' },
	{ "P02", "S-56", "an issue is named without its link",
	  "write it as [ID: Title](address)", 'E' },
	{ "P03", "S-61", "the context has fewer than 3 or more than 5 bullets",
	  "give the phase 3 to 5 Context bullets", 'E' },
	{ "P04", "S-60", "the launch path is missing or not the repository",
	  "name the repository in the \"Launch from:\" line", 'E' },
	{ "P05", "S-40", "\"Launch as\" is missing or not the computed mode",
	  "write the launch mode that the plan table shows", 'E' },
	{ "P06", "S-39", "mode, launch mode or worktree has a value outside its set",
	  "use one of the values the message lists", 'E' },
	{ "P07", "S-66", "no tasks, or their numbers do not count from 1",
	  "number the tasks 1. 2. 3.", 'E' },
	{ "P08", "S-67", "the deliverable is missing or does not say which issue to update",
	  "end it with: Update [ID](address) with results.", 'E' },
	{ "P09", "S-68", "the cost clause is missing",
	  "add: Estimate cost before execution. If >$10 and cost profile is not unlimited, checkpoint.", 'E' },
	{ "P10", "S-70", "the confirmation clause is missing",
	  "add: Reply with 'Session started' before beginning work.", 'E' },
	{ "P11", "S-71", "the exit clause is missing",
	  "add: Update Linear issue status to Done/In Review.", 'E' },
	{ "P12", "S-62", "a resumed session without a link to the one before",
	  "add a Context bullet \"Prior session:\" with its link", 'E' },
	{ "P13", "S-64", "review findings are open and their link is missing",
	  "add a Context bullet \"Review findings to address:\" with the link", 'E' },
	{ "P14", "S-85", "a prompt for an agent outside the method is not complete by itself",
	  "give acceptance criteria, constraints and a test command, and name no methodology files", 'E' },
	{ "P15", "S-20", "the prompt relies on what another session knows",
	  "write out what was decided", 'E' },
	{ "P16", "R-209", "the prompt shows a home directory or what looks like a secret",
	  "write ~/ for the home directory and remove the secret", 'W' },
	{ "G01", "S-9", "a pair has no verdict, or one for an older plan",
	  "run: divisi check PLAN", 'E' },
	{ "G02", "S-12", "phases wait for each other in a circle",
	  "take one of the named items out of the circle", 'E' },
	{ "G03", "S-11", "two phases that must follow each other would run together",
	  "launch them in the order of the plan table", 'E' },
	{ "G04", "R-36", "two sessions share files and have no merge order",
	  "run: divisi plan PLAN", 'E' },
	{ "G05", "S-25", "too many sessions at once",
	  "wait until one ends", 'E' },
	{ "G06", "S-26", "a batch is too small or too large",
	  "run: divisi plan PLAN", 'E' },
	{ "G07", "S-27", "the batch before is not complete",
	  "finish or acknowledge its sessions first", 'E' },
	{ "G08", "S-21", "an issue must belong to exactly one session",
	  "give each phase one issue of its own", 'E' },
	{ "G09", "S-23", "the branch name is taken, clashes or cannot be written",
	  "choose another focus or suffix", 'E' },
	{ "G10", "S-83", "one agent per issue and one issue per pull request",
	  "take the other assignment back first", 'E' },
	{ "G11", "S-80", "this table is not approved",
	  "look at it and run: divisi approve", 'E' },
	{ "G12", "S-42", "Gate 2 is not passed",
	  "decide the review findings first", 'E' },
	{ "G13", "R-1", "the plan is not attached for the external agent",
	  "attach the plan to the master issue", 'E' },
	{ "G14", "R-3", "the main checkout is not on its main branch",
	  "switch the main checkout to its main branch", 'E' },
	{ "G15", "R-94", "this agent may not run this mode",
	  "choose another agent or mode for the phase", 'E' },
	{ "G16", "A-20", "an issue may not be assigned before its table is approved",
	  "approve the table first", 'E' },
	{ "G17", "R-67", "a phase depends on a failed session",
	  "look at what failed and acknowledge it", 'E' },
	{ "G18", "R-24", "two approaches failed already on this issue",
	  "read both failures and approve a third", 'E' },
	{ "G19", "R-20", "a spike this phase depends on is not resolved",
	  "finish the spike first", 'E' },
	{ "G20", "S-29", "a research batch holds a writer or a shared output",
	  "give each track an output of its own, or plan it as implementation", 'E' },
	{ "G21", "B-20", "a session wrote outside the paths it declared",
	  "declare the path or take the change back", 'W' },
	{ "G22", "R-21", "the points do not fit the mode",
	  "change the points or the mode", 'W' },
	{ "G23", "R-95", "this work fits one session with Agent Teams better",
	  "run: divisi advise PLAN", 'W' },
	{ "M01", "S-44", "the merge lacks its review, its checks, a current base or its turn",
	  "see what it waits for: divisi why", 'E' },
	{ "M02", "R-58", "the pull request does not close its issue",
	  "add a line \"Closes ISSUE\" to it", 'E' },
	{ "M03", "R-55", "nothing goes to the main branch directly",
	  "put the work on a branch of its own", 'E' },
	{ "M04", "S-45", "the session has an open conflict",
	  "settle the conflict first", 'E' },
	{ "X01", "R-45", "Done needs evidence and a merge",
	  "show the evidence, or merge first", 'E' },
	{ "X02", "R-42", "something of the exit checklist is missing",
	  "do what the checklist names", 'E' },
	{ "X03", "R-40", "the issue has no ctx label or is stale",
	  "set one ctx label", 'W' },
	{ "T01", "R-77", "a comment mentions more than one app",
	  "write one comment for each", 'E' },
	{ "T02", "R-198", "labels or relations would be written without reading them first",
	  "read the issue again", 'E' },
	{ "T03", "R-199", "the text is an echo of the tracker, or holds literal \\n",
	  "compose the text from its source", 'E' },
	{ "T04", "R-204", "a list without a limit",
	  "give a limit", 'E' },
	{ "T05", "R-196", "priority, due date and cycle belong to people",
	  "leave the field alone", 'E' },
	{ "N01", "S-74", "the plan file has a name nobody can place",
	  "rename it to YYYY-MM-DD-project-topic.md", 'E' },
	{ "N02", "R-27", "the project short is not in the table",
	  "add it: git config divisi.project.NAME", 'W' },
	{ "N03", "R-113", "the plan lacks a section or has an unknown column",
	  "add the section the message names", 'E' },
};
/* clang-format on */

const struct refusal *
refusal_at(size_t i)
{
	return i < N_ELEMS(catalogue) ? &catalogue[i] : NULL;
}

const struct refusal *
refusal_find(const char *code)
{
	for (size_t i = 0; i < N_ELEMS(catalogue); i++) {
		if (strcmp(catalogue[i].code, code) == 0)
			return &catalogue[i];
	}
	return NULL;
}

int
refuse(struct err *err, const char *code, const char *fmt, ...)
{
	const struct refusal *refusal = refusal_find(code);
	char text[ERR_TEXT_SIZE];
	va_list ap;

	assert(refusal);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Values in the text may bring newlines along; a refusal is one plain line. */
	for (char *p = text; *p; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	err_set(err, ERR_REFUSED, "%s", text);
	if (!err)
		return -1;
	err->code = refusal->code;
	err->rule = refusal->rule;
	return err_fix(err, "%s", refusal->fix);
}

static bool
has_word(const char *list, struct span word)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ',', &one)) {
		if (one.n == word.n && memcmp(one.p, word.p, one.n) == 0)
			return true;
	}
	return false;
}

int
refusal_check_overrides(
    const char *overrides, const char *reason, const char *allowed, struct err *err)
{
	struct span rest = span_of(overrides), one;

	if (overrides[0] == '\0')
		return 0;
	while (span_next(&rest, ',', &one)) {
		if (has_word(allowed, one))
			continue;
		err_set(err, ERR_USAGE, "%.*s is no rule that can be overridden here",
		    (int)(one.n < 20 ? one.n : 20), one.p);
		return err_fix(err, "one of: %s", allowed);
	}
	if (reason[0] != '\0')
		return 0;
	err_set(err, ERR_USAGE, "an override needs a reason");
	return err_fix(err, "--override RULE --reason TEXT");
}
