#pragma once

#include "base/text.h"
#include "plan/plan.h"

/*
 * A plan file as lines, the one reading that parser, formatter and write-back share, so
 * that they cannot disagree on what is a table, a heading or a phase section.
 *
 * CLEAN has the same length as BYTES, with every HTML comment turned into NUL bytes (the
 * file itself holds none): offsets mean the same in both, and values are read from CLEAN.
 */
enum line_kind {
	LINE_BLANK,
	LINE_TEXT,
	LINE_HEADING,
	LINE_CODE,    /* a code fence and what is inside */
	LINE_COMMENT, /* nothing but HTML comment */
	LINE_TABLE,   /* of a table that the plan format knows; set by tables_find() */
};

struct source_line {
	uint32_t at, n; /* offset and length without the line end */
	uint8_t kind;
	uint8_t level; /* of a heading, 1 to 6; 1 also marks the line that opens a code
			  block, and a comment that began on a line above */
};

struct source {
	const char *bytes; /* borrowed */
	char *clean;
	size_t n_bytes;
	struct source_line *line;
	size_t n_lines;
	size_t open_fence, open_comment; /* 1-based line never closed, 0 when none */
};

/* BYTES are borrowed, valid UTF-8 without NUL.  The caller frees the result. */
struct source *source_new(const char *bytes, size_t n_bytes);
void source_free(struct source *source);
void source_free_cleanup(struct source **source);
#define AUTO_SOURCE __attribute__((cleanup(source_free_cleanup)))

/* Line I as read for values, and as it stands in the file. */
struct span source_clean(const struct source *source, size_t i);
struct span source_raw(const struct source *source, size_t i);

/* The line end of line I; at the end of the file it may be empty or a lone "\r". */
struct span source_eol(const struct source *source, size_t i);

/* True when line I ends in "\n", as every line but the last does. */
bool source_is_ended(const struct source *source, size_t i);

/* What new lines end in: "\r\n" when the first line does. */
struct span source_new_eol(const struct source *source);

/* Where P, a pointer into CLEAN, stands in the file. */
struct place source_place(const struct source *source, const char *p);

/* Text of heading line I without its marks. */
struct span source_heading(const struct source *source, size_t i);

/* Trims blanks, tabs, carriage returns and blanked comments. */
struct span source_trim(struct span s);

/* Columns of white space in front of S; a tab counts to the next multiple of four. */
size_t source_indent(struct span s);

/*
 * When S starts with a code span, its length with both marks; otherwise 0.  Runs of more
 * than eight backquotes are text: that bounds the search for the closing run.
 */
size_t source_code_span(struct span s);

/* The length of the code span or else of the run of backquotes that S starts with. */
size_t source_skip_quotes(struct span s);
