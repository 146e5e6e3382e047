#include "agent/codex.h"

#include "agent/rpc.h"
#include "agent/show.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/*
 * A turn is done when turn/completed says "completed"; what came of it git says.  The
 * command that its sandbox refused may not be shown at all (RUNS 1.6).
 */

#define CONFIRMATION  "Session started" /* S-70 */
#define SECONDS_BELOW 100000000000LL
#define CHANGES_MAX   200

typedef void method_fn(struct json_object *params, const struct rpc_out *out);

static const char *
or_empty(const char *s)
{
	return s ? s : "";
}

static void
tell_id(const struct rpc_out *out, enum agent_event_kind kind, const char *id,
    const char *text)
{
	struct agent_event event = wire_event(kind, text);

	event.id = id;
	event.session_id = out->session;
	out->fn(&event, out->arg);
}

/* ---- replies to what we asked ------------------------------------------------------ */

static void
on_thread(struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *thread = wire_get(wire_get(msg, "result"), "thread");
	const char *id = wire_str(thread, "id");
	AUTO_FREE char *text = xasprintf("%.100s, Codex %.60s",
	    or_empty(wire_str(wire_get(msg, "result"), "model")),
	    or_empty(wire_str(thread, "cliVersion")));

	if (!id || id[0] == '\0') {
		rpc_tell(out, AGENT_FAILED, "Codex opened a thread without an id");
		return;
	}
	tell_id(out, AGENT_ACCEPTED, id, text);
	rpc_step(out, CODEX_NAME, NULL);
}

static void
on_reply(const char *id, struct json_object *msg, const struct rpc_out *out)
{
	AUTO_FREE char *why = rpc_error_text(msg);

	if (strcmp(id, CODEX_RESUME) == 0 && why) {
		rpc_note(out, "the thread could not be resumed: %s", why);
		rpc_step(out, CODEX_ANEW, NULL);
	} else if (why &&
		   (strcmp(id, CODEX_INITIALIZE) == 0 ||
		       strcmp(id, CODEX_THREAD) == 0 || strcmp(id, CODEX_TURN) == 0)) {
		rpc_tell(out, AGENT_FAILED, why);
	} else if (why && strcmp(id, CODEX_NAME) != 0) {
		rpc_note(out, "Codex did not take %s: %s", id, why);
	} else if (strcmp(id, CODEX_INITIALIZE) == 0) {
		rpc_note(out, "%s",
		    or_empty(wire_str(wire_get(msg, "result"), "userAgent")));
		rpc_step(out, CODEX_INITIALIZED, NULL);
		rpc_step(out, CODEX_THREAD, NULL);
	} else if (strcmp(id, CODEX_THREAD) == 0) {
		on_thread(msg, out);
		rpc_step(out, CODEX_TURN, "anew");
	} else if (strcmp(id, CODEX_RESUME) == 0) {
		on_thread(msg, out);
		rpc_step(out, CODEX_TURN, "resumed");
	}
}

/* ---- what happens in a turn --------------------------------------------------------- */

/* A file change is told before it is asked about, and the question does not repeat it. */
static void
say_changes(struct json_object *changes, const struct rpc_out *out)
{
	AUTO_FREE char *text = NULL;
	size_t n_text = 0, n = rpc_length(changes);
	FILE *buf = open_memstream(&text, &n_text);

	if (!buf)
		abort();
	for (size_t i = 0; i < n && i < CHANGES_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(changes, i);
		AUTO_FREE char *diff = wire_text(wire_get(one, "diff"), WIRE_MAX_TEXT);

		fprintf(buf, "changes %s\n", or_empty(wire_str(one, "path")));
		if (diff) {
			fputs("    ", buf);
			show_indented(buf, diff);
			putc('\n', buf);
		}
	}
	if (fclose(buf) != 0)
		abort();
	if (text && *text)
		rpc_tell(out, AGENT_SAY, text);
}

static void
on_item_started(struct json_object *params, const struct rpc_out *out)
{
	struct json_object *item = wire_get(params, "item");
	const char *gist = wire_str(item, "command");

	if (wire_is(item, "type", "commandExecution"))
		rpc_note(out, "runs %s", or_empty(gist));
	else if (wire_is(item, "type", "fileChange"))
		say_changes(wire_get(item, "changes"), out);
	else if (wire_is(item, "type", "mcpToolCall"))
		rpc_note(out, "calls %s", or_empty(wire_str(item, "tool")));
}

/* Its last line that holds anything, which mostly says what is wrong; "" when none does. */
static struct span
last_line(const char *output)
{
	struct span rest = span_of(output), line, last = SPAN_LIT("");

	while (span_next(&rest, '\n', &line)) {
		line = span_trim(line);
		last = line.n > 0 ? line : last;
	}
	return last;
}

void
codex_tool_ended(struct json_object *item, const struct rpc_out *out)
{
	struct json_object *code = wire_either(item, "exitCode", "exit_code");
	const char *output = json_object_get_string(
	    wire_either(item, "aggregatedOutput", "aggregated_output"));
	const char *call = wire_str(item, "command");
	bool is_command = json_object_is_type(code, json_type_int);
	bool failed = is_command ? json_object_get_int(code) != 0
				 : wire_is(item, "status", "failed");
	struct agent_event event = wire_event(
	    failed ? AGENT_TOOL_FAILED : AGENT_TOOL_WORKED, NULL);
	AUTO_FREE char *text = NULL, *all = NULL;

	if (wire_is(item, "type", "fileChange") || wire_is(item, "type", "file_change"))
		call = "a change of files";
	else if (!call)
		call = wire_str(item, "tool");
	if (!call)
		return;
	if (failed) {
		struct span last = last_line(or_empty(output));

		text = is_command
			   ? xasprintf("exit %d: %s%s%.*s", json_object_get_int(code),
				 call, last.n ? ": " : "",
				 (int)(last.n < 200 ? last.n : 200), last.p)
			   : xasprintf("%s failed", call);
		all = xasprintf("%s\n%s", text, or_empty(output));
	}
	event.id = wire_str(item, "id");
	event.text = text;
	event.detail = all;
	event.action = call;
	out->fn(&event, out->arg);
}

static void
on_item_completed(struct json_object *params, const struct rpc_out *out)
{
	struct json_object *item = wire_get(params, "item");
	AUTO_FREE char *text = wire_text(wire_get(item, "text"), WIRE_MAX_TEXT);

	if (wire_is(item, "type", "agentMessage") || wire_is(item, "type", "plan")) {
		if (!text || *text == '\0')
			return;
		rpc_tell(out, AGENT_SAY, text);
		if (strstr(text, CONFIRMATION))
			rpc_tell(out, AGENT_CONFIRMED, CONFIRMATION);
	} else if (wire_is(item, "status", "declined")) {
		rpc_note(out, "declined: %s", or_empty(wire_str(item, "command")));
	} else {
		codex_tool_ended(item, out);
	}
}

static void
on_turn_started(struct json_object *params, const struct rpc_out *out)
{
	const char *id = wire_str(wire_get(params, "turn"), "id");

	if (id)
		tell_id(out, AGENT_TURN, id, NULL);
}

/* "usageLimitExceeded", or {"httpConnectionFailed":{"httpStatusCode":429}}: its code. */
static const char *
error_word(struct json_object *info, long *status)
{
	const char *word;

	*status = 0;
	if (json_object_is_type(info, json_type_string)) {
		word = json_object_get_string(info);
		/* The one status that it has a word of its own for. */
		*status = strcmp(word, "internalServerError") == 0 ? 500 : 0;
		return word;
	}
	if (json_object_is_type(info, json_type_object)) {
		json_object_object_foreach (info, name, value) {
			*status = wire_count(value, "httpStatusCode", 0);
			return name;
		}
	}
	return "";
}

static bool
error_is_limit(struct json_object *error)
{
	long status;
	const char *word = error_word(wire_get(error, "codexErrorInfo"), &status);

	return strcmp(word, "usageLimitExceeded") == 0 ||
	       strcmp(word, "rateLimitExceeded") == 0 || status == 429 ||
	       rpc_is_limit(wire_str(error, "message"));
}

/* The words of an error of a turn; the caller frees them. */
static char *
error_text(struct json_object *error)
{
	long status;
	const char *word = error_word(wire_get(error, "codexErrorInfo"), &status);
	AUTO_FREE char *said = wire_text(wire_get(error, "message"), WIRE_MAX_TEXT);
	AUTO_FREE char *http = status > 0 ? xasprintf(", HTTP %ld", status)
					  : xstrdup("");

	return xasprintf("%.60s%s%s%s", word, http, word[0] || status > 0 ? ": " : "",
	    said ? said : "no reason given");
}

static void
on_turn_completed(struct json_object *params, const struct rpc_out *out)
{
	struct json_object *turn = wire_get(params, "turn"),
			   *error = wire_get(turn, "error"),
			   *items = wire_get(turn, "items");
	AUTO_FREE char *text = NULL;

	if (wire_is(turn, "status", "completed")) {
		for (size_t i = rpc_length(items); i-- > 0 && !text;) {
			struct json_object *item = json_object_array_get_idx(items, i);

			if (wire_is(item, "type", "agentMessage"))
				text = wire_text(wire_get(item, "text"), WIRE_MAX_TEXT);
		}
		rpc_tell(out, AGENT_DONE, or_empty(text));
		return;
	}
	if (error) {
		text = error_text(error);
		if (error_is_limit(error))
			rpc_tell(out, AGENT_LIMIT, text);
	} else {
		text = xasprintf(
		    "its turn was %.40s", or_empty(wire_str(turn, "status")));
	}
	rpc_tell(out, AGENT_FAILED, text);
}

static void
on_error(struct json_object *params, const struct rpc_out *out)
{
	struct json_object *error = wire_get(params, "error");
	AUTO_FREE char *text = error_text(error);

	/* The end of the turn, which follows, tells it when it is not tried again. */
	if (error_is_limit(error) && wire_bool(params, "willRetry"))
		rpc_tell(out, AGENT_LIMIT, text);
	else
		rpc_note(out, "model unavailable%s: %s",
		    wire_bool(params, "willRetry") ? ", tries again" : "", text);
}

static void
on_usage(struct json_object *params, const struct rpc_out *out)
{
	struct json_object *usage = wire_get(params, "tokenUsage"),
			   *total = wire_get(usage, "total");
	struct agent_event event = wire_event(AGENT_USAGE, NULL);
	long window = wire_count(usage, "modelContextWindow", 0);
	long used = wire_count(wire_get(usage, "last"), "totalTokens", -1);

	event.session_id = out->session;
	event.input_tokens = wire_count(total, "inputTokens", -1);
	event.output_tokens = wire_count(total, "outputTokens", -1);
	if (window > 0 && used >= 0)
		event.context_pct = used >= window ? 100 : (int)(used * 100 / window);
	if (event.input_tokens >= 0)
		out->fn(&event, out->arg);
}

static void
on_rate_limits(struct json_object *params, const struct rpc_out *out)
{
	static const char *const windows[] = { "primary", "secondary" };
	struct json_object *limits = wire_get(params, "rateLimits");
	const char *reached = wire_str(limits, "rateLimitReachedType");
	struct agent_event event = wire_event(AGENT_LIMIT, NULL);
	AUTO_FREE char *text = NULL;

	if (!reached)
		return;
	for (size_t i = 0; i < N_ELEMS(windows); i++) {
		struct json_object *window = wire_get(limits, windows[i]);
		long long at = wire_count(window, "resetsAt", 0);

		if (wire_count(window, "usedPercent", 0) >= 100 && at > event.until_at)
			event.until_at = at;
	}
	if (event.until_at < SECONDS_BELOW)
		event.until_at *= 1000;
	text = xasprintf("usage limit reached: %.100s", reached);
	event.text = text;
	out->fn(&event, out->arg);
}

static void
on_plan(struct json_object *params, const struct rpc_out *out)
{
	rpc_progress(out, wire_get(params, "plan"), "step", "completed", "inProgress");
}

static void
on_warning(struct json_object *params, const struct rpc_out *out)
{
	const char *text = wire_str(params, "message");

	rpc_note(out, "%s", or_empty(text ? text : wire_str(params, "summary")));
}

static void
on_resolved(struct json_object *params, const struct rpc_out *out)
{
	struct json_object *id = wire_get(params, "requestId");

	if (json_object_is_type(id, json_type_int) ||
	    json_object_is_type(id, json_type_string))
		tell_id(out, AGENT_ASK_GONE, json_object_get_string(id), NULL);
}

/* What carries nothing a person or the server acts on is not listed. */
static const struct {
	const char *name;
	method_fn *fn;
} methods[] = {
	/* clang-format off */
	{ "account/rateLimits/updated", on_rate_limits    },
	{ "configWarning",              on_warning        },
	{ "deprecationNotice",          on_warning        },
	{ "error",                      on_error          },
	{ "item/completed",             on_item_completed },
	{ "item/started",               on_item_started   },
	{ "serverRequest/resolved",     on_resolved       },
	{ "thread/tokenUsage/updated",  on_usage          },
	{ "turn/completed",             on_turn_completed },
	{ "turn/plan/updated",          on_plan           },
	{ "turn/started",               on_turn_started   },
	{ "warning",                    on_warning        },
	/* clang-format on */
};

/* ---- what it asks ------------------------------------------------------------------- */

static void
put_questions(FILE *buf, struct json_object *questions)
{
	for (size_t i = 0; i < rpc_length(questions); i++) {
		struct json_object *question = json_object_array_get_idx(questions, i);
		struct json_object *options = wire_get(question, "options");

		show_indented(buf, or_empty(wire_str(question, "question")));
		putc('\n', buf);
		for (size_t k = 0; k < rpc_length(options); k++) {
			struct json_object *one = json_object_array_get_idx(options, k);

			fprintf(buf, "  %zu. ", k + 1);
			show_indented(buf, or_empty(wire_str(one, "label")));
			fputs(": ", buf);
			show_indented(buf, or_empty(wire_str(one, "description")));
			putc('\n', buf);
		}
	}
}

/* One line that says what is asked; the caller frees it. */
static char *
ask_text(const char *method, struct json_object *params)
{
	struct json_object *questions = wire_get(params, "questions");
	const char *command = wire_str(params, "command"),
		   *reason = wire_str(params, "reason");
	AUTO_FREE char *text = NULL;

	if (rpc_length(questions) > 0)
		text = xasprintf("%s",
		    or_empty(
			wire_str(json_object_array_get_idx(questions, 0), "question")));
	else if (command)
		text = xasprintf("run %s", command);
	else if (strcmp(method, "item/fileChange/requestApproval") == 0)
		text = xasprintf("change the files it just named%s%s",
		    reason ? ": " : "", or_empty(reason));
	else if (strcmp(method, "item/permissions/requestApproval") == 0)
		text = xasprintf(
		    "more permissions%s%s", reason ? ": " : "", or_empty(reason));
	else
		text = xasprintf("%.100s (cannot be granted, only declined)", method);
	return wire_line_of(text, strlen(text));
}

/* It waits for an answer to whatever it asks, so nothing is passed over. */
static void
on_request(const char *method, struct json_object *msg, const struct rpc_out *out)
{
	struct json_object *params = wire_get(msg, "params");
	AUTO_FREE char *text = ask_text(method, params);
	AUTO_FREE char *detail = NULL;
	size_t n_detail = 0;
	FILE *buf = open_memstream(&detail, &n_detail);
	bool is_permission = strstr(method, "/requestApproval") != NULL;

	if (!buf)
		abort();
	if (is_permission)
		show_members(buf, params);
	else
		put_questions(buf, wire_get(params, "questions"));
	if (fclose(buf) != 0)
		abort();
	rpc_ask(out, msg, is_permission ? ASK_PERMISSION : ASK_QUESTION, text, detail);
}

void
codex_parse(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_JSON struct json_object *msg = wire_parse(line, n, WIRE_MAX_BYTES);
	const char *method = wire_str(msg, "method");
	struct json_object *params = wire_get(msg, "params");
	struct rpc_out out = { .fn = fn,
		.arg = arg,
		.line = line,
		.n = n,
		.session = wire_str(params, "threadId") };
	AUTO_FREE char *id = rpc_id(msg);

	if (!msg || (!method && !id)) {
		wire_note_line(line, n, fn, arg);
		return;
	}
	if (!method) {
		on_reply(id, msg, &out);
		return;
	}
	if (wire_get(msg, "id")) {
		on_request(method, msg, &out);
		return;
	}
	for (size_t i = 0; i < N_ELEMS(methods); i++) {
		if (strcmp(methods[i].name, method) == 0)
			methods[i].fn(params, &out);
	}
}
