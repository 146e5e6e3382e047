#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * May an issue be closed, and by whom (SPEC 2.19, R-187 to R-191)?  From facts, not from what
 * somebody believes.  Pure.
 */
enum closure {
	CLOSURE_AUTO,    /* by itself */
	CLOSURE_PROPOSE, /* a person is asked */
	CLOSURE_NEVER,   /* only by the person who has it */
	CLOSURE_BLOCK,   /* not as it stands */
	CLOSURE_N,
};

const char *closure_name(enum closure closure); /* "AUTO" ... "BLOCK" */

/* Did it come to what it was for?  By its criteria, or by a person's word. */
enum closure_outcome {
	OUTCOME_UNASKED, /* nobody said, or the work is too small to ask */
	OUTCOME_MET,
	OUTCOME_PARTLY,
	OUTCOME_MISSED,
	OUTCOME_UNKNOWN, /* somebody looked, and cannot tell */
	OUTCOME_N,
};

const char *closure_outcome_name(
    enum closure_outcome outcome);        /* "" "met" ... "unknown" */
int closure_outcome_of(const char *word); /* -1 for any other word */

enum closure_deploy { DEPLOY_NONE, DEPLOY_GREEN, DEPLOY_PENDING, DEPLOY_RED };

struct closure_facts {
	bool is_agents, has_person;   /* whose it is */
	bool needs_decision, is_pair; /* needs:human-decision, exec:pair */
	bool is_open, is_discussed; /* its change waits; somebody waits for an answer */
	int n_merged;               /* changes of it that landed */
	enum closure_deploy deploy; /* what was checked where it landed */
	bool is_small;              /* a spike or chore: no change is needed */
	bool has_all_criteria;      /* each box of it is ticked */
	int tests, coverage, review; /* 0 to 100; -1: nobody measured it */
	bool is_quick;
	int points;                   /* 0 unknown */
	enum closure_outcome outcome; /* takes 0, 5, 15 or 10 off the quality */
	int reopened_hours; /* since it was done, when somebody opened it again; -1 not */
	bool is_text;       /* the claim is all that it delivers */
	const char *claim; /* what its worker said at the end; "" nothing */
};

struct closure_answer {
	enum closure closure;
	int quality; /* 0 to 100; -1: there is nothing to measure it by */
	char why[200];
	const char *mend; /* what unblocks it; "" when nothing is needed */
};

/* What a team may set instead of R-188's 40, 30, 30 and 80, 60. */
struct closure_scale {
	int tests, coverage, review, at_least, propose_at;
};
extern const struct closure_scale closure_scale_default;

/*
 * What OUTCOME takes off the quality of FACTS: nothing from a spike or chore, nor from
 * quick work of two points at most.
 */
int closure_outcome_cost(const struct closure_facts *facts);

/* How long an issue that was opened again after it was done stays open. */
#define REOPENED_HOURS 48

/*
 * Quality by R-188: what nobody measured is left out and the others weigh more; a review that
 * never ran counts as 70; in quick mode tests that were run are worth 60 at least; less what its
 * outcome takes off.  -1 without any measure.
 */
int closure_quality(
    const struct closure_facts *facts, const struct closure_scale *scale);

/* The first wording of belief in TEXT, whole words in any case; NULL when none. */
const char *closure_belief(const char *text);

void closure_of(const struct closure_facts *facts, const struct closure_scale *scale,
    struct closure_answer *answer);
