#pragma once

#include "plan/source.h"
#include "plan/table.h"

#include <stdio.h>

/*
 * Writes TABLE aligned.  A table that cannot be rewritten without loss (a comment outside
 * its pipes, rows far shorter than its header, no room above) is written as it stands.
 */
void fmt_table(FILE *out, const struct source *source, const struct table *table);
