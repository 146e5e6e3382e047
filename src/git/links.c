#include "git/links.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <string.h>

void
links_find(const struct git_out *staged, struct git_list *links)
{
	struct git_list entries = { 0 };

	git_list_split(&entries, staged->text, staged->n);
	for (size_t i = 0; i < entries.n; i++) {
		/* "160000 OID STAGE\tPATH" */
		const char *oid = entries.item[i] + 7;
		const char *name = strchr(entries.item[i], '\t');
		AUTO_FREE char *link = NULL;

		if (!name || strncmp(entries.item[i], "160000 ", 7) != 0)
			continue;
		link = xasprintf("%.*s%s", (int)strcspn(oid, " "), oid, name);
		git_list_add(links, link);
	}
	git_list_clear(&entries);
}

void
links_out(const struct git_list *links, struct git_list *args)
{
	git_list_add(args, "update-index");
	git_list_add(args, "--force-remove");
	git_list_add(args, "--");
	for (size_t i = 0; i < links->n; i++)
		git_list_add(args, strchr(links->item[i], '\t') + 1);
}

static bool
is_empty_dir(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	bool is_empty = dir != NULL;

	while (is_empty && (e = readdir(dir)))
		is_empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	return is_empty;
}

void
links_back(const struct git_list *links, const char *dir, bool is_excluded,
    struct git_list *args)
{
	for (size_t i = 0; i < links->n; i++) {
		const char *name = strchr(links->item[i], '\t') + 1;
		AUTO_FREE char *path = path_join(dir, name);
		AUTO_FREE char *git = path_join(path, ".git");
		AUTO_FREE char *info = xasprintf("160000,%.*s,%s",
		    (int)(name - 1 - links->item[i]), links->item[i], name);

		if (!is_empty_dir(path) && !(is_excluded && file_exists(git)))
			continue;
		if (args->n == 0) {
			git_list_add(args, "update-index");
			git_list_add(args, "--add");
		}
		git_list_add(args, "--cacheinfo");
		git_list_add(args, info);
	}
}

/* The paths of the submodules that the commit TO declares. */
static int
find_declared(
    const struct repo *repo, const char *to, struct git_list *declared, struct err *err)
{
	AUTO_FREE char *blob = xasprintf("%s:.gitmodules", to);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("config", "--blob", blob, "-z", "--get-regexp",
		    "^submodule[.].*[.]path$") };
	struct git_list entries = { 0 };
	struct git_out out = { 0 };
	int rc = git_try(&call, &out, err);

	if (rc < 0)
		return -1;
	/* Without the file, or with one that git cannot read, nothing is declared. */
	if (rc == 0)
		git_list_split(&entries, out.text, out.n);
	for (size_t i = 0; i < entries.n; i++) {
		const char *value = strchr(entries.item[i], '\n');

		if (value)
			git_list_add(declared, value + 1);
	}
	git_list_sort(declared);
	git_list_clear(&entries);
	git_out_clear(&out);
	return 0;
}

int
links_bare(const struct repo *repo, const char *from, const char *to,
    struct git_list *paths, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("diff-tree", "-r", "-z", "--raw", "--no-renames",
		    "--diff-filter=AT", "--no-ext-diff", "--end-of-options", from, to),
		.max_bytes = (size_t)256 << 20 };
	struct git_list records = { 0 }, declared = { 0 };
	struct git_out out = { 0 };
	int rc = git_run(&call, &out, err);

	if (rc < 0)
		return -1;
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	/* ":OLDMODE 160000 OLD NEW A" and the path */
	for (size_t i = 0; rc == 0 && i + 1 < records.n; i += 2) {
		if (strncmp(records.item[i] + strcspn(records.item[i], " "), " 160000 ",
			8) != 0)
			continue;
		if (declared.n == 0)
			rc = find_declared(repo, to, &declared, err);
		if (rc == 0 && !git_list_has(&declared, records.item[i + 1]))
			git_list_add(paths, records.item[i + 1]);
	}
	git_list_clear(&records);
	git_list_clear(&declared);
	return rc;
}
