/*
 * The fence as an agent meets it: CONTRACTS 8.  Each agent is a shell behind a real holder;
 * what it could not do is looked at from outside, and that it was written down.  Real git
 * and the whole program are in tests/e2e/fence.sh.
 */
#include "base/file.h"
#include "base/landlock.h"
#include "base/mem.h"
#include "run_util.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * A box whose agent may write to `in` and nowhere else.  `out` is a directory with the file
 * `kept`, its mode 0600 and its time 1000.
 */
static struct run_box *
fenced(const char *script)
{
	struct run_box *box = box_new(script);
	AUTO_FREE char *in = path_join(box->top, "in");
	AUTO_FREE char *out = path_join(box->top, "out");
	AUTO_FREE char *kept = path_join(out, "kept");
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct err err = ERR_INIT;

	if (landlock_abi() == 0)
		skip();
	assert_int_equal(mkdir(in, 0700), 0);
	assert_int_equal(mkdir(out, 0700), 0);
	assert_int_equal(file_write_atomic(kept, "kept\n", 5, 0600, &err), 0);
	assert_int_equal(utimensat(AT_FDCWD, kept, times, 0), 0);
	box->spec.fence = xstrdup("worktree");
	run_spec_add_grant(&box->spec, "write", in);
	return box;
}

/* Runs the box to its end; the fence's log, which the caller frees. */
static char *
run_to_end(struct run_box *box, struct run_end *end)
{
	box_start(box);
	*end = box_end(box);
	assert_string_equal(end->text, "");
	return box_run_file(box, "fence.log");
}

static void
assert_out_is_untouched(const struct run_box *box)
{
	AUTO_FREE char *kept = path_join(box->top, "out/kept");
	AUTO_FREE char *text = file_read(kept, 100, NULL, NULL);
	AUTO_FREE char *list = xasprintf("ls -A %s/out", box->top);
	struct stat st;
	char line[200] = "";
	FILE *f = popen(list, "r");

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "kept\n");
	assert_null(fgets(line, sizeof(line), f));
	pclose(f);
	assert_string_equal(text, "kept\n");
	assert_int_equal(stat(kept, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_mtime, 1000);
}

static void
inside_everything_works(void **state)
{
	struct run_box *box = fenced(
	    "set -e; cd in; echo a > a; mkdir d; mv a d/b; ln -s d/b s; ln d/b h; "
	    "chmod 751 h; touch -d @2000 h; mkfifo p; truncate -s 1 d/b; rm s p; "
	    "cp -p h c; tar cf t h c; mkdir x; tar xpf t -C x; rm -r x; stat -c '%a %Y' h; "
	    "echo x > /dev/null; echo y > /dev/stdout; setsid sh -c 'kill -9 $$' || true");
	struct run_end end;
	AUTO_FREE char *log = run_to_end(box, &end);
	AUTO_FREE char *out = box_run_file(box, "out.ndjson");

	assert_int_equal(end.status, 0);
	assert_string_equal(log, "");
	assert_non_null(strstr(out, "y\n"));
	assert_non_null(strstr(out, "751 "));
	assert_int_equal(end.n_refused, 0);
	box_free(box);
}

/* Ways to change what is outside; each is refused, and written down under its call. */
static const struct {
	const char *script, *call;
} ways[] = {
	{ "echo x > out/new", "open" },
	{ "echo x >> out/kept", "open" },
	{ "cd out && echo x > new", "open" },
	{ "cd in; echo x > ../out/new", "open" },
	{ "ln -s ../out in/l; echo x > in/l/new", "open" },
	{ "ln -s ../out/new in/l; echo x > in/l", "open" },
	{ "exec 3<out; echo x > /proc/self/fd/3/new", "open" },
	{ "echo x > /proc/$$/cwd/out/new", "open" },
	{ "echo x > /proc/self/root$PWD/out/new", "open" },
	{ "exec 3<out/kept; echo x > /dev/fd/3", "open" },
	{ "ln out/kept in/l && echo x > in/l", "link" },
	{ "mv out/kept in/", "rename" },
	{ "echo x > in/a; mv in/a out/new || rm -f out/new", "rename" },
	{ "echo x > in/a; mv -f in/a out/kept", "rename" },
	{ "echo x > in/a; ln in/a out/new", "link" },
	{ "rm -f out/kept", "unlink" },
	{ "mkdir out/new", "mkdir" },
	{ "rmdir out", "rmdir|unlinkat" },
	{ "mkfifo out/new", "mknod" },
	{ "ln -s x out/new", "symlink" },
	{ "truncate -s 0 out/kept", "open" },
	{ "chmod 777 out/kept", "fchmodat" },
	{ "chmod 777 out", "fchmodat" },
	{ "ln -s ../out/kept in/l; chmod 777 in/l", "fchmodat" },
	{ "touch -d @2000 out/kept", "open|utimensat" },
	{ "touch -h -d @2000 out/kept", "utimensat" },
	{ "chown $(id -u) out/kept", "fchownat" },
	{ "(setsid sh -c 'echo x > out/new' &) ; sleep 0.2", "open" },
	{ "dd if=/dev/zero of=out/kept count=1 2>/dev/null", "open" },
	{ "sed -i s/kept/gone/ out/kept", "open" },
	{ "cp in/../out/kept out/new", "open" },
	{ "tee out/new < out/kept", "open" },
	{ "env -i /bin/sh -c 'echo x > out/new'", "open" },
	{ "kill -9 $PPID", "kill" },
	{ "kill -STOP $PPID", "kill" },
};

static void
no_way_leads_out_and_each_is_written_down(void **state)
{
	for (size_t i = 0; i < N_ELEMS(ways); i++) {
		struct run_box *box = fenced(ways[i].script);
		struct run_end end;
		AUTO_FREE char *log = run_to_end(box, &end);
		AUTO_FREE char *first = xstrdup(ways[i].call);
		char *second = strchr(first, '|');
		bool is_told;

		if (second)
			*second++ = '\0';
		is_told = strstr(log, first) || (second && strstr(log, second));
		if (!is_told)
			fail_msg("not written down: %s\n%s", ways[i].script, log);
		assert_out_is_untouched(box);
		assert_true(end.n_refused > 0);
		box_free(box);
	}
}

static void
a_refusal_names_what_and_who(void **state)
{
	struct run_box *box = fenced(
	    "for i in 1 2 3; do true > out/new; done; true > out/n2");
	AUTO_FREE char *real = realpath(box->top, NULL);
	AUTO_FREE char *what = xasprintf(
	    "\"what\":\"%s/out/new\",\"program\":\"sh\"}\n", real);
	struct run_end end;
	AUTO_FREE char *log = run_to_end(box, &end);
	const char *first = strstr(log, what);

	assert_non_null(first);
	/* Once, however often it was tried; the end says how often that was. */
	assert_null(strstr(first + 1, what));
	assert_int_equal(end.n_refused, 4);
	assert_non_null(strstr(end.fence, "worktree landlock="));
	box_free(box);
}

static void
a_flood_of_refusals_is_bounded(void **state)
{
	struct run_box *box = fenced(
	    "i=0; while [ $i -lt 700 ]; do true > out/$i; i=$((i + 1)); done");
	struct run_end end;
	AUTO_FREE char *log = run_to_end(box, &end);
	size_t n = 0;

	for (const char *s = log; *s; s++)
		n += *s == '\n';
	assert_int_equal(end.n_refused, 700);
	assert_int_equal(n, 501);
	assert_non_null(strstr(log, "only counted"));
	box_free(box);
}

static void
the_run_directory_is_out_of_reach(void **state)
{
	struct run_box *box = fenced(
	    "cd $DIVISI_RUN_DIR; echo '{}' >> out.ndjson; echo '{}' > end.json; "
	    "rm -f begun lock; mv spec x; echo > fence.log; exit 5");
	struct run_end end;
	AUTO_FREE char *log = run_to_end(box, &end);
	AUTO_FREE char *out = box_run_file(box, "out.ndjson");

	assert_int_equal(end.status, 5);
	assert_string_equal(out, "");
	assert_non_null(strstr(log, "end.json"));
	assert_non_null(strstr(log, "/begun"));
	assert_non_null(strstr(log, "/spec"));
	box_free(box);
}

/* Git's names in a shared repository: what a commit needs, and nothing else. */
static void
of_a_repository_only_what_a_commit_writes_is_open(void **state)
{
	struct run_box *box = fenced(
	    "o=repo/objects; mkdir $o/ab && echo x > $o/ab/tmp_obj_1 && "
	    "ln $o/ab/tmp_obj_1 $o/ab/cdef0123456789abcdef0123456789abcdef01 && "
	    "rm $o/ab/tmp_obj_1 && echo made; "
	    "rm -f $o/ab/cdef*; echo y > $o/ab/cdef0123456789abcdef0123456789abcdef01; "
	    "echo z > $o/info/alternates; mkdir $o/other; mv $o/pack/pack-1.pack in/; "
	    "r=repo/refs/heads/a; (set -C; echo 1 > $r/mine.lock) && mv $r/mine.lock "
	    "$r/mine && echo moved; echo 2 > $r/mine; echo 2 > $r/theirs; "
	    "echo 2 > $r/theirs.lock; rm -f $r/theirs; echo line >> repo/logs/mine && "
	    "echo logged; echo line >> repo/logs/theirs");
	static const char *const dirs[] = { "repo", "repo/objects", "repo/objects/info",
		"repo/objects/pack", "repo/refs", "repo/refs/heads",
		"repo/refs/heads/a", "repo/logs" };
	static const char *const files[] = { "repo/objects/pack/pack-1.pack",
		"repo/refs/heads/a/mine", "repo/refs/heads/a/theirs",
		"repo/logs/mine" };
	static const struct {
		const char *kind, *path;
	} grants[] = { { "objects", "repo/objects" },
		{ "ref", "repo/refs/heads/a/mine" }, { "file", "repo/logs/mine" } };
	struct run_end end;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(dirs); i++) {
		AUTO_FREE char *path = path_join(box->top, dirs[i]);

		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (size_t i = 0; i < N_ELEMS(files); i++) {
		AUTO_FREE char *path = path_join(box->top, files[i]);

		assert_int_equal(file_write_atomic(path, "0\n", 2, 0600, &err), 0);
	}
	for (size_t i = 0; i < N_ELEMS(grants); i++) {
		AUTO_FREE char *path = path_join(box->top, grants[i].path);

		run_spec_add_grant(&box->spec, grants[i].kind, path);
	}
	AUTO_FREE char *log = run_to_end(box, &end);
	AUTO_FREE char *out = box_run_file(box, "out.ndjson");
	AUTO_FREE char *object = box_file(
	    box, "repo/objects/ab/cdef0123456789abcdef0123456789abcdef01");
	AUTO_FREE char *mine = box_file(box, "repo/refs/heads/a/mine");
	AUTO_FREE char *theirs = box_file(box, "repo/refs/heads/a/theirs");
	AUTO_FREE char *my_log = box_file(box, "repo/logs/mine");
	AUTO_FREE char *pack = box_file(box, "repo/objects/pack/pack-1.pack");
	AUTO_FREE char *alternates = path_join(
	    box->top, "repo/objects/info/alternates");

	assert_string_equal(out, "made\nmoved\nlogged\n");
	assert_string_equal(object, "x\n");
	assert_string_equal(mine, "1\n");
	assert_string_equal(theirs, "0\n");
	assert_string_equal(my_log, "0\nline\n");
	assert_string_equal(pack, "0\n");
	assert_false(file_exists(alternates));
	assert_non_null(strstr(log, "theirs.lock"));
	assert_non_null(strstr(log, "alternates"));
	box_free(box);
}

/* A person allows more while the agent runs: the broker does what Landlock cannot. */
static void
what_is_allowed_later_is_open_then(void **state)
{
	struct run_box *box = fenced(
	    "echo early > out/early; ln -s $PWD/out link; touch in/ready; "
	    "until test -e in/go; do :; done; cd out; echo x > new && mkdir sub && "
	    "echo y > sub/one && mv sub/one sub/two && rm new && chmod 640 sub/two && "
	    "echo more >> sub/two && cd .. && echo z > other/file && echo changed; "
	    "echo w > other/next; rm other/kept; echo v > out3/x");
	static const char *const dirs[] = { "other", "out3" };
	AUTO_FREE char *ready = path_join(box->top, "in/ready");
	AUTO_FREE char *go = path_join(box->top, "in/go");
	AUTO_FREE char *widened = path_join(box->dir, "widened");
	AUTO_FREE char *real = realpath(box->top, NULL);
	AUTO_FREE char *grants = xasprintf(
	    "write %s/out\nedit %s/other/file\nwrite %s/link3\nport 1\nwrite "
	    "relative\nobjects %s/out3\nwrite %s/out\n",
	    real, real, real, real, real);
	AUTO_FREE char *link3 = path_join(box->top, "link3");
	struct run_end end;

	for (size_t i = 0; i < N_ELEMS(dirs); i++) {
		AUTO_FREE char *path = path_join(box->top, dirs[i]);

		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_int_equal(symlink("out3", link3), 0);
	AUTO_FREE char *other = path_join(box->top, "other/kept");

	assert_int_equal(file_write_atomic(other, "kept\n", 5, 0600, NULL), 0);
	box_start(box);
	box_await_file(ready);
	assert_int_equal(
	    file_write_atomic(widened, grants, strlen(grants), 0600, NULL), 0);
	box_tell(box, RUN_ORDER_WIDEN);
	box_tell(box, RUN_ORDER_WIDEN);
	assert_int_equal(file_write_atomic(go, "", 0, 0600, NULL), 0);
	end = box_end(box);
	AUTO_FREE char *out = box_run_file(box, "out.ndjson");
	AUTO_FREE char *log = box_run_file(box, "fence.log");
	AUTO_FREE char *two = box_file(box, "out/sub/two");
	AUTO_FREE char *file = box_file(box, "other/file");

	assert_string_equal(out, "changed\n");
	assert_string_equal(two, "y\nmore\n");
	assert_string_equal(file, "z\n");
	assert_non_null(strstr(log, "/out/early"));
	assert_non_null(strstr(log, "/other/next"));
	assert_non_null(strstr(log, "/other/kept"));
	/* Named by a link, which may have been put there since: not granted. */
	assert_non_null(strstr(log, "/out3/x"));
	assert_null(strstr(log, "/out/new"));
	assert_true(end.n_refused >= 4);
	box_free(box);
}

static void
a_fence_that_cannot_be_read_starts_nothing(void **state)
{
	static const char *const bad[][2] = { { "write", "relative" }, { "write", "/" },
		{ "everything", "/tmp" } };

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct run_box *box = fenced("echo started > in/started");
		AUTO_FREE char *started = path_join(box->top, "in/started");
		struct run_end end;

		run_spec_add_grant(&box->spec, bad[i][0], bad[i][1]);
		box_start(box);
		end = box_end(box);
		assert_string_equal(end.reason, "not-started");
		assert_non_null(strstr(end.text, "makes no sense"));
		assert_false(file_exists(started));
		box_free(box);
	}
}

static void
a_program_that_is_missing_is_still_told(void **state)
{
	struct run_box *box = fenced("true");
	struct run_end end;

	free(box->spec.arg[0]);
	box->spec.arg[0] = xstrdup("/no/such/program");
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "not-started");
	assert_non_null(strstr(end.text, "/no/such/program"));
	box_free(box);
}

/* All that a program makes in a directory; what only Landlock could give is refused and told. */
static void
what_is_allowed_later_takes_links_pipes_and_cuts(void **state)
{
	struct run_box *box = fenced(
	    "touch in/ready; until test -e in/go; do :; done; cd out; echo long > one && "
	    "ln -s one link && ln -s /nowhere/at/all away && mkfifo -m 640 pipe && "
	    "mknod plain p && ln one hard && mkdir -m 750 sub && mv link sub/link && "
	    "perl -e 'truncate(\"one\", 2) or die' && rm away && echo made; "
	    "ln -s $PWD/../kept far; echo x > far; mknod null c 1 3; "
	    "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); "
	    "bind(S, pack_sockaddr_un(\"late.sock\")) and print \"bound\\n\"'");
	AUTO_FREE char *ready = path_join(box->top, "in/ready");
	AUTO_FREE char *go = path_join(box->top, "in/go");
	AUTO_FREE char *widened = path_join(box->dir, "widened");
	AUTO_FREE char *real = realpath(box->top, NULL);
	AUTO_FREE char *grants = xasprintf("write %s/out\n", real);
	AUTO_FREE char *kept = path_join(box->top, "kept");
	AUTO_FREE char *pipe = path_join(box->top, "out/pipe");
	AUTO_FREE char *sub = path_join(box->top, "out/sub");
	AUTO_FREE char *null = path_join(box->top, "out/null");
	struct run_end end;
	struct stat st;

	assert_int_equal(file_write_atomic(kept, "kept\n", 5, 0600, NULL), 0);
	box_start(box);
	box_await_file(ready);
	assert_int_equal(
	    file_write_atomic(widened, grants, strlen(grants), 0600, NULL), 0);
	box_tell(box, RUN_ORDER_WIDEN);
	assert_int_equal(file_write_atomic(go, "", 0, 0600, NULL), 0);
	end = box_end(box);
	AUTO_FREE char *out = box_run_file(box, "out.ndjson");
	AUTO_FREE char *log = box_run_file(box, "fence.log");
	AUTO_FREE char *one = box_file(box, "out/one");
	AUTO_FREE char *link = path_join(box->top, "out/sub/link");
	AUTO_FREE char *still = box_file(box, "kept");

	assert_string_equal(out, "made\n");
	assert_string_equal(one, "lo");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(still, "kept\n");
	assert_int_equal(stat(pipe, &st), 0);
	assert_true(S_ISFIFO(st.st_mode) && (st.st_mode & 0777) == 0640);
	assert_int_equal(stat(sub, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(lstat(null, &st), -1);
	assert_non_null(strstr(log, "/kept"));
	assert_non_null(strstr(log, "late.sock"));
	assert_true(end.n_refused >= 2);
	box_free(box);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(inside_everything_works, box_free_all),
		cmocka_unit_test_teardown(
		    no_way_leads_out_and_each_is_written_down, box_free_all),
		cmocka_unit_test_teardown(a_refusal_names_what_and_who, box_free_all),
		cmocka_unit_test_teardown(a_flood_of_refusals_is_bounded, box_free_all),
		cmocka_unit_test_teardown(
		    the_run_directory_is_out_of_reach, box_free_all),
		cmocka_unit_test_teardown(
		    of_a_repository_only_what_a_commit_writes_is_open, box_free_all),
		cmocka_unit_test_teardown(
		    what_is_allowed_later_is_open_then, box_free_all),
		cmocka_unit_test_teardown(
		    what_is_allowed_later_takes_links_pipes_and_cuts, box_free_all),
		cmocka_unit_test_teardown(
		    a_fence_that_cannot_be_read_starts_nothing, box_free_all),
		cmocka_unit_test_teardown(
		    a_program_that_is_missing_is_still_told, box_free_all),
	};

	return cmocka_run_group_tests_name("hold/fence", tests, NULL, NULL);
}
