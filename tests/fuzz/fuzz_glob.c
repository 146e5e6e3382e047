/*
 * Two path patterns and a path, a line each: whatever compiles must answer, a witness of
 * an overlap must match both, and a path that matches both must have been foreseen.
 * Exercises src/plan/glob*.c.
 */
#include "plan/glob.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What git could track, without bytes a pattern cannot hold. */
static bool
is_path(const char *path)
{
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && *p == '.') ||
		    (n == 2 && memcmp(p, "..", 2) == 0))
			return false;
		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
				return false;
		}
		p += n;
		if (!*p)
			return true;
	}
}

static void
check(const struct glob *a, const struct glob *b, const char *path)
{
	AUTO_FREE char *witness = NULL;
	AUTO_FREE char *other = NULL;
	bool is_found = glob_overlap(a, b, &witness);

	if (glob_overlap(b, a, &other) != is_found)
		__builtin_trap();
	if (is_found &&
	    (!is_path(witness) || !glob_match(a, witness) || !glob_match(b, witness) ||
		strlen(witness) != strlen(other)))
		__builtin_trap();
	if (path && is_path(path) && glob_match(a, path) && glob_match(b, path) &&
	    (!is_found || strlen(witness) > strlen(path)))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	char *rest = text;
	const char *first = strsep(&rest, "\n"), *second = strsep(&rest, "\n");
	unsigned flags = size % 3 == 0 ? GLOB_FOLD_CASE : 0;
	struct err err = ERR_INIT;
	struct glob *a, *b;

	if (!second || size > 4096)
		return 0;
	a = glob_new(first, flags, &err);
	b = glob_new(second, flags, &err);
	if (a && b)
		check(a, b, rest);
	glob_free(a);
	glob_free(b);
	return 0;
}
