#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads one JSON value piece by piece and tells of the strings in it, without keeping the
 * value: a tool call may carry a file of any size.  Strict enough that what is told was
 * really said; nesting costs a bit per level and no stack.
 */
#define SCAN_DEPTH  512             /* deeper nesting is refused */
#define SCAN_KEEP   ((size_t)65536) /* bytes of a string that are kept; the rest is cut */
#define SCAN_NAME   128             /* bytes of the names that lead to a value */
#define SCAN_LEVELS 2               /* strings below more names are not told */

/*
 * PATH is the names that lead to the string, joined by dots ("tool_input.file_path"); of an
 * array, those that lead to the array.  TEXT is decoded, ends with NUL and lives during the
 * call; IS_WHOLE is false when it was cut or holds a NUL.
 */
typedef void scan_fn(void *arg, const char *path, const char *text, bool is_whole);

struct scan {
	scan_fn *fn;
	void *arg;
	int state;
	size_t depth;
	unsigned char is_object[SCAN_DEPTH / 8];
	char path[SCAN_NAME];
	size_t ends[SCAN_LEVELS + 1]; /* of PATH, per object that is open */
	size_t n_objects;
	char *text; /* the string that is read now */
	size_t n;
	bool is_key, is_kept, is_whole;
	unsigned code,
	    high; /* of a \u escape; a first half that waits for its second */
	int n_digits;
};

void scan_init(struct scan *scan, scan_fn *fn, void *arg);
void scan_clear(struct scan *scan);

/* False when this is no JSON: nothing more is told. */
bool scan_feed(struct scan *scan, const char *bytes, size_t n);

/* Did one whole value go by? */
bool scan_is_over(const struct scan *scan);
