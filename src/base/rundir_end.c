/*
 * The end record: one flat JSON object, so that people and other programs can read it.
 * The holder links no JSON library, hence this small printer and its counterpart.
 */
#include "base/rundir.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define END_BYTES 4096

/* The numbers of the record that are long; those that are optional are left out when 0. */
static const struct {
	const char *key;
	size_t at;
	bool is_optional;
} end_numbers[] = {
	{ "started_at", offsetof(struct run_end, started_at), false },
	{ "ended_at", offsetof(struct run_end, ended_at), false },
	{ "out_bytes", offsetof(struct run_end, out_bytes), false },
	{ "err_bytes", offsetof(struct run_end, err_bytes), false },
	{ "asked_at", offsetof(struct run_end, asked_at), true },
	{ "interrupted_at", offsetof(struct run_end, interrupted_at), true },
	{ "terminated_at", offsetof(struct run_end, terminated_at), true },
	{ "killed_at", offsetof(struct run_end, killed_at), true },
	{ "cpu_ms", offsetof(struct run_end, cpu_ms), true },
	{ "memory_peak", offsetof(struct run_end, memory_peak), true },
	{ "processes_peak", offsetof(struct run_end, processes_peak), true },
	{ "n_refused", offsetof(struct run_end, n_refused), true },
};

int
rundir_reserve_end(const char *dir, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "end.tmp");
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return err_sys(err, "make %s", path);
	rc = posix_fallocate(fd, 0, END_BYTES);
	if (rc == 0 || rc == EOPNOTSUPP || rc == EINVAL)
		return 0;
	errno = rc;
	return err_sys(err, "reserve %s", path);
}

int
rundir_write_end(const char *dir, const struct run_end *end, struct err *err)
{
	AUTO_FREE char *tmp = path_join(dir, "end.tmp");
	AUTO_FREE char *path = path_join(dir, "end.json");
	AUTO_FREE char *text = NULL;
	AUTO_FD int fd = -1;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	fputs("{\"reason\":", out);
	text_put_json(out, end->reason);
	fprintf(out,
	    ",\"status\":%d,\"signal\":%d,\"started_at\":%lld,\"ended_at\":%lld"
	    ",\"out_bytes\":%lld,\"err_bytes\":%lld,\"n_swept\":%d,\"text\":",
	    end->status, end->signal, end->started_at, end->ended_at, end->out_bytes,
	    end->err_bytes, end->n_swept);
	text_put_json(out, end->text);
	for (size_t i = 0; i < N_ELEMS(end_numbers); i++) {
		long long value;

		memcpy(&value, (const char *)end + end_numbers[i].at, sizeof(value));
		if (end_numbers[i].is_optional && value != 0)
			fprintf(out, ",\"%s\":%lld", end_numbers[i].key, value);
	}
	if (end->limits[0]) {
		fputs(",\"limits\":", out);
		text_put_json(out, end->limits);
	}
	if (end->tree[0]) {
		fputs(",\"tree\":", out);
		text_put_json(out, end->tree);
	}
	if (end->fence[0]) {
		fputs(",\"fence\":", out);
		text_put_json(out, end->fence);
	}
	fputs("}\n", out);
	fclose(out);
	/* Written over what was reserved: on a full disk no new block is needed. */
	fd = open(tmp, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(fd, text, n) < 0 ||
	    DURABLE("end.truncate", ftruncate(fd, (off_t)n)) < 0 ||
	    DURABLE("end.sync", fsync(fd)) < 0 ||
	    DURABLE("end.rename", rename(tmp, path)) < 0)
		return err_sys(err, "write %s", path);
	return file_sync_parent(path, err);
}

static void
skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool
take_char(const char **at, char c)
{
	skip_blanks(at);
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static unsigned
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";

	return (unsigned)(strchr(digits, c | 0x20) - digits);
}

/* One escape behind the backslash; what is not ASCII is never written escaped by us. */
static bool
take_escape(const char **at, char *c)
{
	unsigned code = 0;

	switch (*(*at)++) {
	case '"': *c = '"'; return true;
	case '\\': *c = '\\'; return true;
	case '/': *c = '/'; return true;
	case 'n': *c = '\n'; return true;
	case 't': *c = '\t'; return true;
	case 'r': *c = '\r'; return true;
	case 'b': *c = '\b'; return true;
	case 'f': *c = '\f'; return true;
	case 'u':
		if (strspn(*at, "0123456789abcdefABCDEF") < 4)
			return false;
		for (int i = 0; i < 4; i++, (*at)++)
			code = code * 16 + hex_digit(**at);
		*c = '?';
		if (code > 0 && code < 0x80)
			*c = (char)code;
		return true;
	default: (*at)--; return false;
	}
}

/* A string, cut when it does not fit. */
static bool
take_string(const char **at, char *buf, size_t size)
{
	size_t n = 0;

	if (!take_char(at, '"'))
		return false;
	while (**at && **at != '"') {
		char c = *(*at)++;

		if (c == '\\' && !take_escape(at, &c))
			return false;
		if (n + 1 < size)
			buf[n++] = c;
	}
	buf[n] = '\0';
	return take_char(at, '"');
}

static bool
take_number(const char **at, long long *number)
{
	char *end;

	skip_blanks(at);
	errno = 0;
	*number = strtoll(*at, &end, 10);
	if (end == *at || errno)
		return false;
	*at = end;
	return true;
}

static void
store_number(struct run_end *end, const char *key, long long value)
{
	for (size_t i = 0; i < N_ELEMS(end_numbers); i++) {
		if (strcmp(key, end_numbers[i].key) == 0)
			memcpy((char *)end + end_numbers[i].at, &value, sizeof(value));
	}
	if (value < INT_MIN || value > INT_MAX)
		return;
	if (strcmp(key, "status") == 0)
		end->status = (int)value;
	else if (strcmp(key, "signal") == 0)
		end->signal = (int)value;
	else if (strcmp(key, "n_swept") == 0)
		end->n_swept = (int)value;
}

static bool
take_member(const char **at, struct run_end *end)
{
	char key[32], text[sizeof(end->text)];
	long long number;

	if (!take_string(at, key, sizeof(key)) || !take_char(at, ':'))
		return false;
	skip_blanks(at);
	if (**at != '"') {
		if (!take_number(at, &number))
			return false;
		store_number(end, key, number);
		return true;
	}
	if (!take_string(at, text, sizeof(text)))
		return false;
	if (strcmp(key, "reason") == 0)
		snprintf(end->reason, sizeof(end->reason), "%.*s",
		    (int)sizeof(end->reason) - 1, text);
	else if (strcmp(key, "limits") == 0)
		snprintf(end->limits, sizeof(end->limits), "%.*s",
		    (int)sizeof(end->limits) - 1, text);
	else if (strcmp(key, "tree") == 0)
		snprintf(end->tree, sizeof(end->tree), "%.*s",
		    (int)sizeof(end->tree) - 1, text);
	else if (strcmp(key, "fence") == 0)
		snprintf(end->fence, sizeof(end->fence), "%.*s",
		    (int)sizeof(end->fence) - 1, text);
	else if (strcmp(key, "text") == 0)
		memcpy(end->text, text, sizeof(text));
	return true;
}

int
rundir_read_end(const char *dir, struct run_end *end, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "end.json");
	AUTO_FREE char *data = file_read(path, END_BYTES, NULL, err);
	struct run_end got = { 0 };
	const char *at = data;
	bool is_good;

	if (!data)
		return -1;
	is_good = take_char(&at, '{');
	while (is_good && !take_char(&at, '}'))
		is_good = take_member(&at, &got) && (take_char(&at, ',') || *at == '}');
	if (!is_good || !got.reason[0])
		return err_set(err, ERR_INPUT, "%s is damaged", path);
	*end = got;
	return 0;
}
