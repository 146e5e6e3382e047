/* Reading the server's answers, and the names people use for sessions. */
#include "play.h"

#include "base/file.h"
#include "cli/client.h"

#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

static struct json_object *
parse(const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	assert_non_null(o);
	return o;
}

static void
members_are_read_whatever_they_are(void **state)
{
	AUTO_JSON struct json_object *o = parse(
	    "{\"t\":\"text\",\"n\":42,\"b\":true,\"z\":null,\"a\":[1,2],\"o\":{\"x\":1}}");

	assert_string_equal(js_text(o, "t"), "text");
	assert_string_equal(js_text(o, "n"), "42");
	assert_string_equal(js_text(o, "absent"), "");
	assert_string_equal(js_text(o, "z"), "");
	assert_string_equal(js_text(NULL, "t"), "");
	assert_int_equal(js_number(o, "n", -1), 42);
	assert_int_equal(js_number(o, "absent", -1), -1);
	assert_int_equal(js_number(o, "z", -1), -1);
	assert_int_equal(js_number(NULL, "n", -1), -1);
	assert_true(js_bool(o, "b"));
	assert_false(js_bool(o, "z"));
	assert_false(js_bool(o, "absent"));
	assert_int_equal(js_number(js_get(o, "o"), "x", 0), 1);
	assert_int_equal(js_count(js_get(o, "a")), 2);
	assert_non_null(js_at(js_get(o, "a"), 1));
	assert_null(js_at(js_get(o, "a"), 2));
}

/* A server of another version may answer with something else: never a reason to abort. */
static void
what_is_no_list_is_an_empty_one(void **state)
{
	AUTO_JSON struct json_object *o = parse("{\"a\":\"text\",\"b\":{},\"c\":7}");
	AUTO_JSON struct json_object *list = parse("[1]");

	assert_int_equal(js_count(js_get(o, "a")), 0);
	assert_int_equal(js_count(js_get(o, "b")), 0);
	assert_int_equal(js_count(js_get(o, "absent")), 0);
	assert_int_equal(js_count(NULL), 0);
	assert_null(js_at(js_get(o, "c"), 0));
	assert_null(js_at(NULL, 0));
	assert_null(js_get(list, "x"));
}

static void
put(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text));
}

/* The part of a status that names sessions, from the state of the core. */
static struct json_object *
status_of(const struct core *core)
{
	struct json_object *status = json_object_new_object();
	struct json_object *plans = json_object_new_array();

	for (size_t p = 0; p < core->n_plans; p++) {
		struct json_object *plan = json_object_new_object();
		struct json_object *batches = json_object_new_array();

		put(plan, "id", core->plan[p].id);
		for (size_t i = 0; i < core->n_batches; i++) {
			const struct batch_run *b = &core->batch[i];
			struct json_object *batch = json_object_new_object();
			struct json_object *sessions = json_object_new_array();

			if (strcmp(b->plan_id, core->plan[p].id) != 0) {
				json_object_put(batch);
				json_object_put(sessions);
				continue;
			}
			put(batch, "id", b->id);
			json_object_object_add(
			    batch, "number", json_object_new_int(b->number));
			for (size_t k = 0; k < b->n; k++) {
				const struct session *s = &core->session[b->session[k]];
				struct json_object *one = json_object_new_object();

				put(one, "id", s->id);
				put(one, "plan", s->plan_id);
				put(one, "label", s->label);
				put(one, "phase", s->phase);
				put(one, "issue", s->issue);
				put(one, "sub_issue", s->sub_issue);
				json_object_array_add(sessions, one);
			}
			json_object_object_add(batch, "sessions", sessions);
			json_object_array_add(batches, batch);
		}
		json_object_object_add(plan, "batches", batches);
		json_object_array_add(plans, plan);
	}
	json_object_object_add(status, "plans", plans);
	return status;
}

/* Two batches of one plan; the second is planned but not filed. */
static struct play *
two_batches(void)
{
	struct play *p = play_new();

	play_open(p, 4);
	play_batch(p, 1, "1A 1B");
	for (int i = 0; i < 2; i++) {
		const char *phase = i ? "1B" : "1A";

		play_start(p, phase);
		play_deliver(p, phase);
		HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, phase)->id);
		play_land(p, phase);
	}
	play_plan(p, 2, "1C 1D", "hash0002");
	return p;
}

static const char *
resolved(const struct play *p, const char *name)
{
	struct err err = ERR_INIT;
	const struct session *s = core_resolve(p->core, name, &err);

	return s ? s->id : "nobody";
}

static void
agree(const struct play *p, struct json_object *status, const char *name)
{
	struct err here = ERR_INIT, there = ERR_INIT;
	const struct session *s = core_resolve(p->core, name, &there);
	const struct json_object *o = client_session(status, name, &here);

	if (!s != !o || (s && strcmp(s->id, js_text(o, "id")) != 0))
		fail_msg("'%s' is %s here and %s in the server", name,
		    o ? js_text(o, "id") : "nobody", s ? s->id : "nobody");
	if (!s) {
		assert_int_equal(here.kind, there.kind);
		assert_string_equal(here.text, there.text);
		assert_string_equal(here.fix, there.fix);
	}
}

/* The same word means the same session here and in the server. */
static void
names_mean_what_they_mean_to_the_server(void **state)
{
	static const char *const names[] = { "S-A", "S-B", "1/S-A", "2/S-A", "2/S-B",
		"p1/1/S-B", "p1/2/S-A", "1A", "1B", "1C", "1D", "CIA-1A", "CIA-1D",
		"DV-1A", "p1.1.1A", "p1.2.1D", "S-C", "3/S-A", "p2/1/S-A", "s-a", "1",
		"S-A ", "%s", "", "/", "p1", "p1/2", "p1.2" };
	struct play *p = two_batches();
	AUTO_JSON struct json_object *status = status_of(p->core);

	for (size_t i = 0; i < N_ELEMS(names); i++)
		agree(p, status, names[i]);
	assert_string_equal(resolved(p, "S-A"), "p1.2.1C");
	assert_string_equal(resolved(p, "1/S-A"), "p1.1.1A");
	play_free(p);
}

/* A table made anew gives its labels to others; who left it has only its stable id. */
static void
a_session_that_left_its_table_gives_up_its_names(void **state)
{
	struct play *p = play_new();
	AUTO_JSON struct json_object *status = NULL;

	play_open(p, 4);
	play_plan(p, 1, "1A 1B", "hash0001");
	play_plan(p, 1, "1C 1A", "hash0002");
	status = status_of(p->core);
	assert_string_equal(resolved(p, "S-A"), "p1.1.1C");
	assert_string_equal(resolved(p, "S-B"), "p1.1.1A");
	assert_null(core_resolve(p->core, "1B", &p->err));
	agree(p, status, "S-A");
	agree(p, status, "S-B");
	agree(p, status, "1B");
	assert_string_equal(resolved(p, "p1.1.1B"), "p1.1.1B");
	play_free(p);
}

static void
an_empty_name_is_nobody(void **state)
{
	struct play *p = two_batches();
	AUTO_JSON struct json_object *status = status_of(p->core);
	struct err err = ERR_INIT;

	assert_null(client_session(status, "", &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_null(core_resolve(p->core, "", &err));
	play_free(p);
}

static void
a_status_without_plans_has_no_sessions(void **state)
{
	static const char *const odd[] = { "{}", "{\"plans\":null}", "{\"plans\":7}",
		"{\"plans\":[]}", "{\"plans\":[{}]}",
		"{\"plans\":[{\"batches\":[{}]}]}",
		"{\"plans\":[null,{\"batches\":\"x\"}]}",
		"{\"plans\":[{\"batches\":[{\"sessions\":[{},null,7]}]}]}" };

	for (size_t i = 0; i < N_ELEMS(odd); i++) {
		AUTO_JSON struct json_object *status = parse(odd[i]);
		struct err err = ERR_INIT;

		assert_null(client_session(status, "S-A", &err));
		assert_int_equal(err.kind, ERR_NOT_FOUND);
	}
}

static void
a_plan_is_named_by_its_file(void **state)
{
	char file[] = "/tmp/divisi-plan-XXXXXX";
	int fd = mkstemp(file);
	struct err err = ERR_INIT;
	AUTO_FREE char *path = client_plan_path(file, &err);

	assert_true(fd >= 0);
	close(fd);
	assert_string_equal(path, file);
	assert_int_equal(unlink(file), 0);
	assert_null(client_plan_path(file, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_true(err.fix[0] != '\0');
}

static void
versions_are_compared_by_their_numbers(void **state)
{
	static const struct {
		const char *ours, *theirs;
		bool is_newer;
	} table[] = {
		{ "0.1.0", "0.1.0", false },
		{ "0.2.0", "0.1.9", true },
		{ "0.10.0", "0.9.0", true },
		{ "0.9.0", "0.10.0", false },
		{ "1.0", "1.0.0", false },
		{ "1.0.1", "1.0", true },
		{ "0.1.0", "", true }, /* older than the question */
		{ "", "", false },
		{ "0.1.0-rc1", "0.1.0-rc2", false },
		{ "nonsense", "0.1.0", false },
		{ "99999999999999999999999.1", "1", true },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++)
		assert_int_equal(
		    client_is_newer(table[i].ours, table[i].theirs), table[i].is_newer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_read_whatever_they_are),
		cmocka_unit_test(what_is_no_list_is_an_empty_one),
		cmocka_unit_test(names_mean_what_they_mean_to_the_server),
		cmocka_unit_test(a_session_that_left_its_table_gives_up_its_names),
		cmocka_unit_test(an_empty_name_is_nobody),
		cmocka_unit_test(versions_are_compared_by_their_numbers),
		cmocka_unit_test(a_status_without_plans_has_no_sessions),
		cmocka_unit_test(a_plan_is_named_by_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
