#include "core/internal.h"

#include <string.h>

/*
 * The loop of a session (SPEC 2.17): its agent works the tasks of its phase one by one, each
 * turn ends with a word on a line of its own, and what it says is believed when a commit
 * shows it.  At the end of a turn the session is at its exit (S-E-7); from there it goes on
 * with the same task or the next one, ends, or is parked for a person.  The counting is
 * policy/loop.c's.
 */

void
loop_read(struct session *s, const struct fields *f, size_t i)
{
	s->loop = (struct loop){
		.tasks = fields_number_at(f, i, "loop_tasks", 0),
		.tries = 1,
		.max_tries = fields_number_at(f, i, "loop_tries", 5),
		.max_turns = fields_number_at(f, i, "loop_turns", 50),
		.max_replans = fields_number_at(f, i, "loop_replans", 2),
		.is_fresh = fields_number_at(f, i, "loop_fresh", 0),
	};
	s->loop_signals = 0;
	s->loop_left = s->loop_commits = 0;
}

void
loop_dump(const struct session *s, FILE *f)
{
	const struct loop *l = &s->loop;

	if (l->tasks == 0)
		return;
	fprintf(f,
	    " loop %lld %lld %lld %lld %lld %lld %lld %lld %lld %u %lld %lld %d\n",
	    (long long)l->tasks, (long long)l->done, (long long)l->tries,
	    (long long)l->turns, (long long)l->replans, (long long)l->max_tries,
	    (long long)l->max_turns, (long long)l->max_replans, (long long)l->is_fresh,
	    s->loop_signals, (long long)s->loop_left, (long long)s->loop_commits,
	    s->is_blocked);
}

void
loop_hear(struct session *s, const struct happening *h)
{
	int64_t signals = fields_number(&h->fields, "signals", 0);

	if (s->loop.tasks == 0 || signals < 0)
		return;
	s->loop_signals |= (unsigned)signals & (LOOP_COMPLETE | LOOP_REPLAN);
	if (fields_number(&h->fields, "left", 0) > 0)
		s->loop_left = happening_claim(h, "left", 0);
}

/* Why the task under way is not taken for done: R-152 by what git says. */
static const char *
not_proven(const struct session *s, const struct happening *h)
{
	if (fields_number(&h->fields, "dirty", 0) > 0 && !s->is_analysis)
		return "its work is not committed";
	if (fields_text(&h->fields, "missing")[0])
		return fields_text(&h->fields, "missing");
	if (s->n_commits <= s->loop_commits && !s->is_analysis)
		return "you said TASK_COMPLETE, and nothing was committed for it";
	return NULL;
}

/* an approach has failed, and a person sees why. */
static void
give_to_person(struct core *core, struct session *s, enum loop_next next,
    const char *why, int64_t now, struct acts *acts)
{
	AUTO_FREE char *reason = NULL;

	if (next == LOOP_CAPPED)
		reason = xasprintf(
		    "its loop took %lld turns (divisi.loop-turns), with %lld of "
		    "%lld tasks done",
		    (long long)s->loop.turns, (long long)s->loop.done,
		    (long long)s->loop.tasks);
	else
		reason = xasprintf("task %lld of %lld is blocked after %lld attempts "
				   "(divisi.loop-tries): %s",
		    (long long)s->loop.done + 1, (long long)s->loop.tasks,
		    (long long)s->loop.tries - 1,
		    why[0] ? why : "its turns end without TASK_COMPLETE");
	if (!session_leave(core, s, ON_PARK, reason, now, acts))
		return;
	s->n_failed++;
	s->is_blocked = true;
}

/* Said to the agent that lives; or a new run of it, in the same conversation or a fresh one. */
static void
go_on(struct session *s, enum loop_next next, const char *why, int64_t now,
    struct acts *acts)
{
	AUTO_FREE char *words = loop_words(&s->loop, next, why);
	bool is_fresh = s->loop.is_fresh && next == LOOP_ADVANCES;

	s->rest_is_done = false;
	if (!s->run_open) {
		owe_launch(s, is_fresh ? "" : s->agent_session, words, now, acts);
		return;
	}
	if (!core_move(s, ON_ACTIVITY, now, acts))
		return;
	s->last_seen = now;
	core_set(&s->reason, "");
	if (is_fresh) {
		s->splits = true; /* what follows its end is loop_takes_over() */
		owe_stop(s, acts);
	} else {
		session_say(s, words, acts);
	}
}

bool
loop_inspected(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const char *unproven = not_proven(s, h), *why = "";
	unsigned signals = s->loop_signals;
	enum loop_next next;

	if (s->loop.tasks == 0 || s->loop.done >= s->loop.tasks)
		return false;
	/* What its agent cannot commit itself is committed for it, before anything counts. */
	if (fields_number(&h->fields, "dirty", 0) > 0 && !s->is_analysis &&
	    fields_number(&h->fields, "ours", 0) && !s->rest_is_done)
		return false;
	next = loop_turn(&s->loop, signals, s->loop_left, !unproven);
	s->loop_signals = 0;
	s->loop_left = 0;
	if (!unproven)
		s->loop_commits = s->n_commits;
	if ((signals & LOOP_COMPLETE) && unproven)
		why = unproven;
	owe_checkpoint(s, "the loop", s->run_open ? CHECKPOINT_COMMENT : 0, acts);
	switch (next) {
	case LOOP_ENDS: return false;
	case LOOP_BLOCKED:
	case LOOP_CAPPED: give_to_person(core, s, next, why, h->at, acts); break;
	default: go_on(s, next, why, h->at, acts); break;
	}
	return true;
}

bool
loop_takes_over(const struct session *s)
{
	return s->splits && s->loop.is_fresh && s->loop.tasks > 0 && !s->wraps_up;
}

char *
loop_note(const struct session *s)
{
	if (s->loop.tasks == 0 || s->loop.done >= s->loop.tasks)
		return NULL;
	return loop_words(&s->loop,
	    s->loop.tries == 1 && s->loop.done > 0 ? LOOP_ADVANCES : LOOP_RETRIES,
	    "the run before this one ended amid it");
}

void
loop_resumed(struct session *s)
{
	/* A person's word is a new start; a crash that they let go on from is a try. */
	if (s->state == SESSION_STALLED)
		(void)loop_crashed(&s->loop);
	else if (s->loop.tasks > 0)
		s->loop.tries = 1;
	if (s->state == SESSION_PARKED && s->loop.turns >= s->loop.max_turns)
		s->loop.turns = 0;
}
