#include "hook/scan.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/*
 *   VALUE --{--> NAME or } --string--> COLON --:--> VALUE
 *   VALUE --[--> VALUE or ]
 *   VALUE --string, word--> NEXT --,--> NAME or VALUE      NEXT --} ]--> NEXT
 */
enum {
	VALUE,
	FIRST_VALUE, /* or the end of an empty array */
	FIRST_NAME,  /* or the end of an empty object */
	NAME,
	COLON,
	NEXT,
	WORD, /* a number, true, false, null */
	STRING,
	ESCAPE,
	CODE,
	BROKEN,
};

void
scan_init(struct scan *scan, scan_fn *fn, void *arg)
{
	*scan = (struct scan){ .fn = fn, .arg = arg, .state = VALUE };
	scan->text = xcalloc(1, SCAN_KEEP + 1);
}

void
scan_clear(struct scan *scan)
{
	free(scan->text);
	*scan = (struct scan){ .state = BROKEN };
}

bool
scan_is_over(const struct scan *scan)
{
	return scan->depth == 0 && (scan->state == NEXT || scan->state == WORD);
}

static bool
in_object(const struct scan *scan)
{
	size_t top = scan->depth - 1;

	return scan->depth > 0 && (scan->is_object[top / 8] >> (top % 8) & 1);
}

static void
add_bytes(struct scan *scan, const char *bytes, size_t n)
{
	size_t room = SCAN_KEEP - scan->n;

	if (!scan->is_kept)
		return;
	if (n > room) {
		n = room;
		scan->is_whole = false;
	}
	memcpy(scan->text + scan->n, bytes, n);
	scan->n += n;
}

static void
add_code(struct scan *scan, unsigned code)
{
	char utf8[4];
	size_t n = 0;

	if (code == 0)
		scan->is_whole = false; /* no path and no command has it */
	if (code < 0x80) {
		utf8[n++] = (char)code;
	} else if (code < 0x800) {
		utf8[n++] = (char)(0xc0 | code >> 6);
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		utf8[n++] = (char)(0xe0 | code >> 12);
		utf8[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | code >> 18);
		utf8[n++] = (char)(0x80 | (code >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (code >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (code & 0x3f));
	}
	add_bytes(scan, utf8, n);
}

/* A first half without its second is what text has instead: U+FFFD. */
static void
settle_half(struct scan *scan)
{
	if (scan->high)
		add_code(scan, 0xfffd);
	scan->high = 0;
}

static void
open_string(struct scan *scan, bool is_key)
{
	scan->is_key = is_key;
	scan->is_kept = is_key ? scan->n_objects <= SCAN_LEVELS
			       : scan->n_objects <= SCAN_LEVELS &&
				     scan->depth <= SCAN_LEVELS + 1;
	scan->is_whole = true;
	scan->n = 0;
	scan->high = 0;
	scan->state = STRING;
}

/* The name of the next value: PATH up to its object, and it. */
static void
take_name(struct scan *scan)
{
	size_t at;

	if (scan->n_objects > SCAN_LEVELS)
		return;
	at = scan->n_objects ? scan->ends[scan->n_objects - 1] : 0;
	/* One that is too long is no name that anybody asks for. */
	if (at + 1 + scan->n >= SCAN_NAME || !scan->is_whole) {
		scan->path[at] = '\0';
		return;
	}
	if (at > 0)
		scan->path[at++] = '.';
	memcpy(scan->path + at, scan->text, scan->n);
	scan->path[at + scan->n] = '\0';
}

static void
close_string(struct scan *scan)
{
	settle_half(scan);
	scan->text[scan->n] = '\0';
	if (scan->is_key) {
		take_name(scan);
		scan->state = COLON;
		return;
	}
	scan->state = NEXT;
	if (scan->is_kept)
		scan->fn(scan->arg, scan->path, scan->text, scan->is_whole);
}

static void
open_nest(struct scan *scan, bool is_object)
{
	size_t top = scan->depth;

	if (scan->depth == SCAN_DEPTH) {
		scan->state = BROKEN;
		return;
	}
	scan->is_object[top / 8] &= (unsigned char)~(1u << top % 8);
	scan->is_object[top / 8] |= (unsigned char)(is_object << top % 8);
	scan->depth++;
	scan->state = is_object ? FIRST_NAME : FIRST_VALUE;
	if (!is_object)
		return;
	if (scan->n_objects <= SCAN_LEVELS)
		scan->ends[scan->n_objects] = strlen(scan->path);
	scan->n_objects++;
}

static void
close_nest(struct scan *scan, bool is_object)
{
	if (scan->depth == 0 || in_object(scan) != is_object) {
		scan->state = BROKEN;
		return;
	}
	scan->depth--;
	scan->state = NEXT;
	if (!is_object)
		return;
	scan->n_objects--;
	if (scan->n_objects <= SCAN_LEVELS)
		scan->path[scan->ends[scan->n_objects]] = '\0';
}

static void
begin_value(struct scan *scan, char c)
{
	if (c == '"')
		open_string(scan, false);
	else if (c == '{' || c == '[')
		open_nest(scan, c == '{');
	else if (c == ']' && scan->state == FIRST_VALUE)
		close_nest(scan, false);
	else if (c && strchr("-0123456789tfn", c))
		scan->state = WORD;
	else
		scan->state = BROKEN;
}

static void
go_on(struct scan *scan, char c)
{
	if (c == '}' || c == ']')
		close_nest(scan, c == '}');
	else if (c == ',' && scan->depth > 0)
		scan->state = in_object(scan) ? NAME : VALUE;
	else
		scan->state = BROKEN;
}

static void
take_escape(struct scan *scan, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(from, c) : NULL;

	if (c == 'u') {
		scan->code = 0;
		scan->n_digits = 0;
		scan->state = CODE;
		return;
	}
	settle_half(scan);
	scan->state = at ? STRING : BROKEN;
	if (at)
		add_bytes(scan, &to[at - from], 1);
}

static void
take_digit(struct scan *scan, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	if (!at) {
		scan->state = BROKEN;
		return;
	}
	scan->code = scan->code << 4 | (unsigned)(at - digits);
	if (++scan->n_digits < 4)
		return;
	scan->state = STRING;
	if (scan->high && scan->code >= 0xdc00 && scan->code <= 0xdfff) {
		add_code(scan,
		    0x10000 + ((scan->high - 0xd800) << 10) + (scan->code - 0xdc00));
		scan->high = 0;
		return;
	}
	settle_half(scan);
	if (scan->code >= 0xd800 && scan->code <= 0xdbff)
		scan->high = scan->code;
	else if (scan->code >= 0xdc00 && scan->code <= 0xdfff)
		add_code(scan, 0xfffd);
	else
		add_code(scan, scan->code);
}

/* Takes what it can of a string's plain bytes; returns how many. */
static size_t
take_plain(struct scan *scan, const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] != '"' && bytes[i] != '\\' &&
	       (unsigned char)bytes[i] >= 0x20)
		i++;
	if (i > 0)
		settle_half(scan);
	add_bytes(scan, bytes, i);
	return i;
}

static void
take_one(struct scan *scan, char c)
{
	bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';

	if (scan->state == WORD) {
		if (c && strchr("+-.0123456789aeflnrstuE", c))
			return;
		scan->state = NEXT;
	}
	if (is_blank && scan->state != ESCAPE && scan->state != CODE)
		return;
	switch (scan->state) {
	case VALUE:
	case FIRST_VALUE: begin_value(scan, c); return;
	case FIRST_NAME:
		if (c == '}') {
			close_nest(scan, true);
			return;
		}
		/* fallthrough */
	case NAME:
		if (c == '"')
			open_string(scan, true);
		else
			scan->state = BROKEN;
		return;
	case COLON: scan->state = c == ':' ? VALUE : BROKEN; return;
	case NEXT: go_on(scan, c); return;
	case ESCAPE: take_escape(scan, c); return;
	case CODE: take_digit(scan, c); return;
	default: scan->state = BROKEN; return;
	}
}

bool
scan_feed(struct scan *scan, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && scan->state != BROKEN;) {
		if (scan->state != STRING) {
			take_one(scan, bytes[i++]);
			continue;
		}
		i += take_plain(scan, bytes + i, n - i);
		if (i == n)
			break;
		if (bytes[i] == '"')
			close_string(scan);
		else
			scan->state = bytes[i] == '\\' ? ESCAPE : BROKEN;
		i++;
	}
	return scan->state != BROKEN;
}
