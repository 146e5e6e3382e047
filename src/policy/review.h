#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * What a review is, as data: how severe a finding can be, the options A to H and when each is
 * allowed, what several reviewers agree on, and which reviews a plan needs.  Pure.
 * SPEC 1.6, 2.18, 8.5, A-57 to A-65.
 */
enum severity { SEVERITY_CRITICAL, SEVERITY_IMPORTANT, SEVERITY_CONSIDER, SEVERITY_N };

const char *severity_name(enum severity severity);  /* "critical": stable */
const char *severity_title(enum severity severity); /* "Critical" */
char severity_letter(enum severity severity);       /* C, I, N: what ids begin with */
/* "Critical", "P1", "suggestion" ... in any case; -1 for any other word. */
int severity_of(const char *word);

/* When a review happens (S-42 to S-45). */
enum timing { TIMING_PRE, TIMING_IN, TIMING_POST, TIMING_CROSS, TIMING_N };

const char *timing_name(enum timing timing); /* "pre" "in" "post" "cross": stable */
int timing_of(const char *word);             /* -1 for any other word */

/* Which of the scales of A-59 decides what several reviewers said. */
enum scale {
	SCALE_THIRDS, /* two thirds include, all confirm a critical one */
	SCALE_LEVELS, /* unanimous, majority, split, minority */
	SCALE_EIGHT,  /* 6, 4 and 2 of 8 */
};

struct review_option {
	const char *name, *cost;
	unsigned timings; /* 1 << enum timing */
	enum scale scale;
	int n_reviewers; /* that divisi starts itself; 0 = they come from elsewhere */
	int n_rounds;
	char letter;
	bool has_personas;
};

const struct review_option *review_option(char letter); /* in any case; NULL */
const struct review_option *review_option_at(size_t i); /* NULL past the end */

/* What a number of reviewers makes of one finding. */
enum standing {
	STANDING_SINGLE,    /* one reviewer only: a person decides */
	STANDING_CONFIRMED, /* critical, and nobody disagrees */
	STANDING_UNANIMOUS,
	STANDING_MAJORITY,
	STANDING_SPLIT,    /* a person decides */
	STANDING_MINORITY, /* kept as a note, never dropped */
	STANDING_N,
};

const char *standing_name(enum standing standing);
int standing_of(const char *word); /* -1 for any other word */

struct votes {
	int n;                 /* reviewers that answered */
	int n_agree;           /* who found it */
	int n_critical;        /* and of these, who calls it critical */
	enum severity highest; /* that any of them calls it */
};

struct consensus {
	enum standing standing;
	enum severity severity; /* as which it enters the record */
	bool is_included;
	bool is_escalated; /* shown to a person, who has to say something about it */
};

/* How many of N reviewers include a finding; 0 of one, where a person decides (8.5). */
int consensus_include_at(int n);
struct consensus consensus_of(enum scale scale, const struct votes *votes);

/* The reviews a plan or a phase asks for. */
struct review_need {
	bool is_required; /* of the whole plan, before anything is launched (S-42) */
	bool is_advised;
	char why[160]; /* of either, in one line */
};

/*
 * What PLAN needs before its dispatch: required where it says so ("Review:" in the header or
 * in a phase) or where a phase is "Risk: high"; advised by; neither.
 * -1 with ERR_REFUSED for a value of "Review:" that means nothing.
 */
NODISCARD int review_need_of(
    const struct plan *plan, struct review_need *need, struct err *err);

/* The review of what PHASE made, and that at each of its checkpoints (S-43, S-44). */
struct phase_review {
	bool post; /* somebody must have reviewed the change before it merges */
	bool in;   /* its checkpoints need a record of option D */
};

NODISCARD int review_of_phase(
    const struct phase *phase, struct phase_review *review, struct err *err);
