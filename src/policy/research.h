#pragma once

#include "plan/plan.h"

#include <stdio.h>

/*
 * When research is enough (SPEC 1.4, 2.14, A-79 to A-81): questions, the tracks that were to
 * answer them, and what each says.  The text is judged by whoever wrote it; here are three
 * sums over it, and no third outcome.
 */
struct research_limits {
	int sources;      /* independent ones per question */
	int converge_pct; /* of the tracks that answer it, which agree */
	bool empirical;   /* one of the sources must be */
};

struct research_question {
	const char *id;   /* "Q1" */
	const char *text; /* behind it */
	bool is_side;     /* its gaps are told, and keep nothing shut */
};

struct research_track {
	const char *phase;
	int round;      /* later tracks settle what earlier ones leave open */
	bool is_over;   /* whichever way (S-31) */
	bool is_done;   /* one that failed answers nothing */
	unsigned asked; /* bit I: it was to answer question I */
};

/* One piece of evidence. */
struct research_piece {
	size_t track, question;
	const char *answer; /* "" when it does not say */
	const char *source; /* doi, address, file:PATH or commit:ID */
	const char
	    *dead; /* why that leads nowhere, so that it counts for nothing; NULL */
	int confidence; /* 0 low, 1 medium, 2 high */
	bool is_empirical;
};

#define RESEARCH_MOST_QUESTIONS 32
#define RESEARCH_MOST_TRACKS    64
#define RESEARCH_MOST_PIECES    4096
#define RESEARCH_MOST_DEAD      20 /* that are named */

struct research_set {
	struct research_question question[RESEARCH_MOST_QUESTIONS];
	size_t n_questions;
	struct research_track track[RESEARCH_MOST_TRACKS];
	size_t n_tracks;
	struct research_piece *piece; /* owned */
	size_t n_pieces, cap_pieces;
	const struct plan *plan; /* whose issues are no sources; lent, or NULL */
};

/* What the three axes come to for one question (S-32). */
struct research_axis {
	int n_asked, n_answered; /* tracks */
	int n_sources;      /* different ones, none of them the plan's own issues */
	int n_agree, n_say; /* tracks with the leading answer, with any */
	const char *answer; /* the leading one, "" none */
	bool is_covered, converges, is_contradicted;
	char against[64]; /* who says otherwise: "1C" */
	char lack[200];   /* of its coverage, "" nothing */
};

void research_set_clear(struct research_set *set);

/*
 * Adds the tracks of PLAN, phases that deliver evidence, and the questions in their tasks:
 * "Q1: which store", "Q2 (side): ...".  -1 with ERR_INPUT when there are too many, or when
 * two tracks word one question differently in whether it is a side one.
 */
NODISCARD int research_read_plan(
    struct research_set *set, const struct plan *plan, struct err *err);

/* Is PHASE one of the tracks, and is it what builds on them? */
bool research_is_track(const struct phase *phase);
bool research_is_synthesis(const struct plan *plan, const struct phase *phase);

/* The question that TEXT names, "Q1" or "Q1: which store"; -1 none. */
int research_question_of(const struct research_set *set, const char *text);

/* Adds a piece of the track at TRACK; false when there are too many. */
bool research_add(struct research_set *set, const struct research_piece *piece);

void research_axis_of(const struct research_set *set, size_t question,
    const struct research_limits *limits, struct research_axis *axis);

/*
 * Is it enough?  Writes a line for each gap to GAPS, and for each that keeps nothing shut,
 * with "(side)".  FOLLOWS receives the questions that follow-up tracks are to aim at.
 */
bool research_judge(const struct research_set *set,
    const struct research_limits *limits, FILE *gaps, unsigned *follows);
