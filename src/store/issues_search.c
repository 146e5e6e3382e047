#include "store/issues.h"

#include "base/log.h"
#include "base/mem.h"
#include "policy/refusal.h"
#include "store/db.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * Full text search.  The index is made for each search, in memory: a tracker of a few
 * thousand issues takes tens of milliseconds, and nothing has to be kept in step with it.
 */
#define MOST_WORDS_BYTES 4096

/* WORDS as a query that finds what has all of them, each as a beginning; "" without any. */
static char *
match_of(const char *words)
{
	char *query = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&query, &n);
	bool in_word = false;

	for (const char *p = words; *p; p++) {
		unsigned char c = (unsigned char)*p;
		/* What FTS5's own splitter takes for a part of a word. */
		bool is_part = isalnum(c) || c >= 0x80;

		if (is_part && !in_word)
			fputs(" \"", f);
		if (!is_part && in_word)
			fputs("\"*", f);
		if (is_part)
			fputc(c, f);
		in_word = is_part;
	}
	fputs(in_word ? "\"*" : "", f);
	fclose(f);
	return query;
}

static int
make_index(struct store *store, struct err *err)
{
	static const char sql_drop[] = "DROP TABLE IF EXISTS temp.found";
	static const char sql_index[] =
	    "CREATE VIRTUAL TABLE temp.found USING fts5"
	    "(id, title, body, comments, tokenize = 'unicode61')";
	static const char sql_fill[] =
	    "INSERT INTO temp.found SELECT id, title, body, coalesce((SELECT"
	    " group_concat(comment.body, ' ') FROM comment WHERE issue = issue.id), '')"
	    " FROM main.issue";

	if (db_run(store, sql_drop, err, "") < 0 ||
	    db_run(store, sql_index, err, "") < 0)
		return -1;
	return db_run(store, sql_fill, err, "") < 0 ? -1 : 0;
}

/* The ids that fit QUERY, best first, at most MOST: a line each.  NULL with ERR. */
static char *
find(struct store *store, const char *query, int most, struct err *err)
{
	/* Its id and title say more about an issue than what is written below. */
	static const char sql_find[] =
	    "SELECT id FROM temp.found WHERE found MATCH ?1"
	    " ORDER BY bm25(found, 20.0, 10.0, 2.0, 1.0), id LIMIT ?2";
	char *ids = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&ids, &n);
	sqlite3_stmt *stmt = db_prepare(store, sql_find, err);
	int step = -1;

	if (stmt)
		db_bind(stmt, "tl", query, (int64_t)most);
	while (stmt && (step = db_step(store, stmt, err)) == 1)
		fprintf(f, "%s\n", db_text(stmt, 0));
	fclose(f);
	if (step == 0)
		return ids;
	free(ids);
	return NULL;
}

/* Reads the issues of IDS into SET; the last beyond LIMIT only says that there are more. */
static int
read_all(
    struct store *store, char *ids, int limit, struct issue_set *set, struct err *err)
{
	char *rest = NULL;

	for (char *id = strtok_r(ids, "\n", &rest); id;
	     id = strtok_r(NULL, "\n", &rest)) {
		if (set->n == (size_t)limit) {
			set->has_more = true;
			return 0;
		}
		if (issue_read_more(store, id, set, err) < 0)
			return -1;
	}
	return 0;
}

int
issue_search(struct store *store, const char *words, int limit, struct issue_set *set,
    struct err *err)
{
	AUTO_FREE char *query = match_of(words);
	AUTO_FREE char *ids = NULL;
	struct issue_query plain = { .text = words, .limit = limit };
	struct issue_set got = { 0 };
	struct err why = ERR_INIT;

	if (limit <= 0)
		return refuse(err, "T04", "a list of issues needs a limit");
	if (strlen(words) > MOST_WORDS_BYTES)
		return err_set(err, ERR_INPUT, "the text to search for is too long");
	if (query[0] == '\0')
		return err_set(err, ERR_USAGE, "there is no word to search for");
	/* An SQLite without FTS5 finds the words as they stand, in order of making. */
	if (make_index(store, &why) < 0) {
		log_warn("search without an index: %s", why.text);
		return issue_list(store, &plain, set, err);
	}
	ids = find(store, query, limit + 1, err);
	if (!ids || read_all(store, ids, limit, &got, err) < 0) {
		issue_set_clear(&got);
		return -1;
	}
	*set = got;
	return 0;
}
