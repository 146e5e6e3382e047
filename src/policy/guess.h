#pragma once

#include "plan/plan.h"
#include "policy/cochange.h"
#include "policy/tree.h"

/*
 * What a phase will probably touch, for a person to accept or not (DESIGN 4): each guess
 * with where it comes from, its evidence and how sure it is.  Nothing here is enforced.
 */
enum guess_source {
	GUESS_TEXT,    /* a path named in the phase */
	GUESS_SYMBOL,  /* a name in the phase that a file defines */
	GUESS_HISTORY, /* what changes with it */
	GUESS_RUN,     /* what earlier work on the same issue touched */
};

const char *guess_source_name(enum guess_source source); /* "text" ... */

struct guess {
	enum touch touch;
	enum guess_source source;
	char *path, *to; /* TO of a rename, else NULL */
	char *evidence;
	double confidence; /* 0..1 */
};

struct guesses {
	struct guess *item; /* surest first within one kind of touch, once sorted */
	size_t n, cap;
	char *hint; /* names in the text that could not be used and why; or NULL */
};

void guesses_clear(struct guesses *guesses);

/* Adds a guess; of the same path the surer one stays. */
void guesses_add(struct guesses *guesses, const struct guess *guess);
void guesses_sort(struct guesses *guesses);

/* Paths that the focus, tasks and deliverable of PHASE name, as TREE knows them. */
void guesses_from_text(
    struct tree *tree, const struct phase *phase, struct guesses *guesses);

/* Names in the text of PHASE that look like those of functions, types or constants. */
#define GUESS_MAX_SYMBOLS 24
void guesses_symbols(const struct phase *phase, struct text_list *symbols);
void guesses_symbols_clear(struct text_list *symbols);

/* What history knows: paths by number, sorted, and which of them change together. */
struct guess_history {
	const char *const *path;
	size_t n_paths;
	const struct cochange *cochange;
	const char *const *tracked; /* sorted; what is gone is not proposed */
	size_t n_tracked;
};

/* A file that history changes with one that PHASE declares or GUESSES holds. */
struct forgotten {
	const char *path, *with; /* borrowed from the history */
	struct partner partner;
};

/*
 * What PHASE writes and did not declare, as history has it, surest first; at most MAX into
 * OUT.  GUESSES (may be NULL) count as declared.  Patterns and phases of other
 * repositories say nothing.  Returns the number.
 */
size_t guesses_forgotten(const struct guess_history *history, const struct phase *phase,
    const struct guesses *guesses, double least, struct forgotten *out, size_t max);

/*
 * PATH as a pattern that matches it alone; NULL when no plan can name it (control
 * characters, backquotes).  The caller frees it.
 */
char *guess_pattern(const char *path);

/*
 * Adds a warning (L22) for what phases forgot: "history says `a.h` changes with `a.c` in
 * 71 % of landings".  A few per phase, only where history is nearly sure.
 */
void guesses_lint(
    struct plan *plan, const struct guess_history *history, struct lint_list *lints);

/* "- Writes: `a`\n..." of the guesses at least LEAST sure; "" when none.  Caller frees. */
char *guesses_bullets(const struct guesses *guesses, double least);
