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
