#include "engine/job.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/job_fence.h"
#include "plan/parse.h"
#include "policy/declared.h"
#include "radar/radar.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * One look of the radar (DESIGN 8): every live tree, which of them meet, and which of those
 * do not merge.  Only what changed since the look before is compared again, unless the
 * look is "cold"; what it finds is told, what follows from it is the core's to say.
 */

#define MAX_SESSIONS   64
#define UNION_LIMIT_MS (60L * 60 * 1000)
#define MAX_FILES      200
#define MAX_TEXT_BYTES ((size_t)64 << 10)

/* One session that is looked at. */
struct blip {
	const char *session, *phase, *widened;
	char target[GIT_OID_SIZE];
	struct radar_tree tree;
	struct declared *writes, *all;
	struct git_list stray;
	struct radar_facts *facts; /* of its diff; NULL until asked for */
	struct git_list incoming;  /* what its target changed since it began */
	bool is_seen, is_new;
};

/* Two of them, or one and its target (B is NULL). */
struct meeting {
	struct blip *a, *b;
	struct git_list shared;
};

struct look {
	const struct fields *in;
	struct fields *out;
	struct repo repo;
	struct radar *radar;
	struct plan *plan[MAX_SESSIONS];
	struct blip blip[MAX_SESSIONS];
	size_t n_plans, n;
	struct meeting *meeting;
	size_t n_meetings, cap_meetings;
	size_t n_met, n_strayed; /* in all repositories so far */
	const char *of;          /* the repository that is looked at; "" the home's */
	char *changed;           /* "session,session," of those before */
};

/* At most MAX_FILES lines, then how many more there are. */
static char *
lines_of(const struct git_list *list)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < list->n && i < MAX_FILES; i++)
		fprintf(f, "%s\n", list->item[i]);
	if (list->n > MAX_FILES)
		fprintf(f, "... and %zu more\n", list->n - MAX_FILES);
	fclose(f);
	return text;
}

/* ---- looking ------------------------------------------------------------------------------ */

static void
read_plans(struct look *look)
{
	struct err err = ERR_INIT;

	look->n_plans = (size_t)fields_number(look->in, "n_plans", 0);
	if (look->n_plans > MAX_SESSIONS)
		look->n_plans = MAX_SESSIONS;
	for (size_t i = 0; i < look->n_plans; i++) {
		struct lint_list lints = { 0 };
		const char *text;
		char key[32];

		snprintf(key, sizeof(key), "p%zu.text", i);
		text = fields_text(look->in, key);
		look->plan[i] = plan_parse("plan", text, strlen(text), &lints, &err);
		lint_list_clear(&lints);
	}
}

/* What the phase of BLIP declared; nothing when its plan has it no more. */
static void
read_declared(struct look *look, struct blip *blip, int64_t plan)
{
	const struct phase *phase = NULL;
	const struct phase nothing = { 0 };

	if (plan >= 0 && (size_t)plan < look->n_plans && look->plan[plan])
		phase = plan_find(look->plan[plan], blip->phase);
	blip->writes = declared_new(phase ? phase : &nothing, DECLARED_WRITES);
	blip->all = declared_new(
	    phase ? phase : &nothing, DECLARED_WRITES | DECLARED_READS);
	/* Who declared nothing runs alone and does not begin to stray by being allowed more. */
	if (!declared_is_empty(blip->writes)) {
		declared_add_lines(blip->writes, blip->widened);
		declared_add_lines(blip->all, blip->widened);
	}
}

static void
find_stray(struct blip *blip)
{
	/* Who declared nothing has nothing to stray from: it runs alone (S-15). */
	if (declared_is_empty(blip->writes))
		return;
	for (size_t i = 0; i < blip->tree.touched.n; i++) {
		if (!declared_has(blip->writes, blip->tree.touched.item[i]))
			git_list_add(&blip->stray, blip->tree.touched.item[i]);
	}
}

static void
scan_one(struct look *look, struct blip *blip, FILE *changed)
{
	struct err err = ERR_INIT;

	if (radar_scan(look->radar, blip->target, &blip->tree, &err) < 0) {
		/* A tree that is gone or being changed blinds us to itself only. */
		fields_setf(look->out, "trouble", "%s: %s", blip->session, err.text);
		return;
	}
	blip->is_seen = true;
	blip->is_new = blip->tree.is_new || fields_number(look->in, "cold", 0) != 0;
	if (!blip->is_new)
		return;
	fprintf(changed, "%s,", blip->session);
	if (radar_changed(
		look->radar, blip->tree.base, blip->target, &blip->incoming, &err) < 0)
		fields_setf(look->out, "trouble", "%s: %s", blip->session, err.text);
}

static int
scan_all(struct look *look, struct err *err)
{
	char *changed = NULL;
	size_t size = 0, n = (size_t)fields_number(look->in, "n_sessions", 0);
	FILE *f = open_memstream(&changed, &size);
	int rc = 0;

	fputs(look->changed ? look->changed : "", f);
	for (size_t i = 0; i < n && i < MAX_SESSIONS && rc == 0; i++) {
		struct blip *b = &look->blip[look->n];
		const char *target = fields_text_at(look->in, i, "target");

		if (strcmp(fields_text_at(look->in, i, "repo"), look->of) != 0)
			continue;
		look->n++;
		b->session = fields_text_at(look->in, i, "session");
		b->phase = fields_text_at(look->in, i, "phase");
		b->widened = fields_text_at(look->in, i, "widened");
		b->tree.session = b->session;
		b->tree.path = fields_text_at(look->in, i, "path");
		read_declared(look, b, fields_number_at(look->in, i, "plan", -1));
		rc = repo_resolve(&look->repo, target, b->target, err);
		if (rc < 0)
			break;
		scan_one(look, b, f);
		find_stray(b);
	}
	fclose(f);
	fields_set(look->out, "changed", changed);
	free(look->changed);
	look->changed = changed;
	return rc;
}

/* ---- what was found --------------------------------------------------------------------- */

static void
tell_met(struct look *look, const char *kind, const struct meeting *m,
    const struct git_list *files, const char *text)
{
	AUTO_FREE char *lines = lines_of(files);
	char prefix[24], key[40];
	const struct {
		const char *name, *text;
	} cells[] = { { "kind", kind }, { "a", m->a->session },
		{ "b", m->b ? m->b->session : "" }, { "files", lines },
		{ "text", text } };

	snprintf(prefix, sizeof(prefix), "m%zu", look->n_met++);
	for (size_t i = 0; i < N_ELEMS(cells); i++) {
		snprintf(key, sizeof(key), "%s.%s", prefix, cells[i].name);
		fields_set(look->out, key, cells[i].text);
	}
}

static void
tell_strayed(struct look *look)
{
	for (size_t i = 0; i < look->n; i++) {
		struct blip *b = &look->blip[i];
		AUTO_FREE char *lines = NULL;
		char key[40];

		if (!b->is_new)
			continue;
		lines = lines_of(&b->stray);
		snprintf(key, sizeof(key), "t%zu.session", look->n_strayed);
		fields_set(look->out, key, b->session);
		snprintf(key, sizeof(key), "t%zu.stray", look->n_strayed++);
		fields_set(look->out, key, lines);
	}
}

/* What both made the same (a lock file that their setup wrote) is no race. */
static void
tell_different(struct look *look, const struct meeting *m, const struct git_list *files)
{
	struct git_list differ = { 0 }, left = { 0 };
	struct err err = ERR_INIT;
	int rc = radar_changed(
	    look->radar, m->a->tree.commit, m->b->tree.commit, &differ, &err);

	for (size_t i = 0; i < files->n; i++) {
		if (rc < 0 || git_list_has(&differ, files->item[i]))
			git_list_add(&left, files->item[i]);
	}
	if (left.n > 0)
		tell_met(look, "race", m, &left, "");
	git_list_clear(&differ);
	git_list_clear(&left);
}

/* Both wrote it, and not both said so. */
static void
tell_race(
    struct look *look, const struct meeting *m, const struct git_list *conflicting)
{
	struct git_list files = { 0 };

	for (size_t i = 0; m->b && i < m->shared.n; i++) {
		const char *path = m->shared.item[i];

		if (git_list_has(conflicting, path))
			continue; /* that says more */
		if (!declared_has(m->a->writes, path) ||
		    !declared_has(m->b->writes, path))
			git_list_add(&files, path);
	}
	if (files.n > 0)
		tell_different(look, m, &files);
	git_list_clear(&files);
}

/* A strayed into what B declares and has not touched yet (DESIGN 7). */
static void
tell_anticipated(struct look *look, struct blip *a, struct blip *b)
{
	struct meeting m = { .a = a, .b = b };
	struct git_list files = { 0 };

	for (size_t i = 0; i < a->stray.n; i++) {
		const char *path = a->stray.item[i];

		if (!git_list_has(&b->tree.touched, path) && declared_has(b->all, path))
			git_list_add(&files, path);
	}
	if (files.n > 0)
		tell_met(look, "anticipated", &m, &files, "");
	git_list_clear(&files);
}

static struct radar_facts *
facts_of(struct look *look, struct blip *b)
{
	struct err err = ERR_INIT;

	if (!b->facts)
		b->facts = radar_facts(look->radar, b->tree.base, b->tree.commit, &err);
	if (!b->facts)
		fields_setf(look->out, "trouble", "%s: %s", b->session, err.text);
	return b->facts;
}

/* They may merge and still not work together: only a build of both can tell (S-45). */
static void
tell_alarms(struct look *look, struct blip *a, struct blip *b)
{
	struct radar_facts *fa = facts_of(look, a), *fb = facts_of(look, b);
	struct meeting m = { .a = a, .b = b };
	struct git_list names = { 0 };
	AUTO_FREE char *ab = NULL, *ba = NULL, *text = NULL;
	struct span rest, line;

	if (!fa || !fb)
		return;
	ab = radar_alarms(look->radar, fa, a->tree.commit, fb);
	ba = radar_alarms(look->radar, fb, b->tree.commit, fa);
	text = xasprintf("%s%s", ab, ba);
	rest = span_of(text);
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *name = xstrndup(line.p, strcspn(line.p, ":"));

		if (line.n > 0)
			git_list_add(&names, name);
	}
	if (names.n > 0)
		tell_met(look, "semantic", &m, &names, text);
	git_list_clear(&names);
}

static void
add_meeting(struct look *look, struct blip *a, struct blip *b)
{
	struct meeting m = { .a = a, .b = b };

	radar_shared(&a->tree.touched, b ? &b->tree.touched : &a->incoming, &m.shared);
	if (m.shared.n == 0) {
		git_list_clear(&m.shared);
		return;
	}
	GROW(look->meeting, look->n_meetings, look->cap_meetings);
	look->meeting[look->n_meetings++] = m;
}

static void
find_meetings(struct look *look)
{
	for (size_t i = 0; i < look->n; i++) {
		struct blip *a = &look->blip[i];

		if (a->is_seen && a->is_new)
			add_meeting(look, a, NULL);
		for (size_t k = i + 1; k < look->n; k++) {
			struct blip *b = &look->blip[k];

			if (!a->is_seen || !b->is_seen || !(a->is_new || b->is_new))
				continue;
			add_meeting(look, a, b);
			tell_anticipated(look, a, b);
			tell_anticipated(look, b, a);
			tell_alarms(look, a, b);
		}
	}
}

/* Whoever shares a path is merged in memory; nobody else can conflict. */
static int
try_meetings(struct look *look, struct err *err)
{
	AUTO_FREE struct radar_pair *pair = xcalloc(
	    look->n_meetings + 1, sizeof(*pair));
	int rc;

	for (size_t i = 0; i < look->n_meetings; i++) {
		const struct meeting *m = &look->meeting[i];

		pair[i].a = m->a->tree.commit;
		pair[i].b = m->b ? m->b->tree.commit : m->a->target;
	}
	rc = radar_trials(look->radar, pair, look->n_meetings, err);
	for (size_t i = 0; i < look->n_meetings; i++) {
		if (rc == 0 && !pair[i].is_clean) {
			struct err why = ERR_INIT;
			AUTO_FREE char *text = radar_show(
			    look->radar, pair[i].a, pair[i].b, &why);

			if (text && strlen(text) > MAX_TEXT_BYTES)
				text[MAX_TEXT_BYTES] = '\0';
			tell_met(look, "file", &look->meeting[i],
			    pair[i].files.n ? &pair[i].files : &look->meeting[i].shared,
			    text ? text : why.text);
		}
		git_list_sort(&pair[i].files);
		if (rc == 0)
			tell_race(look, &look->meeting[i], &pair[i].files);
		git_list_clear(&pair[i].files);
	}
	return rc;
}

static int64_t
cpu_ms(void)
{
	int64_t ms = 0;

	for (int i = 0; i < 2; i++) {
		struct rusage u;

		if (getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &u) == 0)
			ms += (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
			      (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
	}
	return ms;
}

/* What belongs to one repository. */
static void
look_clear(struct look *look)
{
	for (size_t i = 0; i < look->n_meetings; i++)
		git_list_clear(&look->meeting[i].shared);
	free(look->meeting);
	look->meeting = NULL;
	look->n_meetings = look->cap_meetings = 0;
	for (size_t i = 0; i < look->n; i++) {
		struct blip *b = &look->blip[i];

		radar_tree_clear(&b->tree);
		git_list_clear(&b->stray);
		git_list_clear(&b->incoming);
		radar_facts_free(b->facts);
		declared_free(b->writes);
		declared_free(b->all);
		*b = (struct blip){ 0 };
	}
	look->n = 0;
	radar_close(look->radar);
	look->radar = NULL;
	repo_close(&look->repo);
}

/* Looks at the sessions that work in the repository TOP; the store is DIR, or its home's. */
static int
look_at(struct look *look, const char *top, const char *home, struct err *err)
{
	AUTO_FREE char *dir = NULL;

	if (repo_open(top, &look->repo, err) < 0)
		return -1;
	dir = path_join(home ? home : look->repo.home, "radar");
	look->radar = radar_open(&look->repo, dir, err);
	if (!look->radar)
		return -1;
	if (fields_number(look->in, "forget", 0))
		return radar_forget(look->radar, err);
	/* The look before failed: a gc may have taken what our store only borrowed. */
	if (fields_number(look->in, "cold", 0) && radar_forget(look->radar, err) < 0)
		return -1;
	if (scan_all(look, err) < 0)
		return -1;
	tell_strayed(look);
	find_meetings(look);
	return try_meetings(look, err);
}

/* Another repository that cannot be looked at blinds nobody to the others. */
static void
look_elsewhere(struct look *look)
{
	int64_t n = fields_number(look->in, "n_repos", 0);

	for (int64_t i = 0; i < n; i++) {
		struct err err = ERR_INIT;
		char key[24];

		snprintf(key, sizeof(key), "repo%lld", (long long)i);
		look->of = fields_text(look->in, key);
		if (look_at(look, look->of, NULL, &err) < 0) {
			fields_setf(look->out, "trouble", "%s: %s", look->of, err.text);
			fields_set_number(look->out, "cold", 1);
		}
		look_clear(look);
	}
}

int
job_radar(const struct fields *in, struct fields *out, struct err *err)
{
	struct look look = { .in = in, .out = out, .of = "", .repo.lock_fd = -1 };
	int rc;

	if (!fields_number(in, "forget", 0))
		read_plans(&look);
	rc = look_at(&look, fields_text(in, "top"), fields_text(in, "home"), err);
	look_clear(&look);
	if (rc == 0)
		look_elsewhere(&look);
	if (!fields_number(in, "forget", 0)) {
		fields_set_number(out, "n_met", (int64_t)look.n_met);
		fields_set_number(out, "n_strayed", (int64_t)look.n_strayed);
		fields_set_number(out, "cpu_ms", cpu_ms());
	}
	for (size_t i = 0; i < look.n_plans; i++)
		plan_free(look.plan[i]);
	free(look.changed);
	return rc;
}

/* ---- both together ---------------------------------------------------------------------- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return DURABLE("union.remove", remove(path)) < 0 && errno != ENOENT;
}

/* Writes what both trees hold now, merged, to DIR. */
static int
make_union(const struct fields *in, struct repo *repo, const char *dir, struct err *err)
{
	/* As look_at() has it: of another repository its own home's. */
	AUTO_FREE char *store = path_join(
	    fields_number(in, "elsewhere", 0) ? repo->home : fields_text(in, "home"),
	    "radar");
	struct radar *radar = radar_open_soon(repo, store, err);
	struct radar_tree side[2] = { { 0 }, { 0 } };
	char target[GIT_OID_SIZE];
	int rc = radar ? repo_resolve(repo, fields_text(in, "target"), target, err)
		       : -1;

	for (size_t i = 0; i < 2 && rc == 0; i++) {
		side[i].session = fields_text_at(in, i, "session");
		side[i].path = fields_text_at(in, i, "path");
		rc = radar_scan(radar, target, &side[i], err);
	}
	if (rc == 0)
		rc = radar_union(radar, side[0].commit, side[1].commit, dir, err);
	for (size_t i = 0; i < 2; i++)
		radar_tree_clear(&side[i]);
	radar_close(radar);
	return rc;
}

int
job_union(const struct fields *in, struct fields *out, struct err *err)
{
	const char *tmp = getenv("TMPDIR"), *verify = fields_text(in, "verify");
	AUTO_FREE char *dir = path_join(
	    tmp && tmp[0] ? tmp : "/tmp", "divisi-union.XXXXXX");
	AUTO_FREE char *said = NULL;
	struct repo repo = { 0 };
	struct job_fence fence;
	int rc, status = 0;

	job_fence_read(in, &fence);
	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	if (!DURABLE("union.make", mkdtemp(dir))) {
		repo_close(&repo);
		return err_sys(err, "%s", dir);
	}
	rc = make_union(in, &repo, dir, err);
	if (rc == 0 && verify[0])
		status = job_shell(verify, dir, &fence, UNION_LIMIT_MS, &said, err);
	if (status < 0)
		rc = -1;
	fields_set(out, "verify", verify);
	fields_set_number(out, "status", status);
	fields_set(out, "said", said);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	repo_close(&repo);
	return rc;
}
