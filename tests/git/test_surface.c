#include "sandbox.h"

#include "git/repo.h"
#include "git/surface.h"

#include <stdlib.h>
#include <string.h>

static int
setup(void **state)
{
	if (sandbox_setup(state) < 0)
		return -1;
	unsetenv("DIVISI_SURFACE");
	make_repo();
	return 0;
}

static int
teardown(void **state)
{
	unsetenv("DIVISI_SURFACE");
	return sandbox_teardown(state);
}

static struct surface
surface_here(void)
{
	struct err err = ERR_INIT;
	struct surface surface;

	assert_ok(surface_at(at("repo"), &surface, &err), &err);
	return surface;
}

/* S-5: unsaid, it is found from what is there. */
static void
with_git_it_is_code_and_full(void **state)
{
	struct surface s = surface_here();

	assert_int_equal(s.kind, SURFACE_CODE);
	assert_null(s.said_by);
	assert_false(s.is_degraded);
	assert_string_equal(surface_tier(&s), "full");
}

static void
without_git_it_is_cowork_and_degraded(void **state)
{
	char *path = strdup(getenv("PATH"));
	struct err err = ERR_INIT;
	struct surface s;
	int rc;

	setenv("PATH", at("nowhere"), 1);
	rc = surface_at(at("repo"), &s, &err);
	setenv("PATH", path, 1);
	free(path);
	assert_ok(rc, &err);
	assert_int_equal(s.kind, SURFACE_COWORK);
	assert_true(s.lacks_git && s.is_degraded);
	assert_string_equal(surface_tier(&s), "degraded-cowork");
}

/* S-5: all three are accepted; S-6: of them cowork alone is degraded where git is. */
static void
each_of_the_three_can_be_said(void **state)
{
	static const struct {
		const char *word;
		enum surface_kind kind;
		bool is_degraded;
	} cases[] = {
		{ "code", SURFACE_CODE, false },
		{ "cowork", SURFACE_COWORK, true },
		{ "desktop", SURFACE_DESKTOP, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct surface s;

		sh("git -C repo config divisi.surface %s", cases[i].word);
		s = surface_here();
		assert_int_equal(s.kind, cases[i].kind);
		assert_int_equal(s.is_degraded, cases[i].is_degraded);
		assert_string_equal(s.said_by, "divisi.surface");
		assert_string_equal(surface_name(s.kind), cases[i].word);
	}
}

static void
the_environment_wins_over_the_setting(void **state)
{
	struct surface s;

	sh("git -C repo config divisi.surface cowork");
	setenv("DIVISI_SURFACE", "desktop", 1);
	s = surface_here();
	assert_int_equal(s.kind, SURFACE_DESKTOP);
	assert_string_equal(s.said_by, "DIVISI_SURFACE");
	assert_false(s.is_degraded);
}

/* S-5: exactly one of three; nothing is guessed from a word nobody knows. */
static void
every_other_word_is_refused_with_the_mend(void **state)
{
	static const char *const words[] = { "Code", "terminal", "code,desktop",
		" code" };
	struct err err = ERR_INIT;
	struct surface s;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		err = (struct err)ERR_INIT;
		sh("git -C repo config divisi.surface '%s'", words[i]);
		assert_int_equal(surface_at(at("repo"), &s, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_non_null(strstr(err.text, "divisi.surface is"));
		assert_non_null(strstr(err.fix, "code, cowork, desktop"));
	}
	err = (struct err)ERR_INIT;
	setenv("DIVISI_SURFACE", "web", 1);
	assert_int_equal(surface_at(at("repo"), &s, &err), -1);
	assert_non_null(strstr(err.text, "DIVISI_SURFACE is 'web'"));
}

/* S-7: where it is degraded no session is proposed. */
static void
a_degraded_surface_has_no_sessions(void **state)
{
	struct err err = ERR_INIT;

	assert_ok(surface_check_full(NULL, &err), &err);
	setenv("DIVISI_SURFACE", "cowork", 1);
	assert_int_equal(surface_check_full(NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "S-7"));
	assert_non_null(strstr(err.fix, "divisi dispatch"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(with_git_it_is_code_and_full),
		T(without_git_it_is_cowork_and_degraded),
		T(each_of_the_three_can_be_said),
		T(the_environment_wins_over_the_setting),
		T(every_other_word_is_refused_with_the_mend),
		T(a_degraded_surface_has_no_sessions),
	};

	return cmocka_run_group_tests_name("surface", tests, NULL, NULL);
}
