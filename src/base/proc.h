#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Who a process is, so that a reused pid is never taken for it (CONTRACTS 1):
 * pid, start time in clock ticks since boot, and the boot id.
 */
struct proc_id {
	pid_t pid;
	unsigned long long start_ticks;
	char boot_id[40];
};

/* Fills ID for the living process PID.  -1 with ERR_NOT_FOUND when there is none. */
NODISCARD int proc_identify(pid_t pid, struct proc_id *id, struct err *err);

/*
 * False when the machine was restarted since ID was taken: then nothing that ID stood for
 * lives, whoever has its pid now.
 */
bool proc_is_of_this_boot(const struct proc_id *id);

/* True when that very process lives (zombies do not). */
bool proc_is_alive(const struct proc_id *id);

/* The parent of PID, 0 when there is none or PID is gone. */
pid_t proc_parent(pid_t pid);

/* Does the living process PID have this NAME, as the kernel cut it to 15 bytes? */
bool proc_is_named(pid_t pid, const char *name);

/*
 * Every living process below ROOT, ROOT itself not among them.  Returns how many and the
 * array in *IDS, which the caller frees (NULL when there are none).  A process that is
 * being made at this moment may be missed: who wants all of them repeats.
 */
size_t proc_tree(pid_t root, struct proc_id **ids);

/*
 * Every living process whose environment, as it was given to execve, holds exactly
 * ENTRY ("NAME=VALUE") and may be read by us.  As proc_tree().
 */
size_t proc_marked(const char *entry, struct proc_id **ids);

/* Every living process that HOLDER marked (base/mark.h).  As proc_tree(). */
size_t proc_held(const struct proc_id *holder, struct proc_id **ids);

struct proc_usage {
	size_t n;         /* living processes */
	long long cpu_ms; /* their processor time, with that of children they reaped */
	long long
	    memory_bytes; /* resident and their own: what is shared is not counted */
};

/*
 * What the processes below ROOT use now, ROOT itself left out.  Looks at these only, so it
 * costs the same on a crowded machine.  A process that comes or goes meanwhile may be missed.
 */
struct proc_usage proc_usage_below(pid_t root);

/* Sends SIG to that very process, never to one that reused its pid.  False when gone. */
bool proc_signal(const struct proc_id *id, int sig);

/*
 * A descriptor that becomes readable when that very process ends, or -1 when it is gone.
 * The caller closes it.  pidfd_open(2).
 */
int proc_open(const struct proc_id *id);

/* Text form "pid:start:boot", for files and the journal; parse returns false if malformed. */
void proc_print(const struct proc_id *id, char *buf, size_t size);
bool proc_parse(const char *text, struct proc_id *id);

/*
 * The same in a lock file that is ours: a copy of the file is free, though who is named in it
 * lives.  NULL names nobody.  -1 with errno; then the file may name whom it named before.
 */
NODISCARD int proc_sign(int fd, const struct proc_id *id);
/* Does the process live that the file names? */
bool proc_is_signed(int fd);

/*
 * True when a process works in the directory DIR or below, or where that cannot be told.  The
 * process BUT and what descends from it are not meant; 0 means all.
 */
bool proc_works_in(const char *dir, pid_t but);
