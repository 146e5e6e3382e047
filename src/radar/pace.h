#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is known after a look. */
struct radar_pace {
	int64_t cpu_ms; /* that it took of the processor */
	bool is_first;  /* it compared everything anew, which is done once */
	int n_still;    /* looks since one found anything changed */
	int64_t credit_ms;
};

/*
 * What may still be spent on looking more often, below 0 when nothing: a hundredth of the
 * SINCE_MS that the radar has been on and some seconds in advance, less SPENT_MS.
 */
int64_t radar_credit_ms(int64_t spent_ms, int64_t since_ms);

/*
 * How long the radar waits after a look, in milliseconds: as long that it costs little and is
 * seen within ten seconds (DESIGN 8).  A hundred times what the look took, at least two
 * seconds and at most two minutes.  Where that is longer than ten seconds, as in a large
 * repository, not as long while there is credit, so that the hundredth is kept on average.
 * While nothing changes eight seconds, and longer and longer after two minutes of that.  What a first look took does not slow the next ones down.
 */
int64_t radar_pause_ms(const struct radar_pace *pace);
