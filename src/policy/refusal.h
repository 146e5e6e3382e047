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

/* The rules a person may go against, with a reason, comma-separated (--override). */
#define REFUSAL_DISPATCH_OVERRIDES                                             \
	"G05,G07,G14,G15,G21,N03,P01,P02,P03,P04,P05,P06,P07,P08,P09,P10,P11," \
	"P12,P13,P14,P15,P16"
#define REFUSAL_RESUME_OVERRIDES "G03,G05,G18"
#define REFUSAL_MERGE_OVERRIDES  "M01"

/*
 * 0 when each word of the comma-separated OVERRIDES is one of ALLOWED and there is a REASON
 * for it, or there are none; -1 with ERR_USAGE.
 */
int refusal_check_overrides(
    const char *overrides, const char *reason, const char *allowed, struct err *err);

/*
 * Fills ERR (which may be NULL) with ERR_REFUSED, CODE, its rule and its fix, and the text
 * given.  Asserts that CODE is in the table.  Returns -1; err_fix() after it says better.
 */
int refuse(struct err *err, const char *code, const char *fmt, ...) PRINTF(3, 4);
