#include "hold/fence.h"

#include "base/file.h"
#include "base/landlock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The layer of Landlock; landlock(7).  Names that the headers of ABI 2 do not have: */
#define ACCESS_TRUNCATE  (UINT64_C(1) << 14)
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15)
#define SCOPE_ABSTRACT   (UINT64_C(1) << 0)
#define SCOPE_SIGNAL     (UINT64_C(1) << 1)
#define NET_CONNECT_TCP  (UINT64_C(1) << 1)
#define RULE_NET_PORT    2

#define ACCESS_CHANGE                                                      \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |   \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |   \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM)
/* Never granted anywhere: who can make a device can write the disk below everything. */
#define ACCESS_DEVICES (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

#define WIDENED_BYTES ((size_t)1 << 20)

struct ruleset {
	uint64_t access_fs, access_net, scoped;
};

struct port_rule {
	uint64_t access, port;
};

/* What programs expect to be able to write to and what keeps nothing. */
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full",
	"/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts" };

static uint64_t
handled_fs(int abi)
{
	uint64_t access = ACCESS_CHANGE | ACCESS_DEVICES;

	if (abi >= 2)
		access |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		access |= ACCESS_TRUNCATE;
	if (abi >= 5)
		access |= ACCESS_IOCTL_DEV;
	return access;
}

int
fence_open(
    struct fence *fence, const struct run_spec *spec, const char *dir, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "fence.log");

	*fence = (struct fence){ .notify_fd = -1, .log_fd = -1, .memory_fd = -1 };
	for (size_t i = 0; i < FENCE_N_WAITING; i++)
		fence->waiting[i].fd = -1;
	if (!spec->fence || strcmp(spec->fence, "off") == 0)
		return 0;
	fence->is_on = true;
	snprintf(fence->mode, sizeof(fence->mode), "%s", spec->fence);
	fence->abi = landlock_abi();
	if (fence->abi == 0) {
		err_set(err, ERR_SYSTEM, "this kernel has no Landlock to fence with");
		return err_fix(
		    err, "a kernel with Landlock in its lsm=, or divisi.fence off");
	}
	fence->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fence->log_fd < 0)
		return err_sys(err, "open %s", path);
	if (grants_read(fence, spec, err) < 0)
		return -1;
	/* Held from now on: what the agent puts in its place leads nowhere. */
	for (size_t i = 0; i < fence->n_grants && fence->memory_fd < 0; i++) {
		if (fence->grant[i].kind == GRANT_MEMORY)
			fence->memory_fd = open(fence->grant[i].path,
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return 0;
}

void
fence_close(struct fence *fence)
{
	for (size_t i = 0; i < FENCE_N_WAITING && fence->is_on; i++) {
		if (fence->waiting[i].fd >= 0)
			close(fence->waiting[i].fd);
	}
	if (fence->is_on && fence->notify_fd >= 0)
		close(fence->notify_fd);
	refusals_close(fence);
	if (fence->is_on && fence->log_fd >= 0)
		close(fence->log_fd);
	if (fence->is_on && fence->memory_fd >= 0)
		close(fence->memory_fd);
	grants_clear(fence);
}

void
fence_widen(struct fence *fence, const char *dir)
{
	AUTO_FREE char *path = path_join(dir, "widened");
	AUTO_FREE char *text = file_read(path, WIDENED_BYTES, NULL, NULL);

	if (!fence->is_on || !text)
		return;
	if (fence->notify_fd < 0)
		refusals_warn(fence, "no broker: what was allowed since comes with "
				     "the next start");
	else
		grants_add_late(fence, text);
}

void
fence_tell(const struct fence *fence, char *buf, size_t size)
{
	const char *gaps = landlock_gaps(fence->abi);

	buf[0] = '\0';
	if (!fence->is_on)
		return;
	snprintf(buf, size, "%s landlock=%d%s%.70s", fence->mode, fence->abi,
	    gaps[0] ? " open: " : "", gaps);
}

/* Allows ACCESS at PATH and below.  What is not there needs no rule. */
static int
allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;
	AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return -1;
	rule.parent_fd = fd;
	rule.allowed_access = access;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE |
				       ACCESS_IOCTL_DEV;
	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* The directory of a ref: all that can be granted of it where no broker stands by. */
static int
allow_parent(int ruleset, const char *path, uint64_t access)
{
	AUTO_FREE char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');

	if (slash && slash != dir)
		*slash = '\0';
	return allow(ruleset, dir, access);
}

static int
allow_grant(
    int ruleset, const struct grant *grant, uint64_t access, int abi, bool has_broker)
{
	struct port_rule port = { NET_CONNECT_TCP, 0 };

	switch (grant->kind) {
	case GRANT_WRITE: return allow(ruleset, grant->path, access);
	case GRANT_FILE:
	case GRANT_EDIT:
		/* What is there may be written; making it anew is the broker's. */
		return allow(ruleset, grant->path,
		    access & (LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE));
	case GRANT_OBJECTS: return has_broker ? 0 : allow(ruleset, grant->path, access);
	case GRANT_REF:
		return has_broker ? 0 : allow_parent(ruleset, grant->path, access);
	case GRANT_PORT:
		port.port = (uint64_t)strtoul(grant->path, NULL, 10);
		return abi < 4 || port.port == 0
			   ? 0
			   : (int)syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
				 &port, 0);
	default: return 0;
	}
}

static int
restrict_self(const struct fence *fence, bool has_broker)
{
	struct ruleset attr = { .access_fs = handled_fs(fence->abi),
		.access_net = fence->has_ports ? NET_CONNECT_TCP : 0,
		.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL };
	/* The kernel takes no field that it does not know, not even an empty one. */
	size_t n_attr = fence->abi >= 6   ? sizeof(attr)
			: fence->abi >= 4 ? sizeof(attr.access_fs) * 2
					  : sizeof(attr.access_fs);
	uint64_t device = attr.access_fs & (LANDLOCK_ACCESS_FS_WRITE_FILE |
					       ACCESS_TRUNCATE | ACCESS_IOCTL_DEV);
	uint64_t change = attr.access_fs & ~(ACCESS_DEVICES | ACCESS_IOCTL_DEV);
	AUTO_FD int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, n_attr, 0);

	if (fd < 0)
		return -1;
	for (size_t i = 0; i < N_ELEMS(devices); i++) {
		if (allow(fd, devices[i], device) < 0)
			return -1;
	}
	for (size_t i = 0; i < fence->n_grants; i++) {
		if (allow_grant(fd, &fence->grant[i], change, fence->abi, has_broker) <
		    0)
			return -1;
	}
	return (int)syscall(SYS_landlock_restrict_self, fd, 0);
}

/*
 * Of root's powers those stay that installing packages and running tests needs.  The others
 * reach below the file system, where no fence is.
 */
static int
drop_powers(void)
{
	static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
		CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE,
		CAP_SETFCAP };
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	uint64_t mask = 0;

	for (size_t i = 0; i < N_ELEMS(kept); i++)
		mask |= UINT64_C(1) << kept[i];
	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int cap = 0; cap <= 63; cap++) {
		if (!(mask & UINT64_C(1) << cap) && prctl(PR_CAPBSET_READ, cap) == 1)
			(void)prctl(PR_CAPBSET_DROP, cap);
	}
	for (int i = 0; i < 2; i++) {
		uint32_t part = (uint32_t)(mask >> (32 * i));

		data[i].effective &= part;
		data[i].permitted &= part;
		data[i].inheritable &= part;
	}
	return (int)syscall(SYS_capset, &header, data);
}

int
fence_enter(const struct fence *fence, int *listener, const char **what)
{
	*listener = -1;
	*what = "no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	/* The filter first: whether there is a broker decides what Landlock must grant. */
	*listener = filter_install();
	*what = "landlock";
	if (restrict_self(fence, *listener >= 0) < 0)
		return errno;
	*what = "capabilities";
	if (drop_powers() < 0)
		return errno;
	return 0;
}

bool
fence_adopt(struct fence *fence, pid_t pid, int listener)
{
	AUTO_FD int pid_fd = pidfd_open(pid, 0);

	if (listener < 0) {
		refusals_warn(fence,
		    "no broker: modes, times, attributes and sockets are not fenced, and "
		    "refusals are not seen");
		return true;
	}
	fence->notify_fd = pid_fd < 0 ? -1 : pidfd_getfd(pid_fd, listener, 0);
	if (fence->notify_fd < 0)
		return false;
	(void)fcntl(fence->notify_fd, F_SETFD, FD_CLOEXEC);
	return true;
}
