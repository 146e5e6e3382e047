#include "store/sound.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_BYTES 100

/* One short line that is always as long, so that it is written over in one piece. */
#define MARK_FORMAT "%019" PRId64 "\n"
#define MARK_BYTES  20

static const char damage_code[] = "damaged";

int
sound_damaged(const char *path, struct err *err, const char *why)
{
	err_set(
	    err, ERR_INPUT, "%s is damaged (%s); nothing in it was changed", path, why);
	if (err)
		err->code = damage_code;
	return err_fix(err,
	    "divisi doctor saves what can be read of it and says how to "
	    "go on");
}

bool
sound_is_damage(const struct err *err)
{
	return err->code && strcmp(err->code, damage_code) == 0;
}

bool
sound_has_wal(const char *path)
{
	AUTO_FREE char *wal = xasprintf("%s-wal", path);
	struct stat st;

	return stat(wal, &st) == 0 && st.st_size > 0;
}

static char *
mark_path(const char *path)
{
	return xasprintf("%s-mark", path);
}

/* The number in the mark beside PATH; 0 when there is none that can be read. */
static int64_t
read_mark(const char *path)
{
	AUTO_FREE char *name = mark_path(path);
	AUTO_FD int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	char text[MARK_BYTES + 1] = "";
	int64_t seq = 0;

	if (fd < 0 || pread(fd, text, MARK_BYTES, 0) != MARK_BYTES ||
	    strspn(text, "0123456789") != MARK_BYTES - 1 ||
	    text[MARK_BYTES - 1] != '\n')
		return 0;
	errno = 0;
	seq = strtoimax(text, NULL, 10);
	return errno ? 0 : seq;
}

/* Says whose PATH is and what may be done with it, where that is why it cannot be opened. */
static int
cannot_open(const char *path, struct err *err)
{
	int why = errno;
	AUTO_FREE char *quoted = text_shell_quote(path);
	struct stat st;

	errno = why;
	if (why != EACCES || stat(path, &st) < 0) {
		errno = why;
		return err_sys(err, "open %s", path);
	}
	errno = why;
	err_sys(err, "open %s, which is of user %u with mode %03o", path,
	    (unsigned)st.st_uid, (unsigned)st.st_mode & 0777);
	if (st.st_uid == geteuid())
		return err_fix(err, "chmod u+rw %s", quoted);
	return err_fix(err,
	    "run divisi as its owner; or take it over: "
	    "sudo chown $(id -u) %s",
	    quoted);
}

int
sound_probe(const char *path, struct err *err)
{
	bool had_wal = sound_has_wal(path);
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char head[HEADER_BYTES];
	unsigned long page, n_pages;
	struct stat st;
	ssize_t got;

	if (fd < 0 && errno == ENOENT && had_wal)
		return sound_damaged(path, err, "it is gone, only its log is there");
	if (fd < 0 && errno == ENOENT)
		return read_mark(path) ? sound_damaged(path, err, "it is gone") : 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return cannot_open(path, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is no regular file", path);
	got = pread(fd, head, sizeof(head), 0);
	if (got < 0)
		return err_sys(err, "read %s", path);
	if (got < HEADER_BYTES)
		return sound_damaged(path, err, "it is cut off or empty");
	if (memcmp(head, "SQLite format 3", 16) != 0)
		return sound_damaged(path, err, "it is no SQLite database");
	page = (unsigned long)head[16] << 8 | head[17];
	page = page == 1 ? 65536 : page;
	n_pages = (unsigned long)head[28] << 24 | (unsigned long)head[29] << 16 |
		  (unsigned long)head[30] << 8 | head[31];
	if (page < 512 || (page & (page - 1)))
		return sound_damaged(path, err, "its header makes no sense");
	/*
	 * With a log beside it the file may rightly be short, as a checkpoint may have been
	 * cut off; the log then has the missing pages.
	 */
	if (!had_wal && !sound_has_wal(path) &&
	    (unsigned long)st.st_size < n_pages * page)
		return sound_damaged(path, err, "it is cut off");
	return 1;
}

int
store_was_there(const char *home)
{
	AUTO_FREE char *path = path_join(home, "journal.db");
	struct stat st;

	return lstat(path, &st) == 0 || errno != ENOENT || sound_has_wal(path) ||
	       read_mark(path) > 0;
}

int
sound_check(struct store *store, struct err *err)
{
	static const char sql_check[] = "PRAGMA quick_check(1)";
	static const char sql_gaps[] =
	    "SELECT coalesce(max(seq), 0) - count(*) FROM event";
	sqlite3_stmt *stmt = db_prepare(store, sql_check, err);
	int64_t n_missing = 0;
	int got, ret = 0;

	if (!stmt)
		return -1;
	got = db_step(store, stmt, err);
	if (got < 0)
		return -1;
	if (!got || strcmp(db_text(stmt, 0), "ok") != 0)
		ret = sound_damaged(store->path, err, db_text(stmt, 0));
	db_done(stmt);
	if (ret == 0 && db_int(store, sql_gaps, &n_missing, err, "") < 0)
		return -1;
	if (n_missing != 0)
		return sound_damaged(
		    store->path, err, "events are missing from its sequence");
	return ret;
}

int
sound_check_mark(struct store *store, struct err *err)
{
	/* In this order: a writer commits, then marks. */
	int64_t mark = read_mark(store->path);
	int64_t last = journal_last(store);
	AUTO_FREE char *why = NULL;

	if (last < 0)
		return sound_damaged(store->path, err, "its last event cannot be read");
	if (last >= mark)
		return 0;
	why = xasprintf("its last %" PRId64 " events are missing: they were written, "
			"then its log was lost or an older copy put here",
	    mark - last);
	return sound_damaged(store->path, err, why);
}

void
sound_mark(struct store *store, int64_t seq)
{
	char text[MARK_BYTES + 1];

	if (store->mark_fd < 0) {
		AUTO_FREE char *path = mark_path(store->path);

		store->mark_fd = open(
		    path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (store->mark_fd < 0 || seq < 0)
		return;
	snprintf(text, sizeof(text), MARK_FORMAT, seq);
	/* One that cannot be written is only less of a witness. */
	if (pwrite(store->mark_fd, text, MARK_BYTES, 0) != MARK_BYTES) {
		close(store->mark_fd);
		store->mark_fd = -1;
	}
}

static char *
put_number(char *at, int64_t number)
{
	char digit[24];
	size_t n = sizeof(digit);
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		digit[--n] = (char)('0' + left % 10);
	while (left /= 10);
	if (number < 0)
		*at++ = '-';
	memcpy(at, digit + n, sizeof(digit) - n);
	return at + sizeof(digit) - n;
}

int64_t
sound_sum(int64_t before, const struct journal_row *row)
{
	const char *const part[] = { row->actor, row->entity, row->from, row->to,
		row->cause, row->data };
	size_t length[N_ELEMS(part)], n_bytes = 64;
	unsigned char sum[HASH_BYTES];
	char here[2048], *text, *at;
	uint64_t value = 0;

	for (size_t i = 0; i < N_ELEMS(part); i++) {
		length[i] = strlen(part[i]);
		n_bytes += length[i] + 1;
	}
	text = n_bytes <= sizeof(here) ? here : xmalloc(n_bytes);
	at = put_number(text, before);
	*at++ = '\x1f';
	at = put_number(at, row->at);
	for (size_t i = 0; i < N_ELEMS(part); i++) {
		*at++ = '\x1f';
		memcpy(at, part[i], length[i]);
		at += length[i];
	}
	hash_bytes(text, (size_t)(at - text), sum);
	if (text != here)
		free(text);
	for (size_t i = 0; i < 8; i++)
		value = value << 8 | sum[i];
	/* Fifteen hexadecimal digits of it, and never 0. */
	return (int64_t)(value >> 4) | 1;
}

bool
sound_next(sqlite3_stmt *stmt, int64_t *sum)
{
	const struct journal_row row = db_row(stmt);
	bool has_sum = sqlite3_column_type(stmt, 8) == SQLITE_INTEGER;
	int64_t said = sqlite3_column_int64(stmt, 8), before = *sum;

	/* Those of older schemas have none; behind the first that has one all have. */
	if (!has_sum)
		return before == 0;
	*sum = said;
	return said == sound_sum(before, &row);
}
