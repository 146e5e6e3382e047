#include "policy/modes.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *word;
} mode_text[LAUNCH_N] = {
	[LAUNCH_BYPASS] = { "Bypass permissions", "bypass" },
	[LAUNCH_PLAN] = { "Plan mode", "plan" },
	[LAUNCH_ASK] = { "Ask permissions", "ask" },
};

const char *
launch_mode_name(enum launch_mode mode)
{
	assert(mode < LAUNCH_N);
	return mode_text[mode].name;
}

const char *
launch_mode_word(enum launch_mode mode)
{
	assert(mode < LAUNCH_N);
	return mode_text[mode].word;
}

int
launch_mode_of(struct span name)
{
	name = span_trim(name);
	for (int i = 0; i < LAUNCH_N; i++) {
		if (span_eq_nocase(name, mode_text[i].name) ||
		    span_eq_nocase(name, mode_text[i].word))
			return i;
	}
	return -1;
}

enum launch_mode
launch_mode_for(enum exec_mode mode, bool is_analysis_only, bool changes_product_code,
    const char **warning)
{
	*warning = NULL;
	if (is_analysis_only) {
		if (mode == EXEC_TDD)
			*warning = "tdd with analysis only: there is nothing to test";
		return LAUNCH_BYPASS;
	}
	switch (mode) {
	case EXEC_PAIR: return LAUNCH_PLAN;
	case EXEC_CHECKPOINT: return LAUNCH_ASK;
	case EXEC_SPIKE:
		if (!changes_product_code)
			return LAUNCH_BYPASS;
		*warning = "a spike that changes product code is no spike";
		return LAUNCH_PLAN;
	case EXEC_NONE:
	case EXEC_QUICK:
	case EXEC_TDD:
	case EXEC_SWARM:
	case EXEC_N_MODES: break;
	}
	return LAUNCH_BYPASS;
}

static bool
is_document(const char *path)
{
	static const char *const folder[] = { "docs/", "doc/", "notes/", "research/",
		"spikes/", "decisions/" };
	static const char *const ending[] = { ".md", ".txt", ".rst", ".adoc" };
	size_t n = strlen(path);

	for (size_t i = 0; i < N_ELEMS(folder); i++) {
		if (strncmp(path, folder[i], strlen(folder[i])) == 0)
			return true;
	}
	for (size_t i = 0; i < N_ELEMS(ending); i++) {
		size_t m = strlen(ending[i]);

		if (n >= m && strcmp(path + n - m, ending[i]) == 0)
			return true;
	}
	return false;
}

bool
mode_makes_documents(const struct phase *phase)
{
	static const enum touch made[] = { TOUCH_WRITES, TOUCH_CREATES, TOUCH_DELETES,
		TOUCH_RENAMES, TOUCH_APPENDS };
	size_t n = 0;

	for (size_t k = 0; k < N_ELEMS(made); k++) {
		const struct touch_list *list = &phase->touch[made[k]];

		for (size_t i = 0; i < list->n; i++) {
			if (!is_document(list->item[i].text))
				return false;
			n++;
		}
	}
	return n > 0;
}

enum launch_mode
launch_mode_of_phase(const struct phase *phase, const char **warning)
{
	/* A spike without a declared product is exploration, as the method means it. */
	bool makes_product = (phase->touch[TOUCH_WRITES].n > 0 ||
				 phase->touch[TOUCH_CREATES].n > 0) &&
			     !mode_makes_documents(phase);

	return launch_mode_for(
	    phase->mode, phase->is_analysis_only, makes_product, warning);
}

const char *
launch_worktree(
    const struct phase *phase, const struct agent_kind *agent, bool is_parallel)
{
	if (agent && agent->is_external)
		return "n/a";
	return is_parallel || !phase->is_analysis_only ? "yes" : "no";
}

char *
mode_label(const struct phase *phase)
{
	enum exec_mode mode = phase->mode == EXEC_NONE ? EXEC_QUICK : phase->mode;

	return xasprintf("%s%s", exec_mode_name(mode),
	    phase->is_analysis_only ? " (analysis-only)" : "");
}

int
agent_eligible(const struct agent_kind *agent, enum exec_mode mode, const char **why)
{
	unsigned bit = 1u << (mode == EXEC_NONE ? EXEC_QUICK : mode);

	*why = NULL;
	if (!agent || (agent->modes & bit))
		return 0;
	if (agent->warned & bit) {
		*why = "the method's tables do not agree that this agent may run "
		       "this mode";
		return 1;
	}
	*why = mode == EXEC_CHECKPOINT
		   ? "checkpoint mode is for Claude Code alone, no substitution"
		   : "no table of the method gives this mode to this agent";
	return -1;
}
