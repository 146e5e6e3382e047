/*
 * Reads an agent's output as the server does, and prints how many lines and events it had:
 *
 *   stream_read parse FILE [ADAPTER]   each line read and understood; else as claude's
 *   stream_read follow FILE            each line read only
 */
#include "adapters.h"
#include "sys/follow.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void
count(const struct agent_event *event, void *arg)
{
	(void)event;
	++*(unsigned long *)arg;
}

int
main(int argc, char **argv)
{
	bool parses = argc >= 3 && strcmp(argv[1], "parse") == 0;
	const struct agent *agent = adapter_agent(argc == 4 ? argv[3] : "claude");
	unsigned long n_lines = 0, n_events = 0;
	struct follow_line line;
	struct err err = ERR_INIT;
	struct follow *follow;
	int rc;

	if (argc < 3 || argc > 4 || !agent)
		return 2;
	follow = follow_open(argv[2], 0);
	while ((rc = follow_next(follow, true, &line, &err)) > 0) {
		n_lines++;
		if (parses)
			agent->parse(line.p, line.n, count, &n_events);
	}
	follow_close(follow);
	if (rc < 0) {
		fprintf(stderr, "stream_read: %s\n", err.text);
		return 1;
	}
	printf("lines %lu\nevents %lu\n", n_lines, n_events);
	return 0;
}
