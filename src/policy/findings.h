#pragma once

#include "policy/review.h"

#include <stdio.h>

/*
 * Findings of reviewers, and the rows that they become in the review decision record (RDR).
 * Which findings of several reviewers are one is a rule over their words; where the rule is
 * unsure the row says so and a person joins the two.  Pure.  SPEC 2.18, 3.5, A-57 to A-59.
 */
enum decision {
	DECISION_NONE,
	DECISION_AGREED,
	DECISION_OVERRIDE,
	DECISION_DEFERRED,
	DECISION_REJECTED,
	DECISION_ESCALATED, /* a person passed it on: nothing is decided yet */
	DECISION_N,
};

const char *decision_name(enum decision decision); /* "" "agreed" "override" ... */
int decision_of(const char *word);                 /* -1 for any other word */

/* One finding as one reviewer reported it; the texts are borrowed. */
struct report {
	const char *reviewer;
	enum severity severity;
	const char *text;   /* what is wrong */
	const char *where;  /* section, path or "path:line"; "" unknown */
	const char *advice; /* what to do; "" none */
	const char *effort; /* "trivial" "small" "medium" "large"; "" unknown */
	const char *spec;   /* the criterion it violates; "" none */
	const char
	    *same_as; /* id of a row that it is; "" when the rule has to find it */
	const char *stance; /* of a debate's second round (debate.h), or "" */
};

/* A row.  It owns its texts. */
struct finding {
	char *id; /* "C1": stable, whatever becomes of its severity */
	enum severity severity, claimed; /* as it stands; the highest anybody said */
	char *text, *where, *advice, *effort, *spec;
	char *reviewers; /* joined by ", " */
	int64_t n, n_agree, n_critical;
	enum standing standing;
	bool is_escalated;
	char *maybe; /* id of a row that may be the same, "" */
	enum decision decision;
	char *response, *by; /* of the decision */
	int64_t decided_at;
	char *before; /* what a person said of it in another review of that plan, "" */
	char *sub_issue;
	char *state; /* "open" "dispatched" "resolved": of the work it became */
};

struct findings {
	struct finding *item;
	size_t n, cap;
};

void finding_clear(struct finding *finding);
void findings_clear(struct findings *rows);
void findings_copy(struct findings *to, const struct findings *from);
struct finding *findings_find(const struct findings *rows, const char *id); /* NULL */

/* How alike two texts are: 0 to 1 of the words they share. */
double findings_alike(const char *a, const char *b);

/* The most rows a record has, and findings one reviewer may report. */
#define FINDINGS_MAX 100

/*
 * Adds to ROWS, those of earlier reviews of the same subject, what N_REPORTS reports of N
 * reviewers come to on SCALE.  A row that is there keeps its id and its decision; one that is
 * not found again stays as it is.  One reviewer counts once in a row, however often they say
 * it.  Beyond FINDINGS_MAX rows the least severe are refused: -1 with ERR_INPUT and ROWS as
 * they were.
 */
NODISCARD int findings_merge(struct findings *rows, const struct report *report,
    size_t n_reports, enum scale scale, int n, struct err *err);

/* A person says that DROP is what KEEP is: its reviewers go over to that row. */
NODISCARD int findings_join(struct findings *rows, const char *keep, const char *drop,
    enum scale scale, struct err *err);

/* Does ROW keep Gate 2 shut?  With NEEDS_ALL also while it is to be considered only. */
bool finding_blocks(const struct finding *row, bool needs_all);

/* The head of a record, and how it is printed. */
struct rdr {
	const char *issue, *url; /* what was reviewed; URL may be "" */
	const char *date;        /* 2026-11-23 */
	const char *option, *reviewers, *recommendation, *gate;
};

/*
 * The RDR as Markdown, with the tracking table of R-82 once there is a
 * sub-issue.  Texts of reviewers are one line each and steer nothing: no markup, no mention.
 */
void rdr_print(FILE *out, const struct rdr *head, const struct findings *rows);

/* The sub-issue of ROW: its title, and its description.  The caller frees both. */
char *finding_title(const struct finding *row);
char *finding_body(const struct finding *row, const char *about);
/* Points of R-79: 1 or 2 for small work, 5 from medium on. */
int finding_points(const struct finding *row);
bool finding_is_small(const struct finding *row);
