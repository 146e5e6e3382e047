#include "engine/internal.h"

#include "adapters.h"
#include "agent/interactive.h"
#include "git/config.h"
#include "policy/refusal.h"

#include <string.h>

/* What a person orders who works on a session themselves. */

/*
 * The command that the person configured for the terminal of AGENT, "" when there is none.
 * The one of the committed file was written by whoever writes to the repository: it is no
 * word of this person, and is not run.
 */
static int
find_command(
    struct engine *engine, const char *agent, struct fields *f, struct err *err)
{
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.interactive", agent);
	const struct config_item *item;
	struct config config = { 0 };
	struct repo repo = { 0 };
	int rc = repo_open(engine->top, &repo, err);

	if (rc < 0)
		return -1;
	rc = config_load(&repo, &config, err);
	item = rc == 0 ? config_find(&config, key) : NULL;
	if (item && item->is_committed) {
		rc = err_set(err, ERR_REFUSED,
		    "%s comes from %s, which is the project's", key, item->origin);
		(void)err_fix(err, "git config %s COMMAND, when you want it", key);
	} else if (item) {
		fields_set(f, "command", item->value);
	}
	config_clear(&config);
	repo_close(&repo);
	return rc;
}

/* "TERM COLUMNS ROWS", whatever the client says of itself. */
static void
put_terminal(const struct fields *in, struct fields *f)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789._+-";
	const char *term = fields_text(in, "term");
	int64_t cols = fields_number(in, "cols", 80),
		rows = fields_number(in, "rows", 24);
	size_t n = strlen(term);

	if (n == 0 || n > 64 || strspn(term, letters) != n)
		term = "xterm-256color";
	if (cols < 1 || cols > 1000)
		cols = 80;
	if (rows < 1 || rows > 1000)
		rows = 24;
	fields_setf(f, "terminal", "%s %d %d", term, (int)cols, (int)rows);
}

int
order_takeover(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);
	struct fields f = { 0 };
	int rc = -1;

	if (!s || refusal_check_overrides(fields_text(in, "override"),
		      fields_text(in, "reason"), REFUSAL_RESUME_OVERRIDES, err) < 0)
		return -1;
	fields_set(&f, "session", s->id);
	fields_set(&f, "reason", fields_text(in, "reason"));
	fields_set(&f, "override", fields_text(in, "override"));
	put_terminal(in, &f);
	if (find_command(engine, s->agent, &f, err) == 0 &&
	    (s->is_external ||
		agent_check_interactive(adapter_agent(s->adapter), s->agent,
		    fields_text(&f, "command"), s->agent_session, err) == 0))
		rc = happen_to_session(engine, HAP_TAKEN_OVER, &f, caller, out, err);
	fields_clear(&f);
	return rc;
}

int
order_handback(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);
	struct fields f = { 0 };
	int rc;

	if (!s)
		return -1;
	fields_set(&f, "session", s->id);
	fields_set(
	    &f, "how", fields_text(in, "how")[0] ? fields_text(in, "how") : "resume");
	fields_set(&f, "note", fields_text(in, "note"));
	fields_set_number(&f, "resumable", agent_can_resume(s->adapter));
	rc = happen_to_session(engine, HAP_HANDED_BACK, &f, caller, out, err);
	fields_clear(&f);
	return rc;
}
