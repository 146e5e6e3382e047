#pragma once

#include "store/issues.h"
#include "tracker/net.h"

/* The parts of the GitHub adapter.  Private to this room. */

/* An issue's place: "#12" and "12" are in the link's repository, "o/r#12" and URLs not. */
struct github_ref {
	char repo[144];
	long number;
};

/* ERR_NOT_FOUND for what names no issue; ERR_USAGE when the link names no repository. */
NODISCARD int github_ref_parse(const struct tracker_link *link, const char *id,
    struct github_ref *ref, struct err *err);

/* The number as we write it: "#12", with the repository when it is another one. */
char *github_id(const struct tracker_link *link, const char *repo, long number);

/* One request: PATH (freed) below the API, BODY (put) or NULL.  GOT, which may be NULL, is put
 * by the caller, and MORE, which may be NULL, tells whether there is a next page. */
struct github_request {
	const char *method;
	char *path;
	struct json_object *body;
	bool *more;
};
NODISCARD int github_send(const struct tracker_link *link,
    struct github_request request, struct json_object **got, struct err *err);

/*
 * Up to MAX elements of the list at PATH (with its query, without pages), page by page; the
 * caller puts LIST.  HAS_MORE may be NULL.
 */
NODISCARD int github_list(const struct tracker_link *link, const char *path, size_t max,
    struct json_object **list, bool *has_more, struct err *err);

/* Issue REF as the API shows it, which the caller puts; NULL with ERR. */
struct json_object *github_issue(
    const struct tracker_link *link, const struct github_ref *ref, struct err *err);

/*
 * A mark that nobody sees, which tells that KEY has made this text; 80 bytes are enough.
 * github_marked() finds it in TEXT; github_unmarked() is TEXT without any (freed by the
 * caller).
 */
#define GITHUB_MARK_SIZE 80
void github_mark(const char uuid[37], char mark[GITHUB_MARK_SIZE]);
bool github_marked(const char *text, const char *mark);
char *github_unmarked(const char *text);
/* The mark at the end of TEXT copied into MARK, or "". */
void github_mark_of(const char *text, char mark[GITHUB_MARK_SIZE]);

/* What stands for a status: open or closed, why, and a label (or NULL). */
struct github_status {
	enum issue_status status;
	const char *state, *reason, *label;
};
const struct github_status *github_status_of(enum issue_status status);
enum issue_status github_status_read(struct json_object *issue);
bool github_is_status_label(const char *name);
const char *github_label_name(struct json_object *label);

int github_read(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err);
int github_place(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err);
int github_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err);
int github_done(const struct tracker_link *link, int limit, struct arena *arena,
    struct tracker_list *list, struct err *err);
int github_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err);
int github_find(const struct tracker_link *link, const char *key, const char *parent,
    struct arena *arena, struct tracker_issue *issue, struct err *err);
int github_probe(const struct tracker_link *link, struct arena *arena,
    struct tracker_who *who, struct err *err);

/* The issue that carries MARK: among PARENT's children (or NULL), else the newest; put. */
struct json_object *github_find_marked(const struct tracker_link *link,
    const struct github_ref *parent, const char *mark, struct err *err);

int github_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err);
int github_relate(const struct tracker_link *link, const struct tracker_call *call,
    const char *a, const char *kind, const char *b, struct err *err);

int github_pull_open(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_pull_draft *draft, struct arena *arena,
    struct tracker_pull *pull, struct err *err);
int github_pull_read(const struct tracker_link *link, long number, struct arena *arena,
    struct tracker_pull *pull, struct err *err);
int github_pull_close(const struct tracker_link *link, const struct tracker_call *call,
    long number, const char *text, struct arena *arena, struct tracker_pull *pull,
    struct err *err);
int github_log(const struct tracker_link *link, const char *repo, const char *job,
    char **text, struct err *err);
int github_pull_merge(const struct tracker_link *link, long number,
    const struct tracker_pull_merge *how, struct arena *arena,
    struct tracker_pull *pull, struct err *err);
int github_pulls(const struct tracker_link *link, const char *id, int limit,
    struct arena *arena, struct tracker_pulls *pulls, struct err *err);
