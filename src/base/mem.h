#pragma once

#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Allocation that ends the program when the heap is empty: the state is in the journal
 * and the agents are held outside, so dying is safe (HOUSE 5.5).
 */
void *xmalloc(size_t n_bytes);
void *xcalloc(size_t n, size_t n_bytes);
void *xreallocarray(void *p, size_t n, size_t n_bytes);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap);

/*
 * Makes room for one more element in a growing array: ARR, N and CAP are lvalues.
 * Amortised doubling; the new room is not cleared.
 */
#define GROW(arr, n, cap)                     \
	((void)((n) < (cap) ||                \
		((cap) = (cap) ? (cap)*2 : 8, \
		    (arr) = xreallocarray((arr), (cap), sizeof(*(arr))), true)))

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

void mem_free_cleanup(void *pp);
void mem_close_cleanup(const int *fd);
void mem_fclose_cleanup(void *pp);

/* Freed, or closed unless negative, when the variable goes out of scope. */
#define AUTO_FREE __attribute__((cleanup(mem_free_cleanup)))
#define AUTO_FD   __attribute__((cleanup(mem_close_cleanup)))
#define AUTO_FILE __attribute__((cleanup(mem_fclose_cleanup)))

/* Hands the value of a pointer over to somebody else and leaves NULL behind. */
#define TAKE_PTR(p)                        \
	({                                 \
		__typeof__(p) took_ = (p); \
		(p) = NULL;                \
		took_;                     \
	})

/*
 * An arena: everything that dies together (one parsed plan, one request).
 * arena_alloc() returns zeroed memory that lives until arena_free(), aligned to 8 bytes: enough
 * for all but long double and what is wider.  Strings are aligned to nothing.
 */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t n_bytes);
char *arena_text(
    struct arena *arena, size_t n_bytes); /* the same for a string, with its NUL */
char *arena_strdup(struct arena *arena, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);
