/* Reading a stream from a remembered offset: CONTRACTS 2; HOUSE 8 trap 4. */
#include "sys/follow.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/divisi-follow-XXXXXX";

static int
setup(void **state)
{
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	close(fd);
	return 0;
}

static int
teardown(void **state)
{
	unlink(path);
	return 0;
}

static void
append(const char *text, size_t n)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_APPEND);

	assert_int_equal(file_write_all(fd, text, n), 0);
}

static void
append_text(const char *text)
{
	append(text, strlen(text));
}

static void
expect(struct follow *f, const char *text, uint64_t next_offset)
{
	struct follow_line line;
	struct err err = ERR_INIT;

	assert_int_equal(follow_next(f, false, &line, &err), 1);
	assert_string_equal(line.p, text);
	assert_int_equal(line.n, strlen(text));
	assert_int_equal(line.n_bytes, line.n);
	assert_int_equal(line.next_offset, next_offset);
	assert_false(line.is_cut);
}

static void
expect_nothing(struct follow *f)
{
	struct follow_line line;
	struct err err = ERR_INIT;

	assert_int_equal(follow_next(f, false, &line, &err), 0);
}

static void
lines_come_whole_and_in_order(void **state)
{
	struct follow *f = follow_open(path, 0);

	append_text("one\n\ntwo");
	expect(f, "one", 4);
	expect(f, "", 5);
	expect_nothing(f);
	append_text("-and-a-half\nthree\n");
	expect(f, "two-and-a-half", 20);
	expect(f, "three", 26);
	expect_nothing(f);
	assert_int_equal(follow_behind(f), 0);
	follow_close(f);
}

static void
reading_goes_on_from_a_remembered_offset(void **state)
{
	struct follow *f = follow_open(path, 4);

	append_text("one\ntwo\nthr");
	assert_int_equal(follow_behind(f), 7);
	expect(f, "two", 8);
	expect_nothing(f);
	assert_int_equal(follow_behind(f), 3);
	follow_close(f);
}

static void
a_file_may_come_later(void **state)
{
	struct follow *f = follow_open(path, 0);

	unlink(path);
	expect_nothing(f);
	assert_int_equal(follow_behind(f), 0);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	append_text("one\n");
	expect(f, "one", 4);
	follow_close(f);
}

static void
a_last_line_without_newline_comes_at_the_end(void **state)
{
	struct follow *f = follow_open(path, 0);
	struct follow_line line;
	struct err err;

	append_text("one\nha");
	expect(f, "one", 4);
	expect_nothing(f);
	assert_int_equal(follow_next(f, true, &line, &err), 1);
	assert_string_equal(line.p, "ha");
	assert_int_equal(line.next_offset, 6);
	assert_int_equal(follow_next(f, true, &line, &err), 0);
	follow_close(f);
}

static void
a_line_of_the_maximum_is_whole_and_a_longer_one_is_cut(void **state)
{
	size_t n = FOLLOW_LINE_BYTES;
	AUTO_FREE char *big = xmalloc(n + 200000);
	struct follow *f = follow_open(path, 0);
	struct follow_line line;
	struct err err;

	memset(big, 'x', n + 200000);
	append(big, n);
	append_text("\n");
	append(big, n + 200000);
	append_text("\nafter\nlast\n");
	assert_int_equal(follow_next(f, false, &line, &err), 1);
	assert_int_equal(line.n, n);
	assert_false(line.is_cut);
	assert_int_equal(follow_next(f, false, &line, &err), 1);
	assert_true(line.is_cut);
	assert_int_equal(line.n, FOLLOW_CUT_BYTES);
	assert_int_equal(strlen(line.p), FOLLOW_CUT_BYTES);
	assert_int_equal(line.n_bytes, n + 200000);
	assert_int_equal(line.next_offset, 2 * n + 200002);
	expect(f, "after", 2 * n + 200008);
	expect(f, "last", 2 * n + 200013);
	expect_nothing(f);
	follow_close(f);
}

static void
a_line_without_end_is_bounded_and_told_at_the_end(void **state)
{
	size_t n = FOLLOW_LINE_BYTES + 100;
	AUTO_FREE char *big = xmalloc(n);
	struct follow *f = follow_open(path, 0);
	struct follow_line line;
	struct err err;

	memset(big, 'x', n);
	append(big, n);
	expect_nothing(f);
	append(big, n);
	expect_nothing(f);
	assert_int_equal(follow_next(f, true, &line, &err), 1);
	assert_true(line.is_cut);
	assert_int_equal(line.n_bytes, 2 * n);
	assert_int_equal(line.next_offset, 2 * n);
	assert_int_equal(follow_next(f, true, &line, &err), 0);
	follow_close(f);
}

static void
lines_across_every_chunk_boundary_are_whole(void **state)
{
	enum { N = 20000 };
	struct follow *f = follow_open(path, 0);
	uint64_t offset = 0;
	AUTO_FREE char *all = NULL;
	size_t n_all = 0;
	FILE *out = open_memstream(&all, &n_all);

	for (int i = 0; i < N; i++)
		fprintf(out, "{\"n\":%d,\"pad\":\"%.*s\"}\n", i, i % 37,
		    "......................................");
	fclose(out);
	append(all, n_all);
	for (int i = 0; i < N; i++) {
		struct follow_line line;
		struct err err;
		int n = -1;

		assert_int_equal(follow_next(f, false, &line, &err), 1);
		assert_int_equal(sscanf(line.p, "{\"n\":%d", &n), 1);
		assert_int_equal(n, i);
		offset += line.n + 1;
		assert_int_equal(line.next_offset, offset);
	}
	expect_nothing(f);
	follow_close(f);
}

static void
a_nul_in_a_line_is_a_byte_like_any_other(void **state)
{
	struct follow *f = follow_open(path, 0);
	struct follow_line line;
	struct err err;

	append("a\0b\n", 4);
	assert_int_equal(follow_next(f, false, &line, &err), 1);
	assert_int_equal(line.n, 3);
	assert_memory_equal(line.p, "a\0b", 4);
	follow_close(f);
}

static void
a_file_that_shrank_is_refused(void **state)
{
	struct follow *f = follow_open(path, 0);
	struct follow_line line;
	struct err err;

	append_text("one\n");
	expect(f, "one", 4);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(follow_next(f, false, &line, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	follow_close(f);
	follow_close(NULL);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(lines_come_whole_and_in_order),
		TEST(reading_goes_on_from_a_remembered_offset),
		TEST(a_file_may_come_later),
		TEST(a_last_line_without_newline_comes_at_the_end),
		TEST(a_line_of_the_maximum_is_whole_and_a_longer_one_is_cut),
		TEST(a_line_without_end_is_bounded_and_told_at_the_end),
		TEST(lines_across_every_chunk_boundary_are_whole),
		TEST(a_nul_in_a_line_is_a_byte_like_any_other),
		TEST(a_file_that_shrank_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
