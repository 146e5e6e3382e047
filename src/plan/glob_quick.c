#include "base/mem.h"
#include "plan/glob_build.h"

#include <string.h>

/*
 * What most patterns are: names of plain ASCII letters with stars in them, at most so many
 * bytes.  One look at each byte says all that is known of such a one, where taking it apart
 * into symbols and names costs ten times that; everything else is left to who does.
 */
#define QUICK_MAX_BYTES 200

static bool
is_plain(unsigned char c)
{
	switch (c) {
	case '*':
	case '/':
	case '?':
	case '[':
	case ']':
	case '{':
	case '}':
	case '\\': return false;
	default: return c >= ' ' && c < 0x7f;
	}
}

/* The name that is being read. */
struct quick_name {
	size_t at, n;
	size_t n_stars, n_head,
	    n_tail; /* of stars; of what is plain before and behind */
	bool is_deep;
};

/* Reads the name at AT of TEXT; false when it is none, or not one to be quick with. */
static bool
read_name(const char *text, size_t at, struct quick_name *name, uint64_t *needs)
{
	size_t i = at;

	*name = (struct quick_name){ .at = at };
	for (; text[i] && text[i] != '/'; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '*') {
			name->n_stars++;
			name->n_tail = 0;
			continue;
		}
		if (!is_plain(c))
			return false;
		*needs |= (uint64_t)1 << (c & 63);
		name->n_head += name->n_stars == 0;
		name->n_tail++;
	}
	name->n = i - at;
	name->is_deep = name->n >= 2 && name->n_stars == name->n;
	/* "." and ".." and no name at all mean something else. */
	return name->n > 0 &&
	       !(text[at] == '.' &&
		   (name->n == 1 || (name->n == 2 && text[at + 1] == '.')));
}

/* Puts NAME of TEXT into the sample that has N bytes; returns how many it has then. */
static size_t
put_name(const char *text, const struct quick_name *name, char *sample, size_t n)
{
	if (n > 0)
		sample[n++] = '/';
	if (name->is_deep) {
		sample[n++] = 'x';
		return n;
	}
	for (size_t i = 0; i < name->n; i++) {
		char c = text[name->at + i];

		sample[n++] = (char)(c == '*' ? 'x' : c);
	}
	return n;
}

/* Does a literal that ends in NAME cover what is below it?  As build_covers_below(). */
static bool
covers_below(const char *text, const struct quick_name *name, unsigned flags)
{
	if (flags & (GLOB_IS_DIR | GLOB_IS_FILE))
		return flags & GLOB_IS_DIR;
	return !memchr(text + name->at + 1, '.', name->n - 1);
}

/* Reads TEXT into F, whose sample is SAMPLE; N_NAMES gets how many names there are. */
static bool
read_facts(const char *text, char *sample, struct facts *f, struct quick_name *last,
    size_t *n_names)
{
	struct quick_name name = { 0 };
	bool is_deep = false;
	size_t at = 0, n = 0;

	*f = (struct facts){ .sample = sample, .is_literal = true };
	*n_names = 0;
	do {
		size_t begin = n + (n > 0);

		if (!read_name(text, at, &name, &f->needs) || (is_deep && name.is_deep))
			return false;
		n = put_name(text, &name, sample, n);
		if (f->is_literal)
			f->n_prefix = begin + name.n_head;
		f->is_literal = f->is_literal && name.n_stars == 0;
		is_deep = name.is_deep;
		++*n_names;
		at += name.n;
	} while (text[at] == '/' && text[++at]);
	*last = name;
	f->n_sample = n;
	return true;
}

struct glob *
glob_quick(struct arena *arena, const char *text, unsigned flags)
{
	size_t n_text = strnlen(text, QUICK_MAX_BYTES + 1), n_names;
	char sample[QUICK_MAX_BYTES + 3];
	struct quick_name last;
	struct facts f;
	struct glob *glob;
	bool has_slash_end;

	if (n_text > QUICK_MAX_BYTES || (flags & GLOB_FOLD_CASE) ||
	    !read_facts(text, sample, &f, &last, &n_names))
		return NULL;
	has_slash_end = text[n_text - 1] == '/';
	f.covers_below = f.is_literal &&
			 (has_slash_end || covers_below(text, &last, flags));
	f.ends_in_name = !has_slash_end && !last.is_deep && !f.covers_below;
	if (f.ends_in_name) {
		f.last = f.n_sample - last.n;
		f.n_head = last.n_head;
		f.n_tail = last.n_tail;
		facts_directory(&f, n_names);
	}
	if (has_slash_end) {
		sample[f.n_sample++] = '/';
		sample[f.n_sample++] = 'x';
	}
	sample[f.n_sample] = '\0';
	glob = facts_glob(&f, arena, text, true);
	glob->n_positions = (uint32_t)(STATES_OF_END + STATES_OF_NAME * n_names +
				       (n_text - has_slash_end) - (n_names - 1));
	return glob;
}
