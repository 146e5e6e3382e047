#pragma once

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first */
#include <cmocka.h>

/*
 * A temporary directory with a HOME, a git identity and nothing of the user's, for tests
 * with real git.  sandbox_setup/teardown are cmocka fixtures of one test each.
 */
int sandbox_setup(void **state);
int sandbox_teardown(void **state);

/* The directory, absolute and without symbolic links. */
const char *sandbox(void);

/* sandbox/name in one of eight static buffers. */
const char *at(const char *name);

/* Runs a shell command in the sandbox; the test fails when it fails. */
void sh(const char *fmt, ...) PRINTF(1, 2);

/* The same without failing: its exit status. */
int sh_status(const char *fmt, ...) PRINTF(1, 2);

/* Its output without the last newline, in one of eight static buffers of 4 KiB. */
const char *sh_out(const char *fmt, ...) PRINTF(1, 2);

/* A repository sandbox/repo on branch main with files a.txt and dir/b.txt. */
void make_repo(void);

/* Fails with ERR's text unless RC is 0. */
#define assert_ok(rc, err)                                                 \
	do {                                                               \
		if ((rc) < 0)                                              \
			fail_msg("%s (fix: %s)", (err)->text, (err)->fix); \
	} while (0)
