#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/client.h"
#include "cli/screen.h"

#include <stdio.h>
#include <string.h>

const struct option_doc cmd_issue_options[] = {
	OPTION_JSON,
	{ "parent", "ID", "list: only sub-issues of ID", 0 },
	{ "status", "STATUS", "list: only issues with this status", 0 },
	{ "text", "WORDS", "list: only issues that mention WORDS", 0 },
	{ "markdown", NULL, "export: Markdown instead of JSON", 0 },
	OPTION_END,
};

/* list | show ID | comment ID TEXT | move ID STATUS | export [ID] */
static const struct {
	const char *what;
	size_t min, max;
	const char *names[2];
} kinds[] = {
	{ "list", 0, 0, { NULL, NULL } },
	{ "show", 1, 1, { "id", NULL } },
	{ "comment", 2, 2, { "id", "body" } },
	{ "move", 2, 2, { "id", "to" } },
	{ "export", 0, 1, { "id", NULL } },
};

static int
read_words(int argc, char **argv, struct fields *in, bool *as_json, struct err *err)
{
	const char *word[3] = { NULL };
	struct args args;
	size_t n = 0;
	int at;

	args_init(&args, cmd_issue_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && n == N_ELEMS(word))
			return err_set(
			    err, ERR_USAGE, "one word too many: '%.60s'", args.value);
		if (at == ARGS_WORD)
			word[n++] = args.value;
		else if (at == 0)
			*as_json = true;
		else
			fields_set(in, cmd_issue_options[at].name,
			    args.value ? args.value : "yes");
	}
	for (size_t i = 0; n > 0 && i < N_ELEMS(kinds); i++) {
		if (strcmp(kinds[i].what, word[0]) != 0)
			continue;
		if (n - 1 < kinds[i].min || n - 1 > kinds[i].max)
			break;
		fields_set(in, "what", word[0]);
		for (size_t k = 1; k < n; k++)
			fields_set(in, kinds[i].names[k - 1], word[k]);
		return 0;
	}
	err_set(err, ERR_USAGE,
	    "issue list | show ID | comment ID TEXT | move ID STATUS | export");
	return err_fix(err, "divisi help issue");
}

int
cmd_issue(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct screen screen;
	bool as_json = false;
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &in, &as_json, &err);

	screen_init(&screen, stdout);
	fields_set_number(&in, "width", screen.width > 0 ? screen.width : 200);
	fields_set_number(&in, "json", as_json);
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "issue", &in, &out, 60000, &err);
	if (rc == 0)
		fputs(fields_text(&out, "text"), stdout);
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}
