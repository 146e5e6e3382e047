#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/change.h"
#include "cli/world.h"
#include "plan/alter.h"
#include "plan/glob.h"

#include <stdlib.h>
#include <string.h>

#define FOR_PHASE(name, what)                                                         \
	{                                                                             \
		name, "PHASE=ITEM",                                                   \
		    "the " what " of PHASE are these; += adds one, -= takes one out", \
		    0                                                                 \
	}

const struct option_doc cmd_what_if_options[] = { OPTION_JSON,
	FOR_PHASE("reads", "reads"), FOR_PHASE("writes", "writes"),
	FOR_PHASE("creates", "creates"), FOR_PHASE("deletes", "deletes"),
	FOR_PHASE("renames", "renames (FROM->TO)"), FOR_PHASE("appends", "appends"),
	FOR_PHASE("produces", "products"), FOR_PHASE("consumes", "consumed names"),
	FOR_PHASE("uses", "used names"), FOR_PHASE("extends", "extended names"),
	FOR_PHASE("changes", "changed names"), FOR_PHASE("removes", "removed names"),
	FOR_PHASE("renumbers", "renumbered series"), FOR_PHASE("gates", "gated names"),
	FOR_PHASE("infra", "kinds of infrastructure"),
	FOR_PHASE("depends", "dependencies"),
	{ "cap", "N", "at most N sessions in a batch", 0 }, OPTION_END };

enum {
	WHAT_IF_JSON,
	WHAT_IF_TOUCH,
	WHAT_IF_DEPENDS = WHAT_IF_TOUCH + TOUCH_N,
	WHAT_IF_CAP
};

_Static_assert(N_ELEMS(cmd_what_if_options) == WHAT_IF_CAP + 2, "an option per list");

struct what_if { /* the command line, before there is a plan */
	const char *path;
	bool as_json;
	long cap;
	struct wish {
		int touch;
		char *phase; /* owned; what follows stands in the same block */
		const char *text, *to;
		char sign; /* '=', '+', '-' */
	} * wish;
	size_t n, cap_wishes;
};

static int
add_wish(struct what_if *asked, int option, const char *value, struct err *err)
{
	const char *name = cmd_what_if_options[option].name,
		   *equals = strchr(value, '=');
	struct wish wish = { .touch = option - WHAT_IF_TOUCH, .sign = '=' };
	char *at;

	if (option == WHAT_IF_DEPENDS)
		wish.touch = ALTERATION_DEPENDS;
	if (text_utf8_bad(value, strlen(value)) >= 0)
		return err_set(err, ERR_USAGE, "--%s: the value is not UTF-8", name);
	if (!equals || equals == value) {
		err_set(err, ERR_USAGE, "--%s %.80s: which phase?", name, value);
		return err_fix(err, "write it as --%s 1B=ITEM", name);
	}
	wish.phase = xstrdup(value);
	at = wish.phase + (equals - value);
	wish.text = at + 1;
	*at = '\0';
	if (at > wish.phase + 1 && (at[-1] == '+' || at[-1] == '-')) {
		wish.sign = at[-1];
		at[-1] = '\0';
	}
	if (wish.touch == TOUCH_RENAMES && (at = strstr(at + 1, "->"))) {
		*at = '\0';
		wish.to = at + 2;
	}
	GROW(asked->wish, asked->n, asked->cap_wishes);
	asked->wish[asked->n++] = wish;
	if (wish.touch == TOUCH_RENAMES && !wish.to && *wish.text)
		return err_set(err, ERR_USAGE,
		    "--renames %.80s: write it as PHASE=FROM->TO", value);
	return 0;
}

static int
read_args(struct what_if *asked, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_what_if_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		int bad = 0;

		if (option == ARGS_BAD)
			return -1;
		if (option == WHAT_IF_JSON)
			asked->as_json = true;
		else if (option == WHAT_IF_CAP)
			bad = args_number("cap", args.value, 1, &asked->cap, err);
		else if (option >= WHAT_IF_TOUCH)
			bad = add_wish(asked, option, args.value, err);
		else if (!asked->path)
			asked->path = args.value;
		else
			bad = err_set(
			    err, ERR_USAGE, "\"%.60s\" is too much", args.value);
		if (bad < 0)
			return -1;
	}
	if (asked->path && (asked->n > 0 || asked->cap > 0))
		return 0;
	err_set(
	    err, ERR_USAGE, "%s", asked->path ? "what if what?" : "a plan is needed");
	return err_fix(err, "usage: divisi what-if PLAN --writes 1B=src/x/** ...");
}

/* Is the item one that a plan may have? */
static int
check_item(const struct wish *wish, struct err *err)
{
	struct err why = ERR_INIT;
	const char *text[2] = { wish->text, wish->to };

	if (wish->touch > TOUCH_APPENDS)
		return 0;
	for (int i = 0; i < 2 && text[i]; i++) {
		struct glob *glob = glob_new(text[i] + (*text[i] == '!'), 0, &why);

		glob_free(glob);
		if (glob)
			continue;
		err_set(err, ERR_USAGE, "%.80s: %s", text[i], why.text);
		return err_fix(err, "%s", why.fix);
	}
	return 0;
}

/*
 * The wishes as alterations: the first of a list with '=' empties it.  ALTERATION has room
 * for two per wish.
 */
static int
make_alterations(const struct what_if *asked, const struct world *world,
    struct alteration *alteration, size_t *n, struct err *err)
{
	*n = 0;
	for (size_t i = 0; i < asked->n; i++) {
		const struct wish *wish = &asked->wish[i];
		struct alteration a = { .touch = wish->touch,
			.kind = ALTERATION_CLEAR,
			.phase = world_phase(world, wish->phase, err) };
		bool is_first = wish->sign == '=';

		if (a.phase < 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			is_first = is_first &&
				   (asked->wish[k].touch != wish->touch ||
				       strcmp(asked->wish[k].phase, wish->phase) != 0);
		if (is_first)
			alteration[(*n)++] = a;
		if (!*wish->text)
			continue;
		if (check_item(wish, err) < 0)
			return -1;
		a.kind = wish->sign == '-' ? ALTERATION_DROP : ALTERATION_ADD;
		a.is_negated = wish->touch <= TOUCH_APPENDS && *wish->text == '!';
		a.text = wish->text + a.is_negated;
		a.to = wish->to;
		alteration[(*n)++] = a;
	}
	return 0;
}

static void
answer(const struct what_if *asked, struct world *world,
    const struct alteration *alteration, size_t n)
{
	AUTO_PLAN struct plan *altered = plan_altered(world->plan, alteration, n);
	struct batch_env batch_env = world->batch_env;
	struct decided old = { world->plan, world->verdicts, world->batches };
	struct decided new = { .plan = altered };
	int *changed = xcalloc(n + 1, sizeof(*changed));
	struct batches *batches;
	size_t n_changed = 0;

	if (asked->cap > 0)
		batch_env.cap = (size_t)asked->cap;
	for (size_t i = 0; i < n; i++) {
		bool is_known = false;

		for (size_t k = 0; k < n_changed; k++)
			is_known = is_known || changed[k] == alteration[i].phase;
		if (!is_known)
			changed[n_changed++] = alteration[i].phase;
	}
	new.verdicts = world_change(world, altered, changed, n_changed);
	old.verdicts = world->verdicts;
	batches = batches_new(altered, new.verdicts, &batch_env);
	new.batches = batches;
	if (asked->as_json) {
		struct json_out json;

		json_out_init(&json, stdout);
		json_out_open(&json, NULL, '{');
		(void)change_json(&json, &old, &new);
		json_out_close(&json, '}');
	} else {
		struct screen screen;

		screen_init(&screen, stdout);
		(void)change_print(&screen, &old, &new);
	}
	batches_free(batches);
	free(changed);
}

int
cmd_what_if(int argc, char **argv)
{
	struct what_if asked = { 0 };
	struct err err = ERR_INIT;
	struct world world = { 0 };
	struct alteration *alteration = NULL;
	size_t n;
	int status = -1;

	if (read_args(&asked, argc, argv, &err) == 0 &&
	    world_load_standing(&world, asked.path, &err) == 0) {
		alteration = xcalloc(2 * asked.n + 1, sizeof(*alteration));
		status = make_alterations(&asked, &world, alteration, &n, &err);
		if (status == 0)
			answer(&asked, &world, alteration, n);
	}
	world_clear(&world);
	for (size_t i = 0; i < asked.n; i++)
		free(asked.wish[i].phase);
	free(asked.wish);
	free(alteration);
	return status < 0 ? cmd_fail(&err, asked.as_json) : err_exit_status(ERR_NONE);
}

const struct option_doc cmd_diff_options[] = { OPTION_JSON, OPTION_END };

int
cmd_diff(int argc, char **argv)
{
	bool flags[1] = { false };
	const char *words[2];
	struct args_simple want = { "diff OLD NEW [--json]", flags, words, 2, 2 };
	struct err err = ERR_INIT;
	struct world old = { 0 }, new = { 0 };
	size_t n = 0;
	int status = -1;
	struct args args;

	args_init(&args, cmd_diff_options, argc, argv);
	if (args_simple(&args, &want, &err) == 0 &&
	    world_load(&old, words[0], &err) == 0 &&
	    world_load(&new, words[1], &err) == 0) {
		struct decided was = { old.plan, old.verdicts, old.batches };
		struct decided is = { new.plan, new.verdicts, new.batches };
		struct json_out json;
		struct screen screen;

		status = 0;
		json_out_init(&json, stdout);
		screen_init(&screen, stdout);
		if (flags[0]) {
			json_out_open(&json, NULL, '{');
			n = change_json(&json, &was, &is);
			json_out_close(&json, '}');
		} else {
			n = change_print(&screen, &was, &is);
		}
	}
	world_clear(&old);
	world_clear(&new);
	return status < 0 ? cmd_fail(&err, flags[0])
			  : err_exit_status(n > 0 ? ERR_NO : ERR_NONE);
}
