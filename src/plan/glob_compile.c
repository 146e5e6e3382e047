#include "base/mem.h"
#include "plan/glob_build.h"

#include <string.h>

/* No path is longer, and braces cost time in proportion to it. */
#define MAX_PATTERN_BYTES 65536

/* clang-format off */
#define WORD(c, w) ((c) / 64 == (w) ? (uint64_t)1 << ((c) % 64) : 0)
#define BYTE(c)    { WORD(c, 0), WORD(c, 1), WORD(c, 2), WORD(c, 3) }
#define BYTES_4(c) BYTE(c), BYTE((c) + 1), BYTE((c) + 2), BYTE((c) + 3)
#define BYTES_16(c) BYTES_4(c), BYTES_4((c) + 4), BYTES_4((c) + 8), BYTES_4((c) + 12)
#define BYTES_64(c) BYTES_16(c), BYTES_16((c) + 16), BYTES_16((c) + 32), BYTES_16((c) + 48)

const uint64_t glob_common_sets[SET_OWN][4] = {
	BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192),
	[SET_OTHER] = { ~(WORD('/', 0) | WORD(0, 0)), ~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0 },
};
/* clang-format on */

static uint16_t
set_new(struct build *b, const uint64_t set[4])
{
	struct nfa *nfa = &b->glob->nfa;

	GROW(nfa->set, nfa->n_sets, nfa->cap_sets);
	memcpy(nfa->set[nfa->n_sets], set, sizeof(*nfa->set));
	return (uint16_t)(SET_OWN + nfa->n_sets++);
}

/* With folding, a set that has one case of a letter has both. */
static void
set_fold(uint64_t set[4])
{
	for (int c = 'a'; c <= 'z'; c++) {
		unsigned char low = (unsigned char)c,
			      up = (unsigned char)(c - 'a' + 'A');

		if (byte_set_has(set, low))
			byte_set_add(set, up);
		else if (byte_set_has(set, up))
			byte_set_add(set, low);
	}
}

static uint16_t
set_of_byte(struct build *b, unsigned char c)
{
	uint64_t set[4] = { 0 };
	uint16_t *folded;

	if (!(b->flags & GLOB_FOLD_CASE) || !is_letter(c))
		return c;
	folded = &b->folded_set[(c | 0x20) - 'a'];
	if (!*folded) {
		byte_set_add(set, c);
		set_fold(set);
		*folded = set_new(b, set);
	}
	return *folded;
}

/*
 * Once the pattern is over its limit states are counted and no longer kept; the caller
 * looks at the count and builds the capped form.
 */
static struct nfa_state *
state_add(struct build *b)
{
	static struct nfa_state surplus;
	struct nfa *nfa = &b->glob->nfa;

	if (nfa->n >= GLOB_MAX_POSITIONS) {
		b->glob->is_capped = true;
		return &surplus;
	}
	GROW(nfa->state, nfa->n, nfa->cap);
	nfa->state[nfa->n] = (struct nfa_state){ 0 };
	return &nfa->state[nfa->n++];
}

/* The index of the state last added, plus STEP. */
static uint16_t
here(const struct build *b, int step)
{
	return (uint16_t)((int)b->glob->nfa.n - 1 + step);
}

static void
emit_one(struct build *b, uint16_t set)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .n_edges = 1, .edge = { { set, here(b, 1) } } };
}

static void
emit_star(struct build *b)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .skip_to = here(b, 1),
		.n_edges = 1,
		.edge = { { SET_OTHER, here(b, 0) } } };
}

/* Any number of whole names with their slashes: a leading or inner `**`. */
static void
emit_names(struct build *b)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .skip_to = here(b, 2),
		.n_edges = 1,
		.edge = { { SET_OTHER, here(b, 1) } } };
	s = state_add(b);
	*s = (struct nfa_state){ .n_edges = 2,
		.edge = { { SET_OTHER, here(b, 0) }, { SET_SLASH, here(b, -1) } } };
}

/* The rest of a name already begun, then anything below it; accepts. */
static void
emit_inside(struct build *b, int step_to_names)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .n_edges = 2,
		.is_accepting = true,
		.edge = { { SET_OTHER, here(b, 0) },
		    { SET_SLASH, here(b, step_to_names) } } };
}

/* One name or more: a final `**`. */
static void
emit_below(struct build *b)
{
	emit_one(b, SET_OTHER);
	emit_inside(b, -1);
}

static void
emit_end(struct build *b, bool covers_below)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .is_accepting = true };
	if (!covers_below)
		return;
	s->n_edges = 1;
	s->edge[0] = (struct nfa_edge){ SET_SLASH, here(b, 1) };
	emit_below(b);
}

static void
emit_name(struct build *b, const struct name *name)
{
	const struct sym *sym = b->sym + name->begin;
	bool is_only_stars = true;

	for (size_t i = 0; i < name->n; i++)
		is_only_stars = is_only_stars && sym[i].kind == SYM_STAR;
	if (is_only_stars)
		emit_one(b, SET_OTHER); /* no name is empty */
	for (size_t i = 0; i < name->n; i++) {
		switch (sym[i].kind) {
		case SYM_BYTE: emit_one(b, set_of_byte(b, sym[i].byte)); break;
		case SYM_CLASS: emit_one(b, sym[i].set); break;
		case SYM_ANY: emit_one(b, SET_OTHER); break;
		case SYM_STAR:
			if (i == 0 || sym[i - 1].kind != SYM_STAR)
				emit_star(b);
			break;
		}
	}
}

static int
read_sym(struct build *b, const char **p, struct err *err)
{
	struct sym sym = { .kind = SYM_BYTE, .byte = (unsigned char)**p };
	uint64_t set[4];
	size_t n;

	switch (**p) {
	case '*': sym.kind = SYM_STAR; break;
	case '?': sym.kind = SYM_ANY; break;
	case '[':
		n = class_length(*p);
		if (n == 0) {
			err_set(err, ERR_NO, "the class of the pattern has no ]");
			return err_fix(
			    err, "close it, or write \\[ for a bracket in a name");
		}
		if (class_parse(*p, n, set, err) < 0)
			return -1;
		if (b->flags & GLOB_FOLD_CASE)
			set_fold(set);
		sym.kind = SYM_CLASS;
		/* A capped pattern keeps no classes, so their number is bounded too. */
		sym.set = b->glob->nfa.n_sets < 2 * GLOB_MAX_POSITIONS ? set_new(b, set)
								       : SET_OTHER;
		*p += n - 1;
		break;
	case '\\':
		(*p)++;
		sym.byte = (unsigned char)**p;
		break;
	default: break;
	}
	(*p)++;
	GROW(b->sym, b->n_syms, b->cap_syms);
	b->sym[b->n_syms++] = sym;
	return 0;
}

static bool
name_is(const struct build *b, const struct name *name, const char *text)
{
	if (!name->is_literal || name->n != strlen(text))
		return false;
	for (size_t i = 0; i < name->n; i++) {
		if (b->sym[name->begin + i].byte != (unsigned char)text[i])
			return false;
	}
	return true;
}

/* Takes the symbols since the last slash as a name; drops what adds nothing. */
static int
close_name(struct build *b, struct err *err)
{
	struct name name = { .begin = 0, .is_literal = true, .is_deep = true };

	if (b->n_names > 0)
		name.begin = b->name[b->n_names - 1].begin + b->name[b->n_names - 1].n;
	name.n = b->n_syms - name.begin;
	for (size_t i = name.begin; i < b->n_syms; i++) {
		name.is_literal = name.is_literal && b->sym[i].kind == SYM_BYTE;
		name.is_deep = name.is_deep && b->sym[i].kind == SYM_STAR;
	}
	name.is_deep = name.is_deep && name.n >= 2;
	if (name.n == 0 || name_is(b, &name, ".")) {
		b->n_syms = name.begin;
		return 0;
	}
	if (name_is(b, &name, "..")) {
		err_set(err, ERR_NO, "the pattern leaves the repository with \"..\"");
		return err_fix(err, "name the path from the root of the repository");
	}
	if (name.is_deep && b->n_names > 0 && b->name[b->n_names - 1].is_deep) {
		b->n_syms = name.begin; /* a doubled `**` says the same */
		return 0;
	}
	GROW(b->name, b->n_names, b->cap_names);
	b->name[b->n_names++] = name;
	return 0;
}

/* Splits one alternative into names. */
static int
read_alternative(struct build *b, const char *text, struct err *err)
{
	b->n_syms = b->n_names = 0;
	b->has_slash_end = false;
	if (*text == '/') {
		err_set(err, ERR_NO, "the pattern is an absolute path");
		return err_fix(err, "name the path from the root of the repository");
	}
	for (const char *p = text; *p;) {
		if (p[0] == '\\' && !p[1]) {
			err_set(err, ERR_NO, "the pattern ends in a lone backslash");
			return err_fix(
			    err, "write \\\\ for a backslash, / between names");
		}
		b->has_slash_end = *p == '/' || (p[0] == '\\' && p[1] == '/');
		if (b->has_slash_end) {
			p += *p == '/' ? 1 : 2;
			if (close_name(b, err) < 0)
				return -1;
		} else if (read_sym(b, &p, err) < 0) {
			return -1;
		}
	}
	return close_name(b, err);
}

static void
emit_names_of(struct build *b)
{
	bool is_literal = build_is_literal(b);
	bool needs_slash = false;

	for (size_t i = 0; i < b->n_names; i++) {
		bool is_last = i + 1 == b->n_names;

		if (needs_slash)
			emit_one(b, SET_SLASH);
		needs_slash = true;
		if (b->name[i].is_deep && is_last && !b->has_slash_end) {
			emit_below(b);
			return;
		}
		if (b->name[i].is_deep) {
			emit_names(b);
			needs_slash = false;
			if (is_last) { /* any directory: the `**` and one name more */
				emit_one(b, SET_OTHER);
				emit_star(b);
			}
		} else {
			emit_name(b, &b->name[i]);
		}
	}
	if (b->n_names == 0) {
		emit_below(b); /* "." is the whole project */
	} else if (is_literal) {
		emit_end(b, build_covers_below(b));
	} else if (b->has_slash_end) {
		emit_one(b, SET_SLASH);
		emit_below(b);
	} else {
		emit_end(b, false);
	}
}

static void
add_alternative(struct build *b, bool is_first)
{
	struct glob *glob = b->glob;

	glob->nfa.start[glob->nfa.n_starts++] = (uint16_t)glob->nfa.n;
	emit_names_of(b);
	build_note(b, is_first);
}

/* Too large to be decided exactly: everything that begins with the literal prefix. */
static void
build_capped(struct build *b)
{
	struct glob *glob = b->glob;
	size_t n = strnlen(glob->prefix, GLOB_MAX_POSITIONS / 2);

	glob->prefix[n] = '\0';
	glob->is_literal = false;
	build_forget_names(glob);
	glob->nfa.n = 0;
	glob->nfa.start[0] = 0;
	glob->nfa.n_starts = 1;
	for (size_t i = 0; i < n; i++)
		emit_one(b, glob->prefix[i] == '/'
				? SET_SLASH
				: set_of_byte(b, (unsigned char)glob->prefix[i]));
	if (n == 0 || glob->prefix[n - 1] == '/') {
		emit_below(b);
		return;
	}
	emit_inside(b, 1);
	emit_below(b);
}

static int
check_text(const char *pattern, struct err *err)
{
	size_t n = strlen(pattern);

	if (n == 0) {
		err_set(err, ERR_NO, "the pattern is empty");
		return err_fix(err, "name a path, or leave it out");
	}
	if (n > MAX_PATTERN_BYTES)
		return err_set(err, ERR_NO, "the pattern is longer than any path");
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)pattern[i] < ' ' || pattern[i] == 0x7f) {
			err_set(err, ERR_NO,
			    "the pattern has a control character at byte %zu", i + 1);
			return err_fix(err, "match the odd byte with ? instead");
		}
	}
	return 0;
}

/* Compiles all alternatives; -1 leaves what was built for the caller to free. */
static int
build_all(struct build *b, const struct alternatives *alts, struct err *err)
{
	bool is_first = true;

	for (size_t i = 0; i < alts->n; i++) {
		if (!*alts->text[i])
			continue; /* `{,x}` alone: no path is empty */
		if (read_alternative(b, alts->text[i], err) < 0)
			return -1;
		add_alternative(b, is_first);
		is_first = false;
	}
	if (is_first)
		return err_set(err, ERR_NO, "the pattern is empty");
	if (b->glob->is_capped)
		build_capped(b);
	b->glob->n_prefix = strlen(b->glob->prefix);
	return 0;
}

struct glob *
glob_new(const char *pattern, unsigned flags, struct err *err)
{
	struct build b = { .flags = flags };
	struct alternatives alts;

	if (check_text(pattern, err) < 0 ||
	    alternatives_expand(&alts, pattern, err) < 0)
		return NULL;
	b.glob = xcalloc(1, sizeof(*b.glob));
	b.glob->folds_case = flags & GLOB_FOLD_CASE;
	b.glob->nfa.cap = strnlen(pattern, GLOB_MAX_POSITIONS) + 8;
	b.glob->nfa.state = xreallocarray(
	    NULL, b.glob->nfa.cap, sizeof(*b.glob->nfa.state));
	if (build_all(&b, &alts, err) < 0) {
		glob_free(b.glob);
		b.glob = NULL;
	}
	alternatives_clear(&alts);
	free(b.sym);
	free(b.name);
	return b.glob;
}
