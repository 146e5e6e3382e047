#pragma once

#include "base/err.h"
#include "git/config.h"

#include <stdbool.h>

/*
 * `divisi doctor agents`: what each agent's program is and can do, asked of the program
 * itself in a scratch worktree, and kept below the person's state directory until the
 * program's size or time changes.  CONFIG may be NULL.  Prints; returns how many agents can
 * be launched, or -1 with ERR when there is no room for a scratch directory.
 */
int doctor_agents(const struct config *config, bool as_json, struct err *err);

/* `divisi doctor WORD` here, whose only word is "agents".  Returns the exit status. */
int doctor_agents_word(const char *word, bool as_json);

/* `divisi agent list`: the catalogue, and what the settings say of each. */
void doctor_agents_list(const struct config *config, bool as_json);
