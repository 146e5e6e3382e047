#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * How long the radar waits after a look, in milliseconds: as long that it costs little and is
 * seen within ten seconds (DESIGN 8).  A hundred times what the look took of the processor, at
 * least two seconds and at most two minutes; four times as long for each of the N_STILL looks
 * since one found anything changed.  IS_FIRST: the look compared everything anew, which is
 * done once, and so does not slow the next ones down.
 */
int64_t radar_pause_ms(int64_t cpu_ms, bool is_first, int n_still);
