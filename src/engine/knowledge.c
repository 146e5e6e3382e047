#include "engine/knowledge.h"

#include "base/file.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_LEARNED_BYTES ((size_t)4 << 20)

/* A verdict is waited for by a person: a history that takes longer is done without. */
#define HISTORY_TIMEOUT_MS 5000

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

static void
need_history(struct knowledge *k)
{
	const struct history_want want = { .max = KNOWLEDGE_LANDINGS,
		.timeout_ms = HISTORY_TIMEOUT_MS };
	struct err err = ERR_INIT;

	if (k->has_history || !k->repo)
		return;
	k->has_history = true;
	if (history_read(k->repo, &want, &k->history, &err) < 0 && !k->word)
		k->word = xasprintf("the history is not known: %s", err.text);
	else if (k->history.word && !k->word)
		k->word = xstrdup(k->history.word);
	k->busy = xcalloc(k->history.path.n, sizeof(*k->busy));
	for (size_t i = 0; i < k->history.n_changes; i++)
		k->busy[k->history.change[i].path]++;
}

static double
hot_of(void *arg, const char *path)
{
	struct knowledge *k = arg;
	int at;

	need_history(k);
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
		.arg = knowledge };
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
