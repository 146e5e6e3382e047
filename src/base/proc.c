#include "base/proc.h"

#include "base/crash.h"
#include "base/mark.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define MAX_TREE 100000 /* processes of one tree that are looked at */

static ssize_t
slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

struct stat_line {
	bool is_alive;
	pid_t ppid;
	unsigned long long start, ticks;
};

/*
 * Fields 3 (state), 4 (ppid), 14 to 17 (processor time of the process and of children it
 * has reaped), 20 (threads) and 22 (starttime) of /proc/PID/stat.  The
 * command in field 2 may hold blanks and parentheses, so reading starts behind the last
 * one: proc(5).  A first thread that ended before the others shows as a zombie although
 * the process lives, hence the thread count.
 */
static int
read_stat(pid_t pid, struct stat_line *line)
{
	char path[40], buf[1024], state;
	long n_threads = 0;
	char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (slurp(path, buf, sizeof(buf)) <= 0)
		return -1;
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ')
		return -1;
	p += 2;
	state = *p;
	line->ppid = (pid_t)strtol(p + 1, &p, 10);
	line->ticks = 0;
	for (int field = 5; field <= 22; field++) {
		p = strchr(p + (field > 5), ' ');
		if (!p)
			return -1;
		if (field >= 14 && field <= 17)
			line->ticks += strtoull(p, NULL, 10);
		if (field == 20)
			n_threads = strtol(p, NULL, 10);
	}
	line->start = strtoull(p, NULL, 10);
	line->is_alive = state != 'X' && (state != 'Z' || n_threads > 1);
	return 0;
}

static void
read_boot_id(char buf[40])
{
	ssize_t n = slurp("/proc/sys/kernel/random/boot_id", buf, 40);

	if (n <= 0)
		strcpy(buf, "unknown"); /* NOLINT: fits */
	buf[strcspn(buf, "\n")] = '\0';
}

int
proc_identify(pid_t pid, struct proc_id *id, struct err *err)
{
	struct stat_line line;

	if (read_stat(pid, &line) < 0)
		return err_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
	*id = (struct proc_id){ .pid = pid, .start_ticks = line.start };
	read_boot_id(id->boot_id);
	return 0;
}

bool
proc_is_of_this_boot(const struct proc_id *id)
{
	char boot[40];

	read_boot_id(boot);
	return strcmp(boot, id->boot_id) == 0;
}

bool
proc_is_alive(const struct proc_id *id)
{
	struct stat_line line;

	if (id->pid <= 0 || !proc_is_of_this_boot(id))
		return false;
	if (read_stat(id->pid, &line) < 0)
		return false;
	return line.start == id->start_ticks && line.is_alive;
}

pid_t
proc_parent(pid_t pid)
{
	struct stat_line line;

	return read_stat(pid, &line) < 0 ? 0 : line.ppid;
}

bool
proc_is_named(pid_t pid, const char *name)
{
	char path[40], buf[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (slurp(path, buf, sizeof(buf)) <= 0)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return strncmp(buf, name, 15) == 0;
}

struct proc_entry {
	struct proc_id id;
	pid_t ppid;
	bool is_below;
};

/* All living processes there are; the boot id is left out.  The caller frees it. */
static size_t
list_all(struct proc_entry **entries)
{
	struct proc_entry *all = NULL;
	size_t n = 0, cap = 0;
	struct dirent *e;
	DIR *dir = opendir("/proc");

	*entries = NULL;
	if (!dir)
		return 0;
	while ((e = readdir(dir))) {
		struct stat_line line;
		char *end;
		long pid = strtol(e->d_name, &end, 10);

		if (pid <= 0 || *end || read_stat((pid_t)pid, &line) < 0 ||
		    !line.is_alive)
			continue;
		GROW(all, n, cap);
		all[n++] = (struct proc_entry){
			.id = { .pid = (pid_t)pid, .start_ticks = line.start },
			.ppid = line.ppid,
		};
	}
	closedir(dir);
	*entries = all;
	return n;
}

static bool
is_listed(const struct proc_entry *all, size_t n, pid_t root, pid_t ppid)
{
	if (ppid == root)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (all[i].id.pid == ppid)
			return all[i].is_below;
	}
	return false;
}

/* Keeps the entries marked is_below as an array of identities. */
static size_t
take_marked(struct proc_entry *all, size_t n, struct proc_id **ids)
{
	size_t n_ids = 0, cap = 0;
	char boot[40];

	*ids = NULL;
	read_boot_id(boot);
	for (size_t i = 0; i < n; i++) {
		if (!all[i].is_below)
			continue;
		GROW(*ids, n_ids, cap);
		(*ids)[n_ids] = all[i].id;
		memcpy((*ids)[n_ids++].boot_id, boot, sizeof(boot));
	}
	return n_ids;
}

size_t
proc_tree(pid_t root, struct proc_id **ids)
{
	AUTO_FREE struct proc_entry *all = NULL;
	size_t n = list_all(&all);
	bool more = true;

	/* Parents mostly have the smaller pid, so one turn finds nearly everything. */
	while (more) {
		more = false;
		for (size_t i = 0; i < n; i++) {
			if (all[i].is_below || all[i].id.pid == root ||
			    !is_listed(all, n, root, all[i].ppid))
				continue;
			all[i].is_below = true;
			more = true;
		}
	}
	return take_marked(all, n, ids);
}

struct pid_list {
	pid_t *pid;
	size_t n, cap;
};

static void
add_pid(struct pid_list *list, pid_t pid)
{
	if (list->n >= MAX_TREE)
		return;
	GROW(list->pid, list->n, list->cap);
	list->pid[list->n++] = pid;
}

/* The children of PID; each of its threads has its own: proc(5), "children". */
static void
add_children(struct pid_list *list, pid_t pid)
{
	char path[80];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		AUTO_FILE FILE *f = NULL;
		char child[16];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid,
		    e->d_name);
		f = fopen(path, "re");
		while (f && fscanf(f, "%15s", child) == 1)
			add_pid(list, (pid_t)strtol(child, NULL, 10));
	}
	if (dir)
		closedir(dir);
}

/* A kernel without CONFIG_PROC_CHILDREN: by the parents of all there are. */
static void
add_tree(struct pid_list *list, pid_t root)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = proc_tree(root, &ids);

	for (size_t i = 0; i < n; i++)
		add_pid(list, ids[i].pid);
}

static long long
own_memory(pid_t pid)
{
	long long resident, shared;
	char path[40], buf[200], *at;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (slurp(path, buf, sizeof(buf)) <= 0)
		return 0;
	(void)strtoll(buf, &at, 10); /* the size */
	resident = strtoll(at, &at, 10);
	shared = strtoll(at, NULL, 10);
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

struct proc_usage
proc_usage_below(pid_t root)
{
	struct proc_usage usage = { 0 };
	struct pid_list list = { 0 };
	unsigned long long ticks = 0;
	bool has_children;

	has_children = access("/proc/thread-self/children", F_OK) == 0;
	if (has_children)
		add_children(&list, root);
	else
		add_tree(&list, root);
	for (size_t i = 0; i < list.n; i++) {
		struct stat_line line;

		if (read_stat(list.pid[i], &line) < 0)
			continue;
		ticks += line.ticks;
		if (!line.is_alive)
			continue;
		usage.n++;
		usage.memory_bytes += own_memory(list.pid[i]);
		if (has_children)
			add_children(&list, list.pid[i]);
	}
	free(list.pid);
	usage.cpu_ms = (long long)(ticks * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
	return usage;
}

/* Whether the environment of PID holds ENTRY; read in pieces, for it may be large. */
static bool
has_mark(pid_t pid, const char *entry)
{
	size_t want = strlen(entry), matched = 0;
	bool is_start = true, is_same = true;
	char path[40], buf[4096];
	AUTO_FD int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (is_start) {
				is_start = false;
				is_same = true;
				matched = 0;
			}
			if (buf[i] == '\0') {
				if (is_same && matched == want)
					return true;
				is_start = true;
			} else if (is_same) {
				is_same = matched < want && buf[i] == entry[matched];
				matched++;
			}
		}
	}
	return false;
}

size_t
proc_marked(const char *entry, struct proc_id **ids)
{
	AUTO_FREE struct proc_entry *all = NULL;
	size_t n = list_all(&all);

	for (size_t i = 0; i < n; i++)
		all[i].is_below = has_mark(all[i].id.pid, entry);
	return take_marked(all, n, ids);
}

size_t
proc_held(const struct proc_id *holder, struct proc_id **ids)
{
	AUTO_FREE struct proc_entry *all = NULL;
	size_t n = list_all(&all);

	for (size_t i = 0; i < n; i++) {
		uint64_t mark;

		all[i].is_below = mark_read(all[i].id.pid, &mark) &&
				  mark_is_of(mark, holder);
	}
	return take_marked(all, n, ids);
}

int
proc_open(const struct proc_id *id)
{
	int fd = pidfd_open(id->pid, 0);

	/* Alive now, so the descriptor is that process's and not that of a later one. */
	if (fd < 0 || proc_is_alive(id))
		return fd;
	close(fd);
	return -1;
}

bool
proc_signal(const struct proc_id *id, int sig)
{
	AUTO_FD int fd = -1;

	if (id->pid <= 0)
		return false;
	/* From here on the descriptor means one process; then it is asked who it is. */
	fd = pidfd_open(id->pid, 0);
	if (fd < 0 || !proc_is_alive(id))
		return false;
	return pidfd_send_signal(fd, sig, NULL, 0) == 0;
}

void
proc_print(const struct proc_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "%d:%llu:%s", (int)id->pid, id->start_ticks, id->boot_id);
}

/* A number of digits only, at least one; *AT is then behind it. */
static bool
take_digits(const char **at, unsigned long long *number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*number = strtoull(*at, &end, 10);
	*at = end;
	return errno == 0;
}

bool
proc_parse(const char *text, struct proc_id *id)
{
	struct proc_id got = { 0 };
	unsigned long long pid;
	size_t n;

	if (!take_digits(&text, &pid) || pid == 0 || pid > INT_MAX || *text++ != ':' ||
	    !take_digits(&text, &got.start_ticks) || *text++ != ':')
		return false;
	n = strspn(
	    text, "0123456789-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (n == 0 || n >= sizeof(got.boot_id) || text[n])
		return false;
	memcpy(got.boot_id, text, n);
	got.pid = (pid_t)pid;
	*id = got;
	return true;
}

#define NAME_SIZE 96

int
proc_sign(int fd, const struct proc_id *id)
{
	char text[NAME_SIZE] = "";

	if (id)
		proc_print(id, text, sizeof(text));
	return DURABLE("lock.sign", pwrite(fd, text, sizeof(text), 0)) < 0 ? -1 : 0;
}

bool
proc_is_signed(int fd)
{
	struct proc_id id;
	char text[NAME_SIZE];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return proc_parse(text, &id) && proc_is_alive(&id);
}

/* Is PID one that WHOSE started, or who was started by such a one? */
static bool
descends_from(pid_t pid, pid_t whose)
{
	for (int depth = 0; whose > 0 && pid > 1 && depth < 64; depth++) {
		if (pid == whose)
			return true;
		pid = proc_parent(pid);
	}
	return false;
}

bool
proc_works_in(const char *dir, pid_t but)
{
	AUTO_FREE char *real = realpath(dir, NULL);
	size_t n = real ? strlen(real) : 0;
	DIR *all = n > 1 ? opendir("/proc") : NULL;
	struct dirent *e;
	bool found = !all;

	while (all && !found && (e = readdir(all))) {
		AUTO_FREE char *link = xasprintf("/proc/%s/cwd", e->d_name);
		char cwd[4096];
		ssize_t len;

		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		len = readlink(link, cwd, sizeof(cwd) - 1);
		cwd[len > 0 ? len : 0] = '\0';
		found = strncmp(cwd, real, n) == 0 &&
			(cwd[n] == '\0' || cwd[n] == '/') &&
			!descends_from((pid_t)strtol(e->d_name, NULL, 10), but);
	}
	if (all)
		closedir(all);
	return found;
}
