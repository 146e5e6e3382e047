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
		{ &agent_claude, "PreToolUse" },
		{ &agent_codex, "hooks={PreToolUse=" },
		{ &agent_codex_exec, "hooks={PreToolUse=" },
		{ &agent_codex_acp, "hooks={PreToolUse=" },
		{ &agent_copilot, "--plugin-dir" },
		{ &agent_gemini, NULL },
		{ &agent_opencode, NULL },
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codex_takes_our_hook_as_trusted),
		cmocka_unit_test(each_agent_that_can_be_told_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
