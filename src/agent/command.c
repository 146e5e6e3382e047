#include "agent/agent.h"

#include "agent/probe.h"
#include "agent/wire.h"
#include "base/mem.h"

#include <string.h>

/*
 * Any program that speaks JSON lines (CONTRACTS 3, divisi-agent(7)).  It is a stranger: it
 * may lie, flood or print rubbish, and all of that is a note.
 */

#define LINE_MAX_BYTES (1u << 20)
#define ID_MAX_BYTES   200u

typedef void message_fn(struct json_object *msg, agent_event_fn *fn, void *arg);

static int
command_command(
    const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	if (!launch->program || launch->program[0] == '\0') {
		err_set(err, ERR_USAGE, "the command agent has no program");
		return err_fix(
		    err, "git config divisi.agent.command.program /path/to/agent");
	}
	run_spec_add_arg(spec, launch->program);
	for (size_t i = 0; launch->extra && launch->extra[i]; i++)
		run_spec_add_arg(spec, launch->extra[i]);
	if (launch->tmp_dir)
		wire_set_env(spec, "TMPDIR", launch->tmp_dir);
	if (launch->name)
		wire_set_env(spec, "DIVISI_NAME", launch->name);
	if (launch->launch_as)
		wire_set_env(spec, "DIVISI_LAUNCH_AS", launch->launch_as);
	if (launch->budget_cents > 0) {
		AUTO_FREE char *cents = xasprintf("%ld", launch->budget_cents);

		wire_set_env(spec, "DIVISI_BUDGET_CENTS", cents);
	}
	return 0;
}

/* A message of TYPE under KEY; the caller prints it with wire_print_take(). */
static struct json_object *
message_new(const char *type, const char *key)
{
	struct json_object *msg = json_object_new_object();

	wire_add(msg, "type", type);
	wire_add(msg, "key", key);
	return msg;
}

static char *
text_message(const char *type, const char *key, const char *text)
{
	struct json_object *msg = message_new(type, key);

	wire_add(msg, "text", text);
	return wire_print_take(msg);
}

static void
command_open(const struct agent_launch *launch, struct agent_input *input)
{
	if (launch->prompt)
		agent_input_take(input, xstrdup(launch->prompt_key),
		    text_message("prompt", launch->prompt_key, launch->prompt));
}

static char *
command_answer(const char *key, const char *ask_id, const char *raw,
    const char *decision, const char *text)
{
	struct json_object *msg = message_new("answer", key);

	/* The protocol has one word that allows: what it allows is the program's affair. */
	if (strcmp(decision, "allow-session") == 0)
		decision = "allow";
	wire_add(msg, "ask", ask_id);
	wire_add(msg, "decision", decision);
	wire_add(msg, "text", text);
	return wire_print_take(msg);
}

static char *
command_say(const struct agent_talk *talk, const char *key, const char *text)
{
	return text_message("say", key, text);
}

static char *
command_interrupt(const struct agent_talk *talk, const char *key)
{
	return wire_print_take(message_new("interrupt", key));
}

static char *
command_stop(const char *key)
{
	return wire_print_take(message_new("stop", key));
}

static void
note_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	const char *text = json_object_to_json_string_ext(
	    msg, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	wire_note_line(text, strlen(text), fn, arg);
}

static void
on_started_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	struct agent_event event = wire_event(AGENT_ACCEPTED, "");

	fn(&event, arg);
}

static void
on_say_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *text = wire_text(wire_get(msg, "text"), WIRE_MAX_TEXT);
	struct agent_event event = wire_event(AGENT_SAY, text);

	if (text)
		fn(&event, arg);
	else
		note_message(msg, fn, arg);
}

static void
on_progress_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *text = wire_line(wire_get(msg, "text"));
	struct agent_event event = wire_event(AGENT_PROGRESS, text ? text : "");

	event.total = wire_count(msg, "total", 0);
	event.done = wire_count(msg, "done", 0);
	if (event.total > 0 && event.done > event.total)
		event.done = event.total;
	fn(&event, arg);
}

/* An ask of an unknown kind still waits for a person, so it is a question. */
static enum agent_ask
ask_of(struct json_object *msg)
{
	for (int ask = 0; ask < ASK_N; ask++) {
		if (wire_is(msg, "kind", agent_ask_name((enum agent_ask)ask)))
			return (enum agent_ask)ask;
	}
	return ASK_QUESTION;
}

static void
on_ask_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *text = wire_line(wire_get(msg, "text"));
	AUTO_FREE char *detail = wire_text(wire_get(msg, "detail"), LINE_MAX_BYTES);
	struct agent_event event = wire_event(AGENT_ASK, text ? text : "");
	struct json_object *full = wire_get(msg, "text");
	AUTO_FREE char *whole = NULL, *action = NULL;

	event.id = wire_str(msg, "id");
	if (!event.id || event.id[0] == '\0' || strlen(event.id) > ID_MAX_BYTES) {
		note_message(msg, fn, arg);
		return;
	}
	/* A text cut for one line must still be readable in full before it is answered. */
	whole = wire_text(full, LINE_MAX_BYTES);
	if (whole && detail && strcmp(whole, detail) != 0)
		action = xasprintf("%s\n%s", whole, detail);
	if (!detail)
		detail = TAKE_PTR(whole);
	else if (action && text && strlen(whole) > WIRE_MAX_LINE) {
		free(detail);
		detail = xstrdup(action);
	}
	event.action = action;
	event.ask = ask_of(msg);
	event.detail = detail;
	fn(&event, arg);
}

static void
on_usage_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	struct agent_event event = wire_event(AGENT_USAGE, NULL);
	long pct = wire_count(msg, "context_pct", -1);

	event.cost_cents = wire_cents(wire_get(msg, "cost_usd"));
	event.input_tokens = wire_count(msg, "input_tokens", -1);
	event.output_tokens = wire_count(msg, "output_tokens", -1);
	event.context_pct = pct <= 100 ? (int)pct : -1;
	event.model = wire_str(msg, "model");
	if (event.cost_cents < 0 && event.input_tokens < 0 && event.output_tokens < 0 &&
	    event.context_pct < 0)
		note_message(msg, fn, arg);
	else
		fn(&event, arg);
}

static void
on_estimate_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	struct agent_event event = wire_event(AGENT_ESTIMATE, NULL);

	event.cost_cents = wire_cents(wire_get(msg, "cost_usd"));
	if (event.cost_cents < 0)
		note_message(msg, fn, arg);
	else
		fn(&event, arg);
}

/* The end of a step that it calls TEXT; without an "error" it worked. */
static void
on_tool_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *call = wire_line(wire_get(msg, "text"));
	AUTO_FREE char *error = wire_line(wire_get(msg, "error"));
	AUTO_FREE char *all = wire_text(wire_get(msg, "error"), WIRE_MAX_TEXT);
	struct agent_event event = wire_event(
	    error ? AGENT_TOOL_FAILED : AGENT_TOOL_WORKED, error);

	event.action = call;
	event.detail = all;
	if (call && *call)
		fn(&event, arg);
	else
		note_message(msg, fn, arg);
}

static void
on_done_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *text = wire_text(wire_get(msg, "summary"), WIRE_MAX_TEXT);
	struct agent_event event = wire_event(AGENT_DONE, text ? text : "");

	fn(&event, arg);
}

static void
on_failed_message(struct json_object *msg, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *text = wire_text(wire_get(msg, "reason"), WIRE_MAX_TEXT);
	struct agent_event event = wire_event(
	    AGENT_FAILED, text && *text ? text : "no reason given");

	fn(&event, arg);
}

static const struct {
	const char *type;
	message_fn *fn;
} messages[] = {
	/* clang-format off */
	{ "started",  on_started_message  },
	{ "say",      on_say_message      },
	{ "progress", on_progress_message },
	{ "ask",      on_ask_message      },
	{ "usage",    on_usage_message    },
	{ "estimate", on_estimate_message },
	{ "tool",     on_tool_message     },
	{ "done",     on_done_message     },
	{ "failed",   on_failed_message   },
	/* clang-format on */
};

static void
command_parse(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_JSON struct json_object *msg = wire_parse(line, n, LINE_MAX_BYTES);

	for (size_t i = 0; msg && i < N_ELEMS(messages); i++) {
		if (wire_is(msg, "type", messages[i].type)) {
			messages[i].fn(msg, fn, arg);
			return;
		}
	}
	wire_note_line(line, n, fn, arg);
}

static int
command_probe(const char *program, struct agent_probe *probe, struct err *err)
{
	*probe = (struct agent_probe){ .login = -1 };
	return probe_find(program, probe->program, sizeof(probe->program), err);
}

const struct agent agent_command = {
	.name = "command",
	.command = command_command,
	.open = command_open,
	.parse = command_parse,
	.answer = command_answer,
	.say = command_say,
	.interrupt = command_interrupt,
	.stop = command_stop,
	.probe = command_probe,
	/* no .env: a program of the user's own gets the default list and divisi.env */
};
