#pragma once

#include "tracker/http.h"
#include "tracker/tracker.h"

#include <json-c/json.h>

/*
 * What the network trackers share: a link's connection, answers judged, JSON of strangers.
 * Private to this room.
 */
struct tracker_net {
	const struct tracker *tracker;
	struct http *http;
	struct json_object *team; /* what was learnt of the team, NULL at first */
};

#define NET_JSON __attribute__((cleanup(net_put_cleanup)))
void net_put_cleanup(void *pp);

/*
 * Sends CALL with the link's token, read when it is first needed.  Returns 0 with ANSWER
 * (http_answer_clear()), whatever its status; -1 with ERR and the link's trouble.
 */
NODISCARD int net_send(const struct tracker_link *link, const struct http_call *call,
    struct http_answer *answer, struct err *err);

/*
 * Sets the link's trouble and returns -1.  net_limited() takes the time to wait from
 * ANSWER.  net_status() judges an HTTP status by itself; SAID is shown (may be "").
 */
int net_trouble(const struct tracker_link *link, enum tracker_trouble trouble);
int net_limited(
    const struct tracker_link *link, const struct http_answer *answer, struct err *err);
int net_status(const struct tracker_link *link, const struct http_answer *answer,
    const char *said, struct err *err);

/*
 * Around every call of an adapter: net_begin() gives an error that is never NULL, and
 * net_end() names the trouble after RC when nobody has.  net_end() returns RC.
 */
struct err *net_begin(
    const struct tracker_link *link, struct err *err, struct err *own);
int net_end(const struct tracker_link *link, int rc, const struct err *err);

/* Notes the text of a kept comment as it was found (NULL: there was none) and as it is now. */
void net_kept(const struct tracker_link *link, const char *before, const char *after);

/* ERR_REFUSED T04 unless a list is limited, to 1000 at most. */
NODISCARD int net_limit_check(int limit, struct err *err);

/* The JSON that the N bytes are, bounded in size and depth; NULL when it is none. */
struct json_object *net_parse(const char *text, size_t n);

/*
 * Members of answers by path ("issue.state.name"), borrowed: NULL, "" , 0 or an empty
 * list when there is no such thing or it is of another type.  A path of NULL is OBJ itself.
 */
struct json_object *net_get(struct json_object *obj, const char *path);
const char *net_str(struct json_object *obj, const char *path);
int64_t net_int(struct json_object *obj, const char *path);
bool net_bool(struct json_object *obj, const char *path);
size_t net_len(struct json_object *obj, const char *path);
struct json_object *net_at(struct json_object *obj, const char *path, size_t i);
int64_t net_time(struct json_object *obj, const char *path); /* RFC 3339 to Unix ms */

/* Adds a member; NULL adds nothing (net_add_text) or null (net_add_null). */
void net_add(struct json_object *obj, const char *key, struct json_object *value);
void net_add_text(struct json_object *obj, const char *key, const char *text);

/* LIST as a JSON array. */
struct json_object *net_words(const struct tracker_words *list);

/* The UUID that belongs to WHAT of the link's home: the same for the same words. */
void net_uuid(
    const struct tracker_link *link, const char *what, const char *key, char buf[37]);
