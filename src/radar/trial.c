#include "base/crash.h"
#include "base/mem.h"
#include "radar/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All trials by one `git merge-tree --stdin` (git >= 2.39), each pair alone without it. */

/* So many pairs are worth the handful of processes that making them smaller takes. */
#define REDUCE_FROM 8

/* Adds the path of "MODE ID STAGE\tPATH", once. */
static void
add_file(struct radar_pair *pair, const char *record)
{
	const char *path = strchr(record, '\t');

	if (!path)
		return;
	path++;
	if (pair->files.n == 0 ||
	    strcmp(pair->files.item[pair->files.n - 1], path) != 0)
		git_list_add(&pair->files, path);
}

/* Behind the messages "COUNT, paths, kind, text" that start at I. */
static size_t
skip_messages(const struct git_list *records, size_t i)
{
	while (i < records->n && records->item[i][0]) {
		size_t n = strtoul(records->item[i], NULL, 10);

		if (n > records->n - i)
			return records->n;
		i += n + 3;
	}
	return i;
}

/*
 * Reads as many answers as there are: status, tree, and for a conflict its files, an empty
 * record, messages; each answer ends with an empty record.  Returns how many were read.
 */
static size_t
read_answers(const struct git_list *records, struct radar_pair *pair, size_t n)
{
	size_t i = 0, done = 0;

	while (done < n && i + 2 < records->n) {
		struct radar_pair *p = &pair[done];

		p->is_clean = strcmp(records->item[i], "1") == 0;
		if (!git_oid_ok(records->item[i + 1]))
			return done;
		i += 2;
		if (!p->is_clean) {
			for (; i < records->n && records->item[i][0]; i++)
				add_file(p, records->item[i]);
			i = skip_messages(records, i + 1);
		}
		if (i >= records->n)
			return done;
		i++;
		done++;
	}
	return done;
}

static int
try_alone(struct radar *radar, struct radar_pair *pair, struct err *err)
{
	struct merge_trial trial = { 0 };
	struct err why = ERR_INIT;

	git_list_clear(&pair->files);
	pair->is_clean = false;
	if (merge_trial(&radar->repo, pair->a, pair->b, &trial, &why) < 0) {
		if (why.kind == ERR_CONFLICT)
			return 0;
		*err = why;
		return -1;
	}
	pair->is_clean = trial.is_clean;
	for (size_t i = 0; i < trial.n; i++)
		git_list_add(&pair->files, trial.conflict[i].path);
	merge_trial_clear(&trial);
	return 0;
}

/* Does a name of PAIR hold the commit's?  git puts it behind what it had to move aside. */
static bool
has_moved(const struct radar_pair *pair)
{
	for (size_t i = 0; i < pair->files.n; i++) {
		if (strchr(pair->files.item[i], '~'))
			return true;
	}
	return false;
}

static char *
input_of(const struct radar_pair *pair, size_t n, const struct reduced *small)
{
	char *input = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&input, &size);

	for (size_t i = 0; i < n; i++) {
		const char *a = small ? reduced_of(small, i, false) : NULL;
		const char *b = a ? reduced_of(small, i, true) : pair[i].b;

		fprintf(f, "%s %s\n", a ? a : pair[i].a, b);
	}
	fclose(f);
	return input;
}

int
radar_trials(struct radar *radar, struct radar_pair *pair, size_t n, struct err *err)
{
	struct reduced *small = n >= REDUCE_FROM ? reduced_new(radar, pair, n) : NULL;
	AUTO_FREE char *input = input_of(pair, n, small);
	size_t done = 0;
	int rc = 0;
	struct radar_call call = { .argv = GIT_ARGS(
				       "merge-tree", "--write-tree", "--stdin") };
	struct git_list records = { 0 };
	struct git_out out = { 0 };
	struct err quiet = ERR_INIT;

	call.input = input;
	if (n > 1 && radar_git(radar, &call, &out, &quiet) == 0) {
		git_list_split(&records, out.text, out.n);
		done = read_answers(&records, pair, n);
		git_list_clear(&records);
	}
	git_out_clear(&out);
	/* git 2.38, or a pair that ended it: the rest one by one. */
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (i >= done ||
		    (small && reduced_of(small, i, false) && has_moved(&pair[i])))
			rc = try_alone(radar, &pair[i], err);
	}
	reduced_free(small);
	return rc;
}

char *
radar_show(struct radar *radar, const char *a, const char *b, struct err *err)
{
	struct merge_trial trial = { 0 };
	char *text;

	if (merge_trial(&radar->repo, a, b, &trial, err) < 0)
		return NULL;
	text = merge_trial_show(&trial);
	merge_trial_clear(&trial);
	return text;
}

int
radar_union(
    struct radar *radar, const char *a, const char *b, const char *dir, struct err *err)
{
	AUTO_FREE char *file = xasprintf("%s/union.index", radar->dir);
	AUTO_FREE char *index = xasprintf("GIT_INDEX_FILE=%s", file);
	AUTO_FREE char *tree = xasprintf("--work-tree=%s", dir);
	struct merge_trial trial = { 0 };
	int rc;

	if (merge_trial(&radar->repo, a, b, &trial, err) < 0)
		return -1;
	if (!trial.is_clean) {
		rc = err_set(err, ERR_CONFLICT, "they do not merge");
	} else {
		const struct radar_call call = { .index = index,
			.argv = GIT_ARGS(
			    tree, "read-tree", "-u", "--reset", trial.tree) };

		(void)DURABLE("radar.union", unlink(file));
		rc = radar_git(radar, &call, NULL, err);
	}
	merge_trial_clear(&trial);
	return rc;
}
