#include "policy/risk_learn.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

#define N_INPUTS_MAX RISK_N_FILE
#define N_STEPS      25
#define N_BLOCKS     100
#define N_PASSES     4
#define LARGEST_STEP 2.0
/* How sure the prior is of a weight, next to the others. */
#define PROJECTS_DIFFER 0.1
#define PROJECTS_AGREE  4

const struct risk_strength risk_strength_shipped = { 50, 3, 15, 15, 200 };

/* A logistic regression by Newton's method around weights that are thought likely. */
struct regression {
	size_t n; /* inputs */
	double strength[N_INPUTS_MAX];
	double center[N_INPUTS_MAX], w[N_INPUTS_MAX];
	double slope[N_INPUTS_MAX], bend[N_INPUTS_MAX][N_INPUTS_MAX];
};

static void
regression_begin(struct regression *r)
{
	memset(r->bend, 0, sizeof(r->bend));
	for (size_t i = 0; i < r->n; i++) {
		r->slope[i] = r->strength[i] * (r->w[i] - r->center[i]);
		r->bend[i][i] = r->strength[i];
	}
}

/* N inputs whose weights are thought to be near CENTER (NULL: 0), as sure as STRENGTH. */
static struct regression
regression_around(size_t n, const double *center, double strength)
{
	struct regression r = { .n = n };

	for (size_t i = 0; i < n; i++) {
		r.strength[i] = strength;
		r.w[i] = r.center[i] = center ? center[i] : 0;
	}
	return r;
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

/* Fits the weights of MODEL's second step, whose first step stands, around those of R. */
static void
fit_pairs(const struct risk_sample *sample, size_t n, struct regression *r,
    struct risk_model *model)
{
	double *x = xcalloc(n * RISK_N_PAIR, sizeof(*x)), change = 1;

	for (size_t i = 0; i < n; i++)
		pair_inputs(model, &sample[i], &x[i * RISK_N_PAIR]);
	for (int step = 0; step < N_STEPS && change > 1e-6; step++) {
		regression_begin(r);
		for (size_t i = 0; i < n; i++)
			regression_add(r, &x[i * RISK_N_PAIR], sample[i].is_conflict);
		change = regression_step(r);
	}
	memcpy(model->pair, r->w, sizeof(model->pair));
	free(x);
}

void
risk_fit_prior(const struct risk_sample *sample, size_t n, struct risk_model *model)
{
	struct regression files = regression_around(RISK_N_FILE, NULL, 1);
	struct regression pairs = regression_around(RISK_N_PAIR, NULL, 1);

	*model = (struct risk_model){ 0 };
	fit_files(sample, n, &files);
	memcpy(model->file, files.w, sizeof(model->file));
	fit_pairs(sample, n, &pairs, model);
}

/* One file of one sample, as seen from a part of the repository that it is in. */
struct sight {
	struct risk_part part;
	size_t
	    level; /* the files first, then directories, the first two of them, endings */
	size_t file; /* whose it is */
};

/* The files of all samples, and what is said of each by now. */
struct seen {
	struct sight *sight;
	size_t n, cap;
	struct said {
		double z;
		bool is_hit;
	} * file;
	size_t n_files, cap_files;
};

static int
compare_sights(const void *pa, const void *pb)
{
	const struct sight *a = pa, *b = pb;
	size_t n = a->part.n < b->part.n ? a->part.n : b->part.n;
	int order;

	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	order = memcmp(a->part.text, b->part.text, n);
	if (order == 0)
		order = (a->part.n > b->part.n) - (a->part.n < b->part.n);
	return order ? order : (a->file > b->file) - (a->file < b->file);
}

static bool
is_same_place(const struct sight *a, const struct sight *b)
{
	return a->level == b->level && a->part.n == b->part.n &&
	       memcmp(a->part.text, b->part.text, a->part.n) == 0;
}

enum { LEVEL_FILE, LEVEL_DIRECTORY, LEVEL_TOP, LEVEL_ENDING };

static void
see_file(struct seen *seen, const struct risk_model *model,
    const struct risk_file *file, bool is_hit)
{
	struct risk_part part[RISK_PLACES_OF_FILE];
	size_t n = risk_parts(file->path, part);

	for (size_t i = 0; i < n; i++) {
		GROW(seen->sight, seen->n, seen->cap);
		seen->sight[seen->n++] = (struct sight){ part[i],
			part[i].is_ending ? LEVEL_ENDING : i, seen->n_files };
	}
	GROW(seen->file, seen->n_files, seen->cap_files);
	seen->file[seen->n_files++] = (struct said){
		risk_logit(risk_of_file(model, file)), is_hit
	};
}

static void
add_place(struct risk_model *model, const struct risk_part *part, double effect)
{
	/* What hardly matters is not worth a line in the file. */
	if (fabs(effect) < 0.02)
		return;
	GROW(model->place, model->n_places, model->cap_places);
	model->place[model->n_places++] = (struct risk_place){
		part->is_ending ? xasprintf("*%s", part->text)
				: xstrndup(part->text, part->n),
		effect
	};
}

/* One Newton step of the effect of the place that N sights share; moves their files. */
static double
place_step(struct seen *seen, const struct sight *sight, size_t n, double effect,
    double strength)
{
	double slope = -strength * effect, bend = strength, step;

	for (size_t i = 0; i < n; i++) {
		const struct said *said = &seen->file[sight[i].file];
		double p = risk_logistic(said->z);

		slope += said->is_hit - p;
		bend += p * (1 - p);
	}
	step = fmin(fmax(slope / bend, -LARGEST_STEP), LARGEST_STEP);
	for (size_t i = 0; i < n; i++)
		seen->file[sight[i].file].z += step;
	return effect + step;
}

static int
compare_places(const void *pa, const void *pb)
{
	const struct risk_place *a = pa, *b = pb;

	return strcmp(a->path, b->path);
}

/* A directory may be told of at two levels: one place with both effects. */
static void
places_join(struct risk_model *model)
{
	size_t n = 0;

	if (model->n_places > 1)
		qsort(model->place, model->n_places, sizeof(*model->place),
		    compare_places);
	for (size_t i = 0; i < model->n_places; i++) {
		if (n > 0 &&
		    strcmp(model->place[n - 1].path, model->place[i].path) == 0) {
			model->place[n - 1].effect += model->place[i].effect;
			free(model->place[i].path);
		} else {
			model->place[n++] = model->place[i];
		}
	}
	model->n_places = n;
}

/*
 * What is left over after the weights, per file, directory and ending: random effects, each
 * of which shrinks to nothing where little was seen, fitted in turns.
 */
static void
fit_places(const struct risk_sample *sample, size_t n,
    const struct risk_strength *strength, struct risk_model *model)
{
	const double hold[] = { strength->file, strength->directory,
		strength->directory, strength->ending };
	struct seen seen = { 0 };
	double *effect;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < sample[i].n; k++)
			see_file(&seen, model, &sample[i].file[k], sample[i].is_hit[k]);
	}
	if (seen.n > 0)
		qsort(seen.sight, seen.n, sizeof(*seen.sight), compare_sights);
	effect = xcalloc(seen.n, sizeof(*effect));
	for (size_t pass = 0; pass < N_PASSES; pass++) {
		for (size_t i = seen.n, first; i > 0; i = first) {
			/* The wide places first: what they explain no file has to. */
			for (first = i - 1;
			     first > 0 &&
			     is_same_place(&seen.sight[first - 1], &seen.sight[i - 1]);)
				first--;
			effect[first] = place_step(&seen, &seen.sight[first], i - first,
			    effect[first], hold[seen.sight[first].level]);
		}
	}
	for (size_t i = 0; i < seen.n; i++)
		add_place(model, &seen.sight[i].part, effect[i]);
	places_join(model);
	free(effect);
	free(seen.sight);
	free(seen.file);
}

void
risk_fit(const struct risk_sample *sample, size_t n, const struct risk_model *prior,
    const struct risk_strength *strength, struct risk_model *model)
{
	struct regression files = regression_around(
	    RISK_N_FILE, prior->file, strength->weights);
	struct regression pairs = regression_around(
	    RISK_N_PAIR, prior->pair, strength->pair);

	files.strength[RISK_CHANGELOG] *= PROJECTS_DIFFER;
	for (size_t i = RISK_W_SIZE; i < RISK_N_FILE; i++)
		files.strength[i] *= PROJECTS_AGREE;
	*model = (struct risk_model){ 0 };
	fit_files(sample, n, &files);
	memcpy(model->file, files.w, sizeof(model->file));
	fit_places(sample, n, strength, model);
	fit_pairs(sample, n, &pairs, model);
}

static int
compare_times(const void *pa, const void *pb)
{
	const struct risk_sample *const *a = pa, *const *b = pb;

	if ((*a)->asked_at != (*b)->asked_at)
		return (*a)->asked_at < (*b)->asked_at ? -1 : 1;
	return (*a > *b) - (*a < *b);
}

/* N samples, and the same in the order in which they were asked about. */
struct replay {
	const struct risk_sample *sample;
	size_t n;
	struct risk_sample **by;
	const struct risk_model *prior;
	const struct risk_strength *strength;
};

/* Predicts samples FROM to END of R's order, from what was known when the first was asked. */
static void
replay_block(const struct replay *r, size_t from, size_t end, double *chance)
{
	struct risk_sample *const *by = r->by;
	struct risk_sample *known = xcalloc(r->n, sizeof(*known));
	struct risk_model model;
	size_t n_known = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->sample[i].known_at <= by[from]->asked_at)
			known[n_known++] = r->sample[i];
	}
	risk_fit(known, n_known, r->prior, r->strength, &model);
	for (size_t i = from; i < end; i++)
		chance[by[i] - r->sample] = risk_of_pair(
		    &model, by[i]->file, by[i]->n, by[i]->sizes);
	risk_model_clear(&model);
	free(known);
}

void
risk_replay(const struct risk_sample *sample, size_t n, const struct risk_model *prior,
    const struct risk_strength *strength, double *chance)
{
	struct risk_sample **by = xcalloc(n, sizeof(*by));
	struct risk_sample *copy = xcalloc(n, sizeof(*copy));
	struct replay r = { copy, n, by, prior, strength };

	for (size_t i = 0; i < n; i++) {
		copy[i] = sample[i];
		by[i] = &copy[i];
	}
	if (n > 0)
		qsort(by, n, sizeof(*by), compare_times);
	for (size_t b = 0; b < N_BLOCKS; b++) {
		size_t from = n * b / N_BLOCKS, end = n * (b + 1) / N_BLOCKS;

		if (from < end)
			replay_block(&r, from, end, chance);
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
