#include "cli/report.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/gain.h"

#include <string.h>

/* What the sessions of one agent, or all of them, came to. */
struct sum {
	const char *agent;
	size_t n;
	int64_t ms, cost, estimate;
};

struct sums {
	struct sum all, *item;
	size_t n, cap;
};

static struct sum *
sum_of(struct sums *sums, const char *agent)
{
	for (size_t i = 0; i < sums->n; i++) {
		if (strcmp(sums->item[i].agent, agent) == 0)
			return &sums->item[i];
	}
	GROW(sums->item, sums->n, sums->cap);
	sums->item[sums->n] = (struct sum){ .agent = agent };
	return &sums->item[sums->n++];
}

static void
add_session(struct sheet *sheet, struct sums *sums, const struct json_object *batch,
    const struct json_object *s, int64_t now)
{
	int64_t began = js_number(s, "started_at", 0);
	int64_t ended = js_number(s, "ended_at", 0);
	int64_t ms = began ? (ended ? ended : now) - began : 0;
	int64_t mid = js_number(js_get(s, "estimate_cents"), "mid", -1);
	int64_t spent = js_number(s, "cost_cents", 0);
	AUTO_FREE char *name = xasprintf(
	    "%lld/%s", (long long)js_number(batch, "number", 0), js_text(s, "label"));
	AUTO_FREE char *age = began ? text_age(ms) : xstrdup("-");
	AUTO_FREE char *cost = text_dollars((long)spent);
	AUTO_FREE char *guess = mid < 0 ? xstrdup("-") : text_dollars((long)mid);
	AUTO_FREE char *commit = xstrndup(js_text(s, "landed"), 10);
	const char *cells[] = { name, js_text(s, "phase"), js_text(s, "issue"),
		js_text(s, "agent_shown"), js_text(s, "state"), age, cost, guess,
		commit[0] ? commit : "-" };
	struct sum *both[] = { &sums->all, sum_of(sums, js_text(s, "agent_shown")) };

	sheet_add(sheet, cells, NULL);
	for (size_t i = 0; i < N_ELEMS(both); i++) {
		both[i]->n++;
		both[i]->ms += ms;
		both[i]->cost += spent;
		both[i]->estimate += mid > 0 ? mid : 0;
	}
}

static void
print_sum(const struct screen *screen, const char *label, const struct sum *sum)
{
	AUTO_FREE char *age = text_age(sum->ms);
	AUTO_FREE char *cost = text_dollars((long)sum->cost);
	AUTO_FREE char *estimate = text_dollars((long)sum->estimate);

	text_put(screen->out, label);
	fprintf(screen->out,
	    ": %zu session%s, session time %s; cost %s against an estimate of %s\n",
	    sum->n, sum->n == 1 ? "" : "s", age, cost, estimate);
}

static void
print_verification(const struct screen *screen, const struct json_object *plan)
{
	struct json_object *list = js_get(plan, "verification");

	if (js_count(list) == 0)
		return;
	fputs("\nVerification\n", screen->out);
	for (size_t i = 0; i < js_count(list); i++) {
		const struct json_object *one = js_at(list, i);
		bool holds = js_bool(one, "holds");
		AUTO_FREE char *line = xasprintf(
		    "%s: %s", js_text(one, "item"), js_text(one, "fact"));

		fputs("  ", screen->out);
		screen_put(
		    screen, holds ? STYLE_GOOD : STYLE_WARN, holds ? "[x] " : "[ ] ");
		screen_wrap(screen, 6, 6, line);
	}
}

/* Closing the master issue is proposed, never done. */
static void
print_master(const struct screen *screen, const struct json_object *plan)
{
	const char *master = js_text(plan, "master");
	AUTO_FREE char *line = NULL;

	if (master[0] == '\0' || strcmp(js_text(plan, "state"), "complete") != 0)
		return;
	line = xasprintf(
	    "%s is in review; closing it is yours: divisi issue move %s Done", master,
	    master);
	fputc('\n', screen->out);
	screen_wrap(screen, 0, 0, line);
}

/* Declarations that leak: of everything this planner ever had dispatched here. */
static void
print_planner(const struct screen *screen, const struct json_object *plan)
{
	const struct json_object *who = js_get(plan, "planner");
	int64_t files = js_number(who, "files", 0);
	int64_t undeclared = js_number(who, "undeclared", 0);
	AUTO_FREE char *name = text_show(js_text(who, "name"), true);
	AUTO_FREE char *line = NULL;

	if (files == 0)
		return;
	line = xasprintf(
	    "planner %s: %lld plan(s); %lld of %lld sessions wrote what was not "
	    "declared, %lld of %lld paths (%.0f %%)",
	    name[0] ? name : "unknown", (long long)js_number(who, "plans", 0),
	    (long long)js_number(who, "strayed", 0),
	    (long long)js_number(who, "sessions", 0), (long long)undeclared,
	    (long long)files, 100.0 * (double)undeclared / (double)files);
	screen_line(screen, 4, line);
}

void
report_print(const struct screen *screen, const struct json_object *status,
    const struct json_object *plan, int64_t now)
{
	static const char *const header[] = { "Session", "Phase", "Issue", "Agent",
		"Status", "Time", "Cost", "Estimate", "Commit" };
	struct json_object *batches = js_get(plan, "batches");
	int64_t from = js_number(plan, "opened_at", now);
	int64_t to = js_number(plan, "closed_at", 0);
	AUTO_FREE char *title = text_show(js_text(plan, "title"), true);
	AUTO_FREE char *state = text_show(js_text(plan, "state"), true);
	AUTO_FREE char *wall = text_age((to ? to : now) - from);
	struct sums sums = { 0 };
	struct sheet sheet;

	fprintf(screen->out, "Report: %s (%s)\n\n", title, state);
	sheet_init(&sheet, header, N_ELEMS(header));
	sheet.n_narrow = 7;
	for (size_t i = 0; i < js_count(batches); i++) {
		const struct json_object *b = js_at(batches, i);
		struct json_object *sessions = js_get(b, "sessions");

		for (size_t k = 0; k < js_count(sessions); k++)
			add_session(&sheet, &sums, b, js_at(sessions, k), now);
	}
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
	fprintf(screen->out, "\nwall time %s\n", wall);
	print_sum(screen, "in all", &sums.all);
	for (size_t i = 0; i < sums.n && sums.n > 1; i++)
		print_sum(screen, sums.item[i].agent, &sums.item[i]);
	gain_print(screen, status, plan, now);
	print_planner(screen, plan);
	print_verification(screen, plan);
	print_master(screen, plan);
	free(sums.item);
}
