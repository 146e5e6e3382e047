#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/json.h"
#include "engine/replay.h"
#include "git/repo.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

const struct option_doc cmd_replay_options[] = {
	OPTION_JSON,
	{ "until", "SEQ", "only up to this event", 0 },
	{ "dump", NULL, "print the state that comes of it", 0 },
	OPTION_END,
};

struct replaying {
	bool as_json, dumps;
	long until;               /* 0: all of it */
	struct json_object *live; /* the server's state, NULL when none runs */
	struct replay_report report;
};

static int
read_words(int argc, char **argv, struct replaying *r, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_replay_options, argc, argv);
	while ((at = args_next(&args, err)) >= 0) {
		if (at == 0)
			r->as_json = true;
		else if (at == 2)
			r->dumps = true;
		else if (args_number("until", args.value, 1, &r->until, err) < 0)
			return -1;
	}
	if (at == ARGS_WORD)
		return err_set(
		    err, ERR_USAGE, "replay takes no word '%.40s'", args.value);
	return at == ARGS_END ? 0 : -1;
}

/* The state of a server that runs; none is started for it. */
static struct json_object *
ask_server(void)
{
	struct client client = { 0 };
	struct json_object *state = NULL;
	struct err none = ERR_INIT;

	if (client_open(&client, NULL, false, &none) == 0)
		state = client_get(&client, "/v1/state", &none);
	client_close(&client);
	return state;
}

static int
check_range(struct store *store, long until, struct err *err)
{
	int64_t last = journal_last(store);

	if (last < 0 || until <= last)
		return 0; /* what cannot be read is told by who reads it */
	err_set(err, ERR_USAGE, "there is no event %ld; the last one is %" PRId64,
	    until, last);
	return err_fix(err, "--until takes 1 to %" PRId64, last);
}

static int
play(struct replaying *r, struct err *err)
{
	struct repo repo = { 0 };
	struct store *store = NULL;
	int64_t until = INT64_MAX;
	int rc = -1;

	if (repo_open(".", &repo, err) < 0)
		return -1;
	/* The server first: what it appends from now on is not looked at. */
	r->live = ask_server();
	if (r->until > 0)
		until = r->until;
	else if (r->live)
		until = js_number(r->live, "seq", 0);
	store = store_open(repo.home, 1, err);
	if (store && r->until > 0)
		rc = check_range(store, r->until, err);
	else if (store)
		rc = 0;
	if (rc == 0)
		rc = replay_check(store, until, &r->report, err);
	store_close(store);
	repo_close(&repo);
	return rc;
}

/* 1 when the server's state is the same, 0 when not, -1 when there is none to compare. */
static int
is_live_same(const struct replaying *r)
{
	if (!r->live || js_number(r->live, "seq", -1) != r->report.until)
		return -1;
	return strcmp(js_text(r->live, "dump"), r->report.dump) == 0;
}

/* The first line in which the two states are not the same. */
static void
print_first_difference(const char *live, const char *replayed)
{
	AUTO_FREE char *here = NULL, *there = NULL;
	size_t line = 1;

	while (*live && *live == *replayed) {
		line += *live == '\n';
		live++;
		replayed++;
	}
	printf("  from line %zu of the dump on; the server: ", line);
	here = xstrndup(live, strcspn(live, "\n"));
	there = xstrndup(replayed, strcspn(replayed, "\n"));
	text_put(stdout, here);
	fputs("\n  the journal: ", stdout);
	text_put(stdout, there);
	fputc('\n', stdout);
}

static void
print_text(const struct replaying *r)
{
	const struct replay_report *p = &r->report;
	int same = is_live_same(r);

	printf("%" PRId64 " events, %" PRId64 " happenings, %" PRId64 " moves, %" PRId64
	       " acts; state %.16s after event %" PRId64 "\n",
	    p->n_rows, p->n_happenings, p->n_moves, p->n_acts, p->sha256, p->until);
	for (size_t i = 0; i < p->n_kept; i++) {
		printf("event %" PRId64 ": ", p->difference[i].seq);
		text_put(stdout, p->difference[i].text);
		fputc('\n', stdout);
	}
	if (p->n_differences > p->n_kept)
		printf("... and %zu more\n", p->n_differences - p->n_kept);
	if (p->n_differences == 0)
		puts("what follows from each event is what the journal has");
	if (same > 0)
		puts("the server's state is the same, byte for byte");
	else if (same == 0) {
		puts("the server's state is another");
		print_first_difference(js_text(r->live, "dump"), p->dump);
	} else if (r->live)
		puts("the server is further on: its state is not compared");
	else
		puts("no server runs: there is no state of one to compare");
}

static void
print_json(const struct replaying *r)
{
	const struct replay_report *p = &r->report;
	AUTO_JSON struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int same = is_live_same(r);
	const struct {
		const char *name;
		int64_t number;
	} numbers[] = { { "until", p->until }, { "events", p->n_rows },
		{ "happenings", p->n_happenings }, { "moves", p->n_moves },
		{ "acts", p->n_acts }, { "n_differences", (int64_t)p->n_differences } };

	json_object_object_add(
	    o, "same", json_object_new_boolean(p->n_differences == 0 && same != 0));
	json_object_object_add(
	    o, "server", same < 0 ? NULL : json_object_new_boolean(same));
	json_object_object_add(o, "sha256", json_str(p->sha256));
	for (size_t i = 0; i < N_ELEMS(numbers); i++)
		json_object_object_add(
		    o, numbers[i].name, json_object_new_int64(numbers[i].number));
	for (size_t i = 0; i < p->n_kept; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(
		    one, "seq", json_object_new_int64(p->difference[i].seq));
		json_object_object_add(one, "text", json_str(p->difference[i].text));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "differences", list);
	json_object_object_add(o, "undocumented", json_str(p->undocumented));
	if (r->dumps)
		json_object_object_add(o, "dump", json_str(p->dump));
	json_print(json_object_get(o));
}

int
cmd_replay(int argc, char **argv)
{
	struct replaying r = { 0 };
	struct err err = ERR_INIT;
	int rc = read_words(argc, argv, &r, &err);

	if (rc == 0)
		rc = play(&r, &err);
	if (rc < 0) {
		rc = cmd_fail(&err, r.as_json);
	} else {
		if (r.as_json)
			print_json(&r);
		else if (r.dumps)
			fputs(r.report.dump, stdout);
		else
			print_text(&r);
		rc = r.report.n_differences > 0 || is_live_same(&r) == 0 ? ERR_NO : 0;
	}
	json_object_put(r.live);
	replay_report_clear(&r.report);
	return rc;
}
