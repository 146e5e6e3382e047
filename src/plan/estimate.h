#pragma once

#include <stdbool.h>

struct estimate {
	long low_cents, high_cents; /* -1 when no money is given */
	int points;                 /* 0 when none are given */
};

/*
 * Reads "$5", "~$5", "$3-6", "$3..$6", "$0.40", "5pt" and comma lists of them.  A number
 * without a unit is points when BARE_IS_POINTS.  Returns NULL, or a literal that says
 * what is wrong; OUT is then untouched.
 */
const char *estimate_read(const char *value, bool bare_is_points, struct estimate *out);
