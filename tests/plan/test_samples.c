#include "plan/batch.h"
#include "plan/parse.h"

#include <dirent.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/*
 * The plans of tests/data/plans, from their text to their batches, against the outcomes
 * written beside them.  Hostile ones have to come through without harm.
 */
static struct plan *
load(const char *folder, const char *name)
{
	AUTO_FREE char *path = xasprintf("%s/%s/%s", TEST_DATA, folder, name);
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	struct plan *plan = plan_load(path, &lints, &err);

	lint_list_clear(&lints);
	return plan;
}

static const char *
member(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value)
		   ? json_object_get_string(value)
		   : NULL;
}

static void
check_word(struct json_object *wanted, const char *key, const char *got)
{
	const char *word = member(wanted, key);

	if (word && (!got || strcmp(word, got) != 0))
		fail_msg("%s and %s: %s is %s, not %s", member(wanted, "a"),
		    member(wanted, "b"), key, got ? got : "null", word);
}

static void
check_pair(
    const struct plan *plan, const struct verdicts *v, struct json_object *wanted)
{
	const struct pair *p = verdicts_find(v, plan_index(plan, member(wanted, "a")),
	    plan_index(plan, member(wanted, "b")));
	AUTO_FREE char *question = xasprintf("%d", p->question);

	check_word(wanted, "verdict", verdict_name(p->verdict));
	check_word(wanted, "kind", pair_kind_name(p->kind));
	check_word(wanted, "question", question);
	check_word(wanted, "witness", p->grounds->witness);
	check_word(wanted, "first", p->first < 0 ? NULL : plan->phase[p->first].id);
}

static void
check_batches(
    const struct plan *plan, const struct batches *b, struct json_object *expected)
{
	struct json_object *batches, *kinds;

	if (json_object_object_get_ex(expected, "batches", &batches)) {
		assert_int_equal(b->n, json_object_array_length(batches));
		for (size_t i = 0; i < b->n; i++) {
			struct json_object *ids = json_object_array_get_idx(batches, i);

			assert_int_equal(b->batch[i].n, json_object_array_length(ids));
			for (size_t k = 0; k < b->batch[i].n; k++)
				assert_string_equal(
				    plan->phase[b->batch[i].phase[k]].id,
				    json_object_get_string(
					json_object_array_get_idx(ids, k)));
		}
	}
	if (json_object_object_get_ex(expected, "kinds", &kinds)) {
		for (size_t i = 0; i < b->n; i++)
			assert_string_equal(
			    b->batch[i].is_research ? "research" : "implementation",
			    json_object_get_string(
				json_object_array_get_idx(kinds, i)));
	}
}

static void
check_plan(const char *name)
{
	AUTO_FREE char *stem = xstrndup(name, strlen(name) - strlen(".md"));
	AUTO_FREE char *path = xasprintf("%s/plans/%s.expect.json", TEST_DATA, stem);
	struct json_object *expected = json_object_from_file(path), *pairs = NULL;
	struct plan *plan = load("plans", name);
	struct verdicts *v;
	struct batches *b;

	assert_non_null(plan);
	v = verdicts_new(plan, NULL);
	b = batches_new(plan, v, NULL);
	if (expected && json_object_object_get_ex(expected, "pairs", &pairs)) {
		for (size_t i = 0; i < json_object_array_length(pairs); i++)
			check_pair(plan, v, json_object_array_get_idx(pairs, i));
	}
	if (expected)
		check_batches(plan, b, expected);
	json_object_put(expected);
	batches_free(b);
	verdicts_free(v);
	plan_free(plan);
}

/* Calls CHECK for each Markdown file of FOLDER; returns how many there were. */
static size_t
each_plan(const char *folder, void (*check)(const char *name))
{
	AUTO_FREE char *path = xasprintf("%s/%s", TEST_DATA, folder);
	DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".md") != 0)
			continue;
		check(entry->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

static void
sample_plans_come_out_as_written_beside_them(void **state)
{
	assert_true(each_plan("plans", check_plan) >= 3);
}

static void
check_hostile(const char *name)
{
	struct plan *plan = load("plans/hostile", name);
	struct verdicts *v;
	struct batches *b;

	if (!plan)
		return;
	v = verdicts_new(plan, NULL);
	b = batches_new(plan, v, NULL);
	assert_int_equal(v->n_pairs, v->n_total);
	if (strcmp(name, "cycle.md") == 0) {
		assert_int_equal(v->n_cycles, 1);
		assert_int_equal(b->n_unplaced, 3);
	}
	batches_free(b);
	verdicts_free(v);
	plan_free(plan);
}

static void
hostile_plans_are_decided_without_harm(void **state)
{
	assert_true(each_plan("plans/hostile", check_hostile) >= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_plans_come_out_as_written_beside_them),
		cmocka_unit_test(hostile_plans_are_decided_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
