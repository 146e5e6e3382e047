#include "engine/internal.h"

#include "base/proc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * A person coordinates few agents well, wherever they run (S-25).  So each living run of
 * any repository of this person holds a lock on one of a few files in their state directory:
 * slots/0.lock, slots/1.lock ... (CONTRACTS 1, Peers).  The kernel gives a lock back when
 * the server that held it is gone; the next server takes one again for each run it adopts.
 * Whoever holds one writes into it who they are: a lock file that somebody put back from a
 * copy is free, though the run that it stands for lives.
 */
static struct slot *
slot_of(struct engine *engine, const char *session)
{
	for (size_t i = 0; i < engine->n_slots; i++) {
		if (strcmp(engine->slot[i].session, session) == 0)
			return &engine->slot[i];
	}
	return NULL;
}

static void
name_lock(int fd, const struct proc_id *holder)
{
	if (proc_sign(fd, holder) < 0)
		log_warn("slots: a lock without its name: %s", strerror(errno));
}

static void
slot_drop(struct engine *engine, struct slot *slot)
{
	name_lock(slot->fd, NULL);
	close(slot->fd);
	free(slot->session);
	*slot = engine->slot[--engine->n_slots];
}

/* The cap of the session's batch, or what this server runs by a person's leave already. */
static size_t
n_allowed(const struct engine *engine, const struct session *s)
{
	const struct batch_run *b = core_batch(engine->core, s->batch_id);
	size_t cap = b ? batch_cap(engine->core, b) : 0;
	size_t live = core_live(engine->core);

	return live > cap ? live : cap;
}

bool
slot_take(struct engine *engine, const struct session *s)
{
	AUTO_FREE char *state = file_state_dir(), *dir = path_join(state, "slots");
	size_t n = n_allowed(engine, s);
	struct proc_id self;
	struct err err = ERR_INIT;

	if (slot_of(engine, s->id))
		return true;
	/* Without a place for the locks each repository still keeps its own cap. */
	if (file_mkdirs(dir, 0700, &err) < 0) {
		log_warn("slots: %s", err.text);
		return true;
	}
	/* Behind ours first: they are as many, and mostly the first ones. */
	for (size_t i = 0; i < n; i++) {
		size_t at = (engine->n_slots + i) % n;
		AUTO_FREE char *path = xasprintf("%s/%zu.lock", dir, at);
		int fd = file_lock(path, false, &err);

		if (fd < 0)
			continue;
		if (proc_is_signed(fd)) {
			close(fd);
			continue;
		}
		if (proc_identify(getpid(), &self, &err) == 0)
			name_lock(fd, &self);
		GROW(engine->slot, engine->n_slots, engine->cap_slots);
		engine->slot[engine->n_slots++] = (struct slot){ .session = xstrdup(
								     s->id),
			.at = (size_t)(s - engine->core->session),
			.fd = fd };
		return true;
	}
	return false;
}

/* Its session; the place is tried first, since this is asked after every happening. */
static const struct session *
slot_session(const struct engine *engine, const struct slot *slot)
{
	const struct core *core = engine->core;

	if (slot->at < core->n_sessions &&
	    strcmp(core->session[slot->at].id, slot->session) == 0)
		return &core->session[slot->at];
	return core_session(core, slot->session);
}

void
slots_settle(struct engine *engine)
{
	for (size_t i = engine->n_slots; i-- > 0;) {
		const struct session *s = slot_session(engine, &engine->slot[i]);

		/* Between two runs of a session that a person has, it stays theirs. */
		if (!s || (!s->run_open && s->state != SESSION_CLAIMED))
			slot_drop(engine, &engine->slot[i]);
	}
}

void
slots_adopt(struct engine *engine)
{
	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];

		if (s->run_open && !s->waits_for_slot && !slot_take(engine, s))
			log_warn("%s runs beyond the cap: its slot was taken meanwhile",
			    s->run);
	}
}

void
slots_free(struct engine *engine)
{
	while (engine->n_slots > 0)
		slot_drop(engine, &engine->slot[engine->n_slots - 1]);
	free(engine->slot);
	free(engine->told);
}
