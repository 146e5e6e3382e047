#include "cli/cmd.h"

#include "base/crash.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/attaching.h"
#include "cli/client.h"
#include "cli/terminal.h"
#include "git/config.h"

#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A person steps in: takes a session over on a terminal, and hands it back. */

#define UP_LIMIT_MS 120000
#define LOOK_MS     100

const struct option_doc cmd_takeover_options[] = {
	OPTION_JSON,
	{ "tmux", NULL, "in a window of tmux of its own, not here", 0 },
	{ "reason", "TEXT", "why, kept on record", 0 },
	{ "override", "RULE", "go against RULE; needs --reason", 0 },
	OPTION_END,
};
const struct option_doc cmd_handback_options[] = {
	OPTION_JSON,
	{ "done", NULL, "it is done: look at it, as after an agent's word", 0 },
	{ "note", "TEXT", "what its agent is told, or what was done", 0 },
	OPTION_END,
};

/* ---- tmux ------------------------------------------------------------------------------------ */

static int
run_program(char *const arg[])
{
	int status = -1;
	pid_t pid;

	if (DURABLE("takeover.tmux",
		posix_spawnp(&pid, arg[0], NULL, NULL, arg, environ)) != 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A window in the tmux we are in, or in a session "divisi" of the person's tmux. */
static int
open_window(const struct client *client, const char *session, const char *label,
    struct err *err)
{
	AUTO_FREE char *self = realpath("/proc/self/exe", NULL);
	AUTO_FREE char *program = text_shell_quote(self ? self : "divisi");
	AUTO_FREE char *name = text_shell_quote(session);
	AUTO_FREE char *command = xasprintf("%s attach %s", program, name);
	AUTO_FREE char *title = xstrdup(label), *top = xstrdup(client->top);
	char tmux[] = "tmux", window[] = "new-window", make[] = "new-session",
	     has[] = "has-session", target[] = "-t",
	     where[] = "divisi:", exact[] = "=divisi", called[] = "-n", dir[] = "-c",
	     detached[] = "-d", as[] = "-s", divisi[] = "divisi", quiet[] = "-q";
	bool is_inside = getenv("TMUX") && getenv("TMUX")[0];
	char *const here[] = { tmux, window, called, title, dir, top, command, NULL };
	char *const there[] = { tmux, window, target, where, called, title, dir, top,
		command, NULL };
	char *const anew[] = { tmux, make, detached, as, divisi, called, title, dir,
		top, command, NULL };
	char *const ask[] = { tmux, quiet, has, target, exact, NULL };
	int rc;

	if (is_inside)
		rc = run_program(here);
	else
		rc = run_program(ask + 0) == 0 ? run_program(there) : run_program(anew);
	if (rc == 0)
		return is_inside;
	err_set(err, ERR_SYSTEM, "tmux does not open a window");
	return err_fix(err, "divisi attach %s", session);
}

/* divisi.tmux: always when we are inside of it. */
static bool
wants_window(const char *top)
{
	struct config config = { 0 };
	struct repo repo = { 0 };
	struct err err = ERR_INIT;
	bool wants = false;

	if (!getenv("TMUX") || !getenv("TMUX")[0] || repo_open(top, &repo, &err) < 0)
		return false;
	if (config_load(&repo, &config, &err) == 0)
		(void)!config_bool(&config, "divisi.tmux", false, &wants, &err);
	config_clear(&config);
	repo_close(&repo);
	return wants;
}

/* ---- taking over ------------------------------------------------------------------------------- */

static bool
is_up(const char *home, const char *run)
{
	AUTO_FREE char *dir = xasprintf("%s/runs/%s", home, run);
	AUTO_FREE char *agent = xasprintf("%s/agent", dir);
	int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, NULL);

	if (lock_fd >= 0)
		close(lock_fd);
	return state == RUN_LIVE && access(agent, F_OK) == 0;
}

/*
 * Waits until the terminal is there: the agent is given time to end.  The server may go and
 * come meanwhile.  RUN, which the caller frees, is its name.
 */
static int
await_terminal(const char *id, const char *home, char **run, struct err *err)
{
	for (int ms = 0; ms < UP_LIMIT_MS; ms += LOOK_MS) {
		AUTO_JSON struct json_object *status = client_look(NULL, err);
		const struct json_object *s = status ? client_session(status, id, err)
						     : NULL;

		if (s && strcmp(js_text(s, "state"), "claimed") != 0)
			return err_set(err, ERR_CONFLICT, "%s is %s: %s",
			    js_text(s, "label"), js_text(s, "state"),
			    js_text(s, "why"));
		if (s && js_bool(s, "terminal") && is_up(home, js_text(s, "run"))) {
			*run = xstrdup(js_text(s, "run"));
			return 0;
		}
		if (s && !js_bool(s, "running") && js_text(s, "next")[0] == '\0') {
			err_set(err, ERR_CONFLICT, "its terminal is gone: %s",
			    js_text(s, "reason")[0] ? js_text(s, "reason")
						    : "the program has ended");
			return err_fix(err, "divisi takeover %s, or divisi handback %s",
			    js_text(s, "label"), js_text(s, "label"));
		}
		*err = (struct err)ERR_INIT;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return err_set(err, ERR_TIMEOUT, "no terminal after %d s", UP_LIMIT_MS / 1000);
}

/* What to do with the terminal that is there. */
static int
show(const struct client *client, const struct fields *out, const char *run,
    const bool flags[], struct err *err)
{
	const char *id = fields_text(out, "session"),
		   *label = fields_text(out, "label");

	if (flags[0]) {
		AUTO_JSON struct json_object *o = json_object_new_object();

		json_object_object_add(o, "session", json_object_new_string(id));
		json_object_object_add(o, "label", json_object_new_string(label));
		json_object_object_add(o, "run", json_object_new_string(run));
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		if (!flags[1])
			return 0;
	}
	if (flags[1] || (ask_possible() && wants_window(client->top))) {
		int inside = open_window(client, id, label, err);

		if (inside == 0 && !flags[0])
			printf("%s: in a window of its own: tmux attach -t divisi\n",
			    label);
		return inside < 0 ? -1 : 0;
	}
	if (!ask_possible()) {
		printf("%s: is yours: divisi attach %s; then divisi handback %s\n",
		    label, label, label);
		return 0;
	}
	return attach_terminal(client->home, id, false, err);
}

static int
read_takeover(struct args *args, struct fields *in, bool flags[2], struct err *err)
{
	int at;

	while ((at = args_next(args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && fields_text(in, "session")[0])
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args->value);
		if (at == ARGS_WORD)
			fields_set(in, "session", args->value);
		else if (at < 2)
			flags[at] = true;
		else
			fields_set(in, args->options[at].name, args->value);
	}
	if (fields_text(in, "session")[0])
		return 0;
	err_set(err, ERR_USAGE, "%s needs a session", args->argv[0]);
	return err_fix(err, "divisi %s S-A", args->argv[0]);
}

int
cmd_takeover(int argc, char **argv)
{
	bool flags[2] = { false };
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	AUTO_FREE char *run = NULL;
	int cols, rows, rc;

	args_init(&args, cmd_takeover_options, argc, argv);
	rc = read_takeover(&args, &in, flags, &err);
	terminal_size(&cols, &rows);
	fields_set(&in, "term", flags[1] ? "screen-256color" : getenv("TERM"));
	fields_set_number(&in, "cols", cols);
	fields_set_number(&in, "rows", rows);
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "takeover", &in, &out, 60000, &err);
	if (rc == 0 && !flags[0] && ask_possible()) {
		printf("%s: its agent ends its turn ...\n", fields_text(&out, "label"));
		fflush(stdout);
	}
	if (rc == 0)
		rc = await_terminal(
		    fields_text(&out, "session"), client.home, &run, &err);
	if (rc == 0)
		rc = show(&client, &out, run, flags, &err);
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, flags[0]) : 0;
}

int
cmd_handback(int argc, char **argv)
{
	bool flags[2] = { false };
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	int rc;

	args_init(&args, cmd_handback_options, argc, argv);
	rc = read_takeover(&args, &in, flags, &err);
	fields_set(&in, "how", flags[1] ? "done" : "resume");
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "handback", &in, &out, 60000, &err);
	if (rc == 0 && flags[0]) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		printf("%s: %s\n", fields_text(&out, "label"),
		    flags[1]
			? "reported done; what is there is looked at"
			: "given back; its agent goes on and is told what changed");
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, flags[0]) : 0;
}
