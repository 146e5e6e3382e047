#include "policy/risk_text.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
what_is_printed_is_read_back(void **state)
{
	struct risk_place place[] = { { (char[]){ "lib/" }, -0.5 },
		{ (char[]){ "lib/a b.c" }, 1.25 }, { (char[]){ "odd\nname" }, 1 } };
	struct risk_learned l = { .head = "abc", .at = 12345, .n_landings = 7 }, back;
	struct err err = ERR_INIT;

	risk_model_init(&l.model);
	l.model.file[3] = 0.125;
	l.model.place = place;
	l.model.n_places = 3;
	l.own = (struct risk_report){ .n = 9, .n_conflicts = 2, .brier = 0.25 };
	l.own.bin[4] = (struct risk_bin){ 9, 2, 3.5 };

	AUTO_FREE char *text = risk_print(&l);

	assert_int_equal(risk_read(text, &back, &err), 0);
	assert_string_equal(back.head, "abc");
	assert_int_equal(back.at, 12345);
	assert_int_equal(back.own.n, 9);
	assert_int_equal(back.own.bin[4].n_conflicts, 2);
	assert_true(fabs(back.model.file[3] - 0.125) < 1e-12);
	/* A name with a line end is left out. */
	assert_int_equal(back.model.n_places, 2);
	assert_string_equal(back.model.place[1].path, "lib/a b.c");
	risk_learned_clear(&back);
}

static void
what_we_did_not_write_is_refused_with_its_line(void **state)
{
	static const char *const bad[] = { "", "x", "divisi-risk 3\n",
		/* What an older divisi learned had fewer weights. */
		"divisi-risk 1\npair 0 0 0 0 0 0\n", "divisi-risk 2\nwhat 1\n",
		"divisi-risk 2\nfile 1 2\n", "divisi-risk 2\npair nan 0 0 0 0 0 0 0\n",
		"divisi-risk 2\npair 1e300 0 0 0 0 0 0 0\n",
		"divisi-risk 2\nplace 1 b\nplace 1 a\n", "divisi-risk 2\nplace 1\n",
		"divisi-risk 2\n"
		"own 1 2 0 0 0 0\n",
		"divisi-risk 2\nbin 1 1 1\nbin 1 1 1\nbin 1 1 1\nbin 1 1 1\nbin 1 1 1\n"
		"bin 1 1 1\nbin 1 1 1\nbin 1 1 1\nbin 1 1 1\nbin 1 1 1\nbin 1 1 1\n" };

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct err err = ERR_INIT;
		struct risk_learned l = { 0 };

		if (risk_read(bad[i], &l, &err) == 0)
			fail_msg("read: %s", bad[i]);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_non_null(strstr(err.text, "line"));
		assert_null(l.model.place);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(what_we_did_not_write_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
