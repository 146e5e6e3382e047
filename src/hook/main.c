#include "base/mem.h"
#include "base/text.h"
#include "hook/call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * divisi-hook: an agent's hook before each tool call (PreToolUse and its like).  Reads the call
 * on standard input, asks the server of this repository once whether it may write there, and
 * says so in the agent's own form.  When nobody answers it says nothing and lets it pass: the
 * fence enforces, this only explains; the next answer takes the number of calls missed along.
 */

#define LIMIT_MS     1000
#define REPLY_BYTES  ((size_t)65536)
#define MISSED       "divisi-guard-missed"
#define MISSED_BYTES 65536

static char missed_path[PATH_MAX]; /* empty outside of a session */

/* A call that nobody looked at: one byte more in the session's own temporary directory. */
static void
note_missed(void)
{
	struct stat st;
	int fd;

	if (missed_path[0] == '\0')
		return;
	fd = open(
	    missed_path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size < MISSED_BYTES)
		(void)!write(fd, "x", 1);
	close(fd);
}

static void
on_limit(int sig)
{
	static const char words[] = "divisi-hook: no answer in time; nothing checked\n";

	(void)sig;
	note_missed();
	(void)!write(STDERR_FILENO, words, sizeof(words) - 1);
	_exit(0);
}

static void
arm_limit(void)
{
	const struct sigaction action = { .sa_handler = on_limit };
	const struct itimerval limit = {
		.it_value = { .tv_sec = LIMIT_MS / 1000,
		    .tv_usec = LIMIT_MS % 1000 * 1000 },
	};
	sigset_t all;

	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &limit, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void
find_missed(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!getenv("DIVISI_SESSION") || !tmp || tmp[0] != '/' ||
	    snprintf(missed_path, sizeof(missed_path), "%s/" MISSED, tmp) >=
		(int)sizeof(missed_path))
		missed_path[0] = '\0';
}

static long
count_missed(void)
{
	struct stat st;

	if (missed_path[0] == '\0' || lstat(missed_path, &st) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	return (long)st.st_size;
}

/* The server knows of them now. */
static void
forget_missed(void)
{
	int fd = count_missed() > 0
		     ? open(missed_path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)
		     : -1;

	if (fd >= 0)
		close(fd);
}

/* ---- where the server is ------------------------------------------------------------------ */

/* The first line of the small file PATH; NULL when it is none.  The caller frees it. */
static char *
first_line(const char *path)
{
	char buf[PATH_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	buf[strcspn(buf, "\r\n")] = '\0';
	return xstrdup(buf);
}

/* What a linked worktree's .git file and its commondir lead to. */
static char *
common_dir(const char *dot_git)
{
	AUTO_FREE char *line = first_line(dot_git), *file = NULL, *common = NULL;

	if (!line || strncmp(line, "gitdir: ", 8) != 0 || line[8] != '/')
		return NULL;
	file = xasprintf("%s/commondir", line + 8);
	common = first_line(file);
	if (!common)
		return xstrdup(line + 8);
	return common[0] == '/' ? TAKE_PTR(common)
				: xasprintf("%s/%s", line + 8, common);
}

/* The home of the repository that CWD is in: .../.git/divisi.  NULL: it is in none. */
static char *
find_home(const char *cwd)
{
	AUTO_FREE char *dir = xstrdup(cwd);

	for (;;) {
		AUTO_FREE char *dot_git = xasprintf("%s/.git", dir);
		AUTO_FREE char *common = NULL;
		struct stat st;
		char *slash = strrchr(dir, '/');

		if (stat(dot_git, &st) == 0) {
			common = S_ISDIR(st.st_mode) ? xstrdup(dot_git)
						     : common_dir(dot_git);
			return common ? xasprintf("%s/divisi", common) : NULL;
		}
		if (!slash || slash == dir)
			return NULL;
		*slash = '\0';
	}
}

/* Connects to the socket in HOME, however long its path is.  -1: nobody is there. */
static int
connect_home(const char *home)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int dir = -1, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -1;
	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", home) >=
	    (int)sizeof(addr.sun_path)) {
		dir = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
		snprintf(
		    addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/sock", dir);
	}
	rc = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (dir >= 0)
		close(dir);
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- the question and its answer ------------------------------------------------------------ */

/* TEXT as a JSON string; what is no UTF-8 becomes U+FFFD. */
static void
put_json(FILE *f, const char *text)
{
	size_t n = strlen(text);

	fputc('"', f);
	while (n > 0) {
		long bad = text_utf8_bad(text, n);
		size_t good = bad < 0 ? n : (size_t)bad;

		for (size_t i = 0; i < good; i++) {
			unsigned char c = (unsigned char)text[i];

			if (c == '"' || c == '\\')
				fprintf(f, "\\%c", c);
			else if (c < 0x20 || c == 0x7f)
				fprintf(f, "\\u%04x", c);
			else
				fputc(c, f);
		}
		text += good;
		n -= good;
		if (n > 0) {
			fputs("\\ufffd", f);
			text++;
			n--;
		}
	}
	fputc('"', f);
}

static bool
write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

static bool
send_question(int fd, const struct call *call, bool is_shell)
{
	AUTO_FREE char *body = NULL, *request = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&body, &n);

	fputs("{\"tool\":", f);
	put_json(f, call->tool);
	fprintf(f, ",\"bash\":%d,\"missed\":%ld,\"n\":%zu", is_shell, count_missed(),
	    call->n);
	for (size_t i = 0; i < call->n; i++) {
		fprintf(f, ",\"p%zu\":", i);
		put_json(f, call->path[i]);
	}
	fputc('}', f);
	fclose(f);
	request = xasprintf("POST /v1/guard HTTP/1.1\r\nHost: divisi\r\n"
			    "Connection: close\r\nContent-Type: application/json\r\n"
			    "Content-Length: %zu\r\n\r\n%s",
	    n, body);
	return write_all(fd, request, strlen(request));
}

struct answer {
	char *decision, *text; /* NULL until they are known */
};

static void
on_answer(void *arg, const char *path, const char *text, bool is_whole)
{
	struct answer *answer = arg;

	(void)is_whole;
	if (strcmp(path, "decision") == 0 && !answer->decision)
		answer->decision = xstrdup(text);
	else if (strcmp(path, "text") == 0 && !answer->text)
		answer->text = xstrdup(text);
}

static bool
read_answer(int fd, struct answer *answer)
{
	AUTO_FREE char *reply = xcalloc(1, REPLY_BYTES + 1);
	const char *body;
	struct scan scan;
	size_t n = 0;
	bool is_sound;

	while (n < REPLY_BYTES) {
		ssize_t got = read(fd, reply + n, REPLY_BYTES - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	body = strstr(reply, "\r\n\r\n");
	if (!body || strncmp(reply, "HTTP/1.", 7) != 0 ||
	    strncmp(reply + 8, " 200 ", 5) != 0)
		return false;
	scan_init(&scan, on_answer, answer);
	is_sound = scan_feed(&scan, body + 4, strlen(body + 4)) && scan_is_over(&scan);
	scan_clear(&scan);
	return is_sound && answer->decision && answer->text;
}

/* ---- what the agent hears ---------------------------------------------------------------------- */

/* The answer in the form of the agent that asked. */
static void
put_answer(FILE *f, const struct call *call, const struct answer *answer)
{
	static const struct {
		const char *before, *after;
	} forms[][2] = {
		[CALL_CLAUDE] = { { "{\"hookSpecificOutput\":{\"hookEventName\":"
				    "\"PreToolUse\",\"permissionDecision\":\"deny\","
				    "\"permissionDecisionReason\":",
				      "}}\n" },
		    { "{\"hookSpecificOutput\":{\"hookEventName\":\"PreToolUse\","
		      "\"additionalContext\":",
			"}}\n" } },
		[CALL_GEMINI] = { { "{\"decision\":\"deny\",\"reason\":", "}\n" },
		    { "{\"systemMessage\":", "}\n" } },
		[CALL_COPILOT] = { { "{\"permissionDecision\":\"deny\","
				     "\"permissionDecisionReason\":",
				       "}\n" },
		    { "{\"additionalContext\":", "}\n" } },
	};
	bool is_denied = strcmp(answer->decision, "deny") == 0;

	if (!is_denied && strcmp(answer->decision, "tell") != 0)
		return;
	fputs(forms[call->of][!is_denied].before, f);
	put_json(f, answer->text);
	fputs(forms[call->of][!is_denied].after, f);
}

static int
ask(const char *home, struct call *call, bool is_shell)
{
	struct answer answer = { 0 };
	AUTO_FREE char *found = home ? xstrdup(home) : find_home(call->cwd);
	AUTO_FREE char *said = NULL;
	size_t n = 0;
	bool is_told = false;
	int fd = found ? connect_home(found) : -1;
	FILE *f;

	if (fd >= 0) {
		is_told = send_question(fd, call, is_shell) && read_answer(fd, &answer);
		close(fd);
	}
	if (is_told) {
		forget_missed();
		f = open_memstream(&said, &n);
		put_answer(f, call, &answer);
		fclose(f);
		(void)write_all(STDOUT_FILENO, said, n);
	} else if (found) {
		note_missed();
		fprintf(stderr, "divisi-hook: no server answers; nothing checked\n");
	}
	free(answer.decision);
	free(answer.text);
	return 0;
}

static bool
read_call(struct call *call)
{
	static char buf[65536];

	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (!call_feed(call, buf, (size_t)n))
			return false;
	}
}

int
main(int argc, char **argv)
{
	const char *home = argc == 3 && strcmp(argv[1], "--home") == 0 ? argv[2] : NULL;
	enum call_kind kind;
	struct call call;

	if (argc > 1 && !home) {
		fprintf(stderr,
		    "usage: divisi-hook [--home DIR] < CALL\n"
		    "An agent's hook before each tool call; see divisi(1).\n");
		return 2;
	}
	find_missed();
	arm_limit();
	call_init(&call);
	if (read_call(&call)) {
		kind = call_finish(&call);
		if (kind != CALL_READS)
			ask(home, &call, kind == CALL_SHELL);
	} else {
		note_missed();
		fprintf(stderr, "divisi-hook: the call is no JSON; nothing checked\n");
	}
	call_clear(&call);
	return 0;
}
