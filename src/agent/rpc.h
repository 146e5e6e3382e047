#pragma once

#include "agent/wire.h"

/*
 * JSON-RPC, a message a line: what the adapters of Codex and of the Agent Client Protocol
 * share.  Private to this room.  Whatever is "taken" belongs to the line from then on.
 */
char *rpc_request(const char *id, const char *method, struct json_object *params);
char *rpc_notification(const char *method, struct json_object *params);

/* The answer to a request with the id ID (borrowed: a number stays a number). */
char *rpc_result(struct json_object *id, struct json_object *result);
char *rpc_error(struct json_object *id, const char *text);

/* The request that RAW is, and its id in *ID (borrowed); NULL when RAW is none. */
struct json_object *rpc_read_request(const char *raw, struct json_object **id);

/* The id of MSG as text, or NULL when it has none that could be one.  The caller frees it. */
char *rpc_id(struct json_object *msg);

/* The words of MSG's "error": its message and what its data adds to it; NULL when none. */
char *rpc_error_text(struct json_object *msg);

/* ---- what both make of a message -------------------------------------------------- */

struct rpc_out {
	agent_event_fn *fn;
	void *arg;
	const char *line; /* the whole line, for asks */
	size_t n;
	const char *session; /* the conversation it is about, or NULL */
};

void rpc_tell(const struct rpc_out *out, enum agent_event_kind kind, const char *text);
void rpc_note(const struct rpc_out *out, const char *fmt, ...) PRINTF(2, 3);

/* The protocol's next step, see AGENT_STEP; RAW may be NULL. */
void rpc_step(const struct rpc_out *out, const char *step, const char *raw);

/* The question of the request MSG; without a usable id there is nobody to be answered. */
void rpc_ask(const struct rpc_out *out, struct json_object *msg, enum agent_ask ask,
    const char *text, const char *detail);

/* How often STATUS is that of every item in the array LIST: a plan's progress. */
void rpc_progress(const struct rpc_out *out, struct json_object *list,
    const char *text_key, const char *done, const char *doing);

/* 0 for anything but an array. */
size_t rpc_length(struct json_object *array);

/*
 * What kind of failure WORDS tell of: a limit of the account or the model, or a missing
 * login.  Vendors put it in words only.
 */
bool rpc_is_limit(const char *words);
bool rpc_is_login(const char *words);
