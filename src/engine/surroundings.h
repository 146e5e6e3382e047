#pragma once

#include "git/config.h"
#include "git/repo.h"
#include "plan/verdict.h"

/*
 * What the repository around a plan says about its verdicts: tracked paths with what they
 * are, and the settings.  `env` borrows from the rest.
 */
struct surroundings {
	struct git_tree tree;
	struct git_list infra, exclusive, derived, united, series, counted;
	struct tracked_link *link;
	struct verdict_env env;
};

NODISCARD int surroundings_read(struct surroundings *around, const struct repo *repo,
    const struct config *config, struct err *err);
/* Makes `env` anew after the lists were added to. */
void surroundings_refresh(struct surroundings *around);
void surroundings_clear(struct surroundings *around);
