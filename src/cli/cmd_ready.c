#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/screen.h"
#include "cli/tracked.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct option_doc cmd_ready_options[] = {
	OPTION_JSON,
	{ "force", NULL, "ask again what was asked less than 30 minutes ago", 0 },
	{ "start", NULL,
	    "the look at a session's start: 10 calls at most, this project only", 0 },
	OPTION_END,
};

static void
print_table(struct json_object *scan, const struct screen *screen)
{
	static const char *const header[] = { "ID", "Title", "Cleared Blockers",
		"Suggested Action" };
	struct json_object *list = js_get(scan, "ready");
	struct sheet sheet;

	if (js_count(list) == 0) {
		puts(
		    "none found: nothing that waited for what was done lately is free now");
		return;
	}
	sheet_init(&sheet, header, N_ELEMS(header));
	for (size_t i = 0; i < js_count(list); i++) {
		const struct json_object *one = js_at(list, i);
		const char *cells[] = { js_text(one, "id"), js_text(one, "title"),
			js_text(one, "cleared"), js_text(one, "action") };

		sheet_add(&sheet, cells, "");
	}
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
}

static void
print_foot(struct json_object *scan)
{
	int64_t most = js_number(scan, "calls_most", 0);
	int64_t until = js_number(scan, "at", 0) + 30LL * 60 * 1000;
	AUTO_FREE char *trouble = text_show(js_text(scan, "trouble"), true);
	char when[32];

	printf("%zu ready, %lld still blocked", js_count(js_get(scan, "ready")),
	    (long long)js_number(scan, "blocked", 0));
	if (most > 0) {
		text_time(until, when, sizeof(when));
		printf(", %lld of %lld calls used, kept until %s (--force asks again)",
		    (long long)js_number(scan, "calls", 0), (long long)most, when);
	}
	fputc('\n', stdout);
	if (!js_bool(scan, "partial"))
		return;
	printf(
	    "PARTIAL: %lld not looked at", (long long)js_number(scan, "unscanned", 0));
	printf("%s%s\n", trouble[0] ? ": " : "", trouble);
}

int
cmd_ready(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	bool flags[3] = { false };
	struct args_simple want = { "ready [--force] [--start]", flags, NULL, 0, 0 };
	struct screen screen;
	struct err err = ERR_INIT;
	struct args args;
	int rc;

	args_init(&args, cmd_ready_options, argc, argv);
	rc = args_simple(&args, &want, &err);
	if (rc == 0)
		rc = tracked_put(NULL, &in, &err);
	fields_set_number(&in, "force", flags[1]);
	fields_set_number(&in, "start", flags[2]);
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "ready", &in, &out, 300000, &err);
	if (rc == 0 && flags[0]) {
		puts(fields_text(&out, "ready"));
	} else if (rc == 0) {
		struct json_object *scan = json_tokener_parse(
		    fields_text(&out, "ready"));

		screen_init(&screen, stdout);
		print_table(scan, &screen);
		print_foot(scan);
		json_object_put(scan);
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, flags[0]) : 0;
}
