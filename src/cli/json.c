#include "cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put(json_object *object, const char *key, json_object *value)
{
	json_object_object_add(object, key, value);
}

json_object *
json_str(const char *s)
{
	char *buf = NULL;
	size_t size = 0, left;
	json_object *object;
	long bad;
	FILE *out;

	if (!s)
		return NULL;
	left = strlen(s);
	bad = text_utf8_bad(s, left);
	if (bad < 0)
		return json_object_new_string(s);
	out = open_memstream(&buf, &size);
	for (; bad >= 0; bad = text_utf8_bad(s, left)) {
		fwrite(s, 1, (size_t)bad, out);
		fputs("\xEF\xBF\xBD", out);
		s += bad + 1;
		left -= (size_t)bad + 1;
	}
	fwrite(s, 1, left, out);
	fclose(out);
	object = json_object_new_string(buf);
	free(buf);
	return object;
}

json_object *
json_str_or_null(const char *s)
{
	return s && *s ? json_str(s) : NULL;
}

static json_object *
cents(long value)
{
	return value < 0 ? NULL : json_object_new_int64(value);
}

json_object *
json_cents(long low, long mid, long high)
{
	json_object *object = json_object_new_object();

	put(object, "low", cents(low));
	put(object, "mid", cents(mid));
	put(object, "high", cents(high));
	return object;
}

json_object *
json_ids(const struct plan *plan, const int *position, size_t n)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(array, json_str(plan->phase[position[i]].id));
	return array;
}

static json_object *
touch_json(const struct touch_item *item)
{
	AUTO_FREE char *negated = NULL;
	json_object *object;

	if (!item->to) {
		if (item->is_negated)
			negated = xasprintf("!%s", item->text);
		return json_str(negated ? negated : item->text);
	}
	object = json_object_new_object();
	put(object, "from", json_str(item->text));
	put(object, "to", json_str(item->to));
	return object;
}

json_object *
json_phase(const struct phase *phase)
{
	json_object *object = json_object_new_object();
	json_object *depends = json_object_new_array();
	AUTO_FREE char *mode = mode_label(phase);

	put(object, "id", json_str(phase->id));
	put(object, "focus", json_str(phase->focus));
	put(object, "mode", json_str(mode));
	put(object, "issue",
	    phase->n_issues > 0 ? json_str_or_null(phase->issue[0].id) : NULL);
	put(object, "agent", json_str_or_null(phase->agent));
	for (int touch = 0; touch < TOUCH_N; touch++) {
		json_object *array = json_object_new_array();

		for (size_t i = 0; i < phase->touch[touch].n; i++)
			json_object_array_add(
			    array, touch_json(&phase->touch[touch].item[i]));
		put(object, touch_key((enum touch)touch), array);
	}
	for (size_t i = 0; i < phase->depends_on.n; i++)
		json_object_array_add(
		    depends, json_str(phase->depends_on.item[i].text));
	put(object, "depends_on", depends);
	put(object, "estimate_cents",
	    json_cents(
		phase->est_low_cents, phase->est_mid_cents, phase->est_high_cents));
	put(object, "points",
	    phase->points > 0 ? json_object_new_int(phase->points) : NULL);
	put(object, "unknown", json_object_new_boolean(phase->is_unknown));
	return object;
}

json_object *
json_trace(const struct pair *pair)
{
	json_object *array = json_object_new_array();

	for (int i = 0; i < pair->grounds->n_trace; i++) {
		json_object *step = json_object_new_object();

		put(step, "question",
		    json_object_new_int(pair->grounds->trace[i].question));
		put(step, "answer", json_str(pair->grounds->trace[i].answer));
		put(step, "evidence", json_str(pair->grounds->trace[i].evidence));
		json_object_array_add(array, step);
	}
	return array;
}

json_object *
json_lint(const struct lint *lint, const char *file, char level)
{
	json_object *object = json_object_new_object();
	char word[2] = { level, '\0' };

	put(object, "code", json_str(lint->code));
	put(object, "level", json_str(word));
	put(object, "rule", json_str(lint->rule));
	put(object, "phase", json_str_or_null(lint->phase));
	put(object, "file", json_str(file));
	put(object, "line", json_object_new_int64(lint->at.line));
	put(object, "column", json_object_new_int64(lint->at.column));
	put(object, "message", json_str(lint->message));
	put(object, "fix", json_str(lint->fix));
	return object;
}

json_object *
json_session(const struct dispatch_row *row)
{
	json_object *object = json_object_new_object();

	put(object, "label", json_str(row->label));
	put(object, "phase", json_str(row->phase->id));
	put(object, "issue", json_str_or_null(row->issue));
	put(object, "focus", json_str(row->phase->focus));
	put(object, "mode", json_str(row->mode));
	put(object, "launch_as", json_str(launch_mode_name(row->launch_as)));
	put(object, "worktree", json_str(row->worktree));
	put(object, "agent", json_str_or_null(row->agent_name));
	put(object, "branch", json_str(row->branch));
	put(object, "estimate_cents",
	    json_cents(row->low_cents, row->mid_cents, row->high_cents));
	put(object, "points",
	    row->points > 0 ? json_object_new_int(row->points) : NULL);
	put(object, "merge", row->merge > 0 ? json_object_new_int(row->merge) : NULL);
	return object;
}

json_object *
json_err(const struct err *err)
{
	json_object *object = json_object_new_object();

	put(object, "kind", json_str(err_kind_name(err->kind)));
	put(object, "exit", json_object_new_int(err_exit_status(err->kind)));
	put(object, "code", json_str(err->code));
	put(object, "rule", json_str(err->rule));
	put(object, "text", json_str(err->text));
	put(object, "fix", json_str_or_null(err->fix));
	return object;
}

void
json_print(json_object *object)
{
	puts(json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
