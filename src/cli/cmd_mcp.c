#include "cli/cmd.h"

#include "base/crash.h"
#include "base/mem.h"
#include "cli/programs.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What agents call: the guard hook and the MCP server. */

const struct option_doc cmd_hook_options[] = {
	{ "home", "DIR", "the home of the repository, instead of looking for it", 0 },
	OPTION_END,
};

int
cmd_hook(int argc, char **argv)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *program = program_hook(&err);
	char option[] = "--home";
	char *words[] = { program, NULL, NULL, NULL };
	struct args args;
	int at;

	args_init(&args, cmd_hook_options, argc, argv);
	while ((at = args_next(&args, &err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return cmd_fail(&err, false);
		if (at == ARGS_WORD) {
			err_set(&err, ERR_USAGE,
			    "hook takes no word: the tool call comes on standard input");
			return cmd_fail(&err, false);
		}
		words[1] = option;
		words[2] = (char *)(uintptr_t)args.value;
	}
	if (!program)
		return cmd_fail(&err, false);
	DURABLE("hook.exec", execv(program, words));
	err_sys(&err, "%s", program);
	return cmd_fail(&err, false);
}
