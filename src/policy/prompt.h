#pragma once

#include "plan/plan.h"
#include "policy/modes.h"

/* The dispatch prompt of METHOD section 4: SPEC 1.8, lints P01-P16. */

/* The clauses every prompt carries, word for word (S-68, S-70, S-71; A-44). */
extern const char prompt_cost_clause[];
extern const char prompt_confirm_clause[];
extern const char prompt_exit_clause[];
/* Follows the exit clause on its line (CONTRACTS 3). */
extern const char prompt_exit_note[];
/* "Session started": what an adapter looks for in the first words of a session. */
extern const char prompt_confirm_words[];

/*
 * What ids of issues begin with in a plan, "CIA" of CIA-386: the same for all its prompts,
 * so who checks many keeps it.  Zeroed by the caller, filled by the first prompt_lint();
 * alive no longer than the plan.
 */
#define PROMPT_MAX_PREFIXES 64
struct prompt_prefixes {
	struct span prefix[PROMPT_MAX_PREFIXES];
	size_t n;
	bool is_filled;
};

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
	const char *verify;  /* judges the result; NULL = the phase's own */
	bool loops;          /* its tasks are worked one by one */
	bool is_external;    /* the agent does not know the method (S-85) */
	const char
	    *target; /* of a tracker-dispatched agent: what it proposes to; or NULL */
	struct prompt_prefixes *prefixes; /* NULL = not kept */
};

/*
 * Renders the whole prompt: it needs nothing beside itself (S-20) and says only what the
 * plan says.  A field that cannot be filled is left as its brace so that prompt_lint()
 * names it.  The caller frees the text.
 */
char *prompt_render(const struct prompt_facts *facts);

/*
 * Checks TEXT (rendered here or written by a person) against P01-P16.  FACTS may be NULL
 * when only the text is known: then P14 is left out and P05 judges by the mode in the
 * text.  Places are lines of TEXT, line 0 for what is not there at all.  At most twenty
 * lints of one code are added; they live in ARENA_PLAN's arena.
 */
void prompt_lint(const char *text, const struct prompt_facts *facts,
    struct plan *arena_plan, struct lint_list *lints);

/* The object that the prompt shows of the output KIND, or NULL. */
const char *prompt_output_example(const char *kind);

/* "Implement", "Investigate", "Write", "Fix": the action verb for a phase (S-57). */
const char *prompt_verb(const struct phase *phase);
