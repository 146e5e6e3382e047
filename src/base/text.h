#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A piece of somebody else's bytes; never NUL-terminated, never owned. */
struct span {
	const char *p;
	size_t n;
};

#define SPAN_LIT(s) ((struct span){ (s), sizeof(s) - 1 })
#define SPAN_FMT(s) (int)(s).n, (s).p

struct span span_of(const char *s);
struct span span_trim(struct span s);
bool span_eq(struct span s, const char *text);
bool span_eq_nocase(struct span s, const char *text);
bool span_starts(struct span s, const char *prefix);

/*
 * Takes the text up to SEP off the front of REST and returns it; REST then starts after
 * SEP.  Returns false when REST is used up (an empty last field is still returned).
 */
bool span_next(struct span *rest, char sep, struct span *field);

/*
 * Takes a decimal number of 0 to MAX off the front of *AT, and the spaces before it.  False,
 * with *AT as it was, when none stands there or it is larger.
 */
bool text_take_number(const char **at, int max, int *number);

/*
 * May N bytes of JSON be given to json-c?  It spends some 300 bytes on an empty array, so
 * sixteen megabytes of "[]," would cost gigabytes: more than MAX_VALUES separators are too
 * many.  Its strict mode also takes member names in single quotes and control characters in
 * strings, which JSON has not.  Whether it is JSON at all is not looked at.
 */
bool text_json_is_modest(const char *text, size_t n, size_t max_values);

/* Byte offset of the first byte that is not well-formed UTF-8, or -1 when all is well. */
long text_utf8_bad(const char *p, size_t n);

/* Number of terminal columns of S: code points, wide ones twice, controls as shown. */
size_t text_width(const char *s);

/*
 * Writes S to OUT with every control character (C0, DEL, C1, bidi overrides) shown as
 * \xNN or \u{NNNN}: text of strangers never steers the terminal (DESIGN 12).
 * text_show() returns the same as a string the caller frees; tabs and newlines become a
 * blank when ONE_LINE.
 */
void text_put(FILE *out, const char *s);
char *text_show(const char *s, bool one_line);

/* True when S holds a control character other than tab and newline. */
bool text_has_controls(const char *s);

/*
 * A slug: lower case a-z0-9 and single hyphens, accents dropped to their letter, cut at
 * MAX bytes without trailing hyphen.  Returns a string the caller frees; it is empty
 * when nothing is left.  SPEC 8.7.
 */
char *text_slug(const char *s, size_t max);

/* S quoted for a POSIX shell, for showing commands to people.  The caller frees it. */
char *text_shell_quote(const char *s);

/* "$5", "$0.40", "$12.34" from cents; negative gives "-".  The caller frees it. */
char *text_dollars(long cents);

/* "6 s", "12 min", "3 h 05 min", "2 d 4 h" from milliseconds.  The caller frees it. */
char *text_age(int64_t ms);

/* RFC 3339 UTC with seconds from Unix milliseconds, into BUF of at least 32 bytes. */
const char *text_time(int64_t unix_ms, char *buf, size_t size);

/* Is every line of LINES, empty ones aside, a line of LIST? */
bool text_lists_all(const char *list, const char *lines);

/*
 * TEXT as a JSON string with its quotes.  Whatever is in it (a path in any encoding), what is
 * printed is valid: in a text that is no UTF-8 each byte beyond ASCII is a question mark.
 */
void text_put_json(FILE *out, const char *text);

/* A copy of the first MAX bytes of S at most, cut between characters.  The caller frees it. */
char *text_cut(const char *s, size_t max);

/* The N words with BETWEEN between them; the caller frees it. */
char *text_join(const char *const *word, size_t n, const char *between);

/* FMT into BUF of SIZE bytes, NUL-terminated, cut where it does not fit and meant to be. */
void PRINTF(3, 4) text_print(char *buf, size_t size, const char *fmt, ...);
