#include "policy/allow.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What a rule allows, and what it must never. */
static const struct {
	const char *pattern, *action;
	bool matches;
} rows[] = {
	{ "Bash: npm test", "Bash: npm test", true },
	{ "Bash: npm test", "Bash: npm test ", false },
	{ "Bash: npm test", "bash: npm test", false },
	{ "Bash: npm test*", "Bash: npm test", true },
	{ "Bash: npm test*", "Bash: npm test --watch", true },
	{ "Bash: npm * lib", "Bash: npm test lib", true },
	{ "Bash: npm * lib", "Bash: npm test lib2", false },
	{ "Bash: *a*b", "Bash: xaxxab", true },
	{ "Bash: *a*b", "Bash: xaxxac", false },
	{ "Bash: ls *", "Bash: ls *", true },
	{ "Bash: [ab]?", "Bash: [ab]?", true },
	{ "Bash: [ab]?", "Bash: ac", false },
	{ "Write: src/*", "Write: src/a/b.c", true },
	/* A second command, a redirection, a substitution, another line. */
	{ "Bash: npm *", "Bash: npm test; rm -rf /", false },
	{ "Bash: npm *", "Bash: npm test && rm -rf /", false },
	{ "Bash: npm *", "Bash: npm test | sh", false },
	{ "Bash: npm *", "Bash: npm test > ~/.bashrc", false },
	{ "Bash: npm *", "Bash: npm test < /dev/tcp/x", false },
	{ "Bash: npm *", "Bash: npm $(rm -rf /)", false },
	{ "Bash: npm *", "Bash: npm `rm -rf /`", false },
	{ "Bash: npm *", "Bash: npm test\nrm -rf /", false },
	{ "Bash: npm *", "Bash: npm test\rrm", false },
	{ "Bash: npm *", "Bash: npm 'a b'", false },
	{ "Bash: npm *", "Bash: npm a\\;b", false },
	{ "Bash: npm *", "Bash: npm {a,b}", false },
	{ "Bash: npm *; date", "Bash: npm test; date", true },
	{ "Write: src/*", "Write: src/../../etc/passwd", false },
	{ "Write: src/../a.c", "Write: src/../a.c", true },
	/* What a terminal would show otherwise than it is. */
	{ "Bash: npm *", "Bash: npm \xe2\x80\xae tset", false },
	{ "Bash: npm *", "Bash: npm \x1b[2K", false },
	{ "Bash: npm *", "Bash: npm \xff", false },
	{ "Bash: *", "", false },
	{ "", "", false },
};

static void
a_rule_allows_what_it_shows_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (allow_matches(rows[i].pattern, rows[i].action) != rows[i].matches)
			fail_msg("'%s' on '%s'", rows[i].pattern, rows[i].action);
	}
}

static void
a_rule_begins_with_what_it_is_about(void **state)
{
	static const char *const bad[] = { "", "*", "* x", "a\tb", "a\x7f",
		"a\x1b[2J" };
	char *longest = xcalloc(1, ALLOW_PATTERN_BYTES + 2);
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		err = (struct err)ERR_INIT;
		assert_int_equal(allow_check_pattern(bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	memset(longest, 'x', ALLOW_PATTERN_BYTES);
	assert_int_equal(allow_check_pattern(longest, &err), 0);
	longest[ALLOW_PATTERN_BYTES] = 'x';
	assert_int_equal(allow_check_pattern(longest, &err), -1);
	free(longest);
}

/* Many stars on a long request: the work stays bounded, and so does what they cover. */
static void
a_hostile_request_costs_little_and_matches_nothing(void **state)
{
	char pattern[ALLOW_PATTERN_BYTES + 1],
	    *action = xcalloc(1, ALLOW_STAR_BYTES + 2);

	(void)state;
	pattern[0] = 'a';
	for (size_t i = 1; i + 1 < sizeof(pattern); i++)
		pattern[i] = i % 2 ? '*' : 'a';
	pattern[sizeof(pattern) - 1] = '\0';
	pattern[sizeof(pattern) - 2] = 'b';
	memset(action, 'a', ALLOW_STAR_BYTES);
	assert_false(allow_matches(pattern, action));
	assert_true(allow_matches("a*", action));
	action[ALLOW_STAR_BYTES] = 'a';
	assert_false(allow_matches("a*", action));
	assert_true(allow_matches(action, action));
	free(action);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_allows_what_it_shows_and_nothing_else),
		cmocka_unit_test(a_rule_begins_with_what_it_is_about),
		cmocka_unit_test(a_hostile_request_costs_little_and_matches_nothing),
	};

	return cmocka_run_group_tests_name("policy/allow", tests, NULL, NULL);
}
