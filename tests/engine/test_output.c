#include "engine/output.h"

#include "base/file.h"
#include "base/mem.h"
#include "policy/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FINDING(severity) \
	"{\"severity\":\"" severity "\",\"text\":\"t\",\"unknown\":[1]}"
#define SOURCE "\"source\":{\"title\":\"t\",\"url\":\"https://example.org\"}"
#define EVIDENCE(more)                                                           \
	"{\"evidence\":[{\"type\":\"empirical\",\"claim\":\"c\",\"confidence\":" \
	"\"high\"," more "}]}"

static char *
read_text(const char *kind, const char *text, size_t *n, char **wrong)
{
	*wrong = NULL;
	*n = 0;
	return output_read(kind, text, strlen(text), n, wrong);
}

/* What the prompt shows is what the check takes: else no agent could know. */
static void
the_examples_of_the_prompt_fit(void **state)
{
	static const char *const kinds[] = { "findings", "evidence" };

	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		AUTO_FREE char *wrong = NULL, *kept = NULL;
		size_t n;

		kept = read_text(kinds[i], prompt_output_example(kinds[i]), &n, &wrong);
		if (!kept)
			fail_msg("%s: %s", kinds[i], wrong);
		assert_int_equal(n, 1);
	}
}

static void
findings_are_named_by_severity_and_number_r179(void **state)
{
	AUTO_FREE char *wrong = NULL, *kept = NULL;
	size_t n;

	kept = read_text("findings",
	    "{\"findings\":[" FINDING("critical") "," FINDING("Important") "," FINDING(
		"critical") "," FINDING("consider") "]}",
	    &n, &wrong);
	assert_non_null(kept);
	assert_int_equal(n, 4);
	assert_non_null(strstr(kept, "\"C1\""));
	assert_non_null(strstr(kept, "\"I1\""));
	assert_non_null(strstr(kept, "\"C2\""));
	assert_non_null(strstr(kept, "\"N1\""));
	assert_non_null(strstr(kept, "\"important\""));
	assert_null(strstr(kept, "unknown"));
}

static void
what_does_not_fit_is_named_where_it_stands(void **state)
{
	static const struct {
		const char *kind, *text, *wrong;
	} rows[] = {
		/* clang-format off */
		{ "findings", "", "it is empty" },
		{ "findings", "Here you are: {}", "it is no JSON at byte 0" },
		{ "findings", "{} {}", "it is no JSON" },
		{ "findings", "[]", "no object" },
		{ "findings", "{\"findings\":{}}", "\"findings\" is missing" },
		{ "findings", "{\"findings\":[1]}", "findings[0] is no object" },
		{ "findings", "{\"findings\":[{\"severity\":\"huge\",\"text\":\"t\"}]}", "findings[0].severity is \"huge\": it is one of critical, important, consider" },
		{ "findings", "{\"findings\":[{\"severity\":\"critical\"}]}", "findings[0].text is missing" },
		{ "findings", "{\"findings\":[{\"severity\":\"critical\",\"text\":\" \"}]}", "findings[0].text is missing" },
		{ "findings", "{\"findings\":[{\"severity\":\"critical\",\"text\":{}}]}", "findings[0].text is no text" },
		{ "findings", "{\"recommendation\":\"SHIP IT\",\"findings\":[]}", "it.recommendation is" },
		{ "evidence", "{\"evidence\":[]}", "rests on something" },
		{ "evidence", EVIDENCE("\"source\":1"), "evidence[0].source is missing" },
		{ "evidence", EVIDENCE("\"source\":{\"title\":\"t\"}"), "neither doi nor url" },
		{ "evidence", EVIDENCE("\"source\":{\"title\":\"t\",\"url\":\"javascript:x\"}"), "is no http address, file:PATH or commit:ID" },
		{ "evidence", EVIDENCE("\"source\":{\"title\":\"t\",\"doi\":\"10.1/x\",\"year\":\"soon\"}"), "year is no year" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *wrong = NULL, *kept = NULL;
		size_t n;

		kept = read_text(rows[i].kind, rows[i].text, &n, &wrong);
		assert_null(kept);
		if (!strstr(wrong, rows[i].wrong))
			fail_msg("%s gives: %s", rows[i].text, wrong);
	}
}

static void
an_object_without_findings_is_fine_and_one_with_a_source_too(void **state)
{
	AUTO_FREE char *wrong = NULL, *none = NULL, *one = NULL, *more = NULL;
	size_t n;

	none = read_text("findings", "{\"findings\":[]}\n", &n, &wrong);
	assert_non_null(none);
	assert_int_equal(n, 0);
	one = read_text("evidence", EVIDENCE(SOURCE), &n, &more);
	assert_non_null(one);
	assert_non_null(strstr(one, "EV-001"));
}

/* A bomb, a flood of items, nesting, bytes that steer a terminal: bounded, and named. */
static void
a_stranger_can_neither_flood_nor_steer(void **state)
{
	AUTO_FREE char *big = xmalloc(OUTPUT_MAX_BYTES + 2), *wrong = NULL;
	AUTO_FREE char *deep = NULL, *kept = NULL, *not_text = NULL, *many = NULL;
	AUTO_FREE char *list = NULL;
	size_t n, size = 0;
	FILE *f;

	memset(big, '{', OUTPUT_MAX_BYTES + 1);
	assert_null(output_read("findings", big, OUTPUT_MAX_BYTES + 1, &n, &wrong));
	assert_non_null(strstr(wrong, "at most"));
	memset(big, '[', 100000);
	assert_null(output_read("findings", big, 100000, &n, &deep));
	assert_null(output_read("findings", "{\"a\":\"\xff\"}", 10, &n, &not_text));
	f = open_memstream(&list, &size);
	fputs("{\"findings\":[", f);
	for (int i = 0; i < 2000; i++)
		fprintf(f, "%s{\"severity\":\"x\"}", i ? "," : "");
	fputs("]}", f);
	fclose(f);
	assert_null(output_read("findings", list, size, &n, &many));
	assert_non_null(strstr(many, "2000 items"));
	assert_true(strlen(many) < 2000);
	free(many);
	kept = read_text("findings",
	    "{\"summary\":\"\\u001b[31mred\\u0000hidden\",\"findings\":[]}", &n, &many);
	assert_non_null(kept);
	assert_null(strchr(kept, 0x1b));
	assert_null(strstr(kept, "u001b"));
}

/* A link to a secret, a pipe and a directory are no output. */
static void
only_a_plain_file_of_its_own_is_read(void **state)
{
	char dir[] = "/tmp/divisi-output.XXXXXX";
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *tmp = NULL, *file = NULL, *secret = NULL, *kept = NULL;

	assert_non_null(mkdtemp(dir));
	tmp = path_join(dir, "tmp");
	file = path_join(tmp, OUTPUT_FILE);
	secret = path_join(dir, "secret");
	kept = path_join(dir, "findings.json");
	assert_int_equal(mkdir(tmp, 0700), 0);
	assert_int_equal(
	    file_write_atomic(secret, "{\"findings\":[]}", 15, 0600, &err), 0);
	fields_set(&in, "output", "findings");
	fields_set(&in, "output_dir", dir);
	assert_int_equal(symlink(secret, file), 0);
	assert_int_equal(output_collect(&in, &out, &err), 0);
	assert_true(fields_text(&out, "output_wrong")[0] != '\0');
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(output_collect(&in, &out, &err), 0);
	assert_true(fields_text(&out, "output_wrong")[0] != '\0');
	assert_int_equal(unlink(file), 0);
	fields_clear(&out);
	/* Its last words stand in for the file; the last block counts. */
	fields_set(&in, "summary",
	    "As ```json\n{}\n``` shows:\n```json\n{\"findings\":[]}\n```\ndone");
	assert_int_equal(output_collect(&in, &out, &err), 0);
	assert_string_equal(fields_text(&out, "output_path"), kept);
	assert_true(file_exists(kept));
	fields_clear(&in);
	fields_clear(&out);
	unlink(kept);
	unlink(secret);
	rmdir(tmp);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_prompt_fit),
		cmocka_unit_test(findings_are_named_by_severity_and_number_r179),
		cmocka_unit_test(what_does_not_fit_is_named_where_it_stands),
		cmocka_unit_test(
		    an_object_without_findings_is_fine_and_one_with_a_source_too),
		cmocka_unit_test(a_stranger_can_neither_flood_nor_steer),
		cmocka_unit_test(only_a_plain_file_of_its_own_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
