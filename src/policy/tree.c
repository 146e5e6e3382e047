#include "policy/tree.h"

#include "base/mem.h"
#include "base/text.h"
#include "plan/glob.h"

#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 512, AMBIGUOUS_SHOWN = 3 };

/* Patterns cost a walk over the files each; a text of strangers may hold any number. */
#define MATCH_BUDGET 20000000u

struct named {
	const char *name; /* the last part of PATH */
	const char *path;
};

struct tree {
	const char *const *path;
	size_t n, matches_left;
	struct named *by_name;
};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->path, y->path);
}

struct tree *
tree_new(const char *const *path, size_t n)
{
	struct tree *tree = xcalloc(1, sizeof(*tree));

	*tree = (struct tree){ .path = path, .n = n, .matches_left = MATCH_BUDGET };
	tree->by_name = xcalloc(n + 1, sizeof(*tree->by_name));
	for (size_t i = 0; i < n; i++)
		tree->by_name[i] = (struct named){ last_part(path[i]), path[i] };
	qsort(tree->by_name, n, sizeof(*tree->by_name), compare_named);
	return tree;
}

void
tree_free(struct tree *tree)
{
	if (!tree)
		return;
	free(tree->by_name);
	free(tree);
}

void
tree_hit_clear(struct tree_hit *hit)
{
	free(hit->path);
	*hit = (struct tree_hit){ 0 };
}

/* The first path that is not below S; with LEN the first that begins with more than S. */
static size_t
lower_bound(const struct tree *tree, const char *s)
{
	size_t lo = 0, hi = tree->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(tree->path[mid], s) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* How many paths begin with PREFIX. */
static size_t
count_below(const struct tree *tree, const char *prefix)
{
	size_t len = strlen(prefix), lo = lower_bound(tree, prefix), hi = tree->n, from;

	for (from = lo; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (strncmp(tree->path[mid], prefix, len) == 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - from;
}

static bool
has_path(const struct tree *tree, const char *path)
{
	size_t at = lower_bound(tree, path);

	return at < tree->n && strcmp(tree->path[at], path) == 0;
}

/* PATH as a pattern that matches it alone: `app/[id]/page.tsx` names a file. */
static char *
escape(const char *path)
{
	char *out = xmalloc(2 * strlen(path) + 1), *p = out;

	for (; *path; path++) {
		if (strchr("*?[]{}!\\", *path))
			*p++ = '\\';
		*p++ = *path;
	}
	*p = '\0';
	return out;
}

static struct tree_hit
hit_path(enum tree_kind kind, const char *path, size_t n, bool is_name)
{
	return (struct tree_hit){ kind, escape(path), is_name, n };
}

/* Two dots as a part, an absolute path, a home: nothing that a plan may name. */
static bool
leaves(const char *word)
{
	struct span rest = span_of(word), part;

	if (strchr("/~-@", word[0]) || strstr(word, "://"))
		return true;
	while (span_next(&rest, '/', &part)) {
		if (span_eq(part, "..") || span_eq(part, ".") || span_eq(part, ".git"))
			return true;
	}
	return false;
}

/* WORD without `./` in front and doubled slashes.  NULL when no path can look like this. */
static char *
normalise(const char *word)
{
	char *out, *p;

	while (word[0] == '.' && word[1] == '/')
		word += 2;
	if (*word == '\0' || strlen(word) > WORD_MAX || strpbrk(word, "`\\\n\t\r") ||
	    strstr(word, "-->") || text_has_controls(word) || leaves(word))
		return NULL;
	out = p = xmalloc(strlen(word) + 1);
	for (; *word; word++) {
		if (word[0] != '/' || word[1] != '/')
			*p++ = *word;
	}
	*p = '\0';
	return out;
}

static bool
find_directory(
    const struct tree *tree, const char *word, unsigned flags, struct tree_hit *hit)
{
	size_t len = strlen(word), n;
	bool has_slash = word[len - 1] == '/';
	AUTO_FREE char *prefix = xasprintf("%s%s", word, has_slash ? "" : "/");

	if (!strchr(word, '/') && !(flags & (TREE_QUOTED | TREE_SAYS_DIR)))
		return false;
	n = count_below(tree, prefix);
	if (n == 0)
		return false;
	*hit = hit_path(TREE_DIR, prefix, n, false);
	return true;
}

/* Stars are also how Markdown stresses words; a pattern names something besides them. */
static bool
is_pattern(const char *word, unsigned flags)
{
	if (!strpbrk(word, "*?[{"))
		return false;
	if (!(flags & TREE_QUOTED) && !strpbrk(word, "/."))
		return false;
	for (; *word; word++) {
		if (isalnum((unsigned char)*word))
			return true;
	}
	return false;
}

static bool
find_pattern(struct tree *tree, const char *word, unsigned flags, struct tree_hit *hit)
{
	struct glob *glob;
	size_t n = 0, len, i;

	if (!is_pattern(word, flags))
		return false;
	glob = glob_new(word, 0, NULL);
	if (!glob)
		return false;
	len = strlen(glob_prefix(glob));
	for (i = lower_bound(tree, glob_prefix(glob)); i < tree->n; i++) {
		if (strncmp(tree->path[i], glob_prefix(glob), len) != 0 ||
		    tree->matches_left == 0)
			break;
		tree->matches_left--;
		n += glob_match(glob, tree->path[i]);
	}
	glob_free(glob);
	if (n == 0)
		return false;
	*hit = (struct tree_hit){ TREE_PATTERN, xstrdup(word), false, n };
	return true;
}

/* True when PATH is WORD or ends with it after a slash. */
static bool
ends_with(const char *path, const char *word)
{
	size_t n = strlen(path), len = strlen(word);

	return n > len && path[n - len - 1] == '/' && strcmp(path + n - len, word) == 0;
}

static bool
find_name(const struct tree *tree, const char *word, struct tree_hit *hit)
{
	struct named want = { last_part(word), "" };
	const char *first[AMBIGUOUS_SHOWN] = { NULL };
	size_t lo = 0, hi = tree->n, n = 0;

	if (!strchr(word, '.') && !strchr(word, '/'))
		return false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_named(&tree->by_name[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < tree->n && strcmp(tree->by_name[lo].name, want.name) == 0; lo++) {
		if (!ends_with(tree->by_name[lo].path, word))
			continue;
		if (n < AMBIGUOUS_SHOWN)
			first[n] = tree->by_name[lo].path;
		n++;
	}
	if (n == 0)
		return false;
	if (n == 1) {
		*hit = hit_path(TREE_FILE, first[0], 1, true);
		return true;
	}
	*hit = (struct tree_hit){ TREE_AMBIGUOUS,
		xasprintf("%s, %s%s%s%s", first[0], first[1], n > 2 ? ", " : "",
		    n > 2 ? first[2] : "", n > AMBIGUOUS_SHOWN ? ", ..." : ""),
		true, n };
	return true;
}

/* README and CHANGELOG are said without their ending. */
static bool
find_stem(const struct tree *tree, const char *word, struct tree_hit *hit)
{
	size_t len = strlen(word), at;

	if (len < 4 || strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != len)
		return false;
	AUTO_FREE char *stem = xasprintf("%s.", word);

	for (at = lower_bound(tree, stem); at < tree->n; at++) {
		if (strncmp(tree->path[at], stem, len + 1) != 0)
			return false;
		if (!strchr(tree->path[at], '/')) {
			*hit = hit_path(TREE_FILE, tree->path[at], 1, true);
			return true;
		}
	}
	return false;
}

/* Endings that make a word without a slash a file name rather than a sentence's end. */
static bool
is_file_ending(const char *ending)
{
	static const char *const known[] = { "c", "cc", "cfg", "conf", "cpp", "cs",
		"css", "csv", "go", "h", "hpp", "htm", "html", "ini", "java", "js",
		"json", "jsx", "kt", "lock", "lua", "md", "mjs", "php", "pl", "proto",
		"py", "rb", "rs", "rst", "scss", "sh", "sql", "svg", "swift", "toml",
		"ts", "tsx", "txt", "vue", "xml", "yaml", "yml", "zig" };

	for (size_t i = 0; i < N_ELEMS(known); i++) {
		if (strcmp(ending, known[i]) == 0)
			return true;
	}
	return false;
}

/* "Node.js" is no file that somebody wants to have. */
static bool
is_product(const char *word)
{
	static const char *const products[] = { "alpine.js", "angular.js",
		"backbone.js", "chart.js", "d3.js", "discord.js", "ember.js",
		"express.js", "moment.js", "next.js", "node.js", "nuxt.js", "p5.js",
		"react.js", "socket.io", "three.js", "vue.js" };

	for (size_t i = 0; i < N_ELEMS(products); i++) {
		if (span_eq_nocase(span_of(word), products[i]))
			return true;
	}
	return false;
}

static bool
looks_like_path(const char *word)
{
	const char *name = last_part(word), *dot = strrchr(name, '.');
	size_t len = strlen(word);

	for (const char *p = word; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("._-/+@", *p) &&
		    !((unsigned char)*p & 0x80))
			return false;
	}
	if (word[len - 1] == '/')
		return len > 1;
	if (!dot || dot == name || is_product(word))
		return false;
	if (!strchr(word, '/'))
		return is_file_ending(dot + 1);
	return isalpha((unsigned char)dot[1]) && strlen(dot + 1) <= 10;
}

struct tree_hit
tree_find(struct tree *tree, const char *word, unsigned flags)
{
	struct tree_hit hit = { 0 };
	AUTO_FREE char *path = normalise(word);

	if (!path || *path == '\0')
		return hit;
	if (has_path(tree, path))
		return hit_path(TREE_FILE, path, 1, false);
	if (find_directory(tree, path, flags, &hit) ||
	    find_pattern(tree, path, flags, &hit) || find_name(tree, path, &hit) ||
	    find_stem(tree, path, &hit))
		return hit;
	if (looks_like_path(path))
		return hit_path(TREE_ABSENT, path, 0, false);
	return hit;
}
