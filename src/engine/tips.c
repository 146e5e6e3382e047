#include "engine/internal.h"

#include <string.h>
#include <sys/stat.h>

/*
 * What a session at work commits is pinned soon (promise 2), radar or not.  Whether its tip
 * moved is told by the files of git that say so, which costs nothing; a job pins it then.
 */

#define LOOK_MS    5000  /* between looks that nothing but an agent's words asked for */
#define TROUBLE_MS 60000 /* before it is tried again where pinning failed */
#define MAX_TIPS   64

struct tip {
	char *session, *mark; /* what its files were like when they were pinned last */
};

struct tips {
	struct tip tip[MAX_TIPS];
	size_t n;
	struct job *job;
	bool is_stale; /* somebody asked for a look while the job ran */
	int64_t looked_at, failed_at;
};

/* Size and time of a file; "-" of one that is not there. */
static char *
stamp(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return xstrdup("-");
	return xasprintf("%llu.%lld.%lld.%ld", (unsigned long long)st.st_ino,
	    (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* Differs from before when the tip of the worktree PATH moved; NULL when it is none. */
static char *
mark_of(const char *path)
{
	AUTO_FREE char *admin = trees_admin(path);
	AUTO_FREE char *file = admin ? path_join(admin, "HEAD") : NULL;
	AUTO_FREE char *head = file ? file_read(file, 1 << 16, NULL, NULL) : NULL;
	AUTO_FREE char *log = NULL, *ref = NULL, *tables = NULL;
	AUTO_FREE char *of_log = NULL, *of_ref = NULL, *of_tables = NULL;

	if (!head)
		return NULL;
	head[strcspn(head, "\n")] = '\0';
	log = path_join(admin, "logs/HEAD");
	/* Where there are no reflogs, and where refs are no files. */
	ref = xasprintf(
	    "%s/../../%s", admin, strncmp(head, "ref: ", 5) == 0 ? head + 5 : "HEAD");
	tables = path_join(admin, "reftable/tables.list");
	of_log = stamp(log);
	of_ref = stamp(ref);
	of_tables = stamp(tables);
	return xasprintf("%s %s %s %s", head, of_log, of_ref, of_tables);
}

static struct tip *
tip_find(struct tips *t, const char *session)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->tip[i].session, session) == 0)
			return &t->tip[i];
	}
	return NULL;
}

static void
tips_clear(struct tips *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->tip[i].session);
		free(t->tip[i].mark);
	}
	t->n = 0;
}

/* Notes MARK for SESSION; false when it is as it was. */
static bool
is_moved(struct tips *t, const char *session, const char *mark)
{
	struct tip *tip = tip_find(t, session);

	if (tip && strcmp(tip->mark, mark) == 0)
		return false;
	if (!tip && t->n == MAX_TIPS)
		tips_clear(
		    t); /* of sessions that are long over, too: all are pinned again */
	if (!tip) {
		tip = &t->tip[t->n++];
		*tip = (struct tip){ .session = xstrdup(session) };
	}
	free(tip->mark);
	tip->mark = xstrdup(mark);
	return true;
}

/* The sessions at work whose tips moved since they were pinned; how many. */
static size_t
gather(struct engine *engine, struct fields *in)
{
	size_t n = 0;

	for (size_t i = 0; i < engine->core->n_sessions && n < MAX_TIPS; i++) {
		const struct session *s = &engine->core->session[i];
		const struct {
			const char *name, *text;
		} cells[] = { { "session", s->id }, { "path", s->path },
			{ "repo", s->repo } };
		AUTO_FREE char *mark = NULL;
		char key[40];

		if (!s->run_open || !s->has_tree || s->is_tree_gone || !s->path[0])
			continue;
		mark = mark_of(s->path);
		if (!mark || !is_moved(engine->tips, s->id, mark))
			continue;
		for (size_t k = 0; k < N_ELEMS(cells); k++) {
			snprintf(key, sizeof(key), "s%zu.%s", n, cells[k].name);
			fields_set(in, key, cells[k].text);
		}
		n++;
	}
	fields_set_number(in, "n_sessions", (int64_t)n);
	return n;
}

static void
on_kept(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct engine *engine = arg;
	struct tips *t = engine->tips;
	const char *trouble = failed ? err->text : fields_text(out, "trouble");
	struct job *job = t->job;

	t->job = NULL;
	job_free(job);
	t->failed_at = 0;
	if (trouble[0]) {
		log_warn("what is being committed is not pinned: %s", trouble);
		t->failed_at = engine->now();
		tips_clear(t);
	} else if (t->is_stale) {
		tips_look(engine);
	}
}

void
tips_look(struct engine *engine)
{
	struct fields in = { 0 };
	struct err err = ERR_INIT;
	struct tips *t;

	if (!engine->tips)
		engine->tips = xcalloc(1, sizeof(*engine->tips));
	t = engine->tips;
	t->is_stale = t->job != NULL;
	if (t->job || (t->failed_at > 0 && engine->now() - t->failed_at < TROUBLE_MS))
		return;
	t->looked_at = engine->now();
	if (gather(engine, &in) > 0) {
		t->job = job_start(engine, "keep", &in, on_kept, engine, &err);
		if (!t->job) {
			log_warn("what is being committed is not pinned: %s", err.text);
			tips_clear(t);
			t->failed_at = engine->now();
		}
	}
	fields_clear(&in);
}

void
tips_settle(struct engine *engine)
{
	int64_t since = engine->tips ? engine->now() - engine->tips->looked_at
				     : LOOK_MS;

	/* A clock that was set back does not keep us from looking. */
	if (since < 0 || since >= LOOK_MS)
		tips_look(engine);
}

bool
tips_failed(const struct engine *engine)
{
	return engine->tips && engine->tips->failed_at > 0;
}

void
tips_free(struct engine *engine)
{
	if (!engine->tips)
		return;
	job_free(engine->tips->job);
	tips_clear(engine->tips);
	free(engine->tips);
	engine->tips = NULL;
}
