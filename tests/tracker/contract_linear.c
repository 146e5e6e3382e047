#include "contract.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Statuses by type and name: a workspace may call them as it likes. */
static void
a_state_is_found_by_its_type(void **state)
{
	struct world *w = *state;
	const char *id;

	w->link.team = "ODD";
	id = world_make(w, NULL, NULL);
	assert_string_equal(world_read(w, id).status_name, "Up next");
	assert_string_equal(world_read(w, id).status, "Todo");
	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	assert_string_equal(world_read(w, id).status_name, "Cooking");
	assert_int_equal(world_move(w, NULL, id, "In Review", NULL), 0);
	assert_string_equal(world_read(w, id).status_name, "Code review");
	assert_string_equal(world_read(w, id).status, "In Review");
	assert_int_equal(world_move(w, NULL, id, "Done", NULL), 0);
	assert_string_equal(world_read(w, id).status_name, "Served");
}

static void
a_setting_names_the_state_that_is_meant(void **state)
{
	static const struct tracker_status_name names[] = { { "In Review",
	    "Waiting for QA" } };
	struct world *w = *state;
	const char *id;

	w->link.team = "ODD";
	w->link.status_name = names;
	w->link.n_status_names = 1;
	id = world_make(w, NULL, NULL);
	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	assert_int_equal(world_move(w, NULL, id, "In Review", NULL), 0);
	assert_string_equal(world_read(w, id).status_name, "Waiting for QA");
	assert_string_equal(world_read(w, id).status, "In Review");
}

/* What a tracker lacks is said, not faked. */
static void
a_state_that_is_not_there_is_said(void **state)
{
	struct world *w = *state;
	struct tracker_who who;
	struct err err = ERR_INIT;
	const char *id;

	w->link.team = "FEW";
	id = world_make(w, NULL, NULL);
	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	assert_int_equal(world_move(w, NULL, id, "In Review", &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
	assert_non_null(strstr(err.fix, "Working"));
	assert_string_equal(world_read(w, id).status, "In Progress");
	assert_int_equal(w->tracker->probe(&w->link, w->arena, &who, NULL), 0);
	assert_true(world_has(who.lacking, "In Review"));
	assert_true(world_has(who.lacking, "Backlog"));
	assert_false(world_has(who.lacking, "Done"));
}

static void
an_archived_parent_gets_no_children(void **state)
{
	static const char *const labels[] = { "type:chore" };
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);
	struct tracker_draft draft = {
		.title = "x", .parent = master, .labels = { labels, 1 }
	};
	char id[TRACKER_ID_SIZE];
	struct err err = ERR_INIT;

	world_break(w, "archive", 1, 0);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_REFUSED);
	assert_non_null(strstr(err.text, "archived"));
	assert_true(world_read(w, master).is_archived);
}

/* the plan is reachable from the tracker; a local path would help nobody. */
static void
a_file_of_this_machine_is_uploaded_once(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	char path[] = "/tmp/divisi-plan.XXXXXX";
	AUTO_FREE char *missing = NULL;
	struct tracker_call call = world_call(w, NULL);
	NET_JSON struct json_object *told = NULL;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "# Plan\n", 7), 7);
	close(fd);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    w->tracker->attach(&w->link, &call, id, path, "aa", &err), 0);
	unlink(path);
	told = world_tell(w);
	assert_int_equal(net_len(told, "files"), 1);
	assert_string_equal(
	    json_object_get_string(net_at(told, "files", 0)), "# Plan\n");
	assert_int_equal(net_int(told, "attachments"), 1);
	missing = xasprintf("%s.gone", path);
	assert_int_equal(
	    w->tracker->attach(&w->link, &call, id, missing, "bb", &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
}

static void
an_agent_is_delegated_to_and_a_person_is_not(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);
	struct tracker_patch patch = { .assignee = "me", .delegate = "factory" };
	struct err err = ERR_INIT;

	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), 0);
	assert_string_equal(world_read(w, id).assignee, "Ada L.");
	assert_string_equal(world_read(w, id).delegate, "Factory");
	patch = (struct tracker_patch){ .delegate = "grace" };
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	/* who has done the work is at work no longer. */
	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	assert_int_equal(world_move(w, NULL, id, "Done", NULL), 0);
	assert_string_equal(world_read(w, id).delegate, "");
	assert_string_equal(world_read(w, id).assignee, "Ada L.");
}

static void
what_we_do_is_shown_once_in_one_agent_session(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, "told/1");
	struct tracker_agents agents;

	for (int i = 0; i < 2; i++)
		assert_int_equal(w->tracker->activity(
				     &w->link, &call, id, "thought", "reading", NULL),
		    0);
	call = world_call(w, "told/2");
	assert_int_equal(
	    w->tracker->activity(&w->link, &call, id, "action", "merging", NULL), 0);
	assert_int_equal(world_count(w, "activities"), 2);
	assert_int_equal(w->tracker->agents(&w->link, id, w->arena, &agents, NULL), 0);
	assert_int_equal(agents.n, 1);
	assert_string_equal(agents.item[0].state, "active");
	assert_int_equal(
	    w->tracker->activity(&w->link, &call, id, "dance", "x", NULL), -1);
}

/* An answer of HTTP 200 may be an error all the same. */
static void
an_error_with_http_200_is_an_error(void **state)
{
	static const struct {
		const char *fault;
		enum tracker_trouble trouble;
	} cases[] = { { "error200", TRACKER_LATER }, { "refused200", TRACKER_REFUSED },
		{ "unsuccessful", TRACKER_REFUSED }, { "nodata", TRACKER_LATER } };
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct err err = ERR_INIT;

		world_break(w, cases[i].fault, 1, 1);
		assert_int_equal(world_move(w, NULL, id, "In Progress", &err), -1);
		assert_int_equal(w->state.trouble, cases[i].trouble);
		world_break(w, "", 0, 0);
		assert_string_equal(world_read(w, id).status, "Todo");
	}
}

/* T05 */
static void
nothing_that_belongs_to_people_is_written(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	NET_JSON struct json_object *told = NULL;

	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	told = world_tell(w);
	assert_null(net_get(told, "forbidden"));
}

/* one update of a day, whatever is lost on the way, as it was told last. */
static void
a_project_is_told_once_and_amended(void **state)
{
	struct world *w = *state;
	struct tracker_call call = world_call(w, NULL);
	const char *id;
	struct tracker_place place;
	struct tracker_update update = { .post = "p1/1", .health = "onTrack" };
	NET_JSON struct json_object *told = NULL;

	w->link.project = "Review gates";
	id = world_make(w, NULL, NULL);
	assert_int_equal(w->tracker->place(&w->link, id, w->arena, &place, NULL), 0);
	assert_string_equal(place.project, "Review gates");
	assert_string_equal(place.milestone, "");
	update.project_id = place.project_id;
	update.about = id;
	update.body = "One is done.";
	world_break(w, "lost", 1, 1);
	assert_int_equal(
	    w->tracker->project_update(&w->link, &call, &update, NULL), -1);
	world_break(w, "", 0, 0);
	assert_int_equal(w->tracker->project_update(&w->link, &call, &update, NULL), 0);
	update.body = "Two are done.";
	update.health = "atRisk";
	assert_int_equal(w->tracker->project_update(&w->link, &call, &update, NULL), 0);
	told = world_tell(w);
	assert_int_equal(net_len(told, "updates"), 1);
	assert_string_equal(json_object_to_json_string_ext(
				net_at(told, "updates", 0), JSON_C_TO_STRING_PLAIN),
	    "[\"Review gates\",\"atRisk\",\"Two are done.\"]");
	assert_int_equal(
	    w->tracker->place(&w->link, "CIA-999", w->arena, &place, NULL), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
}

const struct CMUnitTest contract_linear[] = {
	CLAIM(a_project_is_told_once_and_amended),
	CLAIM(a_state_is_found_by_its_type),
	CLAIM(a_setting_names_the_state_that_is_meant),
	CLAIM(a_state_that_is_not_there_is_said),
	CLAIM(an_archived_parent_gets_no_children),
	CLAIM(a_file_of_this_machine_is_uploaded_once),
	CLAIM(an_agent_is_delegated_to_and_a_person_is_not),
	CLAIM(what_we_do_is_shown_once_in_one_agent_session),
	CLAIM(an_error_with_http_200_is_an_error),
	CLAIM(nothing_that_belongs_to_people_is_written),
};
const size_t contract_linear_n = N_ELEMS(contract_linear);
