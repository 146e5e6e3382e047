#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * Rules by which a person allows beforehand what agents ask for (DESIGN 7).  A rule is
 * compared with the whole request, byte by byte.  Only '*' is special: any number of
 * characters, but neither control characters nor any of
 *
 *	; & | < > $ ` ( ) { } " ' \
 *
 * so that a rule for one command never covers a second one, a redirection or a
 * substitution.  A request with ".." in it, or of more than ALLOW_STAR_BYTES, matches only
 * a rule without '*'.
 */
#define ALLOW_PATTERN_BYTES 1000
#define ALLOW_STAR_BYTES    4096

/*
 * Can PATTERN be a rule?  -1 with ERR_USAGE when it is empty, too long, holds a control
 * character other than a line end, or begins with '*': then nothing says what it is about.
 */
NODISCARD int allow_check_pattern(const char *pattern, struct err *err);

/* Does PATTERN allow ACTION?  An empty action is allowed by none. */
bool allow_matches(const char *pattern, const char *action);
