#include "store/issue_text.h"

#include "base/mem.h"
#include "base/text.h"
#include "store/issues_write.h"

#include <json-c/json.h>
#include <string.h>

#define EXPORT_PAGE 200

/* Columns of the table, without the title. */
#define STATUS_WIDTH   11
#define ESTIMATE_WIDTH 3
#define ASSIGNEE_WIDTH 10
#define LABELS_WIDTH   24
#define TITLE_MIN      20
#define TABLE_MIN      40

static void
print_words(FILE *out, const char *before, const struct issue_words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		AUTO_FREE char *shown = text_show(words->word[i], true);

		fprintf(out, "%s%s", i ? ", " : before, shown);
	}
	if (words->n > 0)
		fputc('\n', out);
}

static void
print_field(FILE *out, const char *before, const char *text)
{
	AUTO_FREE char *shown = text_show(text, true);

	if (*text)
		fprintf(out, "%s%s\n", before, shown);
}

static void
print_number(FILE *out, const char *before, int number)
{
	if (number)
		fprintf(out, "%s%d\n", before, number);
}

/* TEXT, shown, with INDENT before each line that is not empty, ending in a newline. */
static void
print_block(FILE *out, const char *indent, const char *text)
{
	AUTO_FREE char *shown = text_show(text, false);
	struct span rest = span_of(shown), line;

	while (span_next(&rest, '\n', &line)) {
		if (line.n == 0 && rest.n == 0)
			break;
		fprintf(out, "%s%.*s\n", line.n ? indent : "", SPAN_FMT(line));
	}
}

/* The fields of ISSUE, each with a word of WORDS before it. */
static void
print_fields(FILE *out, const struct issue *issue, const char *const words[14])
{
	char at[32];

	print_field(out, words[0], issue_status_name(issue->status));
	print_words(out, words[1], &issue->labels);
	print_number(out, words[2], issue->estimate);
	print_number(out, words[3], issue->priority);
	print_field(out, words[4], issue->assignee);
	print_field(out, words[5], issue->delegate);
	print_field(out, words[6], issue->owner_session);
	print_field(out, words[7], issue->project);
	print_field(out, words[8], issue->parent);
	print_words(out, words[9], &issue->blocks);
	print_words(out, words[10], &issue->blocked_by);
	print_words(out, words[11], &issue->related);
	print_field(out, words[12], issue->url);
	print_field(out, words[13], text_time(issue->updated_at, at, sizeof(at)));
}

void
issue_print_text(FILE *out, const struct issue *issue)
{
	static const char *const words[14] = { "status      ", "labels      ",
		"estimate    ", "priority    ", "assignee    ", "delegate    ",
		"session     ", "project     ", "parent      ", "blocks      ",
		"blocked by  ", "related to  ", "link        ", "changed     " };
	AUTO_FREE char *title = text_show(issue->title, true);
	char at[32];

	fprintf(out, "%s  %s\n", issue->id, title);
	print_fields(out, issue, words);
	print_words(out, "sub-issues  ", &issue->children);
	for (size_t i = 0; i < issue->n_attachments; i++) {
		const struct issue_attachment *file = &issue->attachment[i];
		AUTO_FREE char *url = text_show(file->url, true);
		AUTO_FREE char *hash = text_show(file->sha256, true);

		fprintf(out, "attached    %s%s%.12s\n", url, *hash ? "  sha256 " : "",
		    hash);
	}
	if (*issue->body) {
		fputc('\n', out);
		print_block(out, "", issue->body);
	}
	for (size_t i = 0; i < issue->n_comments; i++) {
		const struct issue_comment_row *comment = &issue->comment[i];
		AUTO_FREE char *author = text_show(comment->author, true);

		fprintf(out, "\n-- %s  %s  %s\n",
		    text_time(comment->edited_at, at, sizeof(at)), author,
		    issue_comment_kind_name(comment->kind));
		print_block(out, "   ", comment->body);
	}
}

/* Length in bytes of the character at P, which is well-formed UTF-8. */
static size_t
char_bytes(const char *p)
{
	unsigned char c = (unsigned char)*p;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* TEXT on one line, cut to WIDTH columns, and padded unless IS_LAST. */
static void
print_cell(FILE *out, const char *text, size_t width, bool is_last)
{
	AUTO_FREE char *shown = text_show(text, true);
	size_t full = text_width(shown), used = 0;
	const char *p = shown;

	while (full > width && *p) {
		size_t n = char_bytes(p);
		char one[5] = "";

		memcpy(one, p, n);
		if (used + text_width(one) > width - 1)
			break;
		used += text_width(one);
		p += n;
	}
	if (full > width) {
		fprintf(out, "%.*s…%*s", (int)(p - shown), shown,
		    is_last ? 0 : (int)(width - 1 - used), "");
	} else {
		fprintf(out, "%s%*s", shown, is_last ? 0 : (int)(width - full), "");
	}
}

struct columns {
	size_t id, assignee, labels, title;
};

static struct columns
fit_columns(const struct issue_set *set, size_t width)
{
	struct columns c = { .id = strlen("Issue"),
		.assignee = ASSIGNEE_WIDTH,
		.labels = LABELS_WIDTH };
	size_t fixed;

	if (width < TABLE_MIN)
		width = TABLE_MIN;
	for (size_t i = 0; i < set->n; i++) {
		if (strlen(set->item[i].id) > c.id)
			c.id = strlen(set->item[i].id);
	}
	if (c.id > 12)
		c.id = 12;
	fixed = c.id + 2 + STATUS_WIDTH + 2 + ESTIMATE_WIDTH + 2;
	if (fixed + c.assignee + 2 + c.labels + 2 + TITLE_MIN > width)
		c.labels = 0;
	if (fixed + c.assignee + 2 + TITLE_MIN > width)
		c.assignee = 0;
	fixed += c.assignee ? c.assignee + 2 : 0;
	fixed += c.labels ? c.labels + 2 : 0;
	c.title = fixed < width ? width - fixed : 1;
	return c;
}

/* One line of the table from the six texts given, in the order of the columns. */
static void
print_row(FILE *out, const struct columns *c, const char *const text[6])
{
	const size_t width[6] = { c->id, STATUS_WIDTH, ESTIMATE_WIDTH, c->assignee,
		c->labels, c->title };

	for (size_t i = 0; i < N_ELEMS(width); i++) {
		if (width[i] == 0)
			continue;
		bool is_last = i + 1 == N_ELEMS(width);

		print_cell(out, text[i], width[i], is_last);
		fputs(is_last ? "\n" : "  ", out);
	}
}

void
issue_print_table(FILE *out, const struct issue_set *set, size_t width)
{
	static const char *const head[6] = { "Issue", "Status", "Est", "Assignee",
		"Labels", "Title" };
	struct columns c = fit_columns(set, width);

	print_row(out, &c, head);
	for (size_t i = 0; i < set->n; i++) {
		const struct issue *issue = &set->item[i];
		AUTO_FREE char *labels = text_join(
		    issue->labels.word, issue->labels.n, " ");
		char estimate[16] = "-";

		if (issue->estimate)
			snprintf(estimate, sizeof(estimate), "%d", issue->estimate);
		print_row(out, &c,
		    (const char *const[6]){ issue->id, issue_status_name(issue->status),
			estimate, issues_text_or(issue->assignee, "-"), labels,
			issue->title });
	}
}

/*
 * TEXT between marks, so that it is read back as it stands, headings of its own and all;
 * issues_markdown.c says how.  Control characters are shown: in a file they steer editors.
 */
static void
print_marked(FILE *out, const char *text)
{
	AUTO_FREE char *shown = text_show(text, false);
	struct span rest = span_of(shown), line;

	fputs("<!-- divisi:text -->\n", out);
	while (span_next(&rest, '\n', &line)) {
		size_t slashes = 0;

		while (slashes < line.n && line.p[slashes] == '\\')
			slashes++;
		fprintf(out, "%s%.*s\n",
		    span_starts((struct span){ line.p + slashes, line.n - slashes },
			"<!-- divisi:")
			? "\\"
			: "",
		    SPAN_FMT(line));
	}
	fputs("<!-- divisi:end -->\n\n", out);
}

static void
print_attached(FILE *out, const struct issue_attachment *file)
{
	AUTO_FREE char *url = text_show(file->url, true);

	fprintf(out, "- Attached: %s%s%s\n", url, *file->sha256 ? " sha256 " : "",
	    file->sha256);
	fprintf(out, "<!-- divisi:file at=%lld -->\n", (long long)file->at);
}

void
issue_print_markdown(FILE *out, const struct issue *issue)
{
	static const char *const words[14] = { "- Status: ", "- Labels: ",
		"- Estimate: ", "- Priority: ", "- Assignee: ", "- Delegate: ",
		"- Session: ", "- Project: ", "- Parent: ", "- Blocks: ",
		"- Blocked by: ", "- Related to: ", "- Link: ", "- Changed: " };
	AUTO_FREE char *title = text_show(issue->title, true);
	char at[32];

	fprintf(out, "## %s: %s\n\n", issue->id, title);
	fprintf(out,
	    "<!-- divisi:issue uuid=%s version=%d created=%lld changed=%lld -->\n",
	    issue->uuid, issue->version, (long long)issue->created_at,
	    (long long)issue->updated_at);
	print_fields(out, issue, words);
	print_words(out, "- Sub-issues: ", &issue->children);
	for (size_t i = 0; i < issue->n_attachments; i++)
		print_attached(out, &issue->attachment[i]);
	fputc('\n', out);
	if (*issue->body)
		print_marked(out, issue->body);
	for (size_t i = 0; i < issue->n_comments; i++) {
		const struct issue_comment_row *comment = &issue->comment[i];
		AUTO_FREE char *author = text_show(comment->author, true);

		fprintf(out, "### %s by %s, %s\n\n",
		    issue_comment_kind_name(comment->kind), author,
		    text_time(comment->edited_at, at, sizeof(at)));
		fprintf(out, "<!-- divisi:comment at=%lld edited=%lld -->\n",
		    (long long)comment->at, (long long)comment->edited_at);
		print_marked(out, comment->body);
	}
}

static void
put_number(json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

static json_object *
comments_json(const struct issue *issue)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < issue->n_comments; i++) {
		const struct issue_comment_row *comment = &issue->comment[i];
		json_object *entry = json_object_new_object();

		put_number(entry, "id", comment->n);
		issues_put_text(entry, "kind", issue_comment_kind_name(comment->kind));
		issues_put_text(entry, "author", comment->author);
		issues_put_text(entry, "body", comment->body);
		put_number(entry, "at", comment->at);
		put_number(entry, "edited_at", comment->edited_at);
		json_object_array_add(list, entry);
	}
	return list;
}

static json_object *
attachments_json(const struct issue *issue)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < issue->n_attachments; i++) {
		json_object *entry = json_object_new_object();

		issues_put_text(entry, "url", issue->attachment[i].url);
		issues_put_text(entry, "sha256", issue->attachment[i].sha256);
		issues_put_text(entry, "title", issue->attachment[i].title);
		put_number(entry, "at", issue->attachment[i].at);
		json_object_array_add(list, entry);
	}
	return list;
}

char *
issue_to_json(const struct issue *issue)
{
	json_object *object = json_object_new_object();
	json_object *relations = json_object_new_object();
	char *text;

	issues_put_text(object, "id", issue->id);
	issues_put_text(object, "uuid", issue->uuid);
	issues_put_text(object, "url", issue->url);
	issues_put_text(object, "title", issue->title);
	issues_put_text(object, "body", issue->body);
	put_number(object, "version", issue->version);
	issues_put_text(object, "status", issue_status_name(issue->status));
	json_object_object_add(object, "labels", issues_json_words(&issue->labels));
	put_number(object, "estimate", issue->estimate);
	put_number(object, "priority", issue->priority);
	issues_put_text(object, "assignee", issue->assignee);
	issues_put_text(object, "delegate", issue->delegate);
	issues_put_text(object, "parent", issue->parent);
	issues_put_text(object, "project", issue->project);
	issues_put_text(object, "owner_session", issue->owner_session);
	json_object_object_add(relations, "blocks", issues_json_words(&issue->blocks));
	json_object_object_add(
	    relations, "blocked_by", issues_json_words(&issue->blocked_by));
	json_object_object_add(
	    relations, "related", issues_json_words(&issue->related));
	json_object_object_add(object, "relations", relations);
	json_object_object_add(object, "children", issues_json_words(&issue->children));
	json_object_object_add(object, "comments", comments_json(issue));
	json_object_object_add(object, "attachments", attachments_json(issue));
	put_number(object, "created_at", issue->created_at);
	put_number(object, "updated_at", issue->updated_at);
	text = xstrdup(json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return text;
}

static void
export_set(
    FILE *out, const struct issue_set *set, enum issue_format format, bool *is_first)
{
	for (size_t i = 0; i < set->n; i++) {
		AUTO_FREE char *json = NULL;

		if (format == ISSUE_MARKDOWN) {
			issue_print_markdown(out, &set->item[i]);
			continue;
		}
		json = issue_to_json(&set->item[i]);
		fprintf(out, "%s%s", *is_first ? "" : ",\n", json);
		*is_first = false;
	}
}

int
issue_export(struct store *store, const char *id, enum issue_format format, FILE *out,
    struct err *err)
{
	struct issue_query query = { .limit = EXPORT_PAGE, .with_details = true };
	bool is_first = true, has_more = true;

	if (id) {
		AUTO_ISSUES struct issue_set set = { 0 };

		if (issue_read(store, id, &set, err) < 0)
			return -1;
		export_set(out, &set, format, &is_first);
		if (format == ISSUE_JSON)
			fputc('\n', out);
		return ferror(out) ? err_sys(err, "write %s", id) : 0;
	}
	if (format == ISSUE_JSON)
		fputc('[', out);
	while (has_more) {
		AUTO_ISSUES struct issue_set set = { 0 };

		if (issue_list(store, &query, &set, err) < 0)
			return -1;
		export_set(out, &set, format, &is_first);
		has_more = set.has_more;
		query.after = set.n ? set.item[set.n - 1].n : query.after;
	}
	if (format == ISSUE_JSON)
		fputs("]\n", out);
	return ferror(out) ? err_sys(err, "write issues") : 0;
}
