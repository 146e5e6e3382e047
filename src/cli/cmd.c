#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/screen.h"

#include <string.h>

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
	const struct command *c;

	for (int group = 0; group < CMD_N_GROUPS; group++) {
		for (size_t k = 0; (c = cmd_first(k)); k++) {
			if ((int)c->group == group && i-- == 0)
				return c;
		}
	}
	return NULL;
}

const struct command *
cmd_find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = cmd_at(i)); i++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

const struct command *
cmd_suggest(const char *name)
{
	const struct command *near = NULL, *command;
	unsigned best = 3;

	for (size_t i = 0; (command = cmd_at(i)); i++) {
		unsigned d = args_distance(name, command->name);

		/* Two edits turn any three letters into any other word. */
		if (d < best && d < strlen(command->name) - 1) {
			best = d;
			near = command;
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
