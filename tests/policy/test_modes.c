#include "policy/modes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* SPEC 8.4, every cell; PRODUCT is the code column's "product code" half of spike. */
static void
every_cell_of_the_launch_mode_matrix_8_4(void **state)
{
	static const struct {
		enum exec_mode mode;
		bool analysis, product;
		enum launch_mode launch;
		bool warns;
	} cells[] = {
		{ EXEC_QUICK, false, true, LAUNCH_BYPASS, false },
		{ EXEC_TDD, false, true, LAUNCH_BYPASS, false },
		{ EXEC_PAIR, false, true, LAUNCH_PLAN, false },
		{ EXEC_CHECKPOINT, false, true, LAUNCH_ASK, false },
		{ EXEC_SWARM, false, true, LAUNCH_BYPASS, false },
		{ EXEC_SPIKE, false, false, LAUNCH_BYPASS, false },
		{ EXEC_SPIKE, false, true, LAUNCH_PLAN, true },
		{ EXEC_NONE, false, true, LAUNCH_BYPASS, false },
		{ EXEC_QUICK, true, false, LAUNCH_BYPASS, false },
		{ EXEC_TDD, true, false, LAUNCH_BYPASS, true },
		{ EXEC_PAIR, true, false, LAUNCH_BYPASS, false },
		{ EXEC_CHECKPOINT, true, false, LAUNCH_BYPASS, false },
		{ EXEC_SWARM, true, false, LAUNCH_BYPASS, false },
		{ EXEC_SPIKE, true, false, LAUNCH_BYPASS, false },
		{ EXEC_SPIKE, true, true, LAUNCH_BYPASS, false },
		{ EXEC_NONE, true, false, LAUNCH_BYPASS, false },
	};

	for (size_t i = 0; i < N_ELEMS(cells); i++) {
		const char *warning = "unset";

		assert_int_equal(launch_mode_for(cells[i].mode, cells[i].analysis,
				     cells[i].product, &warning),
		    cells[i].launch);
		assert_int_equal(warning != NULL, cells[i].warns);
	}
}

static void
launch_modes_have_the_methods_words_S_39(void **state)
{
	assert_string_equal(launch_mode_name(LAUNCH_BYPASS), "Bypass permissions");
	assert_string_equal(launch_mode_name(LAUNCH_PLAN), "Plan mode");
	assert_string_equal(launch_mode_name(LAUNCH_ASK), "Ask permissions");
	for (int i = 0; i < LAUNCH_N; i++) {
		assert_int_equal(launch_mode_of(span_of(launch_mode_name(i))), i);
		assert_int_equal(launch_mode_of(span_of(launch_mode_word(i))), i);
	}
	assert_int_equal(launch_mode_of(SPAN_LIT(" plan MODE ")), LAUNCH_PLAN);
	assert_int_equal(launch_mode_of(SPAN_LIT("yolo")), -1);
	assert_int_equal(launch_mode_of(SPAN_LIT("")), -1);
}

static void
analysis_only_is_shown_behind_the_mode_S_41(void **state)
{
	struct phase phase = { .mode = EXEC_SPIKE, .is_analysis_only = true };
	AUTO_FREE char *spike = mode_label(&phase);

	assert_string_equal(spike, "spike (analysis-only)");
	phase = (struct phase){ .mode = EXEC_PAIR };
	AUTO_FREE char *pair = mode_label(&phase);

	assert_string_equal(pair, "pair");
	phase = (struct phase){ .mode = EXEC_NONE };
	AUTO_FREE char *none = mode_label(&phase);

	assert_string_equal(none, "quick");
}

static void
agents_are_found_by_either_name(void **state)
{
	static const char *const names[] = { "claude", "codex", "codex-exec", "gemini",
		"opencode", "copilot", "claude-acp", "codex-acp", "acp", "factory",
		"cursor", "cto.new", "amp", "warp", "copilot-agent", "codex-cloud",
		"delegate", "command" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		const struct agent_kind *kind = agent_kind_find(names[i]);

		assert_non_null(kind);
		assert_ptr_equal(agent_kind_at(i), kind);
		assert_ptr_equal(agent_kind_find(kind->shown), kind);
	}
	assert_null(agent_kind_at(N_ELEMS(names)));
	assert_string_equal(agent_kind_find("Claude Code")->name, "claude");
	assert_string_equal(agent_kind_find(" FACTORY ")->name, "factory");
	assert_null(agent_kind_find("hal"));
	assert_null(agent_kind_find(""));
}

static void
all_but_the_trackers_own_can_be_launched_here(void **state)
{
	const struct agent_kind *kind;

	for (size_t i = 0; (kind = agent_kind_at(i)); i++) {
		bool is_ours = strncmp(kind->name, "claude", 6) == 0 ||
			       strcmp(kind->name, "command") == 0;

		assert_int_equal(kind->adapter != NULL, !kind->is_external);
		if (kind->adapter)
			assert_string_equal(kind->adapter, kind->name);
		/* Allowed and warned never overlap, or the answer would hang on order. */
		assert_int_equal(kind->modes & kind->warned, 0);
		/* S-85: nobody but Claude Code and a person's own program. */
		assert_int_equal(kind->knows_method, is_ours);
	}
}

/* y allowed, w with a warning, n refused (G15). */
static void
agents_run_the_modes_of_the_tables(void **state)
{
	static const struct {
		const char *agent, *quick_tdd_pair_checkpoint_swarm_spike;
	} rows[] = {
		{ "claude", "yyyyyy" },
		{ "command", "yyyyyy" },
		{ "factory", "yywnwn" },
		{ "cursor", "nywnnn" },
		{ "amp", "nywnnn" },
		{ "warp", "ynnnnn" },
		{ "copilot-agent", "ywnnnn" },
		{ "codex-cloud", "yywnnw" },
		{ "cto.new", "ynnnnw" },
		{ "copilot", "ywwnww" },
		{ "codex", "wwwnww" },
		{ "gemini", "wwwnww" },
		{ "opencode", "wwwnww" },
	};
	static const enum exec_mode modes[] = { EXEC_QUICK, EXEC_TDD, EXEC_PAIR,
		EXEC_CHECKPOINT, EXEC_SWARM, EXEC_SPIKE };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		const struct agent_kind *kind = agent_kind_find(rows[i].agent);

		for (size_t m = 0; m < N_ELEMS(modes); m++) {
			char want = rows[i].quick_tdd_pair_checkpoint_swarm_spike[m];
			const char *why = "unset";
			int rc = agent_eligible(kind, modes[m], &why);

			assert_int_equal(rc, want == 'y' ? 0 : want == 'w' ? 1 : -1);
			assert_int_equal(why != NULL, want != 'y');
		}
	}
}

static void
nobody_chosen_means_a_person_and_none_means_quick(void **state)
{
	const char *why;

	assert_int_equal(agent_eligible(NULL, EXEC_CHECKPOINT, &why), 0);
	assert_int_equal(
	    agent_eligible(agent_kind_find("cto.new"), EXEC_NONE, &why), 0);
	assert_int_equal(
	    agent_eligible(agent_kind_find("cursor"), EXEC_NONE, &why), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_launch_mode_matrix_8_4),
		cmocka_unit_test(launch_modes_have_the_methods_words_S_39),
		cmocka_unit_test(analysis_only_is_shown_behind_the_mode_S_41),
		cmocka_unit_test(agents_are_found_by_either_name),
		cmocka_unit_test(all_but_the_trackers_own_can_be_launched_here),
		cmocka_unit_test(agents_run_the_modes_of_the_tables),
		cmocka_unit_test(nobody_chosen_means_a_person_and_none_means_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
