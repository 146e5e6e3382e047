#pragma once

#include "plan/graph.h"
#include "plan/meets.h"
#include "plan/resources.h"
#include "plan/verdict.h"

#include <stdint.h>

/*
 * Inside of the verdicts: row.c gathers the evidence between one phase and every later
 * one, order.c makes the graph of what must be ordered, pair.c answers the questions,
 * say.c puts it into words, and verdict.c does it for all of them.
 */
struct hit { /* two uses of paths that meet */
	struct meet *meet;
	const struct use *a, *b;
	const char *witness;
};

struct clash { /* two claims on one name */
	const struct claim *a, *b;
	enum relation relation;
};

/*
 * The strongest evidence of each sort between phase A of the row and phase B.  Most is
 * that both write something: of a large table only that is kept close together.
 */
struct cell {
	bool is_touched;
	bool is_rare; /* there is more than WAW */
	struct hit waw;
	struct rare *rare; /* empty unless IS_RARE */
};

struct rare {
	struct hit raw;    /* b reads what a makes */
	struct hit war;    /* a reads what b makes */
	struct hit remove; /* a delete or rename against anything else */
	struct hit append;
	struct clash data_ab, data_ba;
	struct clash alone;  /* one api: that takes one phase at a time */
	struct clash shared; /* infrastructure both change */
	struct clash order;
	struct clash numbers, directory;
	struct clash migrations; /* both write where migrations lie, by their paths */
	bool numbers_migrations; /* and both give these numbers at landing */
};

#define N_KNOWN_GROUNDS 1024

struct decision {
	const struct plan *plan;
	const struct verdict_env *env;
	struct verdicts *verdicts;
	struct arena *arena; /* of the verdicts */
	struct meets meets;
	struct resources resources;
	struct graph declared, hard;
	const char **unknown; /* per phase: why nobody knows what it touches, or NULL */
	struct cell *cell;    /* one per phase: the current row */
	struct rare *rare;    /* what they point to */
	int *touched;         /* cells of the row with anything in them, ascending */
	size_t n_touched;
	uint64_t *touched_bit; /* the same, a bit each: so they come in order */
	const struct grounds *known_grounds[N_KNOWN_GROUNDS];
};

/*
 * Fills the row of phase A: the cells of every later phase it has anything to do with.
 * DATA_ONLY: only what cell_has_data() asks for, which spares most of a large table.
 */
void row_fill(struct decision *d, int a, bool data_only);

/*
 * Fills the cells of all phases that PHASE has anything to do with, each as in the row of
 * the earlier of the two.
 */
void row_fill_around(struct decision *d, int phase);

/* Does one of the two read what the other makes?  IS_AB: b reads what a makes. */
bool cell_has_data(const struct cell *cell, bool is_ab);

/* Verdicts of PLAN without a pair; is_too_large when there are too many phases. */
struct verdicts *verdicts_empty(const struct plan *plan);

/*
 * Makes D for V of PLAN: what meets, who claims what, in which order.  False when that is
 * past what is decided.  With STANDS it is made for being changed.  decision_clear() frees
 * all but the verdicts.
 */
bool decision_init(struct decision *d, struct verdicts *v, const struct plan *plan,
    const struct verdict_env *env, bool stands);
void decision_clear(struct decision *d);

/* Would only all of it, decided anew, tell on which side of a limit D is? */
bool decision_is_near_limits(const struct decision *d);

/* Why nobody knows what the phase at POSITION touches, or NULL. */
const char *decision_unknown(const struct decision *d, int position);

/* Could the pair of A and B, of which CELL tells, be anything but parallel? */
bool decision_is_open(const struct decision *d, const struct cell *cell, int a, int b);

/* All three questions about A and B, A before B in the plan, by the evidence in CELL. */
struct pair decision_pair(struct decision *d, const struct cell *cell, int a, int b);

/* Every pair, from nothing. */
void decision_all(struct decision *d);

/* What STANDING was decided by, until it changes; NULL when it is too large. */
struct standing;
const struct decision *standing_decision(const struct standing *standing);

/* Fills the graphs of DECISION; false when they are too large to be closed. */
bool order_read(struct decision *d);

/* Gives the pairs that may run in either order one that goes with the hard edges. */
void order_exclusions(struct decision *d);

/* Lists the cycles of the hard edges, each edge with its cause (E-4, J-35). */
void order_cycles(struct decision *d);

const char *say_data(struct decision *d, const struct cell *cell, int a, int b);
const char *say_remove(struct decision *d, const struct cell *cell);
const char *say_overlap(struct decision *d, const struct cell *cell);
const char *say_append(struct decision *d, const struct cell *cell);
const char *say_directory(struct decision *d, const struct cell *cell);
const char *say_clash(struct decision *d, const struct clash *clash);
const char *say_declared(struct decision *d, int from, int to);
const char *say_closure(struct decision *d, int from, int to);
const char *say_unknown(struct decision *d, int a, int b);

/* "NAME" of a phase as people know it. */
const char *say_phase(const struct decision *d, int position);
