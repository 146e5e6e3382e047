#include "store/rescue.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/db.h"
#include "store/sound.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096 /* of our journals, which are never vacuumed to another size */

/* A database being read and the one being made of it. */
struct saving {
	char *dir;           /* scratch directory in the home */
	char *copy, *result; /* files in it */
	sqlite3 *from;
	struct store to;
	struct rescue found;
};

void
rescue_clear(struct rescue *rescue)
{
	free(rescue->file);
	*rescue = (struct rescue){ 0 };
}

/* The same bytes give the same name; they are told apart by size and time. */
static void
name_damage(const char *db, char id[9])
{
	static const char *const ends[] = { "", "-wal" };
	AUTO_FREE char *text = xstrdup("");
	char hex[HASH_HEX_SIZE];

	for (size_t i = 0; i < N_ELEMS(ends); i++) {
		AUTO_FREE char *path = xasprintf("%s%s", db, ends[i]);
		AUTO_FREE char *before = text;
		struct stat st = { 0 };

		(void)lstat(path, &st);
		text = xasprintf("%s|%lld|%lld.%ld", before, (long long)st.st_size,
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	hash_sha256(text, strlen(text), hex);
	memcpy(id, hex, 8);
	id[8] = '\0';
}

/*
 * Says in the header of FD that it has as many pages as it has: SQLite reads nothing of a
 * database that ends before its end.
 */
static int
put_size(int fd, off_t n_bytes)
{
	uint32_t n = (uint32_t)(n_bytes / PAGE_BYTES);
	const unsigned char field[4] = { (unsigned char)(n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n };

	return pwrite(fd, field, sizeof(field), 28) == sizeof(field) ? 0 : -1;
}

/*
 * Copies PATH to COPY and fills its last page up with zeros.  A file that is not there is
 * an empty copy.
 */
static int
copy_padded(const char *path, const char *copy, bool pads, struct err *err)
{
	AUTO_FD int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_FD int to = open(copy, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	AUTO_FREE char *buf = xmalloc(1 << 20);
	off_t n_bytes = 0;
	ssize_t n = 0;

	if (to < 0)
		return err_sys(err, "save what can be read in %s", copy);
	/* A part of the disk that cannot be read ends what can be. */
	while (from >= 0 && (n = read(from, buf, 1 << 20)) > 0) {
		if (file_write_all(to, buf, (size_t)n) < 0)
			return err_sys(err, "save what can be read in %s", copy);
		n_bytes += n;
	}
	n_bytes += pads ? (PAGE_BYTES - n_bytes % PAGE_BYTES) % PAGE_BYTES : 0;
	if (DURABLE("rescue.copy", ftruncate(to, n_bytes)) < 0 ||
	    (pads && n_bytes > 0 && put_size(to, n_bytes) < 0))
		return err_sys(err, "save what can be read in %s", copy);
	return 0;
}

/*
 * Puts the first page of the new journal RESULT into COPY: where the tables are is the
 * same in all of one schema.
 */
static int
graft_header(const struct saving *s, struct err *err)
{
	AUTO_FD int from = open(s->result, O_RDONLY | O_CLOEXEC);
	AUTO_FD int to = open(s->copy, O_RDWR | O_CLOEXEC);
	unsigned char page[PAGE_BYTES];
	struct stat st;

	if (from < 0 || to < 0 || fstat(to, &st) < 0 ||
	    pread(from, page, sizeof(page), 0) != PAGE_BYTES)
		return err_sys(err, "read %s", s->result);
	/* No list of free pages: where it is stood in the page that is gone. */
	memset(page + 32, 0, 8);
	if (pwrite(to, page, sizeof(page), 0) != PAGE_BYTES ||
	    put_size(to, st.st_size) < 0)
		return err_sys(err, "write %s", s->copy);
	return 0;
}

static bool
has_events(sqlite3 *db)
{
	return sqlite3_exec(db,
		   "SELECT count(seq) FROM (SELECT seq FROM event LIMIT 1)", NULL, NULL,
		   NULL) == SQLITE_OK;
}

static void
open_copy(struct saving *s)
{
	sqlite3_close(s->from);
	s->from = NULL;
	if (sqlite3_open_v2(s->copy, &s->from, SQLITE_OPEN_READWRITE, NULL) !=
	    SQLITE_OK)
		return;
	sqlite3_db_config(s->from, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
}

/* Opens copies of the damaged files; they may be changed as SQLite likes. */
static int
open_damaged(struct saving *s, const char *home, struct err *err)
{
	AUTO_FREE char *db = path_join(home, "journal.db");
	AUTO_FREE char *wal = xasprintf("%s-wal", db);
	AUTO_FREE char *wal_copy = xasprintf("%s-wal", s->copy);

	if (copy_padded(db, s->copy, true, err) < 0 ||
	    (sound_has_wal(db) && copy_padded(wal, wal_copy, false, err) < 0))
		return -1;
	open_copy(s);
	if (s->from && has_events(s->from))
		return 0;
	/* The log goes on only from the header that it knows. */
	sqlite3_close(s->from);
	s->from = NULL;
	if (graft_header(s, err) < 0)
		return -1;
	open_copy(s);
	return 0;
}

static sqlite3_stmt *
ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (db && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		stmt = NULL;
	return stmt;
}

/* The events up to the first that is missing or not as it was written. */
static int
save_events(struct saving *s, struct err *err)
{
	/* Schemas before the third have no sums. */
	sqlite3_stmt *stmt = ask(s->from,
	    "SELECT seq, at, actor, entity, from_state, to_state, cause, data, sum"
	    " FROM event ORDER BY seq");
	int64_t sum = 0;
	int rc = 0;

	if (!stmt)
		stmt = ask(s->from,
		    "SELECT seq, at, actor, entity, from_state, to_state, cause, data,"
		    " NULL FROM event ORDER BY seq");
	while (rc == 0 && stmt && sqlite3_step(stmt) == SQLITE_ROW) {
		struct journal_row row = db_row(stmt);
		struct err why = ERR_INIT;

		if (row.seq != s->found.n_events + 1 || !sound_next(stmt, &sum))
			break;
		rc = journal_append(&s->to, &row, 1, NULL, 0, &why);
		if (rc < 0 && why.kind == ERR_INPUT)
			break; /* a row that no journal takes */
		if (rc < 0)
			*err = why;
		s->found.n_events = row.seq;
		s->found.last_at = row.at;
	}
	sqlite3_finalize(stmt);
	return rc < 0 && err->kind == ERR_SYSTEM ? -1 : 0;
}

/* Copies the rows that SELECT gives, in order, until one cannot be read. */
static void
copy_rows(struct saving *s, const char *select, const char *insert)
{
	sqlite3_stmt *from = ask(s->from, select), *to = ask(s->to.db, insert);

	if (to && sqlite3_bind_parameter_index(to, ":last"))
		sqlite3_bind_int64(
		    to, sqlite3_bind_parameter_index(to, ":last"), s->found.n_events);
	while (from && to && sqlite3_step(from) == SQLITE_ROW) {
		int n = sqlite3_column_count(from);

		for (int i = 0; i < n; i++)
			sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
		/* A row that breaks a rule of its table stays behind. */
		(void)sqlite3_step(to);
		sqlite3_reset(to);
	}
	sqlite3_finalize(from);
	sqlite3_finalize(to);
}

/*
 * Everything beside the events: forwards to the first page that cannot be read, then
 * backwards from the end to it.
 */
static void
save_rest(struct saving *s)
{
	static const struct {
		const char *table, *columns, *marks, *order;
	} tables[] = {
		{ "act",
		    "seq, event_seq, key, kind, \"order\", state, data, result, tries,"
		    " next_at",
		    "?,?,?,?,?,?,?,?,?,?", "seq" },
		{ "blob", "sha256, data", "?,?", "sha256" },
		{ "meta", "key, value", "?,?", "key" },
		{ "issue",
		    "n, id, number, uuid, url, title, body, version, status, estimate,"
		    " priority, project, parent, assignee, delegate, owner_session,"
		    " created_at, updated_at",
		    "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?", "n" },
		{ "label", "issue, name", "?,?", "issue, name" },
		{ "relation", "a, kind, b", "?,?,?", "a, kind, b" },
		{ "comment", "n, issue, kind, author, body, at, edited_at",
		    "?,?,?,?,?,?,?", "n" },
		{ "attachment", "issue, url, sha256, title, at", "?,?,?,?,?",
		    "issue, url, sha256" },
		{ "issue_write", "key, issue", "?,?", "key" },
	};

	for (size_t i = 0; i < N_ELEMS(tables); i++) {
		AUTO_FREE char *to = xasprintf(
		    "INSERT OR IGNORE INTO %s (%s) VALUES (%s)", tables[i].table,
		    tables[i].columns, tables[i].marks);

		for (int back = 0; back < 2; back++) {
			AUTO_FREE char *order = xstrdup(tables[i].order);
			AUTO_FREE char *from = NULL;

			if (back)
				order[strcspn(order, ",")] = '\0';
			from = xasprintf("SELECT %s FROM %s ORDER BY %s%s",
			    tables[i].columns, tables[i].table, order,
			    back ? " DESC" : "");
			copy_rows(s, from, to);
		}
	}
}

static int
open_result(struct saving *s, struct err *err)
{
	int rc;

	if (db_create(s->result, err) < 0)
		return -1;
	s->to = (struct store){ .path = xstrdup(s->result), .mark_fd = -1 };
	rc = sqlite3_open_v2(s->result, &s->to.db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->to.db,
		    "PRAGMA foreign_keys = ON; PRAGMA journal_mode = MEMORY;"
		    "PRAGMA synchronous = OFF",
		    NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : db_fail(&s->to, rc, err, "save");
}

static void
close_result(struct saving *s)
{
	for (size_t i = 0; i < s->to.n_stmts; i++)
		sqlite3_finalize(s->to.stmt[i].stmt);
	free(s->to.stmt);
	sqlite3_close(s->to.db);
	if (s->to.mark_fd >= 0)
		close(s->to.mark_fd);
	free(s->to.path);
	s->to = (struct store){ .mark_fd = -1 };
}

/* Makes RESULT durable under its name, all or nothing. */
static int
publish(const struct saving *s, const char *home, struct err *err)
{
	AUTO_FREE char *target = path_join(home, s->found.file);
	AUTO_FD int fd = open(s->result, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || DURABLE("rescue.sync", fsync(fd)) < 0 ||
	    DURABLE("rescue.rename", rename(s->result, target)) < 0)
		return err_sys(err, "save what can be read in %s", target);
	return file_sync_parent(target, err);
}

static int
save(struct saving *s, const char *home, struct err *err)
{
	int rc;

	if (file_mkdirs(s->dir, 0700, err) < 0 || open_result(s, err) < 0 ||
	    open_damaged(s, home, err) < 0)
		return -1;
	sqlite3_exec(s->to.db, "BEGIN", NULL, NULL, NULL);
	s->to.depth = 1; /* one transaction for all of it */
	rc = save_events(s, err);
	if (rc == 0 && s->found.n_events > 0)
		save_rest(s);
	s->to.depth = 0;
	if (rc == 0 && sqlite3_exec(s->to.db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		rc = db_fail(&s->to, sqlite3_errcode(s->to.db), err, "save");
	close_result(s);
	if (rc < 0 || s->found.n_events == 0)
		return rc;
	s->found.file = xasprintf("journal.rescued-%s.db", s->found.id);
	return publish(s, home, err);
}

/* What an earlier call saved of the very same files. */
static bool
is_saved(const char *home, struct rescue *found)
{
	AUTO_FREE char *name = xasprintf("journal.rescued-%s.db", found->id);
	AUTO_FREE char *path = path_join(home, name);
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
		stmt = ask(db, "SELECT seq, at FROM event ORDER BY seq DESC LIMIT 1");
	if (stmt && sqlite3_step(stmt) == SQLITE_ROW) {
		found->n_events = sqlite3_column_int64(stmt, 0);
		found->last_at = sqlite3_column_int64(stmt, 1);
		found->file = TAKE_PTR(name);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return found->file != NULL;
}

int
rescue_save(const char *home, struct rescue *rescue, struct err *err)
{
	AUTO_FREE char *db = path_join(home, "journal.db");
	struct saving s = { .to = { .mark_fd = -1 } };
	int rc = 0;

	name_damage(db, s.found.id);
	file_remove_dead_trees(
	    home, "rescue"); /* who was killed left a copy of it all */
	if (!is_saved(home, &s.found)) {
		s.dir = xasprintf("%s/rescue.%ld.tmp", home, (long)getpid());
		s.copy = path_join(s.dir, "copy.db");
		s.result = path_join(s.dir, "result.db");
		rc = save(&s, home, err);
		close_result(&s);
		sqlite3_close(s.from);
		if (file_remove_tree(s.dir, NULL) < 0 && rc == 0)
			rc = 0; /* a scratch directory too many does no harm */
	}
	if (rc < 0)
		rescue_clear(&s.found);
	else
		*rescue = s.found;
	free(s.dir);
	free(s.copy);
	free(s.result);
	return rc;
}

void
rescue_tell(const char *home, struct err *err)
{
	AUTO_FREE char *place = text_shell_quote(home);
	struct rescue r = { 0 };
	struct err why = ERR_INIT;
	size_t n = strlen(err->text);

	if (rescue_save(home, &r, &why) < 0) {
		snprintf(err->text + n, sizeof(err->text) - n,
		    "; what can be read of it could not be saved: %s", why.text);
		err_fix(
		    err, "%s", why.fix[0] ? why.fix : "make space there and try again");
		return;
	}
	if (r.file) {
		snprintf(err->text + n, sizeof(err->text) - n,
		    "; %lld events could be read and are in %s", (long long)r.n_events,
		    r.file);
		err_fix(err,
		    "to go on with these: cd %s && mkdir damaged-%s && mv journal.db* "
		    "damaged-%s/ && mv %s journal.db",
		    place, r.id, r.id, r.file);
	} else {
		snprintf(err->text + n, sizeof(err->text) - n,
		    "; no event of it can be read");
		/* With its mark: beside that an older backup would not be whole. */
		err_fix(err,
		    "to begin anew, or to make room for a backup as journal.db: cd %s && "
		    "mkdir damaged-%s && mv journal.db* damaged-%s/",
		    place, r.id, r.id);
	}
	rescue_clear(&r);
}

int
rescue_check(const char *home, bool saves, struct err *err)
{
	struct store *store = store_open(home, 1, err);
	int rc = store ? journal_verify(store, journal_last(store), err) : -1;

	store_close(store);
	if (rc == 0 || !err || !sound_is_damage(err))
		return rc;
	if (saves)
		rescue_tell(home, err);
	else
		err_fix(err, "divisi server --stop, then: divisi doctor");
	return rc;
}
