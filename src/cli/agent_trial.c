#include "cli/agent_trial.h"

#include "agent/agent.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "engine/environ.h"
#include "exec/exec.h"
#include "git/run.h"
#include "sys/follow.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS     10
#define GRACE_MS    5000  /* between the steps of an end, as in a session */
#define END_MS      30000 /* in which the holder ends whatever it may be */
#define ASKS_MAX    1000
#define UNKNOWN_MSG "{\"type\":\"novelty\",\"key\":\"trial.novelty\",\"text\":\"new\"}"

struct watching {
	struct trial *t;
	char *dir, *tree;
	struct follow *out;
	char **ask; /* ids seen */
	size_t n_asks, cap_asks;
	long began;
	struct err *err;
};

static int
git(const char *dir, const char *const *argv, struct err *err)
{
	return git_run(&(struct git_call){ .dir = dir, .argv = argv }, NULL, err);
}

static int
make_tree(const char *tree, struct err *err)
{
	AUTO_FREE char *dot = path_join(tree, ".git");

	if (file_exists(dot))
		return 0;
	if (file_mkdirs(tree, 0700, err) < 0 ||
	    git(tree, GIT_ARGS("init", "-q", "-b", "main"), err) < 0 ||
	    git(tree, GIT_ARGS("config", "user.name", "divisi agent test"), err) < 0 ||
	    git(tree, GIT_ARGS("config", "user.email", "test@example.invalid"), err) <
		0 ||
	    git(tree, GIT_ARGS("commit", "-q", "--allow-empty", "-m", "Begin"), err) <
		0 ||
	    git(tree, GIT_ARGS("switch", "-q", "-c", "command/trial"), err) < 0)
		return err_wrap(err, "a scratch repository");
	return 0;
}

/* The files that are not committed, for people; "" none. */
static void
look_at_tree(const char *tree, struct trial *t)
{
	struct git_out out = { 0 };
	struct git_list files = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *count = git_line(
	    tree, GIT_ARGS("rev-list", "--count", "main..HEAD"), &err);

	t->n_commits = count ? (int)strtol(count, NULL, 10) : 0;
	t->loose[0] = '\0';
	if (git_try(&(struct git_call){ .dir = tree,
			.argv = GIT_ARGS("status", "--porcelain", "-z") },
		&out, &err) == 0 &&
	    out.n > 0) {
		git_list_split(&files, out.text, out.n);
		AUTO_FREE char *shown = git_list_show(&files);

		snprintf(t->loose, sizeof(t->loose), "%s", shown);
	}
	git_list_clear(&files);
	git_out_clear(&out);
}

static int
write_spec(const struct trial *t, const char *dir, const char *tree, struct err *err)
{
	char id[] = "trial", phase[] = "1A", issue[] = "T-1",
	     branch[] = "command/trial", none[] = "";
	struct session s = { .id = id,
		.phase = phase,
		.issue = issue,
		.branch = branch,
		.env_more = none,
		.output = none };
	AUTO_FREE char *tmp = path_join(dir, "tmp");
	struct agent_launch launch = { .program = t->argv[0],
		.extra = t->argv + 1,
		.launch_as = t->launch_as,
		.name = "T-1: a trial",
		.tmp_dir = tmp,
		.budget_cents = 100 };
	struct run_spec spec = { 0 };
	int rc = file_mkdirs(tmp, 0700, err);

	environ_add(&spec, &agent_command, &s, tmp);
	if (rc == 0)
		rc = agent_command.command(&launch, &spec, err);
	if (rc == 0) {
		spec.run = xstrdup(t->name);
		spec.session = xstrdup("trial");
		spec.cwd = xstrdup(tree);
		spec.grace_ms = GRACE_MS;
		spec.out_limit_bytes = 256L << 20;
		spec.ask = agent_command.stop("hold.stop");
		rc = rundir_write_spec(dir, &spec, err);
	}
	run_spec_clear(&spec);
	return rc;
}

/* What cannot be sent to an agent that is gone is no failure of the trial. */
static void
send_line(const struct watching *w, const char *key, char *line)
{
	struct err ignored = ERR_INIT;

	if (line)
		(void)run_send(w->dir, key, line, &ignored);
	free(line);
}

static void
tell(const struct watching *w, enum run_order order)
{
	struct err ignored = ERR_INIT;

	(void)!run_tell(w->dir, order, &ignored);
}

static bool
is_repeated(struct watching *w, const char *id)
{
	for (size_t i = 0; i < w->n_asks; i++) {
		if (strcmp(w->ask[i], id) == 0)
			return true;
	}
	if (w->n_asks < ASKS_MAX) {
		GROW(w->ask, w->n_asks, w->cap_asks);
		w->ask[w->n_asks++] = xstrdup(id);
	}
	return false;
}

static void
on_ask(struct watching *w, const struct agent_event *e)
{
	struct trial *t = w->t;
	AUTO_FREE char *key = xasprintf("trial.answer.%d", ++t->n_asks);

	if (is_repeated(w, e->id))
		t->n_repeated_asks++;
	if (e->ask == ASK_PLAN && !t->asked_plan) {
		t->asked_plan = true;
		look_at_tree(w->tree, t);
		t->changed_before_plan = t->n_commits > 0 || t->loose[0];
	}
	send_line(w, key,
	    agent_command.answer(
		key, e->id, e->raw, t->decision, "a trial of divisi agent test"));
}

static void
on_started(struct watching *w)
{
	static const struct agent_talk nobody = { "", "" };
	struct trial *t = w->t;

	if (t->n_started++ > 0)
		return;
	t->started_ms = (long)clock_mono_ms() - w->began;
	if (t->turn == TRIAL_INTERRUPT)
		send_line(w, "trial.interrupt",
		    agent_command.interrupt(&nobody, "trial.interrupt"));
	else if (t->turn == TRIAL_STOP)
		send_line(w, "trial.stop", agent_command.stop("trial.stop"));
	else if (t->turn == TRIAL_KILL)
		tell(w, RUN_ORDER_KILL);
}

static void
on_event(const struct agent_event *e, void *arg)
{
	struct watching *w = arg;
	struct trial *t = w->t;
	bool is_end = e->kind == AGENT_DONE || e->kind == AGENT_FAILED;

	if (e->kind == AGENT_ACCEPTED)
		on_started(w);
	else if (e->kind == AGENT_ASK)
		on_ask(w, e);
	else if (e->kind == AGENT_NOTE && t->n_notes++ == 0)
		snprintf(t->first_note, sizeof(t->first_note), "%s", e->text);
	if (!is_end)
		return;
	t->n_done += e->kind == AGENT_DONE;
	t->n_failed += e->kind == AGENT_FAILED;
	snprintf(t->said, sizeof(t->said), "%s", e->text ? e->text : "");
	if (t->ended_ms < 0)
		t->ended_ms = (long)clock_mono_ms() - w->began;
}

/* Reads what is there.  -1 with the trial's ERR. */
static int
read_lines(struct watching *w, bool is_ended)
{
	struct follow_line line;
	int rc;

	while ((rc = follow_next(w->out, is_ended, &line, w->err)) > 0) {
		if (line.n_bytes > w->t->longest)
			w->t->longest = line.n_bytes;
		agent_command.parse(line.p, line.n, on_event, w);
	}
	return rc;
}

/* The messages that open it, once its holder listens. */
static int
open_agent(const struct watching *w)
{
	const struct trial *t = w->t;
	static const struct agent_talk nobody = { "", "" };
	struct agent_launch launch = { .prompt = t->prompt,
		.prompt_key = "trial.prompt" };
	struct agent_input input = { 0 };
	int rc = -1;

	agent_command.open(&launch, &input);
	while ((long)clock_mono_ms() - w->began < END_MS) {
		struct err err = ERR_INIT;
		AUTO_FD int lock_fd = -1;
		enum run_state state = rundir_probe(w->dir, &lock_fd, NULL);

		rc = run_send(w->dir, input.item[0].key, input.item[0].line, &err);
		if (rc >= 0 || state == RUN_ENDED || state == RUN_LOST)
			break;
		poll(NULL, 0, LOOK_MS);
	}
	agent_input_clear(&input);
	if (rc >= 0 && t->is_noisy) {
		send_line(w, "trial.novelty", xstrdup(UNKNOWN_MSG));
		send_line(w, "trial.say",
		    agent_command.say(&nobody, "trial.say", "go on as you are"));
	}
	return rc;
}

static bool
is_over(const struct watching *w)
{
	AUTO_FREE char *end = path_join(w->dir, "end.json");

	return file_exists(end);
}

/* Reads until CONDITION of the trial, its end or the limit. */
static int
follow_until_said(struct watching *w)
{
	struct trial *t = w->t;
	long told_at = -1;

	while (!is_over(w)) {
		long now = (long)clock_mono_ms();

		if (read_lines(w, false) < 0)
			return -1;
		if (t->ended_ms >= 0 || (t->turn >= TRIAL_STOP && t->n_started > 0))
			return 0;
		if (told_at < 0 && t->turn == TRIAL_INTERRUPT && t->n_started > 0)
			told_at = now;
		if (now - w->began > t->limit_ms ||
		    (told_at >= 0 && now - told_at > GRACE_MS)) {
			t->was_slow = true;
			return 0;
		}
		poll(NULL, 0, LOOK_MS);
	}
	return 0;
}

/* Its input ends; in GRACE it exits by itself, or its holder ends it. */
static int
follow_to_exit(struct watching *w)
{
	struct trial *t = w->t;
	long began = (long)clock_mono_ms();
	bool is_forced = false;

	if (t->turn == TRIAL_TO_END || t->turn == TRIAL_INTERRUPT)
		tell(w, t->was_slow ? RUN_ORDER_STOP : RUN_ORDER_EOF);
	while (!is_over(w)) {
		long now = (long)clock_mono_ms();

		if (read_lines(w, false) < 0)
			return -1;
		if (!is_forced && now - began > GRACE_MS) {
			is_forced = t->was_forced = true;
			tell(w, RUN_ORDER_STOP);
		}
		if (now - began > END_MS)
			return err_set(
			    w->err, ERR_TIMEOUT, "the holder does not end the program");
		poll(NULL, 0, LOOK_MS);
	}
	return read_lines(w, true) < 0 ? -1 : 0;
}

static int
read_fate(const struct watching *w)
{
	struct trial *t = w->t;
	struct run_end end;

	if (rundir_read_end(w->dir, &end, w->err) < 0)
		return -1;
	t->has_started = strcmp(end.reason, "not-started") != 0;
	t->n_swept = end.n_swept;
	if (!t->has_started)
		snprintf(t->fate, sizeof(t->fate), "%s", end.text);
	else if (end.signal)
		snprintf(t->fate, sizeof(t->fate), "killed by signal %d", end.signal);
	else
		snprintf(t->fate, sizeof(t->fate), "exit status %d", end.status);
	return 0;
}

int
trial_run(struct trial *t, struct err *err)
{
	AUTO_FREE char *runs = path_join(t->scratch, "runs");
	AUTO_FREE char *dir = path_join(runs, t->name);
	AUTO_FREE char *tree = path_join(t->scratch, t->tree);
	AUTO_FREE char *out = path_join(dir, "out.ndjson");
	struct watching w = { .t = t, .dir = dir, .tree = tree, .err = err };
	int rc;

	t->started_ms = t->ended_ms = -1;
	if (make_tree(tree, err) < 0 || write_spec(t, dir, tree, err) < 0 ||
	    executor_local.start(dir, t->holder, err) < 0)
		return -1;
	w.began = (long)clock_mono_ms();
	w.out = follow_open(out, 0);
	(void)open_agent(&w);
	rc = follow_until_said(&w);
	if (rc == 0)
		rc = follow_to_exit(&w);
	else
		tell(&w, RUN_ORDER_KILL);
	follow_close(w.out);
	for (size_t i = 0; i < w.n_asks; i++)
		free(w.ask[i]);
	free(w.ask);
	if (rc == 0)
		rc = read_fate(&w);
	if (rc == 0)
		look_at_tree(tree, t);
	return rc;
}
