#include "git/sandbox.h"

#include "base/mem.h"
#include "radar/radar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Live trees, seen without being touched (DESIGN 8; CONFLICTS 5.3). */

static struct repo repo;
static struct radar *radar;
static char target[GIT_OID_SIZE];

static int
setup(void **state)
{
	struct err err = ERR_INIT;
	int rc = sandbox_setup(state);

	make_repo();
	sh("cd repo && seq 1 30 > f.txt && printf 'x.o\\n' > .gitignore && git add . && "
	   "git commit -qm base && git worktree add -q ../A -b a && "
	   "git worktree add -q ../B -b b");
	snprintf(target, sizeof(target), "%s", sh_out("git -C repo rev-parse main"));
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	radar = radar_open(&repo, at("radar"), &err);
	assert_non_null(radar);
	return rc;
}

static int
teardown(void **state)
{
	radar_close(radar);
	radar = NULL;
	repo_close(&repo);
	return sandbox_teardown(state);
}

static void
scan(struct radar_tree *t, const char *name)
{
	struct err err = ERR_INIT;

	*t = (struct radar_tree){ .session = name, .path = at(name) };
	assert_ok(radar_scan(radar, target, t, &err), &err);
}

static const char *
touched(const struct radar_tree *t)
{
	static char text[1000];

	text[0] = '\0';
	for (size_t i = 0; i < t->touched.n; i++) {
		strcat(text, t->touched.item[i]);
		strcat(text, " ");
	}
	return text;
}

static void
a_tree_is_seen_with_all_that_nobody_committed(void **state)
{
	struct radar_tree t;

	(void)state;
	sh("cd A && echo 1 > committed && git add . && git commit -qm c && echo 2 > staged && "
	   "git add staged && echo 3 > untracked && echo 4 >> a.txt && rm dir/b.txt && "
	   "echo 5 > x.o");
	scan(&t, "A");
	assert_string_equal(touched(&t), "a.txt committed dir/b.txt staged untracked ");
	assert_string_equal(sh_out("git -C A rev-parse HEAD"), t.head);
	radar_tree_clear(&t);
}

static void
looking_changes_nothing_of_the_session_or_the_repository(void **state)
{
	const char *before;
	struct radar_tree t;

	(void)state;
	sh("cd A && echo 2 > staged && git add staged && echo 3 > untracked");
	before = sh_out("cd A && git --no-optional-locks status --porcelain; "
			"sha256sum < \"$(git rev-parse --git-path index)\"; "
			"git for-each-ref; find ../repo/.git/objects -type f | sort");
	scan(&t, "A");
	assert_string_equal(before,
	    sh_out("cd A && git --no-optional-locks status --porcelain; "
		   "sha256sum < \"$(git rev-parse --git-path index)\"; "
		   "git for-each-ref; find ../repo/.git/objects -type f | sort"));
	radar_tree_clear(&t);
}

static void
a_tree_that_did_not_change_is_not_new(void **state)
{
	struct radar_tree t;

	(void)state;
	sh("echo 1 > A/new");
	scan(&t, "A");
	assert_true(t.is_new);
	radar_tree_clear(&t);
	scan(&t, "A");
	assert_false(t.is_new);
	assert_string_equal(touched(&t), "new ");
	radar_tree_clear(&t);
	sh("rm A/new");
	scan(&t, "A");
	assert_true(t.is_new);
	assert_string_equal(touched(&t), "");
	assert_string_equal(t.commit, t.head);
	radar_tree_clear(&t);
}

/* What the session merged in from the target is not its own doing. */
static void
work_of_the_target_that_was_merged_in_is_not_touched(void **state)
{
	struct radar_tree t;

	(void)state;
	sh("cd repo && echo m > of_main && git add . && git commit -qm m && cd ../A && "
	   "echo 1 > mine && git add . && git commit -qm mine && git merge -q main");
	snprintf(target, sizeof(target), "%s", sh_out("git -C repo rev-parse main"));
	scan(&t, "A");
	assert_string_equal(touched(&t), "mine ");
	radar_tree_clear(&t);
}

static void
a_repository_without_a_commit_inside_does_not_blind_it(void **state)
{
	struct radar_tree t;

	(void)state;
	sh("cd A && git init -q inner && echo 1 > inner/x && echo 2 >> a.txt");
	scan(&t, "A");
	assert_non_null(strstr(touched(&t), "a.txt"));
	radar_tree_clear(&t);
}

static void
paths_meet_as_files_and_as_directories(void **state)
{
	static const struct {
		const char *a, *b, *want;
	} rows[] = {
		{ "x", "x", "x" },
		{ "x", "y", "" },
		{ "x/y", "x", "x/y" },
		{ "x", "x/y/z", "x/y/z" },
		{ "x-y", "x/y", "" },
		{ "xy", "x", "" },
		{ "x/y", "x/y/z", "x/y/z" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct git_list a = { 0 }, b = { 0 }, shared = { 0 };

		git_list_add(&a, rows[i].a);
		git_list_add(&b, rows[i].b);
		radar_shared(&a, &b, &shared);
		assert_int_equal(shared.n, rows[i].want[0] ? 1 : 0);
		if (shared.n)
			assert_string_equal(shared.item[0], rows[i].want);
		git_list_clear(&a);
		git_list_clear(&b);
		git_list_clear(&shared);
	}
}

/* PERFORMANCE 5: the verdicts are those of git merge itself, for each kind of conflict. */
static void
trials_say_what_git_merge_says(void **state)
{
	static const struct {
		const char *a, *b;
	} rows[] = {
		{ "sed -i s/^5$/five/ f.txt", "sed -i s/^5$/FIVE/ f.txt" },
		{ "sed -i s/^5$/five/ f.txt", "sed -i s/^25$/x/ f.txt" },
		{ "sed -i s/^5$/five/ f.txt", "sed -i s/^5$/five/ f.txt" },
		{ "rm f.txt", "sed -i s/^5$/x/ f.txt" },
		{ "rm f.txt", "rm f.txt" },
		{ "echo 1 > new", "echo 2 > new" },
		{ "echo 1 > new", "mkdir new; echo 2 > new/x" },
		{ "git mv f.txt g.txt", "sed -i s/^5$/x/ f.txt" },
		{ "git mv f.txt g.txt", "git mv f.txt h.txt" },
		{ "printf 'a\\0b' > bin", "printf 'a\\0c' > bin" },
		{ "ln -s x link", "ln -s y link" },
		{ "git mv dir moved", "echo 1 > dir/more" },
	};
	struct radar_pair pair[N_ELEMS(rows)] = { 0 };
	struct radar_tree a[N_ELEMS(rows)], b[N_ELEMS(rows)];
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		sh("cd A && git clean -qfd && git reset -q --hard %s && %s", target,
		    rows[i].a);
		sh("cd B && git clean -qfd && git reset -q --hard %s && %s", target,
		    rows[i].b);
		scan(&a[i], "A");
		scan(&b[i], "B");
		pair[i].a = a[i].commit;
		pair[i].b = b[i].commit;
	}
	assert_ok(radar_trials(radar, pair, N_ELEMS(rows), &err), &err);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		int said = sh_status(
		    "cd A && git clean -qfd && git reset -q --hard %s && %s && git add -A && "
		    "git commit -qm a && cd ../B && git clean -qfd && git reset -q --hard %s "
		    "&& %s && git add -A && git commit -qm b && git merge -q --no-edit a "
		    ">/dev/null 2>&1",
		    target, rows[i].a, target, rows[i].b);

		sh_status("cd B && git merge --abort 2>/dev/null");
		if (pair[i].is_clean != (said == 0))
			fail_msg("row %zu: %s | %s: git says %d", i, rows[i].a,
			    rows[i].b, said);
		assert_int_equal(pair[i].files.n > 0, !pair[i].is_clean);
		git_list_clear(&pair[i].files);
		radar_tree_clear(&a[i]);
		radar_tree_clear(&b[i]);
	}
}

static void
both_sides_are_shown(void **state)
{
	struct radar_tree a, b;
	struct err err = ERR_INIT;
	char *text;

	(void)state;
	sh("sed -i s/^5$/five/ A/f.txt; sed -i s/^5$/FIVE/ B/f.txt");
	scan(&a, "A");
	scan(&b, "B");
	text = radar_show(radar, a.commit, b.commit, &err);
	assert_non_null(text);
	assert_non_null(strstr(text, "f.txt:"));
	assert_non_null(strstr(text, "five"));
	assert_non_null(strstr(text, "FIVE"));
	free(text);
	radar_tree_clear(&a);
	radar_tree_clear(&b);
}

/* CONFLICTS 2.6, S1 and S2: what merges and yet may not work together. */
static void
an_alarm_is_raised_for_what_one_changes_and_the_other_newly_uses(void **state)
{
	static const struct {
		const char *file, *a, *b, *want;
	} rows[] = {
		{ "x.c", "sed -i 's/^int area.*/int area(int w, int h, int d)/' x.c",
		    "echo 'int twice(void) { return 2 * area(1, 2); }' > y.c",
		    "area: its" },
		{ "x.c", "sed -i '/area/d' x.c", "echo 'int t = sizeof(area);' > y.c",
		    "area: it is removed" },
		{ "x.c", "sed -i 's/return w/return  w/' x.c",
		    "echo 'int twice(void) { return 2 * area(1, 2); }' > y.c", "" },
		{ "x.c", "sed -i 's/^int area.*/int area(int w, int h, int d)/' x.c",
		    "echo 'int twice(void) { return 2; }' > y.c", "" },
		{ "x.c", "sed -i '/area/d' x.c; echo 'long area(int w, int h)' > z.c",
		    "echo 'int t(void) { return area(1, 2); }' > y.c", "" },
		{ "x.c", "sed -i 's/^int area.*/int area(int w, int h, int d)/' x.c",
		    "echo 'see area(1, 2)' > notes.md", "" },
		{ "x.py", "sed -i 's/^def scale.*/def scale(x, by):/' x.py",
		    "echo 'print(scale(2))' > y.py", "scale: its" },
		/* Names that git quotes, or ends with a tab. */
		{ "l\xc3\xa4 nge.py",
		    "sed -i 's/^def much.*/def much(x, by):/' l*nge.py",
		    "echo 'print(much(2))' > 'b \xc3\xbc.py'", "much: its" },
		/* Who only writes the word does not call it. */
		{ "x.c", "sed -i 's/^int area.*/int area(int w, int h, int d)/' x.c",
		    "echo 'int t; /* the area, and area of it */' > y.c", "" },
		{ "x.rb", "sed -i 's/^def grow.*/def grow(x, by)/' x.rb",
		    "echo 'grow 2' > y.rb", "grow: its" },
		/* S2m: the line that changes is not the one with the name. */
		{ "w.c", "sed -i 's/^\tint depth/\tlong depth/' w.c",
		    "echo 'int cube(void) { return volume(1, 2, 3); }' > y.c",
		    "volume: its" },
		{ "w.c", "sed -i '/^\tint height/d' w.c",
		    "echo 'int cube(void) { return volume(1, 2, 3); }' > y.c",
		    "volume: its" },
		{ "w.c", "sed -i 's/^\tint height,$/\tint  height ,/' w.c",
		    "echo 'int cube(void) { return volume(1, 2, 3); }' > y.c", "" },
		{ "w.c", "sed -i 's/return wide/return 1L * wide/' w.c",
		    "echo 'int cube(void) { return volume(1, 2, 3); }' > y.c", "" },
		/* S5: an import goes from a file in which the other needs it. */
		{ "i.c", "sed -i '/string.h/d' i.c",
		    "echo 'int more(void) { return strlen(\"x\"); }' >> i.c",
		    "i.c: \"#include <string.h>\" is imported no longer" },
		{ "i.c", "sed -i '/string.h/d' i.c", "echo '/* more words */' >> i.c",
		    "" },
		{ "i.c", "sed -i '/string.h/d' i.c",
		    "sed -i '/^int nine/d' i.c; echo 'int nine(void);' >> i.c", "" },
		{ "i.c",
		    "sed -i '/string.h/d; s/^#include .stdio.h.$/&\\n#include <string.h>/' i.c",
		    "echo 'int more(void) { return strlen(\"x\"); }' >> i.c", "" },
		{ "i.c", "sed -i '/string.h/d' i.c",
		    "echo 'int more(void) { return strlen(\"x\"); }' > y.c", "" },
		/* Of a header that is here it is known what it may be needed for. */
		{ "i.c", "sed -i '/a[.]h/d' i.c",
		    "echo 'int more(void) { return strlen(\"x\"); }' >> i.c", "" },
		{ "i.c", "sed -i '/a[.]h/d' i.c",
		    "echo 'int more(void) { return helper(); }' >> i.c",
		    "i.c: \"#include \"a.h\"\" is imported no longer" },
		{ "i.c", "sed -i '/gone[.]h/d' i.c",
		    "echo 'int more(void) { return strlen(\"x\"); }' >> i.c",
		    "i.c: \"#include \"gone.h\"\" is imported no longer" },
		{ "i.py", "sed -i 's/path, sep/path/' i.py",
		    "echo 'print(sep)' >> i.py",
		    "i.py: \"sep\" is imported no longer" },
		{ "i.py", "sed -i 's/path, sep/path/' i.py",
		    "echo 'print(path)' >> i.py", "" },
		{ "i.ts", "sed -i '/^  second,/d' i.ts", "echo 'second();' >> i.ts",
		    "i.ts: \"second\" is imported no longer" },
		{ "i.ts", "sed -i '/^  second,/d' i.ts", "echo 'first();' >> i.ts",
		    "" },
		{ "i.go", "sed -i '/strings/d' i.go",
		    "echo 'func more() { strings.ToUpper(\"x\") }' >> i.go",
		    "i.go: \"strings\" is imported no longer" },
		{ "i.rs", "sed -i '/HashMap/d' i.rs",
		    "echo 'fn more() -> HashMap<u8, u8> {}' >> i.rs",
		    "i.rs: \"HashMap\" is imported no longer" },
		{ "i.rb", "sed -i '/json/d' i.rb", "echo 'puts JSON.dump(1)' >> i.rb",
		    "i.rb: \"require 'json'\" is imported no longer" },
		/* A file that goes altogether is git's own conflict, or nobody's. */
		{ "i.c", "git rm -q i.c", "echo 'int y = sizeof(long);' > y.c", "" },
	};
	struct err err = ERR_INIT;

	(void)state;
	sh("cd repo && printf 'int area(int w, int h)\n{\n\treturn w * h;\n}\n' > x.c && "
	   "printf 'def scale(x):\n    return x\n' > x.py && "
	   "printf 'def much(x):\n    return x\n' > 'l\xc3\xa4 nge.py' && "
	   "printf 'long volume(int wide,\n\tint height,\n\tint depth)\n{\n"
	   "\treturn wide * height * depth;\n}\n' > w.c && "
	   "printf '#include <stdio.h>\n#include \"a.h\"\n#include <string.h>\n"
	   "#include \"gone.h\"\n' > i.c && "
	   "printf '#ifndef A_H\n#define A_H\nint helper(void);\n#endif\n' > a.h && "
	   "printf 'def grow(x)\n  x\nend\n' > x.rb && "
	   "seq 40 | sed 's/.*/int v&;/' >> i.c && printf 'int nine(void);\n' >> i.c && "
	   "printf 'from os import path, sep\n' > i.py && seq 40 | sed 's/.*/v& = 1/' >> i.py && "
	   "printf 'import {\n  first,\n  second,\n} from \"x\";\n' > i.ts && "
	   "seq 40 | sed 's/.*/let v&;/' >> i.ts && "
	   "printf 'package x\nimport (\n\t\"fmt\"\n\t\"strings\"\n)\n' > i.go && "
	   "seq 40 | sed 's/.*/var v& int/' >> i.go && "
	   "printf 'use std::fmt;\nuse std::collections::HashMap;\n' > i.rs && "
	   "seq 40 | sed 's/.*/const V&: u8 = 1;/' >> i.rs && "
	   "printf \"require 'set'\\nrequire 'json'\\n\" > i.rb && "
	   "seq 40 | sed 's/.*/v& = 1/' >> i.rb && git add . && git commit -qm x");
	snprintf(target, sizeof(target), "%s", sh_out("git -C repo rev-parse main"));
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct radar_tree a, b;
		struct radar_facts *fa, *fb;
		char *text;

		sh("cd A && git clean -qfd && git reset -q --hard %s && %s", target,
		    rows[i].a);
		sh("cd B && git clean -qfd && git reset -q --hard %s && %s", target,
		    rows[i].b);
		scan(&a, "A");
		scan(&b, "B");
		fa = radar_facts(radar, a.base, a.commit, &err);
		fb = radar_facts(radar, b.base, b.commit, &err);
		text = radar_alarms(radar, fa, a.commit, fb);
		if (rows[i].want[0] ? !strstr(text, rows[i].want) : text[0] != '\0')
			fail_msg("row %zu: '%s'", i, text);
		free(text);
		radar_facts_free(fa);
		radar_facts_free(fb);
		radar_tree_clear(&a);
		radar_tree_clear(&b);
	}
}

static void
the_union_of_two_live_trees_is_written_as_files(void **state)
{
	struct radar_tree a, b;
	struct err err = ERR_INIT;

	(void)state;
	sh("echo 1 > A/one; sed -i s/^5$/five/ A/f.txt; echo 2 > B/two; mkdir both other");
	scan(&a, "A");
	scan(&b, "B");
	assert_ok(radar_union(radar, a.commit, b.commit, at("both"), &err), &err);
	sh("grep -q 1 both/one && grep -q 2 both/two && grep -q five both/f.txt");
	sh("test ! -e both/.git && git -C repo diff --quiet HEAD");
	radar_tree_clear(&b);
	sh("sed -i s/^5$/FIVE/ B/f.txt");
	scan(&b, "B");
	assert_int_equal(radar_union(radar, a.commit, b.commit, at("other"), &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	radar_tree_clear(&a);
	radar_tree_clear(&b);
}

/* No common history: that pair fails, the others are tried. */
static void
a_pair_that_git_cannot_merge_fails_alone(void **state)
{
	struct radar_pair pair[3] = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	sh("cd A && git checkout -q --orphan lone && git commit -qm lone");
	pair[0] = (struct radar_pair){ .a = target, .b = target };
	pair[1] = (struct radar_pair){ .a = target,
		.b = sh_out("git -C A rev-parse HEAD") };
	pair[2] = (struct radar_pair){ .a = target, .b = target };
	assert_ok(radar_trials(radar, pair, 3, &err), &err);
	assert_true(pair[0].is_clean);
	assert_false(pair[1].is_clean);
	assert_true(pair[2].is_clean);
	for (size_t i = 0; i < 3; i++)
		git_list_clear(&pair[i].files);
}

static void
one_radar_at_a_time_and_a_forgotten_one_begins_anew(void **state)
{
	struct err err = ERR_INIT;
	struct radar_tree t;

	(void)state;
	assert_null(radar_open(&repo, at("radar"), &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	sh("echo 1 > A/new");
	scan(&t, "A");
	radar_tree_clear(&t);
	assert_ok(radar_forget(radar, &err), &err);
	scan(&t, "A");
	assert_true(t.is_new);
	assert_string_equal(touched(&t), "new ");
	radar_tree_clear(&t);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_tree_is_seen_with_all_that_nobody_committed),
		TEST(looking_changes_nothing_of_the_session_or_the_repository),
		TEST(a_tree_that_did_not_change_is_not_new),
		TEST(work_of_the_target_that_was_merged_in_is_not_touched),
		TEST(a_repository_without_a_commit_inside_does_not_blind_it),
		TEST(paths_meet_as_files_and_as_directories),
		TEST(trials_say_what_git_merge_says),
		TEST(both_sides_are_shown),
		TEST(an_alarm_is_raised_for_what_one_changes_and_the_other_newly_uses),
		TEST(the_union_of_two_live_trees_is_written_as_files),
		TEST(a_pair_that_git_cannot_merge_fails_alone),
		TEST(one_radar_at_a_time_and_a_forgotten_one_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
