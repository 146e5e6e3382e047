#include "git/run.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_OUT_BYTES ((size_t)64 << 20)
#define MAX_ERR_BYTES ((size_t)64 << 10)
#define TIMEOUT_MS    600000L
#define GRACE_MS      5000L

/* Where the lock descriptor stands in git; everything above is closed. */
#define LOCK_FD 3

/* One running git and what it has printed so far. */
struct running {
	pid_t pid;
	int pid_fd;
	int out_fd, err_fd;
	struct git_out out, err;
	size_t out_cap, err_cap, max_out;
	bool too_much, is_late;
};

void
git_out_clear(struct git_out *out)
{
	free(out->text);
	*out = (struct git_out){ 0 };
}

/* Variables that would make git look at another repository or talk otherwise. */
static bool
is_dropped(const char *entry)
{
	static const char *const drop[] = { "GIT_DIR=", "GIT_WORK_TREE=",
		"GIT_IMPLICIT_WORK_TREE=", "GIT_COMMON_DIR=", "GIT_INDEX_FILE=",
		"GIT_OBJECT_DIRECTORY=", "GIT_ALTERNATE_OBJECT_DIRECTORIES=",
		"GIT_QUARANTINE_PATH=", "GIT_GRAFT_FILE=", "GIT_SHALLOW_FILE=",
		"GIT_NO_REPLACE_OBJECTS=", "GIT_REPLACE_REF_BASE=", "GIT_PREFIX=",
		"GIT_INTERNAL_SUPER_PREFIX=", "GIT_NAMESPACE=", "GIT_CONFIG=",
		"GIT_EXTERNAL_DIFF=", "GIT_DIFF_OPTS=", "GIT_REFLOG_ACTION=",
		"GIT_LITERAL_PATHSPECS=", "GIT_GLOB_PATHSPECS=",
		"GIT_NOGLOB_PATHSPECS=", "GIT_ICASE_PATHSPECS=", "GIT_ATTR_SOURCE=",
		"GIT_TRACE", "GIT_FLUSH=", "GIT_EDITOR=", "GIT_SEQUENCE_EDITOR=",
		"GIT_PAGER=", "GIT_TERMINAL_PROMPT=", "GIT_OPTIONAL_LOCKS=", "LC_",
		"LANGUAGE=" };

	for (size_t i = 0; i < N_ELEMS(drop); i++) {
		if (strncmp(entry, drop[i], strlen(drop[i])) == 0)
			return true;
	}
	return false;
}

/* The environment of git; the caller clears the list. */
static void
make_env(const struct git_call *call, struct git_list *env)
{
	static const char *const ours[] = { "LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_EDITOR=:", "GIT_SEQUENCE_EDITOR=:", "GIT_PAGER=cat",
		"GIT_MERGE_AUTOEDIT=no" };

	for (char **e = environ; e && *e; e++) {
		if (!is_dropped(*e))
			git_list_add(env, *e);
	}
	for (size_t i = 0; i < N_ELEMS(ours); i++)
		git_list_add(env, ours[i]);
	/* A key with a passphrase must not stop a push for ever. */
	if (!getenv("GIT_SSH_COMMAND") && !getenv("GIT_SSH"))
		git_list_add(env, "GIT_SSH_COMMAND=ssh -oBatchMode=yes");
	for (size_t i = 0; call->env && call->env[i]; i++)
		git_list_add(env, call->env[i]);
}

/*
 * fsmonitor is off because its daemon would inherit the repository lock, and because a
 * stale one hides changes; automatic stashes because a landing leaves dirty files alone.
 */
static void
make_args(const struct git_call *call, struct git_list *args)
{
	static const char *const settings[] = { "core.fsync=committed", "gc.auto=0",
		"maintenance.auto=false", "core.fsmonitor=false", "color.ui=false",
		"submodule.recurse=false", "log.showSignature=false",
		"merge.autoStash=false", "i18n.logOutputEncoding=UTF-8",
		"i18n.commitEncoding=UTF-8", "core.warnAmbiguousRefs=false",
		"advice.detachedHead=false",
		/* Copilot forbids it to all that it starts, and .git counts as one. */
		"safe.bareRepository=all" };

	git_list_add(args, "git");
	git_list_add(args, "--no-pager");
	if (call->dir) {
		git_list_add(args, "-C");
		git_list_add(args, call->dir);
	}
	for (size_t i = 0; i < N_ELEMS(settings); i++) {
		git_list_add(args, "-c");
		git_list_add(args, settings[i]);
	}
	if (!call->run_hooks) {
		git_list_add(args, "-c");
		git_list_add(args, "core.hooksPath=/dev/null");
	}
	for (size_t i = 0; call->argv[i]; i++)
		git_list_add(args, call->argv[i]);
}

/* FD moved out of the way of 0..3, which git's own are set to. */
static int
lift(int fd)
{
	int high;

	if (fd < 0 || fd > LOCK_FD)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, LOCK_FD + 1);
	close(fd);
	return high;
}

/* Standard input as a file in memory: git never waits for us and we never for git. */
static int
open_input(const struct git_call *call)
{
	int fd;

	if (!call->input)
		return lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
	fd = lift(memfd_create("git-input", MFD_CLOEXEC));
	for (size_t at = 0; fd >= 0 && at < call->n_input;) {
		ssize_t n = pwrite(fd, call->input + at, call->n_input - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	return fd;
}

static int
open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	ends[0] = lift(ends[0]);
	ends[1] = lift(ends[1]);
	if (ends[0] < 0 || ends[1] < 0)
		return -1;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

/* Starts git with those descriptors; an errno. */
static int
spawn(const struct git_call *call, int in_fd, int out_fd, int err_fd, pid_t *pid)
{
	struct git_list env = { 0 }, args = { 0 };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int lock = call->lock_fd > 0 ? fcntl(call->lock_fd, F_DUPFD_CLOEXEC, 4) : -1;
	int rc;

	make_args(call, &args);
	make_env(call, &env);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	/* A group of its own: the whole of it can be ended, and ^C does not cut a write. */
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in_fd, 0);
	posix_spawn_file_actions_adddup2(&files, out_fd, 1);
	posix_spawn_file_actions_adddup2(&files, err_fd, 2);
	if (lock >= 0)
		posix_spawn_file_actions_adddup2(&files, lock, LOCK_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, lock >= 0 ? 4 : 3);
	rc = DURABLE_OF("git", crash_git_word(call->argv),
	    posix_spawnp(pid, "git", &files, &attr, args.item, env.item));
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (lock >= 0)
		close(lock);
	git_list_clear(&env);
	git_list_clear(&args);
	return rc;
}

static int
start(const struct git_call *call, struct running *run, struct err *err)
{
	int in = open_input(call), out[2] = { -1, -1 }, errs[2] = { -1, -1 };
	int rc;

	if (in < 0 || open_pipe(out) < 0 || open_pipe(errs) < 0)
		rc = errno;
	else
		rc = spawn(call, in, out[1], errs[1], &run->pid);
	mem_close_cleanup(&in);
	mem_close_cleanup(&out[1]);
	mem_close_cleanup(&errs[1]);
	run->out_fd = out[0];
	run->err_fd = errs[0];
	if (rc == 0) {
		run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0);
		return 0;
	}
	errno = rc;
	if (rc == ENOENT) {
		err_set(err, ERR_SYSTEM, "git is not installed, or not on PATH");
		return err_fix(err, "install git 2.38 or newer");
	}
	return err_sys(err, "start git %s", call->argv[0]);
}

/* Reads what is there.  1 when there may be more, 0 at the end or over the limit. */
static int
take_output(struct running *run, bool is_err)
{
	struct git_out *to = is_err ? &run->err : &run->out;
	size_t *cap = is_err ? &run->err_cap : &run->out_cap;
	size_t max = is_err ? MAX_ERR_BYTES : run->max_out;
	int fd = is_err ? run->err_fd : run->out_fd;

	for (;;) {
		char spill[4096];
		size_t room;
		ssize_t n;

		if (to->n < max && *cap - to->n < 4096) {
			*cap = *cap ? *cap * 2 : 8192;
			to->text = xreallocarray(to->text, *cap, 1);
		}
		room = max - to->n;
		if (room == 0)
			n = read(fd, spill, sizeof(spill));
		else
			n = read(fd, to->text + to->n,
			    *cap - to->n - 1 < room ? *cap - to->n - 1 : room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return 0;
		if (room > 0) {
			to->n += (size_t)n;
			continue;
		}
		to->is_truncated = true;
		if (!is_err) {
			run->too_much = true;
			return 0;
		}
	}
}

/*
 * Reads until git has ended and its pipes are empty, or time or room is up.  A process that
 * a hook left behind may keep the pipes open: git's own end is what counts (HOUSE 8.3).
 */
static void
follow(struct running *run, long timeout_ms)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;
	struct pollfd fds[3] = { { run->out_fd, POLLIN, 0 }, { run->err_fd, POLLIN, 0 },
		{ run->pid_fd, POLLIN, 0 } };

	for (;;) {
		int64_t left = deadline - clock_mono_ms();

		if (left <= 0) {
			run->is_late = true;
			return;
		}
		if (poll(fds, 3, (int)(left > 60000 ? 60000 : left)) < 0)
			continue;
		if (fds[0].fd >= 0 && fds[0].revents && !take_output(run, false))
			fds[0].fd = -1;
		if (fds[1].fd >= 0 && fds[1].revents && !take_output(run, true))
			fds[1].fd = -1;
		if (run->too_much)
			return;
		if (fds[2].revents) {
			if (fds[0].fd >= 0)
				take_output(run, false);
			if (fds[1].fd >= 0)
				take_output(run, true);
			return;
		}
		/* Without a pidfd (old kernel, sandbox) the end of output is the sign. */
		if (run->pid_fd < 0 && fds[0].fd < 0 && fds[1].fd < 0)
			return;
	}
}

/* Ends git and what it started: it may clean up first. */
static int
reap(struct running *run, bool end_it)
{
	struct pollfd gone = { run->pid_fd, POLLIN, 0 };
	int status = 0;

	if (end_it) {
		kill(-run->pid, SIGTERM);
		if (run->pid_fd < 0 || poll(&gone, 1, GRACE_MS) <= 0)
			kill(-run->pid, SIGKILL);
	}
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/*
 * The line of TEXT that says why: the first "fatal:", else "error:", else any.  Of a file that
 * cannot be read its "error:" has the name.
 */
static struct span
telling_line(const char *text)
{
	static const char *const leads[] = { "fatal: ", "error: ", "" };

	for (size_t i = 0; i < N_ELEMS(leads); i++) {
		struct span rest = span_of(text), line;

		while (span_next(&rest, '\n', &line)) {
			line = span_trim(line);
			if (line.n == 0 || !span_starts(line, leads[i]))
				continue;
			line.p += strlen(leads[i]);
			line.n -= strlen(leads[i]);
			if (span_eq(line, "adding files failed"))
				continue;
			return line;
		}
	}
	return SPAN_LIT("");
}

/* The lock file that git says is in its way; NULL when it says something else. */
static char *
lock_in_way(const struct git_call *call, const char *text)
{
	const char *at = strstr(text, "Unable to create '"), *end;

	if (at) {
		at += strlen("Unable to create '");
		end = strstr(at, "': File exists");
		return end ? xstrndup(at, (size_t)(end - at)) : NULL;
	}
	at = strstr(text, "could not lock config file ");
	end = at ? strstr(at, ": File exists") : NULL;
	if (!end)
		return NULL;
	at += strlen("could not lock config file ");
	return xasprintf("%s%s%.*s.lock", *at == '/' || !call->dir ? "" : call->dir,
	    *at == '/' || !call->dir ? "" : "/", (int)(end - at), at);
}

static void
tell_lock(const char *path, struct err *err)
{
	AUTO_FREE char *shown = text_show(path, true);
	AUTO_FREE char *quoted = text_shell_quote(path);
	AUTO_FREE char *age = NULL;
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	if (stat(path, &st) == 0)
		age = text_age((now.tv_sec - st.st_mtim.tv_sec) * 1000L);
	err_set(err, ERR_CONFLICT, "git's lock file %s is in the way%s%s%s", shown,
	    age ? " (" : "", age ? age : "", age ? " old)" : "");
	err_fix(err, "wait for the git that holds it; when none runs: rm %s", quoted);
}

/* Fills ERR from what git printed when it ended with STATUS. */
static void
explain(const struct git_call *call, const char *text, int status, struct err *err)
{
	AUTO_FREE char *lock = lock_in_way(call, text);
	struct span line = telling_line(text);
	AUTO_FREE char *raw = xstrndup(line.p, line.n);
	AUTO_FREE char *shown = text_show(raw, true);
	const char *verb = call->argv[0];

	for (size_t i = 0; verb[0] == '-' && call->argv[i + 1]; i++)
		verb = call->argv[i + 1];
	if (lock) {
		tell_lock(lock, err);
		return;
	}
	if (strstr(text, "dubious ownership")) {
		AUTO_FREE char *dir = text_shell_quote(call->dir ? call->dir : ".");

		err_set(err, ERR_REFUSED, "git %s: %s", verb, shown);
		err_fix(err,
		    "if you trust it: git config --global --add "
		    "safe.directory \"$(realpath %s)\"",
		    dir);
		return;
	}
	if (shown[0])
		err_set(err, ERR_SYSTEM, "git %s: %s", verb, shown);
	else
		err_set(err, ERR_SYSTEM, "git %s ended with status %d", verb, status);
	if (strstr(text, "No space left on device"))
		err_fix(err, "make room on the disk, then do it again");
}

/* What the end of git means for the caller. */
static int
judge(const struct git_call *call, struct running *run, int status, struct err *err)
{
	if (run->is_late) {
		err_set(err, ERR_TIMEOUT, "git %s did not end in time", call->argv[0]);
		return -1;
	}
	if (run->too_much && !call->truncate)
		return err_set(err, ERR_INPUT, "git %s printed more than %zu bytes",
		    call->argv[0], run->max_out);
	run->out.is_truncated = run->too_much;
	if (run->too_much)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(err, ERR_SYSTEM, "git %s was ended by signal %d",
		    call->argv[0], WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		explain(call, run->err.text, WEXITSTATUS(status), err);
	return WEXITSTATUS(status);
}

int
git_try(const struct git_call *call, struct git_out *out, struct err *err)
{
	struct running run = { .pid_fd = -1, .out_fd = -1, .err_fd = -1 };
	int status, rc = -1;

	run.max_out = call->max_bytes ? call->max_bytes : MAX_OUT_BYTES;
	if (start(call, &run, err) == 0) {
		follow(&run, call->timeout_ms ? call->timeout_ms : TIMEOUT_MS);
		/* An old git that dies of our closed pipe would not clean up. */
		status = reap(&run, run.is_late || run.too_much);
		run.out.text = run.out.text ? run.out.text : xmalloc(1);
		run.out.text[run.out.n] = '\0';
		run.err.text = run.err.text ? run.err.text : xmalloc(1);
		run.err.text[run.err.n] = '\0';
		crash_point_of("git-end", crash_git_word(call->argv));
		rc = judge(call, &run, status, err);
	}
	mem_close_cleanup(&run.out_fd);
	mem_close_cleanup(&run.err_fd);
	mem_close_cleanup(&run.pid_fd);
	git_out_clear(&run.err);
	if (rc >= 0 && out)
		*out = run.out;
	else
		git_out_clear(&run.out);
	return rc;
}

int
git_run(const struct git_call *call, struct git_out *out, struct err *err)
{
	struct git_out got = { 0 };
	int rc = git_try(call, &got, err);

	if (rc != 0 || !out) {
		git_out_clear(&got);
		return rc == 0 ? 0 : -1;
	}
	*out = got;
	return 0;
}

char *
git_line(const char *dir, const char *const *argv, struct err *err)
{
	struct git_call call = { .dir = dir, .argv = argv, .max_bytes = 1 << 20 };
	struct git_out out = { 0 };
	char *line;

	if (git_run(&call, &out, err) < 0)
		return NULL;
	/* Only the last newline is git's: a path may hold one. */
	if (out.n > 0 && out.text[out.n - 1] == '\n')
		out.text[out.n - 1] = '\0';
	line = xstrdup(out.text);
	git_out_clear(&out);
	return line;
}

int
git_version(char *text, size_t size, struct err *err)
{
	AUTO_FREE char *line = git_line(NULL, GIT_ARGS("version"), err);
	static const char lead[] = "git version ";
	long major = 0, minor = 0;
	char *end;

	if (!line)
		return -1;
	if (strncmp(line, lead, strlen(lead)) == 0) {
		major = strtol(line + strlen(lead), &end, 10);
		minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	}
	if (major < 2 || (major == 2 && minor < 38)) {
		AUTO_FREE char *shown = text_show(line, true);

		err_set(err, ERR_SYSTEM, "%s is too old: merges in memory need 2.38",
		    shown);
		return err_fix(err, "install git 2.38 or newer");
	}
	if (text)
		snprintf(text, size, "%s", line + strlen(lead));
	return 0;
}
