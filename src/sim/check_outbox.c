#include "sim/internal.h"

#include "engine/record.h"

#include <stdio.h>
#include <string.h>

/*
 * What must hold of writes to a tracker over the network: those of one issue keep their
 * order, each is there once, and none is lost unless a person gave it up.
 */
static const char *const outbound[] = { "issue-file", "issue-move", "issue-assign",
	"issue-comment", "registry", "plan-close", "rdr", "delegate", "undelegate",
	"pull-close" };

/* What orders ACT: its session, or its plan; NULL when it goes to no tracker elsewhere. */
static char *
order_of(const struct act_row *act)
{
	const struct core *core = sim->check.core;
	struct fields f = { 0 };
	const struct plan_run *p;
	const struct session *s;
	char *order = NULL;
	bool is_ours = false;

	for (size_t i = 0; i < N_ELEMS(outbound); i++)
		is_ours |= strcmp(act->kind, outbound[i]) == 0;
	if (!is_ours || !core || fields_of_json(&f, act->data, NULL) < 0)
		return NULL;
	s = core_session(core, fields_text(&f, "session"));
	p = core_plan(core, s ? s->plan_id : fields_text(&f, "plan"));
	if (p && p->tracker[0])
		order = xstrdup(s ? s->id : p->id);
	fields_clear(&f);
	return order;
}

static bool
is_open(const struct act_row *act)
{
	return act->state[0] == 'o' || act->state[0] == 'b';
}

static const struct act_row *
act_of(const char *key)
{
	for (size_t i = sim_disk_acts(); i-- > 0;) {
		if (strcmp(sim_disk_act(i)->key, key) == 0)
			return sim_disk_act(i);
	}
	return NULL;
}

/* The job that runs now is about to change something there. */
void
sim_check_write(void)
{
	const struct act_row *act = act_of(sim->remote.act);
	AUTO_FREE char *order = act ? order_of(act) : NULL;

	if (!order || act->state[0] != 'b')
		sim_fail("%s is written and is %s", sim->remote.act,
		    act ? act->state : "no act");
	for (size_t i = 0; i < sim_disk_acts(); i++) {
		const struct act_row *other = sim_disk_act(i);
		AUTO_FREE char *its = NULL;

		/* What ended well after this one was owed had better not be later, either. */
		if (other == act ||
		    (other->seq < act->seq ? !is_open(other)
					   : strcmp(other->state, "done") != 0))
			continue;
		its = order_of(other);
		if (its && strcmp(its, order) == 0)
			sim_fail("%s and %s are written in the wrong order",
			    sim->remote.act, other->key);
	}
}

/* J-26: nothing counts as filed whose sub-issue is not there, unless a person queued it. */
void
sim_check_filed(const struct session *s, const struct batch_run *b)
{
	const struct plan_run *p = core_plan(sim->check.core, s->plan_id);

	if (!p || p->tracker[0] == '\0')
		return;
	if (s->sub_issue[0] == '\0' && !b->queues)
		sim_fail("%s is %s and its sub-issue was never filed", s->id,
		    session_state_name(s->state));
	if (s->sub_issue[0] && !sim_remote_has_issue(s->sub_issue))
		sim_fail(
		    "%s is launched, and no %s is in the tracker", s->id, s->sub_issue);
}

/* ACT is done; what it says must be there. */
static void
check_done(const struct act_row *act, const struct fields *f)
{
	const struct session *s = core_session(
	    sim->check.core, fields_text(f, "session"));
	bool is_note = strcmp(act->kind, "issue-comment") == 0 ||
		       strcmp(act->kind, "plan-close") == 0 ||
		       strcmp(act->kind, "registry") == 0 ||
		       strcmp(act->kind, "rdr") == 0;

	if (strcmp(act->kind, "issue-file") == 0 && !sim_remote_has_issue(s->sub_issue))
		sim_fail("%s is done and there is no issue", act->key);
	if (s && s->sub_issue[0] == '\0')
		return; /* its filing was given up: there is nothing to write to */
	if (strstr(act->result, "\"nothing\""))
		return; /* then there was not yet */
	if (is_note && !sim_remote_has_note(act->key))
		sim_fail("%s is done and not in the tracker", act->key);
}

/* The issue of S stands where the last move put it, unless somebody there moved it. */
static void
check_status(const struct session *s)
{
	AUTO_FREE char *want = NULL;
	bool is_touched, is_given_up = false;
	const char *is = sim_remote_status(s->sub_issue, &is_touched);

	for (size_t i = 0; i < sim_disk_acts(); i++) {
		const struct act_row *act = sim_disk_act(i);
		struct fields f = { 0 };

		if (strcmp(act->kind, "issue-move") != 0 &&
		    strcmp(act->kind, "issue-file") != 0)
			continue;
		if (fields_of_json(&f, act->data, NULL) == 0 &&
		    strcmp(fields_text(&f, "session"), s->id) == 0) {
			is_given_up |= act->state[0] != 'd' || act->state[1] != 'o';
			free(want);
			want = xstrdup(
			    act->kind[6] == 'f' ? "Todo" : fields_text(&f, "status"));
		}
		fields_clear(&f);
	}
	if (want && s->sub_issue[0] && !is_touched && !is_given_up &&
	    strcmp(is, want) != 0)
		sim_fail("%s of %s is %s and not %s", s->sub_issue, s->id, is, want);
}

/* Nothing that was owed to the tracker got lost, whatever it went through. */
void
sim_check_outbox(void)
{
	const struct core *core = sim->check.core;

	for (size_t i = 0; i < sim_disk_acts(); i++) {
		const struct act_row *act = sim_disk_act(i);
		AUTO_FREE char *order = order_of(act);
		struct fields f = { 0 };

		if (!order)
			continue;
		if (fields_of_json(&f, act->data, NULL) < 0)
			sim_fail("act %s is not understood", act->key);
		if (strcmp(act->state, "done") == 0)
			check_done(act, &f);
		else if (strcmp(act->state, "dead") == 0 && !sim_was_dropped(act->seq))
			sim_fail("%s was given up by nobody", act->key);
		else if (strcmp(act->state, "failed") == 0 &&
			 strcmp(act->kind, "delegate") != 0 &&
			 (strcmp(act->kind, "issue-file") != 0 ||
			     fields_number(&f, "queue", 0)))
			sim_fail("%s failed and is lost", act->key);
		fields_clear(&f);
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct plan_run *p = core_plan(core, s->plan_id);

		if (p && p->tracker[0])
			check_status(s);
	}
}
