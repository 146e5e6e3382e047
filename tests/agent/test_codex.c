#include "agent/agent.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seen.h"

#include <string.h>

/* Codex's app-server: SPEC 2.22, RUNS 1.6; lines as 0.169.0 prints them, shortened. */

#define THREAD "01a204e0-94d6-7022-93ff-749ff8de40eb"
#define ERROR(info)                                                             \
	"{\"method\":\"turn/completed\",\"params\":{\"threadId\":\"t\","        \
	"\"turn\":{\"id\":\"u\",\"items\":[],\"status\":\"failed\",\"error\":{" \
	"\"message\":\"no\",\"codexErrorInfo\":" info "}}}}"
#define ASKED(method, params) \
	"{\"method\":\"" method "\",\"id\":0,\"params\":" params "}"
#define RESULT(inner) "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":" inner "}"

static void
every_line_gives_its_events(void **state)
{
	static const struct {
		const char *line, *events;
	} rows[] = {
		/* clang-format off */
		{ "{\"id\":\"initialize\",\"result\":{\"userAgent\":\"divisi/0.169.0\"}}",
		  "note: divisi/0.169.0\nstep initialized\nstep thread\n" },
		{ "{\"id\":\"initialize\",\"error\":{\"code\":1,\"message\":\"no\"}}", "failed: no\n" },
		/* Its id is known before anything else is sent (CONTRACTS 2). */
		{ "{\"id\":\"thread\",\"result\":{\"thread\":{\"id\":\"" THREAD "\",\"cliVersion\":\"0.169.0\"},\"model\":\"m\"}}",
		  "accepted " THREAD ": m, Codex 0.169.0\nstep name\nstep turn\n" },
		{ "{\"id\":\"resume\",\"result\":{\"thread\":{\"id\":\"" THREAD "\"},\"model\":\"m\"}}",
		  "accepted " THREAD ": m, Codex \nstep name\nstep turn\n" },
		{ "{\"id\":\"resume\",\"error\":{\"code\":-32600,\"message\":\"no rollout found\"}}",
		  "note: the thread could not be resumed: no rollout found\nstep anew\n" },
		{ "{\"id\":\"thread\",\"result\":{}}", "failed: Codex opened a thread without an id\nstep turn\n" },
		{ "{\"id\":\"turn\",\"error\":{\"code\":1,\"message\":\"busy\"}}", "failed: busy\n" },
		{ "{\"id\":\"say/p1.1.1A.r1/2\",\"error\":{\"code\":1,\"message\":\"busy\"}}",
		  "note: Codex did not take say/p1.1.1A.r1/2: busy\n" },
		{ "{\"id\":\"turn\",\"result\":{\"turn\":{\"id\":\"u\"}}}", "" },
		{ "{\"method\":\"turn/started\",\"params\":{\"threadId\":\"t\",\"turn\":{\"id\":\"u1\"}}}", "turn u1\n" },
		{ "{\"method\":\"item/completed\",\"params\":{\"item\":{\"type\":\"agentMessage\",\"text\":\"Session started, hello\"}}}",
		  "say: Session started, hello\nconfirmed: Session started\n" },
		{ "{\"method\":\"item/agentMessage/delta\",\"params\":{\"delta\":\"Session started\"}}", "" },
		{ "{\"method\":\"item/started\",\"params\":{\"item\":{\"type\":\"commandExecution\",\"command\":\"ls\\nrm\"}}}",
		  "note: runs ls rm\n" },
		{ "{\"method\":\"item/completed\",\"params\":{\"item\":{\"type\":\"commandExecution\",\"command\":\"ls\",\"exitCode\":2}}}",
		  "tool-failed: exit 2: ls\n" },
		{ "{\"method\":\"item/completed\",\"params\":{\"item\":{\"type\":\"commandExecution\",\"command\":\"ls\",\"exitCode\":0}}}", "tool-worked\n" },
		{ "{\"method\":\"item/completed\",\"params\":{\"item\":{\"type\":\"commandExecution\",\"command\":\"rm\",\"status\":\"declined\"}}}",
		  "note: declined: rm\n" },
		{ "{\"method\":\"item/started\",\"params\":{\"item\":{\"type\":\"fileChange\",\"changes\":[{\"path\":\"a\",\"diff\":\"+x\\n+y\"}]}}}",
		  "say: changes a\n    +x\n    +y\n\n" },
		{ "{\"method\":\"turn/plan/updated\",\"params\":{\"plan\":[{\"step\":\"a\",\"status\":\"completed\"},{\"step\":\"b\",\"status\":\"inProgress\"}]}}",
		  "progress 1/2: b\n" },
		{ "{\"method\":\"thread/tokenUsage/updated\",\"params\":{\"tokenUsage\":{\"total\":{\"inputTokens\":3600,\"outputTokens\":126},\"last\":{\"totalTokens\":1242},\"modelContextWindow\":2484}}}",
		  "usage -1 cents 3600 in 126 out 50%\n" },
		{ "{\"method\":\"account/rateLimits/updated\",\"params\":{\"rateLimits\":{\"rateLimitReachedType\":null}}}", "" },
		{ "{\"method\":\"account/rateLimits/updated\",\"params\":{\"rateLimits\":{\"primary\":{\"usedPercent\":100,\"resetsAt\":1795378158},\"secondary\":{\"usedPercent\":3,\"resetsAt\":1895378158},\"rateLimitReachedType\":\"rate_limit_reached\"}}}",
		  "limit until 1795378158000: usage limit reached: rate_limit_reached\n" },
		{ "{\"method\":\"error\",\"params\":{\"error\":{\"message\":\"gone\",\"codexErrorInfo\":{\"responseStreamDisconnected\":{\"httpStatusCode\":500}}},\"willRetry\":true}}",
		  "note: model unavailable, tries again: responseStreamDisconnected, HTTP 500: gone\n" },
		{ "{\"method\":\"turn/completed\",\"params\":{\"turn\":{\"items\":[{\"type\":\"agentMessage\",\"text\":\"All done.\"}],\"status\":\"completed\"}}}",
		  "done: All done.\n" },
		{ "{\"method\":\"turn/completed\",\"params\":{\"turn\":{\"items\":[],\"status\":\"interrupted\"}}}", "failed: its turn was interrupted\n" },
		{ "{\"method\":\"turn/completed\",\"params\":{}}", "failed: its turn was \n" },
		{ ERROR("\"usageLimitExceeded\""), "limit until 0: usageLimitExceeded: no\nfailed: usageLimitExceeded: no\n" },
		{ ERROR("{\"responseTooManyFailedAttempts\":{\"httpStatusCode\":429}}"),
		  "limit until 0: responseTooManyFailedAttempts, HTTP 429: no\nfailed: responseTooManyFailedAttempts, HTTP 429: no\n" },
		{ ERROR("\"unauthorized\""), "failed: unauthorized: no\n" },
		/* The status stands in the word alone. */
		{ ERROR("\"internalServerError\""), "failed: internalServerError, HTTP 500: no\n" },
		{ ERROR("[1]"), "failed: no\n" },
		{ "{\"method\":\"serverRequest/resolved\",\"params\":{\"requestId\":7}}", "ask-gone 7\n" },
		{ "{\"method\":\"warning\",\"params\":{\"message\":\"hm\"}}", "note: hm\n" },
		{ "{\"method\":\"some/day\",\"params\":{}}", "" },
		{ "{\"hello\":1}", "note: {\"hello\":1}\n" },
		{ "Please log in", "note: Please log in\n" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));

		seen_line(seen, &agent_codex, rows[i].line);
		if (strcmp(seen->text, rows[i].events) != 0)
			fail_msg("%s\ngives: %s", rows[i].line, seen->text);
	}
}

/* What is approved is shown in full, and what it does not know it waits for, too. */
static void
every_request_is_a_question(void **state)
{
	static const struct {
		const char *line, *events, *detail;
	} rows[] = {
		/* clang-format off */
		{ ASKED("item/commandExecution/requestApproval", "{\"command\":\"rm -r a\\nb\",\"cwd\":\"/w\"}"),
		  "ask permission 0: run rm -r a b\n", "command: rm -r a\n    b\ncwd: /w\n" },
		{ ASKED("item/fileChange/requestApproval", "{\"reason\":\"more\"}"),
		  "ask permission 0: change the files it just named: more\n", "reason: more\n" },
		{ ASKED("item/tool/requestUserInput", "{\"questions\":[{\"id\":\"c\",\"question\":\"Which?\",\"options\":[{\"label\":\"Red\",\"description\":\"r\"}]}]}"),
		  "ask question 0: Which?\n", "Which?\n  1. Red: r\n" },
		{ ASKED("item/tool/call", "{}"), "ask question 0: item/tool/call (cannot be granted, only declined)\n", "" },
		{ "{\"method\":\"item/tool/call\",\"id\":null}", "", "" },
		{ "{\"method\":\"item/tool/call\",\"id\":[]}", "note: {\"method\":\"item/tool/call\",\"id\":[]}\n", "" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));

		seen_line(seen, &agent_codex, rows[i].line);
		if (strcmp(seen->text, rows[i].events) != 0 ||
		    strcmp(seen->detail, rows[i].detail) != 0)
			fail_msg("%s\ngives: %s\ndetail: %s", rows[i].line, seen->text,
			    seen->detail);
	}
}

static void
every_answer_is_made_from_the_request_alone(void **state)
{
	static const char command[] = ASKED(
	    "item/commandExecution/requestApproval", "{\"command\":\"ls\"}");
	static const char input[] = ASKED("item/tool/requestUserInput",
	    "{\"questions\":[{\"id\":\"c\",\"options\":[{\"label\":\"Red\"},"
	    "{\"label\":\"Blue\"}]},{\"id\":\"s\"}]}");
	static const char more[] = ASKED(
	    "item/permissions/requestApproval", "{\"permissions\":{\"network\":true}}");
	static const struct {
		const char *raw, *decision, *text, *line;
	} rows[] = {
		/* clang-format off */
		{ command, "allow", NULL, RESULT("{\"decision\":\"accept\"}") },
		{ command, "allow-session", NULL, RESULT("{\"decision\":\"acceptForSession\"}") },
		{ command, "deny", "no", RESULT("{\"decision\":\"decline\"}") },
		/* A decision nobody knows allows nothing. */
		{ command, "Allow", NULL, RESULT("{\"decision\":\"decline\"}") },
		{ input, "allow", "2\nlarge", RESULT("{\"answers\":{\"c\":{\"answers\":[\"Blue\"]},\"s\":{\"answers\":[\"large\"]}}}") },
		{ input, "allow", "green", RESULT("{\"answers\":{\"c\":{\"answers\":[\"green\"]},\"s\":{\"answers\":[\"green\"]}}}") },
		{ more, "allow", NULL, RESULT("{\"permissions\":{\"network\":true},\"scope\":\"turn\"}") },
		{ more, "deny", NULL, RESULT("{\"permissions\":{},\"scope\":\"turn\"}") },
		{ ASKED("x", "{}"), "allow", NULL,
		  "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-32601,\"message\":\"The supervisor does not grant this.\"}}" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *line = agent_codex.answer(
		    "k", "0", rows[i].raw, rows[i].decision, rows[i].text);

		assert_non_null(line);
		assert_string_equal(line, rows[i].line);
	}
	assert_null(agent_codex.answer("k", "0", NULL, "allow", NULL));
	assert_null(agent_codex.answer("k", "0", "{\"id\":1}", "allow", NULL));
}

static struct agent_launch
launch_as(const char *mode)
{
	return (struct agent_launch){ .adapter = "codex",
		.launch_as = mode,
		.name = "T-1: it",
		.prompt = "do it",
		.prompt_key = "r1",
		.cwd = "/w" };
}

static void
its_steps_lead_to_one_turn_with_the_prompt(void **state)
{
	static const struct agent_talk talk = { THREAD, "" };
	struct agent_launch launch = launch_as("ask");
	struct agent_input input = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	agent_codex.open(&launch, &input);
	assert_int_equal(input.n, 1);
	assert_string_equal(input.item[0].key, "r1:initialize");
	AUTO_FREE char *start = agent_codex.step(&launch, &talk, "thread", "", &err);
	AUTO_FREE char *name = agent_codex.step(&launch, &talk, "name", "", &err);
	AUTO_FREE char *turn = agent_codex.step(&launch, &talk, "turn", "anew", &err);

	assert_non_null(strstr(start, "\"method\":\"thread/start\""));
	assert_non_null(strstr(start, "\"approvalPolicy\":\"untrusted\""));
	assert_non_null(strstr(name, "\"name\":\"T-1: it\""));
	assert_non_null(strstr(turn, "\"threadId\":\"" THREAD "\""));
	assert_non_null(strstr(turn, "\"text\":\"do it\""));
	assert_null(agent_codex.step(&launch, &talk, "nonsense", "", &err));
	agent_input_clear(&input);
}

static void
a_resumed_thread_is_told_how_to_go_on_and_a_new_one_everything(void **state)
{
	static const struct agent_talk talk = { THREAD, "" };
	struct agent_launch launch = launch_as("bypass");
	struct err err = ERR_INIT;

	(void)state;
	launch.resume_id = THREAD;
	launch.prompt = "go on";
	launch.prompt_anew = "everything";
	AUTO_FREE char *resume = agent_codex.step(&launch, &talk, "thread", "", &err);
	AUTO_FREE char *on = agent_codex.step(&launch, &talk, "turn", "resumed", &err);
	AUTO_FREE char *start = agent_codex.step(&launch, &talk, "anew", "", &err);
	AUTO_FREE char *anew = agent_codex.step(&launch, &talk, "turn", "anew", &err);

	assert_non_null(strstr(resume, "\"method\":\"thread/resume\""));
	assert_non_null(strstr(on, "\"text\":\"go on\""));
	assert_non_null(strstr(start, "\"method\":\"thread/start\""));
	assert_non_null(strstr(anew, "\"text\":\"everything\""));
}

/* RUNS 1.6: its own sandbox is off only where another one holds. */
static void
its_sandbox_is_off_only_inside_another(void **state)
{
	static const struct {
		const char *mode;
		bool is_sandboxed;
		const char *sandbox;
	} rows[] = {
		{ "bypass", true, "\"danger-full-access\"" },
		{ "bypass", false, "\"workspace-write\"" },
		{ "ask", true, "\"danger-full-access\"" },
		{ "plan", true, "\"approvalPolicy\":\"untrusted\"" },
		{ "ask", false, "\"workspace-write\"" },
		{ "plan", false, "\"read-only\"" },
	};
	static const struct agent_talk talk = { "", "" };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct agent_launch launch = launch_as(rows[i].mode);

		launch.is_sandboxed = rows[i].is_sandboxed;
		AUTO_FREE char *line = agent_codex.step(
		    &launch, &talk, "thread", "", &err);

		if (!strstr(line, rows[i].sandbox))
			fail_msg("%s: %s", rows[i].mode, line);
	}
}

static void
what_cannot_be_launched_is_refused(void **state)
{
	struct agent_launch launch = launch_as("yolo");
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(agent_codex.command(&launch, &spec, &err), -1);
	launch = launch_as("ask");
	launch.resume_id = "--help";
	assert_int_equal(agent_codex.command(&launch, &spec, &err), -1);
	assert_int_equal(spec.n_args, 0);
	launch.resume_id = NULL;
	assert_int_equal(agent_codex.command(&launch, &spec, &err), 0);
	assert_string_equal(spec.arg[1], "app-server");
	run_spec_clear(&spec);
}

static void
an_interrupt_names_the_turn_and_words_need_a_thread(void **state)
{
	static const struct agent_talk none = { "", "" }, idle = { THREAD, "" },
				       busy = { THREAD, "u1" };

	(void)state;
	assert_null(agent_codex.say(&none, "say/1", "hello"));
	assert_null(agent_codex.interrupt(&idle, "k"));
	AUTO_FREE char *stop = agent_codex.interrupt(&busy, "k");
	AUTO_FREE char *say = agent_codex.say(&idle, "say/1", "hello");

	assert_string_equal(stop,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"k\",\"method\":\"turn/interrupt\","
	    "\"params\":{\"threadId\":\"" THREAD "\",\"turnId\":\"u1\"}}");
	assert_non_null(strstr(say, "\"id\":\"say/1\",\"method\":\"turn/start\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_gives_its_events),
		cmocka_unit_test(every_request_is_a_question),
		cmocka_unit_test(every_answer_is_made_from_the_request_alone),
		cmocka_unit_test(its_steps_lead_to_one_turn_with_the_prompt),
		cmocka_unit_test(
		    a_resumed_thread_is_told_how_to_go_on_and_a_new_one_everything),
		cmocka_unit_test(its_sandbox_is_off_only_inside_another),
		cmocka_unit_test(what_cannot_be_launched_is_refused),
		cmocka_unit_test(an_interrupt_names_the_turn_and_words_need_a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
