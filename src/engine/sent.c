#include "engine/sent.h"

#include "base/crash.h"
#include "engine/delegation.h"
#include "engine/project.h"
#include "engine/track_pull.h"

#include <stdlib.h>
#include <string.h>

const struct plan_run *
sent_plan(const struct engine *engine, const struct fields *fields)
{
	const char *id = fields_text(fields, "session");
	const struct session *s = id[0] ? core_session(engine->core, id) : NULL;

	return core_plan(engine->core, s ? s->plan_id : fields_text(fields, "plan"));
}

char *
sent_seen_key(const char *tracker, const char *id)
{
	return xasprintf("seen/%s/%s", tracker, id);
}

static int
keep_seen(struct task *task, const struct fields *out, struct err *err)
{
	const struct plan_run *p = sent_plan(task->engine, &task->fields);
	AUTO_FREE char *key = NULL;

	if (!p || fields_text(out, "seen")[0] == '\0')
		return 0;
	key = sent_seen_key(p->tracker, fields_text(out, "seen_id"));
	return DURABLE("outbox.seen",
	    store_meta_put(task->engine->store, key, fields_text(out, "seen"), err));
}

/* What somebody did there and does no harm is on record (J-44). */
static int
keep_adopted(struct task *task, const struct fields *out, struct err *err)
{
	AUTO_FREE char *entity = xasprintf("issue/%s", fields_text(out, "seen_id"));
	AUTO_FREE char *data = NULL;
	struct fields f = { 0 };
	struct journal_row row = { .at = task->engine->now(),
		.actor = "tracker",
		.entity = entity,
		.from = fields_text(out, "was"),
		.to = fields_text(out, "is"),
		.cause = "adopted" };
	int rc;

	if (fields_text(out, "adopted")[0] == '\0')
		return 0;
	fields_set(&f, "adopted", fields_text(out, "adopted"));
	data = fields_to_json(&f);
	fields_clear(&f);
	row.data = data;
	rc = DURABLE("outbox.adopted",
	    journal_append(task->engine->store, &row, 1, NULL, 0, err));
	if (rc == 0 && task->engine->listen)
		task->engine->listen(task->engine->listen_arg);
	return rc;
}

/* What was seen of a pull request is a happening. */
static int
tell_pull(struct task *task, const struct fields *out)
{
	static const char *const names[] = { "url", "state", "checks", "review" };
	struct fields f = { 0 };
	int rc;

	if (!track_is_pull(task->kind))
		return 0;
	fields_set(&f, "session", fields_text(&task->fields, "session"));
	fields_set_number(&f, "number", fields_number(out, "number", 0));
	fields_set_number(&f, "opened", fields_number(out, "opened", 0));
	for (size_t i = 0; i < N_ELEMS(names); i++)
		fields_set(&f, names[i], fields_text(out, names[i]));
	rc = engine_note(task->engine, HAP_PULL_SEEN, &f);
	fields_clear(&f);
	return rc;
}

void
sent_keep(struct task *task, const struct fields *out)
{
	fields_clear(&task->sent);
	fields_copy(&task->sent, out);
	task->is_sent = true;
}

int
sent_record(struct task *task)
{
	const char *id = fields_text(&task->sent, "sub_issue");
	struct err err = ERR_INIT;

	if (keep_adopted(task, &task->sent, &err) < 0) {
		log_error("act %s: %s", task->key, err.text);
		return -1;
	}
	fields_set(&task->sent, "adopted", ""); /* it is told once */
	if (keep_seen(task, &task->sent, &err) < 0) {
		log_error("act %s: %s", task->key, err.text);
		return -1;
	}
	if ((id[0] && track_filed(task, id) < 0) || tell_pull(task, &task->sent) < 0 ||
	    delegation_told(task, &task->sent) < 0 ||
	    project_told(task, &task->sent) < 0)
		return -1;
	return 0;
}
