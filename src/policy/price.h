#pragma once

#include "base/err.h"

#include <stdint.h>

/*
 * What tokens cost, for agents that tell tokens and no dollars.  The table is of PRICE_DATE
 * and of list prices; divisi.agent.NAME.price wins over it.
 */
#define PRICE_DATE "2025-12-01"

struct price { /* cents for a million tokens, and how many the model can hold at once */
	int64_t input, cached, output;
	int64_t window;
};

/*
 * The price of MODEL, by the longest entry that its name begins with; NULL, "" and a name
 * nobody knows cost what the dearest one does.
 */
struct price price_of(const char *model);

/* Reads "INPUT/CACHED/OUTPUT" in dollars for a million tokens.  -1 with ERR_INPUT. */
NODISCARD int price_read(const char *text, struct price *price, struct err *err);

/* Thousandths of a cent for so many tokens, rounded up; below 0 counts as none. */
int64_t price_millicents(
    const struct price *price, int64_t input, int64_t cached, int64_t output);
