#include "stage.h"

#include "fault_vfs.h"

#include "engine/replay.h"
#include "exec/exec.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_MS 10000
#define HEX16    "0123456789abcdef"
#define PLAN_SHA \
	"a"      \
	"1" HEX16 HEX16 HEX16 "0123456789abcd"
#define PROMPT_SHA \
	"b"        \
	"2" HEX16 HEX16 HEX16 "0123456789abcd"

int64_t stage_now, stage_skew, stage_slept;
const char *stage_boot;
struct err stage_err;

/* Keeps its input, says that it ran, waits while it is blocked, and answers. */
static const char job_script[] =
    "#!/bin/sh\n"
    "cd \"$(dirname \"$0\")\" || exit 9\n"
    "in=\"input.$2.$$\"; cat >\"$in\"; cp \"$in\" \"$in.copy\"; mv \"$in.copy\" \"input.$2\"\n"
    "echo \"$2\" >>started\n"
    "if [ -p \"block.$2\" ]; then read -r x <\"block.$2\"; fi\n"
    "if [ -f \"answer.$2\" ]; then cat \"answer.$2\"\n"
    "elif [ \"$2\" = worktree-add ]; then cat \"$in\"; else echo '{}'; fi\n"
    "if [ -f \"status.$2\" ]; then exit \"$(cat \"status.$2\")\"; fi\n";

static int64_t
now(void)
{
	return stage_now;
}

static void
passed(struct passed *passed)
{
	passed->all = stage_now - stage_skew;
	passed->awake = passed->all - stage_slept;
}

char *
stage_path(const struct stage *st, const char *name)
{
	return path_join(st->dir, name);
}

void
stage_write(const struct stage *st, const char *name, const char *text)
{
	AUTO_FREE char *path = stage_path(st, name);
	struct err err = ERR_INIT;

	if (file_write_atomic(path, text, strlen(text), 0700, &err) < 0)
		fail_msg("%s", err.text);
}

char *
stage_read(const struct stage *st, const char *name)
{
	AUTO_FREE char *path = stage_path(st, name);

	return file_read(path, 64 << 20, NULL, NULL);
}

static void
heard(void *arg)
{
	struct stage *st = arg;

	st->n_heard++;
}

void
stage_start(struct stage *st)
{
	const struct engine_opts opts = { .home = st->home,
		.top = st->top,
		.program = st->program,
		.holder = st->holder,
		.now = now,
		.passed = passed,
		.boot = stage_boot };
	struct err err = ERR_INIT;

	st->base = event_base_new();
	st->engine = engine_new(st->base, &opts, &err);
	if (!st->engine)
		fail_msg("%s", err.text);
	engine_listen(st->engine, heard, st);
}

void
stage_stop(struct stage *st)
{
	engine_free(st->engine);
	if (st->base)
		event_base_free(st->base);
	st->engine = NULL;
	st->base = NULL;
}

void
stage_restart(struct stage *st)
{
	stage_stop(st);
	stage_start(st);
}

int
stage_setup(void **state)
{
	struct stage *st = xcalloc(1, sizeof(*st));
	char dir[] = "/tmp/divisi-engine-XXXXXX";
	const char *hold = getenv("DIVISI_TEST_HOLD");

	if (!mkdtemp(dir))
		return -1;
	/* The tester's own agents hold slots of their own cap. */
	setenv("XDG_STATE_HOME", dir, 1);
	fault_install();
	fault_arm(FAULT_NEVER, 0);
	signal(SIGPIPE, SIG_IGN);
	if (!getenv(
		"STAGE_LOG")) /* what is expected to go wrong would drown the report */
		log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_LVL_ERROR);
	stage_now = 1700000000000;
	stage_skew = stage_slept = 0;
	stage_boot = "boot-1";
	st->dir = xstrdup(dir);
	st->home = stage_path(st, "home");
	st->top = stage_path(st, "top");
	st->program = stage_path(st, "job");
	st->holder = hold ? xstrdup(hold) : stage_path(st, "no-holder");
	if (mkdir(st->top, 0700) < 0)
		return -1;
	stage_write(st, "job", job_script);
	*state = st;
	stage_start(st);
	return 0;
}

/* Holders outlive the engine by design; not the test. */
static void
end_runs(struct stage *st)
{
	for (size_t i = 0; i < st->engine->core->n_sessions; i++) {
		const struct session *s = &st->engine->core->session[i];

		for (int n = 1; n <= s->n_runs; n++) {
			AUTO_FREE char *run = xasprintf("%s.r%d", s->id, n);
			AUTO_FREE char *dir = run_dir(st->engine, run);
			struct run_begun begun;
			int lock_fd = -1;

			if (rundir_read_begun(dir, &begun, NULL) < 0)
				continue;
			(void)proc_signal(&begun.agent, SIGKILL);
			(void)proc_signal(&begun.holder, SIGKILL);
			for (int ms = 0; ms < LIMIT_MS; ms++) {
				if (!proc_is_alive(&begun.holder))
					break;
				(void)poll(NULL, 0, 1);
			}
			if (rundir_probe(dir, &lock_fd, NULL) == RUN_LOST)
				(void)executor_local.sweep(dir, EXEC_SWEEP_MS, NULL);
			if (lock_fd >= 0)
				close(lock_fd);
		}
	}
}

int
stage_teardown(void **state)
{
	struct stage *st = *state;

	fault_arm(FAULT_NEVER, 0);
	if (!st->engine)
		stage_start(st);
	end_runs(st);
	stage_stop(st);
	/* A holder that was only just started may still write there. */
	for (int ms = 0; file_remove_tree(st->dir, NULL) < 0; ms++) {
		if (ms >= LIMIT_MS)
			return -1;
		(void)poll(NULL, 0, 1);
	}
	free(st->dir);
	free(st->home);
	free(st->top);
	free(st->program);
	free(st->holder);
	free(st);
	return 0;
}

void
stage_turn(struct stage *st, int turn, const char *what)
{
	if (turn > LIMIT_MS)
		fail_msg("it never comes to: %s", what);
	event_base_loop(st->base, EVLOOP_NONBLOCK);
	(void)poll(NULL, 0, 1);
}

static bool
is_settled(const struct stage *st)
{
	const struct task *t;

	TAILQ_FOREACH (t, &st->engine->tasks, link) {
		const struct task *elder = TAILQ_FIRST(&st->engine->tasks);

		while (elder != t && strcmp(elder->order, t->order) != 0)
			elder = TAILQ_NEXT(elder, link);
		if (elder == t && !t->is_running && t->not_before <= stage_now)
			return false;
		if (t->is_running && t->job) {
			AUTO_FREE char *name = xasprintf("block.%s", t->kind);
			AUTO_FREE char *path = stage_path(st, name);

			if (!file_exists(path))
				return false;
		}
	}
	return true;
}

void
stage_settle(struct stage *st)
{
	event_base_loop(st->base, EVLOOP_NONBLOCK);
	STAGE_UNTIL(st, is_settled(st));
	event_base_loop(st->base, EVLOOP_NONBLOCK);
}

void
stage_answer(struct stage *st, const char *kind, const char *json, int status)
{
	AUTO_FREE char *name = xasprintf("answer.%s", kind);
	AUTO_FREE char *status_name = xasprintf("status.%s", kind);
	AUTO_FREE char *number = xasprintf("%d", status);

	stage_write(st, name, json);
	stage_write(st, status_name, number);
}

void
stage_block(struct stage *st, const char *kind)
{
	AUTO_FREE char *name = xasprintf("block.%s", kind);
	AUTO_FREE char *path = stage_path(st, name);

	assert_int_equal(mkfifo(path, 0600), 0);
}

/* A job that has opened the pipe goes on when it is opened here; later ones find none. */
void
stage_unblock(struct stage *st, const char *kind)
{
	AUTO_FREE char *name = xasprintf("block.%s", kind);
	AUTO_FREE char *path = stage_path(st, name);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, "go\n", 3), 3);
	/* The pipe has to stay until it is read: it goes with the test's process. */
}

int
stage_n_jobs(const struct stage *st, const char *kind)
{
	AUTO_FREE char *text = stage_read(st, "started");
	struct span rest = span_of(text ? text : ""), line;
	int n = 0;

	while (span_next(&rest, '\n', &line))
		n += span_eq(line, kind);
	return n;
}

char *
stage_input(const struct stage *st, const char *kind)
{
	AUTO_FREE char *name = xasprintf("input.%s", kind);
	char *text = stage_read(st, name);

	if (!text)
		fail_msg("no job %s was started", kind);
	return text;
}

int
stage_happen(struct stage *st, enum hap kind, ...)
{
	struct fields f = { 0 };
	const char *name;
	va_list ap;
	int rc;

	va_start(ap, kind);
	while ((name = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		if (name[0] == '#')
			fields_set_number(&f, name + 1, strtoll(value, NULL, 10));
		else
			fields_set(&f, name, value);
	}
	va_end(ap);
	stage_err = (struct err)ERR_INIT;
	rc = engine_happen(st->engine, kind, "human:ada", &f, &stage_err);
	fields_clear(&f);
	return rc;
}

static void
put_session(
    struct stage *st, struct fields *f, size_t i, const char *phase, const char *script)
{
	AUTO_FREE char *args = xasprintf("-c\n%s", script);
	AUTO_FREE char *tree = xasprintf("tree-%s", phase);
	AUTO_FREE char *path = stage_path(st, tree);
	AUTO_FREE char *issue = xasprintf("CIA-%zu", i + 2);
	AUTO_FREE char *branch = xasprintf("claude/cia-%s", phase);
	AUTO_FREE char *label = xasprintf("S-%c", (char)('A' + i));
	const struct {
		const char *name, *text;
	} texts[] = { { "phase", phase }, { "label", label }, { "issue", issue },
		{ "focus", "focus" }, { "title", "title" }, { "mode", "tdd" },
		{ "launch", "bypass" }, { "agent", "acme" }, { "agent_shown", "Acme" },
		{ "adapter", "command" }, { "program", "/bin/sh" }, { "args", args },
		{ "branch", branch }, { "worktree", "yes" }, { "path", path },
		{ "prompt_sha", PROMPT_SHA }, { "env_more", "STAGE_SECRET" },
		{ "after", "" }, { "verify", "" } };
	char key[64];

	(void)mkdir(path, 0700);
	for (size_t k = 0; k < N_ELEMS(texts); k++) {
		snprintf(key, sizeof(key), "s%zu.%s", i, texts[k].name);
		fields_set(f, key, texts[k].text);
	}
	snprintf(key, sizeof(key), "s%zu.merge", i);
	fields_set_number(f, key, (int64_t)i + 1);
}

void
stage_plan(struct stage *st, const char *words, const char *script)
{
	struct fields f = { 0 };
	struct span rest = span_of(words), word;
	struct err err = ERR_INIT;
	size_t n = 0;

	if (blob_put(st->engine->store, PROMPT_SHA, "Do it.", 6, &err) < 0 ||
	    blob_put(st->engine->store, PLAN_SHA, "# Plan\n", 7, &err) < 0)
		fail_msg("%s", err.text);
	if (st->engine->core->n_plans == 0)
		HAPPENS(st, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan",
		    "sha256", PLAN_SHA, "target", "main", "merge", "ask", "landing",
		    "squash", "master", "CIA-1", "master_title", "Master", "#cap", "3",
		    "#n_phases", "9");
	fields_set(&f, "plan", "p1");
	fields_set_number(&f, "number", 1);
	fields_set(&f, "kind", "implementation");
	fields_set(&f, "hash", "hash0001");
	fields_set(&f, "base", "b0");
	while (span_next(&rest, ' ', &word)) {
		AUTO_FREE char *phase = xstrndup(word.p, word.n);

		put_session(st, &f, n++, phase, script);
	}
	fields_set_number(&f, "n_sessions", (int64_t)n);
	if (engine_happen(st->engine, HAP_BATCH_PLANNED, "human:ada", &f, &err) < 0)
		fail_msg("%s", err.text);
	fields_clear(&f);
}

void
stage_approve(struct stage *st)
{
	stage_settle(st);
	HAPPENS(st, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
}

struct session *
stage_session(const struct stage *st, const char *phase)
{
	struct err err = ERR_INIT;
	struct session *s = core_resolve(st->engine->core, phase, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

const char *
stage_state(const struct stage *st, const char *phase)
{
	return session_state_name(stage_session(st, phase)->state);
}

void
stage_owe(struct stage *st, const char *kind, const char *order, const char *key,
    const char *data)
{
	struct journal_row row = { .at = stage_now,
		.actor = "server",
		.entity = "server",
		.cause = "clock",
		.data = "{}" };
	struct act_row act = { .key = key,
		.kind = kind,
		.order = order,
		.data = data,
		.state = "owed",
		.result = "" };
	struct err err = ERR_INIT;

	if (journal_append(st->engine->store, &row, 1, &act, 1, &err) < 0)
		fail_msg("%s", err.text);
	tasks_take(st->engine, &act);
	tasks_pump_soon(st->engine);
}

/* Asks the database beside the engine; TEXT or NUMBER gets the first column. */
static bool
query(const struct stage *st, const char *sql, const char *arg, char *text, size_t size,
    int64_t *number)
{
	AUTO_FREE char *path = path_join(st->home, "journal.db");
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	bool found = false;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, "unix"), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_bind_text(stmt, 1, arg, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *got = (const char *)sqlite3_column_text(stmt, 0);

		found = true;
		if (text)
			snprintf(text, size, "%s", got ? got : "");
		if (number)
			*number = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return found;
}

const char *
stage_act(const struct stage *st, const char *key)
{
	static char state[16];

	if (!query(st, "SELECT state FROM act WHERE key = ?1", key, state,
		sizeof(state), NULL))
		return "unknown";
	return state;
}

int64_t
stage_act_number(const struct stage *st, const char *key, const char *column)
{
	AUTO_FREE char *sql = xasprintf("SELECT %s FROM act WHERE key = ?1", column);
	int64_t number = -1;

	(void)query(st, sql, key, NULL, 0, &number);
	return number;
}

int
stage_n_rows(const struct stage *st, const char *cause)
{
	int64_t n = 0;

	(void)query(st,
	    "SELECT count(*) FROM event WHERE (?1 IS NULL OR cause = ?1)"
	    " AND data NOT LIKE '{\"follows\":true%'",
	    cause, NULL, 0, &n);
	return (int)n;
}

char *
stage_row(const struct stage *st, const char *cause)
{
	char *text = xcalloc(1, 1 << 16);

	if (!query(st,
		"SELECT data FROM event WHERE cause = ?1"
		" AND data NOT LIKE '{\"follows\":true%' ORDER BY seq DESC LIMIT 1",
		cause, text, 1 << 16, NULL))
		fail_msg("no row says %s", cause);
	return text;
}

void
stage_matches_journal(const struct stage *st)
{
	struct err err = ERR_INIT;
	struct store *store = store_open(st->home, 1, &err);
	struct core *core = store ? replay_core(store, NULL, &err) : NULL;
	AUTO_FREE char *here = core_dump(st->engine->core), *there = NULL;

	if (!core)
		fail_msg("%s", err.text);
	there = core_dump(core);
	core_free(core);
	store_close(store);
	assert_string_equal(here, there);
}
