#include "policy/debate.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static const char *const stances[STANCE_N] = {
	[STANCE_NONE] = "",
	[STANCE_AGREE] = "AGREE",
	[STANCE_COMPLEMENT] = "COMPLEMENT",
	[STANCE_CONTRADICT] = "CONTRADICT",
	[STANCE_PRIORITY] = "PRIORITY",
	[STANCE_SCOPE] = "SCOPE",
	[STANCE_ESCALATE] = "ESCALATE",
};

const char *
stance_name(enum stance stance)
{
	assert(stance >= 0 && stance < STANCE_N);
	return stances[stance];
}

int
stance_of(const char *word)
{
	for (int i = 0; i < STANCE_N; i++) {
		if (strcasecmp(stances[i], word) == 0)
			return i;
	}
	return -1;
}

/* The votes that a round comes to, as reports on the rows. */
struct votes_of {
	struct report *item;
	size_t n, cap;
	char **name; /* of authors, owned */
	size_t n_names, cap_names;
};

static void
add_vote(struct votes_of *votes, const struct finding *row, const char *reviewer,
    enum severity severity)
{
	GROW(votes->item, votes->n, votes->cap);
	votes->item[votes->n++] = (struct report){ .reviewer = reviewer,
		.severity = severity,
		.text = row->text,
		.where = row->where,
		.advice = row->advice,
		.effort = row->effort,
		.spec = row->spec,
		.same_as = row->id,
		.stance = "" };
}

/* What REVIEWER last said of the row ID; NULL when nothing. */
static const struct report *
answer_of(const struct report *answer, size_t n, const char *reviewer, const char *id)
{
	for (size_t i = n; i-- > 0;) {
		if (strcasecmp(answer[i].same_as, id) == 0 &&
		    strcmp(answer[i].reviewer, reviewer) == 0)
			return &answer[i];
	}
	return NULL;
}

static bool
is_against(const struct report *r)
{
	int stance = stance_of(r->stance);

	return stance == STANCE_CONTRADICT || stance == STANCE_SCOPE;
}

/* Who found ROW holds it unless they take it back; how bad it is they may say anew. */
static void
vote_authors(struct votes_of *votes, const struct finding *row,
    const struct report *answer, size_t n)
{
	struct span rest = span_of(row->reviewers), one;

	while (span_next(&rest, ',', &one)) {
		const struct report *said;

		one = span_trim(one);
		if (one.n == 0)
			continue;
		GROW(votes->name, votes->n_names, votes->cap_names);
		votes->name[votes->n_names++] = xstrndup(one.p, one.n);
		said = answer_of(answer, n, votes->name[votes->n_names - 1], row->id);
		if (!said || !is_against(said))
			add_vote(votes, row, votes->name[votes->n_names - 1],
			    said ? said->severity : row->claimed);
	}
}

static void
vote_row(struct votes_of *votes, const struct finding *row, const struct report *answer,
    size_t n)
{
	size_t before = votes->n;
	const char *author = NULL;

	vote_authors(votes, row, answer, n);
	if (row->reviewers[0] && votes->n_names > 0)
		author = votes->name[votes->n_names - 1];
	for (size_t i = 0; i < n; i++) {
		const struct report *r = &answer[i];

		if (strcasecmp(r->same_as, row->id) == 0 && !is_against(r))
			add_vote(votes, row, r->reviewer, r->severity);
	}
	if (votes->n == before && author)
		add_vote(votes, row, author, SEVERITY_CONSIDER);
}

static size_t
n_escalations(const struct report *answer, size_t n, const char *id)
{
	size_t n_found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct report *r = &answer[i];

		n_found += strcasecmp(r->same_as, id) == 0 &&
			   stance_of(r->stance) == STANCE_ESCALATE &&
			   answer_of(answer, n, r->reviewer, id) == r;
	}
	return n_found;
}

int
debate_merge(struct findings *rows, const struct report *answer, size_t n_answers,
    enum scale scale, int n, struct err *err)
{
	struct votes_of votes = { 0 };
	int rc;

	for (size_t i = 0; i < rows->n; i++)
		vote_row(&votes, &rows->item[i], answer, n_answers);
	for (size_t i = 0; i < n_answers; i++) {
		if (findings_find(rows, answer[i].same_as))
			continue;
		GROW(votes.item, votes.n, votes.cap);
		votes.item[votes.n] = answer[i];
		votes.item[votes.n++].same_as = "";
	}
	rc = findings_merge(rows, votes.item, votes.n, scale, n, err);
	for (size_t i = 0; rc == 0 && i < rows->n; i++) {
		struct finding *row = &rows->item[i];

		if (n_escalations(answer, n_answers, row->id) >= 2)
			row->is_escalated = true;
	}
	for (size_t i = 0; i < votes.n_names; i++)
		free(votes.name[i]);
	free(votes.name);
	free(votes.item);
	return rc;
}
