#include "core/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A session whose agent works elsewhere (SPEC 2.22, R-90): its tracker gives the issue to the
 * agent, and what comes of that is seen, never told.
 *
 *   approved -> launching      the delegation is owed
 *            -> unconfirmed    the tracker has it; the limit of the pickup begins (R-41)
 *            -> active         a sign of it: its own state, the issue moved, a branch
 *            -> exiting        a pull request, or it says that it is done: what is on its
 *                              branch is fetched, pinned and held against what was declared
 *            -> in-review      and from there as every other session
 *
 * Its issue is one agent's at a time: whoever had it loses it first.
 */
#define LOOK_FIRST_MS 2000
#define LOOK_MOST_MS  (60 * 1000)
#define PICKUP_MS     (30 * 60 * 1000) /* K-21 */

/* ---- routes --------------------------------------------------------------------------------- */

bool
session_is_away(const struct session *s)
{
	return s->is_external && s->away.routes[0] != '\0';
}

bool
session_route(const struct session *s, int i, struct away_route *route)
{
	struct span rest = span_of(s->away.routes), line, ms = { "", 0 };
	struct span *const cells[] = { &route->name, &route->shown, &route->to,
		&route->mention, &route->prefix, &ms };

	*route = (struct away_route){ .pickup_ms = PICKUP_MS };
	while (span_next(&rest, '\n', &line)) {
		if (line.n == 0 || i-- > 0)
			continue;
		for (size_t k = 0; k < N_ELEMS(cells); k++) {
			if (!span_next(&line, '\t', cells[k]))
				*cells[k] = (struct span){ "", 0 };
		}
		if (ms.n > 0 && strtoll(ms.p, NULL, 10) > 0)
			route->pickup_ms = strtoll(ms.p, NULL, 10);
		return true;
	}
	return false;
}

int64_t
session_pickup_until(const struct session *s)
{
	struct away_route route;

	if (s->state != SESSION_UNCONFIRMED || !session_is_away(s) ||
	    !session_route(s, s->away.route, &route))
		return 0;
	return s->away.asked_at + route.pickup_ms;
}

void
delegation_clear(struct delegation *d)
{
	char *const owned[] = { d->routes, d->to, d->signal, d->state, d->branch,
		d->head, d->taken, d->trouble };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
}

void
delegation_dump(const struct session *s, FILE *f)
{
	const struct delegation *d = &s->away;

	if (!session_is_away(s))
		return;
	fprintf(f, " away %s|%s|%s|%s|%s|%s|%s|%s %lld %lld %d %d %d %d\n", d->routes,
	    d->to, d->signal, d->state, d->branch, d->head, d->taken, d->trouble,
	    (long long)d->asked_at, (long long)d->look_at, d->route, d->n_given,
	    d->n_looks, d->reroutes);
}

void
delegate_shift(struct session *s, int64_t by)
{
	int64_t *const at[] = { &s->away.asked_at, &s->away.look_at };

	for (size_t i = 0; i < N_ELEMS(at); i++) {
		if (*at[i] > 0)
			*at[i] = *at[i] + by > 1 ? *at[i] + by : 1;
	}
}

/* ---- acts ----------------------------------------------------------------------------------- */

static struct fields *
owe(struct session *s, const char *kind, const char *order, struct acts *acts)
{
	struct fields *f = acts_add(
	    acts, kind, order, "%s/%s/%d", kind, s->id, ++s->n_keys);

	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "issue", s->sub_issue);
	return f;
}

static void
set_span(char **slot, struct span text)
{
	AUTO_FREE char *copy = xstrndup(text.p, text.n);

	core_set(slot, copy);
}

static void
set_field(struct fields *f, const char *name, struct span text)
{
	AUTO_FREE char *copy = xstrndup(text.p, text.n);

	fields_set(f, name, copy);
}

/* The issue of S becomes the agent's of its current route. */
static void
owe_give(struct session *s, struct acts *acts)
{
	struct away_route route;
	struct fields *f;

	if (!session_route(s, s->away.route, &route))
		return;
	set_span(&s->away.to, route.to.n ? route.to : route.mention);
	core_set(&s->away.trouble, "");
	s->away.n_given++;
	f = owe(s, "delegate", "tracker", acts);
	set_field(f, "to", route.to);
	set_field(f, "mention", route.mention);
	set_field(f, "shown", route.shown);
}

/* Nobody has the issue of S any more, and WHY is said there. */
static void
owe_back(struct session *s, const char *why, struct acts *acts)
{
	struct fields *f = owe(s, "undelegate", "tracker", acts);

	fields_set(f, "to", s->away.to);
	fields_set(f, "text", why);
	core_set(&s->away.to, "");
	s->away.look_at = 0;
}

void
delegate_owe_take(struct session *s, struct acts *acts)
{
	struct fields *f = owe(s, "delegate-take", s->id, acts);

	fields_set(f, "why", "exit");
	fields_set(f, "outside",
	    s->away.branch[0] || s->is_analysis ? s->away.branch : s->branch);
	fields_set(f, "base", s->base);
	fields_set_number(f, "analysis", s->is_analysis);
	core_set(&s->away.taken, s->away.head);
}

bool
delegate_start(struct session *s, int64_t now, struct acts *acts)
{
	if (!core_move(s, ON_LAUNCH, now, acts))
		return false;
	if (s->away.to[0])
		owe_back(s, "", acts);
	core_set(&s->reason, "");
	core_set(&s->away.signal, "");
	core_set(&s->away.state, "");
	s->confirmed = false;
	s->was_reviewed = false;
	s->is_held = false;
	s->started_at = s->last_seen = now;
	owe_give(s, acts);
	return true;
}

int
step_delegated(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (!session_is_away(s) ||
	    strcmp(s->away.to, fields_text(&h->fields, "to")) != 0)
		return err_set(err, ERR_CONFLICT, "%s is not %s's any more", s->id,
		    fields_text(&h->fields, "to"));
	s->away.asked_at = s->last_seen = h->at;
	s->away.look_at = h->at + LOOK_FIRST_MS;
	s->away.n_looks = 0;
	if (core_move(s, ON_ACCEPTED, h->at, acts))
		owe_write_back(core, s->plan_id, acts);
	return 0;
}

/* ---- what is seen --------------------------------------------------------------------------- */

/* Does S wait for something that only a look tells? */
static bool
is_awaited(const struct session *s)
{
	return s->state == SESSION_UNCONFIRMED || s->state == SESSION_ACTIVE ||
	       s->state == SESSION_STALLED || s->state == SESSION_IN_REVIEW ||
	       s->state == SESSION_MERGE_CONFLICT;
}

/* Takes over what H saw; true when that is new. */
static bool
take_over(struct session *s, const struct happening *h)
{
	const struct fields *f = &h->fields;
	struct delegation *d = &s->away;
	const struct {
		char **slot;
		const char *name;
	} seen[] = { { &d->state, "state" }, { &d->branch, "branch" },
		{ &d->head, "head" }, { &s->pull_url, "url" },
		{ &s->pull_state, "pull_state" }, { &s->pull_checks, "checks" },
		{ &s->pull_review, "review" } };
	bool is_new = false;

	for (size_t i = 0; i < N_ELEMS(seen); i++) {
		const char *now = fields_text(f, seen[i].name);

		/* What was there and is not told this time may be told the next. */
		if (now[0] == '\0' || strcmp(*seen[i].slot, now) == 0)
			continue;
		core_set(seen[i].slot, now);
		is_new = true;
	}
	if (fields_number(f, "number", 0) > 0)
		s->pull = fields_number(f, "number", 0);
	core_set(&d->trouble, fields_text(f, "trouble"));
	return is_new;
}

/* Moved by somebody else; of a later delegation nobody knows who moved it. */
static bool
is_moved(const struct session *s, const struct happening *h, bool to_the_end)
{
	const char *status = fields_text(&h->fields, "status");

	if (s->away.n_given != 1 || s->n_commits > 0)
		return false;
	return strcmp(status, "In Review") == 0 || strcmp(status, "Done") == 0 ||
	       (!to_the_end && !s->confirmed && strcmp(status, "In Progress") == 0);
}

/* What shows that an agent has S, or NULL: its pickup signal.  The caller frees it. */
static char *
pickup_signal(const struct session *s, const struct happening *h)
{
	const struct delegation *d = &s->away;

	if (s->pull > 0)
		return xasprintf("pull request #%lld", (long long)s->pull);
	if (d->branch[0])
		return xasprintf("branch %s", d->branch);
	if (d->state[0] && strcmp(d->state, "pending") != 0)
		return xasprintf("it is %s", d->state);
	if (is_moved(s, h, false))
		return xasprintf("its issue is %s", fields_text(&h->fields, "status"));
	return NULL;
}

static void
pick_up(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	AUTO_FREE char *text = NULL, *shown = pickup_signal(s, h);

	if (!shown || s->confirmed)
		return;
	if (!core_move(s, ON_CONFIRMED, h->at, acts) &&
	    !(s->state == SESSION_STALLED && core_move(s, ON_ACTIVITY, h->at, acts)))
		return;
	s->confirmed = true;
	core_set(&s->away.signal, shown);
	core_set(&s->reason, "");
	text = xasprintf("Picked up by %s: %s.", s->agent_shown, shown);
	owe_issue_move(acts, s, "In Progress", -++s->n_keys);
	owe_comment(acts, s, "start", ++s->n_keys, text);
	owe_write_back(core, s->plan_id, acts);
}

/* Does it say, in whichever way, that it is done? */
static bool
is_over(const struct session *s, const struct happening *h)
{
	bool has_pull = strcmp(s->pull_state, "open") == 0 ||
			strcmp(s->pull_state, "merged") == 0;

	return (s->pull > 0 && has_pull) || strcmp(s->away.state, "complete") == 0 ||
	       is_moved(s, h, true);
}

static void
stall(struct session *s, int64_t now, struct acts *acts, const char *why)
{
	if (s->state == SESSION_STALLED || core_move(s, ON_STALL, now, acts))
		core_set(&s->reason, why);
}

/* What is at the remote is its delivery, unless it was delivered before. */
static void
deliver(struct session *s, int64_t now, struct acts *acts)
{
	bool is_new = s->away.head[0] && strcmp(s->away.head, s->away.taken) != 0;

	if (s->state == SESSION_IN_REVIEW || s->state == SESSION_MERGE_CONFLICT) {
		/* Something new: nobody has reviewed that. */
		if (!is_new || !core_move(s, ON_LAUNCH, now, acts))
			return;
		s->was_reviewed = false;
		(void)core_move(s, ON_ACCEPTED, now, acts);
		(void)core_move(s, ON_CONFIRMED, now, acts);
	}
	if (s->away.branch[0] == '\0' && !s->is_analysis) {
		stall(s, now, acts,
		    "it says that it is done, and no branch of it is at the remote");
		return;
	}
	if (s->state == SESSION_STALLED && s->away.taken[0] && !is_new)
		return; /* as it was when that did not do */
	session_reported(s, now, acts);
}

/* Somebody gave it away in the tracker: what comes from here now is advisory (J-39). */
static bool
is_lost(struct session *s, const struct happening *h, struct acts *acts)
{
	const char *theirs = fields_text(&h->fields, "other");
	AUTO_FREE char *why = NULL;

	if (theirs[0] == '\0' || s->state == SESSION_STALLED)
		return theirs[0] != '\0';
	if (s->state != SESSION_UNCONFIRMED && s->state != SESSION_ACTIVE)
		return false;
	why = xasprintf("somebody gave its issue to %s in the tracker (J-39)", theirs);
	stall(s, h->at, acts, why);
	return true;
}

int
step_delegate_seen(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	int64_t pause = LOOK_FIRST_MS;
	bool is_new;

	if (!s)
		return -1;
	if (!session_is_away(s))
		return err_set(
		    err, ERR_CONFLICT, "%s is not dispatched by its tracker", s->id);
	is_new = take_over(s, h);
	s->away.n_looks = is_new ? 0 : s->away.n_looks + 1;
	for (int i = 0; i < s->away.n_looks && pause < LOOK_MOST_MS; i++)
		pause *= 2;
	s->away.look_at = h->at + (pause < LOOK_MOST_MS ? pause : LOOK_MOST_MS);
	if (!is_awaited(s) || is_lost(s, h, acts))
		return 0;
	if (is_new) {
		s->last_seen = h->at;
		if (s->confirmed && core_move(s, ON_ACTIVITY, h->at, acts))
			core_set(&s->reason, "");
	}
	pick_up(core, s, h, acts);
	if (fields_text(&h->fields, "summary")[0])
		core_set(&s->summary, fields_text(&h->fields, "summary"));
	if (strcmp(s->away.state, "error") == 0 && s->state == SESSION_ACTIVE)
		session_fail(core, s,
		    s->summary[0] ? s->summary : "its agent says that it failed", h->at,
		    acts);
	else if (is_over(s, h))
		deliver(s, h->at, acts);
	return 0;
}

/* ---- time ----------------------------------------------------------------------------------- */

/* J-38, R-234: nobody has it; the next in order is named, or gets it. */
static void
not_picked_up(struct session *s, int64_t now, struct acts *acts)
{
	struct away_route route, next;
	AUTO_FREE char *age = NULL, *why = NULL;

	(void)session_route(s, s->away.route, &route);
	age = text_age(route.pickup_ms);
	why = xasprintf("%s did not pick it up within %s", s->agent_shown, age);
	stall(s, now, acts, why);
	if (!s->away.reroutes || !session_route(s, s->away.route + 1, &next))
		return;
	delegate_to(s, s->away.route + 1, why, now, acts);
}

void
delegate_to(struct session *s, int i, const char *why, int64_t now, struct acts *acts)
{
	AUTO_FREE char *text = NULL;
	struct away_route route;

	if (!session_route(s, i, &route))
		return;
	if (s->away.to[0]) {
		text = xasprintf(
		    "%s: it goes to %.*s.", why, (int)route.shown.n, route.shown.p);
		owe_back(s, text, acts);
	}
	s->away.route = i;
	set_span(&s->agent, route.name);
	set_span(&s->agent_shown, route.shown);
	(void)delegate_start(s, now, acts);
}

/* How long nothing new may be seen of who has it. */
static int64_t
quiet_until(const struct core *core, const struct session *s)
{
	return s->state == SESSION_ACTIVE
		   ? s->last_seen + session_silence_limit(core, s)
		   : INT64_MAX;
}

void
delegate_clock(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	int64_t until = session_pickup_until(s);
	AUTO_FREE char *age = NULL, *why = NULL;

	if (!session_is_away(s))
		return;
	if (s->away.look_at > 0 && s->away.look_at <= h->at) {
		s->away.look_at = 0;
		if (is_awaited(s))
			fields_set(
			    owe(s, "delegate-look", s->id, acts), "to", s->away.to);
	}
	if (until > 0 && until <= h->at) {
		not_picked_up(s, h->at, acts);
	} else if (quiet_until(core, s) <= h->at) {
		age = text_age(session_silence_limit(core, s));
		why = xasprintf("nothing new was seen of it for %s", age);
		stall(s, h->at, acts, why);
	}
}

int64_t
delegate_deadline(const struct core *core, const struct session *s)
{
	int64_t until = session_pickup_until(s), next = INT64_MAX;

	if (!session_is_away(s))
		return next;
	if (s->away.look_at > 0)
		next = s->away.look_at;
	if (until > 0 && until < next)
		next = until;
	return quiet_until(core, s) < next ? quiet_until(core, s) : next;
}

void
delegate_sweep(struct session *s, struct acts *acts)
{
	bool is_its = session_is_live(s->state) || s->state == SESSION_IN_REVIEW ||
		      s->state == SESSION_MERGEABLE || s->state == SESSION_MERGING ||
		      s->state == SESSION_MERGE_CONFLICT;
	AUTO_FREE char *text = NULL;

	if (!session_is_away(s))
		return;
	/* that it stops is a request there, and no more. */
	if (s->state == SESSION_HALTED || s->state == SESSION_CLAIMED || !is_its) {
		if (s->away.to[0] == '\0')
			return;
		text = xasprintf("%s does not go on here (%s)%s%s.", s->agent_shown,
		    session_state_name(s->state), s->reason[0] ? ": " : "", s->reason);
		owe_back(s, s->state == SESSION_DONE ? "" : text, acts);
	} else if (s->state == SESSION_ACTIVE && s->away.to[0] == '\0') {
		owe_give(s, acts);
	}
}

bool
delegate_act_failed(struct core *core, struct session *s, const char *kind,
    const char *text, int64_t now, struct acts *acts)
{
	if (!session_is_away(s))
		return false;
	if (strcmp(kind, "delegate") == 0) {
		core_set(&s->away.to, "");
		session_fail(core, s, text, now, acts);
	} else if (strcmp(kind, "delegate-look") == 0) {
		core_set(&s->away.trouble, text);
		s->away.look_at = is_awaited(s) ? now + LOOK_MOST_MS : 0;
	} else if (strcmp(kind, "delegate-take") == 0) {
		core_set(&s->away.taken, "");
		if (s->state == SESSION_EXITING)
			core_set(&s->reason, text);
	} else {
		return strcmp(kind, "undelegate") == 0;
	}
	return true;
}
