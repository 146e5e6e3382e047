#include "engine/internal.h"

#include "base/crash.h"

/*
 * Group commit.  What the agents' files say in one turn of the watcher goes into one
 * transaction, since making it durable costs the same for one happening as for a hundred.
 *
 * Nothing is done in between: acts start from the pump, which is armed at the end, and who
 * listens is told then.  When the group cannot be written none of it happened: the state is
 * the journal's again, its acts are dropped, and every output is read again from where the
 * journal is.
 */

void
group_begin(struct engine *engine)
{
	engine->is_grouping = true;
	engine->group_failed = false;
	engine->n_grouped = 0;
}

int
group_join(struct engine *engine, struct err *err)
{
	if (!engine->is_grouping || engine->group_is_open)
		return 0;
	if (store_begin(engine->store, err) < 0)
		return -1;
	engine->group_is_open = true;
	return 0;
}

static void
drop_acts(struct engine *engine)
{
	struct task *t, *next;

	TAILQ_FOREACH_SAFE (t, &engine->tasks, link, next) {
		if (t->is_grouped)
			task_drop(t);
	}
}

void
group_break(struct engine *engine)
{
	if (!engine->is_grouping)
		return;
	if (engine->group_is_open)
		store_rollback(engine->store);
	engine->group_is_open = false;
	engine->group_failed = true;
	drop_acts(engine);
	engine_go_back(engine);
}

void
group_end(struct engine *engine)
{
	struct follower *f;
	struct task *t;
	struct err err = ERR_INIT;

	if (!engine->is_grouping)
		return;
	if (engine->group_is_open) {
		int rc = DURABLE("journal.group", store_commit(engine->store, &err));

		engine->group_is_open = false;
		unwritten_note(engine, rc, &err);
		if (rc < 0) {
			log_warn("the journal took nothing of this turn: %s", err.text);
			group_break(engine);
		}
	}
	engine->is_grouping = false;
	if (engine->n_grouped == 0 && !engine->group_failed)
		return;
	TAILQ_FOREACH (t, &engine->tasks, link)
		t->is_grouped = false;
	TAILQ_FOREACH (f, &engine->followers, link) {
		if (f->is_grouped && engine->group_failed)
			follower_look_later(f);
		f->is_grouped = false;
	}
	if (!engine->group_failed)
		engine_settle(engine);
}
