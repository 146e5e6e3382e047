#include "sim/internal.h"

#include "engine/track_link.h"

#include <stdio.h>
#include <string.h>

/*
 * A tracker over the network, as `divisi job track` meets it: down for hours, slow on
 * purpose, its token refused, its answers lost; and people who edit there what is ours.  It
 * knows the keys of what it makes, and forgets those of updates, as Linear and GitHub do.
 */
struct remote_issue {
	char *id, *key, *session; /* the key it was made under, and for whom */
	char *status, *body, *assignee;
	int64_t updated_at;
	bool is_edited;  /* by somebody, and nobody of ours wrote over it with leave */
	bool is_back;    /* they moved it back */
	bool is_touched; /* its status was moved by somebody, ever */
	int floor; /* how far along they moved it: nothing goes back behind that */
};

struct remote_note {
	char *issue, *kind, *key, *act;
};

static struct remote_issue *issue;
static size_t n_issues, cap_issues;
static struct remote_note *note;
static size_t n_notes, cap_notes;
static int64_t last_change;

static struct remote_issue *
issue_of(const char *id)
{
	for (size_t i = 0; i < n_issues; i++) {
		if (strcmp(issue[i].id, id) == 0)
			return &issue[i];
	}
	return NULL;
}

static void
put(char **text, const char *value)
{
	char *copy = xstrdup(value);

	free(*text);
	*text = copy;
}

void
sim_remote_clear(void)
{
	for (size_t i = 0; i < n_issues; i++) {
		struct remote_issue *r = &issue[i];
		char *const all[] = { r->id, r->key, r->session, r->status, r->body,
			r->assignee };

		for (size_t k = 0; k < N_ELEMS(all); k++)
			free(all[k]);
	}
	for (size_t i = 0; i < n_notes; i++) {
		free(note[i].issue);
		free(note[i].kind);
		free(note[i].key);
		free(note[i].act);
	}
	free(issue);
	free(note);
	issue = NULL;
	note = NULL;
	n_issues = cap_issues = n_notes = cap_notes = 0;
	last_change = 0;
}

static struct remote_issue *
make(const char *id, const char *key, const char *session, const char *body)
{
	struct remote_issue *r;

	GROW(issue, n_issues, cap_issues);
	r = &issue[n_issues++];
	*r = (struct remote_issue){ .id = xstrdup(id),
		.key = xstrdup(key),
		.session = xstrdup(session),
		.status = xstrdup("Todo"),
		.body = xstrdup(body),
		.assignee = xstrdup(""),
		.updated_at = ++last_change };
	return r;
}

/* ---- people in the tracker ------------------------------------------------------------- */

static int
rank(const char *status)
{
	static const char *const words[] = { "Todo", "In Progress", "In Review",
		"Done" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i], status) == 0)
			return (int)i + 1;
	}
	return 0;
}

static void
edit(struct remote_issue *r)
{
	static const char *const later[] = { "In Progress", "In Review", "Done" };
	unsigned what = sim_dice(5);
	AUTO_FREE char *body = xasprintf("%s, as I see it", r->body);

	sim_count(FAULT_TRACKER_EDIT);
	r->updated_at = ++last_change;
	if (what == 0) {
		put(&r->body, body);
		r->is_edited = true;
	} else if (what == 1) {
		free(r->assignee);
		r->assignee = xasprintf("ada-%lld", (long long)last_change);
		r->is_edited = true;
	} else if (what == 2) {
		r->is_touched = true;
		r->is_back = strcmp(r->status, "Backlog") != 0;
		r->floor = 0;
		put(&r->status, "Backlog");
	} else if (what == 3) {
		const char *to = later[sim_dice(N_ELEMS(later))];

		if (rank(to) <= rank(r->status))
			return;
		r->is_touched = true;
		r->floor = rank(to);
		r->is_back = false;
		put(&r->status, to);
	}
	sim_say("  tracker: somebody edits %s: %s, %s", r->id, r->status,
	    r->is_edited || r->is_back ? "which is ours to see" : "harmless");
}

void
sim_remote_edit(void)
{
	struct remote_issue *r = n_issues ? &issue[sim_dice((unsigned)n_issues)] : NULL;

	if (r && r->session[0])
		edit(r);
}

void
sim_remote_move(const char *id, const char *status)
{
	struct remote_issue *r = issue_of(id);

	if (!r || rank(status) <= rank(r->status))
		return;
	r->is_touched = true;
	r->is_back = false;
	r->floor = rank(status);
	r->updated_at = ++last_change;
	put(&r->status, status);
}

/* ---- calls --------------------------------------------------------------------------------- */

static int
trouble(const struct tracker_link *link, enum tracker_trouble what, enum err_kind kind,
    const char *text, struct err *err)
{
	link->state->trouble = what;
	return err_set(err, kind, "%s", text);
}

/* Whether the call arrives and may be made; a write is one effect of the job. */
static int
receive(const struct tracker_link *link, bool is_write, struct err *err)
{
	struct sim_remote *r = &sim->remote;

	link->state->trouble = TRACKER_FINE;
	link->state->retry_after_ms = 0;
	if (r->told_until > sim->mono)
		sim_fail("%s calls %lld ms before the tracker wants to be called",
		    r->act, (long long)(r->told_until - sim->mono));
	if (sim->tracker_down_until > sim->mono)
		return trouble(link, TRACKER_LATER, ERR_SYSTEM,
		    "the tracker does not answer", err);
	if (r->limited_until <= sim->mono && sim_mishap(2, FAULT_RATE_LIMIT))
		r->limited_until = sim->mono + 1000 + sim_dice(600000);
	if (r->limited_until > sim->mono) {
		link->state->retry_after_ms = r->limited_until - sim->mono;
		return trouble(
		    link, TRACKER_LIMITED, ERR_SYSTEM, "too many requests", err);
	}
	if (r->locked_until > sim->mono)
		return trouble(
		    link, TRACKER_AUTH, ERR_REFUSED, "the token is refused", err);
	if (!is_write)
		return 0;
	if (sim_mishap(1, FAULT_WRITE_REFUSED))
		return trouble(link, TRACKER_REFUSED, ERR_REFUSED,
		    "the tracker never takes this", err);
	if (!sim_effect())
		return trouble(
		    link, TRACKER_LATER, ERR_SYSTEM, "the process is gone", err);
	return 0;
}

/* It is done; the word of it may get lost. */
static int
reply(const struct tracker_link *link, const char *key, struct err *err)
{
	sim_say("  tracker: %s", key);
	if (sim_is_gone() || sim_mishap(2, FAULT_TRACKER_DEAF))
		return trouble(link, TRACKER_LATER, ERR_SYSTEM,
		    "the tracker's answer was lost", err);
	return 0;
}

static int
create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	const char *session = sim->remote.session;
	AUTO_FREE char *made = xasprintf("R-%zu", n_issues + 1);

	if (receive(link, true, err) < 0)
		return -1;
	for (size_t i = 0; i < n_issues; i++) {
		if (call->key[0] && strcmp(issue[i].key, call->key) == 0) {
			snprintf(id, TRACKER_ID_SIZE, "%s", issue[i].id);
			return 0;
		}
	}
	for (size_t i = 0; i < n_issues; i++) {
		if (strcmp(issue[i].session, session) == 0)
			sim_fail("%s gets a second sub-issue, %s", session, made);
	}
	sim_check_write();
	(void)make(made, call->key, session, draft->body);
	snprintf(id, TRACKER_ID_SIZE, "%s", made);
	return reply(link, call->key, err);
}

/* Nobody's edit is written over that a person did not see. */
static void
check_edit(const struct remote_issue *r, const struct tracker_patch *patch)
{
	if (r->is_edited || r->is_back)
		sim_fail("%s writes over what somebody did to %s (J-26)",
		    sim->remote.act, r->id);
	if (rank(patch->status) > 0 && rank(patch->status) < r->floor)
		sim_fail("%s moves %s back from %s (J-44)", sim->remote.act, r->id,
		    r->status);
}

static int
update(const struct tracker_link *link, const struct tracker_call *call, const char *id,
    const struct tracker_patch *patch, struct err *err)
{
	struct remote_issue *r = issue_of(id);

	if (receive(link, true, err) < 0)
		return -1;
	if (!r)
		return trouble(
		    link, TRACKER_MISSING, ERR_NOT_FOUND, "no such issue", err);
	if (strcmp(r->session, sim->remote.session) != 0)
		sim_fail("%s of %s is written by %s", id, r->session, call->key);
	/* A table that a person made anew is written as it is. */
	if (strcmp(sim->remote.kind, "issue-file") == 0) {
		r->is_edited = r->is_back = false;
		r->floor = 0;
	}
	if (patch->delegate && strcmp(patch->delegate, sim_away_delegate(id)) != 0) {
		if (patch->seen_at > 0 && patch->seen_at < r->updated_at)
			return trouble(
			    link, TRACKER_CONFLICT, ERR_CONFLICT, "changed since", err);
		sim_check_write();
		sim_away_give(id, r->session, patch->delegate);
		r->updated_at = ++last_change;
	}
	if (!patch->status || strcmp(patch->status, r->status) == 0) {
		if (patch->body)
			put(&r->body, patch->body);
		return reply(link, call->key, err);
	}
	if (patch->seen_at > 0 && patch->seen_at < r->updated_at)
		return trouble(
		    link, TRACKER_CONFLICT, ERR_CONFLICT, "changed since", err);
	sim_check_write();
	check_edit(r, patch);
	if (patch->body)
		put(&r->body, patch->body);
	put(&r->status, patch->status);
	r->updated_at = ++last_change;
	return reply(link, call->key, err);
}

/* One note of an act, however often it is tried; what is written over in place is one. */
static int
comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	const char *act = sim->remote.act;

	(void)body;
	if (receive(link, true, err) < 0)
		return -1;
	for (size_t i = 0; i < n_notes; i++) {
		if (call->key[0] && strcmp(note[i].key, call->key) == 0)
			return 0;
		if (strcmp(note[i].act, act) == 0 && strcmp(note[i].kind, kind) == 0)
			sim_fail("%s writes its %s a second time", act, kind);
	}
	sim_check_write();
	GROW(note, n_notes, cap_notes);
	note[n_notes++] = (struct remote_note){ xstrdup(id), xstrdup(kind),
		xstrdup(call->key), xstrdup(act) };
	return reply(link, call->key, err);
}

static int
relate(const struct tracker_link *link, const struct tracker_call *call, const char *a,
    const char *kind, const char *b, struct err *err)
{
	(void)a;
	(void)kind;
	(void)b;
	return receive(link, true, err) < 0 ? -1 : reply(link, call->key, err);
}

/* Does the act under way move R on to where somebody had moved it, or further? */
static bool
comes_past(const struct remote_issue *r)
{
	static const char *const later[] = { "In Progress", "In Review", "Done" };

	for (size_t i = 0; i < N_ELEMS(later); i++) {
		AUTO_FREE char *part = xasprintf("/%s/", later[i]);

		if (strncmp(sim->remote.act, "issue-move/", 11) == 0 &&
		    strstr(sim->remote.act, part) && rank(later[i]) >= r->floor)
			return true;
	}
	return false;
}

/* The plan's own issues are there already; what somebody edits is edited after the look. */
static int
read_issue(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *out, struct err *err)
{
	struct remote_issue *r = issue_of(id);

	if (receive(link, false, err) < 0)
		return -1;
	if (!r && id[0] == 'S')
		r = make(id, "", "", "");
	if (!r)
		return trouble(
		    link, TRACKER_MISSING, ERR_NOT_FOUND, "no such issue", err);
	/* A person said: ours on top of theirs. */
	if (sim->remote.accepts)
		r->is_edited = r->is_back = false;
	if (sim->remote.accepts || comes_past(r))
		r->floor = 0;
	*out = (struct tracker_issue){ .id = arena_strdup(arena, r->id),
		.title = "",
		.body = arena_strdup(arena, r->body),
		.status = arena_strdup(arena, r->status),
		.assignee = arena_strdup(arena, r->assignee),
		.delegate = arena_strdup(arena, sim_away_delegate(r->id)),
		.updated_at = r->updated_at };
	if (sim->remote.n_reads++ == 0 && r->session[0] &&
	    strcmp(sim->remote.kind, "issue-file") != 0 && !sim->is_calm &&
	    sim_dice(30) == 0)
		edit(r);
	return 0;
}

static int
agents(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_agents *out, struct err *err)
{
	return receive(link, false, err) < 0 ? -1 : sim_away_agents(id, arena, out);
}

static int
pulls(const struct tracker_link *link, const char *id, int limit, struct arena *arena,
    struct tracker_pulls *out, struct err *err)
{
	(void)limit;
	return receive(link, false, err) < 0 ? -1 : sim_away_pulls(id, arena, out);
}

static int
pull_open(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_pull_draft *draft, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	(void)link;
	(void)draft;
	(void)arena;
	(void)pull;
	(void)err;
	sim_fail("%s opens a pull request, and nobody wants one", call->key);
}

static int
pull_read(const struct tracker_link *link, long number, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	if (receive(link, false, err) < 0)
		return -1;
	if (sim_away_pull(number, false, arena, pull) < 0)
		return trouble(
		    link, TRACKER_MISSING, ERR_NOT_FOUND, "no such request", err);
	return 0;
}

static int
pull_close(const struct tracker_link *link, const struct tracker_call *call,
    long number, const char *text, struct arena *arena, struct tracker_pull *pull,
    struct err *err)
{
	(void)text;
	if (receive(link, true, err) < 0)
		return -1;
	sim_check_write();
	if (sim_away_pull(number, true, arena, pull) < 0)
		return trouble(
		    link, TRACKER_MISSING, ERR_NOT_FOUND, "no such request", err);
	return reply(link, call->key, err);
}

static const struct tracker tracker_remote = {
	.name = "remote",
	.capabilities = TRACKER_NETWORK | TRACKER_RELATIONS | TRACKER_SUB_ISSUES |
			TRACKER_OWNERS | TRACKER_DELEGATES,
	.create = create,
	.update = update,
	.comment = comment,
	.relate = relate,
	.read = read_issue,
	.agents = agents,
	.pulls = pulls,
	.pull_open = pull_open,
	.pull_read = pull_read,
	.pull_close = pull_close,
};

/* ---- engine/track_link.h ------------------------------------------------------------------- */

int
track_chosen(const struct config *config, const char **name, struct err *err)
{
	(void)config;
	(void)err;
	*name = sim->config.is_remote ? "remote" : "";
	return 0;
}

int
track_link_open(
    struct track_link *link, const char *top, const char *name, struct err *err)
{
	(void)top;
	(void)name;
	(void)err;
	link->state = (struct tracker_state){ .requests_left = -1, .points_left = -1 };
	link->link.state = &link->state;
	link->tracker = &tracker_remote;
	return 0;
}

void
track_link_close(struct track_link *link)
{
	*link = (struct track_link){ 0 };
}

/* ---- what the checks ask ------------------------------------------------------------------- */

bool
sim_remote_has_issue(const char *id)
{
	return issue_of(id) != NULL;
}

const char *
sim_remote_status(const char *id, bool *is_touched)
{
	const struct remote_issue *r = issue_of(id);

	*is_touched = r && r->is_touched;
	return r ? r->status : "";
}

bool
sim_remote_has_note(const char *act)
{
	for (size_t i = 0; i < n_notes; i++) {
		if (strcmp(note[i].act, act) == 0)
			return true;
	}
	return false;
}
