/*
 * The engine with N living runs: what it costs, and how soon a new one has adopted them.
 *
 *   server_runs DIR HOLDER CHATTER N PERIOD_MS SECONDS
 *
 * Prints "adopted_ms own_kB cpu_ms wakeups rows peer_kB peer_cpu_ms": the time from the
 * start of a second engine until it follows all N; its private memory; processor time and
 * wake-ups in SECONDS; rows it journalled meanwhile; the same of a `tail -f` of the same
 * files, which writes nothing down.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROMPT   "Do it."
#define PER_PLAN ((size_t)20)
#define SHA      "b222222222222222222222222222222222222222222222222222222222222222"

struct bench {
	char *home, *top, *job;
	const char *holder, *chatter;
	size_t n;
	const char *period;
	struct event_base *base;
	struct engine *engine;
};

static void
die(const char *what, const struct err *err)
{
	fprintf(stderr, "server_runs: %s: %s\n", what, err ? err->text : "");
	exit(1);
}

static double
now_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
start(struct bench *b)
{
	const struct engine_opts opts = {
		.home = b->home, .top = b->top, .program = b->job, .holder = b->holder
	};
	struct err err = ERR_INIT;

	b->base = event_base_new();
	b->engine = engine_new(b->base, &opts, &err);
	if (!b->engine)
		die("start", &err);
}

static void
stop(struct bench *b)
{
	engine_free(b->engine);
	event_base_free(b->base);
}

static void
happens(struct bench *b, enum hap hap, const struct fields *f)
{
	struct err err = ERR_INIT;

	if (engine_happen(b->engine, hap, "human:bench", f, &err) < 0)
		die(hap_name(hap), &err);
}

/* Lets the loop turn for SECONDS, or until DONE says so within them. */
static void
turn(struct bench *b, double seconds, bool (*done)(const struct bench *b))
{
	double end = now_ms(CLOCK_MONOTONIC) + seconds * 1e3;

	while (now_ms(CLOCK_MONOTONIC) < end && !(done && done(b))) {
		double left = done ? 20 : end - now_ms(CLOCK_MONOTONIC);
		struct timeval tv = { .tv_sec = (long)(left / 1e3),
			.tv_usec = (long)(left * 1e3) % 1000000 };

		event_base_loopexit(b->base, &tv);
		event_base_loop(b->base, done ? EVLOOP_ONCE : 0);
	}
	if (done && !done(b))
		die("waited in vain", NULL);
}

static bool
all_shown(const struct bench *b)
{
	const struct core *core = b->engine->core;

	for (size_t i = 0; i < core->n_batches; i++) {
		if (core->batch[i].state != BATCH_AWAITING)
			return false;
	}
	return true;
}

static bool
all_active(const struct bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->engine->core->session[i].state != SESSION_ACTIVE)
			return false;
	}
	return TAILQ_EMPTY(&b->engine->tasks);
}

static bool
all_followed(const struct bench *b)
{
	const struct follower *f;
	size_t n = 0;

	TAILQ_FOREACH (f, &b->engine->followers, link)
		n += f->holder_event != NULL;
	return n == b->n;
}

static void
put_sessions(const struct bench *b, struct fields *f, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *id = xasprintf("%zuA", i + 1);
		AUTO_FREE char *path = xasprintf("%s/tree-%zu", b->top, first + i);
		AUTO_FREE char *issue = xasprintf("B-%zu", 10000 + first + i);
		const struct {
			const char *name, *text;
		} texts[] = { { "phase", id }, { "label", id }, { "issue", issue },
			{ "focus", "focus" }, { "title", "title" }, { "mode", "tdd" },
			{ "launch", "bypass" }, { "agent", "acme" },
			{ "agent_shown", "Acme" }, { "adapter", "command" },
			{ "program", b->chatter }, { "args", b->period },
			{ "branch", path }, { "worktree", "yes" }, { "path", path },
			{ "prompt_sha", SHA }, { "env_more", "" }, { "after", "" },
			{ "verify", "" } };
		char key[64];

		(void)mkdir(path, 0700);
		for (size_t k = 0; k < N_ELEMS(texts); k++) {
			snprintf(key, sizeof(key), "s%zu.%s", i, texts[k].name);
			fields_set(f, key, texts[k].text);
		}
		snprintf(key, sizeof(key), "s%zu.merge", i);
		fields_set_number(f, key, (int64_t)i + 1);
	}
}

/* The I-th plan, and its one batch with N sessions. */
static void
open_plan(struct bench *b, size_t i, size_t n)
{
	struct fields plan = { 0 }, table = { 0 };

	fields_setf(&plan, "path", "/bench-%zu.md", i);
	fields_set(&plan, "target", "main");
	fields_set(&plan, "merge", "ask");
	fields_setf(&plan, "master", "B-%zu", i + 1);
	fields_set(&plan, "sha256", SHA);
	fields_set_number(&plan, "cap", (int64_t)b->n);
	fields_set_number(&plan, "n_phases", (int64_t)n);
	happens(b, HAP_PLAN_OPENED, &plan);
	fields_setf(&table, "plan", "p%zu", i + 1);
	fields_set_number(&table, "number", 1);
	fields_set(&table, "kind", "implementation");
	fields_set(&table, "hash", "hash0001");
	fields_set(&table, "base", "b0");
	put_sessions(b, &table, i * PER_PLAN, n);
	fields_set_number(&table, "n_sessions", (int64_t)n);
	happens(b, HAP_BATCH_PLANNED, &table);
	fields_clear(&plan);
	fields_clear(&table);
}

/* N sessions, from their plans to their agents' first word. */
static void
launch(struct bench *b)
{
	size_t n_plans = (b->n + PER_PLAN - 1) / PER_PLAN;
	double from = now_ms(CLOCK_MONOTONIC);
	struct err err = ERR_INIT;

	if (blob_put(b->engine->store, SHA, PROMPT, strlen(PROMPT), &err) < 0)
		die("prompt", &err);
	for (size_t i = 0; i < n_plans; i++)
		open_plan(b, i, i + 1 < n_plans ? PER_PLAN : b->n - i * PER_PLAN);
	turn(b, 300, all_shown);
	fprintf(stderr, "shown after %.1f s, ", (now_ms(CLOCK_MONOTONIC) - from) / 1e3);
	for (size_t i = 0; i < n_plans; i++) {
		struct fields yes = { 0 };

		fields_setf(&yes, "batch", "p%zu/1", i + 1);
		fields_set(&yes, "hash", "hash0001");
		happens(b, HAP_BATCH_APPROVED, &yes);
		fields_clear(&yes);
	}
	turn(b, 300, all_active);
	fprintf(stderr, "all active after %.1f s\n",
	    (now_ms(CLOCK_MONOTONIC) - from) / 1e3);
}

static long
private_kb(pid_t pid)
{
	AUTO_FREE char *path = xasprintf("/proc/%d/smaps_rollup", (int)pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	char line[200];
	long sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (colon && strncmp(line, "Private_", 8) == 0)
			sum += strtol(colon + 1, NULL, 10);
	}
	return sum;
}

static pid_t
start_tail(const struct bench *b)
{
	AUTO_FREE char *command = xasprintf(
	    "exec tail -q -n0 -f %s/runs/*/out.ndjson >/dev/null", b->home);
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void
kill_runs(const struct bench *b)
{
	for (size_t i = 0; i < b->engine->core->n_sessions; i++) {
		AUTO_FREE char *dir = run_dir(
		    b->engine, b->engine->core->session[i].run);
		struct run_begun begun;

		if (rundir_read_begun(dir, &begun, NULL) == 0) {
			(void)proc_signal(&begun.agent, SIGKILL);
			(void)proc_signal(&begun.holder, SIGKILL);
		}
	}
}

static void
measure(struct bench *b, double seconds)
{
	struct rusage before, after, peer;
	double from = now_ms(CLOCK_MONOTONIC), adopted;
	int64_t rows;
	long peer_kb;
	pid_t tail;

	start(b);
	turn(b, 60, all_followed);
	adopted = now_ms(CLOCK_MONOTONIC) - from;
	tail = start_tail(b);
	turn(b, 12,
	    NULL); /* what was said meanwhile is read, the radar has come to rest */
	rows = journal_last(b->engine->store);
	getrusage(RUSAGE_SELF, &before);
	turn(b, seconds, NULL);
	getrusage(RUSAGE_SELF, &after);
	peer_kb = private_kb(tail);
	kill(tail, SIGKILL);
	wait4(tail, NULL, 0, &peer);
	printf("%.1f %ld %.1f %ld %lld %ld %.1f\n", adopted, private_kb(getpid()),
	    (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec -
		     before.ru_utime.tv_sec - before.ru_stime.tv_sec) *
		    1e3 +
		(double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec -
			 before.ru_utime.tv_usec - before.ru_stime.tv_usec) /
		    1e3,
	    after.ru_nvcsw - before.ru_nvcsw,
	    (long long)(journal_last(b->engine->store) - rows), peer_kb,
	    (double)(peer.ru_utime.tv_sec + peer.ru_stime.tv_sec) * 1e3 +
		(double)(peer.ru_utime.tv_usec + peer.ru_stime.tv_usec) / 1e3);
}

int
main(int argc, char **argv)
{
	static const char job[] = "#!/bin/sh\nif [ \"$2\" = worktree-add ]; then cat; "
				  "else cat >/dev/null; echo '{}'; fi\n";
	struct bench b = { 0 };
	struct rlimit files;
	struct err err = ERR_INIT;

	if (argc != 7)
		die("usage", NULL);
	/* Three descriptors a run. */
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	setenv("XDG_STATE_HOME", argv[1], 1);
	signal(SIGPIPE, SIG_IGN);
	b.home = path_join(argv[1], "home");
	b.top = path_join(argv[1], "top");
	b.job = path_join(argv[1], "job");
	b.holder = argv[2];
	b.chatter = argv[3];
	b.n = (size_t)strtol(argv[4], NULL, 10);
	b.period = argv[5];
	if (file_mkdirs(b.top, 0700, &err) < 0 ||
	    file_write_atomic(b.job, job, sizeof(job) - 1, 0700, &err) < 0)
		die("scratch", &err);
	start(&b);
	launch(&b);
	stop(&b);
	if (fork() == 0) { /* a process without what launching has left in memory */
		measure(&b, strtod(argv[6], NULL));
		fflush(stdout);
		kill_runs(&b);
		_exit(0);
	}
	wait(NULL);
	return 0;
}
