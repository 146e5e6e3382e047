#pragma once

#include "policy/findings.h"

/*
 * The decision shorthand (SPEC 8.6, R-181): "agree all except C2, override I2: too costly,
 * defer I3 to CIA-456".  Commas make lists, hyphens ranges; a reason goes on until the next
 * verb with an id.  Pure.
 */
struct decided {
	size_t row; /* position in the rows */
	enum decision decision;
	bool is_named; /* by its id, and not by "all" */
	char *response;
};

struct decisions {
	struct decided *item;
	size_t n, cap;
};

/*
 * What TEXT decides about ROWS, into DONE, which decisions_clear() releases.  -1 with
 * ERR_USAGE (unknown verb or id, a range across severities, one id decided in two ways) or
 * ERR_REFUSED (no reason, no issue) and DONE empty.
 */
NODISCARD int decisions_parse(const char *text, const struct findings *rows,
    struct decisions *done, struct err *err);
void decisions_clear(struct decisions *done);
