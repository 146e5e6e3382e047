#include "base/log.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

static int log_fd = 2;
static enum log_level log_min = LOG_LVL_WARN;

void
log_open(int fd, enum log_level min_level)
{
	log_fd = fd;
	log_min = min_level;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	AUTO_FREE char *text = NULL, *shown = NULL, *line = NULL;
	struct timespec ts;
	char when[32];
	va_list ap;

	if (level < log_min)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	shown = text_show(text, true);
	clock_gettime(CLOCK_REALTIME, &ts);
	line = xasprintf("%s %s %s\n",
	    text_time((int64_t)ts.tv_sec * 1000, when, sizeof(when)), names[level],
	    shown);
	(void)file_write_all(log_fd, line, strlen(line));
}
