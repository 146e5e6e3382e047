#include "engine/landing_rules.h"
#include "engine/propose.h"

#include "adapters.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/agent_settings.h"
#include "engine/looping.h"
#include "git/worktree.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/cost.h"
#include "policy/depth.h"
#include "policy/names.h"
#include "policy/price.h"
#include "policy/prompt.h"
#include "policy/refusal.h"
#include "policy/research.h"
#include "policy/review.h"

#include <stdarg.h>
#include <string.h>

/* One session of a proposal: everything a person approves about it. */

void
propose_set(struct proposal *p, size_t i, const char *name, const char *text)
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

void
propose_note(struct proposal *p, const char *fmt, ...)
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

void
propose_canon(struct proposal *p, const char *name, const char *text)
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

bool
propose_has_word(const char *list, const char *word)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ',', &one)) {
		if (span_eq(span_trim(one), word))
			return true;
	}
	return false;
}

bool
propose_overrides(const struct proposal *p, const char *code)
{
	return propose_has_word(fields_text(p->in, "override"), code);
}

/* Who commits, for an agent whose commands do not see the user's git configuration. */
static void
put_identity(struct proposal *p, size_t i)
{
	const struct phase *phase = &p->plan->phase[p->batch->phase[i]];
	AUTO_FREE char *who = git_line(
	    propose_repo(p, phase)->top, GIT_ARGS("var", "GIT_AUTHOR_IDENT"), NULL);
	const char *open = who ? strstr(who, " <") : NULL,
		   *end = open ? strchr(open, '>') : NULL;
	AUTO_FREE char *both = end ? xasprintf("%.*s\n%.*s", (int)(open - who), who,
					 (int)(end - open - 2), open + 2)
				   : NULL;

	propose_set(p, i, "identity", both ? both : "");
}

/* The words of COMMAND, one a line; the caller frees it.  There is no shell, so no quotes. */
static char *
words_of(const char *command)
{
	struct span rest = span_of(command), word;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	while (span_next(&rest, ' ', &word)) {
		if (word.n > 0)
			fprintf(
			    f, "%s%.*s", ftell(f) > 0 ? "\n" : "", (int)word.n, word.p);
	}
	fclose(f);
	return text;
}

/*
 * The arguments behind the program's name: those in WORDS, the configured ones, and what the
 * number of turns makes of it.  NULL with ERR; the caller frees it.
 */
static char *
args_of(const struct proposal *p, const char *name, const struct agent *agent,
    const char *words, struct err *err)
{
	AUTO_FREE char *args_key = xasprintf("divisi.agent.%s.args", name);
	AUTO_FREE char *turns_key = xasprintf("divisi.agent.%s.turns", name);
	const struct config_range range = { 0, 0, 100000 };
	struct git_list args = { 0 };
	char *joined = NULL;
	size_t n = 0;
	long turns;
	FILE *f;

	if (config_int(&p->config, turns_key, range, &turns, err) < 0)
		return NULL;
	if (turns > 0 && !agent->turns_option) {
		err_set(err, ERR_INPUT, "%s: agent '%s' has no limit of turns",
		    turns_key, name);
		err_fix(err,
		    "git config --unset %s; budgets and divisi.wall-limit hold "
		    "for every agent",
		    turns_key);
		return NULL;
	}
	config_values(&p->config, args_key, &args);
	f = open_memstream(&joined, &n);
	fputs(words, f);
	for (size_t k = 0; k < args.n; k++)
		fprintf(f, "%s%s", ftell(f) > 0 ? "\n" : "", args.item[k]);
	if (turns > 0)
		fprintf(f, "%s%s\n%ld", ftell(f) > 0 ? "\n" : "", agent->turns_option,
		    turns);
	fclose(f);
	git_list_clear(&args);
	return joined;
}

/* What PROBE found of AGENT, which is started with ARGS. */
static void
put_program(struct proposal *p, size_t i, const struct agent *agent,
    const struct agent_probe *probe, const char *args)
{
	if (agent->hides_git_config)
		put_identity(p, i);
	propose_set(p, i, "adapter", agent->name);
	propose_set(p, i, "program", probe->program);
	propose_set(p, i, "version", probe->version);
	set_number_at(p, i, "login", probe->login);
	propose_set(p, i, "args", args);
	propose_canon(p, "program", probe->program);
	propose_canon(p, "args", args);
}

/* The program, its further arguments and its readiness; a missing login refuses. */
static int
put_agent(struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	const char *name = row->agent_name;
	AUTO_FREE char *program_key = xasprintf("divisi.agent.%s.program", name);
	AUTO_FREE char *adapter_key = xasprintf("divisi.agent.%s.adapter", name);
	const char *program = config_str(&p->config, program_key, "");
	const char *adapter = config_str(&p->config, adapter_key,
	    row->agent && row->agent->adapter ? row->agent->adapter : "");
	const struct agent *agent = adapter[0] ? adapter_agent(adapter) : NULL;
	AUTO_FREE char *env = agent_settings_env(&p->config, name);
	AUTO_FREE char *account_key = xasprintf("divisi.agent.%s.account", name);
	AUTO_FREE char *price_key = xasprintf("divisi.agent.%s.price", name);
	const char *price = config_str(&p->config, price_key, "");
	struct price known;
	const char *own = agent_own_command(row->phase->agent);
	AUTO_FREE char *words = words_of(own ? own : "");
	AUTO_FREE char *own_program = xstrndup(words, strcspn(words, "\n"));
	AUTO_FREE char *joined = NULL;
	struct agent_probe probe = { 0 };
	const struct config_item *item;
	int rc;

	propose_set(p, i, "agent", name);
	propose_set(p, i, "agent_shown",
	    own ? row->phase->agent
	    : row->agent && strcmp(row->agent->name, "delegate") != 0
		? row->agent->shown
		: name);
	set_number_at(p, i, "external", row->agent && row->agent->is_external);
	if (row->agent && row->agent->is_external)
		return propose_away(p, i, row, err);
	if (!agent) {
		err_set(err, ERR_REFUSED,
		    "phase %s: agent '%s' cannot be launched by this divisi",
		    row->phase->id, name);
		return err_fix(err, "name another agent, or set %s=command and %s",
		    adapter_key, program_key);
	}
	if (own)
		program = own_program;
	if (program[0] == '\0' && row->agent)
		program = row->agent->program ? row->agent->program : "";
	if (program[0] == '\0') {
		err_set(err, ERR_REFUSED, "agent '%s' needs a program", name);
		return err_fix(err,
		    "git config --file .divisi/config %s /path/to/program",
		    program_key);
	}
	if (price[0] && price_read(price, &known, err) < 0)
		return err_wrap(err, "%s", price_key);
	/* A program that the repository names is looked for, never run before the approval. */
	item = config_find(&p->config, program_key);
	if (own || (item && item->is_committed)) {
		propose_note(p, "agent %s is %s, named by %s", name, program,
		    own ? "the plan" : item->origin);
		rc = agent_command.probe(program, &probe, err);
	} else {
		rc = agent->probe(program, &probe, err);
	}
	if (rc < 0)
		return err_wrap(err, "agent %s", name);
	if (probe.login == 0) {
		err_set(err, ERR_REFUSED, "agent %s is not logged in: %s", name,
		    probe.note);
		return err_fix(
		    err, "log in with %s, then dispatch again", probe.program);
	}
	joined = args_of(p, name, agent,
	    words + strlen(own_program) + (words[strlen(own_program)] == '\n'), err);
	if (!joined)
		return -1;
	propose_set(p, i, "account", config_str(&p->config, account_key, name));
	propose_set(p, i, "price", price);
	propose_set(p, i, "env_more", env);
	put_program(p, i, agent, &probe, joined);
	propose_canon(p, "env", env);
	return 0;
}

bool
propose_has_met(const struct proposal *p, int a, int b)
{
	for (size_t i = 0; i < p->n_met; i++) {
		const struct batch_met *met = &p->met[i];

		if ((met->a == a && met->b == b) || (met->a == b && met->b == a))
			return true;
	}
	return false;
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

		if (!o || o == row || o->merge >= row->merge)
			continue;
		if ((!pair || pair->verdict == VERDICT_PARALLEL) &&
		    !propose_has_met(p, row->position, b->phase[k]))
			continue;
		fprintf(f, "%s%s", ftell(f) > 0 ? "," : "", o->phase->id);
	}
	fclose(f);
	propose_set(p, i, "after", after);
	propose_canon(p, "after", after);
	free(after);
}

/* Which reviews it needs, and whether these are offered once they are due (S-43, S-44). */
static void
put_review(struct proposal *p, size_t i, const struct phase_review *review)
{
	bool offers = strcmp(config_str(&p->config, "divisi.review.start", "offer"),
			  "offer") == 0;
	char text[24];

	snprintf(text, sizeof(text), "%s%s%s", review->in ? "in" : "",
	    review->in && review->post ? "," : "", review->post ? "post" : "");
	if (text[0] && offers)
		strcat(text, ",offer");
	propose_set(p, i, "review", text);
}

/* How deep that of its change goes, by what kind of work it is. */
static void
put_depth(struct proposal *p, size_t i, const struct phase *phase)
{
	char why[160];
	enum depth depth = depth_of_change(phase, why, sizeof(why));
	AUTO_FREE char *text = xasprintf("%s: %s", depth_name(depth), why);

	propose_set(p, i, "depth", text);
}

/* The phases that must be done before: what its sub-issue is blocked by. */
static void
put_needs(struct proposal *p, size_t i, const struct dispatch_row *row)
{
	char *needs = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&needs, &n);

	for (size_t k = 0; k < p->plan->n_phases; k++) {
		const struct pair *pair = verdicts_find(
		    p->verdicts, row->position, (int)k);

		if ((int)k == row->position || !pair || pair->first != (int)k ||
		    pair->verdict != VERDICT_SEQUENTIAL || pair->kind == PAIR_CLOSURE)
			continue;
		fprintf(f, "%s%s", ftell(f) > 0 ? "," : "", p->plan->phase[k].id);
	}
	fclose(f);
	propose_set(p, i, "needs", needs);
	free(needs);
}

static int
put_prompt(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	const struct config *config = propose_config(p, row->phase);
	const char *verify = row->phase->verify[0]
				 ? row->phase->verify
				 : config_str(config, "divisi.verify", "");
	AUTO_FREE char *shown = propose_home_path(propose_repo(p, row->phase)->top);
	AUTO_FREE char *rules = landing_rules_text(config, row->phase);
	AUTO_FREE char *prompt = NULL;
	struct prompt_facts facts = { .plan = p->plan,
		.phase = row->phase,
		.launch_as = row->launch_as,
		.worktree = row->worktree,
		.repo_label = config_str(config, "divisi.project", "Repository"),
		.repo_path = shown,
		.branch = row->branch,
		.verify = verify[0] ? verify : NULL,
		.is_external = row->agent && !row->agent->knows_method,
		.loops = fields_number_at(p->out, i, "loop_tasks", 0) > 0,
		.target = row->agent && row->agent->is_external
			      ? fields_text(p->out, "target")
			      : NULL };
	struct lint_list lints = { 0 };
	char sha[HASH_HEX_SIZE];
	int rc = 0;

	prompt = prompt_render(&facts);
	prompt_lint(prompt, &facts, p->plan, &lints);
	for (size_t k = 0; k < lints.n && rc == 0; k++) {
		const struct lint *l = &lints.item[k];

		if (l->level != 'E' || propose_overrides(p, l->code))
			continue;
		rc = refuse(err, l->code, "prompt of phase %s, line %u: %s",
		    row->phase->id, l->at.line, l->message);
		err_fix(err, "%s", l->fix);
	}
	lint_list_clear(&lints);
	if (rc < 0)
		return -1;
	hash_sha256(prompt, strlen(prompt), sha);
	propose_set(p, i, "prompt", prompt);
	propose_set(p, i, "prompt_sha", sha);
	propose_set(p, i, "verify", verify);
	propose_set(p, i, "rules", rules);
	propose_canon(p, "rules", rules);
	propose_canon(p, "prompt_sha256", sha);
	return 0;
}

static void
put_names(struct proposal *p, size_t i, const struct dispatch_row *row)
{
	const struct phase *ph = row->phase;
	AUTO_FREE char *slug = text_slug(ph->focus, 50);
	AUTO_FREE char *low = text_slug(ph->n_issues ? ph->issue[0].id : ph->id, 32);
	AUTO_FREE char *again = row->n_before ? xasprintf("-%d", row->n_before + 1)
					      : xstrdup("");
	AUTO_FREE char *name = xasprintf("%s-%s%s", low, slug, again);
	AUTO_FREE char *path = worktree_default_path(propose_repo(p, ph), name);
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
		propose_set(p, i, texts[k].name, texts[k].text);
		propose_canon(p, texts[k].name, texts[k].text);
	}
	propose_set(p, i, "path", strcmp(row->worktree, "n/a") == 0 ? "" : path);
	propose_set(p, i, "launch_as", launch_mode_name(row->launch_as));
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
	if (row->phase->output && row->phase->output[0]) {
		propose_set(p, i, "output", row->phase->output);
		propose_canon(p, "output", row->phase->output);
	}
	set_number_at(
	    p, i, "budget", row->high_cents > 0 ? row->high_cents * factor : 0);
	propose_set(p, i, "cost", shown);
	cents = xasprintf("%ld/%ld/%ld/%d", row->low_cents, row->mid_cents,
	    row->high_cents, row->merge);
	propose_canon(p, "estimate", cents);
}

/* Its tasks one by one, and the limits of that (SPEC 2.17). */
static int
put_loop(struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	AUTO_FREE char *limits = NULL;
	struct loop l;

	if (row->agent && row->agent->is_external)
		return 0;
	if (looping_read(propose_config(p, row->phase), row->phase, &l, err) < 0)
		return -1;
	if (l.tasks == 0)
		return 0;
	set_number_at(p, i, "loop_tasks", l.tasks);
	set_number_at(p, i, "loop_tries", l.max_tries);
	set_number_at(p, i, "loop_turns", l.max_turns);
	set_number_at(p, i, "loop_replans", l.max_replans);
	set_number_at(p, i, "loop_fresh", l.is_fresh);
	limits = xasprintf("%lld/%lld/%lld/%lld/%lld", (long long)l.tasks,
	    (long long)l.max_tries, (long long)l.max_turns, (long long)l.max_replans,
	    (long long)l.is_fresh);
	propose_canon(p, "loop", limits);
	return 0;
}

/* What the approval covers beside the agent's own doing is said with the table. */
static void
note_commits(struct proposal *p, size_t i, const struct dispatch_row *row)
{
	const char *sandbox = config_str(&p->config, "divisi.sandbox", "");
	const struct agent *agent = row->agent && row->agent->adapter
					? adapter_agent(row->agent->adapter)
					: NULL;

	if (agent && agent->cannot_commit && row->launch_as == LAUNCH_BYPASS &&
	    strcmp(sandbox, "external") != 0 &&
	    strcmp(fields_text_at(p->out, i, "fence"), "off") == 0)
		propose_note(p,
		    "phase %s: %s keeps its own sandbox, in which it cannot commit; divisi "
		    "commits for it what it leaves",
		    row->phase->id, row->agent->shown);
}

int
propose_session(struct proposal *p, size_t i, struct err *err)
{
	const struct dispatch_row *row = dispatch_row_of(p->rows, p->batch->phase[i]);
	struct phase_review review;
	const char *why = NULL;

	if (!row || row->phase->n_issues != 1)
		return refuse(err, "G08", "phase %s does not own exactly one issue",
		    row ? row->phase->id : "?");
	if (research_is_synthesis(p->plan, row->phase) &&
	    !fields_number(p->in, "researched", 0)) {
		refuse(err, "G19",
		    "phase %s builds on research that was not found sufficient (S-33)",
		    row->phase->id);
		return err_fix(err, "divisi research %s --assess", p->plan->path);
	}
	if (!row->branch)
		return refuse(err, "G09",
		    "phase %s: no branch name can be made of '%s'", row->phase->id,
		    row->phase->focus);
	if (agent_eligible(row->agent, row->phase->mode, &why) < 0 &&
	    !propose_overrides(p, "G15"))
		return refuse(err, "G15", "phase %s: %s", row->phase->id, why);
	if (why)
		propose_note(p, "phase %s: %s", row->phase->id, why);
	if (!propose_overrides(p, "G15") &&
	    agent_settings_check(&p->config, row->agent_name, row->phase->mode, err) <
		0)
		return err_wrap(err, "phase %s", row->phase->id);
	if (row->phase->output[0] && !row->phase->is_analysis_only) {
		err_set(err, ERR_REFUSED,
		    "phase %s delivers %s, but it does not only look (A-82)",
		    row->phase->id, row->phase->output);
		return err_fix(err, "set 'Mode: %s (analysis-only)', or drop 'Output:'",
		    exec_mode_name(row->phase->mode));
	}
	if (review_of_phase(row->phase, &review, err) < 0)
		return -1;
	put_review(p, i, &review);
	put_depth(p, i, row->phase);
	fputc('{', p->canon);
	put_names(p, i, row);
	if (propose_place(p, i, row, err) < 0)
		return -1;
	put_cost(p, i, row);
	put_after(p, i, row);
	put_needs(p, i, row);
	if (propose_fence(p, i, row, err) < 0 || put_agent(p, i, row, err) < 0 ||
	    put_loop(p, i, row, err) < 0 || put_prompt(p, i, row, err) < 0)
		return -1;
	fputs("},", p->canon);
	propose_set(p, i, "setup",
	    config_str(propose_config(p, row->phase), "divisi.worktree.setup", ""));
	set_number_at(p, i, "sandboxed",
	    strcmp(config_str(&p->config, "divisi.sandbox", ""), "external") == 0);
	note_commits(p, i, row);
	if (row->warning)
		propose_note(p, "phase %s: %s", row->phase->id, row->warning);
	if (row->mid_cents < 0)
		propose_note(p, "phase %s has no estimate (A-31)", row->phase->id);
	return 0;
}
