#include "engine/panels.h"

#include "base/crash.h"
#include "engine/asked.h"
#include "engine/internal.h"
#include "engine/members.h"
#include "engine/output.h"
#include "engine/reports.h"
#include "policy/debate.h"
#include "policy/panel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * `divisi review` with sessions of our own (options D to G).  The plan of the reviewers and the
 * findings of a first round stand in the home, below reviews/: both are derived from what the
 * journal knows, so that either is written again after a crash.
 */
#define PERSONA_DIR ".divisi/personas"

const char *
panels_review_of(const struct engine *engine, const char *path)
{
	for (size_t i = 0; i < engine->core->n_reviews; i++) {
		const struct review *r = &engine->core->review[i];

		if (r->run[0] && strcmp(r->run, path) == 0)
			return r->id;
	}
	return "";
}

/* ---- who looks --------------------------------------------------------------------------- */

/* Texts that a panel only borrows. */
struct kept {
	char *item[4 * PANEL_MAX_SEATS];
	size_t n;
};

static const char *
keep(struct kept *kept, char *owned)
{
	if (kept->n < N_ELEMS(kept->item))
		kept->item[kept->n++] = owned;
	return owned;
}

static void
kept_clear(struct kept *kept)
{
	for (size_t i = 0; i < kept->n; i++)
		free(kept->item[i]);
}

/* The team's own file of persona NAME, or the one that divisi brings along. */
static char *
persona_text(const struct engine *engine, const char *name, struct err *err)
{
	AUTO_FREE char *path = xasprintf("%s/" PERSONA_DIR "/%s.md", engine->top, name);
	const struct embedded *shipped = persona_shipped(name);
	AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd < 0 && shipped)
		return xstrdup(shipped->data);
	if (fd < 0) {
		err_set(err, ERR_NOT_FOUND, "no persona is called %s", name);
		err_fix(err,
		    "divisi review --list shows them; one of your own is " PERSONA_DIR
		    "/%s.md",
		    name);
		return NULL;
	}
	text = xcalloc(1, PERSONA_MAX_BYTES + 1);
	n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
		? read(fd, text, PERSONA_MAX_BYTES)
		: -1;
	if (n > 0 && text_utf8_bad(text, (size_t)n) < 0 && strlen(text) == (size_t)n)
		return text;
	free(text);
	err_set(
	    err, ERR_INPUT, "%s is no text of 1 to %d bytes", path, PERSONA_MAX_BYTES);
	return NULL;
}

static int
add_seat(const struct engine *engine, struct panel *panel, struct kept *kept,
    const struct seat *like, struct err *err)
{
	struct seat *seat = &panel->seat[panel->n_seats];
	char *text;

	if (!persona_is_name(like->persona)) {
		err_set(
		    err, ERR_USAGE, "'%.40s' is no name of a persona", like->persona);
		return err_fix(err, "small letters, digits and hyphens, %d at most",
		    PERSONA_MAX_NAME);
	}
	for (size_t i = 0; i < panel->n_seats; i++) {
		if (strcmp(panel->seat[i].persona, like->persona) == 0 &&
		    strcmp(panel->seat[i].tier, like->tier) == 0)
			return err_set(
			    err, ERR_USAGE, "persona %s is named twice", like->persona);
	}
	if (panel->n_seats == PANEL_MAX_SEATS)
		return err_set(
		    err, ERR_USAGE, "%d reviewers are the most", PANEL_MAX_SEATS);
	text = persona_text(engine, like->persona, err);
	if (!text)
		return -1;
	*seat = *like;
	seat->text = keep(kept, text);
	panel->n_seats++;
	return 0;
}

/* The words of LIST, "a,b", into WORD of MAX; how many there are. */
static size_t
words_of(const char *list, struct kept *kept, const char **word, size_t max)
{
	struct span rest = span_of(list), one;
	size_t n = 0;

	while (span_next(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.n > 0 && n < max)
			word[n++] = keep(kept, xstrndup(one.p, one.n));
	}
	return n;
}

static bool
is_agent_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return name[0] && strlen(name) < 60 && name[strspn(name, letters)] == '\0';
}

/* Option G looks twice, with a strong and a fast model: two agents, so two settings of args. */
static int
read_agents(
    const struct review_option *o, const char *const *agent, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_agent_name(agent[i]))
			return err_set(
			    err, ERR_USAGE, "no agent is called '%.40s'", agent[i]);
	}
	if (o->scale == SCALE_EIGHT && n != 2) {
		err_set(err, ERR_USAGE,
		    "option %c looks with two tiers of models, a strong and a fast one",
		    o->letter);
		return err_fix(err,
		    "--agent STRONG,FAST: agents of your own, divisi.agent.NAME.adapter and "
		    "divisi.agent.NAME.args=--model=...");
	}
	if (o->scale != SCALE_EIGHT && n > 1)
		return err_set(err, ERR_USAGE, "option %c has one agent", o->letter);
	return 0;
}

static int
choose_seats(const struct engine *engine, const struct review_option *o,
    const struct fields *in, struct panel *panel, struct kept *kept, struct err *err)
{
	const char *persona[PANEL_MAX_SEATS], *agent[2];
	size_t n_agents = words_of(fields_text(in, "agent"), kept, agent, 2);
	size_t n = words_of(fields_text(in, "persona"), kept, persona, PANEL_MAX_SEATS);
	size_t n_tiers = o->scale == SCALE_EIGHT ? 2 : 1;

	if (read_agents(o, agent, n_agents, err) < 0)
		return -1;
	if (n == 0 && !o->has_personas)
		persona[n++] = PERSONA_GENERIC;
	else if (n == 0)
		n = personas_for(fields_text(in, "text"),
		    fields_number(in, "complex", 0) && n_tiers == 1, persona);
	/* eight reviews, of four personas in two tiers. */
	if (n_tiers == 2 && n == 3)
		persona[n++] = PERSONA_GENERIC;
	if (o->has_personas && n < 3) {
		err_set(err, ERR_USAGE, "a panel has three reviewers at least (R-171)");
		return err_fix(err, "name three, or use --option D");
	}
	for (size_t tier = 0; tier < n_tiers; tier++) {
		for (size_t i = 0; i < n; i++) {
			const struct seat seat = { .persona = persona[i],
				.tier = n_tiers == 1 ? ""
					: tier == 0  ? "strong"
						     : "fast",
				.agent = n_agents ? agent[tier] : "" };

			if (add_seat(engine, panel, kept, &seat, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- what they look at ------------------------------------------------------------------- */

static void
describe(struct panel *panel, const struct subject *about, const struct fields *in,
    struct kept *kept)
{
	const struct session *s = about->session;

	panel->is_change = s != NULL;
	if (!s) {
		panel->title = fields_text(in, "title");
		panel->about[0] = keep(kept,
		    xasprintf(
			"A master plan is reviewed before anything of it is launched: %s",
			about->path));
		panel->about[1] =
		    "Your checkout is the repository that the plan is for, at "
		    "the commit its sessions would start from.";
		panel->about[2] = keep(
		    kept, xasprintf("Its hash without statuses is %.64s.",
			      fields_text(in, "plan_hash")));
		return;
	}
	panel->title = s->focus;
	panel->about[0] = keep(kept,
	    xasprintf("What is reviewed is the change of %s (%s), which was to do: %s",
		s->issue, s->phase, s->issue_title));
	if (strcmp(about->timing, "in") == 0)
		panel->about[1] = keep(kept,
		    xasprintf(
			"It is under way and waits at a checkpoint: look at %s with git "
			"status, git diff %.12s and the files themselves.",
			s->path, s->base));
	else
		panel->about[1] = keep(kept,
		    xasprintf(
			"git diff %.12s %.12s shows it, git show %.12s:PATH a file as it "
			"would be.",
			s->base, s->head, s->head));
	panel->about[2] = keep(
	    kept, xasprintf("Its task stands in issue %s: divisi issue show %s.",
		      s->sub_issue, s->sub_issue));
}

static int
write_plan(
    const struct engine *engine, const char *path, const char *text, struct err *err)
{
	AUTO_FREE char *dir = xasprintf("%s/reviews", engine->home);

	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	return file_write_atomic(path, text, strlen(text), 0600, err);
}

static void
put_started(const struct subject *about, const struct panel *panel, const char *run,
    const struct fields *in, struct fields *f)
{
	const char *name[PANEL_MAX_SEATS];
	AUTO_FREE char *names = NULL;
	char option[2] = { panel->option, '\0' };

	for (size_t i = 0; i < panel->n_seats; i++)
		name[i] = panel->seat[i].persona;
	names = text_join(name, panel->n_seats, ", ");
	fields_set(f, "path", about->path);
	fields_set(f, "session", about->session ? about->session->id : "");
	fields_set(f, "timing", about->timing);
	fields_set(f, "option", option);
	fields_set(f, "plan_hash", fields_text(in, "plan_hash"));
	fields_set(f, "head", about->session ? about->session->head : "");
	fields_set(f, "run", run);
	fields_set(f, "reviewers", names);
	fields_set_number(f, "rounds", panel->n_rounds);
}

/* By: one reader in a session, a panel before a dispatch or of a risky change. */
static const char *
default_option(const struct subject *about, const struct fields *in)
{
	if (strcmp(about->timing, "in") == 0)
		return "D";
	if (about->session)
		return about->session->points >= 8 ? "E" : "D";
	return fields_number(in, "simple", 0) ? "D" : "E";
}

/* Reviewers that were offered, and not approved, make way for those that are asked for. */
static int
take_back(struct engine *engine, const struct review *r, const struct caller *caller,
    struct err *err)
{
	const struct plan_run *p = r->run[0] ? core_plan_by_path(engine->core, r->run)
					     : NULL;
	struct fields f = { 0 };
	int rc = 0;

	if (p && strcmp(p->state, "active") == 0) {
		fields_set(&f, "plan", p->id);
		rc = engine_happen(engine, HAP_PLAN_ABORTED, caller->actor, &f, err);
	}
	fields_clear(&f);
	return rc;
}

static int
start_panel(struct engine *engine, const struct review_option *o,
    const struct fields *in, const struct subject *about, const struct caller *caller,
    struct err *err)
{
	const struct review *r = core_review_of(engine->core, about->path,
	    about->session ? about->session->id : "", about->timing);
	AUTO_FREE char *id = r ? xstrdup(r->id)
			       : xasprintf("v%zu", engine->core->n_reviews + 1);
	int run = r ? r->n_runs + 1 : 1;
	AUTO_FREE char *path = xasprintf("%s/reviews/%s.%d.md", engine->home, id, run);
	AUTO_FREE char *first = xasprintf(
	    "%s/reviews/%s.%d-first.json", engine->home, id, run);
	AUTO_FREE char *text = NULL;
	char date[32];
	struct panel panel = { .review = id,
		.run = run,
		.option = o->letter,
		.option_name = o->name,
		.date = date,
		.n_rounds = o->n_rounds,
		.first = first };
	struct kept kept = { 0 };
	struct fields f = { 0 };
	int rc = choose_seats(engine, o, in, &panel, &kept, err);

	text_time(engine->now(), date, sizeof(date));
	date[10] = '\0';
	describe(&panel, about, in, &kept);
	put_started(about, &panel, path, in, &f);
	if (rc == 0 && offer_is_open(engine->core, r))
		rc = take_back(engine, r, caller, err);
	if (rc == 0 && r && review_panel(engine->core, r) > PANEL_ASKED) {
		err_set(err, ERR_CONFLICT, "review %s is under way", r->id);
		rc = err_fix(err, "divisi review %s follows it",
		    about->session ? about->session->label : about->path);
	}
	if (rc == 0) {
		text = panel_plan(&panel);
		rc = DURABLE("review.plan", write_plan(engine, path, text, err));
	}
	if (rc == 0)
		rc = engine_happen(engine, HAP_REVIEW_STARTED, caller->actor, &f, err);
	fields_clear(&f);
	kept_clear(&kept);
	return rc;
}

int
panel_start(struct engine *engine, const struct fields *in, const struct subject *about,
    const struct caller *caller, struct err *err)
{
	const char *letter = fields_text(in, "option");
	const struct review_option *o;

	if (review_check_option(letter, about->timing, err) < 0)
		return -1;
	if (!letter[0])
		letter = default_option(about, in);
	o = review_option(letter[0]);
	if (o->n_reviewers == 0)
		return asked_start(engine, o, in, about, caller, err);
	return start_panel(engine, o, in, about, caller, err);
}

/* ---- what they found --------------------------------------------------------------------- */

static char *
read_output(const struct session *s, size_t *n)
{
	AUTO_FD int fd = s->output_path[0]
			     ? open(s->output_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
			     : -1;
	char *text;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = xcalloc(1, OUTPUT_MAX_BYTES * 2 + 1);
	got = read(fd, text, OUTPUT_MAX_BYTES * 2);
	if (got > 0) {
		*n = (size_t)got;
		return text;
	}
	free(text);
	return NULL;
}

/* What the reviewers of B say, into REPORTS; who does not, and why, to MISSING. */
static void
gather(const struct engine *engine, const struct batch_run *b, struct reports *reports,
    FILE *missing)
{
	for (size_t i = 0; b && i < b->n; i++) {
		const struct session *s = &engine->core->session[b->session[i]];
		AUTO_FREE char *name = panel_reviewer(s->phase);
		AUTO_FREE char *text = NULL;
		struct err err = ERR_INIT;
		size_t n = 0;

		if (s->state == SESSION_DONE)
			text = read_output(s, &n);
		if (text && reports_read(reports, text, n, name, &err) == 0)
			continue;
		fprintf(missing, "%s%s: %.200s", ftell(missing) > 0 ? "; " : "", name,
		    text           ? err.text
		    : s->reason[0] ? s->reason
				   : session_state_name(s->state));
	}
}

static int
tell_failed(struct engine *engine, const struct review *r, const char *text)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "review", r->id);
	fields_set(&f, "run", r->run);
	fields_set_number(&f, "round", r->round + 1);
	fields_set(&f, "text", text);
	rc = engine_note(engine, HAP_REVIEW_FAILED, &f);
	fields_clear(&f);
	return rc;
}

/* What the second round reads.  It is there before that round can be dispatched. */
static int
write_first(const struct engine *engine, const struct review *r, struct err *err)
{
	AUTO_FREE char *path = xasprintf(
	    "%s/reviews/%s.%d-first.json", engine->home, r->id, r->n_runs);
	AUTO_JSON struct json_object *all = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const char *text;

	for (size_t i = 0; i < r->rows.n; i++) {
		const struct finding *w = &r->rows.item[i];
		struct json_object *o = json_object_new_object();

		member_text(o, "id", w->id);
		member_text(o, "severity", severity_name(w->claimed));
		member_text(o, "text", w->text);
		member_text(o, "where", w->where);
		member_text(o, "fix", w->advice);
		member_text(o, "reviewers", w->reviewers);
		json_object_array_add(list, o);
	}
	json_object_object_add(all, "findings", list);
	text = json_object_to_json_string_ext(
	    all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	return DURABLE("review.first", write_plan(engine, path, text, err));
}

static int
record_round(struct engine *engine, const struct review *r,
    const struct reports *reports, const char *missing, struct err *err)
{
	const struct session *s = r->session[0] ? core_session(engine->core, r->session)
						: NULL;
	const struct review_made made = { .path = r->plan_path,
		.session = s,
		.timing = r->timing,
		.option = r->run_option,
		.plan_hash = r->run_hash,
		.head = r->run_head,
		.run = r->run,
		.missing = missing,
		.round = r->round + 1 };

	return reviews_record(engine, &made, reports, "server", err);
}

/* The journal could not take it: later.  Anything else is said of the review, once. */
static int
settle(struct engine *engine, const struct review *r, int rc, const struct err *err)
{
	if (rc == 0 || err->kind == ERR_CONFLICT)
		return 0;
	return err->kind == ERR_SYSTEM ? -1 : tell_failed(engine, r, err->text);
}

void
panel_collect(struct task *task)
{
	struct engine *engine = task->engine;
	const struct review *r = core_review(
	    engine->core, fields_text(&task->fields, "review"));
	int round = (int)fields_number(&task->fields, "round", 1);
	struct reports reports = { 0 };
	AUTO_FREE char *missing = NULL;
	struct err err = ERR_INIT;
	size_t n = 0;
	FILE *f;
	int rc = 0;

	f = open_memstream(&missing, &n);
	if (r && r->round < round &&
	    strcmp(r->run, fields_text(&task->fields, "run")) == 0) {
		gather(engine, review_round(engine->core, r, round), &reports, f);
		fflush(f);
		if (reports.n_reviewers == 0)
			rc = tell_failed(engine, r, missing);
		else
			rc = settle(engine, r,
			    record_round(engine, r, &reports, missing, &err), &err);
	}
	fclose(f);
	reports_clear(&reports);
	if (rc == 0 && r && r->n_rounds > 1 && r->round == 1 && round == 1)
		rc = write_first(engine, r, &err);
	if (rc < 0)
		task_postpone(task);
	else
		task_end(task, "done", "{}", 0);
}

/* ---- what is shown ------------------------------------------------------------------------ */

static const char *
panel_word(enum panel_state state)
{
	switch (state) {
	case PANEL_NONE: return "";
	case PANEL_ASKED: return "asked";
	case PANEL_WAITING: return "waiting";
	case PANEL_AT_WORK: return "at-work";
	case PANEL_OVER: return "collecting";
	}
	return "";
}

void
panel_view(const struct engine *engine, const struct review *r, struct json_object *o)
{
	const struct core *core = engine->core;
	struct json_object *list = json_object_new_array();
	int64_t cents = 0;

	member_text(o, "panel", panel_word(review_panel(core, r)));
	member_text(o, "run", r->run);
	member_bool(o, "offered", offer_is_open(core, r));
	member_text(o, "asked_on", r->asked_on);
	member_number(o, "asked_at", r->asked_on[0] ? r->asked_at : 0);
	if (r->asked_on[0])
		member_text(o, "asked_option", r->run_option);
	member_number(o, "rounds", r->n_rounds);
	member_number(o, "round", r->round);
	member_text(o, "missing", r->missing);
	member_text(o, "trouble", r->trouble);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct plan_run *p = core_plan(core, s->plan_id);
		struct json_object *one;

		if (!p || strcmp(p->reviews, r->id) != 0)
			continue;
		one = json_object_new_object();
		member_text(one, "session", s->id);
		member_text(one, "phase", s->phase);
		member_text(one, "agent", s->agent);
		member_text(one, "state", session_state_name(s->state));
		member_number(one, "findings", s->n_output);
		member_number(one, "cost_cents", s->cost);
		json_object_array_add(list, one);
		cents += s->cost;
	}
	json_object_object_add(o, "panel_sessions", list);
	member_number(o, "cost_cents", cents);
}

const char *
panel_tier(const char *reviewers)
{
	bool strong = strstr(reviewers, ".strong") != NULL;
	bool fast = strstr(reviewers, ".fast") != NULL;

	return strong && fast ? "convergent"
	       : strong       ? "strong-only"
	       : fast         ? "fast-only"
			      : "";
}
