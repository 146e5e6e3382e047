#include "policy/cochange.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

struct cochange {
	size_t n_paths;
	int *file; /* of all landings, one after the other */
	size_t n_files, cap_files;
	size_t *landing; /* where each begins in FILE */
	size_t n_landings, cap_landings;
	size_t *begin,
	    *of;        /* landings of path i: of[begin[i]] up to of[begin[i + 1]] */
	size_t *n_both; /* scratch, all 0 between questions */
};

struct cochange *
cochange_new(size_t n_paths)
{
	struct cochange *c = xcalloc(1, sizeof(*c));

	c->n_paths = n_paths;
	c->n_both = xcalloc(n_paths, sizeof(*c->n_both));
	return c;
}

void
cochange_free(struct cochange *cochange)
{
	if (!cochange)
		return;
	free(cochange->file);
	free(cochange->landing);
	free(cochange->begin);
	free(cochange->of);
	free(cochange->n_both);
	free(cochange);
}

void
cochange_add(struct cochange *cochange, const int *path, size_t n)
{
	struct cochange *c = cochange;

	assert(!c->begin);
	GROW(c->landing, c->n_landings, c->cap_landings);
	c->landing[c->n_landings++] = c->n_files;
	for (size_t i = 0; i < n; i++) {
		assert(path[i] >= 0 && (size_t)path[i] < c->n_paths);
		GROW(c->file, c->n_files, c->cap_files);
		c->file[c->n_files++] = path[i];
	}
}

void
cochange_seal(struct cochange *cochange)
{
	struct cochange *c = cochange;
	size_t *at = xcalloc(c->n_paths + 1, sizeof(*at));

	c->begin = xcalloc(c->n_paths + 1, sizeof(*c->begin));
	c->of = xcalloc(c->n_files, sizeof(*c->of));
	GROW(c->landing, c->n_landings, c->cap_landings);
	c->landing[c->n_landings] = c->n_files;
	for (size_t i = 0; i < c->n_files; i++)
		c->begin[c->file[i] + 1]++;
	for (size_t i = 0; i < c->n_paths; i++)
		at[i + 1] = c->begin[i + 1] += c->begin[i];
	for (size_t l = 0; l < c->n_landings; l++) {
		for (size_t i = c->landing[l]; i < c->landing[l + 1]; i++)
			c->of[at[c->file[i]]++] = l;
	}
	free(at);
}

static void
insert(struct partner *out, size_t *n, size_t max, struct partner partner)
{
	size_t at = *n;

	if (at == max && (max == 0 || out[at - 1].confidence >= partner.confidence))
		return;
	at -= at == max;
	*n = at + 1;
	for (; at > 0 && out[at - 1].confidence < partner.confidence; at--)
		out[at] = out[at - 1];
	out[at] = partner;
}

size_t
cochange_partners(const struct cochange *cochange, int path, double least,
    struct partner *out, size_t max)
{
	const struct cochange *c = cochange;
	size_t first = c->begin[path], end = c->begin[path + 1], n = 0;

	for (size_t k = first; k < end; k++) {
		for (size_t i = c->landing[c->of[k]]; i < c->landing[c->of[k] + 1]; i++)
			c->n_both[c->file[i]]++;
	}
	for (size_t k = first; k < end; k++) {
		for (size_t i = c->landing[c->of[k]]; i < c->landing[c->of[k] + 1];
		     i++) {
			int other = c->file[i];
			struct partner partner = { other, c->n_both[other], end - first,
				(double)c->n_both[other] / (double)(end - first) };

			/* Seen once is enough; this also clears the scratch. */
			c->n_both[other] = 0;
			if (other != path && partner.n_both >= COCHANGE_SUPPORT &&
			    partner.confidence >= least)
				insert(out, &n, max, partner);
		}
	}
	return n;
}
