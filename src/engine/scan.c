#include "engine/scan.h"

#include "base/crash.h"
#include "engine/scan_work.h"
#include "tracker/tracker.h"

#include <json-c/json.h>
#include <string.h>

#define KEPT_MS (30LL * 60 * 1000)

/* Where what was found in the tracker and team of IN is kept; the caller frees it. */
static char *
kept_key(const struct fields *in)
{
	return xasprintf("ready/%s/%s/%s", fields_text(in, "tracker"),
	    fields_text(in, "team"), fields_text(in, "project"));
}

/*
 * True when OUT got what was found lately.  The look at a session's start is content with
 * what a whole one found; the whole one is not with what that left out.
 */
static bool
is_kept(struct engine *engine, const struct fields *in, struct fields *out)
{
	AUTO_FREE char *key = kept_key(in);
	AUTO_FREE char *text = store_meta_get(engine->store, key);
	struct json_object *kept = text ? json_tokener_parse(text) : NULL, *at, *most;
	int64_t now = engine->now();
	bool fresh = kept && json_object_object_get_ex(kept, "at", &at) &&
		     json_object_get_int64(at) <= now &&
		     now - json_object_get_int64(at) < KEPT_MS;

	fresh = fresh && (fields_number(in, "start", 0) ||
			     (json_object_object_get_ex(kept, "calls_most", &most) &&
				 json_object_get_int64(most) == 20));
	json_object_put(kept);
	if (fresh)
		fields_set(out, "ready", text);
	return fresh;
}

static void
on_scanned(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct op *op = arg;
	AUTO_FREE char *key = kept_key(&op->in);
	struct err kept = ERR_INIT;

	fields_copy(&op->out, out);
	op->err = *err;
	op->failed = failed;
	op->is_over = true;
	if (!failed && fields_text(out, "ready")[0] &&
	    DURABLE("scan.kept", store_meta_put(op->engine->store, key,
				     fields_text(out, "ready"), &kept)) < 0)
		log_warn("what is ready is not kept: %s", kept.text);
}

static int
ask_elsewhere(struct engine *engine, const struct fields *in, const char *what,
    const struct caller *caller, struct fields *out, struct err *err)
{
	struct fields job = { 0 };
	struct op *op = op_new(engine, caller, in, out);

	fields_copy(&job, in);
	fields_set(&job, "top", engine->top); /* whatever the caller says */
	fields_set(&job, "what", what);
	fields_set_number(&job, "at", engine->now());
	op->job = job_start(engine, "scan", &job, on_scanned, op, err);
	fields_clear(&job);
	if (op->job)
		return 1;
	op_forget(op);
	return -1;
}

int
order_ready(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	struct tracker_link link = { .store = engine->store };

	if (fields_text(in, "tracker")[0] == '\0')
		return scan_ready(&tracker_local, &link, in, engine->now(), out, err);
	if (!fields_number(in, "force", 0) && is_kept(engine, in, out))
		return 0;
	return ask_elsewhere(engine, in, "ready", caller, out, err);
}

/* The master issues of the plans under way in TRACKER; how many are of another to *ELSEWHERE. */
static char *
masters(const struct core *core, const char *tracker, int64_t *elsewhere)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	*elsewhere = 0;
	for (size_t i = 0; i < core->n_plans; i++) {
		const struct plan_run *p = &core->plan[i];

		if (strcmp(p->state, "active") != 0 || p->master[0] == '\0')
			continue;
		if (strcmp(p->tracker, tracker) == 0)
			fprintf(f, "%s%s", ftell(f) > 0 ? "," : "", p->master);
		else
			++*elsewhere;
	}
	fclose(f);
	return text;
}

int
order_stale(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	struct tracker_link link = { .store = engine->store };
	const char *tracker = fields_text(in, "tracker");
	int64_t elsewhere = 0;
	AUTO_FREE char *parents = fields_text(in, "id")[0]
				      ? xstrdup(fields_text(in, "id"))
				      : masters(engine->core, tracker, &elsewhere);
	struct fields asked = { 0 };
	int rc;

	fields_copy(&asked, in);
	fields_set(&asked, "parents", parents);
	fields_set_number(&asked, "elsewhere", elsewhere);
	if (tracker[0])
		rc = ask_elsewhere(engine, &asked, "stale", caller, out, err);
	else
		rc = scan_stale(&tracker_local, &link, &asked, engine->now(), out, err);
	fields_clear(&asked);
	return rc;
}

int
order_plan_from(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	struct tracker_link link = { .store = engine->store };

	if (fields_text(in, "tracker")[0] == '\0')
		return scan_plan(&tracker_local, &link, in, engine->now(), out, err);
	return ask_elsewhere(engine, in, "plan", caller, out, err);
}
