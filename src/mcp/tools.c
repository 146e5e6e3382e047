#include "mcp/tools.h"

#include "base/mem.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>

#define MAX_ARGS  8
#define MAX_WORDS 32

enum type { TEXT, NUMBER, LIST, STATE };

/* One argument of a tool, and where it goes on the command line. */
struct arg {
	const char *name;
	enum type type;
	bool is_required;
	const char *option; /* "--reason"; NULL: it is a word */
	const char *what;
};

static const struct tool {
	const char *name, *title;
	const char *verb;
	const char *fixed; /* a first word of the verb, or NULL */
	bool is_own;       /* about the session we are in */
	bool is_reading;   /* it changes nothing */
	const char *what;
	struct arg arg[MAX_ARGS];
} tools[] = {
	{ "ask_question", "Ask the person a question", "tell", "question", true, false,
	    "Asks the person who runs this session. Returns at once; the answer comes as a "
	    "message. Go on with what does not depend on it.",
	    { { "text", TEXT, true, NULL, "the question, in one sentence" },
		{ "detail", TEXT, false, "--detail",
		    "what is needed to decide it" } } },
	{ "check_plan", "Check a plan", "check", NULL, false, true,
	    "Checks a Markdown master plan: every mistake with its line and how to mend it.",
	    { { "plan", TEXT, true, NULL, "path of the plan file" } } },
	{ "plan", "Which phases run together", "plan", NULL, false, true,
	    "The batches of a plan: which phases run in parallel, in what order they land, "
	    "and why.",
	    { { "plan", TEXT, true, NULL, "path of the plan file" } } },
	{ "read_session", "Read this session", "status", NULL, true, true,
	    "The session you are: its state, branch, questions and answers, what was "
	    "allowed beside its declaration, what it strayed into.",
	    { { NULL } } },
	{ "report", "Report to the person", "tell", NULL, true, false,
	    "Reports about this session. started: before the work begins. progress: "
	    "now and then. checkpoint: a person decides before you go on. done: after the "
	    "last commit, with a summary. failed: it cannot be done, with the reason.",
	    { { "state", STATE, true, NULL, "what is reported" },
		{ "text", TEXT, false, NULL, "in one or two sentences" },
		{ "detail", TEXT, false, "--detail", "all of it, for a checkpoint" },
		{ "done", NUMBER, false, "--done", "how many of TOTAL are done" },
		{ "total", NUMBER, false, "--total", "how many there are" } } },
	{ "request_widening", "Ask to write more paths", "widen", NULL, true, false,
	    "Asks a person whether this session may write paths that its phase did not "
	    "declare. Says who else has them. Until it is allowed, leave them alone; the "
	    "answer comes as a message, and a no is final.",
	    { { "patterns", LIST, true, NULL, "paths or patterns, such as lib/**" },
		{ "reason", TEXT, true, "--reason", "why they are needed" } } },
	{ "status", "Status", "status", NULL, false, true,
	    "Plans, batches and sessions as they are now, and what waits for a person. "
	    "Inside a session: that session only.",
	    { { NULL } } },
	{ "verdict", "Can these two run together", "verdict", NULL, false, true,
	    "Whether two phases of a plan can run in parallel, with the reason and a path "
	    "that both touch.",
	    { { "plan", TEXT, true, NULL, "path of the plan file" },
		{ "a", TEXT, true, NULL, "a phase, such as 1A" },
		{ "b", TEXT, true, NULL, "another phase" } } },
	{ "why", "Why is it so", "why", NULL, false, true,
	    "Why something is as it is or what it waits for: a session, phase, batch, "
	    "issue, act or refusal code.",
	    { { "name", TEXT, true, NULL,
		"S-A, 1A, p1, an issue, a code such as G07" } } },
	{ "why_not", "Why not together, and what would change that", "why-not", NULL,
	    false, true,
	    "Why two phases cannot run in parallel, and what would make them able to.",
	    { { "plan", TEXT, true, NULL, "path of the plan file" },
		{ "a", TEXT, true, NULL, "a phase, such as 1A" },
		{ "b", TEXT, true, NULL, "another phase" } } },
};

static const char *const states[] = { "started", "progress", "checkpoint", "done",
	"failed" };

/* ---- the list --------------------------------------------------------------------------- */

static void
add(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text));
}

static struct json_object *
arg_schema(const struct arg *arg)
{
	static const char *const types[] = { "string", "integer", "array", "string" };
	struct json_object *o = json_object_new_object();

	add(o, "type", types[arg->type]);
	add(o, "description", arg->what);
	if (arg->type == LIST) {
		struct json_object *items = json_object_new_object();

		add(items, "type", "string");
		json_object_object_add(o, "items", items);
		json_object_object_add(o, "minItems", json_object_new_int(1));
	}
	if (arg->type == STATE) {
		struct json_object *words = json_object_new_array();

		for (size_t i = 0; i < N_ELEMS(states); i++)
			json_object_array_add(words, json_object_new_string(states[i]));
		json_object_object_add(o, "enum", words);
	}
	if (arg->type == NUMBER)
		json_object_object_add(o, "minimum", json_object_new_int(0));
	return o;
}

static struct json_object *
input_schema(const struct tool *tool)
{
	struct json_object *o = json_object_new_object();
	struct json_object *properties = json_object_new_object();
	struct json_object *required = json_object_new_array();

	for (size_t i = 0; i < MAX_ARGS && tool->arg[i].name; i++) {
		json_object_object_add(
		    properties, tool->arg[i].name, arg_schema(&tool->arg[i]));
		if (tool->arg[i].is_required)
			json_object_array_add(
			    required, json_object_new_string(tool->arg[i].name));
	}
	add(o, "type", "object");
	json_object_object_add(o, "properties", properties);
	json_object_object_add(o, "required", required);
	json_object_object_add(
	    o, "additionalProperties", json_object_new_boolean(false));
	return o;
}

struct json_object *
tools_list(void)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < N_ELEMS(tools); i++) {
		struct json_object *o = json_object_new_object();
		struct json_object *hints = json_object_new_object();

		add(o, "name", tools[i].name);
		add(o, "title", tools[i].title);
		add(o, "description", tools[i].what);
		json_object_object_add(o, "inputSchema", input_schema(&tools[i]));
		json_object_object_add(hints, "readOnlyHint",
		    json_object_new_boolean(tools[i].is_reading));
		json_object_object_add(
		    hints, "destructiveHint", json_object_new_boolean(false));
		json_object_object_add(
		    hints, "openWorldHint", json_object_new_boolean(false));
		json_object_object_add(o, "annotations", hints);
		json_object_array_add(list, o);
	}
	return list;
}

/* ---- a call -------------------------------------------------------------------------------- */

/* The command line of a call; what is ours to free is in OWN. */
struct line {
	char *word[MAX_WORDS + 1];
	size_t n;
	char *own[MAX_WORDS];
	size_t n_own;
};

static void
line_clear(struct line *line)
{
	while (line->n_own > 0)
		free(line->own[--line->n_own]);
}

/* Appends TEXT, which belongs to the line from now on; false when it is full. */
static bool
line_take(struct line *line, char *text)
{
	if (line->n == MAX_WORDS || line->n_own == MAX_WORDS) {
		free(text);
		return false;
	}
	line->own[line->n_own++] = text;
	line->word[line->n++] = text;
	line->word[line->n] = NULL;
	return true;
}

/* A result that says what is wrong and how to mend it; the model reads it and goes on. */
static struct json_object *
result_of(const char *text, bool is_error)
{
	struct json_object *o = json_object_new_object();
	struct json_object *content = json_object_new_array();
	struct json_object *block = json_object_new_object();

	add(block, "type", "text");
	add(block, "text", text);
	json_object_array_add(content, block);
	json_object_object_add(o, "content", content);
	json_object_object_add(o, "isError", json_object_new_boolean(is_error));
	return o;
}

static struct json_object *__attribute__((format(printf, 1, 2)))
mistake(const char *fmt, ...)
{
	va_list ap;
	AUTO_FREE char *text = NULL;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return result_of(text, true);
}

static bool
is_state(const char *text)
{
	for (size_t i = 0; i < N_ELEMS(states); i++) {
		if (strcmp(states[i], text) == 0)
			return true;
	}
	return false;
}

/* Is VALUE what ARG takes?  A NUL in a text would cut it on the way. */
static bool
fits(const struct arg *arg, struct json_object *value)
{
	if (arg->type == NUMBER)
		return json_object_is_type(value, json_type_int) &&
		       json_object_get_int64(value) >= 0;
	if (arg->type == LIST) {
		size_t n = json_object_is_type(value, json_type_array)
			       ? json_object_array_length(value)
			       : 0;

		for (size_t i = 0; i < n; i++) {
			if (!json_object_is_type(
				json_object_array_get_idx(value, i), json_type_string))
				return false;
		}
		return n > 0 && n <= MAX_WORDS / 2;
	}
	return json_object_is_type(value, json_type_string) &&
	       strlen(json_object_get_string(value)) ==
		   (size_t)json_object_get_string_len(value) &&
	       (arg->type != STATE || is_state(json_object_get_string(value)));
}

/* NULL when ARGUMENTS are what TOOL takes, else what is wrong with them. */
static struct json_object *
check_arguments(const struct tool *tool, struct json_object *arguments)
{
	static const char *const wants[] = { "a string", "a whole number",
		"a list of 1 to 16 strings",
		"one of: started progress checkpoint done failed" };

	if (arguments) {
		json_object_object_foreach (arguments, name, value) {
			size_t i = 0;

			(void)value;
			while (i < MAX_ARGS && tool->arg[i].name &&
			       strcmp(tool->arg[i].name, name) != 0)
				i++;
			if (i == MAX_ARGS || !tool->arg[i].name)
				return mistake(
				    "%s has no argument '%.60s'\n  fix: leave "
				    "it out",
				    tool->name, name);
		}
	}
	for (size_t i = 0; i < MAX_ARGS && tool->arg[i].name; i++) {
		const struct arg *arg = &tool->arg[i];
		struct json_object *value = NULL;

		if (arguments)
			json_object_object_get_ex(arguments, arg->name, &value);
		if (!value && arg->is_required)
			return mistake("%s needs '%s'\n  fix: give it %s (%s)",
			    tool->name, arg->name, wants[arg->type], arg->what);
		if (value && !fits(arg, value))
			return mistake(
			    "'%s' of %s is not what it takes\n  fix: give it %s",
			    arg->name, tool->name, wants[arg->type]);
	}
	return NULL;
}

/* The options first, then "--" and the words: no value is ever taken for an option. */
static bool
compose(const struct tool *tool, const struct mcp *mcp, struct json_object *arguments,
    struct line *line)
{
	bool is_sound = line_take(line, xstrdup(tool->verb)) &&
			line_take(line, xstrdup("--json"));
	struct json_object *value;

	for (size_t i = 0; i < MAX_ARGS && tool->arg[i].name; i++) {
		const struct arg *arg = &tool->arg[i];

		if (arg->option &&
		    json_object_object_get_ex(arguments, arg->name, &value))
			is_sound &= line_take(line, xasprintf("%s=%s", arg->option,
							json_object_get_string(value)));
	}
	is_sound &= line_take(line, xstrdup("--"));
	if (tool->fixed)
		is_sound &= line_take(line, xstrdup(tool->fixed));
	if (strcmp(tool->verb, "widen") == 0)
		is_sound &= line_take(line, xstrdup(mcp->session));
	for (size_t i = 0; i < MAX_ARGS && tool->arg[i].name; i++) {
		const struct arg *arg = &tool->arg[i];

		if (arg->option ||
		    !json_object_object_get_ex(arguments, arg->name, &value))
			continue;
		if (arg->type != LIST) {
			is_sound &= line_take(
			    line, xstrdup(json_object_get_string(value)));
			continue;
		}
		for (size_t k = 0; k < json_object_array_length(value); k++)
			is_sound &= line_take(
			    line, xstrdup(json_object_get_string(
				      json_object_array_get_idx(value, k))));
	}
	return is_sound;
}

/* The session ID in what `status --json` said, or NULL; borrowed. */
static struct json_object *
find_session(struct json_object *status, const char *id)
{
	static const char *const levels[] = { "plans", "batches", "sessions" };
	struct json_object *at = status;

	/* The server leaves only the one we are: the first of each level leads to it. */
	for (size_t i = 0; i < N_ELEMS(levels); i++) {
		struct json_object *list = NULL;

		if (!json_object_object_get_ex(at, levels[i], &list) ||
		    !json_object_is_type(list, json_type_array) ||
		    json_object_array_length(list) == 0)
			return NULL;
		at = json_object_array_get_idx(
		    list, json_object_array_length(list) - 1);
	}
	return json_object_object_get_ex(at, "id", &status) &&
		       strcmp(json_object_get_string(status), id) == 0
		   ? at
		   : NULL;
}

/* What the verb printed, as a result. */
static struct json_object *
result_of_verb(const struct tool *tool, const struct mcp *mcp, int status, char *text)
{
	struct json_object *value = json_tokener_parse(text), *o, *part = value;
	const char *shown = text;
	AUTO_FREE char *cut = NULL;
	bool is_error = status < 0 || (status > 1 && status != 4);

	if (value && json_object_is_type(value, json_type_object) &&
	    json_object_object_get_ex(value, "error", NULL))
		is_error = true;
	if (strcmp(tool->name, "read_session") == 0 && !is_error) {
		part = find_session(value, mcp->session);
		shown = part ? json_object_to_json_string_ext(
				   part, JSON_C_TO_STRING_PLAIN |
					     JSON_C_TO_STRING_NOSLASHESCAPE)
			     : "divisi knows of no such session";
		is_error = !part;
	}
	if (strlen(shown) > MCP_TEXT_BYTES) {
		size_t n = MCP_TEXT_BYTES;

		/* Not in the middle of a character. */
		while (n > 0 && ((unsigned char)shown[n] & 0xc0) == 0x80)
			n--;
		cut = xasprintf(
		    "%.*s\n... cut after %zu of %zu bytes; all of it: divisi "
		    "%s --json",
		    (int)n, shown, n, strlen(shown), tool->verb);
		part = NULL;
	}
	o = result_of(cut ? cut : shown, is_error);
	if (part && json_object_is_type(part, json_type_object))
		json_object_object_add(o, "structuredContent", json_object_get(part));
	json_object_put(value);
	return o;
}

struct json_object *
tools_call(struct mcp *mcp, const char *name, struct json_object *arguments)
{
	struct json_object *result;
	struct line line = { .n = 0 };
	AUTO_FREE char *text = NULL;
	size_t at = 0;
	int status;

	while (at < N_ELEMS(tools) && strcmp(tools[at].name, name) != 0)
		at++;
	if (at == N_ELEMS(tools))
		return NULL;
	result = check_arguments(&tools[at], arguments);
	if (result)
		return result;
	if (tools[at].is_own && mcp->session[0] == '\0')
		return mistake(
		    "%s is for an agent inside of a session, and this is none\n"
		    "  fix: use status or why",
		    name);
	if (!compose(&tools[at], mcp, arguments, &line)) {
		line_clear(&line);
		return mistake("too many arguments\n  fix: ask for fewer at once");
	}
	status = mcp->run(mcp->arg, line.word, &text);
	result = result_of_verb(&tools[at], mcp, status, text);
	line_clear(&line);
	return result;
}
