#include "cli/issue_edit.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/editor.h"
#include "cli/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES ((size_t)4 << 20)

static struct json_object *
read_issue(struct client *client, const char *id, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	struct json_object *issue = NULL;

	fields_set(&in, "what", "show");
	fields_set(&in, "id", id);
	fields_set_number(&in, "json", 1);
	fields_set_number(&in, "width", 200);
	if (client_order(client, "issue", &in, &out, 60000, err) == 0) {
		issue = json_tokener_parse(fields_text(&out, "text"));
		if (!issue)
			err_set(err, ERR_SYSTEM, "the server's answer is no issue");
	}
	fields_clear(&in);
	fields_clear(&out);
	return issue;
}

/* A file of the person's own, where it outlives this program and the next start. */
static char *
make_draft(const char *id, const char *text, struct err *err)
{
	AUTO_FREE char *state = file_state_dir(), *slug = text_slug(id, 40);
	AUTO_FREE char *dir = path_join(state, "drafts");
	AUTO_FREE char *path = xasprintf("%s/%s-XXXXXX.md", dir, slug);
	AUTO_FD int fd = -1;

	if (file_mkdirs(dir, 0700, err) < 0)
		return NULL;
	fd = mkstemps(path, 3);
	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0) {
		err_sys(err, "write %s", path);
		return NULL;
	}
	return TAKE_PTR(path);
}

/*
 * The first line is the title, and what follows an empty line the body; what is as it is in
 * ISSUE is no wish.
 */
static int
take_text(
    struct fields *in, char *text, const struct json_object *issue, struct err *err)
{
	char *end = strchr(text, '\n'), *body = end ? end + 1 : text + strlen(text);

	if (end)
		*end = '\0';
	if (text[strspn(text, " \t\r")] == '\0')
		return err_set(err, ERR_USAGE,
		    "the first line, the title, is empty: nothing was changed");
	if (body[0] == '\n')
		body++;
	if (strcmp(text, js_text(issue, "title")) != 0)
		fields_set(in, "title", text);
	if (strcmp(body, js_text(issue, "body")) == 0)
		return 0;
	fields_set(in, "body", body);
	fields_setf(in, "version", "%lld", (long long)js_number(issue, "version", 1));
	if (body[0] == '\0')
		fields_set(in, "clear", "body");
	return 0;
}

/* The version is that of the body: a title that somebody changed meanwhile is seen here. */
static int
check_title(struct client *client, const struct fields *in,
    const struct json_object *issue, struct err *err)
{
	AUTO_JSON struct json_object *now = NULL;

	if (fields_text(in, "title")[0] == '\0')
		return 0;
	now = read_issue(client, fields_text(in, "id"), err);
	if (!now)
		return -1;
	if (strcmp(js_text(now, "title"), js_text(issue, "title")) == 0)
		return 0;
	err_set(err, ERR_CONFLICT, "the title of %s was changed meanwhile",
	    fields_text(in, "id"));
	return err_fix(
	    err, "read it again: divisi issue show %s", fields_text(in, "id"));
}

static void
drop_draft(char **draft)
{
	DURABLE("issue.undo-draft", unlink(*draft));
	free(*draft);
	*draft = NULL;
}

int
issue_edit(struct client *client, struct fields *in, char **draft, struct err *err)
{
	AUTO_JSON struct json_object *issue = read_issue(
	    client, fields_text(in, "id"), err);
	const char *body = issue ? js_text(issue, "body") : "";
	size_t n = strlen(body);
	bool adds_end = n > 0 && body[n - 1] != '\n';
	AUTO_FREE char *before = NULL, *after = NULL;

	*draft = NULL;
	if (!issue)
		return -1;
	before = xasprintf(
	    "%s\n\n%s%s", js_text(issue, "title"), body, adds_end ? "\n" : "");
	*draft = make_draft(js_text(issue, "id"), before, err);
	if (!*draft)
		return -1;
	if (editor_run(*draft, err) < 0) {
		after = file_read(*draft, MOST_BYTES, NULL, NULL);
		if (after && strcmp(before, after) == 0)
			drop_draft(draft);
		return -1;
	}
	after = file_read(*draft, MOST_BYTES, &n, err);
	if (!after)
		return -1;
	if (after[strspn(after, " \t\r\n")] == '\0') {
		drop_draft(draft);
		return err_set(
		    err, ERR_USAGE, "the text was emptied: nothing was changed");
	}
	if (strcmp(before, after) == 0) {
		drop_draft(draft);
		return err_set(
		    err, ERR_USAGE, "the text is as it was: nothing was changed");
	}
	if (memchr(after, '\0', n))
		return err_set(err, ERR_INPUT, "the text holds a NUL byte");
	/* The end of the last line is the editor's, unless the body had one. */
	if ((adds_end || body[0] == '\0') && n > 0 && after[n - 1] == '\n')
		after[n - 1] = '\0';
	if (take_text(in, after, issue, err) < 0)
		return -1;
	return check_title(client, in, issue, err);
}
