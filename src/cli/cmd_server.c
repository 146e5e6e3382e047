#include "cli/cmd.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/programs.h"
#include "engine/engine.h"
#include "git/repo.h"
#include "sys/fetch.h"
#include "web/server.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STOP_LIMIT_MS 10000

const struct option_doc cmd_server_options[] = {
	{ "foreground", NULL, "log to this terminal; for a service manager", 'f' },
	{ "stop", NULL, "stop the server of this repository; agents go on", 0 },
	{ "top", "DIR", "serve the repository at DIR instead of this one", 0 },
	{ "idle", "SECONDS", "end after so long without work or request (default 900)",
	    0 },
	OPTION_END,
};

struct idle {
	struct event_base *base;
	struct engine *engine;
	struct server *server;
	struct event *timer;
	int64_t limit_ms, started_at;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct idle *idle = arg;
	int64_t last = server_last_request(idle->server);

	(void)fd;
	(void)what;
	if (last == 0)
		last = idle->started_at;
	if (!engine_is_busy(idle->engine) && now_ms() - last > idle->limit_ms)
		event_base_loopbreak(idle->base);
}

static int
serve(const char *top, long idle_s, struct err *err)
{
	AUTO_FREE char *program = program_self(err), *holder = program_holder(err);
	struct repo repo = { 0 };
	struct event_base *base = NULL;
	struct event *sig[2] = { NULL };
	struct idle idle = { .limit_ms = idle_s * 1000, .started_at = now_ms() };
	const int signals[] = { SIGTERM, SIGINT };
	int rc = -1;

	if (!program || !holder || repo_open(top, &repo, err) < 0)
		return -1;
	if (repo_prepare(&repo, err) < 0)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	const struct engine_opts opts = {
		.home = repo.home, .top = repo.top, .program = program, .holder = holder
	};

	idle.base = base;
	idle.engine = engine_new(base, &opts, err);
	if (!idle.engine)
		goto out;
	idle.server = server_new(base, idle.engine, repo.home, err);
	if (!idle.server)
		goto out;
	for (size_t i = 0; i < N_ELEMS(signals); i++) {
		sig[i] = evsignal_new(base, signals[i], on_signal, base);
		event_add(sig[i], NULL);
	}
	if (idle_s > 0) {
		struct timeval tv = { .tv_sec = idle_s < 60 ? idle_s : 60 };

		idle.timer = event_new(base, -1, EV_PERSIST, on_idle, &idle);
		event_add(idle.timer, &tv);
	}
	log_info("serving %s", repo.top);
	rc = event_base_dispatch(base) < 0 ? err_set(err, ERR_SYSTEM, "the loop failed")
					   : 0;
	log_info("stopped");
out:
	if (idle.timer)
		event_free(idle.timer);
	for (size_t i = 0; i < N_ELEMS(sig); i++) {
		if (sig[i])
			event_free(sig[i]);
	}
	server_free(idle.server);
	engine_free(idle.engine);
	if (base)
		event_base_free(base);
	repo_close(&repo);
	return rc;
}

/* The next verb must find either a server or none, so that it can start one. */
static int
wait_gone(const char *home, struct err *err)
{
	AUTO_FREE char *path = path_join(home, "server.lock");
	int64_t deadline = now_ms() + STOP_LIMIT_MS;

	for (;;) {
		struct err why = ERR_INIT;
		int fd = file_lock(path, false, &why);

		if (fd >= 0) {
			close(fd);
			return 0;
		}
		if (why.kind != ERR_CONFLICT || now_ms() > deadline)
			return err_set(
			    err, ERR_TIMEOUT, "the server does not end: %s", why.text);
		(void)poll(NULL, 0, 10);
	}
}

static int
stop(const char *top, struct err *err)
{
	struct client client;
	struct fetch_reply reply = { 0 };
	int rc;

	if (client_open(&client, top, false, err) < 0)
		return -1;
	fetch_limit(client.fetch, 5000);
	rc = fetch_json(client.fetch, "POST", "/v1/stop", "{}", &reply, err);
	if (rc == 0)
		rc = wait_gone(client.home, err);
	if (rc == 0)
		puts("the server has stopped; agents go on and are found again");
	fetch_reply_clear(&reply);
	client_close(&client);
	return rc;
}

int
cmd_server(int argc, char **argv)
{
	bool stops = false, foreground = false;
	const char *top = ".";
	long idle_s = 900;
	struct err err = ERR_INIT;
	struct args args;
	int at, rc;

	args_init(&args, cmd_server_options, argc, argv);
	while ((at = args_next(&args, &err)) >= 0) {
		switch (at) {
		case 0: foreground = true; break;
		case 1: stops = true; break;
		case 2: top = args.value; break;
		default:
			if (args_number("idle", args.value, 0, &idle_s, &err) < 0)
				return cmd_fail(&err, false);
		}
	}
	if (at != ARGS_END) {
		if (at == ARGS_WORD)
			err_set(&err, ERR_USAGE, "server takes no word '%.40s'",
			    args.value);
		return cmd_fail(&err, false);
	}
	log_open(2, LOG_LVL_INFO);
	if (foreground)
		idle_s = 0;
	rc = stops ? stop(top, &err) : serve(top, idle_s, &err);
	if (rc == 0)
		return 0;
	log_error("%s", err.text);
	return cmd_fail(&err, false);
}
