#include "engine/fencing.h"

#include "agent/state.h"
#include "base/hash.h"
#include "git/bounds.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Ports below those that the kernel gives out by itself (32768 and up). */
#define PORT_FIRST 20000
#define PORTS_EACH 20
#define N_RANGES   600

#define GIT_LINK_BYTES 8192

/* Caches of tools that fail when theirs cannot be written.  Private: what one session puts
 * there no other one and no person takes out. */
static const struct {
	const char *variable, *dir;
} caches[] = {
	{ "npm_config_cache", "npm" },
	{ "YARN_CACHE_FOLDER", "yarn" },
	{ "PIP_CACHE_DIR", "pip" },
	{ "UV_CACHE_DIR", "uv" },
	{ "CCACHE_DIR", "ccache" },
	{ "SCCACHE_DIR", "sccache" },
	{ "GOCACHE", "go-build" },
	{ "GOMODCACHE", "go-mod" },
	{ "GRADLE_USER_HOME", "gradle" },
	{ "NUGET_PACKAGES", "nuget" },
	{ "PRE_COMMIT_HOME", "pre-commit" },
	{ "ZIG_GLOBAL_CACHE_DIR", "zig" },
};

/* With divisi.cache=shared these are written where they are, below HOME. */
static const char *const shared_caches[] = { ".cache", ".npm", ".yarn", ".ccache",
	".cargo/registry", ".cargo/git", "go/pkg", ".gradle/caches", ".m2/repository",
	".nuget/packages" };

/* Programs that answer questions and do nothing for who asks but that. */
static const char *const sockets[] = { "/run/nscd", "/run/systemd/resolve",
	"/run/systemd/userdb", "/run/systemd/journal", "/dev/log" };

static const char *
env_of(const struct run_spec *spec, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=')
			return spec->env[i] + n + 1;
	}
	return NULL;
}

char *
fencing_dir(const struct engine *engine, const struct session *s)
{
	return xasprintf("%s/state/%s", engine->home, s->id);
}

/* Sessions of one repository that run together never share a range. */
static void
add_ports(const struct engine *engine, const struct session *s, struct run_spec *spec)
{
	size_t at = (size_t)(s - engine->core->session);
	char hex[HASH_HEX_SIZE], text[16];
	AUTO_FREE char *database = text_slug(s->id, 40);
	unsigned long offset;

	/* Two repositories seldom begin at the same one. */
	hash_sha256(engine->home, strlen(engine->home), hex);
	hex[4] = '\0';
	offset = strtoul(hex, NULL, 16);
	snprintf(text, sizeof(text), "%zu",
	    PORT_FIRST + (at + offset) % N_RANGES * PORTS_EACH);
	if (!env_of(spec, "PORT"))
		run_spec_add_env(spec, "PORT", text);
	run_spec_add_env(spec, "DIVISI_PORT_BASE", text);
	snprintf(text, sizeof(text), "%d", PORTS_EACH);
	run_spec_add_env(spec, "DIVISI_PORT_COUNT", text);
	for (char *c = database; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	AUTO_FREE char *name = xasprintf("divisi_%s", database);

	run_spec_add_env(spec, "DIVISI_DATABASE", name);
}

int
fencing_add_caches(const char *dir, struct run_spec *spec, struct err *err)
{
	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	run_spec_add_grant(spec, "write", dir);
	for (size_t i = 0; i < N_ELEMS(caches); i++) {
		AUTO_FREE char *path = path_join(dir, caches[i].dir);

		if (!env_of(spec, caches[i].variable))
			run_spec_add_env(spec, caches[i].variable, path);
	}
	return 0;
}

void
fencing_share_caches(struct run_spec *spec)
{
	const char *home = env_of(spec, "HOME");

	for (size_t i = 0; home && i < N_ELEMS(shared_caches); i++) {
		AUTO_FREE char *path = path_join(home, shared_caches[i]);

		if (file_is_dir(path))
			run_spec_add_grant(spec, "write", path);
	}
}

void
fencing_add_sockets(const char *ours, struct run_spec *spec)
{
	const char *agent = env_of(spec, "SSH_AUTH_SOCK"), *home = env_of(spec, "HOME");
	AUTO_FREE char *keys = xasprintf("/run/user/%u/gnupg", (unsigned)geteuid());

	/* Who asks there is known as the session that it is. */
	if (ours)
		run_spec_add_grant(spec, "socket", ours);
	run_spec_add_grant(spec, "socket", keys);
	if (agent && agent[0] == '/')
		run_spec_add_grant(spec, "socket", agent);
	if (home) {
		AUTO_FREE char *gpg = path_join(home, ".gnupg/S.gpg-agent");

		run_spec_add_grant(spec, "socket", gpg);
	}
	for (size_t i = 0; i < N_ELEMS(sockets); i++)
		run_spec_add_grant(spec, "socket", sockets[i]);
}

/* Is what there is of PATH below TREE?  An agent may have put a link there since. */
static bool
is_inside(const char *tree, const char *path)
{
	AUTO_FREE char *top = realpath(tree, NULL);
	AUTO_FREE char *at = xstrdup(path);
	size_t n = top ? strlen(top) : 0;

	while (n > 0 && at[0]) {
		AUTO_FREE char *real = realpath(at, NULL);

		if (real)
			return strncmp(real, top, n) == 0 &&
			       (real[n] == '/' || real[n] == '\0');
		*strrchr(at, '/') = '\0';
	}
	return false;
}

/* One line of the table: a grant as the holder knows it, or below the worktree. */
static int
add_line(const char *tree, struct span line, struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *text = xstrndup(line.p, line.n);
	char *value = strchr(text, ' ');
	AUTO_FREE char *path = NULL, *parent = NULL;
	bool is_dir;

	if (!value)
		return 0;
	*value++ = '\0';
	if (strcmp(text, "dir") != 0 && strcmp(text, "edit") != 0) {
		if (strcmp(text, "cache") != 0 && strcmp(text, "pids") != 0 &&
		    strncmp(text, "commands", 8) != 0)
			run_spec_add_grant(spec, text, value);
		return 0;
	}
	is_dir = strcmp(text, "dir") == 0;
	path = path_join(tree, value);
	parent = xstrdup(path);
	*strrchr(parent, '/') = '\0';
	if (!is_inside(tree, is_dir ? path : parent)) {
		log_warn("%s leads out of its worktree: it is not granted", path);
		return 0;
	}
	/* Made here: nobody behind the fence could make it. */
	if (file_mkdirs(is_dir ? path : parent, 0777, err) < 0)
		return -1;
	run_spec_add_grant(spec, is_dir ? "write" : "edit", path);
	return 0;
}

void
fencing_put_line(FILE *f, const char *kind, const char *value)
{
	/* One line each: a value that has more would be read as another grant. */
	if (!strchr(value, '\n'))
		fprintf(f, "%s%s %s", ftell(f) > 0 ? "\n" : "", kind, value);
}

bool
fencing_put_pattern(FILE *f, const char *pattern)
{
	size_t plain = strcspn(pattern, "*?[{");
	AUTO_FREE char *path = xstrndup(pattern, plain);
	bool is_dir = pattern[plain] != '\0' || (plain > 0 && path[plain - 1] == '/');
	char *slash = strrchr(path, '/');

	if (is_dir) {
		if (!slash)
			return false;
		*slash = '\0';
	}
	fencing_put_line(f, is_dir ? "dir" : "edit", path);
	return true;
}

/* What a person let S write beside, as lines of the table. */
static char *
widened_lines(const struct session *s)
{
	bool is_whole = strcmp(s->fence, "worktree") == 0;
	struct span rest = span_of(s->widened), line;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		if (one[0] == '/')
			fencing_put_line(f, file_is_dir(one) ? "write" : "edit", one);
		else if (one[0] && !is_whole && !fencing_put_pattern(f, one))
			fencing_put_line(f, "write", s->path);
	}
	fclose(f);
	return text;
}

int
fencing_write_widened(const struct session *s, const char *run_dir, struct err *err)
{
	AUTO_FREE char *path = path_join(run_dir, "widened");
	AUTO_FREE char *lines = widened_lines(s), *text = NULL;
	struct span rest = span_of(lines), line;
	struct run_spec spec = { 0 };
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int rc = 0;

	while (rc == 0 && span_next(&rest, '\n', &line))
		rc = add_line(s->path, line, &spec, err);
	/* Canonical, as the holder wants them. */
	for (size_t i = 0; i < spec.n_grants; i++) {
		char *value = strchr(spec.grant[i], ' ') + 1;
		AUTO_FREE char *whole = realpath(value, NULL);
		char *slash = strrchr(value, '/');
		AUTO_FREE char *name = xstrdup(slash + 1);
		AUTO_FREE char *dir = NULL;

		slash[0] = '\0';
		dir = realpath(value[0] ? value : "/", NULL);
		value[-1] = '\0';
		if (whole && file_is_dir(whole))
			fprintf(f, "%s %s\n", spec.grant[i], whole);
		else if (dir)
			fprintf(
			    f, "%s %s/%s\n", spec.grant[i], dir[1] ? dir : "", name);
	}
	fclose(f);
	run_spec_clear(&spec);
	return rc < 0 ? -1 : file_write_atomic(path, text, strlen(text), 0600, err);
}

/* The git directory that the worktree of S shares: of the repository that it works in. */
static char *
git_dir_of(const struct engine *engine, const struct session *s)
{
	AUTO_FREE char *dir = NULL, *text = NULL;

	if (s->repo[0] == '\0') {
		dir = xstrdup(engine->home);
		*strrchr(dir, '/') = '\0';
		return TAKE_PTR(dir);
	}
	dir = path_join(s->repo, ".git");
	text = file_is_dir(dir) ? NULL : file_read(dir, GIT_LINK_BYTES, NULL, NULL);
	if (!text || strncmp(text, "gitdir: ", 8) != 0)
		return TAKE_PTR(dir);
	/* A git directory that is kept apart. */
	text[strcspn(text, "\n")] = '\0';
	return text[8] == '/' ? xstrdup(text + 8) : path_join(s->repo, text + 8);
}

int
fencing_add_memory(const char *tmp, struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *dir = path_join(tmp, "shm");

	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	run_spec_add_grant(spec, "memory", dir);
	return 0;
}

static int
add_state(
    const struct session *s, const char *own, struct run_spec *spec, struct err *err)
{
	if (agent_state_add(s->adapter, s->program, own, s->path, spec, err) < 0)
		return -1;
	/* What is numbered in a state that others share would be taken for theirs. */
	spec->own_pids = agent_state_is_private(s->adapter, s->program) &&
			 !strstr(s->grants, "pids shared");
	return 0;
}

int
fencing_add(const struct engine *engine, const struct session *s, const char *tmp_dir,
    struct run_spec *spec, struct err *err)
{
	bool is_read_only = strcmp(s->fence, "read-only") == 0;
	AUTO_FREE char *common = git_dir_of(engine, s);
	AUTO_FREE char *state = fencing_dir(engine, s);
	AUTO_FREE char *cache = path_join(state, "cache");
	AUTO_FREE char *own = path_join(state, "agent");
	AUTO_FREE char *ours = path_join(engine->home, "sock");
	AUTO_FREE char *widened = widened_lines(s);
	struct span rest = span_of(s->grants), line;

	add_ports(engine, s, spec);
	if (!session_is_fenced(s))
		return agent_state_is_own(s->adapter, s->program)
			   ? add_state(s, own, spec, err)
			   : 0;
	spec->fence = xstrdup(s->fence);
	if (file_mkdirs(tmp_dir, 0700, err) < 0 ||
	    fencing_add_memory(tmp_dir, spec, err) < 0)
		return -1;
	run_spec_add_grant(spec, "write", tmp_dir);
	if (strcmp(s->fence, "worktree") == 0)
		run_spec_add_grant(spec, "write", s->path);
	if (s->path[0] &&
	    bounds_add(common, s->path, s->branch, is_read_only, spec, err) < 0)
		return -1;
	if (add_state(s, own, spec, err) < 0)
		return -1;
	while (s->grants[0] && span_next(&rest, '\n', &line)) {
		if (add_line(s->path, line, spec, err) < 0)
			return -1;
	}
	rest = span_of(widened);
	while (span_next(&rest, '\n', &line)) {
		if (add_line(s->path, line, spec, err) < 0)
			return -1;
	}
	if (strstr(s->grants, "cache shared"))
		fencing_share_caches(spec);
	else if (fencing_add_caches(cache, spec, err) < 0)
		return -1;
	fencing_add_sockets(ours, spec);
	return 0;
}
