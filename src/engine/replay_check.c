#include "engine/replay.h"

#include "base/mem.h"
#include "base/text.h"
#include "core/events.h"
#include "engine/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/*
 * One happening with all that was written with it is a group: its own row, then a row for
 * each further entity that moved, and the acts that name the last of these rows.
 */
struct check {
	struct store *store;
	struct core *core;
	struct replay_report *report;
	int64_t until;
	/* The group under way. */
	struct happening h;
	struct acts acts;
	struct record_rows record; /* the rows that replay gives */
	size_t at;                 /* rows of it that were compared */
	int64_t seq;               /* the last row of it that is there */
	bool is_open;
	struct err err;
	bool failed;
};

static void PRINTF(3, 4) differ(struct check *c, int64_t seq, const char *fmt, ...)
{
	struct replay_report *r = c->report;
	va_list ap;

	r->n_differences++;
	if (r->n_kept == REPLAY_KEPT)
		return;
	GROW(r->difference, r->n_kept, r->cap_kept);
	va_start(ap, fmt);
	r->difference[r->n_kept++] = (struct replay_difference){ seq,
		xvasprintf(fmt, ap) };
	va_end(ap);
}

static void
compare_act(struct check *c, const struct act *act)
{
	AUTO_FREE char *data = fields_to_json(&act->fields);
	struct arena *arena = arena_new();
	struct act_row stored = { 0 };
	int found = act_find(c->store, act->key, &stored, arena, &c->err);

	if (found < 0)
		c->failed = true;
	else if (!found)
		differ(c, c->seq, "%s owes the act %s, which is not there",
		    hap_name(c->h.kind), act->key);
	else if (stored.event_seq == c->seq &&
		 (strcmp(stored.kind, act->kind) != 0 ||
		     strcmp(stored.order, act->order) != 0 ||
		     strcmp(stored.data, data) != 0))
		differ(c, c->seq, "the act %s is not what %s owes", act->key,
		    hap_name(c->h.kind));
	/* One with the key of an older act is that act. */
	c->report->n_acts += found > 0 && stored.event_seq == c->seq;
	arena_free(arena);
}

static void
end_group(struct check *c)
{
	if (!c->is_open)
		return;
	if (c->at < c->record.n)
		differ(c, c->seq, "%s moves %s to %s, which is not there",
		    hap_name(c->h.kind), c->record.row[c->at].entity,
		    c->record.row[c->at].to);
	for (size_t i = 0; i < c->acts.n && !c->failed; i++)
		compare_act(c, &c->acts.item[i]);
	record_clear(&c->record);
	acts_clear(&c->acts);
	fields_clear(&c->h.fields);
	free((char *)(uintptr_t)c->h.actor);
	c->is_open = false;
}

/* Compares ROW with the next one that replay gives. */
static void
compare_row(struct check *c, const struct journal_row *row)
{
	const struct journal_row *want = c->at < c->record.n ? &c->record.row[c->at]
							     : NULL;

	c->seq = row->seq;
	c->report->n_moves += row->to[0] != '\0';
	c->at++;
	if (!want)
		differ(c, row->seq, "%s moved, and %s does not move it", row->entity,
		    hap_name(c->h.kind));
	else if (strcmp(row->entity, want->entity) != 0 ||
		 strcmp(row->from, want->from) != 0 || strcmp(row->to, want->to) != 0)
		differ(c, row->seq,
		    "%s went from '%s' to '%s'; replay: %s from '%s' to '%s'",
		    row->entity, row->from, row->to, want->entity, want->from,
		    want->to);
	else if (strcmp(row->data, want->data) != 0 || row->at != want->at ||
		 strcmp(row->actor, want->actor) != 0)
		differ(c, row->seq, "the row is not written as this divisi writes it");
}

static void
begin_group(struct check *c, const struct journal_row *row)
{
	struct err err = ERR_INIT;
	int kind = hap_of(row->cause);
	const char *name;

	if (kind < 0 || fields_of_json(&c->h.fields, row->data, &err) < 0) {
		differ(c, row->seq, "%s is not understood%s%s", row->cause,
		    err.text[0] ? ": " : "", err.text);
		fields_clear(&c->h.fields);
		return;
	}
	c->h.kind = (enum hap)kind;
	c->h.actor = xstrdup(row->actor);
	c->h.at = row->at;
	c->is_open = true;
	c->at = 0;
	c->report->n_happenings++;
	name = events_unknown_field(c->h.kind, &c->h.fields);
	if (name && !c->report->undocumented)
		c->report->undocumented = xasprintf("%s.%s", row->cause, name);
	if (core_step(c->core, &c->h, &c->acts, &err) < 0)
		differ(c, row->seq, "%s was taken then and is refused now: %s",
		    row->cause, err.text);
	record_make(&c->record, &c->h, &c->acts);
	compare_row(c, row);
}

static int
check_row(const struct journal_row *row, void *arg)
{
	struct check *c = arg;
	bool follows = record_follows(row);

	if (c->failed || (row->seq > c->until && !(follows && c->is_open)))
		return 1;
	c->report->n_rows++;
	c->report->until = row->seq;
	if (follows && c->is_open) {
		compare_row(c, row);
		return 0;
	}
	end_group(c);
	/* What the tracker wrote is its own, and no happening. */
	if (strncmp(row->entity, "issue/", 6) == 0)
		return 0;
	if (follows)
		differ(c, row->seq, "a row that follows from nothing");
	else
		begin_group(c, row);
	return 0;
}

int
replay_check(
    struct store *store, int64_t until, struct replay_report *report, struct err *err)
{
	struct replay_report r = { 0 };
	struct check c = {
		.store = store, .core = core_new(), .report = &r, .until = until
	};
	int64_t n_stored = 0;
	int rc = journal_verify(store, until, err);

	if (rc == 0)
		rc = journal_replay(store, 0, check_row, &c, err);
	end_group(&c);
	if (rc == 0 && c.failed) {
		*err = c.err;
		rc = -1;
	}
	if (rc == 0)
		rc = act_count(store, r.until, &n_stored, err);
	if (rc == 0 && n_stored > r.n_acts)
		differ(&c, r.until, "%" PRId64 " acts are there that nothing owes",
		    n_stored - r.n_acts);
	r.dump = core_dump(c.core);
	hash_sha256(r.dump, strlen(r.dump), r.sha256);
	core_free(c.core);
	if (rc < 0)
		replay_report_clear(&r);
	else
		*report = r;
	return rc;
}

void
replay_report_clear(struct replay_report *report)
{
	for (size_t i = 0; i < report->n_kept; i++)
		free(report->difference[i].text);
	free(report->difference);
	free(report->dump);
	free(report->undocumented);
	*report = (struct replay_report){ 0 };
}
