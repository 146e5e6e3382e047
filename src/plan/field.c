#include "plan/field.h"

#include "plan/parse.h"

#include <ctype.h>
#include <string.h>

#define MAX_REMARK 400

char *
field_text(struct arena *arena, struct span value, bool is_cell)
{
	char *text;
	size_t n = 0;

	value = source_trim(value);
	text = arena_text(arena, value.n + 1);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\0')
			continue;
		if (is_cell && value.p[i] == '\\' && i + 1 < value.n &&
		    value.p[i + 1] == '|')
			continue;
		text[n++] = value.p[i];
	}
	return text;
}

/* What stands in the code span of N bytes at P, without marks and edge blanks. */
static struct span
code_inside(const char *p, size_t n)
{
	size_t mark = 0;

	while (p[mark] == '`')
		mark++;
	return source_trim((struct span){ p + mark, n - 2 * mark });
}

char *
field_code(struct arena *arena, struct span value, bool is_cell)
{
	size_t n;

	value = source_trim(value);
	n = source_code_span(value);
	return field_text(arena, n ? code_inside(value.p, n) : value, is_cell);
}

bool
field_is_nothing(struct span value, bool *is_said)
{
	static const char *const silent[] = { "", "-", "--", "---", "…", "...", "–",
		"—", "?", "tbd", "todo" };
	static const char *const said[] = { "none", "none.", "nothing", "n/a" };

	value = source_trim(value);
	*is_said = false;
	if (value.n > strlen("nothing"))
		return false;
	for (size_t i = 0; i < N_ELEMS(silent); i++) {
		if (span_eq_nocase(value, silent[i]))
			return true;
	}
	for (size_t i = 0; i < N_ELEMS(said); i++) {
		if (span_eq_nocase(value, said[i])) {
			*is_said = true;
			return true;
		}
	}
	return false;
}

/* A parenthesis groups only when it is closed soon: that bounds the search. */
static bool
closes_soon(const char *p, size_t n)
{
	return memchr(p, ')', n < MAX_REMARK ? n : MAX_REMARK) != NULL;
}

bool
field_next(struct span *rest, struct span *item)
{
	size_t depth = 0, i = 0;
	bool in_parens = false;

	if (!rest->p)
		return false;
	while (i < rest->n) {
		char c = rest->p[i];

		if (c == '`') {
			i += source_skip_quotes(
			    (struct span){ rest->p + i, rest->n - i });
			continue;
		}
		if (c == '(' && !in_parens)
			in_parens = closes_soon(rest->p + i, rest->n - i);
		else if (c == ')')
			in_parens = false;
		else if (c == '{')
			depth++;
		else if (c == '}' && depth > 0)
			depth--;
		else if ((c == ',' || c == ';') && depth == 0 && !in_parens)
			break;
		i++;
	}
	*item = source_trim((struct span){ rest->p, i });
	if (i == rest->n) {
		*rest = (struct span){ NULL, 0 };
	} else {
		rest->p += i + 1;
		rest->n -= i + 1;
	}
	return true;
}

/* VALUE without a remark in parentheses at its end; the remark needs a blank before it. */
static struct span
without_remark(struct span value)
{
	const char *open;

	value = source_trim(value);
	if (value.n == 0 || value.p[value.n - 1] != ')')
		return value;
	open = memrchr(value.p, '(', value.n);
	if (!open || open == value.p || (open[-1] != ' ' && open[-1] != '\t'))
		return value;
	return source_trim((struct span){ value.p, (size_t)(open - value.p) });
}

/* Splits S at the first arrow.  Returns false when there is none. */
static bool
split_arrow(struct span s, struct span *from, struct span *to)
{
	static const char *const arrows[] = { "->", "→", "=>" };

	for (size_t a = 0; a < N_ELEMS(arrows); a++) {
		size_t n = strlen(arrows[a]);
		const char *p = memmem(s.p, s.n, arrows[a], n);

		if (p) {
			*from = source_trim((struct span){ s.p, (size_t)(p - s.p) });
			*to = source_trim(
			    (struct span){ p + n, s.n - (size_t)(p - s.p) - n });
			return true;
		}
	}
	return false;
}

static void
add_touch(const struct field_env *env, enum touch touch, struct span text,
    bool is_negated, struct touch_list *list)
{
	struct touch_item item = { .at = source_place(env->source, text.p) };
	struct span from = text, to = { "", 0 };

	if (text.n > 0 && text.p[0] == '!') {
		is_negated = true;
		from.p++;
		from.n--;
	}
	if (touch == TOUCH_RENAMES) {
		split_arrow(from, &from, &to);
		item.to = field_text(env->arena, to, env->is_cell);
	}
	item.text = field_text(env->arena, from, env->is_cell);
	item.is_negated = is_negated;
	GROW(list->item, list->n, list->cap);
	list->item[list->n++] = item;
}

/* Reads the code spans of ITEM; remarks around them are not part of any path. */
static void
add_code_items(const struct field_env *env, enum touch touch, struct span item,
    struct touch_list *list)
{
	struct touch_item *rename = NULL;
	const char *last_close = memrchr(item.p, ')', item.n);
	bool is_negated = false;

	for (size_t i = 0; i < item.n;) {
		struct span rest = { item.p + i, item.n - i };
		size_t code = item.p[i] == '`' ? source_code_span(rest) : 0;
		const char *close;

		if (code) {
			struct span inside = code_inside(rest.p, code);

			if (rename && rename->to[0] == '\0') {
				rename->to = field_text(
				    env->arena, inside, env->is_cell);
				rename = NULL;
			} else {
				add_touch(env, touch, inside, is_negated, list);
				if (touch == TOUCH_RENAMES)
					rename = &list->item[list->n - 1];
			}
			i += code;
			is_negated = false;
			continue;
		}
		if (item.p[i] == '`') {
			i += source_skip_quotes(rest);
			continue;
		}
		close = item.p[i] == '(' && last_close > rest.p
			    ? memchr(rest.p, ')', rest.n)
			    : NULL;
		is_negated = item.p[i] == '!';
		i += close ? (size_t)(close - rest.p) + 1 : 1;
	}
}

bool
field_touches(const struct field_env *env, enum touch touch, struct span value,
    struct touch_list *list)
{
	struct span rest = value, item;
	bool is_declared = false;

	while (field_next(&rest, &item)) {
		bool is_said;

		if (field_is_nothing(without_remark(item), &is_said)) {
			is_declared = is_declared || is_said;
			continue;
		}
		is_declared = true;
		if (memchr(item.p, '`', item.n)) {
			size_t n = list->n;

			add_code_items(env, touch, item, list);
			if (list->n > n)
				continue;
		}
		add_touch(env, touch, without_remark(item), false, list);
	}
	return is_declared;
}

/* The id and title of "CIA-386: Adversarial review". */
static void
split_title(const struct field_env *env, struct span text, struct issue_ref *ref)
{
	const char *colon;
	struct span id = text;

	if (span_starts(text, "local:"))
		colon = memchr(text.p + 6, ':', text.n - 6);
	else
		colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	if (colon) {
		id.n = (size_t)(colon - text.p);
		ref->title = field_text(env->arena,
		    (struct span){ colon + 1, text.n - id.n - 1 }, env->is_cell);
	}
	ref->id = field_text(env->arena, id, env->is_cell);
	if (strncmp(ref->id, "local:", 6) == 0)
		ref->id += 6;
}

/*
 * Reads `[text](url)` at the start of S, which has "](" at TEXT_END.  Returns its length,
 * or 0 when the bracket is not closed.
 */
static size_t
read_link(
    const struct field_env *env, struct span s, size_t text_end, struct issue_ref *ref)
{
	size_t depth = 1, i = text_end + 2;
	struct span url;

	for (; i < s.n; i++) {
		depth += s.p[i] == '(';
		depth -= s.p[i] == ')';
		if (depth == 0)
			break;
	}
	if (i == s.n)
		return 0;
	url = source_trim((struct span){ s.p + text_end + 2, i - text_end - 2 });
	ref->url = field_text(env->arena, url, env->is_cell);
	ref->title = "";
	ref->at = source_place(env->source, s.p);
	split_title(env, source_trim((struct span){ s.p + 1, text_end - 1 }), ref);
	return i + 1;
}

static void
read_bare(const struct field_env *env, struct span s, struct issue_ref *ref)
{
	bool is_local = span_starts(s, "local:");

	ref->at = source_place(env->source, s.p);
	ref->title = "";
	ref->url = is_local ? field_text(env->arena, s, env->is_cell) : "";
	ref->is_bare = !is_local;
	split_title(env, s, ref);
}

size_t
field_issues(const struct field_env *env, struct span value, struct issue_ref **refs)
{
	struct issue_ref *ref = NULL;
	size_t n = 0, cap = 0;
	bool is_said, may_link = true;

	value = source_trim(value);
	*refs = NULL;
	if (field_is_nothing(value, &is_said))
		return 0;
	while (value.n > 0) {
		const char *mid = value.p[0] == '[' && may_link
				      ? memmem(value.p, value.n, "](", 2)
				      : NULL;
		size_t used = 0;

		GROW(ref, n, cap);
		ref[n] = (struct issue_ref){ 0 };
		if (mid)
			used = read_link(env, value, (size_t)(mid - value.p), &ref[n]);
		if (used) {
			n++;
		} else {
			may_link = may_link && value.p[0] != '[';
			const char *comma = memchr(value.p, ',', value.n);
			struct span bare = { value.p,
				comma ? (size_t)(comma - value.p) : value.n };

			used = bare.n;
			bare = without_remark(bare);
			if (bare.n > 0 && !field_is_nothing(bare, &is_said))
				read_bare(env, bare, &ref[n++]);
		}
		while (used < value.n && strchr(", \t", value.p[used]))
			used++;
		value.p += used;
		value.n -= used;
	}
	*refs = arena_alloc(env->arena, n * sizeof(**refs));
	if (n > 0)
		memcpy(*refs, ref, n * sizeof(**refs));
	free(ref);
	return n;
}

static void
add_depend(const struct field_env *env, struct span id, struct text_list *list)
{
	struct text_item item = { .at = source_place(env->source, id.p) };

	item.text = field_code(env->arena, id, env->is_cell);
	GROW(list->item, list->n, list->cap);
	list->item[list->n++] = item;
}

/* Takes the next word off REST; false when there is none. */
static bool
next_word(struct span *rest, struct span *word)
{
	size_t i = 0;

	*rest = source_trim(*rest);
	while (i < rest->n && !strchr(" \t", rest->p[i]))
		i++;
	*word = (struct span){ rest->p, i };
	rest->p += i;
	rest->n -= i;
	return i > 0;
}

/* "1A and 1B" names two phases; "after the demo" is one item that names none. */
static void
add_depend_words(const struct field_env *env, struct span item, struct text_list *list)
{
	struct span rest = item, word;
	bool is_joint = false, is_list = true;

	while (is_list && next_word(&rest, &word)) {
		is_joint = span_eq_nocase(word, "and") || span_eq(word, "&") ||
			   span_eq(word, "+");
		if (!is_joint && rest.n > 0) {
			struct span peek = rest, joint;

			next_word(&peek, &joint);
			is_list = span_eq_nocase(joint, "and") || span_eq(joint, "&") ||
				  span_eq(joint, "+");
		}
	}
	if (!is_list) {
		add_depend(env, item, list);
		return;
	}
	for (rest = item; next_word(&rest, &word);) {
		if (!span_eq_nocase(word, "and") && !span_eq(word, "&") &&
		    !span_eq(word, "+"))
			add_depend(env, word, list);
	}
}

void
field_depends(const struct field_env *env, struct span value, struct text_list *list)
{
	struct span rest = value, item;

	while (field_next(&rest, &item)) {
		const char *open = item.n ? memchr(item.p, '(', item.n) : NULL;
		struct issue_ref ref = { 0 };
		const char *mid;
		bool is_said;

		mid = item.n && item.p[0] == '[' ? memmem(item.p, item.n, "](", 2)
						 : NULL;
		if (mid && read_link(env, item, (size_t)(mid - item.p), &ref)) {
			struct text_item dep = { .text = ref.id, .at = ref.at };

			GROW(list->item, list->n, list->cap);
			list->item[list->n++] = dep;
			continue;
		}
		if (open)
			item = source_trim(
			    (struct span){ item.p, (size_t)(open - item.p) });
		if (field_is_nothing(item, &is_said))
			continue;
		if (item.n > 6 && span_eq_nocase((struct span){ item.p, 6 }, "phase "))
			item = source_trim((struct span){ item.p + 6, item.n - 6 });
		add_depend_words(env, item, list);
	}
}

bool
field_batch(struct span value, int *number)
{
	long n = 0;
	size_t i = 0;

	if (value.n > 6 && span_eq_nocase((struct span){ value.p, 6 }, "batch "))
		i = 6;
	for (; i < value.n && isdigit((unsigned char)value.p[i]) && n < 1000000;)
		n = n * 10 + (value.p[i++] - '0');
	if (i < value.n || n < 1 || n > (long)PLAN_MAX_PHASES)
		return false;
	*number = (int)n;
	return true;
}
