#include "engine/tool_calls.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void
begins(struct tool_calls *calls, const char *id, const char *words)
{
	const struct agent_event e = { .kind = AGENT_TOOL, .id = id, .text = words };

	tool_calls_add(calls, &e);
}

static void
a_call_is_known_by_its_id_as_long_as_it_is_recent(void **state)
{
	struct tool_calls calls = { 0 };
	const struct agent_event e = {
		.kind = AGENT_TOOL_FAILED, .id = "c0", .text = "no rule"
	};
	struct fields f = { 0 };

	begins(&calls, "c0", "Bash: make");
	assert_true(tool_calls_tell(&calls, &e, &f));
	assert_string_equal(fields_text(&f, "tool"), "Bash: make");
	assert_string_equal(fields_text(&f, "text"), "no rule");
	assert_int_equal(strlen(fields_text(&f, "error_sha")), 64);
	fields_clear(&f);
	for (int i = 0; i < TOOL_CALLS_MAX; i++) {
		char id[16];

		snprintf(id, sizeof(id), "n%d", i);
		begins(&calls, id, "another");
	}
	assert_false(tool_calls_tell(&calls, &e, &f));
	assert_int_equal(f.n, 0);
	tool_calls_clear(&calls);
}

/* What is shown is cut; whether two errors are the same is not decided by what is shown. */
static void
errors_that_differ_at_their_end_are_not_the_same(void **state)
{
	const struct tool_calls none = { 0 };
	AUTO_FREE char *a = xcalloc(1, 3001);
	struct agent_event e = {
		.kind = AGENT_TOOL_FAILED, .action = "make", .text = "line", .detail = a
	};
	struct fields f = { 0 }, g = { 0 };

	memset(a, 'x', 3000);
	assert_true(tool_calls_tell(&none, &e, &f));
	a[2999] = 'y';
	assert_true(tool_calls_tell(&none, &e, &g));
	assert_string_not_equal(
	    fields_text(&f, "error_sha"), fields_text(&g, "error_sha"));
	assert_string_equal(fields_text(&f, "text"), fields_text(&g, "text"));
	fields_clear(&f);
	fields_clear(&g);
}

static void
a_stranger_cannot_make_it_hold_much(void **state)
{
	struct tool_calls calls = { 0 };
	AUTO_FREE char *big = xcalloc(1, 1 << 20);
	const struct agent_event e = { .kind = AGENT_TOOL_WORKED, .id = "c" };
	struct fields f = { 0 };

	memset(big, 'z', (1 << 20) - 1);
	begins(&calls, big, "by its id");
	begins(&calls, "", "by nothing");
	begins(&calls, "c", big);
	assert_true(tool_calls_tell(&calls, &e, &f));
	assert_true(strlen(fields_text(&f, "tool")) <= 400);
	assert_int_equal(fields_number(&f, "worked", 0), 1);
	fields_clear(&f);
	tool_calls_clear(&calls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_known_by_its_id_as_long_as_it_is_recent),
		cmocka_unit_test(errors_that_differ_at_their_end_are_not_the_same),
		cmocka_unit_test(a_stranger_cannot_make_it_hold_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
