#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int http;
} err_table[ERR_N_KINDS] = {
	/* clang-format off */
	[ERR_NONE]      = { "none",      200 },
	[ERR_NO]        = { "no",        200 },
	[ERR_USAGE]     = { "usage",     400 },
	[ERR_REFUSED]   = { "refused",   403 },
	[ERR_HUMAN]     = { "human",     428 },
	[ERR_NOT_FOUND] = { "not-found", 404 },
	[ERR_CONFLICT]  = { "conflict",  409 },
	[ERR_INPUT]     = { "input",     422 },
	[ERR_SYSTEM]    = { "system",    500 },
	[ERR_NO_SERVER] = { "no-server", 503 },
	[ERR_TIMEOUT]   = { "timeout",   504 },
	/* clang-format on */
};

int
err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	*err = (struct err){ .kind = kind };
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	if (!err)
		return -1;
	*err = (struct err){ .kind = ERR_SYSTEM, .sys_errno = saved };
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_TEXT_SIZE];
	va_list ap;
	size_t n;

	if (!err)
		return -1;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	if (n + 3 < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - n, ": %.*s",
		    (int)(sizeof(err->text) - n - 3), old);
	return -1;
}

int
err_fix(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->fix, sizeof(err->fix), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_exit_status(enum err_kind kind)
{
	assert(kind >= 0 && kind < ERR_N_KINDS);
	return (int)kind;
}

int
err_http_status(enum err_kind kind)
{
	assert(kind >= 0 && kind < ERR_N_KINDS);
	return err_table[kind].http;
}

const char *
err_kind_name(enum err_kind kind)
{
	assert(kind >= 0 && kind < ERR_N_KINDS);
	return err_table[kind].name;
}

enum err_kind
err_kind_of(const char *name)
{
	for (int k = 0; k < ERR_N_KINDS; k++) {
		if (strcmp(err_table[k].name, name) == 0)
			return (enum err_kind)k;
	}
	return ERR_SYSTEM;
}
