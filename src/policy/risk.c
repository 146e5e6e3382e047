#include "policy/risk.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* As bench/conflicts.py --fit gave them for 8,295 pairs of 12 repositories. */
static const double shipped_file[RISK_N_FILE] = { -0.980, 0.166, 1.200, 0.192, 1.158,
	-1.043, 0.297, -0.996, -0.477, -0.860, -0.450, -1.129, -0.532, 2.757 };
static const double shipped_pair[RISK_N_PAIR] = { 0.524, 0.165, 1.069, 0.929, -0.312,
	-0.116, 1.214, 0.599 };

static const char *const class_names[RISK_N_CLASSES] = { "source", "test", "changelog",
	"lock file", "generated", "CI", "schema", "manifest", "docs", "settings",
	"entry point" };

const char *
risk_class_name(enum risk_class c)
{
	return class_names[c];
}

static bool
among(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (strcasecmp(word, *list) == 0)
			return true;
	}
	return false;
}

/* Is one of the directories of PATH called one of LIST? */
static bool
is_below(const char *path, const char *const *list)
{
	struct span rest = span_of(path), part;

	while (span_next(&rest, '/', &part) && rest.p) {
		bool is_last = !memchr(part.p, '/', strlen(part.p));

		for (size_t i = 0; list[i] && !is_last; i++) {
			if (span_eq_nocase(part, list[i]))
				return true;
		}
		if (is_last)
			break;
	}
	return false;
}

static bool
starts_with_any(const char *name, const char *const *list)
{
	for (; *list; list++) {
		if (strncasecmp(name, *list, strlen(*list)) == 0)
			return true;
	}
	return false;
}

static bool
is_changelog(const char *path, const char *name)
{
	static const char *const names[] = { "changelog", "changes", "news", "history",
		"releasenotes", "release-notes", "release_notes", "upgrade", NULL };
	static const char *const dirs[] = { "relnotes", ".changeset", "changelogs",
		NULL };

	return starts_with_any(name, names) || is_below(path, dirs);
}

static bool
is_lock(const char *name, const char *ending)
{
	static const char *const names[] = { "package-lock.json", "pnpm-lock.yaml",
		"go.sum", "bun.lockb", "npm-shrinkwrap.json", NULL };

	return strcasecmp(ending, "lock") == 0 || among(name, names);
}

static bool
is_generated(const char *path, const char *name, const char *ending)
{
	static const char *const dirs[] = { "gen", "generated", "snapshots",
		"__snapshots__", NULL };
	static const char *const endings[] = { "snap", "golden", "jsonl", NULL };

	return is_below(path, dirs) || among(ending, endings) ||
	       strcasestr(name, "generated") || strcasestr(name, ".min.js") ||
	       strcasestr(name, ".pb.go") || strcasestr(name, "_pb2.py");
}

static bool
is_ci(const char *path, const char *name)
{
	static const char *const dirs[] = { ".github", ".circleci", ".gitlab", "ci",
		NULL };
	static const char *const names[] = { ".travis.yml", ".gitlab-ci.yml",
		"jenkinsfile", NULL };

	return is_below(path, dirs) || among(name, names) || strcasestr(name, "docker");
}

static bool
is_schema(const char *path, const char *name, const char *ending)
{
	static const char *const dirs[] = { "migrations", "migration", "migrate",
		"schema", "db", "prisma", "drizzle", NULL };
	static const char *const names[] = { "schema.", "migrations.", NULL };

	return strcasecmp(ending, "sql") == 0 || is_below(path, dirs) ||
	       starts_with_any(name, names);
}

static bool
is_test(const char *path, const char *name)
{
	static const char *const dirs[] = { "t", "test", "tests", "spec", "specs",
		"__tests__", "e2e", "testing", "testdata", "fixture", "fixtures",
		NULL };
	static const char *const parts[] = { ".test.", ".spec.", "_test.", "_spec.",
		"-test.", "-spec.", "_tests.", NULL };

	for (size_t i = 0; parts[i]; i++) {
		if (strcasestr(name, parts[i]))
			return true;
	}
	return strncasecmp(name, "test_", 5) == 0 || is_below(path, dirs);
}

static bool
is_manifest(const char *name, const char *ending)
{
	static const char *const names[] = { "package.json", "cargo.toml", "go.mod",
		"pyproject.toml", "makefile", "cmakelists.txt", "meson.build",
		"gemfile", "composer.json", "setup.py", "setup.cfg", "requirements.txt",
		"build.gradle", "pom.xml", NULL };

	return among(name, names) || strcasecmp(ending, "gemspec") == 0 ||
	       strcasecmp(ending, "mk") == 0;
}

static bool
is_docs(const char *path, const char *ending)
{
	static const char *const endings[] = { "md", "rst", "txt", "adoc", "mdx",
		NULL };
	static const char *const dirs[] = { "doc", "docs", "documentation", "man",
		NULL };

	return among(ending, endings) || is_below(path, dirs);
}

static bool
is_settings(const char *name, const char *ending)
{
	static const char *const endings[] = { "json", "yaml", "yml", "toml", "ini",
		"cfg", "conf", "xml", "env", NULL };

	return among(ending, endings) || name[0] == '.';
}

/* Where lists of everything are kept: many changes add a line there. */
static bool
is_entry(const char *name)
{
	static const char *const stems[] = { "index.", "mod.", "lib.", "main.",
		"__init__.", "app.", "route.", "routes.", "router.", "registry.",
		"command.", "commands.", "type.", "types.", "constant.", "constants.",
		"config.", "settings.", "exports.", NULL };

	return starts_with_any(name, stems);
}

enum risk_class
risk_class_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.'), *ending = dot ? dot + 1 : "";

	if (is_changelog(path, name))
		return RISK_CHANGELOG;
	if (is_lock(name, ending))
		return RISK_LOCK;
	if (is_generated(path, name, ending))
		return RISK_GENERATED;
	if (is_ci(path, name))
		return RISK_CI;
	if (is_schema(path, name, ending))
		return RISK_SCHEMA;
	if (is_test(path, name))
		return RISK_TEST;
	if (is_manifest(name, ending))
		return RISK_MANIFEST;
	if (is_docs(path, ending))
		return RISK_DOCS;
	if (is_settings(name, ending))
		return RISK_SETTINGS;
	return is_entry(name) ? RISK_ENTRY : RISK_SOURCE;
}

void
risk_model_init(struct risk_model *model)
{
	*model = (struct risk_model){ 0 };
	memcpy(model->file, shipped_file, sizeof(shipped_file));
	memcpy(model->pair, shipped_pair, sizeof(shipped_pair));
}

void
risk_model_clear(struct risk_model *model)
{
	for (size_t i = 0; i < model->n_places; i++)
		free(model->place[i].path);
	free(model->place);
	*model = (struct risk_model){ 0 };
}

double
risk_logistic(double z)
{
	return 1 / (1 + exp(-fmin(fmax(z, -30), 30)));
}

double
risk_logit(double p)
{
	p = fmin(fmax(p, 1e-6), 1 - 1e-6);
	return log(p / (1 - p));
}

void
risk_file_inputs(const struct risk_file *file, double x[RISK_N_FILE])
{
	/* What is not known is taken as typical: 8 kB. */
	double bits = file->n_bytes < 0 ? 13 : log2(file->n_bytes + 1);

	memset(x, 0, RISK_N_FILE * sizeof(*x));
	x[risk_class_of(file->path)] = 1;
	x[0] = 1;
	x[RISK_W_SIZE] = (bits - 13) / 4;
	x[RISK_W_HOT] = log1p(fmax(file->hot, 0)) / 3;
	x[RISK_W_ODD] = file->is_odd;
}

size_t
risk_parts(const char *path, struct risk_part out[RISK_PLACES_OF_FILE])
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.'), *second = strchr(path, '/');
	size_t n = 0;

	out[n++] = (struct risk_part){ path, strlen(path), false };
	if (slash)
		out[n++] = (struct risk_part){ path, (size_t)(slash - path) + 1,
			false };
	second = second ? strchr(second + 1, '/') : NULL;
	if (second && second != slash)
		out[n++] = (struct risk_part){ path, (size_t)(second - path) + 1,
			false };
	if (dot && dot > name && dot[1] != '\0')
		out[n++] = (struct risk_part){ dot, strlen(dot), true };
	return n;
}

/* How the place AT, as it is written, stands to PART: less, the same or greater. */
static int
compare_place(const char *at, const struct risk_part *part)
{
	int order;

	if (part->is_ending && *at != '*')
		return (unsigned char)*at < '*' ? -1 : 1;
	at += part->is_ending;
	order = strncmp(at, part->text, part->n);
	return order ? order : at[part->n] != '\0';
}

/* The effect of PART; 0 when nothing is known of it. */
static double
effect_of(const struct risk_model *model, const struct risk_part *part)
{
	size_t low = 0, high = model->n_places;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare_place(model->place[mid].path, part);

		if (order == 0)
			return model->place[mid].effect;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}

double
risk_of_file(const struct risk_model *model, const struct risk_file *file)
{
	struct risk_part part[RISK_PLACES_OF_FILE];
	size_t n = risk_parts(file->path, part);
	double x[RISK_N_FILE], z = 0;

	risk_file_inputs(file, x);
	for (size_t i = 0; i < RISK_N_FILE; i++)
		z += model->file[i] * x[i];
	for (size_t i = 0; i < n && model->n_places > 0; i++)
		z += effect_of(model, &part[i]);
	return risk_logistic(z);
}

double
risk_of_hidden(const struct risk_model *model, const struct risk_file *file, size_t n)
{
	double clean = 1;

	for (size_t i = 0; i < n; i++)
		clean *= 1 - file[i].sure * risk_of_file(model, &file[i]);
	return 1 - clean;
}

void
risk_pair_inputs(
    const double *chance, size_t n, struct risk_sizes sizes, double x[RISK_N_PAIR])
{
	double new_a = sizes.a > 0 ? fmin(sizes.new_a / sizes.a, 1) : 0;
	double new_b = sizes.b > 0 ? fmin(sizes.new_b / sizes.b, 1) : 0;
	double none = 0, worst = 0;

	for (size_t i = 0; i < n; i++) {
		none += log1p(-fmin(chance[i], 0.9999));
		worst = fmax(worst, chance[i]);
	}
	x[RISK_V_ONE] = 1;
	x[RISK_V_ANY] = risk_logit(1 - exp(none));
	x[RISK_V_WORST] = risk_logit(worst);
	x[RISK_V_COUNT] = log((double)(n ? n : 1));
	x[RISK_V_SMALLER] = log1p(fmin(sizes.a, sizes.b));
	x[RISK_V_LARGER] = log1p(fmax(sizes.a, sizes.b));
	x[RISK_V_NEW_SMALLER] = fmin(new_a, new_b);
	x[RISK_V_NEW_LARGER] = fmax(new_a, new_b);
}

double
risk_of_pair(const struct risk_model *model, const struct risk_file *file, size_t n,
    struct risk_sizes sizes)
{
	double *chance, sure = 0, x[RISK_N_PAIR], z = 0;

	for (size_t i = 0; i < n; i++)
		sure += file[i].sure;
	if (sure <= 0)
		return 0;
	chance = xcalloc(n, sizeof(*chance));
	for (size_t i = 0; i < n; i++)
		chance[i] = risk_of_file(model, &file[i]) * file[i].sure;
	if (sure < 1) {
		/* Perhaps one of them, and perhaps none: one file that is like all. */
		for (size_t i = 1; i < n; i++)
			chance[0] += chance[i];
		chance[0] /= sure;
		n = 1;
	}
	risk_pair_inputs(chance, n, sizes, x);
	x[RISK_V_COUNT] = log(fmax(sure, 1));
	for (size_t i = 0; i < RISK_N_PAIR; i++)
		z += model->pair[i] * x[i];
	free(chance);
	return risk_logistic(z) * fmin(sure, 1);
}
