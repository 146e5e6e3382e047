#pragma once

#include "agent/agent.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/record.h"
#include "engine/said.h"
#include "engine/tool_calls.h"
#include "exec/exec.h"
#include "store/journal.h"
#include "sys/child.h"
#include "sys/follow.h"
#include "sys/watch.h"
#include "tracker/tracker.h"

#include <sys/queue.h>

/* Shared by the files of engine/ only. */

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, tvar) \
	for ((var) = TAILQ_FIRST((head));          \
	     (var) && ((tvar) = TAILQ_NEXT((var), field), 1); (var) = (tvar))
#endif

/* One act that is owed or under way. */
struct task {
	TAILQ_ENTRY(task) link;
	struct engine *engine;
	int64_t seq;
	char *key, *kind, *order;
	size_t order_hash;
	struct fields fields;
	int tries;
	int64_t not_before;
	bool is_running;
	bool is_grouped;   /* owed by a group that is not written yet */
	struct job *job;   /* when it is one */
	struct call *call; /* when it talks to a holder */
	struct agent_input
	    *opening; /* launch: the first messages, and how many are sent */
	size_t n_opened;
	struct event *timer; /* launch: waiting for the holder's socket */
	int64_t began_at;
	int64_t held_at; /* launch: when a holder was started last */
	/* outbox.c */
	bool is_outbound, is_conflict, accepts;
	char *stopped; /* why it waits for a person, or NULL */
	int64_t stopped_at;
	bool is_sent;       /* it got through; what came of it is not recorded yet */
	struct fields sent; /* the job's answer */
};
TAILQ_HEAD(task_list, task);

/* A run we follow. */
struct follower {
	TAILQ_ENTRY(follower) link;
	struct engine *engine;
	char *session, *run, *dir;
	struct watch *watch;
	struct follow *follow;
	struct event *holder_event; /* pidfd of the holder */
	struct event *again;        /* the journal was full: look once more */
	bool is_grouped;            /* read in a group that is not written yet */
	struct said said;           /* what its agent says in parts */
	struct tool_calls tools;    /* what it calls, for when that fails */
	struct call *pulse;         /* asks the holder what it sees */
	int64_t pulse_for;          /* the deadline that was asked about */
	int holder_fd;
	struct proc_id holder; /* pid 0 while it is not known */
	bool is_over;
	int n_sweeps; /* of a lost run whose tree did not die yet */
};
TAILQ_HEAD(follower_list, follower);

/* An operation of a client that takes time. */
struct op {
	TAILQ_ENTRY(op) link;
	int64_t id;
	bool is_over;
	struct fields out;
	struct err err;
	bool failed;
	struct job *job;
	struct engine *engine;
	char actor[96];
	struct fields in;
};
TAILQ_HEAD(op_list, op);

/* How long the server waits before it writes to a journal again that was full. */
#define JOURNAL_PAUSE_MS 500

/* What a living run holds of the person's cap. */
struct slot {
	char *session;
	size_t at; /* its place in the core, where it mostly stays */
	int fd;
};

struct radar_heard {
	int64_t last;
	size_t n;
};

/* The radar's rhythm and what it costs (radar_watch.c). */
struct radar_watch {
	struct event *timer;
	struct job *job;
	bool is_cold;            /* the next look compares everything */
	bool was_cold, is_first; /* the last one did; and the one before it did not */
	bool has_store;
	int n_still;              /* looks since one found something changed */
	struct radar_heard heard; /* as it was at the last look */
	int64_t began_at, looks, cpu_ms, last_cpu_ms, last_at;
	int64_t spent_ms; /* CPU_MS without first looks */
	char *trouble;
};

/* What keeps all acts on a tracker over the network back (outbox.c). */
struct outbox {
	bool is_busy; /* one is being sent */
	int64_t paused_until;
	int n_troubles; /* in a row */
	enum tracker_trouble kind;
	char trouble[512], fix[384]; /* "" when the last one got through */
};

/*
 * How the wall clock stood to the time that passed (clock.c): what it was ahead of all of it,
 * and what of that the machine slept.  Both stay as they are for as long as nobody sets the
 * clock and the machine neither sleeps nor is started anew.
 */
struct clock_stamp {
	int64_t ahead, slept;
	bool is_known; /* of this start of the machine, and in the store */
};

/* What keeps the journal from being written (unwritten.c); SINCE is 0 while it can be. */
struct unwritten {
	int64_t since; /* Unix ms */
	char text[ERR_TEXT_SIZE], fix[384];
};

struct engine {
	struct event_base *base;
	char *home, *top, *program, *holder, *hook;
	char *
	    divisi; /* where PROGRAM is, for those who start it by name; NULL unknown */
	int home_fd, lock_fd; /* both are the server's alone */
	struct store *store;
	struct core *core;
	struct watcher *watcher;
	struct task_list tasks;
	struct follower_list followers;
	struct op_list ops;
	struct slot *slot;
	size_t n_slots, cap_slots;
	int64_t *told; /* per account of the core: the pause that other servers know */
	size_t n_told, cap_told;
	int64_t next_op;
	struct event *clock; /* the core's next deadline */
	int64_t last_at;     /* of the last happening in the journal */
	struct clock_stamp stamp;
	struct unwritten unwritten;
	struct radar_watch radar;
	struct outbox outbox;
	struct event *pump; /* runs owed tasks soon */
	bool is_grouping;   /* a turn of the watcher: see group.c */
	bool group_is_open, group_failed;
	size_t n_grouped; /* happenings in it */
	int64_t (*now)(void);
	void (*passed)(struct passed *passed); /* NULL: nobody knows */
	char boot[40];
	struct guard *guard;
	struct trees *trees; /* NULL when worktrees cannot be watched */
	struct tips *tips;   /* NULL before the first look */
	void (*listen)(void *arg);
	void *listen_arg;
};

/* acts.c: the queue of owed acts. */
void tasks_take(struct engine *engine, const struct act_row *act);
void tasks_pump_soon(struct engine *engine);
void task_drop(struct task *task); /* it was never owed */
void tasks_free(struct engine *engine);
/* What is owed or under way, as the API shows it.  The caller owns it. */
struct json_object *tasks_json(const struct engine *engine);
/* Is the launch of RUN still owed or under way? */
bool tasks_have_launch(const struct engine *engine, const char *run);
/* Ends TASK: "done", "failed"; or owed again in RETRY_MS when that is above 0. */
void task_end(
    struct task *task, const char *state, const char *result, int64_t retry_ms);
void task_fail(struct task *task, const struct err *err);
/*
 * Tells the core that TASK cannot be done, without ending it; -1 when that is not in the
 * journal.  *RESULT, which the caller frees, is why, for the act.
 */
NODISCARD int task_tell_failed(
    const struct task *task, const struct err *err, char **result);
/* The journal takes nothing now, so TASK is as it was: done again in a while. */
void task_postpone(struct task *task);

/*
 * clock.c: did the clock go another way than time?  Then that happens, before anything else
 * does.  -1 when the journal does not take it: then nothing else may happen either.
 */
int clock_mind(struct engine *engine);
/* What the store has of the clock, once the journal was read; and what it says of a pause. */
void clock_load(struct engine *engine);
void clock_start(struct engine *engine);
void clock_keep(struct engine *engine); /* writes how it stands, once more */

/* unwritten.c: a write of the store ended with RC and ERR. */
void unwritten_note(struct engine *engine, int rc, const struct err *err);
/* Tries once more, and adds to STATUS what came of it; and the need of a person, if any. */
void unwritten_put(struct engine *engine, struct json_object *status);
size_t unwritten_need(const struct engine *engine, struct json_object *needs);

void clock_passed(struct passed *passed); /* by the machine's own clocks */
/* What moments are measured by that clock_mind() has not set back yet; else the time. */
int64_t clock_base(const struct engine *engine);
/* Wakes the core at its next deadline. */
void clock_arm(struct engine *engine);

/* orders.c: an operation that goes on after its order was answered. */
struct op *op_new(struct engine *engine, const struct caller *caller,
    const struct fields *in, struct fields *out);
void op_forget(struct op *op);

/* dispatch.c: TASK has the next table of the plan at PATH made, and ends with that. */
void dispatch_by_task(struct task *task, const char *path);
/* The order of that name. */
int order_dispatch(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* approvals.c: the orders of those names. */
int order_answer(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
int order_forget(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* money_view.c: what P and all in it cost.  The caller owns it. */
struct json_object *money_json(struct engine *engine, const struct plan_run *p);

/* accounts.c: tells other servers of this person which accounts are paused. */
void accounts_settle(struct engine *engine);
/*
 * Until when nothing is launched on ACCOUNT, by what any server of this person knows; what
 * is news is recorded.  0 when it is not paused.
 */
int64_t account_pause(struct engine *engine, const char *account);
int order_cap(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/*
 * orders.c: the id of the plan that an order means: by id, by path, or the one under way; ""
 * when there is none.  It lives as long as IN and the plan.
 */
const char *plan_meant(const struct core *core, const struct fields *in);
/* Turns the name a person used into the stable id, and records what they said. */
int happen_to_session(struct engine *engine, enum hap kind, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* telling.c: the order of that name. */
int order_say(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* takeover.c: the orders of these names. */
int order_takeover(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
int order_handback(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* mend.c: the order of that name. */
int order_mend(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/*
 * jobs.c: starts `divisi job KIND`; DONE gets its answer or its error, once, and may free
 * the job.  The caller frees it, which ends it when it still runs.  NULL with ERR.
 */
typedef void job_done_fn(
    void *arg, const struct fields *out, const struct err *err, bool failed);
struct job;
struct job *job_start(struct engine *engine, const char *kind, const struct fields *in,
    job_done_fn *done, void *arg, struct err *err);
void job_free(struct job *job); /* NULL is fine */

/* refused.c: tells what the fence of a run refused since; -1: the journal takes nothing. */
int refused_look(struct follower *f);

/*
 * calls.c: one request to a holder.  Takes RUN over; DONE gets its result as
 * run_call_step() gives it (never 0), once, from the loop; the call is freed before.
 * call_free() ends it and DONE is not called; NULL is fine.
 */
typedef void call_done_fn(
    void *arg, int rc, const struct run_pulse *pulse, const struct err *err);
struct call;
struct call *call_start(
    struct engine *engine, struct run_call *run, call_done_fn *done, void *arg);
void call_free(struct call *call);
/*
 * Asks the holders of sessions whose silence is over what they see.  True while an answer
 * is awaited: then it is not yet the time to say that they were silent.
 */
bool pulses_awaited(struct engine *engine);

/* group.c: between begin and end happenings share a transaction. */
void group_begin(struct engine *engine);
void group_end(struct engine *engine);
/* Before rows are appended: opens the group's transaction when there is a group. */
NODISCARD int group_join(struct engine *engine, struct err *err);
/* After rows were refused: nothing of the group happened, and nothing more joins it. */
void group_break(struct engine *engine);

/* engine.c: back to the state of the journal; ends the process when it cannot be read. */
void engine_go_back(struct engine *engine);
/* engine.c: what follows when something happened and is written. */
void engine_settle(struct engine *engine);

/* run_spec.c: a person's run, with no prompt and no lines but a terminal? */
bool run_is_terminal(const struct task *task);
/* Writes the spec of the run of S that TASK launches; one that is there is the same. */
NODISCARD int run_write_spec(struct engine *engine, const struct task *task,
    const struct session *s, const struct agent_launch *launch, struct err *err);

/* runs.c */
void run_launch(struct task *task);
/*
 * launch_check.c: is the run in DIR, which is there, of the table that S was approved by?
 * -1 with ERR, ERR_CONFLICT, when it is of another; nothing is changed.
 */
NODISCARD int run_check_table(const struct engine *engine, const struct session *s,
    const char *dir, struct err *err);
/* Does no agent live in the worktree of S?  -1 with ERR, ERR_CONFLICT, naming its run. */
NODISCARD int run_check_unused(
    const struct engine *engine, const struct session *s, struct err *err);
/*
 * Is every run of S before its current one proven dead?  What is left of them is killed,
 * what had not begun is given up.  -1 with ERR that names the run.
 */
NODISCARD int run_prove_past_dead(
    struct engine *engine, const struct session *s, struct err *err);
/* meaning.c: the happening that an agent's event KIND is; -1: activity only. */
int event_meaning(int kind);
/* followers.c */
void run_follow(struct engine *engine, const struct session *session);
void runs_adopt(struct engine *engine);
void followers_free(struct engine *engine);
struct follower *follower_find(const struct engine *engine, const char *run);
/* Looks at the files of the run and tells what they say; true when F is over and freed. */
bool follower_look(struct follower *f);
/* bursts.c: reads what is new; with IS_ENDED also a last line without its newline.  -1: later. */
int follower_read(struct follower *f, bool is_ended);
/* What it told last did not reach the journal: reads again from there, in a while. */
void follower_look_later(struct follower *f);
/* Notices the holder's death, which no file tells when it was killed. */
void follower_watch_holder(struct follower *f, const struct proc_id *holder);

char *run_dir(const struct engine *engine, const char *run);

/* slots.c: takes a slot for the run of S unless it has one; false when none is free. */
bool slot_take(struct engine *engine, const struct session *s);
/* Gives back the slots of runs that are over. */
void slots_settle(struct engine *engine);
/* After a restart: takes a slot for every run that lives. */
void slots_adopt(struct engine *engine);
void slots_free(struct engine *engine);

/* Begins to send the message of an "answer", "say" or "step" task to the agent of the run in DIR. */
struct run_call *run_message(
    struct engine *engine, const struct task *task, const char *dir, struct err *err);
/* Drops the first messages that are not sent yet. */
void task_drop_opening(struct task *task);

/* Adds what the job of TASK needs beside the act's own fields. */
int job_inputs(const struct task *task, struct fields *in, struct err *err);

bool agent_can_resume(const char *adapter);

/*
 * The id that the agent of RUN is told to give its session.  The same run always has the
 * same: a launch done twice is the same launch.
 */
#define RUN_UUID_SIZE 37
void run_uuid(const struct engine *engine, const char *run, char uuid[RUN_UUID_SIZE]);

/* radar_watch.c: looks at live trees as long as there are any; "" or what blinds it. */
void radar_settle(struct engine *engine);
void radar_watch_free(struct engine *engine);

/* trees.c: worktrees that other programs take away are noticed. */
void trees_start(struct engine *engine);
void trees_watch(struct engine *engine); /* those that were made since */
void trees_stop(struct engine *engine);
/* What PATH/.git leads to, there or not; NULL when that is no worktree.  The caller frees it. */
char *trees_admin(const char *path);

/*
 * tips.c: what sessions at work commit is pinned soon.  Looks now; or only when the last look
 * is some seconds old.
 */
void tips_look(struct engine *engine);
void tips_settle(struct engine *engine);
bool tips_failed(const struct engine *engine); /* at the last look; it is tried again */
void tips_free(struct engine *engine);

/* view.c: session_why(), and for one that does not go on what its agent complained about. */
void session_explain(struct engine *engine, const struct session *s, char *why,
    size_t n, char *command, size_t cn);

/* tracking.c: acts of the tracker, done in this process or sent by the outbox. */
void track_act(struct task *task);
/* Tells that the sub-issue of TASK's session is ID, "" when it waits to be filed. */
NODISCARD int track_filed(struct task *task, const char *id);

/* results.c: what the answer of a job means. */
void job_result(
    void *arg, const struct fields *out, const struct err *err, bool failed);

/*
 * engine_happen() for our own facts.  0 when it is told or the core has no use for it any
 * more (a line of a run that is over); -1 when the journal could not take it: nothing
 * changed, and it has to be told again.
 */
NODISCARD int engine_note(
    struct engine *engine, enum hap kind, const struct fields *fields);
