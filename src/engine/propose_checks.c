#include "engine/propose.h"

#include "base/mem.h"
#include "plan/glob.h"
#include "policy/timings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * What the preflight found (J-3), one line each, for the person who is about to approve:
 * nothing here refuses.
 */
enum {
	MANY_FILES = 5,
	MANY_ISSUES = 10
}; /* R-6, K-32: more of these and it is asked */

static void PRINTF(3, 4)
    found(struct proposal *p, const char *what, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	char key[32];
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	snprintf(key, sizeof(key), "check%zu.what", p->n_checks);
	fields_set(p->out, key, what);
	snprintf(key, sizeof(key), "check%zu.found", p->n_checks++);
	fields_set(p->out, key, text);
}

static void
check_checkout(struct proposal *p)
{
	const struct repo *repo = &p->repo;

	if (repo->head_branch && strcmp(repo->head_branch, repo->main_branch) == 0)
		found(p, "main branch", "%s, which the main checkout is on, at %.10s",
		    repo->main_branch, fields_text(p->out, "base"));
	else
		found(p, "main branch", "%s at %.10s; the main checkout is on %s",
		    repo->main_branch, fields_text(p->out, "base"),
		    repo->head_branch ? repo->head_branch : "no branch");
}

static void
check_attachment(struct proposal *p)
{
	const char *master = p->plan->master.id;
	const char *attached = fields_text(p->in, "attached");

	if (!master || master[0] == '\0')
		found(
		    p, "attachment", "the plan names no master issue to attach it to");
	else if (strcmp(attached, p->plan->sha256) == 0)
		found(
		    p, "attachment", "the plan is attached to %s as it is now", master);
	else
		found(p, "attachment", "the plan %s to %s when this batch is filed",
		    attached[0] ? "has changed and is attached anew" : "is attached",
		    master);
}

/* what commits anywhere name the issues of this batch. */
static void
check_prior_work(struct proposal *p)
{
	char *none = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&none, &n);

	for (size_t i = 0; i < p->batch->n; i++) {
		const struct dispatch_row *row = dispatch_row_of(
		    p->rows, p->batch->phase[i]);
		struct git_log prior = { 0 };
		struct err err = ERR_INIT;

		if (repo_prior_work(&p->repo, row->issue, &prior, &err) < 0)
			found(p, "prior work", "%s: %s", row->issue, err.text);
		else if (prior.n > 0)
			found(p, "prior work", "%s: %zu commit%s, newest %.10s %s",
			    row->issue, prior.n, prior.n == 1 ? "" : "s",
			    prior.item[0].oid, prior.item[0].subject);
		else
			fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", row->issue);
		git_log_clear(&prior);
	}
	fclose(out);
	if (n > 0)
		found(p, "prior work", "none on %s", none);
	free(none);
}

static void
check_slots(struct proposal *p)
{
	int64_t cap = fields_number(
	    p->out, p->batch->is_research ? "research_cap" : "cap", 0);

	found(p, "slots", "%lld live, at most %lld at once, %zu in this batch",
	    (long long)fields_number(p->in, "live", 0), (long long)cap, p->batch->n);
}

/* Each agent of the batch once, with what put_agent() learned of it. */
static void
check_agents(struct proposal *p)
{
	for (size_t i = 0; i < p->batch->n; i++) {
		const char *name = fields_text_at(p->out, i, "agent");
		const char *version = fields_text_at(p->out, i, "version");
		int64_t login = fields_number_at(p->out, i, "login", -1);
		bool is_told = false;

		for (size_t k = 0; k < i; k++)
			is_told |= strcmp(fields_text_at(p->out, k, "agent"), name) ==
				   0;
		if (is_told)
			continue;
		if (fields_number_at(p->out, i, "external", 0))
			found(p, "agent", "%s picks its issues up by itself", name);
		else
			found(p, "agent", "%s %s%s%s%s", name, version,
			    version[0] ? ", " : "",
			    fields_text_at(p->out, i, "program"),
			    login > 0 ? ", logged in"
			    : strcmp(fields_text_at(p->out, i, "adapter"), "command") ==
				    0
				? ""
				: ", whether it is logged in is not known");
	}
}

/* How many tracked files PATTERN names; a name that is not there yet counts as one. */
static size_t
n_files_of(const struct proposal *p, const char *pattern)
{
	struct err err = ERR_INIT;
	struct glob *glob = glob_new(
	    pattern, p->repo.ignore_case ? GLOB_FOLD_CASE : 0, &err);
	size_t n = 0;

	for (size_t i = 0; glob && i < p->around.tree.files.n && n <= MANY_FILES; i++)
		n += glob_match(glob, p->around.tree.files.item[i]);
	glob_free(glob);
	return n ? n : 1;
}

static size_t
n_files(const struct proposal *p, const struct phase *phase)
{
	static const enum touch changes[] = { TOUCH_WRITES, TOUCH_CREATES,
		TOUCH_DELETES, TOUCH_RENAMES, TOUCH_APPENDS };
	size_t n = 0;

	for (size_t t = 0; t < N_ELEMS(changes); t++) {
		const struct touch_list *list = &phase->touch[changes[t]];

		for (size_t i = 0; i < list->n && n <= MANY_FILES; i++)
			n += n_files_of(p, list->item[i].text);
	}
	return n;
}

/* a large plan asks for its approach to be confirmed, which approving the table does. */
static void
check_approach(struct proposal *p)
{
	size_t files = 0, issues = 0;

	for (size_t i = 0; i < p->plan->n_phases; i++) {
		issues += p->plan->phase[i].n_issues;
		if (files <= MANY_FILES)
			files += n_files(p, &p->plan->phase[i]);
	}
	if (files <= MANY_FILES && issues <= MANY_ISSUES)
		return;
	fields_set_number(p->out, "confirms_approach", 1);
	found(p, "approach",
	    "the plan changes %s%zu files for %zu issues; approving the table confirms "
	    "this approach too [R-6]",
	    files > MANY_FILES ? "more than " : "",
	    files > MANY_FILES ? (size_t)MANY_FILES : files, issues);
}

int
propose_reviews(struct proposal *p, struct err *err)
{
	const char *gate = config_str(&p->config, "divisi.review.gate", "ask");
	const char *start = config_str(&p->config, "divisi.review.start", "offer");
	const char *mention = config_str(&p->config, "divisi.findings.mention", "");
	struct review_need need;

	mention += mention[0] == '@';
	/* One mention, and nothing beside it. */
	if (strlen(mention) > 60 ||
	    mention[strspn(mention,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_.")]) {
		err_set(err, ERR_INPUT, "divisi.findings.mention is '%.60s'", mention);
		return err_fix(err, "it is the name of one account, such as factory");
	}
	if (strcmp(start, "offer") != 0 && strcmp(start, "off") != 0) {
		err_set(err, ERR_INPUT, "divisi.review.start is '%.40s'", start);
		return err_fix(err, "it is one of: offer off");
	}
	if (strcmp(gate, "ask") != 0 && strcmp(gate, "auto") != 0) {
		err_set(err, ERR_INPUT, "divisi.review.gate is '%.40s'", gate);
		return err_fix(err, "it is one of: ask auto");
	}
	if (review_need_of(p->plan, &need, err) < 0)
		return -1;
	fields_set(p->out, "review",
	    need.is_required  ? gate[1] == 'u' ? "auto" : "required"
	    : need.is_advised ? "advised"
			      : "");
	fields_set(p->out, "review_why", need.why);
	fields_set(p->out, "mention", mention);
	return 0;
}

/* S-42, A-62, A-63: what Gate 2 says, or in one line why a review is a good idea. */
static void
check_gates(struct proposal *p)
{
	const char *need = fields_text(p->out, "review");
	const char *why = fields_text(p->out, "review_why");
	const char *merge = fields_text(p->out, "merge");
	const char *gate = fields_text(p->in, "gate2");

	if (strcmp(need, "required") == 0)
		found(p, "gates", "Gate 2 is required (%s) and %s; merge: %s", why,
		    gate[0] ? gate : "not passed", merge);
	else if (strcmp(need, "auto") == 0)
		found(p, "gates",
		    "[~] Gate 2 is required (%s), and divisi.review.gate = auto passes it; merge: %s",
		    why, merge);
	else if (strcmp(need, "advised") == 0 && strcmp(gate, "passed") != 0)
		found(p, "gates",
		    "a review before the dispatch is advised (%s): divisi review; merge: %s",
		    why, merge);
	else
		found(p, "gates", "no review is asked for; merge: %s", merge);
}

/* S-43, S-44: what of the sessions is reviewed, and when; the plan as a whole is above. */
static void
check_timings(struct proposal *p)
{
	struct timing_need need[TIMING_N];
	struct err none = ERR_INIT;
	size_t n = 0;

	if (timings_of(p->plan, need, &n, &none) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (need[i].timing == TIMING_PRE || need[i].phases[0] == '\0')
			continue;
		found(p, "review", "%s-session review (option %s) of %s, %s",
		    timing_name(need[i].timing), need[i].option, need[i].phases,
		    need[i].why);
	}
}

struct research_factor
propose_factor(const struct proposal *p)
{
	return (struct research_factor){
		.low_pct = (int)fields_number(p->in, "research_low_pct", 0),
		.high_pct = (int)fields_number(p->in, "research_high_pct", 0),
		.n = (size_t)fields_number(p->in, "research_n", 0),
	};
}

/* S-35, A-84: a track costs more than its points say, and by whose word how much. */
static void
check_research(struct proposal *p)
{
	const struct research_factor *f = &p->env.research;

	if (!p->batch->is_research)
		return;
	if (f->n == 0)
		found(p, "research",
		    "a track is estimated at 2x to 4x of a session that implements");
	else
		found(p, "research",
		    "a track is estimated at %d.%02dx to %d.%02dx of a session that "
		    "implements, as %zu tracks here were",
		    f->low_pct / 100, f->low_pct % 100, f->high_pct / 100,
		    f->high_pct % 100, f->n);
}

void
propose_checks(struct proposal *p)
{
	const char *setup = fields_text(p->out, "setup");

	check_checkout(p);
	check_attachment(p);
	check_prior_work(p);
	check_slots(p);
	check_agents(p);
	check_gates(p);
	check_timings(p);
	check_research(p);
	if (setup[0])
		found(p, "setup", "each worktree runs: %s", setup);
	check_approach(p);
}
