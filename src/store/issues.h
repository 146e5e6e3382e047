#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The built-in tracker's data (SPEC E-17 to E-21): sub-issues DV-1, DV-2 ... made here, and
 * the plan's own issues under their own ids.  Lives in the journal's database: every call
 * that writes is one transaction with its own event ("issue/ID", so that the caller appends
 * none), and takes part in store_begin().  Priority, due date and cycle belong to people
 * and have no function here.
 */
struct store;
struct arena;

#define ISSUE_ID_SIZE        64
#define ISSUE_BODY_MAX_BYTES ((size_t)1 << 20)

/*
 * Triage -> Backlog -> Todo -> In Progress -> In Review -> Done, and back where the method
 * says so: Todo -> Backlog (declined, A-21), In Progress -> Backlog (abandoned, E-7),
 * In Progress -> Done (analysis only, A-36), In Review -> In Progress (changes asked for).
 * Cancelled and Duplicate from anywhere.  Nothing else.
 */
enum issue_status {
	ISSUE_ANY, /* in a change: leave it; in a query: all; in a draft: Todo */
	ISSUE_TRIAGE,
	ISSUE_BACKLOG,
	ISSUE_TODO,
	ISSUE_IN_PROGRESS,
	ISSUE_IN_REVIEW,
	ISSUE_DONE,
	ISSUE_CANCELLED,
	ISSUE_DUPLICATE,
	ISSUE_N_STATUSES,
};

const char *issue_status_name(enum issue_status status); /* "In Progress"; "" for ANY */
/* Case, blanks, '-' and '_' do not matter; ISSUE_ANY when there is no such status. */
enum issue_status issue_status_of(const char *name);
bool issue_status_may(enum issue_status from, enum issue_status to);

enum issue_comment_kind {
	ISSUE_NOTE,
	ISSUE_START,
	ISSUE_PROGRESS,
	ISSUE_GATE,
	ISSUE_CONFLICT,
	ISSUE_EXIT,
	ISSUE_CLOSING,
	ISSUE_CHECKPOINT, /* one per issue, written over */
	ISSUE_REGISTRY,   /* one per issue, written over */
	ISSUE_RDR,        /* ours is one per issue, written over */
	ISSUE_MENTION,
	ISSUE_N_COMMENT_KINDS,
};

const char *issue_comment_kind_name(enum issue_comment_kind kind);
/* A word nobody knows is a note. */
enum issue_comment_kind issue_comment_kind_of(const char *name);

/* Who writes, when and why.  KEY makes the write idempotent; NULL when it is not. */
struct issue_by {
	const char *key;   /* the act's; the same call with it again changes nothing */
	const char *actor; /* as in the journal: "human:NAME", "server" ... */
	int64_t at;        /* Unix ms */
	const char *cause; /* as in the journal, or NULL */
};

struct issue_draft {
	const char *id;    /* NULL: the next DV-n; else the plan's own id */
	const char *title; /* one line, 1 to 1024 bytes */
	const char *body, *url, *project, *parent; /* NULL = none */
	enum issue_status status;
	int estimate;             /* 0 or a Fibonacci value up to 13 */
	const char *const *label; /* exactly one type:* (R-205) */
	size_t n_labels;
};

/*
 * Makes an issue, unassigned.  Returns 1 when it was made, 0 when the key (or the id
 * given) had been used before, and ID of ISSUE_ID_SIZE is then that issue, unchanged.
 * -1 with ERR_INPUT (malformed field), ERR_REFUSED (T03 body, labels, 1 MiB), ERR_NOT_FOUND
 * (parent), ERR_CONFLICT (the key belongs to another id).
 */
NODISCARD int issue_create(struct store *store, const struct issue_by *by,
    const struct issue_draft *draft, char *id, struct err *err);

/* What is NULL or 0 stays as it is; "" clears a text, -1 clears the estimate. */
struct issue_change {
	enum issue_status status;
	bool
	    pass_through; /* from Triage or Backlog up to In Progress: each in between */
	const char *title, *url, *project, *assignee, *delegate, *owner_session;
	const char *body;
	int if_version; /* body only if its version is this; 0 = any */
	int estimate;
	const char *const *add, *const *remove; /* labels; the others stay */
	size_t n_add, n_remove;
};

/*
 * Changes issue ID.  A label of a single-valued group (type exec ctx spec research source)
 * replaces the one there.  Done, Cancelled and Duplicate clear the delegate and the
 * ctx label.  A new body raises the version.  0; or -1 with ERR_NOT_FOUND,
 * ERR_REFUSED (a move that does not exist, with those that do; T03; labels), ERR_CONFLICT
 * (another body version).  All or nothing.
 */
NODISCARD int issue_update(struct store *store, const struct issue_by *by,
    const char *id, const struct issue_change *change, struct err *err);

/*
 * Adds a comment (the author is BY's actor), or writes over the issue's checkpoint or
 * registry.  ERR_REFUSED T01 for a second app mentioned, ERR_INPUT for an empty text.
 */
NODISCARD int issue_comment(struct store *store, const struct issue_by *by,
    const char *id, enum issue_comment_kind kind, const char *body, struct err *err);

/* How things stand, as a comment of kind "progress": one a day and writer, written over. */
NODISCARD int issue_progress(struct store *store, const struct issue_by *by,
    const char *id, const char *body, struct err *err);

/*
 * KIND is "blocks", "blocked-by" or "related".  A relation that exists is success;
 * a circle of blocks is ERR_REFUSED.
 */
NODISCARD int issue_relate(struct store *store, const struct issue_by *by,
    const char *a, const char *kind, const char *b, struct err *err);
NODISCARD int issue_unrelate(struct store *store, const struct issue_by *by,
    const char *a, const char *kind, const char *b, struct err *err);

/* A file or link (E-21), with the SHA-256 of what was there. */
struct issue_attachment {
	const char *url, *sha256, *title; /* NULL = "" in the last two */
	int64_t at;                       /* set by reading only */
};

/* Attaches FILE; the same URL with the same hash is kept once. */
NODISCARD int issue_attach(struct store *store, const struct issue_by *by,
    const char *id, const struct issue_attachment *file, struct err *err);

/* One issue as read; texts are never NULL and live in the set. */
struct issue_comment_row {
	int64_t n, at, edited_at;
	enum issue_comment_kind kind;
	const char *author, *body;
};

struct issue_words {
	const char **word;
	size_t n, cap;
};

struct issue {
	int64_t n; /* order of creation */
	const char *id, *uuid, *url, *title, *body;
	int version;
	enum issue_status status;
	int estimate, priority;
	const char *project, *parent, *assignee, *delegate, *owner_session;
	int64_t created_at, updated_at;
	struct issue_words labels;
	/* The rest is empty unless details were asked for. */
	struct issue_words blocks, blocked_by, related, children;
	struct issue_comment_row *comment;
	size_t n_comments, cap_comments;
	struct issue_attachment *attachment;
	size_t n_attachments, cap_attachments;
};

struct issue_set {
	struct arena *arena;
	struct issue *item;
	size_t n, cap;
	bool has_more; /* the limit cut it off; go on after item[n - 1].n */
};

void issue_set_clear(struct issue_set *set); /* zeroed is fine */
#define AUTO_ISSUES __attribute__((cleanup(issue_set_clear)))

/* Reads ID with all details into SET (item[0]), which the caller clears. */
NODISCARD int issue_read(
    struct store *store, const char *id, struct issue_set *set, struct err *err);

/*
 * The same behind what SET holds (zeroed is fine).  After a failure SET may hold a part of
 * the issue and is only good to be cleared.
 */
NODISCARD int issue_read_more(
    struct store *store, const char *id, struct issue_set *set, struct err *err);

/* Only the status of ID, for who asks about many; ISSUE_ANY when there is no such issue. */
enum issue_status issue_status_now(struct store *store, const char *id);

struct issue_query {
	const char *parent;   /* NULL = any, "" = those without */
	const char *assignee; /* NULL = any, "" = nobody */
	const char *label;
	const char *text; /* in id, title, body or a comment; ASCII case ignored */
	enum issue_status status;
	int64_t after; /* issues made after this one's n */
	int limit;     /* required: ERR_REFUSED T04 */
	bool with_details;
};

/* The issues that match, oldest first, into SET, which the caller clears. */
NODISCARD int issue_list(struct store *store, const struct issue_query *query,
    struct issue_set *set, struct err *err);

/*
 * The issues in whose id, title, text or comments all WORDS begin a word, at most LIMIT, the
 * ones that fit best first, with details, into SET, which the caller clears.  ERR_USAGE
 * without a word, ERR_REFUSED T04 without a limit.
 */
NODISCARD int issue_search(struct store *store, const char *words, int limit,
    struct issue_set *set, struct err *err);
