/* The approval hash of a table: what a person approves is all of it (S-80, CONTRACTS 6). */
#include "engine/job.h"

#include "../git/sandbox.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const char plan[] =
    "# Master Plan: Try it\n\n"
    "**Parent issue:** [T-100: Try it](local:T-100)\n"
    "**Date:** 2026-11-22\n"
    "**Supersedes:** none\n\n"
    "## Issue Registry\n\n"
    "| ID | Title | Status | Exec | Est | Depends On |\n"
    "|----|-------|--------|------|-----|------------|\n"
    "| [T-1](local:T-1) | Work on 1A | Todo | quick | 1pt | -- |\n\n"
    "## Phase Map\n\n"
    "| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
    "|-------|--------|-------|-------|--------------|--------|\n"
    "| 1A | [T-1](local:T-1) | Work on 1A | 1 | None | Todo |\n\n"
    "### 1A: Work on 1A\n\n"
    "- Issue: [T-1: Work on 1A](local:T-1)\n"
    "- Mode: quick\n"
    "- Writes: `c.txt`\n"
    "- Agent: command\n"
    "- Estimate: $0.30, 1pt\n"
    "- Context:\n"
    "  - Nothing was done yet.\n"
    "  - A program does it.\n"
    "  - It does what it is told.\n"
    "- Tasks:\n"
    "  1. Do it.\n"
    "- Deliverable: the work of 1A. Update [T-1](local:T-1) with results.\n"
    "- Acceptance:\n"
    "  - [ ] it is there\n\n"
    "## Verification\n\n"
    "- [ ] everything is on main\n\n"
    "## Session Registry\n\n"
    "| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
    "|---|---|---|---|---|---|---|\n";

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	sh("cd repo && git config divisi.main main && "
	   "git config divisi.agent.command.program /bin/true && "
	   "git remote add origin ../origin.git");
	return file_write_atomic(at("repo/plan.md"), plan, strlen(plan), 0644, &err);
}

/* The hash of the table that is proposed now, with OVERRIDE; the caller frees it. */
static char *
hash_of_table(const char *override)
{
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	char *hash;

	fields_set(&in, "plan", at("repo/plan.md"));
	fields_set_number(&in, "next_number", 1);
	if (override) {
		fields_set(&in, "override", override);
		fields_set(&in, "reason", "I know");
	}
	assert_ok(job_propose(&in, &out, &err), &err);
	hash = xstrdup(fields_text(&out, "hash"));
	assert_int_equal(strlen(hash), 64);
	fields_clear(&in);
	fields_clear(&out);
	return hash;
}

static void
the_same_table_has_the_same_hash(void **state)
{
	AUTO_FREE char *once = hash_of_table(NULL);
	AUTO_FREE char *again = hash_of_table(NULL);

	assert_string_equal(once, again);
}

static void
the_approval_binds_to_every_setting_that_acts_on_it(void **state)
{
	static const struct {
		const char *key, *value;
	} settings[] = {
		{ "divisi.verify", "make check" },
		{ "divisi.verify", "true" },
		{ "divisi.merge", "auto" },
		{ "divisi.landing", "rebase" },
		{ "divisi.publish", "branch" },
		{ "divisi.worktree.setup", "make deps" },
		{ "divisi.cap", "2" },
		{ "divisi.agent.command.program", "/bin/false" },
	};
	AUTO_FREE char *before = hash_of_table(NULL);

	for (size_t i = 0; i < N_ELEMS(settings); i++) {
		AUTO_FREE char *after = NULL;

		sh("cd repo && git config %s '%s'", settings[i].key, settings[i].value);
		after = hash_of_table(NULL);
		if (strcmp(before, after) == 0)
			fail_msg("%s is not bound", settings[i].key);
		free(before);
		before = xstrdup(after);
	}
}

/* A phase that names its own command keeps the repository's out of its prompt. */
static void
the_approval_binds_to_a_verify_command_that_no_prompt_holds(void **state)
{
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *after = NULL;

	sh("cd repo && sed -i 's/^- Mode: quick/&\\n- Verify: `make one`/' plan.md && "
	   "grep -q '^- Verify' plan.md && git config divisi.verify 'make check'");
	before = hash_of_table(NULL);
	sh("cd repo && git config divisi.verify true");
	after = hash_of_table(NULL);
	assert_string_not_equal(before, after);
}

static void
the_approval_binds_to_the_commit_it_begins_at(void **state)
{
	AUTO_FREE char *before = hash_of_table(NULL);
	AUTO_FREE char *after = NULL;

	sh("cd repo && git commit -q --allow-empty -m more");
	after = hash_of_table(NULL);
	assert_string_not_equal(before, after);
}

static void
the_approval_binds_to_the_text_of_the_plan(void **state)
{
	AUTO_FREE char *before = hash_of_table(NULL);
	AUTO_FREE char *after = NULL;

	sh("cd repo && sed -i 's/Do it[.]/Do something else./' plan.md");
	after = hash_of_table(NULL);
	assert_string_not_equal(before, after);
}

/* What a run may take in turns is in its arguments, and so in what is approved. */
static void
a_limit_of_turns_is_refused_where_nothing_counts_them(void **state)
{
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;

	fields_set(&in, "plan", at("repo/plan.md"));
	fields_set_number(&in, "next_number", 1);
	sh("cd repo && git config divisi.agent.command.turns 9");
	assert_int_equal(job_propose(&in, &out, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "divisi.agent.command.turns"));
	fields_clear(&in);
	fields_clear(&out);
}

/* S-80: what was overridden is part of what is approved. */
static void
the_approval_binds_to_what_was_overridden(void **state)
{
	AUTO_FREE char *before = hash_of_table(NULL);
	AUTO_FREE char *after = hash_of_table("G14");

	assert_string_not_equal(before, after);
}

/* Issue 6, 8: what a phase does elsewhere is approved with where that is and how it is verified. */
static void
the_approval_binds_to_the_repository_of_a_phase(void **state)
{
	static const char *const changes[] = {
		"cd lib && git config divisi.verify 'make check'",
		"cd lib && git config divisi.worktree.setup 'make deps'",
		"cd lib && git commit -q --allow-empty -m more",
		"cd lib && git branch -q -m main trunk && git config divisi.main trunk",
	};
	AUTO_FREE char *before = hash_of_table(NULL);

	sh("cp -R repo lib && cd repo && sed -i 's,^- Mode: quick,&\\n- Repo: ../lib,' "
	   "plan.md && grep -q '^- Repo' plan.md");
	for (size_t i = 0; i <= N_ELEMS(changes); i++) {
		AUTO_FREE char *after = hash_of_table(NULL);

		if (strcmp(before, after) == 0)
			fail_msg("not bound: %s", i ? changes[i - 1] : "the place");
		free(before);
		before = xstrdup(after);
		if (i < N_ELEMS(changes))
			sh("%s", changes[i]);
	}
}

/* Pins there would have the names of this plan's sessions. */
static void
a_repository_with_pins_or_a_keeper_of_its_own_is_refused(void **state)
{
	static const struct {
		const char *before, *text;
	} rows[] = {
		{ "git -C lib update-ref refs/divisi/p1.1.1A/head HEAD", "has pins" },
		{ "git -C lib update-ref -d refs/divisi/p1.1.1A/head; "
		  "mkdir -p lib/.git/divisi; touch lib/.git/divisi/journal.db",
		    "a home of its own" },
		{ "rm lib/.git/divisi/journal.db; echo damaged >lib/.git/divisi/keeper",
		    "work in this repository" },
		{ "rm lib/.git/divisi/keeper; git -C lib switch -q --detach",
		    "no branch" },
		{ "git -C lib switch -q main; git -C repo config divisi.publish branch; "
		  "git -C lib remote remove origin",
		    "no remote to push to" },
	};

	sh("cp -R repo lib && cd repo && sed -i 's,^- Mode: quick,&\\n- Repo: ../lib,' "
	   "plan.md");
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct fields in = { 0 }, out = { 0 };
		struct err err = ERR_INIT;

		sh("%s", rows[i].before);
		fields_set(&in, "plan", at("repo/plan.md"));
		fields_set(&in, "home", at("repo/.git/divisi"));
		assert_int_equal(job_propose(&in, &out, &err), -1);
		if (!strstr(err.text, rows[i].text) || !strstr(err.text, "../lib"))
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_true(err.fix[0]);
		fields_clear(&in);
		fields_clear(&out);
	}
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, sandbox_teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_same_table_has_the_same_hash),
		CASE(the_approval_binds_to_every_setting_that_acts_on_it),
		CASE(the_approval_binds_to_a_verify_command_that_no_prompt_holds),
		CASE(the_approval_binds_to_the_commit_it_begins_at),
		CASE(the_approval_binds_to_the_text_of_the_plan),
		CASE(the_approval_binds_to_what_was_overridden),
		CASE(a_limit_of_turns_is_refused_where_nothing_counts_them),
		CASE(the_approval_binds_to_the_repository_of_a_phase),
		CASE(a_repository_with_pins_or_a_keeper_of_its_own_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
