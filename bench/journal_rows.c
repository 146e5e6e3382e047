/*
 * Appends N events to a new journal, G in each transaction, as the engine does it:
 *
 *   journal_rows ours N G DIR     through the store
 *   journal_rows plain N G DIR    plain SQLite with the same settings and the same table
 *   journal_rows file N G DIR     appended to a file, fdatasync after each G
 *
 * Prints events per second.
 */
#include "base/file.h"
#include "base/mem.h"
#include "store/journal.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GROUP_MAX 1024

static const char data[] =
    "{\"session\":\"p1.1.1A\",\"run\":\"p1.1.1A-1\",\"offset\":123456,\"text\":\"Bash: "
    "make check\",\"tokens_in\":1200,\"tokens_out\":340}";

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
ours(int n, int group, const char *dir)
{
	struct journal_row row[GROUP_MAX];
	struct err err = ERR_INIT;
	struct store *store = store_open(dir, 0, &err);
	double start = now();

	for (int done = 0; store && done < n; done += group) {
		for (int i = 0; i < group; i++)
			row[i] = (struct journal_row){ .at = 1795500000000 + i,
				.actor = "server",
				.entity = "session/p1.1.1A",
				.cause = "agent-activity",
				.data = data };
		if (journal_append(store, row, (size_t)group, NULL, 0, &err) < 0)
			break;
	}
	if (err.text[0]) {
		fprintf(stderr, "journal_rows: %s\n", err.text);
		return 1;
	}
	printf("%.1f\n", n / (now() - start));
	store_close(store);
	return 0;
}

static int
run_sql(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int
plain(int n, int group, const char *dir)
{
	static const char *const set_up[] = { "PRAGMA journal_mode=WAL",
		"PRAGMA synchronous=FULL",
		"CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
		" actor TEXT NOT NULL, entity TEXT NOT NULL, from_state TEXT NOT NULL,"
		" to_state TEXT NOT NULL, cause TEXT NOT NULL, data TEXT NOT NULL)"
		" STRICT" };
	AUTO_FREE char *path = path_join(dir, "plain.db");
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	double start;
	int rc = sqlite3_open(path, &db);

	for (size_t i = 0; rc == SQLITE_OK && i < N_ELEMS(set_up); i++)
		rc = run_sql(db, set_up[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db,
		    "INSERT INTO event (at, actor, entity, from_state, to_state, cause,"
		    " data) VALUES (?1, 'server', 'session/p1.1.1A', '', '',"
		    " 'agent-activity', ?2)",
		    -1, &stmt, NULL);
	start = now();
	for (int done = 0; rc == SQLITE_OK && done < n; done += group) {
		rc = run_sql(db, "BEGIN IMMEDIATE");
		for (int i = 0; rc == SQLITE_OK && i < group; i++) {
			sqlite3_bind_int64(stmt, 1, 1795500000000 + i);
			sqlite3_bind_text(stmt, 2, data, -1, SQLITE_STATIC);
			if (sqlite3_step(stmt) != SQLITE_DONE)
				rc = SQLITE_ERROR;
			sqlite3_reset(stmt);
		}
		if (rc == SQLITE_OK)
			rc = run_sql(db, "COMMIT");
	}
	if (rc != SQLITE_OK) {
		fprintf(stderr, "journal_rows: %s\n", sqlite3_errmsg(db));
		return 1;
	}
	printf("%.1f\n", n / (now() - start));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return 0;
}

static int
file(int n, int group, const char *dir)
{
	AUTO_FREE char *path = path_join(dir, "plain.ndjson");
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	double start = now();

	for (int done = 0; done < n; done += group) {
		for (int i = 0; i < group; i++) {
			if (file_write_all(fd, data, sizeof(data)) < 0)
				return 1;
		}
		if (fdatasync(fd) < 0)
			return 1;
	}
	printf("%.1f\n", n / (now() - start));
	return 0;
}

int
main(int argc, char **argv)
{
	int n = argc == 5 ? atoi(argv[2]) : 0, group = argc == 5 ? atoi(argv[3]) : 0;

	if (n <= 0 || group <= 0 || group > GROUP_MAX)
		return 2;
	if (strcmp(argv[1], "ours") == 0)
		return ours(n, group, argv[4]);
	return strcmp(argv[1], "plain") == 0 ? plain(n, group, argv[4])
					     : file(n, group, argv[4]);
}
