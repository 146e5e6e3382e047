#pragma once

#include "policy/risk.h"

#include <stdint.h>

/*
 * Fitting the weights of risk.h to pairs of changes of which it is known whether they
 * collided, and measuring how good the result is.
 */
struct risk_sample {
	struct risk_file *file; /* the files both touched; SURE is taken as 1 */
	bool *is_hit;           /* per file: did it collide? */
	size_t n;
	struct risk_sizes sizes;
	bool is_conflict;
	int64_t asked_at; /* when somebody would have wanted to know */
	int64_t known_at; /* when the outcome was known; any scale, the same for all */
};

struct risk_strength {
	double weights;                 /* samples that the prior counts for */
	double file, directory, ending; /* the same for what is special about a place */
	double pair;                    /* the same for the weights of a pair */
};

/* Chosen on the development rows, leaving one repository out at a time. */
extern const struct risk_strength risk_strength_shipped;

/* Weights from N samples alone: how the shipped ones were made. */
void risk_fit_prior(
    const struct risk_sample *sample, size_t n, struct risk_model *model);

/*
 * Moves the weights of PRIOR towards N samples of one repository, and learns what is
 * special about its files and directories.  MODEL is initialised here; clear it.
 * How a project keeps its changelog differs most from one to the next and is given up soonest;
 * what size and being busy mean is much the same everywhere.
 */
void risk_fit(const struct risk_sample *sample, size_t n,
    const struct risk_model *prior, const struct risk_strength *strength,
    struct risk_model *model);

/*
 * What would have been said of each sample at the time it was asked, by models that knew
 * only what was known by then: fills CHANCE (room for n).
 */
void risk_replay(const struct risk_sample *sample, size_t n,
    const struct risk_model *prior, const struct risk_strength *strength,
    double *chance);

#define RISK_N_BINS 10

/* How good N chances were: the smaller BRIER and LOG_LOSS the better. */
struct risk_report {
	size_t n, n_conflicts;
	double brier, log_loss, auc;
	double ece; /* mean distance between what was said and what happened, by bin */
	struct risk_bin {
		size_t n, n_conflicts;
		double sum; /* of the chances */
	} bin[RISK_N_BINS];
};

void risk_measure(const struct risk_sample *sample, const double *chance, size_t n,
    struct risk_report *report);
