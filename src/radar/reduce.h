#pragma once

#include "radar/internal.h"

/*
 * Merging two commits costs git reading and writing every directory that either changed,
 * for each pair anew.  What can conflict are the paths that two of them changed: a commit of
 * only those for each base, and one on it for each side, have the same verdict and the same
 * conflicting files.
 */
struct reduced;

/*
 * Commits that can be merged instead of those of the N pairs, or NULL when git cannot tell;
 * reduced_of() is the one for side A or B of pair I, NULL where only the whole ones will do.
 */
struct reduced *reduced_new(
    struct radar *radar, const struct radar_pair *pair, size_t n);
const char *reduced_of(const struct reduced *reduced, size_t i, bool is_b);
void reduced_free(struct reduced *reduced); /* NULL is fine */

/*
 * The one best common ancestor of each of N pairs; "" where there are several, none, or too
 * many commits to look through.
 */
NODISCARD int radar_bases(struct radar *radar, const struct radar_pair *pair, size_t n,
    char (*base)[GIT_OID_SIZE], struct err *err);

/* A file of the tree number TREE, all of which are written by trees_write(). */
struct tree_item {
	size_t tree;
	const char *path;
	const char *mode, *oid;
};

/* Writes N_TREES trees of N files, in any order; ITEM is used up.  OID gets their ids. */
NODISCARD int trees_write(struct radar *radar, struct tree_item *item, size_t n,
    size_t n_trees, char (*oid)[GIT_OID_SIZE], struct err *err);
