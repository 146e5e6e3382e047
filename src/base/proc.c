#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/*
 * Field 3 (state), 4 (ppid) and 22 (starttime) of /proc/PID/stat.  The command in field
 * 2 may hold blanks and parentheses, so reading starts behind the last one: proc(5).
 */
static int
read_stat(pid_t pid, char *state, pid_t *ppid, unsigned long long *start)
{
	char path[40], buf[1024];
	char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (slurp(path, buf, sizeof(buf)) < 0)
		return -1;
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ')
		return -1;
	p += 2;
	*state = *p;
	*ppid = (pid_t)strtol(p + 1, &p, 10);
	for (int field = 5; field < 22; field++) {
		p = strchr(p + 1, ' ');
		if (!p)
			return -1;
	}
	*start = strtoull(p + 1, NULL, 10);
	return 0;
}

static void
read_boot_id(char buf[40])
{
	ssize_t n = slurp("/proc/sys/kernel/random/boot_id", buf, 40);

	if (n < 0)
		strcpy(buf, "unknown"); /* NOLINT: fits */
	buf[strcspn(buf, "\n")] = '\0';
}

int
proc_identify(pid_t pid, struct proc_id *id, struct err *err)
{
	struct proc_id found = { .pid = pid };
	char state;
	pid_t ppid;

	if (read_stat(pid, &state, &ppid, &found.start_ticks) < 0)
		return err_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
	read_boot_id(found.boot_id);
	*id = found;
	return 0;
}

bool
proc_is_alive(const struct proc_id *id)
{
	unsigned long long start;
	char boot[40], state;
	pid_t ppid;

	if (id->pid <= 0)
		return false;
	read_boot_id(boot);
	if (strcmp(boot, id->boot_id) != 0)
		return false;
	if (read_stat(id->pid, &state, &ppid, &start) < 0)
		return false;
	return start == id->start_ticks && state != 'Z' && state != 'X';
}

pid_t
proc_parent(pid_t pid)
{
	unsigned long long start;
	char state;
	pid_t ppid;

	return read_stat(pid, &state, &ppid, &start) < 0 ? 0 : ppid;
}

void
proc_print(const struct proc_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "%d:%llu:%s", (int)id->pid, id->start_ticks, id->boot_id);
}

bool
proc_parse(const char *text, struct proc_id *id)
{
	struct proc_id got = { 0 };
	int pid, used = 0;

	if (sscanf(text, "%d:%llu:%39[0-9a-zA-Z-]%n", &pid, &got.start_ticks,
		got.boot_id, &used) != 3 ||
	    text[used] != '\0' || pid <= 0)
		return false;
	got.pid = pid;
	*id = got;
	return true;
}
