/*
 * What strangers write, on its way to a terminal: nothing that steers it comes through.
 * Exercises src/base/text.c.
 */
#include "base/text.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_FREE char *shown = text_show(text, true);
	AUTO_FREE char *slug = text_slug(text, 50);
	AUTO_FREE char *quoted = text_shell_quote(text);

	for (const char *p = shown; *p; p++) {
		if (iscntrl((unsigned char)*p))
			__builtin_trap();
	}
	if (text_has_controls(shown) || strlen(slug) > 50 ||
	    strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(slug))
		__builtin_trap();
	text_width(text);
	text_utf8_bad((const char *)data, size);
	return 0;
}
