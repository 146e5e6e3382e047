#include "sandbox.h"

#include "base/mem.h"
#include "git/history.h"

#include <stdio.h>
#include <string.h>

static struct repo repo;

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	return repo_open(at("repo"), &repo, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	return sandbox_teardown(state);
}

static struct history
read_all(bool edits)
{
	struct history_want want = { .max = 100, .edits = edits };
	struct err err = ERR_INIT;
	struct history h;

	assert_ok(history_read(&repo, &want, &h, &err), &err);
	return h;
}

static struct history_change
change_of(const struct history *h, size_t landing, const char *path)
{
	struct history_change none = { .status = '?' };
	int at = history_find(h, path);

	for (size_t i = 0; i < h->landing[landing].n; i++) {
		struct history_change c = h->change[h->landing[landing].first + i];

		if (c.path == at)
			return c;
	}
	return none;
}

static void
landings_come_newest_first_with_their_files(void **state)
{
	sh("cd repo && echo 1 >new.c && git add . && git commit -qm 'Add (#12)'");
	sh("cd repo && git rm -q a.txt && echo 2 >>dir/b.txt && git commit -qam Drop");
	for (int edits = 0; edits < 2; edits++) {
		struct history h = read_all(edits);

		assert_int_equal(h.n, 3);
		assert_null(h.word);
		assert_int_equal(h.landing[0].n, 2);
		assert_int_equal(change_of(&h, 0, "a.txt").status, 'D');
		assert_int_equal(change_of(&h, 0, "dir/b.txt").status, 'M');
		assert_int_equal(change_of(&h, 1, "new.c").status, 'A');
		assert_true(h.landing[1].is_squash);
		assert_false(h.landing[0].is_squash);
		assert_int_equal(history_find(&h, "nothing"), -1);
		history_clear(&h);
	}
}

static void
hunks_are_counted_from_0_and_lines_that_look_like_headers_are_none(void **state)
{
	struct history_change c;
	struct history h;

	sh("cd repo && printf '1\\n2\\n3\\n-- a/x\\n5\\n6\\n' >f && git add f && "
	   "git commit -qm one");
	/* Line 2 changed, line 4 removed (the patch says "--- a/x"), two added after 6. */
	sh("cd repo && printf '1\\ntwo\\n3\\n5\\n6\\n7\\n++ b/y\\n' >f && "
	   "git commit -qam two");
	h = read_all(true);
	assert_int_equal(h.landing[0].n, 1);
	c = change_of(&h, 0, "f");
	assert_int_equal(c.n_hunks, 3);
	assert_memory_equal(&h.hunk[c.first_hunk],
	    (&(struct history_hunk){ 1, 1, 1, 1 }), sizeof(struct history_hunk));
	assert_memory_equal(&h.hunk[c.first_hunk + 1],
	    (&(struct history_hunk){ 3, 1, 3, 0 }), sizeof(struct history_hunk));
	assert_memory_equal(&h.hunk[c.first_hunk + 2],
	    (&(struct history_hunk){ 6, 0, 5, 2 }), sizeof(struct history_hunk));
	history_clear(&h);
}

/* Octopus and criss-cross merges are landings like any other: against the first parent. */
static void
a_merge_is_one_landing_and_knows_where_its_branch_began(void **state)
{
	struct history h;

	sh("cd repo && git checkout -qb x && echo x >x && git add x && git commit -qm x");
	sh("cd repo && git checkout -qb y main && echo y >y && git add y && "
	   "git commit -qm y");
	sh("cd repo && git checkout -q main && echo m >m && git add m && "
	   "git commit -qm m && git merge -q --no-edit x y");
	sh("cd repo && git checkout -q x && echo 2 >>x && git commit -qam again && "
	   "git merge -q --no-edit main && git checkout -q main && "
	   "git merge -q --no-ff --no-edit x");
	h = read_all(true);
	assert_int_equal(h.n, 4);
	assert_true(h.landing[1].is_merge);
	assert_int_equal(h.landing[1].n, 2);
	assert_int_equal(h.landing[1].forked, 3);
	/* X's own first parents go back to where it began at first. */
	assert_int_equal(h.landing[0].forked, 3);
	assert_int_equal(h.landing[0].n, 1);
	history_clear(&h);
}

static void
binary_files_and_imports_are_known_and_not_looked_into(void **state)
{
	struct history h;

	sh("cd repo && printf 'a\\0b' >pic.png && git add . && git commit -qm pic");
	sh("cd repo && mkdir many && for i in $(seq 250); do echo $i >many/$i; done && "
	   "git add . && git commit -qm import");
	sh("cd repo && printf 'a\\0c' >pic.png && git commit -qam pic");
	h = read_all(true);
	assert_int_equal(h.n, 4);
	assert_true(change_of(&h, 0, "pic.png").is_opaque);
	assert_true(h.landing[1].is_large);
	assert_int_equal(h.landing[1].n, 0);
	assert_int_equal(history_find(&h, "many/7"), -1);
	history_clear(&h);
}

static void
odd_names_are_read_as_they_are(void **state)
{
	struct history h;

	sh("cd repo && printf x >'a b' && printf x >'\303\266.c' && "
	   "printf x >\"$(printf 'n\\nl')\" && git add . && git commit -qm odd");
	h = read_all(false);
	assert_true(history_find(&h, "a b") >= 0);
	assert_true(history_find(&h, "\303\266.c") >= 0);
	assert_true(history_find(&h, "n\nl") >= 0);
	history_clear(&h);
	h = read_all(true);
	assert_true(history_find(&h, "a b") >= 0);
	assert_true(history_find(&h, "\303\266.c") >= 0);
	history_clear(&h);
}

static void
no_commit_and_one_commit_are_short_histories(void **state)
{
	struct history_want want = { .max = 10 };
	struct err err = ERR_INIT;
	struct repo empty;
	struct history h;

	sh("git init -q -b main empty");
	assert_ok(repo_open(at("empty"), &empty, &err), &err);
	assert_ok(history_read(&empty, &want, &h, &err), &err);
	assert_int_equal(h.n, 0);
	history_clear(&h);
	repo_close(&empty);
	h = read_all(false);
	assert_int_equal(h.n, 1);
	history_clear(&h);
}

static void
a_shallow_clone_says_so(void **state)
{
	struct history_want want = { .max = 10 };
	struct err err = ERR_INIT;
	struct repo shallow;
	struct history h;

	sh("cd repo && echo 1 >c && git add c && git commit -qm c");
	sh("git clone -q --depth 1 file://$PWD/repo shallow");
	assert_ok(repo_open(at("shallow"), &shallow, &err), &err);
	assert_ok(history_read(&shallow, &want, &h, &err), &err);
	assert_non_null(strstr(h.word, "shallow"));
	history_clear(&h);
	repo_close(&shallow);
}

/* Missing objects, as in a partial clone without its remote: what is there is read. */
static void
missing_objects_end_the_reading_with_a_word(void **state)
{
	struct history h;

	sh("cd repo && echo 1 >c && git add c && git commit -qm c && echo 2 >c && "
	   "git commit -qam d && rm -f .git/objects/$(git rev-parse HEAD~1:c | "
	   "sed 's,^..,&/,')");
	h = read_all(true);
	assert_non_null(h.word);
	assert_true(h.n < 3);
	history_clear(&h);
	/* Names alone need no contents. */
	h = read_all(false);
	assert_int_equal(h.n, 3);
	assert_null(h.word);
	history_clear(&h);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(landings_come_newest_first_with_their_files),
		CASE(
		    hunks_are_counted_from_0_and_lines_that_look_like_headers_are_none),
		CASE(a_merge_is_one_landing_and_knows_where_its_branch_began),
		CASE(binary_files_and_imports_are_known_and_not_looked_into),
		CASE(odd_names_are_read_as_they_are),
		CASE(no_commit_and_one_commit_are_short_histories),
		CASE(a_shallow_clone_says_so),
		CASE(missing_objects_end_the_reading_with_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
