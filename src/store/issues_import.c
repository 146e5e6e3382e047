#include "store/issues_import.h"

#include "base/hash.h"
#include "base/text.h"
#include "policy/names.h"
#include "store/db.h"
#include "store/issues_check.h"
#include "store/issues_write.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define MOST_DEPTH 32

/* Members of strangers' JSON: "" and FALLBACK for what is absent or of another type. */
static const char *
text_of(const json_object *o, const char *name)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_string) ||
	    strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return "";
	return json_object_get_string(v);
}

static int64_t
number_of(const json_object *o, const char *name, int64_t fallback)
{
	json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) &&
		       json_object_is_type(v, json_type_int)
		   ? json_object_get_int64(v)
		   : fallback;
}

/* NULL unless it is an array. */
static json_object *
list_of(const json_object *o, const char *name)
{
	json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) &&
		       json_object_is_type(v, json_type_array)
		   ? v
		   : NULL;
}

static size_t
count(const json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

static int
check(const json_object *o, struct err *err)
{
	const char *id = text_of(o, "id");
	int64_t estimate = number_of(o, "estimate", 0);
	AUTO_FREE char *shown = text_show(id, true);

	if (!issue_id_ok(id) || strlen(id) >= ISSUE_ID_SIZE)
		return err_set(err, ERR_INPUT, "\"%.80s\" is no issue id", shown);
	if (issue_status_of(text_of(o, "status")) == ISSUE_ANY)
		return err_set(err, ERR_INPUT, "%s has no status of an issue", id);
	if (estimate < 0 || estimate > 13 ||
	    issues_check_estimate((int)estimate, err) < 0 ||
	    issues_check_title(text_of(o, "title"), err) < 0 ||
	    issues_check_body(text_of(o, "body"), err) < 0)
		return err_wrap(err, "%s", id);
	return 0;
}

/*
 * 1 when the issue of O is here, 0 when not, -1.  A uuid alone does not tell the DV-1 of one
 * home from that of another: both are made of the id.
 */
static int
is_here(struct store *store, const json_object *o, struct err *err)
{
	static const char sql_same[] =
	    "SELECT count(*) FROM issue WHERE id = ?1 AND (uuid = ?2 OR ?2 = '')"
	    " AND (created_at = ?3 OR ?3 = 0)";
	const char *id = text_of(o, "id");
	int64_t n = 0;
	int found = issues_find(store, id, err);

	if (found <= 0)
		return found;
	if (db_int(store, sql_same, &n, err, "ttl", id, text_of(o, "uuid"),
		number_of(o, "created_at", 0)) < 0)
		return -1;
	if (n > 0)
		return 1;
	err_set(err, ERR_CONFLICT, "%s is another issue here", id);
	return err_fix(
	    err, "import into an empty tracker, or give it another id there");
}

static int
insert_labels(struct store *store, const json_object *o, struct err *err)
{
	static const char sql_add[] = "INSERT INTO label (issue, name) VALUES (?1, ?2)";
	json_object *list = list_of(o, "labels");
	size_t n = count(list);
	AUTO_FREE const char **add = xcalloc(n + 1, sizeof(*add));
	struct issue_words merged = { 0 };
	int rc;

	for (size_t i = 0; i < n; i++) {
		const char *word = json_object_get_string(
		    json_object_array_get_idx(list, i));

		add[i] = word ? word : "";
	}
	rc = issues_merge_labels(
	    &merged, &(struct issues_label_change){ .add = add, .n_add = n }, err);
	for (size_t i = 0; rc >= 0 && i < merged.n; i++)
		rc = db_run(
		    store, sql_add, err, "tt", text_of(o, "id"), merged.word[i]);
	free(merged.word);
	return rc < 0 ? err_wrap(err, "%s", text_of(o, "id")) : 0;
}

static int
insert_comments(struct store *store, const struct issue_by *by, const json_object *o,
    struct err *err)
{
	static const char sql_add[] =
	    "INSERT INTO comment (issue, kind, author, body, at, edited_at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
	json_object *list = list_of(o, "comments");

	for (size_t i = 0; i < count(list); i++) {
		const json_object *c = json_object_array_get_idx(list, i);
		int64_t at = number_of(c, "at", by->at);

		if (issues_check_comment(text_of(c, "body"), err) < 0 ||
		    db_run(store, sql_add, err, "ttttll", text_of(o, "id"),
			issue_comment_kind_name(
			    issue_comment_kind_of(text_of(c, "kind"))),
			issues_text_or(text_of(c, "author"), by->actor),
			text_of(c, "body"), at, number_of(c, "edited_at", at)) < 0)
			return err_wrap(
			    err, "comment %zu of %s", i + 1, text_of(o, "id"));
	}
	return 0;
}

static int
insert_files(struct store *store, const struct issue_by *by, const json_object *o,
    struct err *err)
{
	static const char sql_add[] =
	    "INSERT INTO attachment (issue, url, sha256, title, at)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
	json_object *list = list_of(o, "attachments");

	for (size_t i = 0; i < count(list); i++) {
		const json_object *a = json_object_array_get_idx(list, i);

		if (db_run(store, sql_add, err, "ttttl", text_of(o, "id"),
			text_of(a, "url"), text_of(a, "sha256"), text_of(a, "title"),
			number_of(a, "at", by->at)) < 0)
			return err_wrap(
			    err, "attachment %zu of %s", i + 1, text_of(o, "id"));
	}
	return 0;
}

/* The row of O; who is above it and beside it follows when all are there. */
static int
insert_row(struct store *store, const struct issue_by *by, const json_object *o,
    struct err *err)
{
	static const char sql_insert[] =
	    "INSERT INTO issue (id, number, uuid, url, title, body, version, status,"
	    " estimate, priority, project, assignee, delegate, owner_session,"
	    " created_at, updated_at) VALUES (?1, nullif(?2, 0), ?3, ?4, ?5, ?6,"
	    " max(?7, 1), ?8, ?9, min(max(?10, 0), 4), ?11, ?12, ?13, '', ?14, ?15)";
	const char *id = text_of(o, "id");
	AUTO_FREE char *name = xasprintf("issue/%s", id);
	int64_t created = number_of(o, "created_at", by->at);
	long number = strncmp(id, "DV-", 3) == 0 ? strtol(id + 3, NULL, 10) : 0;
	char uuid[37];

	if (number > INT32_MAX)
		return err_set(err, ERR_INPUT, "%s is too large a number", id);
	hash_uuid(name, uuid);
	return db_run(store, sql_insert, err, "tlttttltlltttll", id, (int64_t)number,
	    issues_text_or(text_of(o, "uuid"), uuid), text_of(o, "url"),
	    text_of(o, "title"), text_of(o, "body"), number_of(o, "version", 1),
	    issue_status_name(issue_status_of(text_of(o, "status"))),
	    number_of(o, "estimate", 0), number_of(o, "priority", 0),
	    text_of(o, "project"), text_of(o, "assignee"), text_of(o, "delegate"),
	    created, number_of(o, "updated_at", created));
}

static int
make(struct store *store, const struct issue_by *by, const json_object *o,
    struct err *err)
{
	const char *id = text_of(o, "id");
	const char *move[2] = { "",
		issue_status_name(issue_status_of(text_of(o, "status"))) };
	json_object *data;

	if (insert_row(store, by, o, err) < 0 || insert_labels(store, o, err) < 0 ||
	    insert_comments(store, by, o, err) < 0 ||
	    insert_files(store, by, o, err) < 0)
		return -1;
	data = json_object_new_object();
	issues_put_text(data, "title", text_of(o, "title"));
	issues_put_text(data, "imported", text_of(o, "uuid"));
	return issues_append_event(store, by, id, move, data, err);
}

/* A parent must be here by now, and above no ancestor of itself. */
static int
link_parent(struct store *store, const json_object *o, struct err *err)
{
	static const char sql_link[] = "UPDATE issue SET parent = ?2 WHERE id = ?1";
	static const char sql_above[] =
	    "WITH RECURSIVE above (id) AS (SELECT ?2 UNION SELECT parent FROM issue"
	    " JOIN above USING (id) WHERE parent IS NOT NULL)"
	    " SELECT count(*) FROM above WHERE id = ?1";
	const char *id = text_of(o, "id"), *parent = text_of(o, "parent");
	int64_t n = 0;

	if (parent[0] == '\0')
		return 0;
	if (issues_must_find(store, parent, err) < 0)
		return err_wrap(err, "parent of %s", id);
	if (db_int(store, sql_above, &n, err, "tt", id, parent) < 0)
		return -1;
	if (n > 0)
		return err_set(
		    err, ERR_INPUT, "%s is above itself by way of its parent", id);
	return db_run(store, sql_link, err, "tt", id, parent) < 0 ? -1 : 0;
}

/* Only what the issues made here say: that a relation exists already is fine. */
static int
link_relations(struct store *store, const struct issue_by *by, const json_object *o,
    struct err *err)
{
	static const char *const kinds[][2] = { { "blocks", "blocks" },
		{ "blocked_by", "blocked-by" }, { "related", "related" } };
	struct issue_by once = *by;
	json_object *relations = NULL;

	once.key = NULL;
	if (!json_object_object_get_ex(o, "relations", &relations))
		return 0;
	for (size_t k = 0; k < N_ELEMS(kinds); k++) {
		json_object *list = list_of(relations, kinds[k][0]);

		for (size_t i = 0; i < count(list); i++) {
			const char *other = json_object_get_string(
			    json_object_array_get_idx(list, i));

			if (issue_relate(store, &once, text_of(o, "id"), kinds[k][1],
				other ? other : "", err) < 0)
				return err_wrap(
				    err, "relation of %s", text_of(o, "id"));
		}
	}
	return 0;
}

static int
import(struct store *store, const struct issue_by *by, json_object *list,
    struct issue_import_result *got, struct err *err)
{
	size_t n = count(list);
	AUTO_FREE bool *made = xcalloc(n + 1, sizeof(*made));

	for (size_t i = 0; i < n; i++) {
		const json_object *o = json_object_array_get_idx(list, i);
		int here;

		if (!json_object_is_type(o, json_type_object))
			return err_set(err, ERR_INPUT, "entry %zu is no issue", i + 1);
		if (check(o, err) < 0)
			return -1;
		here = is_here(store, o, err);
		if (here < 0 || (here == 0 && make(store, by, o, err) < 0))
			return -1;
		made[i] = here == 0;
		got->n_made += made[i];
		got->n_there += !made[i];
	}
	for (size_t i = 0; i < n; i++) {
		const json_object *o = json_object_array_get_idx(list, i);

		if (made[i] && (link_parent(store, o, err) < 0 ||
				   link_relations(store, by, o, err) < 0))
			return -1;
	}
	return 0;
}

/* TEXT as an array of issues, which the caller puts; NULL with ERR. */
static json_object *
read_json(const char *text, struct err *err)
{
	struct json_tokener *tok = json_tokener_new_ex(MOST_DEPTH);
	json_object *list, *one;

	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	list = json_tokener_parse_ex(tok, text, (int)strlen(text));
	if (json_tokener_get_error(tok) != json_tokener_success) {
		err_set(err, ERR_INPUT, "this is no JSON: %s near byte %zu",
		    json_tokener_error_desc(json_tokener_get_error(tok)),
		    json_tokener_get_parse_end(tok));
		err_fix(err, "divisi issue export > FILE writes what can be read");
		json_object_put(list);
		list = NULL;
	} else if (json_object_is_type(list, json_type_object)) {
		one = list;
		list = json_object_new_array();
		json_object_array_add(list, one);
	} else if (!json_object_is_type(list, json_type_array)) {
		err_set(err, ERR_INPUT, "this is no list of issues");
		json_object_put(list);
		list = NULL;
	}
	json_tokener_free(tok);
	return list;
}

int
issue_import(struct store *store, const struct issue_by *by, const char *text,
    enum issue_format format, struct issue_import_result *result, struct err *err)
{
	struct issue_import_result got = { 0 };
	json_object *list = format == ISSUE_MARKDOWN ? issues_of_markdown(text, err)
						     : read_json(text, err);
	int rc = list ? store_begin(store, err) : -1;

	if (rc == 0) {
		rc = import(store, by, list, &got, err);
		if (rc == 0)
			rc = store_commit(store, err);
		else
			store_rollback(store);
	}
	json_object_put(list);
	if (rc == 0)
		*result = got;
	return rc;
}
