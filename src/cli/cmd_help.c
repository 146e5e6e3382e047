#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"
#include "cli/screen.h"

#include <string.h>

const struct option_doc cmd_help_options[] = { OPTION_JSON, OPTION_END };
const struct option_doc cmd_version_options[] = { OPTION_JSON, OPTION_END };

enum { HELP_JSON, HELP_N_OPTIONS };

void
cmd_overview(void)
{
	struct screen screen;

	screen_init(&screen, stdout);
	fputs("usage: divisi COMMAND [OPTIONS] [ARGUMENTS]\n", stdout);
	for (int group = 0; group < CMD_N_GROUPS; group++) {
		const struct command *command;
		bool is_first = true;

		for (size_t i = 0; (command = cmd_at(i)); i++) {
			if ((int)command->group != group)
				continue;
			if (is_first) {
				fputc('\n', stdout);
				screen_put(&screen, STYLE_BOLD,
				    cmd_group_title((enum cmd_group)group));
				fputc('\n', stdout);
			}
			is_first = false;
			fprintf(stdout, "  %-12s ", command->name);
			screen_wrap(&screen, 15, 15, command->summary);
		}
	}
	fputs(
	    "\ndivisi help COMMAND says more; --json prints one JSON value.\n", stdout);
}

void
cmd_help_one(const struct command *command)
{
	struct span rest = span_of(command->synopsis), line;
	struct screen screen;
	bool is_first = true;

	screen_init(&screen, stdout);
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		fprintf(stdout, "%s divisi ", is_first ? "usage:" : "   or:");
		screen_wrap(&screen, 16, 14, one);
		is_first = false;
	}
	fputc('\n', stdout);
	screen_wrap(&screen, 0, 0, command->help ? command->help : command->summary);
	for (int i = 0; command->options && command->options[i].name; i++) {
		const struct option_doc *doc = &command->options[i];
		AUTO_FREE char *head = xasprintf("--%s%s%s", doc->name,
		    doc->value ? " " : "", doc->value ? doc->value : "");

		fprintf(stdout, "%s  %-22s ", i ? "" : "\n", head);
		screen_wrap(&screen, 25, 25, doc->summary);
	}
}

static json_object *
option_table(const struct option_doc *doc)
{
	json_object *list = json_object_new_array();

	for (; doc && doc->name; doc++) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "name", json_str(doc->name));
		json_object_object_add(
		    one, "value", doc->value ? json_str(doc->value) : NULL);
		json_object_object_add(one, "summary", json_str(doc->summary));
		json_object_array_add(list, one);
	}
	return list;
}

static void
print_table(void)
{
	json_object *object = json_object_new_object(), *list = json_object_new_array();
	const struct command *command;

	for (size_t i = 0; (command = cmd_at(i)); i++) {
		json_object *one = json_object_new_object();

		json_object_object_add(one, "name", json_str(command->name));
		json_object_object_add(
		    one, "group", json_str(cmd_group_name(command->group)));
		json_object_object_add(one, "synopsis", json_str(command->synopsis));
		json_object_object_add(one, "summary", json_str(command->summary));
		json_object_object_add(
		    one, "help", command->help ? json_str(command->help) : NULL);
		json_object_object_add(one, "options", option_table(command->options));
		json_object_array_add(list, one);
	}
	json_object_object_add(object, "commands", list);
	json_print(object);
}

/* All words as one, so that a question needs no quotes. */
static char *
join(const struct args *args, const char *first)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fputs(first, out);
	for (int i = args->at; i < args->argc && i < 32; i++)
		fprintf(out, " %s", args->argv[i]);
	fclose(out);
	return text;
}

int
cmd_help(int argc, char **argv)
{
	struct err err = ERR_INIT;
	const struct command *command, *near;
	struct args args;
	int option;

	args_init(&args, cmd_help_options, argc, argv);
	option = args_next(&args, &err);
	if (option == ARGS_BAD)
		return cmd_fail(&err, false);
	if (option == HELP_JSON || option == ARGS_END) {
		if (option == HELP_JSON)
			print_table();
		else
			cmd_overview();
		return 0;
	}
	AUTO_FREE char *words = join(&args, args.value);
	const char *verb = cmd_trigger(words);

	command = cmd_find(verb ? verb : words);
	if (command) {
		cmd_help_one(command);
		return 0;
	}
	near = cmd_suggest(words);
	err_set(&err, ERR_USAGE, "there is no command \"%.60s\"", verb ? verb : words);
	if (near)
		err_fix(&err, "did you mean %s?", near->name);
	else
		err_fix(&err, "see: divisi help");
	return cmd_fail(&err, false);
}

int
cmd_version(int argc, char **argv)
{
	bool flags[HELP_N_OPTIONS] = { false };
	struct args_simple want = { "version [--json]", flags, NULL, 0, 0 };
	struct err err = ERR_INIT;
	struct args args;

	args_init(&args, cmd_version_options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, flags[HELP_JSON]);
	if (flags[HELP_JSON]) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "version", json_str(DIVISI_VERSION));
		json_object_object_add(object, "compiler", json_str(__VERSION__));
		json_object_object_add(object, "json_c", json_str(json_c_version()));
		json_print(object);
		return 0;
	}
	printf("divisi %s\nbuilt with %s, json-c %s\n", DIVISI_VERSION,
	    "compiler " __VERSION__, json_c_version());
	return 0;
}
