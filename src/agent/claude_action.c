#include "agent/claude.h"

#include "agent/wire.h"
#include "base/mem.h"

#include <string.h>

/* What Claude wants to do with a tool, for people and for rules; what a call of it used. */

char *
claude_tool_line(const char *tool, struct json_object *input)
{
	static const char *const telling[] = { "command", "file_path", "notebook_path",
		"path", "pattern", "url", "query", "skill", "subject", "description",
		"prompt" };
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < N_ELEMS(telling); i++) {
		const char *value = wire_str(input, telling[i]);

		if (!value)
			continue;
		text = xasprintf("%s: %s", tool, value);
		return wire_line_of(text, strlen(text));
	}
	return wire_line_of(tool, strlen(tool));
}

/* Is NAME one of WORDS, which are separated by blanks? */
static bool
is_among(const char *words, const char *name)
{
	size_t n = strlen(name);

	/* The empty one is found everywhere, and never gone past. */
	for (const char *p = words; n > 0 && (p = strstr(p, name)); p += n) {
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	}
	return false;
}

char *
claude_action(const char *tool, struct json_object *input)
{
	/* What a tool does, and what else it may be told without doing another thing. */
	static const struct {
		const char *tool, *member, *others;
	} tools[] = {
		{ "Bash", "command", "description timeout run_in_background" },
		{ "Write", "file_path", "content" },
		{ "Edit", "file_path", "old_string new_string replace_all" },
		{ "MultiEdit", "file_path", "edits" },
		{ "NotebookEdit", "notebook_path",
		    "cell_id cell_type edit_mode new_source" },
		{ "Read", "file_path", "offset limit pages" },
		{ "WebFetch", "url", "prompt" },
		{ "WebSearch", "query", "" },
	};

	for (size_t i = 0; tool && i < N_ELEMS(tools); i++) {
		struct json_object *value = wire_get(input, tools[i].member);
		AUTO_FREE char *text = NULL;

		if (strcmp(tools[i].tool, tool) != 0)
			continue;
		if (!json_object_is_type(input, json_type_object))
			return NULL;
		json_object_object_foreach (input, name, unused) {
			(void)unused;
			if (strcmp(name, tools[i].member) != 0 &&
			    !is_among(tools[i].others, name))
				return NULL;
		}
		text = wire_text(value, WIRE_MAX_TEXT);
		return text && strlen(text) < WIRE_MAX_TEXT
			   ? xasprintf("%s: %s", tool, text)
			   : NULL;
	}
	return NULL;
}

bool
claude_call(struct json_object *message, struct agent_event *event)
{
	struct json_object *usage = wire_get(message, "usage");

	*event = wire_event(AGENT_USAGE, NULL);
	event->is_part = true;
	event->id = wire_str(message, "id");
	event->model = wire_str(message, "model");
	event->input_tokens = wire_count(usage, "input_tokens", 0) +
			      wire_count(usage, "cache_creation_input_tokens", 0);
	event->cached_tokens = wire_count(usage, "cache_read_input_tokens", 0);
	event->output_tokens = wire_count(usage, "output_tokens", 0);
	return event->id && !wire_is(message, "model", "<synthetic>") &&
	       event->input_tokens + event->cached_tokens > 0;
}
