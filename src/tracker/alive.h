#pragma once

#include "base/err.h"

/* Whether an address that somebody named leads anywhere. */

/*
 * Asks for URL once, without any token, and does not go on to where it redirects.  1 when
 * something is there; 0 when its server says that nothing is (404, 410), with WHY of N bytes; -1
 * with ERR when that cannot be known: no connection, another status, no https: address.
 */
int alive_ask(const char *url, long limit_ms, char *why, size_t n, struct err *err);
