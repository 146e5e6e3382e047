#include "policy/stale.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define MINUTE_MS (60 * (int64_t)1000)
#define HOUR_MS   (60 * MINUTE_MS)

/* R-40, to the letter. */
static const struct {
	const char *context;
	int64_t progress_ms, review_ms;
} limits[] = {
	{ "autonomous", 30 * MINUTE_MS, 4 * HOUR_MS },
	{ "interactive", 2 * HOUR_MS, 24 * HOUR_MS },
	{ "review", 1 * HOUR_MS, 8 * HOUR_MS },
	{ "human", 48 * HOUR_MS, 72 * HOUR_MS },
};

const char *
staleness_name(enum staleness staleness)
{
	static const char *const names[STALE_N] = { "fresh", "stale", "no-context" };

	assert(staleness >= 0 && staleness < STALE_N);
	return names[staleness];
}

struct stale_verdict
stale_of(const char *status, const char *const *label, size_t n_labels, int64_t age_ms)
{
	struct stale_verdict v = { STALE_NOT, "", 0 };
	bool in_review = strcmp(status, "In Review") == 0;
	size_t n = 0;

	if (!in_review && strcmp(status, "In Progress") != 0)
		return v;
	for (size_t i = 0; i < n_labels; i++) {
		if (strncmp(label[i], "ctx:", 4) != 0)
			continue;
		for (size_t k = 0; k < N_ELEMS(limits); k++) {
			if (strcmp(label[i] + 4, limits[k].context) != 0)
				continue;
			v.context = limits[k].context;
			v.limit_ms = in_review ? limits[k].review_ms
					       : limits[k].progress_ms;
			n++;
		}
	}
	if (n != 1)
		return (struct stale_verdict){ STALE_NO_CONTEXT, "", 0 };
	if (age_ms > v.limit_ms)
		v.state = STALE_OLD;
	return v;
}
