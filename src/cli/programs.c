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

char *
program_holder(struct err *err)
{
	/* Beside us when installed, in the room next door in a build tree. */
	static const char *const places[] = { "", "../hold/", "../libexec/divisi/",
		"../lib/divisi/" };
	AUTO_FREE char *self = program_self(err);
	char *dir;

	if (!self)
		return NULL;
	dir = dirname(self);
	for (size_t i = 0; i < N_ELEMS(places); i++) {
		AUTO_FREE char *path = xasprintf("%s/%sdivisi-hold", dir, places[i]);

		if (access(path, X_OK) == 0)
			return TAKE_PTR(path);
	}
	err_set(
	    err, ERR_SYSTEM, "the holder program divisi-hold is not beside %s", dir);
	err_fix(err, "install divisi completely: meson install -C build");
	return NULL;
}
