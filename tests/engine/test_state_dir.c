/* What agents keep behind their fence goes with their session, and never before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/state_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT "home/state/p1.1.1A/agent"

static char *top;

static char *
at(const char *path)
{
	return path_join(top, path);
}

static void
put(const char *path)
{
	AUTO_FREE char *file = at(path), *dir = xstrdup(file);

	*strrchr(dir, '/') = '\0';
	assert_int_equal(file_mkdirs(dir, 0700, NULL), 0);
	assert_int_equal(file_write_atomic(file, "x", 1, 0600, NULL), 0);
}

static bool
is_there(const char *path)
{
	AUTO_FREE char *file = at(path);

	return file_exists(file);
}

static int
removes(const char *session, struct err *err)
{
	AUTO_FREE char *home = at("home");

	return state_dir_remove(home, session, err);
}

static int
setup(void **state)
{
	char dir[] = "/tmp/divisi-state-XXXXXX";

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	top = xstrdup(dir);
	put(KEPT "/.claude.json");
	put("home/state/p1.1.1AB/agent/kept");
	return 0;
}

static int
teardown(void **state)
{
	int rc = file_remove_tree(top, NULL);

	(void)state;
	free(top);
	return rc;
}

static void
only_that_session_s_goes(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(removes("p1.1.1A", &err), 0);
	assert_false(is_there("home/state/p1.1.1A"));
	assert_true(is_there("home/state/p1.1.1AB/agent/kept"));
	assert_int_equal(removes("p1.1.1A", &err), 0);
}

/* The user's settings, login and conversations are links in it. */
static void
what_it_leads_to_stays(void **state)
{
	AUTO_FREE char *to = at("user/projects"), *link = at(KEPT "/projects");
	struct err err = ERR_INIT;

	(void)state;
	put("user/projects/words");
	assert_int_equal(symlink(to, link), 0);
	assert_int_equal(removes("p1.1.1A", &err), 0);
	assert_false(is_there("home/state/p1.1.1A"));
	assert_true(is_there("user/projects/words"));
}

static void
nothing_goes_while_a_run_of_it_lives(void **state)
{
	AUTO_FREE char *lock = at("home/runs/p1.1.1A.r1/lock");
	AUTO_FREE char *other = at("home/runs/p1.1.1AB.r1/lock");
	struct err err = ERR_INIT;
	int fd, beside;

	(void)state;
	put("home/runs/p1.1.1A.r1/spec");
	put("home/runs/p1.1.1AB.r1/spec");
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	beside = open(other, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(flock(beside, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(removes("p1.1.1A", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_true(is_there(KEPT "/.claude.json"));
	close(fd);
	assert_int_equal(removes("p1.1.1A", &err), 0);
	close(beside);
	assert_false(is_there("home/state/p1.1.1A"));
}

static void
a_name_that_leads_elsewhere_is_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "../runs", "p1/..",
		".hidden" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(names); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(removes(names[i], &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
	assert_true(is_there(KEPT "/.claude.json"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    only_that_session_s_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_it_leads_to_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    nothing_goes_while_a_run_of_it_lives, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_name_that_leads_elsewhere_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("engine/state_dir", tests, NULL, NULL);
}
