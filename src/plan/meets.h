#pragma once

#include "plan/glob.h"
#include "plan/plan.h"
#include "plan/verdict.h"

/*
 * Which path patterns of a plan can meet.  Every distinct pattern is compiled once, sorted
 * by literal prefix, and compared exactly only with those whose prefix allows it.
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
	int phase;
	int pattern; /* index in meets.pattern */
	enum access access;
	enum touch touch; /* the list it stands in */
};

struct meet {
	int other; /* index in meets.pattern */
	const char
	    *witness; /* a tracked path where there is one, else a shortest one */
	bool is_tracked;
	bool is_mergeable; /* false: what both match cannot be merged mechanically */
	bool is_undecided; /* too large to be compared: counts as meeting */
	const char *said;  /* the sentence about it that many pairs share, once told */
};

struct pattern {
	const char *text;
	const char *repo;
	struct glob *glob;
	bool is_read, is_written;
	struct use *use; /* into meets.use */
	size_t n_uses;
	struct meet *meet;
	size_t n_meets, cap_meets;
	int *tracked; /* positions in env->tracked, once asked for */
	size_t n_tracked;
	bool has_tracked;
};

struct meets {
	const struct plan *plan;
	const struct verdict_env *env;
	struct arena *arena; /* borrowed; witnesses live there */
	struct pattern *pattern;
	size_t n_patterns;
	struct use *use; /* by pattern */
	size_t n_uses;
	struct use *of_phase; /* the same, by phase */
	size_t *begin;    /* uses of phase i: of_phase[begin[i]] up to begin[i + 1] */
	const char **bad; /* per phase: a pattern that does not compile, or NULL */
	size_t n_hits;    /* pairs of uses that meet: what walking them all costs */
	struct glob **exclusive;
	size_t n_exclusive;
	double compared, large_compared; /* pairs of positions, at most */
	bool is_too_large;               /* given up: what meets is not known */
};

/* Collects and compares the patterns of PLAN; meets_clear() frees what is not ARENA's. */
void meets_init(struct meets *meets, const struct plan *plan,
    const struct verdict_env *env, struct arena *arena);
void meets_clear(struct meets *meets);

/*
 * Is anything left of where A and B meet when the paths they negate are taken away?
 * CONTRACTS 4: subtracted on tracked paths.  Sets WITNESS to what is left.
 */
bool meets_survives(struct meets *meets, const struct use *a, const struct use *b,
    const struct meet *meet, const char **witness);

/* True when TEXT in Produces or Consumes is a path and not a name such as api:x. */
bool touch_is_path(enum touch touch, const char *text);
