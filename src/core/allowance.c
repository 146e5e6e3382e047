#include "core/internal.h"

#include "policy/allow.h"

#include <string.h>

/*
 * What a person allows once and for more than one request.  Rules are made by an answer,
 * are compared by the server alone, never by an agent, and hold until a person ends them.
 */

void
allowance_clear(struct allowance *a)
{
	char *const owned[] = { a->id, a->scope, a->about, a->agent, a->pattern, a->by,
		a->ended_by };

	for (size_t i = 0; i < N_ELEMS(owned); i++)
		free(owned[i]);
}

void
allowances_dump(const struct core *core, FILE *f)
{
	for (size_t i = 0; i < core->n_allowances; i++) {
		const struct allowance *a = &core->allowance[i];

		fprintf(f, "allowance %s %s %s|%s|%s|%s|%s %lld %lld %lld\n", a->id,
		    a->scope, a->about, a->agent, a->pattern, a->by, a->ended_by,
		    (long long)a->at, (long long)a->ended_at, (long long)a->n_used);
	}
	fprintf(f, "asks %d\n", core->n_asks);
}

struct allowance *
core_allowance(const struct core *core, const char *id)
{
	for (size_t i = 0; i < core->n_allowances; i++) {
		if (strcmp(core->allowance[i].id, id) == 0)
			return &core->allowance[i];
	}
	return NULL;
}

/* Only what an agent asks to do, and only what is known as a whole. */
static bool
can_rule(const struct ask *a)
{
	return strcmp(a->kind, "permission") == 0 && a->run[0] && a->action[0] &&
	       !a->is_cut;
}

static bool
fits(const struct allowance *r, const struct session *s, const struct ask *a)
{
	if (r->ended_by[0] || strcmp(r->agent, s->agent) != 0)
		return false;
	if (strcmp(r->scope, "session") == 0)
		return strcmp(r->about, s->id) == 0 &&
		       strcmp(r->pattern, a->action) == 0;
	if (strcmp(r->scope, "plan") == 0 && strcmp(r->about, s->plan_id) != 0)
		return false;
	return allow_matches(r->pattern, a->action);
}

struct allowance *
allowance_for(const struct core *core, const struct session *s, const struct ask *a)
{
	for (size_t i = 0; i < core->n_allowances && can_rule(a); i++) {
		if (fits(&core->allowance[i], s, a))
			return &core->allowance[i];
	}
	return NULL;
}

/* May an answer to A become a rule with PATTERN?  It must allow what is asked, at least. */
static int
check(const struct ask *a, bool is_session, const char *pattern, struct err *err)
{
	if (!can_rule(a))
		return err_set(err, ERR_USAGE,
		    "a%d is no permission that is known as a whole: it is allowed once",
		    a->number);
	if (is_session)
		return 0;
	if (allow_check_pattern(pattern, err) < 0)
		return -1;
	if (allow_matches(pattern, a->action))
		return 0;
	err_set(err, ERR_CONFLICT, "the rule does not allow what a%d asks", a->number);
	return err_fix(
	    err, "divisi approvals a%d shows the request to match", a->number);
}

struct allowance *
allowance_make(struct core *core, const struct session *s, const struct ask *a,
    const struct happening *h, int *rc, struct err *err)
{
	const char *scope = fields_text(&h->fields, "scope");
	const char *pattern = fields_text(&h->fields, "pattern");
	bool is_session = strcmp(scope, "session") == 0;
	struct allowance *r;

	*rc = 0;
	if (scope[0] == '\0' || strcmp(scope, "once") == 0)
		return NULL;
	*rc = -1;
	if (!is_session && strcmp(scope, "plan") != 0 &&
	    strcmp(scope, "repository") != 0) {
		err_set(err, ERR_USAGE, "no scope is called '%.20s'", scope);
		return NULL;
	}
	if (strcmp(fields_text(&h->fields, "decision"), "allow") != 0) {
		err_set(err, ERR_USAGE, "a rule allows; nothing is denied beforehand");
		return NULL;
	}
	if (check(a, is_session, pattern, err) < 0)
		return NULL;
	*rc = 0;
	GROW(core->allowance, core->n_allowances, core->cap_allowances);
	r = &core->allowance[core->n_allowances++];
	*r = (struct allowance){ .at = h->at, .agent = xstrdup(s->agent) };
	r->id = xasprintf("r%zu", core->n_allowances);
	r->scope = xstrdup(scope);
	r->about = xstrdup(is_session                   ? s->id
			   : strcmp(scope, "plan") == 0 ? s->plan_id
							: "");
	r->pattern = xstrdup(is_session ? a->action : pattern);
	r->by = xstrdup(h->actor);
	r->ended_by = xstrdup("");
	return r;
}

int
step_allowance_ended(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *id = fields_text(&h->fields, "allowance");
	struct allowance *r = core_allowance(core, id);

	(void)acts;
	if (!r || r->ended_by[0])
		return err_set(err, ERR_NOT_FOUND, "no rule '%.20s' is in force", id);
	core_set(&r->ended_by, h->actor);
	r->ended_at = h->at;
	return 0;
}
