#pragma once

#include "base/err.h"

#include <stddef.h>

/*
 * The blocking HTTP client of the command line: one connection to the server's Unix
 * socket, kept open between requests.  The path of the socket may be of any length.
 */
struct fetch;

#define FETCH_BODY_BYTES (256 * 1024 * 1024) /* a larger answer is refused */
#define FETCH_LINE_BYTES (32 * 1024 * 1024)  /* a longer line of a stream likewise */

struct fetch_reply {
	int status; /* HTTP status */
	char *body; /* NUL-terminated, never NULL */
	size_t n_body;
};

/*
 * Prepares requests to the socket SOCK; connects with the first one.  Returns NULL with
 * ERR_NO_SERVER when there is no such socket, ERR_SYSTEM.  The caller closes it.
 */
struct fetch *fetch_open(const char *sock, struct err *err);
void fetch_close(struct fetch *fetch);

/* From now on fetch_json() waits LIMIT_MS for an answer; 0, as at first, means for ever. */
void fetch_limit(struct fetch *fetch, long limit_ms);

/*
 * One request: METHOD is "GET", "POST", ...; TARGET the path with its query, already
 * escaped; JSON the body or NULL.
 * Returns 0 with REPLY filled whatever the HTTP status is (fetch_reply_clear() frees
 * it); -1 with ERR_NO_SERVER when nobody listens or the server went away in between,
 * ERR_TIMEOUT, ERR_INPUT when the answer is no HTTP or too large.  After ERR_NO_SERVER
 * with sys_errno 0 the request may have been carried out.
 */
NODISCARD int fetch_json(struct fetch *fetch, const char *method, const char *target,
    const char *json, struct fetch_reply *reply, struct err *err);
void fetch_reply_clear(struct fetch_reply *reply);

/* LINE is NUL-terminated, without its newline (LF or CRLF).  Nonzero ends the stream. */
typedef int fetch_line_fn(const char *line, size_t n, void *arg);

/*
 * Reads the answer to GET TARGET line by line until it ends or FN says stop: JSON lines
 * and server-sent events alike.  Returns 0 in both cases; for an HTTP status of 400 or
 * above no line is delivered and the body is in REPLY (else REPLY is empty with the
 * status).  -1 as fetch_json().
 */
NODISCARD int fetch_stream(struct fetch *fetch, const char *target, fetch_line_fn *fn,
    void *arg, struct fetch_reply *reply, struct err *err);

/* S percent-escaped for a path segment or a query value.  The caller frees it. */
char *fetch_escape(const char *s);
