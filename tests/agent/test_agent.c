#include "agent/agent.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void
every_event_and_ask_has_a_name_of_its_own(void **state)
{
	for (int a = 0; a < AGENT_N_EVENTS; a++) {
		assert_non_null(agent_event_name((enum agent_event_kind)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
			    agent_event_name((enum agent_event_kind)a),
			    agent_event_name((enum agent_event_kind)b));
	}
	for (int a = 0; a < ASK_N; a++)
		assert_non_null(agent_ask_name((enum agent_ask)a));
}

static void
a_cleared_input_can_be_used_again(void **state)
{
	struct agent_input input = { 0 };

	agent_input_take(&input, xstrdup("k1"), xstrdup("line"));
	agent_input_clear(&input);
	assert_int_equal(input.n, 0);
	agent_input_take(&input, xstrdup("k2"), xstrdup("line"));
	assert_string_equal(input.item[0].key, "k2");
	agent_input_clear(&input);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_and_ask_has_a_name_of_its_own),
		cmocka_unit_test(a_cleared_input_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
