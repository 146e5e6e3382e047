#include "cli/record_out.h"

#include "base/hash.h"
#include "base/mem.h"
#include "cli/json.h"
#include "policy/declared.h"
#include "policy/guess.h"
#include "policy/risk.h"

#include <string.h>

enum { CHANGES_MAX = 32, CHANGES_SHOWN = 3 };

/* Less often than this together is hardly worth a word (CONFLICTS 2.4). */
#define CHANGES_LEAST 0.3

/* FILE is declared by the phase OF; its PARTNER is what the other one writes. */
struct change {
	int of;
	struct forgotten known;
};

/* What A's files drag along into what B writes; *N of at most CHANGES_MAX. */
static void
add_changes(struct world *world, int a, int b, struct change *out, size_t *n)
{
	const struct guess_history *history = knowledge_partners(
	    &world->knowledge, &world->verdict_env);
	struct forgotten found[CHANGES_MAX];
	struct declared *other;
	size_t n_found;

	if (!history)
		return;
	n_found = guesses_forgotten(
	    history, &world->plan->phase[a], NULL, CHANGES_LEAST, found, CHANGES_MAX);
	other = declared_new(&world->plan->phase[b], DECLARED_WRITES);
	for (size_t i = 0; i < n_found && *n < CHANGES_MAX; i++) {
		if (declared_has(other, found[i].path))
			out[(*n)++] = (struct change){ a, found[i] };
	}
	declared_free(other);
}

static size_t
changes_of(struct world *world, int a, int b, struct change out[CHANGES_MAX])
{
	size_t n = 0;

	add_changes(world, a, b, out, &n);
	add_changes(world, b, a, out, &n);
	return n;
}

/* What both leave out and history changes with files of each: two guesses at one file. */
static size_t
add_unsaid(struct world *world, int a, int b, struct risk_file *out, size_t n)
{
	const struct guess_history *history = knowledge_partners(
	    &world->knowledge, &world->verdict_env);
	struct forgotten of_a[CHANGES_MAX], of_b[CHANGES_MAX];
	size_t n_a, n_b;

	if (!history)
		return n;
	n_a = guesses_forgotten(
	    history, &world->plan->phase[a], NULL, CHANGES_LEAST, of_a, CHANGES_MAX);
	n_b = guesses_forgotten(
	    history, &world->plan->phase[b], NULL, CHANGES_LEAST, of_b, CHANGES_MAX);
	for (size_t i = 0; i < n_a; i++) {
		for (size_t k = 0; k < n_b && n < 2 * (size_t)CHANGES_MAX; k++) {
			if (strcmp(of_a[i].path, of_b[k].path) == 0)
				out[n++] = (struct risk_file){ .path = of_a[i].path,
					.sure = 0.5 * of_a[i].partner.confidence *
						of_b[k].partner.confidence };
		}
	}
	return n;
}

/* The chance to collide in a file that not both declare, of N changes across the two. */
static double
hidden_risk(struct world *world, int a, int b, const struct change *change, size_t n)
{
	const struct forecast_env *env = &world->forecast_env;
	struct risk_file file[2 * CHANGES_MAX];

	for (size_t i = 0; i < n; i++)
		file[i] = (struct risk_file){ .path = change[i].known.path,
			.sure = change[i].known.partner.confidence };
	n = add_unsaid(world, a, b, file, n);
	for (size_t i = 0; i < n; i++) {
		file[i].n_bytes = env->n_bytes(env->arg, file[i].path);
		file[i].hot = env->hot(env->arg, file[i].path);
	}
	return risk_of_hidden(env->model, file, n);
}

char *
record_out_version(const struct world *world)
{
	/* When and from what it was learned does not change what is said. */
	const struct risk_learned bare = { .model = world->knowledge.learned.model };
	AUTO_FREE char *text = risk_print(&bare);
	char hash[HASH_HEX_SIZE];

	hash_sha256(text, strlen(text), hash);
	return xasprintf(
	    "%s/%.12s", world->knowledge.is_learned ? "learned" : "shipped", hash);
}

void
record_out_json(struct json_out *json, struct world *world, int a, int b)
{
	struct change change[CHANGES_MAX];
	size_t n = changes_of(world, a, b, change);
	AUTO_FREE char *version = record_out_version(world);

	json_out_open(json, "co_change", '[');
	for (size_t i = 0; i < n; i++) {
		const struct forgotten *known = &change[i].known;

		json_out_open(json, NULL, '{');
		json_out_str(json, "phase", world->plan->phase[change[i].of].id);
		json_out_str(json, "file", known->with);
		json_out_str(json, "partner", known->path);
		json_out_chance(json, "conf", known->partner.confidence);
		json_out_int(json, "support", (long long)known->partner.n_both);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
	json_out_chance(json, "risk_undeclared", hidden_risk(world, a, b, change, n));
	json_out_str(json, "model_version", version);
}

void
record_out_text(struct world *world, int a, int b, const struct screen *screen)
{
	struct change change[CHANGES_MAX];
	size_t n = changes_of(world, a, b, change);
	double hidden = hidden_risk(world, a, b, change, n);

	for (size_t i = 0; i < n && i < CHANGES_SHOWN; i++) {
		const struct forgotten *known = &change[i].known;
		AUTO_FREE char *line = xasprintf(
		    "history: %s changes with %s in %.0f %% of landings (%zu of %zu); "
		    "%s declares only the second",
		    known->path, known->with, 100 * known->partner.confidence,
		    known->partner.n_both, known->partner.n_of,
		    world->plan->phase[change[i].of].id);

		fputs("   ", screen->out);
		screen_wrap(screen, 5, 3, line);
	}
	if (hidden >= 0.01)
		fprintf(screen->out,
		    "   a chance of %.0f %% to collide in what not both declare\n",
		    100 * hidden);
}
