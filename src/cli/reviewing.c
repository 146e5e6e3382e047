#include "cli/reviewing.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"

#include <stdio.h>
#include <string.h>

int
review_print_diff(
    struct client *client, const char *session, bool whole, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "session", session);
	rc = client_order(client, "diff", &in, &out, 60000, err);
	if (rc == 0)
		text_put(stdout, fields_text(&out, whole ? "diff" : "stat"));
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

static int
tell(struct dispatching *d, const char *verb, const char *session, const char *decision,
    const char *text, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "session", session);
	fields_set(&in, "decision", decision);
	fields_set(&in, "text", text);
	rc = client_order(&d->client, verb, &in, &out, 60000, err);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

static const struct json_object *
open_ask(const struct json_object *s)
{
	struct json_object *asks = js_get(s, "asks");

	for (size_t i = 0; i < js_count(asks); i++) {
		if (js_text(js_at(asks, i), "decision")[0] == '\0')
			return js_at(asks, i);
	}
	return NULL;
}

static int
ask_about(struct dispatching *d, const struct json_object *s,
    const struct json_object *a, struct err *err)
{
	AUTO_FREE char *line = NULL, *reason = NULL;

	printf("\n%s (%s) ", js_text(s, "label"), js_text(s, "phase"));
	text_put(stdout, js_text(a, "text"));
	fputc('\n', stdout);
	text_put(stdout, js_text(a, "detail"));
	line = ask_line("\nallow / deny / later ? ");
	if (!line || line[0] == 'l' || line[0] == '\0')
		return 0;
	if (line[0] == 'a' || line[0] == 'y') {
		if (strcmp(js_text(a, "kind"), "question") == 0)
			reason = ask_line("answer: ");
		return tell(d, "answer", js_text(s, "id"), "allow",
			   reason ? reason : "", err) < 0
			   ? -1
			   : 1;
	}
	reason = ask_line("reason: ");
	return tell(d, "answer", js_text(s, "id"), "deny", reason ? reason : "", err) <
		       0
		   ? -1
		   : 1;
}

static int
ask_merge(struct dispatching *d, const struct json_object *s, struct err *err)
{
	printf("\n%s (%s) ", js_text(s, "label"), js_text(s, "phase"));
	text_put(stdout, js_text(s, "focus"));
	puts(" is ready to merge:");
	if (review_print_diff(&d->client, js_text(s, "id"), false, err) < 0)
		return -1;
	for (;;) {
		AUTO_FREE char *line = ask_line("merge / diff / later ? ");

		if (!line || line[0] == 'l' || line[0] == '\0')
			return 0;
		if (line[0] == 'm' || line[0] == 'y')
			return tell(d, "merge", js_text(s, "id"), "", "", err) < 0 ? -1
										   : 1;
		if (line[0] == 'd' &&
		    review_print_diff(&d->client, js_text(s, "id"), true, err) < 0)
			return -1;
	}
}

#define APPROVE "divisi approve --hash "

struct json_object *
review_offered(struct json_object *status, const struct json_object *need,
    struct json_object **plan)
{
	const char *command = js_text(need, "command"), *hash;
	struct json_object *plans = js_get(status, "plans");

	if (js_text(need, "session")[0] == '\0' ||
	    strncmp(command, APPROVE, strlen(APPROVE)) != 0)
		return NULL;
	hash = command + strlen(APPROVE);
	for (size_t i = 0; i < js_count(plans); i++) {
		struct json_object *b;

		*plan = js_at(plans, i);
		b = board_last_batch(*plan, NULL);
		if (b && strcmp(js_text(b, "state"), "awaiting-approval") == 0 &&
		    strncmp(js_text(b, "hash"), hash, strcspn(hash, " ")) == 0)
			return b;
	}
	return NULL;
}

/* Reviewers have to look first: their table, as far as it stands. */
static int
ask_reviewers(struct dispatching *d, struct json_object *status,
    const struct json_object *need, struct err *err)
{
	struct json_object *plan = NULL, *batch = review_offered(status, need, &plan);
	AUTO_FREE char *line = NULL;

	printf("\n%s ", js_text(need, "subject"));
	text_put(stdout, js_text(need, "what"));
	printf("\n  -> %s\n", js_text(need, "command"));
	if (!batch)
		return 0;
	board_table(&d->screen, plan, batch);
	fflush(d->screen.out);
	line = ask_line("approve the reviewers / later ? ");
	if (!line || (line[0] != 'a' && line[0] != 'y'))
		return 0;
	return dispatch_approve(d, js_text(batch, "hash"), err) < 0 ? -1 : 1;
}

/* Does its review hold the checkpoint A of NEED's session?  Then an answer would be refused. */
static bool
is_held(const struct json_object *need, const struct json_object *a)
{
	return a && strcmp(js_text(a, "kind"), "checkpoint") == 0 &&
	       (strncmp(js_text(need, "command"), "divisi approve ", 15) != 0 ||
		   strncmp(js_text(need, "command"), APPROVE, strlen(APPROVE)) == 0);
}

/* "p1.1.1A/in-review/ask-3," names what was put off; something new is asked about again. */
static char *
put_off_key(const struct json_object *s, const struct json_object *a,
    const struct json_object *need)
{
	return xasprintf("%s/%s/%s/%.24s,", js_text(s, "id"), js_text(s, "state"),
	    a ? js_text(a, "id") : js_text(s, "head"), js_text(need, "command"));
}

int
review_needs(struct dispatching *d, struct json_object *status, struct err *err)
{
	struct json_object *needs = js_get(status, "needs"), *plan = NULL;

	if (!d->is_interactive)
		return 0;
	for (size_t i = 0; i < js_count(needs); i++) {
		const char *id = js_text(js_at(needs, i), "session");
		const struct json_object *s = id[0] ? client_session(status, id, NULL)
						    : NULL;
		const struct json_object *a = s ? open_ask(s) : NULL;
		AUTO_FREE char *key = s ? put_off_key(s, a, js_at(needs, i)) : NULL;
		int rc = 0;

		if (!s || (d->later && strstr(d->later, key)))
			continue;
		if (is_held(js_at(needs, i), a) ||
		    (!a && review_offered(status, js_at(needs, i), &plan)))
			rc = ask_reviewers(d, status, js_at(needs, i), err);
		else if (a)
			rc = ask_about(d, s, a, err);
		else if (strcmp(js_text(s, "state"), "in-review") == 0)
			rc = ask_merge(d, s, err);
		if (rc != 0)
			return rc;
		if (a || strcmp(js_text(s, "state"), "in-review") == 0) {
			char *all = xasprintf("%s%s", d->later ? d->later : "", key);

			free(d->later);
			d->later = all;
		}
	}
	return 0;
}

int
review_retry_blocked(
    struct dispatching *d, const struct json_object *plan, struct err *err)
{
	struct json_object *batches = js_get(plan, "batches");

	for (size_t b = 0; b < js_count(batches); b++) {
		struct json_object *sessions = js_get(js_at(batches, b), "sessions");

		for (size_t i = 0; i < js_count(sessions); i++) {
			const struct json_object *s = js_at(sessions, i);
			struct err why = ERR_INIT;

			if (strcmp(js_text(s, "state"), "merging") != 0 ||
			    js_text(s, "blocked")[0] == '\0' ||
			    tell(d, "merge", js_text(s, "id"), "", "", &why) == 0)
				continue;
			/* Somebody else has just done that, or it landed meanwhile. */
			if (why.kind != ERR_NOT_FOUND && why.kind != ERR_CONFLICT) {
				*err = why;
				return -1;
			}
		}
	}
	return 0;
}
