#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CTRL_C = 3, CTRL_D = 4 };

bool
ask_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int
ended(struct err *err)
{
	fputc('\n', stdout);
	return err_set(err, ERR_HUMAN, "ended by you; nothing was written");
}

/*
 * One byte, 0 when none comes within MS (-1: for ever), without waiting for Enter.  Signals of the keyboard are read as bytes, so that
 * the terminal is never left in this state.
 */
static int
read_byte(int ms)
{
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	struct termios before, raw;
	unsigned char c = CTRL_D;
	ssize_t n = 0;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return -1;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return -1;
	if (poll(&ready, 1, ms) > 0) {
		do
			n = read(STDIN_FILENO, &c, 1);
		while (n < 0 && errno == EINTR);
	} else {
		n = 1;
		c = 0;
	}
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return n == 1 ? c : -1;
}

int
ask_key_within(int ms)
{
	int c = read_byte(ms);

	return c == CTRL_C || c == CTRL_D ? -1 : c;
}

int
ask_key(const char *prompt, const char *keys, struct err *err)
{
	fputs(prompt, stdout);
	for (;;) {
		fflush(stdout);
		int c = read_byte(-1);

		if (c < 0 || c == CTRL_C || c == CTRL_D || c == 'q')
			return ended(err);
		if (c == '\n' || c == '\r')
			c = (unsigned char)keys[0];
		if (c != 0 && strchr(keys, c)) {
			printf("%c\n", c);
			return c;
		}
	}
}

void
ask_forget_typed(void)
{
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
}

char *
ask_text(const char *prompt, struct err *err)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	fputs(prompt, stdout);
	fflush(stdout);
	n = getline(&line, &size, stdin);
	if (n < 0) {
		free(line);
		ended(err);
		return NULL;
	}
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return line;
}
