#include "base/mem.h"
#include "radar/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Trees from lists of files: all directories of one depth by one `git mktree`, deepest first. */

struct folder {
	size_t first, n; /* its items */
	char *text;      /* as mktree reads it */
	size_t n_text;
	const char *oid;
};

static size_t
depth_of(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static size_t
folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

static int
compare_items(const void *pa, const void *pb)
{
	const struct tree_item *a = pa, *b = pb;

	if (a->tree != b->tree)
		return a->tree < b->tree ? -1 : 1;
	return strcmp(a->path, b->path);
}

static bool
is_same_folder(const struct tree_item *a, const struct tree_item *b)
{
	size_t n = folder_length(a->path);

	return a->tree == b->tree && n == folder_length(b->path) &&
	       memcmp(a->path, b->path, n) == 0;
}

static void
write_text(struct folder *folder, const struct tree_item *item)
{
	FILE *f = open_memstream(&folder->text, &folder->n_text);

	for (size_t i = folder->first; i < folder->first + folder->n; i++) {
		const struct tree_item *it = &item[i];
		size_t skip = folder_length(it->path);

		fprintf(f, "%s %s %s\t%s", it->mode,
		    strcmp(it->mode, "040000") == 0 ? "tree" : "blob", it->oid,
		    it->path + skip + (skip > 0));
		fputc('\0', f);
	}
	fputc('\0', f);
	fclose(f);
}

static int
compare_folders(const void *pa, const void *pb)
{
	const struct folder *a = *(const struct folder *const *)pa;
	const struct folder *b = *(const struct folder *const *)pb;

	if (a->n_text != b->n_text)
		return a->n_text < b->n_text ? -1 : 1;
	return memcmp(a->text, b->text, a->n_text);
}

/* Asks git for the ids of N folders, those that are alike once; OUT keeps them. */
static int
make_folders(struct radar *radar, struct folder *folder, size_t n, struct git_out *out,
    struct err *err)
{
	AUTO_FREE struct folder **by = xcalloc(n, sizeof(*by));
	AUTO_FREE char *input = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&input, &size);
	struct radar_call call = { .argv = GIT_ARGS(
				       "mktree", "-z", "--missing", "--batch") };
	char *line;

	for (size_t i = 0; i < n; i++)
		by[i] = &folder[i];
	qsort(by, n, sizeof(struct folder *), compare_folders);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || compare_folders(&by[i - 1], &by[i]) != 0)
			fwrite(by[i]->text, 1, by[i]->n_text, f);
	}
	fclose(f);
	call.input = input;
	call.n_input = size;
	if (radar_git(radar, &call, out, err) < 0)
		return -1;
	line = out->text;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && compare_folders(&by[i - 1], &by[i]) == 0) {
			by[i]->oid = by[i - 1]->oid;
			continue;
		}
		by[i]->oid = line;
		line += strcspn(line, "\n");
		if (*line)
			*line++ = '\0';
		if (!git_oid_ok(by[i]->oid))
			return err_set(err, ERR_SYSTEM, "git mktree gave no id");
	}
	return 0;
}

/* The N items at ITEM, all DEPTH deep, become one for each directory; returns how many. */
static long
fold(struct radar *radar, struct tree_item *item, size_t n, struct arena *arena,
    struct err *err)
{
	AUTO_FREE struct folder *folder = xcalloc(n + 1, sizeof(*folder));
	struct git_out out = { 0 };
	size_t n_folders = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !is_same_folder(&item[i - 1], &item[i]))
			folder[n_folders++].first = i;
		folder[n_folders - 1].n++;
	}
	for (size_t i = 0; i < n_folders; i++)
		write_text(&folder[i], item);
	rc = make_folders(radar, folder, n_folders, &out, err);
	for (size_t i = 0; i < n_folders; i++) {
		const struct tree_item *of = &item[folder[i].first];

		if (rc == 0)
			item[i] = (struct tree_item){ .tree = of->tree,
				.path = arena_strndup(
				    arena, of->path, folder_length(of->path)),
				.mode = "040000",
				.oid = arena_strdup(arena, folder[i].oid) };
		free(folder[i].text);
	}
	git_out_clear(&out);
	return rc < 0 ? -1 : (long)n_folders;
}

/* Puts what is DEPTH deep behind the rest; returns where it begins. */
static size_t
part(struct tree_item *item, size_t n, size_t depth)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (depth_of(item[i].path) < depth) {
			struct tree_item swap = item[kept];

			item[kept++] = item[i];
			item[i] = swap;
		}
	}
	return kept;
}

int
trees_write(struct radar *radar, struct tree_item *item, size_t n, size_t n_trees,
    char (*oid)[GIT_OID_SIZE], struct err *err)
{
	struct arena *arena = arena_new();
	size_t depth = 0;
	long made = 0;

	for (size_t i = 0; i < n; i++) {
		if (depth_of(item[i].path) > depth)
			depth = depth_of(item[i].path);
	}
	for (size_t i = 0; i < n_trees; i++)
		oid[i][0] = '\0';
	for (bool is_root = false; !is_root && made >= 0; depth--) {
		size_t from = part(item, n, depth);

		is_root = depth == 0;
		qsort(item + from, n - from, sizeof(*item), compare_items);
		made = fold(radar, item + from, n - from, arena, err);
		n = from + (size_t)(made > 0 ? made : 0);
	}
	for (size_t i = 0; i < n && made >= 0; i++)
		snprintf(oid[item[i].tree], GIT_OID_SIZE, "%s", item[i].oid);
	arena_free(arena);
	return made < 0 ? -1 : 0;
}
