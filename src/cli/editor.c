#include "cli/editor.h"

#include "base/crash.h"
#include "base/mem.h"
#include "git/run.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* `git var GIT_EDITOR` is not asked: what runs git here gives it an editor of its own. */
static char *
find_editor(void)
{
	const char *named = getenv("GIT_EDITOR"), *term = getenv("TERM");
	bool is_dumb = !term || strcmp(term, "dumb") == 0;
	char *configured;

	if (named && named[0])
		return xstrdup(named);
	configured = git_line(".", GIT_ARGS("config", "--get", "core.editor"), NULL);
	if (configured && configured[0])
		return configured;
	free(configured);
	named = getenv("VISUAL");
	if (!named || !named[0] || is_dumb)
		named = getenv("EDITOR");
	return xstrdup(named && named[0] ? named : "vi");
}

int
editor_run(const char *path, struct err *err)
{
	AUTO_FREE char *editor = find_editor(), *name = xstrdup(path);
	/* Through a shell, as everywhere: it may hold arguments. */
	AUTO_FREE char *line = xasprintf("%s \"$1\"", editor);
	char script[] = "sh", flag[] = "-c";
	char *arg[] = { script, flag, line, script, name, NULL };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	posix_spawnattr_t attr;
	sigset_t keys;
	int status = -1;
	pid_t pid;

	/* What is typed to interrupt the editor is the editor's. */
	sigemptyset(&keys);
	sigaddset(&keys, SIGINT);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &keys);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	sigaction(SIGINT, &ignore, &old);
	if (DURABLE("editor.run",
		posix_spawn(&pid, "/bin/sh", NULL, &attr, arg, environ)) == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	sigaction(SIGINT, &old, NULL);
	posix_spawnattr_destroy(&attr);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	err_set(err, ERR_HUMAN, "the editor failed: %.80s", editor);
	return err_fix(err, "set EDITOR to one that works");
}
