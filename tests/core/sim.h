#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "core/core.h"

/*
 * A world for the core to act in, made of random numbers: a tracker, a git, agents that lie
 * and die, a person with moods, a server that crashes.  No process, no clock, no disk.
 */

/* One line of an agent's output, as the follower would tell it. */
struct line {
	enum hap kind;
	struct fields fields;
	int64_t end; /* offset after it */
};

/* One process life of an agent. */
struct proc {
	char *run, *session;
	bool is_alive, is_suspended, must_stop, saw_eof;
	bool end_told;
	bool is_lost; /* its holder dies with it: no end record */
	bool is_clean;
	int stage, patience;
	int64_t out; /* bytes written */
	struct line *line;
	size_t n, cap, n_read;
	char *waits_for; /* its open question, "" when none */
	int n_asked;
};

struct owed {
	char *kind, *key, *order;
	struct fields fields;
	bool is_running;
};

struct tree { /* what git knows of one session */
	char *session;
	int commits;
	bool is_dirty;
};

struct phase_plan { /* our own copy of the table, to judge the core by */
	char id[8];
	int batch, after; /* index of the phase it merges after, or -1 */
	bool is_analysis, is_external;
};

struct plan_model {
	struct phase_plan phase[9];
	int n, n_batches, cap;
	char id[8], path[16];
	bool is_auto;
	int n_tables; /* numbers the hashes */
};

struct shadow { /* what the checker believes of a session */
	char *id;
	enum session_state state;
	bool is_suspended;
	int n_launches;
};

struct approval {
	char *batch, *hash;
	int version;
};

struct sim {
	uint64_t rng, seed;
	int64_t now;
	bool is_calm; /* the end of the game: nobody fails, lies or crashes any more */
	bool is_loud;
	struct core *core;
	struct plan_model plan[2];
	int n_plans;
	struct proc *proc;
	size_t n_procs, cap_procs;
	struct owed *owed;
	size_t n_owed, cap_owed;
	struct tree *tree;
	size_t n_trees, cap_trees;
	/* the checker's */
	struct shadow *shadow;
	size_t n_shadows, cap_shadows;
	struct approval *approval;
	size_t n_approvals, cap_approvals;
	char **key;
	size_t n_keys, cap_keys;
	int n_closed[2];
	/* the journal: accepted happenings, and what they owed */
	struct record {
		enum hap kind;
		char *actor, *json, *out;
		int64_t at;
	} * record;
	size_t n_records, cap_records;
	size_t n_refused;
};

/* A number in 0..N-1; true in PERCENT of all cases (never when calm). */
unsigned sim_dice(struct sim *sim, unsigned n);
bool sim_mishap(struct sim *sim, unsigned percent);

/* Ends the program with the seed and what is wrong. */
void sim_fail(const struct sim *sim, const char *fmt, ...) PRINTF(2, 3)
    __attribute__((noreturn));

/* Lets KIND happen now, checks everything, takes the acts.  FIELDS are cleared. */
int sim_happen(
    struct sim *sim, enum hap kind, const char *actor, struct fields *fields);

/* sim_check.c: after every happening; at the end; the journal replayed (promise 8). */
void sim_check_step(
    struct sim *sim, const struct happening *h, const struct acts *acts);
void sim_check_replay(struct sim *sim);
void sim_check_end(struct sim *sim);
void sim_approved(struct sim *sim, const struct batch_run *batch, const char *hash);
char *sim_acts_text(const struct acts *acts);

/* sim_world.c: one thing goes on: an act, an agent, the follower; the server crashes. */
void sim_run_act(struct sim *sim);
void sim_agent(struct sim *sim);
void sim_read(struct sim *sim);
void sim_crash(struct sim *sim);
struct proc *sim_proc(struct sim *sim, const char *run);
bool sim_world_is_quiet(const struct sim *sim); /* nothing lives or is unread */
bool sim_world_waits(const struct sim *sim);    /* only time or a person can go on */

/* sim_human.c: a person does something; in the calm at the end, what is needed. */
void sim_human(struct sim *sim);
void sim_diligent(struct sim *sim);
bool sim_has_phases(const struct sim *sim, const struct plan_model *m);
