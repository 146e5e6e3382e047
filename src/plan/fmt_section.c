#include "plan/fmt_section.h"

#include "base/mem.h"
#include "plan/field.h"
#include "plan/section.h"

#include <string.h>

/* One bullet as it will be written. */
struct entry_out {
	enum plan_key key;
	size_t order;        /* as it stood: keeps the sort stable */
	struct span value;   /* raw */
	bool is_plain;       /* no comment in it */
	struct bullet below; /* whose nested lines follow; line == end when none do */
};

struct run {
	struct entry_out *item;
	size_t n, cap;
	struct span indent;
	size_t next; /* the line at which the run goes on */
};

struct section_out {
	FILE *out;
	const struct source *source;
	struct span default_eol;
	struct run run;
};

static struct span
raw_of(const struct source *source, struct span clean)
{
	return (struct span){ source->bytes + (clean.p - source->clean), clean.n };
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static void
put_eol(struct section_out *s, size_t line)
{
	struct span eol = source_eol(s->source, line);

	if (!source_is_ended(s->source, line))
		eol = s->default_eol;
	fprintf(s->out, "%.*s", SPAN_FMT(eol));
}

static void
put_raw_line(struct section_out *s, size_t line)
{
	fprintf(s->out, "%.*s", SPAN_FMT(source_raw(s->source, line)));
	put_eol(s, line);
}

static bool
is_name(struct span item)
{
	bool is_said;

	return item.n > 0 && !memchr(item.p, '`', item.n) &&
	       !memchr(item.p, '(', item.n) && !field_is_nothing(item, &is_said);
}

/* The path of an item that is one code span or bare, else an empty span. */
static struct span
simple_path(struct span item)
{
	size_t code = source_code_span(item);
	struct span inside;

	if (code == 0)
		return is_name(item) ? item : (struct span){ "", 0 };
	inside = (struct span){ item.p + 1, item.n > 2 ? item.n - 2 : 0 };
	if (code != item.n || inside.n == 0 || memchr(inside.p, '`', inside.n) ||
	    trim(inside).n != inside.n)
		return (struct span){ "", 0 };
	return inside;
}

/* Writes ITEM with its paths in backquotes; false when it says more than paths. */
static bool
put_touch(FILE *out, struct span item, bool is_rename)
{
	const char *arrow = memmem(item.p, item.n, "->", 2);
	bool is_negated = item.n > 0 && item.p[0] == '!';
	struct span from = item, to = { "", 0 };

	if (is_negated)
		from = (struct span){ item.p + 1, item.n - 1 };
	if (is_rename) {
		if (!arrow || is_negated)
			return false;
		from = trim((struct span){ item.p, (size_t)(arrow - item.p) });
		to = trim(
		    (struct span){ arrow + 2, item.n - (size_t)(arrow + 2 - item.p) });
		to = simple_path(to);
		if (to.n == 0 || memmem(to.p, to.n, "->", 2))
			return false;
	}
	from = simple_path(from);
	if (from.n == 0 || from.p[0] == '!')
		return false;
	fprintf(out, "%s`%.*s`", is_negated ? "!" : "", SPAN_FMT(from));
	if (is_rename)
		fprintf(out, " -> `%.*s`", SPAN_FMT(to));
	return true;
}

/* VALUE as a list of paths in backquotes, or NULL when it is not just that. */
static char *
canonical_paths(struct span value, bool is_rename)
{
	char *buf = NULL;
	size_t n_bytes = 0, n = 0;
	FILE *out = open_memstream(&buf, &n_bytes);
	struct span rest = value, item;
	bool is_ok = true;

	while (is_ok && field_next(&rest, &item)) {
		if (n++ > 0)
			fputs(", ", out);
		is_ok = put_touch(out, item, is_rename);
	}
	fclose(out);
	if (!is_ok || n == 0) {
		free(buf);
		return NULL;
	}
	return buf;
}

static bool
is_path_key(enum plan_key key)
{
	return key >= KEY_TOUCH && key <= KEY_TOUCH + TOUCH_APPENDS;
}

static size_t
blanks(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	return n;
}

/* May the lines below BULLET be moved?  Code, comments, tabs and odd depths may not. */
static bool
can_shift(const struct source *source, const struct bullet *bullet, size_t *depth)
{
	*depth = 0;
	for (size_t i = bullet->line + 1; i < bullet->end; i++) {
		struct span raw = source_raw(source, i);
		size_t n = blanks(raw);

		if (source->line[i].kind == LINE_BLANK)
			continue;
		if (source->line[i].kind != LINE_TEXT || n == raw.n || raw.p[n] == '\t')
			return false;
		if (*depth == 0)
			*depth = n;
		if (n < *depth || n <= bullet->indent)
			return false;
	}
	return *depth > 0;
}

static void
put_nested(struct section_out *s, const struct bullet *bullet)
{
	size_t depth;
	bool is_shifted = s->run.indent.n == bullet->indent &&
			  can_shift(s->source, bullet, &depth);

	for (size_t i = bullet->line + 1; i < bullet->end; i++) {
		struct span raw = source_raw(s->source, i);

		if (!is_shifted || source_trim(raw).n == 0) {
			put_raw_line(s, i);
			continue;
		}
		raw = (struct span){ raw.p + depth, raw.n - depth };
		fprintf(s->out, "%.*s  ", SPAN_FMT(s->run.indent));
		if (raw.n > 1 && (raw.p[0] == '*' || raw.p[0] == '+') &&
		    raw.p[1] == ' ') {
			fputc('-', s->out);
			raw = (struct span){ raw.p + 1, raw.n - 1 };
		}
		fprintf(s->out, "%.*s", SPAN_FMT(raw));
		put_eol(s, i);
	}
}

static void
put_entry(struct section_out *s, const struct entry_out *entry)
{
	AUTO_FREE char *paths = NULL;
	size_t line = entry->below.line;

	if (entry->is_plain && is_path_key(entry->key))
		paths = canonical_paths(
		    entry->value, entry->key == KEY_TOUCH + TOUCH_RENAMES);
	fprintf(
	    s->out, "%.*s- %s:", SPAN_FMT(s->run.indent), plan_key_name(entry->key));
	if (paths)
		fprintf(s->out, " %s", paths);
	else if (entry->value.n > 0)
		fprintf(s->out, " %.*s", SPAN_FMT(entry->value));
	put_eol(s, line);
	if (entry->below.end > line)
		put_nested(s, &entry->below);
}

static int
compare_entries_out(const void *a, const void *b)
{
	const struct entry_out *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/*
 * Running text right below would go on with whichever bullet came to stand last, and a
 * code block or comment that is never closed would swallow what came to stand below it.
 */
static bool
can_sort(const struct section_out *s)
{
	const struct source *source = s->source;
	size_t next = s->run.next;

	return !(source->open_fence > 0 && source->open_fence <= next) &&
	       !(source->open_comment > 0 && source->open_comment <= next) &&
	       !(next < source->n_lines && section_is_running(source, next));
}

static void
flush_run(struct section_out *s)
{
	struct run *run = &s->run;

	if (run->n > 0 && can_sort(s))
		qsort(run->item, run->n, sizeof(*run->item), compare_entries_out);
	for (size_t i = 0; i < run->n; i++)
		put_entry(s, &run->item[i]);
	run->n = 0;
}

/*
 * Adds the keys of BULLET to the run.  Returns false when it must stay as it is: no key
 * of ours, a comment in front of the key, or one that goes on below the bullet.
 */
static bool
add_bullet(struct section_out *s, const struct bullet *bullet)
{
	const struct source *source = s->source;
	struct span rest = bullet->text, line = source_raw(source, bullet->line);
	const char *text = raw_of(source, rest).p;
	size_t n_before = s->run.n, at = (size_t)(text - line.p);
	struct segment segment;
	bool is_bare = true;

	for (size_t i = 0; i < at; i++)
		is_bare = is_bare && strchr(" \t-*+", line.p[i]);
	if (!is_bare || (bullet->end < source->n_lines &&
			    source->line[bullet->end].kind == LINE_COMMENT &&
			    source->line[bullet->end].level > 0))
		return false;
	while (segment_next(&rest, &segment)) {
		struct entry_out entry = { .key = segment.key, .order = s->run.n };
		struct span whole = segment.whole;

		/* the last one also has the comment behind the bullet's text */
		if (rest.n == 0)
			whole.n = source_clean(source, bullet->line).n -
				  (size_t)(whole.p -
					   source_clean(source, bullet->line).p);
		entry.value = trim(raw_of(source, whole));
		entry.is_plain = !memchr(whole.p, '\0', whole.n);
		entry.below = (struct bullet){ .line = bullet->line,
			.end = bullet->line,
			.indent = bullet->indent };
		if (rest.n == 0)
			entry.below.end = bullet->end;
		GROW(s->run.item, s->run.n, s->run.cap);
		s->run.item[s->run.n++] = entry;
	}
	return s->run.n > n_before;
}

static void
put_bullet(struct section_out *s, const struct bullet *bullet)
{
	struct span raw = source_raw(s->source, bullet->line);
	struct span indent = { raw.p, blanks(raw) };

	if (s->run.n > 0 &&
	    (s->run.next != bullet->line || s->run.indent.n != indent.n))
		flush_run(s);
	s->run.indent = indent;
	if (indent.n == bullet->indent && add_bullet(s, bullet)) {
		s->run.next = bullet->end;
		return;
	}
	flush_run(s);
	for (size_t i = bullet->line; i < bullet->end; i++)
		put_raw_line(s, i);
}

void
fmt_section(FILE *out, const struct source *source, size_t from, size_t end,
    struct span default_eol)
{
	struct section_out s = { out, source, default_eol, { 0 } };
	size_t line = from, next = from;
	struct bullet bullet;

	while (bullet_next(source, end, &next, &bullet)) {
		if (line < bullet.line)
			flush_run(&s);
		for (; line < bullet.line; line++)
			put_raw_line(&s, line);
		put_bullet(&s, &bullet);
		line = bullet.end;
	}
	flush_run(&s);
	for (; line < end; line++)
		put_raw_line(&s, line);
	free(s.run.item);
}
