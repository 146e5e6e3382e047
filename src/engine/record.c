#include "engine/record.h"

#include "base/mem.h"
#include "policy/refusal.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_DEPTH 4
#define FOLLOWS      "{\"follows\":true}"

void
json_put_cleanup(struct json_object **object)
{
	json_object_put(*object);
}

char *
fields_to_json(const struct fields *fields)
{
	AUTO_JSON struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->item[i];

		json_object_object_add(o, f->name,
		    f->text ? json_object_new_string(f->text)
			    : json_object_new_int64(f->number));
	}
	return xstrdup(json_object_to_json_string_ext(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

int
fields_of_json(struct fields *fields, const char *text, struct err *err)
{
	struct json_tokener *tok = json_tokener_new_ex(RECORD_DEPTH);
	AUTO_JSON struct json_object *o = NULL;
	int rc = 0;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text, (int)strlen(text));
	if (!o || !json_object_is_type(o, json_type_object))
		rc = err_set(err, ERR_INPUT, "not a JSON object: %s",
		    json_tokener_error_desc(json_tokener_get_error(tok)));
	json_tokener_free(tok);
	if (rc < 0)
		return -1;
	json_object_object_foreach (o, name, value) {
		switch (json_object_get_type(value)) {
		case json_type_string:
			fields_set(fields, name, json_object_get_string(value));
			break;
		case json_type_int:
			fields_set_number(fields, name, json_object_get_int64(value));
			break;
		case json_type_boolean:
			fields_set_number(fields, name, json_object_get_boolean(value));
			break;
		case json_type_null: break;
		case json_type_double:
		case json_type_object:
		case json_type_array:
			return err_set(err, ERR_INPUT,
			    "field '%.40s' is no text and no number", name);
		}
	}
	return 0;
}

/* "session/p1.1.1A", "batch/p1/1", "plan/p1" or "server": what a happening is about. */
static char *
entity_of(const struct fields *fields)
{
	static const char *const kinds[] = { "session", "batch", "plan", "conflict" };

	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		const char *id = fields_text(fields, kinds[i]);

		if (id[0])
			return xasprintf("%s/%s", kinds[i], id);
	}
	return xstrdup("server");
}

void
record_make(
    struct record_rows *record, const struct happening *h, const struct acts *acts)
{
	struct journal_row *row = xcalloc(acts->n_moves + 1, sizeof(*row));

	*record = (struct record_rows){ .entity = entity_of(&h->fields),
		.data = fields_to_json(&h->fields),
		.row = row,
		.n = 1 };
	row[0] = (struct journal_row){ .at = h->at,
		.actor = h->actor,
		.entity = record->entity,
		.from = "",
		.to = "",
		.cause = hap_name(h->kind),
		.data = record->data };
	for (size_t i = 0; i < acts->n_moves; i++) {
		const struct move *m = &acts->move[i];

		if (row[0].to[0] == '\0' && strcmp(m->entity, record->entity) == 0) {
			row[0].from = m->from;
			row[0].to = m->to;
			continue;
		}
		row[record->n++] = (struct journal_row){ .at = h->at,
			.actor = "server",
			.entity = m->entity,
			.from = m->from,
			.to = m->to,
			.cause = hap_name(h->kind),
			.data = FOLLOWS };
	}
}

void
record_clear(struct record_rows *record)
{
	free(record->entity);
	free(record->data);
	free(record->row);
	*record = (struct record_rows){ 0 };
}

bool
record_follows(const struct journal_row *row)
{
	return strcmp(row->data, FOLLOWS) == 0;
}

void
fields_put_err(struct fields *fields, const struct err *err)
{
	fields_set(fields, "error", err_kind_name(err->kind));
	fields_set(fields, "code", err->code);
	fields_set(fields, "rule", err->rule);
	fields_set(fields, "text", err->text);
	fields_set(fields, "fix", err->fix);
}

bool
fields_get_err(const struct fields *fields, struct err *err)
{
	const char *kind = fields_text(fields, "error");
	const struct refusal *r;

	if (kind[0] == '\0')
		return false;
	err_set(err, err_kind_of(kind), "%s", fields_text(fields, "text"));
	err_fix(err, "%s", fields_text(fields, "fix"));
	r = refusal_find(fields_text(fields, "code"));
	if (err && r) {
		err->code = r->code;
		err->rule = r->rule;
	}
	return true;
}
