#include "plan/section.h"

#include <ctype.h>
#include <string.h>

bool
section_heading(
    const struct source *source, size_t i, struct span *id, struct span *focus)
{
	struct span s;
	size_t n = 0;

	if (source->line[i].kind != LINE_HEADING || source->line[i].level < 2)
		return false;
	s = source_heading(source, i);
	if (s.n > 6 && span_eq_nocase((struct span){ s.p, 6 }, "phase "))
		s = source_trim((struct span){ s.p + 6, s.n - 6 });
	while (n < s.n && s.p[n] != ':' && !strchr(" \t", s.p[n]))
		n++;
	*id = (struct span){ s.p, n };
	*focus = (struct span){ s.p + n, s.n - n };
	if (n == s.n)
		return n > 0;
	if (s.p[n] == ':') {
		*focus = source_trim((struct span){ s.p + n + 1, s.n - n - 1 });
		return n > 0;
	}
	*focus = source_trim(*focus);
	for (const char *const *dash = (const char *const[]){ "- ", "– ", "— ", NULL };
	     *dash; dash++) {
		size_t len = strlen(*dash);

		if (span_starts(*focus, *dash)) {
			*focus = source_trim(
			    (struct span){ focus->p + len, focus->n - len });
			return n > 0;
		}
	}
	return false;
}

size_t
section_end(const struct source *source, size_t i)
{
	for (i++; i < source->n_lines; i++) {
		if (source->line[i].kind == LINE_HEADING)
			break;
	}
	return i;
}

/*
 * Bytes up to the text of a list item: indent, marker and blanks; 0 when S is none.
 * NUMBER is -1 for a plain item.
 */
static size_t
item_marker(struct span s, int *number)
{
	size_t i = 0, digits = 0;
	int value = 0;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	if (i == s.n)
		return 0;
	*number = -1;
	if (strchr("-*+", s.p[i]) && s.p[i] != '\0') {
		i++;
	} else {
		for (; i < s.n && isdigit((unsigned char)s.p[i]) && digits < 6;
		     digits++)
			value = value * 10 + (s.p[i++] - '0');
		if (digits == 0 || i == s.n || (s.p[i] != '.' && s.p[i] != ')'))
			return 0;
		*number = value;
		i++;
	}
	if (i < s.n && s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\0')
		return 0;
	while (i < s.n && strchr(" \t", s.p[i]))
		i++;
	return i;
}

bool
section_is_running(const struct source *source, size_t i)
{
	struct span s = source_clean(source, i);
	int number;

	return source->line[i].kind == LINE_TEXT && item_marker(s, &number) == 0 &&
	       source_trim(s).p[0] != '|';
}

/* A line that goes on with the paragraph above although it is not indented. */
static bool
is_lazy(const struct source *source, size_t i)
{
	return source->line[i - 1].kind == LINE_TEXT && section_is_running(source, i);
}

static size_t
bullet_end(const struct source *source, size_t end, const struct bullet *bullet)
{
	size_t last = bullet->line + 1;

	for (size_t i = bullet->line + 1; i < end; i++) {
		struct span s = source_clean(source, i);

		switch ((enum line_kind)source->line[i].kind) {
		case LINE_BLANK: continue;
		case LINE_HEADING:
		case LINE_TABLE: return last;
		case LINE_COMMENT:
			s = source_raw(source, i);
			if (source_indent(s) <= bullet->indent)
				return last;
			break;
		case LINE_CODE:
			if (source->line[i].level > 0 &&
			    source_indent(s) <= bullet->indent)
				return last;
			break;
		case LINE_TEXT:
			if (source_indent(s) <= bullet->indent &&
			    !(i == last && is_lazy(source, i)))
				return last;
			break;
		}
		last = i + 1;
	}
	return last;
}

bool
bullet_next(
    const struct source *source, size_t end, size_t *line, struct bullet *bullet)
{
	for (; *line < end; ++*line) {
		struct span s = source_clean(source, *line);
		size_t marker;
		int number;

		if (source->line[*line].kind != LINE_TEXT || source_indent(s) > 3)
			continue;
		marker = item_marker(s, &number);
		if (marker == 0 || number >= 0)
			continue;
		bullet->line = *line;
		bullet->indent = source_indent(s);
		bullet->text = source_trim((struct span){ s.p + marker, s.n - marker });
		bullet->end = bullet_end(source, end, bullet);
		*line = bullet->end;
		return true;
	}
	return false;
}

/*
 * Reads `Key:` or `**Key:**` at the start of S.  Returns its length with blanks behind
 * it, or 0; NAME is set whenever there is a colon behind few enough bytes.
 */
static size_t
read_key(struct span s, struct span *name, enum plan_key *key)
{
	size_t i = 0, start;
	bool is_bold = span_starts(s, "**");

	*name = (struct span){ "", 0 };
	*key = KEY_NONE;
	i = start = is_bold ? 2 : 0;
	while (i < s.n && i < start + 24 &&
	       (isalpha((unsigned char)s.p[i]) || s.p[i] == ' ' || s.p[i] == '-'))
		i++;
	if (i == start || i == s.n)
		return 0;
	*name = (struct span){ s.p + start, i - start };
	if (is_bold && span_starts((struct span){ s.p + i, s.n - i }, "**:"))
		i += 3;
	else if (is_bold && span_starts((struct span){ s.p + i, s.n - i }, ":**"))
		i += 3;
	else if (!is_bold && s.p[i] == ':')
		i++;
	else {
		*name = (struct span){ "", 0 };
		return 0;
	}
	*key = plan_key_of(*name);
	if (!plan_key_in_section(*key))
		*key = KEY_NONE;
	return i;
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\0';
}

bool
segment_next(struct span *rest, struct segment *segment)
{
	size_t used, i;

	*rest = source_trim(*rest);
	used = read_key(*rest, &segment->name, &segment->key);
	if (used == 0 || segment->key == KEY_NONE)
		return false;
	for (i = used; i < rest->n;) {
		struct span tail = { rest->p + i, rest->n - i };

		if (tail.p[0] == '`') {
			i += source_skip_quotes(tail);
			continue;
		}
		if (i >= used + 2 && is_gap(tail.p[-1]) && is_gap(tail.p[-2]) &&
		    !is_gap(tail.p[0])) {
			enum plan_key key;
			struct span name;

			if (read_key(tail, &name, &key) && key != KEY_NONE)
				break;
		}
		i++;
	}
	segment->whole = (struct span){ rest->p + used, i - used };
	segment->value = source_trim(segment->whole);
	rest->p += i;
	rest->n -= i;
	return true;
}

bool
nested_next(const struct source *source, const struct bullet *bullet,
    size_t *item_indent, size_t *line, struct nested *nested)
{
	for (; *line < bullet->end; ++*line) {
		struct span s = source_clean(source, *line);
		size_t marker, indent = source_indent(s);
		int number;

		if (source->line[*line].kind == LINE_CODE) {
			*nested = (struct nested){ NESTED_CODE, -1, *line, s };
			++*line;
			return true;
		}
		if (source->line[*line].kind != LINE_TEXT)
			continue;
		*nested = (struct nested){ NESTED_TEXT, -1, *line, source_trim(s) };
		++*line;
		marker = item_marker(s, &number);
		if (marker == 0 || indent <= bullet->indent)
			return true;
		if (*item_indent == 0 || indent <= *item_indent + 1) {
			if (*item_indent == 0 || indent < *item_indent)
				*item_indent = indent;
			nested->kind = NESTED_ITEM;
			nested->number = number;
			nested->text = source_trim(
			    (struct span){ s.p + marker, s.n - marker });
		}
		return true;
	}
	return false;
}
