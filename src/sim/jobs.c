#include "sim/internal.h"

#include "engine/job.h"
#include "engine/record.h"

#include <stdio.h>
#include <string.h>

/* The work of `divisi job KIND`, done by the real functions on the simulated repository. */

/*
 * The radar's look: now and then two who work do not merge.  What it compares is git's and
 * tested there; here it is what comes of it.
 */
static int
look_around(const struct fields *in, struct fields *out, struct err *err)
{
	unsigned n = (unsigned)fields_number(in, "n_sessions", 0);
	unsigned a = sim_dice(n), b = n > 1 ? (a + 1 + sim_dice(n - 1)) % n : 0;
	AUTO_FREE char *changed = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&changed, &size);

	for (unsigned i = 0; i < n; i++) {
		if (sim_dice(2))
			fprintf(f, "%s,", fields_text_at(in, i, "session"));
	}
	fclose(f);
	fields_set(out, "changed", changed);
	if (sim_git_fails(err) < 0)
		return -1;
	if (n < 2 || !sim_mishap(10, FAULT_MET))
		return 0;
	fields_set_number(out, "n_met", 1);
	fields_set(out, "m0.kind", "file");
	fields_set(out, "m0.a", fields_text_at(in, a, "session"));
	fields_set(out, "m0.b", fields_text_at(in, b, "session"));
	fields_setf(out, "m0.files", "src/m%u/f0.c\n", sim_dice(3));
	fields_set(out, "m0.text", "<<<<<<< both changed it");
	return 0;
}

/* What an agent keeps goes when nothing can need it any more. */
static int
remove_state(const struct fields *in, struct fields *out, struct err *err)
{
	const char *id = fields_text(in, "session");
	const struct session *s = core_session(engine_core(sim->engine), id);

	(void)out;
	if (!s || (s->state != SESSION_DONE && s->state != SESSION_ABANDONED))
		sim_fail("what the agent of %s keeps is removed, and it may go on", id);
	for (size_t i = 0; i < sim->n_runs; i++) {
		const struct sim_run *run = sim->run[i];

		if (!run->agent_alive || strcmp(run->session, id) != 0)
			continue;
		if (sim_hold_is_alive(run))
			return err_set(err, ERR_CONFLICT, "%s still lives", run->name);
	}
	return 0;
}

/* One act on the tracker elsewhere; the real work, in front of remote.c. */
static int
track(const struct fields *in, struct fields *out, struct err *err)
{
	struct sim_remote *r = &sim->remote;
	int rc;

	r->act = fields_text(in, "key");
	r->kind = fields_text(in, "act");
	r->session = fields_text(in, "session");
	r->accepts = fields_number(in, "accept", 0) != 0;
	r->n_reads = 0;
	if (r->accepts && !sim_was_accepted(r->act))
		sim_fail("%s writes on top of others without a person's word", r->act);
	rc = job_track(in, out, err);
	r->act = r->kind = r->session = "";
	return rc;
}

/* The files themselves are tested with the job; here it is when they are kept. */
static int
keep_checkout(const struct fields *in, struct fields *out, struct err *err)
{
	if (sim_git_fails(err) < 0)
		return -1;
	fields_setf(out, "progress", "# Progress: %s\n", fields_text(in, "issue"));
	fields_set(out, "state_text", "{}\n");
	fields_setf(out, "text", "Continue on %s.", fields_text(in, "issue"));
	return 0;
}

/* Pins are the git room's; here somebody looks, or cannot, and says what he saw. */
static int
keep_rest(const struct fields *in, struct fields *out, struct err *err)
{
	if (sim_git_fails(err) < 0)
		return -1;
	fields_setf(
	    out, "kept", "kept: what it committed on %s", fields_text(in, "branch"));
	return 0;
}

static const struct {
	const char *kind;
	job_fn *fn;
} kinds[] = {
	{ "propose", job_propose },
	{ "worktree-add", job_worktree_add },
	{ "worktree-back", job_worktree_back },
	{ "keep", keep_rest },
	{ "worktree-remove", job_worktree_remove },
	{ "state-remove", remove_state },
	{ "setup", job_setup },
	{ "inspect", job_inspect },
	{ "checkpoint", keep_checkout },
	{ "candidate", job_candidate },
	{ "land", job_land },
	{ "write-back", job_write_back },
	{ "publish", job_publish },
	{ "diff", job_diff },
	{ "radar", look_around },
	{ "track", track },
	{ "delegate-look", job_delegate_look },
	{ "delegate-take", job_delegate_take },
};

/* All that an approval must bind to (CONTRACTS 6), as one text. */
static char *
made_of(const struct fields *out)
{
	static const char *const bound[] = { "plan_hash", "base", "verify", "merge",
		"landing", "publish", "setup", "overrides" };
	static const char *const each[] = { "phase", "issue", "branch", "after",
		"launch", "program", "args", "prompt_sha", "mode", "focus", "routes" };
	int64_t n_sessions = fields_number(out, "n_sessions", 0);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < N_ELEMS(bound); i++)
		fprintf(f, "%s\n", fields_text(out, bound[i]));
	fprintf(f, "%lld %lld\n", (long long)fields_number(out, "cap", 0),
	    (long long)fields_number(out, "number", 0));
	for (size_t i = 0; i < (size_t)n_sessions; i++) {
		for (size_t k = 0; k < N_ELEMS(each); k++)
			fprintf(f, "%s\n", fields_text_at(out, i, each[k]));
		fprintf(f, "%lld %lld\n",
		    (long long)fields_number_at(out, i, "merge", 0),
		    (long long)fields_number_at(out, i, "est_mid", 0));
	}
	fclose(f);
	return text;
}

static void
remember_table(const struct fields *in, const struct fields *out)
{
	const struct sim_plan *plan = sim_plan_at(fields_text(in, "plan"));
	const char *hash = fields_text(out, "hash");
	char *text = made_of(out);
	struct sim_table *t;

	for (size_t i = 0; i < sim->n_tables; i++) {
		t = &sim->table[i];
		if (strcmp(t->hash, hash) != 0)
			continue;
		if (strcmp(t->made_of, text) != 0)
			sim_fail("two tables have the hash %.12s:\n%s---\n%s", hash,
			    t->made_of, text);
		t->n_edits = plan->n_edits;
		free(text);
		return;
	}
	GROW(sim->table, sim->n_tables, sim->cap_tables);
	t = &sim->table[sim->n_tables++];
	*t = (struct sim_table){
		.made_of = text, .n_edits = plan->n_edits, .plan = plan
	};
	snprintf(t->hash, sizeof(t->hash), "%s", hash);
}

void
sim_tables_clear(void)
{
	for (size_t i = 0; i < sim->n_tables; i++)
		free(sim->table[i].made_of);
	free(sim->table);
}

char *
sim_job(const char *kind, const char *input, size_t n_input)
{
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	char *answer = NULL;
	int rc = -1;

	(void)n_input;
	sim->tally->jobs++;
	sim->is_job = true;
	sim->is_job_dead = false;
	sim->job_dies_in = -1;
	if (sim->job_limit || sim_mishap(3, FAULT_JOB_KILLED))
		sim->job_dies_in = sim->job_limit ? sim->job_limit - 1
						  : (long)sim_dice(4);
	if (fields_of_json(&in, input, &err) < 0)
		sim_fail("the input of job %s is no JSON: %s", kind, err.text);
	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			rc = kinds[i].fn(&in, &out, &err);
	}
	if (rc == 0 && strcmp(kind, "propose") == 0)
		remember_table(&in, &out);
	if (rc < 0)
		fields_put_err(&out, &err);
	sim_say("  job %s %s: %s", kind, fields_text(&in, "session"),
	    sim->is_job_dead ? "killed"
	    : rc < 0         ? err.text
			     : "ok");
	if (!sim->is_job_dead)
		answer = fields_to_json(&out);
	fields_clear(&in);
	fields_clear(&out);
	sim->is_job = false;
	return answer;
}
