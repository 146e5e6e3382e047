#include "cli/attaching.h"

#include "adapters.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/saying.h"
#include "cli/terminal.h"
#include "cli/transcript.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Looking on: the transcript of a session, as it grows. */

#define LOOK_MS  100
#define STATE_MS 1000

enum { CTRL_C = 3, CTRL_D = 4 };

/* What the server says of the session, last we asked. */
struct known {
	char *home, *id, *label, *state, *why, *command;
	const struct agent *agent;
	int64_t runs;
	bool is_live, is_running, is_terminal;
};

struct attaching {
	const struct attach_opts *opts;
	struct screen screen;
	struct known known;
	struct transcript *transcript;
	bool is_backlog; /* still what was earlier: the last ones are kept */
	char **kept;     /* ring of printed events */
	long n_kept;
	bool has_keys; /* the terminal gives us every byte */
	struct termios before;
};

static void
known_clear(struct known *k)
{
	free(k->home);
	free(k->id);
	free(k->label);
	free(k->state);
	free(k->why);
	free(k->command);
	*k = (struct known){ 0 };
}

static int
ask_server(const char *name, struct known *k, struct err *err)
{
	AUTO_JSON struct json_object *status = client_look(NULL, err);
	const struct json_object *s = status ? client_session(status, name, err) : NULL;

	if (!s)
		return -1;
	known_clear(k);
	k->home = xstrdup(js_text(status, "home"));
	k->id = xstrdup(js_text(s, "id"));
	k->label = xstrdup(js_text(s, "label"));
	k->state = xstrdup(js_text(s, "state"));
	k->why = xstrdup(js_text(s, "why"));
	k->command = xstrdup(js_text(s, "command"));
	k->agent = adapter_agent(js_text(s, "adapter"));
	k->runs = js_number(s, "runs", 0);
	k->is_live = js_bool(s, "live");
	k->is_running = js_bool(s, "running");
	k->is_terminal = js_bool(s, "terminal");
	return 0;
}

static char *
printed(const struct attaching *a, const struct transcript_event *event)
{
	struct screen screen = a->screen;
	char *text = NULL;
	size_t n = 0;

	screen.out = open_memstream(&text, &n);
	if (a->opts->as_json)
		transcript_print_json(screen.out, event);
	else
		transcript_print(&screen, event->event);
	fclose(screen.out);
	return text;
}

static void
on_event(const struct transcript_event *event, void *arg)
{
	struct attaching *a = arg;
	AUTO_FREE char *text = NULL;

	if (event->number < a->opts->from)
		return;
	if (a->is_backlog && a->opts->tail == 0)
		return;
	text = printed(a, event);
	if (!a->is_backlog || a->opts->tail < 0) {
		fputs(text, stdout);
		return;
	}
	free(a->kept[a->n_kept % a->opts->tail]);
	a->kept[a->n_kept++ % a->opts->tail] = TAKE_PTR(text);
}

static void
print_kept(struct attaching *a)
{
	long tail = a->opts->tail, first = a->n_kept > tail ? a->n_kept - tail : 0;

	if (first > 0 && !a->opts->as_json)
		printf("(%ld earlier events: --from 1 shows them)\n", first);
	for (long i = first; tail > 0 && i < a->n_kept; i++)
		fputs(a->kept[i % tail], stdout);
	for (long i = 0; i < tail; i++)
		free(a->kept[i]);
	free(a->kept);
	a->kept = NULL;
}

/* ---- keys ------------------------------------------------------------------------------ */

static void
take_keys(struct attaching *a)
{
	struct termios raw;

	if (a->opts->as_json || !ask_possible() ||
	    tcgetattr(STDIN_FILENO, &a->before) < 0)
		return;
	raw = a->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	a->has_keys = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void
give_keys_back(struct attaching *a)
{
	if (a->has_keys)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &a->before);
	a->has_keys = false;
}

static void
say_something(struct attaching *a)
{
	struct err err = ERR_INIT;
	struct fields out = { 0 };
	AUTO_FREE char *text = NULL;
	int told;

	give_keys_back(a);
	text = ask_text("say: ", &err);
	if (text && text[strspn(text, " \t")] != '\0') {
		told = saying_tell(a->known.id, text, &out, &err);
		if (told < 0)
			fprintf(stderr, "divisi: %s\n", err.text);
		else
			printf("-- %s\n", saying_words(told));
	}
	fields_clear(&out);
	take_keys(a);
}

/* Waits a moment, or for a key.  True when the person leaves. */
static bool
wait_for_key(struct attaching *a)
{
	struct pollfd p = { .fd = a->has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	unsigned char c = 0;

	if (poll(&p, 1, LOOK_MS) <= 0 || !p.revents)
		return false;
	if (read(STDIN_FILENO, &c, 1) != 1 || c == CTRL_C || c == CTRL_D || c == 'q')
		return true;
	if (c == 's')
		say_something(a);
	if (c == 't') {
		char verb[] = "takeover", *argv[] = { verb, a->known.id, NULL };

		give_keys_back(a);
		(void)cmd_takeover(2, argv);
		return true;
	}
	return false;
}

/* ---- following -------------------------------------------------------------------------- */

static void
tell_state(const struct attaching *a)
{
	if (a->opts->as_json)
		return;
	printf("-- %s: ", a->known.state);
	screen_wrap(&a->screen, 3, (int)strlen(a->known.state) + 5, a->known.why);
	if (a->known.command[0])
		printf("   -> %s\n", a->known.command);
}

/* Asks the server now and then; true when there is nothing left to follow. */
static bool
is_finished(struct attaching *a, bool is_over)
{
	AUTO_FREE char *was = xstrdup(a->known.state);
	struct err err = ERR_INIT;

	/* No answer: the transcript needs no server, and one comes again. */
	if (ask_server(a->known.id, &a->known, &err) < 0)
		return false;
	if (strcmp(was, a->known.state) != 0)
		tell_state(a);
	return is_over && !a->known.is_live && !a->known.is_running &&
	       a->known.runs <= transcript_run(a->transcript);
}

static int
follow_on(struct attaching *a, struct err *err)
{
	int over, waited = STATE_MS;

	for (;;) {
		over = transcript_read(a->transcript, on_event, a, err);
		if (over < 0)
			return -1;
		if (waited >= STATE_MS) {
			waited = 0;
			if (is_finished(a, over > 0))
				return 0;
		}
		fflush(stdout);
		if (ferror(stdout) || wait_for_key(a))
			return 0;
		waited += LOOK_MS;
	}
}

int
attach_terminal(const char *home, const char *id, bool takes, struct err *err)
{
	struct known k = { 0 };
	AUTO_FREE char *dir = NULL;
	int rc = ask_server(id, &k, err);

	if (rc == 0) {
		dir = xasprintf("%s/runs/%s.r%lld", home, k.id, (long long)k.runs);
		rc = terminal_join(dir, takes, err);
	}
	if (rc == 0)
		printf("-- left %s, it goes on: divisi attach %s\n", k.label, k.label);
	else if (rc > 0)
		printf(
		    "-- the terminal of %s is over\n"
		    "   -> divisi handback %s   (its agent goes on), or with --done\n",
		    k.label, k.label);
	known_clear(&k);
	return rc < 0 ? -1 : 0;
}

int
attach_follow(const char *name, const struct attach_opts *opts, struct err *err)
{
	struct attaching a = { .opts = opts, .is_backlog = true };
	AUTO_FREE char *runs = NULL;
	int rc = ask_server(name, &a.known, err);

	if (rc == 0 && a.known.is_terminal && !opts->as_json && ask_possible()) {
		rc = attach_terminal(a.known.home, a.known.id, opts->takes, err);
		known_clear(&a.known);
		return rc;
	}
	if (rc == 0 && a.known.runs == 0) {
		err_set(err, ERR_NOT_FOUND, "%s was not launched yet (%s)",
		    a.known.label, a.known.state);
		rc = err_fix(err, "divisi why %s", a.known.label);
	} else if (rc == 0 && !a.known.agent) {
		rc = err_set(
		    err, ERR_SYSTEM, "%s: its agent is not known", a.known.label);
	}
	if (rc == 0) {
		runs = xasprintf("%s/runs", a.known.home);
		a.transcript = transcript_open(runs, a.known.id, a.known.agent);
		screen_init(&a.screen, stdout);
		if (opts->tail > 0)
			a.kept = xcalloc((size_t)opts->tail, sizeof(*a.kept));
		rc = transcript_read(a.transcript, on_event, &a, err);
		print_kept(&a);
		a.is_backlog = false;
	}
	if (rc >= 0) {
		take_keys(&a);
		if (a.has_keys)
			printf("-- %s (%s) of %s: q leaves, s says, t takes it over\n",
			    a.known.label, a.known.state, a.known.id);
		rc = follow_on(&a, err);
		give_keys_back(&a);
	}
	transcript_close(a.transcript);
	known_clear(&a.known);
	return rc;
}
