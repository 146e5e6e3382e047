#include "agent/agent.h"

#include "base/file.h"
#include "base/mem.h"
#include "seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <string.h>

/*
 * What Claude Code never printed, or only the half of: every line of every recorded run cut
 * at every byte and with bytes that are no text, lines as long as they get, lines in another
 * order.  DIVISI_STREAMS names a directory with more recorded runs.
 */

/* What a run of lines amounted to. */
struct tally {
	int n, n_of[AGENT_N_EVENTS];
	size_t longest; /* text or detail of an event */
};

static void
count(const struct agent_event *e, void *arg)
{
	struct tally *tally = arg;
	size_t n_text = e->text ? strlen(e->text) : 0;
	size_t n_detail = e->detail ? strlen(e->detail) : 0;

	tally->n++;
	tally->n_of[e->kind]++;
	if (n_text > tally->longest)
		tally->longest = n_text;
	if (n_detail > tally->longest)
		tally->longest = n_detail;
}

static struct tally
tally_of(const char *line, size_t n)
{
	struct tally tally = { 0 };

	agent_claude.parse(line, n, count, &tally);
	return tally;
}

typedef void line_fn(const char *path, char *line, size_t n);

static size_t
each_line_of(const char *pattern, line_fn *fn)
{
	glob_t found = { 0 };
	size_t n_lines = 0;

	if (glob(pattern, 0, NULL, &found) != 0)
		fail_msg("no recorded runs: %s", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		AUTO_FILE FILE *f = fopen(found.gl_pathv[i], "r");
		AUTO_FREE char *line = NULL;
		size_t size = 0;
		ssize_t n;

		assert_non_null(f);
		while ((n = getline(&line, &size, f)) > 0) {
			if (line[n - 1] == '\n')
				line[--n] = '\0';
			if (n > 0 && line[0] == '{') {
				fn(found.gl_pathv[i], line, (size_t)n);
				n_lines++;
			}
		}
	}
	globfree(&found);
	return n_lines;
}

static size_t
each_line(line_fn *fn)
{
	const char *more = getenv("DIVISI_STREAMS");
	AUTO_FREE char *ours = xasprintf("%s/claude*.jsonl", getenv("STREAMS"));
	AUTO_FREE char *theirs = xasprintf("%s/claude*.jsonl", more ? more : "");
	size_t n = each_line_of(ours, fn);

	return more ? n + each_line_of(theirs, fn) : n;
}

static void
cut_everywhere(const char *path, char *line, size_t n)
{
	for (size_t cut = 1; cut < n; cut++) {
		struct tally tally = tally_of(line, cut);

		if (tally.n != 1 || tally.n_of[AGENT_NOTE] != 1)
			fail_msg("%s: cut at %zu of %zu: %d events:\n%.*s", path, cut,
			    n, tally.n, (int)cut, line);
	}
}

static void
half_a_line_is_a_note_wherever_it_is_cut(void **state)
{
	assert_true(each_line(cut_everywhere) > 400);
}

static void
break_text_everywhere(const char *path, char *line, size_t n)
{
	static const char bad[] = { '\xff', '\xc0', '\x00', '\x1b' };

	for (size_t at = 0; at < n; at += 7) {
		char was = line[at];
		struct tally tally;

		line[at] = bad[at % sizeof(bad)];
		tally = tally_of(line, n);
		line[at] = was;
		if (tally.n != 1 || tally.n_of[AGENT_NOTE] != 1)
			fail_msg(
			    "%s: broken at %zu gives %d events", path, at, tally.n);
	}
}

static void
a_line_that_is_no_text_is_a_note(void **state)
{
	assert_true(each_line(break_text_everywhere) > 400);
}

/* Any byte may be lost or changed on the way: nothing is ever more than what was there. */
static void
change_bytes(const char *path, char *line, size_t n)
{
	static const char others[] = "\"\\{}[]:,0e-u ";
	unsigned dice = 1;

	for (int i = 0; i < 64; i++) {
		size_t at;
		char was;
		struct tally tally;

		dice = dice * 1103515245u + 12345u;
		at = (dice >> 8) % n;
		was = line[at];
		line[at] = others[(dice >> 3) % (sizeof(others) - 1)];
		tally = tally_of(line, n);
		line[at] = was;
		if (tally.n_of[AGENT_DONE] + tally.n_of[AGENT_FAILED] > 1)
			fail_msg("%s: changed at %zu ends twice", path, at);
	}
}

static void
a_changed_byte_never_ends_a_run_twice(void **state)
{
	assert_true(each_line(change_bytes) > 400);
}

/* A line of N bytes: an assistant's words, long. */
static char *
long_line(size_t n)
{
	static const char head[] = "{\"type\":\"assistant\",\"message\":{\"content\":"
				   "[{\"type\":\"text\",\"text\":\"";
	static const char tail[] = "\"}]}}";
	char *line = xmalloc(n + 1);

	memset(line, 'x', n);
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + n - (sizeof(tail) - 1), tail, sizeof(tail));
	return line;
}

static void
a_long_line_costs_no_more_than_a_line_may_say(void **state)
{
	const size_t limit = 16u << 20;
	AUTO_FREE char *most = long_line(limit);
	AUTO_FREE char *more = long_line(limit + 1);
	AUTO_FREE char *huge = long_line(64u << 20);
	struct tally at_limit = tally_of(most, limit);
	struct tally above = tally_of(more, limit + 1);
	struct tally far_above = tally_of(huge, 64u << 20);

	assert_int_equal(at_limit.n_of[AGENT_SAY], 1);
	assert_true(at_limit.longest < 100000);
	assert_int_equal(above.n_of[AGENT_NOTE], 1);
	assert_int_equal(above.n, 1);
	assert_int_equal(far_above.n_of[AGENT_NOTE], 1);
	assert_true(far_above.longest < 1000);
}

/* An approval must show all of what is approved, however much that is. */
static void
a_long_request_is_shown_in_full_or_is_none(void **state)
{
	static const char head[] =
	    "{\"type\":\"control_request\",\"request_id\":\"r\",\"request\":{\"subtype\":"
	    "\"can_use_tool\",\"tool_name\":\"Bash\",\"input\":{\"command\":\"";
	static const char tail[] = "\"}}}";
	const size_t n = 15u << 20;
	AUTO_FREE char *line = xmalloc(n + 1);
	struct tally tally;

	memset(line, 'x', n);
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + n - (sizeof(tail) - 1), tail, sizeof(tail));
	tally = tally_of(line, n);
	assert_int_equal(tally.n_of[AGENT_ASK], 1);
	assert_true(tally.longest >= n - sizeof(head) - sizeof(tail));
}

static void
values_without_end_are_a_note(void **state)
{
	static const char *const repeated[] = { "[", "{\"a\":", "[]," };

	for (size_t i = 0; i < N_ELEMS(repeated); i++) {
		size_t one = strlen(repeated[i]), n = one * 300000 + 9;
		AUTO_FREE char *line = xmalloc(n + 1);
		struct tally tally;

		memcpy(line, "{\"type\":", 8);
		for (size_t k = 0; k < 300000; k++)
			memcpy(line + 8 + k * one, repeated[i], one);
		line[n - 1] = '}';
		line[n] = '\0';
		tally = tally_of(line, n);
		assert_int_equal(tally.n, 1);
		assert_int_equal(tally.n_of[AGENT_NOTE], 1);
	}
}

/* Each line is understood by itself: no order of lines makes an end that none of them is. */
static struct tally backwards;

static void
take_last_first(const char *path, char *line, size_t n)
{
	struct tally one = tally_of(line, n);

	(void)path;
	backwards.n_of[AGENT_DONE] += one.n_of[AGENT_DONE];
	backwards.n_of[AGENT_FAILED] += one.n_of[AGENT_FAILED];
	/* Some recordings have a driver's envelope around each line. */
	backwards.n += strncmp(line, "{\"dir\"", 6) != 0 &&
		       strstr(line, "\"type\":\"result\"") != NULL;
}

static void
there_are_as_many_ends_as_result_lines(void **state)
{
	backwards = (struct tally){ 0 };
	each_line(take_last_first);
	assert_int_equal(
	    backwards.n_of[AGENT_DONE] + backwards.n_of[AGENT_FAILED], backwards.n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_a_line_is_a_note_wherever_it_is_cut),
		cmocka_unit_test(a_line_that_is_no_text_is_a_note),
		cmocka_unit_test(a_changed_byte_never_ends_a_run_twice),
		cmocka_unit_test(a_long_line_costs_no_more_than_a_line_may_say),
		cmocka_unit_test(a_long_request_is_shown_in_full_or_is_none),
		cmocka_unit_test(values_without_end_are_a_note),
		cmocka_unit_test(there_are_as_many_ends_as_result_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
