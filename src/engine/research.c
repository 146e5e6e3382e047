#include "engine/research.h"

#include "core/research.h"
#include "engine/internal.h"
#include "engine/members.h"

#include <json-c/json.h>

int
order_research(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	static const char *const names[] = { "path", "verdict", "text", "reason" };
	struct fields f = { 0 };
	int rc;

	for (size_t i = 0; i < N_ELEMS(names); i++)
		fields_set(&f, names[i], fields_text(in, names[i]));
	fields_set_number(&f, "follows", fields_number(in, "follows", 0) != 0);
	rc = engine_happen(engine, HAP_RESEARCH_ASSESSED, caller->actor, &f, err);
	fields_clear(&f);
	if (rc == 0)
		fields_set(out, "verdict", fields_text(in, "verdict"));
	return rc;
}

struct json_object *
research_json(const struct core *core, const char *path)
{
	const struct research *r = core_research(core, path);
	struct json_object *o;

	if (!r)
		return NULL;
	o = json_object_new_object();
	member_text(o, "verdict", r->verdict);
	member_text(o, "text", r->text);
	member_text(o, "reason", r->reason);
	member_text(o, "by", r->by);
	member_number(o, "at", r->at);
	member_number(o, "rounds", r->rounds);
	return o;
}
