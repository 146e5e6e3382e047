#include "agent/acp.h"

#include "agent/rpc.h"
#include "agent/show.h"
#include "base/mem.h"

#include <string.h>

/* What an agent prints in the Agent Client Protocol, as events. */

#define OFFERS_MAX    64 /* modes, options, values: no agent offers more */
#define OFFER_BYTES   200u
#define PROTOCOL_V1   1
#define AUTH_REQUIRED (-32000)

typedef void update_fn(struct json_object *update, const struct rpc_out *out);

static const char *
or_empty(const char *s)
{
	return s ? s : "";
}

/* ---- replies to what we asked ------------------------------------------------------ */

static void
add_offer(struct json_object *list, const char *text)
{
	if (text && strlen(text) <= OFFER_BYTES && rpc_length(list) < OFFERS_MAX)
		json_object_array_add(list, json_object_new_string(text));
}

/* {"modes":[ids],"options":{id:[values]}}: of all that RESULT offers, in few bytes. */
static char *
offers_of(struct json_object *result)
{
	struct json_object *offers = json_object_new_object(),
			   *modes = json_object_new_array(),
			   *options = json_object_new_object(),
			   *of_modes = wire_get(
			       wire_get(result, "modes"), "availableModes"),
			   *config = wire_get(result, "configOptions");

	for (size_t i = 0; i < rpc_length(of_modes); i++)
		add_offer(
		    modes, wire_str(json_object_array_get_idx(of_modes, i), "id"));
	for (size_t i = 0; i < rpc_length(config) && i < OFFERS_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(config, i),
				   *from = wire_get(one, "options"),
				   *values = json_object_new_array();
		const char *id = wire_str(one, "id");

		for (size_t k = 0; k < rpc_length(from); k++)
			add_offer(values,
			    wire_str(json_object_array_get_idx(from, k), "value"));
		if (id && strlen(id) <= OFFER_BYTES)
			json_object_object_add(options, id, values);
		else
			json_object_put(values);
	}
	json_object_object_add(offers, "modes", modes);
	json_object_object_add(offers, "options", options);
	return wire_print_take(offers);
}

static void
on_initialized(struct json_object *result, const struct rpc_out *out)
{
	struct json_object *can = wire_get(result, "agentCapabilities"),
			   *info = wire_get(result, "agentInfo");
	struct json_object *resume = wire_get(
	    wire_get(can, "sessionCapabilities"), "resume");
	long version = wire_count(result, "protocolVersion", 0);

	if (version != PROTOCOL_V1) {
		AUTO_FREE char *text = xasprintf(
		    "it speaks version %ld of the protocol, divisi speaks 1", version);

		rpc_tell(out, AGENT_FAILED, text);
		return;
	}
	if (info)
		rpc_note(out, "%s %s", or_empty(wire_str(info, "name")),
		    or_empty(wire_str(info, "version")));
	rpc_step(out, ACP_STEP_SESSION,
	    resume                          ? "resume"
	    : wire_bool(can, "loadSession") ? "load"
					    : "");
}

static void
on_session(struct json_object *result, bool is_anew, const struct rpc_out *out)
{
	struct agent_event event = wire_event(AGENT_ACCEPTED, "");
	AUTO_FREE char *offers = offers_of(result);

	event.id = wire_str(result, "sessionId");
	if (is_anew && (!event.id || event.id[0] == '\0')) {
		rpc_tell(out, AGENT_FAILED, "it opened a session without an id");
		return;
	}
	out->fn(&event, out->arg);
	rpc_step(out, is_anew ? ACP_STEP_MODE_ANEW : ACP_STEP_MODE_RESUMED, offers);
}

static void
tell_failure(struct json_object *msg, const char *why, const struct rpc_out *out)
{
	struct json_object *code = wire_get(wire_get(msg, "error"), "code");
	bool is_login = (json_object_is_type(code, json_type_int) &&
			    json_object_get_int(code) == AUTH_REQUIRED) ||
			rpc_is_login(why);
	AUTO_FREE char *text = is_login ? xasprintf("it asks for a login first: %s; "
						    "run it once by hand and log in",
					      why)
					: xstrdup(why);

	if (!is_login && rpc_is_limit(why))
		rpc_tell(out, AGENT_LIMIT, text);
	rpc_tell(out, AGENT_FAILED, text);
}

/* Tokens of the turn, where the agent counts them; each has a place of its own for it. */
static void
tell_usage(struct json_object *result, const struct rpc_out *out)
{
	struct json_object *usage = wire_get(result, "usage"),
			   *quota = wire_get(
			       wire_get(wire_get(result, "_meta"), "quota"),
			       "token_count");
	struct agent_event event = wire_event(AGENT_USAGE, NULL);

	if (usage) {
		event.input_tokens = wire_count(usage, "inputTokens", 0) +
				     wire_count(usage, "cachedReadTokens", 0) +
				     wire_count(usage, "cachedWriteTokens", 0);
		event.output_tokens = wire_count(usage, "outputTokens", 0);
	} else if (quota) {
		event.input_tokens = wire_count(quota, "input_tokens", -1);
		event.output_tokens = wire_count(quota, "output_tokens", -1);
	}
	if (event.input_tokens >= 0 || event.output_tokens >= 0)
		out->fn(&event, out->arg);
}

static void
on_prompted(struct json_object *result, const struct rpc_out *out)
{
	static const struct {
		const char *reason, *text;
	} failures[] = {
		{ "cancelled", "its turn was cancelled" },
		{ "max_tokens", "the model met its limit of tokens" },
		{ "max_turn_requests", "it met its limit of requests in a turn" },
		{ "refusal", "the model refused to go on" },
	};
	const char *reason = wire_str(result, "stopReason");

	tell_usage(result, out);
	if (reason && strcmp(reason, "end_turn") == 0) {
		rpc_tell(out, AGENT_DONE, "");
		return;
	}
	for (size_t i = 0; reason && i < N_ELEMS(failures); i++) {
		if (strcmp(failures[i].reason, reason) == 0) {
			rpc_tell(out, AGENT_FAILED, failures[i].text);
			return;
		}
	}
	AUTO_FREE char *text = xasprintf(
	    "its turn ended for no known reason (%.60s)", or_empty(reason));

	rpc_tell(out, AGENT_FAILED, text);
}

static void
on_mode_refused(const char *id, const char *why, const struct rpc_out *out)
{
	AUTO_FREE char *raw = xasprintf(
	    "%s %.300s", strcmp(id, ACP_MODE_ANEW) == 0 ? "anew" : "resumed", why);

	rpc_note(out, "its mode cannot be set: %s", why);
	rpc_step(out, ACP_STEP_REFUSED, raw);
}

static void
on_reply(const char *id, struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *result = wire_get(msg, "result");
	AUTO_FREE char *why = rpc_error_text(msg);
	bool is_work = strcmp(id, ACP_MODE_WORK) == 0;
	bool is_mode = strcmp(id, ACP_MODE_ANEW) == 0 ||
		       strcmp(id, ACP_MODE_RESUMED) == 0;
	bool is_turn = strcmp(id, ACP_PROMPT) == 0 ||
		       strncmp(id, ACP_SAY, strlen(ACP_SAY)) == 0;

	if (why && strcmp(id, ACP_RESUME) == 0) {
		rpc_note(out, "its session could not be had again: %s", why);
		rpc_step(out, ACP_STEP_ANEW, NULL);
	} else if (is_work) {
		/* Where the mode stays, what it may not do is asked or refused. */
		if (why)
			rpc_note(out, "its mode cannot be set: %s", why);
		rpc_step(out, ACP_STEP_WORK, NULL);
	} else if (why && is_mode) {
		on_mode_refused(id, why, out);
	} else if (why && (is_turn || strcmp(id, ACP_INITIALIZE) == 0 ||
			      strcmp(id, ACP_SESSION) == 0)) {
		tell_failure(msg, why, out);
	} else if (why) {
		rpc_note(out, "it did not take %s: %s", id, why);
	} else if (strcmp(id, ACP_INITIALIZE) == 0) {
		on_initialized(result, out);
	} else if (strcmp(id, ACP_SESSION) == 0) {
		on_session(result, true, out);
	} else if (strcmp(id, ACP_RESUME) == 0) {
		on_session(result, false, out);
	} else if (is_mode) {
		rpc_step(out, ACP_STEP_PROMPT,
		    strcmp(id, ACP_MODE_ANEW) == 0 ? "anew" : "resumed");
	} else if (is_turn) {
		on_prompted(result, out);
	}
}

/* ---- updates of the session ---------------------------------------------------------- */

static void
on_message(struct json_object *update, const struct rpc_out *out)
{
	AUTO_FREE char *text = wire_text(
	    wire_get(wire_get(update, "content"), "text"), WIRE_MAX_TEXT);
	struct agent_event event = wire_event(AGENT_SAY, text);

	if (!text || *text == '\0')
		return;
	event.is_part = true;
	event.session_id = out->session;
	out->fn(&event, out->arg);
}

/* The number of an exit status that is none of success, or 0. */
static int
status_in(struct json_object *object)
{
	static const char *const names[] = { "exitCode", "exit_code", "exit" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		struct json_object *code = wire_get(object, names[i]);

		if (json_object_is_type(code, json_type_int))
			return json_object_get_int(code);
	}
	return 0;
}

/*
 * A command that ran and failed is told as "completed": Copilot, OpenCode and Codex put its
 * exit status into the raw output, Gemini into the text.
 */
static bool
has_failed(struct json_object *update, const char *text)
{
	struct json_object *raw = wire_get(update, "rawOutput"),
			   *contents = wire_get(raw, "contents");
	const char *line = text ? strstr(text, "\nExit Code: ") : NULL;

	if (wire_is(update, "status", "failed") || status_in(raw) != 0 ||
	    status_in(wire_get(raw, "metadata")) != 0)
		return true;
	for (size_t i = 0; i < rpc_length(contents); i++) {
		if (status_in(json_object_array_get_idx(contents, i)) != 0)
			return true;
	}
	return line && wire_is(update, "kind", "execute");
}

/* TEXT without the lines at its end that number processes, different each time. */
static char *
lasting(const char *text)
{
	static const char *const marks[] = {
		"\nProcess Group PGID: ", "\nBackground PIDs: ", "\n<shellId: "
	};
	size_t n = strlen(text);

	for (size_t i = 0; i < N_ELEMS(marks); i++) {
		const char *at = strstr(text, marks[i]);

		if (at && (size_t)(at - text) < n)
			n = (size_t)(at - text);
	}
	return xstrndup(text, n);
}

static const char *
text_in(struct json_object *content)
{
	return rpc_length(content) > 0
		   ? wire_str(
			 wire_get(json_object_array_get_idx(content, 0), "content"),
			 "text")
		   : NULL;
}

/* What UPDATE calls, in words that are the same each time. */
static void
tell_call(struct json_object *update, const struct rpc_out *out)
{
	const char *gist = show_gist(wire_get(update, "rawInput"));
	AUTO_FREE char *text = xasprintf("%s: %s", or_empty(wire_str(update, "kind")),
	    gist ? gist : or_empty(wire_str(update, "title")));
	AUTO_FREE char *line = wire_line_of(text, strlen(text));
	struct agent_event event = wire_event(AGENT_TOOL, line);

	event.id = wire_str(update, "toolCallId");
	event.session_id = out->session;
	out->fn(&event, out->arg);
}

static void
on_tool_update(struct json_object *update, const struct rpc_out *out)
{
	const char *why = text_in(wire_get(update, "content"));
	bool failed = has_failed(update, why);
	struct agent_event event = wire_event(
	    failed ? AGENT_TOOL_FAILED : AGENT_TOOL_WORKED, NULL);
	AUTO_FREE char *text = NULL, *detail = NULL;

	/* OpenCode begins a call before it knows what it calls. */
	if (wire_is(update, "status", "in_progress") && wire_str(update, "kind") &&
	    show_gist(wire_get(update, "rawInput")))
		tell_call(update, out);
	if (!wire_is(update, "status", "failed") &&
	    !wire_is(update, "status", "completed"))
		return;
	if (failed && !why)
		why = or_empty(wire_str(update, "title"));
	if (failed) {
		detail = lasting(why);
		text = wire_line_of(detail, strlen(detail));
	}
	event.id = wire_str(update, "toolCallId");
	event.text = text;
	event.detail = detail;
	event.session_id = out->session;
	out->fn(&event, out->arg);
}

static void
on_tool(struct json_object *update, const struct rpc_out *out)
{
	tell_call(update, out);
	/* Some tell the whole call when it is over. */
	on_tool_update(update, out);
}

static void
on_plan(struct json_object *update, const struct rpc_out *out)
{
	rpc_progress(
	    out, wire_get(update, "entries"), "content", "completed", "in_progress");
}

static void
on_mode(struct json_object *update, const struct rpc_out *out)
{
	rpc_note(
	    out, "its mode is now %s", or_empty(wire_str(update, "currentModeId")));
}

static void
on_usage(struct json_object *update, const struct rpc_out *out)
{
	struct json_object *cost = wire_get(update, "cost");
	struct agent_event event = wire_event(AGENT_USAGE, NULL);
	long size = wire_count(update, "size", 0),
	     used = wire_count(update, "used", -1);

	event.session_id = out->session;
	if (wire_is(cost, "currency", "USD"))
		event.cost_cents = wire_cents(wire_get(cost, "amount"));
	if (size > 0 && used >= 0)
		event.context_pct = used >= size ? 100 : (int)(used * 100 / size);
	if (event.cost_cents >= 0 || event.context_pct >= 0)
		out->fn(&event, out->arg);
}

/* What carries nothing a person or the server acts on is not listed. */
static const struct {
	const char *name;
	update_fn *fn;
} updates[] = {
	/* clang-format off */
	{ "agent_message_chunk", on_message     },
	{ "current_mode_update", on_mode        },
	{ "plan",                on_plan        },
	{ "tool_call",           on_tool        },
	{ "tool_call_update",    on_tool_update },
	{ "usage_update",        on_usage       },
	/* clang-format on */
};

/* ---- what it asks --------------------------------------------------------------------- */

static void
put_content(FILE *buf, struct json_object *content)
{
	for (size_t i = 0; i < rpc_length(content); i++) {
		struct json_object *one = json_object_array_get_idx(content, i);
		const char *text = wire_str(wire_get(one, "content"), "text");

		if (wire_is(one, "type", "diff")) {
			AUTO_FREE char *after = wire_text(
			    wire_get(one, "newText"), WIRE_MAX_TEXT);

			fprintf(
			    buf, "%s becomes:\n    ", or_empty(wire_str(one, "path")));
			show_indented(buf, or_empty(after));
			putc('\n', buf);
		} else if (text) {
			show_indented(buf, text);
			putc('\n', buf);
		}
	}
}

static void
on_permission(struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *call = wire_get(wire_get(msg, "params"), "toolCall"),
			   *input = wire_get(call, "rawInput");
	const char *title = or_empty(wire_str(call, "title")), *gist = show_gist(input),
		   *plan = wire_str(input, "plan");
	/* Claude's adapter asks so to leave its plan mode. */
	bool is_plan = wire_is(call, "kind", "switch_mode");
	AUTO_FREE char *said = gist && !strstr(title, gist)
				   ? xasprintf("%s: %s", title, gist)
				   : xstrdup(title);
	AUTO_FREE char *text = wire_line_of(said, strlen(said));
	AUTO_FREE char *detail = NULL;
	size_t n_detail = 0;
	FILE *buf = open_memstream(&detail, &n_detail);

	if (!buf)
		abort();
	if (is_plan && plan) {
		fputs(plan, buf);
	} else {
		show_indented(buf, title);
		putc('\n', buf);
		show_members(buf, input);
		put_content(buf, wire_get(call, "content"));
	}
	if (fclose(buf) != 0)
		abort();
	rpc_ask(out, msg, is_plan ? ASK_PLAN : ASK_PERMISSION,
	    *text ? text : "a permission", detail);
}

/* It waits for an answer to whatever it asks, so nothing is passed over. */
static void
on_request(const char *method, struct json_object *msg, const struct rpc_out *out)
{
	AUTO_FREE char *text = xasprintf(
	    "%.100s (cannot be granted, only declined)", method);
	AUTO_FREE char *line = wire_line_of(text, strlen(text));

	if (strcmp(method, "session/request_permission") == 0)
		on_permission(msg, out);
	else
		rpc_ask(out, msg, ASK_QUESTION, line, NULL);
}

static void
on_notification(
    const char *method, struct json_object *params, const struct rpc_out *out)
{
	struct json_object *update = wire_get(params, "update"), *id;
	const char *kind = wire_str(update, "sessionUpdate");
	struct agent_event gone = wire_event(AGENT_ASK_GONE, NULL);

	if (strcmp(method, "$/cancel_request") == 0) {
		id = wire_get(params, "requestId");
		if (json_object_is_type(id, json_type_int) ||
		    json_object_is_type(id, json_type_string)) {
			gone.id = json_object_get_string(id);
			out->fn(&gone, out->arg);
		}
		return;
	}
	for (size_t i = 0; kind && i < N_ELEMS(updates); i++) {
		if (strcmp(updates[i].name, kind) == 0)
			updates[i].fn(update, out);
	}
}

void
acp_parse(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_JSON struct json_object *msg = wire_parse(line, n, WIRE_MAX_BYTES);
	const char *method = wire_str(msg, "method");
	struct json_object *params = wire_get(msg, "params");
	struct rpc_out out = { .fn = fn,
		.arg = arg,
		.line = line,
		.n = n,
		.session = wire_str(params, "sessionId") };
	AUTO_FREE char *id = rpc_id(msg);

	if (!msg || (!method && !id))
		wire_note_line(line, n, fn, arg);
	else if (!method)
		on_reply(id, msg, &out);
	else if (wire_get(msg, "id"))
		on_request(method, msg, &out);
	else
		on_notification(method, params, &out);
}

void
acp_parse_opencode(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_JSON struct json_object *msg = wire_parse(line, n, WIRE_MAX_BYTES);
	struct rpc_out out = { .fn = fn, .arg = arg };

	/* It writes the file itself, and waits for no answer (1.18.33). */
	if (wire_is(msg, "method", "fs/write_text_file"))
		rpc_note(&out, "it wrote %s",
		    or_empty(wire_str(wire_get(msg, "params"), "path")));
	else
		acp_parse(line, n, fn, arg);
}
