/* What is said to an agent is logged whole before it is said, or not at all (promise 1). */
#include "run_util.h"

#include "base/file.h"
#include "base/mem.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Lets what BOX's holder writes grow to N bytes a file, as a disk with that much room. */
static void
give_room(const struct run_box *box, rlim_t n)
{
	struct rlimit limit = { .rlim_cur = n, .rlim_max = RLIM_INFINITY };

	assert_int_equal(prlimit(box->holder, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void
what_a_full_disk_cut_off_is_taken_back_and_said_once_there_is_room(void **state)
{
	struct run_box *box = box_new(
	    "read x; echo \"$x\" > got; read x; echo \"$x\" >> got");
	AUTO_FREE char *path = path_join(box->dir, "in.ndjson");
	AUTO_FREE char *log = NULL, *got = NULL;
	struct stat before, after;
	struct err err;

	(void)state;
	box_start(box);
	box_await_socket(box);
	assert_int_equal(box_send(box, "k1", "{\"a\":1}", &err), 0);
	assert_int_equal(stat(path, &before), 0);

	/* Room for the key of the next and for half of it. */
	give_room(box, (rlim_t)before.st_size + 24);
	assert_int_equal(box_send(box, "k2", "{\"b\":\"0123456789\"}", &err), -1);
	assert_non_null(strstr(err.text, "in.ndjson"));
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_size, before.st_size);

	give_room(box, RLIM_INFINITY);
	assert_int_equal(box_send(box, "k2", "{\"b\":\"0123456789\"}", &err), 0);
	assert_string_equal(box_end(box).reason, "exited");
	log = box_run_file(box, "in.ndjson");
	assert_string_equal(log, "{\"key\":\"k1\",\"line\":{\"a\":1}}\n"
				 "{\"key\":\"k2\",\"line\":{\"b\":\"0123456789\"}}\n");
	got = box_file(box, "got");
	assert_string_equal(got, "{\"a\":1}\n{\"b\":\"0123456789\"}\n");
	box_free(box);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, box_free_all)
	const struct CMUnitTest tests[] = {
		TEST(
		    what_a_full_disk_cut_off_is_taken_back_and_said_once_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
