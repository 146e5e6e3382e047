#include "engine/engine.h"

#include "base/crash.h"
#include "base/mark.h"
#include "base/rundir.h"
#include "engine/guard.h"
#include "engine/home.h"
#include "engine/internal.h"
#include "engine/lost.h"
#include "engine/replay.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOLDER_NAME "divisi-hold"
#define DEPTH_MAX   256 /* nobody's shells are nested so deep but who wants to hide */

static int64_t
real_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const struct core *
engine_core(const struct engine *engine)
{
	return engine->core;
}

/* Writes the happening, what moved because of it, and the acts owed, in one transaction. */
static int
append(struct engine *engine, const struct happening *h, const struct acts *acts,
    struct err *err)
{
	AUTO_FREE struct act_row *owed = xcalloc(acts->n + 1, sizeof(*owed));
	struct record_rows record;
	int rc;

	if (group_join(engine, err) < 0) {
		unwritten_note(engine, -1, err);
		group_break(engine);
		return -1;
	}
	record_make(&record, h, acts);
	for (size_t i = 0; i < acts->n; i++) {
		owed[i] = (struct act_row){ .key = acts->item[i].key,
			.kind = acts->item[i].kind,
			.order = acts->item[i].order,
			.state = "owed",
			.result = "" };
		owed[i].data = fields_to_json(&acts->item[i].fields);
	}
	rc = DURABLE_OF("journal", hap_name(h->kind),
	    journal_append(engine->store, record.row, record.n, owed, acts->n, err));
	for (size_t i = 0; i < acts->n; i++) {
		if (rc == 0 && owed[i].event_seq == record.row[record.n - 1].seq)
			tasks_take(engine, &owed[i]);
		free((char *)(uintptr_t)owed[i].data);
	}
	record_clear(&record);
	unwritten_note(engine, rc, err);
	if (rc < 0)
		group_break(engine);
	if (rc == 0)
		engine->last_at = h->at;
	return rc;
}

/* The state as the journal has it; what was in memory before is dropped. */
static int
replay(struct engine *engine, struct err *err)
{
	struct core *core = replay_core(engine->store, &engine->last_at, err);

	if (!core)
		return -1;
	core_free(engine->core);
	engine->core = core;
	clock_load(engine);
	return 0;
}

void
engine_go_back(struct engine *engine)
{
	struct err err = ERR_INIT;

	if (replay(engine, &err) == 0)
		return;
	/* Memory is ahead of the disk and cannot be brought back: stop, restart, replay. */
	log_error("the journal can be neither written nor read: %s", err.text);
	abort();
}

void
engine_settle(struct engine *engine)
{
	slots_settle(engine);
	accounts_settle(engine);
	radar_settle(engine);
	tips_settle(engine);
	tasks_pump_soon(engine);
	clock_arm(engine);
	if (engine->listen)
		engine->listen(engine->listen_arg);
}

static void
record_refusal(
    struct engine *engine, enum hap kind, const char *actor, const struct err *why)
{
	struct happening h = {
		.kind = HAP_REFUSED, .actor = actor, .at = engine->now()
	};
	struct acts none = { 0 };
	struct err err = ERR_INIT;

	fields_set(&h.fields, "what", hap_name(kind));
	fields_put_err(&h.fields, why);
	if (append(engine, &h, &none, &err) < 0)
		log_warn("refusal not recorded: %s", err.text);
	fields_clear(&h.fields);
}

/* engine_happen(); *IS_REFUSED tells the core's refusal from the journal's failure. */
static int
happen(struct engine *engine, enum hap kind, const char *actor,
    const struct fields *fields, bool *is_refused, struct err *err)
{
	struct happening h = { .kind = kind, .actor = actor };
	struct acts acts = { 0 };
	int rc;

	*is_refused = false;
	if (engine->is_grouping && engine->group_failed)
		return err_set(
		    err, ERR_SYSTEM, "the journal took nothing of this turn");
	if (kind != HAP_CLOCK_SET && clock_mind(engine) < 0)
		return err_set(err, ERR_SYSTEM,
		    "the journal does not take that the clock was set");
	h.at = engine->now();
	fields_copy(&h.fields, fields);
	rc = core_step(engine->core, &h, &acts, err);
	*is_refused = rc < 0;
	if (rc < 0) {
		if (err && err->kind == ERR_REFUSED)
			record_refusal(engine, kind, actor, err);
		fields_clear(&h.fields);
		return -1;
	}
	rc = append(engine, &h, &acts, err);
	if (rc < 0 && !engine->is_grouping)
		engine_go_back(engine);
	acts_clear(&acts);
	fields_clear(&h.fields);
	if (rc < 0)
		return -1;
	if (kind == HAP_SESSION_PREPARED || kind == HAP_TREE_BACK)
		trees_watch(engine);
	if (engine->is_grouping)
		engine->n_grouped++;
	else
		engine_settle(engine);
	return 0;
}

int
engine_happen(struct engine *engine, enum hap kind, const char *actor,
    const struct fields *fields, struct err *err)
{
	bool is_refused;

	return happen(engine, kind, actor, fields, &is_refused, err);
}

int
engine_note(struct engine *engine, enum hap kind, const struct fields *fields)
{
	struct err err = ERR_INIT;
	bool is_refused;

	if (happen(engine, kind, "server", fields, &is_refused, &err) == 0)
		return 0;
	if (!is_refused || (err.kind != ERR_CONFLICT && err.kind != ERR_NOT_FOUND))
		log_warn("%s: %s", hap_name(kind), err.text);
	/* What the journal never takes is told once. */
	return is_refused || err.kind == ERR_INPUT ? 0 : -1;
}

static void
on_watcher_turn(bool is_over, void *arg)
{
	if (is_over)
		group_end(arg);
	else
		group_begin(arg);
}

static int
load_open_act(const struct act_row *act, void *arg)
{
	tasks_take(arg, act);
	return 0;
}

/*
 * One server in a home.  The directory is locked first: of a server that is killed it is
 * free first, too, so that whoever gets server.lock finds it free.
 */
static int
lock_home(struct engine *engine, struct err *err)
{
	AUTO_FREE char *lock = path_join(engine->home, "server.lock");
	struct err why = ERR_INIT;

	engine->home_fd = home_lock(engine->home, &why);
	engine->lock_fd = file_lock(lock, false, err);
	if (engine->lock_fd < 0 && err && err->kind == ERR_CONFLICT)
		return err_fix(err,
		    "a server works here already; to start another: divisi server --stop");
	if (engine->lock_fd < 0)
		return -1;
	if (engine->home_fd < 0)
		*err = why;
	return engine->home_fd < 0 ? -1 : 0;
}

static void
name_boot(struct engine *engine, const char *boot)
{
	struct proc_id self;

	if (boot || proc_identify(getpid(), &self, NULL) < 0)
		text_print(engine->boot, sizeof(engine->boot), "%s", boot ? boot : "?");
	else
		text_print(engine->boot, sizeof(engine->boot), "%s", self.boot_id);
}

struct engine *
engine_new(struct event_base *base, const struct engine_opts *opts, struct err *err)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));
	AUTO_FREE char *runs = path_join(opts->home, "runs");

	engine->base = base;
	engine->home_fd = engine->lock_fd = -1;
	engine->home = xstrdup(opts->home);
	engine->top = xstrdup(opts->top);
	engine->program = xstrdup(opts->program);
	engine->holder = xstrdup(opts->holder);
	engine->hook = xstrdup(opts->hook);
	engine->divisi = realpath(opts->program, NULL);
	engine->now = opts->now ? opts->now : real_now;
	engine->passed = opts->passed || opts->now ? opts->passed : clock_passed;
	name_boot(engine, opts->boot);
	engine->guard = guard_new(engine);
	engine->next_op = engine->now(); /* no number of the server before */
	TAILQ_INIT(&engine->tasks);
	TAILQ_INIT(&engine->followers);
	TAILQ_INIT(&engine->ops);
	if (home_secure(opts->home, err) < 0)
		goto fail;
	if (lock_home(engine, err) < 0 || home_check_kept(opts->home, err) < 0 ||
	    home_claim(opts->home, err) < 0 || file_mkdirs(runs, 0700, err) < 0 ||
	    lost_check(opts->home, err) < 0)
		goto fail;
	engine->store = store_open(engine->home, 0, err);
	if (!engine->store || replay(engine, err) < 0)
		goto fail;
	engine->watcher = watcher_new(base, err);
	if (!engine->watcher)
		goto fail;
	watcher_on_turn(engine->watcher, on_watcher_turn, engine);
	if (act_each_open(engine->store, load_open_act, engine, err) < 0)
		goto fail;
	clock_start(engine);
	rundir_clear_unplaced(runs);
	slots_adopt(engine);
	runs_adopt(engine);
	trees_start(engine);
	radar_settle(engine);
	tasks_pump_soon(engine);
	clock_arm(engine);
	return engine;

fail:
	engine_free(engine);
	return NULL;
}

static void
ops_free(struct engine *engine)
{
	struct op *op, *next;

	TAILQ_FOREACH_SAFE (op, &engine->ops, link, next) {
		TAILQ_REMOVE(&engine->ops, op, link);
		job_free(op->job);
		fields_clear(&op->out);
		fields_clear(&op->in);
		free(op);
	}
}

void
engine_free(struct engine *engine)
{
	if (!engine)
		return;
	trees_stop(engine);
	tips_free(engine);
	followers_free(engine);
	tasks_free(engine);
	ops_free(engine);
	slots_free(engine);
	radar_watch_free(engine);
	guard_free(engine->guard);
	if (engine->clock)
		event_free(engine->clock);
	if (engine->pump)
		event_free(engine->pump);
	watcher_free(engine->watcher);
	store_close(engine->store);
	core_free(engine->core);
	if (engine->home_fd >= 0)
		close(engine->home_fd);
	if (engine->lock_fd >= 0)
		close(engine->lock_fd);
	free(engine->home);
	free(engine->top);
	free(engine->program);
	free(engine->holder);
	free(engine->hook);
	free(engine->divisi);
	free(engine);
}

bool
engine_is_busy(const struct engine *engine)
{
	return core_live(engine->core) > 0 || !TAILQ_EMPTY(&engine->tasks) ||
	       !TAILQ_EMPTY(&engine->followers);
}

bool
engine_has_work(const struct engine *engine)
{
	const struct task *t;
	const struct op *op;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (t->job)
			return true;
	}
	TAILQ_FOREACH (op, &engine->ops, link) {
		if (!op->is_over)
			return true;
	}
	return false;
}

void
engine_listen(struct engine *engine, void (*fn)(void *arg), void *arg)
{
	engine->listen = fn;
	engine->listen_arg = arg;
}

void
engine_guard(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out)
{
	guard_ask(engine->guard, in, caller, out);
}

/* Is PID the server or above it? */
static bool
is_above_us(pid_t pid)
{
	for (pid_t at = getpid(); at > 0; at = proc_parent(at)) {
		if (at == pid)
			return true;
	}
	return false;
}

static void
be_agent(struct caller *caller, const char *session)
{
	snprintf(caller->session, sizeof(caller->session), "%s", session);
	snprintf(caller->actor, sizeof(caller->actor), "session:%s", session);
}

/* What is left of an agent whose holder was killed: by its mark, whoever its parents are. */
static bool
is_orphan(struct engine *engine, pid_t pid, struct caller *caller)
{
	struct follower *f;
	uint64_t mark = 0;

	if (!mark_is_below(pid))
		return false;
	be_agent(caller, "?");
	if (!mark_read(pid, &mark))
		return true;
	TAILQ_FOREACH (f, &engine->followers, link) {
		if (mark_is_of(mark, &f->holder))
			be_agent(caller, f->session);
	}
	return true;
}

/*
 * Is PID a holder, whose agent must not pass for a person?  Of ours we know the session.
 * One of another repository counts as well; but not one above ourselves, for a server that
 * an agent has started is a thing of that agent's own.
 */
static bool
is_holder(struct engine *engine, pid_t pid, struct caller *caller)
{
	struct follower *f;

	TAILQ_FOREACH (f, &engine->followers, link) {
		if (f->holder.pid == pid && proc_is_alive(&f->holder)) {
			be_agent(caller, f->session);
			return true;
		}
	}
	if (!proc_is_named(pid, HOLDER_NAME) || is_above_us(pid))
		return false;
	be_agent(caller, "?");
	return true;
}

void
engine_identify(struct engine *engine, pid_t pid, unsigned uid, struct caller *caller)
{
	const struct passwd *pw;
	pid_t at = pid;
	struct proc_id id;
	unsigned long long before = ULLONG_MAX;

	*caller = (struct caller){ 0 };
	/* A tool of an agent may have left its process group, never its holder: sub-reaper. */
	for (int depth = 0; at > 1; depth++) {
		if (is_holder(engine, at, caller))
			return;
		/*
		 * Who did not wait for the answer cannot be asked where it came from; a
		 * parent is never the younger one; and what we started is no person.
		 */
		if (depth >= DEPTH_MAX || proc_identify(at, &id, NULL) < 0 ||
		    id.start_ticks > before || (depth > 0 && at == getpid())) {
			be_agent(caller, "?");
			return;
		}
		before = id.start_ticks;
		at = proc_parent(at);
	}
	/* 0: of a world of processes that is not below ours. */
	if (pid <= 0)
		be_agent(caller, "?");
	if (pid <= 0 || is_orphan(engine, pid, caller))
		return;
	pw = getpwuid(uid);
	if (pw)
		snprintf(caller->actor, sizeof(caller->actor), "human:%s", pw->pw_name);
	else
		snprintf(caller->actor, sizeof(caller->actor), "human:%u", uid);
}
