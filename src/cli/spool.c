#include "cli/spool.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/feedback_in.h"
#include "engine/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_BYTES  (256u << 10)
#define ORDER_FILES 100

static int
is_delivery(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n == 25 && strcmp(e->d_name + 20, ".json") == 0 &&
	       strspn(e->d_name, "0123456789") == 20;
}

static void
recount(struct spool *spool)
{
	struct dirent **list = NULL;
	int n = scandir(spool->dir, &list, is_delivery, alphasort);

	spool->n = n > 0 ? n : 0;
	for (int i = 0; i < n; i++) {
		int64_t name = strtoll(list[i]->d_name, NULL, 10);

		spool->last = name > spool->last ? name : spool->last;
		free(list[i]);
	}
	free(list);
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int
spool_open(struct spool *spool, const char *home, struct err *err)
{
	*spool = (struct spool){ .dir = path_join(home, "feedback") };
	if (file_mkdirs(spool->dir, 0700, err) < 0) {
		spool_close(spool);
		return -1;
	}
	/* Each name is written once: nobody else clears what a door that died left half. */
	file_clear_dead(spool->dir);
	recount(spool);
	return 0;
}

void
spool_close(struct spool *spool)
{
	free(spool->dir);
	spool->dir = NULL;
}

int
spool_add(struct spool *spool, const struct fields *one, struct err *err)
{
	AUTO_FREE char *text = fields_to_json(one);
	AUTO_FREE char *path = NULL;
	int64_t name = now_us();
	size_t n = strlen(text);

	if (spool->n >= SPOOL_MOST)
		recount(spool);
	if (spool->n >= SPOOL_MOST)
		return err_set(err, ERR_CONFLICT,
		    "%ld deliveries wait for the server already", spool->n);
	if (n > FILE_BYTES)
		return err_set(err, ERR_INPUT, "a delivery of %zu bytes", n);
	spool->last = name > spool->last ? name : spool->last + 1;
	path = xasprintf("%s/%020lld.json", spool->dir, (long long)spool->last);
	if (file_write_atomic(path, text, n, 0600, err) < 0)
		return -1;
	spool->n++;
	return 0;
}

/* What cannot be read is set aside: it must not stand before the others for ever. */
static bool
read_one(const char *path, struct fields *one)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *text = file_read(path, FILE_BYTES, NULL, &err);
	AUTO_FREE char *aside = NULL;

	if (text && fields_of_json(one, text, &err) == 0)
		return true;
	aside = xasprintf("%s.refused", path);
	log_warn("%s is set aside: %s", path, err.text);
	if (DURABLE("spool.aside", rename(path, aside)) < 0)
		log_warn("%s: %s", path, strerror(errno));
	return false;
}

static int
send_some(struct spool *spool, struct dirent **list, size_t n,
    int (*send)(void *arg, const struct fields *order, struct err *err), void *arg,
    struct err *err)
{
	struct fields order = { 0 };
	int64_t n_sent = 0;
	int rc = 0;

	fields_set(&order, "what", "take");
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *path = path_join(spool->dir, list[i]->d_name);
		struct fields one = { 0 };

		if (read_one(path, &one))
			feedback_put(&order, (size_t)n_sent++, &one);
		fields_clear(&one);
	}
	fields_set_number(&order, "n", n_sent);
	if (n_sent > 0)
		rc = send(arg, &order, err);
	fields_clear(&order);
	for (size_t i = 0; i < n && rc == 0; i++) {
		AUTO_FREE char *path = path_join(spool->dir, list[i]->d_name);

		/* One that comes back after a crash is known to the server by its id. */
		if (DURABLE("spool.remove", unlink(path)) < 0 && errno != ENOENT)
			log_warn("%s: %s", path, strerror(errno));
	}
	return rc;
}

long
spool_forward(struct spool *spool,
    int (*send)(void *arg, const struct fields *order, struct err *err), void *arg,
    struct err *err)
{
	struct dirent **list = NULL;
	int n = scandir(spool->dir, &list, is_delivery, alphasort), rc = 0;
	long sent = 0;

	for (int i = 0; i < n && rc == 0; i += ORDER_FILES) {
		size_t some = n - i < ORDER_FILES ? (size_t)(n - i) : ORDER_FILES;

		rc = send_some(spool, list + i, some, send, arg, err);
		sent += rc == 0 ? (long)some : 0;
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return rc < 0 ? -1 : sent;
}
