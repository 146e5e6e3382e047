#include "plan/merging.h"

#include "base/mem.h"
#include "base/text.h"
#include "plan/tracked.h"

#include <string.h>
#include <strings.h>

/*
 * Paths git cannot merge line by line, by the end of their names in any case:
 * derived files and what is no text.
 */
static const char *const names[] = { "package-lock.json", "npm-shrinkwrap.json",
	"pnpm-lock.yaml", "go.sum", "bun.lockb" };
static const char *const ends[] = { ".lock", ".png", ".jpg", ".jpeg", ".gif", ".ico",
	".webp", ".bmp", ".tiff", ".psd", ".pdf", ".mp3", ".mp4", ".mov", ".wav",
	".ogg", ".ttf", ".otf", ".woff", ".woff2", ".zip", ".gz", ".xz", ".bz2", ".zst",
	".7z", ".tar", ".jar", ".so", ".a", ".o", ".dll", ".exe", ".wasm", ".bin",
	".class", ".sqlite", ".sqlite3", ".db", ".docx", ".xlsx", ".pptx", ".pyc",
	".keystore", ".p12", ".min.js", ".min.css", ".pb.go", ".pb.h", ".pb.cc",
	"_pb2.py", ".snap" };
static const char *const folders[] = { "generated", "__generated__" };

static void
add_rules(struct merging_rules *rules, const char *const *patterns, size_t n,
    enum merging merging)
{
	unsigned flags = rules->env->fold_case ? GLOB_FOLD_CASE : 0;

	for (size_t i = 0; i < n; i++) {
		struct glob *glob = glob_new(patterns[i], flags, NULL);

		if (glob)
			rules->item[rules->n++] = (struct merging_rule){ glob,
				merging };
	}
}

void
merging_rules_init(struct merging_rules *rules, const struct verdict_env *env)
{
	size_t n = env->n_exclusive + env->n_derived + env->n_united;

	*rules = (struct merging_rules){ .env = env };
	rules->item = xcalloc(n, sizeof(*rules->item));
	/* A person who says "exclusive" means it, whatever else is said of the path. */
	add_rules(rules, env->exclusive, env->n_exclusive, MERGING_NONE);
	add_rules(rules, env->derived, env->n_derived, MERGING_DERIVED);
	add_rules(rules, env->united, env->n_united, MERGING_UNITED);
}

void
merging_rules_clear(struct merging_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		glob_free(rules->item[i].glob);
	free(rules->item);
	*rules = (struct merging_rules){ 0 };
}

static bool
is_known_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < N_ELEMS(ends); i++) {
		size_t n_end = strlen(ends[i]);

		if (n >= n_end && strcasecmp(name + n - n_end, ends[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_in_known_folder(const char *path)
{
	struct span rest = span_of(path), name;

	while (span_next(&rest, '/', &name) && rest.n > 0) {
		for (size_t i = 0; i < N_ELEMS(folders); i++) {
			if (span_eq_nocase(name, folders[i]))
				return true;
		}
	}
	return false;
}

enum merging
merging_of(const struct merging_rules *rules, const char *path)
{
	if (tracked_is_submodule(rules->env, path))
		return MERGING_NONE;
	for (size_t i = 0; i < rules->n; i++) {
		if (glob_match(rules->item[i].glob, path))
			return rules->item[i].merging;
	}
	return is_known_name(path) || is_in_known_folder(path) ? MERGING_NONE
							       : MERGING_LINES;
}
