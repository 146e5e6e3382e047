#include "cli/degraded.h"

#include "base/mem.h"
#include "cli/client.h"
#include "cli/filing.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "engine/track_link.h"
#include "plan/lint.h"
#include "policy/names.h"

#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_MS 60000

void
degraded_say(const struct surface *surface)
{
	fputs("degraded-cowork: ", stderr);
	if (surface->lacks_git)
		fputs("git is not installed, or not on PATH, so there are no "
		      "worktrees and no branches.\n",
		    stderr);
	else
		fprintf(stderr,
		    "the surface is cowork (%s), so there are no worktrees and no "
		    "branches.\n",
		    surface->said_by);
	fputs(
	    "  Phases that overlap follow each other; dispatch files sub-issues, which "
	    "wait for an agent or a\n"
	    "  surface that has git: divisi issue assign ID WHO. Checking, planning, "
	    "prompts and issues work.\n",
	    stderr);
}

struct filing {
	struct client client;
	struct world world;
	struct track_link link;     /* the tracker over the network, if it is one */
	struct json_object *issues; /* below the master issue */
	const char *master;
	bool dry;
	size_t n_filed;
};

static int
order(struct filing *f, const struct fields *in, struct fields *out, struct err *err)
{
	return client_order(&f->client, "issue", in, out, LIMIT_MS, err);
}

static int
read_issues(struct filing *f, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	int rc;

	if (f->link.tracker) {
		json_object_put(f->issues);
		f->issues = filing_list(&f->link, f->master, err);
		return f->issues ? 0 : -1;
	}
	fields_set(&in, "what", "list");
	fields_set(&in, "parent", f->master);
	fields_set(&in, "limit", "10000");
	fields_set_number(&in, "json", 1);
	rc = order(f, &in, &out, err);
	json_object_put(f->issues);
	f->issues = rc == 0 ? json_tokener_parse(fields_text(&out, "text")) : NULL;
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

/* The issue called TITLE, or NULL. */
static struct json_object *
find_issue(const struct filing *f, const char *title)
{
	for (size_t i = 0; i < js_count(f->issues); i++) {
		struct json_object *one = js_at(f->issues, i);

		if (strcmp(js_text(one, "title"), title) == 0)
			return one;
	}
	return NULL;
}

static struct json_object *
issue_of(const struct filing *f, const struct dispatch_row *row)
{
	AUTO_FREE char *title = sub_issue_title(
	    row->batch, row->index, row->phase->focus);

	return find_issue(f, title);
}

/* The first batch of which not every sub-issue is Done (S-27); NULL when none is left. */
static const struct batch *
next_batch(const struct filing *f)
{
	const struct batches *batches = f->world.batches;

	for (size_t b = 0; b < batches->n; b++) {
		for (size_t i = 0; i < batches->batch[b].n; i++) {
			const struct dispatch_row *row = dispatch_row_of(
			    f->world.rows, batches->batch[b].phase[i]);
			struct json_object *issue = row ? issue_of(f, row) : NULL;

			if (!issue || strcmp(js_text(issue, "status"), "Done") != 0)
				return &batches->batch[b];
		}
	}
	return NULL;
}

static int
file_master(struct filing *f, struct err *err)
{
	const struct issue_ref *master = &f->world.plan->master;
	struct fields in = { 0 }, out = { 0 };
	int rc;

	if (f->link.tracker)
		return 0; /* it is there, or its children could not have been read */

	fields_set(&in, "what", "new");
	fields_set(&in, "id", master->id);
	fields_set(
	    &in, "title", master->title[0] ? master->title : f->world.plan->title);
	fields_set(&in, "type", "feature");
	rc = order(f, &in, &out, err);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 && err->kind == ERR_CONFLICT ? 0 : rc;
}

static int
file_away(struct filing *f, const struct dispatch_row *row, const char *title,
    const char *prompt, struct err *err)
{
	AUTO_FREE char *exec = xasprintf(
	    "exec:%.*s", (int)strcspn(row->mode, " "), row->mode);
	struct filing_issue issue = { f->master, title, prompt,
		{ row->phase->is_analysis_only ? "type:spike" : "type:chore", exec },
		row->points };

	if (filing_make(&f->link, &issue, err) < 0)
		return err_wrap(err, "phase %s", row->phase->id);
	f->n_filed++;
	return 0;
}

/* S-48 to S-53: the whole prompt is the description; nobody is assigned. */
static int
file_row(struct filing *f, const struct dispatch_row *row, struct err *err)
{
	AUTO_FREE char *prompt = world_prompt(&f->world, row);
	AUTO_FREE char *title = sub_issue_title(
	    row->batch, row->index, row->phase->focus);
	struct fields in = { 0 }, out = { 0 };
	int rc;

	if (f->link.tracker)
		return file_away(f, row, title, prompt, err);
	fields_set(&in, "what", "new");
	fields_set(&in, "title", title);
	fields_set(&in, "body", prompt);
	fields_set(&in, "parent", f->master);
	fields_set(&in, "type", row->phase->is_analysis_only ? "spike" : "chore");
	fields_setf(&in, "label", "exec:%.*s", (int)strcspn(row->mode, " "), row->mode);
	if (row->points > 0)
		fields_setf(&in, "estimate", "%d", row->points);
	rc = order(f, &in, &out, err);
	f->n_filed += rc == 0;
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? err_wrap(err, "phase %s", row->phase->id) : 0;
}

static int
file_batch(struct filing *f, const struct batch *batch, struct err *err)
{
	if (f->dry)
		return 0;
	if (file_master(f, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->n; i++) {
		const struct dispatch_row *row = dispatch_row_of(
		    f->world.rows, batch->phase[i]);

		if (!issue_of(f, row) && file_row(f, row, err) < 0)
			return -1;
	}
	return read_issues(f, err);
}

static void
print_table(const struct filing *f, const struct batch *batch)
{
	static const char *const header[] = { "Session", "Issue", "Focus", "Mode",
		"Est. Cost", "Agent", "Worktree", "Status" };
	struct screen screen;
	struct sheet sheet;

	screen_init(&screen, stdout);
	printf("Batch %d of %zu, by sub-issue only\n\n", batch->number,
	    f->world.batches->n);
	sheet_init(&sheet, header, N_ELEMS(header));
	for (size_t i = 0; i < batch->n; i++) {
		const struct dispatch_row *row = dispatch_row_of(
		    f->world.rows, batch->phase[i]);
		struct json_object *issue = issue_of(f, row);
		AUTO_FREE char *cost = dispatch_cost(row);
		const char *const cells[] = { row->label,
			issue ? js_text(issue, "id") : "-", row->phase->focus,
			row->mode, cost,
			row->agent         ? row->agent->shown
			: *row->agent_name ? row->agent_name
					   : "-",
			row->worktree, issue ? js_text(issue, "status") : "not filed" };

		sheet_add(&sheet, cells, NULL);
	}
	sheet_print(&sheet, &screen);
	sheet_clear(&sheet);
	printf("\n%zu filed now%s\n", f->n_filed,
	    f->dry ? " (a dry run files nothing)" : "");
	if (f->link.tracker)
		printf("assign one in %s to launch it; when it is Done there: divisi "
		       "dispatch %s\n",
		    f->link.tracker->name, f->world.plan->path);
	else
		puts("assign one to launch it: divisi issue assign ID WHO; when it is "
		     "Done: divisi issue move ID Done");
}

static void
print_json(const struct filing *f, const struct batch *batch)
{
	struct json_object *o = json_object_new_object(),
			   *list = json_object_new_array();

	json_object_object_add(o, "tier", json_str(surface_tier(&f->world.surface)));
	json_object_object_add(
	    o, "surface", json_str(surface_name(f->world.surface.kind)));
	json_object_object_add(o, "batch", json_object_new_int(batch->number));
	json_object_object_add(o, "filed", json_object_new_int64((int64_t)f->n_filed));
	for (size_t i = 0; i < batch->n; i++) {
		const struct dispatch_row *row = dispatch_row_of(
		    f->world.rows, batch->phase[i]);
		struct json_object *issue = issue_of(f, row),
				   *one = json_object_new_object();

		json_object_object_add(
		    one, "phase", json_object_new_string(row->phase->id));
		json_object_object_add(one, "sub_issue",
		    json_object_new_string(issue ? js_text(issue, "id") : ""));
		json_object_object_add(one, "status",
		    json_object_new_string(issue ? js_text(issue, "status") : ""));
		json_object_object_add(
		    one, "worktree", json_object_new_string(row->worktree));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "sessions", list);
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* Filed where the team does not look, a sub-issue would dispatch nobody. */
static int
open_tracker(struct filing *f, const char *dir, struct err *err)
{
	const char *name = "";

	if (track_chosen(&f->world.config, &name, err) < 0)
		return -1;
	if (name[0] == '\0')
		return client_open(&f->client, dir, true, err);
	return track_link_open(&f->link, f->world.repo.top, name, err);
}

/* What would stop a dispatch with git stops this one. */
static int
check_plan(struct filing *f, struct err *err)
{
	struct screen errors;

	if (f->world.plan->master.id[0] == '\0') {
		err_set(
		    err, ERR_REFUSED, "the plan names no parent issue to file under");
		return err_fix(err, "add the line: **Parent issue:** [ID: TITLE](URL)");
	}
	if (world_n_stopping(&f->world, LINT_DISPATCH) == 0)
		return 0;
	screen_init(&errors, stderr);
	world_print_lints(&f->world, &errors, LINT_DISPATCH, true);
	err_set(err, ERR_REFUSED, "the plan has errors");
	return err_fix(err, "divisi check %s", f->world.plan->path);
}

int
degraded_dispatch(const char *path, bool dry, bool as_json, struct err *err)
{
	struct filing f = { .dry = dry };
	AUTO_FREE char *copy = xstrdup(path);
	const struct batch *batch = NULL;
	int rc = world_load(&f.world, path, err);

	if (rc == 0)
		rc = check_plan(&f, err);
	if (rc == 0)
		rc = open_tracker(&f, dirname(copy), err);
	if (rc == 0) {
		f.master = f.world.plan->master.id;
		rc = read_issues(&f, err);
	}
	if (rc == 0)
		batch = next_batch(&f);
	if (rc == 0 && batch)
		rc = file_batch(&f, batch, err);
	if (rc == 0 && batch && as_json)
		print_json(&f, batch);
	else if (rc == 0 && batch)
		print_table(&f, batch);
	else if (rc == 0)
		puts("every sub-issue of the plan is Done");
	rc = rc < 0 ? -1 : batch ? 0 : 1;
	json_object_put(f.issues);
	if (f.link.tracker)
		track_link_close(&f.link);
	else
		client_close(&f.client);
	world_clear(&f.world);
	return rc;
}
