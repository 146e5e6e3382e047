/* A journal that is gone is missed as long as something of it lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "engine/lost.h"
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
setup(void **state)
{
	char dir[] = "/tmp/divisi-lost-XXXXXX";

	if (!mkdtemp(dir))
		return -1;
	*state = xstrdup(dir);
	return 0;
}

static int
teardown(void **state)
{
	int rc = file_remove_tree(*state, NULL);

	free(*state);
	return rc;
}

/* A run in HOME whose lock is held, as by a holder; the lock. */
static int
begin_run(const char *home, const char *name)
{
	AUTO_FREE char *dir = xasprintf("%s/runs/%s", home, name);
	AUTO_FREE char *lock = path_join(dir, "lock");
	struct run_spec spec = { .run = xstrdup(name), .cwd = xstrdup(home) };
	int fd;

	run_spec_add_arg(&spec, "/bin/true");
	assert_int_equal(rundir_write_spec(dir, &spec, NULL), 0);
	run_spec_clear(&spec);
	fd = file_lock(lock, false, NULL);
	assert_true(fd >= 0);
	return fd;
}

static void
what_lives_without_a_journal_is_named(void **state)
{
	AUTO_FD int lock_fd = -1, other_fd = -1;
	struct err err = ERR_INIT;

	assert_int_equal(lost_check(*state, &err), 0);
	assert_int_equal(lost_count_runs(*state), 0);
	lock_fd = begin_run(*state, "p1.1.1A.r1");
	other_fd = begin_run(*state, "p1.1.1B.r1");
	assert_int_equal(lost_check(*state, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "journal.db is gone, and 2 run(s)"));
	assert_non_null(strstr(err.text, "p1.1.1A.r1"));
	assert_non_null(strstr(err.fix, "divisi doctor --mend"));
	close(lock_fd);
	lock_fd = -1;
	close(other_fd);
	other_fd = -1;
	/* What is over may lie there: one can begin anew beside it. */
	assert_int_equal(lost_check(*state, &err), 0);
	assert_int_equal(lost_count_runs(*state), 2);
}

static void
a_journal_or_what_it_left_answers_for_its_runs(void **state)
{
	AUTO_FREE char *db = path_join(*state, "journal.db");
	AUTO_FREE char *mark = path_join(*state, "journal.db-mark");
	AUTO_FD int lock_fd = begin_run(*state, "p1.1.1A.r1");
	struct journal_row row = {
		.at = 1, .actor = "server", .entity = "server", .cause = "noted"
	};
	struct err err = ERR_INIT;
	struct store *store = store_open(*state, 0, &err);

	assert_non_null(store);
	assert_int_equal(journal_append(store, &row, 1, NULL, 0, &err), 0);
	assert_int_equal(lost_check(*state, &err), 0);
	store_close(store);
	assert_int_equal(unlink(db), 0);
	/* What its mark says is store_open()'s to tell. */
	assert_true(store_was_there(*state));
	assert_int_equal(lost_check(*state, &err), 0);
	assert_int_equal(unlink(mark), 0);
	assert_false(store_was_there(*state));
	assert_int_equal(lost_check(*state, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_lives_without_a_journal_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_journal_or_what_it_left_answers_for_its_runs, setup, teardown),
	};

	return cmocka_run_group_tests_name("engine/lost", tests, NULL, NULL);
}
