#include "policy/refusal.h"

#include "base/mem.h"
#include "base/text.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* SPEC section 9, every row. */
static void
the_catalogue_has_every_row_of_section_9(void **state)
{
	static const struct {
		const char *code;
		char level;
		const char *rule;
	} rows[] = {
		{ "P01", 'E', "S-55" },
		{ "P02", 'E', "S-56" },
		{ "P03", 'E', "S-61" },
		{ "P04", 'E', "S-60" },
		{ "P05", 'E', "S-40" },
		{ "P06", 'E', "S-39" },
		{ "P07", 'E', "S-66" },
		{ "P08", 'E', "S-67" },
		{ "P09", 'E', "S-68" },
		{ "P10", 'E', "S-70" },
		{ "P11", 'E', "S-71" },
		{ "P12", 'E', "S-62" },
		{ "P13", 'E', "S-64" },
		{ "P14", 'E', "S-85" },
		{ "P15", 'E', "S-20" },
		{ "P16", 'W', "R-209" },
		{ "G01", 'E', "S-9" },
		{ "G02", 'E', "S-12" },
		{ "G03", 'E', "S-11" },
		{ "G04", 'E', "R-36" },
		{ "G05", 'E', "S-25" },
		{ "G06", 'E', "S-26" },
		{ "G07", 'E', "S-27" },
		{ "G08", 'E', "S-21" },
		{ "G09", 'E', "S-23" },
		{ "G10", 'E', "S-83" },
		{ "G11", 'E', "S-80" },
		{ "G12", 'E', "S-42" },
		{ "G13", 'E', "R-1" },
		{ "G14", 'E', "R-3" },
		{ "G15", 'E', "R-94" },
		{ "G16", 'E', "A-20" },
		{ "G17", 'E', "R-67" },
		{ "G18", 'E', "R-24" },
		{ "G19", 'E', "R-20" },
		{ "G20", 'E', "S-29" },
		{ "G21", 'W', "B-20" },
		{ "G22", 'W', "R-21" },
		{ "G23", 'W', "R-95" },
		{ "M01", 'E', "S-44" },
		{ "M02", 'E', "R-58" },
		{ "M03", 'E', "R-55" },
		{ "M04", 'E', "S-45" },
		{ "X01", 'E', "R-45" },
		{ "X02", 'E', "R-42" },
		{ "X03", 'W', "R-40" },
		{ "T01", 'E', "R-77" },
		{ "T02", 'E', "R-198" },
		{ "T03", 'E', "R-199" },
		{ "T04", 'E', "R-204" },
		{ "T05", 'E', "R-196" },
		{ "N01", 'E', "S-74" },
		{ "N02", 'W', "R-27" },
		{ "N03", 'E', "R-113" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		const struct refusal *refusal = refusal_find(rows[i].code);

		assert_non_null(refusal);
		assert_ptr_equal(refusal_at(i), refusal);
		assert_int_equal(refusal->level, rows[i].level);
		assert_string_equal(refusal->rule, rows[i].rule);
	}
	assert_null(refusal_at(N_ELEMS(rows)));
	assert_null(refusal_find("P17"));
	assert_null(refusal_find(""));
}

static void
every_row_says_what_and_how_to_mend_it_in_one_line(void **state)
{
	const struct refusal *refusal;

	for (size_t i = 0; (refusal = refusal_at(i)); i++) {
		assert_true(refusal->what[0] && refusal->fix[0]);
		assert_null(strchr(refusal->what, '\n'));
		assert_null(strchr(refusal->fix, '\n'));
		assert_true(strlen(refusal->fix) < sizeof(((struct err *)0)->fix));
	}
}

static void
a_refusal_carries_code_rule_text_and_fix(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(
	    refuse(&err, "G07", "batch %d not complete (%s)", 1, "S-B in review"), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.code, "G07");
	assert_string_equal(err.rule, "S-27");
	assert_string_equal(err.text, "batch 1 not complete (S-B in review)");
	assert_string_equal(err.fix, refusal_find("G07")->fix);
	assert_int_equal(err_exit_status(err.kind), 3);
}

static void
a_refusal_is_one_line_whatever_it_quotes(void **state)
{
	struct err err = ERR_INIT;
	char text[2000];

	memset(text, 'x', sizeof(text) - 1);
	text[5] = '\n';
	text[sizeof(text) - 1] = '\0';
	refuse(&err, "G09", "%s", text);
	assert_null(strchr(err.text, '\n'));
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_int_equal(refuse(NULL, "G09", "nobody listens"), -1);
}

static void
an_override_names_rules_that_may_be_overridden_and_says_why(void **state)
{
	static const struct {
		const char *overrides, *reason;
		int rc;
	} rows[] = {
		{ "", "", 0 },
		{ "", "why", 0 },
		{ "G05", "why", 0 },
		{ "G05,P16,N03", "why", 0 },
		{ "G05", "", -1 },
		{ "G02", "why", -1 },
		{ "G05,G02", "why", -1 },
		{ "G0", "why", -1 },
		{ "G05 ", "why", -1 },
	};
	struct span rest = span_of(
			REFUSAL_DISPATCH_OVERRIDES "," REFUSAL_RESUME_OVERRIDES),
		    one;

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(refusal_check_overrides(rows[i].overrides,
				     rows[i].reason, REFUSAL_DISPATCH_OVERRIDES, &err),
		    rows[i].rc);
		assert_int_equal(err.kind, rows[i].rc ? ERR_USAGE : ERR_NONE);
	}
	while (span_next(&rest, ',', &one)) {
		AUTO_FREE char *code = xstrndup(one.p, one.n);

		assert_non_null(refusal_find(code));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_catalogue_has_every_row_of_section_9),
		cmocka_unit_test(every_row_says_what_and_how_to_mend_it_in_one_line),
		cmocka_unit_test(a_refusal_carries_code_rule_text_and_fix),
		cmocka_unit_test(a_refusal_is_one_line_whatever_it_quotes),
		cmocka_unit_test(
		    an_override_names_rules_that_may_be_overridden_and_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
