#pragma once

#include "base/mem.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/*
 * The oracle of the pattern tests: it backtracks over the text of a pattern and shares no
 * code and no idea with the automata.  It knows characters, not bytes: w stands for U+00E4.
 * The only braces it reads are {a,b/}.
 */
static bool folds;

static inline bool
is_path(const char *s)
{
	const char *p = s;

	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && !strncmp(p, "..", 2)))
			return false;
		if (!p[n])
			return true;
		p += n + 1;
	}
}

static inline bool
same_char(char a, char b)
{
	if (folds && a != 'w' && b != 'w')
		return tolower((unsigned char)a) == tolower((unsigned char)b);
	return a == b;
}

/* What is written in brackets, and which characters of paths it takes. */
static const struct bracket {
	const char *text, *members;
	bool is_negated;
} brackets[] = {
	{ "[ab]", "ab", false },
	{ "[!a]", "a", true },
	{ "[^bw]", "bw", true },
	{ "[w.]", "w.", false },
	{ "[!w]", "w", true },
	{ "[.-A]", ".A0123456789:;<=>?@", false },
	{ "[[:upper:]b]", "AbBCDEFGHIJKLMNOPQRSTUVWXYZ", false },
	{ "[\\a-b]", "ab", false },
};

static inline const struct bracket *
bracket_at(const char *p)
{
	for (size_t i = 0; i < N_ELEMS(brackets); i++) {
		if (strncmp(p, brackets[i].text, strlen(brackets[i].text)) == 0)
			return &brackets[i];
	}
	return NULL;
}

static inline bool
bracket_takes(const struct bracket *bracket, char c)
{
	bool has = false;

	for (const char *m = bracket->members; *m && !has; m++)
		has = same_char(*m, c);
	return has != bracket->is_negated;
}

/* One name against one name pattern. */
static inline bool
name_matches(const char *p, const char *p_end, const char *s, const char *s_end)
{
	const struct bracket *bracket;

	if (p == p_end)
		return s == s_end;
	if (*p == '*')
		return name_matches(p + 1, p_end, s, s_end) ||
		       (s < s_end && name_matches(p, p_end, s + 1, s_end));
	if (s == s_end)
		return false;
	if (*p == '?')
		return name_matches(p + 1, p_end, s + 1, s_end);
	bracket = *p == '[' ? bracket_at(p) : NULL;
	if (bracket)
		return bracket_takes(bracket, *s) &&
		       name_matches(p + strlen(bracket->text), p_end, s + 1, s_end);
	return same_char(*p, *s) && name_matches(p + 1, p_end, s + 1, s_end);
}

struct oracle {
	const char *name[24];
	size_t n_names;
	bool has_slash_end, covers, is_literal;
};

static inline bool
names_match(const struct oracle *o, size_t i, const char *path)
{
	const char *end = path + strcspn(path, "/");
	const char *p;

	if (i == o->n_names)
		return false;
	p = o->name[i];
	if (strspn(p, "*") == strlen(p) && strlen(p) >= 2) {
		if (i + 1 == o->n_names)
			return o->has_slash_end ? *end == '/' : true;
		return names_match(o, i + 1, path) ||
		       (*end && names_match(o, i, end + 1));
	}
	if (!name_matches(p, p + strlen(p), path, end))
		return false;
	if (i + 1 < o->n_names)
		return *end && names_match(o, i + 1, end + 1);
	if (o->is_literal)
		return !*end || o->covers;
	return o->has_slash_end ? *end == '/' : !*end;
}

static inline bool
alternative_matches(const char *pattern, const char *path)
{
	struct oracle o = { .has_slash_end = pattern[strlen(pattern) - 1] == '/' };
	AUTO_FREE char *copy = xstrdup(pattern);
	const char *last;
	char *rest = copy, *name;

	o.is_literal = strpbrk(pattern, "*?[") == NULL;
	while ((name = strsep(&rest, "/"))) {
		if (*name && strcmp(name, ".") != 0)
			o.name[o.n_names++] = name;
	}
	if (o.n_names == 0)
		return true;
	last = o.name[o.n_names - 1];
	o.covers = o.has_slash_end || !strchr(last + 1, '.');
	return names_match(&o, 0, path);
}

/* The only braces the generator makes are {a,b/}. */
static inline bool
matches(const char *pattern, const char *path)
{
	const char *brace = strchr(pattern, '{');

	if (!brace)
		return alternative_matches(pattern, path);
	for (int i = 0; i < 2; i++) {
		AUTO_FREE char *alt = xasprintf("%.*s%s%s", (int)(brace - pattern),
		    pattern, i ? "b/" : "a", brace + strlen("{a,b/}"));

		if (matches(alt, path))
			return true;
	}
	return false;
}

static inline uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}
