#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The agent's own cgroup, of version 2; cgroups(7). */

/*
 * A server that the system runs with "DelegateSubgroup=divisi-server" sits in a leaf of the
 * group that was given to it, and the agents' groups are its siblings: a group that holds
 * processes cannot divide memory among groups below it.
 */
#define SERVER_LEAF "/divisi-server"

bool
cgroup_write(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && file_write_all(fd, text, strlen(text)) == 0;
}

long long
cgroup_read(const char *dir, const char *name, const char *key)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_FREE char *text = file_read(path, 65536, NULL, NULL);
	size_t n_key = strlen(key);

	for (char *line = text; line && *line;) {
		char *end = strchrnul(line, '\n');

		if (n_key == 0)
			return strtoll(line, NULL, 10);
		if (strncmp(line, key, n_key) == 0 && line[n_key] == ' ')
			return strtoll(line + n_key + 1, NULL, 10);
		line = *end ? end + 1 : NULL;
	}
	return -1;
}

/* Where the cgroup v2 tree is mounted: mountinfo, fields 5 and behind " - "; proc(5). */
static bool
find_mount(char *buf, size_t size)
{
	AUTO_FILE FILE *f = fopen("/proc/self/mountinfo", "re");
	AUTO_FREE char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		const char *type = strstr(line, " - cgroup2 ");
		int from = 0, to = 0;

		if (!type)
			continue;
		if (sscanf(line, "%*s %*s %*s %*s %n%*s%n", &from, &to) != 0 ||
		    to <= from || (size_t)(to - from) >= size)
			continue;
		snprintf(buf, size, "%.*s", to - from, line + from);
		return true;
	}
	return false;
}

/* Our own cgroup below that mount: the line "0::/path". */
static bool
find_own(char *buf, size_t size)
{
	AUTO_FILE FILE *f = fopen("/proc/self/cgroup", "re");
	AUTO_FREE char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		char *leaf;

		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		leaf = strrchr(line, '/');
		if (strcmp(leaf, SERVER_LEAF) == 0)
			leaf[leaf == line + 3] = '\0';
		snprintf(buf, size, "%.*s", (int)size - 1, line + 3);
		return true;
	}
	return false;
}

/* Does that file of DIR, words in a line, have NAME? */
static bool
has_word(const char *dir, const char *file, const char *name)
{
	AUTO_FREE char *path = path_join(dir, file);
	AUTO_FREE char *text = file_read(path, 4096, NULL, NULL);
	char *state = NULL;

	for (char *word = text ? strtok_r(text, " \n", &state) : NULL; word;
	     word = strtok_r(NULL, " \n", &state)) {
		if (strcmp(word, name) == 0)
			return true;
	}
	return false;
}

/*
 * What is refused here (no such controller, not ours to give) is watched instead.  Nothing
 * is asked for that is there already: the kernel would wait for all groups that are just
 * going, which takes longer than all the rest of a start.
 */
static void
give_controller(const char *parent, const char *name, const char *order)
{
	if (has_word(parent, "cgroup.controllers", name) &&
	    !has_word(parent, "cgroup.subtree_control", name))
		(void)cgroup_write(parent, "cgroup.subtree_control", order);
}

void
cgroup_make(char *cgroup, size_t size, const char *run)
{
	char mount[200], own[200], parent[420], name[80];
	size_t n = 0;
	int len;

	cgroup[0] = '\0';
	if (!find_mount(mount, sizeof(mount)) || !find_own(own, sizeof(own)))
		return;
	for (const char *s = run; *s && n + 1 < sizeof(name); s++)
		name[n++] = (char)(isalnum((unsigned char)*s) || *s == '-' ? *s : '_');
	name[n] = '\0';
	snprintf(
	    parent, sizeof(parent), "%s%s", mount, strcmp(own, "/") == 0 ? "" : own);
	len = snprintf(cgroup, size, "%s/divisi-%s-%d", parent, name, (int)getpid());
	if (len < 0 || (size_t)len >= size) {
		cgroup[0] = '\0';
		return;
	}
	give_controller(parent, "memory", "+memory");
	give_controller(parent, "pids", "+pids");
	/* One of this name is left from a holder that had our pid: only an empty one goes. */
	if (DURABLE("hold.cgroup-clear", rmdir(cgroup)) < 0 && errno != ENOENT)
		cgroup[0] = '\0';
	else if (DURABLE("hold.cgroup-make", mkdir(cgroup, 0755)) < 0)
		cgroup[0] = '\0';
}

pid_t
cgroup_fork(const char *cgroup)
{
	AUTO_FD int fd = open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)fd };

	return fd < 0 ? -1 : (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

void
cgroup_drop(char *cgroup)
{
	if (cgroup[0])
		DURABLE("hold.cgroup-remove", rmdir(cgroup));
	cgroup[0] = '\0';
}
