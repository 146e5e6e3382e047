#include "cli/terminal.h"

#include "base/mem.h"
#include "base/rundir.h"
#include "cli/ask.h"
#include "exec/exec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* The person's terminal joined to an agent's, byte by byte. */

#define AGAIN_TRIES 50
#define AGAIN_MS    100

/*
 * Programs of terminals leave it as they like it best; who leaves in the middle gets it back
 * as it was: main screen, cursor, no mouse, no brackets around pastes, plain keys.
 */
static const char back_to_normal[] =
    "\033[?1049l\033[?25h\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l"
    "\033[?2004l\033[?1l\033>\033[<u\033[>4;0m\033[?7h\033[r\033[0m\r\033[J";

struct joined {
	const char *dir;
	int fd, signal_fd;
	bool is_writer, takes;
	struct termios before;
};

void
terminal_size(int *cols, int *rows)
{
	struct winsize size = { 0 };

	*cols = 80;
	*rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 ||
	    size.ws_row == 0)
		return;
	*cols = size.ws_col;
	*rows = size.ws_row;
}

static bool
is_over(const char *dir)
{
	int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, NULL);

	if (lock_fd >= 0)
		close(lock_fd);
	return state == RUN_ENDED || state == RUN_LOST || state == RUN_ABSENT;
}

static int
join(struct joined *j, struct err *err)
{
	int cols, rows;

	terminal_size(&cols, &rows);
	j->fd = run_attach(j->dir, j->takes ? RUN_ATTACH_TAKE : RUN_ATTACH_WRITE, &cols,
	    &rows, &j->is_writer, err);
	return j->fd < 0 ? -1 : 0;
}

/* The connection ended: is the run over, or did we only fall behind? */
static int
join_again(struct joined *j, struct err *err)
{
	close(j->fd);
	j->fd = -1;
	for (int i = 0; i < AGAIN_TRIES; i++) {
		if (is_over(j->dir))
			return 1;
		*err = (struct err)ERR_INIT;
		if (join(j, err) == 0)
			return 0;
		(void)poll(NULL, 0, AGAIN_MS);
	}
	return is_over(j->dir) ? 1 : -1;
}

static bool
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* Keys go on to the agent; true when the person leaves. */
static bool
pass_keys(const struct joined *j)
{
	char keys[1024];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));
	const char *leave = n > 0 ? memchr(keys, TERMINAL_LEAVE_BYTE, (size_t)n) : NULL;

	if (n < 0)
		return errno != EINTR && errno != EAGAIN;
	if (leave)
		n = leave - keys;
	/* A run that is over is noticed where its output ends. */
	(void)!run_attach_type(j->fd, keys, (size_t)n);
	return leave || n == 0;
}

/* A signal: the window changed, or we are to go. */
static bool
pass_signal(const struct joined *j)
{
	struct signalfd_siginfo info;
	int cols, rows;

	if (read(j->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	if (info.ssi_signo != SIGWINCH)
		return true;
	terminal_size(&cols, &rows);
	(void)!run_attach_size(j->fd, cols, rows);
	return false;
}

static int
pass_all(struct joined *j, struct err *err)
{
	static char shown[64 * 1024];

	for (;;) {
		struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = j->fd, .events = POLLIN },
			{ .fd = j->signal_fd, .events = POLLIN } };
		ssize_t n;

		if (poll(p, N_ELEMS(p), -1) < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (p[2].revents && pass_signal(j))
			return 0;
		if (p[0].revents && pass_keys(j))
			return 0;
		if (!p[1].revents)
			continue;
		n = read(j->fd, shown, sizeof(shown));
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && !write_all(shown, (size_t)n))
			return 0;
		if (n <= 0) {
			int rc = join_again(j, err);

			if (rc != 0)
				return rc;
		}
	}
}

static int
make_raw(struct joined *j, struct err *err)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &j->before) < 0)
		return err_sys(err, "terminal");
	raw = j->before;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0 ? err_sys(err, "terminal")
							    : 0;
}

int
terminal_join(const char *run_dir, bool takes, struct err *err)
{
	struct joined j = { .dir = run_dir, .fd = -1, .signal_fd = -1, .takes = takes };
	sigset_t set, old;
	int rc;

	if (!ask_possible()) {
		err_set(err, ERR_CONFLICT, "this is no terminal");
		return err_fix(err, "run it in one, or see divisi log");
	}
	if (join(&j, err) < 0)
		return -1;
	printf("-- " TERMINAL_LEAVE_KEY " leaves; what runs here goes on%s\n",
	    j.is_writer ? "" : ". Somebody else types: attach --take types here");
	fflush(stdout);
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	j.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	rc = j.signal_fd < 0 ? err_sys(err, "signalfd") : make_raw(&j, err);
	if (rc == 0) {
		rc = pass_all(&j, err);
		(void)write_all(back_to_normal, sizeof(back_to_normal) - 1);
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &j.before);
	}
	if (j.fd >= 0)
		close(j.fd);
	if (j.signal_fd >= 0)
		close(j.signal_fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}
