#include "sim.h"

#include <string.h>

/* The edges of divisi and what lies behind them, as far as the core can tell. */

struct proc *
sim_proc(struct sim *sim, const char *run)
{
	for (size_t i = 0; i < sim->n_procs; i++) {
		if (strcmp(sim->proc[i].run, run) == 0)
			return &sim->proc[i];
	}
	return NULL;
}

static struct tree *
tree_of(struct sim *sim, const char *session)
{
	struct tree *t;

	for (size_t i = 0; i < sim->n_trees; i++) {
		if (strcmp(sim->tree[i].session, session) == 0)
			return &sim->tree[i];
	}
	GROW(sim->tree, sim->n_trees, sim->cap_trees);
	t = &sim->tree[sim->n_trees++];
	*t = (struct tree){ .session = xstrdup(session) };
	return t;
}

/* ---- acts ---------------------------------------------------------------------------- */

static void
act_failed(struct sim *sim, const struct owed *o, const char *text)
{
	struct fields f = { 0 };

	fields_set(&f, "session", fields_text(&o->fields, "session"));
	fields_set(&f, "plan", fields_text(&o->fields, "plan"));
	fields_set(&f, "run", fields_text(&o->fields, "run"));
	if (fields_number(&o->fields, "version", 0))
		fields_set_number(
		    &f, "version", fields_number(&o->fields, "version", 0));
	fields_set(&f, "act", o->kind);
	fields_set(&f, "text", text);
	if (fields_text(&f, "session")[0])
		(void)sim_happen(sim, HAP_ACT_FAILED, "server", &f);
	fields_clear(&f);
}

/* The fields that the engine copies from an act into its result. */
static void
begin_result(const struct owed *o, struct fields *f)
{
	fields_set(f, "session", fields_text(&o->fields, "session"));
	if (fields_number(&o->fields, "version", 0))
		fields_set_number(
		    f, "version", fields_number(&o->fields, "version", 0));
	if (fields_text(&o->fields, "why")[0])
		fields_set(f, "why", fields_text(&o->fields, "why"));
}

static void
do_launch(struct sim *sim, const struct owed *o)
{
	const char *run = fields_text(&o->fields, "run");
	const char *id = fields_text(&o->fields, "session");
	const struct session *s = core_session(sim->core, id);
	bool fails = sim_mishap(sim, 5);
	struct fields f = { 0 };
	struct proc *p;

	if (sim_proc(sim, run)) {
		/* Done before a crash: the run directory says so, nothing is started. */
		begin_result(o, &f);
		fields_set(&f, "run", run);
		(void)sim_happen(sim, HAP_RUN_STARTED, "server", &f);
		return;
	}
	if (!s || !session_is_live(s->state) || strcmp(s->run, run) != 0) {
		act_failed(sim, o, "this run is not wanted any more");
		return;
	}
	if (!fails || sim_dice(sim, 3) == 0) {
		for (size_t i = 0; i < sim->n_procs; i++) {
			if (sim->proc[i].is_alive &&
			    strcmp(sim->proc[i].session, id) == 0)
				sim_fail(sim, "%s starts while %s lives", run,
				    sim->proc[i].run);
		}
		GROW(sim->proc, sim->n_procs, sim->cap_procs);
		p = &sim->proc[sim->n_procs++];
		*p = (struct proc){ .run = xstrdup(run),
			.session = xstrdup(id),
			.is_alive = true,
			.waits_for = xstrdup("") };
	}
	if (fails) {
		act_failed(sim, o, "its holder does not answer");
		return;
	}
	begin_result(o, &f);
	fields_set(&f, "run", run);
	(void)sim_happen(sim, HAP_RUN_STARTED, "server", &f);
}

static void
do_setup(struct sim *sim, const struct owed *o)
{
	struct fields f = { 0 };

	if (sim_mishap(sim, 10)) {
		act_failed(sim, o, "setup 'make deps' failed with 2");
		return;
	}
	begin_result(o, &f);
	(void)sim_happen(sim, HAP_SET_UP, "server", &f);
}

static void
do_tell(struct sim *sim, const struct owed *o)
{
	struct proc *p = sim_proc(sim, fields_text(&o->fields, "run"));
	const char *order = fields_text(&o->fields, "order");

	if (!p || !p->is_alive)
		return;
	if (strcmp(order, "suspend") == 0)
		p->is_suspended = true;
	else if (strcmp(order, "continue") == 0)
		p->is_suspended = false;
	else if (strcmp(order, "eof") == 0)
		p->saw_eof = true;
	else
		p->is_alive = false; /* stop, kill: the holder sees to it */
}

static void
do_answer(struct sim *sim, const struct owed *o)
{
	struct proc *p = sim_proc(sim, fields_text(&o->fields, "run"));

	if (sim_mishap(sim, 2)) {
		act_failed(sim, o, "no answer from its holder");
		return;
	}
	if (p && strcmp(p->waits_for, fields_text(&o->fields, "ask")) == 0)
		p->waits_for[0] = '\0';
}

static void
do_inspect(struct sim *sim, const struct owed *o)
{
	struct tree *t = tree_of(sim, fields_text(&o->fields, "session"));
	struct fields f = { 0 };

	if (sim_mishap(sim, 3)) {
		act_failed(sim, o, "git: cannot lock ref");
		return;
	}
	if (fields_number(&o->fields, "commit_rest", 0) && t->is_dirty) {
		t->is_dirty = false;
		t->commits++;
	}
	begin_result(o, &f);
	fields_setf(&f, "head", "head%d", t->commits);
	fields_setf(&f, "pin", "refs/divisi/pin%d", t->commits);
	fields_set(&f, "stray", sim_dice(sim, 9) ? "" : "stray.c");
	fields_set_number(&f, "commits", t->commits);
	fields_set_number(&f, "files", t->commits);
	fields_set_number(&f, "dirty", t->is_dirty);
	if (t->is_dirty) {
		fields_set(&f, "missing", "1 file is not committed");
		fields_set(&f, "dirty_list", "a.c");
	}
	(void)sim_happen(sim, HAP_INSPECTED, "server", &f);
}

static void
do_candidate(struct sim *sim, const struct owed *o)
{
	struct fields f = { 0 };

	if (sim_mishap(sim, 5)) {
		act_failed(sim, o, "no space left on device");
		return;
	}
	begin_result(o, &f);
	if (sim_mishap(sim, 20)) {
		fields_set(&f, "text", "conflict in a.c, or verify is red");
		(void)sim_happen(sim, HAP_CANDIDATE_REFUSED, "server", &f);
		return;
	}
	fields_setf(&f, "candidate", "cand%u", sim_dice(sim, 1000));
	fields_set(&f, "onto", "main0");
	fields_set(&f, "evidence", "make check: 12 passed");
	(void)sim_happen(sim, HAP_CANDIDATE_BUILT, "server", &f);
}

static void
do_land(struct sim *sim, const struct owed *o)
{
	struct fields f = { 0 };

	if (sim_mishap(sim, 4)) {
		act_failed(sim, o, "git died");
		return;
	}
	begin_result(o, &f);
	if (sim_mishap(sim, 15)) {
		fields_set(&f, "text", "README.md has local changes");
		fields_set(&f, "command", "git merge --ff-only refs/divisi/landed/p1");
		(void)sim_happen(sim, HAP_LANDING_BLOCKED, "server", &f);
	} else if (sim_mishap(sim, 8)) {
		fields_set(&f, "text", "main moved meanwhile");
		(void)sim_happen(sim, HAP_CANDIDATE_REFUSED, "server", &f);
		begin_result(o, &f);
		(void)sim_happen(sim, HAP_MERGE_ASKED, "server", &f);
	} else {
		fields_set(&f, "commit", fields_text(&o->fields, "candidate"));
		(void)sim_happen(sim, HAP_LANDED, "server", &f);
	}
}

static void
do_prepare(struct sim *sim, const struct owed *o)
{
	bool is_issue = strcmp(o->kind, "issue-file") == 0;
	struct fields f = { 0 };

	if (sim_mishap(sim, 4)) {
		act_failed(sim, o, is_issue ? "tracker down" : "branch exists");
		return;
	}
	begin_result(o, &f);
	if (is_issue) {
		fields_setf(&f, "sub_issue", "DV-%s", fields_text(&f, "session"));
		(void)sim_happen(sim, HAP_SESSION_FILED, "server", &f);
		return;
	}
	fields_set(&f, "path", fields_text(&o->fields, "path"));
	fields_set(&f, "base", fields_text(&o->fields, "base"));
	(void)sim_happen(sim, HAP_SESSION_PREPARED, "server", &f);
}

static void
do_write_back(struct sim *sim, const struct owed *o)
{
	struct fields f = { 0 };

	fields_set(&f, "plan", fields_text(&o->fields, "plan"));
	if (sim_mishap(sim, 10))
		fields_set(&f, "trouble", "the plan file was edited meanwhile");
	else
		fields_setf(&f, "sha256", "sha%u", sim_dice(sim, 100));
	(void)sim_happen(sim, HAP_WRITTEN_BACK, "server", &f);
}

static void
do_publish(struct sim *sim, const struct owed *o)
{
	struct fields f = { 0 };

	fields_set(&f, "plan", fields_text(&o->fields, "plan"));
	if (sim_mishap(sim, 20))
		fields_set(&f, "trouble", "the remote does not answer");
	fields_set(&f, "remote", "origin");
	fields_set(&f, "commit", "c");
	(void)sim_happen(sim, HAP_PUBLISHED, "server", &f);
}

static const struct {
	const char *kind;
	void (*run)(struct sim *sim, const struct owed *o);
} doers[] = { { "launch", do_launch }, { "setup", do_setup }, { "tell", do_tell },
	{ "answer", do_answer }, { "inspect", do_inspect },
	{ "candidate", do_candidate }, { "land", do_land },
	{ "issue-file", do_prepare }, { "worktree-add", do_prepare },
	{ "write-back", do_write_back }, { "publish", do_publish } };

static void
owed_clear(struct owed *o)
{
	free(o->kind);
	free(o->key);
	free(o->order);
	fields_clear(&o->fields);
}

/* A random act whose elders of the same order are done begins, or is concluded. */
void
sim_run_act(struct sim *sim)
{
	struct owed o;
	size_t at, elder = 0;

	if (sim->n_owed == 0)
		return;
	at = sim_dice(sim, (unsigned)sim->n_owed);
	while (strcmp(sim->owed[elder].order, sim->owed[at].order) != 0)
		elder++;
	if (!sim->owed[elder].is_running) {
		sim->owed[elder].is_running = true;
		return;
	}
	/* Happenings owe new acts, which may move the array: work on our own copy. */
	o = sim->owed[elder];
	sim->owed[elder].is_running = false;
	o.fields = (struct fields){ 0 };
	fields_copy(&o.fields, &sim->owed[elder].fields);
	for (size_t i = 0; i < N_ELEMS(doers); i++) {
		if (strcmp(doers[i].kind, o.kind) == 0)
			doers[i].run(sim, &o);
	}
	fields_clear(&o.fields);
	if (sim_mishap(sim, 4))
		return; /* a crash before it was marked done: it is done again */
	owed_clear(&sim->owed[elder]);
	sim->n_owed--;
	memmove(&sim->owed[elder], &sim->owed[elder + 1],
	    (sim->n_owed - elder) * sizeof(*sim->owed));
}

/* ---- agents -------------------------------------------------------------------------- */

static struct fields *
say(struct proc *p, enum hap kind)
{
	struct line *l;

	GROW(p->line, p->n, p->cap);
	l = &p->line[p->n++];
	p->out += 10;
	*l = (struct line){ .kind = kind, .end = p->out };
	return &l->fields;
}

static void
ask(struct sim *sim, struct proc *p)
{
	static const char *const kinds[] = { "permission", "permission", "plan",
		"question", "checkpoint", "cost" };
	struct fields *f = say(p, HAP_AGENT_ASKED);

	free(p->waits_for);
	p->waits_for = xasprintf("q%d", ++p->n_asked);
	fields_set(f, "ask", p->waits_for);
	fields_set(f, "kind", kinds[sim_dice(sim, N_ELEMS(kinds))]);
	fields_set(f, "text", "may I?");
}

static void
finish(struct sim *sim, struct proc *p)
{
	struct tree *t = tree_of(sim, p->session);

	/* Some lie: they say done with nothing, or with uncommitted work. */
	if (!sim_mishap(sim, 15))
		t->commits++;
	t->is_dirty = sim_mishap(sim, 20);
	fields_set(say(p, HAP_AGENT_DONE), "text", "all done");
	p->stage = 9;
}

static void
work(struct sim *sim, struct proc *p)
{
	static const int64_t prices[] = { 400, 1000, 1001, 2500, 9000000000000000000 };
	unsigned what = sim->is_calm ? 60 + sim_dice(sim, 20) : sim_dice(sim, 100);
	struct fields *f;

	if (what < 30) {
		f = say(p, HAP_AGENT_ACTIVITY);
		fields_set(f, "text", what < 3 ? "\xff\xfe broken" : "working");
		fields_set_number(f, "cost", (int64_t)sim_dice(sim, 300));
		fields_set_number(
		    f, "tokens_in", what < 2 ? INT64_MAX : (int64_t)what * 1000);
	} else if (what < 42) {
		ask(sim, p);
	} else if (what < 45) {
		fields_setf(say(p, HAP_AGENT_ASK_GONE), "ask", "q%d", p->n_asked);
	} else if (what < 52) {
		fields_set_number(say(p, HAP_AGENT_ESTIMATE), "cost",
		    prices[sim_dice(sim, N_ELEMS(prices))]);
	} else if (what < 54) {
		f = say(p, HAP_AGENT_LIMIT);
		fields_set(f, "text", "5-hour limit reached");
		fields_set_number(f, "until", sim->now + sim_dice(sim, 4000000));
	} else if (what < 60) {
		tree_of(sim, p->session)->is_dirty = true;
	} else if (sim->is_calm || what < 66) {
		finish(sim, p);
	} else if (what < 80) {
		tree_of(sim, p->session)->commits++;
	} else if (what < 84) {
		fields_set(say(p, HAP_AGENT_FAILED), "text", "I give up");
	} else if (what < 88) {
		p->is_alive = false; /* exits by itself */
		p->is_clean = sim_dice(sim, 2) == 0;
	} else if (what < 91) {
		p->is_alive = false;
		p->is_lost = true;
	}
}

static bool
can_act(const struct proc *p)
{
	return p->is_alive && !p->is_suspended;
}

static bool
can_be_read(const struct proc *p)
{
	return p->n_read < p->n || !p->end_told;
}

/* A random process that FITS, or any when none does; NULL when there is none at all. */
static struct proc *
some_proc(struct sim *sim, bool (*fits)(const struct proc *p))
{
	size_t from;

	if (sim->n_procs == 0)
		return NULL;
	from = sim_dice(sim, (unsigned)sim->n_procs);
	for (size_t i = 0; i < sim->n_procs; i++) {
		struct proc *p = &sim->proc[(from + i) % sim->n_procs];

		if (fits(p))
			return p;
	}
	return &sim->proc[from];
}

/* A living agent does something, unless it waits or is suspended. */
void
sim_agent(struct sim *sim)
{
	struct proc *p = some_proc(sim, can_act);

	if (!p || !can_act(p))
		return;
	if (p->saw_eof && !sim_mishap(sim, 30)) {
		p->is_alive = false;
		p->is_clean = true;
	} else if (p->stage == 0) {
		if (!sim_mishap(sim, 10))
			fields_setf(say(p, HAP_AGENT_ACCEPTED), "agent_session",
			    "id-%s", p->run);
		p->stage = 1;
	} else if (p->stage == 1) {
		if (!sim_mishap(sim, 12))
			(void)say(p, HAP_AGENT_CONFIRMED);
		p->stage = 2;
	} else if (p->stage == 9) {
		if (sim_mishap(sim, 20))
			p->stage = 2; /* it thought of something else */
	} else if (p->waits_for[0] == '\0' || sim_mishap(sim, 5)) {
		work(sim, p);
	}
}

static void
tell_line(struct sim *sim, struct proc *p, const struct line *l)
{
	struct fields f = { 0 };

	fields_copy(&f, &l->fields);
	fields_set(&f, "session", p->session);
	fields_set(&f, "run", p->run);
	fields_set_number(&f, "offset", l->end);
	(void)sim_happen(sim, l->kind, "server", &f);
}

static void
tell_end(struct sim *sim, struct proc *p)
{
	static const char *const bad[] = { "not-started", "wall-limit", "flood",
		"signaled" };
	struct fields f = { 0 };

	p->end_told = !sim_mishap(sim, 3);
	fields_set(&f, "session", p->session);
	fields_set(&f, "run", p->run);
	if (p->is_lost) {
		fields_set_number(&f, "resumable", sim_dice(sim, 3) > 0);
		(void)sim_happen(sim, HAP_RUN_LOST, "server", &f);
		return;
	}
	fields_set(
	    &f, "reason", sim_mishap(sim, 20) ? bad[sim_dice(sim, 4)] : "exited");
	fields_set_number(&f, "status", p->is_clean ? 0 : 1);
	fields_set_number(&f, "clean", p->is_clean);
	(void)sim_happen(sim, HAP_RUN_ENDED, "server", &f);
}

/* The follower of some run reads a line, now and then one twice, or sees the end. */
void
sim_read(struct sim *sim)
{
	struct proc *p = some_proc(sim, can_be_read);

	if (!p)
		return;
	if (p->n_read > 0 && sim_mishap(sim, 4))
		tell_line(sim, p, &p->line[sim_dice(sim, (unsigned)p->n_read)]);
	else if (!p->is_alive && !p->end_told &&
		 (p->n_read == p->n || sim_mishap(sim, 3)))
		tell_end(sim, p);
	else if (p->n_read < p->n)
		tell_line(sim, p, &p->line[p->n_read++]);
}

/* The server dies and comes back: acts are owed again, outputs read from their offsets. */
void
sim_crash(struct sim *sim)
{
	bool power_cut = sim_mishap(sim, 25);

	sim_check_replay(sim);
	for (size_t i = 0; i < sim->n_owed; i++)
		sim->owed[i].is_running = false;
	for (size_t i = 0; i < sim->n_procs; i++) {
		struct proc *p = &sim->proc[i];
		const struct session *s = core_session(sim->core, p->session);

		if (power_cut && p->is_alive) {
			p->is_alive = false;
			p->is_lost = true;
		}
		if (!s || strcmp(s->run, p->run) != 0 || !s->run_open) {
			p->n_read = p->n;
			p->end_told = true;
			continue;
		}
		while (p->n_read > 0 && p->line[p->n_read - 1].end > s->offset)
			p->n_read--;
	}
}

bool
sim_world_is_quiet(const struct sim *sim)
{
	for (size_t i = 0; i < sim->n_procs; i++) {
		const struct proc *p = &sim->proc[i];

		if (p->is_alive || p->n_read < p->n || !p->end_told)
			return false;
	}
	return sim->n_owed == 0;
}

bool
sim_world_waits(const struct sim *sim)
{
	for (size_t i = 0; i < sim->n_procs; i++) {
		const struct proc *p = &sim->proc[i];

		if (p->n_read < p->n || (!p->is_alive && !p->end_told) ||
		    (can_act(p) && p->stage != 9 && p->waits_for[0] == '\0'))
			return false;
	}
	return sim->n_owed == 0;
}
