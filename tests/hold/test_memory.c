/*
 * Shared memory behind the fence: names below /dev/shm are the agent's own when it makes,
 * changes or removes them, and nobody else's are ever touched.
 */
#include "base/file.h"
#include "base/landlock.h"
#include "base/mem.h"
#include "run_util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Of everybody, as another program has it: this test's own name in /dev/shm. */
static char theirs[64];

static int
make_theirs(void **state)
{
	snprintf(theirs, sizeof(theirs), "/dev/shm/divisi-test-%d", (int)getpid());
	if (landlock_abi() == 0 || access("/dev/shm", W_OK) < 0)
		return 0;
	return file_write_atomic(theirs, "theirs", 6, 0600, NULL);
}

static int
remove_theirs(void **state)
{
	(void)unlink(theirs);
	return box_free_all(state);
}

static struct run_box *
fenced(const char *script)
{
	struct run_box *box;
	AUTO_FREE char *in = NULL, *memory = NULL, *out = NULL, *kept = NULL;

	if (landlock_abi() == 0 || !file_exists(theirs))
		skip();
	box = box_new(script);
	in = path_join(box->top, "in");
	memory = path_join(in, "shm");
	out = path_join(box->top, "out");
	kept = path_join(out, "kept");
	assert_int_equal(mkdir(in, 0700), 0);
	assert_int_equal(mkdir(memory, 0700), 0);
	assert_int_equal(mkdir(out, 0700), 0);
	assert_int_equal(file_write_atomic(kept, "kept", 4, 0600, NULL), 0);
	box->spec.fence = xstrdup("worktree");
	run_spec_add_grant(&box->spec, "write", in);
	run_spec_add_grant(&box->spec, "memory", memory);
	run_spec_add_env(&box->spec, "THEIRS", theirs);
	return box;
}

static void
assert_theirs_is_untouched(void)
{
	AUTO_FREE char *text = file_read(theirs, 100, NULL, NULL);
	struct stat st;

	assert_non_null(text);
	assert_string_equal(text, "theirs");
	assert_int_equal(stat(theirs, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
}

static void
locks_and_queues_of_parallel_tests_work(void **state)
{
	/* sem_open() and shm_open() as Python's own library calls them. */
	struct run_box *box = fenced(
	    "cd in && exec env -i PATH=$PATH TMPDIR=$PWD python3 -c \"\n"
	    "import multiprocessing as m\n"
	    "from multiprocessing import shared_memory as s\n"
	    "c = m.get_context('fork')\n"
	    "q, l = c.Queue(), c.Lock()\n"
	    "def work():\n"
	    "  with l: q.put(42)\n"
	    "p = c.Process(target=work); p.start(); print(q.get()); p.join()\n"
	    "a = s.SharedMemory(create=True, size=100); a.buf[0] = 7\n"
	    "b = s.SharedMemory(name=a.name); print(b.buf[0])\n"
	    "b.close(); a.close(); a.unlink()\"");
	AUTO_FREE char *out = NULL, *errors = NULL;
	struct run_end end;

	if (access("/usr/bin/python3", X_OK) < 0)
		skip();
	box_start(box);
	end = box_end(box);
	out = box_run_file(box, "out.ndjson");
	errors = box_run_file(box, "err.log");
	assert_string_equal(errors, "");
	assert_string_equal(out, "42\n7\n");
	assert_int_equal(end.n_refused, 0);
	box_free(box);
}

static void
what_it_makes_there_is_its_own(void **state)
{
	struct run_box *box = fenced(
	    "echo ours > $THEIRS; echo more >> $THEIRS; chmod 640 $THEIRS; "
	    "truncate -s 6 $THEIRS; touch -d @2000 $THEIRS; "
	    "echo new > /dev/shm/a-new-one; mv /dev/shm/a-new-one /dev/shm/another; "
	    "ln /dev/shm/another /dev/shm/linked; cat in/shm/another; rm /dev/shm/another; "
	    "ls in/shm; cat in/shm/${THEIRS##*/}; stat -c '%a %Y' in/shm/${THEIRS##*/}");
	AUTO_FREE char *out = NULL, *want = NULL;
	struct run_end end;

	box_start(box);
	end = box_end(box);
	out = box_run_file(box, "out.ndjson");
	want = xasprintf("new\n%s\nlinked\nours\nm640 2000\n", theirs + 9);
	assert_string_equal(out, want);
	assert_int_equal(end.n_refused, 0);
	assert_false(file_exists("/dev/shm/linked"));
	assert_theirs_is_untouched();
	box_free(box);
}

static void
nothing_that_is_put_in_its_place_leads_out(void **state)
{
	static const char *const ways[] = {
		"rmdir in/shm; ln -s ../out in/shm; rm -f /dev/shm/kept; "
		"echo x > /dev/shm/kept; echo x > /dev/shm/new; chmod 777 /dev/shm/kept; "
		"mv in/x /dev/shm/new; mkfifo /dev/shm/p",
		"ln -s ../../out/kept in/shm/l; echo x > /dev/shm/l; chmod 777 /dev/shm/l; "
		"truncate -s 0 /dev/shm/l; touch -d @2000 /dev/shm/l; chown 0 /dev/shm/l",
		"ln -s $THEIRS in/l; echo x > in/l; chmod 777 in/l; rm in/l",
		"mv in/shm in/moved; ln -s ../out in/shm; echo x > /dev/shm/new; "
		"ln out/kept /dev/shm/k; mv out/kept /dev/shm/k; mv $THEIRS in/got; "
		"ln $THEIRS in/got; rm -f $THEIRS; chmod 777 $THEIRS; chmod 777 /dev/shm",
		"cd /dev; echo x > shm/../shm/../../$PWD/out/new; cd shm && rm -f ${THEIRS##*/}; "
		"exec 3<$THEIRS; chmod 777 /proc/self/fd/3; echo x > /dev/fd/3",
	};

	for (size_t i = 0; i < N_ELEMS(ways); i++) {
		struct run_box *box = fenced(ways[i]);
		AUTO_FREE char *kept = path_join(box->top, "out/kept");
		AUTO_FREE char *new = path_join(box->top, "out/new");
		AUTO_FREE char *text = NULL;
		struct stat st;

		box_start(box);
		(void)box_end(box);
		text = file_read(kept, 100, NULL, NULL);
		assert_non_null(text);
		assert_string_equal(text, "kept");
		assert_int_equal(stat(kept, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(st.st_nlink, 1);
		assert_false(file_exists(new));
		assert_theirs_is_untouched();
		box_free(box);
	}
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_theirs, remove_theirs)
	const struct CMUnitTest tests[] = {
		CASE(locks_and_queues_of_parallel_tests_work),
		CASE(what_it_makes_there_is_its_own),
		CASE(nothing_that_is_put_in_its_place_leads_out),
	};

	return cmocka_run_group_tests_name("hold/memory", tests, NULL, NULL);
}
