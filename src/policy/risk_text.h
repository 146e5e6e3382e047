#pragma once

#include "policy/risk_learn.h"

#include <stdint.h>

/*
 * What `divisi learn` keeps in .git/divisi/risk: the weights of this repository, what is
 * special about its files, and how good that proved to be.  A text with a line per fact,
 * written by us and read as if it were not.
 */
struct risk_learned {
	struct risk_model model;
	char head[65]; /* the commit that was learned at */
	int64_t at;    /* Unix ms */
	size_t n_landings;
	struct risk_report own, shipped; /* of the same pairs, as they were asked */
};

#define RISK_MAX_PLACES 4000

/* The text of LEARNED; the caller frees it. */
char *risk_print(const struct risk_learned *learned);

/* Reads TEXT; -1 with ERR_INPUT and the line when it is no such text. */
NODISCARD int risk_read(
    const char *text, struct risk_learned *learned, struct err *err);
void risk_learned_clear(struct risk_learned *learned);
