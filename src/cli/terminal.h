#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * This terminal becomes that of the run in RUN_DIR until the person leaves it (TERMINAL_LEAVE)
 * or the run is over.  TAKES: they type, whoever did before.  Needs no server.
 *
 * Returns 1 when the run is over, 0 when the person left, -1 with ERR: ERR_CONFLICT when
 * there is no terminal here or there, ERR_NOT_FOUND when no holder answers.
 */
int terminal_join(const char *run_dir, bool takes, struct err *err);

#define TERMINAL_LEAVE_KEY  "Ctrl-]"
#define TERMINAL_LEAVE_BYTE 0x1D

/* The size of this terminal; 80 x 24 when there is none. */
void terminal_size(int *cols, int *rows);
