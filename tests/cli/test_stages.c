#include "cli/stages.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* the marks of each stage, with how many tasks are done and at which attempt. */
static void
r_166_each_stage_has_its_mark(void **state)
{
	static const struct {
		const char *plan, *session, *line;
	} cases[] = {
		{ "{\"review\":\"\"}", "{\"state\":\"prepared\"}",
		    "[>] table  [ ] work  [ ] review  [ ] landed" },
		{ "{\"review\":\"required\"}", "{\"state\":\"prepared\"}",
		    "[>] table  [ ] Gate 2  [ ] work  [ ] review  [ ] landed" },
		{ "{\"review\":\"required\"}", "{\"state\":\"active\"}",
		    "[x] table  [x] Gate 2  [>] work  [ ] review  [ ] landed" },
		{ "{\"review\":\"auto\"}",
		    "{\"state\":\"active\",\"loop\":{\"tasks\":3,\"done\":1,"
		    "\"attempt\":2,\"attempts\":5,\"replans\":0}}",
		    "[x] table  [~] Gate 2  [>] work 1/3, attempt 2 of 5  [ ] review  [ "
		    "] landed" },
		{ "{}",
		    "{\"state\":\"parked\",\"loop\":{\"tasks\":3,\"done\":1,"
		    "\"attempt\":1,\"attempts\":5,\"replans\":1}}",
		    "[x] table  [R] work 1/3, attempt 1 of 5  [ ] review  [ ] landed" },
		{ "{}",
		    "{\"state\":\"in-review\",\"loop\":{\"tasks\":3,\"done\":3,"
		    "\"attempt\":1,\"attempts\":5,\"replans\":1}}",
		    "[x] table  [x] work 3/3  [>] review  [ ] landed" },
		{ "{}", "{\"state\":\"merging\"}",
		    "[x] table  [x] work  [x] review  [>] landed" },
		{ "{}", "{\"state\":\"done\"}",
		    "[x] table  [x] work  [x] review  [x] landed" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct json_object *plan = json_tokener_parse(cases[i].plan);
		struct json_object *session = json_tokener_parse(cases[i].session);
		AUTO_FREE char *line = stages_line(plan, session);

		assert_string_equal(line, cases[i].line);
		json_object_put(plan);
		json_object_put(session);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_166_each_stage_has_its_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
