#include "core/internal.h"
#include "core/review.h"
#include "policy/closure.h"
#include "policy/delivery.h"

#include <stdio.h>
#include <string.h>

/*
 * How a session ends (SPEC 2.5): the checklist from facts, the report with its four headings,
 * the closing comment; and its checkpoints, of which the same is kept before the end.
 */

#define NOTHING_RUN \
	"no verify command is configured" /* as the job that builds it says */

/* ---- what is written to the tracker ---------------------------------------------------------- */

static void
put_evidence(FILE *f, const struct session *s)
{
	if (s->n_commits > 0)
		fprintf(f,
		    "Evidence: %lld commit(s), %lld file(s), head %.12s on `%s`.\n",
		    (long long)s->n_commits, (long long)s->n_files, s->head, s->branch);
	else
		fputs("Evidence: the report above; nothing was changed.\n", f);
}

/*
 * What the claim that S is done lacks as evidence, said as a need: a person
 * sees it, nothing waits for it.  NULL when it lacks nothing.  Whether anything was run is
 * asked when it landed and not before: that is where verification runs.
 */
static char *
evidence_need(const struct session *s)
{
	/* Findings in a schema have their evidence each, and may be likely. */
	const char *belief = s->output_path[0] ? NULL : closure_belief(s->summary);

	if (belief)
		return xasprintf(
		    "the report says \"%s\", which is belief and no evidence (R-190). "
		    "Needed: run it, and say here what it printed.",
		    belief);
	if (s->landed[0] && (!s->evidence[0] || strcmp(s->evidence, NOTHING_RUN) == 0))
		return xstrdup(
		    "nothing was run on what landed (R-189). Needed, unless only "
		    "documentation changed: run it, and say here what it "
		    "printed.");
	if (s->n_commits == 0 && !s->output_path[0] && !s->summary[0])
		return xstrdup(
		    "its agent reported nothing (R-189). Needed: say here what "
		    "came of it.");
	return NULL;
}

/*
 * who delivers a text only is judged by it.  What it says is above, so that a
 * person sees why it should be done again; nothing waits for that.
 */
static void
put_delivery(FILE *f, const struct session *s)
{
	struct delivery d;

	if (!s->is_analysis || s->n_commits > 0 || s->output_path[0])
		return;
	delivery_judge(s->summary, &d);
	fprintf(f, "Delivery gate: %s (%d words, %d of %d lines tell of errors)\n",
	    d.is_result ? "passed" : "failed", d.n_words, d.n_wrong, d.n_lines);
	if (!d.is_result)
		fprintf(
		    f, "%s: dispatch it again, if this is not the answer.\n", d.why);
}

static void
put_next(FILE *f, const struct session *s)
{
	AUTO_FREE char *need = evidence_need(s);

	if (s->n_commits == 0)
		fputs("None: the deliverable is above.\n", f);
	else
		fprintf(f,
		    "Review, then merge (position %lld), verified on the target.\n",
		    (long long)s->merge_position);
	if (need)
		fprintf(f, "Evidence check: %s\n", need);
	put_delivery(f, s);
	if (s->stray[0])
		fprintf(f, "Look at what was written beyond the declared paths:\n%s\n",
		    s->stray);
}

/* four headings, and a header that names the tool and its model. */
static char *
exit_report(const struct session *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, "**Session exit of %s: %s%s%s%s**\n", s->issue, s->agent_shown,
	    s->model[0] ? " (" : "", s->model, s->model[0] ? ")" : "");
	fprintf(
	    f, "\n### What was done\n\n%s\n", s->summary[0] ? s->summary : s->focus);
	put_evidence(f, s);
	fprintf(f, "\n### Decisions\n\n%s\n",
	    s->decisions[0] ? s->decisions : "None beside those in the commits.");
	fprintf(f, "\n### Blockers\n\n%s\n", s->blockers[0] ? s->blockers : "None");
	fputs("\n### Next steps\n\n", f);
	put_next(f, s);
	fclose(f);
	return text;
}

static void
owe_exit_report(struct session *s, struct acts *acts)
{
	AUTO_FREE char *text = exit_report(s);

	owe_comment(acts, s, "exit", ++s->n_keys, text);
}

/* Its first sentences, as far as COUNT and a line of a comment go. */
static size_t
sentences(const char *text, int count)
{
	size_t n = 0;

	while (n < 400 && text[n]) {
		n++;
		if (strchr(".!?", text[n - 1]) &&
		    (text[n] == ' ' || text[n] == '\n' || text[n] == '\0') &&
		    --count == 0)
			break;
	}
	return n;
}

/* evidence, its check and a sentence or two; of research the deliverable, where it is, findings. */
void
owe_closing(struct session *s, struct acts *acts)
{
	const char *summary = s->summary[0] ? s->summary : s->focus;
	AUTO_FREE char *text = NULL, *need = evidence_need(s);
	const char *check = need ? need : "met.";

	if (s->landed[0])
		text = xasprintf(
		    "Merged as %.12s: %lld file(s), branch `%s`%s%s. Tests: %s\n"
		    "%s: %.*s\nEvidence check: %s",
		    s->landed, (long long)s->n_files, s->branch,
		    s->pull_url[0] ? ", " : "", s->pull_url,
		    s->evidence[0] ? s->evidence : "no verify command is configured",
		    s->is_analysis ? "Findings" : "Summary",
		    (int)sentences(summary, s->is_analysis ? 3 : 2), summary, check);
	else
		text = xasprintf(
		    "Deliverable: %s. Location: the exit report of this issue.\n"
		    "Findings: %.*s\nEvidence check: %s",
		    s->focus, (int)sentences(summary, 3), summary, check);
	owe_comment(acts, s, "closing", ++s->n_keys, text);
}

/* R-42 (4): a person hears on the master issue what may meet when it merges. */
static void
flag_overlaps(struct core *core, struct session *s, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	char *text = NULL;
	size_t n = 0, found = 0;
	FILE *f;
	struct fields *act;

	if (!p || p->master[0] == '\0' || s->n_commits == 0)
		return;
	f = open_memstream(&text, &n);
	fprintf(f, "Anticipated merge conflicts of %s (%s):\n", s->phase, s->issue);
	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];
		AUTO_FREE char *words = NULL;

		if (strcmp(c->state, "open") != 0 ||
		    (strcmp(c->a, s->id) != 0 && strcmp(c->b, s->id) != 0))
			continue;
		words = conflict_words(core, c);
		fprintf(f, "- %s\n", words);
		found++;
	}
	fputs("A person resolves what does not merge.\n", f);
	fclose(f);
	if (found > 0) {
		act = acts_add(acts, "issue-comment", "tracker",
		    "issue-comment/%s/anticipated/%d", s->id, ++s->n_keys);
		fields_set(act, "session", s->id);
		fields_set(act, "issue", p->master);
		fields_set(act, "on", "master");
		fields_set(act, "kind", "conflict");
		fields_set(act, "text", text);
	}
	free(text);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* Which phase of the method its state file shows, and whether that wins over the agent's. */
static const char *
phase_word(const struct session *s, const char *why, bool *forces)
{
	*forces = true;
	if (strcmp(why, "exit") == 0)
		return s->state == SESSION_DONE ? "closure" : "verification";
	*forces = false;
	return "execution";
}

void
owe_checkpoint(struct session *s, const char *why, unsigned steps, struct acts *acts)
{
	bool forces;
	const char *word = phase_word(s, why, &forces);
	struct fields *f;

	if (s->path[0] == '\0')
		return;
	/* A number of its own: the keys of what is said keep theirs across versions. */
	f = acts_add(
	    acts, "checkpoint", s->id, "checkpoint/%s/%d", s->id, ++s->checkpoint_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "why", why);
	fields_set(f, "phase_word", word);
	fields_set_number(f, "forces", forces);
	/* what its agent made waits for the review of it. */
	fields_set_number(
	    f, "gate", strcmp(why, "exit") == 0 && s->n_commits > 0 ? 3 : 0);
	if (s->loop.tasks > 0) {
		fields_set_number(f, "loop_tasks", s->loop.tasks);
		fields_set_number(f, "loop_done", s->loop.done);
		fields_set_number(f, "loop_tries", s->loop.tries);
		fields_set_number(f, "loop_turns", s->loop.turns);
		fields_set_number(f, "loop_replans", s->loop.replans);
		fields_set_number(f, "loop_max_tries", s->loop.max_tries);
		fields_set_number(f, "loop_max_turns", s->loop.max_turns);
	}
	fields_set_number(f, "gates_passed", s->state == SESSION_DONE ? 3 : 2);
	fields_set_number(f, "snapshot", (steps & CHECKPOINT_SNAPSHOT) != 0);
	fields_set_number(f, "comment", (steps & CHECKPOINT_COMMENT) != 0);
}

/* The one comment "Checkpoint Status" (R-52 step 3), written over each time. */
static void
owe_status_comment(struct session *s, const char *why, struct acts *acts)
{
	AUTO_FREE char *text = xasprintf(
	    "**Checkpoint Status** (%s)\n\n- State: %s\n- Branch: `%s`\n- Context: %d%%\n"
	    "- Cost: $%lld.%02lld\n\n%s",
	    why, session_state_name(s->state), s->branch,
	    s->context_pct > 0 ? s->context_pct : 0,
	    (long long)((s->cost + s->cost_before) / 100),
	    (long long)((s->cost + s->cost_before) % 100), s->go_on_text);

	/* Of what is kept, not of what is owed: a job that a crash repeats says so twice. */
	owe_comment(acts, s, "checkpoint", (int)s->n_checkpoints, text);
}

int
step_checkpoint_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (s->path[0] == '\0' || s->is_tree_gone || s->n_runs == 0 ||
	    s->state == SESSION_DONE || s->state == SESSION_ABANDONED) {
		err_set(err, ERR_CONFLICT, "%s is %s%s: there is nothing to keep",
		    s->id, session_state_name(s->state),
		    s->path[0] ? "" : " and has no worktree");
		return err_fix(err, "divisi why %s", s->label);
	}
	owe_checkpoint(s, "asked", CHECKPOINT_SNAPSHOT | CHECKPOINT_COMMENT, acts);
	return 0;
}

/* "ok" for a step that was done, "-" for one that was not wanted, or why not. */
static const char *
step_word(const struct happening *h, const char *trouble, bool wanted)
{
	const char *why = fields_text(&h->fields, trouble);

	return !wanted ? "-" : why[0] ? why : "ok";
}

int
step_checkpointed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const struct fields *f = &h->fields;
	bool snapshots = fields_number(f, "snapshot", 0) != 0,
	     comments = fields_number(f, "comment", 0) != 0;

	if (!s)
		return -1;
	if (fields_text(f, "progress")[0]) {
		core_set(&s->progress, fields_text(f, "progress"));
		core_set(&s->state_text, fields_text(f, "state_text"));
	}
	core_set(&s->go_on_text, fields_text(f, "text"));
	if (fields_text(f, "pin")[0])
		core_set(&s->pin, fields_text(f, "pin"));
	free(s->checkpoint);
	s->checkpoint = xasprintf("files %s\nsnapshot %s\ncomment %s\nprompt ok",
	    step_word(h, "files_trouble", true),
	    step_word(h, "snapshot_trouble", snapshots),
	    !comments         ? "-"
	    : s->sub_issue[0] ? "ok"
			      : "its sub-issue is not filed yet");
	s->n_checkpoints++;
	s->checkpoint_at = h->at;
	if (comments && s->sub_issue[0])
		owe_status_comment(s, fields_text(f, "why"), acts);
	return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The exit checklist from facts (R-42, B-8): what is missing, or NULL. */
static const char *
exit_missing(const struct session *s, const struct happening *h)
{
	if (fields_text(&h->fields, "missing")[0])
		return fields_text(&h->fields, "missing");
	if (s->n_commits == 0 && !s->is_analysis)
		return "nothing was committed on its branch (the diff is empty)";
	return NULL;
}

/*
 * A session that only looks hands over its output in a schema: one that does not fit is asked
 * for once more, then refused (SPEC 2.14).  True when it is not there yet, or never will be.
 */
static bool
output_lacks(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const char *wrong = fields_text(&h->fields, "output_wrong");
	AUTO_FREE char *text = NULL;

	core_set(&s->output_path, fields_text(&h->fields, "output_path"));
	core_set(&s->output_sha, fields_text(&h->fields, "output_sha"));
	s->n_output = fields_number(&h->fields, "output_items", 0);
	if (s->output[0] == '\0' || wrong[0] == '\0')
		return false;
	free(s->reason);
	if (s->n_repairs > 0) {
		s->reason = xasprintf(
		    "its %s are refused, twice they did not fit: %s", s->output, wrong);
		owe_stop(s, acts);
		session_fail(core, s, s->reason, h->at, acts);
		return true;
	}
	s->n_repairs++;
	s->reason = xasprintf(
	    "its %s do not fit, and it is told so: %s", s->output, wrong);
	text = xasprintf(
	    "Your %s do not fit what was asked for:\n%s\nWrite them again, "
	    "whole, to the file that DIVISI_OUTPUT names (or as the json block "
	    "at the end of your last words), and report the end again.",
	    s->output, wrong);
	if (s->run_open)
		session_say(s, text, acts);
	else
		owe_launch(s, s->agent_session, text, h->at, acts);
	return true;
}

static void
delivered(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	char why[160];

	session_close_asks(s, false);
	owe_tell(s, "eof", acts);
	owe_exit_report(s, acts);
	if (s->n_commits == 0) {
		if (s->output_path[0]) {
			free(s->evidence);
			s->evidence = xasprintf("%lld %s in %s", (long long)s->n_output,
			    s->output, s->output_path);
		} else {
			core_set(&s->evidence,
			    s->summary[0] ? s->summary : "the agent's report");
		}
		(void)core_move(s, ON_EVIDENCED, h->at, acts);
		owe_closing(s, acts);
		owe_issue_move(acts, s, "Done", s->n_keys);
		owe_project_update(core, s, "Done", h->at, acts);
	} else {
		(void)core_move(s, ON_DELIVERED, h->at, acts);
		owe_issue_move(acts, s, "In Review", s->n_keys);
		owe_project_update(core, s, "In Review", h->at, acts);
		pull_owe_open(core, s, acts);
		if (p && strcmp(p->merge, "auto") == 0 &&
		    session_gate3(core, s, false, why, sizeof(why))) {
			s->was_reviewed = true;
			(void)core_move(s, ON_REVIEWED, h->at, acts);
		}
	}
	owe_write_back(core, s->plan_id, acts);
	flag_overlaps(core, s, acts);
	owe_checkpoint(s, "exit", 0, acts);
}

int
step_inspected(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const struct fields *f = &h->fields;
	const char *missing;
	struct ask *a;

	if (!s)
		return -1;
	/* Fetched after its end: that is pinned, and no part of what it delivered. */
	if (s->state == SESSION_DONE && session_is_away(s))
		return 0;
	core_set(&s->head, fields_text(f, "head"));
	core_set(&s->pin, fields_text(f, "pin"));
	core_set(&s->stray, fields_text(f, "stray"));
	/* an agent elsewhere names its branch as it likes. */
	if (session_is_away(s) && fields_text(f, "branch")[0])
		core_set(&s->branch, fields_text(f, "branch"));
	core_set(&s->decisions, fields_text(f, "decisions"));
	core_set(&s->blockers, fields_text(f, "blockers"));
	s->n_commits = fields_number(f, "commits", 0);
	s->n_files = fields_number(f, "files", 0);
	if (claim_inspected(core, s, h, acts))
		return 0;
	if (s->state != SESSION_EXITING || strcmp(fields_text(f, "why"), "exit") != 0)
		return 0;
	if (loop_inspected(core, s, h, acts))
		return 0;
	missing = exit_missing(s, h);
	if (!missing && output_lacks(core, s, h, acts))
		return 0;
	if (!missing) {
		core_set(&s->reason, "");
		delivered(core, s, h, acts);
		return 0;
	}
	core_set(&s->reason, missing);
	if (fields_number(f, "dirty", 0) > 0 && !s->is_analysis &&
	    fields_number(f, "ours", 0) && !s->rest_is_done) {
		s->rest_is_done = true; /* once: what is left then, a person sees */
		owe_commit_rest(s, acts);
		return 0;
	}
	if (fields_number(f, "dirty", 0) > 0 && !s->is_analysis) {
		/* J-36: the mechanical part is ours, after a person said so. */
		a = core_open_ask(s, "", "exit", "exit", missing, h->at);
		if (a)
			core_set(&a->detail, fields_text(f, "dirty_list"));
		return 0;
	}
	if (s->run_open)
		return 0;
	session_fail(core, s, s->reason, h->at, acts);
	return 0;
}
