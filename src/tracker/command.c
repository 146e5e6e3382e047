#include "tracker/tracker.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Any tracker for which somebody writes a program (divisi-config(5)): it is started once
 * for each call, finds one JSON object on standard input and answers with one.  Both are
 * files in memory, so that no side waits for the other; it is given a minute.
 */
#define CALL_MS       60000
#define ANSWER_BYTES  ((off_t)16 << 20)
#define MOST_DEPTH    16
#define MOST_CHILDREN 1000

static void
put(json_object *o, const char *name, const char *text)
{
	if (text)
		json_object_object_add(o, name, json_object_new_string(text));
}

static const char *
text_of(const json_object *o, const char *name)
{
	json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) &&
		       json_object_is_type(v, json_type_string)
		   ? json_object_get_string(v)
		   : "";
}

static int64_t
number_of(const json_object *o, const char *name)
{
	json_object *v = NULL;

	return json_object_object_get_ex(o, name, &v) &&
		       json_object_is_type(v, json_type_int)
		   ? json_object_get_int64(v)
		   : 0;
}

static void
leave(const struct tracker_link *link, enum tracker_trouble trouble)
{
	if (link->state)
		link->state->trouble = trouble;
}

/* Waits for PID at most CALL_MS; then its whole group is killed. */
static int
wait_for(pid_t pid, struct err *err)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool in_time = fd < 0 || poll(&p, 1, CALL_MS) > 0;

	if (!in_time)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	kill(-pid, SIGKILL); /* what it left behind */
	if (fd >= 0)
		close(fd);
	if (!in_time)
		return err_set(err, ERR_TIMEOUT,
		    "the tracker's program gave no answer within %d s", CALL_MS / 1000);
	if (WIFSIGNALED(status))
		return err_set(err, ERR_SYSTEM,
		    "the tracker's program was killed by signal %d", WTERMSIG(status));
	return 0;
}

static int
start(const char *program, int in, int out, pid_t *pid, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(program);
	char *argv[] = { copy, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	errno = posix_spawnp(pid, copy, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return errno ? err_sys(err, "start the tracker's program %s", program) : 0;
}

static json_object *
read_answer(int fd, struct err *err)
{
	struct stat st;
	json_object *answer = NULL;
	struct json_tokener *tok;
	char *text;

	if (fstat(fd, &st) < 0 || st.st_size == 0 || st.st_size > ANSWER_BYTES) {
		err_set(err, ERR_SYSTEM, "the tracker's program gave no answer");
		return NULL;
	}
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED) {
		(void)err_sys(err, "the answer of the tracker's program");
		return NULL;
	}
	tok = json_tokener_new_ex(MOST_DEPTH);
	json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
	answer = json_tokener_parse_ex(tok, text, (int)st.st_size);
	if (!json_object_is_type(answer, json_type_object)) {
		err_set(
		    err, ERR_SYSTEM, "the tracker's program answered no JSON object");
		json_object_put(answer);
		answer = NULL;
	}
	json_tokener_free(tok);
	munmap(text, (size_t)st.st_size);
	return answer;
}

/* What an answer with "error" means for the one who asked. */
static void
refused(const struct tracker_link *link, const json_object *answer, struct err *err)
{
	static const enum err_kind kinds[TRACKER_N_TROUBLES] = {
		[TRACKER_FINE] = ERR_SYSTEM,
		[TRACKER_LATER] = ERR_SYSTEM,
		[TRACKER_LIMITED] = ERR_SYSTEM,
		[TRACKER_AUTH] = ERR_HUMAN,
		[TRACKER_REFUSED] = ERR_REFUSED,
		[TRACKER_MISSING] = ERR_NOT_FOUND,
		[TRACKER_CONFLICT] = ERR_CONFLICT,
	};
	enum tracker_trouble trouble = tracker_trouble_of(text_of(answer, "trouble"));
	AUTO_FREE char *shown = text_show(text_of(answer, "error"), true);

	if (link->state)
		link->state->retry_after_ms = number_of(answer, "retry_after_ms");
	err_set(err, kinds[trouble], "the tracker: %.300s", shown);
	if (trouble == TRACKER_AUTH)
		err_fix(err, "log in again for %s, then: divisi outbox retry all",
		    link->program);
	leave(link, trouble);
}

/* Sends REQUEST, which is put, and returns the answer, which the caller puts; or NULL. */
static json_object *
ask(const struct tracker_link *link, json_object *request, struct err *err)
{
	AUTO_FD int in = memfd_create("request", MFD_CLOEXEC);
	AUTO_FD int out = memfd_create("answer", MFD_CLOEXEC);
	const char *text;
	json_object *answer = NULL;
	int rc = -1;
	pid_t pid;

	put(request, "team", link->team);
	put(request, "project", link->project);
	put(request, "url", link->url);
	text = json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN);
	if (link->state)
		link->state->n_requests++;
	if (!link->program) {
		err_set(err, ERR_USAGE, "the command tracker has no program");
		err_fix(err, "git config divisi.tracker.program /path/to/program");
		leave(link, TRACKER_REFUSED);
		goto out;
	}
	leave(link, TRACKER_LATER);
	if (in < 0 || out < 0 ||
	    write(in, text, strlen(text)) != (ssize_t)strlen(text) ||
	    lseek(in, 0, SEEK_SET) != 0) {
		(void)err_sys(err, "memory for a request");
		goto out;
	}
	rc = start(link->program, in, out, &pid, err);
	if (rc == 0)
		rc = wait_for(pid, err);
	if (rc == 0)
		answer = read_answer(out, err);
	if (answer && text_of(answer, "error")[0]) {
		refused(link, answer, err);
		json_object_put(answer);
		answer = NULL;
	} else if (answer) {
		leave(link, TRACKER_FINE);
	}
out:
	json_object_put(request);
	return answer;
}

static json_object *
request_new(const char *op, const struct tracker_call *call, const char *id)
{
	json_object *o = json_object_new_object();

	put(o, "op", op);
	put(o, "id", id);
	if (!call)
		return o;
	put(o, "key", call->key);
	put(o, "actor", call->actor);
	put(o, "cause", call->cause);
	json_object_object_add(o, "at", json_object_new_int64(call->at));
	return o;
}

static void
put_words(json_object *o, const char *name, const struct tracker_words *words)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < words->n; i++)
		json_object_array_add(list, json_object_new_string(words->word[i]));
	json_object_object_add(o, name, list);
}

/* Sends REQUEST where only success matters. */
static int
tell(const struct tracker_link *link, json_object *request, struct err *err)
{
	json_object *answer = ask(link, request, err);

	if (!answer)
		return -1;
	json_object_put(answer);
	return 0;
}

static int
command_create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	json_object *o = request_new("create", call, NULL), *answer;
	const char *made;
	int rc = 0;

	put(o, "title", draft->title);
	put(o, "body", draft->body);
	put(o, "parent", draft->parent);
	put(o, "status", draft->status);
	json_object_object_add(o, "estimate", json_object_new_int(draft->estimate));
	put_words(o, "labels", &draft->labels);
	answer = ask(link, o, err);
	if (!answer)
		return -1;
	made = text_of(answer, "id");
	if (made[0] == '\0' || strlen(made) >= TRACKER_ID_SIZE) {
		leave(link, TRACKER_LATER);
		rc = err_set(err, ERR_SYSTEM,
		    "the tracker's program made an issue and named none");
	} else {
		memcpy(id, made, strlen(made) + 1);
	}
	json_object_put(answer);
	return rc;
}

static int
command_update(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const struct tracker_patch *patch, struct err *err)
{
	json_object *o = request_new("update", call, id);

	put(o, "status", patch->status);
	put(o, "assignee", patch->assignee);
	put(o, "delegate", patch->delegate);
	put(o, "title", patch->title);
	put(o, "body", patch->body);
	if (patch->estimate)
		json_object_object_add(
		    o, "estimate", json_object_new_int(patch->estimate));
	if (patch->seen_at)
		json_object_object_add(
		    o, "seen_at", json_object_new_int64(patch->seen_at));
	put_words(o, "add", &patch->add);
	put_words(o, "remove", &patch->remove);
	return tell(link, o, err);
}

static int
command_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	json_object *o = request_new("comment", call, id);

	put(o, "kind", kind);
	put(o, "body", body);
	return tell(link, o, err);
}

static int
command_relate(const struct tracker_link *link, const struct tracker_call *call,
    const char *a, const char *kind, const char *b, struct err *err)
{
	json_object *o = request_new("relate", call, a);

	put(o, "kind", kind);
	put(o, "other", b);
	return tell(link, o, err);
}

static int
command_attach(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *url, const char *sha256, struct err *err)
{
	json_object *o = request_new("attach", call, id);

	put(o, "file", url);
	put(o, "sha256", sha256);
	return tell(link, o, err);
}

static struct tracker_words
words_of(const json_object *o, const char *name, struct arena *arena)
{
	json_object *list = NULL;
	size_t n;
	const char **word;

	if (!json_object_object_get_ex(o, name, &list) ||
	    !json_object_is_type(list, json_type_array))
		return (struct tracker_words){ 0 };
	n = json_object_array_length(list);
	word = arena_alloc(arena, (n + 1) * sizeof(*word));
	for (size_t i = 0; i < n; i++) {
		const char *one = json_object_get_string(
		    json_object_array_get_idx(list, i));

		word[i] = arena_strdup(arena, one ? one : "");
	}
	return (struct tracker_words){ word, n };
}

static struct tracker_issue
issue_of(const json_object *o, struct arena *arena)
{
	const char *status = text_of(o, "status");
	json_object *archived = NULL;

	json_object_object_get_ex(o, "archived", &archived);
	return (struct tracker_issue){ .id = arena_strdup(arena, text_of(o, "id")),
		.uuid = arena_strdup(arena, text_of(o, "uuid")),
		.url = arena_strdup(arena, text_of(o, "url")),
		.title = arena_strdup(arena, text_of(o, "title")),
		.body = arena_strdup(arena, text_of(o, "body")),
		.version = 1,
		.status = arena_strdup(arena, status[0] ? status : "Todo"),
		.status_name = arena_strdup(arena, status),
		.estimate = (int)number_of(o, "estimate"),
		.assignee = arena_strdup(arena, text_of(o, "assignee")),
		.delegate = arena_strdup(arena, text_of(o, "delegate")),
		.parent = arena_strdup(arena, text_of(o, "parent")),
		.project = arena_strdup(arena, text_of(o, "project")),
		.owner_session = "",
		.labels = words_of(o, "labels", arena),
		.blocks = words_of(o, "blocks", arena),
		.blocked_by = words_of(o, "blocked_by", arena),
		.related = words_of(o, "related", arena),
		.children = words_of(o, "children", arena),
		.updated_at = number_of(o, "updated_at"),
		.is_archived = json_object_get_boolean(archived) };
}

static int
command_read(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	json_object *answer = ask(link, request_new("read", NULL, id), err);
	json_object *o = NULL;
	int rc = 0;

	if (!answer)
		return -1;
	if (json_object_object_get_ex(answer, "issue", &o) && text_of(o, "id")[0])
		*issue = issue_of(o, arena);
	else
		rc = err_set(err, ERR_NOT_FOUND, "the tracker has no issue %.60s", id);
	if (rc < 0)
		leave(link, TRACKER_MISSING);
	json_object_put(answer);
	return rc;
}

static int
command_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	json_object *request = request_new("children", NULL, parent), *answer, *items;
	size_t n = 0;

	if (limit <= 0) {
		json_object_put(request);
		err_set(err, ERR_REFUSED, "a list of issues needs a limit");
		if (err)
			err->code = "T04";
		return -1;
	}
	json_object_object_add(request, "limit",
	    json_object_new_int(limit < MOST_CHILDREN ? limit : MOST_CHILDREN));
	answer = ask(link, request, err);
	if (!answer)
		return -1;
	*list = (struct tracker_list){ 0 };
	if (json_object_object_get_ex(answer, "issues", &items) &&
	    json_object_is_type(items, json_type_array))
		n = json_object_array_length(items);
	list->has_more = n > (size_t)limit || number_of(answer, "more") > 0;
	list->n = n < (size_t)limit ? n : (size_t)limit;
	list->item = arena_alloc(arena, (list->n + 1) * sizeof(*list->item));
	for (size_t i = 0; i < list->n; i++)
		list->item[i] = issue_of(json_object_array_get_idx(items, i), arena);
	json_object_put(answer);
	return 0;
}

const struct tracker tracker_command = {
	.name = "command",
	.capabilities = TRACKER_NETWORK | TRACKER_RELATIONS | TRACKER_ATTACHMENTS |
			TRACKER_ESTIMATES | TRACKER_SUB_ISSUES | TRACKER_LABELS |
			TRACKER_DELEGATES,
	.create = command_create,
	.update = command_update,
	.comment = command_comment,
	.relate = command_relate,
	.attach = command_attach,
	.read = command_read,
	.children = command_children,
};
