#include "base/mark.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* The nesting of holders above, who the holder is below: its start and its pid. */
#define PID_BITS  22 /* of the kernel's largest pid */
#define WHO_BITS  54
#define WHO_MASK  ((UINT64_C(1) << WHO_BITS) - 1)
#define TOP_LEVEL UINT64_C(255)

static uint64_t
who(const struct proc_id *holder)
{
	return ((uint64_t)holder->start_ticks << PID_BITS | (uint64_t)holder->pid) &
	       WHO_MASK;
}

static uint64_t
own_mark(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_LOCKS, &limit) < 0 ? 0 : (uint64_t)limit.rlim_max;
}

bool
mark_put(const struct proc_id *holder)
{
	uint64_t above = own_mark(), level = above >> WHO_BITS, mark;
	struct rlimit limit;

	if (level > TOP_LEVEL)
		level = TOP_LEVEL + 1;
	/* A limit that is somebody's own leaves no room for who we are. */
	mark = level > 0 ? (level - 1) << WHO_BITS | who(holder) : above - (above > 0);
	limit.rlim_cur = limit.rlim_max = (rlim_t)mark;
	return setrlimit(RLIMIT_LOCKS, &limit) == 0;
}

bool
mark_read(pid_t pid, uint64_t *mark)
{
	char path[40], line[128], hard[24];
	AUTO_FILE FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Max file locks %*s %23s", hard) != 1)
			continue;
		*mark = strcmp(hard, "unlimited") == 0 ? UINT64_MAX
						       : strtoull(hard, NULL, 10);
		return true;
	}
	return false;
}

bool
mark_is_below(pid_t pid)
{
	uint64_t mark;

	return !mark_read(pid, &mark) || mark < own_mark();
}

bool
mark_is_of(uint64_t mark, const struct proc_id *holder)
{
	return mark != UINT64_MAX && mark >> WHO_BITS <= TOP_LEVEL &&
	       (mark & WHO_MASK) == who(holder);
}
