#include "talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct server *talk_server;

int
talk_setup(void **state)
{
	struct stage *st;
	struct err err = ERR_INIT;

	if (stage_setup(state) < 0)
		return -1;
	st = *state;
	talk_server = server_new(st->base, st->engine, st->home, &err);
	return talk_server ? 0 : -1;
}

int
talk_teardown(void **state)
{
	server_free(talk_server);
	talk_server = NULL;
	return stage_teardown(state);
}

int
talk_dial(const char *home)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", home);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		fail_msg("%s: %s", addr.sun_path, strerror(errno));
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

void
talk_take(struct reply *r, int fd)
{
	for (;;) {
		ssize_t got;

		if (r->cap - r->n < 65536) {
			r->cap = r->cap * 2 + 65536;
			r->text = xreallocarray(r->text, r->cap + 1, 1);
		}
		got = read(fd, r->text + r->n, r->cap - r->n);
		if (got > 0)
			r->n += (size_t)got;
		r->text[r->n] = '\0';
		r->is_closed |= got == 0 || (got < 0 && errno != EAGAIN);
		if (got <= 0)
			return;
	}
}

static bool
is_whole(const struct reply *r)
{
	const char *body = r->text ? strstr(r->text, "\r\n\r\n") : NULL;
	const char *length = r->text ? strcasestr(r->text, "content-length:") : NULL;

	if (r->is_closed)
		return true;
	if (!body || !length)
		return false;
	return strlen(body + 4) >= strtoul(length + 15, NULL, 10);
}

void
talk_put(struct stage *st, int fd, const char *data, size_t n)
{
	for (int i = 0; n > 0; i++) {
		ssize_t put = send(fd, data, n, MSG_NOSIGNAL);

		if (put < 0 && errno != EAGAIN)
			return;
		if (put > 0) {
			data += put;
			n -= (size_t)put;
		}
		stage_turn(st, i, "the request is taken");
	}
}

/* Sends REQUEST of N bytes and returns all that is answered; the caller frees it. */
char *
talk_bytes(struct stage *st, const char *request, size_t n)
{
	int fd = talk_dial(st->home);
	struct reply r = { 0 };

	talk_put(st, fd, request, n);
	for (int i = 0; !is_whole(&r); i++) {
		stage_turn(st, i, "an answer");
		talk_take(&r, fd);
	}
	close(fd);
	return r.text;
}

char *
talk_ask(struct stage *st, const char *method, const char *target, const char *body)
{
	AUTO_FREE char *request = xasprintf(
	    "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", method,
	    target, strlen(body), body);

	return talk_bytes(st, request, strlen(request));
}

int
talk_status(const char *reply)
{
	return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? (int)strtol(reply + 9, NULL, 10)
						   : -1;
}

void
talk_answers(struct stage *st, int status, const char *words, const char *method,
    const char *target, const char *body)
{
	AUTO_FREE char *reply = talk_ask(st, method, target, body);

	if (talk_status(reply) != status || !strstr(reply, words))
		fail_msg("%s %s: not %d with '%s' but\n%.600s", method, target, status,
		    words, reply);
}
