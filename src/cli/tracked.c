#include "cli/tracked.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/init_find.h"
#include "engine/track_link.h"
#include "git/config.h"
#include "git/repo.h"

#include <stdio.h>
#include <string.h>

/* What FROM names, split at its colon. */
static int
read_from(const char *from, struct fields *in, struct err *err)
{
	const char *colon = strchr(from, ':');
	const char *id = colon ? colon + 1 : "";
	size_t n = colon ? (size_t)(colon - from) : 0;
	AUTO_FREE char *name = xstrndup(from, n);
	AUTO_FREE char *team = xstrndup(id, strcspn(id, "#"));
	bool is_local = strcmp(name, "local") == 0;

	if (!id[0] || (strcmp(name, "github") == 0 && team[0] && !strchr(team, '/')) ||
	    (!is_local && strcmp(name, "linear") != 0 && strcmp(name, "github") != 0)) {
		err_set(err, ERR_USAGE, "\"%.60s\" names no issue", from);
		return err_fix(
		    err, "write linear:KEY-12, github:owner/name#12 or local:DV-1");
	}
	fields_set(in, "tracker", is_local ? "" : name);
	fields_set(in, "id", id);
	if (strcmp(name, "github") == 0 && team[0])
		fields_set(in, "team", team);
	return 0;
}

int
tracked_put(const char *from, struct fields *in, struct err *err)
{
	struct config config = { 0 };
	struct repo repo = { 0 };
	const char *name = "";
	int rc;

	if (from)
		return read_from(from, in, err);
	if (init_open_repo(&repo, err) < 0)
		return -1;
	rc = config_load(&repo, &config, err);
	if (rc == 0)
		rc = track_chosen(&config, &name, err);
	if (rc == 0) {
		fields_set(in, "tracker", name);
		fields_set(in, "team", config_str(&config, "divisi.tracker.team", ""));
		fields_set(
		    in, "project", config_str(&config, "divisi.tracker.project", ""));
	}
	config_clear(&config);
	repo_close(&repo);
	return rc;
}

int
tracked_plan(const char *from, const char *path, struct err *err)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	int rc = tracked_put(from, &in, err);

	if (rc == 0 && path && file_exists(path)) {
		err_set(err, ERR_CONFLICT, "%s is there already", path);
		rc = err_fix(err, "name another file; it is not written over");
	}
	if (rc == 0)
		rc = client_open(&client, NULL, true, err);
	if (rc == 0)
		rc = client_order(&client, "plan-from", &in, &out, 300000, err);
	if (rc == 0 && path)
		rc = file_write_atomic(path, fields_text(&out, "text"),
		    strlen(fields_text(&out, "text")), 0644, err);
	else if (rc == 0)
		fputs(fields_text(&out, "text"), stdout);
	if (rc == 0 && path)
		printf("wrote %s\n  next: divisi check %s\n", path, path);
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}
