#pragma once

#include "agent/agent.h"
#include "git/config.h"
#include "git/repo.h"
#include "policy/modes.h"

#include <json-c/json.h>

/*
 * What `divisi init` finds in a repository and on this machine.  Nothing is written and
 * no file of the repository is executed; commands are ours, files only choose among them.
 */

/* repo_open() of the directory we are in, in words for a person who is there. */
NODISCARD int init_open_repo(struct repo *repo, struct err *err);

/* A command that probably verifies the repository, and the file that says so. */
struct verify_guess {
	char *command;       /* NULL when nothing was found */
	const char *because; /* "Makefile has the target check" */
};

/* Reads at most a few small files at the top of the checkout TOP. */
void init_find_verify(const char *top, struct verify_guess *guess);
void verify_guess_clear(struct verify_guess *guess);

/* An agent of the catalogue, as it is on this machine. */
struct agent_found {
	const struct agent_kind *kind;
	struct agent_probe probe; /* its program is "" when it is not there */
	bool is_there, can_launch;
	char fix[240]; /* what is missing and the mend, or "" */
};

/*
 * Looks for every agent of the catalogue that has a program, with the programs that CONFIG
 * (may be NULL) names.  Returns how many there are in *FOUND, which the caller frees.
 * Waits for their `--version`.
 */
size_t init_find_agents(const struct config *config, struct agent_found **found);

/* The one for tasks that name none: claude when it is there, else command. */
const char *init_default_agent(const struct agent_found *found, size_t n);

/*
 * "2.1.330, logged in, /usr/bin/claude", or "not found"; what is missing is in fix.  The
 * caller frees it.
 */
char *agent_found_state(const struct agent_found *found);

/* name, shown, program, version, login, launchable, fix; the caller's. */
json_object *agent_found_json(const struct agent_found *found);

/*
 * One sentence on the files: how many, of which kind, what lies at the top.  And the files
 * that tell how to work here, as a list for a sentence, or NULL.  The caller frees both.
 */
char *init_describe(const struct repo *repo, const struct git_list *tracked);
char *init_guides(const struct git_list *tracked);

/* The last part of the checkout's path, shown harmlessly.  The caller frees it. */
char *init_repo_name(const struct repo *repo);

/* `ccc`: the slug of the repository's name, or "work".  The caller frees it. */
char *init_project_short(const struct repo *repo);

/*
 * PATH, absolute or relative to the top, as it can be typed in the current directory.  The
 * caller frees it.
 */
char *init_typed_path(const struct repo *repo, const char *path);

/* Where plans belong: "plans", "docs/plans" when there is such a directory, or "". */
const char *init_plan_dir(const struct repo *repo);

/*
 * Plans that are there: files *.md of the top and of the plan directory that have phases
 * and a Phase Map; paths relative to the top, sorted.
 */
void init_find_plans(const struct repo *repo, struct git_list *plans);

/*
 * The highest N of PREFIX-N in PLANS, commit messages and branches, 0 when there is none:
 * a new plan must not take the ids of work that was done (J-42).
 */
unsigned long init_last_issue(
    const struct repo *repo, const struct git_list *plans, const char *prefix);
