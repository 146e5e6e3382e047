#include "plan/glob_nfa.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/*
 * What is decided on the text of a pattern: its brace alternatives.  Braces are expanded
 * as text and not as a union of states, because an alternative that ends in a slash changes
 * what a following ** means.
 */

/* More groups than this can only be `{a}{a}{a}...`, which says nothing. */
#define MAX_EXPANSIONS 1024

/* The next byte of P that is neither escaped nor inside a class; its end when none. */
static const char *
skip_unit(const char *p)
{
	size_t n;

	if (*p == '\\' && p[1])
		return p + 2;
	n = *p == '[' ? class_length(p) : 0;
	return p + (n ? n : 1);
}

static int
unbalanced(struct err *err)
{
	err_set(err, ERR_NO, "the braces of the pattern are not balanced");
	return err_fix(err, "close each { with }, or write \\{ for a brace in a name");
}

/*
 * Finds the first brace group of TEXT.  Returns 1 with OPEN and CLOSE at its braces, 0
 * when there is none, or -1.
 */
static int
group_find(const char *text, const char **open, const char **close, struct err *err)
{
	size_t depth = 0;

	for (const char *p = text; *p; p = skip_unit(p)) {
		if (*p == '{' && depth++ == 0)
			*open = p;
		if (*p != '}')
			continue;
		if (depth == 0)
			return unbalanced(err);
		if (--depth == 0) {
			*close = p;
			return 1;
		}
	}
	return depth ? unbalanced(err) : 0;
}

static char *
splice(const char *text, const char *open, const char *alt, const char *alt_end,
    const char *close)
{
	return xasprintf("%.*s%.*s%s", (int)(open - text), text, (int)(alt_end - alt),
	    alt, close + 1);
}

/* Replaces alternative AT by what its first group makes of it, in place and in order. */
static int
alternatives_split(struct alternatives *alts, size_t at, const char *open,
    const char *close, struct err *err)
{
	AUTO_FREE char *text = alts->text[at];
	const char *begin;
	size_t depth = 0, n_tail = alts->n - at - 1;
	char *tail[64];

	assert(open && close && at < alts->n);
	begin = open + 1;
	memcpy(tail, alts->text + at + 1, n_tail * sizeof(*tail));
	alts->n = at;
	for (const char *p = begin; p <= close; p = skip_unit(p)) {
		depth += *p == '{';
		depth -= *p == '}' && p < close;
		if (p < close && (*p != ',' || depth > 0))
			continue;
		if (alts->n + n_tail >= N_ELEMS(alts->text))
			break;
		alts->text[alts->n++] = splice(text, open, begin, p, close);
		begin = p + 1;
	}
	memcpy(alts->text + alts->n, tail, n_tail * sizeof(*tail));
	alts->n += n_tail;
	if (begin > close)
		return 0;
	err_set(err, ERR_NO, "the braces make more than %zu alternatives",
	    N_ELEMS(alts->text));
	return err_fix(err, "list the paths one by one, or name their directory");
}

int
alternatives_expand(struct alternatives *alts, const char *pattern, struct err *err)
{
	size_t n_expansions = 0;

	*alts = (struct alternatives){ .text = { xstrdup(pattern) }, .n = 1 };
	for (size_t at = 0; at < alts->n;) {
		const char *open = NULL, *close = NULL;
		int found = group_find(alts->text[at], &open, &close, err);

		if (found > 0 && ++n_expansions > MAX_EXPANSIONS)
			found = err_set(err, ERR_NO, "the pattern has too many braces");
		if (found > 0 && alternatives_split(alts, at, open, close, err) < 0)
			found = -1;
		if (found < 0) {
			alternatives_clear(alts);
			return -1;
		}
		at += found == 0;
	}
	return 0;
}

void
alternatives_clear(struct alternatives *alts)
{
	for (size_t i = 0; i < alts->n; i++)
		free(alts->text[i]);
	alts->n = 0;
}
