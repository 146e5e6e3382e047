#include "engine/record.h"

#include "base/mem.h"
#include "policy/refusal.h"

#include <json-c/json.h>
#include <string.h>

#define RECORD_DEPTH 4

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
