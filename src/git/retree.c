#include "git/retree.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
tree_files_clear(struct tree_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->item[i].path);
	free(files->item);
	*files = (struct tree_files){ 0 };
}

void
tree_files_add(
    struct tree_files *files, const char *path, const char *mode, const char *oid)
{
	struct tree_file *file;

	GROW(files->item, files->n, files->cap);
	file = &files->item[files->n++];
	*file = (struct tree_file){ .path = xstrdup(path) };
	snprintf(file->mode, sizeof(file->mode), "%s", mode);
	snprintf(file->oid, sizeof(file->oid), "%s", oid);
}

/* Adds the records "MODE TYPE OID\tPATH" of `git ls-tree -z`, files only. */
static void
add_records(struct tree_files *files, const struct git_list *records)
{
	for (size_t i = 0; i < records->n; i++) {
		char *mode = records->item[i], *type = strchr(mode, ' ');
		char *oid = type ? strchr(type + 1, ' ') : NULL;
		char *path = oid ? strchr(oid + 1, '\t') : NULL;

		if (!path)
			continue;
		*type++ = *oid++ = *path++ = '\0';
		if (strcmp(type, "tree") != 0)
			tree_files_add(files, path, mode, oid);
	}
}

static int
list_tree(const struct repo *repo, const char *const *argv, struct tree_files *files,
    struct err *err)
{
	struct git_call call = { .dir = repo->common_dir, .argv = argv };
	struct git_list records = { 0 };
	struct git_out out = { 0 };

	if (git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	add_records(files, &records);
	git_list_clear(&records);
	return 0;
}

int
tree_files_find(const struct repo *repo, const char *tree, const char *path,
    struct tree_files *files, struct err *err)
{
	size_t before = files->n;

	if (list_tree(repo, GIT_ARGS("ls-tree", "-z", "--full-tree", tree, "--", path),
		files, err) < 0)
		return -1;
	if (files->n == before)
		tree_files_add(files, path, "0", "");
	return 0;
}

int
tree_files_list(const struct repo *repo, const char *tree, const char *dir,
    struct tree_files *files, struct err *err)
{
	AUTO_FREE char *below = xasprintf("%s/", dir);

	if (*dir)
		return list_tree(repo,
		    GIT_ARGS("ls-tree", "-z", "--full-tree", tree, "--", below), files,
		    err);
	return list_tree(
	    repo, GIT_ARGS("ls-tree", "-z", "--full-tree", tree), files, err);
}

char *
tree_blob(
    const struct repo *repo, const char *oid, size_t max, size_t *n, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("cat-file", "blob", oid),
		.max_bytes = max };
	struct git_out out = { 0 };

	if (git_run(&call, &out, err) < 0)
		return NULL;
	*n = out.n;
	return out.text;
}

int
tree_blob_put(const struct repo *repo, const char *bytes, size_t n,
    char oid[GIT_OID_SIZE], struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("hash-object", "-w", "--stdin"),
		.input = bytes,
		.n_input = n };
	struct git_out out = { 0 };

	if (git_run(&call, &out, err) < 0)
		return -1;
	snprintf(oid, GIT_OID_SIZE, "%.*s", (int)strcspn(out.text, "\n"), out.text);
	git_out_clear(&out);
	return 0;
}

/* What `git update-index --index-info -z` takes: a line per file, mode 0 takes it out. */
static char *
index_lines(const struct tree_files *files, size_t *n)
{
	static const char none[] = "0000000000000000000000000000000000000000";
	char *text = NULL;
	FILE *out = open_memstream(&text, n);

	for (size_t i = 0; i < files->n; i++) {
		const struct tree_file *file = &files->item[i];

		fprintf(out, "%s %s\t%s", file->oid[0] ? file->mode : "0",
		    file->oid[0] ? file->oid : none, file->path);
		fputc('\0', out);
	}
	fclose(out);
	return text;
}

int
tree_rewrite(struct repo *repo, const char *tree, const struct tree_files *files,
    char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *index = path_join(repo->home, "landing.index");
	AUTO_FREE char *lock = xasprintf("%s.lock", index);
	AUTO_FREE char *env = xasprintf("GIT_INDEX_FILE=%s", index);
	size_t n;
	AUTO_FREE char *lines = index_lines(files, &n);
	struct git_call call = { .dir = repo->top,
		.env = (const char *const[]){ env, NULL } };
	struct git_out out = { 0 };
	int rc;

	if (repo_lock(repo, err) < 0)
		return -1;
	call.lock_fd = repo->lock_fd;
	DURABLE("landing.unlock", unlink(lock));
	DURABLE("landing.clear", unlink(index));
	call.argv = GIT_ARGS("read-tree", tree);
	rc = git_run(&call, NULL, err);
	if (rc == 0) {
		call.argv = GIT_ARGS("update-index", "-z", "--index-info");
		call.input = lines;
		call.n_input = n;
		rc = git_run(&call, NULL, err);
	}
	if (rc == 0) {
		call.argv = GIT_ARGS("write-tree");
		call.input = NULL;
		call.n_input = 0;
		rc = git_run(&call, &out, err);
	}
	if (rc == 0)
		snprintf(
		    oid, GIT_OID_SIZE, "%.*s", (int)strcspn(out.text, "\n"), out.text);
	git_out_clear(&out);
	DURABLE("landing.remove", unlink(index));
	repo_unlock(repo);
	return rc;
}
