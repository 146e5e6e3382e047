#include "engine/job.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/pin.h"
#include "radar/radar.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/*
 * What sessions at work have committed is pinned while they work.  And of one whose worktree
 * another program took away: what is still to be had is pinned, and what is there is told.
 */

#define MAX_SESSIONS 64

/* What there is of a session without a worktree. */
struct rest {
	struct repo *repo;
	const char *session, *branch;
	char base[GIT_OID_SIZE], tip[GIT_OID_SIZE], head[GIT_OID_SIZE];
	int is_ours, has_branch, has_head; /* its base is pinned; each with its id */
	char *snapshot; /* the ref of the newest on HEAD; NULL when there is none */
};

static int
read_rest(struct rest *r, struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", r->branch);

	r->is_ours = pin_read(r->repo, r->session, "base", r->base, err);
	r->has_head = r->is_ours < 0
			  ? -1
			  : pin_read(r->repo, r->session, "head", r->head, err);
	r->has_branch = 0;
	if (r->has_head >= 0 && r->branch[0])
		r->has_branch = repo_ref(r->repo->common_dir, ref, r->tip, err);
	return r->has_head < 0 || r->has_branch < 0 ? -1 : 0;
}

/* When the newest snapshot on HEAD was made, Unix ms; 0 when there is none, or long ago. */
static int64_t
snapshot_time(const struct rest *r, const char *head)
{
	AUTO_FREE char *ref = pin_snapshot_on(r->repo, r->session, head);
	AUTO_FREE char *path = ref ? path_join(r->repo->common_dir, ref) : NULL;
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

/* The radar saw its tree with all its files: the last it saw is as good as a snapshot. */
static int
pin_last_look(struct rest *r, const char *dir, int64_t since, struct err *err)
{
	AUTO_FREE char *objects = NULL;
	struct radar_tree seen = { 0 };
	struct radar *radar;
	int rc;

	if (!file_is_dir(dir))
		return 0;
	radar = radar_open_soon(r->repo, dir, err);
	if (!radar)
		return -1;
	rc = radar_last(radar, r->session, since, &seen);
	objects = radar_objects(radar);
	/* A snapshot that is younger than the look holds what is newer. */
	if (rc > 0 && strcmp(seen.head, seen.commit) != 0 &&
	    radar_last(radar, r->session, snapshot_time(r, seen.head), &seen) > 0)
		rc = pin_borrowed(
		    r->repo, objects, r->session, seen.head, seen.commit, err);
	/* Its branch may be gone, and this look the last that anybody had of its tip. */
	if (rc >= 0 && seen.head[0] && !r->has_branch) {
		int is_newer = r->has_head
				   ? repo_is_ancestor(r->repo, r->head, seen.head, err)
				   : 1;

		rc = is_newer;
		if (is_newer > 0)
			rc = pin_commit(r->repo, r->session, "head", seen.head, err);
	}
	radar_close(radar);
	return rc < 0 ? -1 : 0;
}

static int
pin_rest(struct rest *r, const struct fields *in, struct err *err)
{
	AUTO_FREE char *dir = path_join(
	    fields_text(in, "repo")[0] ? r->repo->home : fields_text(in, "home"),
	    "radar");
	struct err why = ERR_INIT;

	if (r->is_ours && r->has_branch &&
	    pin_commit(r->repo, r->session, "head", r->tip, err) < 0)
		return -1;
	if (fields_number(in, "live", 0) &&
	    pin_last_look(r, dir, fields_number(in, "since", 0), &why) < 0)
		log_warn("%s: what the radar saw last: %s", r->session, why.text);
	return 0;
}

/* In words, for the person who reads that the worktree is gone. */
static char *
rest_words(const struct rest *r)
{
	bool has_work = r->has_head && strcmp(r->head, r->base) != 0;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (has_work && r->has_branch)
		fprintf(f, "kept: what it committed on %s (%.12s)", r->branch, r->head);
	else if (has_work)
		fprintf(f,
		    "kept: what it committed (%.12s); its branch %s is gone, too",
		    r->head, r->branch);
	else if (r->has_branch)
		fprintf(f, "it had committed nothing on %s", r->branch);
	else
		fprintf(f, "its branch %s is gone, too, and no commit of it was seen",
		    r->branch);
	if (r->snapshot)
		fprintf(f, "; kept: what was not committed, as it was seen last (%s)",
		    strrchr(r->snapshot, '/') + 1);
	else
		fprintf(f, "; of what was not committed nothing is kept");
	fclose(f);
	return text;
}

static int
keep_rest(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { .lock_fd = -1 };
	struct rest r = { .repo = &repo,
		.session = fields_text(in, "session"),
		.branch = fields_text(in, "branch") };
	AUTO_FREE char *words = NULL;
	int rc = -1;

	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	if (read_rest(&r, err) == 0 && pin_rest(&r, in, err) == 0 &&
	    read_rest(&r, err) == 0) {
		const char *on = r.has_head ? r.head : r.base;

		if (on[0])
			r.snapshot = pin_snapshot_on(&repo, r.session, on);
		words = rest_words(&r);
		fields_set(out, "kept", words);
		rc = 0;
	}
	free(r.snapshot);
	repo_close(&repo);
	return rc;
}

static int
keep_tip(const struct fields *in, size_t i, struct err *err)
{
	const char *top = fields_text_at(in, i, "repo");
	struct repo repo = { .lock_fd = -1 };
	int rc;

	if (repo_open(top[0] ? top : fields_text(in, "top"), &repo, err) < 0)
		return -1;
	rc = worktree_pin_tip(&repo, fields_text_at(in, i, "path"),
	    fields_text_at(in, i, "session"), err);
	repo_close(&repo);
	return rc;
}

int
job_keep(const struct fields *in, struct fields *out, struct err *err)
{
	size_t n = (size_t)fields_number(in, "n_sessions", 0);

	if (fields_number(in, "gone", 0))
		return keep_rest(in, out, err);
	for (size_t i = 0; i < n && i < MAX_SESSIONS; i++) {
		struct err why = ERR_INIT;

		/* One that cannot be read keeps nobody else's work from being pinned. */
		if (keep_tip(in, i, &why) < 0)
			fields_setf(out, "trouble", "%s: %s",
			    fields_text_at(in, i, "session"), why.text);
	}
	return 0;
}
