#include "agent/claude.h"

#include "agent/show.h"
#include "agent/wire.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/*
 * Exit status and "success" prove nothing here: a refused permission, an API error and a
 * killed turn all come with one or the other.  A turn is done only when its result line
 * says so in every field; everything unknown is a note.
 */

#define CONFIRMATION  "Session started" /* S-70 */
#define DETAIL_MAX    ((size_t)WIRE_MAX_BYTES)
#define ID_MAX_BYTES  200u
#define MODELS_MAX    64 /* no session uses more, and their tokens are added up */
#define SECONDS_BELOW 100000000000LL /* a larger time stamp is in milliseconds */

struct out {
	agent_event_fn *fn;
	void *arg;
	const char *line; /* the whole line, for asks */
	size_t n;
};

typedef void part_fn(struct json_object *msg, const struct out *out);

static void
tell(const struct out *out, enum agent_event_kind kind, const char *text)
{
	struct agent_event event = wire_event(kind, text);

	out->fn(&event, out->arg);
}

static void PRINTF(2, 3) note(const struct out *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, ap);
	va_end(ap);
	AUTO_FREE char *line = wire_line_of(text, strlen(text));

	tell(out, AGENT_NOTE, line);
}

static size_t
array_length(struct json_object *value)
{
	return json_object_is_type(value, json_type_array)
		   ? json_object_array_length(value)
		   : 0;
}

static const char *
or_empty(const char *s)
{
	return s ? s : "";
}

static void
on_system_init(struct json_object *msg, const struct out *out)
{
	AUTO_FREE char *text = xasprintf("%s, Claude Code %s",
	    or_empty(wire_str(msg, "model")),
	    or_empty(wire_str(msg, "claude_code_version")));
	AUTO_FREE char *line = wire_line_of(text, strlen(text));
	struct agent_event event = wire_event(AGENT_ACCEPTED, line);

	event.id = wire_str(msg, "session_id");
	out->fn(&event, out->arg);
}

static void
on_system_api_retry(struct json_object *msg, const struct out *out)
{
	long status = wire_count(msg, "error_status", 0);
	AUTO_FREE char *text = xasprintf(
	    "model unavailable (%ld %s), retry %ld of %ld in %ld ms", status,
	    or_empty(wire_str(msg, "error")), wire_count(msg, "attempt", 0),
	    wire_count(msg, "max_retries", 0), wire_count(msg, "retry_delay_ms", 0));
	AUTO_FREE char *line = wire_line_of(text, strlen(text));

	/* When the limit ends is not said here; only a rate_limit_event does. */
	tell(out, status == 429 ? AGENT_LIMIT : AGENT_RETRY, line);
}

static void
on_system_denied(struct json_object *msg, const struct out *out)
{
	note(out, "permission denied: %s: %s", or_empty(wire_str(msg, "tool_name")),
	    or_empty(wire_str(msg, "message")));
}

static void
on_system_status(struct json_object *msg, const struct out *out)
{
	const char *mode = wire_str(msg, "permissionMode");

	if (mode)
		note(out, "permission mode is now %s", mode);
}

static void
on_system_informational(struct json_object *msg, const struct out *out)
{
	note(out, "%s", or_empty(wire_str(msg, "content")));
}

static void
on_system_task(struct json_object *msg, const struct out *out)
{
	const char *summary = wire_str(msg, "summary");

	note(out, "task %s: %s", or_empty(wire_str(msg, "status")),
	    or_empty(summary ? summary : wire_str(msg, "description")));
}

/* Lines that carry nothing a person or the server acts on. */
static void
on_chatter(struct json_object *msg, const struct out *out)
{
	(void)msg;
	(void)out;
}

struct part {
	const char *name;
	part_fn *fn;
};

static const struct part system_parts[] = {
	/* clang-format off */
	{ "api_retry",             on_system_api_retry     },
	{ "hook_response",         on_chatter              },
	{ "hook_started",          on_chatter              },
	{ "informational",         on_system_informational },
	{ "init",                  on_system_init          },
	{ "permission_denied",     on_system_denied        },
	{ "session_title_changed", on_chatter              },
	{ "status",                on_system_status        },
	{ "task_notification",     on_system_task          },
	{ "task_progress",         on_chatter              },
	{ "task_started",          on_chatter              },
	{ "ui_invalidate",         on_chatter              },
	/* clang-format on */
};

static const struct part *
part_find(const struct part *parts, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++) {
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	}
	return NULL;
}

static void
on_system(struct json_object *msg, const struct out *out)
{
	const char *subtype = wire_str(msg, "subtype");
	const struct part *part = part_find(
	    system_parts, N_ELEMS(system_parts), subtype);

	if (part)
		part->fn(msg, out);
	else
		note(out, "system: %s", or_empty(subtype));
}

static void
todo_progress(struct json_object *todos, const struct out *out)
{
	struct agent_event event = wire_event(AGENT_PROGRESS, "");
	AUTO_FREE char *text = NULL;

	event.total = (long)array_length(todos);
	for (size_t i = 0; i < (size_t)event.total; i++) {
		struct json_object *todo = json_object_array_get_idx(todos, i);

		event.done += wire_is(todo, "status", "completed");
		if (!text && wire_is(todo, "status", "in_progress"))
			text = wire_line(wire_get(todo, "activeForm"));
	}
	event.text = text ? text : "";
	out->fn(&event, out->arg);
}

static void
on_tool_use(struct json_object *block, const struct out *out)
{
	const char *tool = or_empty(wire_str(block, "name"));
	struct json_object *input = wire_get(block, "input");
	AUTO_FREE char *line = claude_tool_line(tool, input);
	struct agent_event begun;

	if (strcmp(tool, "TodoWrite") == 0) {
		todo_progress(wire_get(input, "todos"), out);
		return;
	}
	if (strcmp(tool, "ExitPlanMode") == 0) {
		AUTO_FREE char *plan = wire_text(
		    wire_get(input, "plan"), WIRE_MAX_TEXT);

		/* The request that follows may leave the plan out: this is the only place. */
		if (plan && *plan)
			tell(out, AGENT_SAY, plan);
	}
	/* What a person is asked and declines is no tool that fails. */
	if (strcmp(tool, "ExitPlanMode") == 0 || strcmp(tool, "AskUserQuestion") == 0) {
		tell(out, AGENT_NOTE, line);
		return;
	}
	begun = wire_event(AGENT_TOOL, line);
	begun.id = wire_str(block, "id");
	out->fn(&begun, out->arg);
}

static void
on_text(struct json_object *block, bool is_agent, const struct out *out)
{
	AUTO_FREE char *text = wire_text(wire_get(block, "text"), WIRE_MAX_TEXT);

	if (!text || *text == '\0')
		return;
	if (!is_agent) {
		note(out, "%s", text);
		return;
	}
	tell(out, AGENT_SAY, text);
	if (strstr(text, CONFIRMATION))
		tell(out, AGENT_CONFIRMED, CONFIRMATION);
}

static void
on_assistant(struct json_object *msg, const struct out *out)
{
	struct json_object *message = wire_get(msg, "message");
	struct json_object *content = wire_get(message, "content");
	struct agent_event call;
	/*
	 * Only the session's own agent can confirm or speak for it: not its sub-agents, and
	 * not the client, which reports API errors as if the model had said them.
	 */
	bool is_agent = !wire_str(msg, "parent_tool_use_id") &&
			!wire_is(message, "model", "<synthetic>");

	if (claude_call(message, &call))
		out->fn(&call, out->arg);
	for (size_t i = 0; i < array_length(content); i++) {
		struct json_object *block = json_object_array_get_idx(content, i);

		if (wire_is(block, "type", "text"))
			on_text(block, is_agent, out);
		else if (wire_is(block, "type", "tool_use"))
			on_tool_use(block, out);
	}
}

static void
on_tool_result(struct json_object *block, const struct out *out)
{
	bool failed = wire_bool(block, "is_error");
	struct agent_event event = wire_event(
	    failed ? AGENT_TOOL_FAILED : AGENT_TOOL_WORKED, NULL);
	struct json_object *why = wire_get(block, "content");
	AUTO_FREE char *text = NULL, *all = NULL;

	event.id = wire_str(block, "tool_use_id");
	if (failed) {
		if (array_length(why) > 0)
			why = wire_get(json_object_array_get_idx(why, 0), "text");
		text = wire_line(why);
		all = wire_text(why, WIRE_MAX_TEXT);
		event.text = or_empty(text);
		event.detail = all;
	}
	out->fn(&event, out->arg);
}

static void
on_user(struct json_object *msg, const struct out *out)
{
	struct json_object *content = wire_get(wire_get(msg, "message"), "content");

	for (size_t i = 0; i < array_length(content); i++) {
		struct json_object *block = json_object_array_get_idx(content, i);

		if (wire_is(block, "type", "tool_result"))
			on_tool_result(block, out);
	}
}

static void
put_questions(FILE *buf, struct json_object *questions)
{
	for (size_t i = 0; i < array_length(questions); i++) {
		struct json_object *question = json_object_array_get_idx(questions, i);
		struct json_object *options = wire_get(question, "options");

		show_indented(buf, or_empty(wire_str(question, "question")));
		if (wire_bool(question, "multiSelect"))
			fputs(" (several may be chosen)", buf);
		putc('\n', buf);
		for (size_t k = 0; k < array_length(options); k++) {
			struct json_object *option = json_object_array_get_idx(
			    options, k);

			fprintf(buf, "  %zu. ", k + 1);
			show_indented(buf, or_empty(wire_str(option, "label")));
			fputs(": ", buf);
			show_indented(buf, or_empty(wire_str(option, "description")));
			putc('\n', buf);
		}
	}
}

/* The first line of S that holds anything, without the marks of a heading. */
static char *
first_line(const char *s)
{
	struct span rest = span_of(s), line = SPAN_LIT("");

	while (line.n == 0 && span_next(&rest, '\n', &line))
		line = span_trim(line);
	while (line.n > 0 && line.p[0] == '#')
		line = (struct span){ line.p + 1, line.n - 1 };
	return wire_line_of(line.p, line.n);
}

/* Fills ASK, *TEXT and *DETAIL (both freed by the caller) from a can_use_tool REQUEST. */
static void
describe_ask(
    struct json_object *request, enum agent_ask *ask, char **text, char **detail)
{
	const char *tool = or_empty(wire_str(request, "tool_name"));
	struct json_object *input = wire_get(request, "input");
	size_t n_detail = 0;
	FILE *buf;

	if (strcmp(tool, "ExitPlanMode") == 0) {
		*ask = ASK_PLAN;
		*detail = wire_text(wire_get(input, "plan"), DETAIL_MAX);
		*text = *detail ? first_line(*detail)
				: xstrdup("the plan it told before");
		return;
	}
	buf = open_memstream(detail, &n_detail);
	if (!buf)
		abort();
	if (strcmp(tool, "AskUserQuestion") == 0) {
		struct json_object *questions = wire_get(input, "questions");

		*ask = ASK_QUESTION;
		put_questions(buf, questions);
		*text = array_length(questions) > 0
			    ? wire_line(wire_get(
				  json_object_array_get_idx(questions, 0), "question"))
			    : NULL;
	} else {
		*ask = ASK_PERMISSION;
		fprintf(buf, "%s\n", tool);
		show_members(buf, input);
		*text = claude_tool_line(tool, input);
	}
	if (fclose(buf) != 0)
		abort();
	if (!*text)
		*text = xstrdup("a question");
}

static void
on_control_request(struct json_object *msg, const struct out *out)
{
	struct json_object *request = wire_get(msg, "request");
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *detail = NULL;
	AUTO_FREE char *action = NULL;
	AUTO_FREE char *raw = xstrndup(out->line, out->n);
	struct agent_event event = wire_event(AGENT_ASK, NULL);

	event.id = wire_str(msg, "request_id");
	if (!event.id || event.id[0] == '\0' || strlen(event.id) > ID_MAX_BYTES) {
		wire_note_line(out->line, out->n, out->fn, out->arg);
		return;
	}
	/* It waits for an answer to whatever it asks, so nothing is passed over. */
	if (wire_is(request, "subtype", "can_use_tool")) {
		describe_ask(request, &event.ask, &text, &detail);
	} else {
		AUTO_FREE char *said = xasprintf(
		    "%.100s (cannot be granted, only declined)",
		    or_empty(wire_str(request, "subtype")));

		event.ask = ASK_QUESTION;
		text = wire_line_of(said, strlen(said));
	}
	if (event.ask == ASK_PERMISSION)
		action = claude_action(
		    wire_str(request, "tool_name"), wire_get(request, "input"));
	event.text = text;
	event.detail = detail;
	event.action = action;
	event.raw = raw;
	out->fn(&event, out->arg);
}

static void
on_control_cancel(struct json_object *msg, const struct out *out)
{
	struct agent_event event = wire_event(AGENT_ASK_GONE, NULL);

	event.id = wire_str(msg, "request_id");
	if (event.id)
		out->fn(&event, out->arg);
}

static void
on_control_response(struct json_object *msg, const struct out *out)
{
	struct json_object *response = wire_get(msg, "response");

	if (wire_is(response, "subtype", "error"))
		note(out, "control request refused: %s",
		    or_empty(wire_str(response, "error")));
}

static void
on_rate_limit(struct json_object *msg, const struct out *out)
{
	struct json_object *info = wire_get(msg, "rate_limit_info");
	struct agent_event event = wire_event(AGENT_LIMIT, NULL);
	const char *status = or_empty(wire_str(info, "status"));
	const char *code = or_empty(wire_str(info, "errorCode"));

	if (strcmp(status, "allowed") == 0)
		return;
	if (strcmp(status, "rejected") != 0) {
		note(out, "rate limit: %s", status);
		return;
	}
	AUTO_FREE char *text = xasprintf(
	    "rate limit reached%s%.100s", *code ? " " : "", code);
	event.until_at = wire_count(info, "resetsAt", 0);
	if (event.until_at < SECONDS_BELOW)
		event.until_at *= 1000;
	event.text = text;
	out->fn(&event, out->arg);
}

/* Adds up what the models of a result used; the cost is the session's so far. */
static void
tell_usage(struct json_object *msg, const struct out *out)
{
	struct agent_event event = wire_event(AGENT_USAGE, NULL);
	struct json_object *models = wire_get(msg, "modelUsage");
	int n_models = 0;

	event.cost_cents = wire_cents(wire_get(msg, "total_cost_usd"));
	if (json_object_is_type(models, json_type_object)) {
		event.input_tokens = event.output_tokens = 0;
		json_object_object_foreach (models, name, model) {
			event.input_tokens += wire_count(model, "inputTokens", 0) +
					      wire_count(
						  model, "cacheReadInputTokens", 0) +
					      wire_count(
						  model, "cacheCreationInputTokens", 0);
			event.output_tokens += wire_count(model, "outputTokens", 0);
			(void)name;
			if (++n_models >= MODELS_MAX)
				break;
		}
	}
	if (event.cost_cents >= 0)
		out->fn(&event, out->arg);
}

static void
put_denials(FILE *buf, struct json_object *denials)
{
	size_t n = array_length(denials);

	if (n == 0)
		return;
	fprintf(buf, "\n(%zu permission%s denied:", n, n == 1 ? " was" : "s were");
	for (size_t i = 0; i < n && i < 10; i++) {
		const char *tool = wire_str(
		    json_object_array_get_idx(denials, i), "tool_name");

		fprintf(buf, "%s %.60s", i ? "," : "", or_empty(tool));
	}
	fputs(n > 10 ? ", ...)" : ")", buf);
}

static void
put_failure(FILE *buf, struct json_object *msg)
{
	const char *reason = wire_str(msg, "terminal_reason");
	const char *subtype = or_empty(wire_str(msg, "subtype"));
	long status = wire_count(msg, "api_error_status", 0);
	struct json_object *errors = wire_get(msg, "errors");
	AUTO_FREE char *said = wire_text(wire_get(msg, "result"), WIRE_MAX_TEXT);

	fputs(strcmp(subtype, "success") != 0 || !reason ? subtype : reason, buf);
	if (strcmp(subtype, "success") != 0 && reason)
		fprintf(buf, ", %s", reason);
	if (status > 0)
		fprintf(buf, ", HTTP %ld", status);
	if (said && *said)
		fprintf(buf, ": %s", said);
	for (size_t i = 0; i < array_length(errors) && i < 5; i++) {
		AUTO_FREE char *line = wire_line(json_object_array_get_idx(errors, i));

		fprintf(buf, "%s%s", i ? "; " : ": ", or_empty(line));
	}
}

static void
on_result(struct json_object *msg, const struct out *out)
{
	const char *reason = wire_str(msg, "terminal_reason");
	struct json_object *is_error = wire_get(msg, "is_error");
	/* Versions before 2.1.2xx give no reason; an absent is_error is no success. */
	bool is_done = wire_is(msg, "subtype", "success") &&
		       json_object_is_type(is_error, json_type_boolean) &&
		       !json_object_get_boolean(is_error) &&
		       (!reason || strcmp(reason, "completed") == 0);
	AUTO_FREE char *text = NULL;
	size_t n_text = 0;
	FILE *buf = open_memstream(&text, &n_text);
	struct agent_event event;

	if (!buf)
		abort();
	if (is_done) {
		AUTO_FREE char *said = wire_text(
		    wire_get(msg, "result"), WIRE_MAX_TEXT);

		fputs(or_empty(said), buf);
	} else {
		put_failure(buf, msg);
	}
	put_denials(buf, wire_get(msg, "permission_denials"));
	if (fclose(buf) != 0)
		abort();
	tell_usage(msg, out);
	if (wire_count(msg, "api_error_status", 0) == 429)
		tell(out, AGENT_LIMIT, "the model refused for its rate limit (429)");
	event = wire_event(is_done ? AGENT_DONE : AGENT_FAILED, text);
	event.is_out_of_budget = !is_done &&
				 wire_is(msg, "subtype", "error_max_budget_usd");
	out->fn(&event, out->arg);
}

static const struct part parts[] = {
	/* clang-format off */
	{ "assistant",              on_assistant        },
	{ "control_cancel_request", on_control_cancel   },
	{ "control_request",        on_control_request  },
	{ "control_response",       on_control_response },
	{ "keep_alive",             on_chatter          },
	{ "rate_limit_event",       on_rate_limit       },
	{ "result",                 on_result           },
	{ "stream_event",           on_chatter          },
	{ "system",                 on_system           },
	{ "user",                   on_user             },
	/* clang-format on */
};

void
claude_parse(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_JSON struct json_object *msg = wire_parse(line, n, WIRE_MAX_BYTES);
	const struct part *part = part_find(
	    parts, N_ELEMS(parts), wire_str(msg, "type"));
	struct span s = span_trim((struct span){ line, n });
	struct out out = { .fn = fn, .arg = arg, .line = s.p, .n = s.n };

	if (part)
		part->fn(msg, &out);
	else
		wire_note_line(line, n, fn, arg);
}
