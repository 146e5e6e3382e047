#include "engine/reports.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int
read_text(struct reports *r, const char *text, struct err *err)
{
	return reports_read(r, text, strlen(text), "ada", err);
}

/* an exchange record is taken under its names, too. */
static void
reports_are_read_under_both_sets_of_names(void **state)
{
	struct reports r = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    read_text(&r,
		"[{\"reviewer\":\"bob\",\"recommendation\":\"APPROVE\",\"findings\":["
		"{\"severity\":\"P2\",\"text\":\"one\",\"where\":\"a.c:1\","
		"\"effort\":\"small\",\"unknown\":[1]}]},"
		"{\"persona\":\"cyd\",\"recommendation\":\"RETHINK\",\"findings\":["
		"{\"severity\":\"critical\",\"description\":\"two\","
		"\"mitigation\":\"do\"}]}]",
		&err),
	    0);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.item[0].reviewer, "bob");
	assert_int_equal(r.item[0].severity, SEVERITY_IMPORTANT);
	assert_string_equal(r.item[1].text, "two");
	assert_string_equal(r.item[1].advice, "do");
	/* of several the strictest */
	assert_string_equal(reports_recommendation(&r), "RETHINK");
	reports_clear(&r);
}

static void
a_reviewer_without_a_name_has_the_callers(void **state)
{
	struct reports r = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *names = NULL;

	(void)state;
	assert_int_equal(read_text(&r, " {\"findings\":[]}\n", &err), 0);
	names = reports_names(&r);
	assert_string_equal(names, "ada");
	reports_clear(&r);
}

/* Bad input: named by its place, and nothing of it stays. */
static void
what_is_no_report_is_refused_by_its_place(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "no JSON" },
		{ "looks good", "no JSON" },
		{ "{\"findings\":[]} and more", "no JSON" },
		{ "[]", "no reviewer" },
		{ "7", "no JSON" },
		{ "{\"findings\":7}", "findings is no list" },
		{ "{\"reviewer\":\"a,b\",\"findings\":[]}", "reviewer is no name" },
		{ "{\"reviewer\":7,\"findings\":[]}", "reviewer is no text" },
		{ "{\"recommendation\":\"SHIP\",\"findings\":[]}",
		    "recommendation is none" },
		{ "{\"findings\":[{\"severity\":\"BLOCKER\",\"text\":\"x\"}]}",
		    "findings[0].severity is none" },
		{ "{\"findings\":[{\"severity\":\"P1\",\"text\":\" \"}]}",
		    "findings[0].text says nothing" },
		{ "{\"findings\":[{\"severity\":\"P1\",\"text\":\"x\",\"effort\":\"huge\"}]}",
		    "findings[0].effort is none" },
		{ "[{\"findings\":[]},{\"findings\":[7]}]",
		    "[1].findings[0]. is no object" },
		{ "{\"findings\":[{\"severity\":\"P1\",\"text\":\"a\\u0000b\"}]}",
		    "a NUL" },
		{ "{\"findings\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}", "no JSON" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct reports r = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(read_text(&r, cases[i].text, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		if (!strstr(err.text, cases[i].why))
			assert_string_equal(err.text, cases[i].why);
		assert_int_equal(r.n, 0);
		assert_int_equal(r.n_reviewers, 0);
		reports_clear(&r);
	}
}

static void
endless_reports_are_bounded(void **state)
{
	size_t n = REPORTS_MAX_BYTES + 1;
	AUTO_FREE char *text = xcalloc(1, n + 1), *many = NULL;
	size_t size = 0;
	struct reports r = { 0 };
	struct err err = ERR_INIT;
	FILE *f = open_memstream(&many, &size);

	(void)state;
	memset(text, '[', n);
	assert_int_equal(reports_read(&r, text, n, "ada", &err), -1);
	fputs("{\"findings\":[", f);
	for (int i = 0; i <= REPORTS_MAX_FINDINGS; i++)
		fprintf(f, "%s{\"severity\":\"P1\",\"text\":\"x%d\"}", i ? "," : "", i);
	fputs("]}", f);
	fclose(f);
	assert_int_equal(read_text(&r, many, &err), -1);
	assert_non_null(strstr(err.text, "more than 50"));
	reports_clear(&r);
}

/* Severity inflation: who speaks as three in one comment is one, of their strictest word. */
static void
one_author_is_one_reviewer_whoever_they_name(void **state)
{
	struct reports r = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *names = NULL;

	(void)state;
	assert_int_equal(
	    read_text(&r,
		"[{\"reviewer\":\"a\",\"recommendation\":\"APPROVE\",\"findings\":"
		"[{\"severity\":\"P1\",\"text\":\"x\"}]},"
		"{\"reviewer\":\"b\",\"recommendation\":\"BLOCK\",\"findings\":"
		"[{\"severity\":\"P1\",\"text\":\"x\"}]}]",
		&err),
	    0);
	assert_int_equal(r.n_reviewers, 2);
	reports_are_of(&r, "mallory");
	names = reports_names(&r);
	assert_string_equal(names, "mallory");
	assert_string_equal(reports_recommendation(&r), "BLOCK");
	assert_string_equal(r.item[0].reviewer, "mallory");
	assert_string_equal(r.item[1].reviewer, "mallory");
	reports_clear(&r);
}

/* What is in a text steers no terminal from here on. */
static void
control_characters_are_made_visible(void **state)
{
	struct reports r = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    read_text(&r,
		"{\"findings\":[{\"severity\":\"P1\",\"text\":\"a\\u001b[2Jb\\nc\"}]}",
		&err),
	    0);
	assert_null(strpbrk(r.item[0].text, "\x1b\n"));
	reports_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_read_under_both_sets_of_names),
		cmocka_unit_test(a_reviewer_without_a_name_has_the_callers),
		cmocka_unit_test(what_is_no_report_is_refused_by_its_place),
		cmocka_unit_test(endless_reports_are_bounded),
		cmocka_unit_test(one_author_is_one_reviewer_whoever_they_name),
		cmocka_unit_test(control_characters_are_made_visible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
