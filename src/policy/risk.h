#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * How likely is it that two phases which change the same files collide?  Two logistic
 * steps (CONFLICTS 2.3): per common file from its class, its size, how busy it is and
 * whether one side adds or removes it; per pair from its files, their number and the sizes
 * of both phases.  The shipped weights come from the development rows of bench/conflicts;
 * `divisi learn` fits them anew to what happened in a repository (risk_learn.h).
 */
enum risk_class {
	RISK_SOURCE,
	RISK_TEST,
	RISK_CHANGELOG,
	RISK_LOCK,
	RISK_GENERATED,
	RISK_CI,
	RISK_SCHEMA,
	RISK_MANIFEST,
	RISK_DOCS,
	RISK_SETTINGS,
	RISK_ENTRY, /* index, mod, main, routes: where everything is wired together */
	RISK_N_CLASSES,
};

enum risk_class risk_class_of(const char *path);
const char *risk_class_name(enum risk_class c); /* "source" ... */

/* One file that both phases may change. */
struct risk_file {
	const char *path;
	double n_bytes; /* negative when not known */
	double hot;     /* how many of the last 200 landings touched it */
	double sure;    /* 0..1: how sure it is that both will touch it */
	bool is_odd;    /* one of them adds, removes or renames it */
};

/* The weights of a file: one per class (the first is that of all), then these. */
enum {
	RISK_W_SIZE = RISK_N_CLASSES,
	RISK_W_HOT,
	RISK_W_ODD,
	RISK_N_FILE,
};

/* The weights of a pair. */
enum {
	RISK_V_ONE,
	RISK_V_ANY,   /* logit: at least one file collides, were they independent */
	RISK_V_WORST, /* logit: the likeliest of them */
	RISK_V_COUNT,
	RISK_V_SMALLER,
	RISK_V_LARGER,
	RISK_V_NEW_SMALLER, /* the share of its files that a phase adds: the lower one */
	RISK_V_NEW_LARGER,
	RISK_N_PAIR,
};

/*
 * What is special about a part of this repository: a file, a directory (with its slash) or
 * all files with one ending ("*.c").
 */
struct risk_place {
	char *path;
	double effect; /* added to the logit of a file */
};

struct risk_model {
	double file[RISK_N_FILE], pair[RISK_N_PAIR];
	struct risk_place *place; /* sorted by path */
	size_t n_places, cap_places;
};

/* The weights as shipped; nothing to clear. */
void risk_model_init(struct risk_model *model);
void risk_model_clear(struct risk_model *model);

/* The inputs of the first step; class is 1 for its own class, the first is always 1. */
void risk_file_inputs(const struct risk_file *file, double x[RISK_N_FILE]);

/* The chance that FILE collides when both touch it. */
double risk_of_file(const struct risk_model *model, const struct risk_file *file);

/* The inputs of the second step, from the chances CHANCE of N files. */
struct risk_sizes {
	double a, b;         /* files that each phase changes in all */
	double new_a, new_b; /* of these, how many it adds */
};
void risk_pair_inputs(
    const double *chance, size_t n, struct risk_sizes sizes, double x[RISK_N_PAIR]);

/*
 * The chance that two phases collide that have N files in common; 0 without any.  Files
 * that are not SURE count for less.
 */
double risk_of_pair(const struct risk_model *model, const struct risk_file *file,
    size_t n, struct risk_sizes sizes);

/*
 * The chance that two phases collide in a file that not both declare: of N files that one
 * declares, or history changes with what it declares, each is SURE to be touched by both
 * with what history says, and collides as any file of its kind (CONFLICTS 5.2: p_f times
 * confidence).  0 without any.
 */
double risk_of_hidden(
    const struct risk_model *model, const struct risk_file *file, size_t n);

/*
 * The parts of the repository that the file PATH is in, the smallest first: itself, its
 * directory, the first two directories when they are not that one, its ending.  OUT points
 * into PATH, but for the ending, of which it has the text without "*".  Returns their number.
 */
enum { RISK_PLACES_OF_FILE = 4 };
struct risk_part {
	const char *text;
	size_t n;
	bool is_ending;
};
size_t risk_parts(const char *path, struct risk_part out[RISK_PLACES_OF_FILE]);

/* 1 / (1 + exp(-z)), and its inverse for 0 < p < 1 (clamped). */
double risk_logistic(double z);
double risk_logit(double p);
