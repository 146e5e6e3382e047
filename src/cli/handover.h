#pragma once

#include "engine/engine.h"
#include "web/server.h"

/*
 * A server whose program was replaced (an upgrade, a new build) goes on as the old one until
 * nothing of it is under way, and then becomes the new one: the same process, so that a
 * service manager notices nothing.  Agents are not concerned: their holders go on.
 */
struct handover;

struct handover_opts {
	struct event_base *base; /* its loop is broken when the time has come */
	const struct engine *engine;
	struct server_about *about; /* is_replaced is kept up to date */
	char *const *argv;          /* what the new program is started with */
	const char *program;        /* absolute path of the running program */
	long
	    look_ms; /* how soon PROGRAM is looked at after a change, and how often then */
};

/* OPTS' pointers are borrowed for its life.  The caller frees it; NULL with ERR. */
struct handover *handover_new(const struct handover_opts *opts, struct err *err);
void handover_free(struct handover *handover); /* NULL is fine */

/*
 * After the loop: becomes the new program when that is why the loop ended.  Returns when
 * it is not, or with ERR_SYSTEM when the new program cannot be executed.  The caller has
 * closed engine and server.
 */
NODISCARD int handover_exec(const struct handover *handover, struct err *err);
