#include "run_util.h"

#include "base/file.h"
#include "base/mem.h"
#include "exec/exec.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 60000
#define STEP_MS  2
#define N_TRIES  10

static struct run_box *boxes; /* those that are not freed yet */

struct run_box *
box_new(const char *script)
{
	struct run_box *box = xcalloc(1, sizeof(*box));
	char top[] = "/tmp/divisi-run-XXXXXX";

	/* Ignored by who runs the tests, children could not be waited for. */
	(void)signal(SIGCHLD, SIG_DFL);
	assert_non_null(mkdtemp(top));
	box->top = xstrdup(top);
	box->dir = path_join(top, "runs/one");
	box->spec.run = xstrdup("one");
	box->spec.session = xstrdup("S-A");
	box->spec.cwd = xstrdup(top);
	box->spec.grace_ms = 100;
	run_spec_add_arg(&box->spec, "/bin/sh");
	run_spec_add_arg(&box->spec, "-c");
	run_spec_add_arg(&box->spec, script);
	run_spec_add_env(&box->spec, "PATH", "/usr/local/bin:/usr/bin:/bin");
	box->next = boxes;
	boxes = box;
	return box;
}

static void
forget(const struct run_box *box)
{
	struct run_box **at = &boxes;

	while (*at != box)
		at = &(*at)->next;
	*at = box->next;
}

int
box_free_all(void **state)
{
	while (boxes) {
		struct run_begun begun;

		/* Not one of our children when an executor started it. */
		if (rundir_read_begun(boxes->dir, &begun, NULL) == 0 &&
		    proc_signal(&begun.holder, SIGKILL))
			box_await_gone(&begun.holder);
		box_free(boxes);
	}
	return 0;
}

int
box_send(const struct run_box *box, const char *key, const char *line, struct err *err)
{
	bool was_late = false;
	int rc = -1;

	for (int i = 0; i < N_TRIES; i++) {
		*err = (struct err)ERR_INIT;
		rc = run_send(box->dir, key, line, err);
		if (rc >= 0 || err->kind != ERR_TIMEOUT)
			break;
		was_late = true;
	}
	return was_late && rc == 1 ? 0 : rc;
}

void
box_tell(const struct run_box *box, enum run_order order)
{
	struct err err = ERR_INIT;
	bool was_late = false;

	for (int i = 0; i < N_TRIES; i++) {
		err = (struct err)ERR_INIT;
		if (run_tell(box->dir, order, &err) == 0)
			return;
		if (was_late && err.kind == ERR_NOT_FOUND)
			return;
		if (err.kind != ERR_TIMEOUT)
			break;
		was_late = true;
	}
	fail_msg("%s", err.text);
}

void
box_free(struct run_box *box)
{
	enum run_state run;
	struct err err;
	int lock_fd;

	forget(box);
	if (box->holder > 0) {
		kill(box->holder, SIGKILL);
		waitpid(box->holder, NULL, 0);
	}
	run = box->holder > 0 ? box_probe_dead(box, &lock_fd)
			      : rundir_probe(box->dir, &lock_fd, NULL);
	if (run == RUN_LOST) {
		assert_int_equal(
		    executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err), 0);
		close(lock_fd);
	}
	/* A holder that has told the end may still be taking its own things away. */
	for (int i = 0; i < 500 && file_remove_tree(box->top, &err) < 0; i++)
		(void)poll(NULL, 0, 10);
	assert_false(file_exists(box->top));
	run_spec_clear(&box->spec);
	free(box->top);
	free(box->dir);
	free(box);
}

pid_t
box_start_holder(const struct run_box *box)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* should the test be killed */
		if (!freopen("/dev/null", "w", stderr))
			_exit(126);
		execl(
		    getenv("DIVISI_TEST_HOLD"), "divisi-hold", box->dir, (char *)NULL);
		_exit(126);
	}
	return pid;
}

void
box_start(struct run_box *box)
{
	struct err err = ERR_INIT;

	if (rundir_write_spec(box->dir, &box->spec, &err) < 0)
		fail_msg("%s", err.text);
	box->holder = box_start_holder(box);
}

int
box_wait(pid_t pid)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int status;

	assert_true(p.fd >= 0);
	if (poll(&p, 1, LIMIT_MS) != 1)
		fail_msg("process %d does not end", (int)pid);
	close(p.fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

enum run_state
box_probe_dead(const struct run_box *box, int *lock_fd)
{
	enum run_state run = RUN_LIVE;

	for (int ms = 0; run == RUN_LIVE && ms < LIMIT_MS; ms += STEP_MS) {
		run = rundir_probe(box->dir, lock_fd, NULL);
		if (run == RUN_LIVE)
			(void)poll(NULL, 0, STEP_MS);
	}
	return run;
}

struct run_end
box_end(struct run_box *box)
{
	struct err err = ERR_INIT;
	struct run_end end;

	assert_int_equal(box_wait(box->holder), 0);
	box->holder = 0;
	if (rundir_read_end(box->dir, &end, &err) < 0)
		fail_msg("%s", err.text);
	return end;
}

char *
box_run_file(const struct run_box *box, const char *name)
{
	AUTO_FREE char *path = path_join(box->dir, name);
	struct err err = ERR_INIT;
	char *text = file_read(path, 64 * 1024 * 1024, NULL, &err);

	if (!text)
		fail_msg("%s", err.text);
	return text;
}

char *
box_file(const struct run_box *box, const char *name)
{
	AUTO_FREE char *path = path_join(box->top, name);
	struct err err = ERR_INIT;
	char *text = file_read(path, 64 * 1024 * 1024, NULL, &err);

	if (!text)
		fail_msg("%s", err.text);
	return text;
}

void
box_await_text(const char *path, const char *text)
{
	for (int ms = 0; ms < LIMIT_MS; ms += STEP_MS) {
		AUTO_FREE char *got = file_read(path, 64 * 1024 * 1024, NULL, NULL);

		if (got && strstr(got, text))
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("%s: no \"%s\"", path, text);
}

void
box_await_file(const char *path)
{
	for (int ms = 0; ms < LIMIT_MS; ms += STEP_MS) {
		if (file_exists(path))
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("%s does not appear", path);
}

void
box_await_socket(const struct run_box *box)
{
	AUTO_FREE char *path = path_join(box->dir, "in.sock");

	box_await_file(path);
}

struct proc_id
box_process(const struct run_box *box, const char *name)
{
	AUTO_FREE char *path = path_join(box->top, name);
	AUTO_FREE char *text = NULL;
	struct err err = ERR_INIT;
	struct proc_id id;

	box_await_text(path, "\n");
	text = box_file(box, name);
	if (proc_identify((pid_t)strtol(text, NULL, 10), &id, &err) < 0)
		fail_msg("%s", err.text);
	return id;
}

void
box_await_gone(const struct proc_id *id)
{
	for (int ms = 0; ms < LIMIT_MS; ms += STEP_MS) {
		if (!proc_is_alive(id))
			return;
		(void)poll(NULL, 0, STEP_MS);
	}
	fail_msg("process %d lives on", (int)id->pid);
}

void
box_await_death(const struct run_box *box, const char *name)
{
	AUTO_FREE char *text = box_file(box, name);
	struct proc_id id;

	if (proc_identify((pid_t)strtol(text, NULL, 10), &id, NULL) == 0)
		box_await_gone(&id);
}
