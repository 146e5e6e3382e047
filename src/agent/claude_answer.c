#include "agent/claude.h"

#include "agent/wire.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Answers to the questions of Claude Code, in its control protocol. */

/* RESPONSE becomes the success of the request ASK_ID. */
static char *
success_line(const char *ask_id, struct json_object *response)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *outer = json_object_new_object();

	wire_add(outer, "subtype", "success");
	wire_add(outer, "request_id", ask_id);
	json_object_object_add(outer, "response", response);
	wire_add(msg, "type", "control_response");
	json_object_object_add(msg, "response", outer);
	return wire_print_take(msg);
}

static char *
error_line(const char *ask_id, const char *why)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *outer = json_object_new_object();

	wire_add(outer, "subtype", "error");
	wire_add(outer, "request_id", ask_id);
	wire_add(outer, "error", why);
	wire_add(msg, "type", "control_response");
	json_object_object_add(msg, "response", outer);
	return wire_print_take(msg);
}

static char *
deny_line(const char *ask_id, struct json_object *request, const char *text)
{
	struct json_object *response = json_object_new_object();
	bool is_plan = wire_is(request, "tool_name", "ExitPlanMode");
	AUTO_FREE char *why = NULL;

	if (text && *text)
		why = is_plan ? xasprintf("The plan was declined: %s", text)
			      : xstrdup(text);
	else
		why = xstrdup(is_plan ? "The plan was declined."
				      : "The supervisor declined this.");
	wire_add(response, "behavior", "deny");
	wire_add(response, "message", why);
	return success_line(ask_id, response);
}

/* The answer to QUESTION that TEXT means: an option by number or name, or free words. */
static const char *
answer_of(struct json_object *question, const char *text)
{
	struct json_object *options = wire_get(question, "options");
	size_t n = json_object_is_type(options, json_type_array)
		       ? json_object_array_length(options)
		       : 0;
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	for (size_t i = 0; i < n; i++) {
		const char *label = wire_str(
		    json_object_array_get_idx(options, i), "label");

		if (!label)
			continue;
		if (strcasecmp(label, text) == 0)
			return label;
		if (text[0] >= '1' && text[0] <= '9' && *end == '\0' && number == i + 1)
			return label;
	}
	return text;
}

/* Line I of TEXT trimmed; the last line goes on answering.  The caller frees it. */
static char *
line_at(const char *text, size_t i)
{
	struct span rest = span_trim(span_of(text)), line = rest;

	for (size_t k = 0; k <= i; k++) {
		if (!span_next(&rest, '\n', &line))
			break;
	}
	line = span_trim(line);
	return xstrndup(line.p, line.n);
}

/* Puts TEXT, one line for each question, as the answers into INPUT. */
static void
add_answers(struct json_object *input, const char *text)
{
	struct json_object *questions = wire_get(input, "questions");
	struct json_object *answers = json_object_new_object();

	if (!text || *text == '\0')
		text = "No preference: decide yourself and say what you chose.";
	for (size_t i = 0; json_object_is_type(questions, json_type_array) &&
			   i < json_object_array_length(questions);
	     i++) {
		struct json_object *question = json_object_array_get_idx(questions, i);
		const char *asked = wire_str(question, "question");
		AUTO_FREE char *line = line_at(text, i);

		if (asked)
			wire_add(answers, asked, answer_of(question, line));
	}
	json_object_object_add(input, "answers", answers);
}

/*
 * What "allow-session" grants beside the one request, or NULL.  Claude offers to write rules
 * into the repository's settings, which every worktree shares: they are granted for the
 * session only.
 */
static struct json_object *
session_permissions(struct json_object *request)
{
	struct json_object *offered = wire_get(request, "permission_suggestions");
	struct json_object *mode, *list;

	if (json_object_is_type(offered, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(offered); i++) {
			struct json_object *one = json_object_array_get_idx(offered, i);

			if (json_object_is_type(one, json_type_object))
				wire_add(one, "destination", "session");
		}
		return json_object_get(offered);
	}
	if (!wire_is(request, "tool_name", "ExitPlanMode"))
		return NULL;
	mode = json_object_new_object();
	wire_add(mode, "type", "setMode");
	wire_add(mode, "mode", "acceptEdits");
	wire_add(mode, "destination", "session");
	list = json_object_new_array_ext(1);
	json_object_array_add(list, mode);
	return list;
}

static char *
allow_line(
    const char *ask_id, struct json_object *request, const char *text, bool for_session)
{
	struct json_object *response = json_object_new_object();
	struct json_object *input = wire_get(request, "input");
	struct json_object *granted = for_session ? session_permissions(request) : NULL;

	if (wire_is(request, "tool_name", "AskUserQuestion"))
		add_answers(input, text);
	wire_add(response, "behavior", "allow");
	json_object_object_add(response, "updatedInput", json_object_get(input));
	if (granted)
		json_object_object_add(response, "updatedPermissions", granted);
	return success_line(ask_id, response);
}

char *
claude_answer(const char *key, const char *ask_id, const char *raw,
    const char *decision, const char *text)
{
	AUTO_JSON struct json_object *msg = raw ? wire_parse(
						      raw, strlen(raw), WIRE_MAX_BYTES)
						: NULL;
	struct json_object *request = wire_get(msg, "request");
	bool for_session = strcmp(decision, "allow-session") == 0;

	if (!wire_is(request, "subtype", "can_use_tool"))
		return request ? error_line(ask_id, "not supported here") : NULL;
	if (!for_session && strcmp(decision, "allow") != 0)
		return deny_line(ask_id, request, text);
	/* Without its input there is nothing to allow. */
	if (!json_object_is_type(wire_get(request, "input"), json_type_object))
		return deny_line(
		    ask_id, request, "The request could not be understood.");
	return allow_line(ask_id, request, text, for_session);
}
