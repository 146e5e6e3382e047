/*
 * Two path patterns and a path, a line each: whatever compiles must answer, and a witness
 * of an overlap must match both.  Exercises src/plan/glob*.c.
 */
#include "plan/glob.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_FREE char *witness = NULL;
	char *rest = text;
	const char *first = strsep(&rest, "\n"), *second = strsep(&rest, "\n");
	struct err err = ERR_INIT;
	struct glob *a, *b;

	if (!second || size > 4096)
		return 0;
	a = glob_new(first, 0, &err);
	b = glob_new(second, 0, &err);
	if (a && b && glob_overlap(a, b, &witness) && !glob_is_capped(a) &&
	    !glob_is_capped(b) && (!glob_match(a, witness) || !glob_match(b, witness)))
		__builtin_trap();
	if (a && rest)
		glob_match(a, rest);
	glob_free(a);
	glob_free(b);
	return 0;
}
