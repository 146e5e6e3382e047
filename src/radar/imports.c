#include "radar/imports.h"

#include "base/mem.h"
#include "radar/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX 200000

/* What the lines of a file say: a name is used in code, imported, or all of a file is. */
enum kind { KIND_USE, KIND_NAME, KIND_WHOLE };

struct fact {
	char *name;
	enum kind kind;
	int net; /* how many more lines say so than before */
};

struct import_file {
	char *path;
	struct fact *fact; /* sorted once sealed, each only once */
	size_t n, cap;
};

void
imports_file(struct imports *imports, const char *path)
{
	imports->is_open = path != NULL;
	if (!path)
		return;
	GROW(imports->file, imports->n, imports->cap);
	imports->file[imports->n++] = (struct import_file){ .path = xstrdup(path) };
}

static void
add_fact(struct imports *imports, enum kind kind, struct span name, int net)
{
	struct import_file *file = &imports->file[imports->n - 1];

	if (imports->n_facts >= FACTS_MAX)
		return;
	imports->n_facts++;
	GROW(file->fact, file->n, file->cap);
	file->fact[file->n++] = (struct fact){ xstrndup(name.p, name.n), kind, net };
}

static bool
ends_with(const char *path, const char *const *list)
{
	const char *dot = strrchr(path, '.');

	for (; dot && *list; list++) {
		if (strcmp(dot, *list) == 0)
			return true;
	}
	return false;
}

static bool
is_c(const char *path)
{
	static const char *const list[] = { ".c", ".h", ".cc", ".cpp", ".hpp", ".cxx",
		".hh", ".m", NULL };

	return ends_with(path, list);
}

/* Is LINE the start of an import, as the language of PATH writes it? */
static bool
is_import(const char *path, struct span line)
{
	static const char *const use[] = { ".rs", ".php", ".pl", NULL };
	static const char *const import[] = { ".py", ".js", ".jsx", ".ts", ".tsx",
		".mjs", ".go", ".java", ".kt", ".scala", ".swift", NULL };
	static const char *const require[] = { ".rb", ".php", ".lua", ".pl", NULL };
	static const char *const using[] = { ".cs", NULL };

	if (is_c(path))
		return span_starts(line, "#") && memmem(line.p, line.n, "include", 7);
	if (ends_with(path, using))
		return span_starts(line, "using ");
	if (ends_with(path, use) &&
	    (span_starts(line, "use ") || span_starts(line, "pub use ")))
		return true;
	if (ends_with(path, require))
		return span_starts(line, "require");
	if (!ends_with(path, import))
		return false;
	return span_starts(line, "import ") || span_starts(line, "import{") ||
	       (span_starts(line, "from ") && memmem(line.p, line.n, " import", 7));
}

/* Words of an import that it does not bring in. */
static bool
is_filler(struct span name)
{
	static const char *const words[] = { "import", "from", "use", "using", "pub",
		"type", "default", "static", "self", "super", "crate", "function",
		"const", "include", "require", "require_once", "require_relative" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (span_eq(name, words[i]))
			return true;
	}
	return false;
}

/* The part of LINE before its quotes; Python names the module first. */
static struct span
names_part(struct span line)
{
	const char *end = line.p + line.n, *p = line.p;

	if (span_starts(line, "from ")) {
		p = memmem(line.p, line.n, " import", 7);
		p = p ? p + 7 : end;
	}
	line = (struct span){ p, (size_t)(end - p) };
	for (p = line.p; p < end && *p != '"' && *p != '\'';)
		p++;
	line.n = (size_t)(p - line.p);
	return line;
}

/* The last part of what stands in quotes on LINE, as Go calls what it imports. */
static bool
quoted_name(struct span line, struct span *name)
{
	const char *open = memchr(line.p, '"', line.n), *end, *close;

	if (!open)
		return false;
	end = line.p + line.n;
	close = memchr(open + 1, '"', (size_t)(end - open - 1));
	if (!close)
		return false;
	for (*name = (struct span){ close, 0 };
	     name->p > open + 1 && name->p[-1] != '/';)
		name->p--;
	name->n = (size_t)(close - name->p);
	return name->n > 0;
}

/* Does the import LINE bring in all of something, without names? */
static bool
is_whole(const char *path, struct span line)
{
	return is_c(path) || span_starts(line, "using ") ||
	       span_starts(line, "require") || memchr(line.p, '*', line.n);
}

/* Takes in what LINE, changed and part of an import, brings in. */
static void
read_import(struct imports *imports, const char *path, struct span line, int sign)
{
	static const char *const go[] = { ".go", NULL };
	struct span part = names_part(line), name;
	const char *end = part.p + part.n;
	bool names_any = false;

	if (!is_c(path) && !span_starts(line, "using ")) {
		for (const char *p = part.p; radar_next_name(part, &p, &name);) {
			/* A step on the way to what is imported: a.b.C, a::b, a\b. */
			if (is_filler(name) || (p < end && strchr(".:\\/", *p)))
				continue;
			add_fact(imports, KIND_NAME, name, sign);
			names_any = true;
		}
		if (!names_any && ends_with(path, go) && quoted_name(line, &name)) {
			add_fact(imports, KIND_NAME, name, sign);
			names_any = true;
		}
	}
	if (!names_any && is_import(path, line) && is_whole(path, line))
		add_fact(imports, KIND_WHOLE, line, sign);
}

static bool
is_comment(const char *path, struct span line)
{
	return span_starts(line, "//") || span_starts(line, "/*") ||
	       span_starts(line, "*") || (!is_c(path) && span_starts(line, "#"));
}

/* How many brackets LINE leaves open. */
static int
depth_of(struct span line)
{
	int depth = 0;

	for (size_t i = 0; i < line.n; i++) {
		depth += line.p[i] == '(' || line.p[i] == '{';
		depth -= line.p[i] == ')' || line.p[i] == '}';
	}
	return depth;
}

void
imports_read(struct imports *imports, const struct diff_side *side, int sign)
{
	const char *path = imports->is_open ? imports->file[imports->n - 1].path : NULL;
	int depth = 0;

	for (size_t i = 0; path && i < side->n; i++) {
		struct span line = span_trim(side->line[i].text), name;
		bool is_part = depth > 0 || is_import(path, line);

		if (is_part)
			depth += depth_of(line);
		if (!side->line[i].is_changed || is_comment(path, line))
			continue;
		if (is_part) {
			read_import(imports, path, line, sign);
			continue;
		}
		for (const char *p = line.p; radar_next_name(line, &p, &name);)
			add_fact(imports, KIND_USE, name, sign);
	}
}

static int
compare_facts(const void *pa, const void *pb)
{
	const struct fact *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int
compare_files(const void *pa, const void *pb)
{
	const struct import_file *a = pa, *b = pb;

	return strcmp(a->path, b->path);
}

void
imports_seal(struct imports *imports)
{
	for (size_t i = 0; i < imports->n; i++) {
		struct import_file *file = &imports->file[i];
		size_t n = 0;

		if (file->n > 1)
			qsort(file->fact, file->n, sizeof(*file->fact), compare_facts);
		for (size_t k = 0; k < file->n; k++) {
			if (n > 0 &&
			    compare_facts(&file->fact[n - 1], &file->fact[k]) == 0) {
				file->fact[n - 1].net += file->fact[k].net;
				free(file->fact[k].name);
			} else {
				file->fact[n++] = file->fact[k];
			}
		}
		file->n = n;
	}
	if (imports->n > 1)
		qsort(imports->file, imports->n, sizeof(*imports->file), compare_files);
}

void
imports_clear(struct imports *imports)
{
	for (size_t i = 0; i < imports->n; i++) {
		for (size_t k = 0; k < imports->file[i].n; k++)
			free(imports->file[i].fact[k].name);
		free(imports->file[i].fact);
		free(imports->file[i].path);
	}
	free(imports->file);
	*imports = (struct imports){ 0 };
}

/* How many more lines of FILE say this of NAME than before. */
static int
net_of(const struct import_file *file, enum kind kind, const char *name)
{
	const struct fact key = { (char *)(uintptr_t)name, kind, 0 };
	const struct fact *at = file->n ? bsearch(&key, file->fact, file->n,
					      sizeof(*file->fact), compare_facts)
					: NULL;

	return at ? at->net : 0;
}

/* Does OTHER add code that needs what the import LOST of FILE brought in? */
static bool
is_needed(const struct import_file *file, const struct fact *lost,
    const struct import_file *other)
{
	if (net_of(other, lost->kind, lost->name) > 0)
		return false;
	/* Who still writes the name where it was imported has it from elsewhere. */
	if (lost->kind == KIND_NAME)
		return net_of(other, KIND_USE, lost->name) > 0 &&
		       net_of(file, KIND_USE, lost->name) <= 0;
	for (size_t i = 0; i < other->n; i++) {
		if (other->fact[i].kind == KIND_USE && other->fact[i].net > 0)
			return true;
	}
	return false;
}

/* Words of C itself: that a header has them tells nothing. */
static bool
is_of_the_language(const char *name)
{
	static const char *const words[] = { "bool", "break", "char", "const",
		"continue", "default", "define", "double", "endif", "enum", "extern",
		"false", "float", "goto", "include", "inline", "int", "long", "short",
		"signed", "size_t", "static", "struct", "true", "typedef", "union",
		"unsigned", "void", "volatile" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(name, words[i]) == 0)
			return true;
	}
	return false;
}

/* Of the header that LOST included in a C file: does what OTHER adds need it?
 */
static bool
needs_header(const struct fact *lost, const struct import_file *other,
    const struct imports_ask *ask)
{
	const char *open = strchr(lost->name, '"');
	const char *end = open ? strchr(open + 1, '"') : NULL;
	AUTO_FREE char *name = NULL, *words = NULL;
	size_t n = 0;
	FILE *out;

	if (!end || end == open + 1 || strpbrk(open, "*?[\\"))
		return true;
	name = xstrndup(open + 1, (size_t)(end - open - 1));
	out = open_memstream(&words, &n);
	for (size_t i = 0; i < other->n; i++) {
		if (other->fact[i].kind == KIND_USE && other->fact[i].net > 0 &&
		    !is_of_the_language(other->fact[i].name))
			fprintf(out, "%s\n", other->fact[i].name);
	}
	fclose(out);
	return ask->holds(ask->arg, name, words);
}

void
imports_alarms(const struct imports *a, const struct imports *b, size_t max,
    const struct imports_ask *ask, FILE *out)
{
	for (size_t i = 0; i < a->n && b->n > 0; i++) {
		const struct import_file *file = &a->file[i];
		const struct import_file *other = bsearch(
		    file, b->file, b->n, sizeof(*b->file), compare_files);

		for (size_t k = 0; other && k < file->n && max > 0; k++) {
			const struct fact *lost = &file->fact[k];

			if (lost->kind == KIND_USE || lost->net >= 0 ||
			    !is_needed(file, lost, other) ||
			    (lost->kind == KIND_WHOLE && is_c(file->path) &&
				!needs_header(lost, other, ask)))
				continue;
			fprintf(out,
			    "%s: \"%.80s\" is imported no longer, the other adds %s "
			    "there [S5]\n",
			    file->path, lost->name,
			    lost->kind == KIND_NAME ? "uses of it" : "code");
			max--;
		}
	}
}
