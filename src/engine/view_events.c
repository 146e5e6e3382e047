#include "engine/internal.h"

#include "base/hash.h"
#include "engine/members.h"

#include <json-c/json.h>
#include <string.h>

/* What programs compare and follow: the whole state as one text, and the journal's rows. */

struct json_object *
engine_state(struct engine *engine)
{
	struct json_object *o = json_object_new_object();
	AUTO_FREE char *dump = core_dump(engine->core);
	char sha[HASH_HEX_SIZE];

	hash_sha256(dump, strlen(dump), sha);
	member_number(o, "seq", journal_last(engine->store));
	member_text(o, "sha256", sha);
	member_text(o, "dump", dump);
	return o;
}

struct event_walk {
	int (*fn)(const char *line, void *arg);
	void *arg;
};

struct json_object *
member_event(const struct journal_row *row)
{
	struct json_object *o = json_object_new_object();
	struct json_object *data = json_tokener_parse(row->data);

	member_number(o, "seq", row->seq);
	member_number(o, "at", row->at);
	member_text(o, "actor", row->actor);
	member_text(o, "entity", row->entity);
	member_text(o, "from", row->from);
	member_text(o, "to", row->to);
	member_text(o, "cause", row->cause);
	json_object_object_add(o, "data", data ? data : json_object_new_object());
	return o;
}

static int
tell_row(const struct journal_row *row, void *arg)
{
	struct event_walk *walk = arg;
	AUTO_JSON struct json_object *o = member_event(row);

	return walk->fn(json_object_to_json_string_ext(
			    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    walk->arg);
}

int
engine_events(struct engine *engine, int64_t after,
    int (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	struct event_walk walk = { fn, arg };

	return journal_replay(engine->store, after, tell_row, &walk, err);
}
