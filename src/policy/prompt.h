#pragma once

#include "plan/plan.h"
#include "policy/modes.h"

/* The dispatch prompt of METHOD section 4: SPEC 1.8, lints P01-P16. */
struct prompt_facts {
	const struct plan *plan;
	const struct phase *phase;
	enum launch_mode launch_as;
	const char *worktree;   /* "yes", "no" or "n/a" */
	const char *repo_label; /* project name in the third line */
	const char *repo_path;  /* shown path, ~/ for home */
	const char *branch;     /* told to the agent */
	const char *resume_url; /* prior session link, or NULL when fresh (S-62) */
	const char *resume_text;
	const char *rdr_url; /* review findings to address, or NULL */
	const char *limits;  /* cost or resource limit line, or NULL (S-63) */
	const char *fence;   /* what the fence allows, one line, or NULL */
	const char *verify;  /* verify command that will judge the result, or NULL */
	bool is_external;    /* agent that does not read methodology files (S-85) */
};

/*
 * Renders the whole prompt.  A field that cannot be filled is left as its brace so that
 * prompt_lint() names it.  The caller frees the text.
 */
char *prompt_render(const struct prompt_facts *facts);

/*
 * Checks TEXT (rendered here or written by a person) against P01-P16: FACTS may be NULL
 * when only the text is known.  Places are lines of TEXT.  Lints live in ARENA_PLAN's arena.
 */
void prompt_lint(const char *text, const struct prompt_facts *facts,
    struct plan *arena_plan, struct lint_list *lints);

/* "Implement", "Investigate", "Write" ...: the action verb for a phase (S-57). */
const char *prompt_verb(const struct phase *phase);
