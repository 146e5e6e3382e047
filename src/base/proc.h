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

/* True when that very process lives (zombies do not). */
bool proc_is_alive(const struct proc_id *id);

/* The parent of PID, 0 when there is none or PID is gone. */
pid_t proc_parent(pid_t pid);

/* Text form "pid:start:boot", for files and the journal; parse returns false if malformed. */
void proc_print(const struct proc_id *id, char *buf, size_t size);
bool proc_parse(const char *text, struct proc_id *id);
