#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/*
 * A worktree that somebody else took away (rm -r, git worktree remove, prune).  What was
 * committed or pinned is in git; the worktree is made again from it when the session needs
 * it: at once while nothing runs in it, by a person's word when its agent was at work.
 */

/* Makes the worktree of S again, with what was pinned last. */
void
owe_tree(struct session *s, struct acts *acts)
{
	struct fields *f;

	s->is_set_up = false; /* what its setup made is gone, too */
	f = acts_add(
	    acts, "worktree-back", s->id, "worktree-back/%s/%d", s->id, ++s->n_keys);

	fields_set(f, "session", s->id);
	fields_set(f, "path", s->path);
	fields_set(f, "branch", s->branch);
	fields_set(f, "base", s->base);
}

/*
 * What it had is where?  In words, for the person who reads of it: of whoever looked; events
 * of before anybody did say what should be there.
 */
static char *
kept_words(const struct session *s, const struct happening *h)
{
	const char *seen = fields_text(&h->fields, "kept");

	if (seen[0])
		return xstrdup(seen);
	if (s->pin[0])
		return xasprintf(
		    "kept: its branch and what was pinned last (%.12s)", s->pin);
	return xasprintf("kept: what it committed on %s", s->branch);
}

/* Its agent has no ground under its feet: it is stopped, and a person decides. */
static void
park_without_tree(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	AUTO_FREE char *text = NULL;

	merge_give_up(s, now, acts);
	if (!core_move(s, ON_PARK, now, acts))
		return;
	s->is_held = false;
	s->reported = false;
	session_close_asks(s, false);
	if (s->run_open)
		owe_stop(s, acts);
	else /* nobody else would look at what is on its branch */
		owe_inspect(s, "ended", acts);
	text = xasprintf("Parked: %s.", s->reason);
	owe_comment(acts, s, "parked", ++s->n_keys, text);
	owe_write_back(core, s->plan_id, acts);
}

int
step_tree_gone(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *how = fields_text(&h->fields, "text");
	AUTO_FREE char *kept = NULL;

	if (!s)
		return -1;
	if (!s->has_tree || s->is_tree_gone || session_is_terminal(s->state))
		return err_set(err, ERR_CONFLICT, "nothing is missing of %s", s->id);
	s->is_tree_gone = true;
	s->is_set_up = false; /* what its setup made is gone, too */
	kept = kept_words(s, h);
	if (session_is_live(s->state)) {
		free(s->reason);
		s->reason = xasprintf("%s; %s", how, kept);
		park_without_tree(core, s, h->at, acts);
	} else if (s->state == SESSION_PREPARED || s->state == SESSION_APPROVED ||
		   s->state == SESSION_MERGE_CONFLICT) {
		owe_tree(s, acts);
	}
	return 0;
}

int
step_tree_back(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *from = fields_text(&h->fields, "text");

	if (!s)
		return -1;
	s->is_tree_gone = false;
	if (from[0]) {
		AUTO_FREE char *text = xasprintf(
		    "Its worktree was made again: %s.", from);

		owe_comment(acts, s, "tree-back", ++s->n_keys, text);
	}
	return 0;
}
