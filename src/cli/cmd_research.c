#include "cli/cmd.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/research_in.h"
#include "cli/research_plan.h"
#include "cli/screen.h"
#include "cli/world.h"

#include <json-c/json.h>
#include <string.h>

const struct option_doc cmd_research_options[] = {
	OPTION_JSON,
	{ "assess", NULL, "record what it comes to; its gaps become follow-up tracks",
	    0 },
	{ "sufficient", NULL, "take it for sufficient all the same", 0 },
	{ "reason", "TEXT", "sufficient: why", 0 },
	OPTION_END,
};

struct asked {
	const char *plan, *reason;
	bool as_json, assess, sufficient;
};

/* What is known of one plan's research when a verb looks at it. */
struct look {
	struct world world;
	struct client client;
	struct json_object *status;
	const struct json_object *plan; /* of STATUS, or NULL */
	struct research_in in;
	bool is_enough;
	unsigned follows;
	char *gaps; /* lines */
};

static int
read_words(int argc, char **argv, struct asked *a, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_research_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && a->plan)
			return err_set(err, ERR_USAGE, "one plan only");
		if (at == ARGS_WORD)
			a->plan = args.value;
		else if (at == 0)
			a->as_json = true;
		else if (at == 1)
			a->assess = true;
		else if (at == 2)
			a->sufficient = true;
		else
			a->reason = args.value;
	}
	if (!a->plan)
		return err_set(err, ERR_USAGE, "research PLAN");
	if (a->sufficient && (a->assess || !a->reason || a->reason[0] == '\0')) {
		err_set(err, ERR_USAGE, "--sufficient needs a reason");
		return err_fix(
		    err, "divisi research %s --sufficient --reason TEXT", a->plan);
	}
	return 0;
}

static int
look_open(struct look *l, const char *file, struct err *err)
{
	AUTO_FREE char *path = client_plan_path(file, err);
	size_t n = 0;
	FILE *gaps;

	if (!path || world_load(&l->world, path, err) < 0 ||
	    client_open(&l->client, NULL, true, err) < 0)
		return -1;
	l->status = client_status(&l->client, err);
	if (!l->status)
		return -1;
	l->plan = board_plan(l->status, path);
	if (research_in_read(&l->in, &l->world, l->plan, err) < 0)
		return -1;
	if (l->in.set.n_tracks == 0) {
		err_set(err, ERR_NOT_FOUND, "%s has no research tracks", file);
		return err_fix(err,
		    "a track is a phase with Mode: spike (analysis-only) and Output: "
		    "evidence");
	}
	gaps = open_memstream(&l->gaps, &n);
	l->is_enough = research_judge(&l->in.set, &l->in.limits, gaps, &l->follows);
	fclose(gaps);
	return 0;
}

static void
look_close(struct look *l)
{
	free(l->gaps);
	research_in_clear(&l->in);
	json_object_put(l->status);
	client_close(&l->client);
	world_clear(&l->world);
}

/* S-31: nothing is judged before every track is over. */
static int
check_over(const struct look *l, struct err *err)
{
	if (l->in.n_over == l->in.set.n_tracks)
		return 0;
	err_set(err, ERR_CONFLICT, "not yet: %zu of %zu tracks complete", l->in.n_over,
	    l->in.set.n_tracks);
	return err_fix(err, "divisi status shows what the others wait for");
}

/* ---- what it looks like -------------------------------------------------------------------- */

/* In the row of QUESTION: what the track says, "-" nothing yet, "." it was not asked. */
static char *
cell_of(const struct research_set *set, size_t track, size_t question)
{
	const struct research_track *t = &set->track[track];
	const struct research_piece *best = NULL;
	size_t n = 0;

	for (size_t i = 0; i < set->n_pieces; i++) {
		const struct research_piece *p = &set->piece[i];

		if (p->track != track || p->question != question)
			continue;
		n++;
		if (!best || p->confidence > best->confidence)
			best = p;
	}
	if (best)
		return xasprintf(
		    "%.24s (%zu)", best->answer[0] ? best->answer : "no answer", n);
	return xstrdup(
	    t->asked >> question & 1u ? (t->is_over ? "nothing" : "...") : "-");
}

static void
print_matrix(const struct look *l, const struct screen *screen)
{
	const struct research_set *set = &l->in.set;
	const char *header[RESEARCH_MOST_TRACKS + 1] = { "Question" };
	struct sheet sheet;

	for (size_t t = 0; t < set->n_tracks; t++)
		header[t + 1] = set->track[t].phase;
	sheet_init(&sheet, header, set->n_tracks + 1);
	for (size_t q = 0; q < set->n_questions; q++) {
		char *owned[RESEARCH_MOST_TRACKS + 1];
		const char *cells[RESEARCH_MOST_TRACKS + 1];

		for (size_t t = 0; t < set->n_tracks; t++)
			cells[t + 1] = owned[t + 1] = cell_of(set, t, q);
		cells[0] = set->question[q].id;
		sheet_add(&sheet, cells, NULL);
		for (size_t t = 0; t < set->n_tracks; t++)
			free(owned[t + 1]);
	}
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
}

static void
print_axes(const struct look *l, const struct screen *screen)
{
	for (size_t q = 0; q < l->in.set.n_questions; q++) {
		struct research_axis axis;
		AUTO_FREE char *line = NULL;

		research_axis_of(&l->in.set, q, &l->in.limits, &axis);
		line = xasprintf(
		    "%s%s: coverage %s (%d of %d tracks, %d sources), convergence %d of "
		    "%d%s%.60s%s, contradictions %s",
		    l->in.set.question[q].id,
		    l->in.set.question[q].is_side ? " (side)" : "",
		    axis.is_covered ? "yes" : "no", axis.n_answered, axis.n_asked,
		    axis.n_sources, axis.n_agree, axis.n_say,
		    axis.answer[0] ? " for \"" : "", axis.answer,
		    axis.answer[0] ? "\"" : "",
		    axis.is_contradicted ? axis.against : "none");
		screen_wrap(screen, 0, 4, line);
	}
}

static void
print_text(const struct look *l, bool is_over)
{
	const struct json_object *was = js_get(l->plan, "research");
	struct screen screen;

	screen_init(&screen, stdout);
	print_matrix(l, &screen);
	putchar('\n');
	print_axes(l, &screen);
	if (!is_over) {
		printf("\nnot yet: %zu of %zu tracks complete\n", l->in.n_over,
		    l->in.set.n_tracks);
		return;
	}
	fputc('\n', stdout);
	screen_put(&screen, l->is_enough ? STYLE_GOOD : STYLE_WARN,
	    l->is_enough ? "SUFFICIENT" : "INSUFFICIENT");
	fputc('\n', stdout);
	text_put(stdout, l->gaps);
	if (js_text(was, "verdict")[0])
		printf("recorded: %s by %s%s%s\n", js_text(was, "verdict"),
		    js_text(was, "by"), js_text(was, "reason")[0] ? ": " : "",
		    js_text(was, "reason"));
}

static void
print_json(const struct look *l, bool is_over)
{
	const struct research_set *set = &l->in.set;
	json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct json_object *was = js_get(l->plan, "research");

	for (size_t q = 0; q < set->n_questions; q++) {
		json_object *one = json_object_new_object();
		struct research_axis axis;

		research_axis_of(set, q, &l->in.limits, &axis);
		json_object_object_add(one, "question", json_str(set->question[q].id));
		json_object_object_add(one, "text", json_str(set->question[q].text));
		json_object_object_add(
		    one, "side", json_object_new_boolean(set->question[q].is_side));
		json_object_object_add(
		    one, "covered", json_object_new_boolean(axis.is_covered));
		json_object_object_add(
		    one, "converges", json_object_new_boolean(axis.converges));
		json_object_object_add(one, "against", json_str(axis.against));
		json_object_object_add(one, "answer", json_str(axis.answer));
		json_object_object_add(
		    one, "tracks", json_object_new_int(axis.n_asked));
		json_object_object_add(
		    one, "answered", json_object_new_int(axis.n_answered));
		json_object_object_add(
		    one, "sources", json_object_new_int(axis.n_sources));
		json_object_object_add(one, "agree", json_object_new_int(axis.n_agree));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "questions", list);
	json_object_object_add(
	    o, "complete", json_object_new_int64((int64_t)l->in.n_over));
	json_object_object_add(
	    o, "tracks", json_object_new_int64((int64_t)set->n_tracks));
	json_object_object_add(o, "verdict",
	    json_str(!is_over       ? ""
		     : l->is_enough ? "sufficient"
				    : "insufficient"));
	json_object_object_add(o, "gaps", json_str(is_over ? l->gaps : ""));
	if (was)
		json_object_object_add(o, "recorded", json_object_get(was));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* ---- what is recorded ------------------------------------------------------------------------ */

static int
record(struct look *l, const char *verdict, const char *text, const char *reason,
    bool follows, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "path", l->world.plan->path);
	fields_set(&in, "verdict", verdict);
	fields_set(&in, "text", text);
	fields_set(&in, "reason", reason);
	fields_set_number(&in, "follows", follows);
	rc = client_order(&l->client, "research", &in, &out, 30000, err);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

/* S-33, A-80: the gaps become tracks, so many rounds; then a person looks. */
static int
follow_up(struct look *l, const struct asked *a, struct err *err)
{
	AUTO_FREE char *text = NULL, *added = NULL;
	int64_t rounds = js_number(js_get(l->plan, "research"), "rounds", 0);

	if (l->in.set.n_questions == 0)
		return err_set(err, ERR_INPUT,
		    "no track of %s asks a question: begin "
		    "its tasks as \"Q1: ...\"",
		    a->plan);
	if (rounds >= l->in.rounds) {
		if (record(l, "insufficient", l->gaps, "", false, err) < 0)
			return -1;
		err_set(err, ERR_HUMAN,
		    "INSUFFICIENT after %lld follow-up round(s) "
		    "(divisi.research.rounds): what is open is yours to say",
		    (long long)rounds);
		return err_fix(err,
		    "divisi research %s --sufficient --reason TEXT; or "
		    "write tracks of your own",
		    a->plan);
	}
	text = research_follow_ups(
	    &l->client, l->world.plan, &l->in, l->follows, &added, err);
	if (!text || record(l, "insufficient", l->gaps, "", true, err) < 0 ||
	    file_write_atomic(l->world.plan->path, text, strlen(text), 0644, err) < 0)
		return -1;
	if (!a->as_json)
		printf(
		    "round %lld of %ld: tracks %s are in the plan; divisi dispatch %s "
		    "shows their table\n",
		    (long long)rounds + 1, l->in.rounds, added, a->plan);
	return 0;
}

static int
assess(struct look *l, const struct asked *a, struct err *err)
{
	if (check_over(l, err) < 0)
		return -1;
	if (!a->as_json)
		print_text(l, true);
	if (!l->is_enough)
		return follow_up(l, a, err);
	if (record(l, "sufficient",
		l->gaps[0] ? l->gaps
			   : "every question is covered, without contradiction",
		"", false, err) < 0)
		return -1;
	if (!a->as_json)
		puts("recorded: what builds on the tracks may be dispatched");
	return 0;
}

int
cmd_research(int argc, char **argv)
{
	struct asked a = { 0 };
	struct look l = { 0 };
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &a, &err);
	bool is_over = false;

	if (rc == 0)
		rc = look_open(&l, a.plan, &err);
	is_over = rc == 0 && l.in.n_over == l.in.set.n_tracks;
	if (rc == 0 && a.assess)
		rc = assess(&l, &a, &err);
	else if (rc == 0 && a.sufficient) {
		rc = check_over(&l, &err);
		if (rc == 0)
			rc = record(&l, "sufficient", l.gaps, a.reason, false, &err);
		if (rc == 0 && !a.as_json)
			puts("recorded: what builds on the tracks may be dispatched");
	} else if (rc == 0 && !a.as_json) {
		print_text(&l, is_over);
	}
	if (rc == 0 && a.as_json)
		print_json(&l, is_over);
	if (rc == 0)
		rc = a.sufficient || (is_over && l.is_enough) ? 0 : 1;
	look_close(&l);
	return rc < 0 ? cmd_fail(&err, a.as_json) : rc;
}
