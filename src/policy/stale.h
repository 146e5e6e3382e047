#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How long an issue may go without a word, by who works on it (SPEC R-40): its ctx: label and
 * its status.  Asked for on demand; nothing follows by itself.  Pure.
 */
enum staleness {
	STALE_NOT,        /* within its limit, or a status that has none */
	STALE_OLD,        /* longer than that */
	STALE_NO_CONTEXT, /* under way, and no ctx: label or two say who works on it (X03) */
	STALE_N,
};

const char *staleness_name(enum staleness staleness); /* "fresh" "stale" "no-context" */

struct stale_verdict {
	enum staleness state;
	const char *context; /* "autonomous" ...; "" when none or several say so */
	int64_t limit_ms;    /* 0: no limit */
};

/*
 * Of an issue in STATUS (a word of E-17) with N_LABELS labels, that nobody wrote to for AGE_MS.
 * A clock that went back makes nothing stale.
 */
struct stale_verdict stale_of(
    const char *status, const char *const *label, size_t n_labels, int64_t age_ms);
