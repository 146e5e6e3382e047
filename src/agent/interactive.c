#include "agent/interactive.h"

#include "agent/wire.h"
#include "base/mem.h"

#include <string.h>

/* Source: --help of codex 0.169, gemini 0.61, opencode 1.18, copilot 1.0.102. */
static const struct {
	const char *name, *program;
	const char *before; /* the id, as a word of its own or behind "=" */
} known[] = {
	{ "codex", "codex", "resume" },
	{ "codex-exec", "codex", "resume" },
	{ "gemini", "gemini", "--resume" },
	{ "opencode", "opencode", "-s" },
	{ "copilot", "copilot", "--resume=" },
};

/* An id that went through an agent's output must not become an option. */
static bool
is_id(const char *id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(id);

	return n > 0 && n <= 200 && id[0] != '-' && strspn(id, letters) == n;
}

static int
find_known(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(known); i++) {
		if (strcmp(known[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

int
agent_check_interactive(const struct agent *agent, const char *name,
    const char *command, const char *session_id, struct err *err)
{
	if (command[0])
		return 0;
	if ((!agent || !agent->interactive) && find_known(name) < 0) {
		err_set(err, ERR_CONFLICT,
		    "how agent %s is talked to on a terminal is not known", name);
		return err_fix(err,
		    "git config divisi.agent.%s.interactive COMMAND; or: divisi park it, "
		    "then divisi claim",
		    name);
	}
	if (is_id(session_id))
		return 0;
	err_set(
	    err, ERR_CONFLICT, "agent %s has no conversation yet to go on in", name);
	return err_fix(err, "divisi park it, then divisi claim");
}

int
agent_interactive(const struct agent *agent, const char *name, const char *command,
    const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	const char *id = launch->resume_id ? launch->resume_id : "";
	int at = find_known(name);

	if (agent_check_interactive(agent, name, command, id, err) < 0)
		return -1;
	if (launch->tmp_dir)
		wire_set_env(spec, "TMPDIR", launch->tmp_dir);
	if (launch->name)
		wire_set_env(spec, "DIVISI_NAME", launch->name);
	wire_set_env(spec, "DIVISI_AGENT_SESSION", id);
	if (command[0]) {
		run_spec_add_arg(spec, "/bin/sh");
		run_spec_add_arg(spec, "-c");
		run_spec_add_arg(spec, command);
	} else if (agent && agent->interactive) {
		return agent->interactive(launch, spec, err);
	} else {
		AUTO_FREE char *word = xasprintf("%s%s", known[at].before, id);
		bool is_one = strchr(known[at].before, '=') != NULL;

		run_spec_add_arg(spec, known[at].program);
		run_spec_add_arg(spec, is_one ? word : known[at].before);
		if (!is_one)
			run_spec_add_arg(spec, id);
	}
	return 0;
}
