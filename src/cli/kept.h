#pragma once

#include "git/repo.h"

/*
 * Opens the repository around DIR, or the one whose home keeps it when phases of a plan
 * there work in it (engine/home.h): whoever stands in either talks to one home.  Fails as
 * repo_place(); ERR_REFUSED when the keeper is not where it was.
 */
NODISCARD int kept_place(const char *dir, struct repo *repo, struct err *err);

/* Adds to TOPS the other repositories that sessions of STATUS work in, each once. */
struct json_object;
void kept_repositories(const struct json_object *status, struct git_list *tops);
