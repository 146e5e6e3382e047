#include "policy/review.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/timings.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *title;
	char letter;
} severities[SEVERITY_N] = {
	[SEVERITY_CRITICAL] = { "critical", "Critical", 'C' },
	[SEVERITY_IMPORTANT] = { "important", "Important", 'I' },
	[SEVERITY_CONSIDER] = { "consider", "Consider", 'N' },
};

const char *
severity_name(enum severity severity)
{
	assert(severity >= 0 && severity < SEVERITY_N);
	return severities[severity].name;
}

const char *
severity_title(enum severity severity)
{
	assert(severity >= 0 && severity < SEVERITY_N);
	return severities[severity].title;
}

char
severity_letter(enum severity severity)
{
	assert(severity >= 0 && severity < SEVERITY_N);
	return severities[severity].letter;
}

int
severity_of(const char *word)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{ "critical", SEVERITY_CRITICAL },
		{ "p1", SEVERITY_CRITICAL },
		{ "important", SEVERITY_IMPORTANT },
		{ "p2", SEVERITY_IMPORTANT },
		{ "consider", SEVERITY_CONSIDER },
		{ "p3", SEVERITY_CONSIDER },
		{ "suggestion", SEVERITY_CONSIDER },
	};

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcasecmp(words[i].word, word) == 0)
			return (int)words[i].severity;
	}
	return -1;
}

static const char *const timings[TIMING_N] = {
	[TIMING_PRE] = "pre",
	[TIMING_IN] = "in",
	[TIMING_POST] = "post",
	[TIMING_CROSS] = "cross",
};

const char *
timing_name(enum timing timing)
{
	assert(timing >= 0 && timing < TIMING_N);
	return timings[timing];
}

int
timing_of(const char *word)
{
	for (int t = 0; t < TIMING_N; t++) {
		if (strcmp(timings[t], word) == 0)
			return t;
	}
	return -1;
}

/* ---- options ------------------------------------------------------------------------ */

#define PRE  (1u << TIMING_PRE)
#define IN   (1u << TIMING_IN)
#define POST (1u << TIMING_POST)

/* A to C and H come from elsewhere; D to G are sessions of ours. */
static const struct review_option options[] = {
	/* clang-format off */
	{ "CI agent",             "$0",              POST,      SCALE_THIRDS, 0, 1, 'A', false },
	{ "Premium agents",       "~$40/mo",         POST,      SCALE_THIRDS, 0, 1, 'B', false },
	{ "API + CI",             "~$2-10/review",   POST,      SCALE_THIRDS, 0, 1, 'C', false },
	{ "In-session subagents", "$0",              PRE | IN | POST, SCALE_THIRDS, 1, 1, 'D', false },
	{ "Persona panel",        "$0",              PRE | POST, SCALE_LEVELS, 3, 1, 'E', true },
	{ "Structured debate",    "$0",              PRE | POST, SCALE_LEVELS, 3, 2, 'F', true },
	{ "Tier diversity",       "$0",              PRE | POST, SCALE_EIGHT,  8, 1, 'G', true },
	{ "Tracker agent",        "$0-20/mo",        PRE | POST, SCALE_THIRDS, 0, 1, 'H', false },
	/* clang-format on */
};

const struct review_option *
review_option_at(size_t i)
{
	return i < N_ELEMS(options) ? &options[i] : NULL;
}

const struct review_option *
review_option(char letter)
{
	for (size_t i = 0; i < N_ELEMS(options); i++) {
		if (options[i].letter == toupper((unsigned char)letter))
			return &options[i];
	}
	return NULL;
}

/* ---- consensus ---------------------------------------------------------------------- */

static const char *const standings[STANDING_N] = {
	[STANDING_SINGLE] = "single",
	[STANDING_CONFIRMED] = "critical-confirmed",
	[STANDING_UNANIMOUS] = "unanimous",
	[STANDING_MAJORITY] = "majority",
	[STANDING_SPLIT] = "split",
	[STANDING_MINORITY] = "minority",
};

const char *
standing_name(enum standing standing)
{
	assert(standing >= 0 && standing < STANDING_N);
	return standings[standing];
}

int
standing_of(const char *word)
{
	for (int s = 0; s < STANDING_N; s++) {
		if (strcmp(standings[s], word) == 0)
			return s;
	}
	return -1;
}

int
consensus_include_at(int n)
{
	if (n <= 1)
		return 0;
	return n == 2 ? 2 : (2 * n + 2) / 3;
}

/* R-174; with fewer than eight reviewers, the same shares of them. */
static struct consensus
of_eight(const struct votes *v)
{
	struct consensus c = { .is_included = true };

	if (v->n_agree * 8 >= 6 * v->n) {
		c.severity = SEVERITY_CRITICAL;
		c.standing = v->n_agree >= v->n ? STANDING_UNANIMOUS
						: STANDING_MAJORITY;
	} else if (v->n_agree * 8 >= 4 * v->n) {
		c.severity = SEVERITY_IMPORTANT;
		c.standing = STANDING_MAJORITY;
	} else if (v->n_agree >= 2) {
		c.severity = SEVERITY_CONSIDER;
		c.standing = STANDING_MINORITY;
	} else {
		c.severity = SEVERITY_CONSIDER;
		c.standing = STANDING_MINORITY;
		c.is_included = false;
	}
	c.is_escalated = v->n_critical > 0 && c.severity != SEVERITY_CRITICAL;
	return c;
}

/*
 * Critical are only those that every reviewer calls so: who calls everything critical makes
 * nothing critical by that, and what anybody calls so is put to a person.
 */
struct consensus
consensus_of(enum scale scale, const struct votes *v)
{
	struct consensus c = { .severity = v->highest, .is_included = true };

	if (v->n <= 1) {
		c.standing = STANDING_SINGLE;
		return c;
	}
	if (scale == SCALE_EIGHT)
		return of_eight(v);
	if (v->n_agree >= consensus_include_at(v->n)) {
		c.standing = v->n_agree >= v->n ? STANDING_UNANIMOUS
						: STANDING_MAJORITY;
		if (v->highest != SEVERITY_CRITICAL)
			return c;
		if (v->n_critical >= v->n) {
			c.standing = STANDING_CONFIRMED;
			return c;
		}
		c.severity = SEVERITY_IMPORTANT;
		c.is_escalated = true;
		return c;
	}
	if (scale == SCALE_LEVELS && v->n_agree * 2 >= v->n) {
		c.standing = STANDING_SPLIT;
		c.is_escalated = true;
		if (c.severity == SEVERITY_CRITICAL)
			c.severity = SEVERITY_IMPORTANT;
		return c;
	}
	c.standing = STANDING_MINORITY;
	c.severity = SEVERITY_CONSIDER;
	c.is_included = false;
	c.is_escalated = v->n_critical > 0;
	return c;
}

/* ---- what a plan needs ---------------------------------------------------------------- */

#define ASKS_PRE  1u
#define ASKS_IN   2u
#define ASKS_POST 4u

/* What one word of a "Review:" value asks for; -1 when it means nothing. */
static int
word_asks(struct span word)
{
	static const struct {
		const char *word;
		unsigned asks;
	} words[] = {
		{ "none", 0 },
		{ "no", 0 },
		{ "not", 0 },
		{ "needed", 0 },
		{ "option", 0 },
		{ "and", 0 },
		{ "then", 0 },
		{ "gate", 0 },
		{ "2", ASKS_PRE },
		{ "3", ASKS_POST },
		{ "yes", ASKS_PRE },
		{ "required", ASKS_PRE },
		{ "pre", ASKS_PRE },
		{ "pre-dispatch", ASKS_PRE },
		{ "spec", ASKS_PRE },
		{ "in", ASKS_IN },
		{ "in-session", ASKS_IN },
		{ "post", ASKS_POST },
		{ "post-session", ASKS_POST },
		{ "cross", 0 },
		{ "cross-session", 0 },
	};

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (span_eq_nocase(word, words[i].word))
			return (int)words[i].asks;
	}
	if (word.n == 1 && review_option(word.p[0]))
		return 0; /* which option; when, say the other words or its own timing */
	return -1;
}

/*
 * The timings that VALUE asks for.  A bare letter means the timing of that option: D to H
 * before the dispatch, A to C of the change.
 */
static int
value_asks(const char *value, const char *whose, unsigned *asks, struct err *err)
{
	struct span rest = span_of(value), word;
	char letter = '\0';

	*asks = 0;
	while (span_next(&rest, ' ', &word)) {
		int n;

		word = span_trim(word);
		while (word.n > 0 && strchr(",;.+", word.p[word.n - 1]))
			word.n--;
		if (word.n == 0)
			continue;
		n = word_asks(word);
		if (n < 0) {
			err_set(err, ERR_REFUSED,
			    "%s asks for review '%.*s', which is no timing and no option",
			    whose, (int)(word.n < 40 ? word.n : 40), word.p);
			return err_fix(err,
			    "one of: none, pre-dispatch, in-session, post-session, or an "
			    "option A to H");
		}
		*asks |= (unsigned)n;
		if (word.n == 1 && isalpha((unsigned char)word.p[0]))
			letter = (char)toupper((unsigned char)word.p[0]);
	}
	if (*asks == 0 && letter)
		*asks = letter <= 'C' ? ASKS_POST : ASKS_PRE;
	return 0;
}

static size_t
n_dependents(const struct plan *plan, const struct phase *phase)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *p = &plan->phase[i];

		for (size_t k = 0; k < p->depends_on.n; k++)
			n += strcmp(p->depends_on.item[k].text, phase->id) == 0;
	}
	return n;
}

static void
advise(const struct plan *plan, const struct phase *phase, struct review_need *need)
{
	if (!need->is_advised)
		need->is_advised = phase_is_complex(
		    phase, n_dependents(plan, phase), need->why, sizeof(need->why));
}

int
review_need_of(const struct plan *plan, struct review_need *need, struct err *err)
{
	unsigned asks;

	*need = (struct review_need){ 0 };
	if (value_asks(plan->needs_review, "the plan", &asks, err) < 0)
		return -1;
	if (asks & ASKS_PRE) {
		need->is_required = true;
		snprintf(need->why, sizeof(need->why), "the plan says Review: %.60s",
		    plan->needs_review);
	}
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		char whose[64];

		snprintf(whose, sizeof(whose), "phase %.40s", phase->id);
		if (value_asks(phase->review, whose, &asks, err) < 0)
			return -1;
		if (need->is_required)
			continue;
		if (asks & ASKS_PRE)
			snprintf(need->why, sizeof(need->why), "%s says Review: %.60s",
			    whose, phase->review);
		else if (phase->is_high_risk)
			snprintf(
			    need->why, sizeof(need->why), "%s is Risk: high", whose);
		need->is_required = (asks & ASKS_PRE) || phase->is_high_risk;
		if (!need->is_required)
			advise(plan, phase, need);
	}
	need->is_advised = need->is_advised && !need->is_required;
	return 0;
}

int
review_of_phase(const struct phase *phase, struct phase_review *review, struct err *err)
{
	char whose[64], why[120];
	unsigned asks;

	snprintf(whose, sizeof(whose), "phase %.40s", phase->id);
	if (value_asks(phase->review, whose, &asks, err) < 0)
		return -1;
	review->post = (asks & ASKS_POST) != 0;
	/*
	 * Checkpoint mode implies the high risk, unless "Risk: low" clears it; elsewhere a
	 * checkpoint is one when what the phase touches is.
	 */
	review->in = (asks & ASKS_IN) ||
		     (phase->mode == EXEC_CHECKPOINT && !phase->is_low_risk) ||
		     phase_is_risky(phase, why, sizeof(why));
	return 0;
}
