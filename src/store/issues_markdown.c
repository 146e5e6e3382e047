#include "store/issues_import.h"

#include "base/text.h"
#include "store/issues_write.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * issue_print_markdown() read back.  What a heading and a list cannot hold stands in
 * comments of HTML, which no reader shows:
 *
 *	<!-- divisi:issue uuid=U version=N created=MS changed=MS -->
 *	<!-- divisi:text -->    and what follows up to <!-- divisi:end --> is text
 *	<!-- divisi:comment kind=K at=MS edited=MS -->
 *
 * A line of a text that looks like one of them has a backslash before it.
 */
struct reading {
	struct span rest;
	size_t line_no;
	json_object *list, *issue, *comment;
	struct err *err;
};

static bool
next_line(struct reading *r, struct span *line)
{
	if (!span_next(&r->rest, '\n', line))
		return false;
	r->line_no++;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* The text up to its end mark, which the caller frees; NULL when there is none. */
static char *
read_text(struct reading *r)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct span line;
	bool ended = false, is_first = true;

	while (!ended && next_line(r, &line)) {
		size_t slashes = 0;

		ended = span_eq(line, "<!-- divisi:end -->");
		if (ended)
			break;
		while (slashes < line.n && line.p[slashes] == '\\')
			slashes++;
		if (slashes > 0 &&
		    span_starts((struct span){ line.p + slashes, line.n - slashes },
			"<!-- divisi:")) {
			line.p++;
			line.n--;
		}
		fprintf(f, "%s%.*s", is_first ? "" : "\n", SPAN_FMT(line));
		is_first = false;
	}
	fclose(f);
	if (ended)
		return text;
	free(text);
	err_set(r->err, ERR_INPUT, "line %zu: a text has no end", r->line_no);
	err_fix(r->err, "end it with a line <!-- divisi:end -->");
	return NULL;
}

/* The word after NAME= in a mark, "" without it; the caller frees it. */
static char *
mark_word(struct span mark, const char *name)
{
	AUTO_FREE char *line = xasprintf("%.*s", SPAN_FMT(mark));
	AUTO_FREE char *key = xasprintf(" %s=", name);
	const char *at = strstr(line, key);

	if (!at)
		return xstrdup("");
	at += strlen(key);
	return xasprintf("%.*s", (int)strcspn(at, " "), at);
}

static void
put_mark(json_object *o, const char *name, struct span mark, const char *word)
{
	AUTO_FREE char *text = mark_word(mark, word);

	if (text[0] && strspn(text, "0123456789") == strlen(text) && strlen(text) < 19)
		json_object_object_add(
		    o, name, json_object_new_int64(strtoll(text, NULL, 10)));
	else if (text[0])
		issues_put_text(o, name, text);
}

static json_object *
list_in(json_object *o, const char *name)
{
	json_object *list = NULL;

	if (!json_object_object_get_ex(o, name, &list)) {
		list = json_object_new_array();
		json_object_object_add(o, name, list);
	}
	return list;
}

/* Adds the words of VALUE, "a, b", to the list NAME of O. */
static void
put_words(json_object *o, const char *name, struct span value)
{
	struct span one;

	while (span_next(&value, ',', &one)) {
		one = span_trim(one);
		if (one.n > 0)
			json_object_array_add(list_in(o, name),
			    json_object_new_string_len(one.p, (int)one.n));
	}
}

static void
put_file(json_object *issue, struct span value)
{
	static const char before_hash[] = " sha256 ";
	AUTO_FREE char *text = xasprintf("%.*s", SPAN_FMT(value));
	char *hash = strstr(text, before_hash);
	json_object *file = json_object_new_object();

	if (hash) {
		issues_put_text(file, "sha256", hash + strlen(before_hash));
		*hash = '\0';
	}
	issues_put_text(file, "url", text);
	json_object_array_add(list_in(issue, "attachments"), file);
}

/* "- Status: Todo" and its like; one that nobody knows is passed over. */
static void
read_field(struct reading *r, struct span line)
{
	static const char *const texts[][2] = { { "Status", "status" },
		{ "Assignee", "assignee" }, { "Delegate", "delegate" },
		{ "Project", "project" }, { "Parent", "parent" }, { "Link", "url" } };
	static const char *const numbers[][2] = { { "Estimate", "estimate" },
		{ "Priority", "priority" } };
	static const char *const relations[][2] = { { "Blocks", "blocks" },
		{ "Blocked by", "blocked_by" }, { "Related to", "related" } };
	struct span value = { line.p + 2, line.n - 2 }, name;
	AUTO_FREE char *word = NULL;
	json_object *beside = NULL;

	if (!span_next(&value, ':', &name))
		return;
	value = span_trim(value);
	word = xasprintf("%.*s", SPAN_FMT(value));
	for (size_t i = 0; i < N_ELEMS(texts); i++) {
		if (span_eq(name, texts[i][0]))
			issues_put_text(r->issue, texts[i][1], word);
	}
	for (size_t i = 0; i < N_ELEMS(numbers); i++) {
		if (span_eq(name, numbers[i][0]))
			json_object_object_add(r->issue, numbers[i][1],
			    json_object_new_int64(strtol(word, NULL, 10)));
	}
	json_object_object_get_ex(r->issue, "relations", &beside);
	for (size_t i = 0; i < N_ELEMS(relations); i++) {
		if (span_eq(name, relations[i][0]))
			put_words(beside, relations[i][1], value);
	}
	if (span_eq(name, "Labels"))
		put_words(r->issue, "labels", value);
	if (span_eq(name, "Attached"))
		put_file(r->issue, value);
}

/* "## DV-7: Title" */
static int
read_heading(struct reading *r, struct span line)
{
	struct span title = { line.p + 3, line.n - 3 }, id;
	AUTO_FREE char *text = NULL, *word = NULL;

	if (!span_next(&title, ':', &id) || title.n == 0) {
		err_set(r->err, ERR_INPUT, "line %zu: an issue has no id and title",
		    r->line_no);
		return err_fix(r->err, "write it as: ## DV-7: What it is about");
	}
	title = span_trim(title);
	word = xasprintf("%.*s", SPAN_FMT(id));
	text = xasprintf("%.*s", SPAN_FMT(title));
	r->comment = NULL;
	r->issue = json_object_new_object();
	json_object_array_add(r->list, r->issue);
	issues_put_text(r->issue, "id", word);
	issues_put_text(r->issue, "title", text);
	json_object_object_add(r->issue, "relations", json_object_new_object());
	return 0;
}

/* "### note by human:NAME, TIME" */
static void
read_comment_heading(struct reading *r, struct span line)
{
	AUTO_FREE char *text = xasprintf("%.*s", SPAN_FMT(line));
	char *by = strstr(text, " by "), *comma = strrchr(text, ',');

	if (!by || !comma || comma < by)
		return;
	*by = *comma = '\0';
	r->comment = json_object_new_object();
	json_object_array_add(list_in(r->issue, "comments"), r->comment);
	issues_put_text(r->comment, "kind", text + 4);
	issues_put_text(r->comment, "author", by + 4);
}

static int
read_mark(struct reading *r, struct span line)
{
	AUTO_FREE char *text = NULL;

	if (span_starts(line, "<!-- divisi:issue ")) {
		put_mark(r->issue, "uuid", line, "uuid");
		put_mark(r->issue, "version", line, "version");
		put_mark(r->issue, "created_at", line, "created");
		put_mark(r->issue, "updated_at", line, "changed");
	} else if (span_starts(line, "<!-- divisi:comment ") && r->comment) {
		put_mark(r->comment, "at", line, "at");
		put_mark(r->comment, "edited_at", line, "edited");
	} else if (span_starts(line, "<!-- divisi:file ")) {
		json_object *files = list_in(r->issue, "attachments");
		size_t n = json_object_array_length(files);

		if (n > 0)
			put_mark(
			    json_object_array_get_idx(files, n - 1), "at", line, "at");
	} else if (span_eq(line, "<!-- divisi:text -->")) {
		text = read_text(r);
		if (!text)
			return -1;
		issues_put_text(r->comment ? r->comment : r->issue, "body", text);
	}
	return 0;
}

static int
read_line(struct reading *r, struct span line)
{
	if (span_starts(line, "## "))
		return read_heading(r, line);
	if (!r->issue)
		return 0;
	if (span_starts(line, "### "))
		read_comment_heading(r, line);
	else if (span_starts(line, "<!-- divisi:"))
		return read_mark(r, line);
	else if (span_starts(line, "- ") && !r->comment)
		read_field(r, line);
	return 0;
}

struct json_object *
issues_of_markdown(const char *text, struct err *err)
{
	struct reading r = {
		.rest = span_of(text), .list = json_object_new_array(), .err = err
	};
	struct span line;

	if (text_utf8_bad(text, strlen(text)) >= 0) {
		err_set(err, ERR_INPUT, "this is no UTF-8");
		goto fail;
	}
	while (next_line(&r, &line)) {
		if (read_line(&r, line) < 0)
			goto fail;
	}
	if (json_object_array_length(r.list) > 0)
		return r.list;
	err_set(err, ERR_INPUT, "there is no issue in this");
	err_fix(err, "divisi issue export --markdown > FILE writes what can be read");

fail:
	json_object_put(r.list);
	return NULL;
}
