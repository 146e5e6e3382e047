#include "policy/reach.h"

#include "base/mem.h"
#include "plan/glob.h"
#include "plan/intern.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/*
 * Half of all landings touch four files or fewer.  Of two phases of one directory 28 % share
 * a file (CONFLICTS 2.2), and then one or two: hence a tenth of the four.
 */
#define TYPICAL_FILES 4.0
#define BOTH_VAGUE    0.1

/* A plan may hold any number of patterns over any number of files. */
#define MATCH_BUDGET  20000000u
#define COMMON_BUDGET 20000000u

struct touched {
	int file; /* position in tracked, or behind them in new paths */
	double sure;
	bool is_odd;
};

struct phase_reach {
	struct touched *item; /* by file */
	size_t n, cap;
	double n_files; /* expected */
	double n_new;   /* of these, named and not there yet */
};

struct reach {
	const struct plan *plan;
	const char *const *tracked;
	size_t n_tracked;
	bool fold_case;
	struct phase_reach *phase;
	struct intern made; /* paths that are named and not there */
	size_t n_match_left, n_common_left;
};

static size_t
lower_bound(const struct reach *r, const char *path)
{
	size_t low = 0, high = r->n_tracked;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(r->tracked[mid], path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
touch(struct phase_reach *p, int file, bool is_odd)
{
	GROW(p->item, p->n, p->cap);
	p->item[p->n++] = (struct touched){ file, 1, is_odd };
}

static int
made_path(struct reach *r, const char *path)
{
	return (int)(r->n_tracked + intern_number(&r->made, path, ""));
}

/* Adds what PATTERN matches to P; only what it matches is compared when it is literal. */
static void
touch_pattern(struct reach *r, struct phase_reach *p, const char *pattern, bool is_odd)
{
	unsigned flags = r->fold_case ? GLOB_FOLD_CASE : 0;
	struct glob *glob = glob_new(pattern, flags | GLOB_IS_DIR, NULL);
	size_t n_before = p->n, n_prefix, at;

	if (!glob)
		return;
	n_prefix = r->fold_case ? 0 : strlen(glob_prefix(glob));
	at = n_prefix > 0 ? lower_bound(r, glob_prefix(glob)) : 0;
	for (; at < r->n_tracked && r->n_match_left > 0; at++) {
		const char *path = r->tracked[at];

		if (strncmp(path, glob_prefix(glob), n_prefix) != 0)
			break;
		r->n_match_left--;
		if (glob_match(glob, path))
			touch(p, (int)at, is_odd);
	}
	if (p->n > n_before && (p->n > n_before + 1 || !glob_is_literal(glob))) {
		double n = (double)(p->n - n_before);

		for (size_t i = n_before; i < p->n; i++)
			p->item[i].sure = fmin(1, TYPICAL_FILES / n);
		p->n_files += fmin(n, TYPICAL_FILES);
	} else {
		/* A plain name that is not there will be made; two who make it meet. */
		if (p->n == n_before && glob_is_literal(glob) &&
		    pattern[strlen(pattern) - 1] != '/')
			touch(p, made_path(r, pattern), true);
		p->n_new += p->n > n_before &&
			    (size_t)p->item[n_before].file >= r->n_tracked;
		p->n_files += 1;
	}
	glob_free(glob);
}

static int
compare_touched(const void *pa, const void *pb)
{
	const struct touched *a = pa, *b = pb;

	if (a->file != b->file)
		return a->file - b->file;
	return (b->sure > a->sure) - (b->sure < a->sure);
}

/* Takes away what PATTERN, written with a "!", matches. */
static void
spare(struct reach *r, struct phase_reach *p, const char *pattern)
{
	unsigned flags = r->fold_case ? GLOB_FOLD_CASE : 0;
	struct glob *glob = glob_new(pattern, flags | GLOB_IS_DIR, NULL);
	size_t n = 0;

	for (size_t i = 0; glob && i < p->n; i++) {
		int file = p->item[i].file;
		bool is_spared = (size_t)file < r->n_tracked && r->n_match_left > 0 &&
				 glob_match(glob, r->tracked[file]);

		r->n_match_left -= r->n_match_left > 0;
		if (!is_spared)
			p->item[n++] = p->item[i];
	}
	if (glob)
		p->n = n;
	glob_free(glob);
}

static void
read_phase(struct reach *r, const struct phase *phase, struct phase_reach *p)
{
	static const enum touch changing[] = { TOUCH_WRITES, TOUCH_CREATES,
		TOUCH_DELETES, TOUCH_RENAMES, TOUCH_APPENDS };
	size_t n = 0;

	for (size_t t = 0; t < N_ELEMS(changing); t++) {
		const struct touch_list *list = &phase->touch[changing[t]];
		bool is_odd = changing[t] == TOUCH_DELETES ||
			      changing[t] == TOUCH_RENAMES;

		for (size_t i = 0; i < list->n; i++) {
			if (list->item[i].is_negated || list->item[i].is_inferred)
				continue;
			touch_pattern(r, p, list->item[i].text, is_odd);
			if (list->item[i].to)
				touch_pattern(r, p, list->item[i].to, true);
		}
	}
	for (size_t t = 0; t < N_ELEMS(changing); t++) {
		const struct touch_list *list = &phase->touch[changing[t]];

		for (size_t i = 0; i < list->n; i++) {
			if (list->item[i].is_negated)
				spare(r, p, list->item[i].text);
		}
	}
	if (p->n > 1)
		qsort(p->item, p->n, sizeof(*p->item), compare_touched);
	/* The surest word on a file stands first. */
	for (size_t i = 0; i < p->n; i++) {
		if (n > 0 && p->item[n - 1].file == p->item[i].file)
			p->item[n - 1].is_odd |= p->item[i].is_odd;
		else
			p->item[n++] = p->item[i];
	}
	p->n = n;
}

struct reach *
reach_new(const struct plan *plan, const char *const *tracked, size_t n, bool fold_case)
{
	struct reach *r = xcalloc(1, sizeof(*r));

	*r = (struct reach){ .plan = plan,
		.tracked = tracked,
		.n_tracked = n,
		.fold_case = fold_case,
		.n_match_left = MATCH_BUDGET,
		.n_common_left = COMMON_BUDGET };
	r->phase = xcalloc(plan->n_phases, sizeof(*r->phase));
	/* Another repository has other files, which nobody listed. */
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (!plan->phase[i].repo || *plan->phase[i].repo == '\0')
			read_phase(r, &plan->phase[i], &r->phase[i]);
	}
	return r;
}

void
reach_free(struct reach *reach)
{
	if (!reach)
		return;
	for (size_t i = 0; i < reach->plan->n_phases; i++)
		free(reach->phase[i].item);
	free(reach->phase);
	intern_clear(&reach->made);
	free(reach);
}

static double
sure_of_both(double a, double b)
{
	if (a < 1 && b < 1)
		return BOTH_VAGUE * fmin(a, b);
	return a * b;
}

size_t
reach_common(struct reach *reach, int a, int b, struct risk_file **file)
{
	const struct phase_reach *pa = &reach->phase[a], *pb = &reach->phase[b];
	size_t n = 0, cap = 0;

	*file = NULL;
	for (size_t i = 0, k = 0; i < pa->n && k < pb->n && reach->n_common_left > 0;) {
		const struct touched *ta = &pa->item[i], *tb = &pb->item[k];

		reach->n_common_left--;
		i += ta->file <= tb->file;
		k += tb->file <= ta->file;
		if (ta->file != tb->file)
			continue;
		GROW(*file, n, cap);
		(*file)[n++] = (struct risk_file){
			.path = (size_t)ta->file < reach->n_tracked
				    ? reach->tracked[ta->file]
				    : reach->made
					  .item[(size_t)ta->file - reach->n_tracked]
					  .text,
			.n_bytes = -1,
			.sure = sure_of_both(ta->sure, tb->sure),
			.is_odd = ta->is_odd || tb->is_odd,
		};
	}
	return n;
}

struct risk_sizes
reach_sizes(const struct reach *reach, int a, int b)
{
	const struct phase_reach *pa = &reach->phase[a], *pb = &reach->phase[b];

	return (struct risk_sizes){ pa->n_files, pb->n_files, pa->n_new, pb->n_new };
}
