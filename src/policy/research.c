#include "policy/research.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
research_set_clear(struct research_set *set)
{
	free(set->piece);
	*set = (struct research_set){ 0 };
}

bool
research_is_track(const struct phase *phase)
{
	return phase->output && strcmp(phase->output, "evidence") == 0;
}

/* Length of "Q12" at the start of TEXT, 0 when it does not begin with a question's name. */
static size_t
name_length(const char *text)
{
	size_t n = text[0] == 'Q' ? strspn(text + 1, "0123456789") : 0;

	return n == 0 || n > 3 || (text[n + 1] && !strchr(" :(", text[n + 1])) ? 0
									       : n + 1;
}

int
research_question_of(const struct research_set *set, const char *text)
{
	size_t n = name_length(text);

	for (size_t i = 0; n > 0 && i < set->n_questions; i++) {
		if (strlen(set->question[i].id) == n &&
		    memcmp(set->question[i].id, text, n) == 0)
			return (int)i;
	}
	return -1;
}

/* "Q2 (side): how many" as a question of its own; NULL when TEXT is none. */
static const char *
words_of(const char *text, size_t n, bool *is_side)
{
	const char *at = text + n + strspn(text + n, " ");

	*is_side = strncmp(at, "(side)", 6) == 0;
	if (*is_side)
		at += 6;
	at += strspn(at, " ");
	return *at == ':' ? at + 1 + strspn(at + 1, " ") : NULL;
}

static int
add_question(struct research_set *set, const struct plan *plan, const char *text,
    struct err *err)
{
	size_t n = name_length(text);
	bool is_side = false;
	const char *words = n > 0 ? words_of(text, n, &is_side) : NULL;
	int at;

	if (!words)
		return -1;
	at = research_question_of(set, text);
	if (at >= 0 && set->question[at].is_side == is_side)
		return at;
	if (at >= 0) {
		err_set(err, ERR_INPUT,
		    "%s is a side question in one track and not in another",
		    set->question[at].id);
		return -2;
	}
	if (set->n_questions == RESEARCH_MOST_QUESTIONS) {
		err_set(err, ERR_INPUT, "a plan asks at most %d questions",
		    RESEARCH_MOST_QUESTIONS);
		return -2;
	}
	set->question[set->n_questions] = (struct research_question){
		.id = arena_strndup(plan->arena, text, n),
		.text = words,
		.is_side = is_side,
	};
	return (int)set->n_questions++;
}

int
research_read_plan(struct research_set *set, const struct plan *plan, struct err *err)
{
	set->plan = plan;
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		struct research_track *t;

		if (!research_is_track(phase))
			continue;
		if (set->n_tracks == RESEARCH_MOST_TRACKS)
			return err_set(err, ERR_INPUT, "a plan has at most %d tracks",
			    RESEARCH_MOST_TRACKS);
		t = &set->track[set->n_tracks++];
		*t = (struct research_track){ .phase = phase->id };
		for (size_t k = 0; k < phase->tasks.n; k++) {
			int at = add_question(
			    set, plan, phase->tasks.item[k].text, err);

			if (at == -2)
				return -1;
			if (at >= 0)
				t->asked |= 1u << (unsigned)at;
		}
	}
	return 0;
}

/* Does it depend on a track?  What only follows a synthesis waits for that one. */
bool
research_is_synthesis(const struct plan *plan, const struct phase *phase)
{
	if (research_is_track(phase))
		return false;
	for (size_t i = 0; i < phase->depends_on.n; i++) {
		const struct phase *on = plan_find(
		    plan, phase->depends_on.item[i].text);

		for (size_t k = 0; on && research_is_track(on) && k < on->tasks.n;
		     k++) {
			const char *text = on->tasks.item[k].text;
			size_t n = name_length(text);
			bool is_side;

			if (n > 0 && words_of(text, n, &is_side))
				return true;
		}
	}
	return false;
}

bool
research_add(struct research_set *set, const struct research_piece *piece)
{
	if (set->n_pieces == RESEARCH_MOST_PIECES)
		return false;
	GROW(set->piece, set->n_pieces, set->cap_pieces);
	set->piece[set->n_pieces++] = *piece;
	return true;
}

/* A source without what may be written differently: scheme, www., query, slash at the end. */
static struct span
source_key(const char *source)
{
	struct span s = span_of(source);
	const char *colon = strstr(source, "://");

	if (colon)
		s = span_of(colon + 3);
	if (s.n > 4 && strncasecmp(s.p, "www.", 4) == 0)
		s = (struct span){ s.p + 4, s.n - 4 };
	if (s.n > 8 && strncasecmp(s.p, "doi.org/", 8) == 0)
		s = (struct span){ s.p + 8, s.n - 8 };
	s.n = strcspn(s.p, "?#") < s.n ? strcspn(s.p, "?#") : s.n;
	while (s.n > 0 && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static bool
same_source(const char *a, const char *b)
{
	struct span x = source_key(a), y = source_key(b);

	return x.n == y.n && strncasecmp(x.p, y.p, x.n) == 0;
}

/* Answers are the same when their words are, whatever the case and the blanks around. */
static bool
same_answer(const char *a, const char *b)
{
	struct span x = span_trim(span_of(a)), y = span_trim(span_of(b));

	return x.n == y.n && strncasecmp(x.p, y.p, x.n) == 0;
}

static bool
counts(const struct research_set *set, const struct research_piece *p, size_t question)
{
	return p->question == question && !p->dead && set->track[p->track].is_done;
}

/* What the track at T answers: its surest piece that says anything, or NULL. */
static const struct research_piece *
answer_of(const struct research_set *set, size_t t, size_t question)
{
	const struct research_piece *best = NULL;

	for (size_t i = 0; i < set->n_pieces; i++) {
		const struct research_piece *p = &set->piece[i];

		if (p->track == t && counts(set, p, question) &&
		    span_trim(span_of(p->answer)).n > 0 &&
		    (!best || p->confidence > best->confidence))
			best = p;
	}
	return best;
}

/* Is SOURCE, "file:PATH" or "file:PATH:12", what PHASE writes? */
static bool
is_written_by(const struct phase *phase, const char *source)
{
	static const enum touch writes[] = { TOUCH_WRITES, TOUCH_CREATES,
		TOUCH_APPENDS };

	if (strncmp(source, "file:", 5) != 0)
		return false;
	source += 5;
	for (size_t t = 0; t < N_ELEMS(writes); t++) {
		const struct touch_list *list = &phase->touch[writes[t]];

		for (size_t i = 0; i < list->n; i++) {
			size_t n = strlen(list->item[i].text);

			if (!list->item[i].is_negated && n > 0 &&
			    strncmp(source, list->item[i].text, n) == 0 &&
			    (source[n] == '\0' || source[n] == ':' ||
				list->item[i].text[n - 1] == '/'))
				return true;
		}
	}
	return false;
}

/* Tracks that cite each other's issues, or the plan's, or what they write, cite themselves. */
static bool
is_circular(const struct research_set *set, const char *source)
{
	const struct plan *plan = set->plan;

	if (!plan)
		return false;
	if (plan->master.url && plan->master.url[0] &&
	    same_source(source, plan->master.url))
		return true;
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (is_written_by(&plan->phase[i], source))
			return true;
		for (size_t k = 0; k < plan->phase[i].n_issues; k++) {
			const char *url = plan->phase[i].issue[k].url;

			if (url && url[0] && same_source(source, url))
				return true;
		}
	}
	return false;
}

static void
count_sources(const struct research_set *set, size_t question,
    const struct research_limits *limits, struct research_axis *axis)
{
	bool is_sure = false, is_empirical = false;

	for (size_t i = 0; i < set->n_pieces; i++) {
		const struct research_piece *p = &set->piece[i];
		bool is_new = true;

		if (!counts(set, p, question) || is_circular(set, p->source))
			continue;
		for (size_t k = 0; k < i && is_new; k++)
			is_new = !counts(set, &set->piece[k], question) ||
				 !same_source(set->piece[k].source, p->source);
		axis->n_sources += is_new;
		is_sure = is_sure || p->confidence > 0;
		is_empirical = is_empirical || p->is_empirical;
	}
	if (axis->n_answered == 0)
		text_print(axis->lack, sizeof(axis->lack), "no track answers it");
	else if (axis->n_sources < limits->sources)
		text_print(axis->lack, sizeof(axis->lack),
		    "%d of %d independent sources", axis->n_sources, limits->sources);
	else if (!is_sure)
		text_print(axis->lack, sizeof(axis->lack),
		    "no source of high or medium confidence");
	else if (limits->empirical && !is_empirical)
		text_print(axis->lack, sizeof(axis->lack), "no empirical source");
	axis->is_covered = axis->lack[0] == '\0';
}

/* The answer that the most tracks give, the first of several; and how many give any. */
static void
count_answers(const struct research_set *set, size_t question,
    const struct research_limits *limits, struct research_axis *axis)
{
	for (size_t t = 0; t < set->n_tracks; t++) {
		const struct research_piece *mine = answer_of(set, t, question);
		int n = 0;

		if (!mine)
			continue;
		axis->n_say++;
		for (size_t o = 0; o < set->n_tracks; o++) {
			const struct research_piece *other = answer_of(
			    set, o, question);

			n += other && same_answer(other->answer, mine->answer);
		}
		if (n > axis->n_agree) {
			axis->n_agree = n;
			axis->answer = mine->answer;
		}
	}
	axis->converges = axis->n_say > 0 &&
			  axis->n_agree * 100 >= limits->converge_pct * axis->n_say;
}

/*
 * A sure answer against the leading one stays open until a track of a later round than it has
 * addressed the question and most of all agree (A-79); a later one that is against it opens
 * it again.
 */
static void
find_contradiction(
    const struct research_set *set, size_t question, struct research_axis *axis)
{
	int newest = 0;
	size_t n = 0;

	for (size_t t = 0; t < set->n_tracks; t++) {
		if (answer_of(set, t, question) && set->track[t].round > newest)
			newest = set->track[t].round;
	}
	for (size_t t = 0; t < set->n_tracks; t++) {
		const struct research_piece *p = answer_of(set, t, question);

		if (!p || p->confidence == 0 || same_answer(p->answer, axis->answer) ||
		    (set->track[t].round < newest && axis->converges))
			continue;
		axis->is_contradicted = true;
		n += (size_t)snprintf(axis->against + n, sizeof(axis->against) - n,
		    "%s%s", n ? ", " : "", set->track[t].phase);
		if (n >= sizeof(axis->against))
			break;
	}
}

void
research_axis_of(const struct research_set *set, size_t question,
    const struct research_limits *limits, struct research_axis *axis)
{
	*axis = (struct research_axis){ .answer = "" };
	for (size_t t = 0; t < set->n_tracks; t++) {
		bool has = false;

		for (size_t i = 0; i < set->n_pieces && !has; i++)
			has = set->piece[i].track == t &&
			      counts(set, &set->piece[i], question);
		axis->n_asked += (set->track[t].asked >> question & 1u) != 0;
		axis->n_answered += has;
	}
	count_sources(set, question, limits, axis);
	count_answers(set, question, limits, axis);
	find_contradiction(set, question, axis);
}

static void
put_gap(FILE *gaps, const struct research_question *q, const struct research_axis *axis)
{
	const char *side = q->is_side ? " (side)" : "";

	if (!axis->is_covered)
		fprintf(gaps, "%s%s: coverage: %s\n", q->id, side, axis->lack);
	if (axis->n_answered > 0 && !axis->converges)
		fprintf(gaps, "%s%s: convergence: %d of %d tracks agree\n", q->id, side,
		    axis->n_agree, axis->n_say);
	if (axis->is_contradicted)
		fprintf(gaps, "%s%s: contradiction: %s against \"%.80s\"\n", q->id,
		    side, axis->against, axis->answer);
}

/* Sources that lead nowhere are named: whoever wrote them has to be asked (R-124). */
static void
put_dead(FILE *gaps, const struct research_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n_pieces; i++) {
		const struct research_piece *p = &set->piece[i];

		AUTO_FREE char *shown = NULL;

		if (!p->dead || n++ >= RESEARCH_MOST_DEAD)
			continue;
		shown = text_show(p->source, true);
		fprintf(gaps, "%s: source: %.120s of %s counts for nothing: %s\n",
		    set->question[p->question].id, shown, set->track[p->track].phase,
		    p->dead);
	}
	if (n > RESEARCH_MOST_DEAD)
		fprintf(gaps, "and %zu sources more lead nowhere\n",
		    n - RESEARCH_MOST_DEAD);
}

bool
research_judge(const struct research_set *set, const struct research_limits *limits,
    FILE *gaps, unsigned *follows)
{
	bool is_enough = set->n_questions > 0;

	*follows = 0;
	for (size_t i = 0; i < set->n_questions; i++) {
		const struct research_question *q = &set->question[i];
		struct research_axis axis;
		bool holds;

		research_axis_of(set, i, limits, &axis);
		holds = axis.is_covered && axis.converges && !axis.is_contradicted;
		put_gap(gaps, q, &axis);
		if (holds || q->is_side)
			continue;
		is_enough = false;
		*follows |= 1u << i;
	}
	put_dead(gaps, set);
	if (set->n_questions == 0)
		fputs("no track asks a question: begin tasks as \"Q1: ...\"\n", gaps);
	return is_enough;
}
