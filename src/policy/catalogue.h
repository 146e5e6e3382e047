#pragma once

#include "plan/plan.h"

struct agent_ability {
	const char *name;    /* "name" */
	const char *word;    /* its --help has this when it can; NULL: it never can */
	const char *without; /* what is not had then, for people */
	bool is_needed;      /* without it nothing can be launched */
};

/*
 * What an agent is, as data: one row each (SPEC 2.22, R-226 to R-234).  How it runs is
 * src/agent/.  Projects extend it in .divisi/config (divisi-config(5), agent.NAME.*).
 */
struct agent_kind {
	const char *name; /* "claude": branch prefix and plan value */
	const char
	    *shown; /* "Claude Code": the table's word; NULL = stands in no plan */
	const char *
	    adapter; /* name of the adapter in src/agent/, NULL = cannot be launched here */
	bool is_external; /* dispatched by the tracker: worktree n/a */
	bool
	    knows_method; /* reads methodology files; the others get all inline (S-85) */
	unsigned modes;   /* bit per exec_mode that both tables allow */
	unsigned warned;  /* bit per exec_mode allowed with a warning */
	const char *program; /* default program to look for on PATH, or NULL */

	/* For people; NULL where nothing is to be said. */
	const char *stages; /* of the method */
	const char *dispatch, *reacts, *latency, *cost, *branch, *reads, *trust, *scope;
	const char
	    *status; /* adopted, conditional, demoted; NULL: another row's program */
	const char *constraint; /* what must be seen to when it is used */
	/* Of its program: the versions that were tried, NULL when none was. */
	const char *oldest, *newest;
	const struct agent_ability *ability; /* ends with a NULL name; NULL none */
	const char *mend;                    /* how to get the program */
	/*
	 * Of one that a tracker dispatches: what its account is called there when an issue is
	 * delegated (Linear) or assigned (GitHub) to it, whom a comment names instead (GitHub),
	 * and who may have the issue when it does not pick it up, blank-separated.
	 * NULL: it has no such account; nobody.
	 */
	const char *delegate, *assignee, *mention, *fallback;
	bool needs_template; /* of its own, for each repository */
	bool needs_plan;     /* attached to the master issue (R-94, G13) */
};

/* The row called NAME (case-insensitive, "Claude Code" too) that a plan may name, or NULL. */
const struct agent_kind *agent_kind_find(const char *name);
/* Of "acp:COMMAND", which is of the kind "acp", the command; NULL for any other name. */
const char *agent_own_command(const char *name);
const struct agent_kind *agent_kind_at(size_t i); /* NULL past the end */

/* All rows, also of those that no plan names; NULL past the end. */
const struct agent_kind *agent_catalogue_at(size_t i);

/* Below 0, 0 or above 0, as the numbers of A come before those of B: 2.1.9 < 2.1.30. */
int agent_version_compare(const char *a, const char *b);

/*
 * What is to be said of VERSION: that it is older or newer than any that was tried; NULL
 * when it is within them, or nothing is known.  The caller frees it.
 */
char *agent_version_note(const struct agent_kind *kind, const char *version);

/* who takes over when the limit of an agent is reached, in this order. */
const char *agent_overflow_at(size_t i); /* NULL past the end */
