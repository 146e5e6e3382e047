#include "agent/rpc.h"

#include "base/mem.h"

#include <stdarg.h>
#include <string.h>

#define ID_MAX_BYTES 200u

static struct json_object *
message_new(void)
{
	struct json_object *msg = json_object_new_object();

	wire_add(msg, "jsonrpc", "2.0");
	return msg;
}

char *
rpc_request(const char *id, const char *method, struct json_object *params)
{
	struct json_object *msg = message_new();

	wire_add(msg, "id", id);
	wire_add(msg, "method", method);
	json_object_object_add(msg, "params", params);
	return wire_print_take(msg);
}

char *
rpc_notification(const char *method, struct json_object *params)
{
	struct json_object *msg = message_new();

	wire_add(msg, "method", method);
	json_object_object_add(msg, "params", params);
	return wire_print_take(msg);
}

char *
rpc_result(struct json_object *id, struct json_object *result)
{
	struct json_object *msg = message_new();

	json_object_object_add(msg, "id", json_object_get(id));
	json_object_object_add(msg, "result", result);
	return wire_print_take(msg);
}

char *
rpc_error(struct json_object *id, const char *text)
{
	enum { METHOD_NOT_FOUND = -32601 };
	struct json_object *msg = message_new(), *error = json_object_new_object();

	json_object_object_add(error, "code", json_object_new_int(METHOD_NOT_FOUND));
	wire_add(error, "message", text);
	json_object_object_add(msg, "id", json_object_get(id));
	json_object_object_add(msg, "error", error);
	return wire_print_take(msg);
}

struct json_object *
rpc_read_request(const char *raw, struct json_object **id)
{
	struct json_object *msg = raw ? wire_parse(raw, strlen(raw), WIRE_MAX_BYTES)
				      : NULL;

	*id = wire_get(msg, "id");
	if (*id && wire_str(msg, "method"))
		return msg;
	json_object_put(msg);
	return NULL;
}

char *
rpc_id(struct json_object *msg)
{
	struct json_object *id = wire_get(msg, "id");
	const char *text;

	if (!json_object_is_type(id, json_type_int) &&
	    !json_object_is_type(id, json_type_string))
		return NULL;
	text = json_object_get_string(id);
	return text[0] && strlen(text) <= ID_MAX_BYTES ? xstrdup(text) : NULL;
}

char *
rpc_error_text(struct json_object *msg)
{
	struct json_object *error = wire_get(msg, "error"),
			   *data = wire_get(error, "data");
	const char *detail = json_object_is_type(data, json_type_string)
				 ? json_object_get_string(data)
				 : wire_str(data, "details");

	if (!error)
		return NULL;
	if (!detail)
		detail = wire_str(data, "message");
	AUTO_FREE char *message = wire_text(wire_get(error, "message"), WIRE_MAX_TEXT);

	if (!message)
		return xstrdup("it failed and did not say why");
	return detail && !strstr(message, detail)
		   ? xasprintf("%s: %.2000s", message, detail)
		   : TAKE_PTR(message);
}

void
rpc_tell(const struct rpc_out *out, enum agent_event_kind kind, const char *text)
{
	struct agent_event event = wire_event(kind, text);

	event.session_id = out->session;
	out->fn(&event, out->arg);
}

void
rpc_note(const struct rpc_out *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, ap);
	va_end(ap);
	AUTO_FREE char *line = wire_line_of(text, strlen(text));

	rpc_tell(out, AGENT_NOTE, line);
}

void
rpc_step(const struct rpc_out *out, const char *step, const char *raw)
{
	struct agent_event event = wire_event(AGENT_STEP, NULL);

	event.id = step;
	event.raw = raw;
	out->fn(&event, out->arg);
}

void
rpc_ask(const struct rpc_out *out, struct json_object *msg, enum agent_ask ask,
    const char *text, const char *detail)
{
	struct agent_event event = wire_event(AGENT_ASK, text);
	AUTO_FREE char *id = rpc_id(msg);
	AUTO_FREE char *raw = xstrndup(out->line, out->n);

	if (!id) {
		wire_note_line(out->line, out->n, out->fn, out->arg);
		return;
	}
	event.id = id;
	event.ask = ask;
	event.detail = detail;
	event.raw = raw;
	out->fn(&event, out->arg);
}

size_t
rpc_length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array)
		   ? json_object_array_length(array)
		   : 0;
}

void
rpc_progress(const struct rpc_out *out, struct json_object *list, const char *text_key,
    const char *done, const char *doing)
{
	struct agent_event event = wire_event(AGENT_PROGRESS, "");
	AUTO_FREE char *text = NULL;

	event.total = (long)rpc_length(list);
	for (size_t i = 0; i < (size_t)event.total; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		event.done += wire_is(item, "status", done);
		if (!text && wire_is(item, "status", doing))
			text = wire_line(wire_get(item, text_key));
	}
	if (text)
		event.text = text;
	out->fn(&event, out->arg);
}

static bool
has_one_of(const char *words, const char *const *list, size_t n)
{
	for (size_t i = 0; words && i < n; i++) {
		if (strcasestr(words, list[i]))
			return true;
	}
	return false;
}

bool
rpc_is_limit(const char *words)
{
	static const char *const list[] = { "429", "rate limit", "rate_limit",
		"ratelimit", "too many requests", "quota", "usage limit",
		"resource_exhausted", "resource exhausted" };

	return has_one_of(words, list, N_ELEMS(list));
}

bool
rpc_is_login(const char *words)
{
	static const char *const list[] = { "authentication required", "auth_required",
		"not logged in", "please log in", "login required",
		"not authenticated" };

	return has_one_of(words, list, N_ELEMS(list));
}
