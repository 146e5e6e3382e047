#include "cli/init.h"

#include "cli/json.h"
#include "cli/screen.h"

#include <stdio.h>
#include <string.h>

enum { PHASES_SHOWN = 30, LABEL_COLUMNS = 12, STEPS_MAX = 6 };

static const char *
setting_word(const struct init *init, const struct setting *setting)
{
	switch (setting->state) {
	case SETTING_NONE: return "none";
	case SETTING_KEPT: return "kept";
	case SETTING_NEW: break;
	}
	return init->dry_run ? "would be written" : "written";
}

static const char *
plan_word(const struct init *init)
{
	switch (init->plan_state) {
	case INIT_PLAN_NONE: return "none";
	case INIT_PLAN_THERE: return "there";
	case INIT_PLAN_NEW: return init->dry_run ? "would be written" : "written";
	case INIT_PLAN_EXTENDED: break;
	}
	return init->dry_run ? "would be extended" : "extended";
}

static const char *
skill_word(const struct init *init)
{
	switch (init->skill_state) {
	case SKILL_NONE: return "none";
	case SKILL_SAME: return "there";
	case SKILL_NEW: return init->dry_run ? "would be written" : "written";
	case SKILL_REPLACED: break;
	}
	return init->dry_run ? "would be replaced"
			     : "replaced; yours is kept as SKILL.md.orig";
}

static const char *
proposal_word(const struct proposal *proposal)
{
	if (proposal->is_declared)
		return "declared";
	if (proposal->state == PROPOSAL_LEFT ||
	    !footprint_is_enough(&proposal->footprint, proposal->is_reading))
		return "unknown";
	return proposal->state == PROPOSAL_ACCEPTED ? "accepted" : "proposed";
}

static bool
has_new_settings(const struct init *init)
{
	for (size_t i = 0; i < init->n_settings; i++) {
		if (init->setting[i].state == SETTING_NEW)
			return true;
	}
	return false;
}

static size_t
count_unknown(const struct init *init)
{
	size_t n = 0;

	for (size_t i = 0; i < init->n_proposals; i++)
		n += !init->proposal[i].is_declared &&
		     init->proposal[i].state != PROPOSAL_ACCEPTED;
	return n;
}

static bool
has_agent(const struct init *init)
{
	for (size_t i = 0; i < init->n_agents; i++) {
		if (init->agent[i].can_launch && init->agent[i].probe.login != 0)
			return true;
	}
	return false;
}

/* What comes next, most needed first: a command and why. */
struct step {
	char *command;
	const char *why;
};

static size_t
next_steps(const struct init *init, struct step *step)
{
	struct repo repo = { 0 };
	struct err err = ERR_INIT;
	bool is_ready;
	size_t n = 0;

	if (init->dry_run || repo_open(init->repo.top, &repo, NULL) < 0)
		return 0;
	is_ready = repo_check_ready(&repo, &err) == 0;
	repo_close(&repo);
	if (init->repo.is_empty)
		step[n++] = (struct step){
			xstrdup("git add --all && git commit -m \"Begin\""),
			"sessions start from a commit"
		};
	else if (!is_ready && err.fix[0])
		step[n++] = (struct step){ xstrdup(err.fix),
			"sessions start from the main branch" };
	if (!has_agent(init))
		step[n++] = (struct step){ xstrdup("divisi doctor"),
			"no agent can be started yet: it says what is missing" };
	if (init->plan_state == INIT_PLAN_NONE && init->plans.n > 0) {
		step[n++] = (struct step){ xstrdup("divisi check PLAN"),
			"what can run together, and why" };
	} else if (init->plan_state == INIT_PLAN_NONE) {
		step[n++] = (struct step){ xstrdup("divisi init --tasks FILE"),
			"makes a plan from one task per line" };
	} else {
		AUTO_FREE char *quoted = text_shell_quote(init->plan_shown);

		step[n++] = (struct step){ xasprintf("divisi check %s", quoted),
			"what can run together, and why" };
		step[n++] = (struct step){ xasprintf("divisi run %s", quoted),
			"shows the table and asks before anything starts" };
	}
	if (has_new_settings(init) && !init->repo.is_empty)
		step[n++] = (struct step){ xstrdup("git add .divisi/config && git "
						   "commit -m \"Configure divisi\""),
			"shares the settings; run works without" };
	return n;
}

static json_object *
footprint_json(const struct proposal *proposal)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < proposal->footprint.n; i++) {
		const struct footprint_item *item = &proposal->footprint.item[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "touch", json_str(touch_key(item->touch)));
		json_object_object_add(one, "path", json_str(item->path));
		if (item->to)
			json_object_object_add(one, "to", json_str(item->to));
		json_object_object_add(one, "evidence", json_str(item->evidence));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *
plan_json(const struct init *init)
{
	json_object *object = json_object_new_object();
	json_object *phases = json_object_new_array();

	for (size_t i = 0; i < init->n_proposals; i++) {
		const struct proposal *proposal = &init->proposal[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "id", json_str(proposal->id));
		json_object_object_add(one, "focus", json_str(proposal->focus));
		json_object_object_add(
		    one, "footprint", json_str(proposal_word(proposal)));
		json_object_object_add(one, "touches", footprint_json(proposal));
		json_object_object_add(
		    one, "hint", json_str_or_null(proposal->footprint.hint));
		json_object_array_add(phases, one);
	}
	json_object_object_add(object, "state", json_str(plan_word(init)));
	json_object_object_add(object, "path", json_str(init->plan_shown));
	json_object_object_add(object, "phases", phases);
	return object;
}

static json_object *
settings_json(const struct init *init)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < init->n_settings; i++) {
		const struct setting *setting = &init->setting[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "key", json_str(setting->key));
		json_object_object_add(one, "value", json_str(setting->value));
		json_object_object_add(
		    one, "state", json_str(setting_word(init, setting)));
		json_object_object_add(one, "because", json_str(setting->because));
		json_object_array_add(list, one);
	}
	return list;
}

static json_object *
agents_json(const struct init *init)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < init->n_agents; i++)
		json_object_array_add(list, agent_found_json(&init->agent[i]));
	return list;
}

static void
print_json(const struct init *init)
{
	json_object *object = json_object_new_object();
	json_object *next = json_object_new_array();
	struct step step[STEPS_MAX] = { 0 };
	size_t n = next_steps(init, step);

	for (size_t i = 0; i < n; i++) {
		json_object_array_add(next, json_str(step[i].command));
		free(step[i].command);
	}
	json_object_object_add(object, "repository", json_str(init->repo.top));
	json_object_object_add(
	    object, "dry_run", json_object_new_boolean(init->dry_run));
	json_object_object_add(object, "settings", settings_json(init));
	json_object_object_add(object, "agents", agents_json(init));
	json_object_object_add(object, "plan", plan_json(init));
	json_object_object_add(object, "skill", json_str(skill_word(init)));
	json_object_object_add(object, "next", next);
	json_print(object);
}

static void
put_label(const struct screen *screen, const char *label)
{
	screen_put(screen, STYLE_BOLD, label);
	fprintf(screen->out, "%*s", (int)(LABEL_COLUMNS - strlen(label)), "");
}

static void
print_settings(const struct init *init, const struct screen *screen)
{
	for (size_t i = 0; i < init->n_settings; i++) {
		const struct setting *setting = &init->setting[i];
		AUTO_FREE char *line = NULL;

		if (strchr(setting->name, ' '))
			continue;
		line = xasprintf("%s  (%s; %s)",
		    setting->value ? setting->value : "none", setting->because,
		    setting_word(init, setting));
		put_label(screen, setting->name);
		screen_wrap(screen, LABEL_COLUMNS, LABEL_COLUMNS, line);
	}
}

static void
print_agents(const struct init *init, const struct screen *screen)
{
	bool is_first = true;

	for (size_t i = 0; i < init->n_agents; i++) {
		const struct agent_found *found = &init->agent[i];
		AUTO_FREE char *line = NULL;
		AUTO_FREE char *state = NULL;

		/* The ones that are neither there nor ours to start are no news. */
		if (!found->is_there && !found->kind->adapter)
			continue;
		state = agent_found_state(found);
		line = xasprintf("%s: %s%s%s", found->kind->name, state,
		    found->fix[0] ? "; " : "", found->fix);
		put_label(screen, is_first ? "agents" : "");
		screen_wrap(screen, LABEL_COLUMNS, LABEL_COLUMNS, line);
		is_first = false;
	}
}

static const char *
unknown_words(const struct proposal *proposal)
{
	if (proposal->footprint.hint)
		return proposal->footprint.hint;
	return proposal->footprint.n > 0 ? "names what it reads, not what it works on"
					 : "names no path that it works on";
}

static void
print_phase(const struct proposal *proposal, const struct screen *screen)
{
	AUTO_FREE char *bullets = footprint_bullets(&proposal->footprint);
	const char *word = proposal_word(proposal);

	fprintf(screen->out, "  %s  ", proposal->id);
	screen_wrap(screen, 6, 6, proposal->focus);
	if (proposal->is_declared)
		return;
	fputs("      ", screen->out);
	if (strcmp(word, "unknown") == 0) {
		screen_wrap(screen, 6, 6, unknown_words(proposal));
		return;
	}
	for (char *p = bullets; *p; p++) {
		if (p[0] == '\n' && p[1] == '-') {
			p[0] = ';';
			p[1] = ' ';
		}
	}
	AUTO_FREE char *line = xasprintf("%s %s", word, bullets + 2);

	screen_wrap(screen, 6, 6, line);
}

static bool
has_open_proposal(const struct init *init)
{
	for (size_t i = 0; i < init->n_proposals; i++) {
		if (strcmp(proposal_word(&init->proposal[i]), "proposed") == 0)
			return true;
	}
	return false;
}

static void
print_plan(const struct init *init, const struct screen *screen)
{
	size_t n_unknown = count_unknown(init);

	put_label(screen, "plan");
	if (init->plan_state == INIT_PLAN_NONE) {
		AUTO_FREE char *several = git_list_show(&init->plans);

		screen_wrap(screen, LABEL_COLUMNS, LABEL_COLUMNS,
		    init->plans.n > 0 ? several : "none yet");
		return;
	}
	AUTO_FREE char *line = xasprintf("%s  (%s, %zu phase%s)", init->plan_shown,
	    plan_word(init), init->n_proposals, init->n_proposals == 1 ? "" : "s");

	screen_wrap(screen, LABEL_COLUMNS, LABEL_COLUMNS, line);
	for (size_t i = 0; i < init->n_proposals && i < PHASES_SHOWN; i++)
		print_phase(&init->proposal[i], screen);
	if (init->n_proposals > PHASES_SHOWN)
		fprintf(screen->out, "  ... and %zu more\n",
		    init->n_proposals - PHASES_SHOWN);
	if (n_unknown == 0)
		return;
	fprintf(screen->out,
	    "  %zu phase%s not say what %s: unknown counts as a collision, so %s alone.\n"
	    "  %sdd \"- Writes:\" lines to the plan.\n",
	    n_unknown, n_unknown == 1 ? " does" : "s do",
	    n_unknown == 1 ? "it touches" : "they touch",
	    n_unknown == 1 ? "it runs" : "each runs",
	    has_open_proposal(init) ? "Accept what is proposed (--yes, or answer at a "
				      "terminal), or a"
				    : "A");
}

static void
print_next(const struct init *init, const struct screen *screen)
{
	struct step step[STEPS_MAX] = { 0 };
	size_t n = next_steps(init, step);

	for (size_t i = 0; i < n; i++) {
		put_label(screen, i == 0 ? "next" : "");
		text_put(screen->out, step[i].command);
		fprintf(screen->out, "\n%*s", LABEL_COLUMNS + 2, "");
		screen_put(screen, STYLE_DIM, step[i].why);
		fputc('\n', screen->out);
		free(step[i].command);
	}
}

void
init_report(const struct init *init)
{
	struct screen screen;
	const char *warning = repo_warning(&init->repo);

	if (init->as_json) {
		print_json(init);
		return;
	}
	screen_init(&screen, stdout);
	put_label(&screen, "repository");
	screen_wrap(&screen, LABEL_COLUMNS, LABEL_COLUMNS, init->repo.top);
	if (warning) {
		put_label(&screen, "");
		screen_wrap(&screen, LABEL_COLUMNS, LABEL_COLUMNS, warning);
	}
	print_settings(init, &screen);
	print_agents(init, &screen);
	if (init->skill_state != SKILL_NONE) {
		put_label(&screen, "skill");
		text_put(stdout, init->skill_path);
		printf("  (%s)\n", skill_word(init));
	}
	print_plan(init, &screen);
	print_next(init, &screen);
	if (init->dry_run && init->plan_text) {
		fputs("\n", stdout);
		if (screen.is_terminal)
			text_put(stdout, init->plan_text);
		else
			fputs(init->plan_text, stdout);
	}
}
