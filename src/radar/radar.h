#pragma once

#include "git/merge.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What live sessions have in their trees now, uncommitted and untracked files included, and
 * whether that meets or merges (DESIGN 8, CONFLICTS 5.3).  Everything is written to an
 * index per session and an object store of our own: neither the sessions' checkouts and
 * indexes nor the repository's objects and refs are touched, and no repository lock is
 * taken.  Waits for git: for jobs, never for the server's loop.
 */
struct radar;

/*
 * Opens the store at DIR (made when absent), taking DIR/lock.  ERR_CONFLICT when another
 * radar holds it.  REPO must outlive it.
 */
struct radar *radar_open(const struct repo *repo, const char *dir, struct err *err);
/* The same, but a look that is under way is waited for: it is over soon. */
struct radar *radar_open_soon(
    const struct repo *repo, const char *dir, struct err *err);
void radar_close(struct radar *radar); /* NULL is fine */

/* Forgets everything in the store: when nothing lives, or what it holds is broken. */
NODISCARD int radar_forget(struct radar *radar, struct err *err);

/* One live tree; the caller gives SESSION and PATH, radar_scan() the rest. */
struct radar_tree {
	const char *session, *path;
	char head[GIT_OID_SIZE];   /* what it has checked out */
	char commit[GIT_OID_SIZE]; /* a commit on HEAD with all its files; or HEAD */
	char base[GIT_OID_SIZE];   /* where its work parted from the target */
	struct git_list touched;   /* paths that differ from BASE, sorted */
	bool is_new;               /* differs from the scan before, or there was none */
};

void radar_tree_clear(struct radar_tree *tree);

/*
 * Looks at one tree against the commit TARGET.  Ignored files stay out, and so do nested
 * repositories.  What the repository has is not copied: when a gc takes some of it that no
 * commit names, trials fail until radar_forget().  On failure TREE holds nothing; ERR_CONFLICT while somebody changes it
 * under our hands: the next scan sees it.
 */
NODISCARD int radar_scan(
    struct radar *radar, const char *target, struct radar_tree *tree, struct err *err);

/*
 * What the last scan of SESSION saw: TREE gets head and commit alone.  1; or 0 when there was
 * none since SINCE (Unix ms).  Its objects are in radar_objects().
 */
int radar_last(const struct radar *radar, const char *session, int64_t since,
    struct radar_tree *tree);
char *radar_objects(const struct radar *radar); /* the caller frees it */

/* What TARGET changed since BASE, sorted. */
NODISCARD int radar_changed(struct radar *radar, const char *base, const char *target,
    struct git_list *touched, struct err *err);

/*
 * Adds to SHARED the paths of A (sorted) that meet one of B (sorted): the same path, or
 * one a directory where the other has a file.
 */
void radar_shared(
    const struct git_list *a, const struct git_list *b, struct git_list *shared);

/* Two commits that may not merge. */
struct radar_pair {
	const char *a, *b;
	bool is_clean;
	struct git_list files; /* that conflict */
};

/*
 * Merges every pair in memory, all by one git.  The verdicts are git's own.  A pair that
 * git cannot merge at all (no common history) fails alone: no files, not clean.
 */
NODISCARD int radar_trials(
    struct radar *radar, struct radar_pair *pair, size_t n, struct err *err);

/* Both sides of what conflicts between commits A and B, for a person.  Caller frees. */
char *radar_show(struct radar *radar, const char *a, const char *b, struct err *err);

/* What one side defines, removes and uses: its diff from BASE.  NULL with ERR. */
struct radar_facts;
struct radar_facts *radar_facts(
    struct radar *radar, const char *base, const char *commit, struct err *err);
void radar_facts_free(struct radar_facts *facts); /* NULL is fine */

/*
 * What A took from under B although both merge: a name removed or given other parameters
 * by A (whose tree is A_COMMIT), newly used by B; an import that A drops from a file in which
 * B newly needs it.  One per line, "" when none; the caller frees it.  A guess: it asks for
 * a build of both, never for an order (CONFLICTS 2.6, S1, S2, S2m and S5).
 */
char *radar_alarms(struct radar *radar, const struct radar_facts *a,
    const char *a_commit, const struct radar_facts *b);

/*
 * Writes the merge of commits A and B to the empty directory DIR, as files without a
 * repository.  ERR_CONFLICT when they do not merge.
 */
NODISCARD int radar_union(struct radar *radar, const char *a, const char *b,
    const char *dir, struct err *err);
