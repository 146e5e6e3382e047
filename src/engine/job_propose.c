#include "engine/job.h"

#include "adapters.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/propose.h"
#include "git/config.h"
#include "git/repo.h"
#include "git/worktree.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/cost.h"
#include "policy/dispatch.h"
#include "policy/names.h"
#include "policy/prompt.h"
#include "policy/refusal.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

/*
 * From a plan file to the dispatch table of its next batch (J-3): everything is checked
 * and rendered here, nothing is changed.  The answer is what the approval binds to.
 */
struct proposal {
	const struct fields *in;
	struct fields *out;
	struct repo repo;
	struct config config;
	struct git_list tracked, branches;
	struct plan *plan;
	struct lint_list lints;
	struct verdicts *verdicts;
	struct batches *batches;
	struct dispatch_rows *rows;
	struct dispatch_env env;
	struct assertion *assertion;
	bool *is_done;
	const struct batch *batch;
	FILE *canon; /* the canonical JSON the approval hash is made of */
	char *canon_text;
	size_t n_canon, n_sessions, n_notes;
};

static void
set_at(struct proposal *p, size_t i, const char *name, const char *text)
{
	char key[64];

	snprintf(key, sizeof(key), "s%zu.%s", i, name);
	fields_set(p->out, key, text);
}

static void
set_number_at(struct proposal *p, size_t i, const char *name, int64_t number)
{
	char key[64];

	snprintf(key, sizeof(key), "s%zu.%s", i, name);
	fields_set_number(p->out, key, number);
}

/* Something the person should know before approving; never a refusal. */
static void PRINTF(2, 3) note(struct proposal *p, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	char key[32];
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	snprintf(key, sizeof(key), "note%zu", p->n_notes++);
	fields_set(p->out, key, text);
}

/* Appends NAME and TEXT to the canonical JSON. */
static void
canon(struct proposal *p, const char *name, const char *text)
{
	fprintf(p->canon, "\"%s\":\"", name);
	for (const unsigned char *c = (const unsigned char *)(text ? text : ""); *c;
	     c++) {
		if (*c < 0x20 || *c == '"' || *c == '\\')
			fprintf(p->canon, "\\u%04x", *c);
		else
			fputc(*c, p->canon);
	}
	fputs("\",", p->canon);
}

static bool
in_words(const char *list, const char *word)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ',', &one)) {
		if (span_eq(span_trim(one), word))
			return true;
	}
	return false;
}

static bool
is_overridden(const struct proposal *p, const char *code)
{
	return in_words(fields_text(p->in, "override"), code);
}

static int
open_repo(struct proposal *p, const char *path, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(path);

	if (repo_open(dirname(copy), &p->repo, err) < 0)
		return -1;
	if (!is_overridden(p, "G14") && repo_check_ready(&p->repo, err) < 0)
		return -1;
	if (repo_warning(&p->repo))
		note(p, "%s", repo_warning(&p->repo));
	if (config_load(&p->repo, &p->config, err) < 0)
		return -1;
	if (repo_ls_files(&p->repo, &p->tracked, err) < 0)
		return -1;
	return repo_branches(&p->repo, &p->branches, err);
}

/* The lints that stop a dispatch as one refusal; the others are notes. */
static int
check_lints(struct proposal *p, const char *path, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < p->lints.n; i++) {
		const struct lint *l = &p->lints.item[i];

		if (!lint_stops(l, LINT_DISPATCH) || is_overridden(p, l->code))
			continue;
		note(p, "%s:%u:%u: %s %s; fix: %s [%s]", path, l->at.line, l->at.column,
		    l->code, l->message, l->fix, l->rule);
		if (n++ > 0)
			continue;
		err_set(err, ERR_REFUSED, "%s:%u:%u: %s", path, l->at.line,
		    l->at.column, l->message);
		err->code = l->code;
		err->rule = l->rule;
		err_fix(err, "%s", l->fix);
		if (refusal_find(l->code)) {
			err->code = refusal_find(l->code)->code;
			err->rule = refusal_find(l->code)->rule;
		} else {
			err->code = err->rule = NULL;
		}
	}
	if (n > 1)
		err_wrap(err,
		    "%zu problems stop this dispatch (divisi check shows all), first",
		    n);
	return n ? -1 : 0;
}

static void
read_assertions(struct proposal *p, struct verdict_env *env)
{
	size_t n = (size_t)fields_number(p->in, "n_assertions", 0);

	p->assertion = xcalloc(n + 1, sizeof(*p->assertion));
	for (size_t i = 0; i < n; i++) {
		p->assertion[i].a = fields_text_at(p->in, i, "a");
		p->assertion[i].b = fields_text_at(p->in, i, "b");
		p->assertion[i].reason = fields_text_at(p->in, i, "reason");
	}
	env->assertion = p->assertion;
	env->n_assertions = n;
}

static int
plan_batch(struct proposal *p, const char *path, struct err *err)
{
	struct verdict_env venv = { 0 };
	struct batch_env benv = { 0 };
	const char *done = fields_text(p->in, "done");
	struct git_list infra = { 0 };
	long cap = 3, research_cap = 5;

	p->plan = plan_load(path, &p->lints, err);
	if (!p->plan)
		return -1;
	config_values(&p->config, "divisi.infra", &infra);
	venv.tracked = (const char *const *)p->tracked.item;
	venv.n_tracked = p->tracked.n;
	venv.fold_case = p->repo.ignore_case;
	venv.infra_pattern = (const char *const *)infra.item;
	venv.n_infra_patterns = infra.n;
	read_assertions(p, &venv);
	p->verdicts = verdicts_new(p->plan, &venv);
	git_list_clear(&infra);
	plan_lint(p->plan, p->verdicts, &p->lints);
	if (check_lints(p, path, err) < 0)
		return -1;
	if (config_int(&p->config, "divisi.cap", (struct config_range){ 3, 1, 32 },
		&cap, err) < 0 ||
	    config_int(&p->config, "divisi.research-cap",
		(struct config_range){ 5, 1, 5 }, &research_cap, err) < 0)
		return -1;
	p->is_done = xcalloc(p->plan->n_phases + 1, sizeof(*p->is_done));
	for (size_t i = 0; i < p->plan->n_phases; i++)
		p->is_done[i] = in_words(done, p->plan->phase[i].id);
	benv.cap = (size_t)cap;
	benv.research_cap = (size_t)research_cap;
	benv.is_done = p->is_done;
	p->batches = batches_new(p->plan, p->verdicts, &benv);
	if (p->batches->n == 0) {
		err_set(err, ERR_NOT_FOUND,
		    "every phase of this plan is done or cannot be placed");
		return err_fix(err, "divisi report shows what was done");
	}
	p->batch = &p->batches->batch[0];
	p->env.agent = config_str(&p->config, "divisi.agent", "claude");
	p->env.default_mode = exec_mode_of(
	    span_of(config_str(&p->config, "divisi.default-mode", "")));
	p->rows = dispatch_rows_new(p->plan, p->batches, &p->env);
	fields_set_number(p->out, "cap", cap);
	fields_set_number(p->out, "research_cap", research_cap);
	return 0;
}

static void
put_plan(struct proposal *p)
{
	const struct plan *plan = p->plan;
	char *phases = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&phases, &n);
	const char *profile = config_str(&p->config, "divisi.cost-profile", "budget");
	long threshold = 1000;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < plan->n_phases; i++)
		fprintf(f, "%s%s", i ? "," : "", plan->phase[i].id);
	fclose(f);
	fields_set(p->out, "path", plan->path);
	fields_set(p->out, "title", plan->title);
	fields_set(p->out, "plan_hash", plan->plan_hash);
	fields_set(p->out, "sha256", plan->sha256);
	fields_set(p->out, "plan_text", plan->bytes);
	fields_set(p->out, "master", plan->master.id);
	fields_set(p->out, "master_title", plan->master.title);
	fields_set(p->out, "master_url", plan->master.url);
	fields_set(p->out, "target", p->repo.main_branch);
	fields_set(p->out, "verify", config_str(&p->config, "divisi.verify", ""));
	fields_set(p->out, "merge", config_str(&p->config, "divisi.merge", "ask"));
	if (fields_text(p->in, "merge")[0])
		fields_set(p->out, "merge", fields_text(p->in, "merge"));
	fields_set(
	    p->out, "landing", config_str(&p->config, "divisi.landing", "squash"));
	fields_set(p->out, "publish", config_str(&p->config, "divisi.publish", "none"));
	fields_set(p->out, "phases", phases);
	fields_set(p->out, "profile",
	    cost_profile_of(profile) < 0
		? "budget"
		: cost_profile_name((enum cost_profile)cost_profile_of(profile)));
	(void)!config_int(&p->config, "divisi.threshold",
	    (struct config_range){ 10, 0, 100000 }, &threshold, &err);
	fields_set_number(
	    p->out, "threshold", threshold * (threshold < 1000 ? 100 : 1));
	fields_set_number(p->out, "n_phases", (int64_t)plan->n_phases);
	fields_set(p->out, "base", p->repo.head);
	fields_set(
	    p->out, "kind", p->batch->is_research ? "research" : "implementation");
	fields_set_number(p->out, "number", fields_number(p->in, "next_number", 1));
	fields_set_number(p->out, "n_sessions", (int64_t)p->batch->n);
	free(phases);
}

/* The program, its further arguments and its readiness; a missing login refuses. */
static int
put_agent(struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	const char *name = row->agent ? row->agent->name : row->agent_name;
	AUTO_FREE char *program_key = xasprintf("divisi.agent.%s.program", name);
	AUTO_FREE char *args_key = xasprintf("divisi.agent.%s.args", name);
	AUTO_FREE char *adapter_key = xasprintf("divisi.agent.%s.adapter", name);
	const char *program = config_str(&p->config, program_key, "");
	const char *adapter = config_str(&p->config, adapter_key,
	    row->agent && row->agent->adapter ? row->agent->adapter : "");
	const struct agent *agent = adapter[0] ? adapter_agent(adapter) : NULL;
	struct git_list args = { 0 };
	struct agent_probe probe = { 0 };
	char *joined = NULL;
	size_t n = 0;
	FILE *f;

	set_at(p, i, "agent", name);
	set_at(p, i, "agent_shown", row->agent ? row->agent->shown : name);
	set_number_at(p, i, "external", row->agent && row->agent->is_external);
	if (row->agent && row->agent->is_external)
		return 0;
	if (!agent) {
		err_set(err, ERR_REFUSED,
		    "phase %s: agent '%s' cannot be launched by this divisi",
		    row->phase->id, name);
		return err_fix(err, "name another agent, or set %s=command and %s",
		    adapter_key, program_key);
	}
	if (program[0] == '\0' && row->agent)
		program = row->agent->program ? row->agent->program : "";
	if (program[0] == '\0') {
		err_set(err, ERR_REFUSED, "agent '%s' needs a program", name);
		return err_fix(err,
		    "git config --file .divisi/config %s /path/to/program",
		    program_key);
	}
	if (agent->probe(program, &probe, err) < 0)
		return err_wrap(err, "agent %s", name);
	if (probe.login == 0) {
		err_set(err, ERR_REFUSED, "agent %s is not logged in: %s", name,
		    probe.note);
		return err_fix(
		    err, "log in with %s, then dispatch again", probe.program);
	}
	config_values(&p->config, args_key, &args);
	f = open_memstream(&joined, &n);
	for (size_t k = 0; k < args.n; k++)
		fprintf(f, "%s%s", k ? "\n" : "", args.item[k]);
	fclose(f);
	set_at(p, i, "adapter", agent->name);
	set_at(p, i, "program", probe.program);
	set_at(p, i, "version", probe.version);
	set_at(p, i, "args", joined);
	canon(p, "program", probe.program);
	canon(p, "args", joined);
	free(joined);
	git_list_clear(&args);
	return 0;
}

static void
put_after(struct proposal *p, size_t i, const struct dispatch_row *row)
{
	char *after = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&after, &n);
	const struct batch *b = p->batch;

	/* Only an edge orders two sessions; the others may land when they are ready. */
	for (size_t k = 0; k < b->n; k++) {
		const struct dispatch_row *o = dispatch_row_of(p->rows, b->phase[k]);
		const struct pair *pair = verdicts_find(
		    p->verdicts, row->position, b->phase[k]);

		if (!o || o == row || o->merge >= row->merge || !pair ||
		    pair->verdict == VERDICT_PARALLEL)
			continue;
		fprintf(f, "%s%s", ftell(f) > 0 ? "," : "", o->phase->id);
	}
	fclose(f);
	set_at(p, i, "after", after);
	canon(p, "after", after);
	free(after);
}

static int
put_prompt(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	const char *verify = row->phase->verify[0]
				 ? row->phase->verify
				 : config_str(&p->config, "divisi.verify", "");
	AUTO_FREE char *shown = propose_home_path(p->repo.top);
	AUTO_FREE char *prompt = NULL;
	struct prompt_facts facts = { .plan = p->plan,
		.phase = row->phase,
		.launch_as = row->launch_as,
		.worktree = row->worktree,
		.repo_label = config_str(&p->config, "divisi.project", "Repository"),
		.repo_path = shown,
		.branch = row->branch,
		.verify = verify[0] ? verify : NULL,
		.is_external = row->agent && !row->agent->knows_method };
	struct lint_list lints = { 0 };
	char sha[HASH_HEX_SIZE];
	int rc = 0;

	prompt = prompt_render(&facts);
	prompt_lint(prompt, &facts, p->plan, &lints);
	for (size_t k = 0; k < lints.n && rc == 0; k++) {
		const struct lint *l = &lints.item[k];

		if (l->level != 'E' || is_overridden(p, l->code))
			continue;
		rc = refuse(err, l->code, "prompt of phase %s, line %u: %s",
		    row->phase->id, l->at.line, l->message);
		err_fix(err, "%s", l->fix);
	}
	lint_list_clear(&lints);
	if (rc < 0)
		return -1;
	hash_sha256(prompt, strlen(prompt), sha);
	set_at(p, i, "prompt", prompt);
	set_at(p, i, "prompt_sha", sha);
	set_at(p, i, "verify", verify);
	canon(p, "prompt_sha256", sha);
	return 0;
}

static void
put_names(struct proposal *p, size_t i, const struct dispatch_row *row)
{
	const struct phase *ph = row->phase;
	AUTO_FREE char *slug = text_slug(ph->focus, 50);
	AUTO_FREE char *low = text_slug(ph->n_issues ? ph->issue[0].id : ph->id, 32);
	AUTO_FREE char *name = xasprintf("%s-%s", low, slug);
	AUTO_FREE char *path = worktree_default_path(&p->repo, name);
	AUTO_FREE char *title = sub_issue_title(
	    (int)fields_number(p->in, "next_number", 1), i, ph->focus);
	AUTO_FREE char *label = session_label(i);
	const struct {
		const char *name, *text;
	} texts[] = { { "phase", ph->id }, { "label", label },
		{ "issue", ph->n_issues ? ph->issue[0].id : "" },
		{ "issue_title", ph->n_issues ? ph->issue[0].title : "" },
		{ "issue_url", ph->n_issues ? ph->issue[0].url : "" },
		{ "focus", ph->focus }, { "title", title }, { "mode", row->mode },
		{ "launch", launch_mode_word(row->launch_as) },
		{ "branch", row->branch }, { "worktree", row->worktree } };

	for (size_t k = 0; k < N_ELEMS(texts); k++) {
		set_at(p, i, texts[k].name, texts[k].text);
		canon(p, texts[k].name, texts[k].text);
	}
	set_at(p, i, "path", strcmp(row->worktree, "n/a") == 0 ? "" : path);
	set_at(p, i, "launch_as", launch_mode_name(row->launch_as));
}

static void
put_cost(struct proposal *p, size_t i, const struct dispatch_row *row)
{
	AUTO_FREE char *shown = dispatch_cost(row), *cents = NULL;
	long factor = 2;
	struct err err = ERR_INIT;

	(void)!config_int(&p->config, "divisi.budget-factor",
	    (struct config_range){ 2, 1, 100 }, &factor, &err);
	set_number_at(p, i, "est_low", row->low_cents);
	set_number_at(p, i, "est_mid", row->mid_cents);
	set_number_at(p, i, "est_high", row->high_cents);
	set_number_at(p, i, "points", row->points);
	set_number_at(p, i, "merge", row->merge);
	set_number_at(p, i, "analysis", row->phase->is_analysis_only);
	set_number_at(
	    p, i, "budget", row->high_cents > 0 ? row->high_cents * factor : 0);
	set_at(p, i, "cost", shown);
	cents = xasprintf("%ld/%ld/%ld/%d", row->low_cents, row->mid_cents,
	    row->high_cents, row->merge);
	canon(p, "estimate", cents);
	canon(p, "fence", "off");
}

static int
put_session(struct proposal *p, size_t i, struct err *err)
{
	const struct dispatch_row *row = dispatch_row_of(p->rows, p->batch->phase[i]);
	const char *why = NULL;
	struct git_log prior = { 0 };

	if (!row || row->phase->n_issues != 1)
		return refuse(err, "G08", "phase %s does not own exactly one issue",
		    row ? row->phase->id : "?");
	if (!row->branch)
		return refuse(err, "G09",
		    "phase %s: no branch name can be made of '%s'", row->phase->id,
		    row->phase->focus);
	if (agent_eligible(row->agent, row->phase->mode, &why) < 0 &&
	    !is_overridden(p, "G15"))
		return refuse(err, "G15", "phase %s: %s", row->phase->id, why);
	if (why)
		note(p, "phase %s: %s", row->phase->id, why);
	if (row->phase->review[0] && strcmp(row->phase->review, "none") != 0) {
		err_set(err, ERR_REFUSED,
		    "phase %s asks for review '%s', which this divisi cannot run",
		    row->phase->id, row->phase->review);
		return err_fix(err, "review it by hand and set 'Review: none'");
	}
	fputc('{', p->canon);
	put_names(p, i, row);
	put_cost(p, i, row);
	put_after(p, i, row);
	if (put_agent(p, i, row, err) < 0 || put_prompt(p, i, row, err) < 0)
		return -1;
	fputs("},", p->canon);
	set_at(p, i, "env_more", config_str(&p->config, "divisi.env", ""));
	set_number_at(p, i, "sandboxed",
	    strcmp(config_str(&p->config, "divisi.sandbox", ""), "external") == 0);
	if (row->warning)
		note(p, "phase %s: %s", row->phase->id, row->warning);
	if (row->mid_cents < 0)
		note(p, "phase %s has no estimate (A-31)", row->phase->id);
	if (repo_prior_work(&p->repo, row->issue, &prior, err) == 0 && prior.n > 0)
		note(p, "prior work on %s: %zu commit(s), newest %.10s %s (R-4)",
		    row->issue, prior.n, prior.item[0].oid, prior.item[0].subject);
	git_log_clear(&prior);
	return 0;
}

static int
check_branches(struct proposal *p, struct err *err)
{
	for (size_t i = 0; i < p->batch->n; i++) {
		const struct dispatch_row *row = dispatch_row_of(
		    p->rows, p->batch->phase[i]);
		struct git_list others = { 0 };
		int rc;

		/* The very same name is judged by worktree_add(): it may be this session's own. */
		for (size_t k = 0; k < p->branches.n; k++) {
			if (strcmp(p->branches.item[k], row->branch) != 0)
				git_list_add(&others, p->branches.item[k]);
		}
		for (size_t k = 0; k < i; k++)
			git_list_add(&others,
			    dispatch_row_of(p->rows, p->batch->phase[k])->branch);
		rc = branch_check(
		    row->branch, (const char *const *)others.item, others.n, err);
		git_list_clear(&others);
		if (rc < 0)
			return err_wrap(err, "phase %s", row->phase->id);
	}
	return 0;
}

static void
put_pairs(struct proposal *p)
{
	size_t n = 0;
	char key[32];

	for (size_t i = 0; i < p->batch->n; i++) {
		for (size_t k = i + 1; k < p->batch->n; k++) {
			const struct pair *pair = verdicts_find(
			    p->verdicts, p->batch->phase[i], p->batch->phase[k]);

			if (!pair || pair->verdict == VERDICT_PARALLEL)
				continue;
			snprintf(key, sizeof(key), "pair%zu", n++);
			fields_setf(p->out, key, "%s and %s: %s: %s",
			    p->plan->phase[pair->a].id, p->plan->phase[pair->b].id,
			    verdict_name(pair->verdict), pair->reason);
		}
	}
}

static int
propose(struct proposal *p, struct err *err)
{
	static const char *const bound[] = { "plan_hash", "base", "verify", "merge",
		"landing", "publish" };
	const char *path = fields_text(p->in, "plan");
	char hash[HASH_HEX_SIZE];

	if (open_repo(p, path, err) < 0 || plan_batch(p, path, err) < 0)
		return -1;
	put_plan(p);
	p->canon = open_memstream(&p->canon_text, &p->n_canon);
	fputc('{', p->canon);
	for (size_t i = 0; i < N_ELEMS(bound); i++)
		canon(p, bound[i], fields_text(p->out, bound[i]));
	fprintf(p->canon, "\"cap\":%lld,\"batch\":%lld,\"sessions\":[",
	    (long long)fields_number(p->out, "cap", 0),
	    (long long)fields_number(p->out, "number", 0));
	for (size_t i = 0; i < p->batch->n; i++) {
		if (put_session(p, i, err) < 0)
			return -1;
	}
	fputs("]}", p->canon);
	fclose(p->canon);
	p->canon = NULL;
	hash_sha256(p->canon_text, p->n_canon, hash);
	fields_set(p->out, "hash", hash);
	put_pairs(p);
	return check_branches(p, err);
}

int
job_propose(const struct fields *in, struct fields *out, struct err *err)
{
	struct proposal p = { .in = in, .out = out };
	int rc = propose(&p, err);

	if (p.canon)
		fclose(p.canon);
	free(p.canon_text);
	free(p.assertion);
	free(p.is_done);
	dispatch_rows_free(p.rows);
	batches_free(p.batches);
	verdicts_free(p.verdicts);
	lint_list_clear(&p.lints);
	plan_free(p.plan);
	git_list_clear(&p.branches);
	git_list_clear(&p.tracked);
	config_clear(&p.config);
	repo_close(&p.repo);
	return rc;
}
