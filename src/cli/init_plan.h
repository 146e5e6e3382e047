#pragma once

#include "cli/init_tasks.h"
#include "policy/footprint.h"

/* What a phase's proposed footprint becomes in the plan. */
enum proposal_state {
	PROPOSAL_OPEN,     /* nobody was asked: a comment, the phase stays unknown */
	PROPOSAL_ACCEPTED, /* bullets */
	PROPOSAL_LEFT,     /* a person said no: nothing */
};

struct proposal {
	const char *id, *focus; /* of the phase; borrowed */
	struct footprint footprint;
	enum proposal_state state;
	bool is_reading;
	bool
	    is_declared; /* the phase says itself what it touches: nothing is proposed */
};

/* What is known of the repository, for the words of the plan.  All strings borrowed. */
struct plan_facts {
	const char *title, *date; /* YYYY-MM-DD */
	const char *main_branch;
	const char *layout; /* one sentence about the files; never empty */
	const char *guides; /* "`AGENTS.md`, `CONTRIBUTING.md`", or NULL */
	const char *agent;  /* for tasks that name none */
	const char *prefix; /* of issue ids: "LOC" */
	unsigned long first_issue;
	bool has_verify;
};

/*
 * A whole master plan, one phase per task, with all that a dispatch asks for; only what
 * FACTS and LINES say.  PROPOSAL has LINES->n elements.  The caller frees the text.
 */
char *init_plan_text(const struct plan_facts *facts, const struct task_lines *lines,
    const struct proposal *proposal);

/* How the comment begins that holds a proposal nobody answered; it ends with "-->". */
extern const char init_proposal_mark[];

/*
 * "LOC", or the next prefix that no task speaks of: an id in a text that is no link would
 * be taken for a bare reference (P02).  The caller frees it.
 */
char *init_issue_prefix(const struct task_lines *lines);
