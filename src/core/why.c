#include "core/why.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF(3, 4) put(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
}

static const char *
ask_words(const struct ask *a)
{
	static const struct {
		const char *kind, *words;
	} words[] = {
		{ "permission", "asks permission" },
		{ "plan", "waits for you to approve its plan" },
		{ "question", "asks you a question" },
		{ "checkpoint", "waits at a checkpoint" },
		{ "cost", "is held for its cost" },
		{ "exit", "ended with work that is not committed" },
	};

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i].kind, a->kind) == 0)
			return words[i].words;
	}
	return "asks something";
}

/* Who S waits for in the merge queue, or NULL when it is its turn. */
static const struct session *
waits_behind(const struct core *core, const struct session *s)
{
	const struct batch_run *b = core_batch(core, s->batch_id);

	for (size_t i = 0; b && i < b->n; i++) {
		const struct session *o = &core->session[b->session[i]];

		if (o->state == SESSION_MERGING && o != s)
			return o;
		if (o != s && o->merge_position < s->merge_position &&
		    !session_is_terminal(o->state) && strstr(s->after, o->phase))
			return o;
	}
	return NULL;
}

static void
why_approved(const struct core *core, const struct session *s, char *why, size_t n,
    char *command, size_t cn)
{
	if (s->claimed_by[0])
		put(why, n, "taken by %s, who works on it by hand", s->claimed_by);
	else if (s->is_external) {
		put(why, n,
		    "%s is not launched here: its issue %s waits to be picked up",
		    s->agent_shown, s->sub_issue);
		put(command, cn, "divisi claim %s", s->label);
	} else if (core->paused_until)
		put(why, n, "all launches pause: %s", core->paused_why);
	else
		put(why, n, "waits for a free slot: %zu sessions are live",
		    core_live(core));
}

static void
why_merge(const struct core *core, const struct session *s, char *why, size_t n,
    char *command, size_t cn)
{
	const struct session *o;

	if (s->state == SESSION_IN_REVIEW) {
		put(why, n,
		    "its work waits for your review: %lld commit(s), %lld file(s)",
		    (long long)s->n_commits, (long long)s->n_files);
		put(command, cn, "divisi merge");
	} else if (s->state == SESSION_MERGE_CONFLICT) {
		put(why, n, "%s", s->reason);
		put(command, cn, "mend it in %s and commit, then: divisi merge",
		    s->path);
	} else if (s->state == SESSION_MERGING && s->blocked[0]) {
		put(why, n, "verified, but it cannot land: %s", s->blocked);
		put(command, cn, "%s", s->reason[0] ? s->reason : "divisi merge");
	} else if (s->state == SESSION_MERGING) {
		put(why, n, "is being merged and verified");
	} else if ((o = waits_behind(core, s))) {
		put(why, n, "waits in the merge order behind %s (%s)", o->label,
		    session_state_name(o->state));
	} else {
		put(why, n, "is next to merge");
	}
}

void
session_why(const struct core *core, const struct session *s, char *why, size_t n,
    char *command, size_t cn)
{
	const struct batch_run *b = core_batch(core, s->batch_id);
	const struct ask *a = session_open_ask(s);

	command[0] = '\0';
	if (a) {
		put(why, n, "%s: %s", ask_words(a), a->text);
		put(command, cn,
		    "divisi approve %s   or: divisi decline %s --reason TEXT", s->label,
		    s->label);
		return;
	}
	switch (s->state) {
	case SESSION_PLANNED:
	case SESSION_FILED:
		if (b && b->state == BATCH_DECLINED)
			put(why, n, "its table was declined: %s", b->reason);
		else if (s->reason[0])
			put(why, n, "%s", s->reason);
		else
			put(why, n, "its issue and worktree are being made");
		return;
	case SESSION_PREPARED:
		put(why, n, "waits for you to approve the table of batch %d",
		    b ? b->number : 0);
		put(command, cn, "divisi approve --hash %.12s", b ? b->hash : "");
		return;
	case SESSION_APPROVED: why_approved(core, s, why, n, command, cn); return;
	case SESSION_LAUNCHING:
	case SESSION_UNCONFIRMED:
		put(why, n, "started, has not said 'Session started' yet");
		return;
	case SESSION_ACTIVE:
		put(why, n, "works: %s",
		    s->last_text[0] ? s->last_text : "no word yet");
		return;
	case SESSION_HALTED:
		put(why, n, "held: %s", s->reason[0] ? s->reason : "by you");
		put(command, cn, "divisi resume %s", s->label);
		return;
	case SESSION_STALLED:
		put(why, n, "%s", s->reason);
		put(command, cn, "%s",
		    s->run_open ? "divisi log, say, park or abandon"
				: "divisi resume, park or abandon");
		return;
	case SESSION_EXITING:
		put(why, n, "%s",
		    s->reason[0] ? s->reason : "its exit checklist is being verified");
		if (s->reason[0])
			put(command, cn, "divisi say %s TEXT, resume, park or abandon",
			    s->label);
		return;
	case SESSION_IN_REVIEW:
	case SESSION_MERGEABLE:
	case SESSION_MERGING:
	case SESSION_MERGE_CONFLICT: why_merge(core, s, why, n, command, cn); return;
	case SESSION_PARKED:
		put(why, n, "parked: %s", s->reason[0] ? s->reason : "by you");
		put(command, cn, "divisi resume %s", s->label);
		return;
	case SESSION_DONE:
		put(why, n, "done: %s", s->landed[0] ? s->landed : s->evidence);
		return;
	case SESSION_FAILED:
	case SESSION_ABANDONED:
		put(why, n, "%s: %s", session_state_name(s->state), s->reason);
		put(command, cn, "divisi resume %s", s->label);
		return;
	case SESSION_CHECKPOINT:
	case SESSION_N_STATES: put(why, n, "%s", s->reason); return;
	}
}

void
batch_why(const struct core *core, const struct batch_run *b, char *why, size_t n)
{
	size_t n_open = 0;

	for (size_t i = 0; i < b->n; i++)
		n_open += !session_is_terminal(core->session[b->session[i]].state);
	switch (b->state) {
	case BATCH_AWAITING:
		put(why, n, "waits for your approval of table %.12s", b->hash);
		return;
	case BATCH_DECLINED:
		put(why, n, "declined: %s",
		    b->reason[0] ? b->reason : "no reason given");
		return;
	case BATCH_WITH_FAILURES:
		put(why, n,
		    b->acked ? "complete, its failures were acknowledged"
			     : "complete, but with failures that nobody acknowledged");
		return;
	case BATCH_COMPLETE: put(why, n, "complete"); return;
	case BATCH_PLANNED:
	case BATCH_FILED:
		if (b->reason[0])
			put(why, n, "cannot be prepared: %s", b->reason);
		else
			put(why, n, "its issues and worktrees are being made");
		return;
	case BATCH_APPROVED:
	case BATCH_RUNNING:
	case BATCH_DRAINING:
	case BATCH_N_STATES:
		put(why, n, "%zu of %zu sessions are not finished", n_open, b->n);
		return;
	}
}

/* Does S need a person now? */
static bool
needs_person(const struct session *s)
{
	switch (s->state) {
	case SESSION_CHECKPOINT:
	case SESSION_STALLED:
	case SESSION_IN_REVIEW:
	case SESSION_MERGE_CONFLICT:
	case SESSION_HALTED: return true;
	case SESSION_EXITING: return s->reason[0] != '\0';
	case SESSION_MERGING: return s->blocked[0] != '\0';
	default: return session_open_ask(s) != NULL;
	}
}

static void
add_need(struct need *need, size_t max, size_t *n, const struct need *one)
{
	if (*n < max)
		need[*n] = *one;
	(*n)++;
}

size_t
core_needs(const struct core *core, struct need *need, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct batch_run *b = core_batch(core, s->batch_id);
		struct need one = { .since = s->since };

		if (!needs_person(s))
			continue;
		put(one.session, sizeof(one.session), "%s", s->id);
		put(one.subject, sizeof(one.subject), "%d/%s", b ? b->number : 0,
		    s->label);
		session_why(core, s, one.what, sizeof(one.what), one.command,
		    sizeof(one.command));
		add_need(need, max, &n, &one);
	}
	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];
		struct need one = { .since = b->since };

		put(one.subject, sizeof(one.subject), "batch %d", b->number);
		batch_why(core, b, one.what, sizeof(one.what));
		if (b->state == BATCH_AWAITING)
			put(one.command, sizeof(one.command),
			    "divisi approve --hash %.12s", b->hash);
		else if (b->state == BATCH_WITH_FAILURES && !b->acked)
			put(one.command, sizeof(one.command),
			    "divisi approve --batch %d", b->number);
		else if (!(b->state == BATCH_PLANNED && b->reason[0]))
			continue;
		add_need(need, max, &n, &one);
	}
	for (size_t i = 0; i < core->n_plans; i++) {
		const struct plan_run *p = &core->plan[i];
		struct need one = { .since = p->opened_at };

		if (!p->trouble[0])
			continue;
		put(one.subject, sizeof(one.subject), "plan %s", p->id);
		put(one.what, sizeof(one.what), "%s", p->trouble);
		add_need(need, max, &n, &one);
	}
	return n;
}
