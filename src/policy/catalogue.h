#pragma once

#include "policy/modes.h"

/*
 * What is known of each agent beside how it is launched (SPEC 2.22, R-226 to R-234): told to
 * people by `divisi agent list`, and which of its program's versions were tried.  Data only;
 * projects extend it in .divisi/config (divisi-config(5), agent.NAME.*).
 */
struct agent_ability {
	const char *name;    /* "name" */
	const char *word;    /* its --help has this when it can */
	const char *without; /* what is not had then, for people */
	bool is_needed;      /* without it nothing can be launched */
};

struct agent_facts {
	const char
	    *name; /* as in agent_kind_find(), or one that is not launched at all */
	const char *stages; /* of the method */
	const char *dispatch, *reacts, *latency, *cost, *branch, *reads, *trust, *scope;
	const char *status;     /* adopted, conditional, demoted */
	const char *constraint; /* what must be seen to when it is used */
	/* Of its program: the versions that were tried, NULL when none was. */
	const char *oldest, *newest;
	const struct agent_ability *ability; /* ends with a NULL name; NULL none */
	const char *mend;                    /* how to get the program */
};

const struct agent_facts *agent_facts_find(const char *name); /* NULL when unknown */
const struct agent_facts *agent_facts_at(size_t i);           /* NULL past the end */

/* Below 0, 0 or above 0, as the numbers of A come before those of B: 2.1.9 < 2.1.30. */
int agent_version_compare(const char *a, const char *b);

/*
 * What is to be said of VERSION: that it is older or newer than any that was tried; NULL
 * when it is within them, or nothing is known.  The caller frees it.
 */
char *agent_version_note(const struct agent_facts *facts, const char *version);

/* who takes over when the limit of an agent is reached, in this order. */
const char *agent_overflow_at(size_t i); /* NULL past the end */
