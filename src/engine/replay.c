#include "engine/replay.h"

#include "base/log.h"
#include "engine/record.h"

#include <string.h>

struct replay {
	struct core *core;
	int64_t last_at;
};

static int
take_row(const struct journal_row *row, void *arg)
{
	struct replay *replay = arg;
	struct happening h = { .at = row->at, .actor = row->actor };
	struct acts acts = { 0 };
	struct err err = ERR_INIT;
	int kind = hap_of(row->cause);

	replay->last_at = row->at;
	/* What follows from a happening, and the tracker's own rows, are not happenings. */
	if (strstr(row->data, "\"follows\":true") == row->data + 1 ||
	    strncmp(row->entity, "issue/", 6) == 0)
		return 0;
	if (kind < 0 || fields_of_json(&h.fields, row->data, &err) < 0) {
		log_warn("journal row %lld (%s) is not understood", (long long)row->seq,
		    row->cause);
		return 0;
	}
	h.kind = (enum hap)kind;
	if (core_step(replay->core, &h, &acts, &err) < 0)
		log_warn("journal row %lld: %s", (long long)row->seq, err.text);
	acts_clear(&acts);
	fields_clear(&h.fields);
	return 0;
}

struct core *
replay_core(struct store *store, int64_t *last_at, struct err *err)
{
	struct replay replay = { .core = core_new() };

	if (journal_replay(store, 0, take_row, &replay, err) < 0) {
		core_free(replay.core);
		return NULL;
	}
	if (last_at)
		*last_at = replay.last_at;
	return replay.core;
}
