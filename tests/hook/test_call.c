#include "hook/call.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/divisi-test-call.XXXXXX";

static int
make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("lib", 0700) < 0 ||
	    symlink("lib", "link") < 0)
		return -1;
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return unlink("link") < 0 || rmdir("lib") < 0 || chdir("/") < 0 ||
	       rmdir(dir) < 0;
}

/* The kind of the call TEXT, whose cwd is the test's; PATHS gets its paths, blank-separated. */
static enum call_kind
finish(const char *text, char *paths, size_t size, enum call_of *of)
{
	AUTO_FREE char *full = xasprintf("{\"cwd\":\"%s\",%s}", dir, text);
	enum call_kind kind;
	struct call call;

	call_init(&call);
	assert_true(call_feed(&call, full, strlen(full)));
	kind = call_finish(&call);
	paths[0] = '\0';
	for (size_t i = 0; i < call.n; i++) {
		size_t n = strlen(paths);

		/* Below the directory of the test only what is below it is shown. */
		if (strncmp(call.path[i], dir, strlen(dir)) == 0)
			snprintf(
			    paths + n, size - n, "%s ", call.path[i] + strlen(dir));
		else
			snprintf(paths + n, size - n, "!%s ", call.path[i]);
	}
	*of = call.of;
	call_clear(&call);
	return kind;
}

static void
each_agents_calls_are_understood(void **state)
{
	static const struct {
		const char *text, *paths;
		enum call_kind kind;
		enum call_of of;
	} rows[] = {
		{ "\"tool_name\":\"Write\",\"tool_input\":{\"file_path\":\"a\"}", "/a ",
		    CALL_WRITES, CALL_CLAUDE },
		{ "\"tool_name\":\"NotebookEdit\",\"tool_input\":{\"notebook_path\":"
		  "\"/x/n.ipynb\"}",
		    "!/x/n.ipynb ", CALL_WRITES, CALL_CLAUDE },
		{ "\"tool_name\":\"Read\",\"tool_input\":{\"file_path\":\"a\"}", "",
		    CALL_READS, CALL_CLAUDE },
		{ "\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"cd lib; rm "
		  "a\"}",
		    "/lib/a ", CALL_SHELL, CALL_CLAUDE },
		{ "\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"ls "
		  ">/dev/null\"}",
		    "", CALL_READS, CALL_CLAUDE },
		{ "\"tool_name\":\"shell\",\"tool_input\":{\"command\":[\"bash\","
		  "\"-lc\",\"rm a\"]}",
		    "/a ", CALL_SHELL, CALL_CLAUDE },
		{ "\"tool_name\":\"apply_patch\",\"tool_input\":{\"command\":\"*** "
		  "Begin Patch\\n*** Add File: n\\n+x\\n*** Update File: lib/o\\n"
		  "*** Move to: p\\n*** Delete File: q\\n*** End Patch\"}",
		    "/n /lib/o /p /q ", CALL_WRITES, CALL_CLAUDE },
		{ "\"hook_event_name\":\"BeforeTool\",\"tool_name\":\"replace\","
		  "\"tool_input\":{\"file_path\":\"b\"}",
		    "/b ", CALL_WRITES, CALL_GEMINI },
		{ "\"toolName\":\"bash\",\"toolArgs\":\"{\\\"command\\\":\\\"rm "
		  "a\\\"}\"",
		    "/a ", CALL_SHELL, CALL_COPILOT },
		{ "\"toolName\":\"create\",\"toolArgs\":{\"path\":\"c\"}", "/c ",
		    CALL_WRITES, CALL_COPILOT },
		{ "\"tool_name\":\"mcp__x__write\",\"tool_input\":{\"path\":\"a\"}", "",
		    CALL_READS, CALL_CLAUDE },
		{ "\"tool_name\":\"Write\",\"tool_input\":{}", "", CALL_READS,
		    CALL_CLAUDE },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char paths[4096];
		enum call_of of;
		enum call_kind kind = finish(rows[i].text, paths, sizeof(paths), &of);

		if (kind != rows[i].kind || of != rows[i].of ||
		    strcmp(paths, rows[i].paths) != 0)
			fail_msg(
			    "%s: kind %d of %d, '%s'", rows[i].text, kind, of, paths);
	}
}

static void
paths_are_made_plain_and_links_followed(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "./x/../a", "/a " },
		{ "link/a", "/lib/a " },
		{ "link/new/deep", "/lib/new/deep " },
		{ "lib", "/lib/ " },
		{ "../../../../../../etc/x", "!/etc/x " },
		{ "//etc//x", "!/etc/x " },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = xasprintf(
		    "\"tool_name\":\"Write\",\"tool_input\":{\"file_path\":\"%s\"}",
		    rows[i].path);
		char paths[4096];
		enum call_of of;

		assert_int_equal(finish(text, paths, sizeof(paths), &of), CALL_WRITES);
		assert_string_equal(paths, rows[i].want);
	}
}

/* The paths of a call are bounded, and so is one path. */
static void
a_flood_of_paths_is_cut(void **state)
{
	AUTO_FREE char *command = NULL, *text = NULL, *paths = xcalloc(1, 1 << 16);
	size_t n = 0;
	FILE *f = open_memstream(&command, &n);
	enum call_of of;
	int found = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		fprintf(f, "rm f%d;", i);
	fclose(f);
	text = xasprintf(
	    "\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"%s\"}", command);
	assert_int_equal(finish(text, paths, 1 << 16, &of), CALL_SHELL);
	for (const char *at = paths; (at = strchr(at, ' ')); at++)
		found++;
	assert_int_equal(found, CALL_PATHS);
}

/* What was cut may mean something else: nothing is claimed about it. */
static void
a_command_that_was_cut_claims_nothing(void **state)
{
	AUTO_FREE char *blanks = xcalloc(1, SCAN_KEEP + 1), *text = NULL;
	char paths[64];
	enum call_of of;

	(void)state;
	memset(blanks, ' ', SCAN_KEEP);
	text = xasprintf(
	    "\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"rm a;%s\"}", blanks);
	assert_int_equal(finish(text, paths, sizeof(paths), &of), CALL_READS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_agents_calls_are_understood),
		cmocka_unit_test(paths_are_made_plain_and_links_followed),
		cmocka_unit_test(a_flood_of_paths_is_cut),
		cmocka_unit_test(a_command_that_was_cut_claims_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
