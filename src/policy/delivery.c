#include "policy/delivery.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
is_part(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* WORDS as whole words in the N bytes at LINE, in any case. */
static bool
has_words(const char *line, size_t n, const char *words)
{
	size_t len = strlen(words);

	for (size_t i = 0; i + len <= n; i++) {
		if (strncasecmp(line + i, words, len) == 0 &&
		    (i == 0 || !is_part(line[i - 1])) &&
		    (i + len == n || !is_part(line[i + len])))
			return true;
	}
	return false;
}

static bool
has_any(const char *line, size_t n, const char *const *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++) {
		if (has_words(line, n, words[i]))
			return true;
	}
	return false;
}

/* the number of an issue is no answer of a server. */
static bool
has_429(const char *line, size_t n)
{
	static const char *const beside[] = { "http", "status", "error", "code",
		"too many requests" };

	for (size_t i = 0; i + 3 <= n; i++) {
		if (strncmp(line + i, "429", 3) == 0 &&
		    (i == 0 ||
			(!is_part(line[i - 1]) && !strchr("-#/_", line[i - 1]))) &&
		    (i + 3 == n || !is_part(line[i + 3])))
			return has_any(line, n, beside, N_ELEMS(beside));
	}
	return false;
}

static int
count_words(const char *line, size_t n)
{
	int n_words = 0;

	for (size_t i = 0; i < n;) {
		size_t letters = 0;

		while (i < n && !is_part(line[i]))
			i++;
		for (; i < n && is_part(line[i]); i++)
			letters += !isdigit((unsigned char)line[i]);
		n_words += letters >= 3;
	}
	return n_words;
}

static void
read_line(const char *line, size_t n, struct delivery *d)
{
	static const char *const wrong[] = { "error", "errors", "failed", "exception",
		"traceback", "panic", "fatal" };
	static const char *const markers[] = { "RESOURCE_EXHAUSTED", "rate limit",
		"rate limited", "rate-limited", "rate limits", "quota", "overloaded" };
	int n_words = count_words(line, n);
	bool is_marked = has_429(line, n) ||
			 has_any(line, n, markers, N_ELEMS(markers));

	d->n_words += n_words;
	d->n_lines += n_words > 0;
	d->n_markers += is_marked;
	d->n_wrong += n_words > 0 &&
		      (is_marked || has_any(line, n, wrong, N_ELEMS(wrong)));
}

void
delivery_judge(const char *text, struct delivery *d)
{
	*d = (struct delivery){ .is_result = false };
	while (*text) {
		size_t n = strcspn(text, "\n");

		read_line(text, n, d);
		text += n + (text[n] != '\0');
	}
	if (d->n_words < DELIVERY_MARKED_WORDS && d->n_markers > 0)
		text_print(d->why, sizeof(d->why),
		    "%d line(s) speak of limits or quotas, and it has %d words",
		    d->n_markers, d->n_words);
	else if (d->n_words < DELIVERY_WORDS)
		text_print(d->why, sizeof(d->why), "%d substantive words of %d",
		    d->n_words, DELIVERY_WORDS);
	else if (d->n_wrong * 100 >= d->n_lines * DELIVERY_ERROR_PCT)
		text_print(d->why, sizeof(d->why), "%d of %d lines tell of errors",
		    d->n_wrong, d->n_lines);
	d->is_result = d->why[0] == '\0';
}
