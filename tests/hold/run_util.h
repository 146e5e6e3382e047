#pragma once

#include "base/rundir.h"
#include "exec/exec.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Runs with real processes for the tests of the holder and of the executors.  Everything
 * waited for has a deadline of a minute and then fails the test.
 */
struct run_box {
	char *top; /* private temporary directory */
	char *dir; /* the run directory in it */
	struct run_spec spec;
	pid_t holder; /* our child, or 0 */
	struct run_box *next;
};

/* A box whose agent is `/bin/sh -c SCRIPT`; its working directory is the box. */
struct run_box *box_new(const char *script);
void box_free(struct run_box *box);

/* A cmocka teardown: frees the boxes a failed test has left, with all that runs in them. */
int box_free_all(void **state);

/*
 * run_send() and run_tell() as an engine does them: what timed out is sent again.  What was
 * taken by a try that timed out counts as taken now.  box_tell() fails the test on errors.
 */
int box_send(
    const struct run_box *box, const char *key, const char *line, struct err *err);
void box_tell(const struct run_box *box, enum run_order order);

/* Writes the spec and starts the holder as our own child. */
void box_start(struct run_box *box);

/* Another holder for the same directory. */
pid_t box_start_holder(const struct run_box *box);

/* rundir_probe() of a run whose holder is dead, once what it forked is dead too. */
enum run_state box_probe_dead(const struct run_box *box, int *lock_fd);

/* The exit status of PID, which is our child. */
int box_wait(pid_t pid);

/* Waits for the holder and reads how the run ended. */
struct run_end box_end(struct run_box *box);

/* The bytes of a file in the run directory, or in the box; the caller frees them. */
char *box_run_file(const struct run_box *box, const char *name);
char *box_file(const struct run_box *box, const char *name);

/* Waits until a file is there (and, for the second, holds TEXT). */
void box_await_file(const char *path);
void box_await_socket(const struct run_box *box);
void box_await_text(const char *path, const char *text);

/* Waits until the process that wrote its pid into NAME of the box is gone. */
void box_await_death(const struct run_box *box, const char *name);
void box_await_gone(const struct proc_id *id);

/* The process that wrote its pid into NAME of the box, which is waited for. */
struct proc_id box_process(const struct run_box *box, const char *name);
