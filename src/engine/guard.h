#pragma once

#include "engine/engine.h"

#include <stdio.h>

/*
 * What an agent may write, answered from memory before it tries (issue: the guard hook).  It
 * is the kind word in front of the fence: it knows what was declared, by whom, and how to ask
 * for more; it enforces nothing by itself.
 */
struct guard;

struct guard *guard_new(struct engine *engine);
void guard_free(struct guard *guard); /* NULL is fine */

/*
 * May CALLER's tool call write these paths?  IN: "tool", "n", "p0" ... absolute paths, "bash"
 * (1: read out of a command, as far as that tells), "missed" (calls no server answered).
 * OUT: "decision" none, tell or deny, and "text" for the agent.  Writes nothing: what is to be
 * kept is journalled later, summed up.
 */
#define GUARD_PATHS 64
void guard_ask(struct guard *guard, const struct fields *in,
    const struct caller *caller, struct fields *out);

/* Has S said something less than a second ago?  What is said more often is not kept. */
bool guard_is_hasty(struct guard *guard, const struct session *s);

/*
 * Who else has a claim on what PATTERNS (one per line) match, besides S: a line for a person
 * each into TEXT (may be NULL).  Returns their ids joined by commas; the caller frees it.
 */
char *guard_meets(
    struct guard *guard, const struct session *s, const char *patterns, FILE *text);

/* "S-B (phase 1B, active)" into BUF. */
void guard_name(const struct session *s, char *buf, size_t size);
