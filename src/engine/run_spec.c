#include "engine/internal.h"

#include "adapters.h"
#include "agent/interactive.h"
#include "base/text.h"
#include "engine/environ.h"
#include "engine/fencing.h"
#include "engine/output.h"

#include <stdio.h>
#include <string.h>

/* The spec of a run: what its holder starts, where, and within which limits. */

/*
 * How often the holder looks at processor time: often enough that a silence is judged by
 * what happened in it, seldom enough to cost nothing.
 */
static long
look_ms(const struct engine *engine, const struct plan_run *p)
{
	int64_t silence = p && p->silence_ms > 0 ? p->silence_ms
						 : engine->core->silence_limit_ms;

	return (long)(silence / 4 > 1000 ? silence / 4 : 1000);
}

bool
run_is_terminal(const struct task *task)
{
	return fields_text(&task->fields, "terminal")[0] != '\0';
}

static int
terminal_spec(const struct task *task, const struct session *s,
    const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	const char *at = fields_text(&task->fields, "terminal");
	size_t n = strcspn(at, " ");
	AUTO_FREE char *term = xstrndup(at, n);
	int cols = 0, rows = 0;

	at += n;
	if (text_take_number(&at, PTY_SIDE_MAX, &cols))
		(void)text_take_number(&at, PTY_SIDE_MAX, &rows);
	if (agent_interactive(adapter_agent(s->adapter), s->agent,
		fields_text(&task->fields, "command"), launch, spec, err) < 0)
		return -1;
	run_spec_add_env(spec, "TERM", term);
	spec->pty_cols = cols > 0 ? cols : 80;
	spec->pty_rows = rows > 0 ? rows : 24;
	return 0;
}

int
run_write_spec(struct engine *engine, const struct task *task, const struct session *s,
    const struct agent_launch *launch, struct err *err)
{
	const struct agent *agent = adapter_agent(s->adapter);
	struct run_spec spec = { 0 };
	const struct plan_run *p = core_plan(engine->core, s->plan_id);
	const struct batch_run *b = core_batch(engine->core, s->batch_id);
	AUTO_FREE char *dir = run_dir(engine, s->run);
	int rc = -1;

	if (s->output[0] && file_mkdirs(launch->tmp_dir, 0700, err) < 0)
		return -1;
	/* The user's own environment first, so that the adapter sees what is set there. */
	environ_add(&spec, agent, s, launch->tmp_dir);
	if (fencing_add(engine, s, launch->tmp_dir, &spec, err) == 0 &&
	    (run_is_terminal(task) ? terminal_spec(task, s, launch, &spec, err)
				   : agent->command(launch, &spec, err)) == 0) {
		spec.run = xstrdup(s->run);
		spec.session = xstrdup(s->id);
		spec.table = b ? xstrdup(b->hash) : NULL;
		spec.cwd = xstrdup(s->path);
		spec.wall_limit_ms = p && !run_is_terminal(task) ? (long)p->wall_ms : 0;
		spec.out_limit_bytes = p ? (long)p->out_bytes : 0;
		spec.memory_limit_bytes = p ? (long)p->memory_bytes : 0;
		spec.process_limit = p ? (long)p->processes : 0;
		spec.look_ms = look_ms(engine, p);
		spec.ask = agent->stop && !run_is_terminal(task)
			       ? agent->stop("hold.stop")
			       : NULL;
		rc = rundir_write_spec(dir, &spec, err);
		if (rc < 0 && err->kind == ERR_CONFLICT)
			rc = 0; /* written before a crash: the same launch */
	}
	run_spec_clear(&spec);
	return rc;
}
