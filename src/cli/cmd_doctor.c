#include "cli/cmd.h"

#include "base/file.h"
#include "base/landlock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/doctor.h"
#include "cli/doctor_agents.h"
#include "cli/init_find.h"
#include "cli/json.h"
#include "cli/programs.h"
#include "cli/screen.h"
#include "git/surface.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/statvfs.h>
#include <unistd.h>

const struct option_doc cmd_doctor_options[] = {
	OPTION_JSON,
	{ "all", NULL, "also list every run, worktree, lock, ref and act that fits",
	    'a' },
	{ "mend", NULL, "mend what is safe to mend, after asking", 0 },
	{ "dry-run", NULL, "only say what --mend would do", 'n' },
	{ "yes", NULL, "mend without asking", 'y' },
	OPTION_END,
};

enum {
	DOCTOR_JSON,
	DOCTOR_ALL,
	DOCTOR_MEND,
	DOCTOR_DRY_RUN,
	DOCTOR_YES,
	DOCTOR_N_OPTIONS
};

#define DISK_WARN_BYTES  (1024ull * 1024 * 1024)
#define DISK_LEAST_BYTES (64ull * 1024 * 1024)

enum health { HEALTH_OK, HEALTH_WARN, HEALTH_MISSING };

static const char *const health_name[] = { "ok", "warn", "missing" };

struct finding {
	const char *name;
	enum health health;
	char text[600];
	char fix[400];
};

struct doctor {
	struct finding finding[24];
	size_t n;
	struct repo repo;
	bool has_repo;
	struct config config;
	struct agent_found *agent;
	size_t n_agents;
	struct survey survey;
	json_object *done; /* what was mended, an array; NULL when nothing was to be */
};

static struct finding *PRINTF(4, 5) add(
    struct doctor *doctor, const char *name, enum health health, const char *fmt, ...)
{
	struct finding *finding = &doctor->finding[doctor->n++];
	va_list ap;

	*finding = (struct finding){ .name = name, .health = health };
	va_start(ap, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, ap);
	va_end(ap);
	return finding;
}

static void PRINTF(2, 3) mend(struct finding *finding, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(finding->fix, sizeof(finding->fix), fmt, ap);
	va_end(ap);
}

static void
add_err(
    struct doctor *doctor, const char *name, enum health health, const struct err *err)
{
	mend(add(doctor, name, health, "%s", err->text), "%s", err->fix);
}

static void
check_git(struct doctor *doctor)
{
	struct err err = ERR_INIT;
	char version[64] = "";

	if (git_version(version, sizeof(version), &err) < 0)
		add_err(doctor, "git", HEALTH_MISSING, &err);
	else
		add(doctor, "git", HEALTH_OK, "%s", version);
}

static void
check_repository(struct doctor *doctor)
{
	struct err err = ERR_INIT;
	const char *warning;

	if (init_open_repo(&doctor->repo, &err) < 0) {
		add_err(doctor, "repository", HEALTH_MISSING, &err);
		return;
	}
	doctor->has_repo = true;
	warning = repo_warning(&doctor->repo);
	add(doctor, "repository", warning ? HEALTH_WARN : HEALTH_OK, "%s%s%s",
	    doctor->repo.top, warning ? ": " : "", warning ? warning : "");
}

static void
check_main(struct doctor *doctor)
{
	const char *branch = doctor->repo.main_branch;
	struct git_status status = { 0 };
	struct err err = ERR_INIT;

	if (repo_check_ready(&doctor->repo, &err) < 0) {
		add_err(doctor, "checkout", HEALTH_MISSING, &err);
		return;
	}
	if (repo_status(doctor->repo.top, NULL, &status, &err) < 0) {
		add_err(doctor, "checkout", HEALTH_WARN, &err);
	} else if (status.dirty.n > 0) {
		AUTO_FREE char *files = git_list_show(&status.dirty);

		mend(add(doctor, "checkout", HEALTH_WARN,
			 "on main branch %s, with changes that are not committed: %s",
			 branch, files),
		    "git commit or git stash, before results land on these files");
	} else {
		add(doctor, "checkout", HEALTH_OK, "on main branch %s, clean", branch);
	}
	git_status_clear(&status);
}

static void
check_settings(struct doctor *doctor)
{
	struct err err = ERR_INIT;
	const char *verify;

	if (config_load(&doctor->repo, &doctor->config, &err) < 0) {
		add_err(doctor, "settings", HEALTH_MISSING, &err);
		return;
	}
	if (!config_find(&doctor->config, "divisi.main"))
		mend(add(doctor, "settings", HEALTH_WARN,
			 "none yet: everything is as found or by default"),
		    "divisi init");
	else
		add(doctor, "settings", HEALTH_OK, ".divisi/config and git config");
	verify = config_str(&doctor->config, "divisi.verify", "");
	if (*verify)
		add(doctor, "verify", HEALTH_OK, "%s", verify);
	else
		mend(add(doctor, "verify", HEALTH_WARN,
			 "no command: results land without being tested together"),
		    "git config -f .divisi/config divisi.verify \"make check\"");
}

/* S-5: where we are, who says so, and whether there are worktrees and branches. */
static void
check_surface(struct doctor *doctor)
{
	const struct config *config = doctor->has_repo ? &doctor->config : NULL;
	struct err err = ERR_INIT;
	struct surface s;

	if (surface_of(config, &s, &err) < 0) {
		add_err(doctor, "surface", HEALTH_MISSING, &err);
		return;
	}
	AUTO_FREE char *shown = surface_show(&s);

	if (s.is_degraded)
		mend(add(doctor, "surface", HEALTH_WARN,
			 "%s: no worktrees, no branches", shown),
		    s.lacks_git ? "install git" : "git config divisi.surface code");
	else
		add(doctor, "surface", HEALTH_OK, "%s", shown);
}

/* The nearest directory at or above PATH that is there.  The caller frees it. */
static char *
nearest(const char *path)
{
	char *dir = xstrdup(path), *slash;

	while (!file_is_dir(dir) && (slash = strrchr(dir, '/')) && slash != dir)
		*slash = '\0';
	return dir;
}

static void
check_home(struct doctor *doctor)
{
	AUTO_FREE char *dir = nearest(doctor->repo.home);
	struct statvfs fs;

	if (!file_is_local_fs(dir))
		mend(add(doctor, "home", HEALTH_MISSING,
			 "%s is not on a local file system", doctor->repo.home),
		    "clone the repository to a local disk");
	else if (access(dir, W_OK | X_OK) < 0)
		mend(add(doctor, "home", HEALTH_MISSING, "%s cannot be written", dir),
		    "give yourself the right to write there");
	else
		add(doctor, "home", HEALTH_OK, "%s", doctor->repo.home);
	if (statvfs(dir, &fs) < 0)
		return;
	unsigned long long left = (unsigned long long)fs.f_bavail * fs.f_frsize;
	enum health health = left < DISK_LEAST_BYTES  ? HEALTH_MISSING
			     : left < DISK_WARN_BYTES ? HEALTH_WARN
						      : HEALTH_OK;

	mend(add(doctor, "disk", health, "%llu MiB free", left >> 20), "%s",
	    health == HEALTH_OK ? "" : "make room: every session has a worktree");
}

/* Writes to the tracker that wait: for it, or for a person. */
static void
check_outbox(struct doctor *doctor, struct client *client)
{
	struct err err = ERR_INIT;
	AUTO_JSON struct json_object *status = client_status(client, &err);
	struct json_object *tracker = js_get(status, "tracker");
	const char *name = js_text(tracker, "name"), *state = js_text(tracker, "state");
	int64_t pending = js_number(tracker, "pending", 0);
	int64_t stopped = js_number(tracker, "stopped", 0);

	if (!name[0] || (strcmp(name, "local") == 0 && pending == 0))
		return;
	if (stopped > 0)
		mend(add(doctor, "tracker", HEALTH_WARN,
			 "%s: %lld write(s) wait for you, of %lld", name,
			 (long long)stopped, (long long)pending),
		    "divisi outbox, or: divisi approvals");
	else if (strcmp(state, "online") != 0)
		mend(add(doctor, "tracker", HEALTH_WARN,
			 "%s is %s, %lld pending: %.200s", name, state,
			 (long long)pending, js_text(tracker, "trouble")),
		    "%s", js_text(tracker, "fix"));
	else
		add(doctor, "tracker", HEALTH_OK, "%s, %lld pending", name,
		    (long long)pending);
}

static void
check_server(struct doctor *doctor)
{
	struct client client;
	struct err err = ERR_INIT;

	if (client_open(&client, NULL, false, &err) == 0) {
		const char *theirs = fields_text(&client.server, "version");

		if (fields_number(&client.server, "replaced", 0))
			add(doctor, "server", HEALTH_OK,
			    "answers; its program was replaced, it hands over when "
			    "nothing is under way");
		else if (strcmp(theirs, DIVISI_VERSION) != 0)
			mend(add(doctor, "server", HEALTH_WARN,
				 "answers, but is divisi %s and this is %s", theirs,
				 DIVISI_VERSION),
			    "divisi server --stop; the next command starts this one");
		else
			add(doctor, "server", HEALTH_OK, "answers");
		check_outbox(doctor, &client);
		client_close(&client);
	} else if (err.kind == ERR_NO_SERVER) {
		add(doctor, "server", HEALTH_OK,
		    "not running; the first command that needs it starts it");
	} else {
		add_err(doctor, "server", HEALTH_MISSING, &err);
	}
}

/* What this kernel can keep an agent from; true when sessions will have a fence. */
static bool
check_fence(struct doctor *doctor)
{
	int abi = landlock_abi();
	const char *gaps = landlock_gaps(abi);

	if (strcmp(config_str(&doctor->config, "divisi.fence", ""), "off") == 0) {
		mend(add(doctor, "fence", HEALTH_WARN,
			 "off: agents may write wherever you can"),
		    "git config --unset divisi.fence");
		return false;
	}
	if (abi == 0) {
		mend(add(doctor, "fence", HEALTH_WARN,
			 "none: this kernel has no Landlock; agents may write "
			 "wherever you can"),
		    "a kernel of 5.13 or newer with landlock in its lsm= parameter");
		return false;
	}
	if (gaps[0])
		mend(add(doctor, "fence", HEALTH_WARN,
			 "Landlock %d, which cannot refuse: %s", abi, gaps),
		    "a newer kernel (6.12 refuses all of it)");
	else
		add(doctor, "fence", HEALTH_OK, "Landlock %d", abi);
	return true;
}

static void
check_system(struct doctor *doctor)
{
	bool is_fenced = check_fence(doctor);
	struct err err = ERR_INIT;
	AUTO_FREE char *holder = program_holder(&err);
	AUTO_FD int watch = inotify_init1(IN_CLOEXEC);

	if (holder)
		add(doctor, "holder", HEALTH_OK, "%s", holder);
	else
		add_err(doctor, "holder", HEALTH_MISSING, &err);
	if (watch >= 0)
		add(doctor, "inotify", HEALTH_OK, "works");
	else
		mend(add(doctor, "inotify", HEALTH_MISSING, "no watch can be made"),
		    "raise fs.inotify.max_user_instances with sysctl");
	if (geteuid() != 0)
		add(doctor, "user", HEALTH_OK, "not root");
	else if (is_fenced)
		add(doctor, "user", HEALTH_OK, "root; sessions are fenced");
	else if (strcmp(config_str(&doctor->config, "divisi.sandbox", ""),
		     "external") == 0)
		add(doctor, "user", HEALTH_OK, "root in a sandbox, as configured");
	else
		mend(add(doctor, "user", HEALTH_WARN,
			 "root: sessions in Bypass mode will be refused"),
		    "work as an ordinary user; inside a container of its own: git "
		    "config divisi.sandbox external");
}

static void
check_agents(struct doctor *doctor)
{
	size_t n_ready = 0;

	doctor->n_agents = init_find_agents(
	    doctor->has_repo ? &doctor->config : NULL, &doctor->agent);
	for (size_t i = 0; i < doctor->n_agents; i++)
		n_ready += doctor->agent[i].can_launch &&
			   doctor->agent[i].probe.login != 0;
	if (n_ready > 0)
		add(doctor, "an agent", HEALTH_OK, "%zu can be started", n_ready);
	else
		mend(add(doctor, "an agent", HEALTH_MISSING, "none can be started"),
		    "install and log in Claude Code, or see the line of command "
		    "below");
}

static enum health
agent_health(const struct agent_found *found)
{
	if (!found->is_there || !found->can_launch || found->probe.login == 0 ||
	    found->fix[0])
		return HEALTH_WARN;
	return HEALTH_OK;
}

static size_t
count_missing(const struct doctor *doctor)
{
	size_t n = 0;

	for (size_t i = 0; i < doctor->n; i++)
		n += doctor->finding[i].health == HEALTH_MISSING;
	return n;
}

static void
print_json(const struct doctor *doctor)
{
	json_object *object = json_object_new_object();
	json_object *requirements = json_object_new_array();
	json_object *agents = json_object_new_array();

	for (size_t i = 0; i < doctor->n; i++) {
		const struct finding *finding = &doctor->finding[i];
		json_object *one = json_object_new_object();

		json_object_object_add(one, "name", json_str(finding->name));
		json_object_object_add(
		    one, "state", json_str(health_name[finding->health]));
		json_object_object_add(one, "text", json_str(finding->text));
		json_object_object_add(one, "fix", json_str_or_null(finding->fix));
		json_object_array_add(requirements, one);
	}
	for (size_t i = 0; i < doctor->n_agents; i++) {
		json_object *one = agent_found_json(&doctor->agent[i]);

		json_object_object_add(one, "state",
		    json_str(health_name[agent_health(&doctor->agent[i])]));
		json_object_array_add(agents, one);
	}
	json_object_object_add(object, "requirements", requirements);
	json_object_object_add(object, "agents", agents);
	json_object_object_add(object, "state", doctor_json(&doctor->survey));
	json_object_object_add(object, "journal",
	    doctor_has_journal(&doctor->survey) ? NULL : json_err(&doctor->survey.why));
	json_object_object_add(object, "odd",
	    json_object_new_int64((int64_t)doctor_count_odd(&doctor->survey)));
	if (doctor->done)
		json_object_object_add(object, "mended", json_object_get(doctor->done));
	json_object_object_add(
	    object, "missing", json_object_new_int64((int64_t)count_missing(doctor)));
	json_print(object);
}

static void
print_line(const struct screen *screen, enum health health, const char *name,
    const char *text, const char *fix)
{
	static const enum screen_style style[] = { STYLE_GOOD, STYLE_WARN, STYLE_BAD };
	AUTO_FREE char *line = xasprintf("%s%s%s", text, fix[0] ? "; fix: " : "", fix);

	screen_put(screen, style[health], health_name[health]);
	fprintf(
	    screen->out, "%*s%-12s", (int)(9 - strlen(health_name[health])), "", name);
	screen_wrap(screen, 21, 21, line);
}

static void
print_text(const struct doctor *doctor, bool all)
{
	struct screen screen;

	screen_init(&screen, stdout);
	for (size_t i = 0; i < doctor->n; i++) {
		const struct finding *finding = &doctor->finding[i];

		print_line(&screen, finding->health, finding->name, finding->text,
		    finding->fix);
	}
	for (size_t i = 0; i < doctor->n_agents; i++) {
		const struct agent_found *found = &doctor->agent[i];
		AUTO_FREE char *words = agent_found_state(found);

		print_line(
		    &screen, agent_health(found), found->kind->name, words, found->fix);
	}
	if (doctor->has_repo)
		doctor_print(&screen, &doctor->survey, all);
	if (doctor->done)
		doctor_print_done(&screen, doctor->done);
	else if (doctor_count_mends(&doctor->survey) > 0)
		fputs("\n  -> divisi doctor --mend\n", stdout);
}

static void
print_plan(const struct doctor *doctor)
{
	struct screen screen;

	screen_init(&screen, stdout);
	doctor_print_plan(&screen, &doctor->survey);
}

/* 1 when the person says yes, 0 when not; -1 with ERR_HUMAN when nobody can be asked. */
static int
ask_to_mend(const struct doctor *doctor, const bool *flags, struct err *err)
{
	int key;

	if (!flags[DOCTOR_JSON])
		print_plan(doctor);
	if (flags[DOCTOR_DRY_RUN])
		return 0;
	if (flags[DOCTOR_YES])
		return 1;
	if (flags[DOCTOR_JSON] || !ask_possible()) {
		err_set(err, ERR_HUMAN, "a person has to say yes to that");
		return err_fix(err, "divisi doctor --mend --yes");
	}
	key = ask_key("mend all that? n / y ? ", "ny", err);
	return key < 0 ? -1 : key == 'y';
}

/* Mends what there is to mend, if the person wants it, and looks again. */
static int
mend_all(struct doctor *doctor, const bool *flags, struct err *err)
{
	int rc;

	if (doctor_count_mends(&doctor->survey) == 0) {
		if (flags[DOCTOR_DRY_RUN] && !flags[DOCTOR_JSON])
			print_plan(doctor);
		return 0;
	}
	rc = ask_to_mend(doctor, flags, err);
	if (rc <= 0)
		return rc;
	doctor->done = json_object_new_array();
	if (doctor_mend(&doctor->repo, &doctor->survey, doctor->done, err) < 0)
		return -1;
	survey_clear(&doctor->survey);
	return survey_take(&doctor->repo, &doctor->survey, err);
}

static void
check_all(struct doctor *doctor)
{
	struct err err = ERR_INIT;

	check_git(doctor);
	check_repository(doctor);
	if (doctor->has_repo) {
		check_main(doctor);
		check_settings(doctor);
		check_home(doctor);
		check_server(doctor);
		if (survey_take(&doctor->repo, &doctor->survey, &err) < 0)
			add_err(doctor, "state", HEALTH_MISSING, &err);
		doctor_check_journal(doctor->repo.home, &doctor->survey);
	}
	check_surface(doctor);
	check_system(doctor);
	check_agents(doctor);
}

static void
doctor_clear(struct doctor *doctor)
{
	free(doctor->agent);
	config_clear(&doctor->config);
	survey_clear(&doctor->survey);
	json_object_put(doctor->done);
	if (doctor->has_repo)
		repo_close(&doctor->repo);
}

int
cmd_doctor(int argc, char **argv)
{
	bool flags[DOCTOR_N_OPTIONS] = { false };
	const char *words[1] = { NULL };
	struct args_simple want = { "doctor [agents] [--mend]", flags, words, 0, 1 };
	struct doctor doctor = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	bool is_well;
	int rc = 0;

	args_init(&args, cmd_doctor_options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, flags[DOCTOR_JSON]);
	if (words[0])
		return doctor_agents_word(words[0], flags[DOCTOR_JSON]);
	check_all(&doctor);
	if (doctor.has_repo && (flags[DOCTOR_MEND] || flags[DOCTOR_DRY_RUN]))
		rc = mend_all(&doctor, flags, &err);
	if (rc < 0) {
		doctor_clear(&doctor);
		return cmd_fail(&err, flags[DOCTOR_JSON]);
	}
	if (flags[DOCTOR_JSON])
		print_json(&doctor);
	else if (!flags[DOCTOR_DRY_RUN])
		print_text(&doctor, flags[DOCTOR_ALL]);
	is_well = count_missing(&doctor) + doctor_count_odd(&doctor.survey) == 0 &&
		  doctor_has_journal(&doctor.survey);
	doctor_clear(&doctor);
	return err_exit_status(is_well ? ERR_NONE : ERR_NO);
}
