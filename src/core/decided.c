#include "core/review.h"

#include "core/internal.h"
#include "policy/refusal.h"

#include <stdio.h>
#include <string.h>

/*
 * What a person decided about findings, and the log of it (SPEC R-178): round, proposal,
 * decision and reason to the letter, each as it was said, also what a later word took back.
 */

void
decided_clear(struct review *r)
{
	for (size_t i = 0; i < r->n_log; i++) {
		free(r->log[i].id);
		free(r->log[i].proposal);
		free(r->log[i].decision);
		free(r->log[i].reason);
		free(r->log[i].by);
	}
	free(r->log);
	r->log = NULL;
	r->n_log = r->cap_log = 0;
}

void
decided_note(struct review *r, const struct finding *row, const char *decision,
    const char *reason, const struct happening *h)
{
	struct decided_entry *e;

	GROW(r->log, r->n_log, r->cap_log);
	e = &r->log[r->n_log++];
	*e = (struct decided_entry){ .at = h->at,
		.round = r->n_recorded,
		.id = xstrdup(row ? row->id : ""),
		.proposal = xstrdup(row ? row->text : ""),
		.decision = xstrdup(decision),
		.reason = xstrdup(reason),
		.by = xstrdup(h->actor) };
}

/* How alike two proposals are to be one that was turned down already. */
#define ALIKE_AGAIN 0.6

/* Whoever turned TEXT down in another review of the same plan, last first; NULL nobody. */
static const struct decided_entry *
turned_down(const struct core *core, const struct review *r, const char *text,
    const struct review **in)
{
	for (size_t i = core->n_reviews; i-- > 0;) {
		const struct review *o = &core->review[i];

		if (o == r || strcmp(o->plan_path, r->plan_path) != 0)
			continue;
		for (size_t k = o->n_log; k-- > 0;) {
			const struct decided_entry *e = &o->log[k];

			if ((strcmp(e->decision, "rejected") != 0 &&
				strcmp(e->decision, "override") != 0) ||
			    findings_alike(e->proposal, text) < ALIKE_AGAIN)
				continue;
			*in = o;
			return e;
		}
	}
	return NULL;
}

void
decided_before(
    const struct core *core, const struct review *r, const struct findings *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct finding *row = &rows->item[i];
		const struct review *in = NULL;
		const struct decided_entry *e;
		char *text;

		if (row->decision != DECISION_NONE || row->before[0])
			continue;
		e = turned_down(core, r, row->text, &in);
		if (!e)
			continue;
		text = xasprintf(
		    "%s as %s of %s: %s", e->decision, e->id, in->id, e->reason);
		free(row->before);
		row->before = text;
	}
}

void
decided_dump(const struct review *r, FILE *f)
{
	for (size_t i = 0; i < r->n_log; i++) {
		const struct decided_entry *e = &r->log[i];

		fprintf(f, " decided %d %s|%s|%s|%s|%s %lld\n", e->round, e->id,
		    e->proposal, e->decision, e->reason, e->by, (long long)e->at);
	}
}

/* ---- what happens ------------------------------------------------------------------------ */

int
review_only_people(const struct happening *h, struct err *err)
{
	if (strncmp(h->actor, "human:", 6) == 0)
		return 0;
	return refuse(err, "G11", "findings are decided by a person only");
}

int
step_findings_decided(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const struct fields *f = &h->fields;
	struct review *r = review_named(core, h, err);
	size_t n = (size_t)fields_number(f, "n", 0);

	(void)acts;
	if (!r || review_only_people(h, err) < 0)
		return -1;
	for (size_t i = 0; i < n && i < FINDINGS_MAX; i++) {
		const struct finding *row = findings_find(
		    &r->rows, fields_text_at(f, i, "id"));

		if (!row || decision_of(fields_text_at(f, i, "decision")) < 0)
			return err_set(
			    err, ERR_INPUT, "decision %zu is about nothing", i);
		if (row->sub_issue[0] &&
		    strcmp(fields_text_at(f, i, "decision"), "agreed") != 0) {
			err_set(err, ERR_CONFLICT, "%s was agreed and filed as %s",
			    row->id, row->sub_issue);
			return err_fix(
			    err, "divisi issue move %s Cancelled", row->sub_issue);
		}
	}
	for (size_t i = 0; i < n && i < FINDINGS_MAX; i++) {
		struct finding *row = findings_find(
		    &r->rows, fields_text_at(f, i, "id"));

		row->decision = (enum decision)decision_of(
		    fields_text_at(f, i, "decision"));
		core_set(&row->response, fields_text_at(f, i, "response"));
		core_set(&row->by, h->actor);
		row->decided_at = h->at;
		decided_note(r, row, decision_name(row->decision), row->response, h);
	}
	if (n == 0)
		decided_note(r, NULL, "accepted", "", h);
	core_set(&r->accepted_by, h->actor);
	r->version++;
	return 0;
}
