#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/board.h"
#include "cli/degraded.h"
#include "cli/dispatching.h"
#include "cli/running.h"
#include "git/surface.h"

#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct option_doc cmd_dispatch_options[] = {
	OPTION_JSON,
	{ "dry-run", NULL, "check and print what would be approved; file nothing",
	    'n' },
	{ "approve", "HASH", "approve exactly the table with this hash", 0 },
	{ "merge", "auto|ask",
	    "merge without asking, or ask before (default: divisi.merge)", 0 },
	{ "fence", "worktree|declared|off",
	    "what keeps the agents in (default: divisi.fence); off needs --override G21",
	    0 },
	{ "queue", NULL, "launch although sub-issues wait for a tracker that is down",
	    0 },
	{ "override", "RULE", "go on against RULE (repeatable); needs --reason", 0 },
	{ "reason", "TEXT", "why, kept on record", 0 },
	OPTION_END,
};
const struct option_doc cmd_run_options[] = {
	OPTION_JSON,
	{ "approve-all", NULL,
	    "approve each table of this plan; stop at the first red, stray or costly batch",
	    0 },
	{ "approve", "HASH", "approve exactly the table with this hash", 0 },
	{ "merge", "auto|ask",
	    "merge without asking, or ask before (default: divisi.merge)", 0 },
	{ "fence", "worktree|declared|off",
	    "what keeps the agents in (default: divisi.fence); off needs --override G21",
	    0 },
	{ "queue", NULL, "launch although sub-issues wait for a tracker that is down",
	    0 },
	{ "override", "RULE", "go on against RULE (repeatable); needs --reason", 0 },
	{ "reason", "TEXT", "why, kept on record", 0 },
	OPTION_END,
};

struct wishes {
	bool approve_all;
	const char *hash, *plan;
};

static int
set_merge(struct dispatching *d, const char *value, struct err *err)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "ask") != 0)
		return err_set(
		    err, ERR_USAGE, "--merge is auto or ask, not '%.20s'", value);
	fields_set(&d->in, "merge", value);
	return 0;
}

static int
read_wishes(int argc, char **argv, const struct option_doc *options,
    struct dispatching *d, struct wishes *w, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		const char *name = at >= 0 ? options[at].name : "";

		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && w->plan)
			return err_set(err, ERR_USAGE,
			    "one plan at a time, not '%.60s' too", args.value);
		if (at == ARGS_WORD)
			w->plan = args.value;
		else if (strcmp(name, "json") == 0)
			d->as_json = true;
		else if (strcmp(name, "dry-run") == 0)
			fields_set_number(&d->in, "dry_run", 1);
		else if (strcmp(name, "approve-all") == 0)
			w->approve_all = true;
		else if (strcmp(name, "approve") == 0)
			w->hash = args.value;
		else if (strcmp(name, "merge") == 0 &&
			 set_merge(d, args.value, err) < 0)
			return -1;
		else if (strcmp(name, "queue") == 0)
			fields_set_number(&d->in, "queue", 1);
		else if (strcmp(name, "fence") == 0)
			fields_set(&d->in, "fence", args.value);
		else if (strcmp(name, "override") == 0)
			fields_setf(&d->in, "override", "%s%s%s",
			    fields_text(&d->in, "override"),
			    fields_text(&d->in, "override")[0] ? "," : "", args.value);
		else if (strcmp(name, "reason") == 0)
			fields_set(&d->in, "reason", args.value);
	}
	if (!w->plan) {
		err_set(err, ERR_USAGE, "%s needs a plan", argv[0]);
		return err_fix(err, "divisi %s PLAN; divisi init makes one", argv[0]);
	}
	return 0;
}

static int
open_plan(struct dispatching *d, const char *word, struct err *err)
{
	AUTO_FREE char *copy = NULL;

	d->path = client_plan_path(word, err);
	if (!d->path)
		return -1;
	fields_set(&d->in, "plan", d->path);
	copy = xstrdup(d->path);
	screen_init(&d->screen, stdout);
	d->is_interactive = isatty(0) && isatty(1) && !d->as_json;
	return client_open(&d->client, dirname(copy), true, err);
}

/* The batch that stands, as one JSON value; false when there is none. */
static bool
print_batch(struct dispatching *d)
{
	struct err err = ERR_INIT;
	AUTO_JSON struct json_object *status = client_status(&d->client, &err);
	struct json_object *plan = NULL, *batch;

	batch = status ? dispatch_find(d, status, &plan) : NULL;
	if (batch)
		puts(json_object_to_json_string_ext(
		    batch, JSON_C_TO_STRING_NOSLASHESCAPE));
	return batch != NULL;
}

static void
say_approved(struct dispatching *d)
{
	if (d->as_json)
		(void)print_batch(d);
	else
		puts("approved; divisi watch follows it, divisi merge lands it");
}

/* `dispatch` prepares and asks for one batch and then lets it run. */
static int
dispatch_one(struct dispatching *d, const struct wishes *w, struct err *err)
{
	int rc;

	if (w->hash) {
		if (dispatch_approve(d, w->hash, err) < 0)
			return -1;
		say_approved(d);
		return 0;
	}
	rc = dispatch_prepare(d, err);
	if (rc < 0 || fields_number(&d->in, "dry_run", 0))
		return rc;
	rc = dispatch_decide(d, err);
	if (rc == 0)
		say_approved(d);
	return rc < 0 ? -1 : 0;
}

/* With --json a table that waits for its approval is an answer, not an error. */
static int
finish(struct dispatching *d, int rc, struct err *err)
{
	if (d->as_json && rc < 0 && err->kind == ERR_HUMAN && print_batch(d))
		return err_exit_status(ERR_HUMAN);
	return rc < 0 ? cmd_fail(err, d->as_json) : rc;
}

/* Does the surface that PLAN is worked from have no worktrees and branches (S-6)? */
static int
is_degraded(const char *plan, bool *answer, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(plan);
	struct surface surface;

	if (surface_at(dirname(copy), &surface, err) < 0)
		return -1;
	*answer = surface.is_degraded;
	return 0;
}

/* There a dispatch files sub-issues, whichever verb asked for it. */
static int
dispatch_degraded(struct dispatching *d, const struct wishes *w, struct err *err)
{
	AUTO_FREE char *path = client_plan_path(w->plan, err);

	return path ? degraded_dispatch(path, fields_number(&d->in, "dry_run", 0) != 0,
			  d->as_json, err)
		    : -1;
}

int
cmd_dispatch(int argc, char **argv)
{
	struct dispatching d = { 0 };
	struct wishes w = { 0 };
	struct err err = ERR_INIT;
	int rc = read_wishes(argc, argv, cmd_dispatch_options, &d, &w, &err);
	bool degraded = false;

	if (rc == 0)
		rc = is_degraded(w.plan, &degraded, &err);
	if (rc == 0 && degraded) {
		rc = dispatch_degraded(&d, &w, &err);
	} else {
		if (rc == 0)
			rc = open_plan(&d, w.plan, &err);
		if (rc == 0)
			rc = dispatch_one(&d, &w, &err);
	}
	rc = finish(&d, rc, &err);
	dispatching_clear(&d);
	return rc;
}

int
cmd_run(int argc, char **argv)
{
	struct dispatching d = { 0 };
	struct wishes w = { 0 };
	struct err err = ERR_INIT;
	int rc = read_wishes(argc, argv, cmd_run_options, &d, &w, &err);
	bool degraded = false;

	if (rc == 0 && w.approve_all && fields_text(&d.in, "merge")[0] == '\0')
		fields_set(&d.in, "merge", "auto");
	if (rc == 0)
		rc = is_degraded(w.plan, &degraded, &err);
	if (rc == 0 && degraded) {
		rc = finish(&d, dispatch_degraded(&d, &w, &err), &err);
		dispatching_clear(&d);
		return rc;
	}
	if (rc == 0)
		rc = open_plan(&d, w.plan, &err);
	if (rc == 0)
		rc = run_plan(&d, w.approve_all, w.hash, &err);
	rc = finish(&d, rc, &err);
	dispatching_clear(&d);
	return rc;
}
