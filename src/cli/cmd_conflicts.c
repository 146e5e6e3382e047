#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/screen.h"

#include <stdio.h>
#include <string.h>

const struct option_doc cmd_conflicts_options[] = {
	OPTION_JSON,
	{ "all", NULL, "those that are over, too", 0 },
	OPTION_END,
};

const struct option_doc cmd_rule_options[] = {
	OPTION_JSON,
	{ "order", "SESSION", "it lands first", 0 },
	{ "yield", "SESSION", "it is parked, the other goes on", 0 },
	{ "rescope", "SESSION", "it is told --text and goes on", 0 },
	{ "go-on", NULL, "no conflict: both go on", 0 },
	{ "text", "TEXT", "what the re-scoped session is told", 0 },
	{ "reason", "TEXT", "why, kept on record", 0 },
	OPTION_END,
};

static bool
is_open(const struct json_object *c)
{
	return strcmp(js_text(c, "state"), "open") == 0;
}

static const char *
kind_title(const char *kind)
{
	static const struct {
		const char *kind, *title;
	} titles[] = {
		{ "file", "these changes do not merge [A-14 S-45]" },
		{ "race", "both wrote what not both declared [A-14 S-45]" },
		{ "anticipated", "one strayed into what the other declares [B-20]" },
		{ "semantic",
		    "they may merge and not work together: build both [S-45]" },
	};

	for (size_t i = 0; i < N_ELEMS(titles); i++) {
		if (strcmp(titles[i].kind, kind) == 0)
			return titles[i].title;
	}
	return kind;
}

static void
print_lines(const struct screen *screen, const char *text, const char *before)
{
	struct span rest = span_of(text), line;

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		if (rest.n == 0 && line.n == 0)
			break;
		fputs(before, screen->out);
		text_put(screen->out, one);
		fputc('\n', screen->out);
	}
}

static void
print_side(const struct screen *screen, const struct json_object *side)
{
	AUTO_FREE char *head = xasprintf("%s %s%s%s", js_text(side, "name"),
	    js_text(side, "phase"), js_text(side, "state")[0] ? ", " : "",
	    js_text(side, "state"));

	fputs("    ", screen->out);
	text_put(screen->out, head);
	fputs(": ", screen->out);
	screen_wrap(screen, 8, 6 + (int)text_width(head), js_text(side, "intent"));
}

static void
print_choices(const struct screen *screen, const struct json_object *c)
{
	const char *id = js_text(c, "id");
	const char *a = js_text(js_get(c, "a"), "name"),
		   *b = js_text(js_get(c, "b"), "name");

	if (strcmp(js_text(c, "lands_first"), b) == 0) {
		const char *swap = a;

		a = b;
		b = swap;
	}
	if (js_number(c, "other_collides_with", 0) > 1)
		fprintf(screen->out,
		    "  %s collides with %lld others: it had better land last\n", b,
		    (long long)js_number(c, "other_collides_with", 0));
	if (js_text(js_get(c, "b"), "session")[0])
		fprintf(screen->out,
		    "  -> divisi rule %s --order %s   (it lands first; or %s)\n"
		    "     divisi rule %s --yield %s   (it is parked; or %s)\n"
		    "     divisi try %s %s   (runs the verify command on both together)\n",
		    id, a, b, id, b, a, a, b);
	fprintf(screen->out,
	    "     divisi rule %s --rescope %s --text TEXT\n"
	    "     divisi rule %s --go-on\n",
	    id, a, id);
}

static void
print_conflict(
    const struct screen *screen, const struct json_object *c, int64_t now, bool whole)
{
	AUTO_FREE char *age = text_age(now - js_number(c, "at", now));

	screen_put(screen, is_open(c) ? STYLE_WARN : STYLE_DIM, js_text(c, "id"));
	fprintf(screen->out, " %s, %s ago: %s\n", js_text(c, "state"), age,
	    kind_title(js_text(c, "kind")));
	print_side(screen, js_get(c, "a"));
	print_side(screen, js_get(c, "b"));
	print_lines(screen, js_text(c, "files"), "      ");
	if (whole)
		print_lines(screen, js_text(c, "text"), "      | ");
	if (!is_open(c) && js_text(c, "ruling")[0]) {
		AUTO_FREE char *line = xasprintf("ruled by %s: %s %s%s%s",
		    js_text(c, "by"), js_text(c, "ruling"), js_text(c, "about"),
		    js_text(c, "reason")[0] ? ", " : "", js_text(c, "reason"));

		fputs("  ", screen->out);
		screen_wrap(screen, 4, 2, line);
	}
	if (is_open(c))
		print_choices(screen, c);
}

/* What the conflicts stand on: how often the radar looked, and what that cost. */
static void
print_radar(const struct screen *screen, const struct json_object *radar)
{
	int64_t on = js_number(radar, "on_ms", 0), cpu = js_number(radar, "cpu_ms", 0);

	if (js_number(radar, "looks", 0) > 0)
		fprintf(screen->out, "radar: %lld looks, %lld ms of processor time%s",
		    (long long)js_number(radar, "looks", 0), (long long)cpu,
		    on > 0 ? "" : "\n");
	if (js_number(radar, "looks", 0) > 0 && on > 0)
		fprintf(screen->out, " in %lld s (%.1f %% of a core)\n",
		    (long long)on / 1000, 100.0 * (double)cpu / (double)on);
	if (js_text(radar, "trouble")[0]) {
		fputs("radar: ", screen->out);
		screen_wrap(screen, 2, 7, js_text(radar, "trouble"));
	}
}

static int
show(const struct json_object *status, const char *id, bool all, struct err *err)
{
	struct json_object *list = js_get(status, "conflicts");
	struct screen screen;
	size_t n = 0;

	screen_init(&screen, stdout);
	for (size_t i = 0; i < js_count(list); i++) {
		const struct json_object *c = js_at(list, i);

		if (id ? strcmp(js_text(c, "id"), id) != 0 : !all && !is_open(c))
			continue;
		print_conflict(&screen, c, js_number(status, "now", 0), true);
		n++;
	}
	if (id && n == 0) {
		err_set(err, ERR_NOT_FOUND, "no conflict is called '%.40s'", id);
		return err_fix(err, "divisi conflicts --all lists them");
	}
	if (n == 0)
		puts(
		    js_count(list) && !all
			? "No conflict is open. divisi conflicts --all shows those that are over."
			: "No conflict.");
	if (!id)
		print_radar(&screen, js_get(status, "radar"));
	return 0;
}

int
cmd_conflicts(int argc, char **argv)
{
	struct err err = ERR_INIT;
	const char *id = NULL;
	bool as_json = false, all = false;
	struct args args;
	AUTO_JSON struct json_object *status = NULL;
	int at, rc = 0;

	args_init(&args, cmd_conflicts_options, argc, argv);
	while (rc == 0 && (at = args_next(&args, &err)) != ARGS_END) {
		if (at == ARGS_BAD)
			rc = -1;
		else if (at == ARGS_WORD && id)
			rc = err_set(&err, ERR_USAGE, "conflicts takes one ID");
		else if (at == ARGS_WORD)
			id = args.value;
		else
			*(at == 0 ? &as_json : &all) = true;
	}
	if (rc == 0) {
		status = client_look(NULL, &err);
		rc = status ? 0 : -1;
	}
	if (rc == 0 && as_json)
		puts(json_object_to_json_string_ext(js_get(status, "conflicts"),
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (rc == 0)
		rc = show(status, id, all, &err);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}

/* One ruling, no more: --order, --yield, --rescope or --go-on. */
static int
read_rule(int argc, char **argv, struct fields *in, bool *as_json, struct err *err)
{
	struct args args;
	int at, n_rulings = 0;

	args_init(&args, cmd_rule_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		const char *name = at >= 0 ? cmd_rule_options[at].name : "";

		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && fields_text(in, "conflict")[0])
			return err_set(err, ERR_USAGE, "rule takes one ID");
		if (at == ARGS_WORD) {
			fields_set(in, "conflict", args.value);
		} else if (at == 0) {
			*as_json = true;
		} else if (strcmp(name, "text") == 0 || strcmp(name, "reason") == 0) {
			fields_set(in, name, args.value);
		} else {
			fields_set(in, "ruling", name);
			fields_set(in, "about", args.value);
			n_rulings++;
		}
	}
	if (!fields_text(in, "conflict")[0] || n_rulings != 1) {
		err_set(err, ERR_USAGE,
		    "rule needs a conflict and one of --order, --yield, --rescope, --go-on");
		return err_fix(err, "divisi conflicts shows them");
	}
	if (strcmp(fields_text(in, "ruling"), "rescope") == 0 &&
	    !fields_text(in, "text")[0])
		return err_set(err, ERR_USAGE, "--rescope needs --text TEXT");
	return 0;
}

int
cmd_rule(int argc, char **argv)
{
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	bool as_json = false;
	int rc = read_rule(argc, argv, &in, &as_json, &err);

	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "rule", &in, &out, 60000, &err);
	if (rc == 0 && as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
	} else if (rc == 0) {
		printf("%s: ruled; who was halted for it goes on\n",
		    fields_text(&in, "conflict"));
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : 0;
}

const struct option_doc cmd_try_options[] = { OPTION_JSON, OPTION_END };

/* Says what came of it; the exit status of the verb. */
static int
print_try(const struct fields *in, const struct fields *out)
{
	const char *verify = fields_text(out, "verify");
	int64_t status = fields_number(out, "status", 0);
	struct screen screen;

	screen_init(&screen, stdout);
	if (!verify[0]) {
		printf("%s and %s merge; no verify command is set to try them with\n"
		       "  fix: git config divisi.verify COMMAND\n",
		    fields_text(in, "a"), fields_text(in, "b"));
		return 0;
	}
	if (status == 0) {
		printf("%s and %s together: '%s' passes\n", fields_text(in, "a"),
		    fields_text(in, "b"), verify);
		return 0;
	}
	printf("%s and %s together: '%s' fails with %lld\n", fields_text(in, "a"),
	    fields_text(in, "b"), verify, (long long)status);
	print_lines(&screen, fields_text(out, "said"), "  | ");
	return 1;
}

int
cmd_try(int argc, char **argv)
{
	static const char *const names[] = { "a", "b" };
	struct fields in = { 0 }, out = { 0 };
	struct client client = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	bool as_json = false;
	size_t n = 0;
	int at, rc = 0;

	args_init(&args, cmd_try_options, argc, argv);
	while (rc == 0 && (at = args_next(&args, &err)) != ARGS_END) {
		if (at == ARGS_BAD || (at == ARGS_WORD && n == N_ELEMS(names)))
			rc = -1;
		else if (at == ARGS_WORD)
			fields_set(&in, names[n++], args.value);
		else
			as_json = true;
	}
	if (rc < 0 || n < N_ELEMS(names))
		rc = err.kind ? -1 : err_set(&err, ERR_USAGE, "try needs two sessions");
	if (rc == 0)
		rc = client_open(&client, NULL, true, &err);
	if (rc == 0)
		rc = client_order(&client, "try", &in, &out, 0, &err);
	if (rc == 0 && as_json) {
		AUTO_FREE char *text = fields_to_json(&out);

		puts(text);
		rc = fields_number(&out, "status", 0) != 0;
	} else if (rc == 0) {
		rc = print_try(&in, &out);
	}
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc < 0 ? cmd_fail(&err, as_json) : rc;
}
