#pragma once

#include "base/mem.h"
#include "base/text.h"
#include "core/core.h"

/* Shared by the files of core/ only. */

typedef int step_fn(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err);

/* Replaces a heap string: "" for NULL. */
void core_set(char **slot, const char *text);

/* Frees what SESSION owns, for reuse of its place. */
void session_clear(struct session *session);

/* Moves SESSION, records the move; false (and nothing) when its life forbids EVENT. */
bool core_move(
    struct session *session, enum session_event event, int64_t now, struct acts *acts);
void core_move_batch(
    struct batch_run *batch, enum batch_state to, int64_t now, struct acts *acts);

/* Everything that follows by itself after a happening: launches, queue, completions. */
void flow_advance(struct core *core, int64_t now, struct acts *acts);

/* Acts that several happenings owe. */
void owe_issue_move(
    struct acts *acts, const struct session *s, const char *status, int n);
void owe_comment(struct acts *acts, const struct session *s, const char *kind, int n,
    const char *text);
void owe_write_back(struct core *core, const char *plan_id, struct acts *acts);
void owe_inspect(struct session *s, const char *why, struct acts *acts);
void owe_tell(struct session *s, const char *order, struct acts *acts);
void owe_launch(struct session *s, const char *resume, const char *note, int64_t now,
    struct acts *acts);

/* The session of a happening's "session" field, or NULL with ERR_NOT_FOUND. */
struct session *happening_session(
    struct core *core, const struct happening *h, struct err *err);

/* Session happenings, in session.c and human.c. */
step_fn step_session_filed, step_session_prepared, step_act_failed, step_run_started,
    step_run_ended, step_run_lost, step_agent_accepted, step_agent_confirmed,
    step_agent_activity, step_agent_asked, step_agent_ask_gone, step_agent_estimate,
    step_agent_limit, step_agent_done, step_agent_failed, step_inspected,
    step_candidate_built, step_candidate_refused, step_landed, step_landing_blocked;
step_fn step_ask_answered, step_merge_asked, step_said, step_held, step_resumed,
    step_parked, step_abandoned, step_claimed;

struct ask *core_open_ask(struct session *s, const char *id, const char *kind,
    const char *text, const char *detail, int64_t now);
