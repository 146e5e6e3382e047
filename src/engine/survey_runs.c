#include "engine/survey_local.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "exec/exec.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Runs: their directories, and the processes that belong to them. */

#define HOLDER        "divisi-hold"
#define MARK          "DIVISI_RUN_DIR="
#define ENVIRON_BYTES (8u << 20)
#define LEFTOVER_S    60

/* A process of a run of this home. */
struct run_process {
	pid_t pid;
	bool is_holder;
	char *run; /* the last part of its run directory */
};

struct run_processes {
	struct run_process *item;
	size_t n, cap;
	char *runs; /* home/runs as the kernel spells it, with a slash at the end */
};

/* The value after NAME in the NUL-separated N bytes of TEXT, or NULL. */
static const char *
find_entry(const char *text, size_t n, const char *name)
{
	for (const char *at = text; at < text + n; at += strlen(at) + 1) {
		if (strncmp(at, name, strlen(name)) == 0)
			return at + strlen(name);
	}
	return NULL;
}

/* The last of the arguments of a holder: its run directory. */
static const char *
last_word(const char *text, size_t n)
{
	const char *last = text;

	for (const char *at = text; at < text + n; at += strlen(at) + 1)
		last = at;
	return last;
}

static void
take_process(struct run_processes *list, pid_t pid)
{
	bool is_holder = proc_is_named(pid, HOLDER);
	AUTO_FREE char *path = xasprintf(
	    "/proc/%d/%s", (int)pid, is_holder ? "cmdline" : "environ");
	size_t n = 0;
	AUTO_FREE char *text = file_read(path, ENVIRON_BYTES, &n, NULL);
	const char *dir = NULL;

	if (text && n > 0)
		dir = is_holder ? last_word(text, n) : find_entry(text, n, MARK);
	if (!dir || strncmp(dir, list->runs, strlen(list->runs)) != 0)
		return;
	dir += strlen(list->runs);
	if (dir[0] == '\0' || strchr(dir, '/'))
		return;
	GROW(list->item, list->n, list->cap);
	list->item[list->n++] = (struct run_process){ pid, is_holder, xstrdup(dir) };
}

static void
find_processes(const struct surveying *s, struct run_processes *list)
{
	AUTO_FREE char *home = realpath(s->repo->home, NULL);
	DIR *dir = opendir("/proc");
	struct dirent *e;

	list->runs = xasprintf("%s/runs/", home ? home : s->repo->home);
	while (dir && (e = readdir(dir))) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid > 0 && pid != getpid())
			take_process(list, (pid_t)pid);
	}
	if (dir)
		closedir(dir);
}

static void
clear_processes(struct run_processes *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i].run);
	free(list->item);
	free(list->runs);
}

/* The pids of RUN as "1, 2, 3"; "" when there are none.  The caller frees it. */
static char *
pids_of(const struct run_processes *list, const char *run)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	const char *gap = "";

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->item[i].run, run) != 0)
			continue;
		fprintf(f, "%s%d", gap, (int)list->item[i].pid);
		gap = ", ";
	}
	fclose(f);
	return text;
}

/* The session whose run RUN is, "p1.1.1A.r2"; NULL when the journal has none such. */
static const struct session *
session_of(const struct surveying *s, const char *run)
{
	AUTO_FREE char *id = xstrdup(run);
	char *at = strrchr(id, '.'), *end;
	const struct session *session;
	long n;

	if (!s->core || !at || at[1] != 'r')
		return NULL;
	n = strtol(at + 2, &end, 10);
	*at = '\0';
	session = *end ? NULL : core_session(s->core, id);
	return session && n >= 1 && n <= session->n_runs ? session : NULL;
}

/* Where a rundir_write_spec() that died left its temporary directory: spec and no more. */
static bool
is_leftover(const char *dir, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct dirent *e;
	struct stat st;
	bool is_bare = true;
	DIR *d;

	if (!dot || strlen(dot) != 7 || stat(dir, &st) < 0 ||
	    time(NULL) - st.st_mtime < LEFTOVER_S)
		return false;
	d = opendir(dir);
	while (d && (e = readdir(d)))
		is_bare &= e->d_name[0] == '.' || strcmp(e->d_name, "spec") == 0;
	if (d)
		closedir(d);
	return d && is_bare;
}

static void
add_unknown(struct surveying *s, const char *dir, const char *run, const char *pids)
{
	AUTO_FREE char *begun = NULL;
	struct survey_item *item;
	struct stat st;
	char when[32] = "";
	bool is_judged;

	if (!pids[0] && is_leftover(dir, run)) {
		item = survey_add(s, SURVEY_RUN, run, "leftover",
		    "a launch died before it made this a run");
		item->path = xstrdup(dir);
		survey_odd(item, MEND_REMOVE_LEFTOVER, "remove %s", dir);
		return;
	}
	is_judged = s->core || s->survey->why.kind == ERR_NOT_FOUND;
	begun = path_join(dir, "begun");
	if (pids[0] && stat(begun, &st) == 0)
		text_time((int64_t)st.st_mtime * 1000, when, sizeof(when));
	item = survey_add(s, SURVEY_RUN, run, pids[0] ? "orphan" : "foreign",
	    "%s%s%s%s%s",
	    s->core     ? "the journal knows no such run"
	    : is_judged ? "there is no journal that would know it"
			: "the journal that would know it cannot be read",
	    when[0] ? "; it works since " : "", when, pids[0] ? "; processes: " : "",
	    pids);
	/* Without processes it is no harm, and may be all there is of somebody's output. */
	item->path = xstrdup(dir);
	if (pids[0] && is_judged)
		survey_odd(item, MEND_END_RUN,
		    "pin what is in its worktree, and end its processes (%s)", pids);
	else if (pids[0])
		survey_fix(item, "the journal first, as said above");
}

static const char *
damage_of(const char *dir, enum run_state state)
{
	struct run_spec spec = { 0 };
	struct run_begun begun;
	struct run_end end;
	struct err err;

	if (rundir_read_spec(dir, &spec, &err) < 0)
		return "; its spec cannot be read";
	run_spec_clear(&spec);
	if (rundir_read_begun(dir, &begun, &err) < 0 && err.kind != ERR_NOT_FOUND)
		return "; its begun cannot be read";
	if (state == RUN_ENDED && rundir_read_end(dir, &end, &err) < 0)
		return "; its end record cannot be read";
	return "";
}

static void
add_known(struct surveying *s, const struct session *session, const char *run,
    const char *dir, const char *pids)
{
	bool is_open = session->run_open && strcmp(session->run, run) == 0;
	struct proc_id begun;
	AUTO_FD int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, &begun);
	const char *damage = state == RUN_ABSENT ? "" : damage_of(dir, state);
	const char *what = state == RUN_LIVE
			       ? is_open ? "its agent works" : "its holder lives"
			   : state == RUN_ENDED
			       ? is_open ? "ended; the server reads it when it looks"
					 : "ended"
			   : state == RUN_LOST
			       ? "begun and no end: its holder was killed"
			   : state == RUN_READY ? "written, not begun"
						: "its directory is empty or gone";
	struct survey_item *item = survey_add(s, SURVEY_RUN, run, run_state_name(state),
	    "%s (%s) %s: %s%s%s%s", session->id, session->label,
	    session_state_name(session->state), what, pids[0] ? "; processes " : "",
	    pids, damage);

	item->path = xstrdup(dir);
	item->session = xstrdup(session->id);
	if (!is_open && (state == RUN_LIVE || pids[0]))
		survey_odd(item, MEND_END_RUN,
		    "end what is left of it (%s): the journal has it as over",
		    pids[0] ? pids : "its holder");
	else if (damage[0])
		survey_fix(item, "look at it: %s; divisi salvage %s has its work", dir,
		    session->id);
	else if (is_open && state == RUN_ABSENT && !session->waits_for_slot)
		survey_fix(item,
		    "the server takes it for lost, unless its launch is still owed: "
		    "divisi why %s",
		    session->label);
}

/* Runs that the journal has open and nothing is there of. */
static void
add_missing(struct surveying *s, const struct run_processes *list)
{
	for (size_t i = 0; s->core && i < s->core->n_sessions; i++) {
		const struct session *session = &s->core->session[i];
		AUTO_FREE char *dir = NULL, *pids = NULL;

		if (!session->run_open || session->run[0] == '\0')
			continue;
		dir = xasprintf("%s/runs/%s", s->repo->home, session->run);
		pids = pids_of(list, session->run);
		if (!file_exists(dir))
			add_known(s, session, session->run, dir, pids);
	}
}

/* Processes whose run directory somebody removed, and that no open run accounts for. */
static void
add_orphans(struct surveying *s, const struct run_processes *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *run = list->item[i].run;
		AUTO_FREE char *dir = xasprintf("%s%s", list->runs, run), *pids = NULL;
		const struct session *session = session_of(s, run);
		bool is_told = false;

		for (size_t k = 0; k < i; k++)
			is_told |= strcmp(list->item[k].run, run) == 0;
		if (is_told || file_exists(dir) ||
		    (session && session->run_open && strcmp(session->run, run) == 0))
			continue;
		pids = pids_of(list, run);
		if (session)
			add_known(s, session, run, dir, pids);
		else
			add_unknown(s, dir, run, pids);
	}
}

void
survey_runs(struct surveying *s)
{
	AUTO_FREE char *runs = path_join(s->repo->home, "runs");
	struct run_processes list = { 0 };
	struct git_list names = { 0 };
	DIR *dir = opendir(runs);
	struct dirent *e;

	find_processes(s, &list);
	while (dir && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			git_list_add(&names, e->d_name);
	}
	if (dir)
		closedir(dir);
	git_list_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		AUTO_FREE char *path = path_join(runs, names.item[i]);
		AUTO_FREE char *pids = pids_of(&list, names.item[i]);
		const struct session *session = session_of(s, names.item[i]);

		if (session)
			add_known(s, session, names.item[i], path, pids);
		else
			add_unknown(s, path, names.item[i], pids);
	}
	add_missing(s, &list);
	add_orphans(s, &list);
	git_list_clear(&names);
	clear_processes(&list);
}
