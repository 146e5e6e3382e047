#pragma once

#include "plan/alter.h"
#include "plan/batch.h"
#include "plan/verdict.h"

/*
 * Why a verdict is what it is, and what would make it another (CONFLICTS 5.5).  Everything
 * here follows from the plan, the tracked paths and the settings: the same ones give the
 * same record.
 */
struct explain_name { /* a name that both claim */
	const char *name, *mode_a, *mode_b;
	const char *relation; /* "data" "order" "sequential" "numbers" "ok" */
};

/*
 * Changes to one phase after which the pair is less strict.  Not a guess: the plan was
 * changed so and decided again.
 */
struct explain_remedy {
	int phase;
	struct alteration *edit;
	size_t n_edits;
	enum verdict becomes;
	size_t n_batches; /* that the whole plan would then need */
};

struct explanation {
	struct arena *arena;
	struct pair pair;
	const char *rule;    /* "S-11" ... what the deciding question follows */
	const char **common; /* tracked paths that both touch and one of them changes */
	size_t n_common;
	struct explain_name *name;
	size_t n_names;
	struct explain_remedy remedy[2]; /* of a, then of b */
	size_t n_remedies;
	const char *advice; /* where no change of a list helps; else "" */
};

struct standing;

/* What a plan is decided with: all that must not change between two answers. */
struct explain_env {
	const struct verdict_env *verdict;
	const struct batch_env *batch;
	/*
	 * The plan, decided with the same, for trying changes without deciding all of it; it is
	 * as before when the answer is there.  Or NULL.
	 */
	struct standing *standing;
};

/*
 * Explains the pair of positions A and B, A < B, of PLAN.  Trying remedies takes as long
 * as some hundred verdicts of the plan where none stands; in one of more phases than VERDICT_KEEP_ALL only
 * the two are decided.  The caller frees it.
 */
struct explanation *explain_pair(const struct plan *plan,
    const struct verdicts *verdicts, const struct explain_env *env, int a, int b);
void explanation_free(struct explanation *explanation);

const char *explain_rule(const struct pair *pair);

/* What keeps a phase out of an earlier batch. */
struct explain_step {
	int batch;          /* number, 1-based */
	int blocker;        /* phase that has to come before or apart, or -1 */
	const char *reason; /* why not there */
};

/*
 * One step per batch before that of PHASE, ascending; *N of them.  The caller frees the
 * array; reasons live as long as BATCHES and VERDICTS.
 */
struct explain_step *explain_place(const struct explain_env *env,
    const struct verdicts *verdicts, const struct batches *batches, int phase,
    size_t *n);
