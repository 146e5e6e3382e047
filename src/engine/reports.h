#pragma once

#include "policy/findings.h"

/*
 * What reviewers say, as JSON: one object per reviewer, or an array of these.
 *
 *   {"reviewer": "security-skeptic", "recommendation": "REVISE",
 *    "findings": [{"severity": "critical", "text": "...", "where": "src/a.c",
 *                  "advice": "...", "effort": "small", "spec": "...", "same_as": "C1"}]}
 *
 * The names of an exchange record (persona, description, spec_section, mitigation: R-177) are
 * taken too, as is "fix", which a session with Output: findings hands over, and members nobody knows are left alone.
 */
enum {
	REPORTS_MAX_BYTES = 1 << 20,
	REPORTS_MAX_REVIEWERS = 16,
	REPORTS_MAX_FINDINGS = 50 /* of one reviewer */
};

struct reports {
	struct report *item; /* texts are owned by STRING */
	size_t n, cap;
	char **string;
	size_t n_strings, cap_strings;
	const char *reviewer[REPORTS_MAX_REVIEWERS];
	const char *recommendation[REPORTS_MAX_REVIEWERS]; /* "" when none is given */
	size_t n_reviewers;
};

/*
 * Adds what the N bytes of TEXT say to REPORTS.  A finding of a reviewer who gives no name is
 * NAME's.  -1 with ERR_INPUT that names the member (findings[3].severity) and REPORTS as it was
 * but for strings; control characters of strangers are made visible, nothing else is changed.
 */
NODISCARD int reports_read(struct reports *reports, const char *text, size_t n,
    const char *name, struct err *err);
void reports_clear(struct reports *reports);

/*
 * All of it was said by NAME, in one breath: whoever else it names counts for nothing, so that
 * no author makes a majority of one, and the strictest recommendation is theirs.
 */
void reports_are_of(struct reports *reports, const char *name);

/* The strictest recommendation that any of them gives, or "". */
const char *reports_recommendation(const struct reports *reports);
/* The names of the reviewers joined by ", ".  The caller frees it. */
char *reports_names(const struct reports *reports);
