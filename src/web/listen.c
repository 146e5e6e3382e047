#include "web/listen.h"

#include "base/crash.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int
listen_on(int home_fd, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "socket");
	snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/sock", home_fd);
	if (fstatat(home_fd, "sock", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISSOCK(st.st_mode)) {
		close(fd);
		err_set(
		    err, ERR_REFUSED, "the home's sock is no socket: somebody else's");
		return err_fix(err, "move it out of the home");
	}
	DURABLE("web.sock-remove", unlinkat(home_fd, "sock", 0));
	mask = umask(0177);
	if (DURABLE("web.sock-make", bind(fd, (struct sockaddr *)&addr, sizeof(addr))) <
		0 ||
	    listen(fd, 128) < 0) {
		err_sys(err, "listen on the home's sock");
		close(fd);
		fd = -1;
	}
	umask(mask);
	return fd;
}
