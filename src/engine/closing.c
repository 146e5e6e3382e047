#include "engine/closing.h"

#include "engine/internal.h"
#include "engine/project.h"
#include "store/issues.h"

#include <json-c/json.h>
#include <string.h>

/*
 * The plan's Verification checklist, answered from facts and not from what anybody
 * said (J-11).  What else the plan's own list asks for is for a person to tick.
 */
struct count {
	int64_t phases, filed, issues_done, merged, without_merge, conflicts;
	const struct session *last; /* to land */
};

static void
count_sessions(struct engine *engine, const struct plan_run *p, struct count *n)
{
	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];

		if (strcmp(s->plan_id, p->id) != 0)
			continue;
		n->filed += s->sub_issue[0] != '\0';
		n->issues_done += issue_status_now(engine->store, s->sub_issue) ==
				  ISSUE_DONE;
		n->merged += s->landed[0] != '\0';
		n->without_merge += s->state == SESSION_DONE && s->landed[0] == '\0';
		n->conflicts += s->state == SESSION_MERGE_CONFLICT;
		if (s->landed[0] && (!n->last || s->ended_at >= n->last->ended_at))
			n->last = s;
	}
	n->phases = p->n_phases;
}

static void PRINTF(4, 5) add_fact(
    struct json_object *list, const char *item, bool holds, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	AUTO_FREE char *fact = NULL;
	va_list ap;

	va_start(ap, fmt);
	fact = xvasprintf(fmt, ap);
	va_end(ap);
	json_object_object_add(o, "item", json_object_new_string(item));
	json_object_object_add(o, "holds", json_object_new_boolean(holds));
	json_object_object_add(o, "fact", json_object_new_string(fact));
	json_object_array_add(list, o);
}

static size_t
n_records_owed(const struct engine *engine)
{
	const struct task *t;
	size_t n = 0;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		n += !project_is_update(t) &&
		     (t->is_outbound || strcmp(t->order, "tracker") == 0 ||
			 strcmp(t->order, "plan") == 0);
	}
	return n;
}

struct json_object *
closing_json(struct engine *engine, const struct plan_run *p)
{
	struct json_object *list = json_object_new_array();
	struct count n = { 0 };
	size_t owed = n_records_owed(engine);
	const char *evidence;
	bool passed;

	count_sessions(engine, p, &n);
	add_fact(list, "All phase sub-issues Done",
	    n.issues_done >= n.phases && n.issues_done == n.filed, "%lld of %lld",
	    (long long)n.issues_done,
	    (long long)(n.filed > n.phases ? n.filed : n.phases));
	add_fact(list, "Everything merged without conflicts",
	    n.merged + n.without_merge >= n.phases && n.conflicts == 0,
	    "%lld merged, %lld without anything to merge, %lld in conflict",
	    (long long)n.merged, (long long)n.without_merge, (long long)n.conflicts);
	evidence = n.last ? n.last->evidence : "nothing has landed";
	passed = n.last && strstr(evidence, " passed ") != NULL;
	add_fact(list, "Tests green on the target", passed, "%s%s%.12s", evidence,
	    n.last ? ", landed as " : "", n.last ? n.last->landed : "");
	add_fact(list, "Statuses updated", !p->trouble[0] && owed == 0, "%s",
	    p->trouble[0] ? p->trouble
	    : owed        ? "some records are still being written"
			  : "plan file, master issue and sub-issues are written");
	if (strcmp(p->publish, "none") != 0 && p->publish[0])
		add_fact(list, "Published", p->published[0] && !p->unpublished[0], "%s",
		    p->unpublished[0] ? p->unpublished
		    : p->published[0] ? p->published
				      : "nothing was pushed");
	return list;
}
