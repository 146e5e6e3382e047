#include "verify/verify.h"

#include <string.h>

/* How the fields of a certificate are spelled: one way only for each value. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * Undoes the %XX of the N bytes at P in place; each byte has one spelling only, so that
 * two certificates that differ say different things.  Returns the length, or -1.
 */
long
verify_undo_percent(char *p, size_t n)
{
	bool is_hyphen = n == 3 && memcmp(p, "%2D", 3) == 0;
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		int high, low;

		if (c < ' ' || c == 0x7f)
			return -1;
		if (c == '%') {
			if (i + 2 >= n || (high = hex_digit(p[i + 1])) < 0 ||
			    (low = hex_digit(p[i + 2])) < 0)
				return -1;
			c = (unsigned char)(high * 16 + low);
			i += 2;
			if (c >= ' ' && c != '%' && c != 0x7f && !is_hyphen)
				return -1;
		}
		p[to++] = (char)c;
	}
	return (long)to;
}

bool
verify_number(const char *s, size_t max, size_t *number)
{
	size_t n = 0;

	if (!s || !*s || (*s == '0' && s[1]))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || n > max / 10)
			return false;
		n = n * 10 + (size_t)(*s - '0');
	}
	if (n > max)
		return false;
	*number = n;
	return true;
}
