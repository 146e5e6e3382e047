#include "git/merge.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"

#include <stdio.h>
#include <string.h>

#define MAX_CONFLICTS  200
#define MAX_FILE_BYTES ((size_t)4 << 20)
#define MAX_TEXT_BYTES ((size_t)16 << 10)
#define MAX_ALL_BYTES  ((size_t)256 << 10)
#define N_CONTEXT      3

void
merge_trial_clear(struct merge_trial *trial)
{
	for (size_t i = 0; i < trial->n; i++) {
		free(trial->conflict[i].path);
		free(trial->conflict[i].text);
	}
	free(trial->conflict);
	*trial = (struct merge_trial){ 0 };
}

void
changed_paths_clear(struct changed_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		free(paths->item[i].path);
		free(paths->item[i].from);
	}
	free(paths->item);
	*paths = (struct changed_paths){ 0 };
}

/* One line of a conflicted file; ids in markers are cut to what people read. */
static void
put_line(FILE *out, struct span line)
{
	static const char *const marks[] = { "<<<<<<< ", "||||||| ", ">>>>>>> " };

	for (size_t i = 0; i < N_ELEMS(marks); i++) {
		AUTO_FREE char *label = NULL;

		if (!span_starts(line, marks[i]))
			continue;
		label = xstrndup(line.p + 8, line.n - 8);
		if (git_oid_ok(label))
			line.n = 8 + 12;
		break;
	}
	fprintf(out, "%.*s\n", SPAN_FMT(line));
}

/*
 * The hunks of TEXT that conflict, with a few lines around them.  NULL when there is no
 * marker: one side deleted the file, or it is binary.
 */
static char *
conflict_hunks(const char *text, size_t n)
{
	struct span rest = { text, n }, line, before[N_CONTEXT];
	char *hunks = NULL;
	size_t size = 0, n_before = 0;
	FILE *out = open_memstream(&hunks, &size);
	bool inside = false, any = false;
	int after = 0;

	while (out && span_next(&rest, '\n', &line) && size < MAX_TEXT_BYTES) {
		if (!inside && span_starts(line, "<<<<<<< ")) {
			if (any && after == 0)
				fputs("...\n", out);
			for (size_t i = 0; i < n_before; i++)
				put_line(out, before[i]);
			n_before = 0;
			inside = any = true;
		}
		if (inside || after > 0) {
			put_line(out, line);
			if (!inside)
				after--;
			if (inside && span_starts(line, ">>>>>>> ")) {
				inside = false;
				after = N_CONTEXT;
			}
		} else {
			if (n_before == N_CONTEXT)
				memmove(before, before + 1,
				    (N_CONTEXT - 1) * sizeof(before[0]));
			else
				n_before++;
			before[n_before - 1] = line;
		}
		fflush(out);
	}
	if (out && size >= MAX_TEXT_BYTES)
		fputs("...\n", out);
	if (out)
		fclose(out);
	if (any)
		return hunks;
	free(hunks);
	return NULL;
}

/* What git said about PATH: records "count, paths, kind, message" from FIRST on. */
static char *
conflict_words(const struct git_list *records, size_t first, const char *path)
{
	char *words = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&words, &size);

	for (size_t i = first; out && i < records->n;) {
		size_t n_paths = strtoul(records->item[i], NULL, 10);
		bool is_ours = false;

		if (n_paths == 0 || n_paths > records->n - i ||
		    i + n_paths + 2 >= records->n)
			break;
		for (size_t k = 1; k <= n_paths; k++)
			is_ours = is_ours || strcmp(records->item[i + k], path) == 0;
		if (is_ours &&
		    strncmp(records->item[i + n_paths + 1], "CONFLICT", 8) == 0 &&
		    size < MAX_TEXT_BYTES)
			fputs(records->item[i + n_paths + 2], out);
		fflush(out);
		i += n_paths + 3;
	}
	if (out)
		fclose(out);
	return words ? words : xstrdup("");
}

/* git's answer to a trial, being read. */
struct answer {
	const struct repo *repo;
	const struct git_list *records;
	size_t messages; /* where the messages begin */
	size_t n_bytes;  /* of text taken so far */
};

static int
add_conflict(
    struct answer *answer, struct merge_trial *trial, const char *path, struct err *err)
{
	AUTO_FREE char *name = xasprintf("%s:%s", trial->tree, path);
	struct git_call call = { .dir = answer->repo->common_dir,
		.env = answer->repo->env,
		.argv = GIT_ARGS("cat-file", "blob", name),
		.truncate = true,
		.max_bytes = MAX_FILE_BYTES };
	struct merge_conflict *conflict;
	struct git_out out = { 0 };

	GROW(trial->conflict, trial->n, trial->cap);
	conflict = &trial->conflict[trial->n++];
	*conflict = (struct merge_conflict){ .path = xstrdup(path) };
	/* Deleted on one side: then there is nothing but git's word. */
	if (answer->n_bytes < MAX_ALL_BYTES) {
		int rc = git_try(&call, &out, err);

		if (rc < 0)
			return -1;
		if (rc == 0 && !memchr(out.text, '\0', out.n))
			conflict->text = conflict_hunks(out.text, out.n);
		git_out_clear(&out);
	}
	if (!conflict->text)
		conflict->text = conflict_words(
		    answer->records, answer->messages, path);
	answer->n_bytes += strlen(conflict->text);
	return 0;
}

/* Takes git's answer apart: tree, conflicting paths, an empty record, messages. */
static int
read_trial(const struct repo *repo, const struct git_list *records,
    struct merge_trial *trial, struct err *err)
{
	struct answer answer = { .repo = repo, .records = records };
	size_t end = 1;

	if (records->n == 0 || !git_oid_ok(records->item[0]))
		return err_set(err, ERR_SYSTEM, "git merge-tree gave no tree");
	memcpy(trial->tree, records->item[0], strlen(records->item[0]) + 1);
	if (trial->is_clean)
		return 0;
	while (end < records->n && records->item[end][0] != '\0')
		end++;
	answer.messages = end + 1;
	for (size_t i = 1; i < end && trial->n < MAX_CONFLICTS; i++) {
		if (add_conflict(&answer, trial, records->item[i], err) < 0)
			return -1;
	}
	return 0;
}

int
merge_trial(const struct repo *repo, const char *a, const char *b,
    struct merge_trial *trial, struct err *err)
{
	struct git_call call = { .dir = repo->top,
		.lock_fd = repo->lock_fd,
		.env = repo->env,
		.argv = GIT_ARGS("merge-tree", "--write-tree", "-z", "--name-only",
		    "--messages", "--end-of-options", a, b) };
	struct merge_trial t = { 0 };
	struct git_list records = { 0 };
	struct git_out out = { 0 };
	int rc = git_try(&call, &out, err);

	if (rc != 0 && rc != 1) {
		if (rc > 1 && err && strstr(err->text, "unrelated histories"))
			err->kind = ERR_CONFLICT;
		git_out_clear(&out);
		return -1;
	}
	t.is_clean = rc == 0;
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	rc = read_trial(repo, &records, &t, err);
	git_list_clear(&records);
	if (rc < 0)
		merge_trial_clear(&t);
	else
		*trial = t;
	return rc;
}

char *
merge_trial_show(const struct merge_trial *trial)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < trial->n; i++) {
		AUTO_FREE char *path = text_show(trial->conflict[i].path, true);

		fprintf(out, "%s%s:\n", i > 0 ? "\n" : "", path);
		text_put(out, trial->conflict[i].text);
	}
	if (out)
		fclose(out);
	return text ? text : xstrdup("");
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct changed_path *)a)->path,
	    ((const struct changed_path *)b)->path);
}

int
merge_changed_paths(const struct repo *repo, const char *base, const char *commit,
    struct changed_paths *paths, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("diff-tree", "-r", "-z", "-M", "--name-status",
		    "--no-ext-diff", "--end-of-options", base, commit),
		.max_bytes = (size_t)256 << 20 };
	struct git_list records = { 0 };
	struct git_out out = { 0 };

	if (git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	*paths = (struct changed_paths){ 0 };
	for (size_t i = 0; i + 1 < records.n;) {
		struct changed_path *item;
		bool is_rename = records.item[i][0] == 'R';

		if (is_rename && i + 2 >= records.n)
			break;
		GROW(paths->item, paths->n, paths->cap);
		item = &paths->item[paths->n++];
		item->status = records.item[i][0];
		item->from = is_rename ? xstrdup(records.item[i + 1]) : NULL;
		item->path = xstrdup(records.item[i + (is_rename ? 2 : 1)]);
		i += is_rename ? 3 : 2;
	}
	git_list_clear(&records);
	if (paths->n > 1)
		qsort(paths->item, paths->n, sizeof(*paths->item), by_path);
	return 0;
}
