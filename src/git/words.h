#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stddef.h>

/* Where names of a text stand in the tracked files of the main checkout. */
struct word_hit {
	size_t word; /* position in the words asked for */
	char *path;
	size_t n_lines;     /* that hold it */
	bool is_definition; /* one of them seems to define it */
};

struct word_hits {
	struct word_hit *item; /* by word, then by path */
	size_t n, cap;
};

/*
 * Looks for each of the N WORDS (letters, digits, underscores) as a whole word.  What is
 * found after 4 MiB of lines is left out.  -1 with ERR_SYSTEM, and nothing in HITS.
 */
NODISCARD int words_find(const struct repo *repo, const char *const *words, size_t n,
    struct word_hits *hits, struct err *err);
void words_clear(struct word_hits *hits);
