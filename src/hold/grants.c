#include "hold/fence.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What the agent may change, and what of it is the broker's to do. */

static const char *const kind_names[GRANT_N_KINDS] = {
	[GRANT_WRITE] = "write",
	[GRANT_FILE] = "file",
	[GRANT_EDIT] = "edit",
	[GRANT_OBJECTS] = "objects",
	[GRANT_REF] = "ref",
	[GRANT_KEEP] = "keep",
	[GRANT_SOCKET] = "socket",
	[GRANT_MEMORY] = "memory",
	[GRANT_PORT] = "port",
};

/*
 * PATH as the kernel will name it.  What is not there yet is named by its directory; what
 * has none cannot be reached and needs no grant: NULL.  The caller frees it.
 */
static char *
canonical(const char *path)
{
	AUTO_FREE char *copy = NULL, *dir = NULL;
	char *whole = realpath(path, NULL), *slash;

	if (whole)
		return whole;
	copy = xstrdup(path);
	slash = strrchr(copy, '/');
	if (!slash || slash == copy || slash[1] == '\0')
		return NULL;
	*slash = '\0';
	dir = realpath(copy, NULL);
	return dir ? xasprintf("%s/%s", strcmp(dir, "/") == 0 ? "" : dir, slash + 1)
		   : NULL;
}

static int
grants_add(struct fence *fence, enum grant_kind kind, const char *value)
{
	struct grant grant = { .kind = kind };

	if (kind == GRANT_PORT) {
		fence->has_ports = true;
		grant.path = xstrdup(value);
	} else if (value[0] != '/') {
		return -1;
	} else {
		grant.path = canonical(value);
	}
	if (!grant.path)
		return 0;
	/* "/" would be everything: there is no such fence. */
	if (strcmp(grant.path, "/") == 0) {
		free(grant.path);
		return -1;
	}
	grant.n_path = strlen(grant.path);
	GROW(fence->grant, fence->n_grants, fence->cap_grants);
	fence->grant[fence->n_grants++] = grant;
	return 0;
}

/* One grant in words; -1 when it makes no sense. */
static int
take_text(struct fence *fence, const char *text)
{
	const char *value = strchr(text, ' ');

	for (int k = 0; value && k < GRANT_N_KINDS; k++) {
		size_t n = strlen(kind_names[k]);

		if (n == (size_t)(value - text) && strncmp(text, kind_names[k], n) == 0)
			return grants_add(fence, (enum grant_kind)k, value + 1);
	}
	return -1;
}

static bool
has_same(const struct fence *fence, size_t n, const struct grant *grant)
{
	for (size_t i = 0; i < n; i++) {
		if (fence->grant[i].kind == grant->kind &&
		    strcmp(fence->grant[i].path, grant->path) == 0)
			return true;
	}
	return false;
}

void
grants_add_late(struct fence *fence, const char *text)
{
	struct span rest = span_of(text), line;

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);
		size_t n = fence->n_grants;

		/* Paths only: a port would put the network rule on. */
		if (strncmp(one, "write ", 6) != 0 && strncmp(one, "edit ", 5) != 0)
			continue;
		if (take_text(fence, one) < 0 || fence->n_grants == n)
			continue;
		fence->grant[n].is_late = true;
		/* A link that was put there meanwhile leads where nobody allowed it. */
		if (strcmp(fence->grant[n].path, strchr(one, ' ') + 1) != 0 ||
		    has_same(fence, n, &fence->grant[n])) {
			free(fence->grant[n].path);
			fence->n_grants = n;
		}
	}
}

int
grants_read(struct fence *fence, const struct run_spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->n_grants; i++) {
		const char *text = spec->grant[i];

		if (take_text(fence, text) < 0)
			return err_set(err, ERR_INPUT,
			    "the fence has a grant that makes no sense: %.200s", text);
	}
	return 0;
}

void
grants_clear(struct fence *fence)
{
	for (size_t i = 0; i < fence->n_grants; i++)
		free(fence->grant[i].path);
	free(fence->grant);
	fence->grant = NULL;
	fence->n_grants = 0;
}

/* What of PATH is behind the grant: "" for itself, "a/b" below it; NULL elsewhere. */
static const char *
behind(const struct grant *grant, const char *path)
{
	if (strncmp(path, grant->path, grant->n_path) != 0)
		return NULL;
	if (path[grant->n_path] == '\0')
		return path + grant->n_path;
	return path[grant->n_path] == '/' ? path + grant->n_path + 1 : NULL;
}

static bool
is_hex(const char *s, size_t n)
{
	return strlen(s) >= n && strspn(s, "0123456789abcdef") >= n;
}

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Git's temporary names, within an object store, or a directory of such a name. */
static bool
is_temporary(const char *rest)
{
	for (const char *s = rest; s; s = strchr(s, '/')) {
		s += *s == '/';
		if (starts(s, "tmp_") || starts(s, ".tmp-"))
			return true;
	}
	return false;
}

/* The directory of a loose object, or of packs. */
static bool
is_object_dir(const char *rest)
{
	return (strlen(rest) == 2 && is_hex(rest, 2)) || strcmp(rest, "pack") == 0;
}

/* The name that an object or a pack gets for good. */
static bool
is_object(const char *rest)
{
	if (is_hex(rest, 2) && rest[2] == '/')
		return strlen(rest + 3) >= 38 && is_hex(rest + 3, strlen(rest + 3));
	return starts(rest, "pack/pack-") && !strchr(rest + 10, '/');
}

static enum ruling
judge_objects(enum call_kind kind, const char *rest, bool is_target)
{
	if (is_temporary(rest))
		return RULE_BROKER;
	if (kind == CALL_MAKE && is_object_dir(rest))
		return RULE_BROKER;
	/* Git marks an object that it would have made again as young. */
	if (kind == CALL_TIME && is_object(rest))
		return RULE_BROKER;
	/* Nothing that is there is ever replaced, see doing_move(). */
	if ((kind == CALL_MOVE || kind == CALL_LINK) && is_target && is_object(rest))
		return RULE_BROKER;
	return RULE_NO;
}

/* FILE itself, or a name beside it such as FILE.tmp.123, FILE~ and .FILE.swp. */
static bool
is_edited(const struct grant *grant, const char *path)
{
	const char *slash = strrchr(grant->path, '/'), *name = slash + 1;
	size_t n_dir = (size_t)(name - grant->path), n_name = strlen(name);

	if (strncmp(path, grant->path, n_dir) != 0 || strchr(path + n_dir, '/'))
		return false;
	path += n_dir;
	path += path[0] == '.' && name[0] != '.';
	return strncmp(path, name, n_name) == 0 &&
	       (path[n_name] == '\0' || path[n_name] == '.' || path[n_name] == '~');
}

/* The ref itself is only ever put in place of its lock file; its directories are made. */
static enum ruling
judge_ref(
    const struct grant *grant, enum call_kind kind, const char *path, bool is_target)
{
	size_t n = strlen(path);

	if (strncmp(path, grant->path, grant->n_path) == 0 &&
	    strcmp(path + grant->n_path, ".lock") == 0)
		return kind == CALL_OPEN || kind == CALL_REMOVE || kind == CALL_META ||
			       kind == CALL_TIME || (kind == CALL_MOVE && !is_target)
			   ? RULE_BROKER
			   : RULE_NO;
	if (strcmp(path, grant->path) == 0)
		return kind == CALL_MOVE && is_target ? RULE_BROKER : RULE_NO;
	if (kind == CALL_MAKE && n < grant->n_path && grant->path[n] == '/' &&
	    strncmp(path, grant->path, n) == 0 && strstr(path, "/refs/heads/"))
		return RULE_BROKER;
	return RULE_NO;
}

/* Landlock cannot take a part out of what it grants: what is kept is the broker's. */
static bool
is_kept(const struct fence *fence, const char *path)
{
	for (size_t i = 0; i < fence->n_grants; i++) {
		if (fence->grant[i].kind == GRANT_KEEP &&
		    behind(&fence->grant[i], path))
			return true;
	}
	return false;
}

enum ruling
grants_judge(
    const struct fence *fence, enum call_kind kind, const char *path, bool is_target)
{
	enum ruling ruling = RULE_NO;

	if (is_kept(fence, path))
		return RULE_NEVER;
	for (size_t i = 0; i < fence->n_grants && ruling == RULE_NO; i++) {
		const struct grant *grant = &fence->grant[i];
		const char *rest = behind(grant, path);

		if (grant->kind == GRANT_WRITE && rest)
			ruling = grant->is_late ? RULE_BROKER : RULE_KERNEL;
		else if (grant->kind == GRANT_FILE && rest && *rest == '\0')
			ruling = RULE_BROKER;
		else if (grant->kind == GRANT_EDIT && is_edited(grant, path))
			ruling = RULE_BROKER;
		else if (grant->kind == GRANT_OBJECTS && rest)
			ruling = judge_objects(kind, rest, is_target);
		else if (grant->kind == GRANT_REF)
			ruling = judge_ref(grant, kind, path, is_target);
	}
	return ruling;
}

bool
grants_are_late(const struct fence *fence, const char *path)
{
	bool is_late = false;

	for (size_t i = 0; i < fence->n_grants; i++) {
		const struct grant *grant = &fence->grant[i];

		if (grant->kind != GRANT_WRITE || !behind(grant, path))
			continue;
		if (!grant->is_late)
			return false;
		is_late = true;
	}
	return is_late;
}

bool
grants_have_socket(const struct fence *fence, const char *path)
{
	for (size_t i = 0; i < fence->n_grants; i++) {
		const struct grant *grant = &fence->grant[i];

		if ((grant->kind == GRANT_WRITE || grant->kind == GRANT_SOCKET) &&
		    behind(grant, path))
			return true;
	}
	return false;
}

bool
grants_have_port(const struct fence *fence, unsigned port)
{
	for (size_t i = 0; i < fence->n_grants; i++) {
		if (fence->grant[i].kind == GRANT_PORT &&
		    strtoul(fence->grant[i].path, NULL, 10) == port)
			return true;
	}
	return !fence->has_ports;
}
