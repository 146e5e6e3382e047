/* Who asks: a person, or somebody below a holder, who never is one (CONTRACTS 1). */
#include "talk.h"

#include "base/rundir.h"
#include "exec/exec.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *self; /* this program, which is also the client of some tests */

static void
a_person_is_named_by_the_socket(void **state)
{
	struct stage *st = *state;
	const struct passwd *pw = getpwuid(geteuid());
	AUTO_FREE char *want = pw ? xasprintf("\"actor\":\"human:%s\"", pw->pw_name)
				  : xasprintf("\"actor\":\"human:%u\"", geteuid());
	AUTO_FREE char *events = NULL;

	talk_answers(st, 200, "", "POST", "/v1/order/assert",
	    "{\"path\":\"/p.md\",\"a\":\"1A\",\"b\":\"1B\",\"reason\":\"so\","
	    "\"actor\":\"human:mallory\"}");
	events = talk_ask(st, "GET", "/v1/events", "");
	if (!strstr(events, want))
		fail_msg("no %s in %s", want, events);
	assert_null(strstr(events, "\"actor\":\"human:mallory\",\"entity\""));
}

/* What PROGRAM got for an answer, with the loop turning meanwhile; the caller frees it. */
static char *
answer_of(struct stage *st, const char *name)
{
	for (int i = 0;; i++) {
		char *text = stage_read(st, name);

		if (text && strstr(text, "\r\n\r\n") &&
		    strchr(strstr(text, "\r\n\r\n"), '}'))
			return text;
		free(text);
		stage_turn(st, i, name);
	}
}

/* A copy of a shell that is called like a holder, as another repository's would be. */
static char *
fake_holder(struct stage *st)
{
	AUTO_FREE char *command = NULL;
	char *path = stage_path(st, "divisi-hold");

	command = xasprintf("cp \"$(readlink -f /bin/sh)\" '%s'", path);
	assert_int_equal(system(command), 0);
	return path;
}

static pid_t
run(const char *program, const char *script)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		execl(program, program, "-c", script, (char *)NULL);
		_exit(126);
	}
	return pid;
}

/* Holds SCRIPT as an agent without a fence, in a run directory that no engine knows. */
static void
run_held(struct stage *st, const char *script)
{
	AUTO_FREE char *dir = stage_path(st, "runs/stray");
	struct run_spec spec = { .run = xstrdup("stray"), .cwd = xstrdup(st->dir) };
	const char *const args[] = { "/bin/sh", "-c", script };

	for (size_t i = 0; i < N_ELEMS(args); i++)
		run_spec_add_arg(&spec, args[i]);
	run_spec_add_env(&spec, "PATH", "/usr/bin:/bin");
	assert_int_equal(rundir_write_spec(dir, &spec, NULL), 0);
	run_spec_clear(&spec);
	assert_int_equal(
	    executor_local.start(dir, getenv("DIVISI_TEST_HOLD"), NULL), 0);
}

/* CONTRACTS 1: below a holder nobody is the human, in whatever repository. */
static void
an_agent_of_another_repository_is_no_person(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *holder = fake_holder(st), *script = NULL, *answer = NULL;
	AUTO_FREE char *before = core_dump(st->engine->core), *after = NULL;
	pid_t pid;

	script = xasprintf(
	    "'%s' --ask '%s' /v1/order/assert "
	    "'{\"path\":\"/p\",\"a\":\"1\",\"b\":\"2\",\"reason\":\"so\"}' "
	    "'%s/answer'; exit 0",
	    self, st->home, st->dir);
	pid = run(holder, script);
	answer = answer_of(st, "answer");
	assert_int_equal(talk_status(answer), 403);
	assert_non_null(strstr(answer, "\"code\":\"G11\""));
	assert_non_null(strstr(answer, "an agent never acts as a person"));
	after = core_dump(st->engine->core);
	assert_string_equal(before, after);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
an_agent_may_not_stop_the_server(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *holder = fake_holder(st), *script = NULL, *answer = NULL;
	pid_t pid;

	script = xasprintf("'%s' --ask '%s' /v1/stop '{}' '%s/answer'; exit 0", self,
	    st->home, st->dir);
	pid = run(holder, script);
	answer = answer_of(st, "answer");
	assert_int_equal(talk_status(answer), 403);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* It asks and is gone before it can be looked at: nobody vouches for it. */
static void
who_is_gone_before_it_is_looked_at_is_no_person(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *script = xasprintf(
	    "'%s' --tell '%s' /v1/order/assert "
	    "'{\"path\":\"/p\",\"a\":\"1\",\"b\":\"2\",\"reason\":\"so\"}'",
	    self, st->home);
	pid_t pid = run("/bin/sh", script);
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid); /* before the server looks */
	assert_int_equal(status, 0);
	for (int i = 0; i < 20; i++)
		stage_turn(st, i, "twenty turns");
	assert_int_equal(st->engine->core->n_assertions, 0);
}

/*
 * An agent without a fence can kill its holder, and what it detached before has no parent then
 * that tells whose it is: its mark does (base/mark.h), whatever it cleaned away.
 */
static void
what_a_killed_holder_left_is_no_person(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *script = NULL, *answer = NULL, *before = NULL, *after = NULL;

	if (!getenv("DIVISI_TEST_HOLD"))
		skip();
	script = xasprintf(
	    "holder=$PPID; (env -i setsid /bin/sh -c '(trap \"\" HUP TERM; cd /; "
	    "while kill -0 '$holder' 2>/dev/null; do sleep 0.01; done; "
	    "exec %s --ask %s /v1/order/assert "
	    "\"{\\\"path\\\":\\\"/p\\\",\\\"a\\\":\\\"1\\\",\\\"b\\\":\\\"2\\\","
	    "\\\"reason\\\":\\\"so\\\"}\" %s/answer) &' &) ; "
	    "sleep 0.1; kill -9 $holder; sleep 100",
	    self, st->home, st->dir);
	before = core_dump(st->engine->core);
	run_held(st, script);
	answer = answer_of(st, "answer");
	assert_int_equal(talk_status(answer), 403);
	assert_non_null(strstr(answer, "an agent never acts as a person"));
	after = core_dump(st->engine->core);
	assert_string_equal(before, after);
}

/* What a job of ours runs is a command on agents' work, and no person either. */
static void
what_we_started_is_no_person(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *script = NULL, *answer = NULL;
	pid_t pid;

	script = xasprintf(
	    "'%s' --ask '%s' /v1/order/assert "
	    "'{\"path\":\"/p\",\"a\":\"1\",\"b\":\"2\",\"reason\":\"so\"}' "
	    "'%s/answer'; exit 0",
	    self, st->home, st->dir);
	pid = run("/bin/sh", script);
	answer = answer_of(st, "answer");
	assert_int_equal(talk_status(answer), 403);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A world of processes that is not below ours shows no pid. */
static void
who_has_no_pid_here_is_no_person(void **state)
{
	struct stage *st = *state;
	struct caller caller;

	engine_identify(st->engine, 0, geteuid(), &caller);
	assert_string_equal(caller.session, "?");
}

/* An agent of ours is its session: it reads its own work and orders nothing. */
static void
an_agent_below_our_holder_is_its_session(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *script = NULL, *approve = NULL, *mine = NULL, *theirs = NULL;
	AUTO_FREE char *go = NULL;
	struct caller caller;

	if (strcmp(st->holder, "no-holder") == 0 || !getenv("DIVISI_TEST_HOLD"))
		skip();
	script = xasprintf(
	    "echo '{\"type\":\"started\"}'; until [ -e '%s/go' ]; do sleep 0.01; done; "
	    "(setsid '%s' --ask '%s' /v1/order/approve '{\"hash\":\"hash0001\"}' '%s/a1');"
	    "'%s' --ask '%s' /v1/order/diff '{\"session\":\"1A\"}' '%s/a2';"
	    "'%s' --ask '%s' /v1/order/diff '{\"session\":\"1B\"}' '%s/a3'; sleep 100",
	    st->dir, self, st->home, st->dir, self, st->home, st->dir, self, st->home,
	    st->dir);
	go = path_join(st->dir, "go");
	stage_plan(st, "1A", script);
	stage_approve(st);
	/* Until its holder is known a caller is nobody; here it is to be told by name. */
	STAGE_UNTIL(st, TAILQ_FIRST(&st->engine->followers) &&
			    TAILQ_FIRST(&st->engine->followers)->holder.pid > 0);
	assert_int_equal(file_write_atomic(go, "", 0, 0600, NULL), 0);
	approve = answer_of(st, "a1");
	assert_int_equal(talk_status(approve), 403);
	assert_non_null(strstr(approve, "session:p1.1.1A may not approve"));
	mine = answer_of(st, "a2");
	assert_int_equal(talk_status(mine), 202);
	theirs = answer_of(st, "a3");
	assert_int_equal(talk_status(theirs), 404);
	engine_identify(st->engine, getpid(), geteuid(), &caller);
	assert_string_equal(caller.session, "");
	HAPPENS(st, HAP_ABANDONED, "session", "p1.1.1A", "reason", "enough");
	STAGE_UNTIL(st, TAILQ_EMPTY(&st->engine->followers));
}

/* The client of the tests above: asks with its own identity and writes the answer down. */
static int
client(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_FREE char *request = xasprintf(
	    "POST %s HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
	    argv[3], strlen(argv[4]), argv[4]);
	AUTO_FREE char *part = NULL;
	char buf[65536];
	size_t n = 0;
	ssize_t got;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", argv[2]);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    file_write_all(fd, request, strlen(request)) < 0)
		return 1;
	if (argc < 6)
		return 0;
	while (n < sizeof(buf) && (got = read(fd, buf + n, sizeof(buf) - n)) > 0)
		n += (size_t)got;
	close(fd);
	return file_write_atomic(argv[5], buf, n, 0600, NULL) < 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(a_person_is_named_by_the_socket),
		SERVER_TEST(an_agent_of_another_repository_is_no_person),
		SERVER_TEST(an_agent_may_not_stop_the_server),
		SERVER_TEST(who_is_gone_before_it_is_looked_at_is_no_person),
		SERVER_TEST(what_a_killed_holder_left_is_no_person),
		SERVER_TEST(what_we_started_is_no_person),
		SERVER_TEST(who_has_no_pid_here_is_no_person),
		SERVER_TEST(an_agent_below_our_holder_is_its_session),
	};

	if (argc > 4)
		return client(argc, argv);
	self = realpath("/proc/self/exe", NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
