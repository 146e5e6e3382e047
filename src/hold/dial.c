#include "hold/fence.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Sockets.  Who may talk to the person's other programs (a container daemon, a terminal
 * multiplexer, the session bus) can have them write anywhere; so sockets with a path are
 * connected to only where that is granted, and TCP only to the ports of the network rule.
 *
 * The broker connects the socket itself, a copy of the descriptor that is the same open
 * socket, to the address it looked at.
 */

union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char room[sizeof(struct sockaddr_storage)];
};

/* An address with a path, as the kernel names the socket there; false when none is. */
static bool
resolve_socket(
    const struct target *target, const union address *to, socklen_t n, char real[4096])
{
	char path[sizeof(to->un.sun_path) + 1] = "", full[256], theirs[200];
	AUTO_FREE char *found = NULL;

	memcpy(
	    path, to->un.sun_path, (size_t)n - offsetof(struct sockaddr_un, sun_path));
	if (path[0] == '/')
		snprintf(full, sizeof(full), "%s",
		    target_path(target, path, theirs, sizeof(theirs)));
	else
		snprintf(
		    full, sizeof(full), "/proc/%u/cwd/%s", target->notif->pid, path);
	found = realpath(full, NULL);
	if (!found || !target_is_there(target))
		return false;
	snprintf(real, 4096, "%s", found);
	return true;
}

/* Connects through a path that cannot be changed under us; 0 or a negative errno. */
static int
connect_path(int fd, const char *real)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO_FD int at = open(real, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (at < 0)
		return -errno;
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", at);
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* 0 when ADDRESS is allowed, else a negative errno; what is refused is written down. */
static int
allow_address(
    struct fence *fence, const struct target *target, const union address *to, int type)
{
	unsigned port = 0;
	char text[80], host[INET6_ADDRSTRLEN] = "";

	if (!fence->has_ports || type != SOCK_STREAM)
		return 0;
	if (to->any.sa_family == AF_INET) {
		port = ntohs(to->in.sin_port);
		(void)inet_ntop(AF_INET, &to->in.sin_addr, host, sizeof(host));
	} else if (to->any.sa_family == AF_INET6) {
		port = ntohs(to->in6.sin6_port);
		(void)inet_ntop(AF_INET6, &to->in6.sin6_addr, host, sizeof(host));
	} else {
		return 0;
	}
	if (grants_have_port(fence, port))
		return 0;
	snprintf(text, sizeof(text), "%s port %u", host, port);
	refusals_note(fence, target, text);
	return -EACCES;
}

/*
 * Begins to connect FD without waiting for it.  True when that is still under way: then the
 * call is answered from dial_go_on().
 */
static bool
begin(struct fence *fence, const struct target *target, int fd, const union address *to,
    socklen_t n, long *result)
{
	int flags = fcntl(fd, F_GETFL);
	struct waiting *free_one = NULL;

	for (size_t i = 0; i < FENCE_N_WAITING && !free_one; i++) {
		if (fence->waiting[i].fd < 0)
			free_one = &fence->waiting[i];
	}
	/* The flags are the socket's, so they are put back as soon as possible. */
	if (!(flags & O_NONBLOCK))
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	*result = connect(fd, &to->any, n) < 0 ? -errno : 0;
	if (!(flags & O_NONBLOCK) && *result == -EINPROGRESS && free_one) {
		*free_one = (struct waiting){ fcntl(fd, F_DUPFD_CLOEXEC, 0), flags,
			target->notif->id };
		return free_one->fd >= 0;
	}
	if (!(flags & O_NONBLOCK))
		(void)fcntl(fd, F_SETFL, flags);
	return false;
}

static bool
dial_out(struct fence *fence, const struct target *target, long *result)
{
	const unsigned long long *arg = target->notif->data.args;
	AUTO_FD int fd = target_fd(target, (int)arg[0]);
	int domain = 0, type = 0;
	socklen_t n_int = sizeof(int), n = (socklen_t)arg[2];
	union address to = { 0 };
	char real[4096];

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n_int) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n_int) < 0) {
		*result = fd < 0 ? -EBADF : -ENOTSOCK;
		return false;
	}
	if (n > sizeof(to) || n < sizeof(sa_family_t) ||
	    !target_read(target, arg[1], &to, n)) {
		*result = n > sizeof(to) || n < sizeof(sa_family_t) ? -EINVAL : -EFAULT;
		return false;
	}
	if (domain != AF_UNIX || to.any.sa_family != AF_UNIX) {
		*result = allow_address(fence, target, &to, type);
		return *result == 0 && begin(fence, target, fd, &to, n, result);
	}
	/* Without a path: nobody can say whose it is, so it is nobody's. */
	if (n <= offsetof(struct sockaddr_un, sun_path) + 1 || n > sizeof(to.un) ||
	    to.un.sun_path[0] == '\0') {
		refusals_note(fence, target, "a socket without a path");
		*result = -EACCES;
	} else if (!resolve_socket(target, &to, n, real)) {
		*result = -ENOENT;
	} else if (!grants_have_socket(fence, real)) {
		refusals_note(fence, target, real);
		*result = -EACCES;
	} else {
		int flags = fcntl(fd, F_GETFL);

		/* A queue that is full says so, instead of keeping us waiting. */
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		*result = connect_path(fd, real);
		(void)fcntl(fd, F_SETFL, flags);
	}
	return false;
}

/* Making a socket with a path is Landlock's to refuse; here it is only written down. */
static void
note_bind(struct fence *fence, const struct target *target)
{
	const unsigned long long *arg = target->notif->data.args;
	union address to = { 0 };
	socklen_t n = (socklen_t)arg[2];
	char dir[4200] = "", real[4200];
	AUTO_FREE char *found = NULL;
	char *slash;

	if (n > sizeof(to.un) || n <= offsetof(struct sockaddr_un, sun_path) ||
	    !target_read(target, arg[1], &to, n) || to.any.sa_family != AF_UNIX ||
	    to.un.sun_path[0] == '\0')
		return;
	if (to.un.sun_path[0] != '/')
		snprintf(dir, sizeof(dir), "/proc/%u/cwd/", target->notif->pid);
	snprintf(dir + strlen(dir), sizeof(dir) - strlen(dir), "%.*s",
	    (int)sizeof(to.un.sun_path), to.un.sun_path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	found = realpath(dir[0] ? dir : "/", NULL);
	if (!found)
		return;
	snprintf(real, sizeof(real), "%.4000s/%.100s", found, slash + 1);
	/* What was granted since it started is nothing that Landlock knows. */
	if (grants_judge(fence, CALL_MAKE, real, false) >= RULE_NO ||
	    grants_are_late(fence, real))
		refusals_note(fence, target, real);
}

bool
dial(struct fence *fence, const struct target *target, long *result)
{
	if (target->call->kind == CALL_CONNECT)
		return dial_out(fence, target, result);
	note_bind(fence, target);
	broker_continue(fence->notify_fd, target->notif->id);
	return true;
}

size_t
dial_poll(const struct fence *fence, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < FENCE_N_WAITING; i++) {
		if (fence->is_on && fence->waiting[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = fence->waiting[i].fd,
				.events = POLLOUT };
	}
	return n;
}

void
dial_go_on(struct fence *fence)
{
	for (size_t i = 0; i < FENCE_N_WAITING; i++) {
		struct waiting *w = &fence->waiting[i];
		struct pollfd p = { .fd = w->fd, .events = POLLOUT };
		socklen_t n = sizeof(int);
		int error = 0;

		if (w->fd < 0 || poll(&p, 1, 0) <= 0)
			continue;
		(void)getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &n);
		(void)fcntl(w->fd, F_SETFL, w->flags);
		close(w->fd);
		w->fd = -1;
		broker_answer(fence->notify_fd, w->id, -error);
	}
}
