#pragma once

#include "base/hash.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "core/core.h"
#include "engine/engine.h"
#include "git/run.h"
#include "store/journal.h"

/*
 * A whole world in one process: time, a disk, git, holders, agents, a tracker and people,
 * made of random numbers, around the real engine.  The functions through which divisi
 * touches the world (libevent, store/journal.h, base/rundir.h, git/...) are defined here
 * once more, and the linker takes ours.  They carry no argument for the world, so there is
 * one at a time: `sim`.  How it works and what it proves is README.md.
 */
#define SIM_TOP  "/divisi-sim/repo"
#define SIM_HOME SIM_TOP "/.git/divisi"

/* Above any pid of the kernel: no real process is ever meant.  A tool of an agent: more. */
#define SIM_PID_FIRST      5000000
#define SIM_PID_TOOL       10000000
#define SIM_FD_LOCK        999999 /* of a lock file; closing it harms nobody */
#define SIM_FD_OF_PID(pid) ((pid)-SIM_PID_FIRST + 1000000)

/* What goes wrong on purpose; counted in the summary. */
enum sim_fault {
	FAULT_CRASH,         /* the server dies between two effects */
	FAULT_POWER_CUT,     /* everything dies, what was not synced is lost */
	FAULT_TORN_WRITE,    /* a power cut in the middle of a record */
	FAULT_LOST_WRITE,    /* written, not synced, gone */
	FAULT_FAILED_WRITE,  /* one write to the journal */
	FAULT_FULL_DISK,     /* all of them for a while */
	FAULT_CLOCK_JUMP,    /* forth or back */
	FAULT_HOLDER_TWICE,  /* two are started for one run */
	FAULT_HOLDER_KILLED, /* its agent may outlive it for a while */
	FAULT_AGENT_KILLED,
	FAULT_AGENT_SILENT,
	FAULT_AGENT_LIED, /* "done" with nothing, or with a rest */
	FAULT_IMPOSTOR,   /* an agent gave a person's order */
	FAULT_NOTICE_LOST,
	FAULT_NOTICE_TWICE,
	FAULT_NOTICE_LATE, /* out of order */
	FAULT_NO_ANSWER,   /* of a holder, in time */
	FAULT_JOB_KILLED,
	FAULT_GIT_FAILED,
	FAULT_CONFLICT,
	FAULT_MET, /* two sessions that work do not merge: the radar sees it */
	FAULT_RED, /* the verify command fails on the combined tree */
	FAULT_SETUP_FAILED,
	FAULT_TREE_TAKEN, /* somebody else removes a worktree */
	FAULT_TARGET_MOVED,
	FAULT_CHECKOUT_DIRTY,
	FAULT_TRACKER_DOWN,
	FAULT_TRACKER_DEAF, /* it did it, and its answer was lost */
	FAULT_RATE_LIMIT,
	FAULT_STORM,         /* an agent's tool fails in the same way again and again */
	FAULT_TOKEN_REFUSED, /* by the tracker, for a while */
	FAULT_WRITE_REFUSED, /* for ever, or until a person tries it again */
	FAULT_TRACKER_EDIT,  /* somebody there changes an issue of ours */
	FAULT_WRITE_GIVEN_UP, /* a person drops it from the outbox */
	FAULT_QUEUED,         /* dispatch --queue */
	FAULT_AWAY_DEAF,      /* who works elsewhere never picks it up */
	FAULT_AWAY_ASTRAY,    /* its branch has a name that nobody looks for */
	FAULT_LATE_APPROVAL,
	FAULT_DECLINED,
	FAULT_OVERRIDE,
	FAULT_PLAN_EDITED,
	FAULT_SETTING_CHANGED,
	FAULT_N,
};

/* What many games amount to: a simulation that never gets anywhere proves nothing. */
struct sim_tally {
	uint64_t fault[FAULT_N];
	uint64_t games, dispatches, batches, happenings, refused, acts, jobs, starts,
	    restarts, checks, done, merged, failed, complete, aborted, pinned;
};

/* ---- runs, holders, agents ------------------------------------------------------------ */

enum hold_stage { HOLD_NONE, HOLD_LOCKED, HOLD_BEGUN, HOLD_RUNNING, HOLD_GONE };

/* One run directory and the processes in it. */
struct sim_run {
	char *name, *session, *cwd, *agent_id;
	bool is_claude, is_terminal; /* a person types there */
	bool has_spec, has_begun, has_end;
	int n_waiting; /* holders that have not tried the lock yet */
	enum hold_stage hold;
	int pid, boot;
	bool agent_alive, is_dying, is_suspended, saw_eof, is_told_to_stop, is_mute;
	int n_starts, end_status;
	int64_t quiet_since; /* when its agent fell silent */
	char end_reason[32];
	char *out; /* out.ndjson; N_SYNCED survives a power cut */
	size_t n_out, cap_out, n_synced, n_lost; /* bytes a power cut took */
	struct sim_frame {
		char *key, *line;
	} * frame; /* in.ndjson */
	size_t n_frames, cap_frames, n_heard;
	int stage, n_asked, n_tools;
	char *waits_for; /* its open question, "" when none */
	struct sim_asked {
		char *id;
		size_t end; /* offset behind the line */
		int n_answers;
	} * asked;
	size_t n_asks, cap_asks;
};

/* ---- git ------------------------------------------------------------------------------ */

/* Each piece of work that anybody ever made has a number, and a bit. */
#define SIM_UNITS 1024
struct sim_units {
	uint64_t bit[SIM_UNITS / 64];
};

struct sim_commit {
	char oid[GIT_OID_SIZE];
	int parent; /* index, -1 = none */
	struct sim_units has;
	bool is_verified;
};

struct sim_tree { /* the worktree of a session */
	char *path, *session, *branch;
	bool exists, is_set_up, was_taken;
	int base, head;
	struct sim_units dirty;
	char *file[16]; /* dirty paths */
	size_t n_files;
	char *committed[16]; /* paths its commits changed */
	size_t n_committed;
};

struct sim_git {
	struct sim_commit *commit;
	size_t n, cap;
	int target, remote;
	struct sim_tree *tree;
	size_t n_trees, cap_trees;
	struct sim_units pinned;
	int n_units;
	bool is_dirty; /* the main checkout: files in the way */
	char scratch[GIT_OID_SIZE];
};

/* ---- plans ---------------------------------------------------------------------------- */

#define SIM_PHASES 12
struct sim_phase {
	char id[16], issue[16];
	int module;     /* it writes src/m<module>/ */
	int file;       /* only this file of it, or -1: all */
	int reads;      /* module it reads, or -1 */
	int consumes;   /* phase whose api it uses, or -1 */
	uint32_t after; /* declared dependencies, a bit per phase */
	bool has_infra; /* ci */
	bool is_analysis;
	bool is_unknown; /* declares nothing */
	bool is_away;    /* its agent works elsewhere */
	int cents;
	const char *mode;
};

struct sim_plan {
	char path[48];
	struct sim_phase phase[SIM_PHASES];
	int n;
	int n_edits; /* of its meaning: an approval of the table before is void */
	int n_notes; /* of its prose */
	char *text;  /* the file */
	uint32_t
	    before[SIM_PHASES]; /* who must be done before it, by our own reading */
};

/* What a proposal was made of, by its hash. */
struct sim_table {
	char hash[HASH_HEX_SIZE];
	char *made_of;
	int n_edits;
	const struct sim_plan *plan;
};

struct sim_config {
	int cap;
	bool is_auto, publishes, verifies, has_setup, is_claude, has_plan_cap,
	    times_out;
	bool is_remote; /* its tracker is over the network */
	bool is_tame;   /* its agents behave as in the calm */
	bool has_away;  /* some of its agents work elsewhere */
	bool reroutes;
	int n_changes;
};

/* ---- the checker's view --------------------------------------------------------------- */

struct sim_shadow {
	char *id;
	enum session_state state;
	bool is_suspended, is_overridden;
	int n_launches;
	int n_charged;         /* the run whose time is charged */
	int64_t charged_since; /* by the clock that nobody sets */
};

struct sim_approval {
	char *batch, *hash;
	int version;
};

struct sim_check {
	struct core *core; /* replayed from the journal, row by row */
	struct sim_shadow *shadow;
	size_t n_shadows, cap_shadows;
	struct sim_approval *approval;
	size_t n_approvals, cap_approvals;
	int n_closed[8];
	size_t n_rows, n_acts; /* how much of the journal was checked */
	size_t n_before;       /* rows that were there when the server started */
};

/* ---- the world ------------------------------------------------------------------------ */

/* The tracker over the network, and the job that calls it now. */
struct sim_remote {
	int64_t limited_until, locked_until;
	int64_t told_until; /* that it wants no call until then is in the journal */
	const char *act, *kind, *session;
	bool accepts;
	int n_reads;
	int64_t *dropped,
	    *accepted; /* acts that a person gave up, or wrote on top with */
	size_t n_dropped, cap_dropped, n_accepted, cap_accepted;
};

/* A file of the person's state directory. */
struct sim_file {
	char *path, *text;
};

struct sim {
	uint64_t rng, seed;
	bool is_calm; /* the end of the game: nobody fails, lies or crashes any more */
	bool is_loud, is_short;
	int64_t mono, skew; /* ms; the wall clock is their sum */
	int64_t slept;      /* of that the machine slept */
	bool is_blind;      /* the server knows but the wall clock */
	struct sim_tally *tally;
	struct event_base *base;
	struct engine *engine;
	/* The server's process: it dies when that many effects are done. */
	bool is_dead, dies_by_power;
	long dies_in;
	/* The job that runs in its place, on the sim's stack. */
	bool is_job, is_job_dead;
	long job_dies_in;
	int job_limit; /* it dies with its server: after one effect less; 0 none */
	bool is_full;  /* the disk */
	int64_t tracker_down_until;
	struct sim_remote remote;
	struct sim_file *file;
	size_t n_files, cap_files;
	struct sim_run **run;
	size_t n_runs, cap_runs;
	struct sim_git git;
	struct sim_plan plan[2];
	int n_plans;
	bool ends_early; /* in the calm the plans are aborted, not finished */
	struct sim_config config;
	struct sim_table *table;
	size_t n_tables, cap_tables;
	int64_t op; /* a person waits for it; 0 none */
	int op_plan;
	char seen_hash[HASH_HEX_SIZE]; /* the table they saw last */
	const char *ordering;          /* the verb a person is giving now, or NULL */
	const char *approving;
	int n_said, n_pids, n_boots;
	struct sim_check check;
};

extern struct sim *sim;

/* check_money.c: caps and pauses at each launch; what a session may spend, at each row. */
void sim_check_money(const struct happening *h, const struct acts *acts);
void sim_check_budget(const struct session *s, int64_t now);

/* game.c */
unsigned sim_dice(unsigned n);                           /* 0..n-1 */
bool sim_mishap(unsigned percent, enum sim_fault fault); /* never when calm; counted */
void sim_count(enum sim_fault fault);
void sim_fail(const char *fmt, ...) PRINTF(1, 2) __attribute__((noreturn));
void sim_say(const char *fmt, ...) PRINTF(1, 2); /* when loud */
int64_t sim_wall(void);
void sim_passed(struct passed *passed);
/*
 * Something is about to change in the world by the hand of the server or of its job.
 * False: it died before.  After true it may be dead as well, and does nothing any more.
 */
bool sim_effect(void);
bool sim_is_gone(void);            /* who calls now died some effects ago */
#define SIM_BEGAN_MS 1700000000000 /* when the clock of a game begins */
enum { SIM_LOUD = 1, SIM_SHORT = 2, SIM_BLIND = 4 };
void sim_play(uint64_t seed, unsigned style, struct sim_tally *tally);
const char *sim_fault_name(enum sim_fault fault);

/* loop.c: events, jobs, notices.  One random thing that is due happens; false: none is. */
bool sim_loop_turn(void);
bool sim_loop_is_quiet(void);    /* nothing is due, and no job is under way */
int64_t sim_loop_next(void);     /* when the next timer is due, INT64_MAX none */
void sim_loop_end_jobs(void);    /* its jobs die, some half done */
void sim_loop_end_process(void); /* its children and events are gone */
void sim_loop_clear(void);
void sim_notice(const char *dir, unsigned what); /* a file of a run changed */
void sim_holder_gone(int pid);
void sim_tree_notice(void); /* a directory of worktrees changed */

/* disk.c */
void sim_disk_cut(void); /* power: what was not synced is lost or torn */
void sim_disk_clear(void);
size_t sim_disk_open_acts(void);
/* What is in the journal, as a reader finds it. */
size_t sim_disk_rows(void);
const struct journal_row *sim_disk_row(size_t i);
size_t sim_disk_acts(void);
const struct act_row *sim_disk_act(size_t i);

/* files.c: plan files, locks, the state directory; runs.c: run directories */
void sim_files_clear(void);
struct sim_run *sim_run_find(const char *name);
const char *sim_run_dir(const struct sim_run *run, char *buf, size_t size);
void sim_run_clear(struct sim_run *run);
bool sim_hold_is_alive(const struct sim_run *run);

/* holders.c: a holder or its agent does one thing; false when nobody can. */
bool sim_hold_turn(void);
bool sim_hold_is_quiet(void);
void sim_hold_kill(struct sim_run *run, bool with_tree);
void sim_hold_cut(void);

/* agents.c */
void sim_agent_turn(struct sim_run *run);
bool sim_agent_can_act(const struct sim_run *run);

/* repo.c, trees.c */
void sim_git_start(void);
void sim_git_clear(void);
struct sim_tree *sim_tree_of(const char *session);
struct sim_tree *sim_tree_at(const char *path);
void sim_tree_take(void); /* one that exists, at random */
int sim_commit_find(const char *oid);
bool sim_commit_has(int commit, int ancestor);
int sim_commit_add(int parent, const struct sim_units *has, const char *salt);
int sim_unit_new(struct sim_units *into);
void sim_units_join(struct sim_units *into, const struct sim_units *from);
bool sim_units_within(const struct sim_units *some, const struct sim_units *all);
void sim_tree_write(struct sim_tree *t, const char *file);
void sim_tree_commit(struct sim_tree *t);
void sim_git_someone_commits(void);
int sim_git_fails(struct err *err); /* now and then; -1 with ERR */

/* jobs.c: runs KIND with INPUT as a job would, in our own process; its answer, or NULL. */
char *sim_job(const char *kind, const char *input, size_t n_input);
void sim_tables_clear(void);

/* issues.c */
void sim_issues_clear(void);
void sim_issues_check(void);

/* remote.c */
void sim_remote_clear(void);
void sim_remote_edit(void); /* somebody changes an issue there */
bool sim_remote_has_issue(const char *id);
bool sim_remote_has_note(const char *act);
const char *sim_remote_status(const char *id, bool *is_touched);

/* away.c: agents that work elsewhere */
struct arena;
struct tracker_agents;
struct tracker_pulls;
struct tracker_pull;
void sim_away_clear(void);
bool sim_away_turn(void);
void sim_away_give(
    const char *issue, const char *session, const char *to); /* "" takes it */
const char *sim_away_delegate(const char *issue);
const char *sim_away_branch(const struct session *s);
int sim_away_agents(const char *issue, struct arena *arena, struct tracker_agents *out);
int sim_away_pulls(const char *issue, struct arena *arena, struct tracker_pulls *out);
/* Pull request NUMBER, closed if CLOSES; -1 when there is none. */
int sim_away_pull(
    long number, bool closes, struct arena *arena, struct tracker_pull *out);
int sim_away_local(const char *branch); /* the commit of one that was fetched, or -1 */
void sim_away_check_end(void);
/* What a person orders about S in the wild, and does in the calm; false: nothing. */
bool sim_away_order(const struct session *s);
bool sim_away_tend(const struct session *s);

/* remote.c, issues.c: who works elsewhere moves its issue */
void sim_remote_move(const char *id, const char *status);
void sim_issue_move(const char *id, const char *status);

/* check_outbox.c */
void sim_check_write(void); /* the job that runs changes something in the tracker */
void sim_check_filed(const struct session *s, const struct batch_run *b);
void sim_check_outbox(void);

/* letters.c: what a person does about writes that wait; false when none do. */
bool sim_letter_turn(void);
bool sim_letter_tend(void);
bool sim_was_dropped(int64_t seq);
bool sim_was_dropped_of(
    const char *session); /* did a person give up any of its writes? */
bool sim_was_accepted(const char *act);
/* reviews.c: waives what a checkpoint with high risk waits for; false when it waits for nothing. */
bool sim_review_tend(const struct session *s);
bool sim_rule(void); /* about two sessions that met; false when none do */

int sim_order(const char *verb, struct fields *in); /* people.c */

/* plans.c */
void sim_plan_make(struct sim_plan *p, int number);
void sim_plan_edit(struct sim_plan *p);
void sim_plan_note(struct sim_plan *p);
const struct sim_phase *sim_phase_of(const char *plan_path, const char *phase, int *at);
bool sim_phase_excludes(const struct sim_plan *p, int a, int b);
/* The newest dispatch of that plan, aborted or not; NULL when there is none. */
const struct plan_run *sim_plan_run(const struct core *core, int plan);
struct sim_plan *sim_plan_at(const char *path);

/* people.c */
void sim_person_turn(void);
void sim_person_tend(void); /* in the calm: what somebody has to do */
void sim_impostor(const struct sim_run *run);

/* faults.c: something breaks; the server starts */
void sim_fault_turn(void);
void sim_server_start(void);
void sim_server_die(const char *why);

/* check.c: something new is in the journal; the server came back; the end. */
void sim_check_journal(void);
void sim_check_restart(void);
void sim_check_end(void);
void sim_check_clear(void);
struct sim_shadow *sim_shadow_of(const char *id);
void sim_check_start(const struct sim_run *run); /* an agent starts in RUN */

/* check_reasons.c: every wait has a reason, and a command where a person can act (promise 6) */
void sim_check_reasons(void);

/* check_state.c */
void sim_check_state(const struct happening *h, const struct acts *acts);
