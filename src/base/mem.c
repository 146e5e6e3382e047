#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
out_of_memory(void)
{
	static const char msg[] = "divisi: out of memory\n";

	(void)!write(2, msg, sizeof(msg) - 1);
	abort();
}

void *
xmalloc(size_t n_bytes)
{
	void *p = malloc(n_bytes ? n_bytes : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *
xcalloc(size_t n, size_t n_bytes)
{
	void *p = calloc(n ? n : 1, n_bytes ? n_bytes : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t n_bytes)
{
	void *q = reallocarray(p, n ? n : 1, n_bytes ? n_bytes : 1);

	if (!q)
		out_of_memory();
	return q;
}

char *
xstrdup(const char *s)
{
	return s ? xstrndup(s, strlen(s)) : NULL;
}

char *
xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *p = NULL;

	if (vasprintf(&p, fmt, ap) < 0)
		out_of_memory();
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = xvasprintf(fmt, ap);
	va_end(ap);
	return p;
}

void
mem_free_cleanup(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof(p));
	free(p);
}

void
mem_close_cleanup(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void
mem_fclose_cleanup(void *pp)
{
	FILE *f;

	memcpy(&f, pp, sizeof(FILE *));
	if (f)
		fclose(f);
}

#define ARENA_BLOCK_BYTES 16384

struct arena_block {
	struct arena_block *next;
	size_t used, size; /* strings stand behind SIZE, from the end down */
	_Alignas(8) unsigned char data[];
};

struct arena {
	struct arena_block *head;
};

struct arena *
arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void
arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct arena_block *b = arena->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(arena);
}

/* A block with room for NEED bytes. */
static struct arena_block *
block_for(struct arena *arena, size_t need)
{
	struct arena_block *b = arena->head;
	size_t size = need > ARENA_BLOCK_BYTES ? need : ARENA_BLOCK_BYTES;

	if (need > SIZE_MAX / 2)
		out_of_memory();
	if (b && b->size - b->used >= need)
		return b;
	b = xcalloc(1, sizeof(*b) + size);
	b->size = size;
	b->next = arena->head;
	arena->head = b;
	return b;
}

void *
arena_alloc(struct arena *arena, size_t n_bytes)
{
	size_t need = (n_bytes + 7) & ~(size_t)7;
	struct arena_block *b;
	void *p;

	if (need < n_bytes)
		out_of_memory();
	b = block_for(arena, need);
	p = b->data + b->used;
	b->used += need;
	return p;
}

char *
arena_text(struct arena *arena, size_t n_bytes)
{
	struct arena_block *b = block_for(arena, n_bytes);

	b->size -= n_bytes;
	return (char *)b->data + b->size;
}

char *
arena_strndup(struct arena *arena, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = arena_text(arena, len + 1);

	memcpy(p, s, len);
	return p;
}

char *
arena_strdup(struct arena *arena, const char *s)
{
	return s ? arena_strndup(arena, s, strlen(s)) : NULL;
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	AUTO_FREE char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return arena_strdup(arena, s);
}
