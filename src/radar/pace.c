#include "radar/pace.h"

#define MIN_MS      2000
#define MAX_MS      120000
#define RATIO       100
#define STILL_RATIO 4

/* With what a look itself takes these are the ten seconds of DESIGN 8. */
#define QUICK_MS    7000
#define QUICK_RATIO 10
#define STILL_MS    8000
#define STILL_QUICK 15

/* What may be spent ahead of the hundredth: some minutes of looking more often. */
#define ADVANCE_MS 5000

int64_t
radar_credit_ms(int64_t spent_ms, int64_t since_ms)
{
	return ADVANCE_MS + since_ms / RATIO - spent_ms;
}

int64_t
radar_pause_ms(const struct radar_pace *pace)
{
	int64_t wait = pace->is_first ? 0 : pace->cpu_ms * RATIO;

	if (wait < MIN_MS)
		wait = MIN_MS;
	if (wait > QUICK_MS && pace->n_still < STILL_QUICK && pace->credit_ms > 0) {
		wait = pace->cpu_ms * QUICK_RATIO;
		if (wait < QUICK_MS)
			wait = QUICK_MS;
	}
	for (int i = 0; i < pace->n_still && wait < MAX_MS; i++) {
		if (i >= STILL_QUICK)
			wait *= STILL_RATIO;
		else if (wait < STILL_MS)
			wait = STILL_MS;
	}
	return wait < MAX_MS ? wait : MAX_MS;
}
