#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
failing_is_one_statement(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(err_set(&err, ERR_INPUT, "line %d", 12), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, "line 12");
	assert_int_equal(err_set(NULL, ERR_INPUT, "nobody listens"), -1);
	assert_int_equal(err_sys(NULL, "nobody listens"), -1);
	assert_int_equal(err_wrap(NULL, "nobody listens"), -1);
	assert_int_equal(err_fix(NULL, "nobody listens"), -1);
}

static void
a_system_error_tells_its_reason_and_keeps_errno(void **state)
{
	struct err err = ERR_INIT;

	errno = ENOENT;
	assert_int_equal(err_sys(&err, "open %s", "x"), -1);
	assert_string_equal(err.text, "open x: No such file or directory");
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_int_equal(errno, ENOENT);
}

static void
context_gathers_in_front(void **state)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_CONFLICT, "phase 1B names no issue");
	err_fix(&err, "name %s", "one");
	assert_int_equal(err_wrap(&err, "plan %s", "night.md"), -1);
	assert_string_equal(err.text, "plan night.md: phase 1B names no issue");
	assert_string_equal(err.fix, "name one");
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void
text_that_is_too_long_is_cut_and_never_overflows(void **state)
{
	char big[2000];
	struct err err = ERR_INIT;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, ERR_INPUT, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_wrap(&err, "here");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "here: xxx", 9);
	err_wrap(&err, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	errno = EIO;
	err_sys(&err, "%s", big);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_fix(&err, "%s", big);
	assert_int_equal(strlen(err.fix), sizeof(err.fix) - 1);
}

static void
every_kind_has_the_exit_and_http_status_of_the_contract(void **state)
{
	/* CONTRACTS 5. */
	static const struct {
		enum err_kind kind;
		int exit_status, http;
		const char *name;
	} rows[] = {
		{ ERR_NONE, 0, 200, "none" },
		{ ERR_NO, 1, 200, "no" },
		{ ERR_USAGE, 2, 400, "usage" },
		{ ERR_REFUSED, 3, 403, "refused" },
		{ ERR_HUMAN, 4, 428, "human" },
		{ ERR_NOT_FOUND, 5, 404, "not-found" },
		{ ERR_CONFLICT, 6, 409, "conflict" },
		{ ERR_INPUT, 7, 422, "input" },
		{ ERR_SYSTEM, 8, 500, "system" },
		{ ERR_NO_SERVER, 9, 503, "no-server" },
		{ ERR_TIMEOUT, 10, 504, "timeout" },
	};

	assert_int_equal(sizeof(rows) / sizeof(rows[0]), ERR_N_KINDS);
	for (size_t i = 0; i < ERR_N_KINDS; i++) {
		assert_int_equal(err_exit_status(rows[i].kind), rows[i].exit_status);
		assert_int_equal(err_http_status(rows[i].kind), rows[i].http);
		assert_string_equal(err_kind_name(rows[i].kind), rows[i].name);
		assert_int_equal(err_kind_of(rows[i].name), rows[i].kind);
	}
	assert_int_equal(err_kind_of("unheard-of"), ERR_SYSTEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_is_one_statement),
		cmocka_unit_test(a_system_error_tells_its_reason_and_keeps_errno),
		cmocka_unit_test(context_gathers_in_front),
		cmocka_unit_test(text_that_is_too_long_is_cut_and_never_overflows),
		cmocka_unit_test(
		    every_kind_has_the_exit_and_http_status_of_the_contract),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
