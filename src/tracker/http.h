#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The blocking HTTP client of the network trackers: one kept connection to one API, with a
 * token that goes to that place only.  Private to this room; runs in job processes.
 */
struct http;

#define HTTP_BODY_BYTES ((size_t)8 << 20) /* a larger answer is refused, unpacked */

/* The mend of an answer that is not the tracker's. */
#define HTTP_FIX_ADDRESS \
	"who answers there is not the tracker, or a proxy before it: look at divisi.tracker.url"

/*
 * Prepares requests to BASE ("https://host/path"); TOKEN is copied and wiped by
 * http_close().  AUTHORIZATION is what stands before it in its header, such as "Bearer ".
 * NULL with ERR_USAGE when BASE is no https: address (http: to loopback only) or holds a
 * user or password, ERR_SYSTEM.
 */
struct http *http_open(const char *base, long limit_ms, struct err *err);
void http_close(struct http *http);

/* TOKEN is from now on sent behind AUTHORIZATION ("Bearer "). */
void http_authorize(struct http *http, const char *authorization, const char *token);
bool http_is_authorized(const struct http *http);

struct http_call {
	const char *method;
	const char *target; /* appended to the base; may be "" */
	const char
	    *url; /* instead of base and target: without token, https or loopback */
	const char *const *header; /* NULL-terminated "Name: value", or NULL */
	const void *body;          /* or NULL */
	size_t n_body;
	bool may_redirect; /* where to is told in the answer; it is not gone to */
};

struct http_answer {
	int status;
	char *body; /* NUL-terminated, never NULL */
	size_t n_body;
	char *next;             /* target or address of the next page, or NULL */
	char *location;         /* where a redirect leads, or NULL */
	int64_t retry_after_ms; /* 0 = not said */
	int64_t reset_at;       /* Unix ms of our clock, 0 = not said */
	long requests_left, points_left; /* -1 = not said */
};

/*
 * One request.  0 with ANSWER filled (http_answer_clear()) whatever its status is, except
 * for redirects, which are never followed: ERR_REFUSED, unless the call may be redirected.  -1 with ERR_TIMEOUT, ERR_SYSTEM
 * (no connection, cut off), ERR_INPUT (too large, no HTTP), ERR_HUMAN (the certificate is
 * not trusted).  After all but the last the request may have been carried out.
 */
NODISCARD int http_send(struct http *http, const struct http_call *call,
    struct http_answer *answer, struct err *err);
void http_answer_clear(struct http_answer *answer);

/*
 * At most 200 bytes of TEXT on one line, for messages: without controls, and the token,
 * should it be in there, blotted out.  The caller frees it.
 */
char *http_quote(const struct http *http, const char *text);

/* S percent-escaped for a path segment or a query value.  The caller frees it. */
char *http_escape(const char *s);
