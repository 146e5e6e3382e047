#include "engine/propose.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/home.h"
#include "engine/track_forge.h"
#include "git/land.h"
#include "git/pin.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Phases of a plan that work in other repositories than its own: where, and may they? */

const struct repo *
propose_repo(const struct proposal *p, const struct phase *phase)
{
	const struct plan_repo *at = plan_repos_of(&p->repos, phase);

	return at && at->is_open ? &at->repo : &p->repo;
}

const struct config *
propose_config(const struct proposal *p, const struct phase *phase)
{
	const struct plan_repo *at = plan_repos_of(&p->repos, phase);

	return at && at->is_open ? &at->config : &p->config;
}

/* Pins there that no home answers for: sessions of ours would have the same names. */
static int
check_pins(const struct plan_repo *at, struct err *err)
{
	AUTO_FREE char *keeper = NULL, *top = text_shell_quote(at->repo.top);
	AUTO_FREE char *ref = git_line(at->repo.common_dir,
	    GIT_ARGS("for-each-ref", "--count=1", "--format=%(refname)", "refs/divisi"),
	    NULL);

	if (!ref || ref[0] == '\0' || home_keeper(at->repo.home, &keeper) > 0)
		return 0;
	err_set(err, ERR_REFUSED,
	    "it has pins of a divisi that is gone (%s): sessions of this plan could "
	    "take their names",
	    ref);
	return err_fix(err,
	    "when nobody needs them: git -C %s for-each-ref --format='delete "
	    "%%(refname)' refs/divisi | git -C %s update-ref --stdin",
	    top, top);
}

/* The highest plan that left pins or runs here, perhaps of a journal that is gone. */
int64_t
propose_taken(const struct proposal *p)
{
	AUTO_FREE char *path = path_join(p->repo.home, "runs");
	int64_t last = pin_last_plan(&p->repo), n;
	struct dirent *e;
	DIR *dir = opendir(path);

	while (dir && (e = readdir(dir))) {
		n = e->d_name[0] == 'p' ? strtoll(e->d_name + 1, NULL, 10) : 0;
		last = n > last ? n : last;
	}
	if (dir)
		closedir(dir);
	return last;
}

int
propose_pulls_at(struct proposal *p, const struct repo *repo,
    const struct config *config, char *place, struct err *err)
{
	bool is_own = track_forge_is(fields_text(p->out, "tracker"));
	struct forge_asked asked = { repo, config, repo->main_branch,
		config_str(&p->config,
		    is_own ? "divisi.tracker.url" : "divisi.forge.url", NULL) };

	if (track_forge_place(&asked, place, err) < 0)
		return -1;
	propose_note(p, "pull requests of %s are opened in %s", repo->top, place);
	return 0;
}

static int
check_publish(struct proposal *p, struct plan_repo *at, struct err *err)
{
	const char *publish = fields_text(p->out, "publish");
	AUTO_FREE char *remote = repo_default_remote(&at->repo, at->repo.main_branch);

	if (strcmp(publish, "none") != 0 && !remote) {
		err_set(err, ERR_REFUSED,
		    "divisi.publish is %s, and there is no remote to push to", publish);
		return err_fix(err, "git remote add origin URL, there");
	}
	if (strcmp(publish, "pr") != 0 && strcmp(publish, "forge") != 0)
		return 0;
	return propose_pulls_at(p, &at->repo, &at->config, at->pulls, err);
}

static int
check_one(struct proposal *p, struct plan_repo *at, struct err *err)
{
	if (!at->is_open)
		return err_set(err, ERR_REFUSED, "it cannot be opened");
	if ((!propose_overrides(p, "G14") && repo_check_ready(&at->repo, err) < 0) ||
	    home_check_keep(fields_text(p->in, "home"), at->repo.home, err) < 0 ||
	    check_pins(at, err) < 0 || check_publish(p, at, err) < 0)
		return -1;
	if (repo_warning(&at->repo))
		propose_note(p, "repository %s: %s", at->name, repo_warning(&at->repo));
	return 0;
}

int
propose_repos(struct proposal *p, struct err *err)
{
	if (home_check_kept(p->repo.home, err) < 0)
		return -1;
	for (size_t i = 0; i < p->batch->n; i++) {
		const struct phase *phase = &p->plan->phase[p->batch->phase[i]];
		struct plan_repo *at = plan_repos_of(&p->repos, phase);
		bool is_told = !at;

		for (size_t k = 0; k < i; k++)
			is_told |= at == plan_repos_of(&p->repos,
					     &p->plan->phase[p->batch->phase[k]]);
		if (!is_told && check_one(p, at, err) < 0)
			return err_wrap(
			    err, "phase %s, repository %s", phase->id, at->name);
	}
	return 0;
}

int
propose_place(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	const struct plan_repo *at = plan_repos_of(&p->repos, row->phase);
	const char *verify, *setup;
	char base[GIT_OID_SIZE];

	if (!at)
		return 0;
	if (repo_resolve(&at->repo, at->repo.main_branch, base, err) < 0)
		return err_wrap(err, "repository %s", at->name);
	verify = config_str(&at->config, "divisi.verify", "");
	setup = config_str(&at->config, "divisi.worktree.setup", "");

	const struct {
		const char *name, *text;
		bool is_kept;
	} texts[] = { { "repo", at->repo.top, true },
		{ "target", at->repo.main_branch, true }, { "base", base, true },
		{ "verify_there", verify, false }, { "setup_there", setup, false } };

	for (size_t k = 0; k < N_ELEMS(texts); k++) {
		char key[64];

		snprintf(key, sizeof(key), "s%zu.%s", i, texts[k].name);
		if (texts[k].is_kept)
			fields_set(p->out, key, texts[k].text);
		propose_canon(p, texts[k].name, texts[k].text);
	}
	if (at->pulls[0])
		propose_canon(p, "pulls", at->pulls);
	propose_note(p, "phase %s works in %s: %s at %.10s%s%s%s%s", row->phase->id,
	    at->repo.top, at->repo.main_branch, base,
	    row->phase->verify[0] || !verify[0] ? "" : ", verified by ",
	    row->phase->verify[0] ? "" : verify, setup[0] ? ", set up by " : "", setup);
	return 0;
}
