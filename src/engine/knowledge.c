#include "engine/knowledge.h"

#include "base/file.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LEARNED_BYTES ((size_t)4 << 20)

/* A verdict is waited for by a person: a history that takes longer is done without. */
#define HISTORY_TIMEOUT_MS 5000

/* What changes with thirty others belongs to none of them (CONFLICTS 4). */
enum { PARTNERS_LARGE = 30 };

char *
knowledge_path(const struct repo *repo)
{
	return path_join(repo->home, "risk");
}

void
knowledge_open(struct knowledge *knowledge, const struct repo *repo)
{
	AUTO_FREE char *path = repo ? knowledge_path(repo) : NULL;
	AUTO_FREE char *text = NULL;
	struct err err = ERR_INIT;

	*knowledge = (struct knowledge){ .repo = repo };
	risk_model_init(&knowledge->learned.model);
	if (!path || !file_exists(path))
		return;
	text = file_read(path, MAX_LEARNED_BYTES, NULL, &err);
	if (text && risk_read(text, &knowledge->learned, &err) == 0)
		knowledge->is_learned = true;
	else
		knowledge->word = xasprintf(
		    "%s: %s; the shipped weights are used", path, err.text);
}

void
knowledge_close(struct knowledge *knowledge)
{
	risk_learned_clear(&knowledge->learned);
	history_clear(&knowledge->history);
	cochange_free(knowledge->cochange);
	free(knowledge->busy);
	free(knowledge->word);
	*knowledge = (struct knowledge){ 0 };
}

static double
n_bytes_of(void *arg, const char *path)
{
	const struct knowledge *k = arg;
	AUTO_FREE char *full = k->repo ? path_join(k->repo->top, path) : NULL;
	struct stat st;

	/* A sparse checkout has not every file; what is missing is taken as typical. */
	if (!full || lstat(full, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return (double)st.st_size;
}

/* Reads the history, MAX landings of it, unless as many are there already. */
static void
need_history(struct knowledge *k, size_t max)
{
	const struct history_want want = { .max = max,
		.timeout_ms = HISTORY_TIMEOUT_MS };
	struct err err = ERR_INIT;

	if (!k->repo || k->has_all || (k->has_history && max <= KNOWLEDGE_LANDINGS))
		return;
	k->has_history = true;
	k->has_all = max > KNOWLEDGE_LANDINGS;
	history_clear(&k->history);
	free(k->busy);
	if (history_read(k->repo, &want, &k->history, &err) < 0 && !k->word)
		k->word = xasprintf("the history is not known: %s", err.text);
	else if (k->history.word && !k->word)
		k->word = xstrdup(k->history.word);
	k->busy = xcalloc(k->history.path.n, sizeof(*k->busy));
	for (size_t i = 0; i < k->history.n && i < KNOWLEDGE_LANDINGS; i++) {
		const struct history_landing *l = &k->history.landing[i];

		for (size_t c = l->first; c < l->first + l->n; c++)
			k->busy[k->history.change[c].path]++;
	}
}

static struct cochange *
cochange_of(const struct history *history)
{
	struct cochange *cochange = cochange_new(history->path.n);
	int path[PARTNERS_LARGE];

	for (size_t i = 0; i < history->n; i++) {
		const struct history_landing *l = &history->landing[i];

		if (l->n > PARTNERS_LARGE)
			continue;
		for (size_t c = 0; c < l->n; c++)
			path[c] = history->change[l->first + c].path;
		cochange_add(cochange, path, l->n);
	}
	cochange_seal(cochange);
	return cochange;
}

const struct guess_history *
knowledge_partners(struct knowledge *knowledge, const struct verdict_env *world)
{
	struct knowledge *k = knowledge;

	need_history(k, KNOWLEDGE_PARTNERS);
	if (k->history.n_changes == 0)
		return NULL;
	if (!k->cochange)
		k->cochange = cochange_of(&k->history);
	k->partners = (struct guess_history){
		.path = (const char *const *)k->history.path.item,
		.n_paths = k->history.path.n,
		.cochange = k->cochange,
		.tracked = world->tracked,
		.n_tracked = world->n_tracked,
	};
	return &k->partners;
}

static double
hot_of(void *arg, const char *path)
{
	struct knowledge *k = arg;
	int at;

	need_history(k, KNOWLEDGE_LANDINGS);
	at = history_find(&k->history, path);
	return at >= 0 ? k->busy[at] : 0;
}

void
knowledge_env(struct knowledge *knowledge, const struct verdict_env *world,
    struct forecast_env *env)
{
	*env = (struct forecast_env){ .tracked = world->tracked,
		.n_tracked = world->n_tracked,
		.fold_case = world->fold_case,
		.model = &knowledge->learned.model,
		.n_bytes = n_bytes_of,
		.hot = hot_of,
		.arg = knowledge,
		.world = world };
}

int
knowledge_conflict_cost(const struct config *config, double *cost, struct err *err)
{
	const struct config_item *item = config_find(config, "divisi.conflict-cost");
	char *end = NULL;
	double value = item ? strtod(item->value, &end) : 0;

	if (item && (end == item->value || *end != '\0' || !isfinite(value) ||
			value < 0 || value > 100)) {
		err_set(err, ERR_INPUT,
		    "divisi.conflict-cost in %s is \"%.40s\", not a number from 0 to "
		    "100",
		    item->origin, item->value);
		return err_fix(err, "git config divisi.conflict-cost 1");
	}
	*cost = value;
	return 0;
}
