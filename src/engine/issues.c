#include "engine/internal.h"

#include "engine/asked.h"
#include "engine/issue_writes.h"
#include "store/issue_text.h"
#include "store/issues.h"

#include <stdlib.h>
#include <string.h>

/* `divisi issue`: the built-in tracker read by a person; issue_writes.c writes it. */

static long
text_number(const char *text, long fallback)
{
	char *end = NULL;
	long n = strtol(text, &end, 10);

	return text[0] && *end == '\0' && n > 0 && n <= 10000 ? n : fallback;
}

/* MORE says how to see what the limit cut off. */
static void
print_set(
    const struct issue_set *set, const struct fields *in, FILE *f, const char *more)
{
	if (!fields_number(in, "json", 0)) {
		issue_print_table(f, set, (size_t)fields_number(in, "width", 100));
		if (set->has_more)
			fprintf(f, "... more than %zu; %s\n", set->n, more);
		return;
	}
	fputc('[', f);
	for (size_t i = 0; i < set->n; i++) {
		AUTO_FREE char *one = issue_to_json(&set->item[i]);

		fprintf(f, "%s%s", i ? ",\n" : "", one);
	}
	fputs("]\n", f);
}

/* NULL when IN has no NAME. */
static const char *
wish(const struct fields *in, const char *name)
{
	return fields_text(in, name)[0] ? fields_text(in, name) : NULL;
}

static int
list(struct engine *engine, const struct fields *in, FILE *f, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	struct issue_query query = { .parent = wish(in, "parent"),
		.text = wish(in, "text"),
		.assignee = wish(in, "assignee"),
		.label = wish(in, "label"),
		.limit = (int)text_number(fields_text(in, "limit"), 500),
		.with_details = fields_number(in, "json", 0) != 0 };

	if (issue_status_wish(in, "status", &query.status, err) < 0 ||
	    issue_list(engine->store, &query, &set, err) < 0)
		return -1;
	print_set(&set, in, f, "narrow it with --status, --text or --parent");
	return 0;
}

static int
export_issues(struct engine *engine, const struct fields *in, FILE *f, struct err *err)
{
	return issue_export(engine->store, wish(in, "id"),
	    wish(in, "markdown") ? ISSUE_MARKDOWN : ISSUE_JSON, f, err);
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
search(struct engine *engine, const struct fields *in, FILE *f, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	int limit = (int)text_number(fields_text(in, "limit"), 20);

	if (issue_search(engine->store, fields_text(in, "words"), limit, &set, err) < 0)
		return -1;
	print_set(&set, in, f, "narrow it with more words");
	return 0;
}

static const struct {
	const char *what;
	int (*fn)(
	    struct engine *engine, const struct fields *in, FILE *f, struct err *err);
} looks[] = {
	{ "list", list },
	{ "show", show },
	{ "search", search },
	{ "export", export_issues },
};

int
engine_issue(struct engine *engine, const char *what, const struct fields *in,
    const char *actor, struct fields *out, struct err *err)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int rc = 1;

	for (size_t i = 0; i < N_ELEMS(looks); i++) {
		if (strcmp(looks[i].what, what) == 0)
			rc = looks[i].fn(engine, in, f, err);
	}
	if (rc == 1)
		rc = issue_write(engine, what, in, actor, f, err);
	fclose(f);
	if (rc == 0)
		fields_set(out, "text", text);
	if (rc == 0 && strcmp(what, "comment") == 0)
		asked_commented(engine, in, actor, out);
	free(text);
	return rc;
}
