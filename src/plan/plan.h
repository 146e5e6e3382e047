#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The parsed plan: plain records in one arena, every string NUL-terminated valid UTF-8
 * and alive until plan_free().  Records are open (HOUSE 5.2) because every later room
 * reads them; only parse.c writes them.
 */

/* Where in the plan file something stands: 1-based line and byte column; 0 = nowhere. */
struct place {
	unsigned line, column;
};

/* A reference such as [CIA-386: Adversarial review](https://...). */
struct issue_ref {
	const char *id;    /* "CIA-386" or "" when there is none */
	const char *title; /* may be "" */
	const char *url;   /* "" when written bare */
	bool is_bare;      /* an id without a link: lint P02 */
	struct place at;
};

enum exec_mode {
	EXEC_NONE, /* not declared; divisi.default-mode or quick applies */
	EXEC_QUICK,
	EXEC_TDD,
	EXEC_PAIR,
	EXEC_CHECKPOINT,
	EXEC_SWARM,
	EXEC_SPIKE,
	EXEC_N_MODES,
};

/* What a phase may say it touches; the order is the order of `divisi fmt`. */
enum touch {
	TOUCH_READS,
	TOUCH_WRITES,
	TOUCH_CREATES,
	TOUCH_DELETES,
	TOUCH_RENAMES, /* text = from, to = target */
	TOUCH_APPENDS,
	TOUCH_PRODUCES, /* api:NAME or schema:NAME */
	TOUCH_CONSUMES,
	TOUCH_USES, /* named resources with a mode: table of CONFLICTS 5.1 */
	TOUCH_EXTENDS,
	TOUCH_CHANGES,
	TOUCH_REMOVES,
	TOUCH_RENUMBERS,
	TOUCH_GATES,
	TOUCH_INFRA, /* ci, db-schema, lockfile, port:5432 ... */
	TOUCH_N,
};

struct touch_item {
	const char *text; /* pattern or name, without backquotes */
	const char *to;   /* RENAMES only, otherwise NULL */
	bool is_negated;  /* written with a leading '!' (text is without it) */
	bool is_inferred; /* proposed by divisi, not declared by the author */
	struct place at;
};

struct touch_list {
	struct touch_item *item;
	uint32_t n, cap; /* a phase has fifteen of them */
};

struct text_item {
	const char *text;
	bool is_ticked; /* acceptance boxes only */
	struct place at;
};

struct text_list {
	struct text_item *item;
	uint32_t n, cap;
};

struct phase {
	const char *id;    /* "1A" as written */
	const char *focus; /* heading text behind the id, or the Focus cell */
	struct issue_ref *issue;
	size_t n_issues; /* 0 or 2+ is lint G08 */
	enum exec_mode mode;
	const char
	    *mode_text; /* as written; mode is EXEC_NONE when not one of the six */
	bool is_analysis_only; /* "(analysis-only)" behind the mode */
	const char *agent;     /* "claude", ... or "" */
	long est_low_cents, est_mid_cents, est_high_cents; /* -1 when not given */
	int points;                                        /* 0 when not given */
	bool is_high_risk;
	bool is_low_risk;   /* "Risk: low" clears what checkpoint mode implies */
	const char *type;   /* "Type:": "feature", "bug" ... or "" */
	const char *review; /* "Review:" value or "" */
	const char
	    *output; /* "findings", "evidence" or "": what it delivers beside files */
	const char *repo; /* "Repo:" value or "" */
	struct text_list depends_on;
	struct touch_list touch[TOUCH_N];
	const char *verify; /* command or "" */
	struct text_list context, tasks, acceptance;
	const char *deliverable;
	int batch_wish; /* the Batch column, 0 when none: only a wish (CONTRACTS 4) */
	const char *status; /* Status cell, not part of the hash */
	struct place at;    /* its Phase Map row, else its heading */
	struct place mode_at, agent_at, estimate_at, deliverable_at, heading_at;
	bool is_unknown; /* declares no touch at all: could collide with everything */
};

struct registry_row { /* Session Registry */
	const char *session, *issue, *phase, *agent, *worktree, *branch, *status;
	struct place at;
};

struct plan {
	struct arena *arena;
	const char *path;  /* as given; "" when parsed from memory */
	const char *bytes; /* the file as read */
	size_t n_bytes;
	const char *title;
	struct issue_ref master;
	const char *date, *session, *supersedes, *needs_review; /* header lines or "" */
	const char *planner; /* who wrote it; "" when the header does not say */
	struct phase *phase;
	size_t n_phases;
	int *by_id; /* positions sorted by id, then by position; NULL = not sorted */
	struct issue_ref *registry; /* Issue Registry rows, ids with titles */
	size_t n_registry;
	struct registry_row *sessions;
	size_t n_sessions;
	bool has_phase_map, has_issue_registry, has_session_registry, has_verification;
	char sha256[HASH_HEX_SIZE]; /* of the bytes */
	char plan_hash
	    [HASH_HEX_SIZE]; /* CONTRACTS 4: without statuses, registry, ticks */
};

/* One lint or parse message.  Owned by the plan's arena. */
struct lint {
	const char *code;  /* "P02", "L04" ... a literal */
	char level;        /* 'E' or 'W' */
	const char *rule;  /* "S-56" ... a literal */
	const char *phase; /* phase id it concerns, or "" */
	struct place at;
	const char *message; /* what and why */
	const char *fix;     /* how to mend it */
};

struct lint_list {
	struct lint *item;
	size_t n, cap;
};

const char *exec_mode_name(enum exec_mode mode); /* "quick" ...; "" for EXEC_NONE */
enum exec_mode exec_mode_of(struct span name);   /* EXEC_NONE when unknown */
const char *touch_name(enum touch touch);        /* "Reads" ... as in the plan */
const char *touch_key(enum touch touch);         /* "reads" ... as in JSON */

/* The phase with ID, or NULL.  plan_index() gives its position, or -1. */
const struct phase *plan_find(const struct plan *plan, const char *id);
int plan_index(const struct plan *plan, const char *id);

/* Frees the plan with its arena; NULL is fine. */
void plan_free(struct plan *plan);
void plan_free_cleanup(struct plan **plan);
#define AUTO_PLAN __attribute__((cleanup(plan_free_cleanup)))

/* What a program may do with a lint list (CONTRACTS 4: lints stop only what they endanger). */
enum lint_verb { LINT_CHECK, LINT_PLAN, LINT_PROMPT, LINT_DISPATCH };
