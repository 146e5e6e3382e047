#include "engine/issue_writes.h"

#include "base/crash.h"
#include "base/text.h"
#include "engine/internal.h"
#include "store/issue_text.h"
#include "store/issues_import.h"

#include <stdlib.h>
#include <string.h>

#define MOST_LABELS 32

/* One write as a person ordered it. */
struct writing {
	struct store *store;
	struct issue_by by;
	const struct fields *in;
	FILE *out;
	char id[ISSUE_ID_SIZE]; /* of the issue it is about */
	const char *done;       /* in a word, for the line that is printed */
};

/* Words of one field, a line each. */
struct lines {
	char *text;
	const char *word[MOST_LABELS + 1];
	size_t n;
};

static int
lines_of(
    const struct fields *in, const char *name, struct lines *lines, struct err *err)
{
	char *rest = NULL;

	lines->text = xstrdup(fields_text(in, name));
	for (char *one = strtok_r(lines->text, "\n", &rest); one;
	     one = strtok_r(NULL, "\n", &rest)) {
		if (lines->n == MOST_LABELS)
			return err_set(err, ERR_USAGE, "more than %d words for %s",
			    MOST_LABELS, name);
		lines->word[lines->n++] = one;
	}
	return 0;
}

/* NULL when NAME was not given; "" when it was given empty. */
static const char *
wish(const struct writing *w, const char *name)
{
	struct span rest = span_of(fields_text(w->in, "clear")), one;

	if (fields_text(w->in, name)[0])
		return fields_text(w->in, name);
	while (span_next(&rest, '\n', &one)) {
		if (span_eq(one, name))
			return "";
	}
	return NULL;
}

int
issue_status_wish(const struct fields *in, const char *name, enum issue_status *status,
    struct err *err)
{
	const char *word = fields_text(in, name);

	*status = issue_status_of(word);
	if (word[0] == '\0' || *status != ISSUE_ANY)
		return 0;
	err_set(err, ERR_USAGE, "no status '%.40s'", word);
	return err_fix(err,
	    "Triage, Backlog, Todo, In Progress, In Review, Done, Cancelled or "
	    "Duplicate");
}

/* 0 without the wish, -1 in *ESTIMATE for none, as issue_change has it. */
static int
estimate_wish(const struct writing *w, int *estimate, struct err *err)
{
	const char *word = wish(w, "estimate");
	char *end = NULL;
	long n;

	*estimate = 0;
	if (!word)
		return 0;
	n = strtol(word, &end, 10);
	if (*end != '\0' || n < 0 || n > 13)
		return err_set(
		    err, ERR_USAGE, "an estimate is 0 1 2 3 5 8 or 13 points");
	*estimate = n == 0 ? -1 : (int)n;
	return 0;
}

static int
new_issue(struct writing *w, struct err *err)
{
	struct lines labels = { 0 };
	AUTO_FREE char *type = xasprintf(
	    "type:%s", wish(w, "type") ? wish(w, "type") : "chore");
	struct issue_draft draft = { .id = wish(w, "id"),
		.title = fields_text(w->in, "title"),
		.body = wish(w, "body"),
		.url = wish(w, "url"),
		.project = wish(w, "project"),
		.parent = wish(w, "parent") };
	bool has_type = false;
	int rc = lines_of(w->in, "label", &labels, err);

	for (size_t i = 0; i < labels.n; i++)
		has_type |= strncmp(labels.word[i], "type:", 5) == 0;
	if (!has_type || wish(w, "type"))
		labels.word[labels.n++] = type;
	draft.label = labels.word;
	draft.n_labels = labels.n;
	if (rc == 0)
		rc = issue_status_wish(w->in, "status", &draft.status, err);
	if (rc == 0)
		rc = estimate_wish(w, &draft.estimate, err);
	if (draft.estimate < 0)
		draft.estimate = 0;
	if (rc == 0)
		rc = DURABLE(
		    "issue.create", issue_create(w->store, &w->by, &draft, w->id, err));
	free(labels.text);
	w->done = rc == 0 ? "there already" : "made";
	return rc < 0 ? -1 : 0;
}

static int
change(struct writing *w, const struct issue_change *change, struct err *err)
{
	return DURABLE(
	    "issue.update", issue_update(w->store, &w->by, w->id, change, err));
}

static int
edit(struct writing *w, struct err *err)
{
	struct issue_change c = { .title = wish(w, "title"),
		.body = wish(w, "body"),
		.url = wish(w, "url"),
		.project = wish(w, "project"),
		.if_version = atoi(fields_text(w->in, "version")) };

	if (estimate_wish(w, &c.estimate, err) < 0)
		return -1;
	if (!c.title && !c.body && !c.url && !c.project && !c.estimate) {
		err_set(err, ERR_USAGE, "edit needs to know what to change");
		return err_fix(err,
		    "--title, --body, --body-file, --estimate, --project or --url");
	}
	w->done = "changed";
	return change(w, &c, err);
}

static int
move(struct writing *w, struct err *err)
{
	struct issue_change c = { .status = ISSUE_ANY };

	if (issue_status_wish(w->in, "to", &c.status, err) < 0)
		return -1;
	w->done = issue_status_name(c.status);
	return change(w, &c, err);
}

static int
label(struct writing *w, struct err *err)
{
	struct lines add = { 0 }, remove = { 0 };
	struct issue_change c = { .status = ISSUE_ANY };
	int rc = lines_of(w->in, "add", &add, err);

	if (rc == 0)
		rc = lines_of(w->in, "remove", &remove, err);
	if (rc == 0 && add.n + remove.n == 0)
		rc = err_set(err, ERR_USAGE, "label needs a LABEL or --remove LABEL");
	c.add = add.word;
	c.n_add = add.n;
	c.remove = remove.word;
	c.n_remove = remove.n;
	if (rc == 0)
		rc = change(w, &c, err);
	free(add.text);
	free(remove.text);
	w->done = "labelled";
	return rc;
}

static int
relate(struct writing *w, struct err *err)
{
	w->done = "related";
	return DURABLE("issue.relate",
	    issue_relate(w->store, &w->by, w->id, fields_text(w->in, "relation"),
		fields_text(w->in, "other"), err));
}

static int
unrelate(struct writing *w, struct err *err)
{
	w->done = "no longer related";
	return DURABLE("issue.unrelate",
	    issue_unrelate(w->store, &w->by, w->id, fields_text(w->in, "relation"),
		fields_text(w->in, "other"), err));
}

static int
comment(struct writing *w, struct err *err)
{
	const char *word = fields_text(w->in, "kind");
	enum issue_comment_kind kind = word[0] ? issue_comment_kind_of(word)
					       : ISSUE_NOTE;

	if (word[0] && strcmp(issue_comment_kind_name(kind), word) != 0)
		return err_set(err, ERR_USAGE, "no kind of comment is '%.40s'", word);
	if (kind == ISSUE_REGISTRY) {
		err_set(err, ERR_REFUSED,
		    "the registry is written from the sessions as they are");
		return err_fix(err, "divisi issue comment %s TEXT", w->id);
	}
	w->done = "commented";
	return DURABLE("issue.comment", issue_comment(w->store, &w->by, w->id, kind,
					    fields_text(w->in, "body"), err));
}

/* The word for nobody is as good as an empty one. */
static const char *
who(const struct writing *w)
{
	const char *name = fields_text(w->in, "who");

	return strcmp(name, "none") == 0 ? "" : name;
}

static int
assign(struct writing *w, struct err *err)
{
	struct issue_change c = { .assignee = who(w) };

	w->done = who(w)[0] ? "assigned" : "nobody's";
	return change(w, &c, err);
}

static int
delegate(struct writing *w, struct err *err)
{
	struct issue_change c = { .delegate = who(w) };

	w->done = who(w)[0] ? "delegated" : "delegated to nobody";
	return change(w, &c, err);
}

static int
attach(struct writing *w, struct err *err)
{
	struct issue_attachment file = { .url = fields_text(w->in, "url"),
		.sha256 = fields_text(w->in, "sha256"),
		.title = fields_text(w->in, "title") };

	w->done = "attached";
	return DURABLE(
	    "issue.attach", issue_attach(w->store, &w->by, w->id, &file, err));
}

static int
import(struct writing *w, struct err *err)
{
	struct issue_import_result got = { 0 };
	enum issue_format format = fields_text(w->in, "markdown")[0] ? ISSUE_MARKDOWN
								     : ISSUE_JSON;

	if (DURABLE(
		"issue.import", issue_import(w->store, &w->by,
				    fields_text(w->in, "data"), format, &got, err)) < 0)
		return -1;
	if (fields_number(w->in, "json", 0))
		fprintf(
		    w->out, "{\"made\":%zu,\"there\":%zu}\n", got.n_made, got.n_there);
	else
		fprintf(
		    w->out, "%zu made, %zu there already\n", got.n_made, got.n_there);
	return 0;
}

static const struct {
	const char *what;
	int (*fn)(struct writing *w, struct err *err);
} writes[] = {
	/* clang-format off */
	{ "new",      new_issue },
	{ "edit",     edit },
	{ "move",     move },
	{ "label",    label },
	{ "relate",   relate },
	{ "unrelate", unrelate },
	{ "comment",  comment },
	{ "assign",   assign },
	{ "delegate", delegate },
	{ "attach",   attach },
	{ "import",   import },
	/* clang-format on */
};

/* What is printed: the issue as it is by now, or one line. */
static int
print_done(const struct writing *w, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	AUTO_FREE char *json = NULL;

	if (w->id[0] == '\0')
		return 0;
	if (!fields_number(w->in, "json", 0)) {
		fprintf(w->out, "%s: %s\n", w->id, w->done);
		return 0;
	}
	if (issue_read(w->store, w->id, &set, err) < 0)
		return -1;
	json = issue_to_json(&set.item[0]);
	fprintf(w->out, "%s\n", json);
	return 0;
}

int
issue_write(struct engine *engine, const char *what, const struct fields *in,
    const char *actor, FILE *f, struct err *err)
{
	struct writing w = { .store = engine->store,
		.by = { .actor = actor, .at = engine->now(), .cause = "issue" },
		.in = in,
		.out = f,
		.done = "" };

	if (strlen(fields_text(in, "id")) >= sizeof(w.id))
		return err_set(err, ERR_NOT_FOUND, "there is no issue %.80s",
		    fields_text(in, "id"));
	if (strcmp(what, "new") != 0)
		snprintf(w.id, sizeof(w.id), "%s", fields_text(in, "id"));
	for (size_t i = 0; i < N_ELEMS(writes); i++) {
		if (strcmp(writes[i].what, what) != 0)
			continue;
		if (writes[i].fn(&w, err) < 0)
			return -1;
		return print_done(&w, err);
	}
	return err_set(err, ERR_USAGE, "issue has no '%.40s'", what);
}
