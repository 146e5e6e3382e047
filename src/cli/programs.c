#include "cli/programs.h"

#include "base/mem.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

char *
program_self(struct err *err)
{
	char buf[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", buf, sizeof(buf) - 1);

	if (n < 0) {
		err_sys(err, "/proc/self/exe");
		return NULL;
	}
	buf[n] = '\0';
	/* proc(5): of a program that was replaced since it was started. */
	if (n > 10 && strcmp(buf + n - 10, " (deleted)") == 0 && access(buf, F_OK) < 0)
		buf[n - 10] = '\0';
	return xstrdup(buf);
}

/* A program of ours: beside us when installed, in the ROOM next door in a build tree. */
static char *
find_program(const char *name, const char *room, struct err *err)
{
	const char *const places[] = { "", room, "../libexec/divisi/",
		"../lib/divisi/" };
	AUTO_FREE char *self = program_self(err);
	char *dir;

	if (!self)
		return NULL;
	dir = dirname(self);
	for (size_t i = 0; i < N_ELEMS(places); i++) {
		AUTO_FREE char *path = xasprintf("%s/%s%s", dir, places[i], name);

		if (access(path, X_OK) == 0)
			return TAKE_PTR(path);
	}
	err_set(err, ERR_SYSTEM, "the program %s is not beside %s", name, dir);
	err_fix(err, "install divisi completely: meson install -C build");
	return NULL;
}

char *
program_holder(struct err *err)
{
	return find_program("divisi-hold", "../hold/", err);
}

char *
program_hook(struct err *err)
{
	return find_program("divisi-hook", "../hook/", err);
}
