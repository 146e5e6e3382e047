#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The second opinion: checks a certificate of `divisi check --certificate` and shares no
 * code with the program that wrote it, so that one mistake cannot hide in both.  It is a
 * program of its own, on libc alone.  What the rules are is said in src/plan/README.md; how
 * they are decided is written here a second time, in another way.
 *
 * Whatever does not hold ends in verify_refuse(), which keeps the first reason.  Nothing
 * recurses, and a budget of steps bounds what a hostile file can cost.
 */
#define VERIFY_MAX_FILE   ((size_t)1 << 28)
#define VERIFY_MAX_PHASES 16384

/* The lists of a footprint, in the order in which the plan's text has them. */
enum verify_list {
	LIST_READS,
	LIST_WRITES,
	LIST_CREATES,
	LIST_DELETES,
	LIST_RENAMES,
	LIST_APPENDS,
	LIST_PRODUCES,
	LIST_CONSUMES,
	LIST_USES,
	LIST_EXTENDS,
	LIST_CHANGES,
	LIST_REMOVES,
	LIST_RENUMBERS,
	LIST_GATES,
	LIST_INFRA,
	LIST_N,
};

/* What a phase does with a path: what it reads, makes, adds to, takes away. */
enum verify_deed {
	DEED_READ,
	DEED_MAKE,
	DEED_ADD,
	DEED_DELETE,
	DEED_LEAVE,
	DEED_ARRIVE
};

struct verify_item {
	char *text, *to;
	char mark; /* '=' said, '!' excepted, '~' guessed by a program */
};

struct verify_items {
	struct verify_item *item;
	size_t n;
};

struct verify_texts {
	char **text;
	size_t n;
};

struct verify_phase {
	char *id, *repo;
	bool says_unknown;
	const char *unreadable; /* a pattern of it that cannot be read */
	struct verify_items list[LIST_N];
	struct verify_texts issues, depends;
	size_t uses, n_uses;     /* in verify.by_phase */
	size_t claims, n_claims; /* in verify.claim_of */
};

/* A pattern as a program for a set of threads. */
struct verify_op {
	unsigned char kind, byte;
	uint16_t set;
	uint32_t next, other;
};
enum { OP_BYTE, OP_ANY, OP_SET, OP_FORK, OP_DONE };

struct verify_program {
	struct verify_op *op;
	size_t n, cap;
	uint64_t (*set)[4];
	size_t n_sets, cap_sets;
	uint32_t start[64];
	size_t n_starts;
	bool folds, is_literal;
	size_t n_text;   /* bytes of all alternatives together */
	char *prefix;    /* bytes all matches begin with */
	char *sample;    /* each wildcard as one letter */
	char *directory; /* that holds all matches directly, or NULL */
};

enum { PROGRAM_FOLDS = 1, PROGRAM_COVERS = 2, PROGRAM_IS_FILE = 4 };

struct verify_pattern {
	char *repo, *text;
	struct verify_program program;
	bool is_whole, is_listed, is_read, is_changed;
	int only_phase;           /* the one that uses it, or -1 */
	size_t first_use, n_uses; /* in verify.use */
	size_t *meet;             /* in verify.meet */
	size_t n_meets, cap_meets;
	size_t *tracked;
	size_t n_tracked;
	bool has_tracked;
};

struct verify_use {
	int phase, pattern;
	enum verify_deed deed;
	enum verify_list list;
};

struct verify_meet {
	int a, b;
	char *witness;
	bool is_tracked, is_undecided;
	bool is_collision; /* a tracked file, and what goes below it */
	bool is_solid;     /* nothing that both match can be merged line by line */
	size_t line;
};

struct verify_claim {
	char *name;
	const char *repo;
	const char *path; /* the pattern that gave it away, or NULL */
	int phase, mode, resource;
	bool numbers; /* a series: and with it all it writes where migrations lie */
};

struct verify_record { /* a line about a pair */
	size_t line;
	int a, b, verdict, literal, question, first;
	char *kind, *witness; /* kind is NULL for phases that are apart */
	size_t n_compared, n_negated, n_shared;
	char *near_a, *near_b;
};

struct verify_ring {
	size_t line, n;
	int *phase;
};

struct verify {
	char *bytes; /* the file */
	size_t n_bytes, at, line;
	bool is_refused;
	size_t refused_line;
	char why[400];
	double budget;

	char *made_by, *path, *plan_hash, *plan_sha256, *tree_sha256;
	bool folds, has_no_branches, lists_all;
	char **infra, **exclusive;
	char **easy;   /* made again at landing, or united: no hindrance */
	char **series; /* "name=pattern": numbers are given at landing */
	size_t n_infra, n_exclusive, cap_infra, cap_exclusive, n_easy, cap_easy;
	size_t n_series, cap_series;
	struct {
		char *a, *b;
	} * said;
	size_t n_said, cap_said;

	struct verify_phase *phase;
	size_t n_phases;
	char **tracked;
	size_t n_tracked;
	struct verify_pattern *pattern; /* sorted by repository and text */
	size_t n_patterns, cap_patterns;
	struct verify_use *use, *by_phase; /* by pattern, by phase */
	size_t n_uses, cap_uses;
	struct verify_meet *meet;
	size_t n_meets, cap_meets;
	struct verify_claim *claim, *claim_of; /* by name, by phase */
	size_t n_claims, cap_claims;
	size_t *resource; /* claims of resource i: claim[resource[i]] up to the next */
	size_t n_resources;
	struct verify_record *record;
	size_t n_records, cap_records;
	struct verify_ring *ring;
	size_t n_rings, cap_rings;
	size_t n_total;
};

/* Notes why the certificate does not hold, unless something did before; returns false. */
bool verify_refuse(struct verify *v, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes STEPS from the budget; false, and refused, when it is used up. */
bool verify_spend(struct verify *v, double steps);

/* These end the program with status 8 when memory does. */
void *verify_alloc(size_t n, size_t size);
void *verify_grow(void *array, size_t n, size_t *cap, size_t size);
char *verify_copy(const char *s, size_t n);

/* sha256.c */
void verify_sha256(const void *data, size_t n, char hex[65]);

/*
 * field.c: undoes the %XX of the N bytes at P in place and returns the length, or -1 when a
 * byte is spelled in another way than it has to be.
 */
long verify_undo_percent(char *p, size_t n);
/* A whole number without sign or leading zero, at most MAX; S may be NULL. */
bool verify_number(const char *s, size_t max, size_t *number);

/* read.c: the lines of the file in BYTES into V; checks seal, hashes and form. */
bool verify_read(struct verify *v);

/* phases.c: the phases out of the N bytes that the plan's hash is made of. */
bool verify_plan_text(struct verify *v, const char *text, size_t n);

/*
 * pattern.c: compiles TEXT; false with a reason when it cannot be read.  WHY may be NULL.
 * verify_program_whole() makes everything below the literal beginning of PROGRAM.
 */
bool verify_compile(struct verify_program *program, const char *text, unsigned flags);
void verify_program_whole(struct verify_program *program);
void verify_program_clear(struct verify_program *program);

/* class.c: the class at *P into SET and *P behind it; false when it is none. */
bool verify_class(const char **p, bool folds, uint64_t set[4]);
size_t verify_class_length(const char *p);

/* product.c */
bool verify_matches(const struct verify_program *program, const char *path);

/*
 * The length of a shortest path that matches both, 0 when there is none.  Complete: every
 * pair of threads is visited.
 */
size_t verify_shortest(
    struct verify *v, const struct verify_program *a, const struct verify_program *b);

/* footprint.c: patterns and uses of all phases; what the certificate says of them. */
bool verify_footprints(struct verify *v);
int verify_find_pattern(const struct verify *v, const char *repo, const char *text);

/* meeting.c: every pair of patterns that meets is listed, and no other. */
bool verify_meetings(struct verify *v);
const struct verify_meet *verify_find_meet(const struct verify *v, int a, int b);
/* Is anything left where A and B meet when what they except is taken away? */
bool verify_survives(struct verify *v, const struct verify_use *a,
    const struct verify_use *b, const struct verify_meet *meet);
bool verify_is_excepted(
    const struct verify *v, const struct verify_use *use, const char *path);
bool verify_is_tracked(const struct verify *v, const char *path);
/* PROGRAM_IS_FILE, PROGRAM_COVERS or 0 for PATH, in any case where case is folded. */
unsigned verify_kind_of(const struct verify *v, const char *path);

/*
 * leftover.c: is there a path that A and B match and none of the N programs EXCEPT does?
 * True also when that takes too long to find out.
 */
bool verify_leftover(struct verify *v, const struct verify_program *a,
    const struct verify_program *b, const struct verify_program *except, size_t n);

/* names.c: claims on api:, schema: and infra: names and on directories. */
void verify_claims(struct verify *v);
/* How two claims on one name get along: a letter of the table in names.c. */
/* Is CLAIM what a path gives away, or no more: the number of a migration, a part? */
bool verify_is_of_path(const struct verify_claim *claim);
char verify_relation(const struct verify_claim *a, const struct verify_claim *b);
/* "api", "schema", "infra", "resource" or "directory". */
const char *verify_name_kind(const char *name);
bool verify_is_path(enum verify_list list, const char *text);

/* order.c: who reaches whom.  EDGE are pairs of phases. */
struct verify_graph {
	size_t n, words;
	int (*edge)[2];
	size_t n_edges, cap_edges;
	uint64_t *reach; /* a row of bits per phase */
};
void verify_edge(struct verify_graph *g, int from, int to);
bool verify_close(struct verify *v, struct verify_graph *g);
bool verify_reaches(const struct verify_graph *g, int from, int to);
bool verify_has_edge(const struct verify_graph *g, int from, int to);
/* Places in an order of the edges; plan order breaks ties, what is in a ring comes last. */
void verify_ranks(const struct verify_graph *g, int *rank);

/* facts.c: what two phases have to do with each other, as bits. */
enum {
	FACT_RAW = 1 << 0, /* the later one reads what the earlier makes */
	FACT_WAR = 1 << 1,
	FACT_DELETE = 1 << 2,
	FACT_MOVE = 1 << 3,
	FACT_WRITE = 1 << 4,
	FACT_SOLID = 1 << 5, /* of which nothing can be merged */
	FACT_APPEND = 1 << 6,
	FACT_DATA_AB = 1 << 7,
	FACT_DATA_BA = 1 << 8,
	FACT_ALONE = 1 << 9,   /* one api: that takes one phase at a time */
	FACT_SHARED = 1 << 10, /* infrastructure both change */
	FACT_SHARED_PATHS = 1 << 11,
	FACT_ORDER = 1 << 12,
	FACT_ORDER_A = 1 << 13,
	FACT_ORDER_B = 1 << 14,
	FACT_NUMBERS = 1 << 15,
	FACT_DIRECTORY = 1 << 16,
	FACT_MIGRATIONS = 1 << 17,   /* both write where they lie, by their paths */
	FACT_NUMBERS_THEM = 1 << 18, /* ... and number them at landing */
};
/* Facts of phase A with every later phase, into CELL[0..n_phases). */
void verify_facts(struct verify *v, int a, uint32_t *cell);
/* The facts that meeting in PATH, or on NAME, alone would give A and B. */
uint32_t verify_path_facts(struct verify *v, int a, int b, const char *path);
uint32_t verify_name_facts(struct verify *v, int a, int b, const char *name);

/* judge.c: every verdict, decided again and compared with what is listed. */
bool verify_verdicts(struct verify *v);
