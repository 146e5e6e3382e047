#include "engine/tool_calls.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define ID_BYTES   200
#define TEXT_BYTES 400

void
tool_calls_add(struct tool_calls *calls, const struct agent_event *e)
{
	struct tool_call *call = &calls->item[calls->next];

	if (!e->id || e->id[0] == '\0' || strlen(e->id) > ID_BYTES || !e->text)
		return;
	free(call->id);
	free(call->words);
	call->id = xstrdup(e->id);
	call->words = text_cut(e->text, TEXT_BYTES);
	calls->next = (calls->next + 1) % TOOL_CALLS_MAX;
}

/* What was called, or NULL. */
static const char *
words_of(const struct tool_calls *calls, const struct agent_event *e)
{
	if (e->action)
		return e->action;
	for (size_t i = 1; e->id && i <= TOOL_CALLS_MAX; i++) {
		/* The newest first: an agent may use an id again. */
		const struct tool_call *call =
		    &calls->item[(calls->next + TOOL_CALLS_MAX - i) % TOOL_CALLS_MAX];

		if (call->id && strcmp(call->id, e->id) == 0)
			return call->words;
	}
	return NULL;
}

bool
tool_calls_tell(
    const struct tool_calls *calls, const struct agent_event *e, struct fields *f)
{
	const char *words = words_of(calls, e);
	const char *text = e->text ? e->text : "";
	const char *all = e->detail ? e->detail : text;
	char sha[HASH_HEX_SIZE];
	AUTO_FREE char *tool = NULL, *error = NULL, *id = NULL;

	if (!words || words[0] == '\0')
		return false;
	tool = text_cut(words, TEXT_BYTES);
	id = text_cut(e->id ? e->id : "", ID_BYTES);
	fields_set(f, "tool", tool);
	fields_set(f, "call", id);
	if (e->kind == AGENT_TOOL_WORKED) {
		fields_set_number(f, "worked", 1);
		return true;
	}
	error = text_cut(text, TEXT_BYTES);
	hash_sha256(all, strlen(all), sha);
	fields_set(f, "text", error);
	fields_set(f, "error_sha", sha);
	return true;
}

void
tool_calls_clear(struct tool_calls *calls)
{
	for (size_t i = 0; i < TOOL_CALLS_MAX; i++) {
		free(calls->item[i].id);
		free(calls->item[i].words);
	}
	*calls = (struct tool_calls){ 0 };
}
