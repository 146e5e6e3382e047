#include "engine/internal.h"

#include "core/money.h"
#include "engine/feedback.h"
#include "engine/members.h"
#include "engine/outbox.h"
#include "engine/own.h"

#include <json-c/json.h>
#include <string.h>

/*
 * The inbox: everything that waits for a person's yes or no, in one list, each under a name
 * of its own and with all of what would happen.  It is read off the state, so that nothing
 * of it can be lost: whoever restarts finds the same questions.
 */

static struct json_object *
ask_item(const struct core *core, const struct session *s, const struct ask *a)
{
	struct json_object *o = json_object_new_object();
	const struct batch_run *b = core_batch(core, s->batch_id);
	int64_t deadline = ask_deadline(core, s, a);

	member_textf(o, "id", "a%d", a->number);
	member_text(o, "kind", a->kind);
	member_text(o, "session", s->id);
	member_textf(o, "name", "%d/%s", b ? b->number : 0, s->label);
	member_text(o, "phase", s->phase);
	member_text(o, "focus", s->focus);
	member_text(o, "plan", s->plan_id);
	member_text(o, "agent", s->agent_shown);
	member_text(o, "asked_by", a->run[0] ? "agent" : "divisi");
	member_text(o, "text", a->text);
	member_text(o, "detail", a->detail);
	member_text(o, "rule_text",
	    a->is_cut || strcmp(a->kind, "permission") != 0 ? "" : a->action);
	json_object_object_add(o, "cut", json_object_new_boolean(a->is_cut));
	member_number(o, "since", a->at);
	member_number(o, "until", deadline == INT64_MAX ? 0 : deadline);
	member_number(o, "cost_cents", money_spent(core, s, core->seen_at));
	member_textf(o, "command",
	    "divisi %s a%d%s   or: divisi decline a%d --reason TEXT",
	    strcmp(a->kind, "question") == 0 ? "answer" : "approve", a->number,
	    strcmp(a->kind, "question") == 0 ? " TEXT" : "", a->number);
	return o;
}

/* A table to approve, or a batch whose failures nobody has seen; or NULL. */
static struct json_object *
batch_item(const struct core *core, const struct batch_run *b)
{
	const struct plan_run *p = core_plan(core, b->plan_id);
	bool is_table = b->state == BATCH_AWAITING;
	struct json_object *o;
	int64_t cents = 0;

	if (!is_table && (b->state != BATCH_WITH_FAILURES || b->acked))
		return NULL;
	o = json_object_new_object();
	for (size_t i = 0; i < b->n; i++) {
		const struct session *s = &core->session[b->session[i]];

		cents += s->est_high > 0 ? s->est_high : 0;
	}
	if (is_table)
		member_textf(o, "id", "%.12s", b->hash);
	else
		member_text(o, "id", b->id);
	member_text(o, "kind", is_table ? "table" : "failures");
	member_text(o, "session", "");
	member_textf(o, "name", "batch %d", b->number);
	member_text(o, "phase", "");
	member_text(o, "focus", p ? p->title : "");
	member_text(o, "plan", b->plan_id);
	member_text(o, "batch", b->id);
	member_text(o, "asked_by", "divisi");
	if (is_table)
		member_textf(
		    o, "text", "launch %zu session(s), table %.12s", b->n, b->hash);
	else
		member_text(o, "text", "go on although sessions of it failed");
	member_text(o, "detail", b->overrides);
	member_number(o, "since", b->since);
	member_number(o, "until", 0);
	member_number(o, "estimate_cents", cents);
	if (is_table)
		member_textf(o, "command",
		    "divisi approve %.12s   or: divisi decline %.12s --reason TEXT",
		    b->hash, b->hash);
	else
		member_textf(o, "command", "divisi approve %s", b->id);
	return o;
}

static struct json_object *
rule_json(const struct allowance *r)
{
	struct json_object *o = json_object_new_object();

	member_text(o, "id", r->id);
	member_text(o, "scope", r->scope);
	member_text(o, "about", r->about);
	member_text(o, "agent", r->agent);
	member_text(o, "pattern", r->pattern);
	member_text(o, "by", r->by);
	member_text(o, "ended_by", r->ended_by);
	member_number(o, "at", r->at);
	member_number(o, "ended_at", r->ended_at);
	member_number(o, "used", r->n_used);
	return o;
}

/* A write that the tracker refuses, or that somebody's change stands in the way of. */
static struct json_object *
letter_item(const struct task *t)
{
	struct json_object *o = json_object_new_object();

	member_textf(o, "id", "o%lld", (long long)t->seq);
	member_text(o, "kind", t->is_conflict ? "write-conflict" : "dead-letter");
	member_text(o, "session", fields_text(&t->fields, "session"));
	member_text(o, "name", fields_text(&t->fields, "issue"));
	member_text(o, "phase", "");
	member_text(o, "focus", t->kind);
	member_text(o, "plan", fields_text(&t->fields, "plan"));
	member_text(o, "asked_by", "divisi");
	member_text(o, "text", t->stopped);
	member_text(o, "detail",
	    t->is_conflict ? "yes writes ours on top of that, no leaves theirs"
			   : "yes tries it again, no gives it up");
	member_number(o, "since", t->stopped_at);
	member_number(o, "until", 0);
	member_textf(o, "command",
	    "divisi approve o%lld   or: divisi decline o%lld --reason TEXT",
	    (long long)t->seq, (long long)t->seq);
	return o;
}

struct json_object *
engine_approvals(struct engine *engine)
{
	const struct core *core = engine->core;
	struct json_object *o = json_object_new_object();
	struct json_object *items = json_object_new_array();
	struct json_object *rules = json_object_new_array();
	const struct task *t;

	member_number(o, "now", engine->now());
	member_number(o, "seq", journal_last(engine->store));
	for (size_t i = 0; i < core->n_batches; i++) {
		struct json_object *one = batch_item(core, &core->batch[i]);

		if (one)
			json_object_array_add(items, one);
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		for (size_t k = 0; k < s->n_asks; k++) {
			if (s->ask[k].decision[0] == '\0')
				json_object_array_add(
				    items, ask_item(core, s, &s->ask[k]));
		}
	}
	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (t->is_outbound && t->stopped)
			json_object_array_add(items, letter_item(t));
	}
	feedback_add_items(core, items);
	for (size_t i = 0; i < core->n_allowances; i++)
		json_object_array_add(rules, rule_json(&core->allowance[i]));
	json_object_object_add(o, "approvals", items);
	json_object_object_add(o, "rules", rules);
	return o;
}

/* The open question that a person named "a7"; NULL with ERR. */
static const struct ask *
named_ask(const struct engine *engine, const char *name, struct session **whose,
    struct err *err)
{
	char *end = NULL;
	long number = name[0] == 'a' ? strtol(name + 1, &end, 10) : 0;
	const struct ask *a = end && *end == '\0' && number > 0 && number < INT32_MAX
				  ? core_ask(engine->core, (int)number, whose)
				  : NULL;

	if (!a) {
		err_set(
		    err, ERR_NOT_FOUND, "nothing to approve is called '%.60s'", name);
		err_fix(err, "divisi approvals lists what waits for you");
		return NULL;
	}
	if (a->decision[0] == '\0')
		return a;
	if (strcmp(a->decision, "gone") == 0)
		err_set(err, ERR_CONFLICT, "%s is asked no more", name);
	else
		err_set(err, ERR_CONFLICT, "%s was answered already: %s by %.60s", name,
		    a->decision, a->by);
	return NULL;
}

/* Yes or no to a write that waits, under its name of the inbox. */
static int
answer_letter(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	bool allows = strcmp(fields_text(in, "decision"), "allow") == 0;
	const char *reason = fields_text(in, "reason");
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "what", allows ? "retry" : "drop");
	fields_set(&f, "id", fields_text(in, "approval") + 1);
	fields_set(&f, "reason", reason[0] ? reason : fields_text(in, "text"));
	rc = order_outbox(engine, &f, caller, out, err);
	fields_clear(&f);
	return rc;
}

/* What S is answered when nobody says which: the first that is open, of ID when there is one. */
static const struct ask *
open_ask(const struct session *s, const char *id)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		const struct ask *one = &s->ask[i];

		if (one->decision[0] == '\0' && (!id[0] || strcmp(one->id, id) == 0))
			return one;
	}
	return NULL;
}

/* "Yes" answers no question: what its agent shall hear is missing. */
static int
check_words(const struct ask *a, const struct fields *in, struct err *err)
{
	if (!a || strcmp(a->kind, "question") != 0 || fields_text(in, "text")[0] ||
	    strcmp(fields_text(in, "decision"), "allow") != 0)
		return 0;
	err_set(err, ERR_USAGE, "a%d is a question, which yes does not answer: %.200s",
	    a->number, a->text);
	err->rule = "S-69";
	return err_fix(err, "divisi answer a%d TEXT", a->number);
}

int
order_answer(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *name = fields_text(in, "approval");
	const struct ask *a = NULL, *meant;
	struct session *s = NULL;
	struct fields f = { 0 };
	size_t n_rules = engine->core->n_allowances;
	int rc;

	if (name[0] == 'f')
		return feedback_answer(engine, in, caller, out, err);
	if (name[0] == 'o')
		return answer_letter(engine, in, caller, out, err);
	if (name[0]) {
		a = named_ask(engine, name, &s, err);
		if (!a)
			return -1;
	} else {
		s = core_resolve(engine->core, fields_text(in, "session"), err);
		if (!s)
			return -1;
	}
	meant = a ? a : open_ask(s, fields_text(in, "ask"));
	if (check_words(meant, in, err) < 0)
		return -1;
	if (meant) {
		fields_set(out, "asked", meant->text);
		fields_setf(out, "approval", "a%d", meant->number);
	}
	fields_set(&f, "session", s->id);
	if (a) {
		fields_set_number(&f, "number", a->number);
		fields_set(&f, "ask", a->id);
	}
	for (size_t i = 0; i < in->n; i++) {
		static const char *const taken[] = { "ask", "decision", "text",
			"reason", "scope", "pattern", "mode" };

		for (size_t k = 0; k < N_ELEMS(taken); k++) {
			if (in->item[i].text && strcmp(in->item[i].name, taken[k]) == 0)
				fields_set(&f, taken[k], in->item[i].text);
		}
	}
	fields_set(out, "session", s->id);
	fields_set(out, "label", s->label);
	own_add_meets(engine, &f);
	rc = engine_happen(engine, HAP_ASK_ANSWERED, caller->actor, &f, err);
	fields_clear(&f);
	if (rc == 0 && engine->core->n_allowances > n_rules) {
		const struct allowance *r = &engine->core->allowance[n_rules];

		fields_set(out, "rule", r->id);
		fields_set(out, "pattern", r->pattern);
		fields_set_number(out, "also", r->n_used);
	}
	return rc;
}

int
order_forget(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "allowance", fields_text(in, "rule"));
	fields_set(&f, "reason", fields_text(in, "reason"));
	fields_set(out, "rule", fields_text(in, "rule"));
	rc = engine_happen(engine, HAP_ALLOWANCE_ENDED, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}
