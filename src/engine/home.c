#include "engine/home.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define IDENTITY_BYTES 16384
#define KEEP_TRIES     100 /* of 20 ms */
#define N_ASIDE        1000

/* What we put into a home, and as what. */
static const struct {
	const char *name;
	mode_t type;
} ours[] = {
	{ "journal.db", S_IFREG },
	{ "journal.db-wal", S_IFREG },
	{ "journal.db-shm", S_IFREG },
	{ "journal.db-mark", S_IFREG },
	{ "server.lock", S_IFREG },
	{ "server.log", S_IFREG },
	{ "git.lock", S_IFREG },
	{ "identity", S_IFREG },
	{ "keeper", S_IFREG },
	{ "pin.index", S_IFREG },
	{ "pin.index.lock", S_IFREG },
	{ "pin", S_IFDIR },
	{ "sock", S_IFSOCK },
	{ "runs", S_IFDIR },
	{ "state", S_IFDIR },
	{ "radar", S_IFDIR },
	{ "aside", S_IFDIR },
};

struct inspection {
	const char *home;
	void (*fn)(const struct home_flaw *flaw, void *arg);
	void *arg;
};

static void PRINTF(4, 5) tell(const struct inspection *in, enum home_weight weight,
    const char *path, const char *fmt, ...)
{
	struct home_flaw flaw = { .weight = weight };
	va_list ap;

	snprintf(flaw.path, sizeof(flaw.path), "%s", path);
	va_start(ap, fmt);
	vsnprintf(flaw.text, sizeof(flaw.text), fmt, ap);
	va_end(ap);
	if (weight == HOME_LOOSE)
		snprintf(flaw.fix, sizeof(flaw.fix), "chmod go-rwx '%.300s'", path);
	else if (weight == HOME_FATAL)
		snprintf(flaw.fix, sizeof(flaw.fix),
		    "look at it, and move it out of the way: %.300s", path);
	in->fn(&flaw, in->arg);
}

static void
tell_owner(const struct inspection *in, const char *path, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	struct home_flaw flaw = { .weight = HOME_FATAL };

	snprintf(flaw.path, sizeof(flaw.path), "%s", path);
	if (pw)
		snprintf(flaw.text, sizeof(flaw.text),
		    "%.400s belongs to %.60s, not to you", path, pw->pw_name);
	else
		snprintf(flaw.text, sizeof(flaw.text),
		    "%.400s belongs to user %u, not to you", path, (unsigned)uid);
	snprintf(flaw.fix, sizeof(flaw.fix),
	    "run divisi as its owner; or take it over: sudo chown -R $(id -u) '%.280s'",
	    path);
	in->fn(&flaw, in->arg);
}

/* PATH is there and should be a TYPE of ours that nobody else can open. */
static void
inspect_one(const struct inspection *in, const char *path, mode_t type)
{
	struct stat st, at;

	/* A directory may be elsewhere by a symbolic link, a file may not. */
	if (lstat(path, &at) < 0 || (S_ISDIR(type) ? stat(path, &st) : 0) < 0) {
		tell(in, HOME_FATAL, path, "%s: %s", path, strerror(errno));
		return;
	}
	if (!S_ISDIR(type))
		st = at;
	if ((st.st_mode & S_IFMT) != type)
		tell(in, HOME_FATAL, path, "%s is no %s, so it is none of ours", path,
		    S_ISDIR(type)    ? "directory"
		    : S_ISSOCK(type) ? "socket"
				     : "regular file");
	else if (st.st_uid != geteuid())
		tell_owner(in, path, st.st_uid);
	else if (st.st_mode & 077)
		tell(in, HOME_LOOSE, path, "%s is open to other users (mode %03o)",
		    path, (unsigned)st.st_mode & 0777);
}

/* A temporary file beside one of ours, as a crash leaves it: NAME.XXXXXX. */
static bool
is_leftover(const char *name, const char *our_name)
{
	size_t n = strlen(our_name);

	return strncmp(name, our_name, n) == 0 && name[n] == '.' &&
	       strlen(name + n + 1) == 6;
}

static void
inspect_entry(const struct inspection *in, const char *name)
{
	AUTO_FREE char *path = path_join(in->home, name);

	for (size_t i = 0; i < N_ELEMS(ours); i++) {
		if (strcmp(ours[i].name, name) == 0) {
			inspect_one(in, path, ours[i].type);
			return;
		}
		if (is_leftover(name, ours[i].name)) {
			tell(in, HOME_NOTE, path,
			    "%s was left by a write that did not end", path);
			return;
		}
	}
	if (strncmp(name, "journal.rescued-", 16) == 0 ||
	    strncmp(name, "damaged-", 8) == 0)
		tell(in, HOME_NOTE, path, "%s was saved from a damaged journal", path);
	else
		tell(in, HOME_NOTE, path, "%s is none of ours; it is left alone", path);
}

void
home_inspect(
    const char *home, void (*fn)(const struct home_flaw *flaw, void *arg), void *arg)
{
	const struct inspection in = { home, fn, arg };
	struct dirent *e;
	struct stat st;
	DIR *dir;

	if (lstat(home, &st) < 0 && errno == ENOENT)
		return;
	inspect_one(&in, home, S_IFDIR);
	dir = opendir(home);
	while (dir && (e = readdir(dir))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			inspect_entry(&in, e->d_name);
	}
	if (dir)
		closedir(dir);
}

struct securing {
	struct err *err;
	bool is_refused;
};

static void
on_flaw(const struct home_flaw *flaw, void *arg)
{
	struct securing *securing = arg;
	struct stat st;

	if (flaw->weight == HOME_FATAL && !securing->is_refused) {
		securing->is_refused = true;
		err_set(securing->err, ERR_REFUSED, "%s", flaw->text);
		err_fix(securing->err, "%s", flaw->fix);
	}
	if (flaw->weight != HOME_LOOSE || stat(flaw->path, &st) < 0)
		return;
	if (chmod(flaw->path, st.st_mode & 0700) == 0)
		log_warn("%s; it is closed now", flaw->text);
}

int
home_secure(const char *home, struct err *err)
{
	struct securing securing = { .err = err };

	if (file_mkdirs(home, 0700, err) < 0)
		return err_fix(
		    err, "make the directory that holds it writable for you");
	home_inspect(home, on_flaw, &securing);
	if (securing.is_refused)
		return -1;
	if (access(home, W_OK | X_OK) == 0)
		return 0;
	err_sys(err, "%s cannot be written", home);
	return err_fix(err, "make the directory and what holds it writable for you");
}

/* ---- identity ---------------------------------------------------------------------------- */

struct identity {
	char id[33];
	char *path;
	unsigned long long dev, inode;
};

static bool
is_there(const struct identity *who, const struct stat *st)
{
	return who->dev == st->st_dev && who->inode == st->st_ino;
}

/* 1 when HOME/NAME says whose it is, 0 when it is not there, -1 when it is damaged. */
static int
read_who(const char *home, const char *name, struct identity *who)
{
	AUTO_FREE char *path = path_join(home, name);
	struct err err = ERR_INIT;
	size_t n;
	AUTO_FREE char *data = file_read(path, IDENTITY_BYTES, &n, &err);
	struct span rest = { data, n }, record, key;
	bool has_id = false, has_inode = false;

	*who = (struct identity){ 0 };
	if (!data)
		return err.kind == ERR_NOT_FOUND ? 0 : -1;
	while (span_next(&rest, '\0', &record)) {
		AUTO_FREE char *value = NULL;

		if (!span_next(&record, '=', &key) || !record.p)
			continue;
		value = xstrndup(record.p, record.n);
		if (span_eq(key, "id") && record.n == 32) {
			memcpy(who->id, value, 33);
			has_id = true;
		} else if (span_eq(key, "inode")) {
			/* NOLINTNEXTLINE(cert-err34-c): digits we wrote */
			has_inode = sscanf(value, "%llu:%llu", &who->dev,
					&who->inode) == 2;
		} else if (span_eq(key, "path")) {
			free(who->path);
			who->path = TAKE_PTR(value);
		}
	}
	if (has_id && has_inode && who->path)
		return 1;
	free(who->path);
	who->path = NULL;
	return -1;
}

static int
read_identity(const char *home, struct identity *who)
{
	return read_who(home, "identity", who);
}

static int
write_who(
    const char *home, const char *name, const struct identity *who, struct err *err)
{
	AUTO_FREE char *path = path_join(home, name), *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, "id=%s%cpath=%s%cinode=%llu:%llu%c", who->id, 0, who->path, 0,
	    who->dev, who->inode, 0);
	fclose(f);
	return file_write_atomic(path, text, n, 0600, err);
}

/* Where WHO was made: 1 it is still there, 0 it is not, -1 that cannot be looked at. */
static int
is_still_there(const struct identity *who)
{
	struct identity other;
	struct stat st;
	int found;

	if (stat(who->path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	found = read_identity(who->path, &other);
	free(other.path);
	return found > 0 && strcmp(other.id, who->id) == 0;
}

static enum home_origin
origin_of(const char *home, struct identity *who)
{
	AUTO_FREE char *real = realpath(home, NULL);
	struct stat st, made;
	int found = read_identity(home, who);

	if (found <= 0)
		return found < 0 ? HOME_DAMAGED : HOME_NEW;
	if (!real || stat(real, &st) < 0)
		return HOME_DAMAGED;
	if (strcmp(real, who->path) == 0)
		return is_there(who, &st) ? HOME_SAME : HOME_MOVED;
	/* Another name of the same directory, such as a mount of it elsewhere. */
	if (stat(who->path, &made) == 0 && made.st_dev == st.st_dev &&
	    made.st_ino == st.st_ino)
		return HOME_SAME;
	return is_still_there(who) != 0 ? HOME_COPIED : HOME_MOVED;
}

enum home_origin
home_origin(const char *home, char **from)
{
	struct identity who;
	enum home_origin origin = origin_of(home, &who);

	*from = NULL;
	if (origin == HOME_MOVED || origin == HOME_COPIED)
		*from = TAKE_PTR(who.path);
	free(who.path);
	return origin;
}

void
home_id(const char *home, char id[HOME_ID_SIZE])
{
	struct identity who = { 0 };

	id[0] = '\0';
	if (read_identity(home, &who) > 0)
		memcpy(id, who.id, HOME_ID_SIZE);
	free(who.path);
}

static void
make_id(char id[33])
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort(); /* getrandom(2): cannot fail for so few */
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

/* ---- keeper ------------------------------------------------------------------------------ */

int
home_keeper(const char *home, char **keeper)
{
	struct identity who;
	int found = read_who(home, "keeper", &who);

	*keeper = found > 0 ? TAKE_PTR(who.path) : NULL;
	free(who.path);
	return found;
}

int
home_check_kept(const char *home, struct err *err)
{
	AUTO_FREE char *keeper = NULL;
	int found = home_keeper(home, &keeper);

	if (found == 0)
		return 0;
	err_set(err, ERR_REFUSED, "phases of a plan in %s work in this repository",
	    found > 0 ? keeper : "another repository");
	return err_fix(err,
	    "dispatch from there, one home for both; when that is gone for good: "
	    "rm %s/keeper",
	    home);
}

/* Is what HOME is about to keep with OTHER nobody else's?  The caller holds OTHER's lock. */
static int
check_free(
    const char *other, const struct identity *who, bool *is_kept, struct err *err)
{
	AUTO_FREE char *journal = path_join(other, "journal.db");
	struct identity kept;
	int found = read_who(other, "keeper", &kept);
	int rc = 0;

	*is_kept = found > 0 && strcmp(kept.id, who->id) == 0 &&
		   strcmp(kept.path, who->path) == 0;
	if (found != 0 && (found < 0 || strcmp(kept.id, who->id) != 0)) {
		rc = home_check_kept(other, err);
	} else if (file_exists(journal)) {
		err_set(err, ERR_REFUSED,
		    "%s is a home of its own: its sessions and these would take each "
		    "other's names",
		    other);
		rc = err_fix(err,
		    "dispatch those phases from there; or, with nothing under way "
		    "there: mv %s %s.aside",
		    other, other);
	}
	free(kept.path);
	return rc;
}

int
home_check_keep(const char *home, const char *other, struct err *err)
{
	struct identity who;
	bool is_kept;
	int rc;

	/* A home that no server was in yet has no name, and so keeps nothing. */
	if (read_identity(home, &who) <= 0)
		who = (struct identity){ .path = xstrdup("") };
	rc = check_free(other, &who, &is_kept, err);
	free(who.path);
	return rc;
}

/* Another job of this home may be keeping it right now, and is done at once. */
static int
lock_patiently(const char *home, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 20L * 1000 * 1000 };
	struct err why = ERR_INIT;
	int fd = home_lock(home, &why);

	for (int i = 0; fd < 0 && why.kind == ERR_CONFLICT && i < KEEP_TRIES; i++) {
		(void)nanosleep(&pause, NULL);
		why = (struct err)ERR_INIT;
		fd = home_lock(home, &why);
	}
	if (fd < 0 && err)
		*err = why;
	return fd;
}

int
home_keep(const char *home, const char *other, struct err *err)
{
	struct identity who;
	bool is_kept;
	int fd, rc;

	if (read_identity(home, &who) <= 0)
		return err_set(err, ERR_SYSTEM, "%s/identity cannot be read", home);
	/* A server that starts there holds this before it asks who keeps it. */
	fd = lock_patiently(other, err);
	rc = fd < 0 ? -1 : check_free(other, &who, &is_kept, err);
	if (rc == 0 && !is_kept)
		rc = write_who(other, "keeper", &who, err);
	if (fd >= 0)
		close(fd);
	free(who.path);
	return rc;
}

int
home_claim(const char *home, struct err *err)
{
	struct identity who;
	enum home_origin origin = origin_of(home, &who);
	char *real = realpath(home, NULL);
	struct stat st;
	int rc = -1;

	if (!real || stat(real, &st) < 0) {
		err_sys(err, "%s", home);
	} else if (origin == HOME_COPIED) {
		err_set(err, ERR_REFUSED,
		    "%s is a copy of %s: its runs and worktrees belong there", real,
		    who.path);
		err_fix(err,
		    "go on working there; for a fresh start here: divisi doctor --mend");
	} else if (origin == HOME_SAME) {
		rc = 0;
	} else {
		if (origin == HOME_MOVED)
			log_warn("%s was made at %s", real, who.path);
		else if (origin == HOME_DAMAGED)
			log_warn("%s/identity was damaged; it is written anew", real);
		if (!who.id[0])
			make_id(who.id);
		free(who.path);
		who.path = TAKE_PTR(real);
		who.dev = st.st_dev;
		who.inode = st.st_ino;
		rc = write_who(home, "identity", &who, err);
	}
	free(who.path);
	free(real);
	return rc;
}

int
home_lock(const char *home, struct err *err)
{
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open %s", home);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno != EWOULDBLOCK) {
		err_sys(err, "lock %s", home);
	} else {
		err_set(err, ERR_CONFLICT,
		    "a server works in %s, whose server.lock was replaced or removed",
		    home);
		err_fix(err, "divisi server --stop, then try again");
	}
	close(fd);
	return -1;
}

int
home_set_aside(const char *home, char **aside, struct err *err)
{
	for (int n = 1; n < N_ASIDE; n++) {
		AUTO_FREE char *name = xasprintf("%s.aside-%d", home, n);

		if (DURABLE("home.aside", renameat2(AT_FDCWD, home, AT_FDCWD, name,
					      RENAME_NOREPLACE)) == 0) {
			*aside = TAKE_PTR(name);
			return 0;
		}
		if (errno != EEXIST)
			return err_sys(err, "rename %s", home);
	}
	return err_set(err, ERR_CONFLICT, "%s was set aside too often", home);
}
