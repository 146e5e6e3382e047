#include "core/internal.h"
#include "core/reason.h"
#include "policy/refusal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What a person orders about a session whose agent works elsewhere. */

/* "factory, amp": who may have it by the approved table.  The caller frees it. */
static char *
list_routes(const struct session *s)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct away_route route;

	for (int i = 0; session_route(s, i, &route); i++)
		fprintf(f, "%s%.*s", i ? ", " : "", (int)route.name.n, route.name.p);
	fclose(f);
	return text;
}

static int
find_route(const struct session *s, const char *name)
{
	struct away_route route;

	for (int i = 0; session_route(s, i, &route); i++) {
		if (span_eq_nocase(route.name, name) ||
		    span_eq_nocase(route.shown, name))
			return i;
	}
	return -1;
}

/* Only whom the approved table names: nobody approved another (promise 4). */
static int
give_to(struct core *core, struct session *s, const struct happening *h,
    struct acts *acts, struct err *err)
{
	const char *name = fields_text(&h->fields, "to");
	AUTO_FREE char *list = list_routes(s), *why = NULL;
	int i = find_route(s, name);

	if (i < 0) {
		refuse(err, "G15", "the approved table does not let %.40s have %s",
		    name, s->label);
		return err_fix(err,
		    "it names %s; for another: divisi abandon %s, change 'Agent:', dispatch",
		    list, s->label);
	}
	if (human_check_relaunch(core, s, h, err) < 0)
		return -1;
	(void)core_move(s, ON_STALL, h->at, acts);
	if (s->state != SESSION_STALLED && s->state != SESSION_PARKED &&
	    s->state != SESSION_FAILED && s->state != SESSION_EXITING &&
	    s->state != SESSION_IN_REVIEW && s->state != SESSION_MERGE_CONFLICT)
		return err_set(err, ERR_CONFLICT, "%s is %s: nobody else can have it",
		    s->id, session_state_name(s->state));
	why = xasprintf("%s gave it to another", h->actor);
	delegate_to(s, i, why, h->at, acts);
	return 0;
}

/* Has S something at the remote that is not settled? */
static bool
is_open(const struct session *s)
{
	return s->state == SESSION_UNCONFIRMED || s->state == SESSION_ACTIVE ||
	       s->state == SESSION_STALLED || s->state == SESSION_EXITING;
}

/* May what is on BRANCH, or on the one that was found, be taken for the work of S? */
static int
check_take(const struct session *s, const char *branch, bool is_done, struct err *err)
{
	if (!is_open(s) && (branch[0] || is_done))
		return err_set(err, ERR_CONFLICT, "%s is %s: nothing to take", s->id,
		    session_state_name(s->state));
	if (!is_done || branch[0] || s->away.branch[0] || s->is_analysis)
		return 0;
	err_set(err, ERR_NOT_FOUND, "no branch of %s is at the remote", s->label);
	return err_fix(err, "divisi delegate %s --branch NAME --done", s->label);
}

/* What is at the remote is its delivery, whatever its agent says. */
static void
take_it(struct session *s, int64_t now, struct acts *acts)
{
	if (s->state == SESSION_EXITING) {
		core_set(&s->reason, "");
		delegate_owe_take(s, acts);
		return;
	}
	if (s->state == SESSION_UNCONFIRMED)
		(void)core_move(s, ON_CONFIRMED, now, acts);
	s->confirmed = true;
	session_reported(s, now, acts);
}

int
step_delegate_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *branch = fields_text(&h->fields, "branch");
	bool is_done = fields_number(&h->fields, "done", 0) != 0;

	if (!s)
		return -1;
	if (!session_is_away(s)) {
		err_set(err, ERR_CONFLICT, "the agent of %s works here (%s)", s->id,
		    s->agent_shown);
		return err_fix(err, "divisi why %s", s->label);
	}
	if (s->state == SESSION_CLAIMED) {
		err_set(err, ERR_CONFLICT, "%s has it", s->claimed_by);
		return err_fix(err, "divisi handback %s --done", s->label);
	}
	if (fields_text(&h->fields, "to")[0])
		return give_to(core, s, h, acts, err);
	if (check_take(s, branch, is_done, err) < 0)
		return -1;
	if (branch[0]) {
		core_set(&s->branch, branch);
		core_set(&s->away.branch, branch);
		core_set(&s->away.head, fields_text(&h->fields, "head"));
	}
	if (is_done)
		take_it(s, h->at, acts);
	else if (s->away.to[0])
		s->away.look_at = h->at;
	return 0;
}

/* Does TEXT name anybody as trackers do, "@name" at the begin of a word? */
static bool
has_mention(const char *text)
{
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		if ((at == text || !isalnum((unsigned char)at[-1])) &&
		    isalnum((unsigned char)at[1]))
			return true;
	}
	return false;
}

int
delegate_say(struct session *s, const char *text, struct acts *acts, struct err *err)
{
	AUTO_FREE char *full = NULL;
	struct away_route route;

	if (!session_route(s, s->away.route, &route))
		return err_set(err, ERR_CONFLICT, "nobody has %s", s->id);
	/* a second app in one comment would take it for its own. */
	if (route.mention.n > 0 && has_mention(text)) {
		refuse(err, "T01", "the words name somebody beside %.*s",
		    (int)route.shown.n, route.shown.p);
		return err_fix(err, "say it without '@', or in two comments");
	}
	full = route.mention.n
		   ? xasprintf("@%.*s %s", (int)route.mention.n, route.mention.p, text)
		   : xstrdup(text);
	owe_comment(acts, s, "said", ++s->n_keys, full);
	return 0;
}

/* ---- why it waits --------------------------------------------------------------------------- */

/* "no pickup yet (limit 30m)", and who would be next. */
static void
why_unconfirmed(const struct session *s, int64_t now, const char *name, char *why,
    size_t n, char *command, size_t cn)
{
	struct away_route route, next;
	int64_t left = session_pickup_until(s) - now;
	AUTO_FREE char *limit = NULL, *age = NULL;

	(void)session_route(s, s->away.route, &route);
	limit = text_age(route.pickup_ms);
	age = text_age(left > 0 ? left : 0);
	text_print(why, n, "%s has issue %s: no pickup yet (limit %s, %s left)%s%s",
	    s->agent_shown, s->sub_issue, limit, age, s->away.trouble[0] ? "; " : "",
	    s->away.trouble);
	if (session_route(s, s->away.route + 1, &next))
		text_print(command, cn, "divisi delegate %s --to %.*s", name,
		    (int)next.name.n, next.name.p);
}

static void
why_stalled(const struct session *s, const char *name, char *why, size_t n,
    char *command, size_t cn)
{
	struct away_route next;

	text_print(why, n, "%s%s%s",
	    s->reason[0] ? s->reason : "nothing was heard of it",
	    s->away.trouble[0] ? "; " : "", s->away.trouble);
	if (s->confirmed && s->away.branch[0])
		text_print(command, cn,
		    "divisi delegate %s --done   or: divisi say %s TEXT", name, name);
	else if (session_route(s, s->away.route + 1, &next))
		text_print(command, cn,
		    "divisi delegate %s --to %.*s   or: divisi resume %s", name,
		    (int)next.name.n, next.name.p, name);
	else
		text_print(command, cn,
		    "divisi resume %s   or: divisi delegate %s --branch NAME --done",
		    name, name);
}

bool
delegate_why(const struct session *s, int64_t now, const char *name, char *why,
    size_t n, char *command, size_t cn)
{
	if (!session_is_away(s))
		return false;
	switch (s->state) {
	case SESSION_LAUNCHING:
		text_print(why, n, "its issue %s is being given to %s", s->sub_issue,
		    s->agent_shown);
		return true;
	case SESSION_UNCONFIRMED:
		why_unconfirmed(s, now, name, why, n, command, cn);
		return true;
	case SESSION_ACTIVE:
		text_print(why, n, "%s works on it: %s%s%s%s", s->agent_shown,
		    s->away.signal, s->away.state[0] ? ", it is " : "", s->away.state,
		    strcmp(s->away.state, "waiting") == 0
			? ": it asks something, on its issue"
			: "");
		return true;
	case SESSION_STALLED: why_stalled(s, name, why, n, command, cn); return true;
	case SESSION_EXITING:
		text_print(why, n, "%s",
		    s->reason[0] ? s->reason
				 : "what is on its branch is being fetched");
		if (s->reason[0])
			text_print(command, cn, "divisi delegate %s --done", name);
		return true;
	case SESSION_MERGE_CONFLICT:
		text_print(
		    why, n, "%s", s->reason[0] ? s->reason : "it does not merge");
		text_print(command, cn,
		    "divisi say %s TEXT, or mend branch %s, then: divisi merge %s",
		    name, s->branch, name);
		return true;
	case SESSION_PARKED:
	case SESSION_FAILED:
		text_print(why, n, "%s: %s", session_state_name(s->state),
		    s->reason[0] ? s->reason : "no reason given");
		text_print(command, cn, "divisi resume %s", name);
		return true;
	default: return false;
	}
}

/* The facts behind that. */
bool
delegate_reason(const struct session *s, struct reason *r)
{
	bool is_stalled = s->state == SESSION_STALLED;

	if (!session_is_away(s) ||
	    (s->state != SESSION_LAUNCHING && s->state != SESSION_UNCONFIRMED &&
		s->state != SESSION_ACTIVE && !is_stalled))
		return false;
	r->rule = is_stalled ? "J-38" : s->state == SESSION_ACTIVE ? "R-90" : "R-41";
	text_print(r->other, sizeof(r->other), "%s", s->agent_shown);
	text_print(r->witness, sizeof(r->witness), "%s",
	    s->away.signal[0] ? s->away.signal : "nothing that shows a pickup");
	text_print(r->release, sizeof(r->release), "%s",
	    is_stalled                   ? "a person's word, or a sign of it"
	    : s->state == SESSION_ACTIVE ? "a pull request, or it says that it is done"
					 : "a sign that it has its issue");
	return true;
}
