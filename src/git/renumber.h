#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stdbool.h>

/*
 * Numbers that are given at landing (CONFLICTS 5.1): migrations, numbered tests.  Two
 * sessions that begin at one commit both take the next number; who lands second gets the
 * numbers behind those that are there by then.
 */
struct renumber_spec {
	const char *target; /* commit id */
	const char *tip;    /* commit id of the session's work */
	bool (*is_in)(const char *path, const void *arg); /* is PATH of a series? */
	const void *arg;
};

/*
 * The name of PATH in three parts: up to its first number, the number, the rest.  False when
 * it has none or one that is too long.
 */
bool renumber_parts(
    const char *path, size_t *n_before, size_t *n_digits, unsigned long long *number);

/*
 * Where the target got new files of a series since the two parted, the files of the series
 * that the session added get the next numbers, in their own order and width; their names are
 * changed too where other files that the session changed name them.  OID gets a commit on
 * top of TIP, or TIP itself when there is nothing to do; SAID a line per file, "old ->
 * new".
 */
NODISCARD int renumber_tip(struct repo *repo, const struct renumber_spec *spec,
    char oid[GIT_OID_SIZE], struct git_list *said, struct err *err);
