#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/stages.h"
#include "cli/world.h"
#include "sys/fetch.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* `divisi why`: for anything that has a name, from what is on record. */

const struct option_doc cmd_why_options[] = { OPTION_JSON, OPTION_END };

#define EVENTS_SHOWN 6

static void
set_text(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_str(text ? text : ""));
}

/* ---- phases that no session has ------------------------------------------------------ */

/* The pair that keeps phase POSITION behind another one that is not done; or NULL. */
static const struct pair *
blocker(const struct world *world, int position, const char *done)
{
	for (size_t i = 0; i < world->verdicts->n_pairs; i++) {
		const struct pair *pair = &world->verdicts->pair[i];
		int other = pair->a == position ? pair->b : pair->a;
		struct span rest = span_of(done), one;
		bool is_done = false;

		if ((pair->a != position && pair->b != position) ||
		    pair->verdict != VERDICT_SEQUENTIAL || pair->first != other)
			continue;
		while (span_next(&rest, ',', &one))
			is_done |= span_eq(one, world->plan->phase[other].id);
		if (!is_done)
			return pair;
	}
	return NULL;
}

/* The phases of PLAN whose sessions are done, by comma. */
static char *
done_phases(const struct json_object *plan)
{
	struct json_object *batches = js_get(plan, "batches");
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < js_count(batches); i++) {
		struct json_object *sessions = js_get(js_at(batches, i), "sessions");

		for (size_t k = 0; k < js_count(sessions); k++) {
			const struct json_object *s = js_at(sessions, k);

			if (strcmp(js_text(s, "state"), "done") == 0)
				fprintf(f, "%s,", js_text(s, "phase"));
		}
	}
	fclose(f);
	return text;
}

/* What the plan itself says of a phase that waits for its batch. */
static void
add_plan_words(struct json_object *o, const struct json_object *plan, const char *phase)
{
	AUTO_FREE char *done = done_phases(plan);
	struct world world;
	struct err err = ERR_INIT;
	const struct pair *pair;
	int position;

	if (world_load(&world, js_text(plan, "path"), &err) == 0 &&
	    (position = plan_index(world.plan, phase)) >= 0) {
		set_text(o, "why", world.batches->why[position]);
		pair = blocker(&world, position, done);
		if (pair) {
			const char *other = world.plan->phase[pair->first].id;
			AUTO_FREE char *release = xasprintf("%s is merged", other);

			set_text(o, "why", pair->grounds->reason);
			set_text(o, "rule", "S-11");
			set_text(o, "code", "G03");
			set_text(o, "other", other);
			set_text(o, "witness", pair->grounds->witness);
			set_text(o, "release", release);
		}
	}
	world_clear(&world);
}

/* A phase that no session has yet: another phase, the batch before it, or nothing. */
static struct json_object *
why_phase(struct json_object *status, const char *name, struct err *err)
{
	struct json_object *plan = board_plan(status, NULL);
	struct json_object *last = plan ? board_last_batch(plan, NULL) : NULL;
	struct json_object *o;
	struct span rest = span_of(plan ? js_text(plan, "phases") : ""), one;
	AUTO_FREE char *batch = NULL, *why = NULL, *command = NULL;
	bool is_phase = false;

	while (span_next(&rest, ',', &one))
		is_phase |= span_eq(one, name);
	if (!is_phase)
		return NULL; /* ERR says what can be asked */
	err->kind = ERR_NONE;
	o = json_object_new_object();
	set_text(o, "kind", "phase");
	set_text(o, "id", name);
	json_object_object_add(o, "session", NULL);
	set_text(o, "state", "not dispatched");
	json_object_object_add(o, "since",
	    json_object_new_int64(js_number(last ? last : plan, "opened_at", 0)));
	set_text(o, "rule", "S-27");
	set_text(o, "code", "G07");
	set_text(o, "other", last ? js_text(last, "id") : "");
	set_text(o, "witness", "");
	set_text(o, "release", last ? "the batch before is complete" : "");
	add_plan_words(o, plan, name);
	batch = last
		    ? xasprintf("batch %lld comes first (%s)",
			  (long long)js_number(last, "number", 0), js_text(last, "why"))
		    : xstrdup("no batch was dispatched yet");
	why = xasprintf(
	    "%s%s%s", js_text(o, "why"), js_text(o, "why")[0] ? "; " : "", batch);
	command = xasprintf("divisi run %s", js_text(plan, "path"));
	set_text(o, "why", why);
	set_text(o, "command", command);
	json_object_object_add(o, "events", json_object_new_array());
	return o;
}

/* ---- the answer ------------------------------------------------------------------------ */

/* The time AT, or "". */
static void
put_time(FILE *out, int64_t at)
{
	time_t seconds = (time_t)(at / 1000);
	struct tm tm;
	char buf[32];

	if (localtime_r(&seconds, &tm) &&
	    strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		fputs(buf, out);
}

static void
print_events(const struct screen *screen, const struct json_object *o)
{
	struct json_object *list = js_get(o, "events");
	size_t n = js_count(list);

	for (size_t i = n > EVENTS_SHOWN ? n - EVENTS_SHOWN : 0; i < n; i++) {
		const struct json_object *row = js_at(list, i);
		AUTO_FREE char *text = NULL;
		size_t size = 0;
		FILE *line = open_memstream(&text, &size);

		fprintf(line, "  event %lld  ", (long long)js_number(row, "seq", 0));
		put_time(line, js_number(row, "at", 0));
		fprintf(
		    line, "  %s  %s", js_text(row, "cause"), js_text(row, "entity"));
		if (js_text(row, "to")[0])
			fprintf(line, "  %s -> %s",
			    js_text(row, "from")[0] ? js_text(row, "from") : "nothing",
			    js_text(row, "to"));
		fprintf(line, "  %s", js_text(row, "actor"));
		fclose(line);
		screen_line(screen, 6, text);
	}
}

/* What the fence of a session refused, the latest of it. */
static void
print_fenced(const struct json_object *o)
{
	struct span rest = span_of(js_text(o, "fenced")), line;

	if (js_number(o, "n_fenced", 0) <= 0)
		return;
	printf("  fence:   refused %lld different things\n",
	    (long long)js_number(o, "n_fenced", 0));
	while (rest.p && span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		fputs("    ", stdout);
		text_put(stdout, one);
		fputc('\n', stdout);
	}
}

/* The lines of TEXT below each other, behind the title of the first. */
static void
print_lines(const struct screen *screen, const char *text)
{
	struct span rest = span_of(text), line;

	for (bool is_first = true; span_next(&rest, '\n', &line); is_first = false) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		printf("%s", is_first ? "" : "           ");
		if (screen->width == 0 || 11 + (int)text_width(one) <= screen->width) {
			text_put(stdout, one);
			fputc('\n', stdout);
		} else {
			screen_wrap(screen, 11, 11, one);
		}
	}
}

/* What it is and why, on its first lines. */
static void
print_head(const struct screen *screen, const struct json_object *o)
{
	const char *name = js_text(o, "name"), *phase = js_text(o, "phase");
	const char *state = js_text(o, "state"), *why = js_text(o, "why");
	size_t n = strlen(state);
	AUTO_FREE char *line = NULL;

	/* "parked: by you" of what is parked */
	if (n > 0 && strncmp(why, state, n) == 0 && (why[n] == '\0' || why[n] == ':'))
		why += n + strspn(why + n, ": ");
	line = xasprintf("%s%s%s%s is %s%s%s", name[0] ? name : js_text(o, "id"),
	    phase[0] ? " (" : "", phase, phase[0] ? ")" : "", state, why[0] ? ": " : "",
	    why);

	screen_line(screen, 4, line);
	if (js_text(o, "stages")[0])
		printf("  stages:  %s\n", js_text(o, "stages"));
}

/* Whatever else is so, nothing goes on while the journal takes nothing. */
static void
print_trouble(const struct screen *screen, const struct json_object *journal)
{
	AUTO_FREE char *line = NULL;

	if (js_text(journal, "what")[0] == '\0')
		return;
	line = xasprintf("the journal %s", js_text(journal, "what"));
	fputs("  but:     ", stdout);
	print_lines(screen, line);
	fputs("  -> ", stdout);
	text_put(stdout, js_text(journal, "command"));
	fputc('\n', stdout);
}

static void
print_answer(const struct json_object *o)
{
	static const char *const parts[] = { "other", "witness", "release" };
	static const char *const titles[] = { "other:   ", "witness: ", "until:   " };
	struct screen screen;

	screen_init(&screen, stdout);
	print_head(&screen, o);
	if (js_text(o, "rule")[0] || js_text(o, "code")[0])
		printf("  rule:    %s%s%s\n", js_text(o, "rule"),
		    js_text(o, "code")[0] ? " " : "", js_text(o, "code"));
	for (size_t i = 0; i < N_ELEMS(parts); i++) {
		if (js_text(o, parts[i])[0] == '\0')
			continue;
		printf("  %s", titles[i]);
		print_lines(&screen, js_text(o, parts[i]));
	}
	if (js_number(o, "since", 0) > 0) {
		fputs("  since:   ", stdout);
		put_time(stdout, js_number(o, "since", 0));
		fputc('\n', stdout);
	}
	if (js_text(o, "evidence")[0]) {
		fputc('\n', stdout);
		text_put(stdout, js_text(o, "evidence"));
		fputs("\n\n", stdout);
	}
	if (js_text(o, "output_path")[0]) {
		printf("  output:  %lld %s in ",
		    (long long)js_number(o, "output_items", 0), js_text(o, "output"));
		text_put(stdout, js_text(o, "output_path"));
		fputc('\n', stdout);
	}
	print_fenced(o);
	print_events(&screen, o);
	if (js_text(o, "command")[0]) {
		fputs("  -> ", stdout);
		text_put(stdout, js_text(o, "command"));
		fputc('\n', stdout);
	}
	print_trouble(&screen, js_get(o, "journal"));
}

static struct json_object *
ask(struct json_object *status, const char *name, struct err *err)
{
	AUTO_FREE char *escaped = fetch_escape(name);
	AUTO_FREE char *target = xasprintf("/v1/why?of=%s", escaped);
	struct client client = { 0 };
	struct json_object *o = NULL;

	if (client_open(&client, NULL, true, err) == 0)
		o = client_get(&client, target, err);
	client_close(&client);
	return !o && err->kind == ERR_NOT_FOUND ? why_phase(status, name, err) : o;
}

/* Where the session that is asked about stands on its way. */
static void
add_stages(struct json_object *o, struct json_object *status)
{
	struct json_object *s = client_session(status, js_text(o, "id"), NULL);
	struct json_object *plans = js_get(status, "plans");

	for (size_t i = 0; s && i < js_count(plans); i++) {
		if (strcmp(js_text(js_at(plans, i), "id"), js_text(s, "plan")) == 0) {
			AUTO_FREE char *line = stages_line(js_at(plans, i), s);

			set_text(o, "stages", line);
		}
	}
}

/* While the journal cannot be written that is a reason, too. */
static void
add_trouble(struct json_object *o, struct json_object *status)
{
	struct json_object *needs = js_get(status, "needs");

	for (size_t i = 0; i < js_count(needs); i++) {
		struct json_object *need = js_at(needs, i);

		if (strcmp(js_text(need, "subject"), "the journal") == 0)
			json_object_object_add(o, "journal", json_object_get(need));
	}
}

int
cmd_why(int argc, char **argv)
{
	bool as_json = false;
	const char *words[2] = { NULL };
	struct args_simple want = { "why NAME", &as_json, words, 1, 1 };
	struct err err = ERR_INIT;
	struct args args;
	AUTO_JSON struct json_object *status = NULL;
	AUTO_JSON struct json_object *o = NULL;

	args_init(&args, cmd_why_options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, as_json);
	/* Where divisi was never used nothing is started to say so. */
	status = client_look(NULL, &err);
	if (status && js_number(status, "seq", 0) > 0)
		o = ask(status, words[0], &err);
	else if (status) {
		err_set(&err, ERR_NOT_FOUND, "nothing was dispatched here yet");
		err_fix(&err, "divisi run PLAN");
	}
	if (!o)
		return cmd_fail(&err, as_json);
	add_stages(o, status);
	add_trouble(o, status);
	if (as_json)
		json_print(json_object_get(o));
	else
		print_answer(o);
	return 0;
}
