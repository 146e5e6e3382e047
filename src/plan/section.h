#pragma once

#include "plan/key.h"
#include "plan/source.h"

/* The bullets of a phase section: `### 1A: Focus`, one key per bullet (CONTRACTS 4). */

/*
 * True when line I is a heading that may open a phase section: ID receives what stands in
 * front of the colon (or all of it), FOCUS what stands behind.  Whether ID is a phase is
 * for the caller to know.
 */
bool section_heading(
    const struct source *source, size_t i, struct span *id, struct span *focus);

/* The first line behind heading line I that is no part of its section. */
size_t section_end(const struct source *source, size_t i);

/* True for running text: it would go on with a paragraph or bullet right above. */
bool section_is_running(const struct source *source, size_t i);

struct bullet {
	size_t line;      /* the line with the marker */
	size_t end;       /* first line that does not belong to it */
	size_t indent;    /* of the marker */
	struct span text; /* behind the marker, first line only */
};

/* Finds the next bullet of the outer level at or after *LINE; moves *LINE behind it. */
bool bullet_next(
    const struct source *source, size_t end, size_t *line, struct bullet *bullet);

/* One `Key: value` of a bullet; a line may carry several (CONTRACTS 4). */
struct segment {
	enum plan_key key;
	struct span name;  /* the key as written, without marks */
	struct span whole; /* up to the next segment, comments too */
	struct span value; /* the same, trimmed */
};

/*
 * Takes the next segment off REST, which starts as the bullet's text.  Returns false at
 * the end, or when the text starts with no known key; NAME is then what stands before the
 * first colon, if it looks like a key at all.
 */
bool segment_next(struct span *rest, struct segment *segment);

enum nested_kind {
	NESTED_ITEM, /* "- text" or "1. text" */
	NESTED_TEXT, /* goes on with the item above */
	NESTED_CODE,
};

struct nested {
	enum nested_kind kind;
	int number; /* of a numbered item, -1 for a plain one */
	size_t line;
	struct span text; /* code: the whole line */
};

/* Walks the lines below BULLET's first; start with *LINE = bullet->line + 1. */
bool nested_next(const struct source *source, const struct bullet *bullet,
    size_t *item_indent, size_t *line, struct nested *nested);
