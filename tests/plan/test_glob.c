#include "plan/glob.h"

#include "base/mem.h"

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

		assert_string_equal(glob_prefix(glob), table[i].prefix);
		assert_string_equal(glob_sample(glob), table[i].sample);
		if (table[i].directory)
			assert_string_equal(glob_directory(glob), table[i].directory);
		else
			assert_null(glob_directory(glob));
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

/*
 * The oracle: a matcher of its own that backtracks over the text of a pattern, and all
 * paths of up to five bytes.  It shares no code and no idea with the automata.
 */
#define ORACLE_BYTES 5
static const char oracle_alphabet[] = "ab./";
static char oracle_path[2048][ORACLE_BYTES + 1];
static size_t n_oracle_paths;

static bool
oracle_is_path(const char *s)
{
	const char *p = s;

	for (;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && !strncmp(p, "..", 2)))
			return false;
		if (!p[n])
			return true;
		p += n + 1;
	}
}

static void
oracle_fill(char *buf, size_t n)
{
	buf[n] = '\0';
	if (n > 0 && oracle_is_path(buf))
		memcpy(oracle_path[n_oracle_paths++], buf, n + 1);
	if (n == ORACLE_BYTES)
		return;
	for (const char *c = oracle_alphabet; *c; c++) {
		buf[n] = *c;
		oracle_fill(buf, n + 1);
	}
}

/* One name against one name pattern: * ? [ab] [!a] and plain bytes. */
static bool
oracle_name(const char *p, const char *p_end, const char *s, const char *s_end)
{
	if (p == p_end)
		return s == s_end;
	if (*p == '*')
		return oracle_name(p + 1, p_end, s, s_end) ||
		       (s < s_end && oracle_name(p, p_end, s + 1, s_end));
	if (s == s_end)
		return false;
	if (*p == '?')
		return oracle_name(p + 1, p_end, s + 1, s_end);
	if (*p == '[') {
		const char *end = memchr(p, ']', (size_t)(p_end - p));
		bool is_negated = p[1] == '!';
		bool has = memchr(p + 1 + is_negated, *s,
			       (size_t)(end - p - 1 - is_negated)) != NULL;

		return has != is_negated && oracle_name(end + 1, p_end, s + 1, s_end);
	}
	return *p == *s && oracle_name(p + 1, p_end, s + 1, s_end);
}

struct oracle {
	const char *name[16];
	size_t n_names;
	bool has_slash_end, covers, is_literal;
};

static bool
oracle_names(const struct oracle *o, size_t i, const char *path)
{
	const char *end = path + strcspn(path, "/");
	const char *p;

	if (i == o->n_names)
		return false;
	p = o->name[i];
	if (strspn(p, "*") == strlen(p) && strlen(p) >= 2) {
		if (i + 1 == o->n_names)
			return o->has_slash_end ? *end == '/' : true;
		return oracle_names(o, i + 1, path) ||
		       (*end && oracle_names(o, i, end + 1));
	}
	if (!oracle_name(p, p + strlen(p), path, end))
		return false;
	if (i + 1 < o->n_names)
		return *end && oracle_names(o, i + 1, end + 1);
	if (o->is_literal)
		return !*end || o->covers;
	return o->has_slash_end ? *end == '/' : !*end;
}

static bool
oracle_alternative(const char *pattern, const char *path)
{
	struct oracle o = { .has_slash_end = pattern[strlen(pattern) - 1] == '/' };
	AUTO_FREE char *copy = xstrdup(pattern);
	const char *last;
	char *rest = copy, *name;

	o.is_literal = strpbrk(pattern, "*?[") == NULL;
	while ((name = strsep(&rest, "/"))) {
		if (*name && strcmp(name, ".") != 0)
			o.name[o.n_names++] = name;
	}
	if (o.n_names == 0)
		return true;
	last = o.name[o.n_names - 1];
	o.covers = o.has_slash_end || !strchr(last + 1, '.');
	return oracle_names(&o, 0, path);
}

/* The only braces the generator makes are {a,b/}. */
static bool
oracle_match(const char *pattern, const char *path)
{
	const char *brace = strchr(pattern, '{');

	if (!brace)
		return oracle_alternative(pattern, path);
	for (int i = 0; i < 2; i++) {
		AUTO_FREE char *alt = xasprintf("%.*s%s%s", (int)(brace - pattern),
		    pattern, i ? "b/" : "a", brace + strlen("{a,b/}"));

		if (oracle_match(alt, path))
			return true;
	}
	return false;
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void
random_pattern(char *buf, uint32_t *seed)
{
	static const char *const unit[] = { "a", "b", "a", "b", ".", "/", "/", "*", "*",
		"?", "[ab]", "[!a]", "**/", "/**", "**", "{a,b/}" };
	size_t n = 1 + next_random(seed) % 6;

	*buf = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(buf, unit[next_random(seed) % N_ELEMS(unit)]);
}

#define N_RANDOM 360

struct sample {
	char text[64];
	struct glob *glob;
	bool matches[2048];
};

static void
check_pair(const struct sample *a, const struct sample *b)
{
	AUTO_FREE char *witness = NULL;
	const char *shortest = NULL;
	bool is_found = glob_overlap(a->glob, b->glob, &witness);

	for (size_t i = 0; i < n_oracle_paths; i++) {
		if (a->matches[i] && b->matches[i] &&
		    (!shortest || strlen(oracle_path[i]) < strlen(shortest)))
			shortest = oracle_path[i];
	}
	if (!is_found) {
		if (shortest)
			fail_msg(
			    "missed: %s and %s share %s", a->text, b->text, shortest);
		return;
	}
	if (!oracle_is_path(witness) || !oracle_match(a->text, witness) ||
	    !oracle_match(b->text, witness))
		fail_msg("false witness %s for %s and %s", witness, a->text, b->text);
	if (shortest ? strlen(witness) != strlen(shortest)
		     : strlen(witness) <= ORACLE_BYTES && !strchr(witness, 'x'))
		fail_msg("%s is no shortest witness for %s and %s", witness, a->text,
		    b->text);
}

/* 65,000 pairs: none missed, no false witness, none longer than needed. */
static void
random_pairs_agree_with_the_oracle(void **state)
{
	struct sample *sample = xcalloc(N_RANDOM, sizeof(*sample));
	char buf[ORACLE_BYTES + 1];
	uint32_t seed = 20260731;
	size_t n = 0;

	oracle_fill(buf, 0);
	while (n < N_RANDOM) {
		struct sample *s = &sample[n];

		random_pattern(s->text, &seed);
		s->glob = glob_new(s->text, 0, NULL);
		if (!s->glob)
			continue;
		for (size_t i = 0; i < n_oracle_paths; i++) {
			s->matches[i] = oracle_match(s->text, oracle_path[i]);
			if (glob_match(s->glob, oracle_path[i]) != s->matches[i])
				fail_msg("%s on %s: the oracle says %d", s->text,
				    oracle_path[i], s->matches[i]);
		}
		n++;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i; j < n; j++)
			check_pair(&sample[i], &sample[j]);
	}
	for (size_t i = 0; i < n; i++)
		glob_free(sample[i].glob);
	free(sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_gitignore_reads_them),
		cmocka_unit_test(overlaps_are_found_with_their_shortest_path),
		cmocka_unit_test(what_is_no_pattern_is_refused_with_its_mend),
		cmocka_unit_test(sixty_four_alternatives_are_the_limit),
		cmocka_unit_test(the_kind_of_a_literal_decides_what_it_covers),
		cmocka_unit_test(folding_makes_case_variants_meet),
		cmocka_unit_test(prefix_directory_and_sample_describe_the_pattern),
		cmocka_unit_test(ten_thousand_stars_are_decided_at_once),
		cmocka_unit_test(a_capped_pattern_keeps_its_literal_prefix),
		cmocka_unit_test(random_pairs_agree_with_the_oracle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
