#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * The home as a directory among others: whose it is, who may read it, what lies in it, and
 * whether it is still the one that its journal was written in (CONTRACTS 1).
 */

/* How bad it is that something about a home is not as a server leaves it. */
enum home_weight {
	HOME_NOTE,  /* no harm: a file that is none of ours */
	HOME_LOOSE, /* others may look or write: closed by the next server that starts */
	HOME_FATAL, /* no server starts here */
};

struct home_flaw {
	enum home_weight weight;
	char path[4096];
	char text[512], fix[384];
};

/* Calls FN with each flaw of HOME.  Reads only; a home that is not there has none. */
void home_inspect(
    const char *home, void (*fn)(const struct home_flaw *flaw, void *arg), void *arg);

/*
 * Makes HOME when absent and closes what is open to others.  -1 with ERR_REFUSED
 * (somebody else's, or not what it should be), ERR_SYSTEM (cannot be written), each
 * with its mend; nothing but modes was changed.
 */
NODISCARD int home_secure(const char *home, struct err *err);

/* Whose journal lies in a home. */
enum home_origin {
	HOME_NEW,    /* nobody put a name to it yet */
	HOME_SAME,   /* it was made here */
	HOME_MOVED,  /* it was made elsewhere, where it is no more; or put back here */
	HOME_COPIED, /* it was made elsewhere, where it still is: this is a copy of it */
	HOME_DAMAGED, /* the file that says so cannot be read */
};

/*
 * What HOME's file `identity` says, with the place where it was made in *FROM (the caller
 * frees it; NULL unless moved or copied).  Reads only.
 */
enum home_origin home_origin(const char *home, char **from);

/* The name in 32 random letters that HOME gave itself when it was made; "" before that. */
#define HOME_ID_SIZE 33
void home_id(const char *home, char id[HOME_ID_SIZE]);

/*
 * Says in `identity` that HOME is here; the caller holds server.lock.  -1 with ERR_REFUSED
 * for a copy: its runs and worktrees are the other home's, and to sweep a lost run here
 * would be to kill a living agent there.  ERR_SYSTEM.
 */
NODISCARD int home_claim(const char *home, struct err *err);

/*
 * A repository that phases of another one's plan work in has no journal: its pins and
 * worktrees belong to the home of that plan, and the file `keeper` names it, by place and
 * by the name in its `identity`.
 *
 * home_keeper() reads it: 1 with the path of the home that keeps HOME's repository in
 * *KEEPER (the caller frees it), 0 when none does, -1 when the file is damaged.
 */
int home_keeper(const char *home, char **keeper);

/* ERR_REFUSED when one does: no server, and so no second journal, begins in HOME. */
NODISCARD int home_check_kept(const char *home, struct err *err);

/*
 * May HOME keep the repository whose own home is, or would be, OTHER?  ERR_REFUSED when
 * another one does, or when OTHER has a journal.  Reads only.
 */
NODISCARD int home_check_keep(const char *home, const char *other, struct err *err);

/*
 * The same, and says in OTHER, which is there, that HOME keeps it.  Again is harmless.
 * ERR_CONFLICT while a server works there, ERR_SYSTEM.
 */
NODISCARD int home_keep(const char *home, const char *other, struct err *err);

/*
 * Takes the lock of the directory HOME itself, which is the server's beside server.lock: a
 * file can be copied and put back while a server holds the one before, its directory not.
 * Returns a close-on-exec descriptor that holds it; or -1 with ERR_CONFLICT when another
 * process does, ERR_SYSTEM.
 */
NODISCARD int home_lock(const char *home, struct err *err);

/*
 * Renames HOME, with everything in it, to HOME.aside-N beside it.  The new name goes to
 * *ASIDE, which the caller frees.  -1 with ERR_SYSTEM, and nothing changed.
 */
NODISCARD int home_set_aside(const char *home, char **aside, struct err *err);
