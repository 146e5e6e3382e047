#include "agent/agent.h"

#include "base/mem.h"
#include "seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void
every_message_of_the_protocol_becomes_its_event(void **state)
{
	static const struct {
		const char *line, *events;
	} rows[] = {
		/* clang-format off */
		{ "{\"type\":\"started\"}", "accepted: \n" },
		{ "{\"type\":\"say\",\"text\":\"a\\nb\"}", "say: a\nb\n" },
		{ "{\"type\":\"progress\",\"done\":2,\"total\":5,\"text\":\"half\"}", "progress 2/5: half\n" },
		{ "{\"type\":\"progress\"}", "progress 0/0: \n" },
		{ "{\"type\":\"progress\",\"done\":9,\"total\":5}", "progress 5/5: \n" },
		{ "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"permission\",\"text\":\"go?\"}", "ask permission q: go?\n" },
		{ "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"plan\",\"text\":\"p\",\"detail\":\"1\\n2\"}", "ask plan q: p\n" },
		{ "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"question\",\"text\":\"?\"}", "ask question q: ?\n" },
		{ "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"checkpoint\",\"text\":\"c\"}", "ask checkpoint q: c\n" },
		{ "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"cost\",\"text\":\"$9\"}", "ask cost q: $9\n" },
		{ "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"mood\",\"text\":\"?\"}", "ask question q: ?\n" },
		{ "{\"type\":\"usage\",\"cost_usd\":0.30000000000000004,\"input_tokens\":5,\"output_tokens\":6,\"context_pct\":41}", "usage 30 cents 5 in 6 out 41%\n" },
		{ "{\"type\":\"usage\",\"cost_usd\":1.5}", "usage 150 cents -1 in -1 out -1%\n" },
		{ "{\"type\":\"usage\",\"context_pct\":900,\"input_tokens\":1}", "usage -1 cents 1 in -1 out -1%\n" },
		{ "{\"type\":\"estimate\",\"cost_usd\":2}", "estimate 200 cents -1 in -1 out -1%\n" },
		{ "{\"type\":\"tool\",\"text\":\"make\",\"error\":\"no rule\\nat all\"}", "tool-failed: no rule at all\n" },
		{ "{\"type\":\"tool\",\"text\":\"make\"}", "tool-worked\n" },
		{ "{\"type\":\"done\",\"summary\":\"all well\"}", "done: all well\n" },
		{ "{\"type\":\"done\"}", "done: \n" },
		{ "{\"type\":\"failed\",\"reason\":\"no disk\"}", "failed: no disk\n" },
		{ "{\"type\":\"failed\"}", "failed: no reason given\n" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct seen seen = { 0 };

		seen_line(&seen, &agent_command, rows[i].line);
		assert_string_equal(seen.text, rows[i].events);
	}
}

static void
lies_and_garbage_are_one_note_each(void **state)
{
	static const char *const rows[] = { "", "\x1b[31mred", "{", "[]", "{}",
		"{\"type\":7}", "{\"type\":\"Done\"}",
		"{\"type\":\"dance\",\"with\":\"me\"}", "{\"type\":\"say\"}",
		"{\"type\":\"say\",\"text\":5}", "{\"type\":\"ask\",\"kind\":\"plan\"}",
		"{\"type\":\"ask\",\"id\":\"\"}", "{\"type\":\"ask\",\"id\":{}}",
		"{\"type\":\"tool\"}", "{\"type\":\"tool\",\"error\":\"x\"}",
		"{\"type\":\"usage\"}", "{\"type\":\"usage\",\"cost_usd\":-1}",
		"{\"type\":\"estimate\"}", "{\"type\":\"done\"}}",
		"{\"type\":\"done\"} {\"type\":\"done\"}" };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct seen seen = { 0 };

		seen_line(&seen, &agent_command, rows[i]);
		assert_int_equal(seen.n_events, 1);
		if (seen.n_of[AGENT_NOTE] != 1)
			fail_msg("%s gave %s", rows[i], seen.text);
	}
}

static void
a_line_above_a_megabyte_is_a_note(void **state)
{
	static const char head[] = "{\"type\":\"say\",\"text\":\"";
	size_t n = (1u << 20) + 1;
	AUTO_FREE char *line = xmalloc(n + 1);
	struct seen seen = { 0 };

	memset(line, 'x', n);
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + n - 2, "\"}", 3);
	seen_bytes(&seen, &agent_command, line, n);
	assert_int_equal(seen.n_of[AGENT_NOTE], 1);
	assert_true(seen.n < 1000);
}

static void
a_question_is_readable_in_full_before_it_is_answered(void **state)
{
	AUTO_FREE char *text = xcalloc(1, 1001);
	AUTO_FREE char *line = NULL;
	struct seen seen = { 0 };

	memset(text, 'w', 1000);
	line = xasprintf(
	    "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"plan\",\"text\":\"%s\"}", text);
	seen_line(&seen, &agent_command, line);
	assert_string_equal(seen.detail, text);
	assert_true(seen.n < 300);
}

static void
what_we_send_is_the_protocol_to_the_letter(void **state)
{
	struct agent_launch launch = { .prompt = "do \"it\"\nnow", .prompt_key = "k1" };
	struct agent_input input = { 0 };
	AUTO_FREE char *answer = agent_command.answer("k2", "q", NULL, "deny", "no");
	AUTO_FREE char *bare = agent_command.answer("k2", "q", NULL, "allow", NULL);
	AUTO_FREE char *more = agent_command.answer(
	    "k2", "q", NULL, "allow-session", NULL);
	AUTO_FREE char *say = agent_command.say(NULL, "k3", "a/b");
	AUTO_FREE char *interrupt = agent_command.interrupt(NULL, "k4");
	AUTO_FREE char *stop = agent_command.stop("k5");

	agent_command.open(&launch, &input);
	assert_int_equal(input.n, 1);
	assert_string_equal(input.item[0].key, "k1");
	assert_string_equal(input.item[0].line,
	    "{\"type\":\"prompt\",\"key\":\"k1\",\"text\":\"do \\\"it\\\"\\nnow\"}");
	assert_string_equal(answer,
	    "{\"type\":\"answer\",\"key\":\"k2\",\"ask\":\"q\",\"decision\":\"deny\",\"text\":\"no\"}");
	assert_string_equal(bare,
	    "{\"type\":\"answer\",\"key\":\"k2\",\"ask\":\"q\",\"decision\":\"allow\"}");
	assert_string_equal(more, bare);
	assert_string_equal(say, "{\"type\":\"say\",\"key\":\"k3\",\"text\":\"a/b\"}");
	assert_string_equal(interrupt, "{\"type\":\"interrupt\",\"key\":\"k4\"}");
	assert_string_equal(stop, "{\"type\":\"stop\",\"key\":\"k5\"}");
	agent_input_clear(&input);
}

static void
the_program_and_its_arguments_are_passed_as_they_are(void **state)
{
	static const char *const extra[] = { "-c", "run me; $(x)", NULL };
	struct agent_launch launch = { .program = "/bin/sh",
		.extra = extra,
		.tmp_dir = "/t",
		.launch_as = "ask",
		.name = "A-1: x",
		.budget_cents = 250 };
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	run_spec_add_env(&spec, "TMPDIR", "/elsewhere");
	assert_int_equal(agent_command.command(&launch, &spec, &err), 0);
	assert_int_equal(spec.n_args, 3);
	assert_string_equal(spec.arg[0], "/bin/sh");
	assert_string_equal(spec.arg[2], "run me; $(x)");
	assert_null(spec.arg[3]);
	assert_int_equal(spec.n_env, 4);
	assert_string_equal(spec.env[0], "TMPDIR=/t");
	assert_string_equal(spec.env[3], "DIVISI_BUDGET_CENTS=250");
	run_spec_clear(&spec);
}

static void
a_command_agent_without_a_program_is_refused_with_the_mend(void **state)
{
	struct agent_launch launch = { 0 };
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(agent_command.command(&launch, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_true(err.fix[0] != '\0');
	run_spec_clear(&spec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_of_the_protocol_becomes_its_event),
		cmocka_unit_test(lies_and_garbage_are_one_note_each),
		cmocka_unit_test(a_line_above_a_megabyte_is_a_note),
		cmocka_unit_test(a_question_is_readable_in_full_before_it_is_answered),
		cmocka_unit_test(what_we_send_is_the_protocol_to_the_letter),
		cmocka_unit_test(the_program_and_its_arguments_are_passed_as_they_are),
		cmocka_unit_test(
		    a_command_agent_without_a_program_is_refused_with_the_mend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
