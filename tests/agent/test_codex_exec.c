#include "agent/agent.h"

#include "base/mem.h"
#include "seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define THREAD "01a202e2-2d30-79d2-bd84-b5d2be655040"

static struct agent_launch
launch_as(const char *mode)
{
	return (struct agent_launch){ .adapter = "codex-exec",
		.launch_as = mode,
		.prompt = "-do it",
		.prompt_key = "r1",
		.is_sandboxed = true };
}

static bool
has_arg(const struct run_spec *spec, const char *arg)
{
	for (size_t i = 0; i < spec->n_args; i++) {
		if (strcmp(spec->arg[i], arg) == 0)
			return true;
	}
	return false;
}

/* The prompt is the last word, behind "--": it can be no option of Codex or of the shell. */
static void
the_prompt_is_an_argument_that_is_no_option(void **state)
{
	struct agent_launch launch = launch_as("bypass");
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	launch.resume_id = THREAD;
	assert_int_equal(agent_codex_exec.command(&launch, &spec, &err), 0);
	assert_string_equal(spec.arg[spec.n_args - 1], "-do it");
	assert_string_equal(spec.arg[spec.n_args - 2], "--");
	assert_string_equal(spec.arg[spec.n_args - 3], THREAD);
	assert_string_equal(spec.arg[spec.n_args - 4], "resume");
	assert_true(has_arg(&spec, "danger-full-access"));
	run_spec_clear(&spec);
	launch.is_sandboxed = false;
	assert_int_equal(agent_codex_exec.command(&launch, &spec, &err), 0);
	assert_true(has_arg(&spec, "workspace-write"));
	run_spec_clear(&spec);
}

static void
what_it_cannot_do_is_refused_not_done_otherwise(void **state)
{
	static const char *const modes[] = { "plan", "ask", "", NULL };
	AUTO_FREE char *big = xcalloc(1, 200000);
	struct run_spec spec = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(modes); i++) {
		struct agent_launch launch = launch_as(modes[i]);
		struct err err = ERR_INIT;

		assert_int_equal(agent_codex_exec.command(&launch, &spec, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_int_equal(spec.n_args, 0);
	}
	memset(big, 'x', 199999);
	for (int i = 0; i < 2; i++) {
		struct agent_launch launch = launch_as("bypass");
		struct err err = ERR_INIT;

		if (i)
			launch.prompt = big;
		else
			launch.resume_id = "--last";
		assert_int_equal(agent_codex_exec.command(&launch, &spec, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(spec.n_args, 0);
	}
}

static void
every_line_gives_its_events(void **state)
{
	static const struct {
		const char *line, *events;
	} rows[] = {
		/* clang-format off */
		{ "{\"type\":\"thread.started\",\"thread_id\":\"" THREAD "\"}", "accepted " THREAD ": Codex\n" },
		{ "{\"type\":\"thread.started\"}", "failed: Codex opened a thread without an id\n" },
		{ "{\"type\":\"turn.started\"}", "" },
		{ "{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\"hello\"}}", "say: hello\n\n" },
		{ "{\"type\":\"item.started\",\"item\":{\"type\":\"command_execution\",\"command\":\"ls\"}}", "note: runs ls\n" },
		{ "{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"command_execution\",\"command\":\"ls\",\"exit_code\":0}}", "tool-worked i\n" },
		{ "{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"command_execution\",\"command\":\"ls\",\"exit_code\":2,\"aggregated_output\":\"no\"}}", "tool-failed i: exit 2: ls: no\n" },
		{ "{\"type\":\"item.completed\",\"item\":{\"type\":\"file_change\",\"status\":\"failed\"}}", "tool-failed: a change of files failed\n" },
		{ "{\"type\":\"item.updated\",\"item\":{\"type\":\"todo_list\",\"items\":[{\"text\":\"a\",\"completed\":true},{\"text\":\"b\",\"completed\":false}]}}", "progress 1/2: b\n" },
		{ "{\"type\":\"error\",\"message\":\"Reconnecting... 1/5 (500)\"}", "retry: Reconnecting... 1/5 (500)\n" },
		{ "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":7,\"output_tokens\":3}}", "usage -1 cents 7 in 3 out -1%\ndone: \n" },
		{ "{\"type\":\"turn.failed\",\"error\":{\"message\":\"gone\"}}", "failed: gone\n" },
		{ "{\"type\":\"turn.failed\"}", "failed: no reason given\n" },
		{ "Please log in", "note: Please log in\n" },
		{ "{\"type\":\"dance\"}", "note: {\"type\":\"dance\"}\n" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct seen seen = { 0 };

		seen_line(&seen, &agent_codex_exec, rows[i].line);
		if (strcmp(seen.text, rows[i].events) != 0)
			fail_msg("%s gives: %s", rows[i].line, seen.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_prompt_is_an_argument_that_is_no_option),
		cmocka_unit_test(what_it_cannot_do_is_refused_not_done_otherwise),
		cmocka_unit_test(every_line_gives_its_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
