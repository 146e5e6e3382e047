#include "policy/decide.h"

#include "base/mem.h"
#include "finding_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define IDS "C1 C2 C3 I1 I2 I3 N1"

/* What TEXT decides, as "C1=agreed I2=override(too costly)"; or "!" and the error. */
static char *
decide(const char *text)
{
	struct findings rows = { 0 };
	struct decisions done = { 0 };
	struct err err = ERR_INIT;
	char *said = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&said, &n);

	rows_of(&rows, IDS);
	if (decisions_parse(text, &rows, &done, &err) < 0)
		fprintf(out, "!%s", err.text);
	for (size_t r = 0; r < rows.n; r++) {
		for (size_t i = 0; i < done.n; i++) {
			if (done.item[i].row != r)
				continue;
			fprintf(out, "%s%s=%s", ftell(out) > 0 ? " " : "",
			    rows.item[r].id, decision_name(done.item[i].decision));
			if (done.item[i].response[0])
				fprintf(out, "(%s)", done.item[i].response);
		}
	}
	fclose(out);
	decisions_clear(&done);
	findings_clear(&rows);
	return said;
}

/* SPEC 8.6, line by line; A-64: what is excepted stays empty. */
static void
the_shorthand_is_read_as_the_method_has_it(void **state)
{
	static const struct {
		const char *text, *decides;
	} cases[] = {
		{ "agree all",
		    "C1=agreed C2=agreed C3=agreed I1=agreed I2=agreed I3=agreed N1=agreed" },
		{ "Agreed all",
		    "C1=agreed C2=agreed C3=agreed I1=agreed I2=agreed I3=agreed N1=agreed" },
		{ "agree all except C2, I3",
		    "C1=agreed C3=agreed I1=agreed I2=agreed N1=agreed" },
		{ "agree C1-C3, override I2: too costly, defer I3 to CIA-456",
		    "C1=agreed C2=agreed C3=agreed I2=override(too costly) "
		    "I3=deferred(CIA-456)" },
		{ "deferred i3: CIA-456", "I3=deferred(CIA-456)" },
		{ "reject N1: not applicable", "N1=rejected(not applicable)" },
		{ "override I1: slow, see C1-C3", "I1=override(slow, see C1-C3)" },
		{ "agree C1, C3 and I1", "C1=agreed C3=agreed I1=agreed" },
		{ "agree all except C2, defer C2 to https://tracker.test/X-1",
		    "C1=agreed C2=deferred(https://tracker.test/X-1) C3=agreed "
		    "I1=agreed I2=agreed I3=agreed N1=agreed" },
		{ "reject I1: we agree it is slow, agree C1",
		    "C1=agreed I1=rejected(we agree it is slow)" },
		{ "override I2: x, agree all except C1-C3, I1, I3",
		    "I2=override(x) N1=agreed" },
		{ "escalate C2; agree C1: will do", "C1=agreed(will do) C2=escalated" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		AUTO_FREE char *said = decide(cases[i].text);

		assert_string_equal(said, cases[i].decides);
	}
}

static void
what_is_not_clear_is_refused_and_decides_nothing(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "override I2", "!the override of I2 needs a reason" },
		{ "defer I3", "!deferring I3 needs the issue it goes to" },
		{ "defer I3 to later", "!deferring I3 needs the issue it goes to" },
		{ "agree C1-I2", "!C1-I2 is a range across severities" },
		{ "agree C9", "!no finding is called C9" },
		{ "agree C1-C9", "!no finding is called C4" },
		{ "agree C3-C1", "!C3-C1 ends before it begins" },
		{ "agree C1, reject C1: no", "!C1 is both agreed and rejected" },
		{ "agree all, reject all: no", "!C1 is both agreed and rejected" },
		{ "agree C1-C3, override C2: slow", "!C2 is both agreed and override" },
		{ "agree", "!'' is no finding and not \"all\"" },
		{ "ship it", "!'ship it' is no decision" },
		{ " , ", "!nothing is decided" },
		{ "", "!nothing is decided" },
		{ "agree C99999999999999999999",
		    "!'C9999999999999999999' is no finding and not \"all\"" },
		{ "agree C1\x1b[2J", "!the decision holds control characters" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		AUTO_FREE char *said = decide(cases[i].text);

		assert_string_equal(said, cases[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shorthand_is_read_as_the_method_has_it),
		cmocka_unit_test(what_is_not_clear_is_refused_and_decides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
