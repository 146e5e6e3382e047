#include "base/rundir.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Arguments and environment together are bounded by the kernel (execve(2): a quarter of
 * the stack limit, 2 MiB as it comes), so a larger spec could never be started. */
#define SPEC_BYTES  (16 * 1024 * 1024)
#define BEGUN_BYTES 4096

/* How a run directory is called before it is in its place. */
#define UNPLACED ".new-"

void
run_spec_add_arg(struct run_spec *spec, const char *arg)
{
	GROW(spec->arg, spec->n_args + 1, spec->cap_args);
	spec->arg[spec->n_args++] = xstrdup(arg);
	spec->arg[spec->n_args] = NULL;
}

static void
add_env_entry(struct run_spec *spec, char *entry)
{
	GROW(spec->env, spec->n_env + 1, spec->cap_env);
	spec->env[spec->n_env++] = entry;
	spec->env[spec->n_env] = NULL;
}

void
run_spec_add_env(struct run_spec *spec, const char *name, const char *value)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=') {
			free(spec->env[i]);
			spec->env[i] = xasprintf("%s=%s", name, value);
			return;
		}
	}
	add_env_entry(spec, xasprintf("%s=%s", name, value));
}

static void
add_grant_entry(struct run_spec *spec, char *entry)
{
	GROW(spec->grant, spec->n_grants + 1, spec->cap_grants);
	spec->grant[spec->n_grants++] = entry;
	spec->grant[spec->n_grants] = NULL;
}

void
run_spec_add_grant(struct run_spec *spec, const char *kind, const char *value)
{
	add_grant_entry(spec, xasprintf("%s %s", kind, value));
}

void
run_spec_clear(struct run_spec *spec)
{
	for (size_t i = 0; i < spec->n_args; i++)
		free(spec->arg[i]);
	for (size_t i = 0; i < spec->n_env; i++)
		free(spec->env[i]);
	for (size_t i = 0; i < spec->n_grants; i++)
		free(spec->grant[i]);
	free(spec->arg);
	free(spec->env);
	free(spec->grant);
	free(spec->fence);
	free(spec->run);
	free(spec->session);
	free(spec->table);
	free(spec->cwd);
	free(spec->ask);
	*spec = (struct run_spec){ 0 };
}

static void
put_record(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s=%s", key, value);
	fputc('\0', out);
}

static void
put_number(FILE *out, const char *key, long value)
{
	fprintf(out, "%s=%ld", key, value);
	fputc('\0', out);
}

/* The last record is "end=", so that a file cut short is never taken for a whole one. */
static char *
print_spec(const struct run_spec *spec, size_t *n_bytes)
{
	char *buf = NULL;
	FILE *out = open_memstream(&buf, n_bytes);

	put_record(out, "version", "1");
	put_record(out, "run", spec->run);
	if (spec->session)
		put_record(out, "session", spec->session);
	if (spec->table)
		put_record(out, "table", spec->table);
	if (spec->cwd)
		put_record(out, "cwd", spec->cwd);
	put_number(out, "wall_limit_ms", spec->wall_limit_ms);
	put_number(out, "out_limit_bytes", spec->out_limit_bytes);
	put_number(out, "grace_ms", spec->grace_ms);
	put_number(out, "memory_limit_bytes", spec->memory_limit_bytes);
	put_number(out, "process_limit", spec->process_limit);
	put_number(out, "look_ms", spec->look_ms);
	put_number(out, "watch_only", spec->watch_only);
	put_number(out, "own_pids", spec->own_pids);
	if (spec->pty_cols > 0) {
		put_number(out, "pty_cols", spec->pty_cols);
		put_number(out, "pty_rows", spec->pty_rows);
	}
	if (spec->ask)
		put_record(out, "ask", spec->ask);
	if (spec->fence)
		put_record(out, "fence", spec->fence);
	for (size_t i = 0; i < spec->n_grants; i++)
		put_record(out, "grant", spec->grant[i]);
	for (size_t i = 0; i < spec->n_args; i++)
		put_record(out, "arg", spec->arg[i]);
	for (size_t i = 0; i < spec->n_env; i++)
		put_record(out, "env", spec->env[i]);
	put_record(out, "end", "");
	fclose(out);
	return buf;
}

static int
write_durable(const char *path, int flags, const void *data, size_t n, struct err *err)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	if (fd < 0 || file_write_all(fd, data, n) < 0 ||
	    DURABLE("rundir.sync", fsync(fd)) < 0)
		return err_sys(err, "write %s", path);
	return 0;
}

static bool
has_file(const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name);

	return file_exists(path);
}

/* Can it be told what is in DIR?  Not when it may not be searched, or its disk fails. */
static bool
can_look(const char *dir)
{
	AUTO_FREE char *path = path_join(dir, "spec");
	struct stat st;

	return lstat(path, &st) == 0 || errno == ENOENT || errno == ENOTDIR;
}

/* An end record that a holder wrote: what anybody else left there proves nothing. */
static bool
has_end(const char *dir)
{
	struct run_end end;

	return has_file(dir, "end.json") && rundir_read_end(dir, &end, NULL) == 0;
}

/*
 * A directory in which nothing can have begun, as a machine that lost its power may leave
 * it: the spec of TMP takes the place of the lost one.
 */
static bool
fill_again(const char *tmp, const char *dir)
{
	AUTO_FREE char *from = path_join(tmp, "spec");
	AUTO_FREE char *to = path_join(dir, "spec");

	return !has_file(dir, "begun") && !has_file(dir, "end.json") &&
	       DURABLE("rundir.refill",
		   renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) == 0 &&
	       DURABLE("rundir.refilled", rmdir(tmp)) == 0;
}

/* Makes TMP a run directory named DIR; nothing of TMP is left after a failure. */
static int
move_into_place(const char *tmp, const char *dir, struct err *err)
{
	bool is_taken;

	/*
	 * rename(2) replaces an empty directory and refuses a full one, which is what
	 * makes the first of two writers win.
	 */
	if (DURABLE("rundir.place", rename(tmp, dir)) == 0)
		return 0;
	is_taken = errno == ENOTEMPTY || errno == EEXIST;
	if (is_taken && fill_again(tmp, dir))
		return 0;
	if (is_taken)
		err_set(err, ERR_CONFLICT, "%s is there already", dir);
	else
		err_sys(err, "make %s", dir);
	(void)!file_remove_tree(tmp, NULL);
	return -1;
}

int
rundir_write_spec(const char *dir, const struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *parent = xstrdup(dir);
	AUTO_FREE char *tmp = NULL;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *data = NULL;
	char *slash = strrchr(parent, '/');
	size_t n;

	if (spec->n_args == 0 || !spec->run || !*spec->run)
		return err_set(err, ERR_INPUT, "a run needs a name and a program");
	if (slash && slash != parent) {
		*slash = '\0';
		if (file_mkdirs(parent, 0700, err) < 0)
			return -1;
	}
	tmp = xasprintf("%s/" UNPLACED "XXXXXX", slash ? parent : ".");
	if (!mkdtemp(tmp))
		return err_sys(err, "make %s", dir);
	path = path_join(tmp, "spec");
	data = print_spec(spec, &n);
	if (n > SPEC_BYTES) {
		err_set(err, ERR_INPUT, "%s: arguments and environment are too large",
		    spec->run);
	} else if (write_durable(path, O_EXCL, data, n, err) == 0) {
		return move_into_place(tmp, dir, err);
	}
	(void)!file_remove_tree(tmp, NULL);
	return -1;
}

void
rundir_clear_unplaced(const char *runs)
{
	DIR *dir = opendir(runs);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		AUTO_FREE char *path = path_join(runs, e->d_name);

		if (strncmp(e->d_name, UNPLACED, strlen(UNPLACED)) == 0)
			(void)!file_remove_tree(path, NULL);
	}
	if (dir)
		closedir(dir);
}

static bool
read_number(struct span value, long *number)
{
	char buf[32], *end;

	if (value.n == 0 || value.n >= sizeof(buf))
		return false;
	memcpy(buf, value.p, value.n);
	buf[value.n] = '\0';
	errno = 0;
	*number = strtol(buf, &end, 10);
	return *end == '\0' && errno == 0 && *number >= 0;
}

static char **
text_of(struct run_spec *spec, struct span key)
{
	return span_eq(key, "run")       ? &spec->run
	       : span_eq(key, "session") ? &spec->session
	       : span_eq(key, "table")   ? &spec->table
	       : span_eq(key, "cwd")     ? &spec->cwd
	       : span_eq(key, "ask")     ? &spec->ask
	       : span_eq(key, "fence")   ? &spec->fence
					 : NULL;
}

static long *
number_of(struct run_spec *spec, struct span key)
{
	static const struct {
		const char *key;
		size_t at;
	} numbers[] = {
		{ "wall_limit_ms", offsetof(struct run_spec, wall_limit_ms) },
		{ "out_limit_bytes", offsetof(struct run_spec, out_limit_bytes) },
		{ "grace_ms", offsetof(struct run_spec, grace_ms) },
		{ "memory_limit_bytes", offsetof(struct run_spec, memory_limit_bytes) },
		{ "process_limit", offsetof(struct run_spec, process_limit) },
		{ "look_ms", offsetof(struct run_spec, look_ms) },
		{ "watch_only", offsetof(struct run_spec, watch_only) },
		{ "own_pids", offsetof(struct run_spec, own_pids) },
		{ "pty_cols", offsetof(struct run_spec, pty_cols) },
		{ "pty_rows", offsetof(struct run_spec, pty_rows) },
	};

	for (size_t i = 0; i < N_ELEMS(numbers); i++) {
		if (span_eq(key, numbers[i].key))
			return (long *)(void *)((char *)spec + numbers[i].at);
	}
	return NULL;
}

/* Takes one record in; returns false when its value makes no sense. */
static bool
take_record(struct run_spec *spec, struct span key, struct span value)
{
	char **text = text_of(spec, key);
	long *number = number_of(spec, key);
	AUTO_FREE char *copy = NULL;

	if (number)
		return read_number(value, number);
	copy = xstrndup(value.p, value.n);
	if (text) {
		free(*text);
		*text = TAKE_PTR(copy);
	} else if (span_eq(key, "arg")) {
		run_spec_add_arg(spec, copy);
	} else if (span_eq(key, "env")) {
		if (!strchr(copy, '=') || *copy == '=')
			return false;
		add_env_entry(spec, TAKE_PTR(copy));
	} else if (span_eq(key, "grant")) {
		add_grant_entry(spec, TAKE_PTR(copy));
	} else if (span_eq(key, "version")) {
		return strcmp(copy, "1") == 0;
	}
	return true;
}

int
rundir_read_spec(const char *dir, struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "spec");
	AUTO_FREE char *data = NULL;
	struct run_spec got = { 0 };
	struct span rest, record;
	bool is_whole = false;
	size_t n;

	data = file_read(path, SPEC_BYTES, &n, err);
	if (!data)
		return -1;
	rest = (struct span){ data, n };
	while (!is_whole && span_next(&rest, '\0', &record)) {
		struct span key;

		if (!memchr(record.p, '=', record.n) || !rest.p ||
		    !span_next(&record, '=', &key) || !take_record(&got, key, record))
			break;
		is_whole = span_eq(key, "end");
	}
	if (!is_whole || got.n_args == 0 || !got.run) {
		run_spec_clear(&got);
		return err_set(err, ERR_INPUT, "%s is damaged", path);
	}
	*spec = got;
	return 0;
}

const char *
run_state_name(enum run_state state)
{
	static const char *const names[] = {
		[RUN_ABSENT] = "absent",
		[RUN_READY] = "ready",
		[RUN_LIVE] = "live",
		[RUN_ENDED] = "ended",
		[RUN_LOST] = "lost",
	};

	return names[state];
}

enum run_state
rundir_probe(const char *dir, int *lock_fd, struct proc_id *begun)
{
	AUTO_FREE char *path = path_join(dir, "lock");
	struct run_begun told = { 0 };
	AUTO_FD int fd = -1;

	*lock_fd = -1;
	if (begun) {
		if (rundir_read_begun(dir, &told, NULL) < 0)
			told.holder.pid = 0;
		*begun = told.holder;
	}
	if (has_end(dir))
		return RUN_ENDED;
	/* What cannot be looked at is not gone: nothing is ended and nothing begins. */
	if (!can_look(dir))
		return RUN_LIVE;
	if (!has_file(dir, "spec") && !has_file(dir, "begun") &&
	    !has_file(dir, "end.json"))
		return RUN_ABSENT;
	fd = file_lock(path, false, NULL);
	/* Whoever cannot ask about the lock must not act as if it were free. */
	if (fd < 0)
		return has_end(dir) ? RUN_ENDED : RUN_LIVE;
	/* The holder may have ended, or begun and died, before the lock was ours. */
	if (has_end(dir))
		return RUN_ENDED;
	if (has_file(dir, "end.json") &&
	    (rundir_read_begun(dir, &told, NULL) < 0 || !proc_is_alive(&told.holder)))
		return RUN_ENDED; /* a damaged record, and nobody who could write another */
	if (!has_file(dir, "begun"))
		return RUN_READY;
	if (rundir_read_begun(dir, &told, NULL) == 0 && begun)
		*begun = told.holder;
	/* Somebody removed the lock file, or this is a copy of it: its holder lives. */
	if (proc_is_alive(&told.holder))
		return RUN_LIVE;
	*lock_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return *lock_fd < 0 ? RUN_LIVE : RUN_LOST;
}

int
rundir_void(const char *dir, const char *text, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "lock");
	struct run_end end = { .reason = "not-started", .status = -1 };
	AUTO_FD int fd = file_lock(path, false, err);

	if (fd < 0)
		return -1;
	if (has_file(dir, "begun") || has_file(dir, "end.json"))
		return 0;
	snprintf(end.text, sizeof(end.text), "%s", text);
	return rundir_write_end(dir, &end, err);
}

int
rundir_write_begun(const char *dir, const struct run_begun *begun, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "begun");
	AUTO_FREE char *data = NULL;
	char holder[96];
	size_t n = 0;
	FILE *out = open_memstream(&data, &n);

	proc_print(&begun->holder, holder, sizeof(holder));
	put_record(out, "holder", holder);
	put_record(out, "cgroup", begun->cgroup);
	put_record(out, "limits", begun->limits);
	put_record(out, "fence", begun->fence);
	put_record(out, "host", begun->host);
	fclose(out);
	if (write_durable(path, O_EXCL, data, n, err) < 0) {
		if (err && err->sys_errno == EEXIST)
			err_set(err, ERR_CONFLICT, "%s: begun already", dir);
		return -1;
	}
	if (file_sync_parent(path, err) < 0)
		return -1;
	return file_sync_parent(dir, err);
}

int
rundir_write_agent(const char *dir, const struct proc_id *agent, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "agent");
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char text[96];

	proc_print(agent, text, sizeof(text));
	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
		return err_sys(err, "write %s", path);
	return 0;
}

static bool
copy_record(struct span value, char *buf, size_t size)
{
	if (value.n >= size)
		return false;
	memcpy(buf, value.p, value.n);
	buf[value.n] = '\0';
	return true;
}

int
rundir_read_begun(const char *dir, struct run_begun *begun, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "begun");
	AUTO_FREE char *agent_path = path_join(dir, "agent");
	AUTO_FREE char *data = NULL;
	AUTO_FREE char *agent = NULL;
	struct run_begun got = { 0 };
	struct span rest, record, key;
	char holder[96] = "";
	bool is_good = true;
	size_t n;

	data = file_read(path, BEGUN_BYTES, &n, err);
	if (!data)
		return -1;
	rest = (struct span){ data, n };
	while (is_good && span_next(&rest, '\0', &record)) {
		if (!span_next(&record, '=', &key) || !record.p)
			continue;
		if (span_eq(key, "holder"))
			is_good = copy_record(record, holder, sizeof(holder));
		else if (span_eq(key, "cgroup"))
			is_good = copy_record(record, got.cgroup, sizeof(got.cgroup));
		else if (span_eq(key, "limits"))
			is_good = copy_record(record, got.limits, sizeof(got.limits));
		else if (span_eq(key, "fence"))
			is_good = copy_record(record, got.fence, sizeof(got.fence));
		else if (span_eq(key, "host"))
			is_good = copy_record(record, got.host, sizeof(got.host));
	}
	if (!is_good || !proc_parse(holder, &got.holder))
		return err_set(err, ERR_INPUT, "%s is damaged", path);
	agent = file_read(agent_path, BEGUN_BYTES, NULL, NULL);
	if (agent && !proc_parse(agent, &got.agent))
		got.agent.pid = 0;
	*begun = got;
	return 0;
}
