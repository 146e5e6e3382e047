#include "base/mem.h"
#include "base/text.h"
#include "radar/imports.h"
#include "radar/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Changes that merge and yet do not work together, guessed from the two diffs alone: the
 * rules S1, S2, S2m and S5 of CONFLICTS 2.6.  Right about one time in six, so an alarm only asks
 * for a build of both together.
 */

#define MAX_DIFF_BYTES ((size_t)16 << 20)
#define MAX_NAMES      200000
#define ALARMS_MAX     ((size_t)10)
/* Parameters on more lines are not a list of parameters. */
#define MAX_PARAM_LINES 40
/* So much around a change is read for the definition whose parameters it is in. */
#define CONTEXT "-U12"

/* A name with what stands in its parentheses, and whether the line defines it. */
struct word {
	char *name, *params; /* PARAMS only of definitions */
	int sign;            /* +1 added, -1 removed */
	bool is_call;        /* a use that calls it, as far as can be seen */
};

struct radar_facts {
	struct word *def, *use;
	size_t n_defs, cap_defs, n_uses, cap_uses;
	struct imports imports;
	char base[GIT_OID_SIZE];
};

/* Where a function is called without parentheses. */
static bool
has_bare_calls(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".rb") == 0 || strcmp(dot, ".pl") == 0);
}

static bool
is_code(const char *path)
{
	static const char *const ends[] = { ".c", ".h", ".cc", ".cpp", ".hpp", ".cxx",
		".hh", ".m", ".java", ".kt", ".cs", ".js", ".jsx", ".ts", ".tsx",
		".mjs", ".py", ".go", ".rs", ".rb", ".php", ".pl", ".swift", ".lua",
		".scala" };
	size_t n = strlen(path);

	for (size_t i = 0; i < N_ELEMS(ends); i++) {
		size_t m = strlen(ends[i]);

		if (n > m && strcmp(path + n - m, ends[i]) == 0)
			return true;
	}
	return false;
}

/* Does LINE define what it names before its first parenthesis? */
static bool
is_definition(struct span line, struct span name)
{
	static const char *const words[] = { "def ", "function ", "func ", "fn ",
		"sub ", "#define ", "fun " };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		size_t m = strlen(words[i]);

		if (name.p >= line.p + m && memcmp(name.p - m, words[i], m) == 0)
			return true;
	}
	/* C and its like: at the margin, whatever is no statement there. */
	return line.n > 0 && (isalpha((unsigned char)line.p[0]) || line.p[0] == '_') &&
	       (name.p > line.p || line.p[line.n - 1] != ';');
}

static void
side_add(struct diff_side *side, struct span text, bool is_changed)
{
	GROW(side->line, side->n, side->cap);
	side->line[side->n++] = (struct diff_line){ text, is_changed };
}

/*
 * What stands between the parenthesis at P of line AT and its mate or the end of the hunk,
 * without blanks; NULL when no line of it is changed and it is not longer than one.
 */
static char *
params_of(const struct diff_side *side, size_t at, const char *p)
{
	size_t first = at, n = 0, n_bytes = 0;
	bool is_changed = false;
	char *text = NULL;
	FILE *out = open_memstream(&text, &n_bytes);
	int depth = 0;

	for (; at < side->n && n < MAX_PARAM_LINES; at++, n++) {
		struct span line = side->line[at].text;

		is_changed = is_changed || side->line[at].is_changed;
		for (p = at == first ? p : line.p; p < line.p + line.n; p++) {
			depth += *p == '(';
			depth -= *p == ')';
			if (!isspace((unsigned char)*p))
				putc(*p, out);
			if (depth == 0)
				break;
		}
		if (depth == 0)
			break;
	}
	fclose(out);
	if (is_changed || at > first)
		return text;
	free(text);
	return NULL;
}

static void
add_use(struct radar_facts *f, struct span name, int sign, bool is_call)
{
	if (f->n_uses >= MAX_NAMES)
		return;
	GROW(f->use, f->n_uses, f->cap_uses);
	f->use[f->n_uses++] = (struct word){
		.name = xstrndup(name.p, name.n), .sign = sign, .is_call = is_call
	};
}

/* The name that LINE defines, with its parenthesis in *OPEN; false when it defines none. */
static bool
defined_name(struct span line, struct span *name, const char **open)
{
	for (const char *p = line.p; radar_next_name(line, &p, name);) {
		*open = p;
		if (p < line.p + line.n && *p == '(' && is_definition(line, *name))
			return true;
	}
	return false;
}

/* Takes what SIDE defines, parameters on lines of their own included, and empties it. */
static void
read_definitions(struct radar_facts *f, struct diff_side *side, int sign)
{
	for (size_t i = 0; i < side->n && f->n_defs < MAX_NAMES; i++) {
		struct span name;
		const char *open;
		char *params;

		if (!defined_name(side->line[i].text, &name, &open))
			continue;
		params = params_of(side, i, open);
		if (!params)
			continue;
		GROW(f->def, f->n_defs, f->cap_defs);
		f->def[f->n_defs++] = (struct word){
			.name = xstrndup(name.p, name.n), .params = params, .sign = sign
		};
	}
	side->n = 0;
}

static void
read_uses(struct radar_facts *f, struct span line, int sign, bool bare_calls)
{
	struct span defined = { NULL, 0 }, name;
	const char *open;

	bool defines = defined_name(line, &defined, &open);

	for (const char *p = line.p; radar_next_name(line, &p, &name);) {
		if (!defines || name.p != defined.p)
			add_use(f, name, sign,
			    bare_calls || (p < line.p + line.n && *p == '('));
	}
}

/* A diff as it is read, hunk by hunk. */
struct reading {
	struct radar_facts *facts;
	struct diff_side old, new;
	bool reads; /* the file is code */
	bool bare_calls;
};

static void
hunk_end(struct reading *r)
{
	imports_read(&r->facts->imports, &r->old, -1);
	imports_read(&r->facts->imports, &r->new, 1);
	read_definitions(r->facts, &r->old, -1);
	read_definitions(r->facts, &r->new, 1);
}

static void
read_line(struct reading *r, struct span line)
{
	struct span text = { line.p + 1, line.n - 1 };

	if (span_starts(line, "+++ ") || span_starts(line, "--- ")) {
		/* Git ends a name with blanks in it with a tab. */
		size_t n = line.n - 4 - (line.p[line.n - 1] == '\t');
		AUTO_FREE char *path = xstrndup(line.p + 4, n);

		hunk_end(r);
		r->bare_calls = has_bare_calls(path);
		r->reads = is_code(path) || (r->reads && span_starts(line, "+++ "));
		/* Behind "b/"; what is deleted has nobody's code added to it. */
		imports_file(&r->facts->imports,
		    r->reads && span_starts(line, "+++ b/") ? path + 2 : NULL);
	} else if (span_starts(line, "@@") || span_starts(line, "diff ")) {
		hunk_end(r);
	} else if (r->reads && line.n > 1 && strchr(" +-", line.p[0])) {
		if (line.p[0] != '+')
			side_add(&r->old, text, line.p[0] == '-');
		if (line.p[0] != '-')
			side_add(&r->new, text, line.p[0] == '+');
		if (line.p[0] != ' ')
			read_uses(
			    r->facts, text, line.p[0] == '+' ? 1 : -1, r->bare_calls);
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct word *)a)->name, ((const struct word *)b)->name);
}

struct radar_facts *
radar_facts(struct radar *radar, const char *base, const char *commit, struct err *err)
{
	const struct radar_call call = {
		.argv = GIT_ARGS("-c", "core.quotepath=off", "diff-tree", "-r", "-p",
		    CONTEXT, "--no-renames", "--no-ext-diff", "--no-color",
		    "--no-textconv", base, commit)
	};
	struct git_out out = { 0 };
	struct span rest, line;
	struct reading r = { 0 };

	if (radar_git(radar, &call, &out, err) < 0)
		return NULL;
	r.facts = xcalloc(1, sizeof(*r.facts));
	snprintf(r.facts->base, sizeof(r.facts->base), "%s", base);
	rest = (struct span){ out.text,
		out.n < MAX_DIFF_BYTES ? out.n : MAX_DIFF_BYTES };
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0)
			read_line(&r, line);
	}
	hunk_end(&r);
	free(r.old.line);
	free(r.new.line);
	git_out_clear(&out);
	if (r.facts->n_uses > 1)
		qsort(r.facts->use, r.facts->n_uses, sizeof(*r.facts->use), by_name);
	imports_seal(&r.facts->imports);
	return r.facts;
}

void
radar_facts_free(struct radar_facts *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_defs; i++) {
		free(f->def[i].name);
		free(f->def[i].params);
	}
	for (size_t i = 0; i < f->n_uses; i++)
		free(f->use[i].name);
	free(f->def);
	free(f->use);
	imports_clear(&f->imports);
	free(f);
}

/* Does F use NAME more often than before, or call it where CALLS? */
static bool
uses_newly(const struct radar_facts *f, const char *name, bool calls)
{
	const struct word key = { .name = (char *)(uintptr_t)name };
	const struct word *at = f->n_uses ? bsearch(&key, f->use, f->n_uses,
						sizeof(*f->use), by_name)
					  : NULL;
	int net = 0;

	if (!at)
		return false;
	while (at > f->use && strcmp(at[-1].name, name) == 0)
		at--;
	for (; at < f->use + f->n_uses && strcmp(at->name, name) == 0; at++)
		net += calls && !at->is_call ? 0 : at->sign;
	return net > 0;
}

/* What F made of the definition that it removed. */
enum fate { FATE_KEPT, FATE_CHANGED, FATE_GONE };

static enum fate
fate_of(const struct radar_facts *f, const struct word *removed)
{
	enum fate fate = FATE_GONE;

	for (size_t i = 0; i < f->n_defs; i++) {
		if (f->def[i].sign < 0 || strcmp(f->def[i].name, removed->name) != 0)
			continue;
		if (strcmp(f->def[i].params, removed->params) == 0)
			return FATE_KEPT;
		fate = FATE_CHANGED;
	}
	return fate;
}

/* Is NAME nowhere in the tree of COMMIT any more? */
static bool
is_gone_from(struct radar *radar, const char *name, const char *commit)
{
	const struct radar_call call = { .argv = GIT_ARGS("grep", "-q", "-w", "-F",
					     "-e", name, commit) };
	struct err quiet = ERR_INIT;

	return radar_git(radar, &call, NULL, &quiet) < 0;
}

/* One side of an alarm: whose trees are asked what a header holds. */
struct trees {
	struct radar *radar;
	const char *base, *commit;
};

static bool
greps(const struct trees *t, const char *words, const char *path)
{
	const struct radar_call call = { .argv = GIT_ARGS("grep", "-q", "-w", "-F",
					     "-f", "-", t->base, t->commit, "--", path),
		.input = words };
	struct err quiet = ERR_INIT;

	return radar_git(t->radar, &call, NULL, &quiet) == 0;
}

/* May code with WORDS, one a line, need a header called NAME?  Also when there
 * is none. */
static bool
header_holds(void *arg, const char *name, const char *words)
{
	const char *slash = strrchr(name, '/');
	AUTO_FREE char *path = xasprintf(":(glob)**/%s", slash ? slash + 1 : name);

	return greps(arg, words, path) ||
	       !greps(arg, "include\ndefine\nstruct\nint\n", path);
}

/* Was NAME told already, by the first N of DEF? */
static bool
is_told(const struct word *def, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (def[i].sign < 0 && strcmp(def[i].name, name) == 0)
			return true;
	}
	return false;
}

char *
radar_alarms(struct radar *radar, const struct radar_facts *a, const char *a_commit,
    const struct radar_facts *b)
{
	char *text = NULL;
	size_t n = 0, n_alarms = 0;
	FILE *f = open_memstream(&text, &n);
	struct trees trees = { radar, a->base, a_commit };
	struct imports_ask ask = { header_holds, &trees };

	for (size_t i = 0; i < a->n_defs && n_alarms < ALARMS_MAX; i++) {
		const struct word *d = &a->def[i];
		enum fate fate;

		if (d->sign > 0 || is_told(a->def, i, d->name) ||
		    !uses_newly(b, d->name, false))
			continue;
		fate = fate_of(a, d);
		/* Other parameters are nothing to who only writes the word. */
		if (fate == FATE_CHANGED && !uses_newly(b, d->name, true))
			continue;
		if (fate == FATE_CHANGED) {
			fprintf(f,
			    "%s: its parameters change, the other adds uses [S2]\n",
			    d->name);
			n_alarms++;
		} else if (fate == FATE_GONE &&
			   is_gone_from(radar, d->name, a_commit)) {
			fprintf(f, "%s: it is removed, the other adds uses [S1]\n",
			    d->name);
			n_alarms++;
		}
	}
	imports_alarms(&a->imports, &b->imports, ALARMS_MAX - n_alarms, &ask, f);
	fclose(f);
	return text;
}
