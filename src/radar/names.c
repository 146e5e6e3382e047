#include "radar/internal.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Words that stand before a parenthesis and name nothing. */
static bool
is_keyword(struct span s)
{
	static const char *const words[] = { "if", "for", "while", "switch", "return",
		"sizeof", "catch", "defined", "else", "do", "case", "elif", "not",
		"and", "or", "in", "typeof", "await", "yield", "throw", "new",
		"delete" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strlen(words[i]) == s.n && memcmp(words[i], s.p, s.n) == 0)
			return true;
	}
	return false;
}

bool
radar_next_name(struct span line, const char **p, struct span *name)
{
	const char *end = line.p + line.n;

	while (*p < end) {
		*name = (struct span){ *p, 0 };
		if (!is_word_char(**p) || isdigit((unsigned char)**p)) {
			(*p)++;
			continue;
		}
		while (*p < end && is_word_char(**p))
			(*p)++;
		name->n = (size_t)(*p - name->p);
		if (name->n >= 3 && !is_keyword(*name))
			return true;
	}
	return false;
}
