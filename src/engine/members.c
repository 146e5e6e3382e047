#include "engine/members.h"

#include "base/mem.h"

#include <stdarg.h>

void
member_text(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text ? text : ""));
}

void
member_textf(struct json_object *o, const char *name, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	member_text(o, name, text);
}

void
member_number(struct json_object *o, const char *name, int64_t number)
{
	json_object_object_add(o, name, json_object_new_int64(number));
}

void
member_bool(struct json_object *o, const char *name, bool value)
{
	json_object_object_add(o, name, json_object_new_boolean(value));
}
