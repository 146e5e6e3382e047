#include "hold/hold.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* The clocks; and what a holder does before there is a run: it becomes nobody's child and
 * takes the lock. */

static ms_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (ms_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

ms_t
hold_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

ms_t
hold_wall_clock(void)
{
	return clock_ms(CLOCK_REALTIME);
}

void
hold_pause(int ms)
{
	(void)poll(NULL, 0, ms);
}

static bool
has_file(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name);

	return file_exists(path);
}

static bool
is_spent(const char *dir)
{
	return has_file(dir, "begun") || has_file(dir, "end.json");
}

int
hold_take_lock(const char *dir, int *fd, struct err *err)
{
	/* Somebody may just be looking (rundir_probe()): one refusal is not the last word. */
	AUTO_FREE char *path = path_join(dir, "lock");
	ms_t end_at = hold_now() + HOLD_LOCK_MS;

	while ((*fd = file_lock(path, false, err)) < 0) {
		if (err->kind != ERR_CONFLICT || hold_now() >= end_at)
			return err_exit_status(err->kind);
		if (is_spent(dir))
			break;
		hold_pause(10);
	}
	if (is_spent(dir)) {
		(void)err_set(err, ERR_REFUSED, "%s has begun already", dir);
		return err_exit_status(ERR_REFUSED);
	}
	return 0;
}

int
hold_clean_up(int *signal_fd, struct err *err)
{
	int null_fd = open("/dev/null", O_RDWR);
	sigset_t set;

	if (null_fd < 0)
		return err_sys(err, "/dev/null");
	dup2(null_fd, 0);
	dup2(null_fd, 1);
	if (fcntl(2, F_GETFD) < 0)
		dup2(null_fd, 2);
	close_range(3, ~0U, 0);
	/* Ignored, it would make the kernel reap our children before we can. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_SETMASK, &set, NULL);
	*signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*signal_fd < 0)
		return err_sys(err, "signalfd");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return chdir("/") < 0 ? err_sys(err, "chdir /") : 0;
}
