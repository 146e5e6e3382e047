#pragma once

#include "base/err.h"

/*
 * A journal that is gone, with its log and its mark, while something that it began lives.
 * A journal that is begun anew would know nothing of it, launch a second agent beside it and
 * give it the same names.
 */

/*
 * 0 when HOME has a journal or a trace of one (store_open() tells what is wrong with that),
 * or no run in it lives; -1 with ERR_INPUT that names the runs, with both ways on.
 */
NODISCARD int lost_check(const char *home, struct err *err);

/* How many run directories HOME has. */
size_t lost_count_runs(const char *home);
