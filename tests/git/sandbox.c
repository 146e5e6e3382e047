#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[256];

const char *
sandbox(void)
{
	return dir;
}

int
sandbox_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char path[200], real[4096];

	/* In memory by default: git syncs a lot here. */
	if (!tmp)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(path, sizeof(path), "%s/divisi-git.XXXXXX", tmp);
	if (!mkdtemp(path) || !realpath(path, real) || strlen(real) >= sizeof(dir))
		return -1;
	strcpy(dir, real);
	setenv("HOME", dir, 1);
	setenv("XDG_STATE_HOME", at("state"), 1);
	setenv("XDG_CONFIG_HOME", at("xdg"), 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	unsetenv("GIT_DIR");
	unsetenv("GIT_AUTHOR_NAME");
	unsetenv("GIT_COMMITTER_NAME");
	return 0;
}

int
sandbox_teardown(void **state)
{
	struct err err = ERR_INIT;

	if (sh_status("chmod -R u+rwx .") != 0)
		return -1;
	return file_remove_tree(dir, &err);
}

const char *
at(const char *name)
{
	static char ring[8][4096];
	static unsigned next;
	char *buf = ring[next++ % 8];

	snprintf(buf, sizeof(ring[0]), "%s/%s", dir, name);
	return buf;
}

static char *
command(const char *fmt, va_list ap)
{
	AUTO_FREE char *what = xvasprintf(fmt, ap);

	return xasprintf("cd '%s' && { %s; } 2>>'%s/sh.log'", dir, what, dir);
}

int
sh_status(const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	line = command(fmt, ap);
	va_end(ap);
	rc = system(line);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : 255;
}

void
sh(const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	line = command(fmt, ap);
	va_end(ap);
	if (system(line) != 0)
		fail_msg("%s", line);
}

const char *
sh_out(const char *fmt, ...)
{
	static char ring[8][4096];
	static unsigned next;
	char *buf = ring[next++ % 8];
	AUTO_FREE char *line = NULL;
	va_list ap;
	FILE *out;
	size_t n;

	va_start(ap, fmt);
	line = command(fmt, ap);
	va_end(ap);
	out = popen(line, "r");
	if (!out)
		fail_msg("%s", line);
	n = fread(buf, 1, sizeof(ring[0]) - 1, out);
	pclose(out);
	buf[n] = '\0';
	if (n > 0 && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	return buf;
}

void
make_repo(void)
{
	sh("git init -q -b main repo && cd repo && git config user.name Tester && "
	   "git config user.email tester@example.org && mkdir dir && echo one >a.txt && "
	   "echo two >dir/b.txt && git add . && git commit -q -m 'Begin'");
}
