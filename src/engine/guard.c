#include "engine/guard.h"

#include "engine/fencing.h"
#include "engine/internal.h"
#include "plan/parse.h"
#include "policy/declared.h"

#include <event2/event.h>
#include <limits.h>
#include <string.h>

#define TOLD_KEPT  64    /* what an agent was told once is not told again */
#define SOON_MS    1000  /* a refusal is in the journal after this */
#define LATER_MS   60000 /* what was only counted, after this */
#define TEXT_BYTES 3000
#define MOST_LINES 6

/* What is known of one session, at its place in the core. */
struct warded {
	char *id, *sha256, *widened, *path; /* what the rest was made of */
	char *root; /* its worktree, links resolved; NULL none */
	struct declared *writes;
	size_t told[TOLD_KEPT];
	size_t n_told;
	int64_t said_at;
	int64_t asked, denied, missed; /* not journalled yet */
	char *tool, *where, *text;     /* of the last refusal */
	const char *decision;
};

struct guard {
	struct engine *engine;
	struct warded *item;
	size_t n, cap;
	char *sha256; /* the plan that was read last */
	struct plan *plan;
	struct event *timer;
};

struct guard *
guard_new(struct engine *engine)
{
	struct guard *guard = xcalloc(1, sizeof(*guard));

	guard->engine = engine;
	return guard;
}

static void
warded_clear(struct warded *w)
{
	free(w->id);
	free(w->sha256);
	free(w->widened);
	free(w->path);
	free(w->root);
	declared_free(w->writes);
	free(w->tool);
	free(w->where);
	free(w->text);
	*w = (struct warded){ 0 };
}

void
guard_free(struct guard *guard)
{
	if (!guard)
		return;
	for (size_t i = 0; i < guard->n; i++)
		warded_clear(&guard->item[i]);
	free(guard->item);
	free(guard->sha256);
	plan_free(guard->plan);
	if (guard->timer)
		event_free(guard->timer);
	free(guard);
}

/* ---- what is declared ------------------------------------------------------------------ */

static const struct phase *
declared_phase(struct guard *guard, const struct session *s, const char *sha256)
{
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *text = NULL;

	if (!guard->sha256 || strcmp(guard->sha256, sha256) != 0) {
		plan_free(guard->plan);
		guard->plan = NULL;
		free(guard->sha256);
		guard->sha256 = xstrdup(sha256);
		text = blob_get(guard->engine->store, sha256, NULL, &err);
		if (text)
			guard->plan = plan_parse(
			    "plan", text, strlen(text), &lints, &err);
		lint_list_clear(&lints);
	}
	return guard->plan ? plan_find(guard->plan, s->phase) : NULL;
}

static struct warded *
warded_of(struct guard *guard, const struct session *s)
{
	const struct core *core = guard->engine->core;
	const struct plan_run *p = core_plan(core, s->plan_id);
	const struct phase nothing = { 0 };
	const struct phase *phase;
	size_t at = (size_t)(s - core->session);
	struct warded *w;

	/* All places at once, so that none moves while others are looked at. */
	while (guard->n < core->n_sessions) {
		GROW(guard->item, guard->n, guard->cap);
		guard->item[guard->n++] = (struct warded){ 0 };
	}
	w = &guard->item[at];
	if (w->id && strcmp(w->id, s->id) == 0 && p &&
	    strcmp(w->sha256, p->sha256) == 0 && strcmp(w->widened, s->widened) == 0 &&
	    strcmp(w->path, s->path) == 0)
		return w;
	if (w->id && strcmp(w->id, s->id) != 0)
		warded_clear(w);
	free(w->id);
	free(w->sha256);
	free(w->widened);
	free(w->path);
	free(w->root);
	declared_free(w->writes);
	w->id = xstrdup(s->id);
	w->sha256 = xstrdup(p ? p->sha256 : "");
	w->widened = xstrdup(s->widened);
	w->path = xstrdup(s->path);
	w->root = s->path[0] && s->has_tree ? realpath(s->path, NULL) : NULL;
	phase = declared_phase(guard, s, w->sha256);
	w->writes = declared_new(phase ? phase : &nothing, DECLARED_WRITES);
	if (!declared_is_empty(w->writes))
		declared_add_lines(w->writes, s->widened);
	return w;
}

/* Its work is to come, under way or not landed: what it declared is its. */
static bool
has_claim(const struct session *s)
{
	return s->state >= SESSION_APPROVED && s->state <= SESSION_PARKED;
}

void
guard_name(const struct session *s, char *buf, size_t size)
{
	snprintf(buf, size, "%s (phase %s, %s)", s->label, s->phase,
	    session_state_name(s->state));
}

static bool
lists(const char *list, const char *path)
{
	struct span rest = span_of(list), line;

	while (span_next(&rest, '\n', &line)) {
		if (span_eq(line, path))
			return true;
	}
	return false;
}

/* Does what O declared hold REL, or, when that is a directory, anything below it? */
static bool
declares(struct guard *guard, const struct session *o, const char *rel)
{
	struct declared *writes = warded_of(guard, o)->writes;
	const struct phase nothing = { 0 };
	AUTO_FREE char *witness = NULL;
	struct declared *dir;

	if (rel[strlen(rel) - 1] != '/')
		return declared_has(writes, rel);
	dir = declared_new(&nothing, DECLARED_WRITES);
	declared_add(dir, rel);
	witness = declared_meets(dir, writes);
	declared_free(dir);
	return witness != NULL;
}

/* Who declared REL, or wrote it already; *WROTE tells which.  NULL: nobody but S. */
static const struct session *
claimed_by(struct guard *guard, const struct session *s, const char *rel, bool *wrote)
{
	const struct core *core = guard->engine->core;
	const struct session *found = NULL;

	*wrote = false;
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (o == s || !has_claim(o))
			continue;
		if (declares(guard, o, rel)) {
			*wrote = false;
			return o;
		}
		if (!found && lists(o->stray, rel)) {
			found = o;
			*wrote = true;
		}
	}
	return found;
}

char *
guard_meets(
    struct guard *guard, const struct session *s, const char *patterns, FILE *text)
{
	const struct core *core = guard->engine->core;
	const struct phase nothing = { 0 };
	struct declared *wanted = declared_new(&nothing, DECLARED_WRITES);
	char *ids = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&ids, &n);

	declared_add_lines(wanted, patterns);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];
		AUTO_FREE char *witness = NULL;
		char name[160];

		if (o == s || !has_claim(o))
			continue;
		witness = declared_meets(wanted, warded_of(guard, o)->writes);
		if (!witness)
			continue;
		fprintf(f, "%s%s", ftell(f) > 0 ? "," : "", o->id);
		guard_name(o, name, sizeof(name));
		if (text)
			fprintf(text, "%s has %s\n", name, witness);
	}
	fclose(f);
	declared_free(wanted);
	return ids;
}

/* ---- the answer -------------------------------------------------------------------------- */

enum verdict_of { NONE, TELL, DENY };

struct answer {
	struct guard *guard;
	const struct session *s;
	struct warded *w;
	FILE *f;
	enum verdict_of worst;
	int n_lines;
	const char *first; /* the path to be asked for */
};

/* The part of PATH below DIR, "" for DIR itself; NULL when it lies elsewhere. */
static const char *
below(const char *path, const char *dir)
{
	size_t n = dir ? strlen(dir) : 0;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (n == 0 || strncmp(path, dir, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

static void PRINTF(3, 4)
    put_line(struct answer *a, enum verdict_of verdict, const char *fmt, ...)
{
	va_list ap;

	if (verdict > a->worst)
		a->worst = verdict;
	if (++a->n_lines > MOST_LINES)
		return;
	fputs("- ", a->f);
	va_start(ap, fmt);
	vfprintf(a->f, fmt, ap);
	va_end(ap);
	fputc('\n', a->f);
}

/* Was this said to its agent before?  From now on it was. */
static bool
was_told(struct warded *w, const char *rel)
{
	size_t hash = 5381;

	for (const char *c = rel; *c; c++)
		hash = hash * 33 + (unsigned char)*c;
	for (size_t i = 0; i < w->n_told && i < TOLD_KEPT; i++) {
		if (w->told[i] == hash)
			return true;
	}
	w->told[w->n_told++ % TOLD_KEPT] = hash;
	return false;
}

/* Of a directory: was it declared whole? */
static bool
is_declared(const struct warded *w, const char *rel)
{
	AUTO_FREE char *name = xstrndup(
	    rel, strlen(rel) - (rel[strlen(rel) - 1] == '/'));

	return declared_has(w->writes, name);
}

static void
judge_inside(struct answer *a, const char *rel)
{
	const struct session *o;
	bool wrote;
	char name[160];

	if (strcmp(rel, ".git") == 0 || strncmp(rel, ".git/", 5) == 0) {
		put_line(a, DENY, "%.300s belongs to git: use git commands", rel);
		return;
	}
	if (rel[0] == '\0' || is_declared(a->w, rel))
		return;
	o = claimed_by(a->guard, a->s, rel, &wrote);
	if (o) {
		guard_name(o, name, sizeof(name));
		put_line(a, DENY, "%.300s: %s %s it, and your phase %s did not", rel,
		    name, wrote ? "wrote" : "declared", a->s->phase);
		if (!a->first)
			a->first = rel;
	} else if (!declared_is_empty(a->w->writes) && rel[strlen(rel) - 1] != '/' &&
		   !was_told(a->w, rel)) {
		put_line(a, TELL, "%.300s: your phase %s did not declare it", rel,
		    a->s->phase);
		if (!a->first)
			a->first = rel;
	}
}

static void
judge_outside(struct answer *a, const char *path)
{
	struct engine *engine = a->guard->engine;
	const struct core *core = engine->core;
	AUTO_FREE char *dir = run_dir(engine, a->s->run);
	AUTO_FREE char *tmp = path_join(dir, "tmp");
	AUTO_FREE char *kept = fencing_dir(engine, a->s);
	const char *rel;
	char name[160];

	if (below(path, tmp) || below(path, kept))
		return;
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (o == a->s || !o->has_tree || !has_claim(o) ||
		    !below(path, warded_of(a->guard, o)->root))
			continue;
		guard_name(o, name, sizeof(name));
		put_line(a, DENY, "%.300s is in the worktree of %s; yours is %s", path,
		    name, a->s->path);
		return;
	}
	if (below(path, engine->home)) {
		put_line(a, DENY, "%.300s is divisi's own", path);
		return;
	}
	rel = below(path, a->s->repo[0] ? a->s->repo : engine->top);
	if (!rel && a->s->repo[0] && below(path, engine->top)) {
		put_line(a, DENY,
		    "%.300s is in the repository of the plan; yours is %s, and your "
		    "worktree %s",
		    path, a->s->repo, a->s->path);
		return;
	}
	if (rel && (strcmp(rel, ".git") == 0 || strncmp(rel, ".git/", 5) == 0))
		put_line(a, DENY, "%.300s belongs to git: use git commands", path);
	else if (rel)
		put_line(a, DENY,
		    "%.300s is in the person's own checkout; the same file is yours "
		    "as %s/%.300s",
		    path, a->s->path, rel);
}

/* What became of it when it was asked for before: "" or a sentence. */
static void
put_asked(const struct answer *a)
{
	for (size_t i = a->s->n_asks; i-- > 0;) {
		const struct ask *ask = &a->s->ask[i];

		if (strcmp(ask->kind, "widen") != 0 || !lists(ask->raw, a->first))
			continue;
		if (ask->decision[0] == '\0')
			fputs("You asked for it; the answer comes as a message. Go on "
			      "with the rest meanwhile.\n",
			    a->f);
		else
			fprintf(a->f, "A person said no%s%.300s. Go on without it.\n",
			    ask->answer[0] ? ": " : "", ask->answer);
		return;
	}
	fprintf(a->f,
	    "%s: the tool request_widening of the MCP server divisi, or: divisi widen %s "
	    "'%.300s' --reason TEXT. %s\n",
	    a->worst == DENY ? "Leave it alone, or ask a person for it"
			     : "Nobody else has it, so you may; declare it",
	    a->s->id, a->first,
	    a->worst == DENY ? "Go on with the rest meanwhile."
			     : "Undeclared writes are shown to the person.");
}

static const char *
mode_of(const struct guard *guard, const struct session *s)
{
	const struct plan_run *p = core_plan(guard->engine->core, s->plan_id);

	return p && p->guard[0] ? p->guard : "deny";
}

static void
judge_all(struct answer *a, const struct fields *in)
{
	int64_t n = fields_number(in, "n", 0);

	for (int64_t i = 0; i < n && i < GUARD_PATHS; i++) {
		char key[16];
		const char *path, *rel;

		snprintf(key, sizeof(key), "p%d", (int)i);
		path = fields_text(in, key);
		rel = below(path, a->w->root);
		if (!rel)
			rel = below(path, a->s->path);
		if (rel)
			judge_inside(a, rel);
		else
			judge_outside(a, path);
	}
	if (a->n_lines > MOST_LINES)
		fprintf(a->f, "- and %d more\n", a->n_lines - MOST_LINES);
	if (a->first)
		put_asked(a);
}

/* ---- what is kept ------------------------------------------------------------------------- */

static void
keep(struct guard *guard, const struct session *s, struct warded *w)
{
	struct fields f = { 0 };

	fields_set(&f, "session", s->id);
	fields_set_number(&f, "asked", w->asked);
	fields_set_number(&f, "denied", w->denied);
	fields_set_number(&f, "missed", w->missed);
	fields_set(&f, "decision", w->decision);
	fields_set(&f, "tool", w->tool);
	fields_set(&f, "path", w->where);
	fields_set(&f, "text", w->text);
	if (engine_note(guard->engine, HAP_GUARDED, &f) == 0)
		w->asked = w->denied = w->missed = 0;
	fields_clear(&f);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct guard *guard = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < guard->n && i < guard->engine->core->n_sessions; i++) {
		struct warded *w = &guard->item[i];
		const struct session *s = &guard->engine->core->session[i];

		if (w->asked + w->missed > 0 && w->id && strcmp(w->id, s->id) == 0)
			keep(guard, s, w);
	}
}

static void
keep_later(struct guard *guard, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (!guard->timer)
		guard->timer = event_new(guard->engine->base, -1, 0, on_time, guard);
	if (ms == LATER_MS && event_pending(guard->timer, EV_TIMEOUT, NULL))
		return;
	event_add(guard->timer, &tv);
}

static void
count(struct answer *a, const struct fields *in, const char *decision, const char *text)
{
	struct warded *w = a->w;

	w->asked++;
	w->missed += fields_number(in, "missed", 0) > 0
			 ? fields_number(in, "missed", 0) % 1000000
			 : 0;
	if (a->worst == DENY)
		w->denied++;
	if (a->worst != NONE) {
		free(w->tool);
		free(w->where);
		free(w->text);
		w->tool = xstrndup(
		    fields_text(in, "tool"), strnlen(fields_text(in, "tool"), 100));
		w->where = xstrdup(a->first ? a->first : fields_text(in, "p0"));
		w->text = xstrdup(text);
		w->decision = decision;
	}
	keep_later(a->guard, a->worst == NONE ? LATER_MS : SOON_MS);
}

static void
ask_as_session(struct guard *guard, const struct session *s, const struct fields *in,
    struct fields *out)
{
	static const char *const words[] = { "none", "tell", "deny" };
	const char *mode = mode_of(guard, s);
	struct answer a = { .guard = guard, .s = s };
	AUTO_FREE char *text = NULL;
	size_t n = 0;

	if (strcmp(mode, "off") == 0)
		return;
	a.w = warded_of(guard, s);
	a.f = open_memstream(&text, &n);
	judge_all(&a, in);
	fclose(a.f);
	if (a.worst == DENY && strcmp(mode, "tell") == 0)
		a.worst = TELL;
	if (strlen(text) > TEXT_BYTES)
		text[TEXT_BYTES] = '\0';
	fields_set(out, "decision", words[a.worst]);
	if (a.worst != NONE)
		fields_setf(out, "text", "%s\n%s",
		    fields_number(in, "bash", 0)
			? "divisi, as far as this command tells:"
			: "divisi:",
		    text);
	count(&a, in, words[a.worst], text);
}

/* A person's own tools are never refused, but where agents work they hear it. */
static void
ask_as_person(struct guard *guard, const struct fields *in, struct fields *out)
{
	const struct core *core = guard->engine->core;
	const char *path = fields_text(in, "p0");

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];
		char name[160];

		if (!o->has_tree || !session_is_live(o->state) ||
		    !below(path, warded_of(guard, o)->root))
			continue;
		guard_name(o, name, sizeof(name));
		fields_set(out, "decision", "tell");
		fields_setf(out, "text", "divisi: %s works in %s.", name, o->path);
		return;
	}
}

void
guard_ask(struct guard *guard, const struct fields *in, const struct caller *caller,
    struct fields *out)
{
	const struct session *s = core_session(guard->engine->core, caller->session);

	fields_set(out, "decision", "none");
	fields_set(out, "text", "");
	if (s)
		ask_as_session(guard, s, in, out);
	else if (caller->session[0] == '\0')
		ask_as_person(guard, in, out);
}

bool
guard_is_hasty(struct guard *guard, const struct session *s)
{
	struct warded *w = warded_of(guard, s);
	int64_t now = guard->engine->now();

	if (now >= w->said_at && now - w->said_at < SOON_MS)
		return true;
	w->said_at = now;
	return false;
}
