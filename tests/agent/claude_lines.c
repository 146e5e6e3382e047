#include "agent/agent.h"

#include "base/mem.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/*
 * Shows what the claude adapter does, so that a driver in any language can run the real
 * program exactly as divisi does:
 *
 *   claude_lines launch MODE (new|resume) ID NAME TMPDIR CENTS < prompt
 *       "arg", "env" and "send" records, one per line, a tab before the value
 *   claude_lines events < output of the program
 *       one JSON object per event
 *   claude_lines answer DECISION [TEXT] < raw
 *       the line that answers an ask
 *   claude_lines interrupt KEY
 */

static char *
read_all(FILE *in)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	char buf[4096];
	size_t got;

	while ((got = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, got, out);
	fclose(out);
	return text;
}

static int
show_launch(char **arg)
{
	AUTO_FREE char *prompt = read_all(stdin);
	bool is_resume = strcmp(arg[1], "resume") == 0;
	struct agent_launch launch = {
		.program = "claude",
		.launch_as = arg[0],
		.session_uuid = is_resume ? NULL : arg[2],
		.resume_id = is_resume ? arg[2] : NULL,
		.name = arg[3],
		.prompt = prompt,
		.prompt_key = "prompt-1",
		.tmp_dir = arg[4],
		.budget_cents = atol(arg[5]),
	};
	struct run_spec spec = { 0 };
	struct agent_input input = { 0 };
	struct err err = ERR_INIT;

	if (agent_claude.command(&launch, &spec, &err) < 0) {
		fprintf(stderr, "%s\n%s\n", err.text, err.fix);
		return err_exit_status(err.kind);
	}
	agent_claude.open(&launch, &input);
	for (size_t i = 0; i < spec.n_args; i++)
		printf("arg\t%s\n", spec.arg[i]);
	for (size_t i = 0; i < spec.n_env; i++)
		printf("env\t%s\n", spec.env[i]);
	for (size_t i = 0; i < input.n; i++)
		printf("send\t%s\n", input.item[i].line);
	agent_input_clear(&input);
	run_spec_clear(&spec);
	return 0;
}

static void
add(struct json_object *obj, const char *key, const char *value)
{
	if (value)
		json_object_object_add(obj, key, json_object_new_string(value));
}

static void
on_event(const struct agent_event *event, void *arg)
{
	struct json_object *obj = json_object_new_object();

	add(obj, "kind", agent_event_name(event->kind));
	if (event->kind == AGENT_ASK)
		add(obj, "ask", agent_ask_name(event->ask));
	add(obj, "id", event->id);
	add(obj, "text", event->text);
	add(obj, "detail", event->detail);
	add(obj, "raw", event->raw);
	json_object_object_add(obj, "cents", json_object_new_int64(event->cost_cents));
	puts(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN));
	json_object_put(obj);
}

static int
show_events(void)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	ssize_t n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((n = getline(&line, &size, stdin)) > 0)
		agent_claude.parse(line, (size_t)n, on_event, NULL);
	return 0;
}

static int
show_answer(const char *decision, const char *text)
{
	AUTO_FREE char *raw = read_all(stdin);
	AUTO_FREE char *id = NULL;
	AUTO_FREE char *line = NULL;
	struct json_object *msg = json_tokener_parse(raw), *value = NULL;

	if (json_object_object_get_ex(msg, "request_id", &value))
		id = xstrdup(json_object_get_string(value));
	json_object_put(msg);
	line = agent_claude.answer("answer-1", id ? id : "", raw, decision, text);
	if (!line)
		return 1;
	puts(line);
	return 0;
}

static int
show_interrupt(const char *key)
{
	AUTO_FREE char *line = agent_claude.interrupt(NULL, key);

	puts(line);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 8 && strcmp(argv[1], "launch") == 0)
		return show_launch(argv + 2);
	if (argc == 2 && strcmp(argv[1], "events") == 0)
		return show_events();
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "answer") == 0)
		return show_answer(argv[2], argc == 4 ? argv[3] : NULL);
	if (argc == 3 && strcmp(argv[1], "interrupt") == 0)
		return show_interrupt(argv[2]);
	fputs("usage: claude_lines launch|events|answer|interrupt ...\n", stderr);
	return 2;
}
