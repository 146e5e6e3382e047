#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static void
output_keeps_every_byte(void **state)
{
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("cat-file", "blob", ":x") };
	struct git_out out = { 0 };
	struct err err = ERR_INIT;

	make_repo();
	sh("printf 'a\\000b\\377\\n' >repo/x && git -C repo add x");
	assert_ok(git_run(&call, &out, &err), &err);
	assert_int_equal(out.n, 5);
	assert_memory_equal(out.text, "a\0b\377\n", 5);
	git_out_clear(&out);
}

static void
input_reaches_git_whole(void **state)
{
	size_t n = 3 << 20;
	AUTO_FREE char *big = xmalloc(n);
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("hash-object", "-w", "--stdin"),
		.input = big,
		.n_input = n };
	struct git_out out = { 0 };
	struct err err = ERR_INIT;

	make_repo();
	memset(big, 'x', n);
	assert_ok(git_run(&call, &out, &err), &err);
	assert_string_equal(
	    sh_out("git -C repo cat-file -s %.40s", out.text), "3145728");
	git_out_clear(&out);
}

static void
too_much_output_is_an_error_or_cut(void **state)
{
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("cat-file", "blob", ":x"),
		.max_bytes = 1000 };
	struct git_out out = { 0 };
	struct err err = ERR_INIT;

	make_repo();
	sh("head -c 500000 /dev/zero >repo/x && git -C repo add x");
	assert_int_equal(git_run(&call, &out, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	call.truncate = true;
	assert_ok(git_run(&call, &out, &err), &err);
	assert_true(out.is_truncated);
	assert_int_equal(out.n, 1000);
	git_out_clear(&out);
}

/* A hook that leaves a process with our pipes open must not hold us up (HOUSE 8.3). */
static void
a_background_process_of_a_hook_does_not_hold_us(void **state)
{
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("commit", "-q", "--allow-empty", "-m", "x"),
		.run_hooks = true,
		.timeout_ms = 20000 };
	struct err err = ERR_INIT;

	make_repo();
	sh("printf '#!/bin/sh\\nsleep 30 & echo $! >../pid\\n' "
	   ">repo/.git/hooks/post-commit && chmod +x repo/.git/hooks/post-commit");
	assert_ok(git_run(&call, NULL, &err), &err);
	sh("kill $(cat pid)");
}

static void
hooks_run_only_when_asked(void **state)
{
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("commit", "-q", "--allow-empty", "-m", "x") };
	struct err err = ERR_INIT;

	make_repo();
	sh("printf '#!/bin/sh\\ntouch ../hooked\\n' >repo/.git/hooks/post-commit && "
	   "chmod +x repo/.git/hooks/post-commit");
	assert_ok(git_run(&call, NULL, &err), &err);
	assert_false(file_exists(at("hooked")));
	call.run_hooks = true;
	assert_ok(git_run(&call, NULL, &err), &err);
	assert_true(file_exists(at("hooked")));
}

static void
a_git_that_hangs_is_ended(void **state)
{
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("commit", "-q", "--allow-empty", "-m", "x"),
		.run_hooks = true,
		.timeout_ms = 200 };
	struct err err = ERR_INIT;

	make_repo();
	sh("printf '#!/bin/sh\\nsleep 60\\n' >repo/.git/hooks/pre-commit && "
	   "chmod +x repo/.git/hooks/pre-commit");
	assert_int_equal(git_run(&call, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
}

static void
the_callers_environment_points_nowhere_else(void **state)
{
	struct err err = ERR_INIT;

	make_repo();
	setenv("GIT_DIR", "/nonexistent", 1);
	setenv("GIT_INDEX_FILE", "/nonexistent", 1);
	setenv("GIT_TRACE", "1", 1);
	AUTO_FREE char *line = git_line(
	    at("repo"), GIT_ARGS("rev-parse", "--abbrev-ref", "HEAD"), &err);
	unsetenv("GIT_DIR");
	unsetenv("GIT_INDEX_FILE");
	unsetenv("GIT_TRACE");
	assert_non_null(line);
	assert_string_equal(line, "main");
}

/* Copilot says so in the environment of all that it starts. */
static void
a_git_directory_is_no_foreign_bare_repository(void **state)
{
	struct git_call call = { .dir = at("repo/.git"),
		.argv = GIT_ARGS("worktree", "list") };
	struct git_out out = { 0 };
	struct err err = ERR_INIT;

	make_repo();
	setenv("GIT_CONFIG_COUNT", "1", 1);
	setenv("GIT_CONFIG_KEY_0", "safe.bareRepository", 1);
	setenv("GIT_CONFIG_VALUE_0", "explicit", 1);
	assert_ok(git_run(&call, &out, &err), &err);
	unsetenv("GIT_CONFIG_COUNT");
	unsetenv("GIT_CONFIG_KEY_0");
	unsetenv("GIT_CONFIG_VALUE_0");
	git_out_clear(&out);
}

static void
a_lock_file_is_told_with_age_and_never_removed(void **state)
{
	struct git_call call = { .dir = at("repo"), .argv = GIT_ARGS("add", "-A") };
	struct err err = ERR_INIT;

	make_repo();
	sh("touch -d '2 hours ago' repo/.git/index.lock && echo x >repo/new");
	assert_int_equal(git_run(&call, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "2 h"));
	assert_non_null(strstr(err.fix, "index.lock"));
	assert_true(file_exists(at("repo/.git/index.lock")));
}

static void
what_git_says_becomes_one_harmless_line(void **state)
{
	struct git_call call = { .dir = at("repo"),
		.argv = GIT_ARGS("rev-parse", "--verify", "no\033[31mbody") };
	struct err err = ERR_INIT;

	make_repo();
	assert_int_equal(git_run(&call, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_null(strchr(err.text, '\033'));
	assert_null(strchr(err.text, '\n'));
}

/* CONTRACTS 1: a git that survives us keeps the lock. */
static void
the_lock_lives_as_long_as_the_git_that_has_it(void **state)
{
	AUTO_FREE char *path = xstrdup(at("lock"));
	struct err err = ERR_INIT;
	int fds[2];
	char c;
	pid_t pid;

	make_repo();
	assert_int_equal(pipe(fds), 0);
	/* A hook that tells us it runs and waits for the file "go". */
	sh("printf '#!/bin/sh\\ntouch ../running; while [ ! -e ../go ]; do sleep 0.02; "
	   "done\\n' >repo/.git/hooks/pre-commit && chmod +x repo/.git/hooks/pre-commit");
	pid = fork();
	if (pid == 0) {
		struct git_call call = { .dir = at("repo"),
			.argv = GIT_ARGS("commit", "-q", "--allow-empty", "-m", "x"),
			.run_hooks = true,
			.lock_fd = file_lock(path, false, NULL) };

		git_try(&call, NULL, NULL);
		_exit(0);
	}
	close(fds[1]);
	sh("while [ ! -e running ]; do sleep 0.02; done");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(file_lock(path, false, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	sh("touch go");
	int fd = file_lock(path, true, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
}

static void
names_that_could_do_harm_are_refused(void **state)
{
	static const char *const bad[] = { "", "-d", "a..b", "a b", "a~1", "a^", "a:b",
		"a\nb", "a\\b", "a*", "a?", "a[", "@{u}", "@", "HEAD", "/a", "a/",
		"a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a\177" };
	static const char *const good[] = { "main", "claude/cia-387-rules", "a.b",
		"v1@2", "\303\274ber/x", "feature/a-b_c+d" };

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		if (git_branch_ok(bad[i]))
			fail_msg("branch '%s'", bad[i]);
	}
	for (size_t i = 0; i < N_ELEMS(good); i++) {
		if (!git_branch_ok(good[i]))
			fail_msg("branch '%s'", good[i]);
		assert_int_equal(
		    sh_status("git check-ref-format --branch '%s' >/dev/null", good[i]),
		    0);
	}
	assert_true(git_word_ok("s-0001_a.b"));
	assert_false(git_word_ok("a/b"));
	assert_false(git_word_ok("-a"));
	assert_false(git_word_ok("a..b"));
	assert_false(git_word_ok("x.lock"));
	assert_true(git_oid_ok("0123456789abcdef0123456789abcdef01234567"));
	assert_false(git_oid_ok("0123456789abcdef0123456789abcdef0123456"));
	assert_false(git_oid_ok("0123456789ABCDEF0123456789abcdef01234567"));
}

static void
lists_split_sort_find_and_show(void **state)
{
	struct git_list list = { 0 };

	git_list_split(&list, "b\0a\nx\0\377\0c\0d\0e\0", 14);
	git_list_sort(&list);
	assert_int_equal(list.n, 6);
	assert_string_equal(list.item[0], "a\nx");
	assert_true(git_list_has(&list, "\377"));
	assert_false(git_list_has(&list, "z"));
	assert_null(list.item[6]);
	AUTO_FREE char *shown = git_list_show(&list);
	assert_string_equal(shown, "a x, b, c, d, e and 1 more");
	git_list_clear(&list);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, sandbox_setup, sandbox_teardown)
	const struct CMUnitTest tests[] = {
		T(output_keeps_every_byte),
		T(input_reaches_git_whole),
		T(too_much_output_is_an_error_or_cut),
		T(a_background_process_of_a_hook_does_not_hold_us),
		T(hooks_run_only_when_asked),
		T(a_git_that_hangs_is_ended),
		T(the_callers_environment_points_nowhere_else),
		T(a_git_directory_is_no_foreign_bare_repository),
		T(a_lock_file_is_told_with_age_and_never_removed),
		T(what_git_says_becomes_one_harmless_line),
		T(the_lock_lives_as_long_as_the_git_that_has_it),
		T(names_that_could_do_harm_are_refused),
		T(lists_split_sort_find_and_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
