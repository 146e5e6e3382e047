/*
 * One line of an agent's output, for every adapter: any bytes become events that keep their
 * promises, and every ask among them can be answered with one line of JSON.
 * Exercises src/agent/.
 */
#include "agent/agent.h"

#include "base/mem.h"
#include "base/text.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

static void
check_text(const char *s)
{
	if (s && text_utf8_bad(s, strlen(s)) >= 0)
		__builtin_trap();
}

/* What we send is one line that a JSON parser takes. */
static void
check_line(char *line)
{
	struct json_object *obj = line ? json_tokener_parse(line) : NULL;

	if (line && (!obj || strchr(line, '\n')))
		__builtin_trap();
	json_object_put(obj);
	free(line);
}

static void
check_answers(const struct agent *agent, const struct agent_event *event)
{
	static const char *const decisions[] = { "allow", "deny", "allow-session", "" };

	for (size_t i = 0; i < N_ELEMS(decisions); i++) {
		check_line(
		    agent->answer("k", event->id, event->raw, decisions[i], NULL));
		check_line(
		    agent->answer("k", event->id, event->raw, decisions[i], "1\nRed"));
	}
}

static void
on_event(const struct agent_event *event, void *arg)
{
	if (event->kind >= AGENT_N_EVENTS || !agent_event_name(event->kind) ||
	    event->cost_cents < -1 || event->input_tokens < -1 ||
	    event->output_tokens < -1 || event->context_pct < -1 ||
	    event->context_pct > 100 || event->done < 0 || event->total < 0 ||
	    event->until_at < 0)
		__builtin_trap();
	check_text(event->id);
	check_text(event->text);
	check_text(event->detail);
	if (event->kind == AGENT_NOTE && strchr(event->text, '\n'))
		__builtin_trap();
	if (event->kind != AGENT_ASK)
		return;
	if (!event->id || !*event->id || !event->text || strchr(event->text, '\n') ||
	    !agent_ask_name(event->ask))
		__builtin_trap();
	check_answers(arg, event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct agent *const agents[] = { &agent_command, &agent_claude };
	AUTO_FREE char *line = xstrndup((const char *)data, size);

	for (size_t i = 0; i < N_ELEMS(agents); i++) {
		struct agent agent = *agents[i];

		agent.parse((const char *)data, size, on_event, &agent);
		free(agent.answer("key", line, line, "allow", line));
	}
	return 0;
}
