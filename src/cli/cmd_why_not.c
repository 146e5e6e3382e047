#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/json.h"
#include "cli/json_out.h"
#include "cli/record_out.h"
#include "cli/risk_out.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "plan/explain.h"
#include "plan/standing.h"
#include "policy/risk.h"

#include <stdlib.h>
#include <string.h>

const struct option_doc cmd_why_not_options[] = { OPTION_JSON, OPTION_END };

enum { FILES_SHOWN = 8 };

/* ---- one pair ---------------------------------------------------------------------------- */

static void
edit_json(struct json_out *json, const struct plan *plan, const struct alteration *edit)
{
	AUTO_FREE char *item = xasprintf(
	    "%s%s", edit->is_negated ? "!" : "", edit->text ? edit->text : "");
	AUTO_FREE char *text = alteration_text(plan, edit);

	json_out_open(json, NULL, '{');
	json_out_str(json, "do", edit->kind == ALTERATION_ADD ? "add" : "drop");
	json_out_str(json, "phase", plan->phase[edit->phase].id);
	json_out_str(json, "list",
	    edit->touch == ALTERATION_DEPENDS ? "depends_on"
					      : touch_key((enum touch)edit->touch));
	json_out_str(json, "item", item);
	json_out_str(json, "text", text);
	json_out_close(json, '}');
}

static void
remedies_json(
    struct json_out *json, const struct plan *plan, const struct explanation *e)
{
	json_out_open(json, "would_change", '[');
	for (size_t i = 0; i < e->n_remedies; i++) {
		const struct explain_remedy *r = &e->remedy[i];

		json_out_open(json, NULL, '{');
		json_out_str(json, "phase", plan->phase[r->phase].id);
		json_out_str(json, "becomes", verdict_name(r->becomes));
		if (r->n_batches > 0)
			json_out_int(json, "batches", (long long)r->n_batches);
		json_out_open(json, "edits", '[');
		for (size_t k = 0; k < r->n_edits; k++)
			edit_json(json, plan, &r->edit[k]);
		json_out_close(json, ']');
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
	json_out_str(json, "advice", *e->advice ? e->advice : NULL);
}

static void
common_json(struct json_out *json, const struct explanation *e)
{
	json_out_open(json, "common_files", '[');
	for (size_t i = 0; i < e->n_common; i++) {
		json_out_open(json, NULL, '{');
		json_out_str(json, "path", e->common[i]);
		json_out_str(
		    json, "class", risk_class_name(risk_class_of(e->common[i])));
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
	json_out_open(json, "resources", '[');
	for (size_t i = 0; i < e->n_names; i++) {
		json_out_open(json, NULL, '{');
		json_out_str(json, "name", e->name[i].name);
		json_out_str(json, "mode_a", e->name[i].mode_a);
		json_out_str(json, "mode_b", e->name[i].mode_b);
		json_out_str(json, "cell", e->name[i].relation);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
}

/* The record of a verdict (CONFLICTS 5.5), as members of the open object. */
static void
record_json(struct json_out *json, struct world *world, const struct explanation *e)
{
	json_out_pair(json, world->plan, &e->pair);
	json_out_str(json, "rule", e->rule);
	if (world->verdicts->has_risk && e->pair.risk >= 0) {
		struct forecast forecast;

		forecast_pair(
		    world->plan, e->pair.a, e->pair.b, &world->forecast_env, &forecast);
		risk_out_json(json, &forecast);
		forecast_clear(&forecast);
	}
	common_json(json, e);
	record_out_json(json, world, e->pair.a, e->pair.b);
	json_out_value(json, "trace", json_trace(&e->pair));
	remedies_json(json, world->plan, e);
}

static void
print_remedies(
    const struct plan *plan, const struct explanation *e, const struct screen *screen)
{
	static const char *const becomes[] = { "together", "together on branches", "" };

	for (size_t i = 0; i < e->n_remedies; i++) {
		const struct explain_remedy *r = &e->remedy[i];
		char *line = NULL;
		size_t size;
		FILE *out = open_memstream(&line, &size);

		fprintf(out, "%s if you ", becomes[r->becomes]);
		for (size_t k = 0; k < r->n_edits; k++) {
			AUTO_FREE char *edit = alteration_text(plan, &r->edit[k]);

			fprintf(out, "%s%s", k ? ", and " : "", edit);
		}
		if (r->n_batches > 0)
			fprintf(out, "; the plan then needs %zu batch%s", r->n_batches,
			    r->n_batches == 1 ? "" : "es");
		fclose(out);
		fputs("   ", screen->out);
		screen_wrap(screen, 5, 3, line);
		free(line);
	}
	if (*e->advice) {
		fputs("   ", screen->out);
		screen_wrap(screen, 5, 3, e->advice);
	}
}

static void
print_files(const struct explanation *e, const struct screen *screen)
{
	for (size_t i = 0; i < e->n_common && i < FILES_SHOWN; i++) {
		AUTO_FREE char *line = xasprintf("%s (%s)", e->common[i],
		    risk_class_name(risk_class_of(e->common[i])));

		fputs(i == 0 ? "   files  " : "          ", screen->out);
		screen_wrap(screen, 10, 10, line);
	}
	if (e->n_common > FILES_SHOWN)
		fprintf(screen->out, "          ... and %zu more: --json has all\n",
		    e->n_common - FILES_SHOWN);
	for (size_t i = 0; i < e->n_names; i++) {
		const struct explain_name *name = &e->name[i];
		AUTO_FREE char *line =
		    strncmp(name->name, "dir:", 4) == 0
			? xasprintf(
			      "%s/: both write files directly in it", name->name + 4)
			: xasprintf("%s: one %s it, the other %s it (%s)", name->name,
			      name->mode_a, name->mode_b, name->relation);

		fputs(i == 0 ? "   names  " : "          ", screen->out);
		screen_wrap(screen, 10, 10, line);
	}
}

static void
print_record(
    struct world *world, const struct explanation *e, const struct screen *screen)
{
	static const char *const said[] = { "together", "together on branches",
		"not together" };
	static const enum screen_style style[] = { STYLE_GOOD, STYLE_WARN, STYLE_BAD };
	const struct plan *plan = world->plan;
	const struct pair *pair = &e->pair;
	FILE *out = screen->out;

	screen_put(screen, STYLE_BOLD, plan->phase[pair->a].id);
	fputs(", ", out);
	screen_put(screen, STYLE_BOLD, plan->phase[pair->b].id);
	fputs(": ", out);
	screen_put(screen, style[pair->verdict], said[pair->verdict]);
	if (pair->first >= 0) {
		fputs(
		    pair->verdict == VERDICT_SEQUENTIAL ? ", first " : ", merge first ",
		    out);
		text_put(out, plan->phase[pair->first].id);
	}
	fprintf(out, "  [%s]\n   why    ", e->rule);
	screen_wrap(screen, 10, 10, pair->grounds->reason);
	if (pair->literal != pair->verdict)
		fprintf(out, "          (the method's tree alone says %s)\n",
		    verdict_name(pair->literal));
	print_files(e, screen);
	if (world->verdicts->has_risk && pair->risk >= 0) {
		struct forecast forecast;

		forecast_pair(plan, pair->a, pair->b, &world->forecast_env, &forecast);
		risk_out_text(&forecast, pair, world->knowledge.is_learned, screen);
		forecast_clear(&forecast);
	}
	record_out_text(world, pair->a, pair->b, screen);
	print_remedies(plan, e, screen);
}

struct answer {
	struct world *world;
	struct explain_env env;
	struct json_out json;
	struct screen screen;
	bool as_json;
};

/* ---- the place of one phase ------------------------------------------------------------- */

static void
place_json(struct json_out *json, const struct answer *answer, int phase)
{
	const struct world *world = answer->world;
	const struct batch *batch = batches_of(world->batches, phase);
	size_t n;
	struct explain_step *step = explain_place(
	    &answer->env, world->verdicts, world->batches, phase, &n);

	json_out_open(json, NULL, '{');
	json_out_str(json, "phase", world->plan->phase[phase].id);
	if (batch)
		json_out_int(json, "batch", batch->number);
	else
		json_out_value(json, "batch", NULL);
	json_out_str(json, "why", world->batches->why[phase]);
	json_out_open(json, "not_earlier", '[');
	for (size_t i = 0; i < n; i++) {
		json_out_open(json, NULL, '{');
		json_out_int(json, "batch", step[i].batch);
		json_out_str(json, "because_of",
		    step[i].blocker < 0 ? NULL
					: world->plan->phase[step[i].blocker].id);
		json_out_str(json, "reason", step[i].reason);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
	json_out_close(json, '}');
	free(step);
}

static void
print_place(const struct answer *answer, int phase, const struct screen *screen)
{
	const struct world *world = answer->world;
	const struct batch *batch = batches_of(world->batches, phase);
	const char *why = world->batches->why[phase];
	size_t n;
	struct explain_step *step = explain_place(
	    &answer->env, world->verdicts, world->batches, phase, &n);
	AUTO_FREE char *line = batch ? xasprintf("batch %d%s%s", batch->number,
					   why && *why ? ": " : "", why ? why : "")
				     : xasprintf("in no batch: %s",
					   why ? why : "it cannot start");

	screen_put(screen, STYLE_BOLD, world->plan->phase[phase].id);
	fputs("  ", screen->out);
	screen_wrap(screen, 4, (int)text_width(world->plan->phase[phase].id) + 2, line);
	for (size_t i = 0, end; i < n; i = end) {
		AUTO_FREE char *one = NULL;

		for (end = i + 1; end < n && !strcmp(step[end].reason, step[i].reason);)
			end++;
		one = end > i + 1
			  ? xasprintf("not in batches %d to %d: %s", step[i].batch,
				step[end - 1].batch, step[i].reason)
			  : xasprintf(
				"not in batch %d: %s", step[i].batch, step[i].reason);
		fputs("   ", screen->out);
		screen_wrap(screen, 5, 3, one);
	}
	free(step);
}

/* ---- the verb ---------------------------------------------------------------------------- */

static void
answer_pair(struct answer *answer, int a, int b, bool is_inner)
{
	struct world *world = answer->world;
	struct explanation *e = explain_pair(
	    world->plan, world->verdicts, &answer->env, a < b ? a : b, a < b ? b : a);

	if (!answer->as_json) {
		print_record(world, e, &answer->screen);
	} else if (is_inner) {
		json_out_open(&answer->json, NULL, '{');
		record_json(&answer->json, world, e);
		json_out_close(&answer->json, '}');
	} else {
		record_json(&answer->json, world, e);
	}
	explanation_free(e);
}

/* Every verdict that is not simply parallel, of PHASE or of all (-1). */
static void
answer_pairs(struct answer *answer, int phase)
{
	const struct verdicts *v = answer->world->verdicts;

	if (answer->as_json)
		json_out_open(&answer->json, "pairs", '[');
	for (size_t i = 0; i < v->n_pairs; i++) {
		const struct pair *pair = &v->pair[i];

		if (pair->verdict != VERDICT_PARALLEL &&
		    (phase < 0 || pair->a == phase || pair->b == phase))
			answer_pair(answer, pair->a, pair->b, true);
	}
	if (answer->as_json)
		json_out_close(&answer->json, ']');
}

static void
answer_places(struct answer *answer, int phase)
{
	size_t n = answer->world->plan->n_phases;
	size_t from = phase < 0 ? 0 : (size_t)phase;

	if (answer->as_json)
		json_out_open(&answer->json, "places", '[');
	for (size_t i = from; i < (phase < 0 ? n : from + 1); i++) {
		if (answer->as_json)
			place_json(&answer->json, answer, (int)i);
		else
			print_place(answer, (int)i, &answer->screen);
	}
	if (answer->as_json)
		json_out_close(&answer->json, ']');
}

/* -1 with ERR_USAGE or ERR_NOT_FOUND; else the exit status. */
static int
answer_world(struct answer *answer, const char *const *words, struct err *err)
{
	const struct world *world = answer->world;
	int a = words[1] ? world_phase(world, words[1], err) : -1;
	int b = words[2] ? world_phase(world, words[2], err) : -1;
	const struct pair *pair = NULL;

	if ((words[1] && a < 0) || (words[2] && b < 0))
		return -1;
	if (words[2] && a == b)
		return err_set(err, ERR_USAGE, "a phase is not asked about itself");
	if (answer->as_json)
		json_out_open(&answer->json, NULL, '{');
	if (words[2]) {
		pair = verdicts_find(world->verdicts, a, b);
		answer_pair(answer, a, b, false);
	} else {
		answer_places(answer, a);
		answer_pairs(answer, a);
	}
	if (answer->as_json) {
		char head[GIT_OID_SIZE] = "";
		bool has_head = world->has_repo &&
				repo_ref(world->repo.top, "HEAD", head, NULL) > 0;

		json_out_str(&answer->json, "base_commit", has_head ? head : NULL);
		json_out_str(&answer->json, "model",
		    world->knowledge.is_learned ? "learned" : "shipped");
		json_out_str(&answer->json, "plan_hash", world->plan->plan_hash);
		json_out_close(&answer->json, '}');
	}
	return err_exit_status(
	    pair && pair->verdict == VERDICT_SEQUENTIAL ? ERR_NO : ERR_NONE);
}

int
cmd_why_not(int argc, char **argv)
{
	bool flags[1] = { false };
	const char *words[3];
	struct args_simple want = { "why-not PLAN [A [B]] [--json]", flags, words, 1,
		3 };
	struct err err = ERR_INIT;
	struct world world = { 0 };
	struct answer answer = { .world = &world };
	int status = -1;
	struct args args;

	args_init(&args, cmd_why_not_options, argc, argv);
	if (args_simple(&args, &want, &err) == 0 &&
	    world_load(&world, words[0], &err) == 0) {
		answer.env = (struct explain_env){ &world.verdict_env, &world.batch_env,
			standing_new(world.plan, &world.verdict_env) };
		answer.as_json = flags[0];
		json_out_init(&answer.json, stdout);
		screen_init(&answer.screen, stdout);
		status = answer_world(&answer, words, &err);
	}
	standing_free(answer.env.standing);
	world_clear(&world);
	return status < 0 ? cmd_fail(&err, flags[0]) : status;
}
