#include "agent/agent.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seen.h"

#include <string.h>

/* The Agent Client Protocol: INTERFACES 9, RUNS 1.8; lines as agents print them, shortened. */

#define REPLY(id, result) \
	"{\"jsonrpc\":\"2.0\",\"id\":\"" id "\",\"result\":" result "}"
#define WRONG(id, code, text)                                              \
	"{\"jsonrpc\":\"2.0\",\"id\":\"" id "\",\"error\":{\"code\":" code \
	",\"message\":\"" text "\"}}"
#define UPDATE(kind, more)                                                \
	"{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{" \
	"\"sessionId\":\"s1\",\"update\":{\"sessionUpdate\":\"" kind "\"" more "}}}"
#define CHUNK(text)                   \
	UPDATE("agent_message_chunk", \
	    ",\"content\":{\"type\":\"text\",\"text\":\"" text "\"}")
#define ASKED(call)                                                                \
	"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"session/request_permission\"," \
	"\"params\":{\"sessionId\":\"s1\",\"toolCall\":" call ",\"options\":["     \
	"{\"optionId\":\"always\",\"name\":\"A\",\"kind\":\"allow_always\"},"      \
	"{\"optionId\":\"once\",\"name\":\"O\",\"kind\":\"allow_once\"},"          \
	"{\"optionId\":\"no\",\"name\":\"N\",\"kind\":\"reject_once\"}]}}"

static void
every_line_gives_its_events(void **state)
{
	static const struct {
		const char *line, *events;
	} rows[] = {
		/* clang-format off */
		{ REPLY("initialize", "{\"protocolVersion\":1,\"agentInfo\":{\"name\":\"a\",\"version\":\"2\"},\"agentCapabilities\":{\"loadSession\":true}}"),
		  "note: a 2\nstep session\n" },
		{ REPLY("initialize", "{\"protocolVersion\":2}"),
		  "failed: it speaks version 2 of the protocol, divisi speaks 1\n" },
		{ REPLY("initialize", "7"), "failed: it speaks version 0 of the protocol, divisi speaks 1\n" },
		/* Its id is known before anything else is sent (CONTRACTS 2). */
		{ REPLY("session", "{\"sessionId\":\"s1\"}"), "accepted s1: \nstep mode-anew\n" },
		{ REPLY("session", "{}"), "failed: it opened a session without an id\n" },
		{ REPLY("resume", "{}"), "accepted: \nstep mode-resumed\n" },
		{ WRONG("resume", "-32002", "not found"), "note: its session could not be had again: not found\nstep anew\n" },
		{ WRONG("session", "-32000", "Authentication required"),
		  "failed: it asks for a login first: Authentication required; run it once by hand and log in\n" },
		{ REPLY("mode-anew", "{}"), "step prompt\n" },
		{ WRONG("mode-anew", "1", "no such mode"), "note: its mode cannot be set: no such mode\nstep mode-refused\n" },
		{ REPLY("prompt", "{\"stopReason\":\"end_turn\"}"), "done: \n" },
		{ REPLY("say/p1.1.1A.r1/3", "{\"stopReason\":\"end_turn\"}"), "done: \n" },
		{ REPLY("prompt", "{\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":900,\"cachedReadTokens\":2700,\"outputTokens\":126}}"),
		  "usage -1 cents 3600 in 126 out -1%\ndone: \n" },
		{ REPLY("prompt", "{\"stopReason\":\"end_turn\",\"_meta\":{\"quota\":{\"token_count\":{\"input_tokens\":36,\"output_tokens\":1}}}}"),
		  "usage -1 cents 36 in 1 out -1%\ndone: \n" },
		{ REPLY("prompt", "{\"stopReason\":\"cancelled\"}"), "failed: its turn was cancelled\n" },
		{ REPLY("prompt", "{\"stopReason\":\"refusal\"}"), "failed: the model refused to go on\n" },
		{ REPLY("prompt", "{}"), "failed: its turn ended for no known reason ()\n" },
		{ WRONG("prompt", "-32603", "HTTP 429 Too Many Requests"),
		  "limit until 0: HTTP 429 Too Many Requests\nfailed: HTTP 429 Too Many Requests\n" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"prompt\",\"error\":{\"code\":-32603,\"message\":\"Internal error\",\"data\":{\"details\":\"status 500\"}}}",
		  "failed: Internal error: status 500\n" },
		/* A reply to nothing we asked. */
		{ REPLY("other", "{\"stopReason\":\"end_turn\"}"), "" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"stopReason\":\"end_turn\"}}", "" },
		{ CHUNK("Session"), "say: Session\n" },
		{ UPDATE("agent_thought_chunk", ",\"content\":{\"type\":\"text\",\"text\":\"hm\"}"), "" },
		{ UPDATE("tool_call", ",\"kind\":\"execute\",\"title\":\"Commit\",\"rawInput\":{\"command\":\"git commit\"}"), "tool: execute: git commit\n" },
		{ UPDATE("tool_call", ",\"kind\":\"edit\",\"title\":\"Writing a\""), "tool: edit: Writing a\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"failed\",\"content\":[{\"type\":\"content\",\"content\":{\"type\":\"text\",\"text\":\"no\"}}]"), "tool-failed: no\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"completed\""), "tool-worked\n" },
		/* Copilot, OpenCode, Gemini: a command that ended with another status than 0 */
		{ UPDATE("tool_call_update", ",\"status\":\"completed\",\"content\":[{\"type\":\"content\",\"content\":{\"type\":\"text\",\"text\":\"bad\\n<shellId: 3 completed with exit code 2>\"}}],\"rawOutput\":{\"contents\":[{\"type\":\"shell_exit\",\"exitCode\":2}]}"), "tool-failed: bad\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"completed\",\"content\":[{\"type\":\"content\",\"content\":{\"type\":\"text\",\"text\":\"bad\"}}],\"rawOutput\":{\"metadata\":{\"exit\":1}}"), "tool-failed: bad\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"completed\",\"kind\":\"execute\",\"content\":[{\"type\":\"content\",\"content\":{\"type\":\"text\",\"text\":\"Output: bad\\nExit Code: 2\\nProcess Group PGID: 26\"}}]"), "tool-failed: Output: bad Exit Code: 2\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"completed\",\"rawOutput\":{\"contents\":[{\"type\":\"shell_exit\",\"exitCode\":0}]}"), "tool-worked\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"in_progress\",\"rawOutput\":{\"exitCode\":1}"), "" },
		/* OpenCode: what a call is about is told after it began */
		{ UPDATE("tool_call_update", ",\"status\":\"in_progress\",\"kind\":\"execute\",\"title\":\"bash\",\"rawInput\":{\"command\":\"ls\"}"), "tool: execute: ls\n" },
		{ UPDATE("tool_call_update", ",\"status\":\"in_progress\",\"kind\":\"edit\",\"title\":\"write\",\"rawInput\":{\"filePath\":\"/w/a\"}"), "tool: edit: /w/a\n" },
		{ UPDATE("plan", ",\"entries\":[{\"content\":\"a\",\"status\":\"completed\"},{\"content\":\"b\",\"status\":\"in_progress\"}]"), "progress 1/2: b\n" },
		{ UPDATE("current_mode_update", ",\"currentModeId\":\"plan\""), "note: its mode is now plan\n" },
		{ UPDATE("usage_update", ",\"used\":500,\"size\":1000,\"cost\":{\"amount\":0.0252,\"currency\":\"USD\"}"), "usage 3 cents -1 in -1 out 50%\n" },
		{ UPDATE("usage_update", ",\"used\":500,\"size\":0,\"cost\":{\"amount\":1,\"currency\":\"EUR\"}"), "" },
		{ UPDATE("available_commands_update", ",\"availableCommands\":[]"), "" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel_request\",\"params\":{\"requestId\":3}}", "ask-gone 3\n" },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"_auth/status_update\",\"params\":{}}", "" },
		{ ASKED("{\"title\":\"Commit the file\",\"kind\":\"execute\",\"rawInput\":{\"command\":\"git commit\"}}"),
		  "ask permission 3: Commit the file: git commit\n" },
		{ ASKED("{\"title\":\"git commit\",\"kind\":\"execute\",\"rawInput\":{\"command\":\"git commit\"}}"),
		  "ask permission 3: git commit\n" },
		{ ASKED("{\"title\":\"Ready to code?\",\"kind\":\"switch_mode\",\"rawInput\":{\"plan\":\"# Plan\"}}"),
		  "ask plan 3: Ready to code?\n" },
		{ ASKED("7"), "ask permission 3: a permission\n" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"fs/read_text_file\",\"params\":{}}",
		  "ask question x: fs/read_text_file (cannot be granted, only declined)\n" },
		{ "not JSON", "note: not JSON\n" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));

		seen_line(seen, &agent_acp, rows[i].line);
		if (strcmp(seen->text, rows[i].events) != 0)
			fail_msg("%s\ngives: %s", rows[i].line, seen->text);
	}
}

/* What is approved is shown in full. */
static void
a_permission_shows_all_that_would_be_done(void **state)
{
	AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));

	(void)state;
	seen_line(seen, &agent_acp,
	    ASKED("{\"title\":\"Create file\",\"rawInput\":{\"fileName\":\"/w/a\"},"
		  "\"content\":[{\"type\":\"diff\",\"path\":\"/w/a\",\"newText\":"
		  "\"one\\ntwo\"},{\"type\":\"content\",\"content\":{\"type\":"
		  "\"text\",\"text\":\"because\"}}]}"));
	assert_string_equal(seen->detail,
	    "Create file\nfileName: /w/a\n/w/a becomes:\n    one\n    two\nbecause\n");
}

static void
an_answer_takes_the_option_of_its_kind(void **state)
{
	static const char offered[] = ASKED("{\"title\":\"t\"}");
	static const char none[] =
	    "{\"id\":3,\"method\":\"session/request_permission\",\"params\":{}}";
	static const struct {
		const char *raw, *decision, *outcome;
	} rows[] = {
		/* clang-format off */
		{ offered, "allow", "{\"outcome\":\"selected\",\"optionId\":\"once\"}" },
		{ offered, "allow-session", "{\"outcome\":\"selected\",\"optionId\":\"always\"}" },
		{ offered, "deny", "{\"outcome\":\"selected\",\"optionId\":\"no\"}" },
		/* A decision nobody knows allows nothing; nor does what is not offered. */
		{ offered, "Allow", "{\"outcome\":\"selected\",\"optionId\":\"no\"}" },
		{ none, "allow", "{\"outcome\":\"cancelled\"}" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *want = xasprintf(
		    "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"outcome\":%s}}",
		    rows[i].outcome);
		AUTO_FREE char *line = agent_acp.answer(
		    "k", "3", rows[i].raw, rows[i].decision, NULL);

		assert_string_equal(line, want);
	}
	AUTO_FREE char *refused = agent_acp.answer(
	    "k", "x", "{\"id\":\"x\",\"method\":\"fs/read_text_file\"}", "allow", NULL);

	assert_non_null(strstr(refused, "\"error\""));
	assert_null(agent_acp.answer("k", "x", "junk", "allow", NULL));
}

static struct agent_launch
launch_of(const char *adapter, const char *mode)
{
	return (struct agent_launch){ .adapter = adapter,
		.launch_as = mode,
		.prompt = "do it",
		.prompt_key = "r1",
		.cwd = "/w" };
}

/* RUNS 1.8: offered files or terminals, some agents write through the client. */
static void
it_offers_no_files_and_no_terminals(void **state)
{
	struct agent_launch launch = launch_of("acp", "ask");
	struct agent_input input = { 0 };

	(void)state;
	agent_acp.open(&launch, &input);
	assert_int_equal(input.n, 1);
	assert_non_null(strstr(input.item[0].line,
	    "\"clientCapabilities\":{\"fs\":{\"readTextFile\":false,"
	    "\"writeTextFile\":false},\"terminal\":false}"));
	agent_input_clear(&input);
}

static void
every_agent_is_set_to_the_mode_that_its_launch_needs(void **state)
{
	static const char gemini[] =
	    "{\"modes\":[\"default\",\"autoEdit\",\"yolo\",\"plan\"],\"options\":{}}";
	static const char copilot[] =
	    "{\"modes\":[],\"options\":{\"allow_all\":[\"on\",\"off\"]}}";
	static const char opencode[] =
	    "{\"modes\":[],\"options\":{\"mode\":[\"build\",\"plan\"]}}";
	static const struct {
		const char *adapter, *mode, *offered, *line;
	} rows[] = {
		/* clang-format off */
		{ "gemini", "bypass", gemini, "\"method\":\"session/set_mode\",\"params\":{\"sessionId\":\"s1\",\"modeId\":\"yolo\"}" },
		{ "gemini", "ask", gemini, "\"modeId\":\"default\"" },
		{ "gemini", "plan", gemini, "\"modeId\":\"plan\"" },
		{ "copilot", "bypass", copilot, "\"method\":\"session/set_config_option\",\"params\":{\"sessionId\":\"s1\",\"configId\":\"allow_all\",\"value\":\"on\"}" },
		{ "opencode", "bypass", opencode, "\"configId\":\"mode\",\"value\":\"build\"" },
		{ "codex-acp", "bypass", "{\"modes\":[\"read-only\",\"auto\",\"full-access\"]}", "\"modeId\":\"auto\"" },
		/* Under Ask its policy is a setting; none of its modes asks (see acp_agents.c). */
		{ "codex-acp", "ask", "{\"modes\":[\"read-only\",\"auto\",\"full-access\"]}", "\"method\":\"session/prompt\"" },
		{ "acp", "plan", "{\"modes\":[\"code\",\"architect\"]}", "\"modeId\":\"architect\"" },
		/* Where it offers nothing, Bypass and Ask begin: what it asks a person answers. */
		{ "acp", "bypass", "{\"modes\":[]}", "\"method\":\"session/prompt\"" },
		{ "acp", "ask", "rubbish", "\"method\":\"session/prompt\"" },
		/* But Plan does not. */
		{ "acp", "plan", "{\"modes\":[\"code\"]}", NULL },
		/* clang-format on */
	};
	static const struct agent_talk talk = { "s1", "" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct agent_launch launch = launch_of(rows[i].adapter, rows[i].mode);
		struct err err = ERR_INIT;
		AUTO_FREE char *line = agent_acp.step(
		    &launch, &talk, "mode-anew", rows[i].offered, &err);

		if (!rows[i].line) {
			assert_null(line);
			continue;
		}
		if (!line || !strstr(line, rows[i].line))
			fail_msg("%s %s: %s", rows[i].adapter, rows[i].mode,
			    line ? line : err.text);
	}
}

static void
a_mode_that_cannot_be_set_ends_ask_and_plan_but_not_bypass(void **state)
{
	static const struct agent_talk talk = { "s1", "" };
	struct agent_launch ask = launch_of("acp", "ask"),
			    bypass = launch_of("acp", "bypass");
	struct err err = ERR_INIT;

	(void)state;
	assert_null(agent_acp.step(&ask, &talk, "mode-refused", "anew why", &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	AUTO_FREE char *line = agent_acp.step(
	    &bypass, &talk, "mode-refused", "anew why", &err);

	assert_non_null(strstr(line, "\"text\":\"do it\""));
}

/* CONTRACTS 2: resumed where the agent can, else a new session that is told everything. */
static void
a_session_is_taken_up_as_the_agent_can(void **state)
{
	static const struct {
		const char *can, *method;
	} rows[] = { { "resume", "session/resume" }, { "load", "session/load" },
		{ "", "session/new" } };
	static const struct agent_talk talk = { "s1", "" };
	struct agent_launch launch = launch_of("acp", "ask");
	struct err err = ERR_INIT;

	(void)state;
	launch.resume_id = "s0";
	launch.prompt = "go on";
	launch.prompt_anew = "everything";
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *line = agent_acp.step(
		    &launch, &talk, "session", rows[i].can, &err);

		assert_non_null(strstr(line, rows[i].method));
		assert_int_equal(
		    strstr(line, "\"s0\"") != NULL, rows[i].can[0] != '\0');
	}
	AUTO_FREE char *on = agent_acp.step(&launch, &talk, "prompt", "resumed", &err);
	AUTO_FREE char *anew = agent_acp.step(&launch, &talk, "prompt", "anew", &err);

	assert_non_null(strstr(on, "go on"));
	assert_non_null(strstr(anew, "everything"));
}

/* RUNS 1.3: the plan mode of some still runs commands. */
static void
a_plan_mode_that_does_not_hold_is_refused(void **state)
{
	static const struct {
		const char *adapter;
		bool holds;
	} rows[] = { { "gemini", true }, { "opencode", false }, { "copilot", false },
		{ "claude-acp", true }, { "codex-acp", true } };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct agent_launch launch = launch_of(rows[i].adapter, "plan");
		struct run_spec spec = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(
		    agent_acp.command(&launch, &spec, &err), rows[i].holds ? 0 : -1);
		if (!rows[i].holds)
			assert_non_null(strstr(err.text, "does not hold"));
		run_spec_clear(&spec);
	}
}

static void
what_cannot_be_launched_is_refused(void **state)
{
	struct agent_launch launch = launch_of("gemini", "yolo");
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(agent_gemini.command(&launch, &spec, &err), -1);
	launch = launch_of("acp", "ask");
	assert_int_equal(agent_acp.command(&launch, &spec, &err), -1);
	launch.program = "/bin/agent";
	launch.resume_id = "a\nb";
	assert_int_equal(agent_acp.command(&launch, &spec, &err), -1);
	assert_int_equal(spec.n_args, 0);
}

static void
what_the_person_set_themselves_wins(void **state)
{
	struct agent_launch launch = launch_of("opencode", "ask");
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	run_spec_add_env(&spec, "OPENCODE_PERMISSION", "{}");
	assert_int_equal(agent_opencode.command(&launch, &spec, &err), 0);
	assert_int_equal(spec.n_env, 1);
	assert_string_equal(spec.env[0], "OPENCODE_PERMISSION={}");
	assert_string_equal(spec.arg[1], "acp");
	run_spec_clear(&spec);
}

/* Measured with the real programs: what the engine does for one it does not for another. */
static void
every_agent_has_the_traits_that_were_seen(void **state)
{
	static const struct {
		const struct agent *agent;
		bool cannot_commit, stops_at_no, hides_git_config;
	} rows[] = {
		{ &agent_acp, false, false, false },
		{ &agent_gemini, false, false, true },
		{ &agent_opencode, false, true, false },
		{ &agent_copilot, false, true, false },
		{ &agent_claude_acp, false, false, false },
		{ &agent_codex_acp, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		const struct agent *a = rows[i].agent;

		if (a->cannot_commit != rows[i].cannot_commit ||
		    a->stops_at_no != rows[i].stops_at_no ||
		    a->hides_git_config != rows[i].hides_git_config)
			fail_msg("%s", a->name);
	}
}

static void
words_and_interrupts_need_a_session(void **state)
{
	static const struct agent_talk none = { "", "" }, some = { "s1", "" };

	(void)state;
	assert_null(agent_acp.say(&none, "say/1", "hello"));
	assert_null(agent_acp.interrupt(&none, "k"));
	AUTO_FREE char *stop = agent_acp.interrupt(&some, "k");
	AUTO_FREE char *say = agent_acp.say(&some, "say/1", "hello");

	assert_string_equal(stop,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"session/cancel\",\"params\":{"
	    "\"sessionId\":\"s1\"}}");
	assert_non_null(strstr(say, "\"id\":\"say/1\",\"method\":\"session/prompt\""));
}

/* Copilot ends a turn well whose calls to the model failed; lines as 1.0.102 prints them. */
static void
copilot_says_in_words_what_failed(void **state)
{
	static const struct {
		const char *line, *events;
	} rows[] = {
		/* clang-format off */
		{ CHUNK("Info: Request failed due to a transient API error. Retrying..."),
		  "retry: Info: Request failed due to a transient API error. Retrying...\n" },
		{ CHUNK("Error: 400 the model said no"),
		  "say: Error: 400 the model said no\nfailed: Error: 400 the model said no\n" },
		{ CHUNK("Error: Authentication failed with provider (HTTP 401)."),
		  "say: Error: Authentication failed with provider (HTTP 401).\n"
		  "failed: Error: Authentication failed with provider (HTTP 401).\n" },
		{ CHUNK("Error: Failed to get response from the AI model; Last error: 429 slow"),
		  "say: Error: Failed to get response from the AI model; Last error: 429 slow\n"
		  "limit until 0: Error: Failed to get response from the AI model; Last error: 429 slow\n"
		  "failed: Error: Failed to get response from the AI model; Last error: 429 slow\n" },
		/* What the model says of errors is what it says. */
		{ CHUNK("Error: undeclared variable in line 400"),
		  "say: Error: undeclared variable in line 400\n" },
		{ CHUNK("An Error: 400 was logged"), "say: An Error: 400 was logged\n" },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct seen seen = { 0 };

		seen_line(&seen, &agent_copilot, rows[i].line);
		assert_string_equal(seen.text, rows[i].events);
		seen_clear(&seen);
		seen_line(&seen, &agent_gemini, rows[i].line);
		assert_int_equal(seen.n_of[AGENT_FAILED], 0);
	}
}

/* Nobody is asked for what was allowed already, and is done. */
static void
opencode_tells_of_its_edits_as_if_it_asked(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	seen_line(&seen, &agent_opencode,
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"fs/write_text_file\",\"params\":"
	    "{\"sessionId\":\"s\",\"path\":\"/w/a\",\"content\":\"x\"}}");
	assert_string_equal(seen.text, "note: it wrote /w/a\n");
	seen_clear(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_gives_its_events),
		cmocka_unit_test(copilot_says_in_words_what_failed),
		cmocka_unit_test(opencode_tells_of_its_edits_as_if_it_asked),
		cmocka_unit_test(a_permission_shows_all_that_would_be_done),
		cmocka_unit_test(an_answer_takes_the_option_of_its_kind),
		cmocka_unit_test(it_offers_no_files_and_no_terminals),
		cmocka_unit_test(every_agent_is_set_to_the_mode_that_its_launch_needs),
		cmocka_unit_test(
		    a_mode_that_cannot_be_set_ends_ask_and_plan_but_not_bypass),
		cmocka_unit_test(a_session_is_taken_up_as_the_agent_can),
		cmocka_unit_test(a_plan_mode_that_does_not_hold_is_refused),
		cmocka_unit_test(what_cannot_be_launched_is_refused),
		cmocka_unit_test(what_the_person_set_themselves_wins),
		cmocka_unit_test(every_agent_has_the_traits_that_were_seen),
		cmocka_unit_test(words_and_interrupts_need_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
