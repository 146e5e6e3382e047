#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/repo.h"
#include "git/retree.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINK_BYTES ((size_t)64 << 10)

void
git_tree_clear(struct git_tree *tree)
{
	for (size_t i = 0; i < tree->n_links; i++) {
		free(tree->link[i].path);
		free(tree->link[i].to);
	}
	free(tree->link);
	git_list_clear(&tree->files);
	git_list_clear(&tree->submodules);
	*tree = (struct git_tree){ 0 };
}

/* PATH below TOP as it leads there, from the root; NULL when it leads out of TOP. */
static char *
below_top(const char *top, const char *path)
{
	size_t n = strlen(top);

	if (strncmp(path, top, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return xstrdup(path[n] ? path + n + 1 : "");
}

/*
 * Where the text TARGET of the link PATH leads, by the names alone; NULL when that is out of
 * the repository.
 */
static char *
lexical_target(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *whole = xasprintf(
	    "%.*s/%s", slash && *target != '/' ? (int)(slash - path) : 0, path, target);
	char *out = xmalloc(strlen(whole) + 1);
	struct span rest = span_of(whole), name;
	size_t n = 0;

	if (*target == '/') {
		free(out);
		return NULL;
	}
	while (span_next(&rest, '/', &name)) {
		if (name.n == 0 || span_eq(name, "."))
			continue;
		if (span_eq(name, "..")) {
			if (n == 0) {
				free(out);
				return NULL;
			}
			while (n > 0 && out[--n] != '/')
				;
			continue;
		}
		if (n > 0)
			out[n++] = '/';
		memcpy(out + n, name.p, name.n);
		n += name.n;
	}
	out[n] = '\0';
	return out;
}

/*
 * Where the tracked link PATH leads: as the checkout has it, else by its text; NULL when out
 * of the repository, or IS_LOST.
 */
static char *
link_target(const struct repo *repo, const char *path, const char *oid, bool *is_lost)
{
	AUTO_FREE char *file = path_join(repo->top, path);
	AUTO_FREE char *top = realpath(repo->top, NULL);
	AUTO_FREE char *real = realpath(file, NULL);
	AUTO_FREE char *text = NULL;
	struct err err = ERR_INIT;
	size_t n;

	if (top && real && strcmp(real, file) != 0)
		return below_top(top, real);
	text = tree_blob(repo, oid, MAX_LINK_BYTES, &n, &err);
	*is_lost = !text;
	return text ? lexical_target(path, text) : NULL;
}

static void
add_link(const struct repo *repo, struct git_tree *tree, size_t *cap, const char *path,
    const char *oid)
{
	bool is_lost = false;
	char *to = link_target(repo, path, oid, &is_lost);

	/* What leads out of the repository is nobody's file here. */
	if (!is_lost && (!to || strcmp(to, path) == 0)) {
		free(to);
		return;
	}
	GROW(tree->link, tree->n_links, *cap);
	tree->link[tree->n_links++] = (struct git_link){ xstrdup(path), to };
}

int
repo_tree(const struct repo *repo, struct git_tree *tree, struct err *err)
{
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("ls-files", "-z", "--cached", "--stage"),
		.max_bytes = (size_t)1 << 30 };
	struct git_list records = { 0 };
	struct git_out out = { 0 };
	const char *last = "";
	size_t cap = 0;

	if (git_run(&call, &out, err) < 0)
		return -1;
	*tree = (struct git_tree){ 0 };
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	/* "MODE OID STAGE\tPATH"; git lists paths bytewise, an unmerged one once a side. */
	for (size_t i = 0; i < records.n; i++) {
		char *record = records.item[i], *tab = strchr(record, '\t');
		char *oid = strchr(record, ' ');

		if (!tab || !oid || strcmp(tab + 1, last) == 0)
			continue;
		last = tab + 1;
		git_list_add(&tree->files, last);
		if (strncmp(record, "160000", 6) == 0)
			git_list_add(&tree->submodules, last);
		if (strncmp(record, "120000", 6) != 0)
			continue;
		oid[1 + strcspn(oid + 1, " ")] = '\0';
		add_link(repo, tree, &cap, last, oid + 1);
	}
	git_list_clear(&records);
	return 0;
}
