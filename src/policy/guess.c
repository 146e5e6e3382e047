#include "policy/guess.h"

#include "base/mem.h"
#include "plan/glob.h"
#include "plan/parse.h"
#include "policy/declared.h"
#include "policy/footprint.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { GUESSES_MAX = 60, SEEDS_MAX = 40, PARTNERS_MAX = 10, SYMBOL_MIN = 4 };

const char *
guess_source_name(enum guess_source source)
{
	static const char *const names[] = { "text", "symbol", "history",
		"earlier work" };

	return names[source];
}

void
guesses_clear(struct guesses *guesses)
{
	for (size_t i = 0; i < guesses->n; i++) {
		free(guesses->item[i].path);
		free(guesses->item[i].to);
		free(guesses->item[i].evidence);
	}
	free(guesses->item);
	free(guesses->hint);
	*guesses = (struct guesses){ 0 };
}

void
guesses_add(struct guesses *guesses, const struct guess *guess)
{
	struct guess copy = *guess;

	for (size_t i = 0; i < guesses->n; i++) {
		struct guess *there = &guesses->item[i];

		if (strcmp(there->path, guess->path) != 0)
			continue;
		if (guess->confidence <= there->confidence)
			return;
		free(there->evidence);
		there->evidence = xstrdup(guess->evidence);
		there->confidence = guess->confidence;
		there->source = guess->source;
		if (there->touch == TOUCH_READS)
			there->touch = guess->touch;
		return;
	}
	if (guesses->n == GUESSES_MAX)
		return;
	copy.path = xstrdup(guess->path);
	copy.to = xstrdup(guess->to);
	copy.evidence = xstrdup(guess->evidence);
	GROW(guesses->item, guesses->n, guesses->cap);
	guesses->item[guesses->n++] = copy;
}

static int
compare_guesses(const void *pa, const void *pb)
{
	const struct guess *a = pa, *b = pb;

	if (a->touch != b->touch)
		return (int)a->touch - (int)b->touch;
	if (a->confidence < b->confidence || a->confidence > b->confidence)
		return a->confidence > b->confidence ? -1 : 1;
	return strcmp(a->path, b->path);
}

void
guesses_sort(struct guesses *guesses)
{
	if (guesses->n > 1)
		qsort(
		    guesses->item, guesses->n, sizeof(*guesses->item), compare_guesses);
}

/* How sure a path in a text is; what is only a name of its own is less so. */
static double
text_confidence(const struct footprint_item *item)
{
	if (item->touch == TOUCH_CREATES)
		return 0.7;
	if (strncmp(item->evidence, "directory", 9) == 0 ||
	    strncmp(item->evidence, "matches", 7) == 0)
		return 0.6;
	return strcmp(item->evidence, "is there") == 0 ? 0.9 : 0.8;
}

static void
add_text(struct tree *tree, const struct phase *phase, const char *text,
    struct guesses *guesses)
{
	struct footprint found;

	footprint_propose(tree, text, phase->is_analysis_only, &found);
	for (size_t i = 0; i < found.n; i++) {
		AUTO_FREE char *evidence = xasprintf(
		    "named in the text; %s", found.item[i].evidence);
		struct guess guess = { found.item[i].touch, GUESS_TEXT,
			found.item[i].path, found.item[i].to, evidence,
			text_confidence(&found.item[i]) };

		guesses_add(guesses, &guess);
	}
	if (found.hint && !guesses->hint)
		guesses->hint = TAKE_PTR(found.hint);
	footprint_clear(&found);
}

void
guesses_from_text(struct tree *tree, const struct phase *phase, struct guesses *guesses)
{
	add_text(tree, phase, phase->focus, guesses);
	for (size_t i = 0; i < phase->tasks.n; i++)
		add_text(tree, phase, phase->tasks.item[i].text, guesses);
	add_text(tree, phase, phase->deliverable, guesses);
}

static bool
is_known(const struct text_list *list, struct span word)
{
	for (size_t i = 0; i < list->n; i++) {
		if (span_eq(word, list->item[i].text))
			return true;
	}
	return false;
}

/* `store_open`, parsePlan, NightPlan, store_open(): no ordinary word looks like that. */
static bool
looks_like_symbol(struct span word, bool is_call, bool is_quoted)
{
	bool has_mark = is_call || is_quoted;

	if (word.n < SYMBOL_MIN || word.n > 80 || isdigit((unsigned char)word.p[0]))
		return false;
	for (size_t i = 1; i < word.n; i++)
		has_mark = has_mark || word.p[i] == '_' ||
			   (isupper((unsigned char)word.p[i]) &&
			       islower((unsigned char)word.p[i - 1]));
	return has_mark;
}

static bool
is_symbol_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void
add_symbols(const char *text, struct text_list *symbols)
{
	bool is_quoted = false;

	for (const char *p = text; *p;) {
		struct span word = { p, 0 };
		bool is_path;

		if (!is_symbol_byte(*p)) {
			is_quoted = *p == '`' ? !is_quoted : is_quoted;
			p++;
			continue;
		}
		while (is_symbol_byte(word.p[word.n]))
			word.n++;
		p += word.n;
		/* A piece of a path or a file name is for the tree to find. */
		is_path = *p == '/' || (*p == '.' && is_symbol_byte(p[1])) ||
			  (word.p > text && strchr("/.-", word.p[-1]));
		if (is_path || symbols->n == GUESS_MAX_SYMBOLS ||
		    !looks_like_symbol(word, *p == '(', is_quoted) ||
		    is_known(symbols, word))
			continue;
		GROW(symbols->item, symbols->n, symbols->cap);
		symbols->item[symbols->n++] = (struct text_item){ .text = xstrndup(
								      word.p, word.n) };
	}
}

void
guesses_symbols(const struct phase *phase, struct text_list *symbols)
{
	*symbols = (struct text_list){ 0 };
	add_symbols(phase->focus, symbols);
	for (size_t i = 0; i < phase->tasks.n; i++)
		add_symbols(phase->tasks.item[i].text, symbols);
	add_symbols(phase->deliverable, symbols);
}

void
guesses_symbols_clear(struct text_list *symbols)
{
	for (size_t i = 0; i < symbols->n; i++)
		free((char *)(uintptr_t)symbols->item[i].text);
	free(symbols->item);
	*symbols = (struct text_list){ 0 };
}

static int
compare_paths(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static int
find_path(const char *const *path, size_t n, const char *want)
{
	const char *const *found = n > 0 ? bsearch(want, path, n, sizeof(*path),
					       compare_paths)
					 : NULL;

	return found ? (int)(found - path) : -1;
}

/* The files that the phase surely changes: plain names that are there. */
struct seeds {
	int path[SEEDS_MAX];
	size_t n;
};

static void
add_seed(struct seeds *seeds, const struct guess_history *history, const char *path)
{
	int at = find_path(history->path, history->n_paths, path);

	if (at >= 0 && seeds->n < SEEDS_MAX)
		seeds->path[seeds->n++] = at;
}

static struct seeds
seeds_of(const struct guess_history *history, const struct phase *phase,
    const struct guesses *guesses)
{
	struct seeds seeds = { .n = 0 };

	for (size_t i = 0; i < phase->touch[TOUCH_WRITES].n; i++) {
		const struct touch_item *item = &phase->touch[TOUCH_WRITES].item[i];

		if (!item->is_negated)
			add_seed(&seeds, history, item->text);
	}
	for (size_t i = 0; guesses && i < guesses->n; i++) {
		if (guesses->item[i].touch == TOUCH_WRITES &&
		    guesses->item[i].source != GUESS_HISTORY)
			add_seed(&seeds, history, guesses->item[i].path);
	}
	return seeds;
}

/* The guesses as patterns, so that one for a directory covers what lies below. */
static bool
is_guessed(const struct guesses *guesses, const char *path)
{
	bool is_covered = false;

	for (size_t i = 0; guesses && i < guesses->n && !is_covered; i++) {
		const struct guess *guess = &guesses->item[i];
		struct glob *glob;

		if (guess->touch == TOUCH_READS)
			continue;
		glob = glob_new(guess->path, GLOB_IS_DIR, NULL);
		is_covered = glob && glob_match(glob, path);
		glob_free(glob);
	}
	return is_covered;
}

static void
insert(struct forgotten *out, size_t *n, size_t max, struct forgotten one)
{
	size_t at;

	for (size_t i = 0; i < *n; i++) {
		if (strcmp(out[i].path, one.path) != 0)
			continue;
		if (out[i].partner.confidence >= one.partner.confidence)
			return;
		memmove(&out[i], &out[i + 1], (*n - i - 1) * sizeof(*out));
		(*n)--;
		break;
	}
	if (*n == max) {
		if (max == 0 ||
		    out[max - 1].partner.confidence >= one.partner.confidence)
			return;
		(*n)--;
	}
	for (at = (*n)++;
	     at > 0 && out[at - 1].partner.confidence < one.partner.confidence; at--)
		out[at] = out[at - 1];
	out[at] = one;
}

size_t
guesses_forgotten(const struct guess_history *history, const struct phase *phase,
    const struct guesses *guesses, double least, struct forgotten *out, size_t max)
{
	struct seeds seeds = seeds_of(history, phase, guesses);
	struct declared *declared;
	size_t n = 0;

	if (phase->is_analysis_only || (phase->repo && *phase->repo))
		return 0;
	declared = declared_new(phase, DECLARED_WRITES);
	for (size_t s = 0; s < seeds.n; s++) {
		struct partner partner[PARTNERS_MAX];
		size_t n_partners = cochange_partners(
		    history->cochange, seeds.path[s], least, partner, PARTNERS_MAX);

		for (size_t i = 0; i < n_partners; i++) {
			const char *path = history->path[partner[i].path];

			if (find_path(history->tracked, history->n_tracked, path) < 0 ||
			    declared_has(declared, path) || is_guessed(guesses, path))
				continue;
			insert(out, &n, max,
			    (struct forgotten){
				path, history->path[seeds.path[s]], partner[i] });
		}
	}
	declared_free(declared);
	return n;
}

char *
guess_pattern(const char *path)
{
	char *out, *p;

	if (text_has_controls(path) || strpbrk(path, "`\n\t") ||
	    text_utf8_bad(path, strlen(path)) >= 0)
		return NULL;
	out = p = xmalloc(2 * strlen(path) + 1);
	for (; *path; path++) {
		if (strchr("*?[]{}!\\", *path))
			*p++ = '\\';
		*p++ = *path;
	}
	*p = '\0';
	return out;
}

/* Nearly sure, and seen often: a warning that is wrong half the time is not read. */
#define LINT_LEAST    0.6
#define LINT_SUPPORT  4
#define LINT_PER_PLAN 40
enum { LINT_PER_PHASE = 2 };

void
guesses_lint(
    struct plan *plan, const struct guess_history *history, struct lint_list *lints)
{
	size_t n_left = LINT_PER_PLAN;

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		struct forgotten forgotten[LINT_PER_PHASE];
		size_t n = guesses_forgotten(
		    history, phase, NULL, LINT_LEAST, forgotten, LINT_PER_PHASE);

		for (size_t k = 0; k < n && n_left > 0; k++) {
			const struct forgotten *one = &forgotten[k];

			if (one->partner.n_both < LINT_SUPPORT)
				continue;
			n_left--;
			lint_add(plan, lints, "L22", 'W', "S-13", phase->id,
			    phase->touch[TOUCH_WRITES].item[0].at,
			    "add it to the Writes, or leave it: nothing follows from it",
			    "history says %s changes with %s in %.0f %% of landings "
			    "(%zu of %zu)",
			    one->path, one->with, 100 * one->partner.confidence,
			    one->partner.n_both, one->partner.n_of);
		}
	}
}

char *
guesses_bullets(const struct guesses *guesses, double least)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int last = -1;

	for (size_t i = 0; i < guesses->n; i++) {
		const struct guess *guess = &guesses->item[i];

		if (guess->confidence < least)
			continue;
		if ((int)guess->touch != last)
			fprintf(out, "%s- %s: ", last < 0 ? "" : "\n",
			    touch_name(guess->touch));
		else
			fputs(", ", out);
		last = (int)guess->touch;
		fprintf(out, "`%s`", guess->path);
		if (guess->to)
			fprintf(out, " -> `%s`", guess->to);
	}
	if (last >= 0)
		fputc('\n', out);
	fclose(out);
	return text;
}
