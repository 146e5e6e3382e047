#pragma once

#include "base/err.h"
#include "core/happening.h"
#include "web/signed.h"

#include <event2/event.h>

/*
 * The door for webhooks: HTTP on a loopback address, one path per sender ("/github").  A
 * delivery is read, its signature checked, and kept by TAKE before it is answered; nothing
 * else happens here.  TLS and the world belong behind a proxy.
 */
struct hooks;

#define HOOKS_BODY_BYTES \
	(4L << 20) /* a larger one is refused as soon as it is announced */
#define HOOKS_CONNECTIONS 128
#define HOOKS_SECONDS     20 /* from the first byte to the answer */

struct hooks_opts {
	const char *secret[SENDER_N]; /* NULL: that sender is not known here */
	/*
	 * Keeps RAW (web/payload.h) so that no crash loses it.  1 kept; 0 of no interest; -1
	 * with ERR, and the sender hears that it is to come again.
	 */
	int (*take)(void *arg, const struct fields *raw, struct err *err);
	void *arg;
	int64_t (*now)(void); /* Unix ms */
};

/* How much came, by what became of it. */
struct hooks_count {
	long taken, skipped, refused, failed;
};

/*
 * Listens on ADDRESS ("127.0.0.1:8787", "[::1]:0", "8787").  NULL with ERR_USAGE when that is
 * no loopback address, ERR_CONFLICT when it is taken.  OPTS is borrowed for its life.
 */
struct hooks *hooks_new(struct event_base *base, const char *address,
    const struct hooks_opts *opts, struct err *err);
void hooks_free(struct hooks *hooks); /* NULL is fine */

int hooks_port(const struct hooks *hooks);
const struct hooks_count *hooks_count(const struct hooks *hooks);
