#include "cli/init.h"

#include "base/file.h"
#include "plan/fmt.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/names.h"
#include "policy/prompt.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { TOPIC_WORDS = 4 };

/* Words that say nothing in a file name, least of all at its end. */
static bool
is_small_word(struct span word)
{
	static const char *const small[] = { "a", "an", "and", "as", "at", "by", "for",
		"from", "in", "into", "of", "on", "or", "the", "to", "with" };

	for (size_t i = 0; i < N_ELEMS(small); i++) {
		if (span_eq_nocase(word, small[i]))
			return true;
	}
	return false;
}

/* A plan is named after the first words of its first task, paths left out. */
static char *
default_topic(const struct task_lines *lines)
{
	struct span rest = span_of(lines->item[0].focus), word;
	char *topic = NULL;
	size_t size = 0, n = 0;
	FILE *out = open_memstream(&topic, &size);

	while (n < TOPIC_WORDS && span_next(&rest, ' ', &word)) {
		if (word.n == 0 || is_small_word(word) || memchr(word.p, '/', word.n) ||
		    memchr(word.p, '.', word.n))
			continue;
		fprintf(out, "%s%.*s", n++ ? " " : "", SPAN_FMT(word));
	}
	fclose(out);
	if (n > 1)
		return topic;
	free(topic);
	return xstrdup(lines->item[0].focus);
}

static char *
title_of(const struct init *init)
{
	const struct task_lines *lines = &init->lines;
	char *title = init->topic     ? text_show(init->topic, true)
		      : lines->n == 1 ? xstrdup(lines->item[0].focus)
				      : xasprintf("%s, and %zu more",
					    lines->item[0].focus, lines->n - 1);

	char *to = title;

	for (const char *p = title; *p; p++) {
		if (strchr("`[]{}|<>\\", *p) ||
		    (*p == ' ' && (to == title || to[-1] == ' ')))
			continue;
		*to++ = *p;
	}
	*to = '\0';
	title[0] = (char)toupper((unsigned char)title[0]);
	return title;
}

/* Where the plan goes, and that nothing is there. */
static int
choose_path(struct init *init, const char *date, struct err *err)
{
	const char *dir = init_plan_dir(&init->repo);
	const char *project = init->project ? init->project
					    : init_setting(init, "project");
	AUTO_FREE char *topic = init->topic ? NULL : default_topic(&init->lines);
	AUTO_FREE char *name = plan_file_name(
	    date, project, init->topic ? init->topic : topic);
	AUTO_FREE char *other = name ? NULL : plan_file_name(date, project, "plan");
	AUTO_FREE char *folder = *dir ? path_join(init->repo.top, dir)
				      : xstrdup(init->repo.top);

	if (init->topic && !name) {
		err_set(err, ERR_USAGE, "no file can be named after --topic \"%.60s\"",
		    init->topic);
		return err_fix(err, "use a few words with letters: --topic \"search\"");
	}
	if (!name && !other)
		return err_set(
		    err, ERR_USAGE, "no file can be named after \"%.40s\"", project);
	init->plan_path = path_join(folder, name ? name : other);
	if (!file_exists(init->plan_path))
		return 0;
	err_set(err, ERR_CONFLICT, "%s%s%s is there already", dir, *dir ? "/" : "",
	    name ? name : other);
	return err_fix(err, "go on with that plan: divisi check; or name this one with "
			    "--topic TEXT");
}

static int
check_agents(const struct init *init, const char *name, struct err *err)
{
	const char *fallback = init_setting(init, "agent");

	for (size_t i = 0; i < init->lines.n; i++) {
		const struct task_line *task = &init->lines.item[i];
		const char *agent = task->agent ? task->agent : fallback, *why = NULL;
		const struct agent_kind *kind = agent_kind_find(
		    agent ? agent : "command");
		AUTO_FREE char *key = xasprintf(
		    "divisi.agent.%s.adapter", agent ? agent : "command");

		if (!kind && !config_find(&init->config, key)) {
			err_set(err, ERR_INPUT, "%s:%u: nobody knows agent \"%.40s\"",
			    name, task->line, agent);
			return err_fix(err, "see the names with: divisi doctor");
		}
		if (kind && agent_eligible(kind, task->mode, &why) < 0) {
			err_set(err, ERR_INPUT, "%s:%u: %s cannot run %s: %s", name,
			    task->line, kind->shown,
			    exec_mode_name(
				task->mode == EXEC_NONE ? EXEC_QUICK : task->mode),
			    why);
			return err_fix(err, "choose another mode or agent [G15]");
		}
	}
	return 0;
}

static void
propose(struct init *init)
{
	struct tree *tree = tree_new(
	    (const char *const *)init->tracked.item, init->tracked.n);

	init->n_proposals = init->lines.n;
	init->proposal = xcalloc(init->n_proposals, sizeof(*init->proposal));
	for (size_t i = 0; i < init->n_proposals; i++) {
		const struct task_line *task = &init->lines.item[i];
		struct proposal *proposal = &init->proposal[i];

		proposal->id = task->id;
		proposal->focus = task->focus;
		proposal->is_reading = task->is_analysis;
		footprint_propose(
		    tree, task->text, task->is_analysis, &proposal->footprint);
	}
	tree_free(tree);
}

/* The first lint that would stop a prompt or a dispatch of this plan, as an error. */
static int
first_fault(const struct init *init, const char *name, const struct plan *plan,
    const struct lint_list *lints, struct err *err)
{
	for (size_t i = 0; i < lints->n; i++) {
		const struct lint *lint = &lints->item[i];
		int at = *lint->phase ? plan_index(plan, lint->phase) : -1;

		if (!lint_stops(lint, LINT_DISPATCH))
			continue;
		if (at >= 0)
			err_set(err, ERR_INPUT, "%s:%u: %s [%s]", name,
			    init->lines.item[at].line, lint->message, lint->code);
		else
			err_set(err, ERR_INPUT, "%s: %s [%s]", name, lint->message,
			    lint->code);
		return err_fix(err, "%s", lint->fix);
	}
	return 0;
}

/*
 * The plan must stand every check that a dispatch will make, whatever the tasks say; so
 * the checks themselves are asked, with the prompt that each session would get.
 */
static int
prove(const struct init *init, const char *name, struct err *err)
{
	struct lint_list lints = { 0 };

	if (init->n_plan_text > PLAN_MAX_BYTES) {
		err_set(err, ERR_INPUT,
		    "%s: %zu tasks make a plan of %zu bytes, %u is the most", name,
		    init->lines.n, init->n_plan_text, PLAN_MAX_BYTES);
		return err_fix(err, "make several plans of them");
	}
	AUTO_PLAN struct plan *plan = plan_parse(
	    init->plan_path, init->plan_text, init->n_plan_text, &lints, err);
	int rc = plan && plan->n_phases == init->lines.n ? 0 : -1;

	if (plan && rc < 0)
		err_set(err, ERR_INPUT, "%s: %zu tasks became %zu phases", name,
		    init->lines.n, plan->n_phases);
	for (size_t i = 0; rc == 0 && i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		const char *warning;
		struct prompt_facts facts = {
			.plan = plan,
			.phase = phase,
			.launch_as = launch_mode_of_phase(phase, &warning),
			.worktree = "yes",
			.repo_label = init_setting(init, "project"),
			.repo_path = "~/repository",
			.verify = init_setting(init, "verify"),
		};
		AUTO_FREE char *prompt = prompt_render(&facts);

		prompt_lint(prompt, &facts, plan, &lints);
	}
	if (rc == 0) {
		plan_lint(plan, NULL, &lints);
		rc = first_fault(init, name, plan, &lints, err);
	}
	lint_list_clear(&lints);
	return rc;
}

static void
render(struct init *init, const char *date, const char *title)
{
	AUTO_FREE char *prefix = init_issue_prefix(&init->lines);
	AUTO_FREE char *layout = init_describe(&init->repo, &init->tracked);
	AUTO_FREE char *guides = init_guides(&init->tracked);
	const char *agent = init_setting(init, "agent");
	struct plan_facts facts = {
		.title = title,
		.date = date,
		.main_branch = init_setting(init, "main"),
		.layout = layout,
		.guides = guides,
		.agent = agent ? agent : "command",
		.prefix = prefix,
		.first_issue = init_last_issue(&init->repo, &init->plans, prefix) + 1,
		.has_verify = init_setting(init, "verify") != NULL,
	};

	AUTO_FREE char *raw = init_plan_text(&facts, &init->lines, init->proposal);
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse("", raw, strlen(raw), &lints, NULL);

	/* As `divisi fmt` would have it, so that the first fmt changes nothing. */
	lint_list_clear(&lints);
	init->plan_text = plan ? plan_format(plan, NULL) : TAKE_PTR(raw);
	init->n_plan_text = strlen(init->plan_text);
}

int
init_make_plan(
    struct init *init, const char *name, const char *text, size_t n, struct err *err)
{
	time_t now = time(NULL);
	struct tm local;
	char date[16];

	localtime_r(&now, &local);
	strftime(date, sizeof(date), "%Y-%m-%d", &local);
	if (task_lines_read(name, text, n, &init->lines, err) < 0 ||
	    check_agents(init, name, err) < 0)
		return -1;
	AUTO_FREE char *title = title_of(init);

	if (choose_path(init, date, err) < 0)
		return -1;
	propose(init);
	if (init->asks) {
		/* What is wrong with the text is said before a person is asked about it. */
		render(init, date, title);
		if (prove(init, name, err) < 0)
			return -1;
		free(TAKE_PTR(init->plan_text));
	}
	if (init_answer(init, err) < 0)
		return -1;
	render(init, date, title);
	init->plan_state = INIT_PLAN_NEW;
	return prove(init, name, err);
}
