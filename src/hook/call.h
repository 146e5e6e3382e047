#pragma once

#include "hook/scan.h"

/*
 * A tool call as an agent's hook is told of it, and the paths it would write.  Exact for the
 * tools that edit files; of a command only what it plainly says (shell.h).
 */
#define CALL_PATHS 64

enum call_of { CALL_CLAUDE, CALL_GEMINI, CALL_COPILOT }; /* whose answer is expected */

struct call {
	struct scan scan;
	enum call_of of;
	char *event, *tool, *cwd; /* never NULL */
	char *command;            /* a shell's, or a patch; "" when there is none */
	char *path[CALL_PATHS];   /* as they were written */
	size_t n;
	bool is_whole; /* nothing that matters was cut */
};

void call_init(struct call *call);
void call_clear(struct call *call);

/* Takes the next bytes of standard input; false when they are no JSON. */
bool call_feed(struct call *call, const char *bytes, size_t n);

enum call_kind {
	CALL_READS,  /* writes nothing, or nobody knows what */
	CALL_WRITES, /* the paths are exact */
	CALL_SHELL,  /* PATHS are what the command plainly says */
};

/*
 * After the last byte: what it is, with PATHS completed.  Paths become absolute, links on the
 * way to them followed; what cannot be made out is left out.
 */
enum call_kind call_finish(struct call *call);
