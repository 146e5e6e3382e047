#include "cli/cmd.h"

#include "agent/agent.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/agent_claims.h"
#include "cli/doctor_agents.h"
#include "cli/json.h"
#include "cli/programs.h"
#include "cli/screen.h"
#include "git/config.h"

#include <stdio.h>
#include <string.h>

/* Agents as such: which there are, and whether one's own program keeps the protocol. */

#define LIMIT_S 60

const struct option_doc cmd_agent_options[] = {
	OPTION_JSON,
	{ "limit", "SECONDS",
	    "how long one trial may take until it says how it ended (60)", 0 },
	OPTION_END,
};

enum { AGENT_JSON, AGENT_LIMIT_S };

static void
print_claim(const struct agent_claim *claim, void *arg)
{
	struct screen *screen = arg;

	screen_put(screen, claim->holds ? STYLE_GOOD : STYLE_BAD,
	    claim->holds ? "ok    " : "not ok");
	fprintf(screen->out, " %-11s ", claim->name);
	screen_wrap(screen, 19, 19, claim->text);
	if (!claim->holds) {
		fputs("                   mend: ", screen->out);
		screen_wrap(screen, 25, 25, claim->mend);
	}
	fflush(screen->out);
}

static size_t
count_broken(const struct agent_claims *claims)
{
	size_t n = 0;

	for (size_t i = 0; i < claims->n; i++)
		n += !claims->claim[i].holds;
	return n;
}

static void
print_json(const struct agent_claims *claims, const char *program)
{
	json_object *object = json_object_new_object();
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < claims->n; i++) {
		const struct agent_claim *claim = &claims->claim[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "name", json_str(claim->name));
		json_object_object_add(
		    one, "holds", json_object_new_boolean(claim->holds));
		json_object_object_add(one, "text", json_str(claim->text));
		json_object_object_add(one, "mend", json_str_or_null(claim->mend));
		json_object_array_add(list, one);
	}
	json_object_object_add(object, "program", json_str(program));
	json_object_object_add(object, "claims", list);
	json_object_object_add(
	    object, "broken", json_object_new_int64((int64_t)count_broken(claims)));
	json_print(object);
}

/* A directory of our own below $TMPDIR.  The caller frees it. */
static char *
make_scratch(struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	AUTO_FREE char *dir = xasprintf(
	    "%s/divisi-agent.XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");

	if (!mkdtemp(dir)) {
		err_sys(err, "%s", dir);
		return NULL;
	}
	return TAKE_PTR(dir);
}

/* Tries the program ARGV, its first word replaced by the path that was found. */
static int
try_program(const char **argv, long limit_s, bool as_json, struct err *err)
{
	struct agent_probe probe = { 0 };
	struct agent_claims claims = { 0 };
	struct screen screen;
	struct agent_claims_ask ask = { .argv = argv, .limit_ms = limit_s * 1000 };
	AUTO_FREE char *scratch = NULL, *holder = NULL;
	struct err ignored = ERR_INIT;
	int rc;

	if (agent_command.probe(argv[0], &probe, err) < 0)
		return -1;
	argv[0] = probe.program;
	holder = program_holder(err);
	scratch = holder ? make_scratch(err) : NULL;
	if (!scratch)
		return -1;
	ask.scratch = scratch;
	ask.holder = holder;
	screen_init(&screen, stdout);
	if (!as_json) {
		ask.tell = print_claim;
		ask.arg = &screen;
	}
	rc = agent_claims_try(&ask, &claims, err);
	(void)!file_remove_tree(scratch, &ignored);
	if (rc < 0)
		return -1;
	if (as_json)
		print_json(&claims, probe.program);
	else if (count_broken(&claims) == 0)
		printf("%s is an agent: git config divisi.agent.command.program %s\n",
		    probe.program, probe.program);
	return count_broken(&claims) > 0 ? 1 : 0;
}

/* What `divisi agent list` says here; outside a repository there are no settings. */
static int
list_agents(bool as_json)
{
	struct repo repo = { 0 };
	struct config config = { 0 };
	struct err ignored = ERR_INIT;
	bool has_repo = repo_open(".", &repo, &ignored) == 0;
	bool has_config = has_repo && config_load(&repo, &config, &ignored) == 0;

	doctor_agents_list(has_config ? &config : NULL, as_json);
	config_clear(&config);
	if (has_repo)
		repo_close(&repo);
	return 0;
}

static int
usage(struct err *err)
{
	err_set(err, ERR_USAGE, "agent needs to be told what to do");
	return err_fix(err,
	    "divisi agent list, or: divisi agent test -- /path/to/program ARGUMENT...");
}

int
cmd_agent(int argc, char **argv)
{
	const char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	struct err err = ERR_INIT;
	struct args args;
	size_t n = 0;
	bool as_json = false;
	long limit_s = LIMIT_S;
	int at, rc = 0;

	args_init(&args, cmd_agent_options, argc, argv);
	while (rc == 0 && (at = args_next(&args, &err)) != ARGS_END) {
		if (at == ARGS_BAD)
			rc = -1;
		else if (at == ARGS_WORD)
			words[n++] = args.value;
		else if (at == AGENT_JSON)
			as_json = true;
		else
			rc = args_number("limit", args.value, 1, &limit_s, &err);
	}
	if (rc == 0 && n == 1 && strcmp(words[0], "list") == 0) {
		free(words);
		return list_agents(as_json);
	}
	if (rc == 0 && (n < 2 || strcmp(words[0], "test") != 0))
		rc = usage(&err);
	if (rc == 0)
		rc = try_program(words + 1, limit_s, as_json, &err);
	free(words);
	if (rc < 0)
		return cmd_fail(&err, as_json);
	return err_exit_status(rc > 0 ? ERR_NO : ERR_NONE);
}
