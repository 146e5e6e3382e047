#include "policy/closure.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/delivery.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define REVIEW_UNRUN 70
#define QUICK_TESTS  60

const struct closure_scale closure_scale_default = { 40, 30, 30, 80, 60 };

const char *
closure_name(enum closure closure)
{
	static const char *const names[CLOSURE_N] = { "AUTO", "PROPOSE", "NEVER",
		"BLOCK" };

	assert(closure >= 0 && closure < CLOSURE_N);
	return names[closure];
}

const char *
closure_outcome_name(enum closure_outcome outcome)
{
	static const char *const names[OUTCOME_N] = { "", "met", "partly", "missed",
		"unknown" };

	assert(outcome >= 0 && outcome < OUTCOME_N);
	return names[outcome];
}

int
closure_outcome_of(const char *word)
{
	for (int i = OUTCOME_MET; i < OUTCOME_N; i++) {
		if (strcasecmp(closure_outcome_name((enum closure_outcome)i), word) ==
		    0)
			return i;
	}
	return -1;
}

/* ---- quality --------------------------------------------------------------------------- */

int
closure_outcome_cost(const struct closure_facts *facts)
{
	static const int costs[OUTCOME_N] = {
		[OUTCOME_PARTLY] = 5, [OUTCOME_MISSED] = 15, [OUTCOME_UNKNOWN] = 10
	};

	if (facts->is_small || (facts->is_quick && facts->points <= 2))
		return 0;
	return costs[facts->outcome];
}

int
closure_quality(const struct closure_facts *facts, const struct closure_scale *scale)
{
	int tests = facts->tests, sum = 0, weight = 0;

	if (facts->is_quick && tests >= 0 && tests < QUICK_TESTS)
		tests = QUICK_TESTS;
	if (facts->tests < 0 && facts->coverage < 0 && facts->review < 0)
		return -1;
	if (tests >= 0) {
		sum += scale->tests * tests;
		weight += scale->tests;
	}
	if (facts->coverage >= 0) {
		sum += scale->coverage * facts->coverage;
		weight += scale->coverage;
	}
	sum += scale->review * (facts->review >= 0 ? facts->review : REVIEW_UNRUN);
	weight += scale->review;
	if (weight <= 0)
		return -1;
	sum = sum / weight - closure_outcome_cost(facts);
	return sum > 0 ? sum : 0;
}

/* ---- belief ---------------------------------------------------------------------------- */

static bool
is_word_end(char c)
{
	return !isalnum((unsigned char)c) && c != '\'';
}

const char *
closure_belief(const char *text)
{
	static const char *const words[] = { "believe", "should work", "should be fine",
		"should pass", "probably", "pretty sure", "likely", "looks like",
		"looks good", "seems to", "i think", "hopefully", "presumably" };

	for (const char *p = text; *p; p++) {
		if (p > text && !is_word_end(p[-1]))
			continue;
		for (size_t i = 0; i < N_ELEMS(words); i++) {
			size_t n = strlen(words[i]);

			if (strncasecmp(p, words[i], n) == 0 && is_word_end(p[n]))
				return words[i];
		}
	}
	return NULL;
}

/* ---- the matrix of R-187 ----------------------------------------------------------------- */

static void
say(struct closure_answer *a, enum closure closure, const char *why, const char *mend)
{
	/* BLOCK before NEVER before PROPOSE before AUTO; of equals the first is said. */
	if (a->why[0] && closure <= a->closure)
		return;
	a->closure = closure;
	a->mend = mend;
	text_print(a->why, sizeof(a->why), "%s", why);
}

static void
judge_blocks(const struct closure_facts *f, struct closure_answer *a)
{
	const char *belief = closure_belief(f->claim);

	if (f->is_open)
		say(a, CLOSURE_BLOCK, "its change is not merged", "divisi merge");
	if (f->is_discussed)
		say(a, CLOSURE_BLOCK, "somebody waits for an answer",
		    "divisi approvals");
	if (f->n_merged > 0 && f->deploy == DEPLOY_RED)
		say(a, CLOSURE_BLOCK, "what landed failed its checks",
		    "look at the checks, and mend or revert");
	if (f->n_merged > 0 && f->deploy == DEPLOY_PENDING)
		say(a, CLOSURE_BLOCK, "what landed is still being checked",
		    "wait for the checks");
	if (f->reopened_hours >= 0 && f->reopened_hours < REOPENED_HOURS)
		say(a, CLOSURE_BLOCK,
		    "it was opened again within 48 h of its end: its cause comes first "
		    "(R-194)",
		    "divisi issue comment, with the cause; then a session that mends it");
	if (belief) {
		char why[sizeof(a->why)];

		text_print(why, sizeof(why),
		    "its report says \"%s\": that is belief and no evidence (R-190)",
		    belief);
		say(a, CLOSURE_BLOCK, why,
		    "run it, and say what it printed: divisi say, or divisi issue comment");
	}
}

static void
judge_people(const struct closure_facts *f, struct closure_answer *a)
{
	if (f->has_person)
		say(a, CLOSURE_NEVER, "a person has it", "");
	if (f->needs_decision)
		say(a, CLOSURE_PROPOSE, "it needs a person's decision", "");
	if (f->is_text) {
		struct delivery d;
		char why[sizeof(a->why)];

		delivery_judge(f->claim, &d);
		text_print(
		    why, sizeof(why), "its report is no result (R-195): %s", d.why);
		if (!d.is_result)
			say(a, CLOSURE_PROPOSE, why,
			    "divisi say, or dispatch it again");
	}
	if (f->is_pair)
		say(a, CLOSURE_PROPOSE, "it was worked at in pair mode", "");
}

static void
judge_changes(const struct closure_facts *f, struct closure_answer *a)
{
	if (f->n_merged > 1)
		say(a, CLOSURE_PROPOSE, "several changes of it landed", "");
	else if (f->n_merged == 1 && !f->is_agents)
		say(a, CLOSURE_PROPOSE, "no agent of ours made it", "");
	else if (f->n_merged == 1 && f->deploy == DEPLOY_GREEN)
		say(a, CLOSURE_AUTO, "its change landed and passed its checks", "");
	else if (f->n_merged == 1 && f->deploy == DEPLOY_NONE)
		say(a, CLOSURE_AUTO, "its change landed; nothing checks it there", "");
	else if (f->n_merged == 0 && f->is_agents && f->is_small && f->has_all_criteria)
		say(a, CLOSURE_AUTO, "it needs no change, and all criteria are met",
		    "");
	else if (f->n_merged == 0)
		say(a, CLOSURE_PROPOSE,
		    f->is_small ? "no change of it landed, and not all criteria are met"
				: "no change of it landed",
		    "");
}

void
closure_of(const struct closure_facts *facts, const struct closure_scale *scale,
    struct closure_answer *answer)
{
	*answer = (struct closure_answer){ .mend = "" };
	judge_blocks(facts, answer);
	judge_people(facts, answer);
	judge_changes(facts, answer);
	answer->quality = closure_quality(facts, scale);
	if (answer->quality < 0 || answer->quality >= scale->at_least)
		return;
	/* a low quality takes the right to close by itself, or to close at all. */
	if (answer->quality < scale->propose_at)
		say(answer, CLOSURE_BLOCK, "its quality is too low (R-188)",
		    "divisi review, then divisi findings decide");
	else
		say(answer, CLOSURE_PROPOSE, "its quality is middling (R-188)", "");
}
