#pragma once

#include "base/err.h"
#include "cli/args.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The verbs: one constant table that dispatch, help, suggestions, completions and the
 * manual's test read (DESIGN 11).  A verb is one cmd_VERB.c with one run function.
 */
enum cmd_group { CMD_PLAN, CMD_RUN, CMD_SESSION, CMD_LAND, CMD_KEEP, CMD_N_GROUPS };

struct command {
	const char *name;
	enum cmd_group group;
	const char *synopsis; /* "check PLAN [--json]", lines separated by newlines */
	const char *summary;  /* one line, lower case, no full stop */
	const char *help;     /* paragraphs below the synopsis; may be NULL */
	const struct option_doc *options; /* ends with a NULL name; NULL when none */
	/*
	 * ARGV[0] is the verb.  Prints its own errors through cmd_fail() and returns the
	 * exit status of the program (CONTRACTS 5).
	 */
	int (*run)(int argc, char **argv);
};

const struct command *cmd_at(size_t i);           /* NULL past the end */
const struct command *cmd_first(size_t i);        /* all, in no order: for cmd_at() */
const struct command *cmd_more(size_t i);         /* the part before those */
const struct command *cmd_for_agents(size_t i);   /* the last of them, for cmd_at() */
const struct command *cmd_find(const char *name); /* NULL when unknown */
const struct command *cmd_suggest(const char *name); /* a near one, or NULL */
const char *cmd_group_name(enum cmd_group group);    /* "plan" ... */
const char *cmd_group_title(enum cmd_group group);   /* one line for the overview */

/* The verb that WORDS ("can these phases run in parallel") ask for, or NULL: S-3. */
const char *cmd_trigger(const char *words);

/*
 * Prints ERR, to standard error as text or to standard output as {"error": ...} when
 * AS_JSON, and returns its exit status.  Every failing verb ends here.
 */
int cmd_fail(const struct err *err, bool as_json);

/* `divisi` alone: where you are, and what can be done next here.  Changes nothing. */
int cmd_next(void);

/* The overview of all verbs, and the help of one, on standard output. */
void cmd_overview(void);
void cmd_help_one(const struct command *command);

int cmd_advise(int argc, char **argv);
int cmd_agent(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_checkpoint(int argc, char **argv);
int cmd_delegate(int argc, char **argv);
int cmd_summary(int argc, char **argv);
extern const struct option_doc cmd_checkpoint_options[], cmd_summary_options[];
extern const struct option_doc cmd_delegate_options[];
int cmd_research(int argc, char **argv);
extern const struct option_doc cmd_research_options[];
int cmd_completions(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_fmt(int argc, char **argv);
int cmd_footprint(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_learn(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_prompt(int argc, char **argv);
int cmd_verdict(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_what_if(int argc, char **argv);
int cmd_why_not(int argc, char **argv);

/* Option tables, each beside its run function. */
extern const struct option_doc cmd_advise_options[], cmd_agent_options[],
    cmd_check_options[], cmd_diff_options[], cmd_learn_options[],
    cmd_simulate_options[], cmd_what_if_options[], cmd_why_not_options[],
    cmd_doctor_options[], cmd_fmt_options[], cmd_footprint_options[],
    cmd_help_options[], cmd_init_options[], cmd_plan_options[], cmd_prompt_options[],
    cmd_verdict_options[], cmd_version_options[];

/* The verbs that act through the server. */
int cmd_abandon(int argc, char **argv);
int cmd_abort(int argc, char **argv);
int cmd_answer(int argc, char **argv);
int cmd_approvals(int argc, char **argv);
int cmd_approve(int argc, char **argv);
int cmd_assert(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_claim(int argc, char **argv);
int cmd_conflicts(int argc, char **argv);
int cmd_cost(int argc, char **argv);
int cmd_decline(int argc, char **argv);
int cmd_dispatch(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_feedback(int argc, char **argv);
int cmd_findings(int argc, char **argv);
int cmd_handback(int argc, char **argv);
int cmd_hold(int argc, char **argv);
int cmd_interrupt(int argc, char **argv);
int cmd_issue(int argc, char **argv);
int cmd_outbox(int argc, char **argv);
int cmd_ready(int argc, char **argv);
int cmd_stale(int argc, char **argv);
int cmd_closure(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_park(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_review(int argc, char **argv);
int cmd_rule(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_salvage(int argc, char **argv);
int cmd_takeover(int argc, char **argv);
int cmd_try(int argc, char **argv);
int cmd_say(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_server(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_why(int argc, char **argv);
int cmd_widen(int argc, char **argv);

/* What agents call. */
int cmd_hook(int argc, char **argv);
int cmd_mcp(int argc, char **argv);
int cmd_tell(int argc, char **argv);

extern const struct option_doc cmd_claim_options[], cmd_handback_options[],
    cmd_takeover_options[];
extern const struct option_doc cmd_attach_options[], cmd_decide_options[],
    cmd_dispatch_options[], cmd_events_options[], cmd_issue_options[],
    cmd_outbox_options[], cmd_ready_options[], cmd_stale_options[],
    cmd_closure_options[], cmd_log_options[], cmd_merge_options[], cmd_reason_options[],
    cmd_report_options[], cmd_resume_options[], cmd_run_options[], cmd_say_options[],
    cmd_server_options[], cmd_status_options[], cmd_watch_options[], cmd_why_options[];
extern const struct option_doc cmd_feedback_options[], cmd_serve_options[],
    cmd_findings_options[], cmd_review_options[];
extern const struct option_doc cmd_answer_options[], cmd_approvals_options[],
    cmd_approve_options[], cmd_cost_options[];
extern const struct option_doc cmd_conflicts_options[], cmd_replay_options[],
    cmd_rule_options[], cmd_try_options[], cmd_salvage_options[];
extern const struct option_doc cmd_hook_options[], cmd_mcp_options[],
    cmd_tell_options[], cmd_widen_options[];
