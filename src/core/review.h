#pragma once

#include "core/core.h"
#include "policy/findings.h"

/* A decision as it was said: about the row ID, or about the whole review when that is "". */
struct decided_entry {
	int round; /* how often the review had been recorded by then */
	char *id, *proposal, *decision, *reason, *by;
	int64_t at;
};

/*
 * What was reviewed, what was found and what a person decided about it (SPEC E-24, E-26 to
 * E-28).  One record for each subject and timing: a plan before its dispatch, the change of a
 * session, a session at its checkpoint.  A further review of the same adds to it.
 */
struct review {
	char *id;                  /* "v1" */
	char *timing, *option;     /* "pre" "in" "post"; "E", "" when nobody said */
	char *plan_path, *session; /* the subject; SESSION is "" for a plan */
	char *plan_hash, *head;    /* as it was reviewed last */
	char *reviewers;           /* who answered, joined by ", " */
	char *recommendation;      /* "APPROVE" "REVISE" ... "" when nobody gave one */
	char *by;                  /* who brought it in */
	char *waived_by, *waived_why;
	char *accepted_by; /* whose decisions came last, since it was reviewed last */
	int64_t at, n_reviewers;
	int version;  /* goes up with everything that changes its table */
	int n_posted; /* the version that the tracker was told */
	/*
	 * Its reviewers, as long as they are asked for or at work: their plan, which option,
	 * what of it they see, how many rounds they take and how many are recorded, and the
	 * round that is being collected.
	 */
	char *run, *run_option, *run_hash, *run_head;
	char *depth; /* how deep these look, and why */
	int n_rounds, round, owed;
	/*
	 * Those of options A, B, C and H are no sessions: on which issue they are asked, and
	 * since when.  RUN then names the request and is no plan.
	 */
	char *asked_on;
	int64_t asked_at;
	int n_runs;    /* how often reviewers were asked for */
	char *missing; /* who of the last ones gave no findings, and why */
	char *trouble; /* why they brought nothing at all */
	struct findings rows;
	int n_recorded;            /* how often findings came in */
	struct decided_entry *log; /* append-only */
	size_t n_log, cap_log;
};

void review_clear(struct review *review);

struct review *core_review(const struct core *core, const char *id);
/* The record about SESSION, or about the plan at PATH when that is ""; NULL when none. */
struct review *core_review_of(
    const struct core *core, const char *path, const char *session, const char *timing);

/*
 * Has R let through what it is about?  Only by what a person said: all that
 * weighs is decided, or the review is waived.  R may be NULL: nobody has reviewed it.  Else
 * WHY of N bytes says what is missing.
 */
bool review_gate(const struct review *r, char *why, size_t n);

/* How the reviewers of R stand. */
enum panel_state {
	PANEL_NONE,    /* nobody is asked */
	PANEL_ASKED,   /* they, or their next round, are not dispatched */
	PANEL_WAITING, /* their table waits for a person, or is being made */
	PANEL_AT_WORK,
	PANEL_OVER, /* all have answered or will not: it is being collected */
};

enum panel_state review_panel(const struct core *core, const struct review *r);

/*
 * Where a review of S, or of the plan P when S is NULL, is asked for: who reviews a change looks
 * at its pull request (J-8), which takes comments as an issue does.  "" when nowhere; the
 * caller frees it.
 */
char *review_place(const struct session *s, const struct plan_run *p);

/* The batch of their plan in which round ROUND works, or NULL. */
const struct batch_run *review_round(
    const struct core *core, const struct review *r, int round);

/* Is a review of S in time TIMING required now, and nobody at it? */
bool offer_is_due(const struct core *core, const struct session *s, const char *timing);
/* Are the reviewers of R offered, and not yet approved by anybody? */
bool offer_is_open(const struct core *core, const struct review *r);

/* May sessions of P launch, as far as Gate 2 goes (S-42)? */
bool core_gate2(const struct core *core, const struct plan_run *p, char *why, size_t n);

/* The same as an answer: -1 with the refusal that names the gate and the mend. */
NODISCARD int review_check_gate2(
    const struct core *core, const char *plan_id, struct err *err);

/* May S merge, as far as its review goes (S-44)?  PERSON: who reads its diff now says yes. */
bool session_gate3(
    const struct core *core, const struct session *s, bool person, char *why, size_t n);
