#include "cli/cmd.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/issue_edit.h"
#include "cli/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct option_doc cmd_issue_options[] = {
	OPTION_JSON,
	{ "parent", "ID", "list: only sub-issues of ID; new: a sub-issue of ID", 0 },
	{ "status", "STATUS", "list: only with this status; new: its first", 0 },
	{ "text", "WORDS", "list: only issues that mention WORDS", 0 },
	{ "assignee", "WHO", "list: only those of WHO", 0 },
	{ "label", "LABEL", "list: only with it; new: gets it (repeatable)", 0 },
	{ "type", "TYPE", "new: feature, bug, chore or spike (default: chore)", 0 },
	{ "title", "TEXT", "edit: the new title; attach: of the file", 0 },
	{ "body", "TEXT", "new, edit: its text", 0 },
	{ "body-file", "FILE", "new, edit: its text is in FILE, - for standard input",
	    0 },
	{ "estimate", "POINTS", "new, edit: 1 2 3 5 8 13, or 0 for none", 0 },
	{ "project", "NAME", "new, edit: its project", 0 },
	{ "url", "URL", "new, edit: where it stands elsewhere", 0 },
	{ "id", "ID", "new: an id of your own, such as CIA-12, instead of DV-n", 0 },
	{ "version", "N", "edit: only if its text still is version N", 0 },
	{ "kind", "KIND",
	    "comment: note, start, progress, gate, conflict, exit, closing, checkpoint, "
	    "rdr or mention",
	    0 },
	{ "remove", "LABEL", "label: takes LABEL off (repeatable)", 0 },
	{ "limit", "N", "list, search: at most N (default: 500, 20)", 0 },
	{ "markdown", NULL, "export, import: Markdown instead of JSON", 0 },
	OPTION_END,
};

/* Words after the first; "..." takes all that follow, on one line each. */
static const struct {
	const char *what, *usage;
	size_t min, max;
	const char *names[3];
} kinds[] = {
	{ "list", "list", 0, 0, { NULL } },
	{ "show", "show ID", 1, 1, { "id" } },
	{ "new", "new TITLE", 1, 1, { "title" } },
	{ "edit", "edit ID", 1, 1, { "id" } },
	{ "move", "move ID STATUS", 2, 2, { "id", "to" } },
	{ "label", "label ID [LABEL...]", 1, 16, { "id", "add..." } },
	{ "relate", "relate ID blocks|blocked-by|related ID", 3, 3,
	    { "id", "relation", "other" } },
	{ "unrelate", "unrelate ID blocks|blocked-by|related ID", 3, 3,
	    { "id", "relation", "other" } },
	{ "comment", "comment ID TEXT", 2, 2, { "id", "body" } },
	{ "assign", "assign ID WHO|none", 2, 2, { "id", "who" } },
	{ "delegate", "delegate ID AGENT|none", 2, 2, { "id", "who" } },
	{ "attach", "attach ID FILE|URL", 2, 2, { "id", "url" } },
	{ "search", "search WORD...", 1, 16, { "words..." } },
	{ "export", "export [ID]", 0, 1, { "id" } },
	{ "import", "import FILE", 1, 1, { "file" } },
};

#define MOST_WORDS      17
#define MOST_FILE_BYTES ((size_t)64 << 20)

/* VALUE after what NAME holds, on a line of its own. */
static void
add_line(struct fields *in, const char *name, const char *value)
{
	AUTO_FREE char *before = xstrdup(fields_text(in, name));

	fields_setf(in, name, "%s%s%s", before, before[0] ? "\n" : "", value);
}

static void
name_words(struct fields *in, size_t kind, const char *const *word, size_t n)
{
	size_t name = 0;

	for (size_t i = 0; i < n; i++) {
		const char *key = kinds[kind].names[name];
		size_t len = strcspn(key, ".");
		AUTO_FREE char *plain = xasprintf("%.*s", (int)len, key);

		add_line(in, plain, word[i]);
		if (key[len] == '\0')
			name++;
	}
}

static int
find_kind(const char *const *word, size_t n, struct err *err)
{
	AUTO_FREE char *shown = n ? text_show(word[0], true) : NULL;

	for (size_t i = 0; n > 0 && i < N_ELEMS(kinds); i++) {
		if (strcmp(kinds[i].what, word[0]) != 0)
			continue;
		if (n - 1 >= kinds[i].min && n - 1 <= kinds[i].max)
			return (int)i;
		err_set(err, ERR_USAGE, "divisi issue %s", kinds[i].usage);
		return err_fix(err, "divisi help issue");
	}
	if (n == 0)
		err_set(err, ERR_USAGE, "issue needs to know what to do");
	else
		err_set(err, ERR_USAGE, "issue cannot '%.40s'", shown);
	return err_fix(err, "divisi issue list; divisi help issue names the rest");
}

static int
read_words(int argc, char **argv, struct fields *in, struct err *err)
{
	const char *word[MOST_WORDS] = { NULL };
	struct args args;
	size_t n = 0;
	int at, kind;

	args_init(&args, cmd_issue_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		const char *name = at >= 0 ? cmd_issue_options[at].name : "";

		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && n == N_ELEMS(word))
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
		if (at == ARGS_WORD)
			word[n++] = args.value;
		else if (strcmp(name, "label") == 0 || strcmp(name, "remove") == 0)
			add_line(in, name, args.value);
		else
			fields_set(in, name, args.value ? args.value : "yes");
		/* "" is a wish too: it clears what was there. */
		if (at >= 0 && args.value && args.value[0] == '\0')
			add_line(in, "clear", name);
	}
	kind = find_kind(word, n, err);
	if (kind < 0)
		return -1;
	fields_set(in, "what", kinds[kind].what);
	name_words(in, (size_t)kind, word + 1, n - 1);
	return 0;
}

/* All of standard input, or of FILE; NULL with ERR. */
static char *
read_text(const char *file, struct err *err)
{
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *f;
	int c;

	if (strcmp(file, "-") != 0)
		return file_read(file, MOST_FILE_BYTES, NULL, err);
	f = open_memstream(&text, &size);
	for (; n < MOST_FILE_BYTES && (c = getchar()) != EOF; n++)
		fputc(c, f);
	fclose(f);
	return text;
}

/* What stands in files is read here: the server has another working directory. */
static int
read_files(struct fields *in, struct err *err)
{
	const char *const from[] = { "body-file", "file" };
	const char *const to[] = { "body", "data" };
	const char *url = fields_text(in, "url");
	char sha256[HASH_HEX_SIZE];
	AUTO_FREE char *path = NULL, *text = NULL;
	size_t n = 0;

	for (size_t i = 0; i < N_ELEMS(from); i++) {
		AUTO_FREE char *data = NULL;

		if (fields_text(in, from[i])[0] == '\0')
			continue;
		data = read_text(fields_text(in, from[i]), err);
		if (!data)
			return -1;
		fields_set(in, to[i], data);
		if (data[0] == '\0')
			add_line(in, "clear", to[i]);
	}
	if (strcmp(fields_text(in, "what"), "attach") != 0 || strstr(url, "://"))
		return 0;
	path = realpath(url, NULL);
	if (!path)
		return err_set(err, ERR_NOT_FOUND, "there is no file %.200s", url);
	text = file_read(path, MOST_FILE_BYTES, &n, err);
	if (!text)
		return -1;
	hash_sha256(text, n, sha256);
	fields_set(in, "url", path);
	fields_set(in, "sha256", sha256);
	return 0;
}

static bool
is_markdown(const struct fields *in)
{
	const char *file = fields_text(in, "file");
	size_t n = strlen(file);

	return fields_text(in, "markdown")[0] ||
	       (n > 3 && strcmp(file + n - 3, ".md") == 0);
}

/* `edit ID` and no more, by somebody who can be shown a text. */
static bool
wants_editor(const struct fields *in)
{
	static const char *const wishes[] = { "title", "body", "body-file", "estimate",
		"project", "url", "version", "clear", "json" };

	for (size_t i = 0; i < N_ELEMS(wishes); i++)
		if (fields_text(in, wishes[i])[0])
			return false;
	return strcmp(fields_text(in, "what"), "edit") == 0 && ask_possible();
}

/* What a person wrote is not lost with the order that was to write it. */
static void
settle_draft(const char *draft, bool is_written)
{
	if (!draft)
		return;
	if (is_written)
		DURABLE("issue.draft", unlink(draft));
	else
		fprintf(stderr, "the text is kept in %s\n", draft);
}

/* At a terminal lines end at words, and what goes on stands below where the line began. */
static void
put_lines(const struct screen *screen, const char *text)
{
	struct span rest = span_of(text), line;

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		screen_line(screen, (int)strspn(one, " "), one);
	}
}

int
cmd_issue(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct screen screen;
	struct err err = ERR_INIT;
	AUTO_FREE char *draft = NULL;
	int rc = read_words(argc, argv, &in, &err);
	bool as_json = fields_text(&in, "json")[0] != '\0';
	bool edits = rc == 0 && wants_editor(&in);

	screen_init(&screen, stdout);
	fields_set_number(&in, "width", screen.width > 0 ? screen.width : 200);
	fields_set_number(&in, "json", as_json);
	if (is_markdown(&in))
		fields_set(&in, "markdown", "yes");
	if (rc == 0)
		rc = read_files(&in, &err);
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0 && edits)
		rc = issue_edit(&client, &in, &draft, &err);
	if (rc == 0)
		rc = client_order(&client, "issue", &in, &out, 60000, &err);
	settle_draft(draft, rc == 0);
	if (rc == 0 && screen.width > 0 && !as_json && !is_markdown(&in))
		put_lines(&screen, fields_text(&out, "text"));
	else if (rc == 0)
		fputs(fields_text(&out, "text"), stdout);
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}
