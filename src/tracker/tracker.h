#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where issues live: one const struct per tracker (DESIGN 10, HOUSE 5.8).  Adapters hold no
 * state; what they need is in the link.  Retries and their order are the outbox's: a call
 * either has happened, or can be made again with the same key without a second effect
 * (CONTRACTS 9).  Only what the method lets a program write is here: there is no way to set
 * a priority, due date or cycle.
 */
struct store;

/* What a tracker can do beyond create, update, comment and read. */
enum tracker_capability {
	TRACKER_RELATIONS = 1 << 0,
	TRACKER_ATTACHMENTS = 1 << 1,
	TRACKER_ESTIMATES = 1 << 2,
	TRACKER_DELEGATES = 1 << 3,
	/* Calls take part in store_begin(): the act and its effect are one transaction. */
	TRACKER_SAME_STORE = 1 << 4,
	/* The plan's own issues must be made here first, as the tracker is no one else's. */
	TRACKER_OWN_IDS = 1 << 5,
	TRACKER_SUB_ISSUES = 1 << 6,
	TRACKER_LABELS = 1 << 7,
	TRACKER_MENTIONS = 1 << 8, /* an app or agent named in a comment wakes up */
	TRACKER_PULL_REQUESTS = 1 << 9, /* pull_open and pulls are there */
	TRACKER_AGENT_SESSIONS = 1 << 10,
	/* A tracker elsewhere: calls block and fail, so they belong into a job process. */
	TRACKER_NETWORK = 1 << 11,
	/*
	 * The key of an update is remembered, so that one repeated late undoes nothing.
	 * Without it the order is the outbox's, and patch.seen_at keeps others' work.
	 */
	TRACKER_KEYED_UPDATES = 1 << 12,
	TRACKER_VERSIONS = 1 << 13,        /* bodies have versions (if_version) */
	TRACKER_OWNERS = 1 << 14,          /* owner_session is kept */
	TRACKER_PROJECT_UPDATES = 1 << 15, /* project_update is there */
	TRACKER_MILESTONES = 1 << 16,      /* place() tells of them */
};

/* What a failed call means for whoever may make it again (E-18). */
enum tracker_trouble {
	TRACKER_FINE,
	TRACKER_LATER,   /* no answer, an outage: the same call again, a while later */
	TRACKER_LIMITED, /* a rate limit: no call at all before retry_after_ms */
	TRACKER_AUTH,    /* no token, or it was refused: a person must act (J-27) */
	TRACKER_REFUSED, /* as it is, never: a dead letter */
	TRACKER_MISSING, /* no such issue, team, label, state or user */
	TRACKER_CONFLICT, /* changed since seen_at, or the key belongs to something else */
	TRACKER_N_TROUBLES,
};

/* "fine", "later", "limited", "auth", "refused", "missing", "conflict". */
const char *tracker_trouble_name(enum tracker_trouble trouble);
/* The one whose word is NAME; TRACKER_LATER for a word nobody knows. */
enum tracker_trouble tracker_trouble_of(const char *name);

/* What the last call on a link left behind; the adapter writes it. */
struct tracker_state {
	enum tracker_trouble trouble;
	int64_t retry_after_ms; /* as the tracker asked; 0 = it did not say */
	long requests_left;     /* until reset_at; -1 = unknown */
	long points_left;       /* of Linear's complexity; -1 = unknown */
	int64_t reset_at;       /* Unix ms, 0 = unknown */
	long n_requests;        /* made over this link so far */
	/*
	 * SHA-256 of a kept comment (checkpoint, registry) as it was found and as the last
	 * call left it, both as the tracker shows them; "" = there was none, or it is not told.
	 */
	char kept_before[65], kept_after[65];
};

/* A status of E-17 and what this team calls it, where neither name nor type tell. */
struct tracker_status_name {
	const char *status; /* "In Review" */
	const char *name;   /* "Waiting for QA" */
};

/*
 * What an adapter needs to reach its tracker.  All is lent for the life of the link.  The
 * token is read when it is first needed and is in no error, log line or record: from the
 * environment variable, else from the helper, whose first line of output it is.
 */
struct tracker_net;
struct tracker_link {
	struct store *store; /* local */

	/* Over the network; NULL and 0 are the tracker's own defaults. */
	const char *url;                 /* of the API: an enterprise, a test server */
	const char *token_variable;      /* "LINEAR_API_KEY" */
	const char *const *token_helper; /* argv, NULL-terminated; no shell */
	const char *origin;  /* this home's id: two homes never share a key */
	const char *program; /* command: what is started for each call */
	const char *team;    /* Linear: a team's key, "CIA"; GitHub: "owner/name" */
	/* "owner/name" that pull requests are opened in, when it is not the team's; or NULL. */
	const char *pulls_at;
	const char *project; /* of every issue made: a name or id, or NULL */
	const struct tracker_status_name *status_name;
	size_t n_status_names;
	long limit_ms; /* of one request; 0 = 20 s */

	struct tracker_state *state; /* may be NULL */
	struct tracker_net *net;     /* tracker_open() sets it */
};

/*
 * Prepares LINK for calls over the network (a connection that is kept, what was learnt of
 * team, states and labels); nothing is sent yet.  A link of a tracker without
 * TRACKER_NETWORK needs it not, and it is 0.  -1 with ERR_USAGE when the address is no
 * https: address (http: is for loopback only), ERR_SYSTEM.  tracker_close() takes it back;
 * harmless on a link that was never opened.
 */
struct tracker;
NODISCARD int tracker_open(
    const struct tracker *tracker, struct tracker_link *link, struct err *err);
void tracker_close(struct tracker_link *link);

/* One write: its idempotency key, and who, when and why for the record. */
struct tracker_call {
	const char *key;   /* from the act; never NULL */
	const char *actor; /* as in the journal */
	int64_t at;        /* Unix ms */
	const char *cause; /* as in the journal, or NULL */
};

/* A growing list of words that somebody else owns. */
struct tracker_words {
	const char *const *word;
	size_t n;
};

/* An issue to be made; it is unassigned whatever happens. */
struct tracker_draft {
	const char *id; /* the plan's own id (TRACKER_OWN_IDS), or NULL for a new one */
	const char *title;  /* "Batch 1A: Review gates" */
	const char *body;   /* the whole prompt (S-50) */
	const char *url;    /* of a mirrored issue, or NULL */
	const char *parent; /* id, or NULL */
	const char *project;
	const char *status;          /* word of E-17, NULL = Todo */
	int estimate;                /* points, 0 = none */
	struct tracker_words labels; /* exactly one type:* */
};

/* What is NULL, 0 or empty stays as it is; "" clears a text. */
struct tracker_patch {
	const char *status, *assignee, *delegate, *owner_session, *title;
	const char *body; /* composed fresh, never what was read */
	int if_version;   /* the version of the body that is replaced; 0 = any */
	/*
	 * updated_at of the issue as last seen; 0 = any.  What is reached already is
	 * success; else an issue that changed since is ERR_CONFLICT (J-26).  Network only.
	 */
	int64_t seen_at;
	int estimate;
	struct tracker_words add, remove; /* labels; all others are kept */
};

/* An issue as read.  Texts are never NULL and live in the arena of the call. */
struct tracker_issue {
	const char *id, *uuid, *url, *title, *body;
	int version;             /* of the body */
	const char *status;      /* of E-17 */
	const char *status_name; /* as the tracker calls it */
	int estimate;
	const char *assignee, *delegate, *parent, *project, *owner_session;
	struct tracker_words labels, blocks, blocked_by, related, children;
	int64_t updated_at;
	bool is_archived;
	bool is_cut; /* one of the lists above is longer than what was read */
};

struct tracker_list {
	struct tracker_issue *item;
	size_t n;
	bool has_more; /* the limit cut it off */
};

/* What asking for nothing tells: who we are there, and what the team has. */
struct tracker_who {
	const char *user, *team, *team_name;
	struct tracker_words statuses, labels; /* as the tracker calls them */
	/* Statuses of E-17 that the team has nothing for. */
	struct tracker_words lacking;
};

/* A pull request to be opened. */
struct tracker_pull_draft {
	const char *head, *base; /* branches */
	const char *title, *body;
	const char *closes; /* id of the issue it closes, or NULL */
	const char
	    *closes_elsewhere; /* that of another tracker, which listens; or NULL */
	bool is_draft;
};

/* A pull request as read. */
struct tracker_pull {
	long number;
	const char *url, *title, *head, *base, *head_commit;
	const char *merge_commit; /* of one that is merged, else "" */
	const char *state;        /* "draft", "open", "merged", "closed" */
	const char *checks;       /* "none", "pending", "passed", "failed" */
	const char *review;       /* "none", "required", "approved", "changes" */
};

/* How a pull request is merged there. */
struct tracker_pull_merge {
	const char *head;         /* the commit that was tested and read */
	const char *method;       /* "squash", "merge" or "rebase" */
	const char *title, *text; /* of the commit; "" is the tracker's own */
};

struct tracker_pulls {
	struct tracker_pull *item;
	size_t n;
	bool has_more;
};

/* An agent that works on an issue elsewhere, as its tracker tells (2.22). */
struct tracker_agent {
	const char *id, *agent;
	/* "pending", "active", "waiting", "complete", "error", "stale" */
	const char *state;
	const char *summary, *url;
	int64_t updated_at;
};

struct tracker_agents {
	struct tracker_agent *item;
	size_t n;
};

/* Where an issue belongs.  Texts are never NULL and live in the arena of the call. */
struct tracker_place {
	const char *project, *project_id; /* its name, "" none; and how it is told of */
	const char *milestone;            /* its name, "" none */
	const char *due;                  /* of that: "2026-12-01", "" none */
	long n_open, n_done;              /* issues of that */
	bool is_cut;                      /* it has more than were counted */
};

/* What a project is told. */
struct tracker_update {
	const char *project_id; /* as place() says */
	const char *about;      /* the issue that was asked about */
	const char *post; /* which one of ours: made once, then written over in place */
	const char *health; /* "onTrack", "atRisk", "offTrack" */
	const char *body;
};

#define TRACKER_ID_SIZE 64

/* All functions return 0, or -1 with ERR; a failed call has changed nothing it reports. */
struct tracker {
	const char *name; /* as the user writes it: divisi.tracker */
	unsigned capabilities;

	/*
	 * ID of TRACKER_ID_SIZE receives the new issue's, or that of the one which the same
	 * key or the same draft->id made before.
	 */
	int (*create)(const struct tracker_link *link, const struct tracker_call *call,
	    const struct tracker_draft *draft, char *id, struct err *err);

	/*
	 * A status that is already reached is success.  From Triage or Backlog the ones in
	 * between are passed through.  ERR_REFUSED for a move that does not exist.
	 */
	int (*update)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *id, const struct tracker_patch *patch, struct err *err);

	/*
	 * KIND is a word of E-19; "checkpoint", "registry" and "rdr" are written over in place, an
	 * unknown one is a note.
	 */
	int (*comment)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *id, const char *kind, const char *body, struct err *err);

	/* KIND is "blocks", "blocked-by" or "related".  NULL without TRACKER_RELATIONS. */
	int (*relate)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *a, const char *kind, const char *b, struct err *err);

	/* URL or path and the SHA-256 of its content.  NULL without TRACKER_ATTACHMENTS. */
	int (*attach)(const struct tracker_link *link, const struct tracker_call *call,
	    const char *id, const char *url, const char *sha256, struct err *err);

	/* ISSUE's texts go to ARENA.  ERR_NOT_FOUND. */
	int (*read)(const struct tracker_link *link, const char *id,
	    struct arena *arena, struct tracker_issue *issue, struct err *err);

	/*
	 * Up to LIMIT children of PARENT, oldest first, in ARENA, without their relations
	 * and children.  ERR_REFUSED T04 without a limit.
	 */
	int (*children)(const struct tracker_link *link, const char *parent, int limit,
	    struct arena *arena, struct tracker_list *list, struct err *err);

	/* Those below are NULL where the tracker has no such thing. */

	/*
	 * The issue that create() with KEY and PARENT (or NULL) has made, or -1 with
	 * ERR_NOT_FOUND: what to ask after an answer that never came.
	 */
	int (*find)(const struct tracker_link *link, const char *key,
	    const char *parent, struct arena *arena, struct tracker_issue *issue,
	    struct err *err);

	/* Is the token good, is there such a team, and what has it?  Changes nothing. */
	int (*probe)(const struct tracker_link *link, struct arena *arena,
	    struct tracker_who *who, struct err *err);

	/*
	 * Opens a pull request, or finds the open one of the same head and base.  NUMBER
	 * and URL (in ARENA) are set.
	 */
	int (*pull_open)(const struct tracker_link *link,
	    const struct tracker_call *call, const struct tracker_pull_draft *draft,
	    struct arena *arena, struct tracker_pull *pull, struct err *err);

	/* Pull request NUMBER, with what checks and reviews say. */
	int (*pull_read)(const struct tracker_link *link, long number,
	    struct arena *arena, struct tracker_pull *pull, struct err *err);

	/*
	 * Says TEXT at pull request NUMBER, once per key, and closes it; one that is merged
	 * or closed is left as it is.  PULL is what it became.
	 */
	int (*pull_close)(const struct tracker_link *link,
	    const struct tracker_call *call, long number, const char *text,
	    struct arena *arena, struct tracker_pull *pull, struct err *err);

	/*
	 * Merges pull request NUMBER there, as it is at commit HEAD; one that is merged
	 * already is success.  PULL is what it became.  ERR_REFUSED or ERR_CONFLICT when the
	 * tracker does not let it (protection, checks, reviews, another head), with its words.
	 */
	int (*pull_merge)(const struct tracker_link *link, long number,
	    const struct tracker_pull_merge *how, struct arena *arena,
	    struct tracker_pull *pull, struct err *err);

	/* Up to LIMIT pull requests that belong to issue ID. */
	int (*pulls)(const struct tracker_link *link, const char *id, int limit,
	    struct arena *arena, struct tracker_pulls *pulls, struct err *err);

	/*
	 * Up to LIMIT issues that are Done, the newest first; and what ID "blocks" or is
	 * "blocked-by", 50 at most.  Without texts, relations and children; one request.
	 */
	int (*done)(const struct tracker_link *link, int limit, struct arena *arena,
	    struct tracker_list *list, struct err *err);
	int (*linked)(const struct tracker_link *link, const char *id, const char *kind,
	    struct arena *arena, struct tracker_list *list, struct err *err);

	/* Who works on issue ID elsewhere, newest first, ten at most. */
	int (*agents)(const struct tracker_link *link, const char *id,
	    struct arena *arena, struct tracker_agents *agents, struct err *err);

	/*
	 * Tells what we do on issue ID where the tracker shows agents at work.  KIND is
	 * "thought", "action", "response", "error" or "elicitation".
	 */
	int (*activity)(const struct tracker_link *link,
	    const struct tracker_call *call, const char *id, const char *kind,
	    const char *text, struct err *err);

	/* The project and the milestone of issue ID; one request. */
	int (*place)(const struct tracker_link *link, const char *id,
	    struct arena *arena, struct tracker_place *place, struct err *err);

	/* Tells the project UPDATE: one post for each update->post, as it was told last. */
	int (*project_update)(const struct tracker_link *link,
	    const struct tracker_call *call, const struct tracker_update *update,
	    struct err *err);

	/*
	 * What a job of CI in REPO ("owner/name", the link's own) wrote: JOB is "job:ID", or
	 * "run:ID" for the first of that run that failed.  8 MiB at most; the caller frees TEXT.
	 */
	int (*log)(const struct tracker_link *link, const char *repo, const char *job,
	    char **text, struct err *err);

	/* For tracker_open(): the public API, and variables that may hold a token. */
	const char *url;
	const char *const *token_variables; /* NULL-terminated */
};

/* The built-in one, in the journal's database; needs no network and no account. */
extern const struct tracker tracker_local;

/* linear.app over GraphQL. */
extern const struct tracker tracker_linear;

/* github.com or an enterprise server (url = "https://HOST/api/v3") over REST. */
extern const struct tracker tracker_github;
/* Any program that speaks divisi-config(5): link->program, started once for each call. */
extern const struct tracker tracker_command;

/* The tracker that the user calls NAME ("local", "linear", "github"), or NULL. */
const struct tracker *tracker_by_name(const char *name);
