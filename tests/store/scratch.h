#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/journal.h"

/* A home of its own for each test, as cmocka's state. */
static inline int
scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *home = xasprintf("%s/divisi-store.XXXXXX", tmp ? tmp : "/tmp");

	if (!mkdtemp(home))
		return -1;
	*state = home;
	return 0;
}

static inline int
scratch_teardown(void **state)
{
	int ret = file_remove_tree(*state, NULL);

	free(*state);
	return ret;
}

#define SCRATCH_TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, scratch_setup, scratch_teardown)

static inline struct store *
scratch_open(void **state)
{
	struct err err = ERR_INIT;
	struct store *store = store_open(*state, 0, &err);

	if (!store)
		fail_msg("%s", err.text);
	return store;
}
