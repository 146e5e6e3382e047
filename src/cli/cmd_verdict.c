#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/json.h"
#include "cli/json_out.h"
#include "cli/risk_out.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "plan/glob.h"

#include <stdlib.h>
#include <string.h>

/* Two phases may be written on the command line instead of in a plan (J-2). */
#define SIDE_OPTIONS(side, S)                                                       \
	{ side "-reads", "PATTERN", "a path that " S " reads", 0 },                 \
	    { side "-writes", "PATTERN", "a path that " S " writes", 0 },           \
	    { side "-creates", "PATTERN", "a path that " S " creates", 0 },         \
	    { side "-deletes", "PATTERN", "a path that " S " deletes", 0 },         \
	    { side "-appends", "PATTERN", "a path that " S " appends to", 0 },      \
	    { side "-produces", "NAME", "api:NAME or schema:NAME that " S " makes", \
		    0 },                                                            \
	    { side "-consumes", "NAME", "api:NAME or schema:NAME that " S " needs", \
		    0 },                                                            \
	{                                                                           \
		side "-infra", "KIND",                                              \
		    "infrastructure that " S " changes: ci, db-schema", 0           \
	}

const struct option_doc cmd_verdict_options[] = { OPTION_JSON, SIDE_OPTIONS("a", "A"),
	SIDE_OPTIONS("b", "B"), OPTION_END };

static const enum touch side_touch[] = { TOUCH_READS, TOUCH_WRITES, TOUCH_CREATES,
	TOUCH_DELETES, TOUCH_APPENDS, TOUCH_PRODUCES, TOUCH_CONSUMES, TOUCH_INFRA };

enum { VERDICT_JSON, VERDICT_SIDE, N_SIDE = N_ELEMS(side_touch) };

struct asked {
	bool as_json, has_sides;
	const char *words[3];
	int n_words;
	struct phase side[2];
};

static int
add_touch(struct asked *asked, int option, const char *value, struct err *err)
{
	struct phase *phase = &asked->side[(option - VERDICT_SIDE) / N_SIDE];
	enum touch touch = side_touch[(option - VERDICT_SIDE) % N_SIDE];
	struct touch_list *list = &phase->touch[touch];
	struct err why = ERR_INIT;

	asked->has_sides = true;
	if (text_utf8_bad(value, strlen(value)) >= 0)
		return err_set(err, ERR_INPUT, "--%s: the value is not UTF-8",
		    cmd_verdict_options[option].name);
	if (touch != TOUCH_PRODUCES && touch != TOUCH_CONSUMES &&
	    touch != TOUCH_INFRA) {
		struct glob *glob = glob_new(value, 0, &why);

		glob_free(glob);
		if (!glob) {
			err_set(err, ERR_USAGE, "--%s %.80s: %s",
			    cmd_verdict_options[option].name, value, why.text);
			return err_fix(err, "%s", why.fix);
		}
	}
	GROW(list->item, list->n, list->cap);
	list->item[list->n++] = (struct touch_item){ .text = value };
	phase->is_unknown = false;
	return 0;
}

static int
read_args(struct asked *asked, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_verdict_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return -1;
		if (option == VERDICT_JSON)
			asked->as_json = true;
		else if (option >= VERDICT_SIDE) {
			if (add_touch(asked, option, args.value, err) < 0)
				return -1;
		} else if (asked->n_words < 3) {
			asked->words[asked->n_words++] = args.value;
		} else {
			return err_set(
			    err, ERR_USAGE, "\"%.60s\" is too much", args.value);
		}
	}
	if (asked->has_sides ? asked->n_words == 0 : asked->n_words == 3)
		return 0;
	err_set(err, ERR_USAGE, "%s",
	    asked->has_sides ? "a plan and --a-... or --b-... exclude each other"
			     : "a plan and two of its phases are needed");
	return err_fix(err, "usage: divisi verdict PLAN A B, or divisi verdict "
			    "--a-writes PATTERN --b-reads PATTERN ...");
}

static void
put_footprint(FILE *out, const struct phase *phase)
{
	bool any = false;

	for (int touch = 0; touch < TOUCH_N; touch++) {
		const struct touch_list *list = &phase->touch[touch];

		for (size_t i = 0; i < list->n; i++) {
			fprintf(out, "%s%s%s",
			    i     ? ", "
			    : any ? "; "
				  : "",
			    i ? "" : touch_key((enum touch)touch), i ? "" : " ");
			fputs(list->item[i].text, out);
		}
		any = any || list->n > 0;
	}
	if (!any)
		fputs("touches unknown", out);
}

static void
print_side(const struct phase *phase, const struct screen *screen)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	put_footprint(out, phase);
	fclose(out);
	AUTO_FREE char *head = screen_cut(phase->id, 12);
	AUTO_FREE char *focus = screen_cut(phase->focus, 22);

	screen_put(screen, STYLE_BOLD, head);
	fprintf(screen->out, " %s%*s ", focus, (int)(22 - text_width(focus)), "");
	screen_wrap(screen, 4, (int)text_width(head) + 24, line);
	free(line);
}

static void
print_conclusion(
    const struct plan *plan, const struct pair *pair, const struct screen *screen)
{
	FILE *out = screen->out;

	fputs("=> ", out);
	if (pair->verdict == VERDICT_PARALLEL) {
		screen_put(screen, STYLE_GOOD, "PARALLEL OK");
	} else if (pair->verdict == VERDICT_PARALLEL_BRANCHES) {
		screen_put(screen, STYLE_WARN, "PARALLEL on separate branches");
	} else {
		screen_put(screen, STYLE_BAD, "SEQUENTIAL");
	}
	if (pair->first >= 0) {
		fputs(
		    pair->verdict == VERDICT_SEQUENTIAL ? ", first " : ", merge first ",
		    out);
		text_put(out, plan->phase[pair->first].id);
	}
	fputc('\n', out);
	if (pair->verdict != VERDICT_PARALLEL) {
		fputs("   ", out);
		screen_wrap(screen, 3, 3, pair->grounds->reason);
	}
	if (pair->literal != pair->verdict)
		fprintf(out, "   (the method's tree alone says %s)\n",
		    verdict_name(pair->literal));
}

static void
print_text(
    const struct plan *plan, const struct pair *pair, const struct screen *screen)
{
	static const char *const question[] = { "", "B reads A's output?",
		"same files/dirs?", "shared infra?" };

	print_side(&plan->phase[pair->a], screen);
	print_side(&plan->phase[pair->b], screen);
	for (int i = 0; i < pair->grounds->n_trace; i++) {
		const struct trace_step *step = &pair->grounds->trace[i];
		AUTO_FREE char *said = step->evidence && *step->evidence
					   ? xasprintf("%s (%s)", step->answer,
						 step->evidence)
					   : xstrdup(step->answer);

		fprintf(screen->out, "  %d %-20s  ", step->question,
		    question[step->question]);
		screen_wrap(screen, 6, 26, said);
	}
	print_conclusion(plan, pair, screen);
}

/* A plan of just the two sides, as if somebody had written it. */
static void
make_plan(struct plan *plan, struct phase side[2])
{
	for (int i = 0; i < 2; i++) {
		struct phase *phase = &side[i];

		phase->id = i == 0 ? "A" : "B";
		phase->focus = phase->mode_text = phase->agent = phase->review = "";
		phase->repo = phase->verify = phase->deliverable = phase->status = "";
		phase->est_low_cents = phase->est_mid_cents = phase->est_high_cents =
		    -1;
	}
	*plan = (struct plan){ .arena = arena_new(),
		.path = "",
		.bytes = "",
		.title = "",
		.master = { "", "", "", false, { 0, 0 } },
		.date = "",
		.session = "",
		.supersedes = "",
		.needs_review = "",
		.planner = "",
		.phase = side,
		.n_phases = 2 };
}

static int
answer(struct world *world, const struct plan *plan, const struct verdicts *verdicts,
    const int position[2], bool as_json)
{
	const struct pair *pair = verdicts_find(verdicts, position[0], position[1]);
	static const struct grounds nothing = { .reason = "nothing in common" };
	struct pair none = { .a = position[0],
		.b = position[1],
		.first = -1,
		.risk = -1,
		.grounds = &nothing };
	struct forecast forecast;
	struct screen screen;

	/* Large plans keep only the pairs that are not parallel. */
	if (!pair)
		pair = &none;
	forecast_pair(plan, pair->a, pair->b, &world->forecast_env, &forecast);
	if (as_json) {
		struct json_out json;

		json_out_init(&json, stdout);
		json_out_open(&json, NULL, '{');
		json_out_pair(&json, plan, pair);
		if (pair->risk >= 0)
			risk_out_json(&json, &forecast);
		json_out_value(&json, "trace", json_trace(pair));
		json_out_close(&json, '}');
	} else {
		screen_init(&screen, stdout);
		print_text(plan, pair, &screen);
		if (pair->risk >= 0)
			risk_out_text(
			    &forecast, pair, world->knowledge.is_learned, &screen);
	}
	forecast_clear(&forecast);
	return err_exit_status(pair->verdict == VERDICT_SEQUENTIAL ? ERR_NO : ERR_NONE);
}

static int
answer_sides(struct asked *asked, struct err *err)
{
	struct world world;
	struct plan plan;
	int status = -1;

	if (world_open(&world, ".", err) == 0) {
		make_plan(&plan, asked->side);
		struct verdicts *verdicts = verdicts_new(&plan, &world.verdict_env);

		forecast_risks(&plan, verdicts, &world.forecast_env);
		world_print_word(&world);
		status = answer(
		    &world, &plan, verdicts, (const int[]){ 0, 1 }, asked->as_json);
		verdicts_free(verdicts);
		arena_free(plan.arena);
	}
	world_clear(&world);
	return status;
}

static int
answer_plan(const struct asked *asked, struct err *err)
{
	struct world world;
	struct screen errors;
	int a, b, status = -1;

	if (world_load(&world, asked->words[0], err) == 0 &&
	    (a = world_phase(&world, asked->words[1], err)) >= 0 &&
	    (b = world_phase(&world, asked->words[2], err)) >= 0) {
		screen_init(&errors, stderr);
		world_print_lints(&world, &errors, LINT_CHECK, true);
		if (a == b)
			err_set(err, ERR_USAGE, "a phase is not asked about itself");
		else if (world_n_stopping(&world, LINT_CHECK) > 0)
			status = err_exit_status(ERR_NO);
		else
			status = answer(&world, world.plan, world.verdicts,
			    (const int[]){ a, b }, asked->as_json);
	}
	world_clear(&world);
	return status;
}

int
cmd_verdict(int argc, char **argv)
{
	struct asked asked = { 0 };
	struct err err = ERR_INIT;
	int status = -1;

	asked.side[0].is_unknown = asked.side[1].is_unknown = true;
	if (read_args(&asked, argc, argv, &err) == 0)
		status = asked.has_sides ? answer_sides(&asked, &err)
					 : answer_plan(&asked, &err);
	for (int i = 0; i < 2; i++) {
		for (int touch = 0; touch < TOUCH_N; touch++)
			free(asked.side[i].touch[touch].item);
	}
	return status >= 0 ? status : cmd_fail(&err, asked.as_json);
}
