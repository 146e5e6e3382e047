/*
 * Random plans in repositories with symbolic links, submodules, tracked files and renames,
 * against an oracle that knows no automata (oracle.h): a path is touched when a name of it is
 * matched, names are found by putting links back in where they lead to, and the three
 * questions are asked of every path of up to six characters.  No collision is missed, and no
 * witness is false (CONFLICTS 3.4, G1).
 *
 * usage: test_plan_aliases [PLANS]: each is of 200 phases, 19,900 pairs; 51 are a million.
 */
#include "plan/verdict.h"

#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "oracle.h"

enum { N_PHASES = 200, MAX_CHARS = 6, MAX_PATHS = 4096, MAX_NAMES = 64, MAX_NAME = 24 };

/* What a phase does with a path. */
enum { READS = 1, WRITES = 2, REMOVES = 4, ARRIVES = 8 };

static char path[MAX_PATHS][MAX_CHARS + 1];
static size_t n_paths, n_plans = 3;

struct world {
	struct tracked_link link[3];
	const char *submodule[1];
	const char *tracked[12];
	size_t n_links, n_submodules, n_tracked;
	bool is_exact; /* no link leads to the root, no case is folded */
};

struct deed {
	char pattern[64];
	unsigned char does;
};

struct actor {
	struct deed deed[2];
	size_t n_deeds;
	unsigned in_submodule;
	unsigned char on[MAX_PATHS];
	char said[160];
};

static void
fill_paths(char *buf, size_t n)
{
	buf[n] = '\0';
	if (n > 0 && is_path(buf)) {
		assert_true(n_paths < MAX_PATHS);
		memcpy(path[n_paths++], buf, n + 1);
	}
	for (const char *c = "abc/"; n < MAX_CHARS && *c; c++) {
		buf[n] = *c;
		fill_paths(buf, n + 1);
	}
}

/* What stands behind FROM in TEXT, which is FROM itself or below it; else NULL. */
static const char *
behind(const char *text, const char *from)
{
	size_t n = strlen(from);

	if (n == 0)
		return text;
	for (size_t i = 0; i < n; i++) {
		if (!text[i] || !same_char(text[i], from[i]))
			return NULL;
	}
	return text[n] == '\0' || text[n] == '/' ? text + n : NULL;
}

/* Every name of the file TEXT: a link stands wherever it leads to. */
static size_t
names_of(const struct world *world, const char *text, char name[][MAX_NAME])
{
	size_t n = 1;

	snprintf(name[0], MAX_NAME, "%s", text);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < world->n_links; k++) {
			const struct tracked_link *link = &world->link[k];
			const char *rest = behind(name[i], link->to);
			AUTO_FREE char *other = NULL;
			bool is_known = false;

			if (!rest)
				continue;
			other = xasprintf(
			    "%s%s%s", link->path, *link->to ? "" : "/", rest);
			for (size_t m = 0; m < n && !is_known; m++)
				is_known = strcmp(name[m], other) == 0;
			if (is_known || n == MAX_NAMES || strlen(other) >= MAX_NAME)
				continue;
			memcpy(name[n++], other, strlen(other) + 1);
		}
	}
	return n;
}

static bool
is_tracked_file(const struct world *world, const char *text)
{
	for (size_t i = 0; i < world->n_tracked; i++) {
		if (strcmp(world->tracked[i], text) == 0)
			return true;
	}
	return false;
}

/* A plain path that is a tracked file, and no link, stands for nothing below it. */
static bool
deed_matches(const struct world *world, const struct deed *deed, const char *text)
{
	bool is_file = is_tracked_file(world, deed->pattern);

	for (size_t i = 0; i < world->n_links; i++)
		is_file = is_file && strcmp(world->link[i].path, deed->pattern) != 0;
	return is_file ? strcmp(deed->pattern, text) == 0
		       : matches(deed->pattern, text);
}

/* What ACTOR does with TEXT by any of its names. */
static unsigned
does_by_name(const struct world *world, const struct actor *actor, const char *text)
{
	char name[MAX_NAMES][MAX_NAME];
	size_t n = names_of(world, text, name);
	unsigned does = 0;

	for (size_t d = 0; d < actor->n_deeds; d++) {
		for (size_t i = 0; i < n && !(does & actor->deed[d].does); i++) {
			if (deed_matches(world, &actor->deed[d], name[i]))
				does |= actor->deed[d].does;
		}
	}
	return does;
}

/* The submodule that TEXT is or is below; NULL when it is in none. */
static const char *
submodule_of(const struct world *world, const char *text)
{
	for (size_t i = 0; i < world->n_submodules; i++) {
		if (behind(text, world->submodule[i]))
			return world->submodule[i];
	}
	return NULL;
}

/* Whatever is done below a submodule, of which a world has one, is done to all of it. */
static unsigned
does(const struct world *world, const struct actor *actor, const char *text)
{
	return does_by_name(world, actor, text) |
	       (submodule_of(world, text) ? actor->in_submodule : 0);
}

/* All that ACTOR does with SUBMODULE and below, as far as the paths of the oracle go. */
static unsigned
does_below(const struct world *world, const struct actor *actor, const char *submodule)
{
	unsigned does = does_by_name(world, actor, submodule);

	for (size_t i = 0; i < n_paths; i++) {
		AUTO_FREE char *below = xasprintf("%s/%s", submodule, path[i]);
		AUTO_FREE char *deep = xasprintf("%s/c", below);

		does |= does_by_name(world, actor, below);
		does |= does_by_name(world, actor, deep);
	}
	return does;
}

static void
fill_actor(const struct world *world, struct actor *actor)
{
	if (world->n_submodules > 0)
		actor->in_submodule = does_below(world, actor, world->submodule[0]);
	for (size_t i = 0; i < n_paths; i++)
		actor->on[i] = (unsigned char)does(world, actor, path[i]);
}

/* What follows from one path with which one does A and the other B. */
static enum verdict
verdict_of(unsigned a, unsigned b)
{
	unsigned makes = WRITES | ARRIVES, removes = REMOVES | ARRIVES;

	if (!a || !b || (a == READS && b == READS))
		return VERDICT_PARALLEL;
	if (((a & READS) && (b & makes)) || ((b & READS) && (a & makes)) ||
	    (a & removes) || (b & removes))
		return VERDICT_SEQUENTIAL;
	return a & b & WRITES ? VERDICT_PARALLEL_BRANCHES : VERDICT_PARALLEL;
}

/* ---- worlds and plans ------------------------------------------------------------------- */

static const char *
pick(const char *const *word, size_t n, uint32_t *seed)
{
	return word[next_random(seed) % n];
}

/* Can a tree have TEXT beside what WORLD tracks? */
static bool
is_free(const struct world *world, const char *text)
{
	for (size_t i = 0; i < world->n_tracked; i++) {
		if (behind(text, world->tracked[i]) || behind(world->tracked[i], text))
			return false;
	}
	return submodule_of(world, text) == NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
make_world(struct world *world, uint32_t *seed)
{
	static const char *const places[] = { "a", "b", "c", "a/b", "b/a", "c/c",
		"ab" };
	static const char *const ends[] = { "a", "b", "c", "b/b", "a/c", "c/a", "a/b/c",
		"ba", "" };
	static const char *const files[] = { "a", "b/c", "a/a", "c/b/a", "b", "ca",
		"a/b/a", "b/b/b" };
	size_t n_links = next_random(seed) % 4, n_files = next_random(seed) % 5;

	*world = (struct world){ .is_exact = !folds };
	for (size_t i = 0; i < n_links; i++) {
		const char *from = pick(places, N_ELEMS(places), seed);
		const char *to = pick(ends, N_ELEMS(ends), seed);

		if (!is_free(world, from) || strcmp(from, to) == 0 ||
		    (*to && behind(to, from)))
			continue;
		world->link[world->n_links++] = (struct tracked_link){ from, to };
		world->tracked[world->n_tracked++] = from;
		world->is_exact = world->is_exact && *to;
	}
	if (next_random(seed) % 3 == 0) {
		const char *place = pick(places, N_ELEMS(places), seed);

		if (is_free(world, place)) {
			world->submodule[world->n_submodules++] = place;
			world->tracked[world->n_tracked++] = place;
		}
	}
	for (size_t i = 0; i < n_files; i++) {
		const char *file = pick(files, N_ELEMS(files), seed);

		if (is_free(world, file))
			world->tracked[world->n_tracked++] = file;
	}
	qsort(world->tracked, world->n_tracked, sizeof(*world->tracked), by_text);
}

static void
random_pattern(char *buf, size_t max, uint32_t *seed)
{
	static const char *const unit[] = { "a", "b", "c", "a", "b", "c", "/", "/", "/",
		"a/", "b/", "*", "?", "**/", "/**", "[ab]", "[!a]", "{a,b/}" };

	do {
		size_t n = 1 + next_random(seed) % max;
		bool has_brace = false;

		*buf = '\0';
		for (size_t i = 0; i < n; i++) {
			const char *next = pick(unit, N_ELEMS(unit), seed);

			if (*next == '{' && has_brace)
				continue;
			has_brace = has_brace || *next == '{';
			strcat(buf, next);
		}
	} while (*buf == '/' || strstr(buf, "***") || strstr(buf, "//") ||
		 strspn(buf, "/") == strlen(buf));
}

/* Does a tree of WORLD have TEXT as a directory?  A submodule is one. */
static bool
is_tracked_directory(const struct world *world, const char *text)
{
	for (size_t i = 0; i < world->n_tracked; i++) {
		const char *rest = behind(world->tracked[i], text);

		if (rest && *rest == '/')
			return true;
	}
	for (size_t i = 0; i < world->n_submodules; i++) {
		if (strcmp(world->submodule[i], text) == 0)
			return true;
	}
	return false;
}

static void
make_actor(const struct world *world, struct actor *actor, uint32_t *seed)
{
	static const char *const words[] = { "writes", "writes", "creates", "appends",
		"reads", "reads", "deletes", "renames", "renames" };
	const char *word = pick(words, N_ELEMS(words), seed);
	struct deed *deed = actor->deed, *to = deed + 1;
	/* Below a submodule the oracle goes no deeper than eight characters. */
	size_t max = world->n_submodules ? 3 : 5;

	*actor = (struct actor){ .n_deeds = 1 };
	random_pattern(deed->pattern, max, seed);
	deed->does = *word == 'r' && word[2] == 'a' ? READS
		     : *word == 'd' || *word == 'r' ? REMOVES
						    : WRITES;
	snprintf(actor->said, sizeof(actor->said), "%s=%s", word, deed->pattern);
	if (strcmp(word, "renames") != 0)
		return;
	random_pattern(to->pattern, max, seed);
	to->does = ARRIVES;
	actor->n_deeds = 2;
	strcat(strcat(actor->said, ">"), to->pattern);
	/* Where a directory goes to is one. */
	if ((deed->pattern[strlen(deed->pattern) - 1] == '/' ||
		(!strpbrk(deed->pattern, "*?[{") &&
		    is_tracked_directory(world, deed->pattern))) &&
	    to->pattern[strlen(to->pattern) - 1] != '/')
		strcat(to->pattern, "/");
}

/* ---- both asked ----------------------------------------------------------------------------- */

/* A tracked file that one of the two uses as a directory. */
static bool
is_collision(const struct world *world, const struct actor *a, const struct actor *b,
    const char *witness)
{
	const struct actor *side[] = { a, b };

	if (!is_tracked_file(world, witness))
		return false;
	for (int s = 0; s < 2; s++) {
		if (!does(world, side[!s], witness))
			continue;
		for (size_t i = 0; i < n_paths; i++) {
			AUTO_FREE char *below = xasprintf("%s/%s", witness, path[i]);
			AUTO_FREE char *deep = xasprintf("%s/c", below);

			if (does_by_name(world, side[s], below) ||
			    does_by_name(world, side[s], deep))
				return true;
		}
	}
	return false;
}

/* What follows from TEXT alone; of a submodule there is one commit, and two cannot move it. */
static enum verdict
verdict_at(const struct world *world, const struct actor *a, const struct actor *b,
    const char *text)
{
	enum verdict verdict = verdict_of(does(world, a, text), does(world, b, text));

	return verdict == VERDICT_PARALLEL_BRANCHES && submodule_of(world, text)
		   ? VERDICT_SEQUENTIAL
		   : verdict;
}

static void
check_pair(const struct world *world, const struct pair *pair, const struct actor *a,
    const struct actor *b)
{
	const char *witness = pair->grounds->witness;
	enum verdict wanted = VERDICT_PARALLEL;
	size_t which = 0;

	for (size_t i = 0; i < n_paths && wanted < VERDICT_SEQUENTIAL; i++) {
		enum verdict one = verdict_of(a->on[i], b->on[i]);

		if (one > wanted) {
			wanted = one;
			which = i;
		}
	}
	if (pair->verdict < wanted)
		fail_msg("missed: %s, and both do something to %s\n%s\n%s",
		    verdict_name(pair->verdict), path[which], a->said, b->said);
	if (pair->verdict == VERDICT_PARALLEL || pair->kind == PAIR_DIRECTORY ||
	    !world->is_exact)
		return;
	if (!witness || (verdict_at(world, a, b, witness) < pair->verdict &&
			    !is_collision(world, a, b, witness)))
		fail_msg("false witness: %s (%s, %s)\n%s\n%s", witness ? witness : "-",
		    verdict_name(pair->verdict), pair_kind_name(pair->kind), a->said,
		    b->said);
}

static void
show_world(const struct world *world, uint32_t seed)
{
	print_message("seed %u:", seed);
	for (size_t i = 0; i < world->n_links; i++)
		print_message(" %s -> %s", world->link[i].path, world->link[i].to);
	for (size_t i = 0; i < world->n_submodules; i++)
		print_message(" submodule %s", world->submodule[i]);
	for (size_t i = 0; i < world->n_tracked; i++)
		print_message(" %s", world->tracked[i]);
	print_message("\n");
}

static void
play(uint32_t seed)
{
	uint32_t start = seed;
	struct actor *actor = xcalloc(N_PHASES, sizeof(*actor));
	struct verdict_env env = { .fold_case = folds };
	struct verdicts *verdicts;
	struct world world;
	AUTO_FREE char *text = NULL;
	struct plan *plan;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	make_world(&world, &seed);
	for (size_t i = 0; i < N_PHASES; i++) {
		make_actor(&world, &actor[i], &seed);
		fprintf(out, "%sP%zu %s", i ? "\n" : "", i, actor[i].said);
		fill_actor(&world, &actor[i]);
	}
	fclose(out);
	env.tracked = world.tracked;
	env.n_tracked = world.n_tracked;
	env.link = world.link;
	env.n_links = world.n_links;
	env.submodule = world.submodule;
	env.n_submodules = world.n_submodules;
	plan = build_plan(text);
	verdicts = verdicts_new(plan, &env);
	assert_false(verdicts->is_too_large);
	assert_int_equal(verdicts->n_pairs, verdicts->n_total);
	if (getenv("DIVISI_TEST_SEED"))
		show_world(&world, start);
	for (size_t i = 0; i < verdicts->n_pairs; i++) {
		const struct pair *p = &verdicts->pair[i];

		check_pair(&world, p, &actor[p->a], &actor[p->b]);
	}
	verdicts_free(verdicts);
	plan_free(plan);
	free(actor);
}

static void
links_submodules_and_renames_agree_with_the_oracle(void **state)
{
	const char *one = getenv("DIVISI_TEST_SEED");

	for (size_t i = 1; i <= n_plans; i++) {
		folds = i % 5 == 0;
		if (!one || strtoul(one, NULL, 10) == i)
			play((uint32_t)i * 2654435761u);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_submodules_and_renames_agree_with_the_oracle),
	};
	char buf[MAX_CHARS + 1];

	if (argc > 1)
		n_plans = strtoul(argv[1], NULL, 10);
	fill_paths(buf, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
