#include "engine/job.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/checkout.h"
#include "engine/progress.h"
#include "git/pin.h"
#include "git/repo.h"
#include "plan/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * A checkpoint: its steps do not depend on each other, so that what fails is a word
 * about its step and never the end of the job.  The comment and the prompt, steps 3 and 4,
 * are the core's.
 */
#define KEY_FILES    8
#define MOST_COMMITS "--max-count=50"

struct checkpoint {
	const struct fields *in;
	struct fields *out;
	struct fields facts;
	struct repo *repo; /* NULL where there is no git */
	const char *path;
};

static const char *
text(const struct checkpoint *c, const char *name)
{
	return fields_text(c->in, name);
}

/* "3/5 words", as an agent tells its progress. */
static bool
read_told(const char *told, int64_t *done, int64_t *total)
{
	long long d, t;

	if (sscanf(told, "%9lld/%9lld ", &d, &t) != 2 || d < 0 || t <= 0 || d > t)
		return false;
	*done = d;
	*total = t;
	return true;
}

/* Where the work stands: by its own state file, else by what it told, else by the plan. */
static void
add_tasks(struct checkpoint *c, const char *state, const struct phase *phase)
{
	int64_t n = phase ? (int64_t)phase->tasks.n : 0, done = 0, total = n;
	AUTO_FREE char *rest = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&rest, &size);

	if (!read_told(text(c, "last_text"), &done, &total) &&
	    progress_state_number(state, "totalTasks", 0) > 0) {
		total = progress_state_number(state, "totalTasks", 0);
		done = progress_state_number(state, "taskIndex", 0);
	}
	if (fields_number(c->in, "loop_tasks", 0) > 0) {
		total = fields_number(c->in, "loop_tasks", 0);
		done = fields_number(c->in, "loop_done", 0);
	}
	for (int64_t i = total == n && done >= 0 ? done : 0; i < n; i++)
		fprintf(f, "%.*s\n", (int)strcspn(phase->tasks.item[i].text, "\n"),
		    phase->tasks.item[i].text);
	fclose(f);
	fields_set(&c->facts, "remaining", rest);
	fields_set_number(&c->facts, "index", done);
	fields_set_number(&c->facts, "total", total);
}

/* Commits of the session as "Completed Tasks": index, description, commit, minutes. */
static void
add_commits(struct checkpoint *c)
{
	AUTO_FREE char *range = xasprintf("%s..HEAD", text(c, "base"));
	struct git_out log = { 0 };
	struct git_call call = { .dir = c->path,
		.truncate = true,
		.max_bytes = 1 << 16,
		.argv = GIT_ARGS("log", "--reverse", MOST_COMMITS,
		    "--format=%h%x09%ct%x09%s", range, "--") };
	AUTO_FREE char *lines = NULL;
	size_t size = 0, n = 0;
	long long before = fields_number(c->in, "started_at", 0) / 1000;
	struct span rest, line;
	FILE *f;

	if (!c->repo || git_run(&call, &log, NULL) < 0)
		return;
	f = open_memstream(&lines, &size);
	rest = span_of(log.text);
	while (span_next(&rest, '\n', &line)) {
		const char *tab = memchr(line.p, '\t', line.n);
		char *end;
		long long at = tab ? strtoll(tab + 1, &end, 10) : 0;

		if (!tab || *end != '\t')
			continue;
		fprintf(f, "- %zu. %.*s (commit %.*s, %lld min)\n", ++n,
		    (int)(line.p + line.n - end - 1), end + 1, (int)(tab - line.p),
		    line.p, at > before && before > 0 ? (at - before) / 60 : 0);
		before = at;
	}
	fclose(f);
	git_out_clear(&log);
	fields_set(&c->facts, "completed", lines);
}

static void
add_files(struct checkpoint *c)
{
	struct git_out names = { 0 };
	/* A nested repository has settings of its own, and perhaps a filter that is a trap. */
	struct git_call call = { .dir = c->path,
		.truncate = true,
		.max_bytes = 1 << 14,
		.argv = GIT_ARGS("diff", "--name-only", "--no-ext-diff",
		    "--no-textconv", "--ignore-submodules=dirty", text(c, "base"),
		    "--") };
	AUTO_FREE char *list = NULL;
	size_t size = 0, n = 0;
	struct span rest, line;
	FILE *f;

	if (!c->repo || git_run(&call, &names, NULL) < 0)
		return;
	f = open_memstream(&list, &size);
	rest = span_of(names.text);
	while (n < KEY_FILES && span_next(&rest, '\n', &line)) {
		if (line.n > 0)
			fprintf(f, "%s`%.*s`", n++ ? ", " : "", SPAN_FMT(line));
	}
	fclose(f);
	git_out_clear(&names);
	fields_set(&c->facts, "files", list);
}

static void
add_names(struct checkpoint *c)
{
	static const struct {
		const char *to, *from;
	} names[] = {
		{ "issue", "issue" },
		{ "issue_title", "issue_title" },
		{ "issue_url", "issue_url" },
		{ "focus", "focus" },
		{ "phase", "phase" },
		{ "mode", "mode" },
		{ "session", "session" },
		{ "why", "why" },
		{ "state", "state" },
		{ "branch", "branch" },
		{ "doing", "last_text" },
		{ "plan_path", "plan_path" },
		{ "phase_word", "phase_word" },
	};
	static const char *const loop_names[] = { "loop_tasks", "loop_done",
		"loop_tries", "loop_turns", "loop_replans", "loop_max_tries",
		"loop_max_turns", "gates_passed" };
	time_t now = (time_t)(fields_number(c->in, "at", 0) / 1000);
	struct tm tm;
	char at[32];

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *shown = text_show(text(c, names[i].from), true);

		fields_set(&c->facts, names[i].to, shown);
	}
	gmtime_r(&now, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fields_set(&c->facts, "at", at);
	fields_set_number(&c->facts, "gate", fields_number(c->in, "gate", 0));
	fields_set_number(&c->facts, "forces", fields_number(c->in, "forces", 0));
	for (size_t i = 0; i < N_ELEMS(loop_names); i++) {
		if (fields_number(c->in, loop_names[i], 0) > 0)
			fields_set_number(&c->facts, loop_names[i],
			    fields_number(c->in, loop_names[i], 0));
	}
}

/* A file of that name that the repository itself keeps is not ours to write. */
static bool
is_tracked(const struct checkpoint *c, const char *name)
{
	struct git_call call = { .dir = c->path,
		.argv = GIT_ARGS("ls-files", "--error-unmatch", "--", name) };

	return c->repo && git_try(&call, NULL, NULL) == 0;
}

/* What NAME holds; when that is no text, BACKUP, and *WAS_BAD. */
static char *
read_or(const struct checkpoint *c, const char *name, const char *backup, bool *was_bad)
{
	struct err err = ERR_INIT;
	char *old = checkout_read(c->path, name, &err);

	*was_bad = !old;
	if (old && old[0])
		return old;
	free(old);
	return xstrdup(backup);
}

static int
write_files(struct checkpoint *c, const struct phase *phase, struct err *err)
{
	bool bad_state, bad_progress, damaged;
	AUTO_FREE char *old_state = read_or(
	    c, PROGRESS_STATE_FILE, text(c, "kept_state"), &bad_state);
	AUTO_FREE char *old = read_or(
	    c, PROGRESS_FILE, text(c, "kept_progress"), &bad_progress);
	AUTO_FREE char *state = NULL, *progress = NULL;

	if (is_tracked(c, PROGRESS_STATE_FILE) || is_tracked(c, PROGRESS_FILE))
		return err_set(err, ERR_REFUSED,
		    "%s or %s is tracked in this repository: left as it is",
		    PROGRESS_STATE_FILE, PROGRESS_FILE);
	add_tasks(c, old_state, phase);
	add_commits(c);
	add_files(c);
	progress = progress_text(old, &c->facts);
	state = progress_state(old_state, &c->facts, &damaged);
	if (damaged && !bad_state) {
		/* Torn by whoever wrote it: what we knew of it last is the better one. */
		bool kept_too;

		free(state);
		state = progress_state(text(c, "kept_state"), &c->facts, &kept_too);
	}
	fields_set(c->out, "progress", progress);
	fields_set(c->out, "state_text", state);
	if (checkout_write(
		c->path, PROGRESS_STATE_FILE, state, bad_state || damaged, err) < 0)
		return -1;
	return checkout_write(c->path, PROGRESS_FILE, progress, bad_progress, err);
}

static void
snapshot(struct checkpoint *c)
{
	struct pin pin = { 0 };
	struct err err = ERR_INIT;

	if (!c->repo)
		fields_set(c->out, "snapshot_trouble", "there is no git here");
	else if (worktree_pin(c->repo, c->path, text(c, "session"), &pin, &err) < 0)
		fields_set(c->out, "snapshot_trouble", err.text);
	else
		fields_set(c->out, "pin", pin.snapshot[0] ? pin.snapshot : pin.head);
	pin_clear(&pin);
}

int
job_checkpoint(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct lint_list lints = { 0 };
	struct err why = ERR_INIT;
	const char *plan_text = fields_text(in, "plan_text");
	AUTO_PLAN struct plan *plan = plan_parse(
	    fields_text(in, "plan_path"), plan_text, strlen(plan_text), &lints, &why);
	struct checkpoint c = { .in = in, .out = out, .path = fields_text(in, "path") };

	(void)err;
	lint_list_clear(&lints);
	if (repo_open(fields_text(in, "top"), &repo, &why) == 0)
		c.repo = &repo;
	add_names(&c);
	why = (struct err)ERR_INIT;
	if (write_files(
		&c, plan ? plan_find(plan, fields_text(in, "phase")) : NULL, &why) < 0)
		fields_set(out, "files_trouble", why.text);
	if (fields_number(in, "snapshot", 0))
		snapshot(&c);
	AUTO_FREE char *prompt = progress_continuation(&c.facts);

	fields_set(out, "text", prompt);
	fields_set_number(out, "index", fields_number(&c.facts, "index", 0));
	fields_set_number(out, "total", fields_number(&c.facts, "total", 0));
	fields_clear(&c.facts);
	if (c.repo)
		repo_close(&repo);
	return 0;
}
