#include "base/mem.h"
#include "plan/glob_build.h"

#include <string.h>

/* No path is longer, and braces cost time in proportion to it. */
#define MAX_PATTERN_BYTES 65536
/* States a symbol takes at most, classes beyond ASCII aside. */
#define STATES_OF_ANY 5

void
build_init(struct build *b, unsigned flags)
{
	b->glob = NULL;
	b->arena = NULL;
	b->flags = flags;
	b->sym = b->small_sym;
	b->cap_syms = N_ELEMS(b->small_sym);
	b->name = b->small_name;
	b->cap_names = N_ELEMS(b->small_name);
	b->n_syms = b->n_names = b->n_positions = 0;
	b->has_slash_end = b->keeps_classes = false;
	b->class = NULL;
	b->n_classes = b->cap_classes = 0;
	b->nfa = NULL;
	memset(b->folded_set, 0, sizeof(b->folded_set));
}

void
build_clear(struct build *b)
{
	if (b->sym != b->small_sym)
		free(b->sym);
	if (b->name != b->small_name)
		free(b->name);
	free(b->class);
}

static void
add_sym(struct build *b, struct sym sym)
{
	if (b->n_syms == b->cap_syms && b->sym == b->small_sym) {
		b->cap_syms *= 4;
		b->sym = xreallocarray(NULL, b->cap_syms, sizeof(*b->sym));
		memcpy(b->sym, b->small_sym, sizeof(b->small_sym));
	}
	GROW(b->sym, b->n_syms, b->cap_syms);
	b->sym[b->n_syms++] = sym;
}

static void
add_name(struct build *b, struct name name)
{
	if (b->n_names == b->cap_names && b->name == b->small_name) {
		b->cap_names *= 4;
		b->name = xreallocarray(NULL, b->cap_names, sizeof(*b->name));
		memcpy(b->name, b->small_name, sizeof(b->small_name));
	}
	GROW(b->name, b->n_names, b->cap_names);
	b->name[b->n_names++] = name;
}

/* States that the characters of CLASS take at most. */
static size_t
class_positions(const struct char_class *class)
{
	struct utf8_run run[CLASS_MAX_RANGES * 8];
	size_t n = 0, n_states = 1;

	if (class_takes_all_wide(class))
		return STATES_OF_ANY;
	for (size_t i = 0; i < class->n_ranges; i++)
		n = utf8_runs(
		    class->range[i].low, class->range[i].high, run, n, N_ELEMS(run));
	for (size_t i = 0; i < n; i++)
		n_states += run[i].n;
	return n_states;
}

static int
read_class(struct build *b, const char **p, struct sym *sym, struct err *err)
{
	struct char_class class;
	size_t n = class_length(*p);

	if (n == 0) {
		err_set(err, ERR_NO, "the class of the pattern has no ]");
		return err_fix(err, "close it, or write \\[ for a bracket in a name");
	}
	if (class_parse(*p, n, b->flags, &class, err) < 0)
		return -1;
	sym->kind = SYM_CLASS;
	b->n_positions += class_positions(&class) - 1;
	/* A capped pattern keeps no classes, so their number is bounded. */
	if (b->keeps_classes && b->n_classes < GLOB_MAX_POSITIONS) {
		GROW(b->class, b->n_classes, b->cap_classes);
		sym->class = (uint16_t)b->n_classes;
		b->class[b->n_classes++] = class;
	}
	*p += n - 1;
	return 0;
}

static int
read_sym(struct build *b, const char **p, struct err *err)
{
	struct sym sym = { .kind = SYM_BYTE, .byte = (unsigned char)**p };

	b->n_positions++;
	switch (**p) {
	case '*': sym.kind = SYM_STAR; break;
	case '?':
		sym.kind = SYM_ANY;
		b->n_positions += STATES_OF_ANY - 1;
		break;
	case '[':
		if (read_class(b, p, &sym, err) < 0)
			return -1;
		break;
	case '\\':
		(*p)++;
		sym.byte = (unsigned char)**p;
		break;
	default: break;
	}
	(*p)++;
	add_sym(b, sym);
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
	struct name name = { .is_literal = true, .is_deep = true };

	if (b->n_names > 0)
		name.begin = b->name[b->n_names - 1].begin + b->name[b->n_names - 1].n;
	name.n = (uint32_t)b->n_syms - name.begin;
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
	b->n_positions += STATES_OF_NAME;
	add_name(b, name);
	return 0;
}

int
build_read(struct build *b, const char *text, struct err *err)
{
	b->n_syms = b->n_names = 0;
	b->has_slash_end = false;
	b->n_positions += STATES_OF_END;
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

/* One of SPECIAL in the N bytes at TEXT that is not escaped? */
static bool
has_special(const char *text, size_t n, const char *special)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\')
			i++;
		else if (strchr(special, text[i]))
			return true;
	}
	return false;
}

/* Is a byte above ASCII escaped, which makes a character of what the escape parts? */
static bool
splits_bytes(const char *text, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		if (text[i] == '\\' && (unsigned char)text[++i] >= 0x80)
			return true;
	}
	return false;
}

/*
 * Bytes that are no UTF-8 stand only in names that are written out: beside a wildcard or in
 * an alternative, or behind an escape, a character could come of them and of what follows.
 */
static int
check_bytes(const char *pattern, size_t n, struct err *err)
{
	long bad = glob_odd_byte(pattern, n);
	bool is_mixed = bad >= 0 && has_special(pattern, n, "{");

	if (bad < 0)
		return 0;
	for (const char *name = pattern; !is_mixed && name;) {
		size_t len = strcspn(name, "/");

		is_mixed = glob_odd_byte(name, len) >= 0 &&
			   (has_special(name, len, "*?[") || splits_bytes(name, len));
		name = name[len] ? name + len + 1 : NULL;
	}
	if (!is_mixed)
		return 0;
	err_set(err, ERR_NO,
	    "the pattern has wildcards beside byte %ld, which is no UTF-8", bad + 1);
	return err_fix(err, "match the odd byte with ? instead");
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
	return check_bytes(pattern, n, err);
}

/* Reads all alternatives of TEXT and notes what is known of them. */
static int
read_all(struct build *b, const char *text, struct err *err)
{
	struct alternatives alts;
	bool is_first = true;
	int rc = 0;

	if (!strpbrk(text, "{}")) {
		rc = build_read(b, text, err);
		if (rc == 0)
			build_note(b, text, true);
		return rc;
	}
	if (alternatives_expand(&alts, text, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < alts.n; i++) {
		if (!*alts.text[i])
			continue; /* `{,x}` alone: no path is empty */
		rc = build_read(b, alts.text[i], err);
		if (rc == 0 && is_first)
			build_note(b, text, false);
		else if (rc == 0)
			build_note_more(b);
		is_first = false;
	}
	alternatives_clear(&alts);
	if (rc == 0 && is_first)
		rc = err_set(err, ERR_NO, "the pattern is empty");
	return rc;
}

/* What is still known of a pattern that became all below its literal prefix. */
static void
forget_names(struct glob *glob)
{
	if (glob->n_prefix > GLOB_MAX_PREFIX)
		glob->n_prefix = GLOB_MAX_PREFIX;
	glob->room[glob->prefix + glob->n_prefix] = '\0';
	glob->n_directory = 0;
	glob->is_literal = glob->covers_below = glob->ends_in_name = false;
	glob->needs = 0;
}

struct glob *
glob_new(const char *pattern, unsigned flags, struct err *err)
{
	return glob_new_in(NULL, pattern, flags, err);
}

struct glob *
glob_new_in(struct arena *arena, const char *pattern, unsigned flags, struct err *err)
{
	AUTO_FREE char *spelled = NULL;
	struct glob *glob = glob_quick(arena, pattern, flags);
	struct build b;

	if (glob) {
		glob->flags = (uint8_t)flags;
		return glob;
	}
	if (check_text(pattern, err) < 0)
		return NULL;
	spelled = glob_spell_path(pattern, flags & GLOB_FOLD_CASE);
	build_init(&b, flags);
	b.arena = arena;
	if (read_all(&b, spelled ? spelled : pattern, err) < 0) {
		glob_free(b.glob);
		b.glob = NULL;
	}
	build_clear(&b);
	glob = b.glob;
	if (!glob)
		return NULL;
	glob->flags = (uint8_t)flags;
	glob->n_positions = b.n_positions < UINT32_MAX ? (uint32_t)b.n_positions
						       : UINT32_MAX;
	/* Large ones may turn out to be too large, which changes what is known of them. */
	if (b.n_positions > GLOB_MAX_POSITIONS && glob_states(glob)->is_capped)
		forget_names(glob);
	return glob;
}

void
nfa_free(struct nfa *nfa)
{
	if (!nfa)
		return;
	free(nfa->state);
	free(nfa->set);
	free(nfa);
}

void
glob_forget_states(struct glob *glob)
{
	if (!glob->own_states || glob->keeps_states || glob->own_states->is_capped)
		return;
	nfa_free(glob->own_states);
	glob->own_states = NULL;
}

void
glob_free(struct glob *glob)
{
	if (!glob)
		return;
	nfa_free(glob->own_states);
	if (!glob->is_arenas)
		free(glob);
}

bool
glob_is_capped(const struct glob *glob)
{
	return glob->own_states && glob->own_states->is_capped;
}

bool
glob_is_literal(const struct glob *glob)
{
	return glob->is_literal;
}

size_t
glob_size(const struct glob *glob)
{
	return glob->own_states ? glob->own_states->n : glob->n_positions;
}

const char *
glob_prefix(const struct glob *glob)
{
	return glob_room(glob, glob->prefix);
}

const char *
glob_name_prefix(const struct glob *glob)
{
	return glob->ends_in_name ? glob_room(glob, glob->name_prefix) : NULL;
}

size_t
glob_directory(const struct glob *glob)
{
	return glob->n_directory;
}

const char *
glob_sample(const struct glob *glob)
{
	return glob_room(glob, glob->sample);
}
