#include "sys/watch.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

struct place {
	struct event_base *base;
	struct watcher *watcher;
	char *dir;
	unsigned seen; /* what was told to on_change */
	unsigned wanted;
	int n_calls;
	struct watch *victim; /* removed from inside the callback */
};

static void
on_change(struct watch *watch, unsigned what, void *arg)
{
	struct place *p = arg;

	p->n_calls++;
	p->seen |= what;
	watch_remove(p->victim);
	p->victim = NULL;
	if ((p->seen & p->wanted) == p->wanted)
		event_base_loopbreak(p->base);
}

static void
on_too_late(int fd, short what, void *arg)
{
	fail_msg("nothing was told");
}

static void
place_open(struct place *p)
{
	static const struct timeval limit = { 10, 0 };
	char dir[] = "/tmp/divisi-watch-XXXXXX";
	struct err err = ERR_INIT;

	assert_non_null(mkdtemp(dir));
	*p = (struct place){ .base = event_base_new(), .dir = xstrdup(dir) };
	p->watcher = watcher_new(p->base, &err);
	assert_non_null(p->watcher);
	event_base_once(p->base, -1, EV_TIMEOUT, on_too_late, NULL, &limit);
}

static void
place_close(struct place *p)
{
	watcher_free(p->watcher);
	event_base_free(p->base);
	assert_int_equal(file_remove_tree(p->dir, NULL), 0);
	free(p->dir);
}

static void
await(struct place *p, unsigned wanted)
{
	p->seen = 0;
	p->wanted = wanted;
	event_base_dispatch(p->base);
}

static void
append(const struct place *p, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(p->dir, name);
	AUTO_FILE FILE *f = fopen(path, "ae");

	assert_non_null(f);
	fputs(text, f);
}

static void
what_happened_before_is_told_once(void **state)
{
	struct err err;
	struct place p;

	place_open(&p);
	assert_non_null(watch_add(p.watcher, p.dir, on_change, &p, &err));
	assert_int_equal(p.n_calls, 0);
	await(&p, WATCH_OUT | WATCH_END | WATCH_OTHER);
	assert_int_equal(p.n_calls, 1);
	place_close(&p);
}

static void
output_and_end_are_told_apart(void **state)
{
	AUTO_FREE char *path = NULL;
	struct err err;
	struct place p;

	place_open(&p);
	assert_non_null(watch_add(p.watcher, p.dir, on_change, &p, &err));
	await(&p, WATCH_OUT);
	append(&p, "out.ndjson", "{}\n");
	await(&p, WATCH_OUT);
	assert_int_equal(p.seen, WATCH_OUT);
	append(&p, "err.log", "x\n");
	await(&p, WATCH_OTHER);
	assert_int_equal(p.seen, WATCH_OTHER);
	path = path_join(p.dir, "end.json");
	assert_int_equal(file_write_atomic(path, "{}", 2, 0600, &err), 0);
	await(&p, WATCH_END);
	place_close(&p);
}

static void
many_changes_are_told_at_once(void **state)
{
	struct err err;
	struct place p;

	place_open(&p);
	assert_non_null(watch_add(p.watcher, p.dir, on_change, &p, &err));
	await(&p, WATCH_OUT);
	p.n_calls = 0;
	for (int i = 0; i < 100; i++)
		append(&p, "out.ndjson", "{}\n");
	await(&p, WATCH_OUT);
	assert_int_equal(p.n_calls, 1);
	place_close(&p);
}

static void
a_directory_that_goes_is_told(void **state)
{
	struct err err;
	struct place p;

	place_open(&p);
	assert_non_null(watch_add(p.watcher, p.dir, on_change, &p, &err));
	await(&p, WATCH_OUT);
	assert_int_equal(rmdir(p.dir), 0);
	await(&p, WATCH_GONE);
	place_close(&p);
}

static void
a_callback_may_remove_another_watch(void **state)
{
	struct err err;
	struct place p;

	place_open(&p);
	assert_non_null(watch_add(p.watcher, p.dir, on_change, &p, &err));
	p.victim = watch_add(p.watcher, p.dir, on_change, &p, &err);
	await(&p, WATCH_OUT);
	event_base_loop(p.base, EVLOOP_NONBLOCK);
	assert_int_equal(p.n_calls, 1);
	/* They shared one inotify watch, which has to live on. */
	append(&p, "out.ndjson", "{}\n");
	await(&p, WATCH_OUT);
	place_close(&p);
}

static void
a_directory_that_is_not_there_cannot_be_watched(void **state)
{
	struct err err;
	struct place p;

	place_open(&p);
	assert_null(watch_add(p.watcher, "/no/such/place", on_change, &p, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	watch_remove(NULL);
	watcher_free(NULL);
	place_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happened_before_is_told_once),
		cmocka_unit_test(output_and_end_are_told_apart),
		cmocka_unit_test(many_changes_are_told_at_once),
		cmocka_unit_test(a_directory_that_goes_is_told),
		cmocka_unit_test(a_callback_may_remove_another_watch),
		cmocka_unit_test(a_directory_that_is_not_there_cannot_be_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
