#include "play.h"

#include <stdio.h>

struct play *
play_new(void)
{
	struct play *p = xcalloc(1, sizeof(*p));

	p->core = core_new();
	p->now = 1700000000000;
	p->actor = "human:ada";
	return p;
}

void
play_free(struct play *p)
{
	core_free(p->core);
	acts_clear(&p->acts);
	free(p);
}

static int
step(struct play *p, struct happening *h)
{
	char *before = core_dump(p->core), *after;
	int rc;

	acts_clear(&p->acts);
	p->err = (struct err)ERR_INIT;
	h->actor = p->actor;
	h->at = ++p->now;
	rc = core_step(p->core, h, &p->acts, &p->err);
	if (rc < 0) {
		after = core_dump(p->core);
		assert_string_equal(before, after);
		assert_int_equal(p->acts.n + p->acts.n_moves, 0);
		assert_int_not_equal(p->err.kind, ERR_NONE);
		assert_true(p->err.text[0] != '\0');
		free(after);
	}
	free(before);
	fields_clear(&h->fields);
	return rc;
}

static void
read_fields(struct fields *f, va_list ap)
{
	const char *name, *value;

	while ((name = va_arg(ap, const char *))) {
		value = va_arg(ap, const char *);
		if (name[0] == '#')
			fields_set_number(f, name + 1, strtoll(value, NULL, 10));
		else
			fields_set(f, name, value);
	}
}

int
play_happen(struct play *p, enum hap kind, ...)
{
	struct happening h = { .kind = kind };
	va_list ap;

	va_start(ap, kind);
	read_fields(&h.fields, ap);
	va_end(ap);
	return step(p, &h);
}

void
play_clock(struct play *p, int64_t ms)
{
	p->now += ms - 1;
	assert_int_equal(play_happen(p, HAP_CLOCK, NULL), 0);
}

void
play_open(struct play *p, int n_phases)
{
	char n[16];

	snprintf(n, sizeof(n), "%d", n_phases);
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "sha256", "sh", "target", "main", "merge", "ask", "#cap", "3",
	    "#research_cap", "5", "#threshold", "1000", "#n_phases", n);
}

static void
put_session(struct fields *f, size_t i, const char *word)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "mode", "tdd" }, { "launch", "bypass" }, { "agent", "claude" },
		{ "agent_shown", "Claude Code" }, { "adapter", "command" },
		{ "worktree", "yes" }, { "focus", "focus" } };
	size_t n = strcspn(word, ">");
	AUTO_FREE char *phase = xstrndup(word, n);
	char key[64];

	for (size_t k = 0; k < N_ELEMS(texts); k++) {
		snprintf(key, sizeof(key), "s%zu.%s", i, texts[k].name);
		fields_set(f, key, texts[k].text);
	}
	snprintf(key, sizeof(key), "s%zu.phase", i);
	fields_set(f, key, phase);
	snprintf(key, sizeof(key), "s%zu.label", i);
	fields_setf(f, key, "S-%c", (char)('A' + i));
	snprintf(key, sizeof(key), "s%zu.issue", i);
	fields_setf(f, key, "CIA-%s", phase);
	snprintf(key, sizeof(key), "s%zu.branch", i);
	fields_setf(f, key, "claude/cia-%s", phase);
	snprintf(key, sizeof(key), "s%zu.path", i);
	fields_setf(f, key, "/w/%s", phase);
	snprintf(key, sizeof(key), "s%zu.after", i);
	fields_set(f, key, word[n] ? word + n + 1 : "");
	snprintf(key, sizeof(key), "s%zu.merge", i);
	fields_set_number(f, key, (int64_t)i + 1);
	snprintf(key, sizeof(key), "s%zu.est_mid", i);
	fields_set_number(f, key, 500);
}

static void
put_more(const struct play *p, struct fields *f, size_t i)
{
	char key[64];

	snprintf(key, sizeof(key), "s%zu.loop_tasks", i);
	if (p->loop_tasks > 0)
		fields_set_number(f, key, p->loop_tasks);
	snprintf(key, sizeof(key), "s%zu.output", i);
	if (p->output)
		fields_set(f, key, p->output);
	snprintf(key, sizeof(key), "s%zu.loop_fresh", i);
	if (p->loop_is_fresh)
		fields_set_number(f, key, 1);
}

void
play_plan(struct play *p, int number, const char *phases, const char *hash)
{
	struct happening h = { .kind = HAP_BATCH_PLANNED };
	AUTO_FREE char *copy = xstrdup(phases);
	size_t n = 0;

	fields_set(&h.fields, "plan", "p1");
	fields_set_number(&h.fields, "number", number);
	fields_set(&h.fields, "kind", "implementation");
	fields_set(&h.fields, "hash", hash);
	fields_set(&h.fields, "base", "b0");
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		put_more(p, &h.fields, n);
		put_session(&h.fields, n++, word);
	}
	fields_set_number(&h.fields, "n_sessions", (int64_t)n);
	assert_int_equal(step(p, &h), 0);
}

static struct batch_run *
batch_at(struct play *p, int number)
{
	char id[32];
	struct batch_run *b;

	snprintf(id, sizeof(id), "p1/%d", number);
	b = core_batch(p->core, id);
	assert_non_null(b);
	return b;
}

void
play_prepare(struct play *p, int number)
{
	struct batch_run *b = batch_at(p, number);

	for (size_t i = 0; i < b->n; i++) {
		const struct session *s = &p->core->session[b->session[i]];
		AUTO_FREE char *id = xstrdup(s->id), *path = xstrdup(s->path);
		AUTO_FREE char *issue = xasprintf("DV-%s", s->phase);

		HAPPENS(p, HAP_SESSION_FILED, "session", id, "sub_issue", issue);
		HAPPENS(
		    p, HAP_SESSION_PREPARED, "session", id, "path", path, "base", "b0");
	}
}

void
play_batch(struct play *p, int number, const char *phases)
{
	play_plan(p, number, phases, "hash0001");
	play_prepare(p, number);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", batch_at(p, number)->id, "hash",
	    "hash0001");
}

struct session *
play_session(struct play *p, const char *phase)
{
	for (size_t i = p->core->n_sessions; i-- > 0;) {
		if (strcmp(p->core->session[i].phase, phase) == 0)
			return &p->core->session[i];
	}
	fail_msg("no session of phase %s", phase);
	return NULL;
}

enum session_state
play_state(struct play *p, const char *phase)
{
	return play_session(p, phase)->state;
}

enum batch_state
play_batch_state(struct play *p, int number)
{
	return batch_at(p, number)->state;
}

int
play_line(struct play *p, const char *phase, enum hap kind, ...)
{
	struct happening h = { .kind = kind };
	const struct session *s = play_session(p, phase);
	va_list ap;

	fields_set(&h.fields, "session", s->id);
	fields_set(&h.fields, "run", s->run);
	fields_set_number(&h.fields, "offset", s->offset + 10);
	va_start(ap, kind);
	read_fields(&h.fields, ap);
	va_end(ap);
	return step(p, &h);
}

void
play_start(struct play *p, const char *phase)
{
	LINE(p, phase, HAP_RUN_STARTED, NULL);
	LINE(p, phase, HAP_AGENT_ACCEPTED, "agent_session", "uuid", NULL);
	LINE(p, phase, HAP_AGENT_CONFIRMED, NULL);
}

void
play_inspect(struct play *p, const char *phase, int n_commits)
{
	char n[16];

	snprintf(n, sizeof(n), "%d", n_commits);
	LINE(p, phase, HAP_INSPECTED, "why", "exit", "head", "abc", "pin", "pin",
	    "#commits", n, "#files", n, NULL);
}

void
play_deliver(struct play *p, const char *phase)
{
	LINE(p, phase, HAP_AGENT_DONE, "text", "made it", NULL);
	play_inspect(p, phase, 1);
}

void
play_land(struct play *p, const char *phase)
{
	LINE(p, phase, HAP_CANDIDATE_BUILT, "candidate", "c1", "evidence", "green",
	    "onto", "m0", NULL);
	OWES(p, "land", phase);
	LINE(p, phase, HAP_LANDED, "commit", "c1", NULL);
}

const struct act *
play_act(const struct play *p, const char *kind, const char *phase)
{
	for (size_t i = 0; i < p->acts.n; i++) {
		const struct act *a = &p->acts.item[i];
		const struct session *s = core_session(
		    p->core, fields_text(&a->fields, "session"));

		if (strcmp(a->kind, kind) == 0 &&
		    (!phase || (s && strcmp(s->phase, phase) == 0)))
			return a;
	}
	return NULL;
}

size_t
play_n_acts(const struct play *p, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < p->acts.n; i++)
		n += strcmp(p->acts.item[i].kind, kind) == 0;
	return n;
}

const char *
act_text(const struct act *act, const char *name)
{
	return fields_text(&act->fields, name);
}
