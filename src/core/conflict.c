#include "core/internal.h"

#include "policy/refusal.h"

#include <stdio.h>
#include <string.h>

/*
 * Sessions that meet while they work (SPEC S-45, A-14, E-30): flagged, exactly the affected
 * ones halted, and a person's ruling before they go on.  Nothing is resolved by itself.
 */

struct conflict *
core_conflict(const struct core *core, const char *id)
{
	for (size_t i = 0; i < core->n_conflicts; i++) {
		if (strcmp(core->conflict[i].id, id) == 0)
			return &core->conflict[i];
	}
	return NULL;
}

static bool
is_open(const struct conflict *c)
{
	return strcmp(c->state, "open") == 0;
}

const struct conflict *
session_conflict(const struct core *core, const struct session *s)
{
	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];

		if (is_open(c) && strcmp(c->policy, "halt") == 0 &&
		    (strcmp(c->a, s->id) == 0 || strcmp(c->b, s->id) == 0))
			return c;
	}
	return NULL;
}

bool
session_follows(const struct session *s, const struct session *o)
{
	size_t n = strlen(o->phase);

	for (const char *at = s->after; n > 0 && (at = strstr(at, o->phase)); at += n) {
		if ((at == s->after || at[-1] == ',') &&
		    (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

const struct conflict *
conflict_before_landing(const struct core *core, const struct session *s)
{
	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];
		const struct session *o = NULL;

		if (!is_open(c) || strcmp(c->policy, "halt") != 0)
			continue;
		if (strcmp(c->a, s->id) == 0)
			o = core_session(core, c->b);
		else if (strcmp(c->b, s->id) == 0)
			o = core_session(core, c->a);
		/* Where the table says who is first, that one lands as approved. */
		if (o &&
		    !(strcmp(o->batch_id, s->batch_id) == 0 && session_follows(o, s)))
			return c;
	}
	return NULL;
}

bool
session_in_play(const struct session *s)
{
	return s && (session_is_live(s->state) || s->state == SESSION_IN_REVIEW ||
			s->state == SESSION_MERGEABLE || s->state == SESSION_MERGING ||
			s->state == SESSION_MERGE_CONFLICT);
}

static bool
is_pair(const struct conflict *c, const char *a, const char *b)
{
	return (strcmp(c->a, a) == 0 && strcmp(c->b, b) == 0) ||
	       (strcmp(c->a, b) == 0 && strcmp(c->b, a) == 0);
}

/*
 * What is open or ruled already between these two: the open one to be brought up to date,
 * or NULL; *KNOWN when there is nothing new in FILES.
 */
static struct conflict *
find_known(struct core *core, const struct fields *f, bool *known)
{
	const char *kind = fields_text(f, "kind"), *files = fields_text(f, "files");
	struct conflict *open = NULL;

	*known = false;
	for (size_t i = 0; i < core->n_conflicts; i++) {
		struct conflict *c = &core->conflict[i];

		if (!is_pair(c, fields_text(f, "a"), fields_text(f, "b")))
			continue;
		/* What was ruled as not merging need not be ruled as written by both. */
		if (strcmp(c->kind, kind) != 0 &&
		    !(strcmp(kind, "race") == 0 && strcmp(c->kind, "file") == 0))
			continue;
		if (is_open(c) && strcmp(c->kind, kind) == 0)
			open = c;
		if (strcmp(c->state, "gone") != 0 &&
		    strcmp(c->ruling, "rescope") != 0 &&
		    text_lists_all(c->files, files))
			*known = true;
	}
	return open;
}

/*
 * "halt" unless the plan says "tell".  The target, what may come, and a guess about
 * meaning are only told.
 */
static const char *
policy_for(const struct core *core, const char *kind, const struct session *a,
    const struct session *b)
{
	const struct session *const both[] = { a, b };

	if (!b || strcmp(kind, "anticipated") == 0 || strcmp(kind, "semantic") == 0)
		return "tell";
	for (size_t i = 0; i < N_ELEMS(both); i++) {
		const struct plan_run *p = core_plan(core, both[i]->plan_id);

		if (p && strcmp(p->radar, "tell") == 0)
			return "tell";
	}
	return "halt";
}

static const char *
kind_words(const char *kind)
{
	static const struct {
		const char *kind, *words;
	} words[] = {
		{ "file", "do not merge" },
		{ "race", "both wrote what not both declared" },
		{ "anticipated", "strayed into what the other declares" },
		{ "semantic", "may merge and not work together" },
	};

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i].kind, kind) == 0)
			return words[i].words;
	}
	return "are in conflict";
}

char *
conflict_words(const struct core *core, const struct conflict *c)
{
	const struct session *a = core_session(core, c->a);
	const struct session *b = c->b[0] ? core_session(core, c->b) : NULL;
	size_t first = strcspn(c->files, "\n"), n = 1;

	for (const char *at = c->files; (at = strchr(at, '\n')) && at[1]; at++)
		n++;
	return xasprintf("%s (%s) and %s%s%s%s %s: %.*s%s", a ? a->label : c->a,
	    a ? a->phase : "",
	    b         ? b->label
	    : c->b[0] ? c->b
		      : "the target",
	    b ? " (" : "", b ? b->phase : "", b ? ")" : "", kind_words(c->kind),
	    (int)first, c->files, n > 1 ? " and more" : "");
}

/* The flag on the tracker (S-45 a), where both sessions and their readers find it. */
static void
owe_flags(const struct core *core, const struct conflict *c, const char *what,
    struct acts *acts)
{
	const char *const ids[] = { c->a, c->b };
	AUTO_FREE char *words = conflict_words(core, c);

	for (size_t i = 0; i < N_ELEMS(ids); i++) {
		struct session *s = ids[i][0] ? core_session(core, ids[i]) : NULL;
		AUTO_FREE char *text = xasprintf(
		    "Conflict %s (%s): %s.\n\n%s\n", c->id, c->kind, words, what);

		if (s && s->sub_issue[0])
			owe_comment(acts, s, "conflict", ++s->n_keys, text);
	}
}

int
step_met(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const struct fields *f = &h->fields;
	const struct session *a = core_session(core, fields_text(f, "a"));
	const struct session *b = core_session(core, fields_text(f, "b"));
	bool has_b = fields_text(f, "b")[0] != '\0', known;
	struct conflict *c;

	if (!a || (has_b && !b) || a == b)
		return err_set(err, ERR_NOT_FOUND, "no such pair of sessions");
	if (!session_in_play(a) || (has_b && !session_in_play(b)))
		return err_set(err, ERR_CONFLICT, "%s does not work any more", a->id);
	c = find_known(core, f, &known);
	if (known)
		return err_set(err, ERR_CONFLICT, "this is known");
	if (!c) {
		GROW(core->conflict, core->n_conflicts, core->cap_conflicts);
		c = &core->conflict[core->n_conflicts++];
		*c = (struct conflict){ .at = h->at };
		c->id = xasprintf("c%zu", core->n_conflicts);
		c->kind = xstrdup(fields_text(f, "kind"));
		c->a = xstrdup(a->id);
		c->b = xstrdup(has_b ? b->id : "");
		c->policy = xstrdup(policy_for(core, c->kind, a, has_b ? b : NULL));
		core_set(&c->ruling, "");
		core_set(&c->about, "");
		core_set(&c->reason, "");
		core_set(&c->by, "");
		core_set(&c->state, "open");
		acts_movef(acts, "", "open", "conflict/%s", c->id);
	}
	core_set(&c->files, fields_text(f, "files"));
	core_set(&c->text, fields_text(f, "text"));
	owe_flags(core, c,
	    strcmp(c->policy, "halt") == 0
		? "Both are halted until a person rules: `divisi conflicts`."
		: "Nobody is halted. `divisi conflicts` shows both sides.",
	    acts);
	return 0;
}

static void
close_conflict(struct conflict *c, const char *state, int64_t now, struct acts *acts)
{
	acts_movef(acts, "open", state, "conflict/%s", c->id);
	core_set(&c->state, state);
	c->ruled_at = now;
}

int
step_conflict_gone(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct conflict *c = core_conflict(core, fields_text(&h->fields, "conflict"));

	if (!c || !is_open(c))
		return err_set(err, ERR_NOT_FOUND, "no such open conflict");
	/* Who was halted for it waits for a person, whatever the files say now (S-45 c). */
	if (strcmp(c->policy, "halt") == 0)
		return err_set(err, ERR_CONFLICT, "%s waits for a ruling", c->id);
	close_conflict(c, "gone", h->at, acts);
	return 0;
}

int
step_strayed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *stray = fields_text(&h->fields, "stray");

	(void)acts;
	if (!s)
		return -1;
	if (!session_in_play(s) || strcmp(s->stray, stray) == 0)
		return err_set(err, ERR_CONFLICT, "nothing new about %s", s->id);
	core_set(&s->stray, stray);
	return 0;
}

/* ---- a person's ruling ------------------------------------------------------------- */

/* Must S of batch B land behind O, directly or through others? */
bool
session_lands_behind(const struct core *core, const struct batch_run *b,
    const struct session *s, const struct session *o)
{
	AUTO_FREE bool *behind = xcalloc(b->n + 1, sizeof(*behind));
	bool grew = true;

	/* What must come before S, grown until nothing is added: B has few sessions. */
	while (grew) {
		grew = false;
		for (size_t i = 0; i < b->n; i++) {
			const struct session *e = &core->session[b->session[i]];
			bool in = session_follows(s, e);

			for (size_t k = 0; k < b->n && !in; k++)
				in = behind[k] &&
				     session_follows(&core->session[b->session[k]], e);
			if (in && !behind[i])
				grew = behind[i] = true;
		}
	}
	for (size_t i = 0; i < b->n; i++) {
		if (behind[i] && &core->session[b->session[i]] == o)
			return true;
	}
	return false;
}

void
session_say(struct session *s, const char *text, struct acts *acts)
{
	if (s->run_open && session_is_live(s->state))
		talk_say(s, "", text, acts);
}

static int
rule_order(struct core *core, const struct conflict *c, struct session *first,
    struct session *second, struct acts *acts, struct err *err)
{
	const struct batch_run *b = core_batch(core, first->batch_id);
	AUTO_FREE char *text = NULL, *after = NULL;

	if (b && strcmp(first->batch_id, second->batch_id) == 0) {
		if (session_lands_behind(core, b, first, second)) {
			err_set(err, ERR_CONFLICT, "%s lands behind %s already",
			    first->label, second->label);
			return err_fix(
			    err, "divisi rule %s --order %s", c->id, second->label);
		}
		if (!session_follows(second, first)) {
			after = xasprintf("%s%s%s", second->after,
			    second->after[0] ? "," : "", first->phase);
			core_set(&second->after, after);
		}
	}
	text = xasprintf("A person ruled about %s: %s lands before you. Go on; your "
			 "branch is put on top of its work when you are done, so keep "
			 "your own change to these files small:\n%s",
	    c->id, first->label, c->files);
	session_say(second, text, acts);
	return 0;
}

static void
tell_rescope(
    struct session *s, const struct conflict *c, const char *words, struct acts *acts)
{
	AUTO_FREE char *text = xasprintf(
	    "A person ruled about %s: your scope changes. %s\nThis is about:\n%s",
	    c->id, words, c->files);

	session_say(s, text, acts);
}

/* Carries out RULING about the session ABOUT; the other one is OTHER. */
static int
carry_out(struct core *core, struct conflict *c, const struct happening *h,
    struct session *about, struct acts *acts, struct err *err)
{
	const char *ruling = fields_text(&h->fields, "ruling");
	const char *reason = fields_text(&h->fields, "reason");
	struct session *other;
	AUTO_FREE char *why = NULL;

	if (strcmp(ruling, "go-on") == 0)
		return 0;
	if (!about || (strcmp(about->id, c->a) != 0 && strcmp(about->id, c->b) != 0))
		return err_set(err, ERR_USAGE,
		    "the ruling names one of the sessions of %s", c->id);
	other = core_session(core, strcmp(about->id, c->a) == 0 ? c->b : c->a);
	if (strcmp(ruling, "order") == 0 && !other)
		return err_set(err, ERR_USAGE,
		    "%s is with the target, which is first already", c->id);
	if (strcmp(ruling, "order") == 0)
		return rule_order(core, c, about, other, acts, err);
	if (strcmp(ruling, "yield") == 0) {
		why = xasprintf(
		    "yields in %s%s%s", c->id, reason[0] ? ": " : "", reason);
		return session_leave(core, about, ON_PARK, why, h->at, acts)
			   ? 0
			   : session_cannot_leave(about, ON_PARK, err);
	}
	if (strcmp(ruling, "rescope") == 0) {
		tell_rescope(about, c, fields_text(&h->fields, "text"), acts);
		return 0;
	}
	return err_set(err, ERR_USAGE,
	    "a ruling is order, yield, rescope or go-on, not '%.20s'", ruling);
}

int
step_ruled(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct conflict *c = core_conflict(core, fields_text(&h->fields, "conflict"));
	const char *id = fields_text(&h->fields, "about");
	struct session *about = id[0] ? core_session(core, id) : NULL;
	AUTO_FREE char *what = NULL;

	if (strncmp(h->actor, "human:", 6) != 0)
		return refuse(err, "G11", "a conflict is ruled by a person only");
	if (!c)
		return err_set(err, ERR_NOT_FOUND, "no conflict is called '%.20s'",
		    fields_text(&h->fields, "conflict"));
	if (!is_open(c))
		return err_set(err, ERR_CONFLICT, "%s is %s already", c->id, c->state);
	if (carry_out(core, c, h, about, acts, err) < 0)
		return -1;
	core_set(&c->ruling, fields_text(&h->fields, "ruling"));
	core_set(&c->about, id);
	core_set(&c->reason, fields_text(&h->fields, "reason"));
	core_set(&c->by, h->actor);
	close_conflict(c, "ruled", h->at, acts);
	what = xasprintf("Ruled by %s: %s%s%s%s%s.", c->by, c->ruling, about ? " " : "",
	    about ? about->label : "", c->reason[0] ? ", " : "", c->reason);
	owe_flags(core, c, what, acts);
	return 0;
}

/* ---- what follows by itself ----------------------------------------------------------- */

static void
halt(struct session *s, const struct conflict *c, int64_t now, struct acts *acts)
{
	bool was_held = session_is_held(s);

	if (!core_move(s, ON_HALT, now, acts))
		return;
	free(s->reason);
	s->reason = xasprintf("conflict %s", c->id);
	if (!was_held)
		owe_tell(s, "suspend", acts);
}

void
flow_conflicts(struct core *core, int64_t now, struct acts *acts)
{
	for (size_t i = 0; i < core->n_conflicts; i++) {
		struct conflict *c = &core->conflict[i];

		if (is_open(c) &&
		    (!session_in_play(core_session(core, c->a)) ||
			(c->b[0] && !session_in_play(core_session(core, c->b)))))
			close_conflict(c, "gone", now, acts);
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];
		const struct conflict *c = session_conflict(core, s);

		if (c && s->state == SESSION_ACTIVE)
			halt(s, c, now, acts);
		else if (!c && s->state == SESSION_HALTED && !s->is_held)
			session_go_on(s, now, acts);
	}
}
