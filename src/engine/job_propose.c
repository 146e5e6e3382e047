#include "engine/job.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/agent_settings.h"
#include "engine/knowledge.h"
#include "engine/propose.h"
#include "engine/track_forge.h"
#include "engine/track_link.h"
#include "git/land.h"
#include "git/repo.h"
#include "git/surface.h"
#include "git/worktree.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/cost.h"
#include "policy/dispatch.h"
#include "policy/names.h"
#include "policy/panel.h"
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
	if (config_load(&p->repo, &p->config, err) < 0 ||
	    surface_check_full(&p->config, err) < 0 ||
	    surroundings_read(&p->around, &p->repo, &p->config, err) < 0)
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

/* With the batch before still under way, nothing that must follow one of its phases. */
static int
check_busy(const struct proposal *p, const char *busy, struct err *err)
{
	const struct phase *phase = p->plan->phase;

	for (const int *a = p->batch->phase; a < p->batch->phase + p->batch->n; a++) {
		for (size_t b = 0; b < p->plan->n_phases; b++) {
			const struct pair *pair;

			if (!propose_has_word(busy, phase[b].id))
				continue;
			pair = verdicts_find(p->verdicts, *a, (int)b);
			if (!pair || pair->verdict != VERDICT_SEQUENTIAL)
				continue;
			refuse(err, "G03",
			    "%s cannot run beside %s, which is under way: %s",
			    phase[*a].id, phase[b].id, pair->grounds->reason);
			return err_fix(
			    err, "wait until %s is merged: divisi watch", phase[b].id);
		}
	}
	return 0;
}

/* The same chances as in `divisi plan`, so that the table is the one shown there. */
static void
forecast(struct proposal *p, const struct verdict_env *venv)
{
	struct knowledge knowledge;
	struct forecast_env env;

	knowledge_open(&knowledge, &p->repo);
	knowledge_env(&knowledge, venv, &env);
	forecast_risks(p->plan, p->verdicts, &env);
	if (knowledge.word)
		propose_note(p, "%s", knowledge.word);
	knowledge_close(&knowledge);
}

/* A phase that another batch had has a branch there, which is kept: J-42, a new suffix. */
static void
count_tries(struct proposal *p)
{
	struct span rest = span_of(fields_text(p->in, "tried")), one;

	p->n_before = xcalloc(p->plan->n_phases + 1, sizeof(*p->n_before));
	while (span_next(&rest, ',', &one)) {
		for (size_t i = 0; i < p->plan->n_phases; i++)
			p->n_before[i] += span_eq(one, p->plan->phase[i].id);
	}
	p->env.n_before = p->n_before;
}

/* What trial merges of earlier work told: "1A,1B" a line. */
static void
read_met(struct proposal *p, struct batch_env *env)
{
	struct span rest = span_of(fields_text(p->in, "met")), line;
	size_t cap = 0;

	while (span_next(&rest, '\n', &line)) {
		const char *comma = line.n ? memchr(line.p, ',', line.n) : NULL;
		AUTO_FREE char *a = NULL, *b = NULL;
		struct batch_met met;

		if (!comma)
			continue;
		a = xstrndup(line.p, (size_t)(comma - line.p));
		b = xstrndup(comma + 1, line.n - (size_t)(comma - line.p) - 1);
		met = (struct batch_met){ plan_index(p->plan, a),
			plan_index(p->plan, b) };
		if (met.a < 0 || met.b < 0)
			continue;
		GROW(p->met, env->n_met, cap);
		p->met[env->n_met++] = met;
	}
	env->met = p->met;
	p->n_met = env->n_met;
}

/* Who is in this table and did not merge before is told, for it decides the order. */
static void
note_met(struct proposal *p)
{
	for (size_t i = 0; i < p->n_met; i++) {
		const struct batch_met *met = &p->met[i];

		if (batches_of(p->batches, met->a) == p->batch &&
		    batches_of(p->batches, met->b) == p->batch)
			propose_note(p,
			    "%s and %s did not merge when they were tried before; who "
			    "collides with most lands last",
			    p->plan->phase[met->a].id, p->plan->phase[met->b].id);
	}
}

static int
plan_batch(struct proposal *p, const char *path, struct err *err)
{
	struct verdict_env venv;
	struct batch_env benv = { 0 };
	const char *done = fields_text(p->in, "done");
	const char *busy = fields_text(p->in, "busy");
	long cap = 3, research_cap = 5;

	p->plan = plan_load(path, &p->lints, err);
	if (!p->plan)
		return -1;
	plan_repos_open(&p->repos, p->plan, &p->repo, &p->config, &p->lints);
	plan_repos_join(&p->repos, &p->around);
	venv = p->around.env;
	read_assertions(p, &venv);
	p->verdicts = verdicts_new(p->plan, &venv);
	plan_lint(p->plan, p->verdicts, &p->lints);
	if (check_lints(p, path, err) < 0)
		return -1;
	if (config_int(&p->config, "divisi.cap", (struct config_range){ 3, 1, 32 },
		&cap, err) < 0 ||
	    config_int(&p->config, "divisi.research-cap",
		(struct config_range){ 5, 1, 5 }, &research_cap, err) < 0)
		return -1;
	if (propose_overrides(p, "G05")) { /* for this batch, by one (S-25) */
		cap++;
		research_cap++;
	}
	p->is_done = xcalloc(p->plan->n_phases + 1, sizeof(*p->is_done));
	for (size_t i = 0; i < p->plan->n_phases; i++)
		p->is_done[i] = propose_has_word(done, p->plan->phase[i].id) ||
				propose_has_word(busy, p->plan->phase[i].id);
	count_tries(p);
	benv.cap = (size_t)cap;
	/* Reviewers are one table, of which no more than that many work at once (S-29). */
	benv.research_cap = fields_text(p->in, "reviews")[0] ? PANEL_MAX_SEATS
							     : (size_t)research_cap;
	benv.is_done = p->is_done;
	if (knowledge_conflict_cost(&p->config, &benv.conflict_cost, err) < 0)
		return -1;
	forecast(p, &venv);
	read_met(p, &benv);
	p->batches = batches_new(p->plan, p->verdicts, &benv);
	if (p->batches->n == 0) {
		err_set(err, ERR_NOT_FOUND,
		    "every phase of this plan is done or cannot be placed");
		return err_fix(err, "divisi report shows what was done");
	}
	p->batch = &p->batches->batch[0];
	if (check_busy(p, busy, err) < 0)
		return -1;
	note_met(p);
	p->env.agent = config_str(&p->config, "divisi.agent", "claude");
	p->env.default_mode = exec_mode_of(
	    span_of(config_str(&p->config, "divisi.default-mode", "")));
	agent_settings_away(&p->config, &p->away);
	p->env.away = (const char *const *)p->away.item;
	p->env.n_away = p->away.n;
	p->env.research = propose_factor(p);
	p->rows = dispatch_rows_new(p->plan, p->batches, &p->env);
	fields_set_number(p->out, "cap", cap);
	fields_set_number(p->out, "research_cap", research_cap);
	return 0;
}

/*
 * Puts the setting KEY ("divisi." and its name), which is one of WORDS, four at
 * most and a NULL; the first is its default.  A word nobody knows is refused, for the default
 * might be the opposite of what was meant.
 */
static int
put_choice(
    struct proposal *p, const char *key, const char *const *words, struct err *err)
{
	const char *name = strchr(key, '.') + 1;
	const char *value = config_str(&p->config, key, words[0]);

	if (fields_text(p->in, name)[0])
		value = fields_text(p->in, name);
	fields_set(p->out, name, value);
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], value) == 0)
			return 0;
	}
	err_set(err, ERR_INPUT, "%s is '%.40s'", key, value);
	return err_fix(err, "it is one of: %s %s %s %s", words[0], words[1],
	    words[2] ? words[2] : "", words[2] && words[3] ? words[3] : "");
}

/* Where the target is pushed after a landing (CONTRACTS 7). */
static int
put_publish(struct proposal *p, struct err *err)
{
	static const char *const words[] = { "none", "branch", "pr", "forge", NULL };
	AUTO_FREE char *remote = repo_default_remote(&p->repo, p->repo.main_branch);
	char place[FORGE_PLACE_SIZE];
	const char *value;

	if (put_choice(p, "divisi.publish", words, err) < 0)
		return -1;
	value = fields_text(p->out, "publish");
	if (strcmp(value, "none") != 0 && !remote) {
		err_set(err, ERR_REFUSED,
		    "divisi.publish is %s, and there is no remote to push to", value);
		return err_fix(err, "git remote add origin URL, or: git config "
				    "divisi.publish none");
	}
	/* The tracker's own repository is theirs, unless the settings say another. */
	if ((strcmp(value, "pr") == 0 || strcmp(value, "forge") == 0) &&
	    (!track_forge_is(fields_text(p->out, "tracker")) ||
		config_find(&p->config, "divisi.forge.repo")) &&
	    propose_pulls_at(p, &p->repo, &p->config, place, err) < 0)
		return -1;
	fields_set(p->out, "remote", remote);
	fields_set_number(p->out, "publish_unset",
	    remote && !config_find(&p->config, "divisi.publish"));
	return 0;
}

/* Where sub-issues are filed; and whether a launch may come before that (J-26). */
static int
put_tracker(struct proposal *p, struct err *err)
{
	const char *name;
	bool queues;

	/* What reviewers do is nobody's work outside: it is not filed there. */
	fields_set(p->out, "reviews", fields_text(p->in, "reviews"));
	if (fields_text(p->in, "reviews")[0]) {
		fields_set(p->out, "tracker", "");
		return 0;
	}
	if (track_chosen(&p->config, &name, err) < 0 ||
	    config_bool(&p->config, "divisi.tracker.queue", false, &queues, err) < 0)
		return -1;
	fields_set(p->out, "tracker", name);
	fields_set_number(
	    p->out, "queue", name[0] && (queues || fields_number(p->in, "queue", 0)));
	return 0;
}

/* Reviewers have a limit of their own: who does not answer by then is reviewed without. */
static int
put_review_limit(struct proposal *p, struct err *err)
{
	long limit;

	if (fields_text(p->in, "reviews")[0] == '\0')
		return 0;
	if (config_int(&p->config, "divisi.review.timeout",
		(struct config_range){ 1800, 0, 8640000 }, &limit, err) < 0)
		return -1;
	fields_set_number(p->out, "wall_ms", limit * 1000);
	return 0;
}

static int
put_settings(struct proposal *p, struct err *err)
{
	static const char *const merge[] = { "ask", "auto", NULL };
	static const char *const radar[] = { "halt", "tell", "off", NULL };
	static const char *const guard[] = { "deny", "tell", "off", NULL };
	static const char *const landing[] = { "squash", "rebase", "merge", NULL };
	const char *profile = config_str(&p->config, "divisi.cost-profile", "budget");
	static const struct {
		const char *key, *name;
		struct config_range range;
		int64_t unit;
	} numbers[] = {
		{ "divisi.threshold", "threshold", { 10, 0, 100000 }, 100 },
		{ "divisi.confirm-timeout", "confirm_ms", { 120, 1, 86400 }, 1000 },
		{ "divisi.silence-timeout", "silence_ms", { 1800, 1, 864000 }, 1000 },
		{ "divisi.wall-limit", "wall_ms", { 0, 0, 8640000 }, 1000 },
		{ "divisi.plan-cap", "plan_cap", { 0, 0, 10000000 }, 100 },
		{ "divisi.batch-cap", "batch_cap", { 0, 0, 10000000 }, 100 },
		{ "divisi.cost-rate", "cost_rate", { 20, 0, 100000 }, 100 },
		{ "divisi.cost-floor", "cost_floor", { 2, 0, 100000 }, 100 },
		{ "divisi.retry-limit", "retry_limit", { 20, 0, 10000 }, 1 },
		{ "divisi.same-error-limit", "same_error_limit", { 3, 0, 1000 }, 1 },
		{ "divisi.tries-limit", "tries_limit", { 5, 0, 1000 }, 1 },
		{ "divisi.context-warn", "context_warn", { 50, 20, 90 }, 1 },
		{ "divisi.context-stop", "context_stop", { 70, 0, 95 }, 1 },
		{ "divisi.approval-timeout", "ask_ms", { 0, 0, 8640000 }, 1000 },
		{ "divisi.stuck-timeout", "stuck_ms", { 3600, 0, 8640000 }, 1000 },
		{ "divisi.memory-limit", "memory_bytes", { 0, 0, 1L << 30 }, 1 << 20 },
		{ "divisi.process-limit", "processes", { 0, 0, 4194304 }, 1 },
		{ "divisi.output-limit", "out_bytes", { 1024, 0, 1048576 }, 1 << 20 },
	};
	int profile_at = cost_profile_of(profile);

	if (profile_at < 0) {
		err_set(err, ERR_INPUT, "divisi.cost-profile is '%.40s'", profile);
		return err_fix(
		    err, "it is one of: budget unlimited pay-per-use standard");
	}
	if (put_tracker(p, err) < 0 || put_choice(p, "divisi.radar", radar, err) < 0 ||
	    put_choice(p, "divisi.guard", guard, err) < 0 ||
	    put_choice(p, "divisi.merge", merge, err) < 0 ||
	    put_choice(p, "divisi.landing", landing, err) < 0 ||
	    put_publish(p, err) < 0)
		return -1;
	for (size_t i = 0; i < N_ELEMS(numbers); i++) {
		long value;

		if (config_int(
			&p->config, numbers[i].key, numbers[i].range, &value, err) < 0)
			return -1;
		fields_set_number(p->out, numbers[i].name, value * numbers[i].unit);
	}
	if (put_review_limit(p, err) < 0)
		return -1;
	fields_set(p->out, "profile", cost_profile_name((enum cost_profile)profile_at));
	fields_set(
	    p->out, "setup", config_str(&p->config, "divisi.worktree.setup", ""));
	fields_set(p->out, "verify", config_str(&p->config, "divisi.verify", ""));
	return 0;
}

/* Who wrote the plan: its header says so, or git.  That it is unknown stops nothing. */
static void
put_planner(struct proposal *p)
{
	AUTO_FREE char *author = NULL;
	struct err none = ERR_INIT;

	if (p->plan->planner[0] == '\0' &&
	    repo_author_of(&p->repo, p->plan->path, &author, &none) < 0)
		author = NULL;
	fields_set(p->out, "planner", author ? author : p->plan->planner);
}

static int
put_plan(struct proposal *p, struct err *err)
{
	const struct plan *plan = p->plan;
	char *phases = NULL;
	size_t n = 0;
	char base[GIT_OID_SIZE];
	FILE *f;

	if (propose_reviews(p, err) < 0)
		return -1;
	/* Not the main checkout's commit: a person may have overridden where that is. */
	if (repo_resolve(&p->repo, p->repo.main_branch, base, err) < 0)
		return -1;
	f = open_memstream(&phases, &n);

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
	fields_set(p->out, "phases", phases);
	fields_set_number(p->out, "n_phases", (int64_t)plan->n_phases);
	fields_set(p->out, "base", base);
	fields_set(
	    p->out, "kind", p->batch->is_research ? "research" : "implementation");
	fields_set_number(p->out, "number", fields_number(p->in, "next_number", 1));
	fields_set_number(p->out, "n_sessions", (int64_t)p->batch->n);
	free(phases);
	return 0;
}

static int
check_branches(struct proposal *p, struct err *err)
{
	for (size_t i = 0; i < p->batch->n; i++) {
		const struct dispatch_row *row = dispatch_row_of(
		    p->rows, p->batch->phase[i]);
		struct git_list others = { 0 };
		const struct repo *repo = propose_repo(p, row->phase);
		struct git_list there = { 0 }, *all = &p->branches;
		int rc;

		if (repo != &p->repo) {
			all = &there;
			if (repo_branches(repo, all, err) < 0)
				return -1;
		}
		/* The very same name is judged by worktree_add(): it may be this session's own. */
		for (size_t k = 0; k < all->n; k++) {
			if (strcmp(all->item[k], row->branch) != 0)
				git_list_add(&others, all->item[k]);
		}
		git_list_clear(&there);
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
			    verdict_name(pair->verdict), pair->grounds->reason);
		}
	}
}

/* Commands that will run at landing are seen by who approves the table. */
static void
note_derived(struct proposal *p)
{
	struct git_list settings = { 0 };

	config_values(&p->config, "divisi.derived", &settings);
	for (size_t i = 0; i < settings.n; i++)
		propose_note(p, "made again at landing: %s", settings.item[i]);
	git_list_clear(&settings);
}

static int
propose(struct proposal *p, struct err *err)
{
	static const char *const bound[] = { "plan_hash", "base", "verify", "merge",
		"landing", "publish", "setup" };
	const char *path = fields_text(p->in, "plan");
	char hash[HASH_HEX_SIZE];

	if (open_repo(p, path, err) < 0 || plan_batch(p, path, err) < 0 ||
	    put_settings(p, err) < 0 || propose_repos(p, err) < 0 ||
	    put_plan(p, err) < 0)
		return -1;
	fields_set_number(p->out, "taken", propose_taken(p));
	p->canon = open_memstream(&p->canon_text, &p->n_canon);
	fputc('{', p->canon);
	for (size_t i = 0; i < N_ELEMS(bound); i++)
		propose_canon(p, bound[i], fields_text(p->out, bound[i]));
	propose_canon(p, "override", fields_text(p->in, "override"));
	if (fields_text(p->in, "override")[0])
		fields_setf(p->out, "overrides", "%s: %s",
		    fields_text(p->in, "override"), fields_text(p->in, "reason"));
	fprintf(p->canon, "\"cap\":%lld,\"batch\":%lld,\"sessions\":[",
	    (long long)fields_number(p->out, "cap", 0),
	    (long long)fields_number(p->out, "number", 0));
	for (size_t i = 0; i < p->batch->n; i++) {
		if (propose_session(p, i, err) < 0)
			return -1;
	}
	fputs("]}", p->canon);
	fclose(TAKE_PTR(p->canon));
	hash_sha256(p->canon_text, p->n_canon, hash);
	fields_set(p->out, "hash", hash);
	put_planner(p);
	put_pairs(p);
	note_derived(p);
	propose_checks(p);
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
	free(p.n_before);
	free(p.met);
	dispatch_rows_free(p.rows);
	batches_free(p.batches);
	verdicts_free(p.verdicts);
	lint_list_clear(&p.lints);
	plan_free(p.plan);
	git_list_clear(&p.branches);
	plan_repos_clear(&p.repos);
	git_list_clear(&p.away);
	surroundings_clear(&p.around);
	config_clear(&p.config);
	repo_close(&p.repo);
	return rc;
}
