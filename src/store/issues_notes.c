#include "store/issues.h"

#include "base/mem.h"
#include "base/text.h"
#include "store/db.h"
#include "store/issues_check.h"
#include "store/issues_write.h"

#include <string.h>

/* What stands beside an issue: comments, relations, attachments. */

static int
comment(struct store *store, const struct issue_by *by, const char *id,
    enum issue_comment_kind kind, const char *body, struct err *err)
{
	static const char sql_comment[] =
	    "INSERT INTO comment (issue, kind, author, body, at, edited_at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
	    " ON CONFLICT (issue, kind) WHERE kind IN ('checkpoint', 'registry')"
	    " DO UPDATE SET author = excluded.author, body = excluded.body,"
	    " edited_at = excluded.edited_at";
	/* Only ours: what people wrote under that name stays. */
	static const char sql_old_record[] =
	    "DELETE FROM comment WHERE issue = ?1 AND kind = 'rdr' AND author = ?2";
	static const char sql_touch[] =
	    "UPDATE issue SET updated_at = ?2 WHERE id = ?1";
	const char *move[2] = { "", "" };
	json_object *data;

	if (issues_must_find(store, id, err) < 0)
		return -1;
	if (kind == ISSUE_RDR && strncmp(by->actor, "human:", 6) != 0 &&
	    db_run(store, sql_old_record, err, "tt", id, by->actor) < 0)
		return -1;
	if (db_run(store, sql_comment, err, "ttttl", id, issue_comment_kind_name(kind),
		by->actor, body, by->at) < 0 ||
	    db_run(store, sql_touch, err, "tl", id, by->at) < 0)
		return -1;
	data = json_object_new_object();
	issues_put_text(data, "comment", issue_comment_kind_name(kind));
	return issues_append_event(store, by, id, move, data, err);
}

/* Today's of the same writer is written over; days are those of UTC. */
static int
progress(struct store *store, const struct issue_by *by, const char *id,
    const char *body, struct err *err)
{
	static const char sql_amend[] =
	    "UPDATE comment SET body = ?3, edited_at = ?4 WHERE issue = ?1"
	    " AND kind = 'progress' AND author = ?2 AND at / 86400000 = ?4 / 86400000";
	const char *move[2] = { "", "" };
	json_object *data;
	int n;

	if (issues_must_find(store, id, err) < 0)
		return -1;
	n = db_run(store, sql_amend, err, "tttl", id, by->actor, body, by->at);
	if (n < 0)
		return -1;
	if (n == 0)
		return comment(store, by, id, ISSUE_PROGRESS, body, err);
	data = json_object_new_object();
	issues_put_text(data, "comment", issue_comment_kind_name(ISSUE_PROGRESS));
	return issues_append_event(store, by, id, move, data, err);
}

int
issue_progress(struct store *store, const struct issue_by *by, const char *id,
    const char *body, struct err *err)
{
	int ret;

	if (issues_check_comment(body, err) < 0)
		return -1;
	ret = issues_write_begin(store, "comment", by, NULL, err);
	if (ret <= 0)
		return ret;
	ret = progress(store, by, id, body, err);
	return issues_write_end(store, "comment", by, id, ret, err);
}

int
issue_comment(struct store *store, const struct issue_by *by, const char *id,
    enum issue_comment_kind kind, const char *body, struct err *err)
{
	int ret;

	if (issues_check_comment(body, err) < 0)
		return -1;
	ret = issues_write_begin(store, "comment", by, NULL, err);
	if (ret <= 0)
		return ret;
	ret = comment(store, by, id, kind, body, err);
	return issues_write_end(store, "comment", by, id, ret, err);
}

/* Turns a relation round so that it is one of the table's two kinds. */
static int
sort_relation(const char **a, const char **kind, const char **b, struct err *err)
{
	const char *swap = *a;

	if (strcmp(*a, *b) == 0)
		return err_set(err, ERR_INPUT, "an issue cannot be related to itself");
	if (strcmp(*kind, "blocked-by") == 0) {
		*kind = "blocks";
	} else if (strcmp(*kind, "related") == 0) {
		if (strcmp(*a, *b) < 0)
			return 0;
	} else if (strcmp(*kind, "blocks") == 0) {
		return 0;
	} else {
		AUTO_FREE char *shown = text_show(*kind, true);

		err_set(err, ERR_INPUT, "\"%.80s\" is no kind of relation", shown);
		return err_fix(err, "blocks, blocked-by or related");
	}
	*a = *b;
	*b = swap;
	return 0;
}

/* Would "A blocks B" close a circle?  1 yes, 0 no, -1. */
static int
closes_circle(struct store *store, const char *a, const char *b, struct err *err)
{
	static const char sql_reach[] =
	    "WITH RECURSIVE reach (id) AS (SELECT ?2 UNION SELECT relation.b FROM relation"
	    " JOIN reach ON relation.a = reach.id AND relation.kind = 'blocks')"
	    " SELECT count(*) FROM reach WHERE id = ?1";
	int64_t n = 0;

	return db_int(store, sql_reach, &n, err, "tt", a, b) < 0 ? -1 : n > 0;
}

/* Adds or removes the relation, which is sorted, inside the open write. */
static int
relate(struct store *store, const struct issue_by *by, const char *const rel[3],
    bool add, struct err *err)
{
	static const char sql_add[] =
	    "INSERT INTO relation (a, kind, b) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT DO NOTHING";
	static const char sql_remove[] =
	    "DELETE FROM relation WHERE a = ?1 AND kind = ?2 AND b = ?3";
	const char *move[2] = { "", "" };
	json_object *data;
	int n = 0;

	if (issues_must_find(store, rel[0], err) < 0 ||
	    issues_must_find(store, rel[2], err) < 0)
		return -1;
	if (add && strcmp(rel[1], "blocks") == 0)
		n = closes_circle(store, rel[0], rel[2], err);
	if (n > 0) {
		err_set(err, ERR_REFUSED,
		    "%s blocks %s already, by way of others or itself", rel[2], rel[0]);
		if (err)
			err->rule = "R-214";
		return err_fix(err, "remove one relation of the circle");
	}
	if (n == 0)
		n = db_run(store, add ? sql_add : sql_remove, err, "ttt", rel[0],
		    rel[1], rel[2]);
	if (n <= 0)
		return n;
	data = json_object_new_object();
	issues_put_text(data, add ? rel[1] : "unrelate", rel[2]);
	return issues_append_event(store, by, rel[0], move, data, err);
}

static int
relate_sorted(struct store *store, const struct issue_by *by, const char *rel[3],
    bool add, struct err *err)
{
	const char *op = add ? "relate" : "unrelate";
	int ret;

	if (sort_relation(&rel[0], &rel[1], &rel[2], err) < 0)
		return -1;
	ret = issues_write_begin(store, op, by, NULL, err);
	if (ret <= 0)
		return ret;
	ret = relate(store, by, rel, add, err);
	return issues_write_end(store, op, by, rel[0], ret, err);
}

int
issue_relate(struct store *store, const struct issue_by *by, const char *a,
    const char *kind, const char *b, struct err *err)
{
	const char *rel[3] = { a, kind, b };

	return relate_sorted(store, by, rel, true, err);
}

int
issue_unrelate(struct store *store, const struct issue_by *by, const char *a,
    const char *kind, const char *b, struct err *err)
{
	const char *rel[3] = { a, kind, b };

	return relate_sorted(store, by, rel, false, err);
}

static int
attach(struct store *store, const struct issue_by *by, const char *id,
    const struct issue_attachment *file, struct err *err)
{
	static const char sql_attach[] =
	    "INSERT INTO attachment (issue, url, sha256, title, at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
	const char *move[2] = { "", "" };
	json_object *data;
	int n;

	if (issues_must_find(store, id, err) < 0)
		return -1;
	n = db_run(store, sql_attach, err, "ttttl", id, file->url,
	    issues_text_or(file->sha256, ""), issues_text_or(file->title, ""), by->at);
	if (n <= 0)
		return n;
	data = json_object_new_object();
	issues_put_text(data, "attached", file->url);
	issues_put_text(data, "sha256", file->sha256);
	return issues_append_event(store, by, id, move, data, err);
}

int
issue_attach(struct store *store, const struct issue_by *by, const char *id,
    const struct issue_attachment *file, struct err *err)
{
	int ret = issues_write_begin(store, "attach", by, NULL, err);

	if (ret <= 0)
		return ret;
	ret = attach(store, by, id, file, err);
	return issues_write_end(store, "attach", by, id, ret, err);
}
