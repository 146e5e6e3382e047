#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "tracker/net.h"
#include "tracker/tracker.h"

/*
 * The contract of src/tracker/tracker.h as tests, run against one tracker at a time: the
 * built-in one, the fake one, and the network ones on test servers on loopback.
 */

#define TEST_TOKEN "lin_api_test_secret_token"

/* One world per test: an empty tracker, and an arena for what is read. */
struct world {
	const struct tracker *tracker;
	struct tracker_link link;
	struct tracker_state state;
	struct arena *arena;
	char *home;           /* of the local one */
	struct http *control; /* of a test server */
	int n_keys;
};

int world_setup(void **state);
int world_teardown(void **state);

/* A call with KEY, or with one that was never used when it is NULL. */
struct tracker_call world_call(struct world *w, const char *key);

/* An id that is well formed; whether there is such an issue is another matter. */
const char *world_some_id(const struct world *w);

/* Makes an issue and returns its id; fails the test when it cannot. */
const char *world_make(struct world *w, const char *key, const char *parent);

struct tracker_issue world_read(struct world *w, const char *id);
int world_move(struct world *w, const char *key, const char *id, const char *status,
    struct err *err);
int world_comment(struct world *w, const char *key, const char *id, const char *kind,
    const char *text);
bool world_has(struct tracker_words words, const char *word);

/* Tells the test server to fail N requests with FAULT after SKIP that it serves. */
void world_break(struct world *w, const char *fault, int n, int skip);

/* What the test server tells of itself; the caller puts it. */
struct json_object *world_tell(struct world *w);
int64_t world_count(struct world *w, const char *what);

/* The tests that a tracker over the network must pass beside the common ones. */
extern const struct CMUnitTest contract_network[];
extern const size_t contract_network_n;
extern const struct CMUnitTest contract_linear[];
extern const size_t contract_linear_n;
extern const struct CMUnitTest contract_github[];
extern const size_t contract_github_n;

#define CLAIM(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
