#pragma once

#include "engine/home.h"
#include "git/config.h"
#include "tracker/forge.h"
#include "tracker/tracker.h"

/*
 * A tracker over the network, reached as the settings say: divisi.tracker, .url, .team,
 * .project, .token-variable, .token-helper, .program, .status.  Tokens are in none of them.
 */
struct track_link {
	const struct tracker *tracker; /* NULL until it is open */
	struct tracker_link link;
	struct tracker_state state;
	struct config config;      /* what the link borrows from */
	char origin[HOME_ID_SIZE]; /* where link.origin points to */
	struct git_list helper, names;
	const char **helper_arg;
	bool is_forge; /* set before it is opened: as divisi.forge.* says */
	char place[FORGE_PLACE_SIZE]; /* where link.pulls_at points to */
	struct tracker_status_name *status_name;
};

/*
 * Opens the tracker NAME for the checkout TOP.  ERR_USAGE for a name nobody has, ERR_INPUT
 * for a setting that cannot be meant, ERR_REFUSED for a program or helper that only the
 * committed settings name.  The caller closes it either way.
 */
NODISCARD int track_link_open(
    struct track_link *link, const char *top, const char *name, struct err *err);
void track_link_close(struct track_link *link); /* zeroed is fine */

/* The word for what ERR, which a call on LINK failed with, means for the next try. */
const char *track_link_trouble(const struct track_link *link, const struct err *err);

/*
 * Whom an issue that AGENT works on is assigned to (S-54, R-197): the agent's own account,
 * else who answers for it, else "".  LINK owns it.
 */
const char *track_account(const struct track_link *link, const char *agent);

/*
 * The tracker that CONFIG chooses: *NAME, which CONFIG owns, is "" for the built-in one.
 * ERR_INPUT for one that does not exist, with those that do.
 */
NODISCARD int track_chosen(
    const struct config *config, const char **name, struct err *err);
