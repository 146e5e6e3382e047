#include "engine/internal.h"

#include "adapters.h"
#include "engine/usage.h"
#include "policy/loop.h"

#include <string.h>

/* What agents write becomes happenings, a burst of lines at a time. */

#define TEXT_BYTES   400 /* of what an agent says that the journal keeps per burst */
#define DETAIL_BYTES (64 * 1024)
#define INPUT_BYTES  ((size_t)64 << 20)

/* What a person is asked, in full; or said to be cut before it is read, not behind it. */
static char *
detail_of(const char *detail)
{
	AUTO_FREE char *start = text_cut(detail ? detail : "", DETAIL_BYTES);
	size_t n = strlen(start);

	if (!detail || strlen(detail) == n)
		return TAKE_PTR(start);
	return xasprintf("(CUT: only the first %zu of %zu bytes are shown)\n%s", n,
	    strlen(detail), start);
}

/* What one burst of lines amounts to, told as one happening. */
struct burst {
	struct follower *f;
	const struct agent *agent;
	struct fields activity;
	bool has_activity;
	uint64_t line_start, line_end;
	/* The last happening of the line, told once the next is there or the line is over. */
	struct fields held;
	enum hap held_hap;
	bool has_held;
	struct usage usage;
	bool is_old;    /* what it tells may be what was told before */
	bool is_broken; /* the journal takes nothing: read all of it again later */
};

static void
tell(struct burst *b, enum hap hap, const struct fields *f)
{
	if (!b->is_broken)
		b->is_broken = engine_note(b->f->engine, hap, f) < 0;
}

/*
 * Tells the happening that is held back.  Only the last one of a line says that the line
 * is read: whatever a crash leaves untold is found in the line again.
 */
static void
tell_held(struct burst *b, uint64_t offset)
{
	if (!b->has_held)
		return;
	fields_set_number(&b->held, "offset", (int64_t)offset);
	tell(b, b->held_hap, &b->held);
	fields_clear(&b->held);
	b->has_held = false;
}

/* Holds back HAP with F, which is used up. */
static void
hold(struct burst *b, enum hap hap, struct fields *f)
{
	tell_held(b, b->line_start);
	b->held = *f;
	b->held_hap = hap;
	b->has_held = true;
	*f = (struct fields){ 0 };
}

static void
tell_activity(struct burst *b, uint64_t offset)
{
	if (!b->has_activity)
		return;
	fields_set(&b->activity, "session", b->f->session);
	fields_set(&b->activity, "run", b->f->run);
	fields_set_number(&b->activity, "offset", (int64_t)offset);
	usage_tell(&b->usage, &b->activity);
	tell(b, HAP_AGENT_ACTIVITY, &b->activity);
	fields_clear(&b->activity);
	b->has_activity = false;
}

/* What is said in parts is shown as far as it goes; usage may come between two parts. */
static void
add_part(struct burst *b, const struct agent_event *e)
{
	struct said *said = &b->f->said;
	struct fields f = { 0 };

	if (e->kind == AGENT_USAGE)
		return;
	if (e->kind != AGENT_SAY || !e->is_part) {
		said_end(said);
		return;
	}
	if (said_add(said, e->text ? e->text : "", b->line_start) &&
	    b->agent->has_own_confirm) {
		fields_set(&f, "session", b->f->session);
		fields_set(&f, "run", b->f->run);
		fields_set(&f, "text", said->text);
		tell_held(b, b->line_start);
		hold(b, HAP_AGENT_CONFIRMED, &f);
	}
}

/* What TEXT says of a loop's task on lines of its own, beside what F has of it. */
static void
add_signals(struct fields *f, const char *text)
{
	int64_t left = 0;
	unsigned signals = loop_signals(text ? text : "", &left);

	if (signals)
		fields_set_number(
		    f, "signals", (int64_t)signals | fields_number(f, "signals", 0));
	if (left > 0)
		fields_set_number(f, "left", left);
}

static void
add_activity(struct burst *b, const struct agent_event *e)
{
	b->has_activity = true;
	add_part(b, e);
	if (e->kind == AGENT_SAY && !e->is_part)
		add_signals(&b->activity, e->text);
	if (e->kind == AGENT_SAY && e->is_part) {
		AUTO_FREE char *text = text_cut(b->f->said.text, TEXT_BYTES);

		fields_set(&b->activity, "text", text);
	} else if (e->text && e->text[0] && e->kind != AGENT_USAGE) {
		AUTO_FREE char *text = text_cut(e->text, TEXT_BYTES);

		fields_set(&b->activity, "text", text);
	}
	if (e->kind == AGENT_PROGRESS && e->total > 0)
		fields_setf(&b->activity, "text", "%ld/%ld %.300s", e->done, e->total,
		    e->text ? e->text : "");
	usage_add(&b->usage, core_session(b->f->engine->core, b->f->session), e);
	if (e->kind == AGENT_TOOL)
		tool_calls_add(&b->f->tools, e);
	if (e->kind == AGENT_PROGRESS && e->total > 0)
		fields_set_number(&b->activity, "tasks_done", e->done);
}

/*
 * The end of a tool's call is told when it failed, and when one that had failed worked; the
 * rest is chatter.
 */
static void
on_tool_end(struct burst *b, const struct agent_event *e)
{
	const struct session *s = core_session(b->f->engine->core, b->f->session);
	struct fields f = { 0 };

	usage_add(&b->usage, s, e);
	said_end(&b->f->said);
	tell_held(b, b->line_start);
	if (!tool_calls_tell(&b->f->tools, e, &f) ||
	    (e->kind == AGENT_TOOL_WORKED &&
		!session_has_trouble(s, fields_text(&f, "tool")))) {
		fields_clear(&f);
		add_activity(b, e);
		return;
	}
	tell_activity(b, b->line_start);
	fields_set(&f, "session", b->f->session);
	fields_set(&f, "run", b->f->run);
	fields_set_number(&f, "resumable", b->agent->can_resume);
	hold(b, HAP_AGENT_TOOL, &f);
}

/*
 * Does ID lie?  It would be resumed later: an agent that names the conversation of another
 * session would be given that one.
 */
static bool
is_other_session(const struct burst *b, const char *id)
{
	const struct session *s = core_session(b->f->engine->core, b->f->session);
	char uuid[RUN_UUID_SIZE];

	if (!b->agent->keeps_id || !s || !id || id[0] == '\0')
		return false;
	run_uuid(b->f->engine, b->f->run, uuid);
	return strcmp(id, s->run_resume[0] && !s->run_forks ? s->run_resume : uuid) !=
	       0;
}

/* What stands in the place of an acceptance under an id that is not the session's. */
static void
hold_liar(struct burst *b, const char *id)
{
	struct fields f = { 0 };

	tell_held(b, b->line_start);
	tell_activity(b, b->line_start);
	fields_set(&f, "session", b->f->session);
	fields_set(&f, "run", b->f->run);
	fields_setf(&f, "text",
	    "the agent works in conversation %.60s, which is not the one it was started "
	    "with",
	    id);
	hold(b, HAP_AGENT_FAILED, &f);
}

/* Is E about another conversation, such as a sub-agent's, or is its id a lie? */
static bool
is_of_another(const struct burst *b, const struct agent_event *e)
{
	const struct session *s = core_session(b->f->engine->core, b->f->session);

	return e->session_id && s && s->agent_session[0] &&
	       strcmp(e->session_id, s->agent_session) != 0;
}

/* Was the agent not told anything yet in this run, which takes up a conversation again? */
static bool
is_repeating(
    const struct follower *f, const struct agent *agent, const struct session *s)
{
	AUTO_FREE char *path = NULL, *text = NULL;

	if (!agent->turn_word || s->run_resume[0] == '\0' || s->confirmed)
		return false;
	path = path_join(f->dir, "in.ndjson");
	text = file_read(path, INPUT_BYTES, NULL, NULL);
	return text && !strstr(text, agent->turn_word);
}

/* Is E of the conversation before this run?  Its steps, its failures and its questions are not. */
static bool
is_old(const struct burst *b, const struct agent_event *e)
{
	return b->is_old && (e->kind == AGENT_CONFIRMED || e->kind == AGENT_SAY ||
				e->kind == AGENT_PROGRESS || e->kind == AGENT_TOOL ||
				e->kind == AGENT_TOOL_FAILED ||
				e->kind == AGENT_TOOL_WORKED || e->kind == AGENT_USAGE);
}

static void
on_agent_event(const struct agent_event *e, void *arg)
{
	struct burst *b = arg;
	struct fields f = { 0 };
	AUTO_FREE char *detail = NULL, *text = NULL;
	int hap = event_meaning(e->kind);

	/* Of another only what it asks counts: nobody else answers. */
	if (is_of_another(b, e) || is_old(b, e)) {
		b->has_activity = true;
		return;
	}

	if (hap < 0) {
		add_activity(b, e);
		return;
	}
	if (hap == HAP_AGENT_TOOL) {
		on_tool_end(b, e);
		return;
	}
	usage_add(&b->usage, core_session(b->f->engine->core, b->f->session), e);
	if (e->kind == AGENT_ACCEPTED && is_other_session(b, e->id)) {
		hold_liar(b, e->id);
		return;
	}
	tell_held(b, b->line_start);
	tell_activity(b, b->line_start);
	detail = detail_of(e->detail);
	/* One who ends a turn without words of its own has said them before. */
	if (e->kind == AGENT_DONE && (!e->text || e->text[0] == '\0'))
		text = xstrdup(b->f->said.text);
	else
		text = text_cut(e->text ? e->text : "", DETAIL_BYTES);
	said_end(&b->f->said);
	fields_set(&f, "session", b->f->session);
	fields_set(&f, "run", b->f->run);
	fields_set(&f, "text", text);
	if (e->kind == AGENT_DONE)
		add_signals(&f, text);
	if (e->kind == AGENT_ACCEPTED)
		fields_set(&f, "agent_session", e->id);
	if (e->kind == AGENT_ACCEPTED && b->agent->hears_late)
		fields_set_number(&f, "late", 1);
	if (e->kind == AGENT_ASK || e->kind == AGENT_ASK_GONE)
		fields_set(&f, "ask", e->id);
	if (e->kind == AGENT_ASK) {
		fields_set(&f, "kind", agent_ask_name(e->ask));
		fields_set(&f, "detail", detail);
		fields_set(&f, "raw", e->raw);
		usage_request(&f, e, DETAIL_BYTES);
	}
	if (e->cost_cents >= 0)
		fields_set_number(&f, "cost", e->cost_cents);
	if (e->kind == AGENT_STEP) {
		fields_set(&f, "step", e->id);
		fields_set(&f, "raw", e->raw);
	}
	if (e->kind == AGENT_DONE && b->agent->stops_at_no)
		fields_set_number(&f, "stops", 1);
	if (e->kind == AGENT_DONE && b->agent->plans_by_turn)
		fields_set_number(&f, "plans", 1);
	if (e->kind == AGENT_TURN)
		fields_set(&f, "turn", e->id);
	usage_limit(&f, e, b->agent->can_resume);
	/* An agent without words of its own for it has confirmed by being up. */
	if (e->kind == AGENT_ACCEPTED && !b->agent->has_own_confirm) {
		struct fields confirmed = { 0 };

		fields_copy(&confirmed, &f);
		hold(b, (enum hap)hap, &f);
		hold(b, HAP_AGENT_CONFIRMED, &confirmed);
	} else {
		hold(b, (enum hap)hap, &f);
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)follower_look(arg);
}

void
follower_look_later(struct follower *f)
{
	const struct session *s = core_session(f->engine->core, f->session);
	AUTO_FREE char *out = path_join(f->dir, "out.ndjson");
	struct timeval pause = { .tv_usec = JOURNAL_PAUSE_MS * 1000L };

	follow_close(f->follow);
	f->follow = follow_open(out, s ? (uint64_t)s->offset : 0);
	if (!f->again)
		f->again = event_new(f->engine->base, -1, 0, on_again, f);
	event_add(f->again, &pause);
}

/* Reads what is new; with IS_ENDED also a last line without its newline.  -1: again later. */
int
follower_read(struct follower *f, bool is_ended)
{
	const struct session *s = core_session(f->engine->core, f->session);
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	struct burst b = { .f = f,
		.agent = agent,
		.usage = { .cost = -1, .in = -1, .out = -1, .context_pct = -1 } };
	struct follow_line line;
	struct err err = ERR_INIT;
	int rc = 0;

	if (!agent)
		return 0;
	f->is_grouped = f->engine->is_grouping;
	b.line_end = (uint64_t)s->offset;
	b.is_old = is_repeating(f, agent, s);
	while (
	    !b.is_broken && (rc = follow_next(f->follow, is_ended, &line, &err)) > 0) {
		b.line_start = b.line_end;
		b.line_end = line.next_offset;
		if (line.is_cut) {
			fields_setf(&b.activity, "text", "a line of %llu bytes was cut",
			    (unsigned long long)line.n_bytes);
			b.has_activity = true;
			continue;
		}
		agent->parse(line.p, line.n, on_agent_event, &b);
		tell_held(&b, b.line_end);
	}
	if (rc < 0)
		log_warn("%s: %s", f->run, err.text);
	/* Until it confirmed, a message is read again from its beginning after a restart. */
	tell_activity(&b, f->said.n > 0 && agent->has_own_confirm && !s->confirmed
			      ? f->said.from
			      : b.line_end);
	fields_clear(&b.activity);
	usage_clear(&b.usage);
	if (!b.is_broken)
		return 0;
	follower_look_later(f);
	return -1;
}
