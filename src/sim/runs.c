#include "sim/internal.h"

#include "exec/exec.h"
#include "sys/follow.h"
#include "sys/watch.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Run directories as the server sees them: base/rundir.h, sys/follow.h, exec/exec.h. */

const char *
sim_run_dir(const struct sim_run *run, char *buf, size_t size)
{
	snprintf(buf, size, "%s/runs/%s", SIM_HOME, run->name);
	return buf;
}

struct sim_run *
sim_run_find(const char *name)
{
	for (size_t i = sim->n_runs; i-- > 0;) {
		if (strcmp(sim->run[i]->name, name) == 0)
			return sim->run[i];
	}
	return NULL;
}

/* The run whose directory DIR is, or whose file when FILE is not NULL. */
static struct sim_run *
run_at(const char *dir)
{
	const char *name = strstr(dir, "/runs/");
	AUTO_FREE char *word = xstrdup(name ? name + 6 : "");

	word[strcspn(word, "/")] = '\0';
	return sim_run_find(word);
}

void
sim_run_clear(struct sim_run *run)
{
	for (size_t i = 0; i < run->n_frames; i++) {
		free(run->frame[i].key);
		free(run->frame[i].line);
	}
	for (size_t i = 0; i < run->n_asks; i++)
		free(run->asked[i].id);
	free(run->asked);
	free(run->frame);
	free(run->name);
	free(run->session);
	free(run->cwd);
	free(run->agent_id);
	free(run->out);
	free(run->waits_for);
	free(run);
}

/* ---- base/rundir.h ------------------------------------------------------------------------- */

static const char *
arg_after(const struct run_spec *spec, const char *word)
{
	for (size_t i = 0; i + 1 < spec->n_args; i++) {
		if (strcmp(spec->arg[i], word) == 0)
			return spec->arg[i + 1];
	}
	return NULL;
}

int
rundir_write_spec(const char *dir, const struct run_spec *spec, struct err *err)
{
	const char *id = arg_after(spec, "--resume");
	struct sim_run *run = run_at(dir);

	if (run && run->has_spec)
		return err_set(err, ERR_CONFLICT, "%s is there", dir);
	if (sim->is_full || !sim_effect())
		return err_set(err, ERR_SYSTEM, "%s: no space left on device", dir);
	if (!run) {
		run = xcalloc(1, sizeof(*run));
		run->name = xstrdup(strstr(dir, "/runs/") + 6);
		GROW(sim->run, sim->n_runs, sim->cap_runs);
		sim->run[sim->n_runs++] = run;
	}
	run->has_spec = true;
	run->session = xstrdup(spec->session);
	run->cwd = xstrdup(spec->cwd);
	run->waits_for = xstrdup("");
	run->is_claude = arg_after(spec, "--input-format") != NULL;
	run->is_terminal = spec->pty_cols > 0;
	if (!id)
		id = arg_after(spec, "--session-id");
	run->agent_id = xstrdup(id ? id : "");
	return 0;
}

static struct proc_id
holder_of(const struct sim_run *run)
{
	return (struct proc_id){ .pid = run->pid,
		.start_ticks = (unsigned long long)run->boot };
}

enum run_state
rundir_probe(const char *dir, int *lock_fd, struct proc_id *begun)
{
	const struct sim_run *run = run_at(dir);

	*lock_fd = -1;
	if (begun)
		*begun = run && run->has_begun ? holder_of(run) : (struct proc_id){ 0 };
	if (!run || !run->has_spec)
		return RUN_ABSENT;
	if (run->has_end)
		return RUN_ENDED;
	if (sim_hold_is_alive(run))
		return RUN_LIVE;
	if (!run->has_begun)
		return RUN_READY;
	*lock_fd = SIM_FD_LOCK;
	return RUN_LOST;
}

int
rundir_read_begun(const char *dir, struct run_begun *begun, struct err *err)
{
	const struct sim_run *run = run_at(dir);

	if (!run || !run->has_begun)
		return err_set(err, ERR_NOT_FOUND, "%s: nothing has begun", dir);
	*begun = (struct run_begun){ .holder = holder_of(run) };
	return 0;
}

int
rundir_void(const char *dir, const char *text, struct err *err)
{
	struct sim_run *run = run_at(dir);

	(void)text;
	if (!run || run->has_end || run->has_begun)
		return 0;
	if (sim_hold_is_alive(run))
		return err_set(err, ERR_CONFLICT, "a holder has it");
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	run->has_end = true;
	run->end_status = -1;
	snprintf(run->end_reason, sizeof(run->end_reason), "not-started");
	return 0;
}

int
rundir_read_end(const char *dir, struct run_end *end, struct err *err)
{
	const struct sim_run *run = run_at(dir);

	if (!run || !run->has_end)
		return err_set(err, ERR_NOT_FOUND, "%s has no end", dir);
	*end = (struct run_end){ .status = run->end_status };
	snprintf(end->reason, sizeof(end->reason), "%s", run->end_reason);
	return 0;
}

/* ---- sys/follow.h ---------------------------------------------------------------------------- */

struct follow {
	char *path, *line;
	uint64_t offset;
};

struct follow *
follow_open(const char *path, uint64_t offset)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path);
	f->offset = offset;
	return f;
}

void
follow_close(struct follow *f)
{
	if (!f)
		return;
	free(f->path);
	free(f->line);
	free(f);
}

int
follow_next(struct follow *f, bool is_ended, struct follow_line *line, struct err *err)
{
	const struct sim_run *run = run_at(f->path);
	const char *from, *end;
	size_t n;

	if (!run || run->n_out == f->offset)
		return 0;
	if (run->n_out < f->offset)
		return err_set(err, ERR_INPUT, "%s is shorter than it was", f->path);
	from = run->out + f->offset;
	end = memchr(from, '\n', run->n_out - f->offset);
	if (!end && !is_ended)
		return 0;
	n = end ? (size_t)(end - from) : run->n_out - f->offset;
	free(f->line);
	f->line = xstrndup(from, n);
	f->offset += n + (end != NULL);
	*line = (struct follow_line){
		.p = f->line, .n = n, .n_bytes = n, .next_offset = f->offset
	};
	return 1;
}

/* ---- exec/exec.h ------------------------------------------------------------------------------ */

static int
start_holder(const char *run_dir, const char *holder, struct err *err)
{
	struct sim_run *run = run_at(run_dir);

	(void)holder;
	if (!run || !sim_effect())
		return err_set(err, ERR_SYSTEM, "no process can be started");
	run->n_waiting += 1 + sim_mishap(5, FAULT_HOLDER_TWICE);
	return 0;
}

static int
sweep_tree(const char *run_dir, long limit_ms, struct err *err)
{
	struct sim_run *run = run_at(run_dir);

	(void)limit_ms;
	if (!run || !run->agent_alive)
		return 0;
	run->is_dying = !sim_is_gone(); /* whoever does not die now dies later */
	if (sim_is_gone() || sim_mishap(20, FAULT_NO_ANSWER))
		return err_set(err, ERR_TIMEOUT, "something of it does not die");
	run->agent_alive = false;
	return 0;
}

static bool
is_marked(const char *run_dir)
{
	const struct sim_run *run = run_at(run_dir);

	return run && (run->agent_alive || sim_hold_is_alive(run));
}

const struct executor executor_local = { .name = "local",
	.start = start_holder,
	.sweep = sweep_tree,
	.is_marked = is_marked };

/* It listens before it begins, and hears what was said then once its agent is up. */
static bool
listens(const struct sim_run *run)
{
	return run && (run->hold == HOLD_BEGUN || run->hold == HOLD_RUNNING);
}

/* Does the holder of RUN listen?  ERR_NOT_FOUND when there is none. */
static int
reach(const struct sim_run *run, struct err *err)
{
	if (sim_is_gone())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	if (!listens(run))
		return err_set(err, ERR_NOT_FOUND, "no holder answers");
	if (sim_mishap(2, FAULT_NO_ANSWER))
		return err_set(err, ERR_TIMEOUT, "its holder does not answer");
	return sim_effect() ? 0 : err_set(err, ERR_SYSTEM, "the process is gone");
}

int
run_send(const char *run_dir, const char *key, const char *line, struct err *err)
{
	struct sim_run *run = run_at(run_dir);

	if (reach(run, err) < 0)
		return -1;
	for (size_t i = 0; i < run->n_frames; i++) {
		if (strcmp(run->frame[i].key, key) == 0)
			return 1;
	}
	if (run->saw_eof)
		return err_set(err, ERR_CONFLICT, "its input is closed");
	GROW(run->frame, run->n_frames, run->cap_frames);
	run->frame[run->n_frames++] = (struct sim_frame){ xstrdup(key), xstrdup(line) };
	/* It is logged, and the word of it gets lost: the same key comes again. */
	if (sim_mishap(2, FAULT_NO_ANSWER))
		return err_set(err, ERR_TIMEOUT, "its holder does not answer");
	return 0;
}

int
run_tell(const char *run_dir, enum run_order order, struct err *err)
{
	struct sim_run *run = run_at(run_dir);

	if (reach(run, err) < 0)
		return -1;
	switch (order) {
	case RUN_ORDER_EOF: run->saw_eof = true; break;
	case RUN_ORDER_SUSPEND: run->is_suspended = true; break;
	case RUN_ORDER_CONTINUE: run->is_suspended = false; break;
	case RUN_ORDER_STOP:
	case RUN_ORDER_KILL: run->is_told_to_stop = true; break;
	case RUN_ORDER_INTERRUPT:
	case RUN_ORDER_SWEEP:
	case RUN_ORDER_WIDEN: break;
	}
	return 0;
}

/* ---- the same, as calls that never wait --------------------------------------------------- */

struct run_call {
	char *dir, *key, *line;
	enum run_order order;
	enum { CALL_SEND, CALL_TELL, CALL_PULSE } kind;
	struct run_pulse pulse;
};

static struct run_call *
begin_call(const char *run_dir, const struct run_call *with, struct err *err)
{
	const struct sim_run *run = run_at(run_dir);
	struct run_call *call;

	if (sim_is_gone() || !listens(run)) {
		err_set(err, ERR_NOT_FOUND, "no holder answers");
		return NULL;
	}
	call = xcalloc(1, sizeof(*call));
	*call = *with;
	call->dir = xstrdup(run_dir);
	return call;
}

struct run_call *
run_call_send(const char *run_dir, const char *key, const char *line, struct err *err)
{
	struct run_call *call = begin_call(
	    run_dir, &(struct run_call){ .kind = CALL_SEND }, err);

	if (call) {
		call->key = xstrdup(key);
		call->line = xstrdup(line);
	}
	return call;
}

struct run_call *
run_call_tell(const char *run_dir, enum run_order order, struct err *err)
{
	return begin_call(
	    run_dir, &(struct run_call){ .kind = CALL_TELL, .order = order }, err);
}

struct run_call *
run_call_pulse(const char *run_dir, struct err *err)
{
	return begin_call(run_dir, &(struct run_call){ .kind = CALL_PULSE }, err);
}

void
run_call_free(struct run_call *call)
{
	if (!call)
		return;
	free(call->dir);
	free(call->key);
	free(call->line);
	free(call);
}

/* One that thinks computes; one that hangs, or waits for nobody, does not. */
static int
feel_pulse(struct run_call *call, struct err *err)
{
	const struct sim_run *run = run_at(call->dir);

	if (reach(run, err) < 0)
		return -1;
	call->pulse = (struct run_pulse){ .is_suspended = run->is_suspended,
		.idle_ms = sim_agent_can_act(run) ? 0 : sim->mono - run->quiet_since,
		.cpu_ms = 100 };
	return 1;
}

int
run_call_step(struct run_call *call, struct err *err)
{
	int rc;

	if (!sim->is_calm && sim_dice(4) == 0)
		return 0;
	if (call->kind == CALL_PULSE)
		return feel_pulse(call, err);
	rc = call->kind == CALL_SEND ? run_send(call->dir, call->key, call->line, err)
				     : run_tell(call->dir, call->order, err);
	return rc < 0 ? -1 : rc + 1;
}

int
run_call_fd(const struct run_call *call)
{
	(void)call;
	return -1;
}

short
run_call_events(const struct run_call *call)
{
	(void)call;
	return POLLIN;
}

int
run_call_left_ms(const struct run_call *call)
{
	(void)call;
	return RUN_CALL_LIMIT_MS;
}

struct run_pulse
run_call_answer(const struct run_call *call)
{
	return call->kind == CALL_PULSE
		   ? call->pulse
		   : (struct run_pulse){ .idle_ms = -1, .cpu_ms = -1 };
}
