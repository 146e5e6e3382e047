#include "git/bounds.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/local.h"

#include <stdio.h>
#include <string.h>

/* Files of a worktree that say whose it is: the agent never changes them (hold/fence.h). */
static const char *const kept[] = { "commondir", "gitdir", "config.worktree",
	"divisi-session", "locked" };

/* DIR/REF, whose directory is made, so that a lock file finds a place. */
static char *
ref_path(const char *dir, const char *ref, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, ref);
	AUTO_FREE char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');

	*slash = '\0';
	return file_mkdirs(parent, 0777, err) < 0 ? NULL : TAKE_PTR(path);
}

static void
add_kept(const char *dir, const char *name, struct run_spec *spec)
{
	AUTO_FREE char *path = path_join(dir, name);

	run_spec_add_grant(spec, "keep", path);
}

int
bounds_add(const char *common_dir, const char *path, const char *branch,
    bool is_read_only, struct run_spec *spec, struct err *err)
{
	char common[4096];
	struct repo repo = { .common_dir = common };
	AUTO_FREE char *canon = worktree_canon(path, err);
	AUTO_FREE char *admin = NULL, *objects = NULL, *ref = NULL, *log = NULL;
	AUTO_FREE char *name = xasprintf("refs/heads/%s", branch);
	AUTO_FREE char *logs = path_join(common_dir, "logs");

	snprintf(common, sizeof(common), "%s", common_dir);
	if (!canon)
		return -1;
	/* Gone altogether: whoever wants to work there says so better than we. */
	if (!file_is_dir(canon))
		return 0;
	admin = worktree_admin(&repo, canon);
	if (!admin || !worktree_is_linked(canon, admin))
		return err_set(err, ERR_NOT_FOUND,
		    "%s is no worktree of this repository any more", path);
	add_kept(canon, ".git", spec);
	if (is_read_only)
		return 0;
	objects = path_join(common_dir, "objects");
	ref = ref_path(common_dir, name, err);
	log = ref ? ref_path(logs, name, err) : NULL;
	if (!log)
		return -1;
	for (size_t i = 0; i < N_ELEMS(kept); i++)
		add_kept(admin, kept[i], spec);
	run_spec_add_grant(spec, "write", admin);
	run_spec_add_grant(spec, "objects", objects);
	run_spec_add_grant(spec, "ref", ref);
	run_spec_add_grant(spec, "file", log);
	return 0;
}
