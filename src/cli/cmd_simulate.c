#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/json.h"
#include "cli/json_out.h"
#include "cli/past.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "rehearse/rehearse.h"

#include <stdlib.h>
#include <string.h>

const struct option_doc cmd_simulate_options[] = { OPTION_JSON,
	{ "rounds", "N",
	    "how often each setting is played (default 1000, fewer for long plans)",
	    0 },
	{ "seed", "N", "other dice; the same seed gives the same answer (default 1)",
	    0 },
	{ "cap", "N", "draw and judge at most N sessions at once (default divisi.cap)",
	    0 },
	{ "rolling", NULL, "draw and judge each phase starting as soon as it can", 0 },
	{ "budget", "DOLLARS", "the cost cap to ask about (default: all estimates)",
	    0 },
	{ "merge", "auto|ask", "does a person read each change first (default ask)",
	    0 },
	{ "approve-all", NULL, "only the first table needs a person", 0 },
	{ "person", "MINUTES", "until somebody answers, half of the time (default 5)",
	    0 },
	OPTION_END };

enum {
	SIMULATE_JSON,
	SIMULATE_ROUNDS,
	SIMULATE_SEED,
	SIMULATE_CAP,
	SIMULATE_ROLLING,
	SIMULATE_BUDGET,
	SIMULATE_MERGE,
	SIMULATE_APPROVE_ALL,
	SIMULATE_PERSON,
};

enum {
	CAP_FROM = 2,
	CAP_TO = 8,
	MAX_ROUNDS = 1000000,
	MAX_PHASES = 400,
	MAX_CASES = 2 * (CAP_TO - CAP_FROM + 1) + 2
};

struct simulate {
	const char *path;
	bool as_json, is_rolling, asks_merge, approves_all;
	long rounds, seed, cap, budget_cents, person;
	struct rehearse_guess guess;
	struct past past;
};

struct played { /* one setting and what came of it */
	struct rehearse_setting setting;
	struct batches *batches;
	struct rehearse_summary summary;
	bool is_chosen;
};

static int
read_budget(struct simulate *asked, const char *value, struct err *err)
{
	char *end;
	double dollars = strtod(value, &end);

	if (*end || end == value || !(dollars > 0) || dollars > 1e9)
		return err_set(err, ERR_USAGE,
		    "--budget needs dollars such as 12.50, not \"%.40s\"", value);
	asked->budget_cents = (long)(dollars * 100 + 0.5);
	return 0;
}

static int
read_merge(struct simulate *asked, const char *value, struct err *err)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "ask") != 0)
		return err_set(err, ERR_USAGE, "--merge is auto or ask");
	asked->asks_merge = strcmp(value, "ask") == 0;
	return 0;
}

static int
read_option(struct simulate *asked, int option, const char *value, struct err *err)
{
	switch (option) {
	case SIMULATE_JSON: asked->as_json = true; return 0;
	case SIMULATE_ROUNDS:
		return args_number("rounds", value, 1, &asked->rounds, err);
	case SIMULATE_SEED: return args_number("seed", value, 0, &asked->seed, err);
	case SIMULATE_CAP: return args_number("cap", value, 1, &asked->cap, err);
	case SIMULATE_ROLLING: asked->is_rolling = true; return 0;
	case SIMULATE_BUDGET: return read_budget(asked, value, err);
	case SIMULATE_MERGE: return read_merge(asked, value, err);
	case SIMULATE_APPROVE_ALL: asked->approves_all = true; return 0;
	case SIMULATE_PERSON:
		return args_number("person", value, 1, &asked->person, err);
	default: break;
	}
	if (asked->path)
		return err_set(err, ERR_USAGE, "\"%.60s\" is too much", value);
	asked->path = value;
	return 0;
}

static int
read_args(struct simulate *asked, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_simulate_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		if (option == ARGS_BAD ||
		    read_option(asked, option, args.value, err) < 0)
			return -1;
	}
	if (!asked->path) {
		err_set(err, ERR_USAGE, "a plan is needed");
		return err_fix(err, "usage: divisi simulate PLAN [--rounds N]");
	}
	if (asked->rounds > MAX_ROUNDS || asked->cap > 64)
		return err_set(
		    err, ERR_USAGE, "at most %d rounds and a cap of 64", MAX_ROUNDS);
	return 0;
}

/* What all estimates together allow for: what the table would show as its total. */
static long
estimated_cents(const struct plan *plan)
{
	double sum = 0;

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *p = &plan->phase[i];

		sum += p->est_high_cents > 0 ? (double)p->est_high_cents
					     : rehearse_cost_cents(p);
	}
	return (long)(sum < 1e15 ? sum + 0.5 : 1e15);
}

/* ---- playing ------------------------------------------------------------------------------ */

static struct rehearse_case
case_of(const struct simulate *asked, const struct world *world,
    const struct played *played)
{
	return (struct rehearse_case){ world->plan, world->verdicts, played->batches,
		&asked->guess, &played->setting };
}

static void
play(const struct simulate *asked, const struct world *world, struct played *played,
    size_t cap, bool is_rolling)
{
	struct batch_env env = world->batch_env;
	struct rehearse_case what;

	env.cap = cap;
	*played = (struct played){
		.setting = { .is_rolling = is_rolling,
		    .cap = cap,
		    .research_cap = env.research_cap > cap ? env.research_cap : cap,
		    .asks_merge = asked->asks_merge,
		    .approves_all = asked->approves_all },
		.batches = batches_new(world->plan, world->verdicts, &env),
		.is_chosen = (long)cap == asked->cap && is_rolling == asked->is_rolling,
	};
	what = case_of(asked, world, played);
	rehearse_many(&what, (uint64_t)asked->seed, (size_t)asked->rounds,
	    asked->budget_cents, &played->summary);
}

/* Batches and rolling with each cap, the chosen one among them; returns how many. */
static size_t
play_all(const struct simulate *asked, const struct world *world, struct played *played)
{
	size_t n = 0;

	for (int rolling = 0; rolling < 2; rolling++) {
		bool is_there = asked->cap >= CAP_FROM && asked->cap <= CAP_TO;

		if (!is_there && (rolling == 1) == asked->is_rolling)
			play(asked, world, &played[n++], (size_t)asked->cap,
			    rolling == 1);
		for (size_t cap = CAP_FROM; cap <= CAP_TO; cap++)
			play(asked, world, &played[n++], cap, rolling == 1);
	}
	return n;
}

/* The same plan with the chosen cap, its branches landing in another order. */
static void
play_order(const struct simulate *asked, const struct world *world,
    enum rehearse_order order, struct rehearse_summary *summary)
{
	struct played p;
	struct rehearse_case what;

	play(asked, world, &p, (size_t)asked->cap, false);
	p.setting.order = order;
	what = case_of(asked, world, &p);
	if (order != REHEARSE_HUB)
		rehearse_many(&what, (uint64_t)asked->seed, (size_t)asked->rounds,
		    asked->budget_cents, &p.summary);
	*summary = p.summary;
	batches_free(p.batches);
}

static const char *const order_words[REHEARSE_N_ORDERS] = { [REHEARSE_HUB] = "hub-last",
	[REHEARSE_PLAN] = "plan-order",
	[REHEARSE_MEASURED] = "measured" };

/* ---- the timeline ------------------------------------------------------------------------- */

static const char what_signs[] = { '.', '#', '?', '=' };
static const char *const what_words[] = { "waits", "works", "person", "lands" };

static int
compare_spans(const void *pa, const void *pb)
{
	const struct rehearse_span *a = pa, *b = pb;

	if (a->phase != b->phase)
		return a->phase - b->phase;
	return a->from != b->from ? (a->from > b->from) - (a->from < b->from) : 0;
}

/* One phase as a bar of WIDTH signs; what comes last in a column is what it shows. */
static void
draw_bar(const struct rehearse_round *round, int phase, char *bar, size_t width)
{
	int64_t all = round->finish_ms > 0 ? round->finish_ms : 1;

	memset(bar, ' ', width);
	bar[width] = '\0';
	for (size_t i = 0; i < round->n_spans; i++) {
		const struct rehearse_span *span = &round->span[i];
		size_t from = (size_t)((double)span->from / (double)all *
				       (double)width);
		size_t to = (size_t)((double)span->to / (double)all * (double)width);

		if (span->phase != phase)
			continue;
		to = to > width ? width : to;
		/* What is short is seen all the same, unless it only waits. */
		if (to == from && to < width && span->what != REHEARSE_WAITS)
			to++;
		for (size_t k = from; k < to; k++)
			bar[k] = what_signs[span->what];
	}
	while (width > 0 && (bar[width - 1] == '.' || bar[width - 1] == ' '))
		bar[--width] = '\0';
}

static void
print_timeline(const struct world *world, const struct rehearse_round *round,
    const struct screen *screen)
{
	size_t width = screen->width > 40 ? (size_t)screen->width : 80, head = 0;
	AUTO_FREE char *bar = xcalloc(width + 1, 1);
	AUTO_FREE char *age = text_age(round->finish_ms);

	for (size_t i = 0; i < world->plan->n_phases; i++) {
		size_t w = text_width(world->plan->phase[i].id);

		head = w > head ? w : head;
	}
	head = head > 12 ? 12 : head;
	fprintf(screen->out, "\na middling round, %s\n", age);
	for (size_t i = 0; i < world->plan->n_phases; i++) {
		AUTO_FREE char *id = screen_cut(world->plan->phase[i].id, head);

		draw_bar(round, (int)i, bar, width - head - 2);
		fprintf(screen->out, "%s%*s  %s\n", id, (int)(head - text_width(id)),
		    "", bar);
	}
	fputs("# works, ? needs a person, = lands, . waits\n", screen->out);
}

/* ---- text ----------------------------------------------------------------------------------- */

static char *
name_of(const struct played *p)
{
	return xasprintf("%s, cap %zu%s", p->setting.is_rolling ? "rolling" : "batches",
	    p->setting.cap, p->is_chosen ? " *" : "");
}

static void
add_played(struct sheet *sheet, const struct played *p)
{
	const struct rehearse_summary *s = &p->summary;
	AUTO_FREE char *name = name_of(p);
	AUTO_FREE char *finish_50 = text_age(s->finish_p50);
	AUTO_FREE char *finish_90 = text_age(s->finish_p90);
	AUTO_FREE char *cost_50 = text_dollars(s->cost_p50);
	AUTO_FREE char *cost_90 = text_dollars(s->cost_p90);
	AUTO_FREE char *person = xasprintf("%d-%d", s->person_p50, s->person_p90);
	AUTO_FREE char *over = xasprintf("%.0f %%", 100 * s->over_budget);
	const char *cells[] = { name, finish_50, finish_90, cost_50, cost_90, person,
		over };

	sheet_add(sheet, cells, NULL);
}

/* What the order of landing is worth: how many branches somebody has to mend. */
static void
print_orders(const struct simulate *asked, const struct world *world,
    const struct screen *screen)
{
	static const char *const header[] = { "batches land", "mended", "finish",
		"9 of 10" };
	static const char *const names[REHEARSE_N_ORDERS] = {
		[REHEARSE_HUB] = "as the table says, the probable hub last",
		[REHEARSE_PLAN] = "in plan order",
		[REHEARSE_MEASURED] = "when ready, the hub by trial merges last",
	};
	struct sheet sheet;

	sheet_init(&sheet, header, N_ELEMS(header));
	for (int i = 0; i < REHEARSE_N_ORDERS; i++) {
		struct rehearse_summary s;

		play_order(asked, world, (enum rehearse_order)i, &s);
		AUTO_FREE char *mended = xasprintf("%.2f", s.conflicts);
		AUTO_FREE char *finish_50 = text_age(s.finish_p50);
		AUTO_FREE char *finish_90 = text_age(s.finish_p90);
		const char *cells[] = { names[i], mended, finish_50, finish_90 };

		sheet_add(&sheet, cells, NULL);
	}
	fputc('\n', screen->out);
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
}

static void
print_guess(const struct simulate *asked, const struct screen *screen)
{
	const struct past *h = &asked->past;
	AUTO_FREE char *learned =
	    h->n_sessions >= PAST_ENOUGH
		? xasprintf(
		      "From %zu sessions of this repository: work takes %.2f times "
		      "its estimate, and costs %.2f times.",
		      h->n_sessions, asked->guess.work_factor, asked->guess.cost_factor)
		: xstrdup("No history here yet, so estimates are taken as they are.");
	AUTO_FREE char *line = xasprintf(
	    "%s Assumed: somebody answers within %.0f min half of the time, %.0f %% of "
	    "runs fail, %.0f %% meet a rate limit of %.0f min, verifying takes %.0f min, "
	    "an overlap of unknown risk collides in %.0f %%.",
	    learned, asked->guess.person_minutes, 100 * asked->guess.fail_chance,
	    100 * asked->guess.limit_chance, asked->guess.limit_minutes,
	    asked->guess.verify_minutes, 100 * asked->guess.conflict_chance);

	fputc('\n', screen->out);
	screen_wrap(screen, 0, 0, line);
}

static void
print_text(const struct simulate *asked, const struct world *world,
    const struct played *played, size_t n)
{
	static const char *const header[] = { "", "finish", "9 of 10", "cost",
		"9 of 10", "needs you", "over" };
	AUTO_FREE char *budget = text_dollars(asked->budget_cents);
	struct rehearse_round round;
	struct screen screen;
	struct sheet sheet;

	screen_init(&screen, stdout);
	screen_put(
	    &screen, STYLE_BOLD, *world->plan->title ? world->plan->title : "plan");
	fprintf(screen.out,
	    "\n%zu phases, %ld rounds of each setting, seed %ld; over is "
	    "the chance to cost more than %s\n\n",
	    world->plan->n_phases, asked->rounds, asked->seed, budget);
	sheet_init(&sheet, header, N_ELEMS(header));
	for (size_t i = 0; i < n; i++)
		add_played(&sheet, &played[i]);
	sheet_print(&sheet, &screen);
	sheet_clear(&sheet);
	for (size_t i = 0; i < n; i++) {
		struct rehearse_case what = case_of(asked, world, &played[i]);

		if (!played[i].is_chosen)
			continue;
		fprintf(screen.out,
		    "\n* conflicts a round: %.2f; every phase done: %.0f %%\n",
		    played[i].summary.conflicts, 100 * played[i].summary.complete);
		rehearse_play(&what, (uint64_t)asked->seed,
		    played[i].summary.median_round, &round);
		print_timeline(world, &round, &screen);
		rehearse_round_clear(&round);
	}
	print_orders(asked, world, &screen);
	print_guess(asked, &screen);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void
played_json(struct json_out *json, const struct played *p)
{
	const struct rehearse_summary *s = &p->summary;

	json_out_open(json, NULL, '{');
	json_out_str(json, "mode", p->setting.is_rolling ? "rolling" : "batch");
	json_out_int(json, "cap", (long long)p->setting.cap);
	json_out_value(json, "chosen", json_object_new_boolean(p->is_chosen));
	json_out_int(json, "batches", (long long)p->batches->n);
	json_out_int(json, "finish_p50_ms", s->finish_p50);
	json_out_int(json, "finish_p90_ms", s->finish_p90);
	json_out_int(json, "cost_p50_cents", s->cost_p50);
	json_out_int(json, "cost_p90_cents", s->cost_p90);
	json_out_int(json, "interruptions_p50", s->person_p50);
	json_out_int(json, "interruptions_p90", s->person_p90);
	json_out_chance(json, "conflicts", s->conflicts);
	json_out_chance(json, "over_budget", s->over_budget);
	json_out_chance(json, "complete", s->complete);
	json_out_close(json, '}');
}

static void
timeline_json(struct json_out *json, const struct simulate *asked,
    const struct world *world, const struct played *played)
{
	struct rehearse_case what = case_of(asked, world, played);
	struct rehearse_round round;

	rehearse_play(
	    &what, (uint64_t)asked->seed, played->summary.median_round, &round);
	if (round.n_spans > 0)
		qsort(round.span, round.n_spans, sizeof(*round.span), compare_spans);
	json_out_int(json, "timeline_ms", round.finish_ms);
	json_out_open(json, "timeline", '[');
	for (size_t i = 0; i < round.n_spans; i++) {
		const struct rehearse_span *span = &round.span[i];

		if (span->what == REHEARSE_WAITS)
			continue;
		json_out_open(json, NULL, '{');
		json_out_str(json, "phase", world->plan->phase[span->phase].id);
		json_out_str(json, "what", what_words[span->what]);
		json_out_int(json, "from_ms", span->from);
		json_out_int(json, "to_ms", span->to);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
	rehearse_round_clear(&round);
}

static void
orders_json(
    struct json_out *json, const struct simulate *asked, const struct world *world)
{
	json_out_open(json, "orders", '[');
	for (int i = 0; i < REHEARSE_N_ORDERS; i++) {
		struct rehearse_summary s;

		play_order(asked, world, (enum rehearse_order)i, &s);
		json_out_open(json, NULL, '{');
		json_out_str(json, "order", order_words[i]);
		json_out_int(json, "cap", asked->cap);
		json_out_chance(json, "conflicts", s.conflicts);
		json_out_int(json, "finish_p50_ms", s.finish_p50);
		json_out_int(json, "finish_p90_ms", s.finish_p90);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
}

static void
guess_json(struct json_out *json, const struct simulate *asked)
{
	const struct rehearse_guess *g = &asked->guess;

	json_out_open(json, "assumed", '{');
	json_out_int(json, "sessions_learned_from", (long long)asked->past.n_sessions);
	json_out_chance(json, "work_factor", g->work_factor);
	json_out_chance(json, "cost_factor", g->cost_factor);
	json_out_chance(json, "work_spread", g->work_spread);
	json_out_chance(json, "cost_spread", g->cost_spread);
	json_out_chance(json, "person_minutes", g->person_minutes);
	json_out_chance(json, "verify_minutes", g->verify_minutes);
	json_out_chance(json, "fail_chance", g->fail_chance);
	json_out_chance(json, "limit_chance", g->limit_chance);
	json_out_chance(json, "conflict_chance", g->conflict_chance);
	json_out_close(json, '}');
}

static void
print_json(const struct simulate *asked, const struct world *world,
    const struct played *played, size_t n)
{
	struct json_out json;

	json_out_init(&json, stdout);
	json_out_open(&json, NULL, '{');
	json_out_int(&json, "rounds", asked->rounds);
	json_out_int(&json, "seed", asked->seed);
	json_out_int(&json, "budget_cents", asked->budget_cents);
	json_out_str(&json, "plan_hash", world->plan->plan_hash);
	guess_json(&json, asked);
	json_out_open(&json, "settings", '[');
	for (size_t i = 0; i < n; i++)
		played_json(&json, &played[i]);
	json_out_close(&json, ']');
	orders_json(&json, asked, world);
	for (size_t i = 0; i < n; i++) {
		if (played[i].is_chosen)
			timeline_json(&json, asked, world, &played[i]);
	}
	json_out_close(&json, '}');
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int
check_plan(const struct world *world, struct err *err)
{
	if (world_n_stopping(world, LINT_PLAN) > 0) {
		err_set(err, ERR_NO, "the plan has errors");
		return err_fix(err, "see: divisi check %s", world->plan->path);
	}
	if (world->plan->n_phases == 0)
		return err_set(err, ERR_NO, "the plan has no phases");
	if (world->plan->n_phases > MAX_PHASES)
		return err_set(err, ERR_NO,
		    "%zu phases are too many: at most %d are played",
		    world->plan->n_phases, MAX_PHASES);
	return 0;
}

/* Seconds, whatever the plan. */
static long
usual_rounds(size_t n_phases)
{
	long n = 20000 / (long)(n_phases + 1);

	return n > 1000 ? 1000 : n < 50 ? 50 : n;
}

static void
answer(struct simulate *asked, struct world *world)
{
	struct played played[MAX_CASES];
	size_t n;

	rehearse_guess_init(&asked->guess);
	if (asked->person > 0)
		asked->guess.person_minutes = (double)asked->person;
	past_read(&asked->past, world->has_repo ? world->repo.home : NULL);
	past_apply(&asked->past, &asked->guess);
	if (asked->cap == 0)
		asked->cap = (long)world->batch_env.cap;
	if (asked->rounds == 0)
		asked->rounds = usual_rounds(world->plan->n_phases);
	if (asked->budget_cents == 0)
		asked->budget_cents = estimated_cents(world->plan);
	n = play_all(asked, world, played);
	if (asked->as_json)
		print_json(asked, world, played, n);
	else
		print_text(asked, world, played, n);
	for (size_t i = 0; i < n; i++)
		batches_free(played[i].batches);
}

int
cmd_simulate(int argc, char **argv)
{
	struct simulate asked = { .seed = 1, .asks_merge = true };
	struct err err = ERR_INIT;
	struct world world = { 0 };
	int status = -1;

	if (read_args(&asked, argc, argv, &err) == 0 &&
	    world_load(&world, asked.path, &err) == 0 &&
	    check_plan(&world, &err) == 0) {
		answer(&asked, &world);
		status = 0;
	}
	world_clear(&world);
	return status < 0 ? cmd_fail(&err, asked.as_json) : err_exit_status(ERR_NONE);
}
