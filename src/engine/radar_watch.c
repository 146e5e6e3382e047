#include "engine/internal.h"
#include "radar/pace.h"

#include <string.h>

/* When the radar looks (DESIGN 8); how long it waits between two looks is radar/pace.h. */

static bool
is_off(const struct engine *engine, const struct session *s)
{
	const struct plan_run *p = core_plan(engine->core, s->plan_id);

	return p && strcmp(p->radar, "off") == 0;
}

/* Work that is in a tree of its own and has not landed. */
static bool
is_looked_at(const struct engine *engine, const struct session *s)
{
	if (!s->path[0] || !s->has_tree || is_off(engine, s))
		return false;
	return session_is_live(s->state) || s->state == SESSION_IN_REVIEW ||
	       s->state == SESSION_MERGEABLE || s->state == SESSION_MERGING ||
	       s->state == SESSION_MERGE_CONFLICT;
}

/* Something can only change while somebody works. */
static bool
is_anybody_working(const struct engine *engine)
{
	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];

		if (s->run_open && !s->waits_for_slot && is_looked_at(engine, s))
			return true;
	}
	return false;
}

/* When a session that is looked at last said something, and how many there are. */
static struct radar_heard
radar_listen(const struct engine *engine)
{
	struct radar_heard heard = { 0 };

	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];

		if (!is_looked_at(engine, s))
			continue;
		heard.n++;
		if (s->last_seen > heard.last)
			heard.last = s->last_seen;
	}
	return heard;
}

static bool
is_same(struct radar_heard a, struct radar_heard b)
{
	return a.last == b.last && a.n == b.n;
}

static void
look_in(struct engine *engine, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(engine->radar.timer, &tv);
}

/* ---- what a look found -------------------------------------------------------------- */

static const char *
found(const struct fields *out, char sort, size_t i, const char *name)
{
	char key[48];

	snprintf(key, sizeof(key), "%c%zu.%s", sort, i, name);
	return fields_text(out, key);
}

static int
tell_found(struct engine *engine, const struct fields *out)
{
	static const char *const names[] = { "kind", "a", "b", "files", "text" };
	size_t n_met = (size_t)fields_number(out, "n_met", 0);
	size_t n_strayed = (size_t)fields_number(out, "n_strayed", 0);
	int rc = 0;

	for (size_t i = 0; i < n_strayed; i++) {
		const struct session *s = core_session(
		    engine->core, found(out, 't', i, "session"));
		struct fields f = { 0 };

		if (!s || strcmp(s->stray, found(out, 't', i, "stray")) == 0)
			continue;
		fields_set(&f, "session", s->id);
		fields_set(&f, "stray", found(out, 't', i, "stray"));
		rc |= engine_note(engine, HAP_STRAYED, &f);
		fields_clear(&f);
	}
	for (size_t i = 0; i < n_met; i++) {
		struct fields f = { 0 };

		for (size_t k = 0; k < N_ELEMS(names); k++)
			fields_set(&f, names[k], found(out, 'm', i, names[k]));
		rc |= engine_note(engine, HAP_MET, &f);
		fields_clear(&f);
	}
	return rc;
}

static bool
is_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; n > 0 && (at = strstr(at, word)); at += n) {
		if ((at == list || at[-1] == ',') && at[n] == ',')
			return true;
	}
	return false;
}

static bool
was_found(const struct fields *out, const struct conflict *c)
{
	size_t n = (size_t)fields_number(out, "n_met", 0);

	for (size_t i = 0; i < n; i++) {
		const char *a = found(out, 'm', i, "a"), *b = found(out, 'm', i, "b");

		if (strcmp(found(out, 'm', i, "kind"), c->kind) == 0 &&
		    ((strcmp(a, c->a) == 0 && strcmp(b, c->b) == 0) ||
			(strcmp(a, c->b) == 0 && strcmp(b, c->a) == 0)))
			return true;
	}
	return false;
}

/* A conflict that was only told is gone when its sides were looked at and do not meet. */
static int
tell_gone(struct engine *engine, const struct fields *out)
{
	const char *changed = fields_text(out, "changed");
	int rc = 0;

	for (size_t i = 0; i < engine->core->n_conflicts; i++) {
		const struct conflict *c = &engine->core->conflict[i];
		struct fields f = { 0 };

		if (strcmp(c->state, "open") != 0 || strcmp(c->policy, "tell") != 0 ||
		    !(is_in(changed, c->a) || is_in(changed, c->b)) ||
		    was_found(out, c))
			continue;
		fields_set(&f, "conflict", c->id);
		rc |= engine_note(engine, HAP_CONFLICT_GONE, &f);
		fields_clear(&f);
	}
	return rc;
}

static void
on_look(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct engine *engine = arg;
	struct radar_watch *r = &engine->radar;
	struct job *job = r->job;

	r->last_cpu_ms = fields_number(out, "cpu_ms", 0);
	r->cpu_ms += r->last_cpu_ms;
	r->spent_ms += r->is_first ? 0 : r->last_cpu_ms;
	r->looks++;
	r->last_at = engine->now();
	free(r->trouble);
	r->trouble = xstrdup(failed ? err->text : fields_text(out, "trouble"));
	if (failed && r->has_store)
		log_warn("radar: %s", err->text);
	/* What was not told is found again by a look that compares everything. */
	r->is_cold = failed || fields_number(out, "cold", 0) != 0;
	if (failed || fields_text(out, "changed")[0])
		r->n_still = 0;
	else
		r->n_still++;
	if (!failed && (tell_found(engine, out) < 0 || tell_gone(engine, out) < 0))
		r->is_cold = true;
	r->job = NULL;
	job_free(job);
	tips_look(engine);
	radar_settle(engine);
}

/* ---- a look -------------------------------------------------------------------------------- */

/* The plan of S as it was approved: its place among the texts of IN. */
static int64_t
put_plan(struct engine *engine, struct fields *in, const char **plans, size_t *n,
    const struct session *s)
{
	const struct plan_run *p = core_plan(engine->core, s->plan_id);
	AUTO_FREE char *text = NULL;
	struct err err = ERR_INIT;
	char key[32];

	for (size_t i = 0; i < *n; i++) {
		if (strcmp(plans[i], s->plan_id) == 0)
			return (int64_t)i;
	}
	text = p ? blob_get(engine->store, p->sha256, NULL, &err) : NULL;
	if (!text)
		return -1;
	snprintf(key, sizeof(key), "p%zu.text", *n);
	fields_set(in, key, text);
	plans[*n] = s->plan_id;
	return (int64_t)(*n)++;
}

/* The other repositories that sessions ever worked in: a look goes there as well. */
static void
put_repos(const struct engine *engine, struct fields *in)
{
	int64_t n = 0;

	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const char *repo = engine->core->session[i].repo;
		char key[24];
		int64_t k = 0;

		for (; k < n && repo[0]; k++) {
			snprintf(key, sizeof(key), "repo%lld", (long long)k);
			if (strcmp(fields_text(in, key), repo) == 0)
				break;
		}
		if (!repo[0] || k < n)
			continue;
		snprintf(key, sizeof(key), "repo%lld", (long long)n++);
		fields_set(in, key, repo);
	}
	fields_set_number(in, "n_repos", n);
}

static void
gather(struct engine *engine, struct fields *in)
{
	enum { MAX = 64 };
	const char *plans[MAX];
	size_t n = 0, n_plans = 0;

	for (size_t i = 0; i < engine->core->n_sessions && n < MAX; i++) {
		const struct session *s = &engine->core->session[i];
		const struct plan_run *p = core_plan(engine->core, s->plan_id);
		const struct {
			const char *name, *text;
		} cells[] = { { "session", s->id }, { "path", s->path },
			{ "phase", s->phase },
			{ "target", s->target[0] ? s->target
				    : p          ? p->target
						 : "" },
			{ "widened", s->widened }, { "repo", s->repo } };
		char key[40];

		if (!is_looked_at(engine, s))
			continue;
		for (size_t k = 0; k < N_ELEMS(cells); k++) {
			snprintf(key, sizeof(key), "s%zu.%s", n, cells[k].name);
			fields_set(in, key, cells[k].text);
		}
		snprintf(key, sizeof(key), "s%zu.plan", n++);
		fields_set_number(in, key, put_plan(engine, in, plans, &n_plans, s));
	}
	fields_set_number(in, "n_sessions", (int64_t)n);
	fields_set_number(in, "n_plans", (int64_t)n_plans);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct engine *engine = arg;
	struct radar_watch *r = &engine->radar;
	struct fields in = { 0 };
	struct err err = ERR_INIT;

	(void)fd;
	(void)what;
	if (r->job)
		return;
	put_repos(engine, &in);
	if (is_anybody_working(engine)) {
		gather(engine, &in);
		r->is_first = (r->is_cold || !r->has_store) && !r->was_cold;
		r->was_cold = r->is_cold || !r->has_store;
		fields_set_number(&in, "cold", r->was_cold);
		r->has_store = true;
		r->heard = radar_listen(engine);
		if (r->began_at == 0)
			r->began_at = engine->now();
	} else if (r->has_store) {
		/* Copies of what the trees held: nobody needs them between two dispatches. */
		fields_set_number(&in, "forget", 1);
		r->has_store = false;
	} else {
		fields_clear(&in);
		return;
	}
	r->job = job_start(engine, "radar", &in, on_look, engine, &err);
	fields_clear(&in);
	if (!r->job) {
		log_warn("radar: %s", err.text);
		r->is_cold = true;
	}
}

static int64_t
pause_after(const struct engine *engine)
{
	const struct radar_watch *r = &engine->radar;
	int64_t since = r->began_at > 0 ? engine->now() - r->began_at : 0;
	const struct radar_pace pace = { .cpu_ms = r->last_cpu_ms,
		.is_first = r->is_first,
		.n_still = r->n_still,
		.credit_ms = radar_credit_ms(r->spent_ms, since) };

	return radar_pause_ms(&pace);
}

void
radar_settle(struct engine *engine)
{
	struct radar_watch *r = &engine->radar;

	if (r->job || (!r->has_store && !is_anybody_working(engine)))
		return;
	if (!r->timer)
		r->timer = event_new(engine->base, -1, 0, on_time, engine);
	if (r->n_still > 0 && !is_same(r->heard, radar_listen(engine)))
		r->n_still = 0;
	else if (event_pending(r->timer, EV_TIMEOUT, NULL))
		return;
	look_in(engine, pause_after(engine));
}

void
radar_watch_free(struct engine *engine)
{
	struct radar_watch *r = &engine->radar;

	job_free(r->job);
	if (r->timer)
		event_free(r->timer);
	free(r->trouble);
}
