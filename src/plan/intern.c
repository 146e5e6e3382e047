#include "plan/intern.h"

#include "base/mem.h"

#include <string.h>

/* FNV-1a; plans are no attack on a hash, and one that is costs the length of a list. */
static uint64_t
hash_of(const char *text, const char *repo)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	h = (h ^ 0xff) * 0x100000001b3u;
	for (const char *p = repo; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	return h ^ h >> 29;
}

static void
grow(struct intern *in)
{
	free(in->slot);
	in->n_slots = in->n_slots ? 4 * in->n_slots : 256;
	in->slot = xcalloc(in->n_slots, sizeof(*in->slot));
	for (size_t i = 0; i < in->n; i++) {
		size_t at = in->item[i].hash & (in->n_slots - 1);

		while (in->slot[at])
			at = (at + 1) & (in->n_slots - 1);
		in->slot[at] = (uint32_t)i + 1;
	}
}

uint32_t
intern_number(struct intern *intern, const char *text, const char *repo)
{
	struct intern *in = intern;
	uint64_t hash = hash_of(text, repo);
	size_t at;

	if (2 * in->n >= in->n_slots)
		grow(in);
	at = hash & (in->n_slots - 1);
	for (; in->slot[at]; at = (at + 1) & (in->n_slots - 1)) {
		const struct intern_text *known = &in->item[in->slot[at] - 1];

		if (known->hash == hash && strcmp(known->text, text) == 0 &&
		    strcmp(known->repo, repo) == 0)
			return in->slot[at] - 1;
	}
	GROW(in->item, in->n, in->cap);
	in->item[in->n] = (struct intern_text){ text, repo, hash };
	in->slot[at] = (uint32_t)++in->n;
	return (uint32_t)in->n - 1;
}

void
intern_clear(struct intern *intern)
{
	free(intern->item);
	free(intern->slot);
	*intern = (struct intern){ 0 };
}
