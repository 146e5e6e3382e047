#include "sim/internal.h"

#include "core/review.h"
#include "store/issues.h"
#include "tracker/tracker.h"

#include <stdio.h>
#include <string.h>

/*
 * A tracker somewhere else: it is down for hours, refuses what comes too fast, and does
 * what it was told while its answer gets lost.  It knows keys, as CONTRACTS 9 asks.
 */
struct sim_issue {
	char *id, *status, *maker;
};

static struct sim_issue *issue;
static size_t n_issues, cap_issues;
static struct write {
	char *key, *id;
} * write_;
static size_t n_writes, cap_writes;
static int n_made;

static struct sim_issue *
issue_of(const char *id)
{
	for (size_t i = 0; i < n_issues; i++) {
		if (strcmp(issue[i].id, id) == 0)
			return &issue[i];
	}
	return NULL;
}

static const struct write *
written(const char *key)
{
	for (size_t i = n_writes; i-- > 0;) {
		if (strcmp(write_[i].key, key) == 0)
			return &write_[i];
	}
	return NULL;
}

void
sim_issues_clear(void)
{
	for (size_t i = 0; i < n_issues; i++) {
		free(issue[i].id);
		free(issue[i].status);
		free(issue[i].maker);
	}
	for (size_t i = 0; i < n_writes; i++) {
		free(write_[i].key);
		free(write_[i].id);
	}
	free(issue);
	free(write_);
	issue = NULL;
	write_ = NULL;
	n_issues = cap_issues = n_writes = cap_writes = 0;
	n_made = 0;
}

/* 1 when the write under KEY is to be made now, 0 when it was made before, or -1. */
static int
receive(const char *key, struct err *err)
{
	if (sim->tracker_down_until > sim->mono)
		return err_set(err, ERR_SYSTEM, "the tracker does not answer");
	if (sim_mishap(1, FAULT_RATE_LIMIT))
		return err_set(err, ERR_SYSTEM, "the tracker: too many requests");
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	return written(key) ? 0 : 1;
}

/* It is done; the word of it may get lost. */
static int
reply(const char *key, const char *id, struct err *err)
{
	GROW(write_, n_writes, cap_writes);
	write_[n_writes++] = (struct write){ xstrdup(key), xstrdup(id) };
	sim_say("  tracker: %s", key);
	if (sim_is_gone() || sim_mishap(1, FAULT_TRACKER_DEAF))
		return err_set(err, ERR_SYSTEM, "the tracker's answer was lost");
	return 0;
}

/* a session has one sub-issue, however often its table is made. */
static void
check_first(const char *key, const struct tracker_draft *draft)
{
	const char *session = strchr(key, '/');
	size_t n = session ? strcspn(session + 1, "/") : 0;

	for (size_t i = 0; !draft->id && session && i < n_issues; i++) {
		const char *other = strchr(issue[i].maker, '/');

		if (strncmp(issue[i].id, "DV-", 3) == 0 && other &&
		    strcspn(other + 1, "/") == n &&
		    strncmp(other + 1, session + 1, n) == 0)
			sim_fail("%.*s gets a second sub-issue", (int)n, session + 1);
	}
}

static int
create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	char made[TRACKER_ID_SIZE];
	int rc = receive(call->key, err);
	const struct write *was = written(call->key);

	(void)link;
	if (rc < 0)
		return -1;
	if (was || (draft->id && issue_of(draft->id))) {
		snprintf(id, TRACKER_ID_SIZE, "%s", was ? was->id : draft->id);
		return 0;
	}
	if (draft->id)
		snprintf(made, sizeof(made), "%s", draft->id);
	else
		snprintf(made, sizeof(made), "DV-%d", ++n_made);
	check_first(call->key, draft);
	GROW(issue, n_issues, cap_issues);
	issue[n_issues++] = (struct sim_issue){ xstrdup(made),
		xstrdup(draft->status ? draft->status : "Todo"), xstrdup(call->key) };
	snprintf(id, TRACKER_ID_SIZE, "%s", made);
	return reply(call->key, made, err);
}

/* E-17: what may follow what. */
static bool
may_move(const char *from, const char *to)
{
	if (strcmp(from, "Done") == 0 || strcmp(from, "Cancelled") == 0)
		return strcmp(to, "In Progress") == 0 || strcmp(to, "Todo") == 0;
	return true;
}

/* Whose the review is that KEY, of the record of one, names; NULL when it is of another kind. */
static char *
record_session(const char *key)
{
	const struct review *r;
	AUTO_FREE char *id = NULL;

	if (strncmp(key, "rdr/", 4) != 0)
		return NULL;
	id = xstrndup(key + 4, strcspn(key + 4, "/"));
	r = core_review(sim->check.core, id);
	return xstrdup(r ? r->session : "");
}

/* Invariant 8: the sub-issue of a session is written by that session's acts alone. */
static void
check_writer(const struct sim_issue *i, const char *key)
{
	const char *maker = strchr(i->maker, '/');
	AUTO_FREE char *session = record_session(key);
	bool is_its = maker && (session ? strcmp(session, maker + 1) == 0
					: strstr(key, maker + 1) != NULL);

	if (strncmp(i->id, "DV-", 3) == 0 && maker && !is_its)
		sim_fail("%s of %s is written by %s", i->id, maker + 1, key);
}

/* The issue is made under a key that ends in its session. */
static void
give(const struct sim_issue *i, const char *to)
{
	const char *session = strchr(i->maker, '/');
	size_t n = session ? strcspn(session + 1, "/") : 0;
	AUTO_FREE char *id = session ? xstrndup(session + 1, n) : xstrdup("");

	sim_away_give(i->id, id, to);
}

static int
update(const struct tracker_link *link, const struct tracker_call *call, const char *id,
    const struct tracker_patch *patch, struct err *err)
{
	struct sim_issue *i = issue_of(id);
	int rc = receive(call->key, err);

	(void)link;
	if (rc <= 0)
		return rc;
	if (!i)
		return err_set(err, ERR_NOT_FOUND, "no issue %s", id);
	check_writer(i, call->key);
	if (patch->delegate)
		give(i, patch->delegate);
	if (patch->status && strcmp(i->status, patch->status) != 0) {
		if (!may_move(i->status, patch->status))
			return err_set(err, ERR_REFUSED, "%s is %s", id, i->status);
		free(i->status);
		i->status = xstrdup(patch->status);
	}
	return reply(call->key, id, err);
}

static int
comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	const struct sim_issue *i = issue_of(id);
	int rc = receive(call->key, err);

	(void)link;
	(void)kind;
	(void)body;
	if (rc <= 0)
		return rc;
	if (!i)
		return err_set(err, ERR_NOT_FOUND, "no issue %s", id);
	check_writer(i, call->key);
	return reply(call->key, id, err);
}

static int
relate(const struct tracker_link *link, const struct tracker_call *call, const char *a,
    const char *kind, const char *b, struct err *err)
{
	int rc = receive(call->key, err);

	(void)link;
	(void)kind;
	(void)b;
	return rc <= 0 ? rc : reply(call->key, a, err);
}

static int
read_issue(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *out, struct err *err)
{
	const struct sim_issue *i = issue_of(id);

	(void)link;
	if (!i)
		return err_set(err, ERR_NOT_FOUND, "no issue %s", id);
	*out = (struct tracker_issue){ .id = arena_strdup(arena, i->id),
		.title = "",
		.body = "",
		.status = arena_strdup(arena, i->status),
		.assignee = "",
		.delegate = arena_strdup(arena, sim_away_delegate(id)) };
	return 0;
}

void
sim_issue_move(const char *id, const char *status)
{
	struct sim_issue *i = issue_of(id);

	if (!i || !may_move(i->status, status) || strcmp(i->status, "Done") == 0)
		return;
	free(i->status);
	i->status = xstrdup(status);
}

const struct tracker tracker_local = {
	.name = "sim",
	.capabilities = TRACKER_RELATIONS | TRACKER_OWN_IDS | TRACKER_DELEGATES,
	.create = create,
	.update = update,
	.comment = comment,
	.relate = relate,
	.read = read_issue,
};

int
issue_read(struct store *store, const char *id, struct issue_set *set, struct err *err)
{
	(void)store;
	(void)set;
	return err_set(err, ERR_NOT_FOUND, "no issue %s", id);
}

/* What the registers say at last: nothing that was owed to the tracker got lost. */
void
sim_issues_check(void)
{
	const struct core *core = sim->check.core;

	for (size_t k = 0; k < core->n_sessions; k++) {
		const struct session *s = &core->session[k];
		const struct sim_issue *i = issue_of(s->sub_issue);

		if (s->state == SESSION_DONE && (!i || strcmp(i->status, "Done") != 0))
			sim_fail("%s is done, its issue %s is %s", s->id, s->sub_issue,
			    i ? i->status : "nowhere");
	}
}
