#include "cli/cmd.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/handover.h"
#include "cli/programs.h"
#include "engine/engine.h"
#include "git/place.h"
#include "git/repo.h"
#include "sys/fetch.h"
#include "web/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HANDOVER_LOOK_MS 2000

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
	if (!engine_is_busy(idle->engine) && clock_mono_ms() - last > idle->limit_ms)
		event_base_loopbreak(idle->base);
}

/* Everything that lives as long as the loop. */
struct serving {
	struct repo repo;
	char *program, *holder, *hook;
	struct event_base *base;
	struct event *sig[2];
	struct idle idle;
	struct server_about about;
	struct handover *handover;
};

static void
serving_close(struct serving *s)
{
	if (s->idle.timer)
		event_free(s->idle.timer);
	for (size_t i = 0; i < N_ELEMS(s->sig); i++) {
		if (s->sig[i])
			event_free(s->sig[i]);
	}
	server_free(s->idle.server);
	engine_free(s->idle.engine);
	s->idle.timer = NULL;
	s->idle.server = NULL;
	s->idle.engine = NULL;
	s->sig[0] = s->sig[1] = NULL;
}

static void
serving_clear(struct serving *s)
{
	serving_close(s);
	handover_free(s->handover);
	if (s->base)
		event_base_free(s->base);
	repo_close(&s->repo);
	free(s->program);
	free(s->holder);
	free(s->hook);
}

static int
serving_open(struct serving *s, const char *top, char *const *argv, struct err *err)
{
	const int signals[] = { SIGTERM, SIGINT };
	struct timespec now;

	s->program = program_self(err);
	s->holder = s->program ? program_holder(err) : NULL;
	s->hook = program_hook(
	    NULL); /* agents do without it where it is not installed */
	if (!s->holder || repo_place(top, &s->repo, err) < 0)
		return -1;
	if (!s->repo.lacks_git && repo_prepare(&s->repo, err) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* what may not grow is told as a full disk */
	s->base = s->idle.base = event_base_new();
	/* Jobs are of the server's own version, whatever is installed meanwhile. */
	const struct engine_opts opts = { .home = s->repo.home,
		.top = s->repo.top,
		.program = "/proc/self/exe",
		.holder = s->holder,
		.hook = s->hook };

	s->idle.engine = engine_new(s->base, &opts, err);
	if (!s->idle.engine)
		return -1;
	s->idle.server = server_new(s->base, s->idle.engine, s->repo.home, err);
	if (!s->idle.server)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	s->about = (struct server_about){ .version = DIVISI_VERSION,
		.program = s->program,
		.started_at = (int64_t)now.tv_sec * 1000 };
	server_describe(s->idle.server, &s->about);
	const struct handover_opts handover = { .base = s->base,
		.engine = s->idle.engine,
		.about = &s->about,
		.argv = argv,
		.program = s->program,
		.look_ms = HANDOVER_LOOK_MS };

	s->handover = handover_new(&handover, err);
	for (size_t i = 0; i < N_ELEMS(signals); i++) {
		s->sig[i] = evsignal_new(s->base, signals[i], on_signal, s->base);
		event_add(s->sig[i], NULL);
	}
	return s->handover ? 0 : -1;
}

static int
serve(const char *top, long idle_s, char *const *argv, struct err *err)
{
	struct serving s = { .idle = { .limit_ms = idle_s * 1000,
				 .started_at = clock_mono_ms() } };
	int rc = serving_open(&s, top, argv, err);

	if (rc == 0 && idle_s > 0) {
		struct timeval tv = { .tv_sec = idle_s < 60 ? idle_s : 60 };

		s.idle.timer = event_new(s.base, -1, EV_PERSIST, on_idle, &s.idle);
		event_add(s.idle.timer, &tv);
	}
	if (rc == 0) {
		log_info("serving %s with divisi %s", s.repo.top, DIVISI_VERSION);
		rc = event_base_dispatch(s.base) < 0
			 ? err_set(err, ERR_SYSTEM, "the loop failed")
			 : 0;
		serving_close(&s);
		if (rc == 0)
			rc = handover_exec(s.handover, err);
		log_info("stopped");
	}
	serving_clear(&s);
	return rc;
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
		rc = client_wait_gone(client.home, err);
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
	AUTO_FREE char **again = xcalloc((size_t)argc + 2, sizeof(*again));
	AUTO_FREE char *program = program_self(&err);
	int at, rc;

	if (!program)
		return cmd_fail(&err, false);
	again[0] = program;
	memcpy(again + 1, argv, (size_t)argc * sizeof(*argv));
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
	rc = stops ? stop(top, &err) : serve(top, idle_s, again, &err);
	if (rc == 0)
		return 0;
	/* For who started it and reads its log; a person has it from the next line. */
	if (!stops && !foreground)
		log_error("%s", err.text);
	return cmd_fail(&err, false);
}
