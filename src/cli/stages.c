#include "cli/stages.h"

#include "base/mem.h"
#include "cli/client.h"

#include <stdio.h>
#include <string.h>

/* The states of each stage; what is in none of them is at work, whatever keeps it. */
static const char *const of_table[] = { "planned", "filed", "prepared", "approved" };
static const char *const of_review[] = { "exiting", "in-review", "merge-conflict" };
static const char *const of_landing[] = { "mergeable", "merging" };

enum stage { STAGE_TABLE, STAGE_WORK, STAGE_REVIEW, STAGE_LANDED, STAGE_OVER };

static bool
is_one_of(const char *state, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], state) == 0)
			return true;
	}
	return false;
}

static enum stage
stage_of(const char *state)
{
	if (strcmp(state, "done") == 0)
		return STAGE_OVER;
	if (is_one_of(state, of_table, N_ELEMS(of_table)))
		return STAGE_TABLE;
	if (is_one_of(state, of_review, N_ELEMS(of_review)))
		return STAGE_REVIEW;
	if (is_one_of(state, of_landing, N_ELEMS(of_landing)))
		return STAGE_LANDED;
	return STAGE_WORK;
}

static char
mark_of(enum stage stage, enum stage now)
{
	return (char)(stage < now ? 'x' : stage == now ? '>' : ' ');
}

/* what a setting passed is shown as such; a plan that needs no Gate 2 has none. */
static void
put_gate(FILE *out, const struct json_object *plan, enum stage now)
{
	const char *review = js_text(plan, "review");

	if (strcmp(review, "auto") == 0)
		fputs("  [~] Gate 2", out);
	else if (strcmp(review, "required") == 0)
		fprintf(out, "  [%c] Gate 2", now > STAGE_TABLE ? 'x' : ' ');
}

static void
put_work(FILE *out, const struct json_object *s, enum stage now)
{
	struct json_object *loop = js_get(s, "loop");
	bool is_anew = now == STAGE_WORK && js_number(loop, "replans", 0) > 0;

	fprintf(out, "  [%c] work", is_anew ? 'R' : mark_of(STAGE_WORK, now));
	if (js_number(loop, "tasks", 0) == 0)
		return;
	fprintf(out, " %lld/%lld", (long long)js_number(loop, "done", 0),
	    (long long)js_number(loop, "tasks", 0));
	if (now == STAGE_WORK)
		fprintf(out, ", attempt %lld of %lld",
		    (long long)js_number(loop, "attempt", 1),
		    (long long)js_number(loop, "attempts", 0));
}

char *
stages_line(const struct json_object *plan, const struct json_object *s)
{
	enum stage now = stage_of(js_text(s, "state"));
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	fprintf(out, "[%c] table", mark_of(STAGE_TABLE, now));
	put_gate(out, plan, now);
	put_work(out, s, now);
	fprintf(out, "  [%c] review  [%c] landed", mark_of(STAGE_REVIEW, now),
	    mark_of(STAGE_LANDED, now));
	fclose(out);
	return text;
}
