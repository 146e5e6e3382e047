#include "cli/cmd.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* A line of the table inside single quotes of a shell. */
static void
put_quoted(const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*s);
	}
}

static void
print_bash(void)
{
	const struct command *command;

	fputs("_divisi()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\n\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\twords='",
	    stdout);
	for (size_t i = 0; (command = cmd_at(i)); i++)
		printf("%s%s", i ? " " : "", command->name);
	fputs("'\n\telif [[ $word == -* ]]; then\n"
	      "\t\tcase ${COMP_WORDS[1]} in\n",
	    stdout);
	for (size_t i = 0; (command = cmd_at(i)); i++) {
		if (!command->options)
			continue;
		printf("\t\t%s) words='", command->name);
		for (int k = 0; command->options[k].name; k++)
			printf("%s--%s", k ? " " : "", command->options[k].name);
		fputs("' ;;\n", stdout);
	}
	fputs("\t\tesac\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
	      "}\n"
	      "complete -o filenames -F _divisi divisi\n",
	    stdout);
}

static void
print_zsh(void)
{
	const struct command *command;

	fputs("#compdef divisi\n\n"
	      "_divisi() {\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n",
	    stdout);
	for (size_t i = 0; (command = cmd_at(i)); i++) {
		printf("\t\t'%s:", command->name);
		put_quoted(command->summary);
		fputs("'\n", stdout);
	}
	fputs("\t)\n"
	      "\tif (( CURRENT == 2 )); then\n"
	      "\t\t_describe command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tcase $words[2] in\n",
	    stdout);
	for (size_t i = 0; (command = cmd_at(i)); i++) {
		printf("\t%s) _arguments", command->name);
		for (int k = 0; command->options && command->options[k].name; k++) {
			const struct option_doc *doc = &command->options[k];

			printf(" '*--%s[", doc->name);
			put_quoted(doc->summary);
			printf("]%s%s'", doc->value ? ":" : "",
			    doc->value ? doc->value : "");
		}
		fputs(" '*:file:_files' ;;\n", stdout);
	}
	fputs("\tesac\n}\n\n_divisi \"$@\"\n", stdout);
}

static void
print_fish(void)
{
	const struct command *command;

	for (size_t i = 0; (command = cmd_at(i)); i++) {
		printf("complete -c divisi -n __fish_use_subcommand -f -a %s -d '",
		    command->name);
		put_quoted(command->summary);
		fputs("'\n", stdout);
		for (int k = 0; command->options && command->options[k].name; k++) {
			const struct option_doc *doc = &command->options[k];

			printf("complete -c divisi -n '__fish_seen_subcommand_from %s' "
			       "-l %s%s -d '",
			    command->name, doc->name, doc->value ? " -r" : "");
			put_quoted(doc->summary);
			fputs("'\n", stdout);
		}
	}
}

int
cmd_completions(int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = { { "bash", print_bash }, { "zsh", print_zsh },
		{ "fish", print_fish } };
	const char *words[1];
	struct args_simple want = { "completions bash|zsh|fish", NULL, words, 1, 1 };
	struct err err = ERR_INIT;
	struct args args;

	args_init(&args, NULL, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, false);
	for (size_t i = 0; i < N_ELEMS(shells); i++) {
		if (strcmp(words[0], shells[i].shell) == 0) {
			shells[i].print();
			return 0;
		}
	}
	err_set(&err, ERR_USAGE, "there are no completions for \"%.40s\"", words[0]);
	err_fix(&err, "usage: divisi completions bash|zsh|fish");
	return cmd_fail(&err, false);
}
