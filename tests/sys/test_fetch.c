/* The client against a server that answers what each test tells it to. */
#include "sys/fetch.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char top[40];
	char *sock;
	pid_t server;
};

/* In the server: one request is read up to its blank line and the body behind it. */
static void
read_request(int peer, char *buf, size_t size)
{
	size_t n = 0, want = 0;

	while (n + 1 < size) {
		ssize_t got = read(peer, buf + n, size - 1 - n);
		char *blank, *length;

		if (got <= 0)
			break;
		n += (size_t)got;
		buf[n] = '\0';
		blank = strstr(buf, "\r\n\r\n");
		length = strstr(buf, "Content-Length: ");
		if (!blank)
			continue;
		want = (size_t)(blank + 4 - buf) +
		       (length ? strtoul(length + 16, NULL, 10) : 0);
		if (n >= want)
			break;
	}
}

/* Answers each request of one connection with the next of ANSWERS, then hangs up. */
static void
serve(int listener, const char *log, const char *const *answers)
{
	int peer = accept(listener, NULL, NULL);
	int log_fd = open(log, O_WRONLY | O_CREAT, 0600);
	char buf[65536];

	for (; *answers; answers++) {
		read_request(peer, buf, sizeof(buf));
		(void)!write(log_fd, buf, strlen(buf));
		(void)!write(peer, *answers, strlen(*answers));
	}
}

static void
place_open(struct place *p, const char *const *answers)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_FREE char *log = NULL;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_FD int dir_fd = -1;
	char deep[140];

	strcpy(p->top, "/tmp/divisi-fetch-XXXXXX");
	assert_non_null(mkdtemp(p->top));
	/* Deeper than any socket address. */
	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	p->sock = xasprintf("%s/%s/sock", p->top, deep);
	log = xasprintf("%s/%s", p->top, deep);
	assert_int_equal(file_mkdirs(log, 0700, NULL), 0);
	dir_fd = open(log, O_PATH | O_DIRECTORY);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/sock", dir_fd);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 4), 0);
	p->server = fork();
	if (p->server == 0) {
		free(log);
		log = path_join(p->top, "log");
		serve(listener, log, answers);
		_exit(0);
	}
	close(listener);
}

static void
place_close(struct place *p)
{
	kill(p->server, SIGKILL);
	assert_int_equal(waitpid(p->server, NULL, 0), p->server);
	assert_int_equal(file_remove_tree(p->top, NULL), 0);
	free(p->sock);
}

static struct fetch *
open_client(const struct place *p)
{
	struct err err = ERR_INIT;
	struct fetch *fetch = fetch_open(p->sock, &err);

	if (!fetch)
		fail_msg("%s", err.text);
	return fetch;
}

static void
a_request_goes_out_and_its_answer_comes_back(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 409 Conflict\r\nContent-Length: 13\r\n\r\n{\"error\":\"x\"}",
		"HTTP/1.1 204 No Content\r\n\r\n", NULL
	};
	AUTO_FREE char *log_path = NULL;
	AUTO_FREE char *log = NULL;
	struct fetch_reply reply;
	struct fetch *fetch;
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(
	    fetch_json(fetch, "GET", "/v1/../a?b=c%20d", NULL, &reply, &err), 0);
	assert_int_equal(reply.status, 409);
	assert_string_equal(reply.body, "{\"error\":\"x\"}");
	assert_int_equal(reply.n_body, 13);
	fetch_reply_clear(&reply);
	/* The second GET uses the same connection: the server accepts only one. */
	assert_int_equal(fetch_json(fetch, "GET", "/v1/b", NULL, &reply, &err), 0);
	assert_int_equal(reply.status, 204);
	assert_string_equal(reply.body, "");
	fetch_reply_clear(&reply);
	fetch_close(fetch);
	log_path = path_join(p.top, "log");
	log = file_read(log_path, 100000, NULL, NULL);
	assert_non_null(strstr(log, "GET /v1/../a?b=c%20d HTTP/1.1\r\n"));
	assert_non_null(strstr(log, "GET /v1/b HTTP/1.1\r\n"));
	place_close(&p);
}

static void
a_body_is_sent_as_json(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", NULL
	};
	AUTO_FREE char *log_path = NULL;
	AUTO_FREE char *log = NULL;
	struct fetch_reply reply;
	struct fetch *fetch;
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(
	    fetch_json(fetch, "POST", "/v1/a", "{\"n\":1}", &reply, &err), 0);
	fetch_reply_clear(&reply);
	fetch_close(fetch);
	log_path = path_join(p.top, "log");
	log = file_read(log_path, 100000, NULL, NULL);
	assert_non_null(strstr(log, "POST /v1/a HTTP/1.1\r\n"));
	assert_non_null(strstr(log, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(log, "\r\n\r\n{\"n\":1}"));
	assert_null(strstr(log, "Expect"));
	place_close(&p);
}

/* Collects lines into a string with '|' between them; stops at the line "stop". */
static int
on_line(const char *line, size_t n, void *arg)
{
	char *all = arg;

	assert_int_equal(strlen(line), n);
	strcat(strcat(all, line), "|");
	return strcmp(line, "stop") == 0;
}

static void
a_stream_is_handed_over_line_by_line(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\none\nt\r\n6\r\nwo\r\n\nt\r\n4\r\nhree\r\n0\r\n\r\n",
		NULL
	};
	struct fetch_reply reply;
	struct fetch *fetch;
	char all[100] = "";
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(
	    fetch_stream(fetch, "/v1/events", on_line, all, &reply, &err), 0);
	assert_string_equal(all, "one|two||three|");
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.n_body, 0);
	fetch_reply_clear(&reply);
	fetch_close(fetch);
	place_close(&p);
}

static void
a_stream_ends_when_the_reader_has_enough(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\none\nstop\ntwo\n", NULL
	};
	struct fetch_reply reply;
	struct fetch *fetch;
	char all[100] = "";
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(
	    fetch_stream(fetch, "/v1/events", on_line, all, &reply, &err), 0);
	assert_string_equal(all, "one|stop|");
	fetch_reply_clear(&reply);
	fetch_close(fetch);
	place_close(&p);
}

static void
a_refused_stream_gives_its_body(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nno\nt", NULL
	};
	struct fetch_reply reply;
	struct fetch *fetch;
	char all[100] = "";
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(
	    fetch_stream(fetch, "/v1/events", on_line, all, &reply, &err), 0);
	assert_string_equal(all, "");
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply.body, "no\nt");
	fetch_reply_clear(&reply);
	fetch_close(fetch);
	place_close(&p);
}

static void
a_server_that_goes_away_is_told_from_one_that_never_was(void **state)
{
	static const char *const answers[] = { "", NULL };
	struct fetch_reply reply;
	struct fetch *fetch;
	struct place p;
	siginfo_t info;
	struct err err;

	assert_null(fetch_open("/no/such/sock", &err));
	assert_int_equal(err.kind, ERR_NO_SERVER);
	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(fetch_json(fetch, "POST", "/v1/a", "{}", &reply, &err), -1);
	assert_int_equal(err.kind, ERR_NO_SERVER);
	assert_int_equal(err.sys_errno, 0);
	/* Once it has ended the socket file is still there. */
	assert_int_equal(waitid(P_PID, (id_t)p.server, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(fetch_json(fetch, "GET", "/v1/a", NULL, &reply, &err), -1);
	assert_int_equal(err.kind, ERR_NO_SERVER);
	assert_int_not_equal(err.sys_errno, 0);
	fetch_close(fetch);
	fetch_close(NULL);
	place_close(&p);
}

static void
what_is_no_http_is_refused(void **state)
{
	static const char *const answers[] = { "SSH-2.0-OpenSSH\r\n\r\n", NULL };
	struct fetch_reply reply;
	struct fetch *fetch;
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	assert_int_equal(fetch_json(fetch, "GET", "/v1/a", NULL, &reply, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	fetch_close(fetch);
	place_close(&p);
}

static void
a_silent_server_meets_the_time_limit(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "", NULL
	};
	struct fetch_reply reply;
	struct fetch *fetch;
	struct place p;
	struct err err;

	place_open(&p, answers);
	fetch = open_client(&p);
	fetch_limit(fetch, 50);
	assert_int_equal(fetch_json(fetch, "GET", "/v1/a", NULL, &reply, &err), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	fetch_close(fetch);
	place_close(&p);
}

static void
what_is_escaped_is_plain(void **state)
{
	AUTO_FREE char *text = fetch_escape("a/b c?d=\xC3\xA9&~-_.9");

	assert_string_equal(text, "a%2Fb%20c%3Fd%3D%C3%A9%26~-_.9");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_goes_out_and_its_answer_comes_back),
		cmocka_unit_test(a_body_is_sent_as_json),
		cmocka_unit_test(a_stream_is_handed_over_line_by_line),
		cmocka_unit_test(a_stream_ends_when_the_reader_has_enough),
		cmocka_unit_test(a_refused_stream_gives_its_body),
		cmocka_unit_test(
		    a_server_that_goes_away_is_told_from_one_that_never_was),
		cmocka_unit_test(what_is_no_http_is_refused),
		cmocka_unit_test(a_silent_server_meets_the_time_limit),
		cmocka_unit_test(what_is_escaped_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
