#include "cli/record_out.h"

#include "base/hash.h"
#include "base/mem.h"
#include "cli/json.h"
#include "policy/declared.h"
#include "policy/guess.h"

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
	json_out_str(json, "model_version", version);
}

void
record_out_text(struct world *world, int a, int b, const struct screen *screen)
{
	struct change change[CHANGES_MAX];
	size_t n = changes_of(world, a, b, change);

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
}
