#pragma once

#include "plan/plan.h"

/*
 * How deep a review goes, by what kind of work it looks at, and by how many points of
 * view, by what that touches.  Pure.
 */
enum depth {
	DEPTH_SINGLE, /* one careful reader */
	DEPTH_FULL,   /* several points of view: any of D to H, a panel by itself */
	DEPTH_SCOPE,  /* of a spike: only whether it asks and answers the question */
	DEPTH_REGRESSION, /* of a bug's fix: whether it is mended, and what else broke */
	DEPTH_CHECKS,     /* of a chore: what the static checks say */
	DEPTH_ACCURACY,   /* of documentation: whether it is true */
	DEPTH_N,
};

const char *depth_name(enum depth depth); /* "single" "full" ...: stable */
/* The depth that TEXT begins with, "scope: it is a spike"; DEPTH_SINGLE for any other. */
enum depth depth_of(const char *text);
/* What stands behind it in such a text, or "". */
const char *depth_why(const char *text);

/* The option that DEPTH means where nobody names one, and as what its one reader looks. */
char depth_option(enum depth depth);
const char *depth_persona(enum depth depth);

/*
 * Of the change that PHASE makes: 3 points are one reader's.  What it is, "Type:" says,
 * else its mode, the beginning of its title or the files that it writes.  WHY of N bytes says it.
 */
enum depth depth_of_change(const struct phase *phase, char *why, size_t n);

/*
 * Of PLAN before anything of it is launched: 3 points of a feature are enough for a full one, and
 * so are three phases, or IS_REQUIRED.  Work of one light kind only is reviewed as that.
 */
enum depth depth_of_plan(
    const struct plan *plan, bool is_required, char *why, size_t n);
