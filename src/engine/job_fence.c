#include "engine/job_fence.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/environ.h"
#include "engine/fencing.h"
#include "sys/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERR_LOG_BYTES   ((size_t)2 << 20) /* more than the holder keeps of it */
#define FENCE_LOG_BYTES ((size_t)4 << 20)
#define N_REFUSED_SHOWN 3

void
job_fence_read(const struct fields *in, struct job_fence *fence)
{
	const char *mode = fields_text(in, "fence");
	struct span rest, line;

	*fence = (struct job_fence){ .hold = fields_text(in, "hold"),
		.home = fields_text(in, "home"),
		.session = fields_text(in, "session"),
		.grants = fields_text(in, "grants") };
	fence->is_on = mode[0] && strcmp(mode, "off") != 0;
	rest = span_of(fence->grants);
	while (fence->grants[0] && span_next(&rest, '\n', &line)) {
		if (span_eq(line, "commands off"))
			fence->is_on = false;
	}
}

/* One line of the table.  Of a worktree nothing: all of this one may be written. */
static void
add_line(struct span line, struct run_spec *spec)
{
	static const struct {
		const char *word, *kind;
	} kinds[] = { { "write ", "write" }, { "commands-write ", "write" },
		{ "socket ", "socket" }, { "port ", "port" } };

	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		size_t n = strlen(kinds[i].word);
		AUTO_FREE char *value = NULL;

		if (line.n <= n || memcmp(line.p, kinds[i].word, n) != 0)
			continue;
		value = xstrndup(line.p + n, line.n - n);
		run_spec_add_grant(spec, kinds[i].kind, value);
	}
}

static int
add_grants(const struct job_fence *fence, const char *dir, const char *own,
    struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *link = path_join(dir, ".git");
	AUTO_FREE char *cache = path_join(own, "cache");
	struct span rest = span_of(fence->grants), line;

	run_spec_add_grant(spec, "write", dir);
	if (file_exists(link))
		run_spec_add_grant(spec, "keep", link);
	while (fence->grants[0] && span_next(&rest, '\n', &line))
		add_line(line, spec);
	if (strstr(fence->grants, "cache shared"))
		fencing_share_caches(spec);
	else if (fencing_add_caches(cache, spec, err) < 0)
		return -1;
	fencing_add_sockets(NULL, spec);
	return 0;
}

/* Ours, but for what leads to the private directories that SPEC names already. */
static void
add_env(struct run_spec *spec)
{
	AUTO_FREE char **env = environ_for_commands();
	size_t n_own = spec->n_env;

	for (size_t i = 0; env[i]; i++) {
		size_t n = strcspn(env[i], "="), k = 0;
		AUTO_FREE char *name = xstrndup(env[i], n);

		while (k < n_own && strncmp(spec->env[k], env[i], n + 1) != 0)
			k++;
		if (k == n_own && n > 0 && env[i][n] == '=')
			run_spec_add_env(spec, name, env[i] + n + 1);
	}
}

int
job_fence_begin(const struct job_fence *fence, const char *command, const char *dir,
    long timeout_ms, char **run_dir, struct err *err)
{
	AUTO_FREE char *own = xasprintf(
	    "%s/state/%s/commands", fence->home, fence->session);
	AUTO_FREE char *path = xasprintf("%s/run.%d.XXXXXX", own, (int)getpid());
	AUTO_FREE char *run = NULL, *tmp = NULL;
	const char *const args[] = { "/bin/sh", "-c",
		"exec /bin/sh -c \"$1\" </dev/null >&2", "sh", command };
	struct run_spec spec = { .wall_limit_ms = timeout_ms, .watch_only = 1 };
	int rc = -1;

	if (!file_is_dir(dir))
		return err_set(err, ERR_NOT_FOUND, "no directory %s", dir);
	if (file_mkdirs(own, 0700, err) < 0)
		return -1;
	file_remove_dead_trees(own, "run"); /* of jobs that were killed */
	if (!mkdtemp(path))
		return err_sys(err, "%s", path);
	run = path_join(path, "run");
	tmp = path_join(path, "tmp");
	for (size_t i = 0; i < N_ELEMS(args); i++)
		run_spec_add_arg(&spec, args[i]);
	spec.run = xasprintf("command-%s", fence->session);
	spec.session = xstrdup(fence->session);
	spec.cwd = xstrdup(dir);
	if (fence->is_on) {
		spec.fence = xstrdup("command");
		run_spec_add_env(&spec, "TMPDIR", tmp);
		run_spec_add_grant(&spec, "write", tmp);
	}
	if (file_mkdirs(tmp, 0700, err) == 0 &&
	    (!fence->is_on || fencing_add_memory(tmp, &spec, err) == 0) &&
	    (!fence->is_on || add_grants(fence, dir, own, &spec, err) == 0)) {
		add_env(&spec);
		rc = rundir_write_spec(run, &spec, err);
	}
	run_spec_clear(&spec);
	if (rc == 0)
		*run_dir = TAKE_PTR(run);
	else
		(void)!file_remove_tree(path, NULL);
	return rc;
}

/* The end of what it said. */
static char *
read_tail(const char *run_dir)
{
	AUTO_FREE char *path = path_join(run_dir, "err.log");
	size_t n = 0;
	AUTO_FREE char *text = file_read(path, ERR_LOG_BYTES, &n, NULL);
	size_t from = n > CHILD_TAIL_BYTES ? n - CHILD_TAIL_BYTES : 0;

	return text ? xstrdup(text + from) : xstrdup("");
}

/* What a command failed for is often no more than a path that it may not write. */
static void
add_refused(const char *run_dir, char **tail)
{
	AUTO_FREE char *path = path_join(run_dir, "fence.log");
	AUTO_FREE char *log = file_read(path, FENCE_LOG_BYTES, NULL, NULL);
	AUTO_FREE char *said = TAKE_PTR(*tail);
	struct span rest = span_of(log ? log : ""), line;
	size_t n = 0, n_text = 0;
	FILE *f = open_memstream(tail, &n_text);

	fputs(said, f);
	while (log && log[0] && span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);
		const char *what = strstr(one, "\"what\":\"");
		size_t length = what ? strcspn(what + 8, "\"") : 0;

		if (length == 0 || n++ >= N_REFUSED_SHOWN)
			continue;
		fprintf(f, "%sthe fence refused %.*s",
		    n == 1 && said[0] && said[strlen(said) - 1] != '\n' ? "\n" : "",
		    (int)(length < 200 ? length : 200), what + 8);
		fputc('\n', f);
	}
	if (n > N_REFUSED_SHOWN)
		fprintf(f, "and %zu more\n", n - N_REFUSED_SHOWN);
	if (n > 0)
		fputs("allow it with: git config --add divisi.fence.commands.write "
		      "PATH\n",
		    f);
	fclose(f);
}

int
job_fence_end(const char *run_dir, char **tail, struct err *err)
{
	AUTO_FREE char *all = xstrdup(run_dir);
	AUTO_FREE char *said = read_tail(run_dir);
	struct run_end end;
	int status = rundir_read_end(run_dir, &end, err);

	if (status < 0)
		status = err_set(err, ERR_SYSTEM, "its holder was killed");
	if (status == 0 && strcmp(end.reason, "exited") == 0)
		status = end.status;
	else if (status == 0 && strcmp(end.reason, "signaled") == 0)
		status = 128 + end.signal;
	else if (status == 0 && strcmp(end.reason, "wall-limit") == 0)
		status = err_set(err, ERR_TIMEOUT, "the command took too long");
	else if (status == 0)
		status = err_set(err, ERR_SYSTEM,
		    "the command could not run: %s%s%.200s", end.reason,
		    end.text[0] ? ": " : "", end.text);
	if (status > 0 && end.n_refused > 0)
		add_refused(run_dir, &said);
	*strrchr(all, '/') = '\0';
	(void)!file_remove_tree(all, NULL);
	if (status >= 0)
		*tail = TAKE_PTR(said);
	return status;
}
