#include "agent/agent.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID  "0a1b2c3d-0000-4000-8000-00000000000a"
#define OTHER "0a1b2c3d-0000-4000-8000-00000000000b"

static struct agent_launch
launch_of(const char *launch_as)
{
	return (struct agent_launch){
		.program = "/opt/claude",
		.launch_as = launch_as,
		.session_uuid = UUID,
		.name = "PB-1: the title",
		.prompt = "work\nhard",
		.prompt_key = "k1",
		.tmp_dir = "/private/tmp",
	};
}

/* The arguments of SPEC, blanks between; the caller frees it. */
static char *
joined_args(const struct run_spec *spec)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < spec->n_args; i++) {
		char *longer = xasprintf("%s%s%s", text, i ? " " : "", spec->arg[i]);

		free(text);
		text = longer;
	}
	return text;
}

static bool
has_env(const struct run_spec *spec, const char *entry)
{
	for (size_t i = 0; i < spec->n_env; i++) {
		if (strcmp(spec->env[i], entry) == 0)
			return true;
	}
	return false;
}

#define FIXED                                                                    \
	"/opt/claude -p --input-format stream-json --output-format stream-json " \
	"--verbose --permission-prompt-tool stdio --permission-mode "

static void
each_launch_mode_has_its_own_switch(void **state)
{
	static const struct {
		const char *launch_as, *args;
	} rows[] = {
		{ "bypass", FIXED "bypassPermissions --session-id " UUID
				  " --name=PB-1: the title" },
		{ "plan", FIXED "plan --session-id " UUID " --name=PB-1: the title" },
		{ "ask", FIXED "default --session-id " UUID " --name=PB-1: the title" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct agent_launch launch = launch_of(rows[i].launch_as);
		struct run_spec spec = { 0 };
		AUTO_FREE char *args = NULL;

		assert_int_equal(agent_claude.command(&launch, &spec, NULL), 0);
		args = joined_args(&spec);
		assert_string_equal(args, rows[i].args);
		run_spec_clear(&spec);
	}
}

static void
an_unknown_launch_mode_is_refused(void **state)
{
	struct agent_launch launch = launch_of("yolo");
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(agent_claude.command(&launch, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_int_equal(spec.n_args, 0);
}

static void
a_resumed_session_keeps_its_id_and_gets_no_other(void **state)
{
	struct agent_launch launch = launch_of("bypass");
	struct run_spec spec = { 0 };
	AUTO_FREE char *args = NULL;

	launch.resume_id = OTHER;
	assert_int_equal(agent_claude.command(&launch, &spec, NULL), 0);
	args = joined_args(&spec);
	assert_non_null(strstr(args, " --resume " OTHER " "));
	assert_null(strstr(args, "--session-id"));
	run_spec_clear(&spec);
}

/* A copy has an id of ours from the start, so that it is found again after a crash. */
static void
a_fork_resumes_under_an_id_of_its_own(void **state)
{
	struct agent_launch launch = launch_of("ask");
	struct run_spec spec = { 0 };
	AUTO_FREE char *args = NULL;

	launch.resume_id = OTHER;
	launch.forks = true;
	assert_int_equal(agent_claude.command(&launch, &spec, NULL), 0);
	args = joined_args(&spec);
	assert_non_null(
	    strstr(args, " --resume " OTHER " --fork-session --session-id "));
	run_spec_clear(&spec);
}

static void
an_id_from_the_agents_output_cannot_become_an_option(void **state)
{
	static const char *const ids[] = { "", "--dangerously-skip-permissions",
		"-0a1b2c3-0000-4000-8000-00000000000a", "my session" };

	for (size_t i = 0; i < N_ELEMS(ids); i++) {
		struct agent_launch launch = launch_of("ask");
		struct run_spec spec = { 0 };
		struct err err = ERR_INIT;

		launch.resume_id = ids[i];
		assert_int_equal(agent_claude.command(&launch, &spec, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void
a_name_is_one_word_of_one_line(void **state)
{
	struct agent_launch launch = launch_of("ask");
	struct run_spec spec = { 0 };

	launch.name = "--model=x\nsecond line";
	assert_int_equal(agent_claude.command(&launch, &spec, NULL), 0);
	assert_string_equal(spec.arg[spec.n_args - 1], "--name=--model=x second line");
	run_spec_clear(&spec);
}

static void
the_budget_is_exact_dollars(void **state)
{
	static const struct {
		long cents;
		const char *dollars;
	} rows[] = { { 5, "0.05" }, { 250, "2.50" }, { 100000, "1000.00" } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct agent_launch launch = launch_of("ask");
		struct run_spec spec = { 0 };

		launch.budget_cents = rows[i].cents;
		assert_int_equal(agent_claude.command(&launch, &spec, NULL), 0);
		assert_string_equal(spec.arg[spec.n_args - 2], "--max-budget-usd");
		assert_string_equal(spec.arg[spec.n_args - 1], rows[i].dollars);
		run_spec_clear(&spec);
	}
}

static void
root_bypasses_only_inside_a_sandbox(void **state)
{
	struct agent_launch launch = launch_of("bypass");
	struct run_spec refused = { 0 }, granted = { 0 }, asked = { 0 };
	struct err err = ERR_INIT;

	launch.is_root = true;
	assert_int_equal(agent_claude.command(&launch, &refused, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.fix, "divisi.sandbox external"));
	launch.is_sandboxed = true;
	assert_int_equal(agent_claude.command(&launch, &granted, &err), 0);
	assert_true(has_env(&granted, "IS_SANDBOX=1"));
	launch.is_sandboxed = false;
	launch.launch_as = "ask";
	assert_int_equal(agent_claude.command(&launch, &asked, &err), 0);
	assert_false(has_env(&asked, "IS_SANDBOX=1"));
	run_spec_clear(&granted);
	run_spec_clear(&asked);
}

static void
a_normal_user_is_never_called_a_sandbox(void **state)
{
	struct agent_launch launch = launch_of("bypass");
	struct run_spec spec = { 0 };

	launch.is_sandboxed = true;
	assert_int_equal(agent_claude.command(&launch, &spec, NULL), 0);
	assert_false(has_env(&spec, "IS_SANDBOX=1"));
	run_spec_clear(&spec);
}

static void
the_users_number_of_retries_wins_over_ours(void **state)
{
	struct agent_launch launch = launch_of("bypass");
	struct run_spec ours = { 0 }, theirs = { 0 };

	assert_int_equal(agent_claude.command(&launch, &ours, NULL), 0);
	assert_true(has_env(&ours, "CLAUDE_CODE_MAX_RETRIES=2"));
	assert_true(has_env(&ours, "CLAUDE_AUTOCOMPACT_PCT_OVERRIDE=80")); /* */
	assert_true(has_env(&ours, "TMPDIR=/private/tmp"));
	run_spec_add_env(&theirs, "CLAUDE_CODE_MAX_RETRIES", "7");
	run_spec_add_env(&theirs, "TMPDIR", "/tmp");
	assert_int_equal(agent_claude.command(&launch, &theirs, NULL), 0);
	assert_true(has_env(&theirs, "CLAUDE_CODE_MAX_RETRIES=7"));
	assert_false(has_env(&theirs, "CLAUDE_CODE_MAX_RETRIES=2"));
	assert_false(has_env(&theirs, "TMPDIR=/tmp"));
	run_spec_clear(&ours);
	run_spec_clear(&theirs);
}

static void
a_limit_of_turns_is_no_matter_of_a_person_at_the_terminal(void **state)
{
	static const char *const extra[] = { "--model", "x", "--max-turns", "7",
		"--ide", NULL };
	struct agent_launch launch = launch_of("bypass");
	struct run_spec headless = { 0 }, terminal = { 0 };
	struct err err = ERR_INIT;
	size_t n;

	assert_string_equal(agent_claude.turns_option, "--max-turns");
	launch.extra = extra;
	assert_int_equal(agent_claude.command(&launch, &headless, &err), 0);
	n = headless.n_args;
	assert_string_equal(headless.arg[n - 3], "--max-turns");
	assert_string_equal(headless.arg[n - 2], "7");
	launch.resume_id = launch.session_uuid;
	assert_int_equal(agent_claude.interactive(&launch, &terminal, &err), 0);
	n = terminal.n_args;
	assert_string_equal(terminal.arg[n - 3], "--model");
	assert_string_equal(terminal.arg[n - 2], "x");
	assert_string_equal(terminal.arg[n - 1], "--ide");
	run_spec_clear(&headless);
	run_spec_clear(&terminal);
}

static void
a_session_opens_with_initialize_and_the_whole_prompt(void **state)
{
	struct agent_launch launch = launch_of("bypass");
	struct agent_input input = { 0 };
	AUTO_FREE char *interrupt = agent_claude.interrupt(NULL, "k9");

	agent_claude.open(&launch, &input);
	assert_int_equal(input.n, 2);
	assert_string_equal(input.item[0].key, "k1:initialize");
	assert_string_equal(input.item[0].line,
	    "{\"type\":\"control_request\",\"request_id\":\"k1:initialize\","
	    "\"request\":{\"subtype\":\"initialize\"}}");
	assert_string_equal(input.item[1].key, "k1");
	assert_string_equal(input.item[1].line,
	    "{\"type\":\"user\",\"session_id\":\"\",\"parent_tool_use_id\":null,"
	    "\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\","
	    "\"text\":\"work\\nhard\"}]}}");
	assert_string_equal(interrupt,
	    "{\"type\":\"control_request\",\"request_id\":\"k9\","
	    "\"request\":{\"subtype\":\"interrupt\"}}");
	agent_input_clear(&input);
}

/* A program called claude in a directory of its own, that is HOME and PATH as well. */
static char dir[64];

static int
make_dir(void **state)
{
	AUTO_FREE char *path = NULL;
	AUTO_FILE FILE *f = NULL;

	strcpy(dir, "/tmp/divisi-claude-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	path = path_join(dir, "claude");
	f = fopen(path, "w");
	fputs("#!/bin/sh\necho '2.1.330 (Claude Code)'\n", f);
	chmod(path, 0755);
	setenv("PATH", dir, 1);
	setenv("HOME", dir, 1);
	unsetenv("CLAUDE_CONFIG_DIR");
	unsetenv("ANTHROPIC_API_KEY");
	unsetenv("ANTHROPIC_AUTH_TOKEN");
	unsetenv("CLAUDE_CODE_OAUTH_TOKEN");
	unsetenv("CLAUDE_CODE_USE_BEDROCK");
	unsetenv("CLAUDE_CODE_USE_VERTEX");
	return 0;
}

static int
remove_dir(void **state)
{
	return file_remove_tree(dir, NULL);
}

static void
a_probe_finds_the_program_and_its_version(void **state)
{
	struct agent_probe probe;
	struct err err = ERR_INIT;

	assert_int_equal(agent_claude.probe(NULL, &probe, &err), 0);
	assert_memory_equal(probe.program, dir, strlen(dir));
	assert_string_equal(probe.version, "2.1.330");
}

static void
a_missing_login_is_told_with_the_mend(void **state)
{
	AUTO_FREE char *config = path_join(dir, ".claude");
	AUTO_FREE char *file = path_join(config, ".credentials.json");
	struct agent_probe probe;

	assert_int_equal(agent_claude.probe(NULL, &probe, NULL), 0);
	assert_int_equal(probe.login, 0);
	assert_non_null(strstr(probe.note, "log in"));
	setenv("ANTHROPIC_API_KEY", "dummy", 1);
	assert_int_equal(agent_claude.probe(NULL, &probe, NULL), 0);
	assert_int_equal(probe.login, 1);
	assert_string_equal(probe.note, "");
	setenv("ANTHROPIC_API_KEY", "", 1);
	assert_int_equal(agent_claude.probe(NULL, &probe, NULL), 0);
	assert_int_equal(probe.login, 0);
	assert_int_equal(mkdir(config, 0700), 0);
	assert_int_equal(file_write_atomic(file, "", 0, 0000, NULL), 0);
	assert_int_equal(agent_claude.probe(NULL, &probe, NULL), 0);
	assert_int_equal(
	    probe.login, 1); /* it is there; what it says is not ours to read */
	setenv("CLAUDE_CONFIG_DIR", "/nowhere", 1);
	assert_int_equal(agent_claude.probe(NULL, &probe, NULL), 0);
	assert_int_equal(probe.login, 0);
	unsetenv("CLAUDE_CONFIG_DIR");
}

static void
a_missing_program_is_not_found(void **state)
{
	struct agent_probe probe;
	struct err err = ERR_INIT;

	assert_int_equal(agent_claude.probe("claudette", &probe, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_true(err.fix[0] != '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_launch_mode_has_its_own_switch),
		cmocka_unit_test(an_unknown_launch_mode_is_refused),
		cmocka_unit_test(a_resumed_session_keeps_its_id_and_gets_no_other),
		cmocka_unit_test(a_fork_resumes_under_an_id_of_its_own),
		cmocka_unit_test(an_id_from_the_agents_output_cannot_become_an_option),
		cmocka_unit_test(a_name_is_one_word_of_one_line),
		cmocka_unit_test(the_budget_is_exact_dollars),
		cmocka_unit_test(root_bypasses_only_inside_a_sandbox),
		cmocka_unit_test(a_normal_user_is_never_called_a_sandbox),
		cmocka_unit_test(the_users_number_of_retries_wins_over_ours),
		cmocka_unit_test(
		    a_limit_of_turns_is_no_matter_of_a_person_at_the_terminal),
		cmocka_unit_test(a_session_opens_with_initialize_and_the_whole_prompt),
		cmocka_unit_test(a_probe_finds_the_program_and_its_version),
		cmocka_unit_test(a_missing_login_is_told_with_the_mend),
		cmocka_unit_test(a_missing_program_is_not_found),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
