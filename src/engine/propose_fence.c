#include "engine/propose.h"

#include "base/landlock.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/fencing.h"
#include "policy/refusal.h"

#include <string.h>

/* What keeps a session in, as the table shows it and the hash covers it (CONTRACTS 6, 8). */

static void
set_at(struct proposal *p, size_t i, const char *name, const char *text)
{
	char key[64];

	snprintf(key, sizeof(key), "s%zu.%s", i, name);
	fields_set(p->out, key, text);
}

/*
 * The declared write set of a phase as grants; *IS_BOUNDED when it can be told from
 * everything.  The caller frees it.
 */
static char *
declared_text(const struct phase *phase, bool *is_bounded)
{
	static const enum touch writing[] = { TOUCH_WRITES, TOUCH_CREATES,
		TOUCH_DELETES, TOUCH_APPENDS, TOUCH_RENAMES };
	bool has_any = false, is_told = true;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < N_ELEMS(writing); i++) {
		const struct touch_list *list = &phase->touch[writing[i]];

		for (size_t k = 0; k < list->n; k++) {
			if (list->item[k].is_negated)
				continue;
			has_any = true;
			is_told &= fencing_put_pattern(f, list->item[k].text);
			if (list->item[k].to)
				is_told &= fencing_put_pattern(f, list->item[k].to);
		}
	}
	fclose(f);
	*is_bounded = has_any && is_told;
	return text;
}

/* All values of a setting; those that only the repository itself asks for are told. */
static int
put_setting(struct proposal *p, FILE *f, const char *key, const char *kind,
    bool is_path, struct err *err)
{
	const struct config_item *item = config_find(&p->config, key);
	struct git_list values = { 0 };
	const char *home = getenv("HOME");
	int rc = 0;

	config_values(&p->config, key, &values);
	for (size_t i = 0; i < values.n && rc == 0; i++) {
		const char *value = values.item[i];
		AUTO_FREE char *path = strncmp(value, "~/", 2) == 0 && home
					   ? xasprintf("%s%s", home, value + 1)
					   : xstrdup(value);

		if (is_path && path[0] != '/')
			rc = err_set(err, ERR_INPUT,
			    "%s is '%.200s', which is no absolute path", key, value);
		else
			fencing_put_line(f, kind, path);
	}
	if (rc == 0 && item && item->is_committed)
		propose_note(
		    p, "the fence is wider by %s, named by %s", key, item->origin);
	git_list_clear(&values);
	return rc;
}

/* What holds for the commands that verify, prepare and make files again. */
static int
put_commands(struct proposal *p, FILE *f, struct err *err)
{
	const char *key = "divisi.fence.commands";
	const char *set = config_str(&p->config, key, "on");

	if (strcmp(set, "on") != 0 && strcmp(set, "off") != 0) {
		err_set(err, ERR_INPUT, "%s is '%.40s'", key, set);
		return err_fix(err, "it is one of: on off");
	}
	if (strcmp(set, "off") == 0) {
		const struct config_item *item = config_find(&p->config, key);

		fencing_put_line(f, "commands", "off");
		propose_note(p,
		    "NO FENCE for the commands that verify what agents wrote%s%s",
		    item->is_committed ? ", as named by " : "",
		    item->is_committed ? item->origin : "");
	}
	return put_setting(
	    p, f, "divisi.fence.commands.write", "commands-write", true, err);
}

/* The mode that is asked for: the flag, else the setting, else by default. */
static const char *
wanted(struct proposal *p, bool *is_asked)
{
	const char *flag = fields_text(p->in, "fence");
	const char *set = config_str(&p->config, "divisi.fence", "");

	*is_asked = flag[0] || set[0];
	return flag[0] ? flag : set[0] ? set : "worktree";
}

static int
check_mode(const struct proposal *p, const char *mode, struct err *err)
{
	const char *flag = fields_text(p->in, "fence");

	if (strcmp(mode, "off") != 0 && strcmp(mode, "worktree") != 0 &&
	    strcmp(mode, "declared") != 0) {
		err_set(err, ERR_INPUT, "the fence is '%.40s'", mode);
		return err_fix(err, "it is one of: worktree declared off");
	}
	if (strcmp(flag, "off") == 0 && !propose_overrides(p, "G21")) {
		refuse(err, "G21", "without a fence a session may write anywhere");
		return err_fix(err, "divisi dispatch ... --fence off --override G21 "
				    "--reason TEXT");
	}
	return 0;
}

/* The mode as this kernel and this phase let it be; what is given up is told. */
static int
settle_mode(struct proposal *p, size_t i, const struct phase *phase, const char **mode,
    bool is_asked, struct err *err)
{
	const struct config_item *item = config_find(&p->config, "divisi.fence");
	int abi = landlock_abi();

	if (strcmp(*mode, "off") != 0 && abi == 0) {
		if (is_asked) {
			err_set(err, ERR_SYSTEM,
			    "this kernel has no Landlock to fence sessions with");
			return err_fix(err, "git config divisi.fence off");
		}
		if (i == 0)
			propose_note(p, "NO FENCE: this kernel has no Landlock; "
					"agents may write wherever you can");
		*mode = "off";
	} else if (strcmp(*mode, "off") == 0) {
		if (i == 0)
			propose_note(p,
			    "NO FENCE: agents may write wherever you can%s%s",
			    item && item->is_committed ? ", as named by " : "",
			    item && item->is_committed ? item->origin : "");
	} else {
		if (i == 0 && landlock_gaps(abi)[0])
			propose_note(p, "the fence of this kernel cannot refuse: %s",
			    landlock_gaps(abi));
		if (phase->is_analysis_only)
			*mode = "read-only";
	}
	return 0;
}

/*
 * The setting KEY, which is private unless it is said to be shared: that alone is put into
 * the grants, as "KIND shared".
 */
static int
put_shared(const struct proposal *p, const char *key, const char *kind, FILE *f,
    struct err *err)
{
	const char *set = config_str(&p->config, key, "private");

	if (strcmp(set, "private") != 0 && strcmp(set, "shared") != 0) {
		err_set(err, ERR_INPUT, "%s is '%.40s'", key, set);
		return err_fix(err, "it is one of: private shared");
	}
	if (strcmp(set, "shared") == 0)
		fencing_put_line(f, kind, set);
	return 0;
}

int
propose_fence(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	bool is_asked = false, is_bounded = false;
	const char *mode = wanted(p, &is_asked);
	AUTO_FREE char *grants = NULL, *declared = NULL;
	size_t n = 0;
	FILE *f;
	int rc = 0;

	if (check_mode(p, mode, err) < 0 ||
	    settle_mode(p, i, row->phase, &mode, is_asked, err) < 0)
		return -1;
	declared = declared_text(row->phase, &is_bounded);
	if (strcmp(mode, "declared") == 0 && !is_bounded) {
		propose_note(p,
		    "phase %s: its footprint does not say which files, so its fence is "
		    "the whole worktree",
		    row->phase->id);
		mode = "worktree";
	}
	f = open_memstream(&grants, &n);
	if (strcmp(mode, "declared") == 0 || strcmp(mode, "read-only") == 0)
		fputs(declared, f);
	if (strcmp(mode, "off") != 0) {
		rc = put_setting(p, f, "divisi.fence.write", "write", true, err);
		if (rc == 0)
			rc = put_setting(
			    p, f, "divisi.fence.socket", "socket", true, err);
		if (rc == 0)
			rc = put_setting(p, f, "divisi.fence.port", "port", false, err);
		if (rc == 0)
			rc = put_commands(p, f, err);
		if (rc == 0)
			rc = put_shared(p, "divisi.cache", "cache", f, err);
	}
	if (rc == 0)
		rc = put_shared(p, "divisi.pids", "pids", f, err);
	fclose(f);
	if (rc < 0)
		return -1;
	set_at(p, i, "fence", mode);
	set_at(p, i, "grants", grants);
	propose_canon(p, "fence", mode);
	propose_canon(p, "grants", grants);
	return 0;
}
