#include "tracker/net.h"

#include "base/hash.h"
#include "base/text.h"
#include "tracker/token.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_DEPTH     32
#define MAX_VALUES    400000u
#define RETRY_MIN_MS  1000
#define RETRY_MS      60000
#define RETRY_MAX_MS  (INT64_C(3600) * 1000)
#define LIST_MAX      1000
#define PATH_MAX_SIZE 100

void
net_put_cleanup(void *pp)
{
	json_object_put(*(struct json_object **)pp);
}

int
tracker_open(const struct tracker *tracker, struct tracker_link *link, struct err *err)
{
	struct http *http;

	if (!(tracker->capabilities & TRACKER_NETWORK))
		return 0;
	http = http_open(link->url ? link->url : tracker->url, link->limit_ms, err);
	if (!http)
		return err_wrap(err, "%s", tracker->name);
	link->net = xcalloc(1, sizeof(*link->net));
	link->net->tracker = tracker;
	link->net->http = http;
	return 0;
}

void
tracker_close(struct tracker_link *link)
{
	if (!link->net)
		return;
	http_close(link->net->http);
	json_object_put(link->net->team);
	free(link->net);
	link->net = NULL;
}

int
net_trouble(const struct tracker_link *link, enum tracker_trouble trouble)
{
	if (link->state)
		link->state->trouble = trouble;
	return -1;
}

void
net_kept(const struct tracker_link *link, const char *before, const char *after)
{
	if (!link->state)
		return;
	link->state->kept_before[0] = link->state->kept_after[0] = '\0';
	if (before)
		hash_sha256(before, strlen(before), link->state->kept_before);
	if (after)
		hash_sha256(after, strlen(after), link->state->kept_after);
}

struct err *
net_begin(const struct tracker_link *link, struct err *err, struct err *own)
{
	if (link->state) {
		link->state->trouble = TRACKER_FINE;
		link->state->retry_after_ms = 0;
	}
	net_kept(link, NULL, NULL);
	return err ? err : own;
}

int
net_end(const struct tracker_link *link, int rc, const struct err *err)
{
	static const enum tracker_trouble by_kind[ERR_N_KINDS] = {
		[ERR_NO] = TRACKER_REFUSED,
		[ERR_USAGE] = TRACKER_REFUSED,
		[ERR_REFUSED] = TRACKER_REFUSED,
		[ERR_HUMAN] = TRACKER_AUTH,
		[ERR_NOT_FOUND] = TRACKER_MISSING,
		[ERR_CONFLICT] = TRACKER_CONFLICT,
		[ERR_INPUT] = TRACKER_REFUSED,
		[ERR_SYSTEM] = TRACKER_LATER,
		[ERR_NO_SERVER] = TRACKER_LATER,
		[ERR_TIMEOUT] = TRACKER_LATER,
	};

	if (!link->state)
		return rc;
	if (rc >= 0)
		link->state->trouble = TRACKER_FINE;
	else if (link->state->trouble == TRACKER_FINE)
		link->state->trouble = by_kind[err->kind];
	return rc;
}

static int
authorize(const struct tracker_link *link, struct err *err)
{
	const struct tracker_net *net = link->net;
	char *token;
	bool is_raw;

	if (http_is_authorized(net->http))
		return 0;
	token = token_read(link, net->tracker->token_variables, err);
	if (!token) {
		err_wrap(err, "%s", net->tracker->name);
		return net_trouble(link, TRACKER_AUTH);
	}
	/* Linear takes its personal keys bare. */
	is_raw = net->tracker == &tracker_linear && strncmp(token, "lin_api_", 8) == 0;
	http_authorize(net->http, is_raw ? "" : "Bearer ", token);
	token_free(token);
	return 0;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
net_send(const struct tracker_link *link, const struct http_call *call,
    struct http_answer *answer, struct err *err)
{
	struct tracker_state *state = link->state;
	const char *name = link->net->tracker->name;

	if (authorize(link, err) < 0)
		return -1;
	if (state)
		state->n_requests++;
	if (http_send(link->net->http, call, answer, err) < 0) {
		enum tracker_trouble trouble = TRACKER_LATER;

		if (err->kind == ERR_HUMAN)
			trouble = TRACKER_AUTH;
		else if (err->kind == ERR_REFUSED || err->kind == ERR_USAGE)
			trouble = TRACKER_REFUSED;
		err_wrap(err, "%s", name);
		return net_trouble(link, trouble);
	}
	if (state) {
		state->trouble = TRACKER_FINE;
		state->requests_left = answer->requests_left;
		state->points_left = answer->points_left;
		state->reset_at = answer->reset_at;
	}
	return 0;
}

int
net_limited(
    const struct tracker_link *link, const struct http_answer *answer, struct err *err)
{
	int64_t wait_ms = answer->retry_after_ms;

	if (wait_ms <= 0 && answer->reset_at)
		wait_ms = answer->reset_at - now_ms();
	if (wait_ms <= 0)
		wait_ms = RETRY_MS;
	if (wait_ms < RETRY_MIN_MS)
		wait_ms = RETRY_MIN_MS;
	if (wait_ms > RETRY_MAX_MS)
		wait_ms = RETRY_MAX_MS;
	if (link->state)
		link->state->retry_after_ms = wait_ms;
	err_set(err, ERR_SYSTEM, "%s: its limit of requests is reached for %ld s",
	    link->net->tracker->name, (long)((wait_ms + 999) / 1000));
	err_fix(err, "wait that long");
	return net_trouble(link, TRACKER_LIMITED);
}

static int
refuse_token(
    const struct tracker_link *link, int status, const char *said, struct err *err)
{
	const struct tracker *tracker = link->net->tracker;
	const char *variable = link->token_variable ? link->token_variable
						    : tracker->token_variables[0];

	err_set(err, ERR_HUMAN, "%s: the token is refused (HTTP %d)%s%s", tracker->name,
	    status, *said ? ": " : "", said);
	err_fix(err, "put a valid one with the right to write into %s", variable);
	return net_trouble(link, TRACKER_AUTH);
}

int
net_status(const struct tracker_link *link, const struct http_answer *answer,
    const char *said, struct err *err)
{
	const char *name = link->net->tracker->name;
	AUTO_FREE char *shown = http_quote(link->net->http, said);
	const char *colon = *shown ? ": " : "";
	int status = answer->status;

	/* GitHub says 403 for a limit, and tells so by the header or by none being left. */
	if (status == 429 || (status == 403 && (answer->retry_after_ms > 0 ||
						   answer->requests_left == 0)))
		return net_limited(link, answer, err);
	if (status == 401 || status == 403)
		return refuse_token(link, status, shown, err);
	if (status == 404 || status == 410) {
		err_set(err, ERR_NOT_FOUND, "%s: there is no such thing%s%s", name,
		    colon, shown);
		return net_trouble(link, TRACKER_MISSING);
	}
	if (status == 408 || status >= 500) {
		err_set(err, ERR_SYSTEM, "%s: out of order (HTTP %d)%s%s", name, status,
		    colon, shown);
		err_fix(err, "wait until it is in order again");
		if (link->state)
			link->state->retry_after_ms = answer->retry_after_ms;
		return net_trouble(link, TRACKER_LATER);
	}
	if (status == 409) {
		err_set(err, ERR_CONFLICT, "%s: it has changed (HTTP 409)%s%s", name,
		    colon, shown);
		return net_trouble(link, TRACKER_CONFLICT);
	}
	err_set(
	    err, ERR_REFUSED, "%s: refused (HTTP %d)%s%s", name, status, colon, shown);
	return net_trouble(link, TRACKER_REFUSED);
}

int
net_limit_check(int limit, struct err *err)
{
	if (limit > 0 && limit <= LIST_MAX)
		return 0;
	err_set(
	    err, ERR_REFUSED, "a list of issues needs a limit from 1 to %d", LIST_MAX);
	err->code = "T04";
	err->rule = "R-204";
	return -1;
}

struct json_object *
net_parse(const char *text, size_t n)
{
	struct span s = span_trim((struct span){ text, n });
	struct json_tokener *tok;
	struct json_object *obj;

	if (s.n < 2 || s.n > HTTP_BODY_BYTES || (s.p[0] != '{' && s.p[0] != '[') ||
	    !text_json_is_modest(s.p, s.n, MAX_VALUES) || text_utf8_bad(s.p, s.n) >= 0)
		return NULL;
	tok = json_tokener_new_ex(MAX_DEPTH);
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	obj = json_tokener_parse_ex(tok, s.p, (int)s.n);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    json_tokener_get_parse_end(tok) != s.n) {
		json_object_put(obj);
		obj = NULL;
	}
	json_tokener_free(tok);
	return obj;
}

struct json_object *
net_get(struct json_object *obj, const char *path)
{
	struct span rest = path ? span_of(path) : (struct span){ 0 }, part;

	while (obj && rest.p && span_next(&rest, '.', &part)) {
		char key[PATH_MAX_SIZE];
		struct json_object *next = NULL;

		if (part.n >= sizeof(key) ||
		    !json_object_is_type(obj, json_type_object))
			return NULL;
		memcpy(key, part.p, part.n);
		key[part.n] = '\0';
		json_object_object_get_ex(obj, key, &next);
		obj = next;
	}
	return obj;
}

const char *
net_str(struct json_object *obj, const char *path)
{
	struct json_object *value = net_get(obj, path);

	return json_object_is_type(value, json_type_string)
		   ? json_object_get_string(value)
		   : "";
}

int64_t
net_int(struct json_object *obj, const char *path)
{
	struct json_object *value = net_get(obj, path);

	if (json_object_is_type(value, json_type_double)) {
		double number = json_object_get_double(value);

		return number > -1e15 && number < 1e15 ? (int64_t)number : 0;
	}
	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value)
							 : 0;
}

bool
net_bool(struct json_object *obj, const char *path)
{
	struct json_object *value = net_get(obj, path);

	return json_object_is_type(value, json_type_boolean) &&
	       json_object_get_boolean(value);
}

size_t
net_len(struct json_object *obj, const char *path)
{
	struct json_object *list = net_get(obj, path);

	return json_object_is_type(list, json_type_array)
		   ? json_object_array_length(list)
		   : 0;
}

struct json_object *
net_at(struct json_object *obj, const char *path, size_t i)
{
	return i < net_len(obj, path) ? json_object_array_get_idx(net_get(obj, path), i)
				      : NULL;
}

int64_t
net_time(struct json_object *obj, const char *path)
{
	const char *text = net_str(obj, path);
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t ms = 0, unit = 100;

	if (!rest)
		return 0;
	if (*rest == '.') {
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			ms += (*rest - '0') * unit;
	}
	if (*rest != 'Z')
		return 0;
	return (int64_t)timegm(&tm) * 1000 + ms;
}

void
net_add(struct json_object *obj, const char *key, struct json_object *value)
{
	json_object_object_add(obj, key, value);
}

void
net_add_text(struct json_object *obj, const char *key, const char *text)
{
	if (text)
		json_object_object_add(obj, key, json_object_new_string(text));
}

struct json_object *
net_words(const struct tracker_words *list)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->n; i++)
		json_object_array_add(array, json_object_new_string(list->word[i]));
	return array;
}

void
net_uuid(
    const struct tracker_link *link, const char *what, const char *key, char buf[37])
{
	AUTO_FREE char *name = xasprintf(
	    "divisi/%s/%s/%s", link->origin ? link->origin : "", what, key);

	hash_uuid(name, buf);
}
