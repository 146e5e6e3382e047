#include "radar/pace.h"

#define MIN_MS      2000
#define MAX_MS      120000
#define RATIO       100
#define STILL_RATIO 4

int64_t
radar_pause_ms(int64_t cpu_ms, bool is_first, int n_still)
{
	int64_t wait = is_first ? 0 : cpu_ms * RATIO;

	if (wait < MIN_MS)
		wait = MIN_MS;
	for (int i = 0; i < n_still && wait < MAX_MS; i++)
		wait *= STILL_RATIO;
	return wait < MAX_MS ? wait : MAX_MS;
}
