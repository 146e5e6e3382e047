#include "store/issues_write.h"

#include "base/mem.h"
#include "base/text.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

const char *
issues_text_or(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

int
issues_append_event(struct store *store, const struct issue_by *by, const char *id,
    const char *const move[2], json_object *data, struct err *err)
{
	AUTO_FREE char *entity = xasprintf("issue/%s", id);
	struct journal_row row = {
		.at = by->at,
		.actor = by->actor,
		.entity = entity,
		.from = move[0],
		.to = move[1],
		.cause = by->cause,
		.data = json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN),
	};
	int ret = journal_append(store, &row, 1, NULL, 0, err);

	json_object_put(data);
	return ret;
}

void
issues_put_text(json_object *object, const char *key, const char *text)
{
	if (text)
		json_object_object_add(object, key, json_object_new_string(text));
}

int
issues_write_begin(struct store *store, const char *op, const struct issue_by *by,
    char *id, struct err *err)
{
	static const char sql_known[] = "SELECT issue FROM issue_write WHERE key = ?1";
	AUTO_FREE char *key = by->key ? xasprintf("%s:%s", op, by->key) : NULL;
	sqlite3_stmt *stmt;
	int got;

	if (store_begin(store, err) < 0)
		return -1;
	if (!key)
		return 1;
	stmt = db_prepare(store, sql_known, err);
	if (!stmt)
		goto fail;
	db_bind(stmt, "t", key);
	got = db_step(store, stmt, err);
	if (got == 0)
		return 1;
	if (got < 0)
		goto fail;
	if (id)
		snprintf(id, ISSUE_ID_SIZE, "%s", db_text(stmt, 0));
	db_done(stmt);
	store_rollback(store);
	return 0;

fail:
	store_rollback(store);
	return -1;
}

int
issues_write_end(struct store *store, const char *op, const struct issue_by *by,
    const char *id, int ret, struct err *err)
{
	static const char sql_remember[] =
	    "INSERT INTO issue_write (key, issue) VALUES (?1, ?2)";
	AUTO_FREE char *key = by->key ? xasprintf("%s:%s", op, by->key) : NULL;

	if (ret == 0 && key && db_run(store, sql_remember, err, "tt", key, id) < 0)
		ret = -1;
	if (ret < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

json_object *
issues_json_words(const struct issue_words *words)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < words->n; i++)
		json_object_array_add(array, json_object_new_string(words->word[i]));
	return array;
}

int
issues_find(struct store *store, const char *id, struct err *err)
{
	static const char sql_find[] = "SELECT count(*) FROM issue WHERE id = ?1";
	int64_t n = 0;

	return db_int(store, sql_find, &n, err, "t", id) < 0 ? -1 : n > 0;
}

int
issues_must_find(struct store *store, const char *id, struct err *err)
{
	int found = issues_find(store, id, err);

	if (found == 0) {
		AUTO_FREE char *shown = text_show(id, true);

		err_set(err, ERR_NOT_FOUND, "there is no issue %.80s", shown);
		err_fix(err, "divisi issue list shows those there are");
	}
	return found == 1 ? 0 : -1;
}
