#pragma once

#include "plan/plan.h"

/*
 * Can these two run together?  SPEC 1.2 and 8.1 with; CONTRACTS 4 and 5;
 * the essay is src/plan/README.md.
 */
enum verdict {
	VERDICT_PARALLEL,          /* "parallel" */
	VERDICT_PARALLEL_BRANCHES, /* "parallel-branches": merge order needed */
	VERDICT_SEQUENTIAL,        /* "sequential" */
};

enum pair_kind {
	PAIR_NONE,
	PAIR_RAW,
	PAIR_WAR,
	PAIR_WAW,
	PAIR_APPEND,
	PAIR_DELETE,
	PAIR_RENAME,
	PAIR_DIRECTORY,
	PAIR_API,
	PAIR_SCHEMA,
	PAIR_INFRA,
	PAIR_RESOURCE,
	PAIR_DECLARED,
	PAIR_CLOSURE,
	PAIR_UNKNOWN,
	PAIR_CYCLE,
	PAIR_N_KINDS,
};

struct trace_step {
	int question;         /* 1, 2 or 3 */
	const char *answer;   /* "no", "yes", "B reads A", "unknown" ... */
	const char *evidence; /* why, one line */
};

#define PAIR_N_TRACE 3

/* What a verdict rests on; pairs of which the same is to be said may share it. */
struct grounds {
	const char *witness; /* path, "api:x", "infra:ci" ... or NULL */
	const char *reason;  /* one plain sentence */
	int n_trace;
	struct trace_step trace[PAIR_N_TRACE];
};

/*
 * One pair of phases, a before b in plan order (or as asked in verdict_pair).  Large plans
 * have millions: it is kept small.
 */
struct pair {
	int64_t a : 21, b : 21; /* positions in plan->phase */
	/* Goes first, or lands first when parallel; position, -1 when none. */
	int64_t first : 21;
	float
	    risk; /* chance of a conflict; -1: not estimated, or no question of files */
	enum verdict verdict : 8;
	enum verdict literal : 8; /* what the method's tree alone says */
	enum pair_kind kind : 8;
	unsigned question : 8;         /* deciding question 1..3, 0 for none */
	const struct grounds *grounds; /* of every pair that was decided */
};

/* What the world says; all members may be empty. */
struct verdict_env {
	const char *const
	    *tracked; /* sorted `git ls-files`; gives real witnesses and types */
	size_t n_tracked;
	bool fold_case; /* core.ignoreCase */
	const struct tracked_link {
		const char *path,
		    *to; /* TO is below the root; "" is the root, NULL unknown */
	} * link;        /* tracked symbolic links that lead inside */
	size_t n_links;
	const char *const *submodule; /* tracked paths that are one */
	size_t n_submodules;
	bool has_no_branches; /* degraded surface: every overlap is sequential (S-15) */
	const char *const
	    *infra_pattern; /* divisi.infra: "kind=pattern", beside the defaults */
	size_t n_infra_patterns;
	const char *const
	    *exclusive; /* paths that cannot be merged mechanically */
	size_t n_exclusive;
	/* Paths that are made again at landing, and that both sides are kept of. */
	const char *const *derived, *const *united;
	size_t n_derived, n_united;
	const char *const
	    *series; /* divisi.series: "name=pattern", numbers given at landing */
	size_t n_series;
	const char *const *counted; /* divisi.counted: "name=N", N of which there are */
	size_t n_counted;
	const struct assertion {
		const char *a, *b, *reason;
	} * assertion; /* a person's word on an unknown pair (divisi assert) */
	size_t n_assertions;
};

struct cycle {
	int *phase;         /* positions, first one not repeated at the end */
	const char **cause; /* item that causes the edge phase[i] -> phase[i+1] */
	size_t n;
};

#define VERDICT_KEEP_ALL   200
#define VERDICT_MAX_PHASES 100000
#define VERDICT_MAX_PAIRS  2000000

struct verdicts {
	struct arena *arena;
	struct pair
	    *pair; /* every pair when n_phases <= 200, else the non-parallel ones */
	size_t n_pairs, cap_pairs;
	size_t n_total; /* N(N-1)/2 */
	/*
	 * The plan is past what is decided in memory (VERDICT_MAX_PHASES, more
	 * non-parallel pairs than VERDICT_MAX_PAIRS, GRAPH_MAX_REACH): no pair is kept and every pair counts
	 * as sequential in plan order, for unknown could collide.
	 */
	bool is_too_large;
	struct pair undecided; /* what verdicts_find() then answers; a and b are -1 */
	bool keeps_all;        /* n_phases <= 200 */
	bool has_risk; /* somebody who knows the repository filled in the risks */
	size_t n_phases;
	struct cycle *cycle;
	size_t n_cycles;
};

/*
 * Decides every pair of PLAN.  Never fails: patterns that do not compile were linted and
 * count as unknown.  The caller frees the result.
 */
struct verdicts *verdicts_new(const struct plan *plan, const struct verdict_env *env);
void verdicts_free(struct verdicts *verdicts);

/*
 * The pair of positions I and J in any order (the one it holds has a < b), or NULL when it
 * is parallel and not kept.
 */
const struct pair *verdicts_find(const struct verdicts *verdicts, int i, int j);

const char *verdict_name(enum verdict verdict);
const char *pair_kind_name(enum pair_kind kind);
