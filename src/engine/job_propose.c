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
static int
open_repo(struct proposal *p, const char *path, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(path);

	if (repo_open(dirname(copy), &p->repo, err) < 0)
		return -1;
	if (!propose_overrides(p, "G14") && repo_check_ready(&p->repo, err) < 0)
		return -1;
	if (repo_warning(&p->repo))
		propose_note(p, "%s", repo_warning(&p->repo));
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

		if (!lint_stops(l, LINT_DISPATCH) || propose_overrides(p, l->code))
			continue;
		propose_note(p, "%s:%u:%u: %s %s; fix: %s [%s]", path, l->at.line,
		    l->at.column, l->code, l->message, l->fix, l->rule);
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
		p->is_done[i] = propose_has_word(done, p->plan->phase[i].id);
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
	long threshold = 10, confirm_s = 120, silence_s = 1800;
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
	fields_set_number(p->out, "threshold", threshold * 100);
	(void)!config_int(&p->config, "divisi.confirm-timeout",
	    (struct config_range){ 120, 1, 86400 }, &confirm_s, &err);
	(void)!config_int(&p->config, "divisi.silence-timeout",
	    (struct config_range){ 1800, 1, 864000 }, &silence_s, &err);
	fields_set_number(p->out, "confirm_ms", confirm_s * 1000);
	fields_set_number(p->out, "silence_ms", silence_s * 1000);
	fields_set(
	    p->out, "setup", config_str(&p->config, "divisi.worktree.setup", ""));
	fields_set_number(p->out, "n_phases", (int64_t)plan->n_phases);
	fields_set(p->out, "base", p->repo.head);
	fields_set(
	    p->out, "kind", p->batch->is_research ? "research" : "implementation");
	fields_set_number(p->out, "number", fields_number(p->in, "next_number", 1));
	fields_set_number(p->out, "n_sessions", (int64_t)p->batch->n);
	free(phases);
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
		"landing", "publish", "setup" };
	const char *path = fields_text(p->in, "plan");
	char hash[HASH_HEX_SIZE];

	if (open_repo(p, path, err) < 0 || plan_batch(p, path, err) < 0)
		return -1;
	put_plan(p);
	p->canon = open_memstream(&p->canon_text, &p->n_canon);
	fputc('{', p->canon);
	for (size_t i = 0; i < N_ELEMS(bound); i++)
		propose_canon(p, bound[i], fields_text(p->out, bound[i]));
	fprintf(p->canon, "\"cap\":%lld,\"batch\":%lld,\"sessions\":[",
	    (long long)fields_number(p->out, "cap", 0),
	    (long long)fields_number(p->out, "number", 0));
	for (size_t i = 0; i < p->batch->n; i++) {
		if (propose_session(p, i, err) < 0)
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
