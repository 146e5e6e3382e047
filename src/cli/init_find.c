#include "cli/init_find.h"

#include "adapters.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"
#include "plan/parse.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { TOP_SHOWN = 8, PLANS_MAX = 200 };

int
init_open_repo(struct repo *repo, struct err *err)
{
	if (repo_open(".", repo, err) == 0)
		return 0;
	if (err->kind == ERR_NOT_FOUND) {
		err_set(err, ERR_NOT_FOUND, "this directory is in no git repository");
		err_fix(err, "cd into one, or make one here: git init");
	}
	return -1;
}

static void
find_one(const struct config *config, struct agent_found *found)
{
	const struct agent_kind *kind = found->kind;
	const struct agent *adapter = kind->adapter ? adapter_agent(kind->adapter)
						    : NULL;
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.program", kind->name);
	const char *program = config ? config_str(config, key, kind->program)
				     : kind->program;
	/* Of agents that are not launched here only the program is looked for. */
	const struct agent *by = adapter ? adapter : &agent_command;
	struct err err = ERR_INIT;

	if (!program) {
		snprintf(found->fix, sizeof(found->fix),
		    "any program: git config divisi.agent.%s.program /path/to/agent",
		    kind->name);
		return;
	}
	if (by->probe(program, &found->probe, &err) < 0) {
		if (!adapter)
			snprintf(found->fix, sizeof(found->fix),
			    "none needed, this version does not start it");
		else if (err.kind == ERR_NOT_FOUND)
			snprintf(found->fix, sizeof(found->fix),
			    "install %s, or: git config divisi.agent.%s.program "
			    "/path/to/it",
			    kind->shown, kind->name);
		else
			snprintf(found->fix, sizeof(found->fix), "%.200s", err.text);
		return;
	}
	found->is_there = true;
	found->can_launch = adapter != NULL;
	if (!adapter)
		snprintf(
		    found->fix, sizeof(found->fix), "this version does not start it");
	else if (found->probe.note[0])
		snprintf(found->fix, sizeof(found->fix), "%s", found->probe.note);
}

size_t
init_find_agents(const struct config *config, struct agent_found **found)
{
	const struct agent_kind *kind;
	struct agent_found *list = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; (kind = agent_kind_at(i)); i++) {
		if (!kind->program && !kind->adapter)
			continue;
		GROW(list, n, cap);
		list[n] = (struct agent_found){ .kind = kind };
		list[n].probe.login = -1;
		find_one(config, &list[n++]);
	}
	*found = list;
	return n;
}

const char *
init_default_agent(const struct agent_found *found, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (found[i].can_launch && strcmp(found[i].kind->name, "claude") == 0)
			return found[i].kind->name;
	}
	return "command";
}

char *
agent_found_state(const struct agent_found *found)
{
	const struct agent_probe *probe = &found->probe;

	if (!found->is_there)
		return xstrdup("not found");
	return xasprintf("%s%s%s%s", probe->version, probe->version[0] ? ", " : "",
	    probe->login == 1   ? "logged in, "
	    : probe->login == 0 ? "not logged in, "
				: "",
	    probe->program);
}

json_object *
agent_found_json(const struct agent_found *found)
{
	const struct agent_probe *probe = &found->probe;
	json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_str(found->kind->name));
	json_object_object_add(object, "shown", json_str(found->kind->shown));
	json_object_object_add(object, "program", json_str_or_null(probe->program));
	json_object_object_add(object, "version", json_str_or_null(probe->version));
	json_object_object_add(object, "login",
	    probe->login < 0 ? NULL : json_object_new_boolean(probe->login));
	json_object_object_add(
	    object, "launchable", json_object_new_boolean(found->can_launch));
	json_object_object_add(object, "fix", json_str_or_null(found->fix));
	return object;
}

struct count {
	const char *name;
	size_t n;
};

/* Adds one to NAME in LIST of at most MAX. */
static size_t
count_up(struct count *list, size_t n, size_t max, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, name) == 0) {
			list[i].n++;
			return n;
		}
	}
	if (n < max)
		list[n++] = (struct count){ name, 1 };
	return n;
}

/* The most frequent ending of file names, or NULL when none is on more than half. */
static const char *
main_ending(const struct git_list *tracked)
{
	struct count list[64] = { { 0 } };
	size_t n = 0, best = 0;

	for (size_t i = 0; i < tracked->n; i++) {
		const char *slash = strrchr(tracked->item[i], '/');
		const char *name = slash ? slash + 1 : tracked->item[i];
		const char *dot = strrchr(name, '.');

		if (dot && dot != name && strlen(dot) < 12 && !strpbrk(dot, "`\\") &&
		    !text_has_controls(dot))
			n = count_up(list, n, N_ELEMS(list), dot);
	}
	for (size_t i = 1; i < n; i++) {
		if (list[i].n > list[best].n)
			best = i;
	}
	return n > 0 && 2 * list[best].n > tracked->n ? list[best].name : NULL;
}

/* The directories of the top as "`docs/`, `src/`", or "" when there are none. */
static char *
top_directories(const struct git_list *tracked)
{
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *out = open_memstream(&text, &size);
	struct span last = { "", 0 };

	for (size_t i = 0; i < tracked->n; i++) {
		const char *path = tracked->item[i], *slash = strchr(path, '/');

		if (!slash || (last.n == (size_t)(slash - path) &&
				  memcmp(last.p, path, last.n) == 0))
			continue;
		last = (struct span){ path, (size_t)(slash - path) };
		if (path[0] == '.' || last.n > 40 || memchr(path, '`', last.n) ||
		    text_utf8_bad(path, last.n) >= 0 || text_has_controls(path))
			continue;
		if (n++ < TOP_SHOWN)
			fprintf(out, "%s`%.*s/`", n > 1 ? ", " : "", SPAN_FMT(last));
	}
	if (n > TOP_SHOWN)
		fputs(" and others", out);
	fclose(out);
	return text;
}

char *
init_describe(const struct repo *repo, const struct git_list *tracked)
{
	AUTO_FREE char *name = init_repo_name(repo);
	AUTO_FREE char *top = top_directories(tracked);
	const char *ending = main_ending(tracked);

	if (tracked->n == 0)
		return xasprintf("Repository %s has no files yet.", name);
	return xasprintf("Repository %s has %zu file%s%s%s%s%s%s.", name, tracked->n,
	    tracked->n == 1 ? "" : "s", ending ? ", most of them `" : "",
	    ending ? ending : "", ending ? "`" : "", *top ? "; at its top are " : "",
	    top);
}

char *
init_guides(const struct git_list *tracked)
{
	static const char *const names[] = { "AGENTS.md", "CONTRIBUTING.md",
		"CONTRIBUTING.rst", "docs/CONTRIBUTING.md" };
	char *text = NULL;
	size_t size = 0, n = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		if (git_list_has(tracked, names[i]))
			fprintf(out, "%s`%s`", n++ ? " and " : "", names[i]);
	}
	fclose(out);
	if (n > 0)
		return text;
	free(text);
	return NULL;
}

char *
init_repo_name(const struct repo *repo)
{
	const char *slash = strrchr(repo->top, '/');
	char *name = text_show(slash && slash[1] ? slash + 1 : "repository", true);

	for (char *p = name; *p; p++) {
		if (strchr("`[]{}|<>", *p))
			*p = '_';
	}
	return name;
}

char *
init_project_short(const struct repo *repo)
{
	const char *slash = strrchr(repo->top, '/');
	char *slug = text_slug(slash ? slash + 1 : "", 24);

	if (*slug)
		return slug;
	free(slug);
	return xstrdup("work");
}

char *
init_typed_path(const struct repo *repo, const char *path)
{
	AUTO_FREE char *full = path[0] == '/' ? xstrdup(path)
					      : path_join(repo->top, path);
	AUTO_FREE char *here = realpath(".", NULL);
	AUTO_FREE char *top = realpath(repo->top, NULL);
	char *typed = NULL;
	size_t n = top ? strlen(top) : 0, size = 0;
	FILE *out;

	if (!here || !top || strncmp(full, top, n) != 0 || full[n] != '/' ||
	    strncmp(here, top, n) != 0 || (here[n] != '/' && here[n] != '\0'))
		return TAKE_PTR(full);
	out = open_memstream(&typed, &size);
	for (const char *p = here + n; *p; p++) {
		if (*p == '/')
			fputs("../", out);
	}
	fputs(full + n + 1, out);
	fclose(out);
	return typed;
}

const char *
init_plan_dir(const struct repo *repo)
{
	static const char *const dirs[] = { "plans", "docs/plans" };

	for (size_t i = 0; i < N_ELEMS(dirs); i++) {
		AUTO_FREE char *path = path_join(repo->top, dirs[i]);

		if (file_is_dir(path))
			return dirs[i];
	}
	return "";
}

/* A Markdown file with phases is a plan; most Markdown files are not. */
static bool
is_plan(const char *path)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_load(path, &lints, NULL);

	lint_list_clear(&lints);
	return plan && plan->n_phases > 0 && plan->has_phase_map;
}

static void
find_plans_in(const struct repo *repo, const char *dir, struct git_list *plans)
{
	AUTO_FREE char *path = *dir ? path_join(repo->top, dir) : xstrdup(repo->top);
	DIR *stream = opendir(path);
	const struct dirent *entry;

	if (!stream)
		return;
	while (plans->n < PLANS_MAX && (entry = readdir(stream))) {
		const char *name = entry->d_name;
		size_t n = strlen(name);
		AUTO_FREE char *file = NULL;
		AUTO_FREE char *full = NULL;

		if (n < 4 || strcmp(name + n - 3, ".md") != 0 || name[0] == '.')
			continue;
		file = *dir ? path_join(dir, name) : xstrdup(name);
		full = path_join(repo->top, file);
		if (is_plan(full))
			git_list_add(plans, file);
	}
	closedir(stream);
}

void
init_find_plans(const struct repo *repo, struct git_list *plans)
{
	const char *dir = init_plan_dir(repo);

	*plans = (struct git_list){ 0 };
	find_plans_in(repo, "", plans);
	if (*dir)
		find_plans_in(repo, dir, plans);
	git_list_sort(plans);
}

/* Looks for PREFIX-N in TEXT; branches have it in lower case. */
static unsigned long
highest_in(const char *text, const char *prefix, unsigned long highest)
{
	size_t n = strlen(prefix);

	for (const char *p = text; (p = strcasestr(p, prefix)); p += n) {
		bool is_word = p == text || !isalnum((unsigned char)p[-1]);
		size_t digits = p[n] == '-' ? strspn(p + n + 1, "0123456789") : 0;

		if (!is_word || digits == 0 || digits > 8)
			continue;
		unsigned long number = strtoul(p + n + 1, NULL, 10);

		if (number > highest)
			highest = number;
	}
	return highest;
}

unsigned long
init_last_issue(
    const struct repo *repo, const struct git_list *plans, const char *prefix)
{
	AUTO_FREE char *grep = xasprintf("--grep=%s-", prefix);
	const char *argv[] = { "log", "--all", "--format=%B", "-n", "5000", grep,
		"--fixed-strings", NULL };
	struct git_call call = { .dir = repo->top, .argv = argv, .truncate = true };
	struct git_list branches = { 0 };
	struct git_out out = { 0 };
	unsigned long highest = 0;

	for (size_t i = 0; i < plans->n; i++) {
		AUTO_FREE char *path = path_join(repo->top, plans->item[i]);
		AUTO_FREE char *text = file_read(path, PLAN_MAX_BYTES, NULL, NULL);

		highest = text ? highest_in(text, prefix, highest) : highest;
	}
	if (!repo->is_empty && git_try(&call, &out, NULL) == 0)
		highest = highest_in(out.text, prefix, highest);
	git_out_clear(&out);
	if (repo_branches(repo, &branches, NULL) == 0) {
		for (size_t i = 0; i < branches.n; i++)
			highest = highest_in(branches.item[i], prefix, highest);
	}
	git_list_clear(&branches);
	return highest;
}
