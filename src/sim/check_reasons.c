#include "sim/internal.h"

#include "core/why.h"

#include <stdio.h>
#include <string.h>

static bool
is_person_needed(const struct session *s)
{
	return s->state == SESSION_CHECKPOINT || s->state == SESSION_HALTED ||
	       s->state == SESSION_STALLED || s->state == SESSION_IN_REVIEW ||
	       s->state == SESSION_MERGE_CONFLICT ||
	       (s->state == SESSION_CLAIMED && !s->run_open && !s->next[0]);
}

/* Is a person told of S, or of the conflict that holds it? */
static bool
is_among(const struct need *need, size_t n, const struct session *s)
{
	const struct conflict *c = session_conflict(sim->check.core, s);
	AUTO_FREE char *subject = xasprintf("conflict %s", c ? c->id : "");

	for (size_t i = 0; i < n; i++) {
		if (strcmp(need[i].session, s->id) == 0 ||
		    (c && strcmp(need[i].subject, subject) == 0))
			return true;
	}
	return false;
}

/* A reason always, and a command where a person can act. */
void
sim_check_reasons(void)
{
	const struct core *core = sim->check.core;
	struct need need[64];
	size_t n = core_needs(core, need, N_ELEMS(need));

	for (size_t i = 0; i < n && i < N_ELEMS(need); i++) {
		if (need[i].what[0] == '\0' || need[i].subject[0] == '\0')
			sim_fail("a need of %s without words", need[i].session);
		if (need[i].command[0] == '\0' &&
		    strncmp(need[i].subject, "plan", 4) != 0)
			sim_fail("no command for: %s", need[i].what);
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		char why[320], command[320];

		if (s->state == SESSION_DONE)
			continue;
		session_why(core, s, why, sizeof(why), command, sizeof(command));
		if (why[0] == '\0' || why[strlen(why) - 1] == ' ')
			sim_fail("%s is %s without a reason: '%s'", s->id,
			    session_state_name(s->state), why);
		if (is_person_needed(s) &&
		    (!is_among(need, n, s) || command[0] == '\0'))
			sim_fail("%s is %s and nobody is told", s->id,
			    session_state_name(s->state));
	}
	for (size_t i = 0; i < core->n_batches; i++) {
		char why[320];

		batch_why(core, &core->batch[i], why, sizeof(why));
		if (why[0] == '\0')
			sim_fail("%s waits without a reason", core->batch[i].id);
	}
}
