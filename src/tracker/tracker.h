#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where issues live: one const struct per tracker (DESIGN 10, HOUSE 5.8).  Adapters hold no
 * state; what they need is in the link.  Retries and their order are the outbox's: a call
 * either has happened, or can be made again with the same key without a second effect
 * (CONTRACTS 9).  Only what the method lets a program write is here: there is no way to set
 * a priority, due date or cycle.
 */
struct store;

/* What a tracker can do beyond create, update, comment and read. */
enum tracker_capability {
	TRACKER_RELATIONS = 1 << 0,
	TRACKER_ATTACHMENTS = 1 << 1,
	TRACKER_ESTIMATES = 1 << 2,
	TRACKER_DELEGATES = 1 << 3,
	/* Calls take part in store_begin(): the act and its effect are one transaction. */
	TRACKER_SAME_STORE = 1 << 4,
	/* The plan's own issues must be made here first, as the tracker is no one else's. */
	TRACKER_OWN_IDS = 1 << 5,
};

/* What an adapter needs to reach its tracker. */
struct tracker_link {
	struct store *store; /* local */
};

/* One write: its idempotency key, and who, when and why for the record. */
struct tracker_call {
	const char *key;   /* from the act; never NULL */
	const char *actor; /* as in the journal */
	int64_t at;        /* Unix ms */
	const char *cause; /* as in the journal, or NULL */
};

/* A growing list of words that somebody else owns. */
struct tracker_words {
	const char *const *word;
	size_t n;
};

/* An issue to be made; it is unassigned whatever happens. */
struct tracker_draft {
	const char *id; /* the plan's own id (TRACKER_OWN_IDS), or NULL for a new one */
	const char *title;  /* "Batch 1A: Review gates" */
	const char *body;   /* the whole prompt (S-50) */
	const char *url;    /* of a mirrored issue, or NULL */
	const char *parent; /* id, or NULL */
	const char *project;
	const char *status;          /* word of E-17, NULL = Todo */
	int estimate;                /* points, 0 = none */
	struct tracker_words labels; /* exactly one type:* */
};

/* What is NULL, 0 or empty stays as it is; "" clears a text. */
struct tracker_patch {
	const char *status, *assignee, *delegate, *owner_session, *title;
	const char *body; /* composed fresh, never what was read */
	int if_version;   /* the version of the body that is replaced; 0 = any */
	int estimate;
	struct tracker_words add, remove; /* labels; all others are kept */
};

/* An issue as read.  Texts are never NULL and live in the arena of the call. */
struct tracker_issue {
	const char *id, *uuid, *url, *title, *body;
	int version; /* of the body */
	const char *status;
	int estimate;
	const char *assignee, *delegate, *parent, *project, *owner_session;
	struct tracker_words labels, blocks, blocked_by, related, children;
	int64_t updated_at;
};

struct tracker_list {
	struct tracker_issue *item;
	size_t n;
	bool has_more; /* the limit cut it off */
};

#define TRACKER_ID_SIZE 64

/* All functions return 0, or -1 with ERR; a failed call has changed nothing it reports. */
struct tracker {
	const char *name; /* as the user writes it: divisi.tracker */
	unsigned capabilities;

	/*
	 * ID of TRACKER_ID_SIZE receives the new issue's, or that of the one which the same
	 * key or the same draft->id made before.
	 */
	int (*create)(const struct tracker_link *link, const struct tracker_call *call,
	    const struct tracker_draft *draft, char *id, struct err *err);

	/*
	 * A status that is already reached is success.  From Triage or Backlog the ones in
	 * between are passed through.  ERR_REFUSED for a move that does not exist.
	 */
	int (*update)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *id, const struct tracker_patch *patch, struct err *err);

	/*
	 * KIND is a word of E-19; "checkpoint" and "registry" are written over in place, an
	 * unknown one is a note.
	 */
	int (*comment)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *id, const char *kind, const char *body, struct err *err);

	/* KIND is "blocks", "blocked-by" or "related".  NULL without TRACKER_RELATIONS. */
	int (*relate)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *a, const char *kind, const char *b, struct err *err);

	/* URL or path and the SHA-256 of its content.  NULL without TRACKER_ATTACHMENTS. */
	int (*attach)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *id, const char *url, const char *sha256, struct err *err);

	/* ISSUE's texts go to ARENA.  ERR_NOT_FOUND. */
	int (*read)(const struct tracker_link *link, const char *id,
	    struct arena *arena, struct tracker_issue *issue, struct err *err);

	/*
	 * Up to LIMIT children of PARENT, oldest first, in ARENA, without their relations
	 * and children.  ERR_REFUSED T04 without a limit.
	 */
	int (*children)(const struct tracker_link *link, const char *parent, int limit,
	    struct arena *arena, struct tracker_list *list, struct err *err);
};

/* The built-in one, in the journal's database; needs no network and no account. */
extern const struct tracker tracker_local;
