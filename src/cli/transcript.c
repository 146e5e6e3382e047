#include "cli/transcript.h"

#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "cli/json.h"
#include "sys/follow.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct transcript {
	char *runs, *session, *dir, *run;
	const struct agent *agent;
	long n_run, number;
	struct follow *follow;
	transcript_fn *fn; /* during transcript_read() */
	void *arg;
	const char *line;
};

static void
enter_run(struct transcript *t, long n_run)
{
	AUTO_FREE char *out = NULL;

	follow_close(t->follow);
	free(t->run);
	free(t->dir);
	t->n_run = n_run;
	t->run = xasprintf("%s.r%ld", t->session, n_run);
	t->dir = xasprintf("%s/%s", t->runs, t->run);
	out = xasprintf("%s/out.ndjson", t->dir);
	t->follow = follow_open(out, 0);
}

struct transcript *
transcript_open(const char *runs, const char *session, const struct agent *agent)
{
	struct transcript *t = xcalloc(1, sizeof(*t));

	t->runs = xstrdup(runs);
	t->session = xstrdup(session);
	t->agent = agent;
	enter_run(t, 1);
	return t;
}

void
transcript_close(struct transcript *t)
{
	if (!t)
		return;
	follow_close(t->follow);
	free(t->runs);
	free(t->session);
	free(t->dir);
	free(t->run);
	free(t);
}

const char *
transcript_dir(const struct transcript *t)
{
	return t->dir;
}

long
transcript_run(const struct transcript *t)
{
	return t->n_run;
}

static void
on_event(const struct agent_event *e, void *arg)
{
	struct transcript *t = arg;

	t->fn(&(struct transcript_event){ ++t->number, t->run, t->line, e }, t->arg);
}

/* Nothing more will be written: it ended, or its holder was killed, or it is void. */
static bool
is_over(const char *dir)
{
	int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, NULL);

	if (lock_fd >= 0)
		close(lock_fd);
	return state == RUN_ENDED || state == RUN_LOST;
}

static bool
has_next(const struct transcript *t)
{
	AUTO_FREE char *dir = xasprintf(
	    "%s/%s.r%ld", t->runs, t->session, t->n_run + 1);

	return access(dir, F_OK) == 0;
}

int
transcript_read(struct transcript *t, transcript_fn *fn, void *arg, struct err *err)
{
	struct follow_line line;
	bool over;
	int rc;

	t->fn = fn;
	t->arg = arg;
	for (;;) {
		/* Asked before it is read: what comes in between is still read. */
		over = is_over(t->dir);
		while ((rc = follow_next(t->follow, over, &line, err)) > 0) {
			t->line = line.p;
			t->agent->parse(line.p, line.n, on_event, t);
		}
		if (rc < 0)
			return -1;
		if (!has_next(t))
			return over;
		/* A later run is begun only when nothing of this one lives any more. */
		if (!over)
			return 0;
		enter_run(t, t->n_run + 1);
	}
}

void
transcript_print(const struct screen *screen, const struct agent_event *e)
{
	AUTO_FREE char *cost = NULL;

	if (e->kind == AGENT_USAGE) {
		cost = text_dollars(e->cost_cents);
		fprintf(screen->out, "%-10s %s\n", agent_event_name(e->kind), cost);
		return;
	}
	fprintf(screen->out, "%-10s ", agent_event_name(e->kind));
	if (e->kind == AGENT_PROGRESS && e->total > 0)
		fprintf(screen->out, "%ld/%ld ", e->done, e->total);
	screen_wrap(screen, 11, 11, e->text ? e->text : "");
	if (e->kind == AGENT_ASK && e->detail && e->text &&
	    strcmp(e->detail, e->text) != 0) {
		text_put(screen->out, e->detail);
		fputc('\n', screen->out);
	}
}

void
transcript_print_json(FILE *out, const struct transcript_event *event)
{
	const struct agent_event *e = event->event;
	json_object *o = json_object_new_object();
	const struct {
		const char *name;
		long value;
	} numbers[] = { { "cost_cents", e->cost_cents },
		{ "input_tokens", e->input_tokens },
		{ "output_tokens", e->output_tokens },
		{ "context_pct", e->context_pct }, { "done", e->done },
		{ "total", e->total }, { "until", e->until_at } };

	json_object_object_add(o, "n", json_object_new_int64(event->number));
	json_object_object_add(o, "run", json_str(event->run));
	json_object_object_add(o, "kind", json_str(agent_event_name(e->kind)));
	json_object_object_add(o, "text", json_str(e->text ? e->text : ""));
	if (e->id)
		json_object_object_add(o, "id", json_str(e->id));
	if (e->kind == AGENT_ASK)
		json_object_object_add(o, "ask", json_str(agent_ask_name(e->ask)));
	if (e->detail)
		json_object_object_add(o, "detail", json_str(e->detail));
	for (size_t i = 0; i < N_ELEMS(numbers); i++) {
		if (numbers[i].value > 0)
			json_object_object_add(o, numbers[i].name,
			    json_object_new_int64(numbers[i].value));
	}
	json_object_object_add(o, "line", json_str(event->line));
	fprintf(out, "%s\n",
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}
