#include "agent/wire.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
static const char ellipsis[] = "\xE2\x80\xA6";    /* U+2026 */

void
wire_put_cleanup(void *pp)
{
	json_object_put(*(struct json_object **)pp);
}

/* Making one costs as much as reading a short line: it is kept, with no more than this. */
#define TOKENER_KEEPS 65536

static struct json_tokener
    *kept; /* of this process, which has one thread; NULL = in use */

static struct json_tokener *
tokener_take(void)
{
	struct json_tokener *tok = kept;

	kept = NULL;
	if (tok) {
		json_tokener_reset(tok);
		return tok;
	}
	tok = json_tokener_new_ex(WIRE_MAX_DEPTH);
	if (tok)
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	return tok;
}

/* Takes back what read a line of N_BYTES; its buffer holds a string of that at most. */
static void
tokener_give(struct json_tokener *tok, size_t n_bytes)
{
	if (kept || n_bytes > TOKENER_KEEPS)
		json_tokener_free(tok);
	else
		kept = tok;
}

struct json_object *
wire_parse(const char *line, size_t n, size_t max_bytes)
{
	struct span s = span_trim((struct span){ line, n });
	struct json_tokener *tok;
	struct json_object *obj;

	if (s.n < 2 || s.n > max_bytes || s.n > WIRE_MAX_BYTES || s.p[0] != '{' ||
	    !text_json_is_modest(s.p, s.n, WIRE_MAX_VALUES) ||
	    text_utf8_bad(s.p, s.n) >= 0)
		return NULL;
	tok = tokener_take();
	if (!tok)
		return NULL;
	obj = json_tokener_parse_ex(tok, s.p, (int)s.n);
	if (obj && (json_tokener_get_error(tok) != json_tokener_success ||
		       json_tokener_get_parse_end(tok) != s.n ||
		       !json_object_is_type(obj, json_type_object))) {
		json_object_put(obj);
		obj = NULL;
	}
	tokener_give(tok, s.n);
	return obj;
}

struct json_object *
wire_get(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(obj, json_type_object))
		return NULL;
	json_object_object_get_ex(obj, key, &value);
	return value;
}

struct json_object *
wire_either(struct json_object *obj, const char *key, const char *other)
{
	struct json_object *value = wire_get(obj, key);

	return value ? value : wire_get(obj, other);
}

const char *
wire_str(struct json_object *obj, const char *key)
{
	struct json_object *value = wire_get(obj, key);

	return json_object_is_type(value, json_type_string)
		   ? json_object_get_string(value)
		   : NULL;
}

bool
wire_is(struct json_object *obj, const char *key, const char *text)
{
	const char *s = wire_str(obj, key);

	return s && strcmp(s, text) == 0;
}

bool
wire_bool(struct json_object *obj, const char *key)
{
	struct json_object *value = wire_get(obj, key);

	return json_object_is_type(value, json_type_boolean) &&
	       json_object_get_boolean(value);
}

long
wire_count(struct json_object *obj, const char *key, long unknown)
{
	static const double most = 1e15;
	struct json_object *value = wire_get(obj, key);
	double d;

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return unknown;
	d = json_object_get_double(value);
	return d >= 0 && d <= most ? (long)d : unknown;
}

/* The length of P cut to at most MAX bytes without splitting a UTF-8 sequence. */
static size_t
cut_length(const char *p, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)p[max] & 0xC0) == 0x80)
		max--;
	return max;
}

char *
wire_text(struct json_object *value, size_t max)
{
	const char *p;
	size_t n, n_kept, n_out = 0;
	char *out;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	p = json_object_get_string(value);
	n = (size_t)json_object_get_string_len(value);
	n_kept = cut_length(p, n, max);
	if (!memchr(p, '\0', n_kept)) {
		out = xmalloc(n_kept + 64);
		memcpy(out, p, n_kept);
		n_out = n_kept;
	} else {
		out = xmalloc(n_kept * 3 + 64);
	}
	for (size_t i = n_out; i < n_kept; i++) {
		if (p[i] != '\0') {
			out[n_out++] = p[i];
			continue;
		}
		memcpy(out + n_out, replacement, 3);
		n_out += 3;
	}
	out[n_out] = '\0';
	if (n_kept < n)
		snprintf(out + n_out, 64, "\n[cut: %zu more bytes]", n - n_kept);
	return out;
}

char *
wire_line_of(const char *p, size_t n)
{
	size_t room = WIRE_MAX_LINE;
	/* Far more than can be shown need not be checked, and may be megabytes. */
	size_t n_seen = cut_length(p, n, 4 * (size_t)WIRE_MAX_LINE);
	bool is_text = text_utf8_bad(p, n_seen) < 0;
	char *out = xmalloc(room + 8);
	size_t n_out = 0, i;

	for (i = 0; i < n_seen && n_out < room; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\0') {
			memcpy(out + n_out, replacement, 3);
			n_out += 3;
		} else if (c <= ' ' || c == 0x7F) {
			if (n_out > 0 && out[n_out - 1] != ' ')
				out[n_out++] = ' ';
		} else {
			out[n_out++] = p[i];
			if (!is_text && c >= 0x80)
				out[n_out - 1] = '?';
		}
	}
	if (i < n) {
		while (n_out > 0 && ((unsigned char)p[i] & 0xC0) == 0x80 && is_text) {
			i--;
			n_out--;
		}
		memcpy(out + n_out, ellipsis, 3);
		n_out += 3;
	} else if (n_out > 0 && out[n_out - 1] == ' ') {
		n_out--;
	}
	out[n_out] = '\0';
	return out;
}

char *
wire_line(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_string))
		return NULL;
	return wire_line_of(
	    json_object_get_string(value), (size_t)json_object_get_string_len(value));
}

/*
 * Reads the exponent at S ("e-6") into *EXP, bounded so that it cannot overflow.  Returns
 * false when something else follows the digits.
 */
static bool
read_exponent(const char *s, long *exp)
{
	bool is_negative;

	*exp = 0;
	if (*s == '\0')
		return true;
	if (*s != 'e' && *s != 'E')
		return false;
	s++;
	is_negative = *s == '-';
	if (*s == '-' || *s == '+')
		s++;
	if (*s == '\0')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		*exp = *exp < 1000 ? *exp * 10 + (*s - '0') : *exp;
	if (is_negative)
		*exp = -*exp;
	return *s == '\0';
}

long
wire_cents(struct json_object *value)
{
	enum { MICRO_DIGITS = 6, MOST_DIGITS = 16, MICROS_PER_CENT = 10000 };
	char digit[MOST_DIGITS];
	size_t n_digits = 0;
	long point = 0, exp, micros = 0;
	bool has_digit = false, in_fraction = false;
	const char *s;

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double) &&
	    !json_object_is_type(value, json_type_string))
		return -1;
	/* json-c keeps the text of a number it has read, so this is what was written. */
	s = json_object_get_string(value);
	for (; (*s >= '0' && *s <= '9') || (*s == '.' && !in_fraction); s++) {
		if (*s == '.') {
			in_fraction = true;
			continue;
		}
		has_digit = true;
		/* POINT: how many kept digits stand before the decimal point. */
		if (n_digits == 0 && *s == '0') {
			point -= in_fraction;
			continue;
		}
		point += !in_fraction;
		if (n_digits < MOST_DIGITS)
			digit[n_digits++] = *s;
	}
	if (!has_digit || !read_exponent(s, &exp))
		return -1;
	point += exp + MICRO_DIGITS;
	if (n_digits > 0 && point > MOST_DIGITS)
		return -1;
	for (long i = 0; n_digits > 0 && i < point; i++)
		micros = micros * 10 + ((size_t)i < n_digits ? digit[i] - '0' : 0);
	return (micros + MICROS_PER_CENT - 1) / MICROS_PER_CENT;
}

char *
wire_print_take(struct json_object *message)
{
	char *line = xstrdup(json_object_to_json_string_ext(
	    message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(message);
	return line;
}

void
wire_add(struct json_object *obj, const char *key, const char *s)
{
	if (s)
		json_object_object_add(obj, key, json_object_new_string(s));
}

struct agent_event
wire_event(enum agent_event_kind kind, const char *text)
{
	return (struct agent_event){
		.kind = kind,
		.text = text,
		.cost_cents = -1,
		.input_tokens = -1,
		.output_tokens = -1,
		.context_pct = -1,
	};
}

void
wire_note_line(const char *line, size_t n, agent_event_fn *fn, void *arg)
{
	AUTO_FREE char *text = wire_line_of(line, n);
	struct agent_event event = wire_event(AGENT_NOTE, text);

	fn(&event, arg);
}

/* The entry of NAME in the environment of SPEC, or NULL. */
static char **
env_entry(const struct run_spec *spec, const char *name)
{
	size_t n_name = strlen(name);

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n_name) == 0 &&
		    spec->env[i][n_name] == '=')
			return &spec->env[i];
	}
	return NULL;
}

const char *
wire_env(const struct run_spec *spec, const char *name)
{
	char **entry = env_entry(spec, name);

	return entry ? *entry + strlen(name) + 1 : NULL;
}

bool
wire_has_env(const struct run_spec *spec, const char *name)
{
	return env_entry(spec, name) != NULL;
}

void
wire_set_env(struct run_spec *spec, const char *name, const char *value)
{
	char **entry = env_entry(spec, name);

	if (!entry) {
		run_spec_add_env(spec, name, value);
		return;
	}
	free(*entry);
	*entry = xasprintf("%s=%s", name, value);
}
