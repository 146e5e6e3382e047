#include "sim/internal.h"

#include <stdio.h>

/* What breaks from outside, and how the server comes back. */

#define HOUR_MS (60LL * 60 * 1000)
#define DAY_MS  (24 * HOUR_MS)

void
sim_server_start(void)
{
	AUTO_FREE char *boot = xasprintf("boot-%d", sim->n_boots);
	const struct engine_opts opts = { .home = SIM_HOME,
		.top = SIM_TOP,
		.program = "divisi",
		.holder = "divisi-hold",
		.now = sim_wall,
		.passed = sim->is_blind ? NULL : sim_passed,
		.boot = boot };
	struct err err = ERR_INIT;

	sim->tally->restarts++;
	sim->engine = engine_new(NULL, &opts, &err);
	if (sim->is_dead) {
		sim_server_die("killed as it started");
		return;
	}
	if (!sim->engine)
		sim_fail("the server does not start: %s", err.text);
	sim_check_restart();
}

/* Its jobs die with it, each at any point of its work. */
void
sim_server_die(const char *why)
{
	bool is_cut = sim->dies_by_power;

	sim_say("!!! server %s%s", why, is_cut ? ", and the power is cut" : "");
	sim_count(is_cut ? FAULT_POWER_CUT : FAULT_CRASH);
	sim->is_dead = true;
	sim_loop_end_jobs();
	engine_free(sim->engine);
	sim->engine = NULL;
	sim_loop_end_process();
	if (is_cut) {
		sim_hold_cut();
		sim_disk_cut();
	}
	sim->op = 0;
	sim->is_dead = sim->dies_by_power = false;
	sim->dies_in = sim->is_calm || sim_dice(8) ? -1 : (long)sim_dice(20);
	sim_server_start();
}

static void
jump(void)
{
	static const int64_t jumps[] = { 3000, -3000, HOUR_MS, -HOUR_MS, DAY_MS,
		-DAY_MS, -365 * DAY_MS };
	int64_t by;

	sim_count(FAULT_CLOCK_JUMP);
	by = jumps[sim_dice(N_ELEMS(jumps))];
	sim->skew += by;
	if (by == HOUR_MS)
		sim->slept += by;   /* nobody set it: the machine was suspended */
	sim->remote.told_until = 0; /* it waits by the wall clock */
}

static void
kill_holder(void)
{
	unsigned from = sim_dice(64);

	for (size_t i = 0; i < sim->n_runs; i++) {
		struct sim_run *run = sim->run[(from + i) % sim->n_runs];

		if (!sim_hold_is_alive(run))
			continue;
		sim_count(FAULT_HOLDER_KILLED);
		sim_hold_kill(run, sim_dice(3) > 0);
		return;
	}
}

void
sim_fault_turn(void)
{
	unsigned what = sim_dice(100);

	if (sim_dice(10) == 0) {
		sim_tree_take();
	} else if (sim->config.is_remote && sim_dice(4) == 0) {
		sim_remote_edit();
	} else if (what < 20) {
		sim_server_die("killed");
	} else if (what < 40) {
		if (sim->dies_in < 0)
			sim->dies_in = (long)sim_dice(30);
		sim->dies_by_power = sim_dice(3) == 0;
	} else if (what < 48) {
		sim->dies_by_power = true;
		sim_server_die("off");
	} else if (what < 66) {
		kill_holder();
	} else if (what < 74) {
		jump();
	} else if (what < 84) {
		sim->is_full = !sim->is_full;
		if (sim->is_full)
			sim_count(FAULT_FULL_DISK);
	} else if (what < 93 || !sim->config.is_remote) {
		sim_count(FAULT_TRACKER_DOWN);
		sim->tracker_down_until = sim->mono + sim_dice(400000);
	} else {
		sim_count(FAULT_TOKEN_REFUSED);
		sim->remote.locked_until = sim->mono + sim_dice(400000);
	}
}
