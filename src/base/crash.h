#pragma once

/*
 * Named crash points: the places where a death leaves the most to be found out afterwards.
 * Whatever makes something last (a sync, a rename, a commit, a git that changes the
 * repository, a started process, a tracker's call) stands in DURABLE() or DURABLE_OF(),
 * which tools/crash_points.py enforces; tests/crash dies at each of them in turn.
 *
 * Built with -Dcrash_points=true a point looks at the environment: CRASH_POINTS names a
 * directory, in whose `points` each point that is passed is logged as "PROGRAM POINT PID", and
 * whose `at`, when it is there, says "PROGRAM POINT N HOW": at the N-th time the process
 * does HOW, `kill` (itself, SIGKILL) or `stop` (SIGSTOP, so that whoever watches
 * may kill it and others).  Built otherwise nothing is left of all this.
 */
#ifdef WITH_CRASH_POINTS

/* Passes the point FAMILY[.WORD].WHEN; errno is kept.  WORD may be NULL. */
void crash_pass(const char *family, const char *word, const char *when);

/*
 * The word for a git with the arguments ARGV: its verb, "update-ref", or "worktree-add"
 * for the verbs that have verbs of their own.  Valid until the next call.
 */
const char *crash_git_word(const char *const *argv);

/* The environment that a holder is started with: ours, so that it has points, too. */
#define CRASH_ENV(env) ((void)(env), environ)

#define crash_point(name)            crash_pass(name, NULL, "here")
#define crash_point_of(family, word) crash_pass(family, word, "here")

#define DURABLE_OF(family, word, call)                     \
	({                                                 \
		const char *crash_word_ = (word);          \
		__typeof__(call) crash_rc_;                \
                                                           \
		crash_pass(family, crash_word_, "before"); \
		crash_rc_ = (call);                        \
		crash_pass(family, crash_word_, "after");  \
		crash_rc_;                                 \
	})

#else

#define CRASH_ENV(env)                 (env)
#define crash_point(name)              ((void)0)
#define crash_point_of(family, word)   ((void)0)
#define DURABLE_OF(family, word, call) (call)

#endif

/* CALL, which makes something last, between the points NAME.before and NAME.after. */
#define DURABLE(name, call) DURABLE_OF(name, NULL, call)
