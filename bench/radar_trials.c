#include "radar/radar.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * usage: radar_trials REPO DIR TARGET COMMIT...: the radar's trials of all pairs of commits:
 * changed paths first, then the pairs that share one; and of the first commit with the others,
 * whose changed paths are known by then.  Prints the seconds of both, pairs tried, conflicts.
 */
struct trials {
	struct radar *radar;
	char **commit;
	size_t n, n_tried, n_conflicts;
	struct git_list *touched;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
look(struct trials *t, const char *target, size_t i, struct err *err)
{
	git_list_clear(&t->touched[i]);
	return radar_changed(t->radar, target, t->commit[i], &t->touched[i], err);
}

/* Tries the first N_FIRST commits with all behind them. */
static int
try_pairs(struct trials *t, size_t n_first, struct err *err)
{
	AUTO_FREE struct radar_pair *pair = xcalloc(t->n * t->n + 1, sizeof(*pair));

	t->n_tried = t->n_conflicts = 0;
	for (size_t i = 0; i < n_first; i++) {
		for (size_t k = i + 1; k < t->n; k++) {
			struct git_list shared = { 0 };

			radar_shared(&t->touched[i], &t->touched[k], &shared);
			if (shared.n > 0)
				pair[t->n_tried++] = (struct radar_pair){
					.a = t->commit[i], .b = t->commit[k]
				};
			git_list_clear(&shared);
		}
	}
	if (radar_trials(t->radar, pair, t->n_tried, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n_tried; i++) {
		t->n_conflicts += !pair[i].is_clean;
		git_list_clear(&pair[i].files);
	}
	return 0;
}

static int
measure(struct trials *t, const char *target, struct err *err)
{
	double began = now(), all;

	for (size_t i = 0; i < t->n; i++) {
		if (look(t, target, i, err) < 0)
			return -1;
	}
	if (try_pairs(t, t->n, err) < 0)
		return -1;
	all = now() - began;
	began = now();
	printf("%.6f %zu %zu", all, t->n_tried, t->n_conflicts);
	if (look(t, target, 0, err) < 0 || try_pairs(t, 1, err) < 0)
		return -1;
	printf(" %.6f\n", now() - began);
	return 0;
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct repo repo = { 0 };
	struct trials t = { .commit = argv + 4, .n = argc > 4 ? (size_t)argc - 4 : 0 };
	int rc = -1;

	if (t.n == 0)
		return fprintf(
			   stderr, "usage: radar_trials REPO DIR TARGET COMMIT...\n"),
		       2;
	t.touched = xcalloc(t.n, sizeof(*t.touched));
	if (repo_open(argv[1], &repo, &err) == 0) {
		t.radar = radar_open(&repo, argv[2], &err);
		rc = t.radar ? measure(&t, argv[3], &err) : -1;
	}
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	for (size_t i = 0; i < t.n; i++)
		git_list_clear(&t.touched[i]);
	free(t.touched);
	radar_close(t.radar);
	repo_close(&repo);
	return rc < 0;
}
