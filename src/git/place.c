#include "git/place.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
git_is_missing(void)
{
	struct span rest = span_of(getenv("PATH") ? getenv("PATH") : ""), dir;

	while (span_next(&rest, ':', &dir)) {
		AUTO_FREE char *program = xasprintf(
		    "%.*s/git", dir.n ? (int)dir.n : 1, dir.n ? dir.p : ".");

		if (access(program, X_OK) == 0 && !file_is_dir(program))
			return false;
	}
	return true;
}

/* The git directory that the file .git of a linked worktree leads to, or NULL. */
static char *
follow_link(const char *path)
{
	AUTO_FREE char *text = file_read(path, 8192, NULL, NULL), *own = NULL;
	AUTO_FREE char *common_path = NULL, *common = NULL, *joined = NULL;

	if (!text || strncmp(text, "gitdir: ", 8) != 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	own = xstrdup(text + 8);
	common_path = path_join(own, "commondir");
	common = file_read(common_path, 8192, NULL, NULL);
	if (common)
		common[strcspn(common, "\n")] = '\0';
	joined = !common            ? xstrdup(own)
		 : common[0] == '/' ? xstrdup(common)
				    : path_join(own, common);
	return realpath(joined, NULL);
}

/* A directory of the person's own for a TOP that has no git directory. */
static char *
home_of(const char *top)
{
	AUTO_FREE char *state = file_state_dir();
	const char *name = strrchr(top, '/');
	AUTO_FREE char *slug = text_slug(name ? name + 1 : top, 40);
	char sha256[HASH_HEX_SIZE];

	hash_sha256(top, strlen(top), sha256);
	return xasprintf("%s/places/%s-%.8s", state, slug, sha256);
}

/* The .git above TOP, which is cut to where that stands; NULL when there is none. */
static char *
find_git_dir(char *top)
{
	AUTO_FREE char *begin = xstrdup(top);
	struct stat st;

	for (;;) {
		AUTO_FREE char *path = path_join(top, ".git");
		char *slash = strrchr(top, '/');

		/* Somebody else's is none of ours, as git itself has it. */
		bool is_ours = stat(path, &st) == 0 && st.st_uid == geteuid();

		AUTO_FREE char *head = path_join(path, "HEAD");

		if (is_ours && S_ISDIR(st.st_mode) && file_exists(head))
			return TAKE_PTR(path);
		if (is_ours && S_ISREG(st.st_mode)) {
			char *common = follow_link(path);

			if (common)
				return common;
		}
		if (!slash || slash == top) {
			strcpy(top, begin); /* not longer than it was */
			return NULL;
		}
		*slash = '\0';
	}
}

int
repo_place(const char *dir, struct repo *repo, struct err *err)
{
	struct repo r = { .lock_fd = -1, .lacks_git = true };
	char *slash;

	if (!git_is_missing())
		return repo_open(dir, repo, err);
	r.top = realpath(dir, NULL);
	if (!r.top || !file_is_dir(r.top)) {
		AUTO_FREE char *shown = text_show(dir, true);

		free(r.top);
		return err_set(err, ERR_NOT_FOUND, "%s is no directory", shown);
	}
	r.common_dir = find_git_dir(r.top);
	if (r.common_dir) {
		/* A linked worktree belongs to the main checkout. */
		slash = strrchr(r.common_dir, '/');
		if (slash && strcmp(slash, "/.git") == 0) {
			free(r.top);
			r.top = xstrndup(r.common_dir, (size_t)(slash - r.common_dir));
		}
		r.home = path_join(r.common_dir, "divisi");
	} else {
		r.home = home_of(r.top);
		r.common_dir = xstrdup(r.top);
	}
	r.main_branch = xstrdup("main");
	r.is_empty = true;
	*repo = r;
	return 0;
}
