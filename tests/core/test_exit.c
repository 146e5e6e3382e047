#include "play.h"

#include "core/internal.h"

/* How a session ends, and what is kept of it before that (SPEC 2.5, 2.15). */

static struct play *
running(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 2);
	core_plan(p->core, "p1")->context_stop = 70;
	core_set(&core_plan(p->core, "p1")->master, "T-100");
	play_batch(p, 1, phases);
	return p;
}

/* The comment of KIND that was owed last, or "". */
static const char *
comment(const struct play *p, const char *kind)
{
	const char *text = "";

	for (size_t i = 0; i < p->acts.n; i++) {
		const struct act *act = &p->acts.item[i];

		if (strcmp(act->kind, "issue-comment") == 0 &&
		    strcmp(act_text(act, "kind"), kind) == 0)
			text = act_text(act, "text");
	}
	return text;
}

static void
report_done(struct play *p, const char *phase, const char *text)
{
	LINE(p, phase, HAP_AGENT_DONE, "#offset", "1000", "text", text, NULL);
}

/* four headings in their order, under one that names the tool and its model. */
static void
the_exit_report_has_its_four_headings(void **state)
{
	static const char *const in_order[] = { "Session exit of ", "(model-x)",
		"### What was done", "It is built.", "Evidence: 2 commit(s)",
		"### Decisions", "kept the old format", "### Blockers",
		"the key is missing", "### Next steps", "merge (position" };
	struct play *p = running("1A");
	const char *at;

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "#offset", "1", "text", "model-x", NULL);
	LINE(p, "1A", HAP_AGENT_CONFIRMED, "#offset", "2", NULL);
	report_done(p, "1A", "It is built.");
	HAPPENS(p, HAP_INSPECTED, "session", play_session(p, "1A")->id, "why", "exit",
	    "head", "abcdef0123456789", "#commits", "2", "#files", "3", "decisions",
	    "kept the old format", "blockers", "the key is missing");
	IS(p, "1A", SESSION_IN_REVIEW);
	at = comment(p, "exit");
	for (size_t i = 0; i < N_ELEMS(in_order); i++) {
		at = strstr(at, in_order[i]);
		if (!at)
			fail_msg("'%s' is not there, or too early:\n%s", in_order[i],
			    comment(p, "exit"));
	}
	play_free(p);
}

/* its state file says that what it made waits for its review. */
static void
a_delivered_session_waits_at_gate_three(void **state)
{
	struct play *p = running("1A");
	const struct act *act;

	(void)state;
	play_start(p, "1A");
	play_deliver(p, "1A");
	act = play_act(p, "checkpoint", "1A");
	assert_non_null(act);
	assert_string_equal(act_text(act, "why"), "exit");
	assert_string_equal(act_text(act, "phase_word"), "verification");
	assert_int_equal(fields_number(&act->fields, "gate", 0), 3);
	play_free(p);
}

/* */
static void
the_closing_comment_has_evidence_and_two_sentences(void **state)
{
	struct play *p = running("1A");
	const char *text;

	(void)state;
	play_start(p, "1A");
	report_done(p, "1A", "First. Second. Third.");
	play_inspect(p, "1A", 1);
	HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, "1A")->id);
	play_land(p, "1A");
	text = comment(p, "closing");
	assert_non_null(strstr(text, "Merged as "));
	assert_non_null(strstr(text, "Tests: "));
	assert_non_null(strstr(text, "Summary: First. Second."));
	assert_null(strstr(text, "Third."));
	play_free(p);
}

/* "issue-comment exit, issue-move Done": what the last happening owed, in its order. */
static char *
acts_in_order(const struct play *p)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < p->acts.n; i++) {
		const struct act *act = &p->acts.item[i];
		const char *what = strcmp(act->kind, "issue-move") == 0 ? "status"
				   : strcmp(act->kind, "tell") == 0     ? "text"
									: "kind";

		fprintf(f, "%s%s%s%s", i ? ", " : "", act->kind,
		    act_text(act, what)[0] ? " " : "", act_text(act, what));
	}
	fclose(f);
	return text;
}

/*
 * its report, its status, the plan's registry and rows, what may collide on the
 * master issue, and last its own state.  The tracker gets them in this order.
 */
static void
a_session_ends_in_the_order_of_the_method(void **state)
{
	struct play *p = running("1A 1B");
	AUTO_FREE char *acts = NULL;

	(void)state;
	play_start(p, "1A");
	play_start(p, "1B");
	p->actor = "server";
	HAPPENS(p, HAP_MET, "kind", "anticipated", "a", "p1.1.1A", "b", "p1.1.1B",
	    "files", "a.txt\n", "text", "");
	p->actor = "human:ada";
	report_done(p, "1A", "It is built.");
	play_inspect(p, "1A", 1);
	acts = acts_in_order(p);
	assert_string_equal(acts,
	    "tell, issue-comment exit, issue-move In Review, project-update, "
	    "write-back, registry, issue-comment conflict, checkpoint");
	play_free(p);
}

/* R-46, X01: without a change the evidence is there before the status says Done. */
static void
what_only_looked_closes_with_evidence_before_it_is_done(void **state)
{
	struct play *p = running("1A");
	AUTO_FREE char *acts = NULL;

	(void)state;
	play_session(p, "1A")->is_analysis = true;
	play_start(p, "1A");
	report_done(p, "1A", "It cannot work.");
	play_inspect(p, "1A", 0);
	acts = acts_in_order(p);
	assert_string_equal(acts,
	    "tell, issue-comment exit, issue-comment closing, "
	    "issue-move Done, project-update, write-back, registry, checkpoint, "
	    "write-back, registry");
	play_free(p);
}

/* what landed closes with evidence, is then Done, and the tables come last of all. */
static void
a_merge_closes_in_the_order_of_the_method(void **state)
{
	struct play *p = play_new();
	AUTO_FREE char *acts = NULL;

	(void)state;
	play_open(p, 1);
	core_set(&core_plan(p->core, "p1")->master, "T-100");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, "1A")->id);
	play_land(p, "1A");
	acts = acts_in_order(p);
	assert_string_equal(acts,
	    "issue-comment closing, issue-move Done, project-update, worktree-remove, "
	    "write-back, registry, write-back, registry, plan-close, "
	    "write-back, registry");
	play_free(p);
}

/* each end of a status owes one update, of its day; reviewers owe none. */
static void
a_status_that_ends_is_told_in_its_project_once(void **state)
{
	struct play *p = running("1A 1B");
	const struct act *act;

	(void)state;
	play_start(p, "1A");
	play_deliver(p, "1A");
	act = play_act(p, "project-update", NULL);
	assert_non_null(act);
	assert_string_equal(act->order, "project");
	assert_string_equal(act_text(act, "issue"), "T-100");
	assert_int_equal(fields_number(&act->fields, "day", -1), p->now / 86400000);
	core_set(&core_plan(p->core, "p1")->reviews, "rv1");
	play_start(p, "1B");
	play_deliver(p, "1B");
	assert_null(play_act(p, "project-update", NULL));
	play_free(p);
}

/* what came of it is kept with its plan, and the next one takes its place. */
static void
what_its_project_was_told_is_kept_with_the_plan(void **state)
{
	struct play *p = running("1A");
	struct plan_run *run = core_plan(p->core, "p1");

	(void)state;
	HAPPENS(p, HAP_PROJECT_TOLD, "plan", "p1", "untold", "nobody is there");
	assert_string_equal(run->untold, "nobody is there");
	HAPPENS(p, HAP_PROJECT_TOLD, "plan", "p1", "posted", "Gates: on track",
	    "milestones", "Beta: 1 open, 2 done (on track)\n");
	assert_string_equal(run->told, "Gates: on track");
	assert_string_equal(run->untold, "");
	assert_non_null(strstr(run->milestones, "Beta"));
	play_free(p);
}

static const char *
context_of(const struct play *p)
{
	const struct act *act = play_act(p, "issue-move", "1A");

	return act ? act_text(act, "context") : "(no move)";
}

/* exactly one ctx label from start to review, none when it is done. */
static void
the_context_label_goes_with_the_status(void **state)
{
	struct play *p = running("1A");

	(void)state;
	play_start(p, "1A");
	assert_string_equal(context_of(p), "ctx:autonomous");
	play_deliver(p, "1A");
	assert_string_equal(context_of(p), "ctx:review");
	HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, "1A")->id);
	play_land(p, "1A");
	assert_string_equal(context_of(p), "");
	play_free(p);
}

/* S-91: the files are there before the agent is. */
static void
a_launch_comes_after_the_files_of_its_checkout(void **state)
{
	struct play *p = play_new();
	size_t kept = SIZE_MAX, launched = 0;

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h");
	play_prepare(p, 1);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h");
	for (size_t i = 0; i < p->acts.n; i++) {
		if (strcmp(p->acts.item[i].kind, "checkpoint") == 0)
			kept = i;
		if (strcmp(p->acts.item[i].kind, "launch") == 0)
			launched = i;
	}
	assert_true(kept < launched);
	assert_string_equal(p->acts.item[kept].order, p->acts.item[launched].order);
	play_free(p);
}

static void
context(struct play *p, int pct)
{
	static int offset = 100;
	char at[16], full[16];

	snprintf(at, sizeof(at), "%d", ++offset);
	snprintf(full, sizeof(full), "%d", pct);
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#offset", at, "#context_pct", full, NULL);
}

/* 30, 56 and 67 keep what is there, each once; 60 tells the agent, 70 ends it. */
static void
each_rung_of_the_context_is_climbed_once(void **state)
{
	static const struct {
		int pct, checkpoints, comment, says, stops;
	} rows[] = {
		{ 20, 0, 0, 0, 0 },
		{ 30, 1, 0, 0, 0 },
		{ 35, 0, 0, 0, 0 },
		{ 50, 0, 0, 0, 0 },
		{ 57, 1, 1, 0, 0 },
		{ 57, 0, 0, 0, 0 },
		{ 60, 0, 0, 1, 0 },
		{ 68, 1, 1, 0, 0 },
		{ 71, 0, 0, 0, 1 },
	};
	struct play *p = running("1A");

	(void)state;
	play_start(p, "1A");
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		context(p, rows[i].pct);
		assert_int_equal(play_n_acts(p, "checkpoint"), rows[i].checkpoints);
		assert_int_equal(play_n_acts(p, "say"), rows[i].says);
		assert_int_equal(play_n_acts(p, "tell"), rows[i].stops);
		if (rows[i].checkpoints)
			assert_int_equal(
			    fields_number(&play_act(p, "checkpoint", "1A")->fields,
				"comment", -1),
			    rows[i].comment);
	}
	play_free(p);
}

static void
several_rungs_at_once_are_one_checkpoint(void **state)
{
	struct play *p = running("1A");

	(void)state;
	play_start(p, "1A");
	context(p, 58);
	assert_int_equal(play_n_acts(p, "checkpoint"), 1);
	assert_int_equal(
	    fields_number(&play_act(p, "checkpoint", "1A")->fields, "comment", -1), 1);
	play_free(p);
}

/* a step that failed keeps no other from being done, and says why. */
static void
each_step_of_a_checkpoint_stands_alone(void **state)
{
	struct play *p = running("1A");
	struct session *s;

	(void)state;
	play_start(p, "1A");
	s = play_session(p, "1A");
	HAPPENS(p, HAP_CHECKPOINT_ASKED, "session", s->id);
	OWES(p, "checkpoint", "1A");
	HAPPENS(p, HAP_CHECKPOINTED, "session", s->id, "why", "asked", "#snapshot", "1",
	    "#comment", "1", "files_trouble", "no room", "text", "Continue.");
	assert_string_equal(
	    s->checkpoint, "files no room\nsnapshot ok\ncomment ok\nprompt ok");
	assert_non_null(strstr(comment(p, "checkpoint"), "Checkpoint Status"));
	assert_non_null(strstr(comment(p, "checkpoint"), "Continue."));
	/* What was kept before is still what a lost file is made of again. */
	HAPPENS(p, HAP_CHECKPOINTED, "session", s->id, "progress", "# mine", "text",
	    "Go on.");
	HAPPENS(p, HAP_CHECKPOINTED, "session", s->id, "files_trouble", "x");
	assert_string_equal(s->progress, "# mine");
	play_free(p);
}

/* A crash between the word of a checkpoint and the end of its act has the job done again. */
static void
a_checkpoint_that_is_told_twice_gives_no_key_twice(void **state)
{
	struct play *p = running("1A");
	const char *id = play_session(p, "1A")->id;
	AUTO_FREE char *key = NULL;

	(void)state;
	play_start(p, "1A");
	HAPPENS(p, HAP_CHECKPOINT_ASKED, "session", id);
	HAPPENS(p, HAP_CHECKPOINTED, "session", id, "why", "asked", "#comment", "1");
	key = xstrdup(play_act(p, "issue-comment", "1A")->key);
	HAPPENS(p, HAP_CHECKPOINTED, "session", id, "why", "asked", "#comment", "1");
	assert_string_not_equal(play_act(p, "issue-comment", "1A")->key, key);
	play_free(p);
}

static void
nothing_is_kept_of_what_never_ran_or_is_over(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h");
	REFUSED(p, ERR_CONFLICT, HAP_CHECKPOINT_ASKED, "session",
	    play_session(p, "1A")->id);
	play_free(p);
}

/* The closing comment of 1A, which said SUMMARY and landed as EVIDENCE shows. */
static void
lands_with(const char *summary, const char *evidence, const char *wanted, bool is_told)
{
	struct play *p = running("1A");
	struct session *s = play_session(p, "1A");

	play_start(p, "1A");
	report_done(p, "1A", summary);
	play_inspect(p, "1A", 1);
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_int_equal(
	    strstr(comment(p, "exit"), "Evidence check: ") != NULL, is_told);
	HAPPENS(p, HAP_MERGE_ASKED, "session", s->id);
	play_land(p, "1A");
	IS(p, "1A", SESSION_DONE);
	core_set(&s->evidence, evidence);
	acts_clear(&p->acts);
	owe_closing(s, &p->acts);
	if (!strstr(comment(p, "closing"), wanted))
		fail_msg("'%s' is not in\n%s", wanted, comment(p, "closing"));
	play_free(p);
}

/* what lacks evidence is told as a need, at the exit and at the end; it closes. */
static void
a_close_says_what_it_lacks_as_evidence_r189_r190(void **state)
{
	(void)state;
	lands_with(
	    "12 of 12 tests passed.", "make check: ok", "Evidence check: met.", false);
	lands_with("It should work now.", "make check: ok",
	    "the report says \"should work\", which is belief and no evidence (R-190). "
	    "Needed: run it",
	    true);
	lands_with("12 of 12 tests passed.", "no verify command is configured",
	    "nothing was run on what landed (R-189). Needed", false);
	lands_with(
	    "12 of 12 tests passed.", "", "nothing was run on what landed", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_report_has_its_four_headings),
		cmocka_unit_test(a_delivered_session_waits_at_gate_three),
		cmocka_unit_test(the_closing_comment_has_evidence_and_two_sentences),
		cmocka_unit_test(a_session_ends_in_the_order_of_the_method),
		cmocka_unit_test(
		    what_only_looked_closes_with_evidence_before_it_is_done),
		cmocka_unit_test(a_merge_closes_in_the_order_of_the_method),
		cmocka_unit_test(a_status_that_ends_is_told_in_its_project_once),
		cmocka_unit_test(what_its_project_was_told_is_kept_with_the_plan),
		cmocka_unit_test(the_context_label_goes_with_the_status),
		cmocka_unit_test(a_launch_comes_after_the_files_of_its_checkout),
		cmocka_unit_test(each_rung_of_the_context_is_climbed_once),
		cmocka_unit_test(several_rungs_at_once_are_one_checkpoint),
		cmocka_unit_test(each_step_of_a_checkpoint_stands_alone),
		cmocka_unit_test(a_checkpoint_that_is_told_twice_gives_no_key_twice),
		cmocka_unit_test(nothing_is_kept_of_what_never_ran_or_is_over),
		cmocka_unit_test(a_close_says_what_it_lacks_as_evidence_r189_r190),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
