#pragma once

#include "base/err.h"
#include "base/rundir.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The fence: what the agent, and everything it ever starts, may change (CONTRACTS 8).
 *
 * Two layers, both inherited through fork and exec and impossible to take off again:
 *
 *   Landlock  the kernel refuses every change of the file system outside the grants.  It
 *             decides by the objects themselves, so no spelling of a path goes round it.
 *   seccomp   a filter stops the system calls that change something and shows them to
 *             us, the broker.  What Landlock does not know (modes, owners, times,
 *             attributes, sockets) the broker decides and does itself, on the very object
 *             it looked at; what Landlock refuses it only writes down (fence.log).
 *
 * Where whole directories would be too much, in a repository's objects and refs, Landlock
 * grants nothing and the broker does what a commit needs, name by name.
 *
 * Without the second layer (another broker above us has the only one there can be) those
 * directories are granted as a whole; struct run_begun says what there is.
 */
enum grant_kind {
	GRANT_WRITE,   /* "write PATH": PATH and everything below it */
	GRANT_FILE,    /* "file PATH": that one file, also made, replaced or removed */
	GRANT_EDIT,    /* "edit PATH": the same, and the names editors write it by */
	GRANT_OBJECTS, /* "objects PATH": a git object store: new objects, nothing else */
	GRANT_REF,     /* "ref PATH": a git ref file by way of its lock file */
	GRANT_KEEP, /* "keep PATH": not that, nor below it, although it is in a grant */
	GRANT_SOCKET, /* "socket PATH": connect there, or to what is below it */
	GRANT_MEMORY, /* "memory PATH": a directory that stands for /dev/shm */
	GRANT_PORT,   /* "port N": the network rule is on; connect to TCP port N */
	GRANT_N_KINDS,
};

struct grant {
	enum grant_kind kind;
	char *path; /* canonical; the port's digits */
	size_t n_path;
	bool is_late; /* Landlock does not know it: all of it is the broker's */
};

#define FENCE_N_REFUSALS 500 /* different ones that are written down */
#define FENCE_N_WAITING  32  /* calls of connect() that go on meanwhile */

struct refusal; /* hold/refusals.c */

struct fence {
	bool is_on;
	char mode[16];
	struct grant *grant;
	size_t n_grants, cap_grants;
	bool has_own_pids; /* it lives in a PID namespace: its numbers are not ours */
	bool has_ports;    /* only the ports granted may be connected to */
	int abi;           /* of Landlock */
	int memory_fd;     /* the directory of "memory" (O_PATH), -1 = none */
	int notify_fd;     /* where stopped calls come from; -1 = none */
	int log_fd;        /* fence.log */
	long long n_refused;
	struct refusal *refusal;
	size_t n_refusals;
	struct waiting {
		int fd; /* -1 = free */
		int flags;
		unsigned long long id;
	} waiting[FENCE_N_WAITING];
};

/*
 * Reads the fence of SPEC; without one FENCE is off.  ERR_INPUT for a grant it does not
 * understand, ERR_SYSTEM when this kernel has no Landlock: then nothing is to be started.
 */
NODISCARD int fence_open(
    struct fence *fence, const struct run_spec *spec, const char *dir, struct err *err);
void fence_close(struct fence *fence);

/* What keeps the agent in, in words, for struct run_begun. */
void fence_tell(const struct fence *fence, char *buf, size_t size);

/*
 * In the child: puts the fence round this process.  *LISTENER becomes the descriptor the
 * broker needs, or -1.  An errno, 0 when it is done; *WHAT says what failed.
 */
int fence_enter(const struct fence *fence, int *listener, const char **what);

/* In the holder: takes the descriptor LISTENER of the child PID over.  False: it is gone. */
bool fence_adopt(struct fence *fence, pid_t pid, int listener);

/*
 * Adds the grants in the file `widened` of the run directory DIR: a person allowed them while
 * the agent runs.  Landlock cannot be widened; the broker does what they name.
 */
void fence_widen(struct fence *fence, const char *dir);

/* Serves the calls that are stopped now, a bounded number of them. */
void fence_serve(struct fence *fence);

/* ---- between the files of the fence ---------------------------------------------- */

/* The seccomp filter: hold/filter.c.  Its listener, -1 with errno. */
int filter_install(void);

/* How a system call is to be judged; hold/calls.c has the table. */
enum call_kind {
	CALL_OPEN,    /* path, flags, mode */
	CALL_MAKE,    /* path: mkdir, mknod */
	CALL_REMOVE,  /* path: unlink, rmdir */
	CALL_MOVE,    /* path, other: rename */
	CALL_LINK,    /* path, other */
	CALL_SYMLINK, /* path: the link's own */
	CALL_CUT,     /* path: truncate */
	CALL_META,    /* path: mode, owner, attributes */
	CALL_TIME,    /* path: its times */
	CALL_META_FD, /* the same of a descriptor */
	CALL_CONNECT,
	CALL_BIND,
	CALL_SIGNAL, /* a pid */
	CALL_TRACE,
	CALL_GOVERN, /* limits and priorities of a pid, the argument "path" */
	CALL_NEVER,  /* refused, whatever its arguments */
};

#define NO_ARG (-1)

struct call_info {
	const char *name;
	int nr;
	enum call_kind kind;
	/* Which arguments are what; NO_ARG where there is none. */
	signed char dir, path, flags, mode, dir2, path2;
};

const struct call_info *call_find(int nr);
const struct call_info *call_all(size_t *n);

/* A stopped call and whose it is: hold/target.c. */
struct target {
	const struct call_info *call;
	const struct seccomp_notif *notif;
	int notify_fd;
	bool has_own_pids; /* as in struct fence */
	int memory_fd;
	char program[20];
};

/* Is the call still waiting?  What was read of the process before counts only then. */
bool target_is_there(const struct target *target);
/* Does the process act as the user we are? */
bool target_is_ours(const struct target *target);
/* Is PID the agent or something below it? */
bool target_has(pid_t pid);
mode_t target_umask(const struct target *target);
/* Copies N bytes at ADDRESS of the process; false when they are not there. */
bool target_read(
    const struct target *target, unsigned long long address, void *buf, size_t n);
bool target_read_text(
    const struct target *target, unsigned long long address, char *buf, size_t size);
/* A copy of the descriptor FD of the process, or -1. */
int target_fd(const struct target *target, int fd);
/* Whom our descriptor FD stands for, a pidfd; 0 when it is none or nobody any more. */
pid_t target_pid_of(int fd);

/*
 * /proc/self and what stands for it are the process's own, not ours, and so are the numbers
 * in its /proc where it has its own: PATH with that put right, in BUF where something had to
 * be.
 */
const char *target_path(
    const struct target *target, const char *path, char *buf, size_t size);

/* Where a path of the process leads. */
struct place {
	int dir_fd;      /* the directory it is in (O_PATH), -1 when only fd is known */
	int fd;          /* the object (O_PATH), -1 when it is not there */
	char name[256];  /* within the directory */
	char path[4096]; /* canonical */
	bool is_memory;  /* named below /dev/shm, and here in what stands for that */
	bool is_nameless; /* a pipe, a socket, memory: it is nowhere */
	bool is_lost;     /* its directory is not there; path is where that would be */
};

/*
 * Resolves argument PATH_ARG relative to argument DIR_ARG; FOLLOWS a symbolic link at its
 * end.  False when it leads nowhere: the kernel will say so better than we can.
 */
bool target_resolve(const struct target *target, int dir_arg, int path_arg,
    bool follows, struct place *place);
/* The object of a descriptor of the process. */
bool target_resolve_fd(const struct target *target, int fd, struct place *place);
void place_clear(struct place *place);

/* What may be done with a path: hold/grants.c. */
enum ruling {
	RULE_KERNEL, /* inside a grant that Landlock knows */
	RULE_BROKER, /* allowed, but done by us */
	RULE_NO,     /* the kernel refuses it, too */
	RULE_NEVER,  /* only we do */
};

int grants_read(struct fence *fence, const struct run_spec *spec, struct err *err);
/* Adds the grants of TEXT, one per line, to a fence that stands already. */
void grants_add_late(struct fence *fence, const char *text);
void grants_clear(struct fence *fence);
/* May PATH be changed in the way KIND says?  IS_TARGET: something is put there. */
enum ruling grants_judge(
    const struct fence *fence, enum call_kind kind, const char *path, bool is_target);
/* Is PATH in what was granted while the agent runs, and in nothing that Landlock knows? */
bool grants_are_late(const struct fence *fence, const char *path);
bool grants_have_socket(const struct fence *fence, const char *path);
bool grants_have_port(const struct fence *fence, unsigned port);

/* What the broker does for the agent: hold/doing.c.  Each returns 0 or a negative errno. */
int doing_open(
    const struct target *target, const struct place *place, int flags, mode_t mode);
/* ALL: also links and pipes, which is nothing that git needs. */
int doing_path(const struct target *target, const struct place *place, bool all);
int doing_meta(const struct target *target, const struct place *place);
int doing_move(const struct place *from, const struct place *to, bool is_object);
int doing_link(const struct place *from, const struct place *to);

/* Sockets: hold/dial.c.  True when it answers later. */
bool dial(struct fence *fence, const struct target *target, long *result);
/* Descriptors that are waited for, into FDS; how many. */
struct pollfd;
size_t dial_poll(const struct fence *fence, struct pollfd *fds);
void dial_go_on(struct fence *fence);

/* Answers a stopped call: RESULT below 0 is a negative errno. */
void broker_answer(int notify_fd, unsigned long long id, long result);
void broker_continue(int notify_fd, unsigned long long id);

/* Writes down that the fence refused PATH (or another thing in words) to TARGET. */
void refusals_note(struct fence *fence, const struct target *target, const char *path);
/* Writes down what this fence cannot do. */
void refusals_warn(const struct fence *fence, const char *text);
void refusals_close(struct fence *fence);
