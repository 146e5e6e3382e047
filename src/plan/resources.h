#pragma once

#include "plan/meets.h"

/*
 * What phases share that is no path: api:, schema: and infra: names with a mode
 * (CONFLICTS 5.1), infrastructure recognised from paths (A-6, CONTRACTS 4), and
 * directories in which phases write different files.
 */
enum mode {
	MODE_USE,
	MODE_EXTEND,
	MODE_CHANGE,
	MODE_REMOVE,
	MODE_RENUMBER,
	MODE_GATE,
	MODE_CONSUME,
	MODE_PRODUCE,
	MODE_INFRA,     /* declared by "Infra:" or recognised from a path */
	MODE_PART,      /* writes one schema of the database that infra:db-schema is */
	MODE_DIRECTORY, /* writes a file directly in it */
	MODE_N,
};

/* How two modes of one name get along, seen from the first. */
enum relation {
	RELATION_OK,
	RELATION_DATA_FIRST,  /* question 1: the other needs what the first makes */
	RELATION_DATA_SECOND, /* question 1, the other way round */
	RELATION_ORDER,       /* parallel, in a landing order that nothing fixes */
	RELATION_ORDER_FIRST, /* parallel, the first lands first */
	RELATION_ORDER_SECOND,
	RELATION_SEQUENTIAL,
	RELATION_NUMBERS, /* parallel, numbers are given at landing */
	RELATION_DIRECTORY,
};
enum relation mode_relation(enum mode a, enum mode b);

struct claim {
	int phase;
	int resource; /* index in resources.item */
	enum mode mode;
	/* Of a series: all numbers it writes where migrations lie are given at landing. */
	bool gives_numbers;
	const char *path; /* the pattern it was recognised from, or NULL */
};

struct resource {
	const char
	    *name; /* "api:x", "schema:x", "infra:ci", "infra:port:5432", "dir:x" */
	const char *repo; /* "" unless only phases of one repository share it */
	struct claim *claim;
	size_t n_claims;
	const char *said; /* of a directory: the sentence that many pairs share */
};

struct resources {
	struct resource *item;
	size_t n, cap;
	size_t n_sorted; /* those of the plan as it was first; new ones stand behind */
	struct claim *claim; /* by resource, then phase */
	size_t n_claims;
	struct claim *of_phase;
	struct claim_list {
		const struct claim *claim;
		size_t n;
	} * of;        /* claims of phase i, into OF_PHASE unless they were changed */
	size_t n_data; /* claims that are question 1 */
	size_t n_hits;
};

/*
 * Collects the claims of the plan in MEETS; names live in ARENA.  With KEEPS_ALL also what
 * one phase alone claims, which another may come to claim.
 */
void resources_init(struct resources *resources, const struct meets *meets,
    struct arena *arena, bool keeps_all);

/* Phase PHASE claims what the only phase of ONE does, and nothing else any more. */
void resources_change(struct resources *resources, int phase,
    const struct resources *one, struct arena *arena);

/* Ascending by name, then by repository, in which order the resources of a plan stand. */
int resource_order(const struct resources *resources, int a, int b);
void resources_clear(struct resources *resources);

/* PAIR_API, PAIR_SCHEMA, PAIR_INFRA or PAIR_RESOURCE by the name. */
enum pair_kind resource_kind(const char *name);

/* Is NAME where migrations lie, whose numbers a schema: can have given at landing? */
bool resource_is_migrations(const char *name);

/* Does TEXT, as a plan has it, name migrations: a schema:, or where they lie? */
bool resource_names_migrations(const char *text);
