#include "core/core.h"

#include "core/feedback.h"
#include "core/internal.h"
#include "core/research.h"
#include "core/review.h"

#include <stdio.h>
#include <string.h>

void
core_set(char **slot, const char *text)
{
	char *copy = xstrdup(text ? text : "");

	free(*slot);
	*slot = copy;
}

struct core *
core_new(void)
{
	struct core *core = xcalloc(1, sizeof(*core));

	core->confirm_limit_ms = CORE_CONFIRM_LIMIT_MS;
	core->silence_limit_ms = CORE_SILENCE_LIMIT_MS;
	return core;
}

static void
ask_clear(struct ask *a)
{
	char *const owned[] = { a->id, a->kind, a->text, a->detail, a->raw, a->action,
		a->run, a->decision, a->answer, a->by };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
}

void
session_clear(struct session *s)
{
	char *const owned[] = { s->id, s->plan_id, s->batch_id, s->label, s->phase,
		s->issue, s->issue_title, s->issue_url, s->sub_issue, s->focus,
		s->title, s->mode, s->launch, s->agent, s->agent_shown, s->adapter,
		s->program, s->branch, s->worktree, s->path, s->base, s->args, s->setup,
		s->env_more, s->identity, s->prompt_sha, s->verify, s->rules, s->after,
		s->run, s->agent_session, s->agent_turn, s->run_resume, s->run_note,
		s->last_text, s->reason, s->summary, s->claimed_by, s->next,
		s->next_note, s->terminal, s->terminal_command, s->taken_pin, s->head,
		s->pin, s->candidate, s->landed, s->evidence, s->stray, s->widened,
		s->blocked, s->account, s->price, s->call, s->pull_url, s->pull_state,
		s->pull_checks, s->pull_review, s->progress, s->state_text,
		s->go_on_text, s->checkpoint, s->model, s->decisions, s->blockers,
		s->review, s->depth, s->offered, s->repo, s->target, s->needs };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
	free(s->output);
	free(s->output_path);
	free(s->output_sha);
	free(s->fence);
	free(s->grants);
	free(s->fenced);
	for (size_t i = 0; i < s->n_asks; i++)
		ask_clear(&s->ask[i]);
	free(s->ask);
	talk_forget(s);
	storm_forget(s);
	delegation_clear(&s->away);
}

static void
plan_run_clear(struct plan_run *p)
{
	char *const owned[] = { p->id, p->path, p->title, p->plan_hash, p->sha256,
		p->master, p->master_title, p->master_url, p->target, p->verify,
		p->merge, p->landing, p->publish, p->phases, p->profile, p->state,
		p->trouble, p->published, p->unpublished, p->unpublished_in, p->radar,
		p->guard, p->planner, p->tracker, p->review, p->review_why, p->reviews,
		p->mention, p->told, p->untold, p->milestones };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
}

static void
batch_run_clear(struct batch_run *b)
{
	char *const owned[] = { b->id, b->plan_id, b->kind, b->hash, b->base, b->reason,
		b->approved_by, b->overrides, b->plan_hash };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
	free(b->session);
}

static void
conflict_clear(struct conflict *c)
{
	char *const owned[] = { c->id, c->kind, c->a, c->b, c->files, c->text,
		c->policy, c->state, c->ruling, c->about, c->reason, c->by };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
}

void
core_free(struct core *core)
{
	if (!core)
		return;
	for (size_t i = 0; i < core->n_plans; i++)
		plan_run_clear(&core->plan[i]);
	for (size_t i = 0; i < core->n_batches; i++)
		batch_run_clear(&core->batch[i]);
	for (size_t i = 0; i < core->n_sessions; i++)
		session_clear(&core->session[i]);
	for (size_t i = 0; i < core->n_assertions; i++) {
		struct assertion_run *a = &core->assertion[i];

		free(a->plan_path);
		free(a->a);
		free(a->b);
		free(a->reason);
		free(a->by);
	}
	for (size_t i = 0; i < core->n_conflicts; i++)
		conflict_clear(&core->conflict[i]);
	for (size_t i = 0; i < core->n_allowances; i++)
		allowance_clear(&core->allowance[i]);
	for (size_t i = 0; i < core->n_reviews; i++)
		review_clear(&core->review[i]);
	for (size_t i = 0; i < core->n_feedback; i++)
		feedback_clear(&core->feedback[i]);
	free(core->feedback);
	for (size_t i = 0; i < core->n_research; i++)
		research_clear(&core->research[i]);
	free(core->research);
	free(core->review);
	free(core->allowance);
	free(core->conflict);
	free(core->plan);
	free(core->batch);
	free(core->session);
	free(core->assertion);
	for (size_t i = 0; i < core->n_accounts; i++)
		account_clear(&core->account[i]);
	free(core->account);
	free(core);
}

struct session *
core_session(const struct core *core, const char *id)
{
	for (size_t i = core->n_sessions; i-- > 0;) {
		if (strcmp(core->session[i].id, id) == 0)
			return &core->session[i];
	}
	return NULL;
}

struct batch_run *
core_batch(const struct core *core, const char *id)
{
	for (size_t i = core->n_batches; i-- > 0;) {
		if (strcmp(core->batch[i].id, id) == 0)
			return &core->batch[i];
	}
	return NULL;
}

int64_t
core_next_plan(const struct core *core)
{
	return core->n_plans
		   ? strtoll(core->plan[core->n_plans - 1].id + 1, NULL, 10) + 1
		   : 1;
}

struct plan_run *
core_plan(const struct core *core, const char *id)
{
	for (size_t i = core->n_plans; i-- > 0;) {
		if (strcmp(core->plan[i].id, id) == 0)
			return &core->plan[i];
	}
	return NULL;
}

struct plan_run *
core_plan_by_path(const struct core *core, const char *path)
{
	for (size_t i = core->n_plans; i-- > 0;) {
		if (strcmp(core->plan[i].path, path) == 0 &&
		    strcmp(core->plan[i].state, "aborted") != 0)
			return &core->plan[i];
	}
	return NULL;
}

const struct batch_run *
core_open_before(const struct core *core, const char *plan_id, int64_t number)
{
	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, plan_id) == 0 && b->number < number &&
		    b->state != BATCH_COMPLETE &&
		    !(b->state == BATCH_WITH_FAILURES && b->acked))
			return b;
	}
	return NULL;
}

struct batch_run *
core_last_batch(const struct core *core, const char *plan_id)
{
	for (size_t i = core->n_batches; i-- > 0;) {
		if (strcmp(core->batch[i].plan_id, plan_id) == 0)
			return &core->batch[i];
	}
	return NULL;
}

size_t
core_live(const struct core *core)
{
	size_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++)
		n += session_is_live(core->session[i].state);
	return n;
}

struct ask *
session_open_ask(const struct session *session)
{
	for (size_t i = 0; i < session->n_asks; i++) {
		if (session->ask[i].decision[0] == '\0')
			return &session->ask[i];
	}
	return NULL;
}

/* How well NAME fits S of B: 0 not at all, 1 by label alone, 2 with its batch, 3 exactly. */
static int
name_fits(const struct session *s, const struct batch_run *b, const char *name)
{
	AUTO_FREE char *part = xasprintf("%d/%s", b->number, s->label);
	AUTO_FREE char *full = xasprintf("%s/%s", s->plan_id, part);

	if (strcmp(name, s->id) == 0 || strcmp(name, s->sub_issue) == 0 ||
	    strcmp(name, full) == 0)
		return 3;
	if (strcmp(name, part) == 0)
		return 2;
	return strcmp(name, s->label) == 0 || strcmp(name, s->phase) == 0 ||
	       strcmp(name, s->issue) == 0;
}

/* The session of PLAN that fits NAME better than *FIT, newest batch first; or BEST. */
static struct session *
resolve_in(const struct core *core, const struct plan_run *plan, const char *name,
    int *fit, struct session *best)
{
	for (size_t i = core->n_batches; i-- > 0;) {
		const struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, plan->id) != 0)
			continue;
		for (size_t k = 0; k < b->n; k++) {
			struct session *s = &core->session[b->session[k]];
			int n = name_fits(s, b, name);

			if (n > *fit) {
				best = s;
				*fit = n;
			}
		}
	}
	return best;
}

struct session *
core_resolve(const struct core *core, const char *name, struct err *err)
{
	struct session *best = NULL;
	int fit = 0;

	/* What is worked on comes before who reviews it: they have labels of their own. */
	for (size_t k = 2 * core->n_plans; k-- > 0 && name[0];) {
		const struct plan_run *p = &core->plan[k % core->n_plans];

		if ((p->reviews[0] == '\0') == (k >= core->n_plans))
			best = resolve_in(core, p, name, &fit, best);
	}
	/* A session that its table was made anew without has no other name any more. */
	if (!best && name[0])
		best = core_session(core, name);
	if (best)
		return best;
	err_set(err, ERR_NOT_FOUND, "no session is called '%.60s'", name);
	err_fix(err, "divisi status lists them; use S-A, 2/S-A or a phase such as 1A");
	return NULL;
}

static void
dump_asks(FILE *f, const struct session *s)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		const struct ask *a = &s->ask[i];

		fprintf(f, " ask %d %s|%s|%s|%s|%s|%s|%d|%s|%s|%s|%s|%lld|%lld|%d\n",
		    a->number, a->id, a->kind, a->text, a->detail, a->raw, a->action,
		    a->is_cut, a->run, a->decision, a->answer, a->by, (long long)a->at,
		    (long long)a->answered_at, a->is_passed);
	}
}

static void
dump_session(FILE *f, const struct session *s)
{
	const char *const texts[] = { s->issue, s->sub_issue, s->focus, s->title,
		s->mode, s->launch, s->agent, s->adapter, s->program, s->args,
		s->env_more, s->identity, s->branch, s->worktree, s->path, s->base,
		s->prompt_sha, s->verify, s->rules, s->after, s->agent_session,
		s->agent_turn, s->run_resume, s->run_note, s->last_text, s->reason,
		s->summary, s->claimed_by, s->next, s->next_note, s->terminal,
		s->terminal_command, s->taken_pin, s->head, s->pin, s->candidate,
		s->landed, s->evidence, s->stray, s->widened, s->blocked, s->account,
		s->price, s->call, s->progress, s->state_text, s->go_on_text,
		s->checkpoint, s->model, s->decisions, s->blockers, s->needs };
	const int64_t numbers[] = { s->est_low, s->est_mid, s->est_high, s->points,
		s->merge_position, s->budget, s->is_analysis, s->is_external,
		s->is_sandboxed, s->n_runs, s->run_open, s->waits_for_slot,
		s->confirmed, s->plan_approved, s->rest_is_done, s->has_tree,
		s->reported, s->n_failed, s->offset, s->started_at, s->ended_at,
		s->last_seen, s->cost, s->cost_before, s->allowed, s->tokens_in,
		s->tokens_out, s->context_pct, s->n_commits, s->n_files,
		s->was_reviewed, s->is_set_up, s->is_tree_gone, s->n_keys,
		s->merge_tries, s->is_held, s->is_idle, s->stuck_at, s->said,
		s->counted, s->clock_at, s->ran_ms, s->unsaid_ms, s->hit_limit,
		s->can_resume, s->waits_for_account, s->is_out_of_budget, s->renews,
		s->n_limited, s->n_retries, s->wraps_up, s->splits, s->n_splits,
		s->n_guarded, s->n_denied, s->is_interactive, s->is_interrupted,
		s->awaits_words, s->is_lost, s->is_swept, s->n_checkpoints,
		s->checkpoint_at, s->rung, s->checkpoint_keys };

	fprintf(f, "session %s %s %s %s %s %s since %lld\n", s->id, s->batch_id,
	    s->label, s->phase, session_state_name(s->state), s->run,
	    (long long)s->since);
	for (size_t i = 0; i < N_ELEMS(texts); i++)
		fprintf(f, "|%s", texts[i]);
	for (size_t i = 0; i < N_ELEMS(numbers); i++)
		fprintf(f, " %lld", (long long)numbers[i]);
	fprintf(f, "|%s|%s|%s %lld %lld\n", s->fence, s->grants, s->fenced,
	    (long long)s->n_fenced, (long long)s->fence_offset);
	if (s->pull > 0 || s->is_pull_owed)
		fprintf(f, " pull %lld %s|%s|%s|%s %lld %d %d%d%d%d\n",
		    (long long)s->pull, s->pull_url, s->pull_state, s->pull_checks,
		    s->pull_review, (long long)s->pull_at, s->n_pull_looks,
		    s->is_pull_owed, s->is_pull_waived, s->is_pull_swept,
		    s->is_published);
	if (s->hears_late)
		fprintf(f, " late %d\n", s->in_turn);
	for (size_t i = 0; i < s->n_words; i++)
		fprintf(f, " words %s|%s\n", s->words[i].key, s->words[i].text);
	if (s->run_forks || s->forks_next)
		fprintf(f, " forks %d %d\n", s->run_forks, s->forks_next);
	if (s->output[0])
		fprintf(f, " output %s|%s|%s %lld %d\n", s->output, s->output_path,
		    s->output_sha, (long long)s->n_output, s->n_repairs);
	if (s->repo[0])
		fprintf(f, " repo %s|%s\n", s->repo, s->target);
	storm_dump(s, f);
	loop_dump(s, f);
	delegation_dump(s, f);
	if (s->review[0])
		fprintf(f, " review %s|%s\n", s->review, s->offered);
	if (s->depth[0])
		fprintf(f, " depth %s\n", s->depth);
	dump_asks(f, s);
}

static void
dump_plan(FILE *f, const struct plan_run *p)
{
	fprintf(f,
	    "plan %s %s %s %s %s %s %s %s %s %lld %lld %lld %lld %lld %lld %d|%s|%s|%s|%s\n",
	    p->id, p->path, p->plan_hash, p->sha256, p->state, p->target, p->merge,
	    p->landing, p->profile, (long long)p->cap, (long long)p->research_cap,
	    (long long)p->threshold, (long long)p->n_phases, (long long)p->opened_at,
	    (long long)p->closed_at, p->n_write_backs, p->trouble, p->publish,
	    p->published, p->unpublished);
	if (p->unpublished_in[0])
		fprintf(f, " not pushed in %s\n", p->unpublished_in);
	if (p->told[0] || p->untold[0] || p->milestones[0])
		fprintf(f, " told %s|%s|%s\n", p->told, p->untold, p->milestones);
	fprintf(f, " %d %lld %lld %lld %lld %lld %lld %lld|%s|%s|%s|%s|%s\n",
	    p->publish_unset, (long long)p->confirm_ms, (long long)p->silence_ms,
	    (long long)p->wall_ms, (long long)p->out_bytes, (long long)p->memory_bytes,
	    (long long)p->processes, (long long)p->stuck_ms, p->title, p->master,
	    p->master_title, p->verify, p->phases);
	fprintf(f,
	    " radar %s guard %s planner %s ask %lld money %lld %lld %d %lld %lld\n",
	    p->radar, p->guard, p->planner, (long long)p->ask_ms,
	    (long long)p->plan_cap, (long long)p->batch_cap, p->caps_set,
	    (long long)p->cost_rate, (long long)p->cost_floor);
	if (p->tracker[0])
		fprintf(f, " tracker %s\n", p->tracker);
	if (p->review[0])
		fprintf(f, " review %s|%s\n", p->review, p->review_why);
	if (p->mention[0])
		fprintf(f, " mention %s\n", p->mention);
	if (p->reviews[0])
		fprintf(f, " reviews %s\n", p->reviews);
	fprintf(f, " health %lld %lld %lld %lld %lld\n", (long long)p->retry_limit,
	    (long long)p->context_warn, (long long)p->context_stop,
	    (long long)p->same_error_limit, (long long)p->tries_limit);
}

char *
core_dump(const struct core *core)
{
	char *buf = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&buf, &n);

	for (size_t i = 0; i < core->n_plans; i++)
		dump_plan(f, &core->plan[i]);
	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];

		fprintf(f,
		    "batch %s v%d %s %s %s %s %s|%s|%s|%s %lld %lld %lld %d:", b->id,
		    b->version, b->kind, b->hash, batch_state_name(b->state), b->base,
		    b->plan_hash, b->reason, b->approved_by, b->overrides,
		    (long long)b->since, (long long)b->opened_at,
		    (long long)b->closed_at,
		    b->acked + 2 * b->overtakes + 4 * b->queues);
		for (size_t k = 0; k < b->n; k++)
			fprintf(f, " %zu", b->session[k]);
		fputc('\n', f);
	}
	for (size_t i = 0; i < core->n_sessions; i++)
		dump_session(f, &core->session[i]);
	for (size_t i = 0; i < core->n_assertions; i++) {
		const struct assertion_run *a = &core->assertion[i];

		fprintf(f, "assertion %s %s %s|%s|%s\n", a->plan_path, a->a, a->b,
		    a->reason, a->by);
	}
	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];

		fprintf(f, "conflict %s %s %s %s %s %s|%s|%s|%s|%s|%s|%s %lld %lld\n",
		    c->id, c->kind, c->a, c->b, c->policy, c->state, c->files, c->text,
		    c->ruling, c->about, c->reason, c->by, (long long)c->at,
		    (long long)c->ruled_at);
	}
	if (core->clock_set_at > 0)
		fprintf(f, "clock set %lld by %lld\n", (long long)core->clock_set_at,
		    (long long)core->clock_set_by);
	allowances_dump(core, f);
	accounts_dump(core, f);
	reviews_dump(core, f);
	feedback_dump(core, f);
	research_dump(core, f);
	fclose(f);
	return buf;
}
