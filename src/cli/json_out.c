#include "cli/json_out.h"

#include "cli/json.h"

#include <assert.h>
#include <string.h>

enum { LINES_DEPTH = 2 }; /* what is nested deeper stays on its line */

void
json_out_init(struct json_out *json, FILE *out)
{
	*json = (struct json_out){ .out = out, .is_first = true };
}

static void
put_text(FILE *out, const char *s, size_t n)
{
	(void)fwrite_unlocked(s, 1, n, out);
}

/* A string of valid UTF-8. */
static void
put_string(FILE *out, const char *s)
{
	putc_unlocked('"', out);
	for (const char *run = s;; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put_text(out, run, (size_t)(s - run));
		run = s + 1;
		if (c == '\0')
			break;
		putc_unlocked('\\', out);
		if (c == '"' || c == '\\')
			putc_unlocked(c, out);
		else if (c == '\n' || c == '\t')
			putc_unlocked(c == '\n' ? 'n' : 't', out);
		else
			fprintf(out, "u%04x", c);
	}
	putc_unlocked('"', out);
}

static void
put_line(const struct json_out *json)
{
	if (json->depth > LINES_DEPTH)
		return;
	putc_unlocked('\n', json->out);
	for (int i = 0; i < json->depth; i++)
		put_text(json->out, "  ", 2);
}

/* What stands before a value: a comma, a line, its key. */
static void
begin_value(struct json_out *json, const char *key)
{
	if (!json->is_first)
		putc_unlocked(',', json->out);
	json->is_first = false;
	if (json->depth > 0)
		put_line(json);
	if (!key)
		return;
	put_string(json->out, key);
	putc_unlocked(':', json->out);
}

void
json_out_open(struct json_out *json, const char *key, char bracket)
{
	assert(bracket == '{' || bracket == '[');
	begin_value(json, key);
	putc_unlocked(bracket, json->out);
	json->depth++;
	json->is_first = true;
}

void
json_out_close(struct json_out *json, char bracket)
{
	bool is_empty = json->is_first;

	assert(json->depth > 0);
	json->depth--;
	json->is_first = false;
	if (!is_empty && json->depth < LINES_DEPTH)
		put_line(json);
	putc_unlocked(bracket, json->out);
	if (json->depth == 0)
		putc_unlocked('\n', json->out);
}

void
json_out_str(struct json_out *json, const char *key, const char *s)
{
	if (!s || text_utf8_bad(s, strlen(s)) >= 0) {
		json_out_value(json, key, json_str(s));
		return;
	}
	begin_value(json, key);
	put_string(json->out, s);
}

void
json_out_int(struct json_out *json, const char *key, long long value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", value);

	begin_value(json, key);
	put_text(json->out, text, (size_t)n);
}

void
json_out_chance(struct json_out *json, const char *key, double value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.4f", value);

	begin_value(json, key);
	put_text(json->out, text, (size_t)n);
}

void
json_out_value(struct json_out *json, const char *key, json_object *value)
{
	const char *text;
	size_t n;

	begin_value(json, key);
	text = json_object_to_json_string_length(
	    value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	put_text(json->out, value ? text : "null", value ? n : 4);
	json_object_put(value);
}

void
json_out_pair(struct json_out *json, const struct plan *plan, const struct pair *pair)
{
	json_out_str(json, "a", plan->phase[pair->a].id);
	json_out_str(json, "b", plan->phase[pair->b].id);
	json_out_str(json, "verdict", verdict_name(pair->verdict));
	if (pair->literal != pair->verdict)
		json_out_str(json, "literal", verdict_name(pair->literal));
	json_out_str(
	    json, "first", pair->first >= 0 ? plan->phase[pair->first].id : NULL);
	if (pair->question > 0)
		json_out_int(json, "question", pair->question);
	else
		json_out_value(json, "question", NULL);
	json_out_str(json, "kind", pair_kind_name(pair->kind));
	json_out_str(json, "witness", pair->grounds->witness);
	if (pair->risk >= 0)
		json_out_chance(json, "risk", (double)pair->risk);
	json_out_str(json, "reason", pair->grounds->reason);
}

void
json_out_pairs(struct json_out *json, const char *key, const struct plan *plan,
    const struct verdicts *verdicts, bool spare_parallel)
{
	json_out_open(json, key, '[');
	for (size_t i = 0; i < verdicts->n_pairs; i++) {
		const struct pair *pair = &verdicts->pair[i];

		if (spare_parallel && pair->verdict == VERDICT_PARALLEL)
			continue;
		json_out_open(json, NULL, '{');
		json_out_pair(json, plan, pair);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
}
