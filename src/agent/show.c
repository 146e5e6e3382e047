#include "agent/show.h"

#include "agent/wire.h"
#include "base/mem.h"

#include <string.h>

#define DETAIL_MAX ((size_t)WIRE_MAX_BYTES)

void
show_indented(FILE *buf, const char *text)
{
	const char *end;

	while (*(end = strchrnul(text, '\n'))) {
		fwrite(text, 1, (size_t)(end - text), buf);
		fputs("\n    ", buf);
		text = end + 1;
	}
	fputs(text, buf);
}

void
show_members(FILE *buf, struct json_object *input)
{
	if (!json_object_is_type(input, json_type_object))
		return;
	json_object_object_foreach (input, name, value) {
		AUTO_FREE char *text = wire_text(value, DETAIL_MAX);

		show_indented(buf, name);
		fputs(": ", buf);
		show_indented(buf, text ? text
					: json_object_to_json_string_ext(value,
					      JSON_C_TO_STRING_PLAIN |
						  JSON_C_TO_STRING_NOSLASHESCAPE));
		putc('\n', buf);
	}
}

const char *
show_gist(struct json_object *input)
{
	static const char *const telling[] = { "command", "file_path", "filepath",
		"filePath", "fileName", "notebook_path", "path", "pattern", "url",
		"query", "skill", "subject", "description", "prompt" };

	for (size_t i = 0; i < N_ELEMS(telling); i++) {
		const char *value = wire_str(input, telling[i]);

		if (value)
			return value;
	}
	return NULL;
}
