#include "policy/conform.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD_LEAST = 3, WORD_MOST = 40, STEM = 6 };

/* Words that stand in every criterion and say nothing of any. */
static const char *const idle[] = { "the", "and", "are", "for", "with", "that", "this",
	"from", "into", "when", "then", "each", "every", "all", "any", "not", "but",
	"has", "have", "been", "can", "cannot", "must", "should", "shall", "will",
	"its", "one", "there", "which", "what", "who", "how", "still", "only", "than",
	"done", "works", "work", "given", "new", "also", "does" };

static bool
is_idle(const char *word)
{
	for (size_t i = 0; i < N_ELEMS(idle); i++) {
		if (strcmp(idle[i], word) == 0)
			return true;
	}
	return false;
}

/*
 * The next word of *AT in small letters: a run of letters and digits, of which "parseLine"
 * has two.  False at the end.
 */
static bool
next_word(const char **at, char word[WORD_MOST])
{
	size_t n = 0;

	while (**at && !isalnum((unsigned char)**at))
		(*at)++;
	for (; isalnum((unsigned char)**at); (*at)++) {
		if (n > 0 && isupper((unsigned char)**at) &&
		    islower((unsigned char)(*at)[-1]))
			break;
		if (n + 1 < WORD_MOST)
			word[n++] = (char)tolower((unsigned char)**at);
	}
	word[n] = '\0';
	return n > 0;
}

/* "tests" and "tested" are "test": as far as both go, and no shorter than a stem. */
static bool
is_same(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), n = na < nb ? na : nb;

	if (na == nb)
		return strcmp(a, b) == 0;
	if (n >= STEM)
		return strncmp(a, b, STEM) == 0;
	return n >= 4 && (na > nb ? na - nb : nb - na) <= 3 && strncmp(a, b, n) == 0;
}

static bool
has_word(const char *text, const char *word)
{
	char one[WORD_MOST];

	while (next_word(&text, one)) {
		if (is_same(one, word))
			return true;
	}
	return false;
}

int
conform_overlap(const char *criterion, const char *added)
{
	char word[CONFORM_MOST_WORDS][WORD_MOST];
	size_t n = 0, found = 0;

	while (n < CONFORM_MOST_WORDS && next_word(&criterion, word[n])) {
		bool is_known = strlen(word[n]) < WORD_LEAST || is_idle(word[n]);

		for (size_t i = 0; i < n && !is_known; i++)
			is_known = strcmp(word[i], word[n]) == 0;
		n += !is_known;
	}
	for (size_t i = 0; i < n; i++)
		found += has_word(added, word[i]);
	return n ? (int)(found * 100 / n) : 0;
}

/* The path behind "+++ b/" or "--- a/" of a line of LEN; NULL for neither and /dev/null. */
static char *
path_of(const char *line, size_t len)
{
	if (len <= 6 ||
	    (strncmp(line, "+++ b/", 6) != 0 && strncmp(line, "--- a/", 6) != 0))
		return NULL;
	return xstrndup(line + 6, len - 6);
}

static struct conform_write *
add_file(struct conform *conform, char *path)
{
	struct conform_write *w;

	if (conform->n == CONFORM_MOST_FILES) {
		conform->is_truncated = true;
		free(path);
		return NULL;
	}
	GROW(conform->write, conform->n, conform->cap);
	w = &conform->write[conform->n++];
	*w = (struct conform_write){ .path = path };
	return w;
}

/* The file that begins at the header DIFF; returns where the next begins. */
static const char *
read_file(struct conform *conform, const char *diff)
{
	struct conform_write *w;
	char *path = NULL;
	bool in_hunk = false;
	size_t size = 0;
	char *added = NULL;
	FILE *out = open_memstream(&added, &size);

	for (bool is_first = true; *diff; is_first = false) {
		size_t len = strcspn(diff, "\n");

		if (!is_first && strncmp(diff, "diff --git ", 11) == 0)
			break;
		if (strncmp(diff, "@@", 2) == 0)
			in_hunk = true;
		if (!in_hunk && len > 0) {
			char *got = path_of(diff, len);

			if (got) {
				free(path);
				path = got;
			}
		} else if (diff[0] == '+') {
			fprintf(out, "%.*s\n", (int)len - 1, diff + 1);
		}
		diff += len + (diff[len] != '\0');
	}
	if (path)
		fprintf(out, "%s\n", path);
	fclose(out);
	w = path ? add_file(conform, path) : NULL;
	if (w) {
		w->added = added;
		w->is_suppressed = strstr(added, CONFORM_SUPPRESS) != NULL;
	} else {
		free(added);
	}
	return diff;
}

void
conform_read(struct conform *conform, const char *diff)
{
	while (*diff) {
		if (strncmp(diff, "diff --git ", 11) == 0) {
			diff = read_file(conform, diff);
			continue;
		}
		diff += strcspn(diff, "\n");
		diff += *diff != '\0';
	}
}

void
conform_clear(struct conform *conform)
{
	for (size_t i = 0; i < conform->n; i++) {
		free(conform->write[i].path);
		free(conform->write[i].added);
	}
	free(conform->write);
	*conform = (struct conform){ 0 };
}

bool
conform_drifts(const struct conform_write *write)
{
	return !write->is_suppressed && write->pct < CONFORM_PCT;
}

void
conform_judge(
    struct conform *conform, const char *const *criterion, size_t n, int *covered)
{
	conform->n_drift = 0;
	for (size_t k = 0; covered && k < n; k++)
		covered[k] = 0;
	for (size_t i = 0; i < conform->n; i++) {
		struct conform_write *w = &conform->write[i];

		w->pct = 0;
		for (size_t k = 0; k < n; k++) {
			int pct = conform_overlap(criterion[k], w->added);

			if (pct > w->pct) {
				w->pct = pct;
				w->criterion = k;
			}
			if (covered && pct > covered[k])
				covered[k] = pct;
		}
		conform->n_drift += conform_drifts(w);
	}
}
