/* One act on a tracker elsewhere: what others did there meanwhile (J-26, J-44). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "engine/job.h"
#include "engine/record.h"
#include "engine/track_link.h"

#include <stdio.h>
#include <string.h>

/* One issue, as it stands there, and what somebody does to it between two of our looks. */
static struct {
	char status[32], assignee[32], delegate[32], body[32];
	int n_reads, n_moves, n_comments;
	const char *account;             /* to whom the settings assign */
	const char *assigned_after_look; /* by somebody, to whom */
	const char *moved_after_look;    /* by somebody, where */
} there;

static int
read_issue(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	*issue = (struct tracker_issue){ .id = id,
		.title = "",
		.body = arena_strdup(arena, there.body),
		.status = arena_strdup(arena, there.status),
		.assignee = arena_strdup(arena, there.assignee),
		.delegate = arena_strdup(arena, there.delegate),
		.updated_at = 1 };
	if (there.n_reads == 0 && there.moved_after_look)
		snprintf(
		    there.status, sizeof(there.status), "%s", there.moved_after_look);
	if (there.n_reads++ == 0 && there.assigned_after_look)
		snprintf(there.assignee, sizeof(there.assignee), "%s",
		    there.assigned_after_look);
	return 0;
}

static int
update(const struct tracker_link *link, const struct tracker_call *call, const char *id,
    const struct tracker_patch *patch, struct err *err)
{
	if (patch->status) {
		snprintf(there.status, sizeof(there.status), "%s", patch->status);
		there.n_moves++;
	}
	if (patch->assignee)
		snprintf(there.assignee, sizeof(there.assignee), "%s", patch->assignee);
	if (patch->delegate)
		snprintf(there.delegate, sizeof(there.delegate), "%s", patch->delegate);
	return 0;
}

static int
comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	there.n_comments++;
	return 0;
}

static const struct tracker tracker = { .name = "test",
	.capabilities = TRACKER_NETWORK | TRACKER_DELEGATES,
	.update = update,
	.comment = comment,
	.read = read_issue };

/* In the place of the settings and the network. */
int
track_link_open(
    struct track_link *link, const char *top, const char *name, struct err *err)
{
	link->link.state = &link->state;
	link->tracker = &tracker;
	return 0;
}

void
track_link_close(struct track_link *link)
{
}

const char *
track_link_trouble(const struct track_link *link, const struct err *err)
{
	return err->kind == ERR_CONFLICT ? "conflict" : "later";
}

const char *
track_account(const struct track_link *link, const char *agent)
{
	return there.account ? there.account : "";
}

int
track_chosen(const struct config *config, const char **name, struct err *err)
{
	*name = "test";
	return 0;
}

/* Does ACT, with STATUS or a comment; *SEEN goes in and comes out, as the outbox keeps it. */
static int
act(const char *kind, const char *status, char **seen, struct fields *out)
{
	struct fields in = { 0 };
	struct err err = ERR_INIT;
	int rc;

	there.n_reads = 0;
	fields_set(&in, "act", kind);
	fields_set(&in, "key", "k");
	fields_set(&in, "session", "p1.1.1A");
	fields_set(&in, "sub_issue", "CIA-2");
	fields_set(&in, "seen_id", "CIA-2");
	fields_set(&in, "seen", *seen ? *seen : "");
	fields_set(&in, "status", status);
	fields_set(&in, "to", "Robot");
	fields_set(&in, "comment_kind", "note");
	fields_set(&in, "comment", "hello");
	fields_clear(out);
	rc = job_track(&in, out, &err);
	if (rc == 0) {
		free(*seen);
		*seen = xstrdup(fields_text(out, "seen"));
	}
	fields_clear(&in);
	return rc;
}

static int
setup(void **state)
{
	memset(&there, 0, sizeof(there));
	snprintf(there.status, sizeof(there.status), "Todo");
	return 0;
}

/* Not only the act that finds it there, but the ones after it, until ours is further on. */
static void
a_move_never_goes_back_behind_what_somebody_moved_it_to(void **state)
{
	AUTO_FREE char *seen = NULL;
	struct fields out = { 0 };

	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	snprintf(there.status, sizeof(there.status), "In Review");
	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	assert_non_null(strstr(fields_text(&out, "adopted"), "In Review"));
	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	assert_int_equal(act("issue-move", "In Progress", &seen, &out), 0);
	assert_string_equal(there.status, "In Review");
	assert_int_equal(act("issue-move", "Done", &seen, &out), 0);
	assert_string_equal(there.status, "Done");
	/* Where we put it ourselves we may take it back from. */
	assert_int_equal(act("issue-move", "In Progress", &seen, &out), 0);
	assert_string_equal(there.status, "In Progress");
	assert_int_equal(there.n_moves, 2);
	fields_clear(&out);
}

/* What happens between our two looks is found by the next act, and not taken for ours. */
static void
an_edit_beside_our_write_is_a_conflict_of_the_next_one(void **state)
{
	AUTO_FREE char *seen = NULL;
	struct fields out = { 0 };

	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	there.assigned_after_look = "ada";
	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	there.assigned_after_look = NULL;
	assert_int_equal(act("issue-move", "In Progress", &seen, &out), -1);
	assert_non_null(strstr(fields_text(&out, "conflict"), "ada"));
	assert_int_equal(there.n_moves, 0);
	fields_clear(&out);
}

/* A move that had nothing to do took what it read at its end for its own. */
static void
a_move_back_beside_a_move_of_ours_that_changed_nothing_is_a_conflict(void **state)
{
	AUTO_FREE char *seen = NULL;
	struct fields out = { 0 };

	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	snprintf(there.status, sizeof(there.status), "Done");
	there.moved_after_look = "Backlog";
	assert_int_equal(act("issue-move", "In Progress", &seen, &out), 0);
	there.moved_after_look = NULL;
	assert_int_equal(there.n_moves, 0);
	assert_int_equal(act("issue-move", "In Review", &seen, &out), -1);
	assert_non_null(strstr(fields_text(&out, "conflict"), "Backlog"));
	assert_int_equal(there.n_moves, 0);
	fields_clear(&out);
}

/* who answers for it is assigned by us, and somebody else's word is a conflict. */
static void
an_assignment_of_ours_is_seen_and_one_of_theirs_is_a_conflict(void **state)
{
	AUTO_FREE char *seen = NULL;
	struct fields out = { 0 };

	assert_int_equal(act("issue-assign", "", &seen, &out), 0);
	assert_string_equal(there.assignee, "");
	there.account = "ada";
	assert_int_equal(act("issue-assign", "", &seen, &out), 0);
	assert_string_equal(there.assignee, "ada");
	assert_int_equal(act("issue-move", "In Progress", &seen, &out), 0);
	snprintf(there.assignee, sizeof(there.assignee), "grace");
	assert_int_equal(act("issue-move", "In Review", &seen, &out), -1);
	assert_non_null(strstr(fields_text(&out, "conflict"), "grace"));
	fields_clear(&out);
}

/* What we did, and never heard of, is no change of somebody else's (sim seed 6002527). */
static void
a_delegation_whose_answer_was_lost_is_done_and_no_conflict(void **state)
{
	AUTO_FREE char *seen = NULL;
	struct fields out = { 0 };

	assert_int_equal(act("issue-comment", "", &seen, &out), 0);
	snprintf(there.delegate, sizeof(there.delegate), "Robot-bot");
	assert_int_equal(act("delegate", "", &seen, &out), 0);
	snprintf(there.delegate, sizeof(there.delegate), "%s", "");
	assert_int_equal(act("undelegate", "", &seen, &out), 0);
	there.account = "ada";
	snprintf(there.assignee, sizeof(there.assignee), "ada");
	assert_int_equal(act("issue-assign", "", &seen, &out), 0);
	assert_string_equal(fields_text(&out, "conflict"), "");
	/* Another agent's is. */
	snprintf(there.delegate, sizeof(there.delegate), "Robotnik");
	assert_int_equal(act("delegate", "", &seen, &out), -1);
	assert_non_null(strstr(fields_text(&out, "conflict"), "Robotnik"));
	fields_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    a_move_never_goes_back_behind_what_somebody_moved_it_to, setup),
		cmocka_unit_test_setup(
		    an_edit_beside_our_write_is_a_conflict_of_the_next_one, setup),
		cmocka_unit_test_setup(
		    a_move_back_beside_a_move_of_ours_that_changed_nothing_is_a_conflict,
		    setup),
		cmocka_unit_test_setup(
		    an_assignment_of_ours_is_seen_and_one_of_theirs_is_a_conflict,
		    setup),
		cmocka_unit_test_setup(
		    a_delegation_whose_answer_was_lost_is_done_and_no_conflict, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
