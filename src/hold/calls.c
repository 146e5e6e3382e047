#include "hold/fence.h"

#include "base/mem.h"

#include <sys/syscall.h>

/* The system calls that change something, and what of their arguments matters. */

/* clang-format off */
#define PATH(name, kind, dir, path)            { #name, SYS_##name, kind, dir, path, NO_ARG, NO_ARG, NO_ARG, NO_ARG }
#define OPEN(name, dir, path, flags, mode)     { #name, SYS_##name, CALL_OPEN, dir, path, flags, mode, NO_ARG, NO_ARG }
#define TWO(name, kind, dir, path, dir2, path2){ #name, SYS_##name, kind, dir, path, NO_ARG, NO_ARG, dir2, path2 }
#define META(name, dir, path, flags)           { #name, SYS_##name, CALL_META, dir, path, flags, NO_ARG, NO_ARG, NO_ARG }
#define TIME(name, dir, path, flags)           { #name, SYS_##name, CALL_TIME, dir, path, flags, NO_ARG, NO_ARG, NO_ARG }
#define GOVERN(name, pid)                      { #name, SYS_##name, CALL_GOVERN, NO_ARG, pid, NO_ARG, NO_ARG, NO_ARG, NO_ARG }
#define OTHER(name, kind)                      { #name, SYS_##name, kind, NO_ARG, 0, NO_ARG, NO_ARG, NO_ARG, NO_ARG }
/* Of kernels that are newer than the headers: the number is the same everywhere. */
#define NEWER(name, nr, kind)                  { name, nr, kind, NO_ARG, 0, NO_ARG, NO_ARG, NO_ARG, NO_ARG }

static const struct call_info calls[] = {
	OPEN(openat, 0, 1, 2, 3),
	OPEN(openat2, 0, 1, 2, NO_ARG),
	PATH(mkdirat, CALL_MAKE, 0, 1),
	PATH(mknodat, CALL_MAKE, 0, 1),
	PATH(unlinkat, CALL_REMOVE, 0, 1),
	PATH(symlinkat, CALL_SYMLINK, 1, 2),
	PATH(truncate, CALL_CUT, NO_ARG, 0),
	TWO(renameat, CALL_MOVE, 0, 1, 2, 3),
	TWO(renameat2, CALL_MOVE, 0, 1, 2, 3),
	TWO(linkat, CALL_LINK, 0, 1, 2, 3),
	META(fchmodat, 0, 1, NO_ARG),
	{ "fchmodat2", 452, CALL_META, 0, 1, 3, NO_ARG, NO_ARG, NO_ARG },
	META(fchownat, 0, 1, 4),
	TIME(utimensat, 0, 1, 3),
	META(setxattr, NO_ARG, 0, NO_ARG),
	META(lsetxattr, NO_ARG, 0, NO_ARG),
	META(removexattr, NO_ARG, 0, NO_ARG),
	META(lremovexattr, NO_ARG, 0, NO_ARG),
	OTHER(fchmod, CALL_META_FD),
	OTHER(fchown, CALL_META_FD),
	OTHER(fsetxattr, CALL_META_FD),
	OTHER(fremovexattr, CALL_META_FD),
#ifdef SYS_open /* the elder family, which new architectures do not have */
	OPEN(open, NO_ARG, 0, 1, 2),
	OPEN(creat, NO_ARG, 0, NO_ARG, 1),
	PATH(mkdir, CALL_MAKE, NO_ARG, 0),
	PATH(mknod, CALL_MAKE, NO_ARG, 0),
	PATH(unlink, CALL_REMOVE, NO_ARG, 0),
	PATH(rmdir, CALL_REMOVE, NO_ARG, 0),
	PATH(symlink, CALL_SYMLINK, NO_ARG, 1),
	TWO(rename, CALL_MOVE, NO_ARG, 0, NO_ARG, 1),
	TWO(link, CALL_LINK, NO_ARG, 0, NO_ARG, 1),
	META(chmod, NO_ARG, 0, NO_ARG),
	META(chown, NO_ARG, 0, NO_ARG),
	META(lchown, NO_ARG, 0, NO_ARG),
	TIME(utime, NO_ARG, 0, NO_ARG),
	TIME(utimes, NO_ARG, 0, NO_ARG),
	TIME(futimesat, 0, 1, NO_ARG),
#endif
	OTHER(connect, CALL_CONNECT),
	OTHER(bind, CALL_BIND),
	OTHER(kill, CALL_SIGNAL),
	OTHER(tkill, CALL_SIGNAL),
	OTHER(tgkill, CALL_SIGNAL),
	OTHER(rt_sigqueueinfo, CALL_SIGNAL),
	OTHER(rt_tgsigqueueinfo, CALL_SIGNAL),
	OTHER(pidfd_send_signal, CALL_SIGNAL),
	OTHER(ptrace, CALL_TRACE),
	OTHER(process_vm_writev, CALL_TRACE),
	OTHER(pidfd_getfd, CALL_TRACE),
	/* Landlock knows nothing of these: a limit of processor time ends whoever has it. */
	GOVERN(prlimit64, 0),
	GOVERN(setpriority, 1),
	GOVERN(ioprio_set, 1),
	GOVERN(sched_setaffinity, 0),
	GOVERN(sched_setscheduler, 0),
	GOVERN(sched_setparam, 0),
	GOVERN(sched_setattr, 0),
	/* Requests of ioctl() that change a file's flags or type for a terminal. */
	OTHER(ioctl, CALL_NEVER),
	/* These reach past the file system, or would do what the filter cannot see. */
	OTHER(io_uring_setup, CALL_NEVER),
	OTHER(mount, CALL_NEVER),
	OTHER(umount2, CALL_NEVER),
	OTHER(pivot_root, CALL_NEVER),
	OTHER(move_mount, CALL_NEVER),
	OTHER(open_tree, CALL_NEVER),
	OTHER(fsopen, CALL_NEVER),
	OTHER(fspick, CALL_NEVER),
	OTHER(mount_setattr, CALL_NEVER),
	OTHER(chroot, CALL_NEVER),
	OTHER(setns, CALL_NEVER),
	OTHER(swapon, CALL_NEVER),
	OTHER(swapoff, CALL_NEVER),
	OTHER(keyctl, CALL_NEVER),
	OTHER(add_key, CALL_NEVER),
	OTHER(request_key, CALL_NEVER),
	OTHER(bpf, CALL_NEVER),
	OTHER(init_module, CALL_NEVER),
	OTHER(finit_module, CALL_NEVER),
	OTHER(delete_module, CALL_NEVER),
	OTHER(kexec_load, CALL_NEVER),
	OTHER(reboot, CALL_NEVER),
	OTHER(sethostname, CALL_NEVER),
	OTHER(setdomainname, CALL_NEVER),
	OTHER(settimeofday, CALL_NEVER),
	OTHER(clock_settime, CALL_NEVER),
	OTHER(acct, CALL_NEVER),
	OTHER(quotactl, CALL_NEVER),
	OTHER(quotactl_fd, CALL_NEVER),
	OTHER(open_by_handle_at, CALL_NEVER),
	NEWER("setxattrat", 463, CALL_NEVER),
	NEWER("removexattrat", 466, CALL_NEVER),
	NEWER("open_tree_attr", 467, CALL_NEVER),
	NEWER("file_setattr", 469, CALL_NEVER),
};
/* clang-format on */

const struct call_info *
call_all(size_t *n)
{
	*n = N_ELEMS(calls);
	return calls;
}

const struct call_info *
call_find(int nr)
{
	for (size_t i = 0; i < N_ELEMS(calls); i++) {
		if (calls[i].nr == nr)
			return &calls[i];
	}
	return NULL;
}
