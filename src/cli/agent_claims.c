#include "cli/agent_claims.h"

#include "base/mem.h"
#include "cli/agent_trial.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * What a command agent must do, in the order in which a stranger writes it: each claim is
 * one sentence of divisi-agent(7), tried on the program itself.
 */

#define LINE_MAX_BYTES (1u << 20)
#define BIG_PROMPT     (900u << 10) /* of the 1 MiB that a line may have */

static const char prompt[] =
    "This is a trial by `divisi agent test`, not work. Add one line to the file "
    "CONFORMANCE.md, commit it on the branch that is checked out, and end. Touch nothing "
    "else.";

struct trying {
	const struct agent_claims_ask *ask;
	struct agent_claims *claims;
	struct err *err;
};

static void
put(struct trying *t, struct agent_claim claim)
{
	assert(t->claims->n < AGENT_CLAIMS_MAX);
	if (claim.holds)
		claim.mend = "";
	t->claims->claim[t->claims->n] = claim;
	if (t->ask->tell)
		t->ask->tell(&t->claims->claim[t->claims->n], t->ask->arg);
	t->claims->n++;
}

static void PRINTF(5, 6) claim(struct trying *t, const char *name, bool holds,
    const char *mend, const char *fmt, ...)
{
	struct agent_claim c = { .name = name, .holds = holds, .mend = mend };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c.text, sizeof(c.text), fmt, ap);
	va_end(ap);
	put(t, c);
}

static struct trial
trial_of(const struct trying *t, const char *name, enum trial_turn turn)
{
	return (struct trial){ .scratch = t->ask->scratch,
		.holder = t->ask->holder,
		.name = name,
		.tree = name,
		.argv = t->ask->argv,
		.launch_as = "bypass",
		.prompt = prompt,
		.decision = "allow",
		.turn = turn,
		.limit_ms = t->ask->limit_ms };
}

static const char *
end_words(const struct trial *x)
{
	return x->n_done > 0 ? "done" : x->n_failed > 0 ? "failed" : "no end";
}

/* What it printed, and whether it said how it began and ended. */
static void
claim_words(struct trying *t, const struct trial *x)
{
	claim(t, "started", x->n_started > 0,
	    "print {\"type\":\"started\"} and a line end, and flush, as soon as the prompt "
	    "is read",
	    "it says that it has started%s", x->n_started > 0 ? "" : ": it did not");
	claim(t, "messages", x->n_notes == 0,
	    "print only messages of divisi-agent(7), one JSON object a line, to standard "
	    "output, and everything else to standard error",
	    "every line is a message%s%s",
	    x->n_notes ? "; the first that is not (kept as a note): " : "",
	    x->first_note);
	claim(t, "lines", x->longest <= LINE_MAX_BYTES,
	    "cut what you say below 1 MiB a line",
	    "no line is above 1 MiB (longest %zu)", x->longest);
	claim(t, "asks", x->n_repeated_asks == 0,
	    "count up the id of each {\"type\":\"ask\"}",
	    "each of its %d asks has an id of its own", x->n_asks);
	claim(t, "end", x->n_done + x->n_failed == 1 && !x->was_slow,
	    "say once how it ended: {\"type\":\"done\",\"summary\":...} or "
	    "{\"type\":\"failed\",\"reason\":...}; when it only needs longer: --limit "
	    "SECONDS",
	    "it says how it ended, once: %s%s%s", end_words(x),
	    x->n_done + x->n_failed > 1 ? ", and again"
	    : x->was_slow               ? ", within the limit"
					: "",
	    x->n_done + x->n_failed == 0 && !x->was_slow ? ", it just ended" : "");
}

static void
claim_work(struct trying *t, const struct trial *x)
{
	claim(t, "committed", x->loose[0] == '\0' || x->n_done == 0,
	    "commit (git add, git commit) before you say done",
	    "what it calls done is committed (%d commits)%s%s", x->n_commits,
	    x->loose[0] ? "; left over: " : "", x->loose);
	claim(t, "input-end", !x->was_forced && !x->was_slow,
	    "exit at the end of standard input", "it exits when its input ends (%s)",
	    x->fate);
	claim(t, "children", x->n_swept == 0, "wait for, or end, what you started",
	    "no process of it is left (%d were)", x->n_swept);
}

/* 1 when it can be tried further, 0 when not; -1 with ERR. */
static int
try_work(struct trying *t, bool *does_end)
{
	struct trial x = trial_of(t, "work", TRIAL_TO_END);

	if (trial_run(&x, t->err) < 0)
		return -1;
	claim(t, "start", x.has_started,
	    "it must be an executable program, or begin with #!",
	    "it can be started%s%s", x.has_started ? "" : ": ",
	    x.has_started ? "" : x.fate);
	if (!x.has_started)
		return 0;
	claim_words(t, &x);
	claim_work(t, &x);
	*does_end = x.n_done > 0;
	return x.n_started > 0;
}

static int
try_noise(struct trying *t, bool does_end)
{
	struct trial x = trial_of(t, "noise", TRIAL_TO_END);
	AUTO_FREE char *big = xmalloc(BIG_PROMPT + 1);
	size_t n = sizeof(prompt) - 1;
	bool ends;

	memcpy(big, prompt, n);
	for (size_t i = n; i < BIG_PROMPT; i++)
		big[i] = i % 64 ? '.' : '\n';
	big[BIG_PROMPT] = '\0';
	x.prompt = big;
	x.is_noisy = true;
	x.launch_as = "plan";
	if (trial_run(&x, t->err) < 0)
		return -1;
	claim(t, "big-prompt", x.n_started > 0,
	    "read whole lines, however long: up to 1 MiB come",
	    "a prompt of %u KB is read", BIG_PROMPT >> 10);
	ends = does_end ? x.n_done > 0 : x.n_done + x.n_failed > 0;
	claim(t, "noise", ends && !x.was_slow,
	    "pass over messages of a type you do not know or do not wait for, such as say",
	    "an unknown message and a person's words do not disturb it (%s)",
	    end_words(&x));
	return 0;
}

static int
try_plan(struct trying *t)
{
	struct trial x = trial_of(t, "plan", TRIAL_TO_END);
	bool has_changed;

	x.launch_as = "plan";
	x.decision = "deny";
	if (trial_run(&x, t->err) < 0)
		return -1;
	has_changed = x.n_commits > 0 || x.loose[0];
	claim(t, "plan", x.asked_plan ? !x.changed_before_plan : !has_changed,
	    "when DIVISI_LAUNCH_AS is plan, send {\"type\":\"ask\",\"kind\":\"plan\",...} "
	    "and wait for the answer before the first change",
	    "in plan mode it changes nothing before its plan is approved%s",
	    x.asked_plan ? "" : " (it never asked)");
	claim(t, "declined", !has_changed && !x.was_slow,
	    "after an answer whose decision is not allow, change nothing and say failed",
	    "a declined plan is not carried out%s%s",
	    has_changed ? ": it committed or left " : "", has_changed ? x.loose : "");
	return 0;
}

static int
try_ends(struct trying *t)
{
	struct trial x = trial_of(t, "interrupt", TRIAL_INTERRUPT);
	struct trial y = trial_of(t, "stop", TRIAL_STOP);

	if (trial_run(&x, t->err) < 0 || trial_run(&y, t->err) < 0)
		return -1;
	claim(t, "interrupt", x.n_done + x.n_failed > 0 || !x.was_slow,
	    "read standard input while you work; on {\"type\":\"interrupt\"} end the step "
	    "and say failed or done",
	    "interrupted, it says how it ended within 5 seconds (%s)", end_words(&x));
	claim(t, "stop", !y.was_forced,
	    "read standard input while you work; on {\"type\":\"stop\"} or its end, exit",
	    "told to stop, it exits within 5 seconds (%s)", y.fate);
	return 0;
}

/* Killed, and started again in the same worktree with the same prompt. */
static int
try_again(struct trying *t)
{
	struct trial x = trial_of(t, "killed", TRIAL_KILL);
	struct trial y = trial_of(t, "again", TRIAL_TO_END);

	y.tree = x.tree;
	if (trial_run(&x, t->err) < 0 || trial_run(&y, t->err) < 0)
		return -1;
	claim(t, "again", y.n_started > 0 && y.n_done + y.n_failed == 1 && !y.was_slow,
	    "expect your own earlier work: half a file, a commit, a stale index.lock",
	    "killed and started again in its worktree, it comes to an end (%s)",
	    end_words(&y));
	return 0;
}

int
agent_claims_try(
    const struct agent_claims_ask *ask, struct agent_claims *claims, struct err *err)
{
	struct trying t = { .ask = ask, .claims = claims, .err = err };
	bool does_end = false;
	int rc = try_work(&t, &does_end);

	/* One that never starts is not tried further: every other claim would say the same. */
	if (rc <= 0)
		return rc;
	if (try_noise(&t, does_end) < 0 || try_plan(&t) < 0 || try_ends(&t) < 0 ||
	    try_again(&t) < 0)
		return -1;
	return 0;
}
