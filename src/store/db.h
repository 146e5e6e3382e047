#pragma once

#include "base/err.h"
#include "store/journal.h"

#include <sqlite3.h>
#include <stdbool.h>

/*
 * What the files of this room share: one connection, its prepared statements, and the
 * transaction depth.  Nobody outside store/ includes this.
 */
struct db_stmt {
	const char *sql; /* the address of the literal is the key */
	sqlite3_stmt *stmt;
};

struct store {
	sqlite3 *db;
	char *path;
	bool is_read_only;
	int depth;           /* levels of store_begin() not yet ended */
	bool has_new_events; /* since the last outermost commit */
	int mark_fd;         /* journal.db-mark, -1 until it is written (sound.h) */
	struct db_stmt *stmt;
	size_t n_stmts, cap_stmts;
};

/*
 * The prepared statement of SQL, a string literal: prepared once per store, reset and
 * unbound.  It belongs to the store; end its use with db_done().  NULL with ERR.
 */
sqlite3_stmt *db_prepare(struct store *store, const char *sql, struct err *err);

/*
 * Binds by position: 'i' int, 'l' int64_t, 't' text that lives until db_done() (NULL is
 * SQL NULL).
 */
void db_bind(sqlite3_stmt *stmt, const char *types, ...);

/* 1 with a row, 0 at the end, -1 with ERR; the statement is reset unless there is a row. */
int db_step(struct store *store, sqlite3_stmt *stmt, struct err *err);
void db_done(sqlite3_stmt *stmt);

/*
 * Prepares, binds by TYPES and runs a statement that returns no row.  Returns the number
 * of rows changed, or -1.
 */
int db_run(
    struct store *store, const char *sql, struct err *err, const char *types, ...);

/* Like db_run() for one number: *VALUE is the first column of the first row, 0 if none. */
int db_int(struct store *store, const char *sql, int64_t *value, struct err *err,
    const char *types, ...);

/* Text of a column, "" for NULL; valid until the next step. */
const char *db_text(sqlite3_stmt *stmt, int column);

/* Fills ERR from the connection's last error RC, doing WHAT.  Returns -1. */
int db_fail(struct store *store, int rc, struct err *err, const char *what);

/* The row that STMT gives: seq at actor entity from_state to_state cause data ... */
struct journal_row db_row(sqlite3_stmt *stmt);

/*
 * Makes an empty journal at PATH in one rename, so that an empty or half made journal.db
 * is never ours and can be reported as damage.
 */
NODISCARD int db_create(const char *path, struct err *err);
