#include "engine/feedback.h"

#include "adapters.h"
#include "core/feedback.h"
#include "engine/asked.h"
#include "engine/members.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define TAKEN_MOST 256 /* deliveries of one order */
#define TEXT_BYTES 6000
#define WORD_BYTES 400
#define SHOWN_MOST 500
#define INBOX_MOST 100

/* What a delivery may say, and whether it is a number; anything else is left out. */
static const struct {
	const char *name;
	bool is_number;
	size_t max;
} taken[] = { { "source", false, 40 }, { "delivery", false, 200 },
	{ "kind", false, 40 }, { "author", false, 120 }, { "trusted", true, 0 },
	{ "to", false, 20 }, { "row", false, 60 }, { "how", false, 200 },
	{ "label", false, 60 }, { "pull_url", false, WORD_BYTES },
	{ "branch", false, WORD_BYTES }, { "commit", false, 64 },
	{ "issue", false, 80 }, { "parent", false, 80 },
	{ "deploy", false, WORD_BYTES }, { "comment_id", false, 120 },
	{ "url", false, WORD_BYTES }, { "check", false, 120 }, { "ci_run", false, 40 },
	{ "text", false, TEXT_BYTES }, { "intent", false, 20 },
	{ "confidence", true, 0 }, { "rule", false, 60 }, { "flags", false, 60 },
	{ "target", false, 40 }, { "warning", false, 120 }, { "mechanism", false, 20 },
	{ "resume", false, 8 } };

static void
put_reach(const struct session *s, struct fields *f)
{
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;

	fields_set_number(f, "hears", !agent || agent->say);
	fields_set_number(
	    f, "resumable", s && s->agent_session[0] && agent_can_resume(s->adapter));
}

static int
take_one(struct engine *engine, const struct fields *in, size_t i,
    const struct caller *caller, struct err *err)
{
	struct fields f = { 0 };
	struct remark said = { .text = fields_text_at(in, i, "answer"),
		.author = fields_text_at(in, i, "author") };
	char why[200];
	int rc;

	for (size_t k = 0; k < N_ELEMS(taken); k++) {
		if (taken[k].is_number) {
			fields_set_number(&f, taken[k].name,
			    fields_number_at(in, i, taken[k].name, 0));
		} else {
			AUTO_FREE char *text = text_cut(
			    fields_text_at(in, i, taken[k].name), taken[k].max);

			fields_set(&f, taken[k].name, text);
		}
	}
	said.session = core_feedback_match(engine->core, &f, why, sizeof(why));
	said.issue = fields_text(&f, "issue");
	put_reach(said.session, &f);
	if (fields_number(&f, "trusted", 0) && asked_takes(fields_text(&f, "kind")) &&
	    asked_collect(engine, &said, caller->actor, &f, err) < 0) {
		fields_clear(&f);
		return -1;
	}
	rc = engine_happen(engine, HAP_FEEDBACK_CAME, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

/* What became of delivery I, and under which name it is here. */
static void
tell_taken(const struct core *core, const struct fields *in, size_t i,
    struct fields *out, bool is_new)
{
	const struct feedback *f = core_feedback_of(
	    core, fields_text_at(in, i, "source"), fields_text_at(in, i, "delivery"));
	char key[32];

	snprintf(key, sizeof(key), "s%zu.id", i);
	fields_set(out, key, f ? f->id : "");
	snprintf(key, sizeof(key), "s%zu.state", i);
	fields_set(out, key, f ? f->state : "refused");
	snprintf(key, sizeof(key), "s%zu.new", i);
	fields_set_number(out, key, is_new);
	snprintf(key, sizeof(key), "s%zu.session", i);
	fields_set(out, key, f ? f->session : "");
	snprintf(key, sizeof(key), "s%zu.why", i);
	fields_set(out, key, f ? f->why : "");
}

/*
 * One that the core refuses for what it is does not keep the others back; one that the
 * journal could not take fails all, and they come again.
 */
static int
take(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	int64_t n = fields_number(in, "n", 0);
	bool is_new[TAKEN_MOST] = { false };
	struct err one = ERR_INIT;

	if (n < 1 || n > TAKEN_MOST)
		return err_set(
		    err, ERR_USAGE, "1 to %d deliveries at a time", TAKEN_MOST);
	group_begin(engine);
	for (size_t i = 0; i < (size_t)n && !engine->group_failed; i++) {
		if (core_feedback_of(engine->core, fields_text_at(in, i, "source"),
			fields_text_at(in, i, "delivery")))
			continue;
		is_new[i] = take_one(engine, in, i, caller, &one) == 0;
		if (!is_new[i] && one.kind == ERR_SYSTEM)
			group_break(engine);
	}
	group_end(engine);
	if (engine->group_failed)
		return err_set(err, ERR_SYSTEM, "the journal took none of them: %.160s",
		    one.text[0] ? one.text : "try again");
	fields_set_number(out, "n", n);
	for (size_t i = 0; i < (size_t)n; i++)
		tell_taken(engine->core, in, i, out, is_new[i]);
	return 0;
}

static int
settle(struct engine *engine, const struct fields *in, const char *how,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct feedback *fb = core_feedback(
	    engine->core, fields_text(in, "feedback"));
	const char *name = fields_text(in, "session");
	const struct session *s = NULL;
	struct fields f = { 0 };
	int rc;

	if (!fb) {
		err_set(err, ERR_NOT_FOUND, "no feedback is called '%.40s'",
		    fields_text(in, "feedback"));
		return err_fix(err, "divisi feedback lists all");
	}
	if (name[0]) {
		s = core_resolve(engine->core, name, err);
		if (!s)
			return -1;
	} else {
		s = core_session(engine->core, fb->session);
	}
	fields_set(&f, "feedback", fb->id);
	fields_set(&f, "how", how);
	fields_set(&f, "session", s ? s->id : "");
	fields_set(&f, "reason", fields_text(in, "reason"));
	fields_set(&f, "override", fields_text(in, "override"));
	put_reach(s, &f);
	rc = engine_happen(engine, HAP_FEEDBACK_SETTLED, caller->actor, &f, err);
	if (rc == 0) {
		fb = core_feedback(engine->core, fields_text(&f, "feedback"));
		fields_set(out, "feedback", fb->id);
		fields_set(out, "session", fb->session);
		fields_set(out, "action", fb->action);
	}
	fields_clear(&f);
	return rc;
}

int
order_feedback(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *what = fields_text(in, "what");

	if (strcmp(what, "take") == 0)
		return take(engine, in, caller, out, err);
	if (strcmp(what, "send") == 0 || strcmp(what, "dismiss") == 0)
		return settle(engine, in, what, caller, out, err);
	return err_set(
	    err, ERR_USAGE, "feedback is taken, sent or dismissed, not '%.20s'", what);
}

/* A yes to an intent says that a person saw to it; to words, that the agent gets them. */
int
feedback_answer(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	bool allows = strcmp(fields_text(in, "decision"), "allow") == 0;
	const char *reason = fields_text(in, "reason");
	const struct feedback *fb = core_feedback(
	    engine->core, fields_text(in, "approval"));
	bool sends = allows && fb && fb->intent[0] == '\0' &&
		     strcmp(fb->to, "session") == 0;
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "feedback", fields_text(in, "approval"));
	fields_set(&f, "reason",
	    reason[0]          ? reason
	    : allows && !sends ? "seen to"
			       : fields_text(in, "text"));
	rc = settle(engine, &f, sends ? "send" : "dismiss", caller, out, err);
	fields_clear(&f);
	return rc;
}

/* ---- what is shown --------------------------------------------------------------------- */

static struct json_object *
one_json(const struct feedback *f)
{
	struct json_object *o = json_object_new_object(), *intent;

	const struct {
		const char *name, *text;
	} texts[] = { { "id", f->id }, { "source", f->source },
		{ "delivery", f->delivery }, { "kind", f->kind },
		{ "author", f->author }, { "to", f->to }, { "row", f->row },
		{ "how", f->how }, { "label", f->label }, { "issue", f->issue },
		{ "deploy", f->deploy }, { "url", f->url }, { "text", f->text },
		{ "session", f->session }, { "state", f->state },
		{ "action", f->action }, { "why", f->why }, { "by", f->by } };

	for (size_t i = 0; i < N_ELEMS(texts); i++)
		member_text(o, texts[i].name, texts[i].text);
	member_number(o, "at", f->at);
	if (f->intent[0] == '\0')
		return o;
	intent = json_object_new_object(); /* */
	member_text(intent, "intent", f->intent);
	member_text(intent, "target_issue", f->issue);
	member_text(intent, "source_comment", f->comment);
	member_text(intent, "raw_body", f->text);
	member_bool(intent, "auto", strcmp(f->mechanism, "delegate") == 0);
	member_text(intent, "mechanism", f->mechanism);
	member_text(intent, "initiated_by", f->author);
	member_text(intent, "flags", f->flags);
	member_text(intent, "dispatch_target", f->target);
	member_number(intent, "parsed_at", f->at);
	member_number(intent, "confidence", f->confidence);
	member_text(intent, "matched_rule", f->rule);
	member_text(intent, "warning", f->warning);
	member_text(intent, "group", f->group);
	json_object_object_add(o, "intent", intent);
	return o;
}

struct json_object *
engine_feedback(struct engine *engine)
{
	const struct core *core = engine->core;
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int64_t n[3] = { 0 };
	size_t shown = 0;

	for (size_t i = core->n_feedback; i-- > 0;) {
		const struct feedback *f = &core->feedback[i];
		bool is_open = strcmp(f->state, "escalated") == 0;

		n[is_open ? 1 : strcmp(f->state, "acted") == 0 ? 0 : 2]++;
		if (shown < SHOWN_MOST) {
			json_object_array_add(list, one_json(f));
			shown++;
		}
	}
	member_number(o, "now", engine->now());
	member_number(o, "n", (int64_t)core->n_feedback);
	member_number(o, "acted", n[0]);
	member_number(o, "escalated", n[1]);
	member_number(o, "ignored", n[2]);
	json_object_object_add(o, "feedback", list);
	return o;
}

static void
put_command(const struct core *core, const struct feedback *f, struct json_object *o)
{
	const struct session *s = f->session[0] ? core_session(core, f->session) : NULL;
	const struct plan_run *p = s ? core_plan(core, s->plan_id) : NULL;

	if (f->intent[0] && (f->group[0] || strcmp(f->intent, "implement") == 0 ||
				strcmp(f->intent, "dispatch") == 0))
		member_textf(o, "command",
		    "divisi dispatch %s, then: divisi approve %s", p ? p->path : "PLAN",
		    f->id);
	else if (strcmp(f->intent, "close") == 0 && s)
		member_textf(o, "command", "divisi merge %s, then: divisi approve %s",
		    s->label, f->id);
	else if (f->intent[0])
		member_textf(o, "command",
		    "see to it, then: divisi approve %s   or: divisi decline %s", f->id,
		    f->id);
	else if (strcmp(f->to, "new-issue") == 0 || strcmp(f->to, "v0") == 0)
		member_textf(o, "command",
		    "divisi issue new TITLE%s%s, then: divisi approve %s",
		    f->label[0] ? " --label " : "", f->label, f->id);
	else if (s)
		member_textf(o, "command",
		    "divisi approve %s sends it to %s   or: divisi decline %s", f->id,
		    s->label, f->id);
	else
		member_textf(o, "command",
		    "divisi feedback send %s SESSION   or: divisi decline %s", f->id,
		    f->id);
}

void
feedback_add_items(const struct core *core, struct json_object *items)
{
	size_t n = 0;

	for (size_t i = 0; i < core->n_feedback && n < INBOX_MOST; i++) {
		const struct feedback *f = &core->feedback[i];
		const struct session *s = f->session[0] ? core_session(core, f->session)
							: NULL;
		struct json_object *o;

		if (strcmp(f->state, "escalated") != 0)
			continue;
		o = json_object_new_object();
		member_text(o, "id", f->id);
		member_text(o, "kind", "feedback");
		member_text(o, "session", f->session);
		member_text(o, "name", s ? s->label : f->source);
		member_text(o, "phase", s ? s->phase : "");
		member_textf(o, "focus", "%s%s%s, %s", f->row,
		    f->author[0] ? " by " : "", f->author, f->kind);
		member_text(o, "plan", s ? s->plan_id : "");
		member_text(o, "asked_by", f->source);
		member_text(o, "text", f->why);
		member_textf(
		    o, "detail", "%s%s%s", f->url, f->url[0] ? "\n" : "", f->text);
		member_number(o, "since", f->at);
		member_number(o, "until", 0);
		put_command(core, f, o);
		json_object_array_add(items, o);
		n++;
	}
}
