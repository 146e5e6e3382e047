#pragma once

#include "cli/init_find.h"
#include "cli/init_plan.h"

/*
 * The work of `divisi init`, from what it finds to what it writes.  Nothing is written
 * before everything is decided, and then settings and plan both or neither.
 */
enum setting_state {
	SETTING_NONE, /* nothing was found: VALUE is NULL */
	SETTING_KEPT, /* there already, in VALUE and said by BECAUSE */
	SETTING_NEW,  /* to be written, or written */
};

struct setting {
	const char *name; /* "verify", for people */
	char *key;        /* "divisi.verify" */
	char *value, *because;
	enum setting_state state;
};

enum { SETTINGS_MAX = 5 };

enum init_plan_state {
	INIT_PLAN_NONE,
	INIT_PLAN_THERE,    /* found or named, and left as it is */
	INIT_PLAN_NEW,      /* made from tasks */
	INIT_PLAN_EXTENDED, /* was there; footprints were added */
};

enum skill_state { SKILL_NONE, SKILL_NEW, SKILL_SAME, SKILL_REPLACED };

struct init {
	const char *tasks, *plan, *topic, *project, *verify; /* options, or NULL */
	bool yes, skill, dry_run, as_json;
	bool asks; /* a person sits there and may be asked */

	struct repo repo;
	struct config config;
	struct git_list tracked, plans;
	struct agent_found *agent;
	size_t n_agents;
	struct setting setting[SETTINGS_MAX];
	size_t n_settings;

	enum init_plan_state plan_state;
	char *plan_path;  /* absolute; NULL without a plan */
	char *plan_shown; /* as a person here would name it */
	char *plan_text;  /* to be written, or NULL */
	size_t n_plan_text;
	struct task_lines lines;
	struct plan *old_plan; /* the one that is there */
	struct lint_list old_lints;
	struct proposal *proposal; /* one per phase */
	size_t n_proposals;

	enum skill_state skill_state;
	char *skill_path; /* relative to the top */
};

/* Finds repository, settings, agents.  -1 as repo_open() and config_load(). */
NODISCARD int init_open(struct init *init, struct err *err);
void init_close(struct init *init);

/* init_settings.c: what the settings should be, and the writing of those that are new. */
NODISCARD int init_settings_decide(struct init *init, struct err *err);
const char *init_setting(const struct init *init, const char *name); /* or NULL */

/*
 * Writes settings and plan, each whole.  After a failure both are as they were.
 */
NODISCARD int init_write(struct init *init, struct err *err);

/* init_make.c: a plan from the lines of a task file, from NAME, in memory. */
NODISCARD int init_make_plan(
    struct init *init, const char *name, const char *text, size_t n, struct err *err);

/* init_adopt.c: the plan at PATH, with proposals for phases that declare nothing. */
NODISCARD int init_adopt_plan(struct init *init, const char *path, struct err *err);

/* init_ask.c: has *COMMAND (owned; may be NULL) accepted, changed or refused. */
NODISCARD int init_ask_verify(char **command, const char **because, struct err *err);

/*
 * Task lines of the person until an empty one; NULL with ERR_HUMAN when they end it, with
 * ERR_NONE when there are none.  The caller frees the text.
 */
char *init_ask_tasks(size_t *n, struct err *err);

/* Has every proposal answered, as the options say or by the person. */
NODISCARD int init_answer(struct init *init, struct err *err);

/* init_skill.c: decides on, then writes the SKILL.md.  ERR_CONFLICT for a changed one. */
NODISCARD int init_skill_decide(struct init *init, struct err *err);
NODISCARD int init_skill_write(struct init *init, struct err *err);

/* init_report.c: what was found and done, and what comes next. */
void init_report(const struct init *init);
