#include "engine/panels.h"

#include "base/crash.h"
#include "engine/asked.h"
#include "engine/internal.h"
#include "engine/members.h"
#include "engine/output.h"
#include "engine/reports.h"
#include "engine/seats.h"
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

/* ---- what they look at ------------------------------------------------------------------- */

/* what a reviewer is given of the change of S, beside its task. */
static void
describe_change(struct panel *panel, const struct session *s, bool is_in,
    const char *depth, struct seats_kept *kept)
{
	panel->about[0] = seats_keep(kept,
	    xasprintf("What is reviewed is the change of %s (%s), which was to do: %s",
		s->issue, s->phase, s->issue_title));
	if (is_in)
		panel->about[1] = seats_keep(kept,
		    xasprintf(
			"It is under way and waits at a checkpoint: look at %s with git "
			"status, git diff %.12s and the files themselves.",
			s->path, s->base));
	else
		panel->about[1] = seats_keep(kept,
		    xasprintf(
			"git diff %.12s %.12s shows it, git show %.12s:PATH a file as it "
			"would be.",
			s->base, s->head, s->head));
	panel->about[2] = seats_keep(kept,
	    xasprintf(
		"Its task, its criteria and the paths it may change stand in issue "
		"%s: divisi issue show %s. What its agent claims is to be proved: "
		"%.200s",
		s->sub_issue, s->sub_issue, s->summary[0] ? s->summary : "nothing"));
	panel->about[3] = seats_keep(kept,
	    xasprintf(
		"This is a %s review: %.160s. It was worked on in mode %s on branch "
		"%.80s: %lld commit(s), %lld file(s), checked with: %.120s",
		depth_name(depth_of(depth)), depth_why(depth), s->mode, s->branch,
		(long long)s->n_commits, (long long)s->n_files,
		s->verify[0] ? s->verify : "nothing that its plan names"));
}

static void
describe(struct panel *panel, const struct subject *about, const struct fields *in,
    struct seats_kept *kept)
{
	const struct session *s = about->session;
	const char *depth = fields_text(in, "depth");

	panel->is_change = s != NULL;
	if (s) {
		panel->title = s->focus;
		describe_change(
		    panel, s, strcmp(about->timing, "in") == 0, depth, kept);
		return;
	}
	panel->title = fields_text(in, "title");
	panel->about[0] = seats_keep(kept,
	    xasprintf("A master plan is reviewed before anything of it is launched: %s",
		about->path));
	panel->about[1] = "Your checkout is the repository that the plan is for, at "
			  "the commit its sessions would start from.";
	panel->about[2] = seats_keep(
	    kept, xasprintf("Its hash without statuses is %.64s.",
		      fields_text(in, "plan_hash")));
	panel->about[3] = seats_keep(
	    kept, xasprintf("This is a %s review: %.160s", depth_name(depth_of(depth)),
		      depth_why(depth)));
}

static int
write_plan(
    const struct engine *engine, const char *path, const char *text, struct err *err)
{
	AUTO_FREE char *dir = xasprintf("%s/reviews", engine->home);

	/* What the journal is about to name is there without power, too. */
	if (file_mkdirs(dir, 0700, err) < 0 || file_sync_parent(dir, err) < 0)
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
	fields_set(f, "depth", fields_text(in, "depth"));
}

/*
 * How deep it goes: of a session as its table says, of a plan as who asks has read it, and in
 * journals from before either by the points.  The caller frees it.
 */
static char *
depth_text(const struct subject *about, const struct fields *in)
{
	const struct session *s = about->session;
	const char *said = s ? s->depth : fields_text(in, "depth");

	if (said[0])
		return text_cut(said, 200);
	if (s ? s->points >= 8 : !fields_number(in, "simple", 0))
		return xstrdup("full: it is not small");
	return xstrdup("single: it is small");
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
	struct seats_kept kept = { 0 };
	struct fields f = { 0 };
	int rc = seats_choose(engine, o, in, &panel, &kept, err);

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
	seats_clear(&kept);
	return rc;
}

/*
 * Asked for without a word of who looks: those whom somebody asked for before and nobody has
 * shown a table of, as when whoever asked died.
 */
static bool
is_asked_for(
    const struct engine *engine, const struct fields *in, const struct subject *about)
{
	const struct session *s = about->session;
	const struct review *r = core_review_of(
	    engine->core, about->path, s ? s->id : "", about->timing);
	const struct plan_run *p = r && r->run[0]
				       ? core_plan_by_path(engine->core, r->run)
				       : NULL;

	if (!r || r->asked_on[0] || r->round > 0 ||
	    review_panel(engine->core, r) != PANEL_ASKED ||
	    fields_text(in, "option")[0] || fields_text(in, "agent")[0] ||
	    fields_text(in, "persona")[0])
		return false;
	for (size_t i = 0; p && i < engine->core->n_batches; i++) {
		if (strcmp(engine->core->batch[i].plan_id, p->id) == 0)
			return false; /* it was declined */
	}
	return strcmp(r->run_hash, fields_text(in, "plan_hash")) == 0 &&
	       strcmp(r->run_head, s ? s->head : "") == 0 && file_exists(r->run);
}

int
panel_start(struct engine *engine, const struct fields *in, const struct subject *about,
    const struct caller *caller, struct err *err)
{
	const char *asked = fields_text(in, "option");
	const struct review_option *o;
	AUTO_FREE char *depth = NULL;
	struct fields more = { 0 };
	char letter = asked[0];
	int rc;

	if (review_check_option(asked, about->timing, err) < 0)
		return -1;
	if (is_asked_for(engine, in, about))
		return 0;
	depth = depth_text(about, in);
	/* A checkpoint has one reader, however deep. */
	if (!letter && strcmp(about->timing, "in") == 0)
		letter = 'D';
	else if (!letter)
		letter = depth_option(depth_of(depth));
	o = review_option(letter);
	if (o->n_reviewers == 0)
		return asked_start(engine, o, in, about, caller, err);
	fields_copy(&more, in);
	fields_set(&more, "depth", depth);
	rc = start_panel(engine, o, &more, about, caller, err);
	fields_clear(&more);
	return rc;
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
	member_text(o, "depth", r->depth[0] ? depth_name(depth_of(r->depth)) : "");
	member_text(o, "depth_why", depth_why(r->depth));
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
