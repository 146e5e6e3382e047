#include "contract.h"

#include "../fakes/tracker_fake.h"
#include "base/file.h"
#include "store/journal.h"

#include <stdio.h>
#include <string.h>

/* Named by main(); the address of the test server comes in the environment. */
extern const char *contract_tracker;

static void
control(struct world *w, const char *text)
{
	struct http_call call = { .method = "POST",
		.target = "/control",
		.body = text,
		.n_body = strlen(text) };
	struct http_answer answer;
	struct err err = ERR_INIT;

	if (http_send(w->control, &call, &answer, &err) < 0)
		fail_msg("%s", err.text);
	http_answer_clear(&answer);
}

static int
setup_network(struct world *w)
{
	const char *base = getenv("DIVISI_TEST_TRACKER_URL");
	struct err err = ERR_INIT;

	if (!base)
		return -1;
	w->control = http_open(base, 0, &err);
	if (!w->control)
		return -1;
	control(w, "{\"reset\": true}");
	setenv("TEST_TRACKER_TOKEN", TEST_TOKEN, 1);
	w->link.token_variable = "TEST_TRACKER_TOKEN";
	w->link.limit_ms = 4000;
	if (strcmp(contract_tracker, "linear") == 0) {
		w->link.url = xasprintf("%s/graphql", base);
		w->link.team = "CIA";
	} else {
		w->link.url = xstrdup(base);
		w->link.team = "acme/gates";
	}
	w->home = NULL;
	return tracker_open(w->tracker, &w->link, &err);
}

int
world_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	*state = w;
	w->arena = arena_new();
	w->link.state = &w->state;
	w->link.origin = "home-1";
	if (strcmp(contract_tracker, "fake") == 0) {
		tracker_fake_reset();
		w->tracker = &tracker_fake;
		return 0;
	}
	w->tracker = tracker_by_name(contract_tracker);
	if (!w->tracker)
		return -1;
	if (w->tracker->capabilities & TRACKER_NETWORK)
		return setup_network(w);
	w->home = xstrdup("/tmp/divisi-tracker.XXXXXX");
	if (!mkdtemp(w->home))
		return -1;
	w->link.store = store_open(w->home, 0, NULL);
	return w->link.store ? 0 : -1;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	if (w->control) {
		tracker_close(&w->link);
		http_close(w->control);
		free((void *)(uintptr_t)w->link.url);
	}
	store_close(w->link.store);
	if (w->home && file_remove_tree(w->home, NULL) < 0)
		return -1;
	arena_free(w->arena);
	free(w->home);
	free(w);
	return 0;
}

const char *
world_some_id(const struct world *w)
{
	return strcmp(w->tracker->name, "github") == 0 ? "#1" : "CIA-1";
}

struct tracker_call
world_call(struct world *w, const char *key)
{
	if (!key)
		key = arena_printf(w->arena, "key/%d", w->n_keys++);
	return (struct tracker_call){ .key = key, .actor = "server", .at = 1000 };
}

const char *
world_make(struct world *w, const char *key, const char *parent)
{
	static const char *const labels[] = { "type:chore", "exec:tdd" };
	struct tracker_call call = world_call(w, key);
	struct tracker_draft draft = { .title = "Batch 1A: Gates",
		.body = "the prompt",
		.parent = parent,
		.estimate = 3,
		.labels = { labels, 2 } };
	char *id = arena_alloc(w->arena, TRACKER_ID_SIZE);
	struct err err = ERR_INIT;

	if (w->tracker->create(&w->link, &call, &draft, id, &err) < 0)
		fail_msg("%s", err.text);
	return id;
}

struct tracker_issue
world_read(struct world *w, const char *id)
{
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	if (w->tracker->read(&w->link, id, w->arena, &issue, &err) < 0)
		fail_msg("%s", err.text);
	return issue;
}

int
world_move(struct world *w, const char *key, const char *id, const char *status,
    struct err *err)
{
	struct tracker_call call = world_call(w, key);
	struct tracker_patch patch = { .status = status };

	return w->tracker->update(&w->link, &call, id, &patch, err);
}

int
world_comment(struct world *w, const char *key, const char *id, const char *kind,
    const char *text)
{
	struct tracker_call call = world_call(w, key);

	return w->tracker->comment(&w->link, &call, id, kind, text, NULL);
}

bool
world_has(struct tracker_words words, const char *word)
{
	for (size_t i = 0; i < words.n; i++) {
		if (strcmp(words.word[i], word) == 0)
			return true;
	}
	return false;
}

void
world_break(struct world *w, const char *fault, int n, int skip)
{
	control(w, arena_printf(w->arena,
		       "{\"fault\": \"%s\", \"n\": %d, \"skip\": %d}", fault, n, skip));
}

struct json_object *
world_tell(struct world *w)
{
	struct http_call call = { .method = "GET", .target = "/control" };
	struct json_object *told;
	struct http_answer answer;
	struct err err = ERR_INIT;

	if (http_send(w->control, &call, &answer, &err) < 0)
		fail_msg("%s", err.text);
	told = net_parse(answer.body, answer.n_body);
	http_answer_clear(&answer);
	assert_non_null(told);
	return told;
}

int64_t
world_count(struct world *w, const char *what)
{
	NET_JSON struct json_object *told = world_tell(w);
	struct json_object *value = net_get(told, what);

	return json_object_is_type(value, json_type_array)
		   ? (int64_t)net_len(told, what)
		   : net_int(told, what);
}
