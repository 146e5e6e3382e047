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

/*
 * What is known of one alternative.  The strings follow each other in ROOM; each is at most
 * as long as the sample.
 */
struct facts {
	const char *prefix, *directory, *name_prefix, *name_suffix, *sample;
	uint64_t needs;
	bool is_literal, covers_below;
};

static char
shown_byte(const struct build *b, const struct sym *sym)
{
	if (sym->kind != SYM_BYTE)
		return 'x';
	return (char)((b->flags & GLOB_FOLD_CASE) ? tolower(sym->byte) : sym->byte);
}

/*
 * A path as the author may have meant it: every wildcard stands for one plain letter.
 * N_PREFIX gets the number of bytes before the first wildcard.
 */
static char *
put_sample(const struct build *b, char *at, size_t *n_prefix)
{
	bool is_literal_yet = true;

	*n_prefix = 0;
	for (size_t i = 0; i < b->n_names; i++) {
		const struct name *name = &b->name[i];

		/* A literal directory matches itself too, so no slash ends the prefix. */
		if (i > 0) {
			*at++ = '/';
			*n_prefix += is_literal_yet;
		}
		for (size_t k = 0; k < name->n; k++) {
			const struct sym *sym = &b->sym[name->begin + k];

			if (name->is_deep && k > 0)
				break;
			is_literal_yet = is_literal_yet && sym->kind == SYM_BYTE;
			*n_prefix += is_literal_yet;
			*at++ = shown_byte(b, sym);
		}
	}
	if (b->n_names == 0 || b->has_slash_end) {
		if (b->n_names > 0)
			*at++ = '/';
		*at++ = 'x';
	}
	*at++ = '\0';
	return at;
}

static char *
put_text(char *at, const char *text, size_t n, const char **where)
{
	*where = at;
	memcpy(at, text, n);
	at[n] = '\0';
	return at + n + 1;
}

/* Does every match end with the last name of the alternative? */
static bool
ends_in_name(const struct build *b, bool covers_below)
{
	return b->n_names > 0 && !b->has_slash_end &&
	       !b->name[b->n_names - 1].is_deep && !covers_below;
}

/*
 * The literal bytes of the last name before its first wildcard and behind its last one,
 * which stand at the end of SAMPLE.
 */
static char *
put_name_ends(const struct build *b, char *at, struct facts *f)
{
	const struct name *name = &b->name[b->n_names - 1];
	const struct sym *sym = b->sym + name->begin;
	const char *shown = f->sample + strlen(f->sample) - name->n;
	size_t head = 0, tail = 0;

	while (head < name->n && sym[head].kind == SYM_BYTE)
		head++;
	while (tail < name->n && sym[name->n - 1 - tail].kind == SYM_BYTE)
		tail++;
	at = put_text(at, shown, head, &f->name_prefix);
	return put_text(at, shown + name->n - tail, tail, &f->name_suffix);
}

/* The directory all matches lie in directly, unless it is the root or there is none. */
static char *
put_directory(const struct build *b, char *at, struct facts *f)
{
	const char *slash = strrchr(f->prefix, '/');
	size_t n_slashes = 0;

	for (const char *p = f->prefix; *p; p++)
		n_slashes += *p == '/';
	if (!slash || n_slashes + 1 != b->n_names)
		return at;
	return put_text(at, f->prefix, (size_t)(slash - f->prefix), &f->directory);
}

/* The bytes no match of the alternative can lack; with folding a letter has two. */
static uint64_t
needed_bytes(const struct build *b)
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

/* Fills F with strings in ROOM; returns the end of what they take. */
static char *
facts_fill(const struct build *b, char *room, struct facts *f)
{
	char *at = room;
	size_t n_prefix;

	*f = (struct facts){ .sample = room, .is_literal = build_is_literal(b) };
	f->covers_below = f->is_literal && build_covers_below(b);
	f->needs = needed_bytes(b);
	at = put_sample(b, at, &n_prefix);
	at = put_text(at, f->sample, n_prefix, &f->prefix);
	if (!ends_in_name(b, f->covers_below))
		return at;
	at = put_name_ends(b, at, f);
	return put_directory(b, at, f);
}

/* Cuts *COMMON down to what it shares with TEXT, from the front or from the end. */
static void
cut_common(char *common, const char *text, bool from_end)
{
	size_t n_common = strlen(common), n_text = strlen(text), n = 0;

	if (!from_end) {
		while (n < n_common && common[n] == text[n])
			n++;
	} else {
		while (n < n_common && n < n_text &&
		       common[n_common - 1 - n] == text[n_text - 1 - n])
			n++;
		memmove(common, common + n_common - n, n);
	}
	common[n] = '\0';
}

/* A glob with TEXT and the strings of F, which end at END, in its room. */
static struct glob *
glob_of(const char *text, const struct facts *f, const char *end)
{
	size_t n_text = strlen(text) + 1, n_facts = (size_t)(end - f->sample);
	struct glob *glob = xmalloc(sizeof(*glob) + n_text + n_facts);
	char *copy = glob->room + n_text;

	memcpy(glob->room, text, n_text);
	memcpy(copy, f->sample, n_facts);
#define MOVED(s) ((s) ? copy + ((s)-f->sample) : NULL)
	*glob = (struct glob){ .text = glob->room,
		.sample = copy,
		.prefix = MOVED(f->prefix),
		.directory = MOVED(f->directory),
		.name_prefix = MOVED(f->name_prefix),
		.name_suffix = MOVED(f->name_suffix),
		.needs = f->needs,
		.n_room = (uint32_t)(n_text + n_facts),
		.is_literal = f->is_literal,
		.covers_below = f->covers_below };
#undef MOVED
	return glob;
}

/* Keeps of what is known what holds for the alternative F too. */
static void
note_more(struct glob *glob, const struct facts *f)
{
	glob->needs &= f->needs;
	glob->is_literal = glob->covers_below = false;
	cut_common(glob->prefix, f->prefix, false);
	if (!f->name_prefix)
		glob->name_prefix = glob->name_suffix = NULL;
	if (glob->name_prefix) {
		cut_common(glob->name_prefix, f->name_prefix, false);
		cut_common(glob->name_suffix, f->name_suffix, true);
	}
	if (glob->directory &&
	    (!f->directory || strcmp(glob->directory, f->directory) != 0))
		glob->directory = NULL;
}

void
build_note(struct build *b, const char *text, bool is_first)
{
	size_t most = 5 * (b->n_syms + b->n_names + 4);
	char small[1024];
	AUTO_FREE char *large = most > sizeof(small) ? xmalloc(most) : NULL;
	struct facts facts;
	const char *end = facts_fill(b, large ? large : small, &facts);

	if (is_first)
		b->glob = glob_of(text, &facts, end);
	else
		note_more(b->glob, &facts);
	b->glob->n_prefix = strlen(b->glob->prefix);
}
