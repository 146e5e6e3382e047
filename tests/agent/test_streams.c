#include "agent/agent.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seen.h"

#include <string.h>

/*
 * What the real programs printed in runs of our own (tests/data/agents, shortened), whole
 * and spoilt in every way: issue 5, bad input.
 */

static const struct run {
	const char *file;
	const struct agent *agent;
	const char *events; /* notes, usage, words and tools that work aside */
} runs[] = {
	/* clang-format off */
	{ "codex-ask", &agent_codex, "step step accepted step step turn confirmed ask ask-gone ask ask-gone ask ask-gone tool-failed done " },
	{ "codex-fail-401", &agent_codex, "step step accepted step step turn failed " },
	{ "codex-exec-ok", &agent_codex_exec, "accepted done " },
	{ "codex-exec-fail-429", &agent_codex_exec, "accepted limit limit limit limit limit limit limit failed " },
	{ "codex-exec-sigint", &agent_codex_exec, "accepted " },
	{ "gemini-ask", &agent_acp, "step accepted step step ask ask " },
	{ "copilot-bypass", &agent_acp, "step accepted step step done " },
	{ "opencode-ask", &agent_acp, "step accepted step step ask tool-failed done " },
	{ "claude-acp-plan", &agent_acp, "step accepted step step ask ask ask done " },
	/* clang-format on */
};

struct whole {
	char *line[512];
	size_t n;
};

static struct whole
read_run(const char *file)
{
	AUTO_FREE char *path = xasprintf("%s/%s.jsonl", getenv("AGENT_RUNS"), file);
	AUTO_FREE char *line = NULL;
	AUTO_FILE FILE *f = fopen(path, "r");
	struct whole whole = { 0 };
	size_t size = 0;
	ssize_t n;

	if (!f)
		fail_msg("no run %s", path);
	while ((n = getline(&line, &size, f)) > 0) {
		assert_true(whole.n < N_ELEMS(whole.line));
		whole.line[whole.n++] = xstrndup(line, (size_t)n - 1);
	}
	return whole;
}

static void
whole_clear(struct whole *whole)
{
	for (size_t i = 0; i < whole->n; i++)
		free(whole->line[i]);
}

static bool
is_telling(const struct agent_event *event)
{
	return event->kind != AGENT_NOTE && event->kind != AGENT_USAGE &&
	       event->kind != AGENT_TOOL && event->kind != AGENT_TOOL_WORKED &&
	       event->kind != AGENT_SAY && event->kind != AGENT_PROGRESS;
}

static void
on_event(const struct agent_event *event, void *arg)
{
	char *kinds = arg;
	size_t n = strlen(kinds);

	if (is_telling(event))
		snprintf(kinds + n, 1000 - n, "%s ", agent_event_name(event->kind));
}

static void
every_run_gives_its_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(runs); i++) {
		struct whole whole = read_run(runs[i].file);
		char kinds[1000] = "";

		for (size_t k = 0; k < whole.n; k++)
			runs[i].agent->parse(
			    whole.line[k], strlen(whole.line[k]), on_event, kinds);
		if (strcmp(kinds, runs[i].events) != 0)
			fail_msg("%s: %s", runs[i].file, kinds);
		whole_clear(&whole);
	}
}

/* A line that was cut anywhere says nothing that anybody acts on. */
static void
a_line_that_is_cut_at_any_byte_is_a_note(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(runs); i++) {
		struct whole whole = read_run(runs[i].file);

		for (size_t k = 0; k < whole.n; k++) {
			for (size_t n = 0; n < strlen(whole.line[k]); n++) {
				char kinds[1000] = "";

				runs[i].agent->parse(whole.line[k], n, on_event, kinds);
				if (kinds[0])
					fail_msg("%s line %zu, %zu bytes: %s",
					    runs[i].file, k + 1, n, kinds);
			}
		}
		whole_clear(&whole);
	}
}

/* Each line means what it means alone: no order and no repetition upsets the adapter. */
static void
events_out_of_order_and_twice_mean_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(runs); i++) {
		struct whole whole = read_run(runs[i].file);
		AUTO_FREE struct seen *once = xcalloc(1, sizeof(*once));
		AUTO_FREE struct seen *back = xcalloc(1, sizeof(*back));

		for (size_t k = 0; k < whole.n; k++)
			seen_line(once, runs[i].agent, whole.line[k]);
		for (size_t k = whole.n; k-- > 0;) {
			seen_line(back, runs[i].agent, whole.line[k]);
			seen_line(back, runs[i].agent, whole.line[k]);
		}
		for (int kind = 0; kind < AGENT_N_EVENTS; kind++)
			assert_int_equal(back->n_of[kind], 2 * once->n_of[kind]);
		whole_clear(&whole);
	}
}

static void
bytes_that_are_no_text_are_a_note(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(runs); i++) {
		struct whole whole = read_run(runs[i].file);

		for (size_t k = 0; k < whole.n; k++) {
			char kinds[1000] = "", *line = whole.line[k];

			line[strlen(line) / 2] = '\xFF';
			runs[i].agent->parse(line, strlen(line), on_event, kinds);
			assert_string_equal(kinds, "");
		}
		whole_clear(&whole);
	}
}

static const struct agent *const rpc_agents[] = { &agent_codex, &agent_acp };

/* SHAPE with A and B in the places of its two "$". */
static void
fill(char *line, size_t size, const char *shape, const char *a, const char *b)
{
	const char *first = strchr(shape, '$'), *second = strchr(first + 1, '$');

	snprintf(line, size, "%.*s%s%.*s%s%s", (int)(first - shape), shape, a,
	    (int)(second - first - 1), first + 1, b, second + 1);
}

/* No member is what it is thought to be. */
static void
members_of_every_wrong_kind_are_survived(void **state)
{
	static const char *const values[] = { "null", "true", "-7", "1e999", "\"x\"",
		"[]", "{}", "[[]]", "[{}]", "\"\\u0000\"" };
	static const char *const shapes[] = {
		"{\"id\":$,\"result\":$}",
		"{\"id\":\"initialize\",\"x\":$,\"result\":$}",
		"{\"id\":\"thread\",\"x\":$,\"result\":{\"thread\":$}}",
		"{\"id\":\"session\",\"x\":$,\"result\":{\"sessionId\":\"s\",\"modes\":{"
		"\"availableModes\":$}}}",
		"{\"id\":\"session\",\"x\":$,\"result\":{\"sessionId\":\"s\","
		"\"configOptions\":[{\"id\":\"m\",\"options\":$}]}}",
		"{\"id\":\"prompt\",\"result\":$,\"error\":$}",
		"{\"id\":\"prompt\",\"result\":{\"usage\":$,\"stopReason\":$}}",
		"{\"id\":\"turn\",\"x\":$,\"error\":{\"message\":\"m\",\"data\":$}}",
		"{\"id\":$,\"method\":\"session/request_permission\",\"params\":$}",
		"{\"id\":1,\"method\":\"session/request_permission\",\"params\":{"
		"\"toolCall\":{\"rawInput\":$,\"content\":$}}}",
		"{\"id\":1,\"method\":\"item/tool/requestUserInput\",\"params\":{"
		"\"questions\":[{\"question\":$,\"options\":$}]}}",
		"{\"method\":\"session/update\",\"params\":{\"sessionId\":$,\"update\":{"
		"\"sessionUpdate\":\"agent_message_chunk\",\"content\":$}}}",
		"{\"method\":\"session/update\",\"params\":{\"update\":{\"sessionUpdate\":"
		"\"usage_update\",\"used\":$,\"size\":$}}}",
		"{\"method\":\"session/update\",\"params\":{\"update\":{\"sessionUpdate\":"
		"\"plan\",\"x\":$,\"entries\":$}}}",
		"{\"method\":\"turn/completed\",\"params\":{\"x\":$,\"turn\":{\"status\":"
		"\"failed\",\"error\":{\"codexErrorInfo\":$}}}}",
		"{\"method\":\"turn/completed\",\"params\":{\"x\":$,\"turn\":{\"status\":"
		"\"completed\",\"items\":$}}}",
		"{\"method\":\"account/rateLimits/updated\",\"params\":{\"rateLimits\":{"
		"\"primary\":$,\"rateLimitReachedType\":$}}}",
		"{\"method\":\"thread/tokenUsage/updated\",\"params\":{\"tokenUsage\":{"
		"\"total\":$,\"last\":$}}}",
		"{\"method\":$,\"params\":$}",
	};

	(void)state;
	for (size_t s = 0; s < N_ELEMS(shapes); s++) {
		for (size_t v = 0; v < N_ELEMS(values) * N_ELEMS(values); v++) {
			char line[600];
			AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));

			fill(line, sizeof(line), shapes[s], values[v / N_ELEMS(values)],
			    values[v % N_ELEMS(values)]);
			for (size_t a = 0; a < N_ELEMS(rpc_agents); a++)
				seen_line(seen, rpc_agents[a], line);
			assert_int_equal(seen->n_of[AGENT_CONFIRMED], 0);
		}
	}
}

/* What is offered is kept in few bytes, however much it is. */
static void
a_flood_of_modes_is_bounded(void **state)
{
	AUTO_FREE struct seen *seen = xcalloc(1, sizeof(*seen));
	AUTO_FREE char *line = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&line, &n);

	(void)state;
	fputs("{\"id\":\"session\",\"result\":{\"sessionId\":\"s\",\"modes\":{"
	      "\"availableModes\":[",
	    f);
	for (int i = 0; i < 20000; i++)
		fprintf(f, "%s{\"id\":\"m%d\"}", i ? "," : "", i);
	fputs("]}}}", f);
	fclose(f);
	seen_line(seen, &agent_acp, line);
	assert_int_equal(seen->n_of[AGENT_STEP], 1);
	assert_true(strlen(seen->step) < 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_run_gives_its_events),
		cmocka_unit_test(a_line_that_is_cut_at_any_byte_is_a_note),
		cmocka_unit_test(events_out_of_order_and_twice_mean_the_same),
		cmocka_unit_test(bytes_that_are_no_text_are_a_note),
		cmocka_unit_test(members_of_every_wrong_kind_are_survived),
		cmocka_unit_test(a_flood_of_modes_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
