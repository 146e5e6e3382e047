#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stddef.h>

/* Trees made from trees, in memory as far as checkouts are concerned: an index of our own. */

/* One file of a tree: what `git ls-tree` says of it. */
struct tree_file {
	char *path;
	char mode[8];
	char oid[GIT_OID_SIZE]; /* "" = there is none: taken out of the tree */
};

struct tree_files {
	struct tree_file *item;
	size_t n, cap;
};

void tree_files_clear(struct tree_files *files);
void tree_files_add(
    struct tree_files *files, const char *path, const char *mode, const char *oid);

/*
 * The file PATH of TREE (any name of a commit or tree) at the end of FILES, its OID "" when
 * there is none.
 */
NODISCARD int tree_files_find(const struct repo *repo, const char *tree,
    const char *path, struct tree_files *files, struct err *err);

/* The files directly in directory DIR ("" is the root) of TREE. */
NODISCARD int tree_files_list(const struct repo *repo, const char *tree,
    const char *dir, struct tree_files *files, struct err *err);

/* The bytes of the blob OID; at most MAX, else ERR_INPUT.  NULL with ERR; the caller frees. */
char *tree_blob(
    const struct repo *repo, const char *oid, size_t max, size_t *n, struct err *err);

/* Stores N bytes as a blob. */
NODISCARD int tree_blob_put(const struct repo *repo, const char *bytes, size_t n,
    char oid[GIT_OID_SIZE], struct err *err);

/* TREE with FILES put in and taken out.  OID gets the new tree. */
NODISCARD int tree_rewrite(struct repo *repo, const char *tree,
    const struct tree_files *files, char oid[GIT_OID_SIZE], struct err *err);
