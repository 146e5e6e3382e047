#include "scratch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct journal_row
row_of(const char *entity, const char *to)
{
	return (struct journal_row){ .at = 1700000000000,
		.actor = "server",
		.entity = entity,
		.from = "",
		.to = to,
		.cause = "test",
		.data = "{\"n\":1}" };
}

static void
append_one(struct store *store, const char *to)
{
	struct journal_row row = row_of("session/x", to);

	assert_int_equal(journal_append(store, &row, 1, NULL, 0, NULL), 0);
}

struct seen {
	int n;
	int64_t next;
	bool has_gap;
	char text[512];
};

static int
see_row(const struct journal_row *row, void *arg)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->text);

	if (row->seq != seen->next)
		seen->has_gap = true;
	seen->next = row->seq + 1;
	seen->n++;
	snprintf(seen->text + n, sizeof(seen->text) - n, "%s ", row->to);
	return 0;
}

static struct seen
see_all(struct store *store, int64_t after)
{
	struct seen seen = { .next = after + 1 };

	assert_int_equal(journal_replay(store, after, see_row, &seen, NULL), 0);
	return seen;
}

static int
see_act(const struct act_row *act, void *arg)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->text);

	seen->n++;
	snprintf(seen->text + n, sizeof(seen->text) - n, "%s:%s:%d ", act->key,
	    act->state, act->tries);
	return 0;
}

static struct seen
see_acts(struct store *store)
{
	struct seen seen = { 0 };

	assert_int_equal(act_each_open(store, see_act, &seen, NULL), 0);
	return seen;
}

/* E-38 */
static void
rows_come_back_as_written_after_a_reopen(void **state)
{
	struct store *store = scratch_open(state);
	struct journal_row rows[2] = { row_of("session/a", "filed"),
		row_of("session/a", "prepared") };
	struct seen seen;

	assert_int_equal(journal_append(store, rows, 2, NULL, 0, NULL), 0);
	assert_int_equal(rows[0].seq, 1);
	assert_int_equal(rows[1].seq, 2);
	store_close(store);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), 2);
	seen = see_all(store, 0);
	assert_string_equal(seen.text, "filed prepared ");
	seen = see_all(store, 1);
	assert_string_equal(seen.text, "prepared ");
	store_close(store);
}

static void
one_bad_row_keeps_the_whole_batch_out(void **state)
{
	static const char *const bad[] = { "{", "not json", "{\"a\":}" };
	struct store *store = scratch_open(state);

	append_one(store, "first");
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct journal_row rows[2] = { row_of("a", "x"), row_of("a", "y") };
		struct err err = ERR_INIT;

		rows[1].data = bad[i];
		assert_int_equal(journal_append(store, rows, 2, NULL, 0, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
	append_one(store, "second");
	assert_string_equal(see_all(store, 0).text, "first second ");
	assert_false(see_all(store, 0).has_gap);
	store_close(store);
}

static void
a_rolled_back_row_leaves_no_gap(void **state)
{
	struct store *store = scratch_open(state);

	append_one(store, "a");
	assert_int_equal(store_begin(store, NULL), 0);
	append_one(store, "lost");
	store_rollback(store);
	append_one(store, "b");
	assert_string_equal(see_all(store, 0).text, "a b ");
	assert_false(see_all(store, 0).has_gap);
	store_close(store);
}

static void
a_level_inside_can_fail_alone(void **state)
{
	struct store *store = scratch_open(state);

	assert_int_equal(store_begin(store, NULL), 0);
	append_one(store, "outer");
	assert_int_equal(store_begin(store, NULL), 0);
	append_one(store, "inner");
	store_rollback(store);
	assert_int_equal(store_begin(store, NULL), 0);
	append_one(store, "again");
	assert_int_equal(store_commit(store, NULL), 0);
	assert_int_equal(store_commit(store, NULL), 0);
	assert_string_equal(see_all(store, 0).text, "outer again ");
	store_close(store);
}

static void
an_open_level_dies_with_the_store(void **state)
{
	struct store *store = scratch_open(state);

	assert_int_equal(store_begin(store, NULL), 0);
	append_one(store, "lost");
	store_close(store);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), 0);
	store_close(store);
}

/* DESIGN 3: each act carries an idempotency key. */
static void
an_act_with_a_known_key_is_not_owed_twice(void **state)
{
	struct store *store = scratch_open(state);
	struct journal_row row = row_of("session/a", "launching");
	struct act_row acts[2] = { { .key = "launch/a", .kind = "launch" },
		{ .key = "launch/b", .kind = "launch", .order = "repo" } };
	struct act_row again = { .key = "launch/b", .kind = "launch" };

	assert_int_equal(journal_append(store, &row, 1, acts, 2, NULL), 0);
	assert_int_equal(acts[0].event_seq, 1);
	assert_int_equal(journal_append(store, &row, 1, &again, 1, NULL), 0);
	assert_int_equal(again.seq, acts[1].seq);
	assert_int_equal(again.event_seq, 1);
	assert_string_equal(see_acts(store).text, "launch/a:owed:0 launch/b:owed:0 ");
	store_close(store);
}

static void
an_act_moves_only_as_drawn(void **state)
{
	static const struct {
		const char *from, *to;
		bool is_legal;
	} table[] = {
		{ "owed", "begun", true },
		{ "owed", "done", false },
		{ "owed", "failed", false },
		{ "owed", "owed", true },
		{ "owed", "dead", true },
		{ "begun", "begun", false },
		{ "begun", "done", true },
		{ "begun", "failed", true },
		{ "begun", "owed", true },
		{ "begun", "dead", true },
		{ "done", "begun", false },
		{ "done", "owed", false },
		{ "done", "dead", false },
		{ "failed", "begun", false },
		{ "failed", "done", false },
		{ "dead", "begun", false },
		{ "dead", "owed", false },
	};
	struct store *store = scratch_open(state);
	struct journal_row row = row_of("a", "b");

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		AUTO_FREE char *key = xasprintf("k%zu", i);
		struct act_row act = {
			.key = key, .kind = "k", .state = table[i].from
		};
		struct err err = ERR_INIT;
		int ret;

		assert_int_equal(journal_append(store, &row, 1, &act, 1, NULL), 0);
		if (strcmp(table[i].to, "begun") == 0)
			ret = act_begin(store, act.seq, &err);
		else
			ret = act_finish(store, act.seq, table[i].to, "{}", 0, &err);
		assert_int_equal(ret, table[i].is_legal ? 0 : -1);
		if (!table[i].is_legal)
			assert_int_equal(err.kind, ERR_CONFLICT);
	}
	store_close(store);
}

static void
an_act_of_no_known_state_is_refused(void **state)
{
	struct store *store = scratch_open(state);
	struct journal_row row = row_of("a", "b");
	struct act_row act = { .key = "k", .kind = "k", .state = "maybe" };
	struct err err = ERR_INIT;

	assert_int_equal(journal_append(store, &row, 1, &act, 1, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	act.state = "begun";
	assert_int_equal(journal_append(store, &row, 1, &act, 1, &err), 0);
	assert_int_equal(act_finish(store, act.seq, "maybe", "", 0, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(act_begin(store, 999, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	store_close(store);
}

static int
finish_it(const struct act_row *act, void *arg)
{
	struct store *store = arg;

	assert_int_equal(act_begin(store, act->seq, NULL), 0);
	assert_int_equal(act_finish(store, act->seq, "done", "{}", 0, NULL), 0);
	return 0;
}

static void
acts_may_be_finished_while_they_are_listed(void **state)
{
	struct store *store = scratch_open(state);
	struct journal_row row = row_of("a", "b");
	struct act_row acts[3] = { { .key = "1", .kind = "k" },
		{ .key = "2", .kind = "k" }, { .key = "3", .kind = "k" } };

	assert_int_equal(journal_append(store, &row, 1, acts, 3, NULL), 0);
	assert_int_equal(act_each_open(store, finish_it, store, NULL), 0);
	assert_int_equal(see_acts(store).n, 0);
	store_close(store);
}

static int
append_more(const struct journal_row *row, void *arg)
{
	append_one(arg, "more");
	return 0;
}

static void
a_replay_that_appends_ends(void **state)
{
	struct store *store = scratch_open(state);

	append_one(store, "a");
	append_one(store, "b");
	assert_int_equal(journal_replay(store, 0, append_more, store, NULL), 0);
	assert_int_equal(journal_last(store), 4);
	store_close(store);
}

static void
a_blob_keeps_its_bytes(void **state)
{
	static const char name[] =
	    "00000000000000000000000000000000000000000000000000000000000000aa";
	struct store *store = scratch_open(state);
	struct err err = ERR_INIT;
	size_t n = 0;
	char *got;

	assert_int_equal(blob_put(store, name, "a\0b", 3, NULL), 0);
	assert_int_equal(blob_put(store, name, "a\0b", 3, NULL), 0);
	assert_int_equal(blob_put(store, name, "abc", 3, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	got = blob_get(store, name, &n, NULL);
	assert_int_equal(n, 3);
	assert_memory_equal(got, "a\0b", 4);
	free(got);
	assert_null(blob_get(store, "nope", &n, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(blob_put(store, "nope", "x", 1, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	store_close(store);
}

static void
a_meta_value_is_the_last_one_put(void **state)
{
	struct store *store = scratch_open(state);
	char *got;

	assert_null(store_meta_get(store, "k"));
	assert_int_equal(store_meta_put(store, "k", "1", NULL), 0);
	assert_int_equal(store_meta_put(store, "k", "2", NULL), 0);
	got = store_meta_get(store, "k");
	assert_string_equal(got, "2");
	free(got);
	store_close(store);
}

/* The child acknowledges each seq through FD only after append has returned. */
static void
append_for_ever(const char *home, int fd)
{
	struct store *store = store_open(home, 0, NULL);

	for (int i = 0; store; i++) {
		struct journal_row rows[3] = { row_of("a", "x"), row_of("a", "y"),
			row_of("a", "z") };
		AUTO_FREE char *key = xasprintf("key/%d/%d", getpid(), i);
		struct act_row act = { .key = key, .kind = "k" };

		if (journal_append(store, rows, 3, &act, 1, NULL) < 0 ||
		    write(fd, &rows[2].seq, sizeof(rows[2].seq)) < 0)
			_exit(1);
	}
	_exit(2);
}

/* Promise 1; issue 2 item 11: kill -9 at any moment. */
static void
kill_9_loses_no_acknowledged_row(void **state)
{
	int64_t acked = 0;

	for (int round = 1; round <= 6; round++) {
		struct store *store;
		struct seen seen;
		int fd[2], status;
		pid_t pid;

		assert_int_equal(pipe(fd), 0);
		pid = fork();
		if (pid == 0) {
			close(fd[0]);
			append_for_ever(*state, fd[1]);
		}
		close(fd[1]);
		for (int i = 0; i < 7 * round; i++)
			assert_int_equal(
			    read(fd[0], &acked, sizeof(acked)), sizeof(acked));
		kill(pid, SIGKILL);
		while (read(fd[0], &acked, sizeof(acked)) == sizeof(acked))
			;
		close(fd[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));

		store = scratch_open(state);
		assert_true(journal_last(store) >= acked);
		assert_int_equal(journal_last(store) % 3, 0);
		seen = see_all(store, 0);
		assert_false(seen.has_gap);
		assert_int_equal(seen.n, journal_last(store));
		assert_int_equal(see_acts(store).n, seen.n / 3);
		store_close(store);
	}
}

/* Issue 2, bad input: a full disk. */
static void
a_full_disk_appends_nothing_and_can_be_mended(void **state)
{
	struct rlimit was, tight;
	struct store *store = scratch_open(state);
	AUTO_FREE char *big = xmalloc(400001);
	struct journal_row rows[2] = { row_of("a", "small"), row_of("a", "big") };
	struct err err = ERR_INIT;

	memset(big, ' ', 400000);
	memcpy(big, "{}", 2);
	big[400000] = '\0';
	rows[1].data = big;
	append_one(store, "before");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	tight = was;
	tight.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &tight);
	assert_int_equal(journal_append(store, rows, 2, NULL, 0, &err), -1);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_non_null(strstr(err.text, "journal.db"));
	append_one(store, "after");
	assert_string_equal(see_all(store, 0).text, "before after ");
	assert_int_equal(journal_append(store, rows, 2, NULL, 0, &err), 0);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(rows_come_back_as_written_after_a_reopen),
		SCRATCH_TEST(one_bad_row_keeps_the_whole_batch_out),
		SCRATCH_TEST(a_rolled_back_row_leaves_no_gap),
		SCRATCH_TEST(a_level_inside_can_fail_alone),
		SCRATCH_TEST(an_open_level_dies_with_the_store),
		SCRATCH_TEST(an_act_with_a_known_key_is_not_owed_twice),
		SCRATCH_TEST(an_act_moves_only_as_drawn),
		SCRATCH_TEST(an_act_of_no_known_state_is_refused),
		SCRATCH_TEST(acts_may_be_finished_while_they_are_listed),
		SCRATCH_TEST(a_replay_that_appends_ends),
		SCRATCH_TEST(a_blob_keeps_its_bytes),
		SCRATCH_TEST(a_meta_value_is_the_last_one_put),
		SCRATCH_TEST(kill_9_loses_no_acknowledged_row),
		SCRATCH_TEST(a_full_disk_appends_nothing_and_can_be_mended),
	};

	return cmocka_run_group_tests_name("store/journal", tests, NULL, NULL);
}
