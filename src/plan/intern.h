#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Texts, each of a repository, numbered from 0 in the order they are first seen.  Both
 * strings are borrowed.
 */
struct intern {
	struct intern_text {
		const char *text, *repo;
		uint64_t hash;
	} * item;
	size_t n, cap;
	uint32_t *slot; /* number + 1 by hash, 0 = free */
	size_t n_slots; /* a power of two */
};

/* The number of TEXT of REPO; a new one is the N it had before. */
uint32_t intern_number(struct intern *intern, const char *text, const char *repo);
void intern_clear(struct intern *intern);
