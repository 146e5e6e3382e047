#include "agent/acp.h"

#include "agent/planning.h"
#include "agent/rpc.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/*
 * The client's side of the Agent Client Protocol.  It offers neither files nor terminals:
 * an agent that is offered them writes through us instead of in its worktree, or not at all
 * (RUNS 1.8).
 */

#define PROTOCOL_VERSION 1
#define ID_MAX_BYTES     200u

/* An id that went through the agent's output is data: no control, no endless text. */
static bool
is_session_id(const char *id)
{
	size_t n = strlen(id);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)id[i] < ' ' || id[i] == 0x7F)
			return false;
	}
	return n > 0 && n <= ID_MAX_BYTES;
}

/*
 * Its plan mode is a sandbox that cannot be put up behind another fence: there it plans under
 * the policy of Ask, where nothing but reading goes without a person's yes.
 */
static bool
plans_by_asking(const struct acp_kind *kind, const struct agent_launch *launch)
{
	return launch->is_sandboxed && kind->args_ask[0] && launch->launch_as &&
	       strcmp(launch->launch_as, "plan") == 0;
}

static const char *const *
wishes_of(const struct acp_kind *kind, const struct agent_launch *launch)
{
	const char *as = launch->launch_as ? launch->launch_as : "";

	if (strcmp(as, "ask") == 0 || plans_by_asking(kind, launch))
		return kind->ask;
	if (strcmp(as, "plan") == 0)
		return kind->plan;
	if (strcmp(as, "bypass") != 0)
		return NULL;
	return !launch->is_sandboxed && kind->unfenced[0] ? kind->unfenced
							  : kind->bypass;
}

static void
set_env(struct run_spec *spec, const char *pair)
{
	const char *eq = pair ? strchr(pair, '=') : NULL;
	AUTO_FREE char *name = eq ? xstrndup(pair, (size_t)(eq - pair)) : NULL;

	/* What the person set themselves is theirs. */
	if (name && !wire_has_env(spec, name))
		wire_set_env(spec, name, eq + 1);
}

static int
refuse_plan(const struct acp_kind *kind, struct err *err)
{
	err_set(err, ERR_REFUSED, "the plan mode of %s does not hold: %s", kind->name,
	    kind->plan_leaks);
	return err_fix(err, "name another agent for this phase, or another mode");
}

int
acp_command(const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	const struct acp_kind *kind = acp_kind_of(launch->adapter);
	const char *program = launch->program && *launch->program ? launch->program
								  : kind->program;
	bool is_plan = launch->launch_as && strcmp(launch->launch_as, "plan") == 0;
	bool is_ask = (launch->launch_as && strcmp(launch->launch_as, "ask") == 0) ||
		      plans_by_asking(kind, launch);

	if (!wishes_of(kind, launch))
		return err_set(err, ERR_USAGE, "%s has no launch mode \"%s\"",
		    kind->name, launch->launch_as ? launch->launch_as : "");
	if (!program) {
		err_set(err, ERR_USAGE, "the acp agent has no program");
		return err_fix(
		    err, "git config divisi.agent.acp.program /path/to/agent");
	}
	if (is_plan && kind->plan_leaks)
		return refuse_plan(kind, err);
	if (launch->resume_id && !is_session_id(launch->resume_id))
		return err_set(err, ERR_INPUT, "not a session of %s: %.60s", kind->name,
		    launch->resume_id);
	run_spec_add_arg(spec, program);
	for (size_t i = 0; i < N_ELEMS(kind->args) && kind->args[i]; i++)
		run_spec_add_arg(spec, kind->args[i]);
	for (size_t i = 0; is_ask && i < N_ELEMS(kind->args_ask); i++) {
		const char *arg = launch->is_sandboxed ? kind->args_ask[i]
						       : kind->args_ask_unfenced[i];

		if (arg)
			run_spec_add_arg(spec, arg);
	}
	if (kind->add_hook)
		kind->add_hook(launch, spec);
	for (size_t i = 0; launch->extra && launch->extra[i]; i++)
		run_spec_add_arg(spec, launch->extra[i]);
	for (size_t i = 0; i < N_ELEMS(kind->set) && kind->set[i]; i++)
		set_env(spec, kind->set[i]);
	set_env(spec, strcmp(launch->launch_as, "bypass") == 0 ? kind->set_bypass
							       : kind->set_ask);
	if (launch->tmp_dir)
		wire_set_env(spec, "TMPDIR", launch->tmp_dir);
	return 0;
}

void
acp_open(const struct agent_launch *launch, struct agent_input *input)
{
	struct json_object *params = json_object_new_object(),
			   *info = json_object_new_object(),
			   *can = json_object_new_object(),
			   *fs = json_object_new_object();

	json_object_object_add(
	    params, "protocolVersion", json_object_new_int(PROTOCOL_VERSION));
	wire_add(info, "name", "divisi");
	wire_add(info, "version", "1");
	json_object_object_add(params, "clientInfo", info);
	json_object_object_add(fs, "readTextFile", json_object_new_boolean(false));
	json_object_object_add(fs, "writeTextFile", json_object_new_boolean(false));
	json_object_object_add(can, "fs", fs);
	json_object_object_add(can, "terminal", json_object_new_boolean(false));
	json_object_object_add(params, "clientCapabilities", can);
	agent_input_take(input, xasprintf("%s:initialize", launch->prompt_key),
	    rpc_request(ACP_INITIALIZE, "initialize", params));
}

static struct json_object *
of_session(const char *session_id)
{
	struct json_object *params = json_object_new_object();

	wire_add(params, "sessionId", session_id);
	return params;
}

static char *
prompt_line(const char *id, const char *session_id, const char *text)
{
	struct json_object *params = of_session(session_id),
			   *prompt = json_object_new_array_ext(1),
			   *block = json_object_new_object();

	wire_add(block, "type", "text");
	wire_add(block, "text", text);
	json_object_array_add(prompt, block);
	json_object_object_add(params, "prompt", prompt);
	return rpc_request(id, "session/prompt", params);
}

/* Our MCP server, which an agent starts with an environment of its own making. */
static struct json_object *
servers_of(const struct agent_launch *launch)
{
	struct json_object *list = json_object_new_array(), *server, *args, *env, *one;

	if (!launch->divisi)
		return list;
	server = json_object_new_object();
	args = json_object_new_array_ext(1);
	env = json_object_new_array_ext(1);
	json_object_array_add(args, json_object_new_string("mcp"));
	if (launch->session) {
		one = json_object_new_object();
		wire_add(one, "name", "DIVISI_SESSION");
		wire_add(one, "value", launch->session);
		json_object_array_add(env, one);
	}
	wire_add(server, "name", "divisi");
	wire_add(server, "command", launch->divisi);
	json_object_object_add(server, "args", args);
	json_object_object_add(server, "env", env);
	json_object_array_add(list, server);
	return list;
}

/* Begins a session, or takes up the one that LAUNCH names when the agent CAN. */
static char *
session_line(const struct agent_launch *launch, const char *can)
{
	bool resumes = strstr(can, "resume") != NULL;
	bool is_anew = !launch->resume_id || (!resumes && !strstr(can, "load"));
	struct json_object *params = json_object_new_object();

	if (!is_anew)
		wire_add(params, "sessionId", launch->resume_id);
	wire_add(params, "cwd", launch->cwd);
	json_object_object_add(params, "mcpServers", servers_of(launch));
	if (is_anew)
		return rpc_request(ACP_SESSION, "session/new", params);
	return rpc_request(
	    ACP_RESUME, resumes ? "session/resume" : "session/load", params);
}

static bool
has_text(struct json_object *list, const char *text)
{
	for (size_t i = 0; i < rpc_length(list); i++) {
		const char *one = json_object_get_string(
		    json_object_array_get_idx(list, i));

		if (one && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

/* The request that grants WISH, when OFFERED has it; else NULL. */
static char *
wish_line(
    const char *id, const char *session, struct json_object *offered, const char *wish)
{
	const char *eq = strchr(wish, '='),
		   *value = eq && !strstr(wish, "://") ? eq + 1 : wish;
	AUTO_FREE char *option = value != wish ? xstrndup(wish, (size_t)(eq - wish))
					       : xstrdup("mode");
	struct json_object *params;

	if (value == wish && has_text(wire_get(offered, "modes"), wish)) {
		params = of_session(session);
		wire_add(params, "modeId", wish);
		return rpc_request(id, "session/set_mode", params);
	}
	if (!has_text(wire_get(wire_get(offered, "options"), option), value))
		return NULL;
	params = of_session(session);
	wire_add(params, "configId", option);
	wire_add(params, "value", value);
	return rpc_request(id, "session/set_config_option", params);
}

static char *
prompt_step(
    const struct agent_launch *launch, const struct agent_talk *talk, bool is_anew)
{
	const char *prompt = is_anew && launch->prompt_anew ? launch->prompt_anew
							    : launch->prompt;
	bool is_plan = launch->launch_as && strcmp(launch->launch_as, "plan") == 0;
	AUTO_FREE char *text = is_plan ? planning_prompt(prompt) : xstrdup(prompt);

	return prompt_line(ACP_PROMPT, talk->session_id, text);
}

/* The plan is approved: the mode of Ask, in which the core allows by rule, and to work. */
static char *
work_step(
    const struct agent_launch *launch, const struct agent_talk *talk, const char *words)
{
	const struct acp_kind *kind = acp_kind_of(launch->adapter);
	struct json_object *params = of_session(talk->session_id);

	/* Which modes it offers was told once; one that it has not it refuses. */
	if (kind->work && strchr(kind->work, '=') == NULL) {
		wire_add(params, "modeId", kind->work);
		return rpc_request(ACP_MODE_WORK, "session/set_mode", params);
	}
	json_object_put(params);
	AUTO_FREE char *text = planning_allowed(words);

	return prompt_line(ACP_PROMPT, talk->session_id, text);
}

/* Sets the mode that LAUNCH wants among those OFFERED; where none is to be set, prompts. */
static char *
mode_step(const struct agent_launch *launch, const struct agent_talk *talk,
    bool is_anew, const char *offered, struct err *err)
{
	const struct acp_kind *kind = acp_kind_of(launch->adapter);
	const char *const *wish = wishes_of(kind, launch);
	AUTO_JSON struct json_object *modes = wire_parse(
	    offered, strlen(offered), WIRE_MAX_BYTES);
	char *line = NULL;

	for (size_t i = 0; wish && i < ACP_WISHES_MAX && wish[i] && !line; i++)
		line = wish_line(is_anew ? ACP_MODE_ANEW : ACP_MODE_RESUMED,
		    talk->session_id, modes, wish[i]);
	if (line)
		return line;
	/* Without the mode, Bypass is asked more than it thinks, and Plan is no plan. */
	if (!wish || (strcmp(launch->launch_as, "plan") == 0 &&
			 !plans_by_asking(kind, launch))) {
		(void)err_set(
		    err, ERR_REFUSED, "%s offers no plan mode here", kind->name);
		return NULL;
	}
	return prompt_step(launch, talk, is_anew);
}

char *
acp_step(const struct agent_launch *launch, const struct agent_talk *talk,
    const char *step, const char *data, struct err *err)
{
	bool is_anew = strncmp(data, "resumed", strlen("resumed")) != 0;

	if (strcmp(step, ACP_STEP_SESSION) == 0)
		return session_line(launch, data);
	if (strcmp(step, ACP_STEP_ANEW) == 0)
		return session_line(launch, "");
	if (strcmp(step, ACP_STEP_MODE_ANEW) == 0)
		return mode_step(launch, talk, true, data, err);
	if (strcmp(step, ACP_STEP_MODE_RESUMED) == 0)
		return mode_step(launch, talk, false, data, err);
	if (strcmp(step, ACP_STEP_REFUSED) == 0 &&
	    strcmp(launch->launch_as ? launch->launch_as : "", "bypass") != 0) {
		(void)err_set(err, ERR_REFUSED, "its mode cannot be set: %.300s", data);
		return NULL;
	}
	if (strcmp(step, ACP_STEP_WORK) == 0)
		step = AGENT_PLAN_ALLOWED; /* its mode is set: now the words */
	else if (strcmp(step, AGENT_PLAN_ALLOWED) == 0)
		return work_step(launch, talk, data);
	if (strcmp(step, ACP_STEP_PROMPT) == 0 || strcmp(step, ACP_STEP_REFUSED) == 0)
		return prompt_step(launch, talk, is_anew);
	AUTO_FREE char *text = planning_words(step, data);

	if (text)
		return prompt_line(ACP_PROMPT, talk->session_id, text);
	(void)err_set(err, ERR_SYSTEM, "the protocol has no step %s", step);
	return NULL;
}

char *
acp_say(const struct agent_talk *talk, const char *key, const char *text)
{
	return talk->session_id[0] ? prompt_line(key, talk->session_id, text) : NULL;
}

char *
acp_interrupt(const struct agent_talk *talk, const char *key)
{
	(void)key;
	return talk->session_id[0]
		   ? rpc_notification("session/cancel", of_session(talk->session_id))
		   : NULL;
}

/* The id of the first of OPTIONS whose kind is one of KINDS, in their order; or NULL. */
static const char *
option_of(struct json_object *options, const char *const *kinds)
{
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < rpc_length(options); i++) {
			struct json_object *one = json_object_array_get_idx(options, i);

			if (wire_is(one, "kind", kinds[k]) && wire_str(one, "optionId"))
				return wire_str(one, "optionId");
		}
	}
	return NULL;
}

char *
acp_answer(const char *key, const char *ask_id, const char *raw, const char *decision,
    const char *text)
{
	static const char *const once[] = { "allow_once", "allow_always" },
				 *const always[] = { "allow_always", "allow_once" },
				 *const reject[] = { "reject_once", "reject_always" };
	struct json_object *id;
	AUTO_JSON struct json_object *msg = rpc_read_request(raw, &id);
	struct json_object *result, *outcome;
	const char *const *kinds = reject;
	const char *option;

	(void)key;
	(void)ask_id;
	if (!msg)
		return NULL;
	if (!wire_is(msg, "method", "session/request_permission"))
		return rpc_error(
		    id, text && *text ? text : "The supervisor does not grant this.");
	if (strcmp(decision, "allow") == 0)
		kinds = once;
	else if (strcmp(decision, "allow-session") == 0)
		kinds = always;
	option = option_of(wire_get(wire_get(msg, "params"), "options"), kinds);
	result = json_object_new_object();
	outcome = json_object_new_object();
	/* Where nothing of that kind is offered, it is cancelled: never allowed by chance. */
	wire_add(outcome, "outcome", option ? "selected" : "cancelled");
	wire_add(outcome, "optionId", option);
	json_object_object_add(result, "outcome", outcome);
	return rpc_result(id, result);
}
