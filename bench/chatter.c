/*
 * An agent for measurements: says that it started, and then a line of progress every
 * PERIOD milliseconds, or nothing for ever when that is 0.  usage: chatter PERIOD
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		_exit(0);
}

int
main(int argc, char **argv)
{
	int period_ms = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	char line[80];

	say("{\"type\":\"started\"}\n");
	for (int i = 1;; i++) {
		(void)poll(NULL, 0, period_ms > 0 ? period_ms : -1);
		snprintf(line, sizeof(line),
		    "{\"type\":\"progress\",\"done\":%d,\"total\":100000}\n", i);
		say(line);
	}
}
