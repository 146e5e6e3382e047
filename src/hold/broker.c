#include "hold/fence.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The broker: answers the calls that the filter stopped.
 *
 *   inside a grant of Landlock   goes on in the kernel
 *   a mode, a time, a socket     done here, when inside a grant
 *   objects and refs of git      done here, name by name
 *   anything else                written down; the kernel refuses it, or we do where
 *                                the kernel would not
 *
 * What goes on in the kernel is judged there once more, by Landlock: that the process may
 * have changed the path meanwhile makes no difference to what it can do.
 */

/* Calls served in one turn of the loop, so that output and limits have theirs. */
#define TURN 64

void
broker_answer(int notify_fd, unsigned long long id, long result)
{
	struct seccomp_notif_resp resp = { .id = id };

	if (result < 0)
		resp.error = (int)result;
	else
		resp.val = result;
	/* Fails when the process is gone: then there is nobody to answer. */
	(void)ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

void
broker_continue(int notify_fd, unsigned long long id)
{
	struct seccomp_notif_resp resp = { .id = id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	(void)ioctl(notify_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

/* What becomes of a call. */
enum fate {
	GO_ON,  /* in the kernel */
	ANSWER, /* with a result of ours */
	LATER,  /* it is answered, or will be */
};

/* How a file is opened: the flags, and the mode when one is made.  False: unreadable. */
static bool
read_how(const struct target *target, int *flags, mode_t *mode)
{
	const unsigned long long *arg = target->notif->data.args;
	const struct call_info *call = target->call;
	struct open_how how = { 0 };

	if (call->nr == SYS_openat2) {
		if (arg[3] < sizeof(how) ||
		    !target_read(target, arg[2], &how, sizeof(how)))
			return false;
		*flags = (int)how.flags;
		*mode = (mode_t)how.mode;
		return true;
	}
	*flags = call->flags == NO_ARG ? O_WRONLY | O_CREAT | O_TRUNC
				       : (int)arg[call->flags];
	*mode = (mode_t)arg[call->mode];
	return true;
}

static bool
changes(int flags)
{
	return (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != 0;
}

/* As grants_judge(); what stands for something else the kernel would do in the wrong place. */
static enum ruling
judge_place(const struct fence *fence, enum call_kind kind, const struct place *place,
    bool is_target)
{
	enum ruling ruling = grants_judge(fence, kind, place->path, is_target);

	return place->is_memory && ruling == RULE_KERNEL ? RULE_BROKER : ruling;
}

/*
 * What leads nowhere is the kernel's to say.  But a directory of git's objects that is not
 * there may be made by another agent before the kernel looks, which would then refuse what git
 * has to hear is missing.
 */
static enum fate
serve_lost(const struct fence *fence, const struct place *place, long *result)
{
	for (size_t i = 0; place->is_lost && i < fence->n_grants; i++) {
		if (fence->grant[i].kind != GRANT_OBJECTS ||
		    strcmp(place->path, fence->grant[i].path) != 0)
			continue;
		*result = -ENOENT;
		return ANSWER;
	}
	return GO_ON;
}

static enum fate
serve_open(struct fence *fence, struct target *target, long *result)
{
	const struct call_info *call = target->call;
	struct place place;
	enum fate fate = GO_ON;
	mode_t mode = 0;
	int flags = 0;
	bool follows, makes;

	if (!read_how(target, &flags, &mode) || !changes(flags))
		return GO_ON;
	follows = !(flags & O_NOFOLLOW) &&
		  (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	if (!target_resolve(target, call->dir, call->path, follows, &place))
		return serve_lost(fence, &place, result);
	makes = place.fd < 0;
	if (place.is_nameless || (makes && !(flags & O_CREAT))) {
		place_clear(&place);
		*result = -ENOENT;
		return place.is_memory ? ANSWER : GO_ON;
	}
	switch (judge_place(fence, CALL_OPEN, &place, false)) {
	case RULE_KERNEL: break;
	case RULE_BROKER:
		/* By its own name: a link's target has been judged, not where it lies. */
		fate = LATER;
		*result = !target_is_ours(target)
			      ? -EACCES
			      : doing_open(target, &place, flags, mode);
		if (*result <= 0)
			fate = ANSWER;
		break;
	case RULE_NEVER:
		refusals_note(fence, target, place.path);
		*result = -EACCES;
		fate = ANSWER;
		break;
	case RULE_NO: {
		struct stat st;

		/* What only reads as writing: /dev and /proc keep nothing of it. */
		if (place.fd >= 0 && fstat(place.fd, &st) == 0 && S_ISCHR(st.st_mode))
			break;
		refusals_note(fence, target, place.path);
		break;
	}
	}
	place_clear(&place);
	return fate;
}

/* Calls with one path that make or remove a name. */
static enum fate
serve_path(struct fence *fence, struct target *target, long *result)
{
	const struct call_info *call = target->call;
	enum fate fate = GO_ON;
	struct place place;
	bool wants_there = call->kind == CALL_REMOVE || call->kind == CALL_CUT;

	if (!target_resolve(
		target, call->dir, call->path, call->kind == CALL_CUT, &place))
		return serve_lost(fence, &place, result);
	/* What is there already, or not at all, fails for that and for nothing else. */
	if ((place.fd >= 0) != wants_there || place.is_nameless) {
		place_clear(&place);
		return GO_ON;
	}
	switch (judge_place(fence, call->kind, &place, false)) {
	case RULE_KERNEL: break;
	case RULE_BROKER:
		fate = ANSWER;
		*result = !target_is_ours(target)
			      ? -EACCES
			      : doing_path(target, &place,
				    place.is_memory ||
					grants_are_late(fence, place.path));
		break;
	case RULE_NEVER:
		refusals_note(fence, target, place.path);
		*result = -EACCES;
		fate = ANSWER;
		break;
	case RULE_NO:
		refusals_note(fence, target, place.path);
		/* Before its third version Landlock does not know of this one. */
		if (call->kind == CALL_CUT && fence->abi < 3) {
			fate = ANSWER;
			*result = -EACCES;
		}
		break;
	}
	place_clear(&place);
	return fate;
}

static bool
is_object_store(const struct fence *fence, const char *path)
{
	for (size_t i = 0; i < fence->n_grants; i++) {
		const struct grant *grant = &fence->grant[i];

		if (grant->kind == GRANT_OBJECTS &&
		    strncmp(path, grant->path, grant->n_path) == 0 &&
		    path[grant->n_path] == '/')
			return true;
	}
	return false;
}

/* rename() and link(): both ends must be allowed, and one of them may be ours to do. */
static enum fate
serve_two(struct fence *fence, struct target *target, long *result)
{
	const struct call_info *call = target->call;
	bool moves = call->kind == CALL_MOVE;
	enum fate fate = GO_ON;
	enum ruling a, b;
	struct place from, to;

	/* A file without a name gets one through its descriptor, a link in /proc. */
	if (!target_resolve(target, call->dir, call->path,
		call->nr == SYS_linkat &&
		    (target->notif->data.args[4] & AT_SYMLINK_FOLLOW),
		&from))
		return serve_lost(fence, &from, result);
	if (!target_resolve(target, call->dir2, call->path2, false, &to)) {
		place_clear(&from);
		return serve_lost(fence, &to, result);
	}
	a = judge_place(fence, call->kind, &from, false);
	b = judge_place(fence, call->kind, &to, true);
	if (from.fd < 0 || from.is_nameless || (!moves && to.fd >= 0)) {
		fate = GO_ON; /* fails for another reason */
	} else if (a >= RULE_NO || b >= RULE_NO) {
		refusals_note(fence, target, a >= RULE_NO ? from.path : to.path);
		if (a == RULE_NEVER || b == RULE_NEVER) {
			*result = -EACCES;
			fate = ANSWER;
		}
	} else if (a == RULE_BROKER || b == RULE_BROKER) {
		fate = ANSWER;
		if (!target_is_ours(target))
			*result = -EACCES;
		else if (!moves)
			*result = doing_link(&from, &to);
		else
			*result = doing_move(
			    &from, &to, is_object_store(fence, to.path));
	}
	place_clear(&from);
	place_clear(&to);
	return fate;
}

static enum fate
serve_meta(struct fence *fence, struct target *target, long *result)
{
	const struct call_info *call = target->call;
	const unsigned long long *arg = target->notif->data.args;
	enum call_kind kind = call->kind == CALL_META_FD ? CALL_META : call->kind;
	bool follows = call->name[0] != 'l' &&
		       (call->flags == NO_ARG ||
			   !(arg[call->flags] & AT_SYMLINK_NOFOLLOW));
	/* fchownat(fd, "", ..., AT_EMPTY_PATH), utimensat(fd, NULL, ...) */
	bool is_fd = call->kind == CALL_META_FD ||
		     (call->kind == CALL_TIME && call->dir != NO_ARG &&
			 arg[call->path] == 0) ||
		     (call->flags != NO_ARG && (arg[call->flags] & AT_EMPTY_PATH));
	struct place place;
	bool is_found = is_fd ? target_resolve_fd(target, (int)arg[0], &place)
			      : target_resolve(
				    target, call->dir, call->path, follows, &place);

	if (!is_found) {
		/* Not to be left to the kernel, where Landlock would let it pass. */
		*result = is_fd ? -EBADF : -ENOENT;
		return ANSWER;
	}
	if (!place.is_nameless &&
	    grants_judge(fence, kind, place.path, false) >= RULE_NO) {
		refusals_note(fence, target, place.path);
		*result = -EPERM;
	} else if (!target_is_ours(target)) {
		*result = -EPERM;
	} else {
		*result = doing_meta(target, &place);
	}
	place_clear(&place);
	return ANSWER;
}

static void
note_process(struct fence *fence, const struct target *target, pid_t pid)
{
	char text[40];

	snprintf(text, sizeof(text), "process %d", (int)pid);
	refusals_note(fence, target, text);
}

/* By a descriptor, which another thread could change after our look: so we send it. */
static enum fate
serve_pidfd_signal(struct fence *fence, struct target *target, long *result)
{
	const unsigned long long *arg = target->notif->data.args;
	AUTO_FD int fd = target_fd(target, (int)arg[0]);
	pid_t pid = fd < 0 ? 0 : target_pid_of(fd);

	if (fd < 0)
		*result = -EBADF;
	else if (pid > 0 && (arg[1] == 0 || target_has(pid)))
		*result = pidfd_send_signal(fd, (int)arg[1], NULL, 0) < 0 ? -errno : 0;
	else if (pid > 0)
		note_process(fence, target, pid);
	else
		*result = -ESRCH;
	return ANSWER;
}

/* A signal to somebody who is not below us: the holder, the server, another session. */
static enum fate
serve_signal(struct fence *fence, struct target *target, long *result)
{
	const unsigned long long *arg = target->notif->data.args;
	const char *name = target->call->name;
	bool is_thread = strcmp(name, "tgkill") == 0 ||
			 strcmp(name, "rt_tgsigqueueinfo") == 0;
	pid_t pid = (pid_t)arg[0];
	int sig = (int)arg[is_thread ? 2 : 1];
	pid_t who = pid < -1 ? -pid : pid;

	if (target->call->nr == SYS_pidfd_send_signal)
		return serve_pidfd_signal(fence, target, result);
	/*
	 * In a PID namespace of its own it can name nobody else.  A group without its leader
	 * is left to the kernel.
	 */
	if (fence->has_own_pids || sig == 0 || pid == 0 ||
	    (who > 0 && target_has(who)) ||
	    (who > 0 && kill(who, 0) < 0 && errno == ESRCH))
		return GO_ON;
	note_process(fence, target, pid);
	if (fence->abi >= 6)
		return GO_ON;
	*result = -EPERM;
	return ANSWER;
}

static enum fate
serve_trace(struct fence *fence, struct target *target, long *result)
{
	const unsigned long long *arg = target->notif->data.args;
	pid_t pid = (pid_t)arg[target->call->nr == SYS_ptrace ? 1 : 0];

	/* Landlock lets nobody trace beyond its fence, whatever the descriptor becomes. */
	if (target->call->nr == SYS_pidfd_getfd) {
		AUTO_FD int fd = target_fd(target, (int)pid);

		pid = fd < 0 ? 0 : target_pid_of(fd);
	} else if (fence->has_own_pids) {
		return GO_ON;
	}
	if (pid == (pid_t)target->notif->pid || target_has(pid))
		return GO_ON;
	note_process(fence, target, pid);
	*result = -EPERM;
	return ANSWER;
}

/* Limits and priorities of somebody else, or of all that the user runs. */
static enum fate
serve_govern(struct fence *fence, struct target *target, long *result)
{
	const unsigned long long *arg = target->notif->data.args;
	int nr = target->call->nr, all = nr == SYS_setpriority ? PRIO_USER : 3;
	pid_t pid = (pid_t)arg[target->call->path];
	bool is_all = (nr == SYS_setpriority || nr == SYS_ioprio_set) &&
		      (int)arg[0] == all;

	/* Asked and not set: everybody may. */
	if (nr == SYS_prlimit64 && arg[2] == 0)
		return GO_ON;
	if (!is_all && (pid == 0 || fence->has_own_pids || target_has(pid)))
		return GO_ON;
	if (is_all)
		refusals_note(fence, target, "all processes of the user");
	else
		note_process(fence, target, pid);
	*result = -EPERM;
	return ANSWER;
}

static enum fate
judge(struct fence *fence, struct target *target, long *result)
{
	switch (target->call->kind) {
	case CALL_OPEN: return serve_open(fence, target, result);
	case CALL_MAKE:
	case CALL_REMOVE:
	case CALL_SYMLINK:
	case CALL_CUT: return serve_path(fence, target, result);
	case CALL_MOVE:
	case CALL_LINK: return serve_two(fence, target, result);
	case CALL_META:
	case CALL_TIME:
	case CALL_META_FD: return serve_meta(fence, target, result);
	case CALL_SIGNAL: return serve_signal(fence, target, result);
	case CALL_TRACE: return serve_trace(fence, target, result);
	case CALL_GOVERN: return serve_govern(fence, target, result);
	case CALL_CONNECT:
	case CALL_BIND: return dial(fence, target, result) ? LATER : ANSWER;
	case CALL_NEVER: break;
	}
	refusals_note(fence, target, "");
	*result = -EPERM;
	return ANSWER;
}

static void
serve(struct fence *fence, const struct seccomp_notif *notif)
{
	struct target target = { .call = call_find(notif->data.nr),
		.notif = notif,
		.has_own_pids = fence->has_own_pids,
		.memory_fd = fence->memory_fd,
		.notify_fd = fence->notify_fd };
	long result = -EPERM;

	if (!target.call) {
		broker_continue(fence->notify_fd, notif->id);
		return;
	}
	switch (judge(fence, &target, &result)) {
	case GO_ON: broker_continue(fence->notify_fd, notif->id); break;
	case ANSWER: broker_answer(fence->notify_fd, notif->id, result); break;
	case LATER: break;
	}
}

void
fence_serve(struct fence *fence)
{
	struct pollfd p = { .fd = fence->notify_fd, .events = POLLIN };
	/* More than the headers know of, should the kernel's be longer. */
	union {
		struct seccomp_notif notif;
		char room[512];
	} u;

	for (int i = 0; i < TURN && poll(&p, 1, 0) > 0; i++) {
		if (p.revents & (POLLHUP | POLLERR | POLLNVAL)) {
			/* Nobody is left behind the fence. */
			close(fence->notify_fd);
			fence->notify_fd = -1;
			return;
		}
		memset(&u, 0, sizeof(u));
		if (ioctl(fence->notify_fd, SECCOMP_IOCTL_NOTIF_RECV, &u.notif) == 0)
			serve(fence, &u.notif);
		else if (errno != EINTR && errno != ENOENT)
			return;
	}
}
