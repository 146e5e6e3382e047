#pragma once

#include "plan/glob.h"
#include "plan/verdict.h"

/* What becomes of a path that two phases change: A-3, and the merge actions of CONFLICTS 5.2. */
enum merging {
	MERGING_LINES,   /* git merges it line by line */
	MERGING_UNITED,  /* the lines of both sides are kept (divisi.united) */
	MERGING_DERIVED, /* made again at landing by its command (divisi.derived) */
	MERGING_NONE,    /* a picture, a lock file: one phase after the other */
};

struct merging_rules {
	struct merging_rule {
		struct glob *glob;
		enum merging merging;
	} * item;
	size_t n;
	const struct verdict_env *env; /* borrowed */
};

void merging_rules_init(struct merging_rules *rules, const struct verdict_env *env);
void merging_rules_clear(struct merging_rules *rules);

enum merging merging_of(const struct merging_rules *rules, const char *path);
