/* What an agent may write, answered from memory: DESIGN 7, R-163, CONTRACTS 1 (Peers). */
#include "stage.h"

#include "engine/guard.h"

#include <stdio.h>

#define SHA "2222222222222222222222222222222222222222222222222222222222222222"

static const char plan[] =
    "# Master Plan: Try it\n\n## Phase Map\n\n"
    "| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
    "|-------|--------|-------|-------|--------------|--------|\n"
    "| 1A | [T-11](local:T-11) | A | 1 | None | Todo |\n"
    "| 1B | [T-12](local:T-12) | B | 1 | None | Todo |\n"
    "| 1C | [T-13](local:T-13) | C | 1 | None | Todo |\n\n"
    "### 1A: A\n\n- Issue: [T-11: A](local:T-11)\n- Writes: `lib/a/**`\n\n"
    "### 1B: B\n\n- Issue: [T-12: B](local:T-12)\n- Writes: `lib/b.c`\n\n"
    "### 1C: C\n\n- Issue: [T-13: C](local:T-13)\n";

static void
open_plan(struct stage *st, const char *guard)
{
	struct err err = ERR_INIT;

	if (blob_put(st->engine->store, SHA, plan, sizeof(plan) - 1, &err) < 0)
		fail_msg("%s", err.text);
	HAPPENS(st, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "sha256", SHA,
	    "target", "main", "merge", "ask", "landing", "squash", "guard", guard,
	    "#cap", "3", "#n_phases", "9");
	stage_plan(st, "1A 1B 1C", "true");
	stage_approve(st);
}

/* The decision about PATH for the agent of PHASE, or for a person; TEXT of 1 kB. */
static const char *
ask(struct stage *st, const char *phase, const char *path, char *text)
{
	static char decision[16];
	struct caller caller = { .actor = "human:ada" };
	struct fields in = { 0 }, out = { 0 };

	if (phase) {
		snprintf(caller.session, sizeof(caller.session), "%s",
		    stage_session(st, phase)->id);
		snprintf(caller.actor, sizeof(caller.actor), "session");
	}
	fields_set(&in, "tool", "Write");
	fields_set_number(&in, "n", 1);
	fields_set(&in, "p0", path);
	engine_guard(st->engine, &in, &caller, &out);
	snprintf(decision, sizeof(decision), "%s", fields_text(&out, "decision"));
	snprintf(text, 1024, "%s", fields_text(&out, "text"));
	fields_clear(&in);
	fields_clear(&out);
	return decision;
}

static void
each_path_has_its_answer(void **state)
{
	struct stage *st = *state;
	static const struct {
		const char *phase, *below, *decision, *text;
	} rows[] = {
		{ "1A", "/lib/a/x.c", "none", "" },
		{ "1A", "/lib/a/deep/y.c", "none", "" },
		{ "1A", "/lib/b.c", "deny", "S-B (phase 1B, " },
		{ "1A", "/lib/", "deny", "S-B (phase 1B, " },
		{ "1A", "/lib/a/", "none", "" },
		{ "1A", "/docs/x.md", "tell", "did not declare it" },
		{ "1A", "/.git", "deny", "belongs to git" },
		{ "1A", "/.gitignore", "tell", "did not declare it" },
		{ "1B", "/lib/a/x.c", "deny", "S-A (phase 1A, " },
		/* Who declared nothing runs alone, and yet meets nobody. */
		{ "1C", "/docs/x.md", "none", "" },
		{ "1C", "/lib/b.c", "deny", "S-B" },
	};

	open_plan(st, "deny");
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		const struct session *s = stage_session(st, rows[i].phase);
		AUTO_FREE char *path = xasprintf("%s%s", s->path, rows[i].below);
		char text[1024];
		const char *decision = ask(st, rows[i].phase, path, text);

		if (strcmp(decision, rows[i].decision) != 0 ||
		    !strstr(text, rows[i].text))
			fail_msg(
			    "%s of %s: %s '%s'", path, rows[i].phase, decision, text);
	}
}

static void
places_outside_of_its_worktree_are_others(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *person = xasprintf("%s/lib/a/x.c", st->top);
	AUTO_FREE char *git = xasprintf("%s/.git/hooks/pre-commit", st->top);
	AUTO_FREE char *own = xasprintf("%s/journal.db", st->home);
	AUTO_FREE char *kept = NULL;
	char text[1024];

	open_plan(st, "deny");
	/* Where an agent keeps its plans, behind the fence. */
	kept = xasprintf(
	    "%s/state/%s/agent/plans/p.md", st->home, stage_session(st, "1A")->id);
	assert_string_equal(ask(st, "1A", kept, text), "none");
	assert_string_equal(ask(st, "1B", kept, text), "deny");
	assert_string_equal(ask(st, "1A", person, text), "deny");
	assert_non_null(strstr(text, "person's own checkout"));
	assert_string_equal(ask(st, "1A", git, text), "deny");
	assert_string_equal(ask(st, "1A", own, text), "deny");
	assert_non_null(strstr(text, "divisi's own"));
	assert_string_equal(ask(st, "1A", "/tmp/x", text), "none");
	assert_string_equal(ask(st, NULL, person, text), "none");
}

static void
the_setting_decides_how_strict_it_is(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = NULL;
	char text[1024];

	open_plan(st, "tell");
	path = xasprintf("%s/lib/b.c", stage_session(st, "1A")->path);
	assert_string_equal(ask(st, "1A", path, text), "tell");
	HAPPENS(st, HAP_PLAN_CHANGED, "plan", "p1", "sha256", SHA, "guard", "off");
	assert_string_equal(ask(st, "1A", path, text), "none");
}

/* Told once; after a person allowed it nothing is said, and it is no stray. */
static void
what_was_widened_is_its_own(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = NULL, *meets = NULL, *row = NULL;
	char text[1024];

	open_plan(st, "deny");
	path = xasprintf("%s/lib/b.c", stage_session(st, "1A")->path);
	assert_string_equal(ask(st, "1A", path, text), "deny");
	meets = guard_meets(
	    st->engine->guard, stage_session(st, "1A"), "lib/*.c\nx", NULL);
	assert_string_equal(meets, "p1.1.1B");
	HAPPENS(st, HAP_WIDEN_ASKED, "session", "p1.1.1A", "patterns", "lib/b.c\n",
	    "reason", "r");
	assert_string_equal(ask(st, "1A", path, text), "deny");
	assert_non_null(strstr(text, "You asked for it"));
	HAPPENS(st, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	assert_string_equal(ask(st, "1A", path, text), "none");
	stage_matches_journal(st);
}

/* The answer waits for no disk: what was said is in the journal a second later. */
static void
refusals_are_journalled_later_and_summed_up(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = NULL, *row = NULL;
	char text[1024];
	int before;

	open_plan(st, "deny");
	path = xasprintf("%s/lib/b.c", stage_session(st, "1A")->path);
	before = stage_n_rows(st, "guarded");
	for (int i = 0; i < 50; i++)
		assert_string_equal(ask(st, "1A", path, text), "deny");
	assert_int_equal(stage_n_rows(st, "guarded"), before);
	STAGE_UNTIL(st, stage_n_rows(st, "guarded") > before);
	assert_int_equal(stage_n_rows(st, "guarded"), before + 1);
	row = stage_row(st, "guarded");
	assert_non_null(strstr(row, "\"denied\":50"));
	assert_int_equal(stage_session(st, "1A")->n_denied, 50);
	stage_matches_journal(st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(each_path_has_its_answer),
		STAGE_TEST(places_outside_of_its_worktree_are_others),
		STAGE_TEST(the_setting_decides_how_strict_it_is),
		STAGE_TEST(what_was_widened_is_its_own),
		STAGE_TEST(refusals_are_journalled_later_and_summed_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
