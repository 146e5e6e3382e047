/* The heart: what happens is in the journal or did not happen, whatever breaks. */
#include "stage.h"

#include "fault_vfs.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* CONTRACTS 1: server.lock is held for the server's life. */
static void
a_home_has_one_server(void **state)
{
	struct stage *st = *state;
	const struct engine_opts opts = {
		.home = st->home, .top = st->top, .program = "/x", .holder = "/x"
	};
	struct err err = ERR_INIT;

	assert_null(engine_new(st->base, &opts, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	stage_restart(st); /* the first one still works, and its end frees the home */
}

/* Promise 8: the same journal, the same state. */
static void
a_restart_brings_back_the_same_state(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *before = NULL, *after = NULL;
	int n_rows;

	stage_plan(st, "1A 1B 1C", "true");
	stage_approve(st);
	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "I say so");
	HAPPENS(st, HAP_PARKED, "session", "p1.1.1A", "reason", "later");
	before = core_dump(st->engine->core);
	n_rows = stage_n_rows(st, NULL);
	stage_stop(st);
	stage_start(st);
	after = core_dump(st->engine->core);
	assert_string_equal(before, after);
	assert_int_equal(stage_n_rows(st, NULL), n_rows);
	stage_matches_journal(st);
}

static void
what_is_refused_is_recorded_and_changes_nothing(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *before = NULL, *after = NULL, *row = NULL;

	stage_plan(st, "1A", "true");
	stage_approve(st);
	before = core_dump(st->engine->core);
	assert_int_equal(stage_happen(st, HAP_BATCH_APPROVED, "batch", "p1/1", "hash",
			     "other", NULL),
	    -1);
	assert_int_equal(stage_err.kind, ERR_REFUSED);
	after = core_dump(st->engine->core);
	assert_string_equal(before, after);
	row = stage_row(st, "refused");
	assert_non_null(strstr(row, "\"what\":\"batch-approved\""));
	assert_non_null(strstr(row, "\"code\":\"G11\""));
	assert_int_equal(stage_n_rows(st, "batch-approved"), 1);
	stage_matches_journal(st);
}

static void
what_is_not_found_leaves_no_trace(void **state)
{
	struct stage *st = *state;
	int n = stage_n_rows(st, NULL);

	assert_int_equal(stage_happen(st, HAP_PARKED, "session", "nobody", NULL), -1);
	assert_int_equal(stage_err.kind, ERR_NOT_FOUND);
	assert_int_equal(stage_n_rows(st, NULL), n);
}

/*
 * A full disk at each write of a happening: it is refused whole, memory is what the
 * journal says, nothing is owed twice, and with room again it simply goes on.
 */
static void
a_full_disk_takes_nothing_half(void **state)
{
	static const enum fault_how hows[] = { FAULT_FULL, FAULT_IO };
	struct stage *st = *state;
	bool was_written = false;

	stage_plan(st, "1A 1B", "true");
	stage_approve(st);
	stage_settle(st);
	for (size_t h = 0; h < N_ELEMS(hows); h++) {
		was_written = false;
		for (int after = 1; !was_written && after < 60; after++) {
			AUTO_FREE char *before = core_dump(st->engine->core);
			AUTO_FREE char *now = NULL;
			int rc;

			fault_arm(hows[h], after);
			rc = stage_happen(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a",
			    "1A", "b", "1B", "reason", "so", NULL);
			fault_arm(FAULT_NEVER, 0);
			was_written = rc == 0;
			now = core_dump(st->engine->core);
			if (!was_written) {
				assert_int_equal(stage_err.kind, ERR_SYSTEM);
				assert_string_equal(before, now);
			}
			stage_matches_journal(st);
		}
		assert_true(was_written);
	}
	assert_int_equal(st->engine->core->n_assertions, N_ELEMS(hows));
}

/* The acts of a happening that was not written are not done either. */
static void
what_was_not_written_is_not_owed(void **state)
{
	struct stage *st = *state;

	stage_plan(st, "1A", "true");
	stage_answer(st, "worktree-add", "{\"path\":\"/w\",\"base\":\"b0\"}", 0);
	stage_settle(st);
	fault_arm(FAULT_FULL, 1);
	assert_int_equal(
	    stage_happen(st, HAP_BATCH_DECLINED, "batch", "p1/1", "reason", "no", NULL),
	    -1);
	fault_arm(FAULT_NEVER, 0);
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, "worktree-remove"), 0);
	HAPPENS(st, HAP_BATCH_DECLINED, "batch", "p1/1", "reason", "no");
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, "worktree-remove"), 1);
	stage_matches_journal(st);
}

/* A downgrade meets words it does not know: they are passed over, the rest counts. */
static void
rows_of_a_newer_divisi_are_passed_over(void **state)
{
	struct stage *st = *state;
	struct journal_row rows[] = {
		{ .at = 1,
		    .actor = "server",
		    .entity = "server",
		    .cause = "new-thing",
		    .data = "{\"a\":1}" },
		{ .at = 1,
		    .actor = "server",
		    .entity = "plan/p1",
		    .cause = "plan-aborted",
		    .data = "{\"plan\":{\"id\":\"p1\"}}" },
		{ .at = 1,
		    .actor = "server",
		    .entity = "plan/p9",
		    .cause = "plan-aborted",
		    .data = "{\"plan\":\"p9\"}" },
		{ .at = 1,
		    .actor = "server",
		    .entity = "issue/DV-1",
		    .cause = "plan-aborted",
		    .data = "{\"plan\":\"p1\"}" },
		{ .at = 1,
		    .actor = "server",
		    .entity = "plan/p1",
		    .cause = "plan-aborted",
		    .data = "{\"follows\":true}" },
	};
	struct err err = ERR_INIT;

	stage_plan(st, "1A", "true");
	stage_settle(st);
	assert_int_equal(
	    journal_append(st->engine->store, rows, N_ELEMS(rows), NULL, 0, &err), 0);
	stage_restart(st);
	assert_string_equal(st->engine->core->plan[0].state, "active");
	HAPPENS(st, HAP_PLAN_ABORTED, "plan", "p1", "reason", "enough");
	stage_matches_journal(st);
}

/* One happening, one row that a replay reads; what follows from it is told beside. */
static void
every_move_is_a_row_and_only_the_first_is_replayed(void **state)
{
	struct stage *st = *state;
	int before;

	stage_plan(st, "1A 1B", "true");
	stage_approve(st);
	before = stage_n_rows(st, NULL);
	HAPPENS(st, HAP_PLAN_ABORTED, "plan", "p1", "reason", "enough");
	assert_int_equal(stage_n_rows(st, NULL), before + 1);
	assert_int_equal(stage_n_rows(st, "plan-aborted"), 1);
	stage_matches_journal(st);
}

static int
keep_line(const char *line, void *arg)
{
	fprintf(arg, "%s\n", line);
	return 0;
}

static void
events_are_json_lines_in_order(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct span rest, line;
	struct err err = ERR_INIT;
	int64_t seq = 0;

	stage_plan(st, "1A", "true");
	assert_int_equal(engine_events(st->engine, 0, keep_line, f, &err), 0);
	fclose(f);
	rest = span_of(text);
	while (span_next(&rest, '\n', &line) && line.n > 0) {
		assert_true(span_starts(line, "{\"seq\":"));
		assert_int_equal(strtoll(line.p + 7, NULL, 10), ++seq);
		assert_int_equal(line.p[line.n - 1], '}');
	}
	assert_int_equal(seq, journal_last(st->engine->store));
	assert_non_null(strstr(text, "\"entity\":\"batch/p1/1\",\"from\":\"\",\"to\":"
				     "\"planned\",\"cause\":\"batch-planned\""));
}

static void
listeners_hear_of_each_happening(void **state)
{
	struct stage *st = *state;
	int before;

	stage_plan(st, "1A", "true");
	before = st->n_heard;
	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "so");
	assert_int_equal(st->n_heard, before + 1);
	engine_listen(st->engine, NULL, NULL);
	HAPPENS(st, HAP_PLAN_ABORTED, "plan", "p1");
	assert_int_equal(st->n_heard, before + 1);
}

/* K-22: the clock that counts is the one given, and it ticks by itself. */
static void
a_silent_session_stalls_when_its_time_is_over(void **state)
{
	struct stage *st = *state;

	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	assert_string_equal(stage_state(st, "1A"), "launching");
	stage_now += CORE_CONFIRM_LIMIT_MS - 1;
	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "so");
	assert_string_equal(stage_state(st, "1A"), "launching");
	stage_now += 1;
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "stalled") == 0);
	assert_int_equal(stage_n_rows(st, "clock"), 1);
	stage_matches_journal(st);
}

static void
the_clock_waits_when_the_disk_is_full(void **state)
{
	struct stage *st = *state;
	int n;

	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	stage_settle(st);
	stage_now += CORE_CONFIRM_LIMIT_MS - 1;
	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "so");
	stage_now += 1;
	fault_arm(FAULT_FULL, 1);
	STAGE_UNTIL(st, fault_count() > 0);
	n = fault_count();
	for (int i = 0; i < 100; i++)
		stage_turn(st, i, "a hundred turns");
	assert_int_equal(fault_count(), n);
	fault_arm(FAULT_NEVER, 0);
	assert_string_equal(stage_state(st, "1A"), "launching");
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "stalled") == 0);
}

/* What the journal does not take makes the core anew, and nothing of the old one is used. */
static void
a_slot_that_the_journal_does_not_take_is_waited_for(void **state)
{
	enum { SLOTS = 9 };
	struct stage *st = *state;
	AUTO_FREE char *there = file_state_dir(), *dir = path_join(there, "slots");
	struct err err = ERR_INIT;
	int fd[SLOTS];

	assert_int_equal(file_mkdirs(dir, 0700, &err), 0);
	for (int i = 0; i < SLOTS; i++) {
		AUTO_FREE char *path = xasprintf("%s/%d.lock", dir, i);

		fd[i] = file_lock(path, false, &err);
		assert_true(fd[i] >= 0);
	}
	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_session(st, "1A")->waits_for_slot);
	for (int i = 0; i < SLOTS; i++)
		close(fd[i]);
	fault_arm(FAULT_FULL, 1);
	STAGE_UNTIL(st, fault_count() > 0);
	fault_arm(FAULT_NEVER, 0);
	assert_true(stage_session(st, "1A")->waits_for_slot);
	assert_int_equal(stage_n_rows(st, "run-started"), 0);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	assert_false(stage_session(st, "1A")->waits_for_slot);
}

/* "Lock files copied": put back from a copy they are free, though the run they stand for lives. */
static void
a_slot_whose_lock_was_copied_is_not_given_twice(void **state)
{
	enum { SLOTS = 9 };
	struct stage *st = *state;
	AUTO_FREE char *there = file_state_dir(), *dir = path_join(there, "slots");
	pid_t other = getppid();
	struct proc_id holder;
	struct err err = ERR_INIT;
	char text[96];

	assert_int_equal(file_mkdirs(dir, 0700, &err), 0);
	assert_int_equal(proc_identify(other, &holder, &err), 0);
	proc_print(&holder, text, sizeof(text));
	for (int i = 0; i < SLOTS; i++) {
		AUTO_FREE char *path = xasprintf("%s/%d.lock", dir, i);

		assert_int_equal(
		    file_write_atomic(path, text, strlen(text), 0600, &err), 0);
	}
	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_session(st, "1A")->waits_for_slot);
	/* One of somebody who is gone is as free as its lock. */
	holder.start_ticks++;
	proc_print(&holder, text, sizeof(text));
	for (int i = 0; i < SLOTS; i++) {
		AUTO_FREE char *path = xasprintf("%s/%d.lock", dir, i);

		assert_int_equal(
		    file_write_atomic(path, text, strlen(text), 0600, &err), 0);
	}
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
}

#define YEAR_MS (365LL * 24 * 60 * 60 * 1000)

/* A limit of two minutes is one of two minutes, whatever the clock is set to meanwhile. */
static void
a_clock_set_back_a_year_keeps_every_limit(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *row = NULL;

	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	stage_now -= YEAR_MS;
	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "so");
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	row = stage_row(st, "clock-set");
	assert_non_null(strstr(row, "{\"by\":-31536000000,\"kind\":\"set\"}"));
	assert_true(stage_session(st, "1A")->started_at <= stage_now);
	stage_now += CORE_CONFIRM_LIMIT_MS - 1;
	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "so");
	assert_string_equal(stage_state(st, "1A"), "launching");
	stage_now += 1;
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "stalled") == 0);
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	stage_matches_journal(st);
}

static void
a_clock_set_back_while_no_server_ran_is_noticed_at_the_start(void **state)
{
	struct stage *st = *state;

	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	stage_stop(st);
	stage_now -= YEAR_MS;
	stage_start(st);
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	assert_true(
	    core_next_deadline(st->engine->core) <= stage_now + CORE_CONFIRM_LIMIT_MS);
	/* A correction of a second is what clocks do all day. */
	stage_now -= 1000;
	stage_restart(st);
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	stage_matches_journal(st);
}

/* Nobody listens, and the holder lives: that is no agent that has ended (promise 1). */
static void
a_stop_that_a_living_holder_did_not_hear_is_told_again(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *run = path_join(st->home, "runs/p1.1.1A.r1"), *key = NULL;
	AUTO_FREE char *sock = path_join(run, "in.sock"),
		       *away = path_join(run, "in.away");

	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	key = xasprintf("tell/p1.1.1A.r1/stop/%d", stage_session(st, "1A")->n_keys + 1);
	assert_int_equal(rename(sock, away), 0);
	HAPPENS(st, HAP_ABANDONED, "session", "p1.1.1A", "reason", "enough");
	STAGE_UNTIL(st, stage_act_number(st, key, "tries") == 1);
	assert_string_equal(stage_act(st, key), "owed");
	assert_int_equal(rename(away, sock), 0);
	stage_now = stage_act_number(st, key, "next_at");
	tasks_pump_soon(st->engine);
	STAGE_UNTIL(st, !follower_find(st->engine, "p1.1.1A.r1"));
	assert_string_equal(stage_act(st, key), "done");
	stage_matches_journal(st);
}

/*
 * "Lock files copied": a copy of server.lock put in its place is free, though the server
 * lives.  A second one would launch and merge beside it.
 */
static void
a_copied_server_lock_lets_no_second_server_in(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *lock = path_join(st->home, "server.lock");
	AUTO_FREE char *copied = path_join(st->home, "server.lock.copy");
	struct engine_opts opts = { .home = st->home,
		.top = st->top,
		.program = st->program,
		.holder = st->holder };
	struct err err = ERR_INIT;
	int fd;

	assert_null(engine_new(st->base, &opts, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "server.lock is held"));
	assert_int_equal(file_write_atomic(copied, "", 0, 0600, &err), 0);
	assert_int_equal(rename(copied, lock), 0);
	fd = file_lock(lock, false, &err); /* it is free indeed */
	assert_true(fd >= 0);
	close(fd);
	assert_null(engine_new(st->base, &opts, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "was replaced or removed"));
	assert_int_equal(unlink(lock), 0);
	assert_null(engine_new(st->base, &opts, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	/* When that server is gone, the next one starts as ever. */
	stage_restart(st);
	stage_matches_journal(st);
}

/* CONTRACTS 1, Peers: what a person decides no caller below a holder orders, and it is noted. */
static void
an_agent_gives_no_order_of_a_person(void **state)
{
	static const char *const verbs[] = { "abandon", "abort", "answer", "approve",
		"assert", "cap", "claim", "decline", "dispatch", "forget", "handback",
		"hold", "interrupt", "issue", "mend", "merge", "outbox", "park",
		"resume", "rule", "say", "takeover" };
	struct stage *st = *state;
	struct caller agent = { .actor = "session:p1.1.1A", .session = "p1.1.1A" };

	stage_plan(st, "1A", "true");
	stage_settle(st);
	for (size_t i = 0; i < N_ELEMS(verbs); i++) {
		struct fields in = { 0 }, out = { 0 };
		struct err err = ERR_INIT;

		fields_set(&in, "hash", "hash0001");
		fields_set(&in, "session", "p1.1.1A");
		assert_int_equal(
		    engine_order(st->engine, verbs[i], &in, &agent, &out, &err), -1);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_non_null(strstr(err.text, "an agent never acts as a person"));
		assert_int_equal(stage_n_rows(st, "refused"), (int)i + 1);
		fields_clear(&in);
		fields_clear(&out);
	}
	assert_string_equal(stage_state(st, "1A"), "prepared");
	stage_matches_journal(st);
}

/* Otherwise every later status would find the file changed by somebody else. */
static void
a_status_written_while_a_table_is_made_keeps_the_plan_known(void **state)
{
	struct stage *st = *state;
	struct caller person = { .actor = "human:ada" };
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	const struct plan_run *p;
	AUTO_FREE char *answer = NULL;

	stage_plan(st, "1A", "true");
	stage_settle(st);
	p = core_plan(st->engine->core, "p1");
	answer = xasprintf("{\"path\":\"/p.md\",\"sha256\":\"%s\",\"plan_text\":"
			   "\"# Plan\\n\",\"hash\":\"hash0001\",\"number\":1}",
	    p->sha256);
	stage_answer(st, "propose", answer, 0);
	stage_block(st, "propose");
	fields_set(&in, "plan", "/p.md");
	if (engine_order(st->engine, "dispatch", &in, &person, &out, &err) < 0)
		fail_msg("%s", err.text);
	STAGE_UNTIL(st, stage_n_jobs(st, "propose") == 1);
	HAPPENS(st, HAP_WRITTEN_BACK, "plan", "p1", "sha256", "written-meanwhile");
	stage_unblock(st, "propose");
	STAGE_UNTIL(st, stage_n_rows(st, "plan-changed") == 1);
	assert_string_equal(
	    core_plan(st->engine->core, "p1")->sha256, "written-meanwhile");
	stage_matches_journal(st);
	fields_clear(&in);
	fields_clear(&out);
}

/* A server with something in hand does not end by itself. */
static void
busy_is_what_lives_or_is_owed(void **state)
{
	struct stage *st = *state;

	assert_false(engine_is_busy(st->engine));
	stage_plan(st, "1A", "sleep 100");
	assert_true(engine_is_busy(st->engine));
	stage_approve(st);
	stage_settle(st);
	assert_true(engine_is_busy(st->engine));
	HAPPENS(st, HAP_ABANDONED, "session", "p1.1.1A", "reason", "enough");
	STAGE_UNTIL(st, !engine_is_busy(st->engine));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_home_has_one_server),
		STAGE_TEST(a_restart_brings_back_the_same_state),
		STAGE_TEST(what_is_refused_is_recorded_and_changes_nothing),
		STAGE_TEST(what_is_not_found_leaves_no_trace),
		STAGE_TEST(a_full_disk_takes_nothing_half),
		STAGE_TEST(what_was_not_written_is_not_owed),
		STAGE_TEST(rows_of_a_newer_divisi_are_passed_over),
		STAGE_TEST(every_move_is_a_row_and_only_the_first_is_replayed),
		STAGE_TEST(events_are_json_lines_in_order),
		STAGE_TEST(listeners_hear_of_each_happening),
		STAGE_TEST(a_silent_session_stalls_when_its_time_is_over),
		STAGE_TEST(the_clock_waits_when_the_disk_is_full),
		STAGE_TEST(a_stop_that_a_living_holder_did_not_hear_is_told_again),
		STAGE_TEST(a_copied_server_lock_lets_no_second_server_in),
		STAGE_TEST(a_clock_set_back_a_year_keeps_every_limit),
		STAGE_TEST(
		    a_clock_set_back_while_no_server_ran_is_noticed_at_the_start),
		STAGE_TEST(an_agent_gives_no_order_of_a_person),
		STAGE_TEST(a_status_written_while_a_table_is_made_keeps_the_plan_known),
		STAGE_TEST(a_slot_that_the_journal_does_not_take_is_waited_for),
		STAGE_TEST(a_slot_whose_lock_was_copied_is_not_given_twice),
		STAGE_TEST(busy_is_what_lives_or_is_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
