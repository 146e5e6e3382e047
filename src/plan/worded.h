#pragma once

#include "plan/phase.h"

/* What a phase says in one of a few words: its risk, its type, its output. */

/* Reads VALUE as that of KEY into the phase; a word that is none of them is a lint. */
void worded_read(struct phase_build *build, enum plan_key key, struct span value);

/* NAME's VALUE cannot be read: it IS so, and the author had better do as FIX says. */
void worded_lint(struct phase_build *build, struct span value, const char *rule,
    const char *fix, const char *name, const char *is);
