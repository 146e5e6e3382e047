#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/outbox.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

const struct option_doc cmd_outbox_options[] = {
	OPTION_JSON,
	{ "reason", "TEXT", "drop: why, kept on record", 0 },
	OPTION_END,
};

static int
read_words(int argc, char **argv, struct fields *in, bool *as_json, struct err *err)
{
	const char *word[2] = { "", "" };
	struct args args;
	size_t n = 0;
	int at;

	args_init(&args, cmd_outbox_options, argc, argv);
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
			fields_set(in, cmd_outbox_options[at].name, args.value);
	}
	if (n == 0 || (n == 1 && strcmp(word[0], "list") == 0))
		return 0;
	if (n == 2 && (strcmp(word[0], "retry") == 0 || strcmp(word[0], "drop") == 0)) {
		fields_set(in, "what", word[0]);
		fields_set(in, "id", word[1]);
		return 0;
	}
	err_set(err, ERR_USAGE, "outbox [retry ID|all | drop ID --reason TEXT]");
	return err_fix(err, "divisi help outbox");
}

void
outbox_print_state(FILE *out, const struct json_object *tracker, int64_t now)
{
	const char *state = js_text(tracker, "state");
	AUTO_FREE char *why = text_show(js_text(tracker, "trouble"), true);
	int64_t next = js_number(tracker, "next_at", 0);

	fprintf(out, "tracker %s: %s, %lld pending", js_text(tracker, "name"), state,
	    (long long)js_number(tracker, "pending", 0));
	if (js_number(tracker, "stopped", 0) > 0)
		fprintf(out, ", %lld of them wait for you (divisi outbox)",
		    (long long)js_number(tracker, "stopped", 0));
	if (strcmp(state, "online") != 0 && next > now)
		fprintf(
		    out, "; next try in %lld s", (long long)(next - now + 999) / 1000);
	fputc('\n', out);
	if (why[0])
		fprintf(out, "  %s\n", why);
	if (js_text(tracker, "fix")[0])
		fprintf(out, "  -> %s\n", js_text(tracker, "fix"));
}

static void
print_letters(struct json_object *tracker)
{
	struct json_object *letters = js_get(tracker, "letters");

	for (size_t i = 0; i < js_count(letters); i++) {
		const struct json_object *one = js_at(letters, i);
		AUTO_FREE char *why = text_show(js_text(one, "why"), true);

		printf("%6lld  %-8s  %-13s  %-10s  %s\n",
		    (long long)js_number(one, "id", 0), js_text(one, "state"),
		    js_text(one, "kind"), js_text(one, "issue"),
		    js_text(one, "session"));
		if (why[0])
			printf("        %s\n", why);
		if (strcmp(js_text(one, "state"), "conflict") == 0)
			printf(
			    "        -> divisi outbox retry %lld writes ours on top; "
			    "divisi outbox drop %lld --reason TEXT leaves theirs\n",
			    (long long)js_number(one, "id", 0),
			    (long long)js_number(one, "id", 0));
		else if (why[0])
			printf(
			    "        -> divisi outbox retry %lld, once it is mended\n",
			    (long long)js_number(one, "id", 0));
	}
}

static int
list(struct client *client, bool as_json, struct err *err)
{
	AUTO_JSON struct json_object *status = client_status(client, err);
	struct json_object *tracker;

	if (!status)
		return -1;
	tracker = js_get(status, "tracker");
	if (as_json) {
		puts(json_object_to_json_string_ext(
		    tracker, JSON_C_TO_STRING_NOSLASHESCAPE));
		return 0;
	}
	outbox_print_state(stdout, tracker, js_number(status, "now", 0));
	print_letters(tracker);
	return 0;
}

int
cmd_outbox(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	bool as_json = false;
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &in, &as_json, &err);
	bool is_order = fields_text(&in, "what")[0] != '\0';

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0 && is_order)
		rc = client_order(&client, "outbox", &in, &out, 30000, &err);
	else if (rc == 0)
		rc = list(&client, as_json, &err);
	if (rc == 0 && is_order && as_json)
		printf("{\"n\":%lld}\n", (long long)fields_number(&out, "n", 0));
	else if (rc == 0 && is_order)
		printf("%lld %s\n", (long long)fields_number(&out, "n", 0),
		    strcmp(fields_text(&in, "what"), "drop") == 0 ? "given up"
								  : "tried again");
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}
