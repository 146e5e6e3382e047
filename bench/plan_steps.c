/*
 * The parts of planning, each timed by itself: `name value` per line.
 *
 * usage: plan_steps PLAN [quiet]: with a second word the steps alone, for who measures
 * the process
 */
#include "base/file.h"
#include "base/mem.h"
#include "plan/alter.h"
#include "plan/batch.h"
#include "plan/glob.h"
#include "plan/parse.h"
#include "plan/standing.h"
#include "plan/verdict.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define N_GLOBS   20000
#define N_CHANGES 20

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static size_t
heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static long
peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Two patterns that meet only far inside, compiled and compared again and again. */
static double
two_patterns_us(void)
{
	double start = cpu_ms();

	for (int i = 0; i < N_GLOBS; i++) {
		struct glob *a = glob_new("src/core/*/part*.c", 0, NULL);
		struct glob *b = glob_new("src/**/test_*/*_1.c", 0, NULL);
		char *witness = NULL;

		(void)glob_overlap(a, b, &witness);
		free(witness);
		glob_free(a);
		glob_free(b);
	}
	return (cpu_ms() - start) * 1e3 / N_GLOBS;
}

/*
 * One phase writes what another one does as well, and then not any more, again and again:
 * the middle one of the times, without making the changed plan.
 */
static double
change_ms(const struct plan *plan)
{
	struct standing *standing = standing_new(plan, NULL);
	double took[2 * N_CHANGES];
	size_t n = 0;

	for (int i = 0; i < N_CHANGES; i++) {
		int changed = (int)((size_t)i * plan->n_phases / N_CHANGES);
		const struct touch_list *other =
		    &plan->phase[plan->n_phases - 1 - (size_t)changed]
			 .touch[TOUCH_WRITES];
		struct alteration edit = { ALTERATION_ADD, changed, TOUCH_WRITES,
			other->n > 0 ? other->item[0].text : "new", NULL, false };
		struct plan *altered = plan_altered(plan, &edit, 1);

		for (int way = 0; way < 2; way++) {
			double start = cpu_ms();

			(void)standing_change(
			    standing, way ? plan : altered, &changed, 1);
			took[n++] = cpu_ms() - start;
		}
		plan_free(altered);
	}
	standing_free(standing);
	for (size_t i = 1; i < n; i++) {
		for (size_t k = i; k > 0 && took[k] < took[k - 1]; k--) {
			double swap = took[k];

			took[k] = took[k - 1];
			took[k - 1] = swap;
		}
	}
	return took[n / 2];
}

int
main(int argc, char **argv)
{
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	struct batch_env env = { 0 };
	double start, parsed, decided, scheduled;
	size_t before, answer;
	struct verdicts *verdicts;
	struct batches *batches;
	struct plan *plan;

	if (argc != 2 && argc != 3)
		return 2;
	start = cpu_ms();
	plan = plan_load(argv[1], &lints, &err);
	if (!plan) {
		fprintf(stderr, "plan_steps: %s\n", err.text);
		return 1;
	}
	parsed = cpu_ms();
	before = heap_bytes();
	verdicts = verdicts_new(plan, NULL);
	answer = heap_bytes() - before;
	decided = cpu_ms();
	batches = batches_new(plan, verdicts, &env);
	scheduled = cpu_ms();
	printf("phases %zu\nlints %zu\npairs %zu\nis_too_large %d\nbatches %zu\n",
	    plan->n_phases, lints.n, verdicts->n_pairs, verdicts->is_too_large,
	    batches->n);
	printf("parse_ms %.3f\nverdicts_ms %.3f\nschedule_ms %.3f\n", parsed - start,
	    decided - parsed, scheduled - decided);
	printf("peak_kb %ld\nanswer_bytes %zu\n", peak_kb(), answer);
	if (argc == 2 && plan->n_phases > 0)
		printf("change_ms %.3f\n", change_ms(plan));
	if (argc == 2)
		printf("two_patterns_us %.3f\n", two_patterns_us());
	batches_free(batches);
	verdicts_free(verdicts);
	plan_free(plan);
	lint_list_clear(&lints);
	return 0;
}
