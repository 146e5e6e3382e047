#pragma once

#include "agent/agent.h"

#include <json-c/json.h>

/*
 * What the adapters share: JSON lines of strangers in, JSON lines of ours out.  Private to
 * this room.
 */

/* Above these a line is no message, only a note: a bomb must not cost the server's heap. */
#define WIRE_MAX_BYTES  (16u << 20)
#define WIRE_MAX_VALUES 200000u
#define WIRE_MAX_DEPTH  64
#define WIRE_MAX_TEXT   (64u << 10) /* of one thing an agent says */
#define WIRE_MAX_LINE   200u        /* of a text shown on one line */

void wire_put_cleanup(void *pp);
#define AUTO_JSON __attribute__((cleanup(wire_put_cleanup)))

/*
 * The one JSON object that LINE is, blanks around it aside; or NULL: no object, not strict
 * JSON, not UTF-8, more than MAX_BYTES, too many or too deep values.  The caller puts it.
 */
struct json_object *wire_parse(const char *line, size_t n, size_t max_bytes);

/* Member KEY of OBJ, borrowed; NULL when there is none or OBJ is no object (or NULL). */
struct json_object *wire_get(struct json_object *obj, const char *key);

/* The same for a member that has two names. */
struct json_object *wire_either(
    struct json_object *obj, const char *key, const char *other);

/* Member KEY as a string, borrowed, cut at an embedded NUL; NULL unless it is one. */
const char *wire_str(struct json_object *obj, const char *key);
bool wire_is(struct json_object *obj, const char *key, const char *text);
bool wire_bool(struct json_object *obj, const char *key);

/* Member KEY as a whole number from 0 to 10^15; UNKNOWN when it is none. */
long wire_count(struct json_object *obj, const char *key, long unknown);

/*
 * A copy of a string value for people, or NULL when VALUE is no string.  wire_text() keeps
 * the lines; wire_line() gives one line of at most WIRE_MAX_LINE bytes.  NUL becomes U+FFFD,
 * so that nothing can hide behind it, and what is cut off is said.  The caller frees it.
 */
char *wire_text(struct json_object *value, size_t max);
char *wire_line(struct json_object *value);
char *wire_line_of(const char *p, size_t n); /* the same from bytes of any kind */

/*
 * Dollars to cents without binary fractions: the digits as written, cut at a millionth of a
 * dollar (below that is float noise of the sender), then rounded up.  A number or a string
 * holding one; -1 when it is negative, beyond 10^10 dollars or no number.
 */
long wire_cents(struct json_object *value);

/* Prints MESSAGE as one line and puts it.  The caller frees the line. */
char *wire_print_take(struct json_object *message);

/* Adds S under KEY; NULL adds nothing. */
void wire_add(struct json_object *obj, const char *key, const char *s);

/* An event of KIND with nothing known in it; TEXT may be NULL. */
struct agent_event wire_event(enum agent_event_kind kind, const char *text);

/* Hands a note about LINE, which could not be understood, to FN. */
void wire_note_line(const char *line, size_t n, agent_event_fn *fn, void *arg);

/* Sets NAME in the environment of SPEC, replacing an earlier value. */
void wire_set_env(struct run_spec *spec, const char *name, const char *value);
bool wire_has_env(const struct run_spec *spec, const char *name);
/* Its value, which belongs to SPEC; NULL when it is not set. */
const char *wire_env(const struct run_spec *spec, const char *name);
