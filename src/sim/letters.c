#include "sim/internal.h"

#include "engine/record.h"

#include <stdio.h>
#include <string.h>

/* What people do about writes that wait for them: `divisi outbox retry` and `drop`. */

/* An open write to a tracker that waits for a person, from a random one on; or any. */
static const struct act_row *
some_letter(bool is_any)
{
	size_t n = sim_disk_acts(), from = n ? sim_dice((unsigned)n) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct act_row *act = sim_disk_act((from + i) % n);
		bool is_tracker = strncmp(act->kind, "issue-", 6) == 0 ||
				  strcmp(act->kind, "registry") == 0 ||
				  strncmp(act->kind, "pull-", 5) == 0 ||
				  strcmp(act->kind, "delegate") == 0 ||
				  strcmp(act->kind, "undelegate") == 0 ||
				  strcmp(act->kind, "plan-close") == 0;

		/* One that was begun again when the server died waits as before. */
		if ((act->state[0] == 'o' || act->state[0] == 'b') && is_tracker &&
		    (is_any || strstr(act->result, "\"stopped\"")))
			return act;
	}
	return NULL;
}

static void
order_letter(const char *what, const struct act_row *act)
{
	int64_t seq = act ? act->seq : 0;
	bool is_drop = strcmp(what, "drop") == 0;
	struct fields f = { 0 };

	if (seq && is_drop) {
		GROW(sim->remote.dropped, sim->remote.n_dropped,
		    sim->remote.cap_dropped);
		sim->remote.dropped[sim->remote.n_dropped++] = seq;
	} else if (seq) {
		GROW(sim->remote.accepted, sim->remote.n_accepted,
		    sim->remote.cap_accepted);
		sim->remote.accepted[sim->remote.n_accepted++] = seq;
	}
	fields_set(&f, "what", what);
	if (seq)
		fields_setf(&f, "id", "%lld", (long long)seq);
	else
		fields_set(&f, "id", "all");
	fields_set(&f, "reason", is_drop ? "nobody reads it" : "");
	(void)sim_order("outbox", &f);
}

bool
sim_letter_turn(void)
{
	const struct act_row *act = some_letter(sim_dice(8) == 0);

	if (!act || sim_dice(4) == 0) {
		order_letter("retry", NULL);
	} else if (sim_dice(5) == 0) {
		sim_count(FAULT_WRITE_GIVEN_UP);
		order_letter("drop", act);
	} else {
		order_letter("retry", act);
	}
	return true;
}

bool
sim_letter_tend(void)
{
	const struct act_row *act = some_letter(false);

	if (act)
		order_letter("retry", act);
	return act != NULL;
}

bool
sim_was_dropped(int64_t seq)
{
	for (size_t i = 0; i < sim->remote.n_dropped; i++) {
		if (sim->remote.dropped[i] == seq)
			return true;
	}
	return false;
}

bool
sim_was_accepted(const char *act)
{
	for (size_t i = 0; i < sim->remote.n_accepted; i++) {
		if (strcmp(sim_disk_act((size_t)sim->remote.accepted[i] - 1)->key,
			act) == 0)
			return true;
	}
	return false;
}

bool
sim_was_dropped_of(const char *session)
{
	for (size_t i = 0; i < sim->remote.n_dropped; i++) {
		for (size_t k = 0; k < sim_disk_acts(); k++) {
			const struct act_row *act = sim_disk_act(k);

			if (act->seq == sim->remote.dropped[i] &&
			    strstr(act->key, session))
				return true;
		}
	}
	return false;
}
