#include "cli/cmd.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/saying.h"
#include "sys/fetch.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

/* A message to the agent of a session: from the line, standard input or an editor. */

#define SAY_BYTES   (256 * 1024)
#define SAY_TRIES   5
#define SAY_WAIT_MS 10000
#define SAY_LOOK_MS 50

const struct option_doc cmd_say_options[] = { OPTION_JSON, OPTION_END };

static void
make_key(char *key, size_t size)
{
	unsigned char bytes[8] = { 0 };

	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		memcpy(bytes, &(pid_t){ getpid() }, sizeof(pid_t));
	for (size_t i = 0; i < sizeof(bytes) && 2 * i + 2 < size; i++)
		snprintf(key + 2 * i, 3, "%02x", bytes[i]);
}

/* A server that went away before it answered may have done it: the key keeps it at one. */
static int
give(
    struct client *client, const struct fields *in, struct fields *out, struct err *err)
{
	for (int i = 0;; i++) {
		fields_clear(out);
		*err = (struct err)ERR_INIT;
		if (client_order(client, "say", in, out, 60000, err) == 0)
			return 0;
		if (err->kind != ERR_NO_SERVER || i == SAY_TRIES)
			return -1;
		client_close(client);
		if (client_open(client, NULL, true, err) < 0)
			return -1;
	}
}

/* "done", "failed" with ERR, or what it was when nobody wanted to wait any more. */
static int
await_told(struct client *client, struct fields *out, struct err *err)
{
	AUTO_FREE char *act = fetch_escape(fields_text(out, "act"));
	AUTO_FREE char *target = xasprintf("/v1/why?of=%s", act);

	for (int ms = 0; ms < SAY_WAIT_MS; ms += SAY_LOOK_MS) {
		AUTO_JSON struct json_object *o = client_get(client, target, err);

		if (!o && err->kind == ERR_NO_SERVER) {
			client_close(client);
			if (client_open(client, NULL, true, err) < 0)
				return -1;
			continue;
		}
		if (!o)
			return -1;
		fields_set(out, "state", js_text(o, "state"));
		if (strcmp(js_text(o, "state"), "done") == 0)
			return 1;
		if (strcmp(js_text(o, "state"), "failed") == 0) {
			err_set(err, ERR_CONFLICT, "it was not told: %s",
			    js_text(o, "why"));
			return err_fix(err, "divisi why %s", fields_text(out, "label"));
		}
		(void)poll(NULL, 0, SAY_LOOK_MS);
	}
	return 0;
}

int
saying_tell(const char *session, const char *text, struct fields *out, struct err *err)
{
	struct client client = { 0 };
	struct fields in = { 0 };
	char key[20] = "";
	int rc = client_open(&client, NULL, true, err);

	make_key(key, sizeof(key));
	fields_set(&in, "session", session);
	fields_set(&in, "text", text);
	fields_set(&in, "key", key);
	if (rc == 0)
		rc = give(&client, &in, out, err);
	if (rc == 0 && fields_number(out, "waits", 0) > 0) {
		fields_set(out, "state", "waits");
		rc = 2;
	} else if (rc == 0) {
		rc = await_told(&client, out, err);
	}
	client_close(&client);
	fields_clear(&in);
	return rc;
}

const char *
saying_words(int told)
{
	if (told == 2)
		return "on record; it is told when its turn ends "
		       "(divisi interrupt ends it now)";
	return told ? "told" : "on record; it is told as soon as its holder answers";
}

/* Everything FD has to give; NULL with ERR when that is too much. */
static char *
read_all(int fd, struct err *err)
{
	char *text = xmalloc(SAY_BYTES + 2);
	size_t n = 0;
	ssize_t got = 1;

	while (got != 0 && n <= SAY_BYTES) {
		got = read(fd, text + n, SAY_BYTES + 1 - n);
		if (got < 0 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	if (got >= 0 && n <= SAY_BYTES)
		return text;
	if (got < 0)
		err_sys(err, "read the message");
	else
		err_set(
		    err, ERR_INPUT, "a message of more than %d KiB", SAY_BYTES / 1024);
	free(text);
	return NULL;
}

/* A person's own editor, through a shell as everywhere: it may hold arguments. */
static int
run_editor(const char *path, struct err *err)
{
	char script[] = "sh", flag[] = "-c", *editor = getenv("VISUAL");
	AUTO_FREE char *command = NULL, *name = xstrdup(path);
	char *arg[] = { script, flag, NULL, script, name, NULL };
	int status = -1;
	pid_t pid;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	command = xasprintf("%s \"$1\"", editor && *editor ? editor : "vi");
	arg[2] = command;
	if (DURABLE("say.edit",
		posix_spawn(&pid, "/bin/sh", NULL, NULL, arg, environ)) == 0) {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return 0;
	}
	err_set(err, ERR_HUMAN, "the editor failed; nothing was said: %.80s", command);
	return err_fix(err, "set EDITOR, or: divisi say S-A TEXT");
}

static char *
edit_text(struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	AUTO_FREE char *path = xasprintf(
	    "%s/divisi-say.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	AUTO_FD int fd = mkstemp(path);
	char *text = NULL;

	if (fd < 0) {
		err_sys(err, "make %s", path);
		return NULL;
	}
	/* Editors replace files, so it is read by its name. */
	if (run_editor(path, err) == 0)
		text = file_read(path, SAY_BYTES, NULL, err);
	DURABLE("say.draft", unlink(path));
	return text;
}

/* WORD; "-", or no word and no terminal: standard input; else an editor. */
static char *
text_of(const char *word, struct err *err)
{
	char *text;
	size_t n;

	if (word && strcmp(word, "-") != 0)
		text = xstrdup(word);
	else if (!word && ask_possible())
		text = edit_text(err);
	else
		text = read_all(STDIN_FILENO, err);
	if (!text)
		return NULL;
	n = strlen(text);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		text[--n] = '\0';
	if (n > 0)
		return text;
	free(text);
	err_set(err, ERR_USAGE, "an empty message");
	err_fix(err, "divisi say S-A \"use the store of src/findings\"");
	return NULL;
}

int
cmd_say(int argc, char **argv)
{
	bool flags[1] = { false };
	const char *words[2] = { NULL };
	struct args_simple want = { "say SESSION [TEXT | -]", flags, words, 1, 2 };
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	AUTO_FREE char *text = NULL;
	int told = -1;

	args_init(&args, cmd_say_options, argc, argv);
	if (args_simple(&args, &want, &err) == 0)
		text = text_of(words[1], &err);
	if (text)
		told = saying_tell(words[0], text, &out, &err);
	if (told < 0) {
		fields_clear(&out);
		return cmd_fail(&err, flags[0]);
	}
	if (flags[0]) {
		AUTO_FREE char *json = fields_to_json(&out);

		puts(json);
	} else {
		printf("%s: %s\n", fields_text(&out, "label"), saying_words(told));
	}
	fields_clear(&out);
	return 0;
}
