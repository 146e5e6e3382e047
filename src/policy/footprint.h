#pragma once

#include "plan/plan.h"
#include "policy/tree.h"

/*
 * What a text says it touches: paths it names that are in the repository, and files that
 * it wants made.  A proposal for a person, never a declaration: a text rarely names all
 * that its work will touch (DESIGN 4).
 */
struct footprint_item {
	enum touch touch;
	char *path;     /* a pattern of the plan file */
	char *to;       /* of a rename, else NULL */
	char *evidence; /* "directory with 14 files" */
};

struct footprint {
	struct footprint_item
	    *item; /* sorted by touch, then in the order of the text */
	size_t n, cap;
	char *hint; /* names that could not be used and why, one line; or NULL */
};

/*
 * Reads TEXT against TREE.  IS_READING is a phase that only looks (analysis): what is
 * there is read.  Otherwise a path is written unless the words around it say that it is
 * read, made, deleted, renamed or appended to.  Release with footprint_clear().
 */
void footprint_propose(
    struct tree *tree, const char *text, bool is_reading, struct footprint *footprint);
void footprint_clear(struct footprint *footprint);

/* Adds an item and takes it into the order; TO may be NULL.  The same path counts once. */
void footprint_add(struct footprint *footprint, enum touch touch, const char *path,
    const char *to, const char *evidence);

/*
 * Does it say where its work goes?  Reads alone do not, unless the phase IS_READING: as a
 * declaration they would claim that nothing is written.
 */
bool footprint_is_enough(const struct footprint *footprint, bool is_reading);

/* "- Writes: `a`, `b`\n..." as in a phase section.  The caller frees it. */
char *footprint_bullets(const struct footprint *footprint);
