#include "cli/cmd.h"

#include "cli/attaching.h"

#include <string.h>

#define TAIL_EVENTS     50
#define MAX_TAIL_EVENTS 1000000

const struct option_doc cmd_attach_options[] = {
	OPTION_JSON,
	{ "from", "N", "begin with the Nth event of the session; 1 is the first", 0 },
	{ "tail", "N", "begin with the last N events (50); 0 shows only what is new",
	    0 },
	{ "take", NULL, "of a terminal: type here, whoever did before", 0 },
	OPTION_END,
};

static int
read_options(
    struct args *args, struct attach_opts *opts, const char **session, struct err *err)
{
	long tail = -1;
	int at;

	while ((at = args_next(args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && *session)
			return err_set(err, ERR_USAGE,
			    "attach: one word too many: '%.60s'", args->value);
		if (at == ARGS_WORD)
			*session = args->value;
		else if (at == 0)
			opts->as_json = true;
		else if (at == 3)
			opts->takes = true;
		else if (at == 1 &&
			 args_number("from", args->value, 1, &opts->from, err) < 0)
			return -1;
		else if (at == 2 && args_number("tail", args->value, 0, &tail, err) < 0)
			return -1;
	}
	if (!*session) {
		err_set(err, ERR_USAGE, "attach needs a session");
		return err_fix(err, "divisi attach S-A");
	}
	opts->tail = tail >= 0 ? tail : opts->from == 0 ? TAIL_EVENTS : -1;
	if (opts->tail > MAX_TAIL_EVENTS)
		opts->tail = -1; /* as good as all */
	return 0;
}

int
cmd_attach(int argc, char **argv)
{
	struct attach_opts opts = { 0 };
	const char *session = NULL;
	struct err err = ERR_INIT;
	struct args args;

	args_init(&args, cmd_attach_options, argc, argv);
	if (read_options(&args, &opts, &session, &err) < 0 ||
	    attach_follow(session, &opts, &err) < 0)
		return cmd_fail(&err, opts.as_json);
	return 0;
}
