#include "engine/internal.h"

#include "adapters.h"
#include "base/mem.h"
#include "store/journal.h"

/*
 * What a person says to an agent.  A message that comes again under its key was told, or
 * waits: what became of it is in its act, or with the session.
 */

/* Is there an act with KEY, whatever became of it? */
static bool
was_owed(struct engine *engine, const char *key)
{
	struct arena *arena = arena_new();
	struct act_row act;
	struct err err = ERR_INIT;
	bool found = act_find(engine->store, key, &act, arena, &err) > 0;

	arena_free(arena);
	return found;
}

static int
say(struct engine *engine, const struct session *s, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct agent *agent = adapter_agent(s->adapter);
	size_t n_words = s->n_words;
	struct fields f = { 0 };
	int rc;

	fields_copy(&f, in);
	if (agent && agent->hears_late)
		fields_set_number(&f, "late", 1);
	rc = happen_to_session(engine, HAP_SAID, &f, caller, out, err);
	fields_clear(&f);
	if (rc == 0 && s->n_words > n_words)
		fields_set_number(out, "waits", (int64_t)s->n_words);
	return rc;
}

int
order_say(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	const char *key = fields_text(in, "key");
	AUTO_FREE char *act = NULL;

	if (!s)
		return -1;
	if (agent && !agent->say) {
		err_set(err, ERR_CONFLICT, "%s hears nothing while it works",
		    s->agent_shown);
		return err_fix(err, "divisi park %s, then divisi resume %s --note TEXT",
		    s->label, s->label);
	}
	if (key[0]) {
		act = xasprintf("say/%s/key/%s", s->id, key);
		if (session_keeps_words(s, key))
			fields_set_number(out, "waits", (int64_t)s->n_words);
		if (session_keeps_words(s, key) || was_owed(engine, act)) {
			fields_set(out, "session", s->id);
			fields_set(out, "label", s->label);
			fields_set(out, "act", act);
			return 0;
		}
	}
	if (say(engine, s, in, caller, out, err) < 0)
		return -1;
	if (!act)
		act = xasprintf("say/%s/%d", s->run, s->n_keys);
	fields_set(out, "act", act);
	return 0;
}
