#pragma once

#include "core/happening.h"
#include "policy/depth.h"
#include "policy/panel.h"
#include "policy/review.h"

struct engine;

/* Who the reviewers of a panel are: as what they look, and which agents. */

/* Texts that a panel only borrows. */
struct seats_kept {
	char *item[4 * PANEL_MAX_SEATS];
	size_t n;
};

/* Keeps OWNED until seats_clear(); returns it. */
const char *seats_keep(struct seats_kept *kept, char *owned);
void seats_clear(struct seats_kept *kept);

/*
 * Sets the seats of PANEL for option O as IN says ("agent", "persona", else by "text", "complex"
 * and "depth").  -1 with ERR.
 */
NODISCARD int seats_choose(const struct engine *engine, const struct review_option *o,
    const struct fields *in, struct panel *panel, struct seats_kept *kept,
    struct err *err);
