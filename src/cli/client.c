#include "cli/client.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/kept.h"
#include "cli/programs.h"
#include "git/repo.h"
#include "store/journal.h"
#include "sys/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_LIMIT_MS 15000
#define REQUEST_MS     120000
#define STOP_LIMIT_MS  10000
#define FULL_BYTES     (64u * 1024)

/* More than an error and its fix have. */
#define LAST_WORDS_BYTES 4096

static void
pause_ms(long ms)
{
	(void)poll(NULL, 0, (int)ms);
}

/*
 * Our environment without the mark of a run: a server that carried it would be taken for a
 * part of that run and swept with it.
 */
static char **
server_env(void)
{
	char **env = NULL;
	size_t n = 0, cap = 0;

	for (char **e = environ; *e; e++) {
		if (strncmp(*e, "DIVISI_RUN=", 11) == 0 ||
		    strncmp(*e, "DIVISI_RUN_DIR=", 15) == 0)
			continue;
		GROW(env, n, cap);
		env[n++] = *e;
	}
	GROW(env, n, cap);
	env[n] = NULL;
	return env;
}

/* Starts `divisi server` detached: own session, cwd /, nothing of ours kept open. */
static int
start_server(const struct client *client, pid_t *pid, struct err *err)
{
	AUTO_FREE char *program = program_self(err);
	AUTO_FREE char *log = path_join(client->home, "server.log");
	AUTO_FREE char *top = xstrdup(client->top);
	AUTO_FREE char **env = server_env();
	char verb[] = "server", option[] = "--top";
	char *argv[] = { program, verb, option, top, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc;

	if (!program)
		return -1;
	if (file_mkdirs(client->home, 0700, err) < 0)
		return err_fix(
		    err, "make the directory that holds it writable for you");
	if (access(client->home, W_OK | X_OK) < 0) {
		err_sys(err, "%s cannot be written", client->home);
		return err_fix(err, "make it writable for you, with all that is in it");
	}
	if (store_check_place(client->home, err) < 0)
		return -1;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(
	    &files, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawn_file_actions_addchdir_np(&files, "/");
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	rc = DURABLE(
	    "client.start-server", posix_spawn(pid, program, &files, &attr, argv, env));
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (rc != 0) {
		errno = rc;
		return err_sys(err, "start the server");
	}
	return 0;
}

/*
 * An agent starts no server for its own repository: it would end with that agent, as all does
 * that an agent started.
 */
static int
check_starter(const struct client *client, struct err *err)
{
	AUTO_FREE char *runs = path_join(client->home, "runs/");
	const char *run = getenv("DIVISI_RUN_DIR");

	if (!run || strncmp(run, runs, strlen(runs)) != 0)
		return 0;
	err_set(err, ERR_NO_SERVER, "no server runs, and an agent starts none");
	return err_fix(err, "a person runs: divisi status");
}

static int
try_connect(struct client *client, struct err *err)
{
	AUTO_FREE char *sock = path_join(client->home, "sock");
	struct fetch_reply reply = { 0 };

	client->fetch = fetch_open(sock, err);
	if (!client->fetch)
		return -1;
	fetch_limit(client->fetch, REQUEST_MS);
	if (fetch_json(client->fetch, "GET", "/v1/server", NULL, &reply, err) < 0) {
		fetch_close(client->fetch);
		client->fetch = NULL;
		return -1;
	}
	fields_clear(&client->server);
	/* One that does not know the question is older than the question. */
	if (reply.status != 200 ||
	    fields_of_json(&client->server, reply.body, NULL) < 0)
		fields_clear(&client->server);
	fetch_reply_clear(&reply);
	return 0;
}

/* So little that not even a reason can be logged. */
static bool
is_full(const char *dir)
{
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 &&
	       (unsigned long long)fs.f_bavail * fs.f_frsize < FULL_BYTES;
}

/* What its end STATUS says of a server: a rule or a journal that kept it from starting. */
static enum err_kind
kind_of_end(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	return code == ERR_REFUSED || code == ERR_INPUT ? (enum err_kind)code
							: ERR_NO_SERVER;
}

/* The server does not answer, its end is STATUS: its own last words are the reason. */
static int
server_failed(const struct client *client, int status, struct err *err)
{
	AUTO_FREE char *log = path_join(client->home, "server.log");
	AUTO_FREE char *tail = file_read_tail(log, LAST_WORDS_BYTES);
	static const char mark[] = "Z error ";
	char *line = NULL, *fix;

	err->kind = ERR_NO_SERVER;
	if (is_full(client->home)) {
		err_set(err, ERR_NO_SERVER,
		    "the server did not start: no space is left for %s", client->home);
		return err_fix(err, "free space on that file system");
	}
	err_wrap(err, "the server did not start");
	err_fix(err, "its last words are in %s", log);
	for (char *at = tail; at && (at = strstr(at, mark));)
		line = at += strlen(mark);
	if (!line)
		return -1;
	fix = line + strcspn(line, "\n");
	if (*fix)
		*fix++ = '\0';
	err_set(err, kind_of_end(status), "the server did not start: %s", line);
	fix = strstr(fix, "  fix: ");
	if (!fix)
		return err_fix(err, "more of it is in %s", log);
	fix += strlen("  fix: ");
	fix[strcspn(fix, "\n")] = '\0';
	return err_fix(err, "%s", fix);
}

/*
 * Starts the server and waits until it answers.  One that finds another at work ends by
 * itself; that other may just be stopping, so it is started again.
 */
static int
await_server(struct client *client, struct err *err)
{
	int64_t deadline = clock_mono_ms() + START_LIMIT_MS;
	int status = 0;
	pid_t pid = 0;

	if (start_server(client, &pid, err) < 0)
		return -1;
	while (try_connect(client, err) < 0) {
		if (err->kind != ERR_NO_SERVER || clock_mono_ms() > deadline)
			return server_failed(client, status, err);
		pause_ms(10);
		if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid)
			continue;
		pid = 0;
		if (try_connect(client, err) == 0)
			return 0;
		if (!WIFEXITED(status) ||
		    WEXITSTATUS(status) != err_exit_status(ERR_CONFLICT))
			return server_failed(client, status, err);
		pause_ms(100);
		if (start_server(client, &pid, err) < 0)
			return -1;
	}
	return 0;
}

int
client_wait_gone(const char *home, struct err *err)
{
	AUTO_FREE char *path = path_join(home, "server.lock");
	int64_t deadline = clock_mono_ms() + STOP_LIMIT_MS;

	for (;;) {
		struct err why = ERR_INIT;
		int fd = file_lock(path, false, &why);

		if (fd >= 0) {
			close(fd);
			return 0;
		}
		if (why.kind != ERR_CONFLICT || clock_mono_ms() > deadline)
			return err_set(
			    err, ERR_TIMEOUT, "the server does not end: %s", why.text);
		pause_ms(10);
	}
}

bool
client_is_newer(const char *ours, const char *theirs)
{
	while (*ours || *theirs) {
		char *our_end, *their_end;
		unsigned long a = strtoul(ours, &our_end, 10);
		unsigned long b = strtoul(theirs, &their_end, 10);

		if (a != b)
			return a > b;
		/* What follows a number that is no dot ("-rc1") is not compared. */
		if (*our_end != '.' && *their_end != '.')
			return false;
		ours = *our_end == '.' ? our_end + 1 : "";
		theirs = *their_end == '.' ? their_end + 1 : "";
	}
	return false;
}

/*
 * A server of an older divisi answers: it is replaced by one of ours, unless it is in the
 * middle of something or does not let us, for we may be an agent's.  Then it serves us, too.
 */
static int
take_over(struct client *client, struct err *err)
{
	const char *theirs = fields_text(&client->server, "version");
	struct fetch_reply reply = { 0 };
	int rc;

	if (!client_is_newer(DIVISI_VERSION, theirs))
		return 0;
	if (fields_number(&client->server, "working", 0)) {
		fprintf(stderr,
		    "divisi: the server is divisi %s, this is %s; it is at work and "
		    "goes on for now\n",
		    theirs, DIVISI_VERSION);
		return 0;
	}
	if (fetch_json(client->fetch, "POST", "/v1/stop", "{}", &reply, err) < 0)
		return -1;
	rc = reply.status == 200 ? client_wait_gone(client->home, err) : 0;
	if (reply.status == 200 && rc == 0) {
		fprintf(stderr,
		    "divisi: the server was divisi %s, this is %s: it hands over\n",
		    theirs[0] ? theirs : "of an older version", DIVISI_VERSION);
		fetch_close(client->fetch);
		client->fetch = NULL;
		rc = await_server(client, err);
	}
	fetch_reply_clear(&reply);
	return rc;
}

int
client_open(struct client *client, const char *dir, bool start, struct err *err)
{
	struct repo repo = { 0 };

	*client = (struct client){ 0 };
	if (kept_place(dir ? dir : ".", &repo, err) < 0)
		return -1;
	client->home = xstrdup(repo.home);
	client->top = xstrdup(repo.top);
	repo_close(&repo);
	if (try_connect(client, err) == 0) {
		if (!start || take_over(client, err) == 0)
			return 0;
		client_close(client);
		return -1;
	}
	if (!start || err->kind != ERR_NO_SERVER) {
		client_close(client);
		return -1;
	}
	if (check_starter(client, err) < 0 || await_server(client, err) < 0) {
		client_close(client);
		return -1;
	}
	return 0;
}

void
client_close(struct client *client)
{
	fetch_close(client->fetch);
	fields_clear(&client->server);
	free(client->home);
	free(client->top);
	*client = (struct client){ 0 };
}

static int
/* NOLINTNEXTLINE(readability-function-size): one request, all it takes */
request(struct client *client, const char *method, const char *target, const char *body,
    struct fields *out, int *status, struct err *err)
{
	struct fetch_reply reply = { 0 };
	int rc;

	if (fetch_json(client->fetch, method, target, body, &reply, err) < 0)
		return -1;
	*status = reply.status;
	rc = fields_of_json(out, reply.body, err);
	fetch_reply_clear(&reply);
	if (rc == 0 && fields_get_err(out, err))
		return -1;
	return rc;
}

int
client_order(struct client *client, const char *verb, const struct fields *in,
    struct fields *out, long timeout_ms, struct err *err)
{
	AUTO_FREE char *target = xasprintf("/v1/order/%s", verb);
	AUTO_FREE char *body = fields_to_json(in);
	AUTO_FREE char *op = NULL;
	int64_t deadline = clock_mono_ms() + timeout_ms;
	int status = 0;

	if (request(client, "POST", target, body, out, &status, err) < 0)
		return -1;
	if (status != 202)
		return 0;
	op = xasprintf("/v1/op/%lld", (long long)fields_number(out, "op", 0));
	for (long wait = 5;; wait = wait < 100 ? wait * 2 : 100) {
		fields_clear(out);
		if (request(client, "GET", op, NULL, out, &status, err) < 0)
			return -1;
		if (status != 202)
			return 0;
		if (timeout_ms > 0 && clock_mono_ms() > deadline)
			return err_set(err, ERR_TIMEOUT, "no answer to %s within %ld s",
			    verb, timeout_ms / 1000);
		pause_ms(wait);
	}
}

struct json_object *
client_get(struct client *client, const char *target, struct err *err)
{
	struct fetch_reply reply = { 0 };
	struct fields f = { 0 };
	struct json_object *o = NULL;

	if (fetch_json(client->fetch, "GET", target, NULL, &reply, err) < 0)
		return NULL;
	if (reply.status < 400)
		o = json_tokener_parse(reply.body);
	if (!o && (fields_of_json(&f, reply.body, err) < 0 || !fields_get_err(&f, err)))
		err_set(err, ERR_SYSTEM, "the server's answer is no JSON");
	fields_clear(&f);
	fetch_reply_clear(&reply);
	return o;
}

struct json_object *
client_status(struct client *client, struct err *err)
{
	return client_get(client, "/v1/status", err);
}

int
client_wait_change(struct client *client, int64_t seq, long ms, struct err *err)
{
	int64_t deadline = clock_mono_ms() + ms;
	AUTO_FREE char *target = xasprintf("/v1/events?after=%lld", (long long)seq);

	for (;;) {
		struct fetch_reply reply = { 0 };
		bool grew;

		if (fetch_json(client->fetch, "GET", target, NULL, &reply, err) < 0)
			return -1;
		grew = reply.n_body > 0;
		fetch_reply_clear(&reply);
		if (grew)
			return 1;
		if (clock_mono_ms() >= deadline)
			return 0;
		pause_ms(40);
	}
}

struct json_object *
js_get(const struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) ? v : NULL;
}

const char *
js_text(const struct json_object *o, const char *name)
{
	struct json_object *v = js_get(o, name);

	return v ? json_object_get_string(v) : "";
}

int64_t
js_number(const struct json_object *o, const char *name, int64_t fallback)
{
	struct json_object *v = js_get(o, name);

	return v ? json_object_get_int64(v) : fallback;
}

bool
js_bool(const struct json_object *o, const char *name)
{
	return json_object_get_boolean(js_get(o, name));
}

size_t
js_count(const struct json_object *array)
{
	return json_object_is_type(array, json_type_array)
		   ? json_object_array_length(array)
		   : 0;
}

struct json_object *
js_at(const struct json_object *array, size_t i)
{
	return i < js_count(array) ? json_object_array_get_idx(array, i) : NULL;
}

char *
client_plan_path(const char *word, struct err *err)
{
	char *path = realpath(word, NULL);

	if (!path) {
		err_sys(err, "%s", word);
		if (errno == ENOENT) {
			err->kind = ERR_NOT_FOUND;
			err_fix(err,
			    "name the plan's Markdown file; divisi init makes one");
		}
	}
	return path;
}

/* 3 exact, 2 with its batch, 1 label, phase or issue: as the server resolves names. */
static int
name_fits(const struct json_object *s, const struct json_object *b, const char *name)
{
	AUTO_FREE char *part = xasprintf(
	    "%lld/%s", (long long)js_number(b, "number", 0), js_text(s, "label"));
	AUTO_FREE char *full = xasprintf("%s/%s", js_text(s, "plan"), part);

	if (name[0] == '\0')
		return 0;
	if (strcmp(name, js_text(s, "id")) == 0 ||
	    strcmp(name, js_text(s, "sub_issue")) == 0 || strcmp(name, full) == 0)
		return 3;
	if (strcmp(name, part) == 0)
		return 2;
	return strcmp(name, js_text(s, "label")) == 0 ||
	       strcmp(name, js_text(s, "phase")) == 0 ||
	       strcmp(name, js_text(s, "issue")) == 0;
}

struct json_object *
/* NOLINTNEXTLINE(readability-function-size): three nested lists */
client_session(struct json_object *status, const char *name, struct err *err)
{
	struct json_object *plans = js_get(status, "plans"), *best = NULL;
	int best_fit = 0;

	/* As in the server: first what is worked on, then who reviews it. */
	for (size_t k = 2 * js_count(plans); k-- > 0;) {
		size_t p = k % js_count(plans);
		struct json_object *batches = js_get(js_at(plans, p), "batches");

		if ((js_text(js_at(plans, p), "reviews")[0] == '\0') !=
		    (k >= js_count(plans)))
			continue;

		for (size_t b = js_count(batches); b-- > 0;) {
			struct json_object *batch = js_at(batches, b);
			struct json_object *sessions = js_get(batch, "sessions");

			for (size_t i = 0; i < js_count(sessions); i++) {
				int fit = name_fits(js_at(sessions, i), batch, name);

				if (fit > best_fit) {
					best = js_at(sessions, i);
					best_fit = fit;
				}
			}
		}
	}
	if (!best) {
		err_set(err, ERR_NOT_FOUND, "no session is called '%.60s'", name);
		err_fix(err,
		    "divisi status lists them; use S-A, 2/S-A or a phase such as 1A");
	}
	return best;
}
