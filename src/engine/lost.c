#include "engine/lost.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "store/journal.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Calls FN with each directory below HOME/runs. */
static void
each_run(const char *home, void (*fn)(const char *dir, const char *name, void *arg),
    void *arg)
{
	AUTO_FREE char *runs = path_join(home, "runs");
	DIR *dir = opendir(runs);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		AUTO_FREE char *path = path_join(runs, e->d_name);

		if (e->d_name[0] != '.' && file_is_dir(path))
			fn(path, e->d_name, arg);
	}
	if (dir)
		closedir(dir);
}

struct living {
	size_t n;
	FILE *names;
};

static void
note_living(const char *dir, const char *name, void *arg)
{
	AUTO_FREE char *begun = path_join(dir, "begun");
	AUTO_FD int lock_fd = -1;
	struct living *living = arg;
	struct stat st;
	char when[32] = "";

	if (rundir_probe(dir, &lock_fd, NULL) != RUN_LIVE)
		return;
	if (stat(begun, &st) == 0)
		text_time((int64_t)st.st_mtime * 1000, when, sizeof(when));
	fprintf(living->names, "%s%s%s%s", living->n++ ? ", " : "", name,
	    when[0] ? " since " : "", when);
}

int
lost_check(const char *home, struct err *err)
{
	AUTO_FREE char *names = NULL;
	struct living living = { 0 };
	size_t size = 0;

	if (store_was_there(home))
		return 0;
	living.names = open_memstream(&names, &size);
	each_run(home, note_living, &living);
	fclose(living.names);
	if (living.n == 0)
		return 0;
	err_set(err, ERR_INPUT,
	    "%s/journal.db is gone, and %zu run(s) that it began live: %.300s", home,
	    living.n, names);
	return err_fix(err,
	    "put journal.db back from a backup, and all goes on; or end what lives, "
	    "with its work pinned, and begin anew: divisi doctor --mend");
}

static void
count(const char *dir, const char *name, void *arg)
{
	(void)dir;
	(void)name;
	++*(size_t *)arg;
}

size_t
lost_count_runs(const char *home)
{
	size_t n = 0;

	each_run(home, count, &n);
	return n;
}
