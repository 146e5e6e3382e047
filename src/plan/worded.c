#include "plan/worded.h"

#include "plan/field.h"
#include "plan/parse.h"

#include <ctype.h>
#include <string.h>

void
worded_lint(struct phase_build *build, struct span value, const char *rule,
    const char *fix, const char *name, const char *is)
{
	lint_add(build->plan, build->lints, "L17", 'W', rule, build->phase->id,
	    source_place(build->source, value.p), fix, "the %s \"%.*s\" is %s", name,
	    (int)(value.n < 60 ? value.n : 60), value.p, is);
}

static void
read_risk(struct phase_build *build, struct span value)
{
	struct span word = value;
	bool is_said;

	if (field_is_nothing(value, &is_said))
		return;
	for (word.n = 0; word.n < value.n && isalpha((unsigned char)word.p[word.n]);)
		word.n++;
	build->phase->is_high_risk = span_eq_nocase(word, "high");
	build->phase->is_low_risk = span_eq_nocase(word, "low");
	if (!build->phase->is_high_risk && !build->phase->is_low_risk &&
	    !span_eq_nocase(word, "medium") && !span_eq_nocase(word, "normal"))
		worded_lint(build, value, "A-61", "write high, medium or low", "risk",
		    "not known");
}

/* What VALUE is of WORDS, as these are written; "" with a lint by RULE when of none. */
static const char *
word_among(struct phase_build *build, struct span value, const char *const *words,
    const char *rule, const char *fix)
{
	bool is_said;

	if (field_is_nothing(value, &is_said) || span_eq_nocase(value, "none"))
		return "";
	for (; words[1]; words++) {
		if (span_eq_nocase(value, words[0]))
			return words[0];
	}
	worded_lint(build, value, rule, fix, words[0], "not known and is ignored");
	return "";
}

/* Their last words are what they are called. */
static const char *const outputs[] = { "findings", "evidence", "output", NULL };
static const char *const types[] = { "feature", "bug", "chore", "spike", "docs",
	"refactor", "tests", "type", NULL };

void
worded_read(struct phase_build *build, enum plan_key key, struct span value)
{
	if (key == KEY_RISK)
		read_risk(build, value);
	else if (key == KEY_TYPE)
		build->phase->type = word_among(build, value, types, "R-169",
		    "write feature, bug, chore, spike, docs, refactor or tests");
	else if (key == KEY_OUTPUT)
		build->phase->output = word_among(build, value, outputs, "A-83",
		    "write findings (of a review) or evidence");
}
