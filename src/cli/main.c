#include "base/err.h"
#include "cli/cmd.h"
#include "engine/job.h"

#include <stdio.h>
#include <string.h>

/* "--help" anywhere before "--" asks for help, whatever else is said. */
static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

static int
unknown(int argc, char **argv)
{
	const struct command *near = cmd_suggest(argv[0]);
	struct err err = ERR_INIT;

	/* A question in plain words finds its command as well (S-3). */
	if (strchr(argv[0], ' ') && cmd_trigger(argv[0])) {
		char help[] = "help", *words[] = { help, argv[0], NULL };

		return cmd_help(2, words);
	}
	err_set(&err, ERR_USAGE, "there is no command \"%.60s\"", argv[0]);
	if (near)
		err_fix(&err, "did you mean %s?", near->name);
	else
		err_fix(&err, "see: divisi help");
	return cmd_fail(&err, false);
}

static int
dispatch(int argc, char **argv)
{
	const struct command *command;
	char version[] = "version", *words[] = { version, NULL };

	if (argc < 2)
		return cmd_next();
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cmd_overview();
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(1, words);
	/* Not a verb for people: the server starts its slow work this way. */
	if (strcmp(argv[1], "job") == 0 && argc == 3)
		return job_main(argv[2]);
	command = cmd_find(argv[1]);
	if (!command)
		return unknown(argc - 1, argv + 1);
	if (wants_help(argc - 1, argv + 1)) {
		cmd_help_one(command);
		return 0;
	}
	return command->run(argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	int status = dispatch(argc, argv);
	struct err err = ERR_INIT;

	/* A full disk behind a redirection must not look like success. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		err_sys(&err, "standard output");
		return cmd_fail(&err, false);
	}
	return status;
}
