#include "sim/internal.h"

#include "sys/watch.h"

#include <stdio.h>
#include <string.h>

/*
 * Holders and the processes below them, step by step, so that anything can happen between
 * any two: what divisi-hold does by CONTRACTS 2, and what kills it.
 */

bool
sim_hold_is_alive(const struct sim_run *run)
{
	return run->hold == HOLD_LOCKED || run->hold == HOLD_BEGUN ||
	       run->hold == HOLD_RUNNING;
}

static void
notice(const struct sim_run *run, unsigned what)
{
	char dir[128];

	sim_notice(sim_run_dir(run, dir, sizeof(dir)), what);
}

static void
leave(struct sim_run *run)
{
	run->hold = HOLD_GONE;
	sim_holder_gone(run->pid);
}

static void
end_run(struct sim_run *run, const char *reason, int status)
{
	run->has_end = true;
	run->n_synced = run->n_out;
	run->end_status = status;
	snprintf(run->end_reason, sizeof(run->end_reason), "%s", reason);
	sim_say("  hold %s: %s", run->name, reason);
	notice(run, WATCH_END | WATCH_OUT);
	leave(run);
}

/* A holder that was started tries the lock: one gets in, once. */
static void
try_lock(struct sim_run *run)
{
	run->n_waiting--;
	if (sim_hold_is_alive(run) || run->has_begun || run->has_end)
		return;
	if (run->n_starts > 0 && run->agent_alive)
		sim_fail("a second holder has %s (promise 1)", run->name);
	run->hold = HOLD_LOCKED;
	run->boot = sim->n_boots;
	run->pid = SIM_PID_FIRST + 1 + sim->n_pids++;
}

static void
start_agent(struct sim_run *run)
{
	const struct sim_tree *t = sim_tree_at(run->cwd);

	if ((t && t->was_taken && !t->exists) || sim_mishap(3, FAULT_AGENT_KILLED)) {
		end_run(run, "not-started", -1);
		return;
	}
	run->hold = HOLD_RUNNING;
	run->n_starts++;
	sim->tally->starts++;
	sim_say("  agent %s starts", run->name);
	sim_check_start(run);
	run->agent_alive = true;
	run->quiet_since = sim->mono;
	run->is_mute = sim_mishap(4, FAULT_AGENT_SILENT);
	notice(run, WATCH_OTHER);
}

static void
run_on(struct sim_run *run)
{
	static const char *const limits[] = { "wall-limit", "flood", "signaled" };
	size_t was = run->n_out;

	if (run->is_told_to_stop && sim_dice(3) == 0) {
		run->agent_alive = false;
		end_run(run, "stopped", 1);
		return;
	}
	if (sim_dice(6) == 0 && sim_mishap(1, FAULT_HOLDER_KILLED)) {
		sim_hold_kill(run, sim_dice(3) > 0);
		return;
	}
	if (!run->agent_alive) {
		end_run(run, "exited", run->end_status);
		return;
	}
	if (sim_dice(60) == 0 && sim_mishap(20, FAULT_AGENT_KILLED)) {
		run->agent_alive = false;
		end_run(run, limits[sim_dice(N_ELEMS(limits))], 1);
		return;
	}
	sim_agent_turn(run);
	if (run->n_out > was)
		notice(run, WATCH_OUT);
}

static bool
can_move(const struct sim_run *run)
{
	if (run->n_waiting > 0 || run->hold == HOLD_LOCKED || run->hold == HOLD_BEGUN ||
	    (run->is_dying && run->agent_alive))
		return true;
	return run->hold == HOLD_RUNNING &&
	       (run->is_told_to_stop || !run->agent_alive || sim_agent_can_act(run));
}

/* A second one that was started is often late. */
static bool
is_time_to_try(const struct sim_run *run)
{
	return run->hold == HOLD_NONE || run->hold == HOLD_GONE || sim->is_calm ||
	       sim_dice(12) == 0;
}

bool
sim_hold_turn(void)
{
	unsigned from = sim_dice(64);

	for (size_t i = 0; i < sim->n_runs; i++) {
		struct sim_run *run = sim->run[(from + i) % sim->n_runs];

		if (!can_move(run))
			continue;
		if (run->is_dying && run->agent_alive) {
			run->agent_alive = false;
		} else if (run->n_waiting > 0 && is_time_to_try(run)) {
			try_lock(run);
		} else if (run->hold == HOLD_LOCKED) {
			run->has_begun = true;
			run->hold = HOLD_BEGUN;
			notice(run, WATCH_OTHER);
		} else if (run->hold == HOLD_BEGUN) {
			start_agent(run);
		} else {
			run_on(run);
		}
		return true;
	}
	return false;
}

bool
sim_hold_is_quiet(void)
{
	for (size_t i = 0; i < sim->n_runs; i++) {
		if (can_move(sim->run[i]))
			return false;
	}
	return true;
}

/* WITH_TREE: the kernel takes the agent along; else a descendant that left works on. */
void
sim_hold_kill(struct sim_run *run, bool with_tree)
{
	if (with_tree)
		run->agent_alive = false;
	leave(run);
}

void
sim_hold_cut(void)
{
	sim->n_boots++;
	for (size_t i = 0; i < sim->n_runs; i++) {
		struct sim_run *run = sim->run[i];

		run->n_waiting = 0;
		run->agent_alive = false;
		if (sim_hold_is_alive(run))
			leave(run);
		/* Output is not synced, and the name of a spec is not before `begun`. */
		if (run->n_out > run->n_synced) {
			run->n_lost = 1 +
				      sim_dice((unsigned)(run->n_out - run->n_synced));
			run->n_out -= run->n_lost;
		}
		run->n_synced = run->n_out;
		if (run->has_spec && !run->has_begun && sim_dice(2)) {
			free(run->session);
			free(run->cwd);
			free(run->agent_id);
			free(run->waits_for);
			run->session = run->cwd = run->agent_id = run->waits_for = NULL;
			run->has_spec = false;
		}
	}
}
