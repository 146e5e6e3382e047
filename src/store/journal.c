#include "store/journal.h"

#include "base/mem.h"
#include "store/db.h"
#include "store/sound.h"

#include <string.h>

#define BLOB_MAX_BYTES ((size_t)64 << 20)

static const char *
or_text(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

/* SUM is that of the row before, then this one's. */
static int
append_event(
    struct store *store, struct journal_row *row, int64_t *sum, struct err *err)
{
	/* Without AUTOINCREMENT a row that was rolled back leaves no gap behind. */
	static const char sql_append[] =
	    "INSERT INTO event (at, actor, entity, from_state, to_state, cause, data, sum)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
	const struct journal_row r = { .at = row->at,
		.actor = or_text(row->actor, ""),
		.entity = or_text(row->entity, ""),
		.from = or_text(row->from, ""),
		.to = or_text(row->to, ""),
		.cause = or_text(row->cause, ""),
		.data = or_text(row->data, "{}") };

	*sum = sound_sum(*sum, &r);
	if (db_run(store, sql_append, err, "lttttttl", r.at, r.actor, r.entity, r.from,
		r.to, r.cause, r.data, *sum) < 0)
		return err_wrap(err, "event of %s", or_text(row->entity, "nothing"));
	row->seq = sqlite3_last_insert_rowid(store->db);
	store->has_new_events = true;
	return 0;
}

static int
find_seqs(struct store *store, struct act_row *act, struct err *err)
{
	static const char sql_find[] = "SELECT seq, event_seq FROM act WHERE key = ?1";
	sqlite3_stmt *stmt = db_prepare(store, sql_find, err);
	int got;

	if (!stmt)
		return -1;
	db_bind(stmt, "t", act->key);
	got = db_step(store, stmt, err);
	if (got == 1) {
		act->seq = sqlite3_column_int64(stmt, 0);
		act->event_seq = sqlite3_column_int64(stmt, 1);
		db_done(stmt);
	}
	return got;
}

static int
append_act(struct store *store, struct act_row *act, int64_t event_seq, struct err *err)
{
	static const char sql_append[] =
	    "INSERT INTO act (event_seq, key, kind, \"order\", state, data, result, tries,"
	    " next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
	    " ON CONFLICT (key) DO NOTHING";
	int changed = db_run(store, sql_append, err, "lttttttil", event_seq,
	    or_text(act->key, ""), or_text(act->kind, ""), or_text(act->order, ""),
	    or_text(act->state, "owed"), or_text(act->data, "{}"),
	    or_text(act->result, ""), act->tries, act->next_at);

	if (changed < 0)
		return err_wrap(err, "act %s", or_text(act->key, "without key"));
	if (changed == 0)
		return find_seqs(store, act, err) < 0 ? -1 : 0;
	act->seq = sqlite3_last_insert_rowid(store->db);
	act->event_seq = event_seq;
	return 0;
}

int
journal_append(struct store *store, struct journal_row *rows, size_t n_rows,
    struct act_row *acts, size_t n_acts, struct err *err)
{
	static const char sql_before[] =
	    "SELECT sum FROM event ORDER BY seq DESC LIMIT 1";
	int64_t sum = 0;

	if (store_begin(store, err) < 0)
		return -1;
	if (n_rows && db_int(store, sql_before, &sum, err, "") < 0)
		goto fail;
	for (size_t i = 0; i < n_rows; i++) {
		if (append_event(store, &rows[i], &sum, err) < 0)
			goto fail;
	}
	for (size_t i = 0; i < n_acts; i++) {
		int64_t event_seq = n_rows ? rows[n_rows - 1].seq : acts[i].event_seq;

		if (append_act(store, &acts[i], event_seq, err) < 0)
			goto fail;
	}
	return store_commit(store, err);

fail:
	store_rollback(store);
	return -1;
}

int
journal_verify(struct store *store, int64_t until, struct err *err)
{
	static const char sql_all[] =
	    "SELECT seq, at, actor, entity, from_state, to_state, cause, data, sum"
	    " FROM event WHERE seq <= ?1 ORDER BY seq";
	sqlite3_stmt *stmt = db_prepare(store, sql_all, err);
	int64_t sum = 0, seq = 0;
	int got, rc = 0;

	if (!stmt)
		return -1;
	db_bind(stmt, "l", until);
	while (rc == 0 && (got = db_step(store, stmt, err)) == 1) {
		AUTO_FREE char *why = NULL;

		seq++;
		if (sqlite3_column_int64(stmt, 0) == seq && sound_next(stmt, &sum))
			continue;
		why = xasprintf("event %lld is not as it was written", (long long)seq);
		rc = sound_damaged(store->path, err, why);
	}
	db_done(stmt);
	return rc < 0 || got < 0 ? -1 : 0;
}

/* Calls FN for each row of STMT and finalizes it. */
static int
each_event(struct store *store, sqlite3_stmt *stmt,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err)
{
	int got;

	while ((got = db_step(store, stmt, err)) == 1) {
		const struct journal_row row = db_row(stmt);

		if (fn(&row, arg))
			break;
	}
	sqlite3_finalize(stmt);
	return got < 0 ? -1 : 0;
}

int
journal_replay(struct store *store, int64_t after,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err)
{
	static const char sql_replay[] =
	    "SELECT seq, at, actor, entity, from_state, to_state, cause, data"
	    " FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
	int64_t last = journal_last(store);
	sqlite3_stmt *stmt = NULL;
	int rc;

	/* A statement of its own, as FN may well replay or append in turn. */
	rc = last < 0 ? sqlite3_errcode(store->db)
		      : sqlite3_prepare_v2(store->db, sql_replay, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return db_fail(store, rc, err, "replay");
	db_bind(stmt, "ll", after, last);
	return each_event(store, stmt, fn, arg, err);
}

int
journal_each_of(struct store *store, const char *cause,
    int (*fn)(const struct journal_row *row, void *arg), void *arg, struct err *err)
{
	static const char sql_of[] =
	    "SELECT seq, at, actor, entity, from_state, to_state, cause, data"
	    " FROM event WHERE cause = ?1 ORDER BY seq";
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(store->db, sql_of, -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return db_fail(store, rc, err, "read the journal");
	db_bind(stmt, "t", cause);
	return each_event(store, stmt, fn, arg, err);
}

int64_t
journal_last(struct store *store)
{
	static const char sql_last[] = "SELECT max(seq) FROM event";
	int64_t last = 0;

	return db_int(store, sql_last, &last, NULL, "") < 0 ? -1 : last;
}

/* Why the act SEQ could not move to STATE: it is elsewhere, or not there at all. */
static int
cannot_move(struct store *store, int64_t seq, const char *state, struct err *err)
{
	static const char sql_state[] = "SELECT state FROM act WHERE seq = ?1";
	sqlite3_stmt *stmt = db_prepare(store, sql_state, err);
	int got;

	if (!stmt)
		return -1;
	db_bind(stmt, "l", seq);
	got = db_step(store, stmt, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(
		    err, ERR_NOT_FOUND, "there is no act %lld", (long long)seq);
	err_set(err, ERR_CONFLICT, "act %lld is %s and cannot become %s",
	    (long long)seq, db_text(stmt, 0), state);
	db_done(stmt);
	return -1;
}

int
act_begin(struct store *store, int64_t seq, struct err *err)
{
	static const char sql_begin[] =
	    "UPDATE act SET state = 'begun', tries = tries + 1"
	    " WHERE seq = ?1 AND state = 'owed'";
	int changed = db_run(store, sql_begin, err, "l", seq);

	if (changed == 0)
		return cannot_move(store, seq, "begun", err);
	return changed < 0 ? -1 : 0;
}

int
act_finish(struct store *store, int64_t seq, const char *state, const char *result,
    int64_t next_at, struct err *err)
{
	static const char sql_finish[] =
	    "UPDATE act SET state = ?2, result = ?3, next_at = ?4"
	    " WHERE seq = ?1 AND ?2 <> 'begun'"
	    " AND (state = 'begun' OR (state = 'owed' AND ?2 IN ('dead', 'owed')))";
	int changed = db_run(
	    store, sql_finish, err, "lttl", seq, state, or_text(result, ""), next_at);

	if (changed == 0)
		return cannot_move(store, seq, state, err);
	return changed < 0 ? -1 : 0;
}

static struct act_row
act_of(sqlite3_stmt *stmt, struct arena *arena)
{
	return (struct act_row){
		.seq = sqlite3_column_int64(stmt, 0),
		.event_seq = sqlite3_column_int64(stmt, 1),
		.key = arena_strdup(arena, db_text(stmt, 2)),
		.kind = arena_strdup(arena, db_text(stmt, 3)),
		.order = arena_strdup(arena, db_text(stmt, 4)),
		.state = arena_strdup(arena, db_text(stmt, 5)),
		.data = arena_strdup(arena, db_text(stmt, 6)),
		.result = arena_strdup(arena, db_text(stmt, 7)),
		.tries = sqlite3_column_int(stmt, 8),
		.next_at = sqlite3_column_int64(stmt, 9),
	};
}

int
act_find(struct store *store, const char *key, struct act_row *act, struct arena *arena,
    struct err *err)
{
	static const char sql_one[] =
	    "SELECT seq, event_seq, key, kind, \"order\", state, data, result, tries,"
	    " next_at FROM act WHERE key = ?1";
	sqlite3_stmt *stmt = db_prepare(store, sql_one, err);
	int got;

	if (!stmt)
		return -1;
	db_bind(stmt, "t", key);
	got = db_step(store, stmt, err);
	if (got == 1) {
		*act = act_of(stmt, arena);
		db_done(stmt);
	}
	return got;
}

int
act_count(struct store *store, int64_t until, int64_t *n, struct err *err)
{
	static const char sql_count[] =
	    "SELECT count(*) FROM act WHERE event_seq <= ?1";

	return db_int(store, sql_count, n, err, "l", until);
}

static int
each_act(struct store *store, const char *sql,
    int (*fn)(const struct act_row *act, void *arg), void *arg, struct err *err)
{
	sqlite3_stmt *stmt = db_prepare(store, sql, err);
	struct arena *arena = arena_new();
	struct act_row *act = NULL;
	size_t n = 0, cap = 0;
	int got = -1;

	/* All are read before the first call, as FN moves acts out of the very index. */
	while (stmt && (got = db_step(store, stmt, err)) == 1) {
		GROW(act, n, cap);
		act[n++] = act_of(stmt, arena);
	}
	for (size_t i = 0; got == 0 && i < n; i++) {
		if (fn(&act[i], arg))
			break;
	}
	free(act);
	arena_free(arena);
	return got;
}

int
act_each_open(struct store *store, int (*fn)(const struct act_row *act, void *arg),
    void *arg, struct err *err)
{
	static const char sql_open[] =
	    "SELECT seq, event_seq, key, kind, \"order\", state, data, result, tries,"
	    " next_at FROM act WHERE state IN ('owed', 'begun') ORDER BY seq";

	return each_act(store, sql_open, fn, arg, err);
}

int
act_each_failed(struct store *store, int (*fn)(const struct act_row *act, void *arg),
    void *arg, struct err *err)
{
	static const char sql_failed[] =
	    "SELECT seq, event_seq, key, kind, \"order\", state, data, result, tries,"
	    " next_at FROM act WHERE state IN ('failed', 'dead')"
	    " ORDER BY seq DESC LIMIT 20";

	return each_act(store, sql_failed, fn, arg, err);
}

int
blob_put(struct store *store, const char *sha256, const void *data, size_t n_bytes,
    struct err *err)
{
	static const char sql_put[] = "INSERT INTO blob (sha256, data) VALUES (?1, ?2)"
				      " ON CONFLICT DO UPDATE SET data = data"
				      " WHERE data = excluded.data";
	sqlite3_stmt *stmt;

	if (n_bytes > BLOB_MAX_BYTES)
		return err_set(err, ERR_INPUT,
		    "a text of %zu bytes is too large to keep"
		    " (limit 64 MiB)",
		    n_bytes);
	stmt = db_prepare(store, sql_put, err);
	if (!stmt)
		return -1;
	db_bind(stmt, "t", sha256);
	sqlite3_bind_blob64(stmt, 2, n_bytes ? data : "", n_bytes, SQLITE_STATIC);
	if (db_step(store, stmt, err) < 0)
		return err_wrap(err, "text %s", sha256);
	if (sqlite3_changes(store->db) == 0)
		return err_set(err, ERR_CONFLICT,
		    "other bytes are kept under the name %s", sha256);
	return 0;
}

char *
blob_get(struct store *store, const char *sha256, size_t *n_bytes, struct err *err)
{
	static const char sql_get[] = "SELECT data FROM blob WHERE sha256 = ?1";
	sqlite3_stmt *stmt = db_prepare(store, sql_get, err);
	char *copy;
	size_t n;
	int got;

	if (!stmt)
		return NULL;
	db_bind(stmt, "t", sha256);
	got = db_step(store, stmt, err);
	if (got == 0)
		err_set(err, ERR_NOT_FOUND, "there is no text %s", sha256);
	if (got != 1)
		return NULL;
	n = (size_t)sqlite3_column_bytes(stmt, 0);
	copy = xmalloc(n + 1);
	if (n > 0)
		memcpy(copy, sqlite3_column_blob(stmt, 0), n);
	copy[n] = '\0';
	db_done(stmt);
	if (n_bytes)
		*n_bytes = n;
	return copy;
}

int
store_meta_put(struct store *store, const char *key, const char *value, struct err *err)
{
	static const char sql_put[] =
	    "INSERT INTO meta (key, value) VALUES (?1, ?2)"
	    " ON CONFLICT DO UPDATE SET value = excluded.value";

	return db_run(store, sql_put, err, "tt", key, value) < 0 ? -1 : 0;
}

char *
store_meta_get(struct store *store, const char *key)
{
	static const char sql_get[] = "SELECT value FROM meta WHERE key = ?1";
	sqlite3_stmt *stmt = db_prepare(store, sql_get, NULL);
	char *value;

	if (!stmt)
		return NULL;
	db_bind(stmt, "t", key);
	if (db_step(store, stmt, NULL) != 1)
		return NULL;
	value = xstrdup(db_text(stmt, 0));
	db_done(stmt);
	return value;
}
