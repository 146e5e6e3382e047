#include "policy/depth.h"

#include "base/text.h"
#include "policy/panel.h"
#include "policy/risk.h"
#include "policy/timings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *persona;
	char option;
} depths[DEPTH_N] = {
	[DEPTH_SINGLE] = { "single", PERSONA_GENERIC, 'D' },
	[DEPTH_FULL] = { "full", PERSONA_GENERIC, 'E' },
	[DEPTH_SCOPE] = { "scope", "scope-reviewer", 'D' },
	[DEPTH_REGRESSION] = { "regression", "regression-reviewer", 'D' },
	[DEPTH_CHECKS] = { "checks", "checks-reviewer", 'D' },
	[DEPTH_ACCURACY] = { "accuracy", "accuracy-reviewer", 'D' },
};

const char *
depth_name(enum depth depth)
{
	assert(depth >= 0 && depth < DEPTH_N);
	return depths[depth].name;
}

enum depth
depth_of(const char *text)
{
	size_t n = strcspn(text, ":");

	for (int d = 0; d < DEPTH_N; d++) {
		if (strlen(depths[d].name) == n &&
		    strncmp(depths[d].name, text, n) == 0)
			return (enum depth)d;
	}
	return DEPTH_SINGLE;
}

const char *
depth_why(const char *text)
{
	const char *colon = strstr(text, ": ");

	return colon ? colon + 2 : "";
}

char
depth_option(enum depth depth)
{
	assert(depth >= 0 && depth < DEPTH_N);
	return depths[depth].option;
}

const char *
depth_persona(enum depth depth)
{
	assert(depth >= 0 && depth < DEPTH_N);
	return depths[depth].persona;
}

/* ---- what kind of work ------------------------------------------------------------------- */

enum work {
	WORK_NONE,
	WORK_FEATURE,
	WORK_REFACTOR,
	WORK_TESTS,
	WORK_BUG,
	WORK_CHORE,
	WORK_SPIKE,
	WORK_DOCS
};

static const struct {
	const char *word;
	enum work work;
} words[] = {
	{ "feature", WORK_FEATURE },
	{ "feat", WORK_FEATURE },
	{ "bug", WORK_BUG },
	{ "bugfix", WORK_BUG },
	{ "fix", WORK_BUG },
	{ "chore", WORK_CHORE },
	{ "spike", WORK_SPIKE },
	{ "docs", WORK_DOCS },
	{ "refactor", WORK_REFACTOR },
	{ "tests", WORK_TESTS },
	{ "test", WORK_TESTS },
};

static enum work
work_of(struct span word)
{
	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (span_eq_nocase(word, words[i].word))
			return words[i].work;
	}
	return WORK_NONE;
}

/* "fix: ...", "docs(api): ...", "[bug] ...": as many teams begin their titles. */
static enum work
work_of_title(const char *title)
{
	bool is_bracket = title[0] == '[';
	const char *p = title + is_bracket;
	struct span word = { p, strcspn(p, is_bracket ? "]" : ":( ") };
	const char *end = word.p + word.n;

	if (is_bracket)
		return *end == ']' ? work_of(word) : WORK_NONE;
	if (*end == '(') {
		end += strcspn(end, ")");
		end += *end == ')';
	}
	/* "Fix the login": so begins a bug's title even without the colon. */
	if (*end == ':' || (*end == ' ' && span_eq_nocase(word, "fix")) ||
	    (*end == ' ' && span_eq_nocase(word, "refactor")))
		return work_of(word);
	return WORK_NONE;
}

/* Is all that PHASE writes documentation, or all of it tests? */
static enum work
work_of_paths(const struct phase *phase)
{
	size_t n_docs = 0, n_tests = 0, n = 0;

	for (int t = 0; t < TOUCH_N; t++) {
		const struct touch_list *list = &phase->touch[t];

		if (t != TOUCH_WRITES && t != TOUCH_CREATES && t != TOUCH_DELETES &&
		    t != TOUCH_RENAMES && t != TOUCH_APPENDS)
			continue;
		for (size_t i = 0; i < list->n; i++) {
			const char *path = list->item[i].text;
			const char *dot = strrchr(path, '.');
			enum risk_class c = risk_class_of(path);

			if (list->item[i].is_negated)
				continue;
			n++;
			/* A text may be anything, as long as it stands in no folder of docs. */
			n_docs += c == RISK_CHANGELOG ||
				  (c == RISK_DOCS &&
				      !(dot && strcasecmp(dot, ".txt") == 0));
			n_tests += c == RISK_TEST;
		}
	}
	return n == 0 || phase->is_unknown ? WORK_NONE
	       : n_docs == n               ? WORK_DOCS
	       : n_tests == n              ? WORK_TESTS
					   : WORK_NONE;
}

static enum work
work_of_phase(const struct phase *phase)
{
	enum work work = phase->type ? work_of(span_of(phase->type)) : WORK_NONE;

	if (work == WORK_NONE && (phase->is_analysis_only || phase->mode == EXEC_SPIKE))
		work = WORK_SPIKE;
	if (work == WORK_NONE && phase->focus)
		work = work_of_title(phase->focus);
	if (work == WORK_NONE && phase->n_issues > 0 && phase->issue[0].title)
		work = work_of_title(phase->issue[0].title);
	return work == WORK_NONE ? work_of_paths(phase) : work;
}

/* ---- how deep ------------------------------------------------------------------------------ */

/* What others call from outside: even what only adds to it is looked at by several. */
static bool
is_public(const struct phase *phase, char *why, size_t n)
{
	for (int t = 0; t < TOUCH_N; t++) {
		const struct touch_list *list = &phase->touch[t];

		if (t == TOUCH_READS || t == TOUCH_USES || t == TOUCH_CONSUMES)
			continue;
		for (size_t i = 0; i < list->n; i++) {
			if (list->item[i].is_negated ||
			    strncmp(list->item[i].text, "api:", 4) != 0)
				continue;
			text_print(
			    why, n, "it touches the public %.60s", list->item[i].text);
			return true;
		}
	}
	return false;
}

static enum depth
depth_by(const struct phase *phase, int full_at, char *why, size_t n)
{
	enum work work = work_of_phase(phase);
	char risk[120];

	if (phase->is_high_risk) {
		text_print(why, n, "it is Risk: high");
		return DEPTH_FULL;
	}
	/* These change no code, whatever they are about. */
	if (work == WORK_SPIKE) {
		text_print(why, n, "it is a spike");
		return DEPTH_SCOPE;
	}
	if (work == WORK_DOCS) {
		text_print(why, n, "it is documentation");
		return DEPTH_ACCURACY;
	}
	if (phase_is_risky(phase, risk, sizeof(risk))) {
		text_print(why, n, "it %s", risk);
		return DEPTH_FULL;
	}
	if (is_public(phase, why, n))
		return DEPTH_FULL;
	if (work == WORK_CHORE) {
		text_print(why, n, "it is a chore");
		return DEPTH_CHECKS;
	}
	if (work == WORK_BUG) {
		text_print(why, n, "it mends a bug");
		return DEPTH_REGRESSION;
	}
	if (phase->points >= 8 ||
	    (work != WORK_REFACTOR && work != WORK_TESTS && phase->points >= full_at)) {
		text_print(why, n, "it has %d points", phase->points);
		return DEPTH_FULL;
	}
	text_print(why, n, "%s",
	    work == WORK_REFACTOR ? "it is a refactoring"
	    : work == WORK_TESTS  ? "it is tests"
				  : "it is small");
	return DEPTH_SINGLE;
}

enum { FULL_CHANGE = 4, FULL_PLAN = 3, HANDOFF_PHASES = 3 };

enum depth
depth_of_change(const struct phase *phase, char *why, size_t n)
{
	return depth_by(phase, FULL_CHANGE, why, n);
}

enum depth
depth_of_plan(const struct plan *plan, bool is_required, char *why, size_t n)
{
	enum depth all = DEPTH_SINGLE;
	char one[160];

	text_print(why, n, "it is small");
	for (size_t i = 0; i < plan->n_phases; i++) {
		enum depth d = depth_by(&plan->phase[i], FULL_PLAN, one, sizeof(one));

		if (d == DEPTH_FULL) {
			text_print(
			    why, n, "of phase %.40s: %s", plan->phase[i].id, one);
			return d;
		}
		if (i > 0 && d != all)
			d = DEPTH_SINGLE;
		else if (d != DEPTH_SINGLE)
			text_print(why, n, "of all its phases: %s", one);
		all = d;
	}
	if (all != DEPTH_SINGLE)
		return all;
	if (is_required)
		text_print(why, n, "the plan requires it");
	else if (plan->n_phases >= HANDOFF_PHASES)
		text_print(why, n, "%zu phases are handed over", plan->n_phases);
	else {
		text_print(why, n, "it is small");
		return DEPTH_SINGLE;
	}
	return DEPTH_FULL;
}
