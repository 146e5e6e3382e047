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

/* Does every match end with the last name of the alternative? */
static bool
ends_in_name(const struct build *b, bool covers_below)
{
	return b->n_names > 0 && !b->has_slash_end &&
	       !b->name[b->n_names - 1].is_deep && !covers_below;
}

/*
 * The literal bytes of the last name before its first wildcard and behind its last one; it
 * stands at the end of the sample.
 */
static void
note_name_ends(const struct build *b, struct facts *f)
{
	const struct name *name = &b->name[b->n_names - 1];
	const struct sym *sym = b->sym + name->begin;

	f->last = f->n_sample - name->n;
	while (f->n_head < name->n && sym[f->n_head].kind == SYM_BYTE)
		f->n_head++;
	while (f->n_tail < name->n && sym[name->n - 1 - f->n_tail].kind == SYM_BYTE)
		f->n_tail++;
}

void
facts_directory(struct facts *f, size_t n_names)
{
	size_t n_slashes = 0;

	for (size_t i = 0; i < f->n_prefix; i++) {
		if (f->sample[i] != '/')
			continue;
		f->n_directory = i;
		n_slashes++;
	}
	if (n_slashes + 1 != n_names)
		f->n_directory = 0;
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

/* Fills F, with its sample in ROOM. */
static void
facts_fill(const struct build *b, char *room, struct facts *f)
{
	const char *end;

	*f = (struct facts){ .sample = room, .is_literal = build_is_literal(b) };
	f->covers_below = f->is_literal && build_covers_below(b);
	f->ends_in_name = ends_in_name(b, f->covers_below);
	f->needs = needed_bytes(b);
	end = put_sample(b, room, &f->n_prefix);
	f->n_sample = (size_t)(end - room) - 1;
	if (!f->ends_in_name)
		return;
	note_name_ends(b, f);
	facts_directory(f, b->n_names);
}

/* Cuts COMMON down to what it shares with the N bytes at TEXT, from the front or from the end. */
static size_t
cut_common(char *common, const char *text, size_t n_text, bool from_end)
{
	size_t n_common = strlen(common), n = 0;

	if (!from_end) {
		while (n < n_common && n < n_text && common[n] == text[n])
			n++;
	} else {
		while (n < n_common && n < n_text &&
		       common[n_common - 1 - n] == text[n_text - 1 - n])
			n++;
		memmove(common, common + n_common - n, n);
	}
	common[n] = '\0';
	return n;
}

/* The room of a glob as it is filled. */
struct room {
	char *at;
	uint32_t n;
};

static uint32_t
room_add(struct room *room, const char *text, size_t n)
{
	uint32_t begin = room->n;

	memcpy(room->at + begin, text, n);
	room->at[begin + n] = '\0';
	room->n += (uint32_t)n + 1;
	return begin;
}

/*
 * Puts the strings of F behind the N_TEXT bytes of the pattern.  One that IS_ONLY is never
 * cut, so that what another string ends in, or is, need not be there again.
 */
static uint32_t
place_strings(struct glob *glob, struct room *room, const struct facts *f, bool is_only)
{
	size_t n_text = room->n - 1;
	bool is_text = is_only && n_text == f->n_sample &&
		       memcmp(room->at, f->sample, n_text) == 0;

	glob->sample = is_text ? 0 : room_add(room, f->sample, f->n_sample);
	glob->prefix = is_only && f->n_prefix == f->n_sample
			   ? glob->sample
			   : room_add(room, f->sample, f->n_prefix);
	if (!f->ends_in_name)
		return room->n;
	glob->name_suffix = is_only
				? glob->sample + (uint32_t)(f->n_sample - f->n_tail)
				: room_add(room, f->sample + f->n_sample - f->n_tail,
				      f->n_tail);
	glob->name_prefix = is_only && f->last + f->n_head == f->n_sample
				? glob->name_suffix
				: room_add(room, f->sample + f->last, f->n_head);
	return room->n;
}

struct glob *
facts_glob(const struct facts *f, struct arena *arena, const char *text, bool is_only)
{
	size_t n_text = strlen(text);
	char small[1024];
	size_t most = n_text + 4 * (f->n_sample + 2);
	AUTO_FREE char *large = most > sizeof(small) ? xmalloc(most) : NULL;
	struct room room = { .at = large ? large : small };
	struct glob glob = { .needs = f->needs,
		.n_prefix = (uint32_t)f->n_prefix,
		.n_directory = (uint32_t)f->n_directory,
		.is_literal = f->is_literal,
		.covers_below = f->covers_below,
		.ends_in_name = f->ends_in_name,
		.is_arenas = arena != NULL };
	struct glob *made;
	size_t n_bytes;

	(void)room_add(&room, text, n_text);
	n_bytes = sizeof(glob) + place_strings(&glob, &room, f, is_only);
	made = arena ? arena_alloc(arena, n_bytes) : xmalloc(n_bytes);
	*made = glob;
	memcpy(made->room, room.at, room.n);
	return made;
}

/* Keeps of what is known what holds for the alternative F too. */
static void
note_more(struct glob *glob, const struct facts *f)
{
	char *prefix = glob->room + glob->prefix;
	const char *name = f->sample + f->last;

	glob->needs &= f->needs;
	glob->is_literal = glob->covers_below = false;
	if (!f->n_directory || f->n_directory != glob->n_directory ||
	    memcmp(prefix, f->sample, f->n_directory) != 0)
		glob->n_directory = 0;
	glob->n_prefix = (uint32_t)cut_common(prefix, f->sample, f->n_prefix, false);
	glob->ends_in_name = glob->ends_in_name && f->ends_in_name;
	if (!glob->ends_in_name)
		return;
	cut_common(glob->room + glob->name_prefix, name, f->n_head, false);
	cut_common(glob->room + glob->name_suffix, f->sample + f->n_sample - f->n_tail,
	    f->n_tail, true);
}

/* The facts of what B read last, its sample in *LARGE when it does not fit SMALL. */
#define SMALL_SAMPLE 512

static void
facts_of(const struct build *b, char small[SMALL_SAMPLE], char **large, struct facts *f)
{
	size_t most = b->n_syms + b->n_names + 4;

	if (most > SMALL_SAMPLE)
		*large = xmalloc(most);
	facts_fill(b, *large ? *large : small, f);
}

void
build_note(struct build *b, const char *text, bool is_only)
{
	AUTO_FREE char *large = NULL;
	char small[SMALL_SAMPLE];
	struct facts facts;

	facts_of(b, small, &large, &facts);
	/* A prefix that may have to be cut for being too long is not shared. */
	is_only = is_only && facts.n_sample < GLOB_MAX_PREFIX;
	b->glob = facts_glob(&facts, b->arena, text, is_only);
}

void
build_note_more(struct build *b)
{
	AUTO_FREE char *large = NULL;
	char small[SMALL_SAMPLE];
	struct facts facts;

	facts_of(b, small, &large, &facts);
	note_more(b->glob, &facts);
}
