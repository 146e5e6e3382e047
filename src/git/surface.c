#include "git/surface.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/place.h"
#include "git/repo.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLE "DIVISI_SURFACE"
#define SETTING  "divisi.surface"

static const char *const names[SURFACE_N] = {
	[SURFACE_CODE] = "code",
	[SURFACE_COWORK] = "cowork",
	[SURFACE_DESKTOP] = "desktop",
};

const char *
surface_name(enum surface_kind kind)
{
	return names[kind];
}

const char *
surface_tier(const struct surface *surface)
{
	return surface->is_degraded ? "degraded-cowork" : "full";
}

char *
surface_show(const struct surface *surface)
{
	return xasprintf("%s (%s), %s", names[surface->kind],
	    surface->said_by ? surface->said_by : "found", surface_tier(surface));
}

static int
take_word(
    const char *word, const char *origin, struct surface *surface, struct err *err)
{
	for (int k = 0; k < SURFACE_N; k++) {
		if (strcmp(word, names[k]) == 0) {
			surface->kind = (enum surface_kind)k;
			return 0;
		}
	}
	AUTO_FREE char *shown = text_show(word, true);

	err_set(err, ERR_INPUT, "%s is '%.40s'%s%s%s", surface->said_by, shown,
	    origin ? " (" : "", origin ? origin : "", origin ? ")" : "");
	return err_fix(err, "it is one of code, cowork, desktop: %s",
	    origin ? "git config " SETTING " code" : "export " VARIABLE "=code");
}

int
surface_of(const struct config *config, struct surface *surface, struct err *err)
{
	const struct config_item *item = config ? config_find(config, SETTING) : NULL;
	const char *word = getenv(VARIABLE);
	int rc = 0;

	*surface = (struct surface){ .lacks_git = git_is_missing() };
	surface->kind = surface->lacks_git ? SURFACE_COWORK : SURFACE_CODE;
	if (word && *word) {
		surface->said_by = VARIABLE;
		rc = take_word(word, NULL, surface, err);
	} else if (item) {
		surface->said_by = SETTING;
		rc = take_word(item->value, item->origin, surface, err);
	}
	surface->is_degraded = surface->lacks_git || surface->kind == SURFACE_COWORK;
	return rc;
}

int
surface_at(const char *dir, struct surface *surface, struct err *err)
{
	struct config config = { 0 };
	struct repo repo = { 0 };
	struct err ignored = ERR_INIT;
	bool has_repo = !git_is_missing() &&
			repo_open_to_read(dir, &repo, &ignored) == 0;
	int rc = has_repo ? config_load(&repo, &config, err) : 0;

	if (rc == 0)
		rc = surface_of(has_repo ? &config : NULL, surface, err);
	config_clear(&config);
	if (has_repo)
		repo_close(&repo);
	return rc;
}

int
surface_check_full(const struct config *config, struct err *err)
{
	struct surface surface;

	if (surface_of(config, &surface, err) < 0)
		return -1;
	if (!surface.is_degraded)
		return 0;
	err_set(err, ERR_REFUSED,
	    "the surface is %s (%s), where no worktree and no branch is made [S-7]",
	    surface_name(surface.kind), surface.said_by ? surface.said_by : "found");
	return err_fix(err,
	    "divisi dispatch PLAN files sub-issues; for sessions here: git "
	    "config divisi.surface code");
}
