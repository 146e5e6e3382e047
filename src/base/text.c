#include "base/text.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <wchar.h>

struct span
span_of(const char *s)
{
	return (struct span){ s, s ? strlen(s) : 0 };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
span_eq(struct span s, const char *text)
{
	return strlen(text) == s.n && (s.n == 0 || memcmp(s.p, text, s.n) == 0);
}

bool
span_eq_nocase(struct span s, const char *text)
{
	return strlen(text) == s.n && (s.n == 0 || strncasecmp(s.p, text, s.n) == 0);
}

bool
span_starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool
span_next(struct span *rest, char sep, struct span *field)
{
	const char *at;

	if (!rest->p)
		return false;
	at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
	if (!at) {
		*field = *rest;
		*rest = (struct span){ NULL, 0 };
		return true;
	}
	*field = (struct span){ rest->p, (size_t)(at - rest->p) };
	rest->n -= field->n + 1;
	rest->p = at + 1;
	return true;
}

/*
 * Decodes one UTF-8 sequence at P with N bytes left.  Returns its length and the code
 * point in *CP, or 0 when it is malformed (overlong, surrogate, above 10FFFF, cut off).
 */
static size_t
utf8_next(const unsigned char *p, size_t n, uint32_t *cp)
{
	size_t len;
	uint32_t c = p[0];

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xC2 && c <= 0xDF)
		len = 2, c &= 0x1F;
	else if (c >= 0xE0 && c <= 0xEF)
		len = 3, c &= 0x0F;
	else if (c >= 0xF0 && c <= 0xF4)
		len = 4, c &= 0x07;
	else
		return 0;
	if (n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || c > 0x10FFFF ||
	    (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*cp = c;
	return len;
}

bool
text_take_number(const char **at, int max, int *number)
{
	const char *s = *at + strspn(*at, " ");
	int value = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (value > (max - (*s - '0')) / 10)
			return false;
		value = value * 10 + (*s - '0');
	}
	*at = s;
	*number = value;
	return true;
}

/* Has one of the eight bytes of WORD the value zero, or one below the LEAST of each? */
#define EACH(byte)         (UINT64_C(0x0101010101010101) * (byte))
#define BELOW(word, least) (((word)-EACH(least)) & ~(word)&EACH(0x80))
#define HAS(word, byte)    BELOW((word) ^ EACH(byte), 1)

/* From AT on, behind the bytes that mean nothing in a string: eight at a time. */
static size_t
skip_plain(const char *text, size_t at, size_t n)
{
	uint64_t word;

	while (at < n && n - at >= sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (BELOW(word, ' ') | HAS(word, '"') | HAS(word, '\\'))
			break;
		at += sizeof(word);
	}
	return at;
}

bool
text_json_is_modest(const char *text, size_t n, size_t max_values)
{
	size_t n_values = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '\'')
			return false;
		n_values += c == ',' || c == '[' || c == '{';
		if (c != '"')
			continue;
		i = skip_plain(text, i + 1, n);
		for (; i < n && text[i] != '"'; i = skip_plain(text, i + 1, n)) {
			if ((unsigned char)text[i] < ' ')
				return false;
			i += text[i] == '\\';
		}
	}
	return n_values <= max_values;
}

long
text_utf8_bad(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t len;
		uint64_t eight;

		/* Most of what is read is ASCII: eight bytes of that at a time. */
		while (n - i >= sizeof(eight)) {
			memcpy(&eight, u + i, sizeof(eight));
			if (eight & UINT64_C(0x8080808080808080))
				break;
			i += sizeof(eight);
		}
		if (i == n)
			break;
		len = utf8_next(u + i, n - i, &cp);
		if (len == 0)
			return (long)i;
		i += len;
	}
	return -1;
}

static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp <= 0x9F) || cp == 0x61C || cp == 0x200E ||
	       cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF || cp == 0x2028 ||
	       cp == 0x2029;
}

static void
put_shown(FILE *out, const char *s, bool one_line)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = strlen(s);
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_next(u + i, n - i, &cp);

		if (len == 0) {
			fprintf(out, "\\x%02X", u[i]);
			i++;
			continue;
		}
		if (cp == '\n' || cp == '\t')
			fputc(one_line ? ' ' : (int)cp, out);
		else if (is_control(cp) && cp < 0x80)
			fprintf(out, "\\x%02X", (unsigned)cp);
		else if (is_control(cp))
			fprintf(out, "\\u{%04X}", (unsigned)cp);
		else
			fwrite(u + i, 1, len, out);
		i += len;
	}
}

void
text_put(FILE *out, const char *s)
{
	put_shown(out, s, false);
}

char *
text_show(const char *s, bool one_line)
{
	char *buf = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&buf, &n);

	put_shown(f, s, one_line);
	fclose(f);
	return buf;
}

bool
text_has_controls(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = strlen(s);
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_next(u + i, n - i, &cp);

		if (len == 0)
			return true;
		if (cp != '\n' && cp != '\t' && is_control(cp))
			return true;
		i += len;
	}
	return false;
}

static bool
is_wide(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0x2E80 && cp <= 0xA4CF) ||
	       (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xF900 && cp <= 0xFAFF) ||
	       (cp >= 0xFE30 && cp <= 0xFE6F) || (cp >= 0xFF00 && cp <= 0xFF60) ||
	       (cp >= 0x1F300 && cp <= 0x1FAFF) || (cp >= 0x20000 && cp <= 0x3FFFD);
}

/* Combining marks, joiners and variation selectors. */
static bool
is_zero_wide(uint32_t cp)
{
	return (cp >= 0x300 && cp <= 0x36F) || (cp >= 0x200B && cp <= 0x200D) ||
	       (cp >= 0x20D0 && cp <= 0x20FF) || (cp >= 0xFE00 && cp <= 0xFE0F);
}

size_t
text_width(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = strlen(s), width = 0;
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_next(u + i, n - i, &cp);

		if (len == 0) {
			width += 4;
			i++;
			continue;
		}
		i += len;
		if (cp == '\n' || cp == '\t')
			width += 1;
		else if (is_control(cp))
			width += cp < 0x80 ? 4 : 8; /* \xNN, \u{NNNN} */
		else if (!is_zero_wide(cp))
			width += is_wide(cp) ? 2 : 1;
	}
	return width;
}

/* The letter below an accent for Latin-1 and Latin Extended-A, NULL for the rest. */
static const char *
base_letter(uint32_t cp)
{
	static const char latin1[] = "aaaaaaaceeeeiiiidnooooo.ouuuuyts"
				     "aaaaaaaceeeeiiiidnooooo.ouuuuyty";
	static const char ext_a[] =
	    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiii"
	    "jjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuu"
	    "uuuuuuuuuuwwyyyzzzzzzs";
	static char one[2];

	if (cp == 0xDF)
		return "ss";
	if (cp == 0xC6 || cp == 0xE6)
		return "ae";
	if (cp == 0x152 || cp == 0x153)
		return "oe";
	if (cp >= 0xC0 && cp <= 0xFF)
		one[0] = latin1[cp - 0xC0];
	else if (cp >= 0x100 && cp <= 0x17F && cp - 0x100 < sizeof(ext_a) - 1)
		one[0] = ext_a[cp - 0x100];
	else
		return NULL;
	return one[0] == '.' ? NULL : one;
}

/*
 * What CP becomes in a slug: letters and digits in ONE (3 bytes), "" for what is dropped
 * (an apostrophe, a letter of another script), NULL for what separates.
 */
static const char *
slug_part(uint32_t cp, char one[3])
{
	const char *letter;

	one[0] = one[1] = '\0';
	if (cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9')) {
		one[0] = (char)cp;
		return one;
	}
	if (cp < 0x80)
		return cp == '\'' ? one : NULL;
	letter = base_letter(cp);
	if (letter)
		return letter;
	return (cp >= 0x2000 && cp <= 0x206F) || cp == 0xA0 ? NULL : one;
}

char *
text_slug(const char *s, size_t max)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = strlen(s), len = 0;
	char *slug = xmalloc(2 * n + 3);
	bool gap = false;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t step = utf8_next(u + i, n - i, &cp);
		char one[3];
		const char *part = step ? slug_part(cp, one) : NULL;

		i += step ? step : 1;
		if (!part) {
			gap = true;
			continue;
		}
		if (*part && gap && len > 0)
			slug[len++] = '-';
		gap = gap && !*part;
		while (*part)
			slug[len++] = *part++;
	}
	if (len > max)
		len = max;
	while (len > 0 && slug[len - 1] == '-')
		len--;
	slug[len] = '\0';
	return slug;
}

char *
text_shell_quote(const char *s)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_@%+=:,./-";
	char *buf = NULL;
	size_t n = 0;
	FILE *f;

	if (*s && s[strspn(s, plain)] == '\0')
		return xstrdup(s);
	f = open_memstream(&buf, &n);
	fputc('\'', f);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", f);
		else
			fputc(*s, f);
	}
	fputc('\'', f);
	fclose(f);
	return buf;
}

char *
text_dollars(long cents)
{
	if (cents < 0)
		return xstrdup("-");
	if (cents % 100 == 0)
		return xasprintf("$%ld", cents / 100);
	return xasprintf("$%ld.%02ld", cents / 100, cents % 100);
}

char *
text_age(int64_t ms)
{
	int64_t s = ms < 0 ? 0 : ms / 1000;

	if (s < 60)
		return xasprintf("%d s", (int)s);
	if (s < 3600)
		return xasprintf("%d min", (int)(s / 60));
	if (s < 86400)
		return xasprintf(
		    "%d h %02d min", (int)(s / 3600), (int)(s % 3600 / 60));
	return xasprintf("%d d %d h", (int)(s / 86400), (int)(s % 86400 / 3600));
}

const char *
text_time(int64_t unix_ms, char *buf, size_t size)
{
	time_t t = (time_t)(unix_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, size, "-");
	return buf;
}

bool
text_lists_all(const char *list, const char *lines)
{
	struct span rest = span_of(lines), line;

	while (span_next(&rest, '\n', &line)) {
		struct span in = span_of(list), one;
		bool found = line.n == 0;

		while (!found && span_next(&in, '\n', &one))
			found = one.n == line.n && memcmp(one.p, line.p, one.n) == 0;
		if (!found)
			return false;
	}
	return true;
}

void
text_put_json(FILE *out, const char *text)
{
	bool is_utf8 = text_utf8_bad(text, strlen(text)) < 0;

	fputc('"', out);
	for (const char *s = text; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7F)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c >= 0x80 && !is_utf8 ? '?' : c, out);
	}
	fputc('"', out);
}

char *
text_cut(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n > max) {
		n = max;
		while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
	}
	return xstrndup(s, n);
}

void
text_print(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
}

char *
text_join(const char *const *word, size_t n, const char *between)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? between : "", word[i]);
	fclose(out);
	return text;
}
