#include "plan/unread.h"

#include "plan/key.h"
#include "plan/parse.h"

#include <string.h>

/* Words before a colon behind which paths are named that are no footprint. */
static bool
is_prose(struct span name)
{
	static const char *const words[] = { "see", "not", "note", "notes", "no", "do",
		"dont", "never", "avoid", "ignore", "keep", "leave", "out", "example",
		"examples", "reference", "references", "background", "why", "hint",
		"hints", "link", "links", "docs", "like", "owner" };
	size_t n = 0;

	while (n < name.n && name.p[n] != ' ' && name.p[n] != '-')
		n++;
	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (span_eq_nocase((struct span){ name.p, n }, words[i]))
			return true;
	}
	return false;
}

/* Is TEXT nothing but code spans, and what stands between them in a list? */
static bool
is_list_of_code(struct span text)
{
	size_t n_spans = 0;

	for (size_t i = 0; i < text.n; i++) {
		struct span rest = { text.p + i, text.n - i };

		if (text.p[i] == '`') {
			i += source_skip_quotes(rest) - 1;
			n_spans++;
		} else if (span_starts(rest, "and ") || span_starts(rest, "-> ")) {
			i += 2;
		} else if (!strchr(" \t,;!.", text.p[i])) {
			return false;
		}
	}
	return n_spans > 0;
}

/* The key of the footprint that TEXT begins with, without a colon; N_KEY gets its length. */
static enum plan_key
key_without_colon(struct span text, size_t *n_key)
{
	enum plan_key key;
	size_t n = 0;

	while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
		n++;
	key = plan_key_of((struct span){ text.p, n });
	*n_key = n;
	return key >= KEY_TOUCH && key <= KEY_TOUCH_LAST &&
		       is_list_of_code((struct span){ text.p + n, text.n - n })
		   ? key
		   : KEY_NONE;
}

void
unread_bullet(struct plan *plan, struct lint_list *lints, const struct source *source,
    const char *phase_id, struct span text, struct span name)
{
	enum plan_key key = KEY_NONE;
	struct place at = source_place(source, name.n > 0 ? name.p : text.p);
	size_t n = 0;

	if (name.n == 0) {
		key = key_without_colon(text, &n);
		if (key != KEY_NONE)
			lint_add(plan, lints, "L13", 'W', "R-109", phase_id, at,
			    "put a colon behind it",
			    "\"%.*s\" is only read as a key of phase %s with a colon: "
			    "what it names does not count",
			    (int)n, text.p, phase_id);
		return;
	}
	key = plan_key_near(name);
	if (key == KEY_NONE)
		key = plan_key_meant(name);
	if (key != KEY_NONE) {
		lint_add(plan, lints, "L13", 'W', "R-109", phase_id, at,
		    "correct the key, or write it as prose without a colon",
		    "\"%.*s\" is no key of a phase; did you mean \"%s\"?", (int)name.n,
		    name.p, plan_key_name(key));
		return;
	}
	n = (size_t)(name.p + name.n - text.p);
	while (n < text.n && strchr(":* \t", text.p[n]))
		n++;
	if (!is_prose(name) && is_list_of_code((struct span){ text.p + n, text.n - n }))
		lint_add(plan, lints, "L13", 'W', "R-109", phase_id, at,
		    "use Reads, Writes, Creates, Deletes, Renames, Appends or Infra, or "
		    "write it as prose without a colon",
		    "\"%.*s\" is no key of a phase: what it names does not count as "
		    "touched",
		    (int)name.n, name.p);
}
