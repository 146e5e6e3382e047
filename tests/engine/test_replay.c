#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/replay.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Promise 8: the journal played again gives what is there, and what differs is told. */

static char home[256];

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(home, sizeof(home), "%s/divisi-replay.XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(home) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return file_remove_tree(home, NULL);
}

/* Makes the journal of schema VERSION in the home, with MORE done to it. */
static void
make_journal(int version, const char *more)
{
	AUTO_FREE char *path = path_join(home, "journal.db");
	AUTO_FREE char *from = xasprintf(
	    "%s/%04d.sql", getenv("JOURNAL_FIXTURES"), version);
	AUTO_FREE char *sql = file_read(from, 1 << 24, NULL, NULL);
	char *why = NULL;
	sqlite3 *db;

	assert_non_null(sql);
	(void)remove(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK ||
	    sqlite3_exec(db, more, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(db);
}

static void
check_until(int64_t until, struct replay_report *r)
{
	struct err err = ERR_INIT;
	struct store *store = store_open(home, 0, &err);

	if (!store || replay_check(store, until, r, &err) < 0)
		fail_msg("%s", err.text);
	store_close(store);
}

static void
a_journal_of_every_version_is_understood(void **state)
{
	(void)state;
	for (int v = 1; v <= 3; v++) {
		struct replay_report r;

		make_journal(v, "");
		check_until(INT64_MAX, &r);
		assert_true(r.n_happenings > 10 && r.n_moves > 10 && r.n_acts > 10);
		assert_null(r.undocumented);
		/* What its plan came to: 1A landed, 1B waits for a person. */
		assert_non_null(strstr(r.dump, " 1A done "));
		assert_non_null(strstr(r.dump, " 1B in-review "));
		for (size_t i = 0; i < r.n_kept; i++) {
			if (strstr(r.difference[i].text, "not understood") ||
			    strstr(r.difference[i].text, "refused now"))
				fail_msg("version %d, event %lld: %s", v,
				    (long long)r.difference[i].seq,
				    r.difference[i].text);
		}
		replay_report_clear(&r);
	}
}

/* Each thing that a replay must notice: SQL that makes it, and words that tell it. */
static void
what_does_not_follow_is_told(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{ "UPDATE act SET data = '{}' WHERE seq = 5", "is not what" },
		{ "DELETE FROM act WHERE seq = 5", "which is not there" },
		{ "INSERT INTO act (event_seq, key, kind, \"order\", state, data, result,"
		  " tries, next_at) VALUES (3, 'x', 'land', 'm', 'done', '{}', '', 0, 0)",
		    "1 acts are there that nothing owes" },
		{ "DROP TRIGGER event_is_never_changed; UPDATE event SET to_state ="
		  " 'failed' WHERE to_state = 'done' AND entity LIKE 'session/%'",
		    "to 'failed'; replay:" },
		{ "DROP TRIGGER event_is_never_changed; UPDATE event SET cause = 'nothing'"
		  " WHERE cause = 'batch-approved' AND from_state <> ''",
		    "nothing is not understood" },
	};
	struct replay_report r;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		bool told = false;

		/* Without sums, which would stop all of these at once. */
		make_journal(2, rows[i].sql);
		check_until(INT64_MAX, &r);
		for (size_t k = 0; k < r.n_kept; k++)
			told |= strstr(r.difference[k].text, rows[i].words) != NULL;
		if (!told)
			fail_msg("row %zu: %zu differences, first: %s", i,
			    r.n_differences, r.n_kept ? r.difference[0].text : "none");
		replay_report_clear(&r);
	}
}

static void
a_row_that_was_changed_is_damage(void **state)
{
	struct replay_report r;
	struct err err = ERR_INIT;
	struct store *store;

	(void)state;
	make_journal(3,
	    "DROP TRIGGER event_is_never_changed; UPDATE event SET at = at + 1 "
	    "WHERE seq = 7");
	store = store_open(home, 0, &err);
	assert_non_null(store);
	assert_int_equal(replay_check(store, INT64_MAX, &r, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "event 7 "));
	store_close(store);
}

static void
a_part_is_replayed_to_the_end_of_its_happening(void **state)
{
	struct replay_report r;
	int64_t last = 0;

	(void)state;
	make_journal(3, "");
	for (int64_t until = 0; until < 40; until++) {
		check_until(until, &r);
		assert_true(r.until >= until || until == 0);
		assert_true(r.until >= last);
		assert_int_equal(r.n_rows, r.until);
		last = r.until;
		replay_report_clear(&r);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_journal_of_every_version_is_understood),
		T(what_does_not_follow_is_told),
		T(a_row_that_was_changed_is_damage),
		T(a_part_is_replayed_to_the_end_of_its_happening),
	};

	/* In memory: SQLite syncs a lot here. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests_name("engine/replay", tests, NULL, NULL);
}
