#include "cli/gain.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"

#include <stdlib.h>
#include <string.h>

struct span_ms {
	int64_t from, to;
};

/* Calls FN for every session of PLAN. */
static void
each_session(const struct json_object *plan,
    void (*fn)(const struct json_object *s, void *arg), void *arg)
{
	struct json_object *batches = js_get(plan, "batches");

	for (size_t i = 0; i < js_count(batches); i++) {
		struct json_object *all = js_get(js_at(batches, i), "sessions");

		for (size_t k = 0; k < js_count(all); k++)
			fn(js_at(all, k), arg);
	}
}

static bool
is_any(const char *state, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(state, *words) == 0)
			return true;
	}
	return false;
}

static bool
is_delivered(const struct json_object *s)
{
	static const char *const words[] = { "in-review", "mergeable", "merging",
		"merge-conflict", "done", NULL };

	return is_any(js_text(s, "state"), words);
}

static bool
has_met(const struct json_object *status, const struct json_object *s)
{
	struct json_object *list = js_get(status, "conflicts");
	const char *id = js_text(s, "id");

	for (size_t i = 0; i < js_count(list); i++) {
		const struct json_object *c = js_at(list, i);

		if (strcmp(js_text(js_get(c, "a"), "session"), id) == 0 ||
		    strcmp(js_text(js_get(c, "b"), "session"), id) == 0)
			return true;
	}
	return false;
}

struct counting {
	const struct json_object *status;
	struct gain *gain;
	int64_t now, spent, guessed, off, n_guessed;
	struct span_ms *span;
	size_t n, cap;
};

static void
count_session(const struct json_object *s, void *arg)
{
	struct counting *c = arg;
	int64_t began = js_number(s, "started_at", 0);
	int64_t ended = js_number(s, "ended_at", 0);
	int64_t mid = js_number(js_get(s, "estimate_cents"), "mid", -1);
	int64_t cost = js_number(s, "cost_cents", 0);

	c->gain->n_sessions++;
	c->gain->n_delivered += is_delivered(s);
	c->gain->n_met += has_met(c->status, s);
	if (began > 0) {
		struct span_ms one = { began, ended > began ? ended : c->now };

		GROW(c->span, c->n, c->cap);
		c->span[c->n++] = one;
		c->gain->sequential += one.to - one.from;
	}
	if (mid <= 0 || !is_delivered(s))
		return;
	c->spent += cost;
	c->guessed += mid;
	c->off += llabs(cost - mid) * 100 / mid;
	c->n_guessed++;
}

static int
compare_spans(const void *a, const void *b)
{
	const struct span_ms *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* How long of FROM to TO at least one of the N spans lasted. */
static int64_t
covered(struct span_ms *span, size_t n, int64_t from, int64_t to)
{
	int64_t sum = 0, at = from;

	if (n > 0)
		qsort(span, n, sizeof(*span), compare_spans);
	for (size_t i = 0; i < n; i++) {
		int64_t begin = span[i].from > at ? span[i].from : at;
		int64_t end = span[i].to < to ? span[i].to : to;

		if (end <= begin)
			continue;
		sum += end - begin;
		at = end;
	}
	return sum;
}

void
gain_of(const struct json_object *status, const struct json_object *plan, int64_t now,
    struct gain *gain)
{
	int64_t from = js_number(plan, "opened_at", now);
	int64_t closed = js_number(plan, "closed_at", 0), to = closed ? closed : now;
	struct counting c = { .status = status, .gain = gain, .now = to };

	*gain = (struct gain){
		.wall = to > from ? to - from : 0, .error = -1, .spread = -1
	};
	each_session(plan, count_session, &c);
	gain->idle = gain->wall - covered(c.span, c.n, from, to);
	if (c.n_guessed > 0) {
		gain->error = (c.spent - c.guessed) * 100 / c.guessed;
		gain->spread = c.off / c.n_guessed;
	}
	free(c.span);
}

/* R-228 by what git and the merge queue saw; -1 while it is under way. */
static int
quality_of(const struct json_object *s)
{
	static const char *const nothing[] = { "failed", NULL };
	static const char *const left[] = { "abandoned", NULL };
	static const char *const conflict[] = { "merge-conflict", NULL };
	const char *state = js_text(s, "state");
	int64_t runs = js_number(s, "runs", 1);

	if (is_any(state, nothing))
		return 0;
	if (is_any(state, left))
		return 1;
	if (is_any(state, conflict))
		return 2;
	if (strcmp(state, "done") != 0)
		return -1;
	return runs <= 1 ? GAIN_BEST : runs == 2 ? 4 : 3;
}

struct rating {
	struct gain_agent *agent;
	size_t n;
	int64_t now;
	size_t n_timed[GAIN_MOST_AGENTS];
};

static void
rate_session(const struct json_object *s, void *arg)
{
	struct rating *r = arg;
	const char *name = js_text(s, "agent_shown");
	int64_t began = js_number(s, "started_at", 0);
	int64_t ended = js_number(s, "ended_at", 0);
	int quality = quality_of(s);
	size_t i = 0;

	while (i < r->n && strcmp(r->agent[i].name, name) != 0)
		i++;
	if (i == GAIN_MOST_AGENTS)
		return;
	if (i == r->n)
		r->agent[r->n++] = (struct gain_agent){ .name = name };
	r->agent[i].n++;
	if (js_number(s, "runs", 1) > 1)
		r->agent[i].revisions += js_number(s, "runs", 1) - 1;
	if (quality >= 0) {
		r->agent[i].quality += quality * 100;
		r->agent[i].n_rated++;
	}
	if (is_delivered(s) && ended > began && began > 0) {
		r->agent[i].to_delivery += ended - began;
		r->n_timed[i]++;
	}
}

size_t
gain_agents(const struct json_object *plan, int64_t now,
    struct gain_agent agent[GAIN_MOST_AGENTS])
{
	struct rating r = { .agent = agent, .now = now };

	each_session(plan, rate_session, &r);
	for (size_t i = 0; i < r.n; i++) {
		agent[i].quality = agent[i].n_rated > 0
				       ? agent[i].quality / (int64_t)agent[i].n_rated
				       : -1;
		agent[i].to_delivery = r.n_timed[i] > 0 ? agent[i].to_delivery /
							      (int64_t)r.n_timed[i]
							: -1;
	}
	return r.n;
}

void
gain_print(const struct screen *screen, const struct json_object *status,
    const struct json_object *plan, int64_t now)
{
	struct gain_agent agent[GAIN_MOST_AGENTS];
	size_t n = gain_agents(plan, now, agent);
	struct gain g;

	gain_of(status, plan, now, &g);
	AUTO_FREE char *wall = text_age(g.wall), *sequential = text_age(g.sequential),
		       *idle = text_age(g.idle);

	if (g.sequential > 0 && g.wall > 0)
		fprintf(screen->out,
		    "gain: %s of work in %s, %.1f at once; %s (%.0f %%) in which no "
		    "agent ran\n",
		    sequential, wall, (double)g.sequential / (double)g.wall, idle,
		    100.0 * (double)g.idle / (double)g.wall);
	if (g.n_delivered > 0)
		fprintf(screen->out, "conflicts: %zu of %zu sessions met another\n",
		    g.n_met, g.n_sessions);
	if (g.spread >= 0)
		fprintf(screen->out,
		    "estimates: %+lld %% in all, each off by %lld %% on average\n",
		    (long long)g.error, (long long)g.spread);
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *name = text_show(agent[i].name, true);
		AUTO_FREE char *age = agent[i].to_delivery < 0
					  ? xstrdup("-")
					  : text_age(agent[i].to_delivery);

		if (agent[i].quality < 0)
			continue;
		fprintf(screen->out,
		    "quality of %s: %.1f of %d, %lld revision(s), %s to delivery "
		    "(%zu session(s))\n",
		    name, (double)agent[i].quality / 100.0, GAIN_BEST,
		    (long long)agent[i].revisions, age, agent[i].n_rated);
	}
}

static void
add_number(struct json_object *o, const char *name, int64_t number)
{
	json_object_object_add(o, name, json_object_new_int64(number));
}

struct json_object *
gain_json(const struct json_object *status, const struct json_object *plan, int64_t now)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct gain_agent agent[GAIN_MOST_AGENTS];
	size_t n = gain_agents(plan, now, agent);
	struct gain g;

	gain_of(status, plan, now, &g);
	add_number(o, "wall_ms", g.wall);
	add_number(o, "sequential_ms", g.sequential);
	add_number(o, "idle_ms", g.idle);
	add_number(o, "sessions", (int64_t)g.n_sessions);
	add_number(o, "delivered", (int64_t)g.n_delivered);
	add_number(o, "met", (int64_t)g.n_met);
	add_number(o, "estimate_error_pct", g.error);
	add_number(o, "estimate_spread_pct", g.spread);
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(
		    one, "agent", json_object_new_string(agent[i].name));
		add_number(one, "sessions", (int64_t)agent[i].n);
		add_number(one, "rated", (int64_t)agent[i].n_rated);
		add_number(one, "quality_hundredths", agent[i].quality);
		add_number(one, "revisions", agent[i].revisions);
		add_number(one, "to_delivery_ms", agent[i].to_delivery);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "agents", list);
	return o;
}
