#include "cli/dispatching.h"

#include "base/crash.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/proposal.h"

#include <json-c/json.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREPARE_LIMIT_MS (30L * 60 * 1000)

void
dispatching_clear(struct dispatching *d)
{
	client_close(&d->client);
	fields_clear(&d->in);
	free(d->path);
	free(d->batch);
	free(d->later);
	free(d->plan_hash);
	*d = (struct dispatching){ 0 };
}

char *
ask_line(const char *question)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	fputs(question, stdout);
	fflush(stdout);
	n = getline(&line, &cap, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return line;
}

static void
print_numbered(const struct dispatching *d, const struct fields *out,
    const char *prefix, const char *mark)
{
	for (size_t i = 0;; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s%zu", prefix, i);
		if (fields_text(out, key)[0] == '\0')
			return;
		fputs(mark, d->screen.out);
		text_put(d->screen.out, fields_text(out, key));
		fputc('\n', d->screen.out);
	}
}

struct json_object *
dispatch_find(
    const struct dispatching *d, struct json_object *status, struct json_object **plan)
{
	struct json_object *p = board_plan(status, d->path);
	struct json_object *batches = p ? js_get(p, "batches") : NULL;

	*plan = p;
	for (size_t i = js_count(batches); i-- > 0;) {
		struct json_object *b = js_at(batches, i);

		if (!d->batch || strcmp(js_text(b, "id"), d->batch) == 0)
			return b;
	}
	return NULL;
}

/* Why the batch cannot be prepared: the first act that failed. */
static int
preparation_failed(const struct json_object *batch, struct err *err)
{
	const char *reason = js_text(batch, "reason");
	const char *fix = strstr(reason, "; fix: ");
	int n = (int)(fix ? (size_t)(fix - reason) : strlen(reason));

	if (n == 0)
		return 0;
	err_set(err, ERR_REFUSED, "batch %lld cannot be prepared: %.*s",
	    (long long)js_number(batch, "number", 0), n, reason);
	return err_fix(err, "%s; then run the same command again, nothing was launched",
	    fix ? fix + strlen("; fix: ") : "mend it");
}

static int
wait_prepared(struct dispatching *d, struct err *err)
{
	for (;;) {
		AUTO_JSON struct json_object *status = client_status(&d->client, err);
		struct json_object *plan = NULL, *batch;
		const char *state;

		if (!status)
			return -1;
		batch = dispatch_find(d, status, &plan);
		if (!batch)
			return err_set(err, ERR_NOT_FOUND, "the batch is gone");
		state = js_text(batch, "state");
		if (strcmp(state, "planned") != 0 && strcmp(state, "filed") != 0)
			return 0;
		if (preparation_failed(batch, err) < 0)
			return -1;
		if (client_wait_change(
			&d->client, js_number(status, "seq", 0), 2000, err) < 0)
			return -1;
	}
}

/* The preflight; and with --dry-run, which files nothing, the table it would file. */
static void
show_proposal(struct dispatching *d, const struct fields *out)
{
	AUTO_JSON struct json_object *proposal = proposal_json(out);
	bool is_dry = fields_number(&d->in, "dry_run", 0) != 0;

	if (d->as_json && is_dry)
		puts(json_object_to_json_string_ext(
		    proposal, JSON_C_TO_STRING_NOSLASHESCAPE));
	if (d->as_json)
		return;
	proposal_print(&d->screen, proposal);
	if (!is_dry)
		return;
	board_table(&d->screen, js_get(proposal, "plan"), js_get(proposal, "batch"));
}

int
dispatch_prepare(struct dispatching *d, struct err *err)
{
	struct fields out = { 0 };
	int rc = client_order(
	    &d->client, "dispatch", &d->in, &out, PREPARE_LIMIT_MS, err);

	if (rc < 0 && !d->as_json)
		print_numbered(d, &out, "note", "  ");
	if (rc < 0) {
		fields_clear(&out);
		return -1;
	}
	show_proposal(d, &out);
	if (!d->plan_hash)
		d->plan_hash = xstrdup(fields_text(&out, "plan_hash"));
	else if (strcmp(d->plan_hash, fields_text(&out, "plan_hash")) != 0 &&
		 !d->is_interactive) {
		err_set(err, ERR_HUMAN, "the plan changed since the run began");
		err_fix(err,
		    "look at it and run again: --approve-all holds for one plan only");
		rc = -1;
	}
	free(d->batch);
	d->batch = xstrdup(fields_text(&out, "batch"));
	fields_clear(&out);
	if (rc < 0 || fields_number(&d->in, "dry_run", 0))
		return rc;
	return wait_prepared(d, err);
}

enum dispatch_answer
dispatch_ask(const struct dispatching *d)
{
	for (;;) {
		AUTO_FREE char *line = NULL;

		if (!d->is_interactive)
			return ANSWER_NONE;
		line = ask_line("approve / edit / decline ? ");
		if (!line)
			return ANSWER_NONE;
		if (strcmp(line, "a") == 0 || strcmp(line, "approve") == 0 ||
		    strcmp(line, "yes") == 0 || strcmp(line, "y") == 0)
			return ANSWER_APPROVE;
		if (strcmp(line, "e") == 0 || strcmp(line, "edit") == 0)
			return ANSWER_EDIT;
		if (strcmp(line, "d") == 0 || strcmp(line, "decline") == 0 ||
		    strcmp(line, "no") == 0 || strcmp(line, "n") == 0)
			return ANSWER_DECLINE;
	}
}

static int
decide(struct dispatching *d, const char *verb, const char *hash, const char *reason,
    struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "hash", hash);
	fields_set(&in, "reason", reason);
	rc = client_order(&d->client, verb, &in, &out, 30000, err);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

int
dispatch_approve(struct dispatching *d, const char *hash, struct err *err)
{
	return decide(d, "approve", hash, "", err);
}

int
dispatch_decline(
    struct dispatching *d, const char *hash, const char *reason, struct err *err)
{
	return decide(d, "decline", hash, reason, err);
}

int
dispatch_edit(const struct dispatching *d, struct err *err)
{
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR");
	AUTO_FREE char *program = xstrdup(editor && editor[0] ? editor : "vi");
	AUTO_FREE char *path = xstrdup(d->path);
	/* The user's own setting may hold arguments, so their shell takes it apart. */
	AUTO_FREE char *line = xasprintf("exec %s \"$1\"", program);
	char sh[] = "/bin/sh", flag[] = "-c", name[] = "editor";
	char *argv[] = { sh, flag, line, name, path, NULL };
	int status = 0;
	pid_t pid;

	if (DURABLE("client.edit", posix_spawn(&pid, sh, NULL, NULL, argv, environ)) !=
		0 ||
	    waitpid(pid, &status, 0) < 0)
		return err_sys(err, "start %s", program);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_SYSTEM, "%s did not end well", program);
	return 0;
}

/* Shows the table that stands and returns its hash, which the caller frees. */
static char *
show_table(struct dispatching *d, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(&d->client, err);
	struct json_object *plan = NULL, *batch;

	if (!status)
		return NULL;
	batch = dispatch_find(d, status, &plan);
	if (!batch) {
		err_set(err, ERR_NOT_FOUND, "the batch is gone");
		return NULL;
	}
	if (!d->as_json) {
		board_table(&d->screen, plan, batch);
		fflush(d->screen.out);
	}
	return xstrdup(js_text(batch, "hash"));
}

int
dispatch_decide(struct dispatching *d, struct err *err)
{
	for (;;) {
		AUTO_FREE char *hash = show_table(d, err);
		AUTO_FREE char *reason = NULL;

		if (!hash)
			return -1;
		switch (dispatch_ask(d)) {
		case ANSWER_APPROVE: return dispatch_approve(d, hash, err);
		case ANSWER_DECLINE:
			reason = ask_line("reason: ");
			if (dispatch_decline(d, hash, reason ? reason : "", err) < 0)
				return -1;
			puts("declined; nothing was launched");
			return 1;
		case ANSWER_EDIT:
			if (dispatch_decline(d, hash, "the plan is being edited", err) <
				0 ||
			    dispatch_edit(d, err) < 0 || dispatch_prepare(d, err) < 0)
				return -1;
			continue;
		case ANSWER_NONE:
			err_set(err, ERR_HUMAN, "table %.12s waits for approval", hash);
			err_fix(err,
			    "divisi approve --hash %.12s, or divisi decline --hash %.12s",
			    hash, hash);
			return -1;
		}
	}
}
