#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
strings_are_copied_and_null_stays_null(void **state)
{
	AUTO_FREE char *a = xstrdup("abc");
	AUTO_FREE char *b = xstrndup("abcdef", 2);
	AUTO_FREE char *c = xstrndup("ab", 10);
	AUTO_FREE char *d = xasprintf("%s-%d", "x", 7);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "ab");
	assert_string_equal(c, "ab");
	assert_string_equal(d, "x-7");
	assert_null(xstrdup(NULL));
}

static void
nothing_can_be_allocated_and_freed(void **state)
{
	free(xmalloc(0));
	free(xcalloc(0, 8));
	free(xreallocarray(NULL, 0, 8));
}

static void
a_growing_array_keeps_what_it_has(void **state)
{
	AUTO_FREE int *arr = NULL;
	size_t n = 0, cap = 0;

	for (int i = 0; i < 1000; i++) {
		GROW(arr, n, cap);
		arr[n++] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(arr[i], i);
	assert_true(cap >= 1000 && cap < 2100);
}

static void
a_taken_pointer_is_left_null(void **state)
{
	char *a = xstrdup("a");
	char *b = TAKE_PTR(a);

	assert_null(a);
	assert_string_equal(b, "a");
	free(b);
}

static void
a_descriptor_closes_with_its_variable(void **state)
{
	int number;

	{
		AUTO_FD int fd = open("/dev/null", O_RDONLY);
		AUTO_FD int none = -1;

		number = fd;
		assert_int_equal(none, -1);
		assert_true(fcntl(number, F_GETFD) >= 0);
	}
	assert_int_equal(fcntl(number, F_GETFD), -1);
}

static void
an_arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 16384, 16385, 100000 };
	struct arena *arena = arena_new();

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < N_ELEMS(sizes); i++) {
			unsigned char *p = arena_alloc(arena, sizes[i]);

			assert_int_equal((uintptr_t)p % 8, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xAA, sizes[i]);
		}
	}
	arena_free(arena);
	arena_free(NULL);
}

static void
an_arena_keeps_strings(void **state)
{
	struct arena *arena = arena_new();
	char *a = arena_strdup(arena, "abc");
	char *b = arena_strndup(arena, "abcdef", 3);
	char *c = arena_printf(arena, "%05d", 42);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "abc");
	assert_string_equal(c, "00042");
	assert_null(arena_strdup(arena, NULL));
	arena_free(arena);
}

/* Whatever is given beside them: both grow towards each other in one block. */
static void
strings_and_records_of_an_arena_never_overlap(void **state)
{
	struct arena *arena = arena_new();
	char *text[3000];
	uint64_t *record[3000];

	for (size_t i = 0; i < N_ELEMS(text); i++) {
		text[i] = arena_text(arena, i % 37 + 1);
		memset(text[i], 'a' + (int)(i % 26), i % 37);
		record[i] = arena_alloc(arena, i % 5 * sizeof(**record));
		for (size_t k = 0; k < i % 5; k++) {
			assert_int_equal(record[i][k], 0);
			record[i][k] = ~(uint64_t)0;
		}
	}
	for (size_t i = 0; i < N_ELEMS(text); i++) {
		assert_int_equal(strlen(text[i]), i % 37);
		for (size_t k = 0; k < i % 37; k++)
			assert_int_equal(text[i][k], 'a' + (int)(i % 26));
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_copied_and_null_stays_null),
		cmocka_unit_test(nothing_can_be_allocated_and_freed),
		cmocka_unit_test(a_growing_array_keeps_what_it_has),
		cmocka_unit_test(a_taken_pointer_is_left_null),
		cmocka_unit_test(a_descriptor_closes_with_its_variable),
		cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(an_arena_keeps_strings),
		cmocka_unit_test(strings_and_records_of_an_arena_never_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
