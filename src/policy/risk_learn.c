#include "policy/risk_learn.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

#define N_INPUTS_MAX RISK_N_FILE
#define N_STEPS      25
#define N_BLOCKS     12

const struct risk_strength risk_strength_shipped = { 50, 3, 10 };

/* A logistic regression by Newton's method around weights that are thought likely. */
struct regression {
	size_t n; /* inputs */
	double strength;
	double center[N_INPUTS_MAX], w[N_INPUTS_MAX];
	double slope[N_INPUTS_MAX], bend[N_INPUTS_MAX][N_INPUTS_MAX];
};

static void
regression_begin(struct regression *r)
{
	memset(r->bend, 0, sizeof(r->bend));
	for (size_t i = 0; i < r->n; i++) {
		r->slope[i] = r->strength * (r->w[i] - r->center[i]);
		r->bend[i][i] = r->strength;
	}
}

static void
regression_add(struct regression *r, const double *x, bool is_hit)
{
	double z = 0, p;

	for (size_t i = 0; i < r->n; i++)
		z += r->w[i] * x[i];
	p = risk_logistic(z);
	for (size_t i = 0; i < r->n; i++) {
		if (x[i] == 0.0)
			continue;
		r->slope[i] += (p - is_hit) * x[i];
		for (size_t k = 0; k <= i; k++)
			r->bend[i][k] += p * (1 - p) * x[i] * x[k];
	}
}

/* One Newton step through a Cholesky factor; returns the largest change of a weight. */
static double
regression_step(struct regression *r)
{
	double y[N_INPUTS_MAX], largest = 0;

	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; k <= i; k++) {
			double sum = r->bend[i][k];

			for (size_t m = 0; m < k; m++)
				sum -= r->bend[i][m] * r->bend[k][m];
			r->bend[i][k] = i == k ? sqrt(fmax(sum, 1e-9))
					       : sum / r->bend[k][k];
		}
	}
	for (size_t i = 0; i < r->n; i++) {
		y[i] = r->slope[i];
		for (size_t k = 0; k < i; k++)
			y[i] -= r->bend[i][k] * y[k];
		y[i] /= r->bend[i][i];
	}
	for (size_t i = r->n; i-- > 0;) {
		for (size_t k = i + 1; k < r->n; k++)
			y[i] -= r->bend[k][i] * y[k];
		y[i] /= r->bend[i][i];
		r->w[i] -= y[i];
		largest = fmax(largest, fabs(y[i]));
	}
	return largest;
}

static void
fit_files(const struct risk_sample *sample, size_t n, struct regression *r)
{
	double change = 1;

	for (int step = 0; step < N_STEPS && change > 1e-6; step++) {
		regression_begin(r);
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < sample[i].n; k++) {
				double x[RISK_N_FILE];

				risk_file_inputs(&sample[i].file[k], x);
				regression_add(r, x, sample[i].is_hit[k]);
			}
		}
		change = regression_step(r);
	}
}

/* The inputs of the second step for one sample, with the first step of MODEL. */
static void
pair_inputs(const struct risk_model *model, const struct risk_sample *sample, double *x)
{
	double *chance = xcalloc(sample->n, sizeof(*chance));

	for (size_t k = 0; k < sample->n; k++)
		chance[k] = risk_of_file(model, &sample->file[k]);
	risk_pair_inputs(chance, sample->n, sample->sizes, x);
	free(chance);
}

void
risk_fit_prior(const struct risk_sample *sample, size_t n, struct risk_model *model)
{
	struct regression files = { .n = RISK_N_FILE, .strength = 1 };
	struct regression pairs = { .n = RISK_N_PAIR, .strength = 1 };
	double *x = xcalloc(n * RISK_N_PAIR, sizeof(*x)), change = 1;

	*model = (struct risk_model){ 0 };
	fit_files(sample, n, &files);
	memcpy(model->file, files.w, sizeof(model->file));
	for (size_t i = 0; i < n; i++)
		pair_inputs(model, &sample[i], &x[i * RISK_N_PAIR]);
	for (int step = 0; step < N_STEPS && change > 1e-6; step++) {
		regression_begin(&pairs);
		for (size_t i = 0; i < n; i++)
			regression_add(
			    &pairs, &x[i * RISK_N_PAIR], sample[i].is_conflict);
		change = regression_step(&pairs);
	}
	memcpy(model->pair, pairs.w, sizeof(model->pair));
	free(x);
}

/* One file of one sample, as seen from a place: the file itself or its directory. */
struct sight {
	const char *path;
	size_t n; /* of its bytes that are the place */
	double surprise, weight;
};

static int
compare_sights(const void *pa, const void *pb)
{
	const struct sight *a = pa, *b = pb;
	size_t n = a->n < b->n ? a->n : b->n;
	int order = memcmp(a->path, b->path, n);

	return order ? order : (a->n > b->n) - (a->n < b->n);
}

static void
add_place(struct risk_model *model, const struct sight *sight, double effect)
{
	/* What hardly matters is not worth a line in the file. */
	if (fabs(effect) < 0.02)
		return;
	GROW(model->place, model->n_places, model->cap_places);
	model->place[model->n_places++] = (struct risk_place){
		xstrndup(sight->path, sight->n), effect
	};
}

/*
 * What is left over after the weights, per file and per directory: one Newton step of a
 * random effect, which shrinks to nothing where little was seen.
 */
static void
fit_places(const struct risk_sample *sample, size_t n,
    const struct risk_strength *strength, struct risk_model *model)
{
	size_t n_sights = 0, cap = 0;
	struct sight *sights = NULL;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sample[i].n; k++) {
			const char *path = sample[i].file[k].path;
			const char *slash = strrchr(path, '/');
			double p = risk_of_file(model, &sample[i].file[k]);
			struct sight s = { path, strlen(path), sample[i].is_hit[k] - p,
				p * (1 - p) };

			GROW(sights, n_sights, cap);
			sights[n_sights++] = s;
			if (!slash)
				continue;
			s.n = (size_t)(slash - path) + 1;
			GROW(sights, n_sights, cap);
			sights[n_sights++] = s;
		}
	}
	if (n_sights > 0)
		qsort(sights, n_sights, sizeof(*sights), compare_sights);
	for (size_t i = 0, end; i < n_sights; i = end) {
		bool is_dir = sights[i].path[sights[i].n - 1] == '/';
		double sum = 0, weight = is_dir ? strength->directory : strength->file;

		for (end = i;
		     end < n_sights && compare_sights(&sights[i], &sights[end]) == 0;
		     end++) {
			sum += sights[end].surprise;
			weight += sights[end].weight;
		}
		add_place(model, &sights[i], sum / weight);
	}
	free(sights);
}

void
risk_fit(const struct risk_sample *sample, size_t n, const struct risk_model *prior,
    const struct risk_strength *strength, struct risk_model *model)
{
	struct regression files = { .n = RISK_N_FILE, .strength = strength->weights };

	*model = (struct risk_model){ 0 };
	memcpy(model->pair, prior->pair, sizeof(model->pair));
	memcpy(files.center, prior->file, sizeof(prior->file));
	memcpy(files.w, prior->file, sizeof(prior->file));
	fit_files(sample, n, &files);
	memcpy(model->file, files.w, sizeof(model->file));
	fit_places(sample, n, strength, model);
}

static int
compare_times(const void *pa, const void *pb)
{
	const struct risk_sample *const *a = pa, *const *b = pb;

	if ((*a)->asked_at != (*b)->asked_at)
		return (*a)->asked_at < (*b)->asked_at ? -1 : 1;
	return (*a > *b) - (*a < *b);
}

/* Predicts samples FROM to END of BY, from what was known when the first was asked. */
static void
replay_block(const struct risk_sample *sample, size_t n, struct risk_sample **by,
    size_t from, size_t end, const struct risk_model *prior,
    const struct risk_strength *strength, double *chance)
{
	struct risk_sample *known = xcalloc(n, sizeof(*known));
	struct risk_model model;
	size_t n_known = 0;

	for (size_t i = 0; i < n; i++) {
		if (sample[i].known_at <= by[from]->asked_at)
			known[n_known++] = sample[i];
	}
	risk_fit(known, n_known, prior, strength, &model);
	for (size_t i = from; i < end; i++)
		chance[by[i] - sample] = risk_of_pair(
		    &model, by[i]->file, by[i]->n, by[i]->sizes);
	risk_model_clear(&model);
	free(known);
}

void
risk_replay(const struct risk_sample *sample, size_t n, const struct risk_model *prior,
    const struct risk_strength *strength, double *chance)
{
	struct risk_sample **by = xcalloc(n, sizeof(*by)), *copy;

	copy = xcalloc(n, sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		copy[i] = sample[i];
		by[i] = &copy[i];
	}
	if (n > 0)
		qsort(by, n, sizeof(*by), compare_times);
	for (size_t b = 0; b < N_BLOCKS; b++) {
		size_t from = n * b / N_BLOCKS, end = n * (b + 1) / N_BLOCKS;

		if (from < end)
			replay_block(copy, n, by, from, end, prior, strength, chance);
	}
	free(by);
	free(copy);
}

struct graded {
	double chance;
	bool is_conflict;
};

static int
compare_graded(const void *pa, const void *pb)
{
	const struct graded *a = pa, *b = pb;

	return (a->chance > b->chance) - (a->chance < b->chance);
}

/* The chance that a pair that collided was given more than one that did not. */
static double
area_under_curve(struct graded *graded, size_t n, size_t n_hits)
{
	double ranks = 0;

	qsort(graded, n, sizeof(*graded), compare_graded);
	for (size_t i = 0, end; i < n; i = end) {
		size_t hits = 0;

		for (end = i; end < n && graded[end].chance <= graded[i].chance; end++)
			hits += graded[end].is_conflict;
		ranks += (double)hits * ((double)(i + 1 + end) / 2);
	}
	if (n_hits == 0 || n_hits == n)
		return 0.5;
	return (ranks - (double)n_hits * (double)(n_hits + 1) / 2) /
	       ((double)n_hits * (double)(n - n_hits));
}

void
risk_measure(const struct risk_sample *sample, const double *chance, size_t n,
    struct risk_report *report)
{
	struct graded *graded = xcalloc(n, sizeof(*graded));
	struct risk_report r = { .n = n };

	for (size_t i = 0; i < n; i++) {
		double p = fmin(fmax(chance[i], 1e-6), 1 - 1e-6);
		bool y = sample[i].is_conflict;
		int bin = (int)fmin(p * RISK_N_BINS, RISK_N_BINS - 1);

		graded[i] = (struct graded){ chance[i], y };
		r.n_conflicts += y;
		r.brier += (chance[i] - y) * (chance[i] - y) / (double)n;
		r.log_loss -= log(y ? p : 1 - p) / (double)n;
		r.bin[bin].n++;
		r.bin[bin].n_conflicts += y;
		r.bin[bin].sum += p;
	}
	for (size_t b = 0; b < RISK_N_BINS && n > 0; b++)
		r.ece += fabs(r.bin[b].sum - (double)r.bin[b].n_conflicts) / (double)n;
	if (n > 0)
		r.auc = area_under_curve(graded, n, r.n_conflicts);
	free(graded);
	*report = r;
}
