#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/screen.h"

#include <string.h>

/* Sorted by group, then in the order in which a person needs them. */
static const struct command commands[] = {
	{
	    .name = "check",
	    .group = CMD_PLAN,
	    .synopsis = "check PLAN [--json]",
	    .summary = "what is wrong with a plan, and which phases can run together",
	    .help =
		"Reads PLAN and prints its phases, a matrix with the verdict of each "
		"pair, levels, the critical path, and everything that is wrong, with "
		"file, line and how to mend it. Exit status 1 when there are errors.",
	    .options = cmd_check_options,
	    .run = cmd_check,
	},
	{
	    .name = "verdict",
	    .group = CMD_PLAN,
	    .synopsis = "verdict PLAN A B [--json]\n"
			"verdict --a-writes PATTERN --b-reads PATTERN ... [--json]",
	    .summary = "whether two phases can run together, and why",
	    .help =
		"Asks three questions: does one read what the other makes, do both "
		"touch the same files or directories, do both change shared "
		"infrastructure. The strictest answer wins. Without a plan the two "
		"sides are given as options, each as often as needed. Exit status 1 "
		"when they must follow each other.",
	    .options = cmd_verdict_options,
	    .run = cmd_verdict,
	},
	{
	    .name = "plan",
	    .group = CMD_PLAN,
	    .synopsis = "plan PLAN [--json]",
	    .summary = "the batches, and the table of sessions of each",
	    .help = "Prints which phases run in which batch, with mode, cost, agent, "
		    "worktree, branch and merge order of each session, the reason for "
		    "every pair that is not parallel, and the least number of batches "
		    "possible. Starts nothing.",
	    .options = cmd_plan_options,
	    .run = cmd_plan,
	},
	{
	    .name = "fmt",
	    .group = CMD_PLAN,
	    .synopsis = "fmt PLAN [--check | --write]",
	    .summary = "a plan in canonical form; prose stays as it is",
	    .help = "Prints PLAN with phase sections and tables in canonical form. "
		    "--write puts the result into the file, --check only says whether "
		    "it would change.",
	    .options = cmd_fmt_options,
	    .run = cmd_fmt,
	},
	{
	    .name = "prompt",
	    .group = CMD_PLAN,
	    .synopsis = "prompt PLAN PHASE [--json]",
	    .summary = "the whole prompt that the session of a phase would get",
	    .help =
		"Refuses with exit status 3 when the plan leaves a field open, names "
		"an issue without its link, or the prompt breaks another rule of "
		"P01 to P15.",
	    .options = cmd_prompt_options,
	    .run = cmd_prompt,
	},
	{
	    .name = "advise",
	    .group = CMD_PLAN,
	    .synopsis = "advise [PLAN] [OPTIONS]",
	    .summary = "one session, Agent Teams, parallel sessions, or both",
	    .help = "Says which suits a piece of work, from a plan, from options, or "
		    "from a plan with options that say more.",
	    .options = cmd_advise_options,
	    .run = cmd_advise,
	},
	{
	    .name = "help",
	    .group = CMD_KEEP,
	    .synopsis = "help [COMMAND | WORDS] [--json]",
	    .summary = "this overview, or one command in full",
	    .help = "Also understands a question such as \"can these phases run in "
		    "parallel\".",
	    .options = cmd_help_options,
	    .run = cmd_help,
	},
	{
	    .name = "completions",
	    .group = CMD_KEEP,
	    .synopsis = "completions bash|zsh|fish",
	    .summary = "completions for a shell, from this very table",
	    .run = cmd_completions,
	},
	{
	    .name = "version",
	    .group = CMD_KEEP,
	    .synopsis = "version [--json]",
	    .summary = "version, and what it was built with",
	    .options = cmd_version_options,
	    .run = cmd_version,
	},
};

static const struct {
	const char *name, *title;
} groups[CMD_N_GROUPS] = {
	[CMD_PLAN] = { "plan", "Plan: what can run together, in what order" },
	[CMD_RUN] = { "run", "Run: approve, launch, watch" },
	[CMD_SESSION] = { "session", "One session" },
	[CMD_LAND] = { "land", "Land: merge and record" },
	[CMD_KEEP] = { "keep", "Keep house" },
};

/* The seven wordings of S-3. */
static const struct {
	const char *words, *verb;
} triggers[] = {
	{ "dispatch parallel sessions", "dispatch" },
	{ "can these phases run in parallel", "verdict" },
	{ "launch sessions from master plan", "dispatch" },
	{ "session dispatch template", "prompt" },
	{ "parallel vs sequential", "verdict" },
	{ "coordinate multiple sessions", "status" },
	{ "multi-session dispatch", "dispatch" },
};

const struct command *
cmd_at(size_t i)
{
	return i < N_ELEMS(commands) ? &commands[i] : NULL;
}

const struct command *
cmd_find(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

const struct command *
cmd_suggest(const char *name)
{
	const struct command *near = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < N_ELEMS(commands); i++) {
		unsigned d = args_distance(name, commands[i].name);

		/* Two edits turn any three letters into any other word. */
		if (d < best && d < strlen(commands[i].name) - 1) {
			best = d;
			near = &commands[i];
		}
	}
	return near;
}

const char *
cmd_group_name(enum cmd_group group)
{
	return groups[group].name;
}

const char *
cmd_group_title(enum cmd_group group)
{
	return groups[group].title;
}

const char *
cmd_trigger(const char *words)
{
	struct span asked = span_trim(span_of(words));

	while (asked.n > 0 && strchr("?.!", asked.p[asked.n - 1]))
		asked.n--;
	for (size_t i = 0; i < N_ELEMS(triggers); i++) {
		if (span_eq_nocase(asked, triggers[i].words))
			return triggers[i].verb;
	}
	return NULL;
}

static void
print_refusal(const struct screen *screen, const struct err *err)
{
	FILE *out = screen->out;

	screen_put(screen, STYLE_BAD, "refused");
	if (err->code)
		fprintf(out, " %s", err->code);
	fputs(": ", out);
	text_put(out, err->text);
	fputc('\n', out);
	if (!err->rule && !err->fix[0])
		return;
	if (err->rule)
		fprintf(out, "  rule %s ", err->rule);
	if (err->fix[0]) {
		fputs("  fix: ", out);
		text_put(out, err->fix);
	}
	fputc('\n', out);
}

int
cmd_fail(const struct err *err, bool as_json)
{
	struct screen screen;

	if (as_json) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "error", json_err(err));
		json_print(object);
		return err_exit_status(err->kind);
	}
	screen_init(&screen, stderr);
	if (err->kind == ERR_REFUSED) {
		print_refusal(&screen, err);
		return err_exit_status(err->kind);
	}
	fputs("divisi: ", stderr);
	text_put(stderr, err->text);
	fputc('\n', stderr);
	if (err->fix[0]) {
		fputs("  fix: ", stderr);
		text_put(stderr, err->fix);
		fputc('\n', stderr);
	}
	return err_exit_status(err->kind);
}
