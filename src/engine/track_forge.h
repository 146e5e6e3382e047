#pragma once

#include "engine/track_link.h"
#include "tracker/forge.h"

/*
 * Where pull requests are opened (divisi.publish = pr or forge): on GitHub, in the repository
 * that a session's branch is pushed to.  The tracker of the plan need not be there: with its
 * issues on Linear, or in the built-in tracker, GitHub is reached as divisi.forge.* says.
 */
struct forge_of {
	const char *top;     /* the plan's own checkout, whose settings count */
	const char *tracker; /* the plan's; "" is the built-in one */
	const char *repo;    /* the other repository's checkout (`Repo:`), or "" */
	const char *target;  /* the branch that pull requests are for */
};

/*
 * Opens LINK, which is zero, for the pull requests OF: the tracker itself when it has them,
 * else GitHub.  As track_link_open(); and ERR_REFUSED with its mend when nothing says which
 * repository there it is: neither divisi.forge.repo in it, nor the address of its remote.
 */
NODISCARD int track_forge_open(
    struct track_link *link, const struct forge_of *of, struct err *err);

/*
 * OWNER/NAME of REPO, whose settings are CONFIG, at the forge whose API is at API (or NULL):
 * divisi.forge.repo, else what the address of the remote of TARGET says.  ERR_REFUSED.
 */
struct forge_asked {
	const struct repo *repo;
	const struct config *config;
	const char *target, *api;
};
NODISCARD int track_forge_place(
    const struct forge_asked *asked, char place[FORGE_PLACE_SIZE], struct err *err);

/* Does the tracker NAME open pull requests itself? */
bool track_forge_is(const char *name);
