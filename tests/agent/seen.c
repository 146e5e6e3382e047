#include "seen.h"

#include <stdarg.h>
#include <string.h>

static void PRINTF(2, 3) put(struct seen *seen, const char *fmt, ...)
{
	size_t room = sizeof(seen->text) - seen->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(seen->text + seen->n, room, fmt, ap);
	va_end(ap);
	seen->n += n > 0 && (size_t)n < room ? (size_t)n : 0;
}

void
seen_event(const struct agent_event *event, void *arg)
{
	struct seen *seen = arg;

	seen->n_events++;
	seen->n_of[event->kind]++;
	put(seen, "%s", agent_event_name(event->kind));
	if (event->kind == AGENT_ASK) {
		put(seen, " %s", agent_ask_name(event->ask));
		snprintf(
		    seen->raw, sizeof(seen->raw), "%s", event->raw ? event->raw : "");
		snprintf(seen->detail, sizeof(seen->detail), "%s",
		    event->detail ? event->detail : "");
	}
	if (event->kind == AGENT_STEP)
		snprintf(
		    seen->step, sizeof(seen->step), "%s", event->raw ? event->raw : "");
	if (event->id) {
		put(seen, " %s", event->id);
		snprintf(seen->id, sizeof(seen->id), "%s", event->id);
	}
	if (event->kind == AGENT_PROGRESS)
		put(seen, " %ld/%ld", event->done, event->total);
	if (event->kind == AGENT_USAGE || event->kind == AGENT_ESTIMATE)
		put(seen, " %ld cents %ld in %ld out %d%%", event->cost_cents,
		    event->input_tokens, event->output_tokens, event->context_pct);
	if (event->kind == AGENT_LIMIT)
		put(seen, " until %lld", event->until_at);
	if (event->text)
		put(seen, ": %s", event->text);
	put(seen, "\n");
}

void
seen_bytes(struct seen *seen, const struct agent *agent, const char *line, size_t n)
{
	agent->parse(line, n, seen_event, seen);
}

void
seen_line(struct seen *seen, const struct agent *agent, const char *line)
{
	seen_bytes(seen, agent, line, strlen(line));
}

void
seen_clear(struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
}
