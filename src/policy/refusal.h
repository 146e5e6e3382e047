#pragma once

#include "base/err.h"

#include <stddef.h>

/* The refusal and lint catalogue of SPEC section 9, one table: code, level, rule, fix. */
struct refusal {
	const char *code, *rule, *what, *fix;
	char level;
};

const struct refusal *refusal_find(const char *code); /* NULL when unknown */
const struct refusal *refusal_at(size_t i);           /* NULL past the end */

/*
 * Fills ERR with ERR_REFUSED, CODE, its rule and its fix, and the text given.  Asserts
 * that CODE is in the table.  Returns -1.
 */
int refuse(struct err *err, const char *code, const char *fmt, ...) PRINTF(3, 4);
