#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/screen.h"
#include "cli/tracked.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* `divisi stale`: which issues under way nobody wrote to for too long. */

const struct option_doc cmd_stale_options[] = {
	OPTION_JSON,
	{ "of", "ISSUE",
	    "of this issue's sub-issues, as linear:KEY-12, github:owner/name#12 or local:DV-1",
	    0 },
	OPTION_END,
};

static int
read_words(int argc, char **argv, const char **of, bool *as_json, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_stale_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD)
			return err_set(err, ERR_USAGE, "stale takes no word");
		if (at == 0)
			*as_json = true;
		else
			*of = args.value;
	}
	return 0;
}

static const char *
advice_of(const struct json_object *one)
{
	if (strcmp(js_text(one, "state"), "no-context") == 0)
		return "give it one ctx: label";
	if (strcmp(js_text(one, "context"), "human") == 0)
		return "ask who has it";
	return strcmp(js_text(one, "status"), "In Review") == 0
		   ? "review it, or say why not"
		   : "divisi why";
}

static void
print_table(struct json_object *scan, const struct screen *screen)
{
	static const char *const header[] = { "ID", "Title", "Status", "Context",
		"Silent", "Limit", "What to do" };
	struct json_object *list = js_get(scan, "issues");
	struct sheet sheet;
	size_t n = 0;

	sheet_init(&sheet, header, N_ELEMS(header));
	for (size_t i = 0; i < js_count(list); i++) {
		const struct json_object *one = js_at(list, i);
		AUTO_FREE char *age = text_age(js_number(one, "age_ms", 0));
		AUTO_FREE char *limit = js_number(one, "limit_ms", 0) > 0
					    ? text_age(js_number(one, "limit_ms", 0))
					    : xstrdup("-");
		const char *context = js_text(one, "context");
		const char *cells[] = { js_text(one, "id"), js_text(one, "title"),
			js_text(one, "status"), context[0] ? context : "-", age, limit,
			advice_of(one) };

		if (strcmp(js_text(one, "state"), "fresh") == 0)
			continue;
		sheet_add(&sheet, cells, "");
		n++;
	}
	if (n > 0)
		sheet_print(&sheet, screen);
	sheet_clear(&sheet);
	printf("%zu of %zu under way %s stale or without a context", n, js_count(list),
	    n == 1 ? "is" : "are");
	if (js_number(scan, "elsewhere", 0) > 0)
		printf("; %lld plan(s) of another tracker not looked at",
		    (long long)js_number(scan, "elsewhere", 0));
	if (js_bool(scan, "partial"))
		fputs("; PARTIAL: more sub-issues than were read", stdout);
	fputc('\n', stdout);
}

int
cmd_stale(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct screen screen;
	struct err err = ERR_INIT;
	const char *of = NULL;
	bool as_json = false;
	int rc = read_words(argc, argv, &of, &as_json, &err);

	if (rc == 0)
		rc = tracked_put(of, &in, &err);
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "stale", &in, &out, 300000, &err);
	if (rc == 0 && as_json) {
		puts(fields_text(&out, "stale"));
	} else if (rc == 0) {
		struct json_object *scan = json_tokener_parse(
		    fields_text(&out, "stale"));

		screen_init(&screen, stdout);
		print_table(scan, &screen);
		json_object_put(scan);
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}
