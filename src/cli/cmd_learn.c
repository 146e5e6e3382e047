#include "cli/cmd.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/json.h"
#include "cli/past.h"
#include "cli/screen.h"
#include "engine/knowledge.h"
#include "engine/lessons.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const struct option_doc cmd_learn_options[] = {
	OPTION_JSON,
	{ "landings", "N", "how many landings to read; 2000 when not given", 'n' },
	{ "dry-run", NULL, "print what would be learned and keep nothing", 0 },
	{ "forget", NULL, "go back to the shipped weights", 0 },
	OPTION_END,
};

enum { LEARN_JSON, LEARN_LANDINGS, LEARN_DRY_RUN, LEARN_FORGET };

/* With fewer pairs chance would be learned, not the repository. */
enum { PAIRS_LEAST = 30, PLACES_SHOWN = 6 };

struct learn {
	bool as_json, is_dry, forgets;
	long n_landings;
	struct repo repo;
	struct history history;
	struct lessons lessons;
	struct risk_learned learned;
	size_t n_conflicts;
	const char *verdict; /* why it is kept, or why not */
	bool is_kept;
	char *path;
};

static int
read_args(struct learn *l, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_learn_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		switch (option) {
		case LEARN_JSON: l->as_json = true; break;
		case LEARN_DRY_RUN: l->is_dry = true; break;
		case LEARN_FORGET: l->forgets = true; break;
		case LEARN_LANDINGS:
			if (args_number(
				"landings", args.value, 1, &l->n_landings, err) < 0)
				return -1;
			break;
		case ARGS_BAD: return -1;
		default:
			return err_set(
			    err, ERR_USAGE, "\"%.60s\" is too much", args.value);
		}
	}
	return 0;
}

static double
size_of(void *arg, const char *path)
{
	const struct repo *repo = arg;
	AUTO_FREE char *full = path_join(repo->top, path);
	struct stat st;

	if (lstat(full, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return (double)st.st_size;
}

/* Both are asked each pair as it was asked, so that neither has seen its outcome. */
static void
fit(struct learn *l)
{
	const struct lessons *lessons = &l->lessons;
	struct risk_learned *out = &l->learned;
	double *chance = xcalloc(lessons->n, sizeof(*chance));
	struct risk_model shipped;
	struct timespec now;

	risk_model_init(&shipped);
	for (size_t i = 0; i < lessons->n; i++) {
		const struct risk_sample *s = &lessons->sample[i];

		chance[i] = risk_of_pair(&shipped, s->file, s->n, s->sizes);
		l->n_conflicts += s->is_conflict;
	}
	risk_measure(lessons->sample, chance, lessons->n, &out->shipped);
	risk_replay(
	    lessons->sample, lessons->n, &shipped, &risk_strength_shipped, chance);
	risk_measure(lessons->sample, chance, lessons->n, &out->own);
	risk_fit(
	    lessons->sample, lessons->n, &shipped, &risk_strength_shipped, &out->model);
	clock_gettime(CLOCK_REALTIME, &now);
	out->at = (int64_t)now.tv_sec * 1000;
	out->n_landings = l->history.n;
	snprintf(out->head, sizeof(out->head), "%s", l->repo.head);
	free(chance);
}

/* What is not better than what is shipped is not kept. */
static int
keep(struct learn *l, struct err *err)
{
	if (l->lessons.n < PAIRS_LEAST) {
		l->verdict = "too little to learn from; the shipped weights stay";
		return 0;
	}
	if (l->learned.own.log_loss >= l->learned.shipped.log_loss) {
		l->verdict = "the shipped weights did as well; they stay";
		return 0;
	}
	if (l->is_dry) {
		l->verdict = "better than the shipped weights; not kept (--dry-run)";
		return 0;
	}
	AUTO_FREE char *text = risk_print(&l->learned);

	if (repo_prepare(&l->repo, err) < 0 ||
	    file_write_atomic(l->path, text, strlen(text), 0600, err) < 0)
		return -1;
	l->is_kept = true;
	l->verdict =
	    "better than the shipped weights; check, plan, verdict and dispatch "
	    "use it from now on";
	return 0;
}

static int
learn(struct learn *l, struct err *err)
{
	struct history_want want = { .max = (size_t)l->n_landings, .edits = true };

	if (repo_open(".", &l->repo, err) < 0)
		return -1;
	l->path = knowledge_path(&l->repo);
	if (l->forgets) {
		if (DURABLE("learn.forget", unlink(l->path)) < 0 &&
		    file_exists(l->path))
			return err_sys(err, "%s", l->path);
		l->verdict = "the shipped weights are used";
		return 0;
	}
	if (history_read(&l->repo, &want, &l->history, err) < 0)
		return -1;
	lessons_collect(&l->history, size_of, &l->repo, &l->lessons);
	fit(l);
	return keep(l, err);
}

/* A number that nothing was measured for is null, never 0. */
static void
put_measured(json_object *object, const char *name, double value, bool is_known)
{
	json_object_object_add(
	    object, name, is_known ? json_object_new_double(value) : NULL);
}

/* Which of two is likelier can only be told where some collided and some did not. */
static bool
has_both(const struct risk_report *r)
{
	return r->n_conflicts > 0 && r->n_conflicts < r->n;
}

static json_object *
report_json(const struct risk_report *r)
{
	json_object *object = json_object_new_object();

	put_measured(object, "brier", r->brier, r->n > 0);
	put_measured(object, "log_loss", r->log_loss, r->n > 0);
	put_measured(object, "auc", r->auc, has_both(r));
	put_measured(object, "ece", r->ece, r->n > 0);
	return object;
}

static json_object *
bins_json(const struct risk_report *r)
{
	json_object *rows = json_object_new_array();

	for (size_t i = 0; i < RISK_N_BINS; i++) {
		const struct risk_bin *bin = &r->bin[i];
		json_object *object = json_object_new_object();

		if (bin->n == 0) {
			json_object_put(object);
			continue;
		}
		json_object_object_add(
		    object, "pairs", json_object_new_int64((int64_t)bin->n));
		json_object_object_add(
		    object, "said", json_object_new_double(bin->sum / (double)bin->n));
		json_object_object_add(object, "happened",
		    json_object_new_double((double)bin->n_conflicts / (double)bin->n));
		json_object_array_add(rows, object);
	}
	return rows;
}

static void
print_json(const struct learn *l)
{
	json_object *object = json_object_new_object();
	const struct risk_learned *out = &l->learned;
	double n = (double)(l->lessons.n ? l->lessons.n : 1);

	json_object_object_add(
	    object, "landings", json_object_new_int64((int64_t)l->history.n));
	json_object_object_add(
	    object, "pairs", json_object_new_int64((int64_t)l->lessons.n));
	json_object_object_add(
	    object, "unjudged", json_object_new_int64((int64_t)l->lessons.n_unjudged));
	json_object_object_add(
	    object, "conflicts", json_object_new_int64((int64_t)l->n_conflicts));
	put_measured(object, "base_rate", (double)l->n_conflicts / n, l->lessons.n > 0);
	json_object_object_add(object, "shipped", report_json(&out->shipped));
	json_object_object_add(object, "learned", report_json(&out->own));
	json_object_object_add(object, "reliability", bins_json(&out->own));
	json_object_object_add(object, "kept", json_object_new_boolean(l->is_kept));
	json_object_object_add(object, "path", json_str(l->is_kept ? l->path : NULL));
	json_object_object_add(object, "verdict", json_str(l->verdict));
	json_object_object_add(object, "word", json_str(l->history.word));
	json_object_object_add(object, "planners", past_planners_json(l->repo.home));
	json_print(object);
}

static void
print_line(const char *name, const struct risk_report *r)
{
	char auc[16] = "    -";

	if (has_both(r))
		snprintf(auc, sizeof(auc), "%5.3f", r->auc);
	printf("  %-16s %6.4f  %8.4f  %s  %6.3f\n", name, r->brier, r->log_loss, auc,
	    r->ece);
}

static int
compare_effects(const void *pa, const void *pb)
{
	double a = fabs((*(const struct risk_place *const *)pa)->effect);
	double b = fabs((*(const struct risk_place *const *)pb)->effect);

	return (b > a) - (b < a);
}

static void
print_places(const struct risk_model *model)
{
	const struct risk_place **by = xcalloc(model->n_places, sizeof(*by));

	for (size_t i = 0; i < model->n_places; i++)
		by[i] = &model->place[i];
	if (model->n_places > 0) {
		qsort(by, model->n_places, sizeof(const struct risk_place *),
		    compare_effects);
		puts("\nunlike their kind (odds of a conflict):");
	}
	for (size_t i = 0; i < model->n_places && i < PLACES_SHOWN; i++) {
		printf("  x %-5.2f ", exp(by[i]->effect));
		text_put(stdout, by[i]->path);
		putchar('\n');
	}
	free(by);
}

static void
print_text(const struct learn *l)
{
	const struct lessons *lessons = &l->lessons;
	struct screen screen;

	screen_init(&screen, stdout);
	if (!l->forgets) {
		printf("%zu landings, %zu pairs of them open at once with a file in "
		       "common",
		    l->history.n, lessons->n);
		if (lessons->n > 0)
			printf(", %zu of them in conflict (%.0f %%)", l->n_conflicts,
			    100 * (double)l->n_conflicts / (double)lessons->n);
		putchar('\n');
	}
	if (l->history.word) {
		text_put(stdout, l->history.word);
		putchar('\n');
	}
	if (lessons->n >= PAIRS_LEAST) {
		printf("\n  %-16s %6s  %8s  %5s  %6s\n", "", "Brier", "log loss", "AUC",
		    "off by");
		print_line("shipped weights", &l->learned.shipped);
		print_line("learned here", &l->learned.own);
		puts("  (each pair asked of what had landed before it began)\n\n"
		     "  said  happened  pairs");
		for (size_t i = 0; i < RISK_N_BINS; i++) {
			const struct risk_bin *bin = &l->learned.own.bin[i];

			if (bin->n > 0)
				printf("%4.0f %%    %4.0f %%  %5zu\n",
				    100 * bin->sum / (double)bin->n,
				    100 * (double)bin->n_conflicts / (double)bin->n,
				    bin->n);
		}
		print_places(&l->learned.model);
		putchar('\n');
	}
	screen_wrap(&screen, 0, 0, l->verdict);
	if (!l->forgets)
		past_print_planners(l->repo.home, stdout);
}

int
cmd_learn(int argc, char **argv)
{
	struct learn l = { .n_landings = 2000, .repo.lock_fd = -1 };
	struct err err = ERR_INIT;
	int rc;

	if (read_args(&l, argc, argv, &err) < 0)
		return cmd_fail(&err, l.as_json);
	rc = learn(&l, &err);
	if (rc == 0 && l.as_json)
		print_json(&l);
	else if (rc == 0)
		print_text(&l);
	lessons_clear(&l.lessons);
	risk_learned_clear(&l.learned);
	history_clear(&l.history);
	free(l.path);
	repo_close(&l.repo);
	return rc < 0 ? cmd_fail(&err, l.as_json) : 0;
}
