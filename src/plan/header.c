#include "plan/header.h"

#include "plan/field.h"

#include <string.h>

/* Reads `**Key:** value` (or without bold, or as a bullet).  Returns false for prose. */
static bool
header_line(struct span s, struct span *key, struct span *value)
{
	const char *colon;

	s = source_trim(s);
	if (span_starts(s, "- ") || span_starts(s, "* "))
		s = source_trim((struct span){ s.p + 2, s.n - 2 });
	colon = s.n ? memchr(s.p, ':', s.n < 40 ? s.n : 40) : NULL;
	if (!colon)
		return false;
	*key = (struct span){ s.p, (size_t)(colon - s.p) };
	*value = (struct span){ colon + 1, s.n - key->n - 1 };
	if (span_starts(*key, "**")) {
		bool ends_before = key->n > 4 && colon[-1] == '*' && colon[-2] == '*';

		*key = (struct span){ key->p + 2, key->n - 2 - (ends_before ? 2 : 0) };
		if (!ends_before && !span_starts(*value, "**"))
			return false;
		if (!ends_before)
			*value = (struct span){ value->p + 2, value->n - 2 };
	}
	*key = source_trim(*key);
	*value = source_trim(*value);
	return true;
}

static void
read_header_line(
    struct plan *plan, const struct source *source, struct span key, struct span value)
{
	struct field_env env = { plan->arena, source, false };
	const struct {
		const char *name;
		const char **target;
	} texts[] = { { "date", &plan->date }, { "session", &plan->session },
		{ "supersedes", &plan->supersedes }, { "planner", &plan->planner },
		{ "author", &plan->planner }, { "needs review", &plan->needs_review },
		{ "needs spec review", &plan->needs_review },
		{ "review", &plan->needs_review } };
	bool is_said;

	if (span_eq_nocase(key, "parent issue") || span_eq_nocase(key, "parent") ||
	    span_eq_nocase(key, "master issue")) {
		struct issue_ref *ref;

		if (plan->master.id[0] == '\0' && field_issues(&env, value, &ref) > 0)
			plan->master = *ref;
		return;
	}
	for (size_t i = 0; i < N_ELEMS(texts); i++) {
		if (span_eq_nocase(key, texts[i].name) &&
		    (*texts[i].target)[0] == '\0' && !field_is_nothing(value, &is_said))
			*texts[i].target = field_text(env.arena, value, false);
	}
}

static void
read_top(struct plan *plan, const struct source *source)
{
	static const char prefix[] = "master plan:";
	bool has_title = false;

	for (size_t i = 0; i < source->n_lines; i++) {
		struct span key, value;

		if (source->line[i].kind == LINE_HEADING) {
			struct span s = source_heading(source, i);
			struct span head = { s.p, sizeof(prefix) - 1 };

			if (source->line[i].level > 1 || has_title)
				return;
			has_title = true;
			if (s.n > head.n && span_eq_nocase(head, prefix))
				s = (struct span){ s.p + head.n, s.n - head.n };
			plan->title = field_text(plan->arena, s, false);
		} else if (source->line[i].kind == LINE_TEXT &&
			   header_line(source_clean(source, i), &key, &value)) {
			read_header_line(plan, source, key, value);
		}
	}
}

static bool
is_verification(struct span heading)
{
	for (size_t at = 0; at + 12 <= heading.n; at++) {
		if (span_eq_nocase((struct span){ heading.p + at, 12 }, "verification"))
			return true;
	}
	return false;
}

void
plan_read_header(struct plan *plan, const struct source *source)
{
	read_top(plan, source);
	for (size_t i = 0; i < source->n_lines; i++) {
		if (source->line[i].kind == LINE_HEADING && source->line[i].level > 1 &&
		    is_verification(source_heading(source, i)))
			plan->has_verification = true;
	}
}
