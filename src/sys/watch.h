#pragma once

#include "base/err.h"

#include <stdbool.h>

struct event_base;

/*
 * Wakes the server when something happens in a run directory.  One inotify descriptor
 * serves all of them; a directory inotify cannot see (a network file system, the watch
 * limit reached) is looked at once a second instead.
 *
 * Being woken is a hint, never a fact: look at the files.  Events that come close together
 * are told once, and a lost inotify event wakes everybody.
 */
struct watcher;
struct watch;

enum watch_what {
	WATCH_OUT = 1,   /* out.ndjson grew or was made */
	WATCH_END = 2,   /* end.json is there */
	WATCH_OTHER = 4, /* begun, agent, err.log, in.ndjson */
	WATCH_GONE = 8,  /* the directory, its spec or begun was removed */
};

/*
 * WHAT is a union of enum watch_what.  Called from the loop, never from inside
 * watch_add(); it may remove its own watch and any other, and add new ones.
 */
typedef void watch_fn(struct watch *watch, unsigned what, void *arg);

struct watcher *watcher_new(struct event_base *base, struct err *err);

/*
 * FN is called before the first and, with IS_OVER, after the last watch that is told in one
 * turn of the loop: nothing else of the loop comes between.
 */
void watcher_on_turn(
    struct watcher *watcher, void (*fn)(bool is_over, void *arg), void *arg);

/* Removes all its watches.  NULL is fine. */
void watcher_free(struct watcher *watcher);

/*
 * Watches the directory DIR.  FN is called once soon after with WATCH_OUT | WATCH_END |
 * WATCH_OTHER, so that what happened before is not missed.  Returns the watch, which the
 * caller removes; or NULL with ERR_NOT_FOUND or ERR_SYSTEM.
 */
struct watch *watch_add(
    struct watcher *watcher, const char *dir, watch_fn *fn, void *arg, struct err *err);

/* NULL is fine. */
void watch_remove(struct watch *watch);
