#pragma once

#include "base/err.h"
#include "plan/verdict.h"

/*
 * What people said of pairs of unknown reach (`divisi assert`), read from the journal of a
 * home without its server.
 */
struct asserted {
	struct assertion *item; /* owns its texts */
	size_t n, cap;
};

/*
 * Reads the assertions about the plan at PATH (as the server knows it: absolute, no links)
 * from the journal in HOME.  Success without any when there is no journal yet.  -1 with the
 * errors of store_open(); ASSERTED is then empty.
 */
NODISCARD int asserted_read(
    struct asserted *asserted, const char *home, const char *path, struct err *err);
void asserted_clear(struct asserted *asserted);
