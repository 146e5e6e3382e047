#include "plan/index.h"

#include <stdlib.h>
#include <string.h>

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (order != 0)
		return order;
	return (x->at > y->at) - (x->at < y->at);
}

void
entries_sort(struct entry *entries, size_t n)
{
	if (n > 0)
		qsort(entries, n, sizeof(*entries), compare_entries);
}

const struct entry *
entries_find(const struct entry *entries, size_t n, const char *text)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(entries[mid].text, text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && strcmp(entries[lo].text, text) == 0 ? &entries[lo] : NULL;
}
