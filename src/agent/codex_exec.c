#include "agent/codex.h"

#include "agent/hooks.h"
#include "agent/probe.h"
#include "agent/rpc.h"
#include "base/mem.h"

#include <string.h>

/*
 * Codex without its server: `codex exec --json`, one turn a process, JSON lines out and
 * nothing in.  Nobody can ask or be asked, so it is for Bypass only; what it is told is an
 * argument, and its input is /dev/null, since it would wait for the end of a pipe.
 */

#define PROMPT_MAX_BYTES (120u << 10) /* of one argument the kernel takes 128 KiB */

static int
exec_command(const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	const char *program = launch->program ? launch->program : "codex";
	const char *prompt = launch->prompt ? launch->prompt : "";

	if (!launch->launch_as || strcmp(launch->launch_as, "bypass") != 0) {
		err_set(err, ERR_USAGE, "codex exec asks nobody: it has no mode \"%s\"",
		    launch->launch_as ? launch->launch_as : "");
		return err_fix(err, "name the agent codex for this phase");
	}
	if (launch->resume_id && !codex_is_thread(launch->resume_id))
		return err_set(
		    err, ERR_INPUT, "not a thread of Codex: %.60s", launch->resume_id);
	if (strlen(prompt) > PROMPT_MAX_BYTES) {
		err_set(err, ERR_INPUT,
		    "a prompt of %zu bytes is too long for codex exec", strlen(prompt));
		return err_fix(err, "name the agent codex for this phase");
	}
	run_spec_add_arg(spec, "/bin/sh");
	run_spec_add_arg(spec, "-c");
	run_spec_add_arg(spec, "exec \"$0\" \"$@\" </dev/null");
	run_spec_add_arg(spec, program);
	run_spec_add_arg(spec, "exec");
	run_spec_add_arg(spec, "--json");
	run_spec_add_arg(spec, "-c");
	run_spec_add_arg(spec, "analytics.enabled=false");
	run_spec_add_arg(spec, "-c");
	run_spec_add_arg(spec, "approval_policy=never");
	run_spec_add_arg(spec, "--sandbox");
	/* Behind another fence its own cannot be put up. */
	run_spec_add_arg(
	    spec, launch->is_sandboxed ? "danger-full-access" : "workspace-write");
	hooks_add_codex(launch, spec);
	codex_add_server(launch, spec);
	for (size_t i = 0; launch->extra && launch->extra[i]; i++)
		run_spec_add_arg(spec, launch->extra[i]);
	if (launch->resume_id) {
		run_spec_add_arg(spec, "resume");
		run_spec_add_arg(spec, launch->resume_id);
	}
	run_spec_add_arg(spec, "--");
	run_spec_add_arg(spec, prompt);
	if (launch->tmp_dir)
		wire_set_env(spec, "TMPDIR", launch->tmp_dir);
	return 0;
}

static void
exec_open(const struct agent_launch *launch, struct agent_input *input)
{
	(void)launch;
	(void)input;
}

/* ---- what it prints ------------------------------------------------------------------ */

static void
on_thread(struct json_object *msg, const struct rpc_out *out)
{
	struct agent_event event = wire_event(AGENT_ACCEPTED, "Codex");

	event.id = wire_str(msg, "thread_id");
	if (event.id)
		out->fn(&event, out->arg);
	else
		rpc_tell(out, AGENT_FAILED, "Codex opened a thread without an id");
}

static void
on_item_started(struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *item = wire_get(msg, "item");
	const char *command = wire_str(item, "command");

	if (wire_is(item, "type", "command_execution") && command)
		rpc_note(out, "runs %s", command);
}

/* It says nothing at the end of a turn: its last message is what it was about. */
static void
say_message(struct json_object *item, const struct rpc_out *out)
{
	AUTO_FREE char *text = wire_text(wire_get(item, "text"), WIRE_MAX_TEXT);
	AUTO_FREE char *line = text ? xasprintf("%s\n", text) : NULL;
	struct agent_event event = wire_event(AGENT_SAY, line);

	if (!text || *text == '\0')
		return;
	event.is_part = true;
	out->fn(&event, out->arg);
}

static void
on_todo(struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *items = wire_get(wire_get(msg, "item"), "items");
	struct agent_event event = wire_event(AGENT_PROGRESS, "");
	AUTO_FREE char *text = NULL;

	event.total = (long)rpc_length(items);
	for (size_t i = 0; i < rpc_length(items); i++) {
		struct json_object *one = json_object_array_get_idx(items, i);

		event.done += wire_bool(one, "completed");
		if (!text && !wire_bool(one, "completed"))
			text = wire_line(wire_get(one, "text"));
	}
	event.text = text ? text : "";
	out->fn(&event, out->arg);
}

static void
on_item(struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *item = wire_get(msg, "item");

	if (wire_is(item, "type", "agent_message"))
		say_message(item, out);
	else if (wire_is(item, "type", "todo_list"))
		on_todo(msg, out);
	else if (wire_is(item, "type", "error"))
		rpc_note(out, "%s",
		    wire_str(item, "message") ? wire_str(item, "message") : "");
	else
		codex_tool_ended(item, out);
}

static void
on_item_updated(struct json_object *msg, const struct rpc_out *out)
{
	if (wire_is(wire_get(msg, "item"), "type", "todo_list"))
		on_todo(msg, out);
}

static void
on_completed(struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *usage = wire_get(msg, "usage");
	struct agent_event event = wire_event(AGENT_USAGE, NULL);

	event.input_tokens = wire_count(usage, "input_tokens", -1);
	event.output_tokens = wire_count(usage, "output_tokens", -1);
	if (event.input_tokens >= 0)
		out->fn(&event, out->arg);
	rpc_tell(out, AGENT_DONE, "");
}

static void
on_turn_failed(struct json_object *msg, const struct rpc_out *out)
{
	AUTO_FREE char *text = wire_text(
	    wire_get(wire_get(msg, "error"), "message"), WIRE_MAX_TEXT);
	const char *why = text ? text : "no reason given";

	if (rpc_is_limit(why))
		rpc_tell(out, AGENT_LIMIT, why);
	rpc_tell(out, AGENT_FAILED, why);
}

/* A call to the model that failed; the end of the turn says when it was the last. */
static void
on_error(struct json_object *msg, const struct rpc_out *out)
{
	AUTO_FREE char *text = wire_line(wire_get(msg, "message"));
	const char *why = text ? text : "no reason given";

	rpc_tell(out, rpc_is_limit(why) ? AGENT_LIMIT : AGENT_RETRY, why);
}

static const struct {
	const char *type;
	void (*fn)(struct json_object *msg, const struct rpc_out *out);
} messages[] = {
	/* clang-format off */
	{ "error",          on_error        },
	{ "item.completed", on_item         },
	{ "item.started",   on_item_started },
	{ "item.updated",   on_item_updated },
	{ "thread.started", on_thread       },
	{ "turn.completed", on_completed    },
	{ "turn.failed",    on_turn_failed  },
	/* clang-format on */
};

static void
exec_parse(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_JSON struct json_object *msg = wire_parse(line, n, WIRE_MAX_BYTES);
	struct rpc_out out = { .fn = fn, .arg = arg, .line = line, .n = n };

	for (size_t i = 0; i < N_ELEMS(messages); i++) {
		if (wire_is(msg, "type", messages[i].type)) {
			messages[i].fn(msg, &out);
			return;
		}
	}
	if (!wire_is(msg, "type", "turn.started"))
		wire_note_line(line, n, fn, arg);
}

/* It hears nothing. */
static char *
exec_answer(const char *key, const char *ask_id, const char *raw, const char *decision,
    const char *text)
{
	(void)key;
	(void)ask_id;
	(void)raw;
	(void)decision;
	(void)text;
	return NULL;
}

static char *
exec_say(const struct agent_talk *talk, const char *key, const char *text)
{
	(void)talk;
	(void)key;
	(void)text;
	return NULL;
}

const struct agent agent_codex_exec = {
	.name = "codex-exec",
	.command = exec_command,
	.open = exec_open,
	.parse = exec_parse,
	.answer = exec_answer,
	.say = exec_say,
	.probe = codex_probe,
	.env = codex_env,
	.can_resume = true,
	.has_own_confirm = true,
	.cannot_commit = true,
	.outlives_input = true,
};
