#include "sim/internal.h"

#include "git/outside.h"
#include "tracker/tracker.h"

#include <stdio.h>
#include <string.h>

/*
 * Agents that work elsewhere (SPEC 2.22): a tracker gives them an issue, they take it up, or
 * never; work on a branch of their own at the remote, say that they are done, in one of
 * several ways, or that they failed; and some go on after their issue was taken back.
 */
struct away {
	char *issue, *session, *to;
	char branch[64];
	const char *state; /* as its tracker tells, "" when it tells nothing */
	int head;          /* what it pushed, -1 nothing */
	int pull;
	bool is_given; /* its issue is its own now */
	bool is_deaf;  /* it will never pick it up */
	bool is_over, is_closed;
};

static struct away *all;
static size_t n_all, cap_all;
static int n_pulls;
static struct fetched { /* a local branch, as a fetch left it */
	char *branch, *session;
	int head;
} * fetched;
static size_t n_fetched, cap_fetched;

void
sim_away_clear(void)
{
	for (size_t i = 0; i < n_all; i++) {
		free(all[i].issue);
		free(all[i].session);
		free(all[i].to);
	}
	for (size_t i = 0; i < n_fetched; i++) {
		free(fetched[i].branch);
		free(fetched[i].session);
	}
	free(all);
	free(fetched);
	all = NULL;
	fetched = NULL;
	n_all = cap_all = n_fetched = cap_fetched = 0;
	n_pulls = 0;
}

static struct away *
who_has(const char *issue)
{
	for (size_t i = n_all; i-- > 0;) {
		if (all[i].is_given && strcmp(all[i].issue, issue) == 0)
			return &all[i];
	}
	return NULL;
}

const char *
sim_away_delegate(const char *issue)
{
	const struct away *a = who_has(issue);

	return a ? a->to : "";
}

/* Is TO one of those whom the approved table lets have S? */
static bool
is_in_table(const struct session *s, const char *to)
{
	struct away_route route;

	for (int i = 0; session_route(s, i, &route); i++) {
		if (span_eq(route.to, to))
			return true;
	}
	return false;
}

void
sim_away_give(const char *issue, const char *session, const char *to)
{
	const struct session *s = core_session(sim->check.core, session);
	struct away *a = who_has(issue);

	if (a && strcmp(a->to, to) == 0)
		return;
	/* A person who gives up the taking back, and writes ours on top, said so. */
	if (a && to[0] && !sim_was_dropped_of(session))
		sim_fail("%s of %s goes to %s, and %s has it (R-86)", issue, session,
		    to, a->to);
	if (a)
		a->is_given = false;
	if (to[0] == '\0')
		return;
	if (!s || !is_in_table(s, to))
		sim_fail("%s goes to %s, whom nobody approved", issue, to);
	GROW(all, n_all, cap_all);
	a = &all[n_all++];
	*a = (struct away){ .issue = xstrdup(issue),
		.session = xstrdup(session),
		.to = xstrdup(to),
		.state = "",
		.head = -1,
		.is_given = true,
		.is_deaf = sim_mishap(20, FAULT_AWAY_DEAF) };
	snprintf(a->branch, sizeof(a->branch), "%s/%s-%zu",
	    sim_mishap(10, FAULT_AWAY_ASTRAY) ? "astray" : "robot",
	    sim_dice(2) ? issue : s->issue, n_all);
}

/* ---- what they do ------------------------------------------------------------------------ */

static void
push(struct away *a)
{
	struct sim_git *g = &sim->git;
	int from = a->head >= 0 ? a->head : g->remote;
	struct sim_units has = g->commit[from].has;
	char salt[32];

	if (sim_unit_new(&has) < 0)
		return;
	snprintf(salt, sizeof(salt), "away%d", g->n_units);
	a->head = sim_commit_add(from, &has, salt);
	sim_say("  %s pushes %s for %s", a->to, a->branch, a->session);
}

static void
end(struct away *a)
{
	unsigned how = sim_dice(3);

	a->is_over = true;
	if (sim_mishap(10, FAULT_AGENT_LIED)) {
		a->state = "complete"; /* whatever is there, or nothing */
		return;
	}
	if (a->head < 0)
		push(a);
	if (how == 0 && sim->config.is_remote)
		a->pull = ++n_pulls;
	else if (how == 1 && sim->config.is_remote)
		a->state = "complete";
	else
		(sim->config.is_remote ? sim_remote_move : sim_issue_move)(
		    a->issue, "In Review");
	sim_say("  %s is done with %s", a->to, a->issue);
}

bool
sim_away_turn(void)
{
	unsigned from = n_all ? sim_dice((unsigned)n_all) : 0;

	for (size_t i = 0; i < n_all; i++) {
		struct away *a = &all[(from + i) % n_all];
		unsigned what = sim_dice(10);

		if (a->is_deaf && sim->is_calm)
			a->is_deaf = false;
		/* One whose issue was taken back may not have noticed. */
		if (a->is_deaf || a->is_over || (!a->is_given && sim_dice(20)))
			continue;
		if (what < 2) {
			a->state = sim_dice(2) ? "active" : "waiting";
		} else if (what < 5) {
			push(a);
		} else if (what < 8) {
			end(a);
		} else if (sim_mishap(20, FAULT_AGENT_KILLED)) {
			a->state = "error";
			a->is_over = true;
		}
		return true;
	}
	return false;
}

/* The branch of whoever has, or had, the issue of S, and is done with it; NULL when none. */
const char *
sim_away_branch(const struct session *s)
{
	for (size_t i = n_all; i-- > 0;) {
		if (strcmp(all[i].session, s->id) == 0 && all[i].head >= 0 &&
		    all[i].is_over)
			return all[i].branch;
	}
	return NULL;
}

/* ---- what people order ------------------------------------------------------------------- */

static void
order_taken(const struct session *s, const char *branch)
{
	struct fields f = { 0 };

	fields_set(&f, "session", s->id);
	if (branch)
		fields_set(&f, "branch", branch);
	fields_set_number(&f, "done", 1);
	(void)sim_order("delegate", &f);
}

bool
sim_away_order(const struct session *s)
{
	static const char *const names[] = { "robot", "android", "claude" };
	struct fields f = { 0 };

	if (!session_is_away(s))
		return false;
	if (sim_dice(3) == 0) {
		order_taken(s, sim_dice(2) ? sim_away_branch(s) : NULL);
		return true;
	}
	fields_set(&f, "session", s->id);
	if (sim_dice(2))
		fields_set(&f, "to", names[sim_dice(N_ELEMS(names))]);
	(void)sim_order("delegate", &f);
	return true;
}

bool
sim_away_tend(const struct session *s)
{
	const char *branch = sim_away_branch(s);
	bool is_open = s->state == SESSION_UNCONFIRMED || s->state == SESSION_ACTIVE ||
		       s->state == SESSION_STALLED || s->state == SESSION_EXITING;
	struct fields f = { 0 };

	if (!session_is_away(s))
		return false;
	if (is_open && branch) {
		order_taken(s, branch);
		return true;
	}
	if (s->state == SESSION_UNCONFIRMED || s->state == SESSION_ACTIVE)
		return true; /* it is theirs to do */
	fields_set(&f, "session", s->id);
	fields_set(&f, "reason", "because");
	fields_set(&f, "override", "G18,G05,G03");
	(void)sim_order(s->away.n_given > 12 ? "abandon" : "resume", &f);
	return true;
}

/* ---- what the tracker tells of them ------------------------------------------------------ */

int
sim_away_agents(const char *issue, struct arena *arena, struct tracker_agents *out)
{
	*out = (struct tracker_agents){ .item = arena_alloc(
					    arena, sizeof(*out->item) * (n_all + 1)) };
	for (size_t i = n_all; i-- > 0;) {
		if (strcmp(all[i].issue, issue) == 0 && all[i].state[0])
			out->item[out->n++] = (struct tracker_agent){ .id = "",
				.agent = arena_strdup(arena, all[i].to),
				.state = all[i].state,
				.summary = "all of it",
				.url = "" };
	}
	return 0;
}

static struct tracker_pull
pull_of(const struct away *a, struct arena *arena)
{
	return (struct tracker_pull){ .number = a->pull,
		.url = "",
		.title = "",
		.head = arena_strdup(arena, a->branch),
		.base = "main",
		.head_commit = arena_strdup(arena, sim->git.commit[a->head].oid),
		.merge_commit = "",
		.state = a->is_closed ? "closed" : "open",
		.checks = "none",
		.review = "none" };
}

int
sim_away_pull(long number, bool closes, struct arena *arena, struct tracker_pull *out)
{
	for (size_t i = 0; i < n_all; i++) {
		if (all[i].pull != number)
			continue;
		all[i].is_closed |= closes;
		*out = pull_of(&all[i], arena);
		return 0;
	}
	return -1;
}

int
sim_away_pulls(const char *issue, struct arena *arena, struct tracker_pulls *out)
{
	*out = (struct tracker_pulls){ .item = arena_alloc(
					   arena, sizeof(*out->item) * (n_all + 1)) };
	for (size_t i = n_all; i-- > 0;) {
		if (strcmp(all[i].issue, issue) == 0 && all[i].pull > 0)
			out->item[out->n++] = pull_of(&all[i], arena);
	}
	return 0;
}

/* ---- git/outside.h ----------------------------------------------------------------------- */

void
outside_branches_clear(struct outside_branches *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i].name);
	free(list->item);
	*list = (struct outside_branches){ 0 };
}

int
outside_list(const struct repo *repo, const char *remote, struct outside_branches *list,
    struct err *err)
{
	(void)repo;
	(void)remote;
	if (sim_git_fails(err) < 0)
		return -1;
	for (size_t i = 0; i < n_all; i++) {
		struct outside_branch *b;

		if (all[i].head < 0)
			continue;
		GROW(list->item, list->n, list->cap);
		b = &list->item[list->n++];
		b->name = xstrdup(all[i].branch);
		snprintf(
		    b->oid, sizeof(b->oid), "%s", sim->git.commit[all[i].head].oid);
	}
	return 0;
}

static struct fetched *
local_branch(const char *branch)
{
	for (size_t i = 0; i < n_fetched; i++) {
		if (strcmp(fetched[i].branch, branch) == 0)
			return &fetched[i];
	}
	return NULL;
}

int
sim_away_local(const char *branch)
{
	const struct fetched *f = local_branch(branch);

	return f ? f->head : -1;
}

int
outside_fetch(struct repo *repo, const char *remote, const char *branch,
    const char *session, char oid[GIT_OID_SIZE], struct err *err)
{
	struct fetched *f = local_branch(branch);
	int head = -1;

	(void)repo;
	for (size_t i = 0; i < n_all; i++) {
		if (all[i].head >= 0 && strcmp(all[i].branch, branch) == 0)
			head = all[i].head;
	}
	if (sim_git_fails(err) < 0)
		return -1;
	if (head < 0)
		return err_set(
		    err, ERR_NOT_FOUND, "%s has no branch %s", remote, branch);
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	sim_units_join(&sim->git.pinned, &sim->git.commit[head].has);
	if (!f) {
		GROW(fetched, n_fetched, cap_fetched);
		f = &fetched[n_fetched++];
		*f = (struct fetched){ xstrdup(branch), xstrdup(session), head };
	}
	f->head = head;
	snprintf(oid, GIT_OID_SIZE, "%s", sim->git.commit[head].oid);
	return 0;
}

void
outside_facts_clear(struct outside_facts *facts)
{
	git_list_clear(&facts->changed);
}

int
outside_inspect(const struct repo *repo, const char *target, const char *oid,
    struct outside_facts *facts, struct err *err)
{
	int at = sim_commit_find(oid);

	(void)repo;
	(void)target;
	if (sim_git_fails(err) < 0)
		return -1;
	*facts = (struct outside_facts){ 0 };
	for (; at >= 0 && !sim_commit_has(sim->git.target, at);
	     at = sim->git.commit[at].parent)
		facts->n_commits++;
	git_list_add(&facts->changed, "src/m0/f0.c");
	return 0;
}

/* Could the built-in tracker not take an issue of SESSION back, however often it was tried? */
static bool
has_failed(const char *session)
{
	for (size_t i = 0; i < sim_disk_acts(); i++) {
		const struct act_row *act = sim_disk_act(i);

		if (strcmp(act->kind, "undelegate") == 0 &&
		    strcmp(act->state, "failed") == 0 && strstr(act->key, session))
			return true;
	}
	return false;
}

/* Nobody has the issue of a session any more that has ended. */
void
sim_away_check_end(void)
{
	const struct core *core = sim->check.core;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct away *a = who_has(s->sub_issue);

		if (session_is_terminal(s->state) && a && !sim_was_dropped_of(s->id) &&
		    !has_failed(s->id))
			sim_fail("%s is %s, and %s has its issue %s for ever", s->id,
			    session_state_name(s->state), a->to, a->issue);
	}
}
