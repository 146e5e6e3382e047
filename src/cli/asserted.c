#include "cli/asserted.h"

#include "base/mem.h"
#include "core/happening.h"
#include "engine/record.h"
#include "store/journal.h"

#include <string.h>

void
asserted_clear(struct asserted *asserted)
{
	for (size_t i = 0; i < asserted->n; i++) {
		free((char *)(uintptr_t)asserted->item[i].a);
		free((char *)(uintptr_t)asserted->item[i].b);
		free((char *)(uintptr_t)asserted->item[i].reason);
	}
	free(asserted->item);
	*asserted = (struct asserted){ 0 };
}

struct reading {
	struct asserted *asserted;
	const char *path;
};

static int
read_row(const struct journal_row *row, void *arg)
{
	struct reading *reading = arg;
	struct asserted *list = reading->asserted;
	struct fields f = { 0 };
	struct err err = ERR_INIT;

	if (fields_of_json(&f, row->data, &err) == 0 &&
	    strcmp(fields_text(&f, "path"), reading->path) == 0) {
		GROW(list->item, list->n, list->cap);
		list->item[list->n++] = (struct assertion){
			.a = xstrdup(fields_text(&f, "a")),
			.b = xstrdup(fields_text(&f, "b")),
			.reason = xstrdup(fields_text(&f, "reason")),
		};
	}
	fields_clear(&f);
	return 0;
}

int
asserted_read(
    struct asserted *asserted, const char *home, const char *path, struct err *err)
{
	struct reading reading = { asserted, path };
	struct err why = ERR_INIT;
	struct store *store = store_open(home, 1, &why);
	int rc;

	*asserted = (struct asserted){ 0 };
	if (!store) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	rc = journal_each_of(
	    store, hap_name(HAP_PLAN_ASSERTED), read_row, &reading, err);
	store_close(store);
	if (rc < 0)
		asserted_clear(asserted);
	return rc;
}
