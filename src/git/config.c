#include "git/config.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES ((size_t)1 << 20)
#define COMMITTED_NAME ".divisi/config"

void
config_clear(struct config *config)
{
	for (size_t i = 0; i < config->n; i++) {
		free(config->item[i].key);
		free(config->item[i].value);
		free(config->item[i].origin);
	}
	free(config->item);
	*config = (struct config){ 0 };
}

/* Takes one "key\nvalue" or "key" of git's answer, if it is ours. */
static void
add_record(struct config *config, const char *record, const char *origin)
{
	const char *end = strchr(record, '\n');
	struct config_item *item;

	if (strncmp(record, "divisi.", 7) != 0)
		return;
	GROW(config->item, config->n, config->cap);
	item = &config->item[config->n++];
	item->key = end ? xstrndup(record, (size_t)(end - record)) : xstrdup(record);
	item->value = xstrdup(end ? end + 1 : "true");
	item->origin = xstrdup(origin);
	item->is_committed = strcmp(origin, COMMITTED_NAME) == 0;
}

/*
 * The committed file's text; NULL without an error when there is none.  A symbolic link
 * would make us read, and later write, a file of somebody else's choice.
 */
static char *
read_committed(const struct repo *repo, size_t *n, struct err *err)
{
	AUTO_FREE char *dir = path_join(repo->top, ".divisi");
	AUTO_FREE char *path = path_join(dir, "config");
	const char *const both[] = { dir, path };
	struct stat st;

	for (size_t i = 0; i < N_ELEMS(both); i++) {
		if (lstat(both[i], &st) < 0) {
			if (errno != ENOENT && errno != ENOTDIR)
				err_sys(err, COMMITTED_NAME);
			return NULL;
		}
		if (S_ISLNK(st.st_mode)) {
			err_set(err, ERR_INPUT,
			    COMMITTED_NAME ": symbolic links are not followed here");
			err_fix(err, "replace it by a file of the repository");
			return NULL;
		}
	}
	return file_read(path, MAX_FILE_BYTES, n, err);
}

static int
load_committed(const struct repo *repo, struct config *config, struct err *err)
{
	struct err why = ERR_INIT;
	size_t n = 0;
	AUTO_FREE char *text = read_committed(repo, &n, &why);
	struct git_list records = { 0 };
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("config", "-f", "-", "--no-includes", "-z", "--list"),
		.input = text,
		.n_input = n };
	struct git_out out = { 0 };
	const char *line;

	if (!text) {
		if (why.kind != ERR_NONE && err)
			*err = why;
		return why.kind == ERR_NONE ? 0 : -1;
	}
	if (git_run(&call, &out, &why) < 0) {
		/* git reads it from us and so cannot name the file. */
		line = strstr(why.text, "bad config");
		if (!line) {
			if (err)
				*err = why;
			return err_wrap(err, COMMITTED_NAME);
		}
		line = strstr(why.text, "line ");
		err_set(err, ERR_INPUT, COMMITTED_NAME ":%ld: this is no setting",
		    line ? strtol(line + 5, NULL, 10) : 1L);
		return err_fix(
		    err, "write settings as git does: [divisi] verify = make check");
	}
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	for (size_t i = 0; i < records.n; i++)
		add_record(config, records.item[i], COMMITTED_NAME);
	git_list_clear(&records);
	return 0;
}

static int
load_local(const struct repo *repo, struct config *config, struct err *err)
{
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("config", "-z", "--list", "--show-origin") };
	struct git_list fields = { 0 };
	struct git_out out = { 0 };

	if (git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(&fields, out.text, out.n);
	git_out_clear(&out);
	for (size_t i = 0; i + 1 < fields.n; i += 2)
		add_record(config, fields.item[i + 1], fields.item[i]);
	git_list_clear(&fields);
	return 0;
}

int
config_load(const struct repo *repo, struct config *config, struct err *err)
{
	struct config c = { 0 };

	if (load_committed(repo, &c, err) < 0 || load_local(repo, &c, err) < 0) {
		config_clear(&c);
		return -1;
	}
	*config = c;
	return 0;
}

const struct config_item *
config_find(const struct config *config, const char *key)
{
	for (size_t i = config->n; i > 0; i--) {
		if (strcmp(config->item[i - 1].key, key) == 0)
			return &config->item[i - 1];
	}
	return NULL;
}

const char *
config_str(const struct config *config, const char *key, const char *fallback)
{
	const struct config_item *item = config_find(config, key);

	return item ? item->value : fallback;
}

static int
malformed(const struct config_item *item, const char *wanted, struct err *err)
{
	AUTO_FREE char *value = text_show(item->value, true);
	AUTO_FREE char *origin = text_show(item->origin, true);

	return err_set(err, ERR_INPUT, "%s = %.100s (%s) is not %s", item->key, value,
	    origin, wanted);
}

int
config_bool(const struct config *config, const char *key, bool fallback, bool *value,
    struct err *err)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0", "" };
	const struct config_item *item = config_find(config, key);

	if (!item) {
		*value = fallback;
		return 0;
	}
	for (size_t i = 0; i < N_ELEMS(yes); i++) {
		if (strcasecmp(item->value, yes[i]) == 0) {
			*value = true;
			return 0;
		}
	}
	for (size_t i = 0; i < N_ELEMS(no); i++) {
		if (strcasecmp(item->value, no[i]) == 0) {
			*value = false;
			return 0;
		}
	}
	return malformed(item, "yes or no", err);
}

int
config_int(const struct config *config, const char *key, struct config_range range,
    long *value, struct err *err)
{
	const struct config_item *item = config_find(config, key);
	AUTO_FREE char *wanted = xasprintf(
	    "a number from %ld to %ld", range.min, range.max);
	long n, unit = 1;
	char *end;

	if (!item) {
		*value = range.fallback;
		return 0;
	}
	errno = 0;
	n = strtol(item->value, &end, 10);
	if (*end == 'k' || *end == 'K')
		unit = 1L << 10;
	else if (*end == 'm' || *end == 'M')
		unit = 1L << 20;
	else if (*end == 'g' || *end == 'G')
		unit = 1L << 30;
	if (end == item->value || errno != 0 || end[unit > 1] != '\0' ||
	    __builtin_mul_overflow(n, unit, &n) || n < range.min || n > range.max)
		return malformed(item, wanted, err);
	*value = n;
	return 0;
}

void
config_values(const struct config *config, const char *key, struct git_list *values)
{
	*values = (struct git_list){ 0 };
	for (size_t i = 0; i < config->n; i++) {
		const struct config_item *item = &config->item[i];

		if (strcmp(item->key, key) != 0)
			continue;
		if (item->value[0] == '\0')
			git_list_clear(values);
		else
			git_list_add(values, item->value);
	}
}

/* "divisi.name" or "divisi.middle.name". */
static bool
is_key(const char *key)
{
	const char *last = strrchr(key, '.');

	if (strncmp(key, "divisi.", 7) != 0 || text_has_controls(key) ||
	    strpbrk(key, "\n\t") || strlen(key) > 200)
		return false;
	if (!((last[1] >= 'a' && last[1] <= 'z') || (last[1] >= 'A' && last[1] <= 'Z')))
		return false;
	return strspn(last + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-") == strlen(last + 1);
}

/* Makes what git wrote last over a power cut; git itself does not for its settings. */
static int
sync_file(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || DURABLE("config.sync", fsync(fd)) < 0)
		return err_sys(err, "sync %s", path);
	return file_sync_parent(path, err);
}

static int
change(struct repo *repo, const char *path, const char *const *verb, struct err *err)
{
	struct git_list args = { 0 };
	struct git_call call = { .dir = repo->top };
	struct err why = ERR_INIT;
	int rc;

	git_list_add(&args, "config");
	git_list_add(&args, path ? "-f" : "--local");
	if (path)
		git_list_add(&args, path);
	for (size_t i = 0; verb[i]; i++)
		git_list_add(&args, verb[i]);
	call.argv = (const char *const *)args.item;
	call.lock_fd = repo->lock_fd;
	rc = git_try(&call, NULL, &why);
	git_list_clear(&args);
	/* 5: there was nothing to remove. */
	if (rc == 5 && strcmp(verb[0], "--unset-all") == 0)
		return 0;
	if (rc != 0) {
		if (err)
			*err = why;
		return -1;
	}
	return path && file_exists(path) ? sync_file(path, err) : 0;
}

static int
change_scope(struct repo *repo, enum config_scope scope, const char *const *verb,
    struct err *err)
{
	AUTO_FREE char *dir = path_join(repo->top, ".divisi");
	AUTO_FREE char *path = path_join(dir, "config");
	struct err why = ERR_INIT;
	AUTO_FREE char *old = NULL;
	int rc;

	if (!is_key(verb[1])) {
		AUTO_FREE char *shown = text_show(verb[1], true);

		return err_set(err, ERR_USAGE, "%s is no setting of ours", shown);
	}
	if (scope == CONFIG_COMMITTED) {
		old = read_committed(repo, NULL, &why);
		if (!old && why.kind != ERR_NONE) {
			if (err)
				*err = why;
			return -1;
		}
		if (file_mkdirs(dir, 0777, err) < 0)
			return -1;
	}
	if (repo_lock(repo, err) < 0)
		return -1;
	rc = change(repo, scope == CONFIG_COMMITTED ? path : NULL, verb, err);
	repo_unlock(repo);
	return rc;
}

int
config_set(struct repo *repo, enum config_scope scope, const char *key,
    const char *value, struct err *err)
{
	if (!value)
		return change_scope(repo, scope, GIT_ARGS("--unset-all", key), err);
	return change_scope(repo, scope, GIT_ARGS("--replace-all", key, value), err);
}

int
config_add(struct repo *repo, enum config_scope scope, const char *key,
    const char *value, struct err *err)
{
	return change_scope(repo, scope, GIT_ARGS("--add", key, value), err);
}
