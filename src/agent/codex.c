#include "agent/codex.h"

#include "agent/hooks.h"
#include "agent/planning.h"
#include "agent/probe.h"
#include "agent/rpc.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/*
 * Codex: how it is started and what it is told.  Its own sandbox keeps it from committing,
 * in a worktree as in a clone (RUNS 1.6: 8 of 8 runs).  So it is off inside a fence of ours
 * or of the machine; elsewhere it stays on, and what is left uncommitted is committed for
 * it.  In Ask mode each command that a person allows runs outside of it.
 */

#define VERSION_TIMEOUT_MS 20000

struct codex_mode {
	const char *launch_as, *approval, *sandbox;
};

static const struct codex_mode modes[] = {
	{ "bypass", "never", "workspace-write" },
	{ "plan", "on-request", "read-only" },
	{ "ask", "untrusted", "workspace-write" },
};
/* Behind another fence its own cannot be put up (a user namespace is not to be had there). */
static const struct codex_mode fenced[] = {
	{ "bypass", "never", "danger-full-access" },
	/*
	 * Nothing but reading goes without a person's yes, and before the plan is approved
	 * there is no rule that says it for them.
	 */
	{ "plan", "untrusted", "danger-full-access" },
	{ "ask", "untrusted", "danger-full-access" },
};

/* NULL when LAUNCH has no mode here: then it is refused, never run weaker or stronger. */
static const struct codex_mode *
mode_of(const struct agent_launch *launch)
{
	const char *as = launch->launch_as ? launch->launch_as : "";

	for (size_t i = 0; launch->is_sandboxed && i < N_ELEMS(fenced); i++) {
		if (strcmp(fenced[i].launch_as, as) == 0)
			return &fenced[i];
	}
	for (size_t i = 0; i < N_ELEMS(modes); i++) {
		if (strcmp(modes[i].launch_as, as) == 0)
			return &modes[i];
	}
	return NULL;
}

/* An id that went through the agent's output must not be anything else. */
bool
codex_is_thread(const char *id)
{
	static const char letters[] = "0123456789abcdefABCDEF-";

	return strlen(id) == 36 && strspn(id, letters) == 36;
}

void
codex_add_server(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *command = NULL, *session = NULL, *option = NULL;

	if (!launch->divisi)
		return;
	/* A string of JSON is one of TOML, too. */
	command = wire_print_take(json_object_new_string(launch->divisi));
	session = wire_print_take(
	    json_object_new_string(launch->session ? launch->session : ""));
	option = xasprintf("mcp_servers.divisi={command=%s,args=[\"mcp\"],"
			   "env={DIVISI_SESSION=%s},"
			   "default_tools_approval_mode=\"approve\"}",
	    command, session);
	run_spec_add_arg(spec, "-c");
	run_spec_add_arg(spec, option);
}

static int
codex_command(const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	if (!mode_of(launch))
		return err_set(err, ERR_USAGE, "Codex has no launch mode \"%s\"",
		    launch->launch_as ? launch->launch_as : "");
	if (launch->resume_id && !codex_is_thread(launch->resume_id))
		return err_set(
		    err, ERR_INPUT, "not a thread of Codex: %.60s", launch->resume_id);
	run_spec_add_arg(spec, launch->program ? launch->program : "codex");
	run_spec_add_arg(spec, "app-server");
	/* Without network its farewell takes five seconds (RUNS 1.6). */
	run_spec_add_arg(spec, "-c");
	run_spec_add_arg(spec, "analytics.enabled=false");
	hooks_add_codex(launch, spec);
	codex_add_server(launch, spec);
	for (size_t i = 0; launch->extra && launch->extra[i]; i++)
		run_spec_add_arg(spec, launch->extra[i]);
	if (launch->tmp_dir)
		wire_set_env(spec, "TMPDIR", launch->tmp_dir);
	return 0;
}

static void
codex_open(const struct agent_launch *launch, struct agent_input *input)
{
	struct json_object *params = json_object_new_object(),
			   *info = json_object_new_object();

	wire_add(info, "name", "divisi");
	wire_add(info, "title", "divisi");
	wire_add(info, "version", "1");
	json_object_object_add(params, "clientInfo", info);
	agent_input_take(input, xasprintf("%s:initialize", launch->prompt_key),
	    rpc_request(CODEX_INITIALIZE, "initialize", params));
}

static struct json_object *
thread_params(const struct agent_launch *launch, const struct codex_mode *mode)
{
	struct json_object *params = json_object_new_object();

	wire_add(params, "cwd", launch->cwd);
	wire_add(params, "approvalPolicy", mode->approval);
	wire_add(params, "sandbox", mode->sandbox);
	return params;
}

static struct json_object *
turn_params(const char *thread, const char *text)
{
	struct json_object *params = json_object_new_object(),
			   *input = json_object_new_array_ext(1),
			   *block = json_object_new_object();

	wire_add(block, "type", "text");
	wire_add(block, "text", text);
	json_object_array_add(input, block);
	wire_add(params, "threadId", thread);
	json_object_object_add(params, "input", input);
	return params;
}

static char *
turn_line(const char *id, const char *thread, const char *text)
{
	return rpc_request(id, "turn/start", turn_params(thread, text));
}

static char *
prompt_line(const struct agent_launch *launch, const char *thread, const char *prompt)
{
	AUTO_FREE char *text = strcmp(launch->launch_as, "plan") == 0
				   ? planning_prompt(prompt)
				   : xstrdup(prompt);

	return turn_line(CODEX_TURN, thread, text);
}

/* The plan is approved: from here on it works as in Ask, and the core allows by rule. */
static char *
work_line(const struct agent_launch *launch, const char *thread, const char *words)
{
	AUTO_FREE char *text = planning_allowed(words);
	struct json_object *params = turn_params(thread, text),
			   *policy = json_object_new_object();

	wire_add(policy, "type",
	    launch->is_sandboxed ? "dangerFullAccess" : "workspaceWrite");
	json_object_object_add(params, "sandboxPolicy", policy);
	wire_add(params, "approvalPolicy", "untrusted");
	return rpc_request(CODEX_TURN, "turn/start", params);
}

static char *
codex_step(const struct agent_launch *launch, const struct agent_talk *talk,
    const char *step, const char *data, struct err *err)
{
	const struct codex_mode *mode = mode_of(launch);
	bool is_anew = strcmp(data, "resumed") != 0;
	struct json_object *params;

	if (!mode) {
		(void)err_set(err, ERR_USAGE, "Codex has no such launch mode");
		return NULL;
	}
	if (strcmp(step, CODEX_INITIALIZED) == 0)
		return rpc_notification("initialized", json_object_new_object());
	if (strcmp(step, CODEX_THREAD) == 0 && launch->resume_id) {
		params = thread_params(launch, mode);
		wire_add(params, "threadId", launch->resume_id);
		json_object_object_add(
		    params, "excludeTurns", json_object_new_boolean(true));
		return rpc_request(CODEX_RESUME, "thread/resume", params);
	}
	if (strcmp(step, CODEX_THREAD) == 0 || strcmp(step, CODEX_ANEW) == 0)
		return rpc_request(
		    CODEX_THREAD, "thread/start", thread_params(launch, mode));
	if (strcmp(step, CODEX_NAME) == 0) {
		params = json_object_new_object();
		wire_add(params, "threadId", talk->session_id);
		wire_add(params, "name", launch->name ? launch->name : "divisi");
		return rpc_request(CODEX_NAME, "thread/name/set", params);
	}
	if (strcmp(step, CODEX_TURN) == 0)
		return prompt_line(launch, talk->session_id,
		    is_anew && launch->prompt_anew ? launch->prompt_anew
						   : launch->prompt);
	if (strcmp(step, AGENT_PLAN_ALLOWED) == 0)
		return work_line(launch, talk->session_id, data);
	AUTO_FREE char *text = planning_words(step, data);

	if (text)
		return turn_line(CODEX_TURN, talk->session_id, text);
	(void)err_set(err, ERR_SYSTEM, "Codex has no step %s", step);
	return NULL;
}

/* In a turn it is taken up in it, else it begins one. */
static char *
codex_say(const struct agent_talk *talk, const char *key, const char *text)
{
	return talk->session_id[0] ? turn_line(key, talk->session_id, text) : NULL;
}

static char *
codex_interrupt(const struct agent_talk *talk, const char *key)
{
	struct json_object *params;

	if (talk->session_id[0] == '\0' || talk->turn_id[0] == '\0')
		return NULL;
	params = json_object_new_object();
	wire_add(params, "threadId", talk->session_id);
	wire_add(params, "turnId", talk->turn_id);
	return rpc_request(key, "turn/interrupt", params);
}

/* ---- answers ------------------------------------------------------------------------ */

static char *
decision_line(struct json_object *id, const char *word)
{
	struct json_object *result = json_object_new_object();

	wire_add(result, "decision", word);
	return rpc_result(id, result);
}

static char *
permissions_line(
    struct json_object *id, struct json_object *params, bool allow, bool for_session)
{
	struct json_object *result = json_object_new_object(),
			   *asked = wire_get(params, "permissions");

	json_object_object_add(result, "permissions",
	    allow && asked ? json_object_get(asked) : json_object_new_object());
	wire_add(result, "scope", for_session ? "session" : "turn");
	return rpc_result(id, result);
}

/* TEXT answers each question with a line of its own, the last line all that are left. */
static char *
answers_line(struct json_object *id, struct json_object *params, const char *text)
{
	struct json_object *questions = wire_get(params, "questions"),
			   *result = json_object_new_object(),
			   *answers = json_object_new_object();
	struct span rest = span_trim(span_of(text)), line = rest;

	for (size_t i = 0; i < rpc_length(questions); i++) {
		struct json_object *question = json_object_array_get_idx(questions, i),
				   *options = wire_get(question, "options"),
				   *answer = json_object_new_object(),
				   *list = json_object_new_array_ext(1);
		const char *name = wire_str(question, "id"), *word;
		unsigned long number;
		AUTO_FREE char *said = NULL;

		(void)span_next(&rest, '\n', &line);
		said = xstrndup(span_trim(line).p, span_trim(line).n);
		number = strtoul(said, NULL, 10);
		word = number > 0 && number <= rpc_length(options)
			   ? wire_str(json_object_array_get_idx(options, number - 1),
				 "label")
			   : NULL;
		json_object_array_add(list, json_object_new_string(word ? word : said));
		json_object_object_add(answer, "answers", list);
		if (name)
			json_object_object_add(answers, name, answer);
		else
			json_object_put(answer);
	}
	json_object_object_add(result, "answers", answers);
	return rpc_result(id, result);
}

char *
codex_answer(const char *key, const char *ask_id, const char *raw, const char *decision,
    const char *text)
{
	struct json_object *id;
	AUTO_JSON struct json_object *msg = rpc_read_request(raw, &id);
	const char *method = wire_str(msg, "method");
	struct json_object *params = wire_get(msg, "params");
	bool for_session = strcmp(decision, "allow-session") == 0;
	bool allow = for_session || strcmp(decision, "allow") == 0;

	(void)key;
	(void)ask_id;
	if (!msg)
		return NULL;
	if (strcmp(method, "item/commandExecution/requestApproval") == 0 ||
	    strcmp(method, "item/fileChange/requestApproval") == 0) {
		if (!allow)
			return decision_line(id, "decline");
		return decision_line(id, for_session ? "acceptForSession" : "accept");
	}
	if (strcmp(method, "item/permissions/requestApproval") == 0)
		return permissions_line(id, params, allow, for_session);
	if (strcmp(method, "item/tool/requestUserInput") == 0 && allow)
		return answers_line(id, params,
		    text && *text
			? text
			: "No preference: decide yourself and say what you chose.");
	return rpc_error(
	    id, text && *text ? text : "The supervisor does not grant this.");
}

/* ---- before work is given to it ------------------------------------------------------ */

static bool
has_login(void)
{
	static const char *const names[] = { "CODEX_API_KEY", "OPENAI_API_KEY" };
	const char *home = getenv("CODEX_HOME"), *user = getenv("HOME");
	AUTO_FREE char *path = NULL;

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return true;
	}
	if (home && *home)
		path = path_join(home, "auth.json");
	else if (user && *user)
		path = path_join(user, ".codex/auth.json");
	return path && file_exists(path);
}

int
codex_probe(const char *program, struct agent_probe *probe, struct err *err)
{
	struct agent_probe found = { 0 };
	struct err why = ERR_INIT;

	if (probe_find(program && *program ? program : "codex", found.program,
		sizeof(found.program), err) < 0)
		return -1;
	/* A provider of the person's own, in config.toml, may need no login of Codex's. */
	found.login = has_login() ? 1 : -1;
	if (probe_version(found.program, VERSION_TIMEOUT_MS, found.version,
		sizeof(found.version), &why) < 0)
		snprintf(found.note, sizeof(found.note), "%.*s",
		    (int)sizeof(found.note) - 1, why.text);
	*probe = found;
	return 0;
}

const char *const codex_env[] = { "CODEX_API_KEY", "CODEX_HOME", "OPENAI_API_KEY",
	"OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT",
	"CODEX_CA_CERTIFICATE", "SSL_CERT_FILE", NULL };

const struct agent agent_codex = {
	.name = "codex",
	.command = codex_command,
	.open = codex_open,
	.step = codex_step,
	.parse = codex_parse,
	.answer = codex_answer,
	.say = codex_say,
	.interrupt = codex_interrupt,
	.probe = codex_probe,
	.env = codex_env,
	.can_resume = true,
	.has_own_confirm = true,
	.plans_by_turn = true,
	.cannot_commit = true,
	.outlives_input = true,
};
