#include "store/issues.h"

#include "base/mem.h"
#include "policy/refusal.h"
#include "store/db.h"
#include "store/issues_write.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* SQLite takes patterns of up to 50,000. */
#define SEARCH_MAX_BYTES 4096

void
issue_set_clear(struct issue_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		struct issue *issue = &set->item[i];

		free(issue->labels.word);
		free(issue->blocks.word);
		free(issue->blocked_by.word);
		free(issue->related.word);
		free(issue->children.word);
		free(issue->comment);
		free(issue->attachment);
	}
	free(set->item);
	arena_free(set->arena);
	*set = (struct issue_set){ 0 };
}

/* The words of SQL's one column, which takes the id of ISSUE. */
static int
read_words(struct store *store, const char *sql, const char *id, struct arena *arena,
    struct issue_words *words, struct err *err)
{
	sqlite3_stmt *stmt = db_prepare(store, sql, err);
	int got = -1;

	if (stmt)
		db_bind(stmt, "t", id);
	while (stmt && (got = db_step(store, stmt, err)) == 1) {
		GROW(words->word, words->n, words->cap);
		words->word[words->n++] = arena_strdup(arena, db_text(stmt, 0));
	}
	return got;
}

int
issues_read_labels(struct store *store, const char *id, struct arena *arena,
    struct issue_words *labels, struct err *err)
{
	static const char sql_labels[] =
	    "SELECT name FROM label WHERE issue = ?1 ORDER BY name";

	return read_words(store, sql_labels, id, arena, labels, err);
}

static int
read_relations(
    struct store *store, struct issue *issue, struct arena *arena, struct err *err)
{
	static const char sql_blocks[] =
	    "SELECT b FROM relation WHERE a = ?1 AND kind = 'blocks' ORDER BY b";
	static const char sql_blocked[] =
	    "SELECT a FROM relation WHERE b = ?1 AND kind = 'blocks' ORDER BY a";
	static const char sql_related[] =
	    "SELECT b FROM relation WHERE a = ?1 AND kind = 'related'"
	    " UNION SELECT a FROM relation WHERE b = ?1 AND kind = 'related' ORDER BY 1";
	static const char sql_children[] =
	    "SELECT id FROM issue WHERE parent = ?1 ORDER BY n";

	if (read_words(store, sql_blocks, issue->id, arena, &issue->blocks, err) < 0 ||
	    read_words(store, sql_blocked, issue->id, arena, &issue->blocked_by, err) <
		0 ||
	    read_words(store, sql_related, issue->id, arena, &issue->related, err) < 0)
		return -1;
	return read_words(store, sql_children, issue->id, arena, &issue->children, err);
}

static int
read_comments(
    struct store *store, struct issue *issue, struct arena *arena, struct err *err)
{
	static const char sql_comments[] =
	    "SELECT n, at, edited_at, kind, author, body FROM comment WHERE issue = ?1"
	    " ORDER BY n";
	sqlite3_stmt *stmt = db_prepare(store, sql_comments, err);
	int got = -1;

	if (stmt)
		db_bind(stmt, "t", issue->id);
	while (stmt && (got = db_step(store, stmt, err)) == 1) {
		GROW(issue->comment, issue->n_comments, issue->cap_comments);
		issue->comment[issue->n_comments++] = (struct issue_comment_row){
			.n = sqlite3_column_int64(stmt, 0),
			.at = sqlite3_column_int64(stmt, 1),
			.edited_at = sqlite3_column_int64(stmt, 2),
			.kind = issue_comment_kind_of(db_text(stmt, 3)),
			.author = arena_strdup(arena, db_text(stmt, 4)),
			.body = arena_strdup(arena, db_text(stmt, 5)),
		};
	}
	return got;
}

static int
read_attachments(
    struct store *store, struct issue *issue, struct arena *arena, struct err *err)
{
	static const char sql_files[] = "SELECT url, sha256, title, at FROM attachment"
					" WHERE issue = ?1 ORDER BY at, url, sha256";
	sqlite3_stmt *stmt = db_prepare(store, sql_files, err);
	int got = -1;

	if (stmt)
		db_bind(stmt, "t", issue->id);
	while (stmt && (got = db_step(store, stmt, err)) == 1) {
		GROW(issue->attachment, issue->n_attachments, issue->cap_attachments);
		issue->attachment[issue->n_attachments++] = (struct issue_attachment){
			.url = arena_strdup(arena, db_text(stmt, 0)),
			.sha256 = arena_strdup(arena, db_text(stmt, 1)),
			.title = arena_strdup(arena, db_text(stmt, 2)),
			.at = sqlite3_column_int64(stmt, 3),
		};
	}
	return got;
}

/* The columns every question for issues selects, in the order that take_issue() reads. */
#define SQL_ISSUE                                                                     \
	"SELECT n, id, uuid, url, title, body, version, status, estimate, priority,"  \
	" project, parent, assignee, delegate, owner_session, created_at, updated_at" \
	" FROM issue"

static void
take_issue(sqlite3_stmt *stmt, struct issue_set *set)
{
	struct arena *a = set->arena;

	GROW(set->item, set->n, set->cap);
	set->item[set->n++] = (struct issue){
		.n = sqlite3_column_int64(stmt, 0),
		.id = arena_strdup(a, db_text(stmt, 1)),
		.uuid = arena_strdup(a, db_text(stmt, 2)),
		.url = arena_strdup(a, db_text(stmt, 3)),
		.title = arena_strdup(a, db_text(stmt, 4)),
		.body = arena_strdup(a, db_text(stmt, 5)),
		.version = sqlite3_column_int(stmt, 6),
		.status = issue_status_of(db_text(stmt, 7)),
		.estimate = sqlite3_column_int(stmt, 8),
		.priority = sqlite3_column_int(stmt, 9),
		.project = arena_strdup(a, db_text(stmt, 10)),
		.parent = arena_strdup(a, db_text(stmt, 11)),
		.assignee = arena_strdup(a, db_text(stmt, 12)),
		.delegate = arena_strdup(a, db_text(stmt, 13)),
		.owner_session = arena_strdup(a, db_text(stmt, 14)),
		.created_at = sqlite3_column_int64(stmt, 15),
		.updated_at = sqlite3_column_int64(stmt, 16),
	};
}

/* Labels for each issue of SET, and the rest when WITH_DETAILS. */
static int
read_beside(
    struct store *store, struct issue_set *set, bool with_details, struct err *err)
{
	for (size_t i = 0; i < set->n; i++) {
		struct issue *issue = &set->item[i];

		if (issues_read_labels(
			store, issue->id, set->arena, &issue->labels, err) < 0)
			return -1;
		if (with_details &&
		    (read_relations(store, issue, set->arena, err) < 0 ||
			read_comments(store, issue, set->arena, err) < 0 ||
			read_attachments(store, issue, set->arena, err) < 0))
			return -1;
	}
	return 0;
}

int
issue_read_more(
    struct store *store, const char *id, struct issue_set *set, struct err *err)
{
	static const char sql_read[] = SQL_ISSUE " WHERE id = ?1";
	sqlite3_stmt *stmt;
	struct issue_set last;

	if (issues_must_find(store, id, err) < 0)
		return -1;
	stmt = db_prepare(store, sql_read, err);
	if (!stmt)
		return -1;
	if (!set->arena)
		set->arena = arena_new();
	db_bind(stmt, "t", id);
	if (db_step(store, stmt, err) != 1)
		return -1;
	take_issue(stmt, set);
	db_done(stmt);
	last = (struct issue_set){
		.arena = set->arena, .item = &set->item[set->n - 1], .n = 1
	};
	return read_beside(store, &last, true, err);
}

int
issue_read(struct store *store, const char *id, struct issue_set *set, struct err *err)
{
	struct issue_set got = { 0 };

	if (issue_read_more(store, id, &got, err) < 0) {
		issue_set_clear(&got);
		return -1;
	}
	*set = got;
	return 0;
}

/* TEXT as a LIKE pattern that finds it anywhere, its own % and _ taken literally. */
static char *
like_pattern(const char *text)
{
	char *buf = NULL;
	size_t n = 0;
	FILE *f;

	if (!text || !*text)
		return NULL;
	f = open_memstream(&buf, &n);
	fputc('%', f);
	for (const char *p = text; *p; p++) {
		if (strchr("%_\\", *p))
			fputc('\\', f);
		fputc(*p, f);
	}
	fputc('%', f);
	fclose(f);
	return buf;
}

int
issue_list(struct store *store, const struct issue_query *query, struct issue_set *set,
    struct err *err)
{
	static const char sql_list[] = SQL_ISSUE
	    " WHERE n > ?1 AND (?2 IS NULL OR coalesce(parent, '') = ?2)"
	    " AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR assignee = ?4)"
	    " AND (?5 IS NULL OR id IN (SELECT issue FROM label WHERE name = ?5))"
	    " AND (?6 IS NULL OR id LIKE ?6 ESCAPE '\\' OR title LIKE ?6 ESCAPE '\\'"
	    "  OR body LIKE ?6 ESCAPE '\\' OR id IN (SELECT issue FROM comment"
	    "   WHERE comment.body LIKE ?6 ESCAPE '\\'))"
	    " ORDER BY n LIMIT ?7";
	AUTO_FREE char *pattern = like_pattern(query->text);
	const char *status = query->status ? issue_status_name(query->status) : NULL;
	struct issue_set got = { 0 };
	sqlite3_stmt *stmt;
	int step;

	if (query->limit <= 0)
		return refuse(err, "T04", "a list of issues needs a limit");
	if (pattern && strlen(pattern) > SEARCH_MAX_BYTES)
		return err_set(err, ERR_INPUT, "the text to search for is too long");
	stmt = db_prepare(store, sql_list, err);
	if (!stmt)
		return -1;
	got.arena = arena_new();
	/* One more than asked for tells whether there are more. */
	db_bind(stmt, "ltttttl", query->after, query->parent, status, query->assignee,
	    query->label, pattern, (int64_t)query->limit + 1);
	while ((step = db_step(store, stmt, err)) == 1) {
		if (got.n == (size_t)query->limit) {
			got.has_more = true;
			db_done(stmt);
			break;
		}
		take_issue(stmt, &got);
	}
	if (step < 0 || read_beside(store, &got, query->with_details, err) < 0) {
		issue_set_clear(&got);
		return -1;
	}
	*set = got;
	return 0;
}

enum issue_status
issue_status_now(struct store *store, const char *id)
{
	static const char sql_status[] = "SELECT status FROM issue WHERE id = ?1";
	sqlite3_stmt *stmt = db_prepare(store, sql_status, NULL);
	enum issue_status status = ISSUE_ANY;

	if (!stmt)
		return status;
	db_bind(stmt, "t", id);
	if (db_step(store, stmt, NULL) == 1)
		status = issue_status_of(db_text(stmt, 0));
	db_done(stmt);
	return status;
}
