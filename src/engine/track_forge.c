#include "engine/track_forge.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/land.h"
#include "git/repo.h"
#include "git/run.h"

#include <string.h>

bool
track_forge_is(const char *name)
{
	const struct tracker *tracker = name[0] ? tracker_by_name(name) : NULL;

	return tracker && tracker->pull_open;
}

/* As it was written: what git makes of it (insteadOf) may be another place. */
static char *
remote_url(const struct repo *repo, const char *target)
{
	AUTO_FREE char *remote = repo_default_remote(repo, target);
	AUTO_FREE char *key = remote ? xasprintf("remote.%s.url", remote) : NULL;

	return key ? git_line(repo->common_dir, GIT_ARGS("config", "--get", key), NULL)
		   : NULL;
}

int
track_forge_place(
    const struct forge_asked *asked, char place[FORGE_PLACE_SIZE], struct err *err)
{
	const char *own = config_str(asked->config, "divisi.forge.repo", "");
	AUTO_FREE char *url = NULL, *top = NULL;

	if (own[0] && !forge_place_ok(own, strlen(own))) {
		err_set(err, ERR_INPUT, "divisi.forge.repo is '%.80s'", own);
		return err_fix(err, "write it as OWNER/NAME");
	}
	if (own[0]) {
		memcpy(place, own, strlen(own) + 1);
		return 0;
	}
	url = remote_url(asked->repo, asked->target);
	if (url && forge_place_of(url, asked->api, place))
		return 0;
	top = text_shell_quote(asked->repo->top);
	err_set(err, ERR_REFUSED,
	    "nothing says which repository of GitHub it is: its remote is at no address "
	    "there");
	return err_fix(err, "git -C %s config divisi.forge.repo OWNER/NAME", top);
}

/* The repository there, in LINK: the team's own stays the one of the issues. */
static int
find_place(struct track_link *l, const struct forge_of *of, struct err *err)
{
	struct repo repo = { 0 };
	struct config config = { 0 };
	struct forge_asked asked = { &repo, &config, of->target, l->link.url };
	int rc;

	if (repo_open(of->repo[0] ? of->repo : of->top, &repo, err) < 0)
		return -1;
	rc = config_load(&repo, &config, err);
	if (rc == 0)
		rc = track_forge_place(&asked, l->place, err);
	config_clear(&config);
	repo_close(&repo);
	if (rc < 0)
		return -1;
	l->link.pulls_at = l->place;
	if (l->is_forge)
		l->link.team = l->place;
	return 0;
}

int
track_forge_open(struct track_link *l, const struct forge_of *of, struct err *err)
{
	const char *name = of->tracker;

	if (name[0]) {
		if (track_link_open(l, of->top, name, err) < 0)
			return -1;
		if (!l->tracker->pull_open) {
			track_link_close(l);
			name = "";
		}
	}
	if (name[0] == '\0') {
		l->is_forge = true;
		if (track_link_open(l, of->top, "github", err) < 0)
			return -1;
	}
	/* Its own pull requests are where its issues are, unless somebody says otherwise. */
	if (!l->is_forge && of->repo[0] == '\0' &&
	    config_str(&l->config, "divisi.forge.repo", "")[0] == '\0')
		return 0;
	return find_place(l, of, err);
}
