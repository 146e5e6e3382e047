#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Taking a directory away so that nobody can swap it, or write into it by its name, between
 * the last look and the end: it is renamed first, looked at again there, and only then
 * emptied.
 */
struct aside {
	char *path; /* canonical */
	char *name; /* where it was moved; NULL while it was not */
	dev_t dev;  /* of the directory that was looked at */
	ino_t ino;
	uint64_t stamp; /* of everything in it, when it was looked at */
};

void aside_clear(struct aside *aside);

/*
 * Moves what an earlier removal of PATH that was cut off had moved away back to PATH, when
 * nothing is there.  Returns 1 when it did: what is there now may lack files, its .git
 * too; 0 when there was nothing to do, -1 with ERR.
 */
int aside_take_back(const char *path, struct err *err);

/*
 * Looks at the directory PATH: remembers which one it is and everything in it.
 * ERR_REFUSED when it is a symbolic link or no directory, or something is mounted there;
 * ERR_SYSTEM when it cannot be read.
 */
NODISCARD int aside_look(struct aside *aside, const char *path, struct err *err);

/*
 * Renames it to PATH.divisi-removing-N and looks again.  When it is another directory, or
 * something in it was changed, it goes back: ERR_CONFLICT.
 */
NODISCARD int aside_move(struct aside *aside, struct err *err);

/* Removes it, which cannot be undone.  -1 with ERR: the rest is at PATH again if it can. */
NODISCARD int aside_remove(struct aside *aside, struct err *err);
