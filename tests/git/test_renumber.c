#include "git/renumber.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
a_number_is_the_first_of_the_last_name(void **state)
{
	static const struct {
		const char *path;
		size_t n_before, n_digits;
		unsigned long long number;
	} table[] = {
		{ "db/migrations/0007_add.sql", 14, 4, 7 },
		{ "v2/t0012-x.sh", 4, 4, 12 },
		{ "7", 0, 1, 7 },
		{ "m/20261122120000_a_2.rb", 2, 14, 20261122120000u },
		{ "m/V3__x.sql", 3, 1, 3 },
	};
	static const char *const none[] = { "a/b.sql", "2024/readme", "",
		"m/1234567890123456789.sql" };
	size_t n_before, n_digits;
	unsigned long long number;

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		assert_true(
		    renumber_parts(table[i].path, &n_before, &n_digits, &number));
		assert_int_equal(n_before, table[i].n_before);
		assert_int_equal(n_digits, table[i].n_digits);
		assert_true(number == table[i].number);
	}
	for (size_t i = 0; i < N_ELEMS(none); i++)
		assert_false(renumber_parts(none[i], &n_before, &n_digits, &number));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_the_first_of_the_last_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
