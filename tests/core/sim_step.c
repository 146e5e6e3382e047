#include "sim.h"

#include "engine/record.h"

#include <stdio.h>
#include <string.h>

/*
 * Plays random dispatches against the core and checks it after every happening.
 * usage: sim_step [SEED | -n GAMES]   one game, loudly; or that many from seed 1
 */

#define GAMES    400
#define MAX_CALM 60000 /* happenings until a calm game must have ended */

/* Seeds that once found a bug; each is played first, for ever. */
static const uint64_t found[] = { 1255, 2243 };

unsigned
sim_dice(struct sim *sim, unsigned n)
{
	uint64_t z = (sim->rng += 0x9E3779B97F4A7C15u);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return n ? (unsigned)((z ^ (z >> 31)) % n) : 0;
}

bool
sim_mishap(struct sim *sim, unsigned percent)
{
	unsigned at = sim_dice(sim, 100);

	return !sim->is_calm && at < percent;
}

void
sim_fail(const struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	printf("seed %llu: after %zu happenings: ", (unsigned long long)sim->seed,
	    sim->n_records);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\nreplay it: sim_step %llu\n", (unsigned long long)sim->seed);
	fflush(stdout);
	exit(1);
}

static void
tell(const struct sim *sim, const struct record *r)
{
	if (sim->is_loud)
		printf("%5zu %lld %s %s %s\n%s", sim->n_records, (long long)r->at,
		    r->actor, hap_name(r->kind), r->json, r->out);
}

int
sim_happen(struct sim *sim, enum hap kind, const char *actor, struct fields *fields)
{
	struct happening h = { .kind = kind, .actor = actor, .fields = *fields };
	struct acts acts = { 0 };
	struct err err = ERR_INIT;
	struct record *r;
	int rc;

	sim->now += 1 + sim_dice(sim, 400);
	h.at = sim->now;
	rc = core_step(sim->core, &h, &acts, &err);
	if (rc < 0) {
		if (acts.n + acts.n_moves > 0 || err.text[0] == '\0')
			sim_fail(
			    sim, "%s was refused and did something", hap_name(kind));
		if (sim->is_loud)
			printf("      refused %s: %s\n", hap_name(kind), err.text);
		sim->n_refused++;
		fields_clear(fields);
		return -1;
	}
	GROW(sim->record, sim->n_records, sim->cap_records);
	r = &sim->record[sim->n_records++];
	*r = (struct record){ kind, xstrdup(actor), fields_to_json(fields),
		sim_acts_text(&acts), h.at };
	tell(sim, r);
	for (size_t i = 0; i < acts.n; i++) {
		struct owed *o;

		GROW(sim->owed, sim->n_owed, sim->cap_owed);
		o = &sim->owed[sim->n_owed++];
		*o = (struct owed){ .kind = xstrdup(acts.item[i].kind),
			.key = xstrdup(acts.item[i].key),
			.order = xstrdup(acts.item[i].order) };
		fields_copy(&o->fields, &acts.item[i].fields);
	}
	sim_check_step(sim, &h, &acts);
	acts_clear(&acts);
	fields_clear(fields);
	return 0;
}

static void
make_plan(struct sim *sim, struct plan_model *m, int number)
{
	int at = 0;

	m->n = 2 + (int)sim_dice(sim, 8);
	m->cap = 1 + (int)sim_dice(sim, 4);
	m->is_auto = sim_dice(sim, 3) == 0;
	snprintf(m->id, sizeof(m->id), "p%d", number);
	snprintf(m->path, sizeof(m->path), "/plan%d.md", number);
	while (at < m->n) {
		int size = 1 + (int)sim_dice(sim, 4), first = at;

		m->n_batches++;
		for (; size-- > 0 && at < m->n; at++) {
			struct phase_plan *ph = &m->phase[at];

			snprintf(ph->id, sizeof(ph->id), "%d%c", m->n_batches,
			    (char)('A' + at));
			ph->batch = m->n_batches;
			ph->after = -1;
			if (at > first && sim_dice(sim, 2))
				ph->after = first +
					    (int)sim_dice(sim, (unsigned)(at - first));
			ph->is_analysis = sim_dice(sim, 6) == 0;
			ph->is_external = sim_dice(sim, 12) == 0;
		}
	}
}

static void
tick(struct sim *sim)
{
	static const unsigned steps[] = { 1000, 20000, 130000, 1000000 };
	struct fields none = { 0 };
	int64_t next = core_next_deadline(sim->core);

	if (!sim->is_calm)
		sim->now += sim_dice(sim, steps[sim_dice(sim, 4)]);
	else if (next != INT64_MAX && next > sim->now && sim_world_waits(sim))
		sim->now = next;
	if (next <= sim->now)
		(void)sim_happen(sim, HAP_CLOCK, "server", &none);
}

static void
one_thing(struct sim *sim)
{
	unsigned what = sim_dice(sim, 100);

	if (what < 40)
		sim_run_act(sim);
	else if (what < 64)
		sim_agent(sim);
	else if (what < 88)
		sim_read(sim);
	else if (what < 90)
		tick(sim);
	else if (sim->is_calm)
		sim_diligent(sim);
	else if (what < 99 || sim_dice(sim, 3))
		sim_human(sim);
	else
		sim_crash(sim);
}

static bool
is_over(const struct sim *sim)
{
	for (int i = 0; i < sim->n_plans; i++) {
		const struct plan_run *p = core_plan(sim->core, sim->plan[i].id);

		if (strcmp(p->state, "active") == 0 &&
		    sim_has_phases(sim, &sim->plan[i]))
			return false;
	}
	for (size_t i = 0; i < sim->core->n_batches; i++) {
		const struct batch_run *b = &sim->core->batch[i];

		if (b->state != BATCH_COMPLETE && b->state != BATCH_WITH_FAILURES &&
		    b->state != BATCH_DECLINED &&
		    strcmp(core_plan(sim->core, b->plan_id)->state, "aborted") != 0)
			return false;
	}
	return sim_world_is_quiet(sim);
}

static void
sim_clear(struct sim *sim)
{
	core_free(sim->core);
	for (size_t i = 0; i < sim->n_procs; i++) {
		struct proc *p = &sim->proc[i];

		for (size_t k = 0; k < p->n; k++)
			fields_clear(&p->line[k].fields);
		free(p->line);
		free(p->run);
		free(p->session);
		free(p->waits_for);
	}
	for (size_t i = 0; i < sim->n_owed; i++) {
		free(sim->owed[i].kind);
		free(sim->owed[i].key);
		free(sim->owed[i].order);
		fields_clear(&sim->owed[i].fields);
	}
	for (size_t i = 0; i < sim->n_trees; i++)
		free(sim->tree[i].session);
	for (size_t i = 0; i < sim->n_shadows; i++)
		free(sim->shadow[i].id);
	for (size_t i = 0; i < sim->n_approvals; i++) {
		free(sim->approval[i].batch);
		free(sim->approval[i].hash);
	}
	for (size_t i = 0; i < sim->n_keys; i++)
		free(sim->key[i]);
	for (size_t i = 0; i < sim->n_records; i++) {
		free(sim->record[i].actor);
		free(sim->record[i].json);
		free(sim->record[i].out);
	}
	free(sim->proc);
	free(sim->owed);
	free(sim->tree);
	free(sim->shadow);
	free(sim->approval);
	free(sim->key);
	free(sim->record);
}

/* What a run of many games amounts to: a simulation that never gets anywhere proves nothing. */
struct tally {
	size_t happenings, refused, games, complete, aborted, done, failed, merged;
};

static void
play(uint64_t seed, bool is_loud, struct tally *tally)
{
	struct sim sim = { .seed = seed,
		.rng = seed * 0xD1342543DE82EF95u,
		.now = 1700000000000,
		.is_loud = is_loud };
	unsigned n_wild = 100 + sim_dice(&sim, 1500);
	int n_calm = 0;

	sim.core = core_new();
	sim.n_plans = 1 + (sim_dice(&sim, 3) == 0);
	for (int i = 0; i < sim.n_plans; i++)
		make_plan(&sim, &sim.plan[i], i + 1);
	/* Ids are given in the order of opening; the model wants them in its own. */
	for (int i = 0; i < sim.n_plans; i++) {
		struct fields f = { 0 };

		fields_set(&f, "path", sim.plan[i].path);
		fields_set(&f, "merge", sim.plan[i].is_auto ? "auto" : "ask");
		fields_set_number(&f, "cap", sim.plan[i].cap);
		fields_set_number(&f, "n_phases", sim.plan[i].n);
		(void)sim_happen(&sim, HAP_PLAN_OPENED, "human:ada", &f);
	}
	while (n_wild-- > 0)
		one_thing(&sim);
	sim.is_calm = true;
	for (; !is_over(&sim) && n_calm < MAX_CALM; n_calm++)
		one_thing(&sim);
	sim_check_replay(&sim);
	sim_check_end(&sim);
	for (size_t i = 0; i < sim.n_procs; i++) {
		if (sim.proc[i].is_alive)
			sim_fail(&sim, "%s lives for ever", sim.proc[i].run);
	}
	if (n_calm == MAX_CALM)
		sim_fail(&sim, "it never ends");
	tally->games++;
	tally->happenings += sim.n_records;
	tally->refused += sim.n_refused;
	for (size_t i = 0; i < sim.core->n_sessions; i++) {
		tally->done += sim.core->session[i].state == SESSION_DONE;
		tally->merged += sim.core->session[i].landed[0] != '\0';
		tally->failed += sim.core->session[i].state == SESSION_FAILED;
	}
	for (size_t i = 0; i < sim.core->n_plans; i++) {
		tally->complete += strcmp(sim.core->plan[i].state, "complete") == 0;
		tally->aborted += strcmp(sim.core->plan[i].state, "aborted") == 0;
	}
	sim_clear(&sim);
}

int
main(int argc, char **argv)
{
	struct tally t = { 0 };
	long games = GAMES;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (argc == 2) {
		play(strtoull(argv[1], NULL, 10), true, &t);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "-n") == 0)
		games = strtol(argv[2], NULL, 10);
	for (size_t i = 0; i < N_ELEMS(found); i++)
		play(found[i], false, &t);
	for (long i = 1; i <= games; i++)
		play((uint64_t)i, false, &t);
	printf(
	    "%zu games, %zu happenings, %zu refused; %zu plans complete, %zu aborted; "
	    "%zu sessions done, %zu merged, %zu failed\n",
	    t.games, t.happenings, t.refused, t.complete, t.aborted, t.done, t.merged,
	    t.failed);
	return t.complete > 0 && t.merged > 0 && t.failed > 0 ? 0 : 1;
}
