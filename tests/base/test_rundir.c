/* The run directory as files: CONTRACTS 2.  With real holders: tests/hold. */
#include "base/rundir.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[40];
static char *dir;

static int
setup(void **state)
{
	strcpy(top, "/tmp/divisi-rundir-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	dir = path_join(top, "runs/one");
	return 0;
}

static int
teardown(void **state)
{
	free(dir);
	return file_remove_tree(top, NULL);
}

static struct run_spec
make_spec(void)
{
	struct run_spec spec = { .wall_limit_ms = 1000,
		.out_limit_bytes = 5000000000,
		.grace_ms = 7,
		.memory_limit_bytes = 6000000000,
		.process_limit = 11,
		.look_ms = 12,
		.watch_only = 1 };

	spec.run = xstrdup("one");
	spec.session = xstrdup("S-A");
	spec.cwd = xstrdup("/tmp/a = b");
	spec.ask = xstrdup("{\"type\":\"stop\"}");
	run_spec_add_arg(&spec, "agent");
	run_spec_add_arg(&spec, "");
	run_spec_add_arg(&spec, "--text=two\nlines");
	run_spec_add_env(&spec, "A", "1");
	run_spec_add_env(&spec, "B", "x=y\nz");
	run_spec_add_env(&spec, "A", "2");
	return spec;
}

static void
write_spec(void)
{
	struct run_spec spec = make_spec();
	struct err err = ERR_INIT;

	if (rundir_write_spec(dir, &spec, &err) < 0)
		fail_msg("%s", err.text);
	run_spec_clear(&spec);
}

static void
put_file(const char *name, const char *data, size_t n)
{
	AUTO_FREE char *path = path_join(dir, name);

	assert_int_equal(file_write_atomic(path, data, n, 0600, NULL), 0);
}

static void
a_spec_comes_back_as_it_was(void **state)
{
	struct run_spec spec;
	struct stat st;
	struct err err;

	write_spec();
	assert_int_equal(rundir_read_spec(dir, &spec, &err), 0);
	assert_string_equal(spec.run, "one");
	assert_string_equal(spec.session, "S-A");
	assert_string_equal(spec.cwd, "/tmp/a = b");
	assert_int_equal(spec.wall_limit_ms, 1000);
	assert_int_equal(spec.out_limit_bytes, 5000000000);
	assert_int_equal(spec.grace_ms, 7);
	assert_int_equal(spec.memory_limit_bytes, 6000000000);
	assert_int_equal(spec.process_limit, 11);
	assert_int_equal(spec.look_ms, 12);
	assert_int_equal(spec.watch_only, 1);
	assert_string_equal(spec.ask, "{\"type\":\"stop\"}");
	assert_int_equal(spec.n_args, 3);
	assert_string_equal(spec.arg[0], "agent");
	assert_string_equal(spec.arg[1], "");
	assert_string_equal(spec.arg[2], "--text=two\nlines");
	assert_null(spec.arg[3]);
	assert_int_equal(spec.n_env, 2);
	assert_string_equal(spec.env[0], "A=2");
	assert_string_equal(spec.env[1], "B=x=y\nz");
	assert_null(spec.env[2]);
	run_spec_clear(&spec);
	/* The environment may hold secrets. */
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static int
count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* A machine that lost its power may come back with the directory and without the name. */
static void
a_directory_that_lost_its_spec_gets_it_again(void **state)
{
	AUTO_FREE char *tmp = path_join(dir, "tmp");
	AUTO_FREE char *begun = path_join(dir, "begun");
	AUTO_FREE char *runs = path_join(top, "runs");
	AUTO_FREE char *spec_path = path_join(dir, "spec");
	struct run_spec spec = make_spec();
	struct err err = ERR_INIT;
	int lock_fd;

	assert_int_equal(file_mkdirs(tmp, 0700, &err), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_ABSENT);
	assert_int_equal(rundir_write_spec(dir, &spec, &err), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_READY);
	assert_true(file_is_dir(tmp));
	assert_int_equal(count_entries(runs), 1);

	/* Where something began, whatever is left is never started again. */
	assert_int_equal(unlink(spec_path), 0);
	assert_int_equal(file_write_atomic(begun, "x", 1, 0600, &err), 0);
	assert_int_equal(rundir_write_spec(dir, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(count_entries(runs), 1);
	run_spec_clear(&spec);
}

static void
a_second_spec_is_a_conflict_and_leaves_nothing(void **state)
{
	AUTO_FREE char *runs = path_join(top, "runs");
	struct run_spec spec = make_spec();
	struct err err;

	write_spec();
	assert_int_equal(rundir_write_spec(dir, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(count_entries(runs), 1);
	run_spec_clear(&spec);
}

/* Killed between making the directory and naming it. */
static void
a_run_that_never_got_its_name_is_cleared_away(void **state)
{
	AUTO_FREE char *runs = path_join(top, "runs");
	AUTO_FREE char *half = path_join(runs, ".new-aB3xYz");
	AUTO_FREE char *spec = path_join(half, "spec");
	struct err err = ERR_INIT;
	int lock_fd;

	rundir_clear_unplaced(runs); /* that there are no runs is fine */
	write_spec();
	assert_int_equal(file_mkdirs(half, 0700, &err), 0);
	assert_int_equal(file_write_atomic(spec, "x", 1, 0600, &err), 0);
	rundir_clear_unplaced(runs);
	assert_int_equal(count_entries(runs), 1);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_READY);
}

static void
a_spec_without_program_or_run_is_refused(void **state)
{
	struct run_spec spec = { 0 };
	struct err err;

	spec.run = xstrdup("one");
	assert_int_equal(rundir_write_spec(dir, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	run_spec_clear(&spec);
	run_spec_add_arg(&spec, "agent");
	assert_int_equal(rundir_write_spec(dir, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	run_spec_clear(&spec);
	assert_false(file_exists(dir));
}

static void
a_spec_cut_anywhere_is_damaged(void **state)
{
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *data = NULL;
	struct run_spec spec;
	struct err err;
	size_t n;

	write_spec();
	path = path_join(dir, "spec");
	data = file_read(path, 100000, &n, &err);
	for (size_t cut = 0; cut < n; cut++) {
		put_file("spec", data, cut);
		assert_int_equal(rundir_read_spec(dir, &spec, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
	put_file("spec", data, n);
	assert_int_equal(rundir_read_spec(dir, &spec, &err), 0);
	run_spec_clear(&spec);
}

#define RECORDS(s) s, sizeof(s) - 1

static void
unknown_keys_are_ignored_and_nonsense_is_not(void **state)
{
	static const struct {
		const char *data;
		size_t n;
		bool is_good;
	} rows[] = {
		{ RECORDS("version=1\0run=r\0color=blue\0arg=a\0end=\0"), true },
		{ RECORDS("run=r\0arg=a\0end=\0arg=never read\0"), true },
		{ RECORDS("version=2\0run=r\0arg=a\0end=\0"), false },
		{ RECORDS("run=r\0arg=a\0no equals sign\0end=\0"), false },
		{ RECORDS("run=r\0arg=a\0grace_ms=-1\0end=\0"), false },
		{ RECORDS("run=r\0arg=a\0grace_ms=1x\0end=\0"), false },
		{ RECORDS("run=r\0arg=a\0grace_ms=99999999999999999999\0end=\0"),
		    false },
		{ RECORDS("run=r\0arg=a\0env=nothing\0end=\0"), false },
		{ RECORDS("run=r\0arg=a\0env==value\0end=\0"), false },
		{ RECORDS("run=r\0end=\0"), false },
		{ RECORDS("arg=a\0end=\0"), false },
		{ RECORDS("\0\0\0"), false },
	};

	write_spec();
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct run_spec spec;

		put_file("spec", rows[i].data, rows[i].n);
		assert_int_equal(
		    rundir_read_spec(dir, &spec, NULL), rows[i].is_good ? 0 : -1);
		if (rows[i].is_good)
			run_spec_clear(&spec);
	}
}

static void
a_directory_tells_its_state(void **state)
{
	AUTO_FREE char *lock_path = path_join(dir, "lock");
	struct run_begun begun = { .host = "here" };
	struct run_end end = { .reason = "exited" };
	struct proc_id who;
	struct err err;
	int lock_fd, other_fd, held_fd;

	assert_int_equal(rundir_probe(dir, &lock_fd, &who), RUN_ABSENT);
	assert_int_equal(lock_fd, -1);
	assert_int_equal(who.pid, 0);
	write_spec();
	assert_int_equal(rundir_probe(dir, &lock_fd, &who), RUN_READY);
	assert_int_equal(lock_fd, -1);

	held_fd = file_lock(lock_path, false, &err);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_LIVE);
	assert_int_equal(proc_identify(getpid(), &begun.holder, &err), 0);
	begun.holder.start_ticks--; /* who had our pid before us */
	assert_int_equal(rundir_write_begun(dir, &begun, &err), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, &who), RUN_LIVE);
	assert_int_equal(who.pid, getpid());
	close(held_fd);

	assert_int_equal(rundir_probe(dir, &lock_fd, &who), RUN_LOST);
	assert_true(lock_fd >= 0);
	assert_int_equal(who.pid, getpid());
	/* Who is told that it is lost owns it: nobody else is. */
	assert_int_equal(rundir_probe(dir, &other_fd, &who), RUN_LIVE);
	assert_int_equal(other_fd, -1);

	assert_int_equal(rundir_write_end(dir, &end, &err), 0);
	assert_int_equal(rundir_probe(dir, &other_fd, &who), RUN_ENDED);
	close(lock_fd);
	assert_int_equal(rundir_probe(dir, &lock_fd, &who), RUN_ENDED);
	assert_int_equal(lock_fd, -1);
	assert_string_equal(run_state_name(RUN_LOST), "lost");
}

/* "Lock files copied": a free copy of a lock proves nothing while the holder lives. */
static void
a_lock_that_was_copied_or_removed_loses_no_living_run(void **state)
{
	AUTO_FREE char *lock_path = path_join(dir, "lock");
	struct run_begun begun = { .host = "here" };
	struct err err;
	int lock_fd;

	write_spec();
	assert_int_equal(proc_identify(getpid(), &begun.holder, &err), 0);
	assert_int_equal(rundir_write_begun(dir, &begun, &err), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_LIVE);
	assert_int_equal(lock_fd, -1);
	assert_int_equal(unlink(lock_path), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_LIVE);
}

/* A record that nobody's holder wrote, beside one that lives, ends nothing. */
static void
a_damaged_end_counts_once_nobody_lives(void **state)
{
	AUTO_FREE char *lock_path = path_join(dir, "lock");
	struct run_begun begun = { .host = "here" };
	struct err err;
	int fd, lock_fd;

	write_spec();
	put_file("end.json", "{\"reason\":", 10);
	fd = file_lock(lock_path, false, &err);
	assert_true(fd >= 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_LIVE);
	close(fd);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_ENDED);
	assert_int_equal(proc_identify(getpid(), &begun.holder, &err), 0);
	assert_int_equal(rundir_write_begun(dir, &begun, &err), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_LIVE);
	assert_int_equal(lock_fd, -1);
}

/* "Wrong owner or mode": a name too long fails as a directory that may not be searched does. */
static void
what_cannot_be_looked_at_is_not_gone(void **state)
{
	char name[400];
	AUTO_FREE char *odd = NULL;
	int lock_fd;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	write_spec();
	odd = path_join(dir, name);
	assert_int_equal(rundir_probe(odd, &lock_fd, NULL), RUN_LIVE);
	assert_int_equal(lock_fd, -1);
}

/* CONTRACTS 2: who holds the lock decides; what is void starts no agent. */
static void
a_run_is_given_up_before_it_begins_or_not_at_all(void **state)
{
	AUTO_FREE char *lock = path_join(dir, "lock");
	AUTO_FREE char *begun_path = path_join(dir, "begun");
	AUTO_FREE char *end_path = path_join(dir, "end.json");
	struct run_spec spec = { .run = xstrdup("r1") };
	struct run_begun begun = { .holder = { .pid = 1, .boot_id = "b" } };
	struct run_end end;
	int fd, lock_fd;
	struct err err;

	run_spec_add_arg(&spec, "true");
	assert_int_equal(rundir_write_spec(dir, &spec, &err), 0);
	run_spec_clear(&spec);
	fd = file_lock(lock, false, &err);
	assert_true(fd >= 0);
	assert_int_equal(rundir_void(dir, "why", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	close(fd);
	assert_int_equal(rundir_write_begun(dir, &begun, &err), 0);
	assert_int_equal(rundir_void(dir, "why", &err), 0);
	assert_false(file_exists(end_path));
	assert_int_equal(unlink(begun_path), 0);
	assert_int_equal(rundir_void(dir, "why", &err), 0);
	assert_int_equal(rundir_probe(dir, &lock_fd, NULL), RUN_ENDED);
	assert_int_equal(rundir_read_end(dir, &end, &err), 0);
	assert_string_equal(end.reason, "not-started");
	assert_string_equal(end.text, "why");
}

static void
begun_is_written_once(void **state)
{
	struct run_begun begun = { .cgroup = "/sys/fs/cgroup/x y",
		.limits = "memory=cgroup processes=watch",
		.host = "here" };
	struct run_begun got;
	struct err err;

	write_spec();
	assert_int_equal(rundir_read_begun(dir, &got, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(proc_identify(getpid(), &begun.holder, &err), 0);
	assert_int_equal(rundir_write_begun(dir, &begun, &err), 0);
	assert_int_equal(rundir_write_begun(dir, &begun, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(rundir_read_begun(dir, &got, &err), 0);
	assert_int_equal(got.holder.pid, getpid());
	assert_int_equal(got.agent.pid, 0);
	assert_string_equal(got.cgroup, begun.cgroup);
	assert_string_equal(got.host, "here");
	assert_string_equal(got.limits, begun.limits);
	assert_int_equal(rundir_write_agent(dir, &begun.holder, &err), 0);
	assert_int_equal(rundir_read_begun(dir, &got, &err), 0);
	assert_int_equal(got.agent.start_ticks, begun.holder.start_ticks);
	put_file("begun", "holder=12", 9);
	assert_int_equal(rundir_read_begun(dir, &got, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
}

static void
an_end_comes_back_as_it_was(void **state)
{
	struct run_end end = { .reason = "not-started",
		.status = -1,
		.signal = 9,
		.started_at = 1764000000000,
		.ended_at = 1764000000001,
		.out_bytes = 1LL << 40,
		.err_bytes = 5,
		.n_swept = 3,
		.asked_at = 1764000000002,
		.interrupted_at = 1764000000003,
		.terminated_at = 1764000000004,
		.killed_at = 1764000000005,
		.cpu_ms = 77,
		.memory_peak = 1LL << 33,
		.processes_peak = 8,
		.limits = "memory=watch",
		.text = "say \"no\\\" \t\n\x01 \xC3\xA9" };
	struct run_end got;
	struct err err;

	write_spec();
	assert_int_equal(rundir_reserve_end(dir, &err), 0);
	assert_int_equal(rundir_write_end(dir, &end, &err), 0);
	assert_int_equal(rundir_read_end(dir, &got, &err), 0);
	assert_string_equal(got.reason, end.reason);
	assert_string_equal(got.text, end.text);
	assert_int_equal(got.status, -1);
	assert_int_equal(got.signal, 9);
	assert_int_equal(got.started_at, end.started_at);
	assert_int_equal(got.ended_at, end.ended_at);
	assert_int_equal(got.out_bytes, end.out_bytes);
	assert_int_equal(got.err_bytes, 5);
	assert_int_equal(got.n_swept, 3);
	assert_int_equal(got.asked_at, end.asked_at);
	assert_int_equal(got.interrupted_at, end.interrupted_at);
	assert_int_equal(got.terminated_at, end.terminated_at);
	assert_int_equal(got.killed_at, end.killed_at);
	assert_int_equal(got.cpu_ms, 77);
	assert_int_equal(got.memory_peak, end.memory_peak);
	assert_int_equal(got.processes_peak, 8);
	assert_string_equal(got.limits, "memory=watch");
}

static void
a_text_that_is_no_utf8_still_makes_valid_json(void **state)
{
	struct run_end end = { .reason = "not-started", .text = "caf\xE9/agent" };
	struct run_end got;

	write_spec();
	assert_int_equal(rundir_write_end(dir, &end, NULL), 0);
	assert_int_equal(rundir_read_end(dir, &got, NULL), 0);
	assert_string_equal(got.text, "caf?/agent");
}

static void
an_end_that_is_no_record_is_damaged(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
	} rows[] = {
		{ "{\"reason\":\"exited\"}", true },
		{ " { \"reason\" : \"exited\" , \"later\" : 1 , \"more\":\"x\" }\n",
		    true },
		{ "{\"reason\":\"\\u0065xited\\/\"}", true },
		{ "", false },
		{ "{}", false },
		{ "{\"reason\":\"exited\"", false },
		{ "{\"reason\":\"exited", false },
		{ "{\"reason\":\"exi\\", false },
		{ "{\"reason\":\"exi\\u12\"}", false },
		{ "{\"reason\":\"exi\\q\"}", false },
		{ "{\"reason\":[]}", false },
		{ "{\"status\":1}", false },
		{ "{\"reason\":\"exited\" \"status\":1}", false },
		{ "{\"reason\":\"exited\",\"status\":99999999999999999999}", false },
	};

	write_spec();
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct run_end end;

		put_file("end.json", rows[i].text, strlen(rows[i].text));
		assert_int_equal(
		    rundir_read_end(dir, &end, NULL), rows[i].is_good ? 0 : -1);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_spec_comes_back_as_it_was),
		TEST(a_directory_that_lost_its_spec_gets_it_again),
		TEST(a_second_spec_is_a_conflict_and_leaves_nothing),
		TEST(a_run_that_never_got_its_name_is_cleared_away),
		TEST(a_spec_without_program_or_run_is_refused),
		TEST(a_spec_cut_anywhere_is_damaged),
		TEST(unknown_keys_are_ignored_and_nonsense_is_not),
		TEST(a_directory_tells_its_state),
		TEST(a_lock_that_was_copied_or_removed_loses_no_living_run),
		TEST(a_damaged_end_counts_once_nobody_lives),
		TEST(what_cannot_be_looked_at_is_not_gone),
		TEST(a_run_is_given_up_before_it_begins_or_not_at_all),
		TEST(begun_is_written_once),
		TEST(an_end_comes_back_as_it_was),
		TEST(a_text_that_is_no_utf8_still_makes_valid_json),
		TEST(an_end_that_is_no_record_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
