#include "agent/agent.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define REQUEST(tool, input)                                                       \
	"{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{"        \
	"\"subtype\":\"can_use_tool\",\"tool_name\":\"" tool "\",\"input\":" input \
	"}}"
#define RESPONSE(inner)                                                         \
	"{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\"," \
	"\"request_id\":\"r1\",\"response\":" inner "}}"
#define QUESTION                                                                      \
	"{\"questions\":[{\"question\":\"Colour?\",\"options\":[{\"label\":\"Red\"}," \
	"{\"label\":\"Blue\"}]},{\"question\":\"Size?\"}]}"
#define ANSWERED(answers)                                                         \
	"{\"behavior\":\"allow\",\"updatedInput\":{\"questions\":[{\"question\":" \
	"\"Colour?\",\"options\":[{\"label\":\"Red\"},{\"label\":\"Blue\"}]},"    \
	"{\"question\":\"Size?\"}],\"answers\":" answers "}}"

static void
every_answer_is_made_from_the_request_alone(void **state)
{
	static const struct {
		const char *raw, *decision, *text, *line;
	} rows[] = {
		/* clang-format off */
		{ REQUEST("Bash", "{\"command\":\"ls\",\"n\":1.10}"), "allow", NULL,
		  RESPONSE("{\"behavior\":\"allow\",\"updatedInput\":{\"command\":\"ls\",\"n\":1.10}}") },
		{ REQUEST("Bash", "{\"command\":\"ls\"}"), "deny", "no \"ls\"",
		  RESPONSE("{\"behavior\":\"deny\",\"message\":\"no \\\"ls\\\"\"}") },
		{ REQUEST("Bash", "{\"command\":\"ls\"}"), "deny", NULL,
		  RESPONSE("{\"behavior\":\"deny\",\"message\":\"The supervisor declined this.\"}") },
		/* A decision nobody knows allows nothing. */
		{ REQUEST("Bash", "{\"command\":\"ls\"}"), "Allow", NULL,
		  RESPONSE("{\"behavior\":\"deny\",\"message\":\"The supervisor declined this.\"}") },
		{ REQUEST("Bash", "7"), "allow", NULL,
		  RESPONSE("{\"behavior\":\"deny\",\"message\":\"The request could not be understood.\"}") },
		{ REQUEST("ExitPlanMode", "{}"), "allow", NULL,
		  RESPONSE("{\"behavior\":\"allow\",\"updatedInput\":{}}") },
		{ REQUEST("ExitPlanMode", "{}"), "deny", "smaller",
		  RESPONSE("{\"behavior\":\"deny\",\"message\":\"The plan was declined: smaller\"}") },
		{ REQUEST("ExitPlanMode", "{}"), "allow-session", NULL,
		  RESPONSE("{\"behavior\":\"allow\",\"updatedInput\":{},\"updatedPermissions\":[{\"type\":\"setMode\",\"mode\":\"acceptEdits\",\"destination\":\"session\"}]}") },
		{ REQUEST("Bash", "{}"), "allow-session", NULL,
		  RESPONSE("{\"behavior\":\"allow\",\"updatedInput\":{}}") },
		{ REQUEST("AskUserQuestion", QUESTION), "allow", "blue\nlarge",
		  RESPONSE(ANSWERED("{\"Colour?\":\"Blue\",\"Size?\":\"large\"}")) },
		{ REQUEST("AskUserQuestion", QUESTION), "allow", "1\n2",
		  RESPONSE(ANSWERED("{\"Colour?\":\"Red\",\"Size?\":\"2\"}")) },
		{ REQUEST("AskUserQuestion", QUESTION), "allow", "3",
		  RESPONSE(ANSWERED("{\"Colour?\":\"3\",\"Size?\":\"3\"}")) },
		{ REQUEST("AskUserQuestion", QUESTION), "allow", NULL,
		  RESPONSE(ANSWERED("{\"Colour?\":\"No preference: decide yourself and say what you chose.\",\"Size?\":\"No preference: decide yourself and say what you chose.\"}")) },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *line = agent_claude.answer(
		    "k", "r1", rows[i].raw, rows[i].decision, rows[i].text);

		assert_string_equal(line, rows[i].line);
	}
}

static void
nothing_is_granted_beyond_the_session(void **state)
{
	static const char raw[] =
	    "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{\"subtype\":"
	    "\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{},\"permission_suggestions\":"
	    "[7,{\"type\":\"addRules\",\"destination\":\"localSettings\"}]}}";
	AUTO_FREE char *once = agent_claude.answer("k", "r1", raw, "allow", NULL);
	AUTO_FREE char *more = agent_claude.answer(
	    "k", "r1", raw, "allow-session", NULL);

	assert_null(strstr(once, "updatedPermissions"));
	assert_non_null(
	    strstr(more, "{\"type\":\"addRules\",\"destination\":\"session\"}"));
	assert_null(strstr(more, "localSettings"));
}

static void
a_request_of_an_unknown_kind_is_declined_as_an_error(void **state)
{
	static const char raw[] = "{\"type\":\"control_request\",\"request_id\":\"r1\","
				  "\"request\":{\"subtype\":\"elicitation\"}}";
	AUTO_FREE char *line = agent_claude.answer("k", "r1", raw, "allow", NULL);

	assert_string_equal(line,
	    "{\"type\":\"control_response\",\"response\":{\"subtype\":\"error\","
	    "\"request_id\":\"r1\",\"error\":\"not supported here\"}}");
}

static void
what_is_no_request_cannot_be_answered(void **state)
{
	assert_null(agent_claude.answer("k", "r1", NULL, "deny", NULL));
	assert_null(agent_claude.answer("k", "r1", "", "deny", NULL));
	assert_null(agent_claude.answer("k", "r1", "{\"request\":7", "deny", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_made_from_the_request_alone),
		cmocka_unit_test(nothing_is_granted_beyond_the_session),
		cmocka_unit_test(a_request_of_an_unknown_kind_is_declined_as_an_error),
		cmocka_unit_test(what_is_no_request_cannot_be_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
