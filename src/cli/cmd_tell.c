#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/client.h"

#include <stdio.h>
#include <string.h>

/* `divisi tell`: what the agent of a session reports about it (and divisi mcp for it). */
const struct option_doc cmd_tell_options[] = {
	OPTION_JSON,
	{ "detail", "TEXT", "all of it, for a checkpoint or a question", 0 },
	{ "done", "N", "how many are done", 0 },
	{ "total", "N", "of how many", 0 },
	OPTION_END,
};

static int
read_words(int argc, char **argv, struct fields *in, bool *as_json, struct err *err)
{
	static const char *const names[] = { "kind", "text" };
	struct args args;
	size_t n = 0;
	long number;
	int at;

	args_init(&args, cmd_tell_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && n == N_ELEMS(names))
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
		if (at == ARGS_WORD)
			fields_set(in, names[n++], args.value);
		else if (at == 0)
			*as_json = true;
		else if (at == 1)
			fields_set(in, "detail", args.value);
		else if (args_number(cmd_tell_options[at].name, args.value, 0, &number,
			     err) < 0)
			return -1;
		else
			fields_set_number(in, cmd_tell_options[at].name, number);
	}
	if (n > 0)
		return 0;
	err_set(err, ERR_USAGE, "tell needs what is told");
	return err_fix(
	    err, "divisi tell started|progress|checkpoint|question|done|failed TEXT");
}

int
cmd_tell(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	bool as_json = false;
	int rc = read_words(argc, argv, &in, &as_json, &err);

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "report", &in, &out, 60000, &err);
	if (rc == 0 && as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		printf(
		    "%s: %s\n", fields_text(&out, "label"), fields_text(&out, "text"));
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}
