#include "sys/fetch.h"

#include "base/mem.h"
#include "sys/curl_late.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>

struct fetch {
	CURL *curl;
	struct curl_slist *headers;
	char *sock;  /* as the caller wrote it, for messages */
	int dir_fd;  /* the directory it lies in: a socket path holds 107 bytes */
	char *error; /* CURL_ERROR_SIZE bytes */
	long limit_ms;
};

/* Where the bytes of one answer go. */
struct sink {
	struct fetch *fetch;
	char *buf; /* the body, or the line that has come so far */
	size_t n, cap;
	fetch_line_fn *fn; /* NULL: no stream */
	void *arg;
	bool is_stopped; /* FN has had enough */
	bool is_too_large;
};

struct fetch *
fetch_open(const char *sock, struct err *err)
{
	AUTO_FREE char *dir = xstrdup(sock);
	char *slash = strrchr(dir, '/');
	const char *name = slash ? slash + 1 : dir;
	char address[100];
	struct fetch *fetch;
	struct stat st;

	if (stat(sock, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		(void)err_set(err, ERR_NO_SERVER, "no server: there is no %s", sock);
		return NULL;
	}
	fetch = xcalloc(1, sizeof(*fetch));
	fetch->sock = xstrdup(sock);
	fetch->error = xcalloc(1, CURL_ERROR_SIZE);
	fetch->dir_fd = -1;
	if (slash)
		*slash = '\0';
	fetch->dir_fd = open(!slash         ? "."
			     : slash == dir ? "/"
					    : dir,
	    O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fetch->dir_fd < 0) {
		(void)err_sys(err, "talk to %s", sock);
		fetch_close(fetch);
		return NULL;
	}
	if (curl_late_load(err) < 0) {
		fetch_close(fetch);
		return NULL;
	}
	if (curl_global_init(CURL_GLOBAL_NOTHING) ||
	    !(fetch->curl = curl_easy_init())) {
		(void)err_set(err, ERR_SYSTEM, "libcurl cannot be set up");
		fetch_close(fetch);
		return NULL;
	}
	if (snprintf(address, sizeof(address), "/proc/self/fd/%d/%s", fetch->dir_fd,
		name) >= (int)sizeof(address)) {
		(void)err_set(err, ERR_INPUT, "%s: the name is too long", sock);
		fetch_close(fetch);
		return NULL;
	}
	/* Copied by curl.  An "Expect: 100-continue" would cost a turn for nothing. */
	curl_easy_setopt(fetch->curl, CURLOPT_UNIX_SOCKET_PATH, address);
	fetch->headers = curl_slist_append(NULL, "Content-Type: application/json");
	fetch->headers = curl_slist_append(fetch->headers, "Expect:");
	return fetch;
}

void
fetch_close(struct fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->curl)
		curl_easy_cleanup(fetch->curl);
	curl_slist_free_all(fetch->headers);
	if (fetch->dir_fd >= 0)
		close(fetch->dir_fd);
	free(fetch->error);
	free(fetch->sock);
	free(fetch);
}

void
fetch_limit(struct fetch *fetch, long limit_ms)
{
	fetch->limit_ms = limit_ms;
}

void
fetch_reply_clear(struct fetch_reply *reply)
{
	free(reply->body);
	*reply = (struct fetch_reply){ 0 };
}

/* Appends, keeping a NUL behind it; false beyond LIMIT. */
static bool
keep(struct sink *sink, const char *p, size_t n, size_t limit)
{
	if (n > limit || sink->n > limit - n) {
		sink->is_too_large = true;
		return false;
	}
	if (sink->n + n + 1 > sink->cap) {
		sink->cap = 2 * (sink->n + n) + 256;
		sink->buf = xreallocarray(sink->buf, sink->cap, 1);
	}
	if (n > 0)
		memcpy(sink->buf + sink->n, p, n);
	sink->n += n;
	sink->buf[sink->n] = '\0';
	return true;
}

/* The line in the sink is whole: hands it over and empties the sink. */
static bool
hand_over(struct sink *sink)
{
	if (sink->n > 0 && sink->buf[sink->n - 1] == '\r')
		sink->buf[--sink->n] = '\0';
	sink->is_stopped = sink->fn(sink->buf, sink->n, sink->arg) != 0;
	sink->n = 0;
	return !sink->is_stopped;
}

static bool
keep_lines(struct sink *sink, const char *p, size_t n)
{
	while (n > 0) {
		const char *newline = memchr(p, '\n', n);
		size_t part = newline ? (size_t)(newline - p) : n;

		if (!keep(sink, p, part, FETCH_LINE_BYTES))
			return false;
		if (!newline)
			return true;
		if (!hand_over(sink))
			return false;
		p += part + 1;
		n -= part + 1;
	}
	return true;
}

static long
http_status(struct fetch *fetch)
{
	long status = 0;

	curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct sink *sink = arg;
	bool is_good;

	if (sink->fn && http_status(sink->fetch) < 400)
		is_good = keep_lines(sink, p, size * n);
	else
		is_good = keep(sink, p, size * n, FETCH_BODY_BYTES);
	return is_good ? size * n : 0;
}

static int
explain(struct fetch *fetch, CURLcode code, const struct sink *sink, struct err *err)
{
	const char *text = fetch->error[0] ? fetch->error : curl_easy_strerror(code);

	if (sink->is_too_large)
		return err_set(
		    err, ERR_INPUT, "%s: the answer is too large", fetch->sock);
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		(void)err_set(
		    err, ERR_NO_SERVER, "no server answers at %s", fetch->sock);
		if (err)
			err->sys_errno = ECONNREFUSED;
		return -1;
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_TIMEOUT, "%s: no answer in time", fetch->sock);
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return err_set(err, ERR_NO_SERVER, "the server at %s went away: %s",
		    fetch->sock, text);
	default: return err_set(err, ERR_INPUT, "%s: %s", fetch->sock, text);
	}
}

/* What METHOD is to TARGET, with which body. */
static void
set_request(
    struct fetch *fetch, const char *method, const char *target, const char *json)
{
	AUTO_FREE char *url = xasprintf("http://localhost%s", target);
	bool is_get = strcmp(method, "GET") == 0;
	CURL *curl = fetch->curl;

	assert(target[0] == '/');
	curl_easy_setopt(curl, CURLOPT_URL, url);
	/*
	 * On a kept connection that turns out dead curl repeats the request, and only a
	 * GET may be made twice.
	 */
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, is_get ? 0L : 1L);
	if (json) {
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(json));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	} else {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

/* Carries out what set_request() said; what comes back is in SINK. */
static int
perform(struct fetch *fetch, long limit_ms, struct sink *sink, struct err *err)
{
	CURL *curl = fetch->curl;
	CURLcode code;

	fetch->error[0] = '\0';
	sink->fetch = fetch;
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->error);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fetch->headers);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
	code = curl_easy_perform(curl);
	if (code == CURLE_OK || sink->is_stopped)
		return 0;
	return explain(fetch, code, sink, err);
}

static void
fill_reply(struct sink *sink, struct fetch_reply *reply)
{
	(void)keep(sink, "", 0, FETCH_BODY_BYTES);
	*reply = (struct fetch_reply){
		.status = (int)http_status(sink->fetch),
		.n_body = sink->n,
		.body = TAKE_PTR(sink->buf),
	};
}

int
fetch_json(struct fetch *fetch, const char *method, const char *target,
    const char *json, struct fetch_reply *reply, struct err *err)
{
	struct sink sink = { 0 };

	set_request(fetch, method, target, json);
	if (perform(fetch, fetch->limit_ms, &sink, err) < 0) {
		free(sink.buf);
		return -1;
	}
	fill_reply(&sink, reply);
	return 0;
}

int
fetch_stream(struct fetch *fetch, const char *target, fetch_line_fn *fn, void *arg,
    struct fetch_reply *reply, struct err *err)
{
	struct sink sink = { .fn = fn, .arg = arg };

	set_request(fetch, "GET", target, NULL);
	if (perform(fetch, 0, &sink, err) < 0) {
		free(sink.buf);
		return -1;
	}
	if (http_status(fetch) < 400) {
		/* A last line without newline is a line. */
		if (sink.n > 0 && !sink.is_stopped)
			(void)hand_over(&sink);
		sink.n = 0;
	}
	fill_reply(&sink, reply);
	return 0;
}

char *
fetch_escape(const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	char *text = xmalloc(3 * strlen(s) + 1), *out = text;

	for (; *s; s++) {
		if (strchr(plain, *s))
			*out++ = *s;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*s);
	}
	*out = '\0';
	return text;
}
