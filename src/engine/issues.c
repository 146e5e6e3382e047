#include "engine/internal.h"

#include "base/crash.h"
#include "store/issue_text.h"
#include "store/issues.h"

#include <string.h>

/* `divisi issue`: the built-in tracker read and written by a person. */

static int
list(struct engine *engine, const struct fields *in, FILE *f, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	const char *parent = fields_text(in, "parent"), *text = fields_text(in, "text");
	struct issue_query query = { .parent = parent[0] ? parent : NULL,
		.text = text[0] ? text : NULL,
		.limit = 500,
		.with_details = fields_number(in, "json", 0) != 0 };

	if (fields_text(in, "status")[0]) {
		query.status = issue_status_of(fields_text(in, "status"));
		if (query.status == ISSUE_ANY) {
			err_set(err, ERR_USAGE, "no status '%.40s'",
			    fields_text(in, "status"));
			return err_fix(err,
			    "Backlog, Todo, In Progress, In Review, Done, Cancelled");
		}
	}
	if (issue_list(engine->store, &query, &set, err) < 0)
		return -1;
	if (!fields_number(in, "json", 0)) {
		issue_print_table(f, &set, (size_t)fields_number(in, "width", 100));
		if (set.has_more)
			fprintf(f,
			    "... more than %d; narrow it with --text or --parent\n",
			    query.limit);
		return 0;
	}
	fputc('[', f);
	for (size_t i = 0; i < set.n; i++) {
		AUTO_FREE char *one = issue_to_json(&set.item[i]);

		fprintf(f, "%s%s", i ? ",\n" : "", one);
	}
	fputs("]\n", f);
	return 0;
}

static int
show(struct engine *engine, const struct fields *in, FILE *f, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	AUTO_FREE char *json = NULL;

	if (issue_read(engine->store, fields_text(in, "id"), &set, err) < 0)
		return -1;
	if (!fields_number(in, "json", 0)) {
		issue_print_text(f, &set.item[0]);
		return 0;
	}
	json = issue_to_json(&set.item[0]);
	fprintf(f, "%s\n", json);
	return 0;
}

static int
write_issue(
    struct engine *engine, const struct fields *in, const char *what, struct err *err)
{
	AUTO_FREE char *actor = xstrdup(fields_text(in, "actor"));
	struct issue_by by = { .actor = actor[0] ? actor : "human",
		.at = engine->now(),
		.cause = "issue" };
	struct issue_change change = { .status = issue_status_of(
					   fields_text(in, "to")) };

	if (strcmp(what, "comment") == 0)
		return DURABLE("issue.comment",
		    issue_comment(engine->store, &by, fields_text(in, "id"), ISSUE_NOTE,
			fields_text(in, "body"), err));
	if (change.status == ISSUE_ANY)
		return err_set(
		    err, ERR_USAGE, "no status '%.40s'", fields_text(in, "to"));
	return DURABLE("issue.update",
	    issue_update(engine->store, &by, fields_text(in, "id"), &change, err));
}

int
engine_issue(struct engine *engine, const char *what, const struct fields *in,
    struct fields *out, struct err *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int rc;

	if (strcmp(what, "list") == 0)
		rc = list(engine, in, f, err);
	else if (strcmp(what, "show") == 0)
		rc = show(engine, in, f, err);
	else if (strcmp(what, "export") == 0)
		rc = issue_export(engine->store,
		    fields_text(in, "id")[0] ? fields_text(in, "id") : NULL,
		    fields_text(in, "markdown")[0] ? ISSUE_MARKDOWN : ISSUE_JSON, f,
		    err);
	else if (strcmp(what, "comment") == 0 || strcmp(what, "move") == 0)
		rc = write_issue(engine, in, what, err);
	else
		rc = err_set(err, ERR_USAGE, "issue has no '%.40s'", what);
	if (rc == 0 && (strcmp(what, "comment") == 0 || strcmp(what, "move") == 0))
		fprintf(f, "%s: %s\n", fields_text(in, "id"),
		    strcmp(what, "move") == 0 ? fields_text(in, "to") : "commented");
	fclose(f);
	if (rc == 0)
		fields_set(out, "text", text);
	free(text);
	return rc;
}
