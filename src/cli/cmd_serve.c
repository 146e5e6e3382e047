#include "cli/cmd.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/ci_log.h"
#include "cli/client.h"
#include "cli/feedback_in.h"
#include "cli/spool.h"
#include "tracker/token.h"
#include "web/hooks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FORWARD_MS    60000
#define FORWARD_AGAIN 1000 /* after a server that did not answer */
#define FORWARD_SOON  1    /* a burst becomes one order */

const struct option_doc cmd_serve_options[] = {
	OPTION_JSON,
	{ "webhooks", "ADDRESS", "take webhooks there: 127.0.0.1:PORT, 0 = any port",
	    0 },
	OPTION_END,
};

/*
 * Two processes: this one faces the network, checks and keeps; its child tells the server.
 * So an answer never waits for the server, and who parses strangers' bytes speaks to nobody.
 */
struct serve {
	const char *address;
	bool as_json;
	struct client client;
	struct feedback_rules rules;
	struct spool spool;
	char *secret[SENDER_N];
	struct hooks_opts opts;
	struct event_base *base;
	struct hooks *hooks;
	int wake; /* to the child */
	pid_t child;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- secrets --------------------------------------------------------------------------- */

/* From the variable of the sender, else what divisi.webhook.<sender>.helper prints. */
static int
read_secret(struct serve *serve, enum sender sender, struct err *err)
{
	const struct sender_doc *doc = sender_doc(sender);
	const char *const variables[] = { doc->variable, NULL };
	AUTO_FREE char *key = xasprintf("divisi.webhook.%s.helper", doc->name);
	const struct config_item *item = config_find(&serve->rules.config, key);
	struct git_list words = { 0 };
	const char *argv[16] = { NULL };
	struct tracker_link link = { 0 };

	if (!getenv(doc->variable) && !item)
		return 0;
	if (item && item->is_committed) {
		err_set(err, ERR_REFUSED,
		    "%s comes with the repository and names a command", key);
		return err_fix(err, "git config %s COMMAND", key);
	}
	config_values(&serve->rules.config, key, &words);
	for (size_t i = 0; i < words.n && i + 1 < N_ELEMS(argv); i++)
		argv[i] = words.item[i];
	link.token_helper = words.n > 0 ? argv : NULL;
	serve->secret[sender] = token_read(&link, variables, err);
	git_list_clear(&words);
	unsetenv(doc->variable);
	if (!serve->secret[sender])
		return err_wrap(err, "the secret of %s", doc->name);
	serve->opts.secret[sender] = serve->secret[sender];
	return 1;
}

static int
read_secrets(struct serve *serve, struct err *err)
{
	int n = 0;

	for (int i = 0; i < SENDER_N; i++) {
		int rc = read_secret(serve, (enum sender)i, err);

		if (rc < 0)
			return -1;
		n += rc;
	}
	if (n > 0)
		return 0;
	err_set(err, ERR_HUMAN, "no sender has a secret here");
	return err_fix(err,
	    "set DIVISI_WEBHOOK_GITHUB (LINEAR, SENTRY, VERCEL, GENERIC), "
	    "or: git config --add divisi.webhook.github.helper COMMAND");
}

/* ---- the child: what is kept goes to the server ---------------------------------------- */

static int
send_order(void *arg, const struct fields *order, struct err *err)
{
	struct client *client = arg;
	struct fields whole = { 0 }, out = { 0 };
	int rc;

	fields_copy(&whole, order);
	ci_log_add(&whole, client->top);
	rc = client_order(client, "feedback", &whole, &out, FORWARD_MS, err);
	fields_clear(&whole);
	fields_clear(&out);
	return rc;
}

/* Waits for a word of the parent, and reads all there are; false when it is gone. */
static bool
await_wake(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char some[256];

	if (poll(&p, 1, ms) <= 0)
		return true;
	return read(fd, some, sizeof(some)) > 0;
}

static _Noreturn void
forward(struct serve *serve, int fd)
{
	struct client client = { 0 };
	bool is_open = false;

	do {
		struct err err = ERR_INIT;
		long n;

		if (!is_open)
			is_open = client_open(&client, serve->client.top, true, &err) ==
				  0;
		n = is_open ? spool_forward(&serve->spool, send_order, &client, &err)
			    : -1;
		if (n < 0) {
			log_warn("feedback waits for the server: %s", err.text);
			if (is_open)
				client_close(&client);
			is_open = false;
			(void)poll(NULL, 0, FORWARD_AGAIN);
		} else {
			(void)poll(NULL, 0, FORWARD_SOON);
		}
		if (n == 0 && !await_wake(fd, 60000))
			break;
	} while (getppid() != 1);
	_exit(0);
}

static int
start_child(struct serve *serve, struct err *err)
{
	int ends[2];
	pid_t parent = getpid();

	if (pipe(ends) < 0)
		return err_sys(err, "make a pipe");
	serve->child = DURABLE("serve.forward", fork());
	if (serve->child < 0) {
		close(ends[0]);
		close(ends[1]);
		return err_sys(err, "start the forwarder");
	}
	if (serve->child == 0) {
		close(ends[1]);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		for (int i = 0; i < SENDER_N; i++)
			token_free(serve->secret[i]);
		forward(serve, ends[0]);
	}
	close(ends[0]);
	serve->wake = ends[1];
	return 0;
}

/* ---- the parent ------------------------------------------------------------------------ */

static int
on_take(void *arg, const struct fields *raw, struct err *err)
{
	struct serve *serve = arg;
	struct fields one = { 0 };
	int rc = feedback_rules_apply(&serve->rules, raw, false, &one, err);

	if (rc > 0 && spool_add(&serve->spool, &one, err) < 0)
		rc = -1;
	fields_clear(&one);
	/* A full pipe wakes it as well. */
	if (rc > 0 && write(serve->wake, "x", 1) < 0 && errno != EAGAIN)
		log_warn("the forwarder is not woken: %s", strerror(errno));
	return rc;
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
tell_address(const struct serve *serve)
{
	if (serve->as_json)
		printf("{\"port\": %d, \"pid\": %ld}\n", hooks_port(serve->hooks),
		    (long)getpid());
	else
		printf(
		    "webhooks: http://127.0.0.1:%d/github, /linear, /sentry, /vercel, "
		    "/generic\n",
		    hooks_port(serve->hooks));
	fflush(stdout);
}

static int
run(struct serve *serve, struct err *err)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	struct event *signals[N_ELEMS(ending)];
	const struct hooks_count *count;
	int status = 0;

	serve->base = event_base_new();
	serve->opts.take = on_take;
	serve->opts.arg = serve;
	serve->opts.now = now_ms;
	serve->hooks = hooks_new(serve->base, serve->address, &serve->opts, err);
	if (!serve->hooks)
		return -1;
	for (size_t i = 0; i < N_ELEMS(ending); i++) {
		signals[i] = evsignal_new(
		    serve->base, ending[i], on_signal, serve->base);
		event_add(signals[i], NULL);
	}
	tell_address(serve);
	event_base_dispatch(serve->base);
	for (size_t i = 0; i < N_ELEMS(ending); i++)
		event_free(signals[i]);
	count = hooks_count(serve->hooks);
	fprintf(stderr, "%ld taken, %ld of no interest, %ld refused, %ld not kept\n",
	    count->taken, count->skipped, count->refused, count->failed);
	if (waitpid(serve->child, &status, WNOHANG) == serve->child) {
		serve->child = 0;
		return err_set(err, ERR_SYSTEM, "the forwarder ended: start it again");
	}
	return 0;
}

static void
clear(struct serve *serve)
{
	if (serve->child > 0) {
		kill(serve->child, SIGTERM);
		(void)waitpid(serve->child, NULL, 0);
	}
	hooks_free(serve->hooks);
	if (serve->base)
		event_base_free(serve->base);
	for (int i = 0; i < SENDER_N; i++)
		token_free(serve->secret[i]);
	spool_close(&serve->spool);
	feedback_rules_clear(&serve->rules);
	client_close(&serve->client);
}

static int
read_words(int argc, char **argv, struct serve *serve, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_serve_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD)
			return err_set(
			    err, ERR_USAGE, "serve takes no '%.60s'", args.value);
		if (at == 0)
			serve->as_json = true;
		else
			serve->address = args.value;
	}
	if (serve->address)
		return 0;
	err_set(err, ERR_USAGE, "serve what?");
	return err_fix(err, "divisi serve --webhooks 127.0.0.1:8787");
}

int
cmd_serve(int argc, char **argv)
{
	struct serve serve = { .wake = -1 };
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &serve, &err);

	/* The secrets are in its memory: no other program of this person's reads that. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	if (rc == 0)
		rc = client_open(&serve.client, NULL, true, &err);
	if (rc == 0)
		rc = feedback_rules_read(&serve.rules, serve.client.top, &err);
	if (rc == 0)
		rc = read_secrets(&serve, &err);
	if (rc == 0)
		rc = spool_open(&serve.spool, serve.client.home, &err);
	if (rc == 0)
		rc = start_child(&serve, &err);
	if (rc == 0)
		rc = run(&serve, &err);
	clear(&serve);
	return rc < 0 ? cmd_fail(&err, serve.as_json) : 0;
}
