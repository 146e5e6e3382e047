#include "radar/reduce.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * git's merge decides each path by itself, except where it looks for renames (a side that
 * both adds and deletes is not reduced) and where a file meets a directory (both are kept).
 */

/* What one side changed since its base. */
struct side {
	const char *tip, *base;
	struct change {
		const char *path; /* into git's answer */
		char old_mode[8], mode[8];
		char old_oid[GIT_OID_SIZE], oid[GIT_OID_SIZE];
		char status;
		bool is_kept; /* another side changed it, too */
	} * change;
	size_t n, cap;
	size_t base_tree, tree; /* their numbers among the trees */
	bool is_plain;
	char commit[GIT_OID_SIZE];
};

struct reduced {
	struct radar *radar;
	const struct radar_pair *pair;
	size_t n_pairs;
	char (*base)[GIT_OID_SIZE]; /* of each pair */
	struct side *side;          /* by base, then tip */
	size_t n, cap;
	struct git_out changed;
};

static int
compare_sides(const void *pa, const void *pb)
{
	const struct side *a = pa, *b = pb;
	int order = strcmp(a->base, b->base);

	return order ? order : strcmp(a->tip, b->tip);
}

static const struct side *
side_of(const struct reduced *r, const char *tip, const char *base)
{
	const struct side wanted = { .tip = tip, .base = base };

	return r->n == 0
		   ? NULL
		   : bsearch(&wanted, r->side, r->n, sizeof(wanted), compare_sides);
}

static void
collect_sides(struct reduced *r)
{
	size_t n = 0;

	for (size_t i = 0; i < 2 * r->n_pairs; i++) {
		const struct radar_pair *p = &r->pair[i / 2];

		if (!r->base[i / 2][0])
			continue;
		GROW(r->side, r->n, r->cap);
		r->side[r->n++] = (struct side){ .tip = i % 2 ? p->b : p->a,
			.base = r->base[i / 2] };
	}
	if (r->n > 0)
		qsort(r->side, r->n, sizeof(*r->side), compare_sides);
	for (size_t i = 0; i < r->n; i++) {
		if (n == 0 || compare_sides(&r->side[n - 1], &r->side[i]) != 0)
			r->side[n++] = r->side[i];
	}
	r->n = n;
}

/* ---- what they changed -------------------------------------------------------------- */

static bool
is_file(char status, const char *mode)
{
	return status || strcmp(mode, "100644") == 0 || strcmp(mode, "100755") == 0 ||
	       strcmp(mode, "120000") == 0;
}

/* ":OLD NEW OLD-ID NEW-ID STATUS" and its path; false when it is no such record. */
static bool
read_change(struct side *side, const char *record, const char *path)
{
	struct change c = { .path = path };

	if (sscanf(record, ":%7s %7s %64s %64s %c", c.old_mode, c.mode, c.old_oid,
		c.oid, &c.status) != 5)
		return false;
	if (!is_file(c.status == 'A', c.old_mode) || !is_file(c.status == 'D', c.mode))
		side->is_plain = false;
	GROW(side->change, side->n, side->cap);
	side->change[side->n++] = c;
	return true;
}

/* Reads the answer for one side at *AT. */
static int
read_side(const struct git_out *said, size_t *at, struct side *side, struct err *err)
{
	bool adds = false, deletes = false;

	if (*at >= said->n || strcmp(said->text + *at, side->tip) != 0)
		return err_set(err, ERR_SYSTEM, "git diff-tree left a commit out");
	side->is_plain = true;
	*at += strlen(side->tip) + 1;
	while (*at < said->n && said->text[*at] == ':') {
		const char *record = said->text + *at;
		const char *path = record + strlen(record) + 1;

		if (path >= said->text + said->n || !read_change(side, record, path))
			return err_set(err, ERR_SYSTEM, "git diff-tree broke off");
		adds |= side->change[side->n - 1].status == 'A';
		deletes |= side->change[side->n - 1].status == 'D';
		*at = (size_t)(path - said->text) + strlen(path) + 1;
	}
	if (adds && deletes)
		side->is_plain = false; /* may be a rename */
	if (!side->is_plain)
		side->n = 0;
	return 0;
}

static int
read_sides(struct reduced *r, struct err *err)
{
	AUTO_FREE char *input = NULL;
	size_t size = 0, at = 0;
	FILE *f = open_memstream(&input, &size);
	struct radar_call call = { .argv = GIT_ARGS("diff-tree", "--stdin", "--always",
				       "-r", "-z", "--raw", "--no-abbrev",
				       "--no-renames", "--no-ext-diff") };

	for (size_t i = 0; i < r->n; i++)
		fprintf(f, "%s %s\n", r->side[i].tip, r->side[i].base);
	fclose(f);
	call.input = input;
	if (radar_git(r->radar, &call, &r->changed, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		if (read_side(&r->changed, &at, &r->side[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- what may conflict -------------------------------------------------------------- */

static int
compare_changes(const void *pa, const void *pb)
{
	const struct change *a = *(struct change *const *)pa;
	const struct change *b = *(struct change *const *)pb;

	return strcmp(a->path, b->path);
}

static void
keep_path(struct change **change, size_t n, const char *path)
{
	const struct change wanted = { .path = path };
	const struct change *key = &wanted;
	struct change **found = bsearch(
	    &key, change, n, sizeof(struct change *), compare_changes);
	size_t at = found ? (size_t)(found - change) : n;

	while (at > 0 && at < n && strcmp(change[at - 1]->path, path) == 0)
		at--;
	for (; at < n && strcmp(change[at]->path, path) == 0; at++)
		change[at]->is_kept = true;
}

/* Is one of the directories that hold PATH itself a changed file?  Both are kept then. */
static void
keep_parents(struct change **change, size_t n, struct change *one)
{
	for (const char *at = one->path; (at = strchr(at, '/')); at++) {
		AUTO_FREE char *parent = xstrndup(one->path, (size_t)(at - one->path));
		const struct change wanted = { .path = parent };
		const struct change *key = &wanted;

		if (bsearch(
			&key, change, n, sizeof(struct change *), compare_changes)) {
			keep_path(change, n, parent);
			keep_path(change, n, one->path);
		}
	}
}

/* Marks what two of the sides FROM..END, which have one base, changed. */
static void
mark_kept(struct reduced *r, size_t from, size_t end)
{
	AUTO_FREE struct change **change = NULL;
	size_t n = 0;

	for (size_t i = from; i < end; i++)
		n += r->side[i].n;
	change = xcalloc(n + 1, sizeof(*change));
	n = 0;
	for (size_t i = from; i < end; i++) {
		for (size_t k = 0; k < r->side[i].n; k++)
			change[n++] = &r->side[i].change[k];
	}
	qsort(change, n, sizeof(struct change *), compare_changes);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(change[i - 1]->path, change[i]->path) == 0)
			change[i - 1]->is_kept = change[i]->is_kept = true;
		keep_parents(change, n, change[i]);
	}
}

/* ---- the commits -------------------------------------------------------------------- */

struct items {
	struct tree_item *item;
	size_t n, cap;
};

static void
add_item(struct items *items, size_t tree, const char *path, const char *mode,
    const char *oid)
{
	GROW(items->item, items->n, items->cap);
	items->item[items->n++] = (struct tree_item){ tree, path, mode, oid };
}

/* The kept paths of the sides FROM..END: each once, by path. */
static struct change **
kept_of(const struct reduced *r, size_t from, size_t end, size_t *n)
{
	struct change **kept = NULL;
	size_t n_all = 0, cap = 0;

	*n = 0;
	for (size_t i = from; i < end; i++) {
		for (size_t k = 0; k < r->side[i].n; k++) {
			if (!r->side[i].change[k].is_kept)
				continue;
			GROW(kept, n_all, cap);
			kept[n_all++] = &r->side[i].change[k];
		}
	}
	if (n_all > 0)
		qsort(kept, n_all, sizeof(struct change *), compare_changes);
	for (size_t i = 0; i < n_all; i++) {
		if (*n == 0 || strcmp(kept[*n - 1]->path, kept[i]->path) != 0)
			kept[(*n)++] = kept[i];
	}
	return kept;
}

/* The files of the base of the sides FROM..END, and of each of them. */
static void
add_group(struct reduced *r, size_t from, size_t end, struct items *items, size_t *tree)
{
	size_t n = 0, base = (*tree)++;
	AUTO_FREE struct change **kept = kept_of(r, from, end, &n);

	for (size_t k = 0; k < n; k++) {
		if (kept[k]->status != 'A')
			add_item(items, base, kept[k]->path, kept[k]->old_mode,
			    kept[k]->old_oid);
	}
	for (size_t i = from; i < end; i++) {
		struct side *s = &r->side[i];
		size_t at = 0;

		s->base_tree = base;
		s->tree = (*tree)++;
		/* Both are in the order of git, which is that of the bytes. */
		for (size_t k = 0; k < n; k++) {
			const struct change *c = kept[k];

			while (at < s->n && strcmp(s->change[at].path, c->path) < 0)
				at++;
			if (at < s->n && strcmp(s->change[at].path, c->path) == 0) {
				c = &s->change[at];
				if (c->status != 'D')
					add_item(
					    items, s->tree, c->path, c->mode, c->oid);
			} else if (c->status != 'A') {
				add_item(
				    items, s->tree, c->path, c->old_mode, c->old_oid);
			}
		}
	}
}

/* Stores N commits of the trees TREE on the parents PARENT ("" = none) by one git. */
static int
store_commits(struct radar *radar, const char *const *tree, const char *const *parent,
    size_t n, char (*oid)[GIT_OID_SIZE], struct err *err)
{
	static const char who[] = "divisi <divisi@localhost> 0 +0000";
	AUTO_FREE int *fd = xcalloc(n + 1, sizeof(*fd));
	AUTO_FREE char *input = NULL;
	size_t size = 0, made = 0;
	FILE *f = open_memstream(&input, &size);
	struct radar_call call = { .argv = GIT_ARGS("hash-object", "-t", "commit", "-w",
				       "--no-filters", "--stdin-paths") };
	struct git_out out = { 0 };
	const char *line;
	int rc = 0;

	for (; made < n && rc == 0; made++) {
		fd[made] = memfd_create("divisi-commit", MFD_CLOEXEC);
		if (fd[made] < 0) {
			rc = err_sys(err, "no room for a commit");
			break;
		}
		if (dprintf(fd[made], "tree %s\n%s%s%sauthor %s\ncommitter %s\n\nx\n",
			tree[made], parent[made][0] ? "parent " : "", parent[made],
			parent[made][0] ? "\n" : "", who, who) < 0)
			rc = err_sys(err, "a commit cannot be written");
		fprintf(f, "/proc/%ld/fd/%d\n", (long)getpid(), fd[made]);
	}
	fclose(f);
	call.input = input;
	if (rc == 0)
		rc = radar_git(radar, &call, &out, err);
	line = out.text;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (sscanf(line, "%64s", oid[i]) != 1 || !git_oid_ok(oid[i]))
			rc = err_set(err, ERR_SYSTEM, "git hash-object gave no id");
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	git_out_clear(&out);
	for (size_t i = 0; i < made; i++)
		close(fd[i]);
	return rc;
}

/* A commit for each base, then one for each side on it. */
static int
make_commits(struct reduced *r, char (*tree)[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE const char **of = xcalloc(r->n + 1, sizeof(*of));
	AUTO_FREE const char **on = xcalloc(r->n + 1, sizeof(*on));
	AUTO_FREE size_t *base = xcalloc(r->n + 1, sizeof(*base));
	char(*made)[GIT_OID_SIZE] = xcalloc(r->n + 1, sizeof(*made));
	char(*side)[GIT_OID_SIZE] = xcalloc(r->n + 1, sizeof(*side));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < r->n; i++) {
		if (i == 0 || r->side[i].base_tree != r->side[i - 1].base_tree) {
			of[n] = tree[r->side[i].base_tree];
			on[n++] = "";
		}
		base[i] = n - 1;
	}
	rc = store_commits(r->radar, of, on, n, made, err);
	for (size_t i = 0; i < r->n; i++) {
		of[i] = tree[r->side[i].tree];
		on[i] = made[base[i]];
	}
	if (rc == 0)
		rc = store_commits(r->radar, of, on, r->n, side, err);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		snprintf(r->side[i].commit, GIT_OID_SIZE, "%s", side[i]);
	free(made);
	free(side);
	return rc;
}

static int
make_trees(struct reduced *r, struct err *err)
{
	char(*tree)[GIT_OID_SIZE] = xcalloc(2 * r->n + 1, sizeof(*tree));
	struct items items = { 0 };
	size_t n_trees = 0;
	int rc;

	for (size_t from = 0, end; from < r->n; from = end) {
		for (end = from; end < r->n; end++) {
			if (strcmp(r->side[end].base, r->side[from].base) != 0)
				break;
		}
		mark_kept(r, from, end);
		add_group(r, from, end, &items, &n_trees);
	}
	rc = trees_write(r->radar, items.item, items.n, n_trees, tree, err);
	/* One that keeps nothing at all has no tree. */
	for (size_t i = 0; i < n_trees && rc == 0; i++) {
		if (!tree[i][0])
			rc = err_set(err, ERR_NO, "nothing is left");
	}
	if (rc == 0)
		rc = make_commits(r, tree, err);
	free(items.item);
	free(tree);
	return rc;
}

struct reduced *
reduced_new(struct radar *radar, const struct radar_pair *pair, size_t n)
{
	struct reduced *r = xcalloc(1, sizeof(*r));
	struct err quiet = ERR_INIT;

	*r = (struct reduced){ .radar = radar, .pair = pair, .n_pairs = n };
	r->base = xcalloc(n + 1, sizeof(*r->base));
	if (radar_bases(radar, pair, n, r->base, &quiet) == 0) {
		collect_sides(r);
		if (r->n > 0 && read_sides(r, &quiet) == 0 &&
		    make_trees(r, &quiet) == 0)
			return r;
	}
	reduced_free(r);
	return NULL;
}

const char *
reduced_of(const struct reduced *r, size_t i, bool is_b)
{
	const struct radar_pair *p = &r->pair[i];
	const struct side *a, *b;

	if (!r->base[i][0])
		return NULL;
	a = side_of(r, p->a, r->base[i]);
	b = side_of(r, p->b, r->base[i]);
	if (!a || !b || !a->is_plain || !b->is_plain)
		return NULL;
	return is_b ? b->commit : a->commit;
}

void
reduced_free(struct reduced *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		free(r->side[i].change);
	free(r->side);
	free(r->base);
	git_out_clear(&r->changed);
	free(r);
}
