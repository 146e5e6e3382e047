#include "core/internal.h"

#include <string.h>

/* What a session's fence refused.  The kernel has refused it already; this is the record. */

#define KEPT_BYTES 2000 /* of the latest refusals */

bool
session_is_fenced(const struct session *s)
{
	/* Sessions of before there were fences have no word for it. */
	return s->fence[0] && strcmp(s->fence, "off") != 0;
}

/* The last lines of BEFORE and MORE that fit; the caller frees it. */
static char *
last_lines(const char *before, const char *more)
{
	AUTO_FREE char *all = xasprintf("%s%s%s", before, before[0] ? "\n" : "", more);
	size_t n = strlen(all);
	const char *at = n > KEPT_BYTES ? strchr(all + n - KEPT_BYTES, '\n') : NULL;

	return xstrdup(at ? at + 1 : all);
}

int
step_fenced(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	int64_t offset = fields_number(&h->fields, "offset", 0);
	AUTO_FREE char *kept = NULL;

	(void)acts;
	if (!s)
		return -1;
	if (strcmp(s->run, fields_text(&h->fields, "run")) != 0 ||
	    offset <= s->fence_offset)
		return err_set(err, ERR_CONFLICT, "nothing new about %s", s->id);
	kept = last_lines(s->fenced, fields_text(&h->fields, "text"));
	core_set(&s->fenced, kept);
	s->n_fenced += fields_number(&h->fields, "n", 0);
	s->fence_offset = offset;
	return 0;
}
