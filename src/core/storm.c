#include "core/account.h"
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/*
 * J-47, the retry storm: an agent whose tool fails with the same error again and again, or
 * which tries one thing over and over, is stopped at that point, and a person is asked with
 * the failures in front of them.  Each call that failed is counted by its own words until it
 * works, until the next task is done, or until a person says something; what fails a single
 * time in between does not hide it.  The counters are state like any other.
 */

#define STORM_ASK "storm" /* id and kind of the question */

static void
trouble_clear(struct trouble *t)
{
	free(t->tool);
	free(t->error);
	free(t->error_sha);
	free(t->call);
	*t = (struct trouble){ 0 };
}

/* Takes the one at I out; those behind it close up. */
static void
drop(struct session *s, size_t i)
{
	trouble_clear(&s->trouble[i]);
	memmove(&s->trouble[i], &s->trouble[i + 1],
	    (--s->n_troubles - i) * sizeof(s->trouble[0]));
}

void
storm_forget(struct session *s)
{
	while (s->n_troubles > 0)
		drop(s, s->n_troubles - 1);
	s->is_released = false;
}

void
storm_dump(const struct session *s, FILE *f)
{
	fprintf(f, " released %d tasks %lld", s->is_released, (long long)s->tasks_done);
	for (size_t i = 0; i < s->n_troubles; i++) {
		const struct trouble *t = &s->trouble[i];

		fprintf(f, "|%s|%s|%s|%s %d %d", t->tool, t->error, t->error_sha,
		    t->call, t->n_same, t->n);
	}
	fputc('\n', f);
}

/* Where TOOL's counters are; n_troubles when there are none. */
static size_t
trouble_at(const struct session *s, const char *tool)
{
	size_t i = 0;

	while (i < s->n_troubles && strcmp(s->trouble[i].tool, tool) != 0)
		i++;
	return i;
}

/* stopped, and nobody has said yet how it goes on. */
static bool
is_open(const struct session *s)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		if (storm_is_ask(&s->ask[i]) && s->ask[i].decision[0] == '\0')
			return true;
	}
	return false;
}

bool
session_has_trouble(const struct session *s, const char *tool)
{
	return s && trouble_at(s, tool) < s->n_troubles;
}

/* The counters of TOOL; those of what failed the longest ago make room. */
static struct trouble *
trouble_make(struct session *s, const char *tool)
{
	size_t i = trouble_at(s, tool);
	struct trouble *t;

	if (i < s->n_troubles)
		return &s->trouble[i];
	if (s->n_troubles == TROUBLES_MAX)
		drop(s, 0);
	t = &s->trouble[s->n_troubles++];
	t->tool = xstrdup(tool);
	t->error = xstrdup("");
	t->error_sha = xstrdup("");
	t->call = xstrdup("");
	return t;
}

/* What failed, each with how often and how at last: what the person reads. */
static char *
failure_log(const struct session *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = s->n_troubles; i-- > 0;) {
		const struct trouble *t = &s->trouble[i];

		fprintf(f,
		    "%s\n    failed %d time(s), the last %d with the same error:\n    "
		    "%s\n",
		    t->tool, t->n, t->n_same,
		    t->error[0] ? t->error : "no reason given");
	}
	fclose(f);
	return text;
}

static void
stop(struct core *core, struct session *s, const struct trouble *t, bool is_same,
    int64_t now, struct acts *acts)
{
	AUTO_FREE char *log = failure_log(s);
	AUTO_FREE char *why = xasprintf("%.200s failed %d times%s: %.200s", t->tool,
	    is_same ? t->n_same : t->n,
	    is_same ? " with the same error (divisi.same-error-limit)"
		    : " without once working (divisi.tries-limit)",
	    t->error);
	AUTO_FREE char *comment = NULL;
	bool was_held = session_is_held(s);
	struct ask *a;
	struct fields *f;

	if (!core_move(s, ON_PARK, now, acts))
		return;
	s->is_held = false;
	core_set(&s->reason, why);
	session_close_asks(s, false);
	if (was_held)
		owe_tell(s, "continue", acts); /* a suspended process does not end */
	f = acts_add(acts, "interrupt", s->id, "interrupt/%s/%d", s->run, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	owe_stop(s, acts);
	/* R-162, J-47: what was to be quick may be looked at before it goes on. */
	if (strcmp(s->mode, "quick") == 0) {
		char *more = xasprintf(
		    "%sIt was to be quick: approve it with --mode pair, and it shows a plan "
		    "before it writes anything more.\n",
		    log);

		free(log);
		log = more;
	}
	a = core_open_ask(s, "", STORM_ASK, STORM_ASK, why, now);
	if (a)
		core_set(&a->detail, log);
	owe_inspect(s, "parked", acts);
	comment = xasprintf("Stopped: %s\n\n%s", why, log);
	owe_comment(acts, s, "parked", ++s->n_keys, comment);
	owe_write_back(core, s->plan_id, acts);
}

static bool
is_read_again(const struct session *s, const struct happening *h, const char *tool)
{
	size_t i = trouble_at(s, tool);
	const char *call = fields_text(&h->fields, "call");
	int64_t offset = fields_number(&h->fields, "offset", -1);

	return (offset >= 0 && offset < s->offset) ||
	       (i < s->n_troubles && call[0] && strcmp(s->trouble[i].call, call) == 0);
}

int
step_agent_tool(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	const struct plan_run *p = s ? core_plan(core, s->plan_id) : NULL;
	const struct fields *f = &h->fields;
	const char *tool = fields_text(f, "tool"), *sha = fields_text(f, "error_sha");
	struct trouble *t;
	bool is_again;

	if (!s)
		return -1;
	is_again = is_read_again(s, h, tool);
	session_heard(s, h, acts);
	if (fields_number(f, "worked", 0)) {
		/* What its dying agent still did does not close it again. */
		if (session_has_trouble(s, tool) && !is_open(s))
			drop(s, trouble_at(s, tool));
		return 0;
	}
	free(s->last_text);
	s->last_text = xasprintf("failed: %s: %s", tool, fields_text(f, "text"));
	if (is_again || !session_is_live(s->state) || s->state == SESSION_CLAIMED ||
	    s->state == SESSION_EXITING)
		return 0;
	s->can_resume = fields_number(f, "resumable", 0) != 0;
	t = trouble_make(s, tool);
	t->n++;
	t->n_same = strcmp(t->error_sha, sha) == 0 ? t->n_same + 1 : 1;
	core_set(&t->error, fields_text(f, "text"));
	core_set(&t->error_sha, sha);
	core_set(&t->call, fields_text(f, "call"));
	if (p && p->same_error_limit > 0 && t->n_same >= p->same_error_limit)
		stop(core, s, t, true, h->at, acts);
	else if (p && p->tries_limit > 0 && t->n >= p->tries_limit)
		stop(core, s, t, false, h->at, acts);
	return 0;
}

void
storm_look(struct session *s, const struct happening *h)
{
	int64_t done = happening_claim(h, "tasks_done", -1);

	if (done >= 0 && done != s->tasks_done)
		storm_forget(s); /* on to the next task */
	if (done >= 0)
		s->tasks_done = done;
}

bool
storm_is_ask(const struct ask *a)
{
	return a->run[0] == '\0' && strcmp(a->kind, STORM_ASK) == 0;
}

int
storm_check_answer(const struct ask *a, const struct happening *h, struct err *err)
{
	const char *mode = fields_text(&h->fields, "mode");

	if (mode[0] == '\0')
		return 0;
	if (!storm_is_ask(a))
		return err_set(err, ERR_USAGE,
		    "a mode goes with a session that was stopped, which a%d is not",
		    a->number);
	if (strcmp(mode, "pair") != 0)
		return err_set(err, ERR_USAGE,
		    "it may go on in its mode or in pair, not in '%.20s'", mode);
	return 0;
}

void
storm_answered(struct session *s, const struct ask *a, const struct happening *h)
{
	if (strcmp(a->decision, "allow") != 0) {
		free(s->reason);
		s->reason = xasprintf("%s; %s left it so", a->text, a->by);
		return;
	}
	s->is_released = true;
	/* A person may want to see how it goes about it before it does (J-47, S-36). */
	if (strcmp(fields_text(&h->fields, "mode"), "pair") == 0) {
		core_set(&s->mode, "pair");
		core_set(&s->launch, "plan");
		s->plan_approved = false;
	}
}

char *
storm_note(const struct session *s)
{
	AUTO_FREE char *log = NULL;
	const struct ask *a = NULL;

	for (size_t i = 0; i < s->n_asks; i++)
		a = storm_is_ask(&s->ask[i]) ? &s->ask[i] : a;
	if (!a || s->n_troubles == 0)
		return xstrdup("go on with your task where you left it");
	log = failure_log(s);
	return xasprintf(
	    "you were stopped because this failed again and again:\n%s"
	    "Do not try the same once more. Find out why it fails first, and "
	    "say what you will do differently.%s%s",
	    log, a->answer[0] ? " A person says: " : "", a->answer);
}

bool
storm_resumes(const struct core *core, const struct session *s, int64_t now)
{
	const struct happening none = { .at = now };
	struct err why = ERR_INIT;

	return s->is_released && s->state == SESSION_PARKED && !s->run_open &&
	       !s->is_tree_gone && !session_paused_until(core, s) &&
	       human_check_launch(core, s, &none, "resume", &why) == 0;
}
