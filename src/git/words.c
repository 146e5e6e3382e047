#include "git/words.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, GREP_TIMEOUT_MS = 20000 };
#define GREP_MAX_BYTES ((size_t)4 << 20)

void
words_clear(struct word_hits *hits)
{
	for (size_t i = 0; i < hits->n; i++)
		free(hits->item[i].path);
	free(hits->item);
	*hits = (struct word_hits){ 0 };
}

static bool
is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* WORD as a whole word in LINE, or NULL. */
static const char *
find_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = line; n > 0 && (p = strstr(p, word)); p += n) {
		if ((p == line || !is_word_byte(p[-1])) && !is_word_byte(p[n]))
			return p;
	}
	return NULL;
}

/* "static int parse(", "def parse", "class Plan", "#define PLAN_MAX", "parse() {". */
static bool
is_definition(const char *line, const char *at, const char *word)
{
	static const char *const keywords[] = { "def", "func", "fn", "function",
		"class", "struct", "union", "type", "interface", "enum", "trait",
		"module", "define", "impl", "const", "let", "var", "macro_rules",
		"protocol", "record", "sub" };
	const char *end = at, *begin;
	const char *behind = at + strlen(word);

	if (strchr(behind, ';') && !strchr(behind, '{') && !strchr(behind, '='))
		return false;
	if (at == line)
		return *behind == '(';
	while (end > line && !is_word_byte(end[-1]))
		end--;
	for (begin = end; begin > line && is_word_byte(begin[-1]);)
		begin--;
	for (size_t i = 0; i < N_ELEMS(keywords); i++) {
		if (strlen(keywords[i]) == (size_t)(end - begin) &&
		    strncmp(begin, keywords[i], (size_t)(end - begin)) == 0)
			return true;
	}
	/* A type in front at the beginning of the line, and no call. */
	return *behind == '(' && isalpha((unsigned char)line[0]) &&
	       strncmp(line, "return", 6) != 0 && !strpbrk(line, "=.") && end == at - 1;
}

static void
add_hit(struct word_hits *hits, size_t word, const char *path, bool defines)
{
	for (size_t i = hits->n; i-- > 0;) {
		struct word_hit *hit = &hits->item[i];

		/* Lines of one file stand together. */
		if (strcmp(hit->path, path) != 0)
			break;
		if (hit->word != word)
			continue;
		hit->n_lines++;
		hit->is_definition |= defines;
		return;
	}
	GROW(hits->item, hits->n, hits->cap);
	hits->item[hits->n++] = (struct word_hit){ word, xstrdup(path), 1, defines };
}

static int
compare_hits(const void *pa, const void *pb)
{
	const struct word_hit *a = pa, *b = pb;

	if (a->word != b->word)
		return a->word < b->word ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Records of `git grep -z -n`: path NUL number NUL line NEWLINE. */
static void
read_hits(
    struct git_out *out, const char *const *words, size_t n, struct word_hits *hits)
{
	char *p = out->text, *end = out->text + out->n;

	while (p < end) {
		char *path = p, *number = memchr(p, '\0', (size_t)(end - p)), *line,
		     *newline;

		if (!number || number + 1 >= end)
			return;
		line = memchr(number + 1, '\0', (size_t)(end - number - 1));
		if (!line)
			return;
		line++;
		newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			return;
		*newline = '\0';
		for (size_t w = 0; w < n; w++) {
			const char *at = find_word(line, words[w]);

			if (at)
				add_hit(
				    hits, w, path, is_definition(line, at, words[w]));
		}
		p = newline + 1;
	}
}

int
words_find(const struct repo *repo, const char *const *words, size_t n,
    struct word_hits *hits, struct err *err)
{
	static const char *const fixed[] = { "grep", "-z", "-n", "-w", "-F", "-I",
		"--no-color", "--full-name" };
	const char *argv[N_ELEMS(fixed) + 2 * WORDS_MAX + 1];
	struct git_call call = { .dir = repo->top,
		.argv = argv,
		.truncate = true,
		.max_bytes = GREP_MAX_BYTES,
		.timeout_ms = GREP_TIMEOUT_MS };
	struct git_out out = { 0 };
	size_t n_argv = N_ELEMS(fixed);
	int rc;

	*hits = (struct word_hits){ 0 };
	if (n == 0)
		return 0;
	n = n < WORDS_MAX ? n : WORDS_MAX;
	memcpy(argv, fixed, sizeof(fixed));
	for (size_t i = 0; i < n; i++) {
		argv[n_argv++] = "-e";
		argv[n_argv++] = words[i];
	}
	argv[n_argv] = NULL;
	rc = git_try(&call, &out, err);
	/* 1 is git's word for nothing found. */
	if (rc == 0)
		read_hits(&out, words, n, hits);
	git_out_clear(&out);
	if (hits->n > 1)
		qsort(hits->item, hits->n, sizeof(*hits->item), compare_hits);
	return rc == 0 || rc == 1 ? 0 : -1;
}
