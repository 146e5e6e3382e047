#include "cli/doctor_agents.h"

#include "adapters.h"
#include "agent/help.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/init_find.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "git/run.h"
#include "policy/catalogue.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_MAX_BYTES (64u << 10)
#define ABILITIES_MAX   16

/* One agent as it is on this machine. */
struct examined {
	const struct agent_kind *kind;
	struct agent_probe probe;
	bool is_there, is_cached, is_usable;
	bool has[ABILITIES_MAX]; /* as FACTS counts them */
	bool is_known;           /* HAS was found out */
	char *note;              /* of its version, or NULL */
	char fix[400];
};

/* Where what is known of the program PATH is kept, under a name for its present bytes. */
static char *
cache_path(const char *path)
{
	AUTO_FREE char *state = file_state_dir(), *key = NULL;
	struct stat st;
	char sha[HASH_HEX_SIZE];

	if (!state || stat(path, &st) < 0)
		return NULL;
	key = xasprintf("%s|%lld|%lld.%09ld|%llu", path, (long long)st.st_size,
	    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
	    (unsigned long long)st.st_ino);
	hash_sha256(key, strlen(key), sha);
	return xasprintf("%s/agents/%.32s.json", state, sha);
}

/* What was found out before of exactly this program: version and abilities. */
static bool
read_cache(const char *path, struct examined *x)
{
	AUTO_FREE char *text = path ? file_read(path, CACHE_MAX_BYTES, NULL, NULL)
				    : NULL;
	json_object *object = text ? json_tokener_parse(text) : NULL;
	json_object *version = NULL, *can = NULL;
	bool is_whole = json_object_object_get_ex(object, "version", &version) &&
			json_object_object_get_ex(object, "can", &can) &&
			json_object_is_type(version, json_type_string) &&
			json_object_is_type(can, json_type_array);

	if (is_whole) {
		snprintf(x->probe.version, sizeof(x->probe.version), "%s",
		    json_object_get_string(version));
		for (size_t i = 0; x->kind && x->kind->ability && i < ABILITIES_MAX &&
				   x->kind->ability[i].name;
		     i++) {
			for (size_t k = 0; k < json_object_array_length(can); k++)
				x->has[i] |= strcmp(
						 json_object_get_string(
						     json_object_array_get_idx(can, k)),
						 x->kind->ability[i].name) == 0;
		}
		x->is_known = x->is_cached = true;
	}
	json_object_put(object);
	return is_whole;
}

/* Nothing depends on it: what cannot be kept is asked again. */
static void
write_cache(const char *path, const struct examined *x)
{
	json_object *object = json_object_new_object();
	json_object *can = json_object_new_array();
	AUTO_FREE char *dir = path ? xstrdup(path) : NULL;
	struct err ignored = ERR_INIT;
	const char *text;

	json_object_object_add(object, "program", json_str(x->probe.program));
	json_object_object_add(object, "version", json_str(x->probe.version));
	for (size_t i = 0; x->kind && x->kind->ability && x->kind->ability[i].name;
	     i++) {
		if (x->has[i])
			json_object_array_add(can, json_str(x->kind->ability[i].name));
	}
	json_object_object_add(object, "can", can);
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	if (dir) {
		*strrchr(dir, '/') = '\0';
		if (file_mkdirs(dir, 0700, &ignored) == 0)
			(void)!file_write_atomic(
			    path, text, strlen(text), 0600, &ignored);
	}
	json_object_put(object);
}

/* Is WORD a word of HELP, and not a part of another? */
static bool
has_word(const char *help, const char *word)
{
	size_t n = strlen(word);
	const char *at = help;

	while ((at = strstr(at, word))) {
		char before = at > help ? at[-1] : ' ', behind = at[n];

		if (!strchr("-abcdefghijklmnopqrstuvwxyz", before) &&
		    !(behind && strchr("-abcdefghijklmnopqrstuvwxyz", behind)))
			return true;
		at += n;
	}
	return false;
}

static void
ask_program(struct examined *x, const char *scratch)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *help = NULL;

	if (!x->kind || !x->kind->ability)
		return;
	help = agent_help(x->probe.program, scratch, &err);
	if (!help) {
		snprintf(x->fix, sizeof(x->fix), "%.300s", err.text);
		return;
	}
	for (size_t i = 0; i < ABILITIES_MAX && x->kind->ability[i].name; i++)
		x->has[i] = x->kind->ability[i].word &&
			    has_word(help, x->kind->ability[i].word);
	x->is_known = true;
}

/* What keeps X from being launched, or makes less of it; the first is the fix. */
static void
judge(struct examined *x)
{
	x->is_usable = x->is_there && x->probe.login != 0 && x->kind->adapter;
	x->note = agent_version_note(x->kind, x->probe.version);
	if (!x->is_there) {
		snprintf(x->fix, sizeof(x->fix),
		    "%s; or: git config "
		    "divisi.agent.%s.program /path/to/it",
		    x->kind->mend ? x->kind->mend : "install it", x->kind->name);
		return;
	}
	if (x->probe.login == 0 && !x->fix[0])
		snprintf(
		    x->fix, sizeof(x->fix), "log in with %.300s", x->probe.program);
	for (size_t i = 0; x->is_known && x->kind->ability && x->kind->ability[i].name;
	     i++) {
		const struct agent_ability *a = &x->kind->ability[i];

		if (x->has[i] || !a->is_needed)
			continue;
		x->is_usable = false;
		snprintf(x->fix, sizeof(x->fix),
		    "%s; install a version that was tried, %s", a->without,
		    x->kind->newest);
		return;
	}
}

static void
examine(struct examined *x, const struct config *config, const char *scratch)
{
	const struct agent *adapter = x->kind->adapter ? adapter_agent(x->kind->adapter)
						       : NULL;
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.program", x->kind->name);
	const struct config_item *item = config ? config_find(config, key) : NULL;
	const char *program = item ? item->value : x->kind->program;
	AUTO_FREE char *cache = NULL;
	struct err err = ERR_INIT;

	x->probe.login = -1;
	if (!program || agent_command.probe(program, &x->probe, &err) < 0) {
		judge(x);
		return;
	}
	x->is_there = true;
	/* What the repository names is looked for and not run: nobody approved it. */
	if (item && item->is_committed) {
		judge(x);
		return;
	}
	cache = cache_path(x->probe.program);
	if (!read_cache(cache, x)) {
		if (adapter && adapter->probe(program, &x->probe, &err) < 0)
			snprintf(x->fix, sizeof(x->fix), "%.300s", err.text);
		ask_program(x, scratch);
		if (x->is_known || (adapter && x->probe.version[0]))
			write_cache(cache, x);
	} else if (adapter && adapter->login) {
		x->probe.login = adapter->login();
	}
	judge(x);
}

static json_object *
examined_json(const struct examined *x)
{
	json_object *object = json_object_new_object();
	json_object *list = json_object_new_array();

	for (size_t i = 0; x->is_known && x->kind->ability && x->kind->ability[i].name;
	     i++) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "name", json_str(x->kind->ability[i].name));
		json_object_object_add(one, "has", json_object_new_boolean(x->has[i]));
		json_object_object_add(
		    one, "without", json_str(x->kind->ability[i].without));
		json_object_array_add(list, one);
	}
	json_object_object_add(object, "name", json_str(x->kind->name));
	json_object_object_add(object, "usable", json_object_new_boolean(x->is_usable));
	json_object_object_add(object, "program", json_str_or_null(x->probe.program));
	json_object_object_add(object, "version", json_str_or_null(x->probe.version));
	json_object_object_add(object, "tried", json_str(x->kind->newest));
	json_object_object_add(object, "note", json_str(x->note));
	json_object_object_add(object, "login",
	    x->probe.login < 0 ? NULL : json_object_new_boolean(x->probe.login));
	json_object_object_add(object, "abilities", list);
	json_object_object_add(object, "cached", json_object_new_boolean(x->is_cached));
	json_object_object_add(object, "fix", json_str_or_null(x->fix));
	return object;
}

static void
print_examined(const struct screen *screen, const struct examined *x)
{
	AUTO_FREE char *line = xasprintf("%s%s%s%s",
	    x->is_there ? x->probe.program : "not found",
	    x->probe.version[0] ? " " : "", x->probe.version,
	    x->probe.login == 1   ? ", logged in"
	    : x->probe.login == 0 ? ", not logged in"
				  : "");

	screen_put(screen, x->is_usable ? STYLE_GOOD : STYLE_WARN,
	    x->is_usable ? "ok     " : "warn   ");
	fprintf(screen->out, "  %-11s ", x->kind->name);
	screen_wrap(screen, 21, 21, line);
	if (x->note) {
		fprintf(screen->out, "%21snote: ", "");
		screen_wrap(screen, 21, 27, x->note);
	}
	for (size_t i = 0; x->is_known && x->kind->ability && x->kind->ability[i].name;
	     i++) {
		AUTO_FREE char *without = xasprintf("has no %s: %s",
		    x->kind->ability[i].name, x->kind->ability[i].without);

		if (x->has[i])
			continue;
		fprintf(screen->out, "%21s", "");
		screen_wrap(screen, 21, 21, without);
	}
	if (x->fix[0]) {
		fprintf(screen->out, "%21sfix: ", "");
		screen_wrap(screen, 21, 26, x->fix);
	}
}

/* A worktree of nobody's, so that a program that looks round finds nothing of yours. */
static char *
scratch_tree(struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	AUTO_FREE char *dir = xasprintf(
	    "%s/divisi-doctor.XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	struct git_call call = { .argv = GIT_ARGS("init", "-q") };

	if (!mkdtemp(dir)) {
		err_sys(err, "%s", dir);
		return NULL;
	}
	call.dir = dir;
	if (git_run(&call, NULL, err) < 0)
		return NULL;
	return TAKE_PTR(dir);
}

int
doctor_agents(const struct config *config, bool as_json, struct err *err)
{
	AUTO_FREE char *scratch = scratch_tree(err);
	json_object *list = as_json ? json_object_new_array() : NULL;
	const struct agent_kind *kind;
	struct screen screen;
	struct err ignored = ERR_INIT;
	int n = 0;

	if (!scratch) {
		json_object_put(list);
		return -1;
	}
	screen_init(&screen, stdout);
	for (size_t i = 0; (kind = agent_kind_at(i)); i++) {
		struct examined x = { .kind = kind };

		if (!kind->program && !kind->adapter)
			continue;
		examine(&x, config, scratch);
		n += x.is_usable;
		if (as_json)
			json_object_array_add(list, examined_json(&x));
		else
			print_examined(&screen, &x);
		fflush(stdout);
		free(x.note);
	}
	if (as_json)
		json_print(list);
	(void)!file_remove_tree(scratch, &ignored);
	return n;
}

/* What the project says of KIND in its configuration, else what the catalogue says. */
static const char *
said_of(const struct agent_kind *kind, const struct config *config, const char *what,
    const char *known)
{
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.%s", kind->name, what);

	return config ? config_str(config, key, known) : known;
}

/* One row of `divisi agent list`. */
struct row {
	const struct agent_kind *kind;
	const struct config *config;
};

static json_object *
row_json(const struct row *row)
{
	const struct agent_kind *kind = row->kind;
	const struct {
		const char *name, *text;
	} texts[] = { { "shown", kind->shown ? kind->shown : kind->name },
		{ "adapter", kind->adapter }, { "program", kind->program },
		{ "stages", kind->stages }, { "dispatch", kind->dispatch },
		{ "reacts", kind->reacts }, { "latency", kind->latency },
		{ "cost", kind->cost }, { "branch", kind->branch },
		{ "reads", kind->reads }, { "trust", kind->trust },
		{ "scope", kind->scope }, { "status", kind->status },
		{ "constraint", kind->constraint }, { "oldest", kind->oldest },
		{ "newest", kind->newest } };
	json_object *object = json_object_new_object();
	json_object *modes = json_object_new_array();
	const char *own = said_of(kind, row->config, "modes", NULL);
	struct span rest = span_of(own ? own : ""), one;

	json_object_object_add(object, "name", json_str(kind->name));
	for (size_t i = 0; i < N_ELEMS(texts); i++)
		json_object_object_add(object, texts[i].name,
		    json_str(said_of(kind, row->config, texts[i].name, texts[i].text)));
	for (int mode = EXEC_NONE + 1; !own && mode < EXEC_N_MODES; mode++) {
		if (kind->modes & (1u << mode))
			json_object_array_add(
			    modes, json_str(exec_mode_name((enum exec_mode)mode)));
	}
	while (own && span_next(&rest, ' ', &one)) {
		AUTO_FREE char *word = xstrndup(one.p, one.n);

		if (word[0])
			json_object_array_add(modes, json_str(word));
	}
	json_object_object_add(object, "modes", modes);
	return object;
}

static void
put_row(const struct row *row, json_object *list, struct sheet *sheet)
{
	const struct agent_kind *kind = row->kind;
	const struct {
		const char *what, *known;
	} shown[] = { { "status", kind->status }, { "dispatch", kind->dispatch },
		{ "latency", kind->latency }, { "constraint", kind->constraint } };
	const char *cells[1 + N_ELEMS(shown)] = { kind->name };

	if (list) {
		json_object_array_add(list, row_json(row));
		return;
	}
	for (size_t i = 0; i < N_ELEMS(shown); i++) {
		const char *text = said_of(
		    kind, row->config, shown[i].what, shown[i].known);

		cells[1 + i] = text ? text : "-";
	}
	sheet_add(sheet, cells, NULL);
}

/*
 * An agent that only the configuration knows: "divisi.agent.NAME.adapter".  The name is
 * lent by *NAME, which the caller frees; false for any other item.
 */
static bool
is_own_agent(const struct config_item *item, char **name)
{
	static const char before[] = "divisi.agent.", behind[] = ".adapter";
	size_t n = strlen(item->key), a = sizeof(before) - 1, b = sizeof(behind) - 1;

	if (n <= a + b || strncmp(item->key, before, a) != 0 ||
	    strcmp(item->key + n - b, behind) != 0)
		return false;
	*name = xstrndup(item->key + a, n - a - b);
	return agent_kind_find(*name) == NULL;
}

void
doctor_agents_list(const struct config *config, bool as_json)
{
	static const char *const header[] = { "Agent", "Status", "Dispatch",
		"Reacts in", "Constraint" };
	json_object *list = as_json ? json_object_new_array() : NULL;
	struct row row = { .config = config };
	struct screen screen;
	struct sheet sheet;

	screen_init(&screen, stdout);
	sheet_init(&sheet, header, N_ELEMS(header));
	for (size_t i = 0; (row.kind = agent_catalogue_at(i)); i++) {
		if (row.kind->status)
			put_row(&row, list, &sheet);
	}
	for (size_t i = 0; config && i < config->n; i++) {
		AUTO_FREE char *name = NULL;
		struct agent_kind own = { .dispatch = "session launch",
			.adapter = config->item[i].value,
			.status = "adopted",
			.constraint = "known by the configuration alone" };

		if (!is_own_agent(&config->item[i], &name) ||
		    config_find(config, config->item[i].key) != &config->item[i])
			continue;
		own.name = own.shown = name;
		row.kind = &own;
		put_row(&row, list, &sheet);
	}
	if (as_json)
		json_print(list);
	else
		sheet_print(&sheet, &screen);
	sheet_clear(&sheet);
}

int
doctor_agents_word(const char *word, bool as_json)
{
	struct repo repo = { 0 };
	struct config config = { 0 };
	struct err err = ERR_INIT, ignored = ERR_INIT;
	bool has_repo, has_config;
	int n;

	if (strcmp(word, "agents") != 0) {
		err_set(&err, ERR_USAGE, "doctor does not know '%.60s'", word);
		err_fix(&err, "divisi doctor, or: divisi doctor agents");
		return cmd_fail(&err, as_json);
	}
	has_repo = repo_open(".", &repo, &ignored) == 0;
	has_config = has_repo && config_load(&repo, &config, &ignored) == 0;
	n = doctor_agents(has_config ? &config : NULL, as_json, &err);
	config_clear(&config);
	if (has_repo)
		repo_close(&repo);
	if (n < 0)
		return cmd_fail(&err, as_json);
	return err_exit_status(n > 0 ? ERR_NONE : ERR_NO);
}
