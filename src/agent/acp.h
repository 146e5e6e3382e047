#pragma once

#include "agent/agent.h"

/*
 * The Agent Client Protocol, version 1, over the agent's standard input and output: one
 * client for every agent that speaks it.  Private to this room.  Source: its schema and
 * recorded runs of the agents in acp_agents.c.
 *
 * Ids of our requests, by which their replies are known.  "anew" and "resumed" say whether
 * the agent has the task already.
 */
#define ACP_INITIALIZE   "initialize"
#define ACP_SESSION      "session" /* session/new */
#define ACP_RESUME       "resume"  /* session/resume or session/load */
#define ACP_MODE_ANEW    "mode-anew"
#define ACP_MODE_RESUMED "mode-resumed"
#define ACP_MODE_WORK    "mode-work" /* its plan was approved */
#define ACP_PROMPT       "prompt"
#define ACP_SAY          "say/" /* the keys of what a person says begin so */

/* Steps (AGENT_STEP). */
#define ACP_STEP_SESSION      "session"   /* raw: what of "load", "resume" it can */
#define ACP_STEP_ANEW         "anew"      /* the session could not be had again */
#define ACP_STEP_MODE_ANEW    "mode-anew" /* raw: the modes it offers */
#define ACP_STEP_MODE_RESUMED "mode-resumed"
#define ACP_STEP_PROMPT       "prompt" /* raw: "anew" or "resumed" */
#define ACP_STEP_WORK         "work"
#define ACP_STEP_REFUSED      "mode-refused" /* raw: as above, a blank, and why */

/*
 * What is known of one agent.  A wish is an id of a mode, or "OPTION=VALUE" of one of its
 * options; the first that the agent offers is set.
 */
#define ACP_WISHES_MAX 4
struct acp_kind {
	const char *name, *program;
	const char *args[4]; /* that make it speak the protocol */
	/* Beside them under Ask, behind a fence and without one, where it has no such mode. */
	const char *args_ask[4], *args_ask_unfenced[4];
	const char *bypass[ACP_WISHES_MAX], *plan[ACP_WISHES_MAX], *ask[ACP_WISHES_MAX];
	const char *work; /* the mode after an approved plan; NULL leaves it as it is */
	const char *unfenced[ACP_WISHES_MAX]; /* for bypass where no fence is */
	const char *set[6]; /* NAME=VALUE for its environment, NULL-terminated */
	const char *set_bypass, *set_ask; /* the same for one launch mode, or NULL */
	const char *plan_leaks;           /* what its plan mode lets through, or NULL */
	/* Tells it in its own way what it is to do for us (agent/hooks.h), or NULL. */
	void (*add_hook)(const struct agent_launch *launch, struct run_spec *spec);
	const char *const *env;  /* variables passed through */
	const char *const *keys; /* of these one is a login; NULL: cannot be told */
	const char *login_file;  /* below HOME, or NULL */
	const char *login_help;
};

/* The kind of that adapter name; never NULL: what is unknown is any agent. */
const struct acp_kind *acp_kind_of(const char *adapter);

int acp_command(
    const struct agent_launch *launch, struct run_spec *spec, struct err *err);
void acp_open(const struct agent_launch *launch, struct agent_input *input);
char *acp_step(const struct agent_launch *launch, const struct agent_talk *talk,
    const char *step, const char *data, struct err *err);
void acp_parse(const char *line, size_t n, agent_event_fn *fn, void *arg);
/* The same, where Copilot says what became of its calls to the model. */
void copilot_parse(const char *line, size_t n, agent_event_fn *fn, void *arg);
/* The same, where OpenCode tells of each edit that it was allowed, as if it asked for it. */
void acp_parse_opencode(const char *line, size_t n, agent_event_fn *fn, void *arg);
char *acp_answer(const char *key, const char *ask_id, const char *raw,
    const char *decision, const char *text);
char *acp_say(const struct agent_talk *talk, const char *key, const char *text);
char *acp_interrupt(const struct agent_talk *talk, const char *key);
