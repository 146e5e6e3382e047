#include "engine/job.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/environ.h"
#include "engine/job_fence.h"
#include "engine/record.h"
#include "sys/child.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define JOB_INPUT_BYTES (256u * 1024 * 1024)
#define HOLDER_GRACE_MS 60000 /* which ends its command itself at the limit */

static const struct {
	const char *kind;
	job_fn *fn;
} jobs[] = {
	{ "propose", job_propose },
	{ "worktree-add", job_worktree_add },
	{ "worktree-remove", job_worktree_remove },
	{ "worktree-back", job_worktree_back },
	{ "keep", job_keep },
	{ "state-remove", job_state_remove },
	{ "setup", job_setup },
	{ "inspect", job_inspect },
	{ "checkpoint", job_checkpoint },
	{ "candidate", job_candidate },
	{ "land", job_land },
	{ "write-back", job_write_back },
	{ "publish", job_publish },
	{ "radar", job_radar },
	{ "union", job_union },
	{ "diff", job_diff },
	{ "track", job_track },
	{ "delegate-look", job_delegate_look },
	{ "delegate-take", job_delegate_take },
	{ "scan", job_scan },
	{ "mend", job_mend },
};

static char *
read_input(void)
{
	char *buf = NULL;
	size_t n = 0, cap = 0;

	for (;;) {
		ssize_t got;

		if (cap - n < 65536) {
			cap = cap ? cap * 2 : 1 << 18;
			buf = xreallocarray(buf, cap, 1);
		}
		got = read(0, buf + n, cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || n + (size_t)got > JOB_INPUT_BYTES)
			break;
		n += (size_t)got;
	}
	buf[n] = '\0';
	return buf;
}

int
job_main(const char *kind)
{
	AUTO_FREE char *input = NULL, *output = NULL;
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	int rc;

	/* A job does not outlive the server: the next one looks at the evidence and goes on. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	input = read_input();
	rc = fields_of_json(&in, input, &err);
	if (rc == 0) {
		rc = err_set(&err, ERR_USAGE, "no job is called '%.40s'", kind);
		for (size_t i = 0; i < N_ELEMS(jobs); i++) {
			if (strcmp(jobs[i].kind, kind) != 0)
				continue;
			err = (struct err)ERR_INIT;
			rc = jobs[i].fn(&in, &out, &err);
		}
	}
	if (rc < 0)
		fields_put_err(&out, &err);
	output = fields_to_json(&out);
	puts(output);
	fields_clear(&in);
	fields_clear(&out);
	return fflush(stdout) == 0 ? 0 : ERR_SYSTEM;
}

/* A command under way: its loop ends when it is over, or we are told to end. */
struct shell {
	struct event_base *base;
	struct child *child;
	int status; /* exit status, 128 + signal */
	bool timed_out, is_told_to_end;
	char *tail;
};

static void
on_shell_done(struct child *child, const struct child_end *end, void *arg)
{
	struct shell *sh = arg;

	(void)child;
	sh->status = end->signal ? 128 + end->signal : end->status;
	sh->timed_out = end->timed_out;
	sh->tail = xstrdup(end->err_tail);
	event_base_loopbreak(sh->base);
}

/* The server is gone, or gave up on us: what we started ends with us. */
static void
on_told_to_end(evutil_socket_t fd, short what, void *arg)
{
	struct shell *sh = arg;

	(void)fd;
	(void)what;
	if (sh->is_told_to_end)
		return;
	/* Its holder kills all below it and is done then. */
	sh->is_told_to_end = true;
	kill(child_pid(sh->child), SIGTERM);
}

/* Waits for ARGV, which *SH is told about.  Its status; -1 with ERR. */
static int
wait_for(struct shell *sh, const struct child_opts *opts, struct err *err)
{
	struct event *told = evsignal_new(sh->base, SIGTERM, on_told_to_end, sh);
	int rc = -1;

	event_add(told, NULL);
	sh->child = child_start(sh->base, opts, on_shell_done, sh, err);
	if (sh->child && event_base_dispatch(sh->base) < 0)
		err_set(err, ERR_SYSTEM, "the loop failed");
	else if (sh->child && sh->timed_out)
		err_set(err, ERR_TIMEOUT, "it did not end within %ld s",
		    opts->timeout_ms / 1000);
	else if (sh->child)
		rc = sh->status;
	if (sh->is_told_to_end)
		_exit(128 + SIGTERM);
	child_free(sh->child);
	event_free(told);
	event_base_free(sh->base);
	return rc;
}

/* COMMAND behind FENCE, or without one, held as an agent is. */
static int
held_shell(const char *command, const char *dir, const struct job_fence *fence,
    long timeout_ms, char **tail, struct err *err)
{
	AUTO_FREE char *run_dir = NULL;
	AUTO_FREE char *hold = xstrdup(fence->hold);
	AUTO_FREE char *self = xasprintf("%d", (int)getpid());
	char bound[] = "--bound";
	struct shell sh = { .base = event_base_new() };
	struct child_opts opts = { .timeout_ms = timeout_ms + HOLDER_GRACE_MS };
	int rc;

	if (job_fence_begin(fence, command, dir, timeout_ms, &run_dir, err) < 0) {
		event_base_free(sh.base);
		return -1;
	}
	char *argv[] = { hold, bound, self, run_dir, NULL };

	opts.arg = argv;
	rc = wait_for(&sh, &opts, err);
	if (rc > 0)
		log_warn("the holder of a command says: %s", sh.tail);
	free(sh.tail);
	if (rc < 0 && job_fence_end(run_dir, tail, NULL) >= 0)
		free(*tail);
	return rc < 0 ? -1 : job_fence_end(run_dir, tail, err);
}

int
job_shell(const char *command, const char *dir, const struct job_fence *fence,
    long timeout_ms, char **tail, struct err *err)
{
	int rc = held_shell(command, dir, fence, timeout_ms, tail, err);

	return rc < 0 ? err_wrap(err, "'%.100s'", command) : rc;
}
