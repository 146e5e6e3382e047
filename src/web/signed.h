#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Who signed a delivery (SPEC 2.8): each sender has headers and a sum of its own.  Compared
 * in constant time; where the signature covers a time, an old one is refused.
 */
enum sender {
	SENDER_GITHUB,
	SENDER_LINEAR,
	SENDER_SENTRY,
	SENDER_VERCEL,
	SENDER_GENERIC,
	SENDER_N
};

struct sender_doc {
	const char *name;     /* "github", and "/github" is its path */
	const char *variable; /* of the environment, that holds its secret */
	const char *signature, *id, *event; /* names of its headers; NULL none */
};
const struct sender_doc *sender_doc(enum sender sender);
int sender_of(const char *name); /* -1 when unknown */

#define SIGNED_WINDOW_MS (5 * 60 * 1000)

/* What arrived: headers may be NULL. */
struct delivery {
	enum sender sender;
	const char *signature, *id, *event, *timestamp;
	const char *body; /* NUL-terminated */
	size_t n_body;
};

/*
 * 0 when SECRET signed it; ERR_REFUSED when not, or when the time that it signs (the header
 * of the generic and Sentry's) is outside the window around NOW.
 */
NODISCARD int delivery_check(
    const struct delivery *d, const char *secret, int64_t now, struct err *err);
