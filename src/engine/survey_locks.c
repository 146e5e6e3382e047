#include "engine/survey_local.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * Locks: ours, which the kernel takes back from who dies and which therefore never go
 * stale; and git's, which are files and do.
 */
#define STALE_S   60 /* a younger one belongs to a git that we may just not see */
#define MAX_DEPTH 6  /* of the names of branches */
#define OBJECT_NAME_MIN \
	38 /* of SHA-1 behind its directory's two; a temporary one is shorter */
#define PROC_LOCKS_BYTES (16u << 20)

pid_t
survey_lock_holder(const char *path)
{
	AUTO_FREE char *text = file_read("/proc/locks", PROC_LOCKS_BYTES, NULL, NULL);
	struct span rest = span_of(text ? text : ""), line;
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	/* "1: FLOCK  ADVISORY  WRITE 2511 fe:00:1153 0 EOF", proc(5). */
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *copy = xstrndup(line.p, line.n);
		unsigned long inode;
		int pid;

		/* NOLINTNEXTLINE(cert-err34-c): the kernel's digits */
		if (sscanf(copy, "%*d: FLOCK %*s %*s %d %*x:%*x:%lu", &pid, &inode) ==
			2 &&
		    inode == st.st_ino)
			return pid > 0 ? (pid_t)pid : 1;
	}
	return 0;
}

static bool
is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Does the process PID, a git of ours, work here?  Of who hides it is assumed. */
static bool
works_here(const struct surveying *s, const char *pid)
{
	AUTO_FREE char *dir = xasprintf("/proc/%s", pid), *link = path_join(dir, "cwd");
	char cwd[PATH_MAX];
	struct stat st;
	ssize_t n = readlink(link, cwd, sizeof(cwd) - 1);

	/* The locks looked at are files of ours, which nobody else's git made. */
	if (stat(dir, &st) < 0 || st.st_uid != geteuid())
		return false;
	if (n < 0)
		return errno != ENOENT && errno != ESRCH;
	cwd[n] = '\0';
	if (is_below(cwd, s->repo->top) || is_below(cwd, s->repo->common_dir))
		return true;
	for (size_t i = 0; i < s->trees.n; i++) {
		if (is_below(cwd, s->trees.item[i].path))
			return true;
	}
	return false;
}

bool
survey_git_works(const struct surveying *s)
{
	AUTO_FREE char *home_lock = path_join(s->repo->home, "git.lock");
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool works = survey_lock_holder(home_lock) > 0;

	while (!works && dir && (e = readdir(dir))) {
		long pid = strtol(e->d_name, NULL, 10);

		works = pid > 0 && proc_is_named((pid_t)pid, "git") &&
			works_here(s, e->d_name);
	}
	if (dir)
		closedir(dir);
	return works;
}

static void
add_git_lock(struct surveying *s, const char *path)
{
	struct survey_item *item;
	struct stat st;
	/* Of another repository the whole path, so that no two have one name. */
	const char *name = s->of[0] ? path : path + strlen(s->repo->common_dir) + 1;
	AUTO_FREE char *age = NULL;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	age = text_age((int64_t)(time(NULL) - st.st_mtime) * 1000);
	if (st.st_uid != geteuid()) {
		(void)survey_add(s, SURVEY_LOCK, name, "foreign",
		    "git's, %s old, of user %u: whether that git lives only they know",
		    age, (unsigned)st.st_uid);
		return;
	}
	if (survey_git_works(s)) {
		(void)survey_add(s, SURVEY_LOCK, name, "held",
		    "git's, %s old: a git is at work here", age);
		return;
	}
	item = survey_add(s, SURVEY_LOCK, name, "stale",
	    "git's, %s old, and no git is at work here: one died", age);
	item->path = xstrdup(path);
	if (time(NULL) - st.st_mtime > STALE_S)
		survey_odd(item, MEND_MOVE_LOCK, "move it to %s/aside", s->repo->home);
}

static bool
ends_in_lock(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".lock") == 0;
}

/* Every "*.lock" in DIR and below it, DEPTH levels at most. */
static void
walk_locks(struct surveying *s, const char *dir, int depth)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *path = path_join(dir, e->d_name);

		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_REG && ends_in_lock(e->d_name))
			add_git_lock(s, path);
		else if (e->d_type == DT_DIR && depth > 0)
			walk_locks(s, path, depth - 1);
	}
	if (d)
		closedir(d);
}

/*
 * An object that a power cut emptied: git reads it no more, nor writes it again beside that.
 * However young, and whatever git is at work: git gives a file this name when it is whole.
 */
static void
add_empty_objects(struct surveying *s, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *path = path_join(dir, e->d_name);
		const char *name = path + strlen(s->repo->common_dir) + 1;
		struct survey_item *item;
		struct stat st;

		if (strlen(e->d_name) < OBJECT_NAME_MIN || lstat(path, &st) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_size > 0 || st.st_uid != geteuid())
			continue;
		item = survey_add(s, SURVEY_REF, name, "empty",
		    "an object of git's is empty, it went with the power: what needs "
		    "it cannot be read, and git does not write it again beside that");
		item->path = xstrdup(path);
		survey_odd(item, MEND_MOVE_LOCK, "move it to %s/aside", s->repo->home);
	}
	if (d)
		closedir(d);
}

static void
walk_objects(struct surveying *s)
{
	for (unsigned i = 0; i < 256; i++) {
		AUTO_FREE char *dir = xasprintf(
		    "%s/objects/%02x", s->repo->common_dir, i);

		add_empty_objects(s, dir);
	}
}

static void
add_ours(struct surveying *s, const char *name, const char *held, const char *free_text)
{
	AUTO_FREE char *path = path_join(s->repo->home, name);
	pid_t pid = survey_lock_holder(path);

	if (pid > 0)
		(void)survey_add(
		    s, SURVEY_LOCK, name, "held", "by process %d: %s", (int)pid, held);
	else if (file_exists(path))
		(void)survey_add(s, SURVEY_LOCK, name, "free", "%s", free_text);
}

/* Held by each living run of this person, in whatever repository (S-25). */
static void
add_slots(struct surveying *s)
{
	AUTO_FREE char *state = file_state_dir(), *dir = path_join(state, "slots");
	int n_held = 0, n = 0;
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *path = path_join(dir, e->d_name);

		if (!ends_in_lock(e->d_name))
			continue;
		n++;
		n_held += survey_lock_holder(path) > 0;
	}
	if (d)
		closedir(d);
	if (n > 0)
		(void)survey_add(s, SURVEY_LOCK, "slots", n_held ? "held" : "free",
		    "%d agents run for you, in all your repositories", n_held);
}

void
survey_git_locks(struct surveying *s)
{
	AUTO_FREE char *refs = path_join(s->repo->common_dir, "refs");
	AUTO_FREE char *trees = path_join(s->repo->common_dir, "worktrees");

	walk_locks(s, s->repo->common_dir, 0);
	walk_locks(s, trees, 1);
	walk_locks(s, refs, MAX_DEPTH);
	walk_objects(s);
}

void
survey_locks(struct surveying *s)
{
	add_ours(s, "server.lock", "the server", "no server runs");
	add_ours(s, "git.lock", "a git of divisi's changes something",
	    "nobody changes the repository for divisi");
	add_slots(s);
	survey_git_locks(s);
}
