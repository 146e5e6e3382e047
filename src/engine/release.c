#include "engine/release.h"

#include "base/mem.h"
#include "policy/refusal.h"

#include <stdio.h>
#include <string.h>

char *
release_batch(const struct core *core, const struct batch_run *b)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	const char *gap = "done or given up: ";

	for (size_t i = 0; i < b->n; i++) {
		const struct session *s = &core->session[b->session[i]];

		if (session_is_terminal(s->state) || b->state == BATCH_DECLINED)
			continue;
		fprintf(f, "%s%s", gap, s->label);
		gap = ", ";
	}
	if (b->state == BATCH_WITH_FAILURES && !b->acked)
		fputs("a person's word on what failed", f);
	fclose(f);
	return text;
}

/* Is it over, with nothing that a person has to say to it? */
static bool
is_settled(const struct batch_run *b)
{
	return b->state == BATCH_COMPLETE || b->state == BATCH_DECLINED ||
	       (b->state == BATCH_WITH_FAILURES && b->acked);
}

char *
release_plan(
    const struct core *core, const struct plan_run *p, const struct batch_run **last)
{
	size_t n_done = 0;

	*last = NULL;
	if (strcmp(p->state, "active") != 0)
		return xstrdup("");
	for (size_t i = 0; i < core->n_batches; i++) {
		if (strcmp(core->batch[i].plan_id, p->id) == 0)
			*last = &core->batch[i];
	}
	if (*last && !is_settled(*last))
		return xasprintf("batch %d is complete", (*last)->number);
	*last = NULL;
	for (size_t i = 0; i < core->n_sessions; i++)
		n_done += strcmp(core->session[i].plan_id, p->id) == 0 &&
			  core->session[i].state == SESSION_DONE;
	return xasprintf("all its phases are done, %zu of %lld by now", n_done,
	    (long long)p->n_phases);
}

/* "S-27": one of the letters that tags begin with, and a number. */
static bool
is_tag(const char *name)
{
	return name[0] && strchr("ABEJKNRS", name[0]) && name[1] == '-' && name[2] &&
	       strlen(name) <= 6 && name[2 + strspn(name + 2, "0123456789")] == '\0';
}

char *
release_rule(const char *tag)
{
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *f;

	if (!is_tag(tag))
		return NULL;
	f = open_memstream(&text, &size);
	for (size_t i = 0; refusal_at(i); i++) {
		const struct refusal *r = refusal_at(i);

		if (strcmp(r->rule, tag) == 0)
			fprintf(f, "%s%s (%s)", n++ ? ", " : "what goes against it is ",
			    r->code, r->what);
	}
	if (n == 0)
		fputs("nothing is refused by it; what can be has a code, G01 to G23, "
		      "M01 to M04, N01 to N03 or P01 to P16",
		    f);
	fclose(f);
	return text;
}
