#include "agent/probe.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int
make_dir(void **state)
{
	strcpy(dir, "/tmp/divisi-probe-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
	return file_remove_tree(dir, NULL);
}

/* Writes a shell script of BODY called NAME; returns its path, which the caller frees. */
static char *
script(const char *name, const char *body)
{
	char *path = path_join(dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	chmod(path, 0755);
	return path;
}

static void
the_version_is_the_first_word_with_a_digit(void **state)
{
	static const struct {
		const char *body, *version;
	} rows[] = {
		{ "echo '2.1.330 (Claude Code)'", "2.1.330" },
		{ "echo 'tool version 10.2'; echo more", "10.2" },
		{ "printf 3", "3" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *path = script("v", rows[i].body);
		struct err err = ERR_INIT;
		char version[64];

		assert_int_equal(
		    probe_version(path, 5000, version, sizeof(version), &err), 0);
		assert_string_equal(version, rows[i].version);
	}
}

static void
a_program_that_shows_no_version_is_an_error(void **state)
{
	static const struct {
		const char *body;
		enum err_kind kind;
	} rows[] = {
		{ "echo no digits here", ERR_INPUT },
		{ "exit 0", ERR_INPUT },
		{ "echo 1.0; exit 3", ERR_SYSTEM },
		{ "printf '1\\377\\n'", ERR_INPUT },
		{ "head -c 100000 /dev/zero | tr '\\0' 1", ERR_INPUT },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *path = script("n", rows[i].body);
		struct err err = ERR_INIT;
		char version[64] = "as it was";

		assert_int_equal(
		    probe_version(path, 5000, version, sizeof(version), &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(version, "as it was");
	}
}

static void
a_program_that_hangs_is_ended(void **state)
{
	AUTO_FREE char *path = script("h", "exec tail -f /dev/null");
	struct err err = ERR_INIT;
	char version[64];

	assert_int_equal(probe_version(path, 50, version, sizeof(version), &err), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
}

static void
a_grandchild_that_keeps_the_pipe_does_not_hold_us_up(void **state)
{
	AUTO_FREE char *path = script("g", "tail -f /dev/null & echo 1.2");
	struct err err = ERR_INIT;
	char version[64];

	assert_int_equal(probe_version(path, 60000, version, sizeof(version), &err), 0);
	assert_string_equal(version, "1.2");
}

static void
the_program_sees_nothing_of_our_environment(void **state)
{
	AUTO_FREE char *path = script(
	    "e", "[ -z \"$ANTHROPIC_API_KEY\" ] && echo \"1 $HOME\"");
	struct err err = ERR_INIT;
	char version[64];

	setenv("ANTHROPIC_API_KEY", "dummy", 1);
	assert_int_equal(probe_version(path, 5000, version, sizeof(version), &err), 0);
	unsetenv("ANTHROPIC_API_KEY");
}

static void
a_program_is_found_on_absolute_directories_of_path_only(void **state)
{
	AUTO_FREE char *path = script("tool", "true");
	AUTO_FREE char *old = xstrdup(getenv("PATH"));
	AUTO_FREE char *cwd = getcwd(NULL, 0);
	struct err err = ERR_INIT;
	char found[512];

	setenv("PATH", dir, 1);
	assert_int_equal(probe_find("tool", found, sizeof(found), &err), 0);
	assert_string_equal(found, path);
	assert_int_equal(chdir(dir), 0);
	setenv("PATH", ".::/nowhere", 1);
	assert_int_equal(probe_find("tool", found, sizeof(found), &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(probe_find("./tool", found, sizeof(found), &err), 0);
	assert_int_equal(found[0], '/');
	assert_int_equal(chdir(cwd), 0);
	setenv("PATH", old, 1);
}

static void
what_cannot_be_executed_is_not_found(void **state)
{
	AUTO_FREE char *path = script("plain", "true");
	struct err err = ERR_INIT;
	char found[512];

	chmod(path, 0644);
	assert_int_equal(probe_find(path, found, sizeof(found), &err), -1);
	assert_int_equal(probe_find(dir, found, sizeof(found), &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(probe_find("", found, sizeof(found), &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_the_first_word_with_a_digit),
		cmocka_unit_test(a_program_that_shows_no_version_is_an_error),
		cmocka_unit_test(a_program_that_hangs_is_ended),
		cmocka_unit_test(a_grandchild_that_keeps_the_pipe_does_not_hold_us_up),
		cmocka_unit_test(the_program_sees_nothing_of_our_environment),
		cmocka_unit_test(
		    a_program_is_found_on_absolute_directories_of_path_only),
		cmocka_unit_test(what_cannot_be_executed_is_not_found),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
