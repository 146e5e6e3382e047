#pragma once

#include "git/config.h"

/*
 * Where divisi is worked from (S-5): a terminal or editor with the files (code), a chat that
 * reaches the trackers only (cowork), or a desktop program (desktop).  What can be done there
 * is decided by what is there, not by the name alone: cowork never makes a worktree or
 * a branch, and without git nobody does.
 */
enum surface_kind { SURFACE_CODE, SURFACE_COWORK, SURFACE_DESKTOP, SURFACE_N };

struct surface {
	enum surface_kind kind;
	const char *said_by; /* DIVISI_SURFACE, divisi.surface, or NULL: found */
	bool lacks_git;
	bool is_degraded; /* no worktrees and no branches (S-6) */
};

/* "code", "cowork", "desktop". */
const char *surface_name(enum surface_kind kind);

/* "full", or "degraded-cowork" (S-6, R-240). */
const char *surface_tier(const struct surface *surface);

/* "code (found), full": its name, who says so, its tier.  The caller frees it. */
char *surface_show(const struct surface *surface);

/*
 * The environment's DIVISI_SURFACE, else divisi.surface of CONFIG (NULL where there is none),
 * else code with git on PATH and cowork without.  ERR_INPUT for any other word.
 */
NODISCARD int surface_of(
    const struct config *config, struct surface *surface, struct err *err);

/* The same for the repository that holds DIR; where there is none, or no git, by the rest. */
NODISCARD int surface_at(const char *dir, struct surface *surface, struct err *err);

/* 0 where sessions can have worktrees and branches; else ERR_REFUSED with the mend (S-7). */
NODISCARD int surface_check_full(const struct config *config, struct err *err);
