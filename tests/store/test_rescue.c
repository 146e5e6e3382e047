#include "scratch.h"

#include "base/hash.h"
#include "store/db.h"
#include "store/rescue.h"
#include "store/sound.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A journal that is damaged in every way: found, left as it is, what can be read saved
 * beside it, and the commands that are printed lead back.  DIVISI_TEST_LONG=1 cuts at
 * every byte.
 */
#define N_EVENTS 400

static bool
is_long(void)
{
	const char *word = getenv("DIVISI_TEST_LONG");

	return word && word[0];
}

static char *
in_home(void **state, const char *name)
{
	return path_join(*state, name);
}

/* Events of different lengths, an act with every tenth, a text with every twentieth. */
static void
add(struct store *store, int from, int to)
{
	for (int i = from; i <= to; i++) {
		AUTO_FREE char *data = xasprintf(
		    "{\"n\":%d,\"text\":\"%0*d\"}", i, i * 7 % 90 + 1, i);
		AUTO_FREE char *key = xasprintf("act/%d", i);
		struct journal_row row = { .at = 1700000000000 + i,
			.actor = "server",
			.entity = "session/p1.1.1A",
			.cause = "agent-activity",
			.data = data };
		struct act_row act = { .key = key, .kind = "tell", .order = "o" };

		assert_int_equal(
		    journal_append(store, &row, 1, &act, i % 10 == 0, NULL), 0);
		if (i % 20 == 0) {
			char sha[HASH_HEX_SIZE];

			hash_sha256(key, strlen(key), sha);
			assert_int_equal(
			    blob_put(store, sha, key, strlen(key), NULL), 0);
		}
	}
}

static void
fill(void **state)
{
	struct store *store = scratch_open(state);

	assert_int_equal(store_begin(store, NULL), 0);
	add(store, 1, N_EVENTS);
	assert_int_equal(store_commit(store, NULL), 0);
	store_close(store);
}

static char *
journal_bytes(void **state, size_t *n)
{
	AUTO_FREE char *path = in_home(state, "journal.db");

	return file_read(path, 1 << 26, n, NULL);
}

static void
put_bytes(void **state, const char *bytes, size_t n)
{
	AUTO_FREE char *path = in_home(state, "journal.db");

	assert_int_equal(file_write_atomic(path, bytes, n, 0600, NULL), 0);
}

static void
forget_saved(void **state)
{
	AUTO_FREE char *line = xasprintf(
	    "rm -f '%s'/journal.rescued-*", (char *)*state);

	assert_int_equal(system(line), 0);
}

static int
check_row(const struct journal_row *row, void *arg)
{
	int64_t *next = arg;
	AUTO_FREE char *start = xasprintf("{\"n\":%lld,", (long long)*next);

	assert_int_equal(row->seq, *next);
	assert_int_equal(row->at, 1700000000000 + *next);
	assert_int_equal(strncmp(row->data, start, strlen(start)), 0);
	(*next)++;
	return 0;
}

/* What is saved is a sound journal of the first events.  Returns how many they are. */
static int64_t
check_saved(void **state)
{
	AUTO_FREE char *home = in_home(state, "elsewhere");
	AUTO_FREE char *there = path_join(home, "journal.db");
	struct rescue r = { 0 };
	struct err err = ERR_INIT;
	int64_t n, next = 1;

	assert_int_equal(rescue_save(*state, &r, &err), 0);
	n = r.n_events;
	assert_true(n <= N_EVENTS && (n > 0) == (r.file != NULL));
	if (r.file) {
		AUTO_FREE char *saved = in_home(state, r.file);
		struct store *store;

		assert_int_equal(file_mkdirs(home, 0700, NULL), 0);
		assert_int_equal(rename(saved, there), 0);
		store = store_open(home, 0, &err);
		if (!store)
			fail_msg("%s", err.text);
		assert_int_equal(journal_last(store), n);
		assert_int_equal(journal_verify(store, n, NULL), 0);
		assert_int_equal(journal_replay(store, 0, check_row, &next, NULL), 0);
		assert_int_equal(next, n + 1);
		store_close(store);
		assert_int_equal(file_remove_tree(home, NULL), 0);
	}
	rescue_clear(&r);
	return n;
}

/* True when a server's opening or the full look finds it; the bytes stay what they were. */
static bool
is_found(void **state)
{
	size_t n_before = 0, n_after = 0;
	AUTO_FREE char *before = journal_bytes(state, &n_before);
	AUTO_FREE char *after = NULL;
	struct err err = ERR_INIT;
	struct store *store = store_open(*state, 0, &err);
	bool found = !store || journal_verify(store, journal_last(store), &err) < 0;

	if (found)
		assert_int_equal(err.kind, ERR_INPUT);
	if (!store)
		assert_true(err.fix[0]);
	store_close(store);
	after = journal_bytes(state, &n_after);
	assert_int_equal(n_before, n_after);
	if (before && found)
		assert_memory_equal(before, after, n_before);
	return found;
}

static void
a_journal_cut_off_at_any_byte_is_found_and_its_beginning_saved(void **state)
{
	size_t n_whole = 0, step = is_long() ? 1 : 37, n_saves = 0;
	int64_t most = 0;
	AUTO_FREE char *whole = NULL;

	fill(state);
	whole = journal_bytes(state, &n_whole);
	for (size_t n = 0; n < n_whole; n += step) {
		struct err err = ERR_INIT;

		put_bytes(state, whole, n);
		assert_null(store_open(*state, 1, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		if (is_long() ? n % 61 != 0 : n / 4096 == (n + step) / 4096)
			continue;
		assert_true(is_found(state));
		most = check_saved(state);
		forget_saved(state);
		n_saves++;
	}
	assert_true(n_saves > 5);
	/* All but its last page is there: so is nearly all that it told. */
	assert_true(most > N_EVENTS / 2);
}

static void
a_page_of_junk_is_found_and_what_is_before_it_saved(void **state)
{
	size_t n_whole = 0;
	int64_t n_some = 0;
	AUTO_FREE char *whole = NULL, *bad = NULL;

	fill(state);
	whole = journal_bytes(state, &n_whole);
	bad = xmalloc(n_whole);
	for (size_t at = 0; at < n_whole; at += 4096) {
		int64_t n;

		memcpy(bad, whole, n_whole);
		memset(bad + at, 0xa5, 4096);
		put_bytes(state, bad, n_whole);
		/* A page that nothing uses is no loss. */
		if (is_found(state)) {
			n = check_saved(state);
			n_some += n > 0;
			/* The first page says what there is; the new journal's says the same. */
			if (at == 0)
				assert_int_equal(n, N_EVENTS);
		}
		forget_saved(state);
	}
	assert_true(n_some > 5);
}

/* Bits inside a text: the structure is whole, the words are not what was written. */
static void
a_flipped_bit_in_a_row_is_found_by_its_sum(void **state)
{
	size_t n_whole = 0;
	AUTO_FREE char *whole = NULL;
	char *at;

	fill(state);
	whole = journal_bytes(state, &n_whole);
	at = memmem(whole, n_whole, "{\"n\":123,", 9);
	assert_non_null(at);
	at[8 + 12] ^= 1;
	put_bytes(state, whole, n_whole);
	assert_true(is_found(state));
	assert_int_equal(check_saved(state), 122);
}

static void
a_missing_row_ends_what_is_saved(void **state)
{
	AUTO_FREE char *path = in_home(state, "journal.db");
	sqlite3 *db;

	fill(state);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db,
		"PRAGMA foreign_keys = OFF; DROP TRIGGER event_is_never_removed;"
		"DELETE FROM event WHERE seq = 57",
		NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_true(is_found(state));
	assert_int_equal(check_saved(state), 56);
}

/* Ends as if killed, so that what was committed is in the log only. */
static void
write_and_die(void **state, int from, int to)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct store *store = store_open(*state, 0, NULL);

		if (!store)
			_exit(1);
		add(store, from, to);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_lost_log_is_missed(void **state)
{
	AUTO_FREE char *wal = in_home(state, "journal.db-wal");
	AUTO_FREE char *mark = in_home(state, "journal.db-mark");
	AUTO_FREE char *db = in_home(state, "journal.db");
	struct err err = ERR_INIT;
	struct store *store;

	fill(state);
	write_and_die(state, N_EVENTS + 1, N_EVENTS + 3);
	assert_true(sound_has_wal(db));
	assert_int_equal(unlink(wal), 0);
	assert_null(store_open(*state, 0, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "last 3 events are missing"));
	assert_null(store_open(*state, 1, &err));
	/* A mark that a power cut left empty says nothing. */
	assert_int_equal(truncate(mark, 0), 0);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), N_EVENTS);
	store_close(store);
}

static void
a_log_that_was_cut_off_is_missed(void **state)
{
	AUTO_FREE char *wal = in_home(state, "journal.db-wal");
	struct err err = ERR_INIT;
	struct stat st;

	fill(state);
	write_and_die(state, N_EVENTS + 1, N_EVENTS + 3);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(truncate(wal, st.st_size - 1), 0);
	assert_null(store_open(*state, 0, &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void
the_log_of_a_killed_server_is_part_of_the_journal(void **state)
{
	struct store *store;

	fill(state);
	write_and_die(state, N_EVENTS + 1, N_EVENTS + 3);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), N_EVENTS + 3);
	assert_int_equal(journal_verify(store, N_EVENTS + 3, NULL), 0);
	store_close(store);
}

static void
a_journal_that_is_gone_is_not_begun_anew(void **state)
{
	AUTO_FREE char *path = in_home(state, "journal.db");
	struct err err = ERR_INIT;

	fill(state);
	assert_int_equal(unlink(path), 0);
	assert_null(store_open(*state, 0, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_false(file_exists(path));
}

static void
the_same_damage_is_saved_once(void **state)
{
	AUTO_FREE char *line = xasprintf(
	    "test $(ls -d '%s'/*rescue* | wc -l) = 1", (char *)*state);
	size_t n = 0;
	AUTO_FREE char *bytes = NULL;
	struct err err = ERR_INIT;

	fill(state);
	bytes = journal_bytes(state, &n);
	put_bytes(state, bytes, n / 4096 * 3 / 4 * 4096);
	for (int i = 0; i < 3; i++)
		assert_null(store_open(*state, 0, &err));
	assert_int_equal(system(line), 0);
}

/* Acts, texts and issues come along as far as they can be read. */
static void
what_stands_beside_the_events_is_saved_too(void **state)
{
	AUTO_FREE char *path = in_home(state, "journal.db");
	static const char sql_acts[] = "SELECT count(*) FROM act";
	static const char sql_blobs[] = "SELECT count(*) FROM blob";
	struct store *store;
	struct rescue r = { 0 };
	int64_t n = 0;
	size_t n_bytes = 0;
	AUTO_FREE char *bytes = NULL, *saved = NULL;

	fill(state);
	bytes = journal_bytes(state, &n_bytes);
	memset(bytes, 0xa5, 16); /* its name; nothing else */
	put_bytes(state, bytes, n_bytes);
	assert_int_equal(rescue_save(*state, &r, NULL), 0);
	assert_int_equal(r.n_events, N_EVENTS);
	saved = in_home(state, r.file);
	assert_int_equal(rename(saved, path), 0);
	rescue_clear(&r);
	store = scratch_open(state);
	assert_int_equal(db_int(store, sql_acts, &n, NULL, ""), 0);
	assert_int_equal(n, N_EVENTS / 10);
	assert_int_equal(db_int(store, sql_blobs, &n, NULL, ""), 0);
	assert_int_equal(n, N_EVENTS / 20);
	store_close(store);
}

static void
the_printed_commands_lead_back(void **state)
{
	AUTO_FREE char *line = NULL;
	size_t n = 0, n_kept = 0;
	AUTO_FREE char *bytes = NULL, *kept = NULL, *where = NULL;
	struct err err = ERR_INIT;
	struct store *store;
	const char *commands;
	int64_t last;

	fill(state);
	bytes = journal_bytes(state, &n);
	put_bytes(state, bytes, n / 4096 * 3 / 4 * 4096);
	assert_null(store_open(*state, 0, &err));
	assert_non_null(strstr(err.text, "events could be read and are in"));
	commands = strstr(err.fix, "cd ");
	assert_non_null(commands);
	line = xasprintf("( %s ) 2>&1", commands);
	assert_int_equal(system(line), 0);
	store = scratch_open(state);
	last = journal_last(store);
	assert_true(last > 0 && last < N_EVENTS);
	add(store, (int)last + 1, (int)last + 1); /* and it goes on */
	store_close(store);
	where = xasprintf("%s/damaged-%.8s/journal.db", (char *)*state,
	    strstr(err.fix, "damaged-") + strlen("damaged-"));
	kept = file_read(where, 1 << 26, &n_kept, NULL);
	assert_non_null(kept);
	assert_int_equal(n_kept, n / 4096 * 3 / 4 * 4096);
	assert_memory_equal(kept, bytes, n_kept);
}

static void
what_a_killed_rescue_left_is_removed(void **state)
{
	struct err err = ERR_INIT;
	pid_t dead = fork();

	if (dead == 0)
		_exit(0);
	assert_int_equal(waitpid(dead, NULL, 0), dead);
	AUTO_FREE char *left = xasprintf("%s/rescue.%d.tmp", (char *)*state, (int)dead);
	AUTO_FREE char *copy = path_join(left, "copy.db");
	AUTO_FREE char *own = xasprintf(
	    "%s/rescue.%d.tmp", (char *)*state, (int)getppid());

	fill(state);
	put_bytes(state, "", 0);
	assert_int_equal(file_mkdirs(left, 0700, NULL), 0);
	assert_int_equal(file_mkdirs(own, 0700, NULL), 0);
	assert_int_equal(file_write_atomic(copy, "x", 1, 0600, NULL), 0);
	assert_null(store_open(*state, 0, &err));
	assert_false(file_exists(left));
	assert_true(file_exists(own)); /* its rescuer lives */
}

static void
a_journal_of_which_nothing_is_left_can_be_begun_anew(void **state)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *line = NULL;
	struct store *store;

	fill(state);
	put_bytes(state, "", 0);
	assert_null(store_open(*state, 0, &err));
	assert_non_null(strstr(err.text, "no event of it can be read"));
	line = xasprintf("( %s ) 2>&1", strstr(err.fix, "cd "));
	assert_int_equal(system(line), 0);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), 0);
	store_close(store);
}

/* The mark of the newer journal beside an older one would call it damaged, too. */
static void
a_backup_can_be_put_where_nothing_can_be_read(void **state)
{
	AUTO_FREE char *path = in_home(state, "journal.db"), *line = NULL;
	struct err err = ERR_INIT;
	size_t n = 0;
	AUTO_FREE char *backup = NULL;
	struct store *store;

	fill(state);
	backup = journal_bytes(state, &n);
	store = scratch_open(state);
	add(store, N_EVENTS + 1, N_EVENTS + 3);
	store_close(store);
	put_bytes(state, "", 0);
	assert_null(store_open(*state, 0, &err));
	line = xasprintf("( %s ) 2>&1", strstr(err.fix, "cd "));
	assert_non_null(strstr(err.fix, "backup"));
	assert_int_equal(system(line), 0);
	put_bytes(state, backup, n);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), N_EVENTS);
	store_close(store);
}

/* As doctor does it: no opening of the journal finds this. */
static void
a_look_at_it_all_saves_what_it_can_and_says_how_to_go_on(void **state)
{
	size_t n = 0;
	AUTO_FREE char *bytes = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(rescue_check(*state, true, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	fill(state);
	assert_int_equal(rescue_check(*state, true, NULL), 0);
	bytes = journal_bytes(state, &n);
	((char *)memmem(bytes, n, "{\"n\":123,", 9))[8 + 12] ^= 1;
	put_bytes(state, bytes, n);
	assert_int_equal(rescue_check(*state, false, &err), -1);
	assert_non_null(strstr(err.fix, "divisi server --stop"));
	assert_null(strstr(err.text, "journal.rescued"));
	assert_int_equal(rescue_check(*state, true, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, "122 events could be read and are in"));
	assert_non_null(strstr(err.fix, "to go on with these: cd "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(
		    a_journal_cut_off_at_any_byte_is_found_and_its_beginning_saved),
		SCRATCH_TEST(a_page_of_junk_is_found_and_what_is_before_it_saved),
		SCRATCH_TEST(a_flipped_bit_in_a_row_is_found_by_its_sum),
		SCRATCH_TEST(a_missing_row_ends_what_is_saved),
		SCRATCH_TEST(a_lost_log_is_missed),
		SCRATCH_TEST(a_log_that_was_cut_off_is_missed),
		SCRATCH_TEST(the_log_of_a_killed_server_is_part_of_the_journal),
		SCRATCH_TEST(a_journal_that_is_gone_is_not_begun_anew),
		SCRATCH_TEST(the_same_damage_is_saved_once),
		SCRATCH_TEST(what_stands_beside_the_events_is_saved_too),
		SCRATCH_TEST(the_printed_commands_lead_back),
		SCRATCH_TEST(what_a_killed_rescue_left_is_removed),
		SCRATCH_TEST(a_journal_of_which_nothing_is_left_can_be_begun_anew),
		SCRATCH_TEST(a_backup_can_be_put_where_nothing_can_be_read),
		SCRATCH_TEST(a_look_at_it_all_saves_what_it_can_and_says_how_to_go_on),
	};

	/* In memory: SQLite syncs a lot here. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests_name("store/rescue", tests, NULL, NULL);
}
