#include "engine/job.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/job_fence.h"
#include "engine/landing_rules.h"
#include "git/links.h"
#include "git/merge.h"
#include "git/pin.h"
#include "git/renumber.h"
#include "git/settle.h"
#include "git/tip.h"
#include "git/worktree.h"

#include <stdio.h>
#include <string.h>

/* What would land: built, its derived files made again, and verified (CONTRACTS 7). */

#define VERIFY_LIMIT_MS (4L * 60 * 60 * 1000)
#define DERIVE_LIMIT_MS (30L * 60 * 1000)

/* One candidate under way. */
struct building {
	struct repo repo;
	const struct fields *in;
	struct fields *out;
	struct landing_rules rules;
	struct candidate candidate;
	char onto[GIT_OID_SIZE], tip[GIT_OID_SIZE];
	char *scratch; /* the scratch worktree with the candidate, once needed */
	struct git_list notes;  /* what was settled, for people */
	struct job_fence fence; /* of the commands, which run what the agent wrote */
};

/*
 * A scratch worktree with the candidate.  A directory that is in the way (of a repository
 * that stood here once) is nobody's to remove: the next name is taken.
 */
static int
prepare_scratch(struct building *b, struct err *err)
{
	for (int i = 1; i <= 9; i++) {
		AUTO_FREE char *name = i == 1 ? xstrdup("verify")
					      : xasprintf("verify-%d", i);
		AUTO_FREE char *path = worktree_default_path(&b->repo, name);

		if (scratch_prepare(&b->repo, path, name, b->candidate.oid, err) == 0) {
			free(b->scratch);
			b->scratch = TAKE_PTR(path);
			return 0;
		}
		if (err->kind != ERR_CONFLICT)
			break;
	}
	return -1;
}

/* Red is an answer, not an accident: the session keeps the words of the checks. */
static int refuse(struct building *b, const char *detail, struct err *err,
    const char *fmt, ...) PRINTF(4, 5);

static int
refuse(struct building *b, const char *detail, struct err *err, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	fields_set_number(b->out, "refused", 1);
	fields_set(b->out, "detail", detail);
	fields_set(b->out, "text", text);
	return err_set(err, ERR_NO, "%s", text);
}

/* ---- numbers ------------------------------------------------------------------------ */

static bool
is_in_series(const char *path, const void *arg)
{
	return landing_rule_of(arg, LANDING_SERIES, path) != NULL;
}

static int
give_numbers(struct building *b, struct err *err)
{
	const struct renumber_spec spec = { .target = b->onto,
		.tip = b->tip,
		.is_in = is_in_series,
		.arg = &b->rules };
	char tip[GIT_OID_SIZE];

	if (!landing_rules_have(&b->rules, LANDING_SERIES))
		return 0;
	if (repo_lock(&b->repo, err) < 0)
		return -1;
	if (renumber_tip(&b->repo, &spec, tip, &b->notes, err) < 0) {
		repo_unlock(&b->repo);
		return -1;
	}
	repo_unlock(&b->repo);
	memcpy(b->tip, tip, sizeof(tip));
	return 0;
}

/* ---- derived files -------------------------------------------------------------------- */

static enum settling
settling_of(const char *path, const void *arg)
{
	if (landing_rule_of(arg, LANDING_DERIVED, path))
		return SETTLE_TARGET;
	return landing_rule_of(arg, LANDING_UNITED, path) ? SETTLE_UNION : SETTLE_NOT;
}

/*
 * The rules whose files the session changed while the target moved: what git merged of them
 * is nobody's work, so it is made again.
 */
static int
find_stale(struct building *b, bool *is_stale, struct err *err)
{
	AUTO_FREE char *base = git_line(
	    b->repo.common_dir, GIT_ARGS("merge-base", b->onto, b->tip), err);
	struct changed_paths changed = { 0 };

	if (!base)
		return -1;
	if (strcmp(base, b->onto) == 0)
		return 0;
	if (merge_changed_paths(&b->repo, base, b->tip, &changed, err) < 0)
		return -1;
	for (size_t i = 0; i < changed.n; i++) {
		const struct landing_rule *rule = landing_rule_of(
		    &b->rules, LANDING_DERIVED, changed.item[i].path);

		if (rule)
			is_stale[rule - b->rules.item] = true;
	}
	changed_paths_clear(&changed);
	return 0;
}

static int
derive(struct building *b, const struct landing_rule *rule, struct err *err)
{
	AUTO_FREE char *tail = NULL;
	AUTO_FREE char *note = NULL;
	int status;

	if (!b->scratch && prepare_scratch(b, err) < 0)
		return -1;
	status = job_shell(
	    rule->command, b->scratch, &b->fence, DERIVE_LIMIT_MS, &tail, err);
	if (status < 0)
		return -1;
	if (status > 0)
		return refuse(b, tail, err, "`%s`, which makes %s, fails (exit %d)",
		    rule->command, rule->pattern, status);
	note = xasprintf("%s was made again by `%s`", rule->pattern, rule->command);
	git_list_add(&b->notes, note);
	return 0;
}

/* Takes into the candidate what the commands made, and nothing else that they did. */
static int
take_derived(struct building *b, struct err *err)
{
	struct git_status status = { 0 };
	struct git_list made = { 0 }, other = { 0 };
	int rc = repo_status(b->scratch, NULL, &status, err);

	for (int k = 0; rc == 0 && k < 2; k++) {
		const struct git_list *list = k ? &status.untracked : &status.dirty;

		for (size_t i = 0; i < list->n; i++)
			git_list_add(
			    landing_rule_of(&b->rules, LANDING_DERIVED, list->item[i])
				? &made
				: &other,
			    list->item[i]);
	}
	if (rc == 0 && other.n > 0) {
		AUTO_FREE char *shown = git_list_show(&other);

		rc = refuse(b, NULL, err,
		    "the commands that make derived files changed others too: %s",
		    shown);
	}
	if (rc == 0 && made.n > 0)
		rc = candidate_amend(&b->repo, fields_text(b->in, "session"),
		    b->scratch, &made, &b->candidate, err);
	git_status_clear(&status);
	git_list_clear(&made);
	git_list_clear(&other);
	return rc;
}

static int
derive_all(struct building *b, struct err *err)
{
	AUTO_FREE bool *is_stale = xcalloc(b->rules.n + 1, sizeof(*is_stale));
	bool any = false;

	if (!landing_rules_have(&b->rules, LANDING_DERIVED))
		return 0;
	if (find_stale(b, is_stale, err) < 0)
		return -1;
	for (size_t i = 0; i < b->rules.n; i++) {
		if (!is_stale[i])
			continue;
		any = true;
		if (derive(b, &b->rules.item[i], err) < 0)
			return -1;
	}
	return any ? take_derived(b, err) : 0;
}

/* ---- verify ----------------------------------------------------------------------------- */

static void
put_evidence(struct building *b, const char *checked)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	fputs(checked, out);
	for (size_t i = 0; i < b->notes.n; i++)
		fprintf(out, "; %s", b->notes.item[i]);
	fclose(out);
	fields_set(b->out, "evidence", text);
	free(text);
}

static int
verify(struct building *b, struct err *err)
{
	const char *command = fields_text(b->in, "verify");
	AUTO_FREE char *tail = NULL;
	AUTO_FREE char *passed = NULL;
	int status;

	if (command[0] == '\0') {
		put_evidence(b, "no verify command is configured");
		return 0;
	}
	/* Anew, so that nothing of what commands left is in the way. */
	if (prepare_scratch(b, err) < 0)
		return -1;
	status = job_shell(command, b->scratch, &b->fence, VERIFY_LIMIT_MS, &tail, err);
	if (status < 0)
		return -1;
	if (status > 0)
		return refuse(b, tail, err, "`%s` fails (exit %d) on the combined tree",
		    command, status);
	passed = xasprintf("`%s` passed on the combined tree", command);
	put_evidence(b, passed);
	return 0;
}

/*
 * The tip of the session's branch; of one that somebody deleted, what was pinned of it.  A tip
 * that git cannot read is no reason for older work: somebody's last commit would be missing.
 */
static int
find_tip(const struct repo *repo, const struct fields *in, char tip[GIT_OID_SIZE],
    struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", fields_text(in, "branch"));
	char pin[GIT_OID_SIZE];
	struct err why = ERR_INIT;
	int found = repo_ref(repo->common_dir, ref, tip, err);

	if (found < 0 || (found == 1 && repo_resolve(repo, ref, tip, &why) == 0))
		return found < 0 ? -1 : 0;
	if (pin_read(repo, fields_text(in, "session"), "head", pin, err) <= 0)
		return err_set(err, ERR_NOT_FOUND, "there is no commit on %s", ref);
	if (found == 1)
		return err_set(err, ERR_SYSTEM,
		    "git cannot read commit %.12s of %s, it went with the power or was "
		    "damaged: `git update-ref %s %s` goes back to the one divisi pinned "
		    "and leaves the files as they are, to be committed again "
		    "(divisi doctor --mend clears empty objects away)",
		    tip, fields_text(in, "branch"), ref, pin);
	memcpy(tip, pin, sizeof(pin));
	return 0;
}

/*
 * A repository that an agent began in its worktree (many a generator does) is committed as a
 * link: what lands would have none of its files, and nobody else could get them.
 */
static int
refuse_bare_links(struct building *b, struct err *err)
{
	struct git_list links = { 0 };
	AUTO_FREE char *names = NULL, *mend = NULL, *quoted = NULL;
	int rc = links_bare(&b->repo, b->onto, b->candidate.oid, &links, err);

	if (rc == 0 && links.n > 0) {
		names = git_list_show(&links);
		quoted = text_shell_quote(links.item[0]);
		mend = xasprintf(
		    "in its worktree: move %s/.git away, then\n"
		    "git rm -q --cached %s && git add %s && git commit -m 'its files'\n"
		    "or declare it: git submodule add URL %s; then merge it again",
		    quoted, quoted, quoted, quoted);
		rc = refuse(b, mend, err,
		    "%.300s: a repository of its own, of which only a link would land "
		    "and no file",
		    names);
	}
	git_list_clear(&links);
	return rc;
}

/* What was committed in its worktree since, beside its branch, is its work as well. */
static int
settle_tip(struct building *b, struct err *err)
{
	const char *path = fields_text(b->in, "path"),
		   *branch = fields_text(b->in, "branch");
	struct err why = ERR_INIT;

	if (path[0] == '\0' || branch[0] == '\0' ||
	    tip_settle(&b->repo, path, branch, &why) == 0)
		return 0;
	if (why.kind == ERR_CONFLICT)
		return refuse(b, why.fix, err, "%s", why.text);
	*err = why;
	return -1;
}

static int
build(struct building *b, struct err *err)
{
	enum merge_method method = MERGE_SQUASH;
	AUTO_FREE char *message = merge_message(fields_text(b->in, "issue"),
	    fields_text(b->in, "focus"), fields_text(b->in, "summary"),
	    fields_text(b->in, "session"));
	struct settle_rules settle = { settling_of, &b->rules };
	struct candidate_spec spec = { .session = fields_text(b->in, "session"),
		.target = b->onto,
		.message = message };
	AUTO_FREE char *sides = NULL;

	(void)merge_method_parse(fields_text(b->in, "landing"), &method);
	if (repo_resolve(&b->repo, fields_text(b->in, "target"), b->onto, err) < 0 ||
	    settle_tip(b, err) < 0 || find_tip(&b->repo, b->in, b->tip, err) < 0 ||
	    /* What a person mended since the agent ended is the session's work as well. */
	    pin_commit(&b->repo, spec.session, "head", b->tip, err) < 0 ||
	    give_numbers(b, err) < 0)
		return -1;
	spec.tip = b->tip;
	spec.method = method;
	spec.settle = b->rules.n > 0 ? &settle : NULL;
	if (candidate_build(&b->repo, &spec, &b->candidate, err) == 0)
		return refuse_bare_links(b, err);
	if (err->kind != ERR_CONFLICT)
		return -1;
	sides = merge_trial_show(&b->candidate.trial);
	fields_set(b->out, "detail", sides);
	fields_set_number(b->out, "refused", 1);
	err_wrap(err, "%s does not merge onto %s", fields_text(b->in, "branch"),
	    fields_text(b->in, "target"));
	fields_set(b->out, "text", err->text);
	return -1;
}

int
job_candidate(const struct fields *in, struct fields *out, struct err *err)
{
	struct building b = { .in = in, .out = out };
	int rc = -1;

	if (repo_open(fields_text(in, "top"), &b.repo, err) < 0)
		return -1;
	landing_rules_read(&b.rules, fields_text(in, "rules"), b.repo.ignore_case);
	job_fence_read(in, &b.fence);
	if (build(&b, err) == 0 && derive_all(&b, err) == 0) {
		fields_set(out, "candidate", b.candidate.oid);
		fields_set(out, "onto", b.onto);
		rc = verify(&b, err);
	}
	free(b.scratch);
	git_list_clear(&b.notes);
	landing_rules_clear(&b.rules);
	candidate_clear(&b.candidate);
	repo_close(&b.repo);
	return rc;
}
