#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the outside world says about work, and where each kind of it goes (SPEC 2.8, R-71 to
 * Tables and pure functions: who is matched is the core's, who is heard is a setting.
 */
enum feedback_to {
	FEEDBACK_SESSION,   /* the agent that implements it */
	FEEDBACK_HUMAN,     /* the inbox */
	FEEDBACK_AUTO,      /* nothing for anybody to do */
	FEEDBACK_NEW_ISSUE, /* a person files one, or opens one again (Sentry) */
	FEEDBACK_V0,        /* the loop of components, which a person keeps (Vercel) */
	FEEDBACK_N_TO,
};

const char *feedback_to_name(enum feedback_to to); /* "session" ... "v0" */
int feedback_to_of(const char *name);              /* -1 when unknown */

/*
 * One row: the first whose SOURCE, KINDS and AUTHORS fit is the route.  "*" is any; kinds
 * and authors are blank-separated, authors with * and ?, case aside.
 */
struct feedback_row {
	const char *name; /* "GitHub Copilot" */
	const char *source, *kinds, *authors;
	enum feedback_to to;
	const char *how;   /* what whoever gets it is told to do with it */
	const char *label; /* of an issue made of it, or "" */
};

const struct feedback_row *feedback_row(size_t i); /* NULL past the end */

/* The row for what AUTHOR said; never NULL, the last row takes all. */
const struct feedback_row *feedback_route(
    const char *source, const char *kind, const char *author);

/* Is KIND one of the words that the rows know? */
bool feedback_kind_ok(const char *kind);

/*
 * A row as a setting has it, "SOURCE KIND AUTHOR TO": does it fit?  *TO is set then.  -1 with
 * ERR_INPUT when it is no such row; 0 it does not fit; 1.
 */
int feedback_own_row(const char *setting, const char *source, const char *kind,
    const char *author, enum feedback_to *to, struct err *err);

/*
 * May AUTHOR of SOURCE steer an agent?  LIST, N patterns of a setting: "NAME",
 * "SOURCE:NAME" with * and ?, or "SOURCE:@WORD" for what the sender itself vouches for
 * (STANDING: "owner", "member", "collaborator").  N 0 is the default: those three of GitHub,
 * and the reviewers of the table.
 */
bool feedback_is_trusted(const char *const *list, size_t n, const char *source,
    const char *author, const char *standing);

/* Severity of what Codex calls TEXT's first finding: "Critical" ... or "". */
const char *feedback_severity(const char *text);

/*
 * What matters of a log, MAX bytes at most: around the first line that tells of a failure,
 * and the end.  Colours and time stamps are left out.  The caller frees it.
 */
char *feedback_excerpt(const char *log, size_t max);
