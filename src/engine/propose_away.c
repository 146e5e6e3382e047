#include "engine/propose.h"

#include "base/mem.h"
#include "git/land.h"
#include "policy/refusal.h"
#include "tracker/tracker.h"

#include <stdlib.h>
#include <string.h>

/*
 * The agent of a session that its tracker dispatches (SPEC 2.22): may it have this phase
 * and who gets it when nobody picks it up.  All of that is in the table that
 * a person approves.
 */
#define MAX_ROUTES 8

/* The value of KEY, in which "%s" is the agent NAME; else FALLBACK. */
static const char *
fact(const struct proposal *p, const char *key, const char *name, const char *fallback)
{
	size_t n = (size_t)(strstr(key, "%s") - key);
	AUTO_FREE char *full = xasprintf("%.*s%s%s", (int)n, key, name, key + n + 2);

	return config_str(&p->config, full, fallback ? fallback : "");
}

/* How the tracker of this plan gives an issue to it. */
struct account {
	const char *to, *mention;
};

static struct account
account_of(const struct proposal *p, const struct agent_kind *kind, const char *name)
{
	const char *tracker = fields_text(p->out, "tracker");
	const char *mention = fact(
	    p, "divisi.agent.%s.mention", name, kind ? kind->mention : "");
	const char *own = fact(p, "divisi.agent.%s.delegate", name, "");

	if (strcmp(tracker, "github") == 0) {
		const char *login = own[0]                   ? own
				    : kind && kind->assignee ? kind->assignee
							     : "";

		return (struct account){ login, login[0] ? "" : mention };
	}
	if (own[0] == '\0' && kind && kind->delegate)
		own = kind->delegate;
	/* In our own tracker a delegate is a name, and anybody's may stand there. */
	if (own[0] == '\0' && tracker[0] == '\0')
		own = kind && strcmp(kind->name, "delegate") != 0 ? kind->shown : name;
	return (struct account){ own, "" };
}

/* What a cell of a route may hold. */
static void
put_cell(FILE *f, const char *text, char end)
{
	for (; *text; text++) {
		if ((unsigned char)*text >= 0x20)
			fputc(*text, f);
	}
	fputc(end, f);
}

/* "factory/" of "factory/{ISSUE}-{slug}"; "" of "its own". */
static char *
prefix_of(const char *pattern)
{
	size_t n = strcspn(pattern, "{*");

	return strchr(pattern, '/') ? xstrndup(pattern, n) : xstrdup("");
}

static int
put_route(FILE *f, const struct proposal *p, const char *name, struct err *err)
{
	const struct agent_kind *kind = agent_kind_find(name);
	struct account account = account_of(p, kind, name);
	AUTO_FREE char *prefix = prefix_of(fact(p, "divisi.agent.%s.branch", name,
	    kind && kind->branch ? kind->branch : ""));
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.pickup-timeout", name);
	AUTO_FREE char *ms = NULL;
	long all = 1800, seconds = 0;

	if (config_int(&p->config, "divisi.pickup-timeout",
		(struct config_range){ 1800, 1, 864000 }, &all, err) < 0 ||
	    config_int(&p->config, key, (struct config_range){ all, 1, 864000 },
		&seconds, err) < 0)
		return -1;
	ms = xasprintf("%ld", seconds * 1000);
	put_cell(f, name, '\t');
	put_cell(f,
	    kind && kind->shown && strcmp(kind->name, "delegate") != 0 ? kind->shown
								       : name,
	    '\t');
	put_cell(f, account.to, '\t');
	put_cell(f, account.mention, '\t');
	put_cell(f, prefix, '\t');
	put_cell(f, ms, '\n');
	return 0;
}

/* a template of its own, the plan attached, and of low trust nothing that matters. */
static int
check_terms(const struct proposal *p, const struct dispatch_row *row, const char *name,
    struct err *err)
{
	const struct agent_kind *kind = agent_kind_find(name);
	const char *tracker = fields_text(p->out, "tracker");
	const struct tracker *t = tracker_by_name(tracker[0] ? tracker : "local");
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.%s", name, "trust");
	const char *trust = config_str(
	    &p->config, key, kind && kind->trust ? kind->trust : "");

	if (kind && kind->needs_template &&
	    fact(p, "divisi.agent.%s.template", name, "")[0] == '\0' &&
	    !propose_overrides(p, "G15")) {
		refuse(err, "G15",
		    "phase %s: %s needs a template of its own for this repository",
		    row->phase->id, kind->shown);
		return err_fix(err,
		    "make it there, then: git config divisi.agent.%s.template NAME",
		    name);
	}
	if (strcmp(trust, "low") == 0 && row->phase->is_high_risk &&
	    !propose_overrides(p, "G15")) {
		refuse(err, "G15", "phase %s has a high risk, and %s is trusted little",
		    row->phase->id, name);
		return err_fix(err, "name another agent for it");
	}
	if (kind && kind->needs_plan && !propose_overrides(p, "G13") &&
	    (!fields_text(p->out, "master")[0] || !t || !t->attach)) {
		refuse(err, "G13", "phase %s: %s wants the plan attached, and %s",
		    row->phase->id, kind->shown,
		    t && t->attach ? "the plan names no master issue"
				   : "this tracker takes no attachments");
		return err_fix(
		    err, "name another agent, or: --override G13 --reason TEXT");
	}
	return 0;
}

/* The others that may have it: those who fit the phase and are reached from this tracker. */
static int
put_fallbacks(
    FILE *f, const struct proposal *p, const struct dispatch_row *row, struct err *err)
{
	const char *list = fact(p, "divisi.agent.%s.fallback", row->agent_name,
	    row->agent ? row->agent->fallback : "");
	struct span rest = span_of(list), one;
	int n = 1;

	while (n < MAX_ROUTES && span_next(&rest, ' ', &one)) {
		AUTO_FREE char *name = xstrndup(one.p, one.n);
		const struct agent_kind *kind = agent_kind_find(name);
		struct account account = account_of(p, kind, name);
		struct err terms = ERR_INIT;
		const char *why;

		if (one.n == 0 || (kind && !kind->is_external) ||
		    (!kind && !git_list_has(&p->away, name)) ||
		    (kind && agent_eligible(kind, row->phase->mode, &why) < 0) ||
		    (!account.to[0] && !account.mention[0]) ||
		    check_terms(p, row, name, &terms) < 0)
			continue;
		if (put_route(f, p, name, err) < 0)
			return -1;
		n++;
	}
	return 0;
}

static int
refuse_unreached(
    const struct proposal *p, const struct dispatch_row *row, struct err *err)
{
	const char *tracker = fields_text(p->out, "tracker");

	refuse(err, "G15", "phase %s: %s has no account that %s could give an issue to",
	    row->phase->id, row->agent_name, tracker[0] ? tracker : "the tracker");
	return err_fix(err,
	    "name it: git config divisi.agent.%s.delegate NAME (or .mention NAME)",
	    row->agent_name);
}

/* What it makes comes back by a remote alone. */
static void
note_remote(struct proposal *p, const struct dispatch_row *row)
{
	AUTO_FREE char *remote = repo_default_remote(&p->repo, p->repo.main_branch);
	AUTO_FREE char *there = remote ? xasprintf("refs/remotes/%s/%s", remote,
					     p->repo.main_branch)
				       : NULL;
	char oid[GIT_OID_SIZE];

	if (!remote)
		propose_note(p,
		    "phase %s: there is no remote, so what %s makes comes back by hand",
		    row->phase->id, row->agent_name);
	else if (repo_ref(p->repo.common_dir, there, oid, NULL) == 1 &&
		 strcmp(oid, p->repo.head) != 0)
		propose_note(p,
		    "phase %s: %s has another %s than you, and %s begins with that: git push",
		    row->phase->id, remote, p->repo.main_branch, row->agent_name);
}

int
propose_away(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err)
{
	static const char *const words[] = { "ask", "auto" };
	const char *reroute = config_str(&p->config, "divisi.reroute", words[0]);
	struct account account = account_of(
	    p, agent_kind_find(row->agent_name), row->agent_name);
	char key[64], *routes = NULL;
	size_t n = 0;
	FILE *f;
	int rc;

	if (strcmp(reroute, words[0]) != 0 && strcmp(reroute, words[1]) != 0) {
		err_set(err, ERR_INPUT, "divisi.reroute is '%.40s'", reroute);
		return err_fix(err, "it is ask or auto");
	}
	if (!account.to[0] && !account.mention[0])
		return refuse_unreached(p, row, err);
	if (check_terms(p, row, row->agent_name, err) < 0)
		return -1;
	f = open_memstream(&routes, &n);
	rc = put_route(f, p, row->agent_name, err);
	if (rc == 0)
		rc = put_fallbacks(f, p, row, err);
	fclose(f);
	if (rc == 0) {
		propose_set(p, i, "routes", routes);
		snprintf(key, sizeof(key), "s%zu.reroutes", i);
		fields_set_number(p->out, key, strcmp(reroute, words[1]) == 0);
		propose_canon(p, "routes", routes);
		propose_canon(p, "reroute", reroute);
		note_remote(p, row);
	}
	free(routes);
	return rc;
}
