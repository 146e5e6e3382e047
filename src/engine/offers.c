#include "engine/offers.h"

#include "core/review.h"
#include "engine/internal.h"
#include "engine/panels.h"

void
review_offer(struct task *task)
{
	struct engine *engine = task->engine;
	const struct caller server = { .actor = "server" };
	const char *timing = fields_text(&task->fields, "timing");
	const struct session *s = core_session(
	    engine->core, fields_text(&task->fields, "session"));
	const struct plan_run *p = s ? core_plan(engine->core, s->plan_id) : NULL;
	AUTO_FREE char *path = xstrdup(p ? p->path : "");
	const struct subject about = { .path = path, .session = s, .timing = timing };
	struct fields in = { 0 };
	struct err err = ERR_INIT;
	const struct review *r;
	int rc = 0;

	/* It may be over by now, or begun before a crash. */
	if (s && offer_is_due(engine->core, s, timing))
		rc = panel_start(engine, &in, &about, &server, &err);
	fields_clear(&in);
	r = s ? core_review_of(engine->core, "", s->id, timing) : NULL;
	if (rc < 0)
		task_fail(task, &err);
	else if (r && r->run[0] && r->asked_on[0] == '\0' &&
		 review_panel(engine->core, r) == PANEL_ASKED)
		dispatch_by_task(task, r->run);
	else
		task_end(task, "done", "{}", 0);
}
