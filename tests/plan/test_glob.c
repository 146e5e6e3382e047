#include "plan/glob.h"

#include "base/mem.h"
#include "plan/glob_nfa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct glob *
compile(const char *pattern, unsigned flags)
{
	struct err err = ERR_INIT;
	struct glob *glob = glob_new(pattern, flags, &err);

	if (!glob)
		fail_msg("%s: %s", pattern, err.text);
	return glob;
}

static void
patterns_match_as_gitignore_reads_them(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool is_match;
	} table[] = {
		/* clang-format off */
		{ "src/a.c",         "src/a.c",        true  },
		{ "src/a.c",         "src/a.c/b",      false },
		{ "./src//./a.c",    "src/a.c",        true  },
		{ "src/api",         "src/api/x.c",    true  },
		{ "src/api",         "src/api",        true  },
		{ "src/api",         "src/apix",       false },
		{ "src/api/",        "src/api/d/x.c",  true  },
		{ "src/api/",        "src/api",        true  },
		{ "src/api/**",      "src/api",        false },
		{ "src/api/**",      "src/api/d/x.c",  true  },
		{ "src/**/api",      "src/api",        true  },
		{ "src/**/api",      "src/a/b/api",    true  },
		{ "src/**/api",      "srcapi",         false },
		{ "**/api",          "api",            true  },
		{ "**/api",          "x/api",          true  },
		{ "**/api",          "xapi",           false },
		{ "a**b",            "axyb",           true  },
		{ "a**b",            "ax/yb",          false },
		{ "*.c",             "a.c",            true  },
		{ "*.c",             "src/a.c",        false },
		{ "*",               "a",              true  },
		{ "src/*",           "src/.hidden",    true  },
		{ "src/*/",          "src/a/b",        true  },
		{ "src/*/",          "src/a",          false },
		{ "**",              "a/b/c",          true  },
		{ ".",               "a/b/c",          true  },
		{ "**/",             "a",              false },
		{ "**/",             "a/b",            true  },
		{ "a?c",             "abc",            true  },
		{ "a?c",             "a/c",            false },
		{ "[!a]x",           "bx",             true  },
		{ "[!a]x",           "ax",             false },
		{ "[^a]x",           "bx",             true  },
		{ "[]a]",            "]",              true  },
		{ "[a-]",            "-",              true  },
		{ "[a-c]",           "b",              true  },
		{ "[[:digit:]_]",    "7",              true  },
		{ "[[:alpha:]]",     "7",              false },
		{ "a[.-0]b",         "a/b",            false },
		{ "[\\]]",           "]",              true  },
		{ "\\*",             "*",              true  },
		{ "\\*",             "a",              false },
		{ "{a,b}/c",         "b/c",            true  },
		{ "{a,{b,c}d}e",     "cde",            true  },
		{ "x{,.bak}",        "x.bak",          true  },
		{ "x{,.bak}",        "x",              true  },
		{ "{src/,lib/}**",   "lib/a/b",        true  },
		{ "\\{a}",           "a",              false },
		{ "with space/*",    "with space/x y", true  },
		{ "src/**",          "src/tab\there",  true  },
		{ "n\303\244me/*",   "n\303\244me/x",  true  },
		{ "-x/--force",      "-x/--force",     true  },
		/* A character is one, whatever its bytes; so is a byte that is no UTF-8. */
		{ "n?me/*",          "n\303\244me/x",  true  },
		{ "n??me",           "n\303\244me",    false },
		{ "?",               "\360\237\230\200", true },
		{ "caf?",            "caf\351",        true  },
		{ "caf??",           "caf\351",        false },
		{ "[!a]",            "\303\244",       true  },
		{ "[\303\244\303\266]", "\303\266",    true  },
		{ "[\303\244\303\266]", "\303\274",    false },
		{ "[!\303\244]",     "\303\244",       false },
		{ "[!\303\244]",     "\303\266",       true  },
		{ "[!\303\244]",     "b",              true  },
		{ "[\303\240-\303\274]", "\303\257",   true  },
		{ "[a-\342\202\254]", "\303\257",     true  },
		{ "[a-\342\202\254]", "\342\202\255", false },
		/* Composed or not is one name. */
		{ "n\303\244me",     "na\314\210me",   true  },
		{ "na\314\210me/*",  "n\303\244me/x",  true  },
		{ "n?me",            "na\314\210me",   true  },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		bool got;
		/* A closing brace alone is refused, so this row escapes both. */
		struct glob *glob = compile(strcmp(table[i].pattern, "\\{a}") == 0
						? "\\{a\\}"
						: table[i].pattern,
		    0);

		got = glob_match(glob, table[i].path);
		glob_free(glob);
		if (got != table[i].is_match)
			fail_msg("%s on %s: %d", table[i].pattern, table[i].path, got);
	}
}

/* CONFLICTS 3.4 */
static void
overlaps_are_found_with_their_shortest_path(void **state)
{
	static const struct {
		const char *a, *b, *witness; /* NULL: they cannot meet */
	} table[] = {
		/* clang-format off */
		{ "src/**/api",         "src/api",           "src/api"          },
		{ "src/**",             "src/net/tcp.c",     "src/net/tcp.c"    },
		{ "src/findings/**",    "src/decide/**",     NULL               },
		{ "src/decide/**",      "src/decide/labels.c", "src/decide/labels.c" },
		{ "src/*.c",            "src/*.h",           NULL               },
		{ "src/*a",             "src/b*",            "src/ba"           },
		{ "**/*.php",           "src/W/Exception/Log*", "src/W/Exception/Log.php" },
		{ "a/**/b",             "a/c/**",            "a/c/b"            },
		{ "*",                  "*/*",               NULL               },
		{ "*a*",                 "*ab*",              "ab"               },
		{ "web/review/",        "web/review/**",     "web/review/x"     },
		{ "web/review/",        "web/review",        "web/review"       },
		{ "docs/**",            "docs",              "docs/x"           },
		{ "pkg/.golangci.yaml", "pkg/**/*.go",       NULL               },
		{ "[a-c]x",             "[c-e]x",            "cx"               },
		{ "[!a-z]",             "[a-z]",             NULL               },
		{ "?",                  "[.]",               NULL               },
		{ "??",                 ".*",                ".x"               },
		{ "[.][.]/*",           "**",                NULL               },
		{ "[.]*",               "*[.]",              ".x."              },
		{ "{a,b}/*",            "{b,c}/*",           "b/x"              },
		{ "a/\\*",              "a/*",               "a/*"              },
		{ "a**b",               "a*b",               "ab"               },
		{ "foo/**",             "foo/",              "foo/x"            },
		{ "x",                  "x/y",               "x/y"              },
		{ "x.c",                "x.c/y",             NULL               },
		{ "[]a]",               "[[:punct:]]",       "]"                },
		{ "[a-]",               "[+-.]",             "-"                },
		{ "[[:alpha:]]*",       "[[:digit:]]*",      NULL               },
		{ "[[:alnum:]_]",       "[!a-z0-9A-Z]",      "_"                },
		{ "x{,y/}**",           "xy/z",              "xy/z"             },
		{ "{a,{b,c}/}**",       "c/d",               "c/d"              },
		{ "a b/*",              "a ?/x",             "a b/x"            },
		{ "n\303\244me",        "na\314\210m?",      "n\303\244me"      },
		{ "?",                  "??",                NULL               },
		{ "caf\351/*",          "caf?/x",            "caf\351/x"        },
		{ "part-?.c",           "part-??.c",         NULL               },
		{ "[!a]",               "\303\244",          "\303\244"         },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct glob *a = compile(table[i].a, 0), *b = compile(table[i].b, 0);

		for (int turn = 0; turn < 2; turn++) {
			AUTO_FREE char *got = NULL;
			bool is_found = glob_overlap(turn ? b : a, turn ? a : b, &got);

			if (is_found != (table[i].witness != NULL) ||
			    (is_found && strcmp(got, table[i].witness) != 0))
				fail_msg("%s and %s: %s", table[i].a, table[i].b,
				    is_found ? got : "disjoint");
		}
		glob_free(a);
		glob_free(b);
	}
}

/* Found by the fuzzer: \xC6 of one alternative and \x81 behind it are one character. */
static void
an_odd_byte_stands_only_in_names_that_are_written_out(void **state)
{
	(void)state;
	static const char *const refused[] = { "{a,b\xC6}\x81", "a/{b,c}/\xC6", "\xC6*",
		"a/?\x81", "[ab]\x81/c", "*\xF4\x8F\xBE\xBF", "\xF4\\\x8E\xBF\xBF" };
	static const char *const taken[] = { "\xC6", "a\\*\x81", "*/\xC6/**",
		"\xC6/\x81" };
	for (size_t i = 0; i < N_ELEMS(refused); i++) {
		struct err err = ERR_INIT;

		assert_null(glob_new(refused[i], 0, &err));
		assert_int_equal(err.kind, ERR_NO);
		assert_string_equal(err.fix, "match the odd byte with ? instead");
	}
	for (size_t i = 0; i < N_ELEMS(taken); i++) {
		struct err err = ERR_INIT;
		struct glob *glob = glob_new(taken[i], 0, &err);

		assert_non_null(glob);
		glob_free(glob);
	}
}

static void
what_is_no_pattern_is_refused_with_its_mend(void **state)
{
	static const char *const table[] = { "", "/etc/passwd", "../x", "a/../b",
		"\\.\\./x", "a\nb", "a\x7f", "[abc", "{a,b", "a}", "[z-a]",
		"[[:nope:]]", "a\\",
		"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}" };

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct err err = ERR_INIT;

		if (glob_new(table[i], 0, &err))
			fail_msg("accepted: %s", table[i]);
		assert_int_equal(err.kind, ERR_NO);
		assert_true(*err.text);
	}
}

static void
sixty_four_alternatives_are_the_limit(void **state)
{
	struct err err = ERR_INIT;

	glob_free(compile("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", 0));
	assert_null(glob_new("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{,c}", 0, &err));
	assert_non_null(strstr(err.text, "64"));
}

static void
the_kind_of_a_literal_decides_what_it_covers(void **state)
{
	struct glob *dir = compile("new.d", GLOB_IS_DIR);
	struct glob *file = compile("Makefile", GLOB_IS_FILE);

	assert_true(glob_match(dir, "new.d/x"));
	assert_false(glob_match(file, "Makefile/x"));
	assert_true(glob_is_literal(dir));
	glob_free(dir);
	glob_free(file);
}

static void
folding_makes_case_variants_meet(void **state)
{
	struct glob *a = compile("README.md", GLOB_FOLD_CASE);
	struct glob *b = compile("readme.*", GLOB_FOLD_CASE);
	struct glob *c = compile("readme.md", 0), *d = compile("README.md", 0);

	assert_true(glob_overlap(a, b, NULL));
	assert_true(glob_match(a, "ReadMe.MD"));
	assert_false(glob_overlap(c, d, NULL));
	glob_free(a);
	glob_free(b);
	glob_free(c);
	glob_free(d);
}

/* What is beyond ASCII folds too, as it does on the file systems that fold. */
static void
folding_knows_letters_beyond_ascii(void **state)
{
	struct glob *a = compile("\303\204RGER/*", GLOB_FOLD_CASE);
	struct glob *b = compile("\303\244rger/x", GLOB_FOLD_CASE);
	struct glob *c = compile("[\303\204]x", GLOB_FOLD_CASE);

	assert_true(glob_overlap(a, b, NULL));
	assert_true(glob_match(c, "A\314\210X"));
	glob_free(a);
	glob_free(b);
	glob_free(c);
}

/* CONFLICTS 3.4: a write through a link is a write to where it leads. */
static void
what_is_matched_below_a_link_is_matched_where_it_leads(void **state)
{
	static const struct {
		const char *pattern, *from, *to, *yes,
		    *no; /* YES NULL: matches nothing there */
	} table[] = {
		{ "link/*.c", "link", "real/dir", "real/dir/a.c", "real/dir/a.h" },
		{ "**/*.c", "link", "real", "real/x/a.c", "real/a.h" },
		{ "l*/a/**", "link", "real", "real/a/b", "real/b" },
		{ "link/a.c", "link", "real", "real/a.c", "real/b.c" },
		{ "link/", "link", "real", "real/deep/x", "reality" },
		{ "link", "link", "real", "real", "other" },
		{ "other/**", "link", "real", NULL, NULL },
		{ "link2/*", "link", "real", NULL, NULL },
		{ "link/*", "link", "", "anything/at/all", NULL },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct glob *glob = compile(table[i].pattern, 0);
		struct glob *through = glob_through(
		    glob, table[i].from, table[i].to, false);

		if ((through != NULL) != (table[i].yes != NULL))
			fail_msg("%s through %s", table[i].pattern, table[i].from);
		if (through && (!glob_match(through, table[i].yes) ||
				   (table[i].no && glob_match(through, table[i].no))))
			fail_msg("%s leads elsewhere", table[i].pattern);
		glob_free(through);
		glob_free(glob);
	}
}

static void
what_is_subtracted_is_subtracted_exactly(void **state)
{
	static const struct {
		const char *a, *b, *without, *witness; /* NULL: nothing is left */
	} table[] = {
		{ "src/**", "src/**", "src/gen/**", "src/x" },
		{ "src/**", "src/gen/**", "src/gen/**", NULL },
		{ "src/gen/**", "src/gen/**", "src/**/*.c", "src/gen/x" },
		{ "*.c", "a*", "a*c", NULL },
		{ "*.c", "a*", "ab*", "a.c" },
		{ "[ab]", "[bc]", "b", NULL },
		{ "?", "?", "[!x-z]", "x" },
		{ ".*", "*", ".?", ".x." },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct glob *a = compile(table[i].a, 0), *b = compile(table[i].b, 0);
		struct glob *without = compile(table[i].without, 0);
		const struct glob *list[] = { without };
		AUTO_FREE char *got = NULL;
		bool is_left = glob_overlap_without(a, b, list, 1, &got);

		if (is_left != (table[i].witness != NULL) ||
		    (is_left && strlen(got) != strlen(table[i].witness)))
			fail_msg("%s and %s without %s: %s", table[i].a, table[i].b,
			    table[i].without, got ? got : "nothing");
		glob_free(a);
		glob_free(b);
		glob_free(without);
	}
}

static void
prefix_directory_and_sample_describe_the_pattern(void **state)
{
	static const struct {
		const char *pattern, *prefix, *directory, *sample;
	} table[] = {
		/* clang-format off */
		{ "src/api/*.h",   "src/api/",    "src/api", "src/api/x.h"   },
		{ "notes/r1.md",   "notes/r1.md", "notes",   "notes/r1.md"   },
		{ "src/**",        "src/",        NULL,      "src/x"         },
		{ "web/review/",   "web/review",  NULL,      "web/review/x"  },
		{ "README.md",     "README.md",   NULL,      "README.md"     },
		{ "**/*.sql",      "",            NULL,      "x/x.sql"       },
		{ "a/{b,c}.md",    "a/",          "a",       "a/b.md"        },
		{ "a/{b,c/d}.md",  "a/",          NULL,      "a/b.md"        },
		{ ".",             "",            NULL,      "x"             },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct glob *glob = compile(table[i].pattern, 0);
		size_t n_directory;

		assert_string_equal(glob_prefix(glob), table[i].prefix);
		assert_string_equal(glob_sample(glob), table[i].sample);
		n_directory = table[i].directory ? strlen(table[i].directory) : 0;
		assert_int_equal(glob_directory(glob), n_directory);
		if (n_directory > 0)
			assert_memory_equal(
			    glob_prefix(glob), table[i].directory, n_directory);
		glob_free(glob);
	}
}

static char *
repeat(const char *unit, size_t n)
{
	size_t len = strlen(unit);
	char *s = xmalloc(n * len + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(s + i * len, unit, len);
	s[n * len] = '\0';
	return s;
}

static void
ten_thousand_stars_are_decided_at_once(void **state)
{
	AUTO_FREE char *stars = repeat("*a", 10000), *just = repeat("a*", 500);
	AUTO_FREE char *path = repeat("ab", 1000);
	struct glob *a = compile(stars, 0), *b = compile(just, 0);

	assert_true(glob_is_capped(a));
	assert_false(glob_is_capped(b));
	assert_true(glob_overlap(a, b, NULL));
	assert_true(glob_overlap(b, b, NULL));
	assert_true(glob_match(b, path));
	glob_free(a);
	glob_free(b);
}

/* Issue 4, "Bad input": an answer or a refusal, at once. */
static void
a_pattern_of_a_megabyte_is_refused(void **state)
{
	AUTO_FREE char *mega = repeat("a*", 512 * 1024),
		       *braces = repeat("{a,b}", 13000);
	AUTO_FREE char *nested = repeat("{a,", 20000),
		       *classes = repeat("[a-z]", 13000);
	const char *const refused[] = { mega, braces, nested };
	struct err err = ERR_INIT;
	struct glob *glob;

	for (size_t i = 0; i < N_ELEMS(refused); i++)
		assert_null(glob_new(refused[i], 0, &err));
	glob = compile(classes, GLOB_FOLD_CASE);
	assert_true(glob_is_capped(glob));
	glob_free(glob);
}

static void
a_capped_pattern_keeps_its_literal_prefix(void **state)
{
	AUTO_FREE char *stars = repeat("*a", 3000);
	AUTO_FREE char *pattern = xasprintf("src/gen%s", stars);
	struct glob *a = compile(pattern, 0), *b = compile("src/net/**", 0);
	struct glob *c = compile("src/**/*.c", 0);

	assert_true(glob_is_capped(a));
	assert_false(glob_overlap(a, b, NULL));
	assert_true(glob_overlap(a, c, NULL));
	assert_true(glob_match(a, "src/general/x"));
	glob_free(a);
	glob_free(b);
	glob_free(c);
}

/* Also of what a link leads to, whose states no text would make again, and of the capped. */
static void
what_was_made_to_compare_is_made_again_as_it_was(void **state)
{
	AUTO_FREE char *stars = repeat("*a", 3000);
	struct glob *deep = compile("a/**/[!b]*.c", 0), *glob[] = { deep,
		compile("x/*/y?.c", 0), compile("{a,x}/b*", 0), compile(stars, 0),
		glob_through(deep, "a/b", "x/y", false) };
	static const char *const paths[] = { "a/b/c.c", "x/y/c.c", "x/y/ya.c", "a/bb",
		"aaa" };
	bool matches[N_ELEMS(glob)][N_ELEMS(paths)],
	    meets[N_ELEMS(glob)][N_ELEMS(glob)];

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < N_ELEMS(glob); i++) {
			for (size_t k = 0; k < N_ELEMS(paths); k++) {
				bool now = glob_match(glob[i], paths[k]);

				assert_int_equal(round ? matches[i][k] : now, now);
				matches[i][k] = now;
			}
			for (size_t k = 0; k < N_ELEMS(glob); k++) {
				bool now = glob_overlap(glob[i], glob[k], NULL);

				assert_int_equal(round ? meets[i][k] : now, now);
				meets[i][k] = now;
			}
		}
		for (size_t i = 0; i < N_ELEMS(glob); i++)
			glob_forget_states(glob[i]);
		assert_null(deep->own_states);
	}
	assert_true(glob_is_capped(glob[3]));
	assert_true(glob_match(glob[4], "x/y/c.c"));
	for (size_t i = 0; i < N_ELEMS(glob); i++)
		glob_free(glob[i]);
}

/* Everything that is known of A and of B, beside the text of the pattern. */
static bool
is_known_alike(const struct glob *a, const struct glob *b)
{
	const char *name = glob_name_prefix(a), *other = glob_name_prefix(b);

	return a->needs == b->needs && a->flags == b->flags &&
	       a->n_prefix == b->n_prefix && a->n_directory == b->n_directory &&
	       a->n_positions == b->n_positions && a->is_literal == b->is_literal &&
	       a->covers_below == b->covers_below &&
	       a->ends_in_name == b->ends_in_name &&
	       strcmp(glob_prefix(a), glob_prefix(b)) == 0 &&
	       strcmp(glob_sample(a), glob_sample(b)) == 0 &&
	       (!name || strcmp(name, other) == 0) &&
	       (!name || strcmp(glob_room(a, a->name_suffix),
			     glob_room(b, b->name_suffix)) == 0);
}

/* A backslash before one of its letters: says the same, and is read letter by letter. */
static bool
escape_a_letter(const char *text, char *escaped)
{
	size_t at = strcspn(text, "ax");

	if (!text[at])
		return false;
	memcpy(escaped, text, at);
	escaped[at] = '\\';
	memcpy(escaped + at + 1, text + at, strlen(text) - at + 1);
	return true;
}

/* Random patterns of names, stars and dots, and what a look at each byte misses. */
static void
a_pattern_read_at_a_glance_is_as_one_taken_apart(void **state)
{
	static const char letter[] = "aaxx//**..c-[?";
	static const unsigned flags[] = { 0, GLOB_IS_DIR, GLOB_IS_FILE,
		GLOB_FOLD_CASE };
	uint64_t seed = 4;
	size_t n_alike = 0;

	for (int i = 0; i < 200000; i++) {
		char text[16], escaped[20];
		unsigned flag = flags[i % N_ELEMS(flags)];
		size_t n = 1 + (size_t)i % 13;
		struct glob *quick, *slow;

		for (size_t k = 0; k < n; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			text[k] = letter[(seed >> 33) % (N_ELEMS(letter) - 1)];
		}
		text[n] = '\0';
		if (!escape_a_letter(text, escaped))
			continue;
		quick = glob_new(text, flag, NULL);
		slow = glob_new(escaped, flag, NULL);
		if (!quick != !slow || (quick && !is_known_alike(quick, slow)))
			fail_msg("%s and %s, flags %u", text, escaped, flag);
		n_alike += quick != NULL;
		glob_free(quick);
		glob_free(slow);
	}
	assert_true(n_alike > 50000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_gitignore_reads_them),
		cmocka_unit_test(overlaps_are_found_with_their_shortest_path),
		cmocka_unit_test(what_is_no_pattern_is_refused_with_its_mend),
		cmocka_unit_test(an_odd_byte_stands_only_in_names_that_are_written_out),
		cmocka_unit_test(sixty_four_alternatives_are_the_limit),
		cmocka_unit_test(the_kind_of_a_literal_decides_what_it_covers),
		cmocka_unit_test(folding_makes_case_variants_meet),
		cmocka_unit_test(folding_knows_letters_beyond_ascii),
		cmocka_unit_test(
		    what_is_matched_below_a_link_is_matched_where_it_leads),
		cmocka_unit_test(what_is_subtracted_is_subtracted_exactly),
		cmocka_unit_test(prefix_directory_and_sample_describe_the_pattern),
		cmocka_unit_test(ten_thousand_stars_are_decided_at_once),
		cmocka_unit_test(a_pattern_of_a_megabyte_is_refused),
		cmocka_unit_test(a_capped_pattern_keeps_its_literal_prefix),
		cmocka_unit_test(what_was_made_to_compare_is_made_again_as_it_was),
		cmocka_unit_test(a_pattern_read_at_a_glance_is_as_one_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
