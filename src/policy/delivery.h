#pragma once

#include <stdbool.h>

/*
 * Is the report of an agent a result, or the noise of one that could not work (SPEC R-195,
 * A-90)?  For what delivers a text only; code shows itself.  Pure.
 */
enum {
	DELIVERY_WORDS = 100,        /* substantive ones, at least */
	DELIVERY_MARKED_WORDS = 200, /* where it speaks of limits and quotas */
	DELIVERY_ERROR_PCT = 50      /* of its lines */
};

struct delivery {
	int n_words;          /* of three letters or more */
	int n_lines, n_wrong; /* lines with words, and those that tell of an error */
	int n_markers; /* of limits: 429, RESOURCE_EXHAUSTED, rate limit, quota */
	bool is_result;
	char why[120]; /* it is none; "" */
};

void delivery_judge(const char *text, struct delivery *delivery);
