#include "engine/usage.h"

#include "base/mem.h"
#include "policy/price.h"

#include <string.h>

#define CALL_BYTES 100

void
usage_init(struct usage *usage)
{
	*usage = (struct usage){ .cost = -1, .in = -1, .out = -1, .context_pct = -1 };
}

void
usage_clear(struct usage *usage)
{
	free(usage->call);
	usage_init(usage);
}

/* What was configured for the agent wins over the table; both know the window of a model. */
static struct price
price_for(const struct session *s, const char *model)
{
	struct price price = price_of(model), own;
	struct err err = ERR_INIT;

	if (s->price[0] && price_read(s->price, &own, &err) == 0) {
		own.window = price.window;
		return own;
	}
	return price;
}

/* One call to the model, which is told several times where its answer has several parts. */
static void
add_call(struct usage *u, const struct session *s, const struct agent_event *e)
{
	const char *last = u->call ? u->call : s->call;
	const char *id = e->id ? e->id : "";
	struct price price = price_for(s, e->model);
	int64_t held = (e->input_tokens > 0 ? e->input_tokens : 0) + e->cached_tokens;

	if (id[0] && strncmp(id, last, CALL_BYTES) == 0 && strlen(last) <= CALL_BYTES)
		return;
	free(u->call);
	u->call = xstrndup(id, strlen(id) < CALL_BYTES ? strlen(id) : CALL_BYTES);
	u->counted += price_millicents(
	    &price, e->input_tokens, e->cached_tokens, e->output_tokens);
	if (price.window > 0 && held > 0)
		u->context_pct = held >= price.window
				     ? 100
				     : (int)(held * 100 / price.window);
}

/* So many since the last report; fewer than then is a counter that began anew. */
static int64_t
grown(int64_t now, int64_t *last, int64_t of_session)
{
	int64_t before = *last >= 0 ? *last : of_session;

	if (now < 0)
		return 0;
	*last = now;
	return now >= before ? now - before : now;
}

static void
add_totals(struct usage *u, const struct session *s, const struct agent_event *e)
{
	struct price price = price_for(s, e->model);
	int64_t in = grown(e->input_tokens, &u->in, s->tokens_in);
	int64_t out = grown(e->output_tokens, &u->out, s->tokens_out);

	/* Dollars of the agent's own are better than ours. */
	if (e->cost_cents < 0)
		u->counted += price_millicents(&price, in, 0, out);
}

void
usage_add(struct usage *usage, const struct session *s, const struct agent_event *e)
{
	if (e->cost_cents >= 0 && e->kind == AGENT_USAGE)
		usage->cost = e->cost_cents;
	if (e->context_pct >= 0)
		usage->context_pct = e->context_pct;
	if (e->kind == AGENT_RETRY) {
		usage->has_retry = true;
		usage->n_retries++;
		return;
	}
	if (e->kind != AGENT_NOTE && e->kind != AGENT_LIMIT && e->kind != AGENT_TOOL) {
		usage->progressed = true;
		usage->n_retries = 0;
	}
	if (e->kind != AGENT_USAGE || !s)
		return;
	if (e->is_part)
		add_call(usage, s, e);
	else
		add_totals(usage, s, e);
}

void
usage_tell(struct usage *usage, struct fields *f)
{
	if (usage->cost >= 0)
		fields_set_number(f, "cost", usage->cost);
	if (usage->counted > 0)
		fields_set_number(f, "counted", usage->counted);
	if (usage->call)
		fields_set(f, "call", usage->call);
	if (usage->in >= 0)
		fields_set_number(f, "tokens_in", usage->in);
	if (usage->out >= 0)
		fields_set_number(f, "tokens_out", usage->out);
	if (usage->context_pct >= 0)
		fields_set_number(f, "context_pct", usage->context_pct);
	if (usage->has_retry)
		fields_set_number(f, "retries", usage->n_retries);
	if (usage->progressed)
		fields_set_number(f, "progressed", 1);
	usage_clear(usage);
}

void
usage_request(struct fields *f, const struct agent_event *e, size_t max)
{
	const char *text = e->text ? e->text : "", *detail = e->detail ? e->detail : "";

	if (strlen(detail) > max || strlen(text) > max)
		fields_set_number(f, "cut", 1);
	else if (e->action && strlen(e->action) > max)
		fields_set_number(f, "cut", 1);
	else if (e->action)
		fields_set(f, "action", e->action);
	else if (detail[0] == '\0' || strcmp(detail, text) == 0)
		fields_set(f, "action", text);
	else
		fields_setf(f, "action", "%s\n%s", text, detail);
}

void
usage_limit(struct fields *f, const struct agent_event *e, bool can_resume)
{
	if (e->is_out_of_budget) {
		fields_set_number(f, "out_of_budget", 1);
		fields_set_number(f, "resumable", can_resume);
	}
	if (e->kind != AGENT_LIMIT)
		return;
	fields_set_number(f, "until", e->until_at);
	fields_set_number(f, "resumable", can_resume);
}
