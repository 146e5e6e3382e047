#pragma once

#include "base/proc.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A mark that a holder puts on its agent and that is on everything the agent ever starts:
 * the hard limit of RLIMIT_LOCKS, which the kernel keeps for each process and enforces
 * nowhere since Linux 2.4.  fork() and execve() pass it on, and who has no right to raise
 * limits (CAP_SYS_RESOURCE) can only lower it.  So it tells of a process whose parents are
 * gone what its environment, its session and its parents do not tell any more.
 *
 * Each holder marks lower than it is marked itself: what lives below a holder is marked
 * lower than whoever lives beside that holder.
 */

/*
 * Marks this process, about to become the agent of the living HOLDER.  False when the kernel
 * does not take it; then nothing is changed.  getrlimit(2).
 */
bool mark_put(const struct proc_id *holder);

/* The hard limit of the living process PID; false when it is gone.  proc(5), "limits". */
bool mark_read(pid_t pid, uint64_t *mark);

/*
 * Is PID marked lower than we are, and so below a holder that we are not below?  Who is gone
 * counts as marked: nobody can say any more.
 */
bool mark_is_below(pid_t pid);

/* Did HOLDER put MARK?  Not when an agent has lowered it further since. */
bool mark_is_of(uint64_t mark, const struct proc_id *holder);
