#include "rehearse/internal.h"

/* What has to happen, the soonest first. */
static bool
is_sooner(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void
stage_add(struct stage *s, int64_t delay, enum event_kind kind, int phase, int number)
{
	size_t at = s->n_events;
	struct event event = { s->now + delay, s->n_made++, kind, phase, number };

	GROW(s->event, s->n_events, s->cap_events);
	s->n_events++;
	for (; at > 0 && is_sooner(&event, &s->event[(at - 1) / 2]); at = (at - 1) / 2)
		s->event[at] = s->event[(at - 1) / 2];
	s->event[at] = event;
}

struct event
stage_take(struct stage *s)
{
	struct event first = s->event[0], last = s->event[--s->n_events];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= s->n_events)
			break;
		if (child + 1 < s->n_events &&
		    is_sooner(&s->event[child + 1], &s->event[child]))
			child++;
		if (!is_sooner(&s->event[child], &last))
			break;
		s->event[at] = s->event[child];
		at = child;
	}
	s->event[at] = last;
	return first;
}
