#pragma once

#include "plan/plan.h"

/* A change of what one phase declares, for asking what would follow from it. */
enum alteration_kind { ALTERATION_ADD, ALTERATION_DROP, ALTERATION_CLEAR };

#define ALTERATION_DEPENDS TOUCH_N /* in the place of a touch: "Depends on" */

struct alteration {
	enum alteration_kind kind;
	int phase;        /* position */
	int touch;        /* enum touch, or ALTERATION_DEPENDS */
	const char *text; /* the item; borrowed; NULL with ALTERATION_CLEAR */
	const char *to;   /* target of a rename, else NULL */
	bool is_negated;  /* written with a leading '!' */
};

/*
 * A copy of PLAN with N alterations made in their order.  Its texts are PLAN's and those of
 * the alterations, which have to live as long; its hashes are PLAN's and mean nothing.
 * Dropping what is not there changes nothing.  The caller frees it with plan_free().
 */
struct plan *plan_altered(
    const struct plan *plan, const struct alteration *alteration, size_t n);

/* "take `x` out of Writes of 1A" and the like.  The caller frees it. */
char *alteration_text(const struct plan *plan, const struct alteration *alteration);
