#include "engine/own.h"

#include "engine/guard.h"
#include "engine/internal.h"
#include "plan/glob.h"
#include "policy/refusal.h"

#include <string.h>

/* What an agent may order, for its own session and nobody else's (CONTRACTS 1, Peers). */

#define MOST_PATTERNS 16
#define MOST_TEXT     2000 /* of what an agent says at once */

/* The session CALLER acts for, or the one that a person names. */
static const struct session *
own_session(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct err *err)
{
	const char *name = fields_text(in, "session");
	const struct session *s;

	if (caller->session[0] == '\0')
		return core_resolve(engine->core, name, err);
	s = core_session(engine->core, caller->session);
	if (!s) {
		refuse(err, "G11", "%s works for another repository", caller->actor);
		return NULL;
	}
	if (name[0] && core_resolve(engine->core, name, NULL) != s) {
		refuse(err, "G11", "%s may speak for itself only, not for %.60s",
		    caller->actor, name);
		err_fix(err, "leave the session out");
		return NULL;
	}
	return s;
}

/* ---- what it says ------------------------------------------------------------------------- */

/* TEXT of IN, cut where it is longer than anybody reads. */
static void
copy_text(struct fields *f, const struct fields *in, const char *name)
{
	const char *text = fields_text(in, name);
	AUTO_FREE char *cut = xstrndup(text, strnlen(text, MOST_TEXT));

	fields_set(f, name, cut);
}

static void
say_progress(struct fields *f, const struct fields *in)
{
	int64_t done = fields_number(in, "done", -1);
	int64_t total = fields_number(in, "total", -1);

	if (total > 0 && done >= 0)
		fields_setf(f, "text", "%lld/%lld %.300s", (long long)done,
		    (long long)total, fields_text(in, "text"));
}

int
order_report(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	static const struct {
		const char *kind;
		enum hap hap;
		const char *noted;
	} kinds[] = {
		{ "started", HAP_AGENT_CONFIRMED, "noted: the session is confirmed" },
		{ "progress", HAP_AGENT_ACTIVITY, "noted" },
		{ "checkpoint", HAP_AGENT_ASKED,
		    "a person is asked; the answer comes as a message" },
		{ "question", HAP_AGENT_ASKED,
		    "a person is asked; the answer comes as a message" },
		{ "done", HAP_AGENT_DONE,
		    "noted: what is committed on the branch is looked at now" },
		{ "failed", HAP_AGENT_FAILED, "noted: the session ends here" },
	};
	const struct session *s = NULL;
	const char *kind = fields_text(in, "kind");
	struct fields f = { 0 };
	size_t at = 0;
	int rc;

	while (at < N_ELEMS(kinds) && strcmp(kinds[at].kind, kind) != 0)
		at++;
	if (at == N_ELEMS(kinds)) {
		err_set(err, ERR_USAGE, "a report is not of kind '%.20s'", kind);
		return err_fix(
		    err, "one of: started progress checkpoint question done failed");
	}
	if (caller->session[0] == '\0') {
		refuse(err, "G11", "only the agent of a session reports for it");
		return err_fix(err, "a person sees to it with: divisi status");
	}
	s = own_session(engine, in, caller, err);
	if (!s)
		return -1;
	fields_set(out, "session", s->id);
	fields_set(out, "label", s->label);
	if (kinds[at].hap == HAP_AGENT_ACTIVITY && guard_is_hasty(engine->guard, s)) {
		fields_set(out, "text", "not kept: one a second is enough");
		return 0;
	}
	fields_set(&f, "session", s->id);
	fields_set(&f, "run", s->run);
	copy_text(&f, in, "text");
	if (kinds[at].hap == HAP_AGENT_ACTIVITY)
		say_progress(&f, in);
	if (kinds[at].hap == HAP_AGENT_ASKED) {
		fields_set(&f, "kind", kind);
		fields_set_number(&f, "told", 1);
		copy_text(&f, in, "detail");
	}
	rc = engine_happen(engine, kinds[at].hap, caller->actor, &f, err);
	fields_clear(&f);
	if (rc == 0)
		fields_set(out, "text", kinds[at].noted);
	return rc;
}

/* ---- more than it declared ------------------------------------------------------------------ */

/* Is PATH in DIR, or DIR in PATH? */
static bool
is_near(const char *path, const char *dir)
{
	AUTO_FREE char *real = realpath(dir, NULL);
	const char *other = real ? real : dir;
	size_t a = strlen(path), b = strlen(other), n = a < b ? a : b;

	return b > 0 && strncmp(path, other, n) == 0 &&
	       (a == b || (a > b ? path : other)[n] == '/');
}

/*
 * A path outside of the worktree, which only a fence keeps it from.  What is the person's
 * repository, divisi's or another session's is never given, nor what holds it.
 */
static int
check_outside(const struct engine *engine, const struct session *s, const char *path,
    struct err *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *common = xstrdup(engine->home);
	const char *at = real ? real : path;
	bool is_ours;

	*strrchr(common, '/') = '\0';
	if (!session_is_fenced(s)) {
		err_set(err, ERR_USAGE,
		    "%.200s is outside of the worktree, and no fence "
		    "keeps it from there",
		    path);
		return -1;
	}
	if (path[strcspn(path, "*?[{")] || strstr(path, "/../") || strstr(path, "//") ||
	    strlen(path) < 2 || path[strlen(path) - 1] == '/' ||
	    strcmp(path + strlen(path) - 2, "..") == 0)
		return err_set(err, ERR_USAGE,
		    "outside of the worktree one plain path is asked for, not %.200s",
		    path);
	is_ours = is_near(at, common) || is_near(at, engine->top) ||
		  is_near(at, engine->home);
	for (size_t i = 0; i < engine->core->n_sessions && !is_ours; i++)
		is_ours = is_near(at, engine->core->session[i].path) ||
			  is_near(at, engine->core->session[i].repo);
	if (is_ours)
		return refuse(err, "G21",
		    "%.200s holds, or is part of, a repository that divisi keeps",
		    path);
	return 0;
}

/*
 * PATTERNS one per line, as the plan writes them: below the worktree, each a pattern; or
 * absolute paths outside of it.
 */
static char *
own_patterns(const struct engine *engine, const struct session *s, const char *patterns,
    struct err *err)
{
	struct span rest = span_of(patterns), line;
	size_t n = 0, size = 0, below = strlen(s->path);
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);
	bool is_bad = false;

	while (!is_bad && span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);
		const char *rel = one;
		struct glob *glob;

		if (line.n == 0)
			continue;
		if (below > 0 && strncmp(one, s->path, below) == 0 && one[below] == '/')
			rel = one + below + 1;
		if (rel[0] == '/') {
			is_bad = check_outside(engine, s, rel, err) < 0 ||
				 ++n > MOST_PATTERNS;
			fprintf(f, "%s\n", rel);
			continue;
		}
		glob = glob_new(rel, 0, err);
		is_bad = !glob || ++n > MOST_PATTERNS;
		if (glob && is_bad)
			err_set(err, ERR_USAGE,
			    "at most %d paths are asked for at once", MOST_PATTERNS);
		glob_free(glob);
		fprintf(f, "%s\n", rel);
	}
	fclose(f);
	if (!is_bad && n > 0)
		return text;
	if (!is_bad) {
		err_set(err, ERR_USAGE, "no path is asked for");
		err_fix(err, "divisi widen SESSION PATTERN --reason TEXT");
	}
	free(text);
	return NULL;
}

int
order_widen(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const struct session *s = own_session(engine, in, caller, err);
	AUTO_FREE char *patterns = NULL, *meets = NULL, *detail = NULL;
	struct fields f = { 0 };
	size_t n = 0;
	FILE *text;
	int rc;

	if (!s)
		return -1;
	if (fields_text(in, "reason")[0] == '\0')
		return err_set(err, ERR_USAGE, "a person wants to know the reason");
	patterns = own_patterns(engine, s, fields_text(in, "patterns"), err);
	if (!patterns)
		return -1;
	text = open_memstream(&detail, &n);
	meets = guard_meets(engine->guard, s, patterns, text);
	fclose(text);
	fields_set(&f, "session", s->id);
	fields_set(&f, "patterns", patterns);
	copy_text(&f, in, "reason");
	fields_set(&f, "detail", detail[0] ? detail : "nobody else has any of it\n");
	fields_set(&f, "meets", meets);
	rc = engine_happen(engine, HAP_WIDEN_ASKED, caller->actor, &f, err);
	if (rc == 0) {
		fields_setf(out, "ask", "widen-%d", s->n_keys);
		fields_set(out, "session", s->id);
		fields_set(out, "label", s->label);
		fields_set(out, "detail", fields_text(&f, "detail"));
		fields_set(out, "meets", meets);
		fields_set(out, "as", caller->session[0] ? "agent" : "person");
		fields_set(out, "text",
		    "a person is asked; the answer comes as a message, and until then "
		    "it is not allowed");
	}
	fields_clear(&f);
	return rc;
}

void
own_add_meets(struct engine *engine, struct fields *answer)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(answer, "session"), NULL);
	const char *id = fields_text(answer, "ask");

	for (size_t i = 0; s && i < s->n_asks; i++) {
		const struct ask *a = &s->ask[i];
		AUTO_FREE char *meets = NULL;

		if (a->decision[0] || (id[0] && strcmp(a->id, id) != 0))
			continue;
		if (strcmp(a->kind, "widen") != 0)
			return;
		meets = guard_meets(engine->guard, s, a->raw, NULL);
		fields_set(answer, "meets", meets);
		return;
	}
}
