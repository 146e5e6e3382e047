#include "policy/findings.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const decisions[DECISION_N] = {
	[DECISION_NONE] = "",
	[DECISION_AGREED] = "agreed",
	[DECISION_OVERRIDE] = "override",
	[DECISION_DEFERRED] = "deferred",
	[DECISION_REJECTED] = "rejected",
	[DECISION_ESCALATED] = "escalated",
};

const char *
decision_name(enum decision decision)
{
	assert(decision >= 0 && decision < DECISION_N);
	return decisions[decision];
}

int
decision_of(const char *word)
{
	for (int d = 0; d < DECISION_N; d++) {
		if (strcmp(decisions[d], word) == 0)
			return d;
	}
	return -1;
}

void
finding_clear(struct finding *f)
{
	char *const owned[] = { f->id, f->text, f->where, f->advice, f->effort, f->spec,
		f->reviewers, f->maybe, f->before, f->response, f->by, f->sub_issue,
		f->state };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
	*f = (struct finding){ 0 };
}

void
findings_clear(struct findings *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		finding_clear(&rows->item[i]);
	free(rows->item);
	*rows = (struct findings){ 0 };
}

void
findings_copy(struct findings *to, const struct findings *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct finding f = from->item[i];
		char **const texts[] = { &f.id, &f.text, &f.where, &f.advice, &f.effort,
			&f.spec, &f.reviewers, &f.maybe, &f.before, &f.response, &f.by,
			&f.sub_issue, &f.state };

		for (size_t k = 0; k < N_ELEMS(texts); k++)
			*texts[k] = xstrdup(*texts[k] ? *texts[k] : "");
		GROW(to->item, to->n, to->cap);
		to->item[to->n++] = f;
	}
}

struct finding *
findings_find(const struct findings *rows, const char *id)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (strcasecmp(rows->item[i].id, id) == 0)
			return &rows->item[i];
	}
	return NULL;
}

/* ---- which findings are one ----------------------------------------------------------- */

enum { WORDS_MAX = 64, WORD_SIZE = 24 };

struct words {
	char word[WORDS_MAX][WORD_SIZE];
	size_t n;
};

static bool
is_filler(const char *word)
{
	static const char *const fillers[] = { "the", "and", "for", "that", "this",
		"with", "not", "are", "can", "from", "when", "which", "has", "have",
		"will", "should", "must", "there", "its", "may", "but", "into", "been",
		"does" };

	for (size_t i = 0; i < N_ELEMS(fillers); i++) {
		if (strcmp(fillers[i], word) == 0)
			return true;
	}
	return strlen(word) < 3;
}

/* "checked", "checks" and "checking" are one word. */
static void
cut_ending(char *word)
{
	static const char *const endings[] = { "ing", "ed", "es", "s" };
	size_t n = strlen(word);

	for (size_t i = 0; i < N_ELEMS(endings); i++) {
		size_t e = strlen(endings[i]);

		if (n >= e + 4 && strcmp(word + n - e, endings[i]) == 0) {
			word[n - e] = '\0';
			return;
		}
	}
}

static void
add_word(struct words *words, char *word)
{
	cut_ending(word);
	if (is_filler(word) || words->n == WORDS_MAX)
		return;
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->word[i], word) == 0)
			return;
	}
	snprintf(words->word[words->n++], WORD_SIZE, "%s", word);
}

static void
take_words(const char *text, struct words *words)
{
	char word[WORD_SIZE];
	size_t n = 0;

	words->n = 0;
	for (;; text++) {
		unsigned char c = (unsigned char)*text;

		/* Letters beyond ASCII are letters: their bytes belong together. */
		if (isalnum(c) || c >= 0x80) {
			if (n < sizeof(word) - 1)
				word[n++] = (char)tolower(c);
			continue;
		}
		word[n] = '\0';
		if (n > 0)
			add_word(words, word);
		n = 0;
		if (c == '\0')
			return;
	}
}

double
findings_alike(const char *a, const char *b)
{
	struct words x, y;
	size_t both = 0;

	take_words(a, &x);
	take_words(b, &y);
	for (size_t i = 0; i < x.n; i++) {
		for (size_t k = 0; k < y.n; k++)
			both += strcmp(x.word[i], y.word[k]) == 0;
	}
	if (x.n + y.n == 0)
		return strcmp(a, b) == 0;
	return (double)both / (double)(x.n + y.n - both);
}

/* The same place speaks for the same finding. */
#define ALIKE_SAME         0.6
#define ALIKE_SAME_PLACE   0.4
#define ALIKE_UNSURE       0.35
#define ALIKE_UNSURE_PLACE 0.2

/* ---- rows ------------------------------------------------------------------------------ */

/* A row of this merge: votes are counted here first. */
struct gathered {
	int row; /* of those there were, or -1 */
	const struct report *first, *worst;
	const char *reviewer[64];
	bool is_critical[64]; /* as that reviewer calls it */
	size_t n_reviewers;
	int maybe; /* another one that it may be, -1 */
};

struct gathering {
	struct gathered *item;
	size_t n, cap;
};

static void
add_vote(struct gathered *g, const struct report *r)
{
	size_t i = 0;

	if (!g->worst || r->severity < g->worst->severity)
		g->worst = r;
	while (i < g->n_reviewers && strcmp(g->reviewer[i], r->reviewer) != 0)
		i++;
	if (i == N_ELEMS(g->reviewer))
		return;
	if (i == g->n_reviewers) {
		g->reviewer[g->n_reviewers++] = r->reviewer;
		g->is_critical[i] = false;
	}
	g->is_critical[i] |= r->severity == SEVERITY_CRITICAL;
}

static struct gathered *
begin(struct gathering *all, int row)
{
	GROW(all->item, all->n, all->cap);
	all->item[all->n] = (struct gathered){ .row = row, .maybe = -1 };
	return &all->item[all->n++];
}

/* How likely R is what TEXT at WHERE says: 2 the same, 1 perhaps, 0 another. */
static int
is_same(const struct report *r, const char *text, const char *where)
{
	double alike = findings_alike(r->text, text);
	bool place = r->where[0] && strcmp(r->where, where) == 0;

	if (alike >= (place ? ALIKE_SAME_PLACE : ALIKE_SAME))
		return 2;
	return alike >= (place ? ALIKE_UNSURE_PLACE : ALIKE_UNSURE);
}

static void
gather(struct gathering *all, const struct findings *rows, const struct report *r)
{
	const struct finding *row;
	struct gathered *g;
	int maybe = -1, same;

	for (size_t i = 0; i < all->n; i++) {
		g = &all->item[i];
		row = g->row >= 0 ? &rows->item[g->row] : NULL;
		if (r->same_as[0])
			same = row && strcasecmp(row->id, r->same_as) == 0 ? 2 : 0;
		else
			same = is_same(r, row ? row->text : g->first->text,
			    row ? row->where : g->first->where);
		if (same == 2) {
			if (!g->first)
				g->first = r;
			add_vote(g, r);
			return;
		}
		if (same == 1 && maybe < 0)
			maybe = (int)i;
	}
	g = begin(all, -1);
	g->first = r;
	g->maybe = maybe;
	add_vote(g, r);
}

static char *
next_id(const struct findings *rows, enum severity severity)
{
	char letter = severity_letter(severity);
	int most = 0;

	for (size_t i = 0; i < rows->n; i++) {
		int n = atoi(rows->item[i].id + 1);

		if (rows->item[i].id[0] == letter && n > most)
			most = n;
	}
	return xasprintf("%c%d", letter, most + 1);
}

static void
set(char **slot, const char *text)
{
	char *copy = xstrdup(text);

	free(*slot);
	*slot = copy;
}

/* What was decided about a row stands, unless it turns out worse than it was. */
static void
judge(struct finding *row, enum scale scale)
{
	struct votes votes = { (int)row->n, (int)row->n_agree, (int)row->n_critical,
		row->claimed };
	struct consensus c = consensus_of(scale, &votes);

	if (row->decision != DECISION_NONE && c.severity < row->severity) {
		row->decision = DECISION_NONE;
		set(&row->response, "");
	}
	row->severity = c.severity;
	row->standing = c.standing;
	row->is_escalated = c.is_escalated;
}

static void
fill_row(struct finding *row, const struct gathered *g, enum scale scale, int n)
{
	const struct report *r = g->first;

	set(&row->text, r->text);
	set(&row->where, r->where);
	set(&row->advice, r->advice);
	set(&row->effort, r->effort);
	set(&row->spec, r->spec);
	free(row->reviewers);
	row->reviewers = text_join(g->reviewer, g->n_reviewers, ", ");
	row->claimed = g->worst->severity;
	row->n = n;
	row->n_agree = (int64_t)g->n_reviewers;
	row->n_critical = 0;
	for (size_t i = 0; i < g->n_reviewers; i++)
		row->n_critical += g->is_critical[i];
	judge(row, scale);
}

static struct finding *
add_row(struct findings *rows)
{
	struct finding *row;

	GROW(rows->item, rows->n, rows->cap);
	row = &rows->item[rows->n++];
	*row = (struct finding){ .maybe = xstrdup(""),
		.before = xstrdup(""),
		.response = xstrdup(""),
		.by = xstrdup(""),
		.sub_issue = xstrdup(""),
		.state = xstrdup("open") };
	return row;
}

int
findings_merge(struct findings *rows, const struct report *report, size_t n_reports,
    enum scale scale, int n, struct err *err)
{
	struct gathering all = { 0 };
	size_t n_new = 0;

	for (size_t i = 0; i < rows->n; i++)
		(void)begin(&all, (int)i);
	for (size_t i = 0; i < n_reports; i++)
		gather(&all, rows, &report[i]);
	for (size_t i = 0; i < all.n; i++)
		n_new += all.item[i].row < 0;
	if (rows->n + n_new > FINDINGS_MAX) {
		free(all.item);
		err_set(err, ERR_INPUT,
		    "%zu findings are more than a person can decide (%d)",
		    rows->n + n_new, FINDINGS_MAX);
		return err_fix(err, "ask the reviewers for the most important ones");
	}
	for (size_t i = 0; i < all.n; i++) {
		struct gathered *g = &all.item[i];
		struct finding *row;

		if (g->n_reviewers == 0)
			continue; /* an earlier one that nobody found again */
		if (g->row >= 0) {
			fill_row(&rows->item[g->row], g, scale, n);
			continue;
		}
		row = add_row(rows);
		g->row = (int)rows->n - 1;
		fill_row(row, g, scale, n);
		rows->n--; /* its own id does not count yet */
		row->id = next_id(rows, row->severity);
		rows->n++;
		if (g->maybe >= 0 && all.item[g->maybe].row >= 0)
			set(&row->maybe, rows->item[all.item[g->maybe].row].id);
	}
	free(all.item);
	return 0;
}

/* Is NAME one of the names in LIST? */
static bool
has_reviewer(const char *list, struct span name)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.n == name.n && memcmp(one.p, name.p, one.n) == 0)
			return true;
	}
	return false;
}

int
findings_join(struct findings *rows, const char *keep, const char *drop,
    enum scale scale, struct err *err)
{
	struct finding *k = findings_find(rows, keep), *d = findings_find(rows, drop);
	AUTO_FREE char *gone = NULL; /* DROP may be the very text that is freed */
	struct span rest, one;

	if (!k || !d || k == d)
		return err_set(err, ERR_USAGE,
		    "no two findings are called %.8s and %.8s", keep, drop);
	if (d->sub_issue[0])
		return err_set(err, ERR_CONFLICT, "%s has its sub-issue %s already",
		    d->id, d->sub_issue);
	rest = span_of(d->reviewers);
	while (span_next(&rest, ',', &one)) {
		char *both;

		one = span_trim(one);
		if (one.n == 0 || has_reviewer(k->reviewers, one))
			continue;
		both = xasprintf("%s, %.*s", k->reviewers, SPAN_FMT(one));
		free(k->reviewers);
		k->reviewers = both;
		k->n_agree++;
	}
	k->n_critical += d->n_critical;
	if (k->n_critical > k->n_agree)
		k->n_critical = k->n_agree;
	if (d->claimed < k->claimed)
		k->claimed = d->claimed;
	judge(k, scale);
	gone = xstrdup(d->id);
	finding_clear(d);
	memmove(d, d + 1, (size_t)(rows->item + rows->n - (d + 1)) * sizeof(*d));
	rows->n--;
	for (size_t i = 0; i < rows->n; i++) {
		if (strcasecmp(rows->item[i].maybe, gone) == 0 ||
		    strcasecmp(rows->item[i].maybe, rows->item[i].id) == 0)
			set(&rows->item[i].maybe, "");
	}
	return 0;
}

bool
finding_blocks(const struct finding *row, bool needs_all)
{
	if (row->decision != DECISION_NONE && row->decision != DECISION_ESCALATED)
		return false;
	return needs_all || row->is_escalated || row->severity != SEVERITY_CONSIDER;
}
