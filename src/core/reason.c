#include "core/reason.h"

#include "base/text.h"
#include "core/account.h"
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

static void
reason_planned(const struct core *core, const struct session *s, struct reason *r)
{
	const struct batch_run *b = core_batch(core, s->batch_id);

	if (!b || b->state != BATCH_AWAITING) {
		text_print(r->release, sizeof(r->release),
		    "its table is complete when every session is filed and prepared");
		return;
	}
	r->rule = "S-80";
	r->code = "G11";
	text_print(r->other, sizeof(r->other), "a person");
	text_print(r->witness, sizeof(r->witness), "table %s", b->hash);
	text_print(r->release, sizeof(r->release), "an approval of exactly this table");
}

/* The labels of those that hold the slots. */
static void
list_live(const struct core *core, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < core->n_sessions && n + 1 < size; i++) {
		const struct session *s = &core->session[i];

		if (!session_is_live(s->state))
			continue;
		text_print(buf + n, size - n, "%s%s", n ? ", " : "", s->id);
		n = strlen(buf);
	}
}

static void
reason_approved(const struct core *core, const struct session *s, struct reason *r)
{
	char when[32];

	r->rule = "S-25";
	r->code = "G05";
	if (session_paused_until(core, s)) {
		const struct account *a = core_account(core, s->account);

		r->rule = "J-27";
		r->code = "";
		text_print(r->other, sizeof(r->other), "account %s", a->name);
		text_print(r->witness, sizeof(r->witness), "%s", a->why);
		text_time(a->paused_until, when, sizeof(when));
		text_print(
		    r->release, sizeof(r->release), "the limit ends at %s", when);
		return;
	}
	list_live(core, r->other, sizeof(r->other));
	text_print(r->witness, sizeof(r->witness), "%zu of them live", core_live(core));
	text_print(
	    r->release, sizeof(r->release), "one of them ends, is parked or abandoned");
}

static void
reason_ask(const struct ask *a, struct reason *r)
{
	static const struct {
		const char *kind, *rule;
	} rules[] = { { "cost", "S-68" }, { "estimate", "S-68" }, { "exit", "J-36" },
		{ "plan", "R-184" }, { "storm", "J-47" } };

	r->rule = "E-7";
	for (size_t i = 0; i < N_ELEMS(rules); i++) {
		if (strcmp(rules[i].kind, a->kind) == 0)
			r->rule = rules[i].rule;
	}
	text_print(r->other, sizeof(r->other), "a person");
	text_print(
	    r->witness, sizeof(r->witness), "%s", a->detail[0] ? a->detail : a->text);
	if (storm_is_ask(a))
		text_print(r->release, sizeof(r->release),
		    "a person's yes (it goes on, told what failed), or divisi resume, "
		    "takeover or abandon");
	else
		text_print(
		    r->release, sizeof(r->release), "an answer to question %s", a->id);
}

static void
reason_merge(const struct core *core, const struct session *s, struct reason *r)
{
	const struct session *o = merge_waits_behind(core, s);

	if (s->state == SESSION_IN_REVIEW) {
		r->rule = "R-184";
		text_print(r->other, sizeof(r->other), "a person");
		text_print(r->witness, sizeof(r->witness), "head %s, pinned %s",
		    s->head, s->pin);
		text_print(r->release, sizeof(r->release), "a review of its diff");
	} else if (s->state == SESSION_MERGE_CONFLICT) {
		r->rule = "S-45";
		text_print(r->witness, sizeof(r->witness), "%s", s->evidence);
		text_print(
		    r->release, sizeof(r->release), "a commit that merges and passes");
	} else if (s->state == SESSION_MERGING) {
		r->rule = "R-36";
		text_print(r->witness, sizeof(r->witness), "%s", s->candidate);
		text_print(r->release, sizeof(r->release), "%s",
		    s->blocked[0] ? "a checkout that takes it" : "its verification");
	} else if (pull_holds(core, s)) {
		r->rule = "S-44";
		r->code = "M01";
		text_print(r->other, sizeof(r->other), "%s", s->pull_url);
		text_print(r->witness, sizeof(r->witness), "checks: %s, review: %s",
		    s->pull_checks, s->pull_review);
		text_print(r->release, sizeof(r->release),
		    "checks that pass, a review that does not ask for changes");
	} else if (o) {
		r->rule = "R-36";
		r->code = "G04";
		text_print(r->other, sizeof(r->other), "%s", o->id);
		if (o->state == SESSION_MERGING || session_follows(s, o))
			text_print(r->witness, sizeof(r->witness),
			    "merge order: %s after %s", s->phase, s->after);
		else
			text_print(r->witness, sizeof(r->witness),
			    "trial merges: %s collides with %s and more others than it",
			    s->phase, o->phase);
		text_print(
		    r->release, sizeof(r->release), "%s is merged or given up", o->id);
	}
}

static void
reason_stalled(const struct session *s, struct reason *r)
{
	char when[32];

	r->rule = !s->run_open ? "J-22" : s->confirmed ? "K-22" : "A-35";
	text_print(r->other, sizeof(r->other), "run %s", s->run);
	text_time(s->last_seen, when, sizeof(when));
	text_print(r->witness, sizeof(r->witness), "last sign of life at %s", when);
	text_print(r->release, sizeof(r->release), "%s",
	    s->run_open ? "a word of the agent, or a person's" : "a person's word");
}

static void
reason_halted(const struct core *core, const struct session *s, struct reason *r)
{
	const struct conflict *c = session_conflict(core, s);

	text_print(r->other, sizeof(r->other), "a person");
	text_print(
	    r->release, sizeof(r->release), "%s", c ? "a ruling" : "divisi resume");
	if (!c)
		return;
	r->rule = "S-45";
	r->code = "M04";
	text_print(r->other, sizeof(r->other), "%s",
	    strcmp(c->a, s->id) == 0 ? (c->b[0] ? c->b : "the target") : c->a);
	text_print(r->witness, sizeof(r->witness), "%s", c->files);
}

/* Parked, and not by a person: what lets it go on.  False when that is not so. */
static bool
reason_parked(const struct core *core, const struct session *s, struct reason *r)
{
	char when[32];

	if (s->state == SESSION_PARKED && s->waits_for_account) {
		r->rule = "J-27";
		text_print(r->other, sizeof(r->other), "account %s", s->account);
		text_time(session_paused_until(core, s), when, sizeof(when));
		text_print(
		    r->release, sizeof(r->release), "the limit ends at %s", when);
	} else if (s->state == SESSION_PARKED && s->is_out_of_budget) {
		r->rule = "J-28";
		if (s->renews)
			text_print(r->other, sizeof(r->other), "run %s", s->run);
		else
			text_print(r->other, sizeof(r->other), "a person");
		text_print(r->release, sizeof(r->release),
		    s->renews ? "its process is gone, and the caps have room"
			      : "a person lets it spend more");
	} else {
		return false;
	}
	return true;
}

static void
reason_over(const struct core *core, const struct session *s, struct reason *r)
{
	if (reason_parked(core, s, r))
		return;
	r->rule = s->state == SESSION_FAILED ? "R-67" : "E-7";
	text_print(r->witness, sizeof(r->witness), "%s",
	    s->landed[0] ? s->landed
	    : s->pin[0]  ? s->pin
			 : s->evidence);
	if (!session_is_terminal(s->state) || s->state == SESSION_FAILED)
		text_print(r->release, sizeof(r->release), "a person's word");
}

void
session_reason(const struct core *core, const struct session *s, struct reason *reason)
{
	const struct ask *a = session_open_ask(s);

	*reason = (struct reason){ .rule = "", .code = "" };
	if (a) {
		reason_ask(a, reason);
		return;
	}
	if (delegate_reason(s, reason))
		return;
	switch (s->state) {
	case SESSION_PLANNED:
	case SESSION_FILED:
	case SESSION_PREPARED: reason_planned(core, s, reason); return;
	case SESSION_APPROVED: reason_approved(core, s, reason); return;
	case SESSION_LAUNCHING:
	case SESSION_UNCONFIRMED:
	case SESSION_ACTIVE:
	case SESSION_CHECKPOINT:
		reason->rule = "E-7";
		text_print(reason->other, sizeof(reason->other), "run %s", s->run);
		text_print(
		    reason->release, sizeof(reason->release), "its agent is done");
		return;
	case SESSION_HALTED: reason_halted(core, s, reason); return;
	case SESSION_STALLED: reason_stalled(s, reason); return;
	case SESSION_EXITING:
		reason->rule = "R-42";
		text_print(
		    reason->witness, sizeof(reason->witness), "head %s", s->head);
		text_print(reason->release, sizeof(reason->release),
		    "a complete exit checklist");
		return;
	case SESSION_CLAIMED:
		reason->rule = "J-16";
		text_print(reason->other, sizeof(reason->other), "%s", s->claimed_by);
		text_print(
		    reason->release, sizeof(reason->release), "they hand it back");
		return;
	case SESSION_IN_REVIEW:
	case SESSION_MERGEABLE:
	case SESSION_MERGING:
	case SESSION_MERGE_CONFLICT: reason_merge(core, s, reason); return;
	case SESSION_PARKED:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_ABANDONED:
	case SESSION_N_STATES: reason_over(core, s, reason); return;
	}
}
