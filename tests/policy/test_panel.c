#include "policy/panel.h"

#include "base/mem.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/review.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reviewers as a plan of sessions that only look. */

static struct panel
of(char option, size_t n_seats)
{
	const struct review_option *o = review_option(option);
	struct panel p = { .review = "v3",
		.run = 2,
		.option = option,
		.option_name = o->name,
		.title = "Try | it <b>",
		.about = { "one", "two", "three" },
		.date = "2026-11-23",
		.n_rounds = o->n_rounds,
		.first = "/tmp/first.json" };

	for (size_t i = 0; i < n_seats; i++)
		p.seat[p.n_seats++] = (struct seat){ .persona = persona_name_at(i),
			.text = persona_shipped(persona_name_at(i))->data,
			.agent = "command",
			.tier = "" };
	return p;
}

/* Its plan is one that divisi itself finds nothing to say about. */
static void
the_plan_of_a_panel_stands(void **state)
{
	const char options[] = "DEFG";

	(void)state;
	for (size_t i = 0; options[i]; i++) {
		struct panel p = of(options[i], options[i] == 'D' ? 1 : 7);
		AUTO_FREE char *text = panel_plan(&p);
		struct lint_list lints = { 0 };
		struct err err = ERR_INIT;
		struct plan *plan = plan_parse("", text, strlen(text), &lints, &err);

		assert_non_null(plan);
		assert_int_equal(plan->n_phases, p.n_seats * (size_t)p.n_rounds);
		for (size_t k = 0; k < lints.n; k++)
			assert_int_not_equal(lints.item[k].level, 'E');
		for (size_t k = 0; k < plan->n_phases; k++) {
			assert_string_equal(plan->phase[k].output, "findings");
			assert_true(plan->phase[k].is_analysis_only);
			assert_int_equal(
			    plan->phase[k].depends_on.n, k < p.n_seats ? 0 : p.n_seats);
		}
		plan_free(plan);
		lint_list_clear(&lints);
	}
}

/* three at least, by the words of the plan; all seven of a complex one. */
static void
personas_follow_the_words(void **state)
{
	const char *name[PANEL_MAX_SEATS];

	(void)state;
	assert_int_equal(personas_for("", false, name), 3);
	assert_int_equal(personas_for("", true, name), 7);
	assert_int_equal(
	    personas_for(
		"Deploy the migration, rollback and deploy; a cache", false, name),
	    3);
	assert_string_equal(name[0], "ops-realist");
	assert_string_equal(name[1], "performance-pragmatist");
	assert_string_equal(name[2], "security-skeptic");
}

/* What a team writes stays within its line of the plan. */
static void
a_persona_steers_nothing(void **state)
{
	struct panel p = of('D', 1);
	AUTO_FREE char *text = NULL;

	(void)state;
	p.seat[0].text =
	    "A view\n### 9Z: another phase\n- Agent: other\n| a | b |\n\x1b[2J";
	text = panel_plan(&p);
	assert_null(strstr(text, "### 9Z"));
	assert_null(strstr(text, "\n- Agent: other"));
	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "9Z: another phase"));
}

static void
a_name_is_a_plain_word(void **state)
{
	(void)state;
	assert_true(persona_is_name("ops-realist"));
	assert_true(persona_is_name("a2"));
	assert_false(persona_is_name(""));
	assert_false(persona_is_name("../etc"));
	assert_false(persona_is_name("Ops"));
	assert_false(persona_is_name("twenty-one-characters"));
}

/* Both rounds of a debate are one reviewer's. */
static void
a_phase_says_who_it_is(void **state)
{
	AUTO_FREE char *first = panel_reviewer("ops-realist");
	AUTO_FREE char *second = panel_reviewer("ops-realist.2");
	AUTO_FREE char *tier = panel_reviewer("ops-realist.fast");

	(void)state;
	assert_string_equal(first, "ops-realist");
	assert_string_equal(second, "ops-realist");
	assert_string_equal(tier, "ops-realist.fast");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_of_a_panel_stands),
		cmocka_unit_test(personas_follow_the_words),
		cmocka_unit_test(a_persona_steers_nothing),
		cmocka_unit_test(a_name_is_a_plain_word),
		cmocka_unit_test(a_phase_says_who_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
