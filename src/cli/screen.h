#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * What the other end of an output is: colours and widths only for a terminal, so that a
 * pipe gets everything, uncut and plain (DESIGN 11).  NO_COLOR is respected.
 */
struct screen {
	FILE *out;
	bool is_terminal, has_colour;
	int width; /* columns; 0 = no limit */
};

enum screen_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD
};

void screen_init(struct screen *screen, FILE *out);

/* The escape sequence that switches STYLE on; "" without colours. */
const char *screen_style(const struct screen *screen, enum screen_style style);

/* Prints TEXT, escaped, in STYLE. */
void screen_put(const struct screen *screen, enum screen_style style, const char *text);

/*
 * Prints TEXT, escaped, with every line after INDENT blanks, broken at blanks to fit the
 * terminal.  The first line is not indented: the caller has printed its beginning, which
 * is USED columns wide.  Ends the line.
 */
void screen_wrap(const struct screen *screen, int indent, int used, const char *text);

/*
 * Prints TEXT, escaped, on a line: as it stands where it fits, else broken at blanks, with every
 * further line after INDENT blanks.  Ends the line.
 */
void screen_line(const struct screen *screen, int indent, const char *text);

/* TEXT, escaped, one line, cut to WIDTH columns with an ellipsis.  The caller frees it. */
char *screen_cut(const char *text, size_t width);

/* A table of short texts.  Cells are copied and escaped. */
struct sheet_row {
	char **cell;
	char *note; /* a line of its own below the row in the narrow form; or NULL */
};

struct sheet {
	const char *const *header;
	size_t n_cols, n_narrow; /* the narrow form has the first N_NARROW columns */
	struct sheet_row *row;
	size_t n, cap;
};

void sheet_init(struct sheet *sheet, const char *const *header, size_t n_cols);
void sheet_clear(struct sheet *sheet);
/* N_COLS strings; NOTE may be NULL. */
void sheet_add(struct sheet *sheet, const char *const *cell, const char *note);

/*
 * Prints a Markdown table, aligned; or, on a terminal that is too narrow for it, the first
 * N_NARROW columns without rules, the widest ones cut, each row's note below it.
 */
void sheet_print(const struct sheet *sheet, const struct screen *screen);

/* Prints columns separated by two blanks, the widest ones cut to fit; no header. */
void sheet_print_plain(const struct sheet *sheet, const struct screen *screen);
