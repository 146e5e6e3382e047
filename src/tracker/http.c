#include "tracker/http.h"

#include "base/mem.h"
#include "base/text.h"
#include "sys/curl_late.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#define LIMIT_MS       20000
#define MAX_RETRY_MS   (INT64_C(3600) * 1000)
#define MAX_HEADERS    200
#define HEADER_BYTES   4096
#define MESSAGE_BYTES  200
#define MIN_TOKEN_SIZE 4 /* shorter ones would blot out ordinary words */

struct http {
	CURL *curl;
	char *base;
	char *token, *authorization;
	long limit_ms;
	char error[CURL_ERROR_SIZE];
};

/* What comes in for one request. */
struct inlet {
	struct http_answer answer;
	size_t cap;
	int n_headers;
	int64_t date; /* the other side's clock, Unix ms; 0 = not said */
	bool is_too_large;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The host of URL, as curl reads it; freed by curl. */
static bool
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

/* A token is never sent in the clear, and never belongs into an address. */
static int
check_address(const char *url, struct err *err)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL;
	bool is_good = false;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		is_good = strcmp(scheme, "https") == 0 ||
			  (strcmp(scheme, "http") == 0 && is_loopback(host));
		if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
			is_good = false;
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_url_cleanup(u);
	if (is_good)
		return 0;
	err_set(err, ERR_USAGE, "the tracker's address is no https: address");
	return err_fix(err,
	    "write https://HOST/PATH without name and password (http: is for loopback)");
}

struct http *
http_open(const char *base, long limit_ms, struct err *err)
{
	struct http *http;
	size_t n = strlen(base);

	if (curl_late_load(err) < 0)
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		(void)err_set(err, ERR_SYSTEM, "libcurl cannot be set up");
		return NULL;
	}
	if (check_address(base, err) < 0)
		return NULL;
	http = xcalloc(1, sizeof(*http));
	while (n > 0 && base[n - 1] == '/')
		n--;
	http->base = xstrndup(base, n);
	http->limit_ms = limit_ms > 0 ? limit_ms : LIMIT_MS;
	http->curl = curl_easy_init();
	if (!http->curl) {
		(void)err_set(err, ERR_SYSTEM, "libcurl cannot be set up");
		http_close(http);
		return NULL;
	}
	return http;
}

static void
wipe(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void
http_close(struct http *http)
{
	if (!http)
		return;
	if (http->curl)
		curl_easy_cleanup(http->curl);
	wipe(http->token);
	wipe(http->authorization);
	free(http->base);
	free(http);
}

void
http_authorize(struct http *http, const char *authorization, const char *token)
{
	wipe(http->token);
	wipe(http->authorization);
	http->token = xstrdup(token);
	http->authorization = xasprintf("Authorization: %s%s", authorization, token);
}

bool
http_is_authorized(const struct http *http)
{
	return http->token != NULL;
}

void
http_answer_clear(struct http_answer *answer)
{
	free(answer->body);
	free(answer->next);
	free(answer->location);
	*answer = (struct http_answer){ 0 };
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct inlet *in = arg;
	struct http_answer *a = &in->answer;

	n *= size;
	if (n > HTTP_BODY_BYTES - a->n_body) {
		in->is_too_large = true;
		return 0;
	}
	if (a->n_body + n + 1 > in->cap) {
		in->cap = 2 * (a->n_body + n) + 1024;
		a->body = xreallocarray(a->body, in->cap, 1);
	}
	if (n > 0)
		memcpy(a->body + a->n_body, p, n);
	a->n_body += n;
	a->body[a->n_body] = '\0';
	return n;
}

static long
number_of(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end == text || n < 0 ? -1 : n;
}

/* Seconds, or a date as HTTP writes it. */
static int64_t
retry_after(const char *text, int64_t date)
{
	long seconds = number_of(text);
	time_t at;

	if (seconds >= 0 && text[strspn(text, "0123456789")] == '\0')
		return seconds > MAX_RETRY_MS / 1000 ? MAX_RETRY_MS : seconds * 1000L;
	at = curl_getdate(text, NULL);
	if (at < 0)
		return 0;
	return (int64_t)at * 1000 - (date ? date : now_ms());
}

/* The address of rel="next" in a Link header (RFC 8288). */
static char *
next_page(const char *value)
{
	const char *open = value, *close;

	while ((open = strchr(open, '<')) && (close = strchr(open, '>'))) {
		const char *end = strchr(close, ',');
		const char *rel = strstr(close, "rel=\"next\"");

		if (rel && (!end || rel < end))
			return xstrndup(open + 1, (size_t)(close - open - 1));
		if (!end)
			break;
		open = end;
	}
	return NULL;
}

/* Linear counts in milliseconds since 1970, GitHub in seconds. */
static int64_t
reset_time(const char *value)
{
	long n = number_of(value);

	if (n <= 0 || n > 100000000000000L)
		return 0;
	return n > 100000000000L ? n : n * 1000L;
}

static void
take_header(struct inlet *in, const char *name, const char *value)
{
	struct http_answer *a = &in->answer;
	time_t date;

	if (strcasecmp(name, "Date") == 0) {
		date = curl_getdate(value, NULL);
		in->date = date > 0 ? (int64_t)date * 1000 : 0;
	} else if (strcasecmp(name, "Retry-After") == 0) {
		a->retry_after_ms = retry_after(value, in->date);
	} else if (strcasecmp(name, "Link") == 0) {
		free(a->next);
		a->next = next_page(value);
	} else if (strcasecmp(name, "Location") == 0) {
		free(a->location);
		a->location = xstrdup(value);
	} else if (strcasecmp(name, "X-RateLimit-Requests-Remaining") == 0 ||
		   strcasecmp(name, "X-RateLimit-Remaining") == 0) {
		a->requests_left = number_of(value);
	} else if (strcasecmp(name, "X-RateLimit-Complexity-Remaining") == 0) {
		a->points_left = number_of(value);
	} else if (strcasecmp(name, "X-RateLimit-Requests-Reset") == 0 ||
		   strcasecmp(name, "X-RateLimit-Reset") == 0) {
		a->reset_at = reset_time(value);
	} else if (strcasecmp(name, "X-RateLimit-Complexity-Reset") == 0 &&
		   reset_time(value) > a->reset_at && a->points_left == 0) {
		a->reset_at = reset_time(value);
	}
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct inlet *in = arg;
	char line[HEADER_BYTES];
	char *colon;
	size_t len = size * n;

	if (++in->n_headers > MAX_HEADERS)
		return 0;
	if (len >= sizeof(line))
		return len; /* none of ours is that long */
	memcpy(line, p, len);
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	colon = strchr(line, ':');
	if (!colon)
		return len;
	*colon++ = '\0';
	take_header(in, line, colon + strspn(colon, " \t"));
	return len;
}

char *
http_quote(const struct http *http, const char *text)
{
	AUTO_FREE char *shown = text_show(text, true);
	size_t n = strlen(shown);
	size_t n_token = http->token ? strlen(http->token) : 0;
	char *at;

	if (n_token >= MIN_TOKEN_SIZE) {
		while ((at = strstr(shown, http->token)))
			memset(at, '*', n_token);
	}
	if (n <= MESSAGE_BYTES)
		return TAKE_PTR(shown);
	n = MESSAGE_BYTES;
	/* cppcheck-suppress nullPointer; TAKE_PTR() has returned by then */
	while (n > 0 && ((unsigned char)shown[n] & 0xC0) == 0x80)
		n--;
	return xasprintf("%.*s...", (int)n, shown);
}

char *
http_escape(const char *s)
{
	char *escaped = curl_easy_escape(NULL, s, (int)strlen(s));
	char *copy = xstrdup(escaped ? escaped : "");

	curl_free(escaped);
	return copy;
}

static int
explain(const struct http *http, CURLcode code, const struct inlet *in, struct err *err)
{
	AUTO_FREE char *said = http_quote(
	    http, http->error[0] ? http->error : curl_easy_strerror(code));

	if (in->is_too_large) {
		err_set(err, ERR_INPUT, "its answer is larger than %zu MB",
		    HTTP_BODY_BYTES >> 20);
		return err_fix(err, HTTP_FIX_ADDRESS);
	}
	switch (code) { // NOLINT(clang-diagnostic-switch-enum)
	case CURLE_OPERATION_TIMEDOUT:
		err_set(err, ERR_TIMEOUT, "no answer in time");
		return err_fix(err, "wait until it answers again");
	case CURLE_SSL_CONNECT_ERROR:
		err_set(err, ERR_SYSTEM, "TLS fails there: %s", said);
		return err_fix(err, HTTP_FIX_ADDRESS);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		err_set(err, ERR_HUMAN, "its certificate is not trusted: %s", said);
		return err_fix(err,
		    "nothing was sent; install the right CA certificate, or set the address");
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR:
		err_set(err, ERR_INPUT, "its answer is no HTTP: %s", said);
		return err_fix(err, HTTP_FIX_ADDRESS);
	default:
		err_set(err, ERR_SYSTEM, "no connection: %s", said);
		return err_fix(
		    err, "look at the network, and at divisi.tracker.url if it is set");
	}
}

static void
set_options(
    struct http *http, const struct http_call *call, const char *url, struct inlet *in)
{
	CURL *curl = http->curl;
	bool is_plain = strncmp(url, "http:", 5) == 0;

	curl_easy_reset(curl);
	http->error[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, http->limit_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, http->limit_ms / 2 + 1);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "divisi");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, in);
	if (is_plain)
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	/* curl repeats a request on a kept connection that died; only a GET may be. */
	if (strcmp(call->method, "GET") != 0)
		curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	if (call->body) {
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->n_body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

static struct curl_slist *
make_headers(const struct http *http, const struct http_call *call)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; call->header && call->header[i]; i++)
		list = curl_slist_append(list, call->header[i]);
	if (!call->url && http->authorization)
		list = curl_slist_append(list, http->authorization);
	return list;
}

static void
finish(struct inlet *in, struct http_answer *answer)
{
	struct http_answer *a = &in->answer;

	/* By their clock: ours may be wrong. */
	if (a->reset_at && in->date)
		a->reset_at += now_ms() - in->date;
	if (a->retry_after_ms < 0)
		a->retry_after_ms = 0;
	if (a->retry_after_ms > MAX_RETRY_MS)
		a->retry_after_ms = MAX_RETRY_MS;
	if (!a->body)
		a->body = xstrdup("");
	*answer = *a;
}

int
http_send(struct http *http, const struct http_call *call, struct http_answer *answer,
    struct err *err)
{
	struct inlet in = { .answer = { .requests_left = -1, .points_left = -1 } };
	AUTO_FREE char *url = call->url ? xstrdup(call->url)
					: xasprintf("%s%s", http->base, call->target);
	struct curl_slist *headers;
	CURLcode code;
	long status = 0;

	if (check_address(url, err) < 0)
		return -1;
	headers = make_headers(http, call);
	set_options(http, call, url, &in);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(http->curl);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		int rc = explain(http, code, &in, err);

		http_answer_clear(&in.answer);
		return rc;
	}
	if (status >= 300 && status < 400 &&
	    !(call->may_redirect && in.answer.location)) {
		http_answer_clear(&in.answer);
		err_set(err, ERR_REFUSED,
		    "it sends us elsewhere (HTTP %ld), where the token must not go",
		    status);
		return err_fix(err, "set divisi.tracker.url to where it is now");
	}
	finish(&in, answer);
	answer->status = (int)status;
	return 0;
}
