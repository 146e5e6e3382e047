#pragma once

#include "base/err.h"
#include "git/merge.h"

/*
 * Conflicts that need nobody: a path that is made again after the merge takes the target's
 * side meanwhile, and of a list that both sides add to both are kept (CONFLICTS 5.2, 5.4).
 */
enum settling { SETTLE_NOT, SETTLE_TARGET, SETTLE_UNION };

struct settle_rules {
	enum settling (*how)(const char *path, const void *arg);
	const void *arg;
};

/*
 * Settles every conflict of TRIAL between commits TARGET and TIP by RULES.  Returns 1 when
 * all are, TRIAL then has a tree without markers; 0 when one is not, TRIAL is as it was;
 * or -1.
 */
int settle_trial(struct repo *repo, const char *target, const char *tip,
    const struct settle_rules *rules, struct merge_trial *trial, struct err *err);
