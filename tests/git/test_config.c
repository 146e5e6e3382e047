#include "sandbox.h"

#include "base/mem.h"
#include "git/config.h"

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
	sh("mkdir repo/.divisi");
	return repo_open(at("repo"), &repo, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	return sandbox_teardown(state);
}

static void
local_settings_lie_over_the_committed_ones(void **state)
{
	struct err err = ERR_INIT;
	struct config config;

	sh("cd repo && printf '[divisi]\\n\\tverify = make check\\n\\tCap = 3\\n\\tquiet\\n"
	   "[divisi \"worktree\"]\\n\\tcopy = .env\\n[user]\\n\\tname = Evil\\n' "
	   ">.divisi/config && git config divisi.cap 5");
	assert_ok(config_load(&repo, &config, &err), &err);
	assert_string_equal(config_str(&config, "divisi.verify", ""), "make check");
	assert_true(config_find(&config, "divisi.verify")->is_committed);
	assert_string_equal(config_str(&config, "divisi.cap", ""), "5");
	assert_false(config_find(&config, "divisi.cap")->is_committed);
	assert_string_equal(config_str(&config, "divisi.worktree.copy", ""), ".env");
	assert_string_equal(config_str(&config, "divisi.quiet", ""), "true");
	assert_null(config_find(&config, "user.name"));
	config_clear(&config);
}

static void
no_file_is_an_empty_one(void **state)
{
	struct err err = ERR_INIT;
	struct config config;

	sh("rmdir repo/.divisi");
	assert_ok(config_load(&repo, &config, &err), &err);
	assert_int_equal(config.n, 0);
	assert_string_equal(config_str(&config, "divisi.x", "y"), "y");
	config_clear(&config);
}

static void
what_is_no_setting_is_told_with_its_line(void **state)
{
	struct err err = ERR_INIT;
	struct config config;

	sh("printf '[divisi]\\n\\tcap = 3\\n[oops\\n' >repo/.divisi/config");
	assert_int_equal(config_load(&repo, &config, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, ".divisi/config:3"));
}

static void
links_and_includes_and_giants_are_not_followed(void **state)
{
	struct err err = ERR_INIT;
	struct config config;

	sh("printf '[divisi]\\n\\tcap = 9\\n' >other && printf '[include]\\n\\tpath = "
	   "%%s/other\\n' \"$PWD\" >repo/.divisi/config");
	assert_ok(config_load(&repo, &config, &err), &err);
	assert_int_equal(config.n, 0);
	config_clear(&config);
	sh("ln -sf ../../other repo/.divisi/config");
	assert_int_equal(config_load(&repo, &config, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(
	    config_set(&repo, CONFIG_COMMITTED, "divisi.cap", "1", &err), -1);
	sh("rm repo/.divisi/config && head -c 1100000 /dev/zero >repo/.divisi/config");
	assert_int_equal(config_load(&repo, &config, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
}

static void
numbers_and_truths_are_judged(void **state)
{
	static const struct {
		const char *text;
		int rc;
		long value;
	} rows[] = { { "0", 0, 0 }, { "7", 0, 7 }, { "2k", 0, 2048 }, { "-1", -1, 0 },
		{ "x", -1, 0 }, { "", -1, 0 }, { "3x", -1, 0 }, { "3kk", -1, 0 },
		{ "99999999999999999999", -1, 0 }, { "9999999999g", -1, 0 } };
	struct config_range range = { 4, 0, 10000 };
	struct err err = ERR_INIT;
	struct config config = { 0 };
	bool yes = false;
	long n = 0;

	assert_ok(config_int(&config, "divisi.n", range, &n, &err), &err);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct config_item item = { xstrdup("divisi.n"), xstrdup(rows[i].text),
			xstrdup("file:x"), false };
		struct config one = { &item, 1, 1 };

		n = 0;
		if (config_int(&one, "divisi.n", range, &n, &err) != rows[i].rc)
			fail_msg("'%s'", rows[i].text);
		assert_int_equal(n, rows[i].value);
		free(item.key);
		free(item.value);
		free(item.origin);
	}
	sh("cd repo && git config divisi.a yes && git config divisi.b off && git config "
	   "divisi.c perhaps");
	assert_ok(config_load(&repo, &config, &err), &err);
	assert_ok(config_bool(&config, "divisi.a", false, &yes, &err), &err);
	assert_true(yes);
	assert_ok(config_bool(&config, "divisi.b", true, &yes, &err), &err);
	assert_false(yes);
	assert_ok(config_bool(&config, "divisi.none", true, &yes, &err), &err);
	assert_true(yes);
	assert_int_equal(config_bool(&config, "divisi.c", true, &yes, &err), -1);
	assert_non_null(strstr(err.text, "divisi.c"));
	config_clear(&config);
}

static void
what_is_set_is_read_back(void **state)
{
	static const char *const values[] = { "make check", "-x", "a\"b\\c", "x\ny",
		" lead", "#;=", "\303\244" };
	struct err err = ERR_INIT;
	struct config config;

	sh("rmdir repo/.divisi");
	for (int scope = CONFIG_COMMITTED; scope <= CONFIG_LOCAL; scope++) {
		for (size_t i = 0; i < N_ELEMS(values); i++) {
			assert_ok(config_set(&repo, (enum config_scope)scope,
				      "divisi.v", values[i], &err),
			    &err);
			assert_ok(config_load(&repo, &config, &err), &err);
			assert_string_equal(
			    config_str(&config, "divisi.v", ""), values[i]);
			config_clear(&config);
		}
	}
	assert_ok(config_set(&repo, CONFIG_LOCAL, "divisi.v", NULL, &err), &err);
	assert_ok(config_set(&repo, CONFIG_LOCAL, "divisi.v", NULL, &err), &err);
	assert_ok(config_set(&repo, CONFIG_COMMITTED, "divisi.v", NULL, &err), &err);
	assert_ok(config_load(&repo, &config, &err), &err);
	assert_int_equal(config.n, 0);
	config_clear(&config);
}

static void
lists_add_up_and_an_empty_value_starts_anew(void **state)
{
	struct err err = ERR_INIT;
	struct git_list values;
	struct config config;
	const char *key = "divisi.worktree.copy";

	assert_ok(config_add(&repo, CONFIG_COMMITTED, key, ".env", &err), &err);
	assert_ok(config_add(&repo, CONFIG_COMMITTED, key, "*.pem", &err), &err);
	assert_ok(config_load(&repo, &config, &err), &err);
	config_values(&config, key, &values);
	assert_int_equal(values.n, 2);
	git_list_clear(&values);
	config_clear(&config);
	assert_ok(config_add(&repo, CONFIG_LOCAL, key, "", &err), &err);
	assert_ok(config_add(&repo, CONFIG_LOCAL, key, "x", &err), &err);
	assert_ok(config_load(&repo, &config, &err), &err);
	config_values(&config, key, &values);
	assert_int_equal(values.n, 1);
	assert_string_equal(values.item[0], "x");
	git_list_clear(&values);
	config_clear(&config);
}

static void
only_our_own_keys_can_be_set(void **state)
{
	static const char *const bad[] = { "user.name", "divisi", "divisi.",
		"divisi.a b", "core.hooksPath", "--global", "divisi.x\ny.z", "divisi.1",
		"alias.x" };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		if (config_set(&repo, CONFIG_LOCAL, bad[i], "x", &err) == 0)
			fail_msg("'%s'", bad[i]);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(local_settings_lie_over_the_committed_ones),
		T(no_file_is_an_empty_one),
		T(what_is_no_setting_is_told_with_its_line),
		T(links_and_includes_and_giants_are_not_followed),
		T(numbers_and_truths_are_judged),
		T(what_is_set_is_read_back),
		T(lists_add_up_and_an_empty_value_starts_anew),
		T(only_our_own_keys_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
