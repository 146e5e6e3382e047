#include "web/server.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/record.h"
#include "web/listen.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_BYTES        (16L * 1024 * 1024)
#define EVENTS_PER_ANSWER 5000
#define EVENTS_BYTES      (1u << 20) /* an answer ends with the row that passes this */
#define STREAM_BYTES      (1u << 18) /* unread; then the journal is the queue */

#ifndef SO_PEERPIDFD /* of Linux 6.5, newer than the headers */
#define SO_PEERPIDFD 77
#endif

/* A client that follows the journal. */
struct stream {
	TAILQ_ENTRY(stream) link;
	struct server *server;
	struct evhttp_request *req;
	int64_t after;
	bool is_full; /* its reader is slow: more when it has read what there is */
};

struct server {
	struct engine *engine;
	struct evhttp *http;
	struct event_base *base;
	const struct server_about *about; /* NULL: it says nothing of itself */
	int home_fd;
	int64_t last_request;
	TAILQ_HEAD(stream_list, stream) streams;
};

typedef void route_fn(struct server *server, struct evhttp_request *req);

static void
answer_text(struct evhttp_request *req, int status, const char *json)
{
	struct evbuffer *body = evbuffer_new();

	evbuffer_add_printf(body, "%s\n", json);
	evhttp_add_header(
	    evhttp_request_get_output_headers(req), "Content-Type", "application/json");
	evhttp_send_reply(req, status, NULL, body);
	evbuffer_free(body);
}

static void
answer_json(struct evhttp_request *req, int status, struct json_object *o)
{
	answer_text(req, status,
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
answer_fields(struct evhttp_request *req, int status, const struct fields *fields)
{
	AUTO_FREE char *text = fields_to_json(fields);

	answer_text(req, status, text);
}

/* An error, with whatever else is known (notes of a refused dispatch). */
static void
answer_err(struct evhttp_request *req, const struct err *err, const struct fields *more)
{
	struct fields f = { 0 };

	if (more)
		fields_copy(&f, more);
	fields_put_err(&f, err);
	answer_fields(req, err_http_status(err->kind), &f);
	fields_clear(&f);
}

/*
 * Is the process that connected FD gone?  Another may have its pid then.  Before Linux 6.5
 * nobody can tell: false.
 */
static bool
peer_is_gone(int fd)
{
	AUTO_FD int pid_fd = -1;
	struct pollfd p = { .events = POLLIN };
	socklen_t n = sizeof(p.fd);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &p.fd, &n) < 0)
		return errno != ENOPROTOOPT;
	pid_fd = p.fd;
	return poll(&p, 1, 0) > 0;
}

static void
identify(struct server *server, struct evhttp_request *req, struct caller *caller)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(req));
	struct ucred peer = { .pid = 0, .uid = (uid_t)-1 };
	socklen_t n = sizeof(peer);
	int fd = bufferevent_getfd(bev);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		log_warn("no peer credentials: %s", strerror(errno));
	engine_identify(server->engine, peer.pid, peer.uid, caller);
	if (caller->session[0] == '\0' && peer_is_gone(fd))
		engine_identify(server->engine, 0, peer.uid, caller);
}

static int64_t
query_number(struct evhttp_request *req, const char *name, int64_t fallback)
{
	struct evkeyvalq query = { 0 };
	const char *raw = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
	const char *value;
	int64_t number = fallback;

	if (!raw || evhttp_parse_query_str(raw, &query) < 0)
		return fallback;
	value = evhttp_find_header(&query, name);
	if (value)
		number = strtoll(value, NULL, 10);
	evhttp_clear_headers(&query);
	return number;
}

static void
get_server(struct server *server, struct evhttp_request *req)
{
	static const struct server_about nobody = { .version = "", .program = "" };
	const struct server_about *about = server->about ? server->about : &nobody;
	struct fields f = { 0 };

	fields_set(&f, "version", about->version);
	fields_set(&f, "program", about->program);
	fields_set_number(&f, "pid", getpid());
	fields_set_number(&f, "started_at", about->started_at);
	fields_set_number(&f, "replaced", about->is_replaced);
	fields_set_number(&f, "working", engine_has_work(server->engine));
	answer_fields(req, 200, &f);
	fields_clear(&f);
}

static void
get_status(struct server *server, struct evhttp_request *req)
{
	AUTO_JSON struct json_object *o = NULL;
	struct caller caller;

	identify(server, req, &caller);
	o = engine_status_for(server->engine, &caller);
	answer_json(req, 200, o);
}

/* An agent sees its own session; all of the journal is for people (CONTRACTS 1). */
static bool
is_for_people(struct server *server, struct evhttp_request *req)
{
	struct err err = ERR_INIT;
	struct caller caller;

	identify(server, req, &caller);
	if (caller.session[0] == '\0')
		return true;
	err_set(&err, ERR_REFUSED, "%s sees its own session only", caller.actor);
	err_fix(&err, "divisi status");
	answer_err(req, &err, NULL);
	return false;
}

/* What concerns all of the repository, made by FN. */
static void
answer_people(struct server *server, struct evhttp_request *req,
    struct json_object *(*fn)(struct engine *engine))
{
	AUTO_JSON struct json_object *o = NULL;

	if (!is_for_people(server, req))
		return;
	o = fn(server->engine);
	answer_json(req, 200, o);
}

static void
get_state(struct server *server, struct evhttp_request *req)
{
	answer_people(server, req, engine_state);
}

static void
get_approvals(struct server *server, struct evhttp_request *req)
{
	answer_people(server, req, engine_approvals);
}

static void
get_feedback(struct server *server, struct evhttp_request *req)
{
	answer_people(server, req, engine_feedback);
}

static void
get_why(struct server *server, struct evhttp_request *req)
{
	struct evkeyvalq query = { 0 };
	const char *raw = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
	const char *name = NULL;
	struct err err = ERR_INIT;
	struct caller caller;
	AUTO_JSON struct json_object *o = NULL;

	if (raw && evhttp_parse_query_str(raw, &query) == 0)
		name = evhttp_find_header(&query, "of");
	identify(server, req, &caller);
	if (engine_may_see(server->engine, &caller, name ? name : "", &err))
		o = engine_why(server->engine, name ? name : "", &err);
	if (o)
		answer_json(req, 200, o);
	else
		answer_err(req, &err, NULL);
	evhttp_clear_headers(&query);
}

struct sink {
	struct evbuffer *out;
	int64_t last;
	int n;
};

static int
add_event(const char *line, void *arg)
{
	struct sink *sink = arg;

	evbuffer_add_printf(sink->out, "%s\n", line);
	sink->last = strtoll(strchr(line, ':') + 1, NULL, 10);
	return ++sink->n >= EVENTS_PER_ANSWER ||
	       evbuffer_get_length(sink->out) >= EVENTS_BYTES;
}

static void
stream_end(struct stream *s)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(s->req);

	TAILQ_REMOVE(&s->server->streams, s, link);
	/* A connection that failed has let its request go already: ending it frees it. */
	if (conn)
		evhttp_connection_set_closecb(conn, NULL, NULL);
	evhttp_send_reply_end(s->req);
	free(s);
}

/* evhttp leaks an unfinished chunked reply unless it is ended from here (HOUSE 8.1). */
static void
on_stream_closed(struct evhttp_connection *conn, void *arg)
{
	(void)conn;
	stream_end(arg);
}

static void stream_more(struct stream *s);

static void
on_stream_read(struct evhttp_connection *conn, void *arg)
{
	struct stream *s = arg;

	(void)conn;
	s->is_full = false;
	stream_more(s);
}

static void
stream_more(struct stream *s)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(s->req));
	struct sink sink = { NULL, s->after, 0 };
	struct err err = ERR_INIT;

	if (s->is_full)
		return;
	sink.out = evbuffer_new();
	if (engine_events(s->server->engine, s->after, add_event, &sink, &err) < 0)
		log_warn("events: %s", err.text);
	s->after = sink.last;
	s->is_full = evbuffer_get_length(sink.out) +
			 evbuffer_get_length(bufferevent_get_output(bev)) >
		     STREAM_BYTES;
	s->is_full |= sink.n >= EVENTS_PER_ANSWER;
	if (sink.n > 0)
		evhttp_send_reply_chunk_with_cb(s->req, sink.out, on_stream_read, s);
	evbuffer_free(sink.out);
}

static void
on_journal_grew(void *arg)
{
	struct server *server = arg;
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&server->streams); s; s = next) {
		next = TAILQ_NEXT(s, link);
		stream_more(s);
	}
}

static void
get_events(struct server *server, struct evhttp_request *req)
{
	int64_t after = query_number(req, "after", 0);
	struct sink sink = { NULL, after, 0 };
	struct err err = ERR_INIT;
	struct stream *s;

	if (!is_for_people(server, req))
		return;
	evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type",
	    "application/x-ndjson");
	if (query_number(req, "follow", 0)) {
		s = xcalloc(1, sizeof(*s));
		s->server = server;
		s->req = req;
		s->after = after;
		TAILQ_INSERT_TAIL(&server->streams, s, link);
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(req), on_stream_closed, s);
		evhttp_send_reply_start(req, 200, NULL);
		stream_more(s);
		return;
	}
	sink.out = evbuffer_new();
	if (engine_events(server->engine, after, add_event, &sink, &err) < 0)
		answer_err(req, &err, NULL);
	else
		evhttp_send_reply(req, 200, NULL, sink.out);
	evbuffer_free(sink.out);
}

static void
get_op(struct server *server, struct evhttp_request *req)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	struct caller caller;
	int rc;

	identify(server, req, &caller);
	rc = engine_op(server->engine, strtoll(path + strlen("/v1/op/"), NULL, 10),
	    &caller, &out, &err);
	if (rc < 0)
		answer_err(req, &err, &out);
	else
		answer_fields(req, rc > 0 ? 202 : 200, &out);
	fields_clear(&out);
}

static void
post_order(struct server *server, struct evhttp_request *req)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	size_t n = evbuffer_get_length(body);
	AUTO_FREE char *text = xcalloc(1, n + 1);
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	struct caller caller;
	int rc;

	evbuffer_copyout(body, text, n);
	identify(server, req, &caller);
	rc = fields_of_json(&in, n ? text : "{}", &err);
	if (rc == 0)
		rc = engine_order(server->engine, path + strlen("/v1/order/"), &in,
		    &caller, &out, &err);
	if (rc < 0)
		answer_err(req, &err, &out);
	else
		answer_fields(req, rc > 0 ? 202 : 200, &out);
	fields_clear(&in);
	fields_clear(&out);
}

/* The guard hook waits for this one: nothing is written before it has its answer. */
static void
post_guard(struct server *server, struct evhttp_request *req)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	size_t n = evbuffer_get_length(body);
	AUTO_FREE char *text = xcalloc(1, n + 1);
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	struct caller caller;

	evbuffer_copyout(body, text, n);
	if (fields_of_json(&in, n ? text : "{}", &err) < 0) {
		answer_err(req, &err, NULL);
	} else {
		identify(server, req, &caller);
		engine_guard(server->engine, &in, &caller, &out);
		answer_fields(req, 200, &out);
	}
	fields_clear(&in);
	fields_clear(&out);
}

static void
post_stop(struct server *server, struct evhttp_request *req)
{
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	struct caller caller;

	identify(server, req, &caller);
	if (caller.session[0]) {
		err_set(&err, ERR_REFUSED, "an agent may not stop the server");
		answer_err(req, &err, NULL);
		return;
	}
	fields_set(&out, "stopping", "the server; agents go on");
	answer_fields(req, 200, &out);
	fields_clear(&out);
	event_base_loopexit(server->base, &(struct timeval){ .tv_usec = 50000 });
}

static const struct route {
	struct route_doc doc;
	enum evhttp_cmd_type type;
	bool is_prefix;
	route_fn *fn;
} routes[] = {
	{ { "GET", "/v1/status", "everything divisi status shows" }, EVHTTP_REQ_GET,
	    false, get_status },
	{ { "GET", "/v1/state", "the state for divisi replay: seq, sha256, dump" },
	    EVHTTP_REQ_GET, false, get_state },
	{ { "GET", "/v1/server", "which divisi serves: version, pid, program" },
	    EVHTTP_REQ_GET, false, get_server },
	{ { "GET", "/v1/approvals",
	      "what waits for a person's yes or no, and the rules" },
	    EVHTTP_REQ_GET, false, get_approvals },
	{ { "GET", "/v1/feedback",
	      "what came from outside, the newest first, and what became of it" },
	    EVHTTP_REQ_GET, false, get_feedback },
	{ { "GET", "/v1/why", "why something is as it is: of=NAME" }, EVHTTP_REQ_GET,
	    false, get_why },
	{ { "GET", "/v1/events", "journal rows as JSON lines: after=SEQ, follow=1" },
	    EVHTTP_REQ_GET, false, get_events },
	{ { "GET", "/v1/op/", "the outcome of an operation; 202 while it runs" },
	    EVHTTP_REQ_GET, true, get_op },
	{ { "POST", "/v1/order/",
	      "abandon abort answer approve assert cap claim decline diff dispatch feedback forget hold issue mend merge "
	      "park report resume rule say try widen" },
	    EVHTTP_REQ_POST, true, post_order },
	{ { "POST", "/v1/guard", "may a tool call write these paths: n, p0, p1 ..." },
	    EVHTTP_REQ_POST, false, post_guard },
	{ { "POST", "/v1/stop", "stops the server; agents go on" }, EVHTTP_REQ_POST,
	    false, post_stop },
};

const struct route_doc *
server_route(size_t i)
{
	return i < N_ELEMS(routes) ? &routes[i].doc : NULL;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct server *server = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	struct err err = ERR_INIT;

	server->last_request = clock_mono_ms();
	for (size_t i = 0; path && i < N_ELEMS(routes); i++) {
		const struct route *r = &routes[i];
		size_t n = strlen(r->doc.path);

		if (r->is_prefix ? strncmp(path, r->doc.path, n) != 0
				 : strcmp(path, r->doc.path) != 0)
			continue;
		if (evhttp_request_get_command(req) != r->type)
			continue;
		r->fn(server, req);
		return;
	}
	err_set(&err, ERR_NOT_FOUND, "no such route: %.80s", path ? path : "?");
	answer_err(req, &err, NULL);
}

struct server *
server_new(
    struct event_base *base, struct engine *engine, const char *home, struct err *err)
{
	struct server *server = xcalloc(1, sizeof(*server));
	int fd;

	server->engine = engine;
	server->base = base;
	TAILQ_INIT(&server->streams);
	server->home_fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (server->home_fd < 0) {
		err_sys(err, "%s", home);
		free(server);
		return NULL;
	}
	fd = listen_on(server->home_fd, err);
	if (fd < 0) {
		server_free(server);
		return NULL;
	}
	server->http = evhttp_new(base);
	evhttp_set_max_body_size(server->http, BODY_BYTES);
	evhttp_set_max_headers_size(server->http, 64 * 1024);
	evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_gencb(server->http, on_request, server);
	if (!evhttp_accept_socket_with_handle(server->http, fd)) {
		err_set(err, ERR_SYSTEM, "the socket cannot be served");
		close(fd);
		server_free(server);
		return NULL;
	}
	engine_listen(engine, on_journal_grew, server);
	return server;
}

void
server_free(struct server *server)
{
	struct stream *s, *next;

	if (!server)
		return;
	engine_listen(server->engine, NULL, NULL);
	for (s = TAILQ_FIRST(&server->streams); s; s = next) {
		next = TAILQ_NEXT(s, link);
		stream_end(s);
	}
	if (server->http)
		evhttp_free(server->http);
	if (server->home_fd >= 0)
		close(server->home_fd);
	free(server);
}

void
server_describe(struct server *server, const struct server_about *about)
{
	server->about = about;
}

int64_t
server_last_request(const struct server *server)
{
	return server->last_request;
}
