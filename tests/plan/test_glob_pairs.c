/*
 * Random pairs of patterns against an oracle: a matcher of its own that backtracks over the
 * text of a pattern (oracle.h), and all paths of up to five characters.  It shares no code and no idea
 * with the automata.
 *
 * usage: test_plan_glob_pairs [PATTERNS]: N patterns make N * (N + 1) / 2 pairs; 1500 make
 * more than a million.
 */
#include "plan/glob.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "oracle.h"

/*
 * The oracle knows characters, not bytes: w stands for U+00E4, which the real strings spell
 * in one or in two code points.
 */
#define MAX_CHARS 5
#define MAX_PATHS 9400
#define N_WORDS   (MAX_PATHS / 64 + 1)

static const char alphabet[] = "aAbw./";
static char oracle_path[MAX_PATHS][MAX_CHARS + 1];
static size_t path_bytes[MAX_PATHS];
static size_t n_paths;
static size_t n_wanted = 300;

static void
fill_paths(char *buf, size_t n)
{
	buf[n] = '\0';
	if (n > 0 && is_path(buf)) {
		for (const char *p = buf; *p; p++)
			path_bytes[n_paths] += *p == 'w' ? 2 : 1;
		memcpy(oracle_path[n_paths++], buf, n + 1);
	}
	if (n == MAX_CHARS)
		return;
	for (const char *c = alphabet; *c; c++) {
		buf[n] = *c;
		fill_paths(buf, n + 1);
	}
}

/* The real text of characters; DECOMPOSED spells w as a letter and its dots. */
static char *
real_text(const char *chars, bool decomposed)
{
	char *text = xmalloc(3 * strlen(chars) + 1), *at = text;

	for (; *chars; chars++) {
		if (*chars == 'w')
			at = stpcpy(at, decomposed ? "a\314\210" : "\303\244");
		else
			*at++ = *chars;
	}
	*at = '\0';
	return text;
}

/* The characters of a real path; one that the alphabet lacks becomes u. */
static char *
chars_of(const char *real)
{
	char *chars = xmalloc(strlen(real) + 1), *at = chars;

	while (*real) {
		unsigned char c = (unsigned char)*real;
		size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

		if (strncmp(real, "\303\244", 2) == 0)
			*at++ = 'w';
		else
			*at++ = n == 1 ? *real : 'u';
		for (; n > 0 && *real; n--)
			real++;
	}
	*at = '\0';
	return chars;
}

static void
random_pattern(char *buf, uint32_t *seed)
{
	static const char *const unit[] = { "a", "b", "A", "w", "a", "b", ".", "/", "/",
		"*", "*", "?", "**/", "/**", "**", "{a,b/}" };
	size_t n = 1 + next_random(seed) % 6;

	*buf = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t k = next_random(seed) % (N_ELEMS(unit) + 4);

		strcat(buf, k < N_ELEMS(unit)
				? unit[k]
				: brackets[next_random(seed) % N_ELEMS(brackets)].text);
	}
}

struct sample {
	char text[96];
	struct glob *glob;
	uint64_t on[N_WORDS];
};

static void
check_pair(const struct sample *a, const struct sample *b)
{
	AUTO_FREE char *witness = NULL;
	AUTO_FREE char *chars = NULL;
	bool is_found = glob_overlap(a->glob, b->glob, &witness);
	size_t shortest = SIZE_MAX, which = 0;

	for (size_t w = 0; w < N_WORDS; w++) {
		for (uint64_t left = a->on[w] & b->on[w]; left; left &= left - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(left);

			if (path_bytes[i] < shortest) {
				shortest = path_bytes[i];
				which = i;
			}
		}
	}
	if (!is_found) {
		if (shortest != SIZE_MAX)
			fail_msg("missed: %s and %s share %s", a->text, b->text,
			    oracle_path[which]);
		return;
	}
	chars = chars_of(witness);
	if (!is_path(chars) || !matches(a->text, chars) || !matches(b->text, chars))
		fail_msg("false witness %s for %s and %s", chars, a->text, b->text);
	if (strlen(witness) > shortest)
		fail_msg(
		    "%s is no shortest witness for %s and %s", chars, a->text, b->text);
	if (shortest == SIZE_MAX && strspn(chars, alphabet) == strlen(chars) &&
	    strlen(chars) <= MAX_CHARS)
		fail_msg("the oracle missed %s for %s and %s", chars, a->text, b->text);
}

static bool
sample_fill(struct sample *s, uint32_t *seed)
{
	AUTO_FREE char *real = NULL;
	bool decomposed = next_random(seed) % 2;

	random_pattern(s->text, seed);
	real = real_text(s->text, decomposed);
	s->glob = glob_new(real, folds ? GLOB_FOLD_CASE : 0, NULL);
	if (!s->glob)
		return false;
	memset(s->on, 0, sizeof(s->on));
	for (size_t i = 0; i < n_paths; i++) {
		AUTO_FREE char *path = real_text(oracle_path[i], i % 2);
		bool is_match = matches(s->text, oracle_path[i]);

		if (is_match)
			s->on[i / 64] |= (uint64_t)1 << (i % 64);
		if (glob_match(s->glob, path) != is_match)
			fail_msg("%s on %s: the oracle says %d", s->text,
			    oracle_path[i], is_match);
	}
	return true;
}

/* None missed, no false witness, none longer than needed (CONFLICTS G1). */
static void
check_random_pairs(uint32_t seed)
{
	struct sample *sample = xcalloc(n_wanted, sizeof(*sample));

	for (size_t n = 0; n < n_wanted;)
		n += sample_fill(&sample[n], &seed);
	for (size_t i = 0; i < n_wanted; i++) {
		for (size_t j = i; j < n_wanted; j++)
			check_pair(&sample[i], &sample[j]);
	}
	for (size_t i = 0; i < n_wanted; i++)
		glob_free(sample[i].glob);
	free(sample);
}

static void
random_pairs_agree_with_the_oracle(void **state)
{
	folds = false;
	check_random_pairs(20260731);
}

static void
random_pairs_agree_where_case_is_folded(void **state)
{
	folds = true;
	check_random_pairs(20261122);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pairs_agree_with_the_oracle),
		cmocka_unit_test(random_pairs_agree_where_case_is_folded),
	};
	char buf[MAX_CHARS + 1];

	if (argc > 1)
		n_wanted = strtoul(argv[1], NULL, 10);
	fill_paths(buf, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
