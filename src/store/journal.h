#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The journal: the only truth (HOUSE 5.1).  Only the server opens it for writing, under
 * server.lock; WAL, synchronous=FULL.
 */
struct store;

/* A row as in CONTRACTS 5.  DATA is one JSON object as text. */
struct journal_row {
	int64_t seq;           /* given by append */
	int64_t at;            /* Unix ms */
	const char *actor;     /* "human:NAME", "server", "session:ID", "agent:ID" */
	const char *entity;    /* "session/ID", "batch/ID", "plan/ID", "issue/DV-1" */
	const char *from, *to; /* states, "" when none */
	const char *cause;     /* happening name, or the seq that caused it as text */
	const char *data;
};

/* An effect owed to the world, written in the same transaction as its event. */
struct act_row {
	int64_t seq;       /* given by append */
	int64_t event_seq; /* given by append */
	const char *key;   /* idempotency key, unique for ever */
	const char *kind;  /* "worktree-add", "launch", "issue-create" ... */
	const char
	    *order; /* acts with the same order run one after the other, by seq */
	const char *state;  /* owed begun done failed dead */
	const char *data;   /* JSON: what to do */
	const char *result; /* JSON: outcome, or "" */
	int tries;
	int64_t next_at; /* not before, Unix ms */
};

/*
 * Opens (and makes, and migrates) HOME/journal.db.  Refuses a file system that is not
 * local, a database of a newer divisi, and a damaged one (integrity check of the header and
 * journal sequence), each with its mend.  READ_ONLY never writes or migrates.
 */
struct store *store_open(const char *home, int read_only, struct err *err);
void store_close(struct store *store);

/*
 * Appends ROWS and ACTS in one transaction and fills in their seq.  All or nothing: after
 * a failure (disk full, I/O error) nothing was appended and the store can be used again.
 * An act whose key exists already is skipped (its seq becomes that of the old one).
 */
NODISCARD int journal_append(struct store *store, struct journal_row *rows,
    size_t n_rows, struct act_row *acts, size_t n_acts, struct err *err);

/* Calls FN for each row after AFTER in order; stops early when FN returns non-zero. */
int journal_replay(struct store *store, int64_t after,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err);

int64_t journal_last(struct store *store);

/* act: owed -> begun -> done|failed|owed (retry at NEXT_AT)|dead. */
NODISCARD int act_begin(struct store *store, int64_t seq, struct err *err);
NODISCARD int act_finish(struct store *store, int64_t seq, const char *state,
    const char *result, int64_t next_at, struct err *err);
/* Every act that is not done, failed or dead, in order of seq. */
int act_each_open(struct store *store, int (*fn)(const struct act_row *act, void *arg),
    void *arg, struct err *err);

/* Small named texts kept beside the journal: plan files by hash, prompts by hash. */
NODISCARD int blob_put(struct store *store, const char *sha256, const void *data,
    size_t n_bytes, struct err *err);
char *blob_get(
    struct store *store, const char *sha256, size_t *n_bytes, struct err *err);
