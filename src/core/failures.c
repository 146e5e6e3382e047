#include "core/feedback.h"

#include "core/internal.h"

#include <string.h>
#include <strings.h>

/* Failures of CI and of deployments: which are one, and when enough of them were tried. */

static bool
same(const char *a, const char *b)
{
	return a[0] && strcasecmp(a, b) == 0;
}

/*
 * The same failure of CI, told as another event: a job, its check and their run, or the check
 * of that name again on the very commit.  A run says nothing that one of its jobs has not said.
 */
const struct feedback *
failure_told(const struct core *core, const struct feedback *f)
{
	if (strcmp(f->kind, "ci") != 0 || f->commit[0] == '\0')
		return NULL;
	for (size_t i = core->n_feedback - 1; i-- > 0;) {
		const struct feedback *o = &core->feedback[i];

		if (strcmp(o->kind, "ci") != 0 || strcmp(o->state, "ignored") == 0 ||
		    strcmp(o->source, f->source) != 0 ||
		    strcmp(o->commit, f->commit) != 0 ||
		    strcmp(o->ci_run, f->ci_run) != 0)
			continue;
		if (same(o->check, f->check) ||
		    (f->ci_run[0] && (o->check[0] == '\0' || f->check[0] == '\0')))
			return o;
	}
	return NULL;
}

/*
 * two approaches in all, of which the first is the one that failed first; the second
 * failure is a person's, or the loop's to plan anew.
 */
bool
failure_is_last(const struct core *core, const struct feedback *f)
{
	if (strcmp(f->kind, "deploy-failed") != 0 || f->session[0] == '\0')
		return false;
	for (size_t i = 0; i < core->n_feedback; i++) {
		const struct feedback *o = &core->feedback[i];

		/* One deployment that is told of twice has failed once. */
		if (o == f || strcmp(o->kind, f->kind) != 0 ||
		    strcmp(o->session, f->session) != 0 ||
		    strcmp(o->state, "ignored") == 0 ||
		    (f->deploy[0] && strcmp(o->deploy, f->deploy) == 0))
			continue;
		return true;
	}
	return false;
}
