#pragma once

#include "core/happening.h"

/*
 * What CI wrote where a job failed: deliveries say which job it was, and its log is fetched
 * before the server hears of it, with the token of divisi.tracker.team.
 */

/*
 * Adds to each of the N deliveries of ORDER that names a failed job ("ci_job") what matters of
 * its log.  Waits for the network, for a few seconds at most; a log that cannot be had is left
 * out, and said in the program's own log.
 */
void ci_log_add(struct fields *order, const char *top);
