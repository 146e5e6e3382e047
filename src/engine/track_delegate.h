#pragma once

#include "engine/track_work.h"

/*
 * The acts by which a tracker dispatches (SPEC 2.22): "delegate" gives the issue of a session
 * to an agent elsewhere, "undelegate" takes it back, "delegate-look" reads what is seen of it
 * there and at the remote.
 */
bool track_is_delegation(const char *kind);

/* Is NAME, as a tracker has it, agent TO: the same, or "TO-something", "TO[bot]", "TO (app)"? */
bool track_is_named(const char *name, const char *to);

/*
 * Does w->in's act.  OUT has of a look: status, state, summary, other, number, url,
 * pull_state, checks, review, branch, head; of a delegation "to".
 */
NODISCARD int track_delegation(
    struct track_work *w, struct fields *out, struct err *err);

/* The half of a look that asks no tracker: which branch of the remote is its work. */
NODISCARD int track_delegate_look(
    const struct fields *in, struct fields *out, struct err *err);
