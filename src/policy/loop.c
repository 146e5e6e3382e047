#include "policy/loop.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

#define MOST_TASKS 1000

bool
loop_mode(enum exec_mode mode)
{
	return mode != EXEC_PAIR && mode != EXEC_SWARM;
}

/* The number behind "TASKS ", 0 when LINE is not that. */
static int64_t
tasks_left(struct span line)
{
	static const char word[] = "TASKS ";
	int64_t n = 0;

	if (!span_starts(line, word))
		return 0;
	for (size_t i = sizeof(word) - 1; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9' || n > MOST_TASKS)
			return 0;
		n = n * 10 + (line.p[i] - '0');
	}
	return n > MOST_TASKS ? 0 : n;
}

unsigned
loop_signals(const char *text, int64_t *left)
{
	struct span rest = span_of(text), line;
	bool in_code = false;
	unsigned signals = 0;

	while (span_next(&rest, '\n', &line)) {
		line = span_trim(line);
		if (span_starts(line, "```")) {
			in_code = !in_code;
			continue;
		}
		if (in_code)
			continue;
		if (span_eq(line, "TASK_COMPLETE"))
			signals |= LOOP_COMPLETE;
		else if (span_eq(line, "REPLAN"))
			signals |= LOOP_REPLAN;
		else if (tasks_left(line) > 0)
			*left = tasks_left(line);
	}
	return signals;
}

/* The task under way is not done: once more, unless it was tried often enough. */
static enum loop_next
try_again(struct loop *l)
{
	if (l->turns >= l->max_turns)
		return LOOP_CAPPED;
	if (++l->tries >= l->max_tries)
		return LOOP_BLOCKED;
	return LOOP_RETRIES;
}

enum loop_next
loop_turn(struct loop *l, unsigned signals, int64_t left, bool is_proven)
{
	l->turns++;
	if (left > 0)
		l->tasks = l->done + left;
	/* Before TASK_COMPLETE; beyond the limit, or for a last task, it is not heard. */
	if ((signals & LOOP_REPLAN) && l->replans < l->max_replans &&
	    l->tasks - l->done >= 2) {
		if (l->turns >= l->max_turns)
			return LOOP_CAPPED;
		l->replans++;
		l->tries = 1;
		return LOOP_REPLANS;
	}
	if (!(signals & LOOP_COMPLETE) || !is_proven)
		return try_again(l);
	l->done++;
	l->tries = 1;
	if (l->done >= l->tasks)
		return LOOP_ENDS;
	return l->turns >= l->max_turns ? LOOP_CAPPED : LOOP_ADVANCES;
}

bool
loop_crashed(struct loop *l)
{
	if (l->tasks == 0)
		return true;
	if (l->tries < l->max_tries)
		l->tries++;
	return l->tries < l->max_tries;
}

/* what the number of the try has to say. */
static const char *
try_words(const struct loop *l)
{
	if (l->tries + 1 >= l->max_tries)
		return " This is the last attempt: after it a person is asked. Do the smallest "
		       "thing that meets the task, or say exactly what stands in the way.";
	if (l->tries == 2)
		return " Take a different approach from the one that did not get it done.";
	if (l->tries > 2)
		return " Two approaches have not got it done: find out why before you write "
		       "anything, and change the approach.";
	return "";
}

char *
loop_words(const struct loop *l, enum loop_next next, const char *why)
{
	long long at = (long long)l->done + 1, all = (long long)l->tasks;

	if (next == LOOP_REPLANS)
		return xasprintf(
		    "Plan the %lld task(s) that remain anew: write them, and why the old ones do "
		    "not hold, into .ccc-progress.md. Then say how many there are on a line of its "
		    "own, as TASKS 3, and go on with the first of them. End your turn with "
		    "TASK_COMPLETE on a line of its own when it is done and committed.",
		    (long long)(l->tasks - l->done));
	if (next == LOOP_ADVANCES)
		return xasprintf(
		    "Task %lld of %lld is done. Go on with task %lld, and with that one "
		    "only. Read .ccc-progress.md first; note in it what you learnt. End your turn "
		    "with TASK_COMPLETE on a line of its own when it is done and committed.",
		    at - 1, all, at);
	return xasprintf(
	    "Task %lld of %lld is not done: %s. It is attempt %lld at it.%s End your turn with "
	    "TASK_COMPLETE on a line of its own when it is done and committed.",
	    at, all, why[0] ? why : "your turn ended without TASK_COMPLETE",
	    (long long)l->tries, try_words(l));
}
