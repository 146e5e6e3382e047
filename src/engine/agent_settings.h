#pragma once

#include "git/config.h"
#include "plan/plan.h"

/* What a project says of an agent beside its program: divisi-config(5), agent.NAME.*. */

/*
 * The names of the variables that agent NAME receives beside the default list, blank
 * between: divisi.env and divisi.agent.NAME.env.  The caller frees it.
 */
char *agent_settings_env(const struct config *config, const char *name);

/*
 * May agent NAME run MODE, as divisi.agent.NAME.modes has it (a list of words; absent: all
 * that the catalogue allows)?  0; -1 with ERR_REFUSED G15.
 */
NODISCARD int agent_settings_check(const struct config *config, const char *name,
    enum exec_mode mode, struct err *err);

/* Adds the names of agents that CONFIG says the tracker dispatches (adapter = delegate). */
void agent_settings_away(const struct config *config, struct git_list *names);
