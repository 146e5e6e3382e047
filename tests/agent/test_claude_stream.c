#include "agent/agent.h"

#include "base/mem.h"
#include "seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/*
 * Recorded runs of the real program (2.1.330; two of 2.1.197), shortened to what matters.
 * EVENTS are all but the notes; TEXT is part of the last event's text.
 */
#define WORK "accepted say say say confirmed usage done"

static const struct {
	const char *run, *events, *text;
} runs[] = {
	/* clang-format off */
	{ "claude-bare",             WORK, "done." },
	{ "claude-bwrap",            WORK, "done." },
	{ "claude-fail500-transient", WORK, "done." },
	{ "claude-hooks",            WORK, "done." },
	{ "claude-json",             "usage done", "done." },
	{ "claude-ok-allowedtools",  WORK, "done." },
	{ "claude-ok-bypass",        WORK, "done." },
	{ "claude-partial",          WORK, "done." },
	{ "claude-resume-fork",      WORK, "done." },
	{ "claude-resume-id",        WORK, "done." },
	{ "claude-worktree",         WORK, "done." },
	{ "claude197-ok",            WORK, "done." },
	/* What was denied is told although the program calls it a success. */
	{ "claude-drop",             WORK, "(1 permission was denied: Bash)" },
	{ "claude-ok-acceptedits",   WORK, "(1 permission was denied: Bash)" },
	{ "claude-ok-auto",          WORK, "(1 permission was denied: Bash)" },
	{ "claude-ok-default",       WORK, "(2 permissions were denied: Write, Bash)" },
	{ "claude-ok-dontask",       WORK, "(2 permissions were denied: Write, Bash)" },
	{ "claude-plan",             WORK, "(2 permissions were denied: Write, Bash)" },
	{ "claude-plan-writeattempt", WORK, "(2 permissions were denied: Write, Bash)" },
	{ "claude-resume-otherdir",  WORK, "(2 permissions were denied: Write, Bash)" },
	/* The control protocol. */
	{ "claude-ctl-allow",        "accepted say ask say ask say confirmed usage done", "done." },
	{ "claude-ctl-ask",          "accepted say ask say usage done", "Question handled" },
	{ "claude-ctl-deny",         "accepted say ask say ask say confirmed usage done", "(2 permissions were denied: Write, Bash)" },
	{ "claude-ctl-interrupt",    "accepted say usage failed", "aborted_streaming" },
	{ "claude-ctl-interrupt-tool", "accepted say ask usage failed", "aborted_tools" },
	{ "claude-ctl-plan",         "accepted say say say ask say ask say usage done", "Plan done." },
	{ "claude-ctl-plan-reject",  "accepted say say say ask say ask say usage done", "(2 permissions were denied: ExitPlanMode, Write)" },
	{ "claude-ctl-todo",         "accepted say ask say ask say confirmed usage done", "done." },
	{ "claude-ctl-twoturns",     "accepted say say ask say confirmed usage done accepted say say ask say confirmed usage done", "done." },
	/* "success" with is_error, exit status 1. */
	{ "claude-connrefused",      "accepted usage failed", "ECONNREFUSED" },
	{ "claude-fail400",          "accepted usage failed", "api_error, HTTP 400: " },
	{ "claude-fail401-default",  "accepted usage failed", "HTTP 401" },
	{ "claude-fail403",          "accepted usage failed", "HTTP 403" },
	{ "claude-fail404",          "accepted usage failed", "HTTP 404" },
	{ "claude-fail429-default",  "accepted limit limit limit limit limit limit limit limit limit limit usage limit failed", "HTTP 429" },
	{ "claude-fail429-retries2", "accepted limit limit usage limit failed", "HTTP 429" },
	{ "claude-fail500-default",  "accepted usage failed", "HTTP 500" },
	{ "claude-fail500-retries0", "accepted usage failed", "HTTP 500" },
	{ "claude-fail500-retries2", "accepted usage failed", "HTTP 500" },
	{ "claude-fail529-default",  "accepted usage failed", "HTTP 529" },
	{ "claude-fail529-retries2", "accepted usage failed", "HTTP 529" },
	{ "claude-nokey",            "accepted usage failed", "Not logged in" },
	/* Limits and refusals. */
	{ "claude-budget",           "accepted say say say say say usage failed", "error_max_budget_usd, budget_exhausted: Reached maximum budget ($5)" },
	{ "claude-maxturns",         "accepted say say say usage failed", "error_max_turns" },
	{ "claude-resume-name",      "usage failed", "matches 2 sessions" },
	{ "claude-resume-unknown",   "usage failed", "No conversation found" },
	/* Killed: no result line, so neither done nor failed, whatever the exit status. */
	{ "claude-fail401",          "accepted", "retry 9 of 10" },
	{ "claude197-fail401",       "accepted", "retry 9 of 10" },
	{ "claude-sighup-stream",    "accepted", "2.1.330" },
	{ "claude-sigkill-tool",     "accepted say", "Bash: tail -f" },
	{ "claude-sigterm-stream",   "accepted", "2.1.330" },
	{ "claude-sigterm-tool",     "accepted say", "Exit code 137" },
	/* SIGINT exits 0 with a result; it is a failure all the same. */
	{ "claude-sigint-stream",    "accepted say usage failed", "aborted_streaming" },
	{ "claude-sigint-tool",      "accepted say usage failed", "aborted_tools" },
	/* --output-format text: a line that is no JSON. */
	{ "claude-text",             "", "Session started" },
	/* clang-format on */
};

/* The kinds of events but notes, and the text of the last event of any kind. */
struct replay {
	char kinds[1024];
	char last[4096];
	struct seen seen;
};

static void
on_replay_event(const struct agent_event *event, void *arg)
{
	struct replay *replay = arg;
	size_t n = strlen(replay->kinds);

	seen_event(event, &replay->seen);
	snprintf(
	    replay->last, sizeof(replay->last), "%s", event->text ? event->text : "");
	/* What calls used, which were made again, and tools are as often as it happened. */
	if (event->kind != AGENT_NOTE && event->kind != AGENT_RETRY &&
	    event->kind != AGENT_TOOL && event->kind != AGENT_TOOL_FAILED &&
	    event->kind != AGENT_TOOL_WORKED &&
	    !(event->kind == AGENT_USAGE && event->is_part))
		snprintf(replay->kinds + n, sizeof(replay->kinds) - n, "%s%s",
		    n ? " " : "", agent_event_name(event->kind));
}

/* Replays the recorded RUN; the caller frees what it returns. */
static struct replay *
replay_run(const char *run)
{
	struct replay *replay = xcalloc(1, sizeof(*replay));
	AUTO_FREE char *path = xasprintf("%s/%s.jsonl", getenv("STREAMS"), run);
	AUTO_FREE char *line = NULL;
	AUTO_FILE FILE *f = fopen(path, "r");
	size_t size = 0;
	ssize_t n;

	if (!f)
		fail_msg("no recorded run %s", path);
	while ((n = getline(&line, &size, f)) > 0)
		agent_claude.parse(line, (size_t)n, on_replay_event, replay);
	return replay;
}

static void
every_recorded_run_gives_its_events(void **state)
{
	for (size_t i = 0; i < N_ELEMS(runs); i++) {
		AUTO_FREE struct replay *replay = replay_run(runs[i].run);

		if (strcmp(replay->kinds, runs[i].events) != 0)
			fail_msg("%s: %s", runs[i].run, replay->kinds);
		if (!strstr(replay->last, runs[i].text))
			fail_msg("%s ends with: %s", runs[i].run, replay->last);
	}
}

static void
a_run_without_a_result_line_never_ends(void **state)
{
	static const char *const killed[] = { "claude-sighup-stream",
		"claude-sigkill-tool", "claude-sigterm-stream", "claude-sigterm-tool",
		"claude-fail401" };

	for (size_t i = 0; i < N_ELEMS(killed); i++) {
		AUTO_FREE struct replay *replay = replay_run(killed[i]);

		assert_int_equal(replay->seen.n_of[AGENT_DONE], 0);
		assert_int_equal(replay->seen.n_of[AGENT_FAILED], 0);
	}
}

static void
the_cost_is_cents_of_the_session_so_far_rounded_up(void **state)
{
	AUTO_FREE struct replay *one = replay_run("claude-ok-bypass");
	AUTO_FREE struct replay *two = replay_run("claude-ctl-twoturns");
	AUTO_FREE struct replay *cap = replay_run("claude-budget");

	/* 0.0189..., then 0.0379... in the same process; a cap of 5 $ ended at 6.0034 $. */
	assert_non_null(strstr(one->seen.text, "usage 2 cents 6600 in 126 out"));
	assert_non_null(strstr(two->seen.text, "usage 4 cents"));
	assert_non_null(strstr(cap->seen.text, "usage 601 cents"));
}

static void
note_budget(const struct agent_event *event, void *arg)
{
	*(bool *)arg |= event->is_out_of_budget;
}

/* J-28: that is no failed approach, so that it must not be told from words. */
static void
only_the_end_of_its_own_budget_is_one(void **state)
{
	static const struct {
		const char *subtype;
		bool is_it;
	} ends[] = { { "error_max_budget_usd", true }, { "error_max_turns", false },
		{ "error_during_execution", false }, { "success", false } };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(ends); i++) {
		AUTO_FREE char *line = xasprintf(
		    "{\"type\":\"result\",\"subtype\":\"%s\",\"is_error\":true}",
		    ends[i].subtype);
		bool is_it = false;

		agent_claude.parse(line, strlen(line), note_budget, &is_it);
		assert_int_equal(is_it, ends[i].is_it);
	}
}

static void
a_plan_the_request_leaves_out_was_said_before(void **state)
{
	AUTO_FREE struct replay *replay = replay_run("claude-ctl-plan");

	assert_non_null(
	    strstr(replay->seen.text, "say: # Plan\n1. Add stub file\n2. Commit"));
	assert_non_null(strstr(replay->seen.text, "ask plan "));
	assert_non_null(strstr(replay->seen.text, ": the plan it told before\n"));
}

/* What one line of the program gives. */
static struct seen *
seen_of(const char *line)
{
	struct seen *seen = xcalloc(1, sizeof(*seen));

	seen_line(seen, &agent_claude, line);
	return seen;
}

static void
lines_that_were_not_recorded_give_their_events(void **state)
{
	static const struct {
		const char *line, *events;
	} rows[] = {
		/* clang-format off */
		{ "{\"type\":\"control_cancel_request\",\"request_id\":\"r7\"}", "ask-gone r7\n" },
		{ "{\"type\":\"control_cancel_request\"}", "" },
		{ "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"allowed\",\"resetsAt\":1}}", "" },
		{ "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"allowed_warning\"}}", "note: rate limit: allowed_warning\n" },
		{ "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":1800000000}}", "limit until 1800000000000: rate limit reached\n" },
		{ "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":1800000000123,\"errorCode\":\"credits_required\"}}", "limit until 1800000000123: rate limit reached credits_required\n" },
		{ "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\"}}", "limit until 0: rate limit reached\n" },
		{ "{\"type\":\"system\",\"subtype\":\"compact_boundary\"}", "note: system: compact_boundary\n" },
		{ "{\"type\":\"system\"}", "note: system:\n" },
		{ "{\"type\":\"control_response\",\"response\":{\"subtype\":\"error\",\"error\":\"no\"}}", "note: control request refused: no\n" },
		{ "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\"}}", "" },
		{ "{\"type\":\"keep_alive\"}", "" },
		{ "{\"type\":\"music\"}", "note: {\"type\":\"music\"}\n" },
		{ "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"TodoWrite\",\"input\":{\"todos\":[{\"status\":\"completed\"},{\"status\":\"in_progress\",\"activeForm\":\"Writing\"},{\"status\":\"pending\"}]}}]}}", "progress 1/3: Writing\n" },
		{ "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"tool_use\",\"name\":\"Bash\",\"input\":{\"command\":\"a\\nb\"}}]}}", "tool: Bash: a b\n" },
		{ "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"}]}}", "" },
		{ "{\"type\":\"assistant\",\"message\":{\"content\":\"text\"}}", "" },
		{ "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"is_error\":true,\"content\":[{\"type\":\"text\",\"text\":\"broken\"}]}]}}", "tool-failed: broken\n" },
		/* An older version: no terminal_reason. */
		{ "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"ok\"}", "done: ok\n" },
		/* Every field must say so. */
		{ "{\"type\":\"result\",\"subtype\":\"success\",\"result\":\"ok\"}", "failed: success: ok\n" },
		{ "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":\"false\",\"result\":\"ok\"}", "failed: success: ok\n" },
		{ "{\"type\":\"result\",\"is_error\":false,\"result\":\"ok\"}", "failed: : ok\n" },
		{ "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"terminal_reason\":\"tool_deferred\"}", "failed: tool_deferred\n" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE struct seen *seen = seen_of(rows[i].line);

		if (strcmp(seen->text, rows[i].events) != 0)
			fail_msg("%s\ngives\n%s", rows[i].line, seen->text);
	}
}

static void
only_the_sessions_own_agent_confirms(void **state)
{
	AUTO_FREE struct seen *agent = seen_of(
	    "{\"type\":\"assistant\",\"parent_tool_use_id\":null,\"message\":{"
	    "\"content\":[{\"type\":\"text\",\"text\":\"Session started.\"}]}}");
	AUTO_FREE struct seen *helper = seen_of(
	    "{\"type\":\"assistant\",\"parent_tool_use_id\":\"t1\",\"message\":{"
	    "\"content\":[{\"type\":\"text\",\"text\":\"Session started.\"}]}}");
	AUTO_FREE struct seen *client = seen_of(
	    "{\"type\":\"assistant\",\"message\":{\"model\":\"<synthetic>\","
	    "\"content\":[{\"type\":\"text\",\"text\":\"Session started.\"}]}}");
	AUTO_FREE struct seen *person = seen_of(
	    "{\"type\":\"user\",\"message\":{\"content\":"
	    "[{\"type\":\"text\",\"text\":\"Session "
	    "started\"}]}}");

	assert_int_equal(agent->n_of[AGENT_CONFIRMED], 1);
	assert_int_equal(helper->n_of[AGENT_CONFIRMED], 0);
	assert_int_equal(client->n_of[AGENT_CONFIRMED], 0);
	assert_int_equal(person->n_of[AGENT_CONFIRMED], 0);
}

static void
what_is_asked_is_shown_in_full_and_cannot_pose(void **state)
{
	AUTO_FREE struct seen *seen = seen_of(
	    "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{"
	    "\"subtype\":\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{"
	    "\"command\":\"ls\\ndescription: harmless\",\"timeout\":5}}}");

	assert_string_equal(
	    seen->text, "ask permission r1: Bash: ls description: harmless\n");
	assert_string_equal(
	    seen->detail, "Bash\ncommand: ls\n    description: harmless\ntimeout: 5\n");
}

static void
questions_are_shown_with_numbered_options(void **state)
{
	AUTO_FREE struct replay *replay = replay_run("claude-ctl-ask");

	assert_non_null(strstr(replay->seen.text, "ask question "));
	assert_string_equal(
	    replay->seen.detail, "Which colour?\n  1. Red: r\n  2. Blue: b\n");
}

static void
a_request_of_an_unknown_kind_still_reaches_a_person(void **state)
{
	AUTO_FREE struct seen *seen = seen_of(
	    "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{"
	    "\"subtype\":\"elicitation\"}}");

	AUTO_FREE struct seen *lines = seen_of(
	    "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{"
	    "\"subtype\":\"e\\nask permission r2: it\"}}");

	assert_string_equal(seen->text,
	    "ask question r1: elicitation (cannot be granted, only declined)\n");
	/* In one line, as everything that is asked. */
	assert_ptr_equal(
	    strchr(lines->text, '\n'), lines->text + strlen(lines->text) - 1);
}

/* It is found everywhere in the list of what a tool may be told, and was looked for on. */
static void
an_input_without_a_name_comes_to_an_end(void **state)
{
	AUTO_FREE struct seen *seen = seen_of(
	    "{\"type\":\"control_request\",\"request_id\":\"r1\",\"request\":{"
	    "\"subtype\":\"can_use_tool\",\"tool_name\":\"Write\","
	    "\"input\":{\"\":\"x\",\"file_path\":\"a\"}}}");

	assert_non_null(strstr(seen->text, "ask permission r1: "));
}

static void
garbage_is_a_note_and_never_an_error(void **state)
{
	static const char *const rows[] = { "", "warning: something", "{", "null",
		"[1]", "{\"type\":[]}", "{\"type\":\"control_request\"}",
		"{\"type\":\"control_request\",\"request_id\":5,\"request\":7}",
		"{\"type\":\"control_request\",\"request_id\":\"\"}" };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE struct seen *seen = seen_of(rows[i]);

		assert_int_equal(seen->n_events, 1);
		assert_int_equal(seen->n_of[AGENT_NOTE], 1);
	}
}

static void
tokens_of_many_models_do_not_overflow(void **state)
{
	AUTO_FREE char *line = NULL;
	AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));
	size_t n = 0;
	FILE *out = open_memstream(&line, &n);

	fputs("{\"type\":\"result\",\"total_cost_usd\":1,\"modelUsage\":{", out);
	for (int i = 0; i < 60000; i++)
		fprintf(out, "%s\"m%d\":{\"inputTokens\":999999999999999}",
		    i ? "," : "", i);
	fputs("}}", out);
	fclose(out);
	seen_bytes(seen, &agent_claude, line, n);
	assert_int_equal(seen->n_of[AGENT_USAGE], 1);
	assert_null(strstr(seen->text, "in -"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_run_gives_its_events),
		cmocka_unit_test(a_run_without_a_result_line_never_ends),
		cmocka_unit_test(only_the_end_of_its_own_budget_is_one),
		cmocka_unit_test(the_cost_is_cents_of_the_session_so_far_rounded_up),
		cmocka_unit_test(a_plan_the_request_leaves_out_was_said_before),
		cmocka_unit_test(lines_that_were_not_recorded_give_their_events),
		cmocka_unit_test(only_the_sessions_own_agent_confirms),
		cmocka_unit_test(what_is_asked_is_shown_in_full_and_cannot_pose),
		cmocka_unit_test(questions_are_shown_with_numbered_options),
		cmocka_unit_test(a_request_of_an_unknown_kind_still_reaches_a_person),
		cmocka_unit_test(an_input_without_a_name_comes_to_an_end),
		cmocka_unit_test(garbage_is_a_note_and_never_an_error),
		cmocka_unit_test(tokens_of_many_models_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
