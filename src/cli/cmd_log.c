#include "cli/cmd.h"

#include "adapters.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/transcript.h"
#include "sys/follow.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMPLAINT_BYTES 4096

const struct option_doc cmd_log_options[] = {
	{ "follow", NULL, "go on until the run ends", 'f' },
	{ "raw", NULL, "the agent's own lines, as they are in the run directory", 0 },
	OPTION_END,
};

static void
print_event(const struct agent_event *e, void *arg)
{
	transcript_print(arg, e);
}

/* The end of what it wrote to standard error, where logins are asked for. */
static void
print_complaints(const char *dir, const struct screen *screen)
{
	AUTO_FREE char *path = xasprintf("%s/err.log", dir);
	AUTO_FREE char *tail = file_read_tail(path, COMPLAINT_BYTES);
	struct span rest = span_of(tail ? tail : ""), line;

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *text = xstrndup(line.p, line.n);

		if (line.n == 0)
			continue;
		fprintf(screen->out, "%-10s ", "stderr");
		screen_wrap(screen, 11, 11, text);
	}
}

/* The holder was killed: nothing more will come, though no end was written. */
static bool
is_lost(const char *dir)
{
	int lock_fd = -1;
	bool lost = rundir_probe(dir, &lock_fd, NULL) == RUN_LOST;

	if (lock_fd >= 0)
		close(lock_fd);
	return lost;
}

static int
print_run(
    const char *dir, const struct agent *agent, bool follow, bool raw, struct err *err)
{
	AUTO_FREE char *out = xasprintf("%s/out.ndjson", dir);
	struct follow *f = follow_open(out, 0);
	struct screen screen;
	struct follow_line line;
	int rc = 0;

	screen_init(&screen, stdout);
	for (;;) {
		AUTO_FREE char *end = xasprintf("%s/end.json", dir);
		bool is_over = access(end, F_OK) == 0 || is_lost(dir);

		while ((rc = follow_next(f, is_over, &line, err)) > 0) {
			if (raw)
				puts(line.p);
			else
				agent->parse(line.p, line.n, print_event, &screen);
		}
		fflush(stdout);
		if (rc < 0 || is_over || !follow || ferror(stdout))
			break;
		poll(NULL, 0, 100);
	}
	follow_close(f);
	if (!raw)
		print_complaints(dir, &screen);
	return rc < 0 ? -1 : 0;
}

int
cmd_log(int argc, char **argv)
{
	bool flags[2] = { false };
	const char *words[1] = { NULL };
	struct args_simple want = { "log SESSION [-f]", flags, words, 1, 1 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	AUTO_JSON struct json_object *status = NULL;
	const struct json_object *s = NULL;
	const struct agent *agent = NULL;
	int rc;

	args_init(&args, cmd_log_options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, false);
	rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		status = client_status(&client, &err);
	if (status)
		s = client_session(status, words[0], &err);
	if (s && js_text(s, "run")[0] == '\0') {
		err_set(&err, ERR_NOT_FOUND, "%s was not launched yet", words[0]);
		s = NULL;
	}
	if (s)
		agent = adapter_agent(js_text(s, "adapter"));
	rc = -1;
	for (int64_t n = 1; s && agent && n <= js_number(s, "runs", 0); n++) {
		AUTO_FREE char *dir = xasprintf(
		    "%s/runs/%s.r%lld", client.home, js_text(s, "id"), (long long)n);

		if (js_number(s, "runs", 0) > 1)
			printf("--- run %lld\n", (long long)n);
		rc = print_run(dir, agent, flags[0] && n == js_number(s, "runs", 0),
		    flags[1], &err);
		if (rc < 0)
			break;
	}
	client_close(&client);
	return rc < 0 ? cmd_fail(&err, false) : 0;
}
