#pragma once

#include "base/text.h"
#include "core/happening.h"
#include "core/lives.h"
#include "policy/loop.h"

/*
 * The state of everything divisi has in hand, and the one function that changes it.  Pure:
 * no clock, no file, no process.  The same happenings give the same state, moves and acts
 * (promise 8); the essay is src/core/README.md.
 */
#define CORE_CONFIRM_LIMIT_MS (2 * 60 * 1000)  /* */
#define CORE_SILENCE_LIMIT_MS (30 * 60 * 1000) /* K-22, autonomous */

struct ask {
	int number; /* of the inbox: "a7" */
	char *id;
	char *
	    kind; /* "permission" "plan" "question" "checkpoint" "cost" "exit" "widen" */
	char *text, *detail, *raw;
	char *action; /* the whole request, as rules compare it; "" = no rule fits */
	bool is_cut;  /* there was more than is kept: no rule fits, and that is shown */
	char *run;    /* the run that asked; "" when divisi itself asks */
	char *decision; /* "" while open, else "allow" or "deny" */
	char *answer, *by;
	int64_t at, answered_at;
	bool is_passed; /* declined, and its agent was told to go on without it */
};

/* A call of a tool that fails, by its own words, and how often so far (J-47). */
#define TROUBLES_MAX 8
struct trouble {
	char *tool, *error, *error_sha;
	char *call; /* the agent's id of the last one, so that none counts twice */
	int n_same; /* with the same error, in a row */
	int n;      /* since it worked */
};

/*
 * Who has a session that its tracker dispatches (SPEC 2.22), and what was seen of that.
 * Of such a session alone; elsewhere ROUTES is "".
 */
struct delegation {
	char *
	    routes; /* of the approved table: who may get it, a line each: delegate.c */
	char *to;   /* how the tracker calls who has it, "" nobody */
	char *signal;        /* what shows that it was picked up, "" nothing yet */
	char *state;         /* the agent's own, as the tracker tells it */
	char *branch, *head; /* of its work at the remote, as seen last */
	char *taken;         /* HEAD that was delivered last */
	char *trouble;       /* of the last look */
	int64_t asked_at, look_at;
	int route;     /* the line of ROUTES that has it */
	int n_given;   /* how often it was given to anybody */
	int n_looks;   /* since something changed */
	bool reroutes; /* to the next line by itself, when nobody picks it up */
};

/* A message that waits for the end of a turn; the key is "" where nobody gave one. */
struct words {
	char *key, *text;
};

struct session {
	char *id; /* stable: "p1.1A" */
	char *plan_id, *batch_id, *label, *phase;
	char *issue, *issue_title, *issue_url, *sub_issue, *focus, *title;
	char *mode, *launch, *agent, *agent_shown, *adapter, *program;
	char *
	    args; /* the agent's further arguments, one per line: part of the approval */
	char *env_more; /* names of further variables it is given, blank-separated */
	char
	    *setup; /* command that prepares its worktree after the approval, "" none */
	char *branch, *worktree, *path, *base, *prompt_sha, *verify, *after;
	char *
	    needs; /* phases that had to be done before it, by comma: relations there */
	/* The other repository that it works in, its main checkout; and its branch there. */
	char *repo, *target; /* "" as its plan */
	char *identity; /* who commits: name, newline, address; "" as git knows it */
	char *rules;    /* of the landing, from the approved table */
	/*
	 * What keeps its agent in: "off" "worktree" "declared" "read-only"; what it may
	 * change beside that, a grant per line (hold/fence.h); and what was refused last, a
	 * line each, with how much of it there was in all its runs.
	 */
	char *fence, *grants, *fenced;
	int64_t n_fenced, fence_offset; /* the second: consumed of fence.log */
	int64_t est_low, est_mid, est_high, points, merge_position, budget;
	bool is_analysis, is_external, is_sandboxed;
	enum session_state state;
	int64_t since;       /* when it entered its state */
	int n_runs;          /* run ids are "<session>.r<n>" */
	char *run;           /* the current one, "" when none */
	bool run_open;       /* the agent's process lives, as far as we know */
	bool waits_for_slot; /* its agent is not started yet: others hold the cap */
	bool confirmed, plan_approved;
	bool has_tree; /* its worktree of this table is there, maybe before its issue */
	bool rest_is_done;   /* what its agent could not commit was committed for it */
	bool reported;       /* said that it is done while a person held it */
	bool is_idle;        /* silent, and its holder saw it do nothing either */
	int n_failed;        /* approaches that failed */
	char *agent_session; /* the agent's own id, "" until known */
	char *agent_turn; /* its own id of the turn under way, "" when none has one */
	char *run_resume; /* the conversation that the current run goes on with, "" */
	bool run_forks, forks_next; /* in a copy of it; and so does the next run */
	bool is_interactive;        /* its run is a person's, on a terminal */
	char *run_note;             /* and what its agent is told about that */
	int64_t offset;             /* consumed of the current run's out.ndjson */
	int64_t started_at, ended_at, last_seen;
	int64_t stuck_at; /* stalled: when it is ended if it is still idle; 0 never */
	int64_t cost, cost_before; /* cents of this run and of those before */
	int64_t allowed;           /* cents a person allowed it at a cost checkpoint */
	int64_t said;              /* cents of this run as its agent said last */
	int64_t counted; /* of this run by its tokens, in thousandths of a cent */
	int64_t cost_rate, cost_floor; /* its plan's */
	int64_t clock_at; /* since when its run is charged for time; 0 = not now */
	int64_t ran_ms, unsaid_ms; /* before that: in all, and since usage was told */
	bool hit_limit;         /* its agent met a rate limit and did not go on since */
	bool can_resume;        /* its agent can take its conversation up again */
	bool waits_for_account; /* parked by that, goes on by itself */
	bool is_out_of_budget;  /* parked because its agent's own budget was used up */
	bool renews;            /* and it may spend more: goes on by itself */
	int n_limited;          /* how often */
	int n_retries;          /* calls to its model that failed in a row */
	struct trouble trouble[TROUBLES_MAX]; /* the newest last */
	size_t n_troubles;
	int64_t tasks_done; /* of its own list */
	struct loop loop;   /* of its phase's tasks, as the approved table says */
	int64_t loop_left,
	    loop_commits; /* "TASKS n" of that; commits of the tasks done */
	bool is_blocked;  /* parked by its loop, until a person lets it go on */
	bool is_released; /* stopped for those, and a person lets it go on */
	bool wraps_up;    /* it was told that its context is nearly used up */
	bool splits;      /* it was ended for that: a fresh run takes over */
	int n_splits;     /* how often */
	int rung; /* of the ladder of its context that was climbed in this run: percent */
	int context_pct;
	char *account; /* what it is paid from */
	char *price;   /* configured, as price_read() takes it; "" none */
	char *call;    /* the last call to its model that was counted */
	int64_t tokens_in, tokens_out;
	char *last_text, *reason, *summary, *claimed_by;
	char *next, *next_note; /* claimed: what comes when its run is over: claim.c */
	char *terminal;         /* of that: "TERM COLUMNS ROWS" */
	char *terminal_command; /* what runs there, "" what the adapter knows */
	char *taken_pin;        /* what was there when a person took it */
	char *head, *pin, *candidate, *landed, *evidence;
	int64_t n_commits, n_files;
	/*
	 * What it delivers beside files, "findings", "evidence" or ""; and of what it
	 * delivered: where it is, its SHA-256, and how much.
	 */
	char *output, *output_path, *output_sha;
	int64_t n_output;
	int n_repairs;     /* how often it was told what is wrong with that */
	char *stray;       /* undeclared paths it wrote, one per line */
	char *widened;     /* patterns a person let it write beside, one per line */
	int64_t n_guarded; /* tool calls the guard was asked about */
	int64_t n_denied;  /* and refused */
	bool is_held;      /* by a person */
	bool is_lost; /* its run went with the machine or its holder: no approach */
	bool is_interrupted; /* its turn was ended by a person: its failure is none */
	bool awaits_words;   /* interrupted: what it still tells is no sign of work */
	bool hears_late;     /* words amid a turn would end it: they wait for its end */
	bool in_turn;        /* of such an agent: a turn is under way */
	struct words *words; /* what waits for that, oldest first */
	size_t n_words, cap_words;
	bool was_reviewed;
	bool is_set_up; /* its setup command succeeded */
	bool is_swept;  /* closed for good: what its agent kept is told to be removed */
	bool is_tree_gone; /* another program took its worktree away */
	char *review;      /* "in" "post": what its phase needs (S-43, S-44); "offer" */
	char *depth;       /* and how deep it goes: "scope: it is a spike" */
	char *offered; /* for what its review was offered last, and why that failed */
	char *blocked; /* why its landing waits, and the command that mends it */
	/* Its pull request, number 0 = none; what was seen of it last, when to look next. */
	int64_t pull, pull_at;
	char *pull_url, *pull_state, *pull_checks, *pull_review;
	int n_pull_looks;    /* since it changed */
	bool is_pull_owed;   /* what it made last is not there yet */
	bool is_pull_waived; /* a person lets it land all the same (M01) */
	bool is_pull_swept;  /* its work is settled, and so it is told to be closed */
	bool is_published;   /* the remote has what landed */
	struct delegation away; /* of one that its tracker dispatches */
	struct ask *ask;
	size_t n_asks, cap_asks;
	/*
	 * Of its two files in the checkout, as last kept: what they said, where it stands in
	 * words, what each step of that came to (a line each), and how often that was done.
	 */
	char *progress, *state_text, *go_on_text, *checkpoint;
	int64_t n_checkpoints, checkpoint_at;
	int checkpoint_keys; /* as n_keys, for the acts of checkpoints */
	int n_keys;          /* numbers the idempotency keys of messages to the agent */
	unsigned loop_signals;      /* what its agent said of its task in this turn */
	char *model;                /* its agent's, as that said when it came up */
	char *decisions, *blockers; /* which its agent noted, for the exit report */
	int merge_tries;
};

struct batch_run {
	char *id, *plan_id, *kind, *hash, *base, *reason, *approved_by;
	char *plan_hash; /* of the plan that its table was made of */
	char *overrides; /* rules its table goes against, and why; "" when none */
	int number, version;
	enum batch_state state;
	int64_t since, opened_at, closed_at;
	size_t *session; /* positions in core->session */
	size_t n, cap;
	bool acked, overtakes; /* OVERTAKES: planned beside an earlier one (G07) */
	bool queues; /* launches although its sub-issues wait for the tracker */
};

struct plan_run {
	char *id, *path, *title, *plan_hash, *sha256, *master, *master_title,
	    *master_url;
	char *target, *verify, *merge, *landing, *publish, *phases, *profile;
	char *tracker; /* over the network: its name; "" is the built-in one */
	char *review;  /* before its dispatch: "required" "advised" "" (S-42) */
	char *review_why;
	char *mention; /* who is told of small findings on their issue; "" nobody */
	char *reviews; /* the review whose reviewers work by it; "" of any other plan */
	char *planner; /* who wrote it, "" when nobody knows */
	char *radar;   /* "halt" "tell" "off": what follows when live sessions meet */
	char *guard;   /* "deny" "tell" "off": what agents hear of what is not theirs */
	int64_t cap, research_cap, threshold, n_phases;
	int64_t plan_cap, batch_cap; /* cents, 0 = none */
	bool caps_set;               /* by a person: settings change them no more */
	int64_t retry_limit;         /* 0 = none */
	int64_t same_error_limit, tries_limit; /* 0 = none */
	int64_t context_warn, context_stop;    /* percent; 0 = nothing follows */
	int64_t cost_rate, cost_floor;   /* cents per hour of silence, of running */
	int64_t confirm_ms, silence_ms;  /* limits of its sessions; 0 = the core's */
	int64_t wall_ms, out_bytes;      /* of one run; 0 = none */
	int64_t memory_bytes, processes; /* of one run's whole tree; 0 = none */
	int64_t ask_ms;   /* after which a question is answered with no; 0 = never */
	int64_t stuck_ms; /* how long a stalled session may do nothing; 0 = for ever */
	int64_t opened_at, closed_at;
	char *state; /* "active" "complete" "aborted" */
	int n_write_backs;
	char *trouble; /* what keeps the plan file from being written, "" when fine */
	bool publish_unset;   /* there is a remote, and nobody chose what to push */
	char *published;      /* "REMOTE COMMIT" of the last push, "" when none */
	char *unpublished;    /* why the last push failed, "" when it did not */
	char *unpublished_in; /* the other repository where it did; "" the plan's own */
	/* Its last project update: what was told, or why that was not; milestones, a line each. */
	char *told, *untold, *milestones;
};

/*
 * Two sessions that met where they were not to, or do not merge (SPEC E-30, S-45, A-14).
 * kind: "file" (their trial merge fails), "race" (both wrote a path that not both of them
 * declared), "anticipated" (one strayed into what the other declares), "semantic" (each
 * is fine alone, and one uses what the other changed).
 */
struct conflict {
	char *id;     /* "c1" */
	char *kind;   /* see above */
	char *a, *b;  /* stable ids of sessions; B is "" for the target branch */
	char *files;  /* one per line */
	char *text;   /* both sides, for a person */
	char *policy; /* "halt": both wait for the ruling; "tell": they go on */
	char *state;  /* "open" "ruled" "gone" */
	char *ruling; /* "order" "yield" "rescope" "go-on", "" while open */
	char *about;  /* the session a ruling names: who is first, who yields ... */
	char *reason, *by;
	int64_t at, ruled_at;
};

/*
 * What a person allows beforehand: the agent's requests for permission that fit.  In the
 * session ABOUT (then PATTERN is the whole request, word for word), in the plan ABOUT, or in
 * the repository.
 */
struct allowance {
	char *id;    /* "r1" */
	char *scope; /* "session" "plan" "repository" */
	char *about, *agent, *pattern, *by;
	char *ended_by; /* "" while it holds */
	int64_t at, ended_at, n_used;
};

/* What agents are paid from; it meets rate limits. */
struct account {
	char *name, *why, *by; /* BY: the session that met the limit */
	int64_t paused_until;  /* Unix ms, 0 = not paused */
	int64_t ended_at;      /* when the last pause was over */
	int n_pauses, n_unknown;
	int64_t cap; /* cents that all plans under way may cost on it, 0 = none */
};

struct assertion_run {
	char *plan_path, *a, *b, *reason, *by;
};

struct review;   /* core/review.h */
struct feedback; /* core/feedback.h */
struct research; /* core/research.h */

struct core {
	struct plan_run *plan;
	size_t n_plans, cap_plans;
	struct batch_run *batch;
	size_t n_batches, cap_batches;
	struct session *session;
	size_t n_sessions, cap_sessions;
	struct assertion_run *assertion;
	size_t n_assertions, cap_assertions;
	struct conflict *conflict;
	size_t n_conflicts, cap_conflicts;
	struct allowance *allowance;
	size_t n_allowances, cap_allowances;
	struct review *review;
	size_t n_reviews, cap_reviews;
	struct feedback *feedback; /* in the order they came */
	size_t n_feedback, cap_feedback;
	struct research *research; /* a plan each */
	size_t n_research, cap_research;
	int n_asks; /* numbers the questions of all sessions */
	int64_t confirm_limit_ms, silence_limit_ms;
	int64_t seen_at;                    /* when the last thing happened */
	int64_t clock_set_at, clock_set_by; /* the last time somebody did, in ms */
	struct account *account;
	size_t n_accounts, cap_accounts;
};

struct core *core_new(void);
void core_free(struct core *core);

/*
 * Takes in what HAPPENED and appends to ACTS what must be done about it and what moved.
 *
 * Returns 0; or -1 with ERR_REFUSED (code and rule say which), ERR_NOT_FOUND or
 * ERR_CONFLICT and nothing changed, nothing appended.
 */
NODISCARD int core_step(struct core *core, const struct happening *happened,
    struct acts *acts, struct err *err);

/* The next instant at which HAP_CLOCK would change something; INT64_MAX when none. */
int64_t core_next_deadline(const struct core *core);

/*
 * When the silence of S, or its idleness once it is stalled, is over unless something is
 * heard of it: the moment to ask its holder.  INT64_MAX when that is not waited for.
 */
int64_t session_quiet_until(const struct core *core, const struct session *s);

struct session *core_session(const struct core *core, const char *id);
struct batch_run *core_batch(const struct core *core, const char *id);
struct plan_run *core_plan(const struct core *core, const char *id);
/* N of pN, what the next plan is called unless others have that name. */
int64_t core_next_plan(const struct core *core);
struct plan_run *core_plan_by_path(const struct core *core, const char *path);
/* The newest batch of a plan, or NULL. */
struct batch_run *core_last_batch(const struct core *core, const char *plan_id);

/*
 * The first batch of the plan before NUMBER that is neither complete nor, with failures,
 * acknowledged: nothing of a later one may start beside it (G07, G17).  NULL when none.
 */
const struct batch_run *core_open_before(
    const struct core *core, const char *plan_id, int64_t number);

/*
 * The session a person means: "S-A", "2/S-A", "p1/2/S-A", a phase id, an issue id, or the
 * stable id.  Newest plan and batch first; the empty name is nobody's.  NULL with
 * ERR_NOT_FOUND.
 */
struct session *core_resolve(
    const struct core *core, const char *name, struct err *err);
/* Does a message with KEY wait for the end of a turn of S?  No for "". */
bool session_keeps_words(const struct session *s, const char *key);

/* The conflict called ID ("c1"), or NULL. */
struct conflict *core_conflict(const struct core *core, const char *id);
/*
 * Which side of C lands first so that the fewest branches have to be mended, by the trial
 * merges of its batch that fail now; N_OTHERS receives with how many the other one does
 * not merge.  NULL when its sides may not land any more, or are of two batches.
 */
const struct session *conflict_first(
    const struct core *core, const struct conflict *c, size_t *n_others);
/* The oldest open conflict for which S waits, or NULL. */
const struct conflict *session_conflict(
    const struct core *core, const struct session *s);

/* The question with that number of the inbox, and whose it is; NULL when there is none. */
struct ask *core_ask(const struct core *core, int number, struct session **whose);
/* The allowance called ID ("r1"), or NULL. */
struct allowance *core_allowance(const struct core *core, const char *id);
/* When nobody answered A of S, the moment it is answered with no; INT64_MAX for never. */
int64_t ask_deadline(
    const struct core *core, const struct session *s, const struct ask *a);

/* Why the landing of S waits for its pull request (M01), in words; NULL when it does not. */
const char *pull_holds(const struct core *core, const struct session *s);

/* An agent that may get a session from its tracker; texts lie in the session's routes. */
struct away_route {
	struct span name;  /* of the catalogue: "factory" */
	struct span shown; /* "Factory" */
	struct span to; /* as the tracker calls it, when it is delegated or assigned */
	struct span mention; /* else: whom a comment names */
	struct span prefix;  /* its branches begin so; "" anyhow */
	int64_t pickup_ms;   /* within which it shows that it has it */
};

/* Is S dispatched by its tracker?  Not one of a table that was made before that was known. */
bool session_is_away(const struct session *s);
/* The agent at I of the routes of S; false past the end. */
bool session_route(const struct session *s, int i, struct away_route *route);
/* When S, which nobody picked up yet, is taken for stalled; 0 when that is not waited for. */
int64_t session_pickup_until(const struct session *s);

/* Did the call of a tool TOOL of S fail, and not work since?  S may be NULL. */
bool session_has_trouble(const struct session *s, const char *tool);

/* Is its agent kept in by a fence of ours? */
bool session_is_fenced(const struct session *s);

/* How many sessions may be live at once while B runs. */
size_t batch_cap(const struct core *core, const struct batch_run *b);
size_t core_live(const struct core *core); /* sessions that hold a slot */
struct ask *session_open_ask(
    const struct session *session); /* the oldest open one, or NULL */

/* Canonical dump of the whole state, for the replay test (promise 8).  Caller frees. */
char *core_dump(const struct core *core);
