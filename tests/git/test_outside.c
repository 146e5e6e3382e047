#include "git/outside.h"

#include "base/mem.h"
#include "git/pin.h"
#include "sandbox.h"

#include <string.h>

/* Branches that somebody else makes at a remote (SPEC 2.22, R-87). */

static struct outside_branches
branches_of(const char *const *names)
{
	struct outside_branches list = { 0 };

	for (; *names; names++) {
		GROW(list.item, list.n, list.cap);
		list.item[list.n++] = (struct outside_branch){ .name = xstrdup(
								   *names) };
	}
	return list;
}

static void
a_branch_is_known_by_its_name_or_by_the_issue_in_it(void **state)
{
	static const struct {
		const char *names[4], *expected, *prefix, *issue, *found;
		size_t n;
	} table[] = {
		/* What the prompt says wins, whatever else is there. */
		{ { "factory/CIA-7-a", "factory/cia-7-x" }, "factory/cia-7-x",
		    "factory/", "CIA-7", "factory/cia-7-x", 1 },
		{ { "main", "factory/CIA-7-mine" }, "factory/cia-7-x", "factory/",
		    "CIA-7", "factory/CIA-7-mine", 1 },
		{ { "factory/cia-7" }, "x", "factory/", "CIA-7", "factory/cia-7", 1 },
		/* 7 is not in 77, and not in x7. */
		{ { "factory/cia-77-a", "factory/xcia-7" }, "x", "factory/", "CIA-7",
		    NULL, 0 },
		{ { "cursor/CIA-7" }, "x", "factory/", "CIA-7", NULL, 0 },
		{ { "any/cia-7-thing" }, "x", "", "CIA-7", "any/cia-7-thing", 1 },
		/* Two are one too many. */
		{ { "factory/cia-7-a", "factory/cia-7-b" }, "x", "factory/", "CIA-7",
		    NULL, 2 },
		{ { "copilot/fix-12" }, "x", "copilot/", "#12", "copilot/fix-12", 1 },
		{ { "copilot/fix-12" }, "x", "copilot/", "acme/gates#12",
		    "copilot/fix-12", 1 },
		/* A bare number is anybody's. */
		{ { "release-12" }, "x", "", "#12", NULL, 0 },
		{ { "factory/" }, "x", "factory/", "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct outside_branches list = branches_of(table[i].names);
		const char *const issues[] = { NULL, table[i].issue };
		size_t n = 99;
		const struct outside_branch *found = outside_find(
		    &list, table[i].expected, table[i].prefix, issues, 2, &n);

		assert_int_equal(n, table[i].n);
		if (table[i].found)
			assert_string_equal(found->name, table[i].found);
		else
			assert_null(found);
		outside_branches_clear(&list);
	}
}

/* A repository with a bare remote, and a clone in which somebody else works. */
static void
make_remote(struct repo *repo)
{
	struct err err = ERR_INIT;

	make_repo();
	sh("git init -q --bare o.git && cd repo && git remote add origin ../o.git && "
	   "git push -q origin main && cd .. && git clone -q -b main o.git theirs && "
	   "cd theirs && git config user.name T && git config user.email t@example.org && "
	   "git checkout -q -b f/CIA-7 && echo 1 >n.txt && "
	   "git add n.txt && git commit -qm one && git push -q origin f/CIA-7");
	assert_ok(repo_open(at("repo"), repo, &err), &err);
}

static void
what_is_there_is_fetched_pinned_and_a_local_branch(void **state)
{
	struct repo repo = { 0 };
	struct outside_branches list = { 0 };
	struct outside_facts facts = { 0 };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE], pin[GIT_OID_SIZE];
	const char *tip;

	(void)state;
	make_remote(&repo);
	tip = sh_out("git -C theirs rev-parse HEAD");
	assert_ok(outside_list(&repo, "origin", &list, &err), &err);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.item[0].name, "f/CIA-7");
	assert_string_equal(list.item[0].oid, tip);
	assert_ok(outside_fetch(&repo, "origin", "f/CIA-7", "s1", oid, &err), &err);
	assert_string_equal(oid, tip);
	assert_int_equal(pin_read(&repo, "s1", "head", pin, &err), 1);
	assert_string_equal(pin, tip);
	assert_string_equal(sh_out("git -C repo rev-parse refs/heads/f/CIA-7"), tip);
	assert_ok(outside_inspect(&repo, "main", oid, &facts, &err), &err);
	assert_int_equal(facts.n_commits, 1);
	assert_int_equal(facts.changed.n, 1);
	assert_string_equal(facts.changed.item[0], "n.txt");
	outside_facts_clear(&facts);
	outside_branches_clear(&list);
	repo_close(&repo);
}

static void
a_local_branch_goes_along_and_keeps_what_is_on_it(void **state)
{
	struct repo repo = { 0 };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE], first[GIT_OID_SIZE];
	const char *own;

	(void)state;
	make_remote(&repo);
	assert_ok(outside_fetch(&repo, "origin", "f/CIA-7", "s1", first, &err), &err);
	/* Forward. */
	sh("cd theirs && echo 2 >n.txt && git commit -qam two && git push -q origin f/CIA-7");
	assert_ok(outside_fetch(&repo, "origin", "f/CIA-7", "s1", oid, &err), &err);
	assert_string_not_equal(oid, first);
	/* What a person put on top is the session's work as well. */
	sh("cd repo && git checkout -q f/CIA-7 && echo x >mine && git add mine && "
	   "git commit -qm mine");
	own = sh_out("git -C repo rev-parse f/CIA-7");
	assert_ok(outside_fetch(&repo, "origin", "f/CIA-7", "s1", oid, &err), &err);
	assert_string_equal(oid, own);
	/* Both went on: that is told, and the person's branch is as it was. */
	sh("cd theirs && echo 3 >n.txt && git commit -qam three && git push -q origin f/CIA-7");
	assert_int_equal(
	    outside_fetch(&repo, "origin", "f/CIA-7", "s1", oid, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(sh_out("git -C repo rev-parse f/CIA-7"), own);
	repo_close(&repo);
}

static void
what_is_not_there_is_said(void **state)
{
	struct repo repo = { 0 };
	struct outside_branches list = { 0 };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE];

	(void)state;
	make_remote(&repo);
	assert_int_equal(
	    outside_fetch(&repo, "origin", "no/such", "s1", oid, &err), -1);
	assert_non_null(strstr(err.text, "no/such"));
	assert_int_equal(outside_fetch(&repo, "origin", "-x", "s1", oid, &err), -1);
	assert_int_equal(
	    outside_fetch(&repo, "--upload-pack=x", "a", "s1", oid, &err), -1);
	assert_int_equal(outside_list(&repo, "--upload-pack=x", &list, &err), -1);
	assert_int_equal(outside_list(&repo, "nowhere", &list, &err), -1);
	repo_close(&repo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_branch_is_known_by_its_name_or_by_the_issue_in_it),
		cmocka_unit_test_setup_teardown(
		    what_is_there_is_fetched_pinned_and_a_local_branch, sandbox_setup,
		    sandbox_teardown),
		cmocka_unit_test_setup_teardown(
		    a_local_branch_goes_along_and_keeps_what_is_on_it, sandbox_setup,
		    sandbox_teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_not_there_is_said, sandbox_setup, sandbox_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
