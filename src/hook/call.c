#include "hook/call.h"

#include "base/mem.h"
#include "hook/shell.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum sort { EDITS, SHELL, PATCH };

/* What the agents call their tools, whatever the case of the letters. */
static const struct {
	const char *name;
	enum sort sort;
} tools[] = {
	/* Claude Code */
	{ "Write", EDITS },
	{ "Edit", EDITS },
	{ "MultiEdit", EDITS },
	{ "NotebookEdit", EDITS },
	{ "Bash", SHELL },
	/* Codex */
	{ "apply_patch", PATCH },
	{ "shell", SHELL },
	{ "local_shell", SHELL },
	{ "exec_command", SHELL },
	/* Gemini CLI */
	{ "write_file", EDITS },
	{ "replace", EDITS },
	{ "run_shell_command", SHELL },
	/* Copilot */
	{ "create", EDITS },
	{ "str_replace", EDITS },
};

static void
set(char **slot, const char *text)
{
	free(*slot);
	*slot = xstrdup(text);
}

static void
add_path(struct call *call, const char *path)
{
	if (path[0] && call->n < CALL_PATHS)
		call->path[call->n++] = xstrdup(path);
}

static bool
is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(text, *list) == 0)
			return true;
	}
	return false;
}

/* The member of the tool's input that PATH names; NULL when it is none. */
static const char *
member(const char *path)
{
	static const char *const inputs[] = { "tool_input.", "toolArgs." };

	for (size_t i = 0; i < N_ELEMS(inputs); i++) {
		size_t n = strlen(inputs[i]);

		if (strncmp(path, inputs[i], n) == 0)
			return path + n;
	}
	return NULL;
}

static void on_string(void *arg, const char *path, const char *text, bool is_whole);

/* Copilot gives the tool's input as JSON in a string. */
static void
on_nested(void *arg, const char *path, const char *text, bool is_whole)
{
	AUTO_FREE char *full = xasprintf("toolArgs.%s", path);

	on_string(arg, full, text, is_whole);
}

static void
read_nested(struct call *call, const char *text)
{
	struct scan scan;

	scan_init(&scan, on_nested, call);
	(void)scan_feed(&scan, text, strlen(text));
	scan_clear(&scan);
}

static void
on_string(void *arg, const char *path, const char *text, bool is_whole)
{
	static const char *const paths[] = { "file_path", "notebook_path", "path",
		"filePath", "absolute_path", NULL };
	static const char *const commands[] = { "command", "cmd", "input", "patch",
		"patchText", NULL };
	struct call *call = arg;
	const char *name = member(path);

	if (strcmp(path, "hook_event_name") == 0 || strcmp(path, "hookEventName") == 0)
		set(&call->event, text);
	else if (strcmp(path, "tool_name") == 0)
		set(&call->tool, text);
	else if (strcmp(path, "toolName") == 0) {
		set(&call->tool, text);
		call->of = CALL_COPILOT;
	} else if (strcmp(path, "cwd") == 0)
		set(&call->cwd, text);
	else if (strcmp(path, "toolArgs") == 0)
		read_nested(call, text);
	else if (name && is_one_of(name, paths) && is_whole)
		add_path(call, text);
	else if (name && is_one_of(name, commands)) {
		/* An array of arguments ends with the script. */
		set(&call->command, text);
		call->is_whole = is_whole;
	}
}

void
call_init(struct call *call)
{
	*call = (struct call){ .is_whole = true };
	call->event = xstrdup("");
	call->tool = xstrdup("");
	call->cwd = xstrdup("");
	call->command = xstrdup("");
	scan_init(&call->scan, on_string, call);
}

void
call_clear(struct call *call)
{
	scan_clear(&call->scan);
	free(call->event);
	free(call->tool);
	free(call->cwd);
	free(call->command);
	for (size_t i = 0; i < call->n; i++)
		free(call->path[i]);
	*call = (struct call){ 0 };
}

bool
call_feed(struct call *call, const char *bytes, size_t n)
{
	return scan_feed(&call->scan, bytes, n);
}

/* ---- which paths they are -------------------------------------------------------------- */

/* PATH without "." and "..", in place; it is absolute. */
static void
straighten(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		size_t n;

		from += strspn(from, "/");
		n = strcspn(from, "/");
		if (n == 2 && from[0] == '.' && from[1] == '.') {
			while (to > path && *--to != '/')
				;
		} else if (n > 0 && !(n == 1 && from[0] == '.')) {
			*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

/* PATH with the links on the way to it followed, as far as it is there. */
static char *
follow_links(const char *path)
{
	AUTO_FREE char *head = xstrdup(path);
	char *slash;
	char *real = realpath(head, NULL);

	if (real)
		return real;
	while ((slash = strrchr(head, '/')) && slash != head) {
		*slash = '\0';
		real = realpath(head, NULL);
		if (real) {
			char *full = xasprintf("%s%s", real, path + (slash - head));

			free(real);
			return full;
		}
	}
	return xstrdup(path);
}

/* The absolute path of WORD below DIR; a directory ends with a slash.  NULL: too long. */
static char *
complete(const char *dir, const char *word)
{
	AUTO_FREE char *path = word[0] == '/' ? xstrdup(word)
					      : xasprintf("%s/%s", dir, word);
	struct stat st;
	char *real;

	if (strlen(path) >= PATH_MAX || path[0] != '/')
		return NULL;
	straighten(path);
	real = follow_links(path);
	if (stat(real, &st) == 0 && S_ISDIR(st.st_mode) && strcmp(real, "/") != 0) {
		char *below = xasprintf("%s/", real);

		free(real);
		return below;
	}
	return real;
}

static void
on_write(void *arg, const char *dir, const char *path)
{
	struct call *call = arg;
	char *full;

	/* Where nothing is kept, nothing is written. */
	if (call->n == CALL_PATHS || strncmp(path, "/dev/", 5) == 0)
		return;
	full = complete(dir, path);
	if (full)
		call->path[call->n++] = full;
}

/* The files that a patch in the form of apply_patch names. */
static void
read_patch(struct call *call)
{
	static const char *const marks[] = { "*** Add File: ", "*** Update File: ",
		"*** Delete File: ", "*** Move to: " };
	const char *line = call->command;

	while (*line) {
		size_t n = strcspn(line, "\n");

		for (size_t i = 0; i < N_ELEMS(marks); i++) {
			size_t m = strlen(marks[i]);

			if (n > m && strncmp(line, marks[i], m) == 0) {
				AUTO_FREE char *path = xstrndup(
				    line + m, n - m - (line[n - 1] == '\r'));

				add_path(call, path);
			}
		}
		line += n + (line[n] == '\n');
	}
}

static void
complete_all(struct call *call)
{
	size_t kept = 0;

	for (size_t i = 0; i < call->n; i++) {
		char *full = complete(call->cwd, call->path[i]);

		free(call->path[i]);
		if (full)
			call->path[kept++] = full;
	}
	call->n = kept;
}

static void
forget_paths(struct call *call)
{
	while (call->n > 0)
		free(call->path[--call->n]);
}

enum call_kind
call_finish(struct call *call)
{
	size_t at = 0;

	if (strcmp(call->event, "BeforeTool") == 0)
		call->of = CALL_GEMINI;
	while (at < N_ELEMS(tools) && strcasecmp(tools[at].name, call->tool) != 0)
		at++;
	if (at == N_ELEMS(tools) || !scan_is_over(&call->scan)) {
		forget_paths(call);
		return CALL_READS;
	}
	if (tools[at].sort == EDITS) {
		complete_all(call);
		return call->n > 0 ? CALL_WRITES : CALL_READS;
	}
	forget_paths(call);
	if (tools[at].sort == PATCH || strstr(call->command, "*** Begin Patch")) {
		read_patch(call);
		complete_all(call);
		return call->n > 0 ? CALL_WRITES : CALL_READS;
	}
	/* Where a command was cut, its end may change what its beginning means. */
	if (call->is_whole)
		shell_writes(call->command, call->cwd, on_write, call);
	return call->n > 0 ? CALL_SHELL : CALL_READS;
}
