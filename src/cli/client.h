#pragma once

#include "base/err.h"
#include "core/happening.h"
#include "engine/record.h"

#include <json-c/json_object.h>
#include <stdbool.h>

/*
 * A verb's connection to the server of this repository.  The first verb that needs one
 * starts it, as tmux does; closing the terminal stops nothing (DESIGN 3).
 */
struct client {
	char *home, *top;
	struct fetch *fetch;
	struct fields server; /* what it said of itself: GET /v1/server */
};

/*
 * Finds the home of the repository that holds DIR (NULL = here) and connects.  With START a
 * server is started when none answers, and one of an older divisi is replaced where that
 * disturbs nobody; otherwise ERR_NO_SERVER.
 */
NODISCARD int client_open(
    struct client *client, const char *dir, bool start, struct err *err);
void client_close(struct client *client);

/* Waits until no server has HOME: the next verb finds one, or starts one. */
NODISCARD int client_wait_gone(const char *home, struct err *err);

/* Is version OURS ("0.10.1") newer than THEIRS?  "" is older than any. */
bool client_is_newer(const char *ours, const char *theirs);

/*
 * Orders VERB with IN and waits for its outcome, at most TIMEOUT_MS (0 = for ever).  On
 * failure OUT holds what the server said beside the error (the notes of a refusal).
 */
NODISCARD int client_order(struct client *client, const char *verb,
    const struct fields *in, struct fields *out, long timeout_ms, struct err *err);

/* What the server answers to GET TARGET.  The caller puts it; NULL with ERR. */
struct json_object *client_get(
    struct client *client, const char *target, struct err *err);

/* Everything the server knows.  The caller puts it; NULL with ERR. */
struct json_object *client_status(struct client *client, struct err *err);

/*
 * The same for the repository that holds the file PATH (NULL = here), as a verb that only
 * looks wants it: where divisi was never used it says so at once and leaves no trace, and
 * where only the journal is gone it is refused or told what there is without one;
 * elsewhere a server is started when none runs, for it alone can tell what became of agents.
 */
struct json_object *client_look(const char *path, struct err *err);

/*
 * Waits until the journal has grown beyond SEQ or MS have passed.  Returns 1, 0, or -1.
 */
int client_wait_change(struct client *client, int64_t seq, long ms, struct err *err);

/* Members of a JSON object; "" or FALLBACK when absent. */
const char *js_text(const struct json_object *o, const char *name);
int64_t js_number(const struct json_object *o, const char *name, int64_t fallback);
bool js_bool(const struct json_object *o, const char *name);
struct json_object *js_get(const struct json_object *o, const char *name);
size_t js_count(const struct json_object *array);
struct json_object *js_at(const struct json_object *array, size_t i);

/* Where the plan called WORD is: a path, or the newest active plan for NULL. */
char *client_plan_path(const char *word, struct err *err);

/* The session in STATUS that NAME means, newest batch first; NULL with ERR_NOT_FOUND. */
struct json_object *client_session(
    struct json_object *status, const char *name, struct err *err);
