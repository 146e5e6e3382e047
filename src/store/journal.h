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

/* 0 when HOME may hold a journal; ERR_REFUSED, with the mend, on a network file system. */
NODISCARD int store_check_place(const char *home, struct err *err);

/*
 * Opens (and makes, and migrates) HOME/journal.db.  Refuses a file system that is not
 * local, a database of a newer divisi, and a damaged one (integrity check of the header and
 * journal sequence), each with its mend.  READ_ONLY never writes or migrates.
 */
struct store *store_open(const char *home, int read_only, struct err *err);
/* Is there a journal in HOME, or a trace of one that is gone: its log, its mark? */
int store_was_there(const char *home);
void store_close(struct store *store); /* NULL is fine; open levels are rolled back */

/*
 * Puts several calls into one transaction; levels nest.  Every call of this room between
 * begin and commit takes part, so that "the act is done" and what it made become durable
 * together or not at all.  commit ends the level and makes the outermost one durable; after
 * a failed commit that level is rolled back.  rollback undoes its level only.  After a full
 * disk everything in the outermost level is gone, further calls in it fail, and each level
 * must still be ended once.  begin fails with ERR_CONFLICT, ERR_SYSTEM.
 */
NODISCARD int store_begin(struct store *store, struct err *err);
NODISCARD int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);

/*
 * Appends ROWS and ACTS in one transaction and fills in their seq.  All or nothing: after
 * a failure (disk full, I/O error) nothing was appended and the store can be used again.
 * An act whose key exists already is skipped (its seqs become those of the old one).
 * Acts follow from the last of ROWS; without rows, from the event_seq given.
 * NULL texts count as "", as "{}" in data, and as "owed" in state.
 * ERR_INPUT when a row breaks a rule of the table (data that is no JSON, unknown state).
 */
NODISCARD int journal_append(struct store *store, struct journal_row *rows,
    size_t n_rows, struct act_row *acts, size_t n_acts, struct err *err);

/*
 * Calls FN for each row after AFTER in order, up to the last one there was at the call;
 * stops early when FN returns non-zero, which is success too.  A row's texts live until FN
 * returns.  FN may use the store.
 */
NODISCARD int journal_replay(struct store *store, int64_t after,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err);

/* The same for the rows of one CAUSE only, which need not read the others' data. */
NODISCARD int journal_each_of(struct store *store, const char *cause,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err);

/*
 * Reads every row up to UNTIL and compares it with its sum: a bit that flipped inside a
 * text is found, which no look at the structure finds.  -1 with ERR_INPUT that names the
 * first row that is not as it was written.
 */
NODISCARD int journal_verify(struct store *store, int64_t until, struct err *err);

/* seq of the last row, 0 when there is none, -1 when the store cannot be read. */
int64_t journal_last(struct store *store);

/*
 * act: owed -> begun -> done|failed|owed (retry at NEXT_AT)|dead; owed -> dead for an act given
 * up before it was begun, and owed -> owed to note another RESULT.  begin counts the try.  Any other move is
 * ERR_CONFLICT, an unknown SEQ ERR_NOT_FOUND; the act is then as it was.
 */
NODISCARD int act_begin(struct store *store, int64_t seq, struct err *err);
NODISCARD int act_finish(struct store *store, int64_t seq, const char *state,
    const char *result, int64_t next_at, struct err *err);
/*
 * Every act that is not done, failed or dead, in order of seq, as they were at the call;
 * FN may begin and finish acts.  Stops early when FN returns non-zero.
 */
NODISCARD int act_each_open(struct store *store,
    int (*fn)(const struct act_row *act, void *arg), void *arg, struct err *err);

/* The newest acts that failed or were given up, at most 20, newest first. */
NODISCARD int act_each_failed(struct store *store,
    int (*fn)(const struct act_row *act, void *arg), void *arg, struct err *err);

struct arena;
/* The act with KEY: 1 with ACT filled, its texts in ARENA; 0 when there is none; -1. */
int act_find(struct store *store, const char *key, struct act_row *act,
    struct arena *arena, struct err *err);

/* How many acts, whatever became of them, the events up to UNTIL owed. */
NODISCARD int act_count(
    struct store *store, int64_t until, int64_t *n, struct err *err);

/*
 * Small named texts kept beside the journal: plan files by hash, prompts by hash.
 * put of the same bytes again is success; other bytes under a name in use are ERR_CONFLICT,
 * over 64 MiB ERR_INPUT.  get returns a NUL-terminated copy the caller frees and its length
 * when N_BYTES is not NULL, or NULL with ERR_NOT_FOUND.
 */
NODISCARD int blob_put(struct store *store, const char *sha256, const void *data,
    size_t n_bytes, struct err *err);
char *blob_get(
    struct store *store, const char *sha256, size_t *n_bytes, struct err *err);

/* Single values of the home.  get returns a copy the caller frees, or NULL when unset. */
NODISCARD int store_meta_put(
    struct store *store, const char *key, const char *value, struct err *err);
char *store_meta_get(struct store *store, const char *key);
