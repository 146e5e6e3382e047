#include "tracker/tracker.h"

#include <string.h>

static const struct tracker *const trackers[] = { &tracker_local, &tracker_command,
	&tracker_linear, &tracker_github };

static const char *const trouble_word[TRACKER_N_TROUBLES] = {
	[TRACKER_FINE] = "fine",
	[TRACKER_LATER] = "later",
	[TRACKER_LIMITED] = "limited",
	[TRACKER_AUTH] = "auth",
	[TRACKER_REFUSED] = "refused",
	[TRACKER_MISSING] = "missing",
	[TRACKER_CONFLICT] = "conflict",
};

const struct tracker *
tracker_by_name(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(trackers); i++) {
		if (strcmp(trackers[i]->name, name) == 0)
			return trackers[i];
	}
	return NULL;
}

const char *
tracker_trouble_name(enum tracker_trouble trouble)
{
	return trouble_word[trouble];
}

enum tracker_trouble
tracker_trouble_of(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(trouble_word); i++) {
		if (strcmp(trouble_word[i], name) == 0)
			return i;
	}
	return TRACKER_LATER;
}
