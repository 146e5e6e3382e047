#include "agent/acp.h"
#include "agent/rpc.h"
#include "agent/wire.h"

#include <ctype.h>
#include <string.h>

/*
 * Copilot tells what became of its calls to the model in words of its own among those of the
 * model, and ends such a turn as if it were a good one (seen with 1.0.102).
 */

static const char retries[] = "Info: Request failed due to a transient API error";
static const char error[] = "Error: ";

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* WORDS after "Error: ": is it about a call to the model? */
static bool
is_about_model(const char *words)
{
	bool has_status = isdigit((unsigned char)words[0]) &&
			  isdigit((unsigned char)words[1]) &&
			  isdigit((unsigned char)words[2]) && words[3] == ' ';

	return has_status || strstr(words, "(HTTP ") ||
	       starts_with(words, "Failed to get response from the AI model") ||
	       rpc_is_limit(words);
}

struct pass {
	agent_event_fn *fn;
	void *arg;
};

static void
on_event(const struct agent_event *event, void *arg)
{
	const struct pass *pass = arg;
	struct agent_event own;

	if (event->kind == AGENT_SAY && starts_with(event->text, retries)) {
		own = wire_event(AGENT_RETRY, event->text);
		pass->fn(&own, pass->arg);
		return;
	}
	pass->fn(event, pass->arg);
	if (event->kind != AGENT_SAY || !starts_with(event->text, error) ||
	    !is_about_model(event->text + sizeof(error) - 1))
		return;
	if (rpc_is_limit(event->text)) {
		own = wire_event(AGENT_LIMIT, event->text);
		pass->fn(&own, pass->arg);
	}
	own = wire_event(AGENT_FAILED, event->text);
	own.session_id = event->session_id;
	pass->fn(&own, pass->arg);
}

void
copilot_parse(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	struct pass pass = { .fn = fn, .arg = arg };

	acp_parse(line, n, on_event, &pass);
}
