#include "agent/hooks.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Our hook in front of other agents' tools (issue: every agent for real, item 8). */

static void
codex_takes_our_hook_as_trusted(void **state)
{
	const struct agent_launch launch = { .hook = "/bin/x", .home = "y" };
	AUTO_FREE char *option = hooks_codex_option(&launch);

	(void)state;
	/* The sum is the one that Codex 0.169.0 named (hooks/list) for this command. */
	assert_string_equal(option,
	    "hooks={PreToolUse=[{hooks=[{type=\"command\",command=\"/bin/x --home y\","
	    "timeout=5}]}],state={\"/<session-flags>/config.toml:pre_tool_use:0:0\"="
	    "{trusted_hash=\"sha256:"
	    "c1579375943d19793ac764ceec618e997a679975f7f3357437bd5232f8259c33\"}}}");
}

static bool
has_arg(const struct run_spec *spec, const char *text)
{
	for (size_t i = 0; i < spec->n_args; i++) {
		if (strstr(spec->arg[i], text))
			return true;
	}
	return false;
}

static void
each_agent_that_can_be_told_is(void **state)
{
	static const struct {
		const struct agent *agent;
		const char *argument; /* NULL: it cannot be told */
	} rows[] = {
		{ &agent_claude, "PreToolUse" }, { &agent_codex, "hooks={PreToolUse=" },
		{ &agent_codex_exec, "hooks={PreToolUse=" },
		{ &agent_codex_acp, "hooks={PreToolUse=" },
		{ &agent_copilot, "--plugin-dir" },
		{ &agent_gemini, NULL }, /* has hooks, but not in the protocol */
	};
	char dir[] = "/tmp/divisi-hooks-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		for (int with = 0; with < 2; with++) {
			const struct agent_launch launch = {
				.adapter = rows[i].agent->name,
				.launch_as = "bypass",
				.session_uuid = "11111111-2222-4333-8444-555555555555",
				.prompt = "do it",
				.prompt_key = "k",
				.cwd = "/",
				.tmp_dir = dir,
				.is_sandboxed = true,
				.divisi = "/usr/bin/divisi",
				.hook = with ? "/usr/lib/the hook" : NULL,
				.home = "/repo/.git/divisi"
			};
			struct run_spec spec = { 0 };
			struct err err = ERR_INIT;

			assert_int_equal(
			    rows[i].agent->command(&launch, &spec, &err), 0);
			assert_int_equal(
			    rows[i].argument && has_arg(&spec, rows[i].argument),
			    with && rows[i].argument);
			run_spec_clear(&spec);
		}
	}
	AUTO_FREE char *made = path_join(dir, "hook-copilot");
	AUTO_FREE char *hooks = path_join(made, "hooks.json");
	AUTO_FREE char *plugin = path_join(made, "plugin.json");
	AUTO_FREE char *text = file_read(hooks, 4096, NULL, NULL);

	/* A blank in the path of the hook is one of its name. */
	assert_string_equal(text,
	    "{\"hooks\":{\"preToolUse\":[{\"type\":\"command\",\"bash\":\"'/usr/lib/the "
	    "hook' --home /repo/.git/divisi\",\"timeoutSec\":5}]},\"version\":1}");
	assert_true(file_exists(plugin));
	assert_int_equal(unlink(hooks), 0);
	assert_int_equal(unlink(plugin), 0);
	assert_int_equal(rmdir(made), 0);
	assert_int_equal(rmdir(dir), 0);
}

static struct run_spec
told(const struct agent *agent, const char *dir, const char *name, const char *value)
{
	const struct agent_launch launch = { .adapter = agent->name,
		.launch_as = "bypass",
		.cwd = "/",
		.tmp_dir = dir,
		.is_sandboxed = true,
		.hook = "/usr/lib/the \"hook",
		.home = "/repo/.git/divisi" };
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	if (value)
		run_spec_add_env(&spec, name, value);
	run_spec_add_env(&spec, "XDG_CONFIG_HOME", dir);
	assert_int_equal(agent->command(&launch, &spec, &err), 0);
	return spec;
}

static const char *
env_of(const struct run_spec *spec, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=')
			return spec->env[i] + n + 1;
	}
	return "";
}

static void
opencode_gets_a_plugin_beside_its_users(void **state)
{
	static const char name[] = "OPENCODE_CONFIG_CONTENT";
	static const struct {
		const char *users, *want; /* %s: our plugin */
	} rows[] = {
		{ NULL, "{\"plugin\":[\"%s\"]}" },
		{ "{\"model\":\"m\", /* theirs */ \"plugin\":[\"a\"]}",
		    "{\"model\":\"m\",\"plugin\":[\"a\",\"%s\"]}" },
		{ "no JSON", "no JSON" },
	};
	char dir[] = "/tmp/divisi-hooks-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	AUTO_FREE char *made = path_join(dir, "hook-opencode");
	AUTO_FREE char *file = path_join(made, "guard.js");
	AUTO_FREE char *url = xasprintf("file://%s", file);
	AUTO_FREE char *packages = path_join(
	    dir, "opencode/node_modules/@opencode-ai/plugin");
	struct run_spec fresh = told(&agent_opencode, dir, name, NULL);

	/* It would wait for packages that it cannot install where it is fenced. */
	assert_string_equal(env_of(&fresh, name), "");
	run_spec_clear(&fresh);
	assert_int_equal(file_mkdirs(packages, 0700, NULL), 0);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct run_spec spec = told(&agent_opencode, dir, name, rows[i].users);
		AUTO_FREE char *before = xstrndup(
		    rows[i].want, strcspn(rows[i].want, "%"));
		const char *after = strstr(rows[i].want, "%s");
		AUTO_FREE char *want = xasprintf(
		    "%s%s%s", before, after ? url : "", after ? after + 2 : "");

		assert_string_equal(env_of(&spec, name), want);
		run_spec_clear(&spec);
	}
	AUTO_FREE char *text = file_read(file, 4096, NULL, NULL);

	/* What is in a name does not end the string that holds it. */
	assert_non_null(strstr(text, "spawnSync(\"/usr/lib/the \\\"hook\", ['--home', "
				     "\"/repo/.git/divisi\"]"));
	assert_int_equal(file_remove_tree(dir, NULL), 0);
}

/* Stopped in a turn it writes a last line that empties the conversation: nothing resumes it. */
static void
a_conversation_of_gemini_that_was_stopped_is_not_empty(void **state)
{
	static const char begun[] = "{\"sessionId\":\"f650e765\"}\n"
				    "{\"$set\":{\"messages\":[{\"type\":\"user\"}]}}\n";
	static const char said[] =
	    "{\"type\":\"gemini\",\"content\":\"I bash now.\"}\n";
	static const char empty[] = "{\"$set\":{\"messages\":[{\"type\":\"user\"}]}}\n";
	static const char whole[] =
	    "{\"$set\":{\"messages\":[{\"type\":\"gemini\"}]}}\n";
	static const struct {
		const char *parts[3];
		bool loses_last;
	} rows[] = {
		{ { begun, said, empty }, true },
		{ { begun, said, whole }, false },
		{ { begun, said, "" }, false },
		{ { begun, "", "" }, false }, /* nobody answered yet: it is empty */
		{ { begun, said, "{\"$set\":{\"mess" }, false },
	};
	char dir[] = "/tmp/divisi-hooks-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	AUTO_FREE char *chats = path_join(dir, ".gemini/tmp/work/chats");
	AUTO_FREE char *record = path_join(chats, "session-2026-f650e765.jsonl");
	AUTO_FREE char *kept = path_join(chats, "session-kept-2026-f650e765.jsonl");

	assert_int_equal(file_mkdirs(chats, 0700, NULL), 0);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		const struct agent_launch launch = { .adapter = "gemini",
			.launch_as = "bypass",
			.resume_id = "f650e765" };
		AUTO_FREE char *was = xasprintf(
		    "%s%s%s", rows[i].parts[0], rows[i].parts[1], rows[i].parts[2]);
		AUTO_FREE char *want = xasprintf("%s%s%s", rows[i].parts[0],
		    rows[i].parts[1], rows[i].loses_last ? "" : rows[i].parts[2]);
		struct run_spec spec = { 0 };

		assert_int_equal(
		    file_write_atomic(record, was, strlen(was), 0600, NULL), 0);
		run_spec_add_env(&spec, "GEMINI_CLI_HOME", dir);
		assert_int_equal(agent_gemini.command(&launch, &spec, NULL), 0);
		AUTO_FREE char *text = file_read(kept, 65536, NULL, NULL);

		assert_string_equal(text, want);
		assert_int_equal(unlink(kept), 0);
		run_spec_clear(&spec);
	}
	assert_int_equal(file_remove_tree(dir, NULL), 0);
}

static void
gemini_is_told_how_often_to_try(void **state)
{
	static const struct {
		const char *users, *want;
	} rows[] = {
		{ NULL, "{\"general\":{\"maxAttempts\":3}}" },
		{ "{\"ui\":1 /* x */}", "{\"ui\":1,\"general\":{\"maxAttempts\":3}}" },
		{ "{\"general\":{\"maxAttempts\":7}}",
		    "{\"general\":{\"maxAttempts\":7}}" },
		{ "[]", "[]" },
	};
	char dir[] = "/tmp/divisi-hooks-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	AUTO_FREE char *below = path_join(dir, ".gemini");
	AUTO_FREE char *file = path_join(below, "settings.json");

	assert_int_equal(file_mkdirs(below, 0700, NULL), 0);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = NULL;
		struct run_spec spec;

		if (rows[i].users)
			assert_int_equal(file_write_atomic(file, rows[i].users,
					     strlen(rows[i].users), 0600, NULL),
			    0);
		spec = told(&agent_gemini, dir, "GEMINI_CLI_HOME", dir);
		text = file_read(file, 4096, NULL, NULL);
		assert_string_equal(text, rows[i].want);
		run_spec_clear(&spec);
	}
	/* What it recorded would be overwritten by a conversation resumed in the same minute. */
	AUTO_FREE char *chats = path_join(below, "tmp/work/chats");
	AUTO_FREE char *record = path_join(
	    chats, "session-2026-11-23T16-52-f650e765.jsonl");
	AUTO_FREE char *kept = path_join(
	    chats, "session-kept-2026-11-23T16-52-f650e765.jsonl");

	assert_int_equal(file_mkdirs(chats, 0700, NULL), 0);
	for (int i = 0; i < 3; i++) {
		const struct agent_launch launch = { .adapter = "gemini",
			.launch_as = "bypass",
			.resume_id = i > 0 ? "f650e765" : NULL };
		struct run_spec again = { 0 };

		if (i == 0)
			assert_int_equal(
			    file_write_atomic(record, "x", 1, 0600, NULL), 0);
		run_spec_add_env(&again, "GEMINI_CLI_HOME", dir);
		assert_int_equal(agent_gemini.command(&launch, &again, NULL), 0);
		assert_int_equal(file_exists(record), i == 0);
		assert_int_equal(file_exists(kept), i > 0);
		run_spec_clear(&again);
	}
	/* Where the directory is its user's, nothing is written there. */
	assert_int_equal(setenv("GEMINI_CLI_HOME", dir, 1), 0);
	assert_int_equal(unlink(file), 0);
	struct run_spec spec = told(&agent_gemini, dir, "GEMINI_CLI_HOME", dir);

	assert_false(file_exists(file));
	run_spec_clear(&spec);
	assert_int_equal(file_remove_tree(dir, NULL), 0);
}

/* Each is handed our MCP server in its own way, with whose session it is (item 12). */
static void
each_agent_is_handed_our_server(void **state)
{
	static const struct {
		const struct agent *agent;
		const char *argument;
	} rows[] = {
		{ &agent_claude,
		    "{\"mcpServers\":{\"divisi\":{\"command\":\"/d\",\"args\":"
		    "[\"mcp\"]}}}" },
		{ &agent_codex, "mcp_servers.divisi={command=\"/d\",args=[\"mcp\"],"
				"env={DIVISI_SESSION=\"p1.1.1A\"},"
				"default_tools_approval_mode=\"approve\"}" },
		{ &agent_codex_exec, "env={DIVISI_SESSION=\"p1.1.1A\"}" },
		{ &agent_copilot,
		    "{\"mcpServers\":{\"divisi\":{\"type\":\"local\",\"command\":\"/d\","
		    "\"args\":[\"mcp\"],\"tools\":[\"*\"],\"env\":{\"DIVISI_SESSION\":"
		    "\"p1.1.1A\"}}}}" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * N_ELEMS(rows); i++) {
		const struct agent *agent = rows[i / 2].agent;
		const struct agent_launch launch = { .adapter = agent->name,
			.launch_as = "bypass",
			.session_uuid = "11111111-2222-4333-8444-555555555555",
			.cwd = "/",
			.is_sandboxed = true,
			.divisi = i % 2 ? "/d" : NULL,
			.session = "p1.1.1A" };
		struct run_spec spec = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(agent->command(&launch, &spec, &err), 0);
		assert_int_equal(has_arg(&spec, rows[i / 2].argument), i % 2);
		run_spec_clear(&spec);
	}
}

static void
the_protocol_hands_our_server_over(void **state)
{
	static const struct agent_talk talk = { .session_id = "", .turn_id = "" };
	const struct agent_launch launch = { .adapter = "gemini",
		.launch_as = "bypass",
		.cwd = "/w",
		.divisi = "/d",
		.session = "p1.1.1A" };
	struct err err = ERR_INIT;
	AUTO_FREE char *line = agent_gemini.step(&launch, &talk, "session", "", &err);

	(void)state;
	assert_non_null(strstr(line,
	    "\"mcpServers\":[{\"name\":\"divisi\",\"command\":\"/d\",\"args\":[\"mcp\"],"
	    "\"env\":[{\"name\":\"DIVISI_SESSION\",\"value\":\"p1.1.1A\"}]}]"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codex_takes_our_hook_as_trusted),
		cmocka_unit_test(each_agent_that_can_be_told_is),
		cmocka_unit_test(opencode_gets_a_plugin_beside_its_users),
		cmocka_unit_test(
		    a_conversation_of_gemini_that_was_stopped_is_not_empty),
		cmocka_unit_test(gemini_is_told_how_often_to_try),
		cmocka_unit_test(each_agent_is_handed_our_server),
		cmocka_unit_test(the_protocol_hands_our_server_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
