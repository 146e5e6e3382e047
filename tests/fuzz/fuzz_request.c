/*
 * The body of a request to the server, and the data of a journal row: what is taken is
 * written and read again unchanged.  Exercises src/engine/record.c.
 */
#include "engine/record.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_FREE char *once = NULL, *twice = NULL;
	struct fields fields = { 0 }, again = { 0 };
	struct err err = ERR_INIT;

	if (fields_of_json(&fields, text, &err) == 0) {
		once = fields_to_json(&fields);
		if (fields_of_json(&again, once, &err) < 0)
			__builtin_trap();
		twice = fields_to_json(&again);
		if (strcmp(once, twice) != 0)
			__builtin_trap();
	} else if (err.text[0] == '\0') {
		__builtin_trap();
	}
	fields_clear(&fields);
	fields_clear(&again);
	return 0;
}
