#include "git/renumber.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"
#include "git/merge.h"
#include "git/retree.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MAX_DIGITS     18
#define MAX_TEXT_BYTES ((size_t)1 << 20)
/* A shorter name would be found in places where it means something else. */
#define MIN_STEM 4

/* A file that the session added to a series. */
struct numbered {
	const char *path; /* of the list of changes */
	size_t n_before, n_digits;
	unsigned long long old, new;
	char *new_path;
	bool is_renamed;
};

struct renumbering {
	struct repo *repo;
	const struct renumber_spec *spec;
	struct changed_paths ours, theirs; /* of the session, of the target */
	struct numbered *item;
	size_t n, cap;
};

bool
renumber_parts(
    const char *path, size_t *n_before, size_t *n_digits, unsigned long long *number)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *p = name;

	while (*p && !isdigit((unsigned char)*p))
		p++;
	*n_before = (size_t)(p - path);
	for (*n_digits = 0, *number = 0; isdigit((unsigned char)*p); p++) {
		if (++*n_digits > MAX_DIGITS)
			return false;
		*number = *number * 10 + (unsigned long long)(*p - '0');
	}
	return *n_digits > 0;
}

/* Are the files of one series: the same text before the number? */
static bool
same_series(const char *a, size_t n_a, const char *b, size_t n_b)
{
	return n_a == n_b && strncmp(a, b, n_a) == 0;
}

static bool
is_added(
    const struct renumbering *r, const struct changed_path *change, size_t *n_before)
{
	unsigned long long number;
	size_t n_digits;

	return change->status == 'A' && r->spec->is_in(change->path, r->spec->arg) &&
	       renumber_parts(change->path, n_before, &n_digits, &number);
}

/* Did the target get a file of the series of FILE? */
static bool
target_has_more(const struct renumbering *r, const struct numbered *file)
{
	for (size_t i = 0; i < r->theirs.n; i++) {
		size_t n_before;

		if (is_added(r, &r->theirs.item[i], &n_before) &&
		    same_series(
			r->theirs.item[i].path, n_before, file->path, file->n_before))
			return true;
	}
	return false;
}

/* The largest number of FILE's series in the target; 0 when there is none. */
static int
largest_number(const struct renumbering *r, const struct numbered *file,
    unsigned long long *largest, struct err *err)
{
	AUTO_FREE char *dir = xstrdup(file->path);
	char *slash = strrchr(dir, '/');
	struct tree_files files = { 0 };
	int rc;

	if (slash)
		*slash = '\0';
	else
		*dir = '\0';
	rc = tree_files_list(r->repo, r->spec->target, dir, &files, err);
	*largest = 0;
	for (size_t i = 0; rc == 0 && i < files.n; i++) {
		const char *path = files.item[i].path;
		unsigned long long number;
		size_t n_before, n_digits;

		if (renumber_parts(path, &n_before, &n_digits, &number) &&
		    same_series(path, n_before, file->path, file->n_before) &&
		    number > *largest)
			*largest = number;
	}
	tree_files_clear(&files);
	return rc;
}

static void
collect(struct renumbering *r)
{
	for (size_t i = 0; i < r->ours.n; i++) {
		struct numbered file = { .path = r->ours.item[i].path };
		size_t n_before;

		if (!is_added(r, &r->ours.item[i], &n_before))
			continue;
		(void)renumber_parts(
		    file.path, &file.n_before, &file.n_digits, &file.old);
		GROW(r->item, r->n, r->cap);
		r->item[r->n++] = file;
	}
}

/*
 * Gives the series of item FIRST its numbers: one after the other behind the target's, those
 * that shared a number (up and down of one migration) share the new one.
 */
static int
number_series(struct renumbering *r, size_t first, struct err *err)
{
	const struct numbered *head = &r->item[first];
	unsigned long long largest, last = 0, smallest = head->old, next;
	bool is_first = true;

	if (!target_has_more(r, head))
		return 0;
	if (largest_number(r, head, &largest, err) < 0)
		return -1;
	for (size_t i = first; i < r->n; i++) {
		if (same_series(r->item[i].path, r->item[i].n_before, head->path,
			head->n_before) &&
		    r->item[i].old < smallest)
			smallest = r->item[i].old;
	}
	if (smallest > largest)
		return 0;
	next = largest;
	/* Smallest first, each number once: a series has few files. */
	for (;;) {
		bool any = false;
		unsigned long long now = 0;

		for (size_t i = first; i < r->n; i++) {
			const struct numbered *f = &r->item[i];

			if (!same_series(
				f->path, f->n_before, head->path, head->n_before) ||
			    (!is_first && f->old <= last) || (any && f->old >= now))
				continue;
			now = f->old;
			any = true;
		}
		if (!any)
			return 0;
		next++;
		for (size_t i = first; i < r->n; i++) {
			struct numbered *f = &r->item[i];

			if (f->old != now || !same_series(f->path, f->n_before,
						 head->path, head->n_before))
				continue;
			f->new = next;
			f->is_renamed = true;
		}
		last = now;
		is_first = false;
	}
}

static int
number_all(struct renumbering *r, struct err *err)
{
	for (size_t i = 0; i < r->n; i++) {
		bool is_seen = false;

		for (size_t k = 0; k < i && !is_seen; k++)
			is_seen = same_series(r->item[i].path, r->item[i].n_before,
			    r->item[k].path, r->item[k].n_before);
		if (!is_seen && number_series(r, i, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n; i++) {
		struct numbered *f = &r->item[i];

		if (f->is_renamed)
			f->new_path = xasprintf("%.*s%0*llu%s", (int)f->n_before,
			    f->path, (int)f->n_digits, f->new,
			    f->path + f->n_before + f->n_digits);
	}
	return 0;
}

/* The name of PATH without directory and extension. */
static struct span
stem_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strchr(name, '.');

	return (struct span){ name, dot ? (size_t)(dot - name) : strlen(name) };
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* TEXT with every word that is the stem of a renamed file changed; NULL when none is. */
static char *
rename_words(const struct renumbering *r, const char *text, size_t n, size_t *n_new)
{
	char *new = NULL;
	FILE *out = open_memstream(&new, n_new);
	bool has_changed = false;

	for (size_t i = 0; i < n;) {
		size_t taken = 0;

		for (size_t k = 0; k < r->n && taken == 0; k++) {
			struct span stem = stem_of(r->item[k].path), to;

			if (!r->item[k].is_renamed || stem.n < MIN_STEM ||
			    stem.n > n - i || memcmp(text + i, stem.p, stem.n) != 0 ||
			    (i > 0 && is_word(text[i - 1])) ||
			    (i + stem.n < n && is_word(text[i + stem.n])))
				continue;
			to = stem_of(r->item[k].new_path);
			(void)fwrite(to.p, 1, to.n, out);
			taken = stem.n;
		}
		has_changed = has_changed || taken > 0;
		if (taken == 0)
			fputc(text[i++], out);
		i += taken;
	}
	fclose(out);
	if (has_changed)
		return new;
	free(new);
	return NULL;
}

static const struct numbered *
renamed(const struct renumbering *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->item[i].is_renamed && strcmp(r->item[i].path, path) == 0)
			return &r->item[i];
	}
	return NULL;
}

/* What becomes of a file the session changed: another name, other names in it. */
static int
edit_one(const struct renumbering *r, const char *path, struct tree_files *edits,
    struct err *err)
{
	const struct numbered *file = renamed(r, path);
	struct tree_files now = { 0 };
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *new = NULL;
	struct err none = ERR_INIT;
	size_t n = 0, n_new = 0;
	int rc = tree_files_find(r->repo, r->spec->tip, path, &now, err);

	if (rc == 0 && now.item[0].oid[0] && strncmp(now.item[0].mode, "100", 3) == 0)
		text = tree_blob(r->repo, now.item[0].oid, MAX_TEXT_BYTES, &n, &none);
	if (text && !memchr(text, '\0', n))
		new = rename_words(r, text, n, &n_new);
	if (rc == 0 && new)
		rc = tree_blob_put(r->repo, new, n_new, now.item[0].oid, err);
	if (rc == 0 && (file || new))
		tree_files_add(edits, file ? file->new_path : path, now.item[0].mode,
		    now.item[0].oid);
	tree_files_clear(&now);
	return rc;
}

static int
make_tip(struct renumbering *r, char oid[GIT_OID_SIZE], struct git_list *said,
    struct err *err)
{
	struct tree_files edits = { 0 };
	struct git_list parents = { 0 };
	AUTO_FREE char *commit = NULL;
	char tree[GIT_OID_SIZE];
	int rc = 0;

	/* Old names go first: one may be the new name of another. */
	for (size_t i = 0; i < r->n; i++) {
		if (r->item[i].is_renamed)
			tree_files_add(&edits, r->item[i].path, "0", "");
	}
	for (size_t i = 0; rc == 0 && i < r->ours.n; i++) {
		if (r->ours.item[i].status != 'D')
			rc = edit_one(r, r->ours.item[i].path, &edits, err);
	}
	if (rc == 0)
		rc = tree_rewrite(r->repo, r->spec->tip, &edits, tree, err);
	git_list_add(&parents, r->spec->tip);
	if (rc == 0)
		commit = pin_make_commit(
		    r->repo, tree, &parents, "Numbers given at landing", err);
	if (commit)
		snprintf(oid, GIT_OID_SIZE, "%s", commit);
	for (size_t i = 0; commit && i < r->n; i++) {
		const struct numbered *f = &r->item[i];
		AUTO_FREE char *line = f->is_renamed
					   ? xasprintf("%s -> %s", f->path, f->new_path)
					   : NULL;

		if (line)
			git_list_add(said, line);
	}
	git_list_clear(&parents);
	tree_files_clear(&edits);
	return commit ? 0 : -1;
}

int
renumber_tip(struct repo *repo, const struct renumber_spec *spec,
    char oid[GIT_OID_SIZE], struct git_list *said, struct err *err)
{
	struct renumbering r = { .repo = repo, .spec = spec };
	AUTO_FREE char *base = git_line(
	    repo->common_dir, GIT_ARGS("merge-base", spec->target, spec->tip), err);
	bool any = false;
	int rc = base ? 0 : -1;

	snprintf(oid, GIT_OID_SIZE, "%s", spec->tip);
	if (rc < 0 || strcmp(base, spec->target) == 0)
		return rc;
	rc = merge_changed_paths(repo, base, spec->tip, &r.ours, err);
	if (rc == 0)
		rc = merge_changed_paths(repo, base, spec->target, &r.theirs, err);
	if (rc == 0) {
		collect(&r);
		rc = number_all(&r, err);
	}
	for (size_t i = 0; i < r.n; i++)
		any = any || r.item[i].is_renamed;
	if (rc == 0 && any)
		rc = make_tip(&r, oid, said, err);
	for (size_t i = 0; i < r.n; i++)
		free(r.item[i].new_path);
	free(r.item);
	changed_paths_clear(&r.ours);
	changed_paths_clear(&r.theirs);
	return rc;
}
