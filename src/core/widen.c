#include "core/internal.h"

#include "policy/refusal.h"

#include <stdio.h>
#include <string.h>

/*
 * A session needs more than it declared (DESIGN 7): it asks, a person sees who else has it and
 * allows it or not, and what was refused stays so.  What the guard told it is kept beside.
 */
#define MAX_OPEN 8 /* questions of one session; more are no help to a person */

static bool
is_widening(const struct ask *a)
{
	return a->run[0] == '\0' && strcmp(a->kind, "widen") == 0;
}

/* The patterns one after the other, as in a sentence.  The caller frees it. */
static char *
in_a_row(const char *lines)
{
	struct span rest = span_of(lines), line;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0)
			fprintf(
			    f, "%s%.*s", ftell(f) > 0 ? ", " : "", (int)line.n, line.p);
	}
	fclose(f);
	return text;
}

int
step_guarded(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	s->n_guarded += happening_claim(h, "asked", 0);
	s->n_denied += happening_claim(h, "denied", 0);
	return 0;
}

int
step_widen_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *patterns = fields_text(&h->fields, "patterns");
	AUTO_FREE char *id = NULL, *row = NULL, *text = NULL;
	struct ask *a;
	int open = 0;

	(void)acts;
	if (!s)
		return -1;
	if (session_is_terminal(s->state) || s->state == SESSION_MERGING)
		return err_set(err, ERR_CONFLICT, "%s is %s: it writes nothing more",
		    s->id, session_state_name(s->state));
	row = in_a_row(patterns);
	if (row[0] == '\0')
		return err_set(err, ERR_USAGE, "no path is asked for");
	if (text_lists_all(s->widened, patterns))
		return err_set(
		    err, ERR_CONFLICT, "%.200s: that is allowed already", row);
	for (size_t i = 0; i < s->n_asks; i++) {
		a = &s->ask[i];
		if (!is_widening(a) || !text_lists_all(a->raw, patterns))
			continue;
		if (a->decision[0] == '\0')
			return err_set(err, ERR_CONFLICT,
			    "%.200s: that is asked already and not answered yet", row);
		if (strcmp(a->decision, "deny") == 0 &&
		    strncmp(h->actor, "human:", 6) != 0) {
			refuse(err, "G21", "a person said no to %.160s%s%.160s", row,
			    a->answer[0] ? ": " : "", a->answer);
			return err_fix(err, "leave it as it is, and say at the end "
					    "what is missing for it");
		}
	}
	for (size_t i = 0; i < s->n_asks; i++)
		open += is_widening(&s->ask[i]) && s->ask[i].decision[0] == '\0';
	if (open >= MAX_OPEN)
		return err_set(
		    err, ERR_CONFLICT, "%d such questions are open already", open);
	id = xasprintf("widen-%d", ++s->n_keys);
	text = xasprintf(
	    "may it also write %s? %s", row, fields_text(&h->fields, "reason"));
	a = core_open_ask(s, "", id, "widen", text, h->at);
	if (!a)
		return err_set(err, ERR_CONFLICT, "%s was asked already", id);
	core_set(&a->raw, patterns);
	core_set(&a->detail, fields_text(&h->fields, "detail"));
	return 0;
}

/* Each session that has what S may write now lands before it, unless it lands behind S. */
static void
land_behind(struct core *core, struct session *s, const char *meets)
{
	const struct batch_run *b = core_batch(core, s->batch_id);
	struct span rest = span_of(meets), one;

	while (b && span_next(&rest, ',', &one)) {
		AUTO_FREE char *id = xstrndup(one.p, one.n);
		const struct session *o = core_session(core, id);
		char *after;

		if (!o || o == s || strcmp(o->batch_id, s->batch_id) != 0 ||
		    session_follows(s, o) || session_lands_behind(core, b, o, s))
			continue;
		after = xasprintf("%s%s%s", s->after, s->after[0] ? "," : "", o->phase);
		free(s->after);
		s->after = after;
	}
}

/* Does the fence of the run under way keep it from what LINES name? */
static bool
is_fenced_from(const struct session *s, const char *lines)
{
	if (!session_is_fenced(s) || !s->run_open)
		return false;
	/* In this mode the worktree is all its own. */
	return strcmp(s->fence, "worktree") != 0 || lines[0] == '/' ||
	       strstr(lines, "\n/");
}

void
widen_answered(struct core *core, struct session *s, const struct ask *a,
    const struct happening *h, struct acts *acts)
{
	AUTO_FREE char *row = in_a_row(a->raw), *text = NULL;
	const char *meets = fields_text(&h->fields, "meets");

	if (strcmp(a->decision, "allow") != 0) {
		text = xasprintf("A person said no: %s stays as it is.%s%s Go on with "
				 "the rest of your task, and say at the end what is "
				 "missing for it.",
		    row, a->answer[0] ? " " : "", a->answer);
		session_say(s, text, acts);
		return;
	}
	if (!text_lists_all(s->widened, a->raw)) {
		char *widened = xasprintf("%s%s%s", s->widened, a->raw,
		    a->raw[strlen(a->raw) - 1] == '\n' ? "" : "\n");

		free(s->widened);
		s->widened = widened;
	}
	land_behind(core, s, meets);
	/* Before it is told: then it may. */
	if (is_fenced_from(s, a->raw))
		owe_tell(s, "widen", acts);
	text = xasprintf("A person allowed it: you may also write %s.%s%s%s", row,
	    a->answer[0] ? " " : "", a->answer,
	    meets[0] ? " Another session has some of it as well and lands before you: "
		       "keep your change to it small."
		     : "");
	session_say(s, text, acts);
}
