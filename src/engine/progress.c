#include "engine/progress.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/record.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_SECTIONS 64
#define STATE_DEPTH   8
#define STATE_VALUES  4096

struct section {
	struct span title; /* empty: what stands above the first heading */
	struct span body;
};

struct document {
	struct section section[MOST_SECTIONS];
	size_t n;
};

static bool
is_fence(struct span line)
{
	return span_starts(span_trim(line), "```");
}

/* Headings inside of code are none. */
static void
read_document(const char *text, struct document *d)
{
	struct span rest = span_of(text), line;
	bool in_code = false;

	d->n = 1;
	d->section[0] = (struct section){ .body = { text, 0 } };
	while (span_next(&rest, '\n', &line)) {
		struct section *last = &d->section[d->n - 1];

		if (is_fence(line))
			in_code = !in_code;
		if (!in_code && span_starts(line, "## ") && d->n < MOST_SECTIONS) {
			const char *begin = line.p + line.n;

			begin += *begin == '\n';
			d->section[d->n++] = (struct section){
				.title = span_trim(
				    (struct span){ line.p + 3, line.n - 3 }),
				.body = { begin, 0 },
			};
			continue;
		}
		last->body.n = (size_t)(line.p + line.n - last->body.p);
	}
}

static const struct section *
find_section(const struct document *d, const char *name)
{
	for (size_t i = 1; i < d->n; i++) {
		if (span_eq_nocase(d->section[i].title, name))
			return &d->section[i];
	}
	return NULL;
}

char *
progress_section(const char *text, const char *name)
{
	struct document d;
	const struct section *s;
	struct span body = { "", 0 };

	read_document(text, &d);
	s = find_section(&d, name);
	if (s)
		body = span_trim(s->body);
	return xstrndup(body.p, body.n);
}

static bool
has_text(struct span in, const char *text, size_t n)
{
	return n > 0 && memmem(in.p, in.n, text, n) != NULL;
}

/* The lines of "completed" that BODY does not have yet: it only grows. */
static void
put_completed(FILE *f, struct span body, const struct fields *facts)
{
	struct span rest = span_of(fields_text(facts, "completed")), line;
	struct span old = span_trim(body);
	bool is_new = false;

	if (old.n > 0 && !span_eq(old, "(none yet)"))
		fprintf(f, "%.*s\n", SPAN_FMT(old));
	while (span_next(&rest, '\n', &line)) {
		/* A commit is known by its id, however the agent wrote the line. */
		const char *at = memmem(line.p, line.n, "commit ", 7);
		size_t n = at ? strspn(at + 7, "0123456789abcdef") : 0;

		if (line.n == 0 || has_text(old, at ? at + 7 : line.p, at ? n : line.n))
			continue;
		fprintf(f, "%.*s\n", SPAN_FMT(line));
		is_new = true;
	}
	if (!is_new && (old.n == 0 || span_eq(old, "(none yet)")))
		fputs("(none yet)\n", f);
}

static void
put_link(FILE *f, const struct fields *facts)
{
	const char *url = fields_text(facts, "issue_url");
	const char *id = fields_text(facts, "issue"),
		   *title = fields_text(facts, "issue_title");

	fprintf(f, "[%s%s%s](%s%s)", id, title[0] ? ": " : "", title,
	    url[0] ? "" : "local:", url[0] ? url : id);
}

static void
put_issue(FILE *f, const struct fields *facts)
{
	put_link(f, facts);
	fputc('\n', f);
}

/* What divisi says of its own: written over at each checkpoint. */
static void
put_checkpoint(FILE *f, const struct fields *facts)
{
	static const struct {
		const char *shown, *name;
	} rows[] = {
		{ "Session", "session" },
		{ "At", "at" },
		{ "Why", "why" },
		{ "Mode", "mode" },
		{ "State", "state" },
		{ "Branch", "branch" },
	};
	AUTO_FREE char *prompt = progress_continuation(facts);
	struct span rest = span_of(fields_text(facts, "remaining")), line;

	for (size_t i = 0; i < N_ELEMS(rows); i++)
		fprintf(f, "- %s: %s\n", rows[i].shown,
		    fields_text(facts, rows[i].name)[0]
			? fields_text(facts, rows[i].name)
			: "-");
	fputs("- Remaining:\n", f);
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0)
			fprintf(f, "  - %.*s\n", SPAN_FMT(line));
	}
	fprintf(f, "\nContinuation prompt:\n\n> %s\n", prompt);
}

static void
put_section(FILE *f, const char *name, struct span body, const struct fields *facts)
{
	struct span old = span_trim(body);

	fprintf(f, "\n## %s\n\n", name);
	if (strcasecmp(name, "Completed Tasks") == 0)
		put_completed(f, body, facts);
	else if (strcmp(name, "Checkpoint") == 0)
		put_checkpoint(f, facts);
	else if (old.n > 0)
		fprintf(f, "%.*s\n", SPAN_FMT(old));
	else if (strcmp(name, "Goal") == 0)
		fprintf(f, "%s\n", fields_text(facts, "focus"));
	else if (strcmp(name, "Linear Issue") == 0)
		put_issue(f, facts);
	else if (strcmp(name, "Current Task") == 0)
		fprintf(f, "%s\n",
		    fields_text(facts, "doing")[0] ? fields_text(facts, "doing") : "-");
	else
		fputs(strcmp(name, "Learnings") == 0 ? "(none yet)\n" : "None\n", f);
}

char *
progress_text(const char *old, const struct fields *facts)
{
	static const char *const wanted[] = { "Goal", "Linear Issue", "Completed Tasks",
		"Learnings", "Current Task", "Blocked / Flagged", "Checkpoint" };
	struct document d;
	struct span head;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	read_document(old, &d);
	head = span_trim(d.section[0].body);
	if (head.n > 0)
		fprintf(f, "%.*s\n", SPAN_FMT(head));
	else
		fprintf(f, "# Progress: %s\n", fields_text(facts, "issue"));
	for (size_t i = 0; i < N_ELEMS(wanted); i++) {
		const struct section *s = find_section(&d, wanted[i]);

		put_section(f, wanted[i], s ? s->body : (struct span){ "", 0 }, facts);
	}
	for (size_t i = 1; i < d.n; i++) {
		bool is_known = false;

		for (size_t k = 0; k < N_ELEMS(wanted) && !is_known; k++)
			is_known = span_eq_nocase(d.section[i].title, wanted[k]);
		if (!is_known)
			fprintf(f, "\n## %.*s\n\n%.*s\n", SPAN_FMT(d.section[i].title),
			    SPAN_FMT(span_trim(d.section[i].body)));
	}
	fclose(f);
	return text;
}

char *
progress_continuation(const struct fields *facts)
{
	const char *doing = fields_text(facts, "doing"),
		   *files = fields_text(facts, "files");
	const char *remaining = fields_text(facts, "remaining");
	int64_t index = fields_number(facts, "index", 0),
		total = fields_number(facts, "total", 0);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fputs("Continue on ", f);
	put_link(f, facts);
	fprintf(f, " (phase %s: %s), branch `%s`.", fields_text(facts, "phase"),
	    fields_text(facts, "focus"), fields_text(facts, "branch"));
	if (total > 0)
		fprintf(f, " Current task: %lld of %lld.",
		    (long long)(index < total ? index + 1 : total), (long long)total);
	if (doing[0])
		fprintf(f, " Last: %s.", doing);
	if (files[0])
		fprintf(f, " Key files: %s.", files);
	fprintf(f, " Next action: %.*s.",
	    remaining[0] ? (int)strcspn(remaining, "\n") : 35,
	    remaining[0] ? remaining : "check the deliverable and report it");
	fputs(" Read .ccc-progress.md and .ccc-state.json first. Reply with 'Session "
	      "started' before beginning work.",
	    f);
	fclose(f);
	return text;
}

/* ---- .ccc-state.json --------------------------------------------------------------------- */

static struct json_object *
parse_state(const char *text)
{
	struct json_tokener *tok;
	struct json_object *o = NULL;
	size_t n = strlen(text);

	if (n == 0 || n > PROGRESS_MOST_BYTES ||
	    !text_json_is_modest(text, n, STATE_VALUES))
		return NULL;
	tok = json_tokener_new_ex(STATE_DEPTH);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* With its end, so that a number or a cut text is not taken for a whole one. */
	o = json_tokener_parse_ex(tok, text, (int)n + 1);
	json_tokener_free(tok);
	if (o && !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

int64_t
progress_state_number(const char *text, const char *name, int64_t fallback)
{
	AUTO_JSON struct json_object *o = parse_state(text);
	struct json_object *value = NULL;

	if (!o || !json_object_object_get_ex(o, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return fallback;
	return json_object_get_int64(value);
}

static void
add_number_if_missing(struct json_object *o, const char *name, int64_t number)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		json_object_object_add(o, name, json_object_new_int64(number));
}

static bool
is_phase_word(struct json_object *value)
{
	static const char *const words[] = { "intake", "spec", "review", "decompose",
		"execution", "replan", "verification", "closure" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (json_object_is_type(value, json_type_string) &&
		    strcmp(json_object_get_string(value), words[i]) == 0)
			return true;
	}
	return false;
}

static void
add_text(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text));
}

/* What divisi counts of its loop wins over what the agent believes. */
static void
fill_loop(struct json_object *o, const struct fields *facts)
{
	static const struct {
		const char *to, *from;
	} numbers[] = {
		{ "taskIndex", "loop_done" },
		{ "totalTasks", "loop_tasks" },
		{ "taskIteration", "loop_tries" },
		{ "maxTaskIterations", "loop_max_tries" },
		{ "globalIteration", "loop_turns" },
		{ "maxGlobalIterations", "loop_max_turns" },
		{ "replanCount", "loop_replans" },
	};

	for (size_t i = 0;
	     fields_number(facts, "loop_tasks", 0) > 0 && i < N_ELEMS(numbers); i++)
		json_object_object_add(o, numbers[i].to,
		    json_object_new_int64(fields_number(facts, numbers[i].from, 0)));
}

/*
 * who is launched has its table approved and its findings decided, gates 1 and 2; what
 * merged had its review, gate 3.
 */
static void
fill_gates(struct json_object *o, int64_t passed)
{
	struct json_object *value = NULL;

	if (passed <= 0 && json_object_object_get_ex(o, "gatesPassed", &value) &&
	    json_object_is_type(value, json_type_array))
		return;
	value = json_object_new_array();
	for (int64_t i = 1; i <= passed && i <= 3; i++)
		json_object_array_add(value, json_object_new_int64(i));
	json_object_object_add(o, "gatesPassed", value);
}

/* R-149, in its order; what the loop of the agent counts is left to it. */
static void
fill_state(struct json_object *o, const struct fields *facts)
{
	const char *mode = fields_text(facts, "mode");
	AUTO_FREE char *word = xstrndup(mode, strcspn(mode, " "));
	int64_t gate = fields_number(facts, "gate", 0);
	struct json_object *value = NULL;

	add_text(o, "linearIssue", fields_text(facts, "issue"));
	if (!json_object_object_get_ex(o, "phase", &value) || !is_phase_word(value) ||
	    fields_number(facts, "forces", 0))
		add_text(o, "phase", fields_text(facts, "phase_word"));
	fill_loop(o, facts);
	add_number_if_missing(o, "taskIndex", fields_number(facts, "index", 0));
	add_number_if_missing(o, "totalTasks", fields_number(facts, "total", 0));
	add_number_if_missing(o, "taskIteration", 1);
	add_number_if_missing(o, "maxTaskIterations", 5);
	add_number_if_missing(o, "globalIteration", 0);
	add_number_if_missing(o, "maxGlobalIterations", 50);
	add_text(o, "executionMode", word);
	fill_gates(o, fields_number(facts, "gates_passed", 0));
	if (gate > 0)
		json_object_object_add(o, "awaitingGate", json_object_new_int64(gate));
	else if (!json_object_object_get_ex(o, "awaitingGate", &value))
		json_object_object_add(o, "awaitingGate", NULL);
	add_text(o, "specPath", fields_text(facts, "plan_path"));
	add_number_if_missing(o, "replanCount", 0);
	if (!json_object_object_get_ex(o, "createdAt", &value))
		add_text(o, "createdAt", fields_text(facts, "at"));
	add_text(o, "lastUpdatedAt", fields_text(facts, "at"));
}

char *
progress_state(const char *old, const struct fields *facts, bool *was_damaged)
{
	AUTO_JSON struct json_object *o = parse_state(old);

	*was_damaged = !o && old[strspn(old, " \t\r\n")] != '\0';
	if (!o)
		o = json_object_new_object();
	fill_state(o, facts);
	return xasprintf(
	    "%s\n", json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}
