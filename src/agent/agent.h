#pragma once

#include "base/err.h"
#include "base/rundir.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * How a coding agent is started, understood and answered: one const struct per agent
 * (DESIGN 10, HOUSE 5.8).  Adapters hold no state: everything needed later is in the
 * events they made, which the journal keeps.
 */
enum agent_event_kind {
	AGENT_NOTE, /* anything else: never an error */
	AGENT_ACCEPTED, /* the agent is up; id = its own session id, text = model or version */
	AGENT_CONFIRMED, /* it said "Session started" (S-70) */
	AGENT_SAY,       /* text; is_part: it goes on where the one before ended */
	AGENT_PROGRESS,  /* done, total, text */
	/*
	 * A call of a tool: it begins (text: the call in words, the same words each time),
	 * failed (text: the error in a line, detail: all of it) or worked.  id is the call's
	 * own; where the line itself says which call it was, action holds those words.
	 */
	AGENT_TOOL,
	AGENT_TOOL_FAILED,
	AGENT_TOOL_WORKED,
	/*
	 * id, ask, text (one line), detail (all of it), raw (for the answer).  A plan without
	 * detail is the agent's last AGENT_SAY.
	 */
	AGENT_ASK,
	AGENT_ASK_GONE, /* id: the agent withdrew the question */
	/*
	 * cost_cents (total so far, -1 unknown), tokens so far, context_pct, model; is_part:
	 * tokens of one call to the model, which id names; cached_tokens are not among its
	 * input_tokens then
	 */
	AGENT_USAGE,
	AGENT_RETRY, /* a call to the model failed and is made again; text says which */
	AGENT_ESTIMATE, /* cost_cents */
	AGENT_LIMIT,    /* rate limit or quota: until_at Unix ms (0 unknown), text */
	AGENT_DONE,     /* a turn ended well; text = summary */
	AGENT_FAILED,   /* a turn or the run failed; text = reason */
	/*
	 * A protocol with a handshake is ready for its next message: id names it (a word of
	 * the adapter, never of the agent), raw holds what was learnt for it, bounded by the
	 * adapter.  The message itself is made by step() when it is sent; per run and id that
	 * happens once, whatever the agent repeats.
	 */
	AGENT_STEP,
	AGENT_TURN, /* id: a turn began which can be named when it is interrupted */
	AGENT_N_EVENTS,
};

#define AGENT_PLAN_ALLOWED  "plan-allowed"
#define AGENT_PLAN_DECLINED "plan-declined"
#define AGENT_DECLINED      "declined"

enum agent_ask {
	ASK_PERMISSION,
	ASK_PLAN,
	ASK_QUESTION,
	ASK_CHECKPOINT,
	ASK_COST,
	ASK_N
};

/* Strings live only during the callback; NULL when they do not apply. */
struct agent_event {
	enum agent_event_kind kind;
	const char *id, *text, *detail, *raw;
	/*
	 * Of a permission: all that would be done, in words that are the same each time, for
	 * rules to be compared with ("Bash: npm test").  NULL: the text and the detail.  Of a
	 * tool's end: the call.
	 */
	const char *action;
	enum agent_ask ask;
	long cost_cents;                  /* -1 unknown */
	long input_tokens, output_tokens; /* -1 unknown */
	long cached_tokens; /* read from the model's cache, 0 when unknown */
	const char *model;  /* NULL unknown */
	int context_pct;    /* -1 unknown */
	long done, total;
	long long until_at;
	bool is_part; /* AGENT_SAY, AGENT_USAGE */
	bool
	    is_out_of_budget; /* AGENT_FAILED: it spent the budget_cents of its launch */
	/*
	 * The conversation it is about, where the protocol says so: that of a sub-agent is
	 * not the run's own, and its end is no end.  NULL: the run's.
	 */
	const char *session_id;
};

typedef void agent_event_fn(const struct agent_event *event, void *arg);

struct agent_launch {
	const char *adapter; /* the name of the struct agent below */
	const char *program; /* absolute path or the argv[0] of a command agent */
	const char *const
	    *extra; /* further arguments from configuration, NULL-terminated or NULL */
	const char *launch_as;    /* "bypass" "plan" "ask" */
	const char *session_uuid; /* our id for the agent's session */
	const char *resume_id;    /* resume this agent session instead, or NULL */
	bool forks;       /* and go on in a copy of it, under session_uuid: can_fork */
	const char *name; /* "ISSUE: title" */
	const char *prompt;      /* the whole text, or with resume_id how to go on */
	const char *prompt_anew; /* the whole text, should RESUME_ID not be had again */
	const char *prompt_key;  /* idempotency key of the first message */
	const char *cwd, *tmp_dir;
	/* What it is offered of ours: our program as its MCP server, and its hook; or NULL. */
	const char *divisi, *hook, *home;
	const char *session;        /* whose it is, for that server; or NULL */
	long budget_cents;          /* 0 = none */
	bool is_root, is_sandboxed; /* as root Bypass needs the sandbox mark */
};

struct agent_probe {
	char program[512]; /* absolute path found */
	char version[64];
	int login;      /* 1 yes, 0 no, -1 cannot tell */
	char note[200]; /* what is missing and how to mend it, or empty */
};

/* With whom an agent's process talks: what was learnt from its events, "" until then. */
struct agent_talk {
	const char *session_id; /* of AGENT_ACCEPTED */
	const char *turn_id;    /* of AGENT_TURN, "" when none is under way */
};

/* Lines to send to the agent, in order; each with its key.  Owned by the list. */
struct agent_input {
	struct {
		char *key, *line;
	} item[4];
	size_t n;
};

struct agent {
	const char *name;
	/*
	 * Adds argv and agent-specific environment for LAUNCH to SPEC, which holds the
	 * user's environment already: some of it wins, TMPDIR does not.  ERR_REFUSED for
	 * Bypass as root outside a sandbox, ERR_USAGE, ERR_INPUT; SPEC is then unchanged.
	 * Required.
	 */
	int (*command)(
	    const struct agent_launch *launch, struct run_spec *spec, struct err *err);
	/*
	 * The same for a person who goes on in the conversation RESUME_ID, on a terminal.
	 * NULL member: agent/interactive.h may know.
	 */
	int (*interactive)(
	    const struct agent_launch *launch, struct run_spec *spec, struct err *err);
	/* What to send first (initialize, prompt).  Required. */
	void (*open)(const struct agent_launch *launch, struct agent_input *input);
	/*
	 * The one line that AGENT_STEP with the id STEP and the raw DATA asks for; its key is
	 * the engine's.  NULL with ERR when the run cannot go on: it then fails with ERR's
	 * words.  NULL member: no handshake, no AGENT_STEP.
	 */
	char *(*step)(const struct agent_launch *launch, const struct agent_talk *talk,
	    const char *step, const char *data, struct err *err);
	/* Translates one line of output into events.  Required.  Any bytes are fine. */
	void (*parse)(const char *line, size_t n, agent_event_fn *fn, void *arg);
	/*
	 * The line that answers an ask (RAW as in its event).  DECISION is "allow", "deny",
	 * or "allow-session": also what the agent offers to allow for the rest of its
	 * session, such as edits after a plan; any other word declines.  TEXT is the reason
	 * or the answer to a question (an option's number or name; a line per question) and
	 * may be NULL.  NULL when the agent cannot be answered.
	 */
	char *(*answer)(const char *key, const char *ask_id, const char *raw,
	    const char *decision, const char *text);
	/* NULL: too early, nobody is there to hear it. */
	char *(*say)(const struct agent_talk *talk, const char *key, const char *text);
	/* Ends the turn under way.  NULL, or a NULL member: use the signal. */
	char *(*interrupt)(const struct agent_talk *talk, const char *key);
	char *(*stop)(const char *key); /* NULL member: close the input */
	/* Finds the program on PATH (or PROGRAM), its version and login.  Waits: jobs only. */
	int (*probe)(const char *program, struct agent_probe *probe, struct err *err);
	/* The login of that alone, at once: 1, 0, -1.  NULL member: nobody can tell. */
	int (*login)(void);
	const char *const *env; /* variables passed through beside the default list */
	/* The option for how many turns of its model a run may have; NULL: it has none. */
	const char *turns_option;
	bool can_resume; /* resume_id is understood */
	bool can_fork;   /* and so is forks */
	/*
	 * Under Plan it presents its plan by ending a turn, and is told by the steps
	 * AGENT_PLAN_ALLOWED and AGENT_PLAN_DECLINED, with the person's words, what comes of it.
	 */
	bool plans_by_turn;
	/* Its own sandbox, on where no other is, keeps it from committing: we do it for it. */
	bool cannot_commit;
	/*
	 * It ends its turn when something is declined: the step AGENT_DECLINED, with the
	 * person's words, then lets it go on without it.
	 */
	bool stops_at_no;
	/* Its commands do not see the user's git configuration: they are given who commits. */
	bool hides_git_config;
	/*
	 * It repeats a conversation that it takes up again: what it tells in that run is no
	 * news before a line of its input has this, with which a turn begins.  NULL: it does
	 * not.
	 */
	const char *turn_word;
	/* Words amid a turn end that turn: they wait until it is over. */
	bool hears_late;
	bool outlives_input; /* the end of its input does not end it: it is stopped */
	bool
	    keeps_id; /* its session id is the one it was started with: another is a lie */
	bool
	    has_own_confirm; /* says "Session started" by itself; else ACCEPTED confirms */
};

extern const struct agent agent_command, agent_claude, agent_codex, agent_codex_exec;
/* All that speak the Agent Client Protocol; agent_acp is any program that does. */
extern const struct agent agent_acp, agent_gemini, agent_opencode, agent_copilot,
    agent_claude_acp, agent_codex_acp;

const char *agent_event_name(enum agent_event_kind kind);
const char *agent_ask_name(enum agent_ask ask);
/* Appends LINE under KEY; both belong to INPUT from now on. */
void agent_input_take(struct agent_input *input, char *key, char *line);
void agent_input_clear(struct agent_input *input);
