#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The files of a repository, to be asked what a word of a text means there.  Pure: it
 * knows the tracked paths and nothing of the disk.
 */
struct tree;

/* PATH: N tracked paths, sorted bytewise, borrowed.  The caller frees the tree. */
struct tree *tree_new(const char *const *path, size_t n);
void tree_free(struct tree *tree);

enum tree_kind {
	TREE_NOTHING,   /* no path at all */
	TREE_FILE,      /* PATH is tracked */
	TREE_DIR,       /* PATH is a directory with N files, written with its slash */
	TREE_PATTERN,   /* PATH is a pattern that matches N files */
	TREE_AMBIGUOUS, /* N files have this name; PATH names some of them */
	TREE_ABSENT,    /* PATH has the form of one and is not there */
};

struct tree_hit {
	enum tree_kind kind;
	char *path;   /* owned; a pattern in which every odd character is escaped */
	bool is_name; /* found by its last part alone */
	size_t n;
};

enum tree_flags {
	TREE_QUOTED = 1,   /* the author put it in backquotes */
	TREE_SAYS_DIR = 2, /* the words around it speak of a directory */
};

/*
 * What WORD means: an exact path, a directory (without a slash only when FLAGS say so), a
 * pattern, a file name or the end of a path that only one file has, or README for the
 * README.* at the top.  Paths that leave the repository, options, addresses and what no
 * plan can write down are TREE_NOTHING.  Release the hit with tree_hit_clear().
 */
struct tree_hit tree_find(struct tree *tree, const char *word, unsigned flags);
void tree_hit_clear(struct tree_hit *hit);
