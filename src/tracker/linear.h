#pragma once

#include "store/issues.h"
#include "tracker/linear_ops.h"
#include "tracker/net.h"

/* The parts of the Linear adapter.  Private to this room. */

/*
 * Sends operation OP with VARIABLES, which it takes.  Returns 0 with its "data", which the
 * caller puts; -1 with ERR and the link's trouble.  A mutation that says it had no success
 * is ERR_REFUSED.
 */
NODISCARD int linear_call(const struct tracker_link *link, enum linear_op op,
    struct json_object *variables, struct json_object **data, struct err *err);

/* {KEY: VALUE}, for variables. */
struct json_object *linear_var(const char *key, const char *value);

/* The link's team as LINEAR_TEAM tells it, asked for once; borrowed.  NULL with ERR. */
struct json_object *linear_team(const struct tracker_link *link, struct err *err);

/* Issue ID as LINEAR_BRIEF tells it; the caller puts it.  NULL with ERR_NOT_FOUND ... */
struct json_object *linear_brief(
    const struct tracker_link *link, const char *id, struct err *err);

/*
 * The state of TEAM (with its "states") that stands for STATUS: by the configured name,
 * else by its own name, else by its type.  Borrowed; NULL with ERR_NOT_FOUND, which names
 * what there is.
 */
struct json_object *linear_state(const struct tracker_link *link,
    struct json_object *team, enum issue_status status, struct err *err);
enum issue_status linear_status_of(
    const struct tracker_link *link, struct json_object *state);

/* The name of a label as we write it: "type:chore" also for "chore" of group "type". */
char *linear_label_name(struct json_object *label);

/*
 * Appends the ids of the labels WORDS to IDS (an array): found in TEAM or its workspace,
 * else made in the team.
 */
NODISCARD int linear_labels(const struct tracker_link *link, const char *team,
    const struct tracker_words *words, struct json_object *ids, struct err *err);

/*
 * The id of the user NAME ("me" is whose token it is); an app when IS_APP.  The caller
 * frees it; NULL with ERR_NOT_FOUND.
 */
char *linear_user(
    const struct tracker_link *link, const char *name, bool is_app, struct err *err);

/* The id of the project NAME, which the caller frees; NULL with ERR_NOT_FOUND. */
char *linear_project(
    const struct tracker_link *link, const char *name, struct err *err);

/* The members of struct tracker that read. */
int linear_read(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err);
int linear_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err);
int linear_done(const struct tracker_link *link, int limit, struct arena *arena,
    struct tracker_list *list, struct err *err);
int linear_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err);
int linear_find(const struct tracker_link *link, const char *key, const char *parent,
    struct arena *arena, struct tracker_issue *issue, struct err *err);
int linear_probe(const struct tracker_link *link, struct arena *arena,
    struct tracker_who *who, struct err *err);
int linear_agents(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_agents *agents, struct err *err);

/* The members that write notes: comments, relations, files, activities. */
int linear_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err);
int linear_relate(const struct tracker_link *link, const struct tracker_call *call,
    const char *a, const char *kind, const char *b, struct err *err);
int linear_attach(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *url, const char *sha256, struct err *err);
int linear_activity(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *text, struct err *err);

/* The members about projects and milestones. */
int linear_place(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err);
int linear_project_update(const struct tracker_link *link,
    const struct tracker_call *call, const struct tracker_update *update,
    struct err *err);
