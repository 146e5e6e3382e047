#include "policy/risk_learn.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct history {
	struct risk_sample *sample;
	struct risk_file *file;
	bool *is_hit;
	size_t n;
};

/* N pairs of one file each, at times 1 to N; HOT_SPOT collides always, others rarely. */
static struct history
history_new(size_t n, const char *hot_spot)
{
	static const char *const paths[] = { "src/a.c", "src/b.c", "lib/c.c",
		"lib/d.c" };
	struct history h = { .n = n };
	uint32_t seed = 5;

	h.sample = xcalloc(n, sizeof(*h.sample));
	h.file = xcalloc(n, sizeof(*h.file));
	h.is_hit = xcalloc(n, sizeof(*h.is_hit));
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		h.file[i] = (struct risk_file){ paths[seed >> 30], 8000, 10, 1, false };
		h.is_hit[i] = strcmp(h.file[i].path, hot_spot) == 0 ||
			      (seed >> 8 & 15) == 0;
		h.sample[i] = (struct risk_sample){ &h.file[i], &h.is_hit[i], 1,
			{ 3, 3, 0, 0 }, h.is_hit[i], (int64_t)i, (int64_t)i + 1 };
	}
	return h;
}

static void
history_free(struct history *h)
{
	free(h->sample);
	free(h->file);
	free(h->is_hit);
}

static double
after(const struct history *h, size_t n, const char *path)
{
	struct risk_file file = { path, 8000, 10, 1, false };
	struct risk_model shipped, model;
	double p;

	risk_model_init(&shipped);
	risk_fit(h->sample, n, &shipped, &risk_strength_shipped, &model);
	p = risk_of_pair(&model, &file, 1, (struct risk_sizes){ 3, 3, 0, 0 });
	risk_model_clear(&model);
	return p;
}

static void
a_file_that_always_collides_is_learned(void **state)
{
	struct history h = history_new(400, "src/b.c");

	assert_true(after(&h, 400, "src/b.c") > 0.6);
	assert_true(after(&h, 400, "lib/c.c") < 0.2);
	history_free(&h);
}

/* A file nobody has seen yet is judged by its directory and by what else ends as it does. */
static void
what_is_learned_of_a_place_holds_for_new_files_in_it(void **state)
{
	struct history h = history_new(400, "src/b.c");

	for (size_t i = 0; i < h.n; i++) {
		bool is_lib = h.file[i].path[0] == 'l';

		h.file[i].path = is_lib ? "lib/core/net/x.proto" : h.file[i].path;
		h.is_hit[i] = is_lib;
		h.sample[i].is_conflict = is_lib;
	}
	assert_true(after(&h, 400, "lib/core/net/new.proto") > 0.7);
	assert_true(after(&h, 400, "lib/core/other/new.proto") > 0.6);
	assert_true(after(&h, 400, "new.proto") > 2 * after(&h, 400, "new.c"));
	history_free(&h);
}

/* A repository with one landing, or none, says what the shipped weights say. */
static void
little_history_hardly_moves_anything(void **state)
{
	struct history h = history_new(2, "src/b.c");
	struct risk_file file = { "src/b.c", 8000, 10, 1, false };
	struct risk_model shipped;
	double p;

	risk_model_init(&shipped);
	p = risk_of_pair(&shipped, &file, 1, (struct risk_sizes){ 3, 3, 0, 0 });
	assert_true(fabs(after(&h, 0, "src/b.c") - p) < 1e-9);
	assert_true(fabs(after(&h, 2, "src/b.c") - p) < 0.1);
	history_free(&h);
}

static void
the_replay_never_looks_ahead(void **state)
{
	enum { N = 240 };
	struct history h = history_new(N, "src/b.c");
	struct risk_model shipped;
	double first[N], second[N];

	risk_model_init(&shipped);
	risk_replay(h.sample, N, &shipped, &risk_strength_shipped, first);
	for (size_t i = N / 2; i < N; i++) {
		h.is_hit[i] = !h.is_hit[i];
		h.sample[i].is_conflict = h.is_hit[i];
	}
	risk_replay(h.sample, N, &shipped, &risk_strength_shipped, second);
	for (size_t i = 0; i < N / 2; i++)
		assert_true(fabs(first[i] - second[i]) < 1e-12);
	history_free(&h);
}

static void
weights_come_back_from_what_they_made(void **state)
{
	enum { N = 6000 };
	struct history h = history_new(N, "");
	struct risk_model model;
	uint32_t seed = 3;

	for (size_t i = 0; i < N; i++) {
		double p;

		seed = seed * 1664525 + 1013904223;
		h.file[i].n_bytes = (double)(1u << (8 + (seed >> 28)));
		/* Larger is safer by 1.5 per four bits. */
		p = risk_logistic(-1 - 1.5 * ((double)(8 + (seed >> 28)) - 13) / 4);
		seed = seed * 1664525 + 1013904223;
		h.is_hit[i] = (double)(seed >> 8) / (double)(1 << 24) < p;
		h.sample[i].is_conflict = h.is_hit[i];
	}
	risk_fit_prior(h.sample, N, &model);
	assert_true(fabs(model.file[RISK_W_SIZE] + 1.5) < 0.2);
	history_free(&h);
}

static void
learning_is_measured_by_hand(void **state)
{
	bool hit[4] = { true, false, true, false };
	struct risk_file file = { "a.c", 1, 1, 1, false };
	struct risk_sample sample[4];
	const double chance[4] = { 0.9, 0.2, 0.2, 0.1 };
	struct risk_report r;

	for (size_t i = 0; i < 4; i++)
		sample[i] = (struct risk_sample){
			.file = &file, .is_hit = &hit[i], .n = 1, .is_conflict = hit[i]
		};
	risk_measure(sample, chance, 4, &r);
	assert_int_equal(r.n_conflicts, 2);
	assert_true(fabs(r.brier - (0.01 + 0.04 + 0.64 + 0.01) / 4) < 1e-9);
	/* One of the four pairs of a hit and a miss is a draw. */
	assert_true(fabs(r.auc - 3.5 / 4) < 1e-9);
	assert_int_equal(r.bin[2].n, 2);
	assert_int_equal(r.bin[2].n_conflicts, 1);
	risk_measure(sample, chance, 0, &r);
	assert_int_equal(r.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_always_collides_is_learned),
		cmocka_unit_test(what_is_learned_of_a_place_holds_for_new_files_in_it),
		cmocka_unit_test(little_history_hardly_moves_anything),
		cmocka_unit_test(the_replay_never_looks_ahead),
		cmocka_unit_test(weights_come_back_from_what_they_made),
		cmocka_unit_test(learning_is_measured_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
