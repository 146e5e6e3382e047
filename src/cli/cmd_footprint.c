#include "cli/cmd.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/json.h"
#include "cli/plan_edit.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "git/words.h"
#include "plan/parse.h"
#include "policy/declared.h"
#include "policy/guess.h"

#include <stdlib.h>
#include <string.h>

const struct option_doc cmd_footprint_options[] = {
	OPTION_JSON,
	{ "min", "PERCENT", "how sure a proposal must be to be accepted; 50", 0 },
	{ "write", NULL, "put what is accepted into the plan file", 'w' },
	OPTION_END,
};

enum { FOOTPRINT_JSON, FOOTPRINT_MIN, FOOTPRINT_WRITE };

enum {
	PHASES_MAX = 64,   /* that can be named */
	FORGOTTEN_MAX = 5, /* per phase */
	PRIOR_COMMITS = 5,
	DEFINERS_MAX = 3, /* a name that more files define says nothing */
};

struct footprinting {
	bool as_json, writes;
	long min;
	const char *path;
	const char *only[PHASES_MAX];
	size_t n_only;
	struct world world;
	struct tree *tree;
	const struct guess_history *history; /* NULL when there is none */
	struct guesses *guesses;             /* per phase */
	bool is_written;
};

static int
read_args(struct footprinting *f, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_footprint_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return -1;
		if (option == FOOTPRINT_JSON)
			f->as_json = true;
		else if (option == FOOTPRINT_WRITE)
			f->writes = true;
		else if (option == FOOTPRINT_MIN &&
			 args_number("min", args.value, 1, &f->min, err) < 0)
			return -1;
		else if (option == ARGS_WORD && !f->path)
			f->path = args.value;
		else if (option == ARGS_WORD && f->n_only < PHASES_MAX)
			f->only[f->n_only++] = args.value;
		else if (option == ARGS_WORD)
			return err_set(
			    err, ERR_USAGE, "name at most %d phases", PHASES_MAX);
	}
	if (f->path)
		return 0;
	err_set(err, ERR_USAGE, "a plan is needed");
	return err_fix(err, "usage: divisi footprint PLAN [PHASE...] [--write]");
}

static bool
is_named(const struct footprinting *f, const struct phase *phase)
{
	for (size_t i = 0; i < f->n_only; i++) {
		if (strcmp(f->only[i], phase->id) == 0)
			return true;
	}
	return false;
}

/* Adds a path of the repository, as a pattern that names it and nothing else. */
static void
add_path(struct guesses *guesses, struct guess guess)
{
	AUTO_FREE char *pattern = guess_pattern(guess.path);

	if (!pattern)
		return;
	guess.path = pattern;
	guesses_add(guesses, &guess);
}

/* Files that define a name of the text; one that uses it everywhere tells nothing. */
static void
guess_symbols(
    struct footprinting *f, const struct phase *phase, struct guesses *guesses)
{
	enum touch touch = phase->is_analysis_only ? TOUCH_READS : TOUCH_WRITES;
	const char *word[GUESS_MAX_SYMBOLS];
	size_t n_definers[GUESS_MAX_SYMBOLS] = { 0 };
	struct err err = ERR_INIT;
	struct text_list symbols;
	struct word_hits hits = { 0 };

	guesses_symbols(phase, &symbols);
	for (size_t i = 0; i < symbols.n; i++)
		word[i] = symbols.item[i].text;
	/* Without git's answer there is one sort of evidence less, and nothing is wrong. */
	if (f->world.has_repo &&
	    words_find(&f->world.repo, word, symbols.n, &hits, &err) < 0)
		guesses_symbols_clear(&symbols);
	for (size_t i = 0; i < hits.n; i++)
		n_definers[hits.item[i].word] += hits.item[i].is_definition;
	for (size_t i = 0; i < hits.n; i++) {
		const struct word_hit *hit = &hits.item[i];
		size_t n = n_definers[hit->word];

		if (!hit->is_definition || n > DEFINERS_MAX)
			continue;
		AUTO_FREE char *evidence = n == 1
					       ? xasprintf(
						     "defines %s", word[hit->word])
					       : xasprintf(
						     "one of %zu files that define %s",
						     n, word[hit->word]);

		add_path(guesses, (struct guess){ touch, GUESS_SYMBOL, hit->path, NULL,
				      evidence, n == 1 ? 0.6 : 0.3 });
	}
	words_clear(&hits);
	guesses_symbols_clear(&symbols);
}

/* What earlier commits on the same issue touched, on any branch (R-4, J-42). */
static void
guess_prior(struct footprinting *f, const struct phase *phase, struct guesses *guesses)
{
	struct err err = ERR_INIT;
	struct git_log log = { 0 };

	if (!f->world.has_repo || phase->n_issues != 1 || phase->is_analysis_only ||
	    repo_prior_work(&f->world.repo, phase->issue[0].id, &log, &err) < 0)
		return;
	for (size_t i = 0; i < log.n && i < PRIOR_COMMITS; i++) {
		AUTO_FREE char *evidence = xasprintf(
		    "changed by %.10s for %s", log.item[i].oid, phase->issue[0].id);
		struct git_list files = { 0 };

		if (history_files_of(&f->world.repo, log.item[i].oid, &files, &err) < 0)
			continue;
		for (size_t k = 0; k < files.n && files.n <= HISTORY_LARGE; k++) {
			if (git_list_has(&f->world.around.tree.files, files.item[k]))
				add_path(
				    guesses, (struct guess){ TOUCH_WRITES, GUESS_RUN,
						 files.item[k], NULL, evidence, 0.7 });
		}
		git_list_clear(&files);
	}
	git_log_clear(&log);
}

/* How sure it is that the file at PATH is changed at all; what is declared is sure. */
static double
sureness_of(const struct guesses *guesses, const char *path)
{
	for (size_t i = 0; i < guesses->n; i++) {
		if (strcmp(guesses->item[i].path, path) == 0)
			return guesses->item[i].confidence;
	}
	return 1;
}

static void
guess_partners(
    struct footprinting *f, const struct phase *phase, struct guesses *guesses)
{
	struct forgotten forgotten[FORGOTTEN_MAX];
	size_t n;

	if (!f->history)
		return;
	n = guesses_forgotten(
	    f->history, phase, guesses, 0.3, forgotten, FORGOTTEN_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct forgotten *one = &forgotten[i];
		AUTO_FREE char *evidence = xasprintf(
		    "changes with %s in %zu of its %zu landings", one->with,
		    one->partner.n_both, one->partner.n_of);
		AUTO_FREE char *path = xstrdup(one->path);
		/* Three of three is not yet always. */
		double share = (double)one->partner.n_both /
			       (double)(one->partner.n_of + 1);

		add_path(
		    guesses, (struct guess){ TOUCH_WRITES, GUESS_HISTORY, path, NULL,
				 evidence, share * sureness_of(guesses, one->with) });
	}
}

/* Of a phase that declares something, only what it does not declare is worth a word. */
static void
drop_declared(const struct phase *phase, struct guesses *guesses)
{
	struct declared *declared;
	size_t n = 0;

	if (phase->is_unknown)
		return;
	declared = declared_new(phase, DECLARED_WRITES | DECLARED_READS);
	for (size_t i = 0; i < guesses->n; i++) {
		struct guess *guess = &guesses->item[i];

		if (declared_has(declared, guess->path)) {
			free(guess->path);
			free(guess->to);
			free(guess->evidence);
		} else {
			guesses->item[n++] = *guess;
		}
	}
	guesses->n = n;
	declared_free(declared);
}

static void
guess_phase(struct footprinting *f, const struct phase *phase, struct guesses *guesses)
{
	/* Of another repository nothing is known here. */
	if (*phase->repo)
		return;
	guesses_from_text(f->tree, phase, guesses);
	guess_symbols(f, phase, guesses);
	guess_prior(f, phase, guesses);
	guess_partners(f, phase, guesses);
	drop_declared(phase, guesses);
	guesses_sort(guesses);
}

static bool
is_shown(const struct footprinting *f, const struct phase *phase)
{
	return f->n_only == 0 || is_named(f, phase);
}

/* What a phase declares is its author's word: what it forgot is told, not written. */
static bool
may_write(const struct footprinting *f, const struct phase *phase)
{
	return is_shown(f, phase) && phase->is_unknown;
}

static double
least(const struct footprinting *f)
{
	return (double)f->min / 100;
}

/* The new text must be the same plan, only with what was accepted. */
static int
prove(const struct plan *before, const char *text, size_t n, struct err *err)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *after = plan_parse(before->path, text, n, &lints, err);
	bool is_same = after && after->n_phases == before->n_phases;

	for (size_t i = 0; is_same && i < after->n_phases; i++) {
		is_same = strcmp(after->phase[i].id, before->phase[i].id) == 0;
		for (int t = 0; is_same && t < TOUCH_N; t++)
			is_same = after->phase[i].touch[t].n >=
				  before->phase[i].touch[t].n;
	}
	lint_list_clear(&lints);
	if (is_same)
		return 0;
	err_set(err, ERR_INPUT, "%s is written in a way that cannot be added to",
	    before->path);
	return err_fix(err, "add the lines by hand");
}

static int
write_plan(struct footprinting *f, struct err *err)
{
	const struct plan *plan = f->world.plan;
	char **owned = xcalloc(plan->n_phases + 1, sizeof(*owned));
	const char **bullets = xcalloc(plan->n_phases + 1, sizeof(*bullets));
	AUTO_FREE char *text = NULL;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < plan->n_phases; i++) {
		if (may_write(f, &plan->phase[i]))
			owned[i] = guesses_bullets(&f->guesses[i], least(f));
		bullets[i] = owned[i];
	}
	text = plan_edit_bullets(plan, bullets, NULL, &n);
	if (text) {
		rc = prove(plan, text, n, err);
		if (rc == 0)
			rc = file_write_atomic(plan->path, text, n, 0644, err);
		f->is_written = rc == 0;
	}
	for (size_t i = 0; i < plan->n_phases; i++)
		free(owned[i]);
	free(owned);
	free(bullets);
	return rc;
}

static json_object *
guess_json(const struct footprinting *f, const struct guess *guess, bool may)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "touch", json_str(touch_key(guess->touch)));
	json_object_object_add(object, "path", json_str(guess->path));
	if (guess->to)
		json_object_object_add(object, "to", json_str(guess->to));
	json_object_object_add(
	    object, "source", json_str(guess_source_name(guess->source)));
	json_object_object_add(
	    object, "confidence", json_object_new_double(guess->confidence));
	json_object_object_add(object, "evidence", json_str(guess->evidence));
	json_object_object_add(object, "accepted",
	    json_object_new_boolean(may && guess->confidence >= least(f)));
	return object;
}

static void
print_json(const struct footprinting *f)
{
	const struct plan *plan = f->world.plan;
	json_object *object = json_object_new_object();
	json_object *phases = json_object_new_array();

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		json_object *one, *items;

		if (!is_shown(f, phase))
			continue;
		one = json_object_new_object();
		items = json_object_new_array();
		for (size_t k = 0; k < f->guesses[i].n; k++)
			json_object_array_add(items,
			    guess_json(f, &f->guesses[i].item[k], may_write(f, phase)));
		json_object_object_add(one, "id", json_str(phase->id));
		json_object_object_add(
		    one, "unknown", json_object_new_boolean(phase->is_unknown));
		json_object_object_add(one, "items", items);
		json_object_object_add(one, "hint", json_str(f->guesses[i].hint));
		json_object_array_add(phases, one);
	}
	json_object_object_add(object, "phases", phases);
	json_object_object_add(
	    object, "written", json_object_new_boolean(f->is_written));
	json_object_object_add(object, "word", json_str(f->world.knowledge.word));
	json_print(object);
}

static void
print_phase(const struct footprinting *f, size_t position, const struct screen *screen)
{
	static const char *const header[] = { "", "", "", "", "" };
	const struct phase *phase = &f->world.plan->phase[position];
	const struct guesses *guesses = &f->guesses[position];
	struct sheet sheet;

	fputc('\n', screen->out);
	screen_put(screen, STYLE_BOLD, phase->id);
	fputs("  ", screen->out);
	text_put(screen->out, phase->focus);
	fputs(phase->is_unknown ? ", declares nothing\n" : "\n", screen->out);
	sheet_init(&sheet, header, N_ELEMS(header));
	for (size_t i = 0; i < guesses->n; i++) {
		const struct guess *guess = &guesses->item[i];
		bool is_accepted = may_write(f, phase) && guess->confidence >= least(f);
		AUTO_FREE char *sure = xasprintf(
		    "%s%.0f %%", is_accepted ? "* " : "", 100 * guess->confidence);
		AUTO_FREE char *path = guess->to ? xasprintf("%s -> %s", guess->path,
						       guess->to)
						 : xstrdup(guess->path);
		const char *cells[] = { sure, touch_name(guess->touch), path,
			guess_source_name(guess->source), guess->evidence };

		sheet_add(&sheet, cells, NULL);
	}
	if (guesses->n > 0)
		sheet_print_plain(&sheet, screen);
	else
		fputs(phase->is_unknown ? "  nothing is known\n" : "  nothing to add\n",
		    screen->out);
	sheet_clear(&sheet);
	if (guesses->hint) {
		AUTO_FREE char *hint = xasprintf("not used: %s", guesses->hint);

		fputs("  ", screen->out);
		screen_wrap(screen, 4, 2, hint);
	}
}

static void
print_text(const struct footprinting *f)
{
	const struct plan *plan = f->world.plan;
	struct screen screen;

	screen_init(&screen, stdout);
	screen_wrap(&screen, 0, 0,
	    "What each phase will probably touch. A proposal for you to accept: nothing "
	    "of it is enforced.");
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (is_shown(f, &plan->phase[i]))
			print_phase(f, i, &screen);
	}
	AUTO_FREE char *end =
	    f->is_written ? xasprintf("what is marked * was put into %s", plan->path)
	    : f->writes   ? xstrdup("nothing was accepted; the plan is as it was")
			  : xasprintf("* is accepted at --min %ld: divisi "
					"footprint %s --write puts it into the plan",
				f->min, plan->path);

	fputc('\n', stdout);
	screen_wrap(&screen, 0, 0, end);
}

static int
propose(struct footprinting *f, struct err *err)
{
	const struct plan *plan;

	if (world_load(&f->world, f->path, err) < 0)
		return -1;
	plan = f->world.plan;
	for (size_t i = 0; i < f->n_only; i++) {
		if (world_phase(&f->world, f->only[i], err) < 0)
			return -1;
	}
	f->tree = tree_new((const char *const *)f->world.around.tree.files.item,
	    f->world.around.tree.files.n);
	f->history = knowledge_partners(&f->world.knowledge, &f->world.verdict_env);
	f->guesses = xcalloc(plan->n_phases + 1, sizeof(*f->guesses));
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (is_shown(f, &plan->phase[i]))
			guess_phase(f, &plan->phase[i], &f->guesses[i]);
	}
	return f->writes ? write_plan(f, err) : 0;
}

int
cmd_footprint(int argc, char **argv)
{
	struct footprinting f = { .min = 50 };
	struct err err = ERR_INIT;
	int rc;

	if (read_args(&f, argc, argv, &err) < 0)
		return cmd_fail(&err, f.as_json);
	rc = propose(&f, &err);
	if (rc == 0 && f.as_json)
		print_json(&f);
	else if (rc == 0)
		print_text(&f);
	for (size_t i = 0; f.guesses && i < f.world.plan->n_phases; i++)
		guesses_clear(&f.guesses[i]);
	free(f.guesses);
	tree_free(f.tree);
	world_clear(&f.world);
	return rc < 0 ? cmd_fail(&err, f.as_json) : 0;
}
