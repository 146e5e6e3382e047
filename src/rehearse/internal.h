#pragma once

#include "base/mem.h"
#include "rehearse/rehearse.h"

/* Shared by the files of rehearse/ only. */

/* What a throw of the dice is for; together with round and phase it names the throw. */
enum throw {
	THROW_WORK,
	THROW_COST,
	THROW_ASKS,
	THROW_FAIL,
	THROW_FAIL_AT,
	THROW_LIMIT,
	THROW_LIMIT_AT,
	THROW_CONFLICT,
	THROW_RED,
	THROW_APPROVE,
	THROW_ANSWER,
	THROW_MERGE,
	THROW_RESUME,
	THROW_MEND,
	THROW_VERIFY,
};

struct dice {
	uint64_t seed, round;
};

/* 0 <= x < 1; the same for the same names, whatever was thrown before. */
double throw_uniform(const struct dice *dice, enum throw what, int phase, int number);

/* MEDIAN times a factor that is as often below as above 1. */
double throw_around(const struct dice *dice, enum throw what, int phase, int number,
    double median, double spread);

/* ---- one round: what has to happen next, who works on what, the core in the middle ---- */

enum event_kind {
	EVENT_FILED,
	EVENT_PREPARED,
	EVENT_APPROVE, /* a person, of the batch NUMBER */
	EVENT_ACK,
	EVENT_STARTED,
	EVENT_ACCEPTED,
	EVENT_CONFIRMED,
	EVENT_AGENT, /* the agent comes to its next question, end or accident */
	EVENT_ANSWER,
	EVENT_INSPECTED,
	EVENT_MERGE,
	EVENT_CANDIDATE,
	EVENT_LANDED,
	EVENT_ENDED,
	EVENT_RESUME,
	EVENT_CLOCK,
};

struct event {
	int64_t at;
	uint64_t order; /* events of one moment keep the order they were made in */
	enum event_kind kind;
	int phase, number; /* number: of the batch, or of the run it belongs to */
};

struct worker { /* the agent of one phase, and what becomes of its work */
	double left_ms, work_ms;
	double cost, run_cost; /* cents in all; of this run so far */
	int n_asks, n_asked, n_runs, n_fails, n_tries, n_people;
	double fail_at; /* left when the run fails; negative: it does not */
	double limit_at;
	int64_t resumed_at; /* when it last began to work; -1 while it stands still */
	int64_t started_at, landed_at;
	int batch; /* whose table it is in */
	bool is_planned, is_done, is_lost;
	enum rehearse_what what;
	int64_t since;
};

struct stage {
	const struct rehearse_case *c;
	struct rehearse_round *round;
	struct dice dice;
	struct core *core;
	int64_t now;
	struct event *event; /* a heap */
	size_t n_events, cap_events;
	uint64_t n_made;
	struct worker *worker; /* per phase */
	int n_batches;         /* planned so far */
	int *chain; /* per phase: phases that wait for it, one after the other */
};

enum { MAX_FAILS = 3 };

#define SECOND 1000
#define MINUTE 60000.0
#define NEVER  ((int64_t)1 << 50)

/* queue.c */
void stage_add(
    struct stage *s, int64_t delay, enum event_kind kind, int phase, int number);
struct event stage_take(struct stage *s); /* the next one; there must be one */

/* rehearse.c */
void stage_turn(struct stage *s, int phase, enum rehearse_what what);
/* A person is needed: how long until somebody is there. */
int64_t stage_person(struct stage *s, enum throw what, int phase);
/* Lets KIND happen to the session of PHASE (none when negative).  FIELDS are cleared. */
int stage_happen(struct stage *s, enum hap kind, int phase, struct fields *fields);

/* agents.c */
void stage_hire(struct stage *s, int phase);
void stage_play(struct stage *s, const struct event *e);

/* wants.c: what the core owes and what moved become events. */
void stage_acts(struct stage *s, const struct acts *acts);

/* tables.c: plans what may be planned now. */
void stage_plan(struct stage *s);
