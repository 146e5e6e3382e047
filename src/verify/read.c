#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 10 };

/* The parts of the file, in their order; a line of an earlier part cannot come later. */
enum part {
	PART_HEAD,
	PART_MADE,
	PART_PLAN,
	PART_TREE,
	PART_SET,
	PART_INFRA,
	PART_EXCLUSIVE,
	PART_EASY,
	PART_SERIES,
	PART_ASSERT,
	PART_TEXT,
	PART_PLAN_TEXT,
	PART_PATHS,
	PART_PATTERNS,
	PART_MEETS,
	PART_PAIRS,
	PART_PAIR,
	PART_CYCLES,
	N_PARTS,
};

struct reading {
	struct verify *v;
	enum part part;
	char *field[MAX_FIELDS]; /* NULL for "-" */
	size_t n_fields;
	char *plan_text;
	size_t n_plan_text, n_wanted_text, cap_tracked, n_wanted_tracked;
	const struct verify_pattern *last;
	bool was[N_PARTS];
};

static bool
is_form_wrong(struct reading *r, const char *what)
{
	return verify_refuse(r->v, r->v->line, "%s", what);
}

static bool
take_number(struct reading *r, const char *s, size_t max, size_t *number)
{
	return verify_number(s, max, number) ||
	       is_form_wrong(r, "a number is missing, not plain, or too large");
}

static bool
take_word(
    struct reading *r, const char *s, const char *const *words, size_t n, int *which)
{
	for (size_t i = 0; i < n; i++) {
		if (s && strcmp(s, words[i]) == 0) {
			*which = (int)i;
			return true;
		}
	}
	return is_form_wrong(r, "a word is none that can stand there");
}

static bool
take_choice(struct reading *r, const char *s, const char *no, const char *yes, bool *is)
{
	const char *const words[] = { no, yes };
	int which = 0;

	if (!take_word(r, s, words, 2, &which))
		return false;
	*is = which == 1;
	return true;
}

static char *
own_text(const char *s)
{
	return s ? verify_copy(s, strlen(s)) : NULL;
}

static bool
read_head(struct reading *r)
{
	return strcmp(r->field[0] ? r->field[0] : "", "1") == 0 ||
	       is_form_wrong(r, "this version of certificates is not known");
}

static bool
read_made(struct reading *r)
{
	r->v->made_by = own_text(r->field[0]);
	r->v->path = own_text(r->field[1]);
	return true;
}

static bool
read_plan(struct reading *r)
{
	r->v->plan_hash = own_text(r->field[0]);
	r->v->plan_sha256 = own_text(r->field[1]);
	return r->v->plan_hash || is_form_wrong(r, "the plan has no hash");
}

static bool
read_tree(struct reading *r)
{
	r->v->tree_sha256 = own_text(r->field[0]);
	return (r->v->tree_sha256 || is_form_wrong(r, "the tree has no hash")) &&
	       take_number(r, r->field[1], VERIFY_MAX_FILE, &r->n_wanted_tracked);
}

static bool
read_set(struct reading *r)
{
	return take_choice(r, r->field[0], "exact-case", "fold-case", &r->v->folds) &&
	       take_choice(
		   r, r->field[1], "branches", "no-branches", &r->v->has_no_branches);
}

/* A setting at the end of LIST, which has *N of *CAP. */
static bool
read_setting(struct reading *r, char ***list, size_t *n, size_t *cap)
{
	const char *text = r->field[0] ? r->field[0] : "";

	*list = verify_grow(*list, *n, cap, sizeof(char *));
	(*list)[(*n)++] = verify_copy(text, strlen(text));
	return true;
}

#define SETTING(of)                                                                \
	static bool read_##of(struct reading *r)                                   \
	{                                                                          \
		return read_setting(r, &r->v->of, &r->v->n_##of, &r->v->cap_##of); \
	}
SETTING(infra)
SETTING(exclusive)
SETTING(easy)
SETTING(series)
#undef SETTING

static bool
read_assert(struct reading *r)
{
	struct verify *v = r->v;

	if (!r->field[0] || !r->field[1] || !r->field[2] || !*r->field[2])
		return is_form_wrong(r, "a person's word lacks phases or reason");
	v->said = verify_grow(v->said, v->n_said, &v->cap_said, sizeof(*v->said));
	v->said[v->n_said].a = own_text(r->field[0]);
	v->said[v->n_said++].b = own_text(r->field[1]);
	return true;
}

static bool
read_text(struct reading *r)
{
	if (!take_number(r, r->field[0], VERIFY_MAX_FILE, &r->n_wanted_text))
		return false;
	r->plan_text = verify_alloc(r->n_wanted_text + 1, 1);
	return true;
}

/* Repository, literal beginning, text. */
static bool
is_listed_before(const struct verify_pattern *p, const struct verify_pattern *q)
{
	int by = strcmp(p->repo, q->repo);

	if (by == 0)
		by = strcmp(p->program.prefix, q->program.prefix);
	return by ? by < 0 : strcmp(p->text, q->text) < 0;
}

static bool
read_pattern(struct reading *r, bool is_whole, bool is_path)
{
	struct verify *v = r->v;
	int at = r->field[0] && r->field[1]
		     ? verify_find_pattern(v, r->field[0], r->field[1])
		     : -1;
	struct verify_pattern *p = at < 0 ? NULL : &v->pattern[at];

	if (!p)
		return is_form_wrong(r, "no footprint has this pattern");
	if (r->last && !is_listed_before(r->last, p))
		return is_form_wrong(r, "patterns are out of order or twice there");
	r->last = p;
	p->is_listed = true;
	p->is_whole = is_whole;
	/* Over 2,048 positions, of which a byte makes two at most and an end three. */
	if (is_whole && p->program.n_text < 900)
		return is_form_wrong(r, "the pattern is short enough to be read");
	if (!is_whole && p->program.is_literal != is_path)
		return is_form_wrong(r, "a path is taken for a pattern, or a pattern "
					"for a path");
	if (is_whole)
		verify_program_whole(&p->program);
	return true;
}

static bool
read_path(struct reading *r)
{
	return read_pattern(r, false, true);
}

static bool
read_wild(struct reading *r)
{
	return read_pattern(r, false, false);
}

static bool
read_whole(struct reading *r)
{
	return read_pattern(r, true, false);
}

static bool
read_meet(struct reading *r)
{
	static const char *const how[] = { "new", "tracked", "undecided", "collision" };
	struct verify *v = r->v;
	struct verify_meet meet = { .line = v->line };
	int which = 0;

	for (int i = 0; i < 3; i++) {
		if (!r->field[i])
			return is_form_wrong(r, "a pattern is missing");
	}
	meet.a = verify_find_pattern(v, r->field[0], r->field[1]);
	meet.b = verify_find_pattern(v, r->field[0], r->field[2]);
	if (meet.a < 0 || meet.b < 0)
		return is_form_wrong(r, "no footprint has one of these patterns");
	if (!take_word(r, r->field[3], how, 4, &which))
		return false;
	meet.is_tracked = which == 1 || which == 3;
	meet.is_collision = which == 3;
	meet.is_undecided = which == 2;
	if ((r->field[4] == NULL) != meet.is_undecided)
		return is_form_wrong(r, "a witness is missing, or one too many");
	meet.witness = own_text(r->field[4]);
	v->meet = verify_grow(v->meet, v->n_meets, &v->cap_meets, sizeof(meet));
	v->meet[v->n_meets++] = meet;
	return true;
}

static bool
read_pairs(struct reading *r)
{
	return take_number(r, r->field[0], SIZE_MAX / 16, &r->v->n_total) &&
	       take_choice(r, r->field[1], "some", "all", &r->v->lists_all);
}

static const char *const verdict_words[] = { "parallel", "parallel-branches",
	"sequential" };

/* The two phases at the head of a line, the earlier one first; and the order of lines. */
static bool
take_phases(struct reading *r, struct verify_record *record)
{
	struct verify *v = r->v;
	size_t a, b;

	if (!take_number(r, r->field[0], v->n_phases, &a) ||
	    !take_number(r, r->field[1], v->n_phases, &b))
		return false;
	if (a < 1 || a >= b)
		return is_form_wrong(r, "these are no two phases in plan order");
	record->a = (int)a - 1;
	record->b = (int)b - 1;
	record->line = v->line;
	if (v->n_records > 0) {
		const struct verify_record *last = &v->record[v->n_records - 1];

		if (last->a > record->a ||
		    (last->a == record->a && last->b >= record->b))
			return is_form_wrong(
			    r, "pairs are out of order or twice there");
	}
	return true;
}

static bool
keep_record(struct reading *r, struct verify_record record)
{
	struct verify *v = r->v;

	v->record = verify_grow(
	    v->record, v->n_records, &v->cap_records, sizeof(record));
	v->record[v->n_records++] = record;
	return true;
}

static bool
read_apart(struct reading *r)
{
	struct verify_record record = { .first = -1 };

	if (!take_phases(r, &record) ||
	    !take_word(r, r->field[2], verdict_words, 3, &record.literal) ||
	    !take_number(r, r->field[3], VERIFY_MAX_FILE, &record.n_compared) ||
	    !take_number(r, r->field[4], VERIFY_MAX_FILE, &record.n_negated) ||
	    !take_number(r, r->field[5], VERIFY_MAX_FILE, &record.n_shared))
		return false;
	record.near_a = own_text(r->field[6]);
	record.near_b = own_text(r->field[7]);
	return keep_record(r, record);
}

static bool
read_pair(struct reading *r)
{
	struct verify_record record = { 0 };
	size_t question, first;

	if (!take_phases(r, &record) ||
	    !take_word(r, r->field[2], verdict_words, 3, &record.verdict) ||
	    !take_word(r, r->field[3], verdict_words, 3, &record.literal) ||
	    !take_number(r, r->field[4], 3, &question) ||
	    !take_number(r, r->field[6], r->v->n_phases, &first))
		return false;
	if (record.verdict == 0 || !r->field[5])
		return is_form_wrong(r, "a pair that is apart has no such line");
	record.question = (int)question;
	record.first = (int)first - 1;
	record.kind = own_text(r->field[5]);
	record.witness = own_text(r->field[7]);
	return keep_record(r, record);
}

/* A ring may be long, so its phases are taken one by one. */
static bool
read_ring(struct reading *r, char *rest)
{
	struct verify *v = r->v;
	struct verify_ring ring = { .line = v->line };
	size_t cap = 0;

	for (char *s; (s = strsep(&rest, "\t"));) {
		size_t at;

		if (!take_number(r, s, v->n_phases, &at) || at == 0) {
			free(ring.phase);
			return is_form_wrong(r, "a ring has a phase that is none");
		}
		ring.phase = verify_grow(ring.phase, ring.n, &cap, sizeof(int));
		ring.phase[ring.n++] = (int)at - 1;
	}
	v->ring = verify_grow(v->ring, v->n_rings, &v->cap_rings, sizeof(ring));
	v->ring[v->n_rings++] = ring;
	return true;
}

/* A line of the plan's text: its line end is ours and not the plan's. */
static bool
read_plan_text(struct reading *r, char *rest, size_t n)
{
	long n_bytes = verify_undo_percent(rest, n);

	if (n_bytes < 0 || (size_t)n_bytes > r->n_wanted_text - r->n_plan_text)
		return is_form_wrong(r, "the plan's text is damaged or too long");
	memcpy(r->plan_text + r->n_plan_text, rest, (size_t)n_bytes);
	r->n_plan_text += (size_t)n_bytes;
	return true;
}

/* A tracked path: how much of the one before it begins with, and its rest. */
static bool
read_tracked(struct reading *r, char *rest)
{
	struct verify *v = r->v;
	const char *last = v->n_tracked > 0 ? v->tracked[v->n_tracked - 1] : "";
	char *tab = strchr(rest, '\t'), *path;
	size_t n_last = strlen(last), same;
	long n;

	if (!tab)
		return is_form_wrong(r, "a tracked path is cut off");
	*tab++ = '\0';
	n = verify_undo_percent(tab, strlen(tab));
	if (n <= 0 || memchr(tab, '\0', (size_t)n) ||
	    !take_number(r, rest, n_last, &same))
		return is_form_wrong(r, "a tracked path is damaged");
	path = verify_alloc(same + (size_t)n + 1, 1);
	memcpy(path, last, same);
	memcpy(path + same, tab, (size_t)n);
	if (strcmp(last, path) >= 0 || last[same] == path[same] ||
	    v->n_tracked >= r->n_wanted_tracked) {
		free(path);
		return is_form_wrong(r, "tracked paths are out of order or too many");
	}
	v->tracked = verify_grow(
	    v->tracked, v->n_tracked, &r->cap_tracked, sizeof(char *));
	v->tracked[v->n_tracked++] = path;
	return true;
}

static bool
finish_plan_text(struct reading *r)
{
	struct verify *v = r->v;
	char hex[65];

	r->was[PART_PLAN_TEXT] = true;
	if (!r->was[PART_TEXT] || r->n_plan_text != r->n_wanted_text)
		return is_form_wrong(r, "the plan's text is not complete");
	verify_sha256(r->plan_text, r->n_plan_text, hex);
	if (strcmp(hex, v->plan_hash) != 0)
		return is_form_wrong(r, "the plan's text does not have the hash "
					"that is stated");
	return verify_plan_text(v, r->plan_text, r->n_plan_text);
}

static bool
finish_tracked(struct reading *r)
{
	struct verify *v = r->v;
	size_t n = 0;
	char hex[65], *all, *to;

	r->was[PART_PATHS] = true;
	for (size_t i = 0; i < v->n_tracked; i++)
		n += strlen(v->tracked[i]) + 1;
	all = to = verify_alloc(n + 1, 1);
	for (size_t i = 0; i < v->n_tracked; i++)
		to = stpcpy(to, v->tracked[i]) + 1;
	verify_sha256(all, n, hex);
	free(all);
	if (v->n_tracked != r->n_wanted_tracked || strcmp(hex, v->tree_sha256) != 0)
		return is_form_wrong(r, "the tracked paths do not have the number and "
					"hash that are stated");
	return verify_footprints(v);
}

/* What has to be known before a line of PART can be read. */
static bool
finish_before(struct reading *r, enum part part)
{
	static const enum part needed[] = { PART_HEAD, PART_MADE, PART_PLAN, PART_TREE,
		PART_SET, PART_TEXT };

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (part > needed[i] && !r->was[needed[i]])
			return is_form_wrong(r, "a line that belongs above is missing");
	}
	if (part > PART_PLAN_TEXT && !r->was[PART_PLAN_TEXT] && !finish_plan_text(r))
		return false;
	if (part > PART_PATHS && !r->was[PART_PATHS] && !finish_tracked(r))
		return false;
	if (part > PART_PAIRS && !r->was[PART_PAIRS])
		return is_form_wrong(r, "the number of pairs is missing");
	return true;
}

static const struct line_form {
	const char *word;
	enum part part;
	bool is_single;
	size_t n_fields;
	bool (*read)(struct reading *r);
} line_forms[] = {
	{ "divisi-certificate", PART_HEAD, true, 1, read_head },
	{ "made", PART_MADE, true, 2, read_made },
	{ "plan", PART_PLAN, true, 2, read_plan },
	{ "tree", PART_TREE, true, 2, read_tree },
	{ "set", PART_SET, true, 2, read_set },
	{ "infra", PART_INFRA, false, 1, read_infra },
	{ "exclusive", PART_EXCLUSIVE, false, 1, read_exclusive },
	{ "derived", PART_EASY, false, 1, read_easy },
	{ "united", PART_EASY, false, 1, read_easy },
	{ "series", PART_SERIES, false, 1, read_series },
	{ "assert", PART_ASSERT, false, 3, read_assert },
	{ "text", PART_TEXT, true, 1, read_text },
	{ "path", PART_PATTERNS, false, 2, read_path },
	{ "pattern", PART_PATTERNS, false, 2, read_wild },
	{ "whole", PART_PATTERNS, false, 2, read_whole },
	{ "meet", PART_MEETS, false, 5, read_meet },
	{ "pairs", PART_PAIRS, true, 2, read_pairs },
	{ "apart", PART_PAIR, false, 8, read_apart },
	{ "pair", PART_PAIR, false, 8, read_pair },
};

static bool
enter_part(struct reading *r, enum part part, bool is_single)
{
	if (part < r->part || (is_single && r->was[part]))
		return is_form_wrong(r, "the line stands where none of its kind can");
	if (!finish_before(r, part))
		return false;
	r->part = part;
	r->was[part] = r->was[part] || is_single;
	return true;
}

static bool
take_fields(struct reading *r, char *rest)
{
	r->n_fields = 0;
	for (char *s; rest && (s = strsep(&rest, "\t")); r->n_fields++) {
		bool is_null = strcmp(s, "-") == 0;
		long n = verify_undo_percent(s, strlen(s));

		if (n < 0 || memchr(s, '\0', (size_t)n) || r->n_fields == MAX_FIELDS)
			return is_form_wrong(r, "a field is damaged, or one too many");
		s[n] = '\0';
		r->field[r->n_fields] = is_null ? NULL : s;
	}
	return true;
}

static bool
read_line(struct reading *r, char *line, size_t n)
{
	char *rest = line;
	const char *word;

	if (*line == '|')
		return enter_part(r, PART_PLAN_TEXT, false) &&
		       read_plan_text(r, line + 1, n - 1);
	if (*line == '+')
		return enter_part(r, PART_PATHS, false) && read_tracked(r, line + 1);
	word = strsep(&rest, "\t");
	if (strcmp(word, "cycle") == 0)
		return enter_part(r, PART_CYCLES, false) && read_ring(r, rest);
	for (size_t i = 0; i < sizeof(line_forms) / sizeof(*line_forms); i++) {
		const struct line_form *form = &line_forms[i];

		if (strcmp(word, form->word) != 0)
			continue;
		if (!enter_part(r, form->part, form->is_single) ||
		    !take_fields(r, rest))
			return false;
		return r->n_fields == form->n_fields
			   ? form->read(r)
			   : is_form_wrong(
				 r, "the line has too few or too many fields");
	}
	return is_form_wrong(r, "the line begins with a word that is not known");
}

/* The last line seals what stands above it. */
static bool
break_seal(struct verify *v)
{
	static const size_t n_seal = 4 + 64 + 1;
	const char *seal;
	char hex[65];

	if (v->n_bytes < n_seal)
		return verify_refuse(v, 0, "the file is cut off");
	seal = v->bytes + v->n_bytes - n_seal;
	verify_sha256(v->bytes, v->n_bytes - n_seal, hex);
	if (memcmp(seal, "end\t", 4) != 0 || memcmp(seal + 4, hex, 64) != 0 ||
	    seal[n_seal - 1] != '\n')
		return verify_refuse(
		    v, 0, "the file was changed or cut off: its seal is broken");
	v->n_bytes -= n_seal;
	return true;
}

bool
verify_read(struct verify *v)
{
	struct reading r = { .v = v };
	bool is_good = break_seal(v);

	while (is_good && v->at < v->n_bytes) {
		char *line = v->bytes + v->at;
		char *end = memchr(line, '\n', v->n_bytes - v->at);

		v->line++;
		is_good = end && !memchr(line, '\0', (size_t)(end - line));
		if (!is_good) {
			verify_refuse(
			    v, v->line, "the line has no end, or a NUL in it");
			break;
		}
		*end = '\0';
		v->at += (size_t)(end - line) + 1;
		is_good = read_line(&r, line, (size_t)(end - line));
	}
	is_good = is_good && finish_before(&r, N_PARTS);
	free(r.plan_text);
	return is_good;
}
