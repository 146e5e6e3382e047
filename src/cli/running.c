#include "cli/running.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/report.h"
#include "cli/reviewing.h"
#include "sys/fetch.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

struct running {
	struct dispatching *d;
	bool approve_all;
	const char *hash;
	int64_t seen;               /* last journal row shown */
	struct json_object *status; /* the newest, for names */
};

static int
show_line(const char *line, size_t n, void *arg)
{
	struct running *r = arg;
	AUTO_JSON struct json_object *row = NULL;

	if (n == 0)
		return 0;
	row = json_tokener_parse(line);
	if (!row)
		return 0;
	r->seen = js_number(row, "seq", r->seen);
	if (r->d->as_json)
		puts(line);
	else
		(void)board_event(&r->d->screen, r->status, row);
	return 0;
}

static int
show_news(struct running *r, struct err *err)
{
	AUTO_FREE char *target = xasprintf("/v1/events?after=%lld", (long long)r->seen);
	struct fetch_reply reply = { 0 };
	int rc;

	r->status = client_status(&r->d->client, err);
	rc = fetch_stream(r->d->client.fetch, target, show_line, r, &reply, err);

	fetch_reply_clear(&reply);
	json_object_put(r->status);
	r->status = NULL;
	fflush(stdout);
	return rc;
}

/* The words of every need, as the error that ends a run that cannot go on by itself. */
static int
needs_error(const struct json_object *status, struct err *err)
{
	struct json_object *needs = js_get(status, "needs");
	const struct json_object *n;

	if (js_count(needs) == 0)
		return err_set(
		    err, ERR_HUMAN, "nothing moves any more; divisi status shows why");
	n = js_at(needs, 0);
	err_set(err, ERR_HUMAN, "%s %.400s", js_text(n, "subject"), js_text(n, "what"));
	if (js_count(needs) > 1)
		err_wrap(err, "%zu things need you; first", js_count(needs));
	return err_fix(err, "%s", js_text(n, "command"));
}

/* CONTRACTS 6: what ends --approve-all before the next batch. */
static int
check_batch(const struct json_object *batch, struct err *err)
{
	struct json_object *sessions = js_get(batch, "sessions");

	for (size_t i = 0; i < js_count(sessions); i++) {
		const struct json_object *s = js_at(sessions, i);
		int64_t high = js_number(js_get(s, "estimate_cents"), "high", -1);
		int64_t cost = js_number(s, "cost_cents", 0);
		AUTO_FREE char *spent = text_dollars((long)cost);
		AUTO_FREE char *stray = text_show(js_text(s, "stray"), true);

		if (js_text(s, "stray")[0])
			err_set(err, ERR_HUMAN, "%s wrote outside what it declared: %s",
			    js_text(s, "label"), stray);
		else if (high > 0 && cost > high)
			err_set(err, ERR_HUMAN, "%s cost %s, more than its estimate",
			    js_text(s, "label"), spent);
		else if (strcmp(js_text(s, "state"), "failed") == 0 ||
			 strcmp(js_text(s, "state"), "abandoned") == 0)
			err_set(err, ERR_HUMAN, "%s %s: %s", js_text(s, "label"),
			    js_text(s, "state"), js_text(s, "reason"));
		else
			continue;
		return err_fix(
		    err, "look at it (divisi status), then run without --approve-all");
	}
	return 0;
}

/* Prepares the next batch and has it approved; an override was for that one. */
static int
approve_next(struct running *r, struct err *err)
{
	struct dispatching *d = r->d;
	AUTO_JSON struct json_object *status = NULL;
	struct json_object *plan = NULL, *batch;
	int rc = dispatch_prepare(d, err);

	if (rc != 0)
		return rc;
	if (!r->approve_all && !r->hash)
		return dispatch_decide(d, err);
	status = client_status(&d->client, err);
	batch = status ? dispatch_find(d, status, &plan) : NULL;
	if (!batch)
		return status ? err_set(err, ERR_NOT_FOUND, "the batch is gone") : -1;
	if (!d->as_json)
		board_table(&d->screen, plan, batch);
	rc = dispatch_approve(d, r->hash ? r->hash : js_text(batch, "hash"), err);
	r->hash = NULL;
	if (rc == 0 && !d->as_json)
		fprintf(d->screen.out, "approved%s\n\n",
		    r->approve_all ? " by --approve-all" : "");
	return rc;
}

static int
next_batch(struct running *r, struct err *err)
{
	int rc = approve_next(r, err);

	if (rc == 0)
		fields_set(&r->d->in, "override", "");
	return rc;
}

static bool
needs_person(const struct json_object *status, const struct json_object *session)
{
	struct json_object *needs = js_get(status, "needs");

	for (size_t i = 0; i < js_count(needs); i++) {
		if (strcmp(js_text(js_at(needs, i), "session"),
			js_text(session, "id")) == 0)
			return true;
	}
	return false;
}

/* Will a session of BATCH go on without anybody's help, or wait for a quota to return? */
static bool
moves_by_itself(const struct json_object *status, const struct json_object *batch)
{
	struct json_object *sessions = js_get(batch, "sessions");
	bool is_paused = js_number(status, "paused_until", 0) >
			 js_number(status, "now", 0);

	for (size_t i = 0; i < js_count(sessions); i++) {
		const struct json_object *s = js_at(sessions, i);

		if ((js_bool(s, "live") && !needs_person(status, s) &&
			strcmp(js_text(s, "state"), "halted") != 0) ||
		    (is_paused && strcmp(js_text(s, "state"), "approved") == 0))
			return true;
	}
	return false;
}

/* Does everything wait for a person?  Of other plans too: they may hold the slots. */
static bool
is_stuck(const struct json_object *status)
{
	struct json_object *plans = js_get(status, "plans");

	if (js_count(js_get(status, "acts")) > 0)
		return false;
	for (size_t p = 0; p < js_count(plans); p++) {
		struct json_object *batches = js_get(js_at(plans, p), "batches");

		for (size_t b = 0; b < js_count(batches); b++) {
			if (moves_by_itself(status, js_at(batches, b)))
				return false;
		}
	}
	return true;
}

/* --approve-all is for the reviewers, too, that sessions of PLAN need to go on. */
static int
approve_reviewers(struct dispatching *d, struct json_object *status,
    const struct json_object *plan, struct err *err)
{
	struct json_object *needs = js_get(status, "needs");

	for (size_t i = 0; i < js_count(needs); i++) {
		const char *id = js_text(js_at(needs, i), "session");
		struct json_object *whose = NULL;
		struct json_object *batch = review_offered(
		    status, js_at(needs, i), &whose);
		const char *mine = js_text(plan, "id");

		if (!batch || strncmp(id, mine, strlen(mine)) != 0 ||
		    id[strlen(mine)] != '.')
			continue;
		if (!d->as_json)
			board_table(&d->screen, whose, batch);
		if (dispatch_approve(d, js_text(batch, "hash"), err) < 0)
			return -1;
		if (!d->as_json)
			fputs("approved by --approve-all\n\n", d->screen.out);
		return 1;
	}
	return 0;
}

enum turn { TURN_GO, TURN_COMPLETE, TURN_LEFT };

/* One look at the plan: what has to be done next by this run. */
static int
take_turn(struct running *r, enum turn *turn, struct err *err)
{
	struct dispatching *d = r->d;
	AUTO_JSON struct json_object *status = client_status(&d->client, err);
	struct json_object *plan, *batch;
	const char *state;
	int rc = 0;

	if (!status)
		return -1;
	if (d->is_over && d->is_over(d, status) != 0) {
		if (d->is_over(d, status) < 0)
			return client_wait_change(&d->client,
				   js_number(status, "seq", 0), 500, err) < 0
				   ? -1
				   : 0;
		*turn = TURN_LEFT;
		return 0;
	}
	plan = board_plan(status, d->path);
	batch = plan ? board_last_batch(plan, NULL) : NULL;
	state = batch ? js_text(batch, "state") : "complete";
	if (plan && strcmp(js_text(plan, "state"), "complete") == 0 &&
	    js_count(js_get(status, "acts")) == 0) {
		*turn = TURN_COMPLETE;
		return 0;
	}
	if (plan && strcmp(js_text(plan, "state"), "aborted") == 0)
		plan = batch = NULL;
	if (plan && strcmp(js_text(plan, "state"), "complete") == 0)
		return client_wait_change(
			   &d->client, js_number(status, "seq", 0), 500, err) < 0
			   ? -1
			   : 0;
	if (!batch || strcmp(state, "complete") == 0 || strcmp(state, "planned") == 0 ||
	    strcmp(state, "filed") == 0 || strcmp(state, "declined") == 0 ||
	    strcmp(state, "awaiting-approval") == 0 ||
	    (strcmp(state, "complete-with-failures") == 0 &&
		js_bool(batch, "acknowledged"))) {
		if (r->approve_all && batch && check_batch(batch, err) < 0)
			return -1;
		rc = next_batch(r, err);
		if (rc == 1)
			*turn = TURN_LEFT;
		return rc < 0 ? -1 : 0;
	}
	rc = r->approve_all ? approve_reviewers(d, status, plan, err) : 0;
	rc = rc == 0 ? review_needs(d, status, err) : rc;
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (is_stuck(status))
		return needs_error(status, err);
	return client_wait_change(&d->client, js_number(status, "seq", 0), 5000, err) <
		       0
		   ? -1
		   : 0;
}

static int
report(struct running *r, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(&r->d->client, err);
	const struct json_object *plan = status ? board_plan(status, r->d->path) : NULL;

	if (!plan)
		return status ? 0 : -1;
	if (r->d->as_json) {
		puts(json_object_to_json_string_ext(
		    (struct json_object *)(uintptr_t)plan, JSON_C_TO_STRING_PLAIN));
	} else {
		fputc('\n', stdout);
		report_print(&r->d->screen, status, plan, js_number(status, "now", 0));
	}
	return 0;
}

int
run_plan(struct dispatching *d, bool approve_all, const char *hash, struct err *err)
{
	struct running r = { .d = d, .approve_all = approve_all, .hash = hash };
	AUTO_JSON struct json_object *status = client_status(&d->client, err);
	enum turn turn = TURN_GO;
	const struct json_object *plan;

	if (!status)
		return -1;
	r.seen = js_number(status, "seq", 0);
	plan = board_plan(status, d->path);
	/* What is left to be cleared up after a crash is waited for, as below. */
	if (plan && !d->is_over && strcmp(js_text(plan, "state"), "complete") == 0 &&
	    js_count(js_get(status, "acts")) == 0) {
		if (!d->as_json)
			puts("this plan is complete");
		return report(&r, err);
	}
	if (plan && review_retry_blocked(d, plan, err) < 0)
		return -1;
	while (turn == TURN_GO) {
		if (take_turn(&r, &turn, err) < 0) {
			struct err again = ERR_INIT;

			(void)!show_news(&r, &again);
			return -1;
		}
		if (show_news(&r, err) < 0)
			return -1;
	}
	return turn == TURN_COMPLETE ? report(&r, err) : 0;
}
