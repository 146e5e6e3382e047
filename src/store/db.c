#include "store/db.h"

#include "base/crash.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/rescue.h"
#include "store/sound.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct embedded store_schema[];

/* "dvsi": tells our journal from anybody else's database (file(1) prints it too). */
#define APPLICATION_ID  0x64767369
#define BUSY_TIMEOUT_MS 5000
#define WAL_KEEP_BYTES  (64L << 20)

int
db_fail(struct store *store, int rc, struct err *err, const char *what)
{
	int sys = sqlite3_system_errno(store->db);

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return sound_damaged(store->path, err, sqlite3_errmsg(store->db));
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return err_set(
		    err, ERR_INPUT, "%s: %s", what, sqlite3_errmsg(store->db));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(err, ERR_CONFLICT, "%s: %s is locked by another process", what,
		    store->path);
		return err_fix(
		    err, "end the program that writes it: fuser -v %s", store->path);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		err_set(err, ERR_SYSTEM, "%s: %s cannot be written", what, store->path);
		return err_fix(err, "make it and its directory writable for you");
	case SQLITE_FULL:
		err_set(err, ERR_SYSTEM,
		    "%s: no space left for %s; nothing was written", what, store->path);
		if (err)
			err->sys_errno = ENOSPC;
		return err_fix(err, "free space on that file system and try again");
	default:
		err_set(err, ERR_SYSTEM, "%s: %s: %s%s%s", what, store->path,
		    sqlite3_errmsg(store->db), sys ? ": " : "",
		    sys ? strerror(sys) : "");
		if (err)
			err->sys_errno = sys;
		return (rc & 0xff) != SQLITE_IOERR
			   ? -1
			   : err_fix(err, "look at that disk and what limits its use: "
					  "dmesg, df -h, quota, ulimit -f");
	}
}

/* Statements. */

sqlite3_stmt *
db_prepare(struct store *store, const char *sql, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	for (size_t i = 0; i < store->n_stmts; i++) {
		if (store->stmt[i].sql == sql) {
			sqlite3_reset(store->stmt[i].stmt);
			return store->stmt[i].stmt;
		}
	}
	rc = sqlite3_prepare_v3(
	    store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
	if (rc != SQLITE_OK) {
		db_fail(store, rc, err, "prepare");
		return NULL;
	}
	GROW(store->stmt, store->n_stmts, store->cap_stmts);
	store->stmt[store->n_stmts++] = (struct db_stmt){ .sql = sql, .stmt = stmt };
	return stmt;
}

static void
bind_all(sqlite3_stmt *stmt, const char *types, va_list ap)
{
	assert((int)strlen(types) <= sqlite3_bind_parameter_count(stmt));
	for (int i = 1; types[i - 1]; i++) {
		int rc;

		switch (types[i - 1]) {
		case 'i': rc = sqlite3_bind_int(stmt, i, va_arg(ap, int)); break;
		case 'l': rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t)); break;
		default:
			assert(types[i - 1] == 't');
			rc = sqlite3_bind_text(
			    stmt, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
			break;
		}
		/* A text over SQLite's limit stays NULL, and NOT NULL then refuses it. */
		assert(rc == SQLITE_OK || rc == SQLITE_TOOBIG);
	}
}

void
db_bind(sqlite3_stmt *stmt, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	bind_all(stmt, types, ap);
	va_end(ap);
}

int
db_step(struct store *store, sqlite3_stmt *stmt, struct err *err)
{
	int rc;

	/*
	 * A full disk makes SQLite roll back the whole transaction by itself.  What follows
	 * in that transaction must not be written on its own.
	 */
	if (store->depth > 0 && sqlite3_get_autocommit(store->db)) {
		db_done(stmt);
		return err_set(err, ERR_SYSTEM,
		    "%s: the transaction was rolled back after an earlier failure",
		    store->path);
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		db_fail(store, rc, err, "journal");
	db_done(stmt);
	return rc == SQLITE_DONE ? 0 : -1;
}

void
db_done(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

int
db_run(struct store *store, const char *sql, struct err *err, const char *types, ...)
{
	sqlite3_stmt *stmt = db_prepare(store, sql, err);
	va_list ap;

	if (!stmt)
		return -1;
	va_start(ap, types);
	bind_all(stmt, types, ap);
	va_end(ap);
	if (db_step(store, stmt, err) < 0)
		return -1;
	return sqlite3_changes(store->db);
}

int
db_int(struct store *store, const char *sql, int64_t *value, struct err *err,
    const char *types, ...)
{
	sqlite3_stmt *stmt = db_prepare(store, sql, err);
	va_list ap;
	int got;

	if (!stmt)
		return -1;
	va_start(ap, types);
	bind_all(stmt, types, ap);
	va_end(ap);
	got = db_step(store, stmt, err);
	if (got < 0)
		return -1;
	*value = got ? sqlite3_column_int64(stmt, 0) : 0;
	db_done(stmt);
	return 0;
}

const char *
db_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text ? (const char *)text : "";
}

struct journal_row
db_row(sqlite3_stmt *stmt)
{
	return (struct journal_row){
		.seq = sqlite3_column_int64(stmt, 0),
		.at = sqlite3_column_int64(stmt, 1),
		.actor = db_text(stmt, 2),
		.entity = db_text(stmt, 3),
		.from = db_text(stmt, 4),
		.to = db_text(stmt, 5),
		.cause = db_text(stmt, 6),
		.data = db_text(stmt, 7),
	};
}

/* Transactions. */

int
store_begin(struct store *store, struct err *err)
{
	static const char sql_begin[] = "BEGIN IMMEDIATE";
	static const char sql_nest[] = "SAVEPOINT nest";

	if (db_run(store, store->depth ? sql_nest : sql_begin, err, "") < 0)
		return -1;
	store->depth++;
	return 0;
}

int
store_commit(struct store *store, struct err *err)
{
	static const char sql_commit[] = "COMMIT";
	static const char sql_release[] = "RELEASE nest";
	bool is_outer = store->depth == 1;

	assert(store->depth > 0);
	if (db_run(store, is_outer ? sql_commit : sql_release, err, "") < 0) {
		store_rollback(store);
		return -1;
	}
	store->depth--;
	if (is_outer && store->has_new_events) {
		store->has_new_events = false;
		sound_mark(store, journal_last(store));
	}
	return 0;
}

void
store_rollback(struct store *store)
{
	static const char sql_rollback[] = "ROLLBACK";
	static const char sql_back[] = "ROLLBACK TO nest";
	static const char sql_release[] = "RELEASE nest";

	assert(store->depth > 0);
	if (!sqlite3_get_autocommit(store->db)) {
		if (store->depth == 1) {
			db_run(store, sql_rollback, NULL, "");
		} else {
			db_run(store, sql_back, NULL, "");
			db_run(store, sql_release, NULL, "");
		}
	}
	store->depth--;
}

/* Opening. */

static int
exec(struct store *store, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_fail(store, rc, err, "open");
}

/* The schema's steps after version FROM, each with its version in one transaction. */
static int
migrate(struct store *store, int64_t from, struct err *err)
{
	for (int64_t v = from; store_schema[v].name; v++) {
		AUTO_FREE char *pragma = xasprintf(
		    "PRAGMA user_version = %lld", (long long)v + 1);

		if (store_begin(store, err) < 0)
			return -1;
		if (exec(store, store_schema[v].data, err) < 0 ||
		    exec(store, pragma, err) < 0) {
			store_rollback(store);
			return err_wrap(err, "schema %s", store_schema[v].name);
		}
		if (DURABLE("db.migrate", store_commit(store, err)) < 0)
			return -1;
	}
	return 0;
}

int
db_create(const char *path, struct err *err)
{
	struct store made = { .path = xstrdup(path), .mark_fd = -1 };
	AUTO_FREE char *pragma = xasprintf(
	    "PRAGMA application_id = %d", APPLICATION_ID);
	unsigned char *bytes = NULL;
	sqlite3_int64 n_bytes = 0;
	int ret = -1;

	if (sqlite3_open(":memory:", &made.db) != SQLITE_OK ||
	    exec(&made, pragma, err) < 0 || migrate(&made, 0, err) < 0)
		goto out;
	bytes = sqlite3_serialize(made.db, "main", &n_bytes, 0);
	if (!bytes) {
		err_set(err, ERR_SYSTEM, "%s: cannot be made", path);
		goto out;
	}
	ret = file_write_atomic(path, bytes, (size_t)n_bytes, 0600, err);
	if (ret < 0)
		err_fix(err, "make its directory writable for you, with space left");
out:
	sqlite3_free(bytes);
	for (size_t i = 0; i < made.n_stmts; i++)
		sqlite3_finalize(made.stmt[i].stmt);
	free(made.stmt);
	sqlite3_close(made.db);
	free(made.path);
	return ret;
}

/* `file:` form of PATH that promises SQLite nobody writes it. */
static char *
immutable_uri(const char *path)
{
	char *buf = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&buf, &n);

	fputs("file:", f);
	for (const char *p = path; *p; p++) {
		if (strchr("%?#", *p))
			fprintf(f, "%%%02X", (unsigned)(unsigned char)*p);
		else
			fputc(*p, f);
	}
	fputs("?immutable=1", f);
	fclose(f);
	return buf;
}

static int
connect(struct store *store, struct err *err)
{
	int flags = store->is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
		    store->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
	/*
	 * A reader in a directory it may not write cannot make the shared index of the log.
	 * Without a log none is needed.
	 */
	if (rc != SQLITE_OK && store->is_read_only && !sound_has_wal(store->path)) {
		AUTO_FREE char *uri = immutable_uri(store->path);

		sqlite3_close(store->db);
		rc = sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_URI, NULL);
	}
	if (rc != SQLITE_OK)
		return db_fail(store, rc, err, "open");
	/* A file that may not be written is opened for reading without a word. */
	if (!store->is_read_only && sqlite3_db_readonly(store->db, "main"))
		return db_fail(store, SQLITE_READONLY, err, "open");
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
	/* Until it is proven sound, closing it again must leave every byte as it was. */
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return exec(store,
	    "PRAGMA cell_size_check = ON;"
	    "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY",
	    err);
}

/* Whose database it is and how old; FROM receives its schema version. */
static int
check_version(struct store *store, int64_t *from, struct err *err)
{
	static const char sql_app[] = "PRAGMA application_id";
	static const char sql_version[] = "PRAGMA user_version";
	int64_t app = 0, ours = 0;

	while (store_schema[ours].name)
		ours++;
	if (db_int(store, sql_app, &app, err, "") < 0 ||
	    db_int(store, sql_version, from, err, "") < 0)
		return -1;
	if (app != APPLICATION_ID || *from < 1)
		return sound_damaged(store->path, err, "it is no journal of divisi");
	if (*from > ours) {
		err_set(err, ERR_REFUSED,
		    "%s was written by a newer divisi (schema %lld, this one knows %lld)",
		    store->path, (long long)*from, (long long)ours);
		return err_fix(
		    err, "install the newer divisi again; nothing was changed");
	}
	if (*from < ours && store->is_read_only) {
		err_set(
		    err, ERR_REFUSED, "%s was written by an older divisi", store->path);
		return err_fix(
		    err, "start the server once, it brings the journal up to date");
	}
	return 0;
}

static int
prepare_writing(struct store *store, int64_t from, struct err *err)
{
	AUTO_FREE char *limit = xasprintf(
	    "PRAGMA journal_size_limit = %ld", WAL_KEEP_BYTES);

	if (sound_check(store, err) < 0 || sound_check_mark(store, err) < 0)
		return -1;
	if (DURABLE("db.log",
		exec(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
		    err)) < 0 ||
	    exec(store, limit, err) < 0 || migrate(store, from, err) < 0)
		return -1;
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return 0;
}

int
store_check_place(const char *home, struct err *err)
{
	if (file_is_local_fs(home))
		return 0;
	err_set(err, ERR_REFUSED,
	    "%s is on a network file system, where a crash could lose the journal",
	    home);
	return err_fix(err, "work in a clone on a local disk");
}

struct store *
store_open(const char *home, int read_only, struct err *err)
{
	struct store *store = NULL;
	int64_t from = 0;
	int found;

	if (!read_only && file_mkdirs(home, 0700, err) < 0) {
		err_fix(err, "make the directory that holds it writable for you");
		return NULL;
	}
	if (store_check_place(home, err) < 0)
		return NULL;
	store = xcalloc(1, sizeof(*store));
	store->mark_fd = -1;
	store->path = path_join(home, "journal.db");
	store->is_read_only = read_only;
	found = sound_probe(store->path, err);
	if (found < 0)
		goto fail;
	if (!found && read_only) {
		err_set(err, ERR_NOT_FOUND, "%s: there is no journal yet", store->path);
		err_fix(err, "divisi init");
		goto fail;
	}
	if (!found && db_create(store->path, err) < 0)
		goto fail;
	if (connect(store, err) < 0 || check_version(store, &from, err) < 0)
		goto fail;
	if (read_only ? sound_check_mark(store, err) < 0
		      : prepare_writing(store, from, err) < 0)
		goto fail;
	return store;

fail:
	store_close(store);
	if (!read_only && err && sound_is_damage(err))
		rescue_tell(home, err);
	return NULL;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	while (store->depth > 0)
		store_rollback(store);
	for (size_t i = 0; i < store->n_stmts; i++)
		sqlite3_finalize(store->stmt[i].stmt);
	(void)DURABLE("db.close", sqlite3_close(store->db));
	if (store->mark_fd >= 0)
		close(store->mark_fd);
	free(store->stmt);
	free(store->path);
	free(store);
}
