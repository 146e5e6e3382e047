#include "web/hooks.h"

#include "base/log.h"
#include "base/mem.h"
#include "web/payload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define HEADER_BYTES (32 * 1024)

/* One connection as it was first seen: a socket's inode is its own. */
struct seen {
	ino_t inode;
	time_t since;
};

struct hooks {
	struct evhttp *http;
	const struct hooks_opts *opts;
	struct event *sweep;
	struct evconnlistener *listener;
	struct seen seen[HOOKS_CONNECTIONS + 64]; /* by descriptor */
	struct hooks_count count;
	int port, own_fd;
};

static void
answer(struct evhttp_request *req, int status, const char *word, const char *text)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct evbuffer *body = evbuffer_new();

	/* TEXT is ours, or was cut to letters that JSON takes as they are. */
	evbuffer_add_printf(body, "{\"%s\": \"", word);
	for (const char *p = text; *p; p++) {
		if (*p >= ' ' && *p <= '~' && *p != '"' && *p != '\\')
			evbuffer_add(body, p, 1);
	}
	evbuffer_add_printf(body, "\"}\n");
	evhttp_add_header(headers, "Content-Type", "application/json");
	evhttp_add_header(headers, "Connection", "close");
	evhttp_send_reply(req, status, NULL, body);
	evbuffer_free(body);
}

static void
refuse_it(struct hooks *hooks, struct evhttp_request *req, int status, const char *why)
{
	hooks->count.refused++;
	log_info("webhook refused: %s", why);
	answer(req, status, "error", why);
}

/* The sender that the path means, whose secret is known; -1. */
static int
sender_asked(const struct hooks *hooks, struct evhttp_request *req)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	int sender = path && path[0] == '/' ? sender_of(path + 1) : -1;

	return sender >= 0 && hooks->opts->secret[sender] ? sender : -1;
}

static void
take(struct hooks *hooks, struct evhttp_request *req, const struct delivery *d)
{
	int64_t now = hooks->opts->now();
	struct fields raw = { 0 };
	struct err err = ERR_INIT;
	char what[96] = "it is of no interest";
	int rc;

	if (delivery_check(d, hooks->opts->secret[d->sender], now, &err) < 0) {
		refuse_it(hooks, req, 401, err.text);
		return;
	}
	rc = payload_read(d, now, &raw, what, &err);
	if (rc < 0) {
		refuse_it(hooks, req, err.kind == ERR_REFUSED ? 401 : 400, err.text);
	} else if (rc == 0 ||
		   (rc = hooks->opts->take(hooks->opts->arg, &raw, &err)) == 0) {
		hooks->count.skipped++;
		answer(req, 202, "ignored", what);
	} else if (rc < 0) {
		hooks->count.failed++;
		log_warn("webhook not kept: %s", err.text);
		answer(req, 503, "error", "not kept: send it again");
	} else {
		hooks->count.taken++;
		answer(req, 202, "accepted", fields_text(&raw, "delivery"));
	}
	fields_clear(&raw);
}

static void
on_delivery(struct evhttp_request *req, void *arg)
{
	struct hooks *hooks = arg;
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	struct evbuffer *buf = evhttp_request_get_input_buffer(req);
	const char *encoding = evhttp_find_header(in, "Content-Encoding");
	int sender = sender_asked(hooks, req);
	const struct sender_doc *doc = sender >= 0 ? sender_doc((enum sender)sender)
						   : NULL;
	struct delivery d = { .n_body = evbuffer_get_length(buf) };
	AUTO_FREE char *body = NULL;

	if (!doc) {
		refuse_it(hooks, req, 404, "no such source is set up here");
		return;
	}
	if (evhttp_request_get_command(req) != EVHTTP_REQ_POST) {
		refuse_it(hooks, req, 405, "deliveries are posted");
		return;
	}
	if (encoding && strcasecmp(encoding, "identity") != 0) {
		refuse_it(hooks, req, 415, "a compressed body is not read");
		return;
	}
	body = xmalloc(d.n_body + 1);
	evbuffer_copyout(buf, body, d.n_body);
	body[d.n_body] = '\0';
	d.sender = (enum sender)sender;
	d.body = body;
	d.signature = evhttp_find_header(in, doc->signature);
	d.id = doc->id ? evhttp_find_header(in, doc->id) : NULL;
	d.event = doc->event ? evhttp_find_header(in, doc->event) : NULL;
	d.timestamp = evhttp_find_header(in, "webhook-timestamp");
	take(hooks, req, &d);
}

/*
 * evhttp's limit of time begins anew with each byte.  Whoever has sent for longer than any
 * sender needs is cut off, however it drips.
 */
static void
on_sweep(evutil_socket_t none, short what, void *arg)
{
	struct hooks *hooks = arg;
	struct timespec now;

	(void)none;
	(void)what;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (int fd = 3; fd < (int)N_ELEMS(hooks->seen); fd++) {
		struct seen *seen = &hooks->seen[fd];
		struct sockaddr_storage peer;
		socklen_t n = sizeof(peer);
		struct stat st;

		if (fd == hooks->own_fd || fstat(fd, &st) < 0 ||
		    !S_ISSOCK(st.st_mode) ||
		    getpeername(fd, (struct sockaddr *)&peer, &n) < 0 ||
		    (peer.ss_family != AF_INET && peer.ss_family != AF_INET6)) {
			*seen = (struct seen){ 0 };
		} else if (seen->inode != st.st_ino) {
			*seen = (struct seen){ st.st_ino, now.tv_sec };
		} else if (now.tv_sec - seen->since >= HOOKS_SECONDS) {
			log_info("webhook refused: its sender is too slow");
			hooks->count.refused++;
			(void)shutdown(fd, SHUT_RDWR);
			*seen = (struct seen){ 0 };
		}
	}
	/* Accepting stopped for want of descriptors: the sweep freed some. */
	evconnlistener_enable(hooks->listener);
}

static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener);
}

/* ---- the address ----------------------------------------------------------------------- */

static int
read_address(
    const char *address, struct sockaddr_storage *to, socklen_t *n, struct err *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
	const char *colon = strrchr(address, ':');
	char host[64] = "127.0.0.1", *end = NULL;
	long port = strtol(colon ? colon + 1 : address, &end, 10);

	*to = (struct sockaddr_storage){ 0 };
	if (colon && colon - address < (ptrdiff_t)sizeof(host))
		snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	if (*end || end == (colon ? colon + 1 : address) || port < 0 || port > 65535)
		return err_set(err, ERR_USAGE, "'%.60s' is no HOST:PORT", address);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 &&
	    ntohl(v4->sin_addr.s_addr) >> 24 == 127) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*n = sizeof(*v4);
		return 0;
	}
	if (strcmp(host, "[::1]") == 0) {
		v6->sin6_family = AF_INET6;
		v6->sin6_addr = in6addr_loopback;
		v6->sin6_port = htons((uint16_t)port);
		*n = sizeof(*v6);
		return 0;
	}
	err_set(err, ERR_USAGE, "%.60s is no loopback address", address);
	return err_fix(
	    err, "use 127.0.0.1:PORT, and a proxy that speaks TLS before it");
}

static int
listen_on(
    struct hooks *hooks, struct event_base *base, const char *address, struct err *err)
{
	struct sockaddr_storage addr;
	socklen_t n = 0;

	if (read_address(address, &addr, &n, err) < 0)
		return -1;
	hooks->listener = evconnlistener_new_bind(base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128,
	    (struct sockaddr *)&addr, (int)n);
	if (!hooks->listener)
		return err_set(err, ERR_CONFLICT, "cannot listen on %.60s: %s", address,
		    strerror(errno));
	hooks->own_fd = evconnlistener_get_fd(hooks->listener);
	n = sizeof(addr);
	if (getsockname(hooks->own_fd, (struct sockaddr *)&addr, &n) == 0)
		hooks->port = ntohs(addr.ss_family == AF_INET
					? ((struct sockaddr_in *)&addr)->sin_port
					: ((struct sockaddr_in6 *)&addr)->sin6_port);
	if (!evhttp_bind_listener(hooks->http, hooks->listener))
		return err_set(err, ERR_SYSTEM, "cannot serve on %.60s", address);
	evconnlistener_set_error_cb(hooks->listener, on_accept_error);
	return 0;
}

struct hooks *
hooks_new(struct event_base *base, const char *address, const struct hooks_opts *opts,
    struct err *err)
{
	struct rlimit files = { HOOKS_CONNECTIONS, HOOKS_CONNECTIONS };
	struct hooks *hooks = xcalloc(1, sizeof(*hooks));

	hooks->opts = opts;
	hooks->own_fd = -1;
	hooks->http = evhttp_new(base);
	if (listen_on(hooks, base, address, err) < 0) {
		hooks_free(hooks);
		return NULL;
	}
	/* So many connections at once and no more, whatever each of them holds. */
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_warn("connections are not limited: %s", strerror(errno));
	evhttp_set_max_headers_size(hooks->http, HEADER_BYTES);
	evhttp_set_max_body_size(hooks->http, HOOKS_BODY_BYTES);
	evhttp_set_timeout(hooks->http, HOOKS_SECONDS / 2);
	evhttp_set_gencb(hooks->http, on_delivery, hooks);
	hooks->sweep = event_new(base, -1, EV_PERSIST, on_sweep, hooks);
	event_add(hooks->sweep, &(struct timeval){ .tv_sec = 1 });
	return hooks;
}

void
hooks_free(struct hooks *hooks)
{
	if (!hooks)
		return;
	if (hooks->sweep)
		event_free(hooks->sweep);
	evhttp_free(hooks->http); /* and the listener, once it is bound to it */
	free(hooks);
}

int
hooks_port(const struct hooks *hooks)
{
	return hooks->port;
}

const struct hooks_count *
hooks_count(const struct hooks *hooks)
{
	return &hooks->count;
}
