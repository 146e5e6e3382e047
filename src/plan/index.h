#pragma once

#include <stddef.h>

/* Sorted look-up by text, for the ids of a plan. */
struct entry {
	const char *text; /* borrowed */
	size_t at;
};

/* Sorts by text, then by position. */
void entries_sort(struct entry *entries, size_t n);

/* The first of the sorted ENTRIES with TEXT, or NULL. */
const struct entry *entries_find(
    const struct entry *entries, size_t n, const char *text);
