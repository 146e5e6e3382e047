#include "sim/internal.h"

#include "base/file.h"
#include "base/mark.h"
#include "engine/home.h"

#include <stdio.h>
#include <string.h>

/*
 * The few files that divisi itself reads and writes outside its journal: the plans, and the
 * limits of accounts in the person's state directory.
 */
#define SIM_STATE "/divisi-sim/state/divisi"

char *
file_read(const char *path, size_t max_bytes, size_t *n_bytes, struct err *err)
{
	const struct sim_plan *p = sim_plan_at(path);

	(void)max_bytes;
	if (!p) {
		err_set(err, ERR_NOT_FOUND, "no file %s", path);
		return NULL;
	}
	if (n_bytes)
		*n_bytes = strlen(p->text);
	return xstrdup(p->text);
}

char *
file_state_dir(void)
{
	return xstrdup(SIM_STATE);
}

static struct sim_file *
state_file(const char *path)
{
	for (size_t i = 0; i < sim->n_files; i++) {
		if (strcmp(sim->file[i].path, path) == 0)
			return &sim->file[i];
	}
	return NULL;
}

char *
file_read_tail(const char *path, size_t max_bytes)
{
	const struct sim_file *f = state_file(path);
	size_t n = f ? strlen(f->text) : 0;

	return f ? xstrdup(f->text + (n > max_bytes ? n - max_bytes : 0)) : NULL;
}

static int
write_state(const char *path, const void *data, size_t n_bytes, struct err *err)
{
	struct sim_file *f = state_file(path);

	if (sim->is_full || !sim_effect())
		return err_set(err, ERR_SYSTEM, "cannot write %s", path);
	if (!f) {
		GROW(sim->file, sim->n_files, sim->cap_files);
		f = &sim->file[sim->n_files++];
		*f = (struct sim_file){ .path = xstrdup(path) };
	}
	free(f->text);
	f->text = xstrndup(data, n_bytes);
	return 0;
}

void
sim_files_clear(void)
{
	for (size_t i = 0; i < sim->n_files; i++) {
		free(sim->file[i].path);
		free(sim->file[i].text);
	}
	free(sim->file);
}

int
file_write_atomic(
    const char *path, const void *data, size_t n_bytes, mode_t mode, struct err *err)
{
	struct sim_plan *p = sim_plan_at(path);

	(void)mode;
	if (strncmp(path, SIM_STATE, strlen(SIM_STATE)) == 0)
		return write_state(path, data, n_bytes, err);
	if (!p || sim->is_full || !sim_effect())
		return err_set(err, ERR_SYSTEM, "cannot write %s", path);
	free(p->text);
	p->text = xstrndup(data, n_bytes);
	return 0;
}

int
file_mkdirs(const char *path, mode_t mode, struct err *err)
{
	(void)path;
	(void)mode;
	(void)err;
	return 0;
}

int
file_lock(const char *path, bool wait, struct err *err)
{
	(void)path;
	(void)wait;
	(void)err;
	return SIM_FD_LOCK;
}

int
proc_sign(int fd, const struct proc_id *id)
{
	(void)fd;
	(void)id;
	return 0;
}

bool
proc_is_signed(int fd)
{
	(void)fd;
	return false;
}

int
home_secure(const char *home, struct err *err)
{
	(void)home;
	(void)err;
	return 0;
}

int
home_lock(const char *home, struct err *err)
{
	(void)home;
	(void)err;
	return SIM_FD_LOCK;
}

int
home_claim(const char *home, struct err *err)
{
	(void)home;
	(void)err;
	return 0;
}

bool
file_exists(const char *path)
{
	const struct sim_tree *t = sim_tree_at(path);

	return t && t->exists;
}

bool
file_is_dir(const char *path)
{
	const struct sim_tree *t = sim_tree_at(path);

	return strcmp(path, SIM_TOP) == 0 || (t && t->exists);
}

/* ---- processes --------------------------------------------------------------------------- */

static const struct sim_run *
run_of_pid(pid_t pid)
{
	for (size_t i = 0; i < sim->n_runs; i++) {
		if (sim->run[i]->pid == pid && sim_hold_is_alive(sim->run[i]))
			return sim->run[i];
	}
	return NULL;
}

bool
proc_is_alive(const struct proc_id *id)
{
	return run_of_pid(id->pid) != NULL;
}

bool
proc_is_of_this_boot(const struct proc_id *id)
{
	return (int)id->start_ticks == sim->n_boots;
}

int
proc_open(const struct proc_id *id)
{
	return run_of_pid(id->pid) ? SIM_FD_OF_PID(id->pid) : -1;
}

/* A tool of an agent has the pid of its holder and a million more; a person has pid 2. */
int
proc_identify(pid_t pid, struct proc_id *id, struct err *err)
{
	if (pid > SIM_PID_FIRST && !run_of_pid(pid % SIM_PID_TOOL))
		return err_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
	*id = (struct proc_id){ .pid = pid };
	return 0;
}

pid_t
proc_parent(pid_t pid)
{
	return pid > SIM_PID_TOOL ? pid % SIM_PID_TOOL : pid > 1 ? 1 : 0;
}

/* Holders of this world are never killed without what is below them. */
bool
mark_is_below(pid_t pid)
{
	(void)pid;
	return false;
}

bool
mark_read(pid_t pid, uint64_t *mark)
{
	(void)pid;
	(void)mark;
	return false;
}

bool
mark_is_of(uint64_t mark, const struct proc_id *holder)
{
	(void)mark;
	(void)holder;
	return false;
}

bool
proc_is_named(pid_t pid, const char *name)
{
	return strcmp(name, "divisi-hold") == 0 && run_of_pid(pid) != NULL;
}
