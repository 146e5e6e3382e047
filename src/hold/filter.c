#include "hold/fence.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The layer of seccomp(2): which calls the broker is asked about, as a program in BPF. */

#if defined(__x86_64__)
#define OUR_ARCH      AUDIT_ARCH_X86_64
#define FIRST_FOREIGN 0x40000000u /* the numbers of x32 */
#elif defined(__aarch64__)
#define OUR_ARCH      AUDIT_ARCH_AARCH64
#define FIRST_FOREIGN 0u
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCH      AUDIT_ARCH_RISCV64
#define FIRST_FOREIGN 0u
#else
#define OUR_ARCH      0u
#define FIRST_FOREIGN 0u
#endif

/* Opening with any of these may change something. */
#define WRITE_FLAGS ((unsigned)(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))

#define MAX_CODE 512

struct program {
	struct sock_filter code[MAX_CODE];
	unsigned short n;
};

static void
put(struct program *p, struct sock_filter line)
{
	if (p->n < MAX_CODE)
		p->code[p->n++] = line;
}

static void
put_load(struct program *p, size_t offset)
{
	put(p,
	    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void
put_return(struct program *p, unsigned action)
{
	put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Returns ACTION when the loaded word is VALUE. */
static void
put_if_equal(struct program *p, unsigned value, unsigned action)
{
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
	put_return(p, action);
}

/* The low half of an argument; what is tested here are ints. */
static void
put_load_arg(struct program *p, int arg)
{
	size_t offset = offsetof(struct seccomp_data, args[0]) + (size_t)arg * 8;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		offset += 4;
	put_load(p, offset);
}

/* What the broker is asked about one call, as a tail that ends in a return. */
static void
put_tail(struct program *p, const struct call_info *call, unsigned ask)
{
	if (call->nr == SYS_ioctl) {
		put_load_arg(p, 1);
		put_if_equal(p, TIOCSTI, ask);
		put_if_equal(p, TIOCLINUX, ask);
		put_if_equal(p, (unsigned)FS_IOC_SETFLAGS, ask);
		put_if_equal(p, (unsigned)FS_IOC_FSSETXATTR, ask);
		put_return(p, SECCOMP_RET_ALLOW);
	} else if (call->nr == SYS_ptrace) {
		put_load_arg(p, 0);
		put_if_equal(p, PTRACE_ATTACH, ask);
		put_if_equal(p, PTRACE_SEIZE, ask);
		put_return(p, SECCOMP_RET_ALLOW);
	} else if (call->kind == CALL_GOVERN && call->path == 0) {
		/* Its own, as nearly every program asks for. */
		put_load_arg(p, 0);
		put_if_equal(p, 0, SECCOMP_RET_ALLOW);
		put_return(p, ask);
	} else if (call->kind == CALL_OPEN && call->flags != NO_ARG &&
		   call->nr != SYS_openat2) {
		put_load_arg(p, call->flags);
		put(p, (struct sock_filter)BPF_JUMP(
			   BPF_JMP | BPF_JSET | BPF_K, WRITE_FLAGS, 1, 0));
		put_return(p, SECCOMP_RET_ALLOW);
		put_return(p, ask);
	} else {
		put_return(p, ask);
	}
}

static unsigned short
tail_length(const struct call_info *call)
{
	struct program p = { .n = 0 };

	put_tail(&p, call, 0);
	return p.n;
}

/*
 * Calls of another architecture (32 bits) would need a table of their own; none is made,
 * and such programs do not run in a fence.
 */
static void
make_program(struct program *p, bool has_broker)
{
	size_t n;
	const struct call_info *calls = call_all(&n);

	put_load(p, offsetof(struct seccomp_data, arch));
	put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0));
	put_return(p, SECCOMP_RET_ERRNO | ENOSYS);
	put_load(p, offsetof(struct seccomp_data, nr));
	if (FIRST_FOREIGN) {
		put(p, (struct sock_filter)BPF_JUMP(
			   BPF_JMP | BPF_JGE | BPF_K, FIRST_FOREIGN, 0, 1));
		put_return(p, SECCOMP_RET_ERRNO | ENOSYS);
	}
	for (size_t i = 0; i < n; i++) {
		unsigned ask = has_broker ? SECCOMP_RET_USER_NOTIF
					  : SECCOMP_RET_ERRNO | EPERM;

		/* Without a broker only what is never allowed is stopped. */
		if (!has_broker && calls[i].kind != CALL_NEVER)
			continue;
		put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			   (unsigned)calls[i].nr, 0,
			   (unsigned char)tail_length(&calls[i])));
		put_tail(p, &calls[i], ask);
	}
	put_return(p, SECCOMP_RET_ALLOW);
}

static int
install(unsigned flags, bool has_broker)
{
	static struct program p;
	struct sock_fprog prog;

	p.n = 0;
	make_program(&p, has_broker);
	prog = (struct sock_fprog){ p.n, p.code };
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

int
filter_install(void)
{
	/* A signal must not make a call start again that the broker has half done. */
	int fd = -1;

	/* A filter for an unknown architecture would refuse everything. */
	if (OUR_ARCH == 0)
		return -1;
	fd = install(
	    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
	    true);
	if (fd < 0 && errno == EINVAL)
		fd = install(SECCOMP_FILTER_FLAG_NEW_LISTENER, true);
	if (fd < 0)
		(void)install(0, false);
	return fd;
}
