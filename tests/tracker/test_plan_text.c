#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "tracker/plan_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the tracker of a test holds: a master issue, its parts, and who waits for whom. */
struct world {
	struct tracker_issue master;
	struct tracker_issue part[3];
	size_t n;
	const char *waits[3]; /* id of what the part waits for, or NULL */
	bool is_cut;          /* there are more of those */
};

static struct world world;

static int
read_one(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	*issue = world.master;
	return 0;
}

static int
read_parts(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	*list = (struct tracker_list){ .item = world.part, .n = world.n };
	return 0;
}

static int
read_blockers(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	*list = (struct tracker_list){ .has_more = world.is_cut };
	for (size_t i = 0; i < world.n; i++) {
		if (strcmp(world.part[i].id, id) != 0 || !world.waits[i])
			continue;
		list->item = arena_alloc(arena, sizeof(*list->item));
		list->item[list->n++] = (struct tracker_issue){
			.id = world.waits[i], .url = "", .title = "", .status = "Todo"
		};
	}
	return 0;
}

static const struct tracker there = { .name = "there",
	.read = read_one,
	.children = read_parts,
	.linked = read_blockers };

static struct tracker_issue
issue(const char *id, const char *title, const char *body)
{
	return (struct tracker_issue){ .id = id,
		.url = "https://example.invalid/1",
		.title = title,
		.body = body,
		.status = "Todo" };
}

static int
begin(void **state)
{
	world = (struct world){ .master = issue("acme/gates#1", "Whole", ""),
		.part = { issue("acme/gates#2", "First", ""),
		    issue("acme/gates#3", "Second", "") },
		.n = 2 };
	return 0;
}

/* The plan that the world is; NULL with ERR.  The caller frees it. */
static char *
plan_of(struct err *err)
{
	struct tracker_link link = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int rc = plan_text_from(&there, &link, "1", "2026-11-22", f, err);

	fclose(f);
	if (rc == 0)
		return text;
	free(text);
	return NULL;
}

static bool
plan_has(const char *what)
{
	struct err err = ERR_INIT;
	char *text = plan_of(&err);
	bool has;

	assert_non_null(text);
	has = strstr(text, what) != NULL;
	free(text);
	return has;
}

static enum err_kind
plan_fails(void)
{
	struct err err = ERR_INIT;

	assert_null(plan_of(&err));
	return err.kind;
}

static void
an_archived_parent_is_refused(void **state)
{
	assert_true(plan_has("### 1A: First"));
	world.master.is_archived = true;
	assert_int_equal(plan_fails(), ERR_REFUSED);
}

static void
archived_parts_are_no_phases(void **state)
{
	world.part[1].is_archived = true;
	assert_false(plan_has("Second"));
	world.part[0].is_archived = true;
	assert_int_equal(plan_fails(), ERR_NOT_FOUND);
}

/* A dependency that was not read would let two run at once that may not. */
static void
more_blockers_than_can_be_read_are_refused(void **state)
{
	world.is_cut = true;
	assert_int_equal(plan_fails(), ERR_REFUSED);
}

static void
parts_that_wait_for_each_other_are_written_so(void **state)
{
	world.waits[0] = "acme/gates#3";
	world.waits[1] = "acme/gates#2";
	assert_true(plan_has("- Depends on: 4B\n"));
	assert_true(plan_has("- Depends on: 4A\n"));
}

static void
an_issue_of_another_repository_is_work_there(void **state)
{
	assert_false(plan_has("- Repo:"));
	world.part[1].id = "acme/web#3";
	assert_true(plan_has("- Repo: web\n"));
	world.part[1].body = "- Repo: elsewhere\n";
	assert_true(plan_has("- Repo: elsewhere\n"));
	assert_false(plan_has("- Repo: web\n"));
	world.part[1].body = "";
	world.part[0].id = "#2";
	world.part[1].id = "#3";
	world.master.id = "#1";
	assert_false(plan_has("- Repo:"));
}

/* A prompt names no issue without its address (P02): what a text says in passing is code. */
static void
an_issue_named_in_passing_is_code(void **state)
{
	world.master.id = "CIA-1";
	world.part[0] = issue("CIA-2", "After CIA-1 and UTF-8",
	    "1. See CIA-12, `CIA-3` and XCIA-4\n- [ ] CIA-2 is there\n");
	assert_true(plan_has("### 1A: After `CIA-1` and UTF-8\n"));
	assert_true(plan_has("  1. See `CIA-12`, `CIA-3` and XCIA-4\n"));
	assert_true(plan_has("  - [ ] `CIA-2` is there\n"));
	assert_true(plan_has("- Deliverable: After `CIA-1` and UTF-8 is done."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_archived_parent_is_refused, begin),
		cmocka_unit_test_setup(archived_parts_are_no_phases, begin),
		cmocka_unit_test_setup(
		    more_blockers_than_can_be_read_are_refused, begin),
		cmocka_unit_test_setup(
		    parts_that_wait_for_each_other_are_written_so, begin),
		cmocka_unit_test_setup(
		    an_issue_of_another_repository_is_work_there, begin),
		cmocka_unit_test_setup(an_issue_named_in_passing_is_code, begin),
	};

	return cmocka_run_group_tests_name("tracker/plan_text", tests, NULL, NULL);
}
