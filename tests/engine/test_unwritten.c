#include "engine/internal.h"
#include "fault_vfs.h"
#include "stage.h"

#include <json-c/json.h>
#include <string.h>

/* A journal that cannot be written is what the status says first, for as long as it is so. */

static int
something_happens(struct stage *st)
{
	return stage_happen(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b",
	    "1B", "reason", "so", NULL);
}

static int64_t
number_of(struct json_object *o, const char *name)
{
	return json_object_get_int64(json_object_object_get(o, name));
}

static const char *
text_of(struct json_object *o, const char *name)
{
	return json_object_get_string(json_object_object_get(o, name));
}

/* The first need of STATUS is the journal's; its words. */
static const char *
need_of(struct json_object *status)
{
	struct json_object *first = json_object_array_get_idx(
	    json_object_object_get(status, "needs"), 0);

	if (!first || strcmp(text_of(first, "subject"), "the journal") != 0)
		return NULL;
	assert_int_equal(number_of(status, "n_needs"), 1);
	assert_memory_equal(text_of(first, "command"), "df -h /", 7);
	return text_of(first, "what");
}

static void
a_full_disk_is_told_in_the_status_until_it_is_mended(void **state)
{
	struct stage *st = *state;
	struct json_object *status, *journal;
	int64_t since;

	assert_int_equal(something_happens(st), 0);
	status = engine_status(st->engine);
	assert_null(need_of(status));
	assert_int_equal(
	    number_of(json_object_object_get(status, "journal"), "since"), 0);
	json_object_put(status);

	fault_arm(FAULT_FULL, 1);
	since = stage_now;
	assert_int_equal(something_happens(st), -1);
	stage_now += 60000;
	assert_int_equal(something_happens(st), -1);
	status = engine_status(st->engine);
	assert_non_null(need_of(status));
	assert_non_null(
	    strstr(need_of(status), "cannot be written: no space left for /"));
	journal = json_object_object_get(status, "journal");
	assert_int_equal(number_of(journal, "since"), since);
	assert_non_null(strstr(text_of(journal, "fix"), "free space"));
	json_object_put(status);

	fault_arm(FAULT_NEVER, 0);
	assert_int_equal(something_happens(st), 0);
	assert_int_equal(st->engine->unwritten.since, 0);
	status = engine_status(st->engine);
	assert_null(need_of(status));
	json_object_put(status);
	stage_matches_journal(st);
}

/* Where nothing is owed nobody would write, so who looks has it tried. */
static void
who_looks_once_there_is_room_sees_no_trouble(void **state)
{
	struct stage *st = *state;
	struct json_object *status;

	fault_arm(FAULT_FULL, 1);
	assert_int_equal(something_happens(st), -1);
	fault_arm(FAULT_NEVER, 0);
	status = engine_status(st->engine);
	assert_null(need_of(status));
	json_object_put(status);
}

static void
an_act_that_cannot_begin_tells_of_it_too(void **state)
{
	struct stage *st = *state;

	stage_owe(st, "worktree-remove", "a", "k1", "{}");
	fault_arm(FAULT_FULL, 1);
	event_base_loop(st->base, EVLOOP_NONBLOCK);
	assert_int_equal(st->engine->unwritten.since, stage_now);
	fault_arm(FAULT_NEVER, 0);
}

/* The rows of a group are in its transaction; what counts is that this is committed. */
static void
a_group_that_is_not_committed_is_not_written(void **state)
{
	struct stage *st = *state;

	group_begin(st->engine);
	assert_int_equal(something_happens(st), 0);
	fault_arm(FAULT_FULL, 1);
	group_end(st->engine);
	assert_int_equal(st->engine->unwritten.since, stage_now);
	fault_arm(FAULT_NEVER, 0);
	group_begin(st->engine);
	assert_int_equal(something_happens(st), 0);
	assert_true(st->engine->unwritten.since > 0);
	group_end(st->engine);
	assert_int_equal(st->engine->unwritten.since, 0);
}

static void
an_agent_is_not_told_of_the_disk(void **state)
{
	struct stage *st = *state;
	const struct caller agent = { .actor = "session:p1.1.1A",
		.session = "p1.1.1A" };
	struct json_object *status;

	fault_arm(FAULT_FULL, 1);
	assert_int_equal(something_happens(st), -1);
	status = engine_status_for(st->engine, &agent);
	assert_null(need_of(status));
	assert_null(json_object_object_get(status, "journal"));
	json_object_put(status);
	fault_arm(FAULT_NEVER, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_full_disk_is_told_in_the_status_until_it_is_mended),
		STAGE_TEST(who_looks_once_there_is_room_sees_no_trouble),
		STAGE_TEST(an_act_that_cannot_begin_tells_of_it_too),
		STAGE_TEST(a_group_that_is_not_committed_is_not_written),
		STAGE_TEST(an_agent_is_not_told_of_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
