#pragma once

#include "base/err.h"

#include <stddef.h>

/* The refusal and lint catalogue of SPEC section 9, one table: code, level, rule, fix. */
struct refusal {
	const char *code, *rule; /* "G07", "S-27": the first rule of its row */
	const char *what, *fix;  /* one plain line each, literals */
	char level; /* 'E' stops, 'W' warns; G15 in pair mode warns */
};

const struct refusal *refusal_find(const char *code); /* NULL when unknown */
const struct refusal *refusal_at(size_t i);           /* NULL past the end */

/*
 * Fills ERR (which may be NULL) with ERR_REFUSED, CODE, its rule and its fix, and the text
 * given.  Asserts that CODE is in the table.  Returns -1; err_fix() after it says better.
 */
int refuse(struct err *err, const char *code, const char *fmt, ...) PRINTF(3, 4);
