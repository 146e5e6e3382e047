#include "core/research.h"

#include "core/internal.h"

#include <string.h>

void
research_clear(struct research *r)
{
	free(r->path);
	free(r->verdict);
	free(r->text);
	free(r->reason);
	free(r->by);
}

static struct research *
find(const struct core *core, const char *path)
{
	for (size_t i = 0; i < core->n_research; i++) {
		if (strcmp(core->research[i].path, path) == 0)
			return &core->research[i];
	}
	return NULL;
}

const struct research *
core_research(const struct core *core, const char *path)
{
	return find(core, path);
}

bool
research_is_sufficient(const struct research *r)
{
	return r && strcmp(r->verdict, "sufficient") == 0;
}

void
research_dump(const struct core *core, FILE *f)
{
	for (size_t i = 0; i < core->n_research; i++) {
		const struct research *r = &core->research[i];

		fprintf(f, "research %s %s|%s|%s|%s %lld %lld\n", r->path, r->verdict,
		    r->text, r->reason, r->by, (long long)r->at, (long long)r->rounds);
	}
}

/* S-31: nothing is judged while a track of PLAN is under way. */
static int
check_terminal(const struct core *core, const struct plan_run *p, struct err *err)
{
	size_t n = 0, n_over = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) != 0 ||
		    strcmp(s->output, "evidence") != 0)
			continue;
		n++;
		n_over += session_is_terminal(s->state);
	}
	if (n_over < n)
		return err_set(err, ERR_CONFLICT, "not yet: %zu of %zu tracks complete",
		    n_over, n);
	return 0;
}

int
step_research_assessed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *path = fields_text(&h->fields, "path"),
		   *verdict = fields_text(&h->fields, "verdict"),
		   *reason = fields_text(&h->fields, "reason");
	const struct plan_run *p = core_plan_by_path(core, path);
	bool is_yes = strcmp(verdict, "sufficient") == 0;
	struct research *r = find(core, path);

	(void)acts;
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "%s was never dispatched", path);
	if (!is_yes && strcmp(verdict, "insufficient") != 0)
		return err_set(err, ERR_USAGE,
		    "research is sufficient or insufficient, not '%.20s'", verdict);
	if (!is_yes && reason[0])
		return err_set(
		    err, ERR_USAGE, "a reason goes with a person's 'sufficient'");
	if (check_terminal(core, p, err) < 0)
		return -1;
	if (!r) {
		GROW(core->research, core->n_research, core->cap_research);
		r = &core->research[core->n_research++];
		*r = (struct research){ .path = xstrdup(path) };
	}
	core_set(&r->verdict, verdict);
	core_set(&r->text, fields_text(&h->fields, "text"));
	core_set(&r->reason, reason);
	core_set(&r->by, h->actor);
	r->at = h->at;
	r->rounds += fields_number(&h->fields, "follows", 0) != 0;
	return 0;
}
