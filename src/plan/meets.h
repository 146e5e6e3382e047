#pragma once

#include "plan/glob.h"
#include "plan/merging.h"
#include "plan/plan.h"
#include "plan/tracked.h"
#include "plan/verdict.h"

/*
 * Which path patterns of a plan can meet.  Every distinct pattern is compiled once, sorted
 * by literal prefix, and compared exactly only with those whose literal ends allow it.
 */
enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_APPEND,
	ACCESS_DELETE,
	ACCESS_MOVE_FROM,
	ACCESS_MOVE_TO,
};

/* One phase's interest in one pattern. */
struct use {
	int pattern; /* index in meets.pattern */
	int phase : 24;
	enum access access : 4;
	enum touch touch : 4; /* the list it stands in */
};

struct meet {
	int other;            /* index in meets.pattern */
	bool is_tracked;      /* the witness is */
	bool is_undecided;    /* too large to be compared: counts as meeting */
	bool is_collision;    /* a file of the one is a directory of the other */
	enum merging merging; /* of what both match, the easiest */
	const char
	    *witness;     /* a tracked path where there is one, else a shortest one */
	const char *said; /* the sentence about it that many pairs share, once told */
	/* The pair of two who do nothing else alike, once decided; positions are its own. */
	const struct pair *plain;
};

/* As large as a cache line, for a plan has a hundred thousand of them. */
struct pattern {
	const char *text;
	const char *repo;
	struct glob *glob;
	const char *via;   /* the link or submodule that leads here, or NULL */
	struct use *use;   /* into meets.use */
	struct meet *meet; /* room for the next power of two */
	struct tracked_list {
		uint32_t n, cap;
		uint32_t item[]; /* positions in meets.tracked */
	} * tracked;             /* NULL until asked for */
	uint32_t n_meets;
	uint32_t n_uses : 27;
	bool is_read : 1, is_written : 1;
	bool is_file : 1;     /* a literal that is a tracked file */
	bool is_settled : 1;  /* a literal that is a directory by what goes below it */
	bool is_complete : 1; /* compared with all it may meet, whoever uses them */
};

struct meets {
	const struct plan *plan;
	const struct verdict_env *env;
	struct arena *arena; /* borrowed; witnesses live there */
	struct arena *globs; /* of the patterns, mostly in their order */
	struct tracked tracked;
	struct merging_rules rules;
	struct pattern *pattern;
	size_t n_patterns, cap_patterns;
	/*
	 * Of each pattern the eight bytes of its prefix behind the N_SHARED that all have, zeros
	 * behind its end: what comparing all of them goes by, and freed then.
	 */
	uint64_t *key;
	size_t n_shared;
	int *
	    order; /* patterns by prefix; NULL until one of them is changed: they stand so */
	struct use *use; /* by pattern */
	size_t n_uses;
	struct use *of_phase; /* the same, by phase */
	struct use_list {
		const struct use *use;
		size_t n;
	} * of;           /* uses of phase i, into OF_PHASE unless they were changed */
	const char **bad; /* per phase: what is wrong with a pattern of it, or NULL */
	struct negation {
		int phase;
		enum touch touch;
		struct glob *glob;
	} * negation; /* by phase */
	size_t n_negations, cap_negations;
	size_t n_hits; /* pairs of uses that meet: what walking them all costs */
	size_t n_meets, n_looked_at;
	size_t n_searches;
	double compared, large_compared; /* pairs of positions, at most */
	size_t n_data;                   /* uses that read */
	bool is_too_large;               /* given up: what meets is not known */
};

/* Collects and compares the patterns of PLAN; meets_clear() frees what is not ARENA's. */
void meets_init(struct meets *meets, const struct plan *plan,
    const struct verdict_env *env, struct arena *arena);
void meets_clear(struct meets *meets);

/*
 * What phase PHASE uses is now what it declares in PLAN, in which all others are as they were.
 * Patterns nobody uses any more stay.  Returns false when that changes more than what that
 * phase meets, or comes near a limit; then MEETS can only be cleared.  ONE gets the patterns
 * of that phase alone, as if it were the first of a plan of one: the caller frees it with
 * meets_drop().
 */
bool meets_change(
    struct meets *meets, const struct plan *plan, int phase, struct meets *one);
void meets_drop(struct meets *one);

/* What comparing uses: false when P and Q, in their order, do not meet. */
bool meets_compare(
    struct meets *meets, struct pattern *p, struct pattern *q, struct meet *meet);
void meets_add(struct meets *meets, size_t i, size_t j, struct meet meet);

/* Is a limit so near that only all of it compared anew tells on which side one is? */
bool meets_is_near_limits(const struct meets *meets);

/* The first half of meets_init(): patterns, sorted by repository and prefix, with uses. */
void meets_collect(struct meets *meets);

/*
 * Is anything left of where A and B meet when the paths they negate are taken away?
 * CONTRACTS 4: subtracted on tracked paths; what is left may be a path that is not there
 * yet.  Sets WITNESS to what is left.
 */
bool meets_survives(struct meets *meets, const struct use *a, const struct use *b,
    const struct meet *meet, const char **witness);

/* The tracked paths P and Q share, one after the other; NULL at the end. */
struct shared {
	struct pattern *p, *q;
	size_t i, j;
};
struct shared shared_of(struct meets *meets, struct pattern *p, struct pattern *q);
const char *shared_next(const struct meets *meets, struct shared *shared);

/* True when TEXT in Produces or Consumes is a path and not a name such as api:x. */
bool touch_is_path(enum touch touch, const char *text);
