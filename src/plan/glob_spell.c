#include "plan/glob_nfa.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>
#include <utf8proc.h>

/*
 * A byte that is no UTF-8 stands for itself as the character U+10FF00 + byte, so that `?`
 * takes it as one.  That is F4 8F BE 80 up to F4 8F BF BF, of private use; a name that has
 * such a character itself is four odd bytes.
 */
#define RAW_LEAD     "\xF4\x8F"
#define RAW_CHAR_LEN 4

/* Does one of these characters begin at P? */
static bool
is_raw_char(const char *p)
{
	return strncmp(p, RAW_LEAD, 2) == 0 && ((unsigned char)p[2] & 0xFE) == 0xBE;
}

long
glob_odd_byte(const char *text, size_t n)
{
	long raw = -1, bad;

	for (size_t i = 0; raw < 0 && i + RAW_CHAR_LEN <= n; i++)
		raw = is_raw_char(text + i) ? (long)i : -1;
	bad = text_utf8_bad(text, raw < 0 ? n : (size_t)raw);
	return bad < 0 ? raw : bad;
}

static bool
is_ascii(const char *s)
{
	size_t n = strlen(s), i = 0;
	uint64_t any = 0, word;

	for (; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, s + i, sizeof(word));
		any |= word;
	}
	for (; i < n; i++)
		any |= (unsigned char)s[i];
	return !(any & 0x8080808080808080u);
}

/* PATH with every byte that is no UTF-8 as a character. */
static char *
wrap_raw_bytes(const char *path)
{
	size_t n = strlen(path);
	char *text = xmalloc(RAW_CHAR_LEN * n + 1), *at = text;

	for (long bad; n > 0;) {
		unsigned char c;

		bad = glob_odd_byte(path, n);
		if (bad < 0)
			bad = (long)n;
		memcpy(at, path, (size_t)bad);
		at += bad;
		path += bad;
		n -= (size_t)bad;
		if (n == 0)
			break;
		c = (unsigned char)*path++;
		n--;
		memcpy(at, RAW_LEAD, 2);
		at[2] = (char)(0xBE + ((c >> 6) & 1));
		at[3] = (char)(0x80 | (c & 0x3F));
		at += RAW_CHAR_LEN;
	}
	*at = '\0';
	return text;
}

void
glob_unspell_path(char *path)
{
	char *to = path;

	while (*path) {
		if (is_raw_char(path)) {
			*to++ = (char)(0x80 | (path[2] & 1) << 6 | (path[3] & 0x3F));
			path += RAW_CHAR_LEN;
		} else {
			*to++ = *path++;
		}
	}
	*to = '\0';
}

/* Lower case of what is beyond ASCII; letters in ASCII have both cases in the states. */
static utf8proc_int32_t
lower_wide(utf8proc_int32_t c, void *unused)
{
	(void)unused;
	return c < 0x80 ? c : utf8proc_tolower(c);
}

/* TEXT in composed characters; LOWER may be NULL.  NULL when it is no UTF-8. */
static char *
compose(const char *text, utf8proc_custom_func lower)
{
	utf8proc_uint8_t *out = NULL;
	int flags = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE;

	if (utf8proc_map_custom((const utf8proc_uint8_t *)text, 0, &out,
		(utf8proc_option_t)flags, lower, NULL) >= 0)
		return (char *)out;
	free(out);
	return NULL;
}

char *
glob_spell_path(const char *path, bool fold_case)
{
	AUTO_FREE char *wrapped = NULL;
	AUTO_FREE char *composed = NULL;

	if (is_ascii(path))
		return NULL;
	if (glob_odd_byte(path, strlen(path)) >= 0)
		wrapped = wrap_raw_bytes(path);
	if (wrapped)
		path = wrapped;
	composed = compose(path, NULL);
	if (!composed)
		return xstrdup(path);
	/* Only of what is composed is it known whether it has a lower case. */
	return fold_case ? compose(composed, lower_wide) : TAKE_PTR(composed);
}
