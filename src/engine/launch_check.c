#include "engine/internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * What must be proven before anything is launched or taken away: that nothing of a session
 * lives any more, and that a run which is there already is the one that is meant.
 */

/* Does the holder of the run in DIR live, whatever its files say? */
static bool
is_held(const char *dir)
{
	struct run_begun begun;

	return rundir_read_begun(dir, &begun, NULL) == 0 &&
	       proc_is_alive(&begun.holder);
}

/*
 * A journal that was lost, or a backup of it, gives names that were given before.  The run
 * that has the name then is somebody else's work, and is neither followed nor landed.
 */
int
run_check_table(const struct engine *engine, const struct session *s, const char *dir,
    struct err *err)
{
	const struct batch_run *b = core_batch(engine->core, s->batch_id);
	struct run_spec spec;
	int rc = 0;

	/* What cannot be read was cut off before its agent began, or will tell for itself. */
	if (!b || rundir_read_spec(dir, &spec, NULL) < 0)
		return 0;
	if (spec.table && strcmp(spec.table, b->hash) != 0) {
		err_set(err, ERR_CONFLICT,
		    "%s is there already, of another table than the one you approved (%.12s), "
		    "by a journal that is gone; it is left alone and nothing was started",
		    dir, spec.table);
		rc = err_fix(err,
		    "divisi resume %s starts it anew, in a run of its own, once whatever "
		    "lives there has ended",
		    s->label);
	}
	run_spec_clear(&spec);
	return rc;
}

int
run_prove_past_dead(struct engine *engine, const struct session *s, struct err *err)
{
	for (int n = 1; n < s->n_runs; n++) {
		AUTO_FREE char *run = xasprintf("%s.r%d", s->id, n);
		AUTO_FREE char *dir = run_dir(engine, run);
		AUTO_FD int lock_fd = -1;
		enum run_state state = rundir_probe(dir, &lock_fd, NULL);

		if (run_check_table(engine, s, dir, NULL) < 0) {
			if (state != RUN_LIVE && !is_held(dir))
				continue;
			err_set(err, ERR_CONFLICT,
			    "%s lives, of a journal that is gone", run);
			return err_fix(err, "divisi doctor says what it is");
		}
		/* Its holder swept it before it told the end; should it live, it did not. */
		if (state == RUN_ENDED && !is_held(dir))
			continue;
		if (state == RUN_ENDED)
			state = RUN_LIVE;
		if (state == RUN_READY &&
		    rundir_void(dir, "a later run took over", err) < 0)
			return err_wrap(err, "%s", run);
		if (state == RUN_LIVE) {
			(void)!run_tell(dir, RUN_ORDER_KILL, NULL);
			err_set(err, ERR_CONFLICT, "%s still lives", run);
			return err_fix(err,
			    "divisi doctor says what is left of it; then divisi resume");
		}
		if (executor_local.sweep(dir, EXEC_SWEEP_TURN_MS, err) < 0)
			return err_wrap(err, "%s still lives", run);
	}
	return 0;
}

int
run_check_unused(const struct engine *engine, const struct session *s, struct err *err)
{
	enum run_state state = RUN_ENDED;

	for (int n = 1; n <= s->n_runs || state != RUN_ABSENT; n++) {
		AUTO_FREE char *run = xasprintf("%s.r%d", s->id, n);
		AUTO_FREE char *dir = run_dir(engine, run);
		AUTO_FD int lock_fd = -1;

		state = rundir_probe(dir, &lock_fd, NULL);
		if (state == RUN_LIVE) {
			err_set(err, ERR_CONFLICT,
			    "%s lives: its worktree %s is not taken away", run,
			    s->path);
			return err_fix(err, "divisi doctor --mend, once it has ended");
		}
	}
	return 0;
}
