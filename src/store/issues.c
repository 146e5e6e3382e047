#include "store/issues.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/names.h"
#include "store/db.h"
#include "store/issues_check.h"
#include "store/issues_write.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Labels. */

/* Replaces the labels of ID by LABELS, which are the merged ones. */
static int
write_labels(struct store *store, const char *id, const struct issue_words *labels,
    struct err *err)
{
	static const char sql_clear[] = "DELETE FROM label WHERE issue = ?1";
	static const char sql_add[] = "INSERT INTO label (issue, name) VALUES (?1, ?2)";

	if (db_run(store, sql_clear, err, "t", id) < 0)
		return -1;
	for (size_t i = 0; i < labels->n; i++) {
		if (db_run(store, sql_add, err, "tt", id, labels->word[i]) < 0)
			return -1;
	}
	return 0;
}

/* Creation. */

static int
check_draft(const struct issue_draft *draft, struct err *err)
{
	if (draft->id &&
	    (!issue_id_ok(draft->id) || strlen(draft->id) >= ISSUE_ID_SIZE)) {
		AUTO_FREE char *shown = text_show(draft->id, true);

		err_set(err, ERR_INPUT, "\"%.80s\" is no issue id", shown);
		return err_fix(err, "write it like CIA-386: capitals, hyphen, number");
	}
	if (issues_check_title(draft->title, err) < 0 ||
	    issues_check_body(issues_text_or(draft->body, ""), err) < 0)
		return -1;
	return issues_check_estimate(draft->estimate, err);
}

/* The id of the issue to be made, and its NUMBER among ours or 0. */
static int
choose_id(struct store *store, const struct issue_draft *draft, char *id,
    int64_t *number, struct err *err)
{
	static const char sql_next[] = "SELECT max(number) + 1 FROM issue";
	char *end = NULL;

	*number = 0;
	if (draft->id) {
		snprintf(id, ISSUE_ID_SIZE, "%s", draft->id);
		if (strncmp(id, "DV-", 3) == 0)
			*number = strtoll(id + 3, &end, 10);
		if (*number > INT32_MAX)
			return err_set(err, ERR_INPUT, "%s is too large a number", id);
		return 0;
	}
	if (db_int(store, sql_next, number, err, "") < 0)
		return -1;
	if (*number == 0)
		*number = 1;
	snprintf(id, ISSUE_ID_SIZE, "DV-%lld", (long long)*number);
	return 0;
}

static int
insert(struct store *store, const struct issue_by *by, const struct issue_draft *draft,
    const char *id, int64_t number, struct err *err)
{
	static const char sql_insert[] =
	    "INSERT INTO issue (id, number, uuid, url, title, body, version, status,"
	    " estimate, priority, project, parent, assignee, delegate, owner_session,"
	    " created_at, updated_at) VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6, 1, ?7, ?8,"
	    " 0, ?9, nullif(?10, ''), '', '', '', ?11, ?11)";
	enum issue_status status = draft->status ? draft->status : ISSUE_TODO;
	AUTO_FREE char *name = xasprintf("issue/%s", issues_text_or(by->key, id));
	char uuid[37];

	hash_uuid(name, uuid);
	return db_run(store, sql_insert, err, "tltttttittl", id, number, uuid,
		   issues_text_or(draft->url, ""), draft->title,
		   issues_text_or(draft->body, ""), issue_status_name(status),
		   draft->estimate, issues_text_or(draft->project, ""),
		   issues_text_or(draft->parent, ""), by->at) < 0
		   ? -1
		   : 0;
}

/* The event of a new issue. */
static json_object *
draft_json(const struct issue_draft *draft, const struct issue_words *labels)
{
	json_object *data = json_object_new_object();
	char sha256[HASH_HEX_SIZE];

	hash_sha256(issues_text_or(draft->body, ""),
	    strlen(issues_text_or(draft->body, "")), sha256);
	issues_put_text(data, "title", draft->title);
	issues_put_text(data, "parent", draft->parent);
	issues_put_text(data, "body_sha256", sha256);
	json_object_object_add(data, "labels", issues_json_words(labels));
	if (draft->estimate)
		json_object_object_add(
		    data, "estimate", json_object_new_int(draft->estimate));
	return data;
}

/* Makes the issue ID inside the open write.  1 made, 0 it was there, -1. */
static int
create(struct store *store, const struct issue_by *by, const struct issue_draft *draft,
    char *id, struct err *err)
{
	enum issue_status status = draft->status ? draft->status : ISSUE_TODO;
	const char *move[2] = { "", issue_status_name(status) };
	struct issue_words labels = { 0 };
	int64_t number;
	int ret = -1;

	if (choose_id(store, draft, id, &number, err) < 0)
		return -1;
	ret = issues_find(store, id, err);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	ret = -1;
	if (draft->parent && *draft->parent &&
	    issues_must_find(store, draft->parent, err) < 0)
		return err_wrap(err, "parent of %s", id);
	if (issues_merge_labels(&labels,
		&(struct issues_label_change){
		    .add = draft->label, .n_add = draft->n_labels },
		err) < 0)
		goto out;
	if (insert(store, by, draft, id, number, err) < 0 ||
	    write_labels(store, id, &labels, err) < 0 ||
	    issues_append_event(store, by, id, move, draft_json(draft, &labels), err) <
		0)
		goto out;
	ret = 1;
out:
	free(labels.word);
	return ret;
}

int
issue_create(struct store *store, const struct issue_by *by,
    const struct issue_draft *draft, char *id, struct err *err)
{
	char made[ISSUE_ID_SIZE] = "";
	int ret;

	if (check_draft(draft, err) < 0)
		return -1;
	ret = issues_write_begin(store, "create", by, made, err);
	if (ret < 0)
		return -1;
	if (ret == 0 && draft->id && strcmp(made, draft->id) != 0)
		return err_set(
		    err, ERR_CONFLICT, "the key of %s has made %s", draft->id, made);
	if (ret == 1) {
		ret = create(store, by, draft, made, err);
		if (issues_write_end(store, "create", by, made, ret < 0 ? -1 : 0, err) <
		    0)
			return -1;
	}
	memcpy(id, made, ISSUE_ID_SIZE);
	return ret;
}

/* Changes. */

/* What the issue is before a change, as far as changes look at it. */
struct before {
	struct arena *arena;
	enum issue_status status;
	const char *body, *delegate;
	int version;
	struct issue_words labels;
};

static int
read_before(struct store *store, const char *id, struct before *before, struct err *err)
{
	static const char sql_before[] =
	    "SELECT status, body, version, delegate FROM issue WHERE id = ?1";
	sqlite3_stmt *stmt;
	int got;

	if (issues_must_find(store, id, err) < 0)
		return -1;
	stmt = db_prepare(store, sql_before, err);
	if (!stmt)
		return -1;
	db_bind(stmt, "t", id);
	got = db_step(store, stmt, err);
	if (got < 0)
		return -1;
	assert(got == 1);
	before->status = issue_status_of(db_text(stmt, 0));
	before->body = arena_strdup(before->arena, db_text(stmt, 1));
	before->version = sqlite3_column_int(stmt, 2);
	before->delegate = arena_strdup(before->arena, db_text(stmt, 3));
	db_done(stmt);
	return issues_read_labels(store, id, before->arena, &before->labels, err);
}

static int
check_change(const struct issue_by *by, const struct issue_change *change,
    const struct before *before, const char *id, struct err *err)
{
	/* what comes back is opened again, and by a person only. */
	bool reopens = before->status == ISSUE_DONE &&
		       change->status == ISSUE_IN_PROGRESS &&
		       strncmp(by->actor, "human:", 6) == 0;

	if (change->title && issues_check_title(change->title, err) < 0)
		return -1;
	if (change->estimate > 0 && issues_check_estimate(change->estimate, err) < 0)
		return -1;
	if (change->status && !reopens &&
	    issues_check_move(id, before->status, change->status, err) < 0)
		return -1;
	if (!change->body)
		return 0;
	if (issues_check_body(change->body, err) < 0)
		return -1;
	if (change->if_version && change->if_version != before->version) {
		err_set(err, ERR_CONFLICT, "%s: its text is version %d by now, not %d",
		    id, before->version, change->if_version);
		return err_fix(err, "read it again: divisi issue show %s", id);
	}
	return 0;
}

/* Merges the label changes, and what an ended issue loses, into BEFORE's labels. */
static int
change_labels(struct store *store, const char *id, const struct issue_change *change,
    struct before *before, json_object *data, struct err *err)
{
	size_t n = change->n_remove;
	AUTO_FREE const char **remove = xcalloc(n + 1, sizeof(*remove));
	struct issues_label_change merge = {
		.add = change->add, .n_add = change->n_add, .remove = remove
	};
	int changed;

	for (size_t i = 0; i < n; i++)
		remove[i] = change->remove[i];
	for (size_t i = 0; change->status >= ISSUE_DONE && i < before->labels.n; i++) {
		if (strncmp(before->labels.word[i], "ctx:", 4) == 0)
			remove[n] = before->labels.word[i];
	}
	merge.n_remove = remove[n] ? n + 1 : n;
	if (merge.n_add + merge.n_remove == 0)
		return 0;
	changed = issues_merge_labels(&before->labels, &merge, err);
	if (changed <= 0)
		return changed;
	json_object_object_add(data, "labels", issues_json_words(&before->labels));
	return write_labels(store, id, &before->labels, err);
}

/* Writes the columns that change and notes them in DATA. */
static int
change_columns(struct store *store, const struct issue_by *by, const char *id,
    const struct issue_change *change, json_object *data, struct err *err)
{
	static const char sql_change[] =
	    "UPDATE issue SET status = coalesce(?2, status), title = coalesce(?3, title),"
	    " url = coalesce(?4, url), project = coalesce(?5, project),"
	    " assignee = coalesce(?6, assignee), delegate = coalesce(?7, delegate),"
	    " owner_session = coalesce(?8, owner_session),"
	    " version = version + (?9 IS NOT NULL AND ?9 <> body),"
	    " body = coalesce(?9, body),"
	    " estimate = CASE ?10 WHEN 0 THEN estimate WHEN -1 THEN 0 ELSE ?10 END,"
	    " updated_at = ?11 WHERE id = ?1";
	const char *status = change->status ? issue_status_name(change->status) : NULL;

	if (db_run(store, sql_change, err, "tttttttttil", id, status, change->title,
		change->url, change->project, change->assignee, change->delegate,
		change->owner_session, change->body, change->estimate, by->at) < 0)
		return -1;
	issues_put_text(data, "title", change->title);
	issues_put_text(data, "url", change->url);
	issues_put_text(data, "project", change->project);
	issues_put_text(data, "assignee", change->assignee);
	issues_put_text(data, "delegate", change->delegate);
	issues_put_text(data, "owner_session", change->owner_session);
	if (change->estimate)
		json_object_object_add(data, "estimate",
		    json_object_new_int(change->estimate < 0 ? 0 : change->estimate));
	if (change->body) {
		char sha256[HASH_HEX_SIZE];

		hash_sha256(change->body, strlen(change->body), sha256);
		issues_put_text(data, "body_sha256", sha256);
	}
	return 0;
}

/*
 * Moves BEFORE up to the status just below CHANGE's, one event each: who orders the move
 * may not know that the issue was parked in the Backlog by an earlier refusal.
 */
static int
pass_through(struct store *store, const struct issue_by *by, const char *id,
    const struct issue_change *change, struct before *before, struct err *err)
{
	if (!change->pass_through || change->status > ISSUE_IN_PROGRESS)
		return 0;
	while (before->status < ISSUE_TODO && before->status + 1 < change->status) {
		enum issue_status next = before->status + 1;
		const char *move[2] = { issue_status_name(before->status),
			issue_status_name(next) };

		if (issues_append_event(
			store, by, id, move, json_object_new_object(), err) < 0)
			return -1;
		before->status = next;
	}
	return 0;
}

/* Makes the change inside the open write. */
static int
update(struct store *store, const struct issue_by *by, const char *id,
    const struct issue_change *asked, struct err *err)
{
	struct before before = { .arena = arena_new() };
	struct issue_change change = *asked;
	const char *move[2] = { "", "" };
	json_object *data = json_object_new_object();
	int ret = -1;

	if (read_before(store, id, &before, err) < 0 ||
	    pass_through(store, by, id, &change, &before, err) < 0 ||
	    check_change(by, &change, &before, id, err) < 0)
		goto out;
	if (change.status >= ISSUE_DONE && !change.delegate && *before.delegate)
		change.delegate = "";
	if (change.status == before.status)
		change.status = ISSUE_ANY;
	if (change.body && strcmp(change.body, before.body) == 0)
		change.body = NULL;
	if (change_labels(store, id, &change, &before, data, err) < 0 ||
	    change_columns(store, by, id, &change, data, err) < 0)
		goto out;
	ret = 0;
	if (change.status) {
		move[0] = issue_status_name(before.status);
		move[1] = issue_status_name(change.status);
	} else if (json_object_object_length(data) == 0) {
		goto out;
	}
	ret = issues_append_event(store, by, id, move, json_object_get(data), err);
out:
	json_object_put(data);
	free(before.labels.word);
	arena_free(before.arena);
	return ret;
}

int
issue_update(struct store *store, const struct issue_by *by, const char *id,
    const struct issue_change *change, struct err *err)
{
	int ret = issues_write_begin(store, "update", by, NULL, err);

	if (ret <= 0)
		return ret;
	ret = update(store, by, id, change, err);
	return issues_write_end(store, "update", by, id, ret, err);
}
