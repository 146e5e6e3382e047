#include "base/crash.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_BYTES ((size_t)64 << 20)

/* "server", "job/land", "hold", or "client": which of our programs this is. */
static void
program_name(char name[64])
{
	AUTO_FREE char *line = file_read("/proc/self/cmdline", 1 << 20, NULL, NULL);
	const char *base = line && strrchr(line, '/') ? strrchr(line, '/') + 1 : line;
	const char *verb = line ? line + strlen(line) + 1 : "";

	if (base && strcmp(base, "divisi-hold") == 0)
		snprintf(name, 64, "hold");
	else if (base && strcmp(verb, "job") == 0)
		snprintf(name, 64, "job/%.40s", verb + strlen(verb) + 1);
	else if (base && strcmp(verb, "server") == 0)
		snprintf(name, 64, "server");
	else
		snprintf(name, 64, "client");
}

/* How many lines of TEXT begin with START. */
static long
count_lines(const char *text, const char *start)
{
	long n = 0;

	for (const char *at = text; at && *at; at = strchr(at, '\n') + 1) {
		n += strncmp(at, start, strlen(start)) == 0;
		if (!strchr(at, '\n'))
			break;
	}
	return n;
}

static void
die(const char *dir, const char *how)
{
	AUTO_FREE char *path = path_join(dir, "died");
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd >= 0)
		dprintf(fd, "%d\n", (int)getpid());
	(void)kill(getpid(), strcmp(how, "stop") == 0 ? SIGSTOP : SIGKILL);
}

/* Logs the point; true when it is the one to die at, with HOW.  Then it is the turn of the next. */
static int
note(const char *dir, const char *point, char how[16])
{
	AUTO_FREE char *log_path = path_join(dir, "points");
	AUTO_FREE char *at_path = path_join(dir, "at");
	AUTO_FREE char *next_path = path_join(dir, "next");
	AUTO_FREE char *start = NULL;
	AUTO_FREE char *log = NULL;
	AUTO_FREE char *at = NULL;
	AUTO_FD int lock = -1;
	char program[64], wanted[200], wanted_program[64], times[24];

	program_name(program);
	start = xasprintf("%s %s ", program, point);
	lock = open(log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (lock < 0 || lockf(lock, F_LOCK, 0) < 0)
		return false;
	dprintf(lock, "%s%d\n", start, (int)getpid());
	at = file_read(at_path, 1000, NULL, NULL);
	if (!at ||
	    sscanf(at, "%63s %199s %23s %15s", wanted_program, wanted, times, how) != 4)
		return false;
	if (strcmp(wanted_program, program) != 0 || strcmp(wanted, point) != 0)
		return false;
	log = file_read(log_path, LOG_BYTES, NULL, NULL);
	if (count_lines(log, start) != strtol(times, NULL, 10))
		return false;
	(void)!rename(next_path, at_path);
	return true;
}

void
crash_pass(const char *family, const char *word, const char *when)
{
	const char *dir = getenv("CRASH_POINTS");
	AUTO_FREE char *point = NULL;
	int saved = errno;
	char how[16];

	if (!dir || !*dir)
		return;
	point = xasprintf("%s%s%s.%s", family, word ? "." : "", word ? word : "", when);
	if (note(dir, point, how))
		die(dir, how);
	errno = saved;
}

const char *
crash_git_word(const char *const *argv)
{
	static const char *const nested[] = { "worktree", "config", "remote" };
	static char word[80];

	while (*argv && **argv == '-')
		argv++;
	snprintf(word, sizeof(word), "%s", *argv ? *argv : "none");
	for (size_t i = 0; *argv && argv[1] && i < N_ELEMS(nested); i++) {
		if (strcmp(*argv, nested[i]) == 0)
			snprintf(word, sizeof(word), "%s-%s", *argv,
			    argv[1] + strspn(argv[1], "-"));
	}
	return word;
}
