#pragma once

#include "base/err.h"
#include "engine/engine.h"

/*
 * The API: HTTP and JSON over home/sock (mode 0600).  Every route is one row of a table,
 * which divisi-api(7) is checked against.
 */
struct server;

/*
 * Binds home/sock (through /proc/self/fd, so that the length of the path never matters)
 * and answers on BASE.  A socket left behind by a dead server is replaced: the caller
 * holds server.lock.  NULL with ERR_SYSTEM.
 */
struct server *server_new(
    struct event_base *base, struct engine *engine, const char *home, struct err *err);
void server_free(struct server *server);

/* What the server says of itself; all of it may change while it runs. */
struct server_about {
	const char *version, *program; /* of divisi; where its executable is */
	int64_t started_at;            /* Unix ms */
	bool is_replaced; /* the executable is a newer one: it hands over soon */
};

/* ABOUT is borrowed for the server's life. */
void server_describe(struct server *server, const struct server_about *about);

/* When the last request came, clock_mono_ms(); 0 = none yet. */
int64_t server_last_request(const struct server *server);

/* One row of the route table, for the manual's check; NULL past the end. */
struct route_doc {
	const char *method, *path, *words;
};
const struct route_doc *server_route(size_t i);
