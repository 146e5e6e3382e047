#include "base/mem.h"
#include "plan/glob_build.h"

#include <ctype.h>
#include <string.h>

bool
build_is_literal(const struct build *b)
{
	for (size_t i = 0; i < b->n_names; i++) {
		if (!b->name[i].is_literal)
			return false;
	}
	return b->n_names > 0;
}

bool
build_covers_below(const struct build *b)
{
	const struct name *last = &b->name[b->n_names - 1];

	if (b->has_slash_end || (b->flags & GLOB_IS_DIR))
		return true;
	if (b->flags & GLOB_IS_FILE)
		return false;
	for (size_t i = 1; i < last->n; i++) {
		if (b->sym[last->begin + i].byte == '.')
			return false;
	}
	return true;
}

static char
literal_byte(const struct build *b, const struct sym *sym)
{
	return (char)((b->flags & GLOB_FOLD_CASE) ? tolower(sym->byte) : sym->byte);
}

/* The bytes every match of the alternative begins with, and where they stop. */
static char *
alternative_prefix(const struct build *b)
{
	char *prefix = xcalloc(b->n_syms + b->n_names + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < b->n_names; i++) {
		const struct name *name = &b->name[i];

		/* A literal directory matches itself too, so no slash ends the prefix. */
		if (i > 0)
			prefix[n++] = '/';
		for (size_t k = name->begin; k < name->begin + name->n; k++) {
			if (b->sym[k].kind != SYM_BYTE)
				return prefix;
			prefix[n++] = literal_byte(b, &b->sym[k]);
		}
	}
	return prefix;
}

/* Does every match end with the last name of the alternative? */
static bool
ends_in_name(const struct build *b)
{
	return b->n_names > 0 && !b->has_slash_end &&
	       !b->name[b->n_names - 1].is_deep &&
	       !(build_is_literal(b) && build_covers_below(b));
}

/* The literal bytes before the first (or, FROM_END, after the last) wildcard of it. */
static char *
last_name_literal(const struct build *b, bool from_end)
{
	const struct name *name = &b->name[b->n_names - 1];
	const struct sym *sym = b->sym + name->begin;
	char *text = xcalloc(name->n + 1, 1);
	size_t n = 0;

	while (n < name->n && sym[from_end ? name->n - 1 - n : n].kind == SYM_BYTE)
		n++;
	for (size_t i = 0; i < n; i++)
		text[i] = literal_byte(b, &sym[from_end ? name->n - n + i : i]);
	return text;
}

/* Cuts *COMMON down to what it shares with TEXT, from the front or from the end. */
static void
cut_common(char *common, const char *text, bool from_end)
{
	size_t n_common = strlen(common), n_text = strlen(text), n = 0;

	while (n < n_common && n < n_text &&
	       (from_end ? common[n_common - 1 - n] == text[n_text - 1 - n]
			 : common[n] == text[n]))
		n++;
	if (from_end)
		memmove(common, common + n_common - n, n);
	common[n] = '\0';
}

static void
forget_last_name(struct glob *glob)
{
	free(glob->name_prefix);
	free(glob->name_suffix);
	glob->name_prefix = glob->name_suffix = NULL;
}

/* Notes the literal ends of the last name, as far as all alternatives agree. */
static void
note_last_name(struct build *b, bool is_first)
{
	struct glob *glob = b->glob;
	AUTO_FREE char *prefix = NULL;
	AUTO_FREE char *suffix = NULL;

	if (!ends_in_name(b)) {
		forget_last_name(glob);
		return;
	}
	prefix = last_name_literal(b, false);
	suffix = last_name_literal(b, true);
	if (is_first) {
		glob->name_prefix = TAKE_PTR(prefix);
		glob->name_suffix = TAKE_PTR(suffix);
	} else if (glob->name_prefix) {
		cut_common(glob->name_prefix, prefix, false);
		cut_common(glob->name_suffix, suffix, true);
	}
}

/* A path as the author may have meant it: every wildcard stands for one plain letter. */
static char *
alternative_sample(const struct build *b)
{
	char *sample = xmalloc(b->n_syms + 2 * b->n_names + 4);
	const char *below = b->n_names ? "/x" : "x";
	size_t n = 0;

	for (size_t i = 0; i < b->n_names; i++) {
		const struct name *name = &b->name[i];

		if (i > 0)
			sample[n++] = '/';
		for (size_t k = 0; k < name->n && !name->is_deep; k++) {
			const struct sym *sym = &b->sym[name->begin + k];

			sample[n++] = (char)(sym->kind == SYM_BYTE ? sym->byte : 'x');
		}
		if (name->is_deep)
			sample[n++] = 'x';
	}
	if (b->n_names == 0 || b->has_slash_end) {
		memcpy(sample + n, below, strlen(below) + 1);
		return sample;
	}
	sample[n] = '\0';
	return sample;
}

/* The directory all matches lie in directly; NULL when it is the root or there is none. */
static char *
alternative_directory(const struct build *b)
{
	AUTO_FREE char *prefix = alternative_prefix(b);
	char *slash = strrchr(prefix, '/');
	size_t n_slashes = 0;

	for (const char *p = prefix; *p; p++)
		n_slashes += *p == '/';
	if (!slash || n_slashes + 1 != b->n_names || b->has_slash_end ||
	    b->name[b->n_names - 1].is_deep ||
	    (build_is_literal(b) && build_covers_below(b)))
		return NULL;
	*slash = '\0';
	return TAKE_PTR(prefix);
}

/* The bytes no match of the alternative can lack; with folding a letter has two. */
static uint64_t
alternative_needs(const struct build *b)
{
	uint64_t needs = 0;

	for (size_t i = 0; i < b->n_syms; i++) {
		const struct sym *sym = &b->sym[i];

		if (sym->kind == SYM_BYTE &&
		    !((b->flags & GLOB_FOLD_CASE) && is_letter(sym->byte)))
			needs |= (uint64_t)1 << (sym->byte & 63);
	}
	return needs;
}

void
build_note(struct build *b, bool is_first)
{
	struct glob *glob = b->glob;
	AUTO_FREE char *prefix = alternative_prefix(b);
	AUTO_FREE char *directory = alternative_directory(b);

	note_last_name(b, is_first);
	glob->needs = alternative_needs(b) & (is_first ? UINT64_MAX : glob->needs);
	glob->is_literal = is_first && build_is_literal(b);
	if (is_first) {
		glob->prefix = TAKE_PTR(prefix);
		glob->directory = TAKE_PTR(directory);
		glob->sample = alternative_sample(b);
		return;
	}
	cut_common(glob->prefix, prefix, false);
	if (glob->directory &&
	    (!directory || strcmp(glob->directory, directory) != 0)) {
		free(glob->directory);
		glob->directory = NULL;
	}
}

void
build_forget_names(struct glob *glob)
{
	forget_last_name(glob);
	free(glob->directory);
	glob->directory = NULL;
	glob->needs = 0;
}
