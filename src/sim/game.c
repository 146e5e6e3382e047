#include "sim/internal.h"

#include "core/why.h"

#include <stdio.h>
#include <string.h>

/* One game: a wild part in which everything goes wrong, and a calm end in which all ends. */

/* Turns until a calm game must have ended: a pause of eight days is looked at each minute. */
#define MAX_CALM 400000

struct sim *sim;

static const char *const fault_names[FAULT_N] = {
	/* clang-format off */
	[FAULT_CRASH]           = "server-crash",
	[FAULT_POWER_CUT]       = "power-cut",
	[FAULT_TORN_WRITE]      = "torn-write",
	[FAULT_LOST_WRITE]      = "lost-write",
	[FAULT_FAILED_WRITE]    = "failed-write",
	[FAULT_FULL_DISK]       = "full-disk",
	[FAULT_CLOCK_JUMP]      = "clock-jump",
	[FAULT_HOLDER_TWICE]    = "holder-started-twice",
	[FAULT_HOLDER_KILLED]   = "holder-killed",
	[FAULT_AGENT_KILLED]    = "agent-killed",
	[FAULT_AGENT_SILENT]    = "agent-silent",
	[FAULT_AGENT_LIED]      = "agent-lied",
	[FAULT_IMPOSTOR]        = "agent-as-person",
	[FAULT_NOTICE_LOST]     = "notice-lost",
	[FAULT_NOTICE_TWICE]    = "notice-doubled",
	[FAULT_NOTICE_LATE]     = "notice-reordered",
	[FAULT_NO_ANSWER]       = "holder-no-answer",
	[FAULT_JOB_KILLED]      = "job-killed",
	[FAULT_GIT_FAILED]      = "git-failed",
	[FAULT_CONFLICT]        = "merge-conflict",
	[FAULT_MET]             = "sessions-met",
	[FAULT_RED]             = "verify-red",
	[FAULT_SETUP_FAILED]    = "setup-failed",
	[FAULT_TREE_TAKEN]      = "worktree-taken",
	[FAULT_TARGET_MOVED]    = "target-moved",
	[FAULT_CHECKOUT_DIRTY]  = "checkout-dirty",
	[FAULT_TRACKER_DOWN]    = "tracker-down",
	[FAULT_TRACKER_DEAF]    = "tracker-answer-lost",
	[FAULT_STORM]           = "storm",
	[FAULT_RATE_LIMIT]      = "rate-limit",
	[FAULT_TOKEN_REFUSED]   = "token-refused",
	[FAULT_WRITE_REFUSED]   = "write-refused",
	[FAULT_TRACKER_EDIT]    = "tracker-edit",
	[FAULT_WRITE_GIVEN_UP]  = "write-given-up",
	[FAULT_QUEUED]          = "dispatch-queued",
	[FAULT_AWAY_DEAF]       = "never-picked-up",
	[FAULT_AWAY_ASTRAY]     = "branch-astray",
	[FAULT_LATE_APPROVAL]   = "late-approval",
	[FAULT_DECLINED]        = "declined",
	[FAULT_OVERRIDE]        = "override",
	[FAULT_PLAN_EDITED]     = "plan-edited",
	[FAULT_SETTING_CHANGED] = "setting-changed",
	/* clang-format on */
};

const char *
sim_fault_name(enum sim_fault fault)
{
	return fault_names[fault];
}

unsigned
sim_dice(unsigned n)
{
	uint64_t z = (sim->rng += 0x9E3779B97F4A7C15u);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return n ? (unsigned)((z ^ (z >> 31)) % n) : 0;
}

void
sim_count(enum sim_fault fault)
{
	sim->tally->fault[fault]++;
	sim_say("    ! %s", fault_names[fault]);
}

bool
sim_mishap(unsigned percent, enum sim_fault fault)
{
	if (sim_dice(100) >= percent || sim->is_calm)
		return false;
	sim_count(fault);
	return true;
}

void
sim_say(const char *fmt, ...)
{
	va_list ap;

	if (!sim->is_loud)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void
sim_fail(const char *fmt, ...)
{
	va_list ap;

	printf("VIOLATION in seed %llu, after %zu journal rows, at %lld ms: ",
	    (unsigned long long)sim->seed, sim->check.n_rows,
	    (long long)(sim->mono - SIM_BEGAN_MS));
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\nreplay it: divisi-sim %s%s--seed %llu --verbose\n",
	    sim->is_short ? "--short " : "", sim->is_blind ? "--blind " : "",
	    (unsigned long long)sim->seed);
	fflush(stdout);
	exit(1);
}

int64_t
sim_wall(void)
{
	return sim->mono + sim->skew;
}

void
sim_passed(struct passed *passed)
{
	passed->awake = sim->mono;
	passed->all = sim->mono + sim->slept;
}

bool
sim_is_gone(void)
{
	return sim->is_job ? sim->is_job_dead : sim->is_dead;
}

bool
sim_effect(void)
{
	if (sim_is_gone())
		return false;
	if (sim->is_job) {
		if (sim->job_dies_in < 0 || sim->job_dies_in-- > 0)
			return true;
		sim->is_job_dead = true;
	} else {
		if (sim->dies_in < 0 || sim->dies_in-- > 0)
			return true;
		sim->is_dead = true;
	}
	return sim_dice(2) == 0; /* just after it, or just before */
}

/* Time goes on; when nothing else does, to the next moment somebody waits for. */
static void
tick(void)
{
	static const unsigned steps[] = { 50, 2000, 40000, 900000 };
	int64_t next = sim_loop_next();

	if (!sim->is_calm)
		sim->mono += sim_dice(steps[sim_dice(4)]);
	else if (next == INT64_MAX)
		sim->mono += 1000; /* only people wait */
	else if (next > sim->mono && sim_hold_is_quiet())
		sim->mono = next;
}

static void
one_thing(void)
{
	unsigned what = sim_dice(100);

	sim->mono += sim_dice(20);
	if (what < 46 && sim_loop_turn())
		return;
	if (sim->config.has_away && what < 80 && sim_dice(6) == 0 && sim_away_turn())
		return;
	if (what < 80 && sim_hold_turn())
		return;
	if (what < 86)
		tick();
	else if (sim->is_calm)
		sim_person_tend();
	else if (what < 98 || sim_dice(2))
		sim_person_turn();
	else
		sim_fault_turn();
}

static bool
is_plan_over(const struct plan_run *p)
{
	return p && strcmp(p->state, "active") != 0;
}

static bool
is_over(void)
{
	const struct core *core = engine_core(sim->engine);

	for (int i = 0; i < sim->n_plans; i++) {
		if (!is_plan_over(sim_plan_run(core, i)))
			return false;
	}
	return sim_hold_is_quiet() && sim_loop_is_quiet() && sim->op == 0 &&
	       sim_disk_open_acts() == 0;
}

static void
say_what_waits(void)
{
	const struct core *core = engine_core(sim->engine);
	char why[320], command[320];

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		session_why(core, s, why, sizeof(why), command, sizeof(command));
		printf("  %s %s: %s [%s]\n", s->id, session_state_name(s->state), why,
		    command);
	}
	for (size_t i = 0; i < core->n_batches; i++)
		printf("  batch %s %s: %s\n", core->batch[i].id,
		    batch_state_name(core->batch[i].state), core->batch[i].reason);
	for (size_t i = 0; i < sim_disk_acts(); i++) {
		const struct act_row *a = sim_disk_act(i);

		if (a->state[0] == 'o' || a->state[0] == 'b')
			printf("  %s %s, %d tries: %s\n", a->key, a->state, a->tries,
			    a->result);
	}
	printf("  %zu acts are open, holders %s, loop %s\n", sim_disk_open_acts(),
	    sim_hold_is_quiet() ? "quiet" : "busy",
	    sim_loop_is_quiet() ? "quiet" : "busy");
}

static void
count_outcome(void)
{
	const struct core *core = engine_core(sim->engine);

	sim->tally->games++;
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		sim->tally->done += s->state == SESSION_DONE;
		sim->tally->merged += s->landed[0] != '\0';
		sim->tally->failed += s->state == SESSION_FAILED ||
				      s->state == SESSION_ABANDONED;
	}
	for (size_t i = 0; i < core->n_plans; i++) {
		sim->tally->complete += strcmp(core->plan[i].state, "complete") == 0;
		sim->tally->aborted += strcmp(core->plan[i].state, "aborted") == 0;
	}
	sim->tally->dispatches += core->n_plans;
	sim->tally->batches += core->n_batches;
}

static void
clear(void)
{
	engine_free(sim->engine);
	sim_loop_clear();
	sim_disk_clear();
	for (size_t i = 0; i < sim->n_runs; i++)
		sim_run_clear(sim->run[i]);
	free(sim->run);
	sim_git_clear();
	sim_tables_clear();
	sim_issues_clear();
	sim_away_clear();
	sim_remote_clear();
	sim_files_clear();
	free(sim->remote.dropped);
	free(sim->remote.accepted);
	for (int i = 0; i < sim->n_plans; i++)
		free(sim->plan[i].text);
	sim_check_clear();
}

/* The calm end: whatever happened, everybody behaves now, and so all must come to an end. */
static void
calm_down(void)
{
	int n = 0;

	sim->is_calm = true;
	sim->is_full = false;
	sim->dies_in = -1;
	sim->dies_by_power = false;
	sim->job_dies_in = -1;
	sim->tracker_down_until = 0;
	sim->remote.limited_until = sim->remote.locked_until = 0;
	sim->git.is_dirty = false;
	sim_say("--- everybody behaves from here on ---");
	if (sim->is_dead)
		sim_server_die("killed");
	while (!is_over()) {
		one_thing();
		if (++n < MAX_CALM)
			continue;
		say_what_waits();
		sim_fail("it never ends");
	}
}

void
sim_play(uint64_t seed, unsigned style, struct sim_tally *tally)
{
	static const unsigned lengths[] = { 100, 300, 600, 1500 };
	bool is_short = style & SIM_SHORT;
	unsigned shorter = is_short ? 3 : 1;
	struct sim world = { .seed = seed,
		.rng = seed * 0xD1342543DE82EF95u,
		.is_loud = style & SIM_LOUD,
		.is_short = is_short,
		.is_blind = style & SIM_BLIND,
		.mono = SIM_BEGAN_MS,
		.dies_in = -1,
		.job_dies_in = -1,
		.tally = tally };
	unsigned n_wild;

	sim = &world;
	n_wild = 20 + sim_dice(lengths[sim_dice(4)] / shorter);
	sim->config = (struct sim_config){ .cap = 1 + (int)sim_dice(4),
		.is_auto = sim_dice(3) == 0,
		.publishes = sim_dice(3) == 0,
		.verifies = sim_dice(4) != 0,
		.has_setup = sim_dice(3) == 0,
		.has_plan_cap = sim_dice(3) == 0,
		.times_out = sim_dice(4) == 0,
		.is_claude = sim_dice(2) == 0,
		.is_remote = sim_dice(2) == 0,
		.is_tame = sim_dice(3) == 0 };
	/* A quarter of the games; the dice of the others fall as they did without. */
	sim->config.has_away = seed % 4 == 3;
	sim->config.verifies |= sim->config.has_away; /* they want a command (S-85) */
	sim->config.reroutes = sim->config.has_away && sim_dice(2);
	sim->n_plans = 1 + (sim_dice(6) == 0);
	sim->ends_early = sim_dice(2) == 0;
	sim_git_start();
	for (int i = 0; i < sim->n_plans; i++)
		sim_plan_make(&sim->plan[i], i + 1);
	sim_server_start();
	while (n_wild-- > 0)
		one_thing();
	calm_down();
	sim_check_restart();
	sim_check_end();
	count_outcome();
	clear();
	sim = NULL;
}
