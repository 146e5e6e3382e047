#include "plan/phase.h"

#include "plan/digest.h"
#include "plan/estimate.h"
#include "plan/field.h"
#include "plan/parse.h"
#include "plan/section.h"
#include "plan/unread.h"
#include "plan/worded.h"

#include <string.h>

void
phase_init(struct phase *phase)
{
	*phase = (struct phase){ .id = "",
		.focus = "",
		.mode_text = "",
		.agent = "",
		.est_low_cents = -1,
		.est_mid_cents = -1,
		.est_high_cents = -1,
		.review = "",
		.type = "",
		.output = "",
		.repo = "",
		.verify = "",
		.deliverable = "",
		.status = "",
		.is_unknown = true };
}

static struct place
place_of(const struct phase_build *build, struct span value)
{
	return source_place(build->source, value.p);
}

static void
read_mode(struct phase_build *build, struct span value, bool is_cell)
{
	struct phase *phase = build->phase;
	const char *bar = value.n ? memchr(value.p, '|', value.n) : NULL;
	struct span name, note;
	const char *open;
	bool is_said;

	phase->mode_at = place_of(build, value);
	if (bar && !is_cell) /* `Mode: pair | Launch as: Plan mode` of the method */
		value = source_trim((struct span){ value.p, (size_t)(bar - value.p) });
	if (field_is_nothing(value, &is_said))
		return;
	phase->mode_text = field_code(build->plan->arena, value, is_cell);
	name = span_of(phase->mode_text);
	open = memchr(name.p, '(', name.n);
	if (open) {
		note = (struct span){ open, name.n - (size_t)(open - name.p) };
		name = source_trim((struct span){ name.p, (size_t)(open - name.p) });
		phase->is_analysis_only = span_eq_nocase(note, "(analysis-only)") ||
					  span_eq_nocase(note, "(analysis only)");
	}
	if (name.n > 5 && span_eq_nocase((struct span){ name.p, 5 }, "exec:"))
		name = (struct span){ name.p + 5, name.n - 5 };
	phase->mode = exec_mode_of(name);
	if (open && !phase->is_analysis_only)
		phase->mode = EXEC_NONE; /* a remark we do not know changes nothing */
}

static void
read_estimate(
    struct phase_build *build, struct span value, bool bare_is_points, bool is_cell)
{
	struct phase *phase = build->phase;
	const char *text = field_text(build->plan->arena, value, is_cell);
	struct estimate got;
	const char *why = estimate_read(text, bare_is_points, &got);

	if (why) {
		lint_add(build->plan, build->lints, "L08", 'E', "S-52", phase->id,
		    place_of(build, value),
		    "write money as $5, $0.40 or $3-6 and points as 5pt",
		    "the estimate \"%.60s\" cannot be read: %s", text, why);
		return;
	}
	if (got.low_cents >= 0) {
		phase->est_low_cents = got.low_cents;
		phase->est_high_cents = got.high_cents;
		phase->est_mid_cents = (got.low_cents + got.high_cents) / 2;
		phase->estimate_at = place_of(build, value);
	}
	if (got.points > 0)
		phase->points = got.points;
	if (phase->estimate_at.line == 0)
		phase->estimate_at = place_of(build, value);
}

/* Points of their own bullet beat those of the estimate, whichever comes first. */
static void
read_money(struct phase_build *build, struct span value, bool is_cell)
{
	int points = build->phase->points;

	read_estimate(build, value, false, is_cell);
	if (points > 0 && build->given & (uint64_t)1 << KEY_POINTS)
		build->phase->points = points;
}

static void
read_points(struct phase_build *build, struct span value, bool is_cell)
{
	struct phase before = *build->phase;

	read_estimate(build, value, true, is_cell);
	before.points = build->phase->points;
	*build->phase = before;
}

static void
read_batch(struct phase_build *build, struct span value)
{
	bool is_said;

	if (!field_is_nothing(value, &is_said) &&
	    !field_batch(value, &build->phase->batch_wish))
		worded_lint(build, value, "R-109", "write a number or leave it",
		    "batch", "no number and is ignored");
}

static void
read_touches(struct phase_build *build, enum touch touch, struct span value,
    const struct field_env *env)
{
	struct touch_list *list = &build->phase->touch[touch];
	size_t n = list->n;

	if (field_touches(env, touch, value, list))
		build->phase->is_unknown = false;
	for (; touch == TOUCH_RENAMES && n < list->n; n++) {
		if (list->item[n].to[0] == '\0' || list->item[n].text[0] == '\0')
			lint_add(build->plan, build->lints, "L11", 'E', "S-13",
			    build->phase->id, list->item[n].at,
			    "write both paths: `old.c` -> `new.c`",
			    "the rename of \"%.60s\" says only one path",
			    list->item[n].text);
	}
}

/* Reads VALUE as what KEY holds; lists are added to, everything else is replaced. */
static void
read_value(
    struct phase_build *build, enum plan_key key, struct span value, bool is_cell)
{
	struct field_env env = { build->plan->arena, build->source, is_cell };
	struct phase *phase = build->phase;
	struct arena *arena = build->plan->arena;
	bool is_said;

	if (key >= KEY_TOUCH && key <= KEY_TOUCH_LAST) {
		read_touches(build, (enum touch)(key - KEY_TOUCH), value, &env);
		return;
	}
	switch (key) {
	case KEY_FOCUS: phase->focus = field_text(arena, value, is_cell); break;
	case KEY_ISSUE:
		phase->n_issues = field_issues(&env, value, &phase->issue);
		break;
	case KEY_MODE: read_mode(build, value, is_cell); break;
	case KEY_AGENT:
		phase->agent_at = place_of(build, value);
		if (!field_is_nothing(value, &is_said))
			phase->agent = field_code(arena, value, is_cell);
		break;
	case KEY_ESTIMATE: read_money(build, value, is_cell); break;
	case KEY_POINTS: read_points(build, value, is_cell); break;
	case KEY_RISK:
	case KEY_TYPE:
	case KEY_OUTPUT: worded_read(build, key, value); break;
	case KEY_REVIEW: phase->review = field_text(arena, value, is_cell); break;
	case KEY_REPO:
		if (!field_is_nothing(value, &is_said))
			phase->repo = field_code(arena, value, is_cell);
		break;
	case KEY_BATCH: read_batch(build, value); break;
	case KEY_STATUS: phase->status = field_text(arena, value, is_cell); break;
	case KEY_DEPENDS: field_depends(&env, value, &phase->depends_on); break;
	case KEY_VERIFY:
		if (!field_is_nothing(value, &is_said))
			phase->verify = field_code(arena, value, is_cell);
		break;
	case KEY_DELIVERABLE:
		phase->deliverable_at = place_of(build, value);
		phase->deliverable = field_text(arena, value, is_cell);
		break;
	default: break;
	}
}

static struct text_list *
list_of(struct phase *phase, enum plan_key key)
{
	switch (key) {
	case KEY_CONTEXT: return &phase->context;
	case KEY_TASKS: return &phase->tasks;
	case KEY_ACCEPTANCE: return &phase->acceptance;
	default: return NULL;
	}
}

static void
add_text(struct phase_build *build, struct text_list *list, enum plan_key key,
    struct span text)
{
	struct text_item item = { .at = place_of(build, text) };

	text = source_trim(text);
	if (key == KEY_ACCEPTANCE && text.n >= 3 && text.p[0] == '[' &&
	    text.p[2] == ']' && strchr(" xX", text.p[1])) {
		item.is_ticked = text.p[1] != ' ' && text.p[1] != '\0';
		text = source_trim((struct span){ text.p + 3, text.n - 3 });
	}
	item.text = field_text(build->plan->arena, text, false);
	GROW(list->item, list->n, list->cap);
	list->item[list->n++] = item;
}

/*
 * TEXT with what the lines below add to it: running text after a blank, code after a line
 * break.  A long item is put together by its caller through the buffer of OUT.
 */
struct joined {
	FILE *out;
	char *buf;
	size_t n;
	const char **target;
};

static void
join_begin(struct joined *joined, const char **target)
{
	if (joined->out)
		return;
	joined->target = target;
	joined->out = open_memstream(&joined->buf, &joined->n);
	fputs(*target, joined->out);
}

static void
join_end(struct phase_build *build, struct joined *joined)
{
	if (!joined->out)
		return;
	fclose(joined->out);
	*joined->target = arena_strdup(build->plan->arena, joined->buf);
	free(joined->buf);
	*joined = (struct joined){ 0 };
}

static void
join_add(struct joined *joined, const struct nested *nested, bool is_command)
{
	struct span s = nested->text;
	struct span trimmed = source_trim(s);
	bool is_fence = span_starts(trimmed, "```") || span_starts(trimmed, "~~~");

	fflush(joined->out);
	if (nested->kind == NESTED_CODE) {
		if (is_command && is_fence)
			return;
		if (joined->n > 0)
			fputc('\n', joined->out);
	} else if (joined->n > 0 && s.n > 0) {
		fputc(' ', joined->out);
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\0')
			fputc(s.p[i], joined->out);
	}
}

static void
lint_numbering(struct phase_build *build, struct place at, bool is_broken)
{
	if (is_broken)
		lint_add(build->plan, build->lints, "P07", 'E', "S-66",
		    build->phase->id, at, "number the tasks 1, 2, 3 ...",
		    "the numbering of the tasks is broken");
}

/* Context, tasks, acceptance: one text per nested item. */
static void
read_list(struct phase_build *build, const struct segment *segment,
    const struct bullet *bullet, struct text_list *list)
{
	size_t line = bullet->line + 1, indent = 0, n_numbered = 0, n_plain = 0;
	struct place broken = { 0 };
	struct joined joined = { 0 };
	struct nested nested;

	if (segment->value.n > 0)
		add_text(build, list, segment->key, segment->value);
	while (nested_next(build->source, bullet, &indent, &line, &nested)) {
		if (nested.kind == NESTED_ITEM || list->n == 0) {
			join_end(build, &joined);
			add_text(build, list, segment->key, nested.text);
			n_numbered += nested.number >= 0;
			n_plain += nested.number < 0;
			if (broken.line == 0 && nested.number >= 0 &&
			    (size_t)nested.number != n_numbered)
				broken = place_of(build, nested.text);
			continue;
		}
		join_begin(&joined, &list->item[list->n - 1].text);
		join_add(&joined, &nested, false);
	}
	join_end(build, &joined);
	if (segment->key == KEY_TASKS && broken.line == 0 && n_numbered > 0 &&
	    n_plain > 0)
		broken = place_of(build, segment->name);
	if (segment->key == KEY_TASKS)
		lint_numbering(build, broken, broken.line > 0);
}

/* A text that may run over several lines. */
static const char **
text_of(struct phase *phase, enum plan_key key)
{
	switch (key) {
	case KEY_FOCUS: return &phase->focus;
	case KEY_VERIFY: return &phase->verify;
	case KEY_DELIVERABLE: return &phase->deliverable;
	case KEY_REVIEW: return &phase->review;
	default: return NULL;
	}
}

static void
read_below(struct phase_build *build, enum plan_key key, const struct bullet *bullet)
{
	size_t line = bullet->line + 1, indent = 0;
	const char **text = text_of(build->phase, key);
	struct joined joined = { 0 };
	struct nested nested;

	while (nested_next(build->source, bullet, &indent, &line, &nested)) {
		if (text) {
			join_begin(&joined, text);
			join_add(&joined, &nested, key == KEY_VERIFY);
		} else if (nested.kind != NESTED_CODE &&
			   (key == KEY_DEPENDS ||
			       (key >= KEY_TOUCH && key <= KEY_TOUCH_LAST))) {
			read_value(build, key, nested.text, false);
		}
	}
	join_end(build, &joined);
}

static void
read_bullet(struct phase_build *build, const struct bullet *bullet)
{
	struct span rest = bullet->text;
	struct segment segment;
	enum plan_key last = KEY_NONE;
	bool is_read = false;

	while (segment_next(&rest, &segment)) {
		struct text_list *list = list_of(build->phase, segment.key);
		bool is_first = !(build->given & (uint64_t)1 << segment.key);
		bool adds = segment.key == KEY_DEPENDS || list ||
			    (segment.key >= KEY_TOUCH && segment.key <= KEY_TOUCH_LAST);

		is_read = true;
		last = segment.key;
		if (!is_first && !adds) {
			lint_add(build->plan, build->lints, "L12", 'W', "R-109",
			    build->phase->id, place_of(build, segment.name),
			    "keep one of them",
			    "\"%s\" is given twice; the first one counts",
			    plan_key_name(segment.key));
			last = KEY_NONE;
			continue;
		}
		build->given |= (uint64_t)1 << segment.key;
		if (!list)
			read_value(build, segment.key, segment.value, false);
		else if (source_trim(rest).n == 0)
			read_list(build, &segment, bullet, list);
		else if (segment.value.n > 0)
			add_text(build, list, segment.key, segment.value);
	}
	if (last != KEY_NONE && !list_of(build->phase, last))
		read_below(build, last, bullet);
	if (!is_read)
		unread_bullet(build->plan, build->lints, build->source,
		    build->phase->id, bullet->text, segment.name);
}

void
phase_read_section(struct phase_build *build, size_t heading)
{
	size_t end = section_end(build->source, heading), line = heading + 1;
	struct span id, focus;
	struct bullet bullet;

	section_heading(build->source, heading, &id, &focus);
	build->phase->heading_at = place_of(build, id);
	if (focus.n > 0) {
		read_value(build, KEY_FOCUS, focus, false);
		build->given |= (uint64_t)1 << KEY_FOCUS;
	}
	while (bullet_next(build->source, end, &line, &bullet))
		read_bullet(build, &bullet);
}

static bool
says_the_same(const struct phase *a, const struct phase *b, enum plan_key key)
{
	const struct phase *phase[2] = { a, b };

	char *buf[2] = { NULL, NULL };
	size_t n[2] = { 0, 0 };
	bool is_same;

	if (key == KEY_FOCUS)
		return strcmp(a->focus, b->focus) == 0;
	if (key == KEY_DEPENDS && a->depends_on.n == 0 && b->depends_on.n == 0)
		return true;
	if (key == KEY_BATCH)
		return a->batch_wish == b->batch_wish;
	for (int i = 0; i < 2; i++) {
		FILE *out = open_memstream(&buf[i], &n[i]);

		phase_render_key(out, phase[i], key);
		fclose(out);
	}
	is_same = n[0] == n[1] && memcmp(buf[0], buf[1], n[0]) == 0;
	free(buf[0]);
	free(buf[1]);
	return is_same;
}

/* Issue cells carry no title, so only the ids are compared. */
static bool
same_issues(const struct phase *a, const struct phase *b)
{
	if (a->n_issues != b->n_issues)
		return false;
	for (size_t i = 0; i < a->n_issues; i++) {
		if (strcmp(a->issue[i].id, b->issue[i].id) != 0)
			return false;
	}
	return true;
}

void
phase_read_cell(struct phase_build *build, enum plan_key key, struct span value)
{
	struct phase *kept = build->phase;
	struct phase scratch;
	bool is_same;

	value = source_trim(value);
	if (key == KEY_NONE || value.n == 0)
		return;
	if (!(build->given & (uint64_t)1 << key)) {
		read_value(build, key, value, true);
		return;
	}
	phase_init(&scratch);
	scratch.id = kept->id;
	build->phase = &scratch;
	read_value(build, key, value, true);
	build->phase = kept;
	is_same = key == KEY_ISSUE ? same_issues(kept, &scratch)
				   : says_the_same(kept, &scratch, key);
	if (key == KEY_ESTIMATE || key == KEY_POINTS)
		is_same = (scratch.est_low_cents < 0 ||
			      (scratch.est_low_cents == kept->est_low_cents &&
				  scratch.est_high_cents == kept->est_high_cents)) &&
			  (scratch.points == 0 || scratch.points == kept->points);
	phase_keep_texts(build->plan->arena, &scratch);
	phase_keep_touches(build->plan->arena, &scratch);
	if (!is_same)
		lint_add(build->plan, build->lints, "L10", 'W', "R-109", kept->id,
		    place_of(build, value), "make the cell and the section agree",
		    "the Phase Map and the section of phase %s differ on \"%s\"; "
		    "the section counts",
		    kept->id, plan_key_name(key));
}

void
phase_read_fallback(struct phase_build *build, enum plan_key key, struct span value)
{
	struct phase *phase = build->phase;
	struct phase before = *phase;

	value = source_trim(value);
	if (value.n == 0)
		return;
	if (key == KEY_MODE) {
		if (phase->mode == EXEC_NONE && phase->mode_text[0] == '\0')
			read_mode(build, value, true);
		return;
	}
	if (key == KEY_STATUS) {
		if (phase->status[0] == '\0')
			read_value(build, KEY_STATUS, value, true);
		return;
	}
	if (before.est_low_cents >= 0 && before.points > 0)
		return;
	read_estimate(build, value, true, true);
	if (before.est_low_cents >= 0) {
		phase->est_low_cents = before.est_low_cents;
		phase->est_mid_cents = before.est_mid_cents;
		phase->est_high_cents = before.est_high_cents;
	}
	if (before.points > 0)
		phase->points = before.points;
	if (before.estimate_at.line > 0)
		phase->estimate_at = before.estimate_at;
}

/* ITEM, N_BYTES of it, in ARENA instead of on the heap. */
static void *
kept(struct arena *arena, void *item, size_t n_bytes)
{
	AUTO_FREE void *from = item;

	return from ? memcpy(arena_alloc(arena, n_bytes), from, n_bytes) : NULL;
}

void
phase_keep_texts(struct arena *arena, struct phase *phase)
{
	struct text_list *lists[] = { &phase->depends_on, &phase->context,
		&phase->tasks, &phase->acceptance };

	for (size_t i = 0; i < N_ELEMS(lists); i++)
		lists[i]->item = kept(
		    arena, lists[i]->item, lists[i]->n * sizeof(*lists[i]->item));
	for (size_t i = 0; i < N_ELEMS(lists); i++)
		lists[i]->cap = lists[i]->n;
}

void
phase_keep_touches(struct arena *arena, struct phase *phase)
{
	for (int t = 0; t < TOUCH_N; t++) {
		struct touch_list *list = &phase->touch[t];

		list->item = kept(arena, list->item, list->n * sizeof(*list->item));
		list->cap = list->n;
	}
}
