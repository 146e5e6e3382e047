#pragma once

#include "plan/source.h"

#include <stdio.h>

/*
 * Writes lines FROM to END of a phase section: one key per bullet in the order of enum
 * plan_key, paths in backquotes, nested lists two blanks deep.  Prose, comments, code and
 * bullets with other keys stand as they were.  DEFAULT_EOL ends lines that had no end.
 */
void fmt_section(FILE *out, const struct source *source, size_t from, size_t end,
    struct span default_eol);
