#include "policy/declared.h"

#include "base/mem.h"
#include "plan/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "# P\n\n## Phases\n\n### 1A: One\n\n- Writes: `src/**`, `!src/gen/**`, `docs`\n"
    "- Renames: `old.c` -> `new.c`\n- Reads: `include/*.h`\n\n### 1B: Two\n\n"
    "- Reads: `src/a.c`\n";

static struct plan *
parse(void)
{
	struct lint_list lints = { 0 };
	struct err err;
	struct plan *plan = plan_parse("p.md", text, strlen(text), &lints, &err);

	lint_list_clear(&lints);
	assert_non_null(plan);
	return plan;
}

/* B-20 */
static void
a_path_is_declared_by_a_pattern_a_directory_or_a_rename(void **state)
{
	static const struct {
		const char *path;
		bool written, read;
	} rows[] = {
		{ "src/a.c", true, false },
		{ "src/deep/er/b.c", true, false },
		{ "src/gen/x.c", false, false },
		{ "docs/a/b.md", true, false },
		{ "docs", true, false },
		{ "docs2/x", false, false },
		{ "old.c", true, false },
		{ "new.c", true, false },
		{ "include/a.h", false, true },
		{ "include/deep/a.h", false, false },
		{ "Makefile", false, false },
	};
	struct plan *plan = parse();
	const struct phase *phase = plan_find(plan, "1A");
	struct declared *writes = declared_new(phase, DECLARED_WRITES);
	struct declared *both = declared_new(phase, DECLARED_WRITES | DECLARED_READS);

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (declared_has(writes, rows[i].path) != rows[i].written ||
		    declared_has(both, rows[i].path) !=
			(rows[i].written || rows[i].read))
			fail_msg("%s", rows[i].path);
	}
	declared_free(writes);
	declared_free(both);
	plan_free(plan);
}

static void
a_phase_that_writes_nothing_declares_no_writes(void **state)
{
	struct plan *plan = parse();
	struct declared *d = declared_new(plan_find(plan, "1B"), DECLARED_WRITES);

	(void)state;
	assert_true(declared_is_empty(d));
	assert_false(declared_has(d, "src/a.c"));
	declared_free(d);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_path_is_declared_by_a_pattern_a_directory_or_a_rename),
		cmocka_unit_test(a_phase_that_writes_nothing_declares_no_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
