#include "engine/left.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/core.h"
#include "engine/members.h"
#include "engine/record.h"

#include <string.h>

char *
left_why(struct store *store, const char *session, char **fix)
{
	AUTO_FREE char *key = xasprintf("worktree-remove/%s/done", session);
	struct arena *arena = arena_new();
	struct fields result = { 0 };
	struct act_row act;
	struct err err = ERR_INIT;
	const char *text, *is;
	char *why = NULL;

	*fix = NULL;
	if (act_find(store, key, &act, arena, &err) > 0 &&
	    (strcmp(act.state, "failed") == 0 || strcmp(act.state, "dead") == 0) &&
	    fields_of_json(&result, act.result[0] ? act.result : "{}", &err) == 0) {
		text = fields_text(&result, "text");
		/* Its path is told beside it. */
		is = strstr(text, " is not removed: ");
		why = xstrdup(is ? is + strlen(" is not removed: ") : text);
		*fix = xstrdup(fields_text(&result, "fix"));
	}
	fields_clear(&result);
	arena_free(arena);
	return why;
}

static void
put_one(struct store *store, const struct session *s, struct json_object *list)
{
	AUTO_FREE char *fix = NULL, *why = left_why(store, s->id, &fix);
	struct json_object *o;

	if (!why)
		return;
	o = json_object_new_object();
	member_text(o, "session", s->id);
	member_text(o, "label", s->label);
	member_text(o, "path", s->path);
	member_text(o, "why", why);
	member_text(o, "fix", fix);
	json_object_array_add(list, o);
}

void
left_put(struct store *store, const struct core *core, struct json_object *status)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		/* Of most nothing is there any more, so that nothing is asked for. */
		if (s->state == SESSION_DONE && s->path[0] && file_exists(s->path))
			put_one(store, s, list);
	}
	json_object_object_add(status, "left", list);
}
