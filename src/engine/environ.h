#pragma once

#include "agent/agent.h"
#include "core/core.h"

/*
 * The environment of a session: the user's own, by the list of CONTRACTS 3, never all of
 * it; plus what isolates it from its siblings.
 */
void environ_add(struct run_spec *spec, const struct agent *agent,
    const struct session *s, const char *tmp_dir);

/*
 * Our own environment for a command a person configured, without what would point its git
 * elsewhere.  NULL-terminated; the caller frees the array, the entries are borrowed.
 */
char **environ_for_commands(void);

/* TEXT's lines as a NULL-terminated vector, NULL when there are none. */
char **environ_args(const char *text);
void environ_free_args(char **args);
